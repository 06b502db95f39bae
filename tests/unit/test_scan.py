"""What a scan reads from the source of a method."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm_kernel.domain.methods import ParamDef
from pm_kernel.scan import MethodScan, ScannedFunction, scan_method

RUN = "def run(output_dir):\n    pass\n"


def scan(**files: str | bytes) -> MethodScan:
    """Scan files given as ``helper="source"``; run.py is added where it is missing."""
    named = {
        f"{name}.py": text if isinstance(text, bytes) else dedent(text).encode()
        for name, text in ({"run": RUN} | files).items()
    }
    return scan_method(named)


def function(found: MethodScan, qualname: str, file: str = "helper.py") -> ScannedFunction:
    result = found.function(file, qualname)
    assert result is not None
    return result


def param(found: MethodScan, qualname: str, name: str, file: str = "helper.py") -> ParamDef:
    params = {each.name: each for each in function(found, qualname, file).params}
    return params[name]


def expected(helper: str, run: str, name: str = "t") -> str | None:
    """What is expected at ``helper.f``'s parameter."""
    return param(scan(helper=helper, run=run), "f", name).expected


def test_a_function_is_found_with_its_parameters_types_and_defaults():
    found = scan(
        helper='''
            """Helpers."""

            def filter_cells(adata, threshold: float = 0.5, *, model_type="logistic", n: "int" = 1):
                """Keep good cells.

                More text.
                """
                return adata
        '''
    )
    f = function(found, "filter_cells")
    assert (f.line, f.end_line, f.doc, f.trackable) == (4, 9, "Keep good cells.", True)
    assert [(p.name, p.type, p.default, p.kind) for p in f.params] == [
        ("adata", "", None, "positional_or_keyword"),
        ("threshold", "float", "0.5", "positional_or_keyword"),
        ("model_type", "", "'logistic'", "keyword_only"),
        ("n", "'int'", "1", "keyword_only"),
    ]
    assert [p.name for p in f.recorded()] == ["threshold", "model_type", "n"]


@pytest.mark.parametrize(
    ("default", "text", "source"),
    [
        ("-1.5", "-1.5", ""),
        ("(1, 2)", "(1, 2)", ""),
        ("{'b': 1, 'a': 2}", "{'a': 2, 'b': 1}", ""),
        ("None", "None", ""),
        ("float('inf')", "inf", ""),
        ("np.nan", "nan", ""),
        ("LIMIT", "3", ""),
        ("imported", "'x'", ""),
        ("np.pi / 2", None, "np.pi / 2"),
        ("CHANGED", None, "CHANGED"),
        ("MUTABLE", None, "MUTABLE"),
        ("frozenset({1})", None, "frozenset({1})"),
        ("1j", None, "1j"),
        ("lambda x: x", None, "lambda x: x"),
    ],
)
def test_a_default_is_canonical_text_or_its_source(default: str, text: str | None, source: str):
    found = scan(
        constants="imported = 'x'",
        helper=f"""
            import numpy as np
            from constants import imported
            LIMIT = 3
            CHANGED = 1
            MUTABLE = [1]

            def f(x={default}):
                pass

            def other():
                global CHANGED
                CHANGED = 2
        """,
    )
    p = param(found, "f", "x")
    assert (p.default, p.default_source) == (text, source)
    assert not p.required


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it.\n\nParameters\n----------\nsigma, tau : float\n    Width in pixels.\n",
        "Do it.\n\nArgs:\n    sigma (float): Width in pixels.\n",
        "Do it.\n\n:param sigma: Width in pixels.\n:type sigma: float\n",
    ],
    ids=["numpy", "google", "sphinx"],
)
def test_docstrings_of_three_styles_give_help_for_a_parameter(docstring: str):
    found = scan(helper=f"def f(sigma, tau=1):\n    {docstring!r}\n")
    assert param(found, "f", "sigma").doc == "Width in pixels."


