"""The demo's methods on real fields of view, on an empty field and on made-up data."""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pm_kernel.demo.samples import write_samples

pytest.importorskip("skimage", reason="the demo extra is not installed")

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import tifffile
from PIL import Image

METHODS = Path(__file__).parents[2] / "methods"
LINE = {
    "regionprops": METHODS / "segmentation/regionprops",
    "quality_filter": METHODS / "quality_control/quality_filter",
    "ploidy_gate": METHODS / "ploidy_filtering/ploidy_gate",
    "label_positive": METHODS / "data_labeling/label_positive",
    "positive_fraction": METHODS / "cohort_analysis/positive_fraction",
}
FIELDS = ("field_01", "field_02", "field_03", "field_04")
IS_TYPE = {
    "str": lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
    "int": pa.types.is_integer,
    "float": pa.types.is_floating,
    "bool": pa.types.is_boolean,
}


def load(method: str) -> tuple[ModuleType, ModuleType]:
    """`run` and `helper` of a method, as fresh modules that no other method sees."""

    def fresh(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, LINE[method] / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        exec(spec.loader.get_code(name), module.__dict__)  # no __pycache__ beside the methods
        return module

    helper = fresh("helper")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "helper", helper)
        return fresh("run"), helper


def declaration(method: str) -> dict[str, Any]:
    return tomllib.loads((LINE[method] / "method.toml").read_text())


def contract(method: str) -> list[dict[str, Any]]:
    return tomllib.loads((LINE[method].parent / "module.toml").read_text())["contract"]


@dataclass
class Line:
    """Everything one pass over all fields wrote: folders and metrics by (field, method)."""

    folders: dict[tuple[str, str], Path] = field(default_factory=dict)
    metrics: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def table(self, sample: str, method: str, name: str = "nuclei") -> pd.DataFrame:
        return pd.read_parquet(self.folders[sample, method] / f"{name}.parquet")


def execute(folder: Path, images: dict[str, Path]) -> Line:
    """Run the whole line in plain Python, as the pipeline wires it."""
    line = Line()
    methods = {name: load(name) for name in LINE}

    def step(place: str, method: str, /, **inputs: Any) -> Path:
        out = folder / place / method
        line.metrics[place, method] = methods[method][0].run(**inputs, output_dir=str(out))
        line.folders[place, method] = out
        return out

    for sample, image in images.items():
        found = step(sample, "regionprops", image=str(image), sample=sample)
        good = step(sample, "quality_filter", nuclei=str(found / "nuclei.parquet"))
        gated = step(sample, "ploidy_gate", nuclei=str(good / "nuclei.parquet"))
        step(
            sample,
            "label_positive",
            nuclei=str(gated / "nuclei.parquet"),
            labels=str(found / "labels.tif"),
            image=str(image),
        )
    tables = [str(line.folders[s, "label_positive"] / "cells.parquet") for s in images]
    step("all", "positive_fraction", tables=tables, tables_labels=list(images))
    return line


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    rows = write_samples(tmp_path_factory.mktemp("samples"))
    return {row["sample"]: Path(row["image"]) for row in rows}


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory, images: dict[str, Path]) -> Line:
    return execute(tmp_path_factory.mktemp("line"), images)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """The line over one field of bare glass: camera noise and a few faint bluish smudges."""
    folder = tmp_path_factory.mktemp("empty")
    glass = np.random.default_rng(0).normal(238, 3, size=(256, 256, 3))
    glass[40:60, 40:52] -= (7, 4, 1)
    glass[150:165, 90:120] -= (7, 4, 1)
    Image.fromarray(glass.clip(0, 255).astype(np.uint8)).save(folder / "glass.png")
    return execute(folder, {"glass": folder / "glass.png"})


# --- the declarations -------------------------------------------------------------------------


@pytest.mark.parametrize("method", LINE)
def test_run_takes_the_declared_inputs_and_nothing_that_is_undeclared(method: str) -> None:
    inputs = declaration(method)["inputs"]
    labels = {f"{name}_labels" for name, one in inputs.items() if one.get("gather")}
    run, _ = load(method)
    assert set(inspect.signature(run.run).parameters) == set(inputs) | labels | {"output_dir"}


