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
_LABELS = 0.7


@dataclass
class Values:
    """What is known of the values of a plane, how opaque its pixels are left out."""

    least: Any = None
    most: Any = None
    kept: list[Pixels] = field(default_factory=list)
    equal: int = 0
    neighbours: int = 0

    @property
    def labels(self) -> bool:
        """Whether the values look like numbers of objects: the same all over each."""
        return self.neighbours > 0 and self.equal / self.neighbours >= _LABELS

    def between(self, low: float, high: float) -> tuple[Any, Any]:
        """Return the values that ``low`` and ``high`` percent of all do not exceed."""
        found = np.percentile(np.concatenate(self.kept), (low, high), method="nearest")
        return found[0], found[1]


@dataclass(frozen=True)
class Small:
    """The picture: means (rows, columns, samples); NaN where no value is a number."""

    pixels: Pixels
    values: Values


def shrunk(plane: Plane, *, longest: int) -> Small:
    """Read a plane and make it at most ``longest`` pixels long."""
    width, height = plane.read_width, plane.read_height
    factor = max(1, -(-max(width, height) // longest))
    shape = (-(-height // factor), -(-width // factor), plane.samples)
    sums, counts = np.zeros(shape), np.zeros(shape, np.int64)
    values = Values()
    step = max(1, round((width * height / _KEPT) ** 0.5))
    colours = min(plane.samples, 3)
    for top, left, first, pixels in _pieces(plane.blocks):
        pixels = np.abs(pixels) if pixels.dtype.kind == "c" else pixels
        _look(values, pixels[:, :, : max(0, colours - first)], top, left, step)
        _add(sums, counts, pixels, top, left, first, factor)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Small(sums / counts, values)


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
    if exact and pixels.shape[2] == 1:
        here = rows[:, 1:] != 0
        values.neighbours += int(here.sum())
        values.equal += int((here & (rows[:, 1:] == rows[:, :-1])).sum())


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
