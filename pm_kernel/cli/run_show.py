"""``pm runs show N``: everything about one run."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pm_kernel.artifacts.layout import RunStore
from pm_kernel.cli import run_text
from pm_kernel.cli.context import Context
from pm_kernel.cli.numbers import run_number
from pm_kernel.cli.text import Line, Span, line
from pm_kernel.domain.quantities import ago_text, duration_text, size_text
from pm_kernel.domain.run_documents import details_document
from pm_kernel.domain.runs import IntegrityEvent, RunDetails
from pm_kernel.store.run_details import get_details


def main(argv: list[str], context: Context) -> int:
    """Tell everything that is recorded of one run."""
    arguments = argparse.ArgumentParser(
        prog="pm runs show",
        description="How a run was made: everything that is recorded of it. Also: --json.",
    )
    arguments.add_argument("run", type=run_number, metavar="RUN", help="number of a run")
    options = arguments.parse_args(argv)
    details = get_details(context.store, options.run)
    run = details.run
    store = RunStore(run.workspace_root / ".runs")
    place = store.locate(run.run_id, run.uuid)
    if context.json:
        directory = None if place is None else str(place)
        context.output.json({**details_document(details), "directory": directory})
        return 0
    # Another machine's workspace, or a folder that somebody removed.
    directory = str(place) if place else f"not found here: {store.final(run.run_id)}"
    context.output.lines(_everything(details, directory, context))
    return 0


def _everything(details: RunDetails, directory: str, context: Context) -> Iterator[Line]:
    run, now = details.run, context.now
    yield run_text.heading(run, now)
    yield ()
    yield from run_text.section("metrics", _pairs(details.metrics))
    yield from run_text.body(details)
    yield from run_text.section("metadata", _pairs(details.metadata))
    yield ()
    facts = {
        "method": f"{run.module} / {run.method} v{run.version}",
        "commit": f"{run.commit}, tag {run.tag}",
        "plan": _plan(details),
        "started": f"{run_text.moment(run.started_at, now)} ({ago_text(run.started_at, now)})",
        "finished": None if run.finished_at is None else run_text.moment(run.finished_at, now),
        "by": f"{run.created_by} on {run.host}",
        "scheduler": details.scheduler_job_id and f"job {details.scheduler_job_id}",
        "used": _used(details),
        "environment": _environment(details),
        "directory": directory,
        "uuid": run.uuid,
    }
    for title, fact in facts.items():
        if fact:
            yield from run_text.section(title, [line(fact)])
    yield from run_text.section(
        "checksums", [line(f"{each.checksum}  {each.name}") for each in details.outputs]
    )
    yield from run_text.section("verified", (_event(event, now) for event in details.events))
    yield ()
    yield line(
        Span(f"`pm log {run.run_id}` shows its log, `pm lineage {run.run_id}` ", "neutral"),
        Span("how it came to be", "neutral"),
    )


def _pairs(values: Mapping[str, Any]) -> list[Line]:
    return [line(f"{name} = {value}") for name, value in values.items()]


def _plan(details: RunDetails) -> str | None:
    run = details.run
    if run.plan_id is None:
        return None
    parts = [f"{run.plan_id} · {details.plan_name}"]
    parts += [f"step {run.step}"] if run.step else []
    parts += [f"attempt {run.attempt}"] if run.attempt > 1 else []
    return ", ".join(parts)


def _used(details: RunDetails) -> str:
    parts = []
    if details.cpu_seconds is not None:
        parts.append(f"{duration_text(details.cpu_seconds)} of processor time")
    if details.peak_rss_bytes is not None:
        parts.append(f"{size_text(details.peak_rss_bytes)} of memory at most")
    return ", ".join(parts)


def _environment(details: RunDetails) -> str:
    environment = details.environment
    parts = [f"Python {environment['python']}"] if environment.get("python") else []
    imports = environment.get("imports") or {}
    parts += [f"{name} {version}" for name, version in sorted(imports.items())]
    return ", ".join(parts)


def _event(event: IntegrityEvent, now: datetime) -> Line:
    token = "warn" if event.result == "altered" else ""
    what = f"{event.kind} ({event.tier}): {event.result}"
    where = f" {event.file}" if event.file else ""
    why = f", {event.reason}" if event.reason else ""
    who = f"{run_text.moment(event.created_at, now)} by {event.created_by}  "
    return line(Span(who, "neutral"), Span(f"{what}{where}{why}", token))
