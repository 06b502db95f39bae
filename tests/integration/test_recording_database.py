"""Recording while the database is away, full, read-only or somebody else's."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.running import recorder as recorder_module
from pm_kernel.running.calls import carry_out
from pm_kernel.running.recorder import DirectRecorder
from pm_kernel.store import schema
from pm_kernel.store.engine import Store
from pm_kernel.store.recording import Away, send

from ..workbench import Workbench
from .recording_harness import Life, gone

NewPostgres = Callable[..., EmbeddedPostgres]


@pytest.fixture
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "cache"


@pytest.fixture
def bench(tmp_path: Path, cache: Path, database_url: str) -> Iterator[Workbench]:
    made = Workbench.make(tmp_path / "workspace", database_url, cache=cache)
    yield made
    made.close()


@pytest.fixture
def server(new_postgres: NewPostgres) -> EmbeddedPostgres:
    """A server of the test's own, to be stopped and started."""
    made = new_postgres()
    store = Store(made.start(), pooled=False)
    schema.upgrade(store)
    store.close()
    return made


class Waiting:
    """A clock for a recorder: notes how long it waits, and does something in the first pause."""

    def __init__(self, work: Callable[[], object] = lambda: None) -> None:
        self.pauses: list[float] = []
        self._work = work

    def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == 1:
            self._work()


def test_a_completion_waits_for_a_database_that_is_started_again(
    server: EmbeddedPostgres, tmp_path: Path, cache: Path
) -> None:
    bench = Workbench.make(tmp_path / "workspace", server.url(), cache=cache)
    life = Life(bench, tmp_path)
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    exit_code = life.start(task_dir).wait()
    bench.close()
    server.stop()
    waiting = Waiting(server.start)
    # After a start it has another address.
    recorder = DirectRecorder(server.url, patience=30, wait=waiting)
    ended = life.complete(task_dir, exit_code, recorder)
    assert ended.status == "completed"
    assert len(waiting.pauses) >= 1
    bench.url = server.url()
    assert bench.run_row(1)["status"] == "completed"
    bench.close()
    # So does whoever only asks for a run.
    server.stop()
    recorder = DirectRecorder(server.url, patience=30, wait=Waiting(server.start))
    asked = {"call": "lookup", "method": "double", "sample": None}
    assert carry_out(bench.settings, recorder, asked, print) == (0, "1\n")


def test_a_registration_waits_for_a_database_that_is_started_again(
    server: EmbeddedPostgres, tmp_path: Path, cache: Path
) -> None:
    bench = Workbench.make(tmp_path / "workspace", server.url(), cache=cache)
    life = Life(bench, tmp_path)
    bench.method("double")
    launch = bench.open("double")
    bench.close()
    server.stop()
    recorder = DirectRecorder(server.url, patience=30, wait=Waiting(server.start))
    registered, _ = life.register(launch, recorder=recorder)
    assert registered.run_id == 1


def test_a_database_that_stays_away_is_said_after_the_patience(
    server: EmbeddedPostgres, tmp_path: Path, cache: Path
) -> None:
    bench = Workbench.make(tmp_path / "workspace", server.url(), cache=cache)
    life = Life(bench, tmp_path)
    bench.method("double")
    launch = bench.open("double")
    _, task_dir = life.register(launch, wrapper=gone())
    exit_code = life.start(task_dir).wait()
    bench.close()
    server.stop()
    with pytest.raises(DatabaseUnavailable, match="It was tried for 0 s"):
        life.complete(task_dir, exit_code, DirectRecorder(bench.url, patience=0))
    # The directory is the record; the row follows when the database is back.
    assert bench.meta(1)["status"] == "completed"
    bench.url = server.start()
    assert bench.run_row(1)["status"] == "running"
    assert life.settle() == [1]
    assert bench.run_row(1)["status"] == "completed"
    bench.close()


def test_a_registration_that_found_no_database_leaves_nothing_in_the_end(
    server: EmbeddedPostgres, tmp_path: Path, cache: Path
) -> None:
    bench = Workbench.make(tmp_path / "workspace", server.url(), cache=cache)
    life = Life(bench, tmp_path)
    bench.method("double")
    launch = bench.open("double")
    bench.close()
    server.stop()
    recorder = DirectRecorder(bench.url, patience=0)
    with pytest.raises(DatabaseUnavailable):
        life.register(launch, recorder=recorder, wrapper=gone())
    bench.url = server.start()
    assert len(bench.left_behind()) == 1
    life.settle()
    assert bench.left_behind() == []
    assert bench.rows("SELECT id FROM runs") == []
    bench.close()


