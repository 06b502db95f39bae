"""What is in the distributions, and that a machine without Node can install them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from pm_kernel import __version__

ROOT = Path(__file__).parents[2]
STEM = f"research_process_manager-{__version__}"
DATA = f"{STEM}.data/data"
LAB = f"{DATA}/share/jupyter/labextensions/research-process-manager"
BUNDLE = ROOT / "pm_server" / "labextension" / "static" / "style.js"


def build(target: str, source: Path, into: Path, environment: dict[str, str] | None = None) -> Path:
    """Build one distribution with the tools of this environment, and return its file."""
    result = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)],
        cwd=source,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert BUNDLE.is_file(), "the Lab extension is not built: `make lib/.built`"
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sdist, made where neither node nor jlpm is to be found."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    programs = tmp_path_factory.mktemp("programs")
    environment = {**os.environ, "PATH": str(programs)}
    assert shutil.which("jlpm", path=environment["PATH"]) is None
    return build("wheel", source, tmp_path_factory.mktemp("wheel"), environment)


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_both_packages(names):
    assert {"pm_kernel/errors.py", "pm_kernel/cli/task.sh", "pm_server/extension.py"} <= names


def test_the_wheel_holds_every_source_file_of_both_packages(names):
    sources = {
        path.relative_to(ROOT).as_posix()
        for package in ("pm_kernel", "pm_server")
        for path in (ROOT / package).rglob("*.py")
    }
    assert sorted(sources - names) == []


def test_the_wheel_holds_the_example_methods(names):
    methods = {path.relative_to(ROOT).as_posix() for path in (ROOT / "methods").rglob("*.py")}
    assert methods
    assert {f"pm_kernel/demo/{name}" for name in methods} <= names
    assert "pm_kernel/demo/methods/segmentation/module.toml" in names


def test_the_wheel_holds_the_built_lab_extension_once(names):
    built = [name for name in names if "remoteEntry" in name and name.endswith(".js")]
    assert [name.startswith(f"{LAB}/static/") for name in built] == [True]
    assert {f"{LAB}/package.json", f"{LAB}/install.json"} <= names


def test_the_wheel_switches_the_server_half_on(names):
    assert f"{DATA}/etc/jupyter/jupyter_server_config.d/pm_server.json" in names


def test_the_wheel_holds_nothing_else(names):
    tops = {name.split("/")[0] for name in names}
    assert tops == {"pm_kernel", "pm_server", f"{STEM}.dist-info", f"{STEM}.data"}
    assert [n for n in names if n.endswith((".pyc", ".ts", ".tsx", ".map", ".tsbuildinfo"))] == []


def test_the_sdist_leaves_behind_what_was_only_installed(sdist):
    with tarfile.open(sdist) as archive:
        tops = {member.split("/")[1] for member in archive.getnames() if "/" in member}
    assert {"labextension", "methods", "package.json", "yarn.lock", "pm_server"} <= tops
    assert tops.isdisjoint({"node_modules", ".venv", "lib", "demo-workspace", "test-results"})
    assert sdist.stat().st_size < 5_000_000
