"""Plans that a restored backup has as they were earlier, read again as they became."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pm_kernel import mirror, retrying, submission
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.errors import Conflict, IntegrityError
from pm_kernel.store import numbering

from ..workbench import Workbench
from .rebuild_harness import (
    Pm,
    epoch,
    forget,
    known,
    lose_the_database,
    register,
    seat,
    submit,
    supervise,
    without_ids,
)
from .recording_harness import Life, elsewhere


@pytest.fixture
def bench(entered: Workbench) -> Workbench:
    return seat(entered)


def test_a_draft_of_a_restored_backup_becomes_what_was_submitted(
    pm: Pm, bench: Workbench, life: Life, tmp_path: Path
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    pm("db", "backup", tmp_path / "then")
    submit(bench, 1)
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 1])
    pm("template", "save", "pipeline.json", "--name", "later")
    pm("plan", "create", "plan.json")
    before = known(pm, bench)
    files = {file: file.read_bytes() for file in (bench.runs / "plans/1").glob("*.json*")}
    last = numbering.last_ids(bench.store)
    bench.close()
    pm("db", "restore", tmp_path / "then")
    assert numbering.last_ids(bench.store) == last
    refused = pm("plan", "edit", 1, "--name", "other", code=Conflict.exit_code)
    assert "has it as a draft" in refused.err
    assert "`pm rebuild`" in refused.err
    with pytest.raises(Conflict, match="was submitted before this database was restored"):
        submit(bench, 1)
    assert {f: f.read_bytes() for f in (bench.runs / "plans/1").glob("*.json*")} == files
    assert pm("rebuild").out == "0 versions, 4 runs, 2 plans and 1 templates were read again.\n"
    after = known(pm, bench)
    # The draft has a tree of today.
    for found in (before, after):
        found["plan 2"] = without_ids(found["plan 2"])
    assert after == before
    # What an older program left without a file gets one.
    (bench.runs / "plans/1/tree.json.gz").unlink()
    pm("db", "upgrade")
    assert (bench.runs / "plans/1/tree.json.gz").read_bytes() == files[
        bench.runs / "plans/1/tree.json.gz"
    ]


def test_a_draft_that_was_changed_since_a_backup_goes_on_only_as_it_became(
    pm: Pm, bench: Workbench, tmp_path: Path
) -> None:
    register(pm, bench)
    for _ in range(2):
        pm("plan", "create", "plan.json")
    pm("plan", "edit", 1, "--name", "first")
    pm("db", "backup", tmp_path / "then")
    pm("plan", "edit", 1, "--name", "second", "--until", "double")
    pm("plan", "edit", 1, "--notes", "as it was meant")
    before = known(pm, bench)
    file = bench.runs / "plans/1/plan.json"
    kept = file.read_bytes()
    bench.close()
    pm("db", "restore", tmp_path / "then")
    refused = pm("plan", "edit", 1, "--name", "other", code=Conflict.exit_code)
    assert "has draft 1 as it was changed later than this database knows" in refused.err
    assert "`pm rebuild`" in refused.err
    with pytest.raises(Conflict, match="changed later"):
        submit(bench, 1)
    assert file.read_bytes() == kept
    assert pm("rebuild").out == "0 versions, 0 runs, 1 plans and 0 templates were read again.\n"
    assert known(pm, bench) == before
    # It goes on from there, also back to what it was.
    pm("plan", "edit", 1, "--name", "first")
    pm("plan", "edit", 1, "--name", "second")
    nothing = "0 versions, 0 runs, 0 plans and 0 templates were read again.\n"
    assert pm("rebuild").out == nothing
    # A change that was killed before the database had it can be done again.
    digest, draft = mirror.digest_of(json.loads(file.read_bytes())), json.loads(file.read_bytes())
    file.write_text(json.dumps({**draft, "notes": "killed", "formerly": [digest]}))
    assert "changed later" in pm("plan", "edit", 1, "--notes", "x", code=Conflict.exit_code).err
    pm("plan", "edit", 1, "--notes", "killed")
    assert pm("rebuild").out == nothing


def test_a_submitted_plan_of_a_restored_backup_is_brought_to_what_became_of_it(
    pm: Pm, bench: Workbench, life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(pm, bench)
    for plan_id in (1, 2, 3):
        pm("plan", "create", "plan.json")
        submit(bench, plan_id)
        supervise(bench, life, plan_id, exit_codes=[0, 0, 0, 0] if plan_id == 1 else [])
    pm("db", "backup", tmp_path / "then")
    # One that had completed runs once more, in part, and what is made anew is another result.
    chosen = retrying.Choice(step="double", branch="a")
    retrying.retry(bench.settings, bench.store, 1, chosen, again=True, start=lambda *_: None)
    supervise(bench, life, 1, exit_codes=[0, 1])
    # One reused everything, and then a part of it is executed, fails and is cancelled.
    retrying.retry(bench.settings, bench.store, 2, chosen, again=True, start=lambda *_: None)
    supervise(bench, life, 2, exit_codes=[1])
    retrying.retry(bench.settings, bench.store, 2, retrying.Choice(), start=lambda *_: None)
    submission.cancel(bench.settings, bench.store, 2)
    before = known(pm, bench)
    assert [plan["status"] for plan in before["plans"]] == ["partial", "cancelled", "completed"]
    files = {file: file.read_bytes() for file in (bench.runs / "plans").glob("*/*.json*")}
    bench.close()
    pm("db", "restore", tmp_path / "then")
    # Nobody goes on from there, or writes over what is known.
    for act in (
        lambda: submission.resume(bench.settings, bench.store, 1, start=lambda *_: None),
        lambda: retrying.retry(
            bench.settings, bench.store, 1, chosen, again=True, start=lambda *_: None
        ),
        lambda: mirror.keep_submitted(RunStore(bench.runs), bench.store, 1),
    ):
        with pytest.raises(Conflict, match="went on after the backup"):
            act()
    mirror.follow_state(RunStore(bench.runs), bench.store, 1)
    assert {f: f.read_bytes() for f in (bench.runs / "plans").glob("*/*.json*")} == files
    # Two plans are looked at, and each run directory that is known is read once.
    looked_at: list[Path] = []
    real = Path.read_bytes

    def read_bytes(file: Path) -> bytes:
        looked_at.append(file)
        return real(file)

    with monkeypatch.context() as disk:
        disk.setattr(Path, "read_bytes", read_bytes)
        told = pm("rebuild")
    assert told.out == "0 versions, 3 runs, 2 plans and 0 templates were read again.\n"
    assert looked_at.count(bench.final(1) / "meta.json") == 1
    after = known(pm, bench)
    for what, was in before.items():
        assert after[what] == was, what
    assert pm("rebuild").out == "0 versions, 0 runs, 0 plans and 0 templates were read again.\n"
    assert submission.resume(bench.settings, bench.store, 1, start=lambda *_: None) == 1
    launch = bench.launch(1, epoch(bench, 1))
    assert (launch.number, len(launch.tasks)) == (3, 1)
    assert life.run(launch, 0).status == "completed"


def test_what_a_backup_calls_running_on_another_host_is_what_its_directory_says(
    pm: Pm, bench: Workbench, life: Life, tmp_path: Path
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    submit(bench, 1)

    def back_up(position: int) -> None:
        if position == 0:
            pm("db", "backup", tmp_path / "then")

    supervise(bench, life, 1, exit_codes=[0] * 4, registered=back_up, wrapper=elsewhere())
    before = known(pm, bench)
    assert [run["status"] for run in before["runs"]] == ["completed"] * 4
    bench.close()
    pm("db", "restore", tmp_path / "then")
    # Without evidence that it is dead, nobody else ends it.
    assert bench.rows("SELECT id, status FROM runs") == [{"id": 1, "status": "running"}]
    assert pm("rebuild").out == "0 versions, 4 runs, 1 plans and 0 templates were read again.\n"
    after = known(pm, bench)
    for what, was in before.items():
        assert after[what] == was, what
    # Also where nothing else says that there is something newer.
    for table in ("run_outputs", "run_parameters", "run_logs"):
        bench.execute(f"DELETE FROM {table} WHERE run_id = 4")
    bench.execute("UPDATE planned_runs SET current_run = NULL WHERE current_run = 4")
    bench.execute("UPDATE runs SET status = 'running', finished_at = NULL WHERE id = 4")
    assert pm("rebuild").out == "0 versions, 1 runs, 0 plans and 0 templates were read again.\n"
    assert known(pm, bench) == before
    assert pm("rebuild").out == "0 versions, 0 runs, 0 plans and 0 templates were read again.\n"


def test_a_run_that_only_the_run_store_has_keeps_its_plan_from_going_on(
    pm: Pm, bench: Workbench, life: Life
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    submit(bench, 1)
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 1])
    # It ended within the launch that a backup has: no number of the plan tells that.
    forget(bench, 4)
    for act in (
        lambda: submission.resume(bench.settings, bench.store, 1, start=lambda *_: None),
        lambda: retrying.retry(
            bench.settings, bench.store, 1, retrying.Choice(), start=lambda *_: None
        ),
    ):
        with pytest.raises(Conflict, match="holds a run of plan 1 that this database does not"):
            act()
    assert pm("rebuild").out == "0 versions, 1 runs, 0 plans and 0 templates were read again.\n"
    assert submission.resume(bench.settings, bench.store, 1, start=lambda *_: None) == 1


def test_a_result_that_was_let_go_does_not_come_back_with_its_directory(
    pm: Pm, bench: Workbench, life: Life
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    submit(bench, 1)
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 0])
    chosen = retrying.Choice(step="double", branch="a")
    retrying.retry(bench.settings, bench.store, 1, chosen, again=True, start=lambda *_: None)
    supervise(bench, life, 1, exit_codes=[1])
    before = known(pm, bench)
    (again,) = bench.rows("SELECT planned_run_id AS id FROM runs WHERE id = 5")
    (older,) = bench.rows("SELECT id FROM runs WHERE planned_run_id = %s AND id < 5", again["id"])
    lose_the_database(bench)
    for run_id in (older["id"], 5):
        bench.final(run_id).rename(bench.root / str(run_id))
    told = pm("rebuild", code=IntegrityError.exit_code)
    assert f"lacks its upstream run {older['id']}" in told.err
    for run_id in (older["id"], 5):
        (bench.root / str(run_id)).rename(bench.final(run_id))
        pm("rebuild")
        (row,) = bench.rows("SELECT current_run FROM planned_runs WHERE id = %s", again["id"])
        assert row["current_run"] is None
    after = known(pm, bench)
    assert (after["planned"], after["launches"]) == (before["planned"], before["launches"])
    assert after["runs"] == before["runs"]


def test_a_plan_that_went_on_from_a_backup_by_itself_is_told_and_stays(
    pm: Pm, bench: Workbench, life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    submit(bench, 1)
    pm("db", "backup", tmp_path / "then")
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 1])
    bench.close()
    pm("db", "restore", tmp_path / "then")
    # An older program, which does not look: its launch has the number that another one had.
    assert bench.launch(1, epoch(bench, 1)).number == 1
    told = pm("rebuild", code=IntegrityError.exit_code)
    assert "Plan 1 cannot be read again: it went on from a backup, and its launch 1" in told.err
    with pytest.raises(Conflict, match="went on after the backup"):
        submission.resume(bench.settings, bench.store, 1, start=lambda *_: None)
    (bench.runs / "plans/1/state.json").rename(tmp_path / "state.json")
    assert submission.resume(bench.settings, bench.store, 1, start=lambda *_: None) == 1
    # What only one side says was wanted again is told.
    state = json.loads((bench.runs / "plans/1/state.json").read_text())
    wanted = bench.rows("SELECT id, decision, reason FROM planned_runs WHERE plan_id = 1 LIMIT 1")
    more = {"held_epoch": None, "retry_after": None, "again_by": "somebody", "again_of": None}
    asked = {**wanted[0], **more, "launch_id": None, "lacking": False, "newest": None}
    (bench.runs / "plans/1/state.json").write_text(json.dumps({**state, "asked": [asked]}))
    told = pm("rebuild")
    assert "In plan 1, 1 planned run was wanted again according to the run store" in told.err
