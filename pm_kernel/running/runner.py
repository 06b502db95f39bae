"""Starts the run whose code lies beside this file, as ``_pm_runner.py``; see ``_pm_inside``.

Python compiles a script anew at every start, so this one is short. Processes that
``multiprocessing`` spawns never execute it: they are told another main module.
"""

from __future__ import annotations

import importlib
import os
import sys


def main() -> None:
    """Put the code folder first on the search path, where ``python run.py`` has it, and start."""
    code_dir = os.path.dirname(os.path.abspath(__file__))
    if code_dir in sys.path:
        sys.path.remove(code_dir)
    sys.path.insert(0, code_dir)
    # Where compiled files are looked for is settled: beside the code, where they were prepared.
    sys.pycache_prefix = None
    os.environ.pop("PYTHONPYCACHEPREFIX", None)
    importlib.import_module("_pm_inside.session").start(code_dir)


if __name__ == "__main__":
    main()
