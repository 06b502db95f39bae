"""Modules, methods, versions and what a version declares: frozen values that everyone hands around.

    Module ── Method ── Version ── Declaration ── TrackedFunction ── ParamDef
                                       ├── MethodInput
                                       └── MethodOutput

A ``Declaration`` is what a person decided about a method (what is tracked, what goes in, what comes
out). ``pm_kernel.declaration`` reads and writes it as ``method.toml``; ``pm_kernel.scan`` fills in
the parameters, which are never written by hand. ``to_json`` and ``from_json`` are for the database.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from pm_kernel.domain.arriving import declared_type

EntryKind = Literal["function", "script"]
#: upstream: an output of another run. file: a path of the user's. value: one scalar. list: scalars.
InputType = Literal["upstream", "file", "value", "list"]
OutputType = Literal["table", "image", "json", "text", "model", "file", "directory"]
#: Scalars of declared inputs.
ValueType = Literal["int", "float", "str", "bool"]
#: Columns of an output contract.
FieldType = Literal["str", "int", "float", "bool", "datetime", "any"]
#: How a parameter is given: as Python says for functions; option, flag, argument on command lines.
ParamKind = Literal[
    "positional_only", "positional_or_keyword", "keyword_only", "var_positional", "var_keyword",
    "option", "flag", "argument",
]  # fmt: skip

INPUT_TYPES: tuple[InputType, ...] = get_args(InputType)
OUTPUT_TYPES: tuple[OutputType, ...] = get_args(OutputType)
VALUE_TYPES: tuple[ValueType, ...] = get_args(ValueType)
FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)

#: The file a run begins with, and the function in it.
ENTRY_FILE = "run.py"
ENTRY_FUNCTION = "run"
#: The argument of ``run()`` that receives the folder for results.
OUTPUT_ARGUMENT = "output_dir"
#: ``tables_labels`` receives the names of the members of the gathered input ``tables``.
LABELS_SUFFIX = "_labels"


@dataclass(frozen=True, slots=True)
class ContractField:
    """One column or key that every method of a module must deliver in one of its outputs."""

    output: str
    field: str
    type: FieldType = "any"
    required: bool = True


@dataclass(frozen=True, slots=True)
class ModuleSpec:
    """A module as ``module.toml`` says it: a stage of the analysis and what its methods deliver."""

    name: str
    description: str = ""
    contract: tuple[ContractField, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """A registered module."""

    module_id: int
    name: str
    description: str = ""
    contract: tuple[ContractField, ...] = ()


@dataclass(frozen=True, slots=True)
class ParamDef:
    """One parameter of a tracked function, as far as the source tells."""

    name: str
    #: The annotation as written; empty without one.
    type: str = ""
    #: Canonical text of the default; None: there is none, or it is no literal.
    default: str | None = None
    kind: ParamKind = "positional_or_keyword"
    #: Canonical text of the value at the call sites, where all of them pass the same literal.
    call_site: str | None = None
    #: Help from the docstring.
    doc: str = ""
    #: Source text of a default that is no literal (``np.pi / 2``).
    default_source: str = ""
    #: Call sites pass a variable, or different literals: known only when the code runs.
    computed: bool = False
    #: For command lines: the option as typed (``--min-quality``).
    option: str = ""

    @property
    def required(self) -> bool:
        """Whether a call must give it."""
        return self.default is None and not self.default_source

    @property
    def accepts(self) -> str:
        """The type of the values it takes, as an annotation; empty where nothing says it."""
        return declared_type(self.type, self.default_source)

    @property
    def expected(self) -> str | None:
        """What arrives unless a plan sets it: call-site literal, else default; None: computed."""
        if self.computed:
            return None
        return self.default if self.call_site is None else self.call_site


@dataclass(frozen=True, slots=True)
class TrackedFunction:
    """A function whose arguments are recorded at every entry."""

    #: Its name in parameters (``function.param``); unique within the method.
    function: str
    #: Where it is: name inside the file (``Model.fit``), and the file, relative and posix.
    qualname: str
    file: str
    ordinal: int = 0
    #: Filled in by the scan.
    params: tuple[ParamDef, ...] = ()
    #: Names of the parameters to record, where a person chose; None: the scan chooses.
    selected: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class MethodInput:
    """One declared input."""

    name: str
    type: InputType
    #: Upstream only: the module the result must come from.
    module: str | None = None
    #: Upstream: the output type wanted. Value and list: int, float, str or bool.
    value_type: str | None = None
    #: The method takes a list gathered over several runs.
    gather: bool = False
    required: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True)
class MethodOutput:
    """One declared output: a file, a folder (``tiles/``) or a glob (``tiles/*.tif``)."""

    name: str
    path: str
    type: OutputType = "file"
    required: bool = True


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a method version declares."""

    name: str
    module: str
    description: str = ""
    entry: EntryKind = "function"
    tracked: tuple[TrackedFunction, ...] = ()
    inputs: tuple[MethodInput, ...] = ()
    outputs: tuple[MethodOutput, ...] = ()
    #: Environment within the method's pixi.toml; None: its default one, or no pixi at all.
    environment: str | None = None
    #: What the version's workflow documents say that a run takes. Filled in by the scan.
    documented_seconds: float | None = None

    def parameters(self) -> Iterator[tuple[str, ParamDef]]:
        """Every tracked parameter with its full name ``function.param``, in order."""
        for tracked in self.tracked:
            for param in tracked.params:
                yield f"{tracked.function}.{param.name}", param

    def expected(self) -> dict[str, str | None]:
        """``function.param`` -> canonical text expected when nothing is set; None: computed."""
        return {name: param.expected for name, param in self.parameters()}


@dataclass(frozen=True, slots=True)
class Method:
    """A registered method; its name is unique over all modules."""

    method_id: int
    module: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One recorded version of a method: code, declaration and environment, by commit."""

    version_id: int
    method_id: int
    module: str
    method: str
    version: int
    description: str
    git_commit_hash: str
    git_tag: str
    pixi_lock_hash: str | None
    #: Equal to the latest version's: nothing is new.
    content_hash: str
    declaration: Declaration
    created_at: datetime
    created_by: str


def to_json(declaration: Declaration) -> dict[str, Any]:
    """Return the declaration as plain JSON, parameters included."""
    return dataclasses.asdict(declaration)


def from_json(document: Mapping[str, Any]) -> Declaration:
    """Read what ``to_json`` wrote; missing keys take their defaults, unknown ones are ignored."""

    def build(kind: type[Any], source: Mapping[str, Any], **parts: Any) -> Any:
        names = {field.name for field in dataclasses.fields(kind)}
        plain = {key: value for key, value in source.items() if key in names}
        return kind(**{**plain, **parts})

    tracked = []
    for item in document.get("tracked", ()):
        params = tuple(build(ParamDef, param) for param in item.get("params", ()))
        selected = item.get("selected")
        chosen = None if selected is None else tuple(selected)
        tracked.append(build(TrackedFunction, item, params=params, selected=chosen))
    declaration: Declaration = build(
        Declaration,
        document,
        tracked=tuple(tracked),
        inputs=tuple(build(MethodInput, item) for item in document.get("inputs", ())),
        outputs=tuple(build(MethodOutput, item) for item in document.get("outputs", ())),
    )
    return declaration
