"""The demo's samples: four fields of view of one section, and their sample sheet."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from pm_kernel.demo.samples import write_samples
from pm_kernel.errors import EngineUnavailable


def test_the_fields_tile_the_section_and_the_sheet_names_them(tmp_path: Path) -> None:
    data = pytest.importorskip("skimage.data")
    image = pytest.importorskip("PIL.Image")
    np = pytest.importorskip("numpy")

    rows = write_samples(tmp_path)
    pictures = [np.asarray(image.open(row["image"])) for row in rows]
    section = np.vstack([np.hstack(pictures[:2]), np.hstack(pictures[2:])])
    assert np.array_equal(section, data.immunohistochemistry())
    assert [row["sample"] for row in rows] == ["field_01", "field_02", "field_03", "field_04"]
    assert [row["region"] for row in rows] == ["left", "right", "left", "right"]
    with (tmp_path / "samples.csv").open(newline="") as sheet:
        assert list(csv.DictReader(sheet)) == rows


def test_writing_the_samples_again_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("skimage.data")
    write_samples(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_samples(tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert len(before) == 5


def test_without_scikit_image_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "skimage.data", None)
    with pytest.raises(EngineUnavailable, match="scikit-image") as error:
        write_samples(tmp_path / "samples")
    assert error.value.hint == "pip install 'research-process-manager[demo]'"
    assert not (tmp_path / "samples").exists()
