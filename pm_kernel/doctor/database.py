"""The database: the embedded server or one of one's own, and our schema in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm_kernel.config import Settings
from pm_kernel.database import embedded_postgres
from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, failed, notice, ok, problem
from pm_kernel.doctor.doors import Doors
from pm_kernel.doctor.runstore import NO_SPACE, is_network
from pm_kernel.embedded.binaries import Binaries
from pm_kernel.embedded.folder import Folder
from pm_kernel.embedded.host import Host
from pm_kernel.embedded.situation import Situation, State, unavailable
from pm_kernel.embedded.situation import look as look_at_situation
from pm_kernel.errors import PmError
from pm_kernel.store.server import OLDEST, POOLED_HINT, POOLED_TOLD, ServerFacts

#: Signs of life and times of runs come from both clocks.
CLOCK_NOTICE = 5.0
CLOCK_PROBLEM = 60.0
#: Share of the server's connections in use from which it is worth saying.
CROWDED = 0.9


@dataclass(frozen=True)
class DatabaseReport:
    """What is known of a workspace's database without starting anything."""

    #: None: a server of one's own.
    situation: Situation | None
    #: None: it does not run, or does not answer.
    facts: ServerFacts | None
    checks: tuple[Check, ...]

    @property
    def usable(self) -> bool:
        """Whether it can be worked with as it is."""
        return self.facts is not None and not any(c.state == "problem" for c in self.checks)


def look(case: Case) -> Iterator[Check]:
    """Look at the server, and at what is in it where it runs."""
    yield from report(case.workspace, case.doors).checks


def report(settings: Settings, doors: Doors) -> DatabaseReport:
    """Look at a workspace's database; never raises and never starts it."""
    if settings.database_url is not None:
        return _own(settings.database_url, doors)
    return _embedded(settings, doors)


def _own(url: str, doors: Doors) -> DatabaseReport:
    try:
        facts = doors.inspect(url)
    except PmError as error:
        return DatabaseReport(None, None, (failed("database", error),))
    checks = [*_server_faults(facts), *_schema(facts), *_clock(facts)]
    if all(check.name != "database" for check in checks):
        told = f"PostgreSQL {facts.version} of your own, database {facts.database}"
        checks.insert(0, ok("database", told, **_details(facts)))
    return DatabaseReport(None, facts, tuple(checks))


def _embedded(settings: Settings, doors: Doors) -> DatabaseReport:
    folder = Folder(settings.postgres_dir)
    try:
        # Whether they run at all on this machine; without them nothing else matters.
        version = Binaries.locate().version()
        situation = look_at_situation(folder, Host.current())
    except PmError as error:
        return DatabaseReport(Situation(State.ABSENT), None, (failed("database", error),))
    around = list(_around(settings.postgres_dir, doors))
    if situation.state is not State.RUNNING:
        told = _not_running(folder, situation, version)
        return DatabaseReport(situation, None, (told, *around))
    try:
        facts = doors.inspect(embedded_postgres(settings).url())
    except PmError as error:
        hint = f"Its log is {folder.log}; `pm db stop` and `pm db start` start it anew."
        told = problem(
            "database", f"The server (process {situation.pid}) runs. {error.message}", hint
        )
        return DatabaseReport(situation, None, (told, *around))
    running = ok(
        "database",
        f"embedded PostgreSQL {facts.version} runs (process {situation.pid})",
        pid=situation.pid,
        **_details(facts),
    )
    return DatabaseReport(situation, facts, (running, *around, *_crowd(facts), *_schema(facts)))


def _not_running(folder: Folder, situation: Situation, version: str) -> Check:
    told = f"embedded PostgreSQL {version}"
    error = unavailable(folder, situation)
    details = {"state": situation.state.name.lower(), "folder": str(folder.root)}
    match situation.state:
        case State.ELSEWHERE | State.COPIED:
            return problem("database", error.message, error.hint, **details)
        case State.ABSENT:
            return ok("database", f"{told}, made by the first command that needs it", **details)
        case State.STOPPED if folder.stopped_at() is None:
            return ok("database", f"{told}, started by the next command that needs it", **details)
        case _:
            return notice("database", error.message, error.hint, **details)


