"""A JupyterLab over a workspace that has runs with results, for the tests that look at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from playwright.sync_api import Page
from psycopg import sql

from pm_kernel.embedded import EmbeddedPostgres

from ..integration.factories import Rows
from ..workbench import Workbench
from .lab import Lab, start_lab

DRAW = """
import struct, zlib
from pathlib import Path

def run(table, output_dir):
    print("drawing", Path(table).name)
    print("WARNING: only one row")
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
    header = struct.pack(">IIBBBBB", 64, 32, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\\0" + bytes(range(0, 256, 4)) for _ in range(32)))
    png = b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)
    (Path(output_dir) / "figure.png").write_bytes(png + chunk(b"IEND", b""))
    (Path(output_dir) / "note.json").write_text('{"exact": 1.0, "large": 12345678901234567890}')
    return {"n": 1}
"""
REPORT = """
import struct, zlib
from pathlib import Path

import numpy
import tifffile

def run(table, output_dir):
    place = Path(output_dir)
    (place / "pages" / "more").mkdir(parents=True)
    (place / "pages" / "first.txt").write_text("the first page")
    (place / "pages" / "more" / "second.csv").write_text("page\\n2\\n")
    (place / "paper.pdf").write_bytes(
        b"%PDF-1.4\\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\\n"
        b"trailer<</Root 1 0 R>>\\n%%EOF\\n"
    )
    (place / "long.txt").write_text("".join(f"line {n}\\n" for n in range(20_000)))
    (place / "raw.bin").write_bytes(bytes(3_000_000))
    rows, columns = numpy.indices((48, 64))
    there = (rows % 24 < 20) & (columns % 32 < 28)
    cells = numpy.where(there, rows // 24 * 2 + columns // 32 + 1, 0)
    planes = numpy.stack([cells, cells * 9]).astype(numpy.uint16)
    tifffile.imwrite(place / "labels.tif", planes, compression="zlib", photometric="minisblack")
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"teSt", bytes(21_000_000)), (b"IDAT", zlib.compress(bytes(2))))
    png = b"".join(chunk(*part) for part in (*parts, (b"IEND", b"")))
    (place / "scan.png").write_bytes(b"\\x89PNG\\r\\n\\x1a\\n" + png)
    (place / "wide.csv").write_text("value\\n" + "1234567\\n" * 2_700_000)
"""
WAIT = """
from helper import wait

def run(table, output_dir):
    print("begun", flush=True)
    wait()
    print("done waiting")
    return {"waited": 1}
"""
WAITING = '''
import time

def wait(seconds: float = 60.0):
    """Do nothing.

    Args:
        seconds: How long.
    """
    time.sleep(seconds)
'''
BREAK = """
def run(table, output_dir):
    print("about to break")
    raise ValueError("the table has no <b>column</b>")
"""


@dataclass(frozen=True)
class Results:
    """A Lab over a workspace that has runs."""

    lab: Lab
    bench: Workbench
    rows: Rows


@contextmanager
def start_results(
    folder: Path, postgres_server: EmbeddedPostgres, database_template: str
) -> Iterator[Results]:
    """Run 1 makes a table, run 2 a figure of it, run 3 breaks on it.

    The same of another sample are 4 and 5; 6 is a report with files of all kinds.
    """
    name = f"results_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(database_template)
            )
        )
        url = postgres_server.url(name)
        with start_lab(folder, told_by_file=False) as lab:
            bench = Workbench.make(lab.root, url)
            with (lab.root / "pm.toml").open("a", encoding="utf-8") as file:
                file.write(f'\n[database]\nurl = "{url}"\n')
            bench.method("scale")
            outputs = {"figure": ("figure.png", "image"), "note": ("note.json", "json")}
            bench.method("draw", DRAW, inputs={"table": "upstream"}, outputs=outputs)
            bench.method("break", BREAK, inputs={"table": "upstream"})
            report = {
                "pages": ("pages", "directory"),
                "paper": ("paper.pdf", "file"),
                "long": ("long.txt", "text"),
                "raw": ("raw.bin", "file"),
                "scan": ("scan.png", "image"),
                "labels": ("labels.tif", "image"),
                "wide": ("wide.csv", "table"),
            }
            bench.method("report", REPORT, inputs={"table": "upstream"}, outputs=report)
            bench.method(
                "wait",
                WAIT,
                files={"helper.py": WAITING},
                tracked=("helper.py:wait",),
                inputs={"table": "upstream"},
            )
            for method, sample, *words in (
                ("scale", "s1", "--set", "scale.factor=3"),
                ("draw", "s1", "--input", "table=run:1/table"),
                ("break", "s1", "--input", "table=run:1/table"),
                ("scale", "s2", "--set", "scale.factor=4"),
                ("draw", "s2", "--input", "table=run:4/table"),
                ("report", "s2", "--input", "table=run:4/table"),
            ):
                ran = bench.pm("run", method, "--sample", sample, *words)
                assert method == "break" or ran.returncode == 0, ran.stderr
            yield Results(lab, bench, Rows(bench.store))
            bench.close()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def execute(page: Page, command: str, **args: object) -> None:
    page.evaluate(
        "async ([id, args]) => { await window.jupyterapp.commands.execute(id, args); }",
        [command, args],
    )


def copied(page: Page) -> str:
    return str(page.evaluate("() => navigator.clipboard.readText()"))


def wait_until_copied(page: Page, begin: str) -> str:
    """Return what is copied once it begins so; the server may be asked for it first."""
    for _ in range(600):
        if (text := copied(page)).startswith(begin):
            return text
        page.wait_for_timeout(100)
    raise AssertionError(f"never copied: {begin}…; there is: {text}")


def forget_refusals(complaints: list[str]) -> None:
    """Chromium itself reports every refused request as an error; nothing else may be there."""
    assert all("/pm/api/" in each and "status of 4" in each for each in complaints), complaints
    complaints.clear()


def use_theme(page: Page, theme: str) -> None:
    execute(page, "apputils:change-theme", theme=theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)


THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}
