"""The methods repository: versions of methods in git. The only package that runs git.

    snapshot ── read_blobs, scan ── commit_method ── (row in the database) ── confirm

A version is a commit on one branch that changes one method's folder, with a tag ``METHOD/vN``.
Order: git, tag, database; each command repairs what the last one left.
"""

from pm_kernel.repository.model import (
    Commit,
    Identity,
    IgnoredFile,
    LargeFile,
    LogEntry,
    RecordedVersion,
    Repaired,
    Snapshot,
    TreeFile,
)
from pm_kernel.repository.repository import MethodsRepository

__all__ = [
    "Commit",
    "Identity",
    "IgnoredFile",
    "LargeFile",
    "LogEntry",
    "MethodsRepository",
    "RecordedVersion",
    "Repaired",
    "Snapshot",
    "TreeFile",
]
