"""What local tasks share: the processors and the memory that this process may really use.

In a container or a batch job that is less than the machine has. Nextflow's Java looks at the same
control groups; a step that asks for more than it finds would end the whole plan.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from pm_kernel.nextflow.ir import Limits

_ROOT = Path("/sys/fs/cgroup")
_SELF = Path("/proc/self/cgroup")


def machine_limits(*, root: Path = _ROOT, groups: Path = _SELF) -> Limits:
    """Return processors and memory, the limits of control groups (v1 and v2) included."""
    memory = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    cpus = [float(_usable_processors())]
    for folder in _folders(root, groups, "memory"):
        memory += _numbers(folder / "memory.max") + _numbers(folder / "memory.limit_in_bytes")
    for folder in _folders(root, groups, "cpu"):
        cpus += _quota(folder)
    return Limits(cpus=max(1, math.ceil(min(cpus))), memory_bytes=min(memory))


def _usable_processors() -> int:
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return (os.cpu_count() or 1) if affinity is None else len(affinity(0))


def _folders(root: Path, groups: Path, controller: str) -> Iterator[Path]:
    """Yield the control groups of this process, inner to outer: each of them limits it.

    Inside a container the paths may be those of the host; the group it can see is then the root.
    """
    try:
        lines = groups.read_text(encoding="utf-8").splitlines()
    except OSError:
        # Not Linux.
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root / controllers if controllers else root
        inner = base / path.lstrip("/")
        for folder in (inner, *inner.parents):
            yield folder
            if folder == base:
                break


def _quota(folder: Path) -> list[float]:
    """Processors that a group may use at once: a share of each period."""
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()[:2]
    except (OSError, ValueError):
        quotas = _numbers(folder / "cpu.cfs_quota_us")
        periods = _numbers(folder / "cpu.cfs_period_us")
        return [q / p for q, p in zip(quotas, periods, strict=False)]
    return [] if quota == "max" else [int(quota) / int(period)]


def _numbers(file: Path) -> list[int]:
    """Return the one number in a file; nothing where there is no limit ("max", -1) or no file."""
    try:
        number = int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return []
    return [number] if number > 0 else []
