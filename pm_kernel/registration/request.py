"""What is asked of a registration, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pm_kernel.domain.methods import Declaration, MethodInput, MethodOutput, ParamDef, Version
from pm_kernel.errors import Problem
from pm_kernel.scan import MethodScan


@dataclass(frozen=True, slots=True)
class Tracking:
    """A function that a person named, like ``segment`` or ``helper.py:Model.fit``."""

    qualname: str
    #: None: whichever file has a function of that name, if only one has.
    file: str | None = None
    #: None: the scan chooses.
    selected: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RegistrationRequest:
    """A folder with a method, and what a person says about it.

    What is given here wins over ``method.toml``, and that over what the code suggests: tracked
    functions, inputs and outputs are added or replaced by name, ``drop`` takes them away.
    ``declaration`` is for a form that knows everything: then the others are not looked at.
    """

    #: In the workspace's own ``methods/<module>/<method>``, or anywhere else: then it is copied.
    folder: Path
    module: str | None = None
    name: str | None = None
    tracked: tuple[Tracking, ...] = ()
    inputs: tuple[MethodInput, ...] = ()
    outputs: tuple[MethodOutput, ...] = ()
    drop_tracked: tuple[str, ...] = ()
    drop_inputs: tuple[str, ...] = ()
    drop_outputs: tuple[str, ...] = ()
    #: What the method does; None: as it was.
    description: str | None = None
    #: What is new in this version.
    change: str = ""
    declaration: Declaration | None = None
    #: Folder whose pixi.toml and pixi.lock are copied into the method.
    pixi_from: Path | None = None
    #: Replace files in the workspace's copy that were edited there and never registered.
    overwrite: bool = False
    #: Record it although it does not declare what its module promises: its runs fail then.
    break_contract: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """The version that the folder is now."""

    version: Version
    #: False: nothing was new.
    created: bool
    #: Sentences that a person should see.
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """A folder before it is registered: what the code says and what would be declared."""

    scan: MethodScan
    #: With its parameters filled in.
    declaration: Declaration
    #: Parameters of ``run()`` that are neither inputs nor the folder for results.
    run_params: tuple[ParamDef, ...]
    problems: tuple[Problem, ...]
    #: Whether a ``method.toml`` was there; else all is suggested by the code.
    declared: bool
