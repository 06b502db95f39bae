"""What a person should know about a version that was recorded: what it may lack in a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.config import Settings
from pm_kernel.domain.methods import ContractField, Declaration
from pm_kernel.domain.names import listed
from pm_kernel.environment import Environment, find_environment, missing_imports
from pm_kernel.errors import EngineUnavailable, InvalidInput
from pm_kernel.registration.workspace import method_folder
from pm_kernel.repository import IgnoredFile, MethodsRepository
from pm_kernel.scan import MethodScan, likely_read
from pm_kernel.store.engine import Store
from pm_kernel.store.modules import find_module

#: Files of one kind that are named; the rest is a number.
_NAMED = 8


def file_notices(
    settings: Settings,
    repository: MethodsRepository,
    declaration: Declaration,
    scan: MethodScan,
    left_out: Sequence[IgnoredFile] = (),
) -> list[str]:
    """Files that git leaves out although they lie there, and files too large for it."""
    folder = f"{declaration.module}/{declaration.name}"
    ignored = {each.path: each for each in (*left_out, *repository.ignored_files(folder))}
    read = set(likely_read(scan, ignored))
    notices = [
        f"{path} is read by the code, it seems, but left out of the version: {rule.source} has "
        f"{rule.pattern!r}. Give it to the method as an input, or keep it with "
        f"`git -C {settings.methods_dir} add -f {folder}/{path}`."
        for path, rule in ignored.items()
        if path in read
    ]
    if others := [path for path in ignored if path not in read]:
        rules = sorted({ignored[path].pattern for path in others})
        notices.append(
            f"Left out of the version by .gitignore ({', '.join(rules)}): {listed(others, _NAMED)}."
        )
    notices += [
        f"{each.path} has {each.size / 1024**2:.1f} MB, which stay in the methods repository "
        "for ever; give data to the method as an input."
        for each in repository.large_files(folder, settings.large_file_bytes)[:_NAMED]
    ]
    return notices


def contract_notices(store: Store, declaration: Declaration) -> list[str]:
    """Outputs that the module promises and the method does not declare: its runs would fail."""
    with store.reading() as connection:
        module = find_module(connection, declaration.module)
    withheld = withheld_outputs(() if module is None else module.contract, declaration)
    return [
        f"{_breaks(declaration, name)} Declare it, or change the contract in "
        f"{declaration.module}/module.toml."
        for name in withheld
    ]


def refuse_broken_contract(
    contract: Sequence[ContractField], declaration: Declaration, before: Declaration | None = None
) -> None:
    """Raise InvalidInput for a method that does not declare what its module promises.

    ``before`` is its latest version: what that one does not declare either is no news.
    """
    known = () if before is None else withheld_outputs(contract, before)
    news = [name for name in withheld_outputs(contract, declaration) if name not in known]
    if news:
        raise InvalidInput(
            _breaks(declaration, news[0]),
            hint=f"Declare it (--output {news[0]}=PATH), change the contract in "
            f"{declaration.module}/module.toml, or record the version all the same with "
            "--break-contract.",
        )


def withheld_outputs(contract: Sequence[ContractField], declaration: Declaration) -> list[str]:
    """Return what a module promises in its contract and a method of it does not declare."""
    promised = dict.fromkeys(field.output for field in contract if field.required)
    declared = {each.name for each in declaration.outputs}
    return [name for name in promised if name not in declared]


def _breaks(declaration: Declaration, output: str) -> str:
    return (
        f"Module {declaration.module} promises an output {output!r}, which this method does not "
        "declare, so its runs would fail."
    )


def environment_of(settings: Settings, declaration: Declaration) -> Environment:
    """The environment that runs of the method would get now.

    Raises EngineUnavailable where it does not start, InvalidInput where it is not settled.
    """
    return find_environment(
        method_folder(settings, declaration.module, declaration.name),
        python=settings.python,
        pixi="pixi",
        base_env=settings.environ,
        name=declaration.environment,
        cache_dir=settings.cache_dir / "environments",
        environments_dir=RunStore(settings.runs_dir).code("environments"),
    )


def environment_notices(
    settings: Settings, declaration: Declaration, scan: MethodScan
) -> list[str]:
    """Which interpreter it is, where that was not the method's choice, and what it lacks."""
    try:
        environment = environment_of(settings, declaration)
        missing = missing_imports(environment, scan.packages(), settings.environ)
    except (EngineUnavailable, InvalidInput) as error:
        return [f"Its environment could not be looked at. {error}"]
    notices = [] if environment.notice is None else [environment.notice]
    which = " ".join(environment.command) if environment.kind == "plain" else "its environment"
    return notices + [_lacks(name, which, scan) for name in missing]


def _lacks(name: str, which: str, scan: MethodScan) -> str:
    places = list(
        dict.fromkeys(f"{each.file}:{each.line}" for each in scan.imports if each.top == name)
    )
    return f"{_places(places)} imports {name}, which {which} does not have."


def _places(places: Iterable[str]) -> str:
    every = list(places)
    return every[0] if len(every) == 1 else f"{every[0]} (and {len(every) - 1} more)"
