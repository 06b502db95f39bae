"""The methods repository against a real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pm_kernel.errors import Conflict, EngineUnavailable, IntegrityError, InvalidInput, NotFound
from pm_kernel.repository import Identity, MethodsRepository

RUN = b"def run(output_dir):\n    pass\n"


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(tmp_path_factory, monkeypatch):
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    git(home, "config", "--global", "user.name", "Ada")
    git(home, "config", "--global", "user.email", "ada@example.org")


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    result = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, check=False, timeout=60
    )
    if check and result.returncode != 0:
        raise AssertionError(f"git {arguments}: {result.stderr.decode()}")
    return result.stdout.decode("utf-8", "surrogateescape")


@pytest.fixture
def repository(tmp_path) -> MethodsRepository:
    return MethodsRepository.init(tmp_path / "methods")


def write(repository: MethodsRepository, method: str = "mod/measure", **files: bytes) -> Path:
    folder = repository.folder / method
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (files or {"run.py": RUN}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def record(
    repository: MethodsRepository, version: int = 1, method: str = "measure", text: str = ""
):
    snapshot = repository.snapshot("mod", method)
    return repository.commit_method(snapshot, version, text)


def status(repository: MethodsRepository) -> str:
    return git(repository.top, "status", "--porcelain", "--untracked-files=all")


class Theirs:
    """Somebody's staged, changed and new files, and how git sees them."""

    def __init__(self, top: Path) -> None:
        self.top = top
        for name in ("committed.txt", "staged.txt", "dirty.txt", "both.txt", "gone.txt"):
            (top / name).write_text("1")
        git(top, "add", ".")
        git(top, "commit", "-q", "-m", "theirs")
        for name in ("staged.txt", "both.txt"):
            (top / name).write_text("2")
        git(top, "add", "staged.txt", "both.txt")
        git(top, "rm", "-q", "gone.txt")
        (top / "both.txt").write_text("3")
        (top / "dirty.txt").write_text("2")
        (top / "new.txt").write_text("1")
        (top / "intended.txt").write_text("1")
        git(top, "add", "-N", "intended.txt")
        self.before = self.seen()
        assert "MM both.txt" in self.before[0]

    def seen(self) -> tuple[str, str, str]:
        return (
            git(self.top, "status", "--porcelain"),
            git(self.top, "diff", "--cached"),
            git(self.top, "diff"),
        )


# --- init and place ----------------------------------------------------------------------------


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


# --- committing --------------------------------------------------------------------------------


def test_a_version_is_a_tagged_commit_of_its_folder_alone(repository):
    write(repository, **{"run.py": RUN, "helper.py": b"x = 1\n", "sub/mod.py": b""})
    write(repository, "mod/other")
    commit = repository.commit_method(
        repository.snapshot("mod", "measure"),
        3,
        "XGBoost + CycD1 feature\n\nMore words.",
        trailers={"Pm-Declaration": "sha256:abc"},
    )
    top = repository.top
    assert commit.tag == "measure/v3"
    assert git(top, "rev-parse", "measure/v3", "main").split() == [commit.commit] * 2
    assert git(top, "log", "-1", "--format=%s").strip() == (
        "method: measure v3 - XGBoost + CycD1 feature"
    )
    changed = git(top, "show", "--name-only", "--format=", "main").split()
    assert changed == ["mod/measure/helper.py", "mod/measure/run.py", "mod/measure/sub/mod.py"]
    assert status(repository) == "?? mod/other/run.py\n"
    (version,) = repository.versions()
    assert (version.module, version.method, version.version) == ("mod", "measure", 3)
    assert version.description == "XGBoost + CycD1 feature\nMore words."
    assert version.trailers == {"Pm-Declaration": "sha256:abc"}
    assert (version.tag, version.author) == ("measure/v3", "Ada")


def test_files_of_others_stay_staged_and_changed_as_they_were(repository):
    write(repository)
    theirs = Theirs(repository.top)
    record(repository)
    git(repository.top, "status")
    assert theirs.seen() == (theirs.before[0].replace("?? mod/\n", ""), *theirs.before[1:])
    git(repository.top, "commit", "-q", "-m", "their own commit")
    assert git(repository.top, "show", "--format=", "--name-only").split() == [
        "both.txt",
        "gone.txt",
        "staged.txt",
    ]


