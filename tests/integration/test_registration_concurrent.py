"""Sixteen processes that register at once: each gets the right version, git and rows agree."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pm_kernel.registration import create_module

from .registration_harness import FILES, HELPER, new_workspace, written

MANY = 16

#: Waits for the word to begin, so that all begin together.
REGISTER = """
import sys
from pathlib import Path

from pm_kernel.config import load_settings
from pm_kernel.registration import RegistrationRequest, register
from pm_kernel.store.engine import Store

settings = load_settings(workspace=Path(sys.argv[1]))
store = Store(settings.database_url)
request = RegistrationRequest(Path(sys.argv[2]), module=sys.argv[3], name=sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
found = register(settings, store, request)
print(found.version.git_tag, found.created)
store.close()
"""


def together(workspace, calls):
    """Register (folder, module, name) of every call at once; returns what each of them got."""
    environ = dict(workspace.settings.environ)
    for name in ("HOME", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL"):
        environ[name] = os.environ[name]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", REGISTER, workspace.root, *call],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for call in calls
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = []
    for process in processes:
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        tag, created = out.split()
        answers.append((tag, created == "True"))
    return answers


@pytest.fixture
def workspace(tmp_path, database_url, monkeypatch):
    with new_workspace(tmp_path, database_url, monkeypatch) as made:
        yield made
        made.check()
        assert made.git("status", "--porcelain") == ""


def test_the_same_content_sixteen_times_is_one_version(workspace, tmp_path):
    source = written(tmp_path / "measure", FILES)
    answers = together(workspace, [(source, "analysis", "measure")] * MANY)
    assert sorted(answers) == [("measure/v1", False)] * (MANY - 1) + [("measure/v1", True)]
    assert len(workspace.versions()) == 1


def test_sixteen_contents_of_one_method_are_sixteen_versions(workspace, tmp_path):
    texts = [f"{HELPER}\n# {number}\n" for number in range(MANY)]
    calls = [
        (written(tmp_path / str(n), {**FILES, "helper.py": text}), "analysis", "measure")
        for n, text in enumerate(texts)
    ]
    answers = together(workspace, calls)
    assert sorted(answers) == sorted((f"measure/v{n}", True) for n in range(1, MANY + 1))
    kept = {tag: workspace.git("show", f"{tag}:analysis/measure/helper.py") for tag, _ in answers}
    # Each is told the version that its own content became.
    assert [kept[tag] + "\n" for tag, _ in answers] == texts


def test_sixteen_methods_of_new_modules_are_registered_at_once(workspace, tmp_path):
    calls = [(written(tmp_path / f"m{n}", FILES), f"module{n % 4}", f"m{n}") for n in range(MANY)]
    answers = together(workspace, calls)
    assert answers == [(f"m{n}/v1", True) for n in range(MANY)]
    subjects = workspace.git("log", "--format=%s").splitlines()
    assert sorted(s for s in subjects if s.startswith("module: ")) == [
        f"module: module{n}" for n in range(4)
    ]


def test_one_name_in_two_modules_belongs_to_one_of_them(workspace, tmp_path):
    source = written(tmp_path / "measure", FILES)
    for n in range(2):
        create_module(workspace.settings, workspace.store, f"module{n}")
    environ = dict(workspace.settings.environ) | {
        name: os.environ[name] for name in ("HOME", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL")
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", REGISTER, workspace.root, source, f"module{n % 2}", "measure"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    answers = [process.communicate("go\n", timeout=300) for process in processes]
    (version,) = workspace.versions()
    for n, (process, (_, error)) in enumerate(zip(processes, answers, strict=True)):
        mine = f"module{n % 2}" == version.module
        assert (process.returncode == 0) == mine
        assert mine or f"is taken by a method of module {version.module}" in error
