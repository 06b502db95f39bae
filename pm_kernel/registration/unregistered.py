"""Edits in the workspace that no version has: what runs is without them, and who would see it?"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from pm_kernel.config import Settings
from pm_kernel.domain.catalogue import MethodVersionInfo
from pm_kernel.errors import PmError
from pm_kernel.registration.bring import has_edits
from pm_kernel.registration.workspace import method_folder, open_repository


def edits_left_out(settings: Settings, versions: Iterable[MethodVersionInfo]) -> list[str]:
    """Return a sentence for each method whose folder was edited since, and is to run as it was.

    What cannot be looked at is passed over: the versions themselves do not rest on it.
    """
    told = []
    try:
        repository = open_repository(settings)
        for each in sorted(versions, key=lambda version: version.method):
            large = settings.large_file_bytes
            if has_edits(repository, each.module, each.method, each.version, large=large):
                folder = method_folder(settings, each.module, each.method)
                told.append(
                    f"{folder} has changes that no version has; version {each.version} runs "
                    f"without them. `pm method register {shlex.quote(str(folder))}` makes the next."
                )
    except (PmError, OSError, MemoryError):
        pass
    return told
