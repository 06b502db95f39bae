"""`pm db …` in a workspace with the embedded server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pm_kernel.running.process import boot_id, identify
from pm_kernel.store.engine import Store
from pm_kernel.store.ownership import PlanLock
from pm_kernel.store.revision import newest

from .db_harness import Terminal, terminal
from .factories import Rows


@pytest.fixture
def pm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    with terminal(tmp_path / "workspace", monkeypatch, capsys) as made:
        yield made


@pytest.fixture
def started(pm: Terminal) -> Terminal:
    """The database runs and has its tables."""
    assert pm("db", "start").code == 0
    assert pm("db", "upgrade").code == 0
    return pm


def rows_of(pm: Terminal) -> Rows:
    """Rows of the workspace itself."""
    rows = Rows(Store(pm.url, pooled=False))
    rows.workspace(str(pm.root), pm.settings.workspace_id)
    return rows


# --- start, stop, status, url ---------------------------------------------------------------------


def test_status_of_a_database_that_was_never_started_starts_nothing(pm: Terminal) -> None:
    said = pm("db", "status")
    assert said.code == 6
    assert "made by the first command that needs it" in said.out
    assert not (pm.root / ".postgres").exists()
    found = pm("db", "status", "--json").json
    assert (found["kind"], found["state"], found["running"]) == ("embedded", "absent", False)


def test_a_started_database_runs_until_it_is_stopped_and_then_stays_stopped(pm: Terminal) -> None:
    said = pm("db", "start")
    assert (said.code, said.out.split(" (")[0]) == (0, "PostgreSQL 18.4 runs")
    assert pm("db", "start").out.startswith("PostgreSQL 18.4 runs already")
    found = pm("db", "status", "--json").json
    assert (found["running"], found["usable"], found["schema"]["state"]) == (True, True, "empty")
    assert pm("db", "status").code == 0
    assert pm("db", "stop").out == "stopped\n"
    said = pm("db", "status")
    assert said.code == 6
    assert re.search(r"stopped with `pm db stop` on \d{4}-\d\d-\d\d at \d\d:\d\d\.", said.out)
    assert "pm db start" in said.out
    assert pm("db", "stop", "--json").json == {"running": False, "stopped": False}


def test_a_killed_server_is_told_apart_from_a_stopped_one(started: Terminal) -> None:
    pid = started("db", "status", "--json").json["pid"]
    os.kill(pid, signal.SIGKILL)
    while identify(pid) is not None:
        pass
    found = started("db", "status", "--json").json
    assert (found["state"], found["running"]) == ("died", False)
    assert "ended without being stopped" in found["checks"][0]["told"]
    assert started("db", "start").code == 0


def test_the_url_hides_the_password_unless_asked(started: Terminal) -> None:
    password = (started.root / ".postgres" / "password").read_text().strip()
    said = started("db", "url")
    assert said.code == 0
    assert password not in said.out
    assert ":***@" in said.out
    shown = started("db", "url", "--show-password", "--json").json
    assert shown["password_shown"] is True
    with psycopg.connect(shown["url"]) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("pm",)


def test_there_is_no_url_of_a_database_that_does_not_run(pm: Terminal) -> None:
    said = pm("db", "url")
    assert (said.code, said.out) == (6, "")
    assert "pm db start" in said.err


def test_a_server_that_runs_on_another_host_is_taken_over_only_on_request(
    started: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert started("db", "stop").code == 0
    record = started.root / ".postgres" / "server.json"
    record.write_text(record.read_text().replace(boot_id(), "another boot"))
    record.write_text(record.read_text().replace(socket.gethostname(), "elsewhere"))
    (started.root / ".postgres" / "data" / "postmaster.pid").write_text("17\n")
    # On a disk that only this machine has, the other one cannot live: let it be a shared one.
    monkeypatch.setattr("pm_kernel.embedded.host.LOCAL_FILE_SYSTEMS", frozenset())
    monkeypatch.setattr("pm_kernel.embedded.host.Host.keeps_to_itself", lambda *_: False)
    said = started("db", "status")
    assert said.code == 6
    assert "was started on elsewhere" in said.out.replace("on host ", "on ")
    assert started("db", "start").code == 6
    assert started("db", "start", "--take-over").code == 0


# --- upgrade --------------------------------------------------------------------------------------


def test_an_upgrade_makes_the_tables_of_an_empty_database_and_then_has_nothing_to_do(
    pm: Terminal,
) -> None:
    first = pm("db", "upgrade", "--json").json
    assert (first["before"], first["changed"]) == (None, True)
    again = pm("db", "upgrade", "--json").json
    assert (again["before"], again["changed"]) == (first["now"], False)
    assert pm("db", "status", "--json").json["schema"]["state"] == "current"


def test_a_database_of_a_newer_program_is_not_touched(started: Terminal) -> None:
    started.ask("UPDATE alembic_version SET version_num = '9999'")
    said = started("db", "upgrade")
    assert said.code == 4
    assert "newer version of this program" in said.err
    assert started("db", "status").code == 6
    assert started.ask("SELECT version_num FROM alembic_version") == "9999"


def test_a_database_of_somebody_else_is_not_touched(pm: Terminal) -> None:
    assert pm("db", "start").code == 0
    pm.ask("CREATE TABLE thesis (chapter text)")
    said = pm("db", "upgrade")
    assert said.code == 6
    assert "not ours" in said.err
    assert pm("db", "status", "--json").json["schema"]["state"] == "foreign"
    assert pm.ask("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1


# --- backup and restore ---------------------------------------------------------------------------


def test_a_restore_brings_back_what_was_and_an_undo_what_is(
    started: Terminal, tmp_path: Path
) -> None:
    file = tmp_path / "a backup"
    rows = rows_of(started)
    rows.run("segment")
    said = started("db", "backup", file)
    assert said.code == 0, said.err
    assert file.stat().st_mode & 0o777 == 0o600
    rows.run("label")
    said = started("db", "restore", file)
    assert said.code == 0, said.err
    assert "pm db restore --undo" in said.err
    assert started.ask("SELECT string_agg(name, ',') FROM methods") == "segment"
    said = started("db", "restore", "--undo", "--json")
    assert said.code == 0, said.err
    assert said.json["kept"].startswith("pm_before_")
    assert started.ask("SELECT string_agg(name, ',' ORDER BY id) FROM methods") == "segment,label"
    assert started("db", "restore", "--undo").code == 0
    assert started.ask("SELECT string_agg(name, ',') FROM methods") == "segment"
    assert [each.name for each in (started.root / ".postgres").glob("undo-*")] == []


def test_there_is_nothing_to_undo_before_a_restore(started: Terminal) -> None:
    said = started("db", "restore", "--undo")
    assert said.code == 3
    assert "nothing to undo" in said.err


def test_a_restored_database_gives_out_no_number_that_a_folder_has(
    started: Terminal, tmp_path: Path
) -> None:
    rows = rows_of(started)
    rows.run("segment")
    assert started("db", "backup", tmp_path / "b").code == 0
    for name in ("00000001", "00000041", "plans/7", ".partial/9c3b", ".runs", "not a run"):
        (started.root / ".runs" / name).mkdir(parents=True)
    said = started("db", "restore", tmp_path / "b", "--json")
    assert said.json["unknown_runs"] == 1
    rows = rows_of(started)
    assert rows.run("label") == 42
    assert rows.plan() == 8
    assert "1 run in the run store came after the backup" in said.err
    assert "pm rebuild" in said.err


def test_a_number_that_was_given_out_after_the_backup_is_not_given_out_again(
    started: Terminal, tmp_path: Path
) -> None:
    assert started("db", "backup", tmp_path / "b").code == 0
    rows = rows_of(started)
    last = [rows.run("segment") for _ in range(3)][-1]
    plan = rows.plan()
    assert started("db", "restore", tmp_path / "b").code == 0
    rows = rows_of(started)
    assert rows.run("segment") == last + 1
    assert rows.plan() == plan + 1


def test_runs_being_written_count_also_where_the_database_was_lost(
    started: Terminal, tmp_path: Path
) -> None:
    assert started("db", "backup", tmp_path / "b").code == 0
    assert started("db", "stop").code == 0
    shutil.rmtree(started.root / ".postgres")
    record = started.root / ".runs" / ".partial" / "x" / ".pm" / "record.json"
    record.parent.mkdir(parents=True)
    record.write_text('{"run_id": 23}')
    said = started("db", "restore", tmp_path / "b")
    assert said.code == 0, said.err
    assert rows_of(started).run("segment") == 24


def live_run(pm: Terminal, pid: int, start: str, **columns: object) -> int:
    return rows_of(pm).run(
        "segment",
        status="running",
        pid=pid,
        pid_start=start,
        boot_id=boot_id(),
        host=socket.gethostname(),
        **columns,
    )


def own_workspace(pm: Terminal) -> None:
    """Make what `Rows` wrote this workspace's."""
    pm.ask(
        "UPDATE runs SET workspace_id = (SELECT id FROM workspaces "
        f"WHERE uuid = '{pm.settings.workspace_id}')"
    )