def test_a_hostile_docstring_is_no_obstacle():
    text = "Args:\n  x (: \x00\x1b[31m\n Parameters\n ---\n x\n:param\n" * 50
    found = scan(helper=f"def f(x=1):\n    {text!r}\n")
    doc = param(found, "f", "x").doc
    assert "\0" not in doc
    assert "\x1b" not in doc


def test_methods_of_classes_have_their_class_in_the_name_and_no_self():
    found = scan(
        helper='''
            class Model:
                """A model.

                Args:
                    depth: How deep.
                """

                def __init__(self, depth=3):
                    pass

                @classmethod
                def load(cls, path, strict=True):
                    pass

                @staticmethod
                def score(x, sign=1):
                    pass

                class Inner:
                    def fit(self, rate=0.1):
                        pass
        '''
    )
    shapes = {f.qualname: [p.name for p in f.params] for f in found.functions if f.file != "run.py"}
    assert shapes == {
        "Model.__init__": ["depth"],
        "Model.load": ["path", "strict"],
        "Model.score": ["x", "sign"],
        "Model.Inner.fit": ["rate"],
    }
    assert param(found, "Model.__init__", "depth").doc == "How deep."


@pytest.mark.parametrize(
    ("helper", "run", "value"),
    [
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1)", "0.5"),
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1, t=0.7)", "0.7"),
        ("def f(x, t): ...", "import helper as h\nh.f(1, 0.7)", "0.7"),
        ("def f(x, t=0.5): ...", "from helper import f as g\ng(1, t=-2)", "-2"),
        ("def f(x, t=0.5): ...", "from helper import *\nf(1, t='a')", "'a'"),
        ("def f(x, t=0.5): ...", "from .helper import f\nf(1, t=0.7)", "0.7"),
        ("def f(x, t=0.5): ...", "def run():\n  import helper\n  helper.f(1, t=0.7)", "0.7"),
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1, t=0.7)\nhelper.f(2, t=0.7)", "0.7"),
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1, t=0.5)\nhelper.f(2)", "0.5"),
        ("def f(x, t=0.5): ...", "import helper\nT = 0.7\nhelper.f(1, t=T)", "0.7"),
        ("def f(x, t=0.5): ...", "from helper import f\ndef run():\n  t = 0.7\n  f(1, t=t)", "0.7"),
        ("def f(x, t=0.5): ...", "import helper, math\nhelper.f(1, t=math.inf)", "inf"),
        ("def f(x, t=0.5): ...", "from functools import partial\nimport helper\n"
         "g = partial(helper.f, t=0.7)", "0.7"),
        ("def f(x, t=0.5): ...", "from joblib import delayed\nfrom helper import f\n"
         "[delayed(f)(i, t=0.2) for i in range(3)]", "0.2"),
        ("def f(x, t=0.5): ...", "from helper import f\npool.submit(f, 1, t=0.2)", "0.2"),
        ("def f(n, t=0.5):\n  return f(n - 1, t=t * 2)", "from helper import f\nf(3)", "0.5"),
        ("def f(x, t=0.5): ...\nif __name__ == '__main__':\n  f(1, t=99)", "x = 1", "0.5"),
        # computed: only the running code knows
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1, t=0.7)\nhelper.f(2, t=0.8)", None),
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1, t=0.7)\nhelper.f(2)", None),
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1, t=compute())", None),
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(1, **options)", None),
        ("def f(x, t=0.5): ...", "import helper\nhelper.f(*args)", None),
        ("def f(x, t=0.5): ...", "import helper\nT = 1\nT = 2\nhelper.f(1, t=T)", None),
        ("def f(x, t=0.5): ...", "import helper\nfor t in (1, 2):\n  helper.f(1, t=t)", None),
        ("def f(x, t=0.5): ...", "from helper import f\ndef run(t):\n  f(1, t=t)", None),
        ("def f(x, t=0.5): ...", "from helper import f\nT = [1]\nT.append(2)\nf(1, t=T)", None),
        ("def f(x, t=0.5): ...", "from helper import f\ndef run():\n  t = 1\n  def g():\n"
         "    nonlocal t\n    t = 2\n  f(1, t=t)", None),
        ("def f(x, t): ...", "x = 1", None),
        # not this function
        ("def f(x, t=0.5): ...", "import numpy as np\nnp.f(1, t=9)", "0.5"),
        ("def f(x, t=0.5): ...", "def f(x, t): ...\nf(1, t=9)", "0.5"),
        ("def f(x, t=0.5): ...", "from helper import f\ndef run(f):\n  f(1, t=9)", "0.5"),
    ],
)  # fmt: skip
def test_a_literal_at_every_call_site_is_what_is_expected(helper: str, run: str, value: str | None):
    assert expected(helper, run) == value


