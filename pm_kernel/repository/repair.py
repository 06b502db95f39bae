"""What a kill left between commit, tag, index and database, and how it is put right.

killed before the branch moved     nothing happened: the note is removed
between branch and tag             the tag is made, or the branch follows
before the index was replaced      it is replaced now
before the row was written         the version is returned as unconfirmed, for whoever has the
                                   database to write its row and confirm it
"""

from __future__ import annotations

from dataclasses import replace

from pm_kernel.errors import Conflict
from pm_kernel.repository import pending
from pm_kernel.repository.commit import move_branch
from pm_kernel.repository.history import (
    read_versions,
    tag_commits,
    versions_on_branch,
)
from pm_kernel.repository.index import release_dead_lock
from pm_kernel.repository.locks import file_lock
from pm_kernel.repository.model import RecordedVersion, Repaired
from pm_kernel.repository.pending import Pending
from pm_kernel.repository.place import Place, branch_ref, tip_of
from pm_kernel.repository.record import follow_branch, lock_path


def repair(place: Place, branch: str) -> Repaired:
    """Put right what registrations that ended early left behind; cheap where there is nothing."""
    unconfirmed: list[RecordedVersion] = []
    tagged: list[str] = []
    notices: list[str] = []
    try:
        with file_lock(place.git_dir / "pm" / "index.flock", seconds=0):
            if release_dead_lock(place):
                notices.append("Removed an index.lock that a registration left when it was killed.")
    except Conflict:
        pass  # somebody is at it, alive
    pending.sweep(place)
    for found in list(pending.every(place)):
        try:
            with file_lock(lock_path(place, found.method), seconds=0):
                now = pending.again(place, found)
                if now is not None:
                    _repair_one(place, branch, now, unconfirmed, tagged, notices)
        except Conflict:
            continue  # its registration is still under way
    return Repaired(tuple(unconfirmed), tuple(tagged), tuple(notices))


def _repair_one(
    place: Place,
    branch: str,
    found: Pending,
    unconfirmed: list[RecordedVersion],
    tagged: list[str],
    notices: list[str],
) -> None:
    tag = f"{found.method}/v{found.version}"
    at_tag = tag_commits(place).get(tag)
    if not _is_on(place, found.commit, branch):
        if at_tag != found.commit:
            pending.forget(place, found)
            return
        notices += _follow(place, branch, found)
    elif at_tag is None:
        place.git.run("update-ref", f"refs/tags/{tag}", found.commit, "0" * len(found.commit))
        tagged.append(tag)
    elif at_tag != found.commit:
        notices.append(
            f"The tag {tag} names {at_tag[:12]}, but {found.commit[:12]} was registered."
        )
    if not found.refreshed and follow_branch(place, branch, found):
        found = replace(found, refreshed=True)
    if not found.recorded:
        versions = read_versions(place, [found.commit])
        unconfirmed += [replace(version, tag=tag) for version in versions]
    pending.settle(place, found)


def _is_on(place: Place, commit: str, branch: str) -> bool:
    return place.git.answer("merge-base", "--is-ancestor", commit, branch_ref(branch)).ok


def _follow(place: Place, branch: str, found: Pending) -> list[str]:
    """The tag is there and the branch is not: move it, unless others moved it meanwhile."""
    tip = tip_of(place, branch)
    parent = place.git.answer("rev-parse", "--verify", "--quiet", f"{found.commit}^")
    if (parent.text if parent.ok else None) == tip:
        note = f"repair: {found.method} v{found.version}"
        if move_branch(place, branch, tip, found.commit, tag=None, note=note):
            return []
    return [
        f"{found.method} v{found.version} has its tag, but is not in the history of {branch}; "
        "it stays usable."
    ]


def verify(place: Place, branch: str) -> list[str]:
    """What does not fit between commits and tags, in sentences; reads the whole history once."""
    tags = tag_commits(place)
    said = []
    on_branch = versions_on_branch(place, branch)
    seen: dict[str, str] = {}
    for version in on_branch:
        tag = f"{version.method}/v{version.version}"
        at_tag = tags.get(tag)
        if at_tag is None:
            said.append(f"{tag} was committed ({version.commit[:12]}) and has no tag.")
        elif at_tag != version.commit and tag not in seen:
            said.append(
                f"{tag} names {at_tag[:12]}; the commit on {branch} is {version.commit[:12]}."
            )
        seen[tag] = version.commit
    known = {version.commit for version in on_branch}
    for version in read_versions(place, sorted(set(tags.values()) - known)):
        tag = f"{version.method}/v{version.version}"
        if tags.get(tag) == version.commit and tag not in seen:
            said.append(f"{tag} ({version.commit[:12]}) is not in the history of {branch}.")
    return said
