"""Starts a run inside a container: its code is made ready there, by the image's own Python.

    python3 -I contained.py TASK_DIR

Outside, nobody has the image's interpreter, and what is compiled for another one would not be used:
the parameters of the run would be neither set nor recorded. So the folder ``code`` of the task
directory holds the version's files as committed, and this script lies, with all that it needs,
beside it. What stops it is written into the run's log. Standard library only, Python >= 3.9.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import Any

#: In the environment in which a run is registered: the image that it will run in.
IMAGE_VARIABLE = "PM_TASK_IMAGE"
#: In the task directory: this script with what it needs, what is to be tracked, and what the runner
#: is told, which may not lie beside the code before that is ready.
KIT = ".pm_kit"
SPEC = ".pm_spec.json"
TASK = ".pm_task.json"
RUNNER = "_pm_runner.py"
_HERE = os.path.dirname(os.path.abspath(__file__))


def copy_kit(task_dir: str) -> str:
    """Copy into a task directory what runs inside the image; returns the path of this script."""
    kit = os.path.join(task_dir, KIT)
    shutil.rmtree(kit, ignore_errors=True)
    running, domain = os.path.join(kit, "running"), os.path.join(kit, "domain")
    os.makedirs(running)
    os.makedirs(domain)
    for name in ("contained.py", "prepare.py", "runner.py", "seam.py", "trackable.py"):
        shutil.copyfile(os.path.join(_HERE, name), os.path.join(running, name))
    leave = shutil.ignore_patterns("__pycache__")
    shutil.copytree(os.path.join(_HERE, "inside"), os.path.join(running, "inside"), ignore=leave)
    canonical = os.path.join(os.path.dirname(_HERE), "domain", "canonical.py")
    shutil.copyfile(canonical, os.path.join(domain, "canonical.py"))
    return os.path.join(running, "contained.py")


def main() -> int:
    """Make the code of the task directory on the command line ready, then become its runner."""
    task_dir = sys.argv[1]
    code = os.path.join(task_dir, "code")
    with open(os.path.join(task_dir, SPEC), encoding="utf-8") as stream:
        spec = json.load(stream)
    fault = _fault(code, spec)
    if fault is not None:
        with open(os.path.join(spec["run_dir"], "run.log"), "a", encoding="utf-8") as log:
            log.write(fault + "\n")
        print("pm: " + fault, file=sys.stderr)
        return 1
    os.replace(os.path.join(task_dir, TASK), os.path.join(code, "_pm_task.json"))
    return os.execv(sys.executable, [sys.executable, os.path.join(code, RUNNER)])


def _fault(code: str, spec: dict[str, Any]) -> str | None:
    """Prepare the code; why it cannot be run in this image, if so."""
    if sys.version_info < (3, 9):  # noqa: UP036 - the image's interpreter, not ours
        version = "%d.%d" % sys.version_info[:2]  # noqa: UP031 - read by that interpreter
        return "The image's Python is " + version + "; methods need 3.9 or newer."
    sys.path.insert(0, _HERE)
    # Compiling from a tree counts nesting that compiling from text does not.
    sys.setrecursionlimit(20_000)
    from prepare import PrepareError, prepare  # type: ignore[import-not-found]

    try:
        refused = prepare(code, spec)["refused"]
    except PrepareError as error:
        return str(error)
    if refused:
        first = refused[0]
        return "Tracked function {function} {reason}. {suggestion}".format(**first)
    return None


if __name__ == "__main__":
    sys.exit(main())
