"""A site's configuration: when it is asked for again, and what in it stands in the way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.errors import EngineUnavailable, InvalidInput
from pm_kernel.nextflow.command import NextflowCommand
from pm_kernel.nextflow.config import SiteConfig, resolve_config
from pm_kernel.nextflow.ir import Containers, Directives, Limits, ProcessSpec
from pm_kernel.nextflow.overrides import config_problems

OWN = NextflowCommand(("/opt/nextflow",), (), "25.10.2", "own")
SEGMENT = ProcessSpec("S01_SEGMENT", "segment")
ON_GPU = ProcessSpec("S02_TRAIN", "train", Directives(free={"label": "gpu"}))
MACHINE = Limits(cpus=4, memory_bytes=8 * 2**30)


class Nextflow:
    """Answers ``nextflow config`` and counts how often it was asked."""

    def __init__(self, output: str = "{}", code: int = 0) -> None:
        self.answer = (code, output, "")
        self.times = 0

    def __call__(
        self,
        command: NextflowCommand,
        folder: Path,
        environ: Mapping[str, str],
        profile: str | None,
    ) -> tuple[int, str, str]:
        self.times += 1
        return self.answer


class Site:
    """A workspace's nextflow.config and how it is resolved."""

    def __init__(self, root: Path, nextflow: Nextflow) -> None:
        self.path = root / "nextflow.config"
        self.nextflow = nextflow
        self.cache = root / "cache"
        self.environ = {"HOME": str(root / "home"), "ACCOUNT": "lab", "OTHER": "1"}

    def resolve(self, command: NextflowCommand = OWN) -> SiteConfig:
        return resolve_config(command, self.path, self.environ, self.cache, ask=self.nextflow)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path, Nextflow(json.dumps({"process": {"executor": "slurm"}})))
    site.path.write_text('includeConfig "more.config"\nprocess.x = "${ACCOUNT}"\n')
    (tmp_path / "more.config").write_text("process.executor = 'slurm'\n")
    return site


def test_without_any_configuration_nextflow_is_not_asked(tmp_path: Path) -> None:
    nextflow = Nextflow()
    config = resolve_config(OWN, None, {"HOME": "/nowhere"}, tmp_path, ask=nextflow)
    assert config == SiteConfig({})
    assert nextflow.times == 0


def test_the_same_configuration_is_asked_for_once(site: Site) -> None:
    assert site.resolve() == site.resolve() == SiteConfig({"process": {"executor": "slurm"}})
    assert site.nextflow.times == 1


def _edit(site: Site) -> None:
    site.path.write_text(site.path.read_text() + "process.y = 1\n")


def _edit_included(site: Site) -> None:
    (site.path.parent / "more.config").write_text("process.executor = 'lsf'\n")


def _set_mentioned_variable(site: Site) -> None:
    site.environ["ACCOUNT"] = "other"


def _set_personal_configuration(site: Site) -> None:
    home = Path(site.environ["HOME"]) / ".nextflow"
    home.mkdir(parents=True)
    (home / "config").write_text("process.z = 1\n")


@pytest.mark.parametrize(
    "change", [_edit, _edit_included, _set_mentioned_variable, _set_personal_configuration]
)
def test_whatever_the_answer_depends_on_makes_it_asked_for_again(site: Site, change: Any) -> None:
    site.resolve()
    change(site)
    site.resolve()
    assert site.nextflow.times == 2


def test_another_version_is_asked_for_itself(site: Site) -> None:
    site.resolve()
    site.resolve(NextflowCommand(("/opt/nextflow",), (), "26.01.0", "own"))
    assert site.nextflow.times == 2


def test_each_profile_is_asked_for_itself(site: Site) -> None:
    site.resolve()
    resolve_config(OWN, site.path, site.environ, site.cache, profile="cluster", ask=site.nextflow)
    assert site.nextflow.times == 2


def test_a_variable_that_is_not_mentioned_changes_nothing(site: Site) -> None:
    site.resolve()
    site.environ["OTHER"] = "2"
    site.resolve()
    assert site.nextflow.times == 1


