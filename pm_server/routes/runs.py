"""``/pm/api/runs``: finding runs, and everything that is recorded of one."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Any

from pm_kernel import direct_execution, direct_run
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.outputs import base_folder
from pm_kernel.direct_run import DirectRequest
from pm_kernel.domain.quantities import parse_since
from pm_kernel.domain.run_documents import details_document, run_document
from pm_kernel.domain.runs import Run, RunFilter, RunOutput, said
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import InvalidInput
from pm_kernel.store import run_details
from pm_kernel.store import runs as store_runs
from pm_server.payload import Fields, Query
from pm_server.routes.base import Reusable, Route, verb
from pm_server.services import Opened
from pm_server.table_preview import is_table

_PAGE, _MOST = 50, 1000


class RunsRoute(Route):
    """Runs, newest first."""

    @verb
    async def get(self) -> None:
        """Find runs; ``before`` continues a page, ``counts`` adds how many fit by status."""
        query = self.query(
            *("status", "method", "module", "sample", "plan", "step", "since", "until"),
            *("metadata", "log", "limit", "before", "counts"),
        )
        await self.answer_long(lambda at: _find(at, query), settled=True)

    @verb
    async def post(self) -> None:
        """Run one method now, without a plan of many runs.

        It goes on when this server ends; cancelling its plan cancels it. Where an equal run answers
        already, and ``rerun`` does not ask for another, the answer is 409 with its ``run_id``.
        """
        body = self.body(
            *("method", "version", "sample", "params", "inputs", "name", "notes", "metadata"),
            "rerun",
        )
        self.answer(await self.ask(lambda at: _run(at, body), slow=True), HTTPStatus.CREATED)


class RunRoute(Route):
    """One run."""

    @verb
    async def get(self, run_id: str) -> None:
        """Show everything that is recorded of a run but its log."""
        self.query()
        self.answer(await self.ask(lambda at: _show(at, int(run_id)), settled=True))


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
    criteria = criteria_from(query)
    limit = query.integer("limit", most=_MOST) or _PAGE
    page = store_runs.find_runs(at.store, criteria, limit=limit, before=query.integer("before"))
    if not page.runs and (unknown := store_runs.unknown_name(at.store, criteria)) is not None:
        raise unknown
    now = datetime.now().astimezone()
    return {
        "runs": [seen_run(run, now) for run in page.runs],
        "before": page.before,
        "unsearched": page.unsearched,
        "counts": store_runs.count_runs(at.store, criteria) if query.flag("counts") else None,
    }


def _run(at: Opened, body: Fields) -> dict[str, Any]:
    request = DirectRequest(
        method=body.text("method"),
        version=body.optional_integer("version", most=2**31 - 1),
        sample=body.optional_text("sample"),
        params=body.text_table("params"),
        inputs=[
            (each.text("name"), each.text("text"))
            for each in body.parts("inputs", ("name", "text"))
        ],
        name=body.optional_text("name"),
        notes=body.optional_text("notes") or "",
        metadata=body.kept("metadata"),
        rerun=body.flag("rerun"),
        base=at.settings.root,
    )
    direct = direct_run.prepare(at.store, request, same_imports(at.settings))
    if direct.reuse_run_id is not None:
        raise Reusable(
            direct.equal,
            direct.reuse_run_id,
            hint="Use that one, or run again.",
        )
    run_id = direct_execution.start(at.settings, request)
    return {"run_id": run_id, "plan_id": store_runs.get_run(at.store, run_id).plan_id}


def criteria_from(query: Query) -> RunFilter:
    """Return which runs are asked for."""
    method, version = query.text("method"), None
    if method is not None and "/v" in method:
        method, _, number = method.rpartition("/v")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise InvalidInput(f"'method' is NAME or NAME/vN, not {query.text('method')!r}.")
        version = int(number)
    now = datetime.now().astimezone()
    since, until = query.text("since"), query.text("until")
    return RunFilter(
        states=frozenset(query.words("status")),
        method=method,
        version=version,
        module=query.text("module"),
        sample=query.text("sample"),
        plan_id=query.integer("plan"),
        step=query.text("step"),
        since=None if since is None else parse_since(since, now),
        until=None if until is None else parse_since(until, now),
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
