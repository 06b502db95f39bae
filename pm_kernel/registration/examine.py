"""Looking at a folder before it is registered: what is in it, and what would be declared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.declaration import METHOD_FILE, read_declaration
from pm_kernel.domain.declared import declaration_faults
from pm_kernel.domain.methods import Declaration
from pm_kernel.errors import Problem
from pm_kernel.registration.blobs import sources
from pm_kernel.registration.decide import checked, decide, identity
from pm_kernel.registration.naming import fitting_name
from pm_kernel.registration.request import Examined, RegistrationRequest
from pm_kernel.registration.workspace import locate, method_folder
from pm_kernel.scan import MethodFolder, read_folder, scan_method


def examine(settings: Settings, request: RegistrationRequest) -> Examined:
    """Scan a folder and say what would be declared; nothing is written anywhere.

    What is wrong with the code or the declaration is in ``problems``. Raises NotFound and
    InvalidInput where there is no folder, no module or no usable name, Problems where
    ``method.toml`` cannot be read.
    """
    place = locate(settings, request.folder)
    found = read_folder(request.folder)
    own = _declared(request, found.files.get(METHOD_FILE), request.folder)
    module, name = identity(request, own, place)
    if own is None and place is None:
        # Registered before from this folder: the workspace's copy has the declaration.
        kept = method_folder(settings, module, name) / METHOD_FILE
        own = _declared(request, kept.read_bytes() if kept.is_file() else None, kept.parent)
    return _examined(found, request, own, module, name)


def scan_folder(request: RegistrationRequest) -> Examined:
    """Like ``examine``, for a folder anywhere and without a workspace: any name will do."""
    found = read_folder(request.folder)
    own = _declared(request, found.files.get(METHOD_FILE), request.folder)
    folder = request.folder.resolve()
    module = request.module or (own.module if own else fitting_name(folder.parent.name, "module"))
    name = request.name or (own.name if own else fitting_name(folder.name, "method"))
    return _examined(found, request, own, module, name)


def _examined(
    found: MethodFolder,
    request: RegistrationRequest,
    declared: Declaration | None,
    module: str,
    name: str,
) -> Examined:
    scan = scan_method(sources(found.files), names=found.names)
    declaration = decide(scan, request, declared, module, name)
    fitted = checked(scan, declaration, found.files)
    problems = [
        Problem(str(each), code="source", severity=each.severity)
        for each in (*found.problems, *(p for p in scan.problems if p.severity == "notice"))
    ]
    return Examined(
        scan=scan,
        declaration=fitted.declaration,
        run_params=fitted.arguments.params,
        problems=(*problems, *fitted.problems, *faults(declaration)),
        declared=declared is not None,
    )


def _declared(request: RegistrationRequest, data: bytes | None, folder: Path) -> Declaration | None:
    if data is None or request.declaration is not None:
        return None
    return read_declaration(data, where=str(folder / METHOD_FILE))


def faults(declaration: Declaration) -> Iterable[Problem]:
    """What a declaration may not say: names, types, paths that lead outside."""
    for place, fault in declaration_faults(declaration):
        yield Problem(f"{METHOD_FILE}: {place} {fault}.", code="declaration")
