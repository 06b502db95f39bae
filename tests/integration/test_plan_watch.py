"""Plans as a person follows them, as a program asks for them, and what a preview draws."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.cli import plan as plan_commands
from pm_kernel.cli.main import main
from pm_kernel.domain.plans import Launch
from pm_kernel.store import plans
from pm_kernel.store.ownership import PlanLock

from ..workbench import Workbench
from .recording_harness import Life, wait_for

#: Fails for a sample as long as a file with its name lies in the folder ``broken``.
LOAD = """
from pathlib import Path

def run(image, output_dir):
    if (Path({root!r}) / "broken" / Path(image).name).exists():
        raise ValueError("the image is broken")
    (Path(output_dir) / "table.csv").write_text(Path(image).read_text())
"""
SCALE = """
from pathlib import Path

def scale(text, factor=1):
    return f"{text} {factor}"

def run(table, output_dir):
    (Path(output_dir) / "scaled.csv").write_text(scale(Path(table).read_text()))
"""
STEPS: dict[str, Any] = {
    "load": {"method": "load", "inputs": {"image": {"column": "image"}}},
    "scale": {
        "method": "scale",
        "inputs": {"table": {"from": "load.table"}},
        "params": {"scale.factor": "2"},
    },
}
BRANCHES = {"low": {"scale.factor": "2"}, "high": {"scale.factor": "9"}}

Pm = Callable[..., Any]
Event = Callable[[], object]


class World:
    """A plan over two samples that somebody owns, and runs as the test wants it."""

    def __init__(self, bench: Workbench, life: Life) -> None:
        self.bench = bench
        self.life = life
        bench.method("load", LOAD.format(root=str(bench.root)), inputs={"image": "file"},
                     outputs={"table": "table.csv"})  # fmt: skip
        bench.method("scale", SCALE, inputs={"table": "upstream"}, tracked=["run.py:scale"],
                     outputs={"scaled": "scaled.csv"})  # fmt: skip
        for sample in ("s1", "s2"):
            (bench.root / f"{sample}.txt").write_text(sample)
        self.broken = bench.root / "broken" / "s2.txt"
        self.broken.parent.mkdir()
        self.broken.touch()
        rows = [{"sample": s, "image": f"{s}.txt"} for s in ("s1", "s2")]
        samples = {"columns": ["sample", "image"], "rows": rows}
        self.plan_id, self.epoch = bench.plan({"steps": STEPS}, samples=samples)
        self.owner = PlanLock(bench.store.url, self.plan_id)
        assert self.owner.acquire()

    def launch(self) -> dict[str, Event]:
        """Open a launch; returns what runs each of its planned runs to the end, by its place."""
        launch = self.bench.launch(self.plan_id, self.epoch)
        rows = plans.planned_runs_of(self.bench.store, self.plan_id)
        places = {row.planned_id: f"{row.step} {row.sample}" for row in rows}
        return {
            places[planned]: self._runner(launch, position)
            for position, (planned, _) in enumerate(launch.tasks)
        }

    def _runner(self, launch: Launch, position: int) -> Event:
        return lambda: self.life.run(launch, position)

    def finish(self, status: str | None = None) -> None:
        with self.bench.store.transaction() as connection:
            status = status or plans.status_from_record(connection, self.plan_id)
            plans.set_status(connection, self.plan_id, status)


@pytest.fixture
def world(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    bench = Workbench.make(tmp_path / "workspace", database_url)
    for name, value in bench.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(bench.root)
    made = World(bench, Life(bench, tmp_path))
    yield made
    made.owner.release()
    bench.close()


@pytest.fixture
def pm(capsys: pytest.CaptureFixture[str]) -> Pm:
    """Type a command; returns what it answered."""

    def run(*words: str, code: int = 0) -> Any:
        capsys.readouterr()
        ended = main(list(words))
        answered = capsys.readouterr()
        assert ended == code, answered.err
        return answered

    return run


class Looks:
    """A clock between whose looks at the plan something happens."""

    def __init__(self, *events: Event) -> None:
        self.events = list(events)

    def sleep(self, _seconds: float) -> None:
        self.events.pop(0)()


class Screen:
    """A terminal that a program writes to, and everything that it has shown."""

    def __init__(self) -> None:
        self._master, self._slave = pty.openpty()
        self.stream = open(self._slave, "w", encoding="utf-8")  # noqa: SIM115 - closed below
        self._seen = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                read = os.read(self._master, 65536)
            except OSError:
                # The program's end of it was closed.
                return
            if not read:
                return
            self._seen += read

    @property
    def text(self) -> str:
        """What was shown so far, without colours and movements."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._seen.decode("utf-8", "ignore"))

    def close(self) -> None:
        self.stream.close()
        self._thread.join(60)
        os.close(self._master)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    made = Screen()
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    yield made
    made.close()


