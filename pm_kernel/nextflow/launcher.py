"""Starts Nextflow for one launch, watches over its process, and ends it.

A launch has a directory of its own: Nextflow locks its cache there, and two launches in one
directory would refuse each other. Everything that is needed to find the process again, after
whoever started it is gone, lies there too:

    pipeline.nf  tasks.tsv  edges.tsv  nextflow.config     see ``render``
    process.json        which process it is, written before Nextflow starts
    nextflow.out        what it printed
    nextflow.log        its own log: jobs that were submitted, tasks that ended
    work/               task directories
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import IO, Protocol

from pm_kernel.errors import Conflict, EngineUnavailable, InvalidInput
from pm_kernel.nextflow.command import NextflowCommand
from pm_kernel.nextflow.render import PIPELINE, RenderedLaunch
from pm_kernel.running.process import Life, ProcessIdentity, identify

PROCESS = "process.json"
LOG = "nextflow.log"
OUTPUT = "nextflow.out"
WORK = "work"
_HISTORY = ".nextflow/history"

# Waits until its identity is on disk, then becomes Nextflow (the process id stays the same). When
# the one who started it dies before, the line never comes and Nextflow never starts.
_GATE = 'read -r go || exit 1; exec "$@" </dev/null'


class Child(Protocol):
    """What the launcher needs of a started process; ``subprocess.Popen`` has it."""

    @property
    def pid(self) -> int:
        """Process id."""

    @property
    def stdin(self) -> IO[bytes] | None:
        """The writing end of its input."""

    def poll(self) -> int | None:
        """Exit code, None while it runs; collects it once it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""


class StartProcess(Protocol):
    """The door to new processes."""

    def __call__(
        self, argv: Sequence[str], *, cwd: Path, environ: Mapping[str, str], output: Path
    ) -> Child:
        """Start ``argv`` in a session of its own, with a pipe as input; append what it prints."""


class Ending(Enum):
    """How a process came to its end."""

    #: It was gone already.
    GONE = "gone"
    #: Asked to end, it ended its tasks and then itself; their records may still be completing.
    ENDED = "ended"
    #: It had to be killed: tasks of it may go on and complete.
    KILLED = "killed"
    #: It belongs to another host, or does not end.
    ALIVE = "alive"


@dataclass(frozen=True, slots=True)
class Session:
    """What Nextflow calls this launch."""

    run_name: str
    session_id: str


@dataclass(frozen=True)
class NextflowProcess:
    """A Nextflow that was started here."""

    directory: Path
    identity: ProcessIdentity
    child: Child

    def poll(self) -> int | None:
        """Return its exit code, None while it runs. 0 does not mean that its tasks succeeded."""
        return self.child.poll()

    def stop(self, *, patience: float = 30.0) -> Ending:
        """End it, see ``stop``, and collect it."""
        ending = stop(self.identity, patience=patience)
        if ending is not Ending.ALIVE:
            # Its last threads may take a moment longer than the process.
            self.child.wait(timeout=10)
        return ending


def write_launch(directory: Path, rendered: RenderedLaunch) -> None:
    """Make the directory of a launch and write its files. Raises Conflict when there is one."""
    try:
        directory.mkdir(parents=True)
    except FileExistsError as error:
        raise Conflict(f"There is a launch in {directory} already.") from error
    for name, text in rendered.files.items():
        (directory / name).write_text(text, encoding="utf-8", newline="")


def folder_fault(folder: Path) -> str | None:
    """Return why Nextflow cannot work in a folder, None when it can.

    It writes the path into each task's script and leaves ``$`` and braces as they are, so that
    the shell would put something else in their place.
    """
    wrong = sorted({c for c in str(folder) if c in "${}" or not c.isprintable()})
    if not wrong:
        return None
    shown = ", ".join(repr(c) for c in wrong)
    return f"Nextflow cannot work in {str(folder)!r}: the path contains {shown}."


