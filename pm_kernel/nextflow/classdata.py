"""Class data sharing: a file from which Java takes Nextflow's classes ready-made.

Made once for a Java and a set of jars (about 6 s, 45 MB), it saves every later start a fifth of its
processor time: with Java 17 and two tasks 3.4 s instead of 4.3 s.
Java ignores one that does not fit and starts as without it, so every failure here only means a
slower start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pm_kernel.nextflow.ir import Commands, EdgeSpec, LaunchSpec, Limits, ProcessSpec, TaskSpec
from pm_kernel.nextflow.java import Java
from pm_kernel.nextflow.render import PIPELINE, render

_TIMEOUT_SECONDS = 120
#: Seconds after which class data that no start of Nextflow used takes place for nothing.
_UNUSED_SECONDS = 30 * 24 * 3600.0
_NAME = "classdata-"
_BASE = "base.jsa"
_TOP = "nextflow.jsa"
#: There as long as somebody is at it.
_PROJECT = "training"
_RUN = ("-log", "nextflow.log", "run", PIPELINE, "-name", "training", "-work-dir", "work")

# Exactly what a launch has, but that its tasks register and complete nothing.
_TRAINING = LaunchSpec(
    plan_id=1,
    launch_id=1,
    processes=(ProcessSpec("S01_A", "a"), ProcessSpec("S02_B", "b")),
    tasks=(TaskSpec(1, "S01_A"), TaskSpec(2, "S01_A"), TaskSpec(3, "S02_B")),
    edges=(EdgeSpec(1, 3), EdgeSpec(2, 3)),
    commands=Commands(
        ("true",), "/", before_script="echo 1 > .pm_run_id; echo exit 0 > .pm-run.sh"
    ),
    limits=Limits(cpus=1, memory_bytes=1 << 30),
    poll_ms=20,
)


def class_data_flags(folder: Path, java: Java) -> tuple[str, ...]:
    """Return the JVM flags that use the class data beside the jars; () when there is none."""
    archive = _archive(folder, java)
    if not (archive / _TOP).is_file():
        return ()
    with suppress(OSError):
        # In use: see ``_clear_unused``.
        os.utime(archive)
    return (
        "-Xshare:auto",
        f"-XX:SharedArchiveFile={archive / _BASE}:{archive / _TOP}",
        # A misfit is not worth a line between what Nextflow prints.
        "-Xlog:disable",
        "-Xlog:all=error:stderr",
    )


def make_class_data(
    folder: Path, java: Java, flags: Sequence[str], main: Sequence[str], environ: Mapping[str, str]
) -> None:
    """Make the class data for ``folder`` and ``java``, unless that was tried before.

    ``flags`` are the JVM's, ``main`` the rest of a command line that starts Nextflow: the file fits
    only a class path and a collector like these.
    """
    archive = _archive(folder, java)
    if ":" in str(archive):
        # Java would read it as two files.
        return
    _clear_abandoned(archive)
    try:
        # Whoever makes the folder makes its contents; one without contents says that it was tried.
        archive.mkdir()
    except OSError:
        return
    project = archive / _PROJECT
    try:
        project.mkdir()
        _train(archive, project, [str(java.path), *flags], main, environ)
        _clear_unused(folder)
    except (OSError, subprocess.SubprocessError):
        (archive / _TOP).unlink(missing_ok=True)
    except BaseException:
        shutil.rmtree(archive, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(project, ignore_errors=True)


def _train(
    archive: Path,
    project: Path,
    java: Sequence[str],
    main: Sequence[str],
    environ: Mapping[str, str],
) -> None:
    for name, text in render(_TRAINING).files.items():
        (project / name).write_text(text, encoding="utf-8")
    # Not every Java brings the archive of the JDK's own classes that ours must stand on. Ours
    # remembers it by path: neither may be moved afterwards.
    base = f"-XX:SharedArchiveFile={archive / _BASE}"
    made = project / _TOP
    for command in (
        [*java, "-Xshare:dump", base],
        [*java, base, f"-XX:ArchiveClassesAtExit={made}", *main, *_RUN],
    ):
        subprocess.run(
            command,
            cwd=project,
            env={**environ, "NXF_HOME": str(project / "home")},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    made.rename(archive / _TOP)


def _clear_abandoned(archive: Path) -> None:
    """Remove what a process that was killed meanwhile left."""
    try:
        begun = (archive / _PROJECT).stat().st_mtime
        if time.time() - begun > 3 * _TIMEOUT_SECONDS:
            # By a name that nobody takes for it: another one may do the same.
            left = archive.with_name(f"{archive.name}-{os.urandom(8).hex()}")
            archive.rename(left)
            shutil.rmtree(left, ignore_errors=True)
    except OSError:
        # Nothing is left, or it is not ours to remove.
        return


def _clear_unused(folder: Path) -> None:
    """Remove the class data of versions and of Javas that nobody started for a long time.

    Another version may share the folder, so the age decides. Whoever has it mapped keeps it.
    """
    for other in folder.glob(f"{_NAME}*"):
        try:
            if time.time() - other.stat().st_mtime > _UNUSED_SECONDS:
                shutil.rmtree(other)
        except OSError:
            # Somebody else removes it, or it is not ours to remove.
            continue


def _archive(folder: Path, java: Java) -> Path:
    # With what it was made from: one that was tried before, in vain, is tried anew.
    about = f"{java.path.resolve()} {java.version} {_TRAINING}"
    key = hashlib.sha256(about.encode()).hexdigest()[:12]
    return folder / f"{_NAME}{key}"
