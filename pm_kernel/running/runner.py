"""Starts the run whose code lies beside this file, as ``_pm_runner.py``; see ``_pm_inside``.

Python compiles a script anew at every start, so this one is short. Processes that
``multiprocessing`` spawns never execute it: they are told another main module.
"""

from __future__ import annotations

import importlib
import os
import sys


def main() -> None:
    """Load our own modules while the method's files cannot stand in for Python's, and start."""
    code_dir = os.path.dirname(os.path.abspath(__file__))
    # Where compiled files are looked for is settled: beside the code, where they were prepared.
    sys.pycache_prefix = None
    os.environ.pop("PYTHONPYCACHEPREFIX", None)
    # A method may have a select.py: it is for the method's own imports.
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != code_dir]
    before = set(sys.modules)
    # Last, so that everything of Python's is found before what the method has under its name.
    sys.path.append(code_dir)
    importlib.import_module("_pm_canonical")
    seam = importlib.import_module("_pm_seam")
    session = importlib.import_module("_pm_inside.session")
    sys.path.remove(code_dir)
    session.start(code_dir, seam, before)


if __name__ == "__main__":
    main()
