"""Templates that a restored backup has as they were earlier, read again as they became."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pm_kernel import templates
from pm_kernel.domain.templates import Template
from pm_kernel.errors import Conflict, IntegrityError

from ..workbench import Workbench
from .rebuild_harness import Pm, known, seat

NOTHING = "0 versions, 0 runs, 0 plans and 0 templates were read again.\n"
ONE = "0 versions, 0 runs, 0 plans and 1 templates were read again.\n"


@pytest.fixture
def bench(entered: Workbench) -> Workbench:
    return seat(entered)


def save(bench: Workbench, method: str, name: str = "daily") -> Template:
    """Save a template of one step, over what is there."""
    found = {each.name: each for each in templates.list_templates(bench.store)}
    document = {"format": 1, "steps": {"load": {"method": method}}}
    expected = found[name].revision if name in found else None
    return templates.save_template(
        bench.store, bench.settings, name, document, expected=expected, note=f"with {method}"
    ).template


def files(bench: Workbench) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (bench.runs / "templates").iterdir()}


def test_a_template_goes_on_from_a_backup_only_as_what_it_became_since(
    pm: Pm, bench: Workbench, tmp_path: Path
) -> None:
    pm("init")
    for method in ("one", "two"):
        save(bench, method)
    pm("db", "backup", tmp_path / "then")
    third = save(bench, "three")
    templates.rename_template(
        bench.store, bench.settings, "daily", "weekly", expected=third.revision
    )
    save(bench, "four", "weekly")
    before, kept = known(pm, bench), files(bench)
    bench.close()
    pm("db", "restore", tmp_path / "then")
    # Nobody goes on from there, or writes over what is known.
    refused = pm("template", "save", "pipeline.json", "--name", "daily", "--replace",
                 code=Conflict.exit_code)  # fmt: skip
    assert "1.json has a version 4 of template 'daily' that this database does not" in refused.err
    assert "`pm rebuild`" in refused.err
    restored = templates.get_template(bench.store, "daily")
    with pytest.raises(Conflict, match="has a version 4"):
        templates.rename_template(
            bench.store, bench.settings, "daily", "monthly", expected=restored.revision
        )
    pm("db", "upgrade")
    assert files(bench) == kept
    assert pm("rebuild").out == ONE
    assert known(pm, bench) == before
    assert pm("rebuild").out == NOTHING
    # It goes on from there; what a save left that was killed is not taken for a version.
    (bench.runs / "templates/1.v4.json").write_text("{}")
    assert save(bench, "five", "weekly").version == 5
    four = json.loads((bench.runs / "templates/1.v4.json").read_text())
    assert (four["note"], four["definition"]["steps"]["load"]["method"]) == ("with four", "four")

    # What came out of something else stays unread, and is told.
    newest = bench.runs / "templates/1.json"
    other = {**json.loads(newest.read_text()), "version": 7}
    (bench.runs / "templates/1.v5.json").write_text(json.dumps({**other, "content_hash": "0" * 64}))
    for number in (7, 5):
        strange = {**other, "version": number, "content_hash": "0" * 64}
        newest.write_text(json.dumps(strange))
        with pytest.raises(Conflict, match=f"has a version {number}"):
            templates.rename_template(
                bench.store,
                bench.settings,
                "weekly",
                "daily",
                expected=templates.get_template(bench.store, "weekly").revision,
            )
        told = pm("rebuild", code=IntegrityError.exit_code)
        assert "1.json cannot be read again: version 5 of it is another in the database" in told.err
    newest.rename(tmp_path / "aside")
    assert save(bench, "six", "weekly").version == 6
    five = json.loads((bench.runs / "templates/1.v5.json").read_text())
    assert five["note"] == "with five"
    assert pm("rebuild").out == NOTHING


def test_how_a_template_is_drawn_and_called_since_a_backup_is_read_again_too(
    pm: Pm, bench: Workbench, tmp_path: Path
) -> None:
    pm("init")
    first = save(bench, "one")
    pm("db", "backup", tmp_path / "first")
    titled = {"format": 1, "steps": {"load": {"method": "one", "title": "Loading"}}}
    drawn = templates.save_template(
        bench.store, bench.settings, "daily", titled, expected=first.revision
    ).template
    assert drawn.version == 1
    drawn_files = files(bench)
    pm("db", "backup", tmp_path / "drawn")
    templates.rename_template(
        bench.store, bench.settings, "daily", "weekly", expected=drawn.revision
    )
    # Its name is another's since.
    save(bench, "two", "daily")
    before, kept = known(pm, bench), files(bench)
    for backup, revision in (("first", first.revision), ("drawn", drawn.revision)):
        bench.close()
        pm("db", "restore", tmp_path / backup)
        with pytest.raises(Conflict, match="saved or renamed later"):
            templates.rename_template(
                bench.store, bench.settings, "daily", "monthly", expected=revision
            )
        # What is new now is no reason to lose what was drawn then.
        for method in ("one", "two"):
            other = {"format": 1, "steps": {"load": {"method": method, "title": "Reading"}}}
            with pytest.raises(Conflict, match="saved or renamed later"):
                templates.save_template(
                    bench.store, bench.settings, "daily", other, expected=revision
                )
        assert files(bench) == kept
        told = pm("rebuild").out
        assert told == "0 versions, 0 runs, 0 plans and 2 templates were read again.\n"
        assert known(pm, bench) == before
        assert pm("rebuild").out == NOTHING
    # What is older is no news, as where another workspace could not remove it.
    (bench.runs / "templates/1.json").write_bytes(drawn_files["1.json"])
    assert pm("rebuild").out == NOTHING
    # A name that it had before it was saved last says nothing any more.
    weekly = templates.get_template(bench.store, "weekly")
    assert (weekly.version, weekly.document["steps"]["load"]["title"]) == (1, "Loading")
    saved = save(bench, "three", "weekly")
    assert saved.version == 2
    assert "formerly" not in json.loads((bench.runs / "templates/1.json").read_text())


def test_what_another_workspace_saved_since_a_backup_is_read_again_there(
    pm: Pm, bench: Workbench, tmp_path: Path
) -> None:
    pm("init")
    other = Workbench.make(tmp_path / "other", bench.url)
    pm("-w", other.root, "init")
    save(bench, "one")
    pm("db", "backup", tmp_path / "then")
    save(other, "two")
    kept = files(other)
    assert files(bench) == {}
    for each in (bench, other):
        each.close()
    pm("db", "restore", tmp_path / "then")
    assert pm("rebuild").out == NOTHING
    with pytest.raises(Conflict, match=f"{other.root}.* has a version 2 of template 'daily'"):
        save(bench, "three")
    assert (files(other), files(bench)) == (kept, {})
    assert pm("-w", other.root, "rebuild").out == ONE
    assert save(bench, "three").version == 3
    assert set(files(bench)) == {"1.json", "1.v1.json", "1.v2.json"}
    assert files(other) == {}
    # Where the other's could not be removed, a lost database finds both.
    for name, data in kept.items():
        (other.runs / "templates" / name).write_bytes(data)
    bench.execute("DELETE FROM template_versions")
    bench.execute("DELETE FROM workflow_templates")
    assert pm("-w", other.root, "rebuild").out == ONE
    assert templates.get_template(bench.store, "daily").version == 2
    assert pm("rebuild").out == ONE
    assert templates.get_template(bench.store, "daily").note == "with three"
    assert len(bench.rows("SELECT 1 FROM template_versions")) == 2
    other.close()
