"""How errors are answered, on the example of the list of plans."""

from __future__ import annotations

import json

import pytest
from tornado.httpclient import HTTPClientError

from pm_kernel.errors import (
    Conflict,
    DatabaseUnavailable,
    InvalidInput,
    NotFound,
    PmError,
    Problem,
    Problems,
)


async def refused(jp_fetch, *path: str) -> tuple[int, dict]:
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch(*path)
    response = refusal.value.response
    assert response is not None
    return response.code, json.loads(response.body)


async def test_a_folder_that_is_no_workspace_is_said_with_the_command_that_makes_one(jp_fetch):
    code, answer = await refused(jp_fetch, "pm", "api", "plans")
    assert (code, answer["error"]) == (404, "NotFound")
    assert "pm init" in answer["hint"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("no plan 3"), 404),
        (Conflict("somebody else"), 409),
        (InvalidInput("not a number"), 422),
        (DatabaseUnavailable("down", hint="pm db start"), 503),
        (PmError("something"), 500),
    ],
)
async def test_an_error_keeps_its_meaning(jp_fetch, workspace, make_workspace, error, status):
    make_workspace()
    workspace.error = error
    code, answer = await refused(jp_fetch, "pm", "api", "plans")
    assert code == status
    assert answer == {
        "error": type(error).__name__,
        "message": error.message,
        "hint": error.hint,
        "problems": [],
    }


async def test_several_problems_arrive_each_with_its_place(jp_fetch, workspace, make_workspace):
    make_workspace()
    workspace.error = Problems([Problem("no input", step="filter", code="unbound"), Problem("b")])
    code, answer = await refused(jp_fetch, "pm", "api", "plans")
    assert code == 422
    assert answer["problems"] == [
        {
            "message": "no input",
            "step": "filter",
            "edge": None,
            "code": "unbound",
            "severity": "error",
        },
        {"message": "b", "step": None, "edge": None, "code": "invalid", "severity": "error"},
    ]


async def test_a_surprise_is_logged_and_its_text_is_kept_from_the_browser(
    jp_fetch, workspace, make_workspace, caplog
):
    make_workspace()
    workspace.error = RuntimeError("secret of /home/somebody")
    code, answer = await refused(jp_fetch, "pm", "api", "plans")
    assert code == 500
    assert answer["error"] == "Unexpected"
    assert "secret" not in json.dumps(answer)
    assert "secret of /home/somebody" in caplog.text


async def test_an_unknown_address_is_answered_in_our_words(jp_fetch):
    code, answer = await refused(jp_fetch, "pm", "api", "nonsense", "1")
    assert (code, answer["error"]) == (404, "NotFound")


async def test_a_verb_that_a_route_lacks_is_refused(jp_fetch, make_workspace):
    make_workspace()
    with pytest.raises(HTTPClientError) as refusal:
        await jp_fetch("pm", "api", "plans", method="DELETE")
    assert refusal.value.code == 405
