"""What must hold of every plan, whatever happened to its processes: records against the account."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, LiteralString

from psycopg.rows import dict_row

from ..workbench import Workbench
from .rules_account import Account
from .rules_actors import OUTPUT, Stage

_RUNS = """
SELECT r.id, r.uuid::text AS uuid, r.planned_run_id AS planned, r.status, r.error, l.epoch,
       r.execution_plan_id AS plan, r.method_version_id AS version,
       p.current_run IS NOT DISTINCT FROM r.id AS is_result
FROM runs r
LEFT JOIN plan_launches l ON l.id = r.launch_id
LEFT JOIN planned_runs p ON p.id = r.planned_run_id
WHERE r.execution_plan_id = ANY(%s) ORDER BY r.id
"""
_PLANNED = """
SELECT p.id, p.key, p.decision, p.current_run, p.launch_id, r.status,
       p.method_version_id AS version, r.planned_run_id AS made_for
FROM planned_runs p LEFT JOIN runs r ON r.id = p.current_run WHERE p.plan_id = ANY(%s)
"""
_INPUTS = """
SELECT i.run_id, mi.input_name AS input, i.source_run_id AS source, r.planned_run_id AS planned
FROM run_inputs i
JOIN method_inputs mi ON mi.id = i.method_input_id
JOIN runs r ON r.id = i.run_id
WHERE r.execution_plan_id = ANY(%s) AND i.source_run_id IS NOT NULL
ORDER BY i.run_id, mi.input_name, i.ordinal
"""
_EDGES = """
SELECT e.child_id AS child, e.input_name AS input, e.parent_id AS parent, p.current_run AS run,
       e.on_failure
