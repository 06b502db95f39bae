"""A first declaration, guessed from the code: what the wizard shows before a person decides."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import PurePath, PurePosixPath

from pm_kernel.domain.annotations import ParamType, parse_type
from pm_kernel.domain.canonical import NotLiteral, parse_literal
from pm_kernel.domain.methods import (
    ENTRY_FUNCTION,
    LABELS_SUFFIX,
    OUTPUT_ARGUMENT,
    VALUE_TYPES,
    Declaration,
    MethodInput,
    MethodOutput,
    OutputType,
    ParamDef,
    TrackedFunction,
)
from pm_kernel.scan.fit import fit
from pm_kernel.scan.model import Entry, MethodScan, ScannedFunction

_TYPE_OF_SUFFIX: dict[str, OutputType] = {
    **dict.fromkeys((".parquet", ".csv", ".tsv", ".feather", ".arrow", ".xlsx"), "table"),
    **dict.fromkeys((".tif", ".tiff", ".png", ".jpg", ".jpeg", ".zarr", ".svg"), "image"),
    ".json": "json",
    **dict.fromkeys((".txt", ".md", ".log", ".html", ".yaml", ".yml"), "text"),
    **dict.fromkeys((".joblib", ".pkl", ".pickle", ".pt", ".pth", ".onnx", ".h5"), "model"),
}
_SAYS_PATH = re.compile(
    r"path|file|dir|folder|image|img|tif|table|input|data|mask|csv|parquet|cells|sheet"
)
#: Files of the user's rather than results of another run.
_SAYS_FILE = re.compile(r"^raw|^image|^img|_file$|_csv$|config|reference|feature_set|sheet|atlas")
_SAYS_VALUE = re.compile(r"^sample|sample(_id|_name)?$|(^|_)(id|name|label|condition|group)$")
#: Options of a script that are inputs although they may be left out.
_SCRIPT_INPUTS = frozenset({"input", "inputs", "input_path", "input_file", "sample"})
_SCRIPT_OUTPUTS = frozenset({"output", "out", "o", "output_path", "output_file"})


def propose(scan: MethodScan, folder: PurePath | str, module: str) -> Declaration:
    """Guess a declaration: name from the folder, the rest from ``run()`` and what it calls.

    Inputs are the arguments of ``run()`` without a default; tracked are the functions that
    ``run.py`` calls and that have settings; outputs are the paths written below ``output_dir``.
    """
    entry = scan.entry
    declaration = Declaration(
        name=re.sub(r"[^A-Za-z0-9_]+", "_", PurePath(folder).name).strip("_") or "method",
        module=module,
        description=_description(scan),
        entry=entry.kind if entry else "function",
        inputs=_inputs(entry) if entry else (),
        outputs=_outputs(scan),
        tracked=_tracked(scan),
    )
    if entry is not None and fit(scan, declaration).arguments.params:
        own = TrackedFunction(ENTRY_FUNCTION, ENTRY_FUNCTION, entry.file)
        rest = [each for each in declaration.tracked if each.qualname != ENTRY_FUNCTION]
        declaration = replace(declaration, tracked=(*rest, own))
    return fit(scan, declaration).declaration


def _description(scan: MethodScan) -> str:
    if scan.entry is None:
        return ""
    function = scan.function(scan.entry.file, ENTRY_FUNCTION)
    return function.doc if function else ""


def _inputs(entry: Entry) -> tuple[MethodInput, ...]:
    names = {param.name for param in entry.params}
    inputs = []
    for param in entry.params:
        if param.kind.startswith("var_") or param.name == OUTPUT_ARGUMENT:
            continue
        if entry.kind == "script" and param.name in _SCRIPT_OUTPUTS:
            continue
        owner = param.name.removesuffix(LABELS_SUFFIX)
        if owner != param.name and owner in names:
            continue
        asked = entry.kind == "script" and param.name in _SCRIPT_INPUTS
        if param.required or asked:
            has_labels = f"{param.name}{LABELS_SUFFIX}" in names
            inputs.append(_input(param, has_labels, param.name in entry.read_as_paths))
    return tuple(inputs)


def _input(param: ParamDef, has_labels: bool, is_read: bool) -> MethodInput:
    declared = _without_none(parse_type(param.type))
    name = param.name.lower()

    def made(type_: str, value_type: str | None = None, gather: bool = False) -> MethodInput:
        return MethodInput(
            param.name,
            type_,  # type: ignore[arg-type]
            value_type=value_type if value_type in VALUE_TYPES else None,
            gather=gather,
            required=param.required,
            description=param.doc,
        )

    if has_labels:
        return made("upstream", gather=True)
    if declared.kind in ("list", "tuple", "set"):
        element = declared.items[0].kind if declared.items else "any"
        is_data = element == "path" or (element in ("any", "str") and _SAYS_PATH.search(name))
        return made("upstream", gather=True) if is_data else made("list", element)
    if declared.kind in ("int", "float", "bool"):
        return made("value", declared.kind)
    if not is_read and declared.kind != "path":
        says_text = declared.kind == "str" and not _SAYS_PATH.search(name)
        if says_text or _SAYS_VALUE.search(name):
            return made("value", "str")
    return made("file" if _SAYS_FILE.search(name) else "upstream")


def _without_none(declared: ParamType) -> ParamType:
    members = [each for each in declared.members() if each.kind != "none"]
    return members[0] if len(members) == 1 else declared


def _outputs(scan: MethodScan) -> tuple[MethodOutput, ...]:
    paths = [path for path, _ in scan.written]
    if not paths and scan.entry is not None and scan.entry.kind == "script":
        paths = [_script_output(param) for param in scan.entry.params if _is_output(param)]
    taken: set[str] = set()
    outputs = []
    for path in paths:
        outputs.append(MethodOutput(_output_name(path, taken), path, output_type(path)))
    return tuple(outputs)


def _is_output(param: ParamDef) -> bool:
    return param.name in _SCRIPT_OUTPUTS


def _script_output(param: ParamDef) -> str:
    """The default of ``--output``, or a name without a suffix where it has none."""
    try:
        default = parse_literal(param.default or "None")
    except NotLiteral:
        default = None
    return PurePosixPath(default).name if isinstance(default, str) and default else "output"


def output_type(path: str) -> OutputType:
    """The type that a path's ending speaks for."""
    if path.endswith("/"):
        return "directory"
    return _TYPE_OF_SUFFIX.get(PurePosixPath(path).suffix.lower(), "file")


