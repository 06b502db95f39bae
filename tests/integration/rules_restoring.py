"""The database of a schedule is lost, and an older backup of it restored; then it is read again.

All schedules share one database: what is restored of it are the rows of one workspace. Methods stay
known, and numbers are not given out again, as with `pm db restore`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pm_kernel.mirror import STATE
from pm_kernel.rebuilding import rebuild, versions
from pm_kernel.registration.recover import Repaired

from .rules_actors import Stage
from .rules_world import Actor

_PLAN = "plan_id IN (SELECT id FROM execution_plans WHERE workspace_id = {workspace})"
_RUN = "run_id IN (SELECT id FROM runs WHERE workspace_id = {workspace})"
#: Table -> which of its rows are a workspace's, in the order in which they refer to each other.
_TABLES = {
    "execution_plans": "workspace_id = {workspace}",
    "plan_launches": _PLAN,
    "planned_runs": _PLAN,
    "planned_edges": "child_id IN (SELECT id FROM planned_runs WHERE " + _PLAN + ")",
    "runs": "workspace_id = {workspace}",
    "run_inputs": _RUN,
    "run_outputs": _RUN,
    "run_parameters": _RUN,
    "run_logs": _RUN,
    "integrity_events": _RUN,
}
#: How often a rebuild that could not read everything is repeated.
_REBUILDS = 3


@dataclass(frozen=True)
class Backup:
    """All rows of a workspace at one moment, and the decision at which that was."""

    at: int
    rows: dict[str, bytes]
    runs: frozenset[int]


class Backups:
    """The newest backup of a stage's workspace, and what is to be read again after it."""

    def __init__(self, stage: Stage, patch: pytest.MonkeyPatch) -> None:
        # The methods of a schedule are in another workspace, and were never lost.
        patch.setattr(versions, "repair", lambda *_arguments, **_options: Repaired())
        self._stage = stage
        self._admin = stage.world.admin
        (self._workspace,) = self._admin.execute(
            "SELECT id FROM workspaces WHERE uuid = %s", (stage.settings.workspace_id,)
        ).fetchone() or (None,)
        self._newest = self._taken()
        #: An older backup was restored, and no rebuild has read everything since.
        self.unread = False
        self._since = 0

    def take(self) -> None:
        """Make a backup, as a tool does that looks from outside: of what is committed."""
        if not self.unread:
            self._newest = self._taken()

    def restore(self) -> bool:
        """Put the newest backup in the place of what is there; nobody may be at work.

        False where it would be no restore that can be read again: a run is removed that it lacks.
        """
        stage, admin = self._stage, self._admin
        assert not stage.world.living()
        if any(not stage.bench.final(run).exists() for run in self._lost() & stage.account.spoiled):
            return False
        stage.account.forget(self._noted_cancels())
        # Other schedules lock the same tables, in another order.
        while not self._replaced(admin):
            continue
        if not self.unread:
            self._since = stage.world.decisions
        self.unread = True
        return True

    def _replaced(self, admin: psycopg.Connection[Any]) -> bool:
        try:
            with admin.transaction():
                for table in reversed(_TABLES):
                    admin.execute(self._query("DELETE FROM {table} WHERE {own}", table))
                for table, rows in self._newest.rows.items():
                    into = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
                    with admin.cursor().copy(into) as copy:
                        copy.write(rows)
        except psycopg.errors.DeadlockDetected:
            return False
        return True

    def rebuild(self) -> Actor:
        """Somebody reads again what the run store has."""

        def work() -> int:
            rebuilt = rebuild(self._stage.settings, self._stage.bench.store)
            self.problems = list(rebuilt.problems)
            self._stage.account.undecided += rebuilt.notices
            if not self.problems:
                self.unread = False
                until = self._stage.world.decisions
                self._stage.account.unread.append((self._since, until))
            return len(self.problems)

        return self._stage.spawn("rebuild", work)

    def read_everything(self) -> None:
        """Rebuild until everything was read; to be called while nobody is at work."""
        for _ in range(_REBUILDS):
            if not self.unread:
                return
            self.problems: list[str] = ["it was killed"]
            self.rebuild()
            self._stage.world.rest()
        if self.unread:
            self._stage.account.wrong.append(f"a rebuild says: {self.problems}")

    def _taken(self) -> Backup:
        rows = {}
        with self._admin.transaction():
            self._admin.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            for table in _TABLES:
                query = self._query("COPY (SELECT * FROM {table} WHERE {own}) TO STDOUT", table)
                with self._admin.cursor().copy(query) as copy:
                    rows[table] = b"".join(bytes(block) for block in copy)
            runs = self._runs()
        return Backup(self._stage.world.decisions, rows, runs)

    def _runs(self) -> frozenset[int]:
        query = self._query("SELECT id FROM {table} WHERE {own}", "runs")
        return frozenset(run for (run,) in self._admin.execute(query).fetchall())

    def _lost(self) -> frozenset[int]:
        return self._runs() - self._newest.runs

    def _query(self, text: str, table: str) -> sql.Composed:
        workspace = sql.Literal(self._workspace)
        own = sql.SQL(_TABLES[table]).format(workspace=workspace)
        return sql.SQL(text).format(table=sql.Identifier(table), own=own)

    def _noted_cancels(self) -> dict[int, int]:
        """The last cancelled epoch of each plan that the run store has noted."""
        folder: Path = self._stage.bench.runs / "plans"
        return {
            plan: json.loads((folder / str(plan) / STATE).read_bytes())["cancelled_epoch"]
            for plan in self._stage.plans
        }
