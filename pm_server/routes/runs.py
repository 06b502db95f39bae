"""``/pm/api/runs``: finding runs, and everything that is recorded of one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.outputs import base_folder
from pm_kernel.domain.quantities import parse_since
from pm_kernel.domain.run_documents import details_document, run_document
from pm_kernel.domain.runs import Run, RunFilter, RunOutput, said
from pm_kernel.errors import InvalidInput
from pm_kernel.store import run_details
from pm_kernel.store import runs as store_runs
from pm_server.payload import Query
from pm_server.routes.base import Route, verb
from pm_server.services import Opened
from pm_server.table_preview import is_table

_PAGE, _MOST = 50, 1000


class RunsRoute(Route):
    """Runs, newest first."""

    @verb
    async def get(self) -> None:
        """Find runs; ``before`` continues a page, ``counts`` adds how many fit by status."""
        query = self.query(
            *("status", "method", "module", "sample", "plan", "since", "metadata", "log"),
            *("limit", "before", "counts"),
        )
        self.answer(await self.ask(lambda at: _find(at, query)))


class RunRoute(Route):
    """One run."""

    @verb
    async def get(self, run_id: str) -> None:
        """Show everything that is recorded of a run but its log."""
        self.query()
        self.answer(await self.ask(lambda at: _show(at, int(run_id))))


class OutputsRoute(Route):
    """The outputs of a run."""

    @verb
    async def get(self, run_id: str) -> None:
        """List the outputs as recorded, each with the path to ask for it by."""
        self.query()
        self.answer(await self.ask(lambda at: _outputs(at, int(run_id))))


def seen_run(run: Run, now: datetime) -> dict[str, Any]:
    """Return a run as lists show it, with its state in words."""
    return {**run_document(run), "said": said(run, now)}


def _find(at: Opened, query: Query) -> dict[str, Any]:
    criteria = _criteria(query)
    limit = query.integer("limit", most=_MOST) or _PAGE
    page = store_runs.find_runs(at.store, criteria, limit=limit, before=query.integer("before"))
    if not page.runs and (unknown := store_runs.unknown_name(at.store, criteria)) is not None:
        raise unknown
    now = datetime.now().astimezone()
    return {
        "runs": [seen_run(run, now) for run in page.runs],
        "before": page.before,
        "counts": store_runs.count_runs(at.store, criteria) if query.flag("counts") else None,
    }


def _criteria(query: Query) -> RunFilter:
    method, version = query.text("method"), None
    if method is not None and "/v" in method:
        method, _, number = method.rpartition("/v")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise InvalidInput(f"'method' is NAME or NAME/vN, not {query.text('method')!r}.")
        version = int(number)
    since = query.text("since")
    return RunFilter(
        states=frozenset(query.words("status")),
        method=method,
        version=version,
        module=query.text("module"),
        sample=query.text("sample"),
        plan_id=query.integer("plan"),
        since=None if since is None else parse_since(since, datetime.now().astimezone()),
        metadata=dict(_pair(each) for each in query.every("metadata")),
        log=query.text("log"),
    )


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidInput(f"'metadata' is KEY=VALUE, not {text!r}.")
    return key, value


def _show(at: Opened, run_id: int) -> dict[str, Any]:
    details = run_details.get_details(at.store, run_id)
    place = _place(details.run)
    return {
        **details_document(details),
        "said": said(details.run, datetime.now().astimezone()),
        "directory": None if place is None else place,
    }


def _outputs(at: Opened, run_id: int) -> dict[str, Any]:
    details = run_details.get_details(at.store, run_id)
    return {
        "run_id": run_id,
        "directory": _place(details.run),
        "outputs": [_output(each) for each in details.outputs],
    }


def _output(output: RunOutput) -> dict[str, Any]:
    base = base_folder(output.path)
    single = output.file_count == 1 and base == output.path
    return {
        **asdict(output),
        # The file, or the folder that its files lie in.
        "base": "" if base == "." else base,
        "kind": "file" if single else "folder",
        "table": single and is_table(output.path),
    }


def _place(run: Run) -> str | None:
    place = RunStore(run.workspace_root / ".runs").locate(run.run_id, run.uuid)
    return None if place is None else str(place)