def test_the_folder_is_clean_after_every_version(repository):
    folder = write(repository, **{"run.py": RUN, "old.py": b"1", "keep.py": b"1"})
    record(repository, 1)
    (folder / "old.py").unlink()
    (folder / "run.py").write_bytes(RUN + b"# 2\n")
    (folder / "new.py").write_bytes(b"2")
    git(repository.top, "add", "mod/measure/new.py")
    (folder / "new.py").write_bytes(b"3")
    record(repository, 2)
    assert status(repository) == ""
    assert git(repository.top, "ls-files", "mod/measure").split() == [
        "mod/measure/keep.py",
        "mod/measure/new.py",
        "mod/measure/run.py",
    ]
    assert repository.read_blobs("measure/v2", "mod/measure")["new.py"] == b"3"


def test_a_file_changed_after_the_snapshot_stays_a_change(repository):
    folder = write(repository)
    snapshot = repository.snapshot("mod", "measure")
    (folder / "run.py").write_bytes(RUN + b"# later\n")
    repository.commit_method(snapshot, 1, "")
    assert status(repository) == " M mod/measure/run.py\n"
    assert repository.read_blobs("measure/v1", "mod/measure") == {"run.py": RUN}


def test_a_snapshot_can_be_read_before_anything_is_committed(repository):
    write(repository)
    before = git(repository.top, "rev-parse", "main")
    snapshot = repository.snapshot("mod", "measure")
    assert repository.read_blobs(snapshot) == {"run.py": RUN}
    assert git(repository.top, "rev-parse", "main") == before
    assert status(repository) == "?? mod/measure/run.py\n"
    assert repository.snapshot("mod", "measure").tree == snapshot.tree


def test_given_files_are_recorded_byte_for_byte(repository):
    git(repository.top, "config", "core.autocrlf", "true")
    files = {"run.py": b"a\r\nb\r\n", "sub/é ü.py": b"\xff\x00", "table.h5": b"1"}
    snapshot = repository.snapshot("mod", "measure", files)
    repository.commit_method(snapshot, 1, "")
    assert repository.read_blobs("measure/v1", "mod/measure") == files


@pytest.mark.parametrize("path", ["../x.py", "/x.py", "a/../../x", ".git/config", "sub/", ""])
def test_given_files_cannot_lie_outside_the_folder(repository, path):
    with pytest.raises(InvalidInput):
        repository.snapshot("mod", "measure", {path: b""})


@pytest.mark.parametrize("name", ["../up", "a/b", "", "-x", ".git", "x.lock", "a b", "é"])
def test_names_that_cannot_be_a_folder_and_a_tag_are_refused(repository, name):
    with pytest.raises(InvalidInput):
        repository.snapshot("mod", name)
    with pytest.raises(InvalidInput):
        repository.snapshot(name, "measure")


def test_the_file_of_the_module_is_committed_with_the_version(repository):
    write(repository)
    (repository.folder / "mod" / "module.toml").write_bytes(b"[module]\n")
    snapshot = repository.snapshot("mod", "measure")
    repository.commit_method(snapshot, 1, "", module_file=b"[module]\n")
    assert status(repository) == ""
    repository.commit_module("mod", b"[module]\n# 2\n", "module: mod - better words")
    assert status(repository) == " M mod/module.toml\n"
    (repository.folder / "mod" / "module.toml").write_bytes(b"[module]\n# 2\n")
    assert status(repository) == ""


def test_a_number_that_is_taken_is_a_conflict_and_changes_nothing(repository):
    write(repository)
    record(repository, 1)
    before = git(repository.top, "rev-parse", "main")
    with pytest.raises(Conflict, match="measure/v1 exists"):
        record(repository, 1)
    assert git(repository.top, "rev-parse", "main") == before
    assert repository.next_version("measure") == 2
    assert repository.next_version("other") == 1


def test_a_tag_or_a_folder_in_the_way_is_named(repository):
    write(repository)
    write(repository, "mod/Measure")
    git(repository.top, "tag", "measure")
    with pytest.raises(Conflict, match="'measure' is in the way"):
        record(repository)
    git(repository.top, "tag", "-d", "measure")
    record(repository)
    with pytest.raises(Conflict, match="same name"):
        record(repository, 1, "Measure")


def test_two_versions_with_the_same_content_are_two_commits(repository):
    write(repository)
    assert record(repository, 1).commit != record(repository, 2).commit


