"""``/pm/api/live``: a WebSocket on which pages are told what changed."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from pm_kernel.errors import InvalidInput
from pm_server.live import LIVE, Live, Page
from pm_server.payload import Query
from pm_server.routes.base import asked_by

#: Seconds in which changes are gathered into one message.
GATHER = 0.08
#: Seconds of silence after which a page is told that the connection lives.
ALIVE = 15.0


class LiveRoute(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One page that listens."""

    auth_resource = "pm"
    _pouring: asyncio.Task[None] | None = None
    _asked: Query

    @ws_authenticated
    @authorized
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the WebSocket; ``stream`` and ``after`` say what the page has already."""
        self._asked = asked_by(self, "stream", "after")
        try:
            self._resume = (self._asked.text("stream"), self._asked.integer("after", least=0))
        except InvalidInput as error:
            self.set_status(422)
            await self.finish(error.message)
            return
        await super().get(*args, **kwargs)

    @property
    def live(self) -> Live:
        """The changes."""
        return cast("Live", self.settings[LIVE])

    def open(self, *_args: str, **_kwargs: str) -> None:
        """Say hello, then everything that changes."""
        super().open()
        self.live.begin()
        page, hello = self.live.hub.enter(*self._resume)
        self._pouring = asyncio.ensure_future(self._pour(page, hello))

    def on_message(self, message: str | bytes) -> None:
        """Nothing is asked on this way."""

    def on_close(self) -> None:
        """Forget the page."""
        if self._pouring is not None:
            self._pouring.cancel()

    async def _pour(self, page: Page, hello: dict[str, Any]) -> None:
        hub = self.live.hub
        try:
            await self._send(hello)
            while True:
                try:
                    await asyncio.wait_for(page.wake.wait(), ALIVE)
                except TimeoutError:
                    await self._send({"type": "alive", "number": page.number})
                    continue
                page.wake.clear()
                await asyncio.sleep(GATHER)
                while (message := hub.next_for(page)) is not None:
                    await self._send(message)
        except WebSocketClosedError:
            pass
        finally:
            hub.leave(page)

    async def _send(self, message: dict[str, Any]) -> None:
        # Returns when it has left this process: a page that does not read holds up only itself.
        await self.write_message(json.dumps(message))
