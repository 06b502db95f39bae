"""Helper."""

from __future__ import annotations

import math

# a comment above
def segment(image: list, t: float = 0.5) -> tuple:
    """Segment.

    In two lines.
    """
    return image, t


class Model:
    def fit(self, x, *, alpha=1):
        return x
