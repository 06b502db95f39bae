"""Files that the method opened beside its declared inputs.

Seen through Python's audit events, so what compiled libraries open by themselves is not seen. It is
a hint that an input was forgotten, no proof of the opposite.
"""

from __future__ import annotations

import os
import sys

from .imported import environment_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Different files remembered while the method runs, and named afterwards.
_MAX_SEEN = 5000
MAX_NAMED = 20
#: How the notice begins that names them.
BESIDE = "It read files that are none of its inputs"
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: The system's own files, and what libraries keep in a home folder: no inputs of an analysis.
_SYSTEM = (
    *("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib/", "/lib64/", "/bin/", "/sbin/"),
    *("/run/user/", "/run/systemd/", "/System/", "/Library/", "/private/etc/"),
)
_HOME = (
    *(".cache", ".config", ".local", ".matplotlib", ".ipython", ".jupyter", ".keras"),
    *(".astropy", ".pixi", ".conda", ".fonts"),
)
_COMPILED = (".pyc", ".so", ".pyd", ".pth")


class Reads:
    """Watches this process from ``watch()`` on; audit hooks cannot be taken away again."""

    def __init__(self) -> None:
        #: Path -> whether the first open was for reading.
        self._opened: dict[str, bool] = {}

    def watch(self) -> None:
        """Begin."""
        opened = self._opened

        def hook(event: str, args: tuple[Any, ...]) -> None:
            if event != "open":
                return
            path, _, flags = args
            kind = type(path)
            if kind is int or len(opened) >= _MAX_SEEN:
                return
            try:
                text = path if kind is str else os.fsdecode(path)
                if not text.startswith("/"):
                    text = os.path.abspath(text)
                if text not in opened:
                    opened[text] = not (flags or 0) & _WRITING
            except Exception:  # noqa: BLE001 - an error here would break the method's own open()
                return

        sys.addaudithook(hook)

    def undeclared(self, declared: list[str], own: list[str]) -> list[str]:
        """Return files read that lie in none of the ``declared`` inputs nor ``own`` folders.

        What the method wrote first is its own, and so is everything the environment holds.
        """
        home = os.path.expanduser("~")
        libraries = [os.path.join(home, name) + os.sep for name in _HOME]
        covered = {*declared, *(os.path.realpath(path) for path in declared)}
        inside = tuple(
            path.rstrip(os.sep) + os.sep
            for path in {*covered, *own, *(os.path.realpath(folder) for folder in own)}
        )
        ignored = (*inside, *environment_folders(), *_SYSTEM, *libraries)
        beside = []
        for path, was_read in list(self._opened.items()):
            real = os.path.realpath(path)
            if not was_read or {path, real} & covered or path.endswith(_COMPILED):
                continue
            if path.startswith(ignored) or real.startswith(ignored) or not os.path.isfile(real):
                continue
            beside.append(path)
        return beside
