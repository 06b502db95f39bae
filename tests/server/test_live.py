"""Changes reach every open page, whoever made them, also after an interruption."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from pm_kernel import submission
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.nextflow import owner
from pm_kernel.store.engine import Store
from pm_kernel.store.listening import Change
from pm_kernel.store.ownership import PlanLock
from pm_server import live, unowned
from pm_server.live import Hub
from pm_server.routes import live as live_route

from ..integration.factories import Rows
from ..integration.recording_harness import elsewhere, gone, me
from .described import faults
from .world import DOCUMENT, Study, request_for


class Page:
    """A page that listens, as the browser does: what it was told, in order."""

    def __init__(self, socket) -> None:
        self.socket = socket
        self.told: list[dict] = []

    async def next(self, seconds: float = 60) -> dict | None:
        text = await asyncio.wait_for(self.socket.read_message(), seconds)
        if text is None:
            return None
        message = json.loads(text)
        assert faults({"$ref": "#/components/schemas/LiveMessage"}, message) == []
        self.told.append(message)
        return message

    async def until(self, fits) -> dict:
        """Read until a message fits."""
        deadline = time.monotonic() + 90
        while True:
            message = await self.next()
            # Signs of life go on for ever.
            assert message is not None, self.told[-20:]
            assert time.monotonic() < deadline, self.told[-20:]
            if fits(message):
                return message

    async def changes_until(self, fits) -> list[dict]:
        """Read changes until one fits; returns all."""
        seen: list[dict] = []
        while not any(fits(each) for each in seen):
            message = await self.until(lambda m: m["type"] == "changes")
            seen += message["changes"]
        return seen

    @property
    def number(self) -> int:
        return self.told[-1]["number"]


@pytest.fixture
def connect(http_server_client, jp_auth_header, jp_http_port, jp_base_url):
    """Open a page; ends with the test."""
    opened: list[Page] = []

    async def make(query: str = "", headers: dict[str, str] | None = None) -> Page:
        url = f"ws://127.0.0.1:{jp_http_port}{jp_base_url}pm/api/live{query}"
        asked = HTTPRequest(url, headers=jp_auth_header if headers is None else headers)
        page = Page(await websocket_connect(asked))
        opened.append(page)
        await page.next()
        assert page.told[0]["type"] == "hello"
        return page

    yield make
    for page in opened:
        page.socket.close()


async def ready(page: Page) -> Page:
    """Wait until changes are heard."""
    if page.told[0]["database"] != "ready":
        await page.until(lambda m: m["type"] == "database" and m["database"] == "ready")
    return page


async def test_two_pages_hear_what_another_process_does(bench, life, connect):
    study = Study(bench, life)
    pages = [await ready(await connect()) for _ in range(2)]
    plan_id, _ = bench.plan(DOCUMENT, **request_for("s1"))
    for page in pages:
        await page.changes_until(lambda c: (c["kind"], c["status"]) == ("plan", "submitted"))
    await asyncio.to_thread(study.execute, plan_id)
    for page in pages:
        seen = await page.changes_until(lambda c: (c["kind"], c["status"]) == ("plan", "completed"))
        runs = [c for c in seen if c["kind"] == "run" and c["status"] == "completed"]
        assert {c["step"] for c in runs} == {"load", "all"}
        assert {c["plan"] for c in runs} == {plan_id}
    image = f"image=file:{bench.root}/s2.txt"
    done = await asyncio.to_thread(bench.pm, "run", "load", "--input", image)
    assert done.returncode == 0, done.stderr
    for page in pages:
        await page.changes_until(lambda c: (c["kind"], c["status"]) == ("run", "completed"))


async def test_a_plan_whose_supervisor_died_is_told_as_what_it_is(
    bench, life, connect, api, monkeypatch
):
    Study(bench, life)
    # Nobody looks before somebody asks.
    monkeypatch.setattr(live, "SETTLE", 3600.0)
    page = await ready(await connect())
    # Looked at as from the Lab of a person who comes back.
    known = {}
    for name, supervisor in (
        ("dead", gone()), ("alive", me()), ("away", elsewhere()), ("owned", gone()), ("new", None),
    ):  # fmt: skip
        known[name], epoch = bench.plan(DOCUMENT, **request_for("s1"), rerun={"all": True})
        launch = bench.launch(known[name], epoch)
        life.register(launch, wrapper=gone() if name == "dead" else elsewhere())
        owner.write(RunStore(bench.runs).plan(known[name]), supervisor, epoch)
    # Long ago; and so lately that the test may take its time.
    bench.execute("UPDATE execution_plans SET submitted_at = now() - interval '1 hour'")
    bench.execute("UPDATE execution_plans SET submitted_at = now() + interval '1 hour'"
                  " WHERE id = %s", known["new"])  # fmt: skip
    bench.execute("UPDATE runs SET status = 'failed' WHERE host = 'another-host'")
    lock = PlanLock(bench.store.url, known["owned"])
    assert lock.acquire()

    async def told() -> dict[str, str]:
        plans = (await api.get("plans"))["plans"]
        return {name: p["status"] for name, n in known.items() for p in plans if p["plan_id"] == n}

    left = {"alive": "running", "owned": "running", "new": "running"}
    assert await told() == {**left, "dead": "failed", "away": "failed"}
    lock.release()
    dead = f"plans/{known['dead']}"
    assert "resume runs what is missing" in (await api.get(dead))["error"]
    (run,) = (await api.get("runs", plan=known["dead"]))["runs"]
    assert run["status"] == "failed"
    await page.changes_until(lambda c: (c["kind"], c["status"]) == ("plan", "failed"))

    # The next look is some seconds later; one that fails is no reason not to answer.
    assert (await told())["owned"] == "running"
    monkeypatch.setattr(unowned, "EVERY", 0.0)
    with monkeypatch.context() as broken:
        broken.setattr(submission, "settle_orphans", lambda *_: 1 / 0)
        assert (await api.get(f"plans/{known['owned']}/status"))["status"] == "running"
    assert (await api.get(f"plans/{known['owned']}/status"))["status"] == "failed"
    assert (await told())["alive"] == "running"


async def test_a_quiet_page_hears_by_itself_of_a_supervisor_that_died(
    bench, life, connect, monkeypatch
):
    Study(bench, life)
    plan_id, epoch = bench.plan(DOCUMENT, **request_for("s1"))
    registered, _ = life.register(bench.launch(plan_id, epoch), wrapper=gone())
    owner.write(RunStore(bench.runs).plan(plan_id), gone(), epoch)
    bench.execute("UPDATE execution_plans SET status = 'running'")
    monkeypatch.setattr(live, "SETTLE", 0.2)
    monkeypatch.setattr(unowned, "EVERY", 0.2)
    # Until the page hears, the supervisor has it.
    lock = PlanLock(bench.store.url, plan_id)
    assert lock.acquire()
    page = await ready(await connect())
    lock.release()
    # No question is asked.
    await page.changes_until(lambda c: (c["kind"], c["status"]) == ("plan", "failed"))
    assert bench.run_row(registered.run_id)["status"] == "failed"


async def test_a_run_whose_plan_nobody_looks_after_is_told_as_what_it_is(
    bench, life, api, monkeypatch
):
    Study(bench, life)
    monkeypatch.setattr(unowned, "EVERY", 0.0)
    for address in ("runs", "runs/{run}", "plans/{plan}/runs"):
        plan_id, epoch = bench.plan(DOCUMENT, **request_for("s1"), rerun={"all": True})
        run_id = life.register(bench.launch(plan_id, epoch), wrapper=gone())[0].run_id
        told = await api.get(address.format(run=run_id, plan=plan_id))
        runs = told.get("runs") or told.get("planned_runs") or [told]
        (state,) = [
            run.get("state", run.get("status")) for run in runs if run.get("run_id") == run_id
        ]
        assert state == "failed", address


async def test_a_page_that_comes_back_gets_what_it_missed(bench, life, connect):
    study = Study(bench, life)
    page = await ready(await connect())
    stream = page.told[0]["stream"]
    plan_id, _ = bench.plan(DOCUMENT, **request_for("s1"))
    await page.changes_until(lambda c: (c["kind"], c["status"]) == ("plan", "submitted"))
    came_to = page.number
    page.socket.close()
    await asyncio.to_thread(study.execute, plan_id)
    again = await connect(f"?stream={stream}&after={came_to}")
    assert again.told[0]["resumed"]
    seen = await again.changes_until(lambda c: (c["kind"], c["status"]) == ("plan", "completed"))
    assert {c["id"] for c in seen if c["kind"] == "run"} == {1, 2}
    assert again.number > came_to
    # Another server's number, and one that was never given out, mean: look at everything.
    for query in (f"?stream=other&after={came_to}", f"?stream={stream}&after=99999999"):
        assert not (await connect(query)).told[0]["resumed"]


async def test_many_changes_at_once_come_in_few_messages(bench, connect):
    rows = Rows(bench.store)
    for _ in range(200):
        rows.run(status="running")
    page = await ready(await connect())
    bench.execute("UPDATE runs SET status = 'completed'")
    before = len(page.told)
    seen: dict[int, dict] = {}
    while len(seen) < 200:
        message = await page.until(lambda m: m["type"] == "changes")
        seen |= {c["id"]: c for c in message["changes"] if c["kind"] == "run"}
    assert {c["status"] for c in seen.values()} == {"completed"}
    assert len(page.told) - before < 10


async def test_a_log_that_is_read_while_it_grows_is_told_of_to_every_page(bench, connect, api):
    rows = Rows(bench.store, root=str(bench.root))
    run_id = rows.run(status="running")
    folder = bench.runs / ".partial" / str(bench.run_row(run_id)["uuid"])
    folder.mkdir(parents=True)
    (folder / "run.log").write_text("begun\n")
    pages = [await ready(await connect()) for _ in range(2)]
    log = await api.get(f"runs/{run_id}/log")
    assert (log["text"], log["ended"], log["pushed"]) == ("begun\n", False, True)
    for text in ("going on\n", "and on\n"):
        with (folder / "run.log").open("a") as stream:
            stream.write(text)
        for page in pages:
            seen = await page.changes_until(lambda c: c["kind"] == "log")
            assert [c["id"] for c in seen if c["kind"] == "log"] == [run_id]
    log = await api.get(f"runs/{run_id}/log", offset=6)
    assert log["text"] == "going on\nand on\n"
    # An unsaved drawing is a file as well.
    kept = await api("PUT", "drawings/tab-1", {"content": {}})
    for work in (None, lambda: api("DELETE", "drawings/tab-1", expected=kept["revision"])):
        if work is not None:
            await work()
        for page in pages:
            await page.changes_until(lambda c: c["kind"] == "drawing")


async def test_pages_outlive_a_restart_of_the_database(
    nothing_replaced, jp_root_dir, new_postgres, monkeypatch, tmp_path, make_workspace, connect
):
    make_workspace()
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "state"))
    server = new_postgres(jp_root_dir)
    await asyncio.to_thread(server.start)
    pages = [await ready(await connect()) for _ in range(2)]
    await asyncio.to_thread(server.stop)
    for page in pages:
        await page.until(lambda m: m.get("database") == "unavailable")
    await asyncio.to_thread(server.start)
    for page in pages:
        await page.until(lambda m: m.get("database") == "ready")
        # What happened meanwhile was not heard.
        await page.until(lambda m: m["type"] == "snapshot" and m["reason"] == "connected")
    store = Store(server.url(), pooled=False)
    plan_id = Rows(store).plan()
    store.close()
    for page in pages:
        await page.changes_until(lambda c: (c["kind"], c["id"]) == ("plan", plan_id))


async def test_silence_is_told_from_death(bench, connect, monkeypatch):
    monkeypatch.setattr(live_route, "ALIVE", 0.2)
    page = await ready(await connect())
    assert await page.until(lambda m: m["type"] == "alive")


async def test_strangers_and_other_sites_are_refused(
    bench, connect, jp_serverapp, jp_fetch, http_server_client, jp_base_url, jp_http_port
):
    login = await jp_fetch("api", "status")
    cookie = "; ".join(c.split(";")[0] for c in login.headers.get_list("Set-Cookie"))
    here = f"http://127.0.0.1:{jp_http_port}"
    assert await connect(headers={"Cookie": cookie, "Origin": here})
    for headers in ({}, {"Cookie": cookie, "Origin": "https://elsewhere.example"}):
        with pytest.raises(HTTPClientError) as refused:
            await connect(headers=headers)
        assert refused.value.code == 403
    with pytest.raises(HTTPClientError) as refused:
        await connect("?after=x")
    assert refused.value.code == 422


class TestHub:
    """The numbers, without a database."""

    def test_only_the_last_change_of_a_thing_is_told(self):
        hub = Hub()
        page, _ = hub.enter(None, None)
        hub.publish([Change("run", 1, "running"), Change("run", 2, "running")])
        hub.publish([Change("run", 1, "completed")])
        told = told_by(hub, page)
        assert [(c["id"], c["status"]) for c in told[0]["changes"]] == [
            (1, "completed"),
            (2, "running"),
        ]
        assert told[0]["number"] == 3
        assert told_by(hub, page) == []

    def test_a_page_that_fell_behind_is_told_to_look_at_everything(self):
        hub = Hub(held=10)
        page, _ = hub.enter(None, None)
        hub.publish([Change("run", n) for n in range(11)])
        assert told_by(hub, page) == [{"type": "snapshot", "number": 11, "reason": "slow"}]
        hub.publish([Change("run", 1)])
        assert told_by(hub, page)[0]["type"] == "changes"

    def test_after_a_gap_everybody_is_told(self):
        hub = Hub()
        page, _ = hub.enter(None, None)
        hub.publish([Change("run", 1)])
        hub.interrupted("connected")
        hub.publish([Change("run", 2)])
        assert [m["type"] for m in told_by(hub, page)] == ["snapshot"]
        late, hello = hub.enter(hub.stream, 1)
        assert hello["resumed"] is False
        assert told_by(hub, late) == []
        here, hello = hub.enter(hub.stream, 2)
        assert hello["resumed"] is True
        assert [c["id"] for m in told_by(hub, here) for c in m["changes"]] == [2]

    def test_a_long_list_comes_in_pieces(self, monkeypatch):
        monkeypatch.setattr(live, "MOST", 3)
        hub = Hub()
        page, _ = hub.enter(None, None)
        hub.publish([Change("run", n) for n in range(7)])
        assert [m["number"] for m in told_by(hub, page)] == [3, 6, 7]

    def test_whoever_left_is_forgotten(self):
        hub = Hub()
        page, _ = hub.enter(None, None)
        hub.leave(page)
        page.wake.clear()
        hub.publish([Change("run", 1)])
        assert not page.wake.is_set()


def told_by(hub: Hub, page) -> list[dict]:
    told = []
    while (message := hub.next_for(page)) is not None:
        told.append(message)
    return told
