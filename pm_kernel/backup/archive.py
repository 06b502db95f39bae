"""A backup file, looked at before anything is replaced by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.backup.programs import Programs
from pm_kernel.embedded.backup_file import last_words
from pm_kernel.errors import Conflict, InvalidInput
from pm_kernel.store.server import SchemaState, schema_state


@dataclass(frozen=True)
class Archive:
    """What a backup file says about itself."""

    file: Path
    #: When it was made, as pg_dump wrote it.
    made_at: str
    #: Schema in which its tables lie.
    schema_name: str
    revision: str
    schema: SchemaState


def read_archive(programs: Programs, file: Path) -> Archive:
    """Return what is in ``file`` without restoring it.

    Raises InvalidInput when it is no backup of ours, Conflict when a newer program made it.
    """
    path = str(file.absolute())
    code, listing, errors = programs.run("pg_restore", None, "--list", path)
    if code != 0:
        raise InvalidInput(
            f"{file} is not a backup of the database: {last_words(errors)}",
            hint="Name a file that `pm db backup FILE` wrote.",
        )
    entries = re.findall(r"^\d+; \d+ \d+ TABLE (?!DATA )(\S+) (\S+) ", listing, re.M)
    tables = {table: schema_name for schema_name, table in entries}
    if not {"runs", "alembic_version"} <= set(tables):
        raise InvalidInput(
            f"{file} is a backup of another program's database: it has no runs.",
            hint="Name a file that `pm db backup FILE` wrote.",
        )
    revision = _revision(programs, file)
    state = schema_state(revision)
    if state == "newer":
        raise Conflict(
            f"{file} was made by a newer version of this program (schema {revision}).",
            hint="Update with `pip install -U research-process-manager`, then restore it.",
        )
    made = re.search(r"^; Archive created at (.+)$", listing, re.M)
    return Archive(file, made[1] if made else "", tables["runs"], revision, state)


def _revision(programs: Programs, file: Path) -> str:
    code, text, errors = programs.run(
        "pg_restore", None, "--data-only", "--table=alembic_version", "--file=-",
        str(file.absolute()),
    )  # fmt: skip
    match = re.search(r"^COPY [^\n]*alembic_version[^\n]*\n([^\n]+)\n\\\.$", text, re.M)
    if code != 0 or match is None:
        reason = last_words(errors) if code != 0 else "it does not say which schema it has."
        raise InvalidInput(
            f"{file} cannot be read: {reason}", hint="Try another backup, or `pm rebuild`."
        )
    return match[1]
