"""Names of modules and methods: they become folders, tags and parts of process names."""

from __future__ import annotations

import re
import unicodedata

from pm_kernel.domain.declared import name_fault
from pm_kernel.domain.names import shown
from pm_kernel.errors import InvalidInput
from pm_kernel.scan.folder import SKIPPED_FOLDERS

#: Folders that tools make, into which no scan looks; ``data`` is never committed.
_RESERVED = frozenset({*(name.lower() for name in SKIPPED_FOLDERS), "data", "head"})


def fitting_name(text: str, otherwise: str) -> str:
    """The nearest name to ``text`` that a module or method can have."""
    # A letter with a mark is that letter, so far as it goes: "zählen" is "zahlen", not "z_hlen".
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    bare = "".join(each for each in plain if not unicodedata.combining(each))
    fitting = re.sub(r"[^A-Za-z0-9_-]+", "_", bare).strip("_-0123456789")[:80]
    return fitting if name_fault(fitting) is None else otherwise


def check_name(kind: str, name: str, *, of_folder: bool = False) -> str:
    """Return ``name`` if a module or a method (``kind``) can have it; raises InvalidInput.

    ``of_folder``: nobody gave it, the folder is called so.
    """
    fault = name_fault(name)
    if fault is not None:
        fitting = fitting_name(name, f"my_{kind}")
        raise InvalidInput(
            f"A {kind} cannot be called {shown(name)}: its name {fault}.",
            hint=f"The folder may be called so; give the {kind} another name: `--name {fitting}`"
            if of_folder
            else f"For example: {fitting}",
        )
    if name.lower() in _RESERVED:
        raise InvalidInput(
            f"A {kind} cannot be called {shown(name)}: folders of that name belong to other tools.",
            hint=f"For example: {name}_{kind}",
        )
    return name
