"""Jobs of a scheduler that outlive the Nextflow that submitted them.

Local tasks end with Nextflow or are found by their processes; a job that still waits in a queue has
no process and no row. Nextflow notes each job that it submits in the log of its launch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.nextflow.launcher import LOG
from pm_kernel.running import scheduler

# ... [SLURM] submitted process S01_A (7) > jobId: 12; workDir: /store/…/work/ab/cdef
_SUBMITTED = re.compile(
    r"\[([A-Z]+)\] submitted process \S+(?: \(\d+\))? > jobId: (\S+); workDir: (.+)$"
)


@dataclass(frozen=True)
class Job:
    """One job that was submitted, and the directory of its task."""

    scheduler: str
    job_id: str
    work_dir: Path

    @property
    def has_begun(self) -> bool:
        """Whether its wrapper script has been started."""
        return (self.work_dir / ".command.begin").exists()

    @property
    def has_ended(self) -> bool:
        """Whether its wrapper script came to its end; killed ones do not."""
        return (self.work_dir / ".exitcode").exists()


def submitted(directory: Path) -> Iterator[Job]:
    """The jobs that the Nextflow of a launch directory submitted, in that order."""
    try:
        with open(directory / LOG, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                match = _SUBMITTED.search(line)
                if match is not None:
                    yield Job(match[1].lower(), match[2], Path(match[3].rstrip()))
    except FileNotFoundError:
        return


def end_left(
    plan_folder: Path,
    environ: Mapping[str, str],
    *,
    waiting: bool,
    run: scheduler.Run = scheduler.run_command,
) -> list[str]:
    """End the jobs that the launches of a plan left behind; what stood in the way, in words.

    ``waiting``: only those that have not begun. What runs is left to its record. The Nextflow of
    each launch must have ended before: it would submit more.
    """
    left: dict[str, list[str]] = {}
    for directory in sorted((plan_folder / "launches").glob("*")):
        for job in submitted(directory):
            if not job.has_ended and not (waiting and job.has_begun):
                left.setdefault(job.scheduler, []).append(job.job_id)
    told = (
        scheduler.end_jobs(name, jobs, environ, waiting=waiting, run=run)
        for name, jobs in left.items()
    )
    return [f"jobs left behind could not be ended: {each}" for each in told if each is not None]
