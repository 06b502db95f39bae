"""The methods repository under settings, branches and worktrees of people."""

from __future__ import annotations

import pytest

from pm_kernel.errors import Conflict, EngineUnavailable, InvalidInput
from pm_kernel.repository import Identity, MethodsRepository

from .repository_harness import RUN, Theirs, git, record, status, write

pytestmark = pytest.mark.usefixtures("no_settings_of_this_machine")


def test_signing_hooks_templates_and_other_habits_do_not_interfere(repository, tmp_path):
    top = repository.top
    for key, value in {
        "commit.gpgsign": "true", "tag.gpgsign": "true", "gpg.program": "/bin/false",
        "core.pager": "false", "diff.external": "/bin/false", "diff.noprefix": "true",
        "color.ui": "always", "log.showSignature": "true", "core.quotePath": "true",
        "core.splitIndex": "true", "core.untrackedCache": "true", "index.version": "4",
        "core.fsmonitor": "/bin/false", "commit.template": "/nothing", "status.short": "true",
        "i18n.commitEncoding": "ISO-8859-1", "log.date": "relative", "core.ignoreCase": "true",
    }.items():  # fmt: skip
        git(top, "config", key, value)
    for name in (
        "pre-commit",
        "commit-msg",
        "reference-transaction",
        "post-commit",
        "post-index-change",
    ):
        hook = top / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/ran\nexit 1\n")
        hook.chmod(0o755)
    write(repository)
    record(repository, 1, text="größer")
    write(repository, **{"run.py": RUN + b"# 2\n"})
    record(repository, 2)
    assert not (tmp_path / "ran").exists()
    assert repository.versions()[0].description == "größer"
    assert [entry.subject for entry in repository.log("mod/measure")] == [
        "method: measure v2",
        "method: measure v1 - größer",
    ]
    assert "+++ b/mod/measure/run.py" in repository.diff("measure/v1", "measure/v2", "mod/measure")
    git(top, "config", "core.hooksPath", "/dev/null")
    assert status(repository) == ""


def test_without_an_identity_the_fallback_commits(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "empty"))
    fallback = Identity("grace", "grace@lab")
    repository = MethodsRepository.init(tmp_path / "methods", fallback=fallback)
    write(repository)
    record(repository)
    assert (
        git(repository.top, "log", "-1", "--format=%an %ae %cn").strip() == "grace grace@lab grace"
    )
    assert repository.identity() == (fallback, False)
    git(repository.top, "config", "user.name", "Ada")
    git(repository.top, "config", "user.email", "ada@example.org")
    assert repository.identity() == (Identity("Ada", "ada@example.org"), True)


def test_a_named_author_is_recorded_beside_the_committer(repository):
    write(repository)
    snapshot = repository.snapshot("mod", "measure")
    repository.commit_method(snapshot, 1, "", author=Identity("Grace", "grace@lab"))
    assert git(repository.top, "log", "-1", "--format=%an %cn").strip() == "Grace Ada"


def test_on_another_branch_the_version_goes_to_main_and_the_person_is_told(repository):
    top = repository.top
    write(repository)
    record(repository, 1)
    git(top, "switch", "-q", "-c", "feature")
    (top / "mine.txt").write_text("1")
    git(top, "add", "mine.txt")
    write(repository, **{"run.py": RUN + b"# 2\n"})
    before = git(top, "diff", "--cached"), git(top, "diff"), git(top, "rev-parse", "feature")
    commit = record(repository, 2)
    assert "while feature is checked out" in commit.notices[0]
    assert (
        git(top, "diff", "--cached"),
        git(top, "diff"),
        git(top, "rev-parse", "feature"),
    ) == before
    assert git(top, "rev-parse", "main").strip() == commit.commit
    git(top, "commit", "-q", "-m", "mine")
    assert git(top, "show", "--format=", "--name-only").split() == ["mine.txt"]


