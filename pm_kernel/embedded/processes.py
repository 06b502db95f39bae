"""Processes of a server, told apart from others that later got the same number.

A process is the pair of its number and its start: clock ticks since boot on Linux
(``/proc/PID/stat``, field 22), ``ps -o lstart`` on macOS. The server's processes all carry the name
of their start (``cluster_name``) in their command line, which everybody may read, also root in a
container without the right to look into other users' processes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_LINUX = sys.platform.startswith("linux")


def start_of(pid: int) -> str | None:
    """Return when process ``pid`` started, None when it does not live (a zombie does not)."""
    if not _LINUX:
        return _start_by_ps(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets and may itself hold brackets and spaces.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZXx" else fields[19]


def carries(pid: int, name: str) -> bool:
    """Whether the command line of ``pid`` holds ``name``."""
    if not _LINUX:
        return name in _ps("-o", "command=", "-p", str(pid))
    try:
        return name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def named(name: str, uid: int) -> list[int]:
    """Return the living processes of ``uid`` whose command line holds ``name``."""
    if not _LINUX:
        rows = (
            line.split(None, 2) for line in _ps("-axww", "-o", "pid=,uid=,command=").split("\n")
        )
        return [int(r[0]) for r in rows if len(r) == 3 and int(r[1]) == uid and name in r[2]]
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        try:
            owner = entry.stat().st_uid
        except OSError:
            continue
        if owner == uid and carries(pid, name) and start_of(pid) is not None:
            found.append(pid)
    return found


def _start_by_ps(pid: int) -> str | None:
    state, _, start = _ps("-o", "stat=,lstart=", "-p", str(pid)).strip().partition(" ")
    return None if not state or state.startswith("Z") else " ".join(start.split())


def _ps(*arguments: str) -> str:
    import subprocess

    answer = subprocess.run(
        ["/bin/ps", *arguments], capture_output=True, text=True, env={"LC_ALL": "C", "TZ": "UTC"}
    )
    return answer.stdout
