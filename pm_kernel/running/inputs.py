"""The inputs of a run: checked before use, handed over, looked at again afterwards."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.artifacts.manifest import check_entries, hash_file, read_manifest
from pm_kernel.artifacts.outputs import base_folder, checksum_of, is_pattern, select
from pm_kernel.errors import IntegrityError, InvalidInput


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


def check(inputs: dict[str, dict[str, Any]]) -> list[Altered]:
    """Compare every input that comes from a run with that run's manifest."""
    altered: list[Altered] = []
    for entry in inputs.values():
        for item in entry["items"]:
            if item["kind"] == "run" and item.get("path") is not None:
                altered += _check_item(item)
    return altered


def _check_item(item: dict[str, Any]) -> list[Altered]:
    run_id, path, checksum = item["run_id"], item["path"], item["checksum"]
    folder = source_folder(item)
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
    base = folder / base_folder(path)
    if not is_pattern(path) and base.is_dir():
        known = {entry.path for entry in entries}
        for inner, _folders, files in os.walk(base):
            for name in files:
                relative = (Path(inner) / name).relative_to(folder).as_posix()
                if relative not in known:
                    differences.append(Altered(run_id, relative, "nothing", "a file that is new"))
    return differences


def source_folder(item: dict[str, Any]) -> Path:
    """Return the run directory that an input comes from."""
    return RunStore(Path(item["root"]) / ".runs").final(item["run_id"])


def hand_over(
    inputs: dict[str, dict[str, Any]], run_folder: Path, required: dict[str, bool]
) -> dict[str, dict[str, Any]]:
    """Return the inputs as the method gets them; files are copied into the run directory.

    Raises InvalidInput when a file is missing or is not the one that was planned.
    """
    handed: dict[str, dict[str, Any]] = {}
    for name, entry in inputs.items():
        items = entry["items"]
        if not items and not entry["gather"]:
            if required.get(name, True):
                raise InvalidInput(f"Input {name!r} has no value.")
            continue
        values = [_hand_item(name, n, item, run_folder) for n, item in enumerate(items)]
        if not entry["gather"]:
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


def _hand_item(name: str, ordinal: int, item: dict[str, Any], run_folder: Path) -> dict[str, Any]:
    if item["kind"] == "value":
        return {"kind": "value", "text": item["text"]}
    if item["kind"] == "run":
        path = base_folder(item["path"])
        return {"kind": "path", "value": str(source_folder(item) / path)}
    return {"kind": "path", "value": str(_copy_file(name, ordinal, item, run_folder))}


def _copy_file(name: str, ordinal: int, item: dict[str, Any], run_folder: Path) -> Path:
    source = Path(item["path"])
    folder = run_folder / "inputs" / _folder_name(name)
    if ordinal:
        folder /= str(ordinal)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise InvalidInput(
            f"Input {name!r}: the file {source} is gone.",
            hint="Put it back, or plan again with the file that should be used.",
        ) from error
    except IsADirectoryError as error:
        raise InvalidInput(f"Input {name!r}: {source} is a folder, not a file.") from error
    except PermissionError as error:
        raise InvalidInput(f"Input {name!r}: the file {source} may not be read.") from error
    found = hash_file(target)
    if found != item["checksum"]:
        raise InvalidInput(
            f"Input {name!r}: the file {source} changed since this run was planned.",
            hint="Plan again, so that the record says which content was used.",
        )
    return target


def _folder_name(name: str) -> str:
    # Declared input names are identifiers; this holds even for one that is not.
    return "".join(c if c.isalnum() or c in "_-" else "_" for c in name) or "_"
