"""An exception as the user should see it: from the first line of their own code on."""

from __future__ import annotations

import os
import sys

from . import seldom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

#: Characters of a message that are kept in the report; the log has all of it.
MAX_MESSAGE = 2000
#: How the noticing line of ``prepare`` begins and ends, where it shares one with the user's code.
_NOTICE = (r'exec("try:\n import importlib.util as u,os,sys\n', ".get('__file__', '')})")


class EntryError(Exception):
    """The method cannot be called; the message says what does not fit. It has no traceback."""


class SourceRun(Exception):
    """Tracked code was compiled from its source, where it does not report."""


def show(error: BaseException, code_dir: str) -> None:
    """Print an exception to the log, without the frames that called the method."""
    if isinstance(error, (EntryError, SourceRun)):
        print(error, file=sys.stderr)
        return
    shown = error.with_traceback(from_user_code(error.__traceback__, code_dir))
    try:
        if sys.excepthook is sys.__excepthook__ and _clear_notice(shown, code_dir):
            # Python's own hook reads the lines from the disk.
            seldom("traceback").print_exception(type(shown), shown, shown.__traceback__)
            return
        # The user's own hook, where one was installed.
        sys.excepthook(type(shown), shown, shown.__traceback__)
    except Exception:  # noqa: BLE001 - a broken hook must not hide the error
        sys.__excepthook__(type(shown), shown, shown.__traceback__)
    sys.stderr.flush()


def from_user_code(trace: TracebackType | None, code_dir: str) -> TracebackType | None:
    """Return a traceback without the runner's and the import system's frames at its start."""
    ours = os.path.join(code_dir, "_pm_")
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        machinery = file.startswith("<frozen importlib") or file == _IMPORTLIB
        if not file.startswith(ours) and not machinery:
            return trace
        trace = trace.tb_next
    return None


def _clear_notice(error: BaseException, code_dir: str) -> bool:
    """Let lines that a traceback shows be as the user wrote them; False where all of them are."""
    linecache: Any = seldom("linecache")
    cleared = False
    for file, number in _lines_of(error):
        if _is_users(file, code_dir) and _NOTICE[0] in linecache.getline(file, number):
            lines = linecache.getlines(file)
            # Without a time it is not looked up again.
            linecache.cache[file] = (0, None, [_without_notice(line) for line in lines], file)
            cleared = True
    return cleared


def _lines_of(error: BaseException | None) -> Iterator[tuple[str, int]]:
    """Yield file and line of all that a traceback shows of an exception and what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        trace = error.__traceback__
        while trace is not None:
            yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
            trace = trace.tb_next
        error = error.__cause__ or error.__context__


def _without_notice(line: str) -> str:
    before, begin, rest = line.partition(_NOTICE[0])
    _, end, after = rest.partition(_NOTICE[1])
    return before + (after[2:] if after.startswith("; ") else after) if begin and end else line


_IMPORTLIB = sys.modules["importlib"].__file__ if "importlib" in sys.modules else None


def describe(error: BaseException, code_dir: str) -> dict[str, Any]:
    """Return type, message and the last line of the user's own code that an exception went through.

    The line has the form ``helper.py:12``, relative to the method folder; None where the error
    never touched it.
    """
    name = type(error).__name__
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - the exception's own __str__
        message = "(its message could not be read)"
    line = None
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if _is_users(file, code_dir):
            line = f"{_relative(file, code_dir)}:{trace.tb_lineno}"
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename and _is_users(error.filename, code_dir):
        line = f"{_relative(error.filename, code_dir)}:{error.lineno}"
    if len(message) > MAX_MESSAGE:
        message = message[: MAX_MESSAGE - 1] + "…"
    return {"type": name, "message": message, "traceback_last_user_line": line}


def _is_users(file: str, code_dir: str) -> bool:
    return file.startswith(code_dir + os.sep) and not file.startswith(
        os.path.join(code_dir, "_pm_")
    )


def _relative(file: str, code_dir: str) -> str:
    return os.path.relpath(file, code_dir).replace(os.sep, "/")
