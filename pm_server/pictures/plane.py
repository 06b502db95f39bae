"""One plane of an image: what is known of it before its pixels are read, and these in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]

#: A block of pixels: its first row, column and sample, and the pixels (rows, columns, samples).
Block = tuple[int, int, int, Pixels]

#: Bytes of pixels that are in memory at once, besides the small picture.
PART = 1 << 24
#: Bytes of one strip or tile: it can only be decompressed whole.
MOST_OF_A_PART = 250_000_000
#: Bytes of a plane that are read for a picture.
MOST_OF_A_PLANE = 1_000_000_000


class Unshowable(Exception):
    """Why an image cannot be drawn, as the end of "… cannot be shown: "; ``hint``: what to do."""

    def __init__(self, reason: str, hint: str | None = None) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True)
class Plane:
    """A plane that can be read."""

    number: int
    planes: int
    width: int
    height: int
    #: Bits of a sample, and how they are numbers.
    bits: int
    numbers: Literal["unsigned", "signed", "float", "complex"]
    colours: Literal["grey", "rgb", "palette"]
    #: Samples of a pixel: 1, 3 or 4 (the last is how opaque it is).
    samples: int
    #: Of grey: 0 is white, as in some scans.
    inverted: bool
    #: Of a palette: a colour for each value, (values, 3) of 0 to 255.
    palette: Pixels | None
    #: Of the copy that is read: the plane itself, or a smaller one that the file has of it.
    read_width: int
    read_height: int
    blocks: Iterator[Block]


def numbers_of(dtype: np.dtype[Any]) -> Literal["unsigned", "signed", "float", "complex"]:
    """Return how the values of a type are numbers."""
    match dtype.kind:
        case "u" | "b":
            return "unsigned"
        case "i":
            return "signed"
        case "f":
            return "float"
        case "c":
            return "complex"
    raise Unshowable(f"its pixels are no numbers ({dtype})")


def amount(size: int) -> str:
    """Say a number of bytes as people do."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def checked_size(width: int, height: int, pixel: int) -> None:
    """Raise Unshowable for a plane that is empty or larger than what is read for a picture."""
    if width < 1 or height < 1:
        raise Unshowable(f"it has no pixels ({width} × {height})")
    if width * height * pixel > MOST_OF_A_PLANE:
        size = f"{amount(width * height * pixel)} ({width} × {height})"
        most = amount(MOST_OF_A_PLANE)
        raise Unshowable(f"one plane of it is {size}, and up to {most} are read for a picture")


def checked_number(number: int, planes: int) -> None:
    """Raise Unshowable for a plane that is not there; ``number`` counts from 1."""
    if planes < 1:
        raise Unshowable("it has no planes")
    if not 1 <= number <= planes:
        raise Unshowable(f"it has no plane {number}: its planes are 1 to {planes}")
