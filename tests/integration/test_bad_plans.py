"""Plans with something wrong in them: what is said, and that nothing has begun."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pm_kernel import planning, submission
from pm_kernel.cli.main import main
from pm_kernel.config import default_cache_dir
from pm_kernel.domain.methods import MethodInput
from pm_kernel.errors import DatabaseUnavailable, InvalidInput, NotFound, Problems, UsageError
from pm_kernel.nextflow.ir import Limits
from pm_kernel.nextflow.site import SiteCheck
from pm_kernel.planning import PlanInput
from pm_kernel.store import integrity

from ..workbench import Workbench, same_imports
from .db_harness import TransactionPooler
from .factories import Rows

COPY = """
from helper import scale

def run(table, output_dir):
    scale(1)
"""
HELPER = "def scale(value, factor: float = 2.0):\n    return value * factor\n"
PLAN: dict[str, Any] = {
    "name": "bad",
    "pipeline": {
        "format": 1,
        "steps": {
            "load": {"method": "load", "inputs": {"image": {"column": "image"}}},
            "copy": {
                "method": "copy",
                "inputs": {"table": {"from": "load.table"}},
                "params": {"scale.factor": "3.0"},
            },
        },
    },
    "samples": {
        "columns": ["sample", "image"],
        "rows": [{"sample": "s1", "image": "a.txt"}, {"sample": "s2", "image": "b.txt"}],
    },
}
#: Text that is something else to a shell, Groovy, SQL, HTML or a terminal.
HOSTILE = (
    "'; DROP TABLE runs; --",
    "$(touch x) `id` ${System.exit(1)}",
    '"\'\\"""',
    "<img src=x onerror=alert(1)>",
    "../../../etc/passwd",
    "-rf",
    "日本語 ñ 🧬",
    "a\u202eb",
)
#: Text that could not be shown or typed again.
IMPOSSIBLE = ("", "  ", "a\nb", "\x1b[31m", "nul\0", "half \ud800", "x" * 201)

Pm = Callable[..., Any]


@pytest.fixture
def bench(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workbench]:
    # Submitting looks for Nextflow, which is fetched once and not per test.
    cache = default_cache_dir(os.environ)
    made = Workbench.make(tmp_path / "workspace", database_url, cache=cache)
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.root)
    made.method("load", "def run(image, output_dir): ...", inputs={"image": "file"},
                outputs={"table": ("table.csv", "table")})  # fmt: skip
    made.method("copy", COPY, files={"helper.py": HELPER}, tracked=["helper.py:scale"],
                inputs={"table": "upstream"}, outputs={"copy": "copy.csv"})  # fmt: skip
    made.method("merge", "def run(tables, output_dir): ...",
                inputs={"tables": MethodInput("tables", "upstream", gather=True)})  # fmt: skip
    for name in ("a.txt", "b.txt"):
        (made.root / name).write_text(name)
    yield made
    assert not list((made.runs).rglob("pipeline.nf"))
    made.close()