@pytest.mark.parametrize(
    "include",
    [
        'includeConfig "${params.site}.config"',
        "includeConfig params.site",
        "includeConfig 'https://example.org/site.config'",
        "includeConfig 'absent.config'",
    ],
)
def test_an_include_that_cannot_be_followed_is_asked_for_each_time(
    site: Site, include: str
) -> None:
    site.path.write_text(f"{include}\n")
    site.resolve()
    site.resolve()
    assert site.nextflow.times == 2


def test_secrets_are_not_kept(site: Site) -> None:
    site.nextflow.answer = (
        0,
        json.dumps({"tower": {"accessToken": "secret", "enabled": True}, "aws": {"k": "secret"}}),
        "",
    )
    assert site.resolve().enabled == {"tower"}
    assert "secret" not in "".join(path.read_text() for path in site.cache.rglob("*.json"))


def test_warnings_before_the_answer_do_not_matter(site: Site) -> None:
    site.nextflow.answer = (0, 'WARN: old\n{\n  "process": {"cpus": 2}\n}\n', "")
    assert site.resolve().process == {"cpus": 2}


def test_a_configuration_that_is_wrong_is_told_in_nextflows_words(site: Site) -> None:
    site.nextflow.answer = (1, "WARN: x\nERROR ~ Unable to parse config file\n\n  line 2\n", "")
    with pytest.raises(InvalidInput, match="Unable to parse config file line 2"):
        site.resolve()


def test_an_answer_that_is_no_configuration_is_not_taken_for_an_empty_one(site: Site) -> None:
    site.nextflow.answer = (0, '{\n  "process": ', "")
    with pytest.raises(EngineUnavailable, match="cannot be read"):
        site.resolve()


CONFIG = SiteConfig(
    {
        "process": {
            "executor": "slurm",
            "memory": "4 GB",
            "time": "{ 1.h * task.attempt }",
            "withLabel:gpu": {"executor": "local", "memory": {"bytes": 2**40}},
            "withName:S01_.*": {"cpus": 3},
            "withName:!S01_SEGMENT": {"queue": "rest"},
        }
    }
)


@pytest.mark.parametrize(
    ("process", "directive", "value"),
    [
        (SEGMENT, "memory", "4 GB"),
        (SEGMENT, "cpus", 3),
        (SEGMENT, "queue", None),
        (ON_GPU, "queue", "rest"),
        (ON_GPU, "memory", {"bytes": 2**40}),
        (ProcessSpec("S03_X", "x", Directives(memory="1 GB")), "memory", "1 GB"),
        # A selector is stronger than what the step itself asks for.
        (ProcessSpec("S01_Y", "y", Directives(cpus=1)), "cpus", 3),
    ],
)
def test_what_a_step_gets_is_found_as_nextflow_finds_it(
    process: ProcessSpec, directive: str, value: object
) -> None:
    assert CONFIG.effective(process, directive) == value


def test_the_executor_is_told_for_each_step() -> None:
    assert [CONFIG.executor(p) for p in (SEGMENT, ON_GPU)] == ["slurm", "local"]
    assert CONFIG.elsewhere([SEGMENT, ON_GPU]) == {"S01_SEGMENT"}
    assert SiteConfig({}).executor(SEGMENT) == "local"
    assert SiteConfig({"executor": {"name": "lsf"}}).executor(SEGMENT) == "lsf"


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ({}, None),
        ({"docker": {"enabled": False}}, None),
        ({"docker": {"enabled": True}}, Containers("docker", ("/d",), "5:6")),
        (
            {"docker": {"enabled": True, "runOptions": "--rm -u 1:1"}},
            Containers("docker", ("/d",)),
        ),
        (
            {"apptainer": {"enabled": True}, "process": {"containerOptions": "--nv"}},
            Containers("apptainer", ("/d",), site_options="--nv"),
        ),
    ],
)
def test_containers_run_as_the_person_and_with_the_sites_options(
    scopes: dict[str, Any], expected: Containers | None
) -> None:
    assert SiteConfig(scopes).containers(("/d",), uid=5, gid=6) == expected