def _around(folder: Path, doors: Doors) -> Iterator[Check]:
    """The disk of the embedded server's files."""
    place = folder if folder.is_dir() else folder.parent
    free = doors.statvfs(place)
    available = free.f_bavail * free.f_frsize
    if available < NO_SPACE:
        yield problem(
            "database",
            f"The disk of {folder} has {available / 2**20:.0f} MB left; PostgreSQL stops when it "
            "is full.",
            "Free some space there.",
            free_bytes=available,
        )
    kind = doors.file_system(place)
    if is_network(kind):
        yield notice(
            "database",
            f"{folder} lies on a network file system ({kind}): only one machine may run the "
            "embedded database, and a broken connection can damage it.",
            "For several machines, name one PostgreSQL with PM_DATABASE_URL or [database] url.",
            file_system=kind,
        )


def _server_faults(facts: ServerFacts) -> Iterator[Check]:
    if facts.major < OLDEST:
        yield problem(
            "database",
            f"PostgreSQL {facts.version} is too old: {OLDEST} or newer is needed.",
            "Move to a newer server: pg_dump there, restore here, or start with an empty one.",
        )
    if facts.pooled:
        yield problem("database", f"{POOLED_TOLD}.", POOLED_HINT)
    if facts.encoding != "UTF8":
        yield problem(
            "database",
            f"The database {facts.database} has the encoding {facts.encoding}; names and "
            "parameters need UTF8.",
            f"CREATE DATABASE {facts.database}_utf8 ENCODING 'UTF8' TEMPLATE template0;",
        )
    if facts.read_only:
        yield problem(
            "database",
            f"The server takes no changes from {facts.user}: it is a standby, or set to read only.",
            "Name the primary server in the address.",
        )
    if not facts.may_create and facts.schema in ("empty", "older"):
        name = facts.schema_name or "public"
        yield problem(
            "database",
            f"{facts.user} may not make tables in the schema {name}.",
            f"As its owner: GRANT CREATE, USAGE ON SCHEMA {name} TO {facts.user};",
        )
    yield from _crowd(facts)


def _crowd(facts: ServerFacts) -> Iterator[Check]:
    if facts.connections >= CROWDED * facts.max_connections:
        yield notice(
            "database",
            f"{facts.connections} of {facts.max_connections} connections are in use.",
            "Raise max_connections on the server, or close programs that keep some open.",
        )


def _schema(facts: ServerFacts) -> Iterator[Check]:
    name = "database schema"
    details = {"found": facts.revision, "needed": facts.needed_revision, "state": facts.schema}
    match facts.schema:
        case "current":
            yield ok(name, f"{facts.revision}, as this program needs it", **details)
        case "empty":
            yield ok(name, "empty; the first command that needs it makes the tables", **details)
        case "older":
            yield problem(
                name,
                f"The database is at schema {facts.revision}, this program needs "
                f"{facts.needed_revision}.",
                "pm db backup FILE && pm db upgrade",
                **details,
            )
        case "newer":
            yield problem(
                name,
                f"The database is at schema {facts.revision}, which a newer version of this "
                "program made.",
                "pip install -U research-process-manager",
                **details,
            )
        case "foreign":
            tables = ", ".join(facts.foreign_tables[:3])
            yield problem(
                name,
                f"The database {facts.database} holds tables that are not ours ({tables}).",
                "Give the workspace a database of its own: CREATE DATABASE pm;",
                **details,
            )


def _clock(facts: ServerFacts) -> Iterator[Check]:
    ahead, doubt = facts.clock_ahead_seconds, facts.clock_doubt_seconds
    if abs(ahead) - doubt < CLOCK_NOTICE:
        return
    say = problem if abs(ahead) - doubt >= CLOCK_PROBLEM else notice
    yield say(
        "database clock",
        f"The server's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this "
        "machine's; runs would be shown as silent, or in the wrong order.",
        "Let both use the same time server (timedatectl set-ntp true).",
        ahead_seconds=ahead,
    )


def _details(facts: ServerFacts) -> dict[str, Any]:
    return {
        "version": facts.version,
        "database": facts.database,
        "user": facts.user,
        "size_bytes": facts.size_bytes,
        "connections": facts.connections,
        "max_connections": facts.max_connections,
        "encrypted": facts.encrypted,
        "clock_ahead_seconds": facts.clock_ahead_seconds,
    }
