"""A methods repository as people and programs around it see it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pm_kernel.repository import MethodsRepository

RUN = b"def run(output_dir):\n    pass\n"


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    result = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, check=False, timeout=60
    )
    if check and result.returncode != 0:
        raise AssertionError(f"git {arguments}: {result.stderr.decode()}")
    return result.stdout.decode("utf-8", "surrogateescape")


def write(repository: MethodsRepository, method: str = "mod/measure", **files: bytes) -> Path:
    folder = repository.folder / method
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (files or {"run.py": RUN}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def record(
    repository: MethodsRepository, version: int = 1, method: str = "measure", text: str = ""
):
    snapshot = repository.snapshot("mod", method)
    return repository.commit_method(snapshot, version, text)


def status(repository: MethodsRepository) -> str:
    return git(repository.top, "status", "--porcelain", "--untracked-files=all")


class Theirs:
    """Somebody's staged, changed and new files, and how git sees them."""

    def __init__(self, top: Path) -> None:
        self.top = top
        for name in ("committed.txt", "staged.txt", "dirty.txt", "both.txt", "gone.txt"):
            (top / name).write_text("1")
        git(top, "add", ".")
        git(top, "commit", "-q", "-m", "theirs")
        for name in ("staged.txt", "both.txt"):
            (top / name).write_text("2")
        git(top, "add", "staged.txt", "both.txt")
        git(top, "rm", "-q", "gone.txt")
        (top / "both.txt").write_text("3")
        (top / "dirty.txt").write_text("2")
        (top / "new.txt").write_text("1")
        (top / "intended.txt").write_text("1")
        git(top, "add", "-N", "intended.txt")
        self.before = self.seen()
        assert "MM both.txt" in self.before[0]

    def seen(self) -> tuple[str, str, str]:
        return (
            git(self.top, "status", "--porcelain"),
            git(self.top, "diff", "--cached"),
            git(self.top, "diff"),
        )
