"""Settings of a workspace: ``pm.toml`` and environment variables. Nobody else reads ``os.environ``.

A workspace is a folder with a ``pm.toml``, found through ``PM_WORKSPACE`` or by walking up from the
current folder. Environment variables win over the file:

    PM_WORKSPACE      the workspace folder
    PM_DATABASE_URL   a PostgreSQL of one's own instead of the embedded one
    PM_DATABASE_PATIENCE  seconds that a run waits for a database that is away (default: 180)
    PM_RECORDER       `direct`: tasks of a plan record themselves without their supervisor
    PM_RECORDER_PATIENCE  seconds that a task waits for its supervisor to answer (default: 10)
    PM_PYTHON         interpreter for methods without a pixi environment
    PM_NEXTFLOW       a nextflow command of one's own
    PM_NEXTFLOW_PROFILE  profiles of nextflow.config, separated by commas
    PM_MAVEN_MIRROR   where the Nextflow jars are fetched from, instead of Maven Central
    PM_STATE_DIR      per-user state (sockets, database of root's workspaces)
    PM_CACHE_DIR      per-user cache (Nextflow)
    PM_USER           who is recorded as the author of a run (default: the login name)
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pm_kernel.errors import InvalidInput, NotFound

CONFIG_NAME = "pm.toml"
#: In the environment of a run's processes alone: its uuid, by which they are known.
RUN_VARIABLE = "PM_RUN_UUID"


@dataclass(frozen=True)
class Settings:
    """Everything that is configurable, read once and handed down."""

    root: Path
    #: Identity of the workspace; several workspaces may share one database.
    workspace_id: str
    #: None: the embedded PostgreSQL.
    database_url: str | None
    #: Seconds that registering and completing a run keep trying while the database is away.
    database_patience: int
    #: How tasks of a plan record themselves: by their supervisor's socket, or always directly.
    recorder: Literal["socket", "direct"]
    #: Interpreter for methods without a pixi environment.
    python: str
    #: Branch of the methods repository that versions are committed to.
    methods_branch: str
    #: None: the Nextflow that is fetched on first use.
    nextflow: str | None
    maven_mirror: str | None
    #: Shell text of the site, run before every Nextflow task (``module load …``).
    before_script: str
    #: Profiles of the site's nextflow.config, separated by commas; None: its defaults.
    nextflow_profile: str | None
    #: The cluster that tasks run on is this one machine.
    single_host: bool
    #: Nextflow tasks at once on the local executor; None: as many as there are processors.
    max_tasks: int | None
    #: Files of a method larger than this are named at registration.
    large_file_bytes: int
    state_dir: Path
    cache_dir: Path
    user: str
    #: The environment as it was when the settings were read; handed to child processes.
    environ: Mapping[str, str]

    @property
    def methods_dir(self) -> Path:
        """The methods repository."""
        return self.root / "methods"

    @property
    def runs_dir(self) -> Path:
        """The run store."""
        return self.root / ".runs"

    @property
    def views_dir(self) -> Path:
        """Symlinked projections of the run store; disposable."""
        return self.root / "views"

    @property
    def embedded(self) -> bool:
        """Whether the workspace uses the embedded PostgreSQL."""
        return self.database_url is None

    @property
    def postgres_dir(self) -> Path:
        """Data directory of the embedded PostgreSQL."""
        return self.root / ".postgres"


def find_workspace(
    start: Path, environ: Mapping[str, str] | None = None, *, named: Path | None = None
) -> Path:
    """Return the workspace folder that ``start`` lies in; ``PM_WORKSPACE`` wins, ``named`` over it.

    Raises NotFound when there is none.
    """
    if named is not None:
        root = named.expanduser().resolve()
        if not (root / CONFIG_NAME).is_file():
            raise NotFound(
                f"{root} is no workspace: it has no {CONFIG_NAME}.",
                hint=f"Make it one with `pm init {root}`.",
            )
        return root
    environ = os.environ if environ is None else environ
    variable = environ.get("PM_WORKSPACE")
    if variable:
        root = Path(variable).expanduser().resolve()
        if not (root / CONFIG_NAME).is_file():
            raise NotFound(
                f"PM_WORKSPACE names {root}, which has no {CONFIG_NAME}.",
                hint=f"Make it a workspace with `pm init {root}`, or unset PM_WORKSPACE.",
            )
        return root
    folder = start.expanduser().resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / CONFIG_NAME).is_file():
            return candidate
    raise NotFound(
        f"No workspace here: neither {folder} nor a folder above it has a {CONFIG_NAME}.",
        hint="Make one with `pm init DIR`, or name one with PM_WORKSPACE or `pm -w DIR …`.",
    )


def workspace_id_at(root: Path) -> str | None:
    """Return the id of the workspace in a folder; None where there is none, or none to be read."""
    try:
        found = tomllib.loads((root / CONFIG_NAME).read_text(encoding="utf-8"))["workspace"]["id"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None


def default_state_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Per-user folder for sockets and state (``PM_STATE_DIR``, XDG or the platform's own)."""
    environ = os.environ if environ is None else environ
    if named := environ.get("PM_STATE_DIR"):
        return Path(named).expanduser().resolve()
    if base := environ.get("XDG_STATE_HOME"):
        return Path(base) / "research-process-manager"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "research-process-manager"
    return Path.home() / ".local" / "state" / "research-process-manager"


