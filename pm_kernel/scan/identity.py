"""When is a version new: code, declaration or environment differ in a byte that matters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from pm_kernel.domain.methods import Declaration, to_json
from pm_kernel.scan.model import MethodScan

#: Hashed as declaration and as environment, not as code.
_NOT_CODE = frozenset({"method.toml", "pixi.lock"})


def semantic_hash(
    files: Mapping[str, bytes], declaration: Declaration, environment_lock: bytes | None
) -> str:
    """Return the sha256 of what a version is; equal to the latest version's: nothing is new.

    Files count by their bytes, comments and layout included: they move the lines of a traceback,
    ``inspect.getsource`` sees them, and "the same version" is then exactly "the same blobs", which
    anyone can check with git. Pass the committed blobs, so that line endings in the working folder
    make no difference. The declaration counts by meaning, without its description (a better
    sentence must not make every result a result of an older version) and without parameters, which
    follow from the code. ``environment_lock`` is the content of ``pixi.lock``; None: no pixi.
    """
    digest = hashlib.sha256(b"method version 1\n")

    def add(label: str, data: bytes) -> None:
        name = label.encode("utf-8", "surrogateescape")
        digest.update(b"%d %d\n" % (len(name), len(data)) + name + data)

    for path in sorted(files):
        if path not in _NOT_CODE:
            add(f"code {path}", files[path])
    meaning = to_json(declaration)
    # The document is one of the files.
    del meaning["description"], meaning["documented_seconds"]
    for tracked in meaning["tracked"]:
        del tracked["params"]
    for each in meaning["inputs"]:
        del each["description"]
    add("declaration", json.dumps(meaning, sort_keys=True).encode("ascii"))
    if environment_lock is not None:
        add("environment", environment_lock)
    return digest.hexdigest()


def likely_read(scan: MethodScan, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of ``paths`` that the code mentions by name: files it probably reads.

    For files that git ignores (folders end with ``/``), to warn before they are missing in a run.
    """
    mentioned = set(scan.literals)
    words = {part for text in mentioned for part in PurePosixPath(text).parts}
    return tuple(
        path for path in paths if path in mentioned or PurePosixPath(path).name in words | mentioned
    )