@pytest.mark.parametrize(
    "text",
    ["", "one line", "a\n\nPm-Version: 9\nPm-Method: evil", "\x00\x1b[31m", "\ud800", "é ü 漢字",
     "-m evil", "#comment", "  \n  \n x", "a\r\nb", "Pm-Version: 9"],
)  # fmt: skip
def test_a_description_cannot_break_the_message(repository, text):
    write(repository)
    record(repository, 1, text=text)
    (version,) = repository.versions()
    assert (version.method, version.version) == ("measure", 1)
    assert git(repository.top, "log", "-1", "--format=%s").startswith("method: measure v1")


def test_trailers_that_could_not_be_read_back_are_refused(repository):
    write(repository)
    snapshot = repository.snapshot("mod", "measure")
    for key, value in (("Other", "x"), ("Pm-Version", "9"), ("Pm-X", "a\nb"), ("Pm-X", "")):
        with pytest.raises(InvalidInput):
            repository.commit_method(snapshot, 1, "", trailers={key: value})


def test_ignored_files_stay_out_unless_they_were_added_with_force(repository):
    folder = write(repository, **{"run.py": RUN, "a.h5": b"1", "b.h5": b"1", "data/x": b"1"})
    git(repository.top, "add", "-f", "mod/measure/b.h5")
    record(repository, 1)
    (folder / "b.h5").write_bytes(b"2")
    record(repository, 2)
    assert repository.read_blobs("measure/v2", "mod/measure") == {"run.py": RUN, "b.h5": b"2"}
    assert status(repository) == ""


def test_a_method_that_git_ignores_as_a_whole_names_the_rule(repository):
    write(repository, "data/measure")
    with pytest.raises(InvalidInput, match=r"\.gitignore:\d+:data/"):
        repository.snapshot("data", "measure")
    (repository.folder / "mod" / "measure").mkdir(parents=True)
    with pytest.raises(InvalidInput, match="no files"):
        repository.snapshot("mod", "measure")
    with pytest.raises(NotFound):
        repository.snapshot("mod", "nothing")


def test_names_of_every_kind_survive(repository, tmp_path):
    names = [b"run.py", b"a b.py", b"\xc3\xa9.py", b"\xff\xfe.bin", b"line\nbreak", b'"quoted"',
             b"*.[x]", b"-dash", b":(top)magic", b"tab\t", b"sub dir/x"]  # fmt: skip
    files = {os.fsdecode(name): name for name in names}
    write(repository, **files)
    commit = record(repository)
    assert status(repository) == ""
    repository.export(commit.commit, "mod", "measure", tmp_path / "out")
    found = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == files


def test_links_inside_the_folder_are_kept_and_links_out_of_it_refused(repository, tmp_path):
    folder = write(repository, **{"run.py": RUN, "sub/x.py": b"x"})
    (folder / "link.py").symlink_to("sub/x.py")
    (folder / "tool.sh").write_bytes(b"#!/bin/sh\n")
    (folder / "tool.sh").chmod(0o755)
    commit = record(repository)
    repository.export(commit.commit, "mod", "measure", tmp_path / "out")
    assert (tmp_path / "out" / "link.py").readlink() == Path("sub/x.py")
    assert os.access(tmp_path / "out" / "tool.sh", os.X_OK)
    for target in ("/etc/passwd", "../other/run.py", "../../../x", str(folder / "run.py")):
        (folder / "bad").unlink(missing_ok=True)
        (folder / "bad").symlink_to(target)
        with pytest.raises(InvalidInput, match="link to a place outside"):
            repository.snapshot("mod", "measure")


def test_a_method_folder_that_is_a_link_is_refused(repository, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "run.py").write_bytes(RUN)
    (repository.folder / "mod").mkdir()
    (repository.folder / "mod" / "measure").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidInput, match="is a link"):
        repository.snapshot("mod", "measure")


@pytest.mark.parametrize("below", [".", "vendored"])
@pytest.mark.parametrize("empty", [True, False])
def test_a_repository_inside_the_folder_is_refused(repository, below, empty):
    folder = write(repository)
    inner = folder / below
    inner.mkdir(exist_ok=True)
    (inner / "x.py").write_text("x")
    git(inner, "init", "-q")
    if not empty:
        git(inner, "add", ".")
        git(inner, "commit", "-q", "-m", "inner")
    with pytest.raises(InvalidInput, match="repository of its own"):
        repository.snapshot("mod", "measure")


