"""Backup and restore of a database on a server of one's own, with the rights of its owner only.

Restoring is one transaction: our tables move into a schema of their own, those of the backup are
made in their place. When any of it fails, nothing has happened.
"""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

from pm_kernel.backup.archive import Archive
from pm_kernel.backup.programs import Programs
from pm_kernel.embedded.backup_file import last_words, not_written, written
from pm_kernel.errors import DatabaseUnavailable, InvalidInput
from pm_kernel.store import aside
from pm_kernel.store.server import ServerFacts

#: Servers before 17 do not know this setting, which newer programs write at the top.
_UNKNOWN_SETTING = b"SET transaction_timeout = 0;\n"


def dump(
    programs: Programs, url: str, facts: ServerFacts, file: Path, *, overwrite: bool = False
) -> None:
    """Write our tables in the database ``url`` into ``file``, readable by its owner only.

    Raises Conflict when the file exists, StoreUnavailable when it cannot be written,
    DatabaseUnavailable when the database cannot be read.
    """
    with written(file, overwrite=overwrite) as partial:
        code, _, errors = programs.run(
            "pg_dump", url, "--format=custom", f"--file={partial}", *_scope(facts)
        )
        if code != 0:
            raise not_written(errors)


def restore(programs: Programs, url: str, facts: ServerFacts, archive: Archive) -> str | None:
    """Put what is in ``archive`` in the place of our tables; return the schema that keeps those.

    None where there were none.

    Raises InvalidInput when the archive cannot be read, DatabaseUnavailable with the server's words
    when it refuses; in both cases the database is as it was.
    """
    if archive.schema_name != facts.schema_name:
        raise InvalidInput(
            f"The tables in {archive.file} lie in the schema {archive.schema_name}, those of the "
            f"database in {facts.schema_name}.",
            hint="Let both have the same search_path: ALTER ROLE … SET search_path = "
            f"{archive.schema_name}",
        )
    kept = aside.new_name()
    # Of what restores replaced, only the last is kept.
    dropped = aside.kept_schemas(url)
    if facts.schema == "empty":
        dropped = [*dropped, kept]
    reader = programs.start(
        "pg_restore", None, "--no-owner", "--no-privileges", f"--schema={archive.schema_name}",
        "--file=-", str(archive.file.absolute()),
    )  # fmt: skip
    writer = programs.start(
        "psql", url, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-",
        stdin=subprocess.PIPE,
    )  # fmt: skip
    with reader, writer:
        told = [_Collected(pipe) for pipe in (reader.stderr, writer.stderr, writer.stdout)]
        begin = f"BEGIN;\n{aside.aside_script(facts.schema_name, kept)}\n"
        taken = _copy(reader, writer, begin, old_server=facts.major < 17)
        read = reader.wait() == 0
        if taken and read:
            # What was not read to its end is never committed.
            taken = _write(writer, f"{aside.drop_script(dropped)}\nCOMMIT;\n".encode())
        with suppress(BrokenPipeError):
            _pipe(writer.stdin).close()
        done = writer.wait() == 0 and taken
        reader_words, writer_words = (last_words(each.text()) for each in told[:2])
    if taken and not read:
        raise InvalidInput(
            f"{archive.file} cannot be restored: {reader_words}",
            hint="The database is as it was. Try another backup, or `pm rebuild`.",
        )
    if not done:
        raise DatabaseUnavailable(
            f"The database refused {archive.file}: {writer_words}",
            hint="The database is as it was. Its user needs the right to make schemas and tables, "
            "and must own our tables.",
        )
    return None if facts.schema == "empty" else kept


def _scope(facts: ServerFacts) -> list[str]:
    """Leave out what is not ours: others' tables and schemas, and extensions that need an admin."""
    return [
        *("--no-owner", "--no-privileges", "--extension=plpgsql"),
        *("--no-publications", "--no-subscriptions"),
        *(f"--exclude-schema={_quoted(name)}" for name in facts.other_schemas),
        *(f"--exclude-table={_quoted(facts.schema_name, name)}" for name in facts.foreign_tables),
    ]


def _quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def _copy(
    reader: subprocess.Popen[bytes],
    writer: subprocess.Popen[bytes],
    begin: str,
    *,
    old_server: bool,
) -> bool:
    """Hand the script over; whether all of it was taken."""
    source = _pipe(reader.stdout)
    if not _write(writer, begin.encode()):
        reader.terminate()
        return False
    try:
        for line in source:
            if not (old_server and line == _UNKNOWN_SETTING):
                _pipe(writer.stdin).write(line)
            if line.startswith((b"CREATE ", b"COPY ")):
                break
        shutil.copyfileobj(source, _pipe(writer.stdin), 1 << 20)
        _pipe(writer.stdin).flush()
    except BrokenPipeError:
        # psql stopped at an error, which it tells.
        reader.terminate()
        return False
    return True


def _write(process: subprocess.Popen[bytes], text: bytes) -> bool:
    try:
        _pipe(process.stdin).write(text)
        _pipe(process.stdin).flush()
    except BrokenPipeError:
        return False
    return True


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None
    return stream


class _Collected:
    """Reads a pipe to its end, so that the process behind it is never held up."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = _pipe(stream)
        self._bytes = b""
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """Return what came."""
        self._thread.join()
        return self._bytes.decode(errors="replace")

    def _read(self) -> None:
        self._bytes = self._stream.read()
