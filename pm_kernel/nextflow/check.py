"""Looks at Nextflow and all it stands on: for ``pm doctor``, for previews and for tests."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.command import NextflowCommand
from pm_kernel.nextflow.java import ask_java
from pm_kernel.nextflow.overrides import PLUGIN_EXECUTORS
from pm_kernel.nextflow.render import RenderedLaunch

_TIMEOUT_SECONDS = 120
#: The command that submits to each scheduler.
_SUBMIT = {"slurm": "sbatch", "pbspro": "qsub", "lsf": "bsub", "sge": "qsub"}


@dataclass(frozen=True, slots=True)
class NextflowReport:
    """What there is to run plans with."""

    version: str
    source: str
    #: Version and path of the Java; None when Nextflow finds its own.
    java: str | None
    #: Executors that could be used here: local, and schedulers whose command is on PATH.
    executors: tuple[str, ...]
    notes: tuple[str, ...]


def check(command: NextflowCommand, environ: Mapping[str, str]) -> NextflowReport:
    """Start Java, look for what Nextflow needs beside it, and say what can be used.

    Raises EngineUnavailable, with the way to mend it, when plans cannot run.
    """
    if command.java is not None and ask_java(command.java.path) is None:
        raise EngineUnavailable(
            f"{command.java.path} ({command.java.source}) does not start.",
            hint="Set JAVA_HOME to a Java 17 or 21.",
        )
    look_for_programs(environ)
    path = environ.get("PATH", "")
    found = (name for name, submit in _SUBMIT.items() if shutil.which(submit, path=path))
    notes = []
    if command.source == "fetched":
        notes.append(
            f"{', '.join(PLUGIN_EXECUTORS)} need plug-ins: use a nextflow of your own ([nextflow] "
            "command in pm.toml) for these."
        )
    return NextflowReport(
        version=command.version,
        source=command.source,
        java=None if command.java is None else f"{command.java.version} {command.java.path}",
        executors=("local", *found),
        notes=tuple(notes),
    )


def look_for_programs(environ: Mapping[str, str]) -> None:
    """Look for the programs without which every task fails; raises EngineUnavailable."""
    for program, why in (("bash", "runs every task"), ("ps", "ends and measures tasks")):
        if shutil.which(program, path=environ.get("PATH", "")) is None:
            raise EngineUnavailable(
                f"Nextflow needs `{program}`, which {why}.",
                hint="Install it with the system's packages (`ps` is in procps).",
            )


def strict_faults(
    command: NextflowCommand, rendered: RenderedLaunch, environ: Mapping[str, str]
) -> tuple[str, ...]:
    """Return what Nextflow's strict parser has against a generated launch; runs no task.

    ``nextflow lint`` would be the tool, but the pinned version crashes on some files without fault.
    """
    with tempfile.TemporaryDirectory(prefix="pm-preview-") as name:
        folder = Path(name)
        for file, text in rendered.files.items():
            (folder / file).write_text(text, encoding="utf-8", newline="")
        answer = subprocess.run(
            [*command.argv, "-log", "log", "run", "pipeline.nf", "-preview"],
            cwd=folder,
            env={**command.environment(environ), "NXF_SYNTAX_PARSER": "v2"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    lines = [line for line in answer.stdout.splitlines() if line.strip()]
    if answer.returncode == 0:
        # Its list of configuration options is not complete: "Unrecognized config option" is none.
        return tuple(line for line in lines if line.startswith("ERROR"))
    return tuple(lines or ["Nextflow ended without a word."])
