"""``/pm/api/runs/N/files``, ``table``, ``picture``, ``zip``: what lies in a run's directory."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Generator
from contextlib import closing
from functools import partial
from http import HTTPStatus
from typing import Any

from tornado.iostream import StreamClosedError

from pm_kernel.artifacts.manifest import FileEntry
from pm_kernel.artifacts.outputs import base_folder, select
from pm_kernel.domain.names import listed, shown
from pm_kernel.domain.runs import RunOutput
from pm_kernel.errors import InvalidInput, NotFound
from pm_kernel.store.run_details import get_details
from pm_server import run_files
from pm_server.byte_ranges import Unsatisfiable, wanted_part
from pm_server.media_types import SANDBOX, Served, filename, served_as
from pm_server.payload import Query
from pm_server.pictures.drawing import draw
from pm_server.routes.base import Route, explained, verb
from pm_server.services import Opened
from pm_server.table_preview import read_page
from pm_server.zipping import zip_chunks

#: Bytes read and sent at once.
_CHUNK = 1 << 20
_LISTED = 5000
_ROWS, _MOST_ROWS = 50, 1000
_MOST_PLANES = 1_000_000_000


class FilesRoute(Route):
    """A folder in the directory of a run."""

    @verb
    async def get(self, run_id: str) -> None:
        """List the files and folders in the folder ``path``."""
        path = self.query("path").text("path") or ""
        self.answer(await self.ask(lambda at: _list(at, int(run_id), path)))


class TableRoute(Route):
    """The rows of a table."""

    @verb
    async def get(self, run_id: str) -> None:
        """Return rows of an ``output`` or of the file ``path``."""
        query = self.query("output", "path", "first", "rows")
        self.answer(await self.ask(lambda at: _table(at, int(run_id), query), slow=True))


class PictureRoute(Route):
    """An image that browsers do not show, as a picture that they do."""

    _gone = False

    def on_connection_close(self) -> None:
        """Know that nobody waits for it any more."""
        super().on_connection_close()
        self._gone = True

    @verb
    async def get(self, run_id: str) -> None:
        """Return a ``plane`` of the image ``path`` as PNG, with what it is a picture of."""
        query = self.query("path", "plane")
        async with self.services.drawing:
            # Others wait for theirs.
            if self._gone:
                return
            self.answer(await self.ask(lambda at: _picture(at, int(run_id), query), slow=True))


class _Bytes(Route):
    """An answer that is no JSON: files that somebody's code wrote."""

    @property
    def content_security_policy(self) -> str:
        """Nothing in such a file may run, or reach anything."""
        return f"{super().content_security_policy}; {SANDBOX}"

    def set_default_headers(self) -> None:
        """No other site may show it."""
        super().set_default_headers()
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "private, no-cache")

    async def send(self, chunk: bytes) -> bool:
        """Send a piece when the one before has left; False where nobody listens any more."""
        self.write(chunk)
        try:
            await self.flush()
        except StreamClosedError:
            return False
        return True


class FileRoute(_Bytes):
    """One file of a run."""

    @verb
    async def get(self, run_id: str, path: str) -> None:
        """Send a file, or the part of it that ``Range`` asks for; ``download``: to be saved."""
        download = self.query("download").flag("download")
        descriptor, info = await self.ask(lambda at: _open(at, int(run_id), path))
        with open(descriptor, "rb") as stream:
            tag = f'"{info.st_ino:x}-{info.st_mtime_ns:x}-{info.st_size:x}"'
            self.set_header("ETag", tag)
            self.set_header("Accept-Ranges", "bytes")
            if self.check_etag_header():
                self.set_status(HTTPStatus.NOT_MODIFIED)
                return
            try:
                part = self._wanted(info.st_size, tag)
            except Unsatisfiable:
                self._refuse_range(info.st_size)
                return
            await self._send_part(stream.fileno(), served_as(path, download=download), *part)

    def _wanted(self, size: int, tag: str) -> tuple[int, int]:
        headers = self.request.headers
        # A part of another state of the file would not fit to what the browser has.
        same = headers.get("If-Range", tag) == tag
        part = wanted_part(headers.get("Range"), size) if same else None
        if part is None:
            return 0, size
        self.set_status(HTTPStatus.PARTIAL_CONTENT)
        self.set_header("Content-Range", f"bytes {part[0]}-{part[1] - 1}/{size}")
        return part

    def _refuse_range(self, size: int) -> None:
        self.set_header("Content-Range", f"bytes */{size}")
        error = InvalidInput(f"The file has {size} bytes; none of them lies in that range.")
        self.answer(explained(error), HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)

    async def _send_part(self, descriptor: int, served: Served, start: int, end: int) -> None:
        self.set_header("Content-Type", served.content_type)
        self.set_header("Content-Disposition", served.disposition)
        self.set_header("Content-Length", end - start)
        at = start
        while at < end:
            chunk = await self.call(partial(os.pread, descriptor, min(_CHUNK, end - at), at))
            # A file that got shorter meanwhile: the browser sees that some of it is missing.
            if not chunk or not await self.send(chunk):
                break
            at += len(chunk)
        await self.finish(set_content_type=served.content_type)


