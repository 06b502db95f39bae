"""What runs inside a method's environment around the method's own code.

    session    the process: session of its own, sign of life, log, working directory
    entry      calling ``run()`` with the declared inputs, or executing a script
    command_line   inputs, outputs and set parameters as options of a script
    failure    an exception as the user should see it
    metrics    the returned dictionary as JSON scalars
    imported   distributions and files that the code really imported
    reads      files that it opened beside its declared inputs
    report     all of it, in ``report.json``

Copied beside the method's code as ``_pm_inside``. Standard library only, Python >= 3.9, nothing
imported from the rest of this package, so that it runs in whatever environment the method has.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

#: Python's own modules that are slow to load and that few runs need.
SELDOM = ("inspect", "hashlib", "linecache", "traceback")
_LOADED: dict[str, ModuleType] = {}


def seldom(name: str) -> ModuleType:
    """Return one of the modules that are loaded when they are needed.

    Where a file of the method's has the name of any module of Python's, all of them are loaded
    before that file can stand in for it (``session.make_way``).
    """
    if name not in _LOADED:
        import importlib

        _LOADED[name] = importlib.import_module(name)
    return _LOADED[name]
