"""What the site's own ``nextflow.config`` says once Nextflow has resolved it.

Asking costs a start of Nextflow (1 to 2 s), so answers are kept, keyed by everything they were made
of: the file, what it includes, the person's ``$NXF_HOME/config``, the version, and each environment
variable that one of these files mentions.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pm_kernel.errors import EngineUnavailable, InvalidInput
from pm_kernel.nextflow.command import NextflowCommand
from pm_kernel.nextflow.ir import Containers, Engine, ProcessSpec
from pm_kernel.nextflow.quoting import groovy_string

ENGINES: tuple[Engine, ...] = ("docker", "podman", "singularity", "apptainer")
OTHER_ENGINES = ("charliecloud", "shifter", "sarus")
#: Only these scopes are kept: others (``tower``, ``aws``, ``params``) may hold secrets.
_KEPT = ("process", "executor", "plugins", *ENGINES, *OTHER_ENGINES)
#: Of these only whether they are on.
_SWITCHES = ("conda", "fusion", "tower", "wave")
_TIMEOUT_SECONDS = 120
_INCLUDE = re.compile(r"""\bincludeConfig\b[ \t(]*(?:(['"])((?:(?!\1)[^\\$\n])*)\1)?""")

#: Runs ``nextflow config`` in a folder, for a profile; returns exit code, output, errors.
AskConfig = Callable[[NextflowCommand, Path, Mapping[str, str], str | None], tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class SiteConfig:
    """Resolved settings, nested as in the file; closures are their source text in braces."""

    scopes: Mapping[str, Any]

    @property
    def engine(self) -> Engine | None:
        """The container engine that is enabled."""
        return next((name for name in ENGINES if self._enabled(name)), None)

    @property
    def enabled(self) -> frozenset[str]:
        """Scopes that are switched on: engines, ``wave``, ``fusion``, …"""
        return frozenset(n for n in (*ENGINES, *OTHER_ENGINES, *_SWITCHES) if self._enabled(n))

    @property
    def plugins(self) -> tuple[str, ...]:
        """Plug-ins that the site asks for."""
        named = self.scopes.get("plugins")
        return tuple(str(name) for name in named) if isinstance(named, list) else ()

    @property
    def process(self) -> Mapping[str, Any]:
        """Defaults of every process, selectors among them."""
        scope = self.scopes.get("process")
        return scope if isinstance(scope, dict) else {}

    def selectors(self, process: ProcessSpec) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The selectors that match a process, weakest first: labels, then names."""
        label = process.directives.free.get("label")
        for kind, value in (("withLabel", label), ("withName", process.name)):
            for key, settings in self.process.items():
                given, _, pattern = key.partition(":")
                if given == kind and isinstance(settings, dict) and _selects(pattern, value):
                    yield key, settings

    def effective(self, process: ProcessSpec, directive: str) -> Any:
        """Return what a directive will be for a process, None when nobody sets it.

        Nextflow's order: ``withName``, ``withLabel``, the process itself, the defaults.
        """
        chosen = self.process.get(directive)
        own = getattr(process.directives, directive, None)
        own = process.directives.free.get(directive) if own is None else own
        chosen = chosen if own is None else own
        for _, settings in self.selectors(process):
            chosen = settings.get(directive, chosen)
        return chosen

    def executor(self, process: ProcessSpec) -> str:
        """Return the executor that a process will run on."""
        named = self.effective(process, "executor")
        if named is None:
            scope = self.scopes.get("executor")
            named = scope.get("name") if isinstance(scope, dict) else None
        return str(named) if named else "local"

    @property
    def paces_local(self) -> bool:
        """Whether it says how often local tasks are looked at, or leaves no place to say so."""
        scope = self.scopes.get("executor", {})
        if not isinstance(scope, dict):
            # A bare name of an executor, which has no settings.
            return True
        local = scope.get("$local")
        return "pollInterval" in scope or (isinstance(local, dict) and "pollInterval" in local)

    def cpus(self, process: ProcessSpec) -> int:
        """Return how many processors a task of a process takes, as far as that can be read."""
        cpus = self.effective(process, "cpus")
        return cpus if isinstance(cpus, int) and cpus > 0 else 1

    @property
    def can_queue(self) -> bool:
        """Whether there is a place to say how many local tasks run at once."""
        return isinstance(self.scopes.get("executor", {}), dict)

    @property
    def local_queue(self) -> int | None:
        """How many local tasks it lets run at once; None where it leaves that to Nextflow."""
        scope = self.scopes.get("executor", {})
        if not isinstance(scope, dict):
            return None
        local = scope.get("$local")
        own = local.get("queueSize") if isinstance(local, dict) else None
        size = own if own is not None else scope.get("queueSize")
        return size if isinstance(size, int) else None

    def elsewhere(self, processes: Iterable[ProcessSpec]) -> frozenset[str]:
        """Return the names of those processes that do not run on this machine."""
        return frozenset(p.name for p in processes if self.executor(p) != "local")

    def images(self, processes: Iterable[ProcessSpec]) -> dict[str, str]:
        """Return the image of each process that runs in a container, by its name."""
        if self.engine is None:
            return {}
        named = {process.name: self.effective(process, "container") for process in processes}
        return {name: str(image) for name, image in named.items() if image}

    def containers(self, mounts: tuple[str, ...], *, uid: int, gid: int) -> Containers | None:
        """Return how containers are to be started, None when no engine is enabled."""
        engine = self.engine
        if engine is None:
            return None
        options = self.process.get("containerOptions")
        run_options = str(self.scopes[engine].get("runOptions") or "")
        mapped = re.search(r"(^|\s)(-u\b|--user\b)", run_options) is not None
        return Containers(
            engine=engine,
            mounts=mounts,
            # Docker alone would write as root into the run store.
            user=f"{uid}:{gid}" if engine == "docker" and not mapped else None,
            site_options=options if isinstance(options, str) and options[:1] != "{" else "",
        )

    def _enabled(self, name: str) -> bool:
        scope = self.scopes.get(name)
        return isinstance(scope, dict) and scope.get("enabled") is True


def resolve_config(
    command: NextflowCommand,
    site_config: Path | None,
    environ: Mapping[str, str],
    cache_dir: Path,
    *,
    profile: str | None = None,
    ask: AskConfig | None = None,
) -> SiteConfig:
    """Return what the workspace's ``nextflow.config`` (None: it has none) comes to.

    ``profile`` names those of its profiles that are used, separated by commas.
    Raises InvalidInput with Nextflow's words when the file is wrong, EngineUnavailable when
    Nextflow does not answer.
    """
    child = command.environment(environ)
    home = Path(child.get("NXF_HOME") or Path(child.get("HOME", "/")) / ".nextflow")
    files = [path for path in (home / "config", site_config) if path and path.is_file()]
    if not files:
        return SiteConfig({})
    key = _key(command, files, child, profile)
    memory = None if key is None else cache_dir / "nextflow" / "config" / f"{key}.json"
    if memory is not None:
        try:
            return SiteConfig(json.loads(memory.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            # Never asked, or cut off: ask now.
            pass
    scopes = _ask(command, site_config, child, profile, ask or ask_config)
    if memory is not None:
        _remember(memory, scopes)
    return SiteConfig(scopes)


def ask_config(
    command: NextflowCommand, folder: Path, environ: Mapping[str, str], profile: str | None
) -> tuple[int, str, str]:
    """Run ``nextflow config`` in ``folder``."""
    argv = [*command.argv, "-log", str(folder / "log"), "config", "-output", "json"]
    argv += ["-profile", profile, str(folder)] if profile else [str(folder)]
    answer = subprocess.run(
        argv,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    return answer.returncode, answer.stdout, answer.stderr


def _ask(
    command: NextflowCommand,
    site_config: Path | None,
    environ: Mapping[str, str],
    profile: str | None,
    ask: AskConfig,
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="pm-config-") as name:
        folder = Path(name)
        text = f"includeConfig {groovy_string(str(site_config))}\n" if site_config else ""
        (folder / "nextflow.config").write_text(text, encoding="utf-8")
        try:
            code, output, errors = ask(command, folder, environ, profile)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineUnavailable(
                f"Nextflow did not answer when asked for its configuration: {error}."
            ) from error
    if code != 0:
        raise InvalidInput(
            f"Nextflow cannot read {site_config or 'its configuration'}: "
            f"{_message(output + errors)}",
            hint=f"Mend the file; `nextflow config` in {site_config.parent} shows the same."
            if site_config
            else None,
        )
    # Warnings may come before it.
    start = re.search(r"^\{", output, re.MULTILINE)
    try:
        document = json.loads(output[start.start() :]) if start else {}
    except ValueError as error:
        raise EngineUnavailable(
            f"Nextflow's answer about its configuration cannot be read: {error}."
        ) from error
    kept = {scope: document[scope] for scope in _KEPT if scope in document}
    for scope in _SWITCHES:
        if isinstance(document.get(scope), dict) and "enabled" in document[scope]:
            kept[scope] = {"enabled": document[scope]["enabled"]}
    return kept


def _message(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    lines = [line.removeprefix("ERROR ~ ") for line in lines if not line.startswith("WARN")]
    # That log is gone by now.
    told = re.sub(r" ?-- Check '[^']*' file for details", "", " ".join(lines))
    return told[:1000] or "it ended without a word"


def _key(
    command: NextflowCommand, files: list[Path], environ: Mapping[str, str], profile: str | None
) -> str | None:
    """Name everything the answer depends on; None when an include cannot be followed."""
    texts = []
    waiting, seen = list(files), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        texts.append(f"{path}\n{text}")
        for match in _INCLUDE.finditer(text):
            named = match[2]
            # A variable in the name, or something behind it, or another machine's file.
            if not named or ":" in named:
                return None
            waiting.append(path.parent / named)
    words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", "\n".join(texts)))
    mentioned = sorted((name, environ[name]) for name in words & environ.keys())
    about = json.dumps([command.version, command.source, sorted(texts), mentioned, profile])
    return hashlib.sha256(about.encode()).hexdigest()


def _remember(memory: Path, scopes: Mapping[str, Any]) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=memory.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(scopes, stream)
        Path(name).replace(memory)
    except OSError:
        # Asked again next time.
        return


def _selects(pattern: str, value: object) -> bool:
    """Whether a selector matches a name or label; when in doubt it does."""
    negated = pattern.startswith("!")
    try:
        matches = re.fullmatch(pattern.removeprefix("!"), str(value or "")) is not None
    except re.error:
        # Java's patterns know more than Python's.
        return True
    return matches is not negated
