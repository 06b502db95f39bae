"""What notebooks may import from ``pm_kernel``, and that nobody else pays for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import pm_kernel

PUBLIC = [
    "Pipeline",
    "Plan",
    "PmError",
    "__version__",
    "grid",
    "plan_as_python",
    "typed",
]


def test_the_public_names_are_these() -> None:
    assert pm_kernel.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_says_what_it_is_for(name: str) -> None:
    found = getattr(pm_kernel, name)
    assert isinstance(found, str) or found.__doc__


def test_completion_offers_the_public_names() -> None:
    assert set(PUBLIC) <= set(dir(pm_kernel))


def test_a_name_that_is_not_public_is_missing_as_from_any_module() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Pipelin'"):
        _ = pm_kernel.Pipelin  # type: ignore[attr-defined]


def test_importing_the_package_imports_nothing_else() -> None:
    program = (
        "import sys\nbefore = set(sys.modules)\nimport pm_kernel\n"
        "print(sorted(set(sys.modules) - before - {'__future__'}))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['pm_kernel']"