def _output_name(path: str, taken: set[str]) -> str:
    pure = PurePosixPath(path)
    base = re.sub(r"[^A-Za-z0-9_]+", "_", pure.name.partition(".")[0]).strip("_").lower()
    if not base:  # tiles/*.tif is called after its folder
        base = re.sub(r"[^A-Za-z0-9_]+", "_", pure.parent.name).strip("_").lower()
    base = base if base and not base[0].isdigit() else f"output_{base}".rstrip("_")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name


def _tracked(scan: MethodScan) -> tuple[TrackedFunction, ...]:
    entry_file = scan.entry.file if scan.entry else ""
    called = [each for each in scan.calls if each.file == entry_file]
    found: dict[tuple[str, str], ScannedFunction] = {}
    for call in called:
        function = scan.function(call.target_file, call.target)
        is_entry = call.target == ENTRY_FUNCTION and call.target_file == entry_file
        if function is not None and not is_entry and function.trackable and function.recorded():
            found.setdefault((function.file, function.qualname), function)
    repeated = Counter(function.qualname for function in found.values())
    return tuple(
        TrackedFunction(_tracked_name(function, repeated), function.qualname, function.file)
        for function in found.values()
    )


def _tracked_name(function: ScannedFunction, repeated: Counter[str]) -> str:
    if repeated[function.qualname] == 1 and function.qualname != ENTRY_FUNCTION:
        return function.qualname
    module = function.file.removesuffix(".py").replace("/", ".")
    return f"{module}.{function.qualname}"
