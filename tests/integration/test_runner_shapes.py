"""The shapes of code that people write: what arrives is recorded, and nothing else changes.

Each folder of ``tests/data/shapes`` is a method; ``shape.json`` says what it shows. Its ``run()``
returns what the code saw. That must be what plain Python gives when nothing is set, whatever is
tracked, and what the plan says where it sets a value.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .runner_harness import Bench

SHAPES = Path(__file__).parents[1] / "data" / "shapes"
NAMES = sorted(folder.name for folder in SHAPES.iterdir() if (folder / "shape.json").exists())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def bare(folder: Path, tmp_path: Path, call: str = "run.run()") -> dict[str, Any]:
    """What the method's code sees when Python alone runs it."""
    copy = tmp_path / "bare"
    shutil.copytree(folder, copy)
    code = f"import asyncio, json, run; print(json.dumps({call}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_unset_code_behaves_as_without_us_and_what_arrived_is_recorded(
    name: str, bench: Bench, tmp_path: Path
) -> None:
    shape = json.loads((SHAPES / name / "shape.json").read_text(encoding="utf-8"))
    ran = bench.run(SHAPES / name, shape["tracked"])
    assert ran.exit_code == 0, ran.log
    call = shape.get("bare", "run.run()")
    if call != "skip":
        assert ran.metrics == bare(SHAPES / name, tmp_path, call)
    assert by_name(ran.arrived) == by_name(shape["arrived"])
    assert not any(call["set"] for call in ran.calls)


@pytest.mark.parametrize(
    "name",
    [n for n in NAMES if "arrived_set" in json.loads((SHAPES / n / "shape.json").read_text())],
)
def test_what_the_plan_sets_is_what_the_code_sees_and_what_is_recorded(
    name: str, bench: Bench, tmp_path: Path
) -> None:
    shape = json.loads((SHAPES / name / "shape.json").read_text(encoding="utf-8"))
    ran = bench.run(SHAPES / name, shape["tracked"], set=shape["set"])
    assert ran.exit_code == 0, ran.log
    seen = shape["saw_set"]
    assert ran.metrics == (bare(SHAPES / name, tmp_path) if seen == "bare" else seen)
    assert by_name(ran.arrived) == by_name(shape["arrived_set"])
    for call in ran.calls:
        prefix = call["f"] + "."
        wanted = {key[len(prefix) :] for key in shape["set"] if key.startswith(prefix)}
        assert set(call["set"]) == wanted & set(call["v"])


def by_name(arrived: list[Any]) -> list[tuple[str, str]]:
    """Sorted: the order between processes and between functions is nobody's promise."""
    return sorted((f, json.dumps(values, sort_keys=True)) for f, values in arrived)
