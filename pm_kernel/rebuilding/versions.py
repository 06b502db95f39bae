"""The versions that runs are of, from the methods repository; told where it does not have them.

Of a version the run store has code that was run and what was declared of it, but neither its commit
nor all that belongs to it: a version made of these would only be a guess.
"""

from __future__ import annotations

import shlex
from typing import Any

from pm_kernel.config import Settings
from pm_kernel.errors import PmError
from pm_kernel.rebuilding.found import Found
from pm_kernel.registration import Repaired, repair
from pm_kernel.store import registry
from pm_kernel.store.engine import Store

#: Method, number, commit.
Named = tuple[str, int, str]
#: Runs named in one sentence.
_NAMED = 10


def read_versions(settings: Settings, store: Store, found: Found) -> Repaired | None:
    """Add the versions that git has; None where it cannot be read: that is told."""
    try:
        return repair(settings, store, thorough=True)
    except PmError as error:
        found.problems.append(
            "The methods repository cannot be read, so no version was: "
            f"{error.message.rstrip('.')}. Put {settings.methods_dir} back from a backup, or from "
            "a clone that has its tags, and repeat `pm rebuild`."
        )
        return None


class Lacking:
    """Runs that wait for a version which the database still does not have."""

    def __init__(self, store: Store) -> None:
        with store.reading() as connection:
            self._known = {
                (each.method, each.version, each.git_commit_hash)
                for each in registry.list_recorded(connection)
            }
        self._waiting: dict[Named, list[int]] = {}

    def holds_back(self, run_id: int, registered: dict[str, Any]) -> bool:
        """Whether a run cannot be read, because of its version; it is noted then."""
        version = (registered["method"], registered["method_version"], str(registered["commit"]))
        if version in self._known:
            return False
        self._waiting.setdefault(version, []).append(run_id)
        return True

    def sentences(self, settings: Settings, *, looked: bool) -> list[str]:
        """Say of each version which runs wait for it.

        Also how it comes back, where all others were ``looked`` for in the methods repository.
        """
        git = f"git -C {shlex.quote(str(settings.methods_dir))}"
        return [
            f"{method} v{number} (commit {commit[:12]}) is not known, so {_named(runs)} cannot be "
            "read."
            + (
                f" Fetch its tag from a clone ({git} fetch CLONE tag {method}/v{number}), or give "
                f"the tag back where the commit is still there ({git} tag {method}/v{number} "
                f"{commit}), and repeat `pm rebuild`."
                if looked
                else ""
            )
            for (method, number, commit), runs in sorted(self._waiting.items())
        ]


def _named(runs: list[int]) -> str:
    if len(runs) == 1:
        return f"run {runs[0]}"
    more = f" and {len(runs) - _NAMED} more" if len(runs) > _NAMED else ""
    return f"runs {', '.join(str(run_id) for run_id in runs[:_NAMED])}{more}"