@pytest.fixture
def pm(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> Pm:
    """Type a command; returns what it answered."""

    def run(*words: object, code: int = 0) -> Any:
        assert main([str(word) for word in words]) == code, capsys.readouterr().err
        return capsys.readouterr()

    return run


def plan_file(bench: Workbench, change: Callable[[dict[str, Any]], object]) -> str:
    plan = copy.deepcopy(PLAN)
    change(plan)
    (bench.root / "plan.json").write_text(json.dumps(plan))
    return "plan.json"


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Set what stands at ``a/b/0/c`` of a plan."""

    def change(plan: Any) -> None:
        *above, last = path.split("/")
        for each in above:
            plan = plan[int(each) if isinstance(plan, list) else each]
        plan[last] = value

    return change


COPY_STEP = "pipeline/steps/copy"
WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a cycle": (
        put("pipeline/steps/load/inputs/image", {"from": "copy.copy"}),
        "Step 'copy': the links 'copy' → 'load' → 'copy' form a cycle",
    ),
    "a step that needs itself": (
        put(f"{COPY_STEP}/inputs/table", {"from": "copy.copy"}),
        "the links 'copy' → 'copy' form a cycle",
    ),
    "a missing input": (
        put(f"{COPY_STEP}/inputs", {}),
        "Step 'copy': input 'table' is not connected.",
    ),
    "an input that there is not": (
        put(f"{COPY_STEP}/inputs/tabel", {"from": "load.table"}),
        "'tabel'",
    ),
    "a value where a result is needed": (
        put(f"{COPY_STEP}/inputs/table", {"value": "5"}),
        "Step 'copy': input 'table' needs the output of a step or of an earlier run.",
    ),
    "a list where one is needed": (
        put(f"{COPY_STEP}/inputs/table", {"from": "load.table", "gather": {"over": ["sample"]}}),
        "Step 'copy': input 'table' takes one thing, but this link gathers a list",
    ),
    "one where a list is needed": (
        put(
            "pipeline/steps/all", {"method": "merge", "inputs": {"tables": {"from": "load.table"}}}
        ),
        "Step 'all': input 'tables' expects a gathered list",
    ),
    "an output that there is not": (
        put(f"{COPY_STEP}/inputs/table", {"from": "load.tabel"}),
        "Step 'copy': step 'load' has no output 'tabel'; did you mean 'table'?",
    ),
    "a step that there is not": (
        put(f"{COPY_STEP}/inputs/table", {"from": "laod.table"}),
        "Step 'copy': no step is called 'laod'; did you mean 'load'?",
    ),
    "a method that there is not": (put(f"{COPY_STEP}/method", "cpoy"), "no method is called"),
    "a version that there is not": (put(f"{COPY_STEP}/version", 9), "copy has no version 9"),
    "a parameter that there is not": (
        put(f"{COPY_STEP}/params", {"scale.factr": "1"}),
        "Step 'copy': copy v1 has no parameter 'scale.factr'; did you mean 'scale.factor'?",
    ),
    "a parameter of another type": (
        put(f"{COPY_STEP}/params", {"scale.factor": "'x'"}),
        "Step 'copy': scale.factor expects a number",
    ),
    "a parameter that JSON made a number": (
        put(f"{COPY_STEP}/params", {"scale.factor": float("nan")}),
        "Step 'copy': parameter 'scale.factor' must be written as text",
    ),
    "branches that are the same": (
        put(f"{COPY_STEP}/branches", [{"scale.factor": "1.0"}, {"scale.factor": "1.0"}]),
        "Step 'copy': branches 'factor=1.0' and 'factor=1.0 #2' set the same values",
    ),
    "a newer format": (put("pipeline/format", 99), "written by a newer program (format 99"),
    "a format that is no number": (put("pipeline/format", float("nan")), "format"),
    "steps that are no table": (put("pipeline/steps", [1]), "'steps' must be a table"),
    "no samples": (put("samples", []), "Steps 'load' and 'copy' need samples"),
    "samples without the column": (
        put("samples", ["s1"]),
        "Step 'load': input 'image' wants the column 'image', but the samples come without it",
    ),
    "a sheet without the column": (
        put("samples", {"sheet": "sample,picture\ns1,a.txt\n"}),
        "wants the column 'image', but the samples come without it; they have 'sample' and",
    ),
    "a sheet without names": (put("samples", {"sheet": "name,image\ns1,a.txt\n"}), "'sample'"),
    "a row that is too short": (
        put("samples", {"sheet": "sample,image\ns1,a.txt\ns2\n"}),
        "Step 'load': column 'image' is blank (sample 's2').",
    ),
    "two samples of one name": (
        put("samples/rows/1/sample", "s1"),
        "row 2: 's1' is the name of more than one sample",
    ),
    "a blank cell": (put("samples/rows/1/image", ""), "column 'image' is blank (sample 's2')"),
    "a cell that is no text": (
        put("samples/rows/1/image", float("nan")),
        "Sample sheet, row 2: 'image' must be written as text",
    ),
    "a file that is not there": (
        put("samples/rows/1/image", "gone.txt"),
        "gone.txt does not exist",
    ),
    "a folder in the place of a file": (put("samples/rows/1/image", "."), "is a folder"),
    "a run that is not there": (
        put(f"{COPY_STEP}/inputs/table", {"run": 77, "output": "table"}),
        "Step 'copy': run 77 has no output 'table': there is no such run.",
    ),
    "an end that there is not": (
        put("until", ["cop"]),
        "no step is called so; did you mean 'copy'",
    ),
    "branches of no step": (put("branches", {"cop": [{"a.b": "1"}]}), "did you mean 'copy'?"),
    "resources that are none": (
        put(f"{COPY_STEP}/resources", {"memory": "lots"}),
        "Step 'copy'",
    ),
}


def test_an_existing_run_feeds_only_what_wants_such_a_result(pm: Pm, bench: Workbench) -> None:
    rows = Rows(bench.store)
    run = rows.run("paint", sample="s1")
    bench.method("pick", "def run(table, output_dir): ...",
                 inputs={"table": MethodInput("table", "upstream", module="testing")})  # fmt: skip
    image = MethodInput("picture", "upstream", value_type="image")
    bench.method("see", "def run(picture, output_dir): ...", inputs={"picture": image})
    told = pm("run", "pick", "--input", f"table=run:{run}/table", code=Problems.exit_code).err
    assert (
        f"input 'table': it wants a result of module 'testing', but run {run} belongs to 'analysis'"
    ) in told
    told = pm("run", "see", "--input", f"picture=run:{run}/table", code=Problems.exit_code).err
    assert f"input 'picture': it wants an image, but 'run:{run}/table' is a table." in told
    name = plan_file(bench, put(f"{COPY_STEP}/method", "see"))
    plan = json.loads((bench.root / name).read_text())
    plan["pipeline"]["steps"]["copy"] = {
        "method": "see", "inputs": {"picture": {"column": "image"}}}  # fmt: skip
    plan["samples"]["rows"] = [{"sample": n, "image": f"run:{run}/table"} for n in ("s1", "s2")]
    del plan["pipeline"]["steps"]["load"]
    (bench.root / name).write_text(json.dumps(plan))
    shown = pm("plan", "preview", name, "--json", code=Problems.exit_code).out
    codes = [problem["code"] for problem in json.loads(shown)["problems"]]
    assert codes.count("type_mismatch") == 1  # not once for each sample
    # Each says what is the matter with the run that was named.
    given = ("run", "pick", "--input")
    told = pm(*given, f"table=run:{run}/tabel", code=Problems.exit_code).err
    assert f"run {run} has no output 'tabel'; it has 'table'." in told
    failed = rows.run("paint", sample="s2", status="failed")
    told = pm(*given, f"table=run:{failed}/table", code=Problems.exit_code).err
    assert f"run {failed} did not complete: it is failed. Take a completed one" in told
    with bench.store.transaction() as connection:
        item = {"run_id": run, "file": "table.csv", "expected": "1", "actual": "2"}
        integrity.note_altered(connection, [item], "me")
    told = pm(*given, f"table=run:{run}/table", code=Problems.exit_code).err
    assert f"run {run} was altered after it was recorded; `pm verify {run}` says what." in told


def test_edits_that_no_version_has_are_told_where_they_do_not_run(pm: Pm, bench: Workbench) -> None:
    name = plan_file(bench, lambda _plan: None)
    told = "has changes that no version has; version 1 runs without them. `pm method register"
    assert told not in pm("plan", "create", name).err
    helper = bench.root / "methods/testing/copy/helper.py"
    registered = helper.read_text()
    helper.write_text(f"{registered}\n")
    (helper.parent / "__pycache__").mkdir()
    (helper.parent / "__pycache__" / "helper.pyc").write_bytes(b"no edit")
    made = pm("plan", "preview", name).err
    assert f"{helper.parent} {told}" in made
    assert made.count(told) == 1
    # Data beside the code are not taken into the repository to see that they are there.
    helper.write_text(registered)
    assert told not in pm("plan", "preview", name).err
    objects = {each for each in (bench.root / "methods/.git/objects").rglob("*") if each.is_file()}
    with (helper.parent / "data.tif").open("wb") as data:
        data.truncate(11 * 1024 * 1024)
    assert told in pm("plan", "preview", name).err
    found = (bench.root / "methods/.git/objects").rglob("*")
    assert {each for each in found if each.is_file()} == objects
    plan = json.loads((bench.root / name).read_text())
    plan["pipeline"]["steps"]["copy"]["version"] = 1
    (bench.root / name).write_text(json.dumps(plan))
    assert told not in pm("plan", "preview", name).err


def test_what_is_wrong_is_said_with_its_place_and_nothing_is_stored(
    pm: Pm, bench: Workbench
) -> None:
    for what, (change, told) in WRONG.items():
        name = plan_file(bench, change)
        assert told in pm("plan", "preview", name, code=Problems.exit_code).out, what
        document = json.loads(pm("plan", "preview", name, "--json", code=Problems.exit_code).out)
        assert any(told in each["message"] for each in document["problems"]), what
        refused = pm("plan", "create", name, "--submit", code=Problems.exit_code)
        assert told in refused.err, what
        assert refused.out == "", what
    assert bench.rows("SELECT id FROM execution_plans") == []


@pytest.mark.nextflow
def test_a_draft_that_became_wrong_is_not_submitted_and_stays_a_draft(
    pm: Pm, bench: Workbench
) -> None:
    pm("plan", "create", plan_file(bench, lambda _plan: None))
    (bench.root / "b.txt").unlink()
    refused = pm("plan", "submit", 1, code=Problems.exit_code)
    assert "b.txt does not exist" in refused.err
    (plan,) = bench.rows("SELECT status, epoch FROM execution_plans")
    assert plan == {"status": "draft", "epoch": 0}
    assert bench.rows("SELECT id FROM runs") == []


@pytest.mark.nextflow
def test_a_plan_of_nothing_is_not_submitted(pm: Pm, bench: Workbench) -> None:
    pm("plan", "create", plan_file(bench, put("pipeline/steps", {})))
    assert "nothing to run" in pm("plan", "submit", 1, code=InvalidInput.exit_code).err
    assert bench.rows("SELECT status FROM execution_plans") == [{"status": "draft"}]


def test_nothing_begins_behind_a_pooler_that_locks_would_not_hold_behind(
    pm: Pm, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    pm("plan", "create", plan_file(bench, lambda _plan: None))
    # It is refused before anything is fetched or started.
    monkeypatch.setenv("PM_NEXTFLOW", str(bench.root / "no nextflow"))
    pooler = TransactionPooler(bench.url)
    try:
        monkeypatch.setenv("PM_DATABASE_URL", f"postgresql://pm@127.0.0.1:{pooler.port}/pm")
        for command, status in (("submit", "draft"), ("resume", "partial"), ("retry", "partial")):
            bench.execute("UPDATE execution_plans SET status = %s", status)
            told = pm("plan", command, 1, code=DatabaseUnavailable.exit_code)
            assert "A pooler stands before the database" in told.err
            assert "pool_mode = session" in told.err
            plan = bench.rows("SELECT status, epoch FROM execution_plans")
            assert plan == [{"status": status, "epoch": 0}]
    finally:
        pooler.close()
    assert [each.name for each in (bench.runs / "plans/1").iterdir()] == ["plan.json"]


def test_a_plan_that_is_not_there_is_named(pm: Pm) -> None:
    for command in ("preview", "submit", "show", "status", "watch", "resume", "cancel"):
        told = pm("plan", command, "99", code=NotFound.exit_code)
        assert told.err.startswith("pm: There is no plan 99.\n"), command
        assert told.out == "", command


def test_a_file_that_is_no_plan_is_named(pm: Pm, bench: Workbench) -> None:
    for text, told in (
        ("{", "plan.toml is not readable TOML"),
        ("name = 'x'", "plan.toml has no pipeline"),
        ("pipeline = 'none.json'", "none.json cannot be read"),
        ("sheet = 'none.csv'\n[pipeline]\nformat = 1", "sample sheet"),
        ("sheet = 'x'\nsamples = ['s']\n[pipeline]\nformat = 1", "both samples and a sheet"),
        ("nan = nan\n[pipeline]\nformat = 1", "nan"),
        ('pipeline = "a\\u0000b"', "cannot be read: embedded null byte"),
        ('sheet = "a\\u0000b"\n[pipeline]\nformat = 1', "holds a NUL character"),
        ('base = "a\\u0000b"\n[pipeline]\nformat = 1', "'base' cannot be used"),
        ("base = 5\n[pipeline]\nformat = 1", "'base' is text, not 5"),
        ("notes = ['a']\n[pipeline]\nformat = 1", "'notes' is text, not ['a']"),
        ("metadata = 5\n[pipeline]\nformat = 1", "'metadata' is a table, not 5"),
        ("metadata = ['abc']\n[pipeline]\nformat = 1", "'metadata' is a table"),
        (
            "metadata.taken = [2024-05-01]\n[pipeline]\nformat = 1",
            "metadata.taken is a date or time, which JSON has no word for.\n"
            '  Write it as text, in quotes: "2024-05-01".',
        ),
        (f"a = {'[' * 5000}{']' * 5000}", "too many tables and lists in each other"),
        (
            f"metadata.a = {'[' * 200}{']' * 200}\n[pipeline]\nformat = 1",
            "too many tables and lists",
        ),
    ):
        (bench.root / "plan.toml").write_text(text)
        assert told in pm("plan", "create", "plan.toml", code=InvalidInput.exit_code).err
    for text in ("[" * 100_000, '{"pipeline": {"format": 1}, "base": "\\ud800"}'):
        (bench.root / "plan.json").write_text(text)
        pm("plan", "create", "plan.json", code=InvalidInput.exit_code)
    # What nobody reads is stored with the rest all the same.
    for word, fault in (("\0", "a NUL character"), ("\ud800", "half of a character")):
        unread = {"sheet": "sample\ns1\n", "nobody": word}
        plan = {"pipeline": {"format": 1}, "samples": unread}
        (bench.root / "plan.json").write_text(json.dumps(plan))
        told = pm("plan", "create", "plan.json", code=InvalidInput.exit_code).err
        assert told == f"pm: A text cannot be stored: it holds {fault}.\n"
    assert bench.rows("SELECT id FROM execution_plans") == []


def test_numbers_that_nothing_has_are_no_errors_of_ours(
    pm: Pm, bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    pm("plan", "create", plan_file(bench, lambda _plan: None))
    assert [pm("plan", "list", "--limit", n).out.count("bad") for n in (-1, 0, 5)] == [1, 1, 1]
    for command in ("preview", "submit", "show", "status", "watch", "resume", "cancel", "retry"):
        with pytest.raises(SystemExit) as ended:
            main(["plan", command, "9" * 25])
        assert ended.value.code == UsageError.exit_code
        assert "is no number of a plan; `pm plan list` shows them" in capsys.readouterr().err
    told = pm("plan", "list", "--limit", "9" * 25, code=InvalidInput.exit_code).err
    assert told == "pm: A number is larger than any that is ever given out.\n"
    with pytest.raises(SystemExit):
        main(["plan", "create", "plan.json", "--samples", "a", "--sheet", "b.csv"])
    assert "not allowed with argument" in capsys.readouterr().err


def hostile_plan(word: str) -> dict[str, Any]:
    """A plan that has a word in every place where a person may put one."""
    return {
        "name": word,
        "notes": word,
        "metadata": {word: word},
        "pipeline": {
            "format": 1,
            "name": word,
            "description": word,
            "steps": {
                f"{word}1": {"method": "load", "inputs": {"image": {"column": word}}},
                f"{word}2": {
                    "method": "copy",
                    "inputs": {"table": {"from": f"{word}1.table"}},
                    "branch_group": f"{word}3",
                    "branches": {f"{word}x": {"scale.factor": "1.0"}, f"{word}y": {}},
                },
            },
        },
        "samples": {"columns": ["sample", word], "rows": [{"sample": word, word: "a.txt"}]},
    }


def test_any_name_that_can_be_typed_is_only_text(pm: Pm, bench: Workbench) -> None:
    for plan_id, word in enumerate(HOSTILE, 1):
        (bench.root / "plan.json").write_text(json.dumps(hostile_plan(word)))
        made = json.loads(pm("plan", "create", "plan.json", "--json").out)
        assert (made["plan_id"], made["name"]) == (plan_id, word)
        runs = made["preview"]["planned_runs"]
        assert [(run["step"], run["sample"]) for run in runs] == [
            (f"{word}1", word),
            (f"{word}2", word),
            (f"{word}2", word),
        ]
        for command in ("show", "status", "preview"):
            assert "\x1b" not in pm("plan", command, plan_id).out
        pm("template", "save", "plan.json", f"--name={word}!")
        # Everything but Nextflow.
        started: list[list[str]] = []

        def start(command: list[str], *_rest: object, noted: Any = started) -> None:
            noted.append(command)

        submission.submit(bench.settings, bench.store, plan_id, same_imports, start=start)
        assert len(started) == 1
        assert len(bench.launch(plan_id, 1).tasks) == 3
    assert bench.rows("SELECT count(*) AS n FROM runs") == [{"n": 0}]
    assert not (bench.root / "x").exists()


#: Where a name is shown; "" is the same as none in the last two.
PLACES: dict[str, Callable[[str], Callable[[dict[str, Any]], None]]] = {
    "a step": lambda word: put(f"pipeline/steps/{word}", PLAN["pipeline"]["steps"]["load"]),
    "a branch": lambda word: put(f"{COPY_STEP}/branches", {word: {"scale.factor": "1.0"}}),
    "a sample": lambda word: put("samples/rows/0/sample", word),
    "a branch group": lambda word: put(f"{COPY_STEP}/branch_group", word),
    "a pipeline": lambda word: put("pipeline/name", word),
}
UNSTORABLE: dict[str, Callable[[str], Callable[[dict[str, Any]], None]]] = {
    "a method": lambda word: put(f"{COPY_STEP}/method", word),
    "an output": lambda word: put(f"{COPY_STEP}/inputs/table", {"from": f"load.{word}"}),
    "a parameter": lambda word: put(f"{COPY_STEP}/params", {"scale.factor": word}),
    "a file": lambda word: put("pipeline/steps/load/inputs/image", {"file": word}),
    "a column": lambda word: put("pipeline/steps/load/inputs/image", {"column": word}),
    "a cell": lambda word: put("samples/rows/0/image", word),
    "a title": lambda word: put(f"{COPY_STEP}/title", word),
    "the description": lambda word: put("pipeline/description", word),
    "notes": lambda word: put("notes", word),
    "the name": lambda word: put("name", word),
    "metadata": lambda word: put("metadata", {"a": [word]}),
    "a key of metadata": lambda word: put("metadata", {word: 1}),
}


@pytest.mark.parametrize(
    ("places", "words"), [(PLACES, IMPOSSIBLE), (UNSTORABLE, ("nul\0", "half \ud800"))]
)
def test_text_that_could_not_be_shown_or_stored_is_refused_wherever_it_stands(
    pm: Pm,
    bench: Workbench,
    places: Mapping[str, Callable[[str], Callable[[dict[str, Any]], None]]],
    words: Sequence[str],
) -> None:
    for place, change in places.items():
        for word in words:
            if word == "" and place in ("a pipeline", "a branch group"):
                continue
            name = plan_file(bench, change(word))
            refused = pm("plan", "create", name, code=InvalidInput.exit_code).err
            assert "unexpected" not in refused, (place, word)
            assert "\x1b" not in refused, (place, word)
    assert bench.rows("SELECT id FROM execution_plans") == []


def test_metadata_that_json_has_no_word_for_is_refused(pm: Pm, bench: Workbench) -> None:
    name = plan_file(bench, put("metadata", {"a": {"b": float("nan")}}))
    told = pm("plan", "create", name, code=InvalidInput.exit_code).err
    assert "metadata of a plan cannot be stored: it holds nan" in told


def test_100_000_samples_are_planned_as_they_stand_in_the_sheet(pm: Pm, bench: Workbench) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["sample", "image"])
    writer.writerows([f"s{n}", "a.txt"] for n in range(100_000))
    (bench.root / "big.csv").write_text(text.getvalue())
    steps = {"load": PLAN["pipeline"]["steps"]["load"]}
    (bench.root / "plan.json").write_text(json.dumps({"format": 1, "steps": steps}))
    answer = pm("plan", "create", "plan.json", "--sheet", "big.csv")
    assert answer.out.startswith("100000 runs (100000 new, 0 reused), 100000 final results\n")
    assert "… and 99980 more samples" in answer.out
    assert len(answer.out.splitlines()) < 100
    (row,) = bench.rows("SELECT count(*) AS n, min(sample) AS first FROM planned_runs")
    assert row == {"n": 100_000, "first": "s0"}


def test_a_step_that_is_bigger_than_the_machine_is_named(bench: Workbench) -> None:
    plan = copy.deepcopy(PLAN)
    plan["pipeline"]["steps"]["copy"]["resources"] = {"cpus": 5000, "memory": "900 TB"}
    request = {"samples": plan["samples"]}
    check = SiteCheck(bench.settings, machine=Limits(cpus=2, memory_bytes=4 * 2**30))
    shown = planning.preview(
        bench.store, PlanInput(plan["pipeline"], request, bench.root), same_imports, check=check
    )
    told = "Ask for less, or name an executor that has more in nextflow.config."
    assert [(p.step, p.message) for p in shown.errors] == [
        ("copy", f"Step 'copy' asks for 5000 cpus; this machine has 2. {told}"),
        ("copy", f"Step 'copy' asks for 921600.0 GB of memory; this machine has 4.0 GB. {told}"),
    ]


@pytest.mark.nextflow
def test_a_site_that_overrides_what_records_the_runs_stops_the_plan(
    pm: Pm, bench: Workbench
) -> None:
    pm("plan", "create", plan_file(bench, lambda _plan: None))
    (bench.root / "nextflow.config").write_text(
        "process.beforeScript = 'module load x'\n"
        "process.storeDir = '/tmp/x'\n"
        "process { withName: 'S.*' { errorStrategy = 'terminate'; scratch = true } }\n"
    )
    told = pm("plan", "preview", 1, code=Problems.exit_code).out
    assert "process.beforeScript would be lost. Put its text under [nextflow]" in told
    assert "process.storeDir cannot be used" in told
    assert "step copy" in told or "Step 'copy'" in told
    assert "sets errorStrategy, by which the runs of this step are recorded" in told
    pm("plan", "submit", 1, code=Problems.exit_code)
    assert bench.rows("SELECT status FROM execution_plans") == [{"status": "draft"}]
    (bench.root / "nextflow.config").write_text("process { broken\n")
    told = pm("plan", "preview", 1, code=Problems.exit_code).out
    (line,) = [line for line in told.splitlines() if "Nextflow cannot read" in line]
    assert line.endswith(f"Mend the file; `nextflow config` in {bench.root} shows the same.")
    assert ("\\n" in line, "/log'" in line) == (False, False)
    assert "nextflow.config" in pm("plan", "submit", 1, code=Problems.exit_code).err
    assert bench.rows("SELECT status FROM execution_plans") == [{"status": "draft"}]
