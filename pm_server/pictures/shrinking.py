"""A plane made small while it is read: means of squares of pixels, and what its values are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pm_server.pictures.plane import PART, Block, Pixels, Plane

#: About as many values are kept, as they are, to find where most of them lie.
_KEPT = 250_000
#: As many of the neighbours in a row are equal in an image of labels, background left out.
_LABELS = 0.8
#: A slope ends on the background with its least values; of labels these are some of many.
_LEAST, _SLOPE = 2, 0.5
#: Of up to as many labels, values that are not equal are further apart than 1 as often as this: a
#: slope goes down step by step.
_FEW, _JUMPS = 8, 0.05


@dataclass
class Values:
    """What is known of the values of a plane, how opaque its pixels are left out."""

    least: Any = None
    most: Any = None
    kept: list[Pixels] = field(default_factory=list)
    #: Neighbours of which none is background, those that are equal, and those far from each other.
    neighbours: int = 0
    equal: int = 0
    jumps: int = 0
    #: Neighbours of which one is background, and those of which the other is next to nothing.
    edges: int = 0
    low_edges: int = 0

    @property
    def labels(self) -> bool:
        """Whether the values look like numbers of objects on a background of 0."""
        if self.neighbours == 0 or self.least != 0 or self.equal < _LABELS * self.neighbours:
            return False
        if self.most > _FEW:
            return self.low_edges < _SLOPE * self.edges
        return self.jumps >= _JUMPS * (self.neighbours - self.equal)

    @property
    def several(self) -> bool:
        """Whether there is more than one value besides 0."""
        kept = np.concatenate(self.kept)
        return bool(np.any(kept[kept != 0] != self.most))

    def between(self, low: float, high: float) -> tuple[Any, Any]:
        """Return the values that ``low`` and ``high`` percent of all do not exceed."""
        found = np.percentile(np.concatenate(self.kept), (low, high), method="nearest")
        return found[0], found[1]


@dataclass(frozen=True)
class Small:
    """The picture: means (rows, columns, samples), of a palette those of its colours.

    NaN where no value is a number.
    """

    pixels: Pixels
    #: Of whole numbers, one to a pixel: the largest of each square, as a mean is no label.
    largest: Pixels | None
    values: Values


def shrunk(plane: Plane, *, longest: int) -> Small:
    """Read a plane and make it at most ``longest`` pixels long."""
    width, height = plane.read_width, plane.read_height
    factor = max(1, -(-max(width, height) // longest))
    palette = plane.palette if plane.colours == "palette" else None
    depth = plane.samples if palette is None else 3
    shape = (-(-height // factor), -(-width // factor), depth)
    sums, counts = np.zeros(shape), np.zeros(shape, np.int64)
    values = Values()
    step = max(1, round((width * height / _KEPT) ** 0.5))
    colours = min(plane.samples, 3)
    largest: Pixels | None = None
    for top, left, first, pixels in _pieces(plane.blocks):
        pixels = np.abs(pixels) if pixels.dtype.kind == "c" else pixels
        _look(values, pixels[:, :, : max(0, colours - first)], top, left, step)
        if palette is not None:
            # The mean of two numbers of a palette is the number of another colour.
            pixels = palette[np.clip(pixels[:, :, 0], 0, len(palette) - 1)]
        elif plane.samples == 1 and pixels.dtype.kind in "ui":
            if largest is None:
                largest = np.zeros(shape[:2], pixels.dtype)
            _enlarge(largest, pixels[:, :, 0], top, left, factor)
        _add(sums, counts, pixels, top, left, first, factor)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Small(sums / counts, largest, values)


def _pieces(blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield blocks in pieces of which several fit into memory."""
    for top, left, first, pixels in blocks:
        rows = max(1, PART // max(1, pixels[:1].nbytes))
        for start in range(0, pixels.shape[0], rows):
            yield top + start, left, first, pixels[start : start + rows]


def _look(values: Values, pixels: Pixels, top: int, left: int, step: int) -> None:
    if pixels.size == 0:
        return
    exact = pixels.dtype.kind in "uib"
    numbers = pixels if exact else pixels[np.isfinite(pixels)]
    if numbers.size == 0:
        return
    least, most = numbers.min(), numbers.max()
    values.least = least if values.least is None else min(values.least, least)
    values.most = most if values.most is None else max(values.most, most)
    rows = pixels[-top % step :: step]
    kept = rows[:, -left % step :: step].ravel()
    values.kept.append(kept if exact else kept[np.isfinite(kept)])
    if pixels.dtype.kind in "ui" and pixels.shape[2] == 1:
        one, other = rows[:, 1:], rows[:, :-1]
        there = (one != 0) & (other != 0)
        equal = there & (one == other)
        values.neighbours += int(there.sum())
        values.equal += int(equal.sum())
        larger = np.maximum(one, other)
        # Numbers without a sign have no other difference.
        values.jumps += int((there & (larger - np.minimum(one, other) > 1)).sum())
        edge = (one == 0) != (other == 0)
        values.edges += int(edge.sum())
        values.low_edges += int((edge & (larger <= _LEAST)).sum())


def _add(
    sums: Pixels, counts: Pixels, pixels: Pixels, top: int, left: int, first: int, factor: int
) -> None:
    down, rows = _squares(top, pixels.shape[0], factor)
    across, columns = _squares(left, pixels.shape[1], factor)
    depth = pixels.shape[2]
    place = (slice(rows, rows + len(down)), slice(columns, columns + len(across)))
    place = (*place, slice(first, first + depth))  # type: ignore[assignment]
    there: Pixels | None = None
    if pixels.dtype.kind not in "uib":
        there = np.isfinite(pixels)
        pixels = np.where(there, pixels, 0)
    sums[place] += _summed(pixels, down, across, np.float64)
    if there is None:
        high = np.diff([*down, pixels.shape[0]])
        wide = np.diff([*across, pixels.shape[1]])
        counts[place] += np.outer(high, wide)[:, :, None]
    else:
        counts[place] += _summed(there, down, across, np.int64)


def _enlarge(largest: Pixels, pixels: Pixels, top: int, left: int, factor: int) -> None:
    down, rows = _squares(top, pixels.shape[0], factor)
    across, columns = _squares(left, pixels.shape[1], factor)
    place = largest[rows : rows + len(down), columns : columns + len(across)]
    if factor > 1:
        pixels = np.maximum.reduceat(np.maximum.reduceat(pixels, down, axis=0), across, axis=1)
    np.maximum(place, pixels, out=place)


def _squares(start: int, length: int, factor: int) -> tuple[list[int], int]:
    """Return where the squares begin in a piece, and which is the first."""
    first = start // factor
    inner = range((first + 1) * factor - start, length, factor)
    return [0, *inner], first


def _summed(pixels: Pixels, down: list[int], across: list[int], kind: Any) -> Pixels:
    if len(down) == pixels.shape[0] and len(across) == pixels.shape[1]:
        return pixels.astype(kind)
    rows = np.add.reduceat(pixels, down, axis=0, dtype=kind)
    return np.asarray(np.add.reduceat(rows, across, axis=1))
