"""Whether what an earlier run imported is what would be imported now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.duplicates import imports_are
from pm_kernel.store.reuse import Candidate

INSTALLED = {"numpy": "2.1.0", "scipy": "1.14", "unrelated": "1"}


def imported(**environment: Any) -> Candidate:
    """A run that could be used again, with what it says of its environment."""
    return Candidate(1, "key", 1, "/workspace", {"kind": "plain", **environment}, None, None, None)


def unasked(_candidate: Candidate) -> Mapping[str, str]:
    raise AssertionError("nothing was imported: no interpreter is started")


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.mark.parametrize(
    ("imports", "same"),
    [
        ({"numpy": "2.1.0", "scipy": "1.14"}, True),
        # What was installed beside it does not matter.
        ({"numpy": "2.1.0"}, True),
        ({"numpy": "2.0.2", "scipy": "1.14"}, False),
        ({"numpy": "2.1.0", "scipy": "1.14.0"}, False),
        ({"numpy": "2.1.0", "gone": "1"}, False),
    ],
)
def test_every_distribution_that_was_imported_has_the_version_that_it_had(
    imports: dict[str, str], same: bool
) -> None:
    candidate = imported(imports=imports, editable={}, outside_files={})
    assert imports_are(lambda _candidate: INSTALLED)(candidate) is same


def test_what_is_installed_is_asked_for_the_run_that_it_is_compared_with() -> None:
    candidate = imported(imports={"numpy": "2.1.0"})
    asked: list[Candidate] = []

    def versions(each: Candidate) -> Mapping[str, str]:
        asked.append(each)
        return INSTALLED

    assert imports_are(versions)(candidate)
    assert asked == [candidate]


def test_where_nothing_was_imported_nothing_can_have_changed() -> None:
    assert imports_are(unasked)(imported(imports={}, editable={}, outside_files={}))
    # Runs of programs say nothing of imports.
    assert imports_are(unasked)(imported())


@pytest.mark.parametrize(
    "environment",
    [
        # Its code may be another one under the same version.
        {"imports": {"numpy": "2.1.0"}, "editable": {"numpy": "checksum"}},
        {"imports": {}, "editable": {"mine": "checksum"}},
        {"imports": {"numpy": "2.1.0"}, "kind": "container"},
        {"imports": {}, "kind": "container"},
    ],
)
def test_nothing_is_used_again_of_which_nobody_can_say_what_it_is_now(
    environment: dict[str, Any],
) -> None:
    assert not imports_are(lambda _candidate: INSTALLED)(imported(**environment))


def test_files_from_outside_are_read_again(tmp_path: Path) -> None:
    files = {tmp_path / "one.py": b"x = 1\n", tmp_path / "two.py": b""}
    for path, content in files.items():
        path.write_bytes(content)
    candidate = imported(outside_files={str(path): digest(files[path]) for path in files})
    same = imports_are(unasked)
    assert same(candidate)
    (tmp_path / "one.py").write_bytes(b"x = 2\n")
    assert not same(candidate)
    (tmp_path / "one.py").write_bytes(b"x = 1\n")
    assert same(candidate)
    (tmp_path / "two.py").unlink()
    assert not same(candidate)
    (tmp_path / "two.py").mkdir()
    assert not same(candidate)
    # Both must be the same: the files do not make up for another version.
    (tmp_path / "two.py").rmdir()
    (tmp_path / "two.py").touch()
    both = imported(imports={"numpy": "1"}, outside_files=candidate.environment["outside_files"])
    assert not imports_are(lambda _candidate: INSTALLED)(both)
