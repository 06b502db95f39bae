"""Canonical text of what a document or a sample sheet says, typed by what the method declares.

All of these raise ``InvalidInput`` with a sentence where the text does not fit.
"""

from __future__ import annotations

from pm_kernel.domain.catalogue import InputInfo, ParamInfo
from pm_kernel.domain.names import shown
from pm_kernel.domain.params import ParamType, canonical, parse_type, parse_typed


def typed_value(name: str, declared: ParamInfo, text: str) -> str:
    """A parameter's value: ``30`` for a float is ``30.0``; ``name`` is ``function.param``."""
    return canonical(parse_typed(text, declared.type, declared.default_text, name=name))


def typed_input(name: str, declared: InputInfo, text: str) -> str:
    """The value of an input as a document gives it; with no declared type it is what it looks."""
    wanted = declared.value_type
    if declared.type == "list":
        wanted = "list" if wanted is None else f"list[{wanted}]"
    return canonical(parse_typed(text, wanted, name=f"input {shown(name)}"))


def cell_type(declared: InputInfo) -> ParamType:
    """What the cells for an input are read as; with no declared type they are text."""
    kind = declared.value_type or "str"
    return parse_type(f"list[{kind}]" if declared.type == "list" else kind)


def typed_cell(column: str, kind: ParamType, text: str) -> str:
    """The value that a cell holds."""
    return canonical(parse_typed(text, kind, name=f"column {shown(column)}"))