def start(
    command: NextflowCommand,
    directory: Path,
    environ: Mapping[str, str],
    *,
    run_name: str,
    profile: str | None = None,
    work_dir: Path | None = None,
    starter: StartProcess | None = None,
) -> NextflowProcess:
    """Start Nextflow in the directory of a launch, as the leader of a session of its own.

    It outlives the caller. ``run_name`` is Nextflow's name for it: a small letter, then small
    letters, digits and dashes. ``profile`` names profiles of its configuration. Task directories
    lie in ``work_dir`` (default: below the launch).
    Raises Conflict when a Nextflow of this launch lives, InvalidInput when the path of a folder
    cannot be used, EngineUnavailable when Nextflow cannot be started.
    """
    for folder in (directory, work_dir or directory / WORK):
        if fault := folder_fault(folder):
            raise InvalidInput(fault, hint="Move the workspace to a folder with a plainer name.")
    known = read_identity(directory)
    if known is not None and known.life() is not Life.GONE:
        raise Conflict(
            f"Nextflow runs in {directory} already (process {known.pid} on {known.host})."
        )
    argv = [
        *("/bin/sh", "-c", _GATE, "sh"),
        *command.argv,
        *("-log", str(directory / LOG)),
        *("run", str(directory / PIPELINE), "-name", run_name),
        *("-work-dir", str(work_dir or directory / WORK)),
        *(("-profile", profile) if profile else ()),
    ]
    starter = start_process if starter is None else starter
    try:
        child = starter(
            argv, cwd=directory, environ=command.environment(environ), output=directory / OUTPUT
        )
    except OSError as error:
        raise EngineUnavailable(
            f"Nextflow could not be started: {error.strerror or error}.",
            hint="`pm doctor` looks at everything it needs.",
        ) from error
    identity = identify(child.pid)
    try:
        if identity is None:
            raise EngineUnavailable(
                f"Nextflow could not be started: its process ended at once; see "
                f"{directory / OUTPUT}."
            )
        _write_identity(directory, identity)
    except BaseException:
        _open_gate(child, go=False)
        child.wait(timeout=10)
        raise
    _open_gate(child, go=True)
    return NextflowProcess(directory, identity, child)


def start_process(
    argv: Sequence[str], *, cwd: Path, environ: Mapping[str, str], output: Path
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, with a pipe to its input."""
    with open(output, "ab") as stream:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environ),
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def read_identity(directory: Path) -> ProcessIdentity | None:
    """Return which process was started in a launch directory, None when none was."""
    try:
        return ProcessIdentity(**json.loads((directory / PROCESS).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None


def read_session(directory: Path) -> Session | None:
    """Return Nextflow's names for a launch, None as long as it has not got that far."""
    try:
        lines = (directory / _HISTORY).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    for line in reversed(lines):
        # Time, duration, run name, status, revision, session, command.
        fields = line.split("\t")
        if len(fields) >= 6:
            return Session(run_name=fields[2], session_id=fields[5])
    return None


def stop(identity: ProcessIdentity, *, patience: float = 30.0) -> Ending:
    """End a Nextflow: ask it (SIGTERM), and kill it after ``patience`` seconds.

    Asked, it ends its tasks and then itself, within a second. Their ``afterScript`` runs and
    completes their records, but Nextflow does not wait for that. Only the Nextflow process gets the
    signal: local tasks are in its process group, and theirs to end is Nextflow's.
    """
    if identity.life() is Life.GONE:
        return Ending.GONE
    for sign, seconds, ending in (
        (signal.SIGTERM, patience, Ending.ENDED),
        (signal.SIGKILL, 10.0, Ending.KILLED),
    ):
        if identity.life() is not Life.ALIVE:
            break
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, sign)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if identity.life() is Life.GONE:
                return ending
            time.sleep(0.05)
    return Ending.ALIVE


def _open_gate(child: Child, *, go: bool) -> None:
    if child.stdin is None:
        return
    # A process that ended meanwhile says so itself.
    with contextlib.suppress(BrokenPipeError):
        if go:
            child.stdin.write(b"go\n")
        child.stdin.close()


def _write_identity(directory: Path, identity: ProcessIdentity) -> None:
    partial = directory / f"{PROCESS}.partial"
    with open(partial, "w", encoding="utf-8") as stream:
        json.dump(asdict(identity), stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(directory / PROCESS)
