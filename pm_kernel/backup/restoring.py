"""Backup, restore and undo of a workspace's database, whichever server it lies on."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.backup import numbers, own
from pm_kernel.backup.archive import Archive, read_archive
from pm_kernel.backup.programs import find_programs
from pm_kernel.config import Settings
from pm_kernel.database import embedded_postgres, running_url
from pm_kernel.errors import Conflict, DatabaseUnavailable, PmError
from pm_kernel.store import activity, aside, numbering, schema, workspaces
from pm_kernel.store.engine import Store
from pm_kernel.store.server import POOLED_HINT, POOLED_TOLD, ServerFacts, inspect
from pm_kernel.submission import settle_unowned


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    #: Where what was replaced is kept: a database or a schema; None when there was nothing.
    kept: str | None
    #: The backup had an older schema, which was brought up to date.
    upgraded: bool
    #: Runs with a directory that the database does not know: they came after the backup.
    unknown_runs: int


def back_up(settings: Settings, file: Path, *, overwrite: bool = False) -> None:
    """Write the database into ``file``; the embedded server is started if need be.

    Raises Conflict when the file exists, StoreUnavailable when it cannot be written,
    EngineUnavailable without programs that fit the server, DatabaseUnavailable.
    """
    if settings.database_url is None:
        server = embedded_postgres(settings)
        server.ensure_started(explicit=True)
        server.backup(file, overwrite=overwrite)
        return
    facts = inspect(settings.database_url)
    _refuse_without_schema(facts)
    own.dump(
        find_programs(settings.environ, facts),
        settings.database_url,
        facts,
        file,
        overwrite=overwrite,
    )


def restore(settings: Settings, file: Path) -> Restored:
    """Put the database in ``file`` in the place of the present one, which is kept aside.

    Raises InvalidInput when it is no backup of ours, and Conflict when a newer program made it or
    while plans or runs are at work. In every case the database is then as it was.
    """
    archive = read_archive(find_programs(settings.environ), file)
    if settings.database_url is None:
        return _restore_embedded(settings, archive)
    url = settings.database_url
    facts = inspect(url)
    if facts.pooled:
        raise DatabaseUnavailable(f"{POOLED_TOLD}.", hint=POOLED_HINT)
    if facts.schema == "foreign":
        # Says that somebody else's tables are there.
        schema.ensure(Store(url, pooled=False))
    refuse_at_work(settings, url)
    programs = find_programs(settings.environ, facts)
    kept = own.restore(programs, url, facts, archive)
    return _afterwards(settings, kept, {} if kept is None else _floor(url, kept))


def undo(settings: Settings) -> Restored:
    """Put back what the last restore replaced; what is there now is kept aside in its turn.

    Raises NotFound when no restore has replaced anything, Conflict while plans or runs are at work.
    """
    if settings.database_url is not None:
        url = settings.database_url
        facts = inspect(url)
        refuse_at_work(settings, url)
        kept = aside.put_back(url, facts.schema_name)
        return _afterwards(settings, kept, _floor(url, kept))
    server = embedded_postgres(settings)
    found = aside.kept_databases(server.ensure_started(explicit=True))
    if not found:
        raise aside.nothing_kept()
    url = server.url(found[-1])
    with tempfile.TemporaryDirectory(prefix="undo-", dir=settings.postgres_dir) as folder:
        file = Path(folder) / "kept.backup"
        facts = inspect(url)
        own.dump(find_programs(settings.environ, facts), url, facts, file)
        return restore(settings, file)


def refuse_at_work(settings: Settings, url: str, otherwise: str = "") -> None:
    """Raise Conflict while plans or runs are at work in a database, whosoever they are.

    ``otherwise`` is what a person can do beside ending them. What merely looks alive in this
    workspace (its processes are gone) is settled first.
    """
    if inspect(url).schema == "current":
        # What cannot be settled now (a full disk) counts as being at work.
        with suppress(PmError):
            settle_unowned(settings, Store(url, pooled=False))
    found = activity.at_work(url)
    if not found:
        return
    first = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    cancel = f"`pm plan cancel {first.number}`" if first.kind == "plan" else "Ctrl-C where it runs"
    where = "" if first.workspace == str(settings.root) else f" in {first.workspace}"
    raise Conflict(
        f"{first.kind.capitalize()} {first.number} ({first.name}){where}{more} "
        f"{'are' if more else 'is'} running and being recorded in this database.",
        hint=f"Wait until it has ended, or end it first ({cancel})"
        + (f", {otherwise}." if otherwise else "."),
    )


def _restore_embedded(settings: Settings, archive: Archive) -> Restored:
    server = embedded_postgres(settings)
    try:
        url = server.ensure_started(explicit=True)
    except DatabaseUnavailable:
        # A copy or a damaged one: nobody is at work on it. Whatever else is wrong, restoring says.
        url = None
    if url is not None:
        refuse_at_work(settings, url)
    kept = server.restore(archive.file)
    floor = {} if kept is None else _floor(server.url(kept))
    return _afterwards(settings, kept, floor)


def _floor(url: str, schema_name: str | None = None) -> dict[str, int]:
    """Read what a database that was put aside gave out, also to runs that never ended.

    The restored one goes on above that: table -> id.
    """
    if schema_name is None and inspect(url).schema in ("empty", "foreign"):
        return {}
    return numbering.last_ids(Store(url, pooled=False), schema_name)


def _afterwards(settings: Settings, kept: str | None, floor: Mapping[str, int]) -> Restored:
    """Make the restored database this program's and this workspace's."""
    store = Store(running_url(settings), pooled=False)
    run_store = RunStore(settings.runs_dir)
    upgraded = schema.upgrade(store)
    highest = numbers.highest_ids(run_store)
    with store.transaction() as connection:
        workspaces.note(connection, settings.workspace_id, settings.root)
        numbering.raise_ids(connection, floor)
        numbering.raise_ids(connection, highest)
        stored = numbers.run_numbers(run_store)
        unknown = set(stored) - numbering.known_runs(connection, stored)
    return Restored(kept, upgraded, len(unknown))


def _refuse_without_schema(facts: ServerFacts) -> None:
    if facts.schema in ("empty", "foreign"):
        raise DatabaseUnavailable(
            f"The database {facts.database} holds nothing of ours yet.",
            hint="Any command that needs it makes its tables, for example `pm runs`.",
        )
