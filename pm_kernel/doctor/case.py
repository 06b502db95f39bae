"""What a check is given."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pm_kernel.config import Settings, default_cache_dir, default_state_dir
from pm_kernel.doctor.check import Check
from pm_kernel.doctor.doors import Doors
from pm_kernel.nextflow.install import Progress


@dataclass(frozen=True)
class Case:
    """A machine, and perhaps a workspace on it."""

    #: None: only the machine is looked at.
    settings: Settings | None
    environ: Mapping[str, str]
    doors: Doors = field(default_factory=Doors)
    #: Fetch what would be fetched at first use.
    fetch: bool = False
    #: Told how far fetching is.
    fetching: Progress | None = None

    @property
    def workspace(self) -> Settings:
        """The workspace, in a check that is only called where there is one."""
        assert self.settings is not None
        return self.settings

    @property
    def state_dir(self) -> Path:
        """The user's folder for sockets and state."""
        if self.settings is not None:
            return self.settings.state_dir
        return default_state_dir(self.environ)

    @property
    def cache_dir(self) -> Path:
        """The user's folder for what can be fetched again."""
        if self.settings is not None:
            return self.settings.cache_dir
        return default_cache_dir(self.environ)

    @property
    def python(self) -> str:
        """The interpreter for methods without an environment of their own."""
        if self.settings is not None:
            return self.settings.python
        return self.environ.get("PM_PYTHON") or sys.executable

    @property
    def nextflow(self) -> str | None:
        """The person's own nextflow."""
        if self.settings is not None:
            return self.settings.nextflow
        return self.environ.get("PM_NEXTFLOW") or None

    @property
    def mirror(self) -> str | None:
        """Where Nextflow's jars are fetched from."""
        if self.settings is not None:
            return self.settings.maven_mirror
        return self.environ.get("PM_MAVEN_MIRROR") or None

    def which(self, program: str) -> str | None:
        """Return the path of a program on PATH."""
        return shutil.which(program, path=self.environ.get("PATH", ""))


#: Looks at one thing and says what it found, in one result or several.
Look = Callable[[Case], Iterable[Check]]
