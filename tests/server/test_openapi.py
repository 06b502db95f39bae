"""The description of the addresses, held against the routes."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pm_server.routes import ROUTES
from pm_server.routes.base import NothingHere, Route

from .described import VERBS, Operation, description, operations, resolved
from .test_security import implemented

HANDLERS = {pattern: handler for pattern, handler in ROUTES if handler is not NothingHere}


def pattern_of(path: str) -> str:
    """The route pattern of a described path."""
    (found,) = [p for p in HANDLERS if shape(p) == address(path)]
    return found


def address(path: str) -> str:
    """A described path, each place a star."""
    return "/pm/api" + re.sub(r"{\w+}", "*", path)


def shape(pattern: str) -> str:
    return re.sub(r"\([^)]*\)", "*", pattern)


def handler_of(operation: Operation) -> type[Route]:
    return HANDLERS[pattern_of(operation.path)]


def asked(handler: type[Route], verb: str, what: str) -> set[str] | None:
    """The names that a verb reads by ``self.query(…)`` or ``self.body(…)``; None: it does not."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(handler)))
    (defined,) = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.AsyncFunctionDef) and node.name == verb
    ]
    # A WebSocket is no Route, and asks by the function behind.
    names = {f"self.{what}", "asked_by"} if what == "query" else {f"self.{what}"}
    calls = [
        node
        for node in ast.walk(defined)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in names
    ]
    if not calls:
        return None
    (call,) = calls
    return {
        node.value
        for argument in call.args
        if not isinstance(argument, ast.Name)
        for node in ast.walk(argument)
        if isinstance(node, ast.Constant)
    }


def test_every_route_is_described_and_every_description_has_a_route():
    described = {address(path) for path in description()["paths"]}
    assert described == {shape(pattern) for pattern in HANDLERS}


def test_every_verb_is_described():
    described = {(each.verb, pattern_of(each.path)) for each in operations()}
    known = {
        (verb.lower(), pattern)
        for pattern, handler in HANDLERS.items()
        for verb in implemented(handler)
        if verb not in ("OPTIONS", "HEAD")
    }
    assert described == known


@pytest.mark.parametrize("operation", operations(), ids=lambda o: f"{o.verb} {o.path}")
def test_what_an_operation_reads_is_what_is_described(operation):
    handler = handler_of(operation)
    assert (asked(handler, operation.verb, "query") or set()) == set(operation.parameters("query"))
    schema = operation.body_schema()
    fields = None if schema is None else set(resolved(schema).get("properties", ()))
    assert asked(handler, operation.verb, "body") == fields
    assert operation.described["summary"]
    assert "default" in operation.described["responses"]


def test_every_read_says_what_it_is_asked_by():
    """A query that is not read would let a typing mistake pass."""
    for operation in operations():
        if operation.verb == "get":
            assert asked(handler_of(operation), "get", "query") is not None, operation


def test_the_parts_of_a_path_are_described():
    for operation in operations():
        assert set(operation.parameters("path")) == set(re.findall(r"{(\w+)}", operation.path))


def test_every_schema_is_one_and_is_used():
    text = Path(inspect.getfile(Route)).parents[1].joinpath("openapi.yaml").read_text()
    for kind, parts in description()["components"].items():
        for name, part in parts.items():
            assert f"#/components/{kind}/{name}" in text, f"{kind}/{name} is used nowhere"
            if kind == "schemas":
                Draft202012Validator.check_schema(part)
    assert set(VERBS) > {"get", "put"}
