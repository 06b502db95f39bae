"""Which Nextflow is started, and how: the fetched one, or a person's own command.

A person's own ``nextflow`` must be 25.04 or newer. Before that a failing ``afterScript`` was
ignored, and a task counted as completed although its record was not.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.classdata import class_data_flags, make_class_data
from pm_kernel.nextflow.install import Progress, install
from pm_kernel.nextflow.jars import VERSION
from pm_kernel.nextflow.java import Java, find_java

OLDEST = (25, 4)
_VERSION_TIMEOUT_SECONDS = 180

#: Starts ``nextflow -v`` in an environment and returns its output; None when it fails.
AskVersion = Callable[[str, Mapping[str, str]], str | None]

# Groovy and its serialisers look into these packages of the JDK.
_OPENED = (
    *("java.lang", "java.io", "java.nio", "java.net", "java.util", "java.util.concurrent.locks"),
    *("java.util.concurrent.atomic", "java.nio.file.spi", "sun.nio.ch", "sun.nio.fs"),
    *(f"sun.net.www.protocol.{scheme}" for scheme in ("http", "https", "ftp", "file")),
    *("jdk.internal.misc", "jdk.internal.vm", "java.util.regex"),
)

# One compiler level and the simplest collector: Nextflow waits more than it computes, and starts in
# a third of the time (2.4 s instead of 8 s beside other work on two processors).
_SHORT_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


@dataclass(frozen=True, slots=True)
class NextflowCommand:
    """A Nextflow that can be started: put its arguments behind ``argv``."""

    argv: tuple[str, ...]
    #: What its environment has beyond the person's own, as pairs.
    additions: tuple[tuple[str, str], ...]
    version: str
    source: Literal["fetched", "own"]
    #: None for a person's own command, which finds its Java itself.
    java: Java | None = None

    def environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the environment to start it in."""
        child = {**environ, **dict(self.additions)}
        # The JVM reports it on its output, between what is to be read there.
        child.pop("JAVA_TOOL_OPTIONS", None)
        if not _speaks_utf8(child):
            # Java takes file names by the locale: in "C" it cannot open a folder called "Müller".
            child["LC_ALL"] = "C.UTF-8"
        return child


def find_nextflow(
    environ: Mapping[str, str],
    cache_dir: Path,
    *,
    own: str | None = None,
    mirror: str | None = None,
    progress: Progress | None = None,
    ask: AskVersion | None = None,
) -> NextflowCommand:
    """Return the Nextflow to use: ``own`` (a name or a path) where given, else the pinned one.

    The pinned one is fetched first where needed; ``mirror`` and ``progress`` are for that.
    Raises EngineUnavailable when it is missing, too old, without a Java, or cannot be fetched.
    """
    if own is not None:
        return _own(own, environ, cache_dir, ask or ask_version)
    java = find_java(environ)
    folder = install(cache_dir, mirror=mirror, progress=progress)
    plain = fetched_command(folder, java, cache_dir)
    make_class_data(folder, java, _SHORT_START, _main(folder), plain.environment(environ))
    return fetched_command(folder, java, cache_dir)


def fetched_command(folder: Path, java: Java, cache_dir: Path) -> NextflowCommand:
    """Return the command that starts the fetched Nextflow in ``folder`` with ``java``."""
    additions = {
        "NXF_ANSI_LOG": "false",
        "NXF_HOME": str(cache_dir / "nextflow" / "home"),
        # No look for newer versions, no download of plug-ins.
        "NXF_OFFLINE": "true",
    }
    return NextflowCommand(
        argv=(str(java.path), *_SHORT_START, *class_data_flags(folder, java), *_main(folder)),
        additions=tuple(sorted(additions.items())),
        version=VERSION,
        source="fetched",
        java=java,
    )


def _main(folder: Path) -> tuple[str, ...]:
    # Each jar by name and sorted, not "lib/*": class data fits one order of the class path only.
    jars = sorted(str(path) for path in (folder / "lib").iterdir())
    return (
        "-Dfile.encoding=UTF-8",
        "-Djava.awt.headless=true",
        *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
        "-cp",
        ":".join(jars),
        "nextflow.cli.Launcher",
    )


def ask_version(path: str, environ: Mapping[str, str]) -> str | None:
    """Start ``nextflow -v``; its first start ever may download itself."""
    try:
        answer = subprocess.run(
            [path, "-v"],
            capture_output=True,
            text=True,
            timeout=_VERSION_TIMEOUT_SECONDS,
            env=dict(environ),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _own(own: str, environ: Mapping[str, str], cache_dir: Path, ask: AskVersion) -> NextflowCommand:
    found = shutil.which(str(Path(own).expanduser()), path=environ.get("PATH", ""))
    if found is None:
        raise EngineUnavailable(
            f"The configured Nextflow '{own}' was not found, or cannot be executed.",
            hint="Mend [nextflow] command in pm.toml (or PM_NEXTFLOW), or remove it: another "
            "one is then fetched.",
        )
    path = str(Path(found).absolute())
    version = _own_version(path, environ, cache_dir, ask)
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST:
        raise EngineUnavailable(
            f"Nextflow {version} ({path}) is too old: 25.04 or newer is needed.",
            hint="Run `nextflow self-update`, or remove [nextflow] command from pm.toml: another "
            "one is then fetched.",
        )
    additions = {"NXF_ANSI_LOG": "false", "NXF_DISABLE_CHECK_LATEST": "true"}
    return NextflowCommand((path,), tuple(sorted(additions.items())), version, "own")


def _own_version(path: str, environ: Mapping[str, str], cache_dir: Path, ask: AskVersion) -> str:
    """Return its version, remembered by path, time and NXF_VER: to ask costs seconds."""
    about = Path(path).stat()
    key = f"{Path(path).resolve()} {about.st_mtime_ns} {about.st_size} {environ.get('NXF_VER', '')}"
    memory = cache_dir / "nextflow" / "own.json"
    try:
        remembered = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        remembered = {}
    if isinstance(remembered, dict) and remembered.get("key") == key:
        return str(remembered["version"])
    match = re.search(r"version (\d+\.\d+\S*)", ask(path, environ) or "")
    if match is None:
        raise EngineUnavailable(
            f"`{path} -v` does not answer with a version of Nextflow.",
            hint="Try it in a terminal; it may lack Java or the network.",
        )
    _remember(memory, {"key": key, "version": match[1]})
    return match[1]


def _remember(memory: Path, answer: Mapping[str, str]) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=memory.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(answer, stream)
        Path(name).replace(memory)
    except OSError:
        # Asked again next time.
        return


def _speaks_utf8(environ: Mapping[str, str]) -> bool:
    for variable in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := environ.get(variable):
            return "utf8" in value.lower().replace("-", "")
    return False