@pytest.mark.parametrize("method", LINE)
def test_every_tracked_function_exists_and_has_parameters_with_documented_defaults(
    method: str,
) -> None:
    _, helper = load(method)
    for tracked in declaration(method)["tracked"]:
        function = getattr(helper, tracked["function"])
        names = [
            name
            for name, one in inspect.signature(function).parameters.items()
            if one.default is not inspect.Parameter.empty
        ]
        assert names, tracked
        documented = re.findall(r"^([\w, ]+) : ", inspect.getdoc(function) or "", re.MULTILINE)
        assert set(names) <= {one for group in documented for one in group.split(", ")}


def test_tracked_functions_have_unique_names_over_all_methods() -> None:
    names = [one["function"] for method in LINE for one in declaration(method)["tracked"]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("path", sorted(METHODS.glob("*/*/*.py")), ids=lambda p: p.parent.name)
def test_methods_know_nothing_of_the_process_manager(path: Path) -> None:
    assert not re.search(r"^\s*(import|from) pm_", path.read_text(), re.MULTILINE)


# --- what the line writes ---------------------------------------------------------------------


@pytest.mark.parametrize("which", ["line", "empty"])
def test_every_declared_output_is_written_and_keeps_the_contract(
    which: str, request: pytest.FixtureRequest
) -> None:
    done: Line = request.getfixturevalue(which)
    for (_, method), folder in done.folders.items():
        outputs = declaration(method)["outputs"]
        assert {one["path"] for one in outputs.values()} == {p.name for p in folder.iterdir()}
        for column in contract(method):
            schema = pq.read_schema(folder / outputs[column["output"]]["path"])
            assert column["field"] in schema.names, (method, column)
            assert IS_TYPE[column["type"]](schema.field(column["field"]).type), (method, column)


@pytest.mark.parametrize("which", ["line", "empty"])
def test_tables_hold_no_missing_values_and_metrics_are_plain_json(
    which: str, request: pytest.FixtureRequest
) -> None:
    done: Line = request.getfixturevalue(which)
    for key, folder in done.folders.items():
        for path in folder.glob("*.parquet"):
            assert not pd.read_parquet(path).isna().to_numpy().any(), path
        assert json.loads(json.dumps(done.metrics[key], allow_nan=False)) == done.metrics[key]


def test_a_field_without_nuclei_gives_empty_tables_of_the_same_columns(
    line: Line, empty: Line
) -> None:
    for method, name in (
        ("regionprops", "nuclei"),
        ("quality_filter", "nuclei"),
        ("quality_filter", "rejected"),
        ("ploidy_gate", "nuclei"),
        ("label_positive", "cells"),
    ):
        nothing = pq.read_table(empty.folders["glass", method] / f"{name}.parquet")
        something = pq.read_schema(line.folders["field_01", method] / f"{name}.parquet")
        assert nothing.num_rows == 0
        assert nothing.schema.equals(something, check_metadata=False)
    assert empty.metrics["all", "positive_fraction"]["positive_fraction"] is None


def test_two_executions_write_the_same_bytes(
    line: Line, images: dict[str, Path], tmp_path: Path
) -> None:
    again = execute(tmp_path, images)
    assert again.metrics == line.metrics
    for key, folder in line.folders.items():
        for path in folder.iterdir():
            assert (again.folders[key] / path.name).read_bytes() == path.read_bytes(), path


def test_fields_have_as_many_nuclei_as_one_counts_by_eye(line: Line) -> None:
    for sample in FIELDS:
        nuclei = line.table(sample, "regionprops")
        assert 70 <= len(nuclei) <= 140
        assert 90 <= nuclei["area"].median() <= 200
        labels = tifffile.imread(line.folders[sample, "regionprops"] / "labels.tif")
        areas = np.bincount(labels.ravel())[1:]
        assert nuclei["area"].tolist() == areas.tolist()
        assert nuclei["label"].tolist() == list(range(1, len(areas) + 1))
    cells = pd.concat([line.table(sample, "regionprops") for sample in FIELDS])
    assert cells["cell_id"].is_unique


def test_quality_control_sorts_every_nucleus_into_kept_or_rejected(line: Line) -> None:
    for sample in FIELDS:
        kept = line.table(sample, "quality_filter")
        rejected = line.table(sample, "quality_filter", "rejected")
        found = line.table(sample, "regionprops")
        assert sorted([*kept["cell_id"], *rejected["cell_id"]]) == found["cell_id"].tolist()
        assert 0.5 < len(kept) / len(found) < 0.9
        assert not kept["touches_border"].any()
        assert kept["area"].min() >= 40  # what run.py asks for, not the function's default
        assert set(rejected["reason"]) <= {"area", "solidity", "border"}


def test_a_wider_gate_keeps_the_cells_of_the_tight_one_and_more(line: Line) -> None:
    _, helper = load("ploidy_gate")
    for sample in FIELDS:
        nuclei = line.table(sample, "quality_filter")
        peak = helper.find_g1_peak(nuclei["haematoxylin_integrated"].to_numpy())
        classified = helper.assign_ploidy(nuclei, peak)
        tight = helper.gate_ploidy(classified, dna_norm_max=1.3)
        wide = helper.gate_ploidy(classified, dna_norm_max=2.0)
        assert set(tight["cell_id"]) < set(wide["cell_id"])
        assert set(tight["ploidy_class"]) == {"G0/G1"}
        assert 0.3 < len(tight) / len(nuclei) < len(wide) / len(nuclei) < 0.85


def test_stained_glands_are_positive_and_the_stroma_is_not(line: Line) -> None:
    fraction = {s: line.metrics[s, "label_positive"]["positive_fraction"] for s in FIELDS}
    assert fraction["field_01"] > 0.9
    assert 0.15 < fraction["field_03"] < 0.5
    summary = line.table("all", "positive_fraction", "summary")
    assert summary["sample"].tolist() == [*FIELDS, "all fields"]
    assert summary["n_cells"].iloc[:-1].sum() == summary["n_cells"].iloc[-1]
    assert (summary["ci_low"] <= summary["positive_fraction"]).all()
    assert (summary["positive_fraction"] <= summary["ci_high"]).all()


def test_a_method_runs_as_plain_python_from_its_own_folder(
    line: Line, images: dict[str, Path], tmp_path: Path
) -> None:
    code = f"import run; print(run.run({str(images['field_02'])!r}, 'f', {str(tmp_path)!r}))"
    done = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", code],
        cwd=LINE["regionprops"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(line.metrics["field_02", "regionprops"])
    assert "INFO:regionprops:f: 256 x 256 pixels" in done.stderr


# --- the science on made-up data --------------------------------------------------------------


def discs(*centres: tuple[int, int], radius: int = 7) -> np.ndarray:
    rows, columns = np.mgrid[:96, :96]
    density = np.full((96, 96), 0.002)
    for row, column in centres:
        density[(rows - row) ** 2 + (columns - column) ** 2 <= radius**2] = 0.05
    return density


def test_two_touching_nuclei_are_split_and_a_single_one_is_not() -> None:
    _, helper = load("regionprops")
    labels = helper.segment_nuclei(discs((20, 20), (60, 40), (60, 53)))
    assert labels.max() == 3
    assert len({labels[20, 20], labels[60, 40], labels[60, 53]}) == 3
    joined = helper.segment_nuclei(discs((20, 20), (60, 40), (60, 53)), split_depth=10.0)
    assert joined.max() == 2


def test_compensation_takes_the_share_of_dab_out_of_haematoxylin() -> None:
    from skimage.color import hed2rgb

    _, helper = load("regionprops")
    stain = np.zeros((4, 4, 3))
    stain[..., 0], stain[..., 2] = 0.03, 0.1
    rgb = (hed2rgb(stain) * 255).round().astype(np.uint8)
    raw, dab = helper.separate_stains(rgb, dab_spillover=0.0)
    assert raw.mean() == pytest.approx(0.03, abs=0.002)
    assert dab.mean() == pytest.approx(0.1, abs=0.004)
    compensated, _ = helper.separate_stains(rgb, dab_spillover=0.2)
    assert compensated.mean() == pytest.approx(raw.mean() - 0.2 * dab.mean())
    assert helper.separate_stains(rgb, dab_spillover=1.0)[0].max() == 0.0


def test_quality_control_rejects_by_size_shape_and_border_and_names_one_reason() -> None:
    _, helper = load("quality_filter")
    nuclei = pd.DataFrame(
        {
            "area": [100.0, 20.0, 900.0, 100.0, 100.0, 20.0],
            "solidity": [0.9, 0.9, 0.9, 0.5, 0.9, 0.5],
            "touches_border": [False, False, False, False, True, True],
        }
    )
    kept, rejected = helper.quality_filter(nuclei)
    assert len(kept) == 1
    assert rejected["reason"].tolist() == ["area", "area", "solidity", "border", "area"]
    everything, nothing = helper.quality_filter(nuclei, 0.0, 1000.0, 0.0, exclude_border=False)
    assert (len(everything), len(nothing)) == (6, 0)


def test_the_g1_peak_is_the_lower_one_of_two_even_when_g2_is_a_little_higher() -> None:
    _, helper = load("ploidy_gate")
    generator = np.random.default_rng(1)
    g1, g2 = generator.normal(5.0, 0.4, 90), generator.normal(10.0, 0.8, 100)
    assert helper.find_g1_peak(np.concatenate([g1, g2])) == pytest.approx(5.0, rel=0.05)
    assert helper.find_g1_peak(np.array([1.0, 2.0])) is None
    assert helper.find_g1_peak(np.full(20, 3.0)) == pytest.approx(3.0, rel=0.02)


def test_dab_is_read_around_the_nucleus_and_not_in_the_neighbour() -> None:
    _, helper = load("label_positive")
    labels = np.zeros((40, 40), dtype=np.uint16)
    labels[10:20, 5:15] = 1
    labels[10:20, 15:25] = 2
    rgb = np.full((40, 40, 3), 240, dtype=np.uint8)
    rgb[labels == 2] = (110, 60, 20)
    nuclei = pd.DataFrame({"label": [1, 2]})
    measured = helper.label_positive(helper.measure_dab_ring(nuclei, labels, rgb))
    assert measured["positive"].tolist() == [False, False]
    rgb[:] = (110, 60, 20)
    measured = helper.label_positive(helper.measure_dab_ring(nuclei, labels, rgb))
    assert measured["positive"].tolist() == [True, True]


def test_a_nucleus_without_room_for_a_ring_is_measured_itself() -> None:
    _, helper = load("label_positive")
    labels = np.ones((8, 8), dtype=np.uint16)
    rgb = np.full((8, 8, 3), (110, 60, 20), dtype=np.uint8)
    measured = helper.measure_dab_ring(pd.DataFrame({"label": [1]}), labels, rgb)
    assert measured["dab_ring_mean"].item() > 0.04


def test_labels_of_another_field_are_refused(
    line: Line, images: dict[str, Path], tmp_path: Path
) -> None:
    run, _ = load("label_positive")
    small = tmp_path / "small.tif"
    tifffile.imwrite(small, np.zeros((10, 10), dtype=np.uint16))
    blank = tmp_path / "blank.tif"
    tifffile.imwrite(blank, np.zeros((256, 256), dtype=np.uint16))
    nuclei = str(line.folders["field_01", "ploidy_gate"] / "nuclei.parquet")
    for labels, message in ((small, "not of the same field"), (blank, "different segmentations")):
        with pytest.raises(ValueError, match=message):
            run.run(nuclei, str(labels), str(images["field_01"]), str(tmp_path))


def cells(positive: int, negative: int) -> pd.DataFrame:
    return pd.DataFrame({"positive": [True] * positive + [False] * negative})


def test_the_overall_interval_knows_that_fields_differ() -> None:
    _, helper = load("positive_fraction")
    counts = helper.count_positive([cells(50, 0), cells(0, 50)], ["a", "b"])
    overall = helper.bootstrap_fraction(counts).iloc[-1]
    assert (overall["ci_low"], overall["ci_high"]) == (0.0, 1.0)
    assert overall["positive_fraction"] == 0.5


def test_a_field_of_only_positive_cells_still_has_an_interval() -> None:
    _, helper = load("positive_fraction")
    summary = helper.bootstrap_fraction(helper.count_positive([cells(20, 0)], ["a"]))
    # Wilson's lower limit for n of n is n / (n + z^2).
    assert summary["ci_low"].iloc[0] == pytest.approx(20 / (20 + 1.959964**2))
    assert summary["ci_high"].iloc[0] == 1.0


def test_a_field_with_few_cells_is_shown_but_does_not_count() -> None:
    _, helper = load("positive_fraction")
    counts = helper.count_positive([cells(10, 10), cells(3, 0), cells(0, 0)], ["a", "b", "c"])
    summary = helper.bootstrap_fraction(counts)
    assert summary["included"].tolist() == [True, False, False, True]
    assert summary["n_cells"].tolist() == [20, 3, 0, 20]
    assert all(map(math.isfinite, summary["ci_high"]))
    helper.plot_fractions(summary).draw_without_rendering()


def test_the_seed_decides_the_bootstrap() -> None:
    _, helper = load("positive_fraction")
    counts = helper.count_positive([cells(9, 21), cells(20, 13), cells(4, 9)], ["a", "b", "c"])
    first, same, other = (helper.bootstrap_fraction(counts, seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first, same)
    assert not first.equals(other)
