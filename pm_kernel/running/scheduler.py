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
#: Every job that SLURM shows, however a partition is hidden, by each name that it may go by: that
#: of an array's element, the number that its processes see, and the array's.
_LIST = ("squeue", "--noheader", "--all", "--array", "--format=%i %A %F")
#: What `squeue` says of jobs that it has forgotten.
_FORGOTTEN = "invalid job id"
#: Variables by which people choose what SLURM's commands show them, and which jobs they end.
_CHOICES = ("SQUEUE_", "SCANCEL_", "SINFO_")


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
        code, said = run([*command, *jobs[start : start + _AT_ONCE]], _whole(environ))
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
    code, said = run([*_LIST, f"--jobs={','.join(sorted(asked))}"], _whole(environ))
    if code not in (0, None) and _FORGOTTEN in said.lower():
        # So it answers when it is asked about one that is long gone.
        if len(asked) == 1:
            return asked
        code, said = run(_LIST, _whole(environ))
    return asked - frozenset(said.split()) if code == 0 else frozenset()


def nodes(environ: Mapping[str, str], *, run: Run = run_command) -> frozenset[str] | None:
    """Return the host names of SLURM's nodes; None where it does not answer."""
    code, said = run(["sinfo", "--noheader", "--Node", "--format=%n"], _whole(environ))
    if code != 0:
        return None
    return frozenset(said.split())


def _whole(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which nothing hides jobs or nodes, or asks before one is ended."""
    return {name: text for name, text in environ.items() if not name.startswith(_CHOICES)}