def test_the_pauses_grow_and_end_with_the_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting()
    ticks = itertools.count(0, 5)
    clock = SimpleNamespace(monotonic=lambda: float(next(ticks)))
    recorder = DirectRecorder("postgresql://localhost:1/none", patience=20, wait=waiting)
    monkeypatch.setattr(recorder_module, "time", clock)
    with pytest.raises(DatabaseUnavailable):
        recorder.ask({"op": "complete"})
    assert waiting.pauses == [0.2, 0.4, 0.8]


def test_a_sign_of_life_waits_for_nothing() -> None:
    waiting = Waiting()
    recorder = DirectRecorder("postgresql://localhost:1/none", patience=600, wait=waiting)
    assert recorder.ask({"op": "beat", "uuids": []}) == {"answer": "away"}
    assert waiting.pauses == []


def refusing(bench: Workbench, code: str) -> None:
    """Let every change of a run fail as the server itself would."""
    bench.execute(
        f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left' USING ERRCODE = '{code}'; END
        $$"""
    )
    bench.execute(
        "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON runs "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )


def told(life: Life, launch: Any) -> str:
    waiting = Waiting()
    recorder = DirectRecorder(life.bench.url, patience=600, wait=waiting)
    with pytest.raises(DatabaseUnavailable) as raised:
        life.register(launch, recorder=recorder)
    assert waiting.pauses == [], "nothing changes by waiting"
    return str(raised.value)


def test_a_full_disk_of_the_database_is_said_at_once(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    refusing(bench, "53100")
    assert "The disk of the database is full" in told(life, launch)


def test_a_database_that_may_only_be_read_is_said_at_once(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    name = bench.rows("SELECT current_database() AS name")[0]["name"]
    bench.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    try:
        assert "does not accept changes" in told(life, launch)
    finally:
        with psycopg.connect(bench.url) as connection:
            connection.execute("SET transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def test_an_older_schema_is_said_at_once(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    bench.execute("ALTER TABLE runs RENAME COLUMN work_dir TO folder")
    assert "older than this program" in told(life, launch)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "wrong"}, "password authentication failed"),
        ({"dbname": "nothing_here"}, "does not exist"),
        ({"user": "nobody"}, "failed|does not exist"),
    ],
)
def test_a_connection_that_is_refused_is_said_at_once(
    bench: Workbench, change: dict[str, str], reason: str
) -> None:
    url = psycopg.conninfo.make_conninfo(bench.url, **change)
    with pytest.raises(DatabaseUnavailable, match=reason) as raised:
        send(url, {"op": "beat", "uuids": []})
    assert not isinstance(raised.value, Away)


@pytest.mark.parametrize("code", ["40P01", "57P01", "53300", "55P03", "26000", "42P05"])
def test_what_may_pass_is_tried_again(life: Life, bench: Workbench, code: str) -> None:
    bench.method("double")
    launch = bench.open("double")
    refusing(bench, code)
    waiting = Waiting(lambda: bench.execute("DROP TRIGGER refuse ON runs"))
    recorder = DirectRecorder(bench.url, patience=60, wait=waiting)
    registered, _ = life.register(launch, recorder=recorder)
    assert registered.run_id >= 1
    assert len(waiting.pauses) == 1


def test_a_connection_that_breaks_in_the_middle_records_once(life: Life, bench: Workbench) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"))
    exit_code = life.start(task_dir).wait()
    waiting = Waiting()
    recorder = DirectRecorder(bench.url, patience=60, wait=waiting)
    with psycopg.connect(bench.url) as other:
        other.execute("SELECT 1 FROM runs FOR UPDATE")
        ended: list[Any] = []
        completing = threading.Thread(
            target=lambda: ended.append(life.complete(task_dir, exit_code, recorder))
        )
        completing.start()
        while not bench.rows("SELECT 1 FROM pg_locks WHERE NOT granted"):
            pass
        bench.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'pm record'"
        )
        other.rollback()
        completing.join(60)
    assert ended[0].status == "completed"
    assert len(waiting.pauses) == 1
    assert len(bench.rows("SELECT id FROM run_outputs")) == 1