def test_a_file_that_git_stores_as_a_pointer_is_refused(repository):
    git(repository.top, "config", "filter.lfs.clean", "echo pointer")
    git(repository.top, "config", "filter.harmless.clean", "cat")
    write(repository, **{"run.py": RUN, "big.csv": b"1", "fine.txt": b"1"})
    (repository.top / ".gitattributes").write_text("*.csv filter=lfs\n*.txt filter=harmless\n")
    with pytest.raises(InvalidInput, match=r"big\.csv .*filter 'lfs'"):
        repository.snapshot("mod", "measure")
    (repository.folder / "mod/measure/big.csv").unlink()
    assert len(repository.snapshot("mod", "measure").files) == 2


@pytest.mark.parametrize("attributes", ["", "* text=auto\n", "*.py text eol=crlf\n"])
@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_line_ends_are_git_s_business_and_the_folder_is_clean(repository, attributes, autocrlf):
    git(repository.top, "config", "core.autocrlf", autocrlf)
    git(repository.top, "config", "core.safecrlf", "true")
    if attributes:
        (repository.top / ".gitattributes").write_text(attributes)
    write(repository, **{"run.py": b"a = 1\r\nb = 2\r\n", "mixed.py": b"a = 1\r\nb = 2\n"})
    record(repository)
    assert "mod/" not in status(repository)


# --- settings of git, branches, worktrees ------------------------------------------------------


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


# --- reading -----------------------------------------------------------------------------------


def test_exports_go_into_a_new_or_empty_folder_only(repository, tmp_path):
    write(repository)
    commit = record(repository)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("1")
    (tmp_path / "empty").mkdir()
    repository.export(commit.commit, "mod", "measure", tmp_path / "empty")
    assert (tmp_path / "empty" / "run.py").read_bytes() == RUN
    with pytest.raises(Conflict, match="exists already"):
        repository.export(commit.commit, "mod", "measure", tmp_path / "full")
    with pytest.raises(NotFound):
        repository.export(commit.commit, "mod", "other", tmp_path / "a")
    for missing in ("0" * 40, "nothing/v1", "--upload-pack=x", ""):
        with pytest.raises(NotFound):
            repository.export(missing, "mod", "measure", tmp_path / "b")


def raw_tree(folder: Path, *entries: tuple[str, bytes, str]) -> str:
    """A tree object with names that git itself would refuse to write."""
    body = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(hash_) for mode, name, hash_ in entries
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
        cwd=folder, input=body, capture_output=True, check=True,
    )  # fmt: skip
    return made.stdout.decode().strip()


def evil_commit(repository: MethodsRepository, tree: str) -> str:
    top = repository.top
    module = raw_tree(top, ("40000", b"measure", tree))
    root = raw_tree(top, ("40000", b"mod", module))
    return git(top, "commit-tree", root, "-m", "evil").strip()


def blob(repository: MethodsRepository, content: str) -> str:
    made = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"],
        cwd=repository.top, input=content.encode(), capture_output=True, check=True,
    )  # fmt: skip
    return made.stdout.decode().strip()


EVIL: dict[str, Callable[[MethodsRepository], list[tuple[str, bytes, str]]]] = {
    "parent": lambda r: [("40000", b"..", raw_tree(r.top, ("100644", b"out", blob(r, "x"))))],
    "slash": lambda r: [("100644", b"../../out", blob(r, "x"))],
    "absolute": lambda r: [("100644", b"/tmp/out", blob(r, "x"))],
    "git folder": lambda r: [("40000", b".GIT", raw_tree(r.top, ("100644", b"x", blob(r, "x"))))],
    "link up": lambda r: [("120000", b"link", blob(r, "../../out"))],
    "absolute link": lambda r: [("120000", b"link", blob(r, "/etc"))],
    "link then file": lambda r: [
        ("120000", b"a", blob(r, "/tmp")),
        ("40000", b"a", raw_tree(r.top, ("100644", b"out", blob(r, "x")))),
    ],
    "chain of links": lambda r: [
        ("120000", b"y", blob(r, ".")),
        ("120000", b"z", blob(r, "y/y/..")),
    ],
    "twice": lambda r: [("100644", b"a", blob(r, "x")), ("100644", b"a", blob(r, "y"))],
    "submodule": lambda r: [("160000", b"a", "1" * 40)],
}


