"""Drafts, submitted plans and templates outlive the database: the run store repeats them."""

from __future__ import annotations

import errno
import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pm_kernel import mirror, registration, retrying, submission, templates
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.cli.main import main
from pm_kernel.errors import Conflict, IntegrityError, StoreUnavailable
from pm_kernel.nextflow.plan_record import PlanRecord
from pm_kernel.store import launches, numbering, schema

from ..workbench import RUN, SCALE, Workbench, same_imports
from .recording_harness import Life

COPY = """
from pathlib import Path

def run(table, output_dir):
    (Path(output_dir) / "copy.csv").write_text(Path(table).read_text())
"""
PLAN: dict[str, Any] = {
    "name": "cohort",
    "notes": "for the paper",
    "metadata": {"project": "x"},
    "pipeline": {
        "format": 1,
        "steps": {
            "double": {
                "method": "double",
                "branches": {"a": {"scale.factor": "3"}, "b": {"scale.factor": "4"}},
            },
            "copy": {"method": "copy", "inputs": {"table": {"from": "double.table"}}},
        },
    },
}

COPY_B = '["copy",{"copy":"default","double":"b"}]'

Pm = Callable[..., Any]


@pytest.fixture
def bench(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workbench]:
    made = Workbench.make(tmp_path / "workspace", database_url)
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.root)
    (made.root / "plan.json").write_text(json.dumps(PLAN))
    (made.root / "pipeline.json").write_text(json.dumps(PLAN["pipeline"]))
    yield made
    made.close()


@pytest.fixture
def pm(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> Pm:
    """Type a command; returns what it answered."""

    def run(*words: object, code: int = 0) -> Any:
        assert main([str(word) for word in words]) == code, capsys.readouterr().err
        return capsys.readouterr()

    return run


@pytest.fixture
def life(bench: Workbench, tmp_path: Path) -> Life:
    return Life(bench, tmp_path)


def register(pm: Pm, bench: Workbench) -> None:
    """Two methods as a person registers them: git has them too."""
    pm("init")
    for name, files in (
        ("double", {"run.py": RUN, "helper.py": SCALE}),
        ("copy", {"run.py": COPY}),
    ):
        folder = bench.root.parent / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text)
    pm("method", "register", bench.root.parent / "double", "--module", "testing",
       "--track", "scale", "--output", "table=table.csv:table")  # fmt: skip
    pm("method", "register", bench.root.parent / "copy", "--module", "testing",
       "--input", "table=upstream", "--output", "copy=copy.csv:table")  # fmt: skip


def submit(bench: Workbench, plan_id: int) -> None:
    """Submit a plan; its supervisor is played."""
    submission.submit(bench.settings, bench.store, plan_id, same_imports, start=lambda *_: None)


def supervise(bench: Workbench, life: Life, plan_id: int, *, exit_codes: list[int]) -> None:
    """What a supervisor does: one launch of these tasks, and the end."""
    record = PlanRecord(bench.store, bench.settings.workspace_id, plan_id, epoch(bench, plan_id))
    launch = record.open_launch()
    folder = RunStore(bench.runs).plan(plan_id) / "launches" / str(launch.number) / "work"
    for position, code in enumerate(exit_codes):
        _, task_dir = life.register(
            launch, position=position, task_dir=folder / f"{position:02}" / "c0ffee"
        )
        life.complete(task_dir, life.start(task_dir).wait() or code)
    if launch.launch_id:
        record.close_launch(launch.launch_id, None, exit_code=0)
    record.finish("No more.")
    record.follow(RunStore(bench.runs))


def epoch(bench: Workbench, plan_id: int) -> int:
    with bench.store.reading() as connection:
        return launches.epochs(connection, plan_id)[0]


def lose_the_database(bench: Workbench) -> None:
    bench.close()
    bench.execute("DROP SCHEMA public CASCADE")
    bench.execute("CREATE SCHEMA public")


