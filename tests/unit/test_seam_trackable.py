"""Which functions can be tracked, and what is said about the others."""

from __future__ import annotations

import ast

import pytest

from pm_kernel.running.prepare import check_trackable
from pm_kernel.running.trackable import Definition, SourceFile


def refusal(source: str, name: str = "f") -> str:
    """Reason and suggestion for one function; empty where it can be tracked."""
    found = check_trackable(source, [name])
    return f"{found[0].reason}. {found[0].suggestion}" if found else ""


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def f(): pass", "f"),
        ("async def f(): pass", "f"),
        ("class A:\n class B:\n  def f(self): pass", "A.B.f"),
        ("if x:\n def f(): pass", "f"),
        ("try:\n import f\nexcept ImportError:\n def f(): pass", "f"),
        ("match x:\n case 1:\n  def f(): pass", "f"),
        ("with x:\n for y in x:\n  while y:\n   def f(): pass", "f"),
        ("@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): pass", "f"),
        ("@lru_cache\n@contextmanager\ndef f(): yield", "f"),
        ("class A:\n @property\n def f(self): pass", "A.f"),
        ("import jax\n@jax.jit\ndef f(): pass", "f"),
        ("from numba import njit\ndef f(): pass\n@njit\ndef g(): pass", "f"),
        ("jit = print\n@jit\ndef f(): pass", "f"),
        ("def größe(): pass", "größe"),
    ],
)
def test_what_python_itself_runs_under_one_name_can_be_tracked(source: str, name: str) -> None:
    assert refusal(source, name) == ""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("f = lambda x: x", ["is a lambda", "def f("]),
        (
            "from functools import partial\nf = partial(print, 1)",
            ["made by the assignment in line 2"],
        ),
        ("from numpy import mean as f", ["imported here (numpy.mean)", "function of yours"]),
        ("from .other import f", ["imported here (.other.f)"]),
        ("def g():\n def f(): pass", ["inside another function", "top level"]),
        ("class f: pass", ["is a class", "f.__init__"]),
        ("def f(): pass\ndef f(): pass", ["defined twice, in lines 1 and 2"]),
        ("if x:\n def f(): pass\nelse:\n def f(): pass", ["defined twice, in lines 2 and 4"]),
        ("def f(): pass\n" * 3, ["defined 3 times"]),
        ("@singledispatch\ndef f(x): pass", ["registered for other types"]),
        (
            "import numba\n@numba.njit(cache=True)\ndef f(): pass",
            ["@numba.njit(cache=True)", "compiles"],
        ),
        ("import numba as nb\n@nb.vectorize\ndef f(): pass", ["compiles"]),
        ("from numba import jit as fast\n@fast\ndef f(): pass", ["@fast", "compiles"]),
        ("from .speed import njit\n@njit\ndef f(): pass", ["compiles"]),
        ("from numba import cuda\n@cuda.jit\ndef f(): pass", ["compiles"]),
        ("from numba import njit\ndef f(): pass\nquick = njit(f)", ["given to njit in line 3"]),
        (
            "from numba import njit\ndef f(): pass\nq = njit(cache=True)(f)",
            ["given to njit(cache=True)"],
        ),
        ("import torch\n@torch.jit.script\ndef f(): pass", ["from the source text"]),
        ("import tensorflow as tf\n@tf.function\ndef f(): pass", ["from the source text"]),
        (
            "from typeguard import typechecked\n@typechecked\ndef f(): pass",
            ["from the source text"],
        ),
        ("def ff(): pass", ["not defined", "Did you mean ff?"]),
        ("def other(): pass", ["not defined", "Its functions: other"]),
        ("", ["Its functions: none"]),
        ("def f(:", ["cannot read", "line 1"]),
        ("def f(): pass\0", ["cannot read"]),
    ],
)
def test_a_refusal_says_why_and_what_to_do(source: str, words: list[str]) -> None:
    said = refusal(source)
    assert all(word in said for word in words), said


def test_methods_of_compiled_classes_are_refused() -> None:
    source = "from numba.experimental import jitclass\n@jitclass([])\nclass A:\n def f(self): pass"
    assert "compiles" in refusal(source, "A.f")


def test_properties_with_a_setter_are_refused() -> None:
    source = "class A:\n @property\n def f(self): pass\n @f.setter\n def f(self, x): pass"
    assert "property with several functions" in refusal(source, "A.f")


def test_each_name_gets_its_own_answer() -> None:
    found = check_trackable("def f(): pass\ng = lambda: 1\n", ["f", "g", "h"])
    assert [(each.qualname, each.line) for each in found] == [("g", 2), ("h", None)]


@pytest.mark.parametrize(
    ("source", "name", "names"),
    [
        ("def f(a, /, b=1, *c, d, **e): pass", "f", ["a", "b", "c", "d", "e"]),
        ("class A:\n def f(self, a): pass", "A.f", ["a"]),
        ("class A:\n @classmethod\n def f(cls, a): pass", "A.f", ["a"]),
        ("class A:\n @staticmethod\n def f(a): pass", "A.f", ["a"]),
        ("class A:\n def f(*args): pass", "A.f", ["args"]),
    ],
)
def test_the_object_that_a_method_is_called_on_is_no_parameter(
    source: str, name: str, names: list[str]
) -> None:
    definition = SourceFile(source).find(name)
    assert isinstance(definition, Definition)
    assert definition.parameters() == names
    assert isinstance(definition.node, ast.FunctionDef)
