"""What is found out, and said, about the machine that a workspace lies on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pm_kernel.embedded.host import mount_types
from pm_kernel.errors import EngineUnavailable
from pm_kernel.repository.git import Git


def test_mount_points_with_spaces_and_letters_of_any_language_are_read() -> None:
    text = (
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "22 21 0:30 / /mnt/Daten\\040für\\011alle\\134 rw - nfs4 server:/x rw\n"
        "23 21 0:31 / /mnt/über rw - tmpfs none rw\n"
        "24 21 0:32 / /mnt/über rw - fuse.sshfs none rw\n"
    )
    assert mount_types(text.encode()) == {
        "/": "ext4", "/mnt/Daten für\talle\\": "nfs4", "/mnt/über": "fuse.sshfs",
    }  # fmt: skip


def test_a_missing_gitpython_is_not_called_a_missing_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "git"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(EngineUnavailable, match="GitPython") as caught:
        Git(tmp_path)
    assert "pip install" in str(caught.value.hint)
