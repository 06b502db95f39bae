"""Registrations that are killed, or lose the database, at any step: nothing is ever half there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from pm_kernel.errors import DatabaseUnavailable
from pm_kernel.registration import repair
from pm_kernel.repository.git import Git
from pm_kernel.store import schema
from pm_kernel.store.engine import Store

from .registration_harness import FILES, HELPER, another_workspace, new_workspace, written

#: Registers a folder, and kills itself before or after passing a door, given by number or name.
#: Doors are git, files put in their place, and the beginnings and ends of transactions.
KILLED = """
import contextlib, os, signal, sys
from pathlib import Path

import pm_kernel.repository.git
import pm_kernel.store.engine
from pm_kernel.config import load_settings
from pm_kernel.registration import RegistrationRequest, register

workspace, folder = Path(sys.argv[1]), Path(sys.argv[2])
module, deadly_door, when = sys.argv[3:]
passed = 0

def door(name):
    global passed
    passed += 1
    print(passed, name, file=sys.stderr)
    return deadly_door in (str(passed), name)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def deadly(original, name):
    def call(*arguments, **options):
        mine = door(name(*arguments))
        if mine and when == "before":
            die()
        answer = original(*arguments, **options)
        if mine:
            die()
        return answer
    return call

git = pm_kernel.repository.git.Git
git.answer = deadly(git.answer, lambda self, *words: f"git {words[0]}")
Path.replace = deadly(Path.replace, lambda path, target: f"replace {target}")
transaction = pm_kernel.store.engine.Store.transaction

@contextlib.contextmanager
def deadly_transaction(self):
    with transaction(self) as connection:
        if door("begin"):
            die()
        yield connection
        mine = door("commit")
        if mine and when == "before":
            die()
    if mine:
        die()

pm_kernel.store.engine.Store.transaction = deadly_transaction

settings = load_settings(workspace=workspace)
store = pm_kernel.store.engine.Store(settings.database_url)
register(settings, store, RegistrationRequest(folder, module=module, change="killed"))
"""


#: What changes something; killing before a door that only reads is killing after one of these.
CHANGES = ("replace", "git hash-object", "git commit-tree", "git update-ref", "git update-index",
           "begin", "commit")  # fmt: skip
GIT = ("HOME", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL")


def passing(workspace, folder, door="", when="before", module="analysis"):
    """Register in a process of its own that kills itself at a door; returns the doors it passed."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, workspace.root, folder, module, str(door), when],
        env=dict(workspace.settings.environ) | {name: os.environ[name] for name in GIT},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (-signal.SIGKILL if door else 0), done.stderr
    return [line.partition(" ")[2] for line in done.stderr.splitlines()]


@pytest.fixture
def workspace(tmp_path, database_url, monkeypatch):
    with new_workspace(tmp_path, database_url, monkeypatch) as made:
        yield made
        made.check()


def recorded(workspace, method):
    """Helpers of all versions in order, as their commits have them."""
    texts = []
    for version in workspace.versions(method):
        place = f"{version.git_commit_hash}:{version.module}/{method}/helper.py"
        assert (
            workspace.git("rev-parse", f"{version.git_tag}^{{commit}}") == version.git_commit_hash
        )
        texts.append(workspace.git("show", place) + "\n")
    return texts


def test_a_kill_at_any_step_is_made_good_by_the_next_registration(workspace, tmp_path):
    """Every method of its own: a new one from elsewhere, in a new module, killed at one door."""
    doors = passing(workspace, written(tmp_path / "measure", FILES), module="first")
    changing = [
        (number, "after")
        for number, door in enumerate(doors, 1)
        # What was learnt about the interpreter is kept once, for all.
        if door.startswith(CHANGES) and "/.cache/" not in door
    ]
    changing += [(n, "before") for n, door in enumerate(doors, 1) if door == "commit"]
    assert len(changing) > 15
    for number, when in changing:
        name, module = f"{when}{number}", f"module_{when}{number}"
        source = written(tmp_path / name, FILES)
        passing(workspace, source, number, when, module)
        # Whatever there is, there is a whole of it.
        before = recorded(workspace, name)
        in_git = [tag for tag in workspace.tags() if tag.startswith(f"{name}/")]
        assert len(before) <= len(in_git) <= 1
        changed = HELPER + "\n# changed\n"
        if number % 2:
            written(source, {"helper.py": changed})
        workspace.register(source, module=module)
        expected = [HELPER] if in_git or not number % 2 else []
        assert recorded(workspace, name) == [*expected, *([changed] if number % 2 else [])], number
        assert not workspace.register(source, module=module).created
    assert workspace.git("status", "--porcelain") == ""


def test_a_kill_at_any_step_of_a_next_version_is_put_right_by_the_doctor(workspace):
    folder = workspace.method()
    workspace.register(folder)
    helper = HELPER + "\n# more\n"
    written(folder, {"helper.py": helper})
    doors = passing(workspace, folder)
    changing = [n for n, door in enumerate(doors, 1) if door.startswith(CHANGES[3:])]
    for number in changing:
        versions = len(workspace.versions())
        helper += f"# {number}\n"
        written(folder, {"helper.py": helper})
        passing(workspace, folder, number, "after")
        repaired = repair(workspace.settings, workspace.store)
        tagged = [tag for tag in workspace.tags() if tag == f"measure/v{versions + 1}"]
        assert [each.git_tag for each in workspace.versions()][versions:] == tagged
        # The row may have been written just before the kill; then there was nothing to adopt.
        assert {each.git_tag for each in repaired.adopted} <= set(tagged)
        workspace.check()
        again = repair(workspace.settings, workspace.store)
        assert (again.adopted, again.notices) == ((), ())
        workspace.register(folder)
        assert recorded(workspace, "measure")[-1] == helper
        assert len(workspace.versions()) == versions + 1


