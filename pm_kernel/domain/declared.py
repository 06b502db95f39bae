"""What a declaration may say: names that git and Python accept, paths that stay inside."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

from pm_kernel.domain.methods import (
    FIELD_TYPES,
    INPUT_TYPES,
    LABELS_SUFFIX,
    OUTPUT_ARGUMENT,
    OUTPUT_TYPES,
    VALUE_TYPES,
    Declaration,
    MethodInput,
    MethodOutput,
    ModuleSpec,
    TrackedFunction,
)
from pm_kernel.domain.names import shown

#: Names of our own inside a run directory, compared without case: some file systems do.
RESERVED_RUN_NAMES = frozenset({"meta.json", ".manifest.json", "run.log", ".pm", "inputs"})

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,79}")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MAX_IDENTIFIER = 100
_MAX_PATH = 500
_MAX_DESCRIPTION = 10_000


def name_fault(name: str) -> str | None:
    """Why a module or method cannot have this name (it becomes a folder and a git tag), or None."""
    if _NAME.fullmatch(name):
        return None
    return "begins with a letter and has only letters, digits, _ and -, at most 80"


def identifier_fault(name: str) -> str | None:
    """Why an input or parameter cannot have this name (it becomes a Python argument), or None."""
    if not name.isidentifier() or len(name) > _MAX_IDENTIFIER:
        return "is a Python name: letters, digits and _, not beginning with a digit"
    if unicodedata.normalize("NFKC", name) != name:
        return "is written with characters that Python replaces by plainer ones"
    if keyword.iskeyword(name):
        return f"cannot be the Python keyword {name!r}"
    return None


def path_fault(path: str) -> str | None:
    """Why a path may not be used inside a folder of ours, or None: it must stay inside."""
    if not path or len(path) > _MAX_PATH:
        return f"is a path of 1 to {_MAX_PATH} characters"
    if not path.isprintable():
        return "has no line breaks or other characters that cannot be shown"
    if "\\" in path:
        return "uses / between folders, not \\"
    if path.startswith(("/", "~")):
        return "is relative to the folder, so it begins with neither / nor ~"
    parts = path.removesuffix("/").split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "has no empty parts, no . and no .. in it"
    return None


def output_path_fault(path: str) -> str | None:
    """Why a declared output cannot lie there, or None."""
    fault = path_fault(path)
    if fault is not None:
        return fault
    first = PurePosixPath(path).parts[0]
    if first.casefold() in RESERVED_RUN_NAMES:
        return f"cannot begin with {first!r}: the run directory has a file of its own there"
    return None


def declaration_faults(declaration: Declaration) -> Iterator[tuple[str, str]]:
    """(place, what is wrong) for everything a declaration may not say; places are TOML keys."""
    for key, name in (("name", declaration.name), ("module", declaration.module)):
        yield from _fault(f"[method] {key}", name, name_fault)
    yield from _text_fault("[method] description", declaration.description)
    if declaration.environment is not None and not _ENVIRONMENT.fullmatch(declaration.environment):
        yield "[method] environment", "is the name of an environment in pixi.toml"
    for index, tracked in enumerate(declaration.tracked, 1):
        yield from _tracked_faults(f"[[tracked]] {index}", tracked)
    for kind, names in (
        ("[[tracked]] function", (each.function for each in declaration.tracked)),
        ("[inputs]", (each.name for each in declaration.inputs)),
        ("[outputs]", (each.name for each in declaration.outputs)),
        ("[outputs] path", (each.path for each in declaration.outputs)),
    ):
        yield from _repeated(kind, names)
    for given in declaration.inputs:
        yield from _input_faults(given, {each.name for each in declaration.inputs})
    for output in declaration.outputs:
        yield from _output_faults(output)


def module_faults(module: ModuleSpec) -> Iterator[tuple[str, str]]:
    """(place, what is wrong) for everything a module may not say."""
    yield from _fault("[module] name", module.name, name_fault)
    yield from _text_fault("[module] description", module.description)
    for index, field in enumerate(module.contract, 1):
        place = f"[[contract]] {index}"
        yield from _fault(f"{place} output", field.output, identifier_fault)
        if not field.field.strip() or not field.field.isprintable():
            yield f"{place} field", "is the name of a column"
        yield from _choice(f"{place} type", field.type, FIELD_TYPES)
    fields = (f"{field.output}: {field.field}" for field in module.contract)
    yield from _repeated("[[contract]] field", fields)


def _tracked_faults(place: str, tracked: TrackedFunction) -> Iterator[tuple[str, str]]:
    for key, name in (("name", tracked.function), ("function", tracked.qualname)):
        if key == "function" or tracked.function != tracked.qualname:
            yield from _fault(f"{place} {key}", name, _dotted_fault)
    fault = path_fault(tracked.file)
    if fault is None and not tracked.file.endswith(".py"):
        fault = "is a Python file of the method, like helper.py"
    if fault is not None:
        yield f"{place} file", fault
    for param in tracked.selected or ():
        yield from _fault(f"{place} params", param, identifier_fault)
    if tracked.selected is not None and not tracked.selected:
        yield f"{place} params", "names at least one parameter; leave it out to record all settings"
    yield from _repeated(f"{place} params", tracked.selected or ())


def _dotted_fault(name: str) -> str | None:
    if "<locals>" in name:
        return "cannot be a function inside another function"
    if all(identifier_fault(part) is None for part in name.split(".")):
        return None
    return "is the name of a function, or Class.method"


def _input_faults(given: MethodInput, names: set[str]) -> Iterator[tuple[str, str]]:
    place = f"[inputs.{_key(given.name)}]"
    yield from _fault(place, given.name, identifier_fault)
    owner = given.name.removesuffix(LABELS_SUFFIX)
    if given.name == OUTPUT_ARGUMENT or (owner != given.name and owner in names):
        yield (
            place,
            f"cannot be called {given.name!r}: run() receives something of ours by that name",
        )
    yield from _choice(f"{place} type", given.type, INPUT_TYPES)
    if given.module is not None:
        if given.type != "upstream":
            yield f"{place} module", 'belongs to type = "upstream" only'
        yield from _fault(f"{place} module", given.module, name_fault)
    yield from _text_fault(f"{place} description", given.description)
    if given.value_type is None:
        return
    if given.type == "file":
        yield f"{place} value_type", "does not belong to a file"
    else:
        allowed = OUTPUT_TYPES if given.type == "upstream" else VALUE_TYPES
        yield from _choice(f"{place} value_type", given.value_type, allowed)


def _output_faults(output: MethodOutput) -> Iterator[tuple[str, str]]:
    place = f"[outputs.{_key(output.name)}]"
    yield from _fault(place, output.name, identifier_fault)
    yield from _choice(f"{place} type", output.type, OUTPUT_TYPES)
    fault = output_path_fault(output.path)
    if fault is None and output.type == "directory" and not output.path.endswith("/"):
        fault = f'ends with / where it is a directory, like "{output.path}/"'
    if fault is not None:
        yield f"{place} path", fault


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else shown(name)


def _fault(place: str, value: str, rule: Callable[[str], str | None]) -> Iterator[tuple[str, str]]:
    fault = rule(value)
    if fault is not None:
        yield place, f"{fault}, not {shown(value)}"


def _text_fault(place: str, text: str) -> Iterator[tuple[str, str]]:
    plain = text.replace("\n", "").replace("\t", "")
    if len(text) > _MAX_DESCRIPTION:
        yield place, f"is longer than {_MAX_DESCRIPTION} characters"
    elif any(unicodedata.category(character) in ("Cc", "Cs") for character in plain):
        yield place, "has characters that cannot be shown"


def _choice(place: str, value: str, allowed: Iterable[str]) -> Iterator[tuple[str, str]]:
    if value not in allowed:
        yield place, f"is one of {', '.join(allowed)}, not {shown(value)}"


def _repeated(place: str, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name, count in Counter(names).items():
        if count > 1:
            yield place, f"has {shown(name)} {count} times; each may occur once"
