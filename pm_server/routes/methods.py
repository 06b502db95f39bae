"""``/pm/api/methods``: what is registered, in every version."""

from __future__ import annotations

from typing import Any

from pm_kernel.domain.method_documents import version_document
from pm_kernel.domain.methods import Version
from pm_kernel.registration import open_repository
from pm_kernel.store import modules, registry
from pm_kernel.store.registry import MethodListing
from pm_server.routes.base import Route, verb
from pm_server.services import Opened

#: Bytes of a method's file that are shown; longer ones are no reading matter.
_SHOWN = 500_000


class MethodsRoute(Route):
    """All methods, each with everything that its latest version declares."""

    @verb
    async def get(self) -> None:
        """List the methods of one module, or all."""
        module = self.query("module").text("module")
        self.answer(await self.ask(lambda at: _list(at, module)))


class MethodRoute(Route):
    """One method."""

    @verb
    async def get(self, name: str) -> None:
        """Show a method with all its versions."""
        self.query()
        self.answer(await self.ask(lambda at: _show(at, name)))


class MethodVersionRoute(Route):
    """One version of a method."""

    @verb
    async def get(self, name: str, number: str) -> None:
        """Show everything that a version declares."""
        self.query()
        self.answer(await self.ask(lambda at: version_document(_version(at, name, int(number)))))


class MethodSourceRoute(Route):
    """The code of a version, as it was committed."""

    @verb
    async def get(self, name: str, number: str) -> None:
        """Show the files of a version."""
        self.query()
        self.answer(await self.ask(lambda at: _source(at, name, int(number))))


class MethodChangesRoute(Route):
    """What is different between two versions of a method."""

    @verb
    async def get(self, name: str, before: str, after: str) -> None:
        """Show the differences in the code."""
        self.query()
        self.answer(await self.ask(lambda at: _changes(at, name, int(before), int(after))))


def listing_document(listing: MethodListing) -> dict[str, Any]:
    """Return a method as lists show it, with its latest version."""
    method, latest = listing.method, listing.latest
    return {
        "method": method.name,
        "module": method.module,
        "description": method.description,
        "version_count": listing.version_count,
        "latest": None if latest is None else version_document(latest),
    }


def _list(at: Opened, module: str | None) -> dict[str, Any]:
    with at.store.reading() as connection:
        if module is not None:
            modules.get_module(connection, module)
        listed = registry.list_methods(connection, module)
    return {"methods": [listing_document(each) for each in listed]}


def _show(at: Opened, name: str) -> dict[str, Any]:
    with at.store.reading() as connection:
        method = registry.get_method(connection, name)
        versions = registry.list_versions(connection, name)
    listing = MethodListing(method, versions[-1] if versions else None, len(versions))
    return {**listing_document(listing), "versions": [_short(each) for each in versions]}


def _short(version: Version) -> dict[str, Any]:
    return {key: each for key, each in version_document(version).items() if key != "declaration"}


def _version(at: Opened, name: str, number: int) -> Version:
    with at.store.reading() as connection:
        return registry.get_version(connection, name, number)


def _source(at: Opened, name: str, number: int) -> dict[str, Any]:
    version = _version(at, name, number)
    repository = open_repository(at.settings)
    files = repository.read_blobs(version.git_commit_hash, f"{version.module}/{version.method}")
    return {
        "method": version.method,
        "version": version.version,
        "commit": version.git_commit_hash,
        "files": [
            {"path": path, "size": len(content), "text": _text(content)}
            for path, content in sorted(files.items())
        ],
    }


def _text(content: bytes) -> str | None:
    """Return a file to be read; None where it is none for reading."""
    if len(content) > _SHOWN or b"\0" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _changes(at: Opened, name: str, before: int, after: int) -> dict[str, Any]:
    old, new = _version(at, name, before), _version(at, name, after)
    repository = open_repository(at.settings)
    folder = f"{new.module}/{new.method}"
    return {
        "method": new.method,
        "before": _short(old),
        "after": _short(new),
        "code": repository.diff(old.git_commit_hash, new.git_commit_hash, folder),
    }
