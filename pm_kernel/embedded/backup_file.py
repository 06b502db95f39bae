"""The file of a backup while it is written, and what PostgreSQL's programs say of theirs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pm_kernel.errors import Conflict, DatabaseUnavailable, StoreUnavailable


@contextmanager
def written(file: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give the name under which pg_dump writes; it becomes ``file``, whole, when the block ends.

    Readable by its owner only. Raises Conflict when the file exists, StoreUnavailable when it
    cannot be written; whatever else the block raises, nothing is left behind.
    """
    if file.exists() and not overwrite:
        raise Conflict(f"{file} exists already.", hint="Name a new file for the backup.")
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}.partial")
    try:
        # Made here, so that nobody else can read it from the first byte on.
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            yield partial
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        partial.replace(file)
    except OSError as error:
        raise StoreUnavailable(
            f"The backup {file} cannot be written: {error.strerror}.",
            hint="Name a file in a folder that exists and that you can write.",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def not_written(errors: str) -> DatabaseUnavailable:
    """Return what to raise where pg_dump failed, with its reason."""
    return DatabaseUnavailable(
        f"The backup was not written: {last_words(errors)}",
        hint="`pm db status` shows the server, `pm doctor` the space on the disks.",
    )


def last_words(errors: str) -> str:
    """Return the line of a program's errors that says why it ended."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    severe = [line for line in lines if "rror" in line or "FATAL" in line]
    return (severe or lines or ["it gave no reason"])[0]
