"""Values as Groovy source and shell words."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pm_kernel.errors import InvalidInput
from pm_kernel.nextflow.quoting import (
    Hole,
    groovy_string,
    groovy_template,
    groovy_value,
    process_name,
    shell_word,
)

ANY_TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)))


@settings(max_examples=30, deadline=None)
@given(st.lists(ANY_TEXT, min_size=1, max_size=20))
def test_the_shell_reads_every_word_as_it_was(words: list[str]) -> None:
    script = "printf '%s\\0' " + " ".join(shell_word(word) for word in words)
    answer = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True)
    assert answer.stdout.decode().split("\0")[:-1] == words


@given(ANY_TEXT)
def test_a_string_has_one_line_and_one_end(text: str) -> None:
    quoted = groovy_string(text)
    assert len(quoted.splitlines()) == 1
    body = quoted[1:-1].replace("\\\\", "")
    assert body.count("'") == body.count("\\'")


@given(ANY_TEXT)
def test_only_a_hole_opens_a_hole(text: str) -> None:
    quoted = groovy_template([text, Hole.PLANNED_RUN])
    assert quoted.endswith('${id}"')
    body = quoted[1 : -len('${id}"')].replace("\\\\", "")
    assert body.count("$") == body.count("\\$")
    assert body.count('"') == body.count('\\"')


@pytest.mark.parametrize(
    ("value", "source"),
    [(True, "true"), (False, "false"), (3, "3"), (0.5, "0.500000"), ("a'b", r"'a\'b'")],
)
def test_a_value_is_written_by_its_type(value: bool | int | float | str, source: str) -> None:
    assert groovy_value(value) == source


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e300])
def test_a_number_that_groovy_has_no_literal_for_is_refused(value: float) -> None:
    with pytest.raises(InvalidInput):
        groovy_value(value)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("segment cells", "S03_SEGMENT_CELLS"),
        ("Zürich/α-β", "S03_ZURICH"),
        ("'); exit 1 //\n", "S03_EXIT_1"),
        ("", "S03"),
        ("細胞", "S03"),
        ("x" * 200, "S03_" + "X" * 40),
    ],
)
def test_a_process_gets_a_plain_name_whatever_its_step_is_called(label: str, name: str) -> None:
    assert process_name(3, label) == name
