"""What this needs to work, looked at piece by piece: for ``pm doctor`` and for the server.

    machine       Python, system programs, processors and memory, folders of the user
    workspace     pm.toml, folders, run store, what killed runs left in it
    database      embedded or one's own: reachable, version, schema, pooling, clock
    engines       git and the methods repository, Java, Nextflow, interpreters, pixi, JupyterLab

Every check says what it found in one sentence, and the command that mends what is wrong. Nothing is
started, changed or mended here: the embedded database stays stopped if it is, and the only thing
written is one file in the run store, which is removed again.
"""

from __future__ import annotations

from pm_kernel.doctor.check import CHECK_MARKS, Check, State
from pm_kernel.doctor.doors import Doors
from pm_kernel.doctor.examination import diagnose, run_checks

__all__ = ["CHECK_MARKS", "Check", "Doors", "State", "diagnose", "run_checks"]
