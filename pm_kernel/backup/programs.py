"""Which pg_dump, pg_restore and psql fit a server: those on PATH, or those of the embedded one.

A pg_dump reads servers of its own major version and older ones. The embedded server's programs come
from a wheel without TLS, so they only reach servers without it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.embedded.binaries import Binaries
from pm_kernel.errors import DatabaseUnavailable, EngineUnavailable
from pm_kernel.store.server import ServerFacts, program_environment

_NAMES = ("pg_dump", "pg_restore", "psql")


@dataclass(frozen=True)
class Programs:
    """PostgreSQL's client programs of one version."""

    #: Name -> path.
    paths: Mapping[str, str]
    major: int
    #: Whether they can reach a server through TLS.
    encrypt: bool
    environ: Mapping[str, str]

    def start(
        self, name: str, url: str | None, *arguments: str, stdin: int | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program on the database ``url``; its output and its errors are pipes."""
        variables, rest = program_environment(url) if url is not None else ({}, "")
        environ = {**self.environ, **variables, "LC_ALL": "C"}
        database = [f"--dbname={rest}"] if rest else []
        return subprocess.Popen(
            [self.paths[name], *arguments, *database],
            env=environ,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, name: str, url: str | None, *arguments: str) -> tuple[int, str, str]:
        """Run a program to its end; returns exit code, output and errors."""
        with self.start(name, url, *arguments) as process:
            output, errors = process.communicate()
        return process.returncode, output.decode(errors="replace"), errors.decode(errors="replace")


def find_programs(environ: Mapping[str, str], facts: ServerFacts | None = None) -> Programs:
    """Return programs that fit a server; without ``facts``, the newest there are.

    Raises EngineUnavailable, naming what was found and why it does not fit.
    """
    found = list(_candidates(environ))
    if facts is None:
        if found:
            return max(found, key=lambda each: each.major)
        raise EngineUnavailable("pg_restore was not found.", hint=_install(""))
    fitting = [p for p in found if p.major >= facts.major and (p.encrypt or not facts.encrypted)]
    if fitting:
        # The nearest version: an older server understands what a newer pg_dump writes only mostly.
        return min(fitting, key=lambda each: each.major)
    seen = ", ".join(f"{p.paths['pg_dump']} ({p.major})" for p in found) or "none"
    why = " that can encrypt connections" if facts.encrypted else ""
    raise EngineUnavailable(
        f"A backup of PostgreSQL {facts.major} needs pg_dump {facts.major} or newer{why}; "
        f"found: {seen}.",
        hint=_install(str(facts.major)),
    )


def _candidates(environ: Mapping[str, str]) -> Iterator[Programs]:
    path = environ.get("PATH", "")
    folders: list[Sequence[str | None]] = [[shutil.which(name, path=path) for name in _NAMES]]
    # Where Debian and Red Hat put each version, off PATH.
    for place in (*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")):
        folders.append([shutil.which(name, path=str(place)) for name in _NAMES])
    for paths in folders:
        programs = _programs(paths, environ, encrypt=True)
        if programs is not None:
            yield programs
    try:
        binaries = Binaries.locate()
    except DatabaseUnavailable:
        return
    own = _programs([binaries.program(name) for name in _NAMES], environ, encrypt=False)
    if own is not None:
        yield own


def _programs(
    paths: Sequence[str | None], environ: Mapping[str, str], *, encrypt: bool
) -> Programs | None:
    whole = {name: path for name, path in zip(_NAMES, paths, strict=True) if path is not None}
    if len(whole) < len(_NAMES):
        return None
    try:
        answer = subprocess.run(
            [whole["pg_dump"], "--version"],
            env={**environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or match is None:
        return None
    return Programs(whole, int(match[1]), encrypt, environ)


def _install(major: str) -> str:
    return (
        f"Install PostgreSQL's client programs ({f'postgresql-client-{major}'.rstrip('-')}) with "
        "the system's packages, and put them on PATH."
    )
