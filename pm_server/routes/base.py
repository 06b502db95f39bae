"""What every route shares: authentication, the hop to a thread, and errors as answers.

A verb reads its payload, makes one call in a thread and writes its answer:

    class PlansRoute(Route):
        @verb
        async def get(self) -> None:
            limit = self.query("limit").integer("limit", most=1000) or 100
            self.answer(await self.ask(lambda at: _list(at, limit)))
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, TypeVar, cast

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from pm_kernel.domain.plan_documents import problem_document
from pm_kernel.errors import (
    Conflict,
    DatabaseUnavailable,
    EngineUnavailable,
    InvalidInput,
    NotFound,
    PmError,
    Problems,
    StoreUnavailable,
    UsageError,
)
from pm_server.payload import Fields, Query, read_json
from pm_server.services import SERVICES, Opened, Services

T = TypeVar("T")

#: The first class that fits decides; whatever is not here is a surprise, and a 500.
STATUS: tuple[tuple[type[PmError], HTTPStatus], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (UsageError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (InvalidInput, HTTPStatus.UNPROCESSABLE_ENTITY),
    (DatabaseUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (EngineUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
    (StoreUnavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)

#: What Jupyter's own pages add to an address; nothing of ours is asked by it.
_FOREIGN = frozenset({"token", "_xsrf", "no_track_activity"})


class Changed(Conflict):
    """It is not what was shown any more; ``difference`` says in what."""

    def __init__(self, message: str, difference: str, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.difference = difference


class Reusable(Conflict):
    """An equal run answers already: ``run_id``."""

    def __init__(self, message: str, run_id: int, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.run_id = run_id


def status_of(error: PmError) -> HTTPStatus:
    """Return the HTTP status that ``error`` is answered with."""
    for kind, status in STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def explained(error: PmError) -> dict[str, Any]:
    """Return ``error`` as the browser reads it: what happened, and what mends it."""
    problems = error.problems if isinstance(error, Problems) else ()
    document: dict[str, Any] = {
        "error": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "problems": [problem_document(each) for each in problems],
    }
    if isinstance(error, Changed):
        document["difference"] = error.difference
    if isinstance(error, Reusable):
        document["run_id"] = error.run_id
    return document


def verb(method: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None] | None]:
    """Make ``method`` an HTTP verb: only for people who are logged in and allowed to."""
    return web.authenticated(authorized(method))


class Route(APIHandler):
    """One address of the HTTP surface."""

    auth_resource = "pm"

    @property
    def services(self) -> Services:
        """The wired objects."""
        return cast("Services", self.settings[SERVICES])

    async def call(self, work: Callable[[], T]) -> T:
        """Run one kernel call in a thread."""
        return await self.services.in_thread(work)

    async def ask(
        self,
        work: Callable[[Opened], T],
        *,
        slow: bool = False,
        reads: bool = False,
        settled: bool = False,
    ) -> T:
        """Run one piece of work on the open workspace, in a thread.

        ``slow`` is for what may take longer than a person waits. What only reads, as every GET and
        what says ``reads``, is done again where the database was lost in the middle. ``settled`` is
        for what tells how plans and runs are: what nobody looks after any more is settled first.
        """
        again = reads or self.request.method == "GET"

        def use(at: Opened) -> T:
            if settled:
                self.services.unowned.settle(at.settings, at.store)
            return work(at)

        return await self.services.in_thread(
            lambda: self.services.workspace().use(use, again=again), slow=slow
        )

    def body(self, *known: str) -> Fields:
        """Return the JSON object that was sent. Raises InvalidInput for fields but these."""
        return Fields(read_json(self.request.body or b"{}"), known)

    def query(self, *known: str) -> Query:
        """Return what the address asks for. Raises InvalidInput for names but these."""
        return asked_by(self, *known)

    def answer(self, payload: dict[str, Any], status: HTTPStatus = HTTPStatus.OK) -> None:
        """Write ``payload`` as JSON."""
        self._write(_encoded(payload), status)

    async def answer_long(
        self,
        work: Callable[[Opened], dict[str, Any]],
        *,
        reads: bool = False,
        settled: bool = False,
    ) -> None:
        """Ask, and write the answer, of which there may be so much that others would wait.

        It becomes text in the thread, too: thousands of runs take a tenth of a second for that.
        """
        text = await self.ask(lambda at: _encoded(work(at)), reads=reads, settled=settled)
        self._write(text, HTTPStatus.OK)

    def _write(self, text: str, status: HTTPStatus) -> None:
        self.set_status(status)
        # An answer may be kept, but not shown again without asking whether it still holds.
        self.set_header("Cache-Control", "no-cache")
        self.finish(text)

    async def prepare(self) -> None:  # type: ignore[override]  # as in the class above
        """Know who asks; what no name can hold is nowhere."""
        await super().prepare()
        if self.current_user and any("\0" in part for part in self.path_args):
            raise NotFound(f"The server half does not know {self.request.path}.")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Log surprises with their traceback and answers to the user without."""
        if isinstance(value, PmError) and status_of(value) is not HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.info("%s %s: %s", self.request.method, self.request.path, value.message)
        else:
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer an error in one shape, whoever raised it."""
        raised = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(raised, PmError):
            self.answer(explained(raised), status_of(raised))
        elif isinstance(raised, web.HTTPError):
            message = raised.log_message or raised.reason or HTTPStatus(status_code).phrase
            self.answer(_plain("HTTPError", message), HTTPStatus(status_code))
        else:
            # The traceback is in the server's log; its text could hold paths or secrets.
            message = "The server met an error it does not know."
            hint = "Its traceback is in the log of the Jupyter server."
            self.answer(_plain("Unexpected", message, hint), HTTPStatus(status_code))


def asked_by(handler: web.RequestHandler, *known: str) -> Query:
    """Return what the address of a request asks for. Raises InvalidInput for names but these."""
    given = {
        name: handler.get_query_arguments(name)
        for name in handler.request.query_arguments
        # A number alone is what browsers add against caches.
        if name not in _FOREIGN and not name.isdigit()
    }
    return Query(given, known)


class NothingHere(Route):
    """Every address under our path that no route has.

    Answered in our words, so that the browser can tell "no such thing" from "no such server half".
    """

    @verb
    async def get(self) -> None:
        """Say that nothing is here."""
        raise NotFound(f"The server half does not know {self.request.path}.")

    post = put = patch = delete = get


def _encoded(payload: dict[str, Any]) -> str:
    # What a browser's JSON reader would refuse is refused here, where the log shows it.
    return json.dumps(payload, allow_nan=False)


def _plain(error: str, message: str, hint: str | None = None) -> dict[str, Any]:
    return {"error": error, "message": message, "hint": hint, "problems": []}
