"""`pm runs`, `pm runs show`, `pm log` and `pm lineage`, as a person types them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.cli.main import main
from pm_kernel.domain.methods import MethodInput
from pm_kernel.errors import InvalidInput, NotFound, UsageError
from pm_kernel.store import runs as runs_of_the_store
from pm_kernel.store import tables

from .factories import Rows


@pytest.fixture
def root(tmp_path, database_url, monkeypatch):
    """A workspace that this process works in."""
    (tmp_path / "pm.toml").write_text(
        '[workspace]\nid = "5e8d4b1e-8f5b-4c07-9a0c-6b7a3f2d9c11"\n', encoding="utf-8"
    )
    monkeypatch.delenv("PM_WORKSPACE", raising=False)
    monkeypatch.setenv("PM_DATABASE_URL", database_url)
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def rows(store, root):
    return Rows(store, root=str(root))


def first_words(table):
    return [each.split()[0] for each in table.splitlines()[1:]]


# --- pm runs --------------------------------------------------------------------------------------


def test_runs_are_listed_newest_first_with_what_became_of_them(pm, rows):
    rows.run("segment", sample="s1")
    rows.run("label", sample="s1", branch="strict", status="failed", error="…\nValueError: no")
    answer = pm("runs").out.splitlines()
    assert answer[0].split() == ["run", "method", "sample", "branch", "started", "took", "state"]
    assert answer[1].split() == [
        "2",
        "label",
        "v1",
        "s1",
        "strict",
        "2026-02-14T10:02:00+00:00",
        "12",
        "s",
        "✕",
        "failed:",
        "ValueError:",
        "no",
    ]
    assert "● completed" in answer[2]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--status", "failed"], ["3"]),
        (["--status", "failed,running"], ["4", "3"]),
        (["--status", "failed", "--status", "running"], ["4", "3"]),
        (["--method", "segment"], ["2", "1"]),
        (["--method", "segment/v2"], ["2"]),
        (["--module", "labelling"], ["4", "3"]),
        (["--sample", "s1"], ["3", "1"]),
        (["--plan", "1"], ["3"]),
        (["--plan", "1", "--step", "left"], ["3"]),
        (["--step", "left"], ["3"]),
        (["--since", "2h"], ["4"]),
        (["--metadata", "paper=fig 2"], ["2"]),
        (["--log", "100%"], ["1"]),
        (["--limit", "2"], ["4", "3"]),
        (["--limit", "2", "--before", "3"], ["2", "1"]),
    ],
)
def test_filters_narrow_the_list(pm, rows, options, found):
    rows.method("segment", version=1, module="segmentation")
    rows.method("segment", version=2, module="segmentation")
    rows.method("label", module="labelling")
    rows.log(rows.run("segment", sample="s1"), "at 100%")
    rows.run("segment", version=2, metadata={"paper": "fig 2"})
    rows.run("label", sample="s1", plan=rows.plan(), step="left", status="failed")
    rows.run("label", status="running", started_at=datetime.now(UTC))
    assert first_words(pm("runs", *options).out) == found


def test_a_search_in_logs_ends_after_many_entries_and_says_where_to_go_on(pm, rows, monkeypatch):
    monkeypatch.setattr(runs_of_the_store, "LOOKED_AT", 5)
    for number in range(1, 5):
        rows.log(rows.run(), f"tile {number} done", "a second entry")
    rows.log(rows.run(), "nothing of that kind")
    told = pm("runs", "--log", "TILE")
    assert first_words(told.out) == ["4", "3"]
    assert "older than 3 were not searched; --before 3 goes on there" in told.err
    none = pm("runs", "--log", "tile 1")
    assert (none.out, "no runs fit" in none.err) == ("", False)
    further = pm("runs", "--log", "tile", "--before", "3")
    assert first_words(further.out) == ["2", "1"]
    assert further.err == ""
    page = json.loads(pm("runs", "--json", "--log", "tile 1").out)
    assert (page["runs"], page["before"], page["unsearched"]) == ([], 3, True)


def test_the_word_list_is_the_same(pm, rows):
    rows.run()
    assert pm("runs", "list").out == pm("runs").out


def test_what_is_beside_the_answer_is_not_in_it(pm, rows):
    rows.run()
    rows.run()
    answer = pm("runs", "--limit", "1")
    assert len(answer.out.splitlines()) == 2
    assert "--before 2 goes on" in answer.err


def test_json_holds_the_runs_and_where_to_go_on(pm, rows):
    rows.run(sample="s1")
    rows.run(sample="s2")
    answer = pm("runs", "--json", "--limit", "1")
    document = json.loads(answer.out)
    assert [run["sample"] for run in document["runs"]] == ["s2"]
    assert document["before"] == 2
    assert answer.err == ""
    rest = json.loads(pm("runs", "--json", "--before", "2").out)
    assert [run["sample"] for run in rest["runs"]] == ["s1"]
    assert rest["before"] is None


def test_csv_is_a_table_of_single_values(pm, rows):
    rows.run(sample='a,"b"', status="failed", error="two\nlines")
    (read,) = csv.DictReader(io.StringIO(pm("runs", "--csv").out))
    assert read["sample"] == 'a,"b"'
    assert read["error"] == "two\nlines"
    assert read["started_at"] == "2026-02-14T10:01:00+00:00"


def test_an_empty_list_says_why(pm, rows):
    assert "there are no runs yet" in pm("runs").err
    rows.run()
    answer = pm("runs", "--sample", "none")
    assert answer.out == ""
    assert "no runs fit" in answer.err


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--method", "segmnt"], NotFound.exit_code, "Did you mean segment?"),
        (["--plan", "9"], NotFound.exit_code, "There is no plan 9."),
        (["--status", "done"], InvalidInput.exit_code, "no state 'done'"),
        (["--since", "soon"], InvalidInput.exit_code, "'soon' is no time"),
        (["--metadata", "paper"], InvalidInput.exit_code, "takes KEY=VALUE"),
        (["--method", "segment/vx"], InvalidInput.exit_code, "NAME/vN"),
    ],
)
def test_a_filter_that_cannot_fit_is_told(pm, rows, options, code, told):
    rows.run("segment")
    answer = pm("runs", *options, code=code)
    assert told in answer.err
    assert answer.out == ""


def test_an_option_that_does_not_exist_is_a_usage_error(rows, capsys):
    with pytest.raises(SystemExit) as error:
        main(["runs", "--colour"])
    assert error.value.code == UsageError.exit_code


def test_without_a_workspace_the_way_to_one_is_told(pm, tmp_path, monkeypatch):
    monkeypatch.delenv("PM_WORKSPACE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert "pm init" in pm("runs", code=NotFound.exit_code).err


def test_a_workspace_may_be_named(pm, rows, root, tmp_path, monkeypatch):
    rows.run()
    monkeypatch.chdir("/")
    assert first_words(pm("-w", root, "runs").out) == ["1"]
    # The named one, whatever the environment says.
    monkeypatch.setenv("PM_WORKSPACE", "/elsewhere")
    assert first_words(pm("runs", "-w", root).out) == ["1"]


def test_a_list_for_a_program_starts_without_what_only_others_need(rows):
    program = (
        "import sys\n"
        "from pm_kernel.cli.main import main\n"
        "code = main(['runs'])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    rows.run()
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    imported = set(result.stderr.split())
    assert "sqlalchemy" in imported
    assert not imported & {"alembic", "rich", "git", "jgo", "pyarrow", "tornado", "traitlets"}


# --- pm runs show ---------------------------------------------------------------------------------


def test_everything_about_one_run_is_told(pm, rows, root):
    rows.method("segment", module="segmentation", tracked={"smooth": {"sigma": "1.0"}})
    first = rows.run("segment")
    rows.method("cohort", inputs=("table", MethodInput("title", "value")))
    run_id = rows.run(
        "cohort",
        inputs={"table": first, "title": "'all'"},
        params={"cohort.level": "2"},
        sample="s1",
        plan=rows.plan("figures"),
        step="join",
        metrics={"n_cells": 9102},
        metadata={"paper": "fig 2"},
        notices=["Look at this."],
        cpu_seconds=61.0,
        peak_rss_bytes=210_000_000,
        environment={"python": "3.11.7", "imports": {"numpy": "2.1.0"}},
    )
    rows.looked_at(run_id, "clean")
    folder = RunStore(root / ".runs").final(run_id)
    folder.mkdir(parents=True)
    told = pm("runs", "show", run_id).out
    for part in (
        "run 2 · cohort v1",
        "n_cells = 9102",
        "cohort.level  2  set, default 1",
        "table ← run 1 · segment / table",
        "title = 'all'",
        "table  table.parquet  table, 1.0 kB",
        "Look at this.",
        "paper = fig 2",
        "1 · figures, step join",
        "tag cohort/v1",
        "somebody on host",
        "1 min 1 s of processor time, 210 MB of memory at most",
        "Python 3.11.7, numpy 2.1.0",
        str(folder),
        "verify (content): clean",
        "`pm lineage 2`",
    ):
        assert part in told, part


def test_a_number_alone_shows_that_run(pm, rows):
    run_id = rows.run()
    assert pm("runs", run_id).out == pm("runs", "show", run_id).out


def test_the_json_of_a_run_is_its_whole_record(pm, rows):
    rows.method("segment", tracked={"smooth": {"sigma": "1.0"}})
    run_id = rows.run("segment", params={"smooth.sigma": "2.0"})
    document = json.loads(pm("runs", "show", run_id, "--json").out)
    assert document["parameters"][0]["values"] == ["2.0"]
    assert document["outputs"][0]["path"] == "table.parquet"
    assert document["directory"] is None


def test_a_run_that_does_not_exist_has_its_own_exit_code(pm, rows):
    assert "There is no run 9." in pm("runs", "show", 9, code=NotFound.exit_code).err
    assert "There is no run 9." in pm("lineage", 9, code=NotFound.exit_code).err
    assert "There is no run 9." in pm("log", 9, code=NotFound.exit_code).err


# --- pm lineage -----------------------------------------------------------------------------------


@pytest.fixture
def lineage(rows):
    """preprocess → two labels → one figure; returns the id of the figure."""
    first = rows.run("preprocess", sample="s1", params={"preprocess.level": "3"})
    labels = [rows.run("label", sample="s1", branch=b, inputs={"table": first}) for b in "ab"]
    rows.method("figure", inputs=(MethodInput("tables", "upstream", gather=True),))
    return rows.run("figure", inputs={"tables": labels})


def test_a_lineage_tells_every_run_parameter_and_file_that_made_a_result(pm, lineage):
    told = pm("lineage", lineage).out
    assert told.splitlines()[0].startswith("● run 4 · figure v1")
    assert "├─● run 2 · label v1" in told
    assert "└─● run 3 · label v1" in told
    assert told.count("● run 1 · preprocess v1") == 1
    assert "↪ run 1 · preprocess v1, shown above" in told
    assert "preprocess.level  3  set, default 1" in told
    assert "tables ← run 2 · label / table, run 3 · label / table" in told
    assert "table  table.parquet  table, 1.0 kB" in told


def test_a_lineage_downwards_tells_what_was_made_of_a_run(pm, lineage):
    told = pm("lineage", 1, "--down", "--short").out
    assert [line.partition("(")[0].strip() for line in told.splitlines()] == [
        "● run 1 · preprocess v1",
        "├─● run 2 · label v1",
        "│ ● run 4 · figure v1",
        "└─● run 3 · label v1",
        "↪ run 4 · figure v1, shown above",
    ]


def test_a_lineage_as_json_has_nodes_and_edges(pm, lineage):
    document = json.loads(pm("lineage", lineage, "--json").out)
    assert [node["run_id"] for node in document["runs"]] == [1, 2, 3, 4]
    assert len(document["edges"]) == 4
    assert document["runs"][0]["parameters"][0]["values"] == ["3"]


def test_a_lineage_as_mermaid_can_be_pasted_into_a_document(pm, lineage):
    told = pm("lineage", lineage, "--mermaid").out
    assert told.startswith("graph LR\n")
    assert 'R1["run 1 · preprocess v1<br/>s1<br/>preprocess.level = 3"]' in told


def test_a_lineage_that_is_too_long_is_told_to_be(pm, lineage):
    answer = pm("lineage", lineage, "--max", "2", "--short")
    assert len(answer.out.splitlines()) == 2
    assert "the 2 nearest runs are shown" in answer.err


def test_hostile_names_stay_text_in_every_form(pm, rows):
    hostile = "\x1b]0;x\x07\u202e\n│"
    first = rows.run("segment", sample=hostile, notices=[hostile])
    rows.run("label", inputs={"table": first}, sample=hostile)
    for words in (["runs"], ["runs", "show", 1], ["lineage", 2], ["lineage", 2, "--mermaid"]):
        told = pm(*words).out
        assert not set(told) & set("\x1b\x07\u202e")
    assert json.loads(pm("runs", "--json").out)["runs"][0]["sample"] == hostile


# --- pm log ---------------------------------------------------------------------------------------


def write_log(root, run_id, content, *, uuid=None):
    """A log in the run's final directory, or in its partial one."""
    store = RunStore(root / ".runs")
    folder = store.final(run_id) if uuid is None else store.partial(uuid)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.log").write_bytes(content)
    return folder


