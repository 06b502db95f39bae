"""Sample sheets as people save them."""

from __future__ import annotations

import pytest

from pm_kernel.domain.bindings import FromFile, FromRun
from pm_kernel.domain.samples import parse_cell, parse_sample_sheet, sample_list
from pm_kernel.errors import InvalidInput

PLAIN = "sample,image\ns1,1.tif\ns2,2.tif\n"
ROWS = ({"sample": "s1", "image": "1.tif"}, {"sample": "s2", "image": "2.tif"})


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        PLAIN.encode(),
        "\ufeff" + PLAIN,
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.encode("utf-16"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        "sep=;\r\n" + PLAIN.replace(",", ";"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace("\n", "\n\n , \n"),
        '"sample","image"\n"s1","1.tif"\n"s2","2.tif"',
        " sample , image \n s1 , 1.tif \n s2 , 2.tif \n",
        "Sample,image\ns1,1.tif\ns2,2.tif\n",
        "sample,image,,\ns1,1.tif,,\ns2,2.tif,,\n",
    ],
)
def test_the_same_sheet_in_every_way_it_is_saved(data):
    sheet, problems = parse_sample_sheet(data)
    assert problems == ()
    assert sheet.columns == ("sample", "image")
    assert sheet.rows == ROWS


def test_quotes_keep_separators_line_breaks_and_quotes_inside_a_cell():
    sheet, problems = parse_sample_sheet('sample,note\n"a,b","say ""x""\nagain"\n')
    assert problems == ()
    assert sheet.rows == ({"sample": "a,b", "note": 'say "x"\nagain'},)


def test_trailing_cells_may_be_missing():
    sheet, problems = parse_sample_sheet("sample,image,note\ns1,1.tif\n")
    assert problems == ()
    assert sheet.rows == ({"sample": "s1", "image": "1.tif", "note": ""},)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("name,image\ns1,x\n", "has no column 'sample'; it has 'name' and 'image'"),
        ("sample,x,x\ns1,1,2\n", "column 'x' more than once"),
        ("sample,,x\ns1,1,2\n", "The name of column 2 in the sample sheet is empty"),
        ("sample\ns1\ns1\n", "line 3: 's1' is the name of more than one sample"),
        ("sample,x\n,1\n", "line 2: '' is empty"),
        ("sample,x\ns1,1,2\n", "line 2 has 3 cells; the first line names 2 columns"),
        ('sample,x\ns1,"1\n', "cannot be read at line 2: a quotation mark is opened"),
        ('sample,x\ns1,"1"2\n', "cannot be read at line 2"),
        ("sample,x\ns1," + "a" * 200_000 + "\n", "a cell is longer than 131,072 characters"),
        ("sample,x\ns1,a\0b\n", "unreadable cell in column 'x'"),
        ("sample\n" + "a" * 201 + "\n", "longer than 200"),
        (b"sample,x\ns1,\xff\xfe\n", "not UTF-8"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(text, words):
    _, problems = parse_sample_sheet(text)
    assert words in "\n".join(problem.message for problem in problems)


def test_missing_columns_are_named():
    _, problems = parse_sample_sheet("sample,x\ns1,1\n", required=["image", "x", "age"])
    assert "has no columns 'image' and 'age'" in problems[0].message


def test_thousands_of_equal_mistakes_do_not_hide_the_rest():
    _, problems = parse_sample_sheet("sample\n" + "s1\n" * 5000)
    assert len(problems) == 21
    assert "4979 more lines" in problems[-1].message


def test_a_long_sheet_keeps_its_order():
    text = "sample;image\n" + "".join(f"s{n};{n}.tif\n" for n in range(100_000))
    sheet, problems = parse_sample_sheet(text)
    assert problems == ()
    assert (len(sheet), sheet.rows[-1]["sample"]) == (100_000, "s99999")


def test_a_list_of_names_is_a_sheet_with_one_column():
    sheet, problems = sample_list(["b", "a"])
    assert problems == ()
    assert sheet.rows == ({"sample": "b"}, {"sample": "a"})
    assert "more than one sample" in sample_list(["a", "a"])[1][0].message


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("run:47/output", FromRun(47, "output")),
        ("run:47/a/b", FromRun(47, "a/b")),
        ("file:/data/run:1.tif", FromFile("/data/run:1.tif")),
        ("file: x y.txt", FromFile("x y.txt")),
        ("C:\\data\\x.tif", "C:\\data\\x.tif"),
        ("runs", "runs"),
        ("=1+1", "=1+1"),
    ],
)
def test_a_cell_says_what_kind_it_is(text, cell):
    assert parse_cell(text) == cell


@pytest.mark.parametrize(
    "text", ["run:", "run:47", "run:47/", "run:0/x", "run:-1/x", "run:x/y", "file:"]
)
def test_a_cell_that_names_no_run_or_file_is_refused(text):
    with pytest.raises(InvalidInput, match=r"must be followed by a path|does not name a run"):
        parse_cell(text)
