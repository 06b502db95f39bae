"""Class data sharing: a file from which Java takes Nextflow's classes ready-made.

Made once for a Java and a set of jars (about 6 s, 45 MB), it saves every later start a fifth of its
CPU time: on an idle machine 2.7 s become 2.0 s with Java 17, and 1.8 s become 1.4 s with Java 21.
Java ignores one that does not fit and starts as without it, so every failure here only means a
slower start.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from pm_kernel.nextflow.java import Java

_TIMEOUT_SECONDS = 120
_BASE = "base.jsa"
_TOP = "nextflow.jsa"

# Touches what a launch touches: the parser, a process, the local executor, operators and a table.
_TRAINING = """\
process A {
    tag "${id}"
    errorStrategy 'ignore'
    scratch false
    beforeScript "true ${id}"
    afterScript 'true'

    input:
    tuple val(id), val(parents)

    output:
    tuple val(id), env('X')

    script:
    '''
    X=1
    '''
}

workflow {
    rows = channel.fromPath("${projectDir}/rows.tsv", glob: false)
        .splitCsv(header: true, sep: '\\t')
    '\\t') A(
        rows.map { row -> tuple(row.id, row.id, 1) }
            .combine(rows.map { row -> tuple(row.id, 1) }, by: 0)
            .map { id, child, n, run -> tuple(groupKey(child, n), "${id}=${run}".toString()) }
            .groupTuple(sort: true)
            .map { id, runs -> tuple(id.toString(), runs) }
    )
}
"""
_TRAINING_CONFIG = "trace { enabled = true\n file = 'trace.txt'\n overwrite = true\n raw = true }\n"


def class_data_flags(folder: Path, java: Java) -> tuple[str, ...]:
    """Return the JVM flags that use the class data beside the jars; () when there is none."""
    archive = _archive(folder, java)
    if not (archive / _TOP).is_file():
        return ()
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
    try:
        # Whoever makes the folder makes its contents; one without contents says that it was tried.
        archive.mkdir()
    except OSError:
        return
    project = archive / "training"
    try:
        project.mkdir()
        _train(archive, project, [str(java.path), *flags], main, environ)
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
    (project / "main.nf").write_text(_TRAINING, encoding="utf-8")
    (project / "nextflow.config").write_text(_TRAINING_CONFIG, encoding="utf-8")
    (project / "rows.tsv").write_text("id\tn\n1\t1\n2\t1\n", encoding="utf-8")
    # Not every Java brings the archive of the JDK's own classes that ours must stand on. Ours
    # remembers it by path: neither may be moved afterwards.
    base = f"-XX:SharedArchiveFile={archive / _BASE}"
    made = project / _TOP
    for command in (
        [*java, "-Xshare:dump", base],
        [*java, base, f"-XX:ArchiveClassesAtExit={made}", *main, "run", "main.nf"],
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


def _archive(folder: Path, java: Java) -> Path:
    key = hashlib.sha256(f"{java.path.resolve()} {java.version}".encode()).hexdigest()[:12]
    return folder / f"classdata-{key}"
