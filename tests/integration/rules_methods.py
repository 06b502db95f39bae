"""The methods of all simulated plans; what they do is played. They can be registered again."""

from __future__ import annotations

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.domain.methods import MethodInput, Version, to_json
from pm_kernel.running import code
from pm_kernel.store import registering, registry

from ..workbench import Workbench
from .rules_actors import OUTPUT

_RUN = "def run(output_dir, **inputs):\n    pass\n"
_PICK = "def pick(k=0):\n    return k\n"


def make_methods(bench: Workbench) -> None:
    """Register version 1 of each."""
    a, b = MethodInput("a", "upstream"), MethodInput("b", "upstream")
    many = MethodInput("many", "upstream", gather=True)
    for name, inputs in (
        ("alone", []),
        ("each", [MethodInput("name", "value")]),
        ("one", [a]),
        ("two", [a, b]),
        ("gather", [many]),
        ("mixed", [many, a]),
    ):
        declared = {each.name: each for each in inputs}
        bench.method(
            name,
            _RUN,
            files={"helper.py": _PICK},
            tracked=("helper.py:pick",),
            inputs=declared,
            outputs={"out": OUTPUT},
        )
        version = latest(bench, name)
        compiled(bench, version, version.version)


def latest(bench: Workbench, method: str) -> Version:
    """The newest version of a method, which other schedules may have registered."""
    with bench.store.reading() as connection:
        version = registry.latest_version(connection, method)
    assert version is not None
    return version


def compiled(bench: Workbench, version: Version, number: int) -> None:
    """Make the code of version ``number`` ready, of the same files as ``version``.

    The first use of a version compiles it, in a process that is none of the world's.
    """
    declaration = registering._declared(to_json(version.declaration))
    record = {
        "method": version.method,
        "method_version": number,
        "commit": version.git_commit_hash,
        "module": "testing",
        "declaration": declaration,
    }
    code.prepare(bench.settings, RunStore(bench.runs), record)


def next_version(bench: Workbench, method: str) -> registry.NewVersion:
    """What registering the method again records: its code is ready."""
    version = latest(bench, method)
    number = version.version + 1
    compiled(bench, version, number)
    return registry.NewVersion(
        workspace_uuid=bench.settings.workspace_id,
        version=number,
        description="changed",
        git_commit_hash=version.git_commit_hash,
        git_tag=f"{method}/v{number}",
        pixi_lock_hash=None,
        content_hash=f"{method} {number}",
        declaration=version.declaration,
        created_at=version.created_at,
        created_by="somebody",
    )
