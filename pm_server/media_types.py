"""What a file of a run is served as: only types in which nothing can run are shown in the browser.

A run's files were written by somebody's code and are served from the address of the Lab, with its
cookies. So pages and everything unknown are for saving, never for opening there; and whatever is
opened stands in a sandbox without scripts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

_TEXT = "text/plain; charset=utf-8"

#: Ending -> type; only these are shown.
_SHOWN = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    **dict.fromkeys(
        (".txt", ".log", ".csv", ".tsv", ".md", ".py", ".toml", ".yaml", ".yml", ".ini"), _TEXT
    ),
}
_UNKNOWN = "application/octet-stream"

#: A drawing (SVG) may have styles and pictures inside itself; scripts, forms and links to anywhere
#: do nothing.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Served:
    """How a file is served."""

    content_type: str
    disposition: str


def served_as(path: str, *, download: bool) -> Served:
    """Return type and disposition of a file; ``download``: it is to be saved in any case."""
    name = PurePosixPath(path).name
    content_type = _SHOWN.get(PurePosixPath(name.lower()).suffix, _UNKNOWN)
    shown = content_type != _UNKNOWN and not download
    return Served(content_type, f"{'inline' if shown else 'attachment'}; {filename(name)}")


def filename(name: str) -> str:
    """Return the part of ``Content-Disposition`` that names a file (RFC 6266, RFC 8187)."""
    return f"filename*=UTF-8''{quote(name, safe='', errors='replace')}"
