"""CRITICAL lines of workflow documents: what counts as one, and what is told of the others."""

from __future__ import annotations

import pytest

from pm_kernel.domain.methods import Declaration
from pm_kernel.scan import fit, scan_method, semantic_hash
from pm_kernel.scan.workflow_document import critical_seconds

RUN = b"def run(output_dir):\n    pass\n"


@pytest.mark.parametrize(
    ("line", "seconds"),
    [
        ("CRITICAL: 12 min", 720),
        ("CRITICAL: 1 h 30 min", 5400),
        ("CRITICAL: 1d2h3min4.5s", 93_784.5),
        ("- **CRITICAL:** 45 s - the tiles of a slide", 45),
        ("> ### **CRITICAL**: 0.5 h, most of it in the model", 1800),
        ("3. CRITICAL: 2 min (on one processor)", 120),
        ("  * __CRITICAL: 2 min__ \N{EM DASH} and no more", 120),
    ],
)
def test_a_line_that_begins_with_it_and_a_duration_counts(line, seconds):
    assert critical_seconds({"a.workflow.md": f"# Steps\n\n{line}\n".encode()}) == (seconds, [])


@pytest.mark.parametrize(
    "line",
    [
        "CRITICAL", "CRITICAL: slow", "CRITICAL: 12", "CRITICAL: 12 minutes", "CRITICAL 12 min",
        "CRITICAL: 30 min 1 h", "CRITICAL: 0 s", "CRITICAL: -5 min", "CRITICAL: 5 min or so",
        "CRITICAL: 1e3 s", "CRITICAL: 9999999 d", f"CRITICAL:{' ' * 5000}x",
        f"CRITICAL:{'*_' * 500}x",
    ],
)  # fmt: skip
def test_one_that_is_no_duration_does_not_count_and_is_told(line):
    text = f"CRITICAL: 2 s\n\n{line}\n"
    seconds, (problem,) = critical_seconds({"docs/a.workflow.md": text.encode()})
    assert seconds == 2
    assert str(problem).startswith("docs/a.workflow.md:3: says CRITICAL")
    assert "write it as in `CRITICAL: 1 h 30 min`. The line does not count." in str(problem)
    assert problem.severity == "notice"


@pytest.mark.parametrize(
    "text",
    [
        "This step is CRITICAL: 12 min", "critical: 12 min", "CRITICALLY: 12 min",
        "```\nCRITICAL: 12 min\n```", "~~~ text\n```\nCRITICAL: soon\n~~~", "",
    ],
)  # fmt: skip
def test_other_lines_and_examples_are_text(text):
    assert critical_seconds({"a.workflow.md": text.encode(), "b.md": b"CRITICAL: 1 s"}) == (
        None, [],
    )  # fmt: skip


def test_all_of_a_method_add_up_whatever_bytes_stand_between():
    files = {"a.workflow.md": b"CRITICAL: 1 min\r\n\xff\xfe\r\nCRITICAL: 2 min\r\n",
             "docs/b.workflow.md": b"- CRITICAL: 3 min"}  # fmt: skip
    assert critical_seconds(files) == (360, [])


def test_the_time_is_the_versions_own_and_makes_no_other_version_than_the_file_does():
    files = {"run.py": RUN, "a.workflow.md": b"CRITICAL: 12 min"}
    declared = Declaration("a", "m")
    found = fit(scan_method(files), declared).declaration
    assert found.documented_seconds == 720
    assert semantic_hash(files, found, None) == semantic_hash(files, declared, None)
