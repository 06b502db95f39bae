"""A JupyterLab over a workspace with methods, a database and runs, shared by a module's tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from pm_kernel.domain.methods import MethodInput
from pm_kernel.embedded import EmbeddedPostgres

from ..workbench import Workbench
from .lab import Lab, start_lab

SEGMENT = '''
def segment(image, sigma: float = 2.0, mode: str = "fast", seed: int = 9007199254740993):
    """Find nuclei.

    Args:
        sigma: Width of the blur, in pixels.
    """
    return [image, sigma, mode, seed]
'''
SEGMENT_RUN = '''
"""Find nuclei in an image."""
from pathlib import Path

from helper import segment

def run(image, output_dir):
    rows = segment(str(image), sigma=1.5)
    (Path(output_dir) / "nuclei.csv").write_text(f"value\\n{len(rows)}\\n")
'''
GATE = """
def gate(rows, threshold: float = 0.5, keep: bool = True, labels: list[str] = ["a"]):
    return rows[:3]
"""
GATE_RUN = '''
"""Keep the cells above a threshold."""
from pathlib import Path

from helper import gate

def run(nuclei, output_dir):
    rows = gate(Path(nuclei).read_text().splitlines())
    (Path(output_dir) / "cells.csv").write_text("value\\n" + "\\n".join(rows))
'''


def add_methods(bench: Workbench, *, gate_version: int = 1) -> None:
    """Two methods of two modules: ``gate`` takes what ``segment`` makes."""
    bench.method(
        "segment",
        SEGMENT_RUN,
        files={"helper.py": SEGMENT},
        tracked=("helper.py:segment",),
        inputs={"image": "file"},
        outputs={"nuclei": ("nuclei.csv", "table")},
        module="segmentation",
    )
    add_gate(bench, gate_version)


def add_gate(bench: Workbench, version: int) -> None:
    """Register a version of ``gate``."""
    bench.method(
        "gate",
        f"{GATE_RUN}# version {version}\n",
        files={"helper.py": GATE},
        tracked=("helper.py:gate",),
        inputs={"nuclei": MethodInput("nuclei", "upstream", module="segmentation")},
        outputs={"cells": ("cells.csv", "table")},
        module="gating",
        version=version,
    )


@contextmanager
def start_bench(
    folder: Path,
    server: EmbeddedPostgres,
    template: str,
    *,
    environ: Mapping[str, str] | None = None,
) -> Iterator[tuple[Lab, Workbench]]:
    """Start a JupyterLab as users get it, in a workspace with the methods above."""
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        url = server.url(name)
        with start_lab(folder, told_by_file=False, environ=environ) as lab:
            bench = Workbench.make(lab.root, url)
            with (lab.root / "pm.toml").open("a", encoding="utf-8") as file:
                file.write(f'\n[database]\nurl = "{url}"\n')
            add_methods(bench)
            yield lab, bench
            bench.close()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