def default_cache_dir(environ: Mapping[str, str] | None = None) -> Path:
    """Per-user folder for what can be fetched again (``PM_CACHE_DIR``, XDG or the platform's)."""
    environ = os.environ if environ is None else environ
    if named := environ.get("PM_CACHE_DIR"):
        return Path(named).expanduser().resolve()
    if base := environ.get("XDG_CACHE_HOME"):
        return Path(base) / "research-process-manager"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "research-process-manager"
    return Path.home() / ".cache" / "research-process-manager"


def process_environ() -> dict[str, str]:
    """Return the environment of this process, for work that has no settings to take it from."""
    return dict(os.environ)


def current_user(environ: Mapping[str, str]) -> str:
    """Return the name recorded as the author: ``PM_USER``, else the login name."""
    if named := environ.get("PM_USER"):
        return named
    # Not LOGNAME or USER: on shared machines they survive `su` and name somebody else.
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def load_settings(
    start: Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    workspace: Path | None = None,
) -> Settings:
    """Read the settings of the workspace around ``start`` (default: the current folder).

    ``workspace`` is the folder itself, where somebody has said which one: no variable overrules it.
    Raises NotFound without a workspace and InvalidInput when ``pm.toml`` is wrong.
    """
    environ = dict(os.environ) if environ is None else dict(environ)
    # What pm starts from within a run, a supervisor for instance, does not end with that.
    environ.pop(RUN_VARIABLE, None)
    root = find_workspace(Path.cwd() if start is None else start, environ, named=workspace)
    path = root / CONFIG_NAME
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} cannot be read: {error}.", hint="Mend the file; `pm doctor` checks it."
        ) from error
    table = _Table(path, document)
    workspace_id = table.text("workspace", "id") or ""
    if not workspace_id:
        raise InvalidInput(
            f"{path} has no [workspace] id.", hint=f"Run `pm init {root}`: it adds what is missing."
        )
    max_tasks = table.integer("nextflow", "max_tasks")
    large = table.integer("methods", "large_file_mb")
    return Settings(
        root=root,
        workspace_id=workspace_id,
        database_url=environ.get("PM_DATABASE_URL") or table.text("database", "url") or None,
        database_patience=_patience(environ, table),
        recorder=_recorder(environ, table),
        python=environ.get("PM_PYTHON") or table.text("methods", "python") or sys.executable,
        methods_branch=table.text("methods", "branch") or "main",
        nextflow=environ.get("PM_NEXTFLOW") or table.text("nextflow", "command") or None,
        maven_mirror=environ.get("PM_MAVEN_MIRROR") or table.text("nextflow", "mirror") or None,
        before_script=table.text("nextflow", "before_script") or "",
        nextflow_profile=environ.get("PM_NEXTFLOW_PROFILE") or table.text("nextflow", "profile"),
        single_host=table.flag("nextflow", "single_host"),
        max_tasks=max_tasks,
        large_file_bytes=(large if large is not None else 10) * 1024 * 1024,
        state_dir=default_state_dir(environ),
        cache_dir=default_cache_dir(environ),
        user=current_user(environ),
        environ=environ,
    )


def _patience(environ: Mapping[str, str], table: _Table) -> int:
    text = environ.get("PM_DATABASE_PATIENCE")
    if text:
        if not text.isdecimal():
            raise InvalidInput(f"PM_DATABASE_PATIENCE must be a number of seconds, not {text!r}.")
        return int(text)
    configured = table.integer("database", "patience")
    return 180 if configured is None else configured


def _recorder(environ: Mapping[str, str], table: _Table) -> Literal["socket", "direct"]:
    chosen = environ.get("PM_RECORDER") or table.text("nextflow", "recorder") or "socket"
    if chosen == "socket":
        return "socket"
    if chosen == "direct":
        return "direct"
    raise InvalidInput(
        f"PM_RECORDER, or recorder in [nextflow], must be socket or direct, not {chosen!r}."
    )


class _Table:
    """Typed look-ups in ``pm.toml`` that name the key when the type is wrong."""

    def __init__(self, path: Path, document: Mapping[str, Any]) -> None:
        self._path = path
        self._document = document

    def text(self, section: str, key: str) -> str | None:
        value = self._value(section, key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(section, key, "text in quotes", value)
        return value

    def integer(self, section: str, key: str) -> int | None:
        value = self._value(section, key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self._wrong(section, key, "a whole number", value)
        if value is not None and value < 1:
            raise self._wrong(section, key, "a number above 0", value)
        return value

    def flag(self, section: str, key: str) -> bool:
        value = self._value(section, key)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(section, key, "true or false", value)
        return bool(value)

    def _value(self, section: str, key: str) -> Any:
        table = self._document.get(section, {})
        if not isinstance(table, dict):
            raise InvalidInput(f"{self._path}: [{section}] must be a table.")
        return table.get(key)

    def _wrong(self, section: str, key: str, expected: str, value: object) -> InvalidInput:
        return InvalidInput(
            f"{self._path}: {key} in [{section}] must be {expected}, not {value!r}."
        )