@contextmanager
def lost_after(monkeypatch, command, action):
    """Do something once, right after git has done that command."""
    original = Git.answer
    left = [action]

    def answer(self, *words, **options):
        found = original(self, *words, **options)
        if words[0] == command and left and tags_are_there(original, self):
            left.pop()()
        return found

    def tags_are_there(answer, git):
        return bool(answer(git, "for-each-ref", "refs/tags/").out)

    with monkeypatch.context() as patched:
        patched.setattr(Git, "answer", answer)
        yield
    assert not left


def test_a_database_that_is_lost_after_the_commit_costs_nothing(
    tmp_path, new_postgres, monkeypatch
):
    server = new_postgres()
    server.start()
    schema.upgrade(store := Store(server.url("postgres")))
    store.close()
    with new_workspace(tmp_path, server.url("postgres"), monkeypatch) as workspace:
        folder = workspace.method()
        with (
            lost_after(monkeypatch, "update-ref", server.stop),
            pytest.raises(DatabaseUnavailable, match="measure v1 is committed in git") as raised,
        ):
            workspace.register(folder)
        assert "Nothing is lost" in raised.value.hint
        assert workspace.tags() == ["measure/v1"]
        # Down: refused before anything is touched.
        written(folder, {"helper.py": HELPER + "\n# more\n"})
        with pytest.raises(DatabaseUnavailable):
            workspace.register(folder)
        assert workspace.tags() == ["measure/v1"]
        server.start()
        workspace.store.close()
        workspace = replace(workspace, store=Store(server.url("postgres")))
        found = workspace.register(folder)
        assert found.version.version == 2
        assert "measure/v1 was committed and not recorded; it is now." in found.notices
        assert recorded(workspace, "measure") == [HELPER, HELPER + "\n# more\n"]
        workspace.check()
        workspace.store.close()


def test_a_version_that_was_interrupted_is_told_when_it_is_completed(workspace):
    folder = workspace.method()
    workspace.register(folder)
    other = workspace.method("other")
    passing(workspace, other, "git update-ref", "after")
    assert workspace.versions("other") == []
    # Any registration completes it, not only one of the same method.
    written(folder, {"helper.py": HELPER + "\n# more\n"})
    found = workspace.register(folder)
    assert "other/v1 was committed and not recorded; it is now." in found.notices
    (version,) = workspace.versions("other")
    assert (version.description, version.created_by) == ("killed", "ada")
    assert not workspace.register(other).created


def test_a_new_database_learns_all_versions_of_an_old_repository(workspace, database_url):
    folder = workspace.method()
    for helper in (HELPER, HELPER + "# 2\n", HELPER + "# 3\n"):
        written(folder, {"helper.py": helper})
        workspace.register(folder, track=["segment"])
    before = workspace.versions()
    empty_registry(workspace)
    repaired = repair(workspace.settings, workspace.store)
    assert [each.git_tag for each in repaired.adopted] == ["measure/v1", "measure/v2", "measure/v3"]
    after = workspace.versions()
    assert [(v.git_commit_hash, v.declaration, v.content_hash) for v in after] == [
        (v.git_commit_hash, v.declaration, v.content_hash) for v in before
    ]
    # And so does a registration.
    empty_registry(workspace)
    assert not workspace.register(folder).created
    assert len(workspace.versions()) == 3


def empty_registry(workspace):
    with workspace.store.transaction() as connection:
        connection.execute(text("TRUNCATE modules, workspaces CASCADE"))


def test_a_tag_that_is_gone_is_shown_with_the_command_that_brings_it_back(workspace):
    version = workspace.register(workspace.method()).version
    workspace.git("tag", "-d", "measure/v1")
    notices = "\n".join(repair(workspace.settings, workspace.store).notices)
    assert f"tag measure/v1 {version.git_commit_hash}" in notices
    workspace.git("tag", "measure/v1", version.git_commit_hash)


def test_a_number_that_another_workspace_took_meanwhile_is_not_taken_twice(
    tmp_path, database_url, monkeypatch
):
    with new_workspace(tmp_path, database_url, monkeypatch) as workspace:
        folder = workspace.method()
        workspace.register(folder)
        written(folder, {"helper.py": HELPER + "\n# mine\n"})
        passing(workspace, folder, "git update-ref", "after")
        assert workspace.tags() == ["measure/v1", "measure/v2"]
        other = another_workspace(tmp_path / "other", database_url)
        files = {**FILES, "helper.py": HELPER + "\n# theirs\n"}
        theirs = other.register(other.method(files=files))
        other.store.close()
        assert theirs.version.version == 2
        found = workspace.register(folder)
        assert found.version.version == 3
        assert any("of another workspace" in each for each in found.notices)
        assert [each.version for each in workspace.versions()] == [1, 2, 3]
