"""Settling: runs that nobody ends any more, found and ended whatever state they were left in."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.artifacts import seal
from pm_kernel.artifacts.layout import remove_tree
from pm_kernel.errors import Conflict
from pm_kernel.running import settle
from pm_kernel.running.complete import read_json
from pm_kernel.store import launches

from ..workbench import Workbench
from .recording_harness import (
    Killed,
    Killing,
    Life,
    alive,
    as_another_user,
    elsewhere,
    gone,
    wait_for,
)

SLEEP = """
import time
from pathlib import Path

def run(output_dir):
    Path(output_dir, "half.txt").write_text("half")
    print("sleeping", flush=True)
    time.sleep(600)
"""


def live_row(bench: Workbench) -> dict[str, Any]:
    (row,) = launches.live_runs(bench.store, bench.settings.workspace_id)
    return row


def started(life: Life, bench: Workbench, **options: Any) -> tuple[subprocess.Popen[bytes], Path]:
    """A run in the middle of its work."""
    bench.method("sleep", SLEEP, outputs={"whole": "whole.txt"})
    _, task_dir = life.register(bench.open("sleep"), **options)
    process = life.start(task_dir)
    log = life.partial(task_dir) / "run.log"
    wait_for(lambda: log.exists() and "sleeping" in log.read_text())
    return process, life.partial(task_dir)


def test_a_directory_that_a_task_without_its_wrapper_made_anew_is_in_nobody_s_way(
    life: Life, bench: Workbench
) -> None:
    """It asks once more whether it may start, after its run was claimed by whoever settles it."""
    process, folder = started(life, bench, wrapper=gone())
    uuid = live_row(bench)["uuid"]
    life.store.dead(uuid).parent.mkdir()
    folder.rename(life.store.dead(uuid))
    life.store.create_partial(uuid)
    assert life.settle() == [1]
    process.wait()
    assert bench.run_row(1)["status"] == "failed"
    assert (bench.final(1) / "half.txt").read_text() == "half"
    remove_tree(folder)  # as it does when it is told no
    assert bench.unfinished() == []


def test_a_run_whose_wrapper_is_gone_is_ended_kept_and_recorded_as_failed(
    life: Life, bench: Workbench
) -> None:
    process, _ = started(life, bench, wrapper=gone())
    assert life.settle() == [1]
    # The script had lived on; where it does not answer in time, it is killed.
    assert process.wait() in (-signal.SIGTERM, -signal.SIGKILL)
    row = bench.run_row(1)
    assert row["status"] == "failed"
    assert "is gone; it had not been completed." in row["error"]
    assert (bench.final(1) / "half.txt").read_text() == "half"
    assert "sleeping" in (bench.final(1) / "run.log").read_text()
    meta = bench.meta(1)
    assert (meta["status"], meta["error"]) == ("failed", row["error"])
    assert meta["registered"]["inputs"] == {}
    assert bench.unfinished() == []


def test_what_was_told_to_stop_before_its_wrapper_died_is_cancelled(
    life: Life, bench: Workbench
) -> None:
    process, partial = started(life, bench, wrapper=gone())
    (partial / ".pm" / "cancel").touch()
    assert life.settle() == [1]
    process.wait()
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "cancelled"


def test_living_runs_and_those_of_other_hosts_are_left_alone(life: Life, bench: Workbench) -> None:
    process, partial = started(life, bench)
    assert life.settle() == []
    bench.execute("UPDATE runs SET host = 'another-host', pid = 1")
    assert life.settle() == []
    assert process.poll() is None
    assert partial.is_dir()
    process.kill()
    process.wait()


def test_an_id_that_was_given_to_another_process_is_no_sign_of_life(
    life: Life, bench: Workbench
) -> None:
    process, _ = started(life, bench)
    # This test's process has the number, and started at another time.
    bench.execute("UPDATE runs SET pid = %s, pid_start = '1'", os.getpid())
    assert life.settle() == [1]
    process.wait()


def test_a_reboot_ends_everything_that_ran_before_it(life: Life, bench: Workbench) -> None:
    bench.method("double")
    life.register(bench.open("double"))
    bench.execute("UPDATE runs SET boot_id = 'before'")
    assert life.settle() == [1]


def test_somebody_who_knows_can_end_a_run_of_another_host(life: Life, bench: Workbench) -> None:
    process, _ = started(life, bench, wrapper=elsewhere())
    assert settle.settle_run(life.store, life.recorder, live_row(bench), evidence="The node burnt")
    process.wait()
    assert bench.run_row(1)["error"] == "The node burnt; it had not been completed."


@pytest.mark.parametrize("operation", ["complete"])
@pytest.mark.parametrize("after", [False, True])
def test_a_settler_that_was_killed_is_followed_by_another(
    life: Life, bench: Workbench, operation: str, after: bool
) -> None:
    process, _ = started(life, bench, wrapper=gone())
    with pytest.raises(Killed):
        life.settle(Killing(life.recorder, operation, after=after))
    process.wait()
    assert life.settle() == ([] if after else [1])
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "failed"
    assert bench.left_behind() == []


@pytest.mark.parametrize("step", ["claimed", "ended", "hashed", "manifest", "meta", "renamed"])
def test_a_claim_left_half_way_is_finished_by_the_next(
    life: Life, bench: Workbench, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, _ = started(life, bench, wrapper=gone())
    places = {
        "claimed": (settle, "end_runner"),
        "ended": (seal, "hash_run"),
        "hashed": (seal, "seal"),
        "manifest": (seal.json, "dumps"),
        "meta": (seal, "_rename"),
        "renamed": (seal, "lock"),
    }
    module, name = places[step]

    def die(*_arguments: object, **_options: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(module, name, die)
        with pytest.raises(Killed):
            life.settle()
    assert life.settle() == [1]
    process.wait()
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "failed"
    assert bench.unfinished() == []
    assert sorted(p.name for p in bench.final(1).iterdir()) == [
        ".manifest.json", "half.txt", "meta.json", "run.log",
    ]  # fmt: skip


def test_a_completion_that_was_killed_before_the_rename_is_settled_as_failed(
    life: Life, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its meta.json said "completed", but the rename is the decision.
    bench.method("double")
    _, task_dir = life.register(bench.open("double"), wrapper=gone())
    exit_code = life.start(task_dir).wait()

    def die(*_arguments: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(seal, "_rename", die)
        with pytest.raises(Killed):
            life.complete(task_dir, exit_code)
    assert json.loads((life.partial(task_dir) / "meta.json").read_bytes())["status"] == "completed"
    assert life.settle() == [1]
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "failed"
    assert not list(bench.final(1).glob("method-wrote*"))
    assert bench.rows("SELECT current_run FROM planned_runs") == [{"current_run": None}]


def test_a_completion_that_comes_after_the_claim_changes_nothing(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"), wrapper=gone())
    record = read_json(life.partial(task_dir) / ".pm" / "record.json")
    assert record is not None
    exit_code = life.start(task_dir).wait()
    assert life.settle() == [1]
    from pm_kernel.running.complete import complete

    with pytest.raises(Conflict, match="ended by somebody else"):
        complete(life.store, life.recorder, record, life.partial(task_dir), exit_code=exit_code)
    done = bench.pm("complete_run", "--task-dir", str(task_dir), "--exit", "0")
    assert done.returncode == 1
    assert "was ended before: failed" in done.stderr
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "failed"


def test_completing_and_settling_at_once_agree_in_every_order(
    life: Life, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim comes between every two steps of the completion, in turn."""
    bench.method("double")
    steps = [
        "end_runner",
        "hash_run",
        "_place",
        "_place 2",
        "_rename",
        "lock",
    ]
    for step in steps:
        launch = bench.open("double")
        registered, task_dir = life.register(launch)
        exit_code = life.start(task_dir).wait()
        name, _, count = step.partition(" ")
        module = sys.modules["pm_kernel.running.complete"] if name == "end_runner" else seal
        original = getattr(module, name)
        left = [int(count or 1)]
        row = next(
            r
            for r in launches.live_runs(bench.store, bench.settings.workspace_id)
            if r["run_id"] == registered.run_id
        )

        def claimed_here(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1  # noqa: B023
            if left[0] == 0:  # noqa: B023
                settle.settle_run(life.store, life.recorder, row, evidence="It is dead")  # noqa: B023
            return original(*arguments, **options)  # noqa: B023

        with monkeypatch.context() as patch:
            patch.setattr(module, name, claimed_here)
            done = None
            with contextlib.suppress(Conflict):
                done = life.complete(task_dir, exit_code).status
        status = bench.run_row(registered.run_id)["status"]
        assert status == bench.meta(registered.run_id)["status"], step
        assert (status == "completed") == (step == "lock"), step
        assert done in (None, status), step
        assert bench.left_behind() == [], step
        current = bench.rows(
            "SELECT current_run FROM planned_runs WHERE id = %s", launch.tasks[0][0]
        )
        assert (current[0]["current_run"] is not None) == (status == "completed")


def test_two_settlers_at_once_end_it_once(life: Life, bench: Workbench) -> None:
    process, _ = started(life, bench, wrapper=gone())
    row = live_row(bench)
    outcomes: list[bool] = []
    both = threading.Barrier(4)

    def one() -> None:
        both.wait()
        outcomes.append(settle.settle_run(life.store, life.recorder, row))

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process.wait()
    assert True in outcomes
    assert bench.run_row(1)["status"] == bench.meta(1)["status"] == "failed"
    assert not list(bench.final(1).glob("method-wrote*"))
    assert bench.left_behind() == []


def test_a_run_that_somebody_is_settling_is_left_to_them(life: Life, bench: Workbench) -> None:
    process, partial = started(life, bench, wrapper=gone())
    dead = life.store.dead(partial.name)
    dead.parent.mkdir()
    partial.rename(dead)
    with open(dead / ".pm" / "settling", "w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert life.settle() == []
        assert process.poll() is None
    assert life.settle() == [1]
    process.wait()


def test_a_row_without_any_directory_is_not_left_running(life: Life, bench: Workbench) -> None:
    bench.method("double")
    _, task_dir = life.register(bench.open("double"), wrapper=gone())
    seal.remove_tree(life.partial(task_dir))
    assert life.settle() == [1]
    row = bench.run_row(1)
    assert (row["status"], "is gone" in row["error"]) == ("failed", True)


def test_a_run_killed_between_its_row_and_its_note_is_settled_from_the_row(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double", sample="s1", params={"scale.factor": "3"})
    with pytest.raises(Killed):
        life.register(
            launch, recorder=Killing(life.recorder, "register", after=True), wrapper=gone()
        )
    assert life.settle() == [1]
    meta = bench.meta(1)
    assert (meta["method"], meta["sample"], meta["status"]) == ("double", "s1", "failed")
    assert meta["started_at"]
    assert bench.unfinished() == []


def test_a_directory_whose_registration_was_killed_before_the_row_is_removed(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    launch = bench.open("double")
    with pytest.raises(Killed):
        life.register(launch, recorder=Killing(life.recorder, "register"), wrapper=gone())
    alive_one, _ = life.register(launch)
    with pytest.raises(Killed):
        life.register(bench.open("double"), recorder=Killing(life.recorder, "register"))
    assert len(bench.left_behind()) == 3
    assert life.settle() == []
    # Those of living processes stay.
    assert len(bench.left_behind()) == 2
    assert bench.run_row(alive_one.run_id)["status"] == "running"


def test_a_run_that_the_database_forgot_while_it_ran_is_settled_and_brought_back(
    life: Life, bench: Workbench
) -> None:
    process, _ = started(life, bench, wrapper=gone())
    bench.execute("DELETE FROM runs")
    life.settle()
    process.wait()
    assert bench.run_row(1)["status"] == "failed"
    assert bench.left_behind() == []


def test_the_scratch_folder_of_a_dead_direct_run_is_removed(life: Life, bench: Workbench) -> None:
    bench.method("double")
    launch = bench.open("double")
    life.register(launch, wrapper=gone(), task_dir=bench.runs / ".work" / "abc")
    assert life.settle() == [1]
    assert bench.left_behind() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_run_of_another_user_is_left_to_them(database_url: str, tmp_path: Path) -> None:
    # Where everybody may look, unlike the folders of a test.
    with tempfile.TemporaryDirectory(prefix="pm-test-") as place:
        Path(place).chmod(0o755)
        bench = Workbench.make(Path(place) / "workspace", database_url)
        bench.method("double")
        life = Life(bench, tmp_path)
        _, task_dir = life.register(bench.open("double"), wrapper=gone())
        for folder in (bench.runs, bench.runs / ".partial"):
            folder.chmod(0o777)
        row = live_row(bench)
        assert as_another_user(lambda: settle.settle_run(life.store, life.recorder, row)) is False
        assert life.partial(task_dir).is_dir()
        bench.close()


def test_what_cannot_be_settled_now_keeps_no_command_from_its_work(
    life: Life, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.method("double")
    life.register(bench.open("double"), wrapper=gone())
    life.register(bench.open("double"), wrapper=gone())

    def full(folder: Path, **_options: object) -> None:
        raise OSError(28, "No space left on device", str(folder / "x"))

    with monkeypatch.context() as patch:
        patch.setattr(seal, "hash_run", full)
        assert life.settle() == []
    assert len(life.said) == 2
    assert "No space left" in life.said[0]
    assert life.settle() == [1, 2]


def test_the_plan_of_a_direct_run_that_died_before_it_registered_is_failed(
    life: Life, bench: Workbench
) -> None:
    bench.method("double")
    bench.open("double")
    life.settle()
    assert bench.rows("SELECT status FROM execution_plans") == [{"status": "running"}]
    bench.execute("UPDATE plan_launches SET pid = %s, pid_start = %s", gone().pid, gone().start)
    life.settle()
    (plan,) = bench.rows("SELECT status, error FROM execution_plans")
    assert plan == {"status": "failed", "error": "It ended before its run was registered."}


def test_a_runner_that_ignores_the_first_signal_is_killed(life: Life, bench: Workbench) -> None:
    stubborn = SLEEP.replace("import time\n", "import signal, time\n").replace(
        "    time.sleep", "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep"
    )
    bench.method("sleep", stubborn)
    _, task_dir = life.register(bench.open("sleep"), wrapper=gone())
    process = life.start(task_dir)
    log = life.partial(task_dir) / "run.log"
    wait_for(lambda: log.exists() and "sleeping" in log.read_text())
    assert life.settle() == [1]
    assert process.wait() == -signal.SIGKILL
    assert not alive(process.pid)
