"""Starts the run whose code lies beside this file, as ``_pm_runner.py``; see ``_pm_inside``.

Python compiles a script anew at every start, so this one is short. Processes that
``multiprocessing`` spawns never execute it: they are told another main module.
"""

from __future__ import annotations

import importlib
import importlib.util
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
    for name, file in (
        ("_pm_canonical", "_pm_canonical.py"),
        ("_pm_seam", "_pm_seam.py"),
        ("_pm_inside", os.path.join("_pm_inside", "__init__.py")),
    ):
        spec = importlib.util.spec_from_file_location(name, os.path.join(code_dir, file))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    session = importlib.import_module("_pm_inside.session")
    session.start(code_dir, sys.modules["_pm_seam"], before)


if __name__ == "__main__":
    main()
