"""One launch that holds every shape and every way to fail, by both parsers on two Javas."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pm_kernel.nextflow.ir import (
    Commands,
    Directives,
    EdgeSpec,
    LaunchSpec,
    Limits,
    ProcessSpec,
    TaskSpec,
)
from pm_kernel.nextflow.launcher import read_session
from pm_kernel.nextflow.render import render
from pm_kernel.nextflow.trace import TraceReader, TraceRow

pytestmark = pytest.mark.nextflow

MACHINE = Limits(cpus=os.cpu_count() or 1, memory_bytes=2 * 2**30)

PROCESSES = (
    ProcessSpec("S01_PREPARE", "prepare", Directives(cpus=1, memory="900 GB")),
    ProcessSpec("S02_SEGMENT", "segment", Directives(retries=1)),
    ProcessSpec("S03_FILTER", "filter", Directives(time="2s")),
    ProcessSpec("S04_MEASURE", "measure", Directives(cpus=500)),
    ProcessSpec("S05_GATHER", "gather"),
)
STEPS = {
    "S01_PREPARE": (1, 2, 3, 4, 5),
    "S02_SEGMENT": (11, 12, 13, 14),
    "S03_FILTER": (21, 22),
    "S04_MEASURE": (31, 32, 33, 34, 35),
    "S05_GATHER": (41, 42),
}
EDGES = (
    # A chain and a diamond: 1 feeds 11 and 21, both feed 31.
    *((1, 11), (1, 21), (11, 31), (21, 31)),
    # A fan-out whose one branch fails: 13 fails, 12 goes on. What needs 13 does not run.
    *((2, 12), (2, 13), (12, 32), (13, 33)),
    # Registering 3 is refused, recording 4 fails, 22 meets its time limit.
    *((3, 14), (4, 34), (5, 22), (22, 35)),
    # Fan-ins: a whole one, and one with a member that never comes.
    *((31, 41), (32, 41), (1, 41), (31, 42), (33, 42)),
)


@dataclass(frozen=True)
class Result:
    code: int
    calls: list[str]
    rows: list[TraceRow]
    directory: Path

    def ran(self) -> set[int]:
        return {int(call.split()[1]) for call in self.calls if call.startswith("complete")}

    def row(self, planned_run_id: int) -> TraceRow:
        return [r for r in self.rows if r.planned_run_id == planned_run_id][-1]


@pytest.fixture(
    scope="module", params=[("v1", "nextflow"), ("v2", "nextflow_on_pip_java")], ids=["v1", "v2"]
)
def result(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    new_stub: Callable[..., object],
    run_launch: Callable[..., int],
) -> Result:
    for stuck_before in (False, True):
        folder = tmp_path_factory.mktemp("launch")
        stub = new_stub(folder / "stub")
        stub.script(13, "exit 7")
        stub.refuse(3)
        stub.lose(4)
        stub.script(22, "sleep 60")
        spec = LaunchSpec(
            plan_id=1,
            launch_id=8,
            processes=PROCESSES,
            tasks=tuple(TaskSpec(run, name) for name, runs in STEPS.items() for run in runs),
            edges=tuple(EdgeSpec(*pair) for pair in EDGES),
            commands=Commands(pm=(stub.path,), workspace=str(folder)),
            limits=MACHINE,
        )
        directory = folder / "launches" / "1"
        parser, command = request.param
        environ = {**os.environ, "NXF_SYNTAX_PARSER": parser}
        nextflow = request.getfixturevalue(command)
        try:
            code = run_launch(directory, render(spec), environ, command=nextflow)
            break
        except AssertionError:
            # Once in thousands of launches Nextflow loses count of its processors, and the step
            # that asks for all of them never starts (`TraceReader.stuck`); supervisors end it.
            if stuck_before:
                raise
    rows = TraceReader(directory / "nextflow.log").read()
    return Result(code, stub.calls(), rows, directory)


def test_a_run_starts_when_all_of_its_parents_are_recorded_and_not_before(result: Result) -> None:
    position = {
        call.split(" launch=")[0].split(" exit=")[0]: n for n, call in enumerate(result.calls)
    }
    ran = result.ran()
    for parent, child in EDGES:
        if child in ran:
            assert position[f"complete {parent}"] < position[f"register {child}"]


def test_everything_runs_except_what_lies_below_a_failure(result: Result) -> None:
    completed = {row.planned_run_id for row in result.rows if row.status == "COMPLETED"}
    assert completed == {1, 2, 5, 11, 12, 21, 31, 32, 41}


def test_what_lies_below_a_failure_is_not_even_registered(result: Result) -> None:
    registered = {int(call.split()[1]) for call in result.calls if call.startswith("register")}
    assert registered.isdisjoint({14, 33, 34, 35, 42})


def test_a_fan_in_runs_once(result: Result) -> None:
    assert [call for call in result.calls if call.startswith("register 41 ")] == [
        "register 41 launch=8 attempt=1 inside=no site="
    ]


def test_a_run_that_fails_is_tried_again_as_often_as_was_asked(result: Result) -> None:
    assert [call for call in result.calls if " 13 " in call] == [
        "register 13 launch=8 attempt=1 inside=no site=",
        "complete 13 exit=7 inside=no",
        "register 13 launch=8 attempt=2 inside=no site=",
        "complete 13 exit=7 inside=no",
    ]
    assert (result.row(13).status, result.row(13).exit_code) == ("FAILED", 7)


def test_a_run_that_may_not_register_is_not_executed_and_not_completed(result: Result) -> None:
    assert [call.split()[0] for call in result.calls if call.split()[1] == "3"] == ["register"]
    assert (result.row(3).status, result.row(3).exit_code) == ("FAILED", 9)


def test_a_run_whose_record_cannot_be_completed_has_failed(result: Result) -> None:
    assert result.row(4).status == "FAILED"


def test_a_run_at_its_time_limit_is_completed_with_143(result: Result) -> None:
    assert "complete 22 exit=143 inside=no" in result.calls
    assert result.row(22).status == "FAILED"


def test_a_step_that_asks_for_more_than_the_machine_has_gets_the_machine(result: Result) -> None:
    assert {1, 31} <= result.ran()
    assert "requirement exceeds" not in (result.directory / "nextflow.out").read_text()


def test_failures_do_not_show_in_the_exit_code(result: Result) -> None:
    assert result.code == 0


def test_ids_of_parents_are_on_no_command_line(result: Result) -> None:
    task = Path(result.row(41).work_dir)
    for name in (".command.run", ".command.sh"):
        text = (task / name).read_text()
        assert "=1031" not in text
        assert "31" not in [word.strip("'\"") for word in text.split()]


def test_the_launch_remembers_what_nextflow_calls_it(result: Result) -> None:
    session = read_session(result.directory)
    assert session is not None
    assert session.run_name == "plan-1-launch-1"
    assert session.session_id in (result.directory / "nextflow.log").read_text()
