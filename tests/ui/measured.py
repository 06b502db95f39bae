"""What the benchmarks say in the page: tried where a test is there anyway, or it rots unseen."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from unittest.mock import patch

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def benchmark(name: str) -> Any:
    """Load a benchmark without running it: its scripts for the page are its constants."""
    spec = spec_from_file_location(f"benchmark_{name}", BENCHMARKS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # They find each other, and the tests' own helpers, as when they are started by hand.
    with patch.object(sys, "path", [str(BENCHMARKS), *sys.path]):
        spec.loader.exec_module(module)
    return module


def briefly(script: str) -> str:
    """The same with as few frames as say that it works."""
    assert "n < 120" in script
    return script.replace("n < 120", "n < 4")
