from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.artifacts.layout import RunStore, remove_tree
from pm_kernel.artifacts.manifest import check_entries, hash_file, read_manifest
from pm_kernel.artifacts.outputs import base_folder, collect, select
from pm_kernel.artifacts.seal import hash_run, make_room, read_meta, seal
from pm_kernel.errors import Conflict, IntegrityError, StoreUnavailable

UUID = "0b7e1a52-6c2f-4c58-9d0e-111111111111"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / ".runs")


@pytest.fixture
def partial(store: RunStore) -> Path:
    folder = store.create_partial(UUID)
    (folder / "run.log").write_text("hello\n")
    (folder / "table.csv").write_text("a,b\n1,2\n")
    (folder / "tiles").mkdir()
    for n in range(3):
        (folder / "tiles" / f"{n}.tif").write_bytes(bytes([n]) * 100)
    return folder


def sealed(store: RunStore, partial: Path) -> Path:
    seal(partial, store.final(7), 7, UUID, hash_run(partial), {"uuid": UUID, "status": "completed"})
    return store.final(7)


def test_a_sealed_directory_is_whole_hashed_and_read_only(store: RunStore, partial: Path) -> None:
    folder = sealed(store, partial)
    assert not partial.exists()
    assert folder.name == "00000007"
    manifest = read_manifest(folder)
    assert sorted(manifest) == ["run.log", "table.csv", "tiles/0.tif", "tiles/1.tif", "tiles/2.tif"]
    assert manifest["table.csv"].sha256 == hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    assert not (folder / ".pm").exists()
    modes = {p: os.lstat(p).st_mode & 0o777 for p in [folder, *folder.rglob("*")]}
    assert {m for p, m in modes.items() if p.is_file()} == {0o444}
    assert {m for p, m in modes.items() if p.is_dir()} == {0o555}
    meta = read_meta(folder)
    assert meta is not None
    assert meta["uuid"] == UUID


def test_an_untouched_directory_differs_in_nothing(store: RunStore, partial: Path) -> None:
    folder = sealed(store, partial)
    assert check_entries(folder, read_manifest(folder).values()) == []


def test_a_changed_byte_a_lost_file_and_a_replaced_file_are_found(
    store: RunStore, partial: Path
) -> None:
    folder = sealed(store, partial)
    entries = read_manifest(folder).values()
    (folder / "table.csv").chmod(0o644)
    (folder / "table.csv").write_text("a,b\n1,3\n")
    (folder / "tiles").chmod(0o755)
    (folder / "tiles" / "0.tif").unlink()
    found = {d.path: d.kind for d in check_entries(folder, entries)}
    assert found == {"table.csv": "changed", "tiles/0.tif": "missing"}


def test_a_copied_store_is_read_again_and_found_equal(store: RunStore, partial: Path) -> None:
    folder = sealed(store, partial)
    copy = folder.parent / "copy"
    subprocess.run(["cp", "-r", str(folder), str(copy)], check=True)
    assert check_entries(copy, read_manifest(copy).values()) == []


