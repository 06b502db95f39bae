"""The methods repository against a real git: where it lies, and whose it is."""

from __future__ import annotations

import os

import pytest

from pm_kernel.errors import EngineUnavailable, NotFound
from pm_kernel.repository import MethodsRepository

from .repository_harness import git, record, status, write

pytestmark = pytest.mark.usefixtures("no_settings_of_this_machine")


def test_a_new_repository_has_one_commit_on_main_with_its_gitignore(repository):
    assert git(repository.folder, "log", "--format=%s %an", "main").split("\n")[:-1] == [
        "Begin the methods repository Ada"
    ]
    assert git(repository.folder, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert status(repository) == ""
    ignore = (repository.folder / ".gitignore").read_text()
    assert all(line in ignore.splitlines() for line in ("*.joblib", "*.h5", "*.tif", "data/"))


def test_init_again_changes_nothing(repository):
    write(repository)
    record(repository)
    before = git(repository.folder, "rev-parse", "main")
    MethodsRepository.init(repository.folder)
    assert git(repository.folder, "rev-parse", "main") == before
    assert status(repository) == ""


def test_init_takes_an_empty_repository_that_somebody_began(tmp_path):
    git(tmp_path, "init", "-q", "-b", "master")
    (tmp_path / ".gitignore").write_text("mine\n")
    repository = MethodsRepository.init(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert git(tmp_path, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert status(repository) == ""


def test_init_inside_an_unrelated_repository_makes_one_of_its_own(tmp_path):
    git(tmp_path, "init", "-q")
    repository = MethodsRepository.init(tmp_path / "work" / "methods")
    assert repository.top == tmp_path / "work" / "methods"


def test_a_folder_without_a_repository_and_a_missing_one_are_named(tmp_path):
    with pytest.raises(NotFound, match="not inside a git repository"):
        MethodsRepository(tmp_path)
    with pytest.raises(NotFound, match="no folder"):
        MethodsRepository(tmp_path / "nothing")


def test_without_the_git_program_the_message_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineUnavailable, match="git"):
        MethodsRepository.init(tmp_path / "methods")


@pytest.mark.skipif(os.getuid() != 0, reason="needs two users")
def test_a_repository_of_another_user_names_the_git_command_that_trusts_it(repository):
    for path in [repository.folder, *repository.folder.rglob("*")]:
        os.lchown(path, 65534, 65534)
    with pytest.raises(EngineUnavailable) as caught:
        MethodsRepository(repository.folder)
    assert f"git config --global --add safe.directory {repository.folder}" in str(caught.value)
    with pytest.raises(EngineUnavailable, match="another user"):
        MethodsRepository.init(repository.folder)


def test_variables_of_a_surrounding_git_hook_lead_nowhere_else(repository, tmp_path, monkeypatch):
    other = MethodsRepository.init(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.folder / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "foreign-index"))
    write(repository)
    record(MethodsRepository(repository.folder))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert repository.tags()
    assert other.tags() == {}
    assert not (tmp_path / "foreign-index").exists()
