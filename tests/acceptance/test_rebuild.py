"""A lost database is read again from the methods repository and the run store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pm_kernel.nextflow import owner
from pm_kernel.running.process import Life

from ..integration.recording_harness import wait_for
from ..workbench import RUN, SCALE, Workbench


def answer(bench: Workbench, *words: str) -> Any:
    done = bench.pm(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def supervisor_life(bench: Workbench, plan_id: int) -> Life:
    noted = owner.read(bench.runs / "plans" / str(plan_id))
    assert noted is not None
    return noted.identity.life()


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
    # A plan through a real Nextflow: one run is new, the other is that one.
    branches = {"known": {"scale.factor": "3"}, "new": {"scale.factor": "5"}}
    steps = {"double": {"method": "double", "branches": branches}}
    (bench.root / "plan.json").write_text(json.dumps({"format": 1, "name": "p", "steps": steps}))
    assert bench.pm("plan", "create", "plan.json").returncode == 0
    done = bench.pm("plan", "submit", "2")
    assert done.returncode == 0, done.stderr
    plan = answer(bench, "plan", "show", "2")
    assert plan["status"] == "completed"
    # Its supervisor has something left to write.
    wait_for(lambda: supervisor_life(bench, 2) is Life.GONE)
    bench.execute("DROP SCHEMA public CASCADE")
    bench.execute("CREATE SCHEMA public")
    assert answer(bench, "runs")["runs"] == []
    done = bench.pm("rebuild")
    assert done.returncode == 0, done.stderr
    assert bench.rows("SELECT (declaration ->> 'documented_seconds')::float AS takes "
                      "FROM method_versions") == [{"takes": 120.0}]  # fmt: skip
    assert "1 versions, 2 runs, 1 plans and 0 templates were read again" in done.stdout
    assert answer(bench, "plan", "show", "2") == plan
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
    assert bench.pm("run", "double", "--set", "scale.factor=4").stdout == "3\n"
    assert bench.pm("rebuild").stdout == (
        "0 versions, 0 runs, 0 plans and 0 templates were read again.\n"
    )


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
