"""What is read from the methods repository: exports, histories, ignored files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pm_kernel.errors import Conflict, EngineUnavailable, IntegrityError, NotFound
from pm_kernel.repository import MethodsRepository

from .repository_harness import RUN, git, record, write

pytestmark = pytest.mark.usefixtures("no_settings_of_this_machine")


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
