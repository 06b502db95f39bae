"""method.toml and module.toml."""

from __future__ import annotations

import contextlib
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pm_kernel.declaration import (
    read_declaration,
    read_module,
    write_declaration,
    write_module,
)
from pm_kernel.domain.declared import declaration_faults
from pm_kernel.domain.methods import (
    FIELD_TYPES,
    INPUT_TYPES,
    OUTPUT_TYPES,
    VALUE_TYPES,
    ContractField,
    Declaration,
    MethodInput,
    MethodOutput,
    ModuleSpec,
    TrackedFunction,
)
from pm_kernel.errors import Problems

FULL = Declaration(
    name="measure",
    module="measurement",
    description='Measures "cells"\nin µm.',
    entry="script",
    environment="gpu",
    tracked=(
        TrackedFunction("segment", "segment", "helper.py", 0),
        TrackedFunction("b.fit", "Model.fit", "pkg/b.py", 1, selected=("rate", "depth")),
    ),
    inputs=(
        MethodInput("image", "upstream", module="segmentation", value_type="table", gather=True),
        MethodInput("größe", "list", value_type="float", required=False, description="help"),
    ),
    outputs=(
        MethodOutput("nuclei", "nuclei.parquet", "table"),
        MethodOutput("tiles", "tiles/", "directory", required=False),
        MethodOutput("parts", "parts/*.tif", "image"),
    ),
)
TEXT = """\
[method]
name = "measure"
module = "measurement"
description = "Measures \\"cells\\"\\nin µm."
entry = "script"
environment = "gpu"

[[tracked]]
function = "segment"
file = "helper.py"

[[tracked]]
function = "Model.fit"
file = "pkg/b.py"
name = "b.fit"
params = [
    "rate",
    "depth",
]

[inputs.image]
type = "upstream"
module = "segmentation"
value_type = "table"
gather = true
required = true

[inputs."größe"]
type = "list"
value_type = "float"
required = false
description = "help"

[outputs.nuclei]
path = "nuclei.parquet"
type = "table"
required = true

[outputs.tiles]
path = "tiles/"
type = "directory"
required = false

[outputs.parts]
path = "parts/*.tif"
type = "image"
required = true
"""


def test_a_declaration_is_written_as_documented_and_read_back():
    assert write_declaration(FULL).decode() == TEXT
    assert read_declaration(TEXT.encode()) == FULL


def test_line_ends_and_byte_order_mark_of_other_editors_are_read():
    assert read_declaration(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()) == FULL


identifiers = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,10}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.just("\n"), max_size=30)
paths = st.lists(st.from_regex(r"[a-z*][a-zé *.]{0,6}[a-z]", fullmatch=True), min_size=1).map(
    "/".join
)


@st.composite
def inputs(draw: st.DrawFn) -> MethodInput:
    kind = draw(st.sampled_from(INPUT_TYPES))
    allowed = {"upstream": OUTPUT_TYPES, "file": ()}.get(kind, VALUE_TYPES)
    return MethodInput(
        name=draw(identifiers),
        type=kind,
        module=draw(st.none() | names) if kind == "upstream" else None,
        value_type=draw(st.none() | st.sampled_from(allowed)) if allowed else None,
        gather=draw(st.booleans()),
        required=draw(st.booleans()),
        description=draw(texts),
    )


def unique(items: st.SearchStrategy, key: str) -> st.SearchStrategy:
    return st.lists(items, max_size=4, unique_by=lambda each: getattr(each, key)).map(tuple)


declarations = st.builds(
    Declaration,
    name=names,
    module=names,
    description=texts,
    entry=st.sampled_from(("function", "script")),
    inputs=unique(inputs(), "name"),
    outputs=unique(
        st.builds(MethodOutput, identifiers, paths, st.sampled_from(OUTPUT_TYPES), st.booleans()),
        "name",
    ),
    environment=st.none() | names,
).filter(lambda each: not list(declaration_faults(each)))


@given(declarations)
def test_every_declaration_survives_its_file(declaration: Declaration):
    data = write_declaration(declaration)
    assert read_declaration(data) == declaration
    assert write_declaration(read_declaration(data)) == data
    tomllib.loads(data.decode())


contracts = st.builds(
    ContractField, identifiers, st.text(st.characters(categories=("L", "N")), min_size=1),
    st.sampled_from(FIELD_TYPES), st.booleans(),
)  # fmt: skip


@given(st.builds(ModuleSpec, names, texts, unique(contracts, "field")))
def test_every_module_survives_its_file(module: ModuleSpec):
    try:
        data = write_module(module)
    except Problems as refused:
        assert any(word in str(refused) for word in ("keyword", "Python replaces"))  # noqa: PT017
        return
    assert read_module(data) == module


