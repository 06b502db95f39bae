"""The methods repository under many hands at once, and under kill -9 at every step."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pm_kernel.errors import Conflict
from pm_kernel.repository import MethodsRepository

from .repository_harness import git

pytestmark = pytest.mark.usefixtures("no_settings_of_this_machine")

RUN = b"def run(output_dir):\n    pass\n"

#: One registration, as the registering command does it, without its database.
REGISTER = """
import sys
from pathlib import Path
from pm_kernel.repository import MethodsRepository

folder, method, count, hold = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4]
repository = MethodsRepository(folder)
for _ in range(count):
    with repository.lock(method):
        snapshot = repository.snapshot("mod", method)
        version = repository.next_version(method)
        module = b"[module]\\n"
        commit = repository.commit_method(snapshot, version, f"by {hold}", module_file=module)
        repository.confirm(commit)
        print(commit.tag, commit.commit, *commit.notices)
"""

#: Dies in place of one file operation.
DIE_AT = """
import os, signal, sys
from pathlib import Path

target, kind = sys.argv[5], sys.argv[6]
def deadly(original):
    def call(*arguments, **keywords):
        if kind == "after":
            original(*arguments, **keywords)
        if any(target in str(each) for each in arguments):
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **keywords) if kind == "before" else None
    return call
if target == "index.lock":
    os.link = deadly(os.link)
else:
    Path.rename = deadly(Path.rename)
    target = "index"
"""

#: Stands in for git: writes down what is run, and kills the caller instead of the command of a
#: given number.
GIT = """#!/bin/sh
n=$(cat "{folder}/count" 2>/dev/null || echo 0)
n=$((n + 1))
echo $n > "{folder}/count"
echo "${{GIT_INDEX_FILE:-theirs}} $*" >> "{folder}/commands"
if [ "$n" = "$(cat "{folder}/deadly" 2>/dev/null)" ]; then
    kill -9 $PPID
    exit 1
