"""Where the line that notices compiled source is put: everything else stays where it was."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path

import pytest

from pm_kernel.running.prepare import with_notice

STANDARD = Path(sysconfig.get_paths()["stdlib"])
#: Every shape of file that people who know Python write.
FILES = sorted(p for p in STANDARD.glob("*.py") if not p.name.startswith("_"))[::2]


def is_notice(node: ast.stmt) -> bool:
    return "_pm_seam" in ast.dump(node)


def checked(source: bytes) -> list[ast.stmt]:
    """The statements with the notice among them, after a look at all the rest."""
    noticing = with_notice(source, 1)
    before, after = ast.parse(source).body, ast.parse(noticing).body
    others = [node for node in after if not is_notice(node)]
    assert [ast.dump(node) for node in others] == [ast.dump(node) for node in before]
    assert [node.lineno for node in others] == [node.lineno for node in before]
    assert [node.end_lineno for node in others] == [node.end_lineno for node in before]
    assert len(after) == len(before) + 1
    compile(noticing, "<source>", "exec")
    return after


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_standard_library_keeps_its_lines_and_its_meaning(path: Path) -> None:
    source = path.read_bytes()
    nodes = checked(source)
    index = next(i for i, node in enumerate(nodes) if is_notice(node))
    ahead = nodes[:index]
    quiet = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Expr, ast.Assign)
    assert all(isinstance(node, quiet) for node in ahead[:1])
    # Usually a line of its own, so that no traceback ever shows it.
    assert nodes[index].col_offset == 0


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('"""Doc."""\n\nimport a\n', 2),
        ('"""Doc."""\nfrom __future__ import annotations\n\nimport a\n', 3),
        ("import a\nimport b\n\ndef f(): pass\n", 3),
        ("#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# words\nimport a\n", 3),
        ("import a\ndef f(): pass\n", 1),
        ('"""Doc."""\nimport a\n', 2),
        ("def f(): pass\nf()\n\n", 2),
        ("def f(): pass\n", 2),
        ("def f(): pass", 2),
        ("", 1),
        ("x = 1 \\\n\nimport a\n", 1),
        ('x = """\n\n"""\n', 1),
        ("@decorate\n# words\n\ndef f(): pass\n\n", 5),
        ("import a\r\n\r\ndef f(): pass\r\n", 2),
        ("\f\nimport a\n", 1),
        ("if x:\n    pass\n\nelse:\n    pass\n", 6),
        ("x = (\n\n1)\n", 1),
    ],
)
def test_it_goes_where_it_runs_first_and_shows_least(source: str, line: int) -> None:
    nodes = checked(source.encode())
    assert [node.lineno for node in nodes if is_notice(node)] == [line]


def test_a_documentation_string_stays_one() -> None:
    for source in (b'"""Doc."""', b'"""Doc."""; import a\n', b'"""Doc.\n\nMore."""\n'):
        assert ast.get_docstring(ast.parse(with_notice(source, 1))) is not None


def test_other_encodings_keep_their_bytes() -> None:
    source = '# -*- coding: latin-1 -*-\nx = "ä"\n\ny = "ö"\n'.encode("latin-1")
    noticing = with_notice(source, 1)
    assert [line for line in noticing.split(b"\n") if b"_pm_seam" not in line] == [
        *source.split(b"\n")[:2],
        *source.split(b"\n")[3:],
    ]
