from __future__ import annotations

from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from nowhere import Nothing

@overload
def segment(t: int) -> int: ...
@overload
def segment(t: float) -> float: ...
def segment(t: int | float = 0.5) -> Nothing:
    return t
