"""Jobs of a scheduler: found in the log of Nextflow, ended and asked about by its commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from pm_kernel.nextflow.jobs import end_left, submitted
from pm_kernel.running import scheduler

FORGOTTEN = "slurm_load_jobs error: Invalid job id specified\n"
LINE = "Nov-25 21:30:01.123 [Task submitter] DEBUG nextflow.executor.GridTaskHandler - "


class Commands:
    """Answers the commands of a scheduler and notes how they are called."""

    def __init__(self, code: int | None = 0, said: str = "", *more: tuple[int, str]) -> None:
        self.calls: list[list[str]] = []
        self.environ: dict[str, str] = {}
        self._answers = [*reversed(more), (code, said)]

    def __call__(self, argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int | None, str]:
        self.calls.append(list(argv))
        self.environ = dict(environ)
        return self._answers.pop() if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize(
    ("name", "waiting", "command"),
    [
        ("slurm", False, ["scancel", "7", "8"]),
        ("slurm", True, ["scancel", "--state=PENDING", "7", "8"]),
        ("pbspro", True, ["qdel", "7", "8"]),
        ("lsf", False, ["bkill", "7", "8"]),
        ("sge", False, ["qdel", "7", "8"]),
    ],
)
def test_each_scheduler_ends_jobs_by_its_own_command(
    name: str, waiting: bool, command: list[str]
) -> None:
    commands = Commands(code=1, said="some have ended")
    assert scheduler.end_jobs(name, ["7", "8"], {}, waiting=waiting, run=commands) is None
    assert commands.calls == [command]


def test_a_scheduler_that_cannot_be_asked_is_told() -> None:
    missing = Commands(None, "scancel is not on PATH")
    assert scheduler.end_jobs("slurm", ["7"], {}, run=missing) == "scancel is not on PATH"
    assert "cannot be ended" in str(scheduler.end_jobs("oar", ["7"], {}, run=missing))


@pytest.mark.parametrize(
    ("jobs", "code", "said", "ended"),
    [
        (["7", "8"], 0, "8 8 8\n", {"7"}),
        # Elements of an array: their processes see a number that SLURM lists beside their name.
        (["4", "5", "6"], 0, "4_1 5 4\n4_3 4 4\n", {"6"}),
        (["4_1", "4_2"], 0, "4_1 5 4\n", {"4_2"}),
        (["7"], 0, "", {"7"}),
        (["7"], 1, FORGOTTEN, {"7"}),
        # Nobody was asked, or nobody answered: nothing is proved.
        (["7", "8"], 1, "slurm_load_jobs error: Unable to contact slurm controller\n", set()),
        (["7"], 1, "slurm_load_jobs error: Unable to contact slurm controller\n", set()),
        (["7"], None, "squeue is not on PATH", set()),
        (["7.pbs-server"], 0, "", set()),
        ([], 0, "", set()),
    ],
)
def test_a_job_has_ended_where_slurm_is_sure_of_it(
    jobs: list[str], code: int | None, said: str, ended: set[str]
) -> None:
    assert scheduler.ended(jobs, {}, run=Commands(code, said)) == ended


@pytest.mark.parametrize(
    ("queue", "ended"),
    [
        ((0, ""), {"7", "8", "9"}),
        ((0, "8 8 8\n30 30 30\n"), {"7", "9"}),
        ((1, FORGOTTEN), set()),
        ((1, "slurm_load_jobs error: Unable to contact slurm controller\n"), set()),
    ],
)
def test_jobs_that_slurm_refuses_to_speak_of_are_looked_for_among_all(
    queue: tuple[int, str], ended: set[str]
) -> None:
    commands = Commands(1, FORGOTTEN, queue)
    assert scheduler.ended(["7", "8", "9"], {}, run=commands) == ended
    assert [any("--jobs" in word for word in call) for call in commands.calls] == [True, False]


def test_what_somebody_likes_to_see_of_slurm_hides_no_job() -> None:
    commands = Commands()
    likes = {"SQUEUE_PARTITION": "gpu", "SCANCEL_INTERACTIVE": "1", "SINFO_PARTITION": "gpu"}
    environ = {"PATH": "/bin", "SLURM_CONF": "/etc/slurm.conf", **likes}
    asked: list[Callable[[], object]] = [
        lambda: scheduler.ended(["7"], environ, run=commands),
        lambda: scheduler.end_jobs("slurm", ["7"], environ, run=commands),
        lambda: scheduler.nodes(environ, run=commands),
    ]
    for ask in asked:
        ask()
        assert commands.environ == {"PATH": "/bin", "SLURM_CONF": "/etc/slurm.conf"}


def test_all_jobs_are_asked_about_at_once() -> None:
    commands = Commands()
    scheduler.ended([str(n) for n in range(100)], {}, run=commands)
    assert len(commands.calls) == 1


def test_the_nodes_of_a_cluster_are_what_it_says() -> None:
    assert scheduler.nodes({}, run=Commands(0, "node1\nnode2\nnode1\n")) == {"node1", "node2"}
    assert scheduler.nodes({}, run=Commands(1, "no contact")) is None


def a_launch(plan: Path) -> list[Path]:
    """A launch that submitted three jobs: one has ended, one runs, one waits."""
    directory = plan / "launches" / "1"
    tasks = [directory / "work" / name for name in ("ended", "running", "waiting")]
    lines = []
    for number, task in enumerate(tasks, 7):
        task.mkdir(parents=True)
        told = f"submitted process S01_A ({number}) > jobId: {number}; workDir: {task}"
        lines += [LINE + f"[SLURM] {told}", LINE + "something else about jobId: 99"]
    for task in tasks[:2]:
        (task / ".command.begin").touch()
    (tasks[0] / ".exitcode").write_text("0")
    (directory / "nextflow.log").write_text("\n".join(lines))
    return tasks


def test_the_jobs_of_a_launch_are_in_its_log(tmp_path: Path) -> None:
    tasks = a_launch(tmp_path)
    found = list(submitted(tmp_path / "launches" / "1"))
    assert [(job.scheduler, job.job_id, job.work_dir) for job in found] == [
        ("slurm", str(number), task) for number, task in enumerate(tasks, 7)
    ]
    assert list(submitted(tmp_path / "launches" / "2")) == []


@pytest.mark.parametrize(
    ("waiting", "command"),
    [(True, ["scancel", "--state=PENDING", "9"]), (False, ["scancel", "8", "9"])],
)
def test_what_waits_is_ended_and_what_runs_only_where_the_plan_is_cancelled(
    tmp_path: Path, waiting: bool, command: list[str]
) -> None:
    a_launch(tmp_path)
    commands = Commands()
    assert end_left(tmp_path, {}, waiting=waiting, run=commands) == []
    assert commands.calls == [command]


def test_a_plan_without_jobs_asks_nobody(tmp_path: Path) -> None:
    commands = Commands()
    assert end_left(tmp_path, {}, waiting=False, run=commands) == []
    assert commands.calls == []
