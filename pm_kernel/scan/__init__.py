"""What the source of a method tells without running it: functions, parameters, inputs, outputs.

    files (bytes) ─ scan_method ─> MethodScan ─ propose ─> Declaration
                                       └─ fit(declaration) ─> parameters filled in, problems

Only syntax trees are read. User code is never imported.
"""

from pm_kernel.scan.fit import Fit, RunArguments, classify, fit
from pm_kernel.scan.folder import MethodFolder, read_folder
from pm_kernel.scan.identity import likely_read, semantic_hash
from pm_kernel.scan.method import scan_method
from pm_kernel.scan.model import (
    CallSite,
    Entry,
    Import,
    MethodScan,
    ScannedFunction,
    SourceProblem,
)
from pm_kernel.scan.propose import output_type, propose

__all__ = [
    "CallSite",
    "Entry",
    "Fit",
    "Import",
    "MethodFolder",
    "MethodScan",
    "RunArguments",
    "ScannedFunction",
    "SourceProblem",
    "classify",
    "fit",
    "likely_read",
    "output_type",
    "propose",
    "read_folder",
    "scan_method",
    "semantic_hash",
]
