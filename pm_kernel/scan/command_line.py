"""Options of a ``run.py`` without ``run()``: argparse and click, read from the source."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from pm_kernel.domain.canonical import NotLiteral, canonical, literal_value
from pm_kernel.domain.methods import ParamDef, ParamKind
from pm_kernel.domain.params import parse_canonical, parse_typed
from pm_kernel.errors import InvalidInput
from pm_kernel.scan.functions import default_text
from pm_kernel.scan.names import Project, SourceModule, dotted_parts
from pm_kernel.scan.source import clean, source_text

_TYPES = {"INT": "int", "FLOAT": "float", "STRING": "str", "BOOL": "bool", "Path": "str"}
_FLAGS = {"store_true": "False", "store_false": "True", "BooleanOptionalAction": None}
_IGNORED = frozenset({"help", "version"})


def is_command_line(module: SourceModule) -> bool:
    """Whether the file does something when it is run as a script."""
    tops = {imported.module.partition(".")[0] for imported in module.imports.values()}
    if tops & {"argparse", "click", "typer", "fire", "docopt", "optparse"}:
        return True
    return any(
        isinstance(node, ast.If | ast.Expr | ast.With | ast.For | ast.Try)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in module.tree.body
    )


def command_line(project: Project, module: SourceModule) -> tuple[ParamDef, ...]:
    """The options and arguments of a script, in order of lines; the first of a name counts."""
    found: dict[str, ParamDef] = {}
    calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        option = _option(module, call)
        if option is None:
            continue
        param = _param(project, module, option)
        if param is not None:
            found.setdefault(param.name, param)
    return tuple(found.values())


@dataclass(slots=True)
class _Option:
    names: list[str]
    keywords: dict[str, ast.expr] = field(default_factory=dict)
    #: click says ``argument`` and ``option``; argparse tells them apart by the dash.
    library: str = "argparse"

    def text(self, key: str) -> str:
        node = self.keywords.get(key)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return ""


def _option(module: SourceModule, call: ast.Call) -> _Option | None:
    parts = dotted_parts(call.func)
    if not parts:
        if not (isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"):
            return None
        parts = ["", "add_argument"]  # parser.add_argument_group("x").add_argument(…)
    library = "argparse" if parts[-1] == "add_argument" and len(parts) > 1 else ""
    imported = module.imports.get(parts[0])
    if imported is not None and imported.module == "click":
        tail = imported.attribute or parts[-1]
        library = "click" if tail in ("option", "argument") else library
    names = [
        argument.value
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    if not library or not names:
        return None
    return _Option(names, {each.arg: each.value for each in call.keywords if each.arg}, library)


def _param(project: Project, module: SourceModule, option: _Option) -> ParamDef | None:
    action = option.text("action") or source_text(option.keywords.get("action")).rpartition(".")[2]
    if action in _IGNORED:
        return None
    long, name = _names(option)
    if not name.isidentifier():
        return None
    is_flag = action in _FLAGS or _is_true(option.keywords.get("is_flag")) or "/" in long
    annotation = "bool" if is_flag else _annotation(option, action)
    node = option.keywords.get("default")
    text = default_text(project, module, node)
    optional = bool(long) and not _is_true(option.keywords.get("required"))
    if node is None and is_flag:
        text = _FLAGS.get(action, "False") or "False"
    elif node is None and optional:
        text = "None"
    kind: ParamKind = "flag" if is_flag else "option" if long else "argument"
    return ParamDef(
        name=name,
        type=annotation,
        default=_converted(text, annotation),
        kind=kind,
        doc=clean(option.text("help")),
        default_source="" if text is not None else source_text(node),
        option=long.partition("/")[0],
    )


def _names(option: _Option) -> tuple[str, str]:
    """The option as typed (empty for positional arguments) and the name its value gets."""
    dashed = [name for name in option.names if name.startswith("-")]
    plain = [name for name in option.names if not name.startswith("-")]
    long = next((name for name in dashed if name.startswith("--")), dashed[0] if dashed else "")
    given = option.text("dest") or (plain[0] if plain else "") or long.partition("/")[0]
    return long, given.lstrip("-").replace("-", "_")


def _annotation(option: _Option, action: str) -> str:
    choices = option.keywords.get("choices")
    node = option.keywords.get("type")
    if isinstance(node, ast.Call) and source_text(node.func).rpartition(".")[2] == "Choice":
        choices = node.args[0] if node.args else None
        node = None
    if isinstance(choices, ast.List | ast.Tuple):
        try:
            texts = [canonical(literal_value(choice)) for choice in choices.elts]
        except NotLiteral:
            texts = []
        if texts:
            return f"Literal[{', '.join(texts)}]"
    written = source_text(node.func if isinstance(node, ast.Call) else node)
    tail = written.rpartition(".")[2]
    kind = _TYPES.get(tail, tail if tail.isidentifier() else "") or "str"
    several = "nargs" in option.keywords and source_text(option.keywords["nargs"]) != "'?'"
    if several or action in ("append", "extend") or _is_true(option.keywords.get("multiple")):
        return f"list[{kind}]"
    return "int" if action == "count" else kind


def _converted(text: str | None, annotation: str) -> str | None:
    """argparse turns a default given as text into the option's type; so do we."""
    if text is None or not text.startswith("'"):
        return text
    try:
        return canonical(parse_typed(parse_canonical(text), annotation))
    except InvalidInput:
        return text


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True
