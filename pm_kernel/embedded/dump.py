"""Backup and restore with pg_dump and pg_restore, in the custom format."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pm_kernel.embedded.backup_file import last_words, not_written, written
from pm_kernel.embedded.binaries import ENVIRONMENT, Binaries
from pm_kernel.embedded.situation import PORT, ROLE
from pm_kernel.errors import DatabaseUnavailable, InvalidInput

_BEFORE = "pm_before_"
_NEW = "pm_restore_"
_TRIES = 5

_DROP = 'DROP DATABASE IF EXISTS :"name" WITH (FORCE);'
#: Both names in one transaction: nobody meets a server without the database.
_SWAP = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = :'present';
BEGIN;
ALTER DATABASE :"present" RENAME TO :"old";
ALTER DATABASE :"new" RENAME TO :"present";
COMMIT;
"""


@dataclass(frozen=True)
class Client:
    """How the client programs reach a running server; the password goes by their environment."""

    binaries: Binaries
    socket_dir: Path
    password: str
    database: str

    def run(
        self, program: str, *arguments: str, text: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's client programs and return how it ended."""
        return subprocess.run(
            [self.binaries.program(program), *arguments],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            env={
                **ENVIRONMENT,
                "PGHOST": str(self.socket_dir),
                "PGPORT": str(PORT),
                "PGUSER": ROLE,
                "PGPASSWORD": self.password,
            },
        )

    def query(self, text: str, **names: str) -> list[str]:
        """Run SQL in the maintenance database; return the words of the answer.

        ``names`` are psql variables: ``:"old"`` in the text is an identifier, ``:'old'`` a value.
        Raises DatabaseUnavailable with PostgreSQL's message.
        """
        variables = [word for pair in names.items() for word in ("-v", "=".join(pair))]
        answer = self.run(
            "psql",
            "-X",
            "-A",
            "-t",
            "-q",
            "-v",
            "ON_ERROR_STOP=1",
            *variables,
            "-d",
            "postgres",
            text=text,
        )
        if answer.returncode != 0:
            raise DatabaseUnavailable(
                f"The database answered: {last_words(answer.stderr)}",
                hint="`pm db status` shows the server.",
            )
        return answer.stdout.split()


def backup(client: Client, file: Path, *, overwrite: bool) -> None:
    """Write the database into ``file``; see ``EmbeddedPostgres.backup``."""
    with written(file, overwrite=overwrite) as partial:
        answer = client.run(
            "pg_dump", "--format=custom", f"--file={partial}", f"--dbname={client.database}"
        )
        if answer.returncode != 0:
            raise not_written(answer.stderr)


def check(binaries: Binaries, file: Path) -> None:
    """Raise InvalidInput unless ``file`` begins like a backup that can be read."""
    answer = subprocess.run(
        [binaries.program("pg_restore"), "--list", str(file.absolute())],
        capture_output=True,
        text=True,
        errors="replace",
        env=ENVIRONMENT,
    )
    if answer.returncode != 0:
        raise InvalidInput(
            f"{file} is not a backup of the database: {last_words(answer.stderr)}",
            hint="Name a file that `pm db backup FILE` wrote.",
        )


def restore(client: Client, file: Path) -> str:
    """Put the database in ``file`` in the place of the present one; return the old one's new name.

    Only the last old one is kept. The caller lets nobody else restore meanwhile.
    """
    for left in _databases(client, _NEW):  # a restore that was killed
        client.query(_DROP, name=left)
    earlier = _databases(client, _BEFORE)
    new = f"{_NEW}{secrets.token_hex(4)}"
    client.query('CREATE DATABASE :"name" TEMPLATE template0;', name=new)
    try:
        answer = client.run(
            "pg_restore", "--exit-on-error", "--single-transaction", "--no-owner",
            "--no-privileges", f"--dbname={new}", str(file.absolute()),
        )  # fmt: skip
        if answer.returncode != 0:
            raise InvalidInput(
                f"{file} cannot be restored: {last_words(answer.stderr)}",
                hint="The database is as it was. Try another backup, or `pm rebuild`.",
            )
        old = f"{_BEFORE}{datetime.now(UTC):%Y%m%d_%H%M%S}_{secrets.token_hex(2)}"
        _swap(client, new, old)
    except BaseException:
        with contextlib.suppress(DatabaseUnavailable):
            client.query(_DROP, name=new)
        raise
    for name in earlier:
        client.query(_DROP, name=name)
    return old


def _swap(client: Client, new: str, old: str) -> None:
    # The rename waits up to 5 seconds for connections to go; a client that connects again at once
    # can still come in between.
    for attempt in range(_TRIES):
        try:
            client.query(_SWAP, present=client.database, new=new, old=old)
            return
        except DatabaseUnavailable as error:
            if "being accessed by other users" not in error.message or attempt == _TRIES - 1:
                raise


def _databases(client: Client, prefix: str) -> list[str]:
    names = client.query("SELECT datname FROM pg_database;")
    return [name for name in names if name.startswith(prefix)]