def test_on_a_screen_a_plan_is_drawn_until_it_ends_and_the_exit_code_says_how(
    world: World, pm: Pm, screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not in the fixture: what is captured of a test is set up after it.
    monkeypatch.setattr(sys, "stderr", screen.stream)
    runs = world.launch()

    def seen(told: str, happens: Event) -> Event:
        """Something happens once the screen shows how it was before."""

        def event() -> None:
            wait_for(lambda: told in screen.text)
            happens()

        return event

    looks = Looks(
        seen("0 of 4", runs["load s1"]),
        seen("1 of 4", runs["load s2"]),
        seen("1 of 4, 1 failed, 1 not run", runs["scale s1"]),
        seen("2 of 4, 1 failed, 1 not run", world.finish),
    )
    monkeypatch.setattr(plan_commands, "time", looks)
    answered = pm("plan", "watch", "1", code=10)
    assert looks.events == []
    wait_for(lambda: "`pm plan resume 1` runs what is missing." in screen.text)
    shown = screen.text
    assert re.search(r"◐ plan 1 · plan  \d+:\d\d\r\n", shown)
    for line in (
        "  load   ██████████··········  1 of 2",
        "  load   ██████████✕✕✕✕✕✕✕✕✕✕  1 of 2, 1 failed",
        "  scale  ██████████⊟⊟⊟⊟⊟⊟⊟⊟⊟⊟  1 of 2, 1 not run",
        "  ✕ run 2 · load s2: ValueError: the image is broken",
    ):
        assert line in shown
    # The picture is gone when the plan has ended; what stays is the answer, and why it is no 0.
    assert answered.out.splitlines() == [
        "✕ plan 1 · plan  ████████████████✕✕✕✕✕✕✕⊟⊟⊟⊟⊟⊟⊟  2 of 4, 1 failed, 1 not run",
        "  ✕ run 2 · load s2: ValueError: the image is broken (run.py:6)",
        "  ⊟ 1 not run because of that",
    ]
    # For programs there is one document, and nothing is drawn, on a screen too.
    before = len(screen.text)
    document = json.loads(pm("plan", "watch", "1", "--json", code=10).out)
    assert (document["status"], document["counts"]) == (
        "partial", {"completed": 2, "failed": 1, "blocked": 1},
    )  # fmt: skip
    assert [row["state"] for row in document["planned_runs"]].count("completed") == 2
    wait_for(lambda: screen.text.count("runs what is missing.") == 2)
    assert "█" not in screen.text[before:]


def test_without_a_screen_changes_are_told_and_programs_get_documents(
    world: World, pm: Pm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    runs = world.launch()
    monkeypatch.setattr(
        plan_commands, "time", Looks(runs["load s1"], lambda: None, runs["load s2"], stop)
    )
    told = pm("plan", "watch", "1", code=130)
    assert told.out == ""
    assert told.err.splitlines() == [
        "pm: plan 1 running: 0 of 4",
        "pm: plan 1 running: 1 of 4",
        "pm: plan 1 running: 1 of 4, 1 failed, 1 not run",
        "pm: plan 1 goes on; `pm plan watch 1` follows it again, `pm plan cancel 1` stops it",
    ]

    # While it runs, what is to run again waits for its next launch.
    queued = pm("plan", "retry", "1", "--no-watch", "--json")
    assert (json.loads(queued.out)["status"], json.loads(queued.out)["again"]) == ("running", 1)
    assert queued.err == (
        "pm: plan 1: 1 planned run once more, and 1 more that goes with it, "
        "when the launch that runs now has ended\n"
    )
    taken = pm("plan", "retry", "1", "--take-back", "--json")
    assert (json.loads(taken.out)["again"], taken.err) == (
        0, "pm: plan 1: taken back for 1 planned run\n",
    )  # fmt: skip
    pm("plan", "retry", "1", "--no-watch", "--json")
    runs["scale s1"]()
    world.broken.unlink()
    again = world.launch()
    assert sorted(again) == ["load s2", "scale s2"]
    monkeypatch.setattr(plan_commands, "time", Looks(*again.values(), world.finish))
    ended = pm("plan", "watch", "1", "--json")
    document = json.loads(ended.out)
    assert (document["status"], document["counts"]) == ("completed", {"completed": 4})
    assert ended.err == ""
    world.finish("cancelled")
    assert json.loads(pm("plan", "watch", "1", "--json", code=130).out)["status"] == "cancelled"


def test_a_preview_draws_what_is_reused_and_why_and_an_export_says_the_same(
    world: World, pm: Pm
) -> None:
    runs = world.launch()
    for place in ("load s1", "load s2", "scale s1"):
        runs[place]()
    world.finish()
    (world.bench.root / "samples.csv").write_text("sample,image\ns1,s1.txt\ns2,s2.txt\n")
    steps = {**STEPS, "scale": {**STEPS["scale"], "branches": BRANCHES, "params": {}}}
    document = {"name": "more", "sheet": "samples.csv", "pipeline": {"format": 1, "steps": steps}}
    (world.bench.root / "plan.json").write_text(json.dumps(document))

    def drawn(*words: str) -> list[str]:
        totals, estimate, *tree = pm("plan", "preview", "plan.json", *words).out.splitlines()
        # How long it takes is measured, and another time each time.
        assert re.match(r"about \S+ \S+ of work", estimate)
        return [totals, *tree]

    new = [
        "s2",
        "├─ ○ load",
        "├─ scale = high  scale.factor = 9",
        "│  └─ ○ scale",
        "└─ scale = low  scale.factor = 2",
        "   └─ ○ scale",
    ]
    assert drawn() == [
        "6 runs (4 new, 2 reused), 4 final results",
        "s1",
        "├─ ◆ load  reuses run 1: same version, parameters and inputs",
        "├─ scale = high  scale.factor = 9",
        "│  └─ ○ scale",
        "└─ scale = low  scale.factor = 2",
        "   └─ ◆ scale  reuses run 3: same version, parameters and inputs",
        *new,
    ]
    # Of new runs, only what is out of the ordinary has a reason.
    assert drawn("--rerun", "sample=s1") == [
        "6 runs (6 new, 0 reused), 4 final results",
        "s1",
        "├─ ○ load  re-run asked",
        "├─ scale = high  scale.factor = 9",
        "│  └─ ○ scale  re-run asked",
        "└─ scale = low  scale.factor = 2",
        "   └─ ○ scale  re-run asked",
        *new,
    ]
    shown = json.loads(pm("plan", "preview", "plan.json", "--json").out)
    exported = json.loads(pm("plan", "export", "plan.json", "for others", "--json").out)
    assert exported["preview"] == shown
    folder = Path(exported["folder"])
    assert folder == world.bench.root / "for others"
    assert exported["export_id"] in (folder / "pipeline.nf").read_text()
