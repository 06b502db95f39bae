"""What a plan starts from beside its own steps: files, and outputs of runs that exist already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pm_kernel.domain.connecting import mismatches
from pm_kernel.domain.names import listed
from pm_kernel.domain.plan import ExistingRun, ExpandedPlan, File, Source
from pm_kernel.domain.sample_labels import label_notices
from pm_kernel.errors import Problem
from pm_kernel.store import reuse
from pm_kernel.store.engine import Connection


def located(expanded: ExpandedPlan, base: Path) -> ExpandedPlan:
    """Make relative file names absolute: a run starts in another folder than the plan was made."""

    def absolute(sources: tuple[Source, ...]) -> tuple[Source, ...]:
        if not any(isinstance(s, File) and not Path(s.path).is_absolute() for s in sources):
            return sources
        return tuple(
            replace(source, path=str(base / source.path)) if isinstance(source, File) else source
            for source in sources
        )

    runs = tuple(
        replace(run, inputs={name: absolute(sources) for name, sources in run.inputs.items()})
        if any(isinstance(s, File) for sources in run.inputs.values() for s in sources)
        else run
        for run in expanded.runs
    )
    return replace(expanded, runs=runs, by_key={run.key: run for run in runs})


def source_problems(connection: Connection, expanded: ExpandedPlan) -> list[Problem]:
    """Return what is wrong with files and existing runs that the plan starts from."""
    files: dict[str, str] = {}
    existing: dict[tuple[int, str], str] = {}
    for run in expanded.runs:
        for sources in run.inputs.values():
            for source in sources:
                if isinstance(source, File):
                    files.setdefault(source.path, run.step)
                elif isinstance(source, ExistingRun):
                    existing.setdefault((source.run_id, source.output), run.step)
    found = []
    for path, step in files.items():
        problem = _file_problem(path)
        if problem:
            found.append(Problem(f"Step {step!r}: {problem}", step=step, code="file"))
    known = reuse.output_origins(connection, existing)
    of_runs = {run_id for run_id, _ in existing}
    invalid = reuse.invalid_runs(connection, of_runs)
    unusable = {
        (run_id, output): step
        for (run_id, output), step in existing.items()
        if run_id in invalid or (run_id, output) not in known
    }
    states = reuse.states_of(connection, {run_id for run_id, _ in unusable}) if unusable else {}
    for (run_id, output), step in unusable.items():
        told = _unusable(run_id, output, *states.get(run_id, (None, ())))
        found.append(Problem(f"Step {step!r}: {told}", step=step, code="run"))
    labels = label_notices(expanded, reuse.samples_of(connection, of_runs))
    return [*found, *_unfit(expanded, known), *labels]


def _unusable(run_id: int, output: str, status: str | None, outputs: Sequence[str]) -> str:
    """Return why an output of an existing run is none that anything can begin with."""
    if status is None:
        return f"run {run_id} has no output {output!r}: there is no such run."
    if status != "completed":
        return (
            f"run {run_id} did not complete: it is {status}. Take a completed one; `pm runs` "
            "lists them."
        )
    if output not in outputs:
        has = f"it has {listed(outputs)}" if outputs else "it has none at all"
        return f"run {run_id} has no output {output!r}; {has}."
    return (
        f"run {run_id} was altered after it was recorded; `pm verify {run_id}` says what. Run its "
        "step again, or take another run."
    )


def _unfit(
    expanded: ExpandedPlan, known: Mapping[tuple[int, str], reuse.Origin]
) -> Iterator[Problem]:
    """Yield, once for each input, which existing output does not fit what the input declares."""
    told: set[tuple[str, str]] = set()
    for run in expanded.runs if known else ():
        version = expanded.steps[run.step].version
        for name, sources in run.inputs.items():
            declared = version.inputs.get(name) if version is not None else None
            for source in sources if declared is not None else ():
                if not isinstance(source, ExistingRun) or (run.step, name) in told:
                    continue
                origin = known.get((source.run_id, source.output))
                if origin is None:
                    continue
                assert declared is not None
                for code, reason in mismatches(
                    # What nobody declared may be anything.
                    declared if origin.type is not None else replace(declared, value_type=None),
                    module=origin.module,
                    output_type=origin.type or "file",
                    output=f"run:{source.run_id}/{source.output}",
                    owner=f"run {source.run_id}",
                ):
                    told.add((run.step, name))
                    yield Problem(
                        f"Step {run.step!r}: input {name!r}: {reason}", step=run.step, code=code
                    )


def _file_problem(path: str) -> str | None:
    try:
        if Path(path).is_dir():
            return f"{path} is a folder, not a file."
        with open(path, "rb"):
            return None
    except FileNotFoundError:
        return f"the file {path} does not exist."
    except (OSError, ValueError) as error:
        return f"the file {path} cannot be read: {error}."
