"""The options that every command has: read first, wherever they stand."""

from __future__ import annotations

from typing import NamedTuple

from pm_kernel.errors import UsageError


class GlobalOptions(NamedTuple):
    """What was asked of ``pm`` itself."""

    workspace: str | None = None
    json: bool = False
    debug: bool = False
    #: These two count only before the command; after it they are the command's own.
    version: bool = False
    help: bool = False


_BEFORE = {"--version": "version", "-h": "help", "--help": "help"}
_ANYWHERE = {"--json": "json", "--debug": "debug"}


def split(words: list[str]) -> tuple[GlobalOptions, list[str]]:
    """Return the global options, and the words without them; what follows ``--`` is left alone.

    Raises UsageError for an unknown option before the command, and for ``-w`` without a folder.
    """
    found: dict[str, str | bool] = {}
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            rest += [word, *remaining]
        elif word in _ANYWHERE:
            found[_ANYWHERE[word]] = True
        elif word in ("-w", "--workspace"):
            folder = next(remaining, None)
            if folder is None:
                raise UsageError(f"{word} needs the folder of a workspace.")
            found["workspace"] = folder
        elif word.startswith("--workspace="):
            found["workspace"] = word.partition("=")[2]
        elif rest or not word.startswith("-"):
            rest.append(word)
        elif word in _BEFORE:
            found[_BEFORE[word]] = True
        else:
            raise UsageError(f"pm has no option {word}.", hint="`pm --help` shows what there is.")
    return GlobalOptions(**found), rest  # type: ignore[arg-type]
