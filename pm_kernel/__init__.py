"""The Research Process Manager without a browser: what terminals, tasks and notebooks can do.

Notebooks use the names in ``__all__``. They are imported when they are asked for: ``pm`` starts
twice per run of a pipeline and needs none of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pm_kernel.builder import Pipeline
    from pm_kernel.errors import PmError
    from pm_kernel.plan_handle import Plan
    from pm_kernel.plan_script import plan_as_python
    from pm_kernel.python_branches import grid
    from pm_kernel.python_values import typed

__version__ = "0.1.0"

__all__ = ["Pipeline", "Plan", "PmError", "__version__", "grid", "plan_as_python", "typed"]

_PLACES = {
    "Pipeline": "pm_kernel.builder",
    "Plan": "pm_kernel.plan_handle",
    "PmError": "pm_kernel.errors",
    "grid": "pm_kernel.python_branches",
    "plan_as_python": "pm_kernel.plan_script",
    "typed": "pm_kernel.python_values",
}

if not TYPE_CHECKING:

    def __getattr__(name):
        """Import a public name when it is first asked for."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)

    def __dir__():
        """The public names, for completion in a notebook."""
        return sorted({*globals(), *__all__})
