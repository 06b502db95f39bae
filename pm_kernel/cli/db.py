"""``pm db …``: the workspace's database, embedded or one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from pm_kernel.cli.context import Context
from pm_kernel.cli.doctor import check_lines
from pm_kernel.cli.text import Span
from pm_kernel.config import Settings
from pm_kernel.database import embedded_postgres, running_url
from pm_kernel.doctor.database import DatabaseReport, report
from pm_kernel.doctor.doors import Doors
from pm_kernel.embedded.folder import Folder
from pm_kernel.errors import DatabaseUnavailable, InvalidInput, UsageError
from pm_kernel.store.server import shown_url


def status(argv: list[str], context: Context) -> int:
    """Show what is known of the database without starting it; 0 when it can be worked with."""
    _parser("status", "Show the state of the database; starts nothing.").parse_args(argv)
    settings = context.settings
    found = report(settings, Doors())
    if context.json:
        context.output.json(_document(settings, found))
    else:
        context.output.lines(check_lines(found.checks))
        context.output.lines([(Span(f"  {text}"),) for text in _facts(settings, found)])
    return 0 if found.usable else DatabaseUnavailable.exit_code


def start(argv: list[str], context: Context) -> int:
    """Start the embedded server."""
    arguments = _parser("start", "Start the embedded database.")
    arguments.add_argument(
        "--take-over",
        action="store_true",
        help="the other host that ran it is gone, or use copied files as they are",
    )
    options = arguments.parse_args(argv)
    settings = _embedded(context, "start")
    server = embedded_postgres(settings)
    before = server.status().pid
    server.start(take_over=options.take_over)
    now = server.status()
    _answer(
        context,
        f"PostgreSQL {now.version} {'runs already' if before == now.pid else 'runs'} "
        f"(process {now.pid})",
        running=True,
        started=before != now.pid,
        pid=now.pid,
        version=now.version,
    )
    return 0


def stop(argv: list[str], context: Context) -> int:
    """Stop the embedded server; it stays stopped until a person needs it."""
    arguments = _parser("stop", "Stop the embedded database; it stays so until `pm db start`.")
    arguments.add_argument("--force", action="store_true", help="also while plans or runs go on")
    options = arguments.parse_args(argv)
    settings = _embedded(context, "stop")
    server = embedded_postgres(settings)
    if server.status().running and not options.force:
        from pm_kernel.backup import refuse_at_work

        refuse_at_work(settings, server.url(), "or stop it all the same with `pm db stop --force`")
    ran = server.stop()
    _answer(context, "stopped" if ran else "it did not run", running=False, stopped=ran)
    return 0


def url(argv: list[str], context: Context) -> int:
    """Print the address, for psql and other programs."""
    arguments = _parser("url", "Print the address of the running database, as libpq reads it.")
    arguments.add_argument("--show-password", action="store_true", help="do not hide the password")
    options = arguments.parse_args(argv)
    whole = running_url(context.settings)
    shown = whole if options.show_password else shown_url(whole)
    if context.json:
        context.output.json({"url": shown, "password_shown": options.show_password})
    else:
        context.output.text(shown)
    return 0


def upgrade(argv: list[str], context: Context) -> int:
    """Bring the database to this program's schema."""
    _parser(
        "upgrade",
        "Bring the database to this program's schema. A plan that runs meanwhile goes on under the "
        "program that started it: what a newer command asks of it, such as to run a part again, "
        "waits for its next resume.",
    ).parse_args(argv)
    from pm_kernel import upgrading

    before, now = upgrading.upgrade(context.settings)
    told = f"schema {now}, up to date" if before == now else f"schema {before or 'none'} → {now}"
    _answer(context, told, before=before, now=now, changed=before != now)
    return 0


def backup(argv: list[str], context: Context) -> int:
    """Write the database to a file."""
    arguments = _parser("backup", "Write the database to a file that only you can read.")
    arguments.add_argument("file", type=Path, help="a new file")
    arguments.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    options = arguments.parse_args(argv)
    from pm_kernel.backup import back_up

    back_up(context.settings, options.file, overwrite=options.overwrite)
    size = options.file.stat().st_size
    told = f"{options.file}, {size / 1e6:.1f} MB; `pm db restore {options.file}` reads it"
    _answer(context, told, file=str(options.file.absolute()), size_bytes=size)
    return 0


