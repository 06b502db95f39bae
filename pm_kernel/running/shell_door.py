"""The door at which the shell of a task asks the plan's supervisor, without starting Python.

bash opens no Unix sockets, but knows ``/dev/tcp``: so this one listens on 127.0.0.1, where anybody
on this machine may knock. Who may come in, and whom to trust, is in a file that only its user can
read, beside the socket of ``recorder_server``:

    PORT
    KEY that the caller says      (``hello KEY``)
    KEY that we answer            (``ready KEY``; after our death the port may be a stranger's)
    boot id of this host

What follows is ``name=value`` and NUL for each part of the request, one more NUL, the environment
in the same form, and one more NUL. The answer is that of ``recorder_call.written_answer``, with an
error as the text that the command would print. The other side is ``cli/task.sh``.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import socketserver
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from pm_kernel.running.callers import CountedCallers
from pm_kernel.running.process import boot_id, start_time
from pm_kernel.running.recorder_call import written_answer

#: In the folder of the socket.
DOOR = "door"
_LONGEST_HELLO = 200
_LONGEST_REQUEST = 1 << 24
#: Seconds that a caller has for what it says.
_PATIENCE = 60.0
#: Callers that may wait at the door.
_WAITING = 512
#: Callers that are let in at once: anybody may knock, and each takes a thread until it has said who
#: it is. Of our own there are as many as tasks that begin or end just now.
MOST = 256
_NUMBERS = ("wrapper", "planned", "launch", "attempt", "exit")
_PARTS = {
    "register": {"uuid", "wrapper", "workspace", "task_dir", "recorder", "planned", "launch",
                 "attempt"},
    "complete": {"uuid", "wrapper", "workspace", "task_dir", "exit"},
}  # fmt: skip

#: Answers a request of a process that can be identified from here.
Answer = Callable[[dict[str, Any]], dict[str, Any]]
#: An error as its command prints it: message, hint.
Tell = Callable[[str, str | None], str]
#: Who is let in is waited for.
Working = Callable[[], AbstractContextManager[None]]


class ShellDoor(CountedCallers, socketserver.TCPServer):
    """Listens until it is closed; each caller has a thread of its own."""

    request_queue_size = _WAITING

    def __init__(self, folder: Path, answer: Answer, tell: Tell, working: Working) -> None:
        self.answer = answer
        self.tell = tell
        self.working = working
        self.theirs = secrets.token_hex(32)
        self.ours = secrets.token_hex(32)
        self._note = folder / DOOR
        super().__init__(("127.0.0.1", 0), _Caller)
        try:
            self._text = self._write()
        except BaseException:
            self.server_close()
            raise

    def _write(self) -> str:
        """Take the place of whoever listened before, at once."""
        text = f"{self.server_address[1]}\n{self.theirs}\n{self.ours}\n{boot_id()}\n"
        draft = self._note.with_name(f"{DOOR}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        draft.replace(self._note)
        return text

    def start(self, poll: float) -> None:
        """Begin to listen."""
        work = threading.Thread(
            target=self.serve_forever, args=(poll,), name="shell door", daemon=True
        )
        work.start()

    def close(self) -> None:
        """Let nobody in any more."""
        try:
            if self._note.read_text() == self._text:
                self._note.unlink()
        except OSError:
            # A successor's, or gone.
            pass
        self.shutdown()
        self.server_close()

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Let in as many as there is room for; who is sent away asks at the socket."""
        return self.inside < MOST

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: anybody may knock and go away."""


class _Caller(socketserver.StreamRequestHandler):
    timeout = _PATIENCE
    disable_nagle_algorithm = True
    server: ShellDoor

    def handle(self) -> None:
        """Open to who knows the word, and answer who is still there."""
        try:
            hello = self.rfile.readline(_LONGEST_HELLO)
            if not hmac.compare_digest(hello, f"hello {self.server.theirs}\n".encode("ascii")):
                return
        except OSError:
            # It has nothing to ask.
            return
        with self.server.working():
            self._let_in()

    def _let_in(self) -> None:
        try:
            self.wfile.write(f"ready {self.server.ours}\n".encode("ascii"))
            request = self._request()
        except OSError:
            # It did not wait.
            return
        if request is None:
            return
        start = request.pop("start")
        if start_time(request["wrapper"]) == start:
            answer = self.server.answer(request)
        else:
            # Process ids mean something else to it than to us.
            answer = {"declined": True}
        if "error" in answer:
            error = answer["error"]
            said = answer["said"] + self.server.tell(error["message"], error["hint"])
            answer = {"said": said, "exit_code": error["exit_code"], "out": ""}
        try:
            self.wfile.write(written_answer(answer))
        except OSError:
            # Killed meanwhile: what was done for it is found by whoever settles it.
            return

    def _request(self) -> dict[str, Any] | None:
        said = b""
        while said.count(b"\0\0") < 2:
            # It says this in pieces, and the next waits until this one is acknowledged: at once,
            # and not after 40 ms.
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = self.rfile.read1(65536)
            said += part
            if not part or len(said) > _LONGEST_REQUEST:
                return None
        return read_request(said)


def read_request(said: bytes) -> dict[str, Any] | None:
    """Return a request as ``recorder_call`` would have sent it; None where it is none."""
    head, environ, rest = said.split(b"\0\0", 2)
    given = _pairs(head)
    parts = _PARTS.get(given.get("call", ""))
    if rest or parts is None:
        return None
    request: dict[str, Any] = {name: given.get(name, "") for name in sorted(parts)}
    try:
        for name in parts.intersection(_NUMBERS):
            request[name] = int(request[name])
    except ValueError:
        return None
    variables = _pairs(environ)
    return {**request, "call": given["call"], "start": given.get("start"), "environ": variables}


def _pairs(text: bytes) -> dict[str, str]:
    pairs = (os.fsdecode(each).partition("=") for each in text.split(b"\0"))
    return {name: value for name, _, value in pairs if name}
