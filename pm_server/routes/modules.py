"""``/pm/api/modules``: stages of the analysis, and what their methods must deliver."""

from __future__ import annotations

from typing import Any

from pm_kernel.domain.method_documents import module_document
from pm_kernel.store import modules, registry
from pm_server.routes.base import Route, verb
from pm_server.routes.methods import listing_document
from pm_server.services import Opened


class ModulesRoute(Route):
    """All modules."""

    @verb
    async def get(self) -> None:
        """List the modules with their contracts."""
        self.query()
        self.answer(await self.ask(_list))


class ModuleRoute(Route):
    """One module."""

    @verb
    async def get(self, name: str) -> None:
        """Show a module, its contract and its methods."""
        self.query()
        self.answer(await self.ask(lambda at: _show(at, name)))


def _list(at: Opened) -> dict[str, Any]:
    with at.store.reading() as connection:
        found = modules.list_modules(connection)
        counts = modules.method_counts(connection)
    return {"modules": [{**module_document(m), "method_count": counts[m.name]} for m in found]}


def _show(at: Opened, name: str) -> dict[str, Any]:
    with at.store.reading() as connection:
        module = modules.get_module(connection, name)
        listed = registry.list_methods(connection, name)
    return {**module_document(module), "methods": [listing_document(each) for each in listed]}
