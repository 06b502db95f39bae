"""The door to pictures of images: an open file in, a small PNG file and what is known of it out."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, Any

from pm_kernel.config import process_environ
from pm_kernel.domain.names import shown
from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import InvalidInput

#: Pixels of the longest side of a picture; a smaller image keeps its size.
LONGEST = 1024
#: Seconds that somebody waits for a picture.
_PATIENCE = 30
_SAVE = "Save it to look at it."
#: Of the server's environment, what an interpreter and its libraries are found by, wherever they
#: come from. The rest is none of an image's business: there are passwords and tokens in it.
_KEPT = frozenset(
    {
        *("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE"),
        *("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR"),
        *("PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONUTF8"),
        *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
        *("LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
        *("DYLD_FRAMEWORK_PATH", "DYLD_FALLBACK_FRAMEWORK_PATH"),
    }
)

_log = logging.getLogger(__name__)


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
    patience: float | None = None,
) -> Picture:
    """Draw one ``plane`` (from 1) of the image in ``stream``, in a process of its own.

    The process gets the open file and nothing else of the server's, so that it reads this file
    whatever its content says. Raises InvalidInput with the reason where it cannot be drawn.
    """
    patience = _PATIENCE if patience is None else patience
    # -P: no module is taken from the folder that the server happens to be in.
    command = [sys.executable, "-P", "-m", "pm_server.pictures.child", str(plane), str(longest)]
    try:
        done = subprocess.run(
            command,
            stdin=stream,
            capture_output=True,
            env={name: value for name, value in process_environ().items() if name in _KEPT},
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _refused(path, f"drawing it takes longer than {patience:g} seconds", _SAVE) from None
    head, _, png = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        reason = f"its reader ended without a picture (exit {done.returncode})"
        said = done.stderr.decode("utf-8", "replace").strip()
        if done.returncode > 0 and said:
            # It never came to the image.
            _log.error("The reader of images does not work: %s", shown(said.splitlines()[-1], 500))
            raise _refused(path, reason, "The log of the Jupyter server says why.")
        raise _refused(path, f"{reason}, as for want of memory", _SAVE)
    facts: dict[str, Any] = json.loads(head)
    if "refused" in facts:
        raise _refused(path, facts["refused"], facts["hint"] or _SAVE)
    return Picture(facts, png)


def _refused(path: str, reason: str, hint: str) -> InvalidInput:
    return InvalidInput(f"{shown(path)} cannot be shown: {storable_text(reason)}.", hint=hint)
