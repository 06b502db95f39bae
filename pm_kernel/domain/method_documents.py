"""Methods, versions and modules as JSON: the same for the terminal, the browser and notebooks."""

from __future__ import annotations

import dataclasses
from typing import Any

from pm_kernel.domain.annotations import ParamType, parse_type
from pm_kernel.domain.methods import Declaration, Module, ParamDef, Version


def module_document(module: Module) -> dict[str, Any]:
    """A module with its contract."""
    return {
        "name": module.name,
        "description": module.description,
        "contract": [dataclasses.asdict(field) for field in module.contract],
    }


def version_document(version: Version) -> dict[str, Any]:
    """A recorded version with all that it declares."""
    return {
        "method": version.method,
        "module": version.module,
        "version": version.version,
        "version_id": version.version_id,
        "description": version.description,
        "commit": version.git_commit_hash,
        "tag": version.git_tag,
        "pixi_lock_hash": version.pixi_lock_hash,
        "content_hash": version.content_hash,
        "created_at": version.created_at.isoformat(),
        "created_by": version.created_by,
        "declaration": declaration_document(version.declaration),
    }


def declaration_document(declaration: Declaration) -> dict[str, Any]:
    """A declaration, each parameter with what it is expected to be."""
    document = dataclasses.asdict(declaration)
    for tracked, each in zip(document["tracked"], declaration.tracked, strict=True):
        tracked["params"] = [param_document(param) for param in each.params]
    return document


def param_document(param: ParamDef) -> dict[str, Any]:
    """A parameter; ``expected`` is what arrives unless a plan sets it, None: it is computed."""
    return {
        **dataclasses.asdict(param),
        "required": param.required,
        "expected": param.expected,
        "accepts": type_document(parse_type(param.accepts, param.default)),
    }


def type_document(accepted: ParamType) -> dict[str, Any]:
    """What a parameter accepts: enough to offer a fitting field; ``said`` is for people."""
    return {
        "kind": accepted.kind,
        "said": str(accepted),
        "optional": accepted.optional,
        "soft": accepted.soft,
        "choices": list(accepted.choices),
        "items": [type_document(item) for item in accepted.items],
    }