@pytest.mark.parametrize(
    ("run", "value"),
    [
        ("from helper import Model\nModel(3).fit(x, rate=0.2)", "0.2"),
        ("from helper import Model\nm = Model(3)\nm.fit(x, rate=0.2)", "0.2"),
        ("from helper import Model\ndef run():\n  m = Model(3)\n  m.fit(x, 0.2)", "0.2"),
        ("from helper import Child\nChild().fit(x, rate=0.2)", "0.2"),
        ("from helper import Model\nModel.fit(m, x, rate=0.2)", "0.2"),
        ("from sklearn.svm import SVC\nimport sklearn\nsklearn.fit(x, rate=0.9)", "0.1"),
        # somebody's fit: it may be this one
        ("def run(m):\n  m.fit(x, rate=0.2)", None),
        ("from helper import Model\nm = Model()\nm = other()\nm.fit(x, rate=0.2)", None),
    ],
)
def test_a_method_is_expected_what_calls_on_its_class_pass(run: str, value: str | None):
    found = scan(
        helper="""
            class Model:
                def fit(self, x, rate=0.1): ...
            class Child(Model): ...
        """,
        run=run,
    )
    assert param(found, "Model.fit", "rate").expected == value


def test_a_call_of_a_class_is_a_call_of_its_init():
    helper = "class Model:\n  def __init__(self, depth=3): ...\n"
    found = scan(helper=helper, run="from helper import Model\nModel(5)")
    assert param(found, "Model.__init__", "depth").expected == "5"


def test_calls_through_packages_and_re_exports_are_followed():
    files = {
        "run.py": b"import pkg\nfrom pkg import g\npkg.core.f(1, t=2)\ng(t=3)\n",
        "pkg/__init__.py": b"from .core import f as g\nfrom . import core\n",
        "pkg/core.py": b"def f(x=0, t=1): ...\n",
    }
    found = scan_method(files)
    assert [call.target for call in found.calls] == ["f", "f"]
    assert param(found, "f", "t", "pkg/core.py").computed


def test_what_other_code_passes_to_run_is_no_expectation():
    found = scan(run="def run(n=1): ...\nrun(n=5)\n")
    assert param(found, "run", "n", "run.py").expected == "1"


@pytest.mark.parametrize(
    ("source", "qualname", "said"),
    [
        ("def outer():\n  def f(x=1): ...\n", "outer.<locals>.f", "inside another function"),
        ("if a:\n  def f(x=1): ...\nelse:\n  def f(x=2): ...\n", "f", "twice"),
        ("from numba import njit\n@njit\ndef f(x=1): ...\n", "f", "compile"),
        ("import numba as nb\n@nb.jit(nopython=True)\ndef f(x=1): ...\n", "f", "compile"),
        ("import numba\ndef f(x=1): ...\nfast = numba.njit(f)\n", "f", "compile"),
        ("class A:\n  @property\n  def f(self): ...\n  @f.setter\n  def f(self, v): ...\n",
         "A.f", "property"),
    ],
)  # fmt: skip
def test_functions_that_cannot_report_say_why(source: str, qualname: str, said: str):
    blocked = function(scan(helper=source), qualname).blocked
    assert blocked is not None
    assert said in blocked


def test_overloads_are_not_counted_as_the_function_twice():
    found = scan(
        helper="from typing import overload\n@overload\ndef f(x: int): ...\n"
        "@overload\ndef f(x: str): ...\ndef f(x=1): ...\n"
    )
    assert [f.trackable for f in found.functions if f.file == "helper.py"] == [True]


