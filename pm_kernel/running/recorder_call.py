"""Asking the supervisor of a plan to register or complete a run. Imports as little as it can.

A task asks twice, and a Python process that loads the database's driver costs several times what
the recording does; the supervisor has it loaded. Its socket lies in a private folder of the plan.
Even Python's own ``socket`` and ``json`` would double what such a process costs, so only what they
are made of is loaded. A request is JSON; an answer is one of

    done EXIT N M               followed by N bytes for standard error and M for standard output
    failed {"message": …}       in JSON, followed by a line break
    declined

Whoever gets no answer does the same without the supervisor, so it must be sure that nobody does it
a second time later. Therefore nothing is asked of a supervisor that does not answer the door: one
that sleeps finds a caller gone, and nothing to do. Once it was asked, the answer is waited for
until it comes, or until the supervisor is dead: then what it began is simply done again, with the
same uuid.
"""

from __future__ import annotations

import os
import time

try:
    import _socket as socket
    from _json import encode_basestring_ascii as _quoted
except ImportError:
    # Another Python than CPython.
    import socket  # type: ignore[no-redef]
    from json.encoder import encode_basestring_ascii as _quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

#: Inside the task directory: whose it is, and what was registered.
UUID_NOTE = ".pm_uuid"
RUN_ID_NOTE = ".pm_run_id"
RECORD_NOTE = ".pm_record.json"
#: In the folder of a plan; in there, the socket.
FOLDER = "recorder"
SOCKET = "socket"
#: What the supervisor says when it has opened the door.
READY = b"ready\n"
#: Seconds that it may take to open the door (``PM_RECORDER_PATIENCE``).
PATIENCE = 10.0
#: The path of a Unix socket ends at 107 bytes, on macOS at 103; a draft of it is a little longer.
LONGEST_PATH = 90
_PAUSE = 0.05
#: struct ucred: process id, user id, group id, 4 bytes each.
_CREDENTIALS = 12


def draw_uuid() -> str:
    """Return a random uuid (RFC 9562, version 4) without the module, which is slow to load."""
    drawn = bytearray(os.urandom(16))
    drawn[6] = drawn[6] & 0x0F | 0x40
    drawn[8] = drawn[8] & 0x3F | 0x80
    text = drawn.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def folder_of(workspace: str, plan_id: str) -> str:
    """Return where the socket of a plan's supervisor lies."""
    return f"{workspace}/.runs/plans/{plan_id}/{FOLDER}"


def environment() -> dict[str, str]:
    """Return the environment of this task: a site's own commands may have changed it."""
    return dict(os.environ)


def ask(folder: str, request: dict[str, Any], environ: dict[str, str]) -> dict[str, Any] | None:
    """Return what the supervisor answers; None where the caller is to do it itself."""
    try:
        patience = float(environ.get("PM_RECORDER_PATIENCE") or PATIENCE)
    except ValueError:
        patience = PATIENCE
    door = None
    try:
        door = _open(folder, time.monotonic() + patience)
        return None if door is None else _answer(door, request)
    except (OSError, ValueError):
        # Nobody there, another machine, another user's, or it died meanwhile.
        return None
    finally:
        if door is not None:
            door.close()


def in_folder(folder: str, work: Callable[[str], object]) -> None:
    """Do something with the path of the socket in a folder, by a path that is short enough."""
    path = f"{folder}/{SOCKET}"
    if len(os.fsencode(path)) <= LONGEST_PATH:
        work(path)
        return
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        try:
            work(SOCKET)
        finally:
            os.fchdir(here)
    finally:
        os.close(here)


def _open(folder: str, deadline: float) -> socket.socket | None:
    """Return a connection that somebody answers; None where nobody does in time."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        while True:
            door.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                in_folder(folder, door.connect)
                break
            except BlockingIOError:
                # More callers than may wait at the door.
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
        if not _is_ours(door):
            raise PermissionError(f"{folder} is served by somebody else")
        said = b""
        while len(said) < len(READY):
            door.settimeout(max(0.01, deadline - time.monotonic()))
            part = door.recv(len(READY) - len(said))
            if not part:
                break
            said += part
        if said == READY:
            door.settimeout(None)
            return door
    except BaseException:
        door.close()
        raise
    door.close()
    return None


def _is_ours(door: socket.socket) -> bool:
    """Whether the one who listens is the same user; where the system does not tell, the folder."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    facts = door.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS)
    import sys

    return int.from_bytes(facts[4:8], sys.byteorder) == os.geteuid()


def _answer(door: socket.socket, request: dict[str, Any]) -> dict[str, Any] | None:
    door.sendall(written_request(request))
    parts = []
    while part := door.recv(65536):
        parts.append(part)
    return read_answer(b"".join(parts))


def written_request(request: dict[str, Any]) -> bytes:
    """Return a request as it is sent."""
    return _json(request).encode("ascii") + b"\n"


def written_answer(answer: dict[str, Any]) -> bytes:
    """Return an answer as it is sent."""
    if "error" in answer:
        return f"failed {_json(answer)}\n".encode("ascii")
    if "exit_code" not in answer:
        return b"declined\n"
    # A shell reads no NUL, and would wait for as many bytes as were promised.
    said: bytes = answer["said"].replace("\0", "\\0").encode("utf-8", "surrogatepass")
    out: bytes = answer["out"].replace("\0", "\\0").encode("utf-8", "surrogatepass")
    return f"done {answer['exit_code']} {len(said)} {len(out)}\n".encode("ascii") + said + out


def read_answer(data: bytes) -> dict[str, Any] | None:
    """Return an answer that was sent; None where it was declined, or its sender died meanwhile."""
    head, line_break, rest = data.partition(b"\n")
    if not line_break:
        return None
    kind, _, told = head.partition(b" ")
    if kind == b"failed":
        import json

        answer: dict[str, Any] = json.loads(told)
        return answer
    if kind != b"done":
        return None
    exit_code, said, out = map(int, told.split())
    if len(rest) != said + out:
        return None
    text = [part.decode("utf-8", "surrogatepass") for part in (rest[:said], rest[said:])]
    return {"exit_code": exit_code, "said": text[0], "out": text[1]}


def _json(value: Any) -> str:
    """Return what ``json.dumps`` makes of texts, finite numbers, None and dictionaries of them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(k)}: {_json(v)}" for k, v in value.items()) + "}"
    if value is None:
        return "null"
    return _quoted(value) if isinstance(value, str) else repr(value)
