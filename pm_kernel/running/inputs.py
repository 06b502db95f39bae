"""The inputs of a run: checked before use, handed over, looked at again afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore, own_draft
from pm_kernel.artifacts.manifest import (
    UNLISTED,
    FileEntry,
    check_entries,
    hash_file,
    read_manifest,
)
from pm_kernel.artifacts.outputs import base_folder, checksum_of, select
from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import IntegrityError, InvalidInput, StoreUnavailable

Inputs = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Altered:
    """An upstream artifact that is not what was recorded."""

    run_id: int
    file: str
    expected: str
    actual: str

    @property
    def message(self) -> str:
        """What a person needs to know and can do."""
        return (
            f"Upstream run {self.run_id} was altered after it was recorded: {self.file}\n"
            f"  expected sha256:{self.expected}\n  found    {self.actual}\n"
            f"  Re-run that step to have clean data again."
        )


def check(inputs: Inputs) -> list[Altered]:
    """Compare every input that comes from a run with that run's manifest.

    Raises StoreUnavailable where the run store of an input is not there at all, or cannot be read:
    what nobody has seen is not altered.
    """
    altered: list[Altered] = []
    for entry in inputs.values():
        for item in entry["items"]:
            if item["kind"] == "run" and item.get("path") is not None:
                altered += _check_item(item)
    return altered


def changed_copies(inputs: Inputs, entries: Iterable[FileEntry]) -> list[str]:
    """Return the copied input files that a method changed in its run directory."""
    found = {entry.path: entry.sha256 for entry in entries}
    changed = []
    for name, entry in inputs.items():
        for ordinal, item in enumerate(entry["items"]):
            if item["kind"] == "file":
                path = copied_to(name, ordinal, item, gather=entry["gather"])
                if found.get(path) != item["checksum"]:
                    changed.append(path)
    return changed


def _check_item(item: dict[str, Any]) -> list[Altered]:
    run_id, path, checksum = item["run_id"], item["path"], item["checksum"]
    folder = source_folder(item)
    if not folder.parent.is_dir():
        raise StoreUnavailable(
            f"Run {run_id} is in another run store, {folder.parent}, which is not there.",
            hint="Mount it here under the same path, or plan with runs of this workspace.",
        )
    try:
        manifest = read_manifest(folder)
    except IntegrityError as error:
        return [Altered(run_id, f"{folder.name}/{path}", checksum, str(error.message))]
    entries = select(path, manifest.values())
    recorded = checksum_of(path, entries)
    if recorded != checksum:
        return [Altered(run_id, ".manifest.json", checksum, f"sha256:{recorded} in the manifest")]
    differences = [
        Altered(
            run_id,
            difference.path,
            str(difference.expected),
            "it is missing" if difference.actual is None else f"sha256:{difference.actual}",
        )
        for difference in check_entries(folder, entries)
    ]
    return differences + [
        Altered(run_id, each, "nothing", "a file that is new")
        for each in _new_files(folder, base_folder(path), manifest)
    ]


def _new_files(folder: Path, base: str, manifest: dict[str, FileEntry]) -> list[str]:
    """Return what lies in a folder that a method is given, and was not there when it was sealed."""
    found = []
    for inner, folders, files in os.walk(folder / base):
        where = Path(inner).relative_to(folder)
        if where == Path():
            folders[:] = [name for name in folders if name not in UNLISTED]
        for name in files:
            path = (where / name).as_posix()
            if path not in manifest and path not in UNLISTED:
                found.append(path)
    return found


def source_folder(item: dict[str, Any]) -> Path:
    """Return the run directory that an input comes from."""
    return RunStore(Path(item["root"]) / ".runs").final(item["run_id"])


def hand_over(inputs: Inputs, run_folder: Path, required: dict[str, bool]) -> Inputs:
    """Return the inputs as the method gets them; files are copied into the run directory.

    Raises InvalidInput when a file is missing or is not the one that was planned.
    """
    handed: Inputs = {}
    for name, entry in inputs.items():
        items, gather = entry["items"], entry["gather"]
        if not items and not gather:
            if required.get(name, True):
                raise InvalidInput(f"Input {name!r} has no value.")
            continue
        values = [
            _hand_item(name, ordinal, item, run_folder, gather=gather)
            for ordinal, item in enumerate(items)
        ]
        if not gather:
            handed[name] = values[0]
            continue
        labels = [item.get("label") or "" for item in items]
        if all(value["kind"] == "path" for value in values):
            paths = [value["value"] for value in values]
            handed[name] = {"kind": "paths", "value": paths, "labels": labels}
        else:
            texts = ", ".join(value["text"] for value in values)
            handed[name] = {"kind": "value", "text": f"[{texts}]", "labels": labels}
    return handed


def _hand_item(
    name: str, ordinal: int, item: dict[str, Any], run_folder: Path, *, gather: bool
) -> dict[str, Any]:
    if item["kind"] == "value":
        return {"kind": "value", "text": item["text"]}
    if item["kind"] == "run":
        return {"kind": "path", "value": str(_on_disk(item))}
    target = run_folder / copied_to(name, ordinal, item, gather=gather)
    inner = run_folder
    for part in target.parent.relative_to(run_folder).parts:
        # Step by step: the run directory itself is never made again once somebody ended the run.
        inner /= part
        inner.mkdir(exist_ok=True)
    _copy_file(name, item, run_folder, target)
    return {"kind": "path", "value": str(target)}


def _on_disk(item: dict[str, Any]) -> Path:
    folder, path = source_folder(item), base_folder(item["path"])
    if not (folder / path).exists():
        # A name that is no valid text: the database has its escaped form.
        depth = path.count("/") + 1
        for known in read_manifest(folder):
            name = "/".join(known.split("/")[:depth])
            if storable_text(name) == path:
                return folder / name
    return folder / path


def copied_to(name: str, ordinal: int, item: dict[str, Any], *, gather: bool) -> str:
    """Return where in the run directory the copy of an input file lies."""
    # Declared input names are identifiers; this holds even for one that is not.
    folder = "".join(c if c.isalnum() or c in "_-" else "_" for c in name) or "_"
    member = f"{ordinal}/" if gather else ""
    return f"inputs/{folder}/{member}{Path(item['path']).name}"


def _copy_file(name: str, item: dict[str, Any], run_folder: Path, target: Path) -> None:
    source = Path(item["path"])
    # Not under its name: a copy that is stopped half-way must not go on in a directory that
    # somebody sealed meanwhile.
    draft = own_draft(run_folder)
    try:
        shutil.copyfile(source, draft)
    except FileNotFoundError as error:
        if error.filename != str(source):
            raise
        raise InvalidInput(
            f"Input {name!r}: the file {source} is gone. Put it back, or plan again with the file "
            "that should be used.",
        ) from error
    except IsADirectoryError as error:
        raise InvalidInput(f"Input {name!r}: {source} is a folder, not a file.") from error
    except PermissionError as error:
        raise InvalidInput(f"Input {name!r}: the file {source} may not be read.") from error
    # The copy is part of the record: a method that changes it in place is told so at once.
    draft.chmod(0o444)
    draft.replace(target)
    found = hash_file(target)
    if found != item["checksum"]:
        raise InvalidInput(
            f"Input {name!r}: the file {source} changed since this run was planned. Put back what "
            "it held then, or make a new plan, which takes it as it is now and reuses the rest."
        )