FROM planned_edges e JOIN planned_runs p ON p.id = e.parent_id
WHERE p.plan_id = ANY(%s) ORDER BY e.child_id, e.input_name, e.ordinal
"""

#: Run -> input -> the runs that it read.
Recorded = dict[int, dict[str, list[int]]]


def violations(stage: Stage) -> list[str]:
    """Every rule that does not hold, once the last resume has come to its end."""
    bench, account = stage.bench, stage.account
    runs = _rows(stage, _RUNS)
    planned = _rows(stage, _PLANNED)
    found = list(account.wrong)
    found += _directories(bench, runs, account)
    recorded = _recorded(stage, runs)
    edges = _rows(stage, _EDGES)
    found += _executions(runs, recorded, account, _wanted(edges, runs, account))
    found += _promises(planned, account)
    found += _currents(planned, runs, account)
    found += _inputs(stage, runs, recorded)
    found += _versions(planned, runs, account)
    found += _cancels(runs, account, stage)
    found += _outputs(bench, runs, account)
    found += _read_clean(runs, recorded, account)
    found += [f"run {r['id']} is still called running" for r in runs if r["status"] == "running"]
    found += [f"{p['key']} has no result" for p in planned if p["current_run"] is None]
    for plan_id in stage.plans:
        status = stage.plan_row(plan_id)["status"]
        if status != "completed":
            found.append(f"plan {plan_id} is {status}")
    left = [name for name in bench.left_behind() if not name.startswith(".partial/")]
    found += [f"{name} was left behind" for name in left]
    return found


def untried(stage: Stage) -> list[str]:
    """What was promised to run again and did not, although the plan came to its end by itself.

    A supervisor that was killed leaves it to the next resume.
    """
    account = stage.account
    ended = {plan for plan in stage.plans if stage.ended_by_itself(plan)}
    planned = {each["id"]: each for each in _rows(stage, _PLANNED)}
    edges = _rows(stage, _EDGES)
    newest = {run["planned"]: run["id"] for run in _rows(stage, _RUNS)}
    found = []
    for asked in account.asked:
        if not asked.promised or asked.plan not in ended:
            continue
        after_run, after_launch = asked.newest
        for each in asked.failed:
            now = planned[each]
            tried = newest.get(each, 0) > after_run or (now["launch_id"] or 0) > after_launch
            lacking = any(
                edge["child"] == each and edge["run"] is None and edge["on_failure"] == "wait"
                for edge in edges
            )
            taken_back = any(back.takes(asked, each) for back in account.taking_back)
            taken_back |= account.left_undecided(asked)
            if now["current_run"] is None and not tried and not lacking and not taken_back:
                found.append(f"planned run {each} was to be tried again, and was not")
    return found


def _directories(bench: Workbench, runs: list[dict[str, Any]], account: Account) -> list[str]:
    found = []
    for run in runs:
        folder = bench.final(run["id"])
        if run["status"] == "running" or run["id"] in account.spoiled:
            continue
        meta = _read(folder / "meta.json")
        if meta is None:
            found.append(f"run {run['id']} is {run['status']} without a sealed directory")
        elif (meta["uuid"], meta["status"]) != (run["uuid"], run["status"]):
            found.append(f"run {run['id']} is {run['status']}, its directory says {meta['status']}")
    rows = {run["id"]: run for run in runs}
    for folder in bench.runs.iterdir():
        if not folder.name.isdecimal() or int(folder.name) in account.spoiled:
            continue
        meta, manifest = _read(folder / "meta.json"), _read(folder / ".manifest.json")
        if meta is None or manifest is None:
            found.append(f"{folder.name} is not whole")
            continue
        if int(folder.name) not in rows:
            found.append(f"{folder.name} has no row")
        files = {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file() and path.relative_to(folder).parts[0] != ".pm"
        }
        for name in ("meta.json", ".manifest.json"):
            files.pop(name)
        listed = {path: entry["sha256"] for path, entry in manifest["files"].items()}
        if files != listed:
            found.append(f"{folder.name} does not hold what its manifest says")
        if manifest["uuid"] != meta["uuid"]:
            found.append(f"{folder.name}: the manifest is of another run than the meta.json")
    return found


def _wanted(
    edges: list[dict[str, Any]], runs: list[dict[str, Any]], account: Account
) -> Counter[int]:
    """How often each planned run may have been made once more.

    Because somebody asked for it, or because its result or one above it was spoiled.
    """
    wanted: Counter[int] = Counter()
    spoiled = [{run["planned"]} for run in runs if run["id"] in account.spoiled]
    for first in [*(set(asked.results) for asked in account.asked if asked.again), *spoiled]:
        reached = set(first)
        while more := {e["child"] for e in edges if e["parent"] in reached} - reached:
            reached |= more
        wanted.update(reached)
    return wanted


def _promises(planned: list[dict[str, Any]], account: Account) -> list[str]:
    """What was promised to run again did, unless somebody took that back."""
    now = {each["id"]: each["current_run"] for each in planned}
    return [
        f"planned run {each} was to run again, and still has the result {run}"
        for asked in account.asked
        if asked.again and asked.promised
        for each, run in asked.results.items()
        if run is not None
        and now[each] == run
        and not any(back.takes(asked, each) for back in account.taking_back)
        and not account.left_undecided(asked)
    ]


def _executions(
    runs: list[dict[str, Any]], recorded: Recorded, account: Account, wanted: Counter[int]
) -> list[str]:
    found = []
    #: How often something was tried once more although it had a result.
    reopened: Counter[int] = Counter()
    known = {run["uuid"]: run for run in runs}
    for execution in account.executions:
        if execution.uuid not in known:
            found.append(f"{execution} has no row")
    for run in runs:
        if run["status"] != "completed":
            continue
        again = [
            other
            for other in runs
            if other["planned"] == run["planned"]
            and other["id"] > run["id"]
            # A list that went on without a member is made again once that one has come.
            and recorded[other["id"]] == recorded[run["id"]]
        ]
        if again:
            reopened[run["planned"]] += 1
        if again and reopened[run["planned"]] > wanted[run["planned"]]:
            found.append(f"run {again[0]['id']} was made although run {run['id']} had completed")
        executed = [e for e in account.executions if e.uuid == run["uuid"]]
        if len(executed) != 1 or executed[0].output is None:
            found.append(f"run {run['id']} completed, its method did not: {executed}")
    return found


def _currents(
    planned: list[dict[str, Any]], runs: list[dict[str, Any]], account: Account
) -> list[str]:
    found = []
    for each in planned:
        if each["current_run"] is None:
            completed = [
                r["id"] for r in runs if r["planned"] == each["id"] and r["status"] == "completed"
            ]
            if completed:
                found.append(f"{each['key']} has completed run {completed[0]} and no result")
            continue
        if each["current_run"] in account.spoiled:
            found.append(f"the result of {each['key']} is a run that somebody spoiled")
        if each["status"] != "completed":
            found.append(f"the result of {each['key']} is a run that is {each['status']}")
        if each["made_for"] != each["id"] and each["decision"] != "reuse":
            found.append(f"the result of {each['key']} is a run of something else")
    return found


def _versions(
    planned: list[dict[str, Any]], runs: list[dict[str, Any]], account: Account
) -> list[str]:
    """Everything of a plan is of the versions that it was submitted with."""
    return [
        f"{what} is of version {row['version']}, {account.versions[number]} was submitted"
        for what, number, row in [
            *((f"planned run {each['id']}", each["id"], each) for each in planned),
            *((f"run {each['id']}", each["planned"], each) for each in runs),
        ]
        if account.versions.get(number) != row["version"]
    ]


def _recorded(stage: Stage, runs: list[dict[str, Any]]) -> Recorded:
    recorded: Recorded = {run["id"]: {} for run in runs}
    for row in _rows(stage, _INPUTS):
        recorded[row["run_id"]].setdefault(row["input"], []).append(row["source"])
    return recorded


def _inputs(stage: Stage, runs: list[dict[str, Any]], recorded: Recorded) -> list[str]:
    """A result was made from what its parents give now; any run from what one of theirs gave."""
    parents: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for row in _rows(stage, _EDGES):
        parents.setdefault(row["child"], {}).setdefault(row["input"], []).append(row)
    gave: dict[int, set[int]] = {}
    for run in runs:
        if run["status"] == "completed":
            gave.setdefault(run["planned"], set()).add(run["id"])
    found = []
    for run in runs:
        for name, rows in parents.get(run["planned"], {}).items():
            then = recorded[run["id"]].get(name, [])
            now = [row["run"] for row in rows]
            if run["is_result"] and then != now:
                found.append(f"run {run['id']} read {then} as {name}, its parents' runs are {now}")
            able = set(now).union(*(gave.get(row["parent"], set()) for row in rows))
            if not then or not set(then) <= able:
                found.append(f"run {run['id']} read {then} as {name}, which are not among {able}")
            if rows[0]["on_failure"] == "wait" and len(then) != len(now):
                found.append(f"run {run['id']} did not wait for all of {name}: {then}")
    return found


def _cancels(runs: list[dict[str, Any]], account: Account, stage: Stage) -> list[str]:
    cancelled = {plan: stage.plan_row(plan)["cancelled_epoch"] for plan in stage.plans}
    found = []
    for run in runs:
        if run["status"] == "cancelled" and run["epoch"] > cancelled[run["plan"]]:
            found.append(f"run {run['id']} is cancelled; nobody cancelled epoch {run['epoch']}")
        for (plan, epoch), told in account.cancelled.items():
            if run["plan"] != plan or run["epoch"] > epoch:
                continue
            for execution in account.executions:
                # What a scheduler starts again there, goes on as that database says.
                late = execution.started > told and not account.was_unread(execution.started)
                if execution.uuid == run["uuid"] and late:
                    found.append(f"{execution} started after epoch {epoch} was cancelled at {told}")
    return found


def _outputs(bench: Workbench, runs: list[dict[str, Any]], account: Account) -> list[str]:
    texts = {e.uuid: e.output for e in account.executions}
    found = []
    for run in runs:
        if run["status"] == "completed" and run["id"] not in account.spoiled:
            path = bench.final(run["id"]) / OUTPUT
            if not path.is_file() or path.read_text() != texts.get(run["uuid"]):
                found.append(f"run {run['id']} holds another output than its method wrote")
    return found


def _read_clean(runs: list[dict[str, Any]], recorded: Recorded, account: Account) -> list[str]:
    """What a completed run read is what the runs wrote that its record names."""
    wrote = {run["id"]: run["uuid"] for run in runs}
    texts = {e.uuid: e.output for e in account.executions}
    found = []
    for run in runs:
        text = texts.get(run["uuid"])
        if run["status"] != "completed" or text is None:
            continue
        read: dict[str, list[str]] = {}
        for line in text.splitlines()[1:]:
            name, _, word = line.partition(" ")
            read.setdefault(name, []).append(word)
        named = {n: [wrote[each] for each in many] for n, many in recorded[run["id"]].items()}
        if read != named:
            found.append(f"run {run['id']} read {read}, its record names {named}")
    return found


def _rows(stage: Stage, query: LiteralString) -> list[dict[str, Any]]:
    with stage.world.admin.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, (stage.plans,)).fetchall()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return document if isinstance(document, dict) else None
