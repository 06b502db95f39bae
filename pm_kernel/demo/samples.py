"""The demo's samples: four fields of view of one real tissue section.

The image is scikit-image's `immunohistochemistry` (colonic glands, FHL2 in DAB, haematoxylin
counterstain; Center for Microscopy and Molecular Imaging, no known copyright restrictions). It
lies in the scikit-image wheel, so nothing is downloaded.
"""

from __future__ import annotations

import csv
from pathlib import Path

from pm_kernel.errors import EngineUnavailable

SAMPLE_SHEET = "samples.csv"
COLUMNS = ("sample", "image", "region")


def write_samples(folder: Path) -> list[dict[str, str]]:
    """Write the fields of view and their sample sheet; return the sheet's rows.

    Each row has `sample` (field_01 to field_04, row by row), `image` (absolute path of a PNG of
    256 x 256 pixels) and `region` (left or right half of the section, something to gather by).
    Writing again gives the same bytes.

    Raises EngineUnavailable when scikit-image is not installed.
    """
    try:
        from PIL import Image
        from skimage.data import immunohistochemistry
    except ImportError as error:
        raise EngineUnavailable(
            "The demo's images come from scikit-image, which is not installed in this Python "
            f"({error}).",
            hint="pip install 'research-process-manager[demo]'",
        ) from error

    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    section = immunohistochemistry()  # type: ignore[no-untyped-call]
    height, width = section.shape[0] // 2, section.shape[1] // 2
    rows: list[dict[str, str]] = []
    for top in (0, height):
        for left, region in ((0, "left"), (width, "right")):
            sample = f"field_{len(rows) + 1:02d}"
            path = folder / f"{sample}.png"
            Image.fromarray(section[top : top + height, left : left + width]).save(path)
            rows.append({"sample": sample, "image": str(path), "region": region})

    with (folder / SAMPLE_SHEET).open("w", newline="", encoding="utf-8") as sheet:
        writer = csv.DictWriter(sheet, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return rows