class ZipRoute(_Bytes):
    """Several files of a run at once."""

    @verb
    async def get(self, run_id: str) -> None:
        """Send an ``output``, a folder ``path`` or the whole directory as one zip archive."""
        query = self.query("output", "path")
        name, chunks = await self.ask(lambda at: _archive(at, int(run_id), query), slow=True)
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", f"attachment; {filename(f'{name}.zip')}")
        with closing(chunks):
            while chunk := await self.services.in_thread(lambda: next(chunks, b""), slow=True):
                if not await self.send(chunk):
                    return
        await self.finish(set_content_type="application/zip")


def _list(at: Opened, run_id: int, path: str) -> dict[str, Any]:
    folder = run_files.run_folder(at.store, run_id)
    entries, more = run_files.list_folder(folder, path, limit=_LISTED)
    return {
        "run_id": run_id,
        "path": "/".join(run_files.parts_of(path)),
        "entries": [entry.to_document() for entry in entries],
        "more": more,
    }


def _open(at: Opened, run_id: int, path: str) -> tuple[int, os.stat_result]:
    return run_files.open_file(run_files.run_folder(at.store, run_id), path)


def _table(at: Opened, run_id: int, query: Query) -> dict[str, Any]:
    output, path = query.text("output"), query.text("path")
    if (output is None) == (path is None):
        raise InvalidInput("Say either 'output' or 'path'.")
    if path is None:
        found = _output(at, run_id, output or "")
        path = base_folder(found.path)
        if found.file_count != 1 or path != found.path:
            raise InvalidInput(
                f"Output {shown(found.name)} of run {run_id} is {found.file_count} files.",
                hint="Ask for one of them by its path.",
            )
    descriptor, _ = _open(at, run_id, path)
    with open(descriptor, "rb") as stream:
        page = read_page(
            stream,
            path,
            first=query.integer("first", least=0) or 0,
            limit=query.integer("rows", most=_MOST_ROWS) or _ROWS,
        )
    return {"run_id": run_id, "path": path, **page.to_document()}


def _picture(at: Opened, run_id: int, query: Query) -> dict[str, Any]:
    path = query.text("path") or ""
    descriptor, _ = _open(at, run_id, path)
    with open(descriptor, "rb") as stream:
        picture = draw(stream, path, plane=query.integer("plane", most=_MOST_PLANES) or 1)
    png = b64encode(picture.png).decode("ascii")
    return {"run_id": run_id, "path": path, **picture.facts, "png": png}


def _archive(at: Opened, run_id: int, query: Query) -> tuple[str, Generator[bytes, None, None]]:
    output, path = query.text("output"), query.text("path")
    folder = run_files.run_folder(at.store, run_id)
    name = f"run-{run_id}"
    if output is None:
        parts = run_files.parts_of(path or "")
        paths = list(run_files.walk(folder, path or ""))
        name = "-".join((name, *parts[-1:]))
    else:
        found = _output(at, run_id, output)
        base = base_folder(found.path)
        single = found.file_count == 1 and base == found.path
        # One file has no folder to look through.
        every = [base] if single else run_files.walk(folder, "" if base == "." else base)
        paths = [e.path for e in select(found.path, (FileEntry(p, "", 0, 0, 0, 0) for p in every))]
        name = f"{name}-{found.name.strip('/').replace('/', '-')}"
    if not paths:
        raise NotFound(f"There are no files of run {run_id} there.")
    return name, zip_chunks(folder, paths, top=name)


def _output(at: Opened, run_id: int, name: str) -> RunOutput:
    outputs = {each.name: each for each in get_details(at.store, run_id).outputs}
    if name not in outputs:
        known = listed(outputs) or "none"
        raise NotFound(f"Run {run_id} has no output {shown(name)}; its outputs: {known}.")
    return outputs[name]
