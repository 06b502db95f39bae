"""DNA content relative to the G0/G1 peak, from integrated haematoxylin.

Haematoxylin does not bind DNA in fixed proportion and a section cuts nuclei: the classes are
relative, good for leaving out doublets and fragments, not for a cell-cycle profile. In a field
that mixes tissues the peak is that of the commoner nuclei, so compare `g1_peak` between fields.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

PLOIDY_CLASSES = ("sub-G1", "G0/G1", "S", "G2/M", ">G2/M")


def read_nuclei(path: str | Path) -> pd.DataFrame:
    """Read the table of nuclei that quality control kept."""
    return pd.read_parquet(path)


def find_g1_peak(
    integrated: np.ndarray,
    bandwidth: float = 0.3,
    min_relative_height: float = 0.7,
    min_nuclei: int = 5,
) -> float | None:
    """Find the G0/G1 peak: the leftmost substantial peak of the DNA content distribution.

    The distribution is a Gaussian kernel estimate over log2, where a doubling of DNA has the same
    width everywhere.

    Parameters
    ----------
    integrated : ndarray of float
        Integrated haematoxylin of each nucleus.
    bandwidth : float
        Standard deviation of the kernel, in doublings.
    min_relative_height : float
        A peak counts when it is at least this high relative to the highest one.
    min_nuclei : int
        With fewer nuclei there is no peak to speak of.

    Returns
    -------
    float or None
        Position of the peak in units of `integrated`; None when there are too few nuclei.
    """
    values = np.asarray(integrated, dtype=float)
    values = np.log2(values[values > 0])
    if values.size < min_nuclei:
        return None
    grid = np.linspace(values.min() - bandwidth, values.max() + bandwidth, 512)
    density = np.exp(-0.5 * ((grid[:, None] - values) / bandwidth) ** 2).sum(axis=1)
    inner = density[1:-1]
    is_peak = (inner >= density[:-2]) & (inner > density[2:])
    peaks = np.flatnonzero(is_peak & (inner >= min_relative_height * density.max())) + 1
    return float(2.0 ** grid[peaks[0]])


def assign_ploidy(
    nuclei: pd.DataFrame,
    g1_peak: float | None,
    class_limits: tuple[float, float, float, float] = (0.5, 1.3, 1.7, 2.4),
) -> pd.DataFrame:
    """Add DNA content relative to the peak and its class.

    Parameters
    ----------
    nuclei : DataFrame
        Needs ``haematoxylin_integrated``.
    g1_peak : float or None
        Without a peak nothing can be classified and the table comes back without rows.
    class_limits : tuple of float
        Upper limits, in units of the peak, of sub-G1, G0/G1, S and G2/M.

    Returns
    -------
    DataFrame
        With ``dna_norm`` (1 at the peak) and ``ploidy_class``.
    """
    if g1_peak is None:
        nuclei = nuclei.iloc[:0]
        g1_peak = 1.0
    dna_norm = nuclei["haematoxylin_integrated"] / g1_peak
    classes = np.array(PLOIDY_CLASSES)[np.searchsorted(class_limits, dna_norm)]
    return nuclei.assign(
        dna_norm=dna_norm.astype("float64"),
        ploidy_class=pd.Series(classes, index=nuclei.index, dtype="string"),
    )


def gate_ploidy(
    nuclei: pd.DataFrame, dna_norm_min: float = 0.5, dna_norm_max: float = 1.5
) -> pd.DataFrame:
    """Keep the nuclei within a range of DNA content.

    Parameters
    ----------
    nuclei : DataFrame
        Needs ``dna_norm``.
    dna_norm_min : float
        Lower end of the gate, included, in units of the G0/G1 peak; below it are cut nuclei.
    dna_norm_max : float
        Upper end of the gate, included, in units of the G0/G1 peak: 1.3 keeps G0/G1 only, 2.0 also
        S phase and much of G2/M.

    Returns
    -------
    DataFrame
    """
    inside = nuclei["dna_norm"].between(dna_norm_min, dna_norm_max)
    return nuclei[inside].reset_index(drop=True)


def plot_dna_histogram(
    classified: pd.DataFrame, gated: pd.DataFrame, bin_width: float = 0.1, x_max: float = 4.0
) -> Figure:
    """Plot the histogram of relative DNA content with the gated part filled.

    Parameters
    ----------
    classified, gated : DataFrame
        All nuclei and the ones inside the gate, with ``dna_norm``.
    bin_width : float
        Width of a bin, in units of the G0/G1 peak.
    x_max : float
        Nuclei beyond are counted in the last bin.

    Returns
    -------
    Figure
    """
    figure = Figure(figsize=(5.0, 3.4), dpi=150, layout="constrained")
    axes = figure.subplots()
    bins = np.arange(0.0, x_max + bin_width / 2, bin_width)
    last = x_max - bin_width / 2
    axes.hist(
        classified["dna_norm"].clip(upper=last),
        bins=bins,
        color="#D0D0D0",
        label=f"all nuclei ({len(classified)})",
    )
    axes.hist(
        gated["dna_norm"].clip(upper=last),
        bins=bins,
        color="#0072B2",
        label=f"inside the gate ({len(gated)})",
    )
    axes.axvline(1.0, color="black", linewidth=1, linestyle="--", label="G0/G1 peak")
    axes.set_xlim(0.0, x_max)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel("Integrated haematoxylin / G0/G1 peak")
    axes.set_ylabel("Nuclei")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    return figure


def save_results(gated: pd.DataFrame, figure: Figure, output_dir: str | Path) -> None:
    """Write ``nuclei.parquet`` and ``dna_histogram.png``."""
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    gated.to_parquet(folder / "nuclei.parquet", index=False)
    figure.savefig(folder / "dna_histogram.png")
