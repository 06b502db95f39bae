"""The content of a method as it would be committed now: in git, scanned, declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.declaration import METHOD_FILE, read_declaration, write_declaration
from pm_kernel.domain.methods import Declaration
from pm_kernel.errors import Conflict
from pm_kernel.registration.blobs import content_hash, lock_hash, scan_blobs, sources
from pm_kernel.registration.bring import write_file
from pm_kernel.registration.decide import checked, decide, refuse
from pm_kernel.registration.examine import faults
from pm_kernel.registration.request import RegistrationRequest
from pm_kernel.repository import MethodsRepository, Snapshot
from pm_kernel.scan import MethodScan


@dataclass(frozen=True, slots=True)
class Content:
    """A method's folder in git, in no commit yet."""

    snapshot: Snapshot
    scan: MethodScan
    #: With its parameters filled in.
    declaration: Declaration
    content_hash: str
    lock_hash: str | None


def take_content(
    repository: MethodsRepository, request: RegistrationRequest, module: str, name: str
) -> Content:
    """Take the folder as git would keep it, and declare it; raises Problems."""
    folder = repository.folder / module / name
    snapshot = repository.snapshot(module, name)
    blobs = repository.read_blobs(snapshot)
    declared = None
    if METHOD_FILE in blobs and request.declaration is None:
        declared = read_declaration(blobs[METHOD_FILE], where=str(folder / METHOD_FILE))
    scan = scan_blobs(blobs)
    declaration = decide(scan, request, declared, module, name)
    return _fitted(snapshot, blobs, scan, declaration, folder)


def with_method_file(
    repository: MethodsRepository, request: RegistrationRequest, content: Content
) -> Content:
    """Write ``method.toml`` and take the folder again, as it will be committed.

    One that says the same already stays as it is, with the comments that somebody wrote there.
    Raises Conflict where somebody else writes it at the same time.
    """
    module, name = content.declaration.module, content.declaration.name
    wanted = write_declaration(content.declaration)
    meant = read_declaration(wanted)
    there = repository.read_blobs(content.snapshot).get(METHOD_FILE)
    # Where the request said everything, the file was not looked at: it may be wrong.
    known = there is not None and request.declaration is None
    if there == wanted or (known and read_declaration(there or b"") == meant):
        return content
    file = repository.folder / module / name / METHOD_FILE
    write_file(file, wanted)
    snapshot = repository.snapshot(module, name)
    blobs = repository.read_blobs(snapshot)
    if read_declaration(blobs.get(METHOD_FILE, b"")) != meant:
        raise Conflict(
            f"{file} was changed by somebody else meanwhile.", hint="Register the method again."
        )
    # Scanned again: somebody may have saved a file between the two.
    return _fitted(snapshot, blobs, scan_blobs(blobs), meant, file.parent)


def _fitted(
    snapshot: Snapshot,
    blobs: Mapping[str, bytes],
    scan: MethodScan,
    declaration: Declaration,
    folder: Path,
) -> Content:
    fitted = checked(scan, declaration, sources(blobs))
    refuse([*fitted.problems, *faults(declaration)], str(folder))
    return Content(
        snapshot,
        scan,
        fitted.declaration,
        content_hash(blobs, fitted.declaration),
        lock_hash(blobs),
    )
