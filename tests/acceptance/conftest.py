"""Fixtures of a whole workspace: real ``pm`` processes, a real database, real methods."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, database_url: str) -> Iterator[Workbench]:
    """A workspace of the test's own, with an empty database; methods are made by the test."""
    made = Workbench.make(tmp_path / "workspace", database_url)
    yield made
    made.close()
