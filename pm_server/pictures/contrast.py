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
#: Colours for labels; as it is prime, numbers that grow in steps have different ones.
_COLOURS = 4093


@dataclass(frozen=True)
class Light:
    """The pixels of a picture, 0 to 255: (rows, columns) or (rows, columns, 3 or 4)."""

    pixels: Pixels
    #: Whether the values are labels, in colours that tell those beside each other apart.
    labels: bool
    #: The values shown as black and as white; None where all is shown as it is.
    stretched: tuple[Any, Any] | None


def lit(plane: Plane, small: Small) -> Light:
    """Make the small picture of a plane visible."""
    pixels, values = small.pixels, small.values
    if plane.colours == "palette" and plane.palette is not None:
        return Light((np.nan_to_num(pixels) + 0.5).astype(np.uint8), False, None)
    if small.largest is not None and _are_labels(plane, values):
        return Light(_colours()[_numbers(small.largest)], True, None)
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
    return Light(light[:, :, 0] if plane.samples == 1 else light, False, told)


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
        # Black is no light, and the background of a mask.
        least = least * 0
    return least, most, True


def _are_labels(plane: Plane, values: Values) -> bool:
    """Whether a plane is one of labels; a mask, and white as the largest there is, are light."""
    if plane.colours != "grey" or plane.inverted or not values.labels:
        return False
    return int(values.most) != _most_of(plane) and values.several


def _numbers(labels: Pixels) -> Pixels:
    """Return which colour each label has: 0 for the background."""
    return np.where(labels == 0, 0, 1 + labels.astype(np.uint64) % _COLOURS).astype(np.int64)


def _colours() -> Pixels:
    """Return black, and colours of which those beside each other are as different as can be."""
    number = np.arange(_COLOURS)
    # The golden angle: no two of any few in a row are near each other.
    hue = number * 0.6180339887 % 1 * 6
    # Of different lightness, too, for those who do not see all colours.
    light = np.array([1.0, 0.7, 0.85])[number % 3]
    strength = np.array([0.55, 0.85, 0.35])[number % 3]
    wheel = np.clip(np.abs((hue[:, None] + np.array([0, 4, 2])) % 6 - 3) - 1, 0, 1)
    colours = light[:, None] * (1 - strength[:, None] * (1 - wheel))
    return np.concatenate([np.zeros((1, 3)), colours * 255 + 0.5]).astype(np.uint8)


def _most_of(plane: Plane) -> float:
    return 1.0 if plane.numbers in ("float", "complex") else float(2**plane.bits - 1)
