"""The process of one run: who it is, that it lives, where it writes, where it works.

The order is a contract with whoever may end the run (see ARCHITECTURE.md, "Recording"): the
identity is written into the *existing* run directory, then the cancel file is looked for, then the
method's code starts.
"""

from __future__ import annotations

import atexit
import builtins
import faulthandler
import json
import os
import select
import signal
import sys
import time

from . import SELDOM, seldom
from .entry import execute
from .report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, NoReturn

#: The run was cancelled, or taken away, before the method's code started.
CANCELLED = 130


def start(code_dir: str, seam_module: ModuleType, before: set[str]) -> NoReturn:
    """Execute the run described by ``_pm_task.json`` beside the code, and end this process.

    ``before`` are the modules that Python had loaded when this process began.
    """
    with open(os.path.join(code_dir, "_pm_task.json"), "rb") as stream:
        task: dict[str, Any] = json.load(stream)
    own_session()
    refusal = take_up(task["run_dir"])
    if refusal is not None:
        print(refusal, file=sys.stderr)
        sys.exit(CANCELLED)
    write_to_log(os.path.join(task["run_dir"], "run.log"))
    heartbeat = os.path.join(task["run_dir"], ".pm", "heartbeat")
    helper = keep_alive(heartbeat, task.get("heartbeat_seconds", 5))
    if helper is not None:
        atexit.register(_end, helper, os.getpid())
    enter_empty(task["work_dir"])
    # A crash in compiled code then shows in the log which line called it.
    faulthandler.enable()
    seam = seam_module.seam
    seam.main_pid = os.getpid()
    builtins.__dict__["__pm_enter__"] = seam_module.enter
    report = Report(task, code_dir, seam, before)
    # Registered before the method's code can register anything, so it runs after all of that:
    # pools are closed, other threads have ended, their results are in.
    atexit.register(report.write)
    make_way(code_dir, before)
    sys.exit(execute(task, code_dir, seam, report))


def make_way(code_dir: str, before: set[str]) -> None:
    """Put the code folder first on the search path, where ``python run.py`` has it.

    Modules of Python's that only we imported, and that a file of the method has the name of, are
    forgotten: the method's own ``import select`` is to find its own ``select.py``.
    """
    names = {entry.partition(".")[0] for entry in os.listdir(code_dir)}
    # Before Python 3.10 nobody knows the names of Python's modules.
    if not names.isdisjoint(getattr(sys, "stdlib_module_names", names)):
        for name in SELDOM:
            seldom(name)
    sys.path.insert(0, code_dir)
    for name in list(sys.modules):
        top = name.partition(".")[0]
        if top in names and name not in before and not top.startswith("_pm_"):
            del sys.modules[name]


def own_session() -> None:
    """Make this process the leader of a session, so that ending it ends its children only.

    A process that already leads a process group cannot; it starts the runner anew and stands in
    for it.
    """
    try:
        os.setsid()
    except PermissionError:
        if os.getsid(0) != os.getpid():
            _stand_in()


def _stand_in() -> NoReturn:
    import subprocess

    arguments = getattr(sys, "orig_argv", None) or [sys.executable, os.path.abspath(sys.argv[0])]
    child = subprocess.Popen([sys.executable, *arguments[1:]], start_new_session=True)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    code = child.wait()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    # 128 + n is what a shell makes of a signal that did not end this process.
    os._exit(code if code >= 0 else 128 - code)


def take_up(run_dir: str) -> str | None:
    """Become the process that a run is known by; returns why it may not start after all.

    Whoever cancels tells the run first and ends its process then. So one of the two is met: either
    the cancel is found here, or the process is found there.
    """
    ours = os.path.join(run_dir, ".pm")
    if not announce(ours):
        return f"{run_dir} is gone: somebody else ended this run."
    if os.path.exists(os.path.join(ours, "cancel")):
        return "The run was cancelled before it started."
    return None


