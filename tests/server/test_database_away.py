"""A database that goes away: each request says so, and the next one works when it is back."""

from __future__ import annotations

import json

import psycopg
import pytest

from pm_kernel.store.engine import Store, libpq_url

from .described import Operation, operations
from .world import DOCUMENT, Study, request_for

BODIES = {
    "/preview": {"document": DOCUMENT},
    "/check": {"document": DOCUMENT},
    "/export": {"document": DOCUMENT},
    "/plans": {"document": DOCUMENT, "request": request_for("s1")},
    "/runs": {"method": "load"},
    "/edges": {"runs": [1, 2]},
    "/database": {"start": True},
    "/plans/{plan_id}": {"expected": "x"},
    "/templates/{name}": {"document": DOCUMENT},
}
PLACES = {
    "name": "load",
    "version": 1,
    "which": 1,
    "before": 1,
    "after": 1,
    "plan_id": 1,
    "run_id": 1,
}
QUERIES = {
    "/methods/{name}/versions/{version}/connections": {"output": "table"},
    "/methods/{name}/versions/{version}/candidates": {"input": "image"},
    "/runs/{run_id}/table": {"output": "table"},
    "/compare": {"run": [1, 2]},
    "/origin": {"path": "s1.txt"},
}
#: These need no database.
ALONE = {
    "/status",
    "/marks",
    "/samples",
    "/python",
    "/live",
    "/workspace",
    "/nextflow",
    "/place",
    "/drawings",
    "/drawings/{key}",
}


def cut(url: str, *, until_back: bool) -> None:
    """End every connection of the product; `until_back`: refuse new ones too."""
    with psycopg.connect(libpq_url(url), autocommit=True, dbname="postgres") as connection:
        name = libpq_url(url).rpartition("/")[2].partition("?")[0]
        connection.execute(
            psycopg.sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                psycopg.sql.Identifier(name), psycopg.sql.SQL("false" if until_back else "true")
            )
        )
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )


def asked(operation: Operation) -> tuple[str, dict | None, dict]:
    path = operation.path.lstrip("/").format(path="table.csv", **PLACES)
    body = None
    if operation.verb in ("post", "put", "patch"):
        body = BODIES.get(operation.path, {})
        if operation.verb == "patch":
            body = {"name": "other", "expected": "x"}
    query = QUERIES.get(operation.path, {})
    return path, body, {"expected": "x"} if operation.verb == "delete" else query


async def test_every_request_says_that_the_database_is_away(bench, life, api):
    study = Study(bench, life)
    study.run("s1")
    bench.close()
    assert await api.get("plans")
    cut(bench.url, until_back=True)
    try:
        for operation in operations():
            if operation.path in ALONE:
                continue
            path, body, query = asked(operation)
            answer = await api.raw(operation.verb.upper(), path, body, **query)
            told = json.loads(answer.body)
            assert (answer.code, told["error"]) == (503, "DatabaseUnavailable"), operation
            assert told["hint"], operation
        status = await api.get("status")
        assert status["database"] == "unavailable"
    finally:
        cut(bench.url, until_back=False)
    # The same server finds it again.
    assert (await api.get("status"))["database"] == "ready"
    assert (await api.get("runs"))["runs"]


@pytest.mark.parametrize("what", ["read", "check", "write"])
async def test_a_connection_that_is_cut_in_the_middle_of_a_request(
    bench, life, api, monkeypatch, what
):
    """What only reads is done again on a new connection; a write is not, and says so."""
    study = Study(bench, life)
    study.run("s1")
    bench.close()
    assert await api.get("plans")
    reading, lost = Store.reading, []

    def losing(self):
        if not lost:
            lost.append(1)
            with reading(self) as connection:
                connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return reading(self)

    monkeypatch.setattr(Store, "reading", losing)
    draft = {"document": DOCUMENT, "request": request_for("s1")}
    if what == "read":
        assert (await api.get("plans"))["plans"]
    elif what == "check":
        assert (await api("POST", "check", draft))["problems"] == []
    else:
        told = await api("POST", "plans", draft, status=503)
        assert told["error"] == "DatabaseUnavailable"
        assert (await api("POST", "plans", draft, status=201))["status"] == "draft"
    assert lost