def problems(scopes: dict[str, Any], *, fetched: bool = True) -> list[tuple[str, str | None, str]]:
    found = config_problems(SiteConfig(scopes), [SEGMENT, ON_GPU], fetched=fetched, machine=MACHINE)
    return [(problem.severity, problem.step, problem.message) for problem in found]


@pytest.mark.parametrize(
    ("scopes", "severity", "step", "words"),
    [
        ({"process": {"beforeScript": "x"}}, "error", None, "before_script in pm.toml"),
        ({"process": {"afterScript": "x"}}, "error", None, "would be lost"),
        ({"process": {"storeDir": "x"}}, "error", None, "without a record"),
        ({"process": {"array": 10}}, "error", None, "arrays"),
        ({"process": {"scratch": True}}, "notice", None, "does not apply"),
        ({"process": {"errorStrategy": "finish"}}, "notice", None, "does not apply"),
        ({"process": {"withLabel:gpu": {"errorStrategy": "x"}}}, "error", "train", "withLabel:gpu"),
        ({"process": {"withName:S01.*": {"afterScript": "x"}}}, "error", "segment", "afterScript"),
        ({"process": {"withName:S01(?<n>.*)": {"scratch": True}}}, "error", "segment", "scratch"),
        ({"process": {"executor": "k8s"}}, "error", "segment", "needs a plug-in"),
        ({"process": {"cpus": 5}}, "error", "segment", "this machine has 4"),
        ({"process": {"memory": "9 GB"}}, "error", "segment", "this machine has 8.0 GB"),
        ({"plugins": ["nf-amazon"]}, "error", None, "nf-amazon needs a plug-in"),
        ({"wave": {"enabled": True}}, "error", None, "wave needs a plug-in"),
        ({"shifter": {"enabled": True}}, "error", None, "shifter is not supported"),
        (
            {"docker": {"enabled": True}, "process": {"containerOptions": "{ '-x' }"}},
            "error",
            None,
            "must be plain text",
        ),
        (
            {"docker": {"enabled": True}, "process": {"withName:S01.*": {"containerOptions": "x"}}},
            "error",
            "segment",
            "docker.runOptions",
        ),
    ],
)
def test_what_would_take_the_place_of_ours_is_named(
    scopes: dict[str, Any], severity: str, step: str | None, words: str
) -> None:
    found = problems(scopes)
    assert (severity, step) == found[0][:2]
    assert re.search(re.escape(words), found[0][2])


@pytest.mark.parametrize(
    "scopes",
    [
        {},
        {"process": {"executor": "slurm", "cpus": 64, "memory": "500 GB", "queue": "long"}},
        {"process": {"withName:OTHER": {"afterScript": "x"}}},
        {"process": {"withLabel:big": {"errorStrategy": "finish"}}},
        {"singularity": {"enabled": True}, "executor": {"queueSize": 5}},
    ],
)
def test_an_ordinary_configuration_has_no_problems(scopes: dict[str, Any]) -> None:
    assert problems(scopes) == []


def test_ones_own_nextflow_may_use_plug_ins_and_is_told_what_they_need() -> None:
    assert problems({"plugins": ["nf-k8s"]}, fetched=False) == []
    found = problems({"process": {"executor": "k8s"}}, fetched=False)
    assert {severity for severity, _, _ in found} == {"notice"}
    assert "inside its image" in found[0][2]


@pytest.mark.parametrize(
    ("scopes", "paced"),
    [
        ({}, False),
        ({"executor": {"queueSize": 4, "$slurm": {"pollInterval": "9s"}}}, False),
        ({"executor": {"pollInterval": "1s"}}, True),
        ({"executor": {"$local": {"pollInterval": "1s"}}}, True),
        ({"executor": "local"}, True),
    ],
)
def test_a_site_may_say_how_often_local_tasks_are_looked_at(
    scopes: dict[str, Any], paced: bool
) -> None:
    assert SiteConfig(scopes).paces_local is paced
