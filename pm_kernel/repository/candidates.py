"""Files of a method as they lie on disk: which git leaves out, and which are too large for it."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence

from pm_kernel.errors import InvalidInput
from pm_kernel.repository.model import IgnoredFile, LargeFile
from pm_kernel.repository.place import Place
from pm_kernel.repository.snapshot import recorded_paths

#: Caches and environments: ignored on purpose, read by no method.
_NOISE = frozenset({
    "__pycache__", ".pixi", ".venv", "venv", ".ipynb_checkpoints", ".mypy_cache", ".ruff_cache",
    ".pytest_cache", ".DS_Store", ".idea", ".vscode", "node_modules",
})  # fmt: skip


def ignored_files(place: Place, below: str) -> list[IgnoredFile]:
    """Files below a folder that git leaves out, with the rule; caches are not listed."""
    listing = place.git.answer(
        "ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory",
        "--", f"{below}/", check=True,
    )  # fmt: skip
    paths = [path for path in listing.items() if not _is_noise(path.removeprefix(f"{below}/"))]
    if not paths:
        return []
    return _ruled(place, below, paths)


def ignored_names(place: Place, below: str, names: Iterable[str]) -> list[IgnoredFile]:
    """Those of ``names`` that git would leave out of a folder, be they there or not; caches too."""
    return _ruled(place, below, [f"{below}/{name}" for name in names])


def _ruled(place: Place, below: str, paths: Sequence[str]) -> list[IgnoredFile]:
    # ./ because a name that begins with a colon would be read as a pattern
    stdin = "".join(f"./{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    found = place.git.answer("check-ignore", "-v", "-z", "--stdin", "--no-index", stdin=stdin)
    if found.status > 1:  # 1: git ignores none of them
        raise InvalidInput(f"git cannot say what it ignores below {below}: {found.error.strip()}.")
    return [
        IgnoredFile(path.removeprefix(f"./{below}/"), pattern, f"{source}:{line}")
        for source, line, pattern, path in zip(*[iter(found.items())] * 4, strict=True)
        # A rule with ! is shown as well: it keeps the file.
        if not pattern.startswith("!")
    ]


def _is_noise(path: str) -> bool:
    parts = path.rstrip("/").split("/")
    return any(part in _NOISE for part in parts) or path.endswith(".pyc")


def large_files(place: Place, below: str, limit: int) -> list[LargeFile]:
    """Files below a folder that would be committed and have more than ``limit`` bytes."""
    found = []
    for path in recorded_paths(place, below):
        try:
            status = (place.top / path).lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISREG(status.st_mode) and status.st_size > limit:
            found.append(LargeFile(path.removeprefix(f"{below}/"), status.st_size))
    return sorted(found, key=lambda each: (-each.size, each.path))
