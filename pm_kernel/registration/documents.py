"""What was found in a folder, as JSON: for the terminal and for the wizard in the browser."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pm_kernel.domain.method_documents import (
    declaration_document,
    param_document,
    version_document,
)
from pm_kernel.registration.request import Examined, Registered
from pm_kernel.scan import ScannedFunction


def examined_document(examined: Examined) -> dict[str, Any]:
    """Functions with parameters, defaults and call-site values; the declaration; what is wrong."""
    scan = examined.scan
    return {
        "files": list(scan.files),
        "entry": None
        if scan.entry is None
        else {
            "kind": scan.entry.kind,
            "file": scan.entry.file,
            "line": scan.entry.line,
            "params": [param_document(param) for param in scan.entry.params],
        },
        "functions": [_function(each) for each in scan.functions],
        "imports": [asdict(each) for each in scan.imports],
        "written": [{"path": path, "place": place} for path, place in scan.written],
        "declared": examined.declared,
        "declaration": declaration_document(examined.declaration),
        "run_params": [param.name for param in examined.run_params],
        "problems": [asdict(each) for each in examined.problems],
    }


def registered_document(registered: Registered) -> dict[str, Any]:
    """The version that a folder is now."""
    return {
        "created": registered.created,
        **version_document(registered.version),
        "notices": list(registered.notices),
    }


def _function(function: ScannedFunction) -> dict[str, Any]:
    recorded = {param.name for param in function.recorded()}
    return {
        "function": function.qualname,
        "file": function.file,
        "line": function.line,
        "end_line": function.end_line,
        "doc": function.doc,
        "returns": function.returns,
        "trackable": function.trackable,
        "blocked": function.blocked,
        "params": [
            {**param_document(param), "recorded": param.name in recorded}
            for param in function.params
        ],
    }
