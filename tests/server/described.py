"""pm_server/openapi.yaml as a judge of requests and answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from tornado.httpclient import HTTPResponse

import pm_server

FILE = Path(pm_server.__file__).with_name("openapi.yaml")
VERBS = ("get", "put", "post", "delete", "patch")
#: Marks the place of a part of the path.
_PLACE = re.compile(r"\{(\w+)\}")
_HERE = "urn:openapi"


@cache
def description() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return document


@cache
def _registry() -> Registry[Any]:
    resource = Resource.from_contents(description(), default_specification=DRAFT202012)
    return Registry().with_resource(_HERE, resource)


def resolved(part: Any) -> Any:
    """Return what a reference stands for."""
    while isinstance(part, dict) and set(part) == {"$ref"}:
        found: Any = description()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


@dataclass(frozen=True)
class Operation:
    """One verb of one address."""

    verb: str
    path: str

    @property
    def described(self) -> dict[str, Any]:
        operation: dict[str, Any] = description()["paths"][self.path][self.verb]
        return operation

    def parameters(self, place: str) -> dict[str, dict[str, Any]]:
        """Return the parameters in ``path`` or in ``query`` by name."""
        item = description()["paths"][self.path]
        every = [*item.get("parameters", ()), *self.described.get("parameters", ())]
        return {each["name"]: each for each in map(resolved, every) if each["in"] == place}

    def body_schema(self) -> dict[str, Any] | None:
        body = resolved(self.described.get("requestBody"))
        return None if body is None else body["content"]["application/json"]["schema"]

    def faults_of_body(self, body: Any) -> list[str]:
        schema = self.body_schema()
        assert schema is not None, f"{self.verb} {self.path} takes nothing"
        return faults(schema, body)

    def faults_of_answer(self, answer: HTTPResponse) -> list[str]:
        """Return what in an answer is not as described."""
        responses = self.described["responses"]
        told = resolved(responses.get(str(answer.code), responses["default"]))
        if "content" not in told:
            return ["a body that is not described"] if answer.body else []
        if answer.code < 400 and str(answer.code) not in responses:
            return [f"status {answer.code} is not described"]
        content_type = answer.headers["Content-Type"].partition(";")[0]
        content = told["content"].get(content_type, told["content"].get("*/*"))
        if content is None:
            return [f"content of type {content_type} is not described"]
        if content_type != "application/json" or "*/*" in told["content"]:
            return []
        return faults(content["schema"], json.loads(answer.body))


def operations() -> list[Operation]:
    return [
        Operation(verb, path)
        for path, item in description()["paths"].items()
        for verb in VERBS
        if verb in item
    ]


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    """Return where ``value`` is not as ``schema`` says."""
    rooted = {"$ref": f"{_HERE}#/x-here"}
    registry = _registry().with_resource(
        _HERE,
        Resource.from_contents(
            {**description(), "x-here": schema}, default_specification=DRAFT202012
        ),
    )
    validator = Draft202012Validator(rooted, registry=registry, format_checker=FormatChecker())
    return [told for each in validator.iter_errors(value) for told in _causes(each)]


def _causes(error: ValidationError) -> list[str]:
    """What a fault comes from: the faults of the alternatives, where there are some."""
    inner = [told for each in error.context or () for told in _causes(each)]
    return inner or [f"{error.json_path}: {error.message[:300]}"]


def operation_of(verb: str, path: str) -> Operation:
    """Return the operation that a request is for; an exact word wins over a place."""
    fitting = [
        each
        for each in operations()
        if each.verb == verb.lower()
        and re.fullmatch(_PLACE.sub(_pattern, each.path), f"/{path}") is not None
    ]
    assert fitting, f"{verb} /{path} is not described"
    return min(fitting, key=lambda each: each.path.count("{"))


def _pattern(place: re.Match[str]) -> str:
    return ".+" if place[1] == "path" else "[^/]+"


class Api:
    """Requests as the browser half makes them; whatever is not as described fails the test."""

    def __init__(self, client: Any, base_url: str, login: dict[str, str]) -> None:
        self._client = client
        self._base_url = base_url
        self._login = login

    async def raw(
        self,
        verb: str,
        path: str,
        body: Any = None,
        /,
        *,
        headers: dict[str, str] | None = None,
        **query: Any,
    ) -> HTTPResponse:
        """Make a request; ``path`` is not quoted yet."""
        asked = urlencode({k: _told(v) for k, v in query.items() if v is not None}, doseq=True)
        address = f"{self._base_url}pm/api/{quote(path)}" + (f"?{asked}" if asked else "")
        answer: HTTPResponse = await self._client.fetch(
            address,
            method=verb,
            headers={**self._login, **(headers or {})},
            body=None if verb in ("GET", "DELETE") else json.dumps(body or {}),
            raise_error=False,
            follow_redirects=False,
            request_timeout=120,
        )
        operation = operation_of(verb, path)
        found = operation.faults_of_answer(answer)
        assert found == [], (verb, path, *found)
        if answer.code < 400 and body is not None:
            assert operation.faults_of_body(body) == [], (verb, path)
        return answer

    async def __call__(
        self, verb: str, path: str, body: Any = None, /, *, status: int = 200, **query: Any
    ) -> Any:
        """Make a request and return what is answered."""
        answer = await self.raw(verb, path, body, **query)
        assert answer.code == status, answer.body.decode()
        return json.loads(answer.body)

    async def get(self, path: str, /, **query: Any) -> Any:
        """Ask for something that is there."""
        return await self("GET", path, **query)


def _told(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