def test_bytes_with_a_second_name_are_copied_not_adopted(
    store: RunStore, partial: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.bin"
    outside.write_bytes(b"first")
    os.link(outside, partial / "linked.bin")
    folder = sealed(store, partial)
    outside.write_bytes(b"later")
    assert (folder / "linked.bin").read_bytes() == b"first"


def test_hashing_ends_although_somebody_writes_faster_than_it_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "growing"
    content = os.urandom(1_000_000)
    path.write_bytes(content)
    expected = hashlib.sha256(content).hexdigest()

    class Writer:
        """Hashes, and sees to it that the file grows with every look at it."""

        def __init__(self) -> None:
            self._digest = hashlib.new("sha256")

        def update(self, data: bytes) -> None:
            self._digest.update(data)
            with open(path, "ab") as stream:
                stream.write(bytes(2 * len(data)))

        def hexdigest(self) -> str:
            return self._digest.hexdigest()

    monkeypatch.setattr(hashlib, "sha256", Writer)
    assert hash_file(path) == expected
    assert path.stat().st_size > len(content)


def test_a_directory_for_which_there_is_no_space_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_file: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    store = RunStore(tmp_path / ".runs")
    with pytest.raises(StoreUnavailable, match="disk of the run store is full"):
        store.create_partial(UUID)
    assert list((tmp_path / ".runs" / ".partial").iterdir()) == []


def test_a_symlink_is_refused_by_name(partial: Path) -> None:
    (partial / "link").symlink_to("/etc/passwd")
    with pytest.raises(IntegrityError, match="link is not a plain file"):
        hash_run(partial)
    assert "link" not in {e.path for e in hash_run(partial, strict=False)}


def test_a_file_that_vanishes_while_it_is_locked_is_named_and_keeps_no_failed_run_open(
    partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_chmod = os.chmod

    def vanish(path: str, mode: int, **options: Any) -> None:
        # A process of the method removes it just now.
        if str(path).endswith("1.tif"):
            Path(path).unlink(missing_ok=True)
        really_chmod(path, mode, **options)

    monkeypatch.setattr(os, "chmod", vanish)
    with pytest.raises(IntegrityError, match=r"tiles/1\.tif vanished while it was hashed"):
        hash_run(partial)
    (partial / "tiles" / "1.tif").write_bytes(b"again")
    kept = [each.path for each in hash_run(partial, strict=False)]
    assert kept == ["run.log", "table.csv", "tiles/0.tif", "tiles/2.tif"]


def test_a_final_name_is_never_used_twice(store: RunStore, partial: Path) -> None:
    store.final(7).mkdir(parents=True)
    with pytest.raises(IntegrityError, match="belongs to another run"):
        sealed(store, partial)
    assert partial.is_dir()


def test_a_directory_taken_meanwhile_is_a_conflict(store: RunStore, partial: Path) -> None:
    entries = hash_run(partial)
    store.dead(UUID).parent.mkdir(parents=True)

    partial.rename(store.dead(UUID))
    with pytest.raises(Conflict, match="ended by somebody else"):
        seal(partial, store.final(7), 7, UUID, entries, {})
    assert not store.final(7).exists()


@pytest.mark.parametrize("written", [0, 1])
def test_who_was_stopped_while_it_wrote_changes_nothing_that_was_sealed_meanwhile(
    store: RunStore, partial: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    dead = store.dead(UUID)
    dead.parent.mkdir(parents=True)
    entries = hash_run(partial)
    drafts: list[Path] = []
    really_open = os.open

    def opened(path: Path, flags: int, *rest: Any, **options: Any) -> int:
        descriptor = really_open(path, flags, *rest, **options)
        if flags & os.O_CREAT and Path(path).parent == partial / ".pm":
            drafts.append(Path(path))
            if len(drafts) == written + 1:
                # Stopped here, with its file open: meanwhile its run is settled by somebody else.
                partial.rename(dead)
                make_room(dead, UUID)
                meta = {"uuid": UUID, "status": "failed"}
                seal(dead, store.final(7), 7, UUID, hash_run(dead), meta)
        return descriptor

    monkeypatch.setattr(os, "open", opened)
    long = {"uuid": UUID, "status": "completed", "notes": "x" * 10_000}
    with pytest.raises(Conflict, match="ended by somebody else"):
        seal(partial, store.final(7), 7, UUID, entries, long)
    meta = read_meta(store.final(7))
    assert meta is not None
    assert meta["status"] == "failed"
    assert check_entries(store.final(7), read_manifest(store.final(7)).values()) == []


def test_hostile_file_names_survive(store: RunStore, partial: Path) -> None:
    names = ["with space", "quote'\"", "$(rm -rf)", "new\nline", "-dash", "ünï", "back\\slash"]
    for name in names:
        (partial / name).write_text(name)
    (partial / os.fsdecode(b"bad\xff")).write_text("x")
    folder = sealed(store, partial)
    manifest = read_manifest(folder)
    assert {*names, "bad\udcff"} <= set(manifest)
    assert check_entries(folder, manifest.values()) == []
    json.loads((folder / ".manifest.json").read_bytes())


def test_declared_outputs_are_files_folders_and_patterns(partial: Path) -> None:
    declared = {
        "table": {"path": "table.csv", "type": "table"},
        "tiles": {"path": "tiles/", "type": "directory"},
        "first": {"path": "tiles/[01].tif", "type": "image"},
        "plot": {"path": "plot.png", "type": "image", "required": False},
        "model": {"path": "model.bin", "type": "model"},
    }
    outputs, missing = collect(declared, hash_run(partial))
    assert missing == ["model"]
    found = {o.name: (o.path, o.files) for o in outputs}
    assert found == {
        "table": ("table.csv", 1),
        "tiles": ("tiles/", 3),
        "first": ("tiles/[01].tif", 2),
    }
    table = next(o for o in outputs if o.name == "table")
    assert table.checksum == hashlib.sha256(b"a,b\n1,2\n").hexdigest()


def test_what_nobody_declared_is_an_output_too(partial: Path) -> None:
    (partial / "notes.txt").write_text("n")
    outputs, _ = collect({"table": {"path": "table.csv", "type": "table"}}, hash_run(partial))
    assert {o.name: o.declared for o in outputs} == {
        "table": True,
        "notes.txt": False,
        "tiles/": False,
    }


def test_a_pattern_star_stays_in_its_folder(partial: Path) -> None:
    entries = hash_run(partial)
    assert [e.path for e in select("*.tif", entries)] == []
    assert len(select("**/*.tif", entries)) == 3
    assert select("*", entries)[0].path == "table.csv"
    assert base_folder("tiles/*.tif") == "tiles"
    assert base_folder("*.csv") == "."


def test_several_may_remove_a_folder_at_the_same_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for number in range(30):
            folder = tmp_path / str(number)
            for inner in ("a", "b", "a/c"):
                (folder / inner).mkdir(parents=True, exist_ok=True)
                for file in range(5):
                    (folder / inner / str(file)).touch()
            assert list(pool.map(remove_tree, [folder] * 4)) == [None] * 4
            assert not folder.exists()


def test_a_read_only_tree_can_be_removed(store: RunStore, partial: Path) -> None:
    folder = sealed(store, partial)
    remove_tree(folder)
    assert not folder.exists()
