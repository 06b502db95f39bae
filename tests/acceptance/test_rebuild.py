"""A lost database is read again from the methods repository and the run store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..workbench import RUN, SCALE, Workbench


def answer(bench: Workbench, *words: str) -> Any:
    done = bench.pm(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def registered(bench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "double"
    folder.mkdir()
    (folder / "run.py").write_text(RUN)
    (folder / "helper.py").write_text(SCALE)
    (folder / "double.workflow.md").write_text(
        "# Doubling\n\n- **CRITICAL:** 2 min, one number\n\nCRITICAL: soon\n"
    )
    assert bench.pm("init").returncode == 0
    done = bench.pm(
        *("method", "register", str(folder), "--module", "testing"),
        *("--track", "scale", "--output", "table=table.csv:table"),
    )
    assert done.returncode == 0, done.stderr
    assert "double.workflow.md:5: says CRITICAL: soon, which is no duration" in done.stderr


def estimate(bench: Workbench) -> tuple[Any, str]:
    """How long a plan of two runs would take, for programs and for people."""
    steps = {"double": {"method": "double"}}
    plan = {"name": "two", "samples": ["a", "b"], "rerun": {"all": True},
            "pipeline": {"format": 1, "steps": steps}}  # fmt: skip
    (bench.root / "plan.json").write_text(json.dumps(plan))
    shown = bench.pm("plan", "preview", "plan.json").stdout
    return answer(bench, "plan", "preview", "plan.json")["estimate"], shown.splitlines()[1]


def test_versions_runs_and_lineage_come_back(bench: Workbench, tmp_path: Path) -> None:
    registered(bench, tmp_path)
    # Nothing ran yet: its author says how long it takes.
    by_document = estimate(bench)
    assert by_document[1] == "about 2 min 0 s of work, 'double' from its workflow document"
    assert by_document[0]["documented_methods"] == ["double"]
    assert bench.pm("run", "double", "--set", "scale.factor=3").returncode == 0
    before = answer(bench, "runs", "show", "1")
    # From now on it is known.
    assert estimate(bench)[0]["documented_methods"] == []
    bench.execute("DROP SCHEMA public CASCADE")
    bench.execute("CREATE SCHEMA public")
    assert answer(bench, "runs")["runs"] == []
    done = bench.pm("rebuild")
    assert done.returncode == 0, done.stderr
    assert "1 versions and 1 runs were read again" in done.stdout
    assert bench.rows("SELECT (declaration ->> 'documented_seconds')::float AS takes "
                      "FROM method_versions") == [{"takes": 120.0}]  # fmt: skip
    after = answer(bench, "runs", "show", "1")
    for key in (
        "uuid",
        "status",
        "method",
        "version",
        "commit",
        "parameters",
        "outputs",
        "metrics",
    ):
        assert after[key] == before[key], key
    # The next run takes no number that a directory has.
    assert bench.pm("run", "double", "--set", "scale.factor=4").stdout == "2\n"
    assert bench.pm("rebuild").stdout == "0 versions and 0 runs were read again.\n"


def test_a_directory_that_cannot_be_read_is_named_and_left(
    bench: Workbench, tmp_path: Path
) -> None:
    registered(bench, tmp_path)
    (bench.runs / "00000009").mkdir()
    (bench.runs / "00000009" / "meta.json").write_text("{")
    done = bench.pm("rebuild")
    assert done.returncode == 9
    assert "00000009" in done.stderr
    assert (bench.runs / "00000009").is_dir()
