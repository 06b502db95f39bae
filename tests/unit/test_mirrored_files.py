"""Files that repeat rows change with them, and go only when the row has gone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pm_kernel.artifacts.layout import HIGHEST, RunStore, numbers_in
from pm_kernel.artifacts.mirror import changes, read, write
from pm_kernel.backup import numbers
from pm_kernel.errors import StoreUnavailable


def test_a_file_is_removed_when_all_has_gone_well_and_not_before(tmp_path: Path) -> None:
    file, theirs = tmp_path / "a.json", tmp_path / "b.json"
    for each in (file, theirs):
        write(tmp_path, each, {"name": each.name})

    def fail() -> None:
        with changes(tmp_path) as changed:
            changed.remove(file)
            changed.forget(theirs)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert read(file) == {"name": "a.json"}
    with changes(tmp_path) as changed:
        changed.remove(file)
        changed.forget(theirs)
        changed.forget(tmp_path / "none" / "c.json")
        # Killed here, both would be there still, and so would their rows.
        assert file.exists()
        assert theirs.exists()
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_else_wrote_meanwhile_is_not_undone(tmp_path: Path) -> None:
    ours, theirs, alike = (tmp_path / f"{name}.json" for name in "abc")
    new, new_alike = tmp_path / "new" / "a.json", tmp_path / "new" / "b.json"
    for each in (ours, theirs, alike):
        write(tmp_path, each, {"is": "before"})

    def fail() -> None:
        with changes(tmp_path) as changed:
            for each in (ours, theirs, alike, new, new_alike):
                changed.write(each, {"is": "refused"})
            changed.write(ours, {"is": "refused again"})
            # The lock of the row is gone where its transaction failed: they had it next.
            write(tmp_path, theirs, {"is": "theirs"})
            for each in (alike, new_alike):
                write(tmp_path, each, {"is": "refused"})
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    found = [read(each) for each in (ours, theirs, alike, new, new_alike)]
    assert found == [{"is": "before"}, {"is": "theirs"}, {"is": "refused"}, None, {"is": "refused"}]


def test_a_write_that_failed_is_undone_only_where_it_was_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwritten, written = tmp_path / "a.json", tmp_path / "b.json"
    for each in (unwritten, written):
        write(tmp_path, each, {"is": "before"})
    rename = Path.replace

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def without_answer(draft: Path, file: Path) -> None:
        # As a network file system does: it is carried out, and nobody hears of it.
        rename(draft, file)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail() -> None:
        with changes(tmp_path) as changed:
            with monkeypatch.context() as disk:
                disk.setattr(os, "fsync", full)
                with pytest.raises(StoreUnavailable):
                    changed.write(unwritten, {"is": "refused"})
            write(tmp_path, unwritten, {"is": "theirs"})
            with monkeypatch.context() as disk:
                disk.setattr(Path, "replace", without_answer)
                with pytest.raises(StoreUnavailable):
                    changed.write(written, {"is": "refused"})
            assert read(written) == {"is": "refused"}
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [read(each) for each in (unwritten, written)] == [{"is": "theirs"}, {"is": "before"}]
    assert sorted(tmp_path.iterdir()) == [unwritten, written]


def test_a_name_that_is_no_number_of_ours_raises_no_number(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    for name in ("00000007", str(10**20), "plans/3", f"plans/{HIGHEST + 1}", "plans/x", "plans/³"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "5.json").touch()
    assert numbers_in(tmp_path / "plans") == [3, HIGHEST + 1]
    assert numbers_in(tmp_path / "none") == []
    assert numbers.run_numbers(store) == [7]
    assert numbers.highest_ids(store) == {
        "runs": 7,
        "execution_plans": 3,
        "workflow_templates": 5,
    }
