"""Making a workspace: its settings, its methods repository, its run store."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

from pm_kernel.artifacts.layout import writing
from pm_kernel.config import CONFIG_NAME, Settings, load_settings
from pm_kernel.errors import Conflict
from pm_kernel.repository import MethodsRepository

_CONFIG = """\
# Settings of this workspace. Environment variables (PM_…) win over this file.

[workspace]
# Several workspaces may share one database: this tells them apart. Do not change it.
id = "{workspace_id}"

[database]
# A PostgreSQL of your own (14 or newer) instead of the embedded one:
# url = "postgresql://user:password@host:5432/pm"

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
# Tasks at once on this machine; default: as many as it has processors.
# max_tasks = 4
"""


def init_workspace(root: Path) -> Settings:
    """Make ``root`` a workspace, or add what it lacks; nothing that is there is overwritten.

    Raises Conflict inside another workspace and StoreUnavailable when it cannot be written.
    """
    root = root.expanduser().resolve()
    for above in root.parents:
        if (above / CONFIG_NAME).is_file():
            raise Conflict(
                f"{root} lies inside the workspace {above}; workspaces do not nest.",
                hint="Choose a folder beside it.",
            )
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
        config = root / CONFIG_NAME
        if not config.exists():
            draft = root / f".{CONFIG_NAME}.{os.getpid()}"
            draft.write_text(_CONFIG.format(workspace_id=uuid4()), encoding="utf-8")
            try:
                # Of two that make the same workspace at once, one writes the file.
                os.link(draft, config)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        settings = load_settings(workspace=root)
        for folder in (settings.runs_dir / ".partial", settings.runs_dir / ".dead"):
            folder.mkdir(parents=True, exist_ok=True)
        settings.views_dir.mkdir(exist_ok=True)
    MethodsRepository.init(settings.methods_dir, branch=settings.methods_branch)
    return settings
