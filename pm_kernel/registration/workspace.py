"""The workspace's methods repository, and where a folder lies in regard to it."""

from __future__ import annotations

from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.repository import Identity, MethodsRepository


def open_repository(settings: Settings) -> MethodsRepository:
    """Open the methods repository; whoever the settings name commits where git knows nobody."""
    user = "".join(c for c in settings.user if c.isprintable() and c not in "<>\\\"'") or "pm"
    address = "".join(c if c.isalnum() and c.isascii() else "-" for c in user)
    return MethodsRepository(
        settings.methods_dir,
        branch=settings.methods_branch,
        fallback=Identity(user, f"{address}@localhost"),
    )


def method_folder(settings: Settings, module: str, name: str) -> Path:
    """The folder of a method in the workspace."""
    return settings.methods_dir / module / name


def locate(settings: Settings, folder: Path) -> tuple[str, str] | None:
    """Return module and method where ``folder`` is one of the workspace; None: it is outside.

    Raises NotFound where there is no such folder, InvalidInput where it holds the methods
    repository, or lies in it without being a method's folder.
    """
    if not folder.is_dir():
        what = "is a file; name the folder it lies in" if folder.is_file() else "does not exist"
        raise NotFound(f"{folder} {what}.")
    methods, found = settings.methods_dir.resolve(), folder.resolve()
    if methods.is_relative_to(found):
        raise InvalidInput(
            f"{folder} holds the methods repository itself, so it cannot be one method.",
            hint=f"Name a method's folder, for example {settings.methods_dir}/MODULE/METHOD.",
        )
    if not found.is_relative_to(methods):
        return None
    parts = found.relative_to(methods).parts
    if len(parts) != 2:
        raise InvalidInput(
            f"{folder} is not a method's folder; those are {settings.methods_dir}/MODULE/METHOD.",
            hint="Name one of them, or a folder outside of the workspace: it is copied there.",
        )
    return parts[0], parts[1]
