"""`pm template list|show|save`, as a person types them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pm_kernel import templates
from pm_kernel.errors import Conflict, InvalidInput, NotFound, Problems, UsageError

from ..workbench import Workbench

PIPELINE = """
format = 1
name = "counting"
description = "count nuclei\\nand more"

[steps.load]
method = "load"
params = {"scale.factor" = "3"}

[steps.copy]
method = "copy"
inputs = {table = {from = "load.table"}}
branches = {grid = {"scale.factor" = ["1", "2.5"]}}
"""
COPY = """
from helper import scale

def run(table, output_dir):
    scale(1)
"""
HELPER = "def scale(value, factor=2):\n    return value * factor\n"

Pm = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("bench")


@pytest.fixture
def bench(entered: Workbench) -> Workbench:
    entered.method("load", files={"helper.py": HELPER})
    entered.method("copy", COPY, files={"helper.py": HELPER}, tracked=["helper.py:scale"],
                inputs={"table": "upstream"}, outputs={"copy": "copy.csv"})  # fmt: skip
    (entered.root / "counting.toml").write_text(PIPELINE)
    return entered


def test_a_saved_pipeline_is_listed_and_shown_as_a_file_that_makes_the_same_plan(
    pm: Pm, bench: Workbench
) -> None:
    assert pm("template", "save", "counting.toml").out == "template counting saved\n"
    head, line = pm("template", "list").out.splitlines()
    assert head.split() == ["template", "steps", "version", "saved", "by", "description"]
    assert line.split()[:3] == ["counting", "2", "1"]
    assert line.endswith("somebody  count nuclei")

    shown = pm("template", "show", "counting").out
    written = tomllib.loads(PIPELINE)["steps"]
    assert tomllib.loads(shown)["steps"] == {
        step: {"version": "latest", **each} for step, each in written.items()
    }
    (bench.root / "again.toml").write_text(shown)
    before, after = (
        json.loads(pm("plan", "preview", name, "--json").out)
        for name in ("counting.toml", "again.toml")
    )
    assert before == after
    assert [run["step"] for run in after["planned_runs"]] == ["load", "copy", "copy"]


def test_json_has_all_of_it_the_drawing_included(pm: Pm, bench: Workbench) -> None:
    document = {**tomllib.loads(PIPELINE), "layout": {"load": {"pos": [1, None]}}}
    (bench.root / "drawn.json").write_text(json.dumps(document))
    saved = json.loads(pm("template", "save", "drawn.json", "--json").out)
    assert (saved["created"], saved["changed"], saved["name"]) == (True, True, "counting")
    shown = json.loads(pm("template", "show", "counting", "--json").out)
    assert shown["document"]["layout"] == document["layout"]
    assert shown["revision"] == saved["revision"]
    listed = json.loads(pm("template", "list", "--json").out)["templates"]
    assert [(each["name"], each["methods"]) for each in listed] == [("counting", ["copy", "load"])]
    # TOML cannot hold the drawing; the pipeline is whole without it.
    assert "layout" not in tomllib.loads(pm("template", "show", "counting").out)


def test_the_pipeline_of_a_plan_is_saved_under_a_name_of_its_own(pm: Pm) -> None:
    plan_id = json.loads(pm("plan", "create", "counting.toml", "--json").out)["plan_id"]
    pm("template", "save", "--plan", plan_id, "--name", "Zählung 2")
    assert tomllib.loads(pm("template", "show", "Zählung 2").out)["name"] == "Zählung 2"
    assert pm("template", "save", "--plan", 999, code=NotFound.exit_code).out == ""


def test_nobodys_template_is_overwritten_unseen(pm: Pm, bench: Workbench) -> None:
    pm("template", "save", "counting.toml")
    refused = pm("template", "save", "counting.toml", code=Conflict.exit_code)
    assert refused.err == (
        "pm: There is a template counting already.\n"
        "  Save it under another --name, or say --replace.\n"
    )
    told = pm("template", "save", "counting.toml", "--replace").out
    assert told == "template counting is there; nothing new\n"
    (bench.root / "counting.toml").write_text(PIPELINE.replace('"2.5"', '"4.0"'))
    assert pm("template", "save", "counting.toml", "--replace").out == "template counting changed\n"
    shown = tomllib.loads(pm("template", "show", "counting").out)
    assert shown["steps"]["copy"]["branches"] == {"grid": {"scale.factor": ["1", "4.0"]}}
    assert len(templates.list_templates(bench.store)) == 1


def test_what_a_template_was_is_listed_shown_and_taken_again(pm: Pm, bench: Workbench) -> None:
    def saved(text: str, *words: str) -> dict[str, Any]:
        (bench.root / "counting.toml").write_text(text)
        told = pm("template", "save", "counting.toml", "--replace", *words, "--json").out
        return dict(json.loads(told))

    def listed(*words: object) -> dict[str, Any]:
        return dict(json.loads(pm("template", "versions", "counting", *words, "--json").out))

    first = saved(PIPELINE)
    assert (first["version"], first["note"]) == (1, "")
    # How it is titled and described makes no version; who saved it last is told all the same.
    titled = PIPELINE.replace('method = "load"', 'method = "load"\ntitle = "Load it"')
    assert (saved(titled)["version"], saved(titled)["changed"]) == (1, False)
    second = saved(titled.replace('"2.5"', '"4.0"'), "--note", "finer <b>")
    assert (second["version"], second["note"]) == (2, "finer <b>")
    more = PIPELINE + '\n[steps.also]\nmethod = "load"\n'
    assert saved(more)["version"] == 3

    newest, middle, oldest = listed()["versions"]
    assert [each["version"] for each in (newest, middle, oldest)] == [3, 2, 1]
    assert (newest["added"], newest["removed"], newest["changed"]) == (["also"], [], ["copy"])
    assert (middle["added"], middle["changed"], middle["note"]) == ([], ["copy"], "finer <b>")
    assert sorted(oldest["added"]) == ["copy", "load"]
    page = listed("--limit", 1)
    assert [each["version"] for each in page["versions"]] == [3]
    assert listed("--before", page["before"])["versions"] == [middle, oldest]
    table = pm("template", "versions", "counting").out.splitlines()
    assert table[1].split()[:2] == ["3", newest["content_hash"][:8]]
    assert table[1].endswith("adds also; changes copy")
    assert table[3].endswith("the first")

    show = ("template", "show", "counting", "--version")
    then = tomllib.loads(pm(*show, 1).out)
    assert then["steps"]["load"]["title"] == "Load it"
    assert then["steps"]["copy"]["branches"] == {"grid": {"scale.factor": ["1", "2.5"]}}
    assert pm(*show, oldest["content_hash"][:8]).out == pm(*show, 1).out
    assert json.loads(pm(*show, 2, "--json").out)["note"] == "finer <b>"
    assert "has no version '9'" in pm(*show, 9, code=NotFound.exit_code).err
    assert "is no version" in pm(*show, "zz", code=InvalidInput.exit_code).err
    assert "has no version 'ffff'" in pm(*show, "ffff", code=NotFound.exit_code).err

    told = pm("template", "restore", "counting", 1).out
    assert told == "template counting is as in version 1, now version 4\n"
    again = listed()["versions"][0]
    assert (again["note"], again["content_hash"]) == ("version 1 again", oldest["content_hash"])
    # One with the same content takes nothing of how it is titled and drawn by now.
    retitled = json.loads(pm(*show[:3], "--json").out)["document"]
    retitled["steps"]["load"]["title"] = "Load it with care"
    (bench.root / "drawn.json").write_text(json.dumps(retitled))
    pm("template", "save", "drawn.json", "--replace")
    assert pm("template", "restore", "counting", 1).out.endswith("nothing new\n")
    assert json.loads(pm("template", "restore", "counting", 1, "--json").out)["changed"] is False
    told = json.loads(pm(*show[:3], "--json").out)
    assert (told["document"], told["note"]) == (retitled, "version 1 again")
    # Of two with one content the hash means the newer.
    assert json.loads(pm(*show, oldest["content_hash"], "--json").out)["version"] == 4
    # What is renamed keeps its versions, under the name of now; what is deleted takes them along.
    before = templates.get_template(bench.store, "counting").revision
    newest = listed()["versions"][0]
    colleague = replace(bench.settings, user="bob")
    renamed = templates.rename_template(
        bench.store, colleague, "counting", "recounting", expected=before
    )
    # Who renames it has saved nothing.
    named = json.loads(pm("template", "versions", "recounting", "--json").out)
    assert (newest["saved_by"], named["versions"][0]) == ("somebody", newest)
    # Nor does what a killed save left stay.
    (bench.runs / "templates/1.v9.json").write_text("{}")
    shown = tomllib.loads(pm("template", "show", "recounting", "--version", 2).out)
    assert shown["name"] == "recounting"
    templates.delete_template(bench.store, bench.settings, "recounting", expected=renamed.revision)
    assert bench.rows("SELECT * FROM template_versions") == []
    assert list((bench.runs / "templates").iterdir()) == []


def test_a_save_whose_answer_was_lost_can_be_repeated(bench: Workbench) -> None:
    def save(method: str, expected: str | None) -> templates.SavedTemplate:
        document = {"format": 1, "steps": {"a": {"method": method}}}
        return templates.save_template(
            bench.store, bench.settings, "mine", document, expected=expected
        )

    file = bench.runs / "templates/1.json"
    first = save("one", None)
    was = file.read_bytes()
    # Whoever lost the answer of the database put back what the run store repeats.
    file.unlink()
    again = save("one", None)
    assert (again.created, again.changed, again.template) == (False, False, first.template)
    assert file.read_bytes() == was
    with pytest.raises(Conflict):
        save("two", None)
    changed = save("two", first.template.revision)
    now = file.read_bytes()
    file.write_bytes(was)
    file.with_name("1.v1.json").unlink()
    assert save("two", first.template.revision).template == changed.template
    assert (file.read_bytes(), file.with_name("1.v1.json").exists()) == (now, True)
    with pytest.raises(Conflict):
        save("three", first.template.revision)


def test_a_template_that_is_not_there_is_named_with_what_was_probably_meant(pm: Pm) -> None:
    assert pm("template", "list").err == "pm: no templates yet; `pm template save FILE` makes one\n"
    pm("template", "save", "counting.toml")
    told = pm("template", "show", "countin", code=NotFound.exit_code)
    assert told.out == ""
    assert told.err == (
        "pm: There is no template 'countin'.\n"
        "  Did you mean 'counting'? `pm template list` shows them.\n"
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        ("a\nb", "line break"),
        ("\x1b[31mred", "cannot be shown"),
        ("a\0b", "cannot be shown"),
        ("x" * 201, "longer than 200"),
        (" x", "blank"),
    ],
)
def test_a_name_that_could_not_be_typed_again_is_refused(
    pm: Pm, bench: Workbench, name: str, told: str
) -> None:
    answer = pm("template", "save", "counting.toml", f"--name={name}", code=InvalidInput.exit_code)
    assert told in answer.err
    assert "\x1b" not in answer.err
    assert templates.list_templates(bench.store) == []


@pytest.mark.parametrize("name", ["'; DROP TABLE runs; --", "$(touch x) `id` <b>", "-rf", "日本"])
def test_any_other_name_is_only_text(pm: Pm, name: str) -> None:
    pm("template", "save", "counting.toml", f"--name={name}")
    assert tomllib.loads(pm("template", "show", "--", name).out)["name"] == name
    assert name in pm("template", "list").out


def test_what_cannot_be_read_is_not_saved(pm: Pm, bench: Workbench) -> None:
    save = ("template", "save")
    assert pm(*save, code=UsageError.exit_code).err.startswith("pm: Name a file, or a plan")
    pm(*save, "counting.toml", "--plan", 1, code=UsageError.exit_code)
    assert "cannot be read" in pm(*save, "none.toml", code=InvalidInput.exit_code).err
    newer = PIPELINE.replace("format = 1", "format = 99")
    (bench.root / "newer.toml").write_text(newer)
    assert "99" in pm(*save, "newer.toml", code=Problems.exit_code).err
    (bench.root / "number.toml").write_text(PIPELINE.replace('"counting"', "5"))
    assert "is text" in pm(*save, "number.toml", code=InvalidInput.exit_code).err
    assert templates.list_templates(bench.store) == []


def test_a_pipeline_that_is_not_finished_is_kept_as_it_is(pm: Pm, bench: Workbench) -> None:
    (bench.root / "half.toml").write_text(
        'format = 1\n[steps.load]\nmethod = "not yet"\ninputs = {table = {from = "later.table"}}\n'
    )
    assert pm("template", "save", "half.toml").out == "template half saved\n"
    assert 'from = "later.table"' in pm("template", "show", "half").out
