"""What a browser sent, read with types: a fault names the field, what it must be and what it is.

Texts are refused where they could not be stored (NUL, half a character), and fields that nobody
reads are refused too: most are typing mistakes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from pm_kernel.domain.faults import suggestion
from pm_kernel.domain.names import shown, text_fault
from pm_kernel.domain.storable import storable
from pm_kernel.errors import InvalidInput

T = TypeVar("T")

#: Numbers of rows are PostgreSQL's bigint.
MOST = 2**63 - 1


class Fields:
    """The fields of a JSON object; absent and null are the same."""

    def __init__(self, given: Mapping[str, Any], known: Collection[str]) -> None:
        for name in given:
            if name not in known:
                raise InvalidInput(f"There is no field {shown(name)}{suggestion(name, known)}")
        self._given = given

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        return _required(name, self.optional_text(name))

    def optional_text(self, name: str) -> str | None:
        """Return a text, or None."""
        value = self._typed(name, str, "text")
        fault = None if value is None else text_fault(value)
        if fault is not None:
            raise InvalidInput(f"'{name}' {fault}.")
        return value

    def integer(self, name: str) -> int:
        """Return a whole number that must be there."""
        return _required(name, self.optional_integer(name))

    def optional_integer(self, name: str, *, least: int = 1, most: int = MOST) -> int | None:
        """Return a whole number between ``least`` and ``most``, or None."""
        value = self._typed(name, int, "a whole number")
        if isinstance(value, bool):
            raise _wrong(name, "a whole number", value)
        if value is not None and not least <= value <= most:
            raise InvalidInput(f"'{name}' must lie between {least} and {most}, not {value}.")
        return value

    def flag(self, name: str) -> bool:
        """Return a truth value, false where it is absent."""
        return self._typed(name, bool, "true or false") or False

    def table(self, name: str) -> dict[str, Any]:
        """Return an object that must be there; what is in it is for others to judge."""
        return _required(name, self.optional_table(name))

    def optional_table(self, name: str) -> dict[str, Any] | None:
        """Return an object, or None."""
        found: dict[str, Any] | None = self._typed(name, dict, "a table of names and values")
        return found

    def kept(self, name: str) -> dict[str, Any]:
        """Return an object that is only kept, in a form that can be; empty where it is absent."""
        kept: dict[str, Any] = storable(self.optional_table(name) or {})
        return kept

    def texts(self, name: str) -> list[str]:
        """Return a list of texts, empty where it is absent."""
        return [self._text_in(name, each) for each in self._typed(name, list, "a list") or ()]

    def integers(self, name: str, *, limit: int) -> list[int]:
        """Return a list of row numbers, at most ``limit``; empty where it is absent."""
        found = self._typed(name, list, "a list") or []
        for each in found:
            if isinstance(each, bool) or not isinstance(each, int) or not 1 <= each <= MOST:
                raise _wrong(name, "a list of whole numbers", each)
        if len(found) > limit:
            raise InvalidInput(f"'{name}' has {len(found)} numbers; {limit} are the most.")
        return found

    def text_table(self, name: str) -> dict[str, str]:
        """Return an object whose values are texts, empty where it is absent."""
        table = self.optional_table(name) or {}
        return {
            self._text_in(name, key): self._text_in(f"{name}.{key}", value)
            for key, value in table.items()
        }

    def parts(self, name: str, known: Collection[str]) -> list[Fields]:
        """Return a list of objects with these fields, empty where it is absent."""
        found = self._typed(name, list, "a list") or ()
        for each in found:
            if not isinstance(each, dict):
                raise _wrong(name, "a list of tables", each)
        return [Fields(each, known) for each in found]

    def raw(self, name: str) -> Any:
        """Return whatever is there, or None."""
        return self._given.get(name)

    def has(self, name: str) -> bool:
        """Return whether the field was sent, be it as null."""
        return name in self._given

    def _typed(self, name: str, kind: type[T], said: str) -> T | None:
        value = self._given.get(name)
        if value is None or isinstance(value, kind):
            return value
        raise _wrong(name, said, value)

    def _text_in(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise _wrong(name, "text", value)
        fault = text_fault(value)
        if fault is not None:
            raise InvalidInput(f"'{name}' {fault}.")
        return value


class Query:
    """The part of an address behind ``?``; each name once, unless it is a list."""

    def __init__(self, given: Mapping[str, list[str]], known: Collection[str]) -> None:
        for name in given:
            if name not in known:
                told = suggestion(name, known, otherwise="There is")
                raise InvalidInput(f"Nothing here is asked by {shown(name)}{told}")
        self._given = given

    def text(self, name: str) -> str | None:
        """Return a text, or None where it is absent or empty."""
        values = self._given.get(name) or [""]
        if len(values) > 1:
            raise InvalidInput(f"{shown(name)} is given {len(values)} times.")
        fault = text_fault(values[0])
        if fault is not None:
            raise InvalidInput(f"'{name}' {fault}.")
        return values[0] or None

    def required(self, name: str) -> str:
        """Return a text that must be there."""
        text = self.text(name)
        if text is None:
            raise InvalidInput(f"The address must say '{name}'.")
        return text

    def every(self, name: str) -> list[str]:
        """Return every value of a name that may be given several times."""
        return [value for value in self._given.get(name, ()) if value]

    def words(self, name: str) -> list[str]:
        """Return every value of a name that may also be given once, separated by commas."""
        values = [part.strip() for value in self.every(name) for part in value.split(",")]
        return [value for value in values if value]

    def integer(self, name: str, *, least: int = 1, most: int = MOST) -> int | None:
        """Return a whole number between ``least`` and ``most``, or None."""
        text = self.text(name)
        return None if text is None else self._integer(name, text, least, most)

    def integers(self, name: str, *, least: int = 1, most: int = MOST) -> list[int]:
        """Return every whole number of a name that may be given several times, or with commas."""
        return [self._integer(name, text, least, most) for text in self.words(name)]

    @staticmethod
    def _integer(name: str, text: str, least: int, most: int) -> int:
        # int() would take underscores, blanks and digits of other scripts.
        plain = text.removeprefix("-")
        if not (plain.isascii() and plain.isdigit() and len(plain) < 20):
            raise InvalidInput(f"'{name}' must be a whole number, not {shown(text)}.")
        number = int(text)
        if not least <= number <= most:
            raise InvalidInput(f"'{name}' must lie between {least} and {most}, not {number}.")
        return number

    def flag(self, name: str) -> bool:
        """Return a truth value: 1 and true are true, absent, 0 and false are false."""
        text = self.text(name)
        if text not in (None, "0", "1", "false", "true"):
            raise InvalidInput(f"'{name}' must be true or false, not {shown(text)}.")
        return text in ("1", "true")


def read_json(body: bytes) -> dict[str, Any]:
    """Read the JSON object that a request carries. Raises InvalidInput."""
    try:
        document = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"What was sent is not readable JSON: {error}.") from error
    if not isinstance(document, dict):
        raise InvalidInput("What was sent must be a JSON object.")
    return document


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is too large a number")
    return number


def _required(name: str, value: T | None) -> T:
    if value is None:
        raise InvalidInput(f"The field '{name}' is missing.")
    return value


def _wrong(name: str, said: str, value: object) -> InvalidInput:
    return InvalidInput(f"'{name}' must be {said}, not {shown(json.dumps(value))}.")
