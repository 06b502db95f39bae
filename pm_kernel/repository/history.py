"""What the methods repository remembers: versions, tags, log, differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pm_kernel.errors import NotFound
from pm_kernel.repository.message import parse_message
from pm_kernel.repository.model import LogEntry, RecordedVersion
from pm_kernel.repository.place import Place, branch_ref

_FORMAT = "%H%x00%an%x00%ae%x00%cI%x00%B"
_FIELDS = 5
_TAGS = "refs/tags/"


def tag_commits(place: Place) -> dict[str, str]:
    """Every tag with the commit it stands for."""
    listing = place.git.run(
        "for-each-ref",
        "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(*objectname)",
        _TAGS,
    )
    found = {}
    for line in listing.splitlines():
        name, kind, own, peeled = line.split("\0")
        if kind == "commit" or peeled:
            found[name.removeprefix(_TAGS)] = own if kind == "commit" else peeled
    return found


def versions_of_tags(place: Place, tags: dict[str, str]) -> list[RecordedVersion]:
    """The versions behind tags like ``measure/v3``, in order of method and number."""
    versions = []
    for version in read_versions(place, sorted(set(tags.values()))):
        tag = f"{version.method}/v{version.version}"
        if tags.get(tag) == version.commit:
            versions.append(_with_tag(version, tag))
    return sorted(versions, key=lambda each: (each.method, each.version))


def _with_tag(version: RecordedVersion, tag: str) -> RecordedVersion:
    return RecordedVersion(
        version.module, version.method, version.version, version.description, version.commit,
        tag, version.author, version.committed_at, version.trailers,
    )  # fmt: skip


def read_versions(place: Place, commits: Iterable[str]) -> list[RecordedVersion]:
    """What these commits say of themselves; those that are no version are left out."""
    stdin = "".join(f"{commit}\n" for commit in commits).encode()
    if not stdin:
        return []
    listing = place.git.answer(
        "log", "--no-walk=unsorted", "-z", f"--format={_FORMAT}", "--stdin", stdin=stdin, check=True
    )
    return _versions(listing.items())


def versions_on_branch(place: Place, branch: str) -> list[RecordedVersion]:
    """Every version commit reachable from the branch, oldest first."""
    listing = place.git.answer(
        "log", "-z", "--reverse", "--topo-order", "--grep=^Pm-Method: ", f"--format={_FORMAT}",
        branch_ref(branch), "--",
    )  # fmt: skip
    return _versions(listing.items()) if listing.ok else []


def _records(items: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Fields are counted, not searched for: names and messages may hold anything but NUL."""
    for start in range(0, len(items), _FIELDS):
        yield tuple(items[start : start + _FIELDS])


def _versions(items: Sequence[str]) -> list[RecordedVersion]:
    found = []
    for commit, author, _email, committed, message in _records(items):
        parsed = parse_message(message)
        if parsed is not None:
            found.append(
                RecordedVersion(
                    module=parsed.module,
                    method=parsed.method,
                    version=parsed.version,
                    description=parsed.description,
                    commit=commit,
                    tag=None,
                    author=author,
                    committed_at=datetime.fromisoformat(committed),
                    trailers=parsed.trailers,
                )
            )
    return found


def log(place: Place, branch: str, path: str, limit: int | None) -> list[LogEntry]:
    """Commits on the branch that touched a path, newest first."""
    count = () if limit is None else (f"--max-count={limit}",)
    listing = place.git.answer(
        "log", "-z", *count, f"--format={_FORMAT}", branch_ref(branch), "--", path or "."
    )
    names: dict[str, list[str]] = {}
    for tag, commit in tag_commits(place).items():
        names.setdefault(commit, []).append(tag)
    entries = []
    for commit, author, email, committed, message in _records(listing.items()):
        subject = message.partition("\n")[0]
        when = datetime.fromisoformat(committed)
        tags = tuple(sorted(names.get(commit, ())))
        entries.append(LogEntry(commit, subject, author, email, when, tags))
    return entries


def diff(place: Place, old: str, new: str, path: str) -> str:
    """Line differences of a folder between two revisions, as ``git diff`` shows them."""
    found = place.git.answer(
        "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--patch",
        resolve(place, old), resolve(place, new), "--", path or ".",
        options=("-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false"),
        check=True,
    )  # fmt: skip
    return found.out.decode("utf-8", "replace")


def resolve(place: Place, revision: str) -> str:
    """Full hash of a commit; raises NotFound where there is none of that name."""
    found = place.git.answer("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if not found.ok or revision.startswith("-"):
        raise NotFound(
            f"The methods repository has no commit {revision!r}.",
            hint="It may never have been fetched here; `git fetch --tags` brings it.",
        )
    return found.text
