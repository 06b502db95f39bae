"""Which planned runs an earlier run already answers: same version, parameters, inputs, imports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pm_kernel.artifacts.manifest import hash_file
from pm_kernel.domain.decisions import ContentOf, Identity, OutputOf, Reuse, ReuseQuery, TextOf
from pm_kernel.domain.methods import Declaration
from pm_kernel.domain.reuse import content_identity, set_key, stated_key, value_identity
from pm_kernel.running.inside.reads import BESIDE
from pm_kernel.store import reuse
from pm_kernel.store.engine import Connection
from pm_kernel.store.reuse import Candidate

#: Whether what a candidate imported is what would be imported now.
SameImports = Callable[[Candidate], bool]


class DuplicateLookup:
    """Answers the queries of one preview; files are hashed once."""

    def __init__(
        self,
        connection: Connection,
        declarations: Mapping[int, Declaration],
        same_imports: SameImports,
    ) -> None:
        self._connection = connection
        self._declarations = declarations
        self._same_imports = same_imports
        self._files: dict[str, str | None] = {}

    def file_checksum(self, path: str) -> str | None:
        """Return the sha256 of a file, hashed once per preview; None where it cannot be read."""
        if path not in self._files:
            try:
                self._files[path] = hash_file(path)
            except (OSError, ValueError):
                # The latter: a name that no file system has.
                self._files[path] = None
        return self._files[path]

    def __call__(self, queries: Sequence[ReuseQuery]) -> Mapping[str, Reuse]:
        """Return the run that answers each query, by key; queries without one are absent."""
        contents = self._contents(queries)
        sets = reuse.existing_param_sets(
            self._connection,
            [(query.version_id, self._stated(query)) for query in queries],
        )
        keys: dict[str, tuple[str, ...]] = {}
        for query, param_set_id in zip(queries, sets, strict=True):
            inputs = contents.get(query.key)
            if inputs is None:
                continue
            found = [set_key(query.version_id, query.params, inputs)]
            if param_set_id is not None:
                found.append(stated_key(query.version_id, param_set_id, inputs))
            keys[query.key] = tuple(found)
        known = reuse.candidates(
            self._connection, {key for each in keys.values() for key in each}, beside=BESIDE
        )
        fitting = {
            query.key: [c for key in keys.get(query.key, ()) for c in known.get(key, ())]
            for query in queries
        }
        read = reuse.source_runs(
            self._connection, {c.run_id for each in fitting.values() for c in each}
        )
        answers: dict[str, Reuse] = {}
        for query in queries:
            if not fitting[query.key]:
                continue
            asked = query.sources
            ranked = sorted(
                (_against(each, query, read.get(each.run_id, set()) != asked), each)
                for each in fitting[query.key]
            )
            chosen = next((each for _, each in ranked if self._same_imports(each)), None)
            if chosen is not None:
                others = read.get(chosen.run_id, set()) - asked
                answers[query.key] = Reuse(
                    chosen.run_id, tuple(sorted(others)), read_beside=chosen.read_beside
                )
        return answers

    def _stated(self, query: ReuseQuery) -> dict[str, str | None]:
        return {**self._declarations[query.version_id].expected(), **query.params}

    def _contents(self, queries: Sequence[ReuseQuery]) -> dict[str, dict[str, list[str]]]:
        wanted = {
            (identity.run_id, identity.output)
            for query in queries
            for identities in query.inputs.values()
            for identity in identities
            if isinstance(identity, OutputOf)
        }
        checksums = reuse.output_checksums(self._connection, wanted)

        def identity_text(identity: Identity) -> str | None:
            match identity:
                case OutputOf(run_id=run_id, output=output, label=label):
                    checksum = checksums.get((run_id, output))
                    return None if checksum is None else content_identity(checksum, label)
                case ContentOf(path=path, label=label):
                    checksum = self.file_checksum(path)
                    return None if checksum is None else content_identity(checksum, label)
                case TextOf(text=text, label=label):
                    return value_identity(text, label)

        found: dict[str, dict[str, list[str]]] = {}
        for query in queries:
            inputs: dict[str, list[str]] = {}
            for name, identities in query.inputs.items():
                texts = [identity_text(identity) for identity in identities]
                if None in texts:
                    break
                if texts:
                    inputs[name] = [text for text in texts if text is not None]
            else:
                found[query.key] = inputs
        return found


def _against(candidate: Candidate, query: ReuseQuery, read_others: bool) -> tuple[object, ...]:
    """What speaks against a candidate, the gravest first; two candidates never compare equal."""
    return (
        read_others,
        candidate.sample != query.sample,
        candidate.step != query.step,
        candidate.branch != query.branch,
        candidate.run_id,
    )


def imports_are(installed: Callable[[Candidate], Mapping[str, str]]) -> SameImports:
    """Compare what a run imported with what is installed now; files from outside are read again."""

    def same(candidate: Candidate) -> bool:
        environment = candidate.environment
        if environment.get("editable"):
            # Code that is edited in place may have changed without a version.
            return False
        if environment.get("kind") == "container":
            # What an image holds by now cannot be seen from outside it.
            return False
        imported: Mapping[str, str] = environment.get("imports", {})
        now = installed(candidate) if imported else {}
        if any(now.get(name) != version for name, version in imported.items()):
            return False
        for path, checksum in environment.get("outside_files", {}).items():
            try:
                if f"sha256:{hash_file(Path(path))}" != checksum:
                    return False
            except OSError:
                return False
        return True

    return same
