"""``/pm/api/templates``: pipelines saved under a name."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pm_kernel import templates
from pm_kernel.domain.templates import (
    Template,
    template_document,
    version_document,
    version_facts,
)
from pm_server.routes.base import Route, verb

_PAGE, _MOST = 50, 500


class TemplatesRoute(Route):
    """All templates."""

    @verb
    async def get(self) -> None:
        """List the templates."""
        self.query()
        found = await self.ask(lambda at: templates.list_templates(at.store))
        self.answer({"templates": [template_document(each) for each in found]})


class TemplateRoute(Route):
    """One template. ``expected`` is the revision that the browser has seen."""

    @verb
    async def get(self, name: str) -> None:
        """Show a template with its pipeline document."""
        self.query()
        self.answer(_whole(await self.ask(lambda at: templates.get_template(at.store, name))))

    @verb
    async def put(self, name: str) -> None:
        """Save a pipeline document under this name."""
        body = self.body("document", "expected", "note")
        document, expected = body.table("document"), body.optional_text("expected")
        note = body.optional_text("note")
        saved = await self.ask(
            lambda at: templates.save_template(
                at.store, at.settings, name, document, expected=expected, note=note
            )
        )
        status = HTTPStatus.CREATED if saved.created else HTTPStatus.OK
        self.answer(_whole(saved.template), status)

    @verb
    async def patch(self, name: str) -> None:
        """Give the template another name."""
        body = self.body("name", "expected")
        new_name, expected = body.text("name"), body.text("expected")
        renamed = await self.ask(
            lambda at: templates.rename_template(
                at.store, at.settings, name, new_name, expected=expected
            )
        )
        self.answer(_whole(renamed))

    @verb
    async def delete(self, name: str) -> None:
        """Delete the template."""
        # In the address: what a deletion carries is dropped on some ways.
        expected = self.query("expected").required("expected")
        await self.ask(
            lambda at: templates.delete_template(at.store, at.settings, name, expected=expected)
        )
        self.answer({"name": name})


class TemplateVersionsRoute(Route):
    """What a template was, and is."""

    @verb
    async def get(self, name: str) -> None:
        """List its versions, the newest first, each with what it changed."""
        query = self.query("limit", "before")
        limit = query.integer("limit", most=_MOST) or _PAGE
        before = query.integer("before")
        found = await self.ask(
            lambda at: templates.list_versions(at.store, name, limit=limit, before=before)
        )
        self.answer(
            {
                "versions": [version_document(*each) for each in found.versions],
                "before": found.before,
            }
        )


class TemplateVersionRoute(Route):
    """One version of a template."""

    @verb
    async def get(self, name: str, version: str) -> None:
        """Show it with its pipeline document; named by its number or by how its hash begins."""
        self.query()
        template, found = await self.ask(lambda at: templates.get_version(at.store, name, version))
        self.answer(
            {
                "template": template_document(template),
                **version_facts(found),
                "document": dict(found.document),
            }
        )


def _whole(template: Template) -> dict[str, Any]:
    return {**template_document(template), "document": dict(template.document)}
