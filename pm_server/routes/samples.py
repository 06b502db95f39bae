"""``/pm/api/samples``: a sample sheet read, from what was typed or pasted, or from a file."""

from __future__ import annotations

from typing import Any

from pm_kernel.domain.names import shown
from pm_kernel.domain.plan_documents import problem_document
from pm_kernel.domain.samples import parse_sample_sheet
from pm_kernel.errors import InvalidInput, NotFound
from pm_server.payload import Fields
from pm_server.routes.base import Route, verb
from pm_server.services import Opened

#: Bytes of a sheet that is read: a hundred thousand rows of many columns.
_MOST = 64 << 20
#: Rows in one answer unless more are asked for.
_ROWS, _MOST_ROWS = 1000, 1_000_000


class SamplesRoute(Route):
    """Reading a sample sheet."""

    @verb
    async def post(self) -> None:
        """Read the sheet in ``text``, or in the file ``path`` of the workspace."""
        body = self.body("text", "path", "required", "limit")
        self.answer(await self.ask(lambda at: _read(at, body), slow=True))


def _read(at: Opened, body: Fields) -> dict[str, Any]:
    text, path = body.optional_text("text"), body.optional_text("path")
    if (text is None) == (path is None):
        raise InvalidInput("Say either 'text' or 'path'.")
    data: str | bytes = text if text is not None else _file(at, path or "")
    sheet, problems = parse_sample_sheet(data, required=body.texts("required"))
    limit = body.optional_integer("limit", least=0, most=_MOST_ROWS)
    shown_rows = sheet.rows[: _ROWS if limit is None else limit]
    return {
        "columns": list(sheet.columns),
        "rows": [[row[column] for column in sheet.columns] for row in shown_rows],
        "total": len(sheet.rows),
        "problems": [problem_document(each) for each in problems],
    }


def _file(at: Opened, path: str) -> bytes:
    root = at.settings.root.resolve()
    place = (root / path).resolve()
    if not place.is_relative_to(root):
        raise InvalidInput(
            f"{shown(path)} lies outside the workspace.",
            hint="Paste the sheet, or copy the file into the workspace.",
        )
    try:
        if not place.is_file():
            raise NotFound(f"There is no file {shown(path)} in the workspace.")
        with place.open("rb") as stream:
            data = stream.read(_MOST + 1)
    except OSError as error:
        raise InvalidInput(f"{shown(path)} cannot be read: {error.strerror}.") from error
    if len(data) > _MOST:
        raise InvalidInput(f"{shown(path)} is larger than {_MOST >> 20} MB; is it a sample sheet?")
    return data