fi
exec {git} "$@"
"""


def start(folder: Path, method: str, count: int, *more: str, code: str = "", path: str = ""):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    if path:
        environment["PATH"] = f"{path}{os.pathsep}{environment['PATH']}"
    return subprocess.Popen(
        [sys.executable, "-c", code + REGISTER, str(folder), method, str(count), "x", *more],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write(repository: MethodsRepository, method: str, text: str) -> None:
    folder = repository.folder / "mod" / method
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.py").write_bytes(RUN + f"# {text}\n".encode())
    (repository.folder / "mod" / "module.toml").write_bytes(b"[module]\n")


def leftovers(repository: MethodsRepository) -> list[str]:
    folder = repository.folder / ".git"
    locks = [path.name for path in folder.rglob("*.lock") if path.parent.name != "locks"]
    copies = [path.name for path in (folder / "pm").glob("index-*")]
    notes = [path.name for path in (folder / "pm" / "pending").glob("*")]
    return sorted([*locks, *copies, *notes])


def test_sixteen_processes_record_the_same_and_different_methods_at_once(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    methods = [f"m{number}" for number in range(8)]
    for method in (*methods, "shared"):
        write(repository, method, "1")
    (top / "theirs.txt").write_text("1")
    git(top, "add", "theirs.txt")

    processes = [start(top, method, 2) for method in methods]
    processes += [start(top, "shared", 2) for _ in range(8)]
    # And a person who goes on working there meanwhile.
    finished = threading.Event()
    person = threading.Thread(target=work_on, args=(top, finished))
    person.start()
    try:
        answers = [process.communicate(timeout=240) for process in processes]
    finally:
        finished.set()
        person.join()

    assert [
        error for process, (_, error) in zip(processes, answers, strict=True) if process.returncode
    ] == []
    tags = {line.split()[0] for out, _ in answers for line in out.splitlines()}
    expected = {f"{m}/v{v}" for m in methods for v in (1, 2)} | {
        f"shared/v{v}" for v in range(1, 17)
    }
    assert tags == expected == set(repository.tags())
    assert repository.repair().unconfirmed == ()
    assert repository.verify() == []
    assert leftovers(repository) == []
    assert git(top, "log", "--merges", "--oneline") == ""
    assert len(git(top, "log", "--oneline").splitlines()) == 1 + 32
    for version in repository.versions():
        changed = set(git(top, "show", "--format=", "--name-only", version.commit).split())
        assert changed <= {f"mod/{version.method}/run.py", "mod/module.toml"}
    status = git(top, "status", "--porcelain", "--untracked-files=all").splitlines()
    assert status == ["A  staged-last.txt", "A  theirs.txt"]


def work_on(top: Path, finished: threading.Event) -> None:
    """Stage a file again and again; where the index is locked, a person tries again."""
    number = 0
    while not finished.wait(0.05):
        number += 1
        (top / "staged-last.txt").write_text(str(number))
        subprocess.run(["git", "add", "staged-last.txt"], cwd=top, capture_output=True, check=False)
    git(top, "add", "staged-last.txt")


def fake_git(folder: Path) -> Path:
    folder.mkdir()
    real = shutil.which("git")
    script = folder / "git"
    script.write_text(GIT.format(folder=folder, git=real))
    script.chmod(0o755)
    return folder


def test_a_kill_at_any_step_leaves_nothing_locked_and_the_next_command_repairs(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    (top / "theirs.txt").write_text("1")
    git(top, "add", "theirs.txt")
    fake = fake_git(tmp_path / "fake")
    outcomes = set()
    step = 0
    while True:
        step += 1
        write(repository, "measure", f"step {step}")
        before = set(repository.tags())
        (fake / "count").write_text("0")
        (fake / "deadly").write_text(str(step))
        process = start(top, "measure", 1, path=str(fake))
        out, error = process.communicate(timeout=60)
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, error
        # A person is not locked out, and finds their file staged as it was.
        (top / f"person-{step}.txt").write_text("1")
        git(top, "add", f"person-{step}.txt")
        assert (
            git(top, "diff", "--cached", "--name-only", "--", "theirs.txt").strip() == "theirs.txt"
        )

        found = repository.repair()
        made = set(repository.tags()) - before
        assert {version.tag for version in found.unconfirmed} == made
        for version in found.unconfirmed:
            repository.confirm(version)
        assert leftovers(repository) == []
        assert repository.verify() == []
        status = git(top, "status", "--porcelain", "--untracked-files=all")
        assert ("mod/" in status) == (not made), status
        outcomes.add(bool(made))
        assert step < 100
    assert outcomes == {True, False}
    assert out.startswith("measure/v")
    assert step > 10


def test_no_command_of_git_ever_writes_into_the_index_of_others(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    fake = fake_git(tmp_path / "fake")
    write(repository, "measure", "1")
    process = start(repository.folder, "measure", 2, path=str(fake))
    assert process.communicate(timeout=60)
    assert process.returncode == 0
    commands = (fake / "commands").read_text().splitlines()
    writing = [line for line in commands if " update-index " in line or " read-tree " in line]
    assert writing
    assert [line for line in writing if line.startswith("theirs")] == []
    assert not any(word in line for line in commands for word in (" add ", " commit ", " reset "))


@pytest.mark.parametrize(
    ("target", "kind"),
    [("index.lock", "before"), ("index.lock", "after"), ("rename", "before"), ("rename", "after")],
)
def test_a_kill_while_the_index_is_exchanged_is_repaired(tmp_path, target, kind):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    (top / "theirs.txt").write_text("1")
    git(top, "add", "theirs.txt")
    write(repository, "measure", "1")
    process = start(top, "measure", 1, target, kind, code=DIE_AT)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    lock = top / ".git" / "index.lock"
    assert lock.exists() == ((target, kind) in {("index.lock", "after"), ("rename", "before")})

    found = MethodsRepository(top).repair()
    assert [version.tag for version in found.unconfirmed] == ["measure/v1"]
    repository.confirm(found.unconfirmed[0])
    assert leftovers(repository) == []
    assert git(top, "status", "--porcelain", "--untracked-files=all") == "A  theirs.txt\n"
    assert repository.repair().unconfirmed == ()


def test_a_lock_of_somebody_else_is_waited_for_named_and_never_removed(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    lock = top / ".git" / "index.lock"
    lock.write_text("somebody edits")
    commit = repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
    assert "index.lock" in commit.notices[0]
    repository.confirm(commit)
    assert lock.read_text() == "somebody edits"
    assert "measure/v1" in repository.tags()
    # A staged removal, as git shows it as long as the index is behind.
    assert "D  mod/measure/run.py" in git(top, "status", "--porcelain")
    lock.unlink()
    assert repository.repair().unconfirmed == ()
    assert git(top, "status", "--porcelain") == "?? mod/module.toml\n"
    assert leftovers(repository) == []


def test_a_registration_under_way_is_left_alone(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    write(repository, "measure", "1")
    with repository.lock("measure"):
        repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
        assert repository.repair().unconfirmed == ()
        with pytest.raises(Conflict, match="measure"), repository.lock("measure", seconds=0.1):
            pass
    assert [version.tag for version in repository.repair().unconfirmed] == ["measure/v1"]


def test_a_commit_without_its_tag_gets_it_and_a_tag_without_its_branch_too(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    commit = repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
    git(top, "tag", "-d", "measure/v1")
    assert "has no tag" in repository.verify()[0]
    assert repository.repair().tagged == ("measure/v1",)
    git(top, "update-ref", "refs/heads/main", f"{commit.commit}^")
    repository.repair()
    assert git(top, "rev-parse", "main").strip() == commit.commit
    assert git(top, "status", "--porcelain") == "?? mod/module.toml\n"


def test_a_version_outside_the_history_of_main_is_noticed_and_stays_usable(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    commit = repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
    repository.confirm(commit)
    git(top, "commit", "-q", "--amend", "-m", "rewritten")
    assert "not in the history" in repository.verify()[0]
    assert [version.commit for version in repository.versions()] == [commit.commit]
    repository.export("measure/v1", "mod", "measure", tmp_path / "out")
    assert (tmp_path / "out" / "run.py").exists()


def test_a_branch_that_stays_locked_is_named_and_nothing_is_recorded(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    lock = top / ".git" / "refs" / "heads" / "main.lock"
    lock.touch()
    snapshot = repository.snapshot("mod", "measure")
    with pytest.raises(Exception, match=r"main\.lock") as caught:
        repository.commit_method(snapshot, 1, "", seconds=0.5)
    assert "rm " in str(caught.value)
    lock.unlink()
    assert repository.tags() == {}
    assert leftovers(repository) == []
    assert repository.commit_method(snapshot, 1, "").tag == "measure/v1"


def test_what_a_person_stages_while_the_index_is_exchanged_is_kept(tmp_path, monkeypatch):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    (top / "theirs.txt").write_text("1")
    link = os.link
    calls = []

    def later(source, target):
        calls.append(target)
        if len(calls) == 1:
            git(top, "add", "theirs.txt")
        link(source, target)

    monkeypatch.setattr(os, "link", later)
    repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
    assert len(calls) == 2
    assert git(top, "status", "--porcelain") == "A  theirs.txt\n?? mod/module.toml\n"


def test_the_next_registration_removes_a_lock_that_a_killed_one_left(tmp_path):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    process = start(top, "measure", 1, "index.lock", "after", code=DIE_AT)
    process.communicate(timeout=60)
    assert (top / ".git" / "index.lock").exists()
    write(repository, "measure", "2")
    commit = repository.commit_method(
        repository.snapshot("mod", "measure"), 2, "", module_file=b"[module]\n"
    )
    assert commit.notices == ()
    assert git(top, "status", "--porcelain") == ""


def test_a_change_in_the_same_moment_as_the_index_is_still_seen(tmp_path):
    """git reads a file again where it is not older than the index: a copy must not be newer."""
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    git(top, "config", "core.trustctime", "false")
    write(repository, "measure", "1")
    theirs = top / "theirs.txt"
    theirs.write_text("1")
    git(top, "add", "theirs.txt")
    git(top, "commit", "-q", "-m", "theirs")
    moment = theirs.stat().st_mtime_ns
    os.utime(top / ".git" / "index", ns=(moment, moment))
    theirs.write_text("2")
    os.utime(theirs, ns=(moment, moment))
    repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
    assert " M theirs.txt" in git(top, "status", "--porcelain")


def test_where_files_cannot_be_linked_the_index_is_exchanged_all_the_same(tmp_path, monkeypatch):
    def refused(source, target):
        raise PermissionError(1, "Operation not permitted")

    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    monkeypatch.setattr(os, "link", refused)
    (top / "theirs.txt").write_text("1")
    git(top, "add", "theirs.txt")
    repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
    assert git(top, "status", "--porcelain") == "A  theirs.txt\n?? mod/module.toml\n"
    assert [name for name in leftovers(repository) if "lock" in name or "index" in name] == []


def test_an_interrupt_while_the_lock_is_held_gives_it_back(tmp_path, monkeypatch):
    repository = MethodsRepository.init(tmp_path / "methods")
    top = repository.folder
    write(repository, "measure", "1")
    link = os.link

    def interrupted(source, target):
        link(source, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", interrupted)
    with pytest.raises(KeyboardInterrupt):
        repository.commit_method(repository.snapshot("mod", "measure"), 1, "")
    assert not (top / ".git" / "index.lock").exists()
    monkeypatch.undo()
    assert [version.tag for version in repository.repair().unconfirmed] == ["measure/v1"]
