"""A workspace whose processes are killed: real ``pm``, real Nextflow, a PostgreSQL of its own.

    first (per sample) → second (two branches) → all (the samples together): 3 + 6 + 2 runs

Each execution leaves marks in a ledger outside of every record. Methods wait where the test holds
them, and fail as it says. Only processes that belong to this workspace are ever killed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import default_cache_dir
from pm_kernel.domain.methods import MethodInput
from pm_kernel.embedded import EmbeddedPostgres
from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.nextflow import launcher, owner
from pm_kernel.running.complete import read_json
from pm_kernel.running.process import Life, ProcessIdentity
from pm_kernel.store import schema
from pm_kernel.store.engine import Store

from ..conftest import FAST
from ..workbench import Workbench

LEDGER = """
import os
import signal
import sys
import time

ROOT = {root!r}


def mark(what, output_dir):
    line = f"{{what}} {{os.path.basename(str(output_dir))}}\\n"
    ledger = os.open(f"{{ROOT}}/ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(ledger, line.encode())
    os.close(ledger)


def work(name, output_dir):
    print("working on", name, flush=True)
    mark("begin", output_dir)
    while os.path.exists(f"{{ROOT}}/hold/{{name}}") or os.path.exists(f"{{ROOT}}/hold/everything"):
        time.sleep(0.02)
    if os.path.exists(f"{{ROOT}}/raise/{{name}}"):
        raise ValueError(f"{{name}} is broken")
    if os.path.exists(f"{{ROOT}}/kill/{{name}}"):
        os.kill(os.getpid(), signal.SIGKILL)
    mark("end", output_dir)
"""
FIRST = """
from pathlib import Path
from ledger import work

def run(name, output_dir):
    work(f"first-{name}", output_dir)
    (Path(output_dir) / "text.txt").write_text(name)
"""
SECOND = """
from pathlib import Path
from ledger import work

def scale(text, factor=1):
    return f"{text}*{factor}"

def run(text, output_dir):
    result = scale(Path(text).read_text())
    work(f"second-{result}", output_dir)
    (Path(output_dir) / "text.txt").write_text(result)
"""
ALL = """
from pathlib import Path
from ledger import work

def run(texts, output_dir):
    result = " ".join(Path(text).read_text() for text in texts)
    work(f"all-{result.rpartition('*')[2]}", output_dir)
    (Path(output_dir) / "text.txt").write_text(result)
"""
SAMPLES = ("a", "b", "c")
#: What a plan comes to.
RUNS = 11
STEPS: dict[str, Any] = {
    "first": {"method": "first", "inputs": {"name": {"column": "name"}}},
    "second": {
        "method": "second",
        "inputs": {"text": {"from": "first.text"}},
        "branches": {"low": {"scale.factor": "1"}, "high": {"scale.factor": "2"}},
    },
    "all": {
        "method": "all",
        "inputs": {"texts": {"from": "second.text", "gather": {"over": ["sample"]}}},
    },
}
#: Seconds for what takes a moment on an idle machine.
LONG = 600.0


def wait_for(condition: Callable[[], object], told: str, *, seconds: float = LONG) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"it did not happen: {told}"
        time.sleep(0.05)


@dataclass
class FaultWorld(Workbench):
    """A workspace with an embedded database, and what is killed in it."""

    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def begin(cls, root: Path) -> FaultWorld:
        """Make the workspace, with its methods; the database is the embedded one of the folder."""
        root.mkdir(parents=True)
        state = root.parent / f"{root.name}-state"
        # It is killed: what it has answered for is to be there afterwards, as it is for everybody.
        kept = {**FAST, "synchronous_commit": "on"}
        server = EmbeddedPostgres(root / ".postgres", state_dir=state, settings=kept)
        url = server.start()
        store = Store(url, pooled=False)
        schema.upgrade(store)
        store.close()
        world = cls.make(root, url, cache=default_cache_dir(os.environ))
        assert isinstance(world, FaultWorld)
        world.close()
        del world.environ["PM_DATABASE_URL"]
        # A busy machine is no reason to go on without the supervisor.
        patience = {"PM_DATABASE_PATIENCE": "120", "PM_RECORDER_PATIENCE": "120"}
        world.environ |= {"PM_STATE_DIR": str(state), **patience}
        for folder in ("hold", "raise", "kill"):
            (root / folder).mkdir()
        (root / "ledger").touch()
        ledger = {"ledger.py": LEDGER.format(root=str(root))}
        output = {"text": "text.txt"}
        world.method("first", FIRST, files=ledger, inputs={"name": "value"}, outputs=output)
        world.method("second", SECOND, files=ledger, inputs={"text": "upstream"}, outputs=output,
                     tracked=["run.py:scale"])  # fmt: skip
        texts = MethodInput("texts", "upstream", gather=True)
        world.method("all", ALL, files=ledger, inputs={"texts": texts}, outputs=output)
        world.close()
        return world

    def end(self) -> None:
        """Leave nothing running."""
        self.release()
        for plan in self.ids("SELECT id FROM execution_plans WHERE status <> 'draft'"):
            self.kill([self.supervisor(plan), *self.nextflows(plan)])
        for run in self.rows("SELECT uuid::text AS uuid FROM runs WHERE status = 'running'"):
            self.kill(self.processes_of(run["uuid"]))
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()
        self.close()
        self.server.stop()

    # --- the database -----------------------------------------------------------------------------

    @property
    def server(self) -> EmbeddedPostgres:
        state = Path(self.environ["PM_STATE_DIR"])
        return EmbeddedPostgres(self.root / ".postgres", state_dir=state, settings=FAST)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Ask the database, wherever it is by now; brings it back where it was killed."""
        self.url = self.server.ensure_started(explicit=True)
        return super().rows(query, *values)

    def execute(self, statement: str, *values: Any) -> None:
        self.url = self.server.ensure_started(explicit=True)
        super().execute(statement, *values)

    def ids(self, query: str, *values: Any) -> list[int]:
        return [row["id"] for row in self.rows(query, *values)]

    # --- plans ------------------------------------------------------------------------------------

    def draft(
        self, *, samples: Sequence[str] = SAMPLES, steps: Mapping[str, Any] = STEPS,
        rerun: Sequence[str] = ("all-steps",),
    ) -> int:  # fmt: skip
        """Store a draft; everything is executed anew unless told otherwise."""
        sheet = "".join(f"{s},{s}\n" for s in samples)
        (self.root / "samples.csv").write_text(f"sample,name\n{sheet}")
        document = {"name": "faults", "sheet": "samples.csv"}
        document["pipeline"] = {"format": 1, "steps": steps}  # type: ignore[assignment]
        (self.root / "plan.json").write_text(json.dumps(document))
        words = [w for step in rerun for w in ("--rerun", "all" if step == "all-steps" else step)]
        return int(self.answer("plan", "create", "plan.json", *words)["plan_id"])

    def submit(self, plan: int | None = None, **options: Any) -> int:
        plan = self.draft(**options) if plan is None else plan
        self.answer("plan", "submit", str(plan), "--no-watch")
        return plan

    def answer(self, *words: str, code: int = 0) -> Any:
        """What ``pm`` answers; its exit code is ``code``."""
        done = self.pm(*words, "--json")
        assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout) if done.stdout else None

    def resume(self, plan: int) -> str:
        """Resume at once: "resumed", or "running" where its supervisor still is."""
        done = self.pm("plan", "resume", str(plan), "--no-watch")
        assert done.returncode in (0, 4), done.stderr
        if done.returncode == 4:
            assert "is running" in done.stderr, done.stderr
        return "resumed" if done.returncode == 0 else "running"

    def status(self, plan: int) -> str:
        (row,) = self.rows("SELECT status FROM execution_plans WHERE id = %s", plan)
        return str(row["status"])

    def wait_for_end(self, plan: int) -> str:
        def ended() -> bool:
            if self.supervisor(plan) is None:
                # Whose supervisor is dead is ended by the next command.
                self.answer("plan", "status", str(plan))
            return self.status(plan) not in ("submitted", "running")

        wait_for(ended, f"the end of plan {plan}")
        # Its supervisor goes a moment after that.
        wait_for(lambda: self.supervisor(plan) is None, f"the end of plan {plan}'s supervisor")
        return self.status(plan)

    def complete(self, plan: int, *, tries: int = 4) -> None:
        """See a plan to its end, with as many resumes as that takes, and look at everything."""
        for _ in range(tries):
            if self.wait_for_end(plan) == "completed":
                break
            self.resume(plan)
        assert self.status(plan) == "completed", self.answer("plan", "show", str(plan))

    def states(self, plan: int) -> Counter[str]:
        return Counter(self.answer("plan", "status", str(plan))["counts"])

    def current(self, plan: int, step: str, sample: str) -> list[int]:
        """The runs that a sample's planned runs of a step have their results from."""
        query = "SELECT current_run AS id FROM planned_runs WHERE plan_id = %s AND step = %s "
        return self.ids(query + "AND sample = %s AND current_run IS NOT NULL", plan, step, sample)

    def again(self, plan: int, *choice: str) -> set[str]:
        """Ask for parts of a running plan once more; what is to run again then."""
        done = self.pm("plan", "retry", str(plan), *choice, "--no-watch")
        assert done.returncode == 0, done.stderr
        rows = self.answer("plan", "show", str(plan))["planned_runs"]
        return {f"{row['step']} {row['sample']}" for row in rows if row["again_by"] == "somebody"}

    # --- what methods do --------------------------------------------------------------------------

    def hold(self, *names: str) -> None:
        """Let these wait in the middle of their work; "everything" stands for all."""
        for name in names:
            (self.root / "hold" / name).touch()

    def release(self, *names: str) -> None:
        for path in (self.root / "hold").iterdir():
            if not names or path.name in names:
                path.unlink()

    def holding(self, plan: int, *names: str) -> Callable[[], bool]:
        """Whether all of these are in the middle of their work, as record and ledger say."""

        def look() -> bool:
            begun = {line.split()[1] for line in self.ledger() if line.startswith("begin")}
            running = self.rows(
                "SELECT uuid::text AS uuid FROM runs "
                "WHERE execution_plan_id = %s AND status = 'running'",
                plan,
            )
            logs = [
                (self.runs / ".partial" / run["uuid"] / "run.log").read_text()
                for run in running
                if run["uuid"] in begun and (self.runs / ".partial" / run["uuid"]).is_dir()
            ]
            return all(any(f"working on {name}\n" in log for log in logs) for name in names)

        return look

    def reach(self, plan: int, *names: str) -> None:
        """Come to the point where these are at work; what has ended before is resumed."""
        there = self.holding(plan, *names)

        def look() -> bool:
            if there():
                return True
            if self.status(plan) not in ("submitted", "running"):
                self.resume(plan)
            return False

        wait_for(look, f"{names} at work in plan {plan}")

    def ledger(self) -> list[str]:
        return (self.root / "ledger").read_text().splitlines()

    # --- processes --------------------------------------------------------------------------------

    def supervisor(self, plan: int) -> ProcessIdentity | None:
        """The living supervisor of a plan."""
        noted = owner.read(RunStore(self.runs).plan(plan))
        alive = noted is not None and noted.identity.life() is Life.ALIVE
        return noted.identity if noted is not None and alive else None

    def nextflows(self, plan: int) -> list[ProcessIdentity]:
        """The living Nextflows of a plan."""
        launches = RunStore(self.runs).plan(plan) / "launches"
        found = [launcher.read_identity(folder) for folder in launches.glob("*")]
        return [each for each in found if each is not None and each.life() is Life.ALIVE]

    def wrappers(self, plan: int) -> list[ProcessIdentity]:
        """The wrapper scripts of a plan's living runs."""
        rows = self.rows(
            "SELECT pid, pid_start, boot_id, host FROM runs "
            "WHERE execution_plan_id = %s AND status = 'running'",
            plan,
        )
        return [ProcessIdentity(*row.values()) for row in rows]

    def runners(self, plan: int) -> list[ProcessIdentity]:
        """The processes of the methods of a plan's living runs."""
        rows = self.rows(
            "SELECT uuid::text AS uuid FROM runs "
            "WHERE execution_plan_id = %s AND status = 'running'",
            plan,
        )
        return [each for row in rows for each in self.processes_of(row["uuid"])]

    def processes_of(self, uuid: str) -> list[ProcessIdentity]:
        for place in (".partial", ".dead"):
            facts = read_json(self.runs / place / uuid / ".pm" / "runner.json")
            if facts is not None:
                keys = ("pid", "start", "boot", "host")
                return [ProcessIdentity(*(facts[key] for key in keys))]
        return []

    def kill(self, processes: Sequence[ProcessIdentity | None]) -> None:
        """Kill these very processes, and wait until they are gone."""
        known = [each for each in processes if each is not None]
        for each in known:
            if each.life() is Life.ALIVE:
                os.kill(each.pid, signal.SIGKILL)
        wait_for(lambda: all(each.life() is not Life.ALIVE for each in known), "their death")

    def kill_postgres(self) -> None:
        """Kill the database server; its children go with it."""
        pid = self.server.status().pid
        assert pid is not None
        children = Path(f"/proc/{pid}/task/{pid}/children")
        known = [pid, *map(int, children.read_text().split())] if children.exists() else [pid]
        for each in known:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                continue

        def gone() -> bool:
            try:
                return not self.server.status().running
            except DatabaseUnavailable:
                return True

        wait_for(gone, "the end of PostgreSQL")

    # --- looking at everything --------------------------------------------------------------------

    def audit(self) -> None:
        """Every record is true, nothing is left behind, and no planned run was executed twice."""
        assert self.pm("plan", "list").returncode == 0  # settles what it finds
        wait_for(lambda: not self.unfinished(), f"the end of everything: {self.unfinished()}")
        store = RunStore(self.runs)
        runs = self.rows("SELECT *, uuid::text AS u FROM runs ORDER BY id")
        for run in runs:
            folder = store.final(run["id"])
            meta = seal.read_meta(folder)
            assert meta is not None, f"run {run['id']} has no directory"
            told = {key: meta[key] for key in ("uuid", "run_id", "status", "error")}
            assert told == {
                "uuid": run["u"], "run_id": run["id"], "status": run["status"],
                "error": run["error"],
            }  # fmt: skip
            assert (folder / "run.log").exists() or run["status"] != "completed"
        directories = {path.name for path in self.runs.iterdir() if path.name.isdecimal()}
        assert directories == {f"{run['id']:08d}" for run in runs}
        self._executed_once(runs)
        self._descended(runs)
        self._kept_with_plans()
        checked = self.pm("verify", "--full")
        assert checked.returncode == 0, checked.stdout + checked.stderr

    def _kept_with_plans(self) -> None:
        """What a plan was, and all that Nextflow was given and said, lies in the plan's folder."""
        for row in self.rows(
            "SELECT e.id, e.name, l.number FROM execution_plans e "
            "JOIN plan_launches l ON l.plan_id = e.id WHERE e.kind = 'plan' "
            "AND EXISTS (SELECT FROM runs r WHERE r.launch_id = l.id) ORDER BY 1, 3"
        ):
            folder = RunStore(self.runs).plan(row["id"])
            assert json.loads((folder / "plan.json").read_text())["name"] == row["name"]
            launch = folder / "launches" / str(row["number"])
            for name in ("tasks.tsv", "edges.tsv", "pipeline.nf", "nextflow.log"):
                assert (launch / name).is_file(), f"{launch / name} is missing"

    def _executed_once(self, runs: Sequence[dict[str, Any]]) -> None:
        marks = [line.split() for line in self.ledger()]
        times = Counter((what, uuid) for what, uuid in marks)
        assert not [key for key, n in times.items() if n > 1], "a run was executed twice"
        known = {run["u"] for run in runs}
        assert {uuid for _, uuid in marks} <= known, "something was executed without a record"
        for run in runs:
            if run["status"] == "completed":
                assert times["begin", run["u"]] == times["end", run["u"]] == 1
        planned = {run["u"]: run["planned_run_id"] for run in runs}
        completed = Counter(run["planned_run_id"] for run in runs if run["status"] == "completed")
        again = {row["id"] for row in self.rows(
            "SELECT id FROM planned_runs WHERE reason LIKE 'run again%%'")}  # fmt: skip
        assert not [p for p, n in completed.items() if n > 1 and p not in again]
        # Nothing was begun of what had a result, or while another execution went on.
        status = {run["u"]: run["status"] for run in runs}
        ended: set[int] = set()
        latest: dict[int, str] = {}
        for what, uuid in marks:
            if planned[uuid] in again:
                continue
            if what == "begin":
                assert planned[uuid] not in ended, f"{uuid} was begun after its result"
                latest[planned[uuid]] = uuid
                continue
            # Also one that is on record as failed: it lived on beside the one that took its place.
            beside = f"{uuid} went on after {latest[planned[uuid]]} was begun"
            assert latest[planned[uuid]] == uuid, beside
            if status[uuid] == "completed":
                ended.add(planned[uuid])

    def _descended(self, runs: Sequence[dict[str, Any]]) -> None:
        """Inputs are completed runs, of the sample and branch that the plan says."""
        for run in runs:
            rows = self.rows(
                "SELECT i.label, i.checksum, s.status, s.sample, s.plan_step, s.plan_branch, "
                "       o.checksum AS written "
                "FROM run_inputs i LEFT JOIN runs s ON s.id = i.source_run_id "
                "LEFT JOIN run_outputs o ON o.run_id = s.id AND o.output_name = i.source_output "
                "WHERE i.run_id = %s ORDER BY i.ordinal",
                run["id"],
            )
            sources = [row for row in rows if row["status"] is not None]
            assert all(row["status"] == "completed" for row in sources)
            assert all(row["checksum"] == row["written"] for row in sources)
            if run["plan_step"] == "second":
                assert [(r["plan_step"], r["sample"]) for r in sources] == [
                    ("first", run["sample"])
                ]
            elif run["plan_step"] == "all":
                assert {r["plan_branch"] for r in sources} == {run["plan_branch"]}
                assert [r["sample"] for r in sources] == sorted(r["sample"] for r in sources)
                assert [r["label"] for r in sources] == [r["sample"] for r in sources]
