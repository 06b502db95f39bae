"""Fetches the pinned Nextflow once per user, from Maven Central or a mirror of it.

    <cache>/nextflow/
        lock                     held while somebody fetches
        fetching-<random>/       being filled; never used, removed by the next holder of the lock
        25.04.4-<digest>/lib/    complete: every jar was verified before the folder got this name

The digest is that of the list of jars, so another list is another folder.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from pm_kernel.errors import EngineUnavailable
from pm_kernel.nextflow.jars import VERSION, Jar, digest, pinned_jars

_THREADS = 8
_TRIES = 3
_TIMEOUT_SECONDS = 60
_LOCK_TIMEOUT_SECONDS = 900.0
_STAGING = "fetching-"

#: Called with jars done, jars in total, and the name of the last one; never from two threads at
#: once.
Progress = Callable[[int, int, str], None]

#: Fetches one jar into a folder and returns the file; OSError or RuntimeError when it cannot.
Fetch = Callable[[Jar, Path], Path]


def installed(cache_dir: Path, jars: tuple[Jar, ...] | None = None) -> Path | None:
    """Return the folder of the fetched Nextflow, None when it is absent or damaged.

    Looks at names and sizes only, which costs a millisecond; contents were verified when it came.
    """
    jars = pinned_jars() if jars is None else jars
    folder = _folder(cache_dir, jars)
    try:
        sizes = {e.name: e.stat().st_size for e in os.scandir(folder / "lib")}
    except (FileNotFoundError, NotADirectoryError):
        return None
    return folder if sizes == {jar.name: jar.size_bytes for jar in jars} else None


def fetched(cache_dir: Path, jars: tuple[Jar, ...] | None = None) -> tuple[int, int]:
    """Return how many jars are there, be it while somebody fetches them, and how many it takes."""
    jars = pinned_jars() if jars is None else jars
    if installed(cache_dir, jars) is not None:
        return len(jars), len(jars)
    parent = _folder(cache_dir, jars).parent
    counts = [len(list(each.iterdir())) for each in parent.glob(f"{_STAGING}*/whole/lib")]
    return max(counts, default=0), len(jars)


def install(
    cache_dir: Path,
    *,
    mirror: str | None = None,
    progress: Progress | None = None,
    fetch: Fetch | None = None,
    jars: tuple[Jar, ...] | None = None,
) -> Path:
    """Return the folder of the fetched Nextflow, fetching it first where needed (31 MB).

    ``mirror`` is the address of a Maven repository to be asked instead of Maven Central. Of several
    processes that come at once, one fetches and the others wait for it.
    Raises EngineUnavailable when a jar cannot be fetched or is not what was pinned.
    """
    jars = pinned_jars() if jars is None else jars
    if (folder := installed(cache_dir, jars)) is not None:
        return folder
    parent = _folder(cache_dir, jars).parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with _lock(parent / "lock") as locked:
            # Somebody else may have fetched it while we waited.
            if (folder := installed(cache_dir, jars)) is not None:
                return folder
            if locked:
                for left in parent.glob(f"{_STAGING}*"):
                    shutil.rmtree(left, ignore_errors=True)
            return _fill(cache_dir, jars, fetch or maven_fetch(mirror), progress)
    except OSError as error:
        raise EngineUnavailable(
            f"Nextflow cannot be kept in {parent}: {error.strerror or error}.",
            hint="Make room there, or name another folder with PM_CACHE_DIR.",
        ) from error


def maven_fetch(mirror: str | None = None) -> Fetch:
    """Return the fetcher that asks Maven Central, or ``mirror``, through jgo."""

    def fetch(jar: Jar, folder: Path) -> Path:
        # Imported here: it brings an HTTP client along, and is needed once per user.
        from jgo.maven import MavenContext

        context = MavenContext(
            # Not the person's own ~/.m2, which could hold anything under these names.
            repo_cache=folder,
            local_repos=[],
            remote_repos=None if mirror is None else {"mirror": mirror.rstrip("/")},
            timeout=_TIMEOUT_SECONDS,
        )
        component = context.project(jar.group, jar.artifact).at_version(jar.version)
        return Path(component.artifact().resolve())

    return fetch


def _folder(cache_dir: Path, jars: tuple[Jar, ...]) -> Path:
    return cache_dir / "nextflow" / f"{VERSION}-{digest(jars)}"


def _fill(cache_dir: Path, jars: tuple[Jar, ...], fetch: Fetch, progress: Progress | None) -> Path:
    final = _folder(cache_dir, jars)
    staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=final.parent))
    try:
        lib = staging / "whole" / "lib"
        lib.mkdir(parents=True)
        with ThreadPoolExecutor(_THREADS) as threads:
            waiting = {threads.submit(_fetch_one, jar, staging, lib, fetch): jar for jar in jars}
            try:
                for done, future in enumerate(as_completed(waiting), start=1):
                    future.result()
                    if progress is not None:
                        progress(done, len(jars), waiting[future].name)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        if final.exists():
            # Damaged, or somebody without a lock was faster.
            shutil.rmtree(final, ignore_errors=True)
        try:
            lib.parent.rename(final)
        except OSError:
            if installed(cache_dir, jars) is None:
                raise
        return final
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _fetch_one(jar: Jar, staging: Path, lib: Path, fetch: Fetch) -> None:
    reason = ""
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(attempt)
        # A folder per try: a file that a broken transfer left is never found again.
        folder = staging / f"{jar.name}.{attempt}"
        try:
            path = fetch(jar, folder)
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except RuntimeError:
            reason = "the repository does not have it"
            continue
        except OSError as error:
            # Only the kind: the text names the address that was asked, which may hold a password.
            reason = type(error).__name__
            continue
        if found == jar.sha256:
            path.rename(lib / jar.name)
            return
        reason = f"its sha256 is {found[:12]}…, not {jar.sha256[:12]}…"
    raise EngineUnavailable(
        f"Nextflow {VERSION} could not be fetched: {jar.name}: {reason}.",
        hint="Check the network; or name a Maven mirror ([nextflow] mirror in pm.toml) or a "
        "nextflow of your own ([nextflow] command).",
    )


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Hold the lock file; False where the file system has no locks: two may fetch, harmlessly."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + _LOCK_TIMEOUT_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EngineUnavailable(
                        f"Another process has been fetching Nextflow for a long time ({path}).",
                        hint="End that process, or wait for it.",
                    ) from None
                time.sleep(0.1)
            except OSError:
                yield False
                return
            else:
                yield True
                return
    finally:
        os.close(descriptor)
