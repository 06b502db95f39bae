"""The run store: whether runs can be written there, and stay as they were written."""

from __future__ import annotations

import errno
import os
import shlex
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pm_kernel.artifacts.layout import store_error
from pm_kernel.artifacts.probe import probe
from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, notice, ok, problem

_MB = 2**20
#: Below it a run of any size can fail at any moment.
NO_SPACE = 256 * _MB
LITTLE_SPACE = 5 * 1024 * _MB
#: Each run has about ten files beside its outputs.
NO_FILES = 1_000
FEW_FILES = 50_000
#: Seconds by which a file server's clock may differ: heartbeats are file times.
CLOCK_TOLERANCE = 5.0

#: Finished runs whose modes are looked at.
LOOKED_AT = 20

IN_MEMORY = ("tmpfs", "ramfs")
#: File systems that other machines serve or see, by the beginnings of their names.
NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "lustre",
    "gpfs",
    "beegfs",
    "ceph",
    "afs",
    "fuse.",
    "9p",
    "glusterfs",
)


def look(case: Case) -> Iterator[Check]:
    """Write one file the way a run does, and look at the disk it lies on."""
    store = case.workspace.runs_dir
    if not store.is_dir():
        # The check of the workspace says how to make it.
        yield problem("run store", f"{store} does not exist, so no run can be recorded.")
        return
    found = [*_writing(case, store), *_space(case, store), *_access(case, store)]
    if not any(check.state == "problem" for check in found):
        free = case.doors.statvfs(store)
        told = f"{store} can be written, {_size(free.f_bavail * free.f_frsize)} free"
        yield ok(
            "run store",
            told,
            path=str(store),
            free_bytes=free.f_bavail * free.f_frsize,
            file_system=case.doors.file_system(store),
        )
    yield from found


def is_network(kind: str) -> bool:
    """Whether a file system of this type is served by another machine."""
    return kind.startswith(NETWORK)


def _writing(case: Case, store: Path) -> Iterator[Check]:
    try:
        found = probe(store)
    except OSError as error:
        yield _refused(store, error)
        return
    if not found.keeps_modes:
        yield notice(
            "run store",
            f"{store} lies on a file system ({case.doors.file_system(store) or 'unknown'}) that "
            "does not keep modes: finished runs are not protected against changes, though changes "
            "are still found.",
            "Put the workspace on a file system of Linux or macOS itself.",
        )
    yield from _clock(case.doors.now(), found.written_at)


def _refused(store: Path, error: OSError) -> Check:
    if error.errno == errno.EXDEV:
        return problem(
            "run store",
            f"{store / '.partial'} and {store} lie on different disks, so that runs cannot get "
            "their final name in one step.",
            f"Move {store / '.partial'} back into {store} as an ordinary folder.",
        )
    told = store_error(store, error)
    if told is None:
        return problem(
            "run store",
            f"{store} cannot be written: {error.strerror or error}.",
            "Mend the disk, or move the workspace.",
        )
    hint = told.hint
    if error.errno in (errno.EACCES, errno.EPERM):
        hint = f"sudo chown -R {os.geteuid()} {shlex.quote(str(store))}"
    return problem("run store", f"{told.message} {_owned(store)}", hint)


def _clock(now: datetime, made: float) -> Iterator[Check]:
    ahead = made - now.timestamp()
    if abs(ahead) > CLOCK_TOLERANCE:
        yield notice(
            "run store",
            f"The clock of the run store's disk is {abs(ahead):.0f} s "
            f"{'ahead of' if ahead > 0 else 'behind'} this machine's; signs of life are compared "
            "by it.",
            "Let both use the same time server (timedatectl set-ntp true).",
            ahead_seconds=ahead,
        )


def _space(case: Case, store: Path) -> Iterator[Check]:
    free = case.doors.statvfs(store)
    available = free.f_bavail * free.f_frsize
    details = {"free_bytes": available, "free_files": free.f_favail}
    hint = f"df -h {shlex.quote(str(store))}  shows the disk; free some space there."
    if available < NO_SPACE:
        yield problem("run store", f"Its disk has {_size(available)} left.", hint, **details)
    elif available < LITTLE_SPACE:
        yield notice("run store", f"Its disk has {_size(available)} left.", hint, **details)
    # Some file systems make them as needed, and say 0 of 0.
    if free.f_files > 0 and free.f_favail < FEW_FILES:
        say = problem if free.f_favail < NO_FILES else notice
        yield say(
            "run store",
            f"Its disk has room for {free.f_favail} more files (inodes).",
            f"df -i {shlex.quote(str(store))}  shows it; remove files there that nobody needs.",
            **details,
        )


def _access(case: Case, store: Path) -> Iterator[Check]:
    mode = stat.S_IMODE(store.stat().st_mode)
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        yield notice(
            "run store",
            f"Everybody on this machine can add and remove runs (mode {mode:04o}).",
            f"chmod o-w {shlex.quote(str(store))}",
        )
    kind = case.doors.file_system(store)
    if is_network(kind):
        yield notice(
            "run store",
            f"It lies on a network file system ({kind}), whose server must keep fsync and rename.",
            "Right for a cluster; for one machine alone a disk of its own is faster and safer.",
            file_system=kind,
        )

    if kind in IN_MEMORY:
        yield notice(
            "run store",
            f"It lies in memory ({kind}): everything in it is gone when this machine stops.",
            "Move the workspace to a disk.",
            file_system=kind,
        )
    unlocked = [folder.name for folder in _latest(store) if _can_change(folder)]
    if unlocked:
        yield notice(
            "run store",
            f"{len(unlocked)} of the latest runs can be changed, for example {unlocked[0]}; copied "
            "without their modes, perhaps. What was changed is still found.",
            f"chmod -R a-w {shlex.quote(str(store))}/[0-9]*",
            runs=unlocked,
        )


def _latest(store: Path) -> list[Path]:
    folders = [each for each in store.iterdir() if each.name.isdigit()]
    return sorted(folders, key=lambda each: int(each.name))[-LOOKED_AT:]


def _can_change(folder: Path) -> bool:
    try:
        modes = folder.stat().st_mode | (folder / "meta.json").stat().st_mode
    except OSError:
        # Being sealed, or not whole: a check of its content says so.
        return False
    return bool(modes & 0o222)


def _owned(path: Path) -> str:
    try:
        owner = path.owner()
    except (KeyError, OSError):
        owner = f"uid {path.stat().st_uid}"
    return f"It belongs to {owner}."


def _size(number: float) -> str:
    for unit in ("B", "KB", "MB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} GB"
