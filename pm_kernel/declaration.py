"""``method.toml`` and ``module.toml``: what a method version and its module declare.

Written by registration and committed with the code, so that the registry can be rebuilt from git.
Same declaration, same bytes. People may edit the files: whatever is wrong is named by table and
key, all at once.

    [method]                        [[tracked]]                [inputs.image]
    name = "measure"                function = "segment"       type = "upstream"
    module = "measurement"          file = "helper.py"         module = "segmentation"
    description = "…"               params = ["sigma"]         value_type = "table"
    entry = "script"                name = "helper.segment"    gather = true
    environment = "gpu"                                        required = true

    [outputs.nuclei]                [module] name, description
    path = "nuclei.parquet"         [[contract]]
    type = "table"                  output = "nuclei"  field = "cell_id"  type = "str"
    required = true                 required = true

``entry`` (default ``"function"``), ``environment``, ``params`` (default: all settings), ``name``
(default: ``function``), ``gather``, ``module``, ``value_type`` and descriptions may be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast, get_args

import tomli_w

from pm_kernel.domain.declared import declaration_faults, module_faults
from pm_kernel.domain.methods import (
    ContractField,
    Declaration,
    EntryKind,
    FieldType,
    InputType,
    MethodInput,
    MethodOutput,
    ModuleSpec,
    OutputType,
    TrackedFunction,
)
from pm_kernel.errors import Problems
from pm_kernel.toml_document import TomlDocument, TomlTable, problem

METHOD_FILE = "method.toml"
MODULE_FILE = "module.toml"


def read_declaration(data: bytes, *, where: str = METHOD_FILE) -> Declaration:
    """Read ``method.toml``; raises Problems naming the table and key of everything wrong.

    ``where`` is the file's name in messages. Tracked functions have no parameters yet: those come
    from the code (``pm_kernel.scan.fit``).
    """
    document = TomlDocument(data, where)
    method = document.table(
        "method", known=("name", "module", "description", "entry", "environment")
    )
    document.unknown(("method", "tracked", "inputs", "outputs"))
    entry = method.text("entry", "function")
    if entry not in get_args(EntryKind):
        method.wrong("entry", '"function" or "script"', entry)
    declaration = Declaration(
        name=method.text("name"),
        module=method.text("module"),
        description=method.text("description", ""),
        entry=cast(EntryKind, entry),
        tracked=tuple(
            _tracked(each, n) for n, each in enumerate(document.array("tracked", _TRACKED))
        ),
        inputs=tuple(_input(name, each) for name, each in document.tables("inputs", _INPUT)),
        outputs=tuple(_output(name, each) for name, each in document.tables("outputs", _OUTPUT)),
        environment=method.text("environment", "") or None,
    )
    document.check(declaration_faults(declaration))
    return declaration


def read_module(data: bytes, *, where: str = MODULE_FILE) -> ModuleSpec:
    """Read ``module.toml``; raises Problems naming the table and key of everything wrong."""
    document = TomlDocument(data, where)
    table = document.table("module", known=("name", "description"))
    document.unknown(("module", "contract"))
    fields = [
        ContractField(
            output=each.text("output"),
            field=each.text("field"),
            type=cast(FieldType, each.text("type", "any")),
            required=each.flag("required", True),
        )
        for each in document.array("contract", ("output", "field", "type", "required"))
    ]
    module = ModuleSpec(table.text("name"), table.text("description", ""), tuple(fields))
    document.check(module_faults(module))
    return module


def write_declaration(declaration: Declaration) -> bytes:
    """Return ``method.toml``; raises Problems where the declaration may not say what it says."""
    _refuse(METHOD_FILE, declaration_faults(declaration))
    method: dict[str, Any] = {"name": declaration.name, "module": declaration.module}
    if declaration.description:
        method["description"] = declaration.description
    if declaration.entry != "function":
        method["entry"] = declaration.entry
    if declaration.environment is not None:
        method["environment"] = declaration.environment
    parts = [_table(("method",), method)]
    parts += [_element("tracked", _tracked_table(each)) for each in declaration.tracked]
    parts += [_table(("inputs", each.name), _input_table(each)) for each in declaration.inputs]
    parts += [
        _table(
            ("outputs", each.name),
            {"path": each.path, "type": each.type, "required": each.required},
        )
        for each in declaration.outputs
    ]
    return "\n".join(parts).encode("utf-8")


def write_module(module: ModuleSpec) -> bytes:
    """Return ``module.toml``; raises Problems where the module may not say what it says."""
    _refuse(MODULE_FILE, module_faults(module))
    table = {"name": module.name}
    if module.description:
        table["description"] = module.description
    parts = [_table(("module",), table)]
    parts += [
        _element(
            "contract",
            {
                "output": field.output,
                "field": field.field,
                "type": field.type,
                "required": field.required,
            },
        )
        for field in module.contract
    ]
    return "\n".join(parts).encode("utf-8")


def _refuse(where: str, faults: Iterator[tuple[str, str]]) -> None:
    problems = [problem(where, place, fault) for place, fault in faults]
    if problems:
        raise Problems(problems)


def _table(path: Sequence[str], content: Mapping[str, Any]) -> str:
    nested: Mapping[str, Any] = content
    for key in reversed(path):
        nested = {key: nested}
    return tomli_w.dumps(nested)


def _element(array: str, content: Mapping[str, Any]) -> str:
    # tomli_w would put short tables on one line each; people read and edit these.
    return f"[[{array}]]\n{tomli_w.dumps(content)}"


def _tracked_table(tracked: TrackedFunction) -> dict[str, Any]:
    table: dict[str, Any] = {"function": tracked.qualname, "file": tracked.file}
    if tracked.function != tracked.qualname:
        table["name"] = tracked.function
    if tracked.selected is not None:
        table["params"] = list(tracked.selected)
    return table


def _input_table(given: MethodInput) -> dict[str, Any]:
    table: dict[str, Any] = {"type": given.type}
    if given.module is not None:
        table["module"] = given.module
    if given.value_type is not None:
        table["value_type"] = given.value_type
    if given.gather:
        table["gather"] = True
    table["required"] = given.required
    if given.description:
        table["description"] = given.description
    return table


_TRACKED = ("function", "file", "name", "params")
_INPUT = ("type", "module", "value_type", "gather", "required", "description")
_OUTPUT = ("path", "type", "required")


def _tracked(table: TomlTable, ordinal: int) -> TrackedFunction:
    qualname = table.text("function")
    name = table.text("name", qualname)
    file = table.text("file")
    return TrackedFunction(name, qualname, file, ordinal, selected=table.texts("params"))


def _input(name: str, table: TomlTable) -> MethodInput:
    return MethodInput(
        name=name,
        type=cast(InputType, table.text("type")),
        module=table.text("module", "") or None,
        value_type=table.text("value_type", "") or None,
        gather=table.flag("gather", False),
        required=table.flag("required", True),
        description=table.text("description", ""),
    )


def _output(name: str, table: TomlTable) -> MethodOutput:
    return MethodOutput(
        name=name,
        path=table.text("path"),
        type=cast(OutputType, table.text("type", "file")),
        required=table.flag("required", True),
    )
