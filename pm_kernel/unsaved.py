"""Unsaved drawings: what a person draws, kept as it is, until it is saved or thrown away.

A plan or a template must be free of faults to be stored; what is being drawn is not yet. So it is
kept as a file of its own, ``.runs/drawings/KEY.json``, which no plan, run or record rests on:
another browser, or the same one with nothing remembered, finds it there.

There is an end to it: a new one that would be one too many, and one that is too large, are refused
with the reason. Nothing is thrown away unasked but what holds nothing, once it is a week old.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import writing
from pm_kernel.artifacts.mirror import replace
from pm_kernel.config import Settings
from pm_kernel.domain.names import shown
from pm_kernel.errors import Conflict, InvalidInput, NotFound
from pm_kernel.repository.locks import make_folder, open_lock

#: A drawing of five thousand steps is a tenth of it.
MOST_BYTES = 32 << 20
#: More of them nobody finds anything in.
MOST_KEPT = 500
#: So long one that holds nothing may still be drawn into.
_EMPTY_FOR = timedelta(days=7)
#: What a file system answers that has no locks.
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL})
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


@dataclass(frozen=True)
class UnsavedDrawing:
    """One drawing, and who changed it last."""

    key: str
    #: As it was given; what is in it is for the one who draws.
    content: Mapping[str, Any]
    user: str
    changed_at: datetime
    #: Another one whenever anything of it is.
    revision: str


def list_unsaved(settings: Settings) -> list[UnsavedDrawing]:
    """Return the unsaved drawings, the one that was changed last first."""
    found = (_read(path) for path in _folder(settings).glob("*.json"))
    kept = [each for each in found if each is not None]
    return sorted(kept, key=lambda each: (each.changed_at, each.key), reverse=True)


def get_unsaved(settings: Settings, key: str) -> UnsavedDrawing:
    """Return one unsaved drawing. Raises NotFound."""
    found = _read(_path(settings, key))
    if found is None:
        raise NotFound(
            f"There is no unsaved drawing {shown(key)}.", hint="It was saved or thrown away."
        )
    return found


def keep_unsaved(
    settings: Settings, key: str, content: Mapping[str, Any], *, expected: str | None
) -> UnsavedDrawing:
    """Keep a drawing under its key; ``expected`` is the revision that was seen, None: none was.

    What is there already is not kept anew: who asks again, for the first answer was lost, is
    answered the same. Raises Conflict where somebody else changed it meanwhile, and keeps theirs;
    InvalidInput for a key that is none, for what is too large, and for a new one where there are
    ``MOST_KEPT``; StoreUnavailable when it cannot be written.
    """
    path = _path(settings, key)
    kept = {"user": settings.user, "changed_at": datetime.now(UTC).isoformat(), "content": content}
    text = json.dumps(kept, allow_nan=False).encode()
    if len(text) > MOST_BYTES:
        raise InvalidInput(
            f"The drawing is larger than {MOST_BYTES >> 20} MB.",
            hint="Save it under a name, or draw it as several pipelines.",
        )
    with _changing(settings):
        before = _read(path)
        # What is gone may be kept anew: nobody's work is lost by that.
        if before is not None and _same(before.content, content):
            return before
        if before is not None and before.revision != expected:
            raise Conflict(
                f"The unsaved drawing {shown(key)} was changed meanwhile by {before.user}.",
                hint="Keep yours under a key of its own.",
            )
        if before is None:
            _make_room(settings)
        replace(path, text)
    return _as_read(key, text)


def forget_unsaved(settings: Settings, key: str, *, expected: str) -> None:
    """Remove a drawing that was saved or thrown away; one that is gone is no fault.

    Raises Conflict where somebody else changed it meanwhile, and StoreUnavailable.
    """
    path = _path(settings, key)
    with _changing(settings):
        before = _read(path)
        if before is not None and before.revision != expected:
            raise Conflict(
                f"The unsaved drawing {shown(key)} was changed meanwhile by {before.user}.",
                hint="Open it to see what is new.",
            )
        path.unlink(missing_ok=True)


def _make_room(settings: Settings) -> None:
    """Remove what holds nothing and is old; refuse a new one where there are too many."""
    kept = list_unsaved(settings)
    old = datetime.now(UTC) - _EMPTY_FOR
    empty = [each for each in kept if each.changed_at < old and _is_empty(each.content)]
    for each in empty:
        _path(settings, each.key).unlink(missing_ok=True)
    if len(kept) - len(empty) >= MOST_KEPT:
        raise InvalidInput(
            f"There are {MOST_KEPT} drawings that are not saved: no more are kept.",
            hint="Save those that are wanted under a name, and throw away the others; the left "
            "panel lists them.",
        )


def _is_empty(content: Mapping[str, Any]) -> bool:
    """Whether nothing is drawn, asked for or changed in it."""
    document = content.get("document")
    if not isinstance(document, dict) or content.get("template") is not None:
        return False
    layout = document.get("layout")
    drawn = [document.get("steps"), content.get("request"), content.get("draft")]
    if isinstance(layout, dict):
        drawn += [layout.get("frames"), layout.get("comments")]
    return not any(drawn)


def _folder(settings: Settings) -> Path:
    return settings.runs_dir / "drawings"


def _path(settings: Settings, key: str) -> Path:
    if _KEY.fullmatch(key) is None:
        raise InvalidInput(f"{shown(key)} is no key of a drawing: letters, digits and '-' only.")
    return _folder(settings) / f"{key}.json"


@contextmanager
def _changing(settings: Settings) -> Iterator[None]:
    """One after the other, whichever process asks: what is compared is what is replaced."""
    folder = _folder(settings)
    with writing(settings.runs_dir):
        make_folder(folder)
        descriptor = open_lock(folder / ".lock")
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            except OSError as error:
                # Without locks two could write at once; what is drawn is kept all the same.
                if error.errno not in _NO_LOCKS:
                    raise
            yield
        finally:
            os.close(descriptor)


def _read(path: Path) -> UnsavedDrawing | None:
    """Return what a file has; None where it is gone, or is no drawing."""
    try:
        return _as_read(path.stem, path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _as_read(key: str, text: bytes) -> UnsavedDrawing:
    kept = json.loads(text)
    if not isinstance(kept["content"], dict):
        raise TypeError("A drawing is a table.")
    return UnsavedDrawing(
        key=key,
        content=kept["content"],
        user=str(kept["user"]),
        changed_at=datetime.fromisoformat(kept["changed_at"]),
        revision=hashlib.sha256(text).hexdigest(),
    )


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether they are the same text: their steps have an order, and 1 is not true."""
    return json.dumps(one) == json.dumps(other)
