"""The methods repository: the one object through which everything else uses git."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pm_kernel.errors import NotFound
from pm_kernel.repository import candidates, content, history, pending
from pm_kernel.repository.git import Git
from pm_kernel.repository.locks import file_lock
from pm_kernel.repository.message import VersionMessage
from pm_kernel.repository.model import (
    Commit,
    Identity,
    IgnoredFile,
    LargeFile,
    LogEntry,
    RecordedVersion,
    Repaired,
    Snapshot,
)
from pm_kernel.repository.place import (
    Head,
    branch_ref,
    check_names,
    find_place,
    look_at_head,
    tip_of,
)
from pm_kernel.repository.record import (
    lock_path,
    record_beginning,
    record_module,
    record_version,
)
from pm_kernel.repository.repair import repair, verify
from pm_kernel.repository.snapshot import snapshot_files, snapshot_folder

#: Recorded where neither git nor the settings know a person.
NOBODY = Identity("pm", "pm@localhost")


class MethodsRepository:
    """``methods/``: one folder for each module, in it one for each method, in git.

    Threads and processes may share a repository; every call reads git anew.
    """

    def __init__(self, folder: Path, *, branch: str = "main", fallback: Identity = NOBODY) -> None:
        """Open the repository that ``folder`` (the one with the modules) lies in.

        ``fallback`` is who commits where git knows no user name or address.

        Raises NotFound where there is none, and EngineUnavailable where git is missing or does not
        trust the folder.
        """
        self._place = find_place(folder)
        self._branch = branch
        self._fallback = fallback

    @classmethod
    def init(
        cls, folder: Path, *, branch: str = "main", fallback: Identity = NOBODY
    ) -> MethodsRepository:
        """Make the repository with its first commit; what is there already is left alone.

        A folder of which a larger repository has files already stays part of that one.
        """
        folder.mkdir(parents=True, exist_ok=True)
        if not _has_repository(folder):
            git = Git(folder)
            git.run("init", "--quiet")
        repository = cls(folder, branch=branch, fallback=fallback)
        record_beginning(repository._place, branch, repository._unknown())
        return repository

    @property
    def folder(self) -> Path:
        """The folder with the modules."""
        return self._place.folder

    @property
    def top(self) -> Path:
        """Top of the repository: ``folder`` itself, unless it is part of a larger one."""
        return self._place.top

    @property
    def own_dir(self) -> Path:
        """Folder for what this product keeps beside git's own files; git does not look into it."""
        return self._place.own_dir

    @property
    def branch(self) -> str:
        """The branch that versions go to."""
        return self._branch

    def head(self) -> Head:
        """What is checked out; raises Conflict where versions cannot be committed now."""
        return look_at_head(self._place, self._branch)

    def identity(self) -> tuple[Identity, bool]:
        """Who commits, and whether git knows that itself (otherwise it is the fallback)."""
        unknown = self._unknown()
        if unknown is not None:
            return unknown, False
        git = self._place.git
        return Identity(git.run("config", "user.name"), git.run("config", "user.email")), True

    def _unknown(self) -> Identity | None:
        """The identity to be given to git; None: it has one."""
        git = self._place.git
        name = git.answer("config", "user.name").text
        email = git.answer("config", "user.email").text
        if name and email:
            return None
        return Identity(name or self._fallback.name, email or self._fallback.email)

    # --- recording -----------------------------------------------------------------------------

    @contextmanager
    def lock(self, method: str, *, seconds: float = 60.0) -> Iterator[None]:
        """Hold the registrations of one method, from the next number to the row in the database.

        It dies with its holder. Two registrations without it cannot record anything false, but one
        of them finds its number taken. Raises Conflict after ``seconds``.
        """
        check_names("m", method)
        with file_lock(lock_path(self._place, method), seconds=seconds):
            yield

    def snapshot(
        self, module: str, method: str, files: Mapping[str, bytes] | None = None
    ) -> Snapshot:
        """Put the content of a method into git, in no commit yet, and return what it is.

        Without ``files`` the folder as it lies on disk, without what git ignores; otherwise exactly
        ``files`` (relative path -> content). Raises NotFound, and InvalidInput where a file cannot
        be recorded.
        """
        if files is not None:
            return snapshot_files(self._place, module, method, files)
        known = () if self._is_checked_out() else self._files_at_tip(module, method)
        return snapshot_folder(self._place, module, method, known)

    def _is_checked_out(self) -> bool:
        head = self._place.git.answer("symbolic-ref", "--quiet", "HEAD")
        return head.ok and head.text == branch_ref(self._branch)

    def _files_at_tip(self, module: str, method: str) -> list[str]:
        tip = tip_of(self._place, self._branch)
        below = self._place.inside(module, method)
        try:
            tree = content.tree_of(self._place, tip or "", below)
        except NotFound:
            return []
        return [f"{below}/{file.path}" for file, _ in content.tree_files(self._place, tree)]

    def next_version(self, method: str) -> int:
        """One more than the highest tag of the method; 1 for a new one."""
        numbers = [
            int(number)
            for name, _, number in (tag.partition("/v") for tag in self.tags())
            if name == method and number.isdecimal()
        ]
        return max(numbers, default=0) + 1

    def commit_method(
        self,
        snapshot: Snapshot,
        version: int,
        description: str,
        *,
        module_file: bytes | None = None,
        trailers: Mapping[str, str] | None = None,
        author: Identity | None = None,
        seconds: float = 60.0,
    ) -> Commit:
        """Commit a snapshot as a version of its method, tag it ``METHOD/vN``, and return both.

        Only the method's folder changes in the commit, and ``module.toml`` of its module where
        ``module_file`` is given. ``trailers`` (``Pm-…``) are noted in the message and come back in
        ``versions()``. Working files are not touched; in the index only this folder's entries are.
        When the row is in the database, call ``confirm``.

        Raises Conflict where the version's tag exists, HEAD is detached, or others keep moving the
        branch for ``seconds``.
        """
        return record_version(
            self._place,
            self._branch,
            snapshot,
            VersionMessage(snapshot.module, snapshot.method, version, description, trailers or {}),
            module_file=module_file,
            committer=self._unknown(),
            author=author,
            seconds=seconds,
        )

    def confirm(self, commit: Commit | RecordedVersion) -> None:
        """Note that the version's row is in the database: nothing is left to repair."""
        for found in list(pending.every(self._place)):
            if found.commit == commit.commit:
                pending.settle(self._place, replace(found, recorded=True))

    def commit_module(self, module: str, module_file: bytes, message: str) -> str:
        """Commit ``module.toml`` of a module alone, and return the commit; no version, no tag.

        Where the branch has it as it is, its tip is returned, and only the index is looked after.
        """
        check_names(module, "m")
        return record_module(
            self._place, self._branch, module, module_file, message, self._unknown()
        )

    # --- reading -------------------------------------------------------------------------------

    def read_blobs(self, revision: str | Snapshot, folder: str = "") -> dict[str, bytes]:
        """Content of a folder (``module/method``) in a commit, or of a snapshot, by relative path.

        Raises NotFound where the commit or the folder is not there.
        """
        if isinstance(revision, Snapshot):
            return content.read_tree(self._place, revision.tree)
        return content.read_tree(self._place, self._tree(revision, folder))

    def _tree(self, revision: str, folder: str) -> str:
        path = (self._place.prefix + folder).rstrip("/")
        return content.tree_of(self._place, history.resolve(self._place, revision), path)

    def export(self, commit: str, module: str, method: str, target: Path) -> None:
        """Write a method's folder of a commit into the new folder ``target``.

        Raises NotFound where the commit or folder is not there, Conflict where ``target`` has
        something in it, and IntegrityError for content that would lead out of it.
        """
        check_names(module, method)
        content.write_out(self._place, self._tree(commit, f"{module}/{method}"), target)

    def diff(self, old: str, new: str, folder: str = "") -> str:
        """Line differences of a folder between two tags or commits."""
        return history.diff(self._place, old, new, (self._place.prefix + folder).rstrip("/"))

    def log(self, folder: str = "", *, limit: int | None = None) -> list[LogEntry]:
        """Commits that touched a folder, newest first."""
        path = (self._place.prefix + folder).rstrip("/")
        return history.log(self._place, self._branch, path, limit)

    def tags(self) -> dict[str, str]:
        """Every tag with its commit."""
        return history.tag_commits(self._place)

    def versions(self, method: str | None = None) -> list[RecordedVersion]:
        """Every tagged version, or those of one method, by number: what the registry must hold."""
        found = history.versions_of_tags(self._place, self.tags())
        return [each for each in found if method is None or each.method == method]

    def ignored_files(self, folder: str) -> list[IgnoredFile]:
        """Files of ``module/method`` on disk that git leaves out, with the rule; no caches."""
        return candidates.ignored_files(self._place, self._place.inside(folder))

    def ignored_names(self, folder: str, names: Iterable[str]) -> list[IgnoredFile]:
        """Those of ``names`` that git would leave out of ``module/method``; caches too."""
        return candidates.ignored_names(self._place, self._place.inside(folder), names)

    def large_files(self, folder: str, limit: int) -> list[LargeFile]:
        """Files of ``module/method`` on disk with more than ``limit`` bytes that git would take."""
        return candidates.large_files(self._place, self._place.inside(folder), limit)

    # --- repair --------------------------------------------------------------------------------

    def repair(self) -> Repaired:
        """Put right what registrations left that were killed; cheap where there is nothing.

        For every version in ``unconfirmed``: write its row where it is missing, then ``confirm``.
        """
        return repair(self._place, self._branch)

    def verify(self) -> list[str]:
        """What does not fit between commits and tags, in sentences; for ``pm doctor``."""
        return verify(self._place, self._branch)


def _has_repository(folder: Path) -> bool:
    """Whether the folder is a repository, or a larger one has files of it."""
    git = Git(folder)
    top = git.answer("rev-parse", "--show-toplevel")
    if not top.ok:
        if "dubious ownership" in top.error:
            git.run("rev-parse", "--show-toplevel")  # raises, with the command that mends it
        return False
    if Path(top.text) == folder.resolve():
        return True
    return bool(git.answer("ls-files", "-z", "--", ".").out)