def known(pm: Pm, bench: Workbench) -> dict[str, Any]:
    """All that is told of plans and templates."""
    found: dict[str, Any] = {
        "templates": json.loads(pm("template", "list", "--json").out),
        "ids": bench.rows("SELECT id, name FROM workflow_templates ORDER BY id"),
        "earlier": bench.rows(
            "SELECT to_jsonb(v) - 'id' AS facts FROM template_versions v ORDER BY 1"
        ),
        "launches": bench.rows(
            "SELECT id, plan_id, number, epoch, started_at, finished_at, exit_code, task_count"
            " FROM plan_launches ORDER BY id"
        ),
        "plans": bench.rows(
            "SELECT id, name, kind, status, error, epoch, created_at, created_by, submitted_at,"
            " finished_at, notes, metadata, template_hash FROM execution_plans ORDER BY id"
        ),
        # Versions and param sets are counted anew; `plan show` tells which they are.
        "planned": bench.rows(
            "SELECT to_jsonb(p) - 'method_version_id' - 'param_set_id' AS facts"
            " FROM planned_runs p JOIN execution_plans e ON e.id = p.plan_id"
            " WHERE e.status <> 'draft' ORDER BY p.id"
        ),
        "runs": bench.rows(
            "SELECT id, status, execution_plan_id, planned_run_id, launch_id FROM runs ORDER BY id"
        ),
    }
    for plan in found["plans"]:
        shown = json.loads(pm("plan", "show", plan["id"], "--json").out)
        if plan["status"] == "draft":
            # Made anew, as of today.
            for run in shown["planned_runs"]:
                run.pop("planned_id", None)
        found[f"plan {plan['id']}"] = shown
    return found


def test_a_lost_database_is_read_again_as_it_was(pm: Pm, bench: Workbench, life: Life) -> None:
    register(pm, bench)
    for name in ("first", "second", "third"):
        pm("template", "save", "pipeline.json", "--name", name)
    seen = templates.get_template(bench.store, "second").revision
    templates.delete_template(bench.store, bench.settings, "second", expected=seen)
    seen = templates.get_template(bench.store, "third").revision
    templates.rename_template(bench.store, bench.settings, "third", "last", expected=seen)
    for method in ("", "double"):
        shorter = {"format": 1, "steps": {"load": {"method": method}}}
        seen = templates.get_template(bench.store, "last").revision
        templates.save_template(bench.store, bench.settings, "last", shorter, expected=seen)
    # One that ran whole, one that found everything there, and one that is still a draft.
    pm("plan", "create", "plan.json")
    (bench.runs / "plans/1/tree.json.gz").write_bytes(b"of a time that a backup knows nothing of")
    submit(bench, 1)
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 0])
    pm("plan", "create", "plan.json")
    submit(bench, 2)
    supervise(bench, life, 2, exit_codes=[])
    pm("plan", "create", "plan.json")
    pm("plan", "edit", 3, "--until", "double", "--name", "short")
    # The first runs once more, in part, and that fails: its older result is none any more.
    chosen = retrying.Choice(step="double", branch="a")
    retrying.retry(bench.settings, bench.store, 1, chosen, again=True, start=lambda *_: None)
    supervise(bench, life, 1, exit_codes=[1])
    before = known(pm, bench)
    assert [plan["status"] for plan in before["plans"]] == ["partial", "completed", "draft"]
    assert [each["facts"]["version"] for each in before["earlier"]] == [1, 2]

    lose_the_database(bench)
    told = pm("rebuild")
    assert told.out == "2 versions, 5 runs, 3 plans and 2 templates were read again.\n"
    after = known(pm, bench)
    for what, was in before.items():
        pairs = (
            zip(after[what], was, strict=True) if isinstance(was, list) else [(after[what], was)]
        )
        for now, then in pairs:
            assert now == then, what

    # It all goes on from there.
    assert pm("rebuild").out == "0 versions, 0 runs, 0 plans and 0 templates were read again.\n"
    missing = submission.resume(bench.settings, bench.store, 1, start=lambda *_: None)
    assert missing == 2
    launch = bench.launch(1, epoch(bench, 1))
    assert (launch.number, len(launch.tasks)) == (3, 2)
    assert launch.launch_id > max(each["id"] for each in before["launches"])
    assert life.run(launch, 0).run_id == 6
    assert json.loads(pm("plan", "create", "plan.json", "--json").out)["plan_id"] == 4
    pm("template", "save", "pipeline.json", "--name", "second")
    (row,) = bench.rows("SELECT id FROM workflow_templates WHERE name = 'second'")
    assert row == {"id": 4}


