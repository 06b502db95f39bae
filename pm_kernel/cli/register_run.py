"""``pm register_run``: called by the generated pipeline before a task. Starts as bare as it can."""

from __future__ import annotations

import os
import sys

from pm_kernel.running.recorder_call import ask, draw_uuid, environment, folder_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_COMMON = {"attempt", "workspace", "task-dir"}
_PLANNED = {"planned", "launch"}
_EXPORTED = {"export", "folder", "task", "session", "run-name", "head"}


def main(argv: list[str]) -> int:
    """Register a planned run; the run id goes to stdout.

    A task of an exported folder does not know which one it is; that is found out first.
    """
    exported = "--export" in argv
    options = read_options(
        argv, _COMMON | (_EXPORTED if exported else _PLANNED), frozenset({"plan", "uuid"})
    )
    plan = options.get("plan")
    request: dict[str, Any] = {
        "call": "register",
        # Drawn before where somebody was asked already.
        "uuid": options.get("uuid") or draw_uuid(),
        "attempt": number(options, "attempt"),
        "workspace": options["workspace"],
        "task_dir": os.path.abspath(options["task-dir"]),  # noqa: PTH100 - pathlib is slow to load
        "recorder": "" if plan is None else folder_of(options["workspace"], plan),
    }
    if exported:
        request["exported"] = {
            "export_id": options["export"],
            "folder": options["folder"],
            "task": number(options, "task"),
            "session": options["session"],
            "run_name": options["run-name"],
            "head": number(options, "head"),
        }
    else:
        request["planned"] = number(options, "planned")
        request["launch"] = number(options, "launch")
    return carried_out(request, request["recorder"])


def carried_out(request: dict[str, Any], recorder: str) -> int:
    """Have a request carried out by the supervisor that listens in ``recorder``, else here."""
    request["wrapper"] = os.getppid()
    request["environ"] = environment()
    answer = ask(recorder, request, request["environ"]) if recorder else None
    if answer is None:
        return _here(request)
    sys.stderr.write(answer["said"])
    if "error" in answer:
        from pm_kernel.errors import PmError

        error = PmError(answer["error"]["message"], hint=answer["error"]["hint"])
        error.exit_code = answer["error"]["exit_code"]
        raise error
    sys.stdout.write(answer["out"])
    return int(answer["exit_code"])


def _here(request: dict[str, Any]) -> int:
    if sys.flags.no_site:
        # Started by ``task``: nothing that is installed has been looked for yet.
        import site

        site.main()
    from pm_kernel.database import running_url
    from pm_kernel.running.calls import carry_out, settings_of
    from pm_kernel.running.recorder import DirectRecorder

    settings = settings_of(request)
    recorder = DirectRecorder(lambda: running_url(settings), patience=settings.database_patience)
    exit_code, out = carry_out(settings, recorder, request, sys.stderr.write)
    sys.stdout.write(out)
    return exit_code


def read_options(
    argv: list[str], names: set[str], optional: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Read ``--name value`` pairs; every name but the optional must be there. Raises UsageError."""
    options: dict[str, str] = {}
    for flag, value in zip(argv[::2], argv[1::2], strict=False):
        name = flag.removeprefix("--")
        if name not in names | optional or not flag.startswith("--"):
            _wrong(f"Unknown option {flag!r}; expected {_listed(names | optional)}.")
        options[name] = value
    missing = names - options.keys()
    if missing or len(argv) % 2:
        _wrong(f"Missing {_listed(missing) or 'a value'}.")
    return options


def number(options: dict[str, str], name: str) -> int:
    """Return an option that is a whole number. Raises UsageError."""
    try:
        return int(options[name])
    except ValueError:
        _wrong(f"--{name} takes a number, not {options[name]!r}.")


def _wrong(message: str) -> NoReturn:
    from pm_kernel.errors import UsageError

    raise UsageError(message) from None


def _listed(names: set[str] | frozenset[str]) -> str:
    return ", ".join(f"--{name}" for name in sorted(names))