def test_imports_say_where_they_come_from():
    found = scan_method(
        {
            "run.py": b"import os.path\nimport helper\nimport numpy.linalg as la\n"
            b"from . import other\nimport importlib\nimportlib.import_module('torch.nn')\n"
            b"def run():\n  from skimage.filters import gaussian\n",
            "helper.py": b"from pkg.sub import x\n",
            "pkg/__init__.py": b"import sibling\n",
            "pkg/sibling.py": b"",
        }
    )
    origins = {each.name: each.origin for each in found.imports}
    assert origins["os.path"] == "stdlib"
    assert origins["helper"] == "local"
    assert origins["pkg.sub"] == "local"
    assert found.packages() == ("numpy", "sibling", "skimage", "torch")


def test_a_file_that_hides_a_standard_module_is_noticed():
    found = scan(statistics="x = 1")
    assert [p.file for p in found.problems] == ["statistics.py"]
    assert not found.errors()


def test_encodings_byte_order_marks_and_line_ends_are_read_as_python_reads_them():
    latin = "# -*- coding: latin-1 -*-\ndef f(name='Gr\xfc\xdfe'): ...\n".encode("latin-1")
    dos = "\ufeffdef f(a=1):\r\n    '''Doc.'''\r\n".encode()
    found = scan(helper=latin, other=dos)
    assert param(found, "f", "name").default == r"'Gr\xfc\xdfe'"
    assert function(found, "f", "other.py").doc == "Doc."
    assert found.problems == ()


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"def f(:\n", 1, "invalid syntax"),
        (b"x = 1\nprint 'python 2'\n", 2, "parentheses"),
        (b"x = 1\ny = 'caf\xe9'\n", None, "UTF-8"),
        (b"# coding: klingon\n", None, "klingon"),
        ("x = 1".encode("utf-16"), None, ""),
        (b"x = 1\0\n", None, "NUL"),
        (b"x = " + b"(" * 5000 + b")" * 5000, 1, "parentheses"),
        (b"x = " + b"-" * 200_000 + b"1", None, ""),
        (b"x = 1\n" * 500_000, None, "2.9 MB"),
        (b"type X[T = int] = list[T]\ndef f[T](): ...\n", 1, "Python"),
    ],
    ids=["syntax", "python2", "encoding", "unknown-encoding", "utf-16", "nul", "brackets",
         "unary", "huge", "newer"],
)  # fmt: skip
def test_a_file_that_cannot_be_parsed_is_named_with_line_and_reason(
    data: bytes, line: int | None, said: str
):
    if said == "Python" and sys.version_info >= (3, 13):
        pytest.skip("this Python reads it")
    found = scan(helper=data)
    (problem,) = found.errors()
    assert problem.file == "helper.py"
    assert said in problem.message
    assert problem.line == line or line is None
    assert str(problem).startswith("helper.py")
    assert found.entry is not None


def test_doubtful_escapes_are_neither_printed_nor_refused():
    assert scan(helper=b"P = '\\d+'\n").problems == ()


def test_very_long_expressions_and_elif_chains_are_read():
    chain = "if x == 0:\n  a = 1\n" + "".join(f"elif x == {i}:\n  a = 1\n" for i in range(300))
    total = "s = " + " + ".join(["1"] * 900) + "\n"
    links = "q = df" + ".a()" * 300 + "\n"
    found = scan(helper=f"x = 2\n{chain}{total}{links}def f(t=1): ...\n")
    assert function(found, "f").params


def test_deep_nesting_never_breaks_the_scan_of_the_other_files():
    found = scan(helper="x = " + "[" * 150 + "]" * 150, other="y = " + "f(" * 150 + ")" * 150)
    assert found.entry is not None


def test_run_py_decides_how_a_method_starts():
    assert scan(run="def run(a, output_dir): ...").entry.kind == "function"
    assert scan(run="from helper import run", helper="def run(a): ...").entry.file == "helper.py"
    assert scan(run="if __name__ == '__main__':\n  main()").entry.kind == "script"
    assert "neither" in str(scan(run="x = 1").errors()[0])
    assert "missing" in str(scan_method({"helper.py": b""}).errors()[0])
    assert "async" in str(scan(run="async def run(): ...").errors()[0])
    assert "position" in str(scan(run="def run(a, /): ...").errors()[0])


