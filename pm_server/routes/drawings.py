"""``/pm/api/drawings``: pipelines that are being drawn, kept until they are saved."""

from __future__ import annotations

from typing import Any, cast

from pm_kernel import unsaved
from pm_kernel.unsaved import UnsavedDrawing
from pm_server.live import LIVE, Live, drawing_changed
from pm_server.routes.base import Route, verb


class DrawingsRoute(Route):
    """All unsaved drawings."""

    @verb
    async def get(self) -> None:
        """List them, the one that was changed last first."""
        self.query()
        found = await self.ask(lambda at: unsaved.list_unsaved(at.settings))
        self.answer({"drawings": [_entry(each) for each in found]})


class DrawingRoute(Route):
    """One unsaved drawing. ``expected`` is the revision that the browser has seen."""

    @verb
    async def get(self, key: str) -> None:
        """Show it with what is drawn."""
        self.query()
        found = await self.ask(lambda at: unsaved.get_unsaved(at.settings, key))
        self.answer({**_entry(found), "content": dict(found.content)})

    @verb
    async def put(self, key: str) -> None:
        """Keep what is drawn."""
        body = self.body("content", "expected")
        content, expected = body.table("content"), body.optional_text("expected")
        kept = await self.ask(
            lambda at: unsaved.keep_unsaved(at.settings, key, content, expected=expected)
        )
        self._tell()
        self.answer(_entry(kept))

    @verb
    async def delete(self, key: str) -> None:
        """Forget it: it was saved, or thrown away."""
        expected = self.query("expected").required("expected")
        await self.ask(lambda at: unsaved.forget_unsaved(at.settings, key, expected=expected))
        self._tell()
        self.answer({"key": key})

    def _tell(self) -> None:
        """Let the other pages know."""
        cast(Live, self.settings[LIVE]).hub.publish([drawing_changed()])


def _entry(drawing: UnsavedDrawing) -> dict[str, Any]:
    document, template = drawing.content.get("document"), drawing.content.get("template")
    document = document if isinstance(document, dict) else {}
    template = template if isinstance(template, dict) else {}
    name, steps, saved = document.get("name"), document.get("steps"), template.get("name")
    return {
        "key": drawing.key,
        "name": name if isinstance(name, str) else "",
        "steps": len(steps) if isinstance(steps, dict) else 0,
        "template": saved if isinstance(saved, str) else None,
        "changed_at": drawing.changed_at.isoformat(),
        "changed_by": drawing.user,
        "revision": drawing.revision,
    }
