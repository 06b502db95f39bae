"""Taking a plan along: as a folder for Nextflow, or as the Python that builds it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pm_kernel import export
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.plan_request import parse_request
from pm_kernel.environment_match import same_imports
from pm_kernel.errors import Problems
from pm_kernel.plan_file import PlanFile
from pm_kernel.plan_script import plan_script, script_of
from pm_kernel.planning import PlanInput
from pm_server.media_types import filename
from pm_server.payload import Fields
from pm_server.routes.base import Route, verb
from pm_server.services import Opened


class _Archive(Route):
    """An answer that is a zip archive."""

    def send(self, name: str, archive: bytes) -> None:
        """Answer with the archive, to be saved under a name."""
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", f"attachment; {filename(name)}")
        self.set_header("Cache-Control", "no-store")
        self.finish(archive, set_content_type="application/zip")


class PlanExportRoute(_Archive):
    """``/pm/api/plans/N/export``: a stored plan as a folder that plain Nextflow runs."""

    @verb
    async def get(self, plan_id: str) -> None:
        """Send the folder as a zip archive."""
        self.query()
        self.send(*await self.ask(lambda at: _plan(at, int(plan_id)), slow=True))


class ExportRoute(_Archive):
    """``/pm/api/export``: a pipeline that is being drawn, as such a folder."""

    @verb
    async def post(self) -> None:
        """Send the folder as a zip archive. Nothing is stored."""
        file = _file(self.body("document", "request", "name", "notes", "metadata"))
        self.send(*await self.ask(lambda at: _drawn(at, file), slow=True, reads=True))


class PlanPythonRoute(Route):
    """``/pm/api/plans/N/python``: the Python that builds a stored plan."""

    @verb
    async def get(self, plan_id: str) -> None:
        """Return the Python."""
        self.query()
        text = await self.ask(lambda at: script_of(at.store, int(plan_id)))
        self.answer({"python": text})


class PythonRoute(Route):
    """``/pm/api/python``: the Python that builds a pipeline that is being drawn."""

    @verb
    async def post(self) -> None:
        """Return the Python. Raises Problems where the document cannot be read."""
        file = _file(self.body("document", "request", "name", "notes", "metadata"))
        self.answer({"python": await self.ask(lambda at: _python(at, file), reads=True)})


def _file(body: Fields) -> dict[str, Any]:
    return {
        "document": body.table("document"),
        "request": body.kept("request"),
        "name": body.optional_text("name"),
        "notes": body.optional_text("notes") or "",
        "metadata": body.kept("metadata"),
    }


def _plan(at: Opened, plan_id: int) -> tuple[str, bytes]:
    file, versions = export.from_plan(at.store, plan_id)
    return _zipped(at, file, versions, f"plan {plan_id}", f"plan-{plan_id}")


def _drawn(at: Opened, given: dict[str, Any]) -> tuple[str, bytes]:
    name = given["name"] or str(given["document"].get("name") or "pipeline")
    plan = PlanInput(given["document"], given["request"], at.settings.root)
    file = PlanFile(plan, name, given["notes"], given["metadata"])
    return _zipped(at, file, {}, "a drawn pipeline", "pipeline")


def _zipped(
    at: Opened, file: PlanFile, versions: Mapping[str, int], source: str, top: str
) -> tuple[str, bytes]:
    files, _, _ = export.export_files(
        at.settings,
        at.store,
        file,
        same_imports(at.settings),
        versions=versions,
        source=source,
    )
    archive = io.BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as target:
        for name, text in files.items():
            entry = ZipInfo(f"{top}/{name}")
            entry.external_attr = 0o644 << 16
            entry.compress_type = ZIP_DEFLATED
            target.writestr(entry, text)
    return f"{top}.zip", archive.getvalue()


def _python(at: Opened, given: dict[str, Any]) -> str:
    pipeline, problems = parse_pipeline(given["document"])
    request, more = parse_request(given["request"])
    errors = [each for each in (*problems, *more) if each.severity == "error"]
    if errors:
        raise Problems(errors)
    return plan_script(
        pipeline,
        request,
        at.settings.root,
        name=given["name"] or pipeline.name,
        notes=given["notes"],
        metadata=given["metadata"],
    )
