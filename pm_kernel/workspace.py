"""Making a workspace: its settings, its methods repository, its run store."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from uuid import uuid4

from pm_kernel.artifacts.layout import writing
from pm_kernel.config import CONFIG_NAME, Settings, load_settings
from pm_kernel.errors import Conflict, InvalidInput
from pm_kernel.repository import MethodsRepository

_CONFIG = """\
# Settings of this workspace. Environment variables (PM_…) win over this file.

[workspace]
# Several workspaces may share one database: this tells them apart. Do not change it.
id = "{workspace_id}"

[database]
# A PostgreSQL of your own (14 or newer) instead of the embedded one:
# url = "postgresql://user:password@host:5432/pm"
# Seconds that a run which ends waits for a database that is away.
# patience = 180

[methods]
# Interpreter for methods without a pixi environment; default: the one that runs pm.
# python = "/path/to/python"
# Branch of methods/ that versions are committed to.
# branch = "main"
# Files of a method that are larger are named at registration.
# large_file_mb = 10

[nextflow]
# A nextflow command of your own (25.04 or newer); default: fetched on first use.
# command = "nextflow"
# A Maven mirror to fetch it from.
# mirror = "https://maven.example.org/maven2"
# Shell text run before every task, for example: module load python
# before_script = ""
# Profiles of nextflow.config that are used, separated by commas.
# profile = "cluster"
# The cluster that tasks run on is this one machine: they reach the embedded database.
# single_host = true
# How tasks record themselves: "socket", through their plan's supervisor, or "direct", each alone.
# recorder = "socket"
# Tasks of a plan at once on this machine; default: what your other plans leave of its processors.
# max_tasks = 4
"""


#: Where somebody keeps the workspace's folder in a repository of their own.
_IGNORED = """\
# Made by pm: results, the database, links to results.
/.runs/
/.postgres/
/views/
"""


def init_workspace(root: Path) -> Settings:
    """Make ``root`` a workspace, or add what it lacks; nothing that is there is overwritten.

    Raises Conflict inside another workspace, InvalidInput where ``root`` is no folder or has a
    ``pm.toml`` that cannot be read, and StoreUnavailable when it cannot be written.
    """
    root = root.expanduser().resolve()
    with writing(root):
        if root.exists() and not root.is_dir():
            raise InvalidInput(f"{root} is a file; a workspace is a folder.")
        for above in root.parents:
            if (above / CONFIG_NAME).is_file():
                raise Conflict(
                    f"{root} lies inside the workspace {above}; workspaces do not nest.",
                    hint="Choose a folder beside it.",
                )
        _make(root)
        _write_new(root / CONFIG_NAME, _CONFIG.format(workspace_id=uuid4()))
        _add_id(root / CONFIG_NAME)
        _write_new(root / ".gitignore", _IGNORED)
        settings = load_settings(workspace=root)
        for folder in (
            settings.runs_dir,
            settings.runs_dir / ".partial",
            settings.runs_dir / ".dead",
            settings.views_dir,
        ):
            # Readable by the group, written by one user: also where the umask would share more.
            folder.mkdir(mode=0o755, exist_ok=True)
    MethodsRepository.init(settings.methods_dir, branch=settings.methods_branch)
    return settings


def _make(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        # Below a file, or where the system keeps something else than files.
        raise InvalidInput(
            f"The folder {root} cannot be made: {error.strerror}.", hint="Choose another place."
        ) from error


def _write_new(path: Path, content: str) -> None:
    """Write a file that does not exist yet, whole or not at all."""
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.write_text(content, encoding="utf-8")
    try:
        # Of two that make the same workspace at once, one writes the file.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _add_id(config: Path) -> None:
    """Give a ``pm.toml`` that has no id one, and leave every line of it as it is."""
    try:
        text = config.read_text(encoding="utf-8")
        workspace = tomllib.loads(text).get("workspace", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{config} cannot be read: {error}.", hint="Mend the file.") from error
    if not isinstance(workspace, dict) or "id" in workspace:
        return
    line = f'id = "{uuid4()}"\n'
    header = re.search(r"^[ \t]*\[[ \t]*workspace[ \t]*\][^\n]*(\n|\Z)", text, re.MULTILINE)
    if header is None:
        added = f"[workspace]\n{line}\n"
        first = re.search(r"^[ \t]*\[", text, re.MULTILINE)
        place = len(text) if first is None else first.start()
    else:
        added, place = line, header.end()
    before = text[:place]
    before += "" if not before or before.endswith("\n") else "\n"
    completed = before + added + text[place:]
    try:
        tomllib.loads(completed)
    except tomllib.TOMLDecodeError as error:
        # Written in a way that cannot be added to (`workspace = {…}`).
        raise InvalidInput(
            f"{config} has no id in [workspace].", hint=f"Add a line to it: {line.strip()}"
        ) from error
    draft = config.with_name(f"{config.name}.{os.getpid()}.new")
    draft.write_text(completed, encoding="utf-8")
    draft.chmod(config.stat().st_mode & 0o777)
    draft.replace(config)
