"""TOML files that people edit, read with every fault named by table and key, all at once."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pm_kernel.errors import Problem, Problems

_MAX_BYTES = 1024 * 1024


def problem(where: str, place: str, fault: str) -> Problem:
    """A fault as a sentence: file, table and key, what it should be."""
    return Problem(f"{where}: {place} {fault}.", code="declaration")


class TomlDocument:
    """A TOML file while it is read: collects what is wrong, and says it all at the end."""

    def __init__(self, data: bytes, where: str) -> None:
        self._where = where
        self.problems: list[Problem] = []
        try:
            if len(data) > _MAX_BYTES:
                raise ValueError(f"{len(data)} bytes are more than a declaration has")
            self._content = tomllib.loads(data.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:  # both TOML and UTF-8 errors are ValueErrors
            said = str(error) or "it is nested too deeply"
            told = f"{where} cannot be read: {said}."
            raise Problems([Problem(told, code="declaration")]) from error

    def add(self, place: str, fault: str) -> None:
        """Note a fault; ``check`` raises it."""
        self.problems.append(problem(self._where, place, fault))

    def check(self, faults: Iterator[tuple[str, str]]) -> None:
        """Raise what was collected; rules of content are asked only where the form is right."""
        if not self.problems:
            self.problems += [problem(self._where, place, fault) for place, fault in faults]
        if self.problems:
            raise Problems(self.problems)

    def unknown(self, known: Sequence[str]) -> None:
        """Note keys at the top of the file that mean nothing."""
        TomlTable(self, "the file", self._content).only(known)

    def table(self, key: str, known: Sequence[str]) -> TomlTable:
        """The table ``[key]``, which must be there."""
        if key not in self._content:
            self.add(f"[{key}]", "is missing")
        return self._made(f"[{key}]", self._content.get(key, {}), known)

    def array(self, key: str, known: Sequence[str]) -> list[TomlTable]:
        """The tables ``[[key]]``, in order; none where there are none."""
        items = self._content.get(key, [])
        if not isinstance(items, list):
            self.add(f"[[{key}]]", "is written with two brackets, once for each")
            return []
        return [
            self._made(f"[[{key}]] {number}", item, known) for number, item in enumerate(items, 1)
        ]

    def tables(self, key: str, known: Sequence[str]) -> list[tuple[str, TomlTable]]:
        """The tables ``[key.NAME]`` with their names, in order."""
        items = self._content.get(key, {})
        if not isinstance(items, dict):
            self.add(f"[{key}]", f"is a table for each: [{key}.name]")
            return []
        return [(name, self._made(f"[{key}.{name}]", item, known)) for name, item in items.items()]

    def _made(self, place: str, item: object, known: Sequence[str]) -> TomlTable:
        if not isinstance(item, dict):
            self.add(place, "is a table")
            return TomlTable(self, place, {}, broken=True)
        table = TomlTable(self, place, item)
        table.only(known)
        return table


class TomlTable:
    """Typed look-ups in one table of a document."""

    def __init__(
        self,
        document: TomlDocument,
        place: str,
        content: Mapping[str, Any],
        *,
        broken: bool = False,
    ) -> None:
        self._document = document
        self._place = place
        self._content = content
        self._broken = broken

    def only(self, known: Sequence[str]) -> None:
        """Note keys that mean nothing, with the one that may be meant."""
        for key in self._content:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                meant = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
                self._document.add(self._place, f"has an unknown key {key!r}{meant}")

    def text(self, key: str, default: str | None = None) -> str:
        """A text; it must be there where ``default`` is None."""
        value = self._content.get(key, default)
        if value is None:
            if not self._broken:
                self._document.add(f"{self._place} {key}", "is missing")
            return ""
        if not isinstance(value, str):
            self.wrong(key, "text in quotes", value)
            return ""
        return value

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self._content.get(key, default)
        if not isinstance(value, bool):
            self.wrong(key, "true or false", value)
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts; None where the key is not there."""
        value = self._content.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, "a list of names in quotes", value)
            return None
        return tuple(value)

    def wrong(self, key: str, expected: str, value: object) -> None:
        """Note that a value is not what is expected there."""
        self._document.add(f"{self._place} {key}", f"is {expected}, not {value!r}")