@pytest.mark.parametrize("kind", EVIL)
def test_an_export_never_writes_or_points_outside_its_folder(repository, tmp_path, kind):
    write(repository)
    record(repository)
    commit = evil_commit(repository, raw_tree(repository.top, *EVIL[kind](repository)))
    target = tmp_path / "exports" / "one"
    with pytest.raises(IntegrityError):
        repository.export(commit, "mod", "measure", target)
    outside = [p for p in tmp_path.rglob("out*") if ".git" not in p.parts]
    assert outside == []
    assert not Path("/tmp/out").exists()
    assert not target.exists()


def test_content_that_git_lost_is_an_integrity_error(repository):
    write(repository, **{"run.py": RUN, "helper.py": b"unique content"})
    record(repository)
    name = repository.snapshot("mod", "measure").files[0].blob
    (repository.top / ".git/objects" / name[:2] / name[2:]).unlink()
    with pytest.raises((IntegrityError, EngineUnavailable)):
        repository.read_blobs("measure/v1", "mod/measure")


def test_replaced_objects_do_not_change_what_a_version_is(repository):
    write(repository)
    record(repository)
    name = repository.snapshot("mod", "measure").files[0].blob
    git(repository.top, "replace", name, blob(repository, "something else"))
    assert repository.read_blobs("measure/v1", "mod/measure") == {"run.py": RUN}


def test_the_history_of_a_method_is_its_own(repository):
    write(repository)
    write(repository, "mod/other")
    record(repository, 1, text="first")
    record(repository, 1, "other")
    write(repository, **{"run.py": RUN + b"# 2\n"})
    record(repository, 2, text="second")
    entries = repository.log("mod/measure")
    assert [entry.tags for entry in entries] == [("measure/v2",), ("measure/v1",)]
    assert len(repository.log("mod/measure", limit=1)) == 1
    assert [(v.method, v.version) for v in repository.versions()] == [
        ("measure", 1), ("measure", 2), ("other", 1),
    ]  # fmt: skip
    assert len(repository.versions("other")) == 1
    diff = repository.diff("measure/v1", "measure/v2", "mod/measure")
    assert "+# 2" in diff
    assert "other" not in diff
    with pytest.raises(NotFound):
        repository.diff("measure/v1", "measure/v9", "mod/measure")


def test_tags_of_others_are_no_versions(repository):
    write(repository)
    record(repository)
    git(repository.top, "tag", "release")
    git(repository.top, "tag", "-a", "-m", "x", "other/v1")
    git(repository.top, "tag", "blob", repository.snapshot("mod", "measure").files[0].blob)
    assert [v.tag for v in repository.versions()] == ["measure/v1"]
    assert "blob" not in repository.tags()


def test_ignored_and_large_files_are_named_with_rule_and_size(repository):
    write(
        repository,
        **{"run.py": RUN, "model.joblib": b"1", "data/a.csv": b"1", "big.csv": b"x" * 2000,
           "__pycache__/x.pyc": b"", "sub/b.h5": b"1", "huge.h5": b"x" * 5000},
    )  # fmt: skip
    ignored = {each.path: each.pattern for each in repository.ignored_files("mod/measure")}
    assert ignored == {
        "model.joblib": "*.joblib", "data/": "data/", "sub/b.h5": "*.h5", "huge.h5": "*.h5",
    }  # fmt: skip
    assert all(".gitignore:" in e.source for e in repository.ignored_files("mod/measure"))
    large = repository.large_files("mod/measure", 1000)
    assert [(each.path, each.size) for each in large] == [("big.csv", 2000)]
    assert repository.ignored_files("mod/other") == []


def test_names_that_git_would_ignore_are_known_before_the_files_are_there(repository):
    (repository.top / ".gitignore").write_text("*.h5\n!keep.h5\ndata/\n")
    names = ["run.py", "a.h5", "keep.h5", "data/x.csv", ":(top)a.h5", "sub/é.h5"]
    ignored = repository.ignored_names("mod/measure", names)
    assert [each.path for each in ignored] == ["a.h5", "data/x.csv", ":(top)a.h5", "sub/é.h5"]
    assert ignored[1].source == ".gitignore:3"
    assert repository.ignored_names("mod/measure", []) == []
    write(repository, **{name: b"1" for name in names if not name.startswith("data")})
    found = {each.path for each in repository.ignored_files("mod/measure")}
    assert found == {"a.h5", ":(top)a.h5", "sub/é.h5"}
