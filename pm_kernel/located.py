"""File names of a pipeline made absolute: they mean the same wherever the plan is made from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pm_kernel.domain.bindings import Binding, FromFile
from pm_kernel.domain.pipeline import Pipeline


def located(pipeline: Pipeline, folder: Path) -> Pipeline:
    """Return the pipeline with its relative file names meant from ``folder``."""

    def at(binding: Binding) -> Binding:
        return FromFile(str(folder / binding.path)) if isinstance(binding, FromFile) else binding

    steps = {
        name: replace(step, inputs={key: at(each) for key, each in step.inputs.items()})
        for name, step in pipeline.steps.items()
    }
    return replace(pipeline, steps=steps)
