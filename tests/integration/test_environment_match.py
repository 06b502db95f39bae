"""Whether a method would import today what an earlier run imported, asked of real interpreters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, cast

from pm_kernel.config import load_settings
from pm_kernel.duplicates import SameImports
from pm_kernel.environment_match import same_imports
from pm_kernel.store.engine import Connection
from pm_kernel.store.reuse import Candidate


def imported(kind: str = "plain", **imports: str) -> Candidate:
    """A run that could be used again, with the distributions that it imported."""
    environment: dict[str, Any] = {"kind": kind, "imports": imports}
    return Candidate(1, "key", 1, "/workspace", environment, None, None, None)


def test_each_preview_compares_with_what_is_installed_then(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    site = next((venv / "lib").glob("python*")) / "site-packages"

    def install(version: str) -> None:
        for old in site.glob("thing-*"):
            old.rmdir()
        (site / f"thing-{version}.dist-info").mkdir()

    (tmp_path / "pm.toml").write_text("[workspace]\nid = 'c2a7c0f4-5e2b-4f5c-8a37-6a3a5b7a9f10'\n")
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "PM_PYTHON": str(venv / "bin" / "python"),
        "PM_CACHE_DIR": str(tmp_path / "cache"),
        "PM_STATE_DIR": str(tmp_path / "state"),
    }

    def preview(**changes: str) -> SameImports:
        settings = load_settings(environ={**environ, **changes}, workspace=tmp_path)
        # What is installed stands in no database.
        return same_imports(settings)(cast("Connection", None))

    ran = imported(thing="1.0")
    assert not preview()(ran)
    install("1.0")
    same = preview()
    assert same(ran)
    install("1.1")
    # One preview answers for one moment; the next one looks again.
    assert same(ran)
    assert not preview()(ran)
    assert preview()(imported(thing="1.1"))
    # The lock of a pixi environment is part of the version; no container can be looked into.
    assert preview()(imported("pixi", thing="1.0"))
    assert not preview()(imported("container", thing="1.1"))
    # Without its interpreter nothing can be vouched for, but what imported nothing.
    gone = preview(PM_PYTHON=str(tmp_path / "no python"))
    assert not gone(imported(thing="1.1"))
    assert gone(imported())
