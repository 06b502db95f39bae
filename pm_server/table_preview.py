"""The first rows of a table, for the browser to show: Parquet, Feather, CSV and TSV files.

Cells travel as text, as numbers of JSON would lose digits; the type of each column goes beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from pm_kernel.domain.names import shown
from pm_kernel.domain.storable import storable_text
from pm_kernel.errors import InvalidInput

#: Characters of a cell and columns of a table that are shown.
_CELL = 300
MOST_COLUMNS = 500
#: Rows of a file without an index that are read to come to a page.
_MOST_SKIPPED = 1_000_000

_KINDS = {"parquet": "parquet", "pq": "parquet", "feather": "feather", "arrow": "feather"}
_SEPARATORS = {"csv": ",", "tsv": "\t"}


@dataclass(frozen=True)
class TablePage:
    """Some rows of a table."""

    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | None, ...], ...]
    first: int
    #: None where only reading the whole file would tell.
    total: int | None
    more: bool
    #: Columns that are not shown.
    left_out: int

    def to_document(self) -> dict[str, Any]:
        """The same as plain JSON values."""
        return {
            "columns": [{"name": name, "type": kind} for name, kind in self.columns],
            "rows": [list(row) for row in self.rows],
            "first": self.first,
            "total": self.total,
            "more": self.more,
            "left_out": self.left_out,
        }


def is_table(path: str) -> bool:
    """Return whether a file's name says that it is a table that can be shown."""
    ending = path.rpartition(".")[2].lower()
    return ending in _KINDS or ending in _SEPARATORS


def read_page(stream: IO[bytes], path: str, *, first: int, limit: int) -> TablePage:
    """Return rows ``first`` to ``first + limit`` of a table. Raises InvalidInput for no table."""
    # Loads slowly; the server is there before.
    import pyarrow as pa

    ending = path.rpartition(".")[2].lower()
    try:
        if _KINDS.get(ending) == "parquet":
            return _parquet(stream, first, limit)
        if ending in _KINDS:
            return _feather(stream, first, limit)
        if ending in _SEPARATORS:
            return _separated(stream, _SEPARATORS[ending], first, limit)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0].rstrip(". ") or type(error).__name__
        raise InvalidInput(f"{shown(path)} cannot be read as a table: {reason}.") from error
    raise InvalidInput(f"{shown(path)} is no table that can be shown.")


def _parquet(stream: IO[bytes], first: int, limit: int) -> TablePage:
    import pyarrow.parquet as pq

    with pq.ParquetFile(stream) as file:
        schema, metadata = file.schema_arrow, file.metadata
        groups, before = [], 0
        start: int | None = None
        for number in range(metadata.num_row_groups):
            count = metadata.row_group(number).num_rows
            if before + count > first and before < first + limit:
                groups.append(number)
                start = before if start is None else start
            before += count
        some = None if len(schema) <= MOST_COLUMNS else schema.names[:MOST_COLUMNS]
        batches = file.iter_batches(batch_size=10_000, row_groups=groups, columns=some)
        return _page(schema, batches, first, limit, skipped=start or 0, total=metadata.num_rows)


def _feather(stream: IO[bytes], first: int, limit: int) -> TablePage:
    import pyarrow as pa

    with pa.ipc.open_file(stream) as reader:
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        return _page(reader.schema, batches, first, limit)


def _separated(stream: IO[bytes], separator: str, first: int, limit: int) -> TablePage:
    from pyarrow import csv

    if first > _MOST_SKIPPED:
        raise InvalidInput(f"Only the first {_MOST_SKIPPED} rows of such a file are shown.")
    with _csv_reader(stream, csv, separator) as reader:
        return _page(reader.schema, iter(reader), first, limit)


@contextmanager
def _csv_reader(stream: IO[bytes], csv: Any, separator: str) -> Iterator[Any]:
    options = csv.ParseOptions(delimiter=separator, newlines_in_values=True)
    reader = csv.open_csv(stream, parse_options=options)
    try:
        yield reader
    finally:
        reader.close()


def _page(
    schema: Any,
    batches: Iterator[Any],
    first: int,
    limit: int,
    *,
    skipped: int = 0,
    total: int | None = None,
) -> TablePage:
    columns = [(storable_text(field.name), str(field.type)) for field in schema][:MOST_COLUMNS]
    rows: list[tuple[str | None, ...]] = []
    at = skipped
    more = False
    for batch in batches:
        start = max(first - at, 0)
        wanted = batch.slice(start, limit - len(rows)) if start < batch.num_rows else None
        if wanted is not None and len(rows) < limit:
            values = [column.to_pylist() for column in wanted.columns[: len(columns)]]
            rows += [tuple(map(_text, row)) for row in zip(*values, strict=True)]
        at += batch.num_rows
        if at > first + limit:
            more = True
            break
    if total is not None:
        more = first + len(rows) < total
    elif not more:
        total = at
    return TablePage(
        tuple(columns), tuple(rows), first, total, more, max(0, len(schema) - len(columns))
    )


def _text(value: Any) -> str | None:
    if value is None:
        return None
    text = storable_text(value if isinstance(value, str) else str(value))
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"