def test_a_log_is_given_byte_for_byte(rows, root, capfdbinary):
    run_id = rows.run()
    content = bytes(range(256)) * 1000 + "größe\r\n".encode()
    write_log(root, run_id, content)
    assert main(["log", str(run_id)]) == 0
    assert capfdbinary.readouterr().out == content


LOG = b"""\
INFO:reader:loaded 100 tiles
ordinary print
WARNING:reader:tile 7 is empty
Traceback (most recent call last):
  File "run.py", line 12, in run
ValueError: no cells
"""


def test_levels_choose_whole_entries(pm, rows, root):
    run_id = rows.run(status="failed")
    write_log(root, run_id, LOG)
    told = pm("log", run_id, "--level", "warning").out
    assert "tile 7 is empty" in told
    assert 'File "run.py", line 12' in told
    assert "loaded" not in told
    assert "ordinary" not in told
    assert pm("log", run_id, "--level", "critical").out == ""


def test_a_pattern_chooses_lines_whatever_their_case(pm, rows, root):
    run_id = rows.run()
    write_log(root, run_id, LOG)
    assert pm("log", run_id, "--grep", "TILE").out == (
        "INFO:reader:loaded 100 tiles\nWARNING:reader:tile 7 is empty\n"
    )
    assert pm("log", run_id, "--grep", "tile", "--level", "info").out.count("tile") == 2
    assert "no regular expression" in pm("log", run_id, "--grep", "(", code=5).err


