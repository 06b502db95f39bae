"""The door to pictures of images: an open file in, a small PNG file and what is known of it out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, Any

from pm_kernel.domain.names import shown
from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import InvalidInput

#: Pixels of the longest side of a picture; a smaller image keeps its size.
LONGEST = 1024
#: Seconds that somebody waits for a picture.
_PATIENCE = 30
_SAVE = "Save it to look at it."


@dataclass(frozen=True)
class Picture:
    """A plane of an image as PNG, and what it is a picture of."""

    facts: dict[str, Any]
    png: bytes


def draw(
    stream: IO[bytes],
    path: str,
    *,
    plane: int = 1,
    longest: int = LONGEST,
    patience: float = _PATIENCE,
) -> Picture:
    """Draw one ``plane`` (from 1) of the image in ``stream``, in a process of its own.

    The process gets the open file and nothing else, so that it reads this file whatever its content
    says. Raises InvalidInput with the reason where it cannot be drawn.
    """
    # -P: no module is taken from the folder that the server happens to be in.
    command = [sys.executable, "-P", "-m", "pm_server.pictures.child", str(plane), str(longest)]
    try:
        done = subprocess.run(
            command,
            stdin=stream,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _refused(path, f"drawing it takes longer than {patience:g} seconds", _SAVE) from None
    head, _, png = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        reason = (
            f"its reader ended without a picture (exit {done.returncode}), as for want of memory"
        )
        raise _refused(path, reason, _SAVE)
    facts: dict[str, Any] = json.loads(head)
    if "refused" in facts:
        raise _refused(path, facts["refused"], facts["hint"] or _SAVE)
    return Picture(facts, png)


def _refused(path: str, reason: str, hint: str) -> InvalidInput:
    return InvalidInput(f"{shown(path)} cannot be shown: {storable_text(reason)}.", hint=hint)
