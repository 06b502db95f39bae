"""Commit messages of versions: a line for people, trailers for ``pm rebuild``.

method: measure v3 - XGBoost + CycD1 feature

Further lines of the description.

Pm-Module: classification
Pm-Method: measure
Pm-Version: 3
Pm-Declaration: sha256:…
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from unicodedata import category

from pm_kernel.errors import InvalidInput

_TRAILER = re.compile(r"Pm-[A-Za-z-]+")
#: Control characters, halves of a surrogate pair, unassigned, line and paragraph separators.
_UNSHOWN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
_OWN = ("Pm-Module", "Pm-Method", "Pm-Version")


@dataclass(frozen=True, slots=True)
class VersionMessage:
    """What the message of a version's commit says."""

    module: str
    method: str
    version: int
    description: str
    trailers: Mapping[str, str]


def subject(method: str, version: int, description: str) -> str:
    """First line of the message."""
    first = description.partition("\n")[0].strip()
    return f"method: {method} v{version}" + (f" - {first}" if first else "")


def version_message(message: VersionMessage) -> str:
    """The whole message; raises InvalidInput for a trailer that could not be read back."""
    description = _clean(message.description).strip()
    rest = description.partition("\n")[2].strip()
    own = {
        "Pm-Module": message.module,
        "Pm-Method": message.method,
        "Pm-Version": str(message.version),
    }
    for key, value in message.trailers.items():
        if not _TRAILER.fullmatch(key) or key in own or not value.isprintable() or not value:
            raise InvalidInput(f"{key!r} with {value!r} cannot be noted in a commit.")
    parts = [subject(message.method, message.version, description)]
    parts += [rest] if rest else []
    parts.append("\n".join(f"{key}: {value}" for key, value in {**own, **message.trailers}.items()))
    return "\n\n".join(parts) + "\n"


def parse_message(text: str) -> VersionMessage | None:
    """Read a message back; None: the commit is no version.

    Only the last paragraph counts, so that no description can imitate trailers.
    """
    head, _, last = text.strip().rpartition("\n\n")
    trailers: dict[str, str] = {}
    for line in last.splitlines():
        key, colon, value = line.partition(": ")
        if colon and _TRAILER.fullmatch(key):
            trailers[key] = value
    module, method, number = (trailers.pop(key, "") for key in _OWN)
    if not module or not method or not number.isdecimal():
        return None
    first, _, rest = head.partition("\n")
    told = first.removeprefix(f"method: {method} v{number}").removeprefix(" - ")
    description = "\n".join(part for part in (told.strip(), rest.strip()) if part)
    return VersionMessage(module, method, int(number), description, trailers)


def _clean(text: str) -> str:
    """Line breaks stay; other control characters and halves of a character are spelled out."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c if c == "\n" or category(c) not in _UNSHOWN else ascii(c)[1:-1] for c in plain)
