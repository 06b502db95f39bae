"""Arrays in ``.npy`` files: two dimensions, or a stack of planes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from pm_server.pictures.plane import (
    PART,
    Block,
    Plane,
    Unshowable,
    checked_number,
    checked_size,
    numbers_of,
)
from pm_server.pictures.segments import damaged

MAGIC = npy.MAGIC_PREFIX


def array_plane(stream: IO[bytes], number: int) -> Plane:
    """Return plane ``number`` (from 1) of an array. Nothing is unpickled. Raises Unshowable."""
    try:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except (ValueError, EOFError) as error:
        raise damaged("its header cannot be read") from error
    if len(shape) < 2 or dtype.hasobject or dtype.kind not in "biufc":
        raise Unshowable(f"it is an array {shape} of {dtype}, and no image")
    if fortran and len(shape) > 2:
        raise Unshowable("its planes do not follow each other (it is in Fortran's order)")
    if fortran:
        shape = shape[::-1]
    *stack, height, width = shape
    planes = int(np.prod(stack, dtype=object))
    checked_number(number, planes)
    checked_size(width, height, dtype.itemsize)
    start = stream.tell() + (number - 1) * width * height * dtype.itemsize
    blocks = _rows(stream, start, width, height, dtype)
    if fortran:
        blocks = ((left, top, first, part.swapaxes(0, 1)) for top, left, first, part in blocks)
        width, height = height, width
    numbers = numbers_of(dtype)
    bits = 1 if dtype.kind == "b" else dtype.itemsize * 8
    return Plane(
        number=number,
        planes=planes,
        width=width,
        height=height,
        bits=bits,
        numbers=numbers,
        colours="grey",
        samples=1,
        inverted=False,
        palette=None,
        read_width=width,
        read_height=height,
        blocks=blocks,
    )


def _rows(
    stream: IO[bytes], start: int, width: int, height: int, dtype: np.dtype[Any]
) -> Iterator[Block]:
    row = width * dtype.itemsize
    rows = max(1, PART // row)
    stream.seek(start)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        data = stream.read(count * row)
        if len(data) < count * row:
            raise damaged("it ends early")
        yield top, 0, 0, np.frombuffer(data, dtype).reshape(count, width, 1)
