"""No address of ours answers a stranger. The route table is walked, so a new route is covered."""

from __future__ import annotations

import re
import warnings

from jupyter_server.utils import JupyterServerAuthWarning
from tornado import web
from tornado.httpclient import HTTPClientError

from pm_server.routes import ROUTES
from pm_server.routes.base import Route, verb

WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def implemented(handler: type[web.RequestHandler]) -> list[str]:
    """The HTTP verbs that a handler answers, leaving out what tornado only refuses."""
    nothing = web.RequestHandler._unimplemented_method
    return [v for v in handler.SUPPORTED_METHODS if getattr(handler, v.lower()) is not nothing]


def our_addresses(web_app: web.Application) -> list[tuple[str, str]]:
    """Every (verb, path) that the running application has from this package."""
    found = []
    for group in web_app.default_router.rules:
        for rule in getattr(group.target, "rules", ()):
            handler = rule.target
            if isinstance(handler, type) and handler.__module__.startswith("pm_server"):
                pattern = rule.matcher.regex.pattern.rstrip("$")
                path = re.sub(r"\([^)]*\)|\.\*", "1", pattern)
                found += [(v, path) for v in implemented(handler) if v != "OPTIONS"]
    return found


async def answer_of(client, verb: str, path: str, headers=None) -> int:
    """The status a request gets that carries nothing but ``headers``."""
    try:
        answer = await client.fetch(
            path,
            method=verb,
            headers=headers,
            body=b"{}" if verb in WRITES else None,
            allow_nonstandard_methods=True,
            follow_redirects=False,
        )
    except HTTPClientError as refusal:
        return refusal.code
    return answer.code


def test_every_route_is_registered(jp_serverapp, jp_base_url):
    paths = {path for _, path in our_addresses(jp_serverapp.web_app)}
    assert len(paths) == len(ROUTES)
    assert all(path.startswith(f"{jp_base_url}pm/api/") for path in paths)


async def test_no_address_answers_without_a_login(jp_serverapp, http_server_client):
    addresses = our_addresses(jp_serverapp.web_app)
    assert addresses
    answers = {(v, p): await answer_of(http_server_client, v, p) for v, p in addresses}
    assert {address: code for address, code in answers.items() if code != 403} == {}


async def test_no_write_is_taken_from_another_site(
    jp_serverapp, jp_fetch, http_server_client, jp_base_url
):
    """A page elsewhere can send the login cookie, but not the XSRF token."""
    login = await jp_fetch("api", "status")
    cookie = "; ".join(c.split(";")[0] for c in login.headers.get_list("Set-Cookie"))
    assert "username-" in cookie
    status = f"{jp_base_url}pm/api/status"
    same_site = {"Cookie": cookie, "Referer": f"http://127.0.0.1:{jp_serverapp.port}"}
    assert await answer_of(http_server_client, "GET", status, same_site) == 200
    writes = [(v, p) for v, p in our_addresses(jp_serverapp.web_app) if v in WRITES]
    assert writes
    token = "0123456789abcdef0123456789abcdef"
    ours = {"Cookie": f"{cookie}; _xsrf={token}", "X-XSRFToken": token}
    for verb_, path in writes:
        assert await answer_of(http_server_client, verb_, path, {"Cookie": cookie}) == 403, path
        assert await answer_of(http_server_client, verb_, path, ours) != 403, path


def test_jupyter_finds_nothing_open_in_our_routes(jp_serverapp):
    jp_serverapp.web_app.settings["allow_unauthenticated_access"] = False
    with warnings.catch_warnings():
        warnings.simplefilter("error", JupyterServerAuthWarning)
        jp_serverapp.web_app.add_handlers(".*$", list(ROUTES))


async def test_an_open_address_would_be_found(jp_serverapp, http_server_client):
    """The walk above is worth something: it sees a verb that forgot its decorator."""

    class Open(Route):
        async def get(self) -> None:
            self.finish("{}")

        @verb
        async def post(self) -> None:
            self.finish("{}")

    Open.__module__ = "pm_server.routes.open"
    application = jp_serverapp.web_app
    application.settings["allow_unauthenticated_access"] = True
    application.add_handlers(".*$", [(r"/pm/open", Open)])
    mine = [address for address in our_addresses(application) if address[1] == "/pm/open"]
    assert sorted(mine) == [("GET", "/pm/open"), ("POST", "/pm/open")]
    assert await answer_of(http_server_client, "GET", "/pm/open") == 200
    assert await answer_of(http_server_client, "POST", "/pm/open") == 403
