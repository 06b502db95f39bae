"""The door to schedulers that run tasks: jobs are ended and asked about by their own commands."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

#: Jobs named on one command line.
_AT_ONCE = 500
_TIMEOUT_SECONDS = 60

#: Runs a command; exit code (None: it cannot be started, or does not answer) and what it said.
Run = Callable[[Sequence[str], Mapping[str, str]], tuple[int | None, str]]


@dataclass(frozen=True)
class _Words:
    """How a scheduler ends jobs; only those that wait, where it can tell them apart."""

    end: tuple[str, ...]
    end_waiting: tuple[str, ...]


_SCHEDULERS: Mapping[str, _Words] = {
    "slurm": _Words(("scancel",), ("scancel", "--state=PENDING")),
    "pbspro": _Words(("qdel",), ("qdel",)),
    "pbs": _Words(("qdel",), ("qdel",)),
    "lsf": _Words(("bkill",), ("bkill",)),
    "sge": _Words(("qdel",), ("qdel",)),
}
#: What `squeue` says of a job that it has forgotten.
_FORGOTTEN = "invalid job id"


def run_command(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int | None, str]:
    """Run one command of a scheduler to its end."""
    program = shutil.which(argv[0], path=environ.get("PATH"))
    if program is None:
        return None, f"{argv[0]} is not on PATH"
    try:
        done = subprocess.run(
            [program, *argv[1:]],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, str(error)
    return done.returncode, done.stdout


def end_jobs(
    name: str,
    jobs: Sequence[str],
    environ: Mapping[str, str],
    *,
    waiting: bool = False,
    run: Run = run_command,
) -> str | None:
    """End jobs of a scheduler, or only ``waiting`` ones; what it said against it, if anything.

    Jobs that have ended are no mistake. SLURM leaves a job alone that has begun meanwhile; others
    end it.
    """
    words = _SCHEDULERS.get(name)
    if words is None:
        return f"jobs of {name} cannot be ended from here"
    command = words.end_waiting if waiting else words.end
    for start in range(0, len(jobs), _AT_ONCE):
        code, said = run([*command, *jobs[start : start + _AT_ONCE]], environ)
        if code is None:
            return said
    return None


def ended(
    jobs: Iterable[str], environ: Mapping[str, str], *, run: Run = run_command
) -> frozenset[str]:
    """Return those of these jobs of which the scheduler is sure that they do not run any more.

    Only SLURM is asked. No answer, or another scheduler, proves nothing.
    """
    asked = frozenset(job for job in jobs if re.fullmatch(r"[0-9]+(_[0-9]+)?", job))
    if not asked:
        return frozenset()
    code, said = run(["squeue", "--noheader", "--format=%i", f"--jobs={','.join(asked)}"], environ)
    if code == 0:
        return asked - frozenset(said.split())
    # So it answers when the only one that it is asked about is long gone.
    forgotten = code is not None and len(asked) == 1 and _FORGOTTEN in said.lower()
    return asked if forgotten else frozenset()


def nodes(environ: Mapping[str, str], *, run: Run = run_command) -> frozenset[str] | None:
    """Return the host names of SLURM's nodes; None where it does not answer."""
    code, said = run(["sinfo", "--noheader", "--Node", "--format=%n"], environ)
    if code != 0:
        return None
    return frozenset(said.split())
