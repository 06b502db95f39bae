"""Copied, moved, shared, half-made and foreign data folders of the embedded server."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.embedded.host import LOCAL_FILE_SYSTEMS, Host
from pm_kernel.embedded.processes import start_of
from pm_kernel.errors import DatabaseUnavailable

NewPostgres = Callable[..., EmbeddedPostgres]

ELSEWHERE = Host(name="node17", machine="0" * 32, boot="b", local_file_systems=frozenset())


def ask(url: str, question: str) -> Any:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def run(url: str, command: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(command)


def workspace_of(server: EmbeddedPostgres) -> Path:
    return server.status().data_dir.parent.parent


def copy(server: EmbeddedPostgres, target: Path, how: str = "-a") -> Path:
    subprocess.run(["cp", how, str(workspace_of(server)), str(target)], check=True)
    return target


def kill(server: EmbeddedPostgres) -> None:
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while start_of(pid) is not None:
        time.sleep(0.02)


# "-r" loses owners and, with an ordinary umask, PostgreSQL's modes.
@pytest.mark.parametrize("how", ["-a", "-r"])
def test_a_copy_of_a_stopped_workspace_has_a_database_of_its_own(
    new_postgres: NewPostgres, tmp_path: Path, how: str
) -> None:
    original = new_postgres(settings={})
    run(original.start(), "CREATE TABLE t AS SELECT 'both' AS whose")
    original.stop()
    duplicate = new_postgres(copy(original, tmp_path / "copy", how), settings={})
    # Stopping the original to copy it was no wish to have the copy stopped.
    run(duplicate.ensure_started(explicit=False), "UPDATE t SET whose = 'copy'")
    assert ask(original.start(), "SELECT whose FROM t") == "both"
    assert ask(duplicate.url(), "SELECT whose FROM t") == "copy"
    original.stop()
    assert ask(duplicate.url(), "SELECT whose FROM t") == "copy"


def test_a_copy_of_a_running_workspace_never_answers_with_the_originals_database(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    original = new_postgres(settings={})
    run(original.start(), "CREATE TABLE t AS SELECT 1 AS n")
    duplicate = new_postgres(copy(original, tmp_path / "copy"), settings={})
    for use in (
        duplicate.url,
        duplicate.start,
        lambda: duplicate.ensure_started(explicit=False),
    ):
        with pytest.raises(DatabaseUnavailable, match=r"copied from .*workspace0 while") as caught:
            use()
        for command in ("pm db backup FILE", "pm db restore FILE", "pm rebuild"):
            assert command in (caught.value.hint or "")
    assert not duplicate.status().running
    assert not duplicate.stop()
    assert ask(original.url(), "SELECT n FROM t") == 1

    original.backup(tmp_path / "backup")
    assert duplicate.restore(tmp_path / "backup") is None
    assert duplicate.url() != original.url()
    run(original.url(), "UPDATE t SET n = 2")
    assert ask(duplicate.url(), "SELECT n FROM t") == 1
    assert len(list(workspace_of(duplicate).glob(".postgres/data.aside-*/PG_VERSION"))) == 1


def test_a_live_copy_can_be_used_as_it_is_on_a_persons_word(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    original = new_postgres(settings={})
    run(original.start(), "CREATE TABLE t AS SELECT 1 AS n; ")
    duplicate = new_postgres(copy(original, tmp_path / "copy"), settings={})
    run(duplicate.start(take_over=True), "UPDATE t SET n = 2")
    assert ask(original.url(), "SELECT n FROM t") == 1
    assert ask(duplicate.url(), "SELECT n FROM t") == 2


def test_a_copy_set_aside_begins_anew_and_loses_nothing(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    original = new_postgres()
    run(original.start(), "CREATE TABLE t AS SELECT 1 AS n")
    duplicate = new_postgres(copy(original, tmp_path / "copy"))
    aside = duplicate.set_aside()
    assert aside is not None
    assert (aside / "PG_VERSION").is_file()
    assert (aside / "pm-password").is_file()
    assert ask(duplicate.start(), "SELECT to_regclass('t')") is None
    assert ask(original.url(), "SELECT n FROM t") == 1
    with pytest.raises(DatabaseUnavailable, match="in use"):
        original.set_aside()


def test_a_workspace_moved_while_its_server_runs_keeps_it(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    server = new_postgres(settings={})
    url = server.start()
    moved_to = workspace_of(server).rename(tmp_path / "moved")
    moved = new_postgres(moved_to, settings={})
    assert moved.url() == url
    run(url, "CREATE TABLE t AS SELECT 1 AS n")
    run(url, "CHECKPOINT")
    assert moved.stop()
    assert ask(moved.start(), "SELECT n FROM t") == 1


def test_a_killed_server_in_a_moved_workspace_is_recovered(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    server = new_postgres(settings={})
    run(server.start(), "CREATE TABLE t AS SELECT 1 AS n")
    kill(server)
    moved = new_postgres(workspace_of(server).rename(tmp_path / "moved"), settings={})
    assert ask(moved.start(), "SELECT n FROM t") == 1


def test_a_second_host_on_a_shared_folder_is_refused(new_postgres: NewPostgres) -> None:
    here = new_postgres()
    url = here.start()
    there = new_postgres(workspace_of(here), host=ELSEWHERE)
    name = os.uname().nodename
    for use in (there.url, there.start, there.stop, there.set_aside):
        with pytest.raises(DatabaseUnavailable, match=f"started on host {name}") as caught:
            use()
        assert f"Run `pm db stop` on host {name}" in (caught.value.hint or "")
    # Not even on a person's word: its lock says that it is at work.
    with pytest.raises(DatabaseUnavailable, match="A server is at work"):
        there.start(take_over=True)
    assert here.url() == url
    here.stop()
    assert ask(there.start(), "SELECT 1") == 1


def test_a_host_that_is_gone_is_taken_over_on_a_persons_word(new_postgres: NewPostgres) -> None:
    here = new_postgres()
    here.start()
    kill(here)
    there = new_postgres(workspace_of(here), host=ELSEWHERE)
    with pytest.raises(DatabaseUnavailable, match="--take-over"):
        there.start()
    assert ask(there.start(take_over=True), "SELECT 1") == 1


def test_a_container_made_anew_recovers_what_the_old_one_left(new_postgres: NewPostgres) -> None:
    old = new_postgres()
    old.start()
    kill(old)
    local = Host("f00dcafe", "", "another boot", LOCAL_FILE_SYSTEMS)
    if not local.keeps_to_itself(workspace_of(old)):
        pytest.skip("the temporary folder is not on a local file system")
    anew = new_postgres(workspace_of(old), host=local)
    assert ask(anew.start(), "SELECT 1") == 1


def test_a_cluster_of_another_postgresql_is_named_with_the_way_out(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    server = new_postgres()
    run(server.start(), "CREATE TABLE t AS SELECT 1 AS n")
    server.backup(tmp_path / "backup")
    server.stop()
    version = server.status().data_dir / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(DatabaseUnavailable, match=r"PostgreSQL 16.*brings PostgreSQL 18") as caught:
        server.start()
    assert "pm db backup FILE" in (caught.value.hint or "")
    assert server.restore(tmp_path / "backup") is None
    assert ask(server.url(), "SELECT n FROM t") == 1


def test_an_incomplete_cluster_is_neither_used_nor_replaced(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    server.stop()
    control = server.status().data_dir / "global" / "pg_control"
    control.unlink()
    with pytest.raises(DatabaseUnavailable, match="incomplete") as caught:
        server.start()
    assert "pm rebuild" in (caught.value.hint or "")
    assert (server.status().data_dir / "PG_VERSION").is_file()
    server.set_aside()
    assert ask(server.start(), "SELECT 1") == 1


def test_what_a_broken_first_start_left_is_cleared(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    folder = server.status().data_dir.parent
    (folder / "data.new-0123abcd" / "base").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "password").write_text("of the first try")
    folder.chmod(0o700)
    assert ask(server.start(), "SELECT 1") == 1
    assert not (folder / "data.new-0123abcd").exists()


def test_a_missing_password_is_named(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    (workspace_of(server) / ".postgres" / "password").unlink()
    with pytest.raises(DatabaseUnavailable, match="password"):
        server.url()
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="password of the database is missing"):
        server.start()


def test_damaged_files_are_told_from_a_database_that_is_merely_off(
    new_postgres: NewPostgres,
) -> None:
    server = new_postgres()
    server.start()
    kill(server)
    data = server.status().data_dir
    for segment in (data / "pg_wal").glob("0*"):
        segment.unlink()
    with pytest.raises(DatabaseUnavailable, match="checkpoint record") as caught:
        server.start()
    assert "pm rebuild" in (caught.value.hint or "")
    assert "pm db restore FILE" in (caught.value.hint or "")
    assert not server.status().running


def test_a_wrong_setting_is_shown_with_the_servers_own_words(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    server.stop()
    (server.status().data_dir / "custom.conf").write_text("shared_bufers = 1GB\n")
    with pytest.raises(DatabaseUnavailable, match='"shared_bufers"') as caught:
        server.start()
    assert "custom.conf" in (caught.value.hint or "")


FULL_DISK = """
import os, subprocess, sys
from pathlib import Path
from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.errors import DatabaseUnavailable
disk = Path(sys.argv[1])
mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "none", str(disk)]
if subprocess.run(mount, capture_output=True).returncode != 0:
    sys.exit(77)
