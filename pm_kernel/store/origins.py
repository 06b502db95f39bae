"""Which runs made or read a content, by its checksum."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import text

from pm_kernel.store.engine import Store

# The checksum of several files is that of their list, which no file has.
_MADE = text(
    "SELECT run_id, output_name, artifact_path FROM run_outputs "
    "WHERE checksum = :checksum AND size_bytes = :size ORDER BY run_id DESC, id"
)
# Of a folder with one file the checksum is that of a list too.
_HOLDING = text(
    """
SELECT o.run_id, o.output_name, o.artifact_path
FROM run_outputs o
WHERE o.size_bytes >= :size
  AND (o.file_count > 1 OR o.artifact_type = 'directory' OR o.artifact_path ~ '[*?\\[]|/$')
ORDER BY o.run_id DESC, o.id LIMIT :most
"""
)
_READ = text(
    """
SELECT i.run_id, d.input_name AS name, min(i.value ->> 'path') AS path
FROM run_inputs i JOIN method_inputs d ON d.id = i.method_input_id
WHERE i.checksum = :checksum AND i.source_run_id IS NULL
GROUP BY i.run_id, d.input_name ORDER BY i.run_id DESC, d.input_name
"""
)
_RECORDED = text(
    "SELECT run_id, output_name, artifact_path FROM run_outputs WHERE run_id = :run ORDER BY id"
)


class OutputAt(NamedTuple):
    """An output of a run; ``path`` is as declared."""

    run_id: int
    output: str
    path: str


class InputOf(NamedTuple):
    """A run that read a file as one of its inputs, and where the file was then."""

    run_id: int
    input: str
    path: str | None


def outputs_with(store: Store, checksum: str, size: int) -> list[OutputAt]:
    """Return the outputs that are one file with this content, newest run first."""
    with store.reading() as connection:
        rows = connection.execute(_MADE, {"checksum": checksum, "size": size})
        return [OutputAt(*row) for row in rows]


def outputs_holding(store: Store, size: int, *, most: int) -> list[OutputAt]:
    """Return the outputs of several files that have room for a file of this size, newest first."""
    with store.reading() as connection:
        rows = connection.execute(_HOLDING, {"size": size, "most": most})
        return [OutputAt(*row) for row in rows]


def outputs_of(store: Store, run_id: int) -> list[OutputAt]:
    """Return the outputs of a run."""
    with store.reading() as connection:
        return [OutputAt(*row) for row in connection.execute(_RECORDED, {"run": run_id})]


def inputs_with(store: Store, checksum: str) -> list[InputOf]:
    """Return the runs that read this content from a file that no run made, newest first."""
    with store.reading() as connection:
        return [InputOf(*row) for row in connection.execute(_READ, {"checksum": checksum})]
