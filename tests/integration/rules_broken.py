"""The rules of recording, each with a way to take it away: schedules must then go wrong.

This is what shows that the simulation can fail. A rule is taken away from the product's code while
a schedule is played, as somebody would have written it who did not know the rule.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from sqlalchemy import Connection

from pm_kernel import mirror, plan_results, retrying, submission
from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.domain.plans import Launch
from pm_kernel.rebuilding import plans
from pm_kernel.running import complete, register, settle
from pm_kernel.running.inside import session
from pm_kernel.running.process import Life
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.store import importing, launches, registering, retries

from .rules_world import World

Change = Callable[[pytest.MonkeyPatch, World], None]


def without_done(patch: pytest.MonkeyPatch, world: World) -> None:
    """Registering does not ask whether a result is there."""
    real = registering._may_register

    def may_register(
        connection: Any, request: dict[str, Any], planned: dict[str, Any]
    ) -> dict[str, Any] | None:
        return real(connection, request, {**planned, "current_run": None})

    patch.setattr(registering, "_may_register", may_register)


def without_one_living(patch: pytest.MonkeyPatch, world: World) -> None:
    """Registering does not ask whether a run lives, and the index is not there either."""
    real = registering._may_register

    def may_register(
        connection: Any, request: dict[str, Any], planned: dict[str, Any]
    ) -> dict[str, Any] | None:
        refusal = real(connection, request, planned)
        return None if refusal is not None and refusal["answer"] == "live" else refusal

    world.admin.execute("DROP INDEX IF EXISTS uq_runs_one_live")
    patch.setattr(registering, "_may_register", may_register)


def without_claim(patch: pytest.MonkeyPatch, world: World) -> None:
    """Whoever settles a run works in its directory without having taken it."""

    def claim(store: RunStore, uuid: str) -> Path | None:
        return next((f for f in (store.partial(uuid), store.dead(uuid)) if f.is_dir()), None)

    patch.setattr(settle, "_claim", claim)


def with_row_first(patch: pytest.MonkeyPatch, world: World) -> None:
    """The row of a run is ended before its directory has the final name."""
    real_meta, real_seal = complete.meta_of, seal.seal
    requests: dict[str, dict[str, Any]] = {}

    def meta_of(record: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
        requests[record["uuid"]] = request
        return real_meta(record, request)

    def row_then_seal(
        folder: Path, target: Path, run_id: int, uuid: str, *rest: Any, **options: Any
    ) -> None:
        DirectRecorder(world.url, patience=30).ask({**requests.pop(uuid), "op": "complete"})
        real_seal(folder, target, run_id, uuid, *rest, **options)

    patch.setattr(complete, "meta_of", meta_of)
    patch.setattr(seal, "seal", row_then_seal)


def with_work_directory(patch: pytest.MonkeyPatch, world: World) -> None:
    """An execution is known by its work directory instead of a uuid of its own."""
    real_register, real_create = register.register, RunStore.create_partial

    def registered(*arguments: Any, task_dir: Path, **options: Any) -> register.Registered:
        uuid = str(uuid5(NAMESPACE_URL, str(task_dir)))
        return real_register(*arguments, task_dir=task_dir, **{**options, "uuid": uuid})

    def create(self: RunStore, uuid: str) -> Path:
        folder = self.partial(uuid)
        return folder if folder.is_dir() else real_create(self, uuid)

    patch.setattr(register, "register", registered)
    patch.setattr(RunStore, "create_partial", create)


def with_early_look(patch: pytest.MonkeyPatch, world: World) -> None:
    """A run looks for a cancel before its process is known, not after."""

    def take_up(run_dir: str) -> str | None:
        ours = os.path.join(run_dir, ".pm")  # noqa: PTH118 - as the runner has it
        if os.path.exists(os.path.join(ours, "cancel")):  # noqa: PTH110, PTH118
            return "The run was cancelled before it started."
        return None if session.announce(ours) else f"{run_dir} is gone."

    patch.setattr(session, "take_up", take_up)


def without_ending(patch: pytest.MonkeyPatch, world: World) -> None:
    """Whoever settles a run does not end what its dead wrapper left running."""
    patch.setattr(settle, "end_runner", lambda _folder: Life.GONE)
    real = complete.end_runner

    def end_runner(folder: Path) -> Life:
        return Life.GONE if folder.parent.name == ".dead" else real(folder)

    patch.setattr(complete, "end_runner", end_runner)


class _Early:
    """A connection that answers one query as it would have before the locks were waited for."""

    def __init__(self, connection: Connection, states: list[Any]) -> None:
        self._connection = connection
        self._states = states

    def execute(self, query: Any, *values: Any) -> Any:
        if query is launches._STATES:
            return self
        return self._connection.execute(query, *values)

    def all(self) -> list[Any]:
        return self._states


def with_one_statement(patch: pytest.MonkeyPatch, world: World) -> None:
    """Opening a launch judges planned runs by how they were before it had their locks."""
    real = launches.open_launch

    def open_launch(connection: Connection, plan_id: int, epoch: int) -> Launch:
        states = connection.execute(launches._STATES, {"plan": plan_id, "epoch": epoch}).all()
        return real(_Early(connection, states), plan_id, epoch)  # type: ignore[arg-type]

    patch.setattr(launches, "open_launch", open_launch)


def without_second_look(patch: pytest.MonkeyPatch, world: World) -> None:
    """Nobody looks, once a run has ended, whether its inputs are still what they were."""
    patch.setattr(complete, "_look_at_inputs", lambda _inputs: (None, []))


def without_letting_go(patch: pytest.MonkeyPatch, world: World) -> None:
    """A resume believes the record, and does not look at the files of results."""
    patch.setattr(plan_results, "drop_altered", lambda _store, _plan_id, _user: 0)


def without_noting(patch: pytest.MonkeyPatch, world: World) -> None:
    """What is asked for while a launch runs is promised, and not noted."""
    patch.setattr(retries, "want", lambda _connection, _planned_ids, _user: None)


def with_latest_version(patch: pytest.MonkeyPatch, world: World) -> None:
    """A run is of the newest version that its method has, not of the one that was submitted."""
    of_plan = "JOIN method_versions v ON v.id = p.method_version_id"
    newest = (
        "JOIN method_versions submitted ON submitted.id = p.method_version_id "
        "JOIN method_versions v ON v.method_id = submitted.method_id AND NOT EXISTS ("
        "SELECT FROM method_versions n WHERE n.method_id = v.method_id AND n.version > v.version)"
    )
    assert of_plan in registering._PLANNED
    patch.setattr(registering, "_PLANNED", registering._PLANNED.replace(of_plan, newest))


def without_refusing(patch: pytest.MonkeyPatch, world: World) -> None:
    """A plan goes on in a restored database, whatever the run store knows of it."""
    patch.setattr(mirror, "is_ahead", lambda _store, _plan_id, _state: False)
    for caller in (submission, retrying):
        patch.setattr(caller, "refuse_behind", lambda _settings, _store, _plan_id: None)


def without_newest(patch: pytest.MonkeyPatch, world: World) -> None:
    """A run that is read again is a result only where a backup has none."""
    only = "p.current_run IS DISTINCT FROM %(result)s"
    assert only in importing._RESULT
    patch.setattr(importing, "_RESULT", importing._RESULT.replace(only, "p.current_run IS NULL"))
    patch.setattr(plans, "bring_forward", lambda _settings, _store, _plan, _runs: False)
    without_refusing(patch, world)


@dataclass(frozen=True)
class Broken:
    """A rule that is taken away, and the misfortunes against which it stands."""

    change: Change
    misfortunes: Mapping[str, int]


#: What is taken away -> how.
BROKEN: Mapping[str, Broken] = {
    "done": Broken(without_done, {"requeue": 1}),
    "one living run": Broken(without_one_living, {"requeue": 2, "orphan": 1, "resume": 1}),
    "claim": Broken(without_claim, {"rivals": 1}),
    "seal before the row": Broken(with_row_first, {"cut_short": 1}),
    "uuid": Broken(with_work_directory, {"requeue": 2, "kill": 1}),
    "cancel after the process": Broken(with_early_look, {"cancel_at_start": 1}),
    "ending what a dead wrapper left": Broken(
        without_ending, {"kill": 3, "orphan": 1, "requeue": 1}
    ),
    "lock, then look": Broken(with_one_statement, {"strand": 1}),
    "looking at inputs again": Broken(without_second_look, {"spoil": 1}),
    "looking at results again": Broken(without_letting_go, {"spoil": 1}),
    "the version that was submitted": Broken(with_latest_version, {"new_version": 1}),
    "reading again before going on": Broken(without_refusing, {"restore": 2, "resume": 2}),
    "the newest run is the result": Broken(
        without_newest, {"again": 2, "restore": 1, "rebuild": 1}
    ),
    "noting what is asked": Broken(without_noting, {"again": 1, "retry": 1}),
}
