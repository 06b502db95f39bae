"""Runs as plain JSON values: what ``--json`` prints and the browser receives.

Keys are the names of the fields. Times are ISO 8601 in UTC, parameter values canonical text (a
browser would turn 1.0 into 1).
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from pm_kernel.domain.runs import Run, RunDetails, RunParameter


def run_document(run: Run) -> dict[str, Any]:
    """Return a run as lists show it."""
    document = asdict(run)
    # Where its files are is for whoever serves them to know.
    del document["workspace_root"]
    document["notices"] = list(run.notices)
    return {key: _json_value(value) for key, value in document.items()}


def details_document(details: RunDetails) -> dict[str, Any]:
    """Return a run with everything recorded of it but its log."""
    return {
        **run_document(details.run),
        "plan_name": details.plan_name,
        "parameters": [_parameter(each) for each in details.parameters],
        "inputs": [
            {**asdict(each), "equal_bytes": [asdict(other) for other in each.equal_bytes]}
            for each in details.inputs
        ],
        "outputs": [asdict(each) for each in details.outputs],
        "metrics": dict(details.metrics),
        "metadata": dict(details.metadata),
        "environment": dict(details.environment),
        "environment_fingerprint": details.environment_fingerprint,
        "cpu_seconds": details.cpu_seconds,
        "peak_rss_bytes": details.peak_rss_bytes,
        "scheduler_job_id": details.scheduler_job_id,
        "events": [
            {key: _json_value(value) for key, value in asdict(event).items()}
            for event in details.events
        ],
    }


def _parameter(parameter: RunParameter) -> dict[str, Any]:
    return {
        **asdict(parameter),
        "arrived": list(parameter.arrived),
        "values": list(parameter.values),
        "changed": parameter.changed,
        "stated": parameter.stated,
        "unexpected": parameter.unexpected,
        "not_applied": parameter.not_applied,
    }


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
