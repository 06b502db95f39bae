"""`pm plan edit`, as a person types it: a draft is changed as a whole or stays as it was."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import planning
from pm_kernel.cli.main import main
from pm_kernel.drafts import change_draft, differences, read_draft, with_request
from pm_kernel.errors import Conflict, NotFound, Problems
from pm_kernel.plan_file import PlanFile, read_plan_file
from pm_kernel.plan_text import plan_table, plan_text
from pm_kernel.store import plans

from ..workbench import Workbench, same_imports

COPY = """
from pathlib import Path
from helper import scale

def run(table, output_dir, weight=1):
    (Path(output_dir) / "copy.csv").write_text(str(scale(float(Path(table).read_text()))))
"""
HELPER = """
def scale(value, factor: float = 2.0, mode: str = "fast"):
    return value * factor
"""

Pm = Callable[..., Any]


@pytest.fixture
def bench(entered: Workbench) -> Workbench:
    entered.method(
        "load",
        "def run(image, output_dir): ...",
        inputs={"image": "file"},
        outputs={"table": "table.csv"},
    )
    entered.method(
        "copy",
        COPY,
        files={"helper.py": HELPER},
        tracked=["helper.py:scale"],
        inputs={"table": "upstream"},
        outputs={"copy": "copy.csv"},
    )
    for name in ("a.tif", "b.tif", "c.tif"):
        (entered.root / name).write_text("1")
    return entered


@pytest.fixture
def draft(bench: Workbench) -> int:
    document = {
        "format": 1,
        "name": "cohort",
        "steps": {
            "load": {"method": "load", "inputs": {"image": {"column": "image"}}},
            "copy": {
                "method": "copy",
                "params": {"scale.factor": "3.0"},
                "inputs": {"table": {"from": "load.table"}},
            },
            "by branch": {
                "method": "copy",
                "branches": {"x": {"scale.mode": "x"}, "y": {"scale.mode": "y"}},
                "inputs": {"table": {"from": "load.table"}},
            },
        },
    }
    request = {"samples": {"sheet": "sample,image\ns1,a.tif\ns2,b.tif\n"}}
    given = planning.PlanInput(document, request, bench.root)
    shown = planning.preview(bench.store, given, same_imports)
    assert shown.problems == ()
    return planning.store_plan(bench.store, bench.settings, given, shown, name="cohort")


def change(bench: Workbench, plan_id: int, before: PlanFile, after: PlanFile) -> None:
    change_draft(bench.settings, bench.store, plan_id, before, after, same_imports)


def stored(bench: Workbench, plan_id: int) -> dict[str, Any]:
    (row,) = bench.rows(
        "SELECT name, notes, document, request, template_hash FROM execution_plans WHERE id = %s",
        plan_id,
    )
    runs = bench.rows(
        "SELECT key, set_params FROM planned_runs WHERE plan_id = %s ORDER BY ordinal", plan_id
    )
    return {**row, "runs": runs}


def sheet(bench: Workbench, text: str) -> Path:
    path = bench.root / "other.csv"
    path.write_text(text)
    return path


def steps_of(bench: Workbench, plan_id: int) -> dict[str, Any]:
    steps: dict[str, Any] = stored(bench, plan_id)["document"]["steps"]
    return steps


def test_a_parameter_is_set_and_the_runs_are_those_of_the_changed_plan(
    bench: Workbench, draft: int, pm: Pm
) -> None:
    out = pm("plan", "edit", "1", "--set", "copy.scale.factor=0.5").out
    assert out.splitlines()[0] == "copy · params · scale.factor  3.0 → 0.5"
    assert "8 runs (8 new, 0 reused)" in out
    assert steps_of(bench, draft)["copy"]["params"] == {"scale.factor": "0.5"}
    sets = [run["set_params"] for run in stored(bench, draft)["runs"]]
    assert sets.count({"scale.factor": "0.5"}) == 2
    assert {"scale.factor": "3.0"} not in sets


def test_a_parameter_is_set_no_longer(bench: Workbench, draft: int, pm: Pm) -> None:
    out = pm("plan", "edit", "1", "--unset", "copy.scale.factor").out
    assert out.startswith("copy · params · scale.factor  3.0 → –\n")
    assert "params" not in steps_of(bench, draft)["copy"]


def test_names_of_steps_may_hold_dots_and_blanks(bench: Workbench, pm: Pm) -> None:
    document = {
        "steps": {
            "a": {"method": "scale"},
            "a.b c": {"method": "scale"},
        }
    }
    bench.method("scale")
    given = planning.PlanInput({"format": 1, **document}, {}, bench.root)
    shown = planning.preview(bench.store, given, same_imports)
    plan_id = planning.store_plan(bench.store, bench.settings, given, shown, name="p")
    pm("plan", "edit", str(plan_id), "--set", "a.b c.scale.factor=7", "--set", "a.scale.factor=8")
    steps = steps_of(bench, plan_id)
    assert [steps[name]["params"] for name in ("a", "a.b c")] == [
        {"scale.factor": "8"},
        {"scale.factor": "7"},
    ]


def test_other_samples_are_other_runs(bench: Workbench, draft: int, pm: Pm) -> None:
    (bench.root / "data").mkdir()
    sheet = bench.root / "data" / "more.csv"
    sheet.write_text("sample,image\ns2,../b.tif\ns3,../c.tif\n")
    out = pm("plan", "edit", "1", "--sheet", str(sheet)).out.splitlines()
    assert out[:4] == [
        f"base  {bench.root} → {sheet.parent}",
        "samples · s1  image = a.tif → –",
        "samples · s2  image = b.tif → image = ../b.tif",
        "samples · s3  – → image = ../c.tif",
    ]
    assert out[4] == "4 planned runs more, 4 no longer"
    assert pm("plan", "edit", "1", "--sheet", str(sheet)).err == "pm: plan 1 is as it was\n"


def test_files_of_the_pipeline_stay_the_same_files_when_the_sheet_is_another(
    bench: Workbench, pm: Pm
) -> None:
    step = {"method": "load", "inputs": {"image": {"file": "a.tif"}}}
    given = planning.PlanInput({"format": 1, "steps": {"load": step}}, {}, bench.root)
    shown = planning.preview(bench.store, given, same_imports)
    planning.store_plan(bench.store, bench.settings, given, shown, name="p")
    (bench.root / "data").mkdir()
    (bench.root / "data" / "sheet.csv").write_text("sample\ns1\n")
    pm("plan", "edit", "1", "--sheet", "data/sheet.csv")
    inputs = steps_of(bench, 1)["load"]["inputs"]
    assert inputs == {"image": {"file": str(bench.root / "a.tif")}}


def test_how_far_and_what_again_and_what_it_is_called(bench: Workbench, draft: int, pm: Pm) -> None:
    pm("plan", "edit", "1", "--until", "copy", "--rerun", "load", "--name", "n", "--notes", "m")
    row = stored(bench, draft)
    assert (row["name"], row["notes"], len(row["runs"])) == ("n", "m", 4)
    assert row["request"]["rerun"] == {"all": False, "steps": ["load"], "parts": []}
    pm("plan", "edit", "1", "--until", "all", "--rerun", "none")
    row = stored(bench, draft)
    assert (len(row["runs"]), row["request"]["rerun"]["steps"]) == (8, [])


def test_a_part_of_the_plan_runs_again(bench: Workbench, draft: int, pm: Pm) -> None:
    def again(*words: str) -> list[tuple[str, str, str]]:
        shown = json.loads(pm(*words, "--json").out)
        runs = shown.get("preview", shown)["planned_runs"]
        return [
            (run["step"], run["sample"], run["branch"])
            for run in runs
            if run["reason"] == "re-run asked"
        ]

    part = ("--rerun", "sample=s1, branch=x")
    assert again("plan", "preview", "1", *part) == [("by branch", "s1", "x")]
    assert again("plan", "preview", "1") == [], "a preview changes nothing"
    assert again("plan", "edit", "1", *part) == [("by branch", "s1", "x")]
    parts = [{"branch": "x", "sample": "s1"}]
    assert stored(bench, draft)["request"]["rerun"]["parts"] == parts
    path = bench.root / "kept.toml"
    path.write_text(plan_text(read_draft(bench.store, draft))[0])
    assert again("plan", "preview", str(path)) == [("by branch", "s1", "x")]
    assert again("plan", "edit", "1", "--rerun", "branch=y", "--rerun", "load") == [
        ("load", "s1", ""), ("load", "s2", ""), ("by branch", "s1", "y"), ("by branch", "s2", "y")
    ]  # fmt: skip


def test_a_part_that_the_plan_lost_is_only_noted_and_a_new_one_is_refused(
    bench: Workbench, draft: int, pm: Pm
) -> None:
    pm("plan", "edit", "1", "--rerun", "sample=s1", "--rerun", "copy")
    out = pm("plan", "edit", "1", "--sheet", str(sheet(bench, "sample,image\ns2,b.tif\n"))).out
    assert "run sample 's1' again, but has none that is called so" in out
    row = stored(bench, draft)
    assert (row["request"]["rerun"]["parts"], len(row["runs"])) == ([{"sample": "s1"}], 4)
    assert "run sample 's1' again" in pm("plan", "preview", "1").out
    kept = bench.root / "kept.toml"
    kept.write_text(plan_text(read_draft(bench.store, draft))[0])
    # Left over from before as a notice, and as what is written now, an error.
    pm("plan", "preview", str(kept), code=5)
    told = pm("plan", "preview", "1", "--rerun", "sample=s1", code=5).out
    assert "run sample 's1' again" in told
    pm("plan", "submit", "1", "--rerun", "sample=s1x", "--no-watch", code=5)
    before = read_draft(bench.store, draft)
    more = {"steps": ["copy", "copi"], "parts": [{"sample": "s1"}]}
    with pytest.raises(Problems, match="did you mean 'copy'") as refused:
        change(bench, draft, before, with_request(before, rerun=more))
    assert len(refused.value.problems) == 1
    assert stored(bench, draft) == row
    planning.submit(bench.store, draft, same_imports, user="somebody")
    assert plans.get_plan(bench.store, draft).status == "submitted"


def test_for_programs_the_answer_has_changes_and_preview(draft: int, pm: Pm) -> None:
    document = json.loads(pm("plan", "edit", "1", "--set", "copy.scale.factor=1", "--json").out)
    assert document["changes"] == [
        {"place": ["steps", "copy", "params", "scale.factor"], "before": "3.0", "after": "1"}
    ]
    assert (document["status"], document["preview"]["runs"]) == ("draft", 8)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--set", "copy.scale.factor=big"], 5, "scale.factor expects"),
        (["--set", "copy.scale.facto=1"], 5, "did you mean 'scale.factor'?"),
        (["--set", "coppy.scale.factor=1"], 3, "did you mean 'copy'?"),
        (["--set", "copy.scale.factor"], 2, "--set takes STEP.FUNCTION.PARAM=VALUE"),
        (["--set", "by branch.scale.mode=z"], 5, "Every branch of step 'by branch' sets"),
        (["--unset", "copy.scale.mode"], 5, "Step 'copy' does not set 'scale.mode'."),
        (["--until", "copi"], 5, "did you mean 'copy'?"),
        (["--rerun", "copi"], 5, "did you mean 'copy'?"),
        (["--rerun", "sample=s9, step=copy"], 5, "run sample 's9' again, but has none"),
        (["--samples", "s1"], 5, "wants the column 'image'"),
        (["--sheet", "nowhere.csv"], 5, "cannot be read"),
        (["--file", "nowhere.toml"], 5, "cannot be read"),
        (["--file", "x.toml", "--name", "n"], 2, "nothing else can be changed"),
        ([], 2, "Say what to change."),
    ],
)
def test_a_draft_stays_as_it_was_where_something_is_wrong(
    bench: Workbench, draft: int, capsys: pytest.CaptureFixture[str], words: list[str], code: int,
    told: str,
) -> None:  # fmt: skip
    before = stored(bench, draft)
    assert main(["plan", "edit", "1", *words]) == code
    assert told in capsys.readouterr().err
    assert stored(bench, draft) == before


def test_a_draft_does_not_become_bigger_than_the_machine(
    bench: Workbench, draft: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(bench, draft)
    table = plan_table(read_draft(bench.store, draft))
    table["pipeline"]["steps"]["copy"]["resources"] = {"cpus": 5000}
    (bench.root / "large.json").write_text(json.dumps(table))
    assert main(["plan", "edit", "1", "--file", "large.json"]) == Problems.exit_code
    assert "Step 'copy' asks for 5000 cpus; this machine has" in capsys.readouterr().err
    assert stored(bench, draft) == before


def test_only_drafts_are_changed(bench: Workbench, draft: int) -> None:
    planning.submit(bench.store, draft, same_imports, user="somebody")
    with pytest.raises(Conflict, match="was submitted; it is submitted and stays as it is"):
        read_draft(bench.store, draft)
    with pytest.raises(NotFound, match="no plan 2"):
        read_draft(bench.store, 2)


def test_a_draft_that_was_submitted_while_it_was_edited_is_not_changed(
    bench: Workbench, draft: int
) -> None:
    before = read_draft(bench.store, draft)
    planning.submit(bench.store, draft, same_imports, user="somebody")
    with pytest.raises(Conflict, match="was submitted meanwhile"):
        change(bench, draft, before, with_request(before, until=["load"]))
    assert len(stored(bench, draft)["runs"]) == 8


def test_of_two_who_edit_a_draft_at_once_one_is_told(bench: Workbench, draft: int) -> None:
    before = read_draft(bench.store, draft)
    change(bench, draft, before, with_request(before, until=["load"]))
    with pytest.raises(Conflict, match="changed by somebody else meanwhile"):
        change(bench, draft, before, with_request(before, until=["copy"]))
    assert stored(bench, draft)["request"]["until"] == ["load"]


def test_a_submit_that_runs_a_part_again_asks_first_what_changed_since_the_preview(
    bench: Workbench, draft: int, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.method(
        "load",
        "def run(image, output_dir): pass",
        inputs={"image": "file"},
        outputs={"table": "table.csv"},
        version=2,
    )
    before = stored(bench, draft)
    rows = plans.planned_runs_of(bench.store, draft)
    assert main(["plan", "submit", "1", "--rerun", "copy", "--no-watch"]) == 4
    told = capsys.readouterr().err
    assert "would now run otherwise than it was previewed" in told
    assert "Step 'load' takes version 2 of its method, not version 1 as before." in told
    assert stored(bench, draft) == before
    assert plans.planned_runs_of(bench.store, draft) == rows
    assert plans.get_plan(bench.store, draft).status == "draft"


def test_a_draft_that_is_edited_while_it_is_submitted_is_not_submitted(
    bench: Workbench, draft: int
) -> None:
    def edit_meanwhile(_connection: Any) -> Any:
        # Called in the look that a submit takes, before it writes.
        before = read_draft(bench.store, draft)
        if before.name == "cohort":
            bench.execute("UPDATE execution_plans SET name = 'x', request = '{}' WHERE id = 1")
        return lambda _candidate: True

    with pytest.raises(Conflict, match="changed by somebody else meanwhile"):
        planning.submit(bench.store, draft, edit_meanwhile, user="somebody")
    assert plans.get_plan(bench.store, draft).status == "draft"


# --- as a file ------------------------------------------------------------------------------------


def an_editor(folder: Path, body: str) -> str:
    """A command that edits the file it is given: ``text`` is what stands there."""
    script = folder / "my editor.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\npath = Path(sys.argv[1])\n"
        f"text = path.read_text()\n{body}\npath.write_text(text)\n"
    )
    return f"{sys.executable} '{script}'"


def test_a_draft_is_edited_in_an_editor(
    bench: Workbench, draft: int, pm: Pm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    body = "text = text.replace('s2,b.tif', 's9,c.tif').replace('\"3.0\"', '\"4.0\"')"
    monkeypatch.setenv("EDITOR", an_editor(tmp_path, body))
    out = pm("plan", "edit", "1", "--editor", "--set", "copy.scale.mode=slow").out.splitlines()
    assert out[:4] == [
        "copy · params · scale.factor  3.0 → 4.0",
        "samples · s2  image = b.tif → –",
        "copy · params · scale.mode  – → slow",
        "samples · s9  – → image = c.tif",
    ]
    params = steps_of(bench, draft)["copy"]["params"]
    assert params == {"scale.factor": "4.0", "scale.mode": "slow"}
    assert list(tmp_path.glob("pm-plan-*")) == []


def test_what_was_written_is_kept_where_it_cannot_be_stored(
    bench: Workbench, draft: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], pm: Pm,
) -> None:  # fmt: skip
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for body in ("text = text.replace('3.0', 'x')", "text += '['"):
        monkeypatch.setenv("VISUAL", an_editor(tmp_path, body))
        assert main(["plan", "edit", "1", "--editor"]) == 5
        told = capsys.readouterr().err
        (kept,) = tmp_path.glob("pm-plan-*/plan-1.toml")
        assert f"pm plan edit 1 --file {kept}" in told
        kept.write_text(kept.read_text().replace('"x"', '"9.0"').removesuffix("["))
        before = steps_of(bench, draft)["copy"]["params"]["scale.factor"]
        assert before in ("3.0", "9.0")
        pm("plan", "edit", "1", "--file", str(kept))
        kept.unlink()


@pytest.mark.parametrize("editor", ["/nowhere/vi", "false", "'"])
def test_an_editor_that_fails_leaves_the_draft(
    draft: int, editor: str, monkeypatch: pytest.MonkeyPatch, pm: Pm
) -> None:
    monkeypatch.setenv("VISUAL", editor)
    pm("plan", "edit", "1", "--editor", code=7)


def test_an_editor_that_changes_nothing_changes_nothing(
    draft: int, monkeypatch: pytest.MonkeyPatch, pm: Pm
) -> None:
    monkeypatch.setenv("VISUAL", "true")
    assert pm("plan", "edit", "1", "--editor").err == "pm: plan 1 is as it was\n"


@pytest.mark.parametrize(
    "request_",
    [
        {"samples": ["s1", "s2"]},
        {"samples": {"columns": ["sample", "note"], "rows": [{"sample": "a", "note": 'x,"y"\nz'}]}},
        {"branch_groups": {"one": None}, "excluded": [{"sample": "s1"}]},
        {"rerun": {"all": True, "steps": [], "keys": []}, "until": ["one"]},
        {"rerun": {"parts": [{"sample": "a", "branch": {"one": "x"}}, {"branch": "y"}]}},
    ],
)
@pytest.mark.parametrize("told", [1, None])
def test_a_plan_as_a_file_is_read_back_as_the_same_plan(
    tmp_path: Path, request_: dict[str, Any], told: int | None
) -> None:
    document = {"format": 1, "name": "p", "steps": {"one": {"method": "m", "title": "a\nb"}}}
    given = planning.PlanInput(document, request_, Path("/data"))
    file = PlanFile(given, "näme", 'notes "so"', {"study": [{"n": told}]})
    text, ending = plan_text(file)
    path = tmp_path / f"plan{ending}"
    path.write_text(text)
    again = read_plan_file(path)
    assert differences(file, again) == ()
    assert (again.name, again.notes, again.metadata) == (file.name, file.notes, file.metadata)
