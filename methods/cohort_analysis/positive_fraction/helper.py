"""Positive fraction over fields of view, with honest uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

#: Name of the summary's last row.
OVERALL = "all fields"

#: With more fields than this their names are written upwards.
MOST_UPRIGHT_NAMES = 6


def read_tables(paths: Sequence[str | Path]) -> list[pd.DataFrame]:
    """Read the labelled cells of each field."""
    return [pd.read_parquet(path, columns=["cell_id", "sample", "positive"]) for path in paths]


def count_positive(
    tables: Sequence[pd.DataFrame], names: Sequence[str], min_cells: int = 10
) -> pd.DataFrame:
    """Count cells and positive cells of each field.

    Parameters
    ----------
    tables : sequence of DataFrame
        One per field, with ``positive``.
    names : sequence of str
        Name of each field, in the same order.
    min_cells : int
        Fields with fewer cells are shown but left out of the overall fraction.

    Returns
    -------
    DataFrame
        ``sample``, ``n_cells``, ``n_positive``, ``positive_fraction`` (0 without cells) and
        ``included``, one row per field in the given order.
    """
    n_cells = np.array([len(table) for table in tables], dtype="int64")
    n_positive = np.array([int(table["positive"].sum()) for table in tables], dtype="int64")
    return pd.DataFrame(
        {
            "sample": pd.Series(list(names), dtype="string"),
            "n_cells": n_cells,
            "n_positive": n_positive,
            "positive_fraction": n_positive / np.maximum(n_cells, 1),
            "included": n_cells >= max(min_cells, 1),
        }
    )


def bootstrap_fraction(
    counts: pd.DataFrame, n_resamples: int = 5000, confidence: float = 0.95, seed: int = 3
) -> pd.DataFrame:
    """Add confidence intervals and a row for all fields together.

    One field has Wilson's score interval (J Am Stat Assoc 22:209, 1927), which keeps its width
    where all cells are positive. The overall interval is a percentile bootstrap that resamples
    fields first and then cells within them: cells of one field are not independent, and pooling
    them would promise a precision that four fields cannot give.

    Parameters
    ----------
    counts : DataFrame
        From `count_positive`.
    n_resamples : int
        Number of bootstrap samples.
    confidence : float
        Coverage of the intervals, between 0 and 1.
    seed : int
        Seed of the random generator; the same seed gives the same intervals.

    Returns
    -------
    DataFrame
        With ``ci_low``, ``ci_high`` and ``confidence``; without cells the interval is the
        uninformative 0 to 1. The last row is named ``all fields``.
    """
    generator = np.random.default_rng(seed)
    cells = counts["n_cells"].to_numpy()
    fraction = counts["positive_fraction"].to_numpy()
    intervals = [wilson_interval(p, n, confidence) for p, n in zip(fraction, cells, strict=True)]

    included = np.flatnonzero(counts["included"])
    n_cells = int(cells[included].sum())
    n_positive = int(counts["n_positive"].to_numpy()[included].sum())
    if included.size:
        fields = generator.choice(included, size=(n_resamples, included.size))
        # Resampling yes/no cells with replacement is a binomial draw.
        draws = generator.binomial(cells[fields], fraction[fields]).sum(axis=1)
        tails = [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0]
        low, high = np.quantile(draws / cells[fields].sum(axis=1), tails)
        intervals.append((float(low), float(high)))
    else:
        intervals.append((0.0, 1.0))

    overall = pd.DataFrame(
        {
            "sample": pd.Series([OVERALL], dtype="string"),
            "n_cells": [n_cells],
            "n_positive": [n_positive],
            "positive_fraction": [n_positive / max(n_cells, 1)],
            "included": [bool(included.size)],
        }
    )
    limits = np.array(intervals)
    summary = pd.concat([counts, overall], ignore_index=True)
    return summary.assign(ci_low=limits[:, 0], ci_high=limits[:, 1], confidence=confidence)


def wilson_interval(fraction: float, n: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval of a fraction of `n` cells; 0 to 1 without cells."""
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    centre = (fraction + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * sqrt(fraction * (1 - fraction) / n + z**2 / (4 * n**2))
    # Rounding must not leave the fraction itself outside when it is 0 or 1.
    return max(0.0, min(fraction, centre - half)), min(1.0, max(fraction, centre + half))


def plot_fractions(
    summary: pd.DataFrame, size: tuple[float, float] = (4.6, 3.4), dpi: int = 200
) -> Figure:
    """Draw the positive fraction of each field, and of all together as line and band.

    Parameters
    ----------
    summary : DataFrame
        From `bootstrap_fraction`.
    size : tuple of float
        Width and height in inches.
    dpi : int
        Resolution in dots per inch.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    axes = figure.subplots()
    fields, overall = summary.iloc[:-1], summary.iloc[-1]
    x = np.arange(len(fields))
    if overall["included"]:
        axes.axhspan(
            100 * overall["ci_low"],
            100 * overall["ci_high"],
            color="#0072B2",
            alpha=0.12,
            lw=0,
            label=f"{OVERALL}, {100 * overall['confidence']:g} % interval",
        )
        axes.axhline(100 * overall["positive_fraction"], color="#0072B2", lw=1.2)
        axes.text(
            1.01,
            100 * overall["positive_fraction"],
            f"{100 * overall['positive_fraction']:.0f} %",
            color="#0072B2",
            va="center",
            fontsize=9,
            transform=axes.get_yaxis_transform(),
        )
    for position, field in zip(x, fields.itertuples(), strict=True):
        if field.n_cells == 0:
            continue
        axes.errorbar(
            position,
            100 * field.positive_fraction,
            yerr=[
                [max(0.0, 100 * (field.positive_fraction - field.ci_low))],
                [max(0.0, 100 * (field.ci_high - field.positive_fraction))],
            ],
            fmt="o",
            ms=6,
            capsize=3,
            lw=1.2,
            color="black",
            mfc="black" if field.included else "white",
        )
    axes.set_xticks(
        x,
        [f"{field.sample}\nn = {field.n_cells}" for field in fields.itertuples()],
        rotation=0 if len(fields) <= MOST_UPRIGHT_NAMES else 90,
    )
    if overall["included"]:
        axes.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), borderpad=0)
    axes.set_xlim(-0.6, max(len(fields), 1) - 0.4)
    axes.set_ylim(-3, 103)
    axes.set_ylabel("DAB-positive cells (%)")
    axes.tick_params(axis="x", labelsize=8, length=0)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def save_results(summary: pd.DataFrame, figure: Figure, output_dir: str | Path) -> None:
    """Write ``summary.parquet`` and ``figure_3.png``."""
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    summary.to_parquet(folder / "summary.parquet", index=False)
    figure.savefig(folder / "figure_3.png")
