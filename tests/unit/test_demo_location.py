from __future__ import annotations

from pathlib import Path

import pytest

from pm_kernel.demo.location import methods_folder
from pm_kernel.errors import NotFound


def method(folder: Path) -> Path:
    (folder / "segmentation" / "regionprops").mkdir(parents=True)
    (folder / "segmentation" / "regionprops" / "run.py").touch()
    return folder


def package(tmp_path: Path) -> Path:
    folder = tmp_path / "pm_kernel" / "demo"
    folder.mkdir(parents=True)
    return folder


def test_this_checkout_has_the_example_methods():
    assert (methods_folder() / "segmentation" / "regionprops" / "run.py").is_file()


def test_an_installation_has_them_inside_the_package(tmp_path):
    method(tmp_path / "methods")
    inside = method(package(tmp_path) / "methods")
    assert methods_folder(tmp_path / "pm_kernel" / "demo") == inside


def test_a_checkout_has_them_at_its_top(tmp_path):
    folder = package(tmp_path)
    top = method(tmp_path / "methods")
    assert methods_folder(folder) == top


def test_a_broken_installation_says_where_was_looked(tmp_path):
    folder = package(tmp_path)
    with pytest.raises(NotFound, match="methods") as missing:
        methods_folder(folder)
    assert str(folder / "methods") in missing.value.message
