"""Canonical text, typed text and fingerprints."""

from __future__ import annotations

import ast
import enum
import math
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm_kernel.domain.params import (
    canonical,
    fingerprint,
    is_described,
    parse_canonical,
    parse_type,
    parse_typed,
)
from pm_kernel.errors import InvalidInput

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True, allow_infinity=True)
    # surrogates included: file names on Linux can hold them
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
)
hashables = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=5
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
        | st.sets(hashables, max_size=4)
    ),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """A value as something that compares by type and content, with one nan and a signed zero."""
    kind = type(value).__name__
    if isinstance(value, float):
        return kind, "nan" if math.isnan(value) else value.hex()
    if isinstance(value, list | tuple):
        return kind, tuple(shape(v) for v in value)
    if isinstance(value, dict):
        pairs = [(shape(k), shape(v)) for k, v in value.items()]
        return kind, tuple(sorted(pairs, key=repr) if all(type(k) is str for k in value) else pairs)
    if isinstance(value, set):
        return kind, tuple(sorted((shape(v) for v in value), key=repr))
    return kind, value


@given(values)
def test_a_value_survives_its_canonical_text(value: Any) -> None:
    text = canonical(value)
    assert text.isascii()
    assert "\n" not in text
    assert shape(parse_canonical(text)) == shape(value)
    assert canonical(parse_canonical(text)) == text


@given(values, values)
def test_different_values_have_different_texts(one: Any, other: Any) -> None:
    assert (canonical(one) == canonical(other)) == (shape(one) == shape(other))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1.0"),
        ("1", "'1'"),
        (True, "True"),
        (-0.0, "-0.0"),
        (float("-inf"), "-inf"),
        (float("nan"), "nan"),
        ("it's", "'it\\'s'"),
        ("a\nb", "'a\\nb'"),
        ("µ", "'\\xb5'"),
        ("\udc80", "'\\udc80'"),
        ({"b": 1, "a": 2}, "{'a': 2, 'b': 1}"),
        ({2: "x", 1: "y"}, "{2: 'x', 1: 'y'}"),
        ((1,), "(1,)"),
        (set(), "set()"),
        ({2, 1}, "{1, 2}"),
        (b"it's\x00", "b'it\\'s\\x00'"),
    ],
)
def test_canonical_text_is_the_documented_text(value: Any, text: str) -> None:
    assert canonical(value) == text
    assert shape(parse_canonical(text)) == shape(value)


def test_whole_numbers_of_any_size_survive() -> None:
    huge = 7**20_000
    assert parse_canonical(canonical(huge)) == huge
    assert parse_canonical(canonical(-huge)) == -huge


class Colour(enum.Enum):
    RED = 1


class Spiteful:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("no attribute for you")


class Count(int):
    def __repr__(self) -> str:
        return "3"


def recursive_list() -> list[Any]:
    inside: list[Any] = []
    inside.append(inside)
    return inside


def doubling_list() -> list[Any]:
    level: list[Any] = [1]
    for _ in range(45):
        level = [level, level]
    return level


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((2, 3)),
        np.float64(0.5),
        np.str_("a"),
        Path("/x"),
        Colour.RED,
        object(),
        len,
        Spiteful(),
        Count(3),
        1j,
        frozenset({1}),
        [1, np.zeros(2)],
        recursive_list(),
        doubling_list(),
        list(range(200_000)),
        "x" * 2_000_000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_literal_is_described_in_one_short_line(value: Any) -> None:
    text = canonical(value)
    assert is_described(text)
    assert text.endswith(">")
    assert len(text) <= 200
    assert text.isascii()
    assert not re.search(r"0x[0-9a-f]{6}", text)
    with pytest.raises(InvalidInput):
        parse_canonical(text)


def test_descriptions_name_type_and_size() -> None:
    assert canonical(np.zeros((512, 4))) == "<numpy.ndarray float64 (512, 4)>"
    assert canonical(np.float64(0.5)) == "<numpy.float64 0.5>"
    assert canonical(np.int32(4)) == "<numpy.int32 4>"
    assert canonical([object()]) == "<list of 1>"


