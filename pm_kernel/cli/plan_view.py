"""Plans as lines for a terminal: preview tree, progress, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pm_kernel.cli.output import width_of
from pm_kernel.cli.text import Line, Span, clean, line
from pm_kernel.domain import plan_documents
from pm_kernel.domain.estimate import Estimate
from pm_kernel.domain.marks import plan_mark, run_mark
from pm_kernel.domain.names import listed
from pm_kernel.domain.plans import OPEN, Plan, PlannedRunRow, StepCount
from pm_kernel.domain.preview import Node, preview_tree
from pm_kernel.domain.quantities import duration_text
from pm_kernel.planning import Preview

#: Samples shown in full before the rest is only counted.
_SHOWN_TOPS = 20
_BAR = 30
#: Order of the segments of a bar, and the glyph of each.
_SEGMENTS = (
    ("completed", "█"),
    ("reused", "▓"),
    ("running", "▒"),
    ("failed", "✕"),
    ("cancelled", "⊘"),
    ("blocked", "⊟"),
    ("waiting", "·"),
)


def preview_lines(shown: Preview) -> Iterator[Line]:
    """Totals, then the tree sample → branch → step with what is reused and why."""
    counts, final = shown.counts, shown.expanded.totals.final_results
    told = f"{counts.run} new, {counts.reuse} reused"
    if counts.blocked:
        told += f", {counts.blocked} cannot run"
    yield line(
        Span(f"{counts.total} {'run' if counts.total == 1 else 'runs'}", strong=True),
        f" ({told}), {final} final {'result' if final == 1 else 'results'}",
    )
    if counts.run:
        yield line(Span(estimate_text(shown.estimate), "neutral"))
    for problem in shown.problems:
        token = "error" if problem.severity == "error" else "warn"
        where = "" if problem.step is None else f"step {problem.step}: "
        message = problem.message
        if where and problem.step and problem.step in message:
            where = ""
        yield line(Span("✕ " if token == "error" else "⚠ ", token), where + message)
    tops = preview_tree(shown.expanded, shown.decisions)
    for top in tops[:_SHOWN_TOPS]:
        yield from _node_lines(top, "", "", last=True, top=True)
    if len(tops) > _SHOWN_TOPS:
        yield line(Span(f"… and {len(tops) - _SHOWN_TOPS} more samples", "neutral"))


def estimate_text(given: Estimate) -> str:
    """``about 2 h 5 min of work, at least 20 min 3 s on many processors``; who is not counted."""
    methods, several = listed(given.unknown), len(given.unknown) > 1
    if given.unknown and not given.work:
        return f"nobody knows yet how long {methods} {'take' if several else 'takes'}"
    work, longest = duration_text(given.work), duration_text(given.longest)
    told = f"about {work} of work"
    if longest != work:
        told += f", at least {longest} on many processors"
    if given.documented:
        whose = "their workflow documents" if len(given.documented) > 1 else "its workflow document"
        told += f", {listed(given.documented)} from {whose}"
    return told + (f", not counting {methods}, which never ran" if given.unknown else "")


def _node_lines(node: Node, lead: str, mark: str, *, last: bool, top: bool) -> Iterator[Line]:
    name = node.label if node.axis is None else f"{node.axis} = {node.label}"
    # What a derived name says already is not said again.
    params = ", ".join(
        f"{param} = {text}"
        for each in node.params.values()
        for param, text in each.items()
        if not {f"{param}={text}", f"{param.rpartition('.')[2]}={text}"} & {*node.label.split(", ")}
    )
    yield line(lead + mark, Span(name, strong=True), Span(f"  {params}" if params else "", "info"))
    below = lead if top else lead + ("   " if last else "│  ")
    total = len(node.runs) + len(node.children)
    for n, leaf in enumerate(node.runs):
        state = {"run": "waiting", "reuse": "reused", "blocked": "blocked"}[leaf.action]
        glyph = run_mark(state)
        # A new run, and what follows from one, is the ordinary case: only the others need a reason.
        ordinary = leaf.reason.startswith(("no earlier", "upstream"))
        reason = "" if leaf.action == "run" and ordinary else leaf.reason
        joint = "└─ " if n == total - 1 else "├─ "
        yield line(
            below + joint,
            Span(f"{glyph.glyph} ", glyph.token),
            leaf.step,
            Span(f"  {reason}" if reason else "", "neutral"),
        )
    for n, child in enumerate(node.children, len(node.runs)):
        joint = "└─ " if n == total - 1 else "├─ "
        yield from _node_lines(child, below, joint, last=n == total - 1, top=False)


def preview_document(shown: Preview) -> dict[str, Any]:
    """The same for programs."""
    counts = shown.counts
    return {
        "runs": counts.total,
        "new": counts.run,
        "reused": counts.reuse,
        "blocked": counts.blocked,
        "final_results": shown.expanded.totals.final_results,
        "estimate": shown.estimate.to_document(),
        "problems": [vars(problem) for problem in shown.problems],
        "planned_runs": [
            {
                "key": run.key,
                "step": run.step,
                "sample": run.sample,
                "branch": run.branch,
                "params": dict(run.params),
                "decision": shown.decisions[run.key].action,
                "reason": shown.decisions[run.key].reason,
                "run_id": shown.decisions[run.key].run_id,
            }
            for run in shown.expanded.runs
        ],
    }


def summary_line(plan: Plan) -> Line:
    """One line: mark, name, bar, counts."""
    mark = plan_mark(plan.status)
    return line(
        Span(f"{mark.glyph} ", mark.token),
        Span(f"plan {plan.plan_id} · {plan.name}", strong=True),
        "  ",
        *bar(plan.counts),
        f"  {counts_text(plan.counts)}",
    )


def bar(counts: Mapping[str, int], width: int = _BAR) -> list[Span]:
    """A segmented bar; every state that occurs is seen."""
    total = sum(counts.values())
    if not total:
        return []
    present = [(state, glyph) for state, glyph in _SEGMENTS if counts.get(state)]
    lengths = {state: max(1, width * counts[state] // total) for state, _ in present}
    while sum(lengths.values()) < width and present:
        lengths[max(present, key=lambda each: counts[each[0]])[0]] += 1
    return [Span(glyph * lengths[state], run_mark(state).token) for state, glyph in present]


def counts_text(counts: Mapping[str, int]) -> str:
    """``17 of 26 (6 reused), 2 running, 1 failed``."""
    total = sum(counts.values())
    reused = counts.get("reused", 0)
    text = f"{counts.get('completed', 0) + reused} of {total}"
    if reused:
        text += f" ({reused} reused)"
    for state in ("running", "failed", "cancelled"):
        if counts.get(state):
            text += f", {counts[state]} {state}"
    if counts.get("blocked"):
        text += f", {counts['blocked']} not run"
    return text


def counts_by_step(counts: Iterable[StepCount]) -> dict[str, Counter[str]]:
    """The planned runs of each step by state, in the order of the plan."""
    steps: dict[str, Counter[str]] = {}
    for each in counts:
        steps.setdefault(each.step, Counter())[each.state] += each.n
    return steps


def step_lines(of_steps: Iterable[StepCount]) -> Iterator[Line]:
    """One line per step with its bar."""
    steps = counts_by_step(of_steps)
    widths = {step: width_of(clean(step)) for step in steps}
    longest = max(widths.values(), default=0)
    for step, counts in steps.items():
        blank = " " * (longest - widths[step])
        yield line("  ", step, blank, "  ", *bar(counts, 20), f"  {counts_text(counts)}")


def failure_lines(failed: Iterable[PlannedRunRow], blocked: int = 0) -> Iterator[Line]:
    """Every failed run with the last line of its error, and how many were not run for it."""
    for row in failed:
        mark = run_mark(row.state)
        error = (row.error or "").strip().splitlines()
        yield line(
            "  ",
            Span(f"{mark.glyph} ", mark.token),
            f"run {row.run_id} · {_place(row)}: {error[0] if error else row.state}",
        )
    if blocked:
        mark = run_mark("blocked")
        yield line("  ", Span(f"{mark.glyph} ", mark.token), f"{blocked} not run because of that")


def again_lines(plan: Plan) -> Iterator[Line]:
    """How many planned runs are wanted again, and what makes them run."""
    if plan.again:
        when = "when the running launch has ended" if plan.status in OPEN else "with a resume"
        what, whose = ("1 runs", "it") if plan.again == 1 else (f"{plan.again} run", "them")
        yield line("  ", Span("↻ ", "info"), f"{what} again {when}, with what is made of {whose}")


def tree_lines(rows: Sequence[PlannedRunRow]) -> Iterator[Line]:
    """Every planned run by sample: mark, step, branch, run."""
    groups: dict[str, list[PlannedRunRow]] = {}
    for row in rows:
        groups.setdefault(row.sample or "all samples", []).append(row)
    for sample, members in groups.items():
        yield line(Span(sample, strong=True))
        for n, row in enumerate(members):
            mark = run_mark(row.state)
            run = "" if row.run_id is None else f"run {row.run_id}"
            error = (row.error or "").strip().splitlines()
            yield line(
                "└─ " if n == len(members) - 1 else "├─ ",
                Span(f"{mark.glyph} ", mark.token),
                row.step,
                Span(f"  {row.branch}" if row.branch else "", "info"),
                Span(f"  {mark.said}", "neutral"),
                Span(f"  {run}" if run else "", "neutral"),
                Span("" if row.again_by is None else f"  ↻ {row.again_by} wants it again", "info"),
                Span(f"  {error[0]}" if error else "", "error"),
            )


def plan_document(plan: Plan, rows: Sequence[PlannedRunRow] | None = None) -> dict[str, Any]:
    """A plan for programs."""
    document = plan_documents.plan_document(plan)
    if rows is not None:
        document["planned_runs"] = [plan_documents.planned_run_document(row) for row in rows]
    return document


def _place(row: PlannedRunRow) -> str:
    return " ".join(part for part in (row.step, row.sample or "", row.branch) if part)
