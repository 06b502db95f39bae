"""Where the methods folder lies in its repository, and what is checked out there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pm_kernel.domain.declared import name_fault
from pm_kernel.errors import Conflict, InvalidInput
from pm_kernel.repository.git import Git


@dataclass(frozen=True, slots=True)
class Place:
    """The folder with the modules, and the repository around it.

    ``methods/`` is usually a repository of its own; it may as well be a folder of a larger one, or
    of a linked worktree.
    """

    #: The folder that holds the modules.
    folder: Path
    #: Top of the working tree.
    top: Path
    #: Path of ``folder`` below ``top`` with a slash at its end; "" where they are the same.
    prefix: str
    #: This worktree's own git folder, with the index.
    git_dir: Path
    #: The git folder that all worktrees share, with branches and tags.
    common_dir: Path
    git: Git

    def inside(self, *parts: str) -> str:
        """Path below the top of the repository, as git wants it."""
        return self.prefix + "/".join(parts)

    @property
    def own_dir(self) -> Path:
        """Our own files, shared by all worktrees: locks and pending registrations."""
        return self.common_dir / "pm"


def find_place(folder: Path) -> Place:
    """Find the repository around ``folder``.

    Raises NotFound where there is none, EngineUnavailable where git does not trust it.
    """
    git = Git(folder)
    asked = ("--show-toplevel", "--show-prefix", "--absolute-git-dir", "--git-common-dir")
    lines = git.run("rev-parse", *asked).split("\n")
    if len(lines) != len(asked):
        raise InvalidInput(
            f"The path {str(folder)!r} has a line break in it; git cannot say where it is."
        )
    top, prefix, git_dir, common_dir = lines
    return Place(
        folder=folder,
        top=Path(top),
        prefix=prefix,
        git_dir=Path(git_dir),
        common_dir=(folder / common_dir).resolve(),
        git=Git(Path(top)),
    )


def check_names(module: str, method: str) -> None:
    """Raise InvalidInput where a name cannot be a folder and a tag."""
    for what, name in (("module", module), ("method", method)):
        fault = name_fault(name)
        if fault is not None:
            raise InvalidInput(f"The name of a {what} {fault}, not {name!r}.")


@dataclass(frozen=True, slots=True)
class Head:
    """The branch that versions go to, seen from what is checked out."""

    #: Commit at the tip of the branch; None: nothing was committed yet.
    tip: str | None
    #: The branch is the one checked out here, so the index here has to follow.
    checked_out: bool
    #: What is checked out instead.
    other: str | None = None


def branch_ref(branch: str) -> str:
    """Full name of a branch."""
    return f"refs/heads/{branch}"


def tip_of(place: Place, branch: str) -> str | None:
    """Commit at the tip of a branch, or None."""
    found = place.git.answer("rev-parse", "--verify", "--quiet", f"{branch_ref(branch)}^{{commit}}")
    return found.text if found.ok else None


def look_at_head(place: Place, branch: str) -> Head:
    """Say whether versions can be committed to ``branch`` now; raises Conflict where they cannot.

    Versions always go to the one branch in the settings, so that their history is one line. On
    another branch that is fine: only the branch moves, the files here stay as they are. It is not
    fine where nobody can mean it: with a detached HEAD (an old commit is being looked at, or a
    rebase is under way), where the branch does not exist beside others, and where it is checked out
    in another worktree, whose files would silently fall behind.
    """
    found = place.git.answer("symbolic-ref", "--quiet", "HEAD")
    where = place.folder
    if not found.ok:
        raise Conflict(
            f"{where} has a detached HEAD: an old commit is checked out, or a rebase is under way.",
            hint=f"Finish it, or go back with: git -C {where} switch {branch}",
        )
    current = found.text.removeprefix("refs/heads/")
    tip = tip_of(place, branch)
    if current == branch:
        return Head(tip, checked_out=True)
    if tip is None:
        raise Conflict(
            f"{where} has no branch {branch!r}; it is on {current!r}.",
            hint=f'Set branch = "{current}" under [methods] in pm.toml, '
            f"or make it: git -C {where} switch -c {branch}",
        )
    elsewhere = _worktree_of(place, branch)
    if elsewhere is not None:
        raise Conflict(
            f"The branch {branch!r} is checked out in another worktree, {elsewhere}.",
            hint="Register from there, or switch that worktree to another branch.",
        )
    return Head(tip, checked_out=False, other=current)


def _worktree_of(place: Place, branch: str) -> str | None:
    worktree = ""
    for line in place.git.run("worktree", "list", "--porcelain").split("\n"):
        if line.startswith("worktree "):
            worktree = line.removeprefix("worktree ")
        elif line == f"branch {branch_ref(branch)}" and Path(worktree) != place.top:
            return worktree
    return None
