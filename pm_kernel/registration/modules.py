"""Modules: ``module.toml`` in the methods repository first, then their rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.declaration import MODULE_FILE, read_module, write_module
from pm_kernel.domain.methods import ContractField, Module, ModuleSpec
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.registration.bring import DRAFT, write_file
from pm_kernel.registration.naming import check_name
from pm_kernel.registration.workspace import open_repository
from pm_kernel.repository import MethodsRepository
from pm_kernel.store import modules
from pm_kernel.store.engine import Connection, Store


@dataclass(frozen=True, slots=True)
class SavedModule:
    """A module as it is now; ``created`` and ``changed`` say what that took."""

    module: Module
    created: bool
    changed: bool


def create_module(
    settings: Settings,
    store: Store,
    name: str,
    *,
    description: str | None = None,
    contract: tuple[ContractField, ...] = (),
) -> SavedModule:
    """Make a module, or bring it up to date: ``module.toml`` is written, committed and recorded.

    What is not given stays as ``module.toml`` says; fields are added, or replaced by name. Raises
    InvalidInput for a name or field that cannot be, Problems where ``module.toml`` is wrong.
    """
    check_name("module", name)
    repository = open_repository(settings)
    with store.transaction() as connection:
        modules.lock_module(connection, name)
        spec = _known(settings, connection, name) or ModuleSpec(name)
        fields = {(each.output, each.field): each for each in spec.contract}
        fields.update({(each.output, each.field): each for each in contract})
        wanted = ModuleSpec(
            name, spec.description if description is None else description, tuple(fields.values())
        )
        return _save(settings, repository, connection, wanted)


def ensure_module(
    settings: Settings,
    store: Store,
    repository: MethodsRepository,
    name: str,
    source: Path | None = None,
) -> SavedModule:
    """Bring the module of a method up to date with its ``module.toml``, or make it.

    ``source`` is the folder of a method from elsewhere: a ``module.toml`` beside it is taken where
    the workspace has none.
    """
    with store.transaction() as connection:
        modules.lock_module(connection, name)
        spec = _known(settings, connection, name)
        if spec is None and source is not None:
            spec = _beside(source, name)
        return _save(settings, repository, connection, spec or ModuleSpec(name))


def coming_contract(
    settings: Settings, connection: Connection, name: str, source: Path | None = None
) -> tuple[ContractField, ...]:
    """Return the contract that a module has once ``ensure_module`` has brought it up to date."""
    spec = _known(settings, connection, name)
    if spec is None and source is not None:
        spec = _beside(source, name)
    return () if spec is None else spec.contract


def read_modules_from_git(repository: MethodsRepository) -> list[ModuleSpec]:
    """Every module that the branch's tip has a ``module.toml`` of, or a method's folder."""
    try:
        files = repository.read_blobs(repository.branch)
    except NotFound:
        return []
    found: dict[str, ModuleSpec] = {}
    for path in sorted(files):
        name, _, rest = path.partition("/")
        if rest == MODULE_FILE:
            found[name] = read_module(files[path], where=path)
        elif rest.endswith("/method.toml") and rest.count("/") == 1:
            found.setdefault(name, ModuleSpec(name))
    return [found[name] for name in sorted(found)]


def _known(settings: Settings, connection: Connection, name: str) -> ModuleSpec | None:
    """What ``module.toml`` says, else what is recorded; None: neither is there."""
    file = settings.methods_dir / name / MODULE_FILE
    if file.is_file():
        return _read(file, name)
    row = modules.find_module(connection, name)
    return None if row is None else ModuleSpec(row.name, row.description, row.contract)


def _beside(source: Path, name: str) -> ModuleSpec | None:
    file = source.resolve().parent / MODULE_FILE
    if not file.is_file():
        return None
    spec = read_module(file.read_bytes(), where=str(file))
    return spec if spec.name == name else None


def _read(file: Path, name: str) -> ModuleSpec:
    spec = read_module(file.read_bytes(), where=str(file))
    if spec.name != name:
        raise InvalidInput(
            f"{file} says that the module is called {spec.name!r}, but its folder is {name!r}.",
            hint=f'Write name = "{name}" there.',
        )
    return spec


def _save(
    settings: Settings, repository: MethodsRepository, connection: Connection, spec: ModuleSpec
) -> SavedModule:
    """File, commit, row, in this order: a row always has its commit."""
    content = write_module(spec)
    file = settings.methods_dir / spec.name / MODULE_FILE
    row = modules.find_module(connection, spec.name)
    written = file.is_file() and read_module(file.read_bytes(), where=str(file)) == spec
    if row is not None and written and _same(row, spec):
        return SavedModule(row, created=False, changed=False)
    if written:
        content = file.read_bytes()  # with the comments that somebody wrote there
    else:
        write_file(file, content)
    for draft in file.parent.glob(f"{DRAFT}*"):
        draft.unlink(missing_ok=True)
    said = spec.description.partition("\n")[0].strip()
    message = f"module: {spec.name}" + (f" - {said}" if said else "")
    repository.commit_module(spec.name, content, message)
    module = modules.save_module(connection, spec)
    return SavedModule(module, created=row is None, changed=True)


def _same(row: Module, spec: ModuleSpec) -> bool:
    return row.description == spec.description and set(row.contract) == set(spec.contract)
