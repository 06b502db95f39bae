"""The ``pm`` command: finds what was asked for in one table, imports that, and nothing else.

A pipeline starts ``pm`` twice per task, so this file imports ``sys`` only. What a command needs it
imports itself. Standard output carries the answer; everything said beside it goes to standard
error, and each kind of failure has its own exit code (see ``pm_kernel.errors``).
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from pm_kernel.cli.context import Context

    Command = Callable[[list[str], Context], int]
    Recording = Callable[[list[str]], int]

#: Called by tasks, thousands of times: they get their words as typed and read them themselves.
RECORDING = {
    "register_run": "pm_kernel.cli.register_run:main",
    "complete_run": "pm_kernel.cli.complete_run:main",
    "lookup_run": "pm_kernel.cli.lookup_run:main",
}

#: command -> (function, what it does). A group is listed with its own name first, if that alone
#: does something. ``main(argv, context)`` gets what follows the command.
COMMANDS = {
    "init": ("pm_kernel.cli.init:main", "make a workspace"),
    "demo": ("pm_kernel.cli.demo:main", "make a workspace with example methods and run them"),
    "doctor": ("pm_kernel.cli.doctor:main", "check everything this needs, and say what mends it"),
    "lab": ("pm_kernel.cli.lab:main", "open JupyterLab on the workspace"),
    "module list": ("pm_kernel.cli.module:list_modules", "the modules"),
    "module show": ("pm_kernel.cli.module:show", "one module, its methods and its contract"),
    "module create": ("pm_kernel.cli.module:create", "make a module"),
    "method list": ("pm_kernel.cli.method:list_methods", "the registered methods"),
    "method show": ("pm_kernel.cli.method:show", "one method, its versions and parameters"),
    "method scan": ("pm_kernel.cli.method:scan", "what is in a method's files"),
    "method register": ("pm_kernel.cli.method:register", "record a version of a method"),
    "run": ("pm_kernel.cli.run:main", "run one method directly"),
    "runs": ("pm_kernel.cli.runs:main", "find runs, by status, method, sample, log and more"),
    "runs list": ("pm_kernel.cli.runs:main", "the same"),
    "runs show": ("pm_kernel.cli.run_show:main", "how a run was made: everything"),
    "runs fail": ("pm_kernel.cli.settle:fail", "say that a run on a lost machine is dead"),
    "log": ("pm_kernel.cli.log:main", "what a run printed"),
    "lineage": ("pm_kernel.cli.lineage:main", "every run and parameter that made a result"),
    "compare": ("pm_kernel.cli.compare:main", "runs side by side, and what is different"),
    "plan list": ("pm_kernel.cli.plan:list_plans", "the plans"),
    "plan show": ("pm_kernel.cli.plan:show", "a plan and its run tree"),
    "plan create": ("pm_kernel.cli.plan:create", "make a draft from a pipeline"),
    "plan edit": ("pm_kernel.cli.plan_edit:edit", "change a draft"),
    "plan preview": ("pm_kernel.cli.plan:preview", "every run a draft would make or reuse"),
    "plan submit": ("pm_kernel.cli.plan:submit", "run a draft"),
    "plan watch": ("pm_kernel.cli.plan:watch", "follow a plan until it ends"),
    "plan status": ("pm_kernel.cli.plan:status", "how far a plan is"),
    "plan resume": ("pm_kernel.cli.plan:resume", "run what has no result yet"),
    "plan retry": ("pm_kernel.cli.plan_retry:retry", "run failed parts again"),
    "plan cancel": ("pm_kernel.cli.plan:cancel", "stop a plan"),
    "plan export": ("pm_kernel.cli.plan_export:export", "a folder that Nextflow can run elsewhere"),
    "template list": ("pm_kernel.cli.template:list_templates", "the saved pipelines"),
    "template show": ("pm_kernel.cli.template:show", "one saved pipeline"),
    "template versions": ("pm_kernel.cli.template_versions:versions", "what one was before"),
    "template save": ("pm_kernel.cli.template:save", "save a pipeline under a name"),
    "template restore": (
        "pm_kernel.cli.template_versions:restore",
        "take an earlier version again",
    ),
    "db status": ("pm_kernel.cli.db:status", "the state of the database"),
    "db start": ("pm_kernel.cli.db:start", "start the database"),
    "db stop": ("pm_kernel.cli.db:stop", "stop the database"),
    "db url": ("pm_kernel.cli.db:url", "the address of the database"),
    "db upgrade": ("pm_kernel.cli.db:upgrade", "bring the database to this program's schema"),
    "db backup": ("pm_kernel.cli.db:backup", "write the database to a file"),
    "db restore": ("pm_kernel.cli.db:restore", "read the database from a file"),
    "rebuild": ("pm_kernel.cli.rebuild:main", "read a lost database again from git and store"),
    "verify": ("pm_kernel.cli.verify:main", "compare artifacts with their checksums"),
}

#: As a shell says that a command ended by SIGPIPE.
_PIPE_CLOSED = 141
_INTERRUPTED = 130
#: New objects between two collections (Python: 700).
_FEW_COLLECTIONS = 100_000


def main(argv: list[str] | None = None) -> int:
    """Run ``pm`` with these words (default: the command line); returns the exit code.

    A task's own process ends in here: there is nothing to tidy up that its end does not.
    """
    if argv is None and sys.argv[1:] and sys.argv[1] in RECORDING:
        _end(_run_in_a_task(sys.argv[1:]))
    code = _guarded(sys.argv[1:] if argv is None else list(argv))
    _leave_unread()
    return code


def _guarded(words: list[str]) -> int:
    debug = "--debug" in words
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\npm: stopped\n")
        return _INTERRUPTED
    except BrokenPipeError:
        return _pipe_closed()
    except Exception as error:  # noqa: BLE001 - the top: logged with its traceback
        from pm_kernel.cli.failure import report

        return report(error, debug=debug)
    return code


def _run_in_a_task(words: list[str]) -> int:
    # It lives for less time than the collector takes to look at what it imports; where it reads a
    # long log after all, memory stays within bounds.
    import gc

    gc.set_threshold(_FEW_COLLECTIONS)
    return _guarded(words)


def _end(code: int) -> NoReturn:
    """End the process without taking every module apart, a tenth of what the command costs."""
    import os

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # Nobody is there to read it; the exit code stands.
            continue
    os._exit(code)


def _dispatch(words: list[str]) -> int:
    if words and words[0] in RECORDING:
        return _recording(words[0], words[1:])
    return _ordinary(words)


def _recording(name: str, words: list[str]) -> int:
    command: Recording = _load(name, RECORDING[name])
    return command(words)


def _ordinary(words: list[str]) -> int:
    from pm_kernel.cli.options import split

    options, words = split(words)
    if options.version:
        from pm_kernel import __version__

        print(f"pm {__version__}")
        return 0
    if words and words[0] in RECORDING:
        workspace = [] if options.workspace is None else ["--workspace", options.workspace]
        return _recording(words[0], [*words[1:], *workspace])
    name = next((n for n in (" ".join(words[:2]), words[0]) if n in COMMANDS), "") if words else ""
    if not name:
        from pm_kernel.cli.help import without_command

        return without_command(words, options.help)
    from pm_kernel.cli.context import Context

    rest = words[len(name.split()) :] + (["--help"] if options.help else [])
    command: Command = _load(name, COMMANDS[name][0])
    with Context(workspace=options.workspace, json=options.json) as context:
        return command(rest, context)


def _load(name: str, target: str) -> Any:
    place, _, function = target.partition(":")
    missing = f"{place}.{function}"
    try:
        # As import_module does, whose own module takes a while to load.
        __import__(place)
        found = getattr(sys.modules[place], function, None)
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith("pm_kernel."):
            raise
        missing = error.name
        found = None
    if found is None:
        from pm_kernel.errors import EngineUnavailable

        raise EngineUnavailable(
            f"`pm {name}` is not available: this build has no {missing}.",
            hint="Install a complete one with `pip install -U research-process-manager`.",
        )
    return found


def _leave_unread() -> None:
    """Forget notes that nobody reads: Python flushes once more at exit, and would end with 120."""
    try:
        sys.stderr.flush()
    except OSError:
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _pipe_closed() -> int:
    """End quietly: whoever read our output has enough, as in `pm runs | head`."""
    import os

    # Python flushes once more at exit, and would complain then.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _PIPE_CLOSED


if __name__ == "__main__":
    sys.exit(main())