@pytest.mark.parametrize("command", ["restore", "undo", "stop"])
def test_nothing_is_taken_from_under_a_living_run(
    started: Terminal, tmp_path: Path, command: str
) -> None:
    assert started("db", "backup", tmp_path / "b").code == 0
    assert started("db", "restore", tmp_path / "b").code == 0
    me = identify(os.getpid())
    assert me is not None
    run_id = live_run(started, me.pid, me.start)
    words: dict[str, list[str | Path]] = {
        "restore": ["restore", tmp_path / "b"],
        "undo": ["restore", "--undo"],
        "stop": ["stop"],
    }
    said = started("db", *words[command])
    assert said.code == 4, said.err
    assert f"Run {run_id} (segment)" in said.err
    assert started.ask("SELECT status FROM runs") == "running"
    assert started("db", "stop", "--force").code == 0


def test_a_plan_with_a_supervisor_is_not_taken_from_under_it(
    started: Terminal, tmp_path: Path
) -> None:
    assert started("db", "backup", tmp_path / "b").code == 0
    plan_id = rows_of(started).plan("nuclei", status="running")
    lock = PlanLock(started.url, plan_id)
    assert lock.acquire()
    said = started("db", "restore", tmp_path / "b")
    assert said.code == 4
    assert f"Plan {plan_id} (nuclei)" in said.err
    assert f"pm plan cancel {plan_id}" in said.err
    lock.release()
    # Nobody supervises it any more: nobody is at work.
    assert started("db", "restore", tmp_path / "b").code == 0


