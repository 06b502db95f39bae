"""Bytes of Python files to syntax trees; nothing is ever imported or executed."""

from __future__ import annotations

import ast
import platform
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from pm_kernel.running.trackable import SourceFile
from pm_kernel.scan.model import SourceProblem

#: A larger file is generated or is data; its tree would take about a hundred times its size.
MAX_SOURCE_BYTES = 1024 * 1024
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed file; ``module`` is the name it is imported by from the method's folder."""

    path: str
    module: str
    is_package: bool
    tree: ast.Module
    #: The same file as the one that makes functions report sees it; None: too deep for it.
    tracking: SourceFile | None


def parse_sources(files: Mapping[str, bytes]) -> tuple[list[Source], list[SourceProblem]]:
    """Parse every ``.py`` file; what cannot be parsed becomes a problem, never an exception."""
    sources: list[Source] = []
    problems: list[SourceProblem] = []
    for path in sorted(files):
        if not path.endswith(".py"):
            continue
        data = files[path]
        if len(data) > MAX_SOURCE_BYTES:
            problems.append(_too_large(path, len(data)))
            continue
        source = _parse(path, data)
        if isinstance(source, SourceProblem):
            problems.append(source)
        else:
            sources.append(source)
    return sources, problems


def module_name(path: str) -> tuple[str, bool]:
    """``pkg/mod.py`` -> ``pkg.mod``; the flag says that it is a package's ``__init__``."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        return ".".join(parts[:-1]), True
    return ".".join(parts), False


def _parse(path: str, data: bytes) -> Source | SourceProblem:
    try:
        with warnings.catch_warnings():
            # '\d' in user code is theirs to judge; it must neither be printed here nor raised.
            warnings.simplefilter("ignore")
            # bytes: declared encodings, BOM and CRLF are Python's business
            tree = ast.parse(data)
            module, is_package = module_name(path)
            return Source(path, module, is_package, tree, _tracking(data))
    except (SyntaxError, ValueError) as error:
        if b"\0" in data:  # UTF-16, or a binary file; SyntaxError from Python 3.12 on
            return SourceProblem(path, None, "contains NUL bytes. Save the file as UTF-8 text.")
        line = error.lineno if isinstance(error, SyntaxError) else None
        return SourceProblem(path, line or None, _syntax_message(error))
    except (RecursionError, MemoryError):
        return SourceProblem(path, None, "is nested too deeply to be read.")


def _tracking(data: bytes) -> SourceFile | None:
    try:
        return SourceFile(data)
    except RecursionError:
        return None


def _syntax_message(error: SyntaxError | ValueError) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    said = clean(message or "invalid syntax", _MAX_SHOWN)
    if "encoding" in said or "codec can't decode" in said or "Non-UTF-8" in said:
        return f"{said}. Save the file as UTF-8, or declare its encoding in the first line."
    # A method's environment may have a newer Python than the one that reads its source here.
    return f"{said} (read with Python {platform.python_version()})."


def _too_large(path: str, size: int) -> SourceProblem:
    limit = MAX_SOURCE_BYTES // 1024**2
    return SourceProblem(
        path,
        None,
        f"{size / 1024**2:.1f} MB of source; files above {limit} MB are not read. "
        "Keep data in a data file.",
    )


def source_text(node: ast.AST | None) -> str:
    """The expression as text, on one line; empty for None."""
    if node is None:
        return ""
    try:
        return clean(ast.unparse(node))
    except (RecursionError, ValueError):
        return "…"


def clean(text: str, limit: int = 500) -> str:
    """One line without characters that neither a terminal nor PostgreSQL takes."""
    shown = " ".join(text.split())
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
