"""How a connection that was cut without a word is noticed, long before TCP would give up."""

from __future__ import annotations

from typing import TypedDict


class KeepAlive(TypedDict):
    """Options of libpq; without a network (a Unix socket) they mean nothing."""

    keepalives_idle: int
    keepalives_interval: int
    keepalives_count: int


#: Seconds of silence until the other side is asked, between two questions, and how many of them
#: stay without an answer before the connection counts as lost.
KEEP_ALIVE: KeepAlive = {
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
