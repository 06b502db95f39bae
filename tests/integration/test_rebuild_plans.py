"""Drafts, submitted plans and templates outlive the database: they are read again."""

from __future__ import annotations

import gzip
import json

import pytest

from pm_kernel import mirror, registration, retrying, submission, templates
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.errors import Conflict, IntegrityError
from pm_kernel.store import schema

from ..workbench import Workbench
from .rebuild_harness import (
    COPY_B,
    Pm,
    epoch,
    known,
    lose_the_database,
    register,
    seat,
    shown,
    submit,
    supervise,
)
from .recording_harness import Life


@pytest.fixture
def bench(entered: Workbench) -> Workbench:
    return seat(entered)


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
