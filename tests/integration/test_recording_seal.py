"""Sealing a run and recording it: the directory first, then its row."""

from __future__ import annotations

import json

import pytest

from pm_kernel.errors import IntegrityError, StoreUnavailable
from pm_kernel.running.register import NotStarted

from ..workbench import Workbench
from .recording_chain import chain
from .recording_harness import Killed, Killing, Life, LosingRecorder, elsewhere, gone, me


def test_a_lost_answer_to_completing_records_once(life: Life, bench: Workbench) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    recorder = LosingRecorder(life.recorder, "complete")
    ended = life.complete(task_dir, life.start(task_dir).wait(), recorder)
    assert recorder.asked == ["complete", "complete"]
    assert ended.status == "completed"
    assert len(bench.rows("SELECT id FROM run_outputs")) == 1
    assert len(bench.rows("SELECT run_id FROM run_parameters")) == 2


def test_a_directory_sealed_without_its_row_is_recorded_by_the_next_command(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    _, task_dir = life.register(launch, wrapper=gone())
    exit_code = life.start(task_dir).wait()
    with pytest.raises(Killed):
        life.complete(task_dir, exit_code, Killing(life.recorder, "complete"))
    assert bench.run_row(1)["status"] == "running"
    assert life.settle() == [1]
    row = bench.run_row(1)
    assert (row["status"], row["metrics"]) == ("completed", {"result": 42})
    assert [o["output_name"] for o in bench.rows("SELECT * FROM run_outputs")] == ["table"]
    assert bench.rows("SELECT message FROM run_logs") == [{"message": "the result is 42"}]
    (planned,) = bench.rows("SELECT current_run FROM planned_runs")
    assert planned["current_run"] == 1
    assert bench.unfinished() == []


def test_row_and_directory_say_the_same(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double", params={"scale.factor": "3"}, sample="s1", metadata={"a": "b"})
    ended = life.run(launch)
    row, meta = bench.run_row(ended.run_id), bench.meta(ended.run_id)
    assert meta["uuid"] == str(row["uuid"])
    assert (meta["status"], meta["sample"], meta["created_by"]) == (
        row["status"], row["sample"], row["created_by"],
    )  # fmt: skip
    assert meta["metrics"] == row["metrics"] == {"result": 63}
    assert meta["params"] == {"scale.value": "21", "scale.factor": "3"}
    parameters = bench.rows("SELECT * FROM run_parameters ORDER BY param_name")
    assert [(p["param_name"], p["value"], p["expected"], p["is_set"]) for p in parameters] == [
        ("factor", "3", "3", True),
        ("value", "21", "21", False),
    ]
    assert meta["record"]["notices"] == row["notices"]
    assert meta["outputs"] == ["table.csv"]
    (output,) = bench.rows("SELECT * FROM run_outputs")
    manifest = json.loads((ended.folder / ".manifest.json").read_bytes())
    assert output["checksum"] == manifest["files"]["table.csv"]["sha256"]
    assert meta["registered"]["metadata"] == row["metadata"] == {"a": "b"}


def test_a_set_parameter_that_never_arrived_is_shown_so_and_never_reused(
    life: Life, bench: Workbench
) -> None:
    bench.method(
        "idle",
        "from helper import scale\ndef run():\n    pass\n",
        files={"helper.py": "def scale(value, factor=2):\n    return value * factor\n"},
        tracked=["helper.py:scale"],
    )
    ended = life.run(bench.open("idle", params={"scale.factor": "3"}))
    row, meta = bench.run_row(ended.run_id), bench.meta(ended.run_id)
    assert row["status"] == "completed"
    assert row["reuse_key"] is None
    assert "scale.factor was set to 3 but not applied: scale never ran." in row["notices"]
    assert meta["params"]["scale.factor"] is None
    (factor,) = bench.rows("SELECT * FROM run_parameters WHERE param_name = 'factor'")
    assert (factor["value"], factor["expected"], factor["is_set"]) == (None, "3", True)
    again = bench.open("idle", params={"scale.factor": "3"}, rerun=False)
    assert len(again.tasks) == 1


def test_an_unapplied_run_is_not_reused_and_an_applied_one_is(life: Life, bench: Workbench) -> None:
    bench.method("double")
    assert life.run(bench.open("double", params={"scale.factor": "3"})).status == "completed"
    again = bench.open("double", params={"scale.factor": "3"}, rerun=False)
    assert again.tasks == ()


def test_a_final_name_that_another_run_has_leaves_the_run_in_its_place(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    exit_code = life.start(task_dir).wait()
    bench.final(1).mkdir()
    with pytest.raises(IntegrityError, match="belongs to another run"):
        life.complete(task_dir, exit_code)
    assert (life.partial(task_dir) / "table.csv").exists()
    bench.final(1).rmdir()
    assert life.complete(task_dir, exit_code).status == "completed"


def test_a_store_that_is_not_mounted_makes_no_run_a_lost_one(life: Life, bench: Workbench) -> None:
    bench.method("double")
    life.register(bench.open("double"), wrapper=gone())
    bench.runs.rename(bench.root / "elsewhere")
    bench.runs.mkdir()
    assert life.settle() == []
    assert "is not the run store" in life.said[0]
    assert bench.run_row(1)["status"] == "running"
    bench.runs.rmdir()
    (bench.root / "elsewhere").rename(bench.runs)
    assert life.settle() == [1]


def test_an_input_in_a_store_that_is_not_mounted_is_not_called_altered(
    life: Life, bench: Workbench
) -> None:
    launch = bench.launch(*chain(bench))
    life.run(launch, 0)
    bench.execute(
        "WITH w AS (INSERT INTO workspaces (uuid, root, host) "
        "VALUES (gen_random_uuid(), '/not/mounted', 'h') RETURNING id) "
        "UPDATE runs SET workspace_id = w.id FROM w"
    )
    with pytest.raises(NotStarted) as stopped:
        life.register(launch, position=1)
    assert isinstance(stopped.value.cause, StoreUnavailable)
    assert bench.rows("SELECT * FROM integrity_events") == []


def test_a_workspace_seen_under_another_path_reads_its_own_runs_where_they_are_here(
    life: Life, bench: Workbench
) -> None:
    launch = bench.launch(*chain(bench))
    life.run(launch, 0)
    # Another host noted where it has the same workspace.
    bench.execute("UPDATE workspaces SET root = '/mnt/elsewhere'")
    assert life.run(launch, 1).status == "completed"


def test_this_process_is_alive() -> None:
    assert me().life().value == "alive"
    assert gone().life().value == "gone"
    assert elsewhere().life().value == "unknown"
