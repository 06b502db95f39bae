"""`pm lab`: which JupyterLab, on which folder, with which words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from pm_kernel.cli.context import Context
from pm_kernel.cli.lab import main
from pm_kernel.errors import EngineUnavailable, NotFound
from pm_kernel.workspace import init_workspace

#: In the place of JupyterLab: says how it was started.
TOLD = """
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "workspace": os.environ["PM_WORKSPACE"]}))
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("PM_WORKSPACE", raising=False)
    return init_workspace(tmp_path / "workspace").root


def pm(workspace: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pm_kernel.cli.main", "-w", workspace, "lab", *words],
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environ},
    )


def test_it_becomes_the_jupyterlab_of_this_python(workspace: Path) -> None:
    said = pm(workspace, "--version")
    assert (said.returncode, said.stdout.strip()) == (0, version("jupyterlab")), said.stderr


def test_jupyterlab_gets_the_workspace_and_the_persons_own_words(
    workspace: Path, tmp_path: Path
) -> None:
    (tmp_path / "instead" / "jupyterlab").mkdir(parents=True)
    (tmp_path / "instead" / "jupyterlab" / "__init__.py").touch()
    (tmp_path / "instead" / "jupyterlab" / "__main__.py").write_text(TOLD)
    path = os.pathsep.join([str(tmp_path / "instead"), str(Path(__file__).parents[2])])
    said = pm(workspace, "--no-browser", "a notebook.ipynb", PYTHONPATH=path)
    assert json.loads(said.stdout) == {
        "argv": [f"--ServerApp.root_dir={workspace}", "--no-browser", "a notebook.ipynb"],
        "workspace": str(workspace),
    }
    # Words that pm would take for its own go behind two dashes.
    said = pm(workspace, "--", "--json", "--debug", PYTHONPATH=path)
    assert json.loads(said.stdout)["argv"][1:] == ["--json", "--debug"]


def test_without_jupyterlab_the_command_that_installs_it_is_told(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pm_kernel.cli.lab.find_spec", lambda _name: None)
    started: list[object] = []
    with (
        Context(workspace=str(workspace)) as context,
        pytest.raises(EngineUnavailable, match="JupyterLab is not installed") as error,
    ):
        main([], context, become=lambda *words: started.append(words))
    assert "-m pip install" in str(error.value.hint)
    assert started == []


def test_without_a_workspace_nothing_is_opened(tmp_path: Path) -> None:
    with Context(workspace=str(tmp_path)) as context, pytest.raises(NotFound):
        main([], context, become=lambda *_: pytest.fail("it was started"))


def test_help_is_short_and_needs_no_workspace(tmp_path: Path) -> None:
    said = pm(tmp_path / "nowhere", "--help")
    assert said.returncode == 0
    assert said.stdout.startswith("usage: pm lab")
