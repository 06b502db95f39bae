"""The document that tells a run's process what to do: ``_pm_task.json`` beside its code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

FORMAT = 1
FILE_NAME = "_pm_task.json"


@dataclass(frozen=True)
class Option:
    """How a script spells one of its options; ``default`` is canonical text."""

    option: str
    kind: Literal["option", "flag", "argument"] = "option"
    default: str | None = None


@dataclass(frozen=True)
class Entry:
    """What is executed: ``run()`` of a file, or the file as a script.

    ``options`` is for scripts, in the order the script declares them; positional arguments are
    given in that order. What is not among them is looked up in the source, else ``--name value``.
    """

    file: str = "run.py"
    kind: Literal["function", "script"] = "function"
    options: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True)
class PathInput:
    """One file or folder."""

    value: Path


@dataclass(frozen=True)
class PathsInput:
    """Files or folders gathered over several runs, with the names of the members."""

    value: Sequence[Path]
    labels: Sequence[str]


@dataclass(frozen=True)
class ValueInput:
    """A value, as canonical text."""

    text: str


@dataclass(frozen=True)
class Tracked:
    """A tracked function: ``function`` names it in parameters, ``qualname`` in its ``file``."""

    function: str
    qualname: str
    file: str
    params: Sequence[str]


@dataclass(frozen=True)
class TaskDocument:
    """What a run's process is told. Paths are absolute, ``outputs`` relative to ``run_dir``."""

    run_dir: Path
    work_dir: Path
    entry: Entry = field(default_factory=Entry)
    inputs: Mapping[str, PathInput | PathsInput | ValueInput] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    tracked: Sequence[Tracked] = ()
    #: ``function.param`` -> canonical text.
    set: Mapping[str, str] = field(default_factory=dict)
    #: ``function.param`` -> what of it becomes a path object (``pm_kernel.domain.arriving``).
    paths: Mapping[str, Any] = field(default_factory=dict)
    heartbeat_seconds: float = 5

    def to_json(self) -> str:
        """Return the document as it is written beside the code."""
        entry: dict[str, Any] = {"file": self.entry.file, "kind": self.entry.kind}
        if self.entry.options:
            entry["options"] = {name: vars(o) for name, o in self.entry.options.items()}
        return json.dumps(
            {
                "format": FORMAT,
                "entry": entry,
                "inputs": {name: _input(each) for name, each in self.inputs.items()},
                "outputs": dict(self.outputs),
                "run_dir": str(self.run_dir),
                "work_dir": str(self.work_dir),
                "tracked": [{**vars(each), "params": list(each.params)} for each in self.tracked],
                "set": dict(self.set),
                "paths": dict(self.paths),
                "heartbeat_seconds": self.heartbeat_seconds,
            }
        )


def _input(given: PathInput | PathsInput | ValueInput) -> dict[str, Any]:
    match given:
        case PathInput(value):
            return {"kind": "path", "value": str(value)}
        case PathsInput(values, labels):
            paths = [str(value) for value in values]
            return {"kind": "paths", "value": paths, "labels": list(labels)}
        case ValueInput(text):
            return {"kind": "value", "text": text}
