"""A set value arrives as what the code declares, also where that has no literal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pm_kernel.domain.annotations import parse_type
from pm_kernel.domain.arriving import declared_type, path_shape
from pm_kernel.domain.params import canonical, parse_typed

from .runner_harness import Bench

HELPER = """
import enum
from pathlib import Path
from typing import Literal, Optional, Union

DEFAULT = Path("a")

class Mode(enum.Enum):
    FAST = "fast"
    SLOW = 2

class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

def tracked(
    plain: Path = "a", written=Path("a"), named=DEFAULT, maybe: Optional[Path] = None,
    many: list[Path] = (), pair: tuple[str, Path] = ("a", "b"), by_name: dict[str, Path] = {},
    either: Union[str, Path] = "a", listed: Union[Path, list[Path]] = "a", text: str = "a",
    mode: Mode = Mode.FAST, value=Mode.FAST, level: Level = Level.LOW,
    size: tuple[float, int] = (1, 1), choice: Literal["a", "b"] = "a",
    number: Optional[float] = None,
):
    return {name: repr(value) for name, value in locals().items()}
"""
RUN = """
import helper

def run(extra: helper.Path):
    return {**helper.tracked(), "extra": repr(extra)}
"""

#: parameter -> annotation, default that is no literal, what is typed, canonical text, what arrives
CASES: dict[str, tuple[str, str, str, str, str]] = {
    "plain": ("Path", "", "x y", "'x y'", "PosixPath('x y')"),
    "written": ("", "Path('a')", "1", "'1'", "PosixPath('1')"),
    "named": ("", "DEFAULT", "x", "'x'", "PosixPath('x')"),
    "maybe": ("Optional[Path]", "", "x", "'x'", "PosixPath('x')"),
    "many": ("list[Path]", "", "x, y", "['x', 'y']", "[PosixPath('x'), PosixPath('y')]"),
    "pair": ("tuple[str, Path]", "", "x, y", "('x', 'y')", "('x', PosixPath('y'))"),
    "by_name": ("dict[str, Path]", "", "{'x': 'y'}", "{'x': 'y'}", "{'x': PosixPath('y')}"),
    "either": ("Union[str, Path]", "", "x", "'x'", "'x'"),
    "listed": ("Union[Path, list[Path]]", "", "['x']", "['x']", "[PosixPath('x')]"),
    "text": ("str", "", "x", "'x'", "'x'"),
    "mode": ("Mode", "Mode.FAST", "SLOW", "'SLOW'", "<Mode.SLOW: 2>"),
    "value": ("", "Mode.FAST", "2", "2", "<Mode.SLOW: 2>"),
    "level": ("Level", "Level.LOW", "Level.HIGH", "'Level.HIGH'", "<Level.HIGH: 2>"),
    "size": ("tuple[float, int]", "", "2, 3", "(2.0, 3)", "(2.0, 3)"),
    "choice": ("Literal['a', 'b']", "", "b", "'b'", "'b'"),
    "number": ("Optional[float]", "", "2", "2.0", "2.0"),
}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def run(bench: Bench, values: dict[str, str], shapes: dict[str, Any]) -> Any:
    files = {"run.py": RUN, "helper.py": HELPER}
    set_values = {"run.extra": "'e'", **values}
    shapes = {"run.extra": path_shape("Path"), **shapes}
    return bench.run(files, ["run.py:run", "helper.py:tracked"], set=set_values, paths=shapes)


def test_a_set_value_has_the_declared_type_and_the_record_its_text(bench: Bench) -> None:
    values, shapes = {}, {}
    for name, (annotation, default, typed, text, _) in CASES.items():
        value = parse_typed(typed, parse_type(declared_type(annotation, default)), name=name)
        assert canonical(value) == text, name
        values[f"tracked.{name}"] = text
        shapes[f"tracked.{name}"] = path_shape(annotation, default)
    ran = run(bench, values, shapes)
    assert ran.exit_code == 0, ran.log
    assert ran.metrics == {
        **{name: arrives for name, (*_, arrives) in CASES.items()},
        "extra": "PosixPath('e')",
    }
    arrived = dict(ran.arrived)
    assert arrived["tracked"] == {name: text for name, (_, _, _, text, _) in CASES.items()}
    assert arrived["run"] == {"extra": "'e'"}


def test_what_is_no_member_of_an_enumeration_fails_the_run_with_those_there_are(
    bench: Bench,
) -> None:
    ran = run(bench, {"tracked.mode": "'QUICK'"}, {})
    assert ran.exit_code != 0
    assert "tracked.mode was set to 'QUICK', but Mode has FAST, SLOW." in ran.log
