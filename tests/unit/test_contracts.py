from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import csv, feather, ipc, parquet

from pm_kernel.artifacts.manifest import FileEntry
from pm_kernel.artifacts.outputs import Output
from pm_kernel.contracts import broken

CELLS = [
    ("cells", "cell_id", "str", True),
    ("cells", "quality", "float", True),
    ("cells", "note", "str", False),
]


def check(
    folder: Path, path: str, contract: list[tuple[str, str, str, bool]], kind: str = "table"
) -> str | None:
    entries = [
        FileEntry(p.relative_to(folder).as_posix(), "0" * 64, 1, 0, 0, 0)
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    ]
    outputs = [Output("cells", path, kind, 1, 1, "0" * 64, True)]
    return broken(folder, contract, {"cells"}, outputs, entries)


def write_parquet(table: pa.Table, path: Path) -> None:
    parquet.write_table(table, path)


def write_feather(table: pa.Table, path: Path) -> None:
    feather.write_feather(table, path)


def write_stream(table: pa.Table, path: Path) -> None:
    with ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table)


def write_csv(table: pa.Table, path: Path) -> None:
    csv.write_csv(table, path)


FORMATS = [
    (write_parquet, "cells.parquet"),
    (write_feather, "cells.feather"),
    (write_stream, "cells.arrow"),
    (write_csv, "cells.csv"),
]


@pytest.mark.parametrize(("write", "name"), FORMATS)
def test_a_table_that_keeps_its_contract_passes(
    tmp_path: Path, write: Callable[[pa.Table, Path], None], name: str
) -> None:
    write(
        pa.table({"cell_id": ["a", "b"], "quality": [0.5, None], "more": [1, 2]}), tmp_path / name
    )
    assert check(tmp_path, name, CELLS) is None


@pytest.mark.parametrize(("write", "name"), FORMATS)
def test_a_missing_column_is_named_with_what_is_there(
    tmp_path: Path, write: Callable[[pa.Table, Path], None], name: str
) -> None:
    write(pa.table({"id": ["a"], "quality": [0.5]}), tmp_path / name)
    assert check(tmp_path, name, CELLS) == (
        f"The contract of its module is broken: {name} has no column 'cell_id'; "
        "it has: id, quality."
    )


@pytest.mark.parametrize(("write", "name"), FORMATS)
def test_a_column_of_another_type_is_named(
    tmp_path: Path, write: Callable[[pa.Table, Path], None], name: str
) -> None:
    write(pa.table({"cell_id": ["a", "b"], "quality": ["0.5", "high"]}), tmp_path / name)
    told = check(tmp_path, name, CELLS)
    assert told is not None
    assert f"column 'quality' of {name} should be float" in told
    if name.endswith(".csv"):
        assert "high" in told


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("str", pa.array(["a"], pa.large_string())),
        ("str", pa.array(["a"], pa.string_view())),
        ("str", pa.array(["a"]).dictionary_encode()),
        ("str", pa.nulls(1)),
        ("int", pa.array([1], pa.uint8())),
        ("float", pa.array([1], pa.int32())),
        ("float", pa.array([1.0], pa.float16())),
        ("float", pa.array([1], pa.decimal128(5, 2))),
        ("bool", pa.array([True])),
        ("datetime", pa.array([datetime(2026, 1, 1, tzinfo=UTC)])),
        ("datetime", pa.array([0], pa.date32())),
        ("any", pa.array([[1, 2]])),
    ],
)
def test_types_that_mean_the_same_are_the_same(tmp_path: Path, kind: str, values: Any) -> None:
    parquet.write_table(pa.table({"x": values}), tmp_path / "cells.parquet", version="2.6")
    assert check(tmp_path, "cells.parquet", [("cells", "x", kind, True)]) is None


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("str", [1]),
        ("int", [1.5]),
        ("int", [True]),
        ("float", [True]),
        ("bool", [1]),
        ("datetime", ["2026-01-01"]),
    ],
)
def test_types_that_differ_are_told_apart(tmp_path: Path, kind: str, values: list[Any]) -> None:
    parquet.write_table(pa.table({"x": values}), tmp_path / "cells.parquet")
    told = check(tmp_path, "cells.parquet", [("cells", "x", kind, True)])
    assert told is not None
    assert f"should be {kind}, and is" in told


