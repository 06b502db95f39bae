"""Which segmented objects are whole single nuclei."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

#: Reasons for rejection with their colours in the plot (Okabe and Ito, safe for colour blindness).
REASON_COLOURS = {"area": "#D55E00", "solidity": "#0072B2", "border": "#999999"}


def read_nuclei(path: str | Path) -> pd.DataFrame:
    """Read the table of nuclei that segmentation wrote."""
    return pd.read_parquet(path)


def quality_filter(
    nuclei: pd.DataFrame,
    min_area: float = 30.0,
    max_area: float = 600.0,
    min_solidity: float = 0.8,
    exclude_border: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split the objects into whole single nuclei and the rest.

    Parameters
    ----------
    nuclei : DataFrame
        Needs ``area``, ``solidity`` and ``touches_border``.
    min_area : float
        Smallest area that is kept, in pixels; below it is debris.
    max_area : float
        Largest area that is kept, in pixels; above it are clumps.
    min_solidity : float
        Area divided by the area of the convex hull; clumps and fragments are below it.
    exclude_border : bool
        Reject objects that the edge of the field cuts, whose area and DNA content are unknown.

    Returns
    -------
    kept : DataFrame
        Same columns as `nuclei`.
    rejected : DataFrame
        The others with a column ``reason``: the first of area, solidity, border that applies.
    """
    reason = pd.Series("", index=nuclei.index, dtype="string")
    if exclude_border:
        reason[nuclei["touches_border"].astype(bool)] = "border"
    reason[nuclei["solidity"] < min_solidity] = "solidity"
    reason[(nuclei["area"] < min_area) | (nuclei["area"] > max_area)] = "area"
    kept = nuclei[reason == ""].reset_index(drop=True)
    rejected = nuclei.assign(reason=reason)[reason != ""].reset_index(drop=True)
    return kept, rejected


def plot_quality(
    kept: pd.DataFrame, rejected: pd.DataFrame, size: tuple[float, float] = (5.0, 3.6)
) -> Figure:
    """Plot solidity against area, coloured by what was rejected and why.

    Parameters
    ----------
    kept, rejected : DataFrame
    size : tuple of float
        Width and height in inches.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    axes = figure.subplots()
    axes.scatter(kept["area"], kept["solidity"], s=14, color="#009E73", label=f"kept ({len(kept)})")
    for reason, colour in REASON_COLOURS.items():
        group = rejected[rejected["reason"] == reason]
        axes.scatter(
            group["area"],
            group["solidity"],
            s=14,
            marker="x",
            linewidths=1,
            color=colour,
            label=f"{reason} ({len(group)})",
        )
    areas = np.concatenate([kept["area"].to_numpy(), rejected["area"].to_numpy()])
    axes.set_xlim(0, 1.05 * areas.max() if areas.size else 1.0)
    axes.set_xlabel("Area (pixels)")
    axes.set_ylabel("Solidity")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(
        frameon=False,
        fontsize=8,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=4,
        columnspacing=1.0,
        handletextpad=0.1,
    )
    return figure


def save_results(
    kept: pd.DataFrame, rejected: pd.DataFrame, figure: Figure, output_dir: str | Path
) -> None:
    """Write ``nuclei.parquet``, ``rejected.parquet`` and ``quality.png``."""
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    kept.to_parquet(folder / "nuclei.parquet", index=False)
    rejected.to_parquet(folder / "rejected.parquet", index=False)
    figure.savefig(folder / "quality.png")
