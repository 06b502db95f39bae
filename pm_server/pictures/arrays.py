"""Arrays in ``.npy`` files: two dimensions, a stack of planes, or pixels of colours."""

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
    coloured = len(shape) > 2 and _are_colours(shape[-1], dtype)
    samples = shape[-1] if coloured else 1
    *stack, height, width = shape[:-1] if coloured else shape
    planes = int(np.prod(stack, dtype=object))
    checked_number(number, planes)
    pixel = samples * dtype.itemsize
    checked_size(width, height, pixel)
    start = stream.tell() + (number - 1) * width * height * pixel
    blocks = _rows(stream, start, width, height, samples, dtype)
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
        colours="rgb" if coloured else "grey",
        samples=samples,
        inverted=False,
        palette=None,
        read_width=width,
        read_height=height,
        blocks=blocks,
    )


def _are_colours(samples: int, dtype: np.dtype[Any]) -> bool:
    """Whether the last dimension is one of colours, as of an image that was read from its file."""
    if dtype.kind != "u" or dtype.itemsize > 2:
        return False
    # Four of more than 8 bits are more often channels of a microscope than colours and how opaque
    # they are.
    return samples == 3 or (samples == 4 and dtype.itemsize == 1)


def _rows(
    stream: IO[bytes], start: int, width: int, height: int, samples: int, dtype: np.dtype[Any]
) -> Iterator[Block]:
    row = width * samples * dtype.itemsize
    rows = max(1, PART // row)
    stream.seek(start)
    for top in range(0, height, rows):
        count = min(rows, height - top)
        data = stream.read(count * row)
        if len(data) < count * row:
            raise damaged("it ends early")
        yield top, 0, 0, np.frombuffer(data, dtype).reshape(count, width, samples)
