"""What the canvas asks while a pipeline is drawn: is it right, what fits here, what is there?"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pm_kernel import drawing
from pm_kernel.domain.connecting import Connection
from pm_kernel.domain.plan_documents import problem_document
from pm_kernel.errors import InvalidInput
from pm_kernel.planning import PlanInput
from pm_server.payload import Query
from pm_server.routes.base import Route, verb
from pm_server.routes.runs import seen_run
from pm_server.services import Opened

_PAGE, _MOST = 50, 500


class CheckRoute(Route):
    """``/pm/api/check``: a document that is being drawn."""

    @verb
    async def post(self) -> None:
        """Say what is wrong with a document, and how many runs it makes. Nothing is written."""
        body = self.body("document", "request")
        document, request = body.table("document"), body.kept("request")
        self.answer(await self.ask(lambda at: _check(at, document, request), reads=True))


class ValuesRoute(Route):
    """``/pm/api/methods/M/versions/N/values``: texts that somebody typed."""

    @verb
    async def post(self, method: str, version: str) -> None:
        """Type texts as a version declares them: the canonical text of each, or its problem."""
        body = self.body("params", "inputs")
        params, inputs = body.text_table("params"), body.text_table("inputs")
        self.answer(
            await self.ask(lambda at: _values(at, method, int(version), params, inputs), reads=True)
        )


class ConnectionsRoute(Route):
    """``/pm/api/methods/M/versions/N/connections``: what a port can be linked to."""

    @verb
    async def get(self, method: str, version: str) -> None:
        """List the other ends for an ``input`` or an ``output``, the impossible ones with why."""
        query = self.query("input", "output")
        self.answer(await self.ask(lambda at: _connections(at, method, int(version), query)))


class CandidatesRoute(Route):
    """``/pm/api/methods/M/versions/N/candidates``: earlier results for an input."""

    @verb
    async def get(self, method: str, version: str) -> None:
        """List outputs of completed runs that the ``input`` can take, newest first."""
        query = self.query("input", "source", "sample", "limit", "before")
        self.answer(await self.ask(lambda at: _candidates(at, method, int(version), query)))


def _check(at: Opened, document: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    checked = drawing.check(at.store, PlanInput(document, request, at.settings.root))
    totals = checked.expanded.totals
    return {
        "problems": [problem_document(each) for each in checked.problems],
        "content_hash": checked.pipeline.content_hash,
        "runs": totals.runs,
        "final_results": totals.final_results,
        "samples": totals.samples,
        "branches": [{"axis": axis, "branches": number} for axis, number in totals.branches],
        "paths": totals.product,
        "steps": [
            {
                "step": name,
                "method": planned.step.method,
                "version": None if planned.version is None else planned.version.version,
                "level": planned.level,
                "dimensions": list(planned.dimensions),
                "final": planned.final,
                "runs": planned.count,
            }
            for name, planned in checked.expanded.steps.items()
        ],
    }


def _values(
    at: Opened, method: str, version: int, params: dict[str, str], inputs: dict[str, str]
) -> dict[str, Any]:
    info = drawing.version_info(at.store, method, version)
    found = drawing.check_values(info, params, inputs)
    return {
        name: [asdict(each) for each in checked]
        for name, checked in zip(("params", "inputs"), found, strict=True)
    }


def _connections(at: Opened, method: str, version: int, query: Query) -> dict[str, Any]:
    name, output = query.text("input"), query.text("output")
    found: list[Connection]
    if name is not None and output is None:
        found = drawing.sources(at.store, method, version, name)
    elif output is not None and name is None:
        found = drawing.takers(at.store, method, version, output)
    else:
        raise InvalidInput("Say either 'input' or 'output'.")
    return {"connections": [asdict(each) for each in found]}


def _candidates(at: Opened, method: str, version: int, query: Query) -> dict[str, Any]:
    found = drawing.earlier_results(
        at.store,
        method,
        version,
        query.required("input"),
        source=query.text("source"),
        sample=query.text("sample"),
        limit=query.integer("limit", most=_MOST) or _PAGE,
        before=query.integer("before"),
    )
    now = datetime.now().astimezone()
    return {
        "candidates": [
            {
                "run": seen_run(each.run, now),
                "output": asdict(each.output),
                "text": f"run:{each.run.run_id}/{each.output.name}",
            }
            for each in found.found
        ],
        "before": found.before,
    }
