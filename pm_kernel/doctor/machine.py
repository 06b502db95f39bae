"""The machine and the user's folders on it; no workspace is needed."""

from __future__ import annotations

import os
import platform
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pm_kernel import __version__
from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, notice, ok, problem
from pm_kernel.nextflow.launching import machine_limits

OLDEST_PYTHON = (3, 11)
#: What Nextflow's task scripts call.
PROGRAMS = ("bash", "ps", "awk", "sed", "grep", "date", "tail", "tee")
_GB = 2**30
#: Nextflow and PostgreSQL together need about this much before any method runs.
SMALL_MEMORY = 2 * _GB
#: Nextflow opens some files for every task under way.
FEW_FILES = 1024
#: A full cache or temporary folder shows in odd places: unpacking, plotting, sorting.
SMALL_FOLDER = _GB // 2
#: Path of the socket of the embedded database below the state folder.
_SOCKET = "sockets/pm-0123456789ab/.s.PGSQL.5432"
_SOCKET_LIMIT = 103 if sys.platform == "darwin" else 107


def look_at_python(_case: Case) -> Iterator[Check]:
    """Say which Python runs this, and on what."""
    version = platform.python_version()
    details = {
        "version": version,
        "executable": sys.executable,
        "product": __version__,
        "system": platform.platform(),
    }
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        told = f"Python {version} is too old: {oldest} or newer is needed."
        yield problem("Python", told, "Make a new environment with a newer Python.", **details)
        return
    yield ok("Python", f"Python {version}, {sys.executable}", **details)


def look_at_size(_case: Case) -> Iterator[Check]:
    """Say how many processors and how much memory there are, and what a container takes away."""
    limits = machine_limits()
    cpus = _usable_cpus()
    memory = min([limits.memory_bytes, *_memory_limits()])
    told = f"{cpus} processors, {memory / _GB:.1f} GB of memory"
    details: dict[str, Any] = {"cpus": cpus, "memory_bytes": memory}
    if memory < SMALL_MEMORY:
        yield notice(
            "machine",
            f"{told}; Nextflow and the database alone use about {SMALL_MEMORY / _GB:.0f} GB.",
            "Run few tasks at once: max_tasks = 1 under [nextflow] in pm.toml.",
            **details,
        )
    elif cpus < limits.cpus or memory < limits.memory_bytes * 0.95:
        yield notice(
            "machine",
            f"{told} for this container, of {limits.cpus} processors and "
            f"{limits.memory_bytes / _GB:.1f} GB; what steps ask for is compared with the latter.",
            "Ask for no more than the container has, in the steps' resources.",
            **details,
        )
    else:
        yield ok("machine", told, **details)
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < FEW_FILES:
        yield notice(
            "machine",
            f"A process may open {files} files here; large plans need more.",
            f"ulimit -n {FEW_FILES * 4}",
            open_files=files,
        )


def look_at_programs(case: Case) -> Iterator[Check]:
    """Look for the programs that every Nextflow task calls, and whether ``ps`` is the full one."""
    missing = [name for name in PROGRAMS if case.which(name) is None]
    if missing:
        yield problem(
            "system programs",
            f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} not on PATH; "
            "Nextflow's tasks need it.",
            "Install them with the system's packages (`ps` is in procps): "
            "apt-get install procps, dnf install procps-ng",
            missing=missing,
        )
        return
    answer = case.doors.run(["ps", "-e", "-o", "pid=", "-o", "ppid="], case.environ, 20)
    pids = (
        set() if answer is None else {line.split()[0] for line in answer.output.split("\n") if line}
    )
    if answer is None or answer.code != 0 or str(os.getpid()) not in pids:
        said = "it does not start" if answer is None else answer.output.strip().split("\n")[0][:100]
        yield problem(
            "system programs",
            f"{case.which('ps')} does not list processes as Nextflow needs it: {said}.",
            "Install the full `ps`: apt-get install procps, dnf install procps-ng",
        )
        return
    yield ok("system programs", f"{_listed(PROGRAMS)} are there")


def look_at_folders(case: Case) -> Iterator[Check]:
    """Look whether the user's own folders can be written, and hold something."""
    wrong = False
    for what, folder, variable in (
        ("state", case.state_dir, "PM_STATE_DIR"),
        ("cache", case.cache_dir, "PM_CACHE_DIR"),
        ("temporary", Path(tempfile.gettempdir()), "TMPDIR"),
    ):
        there = _nearest(folder)
        if not os.access(there, os.W_OK | os.X_OK):
            yield problem(
                "user folders",
                f"The {what} folder {folder} cannot be written: {_owner(there)}.",
                f"Name another one with {variable}, or: sudo chown {os.geteuid()} {there}",
                folder=str(folder),
            )
            wrong = True
            continue
        free = case.doors.statvfs(there)
        available = free.f_bavail * free.f_frsize
        if available < SMALL_FOLDER:
            yield notice(
                "user folders",
                f"The {what} folder {folder} has {available / 2**20:.0f} MB left.",
                f"Free some space there, or name another one with {variable}.",
                folder=str(folder),
                free_bytes=available,
            )
            wrong = True
    if len(os.fsencode(case.state_dir / _SOCKET)) > _SOCKET_LIMIT:
        yield notice(
            "user folders",
            f"The path of the state folder {case.state_dir} is too long for a socket; the "
            "database's sockets go to a private folder in /var/tmp.",
            "Name a shorter one with PM_STATE_DIR, if that matters.",
        )
        wrong = True
    if not wrong:
        yield ok(
            "user folders",
            f"{case.state_dir} and {case.cache_dir} can be written",
            state=str(case.state_dir),
            cache=str(case.cache_dir),
        )


def _usable_cpus() -> int:
    if hasattr(os, "sched_getaffinity"):
        cpus = len(os.sched_getaffinity(0))
    else:
        cpus = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return cpus
    return cpus if quota == "max" else max(1, min(cpus, round(int(quota) / int(period))))


def _memory_limits() -> Iterator[int]:
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            text = Path("/sys/fs/cgroup", name).read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            yield int(text)


def _nearest(folder: Path) -> Path:
    """Return the folder itself, or the one above in which it would be made."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _owner(folder: Path) -> str:
    try:
        return f"{folder} belongs to {folder.owner()}"
    except KeyError:
        return f"{folder} belongs to uid {folder.stat().st_uid}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
