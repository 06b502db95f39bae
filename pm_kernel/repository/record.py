"""Recording: a commit, its branch and tag, a note until the row is written, then the index."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from pm_kernel.repository import pending
from pm_kernel.repository.commit import (
    Change,
    Retry,
    check_tag_is_free,
    make_commit,
    move_branch,
)
from pm_kernel.repository.content import tree_files, tree_of
from pm_kernel.repository.gitignore import GITIGNORE
from pm_kernel.repository.index import Replacement, replace_entries
from pm_kernel.repository.message import VersionMessage, version_message
from pm_kernel.repository.model import Commit, Identity, Snapshot
from pm_kernel.repository.pending import Pending
from pm_kernel.repository.place import Head, Place, branch_ref, look_at_head, tip_of
from pm_kernel.repository.snapshot import blob_of, write_blobs

_MODULE_FILE = "module.toml"


def lock_path(place: Place, method: str) -> Path:
    """The lock of registrations of one method."""
    return place.own_dir / "locks" / f"{method}.lock"


def record_version(
    place: Place,
    branch: str,
    snapshot: Snapshot,
    message: VersionMessage,
    *,
    module_file: bytes | None,
    committer: Identity | None,
    author: Identity | None,
    seconds: float,
) -> Commit:
    """Commit and tag a snapshot; see ``MethodsRepository.commit_method``."""
    text = version_message(message)
    tag = f"{snapshot.method}/v{message.version}"
    head = look_at_head(place, branch)
    check_tag_is_free(place, tag)
    changes = [Change(place.inside(snapshot.module, snapshot.method), snapshot.tree)]
    if module_file is not None:
        changes.append(_module_change(place, snapshot.module, module_file))
    note = Pending(
        key=uuid4().hex[:8],
        module=snapshot.module,
        method=snapshot.method,
        version=message.version,
        commit="",
        with_module=module_file is not None,
    )
    retry = Retry(seconds)
    tip = head.tip
    while True:
        commit = make_commit(place, tip, changes, text, committer, author)
        note = replace(note, commit=commit)
        pending.note(place, note)
        if move_branch(place, branch, tip, commit, tag=tag, note=text.partition("\n")[0]):
            break
        try:
            check_tag_is_free(place, tag)
            retry.pause(place, branch)
        except BaseException:
            pending.forget(place, note)
            raise
        tip = tip_of(place, branch)
    refreshed = follow_branch(place, branch, note)
    pending.settle(place, replace(note, refreshed=refreshed))
    notices = _notices(place, branch, head, note, refreshed)
    return Commit(commit, tag, snapshot.module, snapshot.method, message.version, branch, notices)


def _module_change(place: Place, module: str, module_file: bytes) -> Change:
    (blob,) = write_blobs(place, [module_file])
    return Change(place.inside(module, _MODULE_FILE), blob, is_tree=False)


def _notices(
    place: Place, branch: str, head: Head, note: Pending, refreshed: bool
) -> tuple[str, ...]:
    if not head.checked_out:
        return (
            f"Recorded on {branch}, while {head.other} is checked out: the files here count as "
            f"changed until {branch} is merged.",
        )
    if refreshed:
        return ()
    return (
        f"Somebody holds {place.git_dir / 'index.lock'}, so git status shows "
        f"{place.inside(note.module, note.method)} as changed; the next command puts it right.",
    )


def follow_branch(place: Place, branch: str, note: Pending) -> bool:
    """Make the index here hold the method as the branch has it now; False: the index is locked."""

    def wanted() -> Replacement | None:
        head = place.git.answer("symbolic-ref", "--quiet", "HEAD")
        tip = tip_of(place, branch)
        if not head.ok or head.text != branch_ref(branch) or tip is None:
            return None  # another branch is checked out: its index has nothing to follow
        below = place.inside(note.module, note.method)
        files = tuple(file for file, _ in tree_files(place, tree_of(place, tip, below)))
        path = place.inside(note.module, _MODULE_FILE)
        blob = blob_of(place, tip, path) if note.with_module else None
        return Replacement(below, files, {} if blob is None else {path: blob})

    return replace_entries(place, wanted)


def record_module(
    place: Place,
    branch: str,
    module: str,
    module_file: bytes,
    message: str,
    committer: Identity | None,
) -> str:
    """Commit ``module.toml`` alone, where the branch does not have it as it is."""
    change = _module_change(place, module, module_file)
    text = message.strip() or f"module: {module}"
    head = look_at_head(place, branch)
    retry = Retry(60.0)
    tip = head.tip
    while True:
        if tip is not None and blob_of(place, tip, change.path) == change.hash:
            # Committed by somebody who was killed then: only the index has to follow.
            commit = tip
            break
        commit = make_commit(place, tip, [change], f"{text}\n", committer)
        if move_branch(place, branch, tip, commit, tag=None, note=text.partition("\n")[0]):
            break
        retry.pause(place, branch)
        tip = tip_of(place, branch)

    def wanted() -> Replacement | None:
        blob = blob_of(place, branch_ref(branch), change.path)
        return None if blob is None else Replacement(change.path, (), {change.path: blob})

    if head.checked_out:
        replace_entries(place, wanted)
    return commit


def record_beginning(place: Place, branch: str, committer: Identity | None) -> None:
    """Make the first commit of a repository that has none, with its ``.gitignore``."""
    if place.prefix or place.git.answer("rev-parse", "--verify", "--quiet", "HEAD").ok:
        return
    # Whatever git calls a first branch: nothing is on it yet.
    place.git.run("symbolic-ref", "HEAD", branch_ref(branch))
    ignore = place.folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text(GITIGNORE, encoding="utf-8")
    (blob,) = write_blobs(place, [ignore.read_bytes()])
    change = Change(".gitignore", blob, is_tree=False)
    commit = make_commit(place, None, [change], "Begin the methods repository\n", committer)
    if move_branch(place, branch, None, commit, tag=None, note="pm init"):
        replace_entries(place, lambda: Replacement(change.path, (), {change.path: blob}))
