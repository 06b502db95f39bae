"""A workspace with a methods repository, and methods to register in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pm_kernel.config import Settings, load_settings
from pm_kernel.domain.methods import Version
from pm_kernel.registration import (
    Registered,
    RegistrationRequest,
    Tracking,
    open_repository,
    register,
)
from pm_kernel.repository import MethodsRepository
from pm_kernel.store import declared, registry
from pm_kernel.store.engine import Store

HELPER = """\
def segment(image, sigma: float = 1.0, *, connect: bool = True):
    return image, sigma, connect


def measure(objects, minimum: int = 30):
    return objects, minimum
"""

RUN = """\
from helper import measure, segment


def run(image, output_dir):
    objects = segment(image, sigma=2.0)
    (output_dir / "cells.parquet").write_text(str(measure(objects)))
"""

FILES: Mapping[str, str] = {"run.py": RUN, "helper.py": HELPER}


@dataclass(frozen=True)
class Workspace:
    """One workspace of a test."""

    root: Path
    settings: Settings
    store: Store

    @property
    def methods(self) -> Path:
        return self.settings.methods_dir

    @property
    def repository(self) -> MethodsRepository:
        return open_repository(self.settings)

    def method(
        self, name: str = "measure", module: str = "analysis", files: Mapping[str, str] = FILES
    ) -> Path:
        """Write a method into the workspace."""
        return written(self.methods / module / name, files)

    def register(self, folder: Path, **options: Any) -> Registered:
        """Register a folder; ``track`` names functions."""
        if "track" in options:
            options["tracked"] = tuple(tracking(each) for each in options.pop("track"))
        options.setdefault("module", "analysis")
        request = RegistrationRequest(folder, **options)
        return register(self.settings, self.store, request)

    def git(self, *arguments: str) -> str:
        """Run git in the methods repository, as a person does."""
        return git(self.methods, *arguments)

    def versions(self, method: str = "measure") -> list[Version]:
        with self.store.reading() as connection:
            return registry.list_versions(connection, method)

    def tags(self) -> list[str]:
        return self.git("tag", "--list").split()

    def check(self) -> None:
        """Every row has its commit and tag, every tag its row, and rows say what is declared."""
        tags = self.repository.tags()
        with self.store.reading() as connection:
            recorded = registry.list_recorded(connection)
            for each in recorded:
                rows = declared.read(connection, each.method_id, each.version)
                assert rows == declared.facts(each.declaration), each.git_tag
        assert {each.git_tag: each.git_commit_hash for each in recorded} == tags
        assert len(set(tags.values())) == len(tags)
        subjects = self.git("log", "--format=%s", "--grep=^Pm-Method: ", "main").splitlines()
        assert sorted(s.split(" - ")[0] for s in subjects) == sorted(
            f"method: {each.method} v{each.version}" for each in recorded
        )
        assert self.repository.verify() == []
        assert self.repository.repair().unconfirmed == ()
        for method in {each.method for each in recorded}:
            numbers = [each.version for each in recorded if each.method == method]
            assert numbers == list(range(1, len(numbers) + 1))
        self.git("fsck", "--strict", "--no-dangling")


@contextmanager
def new_workspace(
    folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Workspace]:
    """Make a workspace on a machine where git knows nobody yet."""
    home = folder / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    made = another_workspace(folder / "workspace", database_url)
    try:
        yield made
    finally:
        made.store.close()


def another_workspace(root: Path, database_url: str) -> Workspace:
    """Make a workspace; its store is for the caller to close."""
    root.mkdir()
    (root / "pm.toml").write_text(f'[workspace]\nid = "{uuid4()}"\n')
    settings = load_settings(root, environ(root, database_url))
    MethodsRepository.init(settings.methods_dir)
    return Workspace(root, settings, Store(database_url))


def environ(root: Path, database_url: str) -> dict[str, str]:
    """The environment of commands in a workspace."""
    return {
        **os.environ,
        "PM_DATABASE_URL": database_url,
        "PM_CACHE_DIR": str(root / ".cache"),
        "PM_STATE_DIR": str(root / ".state"),
        "PM_USER": "ada",
    }


def tracking(text: str) -> Tracking:
    file, _, function = text.rpartition(":")
    return Tracking(function, file or None)


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git there; its output without the last line break."""
    found = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.removesuffix("\n")
