"""Whether the outputs of a run keep the contract of its module: columns of tables, keys of JSON.

The contract is what ``module.toml`` says, as rows (output, field, type, required). Tables are
Parquet, Feather or CSV files; of a Parquet or Feather file only the schema is read, a CSV file has
no types and is read to its end. Imported only where a module has a contract: pyarrow loads slowly.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.types as kinds
from pyarrow import csv, ipc, parquet

from pm_kernel.artifacts.manifest import FileEntry
from pm_kernel.artifacts.outputs import Output, select

#: (output, field, type, required)
Field = Sequence[Any]

_TABLES = (".parquet", ".pq", ".feather", ".arrow", ".csv", ".tsv")


def broken(
    folder: Path,
    contract: Sequence[Field],
    declared: Collection[str],
    outputs: Sequence[Output],
    entries: Sequence[FileEntry],
) -> str | None:
    """Return the first way in which a run's outputs break the contract of its module; None: none.

    ``declared`` are the names of the outputs that the method declares. An optional output that was
    not written promises nothing.
    """
    by_output: dict[str, list[Field]] = {}
    for field in contract:
        by_output.setdefault(field[0], []).append(field)
    written = {output.name: output for output in outputs if output.declared}
    for name, fields in by_output.items():
        output = written.get(name)
        if output is None:
            if name not in declared and any(field[3] for field in fields):
                return (
                    f"The contract of its module is broken: it wants an output {name!r} with "
                    f"{fields[0][1]!r}, and the method declares no such output."
                )
            continue
        checked = False
        for entry in select(output.path, entries):
            for told in _broken_in(folder / entry.path, entry.path, output.type, fields):
                return f"The contract of its module is broken: {told}"
            checked = checked or _reader(entry.path, output.type) is not None
        if not checked:
            return (
                f"The contract of its module names fields of output {name!r} ({output.path}), "
                f"which has no file that they could be looked up in: one of {', '.join(_TABLES)} "
                "or JSON."
            )
    return None


def _reader(path: str, kind: str) -> Callable[[Path, str, Sequence[Field]], Iterator[str]] | None:
    suffix = Path(path).suffix.lower()
    if suffix in (".csv", ".tsv"):
        return _csv
    if suffix in _TABLES:
        return _columns
    return _json if kind == "json" or suffix == ".json" else None


def _broken_in(path: Path, name: str, kind: str, fields: Sequence[Field]) -> Iterator[str]:
    reader = _reader(name, kind)
    if reader is None:
        return
    try:
        yield from reader(path, name, fields)
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeDecodeError, ValueError) as error:
        yield f"{name} cannot be read: {str(error).splitlines()[0]}"


def _columns(path: Path, name: str, fields: Sequence[Field]) -> Iterator[str]:
    if path.suffix.lower() in (".parquet", ".pq"):
        schema = parquet.read_schema(path)
    else:
        with pa.memory_map(str(path)) as source:
            schema = _arrow_schema(source)
    yield from _misfits(name, schema, fields)


def _arrow_schema(source: Any) -> pa.Schema:
    try:
        return ipc.open_file(source).schema
    except pa.ArrowInvalid:
        source.seek(0)
        return ipc.open_stream(source).schema


def _csv(path: Path, name: str, fields: Sequence[Field]) -> Iterator[str]:
    parse = csv.ParseOptions(delimiter="\t" if path.suffix.lower() == ".tsv" else ",")
    with csv.open_csv(path, parse_options=parse) as reader:
        schema = reader.schema
    yield from _misfits(name, schema, [(o, field, "any", needed) for o, field, _, needed in fields])
    wanted = {f: _CSV_TYPES[kind] for _, f, kind, _ in fields if kind in _CSV_TYPES}
    for column, choices in wanted.items():
        if column in schema.names and schema.names.count(column) == 1:
            told = _read_as(path, name, column, choices, parse)
            if told is not None:
                yield told


def _read_as(
    path: Path, name: str, column: str, choices: Sequence[pa.DataType], parse: csv.ParseOptions
) -> str | None:
    """Read one column to its end; returns why it is none of the types that would do."""
    first: str | None = None
    for choice in choices:
        convert = csv.ConvertOptions(column_types={column: choice}, include_columns=[column])
        try:
            with csv.open_csv(path, parse_options=parse, convert_options=convert) as reader:
                for _ in reader:
                    pass
        except pa.ArrowInvalid as error:
            said = str(error).splitlines()[0].split(": ", 1)[-1]
            first = first or f"column {column!r} of {name} should be {_said(choice)}: {said}"
            continue
        return None
    return first


def _misfits(name: str, schema: pa.Schema, fields: Sequence[Field]) -> Iterator[str]:
    for _, field, kind, required in fields:
        if field not in schema.names:
            if required:
                there = ", ".join(schema.names[:20]) or "none"
                yield f"{name} has no column {field!r}; it has: {there}."
            continue
        for position in schema.get_all_field_indices(field):
            found = schema.field(position).type
            if not _fits(found, kind):
                yield f"column {field!r} of {name} should be {kind}, and is {found}."


def _fits(found: pa.DataType, kind: str) -> bool:
    if kinds.is_dictionary(found):
        found = found.value_type
    # A column without a single value has no type of its own.
    return kinds.is_null(found) or any(test(found) for test in _TESTS[kind])


_TESTS: Mapping[str, Sequence[Callable[[Any], bool]]] = {
    "any": (lambda _found: True,),
    "str": (kinds.is_string, kinds.is_large_string, kinds.is_string_view),
    "int": (kinds.is_integer,),
    "float": (kinds.is_floating, kinds.is_integer, kinds.is_decimal),
    "bool": (kinds.is_boolean,),
    "datetime": (kinds.is_timestamp, kinds.is_date),
}

_CSV_TYPES: Mapping[str, Sequence[pa.DataType]] = {
    "int": (pa.int64(), pa.uint64()),
    "float": (pa.float64(),),
    "bool": (pa.bool_(),),
    "datetime": (pa.timestamp("ns"), pa.timestamp("ns", "UTC"), pa.date32()),
}


def _said(kind: pa.DataType) -> str:
    return next(name for name, choices in _CSV_TYPES.items() if kind in choices)


def _json(path: Path, name: str, fields: Sequence[Field]) -> Iterator[str]:
    document = json.loads(path.read_bytes())
    objects = document if isinstance(document, list) else [document]
    for number, each in enumerate(objects):
        where = name if objects is not document else f"{name}, item {number}"
        if not isinstance(each, dict):
            yield f"{where} should be an object with keys, and is {type(each).__name__}."
            continue
        for _, field, kind, required in fields:
            if field not in each:
                if required:
                    there = ", ".join(list(each)[:20]) or "none"
                    yield f"{where} has no key {field!r}; it has: {there}."
            elif not _is(each[field], kind):
                found = type(each[field]).__name__
                yield f"key {field!r} of {where} should be {kind}, and is {found}."


def _is(value: Any, kind: str) -> bool:
    if value is None or kind == "any":
        return True
    if kind == "bool" or isinstance(value, bool):
        return kind == "bool" and isinstance(value, bool)
    if kind == "datetime":
        return isinstance(value, str) and _is_time(value)
    allowed: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float)}
    return isinstance(value, allowed[kind])


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