def test_argparse_options_become_parameters():
    found = scan(
        run="""
            import argparse

            def main():
                parser = argparse.ArgumentParser()
                parser.add_argument("--input", "-i", required=True, help="Upstream table")
                parser.add_argument("--min-quality", type=float, default=0.8)
                parser.add_argument("--method", choices=["otsu", "li"], default="otsu")
                parser.add_argument("--n", type=int, default="3")
                parser.add_argument("--verbose", action="store_true")
                parser.add_argument("--channels", nargs="+", type=int)
                parser.add_argument_group("x").add_argument("--deep", dest="depth", type=int)
                parser.add_argument("sample")
                parser.add_argument("--version", action="version")

            if __name__ == "__main__":
                main()
        """
    )
    entry = found.entry
    assert entry.kind == "script"
    shapes = {p.name: (p.option, p.type, p.default, p.kind) for p in entry.params}
    assert shapes == {
        "input": ("--input", "str", None, "option"),
        "min_quality": ("--min-quality", "float", "0.8", "option"),
        "method": ("--method", "Literal['otsu', 'li']", "'otsu'", "option"),
        "n": ("--n", "int", "3", "option"),
        "verbose": ("--verbose", "bool", "False", "flag"),
        "channels": ("--channels", "list[int]", "None", "option"),
        "depth": ("--deep", "int", "None", "option"),
        "sample": ("", "str", None, "argument"),
    }
    assert entry.params[0].doc == "Upstream table"


def test_click_options_become_parameters():
    found = scan(
        run="""
            import click
            from click import option

            @click.command()
            @click.option("--threshold", "-t", type=float, default=0.5, help="Cut")
            @option("--shout/--no-shout", default=False)
            @click.option("--kind", type=click.Choice(["a", "b"]), required=True)
            @click.argument("source")
            def main(threshold, shout, kind, source):
                pass

            main()
        """
    )
    shapes = [(p.name, p.option, p.type, p.default, p.kind) for p in found.entry.params]
    assert shapes == [
        ("threshold", "--threshold", "float", "0.5", "option"),
        ("shout", "--shout", "bool", "False", "flag"),
        ("kind", "--kind", "Literal['a', 'b']", None, "option"),
        ("source", "", "str", None, "argument"),
    ]


def test_the_demo_methods_are_read_without_a_problem():
    for run in sorted((Path(__file__).parents[2] / "methods").glob("*/*/run.py")):
        files = {p.name: p.read_bytes() for p in run.parent.glob("*.py")}
        found = scan_method(files)
        assert found.problems == ()
        assert found.entry is not None


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_scan(data: bytes):
    scan_method({"run.py": data, "helper.py": b"import run\n" + data})


FRAGMENTS = st.sampled_from(
    [
        "def f(x=1, *a, y: int = T, **k): ...",
        "f(1, y=2)",
        "T = 3",
        "import helper as h",
        "h.f(*z)",
        "class A(B):",
        "  def f(self, y=1): f(y)",
        "from . import *",
        "from .. import x",
        "@njit",
        "lambda: f",
        "del T",
        "match T:",
        "  case [*r]: pass",
        "(f := 2)",
        "global T",
        "A().f(y=1)",
        "x: int",
        "def g():",
        "  return f(**k)",
    ]
)


@given(st.lists(FRAGMENTS, max_size=12), st.lists(FRAGMENTS, max_size=12))
def test_any_mixture_of_code_ends_in_a_scan(helper: list[str], run: list[str]):
    scan_method({"helper.py": "\n".join(helper).encode(), "run.py": "\n".join(run).encode()})


def test_user_code_is_never_executed(tmp_path):
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit\ndef run(x=exit()): ...\n"
    scan(run=trap, helper=trap)
    assert list(tmp_path.iterdir()) == []
