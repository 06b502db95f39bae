"""What the pipeline rules need to know of registered methods, and nothing more.

The store fills a ``Catalogue`` once; document checks and expansion stay pure functions of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pm_kernel.domain.methods import Version

#: The version selector of a step: a number, or whatever is newest when the plan is made.
VersionSelector = int | Literal["latest"]


@dataclass(frozen=True, slots=True)
class InputInfo:
    """One declared input of a method version."""

    #: "upstream" (output of a run), "file", "value" (scalar) or "list" (of values).
    type: str
    required: bool = True
    #: The method expects a list gathered over several runs.
    gather: bool = False
    #: The module an upstream result must come from.
    module: str | None = None
    #: For upstream the output type wanted; for values int, float, str or bool.
    value_type: str | None = None


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One declared output: table, image, json, text, model, file or directory."""

    type: str


@dataclass(frozen=True, slots=True)
class ParamInfo:
    """One tracked parameter; ``default_text`` is canonical text, None where there is no default."""

    type: str | None = None
    default_text: str | None = None


@dataclass(frozen=True, slots=True)
class MethodVersionInfo:
    """One version of a method with what it declares; ``params`` is keyed by ``function.param``."""

    method: str
    module: str
    version: int
    version_id: int
    inputs: Mapping[str, InputInfo] = field(default_factory=dict)
    outputs: Mapping[str, OutputInfo] = field(default_factory=dict)
    params: Mapping[str, ParamInfo] = field(default_factory=dict)
    #: Outputs that its module promises and it does not declare: its runs break the contract.
    withheld: tuple[str, ...] = ()

    @classmethod
    def of(cls, version: Version) -> MethodVersionInfo:
        """What a recorded version declares, as far as pipelines care."""
        declared = version.declaration
        return cls(
            method=version.method,
            module=version.module,
            version=version.version,
            version_id=version.version_id,
            inputs={
                each.name: InputInfo(
                    each.type, each.required, each.gather, each.module, each.value_type
                )
                for each in declared.inputs
            },
            outputs={each.name: OutputInfo(each.type) for each in declared.outputs},
            params={
                name: ParamInfo(each.accepts or None, each.default)
                for name, each in declared.parameters()
            },
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every method a document may name: method -> version number -> what that version declares."""

    methods: Mapping[str, Mapping[int, MethodVersionInfo]] = field(default_factory=dict)

    @classmethod
    def of(cls, *versions: MethodVersionInfo) -> Catalogue:
        """A catalogue of the given versions."""
        methods: dict[str, dict[int, MethodVersionInfo]] = {}
        for info in versions:
            methods.setdefault(info.method, {})[info.version] = info
        return cls(methods)

    def resolve(self, method: str, version: VersionSelector) -> MethodVersionInfo | None:
        """The version meant, or None where the method or that version is not registered."""
        versions = self.methods.get(method)
        if not versions:
            return None
        return versions[max(versions)] if version == "latest" else versions.get(version)
