"""Versions that git has and the database lacks: their rows are written, for exactly what they are.

Registration commits and tags first and writes the row last. A kill or a lost database in between
leaves a version in git without a row; the next registration, and ``pm doctor``, put that right. The
same reading rebuilds a whole registry from git.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pm_kernel.config import Settings
from pm_kernel.declaration import METHOD_FILE, read_declaration
from pm_kernel.domain.methods import Version
from pm_kernel.errors import Conflict, InvalidInput, NotFound, PmError
from pm_kernel.registration.blobs import content_hash, lock_hash, scan_blobs
from pm_kernel.registration.modules import read_modules_from_git
from pm_kernel.registration.workspace import open_repository
from pm_kernel.repository import MethodsRepository, RecordedVersion
from pm_kernel.scan import fit
from pm_kernel.store import modules, registry, workspaces
from pm_kernel.store.engine import Connection, Store
from pm_kernel.store.registry import NewVersion

#: Trailers of a version's commit, beside those of the repository's own.
TRAILER_USER = "Pm-User"
TRAILER_CONTENT = "Pm-Content"


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was put right, and what a person has to look at."""

    adopted: tuple[Version, ...] = ()
    notices: tuple[str, ...] = ()


def repair(settings: Settings, store: Store, *, thorough: bool = True) -> Repaired:
    """Complete what registrations left that were killed or lost the database.

    Otherwise cheap; ``thorough`` also compares every tag with the rows, and commits with tags.
    """
    with store.transaction() as connection:
        # Alone: it locks the row, which everybody here needs.
        workspaces.note(connection, settings.workspace_id, settings.root)
    repository = open_repository(settings)
    found = repository.repair()
    adopted: list[Version] = []
    notices = list(found.notices)
    notices += [f"Tagged {tag}, which was committed without." for tag in found.tagged]
    waiting = {(each.method, each.version): each for each in found.unconfirmed}
    if thorough:
        notices += _sync_modules(store, repository)
        with store.reading() as connection:
            known = {(v.method, v.version) for v in registry.list_recorded(connection)}
        for tagged in repository.versions():
            if (tagged.method, tagged.version) not in known:
                waiting.setdefault((tagged.method, tagged.version), tagged)
    for _, each in sorted(waiting.items()):
        try:
            with repository.lock(each.method), store.transaction() as connection:
                version, said = adopt(settings, repository, connection, each)
        except Conflict as error:
            # Under way just now, or in the way of another method: shown, and left as it is.
            notices.append(str(error))
            continue
        repository.confirm(each)
        adopted += [] if version is None else [version]
        notices += said
    if thorough:
        notices += repository.verify()
        notices += _without_tag(settings, store, repository)
    return Repaired(tuple(adopted), tuple(dict.fromkeys(notices)))


def adopt_tagged(
    settings: Settings, repository: MethodsRepository, connection: Connection, method: str
) -> list[str]:
    """Record every tagged version of a method that has no row; returns sentences about it.

    Call it with the method's lock held, so that none of them is just being registered.
    """
    known = {each.version for each in registry.list_versions(connection, method)}
    tagged = {
        int(number)
        for name, _, number in (tag.partition("/v") for tag in repository.tags())
        if name == method and number.isdecimal()
    }
    notices: list[str] = []
    if tagged - known:
        for each in repository.versions(method):
            if each.version not in known:
                notices += adopt(settings, repository, connection, each)[1]
    return notices