def test_a_run_whose_process_is_gone_does_not_stand_in_the_way(
    started: Terminal, tmp_path: Path
) -> None:
    assert started("db", "backup", tmp_path / "b").code == 0
    with subprocess.Popen(["sleep", "60"]) as process:
        it = identify(process.pid)
        process.kill()
    assert it is not None
    live_run(started, it.pid, it.start)
    own_workspace(started)
    said = started("db", "restore", tmp_path / "b")
    assert said.code == 0, said.err


def test_what_is_no_backup_of_ours_replaces_nothing(started: Terminal, tmp_path: Path) -> None:
    rows_of(started).method("segment")
    assert started("db", "backup", tmp_path / "b").code == 0
    whole = (tmp_path / "b").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "garbage").write_bytes(b"SELECT 1;\n" * 100)
    for name, expected in (("cut", 5), ("garbage", 5), ("missing", 5)):
        said = started("db", "restore", tmp_path / name)
        assert said.code == expected, said.err
        assert name in said.err
    assert started.ask("SELECT name FROM methods") == "segment"


def test_a_backup_of_another_programs_database_is_refused(
    started: Terminal, tmp_path: Path
) -> None:
    started.ask("CREATE DATABASE other")
    other = started.url.replace("/pm?", "/other?")
    started.ask("CREATE TABLE runs (winner text)", other)
    from pm_kernel.embedded.binaries import Binaries

    program = Binaries.locate().program("pg_dump")
    subprocess.run([program, "-Fc", f"--file={tmp_path / 'b'}", "-d", other], check=True)
    said = started("db", "restore", tmp_path / "b")
    assert said.code == 5
    assert "another program's database" in said.err


def test_a_backup_of_a_newer_program_is_refused_before_anything_happens(
    started: Terminal, tmp_path: Path
) -> None:
    started.ask("UPDATE alembic_version SET version_num = '9999'")
    assert started("db", "backup", tmp_path / "b").code == 0
    started.ask(f"UPDATE alembic_version SET version_num = '{newest()}'")
    said = started("db", "restore", tmp_path / "b")
    assert said.code == 4
    assert "pip install -U" in said.err
    assert started.ask("SELECT count(*) FROM pg_database WHERE datname ~ '^pm_'") == 0


def test_a_backup_replaces_a_file_only_when_told_to(started: Terminal, tmp_path: Path) -> None:
    (tmp_path / "b").write_text("thesis")
    assert started("db", "backup", tmp_path / "b").code == 4
    assert (tmp_path / "b").read_text() == "thesis"
    assert (
        started("db", "backup", "--overwrite", tmp_path / "b", "--json").json["size_bytes"] > 1000
    )
    assert started("db", "backup", tmp_path / "nowhere" / "b").code == 8


def test_a_backup_starts_the_database_that_it_needs(started: Terminal, tmp_path: Path) -> None:
    assert started("db", "stop").code == 0
    assert started("db", "backup", tmp_path / "b").code == 0
