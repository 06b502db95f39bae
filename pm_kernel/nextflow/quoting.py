"""Turns values into Groovy source and shell words, by type. Nothing else writes a quote character.

Groovy strings come in two forms. Single-quoted ones are plain text. Double-quoted ones (templates)
have holes, ``${id}``, that Nextflow fills for each task; only the few names in ``Hole`` may stand
in one. Both forms were run under Nextflow's classic and strict parser.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import Enum

from pm_kernel.errors import InvalidInput

_PROCESS = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_LABEL_LENGTH = 40


class Hole(Enum):
    """What a template may ask Nextflow for."""

    PLANNED_RUN = "id"
    ATTEMPT = "task.attempt"
    #: Milliseconds that a task may take, whoever set that; 0 where nobody did.
    TIME_LIMIT = "task.time ? task.time.toMillis() : 0"
    SESSION = "workflow.sessionId"
    RUN_NAME = "workflow.runName"
    #: Process id of Nextflow itself.
    HEAD = "ProcessHandle.current().pid()"
    #: The folder of the pipeline, wherever it is by then, as a single-quoted shell word.
    FOLDER = '"\'" + projectDir.toString().replace("\'", "\'\\\\\'\'") + "\'"'


def groovy_value(value: str | int | float | bool) -> str:
    """Return Groovy source for one plain value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return groovy_string(value)
    if isinstance(value, float) and not (-1e15 < value < 1e15):
        raise InvalidInput(f"{value!r} cannot be written as a number in Nextflow.")
    return str(value) if isinstance(value, int) else format(value, "f")


def groovy_string(text: str) -> str:
    """Return ``text`` as a single-quoted Groovy string: no hole, no interpolation."""
    return "'" + _escaped(text).replace("'", "\\'") + "'"


def groovy_template(parts: Sequence[str | Hole]) -> str:
    """Return a double-quoted Groovy string of literal text and holes."""
    return '"' + "".join(_template_part(part) for part in parts) + '"'


def shell_word(text: str) -> str:
    """Return ``text`` as one single-quoted shell word, whatever it contains."""
    _encodable(text)
    return "'" + text.replace("'", "'\\''") + "'"


def check_process_name(name: str) -> str:
    """Return ``name`` when it may name a process; raises ValueError otherwise."""
    if not _PROCESS.fullmatch(name):
        raise ValueError(f"{name!r} is no process name: {_PROCESS.pattern}")
    return name


def process_name(ordinal: int, label: str) -> str:
    """Return a process name for the step with that ordinal: ``S03_SEGMENT_CELLS``.

    Unique by its number; the rest of it is what is left of ``label`` in capital letters, digits and
    underscores, for people who read logs.
    """
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode("ascii")
    words = re.findall(r"[A-Z0-9]+", plain.upper())
    tail = "_".join(words)[:_LABEL_LENGTH].rstrip("_")
    return check_process_name(f"S{ordinal:02d}" + (f"_{tail}" if tail else ""))


def _template_part(part: str | Hole) -> str:
    if isinstance(part, Hole):
        return "${" + part.value + "}"
    return _escaped(part).replace('"', '\\"').replace("$", "\\$")


def _escaped(text: str) -> str:
    """Escape what has a meaning in both forms; printable text of any language stays readable."""
    _encodable(text)
    named = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return "".join(
        named.get(c) or (c if c.isprintable() or c == " " else _unicode_escape(c)) for c in text
    )


def _unicode_escape(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def _encodable(text: str) -> None:
    if "\0" in text:
        raise InvalidInput(f"{text!r} contains a NUL character, which no file or command can hold.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidInput(
            f"{text!r} is not valid UTF-8.", hint="Rename the file or folder to plain characters."
        ) from error
