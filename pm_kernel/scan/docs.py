"""Help per parameter from docstrings in numpy, google or sphinx style."""

from __future__ import annotations

import docstring_parser

from pm_kernel.scan.source import clean

_MAX_DOCSTRING = 20_000


def summary(docstring: str | None) -> str:
    """The first line of a docstring."""
    lines = (docstring or "").strip().splitlines()
    return clean(lines[0]) if lines else ""


def parameter_help(docstring: str | None) -> dict[str, str]:
    """Parameter name -> help text; empty where the docstring says nothing or cannot be read."""
    if not docstring or len(docstring) > _MAX_DOCSTRING:
        return {}
    try:
        parsed = docstring_parser.parse(docstring)
    except docstring_parser.ParseError:
        return {}
    help_texts: dict[str, str] = {}
    for param in parsed.params:
        # numpy documents several at once: `sigma, threshold : float`
        for name in param.arg_name.split(","):
            help_texts.setdefault(name.strip().lstrip("*"), clean(param.description or ""))
    return help_texts
