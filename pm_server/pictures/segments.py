"""Strips and tiles of a TIFF file, decompressed to no more than they can hold.

What Python cannot do, libtiff does, which comes with Pillow: the strip is given to it as a small
TIFF file of its own. What neither knows is left to imagecodecs where somebody installed it.
"""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from dataclasses import dataclass

from PIL import Image

from pm_server.pictures.plane import Unshowable

NONE, LZW, JPEG = 1, 5, 7
_DEFLATE = (8, 32946)
_LZMA = 34925
#: By libtiff: LZW, PackBits and two numbers of Zstandard, of which it knows the first.
_BY_LIBTIFF = {LZW: LZW, 32773: 32773, 50000: 50000, 34926: 50000}
#: Those that give back the bytes that were compressed, so that what they are does not matter.
BYTES = (NONE, *_DEFLATE, _LZMA, *_BY_LIBTIFF)
_SHORT, _LONG, _UNDEFINED = 3, 4, 7
#: Bytes that LZMA may take; its own settings take up to 65 MB, a header can ask for 4 GB.
_MOST_FOR_LZMA = 1 << 29
#: A tag of a TIFF file: its number, type and value.
Tag = tuple[int, int, "int | tuple[int, ...] | bytes"]


@dataclass(frozen=True)
class JpegPart:
    """What libtiff needs to know of a JPEG strip or tile."""

    width: int
    height: int
    samples: int
    photometric: int
    subsampling: tuple[int, int]
    tables: bytes | None


def decompressed(data: bytes, compression: int, size: int) -> bytes:
    """Return the ``size`` bytes that ``data`` holds. Raises Unshowable where it is damaged."""
    try:
        if compression == NONE:
            out = data[:size]
        elif compression in _DEFLATE:
            out = zlib.decompressobj().decompress(data, size)
        elif compression == _LZMA:
            out = lzma.LZMADecompressor(memlimit=_MOST_FOR_LZMA).decompress(data, size)
        else:
            # One byte is one pixel of a picture of one row.
            tags: list[Tag] = [
                (256, _LONG, size),
                (257, _LONG, 1),
                (258, _SHORT, 8),
                (277, _SHORT, 1),
            ]
            tags += [(259, _SHORT, _BY_LIBTIFF[compression]), (262, _SHORT, 1), (278, _LONG, 1)]
            out = _by_libtiff(data, tags)
    except (zlib.error, lzma.LZMAError, OSError, SyntaxError) as error:
        if isinstance(error, lzma.LZMAError) and "limit" in str(error):
            raise MemoryError from error
        raise damaged("a part of it cannot be decompressed") from error
    if len(out) < size:
        raise damaged(f"a part of it has {len(out)} of {size} bytes")
    return out


def jpeg_decoded(data: bytes, part: JpegPart) -> bytes:
    """Return the pixels of a JPEG strip or tile of 8 bits. Raises Unshowable for a damaged one."""
    tags: list[Tag] = [
        (256, _LONG, part.width),
        (257, _LONG, part.height),
        (258, _SHORT, (8,) * part.samples),
        (259, _SHORT, JPEG),
        (262, _SHORT, part.photometric),
        (277, _SHORT, part.samples),
        (278, _LONG, part.height),
    ]
    if part.tables is not None:
        tags.append((347, _UNDEFINED, part.tables))
    if part.photometric == 6:
        tags.append((530, _SHORT, part.subsampling))
    try:
        out = _by_libtiff(data, tags)
    except (OSError, SyntaxError) as error:
        raise damaged("a part of it cannot be decompressed") from error
    if len(out) != part.width * part.height * part.samples:
        raise damaged("a part of it has another size than it says")
    return out


def damaged(reason: str) -> Unshowable:
    """Say that what is in the file is not what it says is in it."""
    return Unshowable(
        f"it seems to be damaged ({reason.strip().rstrip('.') or 'it ends early'})",
        "If another program opens it, save it and look at it there.",
    )


def _by_libtiff(data: bytes, tags: list[Tag]) -> bytes:
    """Return the bytes of the picture that a TIFF file with these tags and one strip is."""
    every = [*tags, (273, _LONG, 0), (279, _LONG, len(data))]
    every.sort(key=lambda tag: tag[0])
    start = 8 + 2 + 12 * len(every) + 4
    entries, beside = b"", b""
    sizes = {_SHORT: "H", _LONG: "I"}
    packed: list[tuple[int, int, int, bytes]] = []
    for tag, kind, value in every:
        if isinstance(value, bytes):
            packed.append((tag, kind, len(value), value))
        else:
            values = value if isinstance(value, tuple) else (value,)
            packed.append(
                (tag, kind, len(values), struct.pack(f"<{len(values)}{sizes[kind]}", *values))
            )
    strip = start + sum(len(raw) for *_, raw in packed if len(raw) > 4)
    for tag, kind, count, raw in packed:
        if tag == 273:
            raw = struct.pack("<I", strip)
        if len(raw) > 4:
            entries += struct.pack("<HHII", tag, kind, count, start + len(beside))
            beside += raw
        else:
            entries += struct.pack("<HHI", tag, kind, count) + raw.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<IH", 8, len(every)) + entries + struct.pack("<I", 0)
    with Image.open(io.BytesIO(head + beside + data), formats=("TIFF",)) as image:
        return image.tobytes()