server = EmbeddedPostgres(disk / ".postgres", state_dir=disk / "state")
def refused():
    try:
        server.start()
    except DatabaseUnavailable as error:
        print(" ".join(str(error).splitlines()))
refused()
print(sorted(path.name for path in (disk / ".postgres").iterdir()))
subprocess.run(["mount", "-o", "remount,size=80m", str(disk)], check=True)
server.start()
server.stop()
with open(disk / "pictures", "wb") as file:
    full = False
    while not full:
        try:
            os.write(file.fileno(), bytes(4096))
        except OSError:
            full = True
refused()
print(sorted(path.name for path in (disk / "state" / "sockets").iterdir()))
(disk / "pictures").unlink()
server.start()
print(server.stop())
"""


def test_a_full_disk_is_named_and_leaves_nothing_half_made(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    answer = subprocess.run(
        [unshare, "--mount", sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    if answer.returncode == 77 or "unshare failed" in answer.stderr:
        pytest.skip("mounting is not allowed here")
    assert answer.returncode == 0, answer.stderr
    making, left, starting, sockets, stopped = answer.stdout.splitlines()
    assert f"{tmp_path}/.postgres cannot be made: could not" in making
    assert "No space left on device" in starting
    for message in (making, starting):
        assert "Free some disk space; then `pm db start`" in message
    assert left == "['control.lock', 'password', 'server.lock']"
    assert sockets == "[]"
    assert stopped == "True"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "workspace").write_text("a file where the folder should be")
    folder = tmp_path / "workspace" / ".postgres"
    server = EmbeddedPostgres(folder, state_dir=tmp_path / "state")
    for use in (server.start, lambda: server.ensure_started(explicit=True)):
        with pytest.raises(DatabaseUnavailable, match=str(folder)):
            use()


def test_a_damaged_record_of_the_last_start_is_no_obstacle(new_postgres: NewPostgres) -> None:
    server = new_postgres()
    server.start()
    kill(server)
    record = workspace_of(server) / ".postgres" / "server.json"
    record.write_text(json.dumps({"pid": 1}))
    assert ask(server.start(), "SELECT 1") == 1
