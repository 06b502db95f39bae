"""Recording a version: from a folder to a commit, a tag and rows, or to "nothing is new".

    examine         the folder as it lies: refused here, nothing was touched yet
    repair          what an earlier registration left
    lock            of this method, in the repository and in the database
      copy          a folder from elsewhere becomes the workspace's
      snapshot      its content as git has it, in no commit yet; scanned, declared, compared
      module        module.toml, commit, row, where the module is new or was changed
      commit, tag   together, and only now a version is visible
      row           in the transaction that was open all the time
    confirm         nothing is left to repair

The database is asked first and written last: where it does not answer, nothing happens; where it
is lost in between, the version lies in git with all that its row needs, and the next command writes
the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.declaration import METHOD_FILE
from pm_kernel.domain.methods import ContractField, Declaration, Version
from pm_kernel.errors import Conflict, DatabaseUnavailable, InvalidInput
from pm_kernel.registration.bring import bring, bring_pixi, changes_committed, clear_drafts
from pm_kernel.registration.content import Content, take_content, with_method_file
from pm_kernel.registration.decide import refuse
from pm_kernel.registration.examine import examine
from pm_kernel.registration.modules import coming_contract, ensure_module
from pm_kernel.registration.notices import (
    contract_notices,
    environment_notices,
    file_notices,
    refuse_broken_contract,
)
from pm_kernel.registration.recover import (
    TRAILER_CONTENT,
    TRAILER_USER,
    adopt_tagged,
    repair,
)
from pm_kernel.registration.request import Registered, RegistrationRequest
from pm_kernel.registration.workspace import locate, method_folder, open_repository
from pm_kernel.repository import Commit, IgnoredFile, MethodsRepository
from pm_kernel.repository.message import VersionMessage, parse_message, version_message
from pm_kernel.scan import MethodScan
from pm_kernel.store import modules, registry
from pm_kernel.store.engine import Connection, Store
from pm_kernel.store.registry import NewVersion

#: Longest wait for others who register the same method.
_PATIENCE = 120.0
#: A tag may appear under our hands when a registration was killed while its git still ran.
_TRIES = 3


def register(settings: Settings, store: Store, request: RegistrationRequest) -> Registered:
    """Record the folder as a version of its method, unless it is the latest already.

    Raises Problems where the code or the declaration cannot be registered, InvalidInput and
    NotFound for names and folders that cannot be and for a method that breaks the contract of its
    module, Conflict where another module has the name, where
    files in the workspace would be lost, or where the repository is in the middle of something, and
    DatabaseUnavailable. Whatever is raised: no version is half there.
    """
    repository = open_repository(settings)
    repository.head()
    examined = examine(settings, request)
    refuse(examined.problems, str(request.folder))
    declaration = examined.declaration
    with store.reading() as connection:
        _check_registry(connection, declaration)
        if not request.break_contract:
            latest = registry.latest_version(connection, declaration.name)
            before = None if latest is None else latest.declaration
            contract = coming_contract(
                settings, connection, declaration.module, _outside(settings, request)
            )
            refuse_broken_contract(contract, declaration, before)
    notices = list(repair(settings, store, thorough=False).notices)
    if not examined.declared and request.declaration is None:
        notices += _suggested(request, declaration)
    with repository.lock(declaration.name, seconds=_PATIENCE):
        recorded = _Recording(settings, store, repository, request, declaration).run()
    notices += recorded.notices
    notices += contract_notices(store, recorded.version.declaration)
    notices += [each.message for each in examined.problems]
    notices += file_notices(
        settings, repository, recorded.version.declaration, recorded.scan, recorded.left_out
    )
    notices += environment_notices(settings, recorded.version.declaration, recorded.scan)
    return Registered(recorded.version, recorded.created, tuple(dict.fromkeys(notices)))


def _outside(settings: Settings, request: RegistrationRequest) -> Path | None:
    return request.folder if locate(settings, request.folder) is None else None


def _check_registry(connection: Connection, declaration: Declaration) -> None:
    """Refuse a name that another module has, and inputs from modules that are not there."""
    method = registry.find_method(connection, declaration.name)
    if method is not None and method.module != declaration.module:
        raise registry.taken(method.name, method.module)
    twin = registry.find_twin(connection, declaration.name) if method is None else None
    if twin is not None:
        raise Conflict(
            f"There is a method {twin} already; {declaration.name} would be the same folder on a "
            "Mac.",
            hint=f"Use that name, or one that differs in more: --name {declaration.name}_2",
        )
    known = {each.name for each in modules.list_modules(connection)} | {declaration.module}
    for given in declaration.inputs:
        if given.module is not None and given.module not in known:
            raise InvalidInput(
                f"Input {given.name} comes from module {given.module}, which is not there.",
                hint=f"Make it: pm module create {given.module}; "
                "`pm module list` shows those that are there.",
            )


def _suggested(request: RegistrationRequest, declaration: Declaration) -> list[str]:
    """What nobody said, and the code had to suggest."""
    said = {each.name for each in request.inputs}
    parts = {
        "inputs": [f"{i.name} ({i.type})" for i in declaration.inputs if i.name not in said],
        "outputs": [] if request.outputs else [each.path for each in declaration.outputs],
        "tracked": [] if request.tracked else [each.function for each in declaration.tracked],
    }
    told = "; ".join(f"{what} {', '.join(names)}" for what, names in parts.items() if names)
    if not told:
        return []
    return [f"Suggested by the code, because nothing was declared: {told}. Edit {METHOD_FILE}, "
            "or register again with options, where that is wrong."]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Recorded:
    version: Version
    created: bool
    scan: MethodScan
    left_out: Sequence[IgnoredFile]
    notices: Sequence[str]


class _Recording:
    """What happens with the lock of the method held."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        repository: MethodsRepository,
        request: RegistrationRequest,
        declaration: Declaration,
    ) -> None:
        self._settings = settings
        self._store = store
        self._repository = repository
        self._request = request
        self._declaration = declaration
        self._module = declaration.module
        self._name = declaration.name
        self._folder = method_folder(settings, self._module, self._name)
        #: The folder that is to be copied; None: it is the workspace's own.
        self._outside = _outside(settings, request)
        self._notices: list[str] = []

    def run(self) -> _Recorded:
        with self._store.transaction() as connection:
            registry.lock_method(connection, self._name)
            self._notices += adopt_tagged(self._settings, self._repository, connection, self._name)
        with self._store.reading() as connection:
            _check_registry(connection, self._declaration)
            self._refuse_before_copying(connection)
        left_out = self._bring_files()
        content = take_content(self._repository, self._request, self._module, self._name)
        self._ensure_module()
        commit: Commit | None = None
        try:
            with self._store.transaction() as connection:
                # The repository's lock is for this workspace; several may share the database.
                registry.lock_method(connection, self._name)
                _check_registry(connection, content.declaration)
                known = self._recorded_already(connection, content)
                if known is not None:
                    return _Recorded(known, False, content.scan, left_out, self._notices)
                if not self._request.break_contract:
                    # Somebody may have changed the contract, or the folder, just now.
                    contract = self._contract(connection)
                    refuse_broken_contract(contract, content.declaration)
                content = with_method_file(self._repository, self._request, content)
                number, commit = self._commit(connection, content)
                version = registry.record_version(
                    connection, self._new_version(content, number, commit)
                )
        except DatabaseUnavailable as error:
            if commit is None:
                raise
            raise DatabaseUnavailable(
                f"{self._name} v{number} is committed in git, but not recorded: {error.message}",
                hint="Nothing is lost: when the database answers again, the next registration "
                "records it, and so does `pm doctor`.",
            ) from error
        self._repository.confirm(commit)
        return _Recorded(version, True, content.scan, left_out, [*self._notices, *commit.notices])

    def _refuse_before_copying(self, connection: Connection) -> None:
        """Refuse a version that breaks a contract while the workspace's copy is what it was.

        The same version once more is none: it may have broken the contract before.
        """
        if self._request.break_contract or self._outside is None:
            return
        if changes_committed(self._repository, self._outside, self._module, self._name):
            refuse_broken_contract(self._contract(connection), self._declaration)

    def _contract(self, connection: Connection) -> tuple[ContractField, ...]:
        return coming_contract(self._settings, connection, self._module, self._outside)

    def _bring_files(self) -> Sequence[IgnoredFile]:
        left_out: Sequence[IgnoredFile] = ()
        if self._outside is not None:
            left_out = bring(
                self._repository,
                self._outside,
                self._module,
                self._name,
                overwrite=self._request.overwrite,
            )
        clear_drafts(self._folder)
        if self._request.pixi_from is not None:
            bring_pixi(self._request.pixi_from, self._folder)
        return left_out

    def _ensure_module(self) -> None:
        module = ensure_module(
            self._settings, self._store, self._repository, self._module, self._outside
        )
        if module.created:
            self._notices.append(f"Module {self._module} is new; it was made.")

    def _recorded_already(self, connection: Connection, content: Content) -> Version | None:
        """The newest version where it is the same and its commit is in this repository."""
        tags = self._repository.tags()
        newest_first = registry.list_versions(connection, self._name)[::-1]
        for version in newest_first:
            if version.content_hash != content.content_hash:
                break
            if tags.get(version.git_tag) == version.git_commit_hash:
                if version.declaration.description != content.declaration.description:
                    self._notices.append(
                        "The description is recorded with the next version that changes something."
                    )
                return version
            self._notices.append(
                f"v{version.version} is the same, but its commit is not in this repository; "
                "so this is a version of its own."
            )
        return None

    def _commit(self, connection: Connection, content: Content) -> tuple[int, Commit]:
        trailers = {TRAILER_CONTENT: f"sha256:{content.content_hash}"}
        if self._settings.user.isprintable() and self._settings.user.strip():
            trailers[TRAILER_USER] = self._settings.user.strip()
        for attempt in range(_TRIES):
            newest = registry.latest_version(connection, self._name)
            number = max(
                newest.version + 1 if newest else 1, self._repository.next_version(self._name)
            )
            try:
                return number, self._repository.commit_method(
                    content.snapshot, number, self._request.change, trailers=trailers
                )
            except Conflict:
                taken = f"{self._name}/v{number}" in self._repository.tags()
                if not taken or attempt == _TRIES - 1:
                    raise
                self._notices += adopt_tagged(
                    self._settings, self._repository, connection, self._name
                )
        raise AssertionError("the loop returns or raises")

    def _new_version(self, content: Content, number: int, commit: Commit) -> NewVersion:
        return NewVersion(
            workspace_uuid=self._settings.workspace_id,
            version=number,
            description=_as_committed(self._module, self._name, number, self._request.change),
            git_commit_hash=commit.commit,
            git_tag=commit.tag,
            pixi_lock_hash=content.lock_hash,
            content_hash=content.content_hash,
            declaration=content.declaration,
            created_at=datetime.now(UTC),
            created_by=self._settings.user,
        )


def _as_committed(module: str, name: str, number: int, change: str) -> str:
    """What changed, as it is read from the commit's message again."""
    message = version_message(VersionMessage(module, name, number, change, {}))
    parsed = parse_message(message)
    return change if parsed is None else parsed.description
