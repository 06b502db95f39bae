"""A run as lines of text: the same in `pm lineage`, where it is a node, and in `pm runs show`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from pm_kernel.cli.output import width_of
from pm_kernel.cli.text import Line, Span, clean, line
from pm_kernel.domain.marks import run_mark
from pm_kernel.domain.quantities import duration_text, size_text
from pm_kernel.domain.runs import (
    Run,
    RunDetails,
    RunInput,
    RunParameter,
    equal_text,
    last_line,
    said,
)

#: Members of a gathered list that are named; of more, only the first and the last.
_MEMBERS = 6
#: Longest value shown in full; the record has the rest.
_VALUE = 200


def glyph(run: Run) -> Span:
    """Return the mark of a run's state."""
    mark = run_mark(run.state)
    return Span(mark.glyph, mark.token)


def state_words(run: Run, now: datetime) -> Span:
    """Return a run's state in words; the error only by its last line."""
    return Span(said(run, now), run_mark(run.state).token)


def heading(run: Run, now: datetime) -> Line:
    """Return a run's line: which it is, of what, how it went and when."""
    parts: list[str | Span] = [
        glyph(run),
        " ",
        Span(f"run {run.run_id} · {run.method} v{run.version}", strong=True),
        Span(f" ({run.commit[:7]})", "neutral"),
    ]
    parts += [f" · {where}" for where in (run.sample, run.branch) if where]
    parts += ["  ", state_words(run, now)]
    parts.append(Span(f"  {moment(run.started_at, now)}", "neutral"))
    if run.ended:
        parts.append(Span(f", {duration_text(run.seconds(now))}", "neutral"))
    return line(*parts)


def moment(time: datetime, now: datetime) -> str:
    """Return a time to the second, in the time zone of ``now``."""
    return f"{time.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S}"


def body(details: RunDetails) -> Iterator[Line]:
    """Yield what a reader of a lineage needs of a run: parameters, inputs, outputs, notices."""
    yield from section("parameters", parameter_lines(details.parameters))
    yield from section("inputs", input_lines(details.inputs))
    yield from section("outputs", output_lines(details))
    if details.run.error and last_line(details.run.error) != details.run.error.strip():
        yield from section("error", text_lines(details.run.error, "error"))
    yield from section("notices", [line(Span(note, "warn")) for note in details.run.notices])


def section(title: str, lines: Iterable[Line]) -> Iterator[Line]:
    """Yield lines beside their title."""
    for number, each in enumerate(lines):
        yield (Span(f"{title if number == 0 else '':<13}", "neutral"), *each)


def text_lines(text: str, token: str = "") -> list[Line]:
    """Return a text of several lines as lines."""
    return [line(Span(each, token)) for each in text.splitlines()]


def parameter_lines(parameters: Iterable[RunParameter]) -> Iterator[Line]:
    """Yield every parameter with its values, and where they differ from set, expected, default."""
    shown = [(clean(each.full_name), _value(each), each) for each in parameters]
    names = max((width_of(name) for name, _, _ in shown), default=0)
    values = min(max((width_of(clean(value)) for _, value, _ in shown), default=0), 24)
    for name, value, parameter in shown:
        note = ", ".join(_parameter_notes(parameter))
        spaces = " " * (names - width_of(name))
        gap = " " * (values - width_of(clean(value))) if note else ""
        yield line(
            f"{name}{spaces}  ",
            Span(value, "warn" if parameter.not_applied else "", strong=parameter.stated),
            Span(f"{gap}  {note}" if note else "", "warn" if parameter.unexpected else "neutral"),
        )


def _value(parameter: RunParameter) -> str:
    if parameter.not_applied:
        return "not applied"
    return " | ".join(shortened(value) for value in parameter.values) or "—"


def _parameter_notes(parameter: RunParameter) -> Iterator[str]:
    if parameter.not_applied:
        yield f"set to {shortened(parameter.expected or '')}, but {parameter.function} never ran"
        return
    if not parameter.reported:
        yield "set" if parameter.is_set else "expected"
    elif not parameter.arrived:
        yield f"{parameter.function} never ran"
    elif parameter.unexpected:
        before = "set to" if parameter.is_set else "expected"
        yield f"{before} {shortened(parameter.expected or '')}"
    elif parameter.is_set:
        yield "set"
    if parameter.changed and parameter.default is not None:
        yield f"default {shortened(parameter.default)}"


def input_lines(inputs: Iterable[RunInput]) -> Iterator[Line]:
    """Yield the inputs and where each came from; a gathered list is one line."""
    for name, group in groupby(inputs, key=lambda read: read.name):
        members = list(group)
        value = members[0].source_run_id is None and members[0].path is None
        shown = [_origin(read) for read in members]
        count = ""
        if len(members) > _MEMBERS:
            count = f"{len(members):,} members: "
            shown = [*shown[: _MEMBERS - 2], "…", shown[-1]]
        yield line(f"{name} {'=' if value else '←'} {count}{', '.join(shown)}")
        equal = dict.fromkeys(each for read in members for each in read.equal_bytes)
        if equal:
            yield line(Span(f"  {equal_text(tuple(equal))}", "neutral"))


def _origin(read: RunInput) -> str:
    if read.source_run_id is not None:
        method = f" · {read.source_method}" if read.source_method else ""
        return f"run {read.source_run_id}{method} / {read.source_output}"
    if read.path is not None:
        return f"file {read.path}"
    return shortened(read.text or "")


def output_lines(details: RunDetails) -> Iterator[Line]:
    """Yield the outputs with path, type and size; those that nobody declared say so."""
    outputs = details.outputs
    names = max((width_of(clean(each.name)) for each in outputs), default=0)
    paths = max((width_of(clean(each.path)) for each in outputs), default=0)
    for each in outputs:
        name, path = clean(each.name), clean(each.path)
        files = "" if each.file_count == 1 else f", {each.file_count:,} files"
        yield line(
            f"{name}{' ' * (names - width_of(name))}  {path}{' ' * (paths - width_of(path))}  ",
            Span(f"{each.type}, {size_text(each.size_bytes)}{files}", "neutral"),
            Span("" if each.declared else ", not declared", "neutral"),
        )


def shortened(value: str) -> str:
    """Return a value, the middle of a very long one left out."""
    if len(value) <= _VALUE:
        return value
    return f"{value[: _VALUE // 2]} … {value[-_VALUE // 4 :]}"