@pytest.mark.parametrize(
    "text",
    ["", "abc", "a b", "1 +", "__import__('os')", "f'{1}'", "(lambda: 1)()", "[*a]", "{**a}",
     "x.y", "1j", "...", "(" * 500 + ")" * 500, "[" * 90 + "]" * 90, "-" * 5000 + "1", "\0",
     "{[]: 1}", "{[]}", "-'a'", "set(1)", "1" * 5000, "not 1"],
)  # fmt: skip
def test_text_that_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_canonical(text)


@pytest.mark.parametrize(
    ("text", "annotation", "default", "expected"),
    [
        ("abc", "str", None, "abc"),
        ("5", "str", None, "5"),
        ("None", "str", None, "None"),
        ("'None'", "str | None", None, "None"),
        ("None", "str | None", None, None),
        ("none", "Optional[int]", None, None),
        ("'quoted'", "str", None, "quoted"),
        ("'tis", "str", None, "'tis"),
        (" spaced ", "str", None, " spaced "),
        ("", "str", None, ""),
        ("123456789012345678901234567890", "int", None, 123456789012345678901234567890),
        ("007", "int", None, 7),
        ("0x1F", "int", None, 31),
        ("-3", "int", None, -3),
        ("1.0", "float", None, 1.0),
        ("1", "float", None, 1.0),
        ("1", "float", "1", 1),
        ("1.0", None, None, 1.0),
        ("1", None, None, 1),
        ("inf", "float", None, math.inf),
        ("-inf", None, "1.0", -math.inf),
        (".5", "float", None, 0.5),
        ("1e-3", None, "0.5", 0.001),
        ("yes", "bool", None, True),
        ("False", "bool", None, False),
        ("NO", None, "True", False),
        ("5", "int | str", None, 5),
        ("abc", "int | str", None, "abc"),
        ("5", "str | int", None, 5),
        ("5", "float | int", None, 5),
        ("[1, 2]", "list[float]", None, [1.0, 2.0]),
        ("1, 2", "list[int]", None, [1, 2]),
        ("a, b", "list[str]", None, ["a", "b"]),
        ("abc", "str | list[str]", None, "abc"),
        ("['a']", "str | list[str]", None, ["a"]),
        ("'a,b', 'c'", "typing.List[str]", None, ["a,b", "c"]),
        ("[1, 2]", None, "(0, 0)", (1, 2)),
        ("(1, 2)", "tuple[int, int]", None, (1, 2)),
        ("1, 2", "tuple[float, ...]", None, (1.0, 2.0)),
        ("[1, 2]", "Sequence[int]", None, [1, 2]),
        ("[2, 1]", "set[int]", None, {1, 2}),
        ("{'a': 1}", "dict[str, float]", None, {"a": 1.0}),
        ("otsu", "Literal['otsu', 'li']", None, "otsu"),
        ("'li'", "typing.Literal['otsu', 'li']", None, "li"),
        ("3", "Literal[1, 3]", None, 3),
        ("true", "Literal['auto'] | bool", None, True),
        ("/data/x", "Path", None, "/data/x"),
        ("/data/x", "pathlib.Path | None", None, "/data/x"),
        ("None", "Path | None", None, None),
        ("abc", "SomethingOfTheirs", None, "abc"),
        ("None", "np.ndarray | None", None, None),
        ("3", "Decimal", "1", 3),
        ("x", "pd.DataFrame | str", None, "x"),
        ("abc", None, None, "abc"),
        ("abc", None, "None", "abc"),
        ("None", "int", "None", None),
        ("3", "int", "None", 3),
        ("3", "'int'", None, 3),
        ("0.25", "int", "0.5", 0.25),
        ("3", "Annotated[int, 'cells']", None, 3),
        ("2", None, "0.5", 2.0),
        ("1.5", None, "1", 1.5),
        ("'auto'", None, "1", "auto"),
        ("None", None, "1", None),
        ("5", None, "'scott'", "5"),
        ("x", "not a type !!", None, "x"),
    ],
)  # fmt: skip
def test_typed_text_becomes_the_value_meant(
    text: str, annotation: str | None, default: str | None, expected: Any
) -> None:
    assert shape(parse_typed(text, annotation, default)) == shape(expected)