def test_an_optional_column_may_be_missing_but_not_of_another_type(tmp_path: Path) -> None:
    table = pa.table({"cell_id": ["a"], "quality": [1.0], "note": [3]})
    parquet.write_table(table, tmp_path / "cells.parquet")
    told = check(tmp_path, "cells.parquet", CELLS)
    assert told is not None
    assert "column 'note' of cells.parquet should be str, and is int64" in told


def test_a_csv_file_is_read_to_its_end(tmp_path: Path) -> None:
    # What is wrong comes after what any look at the beginning would see.
    lines = ["cell_id,quality,n\n", *(f"c{n},0.5,{n}\n" for n in range(200_000)), "last,0.5,many\n"]
    (tmp_path / "cells.csv").write_text("".join(lines))
    assert check(tmp_path, "cells.csv", CELLS) is None
    told = check(tmp_path, "cells.csv", [*CELLS, ("cells", "n", "int", True)])
    assert told is not None
    assert "column 'n' of cells.csv should be int" in told
    assert "many" in told


@pytest.mark.parametrize(
    ("text", "kind", "fits"),
    [
        ("001\n", "str", True),
        ("1\n2.5\n", "float", True),
        ("1\n2.5\n", "int", False),
        ("True\nFalse\n", "bool", True),
        ("2026-01-01 10:00:00\n", "datetime", True),
        ("2026-01-01T10:00:00Z\n", "datetime", True),
        ("2026-01-01\n", "datetime", True),
        ("tomorrow\n", "datetime", False),
        ("18446744073709551615\n", "int", True),
        ("", "int", True),
    ],
)
def test_text_in_a_csv_file_is_what_it_can_be_read_as(
    tmp_path: Path, text: str, kind: str, fits: bool
) -> None:
    (tmp_path / "cells.csv").write_text(f"x\n{text}")
    told = check(tmp_path, "cells.csv", [("cells", "x", kind, True)])
    assert (told is None) == fits, told


def test_every_file_of_a_folder_or_pattern_must_keep_the_contract(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for n, column in enumerate(("x", "x", "y")):
        parquet.write_table(pa.table({column: ["a"]}), tmp_path / "parts" / f"{n}.parquet")
    for path in ("parts/", "parts/*.parquet"):
        told = check(tmp_path, path, [("cells", "x", "str", True)])
        assert told is not None
        assert "parts/2.parquet has no column 'x'" in told


def test_keys_of_json_objects_are_checked(tmp_path: Path) -> None:
    (tmp_path / "cells.json").write_text(json.dumps({"cell_id": "a", "quality": 1}))
    assert check(tmp_path, "cells.json", CELLS, "json") is None
    (tmp_path / "cells.json").write_text(json.dumps([{"cell_id": "a", "quality": True}]))
    assert check(tmp_path, "cells.json", CELLS, "json") == (
        "The contract of its module is broken: key 'quality' of cells.json, item 0 should be "
        "float, and is bool."
    )
    (tmp_path / "cells.json").write_text(json.dumps("text"))
    told = check(tmp_path, "cells.json", CELLS, "json")
    assert told is not None
    assert "should be an object" in told


@pytest.mark.parametrize("name", ["cells.parquet", "cells.feather", "cells.csv", "cells.json"])
def test_a_file_that_is_no_table_at_all_breaks_the_contract(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xff\xfe\x00 not what it says")
    told = check(tmp_path, name, CELLS)
    assert told is not None
    assert name in told


def test_fields_of_an_output_that_cannot_have_any_are_said(tmp_path: Path) -> None:
    (tmp_path / "cells.tif").write_bytes(b"II")
    told = check(tmp_path, "cells.tif", CELLS, "image")
    assert told is not None
    assert "no file that they could be looked up in" in told


def test_an_output_that_the_method_does_not_declare_breaks_it_and_an_unwritten_one_does_not(
    tmp_path: Path,
) -> None:
    assert broken(tmp_path, CELLS, {"cells"}, [], []) is None
    told = broken(tmp_path, CELLS, {"other"}, [], [])
    assert told is not None
    assert "it wants an output 'cells'" in told
    assert broken(tmp_path, [("cells", "note", "str", False)], {"other"}, [], []) is None
