"""A version into git: tree, commit, branch and tag, without the user's index or working files.

The tree is made by replacing one folder in the tree of the branch's tip; branch and tag move
together or not at all (one ``update-ref`` transaction with the values they must have before). When
somebody else moved the branch meanwhile, it is done again on top of theirs. Hooks do not run:
``core.hooksPath`` is off, because a formatter in a hook would commit other code than was scanned.
Commits are not signed, whatever ``commit.gpgsign`` says: nobody is there to type a passphrase.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pm_kernel.errors import Conflict, EngineUnavailable
from pm_kernel.repository.locks import pause
from pm_kernel.repository.model import Identity
from pm_kernel.repository.place import Place, branch_ref

_TREE = "040000"
_FILE = "100644"
#: Longest wait between two tries while many register at once.
_LONGEST_PAUSE = 0.3


@dataclass(frozen=True, slots=True)
class Change:
    """One path of a commit: a folder's new tree, or a file's new blob."""

    path: str
    hash: str
    is_tree: bool = True


def make_commit(
    place: Place,
    tip: str | None,
    changes: Sequence[Change],
    message: str,
    committer: Identity | None,
    author: Identity | None = None,
) -> str:
    """Make a commit object on top of ``tip`` with the given paths replaced; no branch moves.

    ``committer`` is set where git itself knows nobody.
    """
    tree = place.git.run("rev-parse", f"{tip}^{{tree}}") if tip else None
    for change in changes:
        tree = _spliced(place, tree, change.path.split("/"), change)
    assert tree is not None
    env = {}
    if author is not None:
        env = {"GIT_AUTHOR_NAME": author.name, "GIT_AUTHOR_EMAIL": author.email}
    options = []
    if committer is not None:
        options = ["-c", f"user.name={committer.name}", "-c", f"user.email={committer.email}"]
    parents = ["-p", tip] if tip else []
    return place.git.run(
        "commit-tree", "--no-gpg-sign", tree, *parents, "-F", "-",
        stdin=message.encode("utf-8", "backslashreplace"), env=env, options=options,
    )  # fmt: skip


def _spliced(place: Place, tree: str | None, parts: list[str], change: Change) -> str:
    """The tree with one path replaced, all else as it was."""
    entries = _entries(place, tree) if tree else {}
    name, rest = parts[0], parts[1:]
    for other in entries:
        if other != name and other.casefold() == name.casefold():
            raise Conflict(
                f"The repository has {other!r}; {name!r} would be the same folder on a Mac.",
                hint="Use the name as it is there.",
            )
    if not rest:
        mode, kind = (_TREE, "tree") if change.is_tree else (_FILE, "blob")
        entries[name] = (mode, kind, change.hash)
    else:
        below: str | None = None
        if name in entries:
            mode, kind, below = entries[name]
            if kind != "tree":
                raise Conflict(
                    f"{name!r} is a file in the repository, and a folder is needed there."
                )
        entries[name] = (_TREE, "tree", _spliced(place, below, rest, change))
    lines = [f"{mode} {kind} {hash_}\t{name}\0" for name, (mode, kind, hash_) in entries.items()]
    return place.git.run("mktree", "-z", stdin="".join(lines).encode("utf-8", "surrogateescape"))


def _entries(place: Place, tree: str) -> dict[str, tuple[str, str, str]]:
    found = {}
    for item in place.git.answer("ls-tree", "-z", "--full-tree", tree, check=True).items():
        facts, _, name = item.partition("\t")
        mode, kind, hash_ = facts.split(" ")
        found[name] = (mode, kind, hash_)
    return found


def move_branch(
    place: Place, branch: str, tip: str | None, commit: str, *, tag: str | None, note: str
) -> bool:
    """Move the branch from ``tip`` to ``commit`` and make the tag, both or neither.

    Returns False where the branch was moved by somebody else, or is locked, just now.
    """
    nobody = "0" * len(commit)
    lines = [f"update {branch_ref(branch)} {commit} {tip or nobody}"]
    if tag is not None:
        lines.append(f"create refs/tags/{tag} {commit}")
    stdin = "".join(f"{line}\n" for line in lines).encode()
    return place.git.answer("update-ref", "-m", note, "--stdin", stdin=stdin).ok


def check_tag_is_free(place: Place, tag: str) -> None:
    """Raise Conflict where the tag, or a tag in the way of it, exists."""
    method = tag.partition("/")[0]
    listing = place.git.run("for-each-ref", "--format=%(refname)", "refs/tags/")
    taken = [name.removeprefix("refs/tags/") for name in listing.splitlines()]
    if tag in taken:
        raise Conflict(f"The tag {tag} exists already.", hint="Register again: it takes the next.")
    for other in taken:
        first = other.partition("/")[0]
        if other == method:
            raise Conflict(
                f"The tag {other!r} is in the way of {tag!r}.",
                hint=f"Rename it: git tag NEW {other} && git tag -d {other}",
            )
        if first != method and first.casefold() == method.casefold():
            raise Conflict(
                f"There are tags of {first!r}; on a Mac {method!r} would be the same name.",
                hint="Give the method another name.",
            )


class Retry:
    """Tries again with growing random pauses until the time is up."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._pause = 0.02

    def pause(self, place: Place, branch: str) -> None:
        """Wait a moment; raises when the branch could not be moved for all the time."""
        if time.monotonic() >= self._deadline:
            lock = place.common_dir / f"{branch_ref(branch)}.lock"
            if lock.exists():
                raise EngineUnavailable(
                    f"The branch {branch!r} is locked by {lock}, which a git that was killed left.",
                    hint=f"When no git is running here, remove it: rm {lock}",
                )
            raise Conflict(
                f"The branch {branch!r} was moved by others at every try.", hint="Try again later."
            )
        pause(self._pause)
        self._pause = min(self._pause * 1.5, _LONGEST_PAUSE)
