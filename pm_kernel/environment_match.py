"""Whether a method would import today what an earlier run imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pm_kernel.config import Settings
from pm_kernel.duplicates import SameImports, imports_are
from pm_kernel.environment import find_environment, installed
from pm_kernel.errors import EngineUnavailable
from pm_kernel.store.engine import Connection
from pm_kernel.store.reuse import Candidate


def same_imports(settings: Settings) -> Callable[[Connection], SameImports]:
    """Return the check for a preview; each environment is asked once per preview."""

    def matching(_connection: Connection) -> SameImports:
        plain: list[Mapping[str, str]] = []

        def versions(candidate: Candidate) -> Mapping[str, str]:
            if candidate.environment.get("kind") == "pixi":
                # Its lock file is part of the version: equal version, equal environment.
                imports: Mapping[str, str] = candidate.environment["imports"]
                return imports
            if not plain:
                plain.append(_plain_versions(settings))
            return plain[0]

        return imports_are(versions)

    return matching


def _plain_versions(settings: Settings) -> Mapping[str, str]:
    try:
        environment = find_environment(
            settings.methods_dir / "none",
            python=settings.python,
            pixi=None,
            base_env=settings.environ,
            cache_dir=settings.cache_dir / "environments",
        )
        return installed(environment, settings.environ).versions
    except EngineUnavailable:
        # Nothing can be vouched for without an interpreter; running will say what is wrong.
        return {}
