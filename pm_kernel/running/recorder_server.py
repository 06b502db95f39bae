"""The socket of a plan's supervisor: tasks on the same machine ask it to register and complete.

Beside it is a door for their shells (``shell_door``), behind which is the same.

It keeps nothing of its own between two requests, so that one which is lost with it can be asked of
the database directly, or of its successor. See ``recorder_call`` for the other side.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import stat
import struct
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pm_kernel.errors import PmError
from pm_kernel.running.callers import CountedCallers
from pm_kernel.running.process import parent_of
from pm_kernel.running.recorder_call import READY, SOCKET, in_folder, written_answer
from pm_kernel.running.shell_door import ShellDoor, Tell

#: Answers a request; raises PmError as the command itself would.
Answer = Callable[[dict[str, Any], "Said"], tuple[int, str]]
Said = Callable[[str], object]

#: Callers that may wait at the door, and seconds that each has for its request.
_WAITING = 512
_PATIENCE = 60.0
_LONGEST_REQUEST = 1 << 24
#: Seconds between two looks whether the server is to end.
_POLL = 0.1
#: ``struct xucred`` and options of macOS, which Python does not name.
_SOL_LOCAL, _LOCAL_PEERCRED, _LOCAL_PEERPID = 0, 1, 2


class Declined(Exception):
    """The caller is to do it itself."""


class RecorderServer:
    """Listens in ``folder``, from ``start`` to ``close``; each request has a thread of its own.

    ``say`` is told what a caller cannot be told; ``tell`` puts an error into the words of the
    command that meets it.
    """

    def __init__(self, folder: Path, answer: Answer, *, say: Said, tell: Tell) -> None:
        self._folder = folder
        self._answer = answer
        self._say = say
        self._tell = tell
        self._server: _Server | None = None
        self._door: ShellDoor | None = None
        self._thread: threading.Thread | None = None
        self._inode = 0

    @property
    def serves(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def start(self) -> None:
        """Begin to listen; what an earlier supervisor left there is replaced.

        Raises OSError where the file system has no sockets, or the folder is somebody else's.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = self._folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
            raise PermissionError(f"{self._folder} belongs to somebody else.")
        self._folder.chmod(0o700)
        self._server = _Server(self._folder, self._answer, self._say)
        self._inode = (self._folder / SOCKET).stat().st_ino
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL,), name="recorder", daemon=True
        )
        self._thread.start()
        if not hasattr(socket, "TCP_QUICKACK"):
            # No Linux: the shell could not tell what it is asked there.
            return
        try:
            self._door = ShellDoor(
                self._folder, self._server.see_to, self._tell, self._server.counted
            )
        except OSError:
            # A machine without a network of its own: whoever asks starts Python.
            return
        self._door.start(_POLL)

    @property
    def answered(self) -> int:
        """How many requests were answered."""
        return 0 if self._server is None else self._server.answered

    def close(self, *, patience: float = 10.0) -> None:
        """End: who waits at the door is sent away, who was let in is answered."""
        if self._server is None or self._thread is None:
            return
        path = self._folder / SOCKET
        try:
            if path.stat().st_ino == self._inode:
                path.unlink()
        except OSError:
            # A successor's, or gone.
            pass
        if self._door is not None:
            self._door.close()
            self._door = None
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        deadline = time.monotonic() + patience
        while self._server.inside and time.monotonic() < deadline:
            time.sleep(0.02)
        self._server = None


class _Server(CountedCallers, socketserver.UnixStreamServer):
    request_queue_size = _WAITING

    def __init__(self, folder: Path, answer: Answer, say: Said) -> None:
        self.answer = answer
        self.say = say
        self.answered = 0
        #: uuid of a run -> whose turn it is, and how many work on it or wait.
        self._turns: dict[object, tuple[threading.Lock, int]] = {}
        self._place = str(folder)
        super().__init__(f"{folder}/{SOCKET}", _Handler)

    def server_bind(self) -> None:
        """Take the place of whoever listened before, at once: there is always one or the other."""
        in_folder(self._place, self._bind)

    def _bind(self, path: str) -> None:
        draft = Path(f"{path}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        self.socket.bind(str(draft))
        draft.chmod(0o600)
        self.socket.listen(self.request_queue_size)
        draft.replace(path)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Serve this user only."""
        return peer_of(request)[0] == os.geteuid()

    @contextlib.contextmanager
    def _alone(self, uuid: object) -> Iterator[None]:
        """Work on a run while nobody else does: who asks again finds what was done."""
        with self.lock:
            turn, waiting = self._turns.get(uuid, (threading.Lock(), 0))
            self._turns[uuid] = (turn, waiting + 1)
        try:
            with turn:
                yield
        finally:
            with self.lock:
                waiting = self._turns[uuid][1] - 1
                if waiting:
                    self._turns[uuid] = (turn, waiting)
                else:
                    del self._turns[uuid]

    def answer_to(self, request: dict[str, Any], look: Callable[[], object]) -> dict[str, Any]:
        """Return the answer to a request; ``look`` raises Declined for a caller not to answer."""
        said: list[str] = []
        try:
            look()
            with self._alone(request.get("uuid")):
                exit_code, out = self.answer(request, said.append)
        except Declined:
            return {"declined": True}
        except PmError as error:
            failed = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
            return {"said": "".join(said), "error": failed}
        except Exception:  # noqa: BLE001 - told by the caller, who meets it again
            self.say(traceback.format_exc())
            return {"declined": True}
        return {"said": "".join(said), "exit_code": exit_code, "out": out}

    def see_to(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer who came through the other door."""
        answer = self.answer_to(request, lambda: None)
        self.count()
        return answer

    def count(self) -> None:
        """Count an answer."""
        with self.lock:
            self.answered += 1

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Tell what nobody else is told."""
        self.say(traceback.format_exc())


class _Handler(socketserver.StreamRequestHandler):
    timeout = _PATIENCE
    server: _Server

    def handle(self) -> None:
        """Open the door, and answer who is still there."""
        try:
            self.wfile.write(READY)
            line = self.rfile.readline(_LONGEST_REQUEST)
        except OSError:
            # It did not wait, or has nothing to ask.
            return
        if not line.endswith(b"\n"):
            return
        request = json.loads(line)
        found = self.server.answer_to(request, lambda: self._look_at_caller(request))
        answer = written_answer(found)
        try:
            self.wfile.write(answer)
            self.server.count()
        except OSError:
            # Killed meanwhile: what was done for it is found by whoever settles it.
            return

    def _look_at_caller(self, request: dict[str, Any]) -> None:
        """Raise Declined where process ids mean something else to the caller than to us."""
        pid = peer_of(self.connection)[1]
        if pid is not None and parent_of(pid) != request["wrapper"]:
            raise Declined


def peer_of(connection: socket.socket) -> tuple[int, int | None]:
    """Return user id and process id of who is at the other end; None where no system tells."""
    if hasattr(socket, "SO_PEERCRED"):
        layout = struct.Struct("3i")
        facts = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, layout.size)
        pid, uid, _gid = layout.unpack(facts)
        return uid, pid
    _version, uid = struct.unpack_from("Ii", connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76))
    (pid,) = struct.unpack("i", connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERPID, 4))
    return uid, pid
