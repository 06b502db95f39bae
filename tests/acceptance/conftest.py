"""Fixtures of a whole workspace: real ``pm`` processes, a real database, real methods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..workbench import Workbench


@pytest.fixture
def bench(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, database_url: str
) -> Iterator[Workbench]:
    """A workspace of the test's own, with an empty database; methods are made by the test."""
    # What was learnt about the interpreter holds for all tests.
    cache = tmp_path_factory.getbasetemp() / "cache"
    made = Workbench.make(tmp_path / "workspace", database_url, cache=cache)
    yield made
    made.close()
