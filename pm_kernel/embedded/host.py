"""Which machine this is, and whether another machine can see a folder."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

#: File systems that one kernel mounts at a time, so that a lock on them is the whole truth.
LOCAL_FILE_SYSTEMS = frozenset(
    {"apfs", "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "tmpfs", "xfs", "zfs"}
)


@dataclass(frozen=True)
class Host:
    """A machine since its last boot."""

    name: str
    #: The installation's id; tells two machines of the same name. Empty in most containers.
    machine: str
    #: Changes with every boot.
    boot: str
    local_file_systems: frozenset[str] = LOCAL_FILE_SYSTEMS

    @classmethod
    def current(cls) -> Host:
        """Return the machine this process runs on."""
        return cls(name=os.uname().nodename, machine=_machine_id(), boot=_boot_id())

    def keeps_to_itself(self, path: Path) -> bool:
        """Whether ``path`` lies on a file system that no second machine can have mounted."""
        return file_system(path) in self.local_file_systems


def _machine_id() -> str:
    try:
        return Path("/etc/machine-id").read_text().strip()
    except OSError:
        return ""


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        pass
    import subprocess

    command = ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def file_system(path: Path) -> str:
    """Return the type of the file system ``path`` lies on, "" when it cannot be told."""
    if sys.platform == "darwin":
        return _file_system_macos(path)
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return ""
    return _deepest(path, mount_types(mounts))


def mount_types(mountinfo: bytes) -> dict[str, str]:
    """Return mount point -> type of file system from the text of ``/proc/self/mountinfo``."""
    found: dict[str, str] = {}
    for line in mountinfo.split(b"\n"):
        left, dash, right = line.partition(b" - ")
        if dash:
            # Bytes of a file name, but for spaces and the like, which are octal escapes. A later
            # line mounted over the same folder hides the earlier one.
            point = re.sub(
                rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), left.split(b" ")[4]
            )
            found[os.fsdecode(point)] = right.split(b" ")[0].decode("ascii", "replace")
    return found


def _file_system_macos(path: Path) -> str:
    import subprocess

    found: dict[str, str] = {}
    mounts = subprocess.run(["/sbin/mount"], capture_output=True, text=True).stdout
    for line in mounts.splitlines():  # /dev/disk3s5 on /System/Volumes/Data (apfs, local, …)
        before, _, flags = line.rpartition(" (")
        found[before.partition(" on ")[2]] = flags.split(",")[0]
    return _deepest(path, found)


def _deepest(path: Path, types: dict[str, str]) -> str:
    for folder in (path.resolve(), *path.resolve().parents):
        if (kind := types.get(str(folder))) is not None:
            return kind
    return ""
