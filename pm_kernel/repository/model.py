"""What the methods repository hands out: frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

SYMLINK = "120000"
SUBMODULE = "160000"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit is by."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file of a method as git has it; ``path`` is relative to the method's folder."""

    path: str
    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Content of a method's folder, in git's object store, in no commit yet."""

    module: str
    method: str
    #: Hash of the tree: equal trees, equal content.
    tree: str
    files: tuple[TreeFile, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """A version's commit as just made."""

    commit: str
    tag: str
    module: str
    method: str
    version: int
    branch: str
    #: What a person should be told (another branch is checked out, the index is locked).
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedVersion:
    """A version as git remembers it: enough to write its row again."""

    module: str
    method: str
    version: int
    #: What changed, in the words of who registered it.
    description: str
    commit: str
    #: None: committed, but the tag is missing.
    tag: str | None
    author: str
    committed_at: datetime
    #: Everything else that was noted (``Pm-Content: …``).
    trailers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One commit that touched a folder."""

    commit: str
    subject: str
    author: str
    email: str
    committed_at: datetime
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IgnoredFile:
    """A file of a method that git leaves out; folders end with ``/``."""

    path: str
    #: The pattern, and where it stands (``.gitignore:3``).
    pattern: str
    source: str


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file that would be committed, and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class Repaired:
    """What ``repair`` found and did."""

    #: Versions in git that nobody confirmed: their rows may be missing in the database.
    unconfirmed: tuple[RecordedVersion, ...] = ()
    #: Tags that were made because the commit was there and the tag was not.
    tagged: tuple[str, ...] = ()
    #: What was put right or needs a person, in sentences.
    notices: tuple[str, ...] = ()
