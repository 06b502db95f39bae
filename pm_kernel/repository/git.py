"""The only place that runs git: argument lists, a clean environment, errors in our words.

What a person's git is set up to do must not change what is recorded: hooks, file-system monitors,
pagers and replacement objects are off, and variables that point git at another repository (they are
set inside hooks) are removed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pm_kernel.errors import EngineUnavailable, NotFound

if TYPE_CHECKING:
    from git.cmd import Git as GitCommand

#: Set by git for its hooks; they would send our commands to somebody else's repository or index.
_FOREIGN = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_QUARANTINE_PATH",
    "GIT_CONFIG", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_LITERAL_PATHSPECS",
    "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS", "GIT_TRACE",
)  # fmt: skip

_OPTIONS = (
    "--no-pager",
    # A formatter run by a hook would commit other code than was scanned.
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "core.splitIndex=false",
    "-c", "core.quotePath=false",
    "-c", "core.safecrlf=false",
    "-c", "color.ui=false",
    "-c", "i18n.commitEncoding=UTF-8",
    "-c", "i18n.logOutputEncoding=UTF-8",
    "-c", "log.showSignature=false",
)  # fmt: skip

_ENVIRONMENT = {
    "GIT_TERMINAL_PROMPT": "0",
    # Reading must not take the index lock from somebody who works there.
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
}


#: Folder names may hold * or [: they are names here, never patterns.
_LITERAL = {"GIT_LITERAL_PATHSPECS": "1"}
#: Commands that take names only, and fail when they are told so.
_NO_PATTERNS = frozenset({"check-ignore"})

#: What `env` returns where there is no such program.
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git command returned."""

    status: int
    out: bytes
    error: str

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.status == 0

    @property
    def text(self) -> str:
        """Standard output as text, without the line break at its end."""
        return self.out.decode("utf-8", "surrogateescape").removesuffix("\n")

    def items(self) -> list[str]:
        """The parts of ``-z`` output."""
        decoded = self.out.decode("utf-8", "surrogateescape")
        return decoded.removesuffix("\0").split("\0") if decoded else []


class Git:
    """git in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._command = _git_command(folder)

    def run(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> str:
        """Run a command that must succeed, and return its output as text."""
        return self.answer(*arguments, stdin=stdin, env=env, options=options, check=True).text

    def answer(
        self,
        *arguments: str,
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
        options: Sequence[str] = (),
        check: bool = False,
    ) -> Answer:
        """Run a command; with ``check`` a failure raises EngineUnavailable with git's own words."""
        from git.exc import CommandError

        literal = {} if arguments[0] in _NO_PATTERNS else _LITERAL
        variables = {**_ENVIRONMENT, **literal, **(env or {})}
        foreign = [name for name in _FOREIGN if name not in variables]
        unset = [part for name in foreign for part in ("-u", name)]
        command = ["env", *unset, "git", *_OPTIONS, *options, *arguments]
        # GitPython hands a file to the process: input of any size cannot block it.
        with tempfile.TemporaryFile() as stream:
            if stdin is not None:
                stream.write(stdin)
                stream.seek(0)
            try:
                status, out, said = self._command.execute(
                    command,
                    istream=stream,
                    with_extended_output=True,
                    with_exceptions=False,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    env=variables,
                )
            except CommandError as error:
                raise _no_git() from error
        if status == _NOT_FOUND:
            raise _no_git()
        found = Answer(int(status), out, str(said))
        if check and not found.ok:
            raise self._failed(arguments[0], found)
        return found

    def _failed(self, command: str, found: Answer) -> EngineUnavailable | NotFound:
        said = found.error.strip()
        if "dubious ownership" in said:
            return EngineUnavailable(
                f"git does not work in {self._folder}, because the folder belongs to another user.",
                hint=f"If you trust it: git config --global --add safe.directory {self._folder}",
            )
        if "not a git repository" in said:
            return NotFound(
                f"{self._folder} is not inside a git repository.",
                hint="`pm init` makes the methods repository of a workspace.",
            )
        last = said.splitlines()[-1] if said else f"exit status {found.status}"
        return EngineUnavailable(
            f"git {command} failed in {self._folder}: {last.removeprefix('fatal: ')}",
            hint="`pm doctor` checks the methods repository.",
        )


def _no_git() -> EngineUnavailable:
    return EngineUnavailable(
        "The program git was not found.", hint="Install git; `pm doctor` checks it."
    )


def _git_command(folder: Path) -> GitCommand:
    try:
        # Here and not above: GitPython looks for the git program while it is imported.
        from git.cmd import Git as GitCommand
    except ModuleNotFoundError as error:
        raise EngineUnavailable(
            f"GitPython, through which git is asked, is not installed whole ({error.name} is "
            "missing).",
            hint="Install this program again: pip install --force-reinstall gitpython",
        ) from error
    except ImportError as error:
        raise _no_git() from error
    if not folder.is_dir():
        raise NotFound(
            f"There is no folder {folder}.",
            hint="`pm init` makes the methods repository of a workspace.",
        )
    return GitCommand(str(folder))
