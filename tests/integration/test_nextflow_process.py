"""Starting, watching and ending Nextflow's process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pm_kernel.errors import Conflict, EngineUnavailable, InvalidInput
from pm_kernel.nextflow.command import NextflowCommand
from pm_kernel.nextflow.ir import Commands, LaunchSpec, ProcessSpec, TaskSpec
from pm_kernel.nextflow.launcher import Ending, NextflowProcess, read_identity, start, stop
from pm_kernel.nextflow.render import RenderedLaunch, render
from pm_kernel.running.process import Life

StartLaunch = Callable[..., NextflowProcess]


def one_task(stub_path: str, workspace: Path) -> RenderedLaunch:
    return render(
        LaunchSpec(
            plan_id=1,
            launch_id=1,
            processes=(ProcessSpec("S01_A", "a"),),
            tasks=(TaskSpec(1, "S01_A"),),
            edges=(),
            commands=Commands((stub_path,), str(workspace)),
        )
    )


def a_command(*argv: str) -> NextflowCommand:
    return NextflowCommand(argv, (), "25.04.4", "own")


@pytest.mark.nextflow
def test_asked_to_stop_nextflow_ends_its_tasks_and_they_complete_their_records(
    tmp_path: Path,
    new_stub: Callable[..., object],
    start_launch: StartLaunch,
    eventually: Callable[..., None],
) -> None:
    stub = new_stub(tmp_path / "stub")
    stub.script(1, f"touch {stub.root}/started; exec sleep 60")
    directory = tmp_path / "launch"
    process = start_launch(directory, one_task(stub.path, tmp_path))
    assert read_identity(directory) == process.identity
    assert os.getsid(process.identity.pid) == process.identity.pid
    eventually((stub.root / "started").exists)
    with pytest.raises(Conflict, match=r"runs in .*launch already"):
        start(a_command("/bin/true"), directory, os.environ, run_name="second")

    assert process.stop(patience=30) is Ending.ENDED
    # Nextflow does not wait for it.
    eventually(lambda: len(stub.calls()) == 2)
    assert stub.calls()[1] == "complete 1 exit=143 inside=no"
    assert process.poll() not in (None, 0)
    assert stop(process.identity) is Ending.GONE


@pytest.mark.nextflow
def test_when_nextflow_is_killed_its_tasks_go_on_and_complete_their_records(
    tmp_path: Path,
    new_stub: Callable[..., object],
    start_launch: StartLaunch,
    eventually: Callable[..., None],
) -> None:
    stub = new_stub(tmp_path / "stub")
    stub.script(
        1, f"touch {stub.root}/started; while [ ! -e {stub.root}/go ]; do sleep 0.05; done; exit 3"
    )
    process = start_launch(tmp_path / "launch", one_task(stub.path, tmp_path))
    eventually((stub.root / "started").exists)

    assert process.stop(patience=0) is Ending.KILLED
    assert process.identity.life() is Life.GONE
    assert len(stub.calls()) == 1
    (stub.root / "go").touch()
    eventually(lambda: len(stub.calls()) == 2)
    assert stub.calls()[1] == "complete 1 exit=3 inside=no"


def test_nothing_starts_before_it_is_written_down_which_process_it_is(tmp_path: Path) -> None:
    # A directory in the place of the file that is written first.
    (tmp_path / "process.json.partial").mkdir()
    with pytest.raises(IsADirectoryError):
        start(
            a_command("/bin/sh", "-c", f"touch {tmp_path}/ran", "sh"),
            tmp_path,
            os.environ,
            run_name="x",
        )
    assert not (tmp_path / "ran").exists()


def test_a_process_that_ended_may_be_followed_by_another_in_its_directory(
    tmp_path: Path, eventually: Callable[..., None]
) -> None:
    for _ in range(2):
        command = a_command("/bin/sh", "-c", 'echo "$0 $*"', "nf")
        process = start(command, tmp_path, os.environ, run_name="x")
        eventually(lambda process=process: process.poll() is not None)
        assert process.poll() == 0
    line = f"nf -log {tmp_path}/nextflow.log run {tmp_path}/pipeline.nf -name x "
    assert (tmp_path / "nextflow.out").read_text() == 2 * f"{line}-work-dir {tmp_path}/work\n"


def test_one_who_does_not_listen_is_killed(tmp_path: Path, eventually: Callable[..., None]) -> None:
    deaf = "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    deaf += f"pathlib.Path({str(tmp_path / 'up')!r}).touch(); time.sleep(60)"
    command = a_command(sys.executable, "-c", deaf)
    process = start(command, tmp_path, os.environ, run_name="x")
    eventually((tmp_path / "up").exists)
    identity = read_identity(tmp_path)
    assert identity is not None
    assert stop(identity, patience=0.1) is Ending.KILLED
    assert process.stop() is Ending.GONE


def test_a_folder_whose_name_nextflow_would_let_the_shell_change_is_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidInput, match=r"path contains '\$'"):
        start(a_command("/bin/true"), tmp_path / "$HOME", os.environ, run_name="x")


def test_a_launch_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="No such file or directory"):
        start(a_command("/bin/true"), tmp_path / "absent", os.environ, run_name="x")