def test_a_log_as_json_is_its_entries(pm, rows, root):
    run_id = rows.run()
    write_log(root, run_id, LOG)
    entries = json.loads(pm("log", run_id, "--json", "--level", "warning").out)
    assert [(entry["level"], entry["line"]) for entry in entries] == [("WARNING", 3)]
    assert entries[0]["message"].endswith("ValueError: no cells")


def test_a_log_that_is_not_on_this_machine_is_told_from_the_record(pm, rows):
    run_id = rows.run()
    rows.log(run_id, "first", "second")
    answer = pm("log", run_id)
    assert answer.out == "1: INFO first\n2: INFO second\n"
    assert "run.log is not here" in answer.err


def test_a_log_of_which_nothing_is_left_is_said_to_be_gone(pm, rows):
    told = pm("log", rows.run(), code=NotFound.exit_code).err
    assert "The log of run 1 is not here" in told


def test_a_run_that_has_printed_nothing_yet_is_no_error(pm, rows):
    now = datetime.now(UTC)
    answer = pm("log", rows.run(status="running", started_at=now))
    assert answer.out == ""
    assert "has printed nothing yet" in answer.err


def test_following_shows_what_is_written_until_the_run_has_ended(rows, root, store, capfd):
    now = datetime.now(UTC)
    run_id = rows.run(status="running", started_at=now)
    with store.reading() as connection:
        uuid = connection.scalar(select(tables.runs.c.uuid))
    partial = write_log(root, run_id, b"one\n", uuid=uuid)
    final = RunStore(root / ".runs").final(run_id)
    seen = threading.Event()

    def live():
        seen.wait(20)
        with (partial / "run.log").open("ab") as stream:
            stream.write(b"two\n")
        partial.rename(final)
        with store.transaction() as connection:
            connection.execute(
                update(tables.runs).values(
                    status="failed", error="ValueError: no", finished_at=now + timedelta(seconds=2)
                )
            )

    shown = io.BytesIO()

    class Raw(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            seen.set()
            return shown.write(data)

    before = sys.stdout
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(Raw()), encoding="utf-8")
    thread = threading.Thread(target=live)
    thread.start()
    try:
        assert main(["log", str(run_id), "--follow"]) == 0
        sys.stdout.flush()
    finally:
        sys.stdout = before
        thread.join()
    assert shown.getvalue() == b"one\ntwo\n"
    assert "run 1: failed: ValueError: no" in capfd.readouterr().err


def test_following_a_run_that_has_ended_shows_its_log_and_ends(pm, rows, root):
    run_id = rows.run()
    write_log(root, run_id, b"one\n")
    answer = pm("log", run_id, "-f")
    assert answer.out == "one\n"
    assert "run 1: completed" in answer.err


def test_files_of_inputs_are_named_as_they_were(pm, rows):
    rows.method("segment", inputs=(MethodInput("image", "file"),))
    run_id = rows.run("segment", inputs={"image": Path("/data/s1.tif")})
    assert "image ← file /data/s1.tif" in pm("lineage", run_id).out
