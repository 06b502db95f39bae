"""A script's command line: what it is given, and what its parser made of it."""

from __future__ import annotations

import os
import re

from .failure import EntryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

#: The name under which a script's options are tracked.
COMMAND = "run"


def command_line(task: dict[str, Any], seam: Any, source: str) -> list[str]:
    """Return the arguments for a script: inputs, outputs and the parameters that the plan sets.

    ``entry["options"]`` says how the script spells them: ``{"min_quality": {"option":
    "--min-quality", "kind": "option" | "flag" | "argument", "default": "0.5"}}``. Others are
    spelled as they stand in its ``source``, and ``--name`` where they do not. A script that
    mentions ``--output_dir`` gets that, and of its outputs only those that it mentions.
    """
    known: dict[str, dict[str, Any]] = task["entry"].get("options") or {}
    words: list[str] = []
    arguments: dict[str, list[str]] = {}

    def give(name: str, value: Any, *, unmentioned: bool) -> None:
        option = known.get(name) or _mentioned(name, source)
        if option is None and unmentioned:
            option = {"option": "--" + _unwritten(name, source), "kind": "option"}
        if option is None:
            return
        if option["kind"] == "flag":
            words.extend(_flag(name, option, value, seam))
            return
        texts = [_text(each) for each in (value if isinstance(value, list) else [value])]
        if option["kind"] == "argument":
            arguments[name] = texts
        elif option["option"].startswith("--") and len(texts) == 1 and texts[0].startswith("-"):
            # A value that begins with a dash looks like an option, unless it is joined.
            words.append(f"{option['option']}={texts[0]}")
        else:
            words.extend([option["option"], *texts])

    for name, document in task["inputs"].items():
        is_value = document["kind"] == "value"
        value = seam.value(document["text"]) if is_value else document["value"]
        give(name, value, unmentioned=True)
        if document.get("labels") is not None:
            give(name + "_labels", list(document["labels"]), unmentioned=False)
    into_folder = "output_dir" in known or _mentioned("output_dir", source) is not None
    for name, path in task["outputs"].items():
        give(name, _destination(task["run_dir"], path), unmentioned=not into_folder)
    give("output_dir", task["run_dir"], unmentioned=False)
    for name, value in set_values(task, seam).items():
        give(name, value, unmentioned=True)
    ordered = [text for name in known if name in arguments for text in arguments[name]]
    return [*words, *(["--", *ordered] if ordered else [])]


def _mentioned(name: str, source: str) -> dict[str, Any] | None:
    """Return the option as the source spells it (``--min-quality``); None where it does not."""
    pattern = "['\"](--" + re.escape(name).replace("_", "[-_]") + ")['\"/]"
    found = re.search(pattern, source)
    return None if found is None else {"option": found.group(1), "kind": "option"}


def _unwritten(name: str, source: str) -> str:
    """Spell a name as libraries do that make options out of arguments."""
    return name.replace("_", "-") if re.search(r"\b(typer|cyclopts)\b", source) else name


def set_values(task: dict[str, Any], seam: Any) -> dict[str, Any]:
    """Return the parameters of the command line that the plan sets, with their values."""
    prefix = COMMAND + "."
    return {
        name[len(prefix) :]: seam.value(text)
        for name, text in task["set"].items()
        if name.startswith(prefix)
    }


def _destination(run_dir: str, path: str) -> str:
    """Where an output is to be written: its file, or the folder of a folder or glob."""
    plain = path.rstrip("/")
    while any(sign in plain for sign in "*?["):
        plain = os.path.dirname(plain)
    target = os.path.join(run_dir, plain) if plain else run_dir
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if plain != path:
        os.makedirs(target, exist_ok=True)
    return target


def _text(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)


def _flag(name: str, option: dict[str, Any], value: Any, seam: Any) -> list[str]:
    """Return the words that give a switch this value; none where it has it anyway."""
    default = seam.value(option["default"]) if option.get("default") else False
    if not isinstance(value, bool):
        raise EntryError(f"The option {option['option']} is a switch, so {name} is True or False.")
    if value == default:
        return []
    negates = not value and not option["option"].startswith("--no-")
    # argparse.BooleanOptionalAction; a parser that knows no such option says so.
    return ["--no-" + option["option"].lstrip("-") if negates else option["option"]]


class ArgumentRecorder:
    """Writes down what ``argparse`` made of the command line while the script runs.

    That is what arrived: types converted, defaults filled in. A script with another parser reports
    the values that the plan set, as they were given.
    """

    def __init__(self, task: dict[str, Any], seam: Any) -> None:
        self._seam = seam
        self._set = set_values(task, seam)
        self._params: list[str] = []
        for tracked in task["tracked"]:
            if tracked["qualname"] == COMMAND and tracked["file"] == task["entry"]["file"]:
                self._params = list(tracked["params"])
        self._parsed = False
        self._runner = os.getpid()

    def __enter__(self) -> None:
        if not self._params:
            return
        import argparse

        self._parser = argparse.ArgumentParser
        self._original = original = self._parser.parse_known_args
        recorder = self

        depth = 0

        def parse_known_args(parser: Any, *args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            depth += 1
            try:
                namespace, rest = original(parser, *args, **kwargs)
            finally:
                depth -= 1
            if not depth:
                # Parsers of sub-commands fill the namespace of the one around them.
                recorder.parsed(dict(vars(namespace)))
            return namespace, rest

        self._parser.parse_known_args = parse_known_args  # type: ignore[method-assign,assignment]

    def parsed(self, values: dict[str, Any]) -> None:
        """Write down the tracked options among parsed ones; the first parser counts."""
        arrived = {name: values[name] for name in self._params if name in values}
        if arrived and not self._parsed:
            self._parsed = True
            self._seam.record(COMMAND, arrived, [name for name in arrived if name in self._set])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._params or os.getpid() != self._runner:
            return
        self._parser.parse_known_args = self._original  # type: ignore[method-assign]
        refused = isinstance(error, SystemExit) and error.code not in (None, 0)
        if not self._parsed and self._set and not refused:
            self._seam.record(COMMAND, self._set, list(self._set))