METHOD = '[method]\nname = "m"\nmodule = "mod"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "[method] is missing"),
        ("[method", "cannot be read"),
        ('[method]\nname = "m"', "[method] module is missing"),
        ('[method]\nname = 1\nmodule = "x"', "[method] name is text in quotes, not 1"),
        ('[method]\nname = "../up"\nmodule = "x"', "begins with a letter"),
        ('[method]\nname = "m"\nmodule = "-x"', "[method] module begins with a letter"),
        ('[method]\nname = "m.lock"\nmodule = "x"', "[method] name"),
        (f'[method]\nname = "{"m" * 200}"\nmodule = "x"', "at most 80"),
        (METHOD + 'descripton = "x"', "did you mean description"),
        (METHOD + 'entry = "module"', '"function" or "script"'),
        (METHOD + "[input.x]", "did you mean inputs"),
        (METHOD + "[tracked]", "two brackets"),
        (METHOD + "[[tracked]]\nfile = 'h.py'", "[[tracked]] 1 function is missing"),
        (METHOD + "[[tracked]]\nfunction = 'f'\nfile = '../h.py'", "no . and no .."),
        (METHOD + "[[tracked]]\nfunction = 'f'\nfile = '/h.py'", "relative"),
        (METHOD + "[[tracked]]\nfunction = 'f'\nfile = 'h.txt'", "Python file"),
        (METHOD + "[[tracked]]\nfunction = 'f g'\nfile = 'h.py'", "name of a function"),
        (METHOD + "[[tracked]]\nfunction = 'a.<locals>.f'\nfile = 'h.py'", "inside another"),
        (METHOD + "[[tracked]]\nfunction = 'f'\nfile = 'h.py'\nparams = []", "at least one"),
        (METHOD + "[[tracked]]\nfunction = 'f'\nfile = 'h.py'\nparams = 'a'", "list of names"),
        (METHOD + "[[tracked]]\nfunction = 'f'\nfile = 'h.py'\n" * 2, "'f' 2 times"),
        (METHOD + "[inputs.x]", "[inputs.x] type is missing"),
        (METHOD + "[inputs.x]\ntype = 'folder'", "is one of upstream, file, value, list"),
        (METHOD + "[inputs.output_dir]\ntype = 'file'", "something of ours"),
        (METHOD + "[inputs.x]\ntype = 'file'\n[inputs.x_labels]\ntype = 'list'", "of ours"),
        (METHOD + "[inputs.class]\ntype = 'file'", "keyword"),
        (METHOD + "[inputs.'a b']\ntype = 'file'", "Python name"),
        (METHOD + "[inputs.\ufb01x]\ntype = 'file'", "cannot be read"),
        (METHOD + "[inputs.'\ufb01x']\ntype = 'file'", "plainer"),
        (METHOD + "[inputs.x]\ntype = 'file'\nmodule = 'm'", "upstream"),
        (METHOD + "[inputs.x]\ntype = 'file'\nvalue_type = 'int'", "does not belong"),
        (METHOD + "[inputs.x]\ntype = 'value'\nvalue_type = 'table'", "is one of int"),
        (METHOD + "[inputs.x]\ntype = 'upstream'\nvalue_type = 'int'", "is one of table"),
        (METHOD + "[inputs.x]\ntype = 'file'\ngather = 'yes'", "true or false"),
        (METHOD + "[inputs]\nx = 1", "[inputs.x] is a table"),
        (METHOD + "[outputs.x]\ntype = 'table'", "[outputs.x] path is missing"),
        (METHOD + "[outputs.x]\npath = 'x'\ntype = 'zip'", "is one of table"),
        (METHOD + "[outputs.x]\npath = 'tiles'\ntype = 'directory'", '"tiles/"'),
        (METHOD + "[outputs.x]\npath = 'a'\n[outputs.y]\npath = 'a'", "'a' 2 times"),
        (METHOD + 'description = "\\u0000"', "cannot be shown"),
        (METHOD + 'environment = "a b"', "environment in pixi.toml"),
        ("\xff", "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_table_and_key(text: str, said: str):
    data = text.encode("latin-1") if text == "\xff" else text.encode()
    with pytest.raises(Problems) as caught:
        read_declaration(data, where="mod/m/method.toml")
    assert said in str(caught.value)
    assert all(each.message.startswith("mod/m/method.toml") for each in caught.value.problems)


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/.", "~/x", "a\\b", "a\nb", "a\0b",
     "meta.json", "META.JSON", ".manifest.json", "run.log", ".pm/x", "inputs/", "Inputs/a.csv",
     "x" * 600],
)  # fmt: skip
def test_an_output_cannot_leave_its_run_directory_or_take_our_names(path: str):
    declaration = replace(FULL, outputs=(MethodOutput("x", path),))
    with pytest.raises(Problems):
        write_declaration(declaration)


@pytest.mark.parametrize(
    "path", ["a.csv", "a b/é.csv", "tiles/*.tif", "sub/meta.json", "..a", ".x"]
)
def test_ordinary_output_paths_are_taken(path: str):
    declaration = replace(FULL, outputs=(MethodOutput("x", path),))
    assert read_declaration(write_declaration(declaration)) == declaration


def test_everything_wrong_is_said_at_once():
    with pytest.raises(Problems) as caught:
        read_declaration(b"[method]\nname = 1\n[inputs.x]\n[outputs.y]\n")
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[module]\nname = "m"\n[[contract]]\noutput = "o"', "field is missing"),
        ('[module]\nname = "m"\n[[contract]]\noutput = "o"\nfield = ""', "name of a column"),
        ('[module]\nname = "m"\n[[contract]]\noutput = "o"\nfield = "f"\ntype = "x"', "one of str"),
        ('[module]\nname = "m"\n' + '[[contract]]\noutput = "o"\nfield = "f"\n' * 2, "2 times"),
        ('[module]\nname = "m"\n[contract]', "two brackets"),
    ],
)
def test_what_is_wrong_in_a_module_is_named(text: str, said: str):
    with pytest.raises(Problems) as caught:
        read_module(text.encode())
    assert said in str(caught.value)


@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_bytes_end_in_a_declaration_or_problems(data: bytes):
    for read in (read_declaration, read_module):
        with contextlib.suppress(Problems):
            read(data)


def test_the_demo_methods_are_written_exactly_as_we_write_them():
    root = Path(__file__).parents[2] / "methods"
    files = sorted(root.glob("*/*/method.toml"))
    assert files
    for path in files:
        assert write_declaration(read_declaration(path.read_bytes())) == path.read_bytes()
    for path in sorted(root.glob("*/module.toml")):
        assert write_module(read_module(path.read_bytes())) == path.read_bytes()