@pytest.mark.parametrize(
    ("text", "annotation", "default", "said"),
    [
        ("high", "float", None, "a number"),
        ("1.5", "int", None, "a whole number"),
        ("True", "int", None, "a whole number"),
        ("1" * 5000, "int", None, "hexadecimal"),
        ("1e999", "float", None, "1.8e308"),
        ("1", "bool", None, "true or false"),
        ("maybe", "bool", None, "true or false"),
        ("", "int", None, "a whole number"),
        ("max", "Literal['otsu', 'li']", None, "one of 'otsu', 'li'"),
        ("1.0", "Literal[1]", None, "one of 1"),
        ("[a, b]", "list[str]", None, "quotes"),
        ("['a', 1]", "list[str]", None, "a list"),
        ("", "list[int]", None, "a list"),
        ("(1, 2, 3)", "tuple[int, int]", None, "2 values"),
        ("[[1]]", "set", None, "a set"),
        ("abc", "dict", None, "a dictionary"),
        ("abc", "int | None", None, "a whole number or None"),
        ("high", None, "0.5", "quotes"),
        ("x\0y", "Path", None, "a path"),
        ("abc", "bytes", None, "bytes"),
        ("[1]", "np.ndarray", None, "an object that only code can make"),
        ("2020-01-01", "datetime.date | None", None, "only code can make"),
        ("[1]", "list[Decimal]", None, "a list"),
        ("[" + "1," * 200_000 + "]", "list", None, "too long"),
    ],
)
def test_text_that_does_not_fit_is_refused_with_what_was_expected(
    text: str, annotation: str | None, default: str | None, said: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_typed(text, annotation, default, name="segment.sigma")
    assert said in str(caught.value)
    assert caught.value.message.startswith("segment.sigma")


@given(values)
def test_typing_the_default_gives_the_default(value: Any) -> None:
    text = canonical(value)
    assert shape(parse_typed(text, None, text)) == shape(value)


@given(st.integers())
def test_whole_numbers_stay_whole(number: int) -> None:
    assert shape(parse_typed(str(number), "int")) == shape(number)


@given(st.text(), st.text())
def test_any_annotation_and_any_text_end_in_a_value_or_a_refusal(
    text: str, annotation: str
) -> None:
    try:
        value = parse_typed(text, annotation)
    except InvalidInput:
        return
    assert not is_described(canonical(value))


def test_annotations_are_described_in_words() -> None:
    assert str(parse_type("float | None")) == "a number or None"
    assert parse_type("Optional[int]").optional
    assert parse_type("Literal['a', 'b']").choices == ("'a'", "'b'")
    assert parse_type(None, "0.5").soft
    assert parse_type("[" * 3000).kind == "any"


names = st.text(st.sampled_from("ab.|=\\'"), min_size=1) | st.text(min_size=1, max_size=4)
texts = st.none() | st.text(st.sampled_from("ab.|=\\'1 ")) | st.text(max_size=4)
sets = st.dictionaries(names, texts, max_size=4)


@given(sets, sets)
def test_different_parameter_sets_have_different_fingerprints(
    one: dict[str, str | None], other: dict[str, str | None]
) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_no_value_can_imitate_a_separator() -> None:
    assert fingerprint({"f.a": "'1'|f.b='2'"}) != fingerprint({"f.a": "'1'", "f.b": "'2'"})
    assert fingerprint({"f.a": None}) != fingerprint({"f.a": ""})
    assert fingerprint({"f.a": None}) != fingerprint({"f.a": "None"})


def test_an_ordinary_fingerprint_is_the_hash_of_the_documented_text() -> None:
    import hashlib

    text = "filter_cells.threshold=0.5|train_clf.model_type='logistic'|train_clf.n_iter=100"
    given_values = {
        "train_clf.n_iter": "100",
        "filter_cells.threshold": "0.5",
        "train_clf.model_type": "'logistic'",
    }
    assert fingerprint(given_values) == hashlib.sha256(text.encode()).hexdigest()


def test_the_file_that_is_copied_into_runs_needs_only_python_3_9() -> None:
    import pm_kernel.domain.canonical as module

    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= set(sys.stdlib_module_names)
