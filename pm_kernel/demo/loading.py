"""The demo workspace: its samples, its registered methods, its plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pm_kernel.config import Settings
from pm_kernel.demo.location import methods_folder
from pm_kernel.demo.samples import write_samples
from pm_kernel.domain.methods import Version
from pm_kernel.plan_file import read_sheet
from pm_kernel.planning import PlanInput
from pm_kernel.registration import RegistrationRequest, register
from pm_kernel.store.engine import Store

#: In the order of the pipeline: a method names the modules that its inputs come from.
METHODS = (
    "segmentation/regionprops",
    "quality_control/quality_filter",
    "ploidy_filtering/ploidy_gate",
    "data_labeling/label_positive",
    "cohort_analysis/positive_fraction",
)
SAMPLES = "samples"

_PLAN_FILE = """\
name = "positive nuclei"
pipeline = "pipeline.json"
sheet = "samples/samples.csv"
"""


@dataclass(frozen=True)
class Loaded:
    """A method of the demo, and whether registering it made a new version."""

    version: Version
    created: bool


def load_samples(settings: Settings) -> Path:
    """Cut the fields of view into the workspace; returns the sample sheet."""
    folder = settings.root / SAMPLES
    write_samples(folder)
    return folder / "samples.csv"


def load_methods(
    settings: Settings, store: Store, told: Callable[[Loaded], None] = lambda _loaded: None
) -> list[Loaded]:
    """Register the demo's methods; unchanged ones make no new version."""
    source = methods_folder()
    loaded = []
    for place in METHODS:
        module, name = place.split("/")
        request = RegistrationRequest(folder=source / place, module=module, name=name)
        registered = register(settings, store, request)
        loaded.append(Loaded(registered.version, registered.created))
        told(loaded[-1])
    return loaded


def demo_plan(settings: Settings, sheet: Path) -> PlanInput:
    """Return the demo's pipeline over all its samples, after writing it into the workspace."""
    text = (Path(__file__).parent / "pipeline.json").read_text(encoding="utf-8")
    (settings.root / "pipeline.json").write_text(text, encoding="utf-8")
    plan_file = (
        'name = "positive nuclei"\npipeline = "pipeline.json"\nsheet = "samples/samples.csv"\n'
    )
    (settings.root / "plan.toml").write_text(plan_file, encoding="utf-8")
    request = {"samples": {"sheet": read_sheet(sheet)}}
    return PlanInput(json.loads(text), request, sheet.parent)
