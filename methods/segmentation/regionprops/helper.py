"""Nuclei in brightfield immunohistochemistry: stain separation, segmentation, measurement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import tifffile
from PIL import Image
from scipy import ndimage as ndi
from skimage.color import rgb2hed
from skimage.filters import threshold_otsu
from skimage.measure import regionprops
from skimage.morphology import disk, h_maxima
from skimage.segmentation import find_boundaries, watershed

#: Columns of the nuclei table, in order; a field without nuclei has the same ones.
COLUMNS = {
    "cell_id": "string",
    "sample": "string",
    "label": "int64",
    "centroid_row": "float64",
    "centroid_col": "float64",
    "area": "float64",
    "eccentricity": "float64",
    "solidity": "float64",
    "touches_border": "bool",
    "haematoxylin_mean": "float64",
    "haematoxylin_integrated": "float64",
    "dab_mean": "float64",
}

#: Densities above this are single saturated pixels (logarithm of zero), not stain.
MAX_DENSITY = 0.4


def read_field(path: str | Path) -> np.ndarray:
    """Read one field of view as 8-bit RGB.

    Parameters
    ----------
    path : str or Path
        An image file; transparency is dropped, grey becomes RGB.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
    """
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def separate_stains(rgb: np.ndarray, dab_spillover: float = 0.12) -> tuple[np.ndarray, np.ndarray]:
    """Separate haematoxylin from DAB by colour deconvolution.

    The published stain vectors (Ruifrok and Johnston, Anal Quant Cytol Histol 23:291, 2001) leave
    some brown in the blue channel. Compensation subtracts it, so that nuclei inside and outside
    the stained glands are measured on one scale.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (rows, columns, 3)
    dab_spillover : float
        Share of the DAB density that appears as haematoxylin and is subtracted from it.

    Returns
    -------
    haematoxylin, dab : ndarray of float
        Stain density of each pixel (scale of ``skimage.color.rgb2hed``), never negative.
    """
    hed = rgb2hed(rgb)
    dab = np.clip(hed[..., 2], 0.0, MAX_DENSITY)
    haematoxylin = np.clip(hed[..., 0] - dab_spillover * dab, 0.0, MAX_DENSITY)
    return haematoxylin, dab


def segment_nuclei(
    haematoxylin: np.ndarray,
    smoothing_sigma: float = 1.0,
    threshold_factor: float = 0.85,
    min_density: float = 0.012,
    background_sigma: float = 8.0,
    min_contrast: float = 0.002,
    split_depth: float = 0.6,
    min_object_area: int = 30,
) -> np.ndarray:
    """Label nuclei: global and local threshold, then a watershed on the distance transform.

    Parameters
    ----------
    haematoxylin : ndarray of float, shape (rows, columns)
        Haematoxylin density.
    smoothing_sigma : float
        Standard deviation of the Gaussian that removes chromatin texture, in pixels.
    threshold_factor : float
        Factor on Otsu's threshold of this field; lower finds paler nuclei.
    min_density : float
        The threshold never falls below this density, so an empty field has no nuclei.
    background_sigma : float
        Standard deviation of the Gaussian that estimates the surroundings, in pixels: about the
        length of a nucleus.
    min_contrast : float
        How much denser than its surroundings a pixel must be.
    split_depth : float
        How deep the neck between two touching nuclei must be to cut it, in pixels; lower cuts more.
    min_object_area : int
        Objects with fewer pixels than this are debris.

    Returns
    -------
    ndarray of int32, shape (rows, columns)
        0 for background, 1 to n for nuclei, without gaps.
    """
    smooth = ndi.gaussian_filter(haematoxylin, smoothing_sigma)
    threshold = max(threshold_factor * threshold_otsu(smooth), min_density)
    surroundings = ndi.gaussian_filter(smooth, background_sigma)
    mask = (smooth > threshold) & (smooth > surroundings + min_contrast)
    mask = ndi.binary_fill_holes(ndi.binary_opening(mask, disk(1)))
    if not mask.any():
        return np.zeros(mask.shape, dtype=np.int32)

    depth = ndi.gaussian_filter(ndi.distance_transform_edt(mask), 1.0)
    neighbours = np.ones((3, 3))
    summits = h_maxima(depth, split_depth) > 0
    # An object shallower than split_depth has no summit, but it is still one nucleus.
    objects, _ = ndi.label(mask, structure=neighbours)
    summits |= mask & ~np.isin(objects, objects[summits])
    seeds, _ = ndi.label(summits, structure=neighbours)
    labels = watershed(-depth, seeds, mask=mask, connectivity=neighbours)

    keep = np.bincount(labels.ravel()) >= min_object_area
    keep[0] = False
    renumbered = np.where(keep, np.cumsum(keep), 0)
    return renumbered[labels].astype(np.int32)


def measure_nuclei(
    labels: np.ndarray, haematoxylin: np.ndarray, dab: np.ndarray, sample: str
) -> pd.DataFrame:
    """Measure shape and stain of each nucleus.

    Parameters
    ----------
    labels : ndarray of int, shape (rows, columns)
    haematoxylin, dab : ndarray of float, shape (rows, columns)
    sample : str
        Name of the field; with the label it makes ``cell_id``, unique over all fields.

    Returns
    -------
    DataFrame
        One row per nucleus; areas in pixels, ``haematoxylin_integrated`` is density summed over
        the nucleus.
    """
    rows_total, columns_total = labels.shape
    rows = []
    for nucleus in regionprops(labels, intensity_image=np.dstack([haematoxylin, dab])):
        top, left, bottom, right = nucleus.bbox
        haematoxylin_mean, dab_mean = nucleus.intensity_mean
        rows.append(
            {
                "cell_id": f"{sample}_{nucleus.label:04d}",
                "sample": sample,
                "label": nucleus.label,
                "centroid_row": nucleus.centroid[0],
                "centroid_col": nucleus.centroid[1],
                "area": nucleus.area,
                "eccentricity": nucleus.eccentricity,
                "solidity": nucleus.solidity,
                "touches_border": top == 0
                or left == 0
                or bottom == rows_total
                or right == columns_total,
                "haematoxylin_mean": haematoxylin_mean,
                "haematoxylin_integrated": haematoxylin_mean * nucleus.area,
                "dab_mean": dab_mean,
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def draw_overlay(rgb: np.ndarray, labels: np.ndarray, zoom: int = 3) -> np.ndarray:
    """Draw the outline of each nucleus in yellow on the enlarged field.

    Parameters
    ----------
    rgb : ndarray of uint8, shape (rows, columns, 3)
    labels : ndarray of int, shape (rows, columns)
    zoom : int
        Enlargement, so that an outline of one pixel does not cover a small nucleus.

    Returns
    -------
    ndarray of uint8, shape (zoom * rows, zoom * columns, 3)
    """
    canvas = rgb.repeat(zoom, axis=0).repeat(zoom, axis=1)
    enlarged = labels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    canvas[find_boundaries(enlarged, mode="inner")] = (255, 230, 0)
    return canvas


def save_results(
    nuclei: pd.DataFrame, labels: np.ndarray, overlay: np.ndarray, output_dir: str | Path
) -> None:
    """Write ``nuclei.parquet``, ``labels.tif`` (16 bit) and ``overlay.png``."""
    folder = Path(output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    nuclei.to_parquet(folder / "nuclei.parquet", index=False)
    tifffile.imwrite(folder / "labels.tif", labels.astype(np.uint16), compression="zlib")
    Image.fromarray(overlay).save(folder / "overlay.png")