def adopt(
    settings: Settings,
    repository: MethodsRepository,
    connection: Connection,
    recorded: RecordedVersion,
) -> tuple[Version | None, list[str]]:
    """Write the row of a version that git has; None where it is there, or cannot be written."""
    tag = f"{recorded.method}/v{recorded.version}"
    registry.lock_method(connection, recorded.method)
    known = {v.version: v for v in registry.list_versions(connection, recorded.method)}
    same = known.get(recorded.version)
    if same is not None:
        if same.git_commit_hash == recorded.commit:
            return None, []
        return None, [
            f"{tag} is commit {recorded.commit[:12]} in {repository.folder}, but recorded is "
            f"{same.git_commit_hash[:12]}, of another workspace. Register the method again."
        ]
    if known and max(known) > recorded.version:
        return None, [
            f"{tag} is in git and not recorded, and v{max(known)} is recorded already. "
            "Register the method again."
        ]
    method = registry.find_method(connection, recorded.method)
    if method is not None and method.module != recorded.module:
        return None, [f"{tag} is in git. {registry.taken(method.name, method.module).message}"]
    try:
        new = read_version(repository, recorded, settings.workspace_id)
    except (NotFound, InvalidInput) as error:
        return None, [f"{tag} is in git and cannot be recorded: {error.message}"]
    version = registry.record_version(connection, new)
    return version, [f"{tag} was committed and not recorded; it is now."]


def read_version_from_git(
    repository: MethodsRepository, tag: str, workspace_uuid: str
) -> NewVersion:
    """Return everything that the row of a tagged version says, read from its commit.

    Raises NotFound where there is no such tag of ours, Problems where its ``method.toml`` cannot be
    read.
    """
    method = tag.partition("/")[0]
    for recorded in repository.versions(method):
        if recorded.tag == tag:
            return read_version(repository, recorded, workspace_uuid)
    raise NotFound(
        f"The methods repository has no version {tag!r}.",
        hint="`pm method list` shows the methods.",
    )


def read_version(
    repository: MethodsRepository, recorded: RecordedVersion, workspace_uuid: str
) -> NewVersion:
    """Like ``read_version_from_git``, for a version that was found already."""
    blobs = repository.read_blobs(recorded.commit, f"{recorded.module}/{recorded.method}")
    if METHOD_FILE not in blobs:
        raise NotFound(f"Commit {recorded.commit[:12]} has no {METHOD_FILE}.")
    tag = f"{recorded.method}/v{recorded.version}"
    declared = read_declaration(blobs[METHOD_FILE], where=f"{tag}: {METHOD_FILE}")
    declared = replace(declared, module=recorded.module, name=recorded.method)
    # Recorded as it is, also where a newer program would refuse something in it.
    declaration = fit(scan_blobs(blobs), declared).declaration
    return NewVersion(
        workspace_uuid=workspace_uuid,
        version=recorded.version,
        description=recorded.description,
        git_commit_hash=recorded.commit,
        git_tag=tag,
        pixi_lock_hash=lock_hash(blobs),
        content_hash=content_hash(blobs, declaration),
        declaration=declaration,
        created_at=recorded.committed_at,
        created_by=recorded.trailers.get(TRAILER_USER, recorded.author),
    )


def _sync_modules(store: Store, repository: MethodsRepository) -> list[str]:
    """Write the rows of modules whose ``module.toml`` was committed and not recorded."""
    try:
        specs = read_modules_from_git(repository)
    except PmError as error:
        return [str(error)]
    notices = []
    with store.transaction() as connection:
        for spec in specs:
            row = modules.find_module(connection, spec.name)
            if row is None:
                modules.save_module(connection, spec)
                notices.append(f"Module {spec.name} was committed and not recorded; it is now.")
    return notices


def _without_tag(settings: Settings, store: Store, repository: MethodsRepository) -> list[str]:
    with store.reading() as connection:
        recorded = registry.list_recorded(connection, workspace_uuid=settings.workspace_id)
    tags = repository.tags()
    return [
        f"{each.git_tag} is recorded as commit {each.git_commit_hash[:12]}, but the methods "
        + (
            f"repository has no such tag: git -C {repository.folder} tag {each.git_tag} "
            f"{each.git_commit_hash}"
            if each.git_tag not in tags
            else f"repository's tag names {tags[each.git_tag][:12]}."
        )
        for each in recorded
        if tags.get(each.git_tag) != each.git_commit_hash
    ]