def test_numbers_of_a_lost_database_are_not_given_out_again(pm: Pm, bench: Workbench) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    pm("template", "save", "pipeline.json", "--name", "first")
    kept = (bench.runs / "plans/1/plan.json").read_bytes()
    lose_the_database(bench)
    # Its tables are made again by somebody who does not know this run store.
    schema.upgrade(bench.store)
    refused = pm("template", "save", "pipeline.json", "--name", "other", code=Conflict.exit_code)
    assert "`pm rebuild` reads again what is missing" in refused.err
    registration.repair(bench.settings, bench.store, thorough=True)
    refused = pm("plan", "create", "plan.json", code=Conflict.exit_code)
    assert "The run store has a plan 1 that this database does not know" in refused.err
    assert (bench.runs / "plans/1/plan.json").read_bytes() == kept
    assert bench.rows("SELECT id FROM execution_plans") == []
    # What cannot be read is named, and keeps nothing else away.
    (bench.runs / "plans/1/plan.json").write_text("{")
    told = pm("rebuild", code=IntegrityError.exit_code)
    assert "0 plans and 1 templates" in told.out
    assert "Plan 1 cannot be read" in told.err
    (bench.runs / "plans/1/plan.json").write_bytes(kept)
    assert "1 plans and 0 templates" in pm("rebuild").out
    # Tables that are made beside this run store go on above it.
    lose_the_database(bench)
    pm("runs")
    registration.repair(bench.settings, bench.store, thorough=True)
    assert json.loads(pm("plan", "create", "plan.json", "--json").out)["plan_id"] == 2
    pm("template", "save", "pipeline.json", "--name", "other")
    assert "1 plans and 1 templates" in pm("rebuild").out
    assert bench.rows("SELECT id, name FROM workflow_templates ORDER BY id") == [
        {"id": 1, "name": "first"},
        {"id": 2, "name": "other"},
    ]


def without_ids(shown: dict[str, Any]) -> dict[str, Any]:
    """What is told of a plan, but the ids of its tree."""
    tree = [
        {name: value for name, value in run.items() if name not in ("planned_id", "parents")}
        for run in shown["planned_runs"]
    ]
    return {**shown, "planned_runs": tree}


def shown(pm: Pm, plan_id: int) -> dict[str, Any]:
    return without_ids(json.loads(pm("plan", "show", plan_id, "--json").out))


def test_a_lost_plan_whose_ids_were_given_out_again_gets_others(
    pm: Pm, bench: Workbench, life: Life
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    submit(bench, 1)
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 0])
    pm("plan", "create", "plan.json")
    submit(bench, 2)
    supervise(bench, life, 2, exit_codes=[])
    before = [shown(pm, 1), shown(pm, 2)]
    (first,) = bench.rows("SELECT min(id) AS id FROM planned_runs WHERE plan_id = 1")
    linked = bench.rows(
        "SELECT r.id, p.key, r.execution_plan_id FROM runs r"
        " JOIN planned_runs p ON p.id = r.planned_run_id ORDER BY r.id"
    )
    lose_the_database(bench)
    schema.upgrade(bench.store)
    pm("runs")
    registration.repair(bench.settings, bench.store, thorough=True)
    # What is refused takes numbers too.
    for _ in before:
        pm("plan", "create", "plan.json", code=Conflict.exit_code)
    pm("plan", "create", "plan.json")
    bench.execute(f"SELECT setval('planned_runs_id_seq', {first['id'] - 1})")
    submit(bench, 3)
    (launched,) = bench.rows("SELECT min(id) AS id FROM planned_runs WHERE plan_id = 3")
    assert launched == first
    assert bench.launch(3, epoch(bench, 3)).launch_id == 1
    assert pm("rebuild").out == "0 versions, 4 runs, 2 plans and 0 templates were read again.\n"
    assert [shown(pm, 1), shown(pm, 2)] == before
    query = (
        "SELECT r.id, p.key, r.execution_plan_id FROM runs r"
        " JOIN planned_runs p ON p.id = r.planned_run_id AND p.current_run = r.id"
    )
    launches_too = " JOIN plan_launches l ON l.id = r.launch_id AND l.plan_id = p.plan_id"
    assert bench.rows(f"{query}{launches_too} ORDER BY r.id") == linked
    third = shown(pm, 3)
    # Its runs still name the ids that it had at first.
    lose_the_database(bench)
    assert "4 runs, 3 plans" in pm("rebuild").out
    assert [shown(pm, 1), shown(pm, 2)] == before
    assert bench.rows(f"{query}{launches_too} ORDER BY r.id") == linked
    assert shown(pm, 3)["counts"] == third["counts"]


