"""All checks, one by one and apart from each other: none can stop or spoil another."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from pm_kernel.config import Settings, load_settings, process_environ
from pm_kernel.doctor import (
    database,
    interpreters,
    jupyter,
    leftovers,
    machine,
    nextflow,
    repository,
    runstore,
    workspace,
)
from pm_kernel.doctor.case import Case, Look
from pm_kernel.doctor.check import Check, failed, notice, problem
from pm_kernel.doctor.doors import Doors
from pm_kernel.errors import NotFound, PmError
from pm_kernel.nextflow.install import Progress as Fetching

#: Seconds for all checks together; one that hangs (a dead network disk) is given up then.
PATIENCE = 90.0
#: Fetching Nextflow may take longer on a slow line.
FETCH_PATIENCE = 1200.0

#: Called with checks done, checks in total, and the names of those under way.
Progress = Callable[[int, int, Sequence[str]], None]


@dataclass(frozen=True)
class Examination:
    """One entry of the table: what is looked at, and whether it needs a workspace."""

    name: str
    look: Look
    needs_workspace: bool = False


#: In the order in which results are shown.
TABLE = (
    Examination("Python", machine.look_at_python),
    Examination("machine", machine.look_at_size),
    Examination("system programs", machine.look_at_programs),
    Examination("user folders", machine.look_at_folders),
    Examination("workspace", workspace.look, needs_workspace=True),
    Examination("run store", runstore.look, needs_workspace=True),
    Examination("unfinished runs", leftovers.look, needs_workspace=True),
    Examination("database", database.look, needs_workspace=True),
    Examination("git", repository.look_at_git),
    Examination("methods repository", repository.look, needs_workspace=True),
    Examination("Java", nextflow.look_at_java),
    Examination("Nextflow", nextflow.look),
    Examination("nextflow.config", nextflow.look_at_config, needs_workspace=True),
    Examination("interpreter", interpreters.look),
    Examination("packages of methods", interpreters.look_at_packages, needs_workspace=True),
    Examination("pixi", interpreters.look_at_pixi),
    Examination("JupyterLab", jupyter.look),
)


def diagnose(
    named: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    start: Path | None = None,
    doors: Doors | None = None,
    fetch: bool = False,
    fetching: Fetching | None = None,
    progress: Progress | None = None,
) -> list[Check]:
    """Find the workspace and check it; without one, or with one that cannot be read, the machine.

    ``named`` is the workspace's folder where somebody said which one.
    """
    environ = process_environ() if environ is None else environ
    settings: Settings | None = None
    first: list[Check] = []
    try:
        settings = load_settings(start, environ, workspace=named)
    except NotFound as error:
        said_which = named is not None or bool(environ.get("PM_WORKSPACE"))
        say = problem if said_which else notice
        first = [say("workspace", error.message, error.hint)]
    except (PmError, OSError) as error:
        first = [failed("workspace", error)]
    case = Case(settings, environ, doors or Doors(), fetch, fetching)
    return first + _examine(case, TABLE, progress)


def run_checks(
    settings: Settings | None,
    *,
    environ: Mapping[str, str] | None = None,
    doors: Doors | None = None,
    fetch: bool = False,
    fetching: Fetching | None = None,
    progress: Progress | None = None,
    table: Sequence[Examination] = TABLE,
    patience: float | None = None,
) -> list[Check]:
    """Return what every check found, in the order of the table; None: the machine alone.

    Never raises: a check that fails is a problem that says so, and so is one that has not answered
    after ``patience`` seconds.
    """
    if environ is None:
        environ = process_environ() if settings is None else settings.environ
    case = Case(settings, environ, doors or Doors(), fetch, fetching)
    return _examine(case, table, progress, patience)


def _examine(
    case: Case,
    table: Sequence[Examination],
    progress: Progress | None,
    patience: float | None = None,
) -> list[Check]:
    chosen = [each for each in table if case.settings is not None or not each.needs_workspace]
    answers: queue.SimpleQueue[tuple[int, list[Check]]] = queue.SimpleQueue()
    for number, examination in enumerate(chosen):
        # Daemons: a thread that hangs in a dead file system must not keep the program from ending.
        Thread(
            target=_look,
            args=(number, examination, case, answers),
            name=f"doctor {examination.name}",
            daemon=True,
        ).start()
    if patience is None:
        patience = FETCH_PATIENCE if case.fetch else PATIENCE
    deadline = time.monotonic() + patience
    found: dict[int, list[Check]] = {}
    while len(found) < len(chosen):
        waiting = [each.name for number, each in enumerate(chosen) if number not in found]
        if progress is not None:
            progress(len(found), len(chosen), waiting)
        try:
            number, checks = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            break
        found[number] = checks
    return [
        check
        for number, each in enumerate(chosen)
        for check in found.get(number, [_given_up(each.name, patience)])
    ]


def _look(
    number: int,
    examination: Examination,
    case: Case,
    answers: queue.SimpleQueue[tuple[int, list[Check]]],
) -> None:
    checks: list[Check] = []
    try:
        checks.extend(examination.look(case))
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks go on
        checks.append(failed(examination.name, error))
    answers.put((number, checks))


def _given_up(name: str, patience: float) -> Check:
    return problem(
        name,
        f"It did not answer within {patience:g} seconds.",
        "A disk or a server that hangs is the usual reason: `df` and `mount` show the disks.",
    )
