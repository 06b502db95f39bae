"""Versions of methods as tagged commits of their folders alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pm_kernel.errors import Conflict, InvalidInput, NotFound

from .repository_harness import RUN, Theirs, git, record, status, write

pytestmark = pytest.mark.usefixtures("no_settings_of_this_machine")


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