def test_a_forced_file_of_main_is_kept_from_another_branch(repository):
    write(repository, **{"run.py": RUN, "table.h5": b"1"})
    git(repository.top, "switch", "-q", "-c", "feature")
    snapshot = repository.snapshot("mod", "measure", {"run.py": RUN, "table.h5": b"1"})
    repository.commit_method(snapshot, 1, "")
    record(repository, 2)
    assert set(repository.read_blobs("measure/v2", "mod/measure")) == {"run.py", "table.h5"}


def test_a_detached_head_is_refused_with_the_way_back(repository):
    write(repository)
    record(repository)
    git(repository.top, "checkout", "-q", "--detach")
    with pytest.raises(Conflict) as caught:
        record(repository, 2)
    assert "switch main" in str(caught.value)


def test_a_missing_branch_is_refused_with_the_setting(tmp_path):
    git(tmp_path, "init", "-q", "-b", "master")
    (tmp_path / "x").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "x")
    repository = MethodsRepository(tmp_path)
    write(repository)
    with pytest.raises(Conflict) as caught:
        record(repository)
    assert 'branch = "master"' in str(caught.value)
    record(MethodsRepository(tmp_path, branch="master"))


def test_the_first_version_of_a_repository_without_commits_is_recorded(tmp_path):
    git(tmp_path, "init", "-q", "-b", "main")
    repository = MethodsRepository(tmp_path)
    write(repository)
    (tmp_path / "mine.txt").write_text("1")
    git(tmp_path, "add", "mine.txt")
    record(repository)
    assert status(repository) == "A  mine.txt\n"


def test_worktrees_share_versions_and_one_refuses_what_another_has_checked_out(
    repository, tmp_path
):
    write(repository)
    record(repository, 1)
    tree = tmp_path / "tree"
    git(repository.top, "worktree", "add", "-q", "-b", "side", str(tree))
    linked = MethodsRepository(tree)
    write(linked, **{"run.py": RUN + b"# side\n"})
    with pytest.raises(Conflict, match="another worktree"):
        record(linked, 2)
    on_side = MethodsRepository(tree, branch="side")
    commit = record(on_side, 2)
    assert commit.notices == ()
    assert status(on_side) == ""
    assert status(repository) == ""
    git(repository.top, "switch", "-q", "-c", "away")
    record(MethodsRepository(tree), 3)
    assert set(repository.tags()) == {"measure/v1", "measure/v2", "measure/v3"}


def test_a_bare_repository_is_refused(tmp_path):
    git(tmp_path, "init", "-q", "--bare")
    with pytest.raises(EngineUnavailable, match="work tree"):
        MethodsRepository(tmp_path)


def test_a_methods_folder_inside_a_larger_repository_works_the_same(tmp_path):
    top = tmp_path / "lab"
    methods = top / "code [x]" / "methods"
    methods.mkdir(parents=True)
    git(top, "init", "-q", "-b", "main")
    (methods / "README").write_text("x")
    theirs = Theirs(top)
    repository = MethodsRepository.init(methods)
    assert repository.top == top
    write(repository)
    record(repository)
    write(repository, **{"run.py": RUN + b"# 2\n"})
    commit = record(repository, 2)
    git(top, "status")
    assert theirs.seen() == theirs.before
    assert repository.read_blobs("measure/v1", "mod/measure") == {"run.py": RUN}
    assert [entry.tags for entry in repository.log("mod/measure")] == [
        ("measure/v2",),
        ("measure/v1",),
    ]
    assert "# 2" in repository.diff("measure/v1", commit.commit, "mod/measure")
    repository.export("measure/v1", "mod", "measure", tmp_path / "out")
    assert (tmp_path / "out" / "run.py").read_bytes() == RUN
    (methods / "mod/measure/up").symlink_to("../../README")
    with pytest.raises(InvalidInput, match="link to a place outside"):
        repository.snapshot("mod", "measure")