def test_a_number_that_a_direct_run_got_meanwhile_is_told(pm: Pm, bench: Workbench) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    submit(bench, 1)
    files = {file: file.read_bytes() for file in (bench.runs / "plans/1").iterdir()}
    lose_the_database(bench)
    schema.upgrade(bench.store)
    pm("runs")
    registration.repair(bench.settings, bench.store, thorough=True)
    assert bench.open("double", params={"scale.factor": "3"}).plan_id == 1
    # Nobody takes the one for the other.
    with pytest.raises(Conflict, match="was submitted before"):
        submit(bench, 1)
    mirror.follow_state(RunStore(bench.runs), bench.store, 1)
    with pytest.raises(Conflict, match="another plan 1"):
        mirror.keep_submitted(RunStore(bench.runs), bench.store, 1)
    told = pm("rebuild", code=IntegrityError.exit_code)
    assert "Plan 1 of the run store ('cohort', of 20" in told.err
    assert "is another than plan 1 of the database" in told.err
    assert {file: file.read_bytes() for file in (bench.runs / "plans/1").iterdir()} == files
    # What is no draft leaves nothing that would make it one.
    assert bench.open("double", params={"scale.factor": "5"}).plan_id == 2
    with pytest.raises(Conflict, match="was submitted before"):
        submit(bench, 2)
    bench.execute("UPDATE execution_plans SET status = 'draft' WHERE id = 2")
    with pytest.raises(Conflict, match="direct run"):
        submit(bench, 2)
    assert not (bench.runs / "plans/2").exists()


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