def announce(folder: str) -> bool:
    """Write this process's identity into the run directory; False when that is gone."""
    try:
        os.mkdir(folder)
    except FileExistsError:
        pass
    except FileNotFoundError:
        return False
    path = os.path.join(folder, "runner.json")
    try:
        with open(path + ".new", "w", encoding="utf-8") as stream:
            json.dump(identity(), stream)
        os.replace(path + ".new", path)
    except FileNotFoundError:
        return False
    return True


def identity() -> dict[str, Any]:
    """Return id, start, boot and host of this process, as ``pm_kernel`` compares them."""
    pid = os.getpid()
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            started = stream.read().rpartition(")")[2].split()[19]
        with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as stream:
            boot = stream.read().strip()
    except FileNotFoundError:
        started = " ".join(_ask("ps", "-o", "lstart=", "-p", str(pid)).split())
        boot = _ask("sysctl", "-n", "kern.boottime")
    return {"pid": pid, "start": started, "boot": boot, "host": os.uname().nodename}


def _ask(*command: str) -> str:
    import subprocess

    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def write_to_log(path: str) -> None:
    """Send everything that this process and its children print to the run's log."""
    sys.stdout.flush()
    sys.stderr.flush()
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    for descriptor in (log, null):
        if descriptor > 2:
            os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        # Line by line: the log is read while the run goes on, and a killed run keeps its last line.
        stream.reconfigure(  # type: ignore[union-attr]
            encoding="utf-8", errors=stream.errors, line_buffering=True
        )


def keep_alive(path: str, seconds: float) -> int | None:
    """Touch ``path`` every few seconds from a helper process; returns its id.

    Not a thread: one that waits for the interpreter lock is silent while compiled code holds it,
    and a second thread makes every later ``fork`` of the method's warn. The helper's parent is
    init, so that the method's own ``os.wait()`` never meets it.
    """
    with open(path, "ab"):
        os.utime(path)
    runner = os.getpid()
    told, tell = os.pipe()
    gone, alive = os.pipe()
    pipe = os.fstat(alive)
    between = os.fork()
    if between:
        os.close(tell)
        os.close(gone)
        answer = os.read(told, 32)
        os.close(told)
        os.waitpid(between, 0)
        # Held open by this process alone: its end closes the pipe, and the helper sees that.
        os.register_at_fork(after_in_child=lambda: _close(alive, pipe))
        return int(answer) if answer else None
    try:
        if os.fork():
            os._exit(0)
        os.write(tell, str(os.getpid()).encode("ascii"))
        os.chdir("/")
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        for descriptor in (told, tell, alive, null):
            os.close(descriptor)
        _beat(path, seconds, runner, gone)
    finally:
        os._exit(0)


def _beat(path: str, seconds: float, runner: int, gone: int) -> None:
    watched = [gone]
    while True:
        ready, _, _ = select.select(watched, [], [], seconds)
        if ready:
            # The runner ends, or its method closes every descriptor it finds, as daemons do.
            deadline = time.monotonic() + 2.0
            while _lives(runner) and time.monotonic() < deadline:
                time.sleep(0.02)
            watched = []
        if not _lives(runner):
            return
        try:
            os.utime(path)
        except FileNotFoundError:
            return  # the directory was taken away: the run is over
        except OSError:
            continue  # a file system that does not answer just now


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            return stream.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        # No /proc on this system, or gone between the two questions: the next beat will know.
        return not os.path.exists("/proc/self/stat")


def _end(helper: int, runner: int) -> None:
    if os.getpid() == runner:
        try:
            os.kill(helper, signal.SIGKILL)
        except ProcessLookupError:
            return


def _close(descriptor: int, pipe: os.stat_result) -> None:
    try:
        # The number may be a file of the method's by now, if it closed ours.
        if os.path.samestat(os.fstat(descriptor), pipe):
            os.close(descriptor)
    except OSError:
        return


def enter_empty(folder: str) -> None:
    """Work in an empty ``folder``; what an earlier attempt left there is set aside, not removed."""
    try:
        os.makedirs(folder)
    except FileExistsError:
        if os.listdir(folder):
            number = 1
            while os.path.exists(f"{folder}.{number}"):
                number += 1
            os.rename(folder, f"{folder}.{number}")
            os.mkdir(folder)
    os.chdir(folder)
