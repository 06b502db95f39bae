"""Values of any range as light that can be seen; what was stretched for that is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pm_server.pictures.plane import Pixels, Plane
from pm_server.pictures.shrinking import Small, Values

#: Percent of the values below which, and above which, they are shown as black and as white.
_LOW, _HIGH = 0.1, 99.9
#: Images of 8 bits with a value above are clear enough as they are.
_BRIGHT = 127


@dataclass(frozen=True)
class Light:
    """The pixels of a picture, 0 to 255: (rows, columns) or (rows, columns, 3 or 4)."""

    pixels: Pixels
    #: The values shown as black and as white; None where all is shown as it is.
    stretched: tuple[Any, Any] | None


def lit(plane: Plane, small: Small) -> Light:
    """Make the small picture of a plane visible."""
    pixels, values = small.pixels, small.values
    if plane.colours == "palette" and plane.palette is not None:
        # The mean of two numbers of a palette is the number of another colour.
        index = np.nan_to_num(pixels[:, :, 0]).astype(np.int64)
        return Light(plane.palette[np.clip(index, 0, len(plane.palette) - 1)], None)
    black, white, stretched = _range(plane, values)
    span = float(white) - float(black)
    colours = pixels[:, :, :3] if plane.samples > 1 else pixels
    # A plane of one value is white, unless that is 0.
    scaled = (colours - float(black)) / span if span > 0 else (colours > 0).astype(np.float64)
    light = np.clip(np.nan_to_num(scaled, nan=0.0) * 255 + 0.5, 0, 255).astype(np.uint8)
    if plane.inverted:
        light = 255 - light
    if plane.samples == 4:
        most = _most_of(plane)
        opaque = np.clip(np.nan_to_num(pixels[:, :, 3:]) / most * 255 + 0.5, 0, 255)
        light = np.concatenate([light, opaque.astype(np.uint8)], axis=2)
    told = (black, white) if stretched else None
    return Light(light[:, :, 0] if plane.samples == 1 else light, told)


def _range(plane: Plane, values: Values) -> tuple[Any, Any, bool]:
    """Return the values shown as black and as white, and whether that is a stretch."""
    if values.least is None:
        return 0, 1, False
    natural = plane.bits <= 8 and plane.numbers == "unsigned"
    if natural and (plane.samples > 1 or plane.bits == 1 or int(values.most) > _BRIGHT):
        return 0, _most_of(plane), False
    least, most = values.least, values.most
    if not values.labels:
        low, high = values.between(_LOW, _HIGH)
        if low < high:
            least, most = low, high
    if plane.numbers == "unsigned" and (values.labels or plane.samples > 1 or least == most):
        # 0 is the background of labels, and black is no light.
        least = least * 0
    return least, most, True


def _most_of(plane: Plane) -> float:
    return 1.0 if plane.numbers in ("float", "complex") else float(2**plane.bits - 1)