def restore(argv: list[str], context: Context) -> int:
    """Put the database in a file in the place of the present one."""
    arguments = _parser(
        "restore",
        "Put the database in FILE in the place of the present one, which is kept aside. A backup "
        "can hold commands that run with the server's rights: restore only your own.",
    )
    what = arguments.add_mutually_exclusive_group(required=True)
    what.add_argument("file", type=Path, nargs="?", help="what `pm db backup` wrote")
    what.add_argument("--undo", action="store_true", help="put back what the last restore replaced")
    options = arguments.parse_args(argv)
    from pm_kernel import backup as backups

    settings = context.settings
    if options.undo:
        found = backups.undo(settings)
    else:
        found = backups.restore(settings, options.file)
    told = "put back" if options.undo else f"restored from {options.file}"
    _answer(
        context,
        told,
        restored=True,
        kept=found.kept,
        upgraded=found.upgraded,
        unknown_runs=found.unknown_runs,
    )
    if found.upgraded:
        context.output.note("the backup had an older schema; it was brought up to date")
    if found.kept is not None:
        context.output.note(
            f"what was there is kept as {found.kept}; `pm db restore --undo` puts it back"
        )
    if found.unknown_runs:
        runs = "run" if found.unknown_runs == 1 else "runs"
        context.output.note(
            f"{found.unknown_runs} {runs} in the run store came after the backup; `pm rebuild` "
            "reads them"
        )
    return 0


def _document(settings: Settings, found: DatabaseReport) -> dict[str, Any]:
    facts, situation = found.facts, found.situation
    whole = settings.database_url
    if whole is None and facts is not None:
        whole = running_url(settings)
    first = next((check for check in found.checks if check.state == "problem"), None)
    return {
        "kind": "own" if situation is None else "embedded",
        "state": None if situation is None else situation.state.name.lower(),
        "running": facts is not None,
        "usable": found.usable,
        "url": None if whole is None else _shown(whole),
        "pid": None if situation is None else situation.pid,
        "version": None if facts is None else facts.version,
        "size_bytes": None if facts is None else facts.size_bytes,
        "schema": None
        if facts is None
        else {"found": facts.revision, "needed": facts.needed_revision, "state": facts.schema},
        "folder": None if situation is None else str(settings.postgres_dir),
        "problem": None if first is None else {"message": first.told, "hint": first.hint},
        "checks": [check.document() for check in found.checks],
    }


def _facts(settings: Settings, found: DatabaseReport) -> list[str]:
    facts = found.facts
    lines = []
    if facts is not None:
        used = f"{facts.connections} of {facts.max_connections} connections"
        lines.append(f"size     {facts.size_bytes / 1e6:.1f} MB, {used}")
    if settings.database_url is not None:
        lines.append(f"address  {_shown(settings.database_url)}")
    else:
        lines.append(f"files    {settings.postgres_dir}")
        lines.append(f"log      {Folder(settings.postgres_dir).log}")
    return lines


def _shown(address: str) -> str:
    """Return the address without its password, also where it is none."""
    try:
        return shown_url(address)
    except InvalidInput:
        # It may be a password in the wrong place.
        return "not an address of PostgreSQL"


def _embedded(context: Context, what: str) -> Settings:
    """Return the settings of a workspace with the embedded server; raises UsageError elsewhere."""
    settings = context.settings
    if settings.database_url is not None:
        raise UsageError(
            "The database of this workspace is a PostgreSQL of your own "
            f"({_shown(settings.database_url)}); pm does not {what} it.",
            hint="`pm db status` shows whether it can be reached. The embedded one is used without "
            "PM_DATABASE_URL and without [database] url in pm.toml.",
        )
    return settings


def _answer(context: Context, told: str, **facts: Any) -> None:
    if context.json:
        context.output.json(facts)
    else:
        context.output.text(told)


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"pm db {command}", description=description)
