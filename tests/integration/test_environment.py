"""Which interpreter a method gets, and what of our own environment it does not get."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pm_kernel.environment import (
    Environment,
    clean_environ,
    find_environment,
    installed,
    missing_imports,
)
from pm_kernel.errors import EngineUnavailable, InvalidInput

LOCK = (
    "version: 6\nenvironments:\n  default:\n    packages:\n      linux-64:\n"
    "      - conda: https://example.org/linux-64/python-3.12.2-hab00c5b_0_cpython.conda\n"
)


@pytest.fixture
def method(tmp_path: Path) -> Path:
    folder = tmp_path / "a method"
    folder.mkdir()
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment whose PATH has nothing on it but what a test puts there."""
    (tmp_path / "bin").mkdir()
    return {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "HOME": str(tmp_path)}


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def fake_pixi(environ: Mapping[str, str], version: str = "pixi 0.53.0") -> Path:
    """Answers --version; ``run … python …`` notes its arguments and starts this interpreter."""
    folder = Path(environ["PATH"].partition(":")[0])
    python = shlex.quote(sys.executable)
    return script(
        folder / "pixi",
        f'if [ "$1" = --version ]; then echo "{version}"; exit 0; fi\n'
        f'echo "$@" >> {shlex.quote(str(folder / "noted"))}\n'
        f'while [ "$1" != python ]; do shift; done; shift; exec {python} "$@"',
    )


def with_pixi(method: Path, lock: str | None = LOCK) -> None:
    (method / "pixi.toml").write_text("[project]\nname = 'x'\n")
    if lock is not None:
        (method / "pixi.lock").write_text(lock)


def find(method: Path, environ: Mapping[str, str], **options: object) -> Environment:
    given = {"python": sys.executable, "pixi": "pixi", "base_env": environ, **options}
    return find_environment(method, **given)  # type: ignore[arg-type]


def test_a_method_without_pixi_runs_with_the_named_interpreter_and_says_so(
    method: Path, environ: dict[str, str]
) -> None:
    found = find(method, environ)
    version = ".".join(map(str, sys.version_info[:3]))
    assert (found.kind, found.command, found.python) == ("plain", (sys.executable,), version)
    assert found.notice is not None
    assert "no pixi environment" in found.notice
    assert f"{sys.executable} (Python {version})" in found.notice


def test_a_pixi_environment_is_used_as_locked(method: Path, environ: dict[str, str]) -> None:
    with_pixi(method)
    pixi = fake_pixi(environ)
    found = find(method, environ)
    assert found.kind == "pixi"
    assert found.command == (
        *(str(pixi), "run", "--manifest-path", str(method / "pixi.toml"), "--frozen", "python"),
    )
    assert (found.notice, found.python) == (None, "3.12")


def test_an_environment_inside_pixi_toml_can_be_named(
    method: Path, environ: dict[str, str]
) -> None:
    with_pixi(method)
    fake_pixi(environ)
    plain, gpu = find(method, environ), find(method, environ, name="gpu")
    assert gpu.command[-3:] == ("--environment", "gpu", "python")
    assert gpu.fingerprint != plain.fingerprint


def test_the_fingerprint_of_a_pixi_environment_is_its_lock(
    method: Path, environ: dict[str, str]
) -> None:
    with_pixi(method)
    fake_pixi(environ)
    first = find(method, environ).fingerprint
    (method / "pixi.toml").write_text("[project]\nname = 'renamed'\n")
    assert find(method, environ).fingerprint == first
    with_pixi(method, LOCK + "# changed\n")
    assert find(method, environ).fingerprint != first


def test_versions_with_the_same_lock_share_one_environment(
    method: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    fake_pixi(environ)
    other = tmp_path / "other"
    other.mkdir()
    with_pixi(method)
    with_pixi(other)
    shared = tmp_path / "environments"
    first = find(method, environ, environments_dir=shared)
    second = find(other, environ, environments_dir=shared)
    assert first.command == second.command
    manifest = Path(first.command[3])
    assert manifest.is_relative_to(shared)
    assert manifest.with_name("pixi.lock").read_text() == LOCK
    with_pixi(other, LOCK + "# changed\n")
    assert find(other, environ, environments_dir=shared).command != first.command
    assert len(list(shared.iterdir())) == 2


def test_a_manifest_without_lock_is_refused(method: Path, environ: dict[str, str]) -> None:
    with_pixi(method, lock=None)
    fake_pixi(environ)
    with pytest.raises(InvalidInput, match=r"no pixi\.lock") as caught:
        find(method, environ)
    assert "pixi lock" in str(caught.value)


def test_without_pixi_on_the_path_the_interpreter_is_used_and_that_is_said(
    method: Path, environ: dict[str, str]
) -> None:
    with_pixi(method)
    found = find(method, environ)
    assert found.kind == "plain"
    assert "pixi was not found on PATH" in str(found.notice)


def test_another_program_called_pixi_is_not_used(method: Path, environ: dict[str, str]) -> None:
    with_pixi(method)
    fake_pixi(environ, version="Pixi pixel editor 2.1")
    found = find(method, environ)
    assert found.kind == "plain"
    assert "is not the package manager" in str(found.notice)


def test_a_locked_python_that_is_too_old_is_refused(method: Path, environ: dict[str, str]) -> None:
    with_pixi(method, LOCK.replace("3.12.2", "3.8.18"))
    fake_pixi(environ)
    with pytest.raises(EngineUnavailable, match=r"Python 3\.8; methods need Python 3\.9"):
        find(method, environ)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        # It cannot even read the question, but says what it is.
        ('[ "$1" = -c ] && echo 2.7 || { echo "SyntaxError: no" >&2; exit 1; }', "is Python 2.7"),
        ('echo \'{"python": "3.8.18"}\'', "is Python 3.8.18"),
        ("echo broken >&2; exit 3", "does not start (exit code 3): broken"),
        ("echo nonsense", "does not start (exit code 0): nonsense"),
    ],
)
def test_interpreters_that_cannot_be_used_are_refused_with_the_reason(
    method: Path, environ: dict[str, str], tmp_path: Path, answer: str, words: str
) -> None:
    python = script(tmp_path / "oldpython", answer)
    with pytest.raises(EngineUnavailable) as caught:
        find(method, environ, python=str(python))
    assert words in str(caught.value)
    assert caught.value.hint