def test_a_submitted_plan_of_a_restored_backup_is_brought_to_what_became_of_it(
    pm: Pm, bench: Workbench, life: Life, tmp_path: Path
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
    assert pm("rebuild").out == "0 versions, 3 runs, 2 plans and 0 templates were read again.\n"
    after = known(pm, bench)
    for what, was in before.items():
        assert after[what] == was, what
    assert pm("rebuild").out == "0 versions, 0 runs, 0 plans and 0 templates were read again.\n"
    assert submission.resume(bench.settings, bench.store, 1, start=lambda *_: None) == 1
    launch = bench.launch(1, epoch(bench, 1))
    assert (launch.number, len(launch.tasks)) == (3, 1)
    assert life.run(launch, 0).status == "completed"


def test_what_is_damaged_or_missing_is_named_and_the_rest_is_read(
    pm: Pm, bench: Workbench, life: Life
) -> None:
    register(pm, bench)
    pm("template", "save", "pipeline.json", "--name", "first")
    pm("plan", "create", "plan.json")
    submit(bench, 1)
    supervise(bench, life, 1, exit_codes=[0, 0, 0, 0])
    pm("plan", "create", "plan.json")
    submit(bench, 2)
    supervise(bench, life, 2, exit_codes=[])
    chosen = retrying.Choice(step="double", branch="a")
    retrying.retry(bench.settings, bench.store, 1, chosen, again=True, start=lambda *_: None)
    supervise(bench, life, 1, exit_codes=[1])
    before = [shown(pm, 1), shown(pm, 2)]
    lacking = "SELECT key FROM planned_runs WHERE current_run IS NULL AND plan_id = 1 ORDER BY id"
    lacked = bench.rows(lacking)
    assert lacked
    lose_the_database(bench)
    # A result that plan 2 reuses, and the failed run for which an older result of plan 1 went.
    copy = next(n for n in range(1, 5) if bench.meta(n)["registered"]["planned_key"] == COPY_B)
    for run_id in (copy, 5):
        bench.final(run_id).rename(bench.root / str(run_id))
    plans, templates = bench.runs / "plans", bench.runs / "templates"
    good = {name: (plans / "1" / name).read_bytes() for name in ("plan.json", "state.json")}
    asked, state = (json.loads(text) for text in good.values())
    for number, plan, text, tree in (
        (11, {**asked, "plan_id": 12}, good["state.json"], b""),
        (12, {**asked, "plan_id": 12}, b"{}", gzip.compress(b"{}")),
        (13, {**asked, "plan_id": 13}, good["state.json"], gzip.compress(b"")[:10] + b"\xff" * 9),
        (14, {**asked, "plan_id": 14, "name": "a\0b"}, None, None),
        (15, {**asked, "plan_id": 15}, json.dumps({**state, "launches": [1]}).encode(), b""),
        (10**20, {**asked, "plan_id": 10**20}, None, None),
    ):
        (plans / str(number)).mkdir()
        (plans / str(number) / "plan.json").write_text(json.dumps(plan))
        for name, content in (("state.json", text), ("tree.json.gz", tree)):
            if content is not None:
                (plans / str(number) / name).write_bytes(content)
    first = json.loads((templates / "1.json").read_bytes())
    # Of a save that was killed before it was one.
    older = {**first, "template_id": 0, "updated_at": "2020-01-01T00:00:00+00:00"}
    for name, document in (
        ("0", older),
        ("21", {**first, "template_id": 22}),
        ("22", [first]),
        ("23", {**first, "template_id": 23, "name": "b\0c"}),
    ):
        (templates / f"{name}.json").write_text(json.dumps(document))
    (bench.runs / str(10**20)).mkdir()
    told = pm("rebuild", code=IntegrityError.exit_code)
    assert "2 versions, 3 runs, 1 plans and 1 templates" in told.out
    assert f"Plan 2 cannot be read again: run {copy}, which it reuses, is missing." in told.err
    for named in ("Plan 11", "Plan 12", "Plan 13", "Plan 14", "Plan 15", f"plans/{10**20}",
                  f".runs/{10**20}", "templates/0.json", "templates/21.json",
                  "templates/22.json", "templates/23.json"):  # fmt: skip
        assert named in told.err, named
    assert bench.rows("SELECT id, name FROM workflow_templates") == [{"id": 1, "name": "first"}]
    kept = {row["key"] for row in bench.rows(lacking)}
    assert {row["key"] for row in lacked} <= kept
    for run_id in (copy, 5):
        (bench.root / str(run_id)).rename(bench.final(run_id))
    told = pm("rebuild", code=IntegrityError.exit_code)
    assert "0 versions, 2 runs, 1 plans and 0 templates" in told.out
    assert shown(pm, 2) == before[1]
    assert bench.rows(lacking) == lacked


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


def test_a_server_in_another_time_zone_has_the_same_plans(pm: Pm, bench: Workbench) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    bench.close()
    zone = "'ALTER DATABASE %I SET timezone TO %L', current_database(), 'Asia/Kathmandu'"
    bench.execute(f"DO $$ BEGIN EXECUTE format({zone}); END $$")
    assert "0 plans" in pm("rebuild").out
    pm("plan", "edit", 1, "--name", "other")
    submit(bench, 1)


def test_where_the_run_store_cannot_be_written_nothing_is_changed(
    pm: Pm, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    pm("template", "save", "pipeline.json", "--name", "first")
    before = known(pm, bench)
    files = {file: file.read_bytes() for file in bench.runs.rglob("*.json")}

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(bench.runs))

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        for words in (
            ("plan", "create", "plan.json"),
            ("plan", "edit", 1, "--name", "other"),
            ("template", "save", "pipeline.json", "--name", "other"),
        ):
            refused = pm(*words, code=StoreUnavailable.exit_code)
            assert "The disk of the run store is full" in refused.err, words
            assert "Free some space" in refused.err, words
        with pytest.raises(StoreUnavailable, match="full"):
            submit(bench, 1)
    # And where the database fails at the last moment, the run store is as it was.
    bench.execute(
        "CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'too late'; END $$"
    )
    bench.execute(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT OR DELETE ON workflow_templates"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()"
    )
    revision = templates.get_template(bench.store, "first").revision
    with pytest.raises(Exception, match="too late"):
        templates.delete_template(bench.store, bench.settings, "first", expected=revision)
    document = PLAN["pipeline"]
    with pytest.raises(Exception, match="too late"):
        templates.save_template(bench.store, bench.settings, "new", document, expected=None)
    assert known(pm, bench) == before
    assert {file: file.read_bytes() for file in bench.runs.rglob("*.json")} == files


def test_of_workspaces_that_share_templates_one_keeps_each(
    pm: Pm, bench: Workbench, tmp_path: Path
) -> None:
    other = Workbench.make(tmp_path / "other", bench.url)
    places = [each.runs / "templates/1.json" for each in (bench, other)]
    first = templates.save_template(
        bench.store, bench.settings, "shared", PLAN["pipeline"], expected=None
    )
    assert [file.exists() for file in places] == [True, False]
    earlier = [each.with_name("1.v1.json") for each in places]
    changed = {**PLAN["pipeline"], "steps": {"load": {"method": "load"}}}
    second = templates.save_template(
        other.store, other.settings, "shared", changed, expected=first.template.revision
    )
    assert [file.exists() for file in places] == [False, True]
    assert [file.exists() for file in earlier] == [False, True]
    described = {**changed, "description": "more"}
    second = templates.save_template(
        bench.store, bench.settings, "shared", described, expected=second.template.revision
    )
    assert [file.exists() for file in earlier] == [True, False]
    templates.delete_template(
        bench.store, bench.settings, "shared", expected=second.template.revision
    )
    assert [file.exists() for file in (*places, *earlier)] == [False] * 4
    # Where another workspace is in its folder by now, the file is none of ours.
    places[1].parent.mkdir(exist_ok=True)
    third = templates.save_template(
        bench.store, bench.settings, "shared", PLAN["pipeline"], expected=None
    )
    theirs = places[1].with_name(f"{third.template.template_id}.json")
    config = other.root / "pm.toml"
    config.write_text(config.read_text().replace(other.settings.workspace_id, str(uuid4())))
    theirs.write_text("{}")
    templates.delete_template(
        bench.store, bench.settings, "shared", expected=third.template.revision
    )
    assert theirs.exists()
    other.close()


def test_a_plan_is_changed_and_run_in_its_own_workspace_only(
    pm: Pm, bench: Workbench, tmp_path: Path
) -> None:
    register(pm, bench)
    pm("plan", "create", "plan.json")
    other = Workbench.make(tmp_path / "other", bench.url)
    pm("-w", other.root, "plan", "edit", 1, "--name", "theirs", code=Conflict.exit_code)
    for act in (
        lambda: submit(other, 1),
        lambda: submission.resume(other.settings, other.store, 1, start=lambda *_: None),
        lambda: retrying.retry(
            other.settings, other.store, 1, retrying.Choice(), start=lambda *_: None
        ),
    ):
        with pytest.raises(Conflict, match=f"belongs to the workspace {bench.root}"):
            act()
        submitted = bench.rows("SELECT 1 FROM execution_plans WHERE status <> 'draft'")
        if not submitted:
            submit(bench, 1)
    assert not (other.runs / "plans").exists()
    other.close()
