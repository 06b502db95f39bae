"""The run store repeats drafts, plans and templates as they change, or nothing is changed."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest

from pm_kernel import retrying, submission, templates
from pm_kernel.errors import Conflict, StoreUnavailable

from ..workbench import Workbench
from .rebuild_harness import (
    PLAN,
    Pm,
    known,
    register,
    seat,
    submit,
)


@pytest.fixture
def bench(entered: Workbench) -> Workbench:
    return seat(entered)


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
    # Also what the database knows nothing of goes with it: a save that was killed left it.
    earlier += [file.with_name("1.v7.json") for file in places]
    for file in earlier[2:]:
        file.write_text("{}")
    templates.delete_template(
        bench.store, bench.settings, "shared", expected=second.template.revision
    )
    assert [file.exists() for file in (*places, *earlier)] == [False] * 6
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