def test_an_interpreter_that_does_not_exist_is_named(method: Path, environ: dict[str, str]) -> None:
    with pytest.raises(EngineUnavailable, match=r"/no/such/python, does not exist"):
        find(method, environ, python="/no/such/python")


def test_the_fingerprint_changes_when_something_is_installed(
    method: Path, environ: dict[str, str], venv: Path, tmp_path: Path
) -> None:
    python = str(venv / "bin" / "python")
    site = next((venv / "lib").glob("python*")) / "site-packages"
    for cache_dir in (None, tmp_path / "cache"):
        before = find(method, environ, python=python, cache_dir=cache_dir).fingerprint
        assert find(method, environ, python=python, cache_dir=cache_dir).fingerprint == before
        (site / "thing-1.0.dist-info").mkdir()
        after = find(method, environ, python=python, cache_dir=cache_dir).fingerprint
        assert after != before
        (site / "thing-1.0.dist-info").rename(site / "thing-1.1.dist-info")
        assert find(method, environ, python=python, cache_dir=cache_dir).fingerprint != after
        (site / "thing-1.1.dist-info").rmdir()
        assert find(method, environ, python=python, cache_dir=cache_dir).fingerprint == before


def counting(tmp_path: Path, venv: Path) -> Path:
    """An interpreter that notes each start."""
    noted = shlex.quote(str(tmp_path / "starts"))
    python = shlex.quote(str(venv / "bin" / "python"))
    return script(tmp_path / "counting", f'echo x >> {noted}\nexec {python} "$@"')


def test_an_unchanged_interpreter_is_asked_once(
    method: Path, environ: dict[str, str], venv: Path, tmp_path: Path
) -> None:
    python = str(counting(tmp_path, venv))
    first = find(method, environ, python=python, cache_dir=tmp_path / "cache")
    assert find(method, environ, python=python, cache_dir=tmp_path / "cache") == first
    assert (tmp_path / "starts").read_text() == "x\n"
    next((tmp_path / "cache").iterdir()).write_text("{")
    assert find(method, environ, python=python, cache_dir=tmp_path / "cache") == first
    assert (tmp_path / "starts").read_text() == "x\nx\n"


def test_imports_that_the_environment_lacks_are_named_without_importing_anything(
    method: Path, environ: dict[str, str], venv: Path
) -> None:
    site = next((venv / "lib").glob("python*")) / "site-packages"
    (site / "explodes.py").write_text("raise SystemExit('imported')\n")
    found = find(method, environ, python=str(venv / "bin" / "python"))
    names = ["json", "nowhere", "explodes", "absent.part", "xml.dom", "reads", "session"]
    assert missing_imports(found, names, environ) == ["absent.part", "nowhere", "reads", "session"]
    assert missing_imports(found, [], environ) == []


def test_a_pixi_environment_is_asked_through_pixi(method: Path, environ: dict[str, str]) -> None:
    with_pixi(method)
    pixi = fake_pixi(environ)
    found = find(method, environ)
    assert missing_imports(found, ["nowhere"], environ) == ["nowhere"]
    noted = pixi.with_name("noted").read_text()
    assert noted.startswith(f"run --manifest-path {method}/pixi.toml --frozen python ")


def test_what_is_installed_can_be_asked(method: Path, environ: dict[str, str]) -> None:
    content = installed(find(method, environ), environ)
    assert content.versions["pytest"] == pytest.__version__
    assert content.python == ".".join(map(str, sys.version_info[:3]))


def test_our_secrets_and_our_search_path_stay_with_us() -> None:
    base = {
        "PATH": "/bin",
        "HOME": "/home/u",
        "PM_DATABASE_URL": "postgresql://u:secret@h/d",
        "PM_ANYTHING": "x",
        "PYTHONPATH": "/ours",
        "PYTHONHOME": "/ours",
        "PYTHONHASHSEED": "1",
        "JUPYTERHUB_API_TOKEN": "secret",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS": "4",
    }
    assert clean_environ(base) == {
        "PATH": "/bin",
        "HOME": "/home/u",
        "PYTHONHASHSEED": "1",
        "OMP_NUM_THREADS": "4",
    }
    assert clean_environ({"MPLBACKEND": "Agg"}) == {"MPLBACKEND": "Agg"}


def test_a_search_path_of_ours_does_not_reach_the_interpreter(
    method: Path, environ: dict[str, str], venv: Path, tmp_path: Path
) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "only_ours.py").write_text("")
    leaking = {**environ, "PYTHONPATH": str(tmp_path / "ours"), "LANG": os.environ.get("LANG", "C")}
    found = find(method, leaking, python=str(venv / "bin" / "python"))
    assert missing_imports(found, ["only_ours"], leaking) == ["only_ours"]
