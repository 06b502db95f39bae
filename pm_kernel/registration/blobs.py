"""A method as git has it: content by path, links as the path that they lead to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import PurePosixPath

from pm_kernel.domain.methods import Declaration
from pm_kernel.scan import MethodScan, scan_method, semantic_hash
from pm_kernel.scan.workflow_document import SUFFIX

LOCK_FILE = "pixi.lock"
#: Links that lead to links are followed so far.
_MAX_LINKS = 5
_LONGEST_LINK = 500


def scan_blobs(blobs: Mapping[str, bytes]) -> MethodScan:
    """Scan a method as git has it."""
    return scan_method(sources(blobs), names=blobs)


def sources(blobs: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a method that are scanned, links between Python files followed."""
    return {path: _followed(path, blobs) for path in blobs if path.endswith((".py", SUFFIX))}


def content_hash(blobs: Mapping[str, bytes], declaration: Declaration) -> str:
    """Hash of code, declaration and environment: equal means nothing is new."""
    return semantic_hash(blobs, declaration, blobs.get(LOCK_FILE))


def lock_hash(blobs: Mapping[str, bytes]) -> str | None:
    """Hash of the frozen environment; None: the method has none of its own."""
    lock = blobs.get(LOCK_FILE)
    return None if lock is None else hashlib.sha256(lock).hexdigest()


def _followed(path: str, blobs: Mapping[str, bytes]) -> bytes:
    for _ in range(_MAX_LINKS):
        target = _target(path, blobs[path])
        if target not in blobs:
            break
        path = target
    return blobs[path]


def _target(path: str, data: bytes) -> str:
    """The path a link leads to; "" where the content is no link to a Python file."""
    if len(data) > _LONGEST_LINK or b"\n" in data or not data.endswith(b".py"):
        return ""
    parts: list[str] = []
    for part in (*PurePosixPath(path).parent.parts, *data.decode("utf-8", "replace").split("/")):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
