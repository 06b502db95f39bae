"""A workspace as a session uses it: found when it is needed, its database open while it is used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pm_kernel.config import Settings, load_settings

if TYPE_CHECKING:
    from pm_kernel.store.engine import Store

#: How somebody names a workspace: its folder, or the settings that were read from it.
Named = str | Path | Settings


@dataclass(frozen=True)
class OpenWorkspace:
    """One workspace; between two uses nothing of it stays open, as a notebook idles for hours."""

    settings: Settings

    @classmethod
    def find(cls, named: Named | None) -> OpenWorkspace:
        """Return the named workspace, else the one that ``pm`` would find.

        Raises NotFound without one.
        """
        if isinstance(named, Settings):
            return cls(named)
        return cls(load_settings(workspace=None if named is None else Path(named)))

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the database, started if need be. Raises DatabaseUnavailable."""
        from pm_kernel.database import open_store

        store = open_store(self.settings)
        try:
            yield store
        finally:
            store.close()
