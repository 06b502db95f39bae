"""The doors of the product's code into a simulated world: processes, clock, disk, network.

Disk and database are real. What is added is that every change and every statement is a step, at
which the process that makes it can be killed, and that a statement can lose its request or reply.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import select
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.waiting import Ready

from pm_kernel.running import process, recorder
from pm_kernel.running.inside import session

from .rules_world import (
    BOOT,
    FIRST_PID,
    HOST,
    REAL_CONNECT,
    REAL_MONOTONIC,
    REAL_SLEEP,
    Actor,
    Killed,
    World,
    current,
)

#: Each changes the disk under a name that others see.
_CHANGES = ("mkdir", "rename", "replace", "unlink", "remove", "rmdir", "chmod", "utime", "link")


@contextlib.contextmanager
def doors(world: World) -> Iterator[pytest.MonkeyPatch]:
    """Replace what leads out of the product's code, for the processes of this world only."""
    with pytest.MonkeyPatch.context() as patch:
        _processes(world, patch)
        _chance(world, patch)
        _clock(world, patch)
        _disk(patch)
        _network(world, patch)
        yield patch


def _processes(world: World, patch: pytest.MonkeyPatch) -> None:
    def start_time(pid: int) -> str | None:
        here = current()
        if here is not None:
            here.step()
        actor = world.by_pid.get(pid)
        return actor.start if actor is not None and actor.alive else None

    def session_members(leader: int) -> list[int]:
        here = current()
        if here is not None:
            here.step()
        return [a.pid for a in world.living() if a.session == leader]

    def facts() -> dict[str, Any]:
        here = current()
        assert here is not None
        return {"pid": here.pid, "start": here.start, "boot": BOOT, "host": HOST}

    def kill(pid: int, number: int) -> None:
        if pid < FIRST_PID:
            real_kill(pid, number)
        else:
            world.signal(pid, number)

    real_kill = os.kill
    patch.setattr(os, "kill", kill)
    patch.setattr(process, "start_time", start_time)
    patch.setattr(process, "session_members", session_members)
    # Nobody leaves a session.
    patch.setattr(process, "carriers", lambda _uuid: [])
    patch.setattr(process, "_is_hidden", lambda pid: False)
    patch.setattr(process, "host_name", lambda: HOST)
    patch.setattr(process, "boot_id", lambda: BOOT)
    patch.setattr(session, "identity", facts)


def _chance(world: World, patch: pytest.MonkeyPatch) -> None:
    """One seed draws uuids in the same order each time: folders are met sorted by name."""
    real = os.urandom

    def drawn(size: int) -> bytes:
        if current() is None:
            return real(size)
        half = size // 2
        # The rest tells the schedules of one database apart.
        return world.rng.randbytes(half) + real(size - half)

    patch.setattr(os, "urandom", drawn)


def _clock(world: World, patch: pytest.MonkeyPatch) -> None:
    def sleep(seconds: float) -> None:
        here = current()
        if here is None:
            REAL_SLEEP(seconds)
            return
        here.wake = wake = world.clock + seconds
        here.wait(lambda: world.clock >= wake)

    patch.setattr(time, "sleep", sleep)
    patch.setattr(time, "monotonic", lambda: REAL_MONOTONIC() if current() is None else world.clock)
    patch.setitem(recorder.DirectRecorder.__init__.__kwdefaults__, "wait", sleep)


def _disk(patch: pytest.MonkeyPatch) -> None:
    def stepping(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            here = current()
            if here is not None:
                here.step()
            return function(*arguments, **options)

        return call

    def opening(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: Any = "r", *arguments: Any, **options: Any) -> Any:
            here = current()
            if here is None:
                return function(file, mode, *arguments, **options)
            if not isinstance(file, int):
                here.step()
            stream = function(file, mode, *arguments, **options)
            if not isinstance(mode, str) or mode[0] in "wax":
                # It is there now, and empty.
                try:
                    here.step()
                except Killed:
                    stream.close()
                    raise
            return stream

        return call

    for name in _CHANGES:
        patch.setattr(os, name, stepping(getattr(os, name)))
    patch.setattr(os.path, "exists", stepping(os.path.exists))
    patch.setattr(os, "fsync", lambda _descriptor: None)
    real_open = os.open
    patch.setattr(
        os,
        "open",
        lambda path, flags, *rest, **options: _os_open(real_open, path, flags, rest, options),
    )
    patch.setattr(builtins, "open", opening(builtins.open))
    patch.setattr(io, "open", opening(io.open))


def _os_open(real: Callable[..., int], path: Any, flags: int, rest: Any, options: Any) -> int:
    here = current()
    if here is None:
        return real(path, flags, *rest, **options)
    here.step()
    descriptor = real(path, flags, *rest, **options)
    if flags & os.O_CREAT:
        # It is there now, and empty.
        try:
            here.step()
        except Killed:
            os.close(descriptor)
            raise
    return descriptor


def _network(world: World, patch: pytest.MonkeyPatch) -> None:
    real_wait = psycopg.Connection.wait

    def wait(
        self: psycopg.Connection[Any],
        gen: Generator[Any, Any, Any],
        interval: float = 0.1,
        timeout: float | None = None,
    ) -> Any:
        here = current()
        if here is None or self is world.admin:
            return real_wait(self, gen, interval, timeout)
        world.holders[self] = here
        return _statement(world, here, self, gen)

    def connect(*arguments: Any, **options: Any) -> Any:
        here = current()
        if here is None:
            return REAL_CONNECT(*arguments, **options)
        here.step()
        world.made.append(REAL_CONNECT(*arguments, **options))
        return world.made[-1]

    patch.setattr(psycopg.Connection, "wait", wait)
    patch.setattr(psycopg, "connect", connect)


def _statement(
    world: World, here: Actor, connection: psycopg.Connection[Any], gen: Generator[Any, Any, Any]
) -> Any:
    here.step()
    _lose(world, here, connection, "request")
    socket = connection.pgconn.socket
    backend = connection.info.backend_pid
    try:
        wanted = next(gen)
    except StopIteration as done:
        # Nothing was sent, as where a pipeline begins: nothing can be lost.
        here.step()
        return done.value
    try:
        while True:
            wanted = gen.send(_ready(world, here, socket, backend, int(wanted)))
    except StopIteration as done:
        result = done.value
    _lose(world, here, connection, "reply")
    here.step()
    return result


def _lose(world: World, here: Actor, connection: psycopg.Connection[Any], what: str) -> None:
    if here.loses == what:
        here.loses = None
        world.told.append(f"{world.decisions:5} {here!r} loses its {what}")
        world.drop(connection)
        raise psycopg.OperationalError(f"server closed the connection unexpectedly ({what} lost)")


def _ready(world: World, here: Actor, socket: int, backend: int, wanted: int) -> Any:
    """Wait for the server; while a lock is in the way, others go on."""

    def look(seconds: float) -> int:
        readers = [socket] if wanted & 1 else []
        writers = [socket] if wanted & 2 else []
        can_read, can_write, _ = select.select(readers, writers, [], seconds)
        return (1 if can_read else 0) | (2 if can_write else 0)

    while not (found := look(0.02)):
        if world.is_blocked(backend):
            here.wait(lambda: bool(look(0)) or not world.is_blocked(backend))
    return Ready(found)
