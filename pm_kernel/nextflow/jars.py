"""The jars that make up Nextflow 25.04.4, by exact Maven coordinate and sha256.

Resolved from ``io.nextflow:nextflow``, ``nf-commons`` and ``nf-httpfs`` 25.04.4 and ``nf-lang``
25.04.0, which are complete on Maven Central except ``io.seqera:lib-trace``; only the weblog client
refers to that one. The list lies beside this file as ``jars.tsv``: coordinate, bytes, sha256.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

VERSION = "25.04.4"


@dataclass(frozen=True, slots=True)
class Jar:
    """One file of the distribution."""

    group: str
    artifact: str
    version: str
    size_bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """File name, unique within the list."""
        return f"{self.artifact}-{self.version}.jar"


def pinned_jars() -> tuple[Jar, ...]:
    """Return the committed list, sorted by coordinate."""
    text = files(__package__).joinpath("jars.tsv").read_text(encoding="ascii")
    jars = []
    for line in text.splitlines():
        coordinate, size, digest = line.split("\t")
        group, artifact, version = coordinate.split(":")
        jars.append(Jar(group, artifact, version, int(size), digest))
    return tuple(jars)


def digest(jars: tuple[Jar, ...]) -> str:
    """Return a short text that names exactly this list."""
    lines = "".join(f"{jar.name} {jar.sha256}\n" for jar in jars)
    return hashlib.sha256(lines.encode("ascii")).hexdigest()[:12]
