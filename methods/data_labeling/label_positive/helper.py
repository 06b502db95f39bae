"""DAB-positive cells: the stain is on membrane and cytoplasm, so it is read around the nucleus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from PIL import Image
from scipy import ndimage as ndi
from skimage.color import rgb2hed
from skimage.segmentation import expand_labels, find_boundaries

#: Densities above this are single saturated pixels (logarithm of zero), not stain.
MAX_DENSITY = 0.4

POSITIVE_COLOUR = (255, 40, 40)
NEGATIVE_COLOUR = (0, 90, 255)


def read_inputs(
    nuclei: str | Path, labels: str | Path, image: str | Path
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Read the gated nuclei, the label image they refer to and the field of view.

    Raises
    ------
    ValueError
        When the label image and the field differ in size, or a nucleus is not in the label image:
        the three do not belong together.
    """
    table = pd.read_parquet(nuclei)
    label_image = tifffile.imread(labels)
    with Image.open(image) as field:
        rgb = np.asarray(field.convert("RGB"))
    if label_image.shape != rgb.shape[:2]:
        raise ValueError(
            f"The label image has {label_image.shape} pixels and the field {rgb.shape[:2]}: "
            "they are not of the same field of view."
        )
    missing = np.setdiff1d(table["label"].to_numpy(), label_image)
    if missing.size:
        raise ValueError(
            f"{missing.size} nuclei are not in the label image (first: {missing[0]}): "
            "table and label image come from different segmentations."
        )
    return table, label_image, rgb


def measure_dab_ring(
    nuclei: pd.DataFrame, labels: np.ndarray, rgb: np.ndarray, ring_width: float = 3.0
) -> pd.DataFrame:
    """Add the mean DAB density in a ring around each nucleus.

    Parameters
    ----------
    nuclei : DataFrame
        Needs ``label``.
    labels : ndarray of int, shape (rows, columns)
        All nuclei of the field, also those not in the table: their area belongs to nobody's ring.
    rgb : ndarray of uint8, shape (rows, columns, 3)
    ring_width : float
        Width of the ring in pixels.

    Returns
    -------
    DataFrame
        With ``dab_ring_mean``. Where neighbours leave no room for a ring, the nucleus itself is
        measured.
    """
    dab = np.clip(rgb2hed(rgb)[..., 2], 0.0, MAX_DENSITY)
    rings = expand_labels(labels, distance=ring_width)
    rings[labels > 0] = 0
    wanted = nuclei["label"].to_numpy()
    area = ndi.sum_labels(np.ones_like(dab), rings, index=wanted)
    total = ndi.sum_labels(dab, rings, index=wanted)
    # sum_labels, not mean: a mean over no pixels is a warning and a NaN.
    nucleus_area = ndi.sum_labels(np.ones_like(dab), labels, index=wanted)
    nucleus_total = ndi.sum_labels(dab, labels, index=wanted)
    mean = np.where(area > 0, total, nucleus_total) / np.where(area > 0, area, nucleus_area)
    return nuclei.assign(dab_ring_mean=mean.astype("float64"))


def label_positive(cells: pd.DataFrame, dab_threshold: float = 0.04) -> pd.DataFrame:
    """Call cells positive.

    Parameters
    ----------
    cells : DataFrame
        Needs ``dab_ring_mean``.
    dab_threshold : float
        Lowest mean DAB density of a positive cell.

    Returns
    -------
    DataFrame
        With ``positive``.
    """
    return cells.assign(positive=(cells["dab_ring_mean"] >= dab_threshold).astype("bool"))


def draw_overlay(
    rgb: np.ndarray, labels: np.ndarray, cells: pd.DataFrame, zoom: int = 3
) -> np.ndarray:
    """Outline positive cells in red and negative ones in blue on the enlarged, paled field.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (rows, columns, 3)
    labels : ndarray of int, shape (rows, columns)
    cells : DataFrame
        Needs ``label`` and ``positive``; other nuclei are not outlined.
    zoom : int
        Enlargement.

    Returns
    -------
    ndarray of uint8, shape (zoom * rows, zoom * columns, 3)
    """
    paled = (255 - (255 - rgb.astype(np.uint16)) * 6 // 10).astype(np.uint8)
    canvas = paled.repeat(zoom, axis=0).repeat(zoom, axis=1)
    enlarged = labels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    outline = np.where(find_boundaries(enlarged, mode="inner"), enlarged, 0)
    # Twice as thick as one pixel, inwards: red on brown needs it.
    outline = np.where(ndi.binary_dilation(outline > 0), enlarged, 0)
    positive = cells["label"][cells["positive"]].to_numpy()
    negative = cells["label"][~cells["positive"]].to_numpy()
    canvas[np.isin(outline, positive)] = POSITIVE_COLOUR
    canvas[np.isin(outline, negative)] = NEGATIVE_COLOUR
    return canvas


def save_results(cells: pd.DataFrame, overlay: np.ndarray, output_dir: str | Path) -> None:
    """Write ``cells.parquet`` and ``overlay.png``."""
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    cells.to_parquet(folder / "cells.parquet", index=False)
    Image.fromarray(overlay).save(folder / "overlay.png")
