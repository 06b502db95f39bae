"""git, and the methods repository: whether versions can be recorded, and found again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pm_kernel.database import running_url
from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, failed, notice, ok, problem
from pm_kernel.errors import Conflict, PmError
from pm_kernel.repository import MethodsRepository
from pm_kernel.store.engine import Store
from pm_kernel.store.registry import list_recorded

#: Older ones may work; nobody has tried.
TRIED_GIT = (2, 25)
#: Said one by one; of more, how many.
SHOWN = 3


def look_at_git(case: Case) -> Iterator[Check]:
    """Look for git and its version."""
    path = case.which("git")
    answer = None if path is None else case.doors.run([path, "--version"], case.environ, 20)
    if path is None or answer is None or answer.code != 0:
        yield problem(
            "git",
            "git is not on PATH; methods cannot be registered without it."
            if path is None
            else f"{path} does not start.",
            "Install it with the system's packages: apt-get install git, dnf install git, "
            "xcode-select --install",
        )
        return
    match = re.search(r"(\d+)\.(\d+)\S*", answer.output)
    version = match[0] if match else answer.output.strip()
    if match and (int(match[1]), int(match[2])) < TRIED_GIT:
        oldest = ".".join(map(str, TRIED_GIT))
        told = f"git {version}, {path}; nobody has tried one older than {oldest}"
        yield notice("git", told, "Install a newer git.", version=version)
        return
    yield ok("git", f"git {version}, {path}", version=version, path=path)


def look(case: Case) -> Iterator[Check]:
    """Look at the repository of the workspace's methods."""
    name = "methods repository"
    settings = case.workspace
    if not settings.methods_dir.is_dir():
        # The check of the workspace says how to make it.
        yield problem(name, f"{settings.methods_dir} does not exist, so nothing can be registered.")
        return
    repository = MethodsRepository(settings.methods_dir, branch=settings.methods_branch)
    found = [*_head(repository), *_identity(repository), *_history(repository)]
    found += _recorded(case, repository)
    if not any(check.state == "problem" for check in found):
        versions = len(repository.versions())
        yield ok(
            name,
            f"{repository.top}, branch {repository.branch}, "
            f"{versions} {'version' if versions == 1 else 'versions'}",
            top=str(repository.top),
            branch=repository.branch,
            versions=versions,
        )
    yield from found


def _head(repository: MethodsRepository) -> Iterator[Check]:
    try:
        head = repository.head()
    except Conflict as error:
        yield failed("methods repository", error)
        return
    if head.other is not None:
        yield notice(
            "methods repository",
            f"{head.other} is checked out; versions are recorded on {repository.branch} all the "
            "same, and its files here do not follow.",
            f"git -C {repository.folder} switch {repository.branch}",
        )


def _identity(repository: MethodsRepository) -> Iterator[Check]:
    identity, known = repository.identity()
    if not known:
        yield notice(
            "methods repository",
            f"git does not know who you are; versions are committed by {identity.name} "
            f"<{identity.email}>.",
            'git config --global user.name "…" && git config --global user.email …',
        )


def _history(repository: MethodsRepository) -> Iterator[Check]:
    said = repository.verify()
    for sentence in said[:SHOWN]:
        yield notice(
            "methods repository",
            sentence,
            "`pm method list` finishes a registration that was interrupted; a tag can be made with "
            "git tag.",
        )
    if len(said) > SHOWN:
        yield notice("methods repository", f"{len(said) - SHOWN} more like it.", said=said)


def _recorded(case: Case, repository: MethodsRepository) -> Iterator[Check]:
    """Versions that the database has and git has not: their code is lost, and cannot run."""
    try:
        store = Store(running_url(case.workspace), pooled=False)
        with store.reading() as connection:
            recorded = list_recorded(connection, case.workspace.workspace_id)
    except PmError:
        # The database's own check says what is wrong there.
        return
    there = {version.commit for version in repository.versions()}
    lost = [v for v in recorded if v.git_commit_hash not in there]
    if lost:
        names = ", ".join(f"{v.method} v{v.version}" for v in lost[:SHOWN])
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        yield problem(
            "methods repository",
            f"{names}{more}: recorded in the database, but their commits are not in the "
            "repository; they cannot run.",
            f"Bring them from a clone or a backup: git -C {repository.folder} fetch --tags URL",
            lost=[v.git_commit_hash for v in lost],
        )
