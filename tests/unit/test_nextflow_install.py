"""Fetching Nextflow once, whole, and from where one says; here it is three small files."""

from __future__ import annotations

import hashlib
import http.server
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.install import fetched, install, installed
from pm_kernel.nextflow.jars import Jar, pinned_jars


def a_jar(name: str) -> Jar:
    content = name.encode() * 10
    return Jar("org.example", name, "1.0", len(content), hashlib.sha256(content).hexdigest())


JARS = tuple(a_jar(name) for name in ("alpha", "beta", "gamma"))


def write(jar: Jar, folder: Path, content: bytes | None = None) -> Path:
    folder.mkdir(parents=True)
    path = folder / "file"
    path.write_bytes(jar.artifact.encode() * 10 if content is None else content)
    return path


def breaking(jar: Jar, folder: Path) -> Path:
    """A fetcher whose second jar cannot be had."""
    if jar.artifact == "beta":
        raise OSError("https://user:password@example.org refused")
    return write(jar, folder)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def test_the_committed_list_is_complete_and_exact() -> None:
    jars = pinned_jars()
    assert len(jars) == 57
    assert len({jar.name for jar in jars}) == 57
    assert {jar.artifact for jar in jars} >= {"nextflow", "nf-commons", "nf-httpfs", "nf-lang"}
    assert all(len(jar.sha256) == 64 and jar.size_bytes > 0 for jar in jars)


def test_what_was_fetched_is_used_and_not_fetched_again(tmp_path: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    told: list[tuple[int, int]] = [fetched(tmp_path, JARS)]

    def progress(done: int, total: int, name: str) -> None:
        seen.append((done, total, name))
        told.append(fetched(tmp_path, JARS))

    folder = install(tmp_path, jars=JARS, fetch=write, progress=progress)
    # Somebody who waits is told as many as there are by then, and all of them at the end.
    assert told[0] == (0, 3)
    assert all(1 <= done <= 3 for done, _ in told[1:]), told
    assert fetched(tmp_path, JARS) == (3, 3)
    assert sorted(path.name for path in (folder / "lib").iterdir()) == [j.name for j in JARS]
    assert [(done, total) for done, total, _ in seen] == [(1, 3), (2, 3), (3, 3)]
    assert installed(tmp_path, JARS) == folder

    def never(jar: Jar, folder: Path) -> Path:
        raise AssertionError("fetched again")

    assert install(tmp_path, jars=JARS, fetch=never) == folder


def test_a_fetch_that_breaks_off_leaves_nothing_that_could_be_used(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"beta-1\.0\.jar: OSError") as caught:
        install(tmp_path, jars=JARS, fetch=breaking)
    assert "password" not in str(caught.value)
    assert installed(tmp_path, JARS) is None
    assert [path.name for path in (tmp_path / "nextflow").iterdir()] == ["lock"]
    assert installed(tmp_path, JARS) is None
    assert install(tmp_path, jars=JARS, fetch=write).is_dir()


def test_a_jar_with_another_content_is_refused(tmp_path: Path) -> None:
    def forged(jar: Jar, folder: Path) -> Path:
        return write(jar, folder, b"x" * jar.size_bytes)

    with pytest.raises(EngineUnavailable, match="its sha256 is"):
        install(tmp_path, jars=JARS, fetch=forged)
    assert installed(tmp_path, JARS) is None


def test_a_transfer_that_was_cut_off_is_tried_again(tmp_path: Path) -> None:
    tries: list[str] = []

    def at_first_short(jar: Jar, folder: Path) -> Path:
        tries.append(jar.artifact)
        short = b"x" if tries.count(jar.artifact) == 1 else None
        return write(jar, folder, short)

    install(tmp_path, jars=JARS, fetch=at_first_short)
    assert sorted(tries) == ["alpha", "alpha", "beta", "beta", "gamma", "gamma"]


def test_what_a_killed_fetch_left_behind_is_cleared_away(tmp_path: Path) -> None:
    left = tmp_path / "nextflow" / "fetching-1234" / "whole" / "lib"
    left.mkdir(parents=True)
    folder = install(tmp_path, jars=JARS, fetch=write)
    assert {path.name for path in folder.parent.iterdir()} == {"lock", folder.name}


@pytest.mark.parametrize("damage", ["removed", "shortened"])
def test_a_damaged_folder_is_fetched_anew(tmp_path: Path, damage: str) -> None:
    folder = install(tmp_path, jars=JARS, fetch=write)
    jar = folder / "lib" / JARS[1].name
    if damage == "removed":
        jar.unlink()
    else:
        jar.write_bytes(b"")
    assert installed(tmp_path, JARS) is None
    install(tmp_path, jars=JARS, fetch=write)
    assert installed(tmp_path, JARS) == folder


def test_of_several_that_come_at_once_one_fetches_and_the_others_wait(tmp_path: Path) -> None:
    started, go = threading.Event(), threading.Event()
    fetched: list[str] = []

    def slowly(jar: Jar, folder: Path) -> Path:
        started.set()
        assert go.wait(30)
        fetched.append(jar.artifact)
        return write(jar, folder)

    results: list[Path] = []
    threads = [
        threading.Thread(target=lambda: results.append(install(tmp_path, jars=JARS, fetch=slowly)))
        for _ in range(3)
    ]
    threads[0].start()
    assert started.wait(30)
    for thread in threads[1:]:
        thread.start()
    go.set()
    for thread in threads:
        thread.join(30)
    assert len(set(results)) == 1
    assert sorted(fetched) == ["alpha", "beta", "gamma"]


def test_another_list_of_jars_is_another_folder(tmp_path: Path) -> None:
    assert install(tmp_path, jars=JARS, fetch=write) != install(
        tmp_path, jars=JARS[:2], fetch=write
    )


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineUnavailable, match=r"cannot be kept in .*file") as caught:
        install(tmp_path / "file", jars=JARS, fetch=write)
    assert "PM_CACHE_DIR" in str(caught.value)


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """A Maven repository on this machine."""
    root = tmp_path / "repository"
    for jar in JARS:
        folder = root / "org" / "example" / jar.artifact / "1.0"
        folder.mkdir(parents=True)
        (folder / jar.name).write_bytes(jar.artifact.encode() * 10)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_mirror_is_asked_in_place_of_maven_central(
    tmp_path: Path, mirror: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = install(tmp_path / "cache", jars=JARS, mirror=mirror)
    assert installed(tmp_path / "cache", JARS) == folder
    # Nothing of a person's own Maven repository is read or written.
    assert not (tmp_path / "home").exists()


def test_a_mirror_without_the_jar_is_an_answer(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(EngineUnavailable, match="the repository does not have it"):
        install(tmp_path / "cache", jars=(a_jar("delta"),), mirror=mirror)
