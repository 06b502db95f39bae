"""Class data that Java makes once: kept while somebody uses it, gone when nobody does."""

from __future__ import annotations

import os
import time
from pathlib import Path

from pm_kernel.nextflow.classdata import class_data_flags, make_class_data
from pm_kernel.nextflow.java import Java

#: A Java that makes the file it is asked for.
STUB = """#!/bin/sh
for word; do
    case $word in -XX:ArchiveClassesAtExit=*) echo classes > "${word#*=}" ;; esac
done
"""
DAY = 24 * 3600


def test_making_class_data_removes_what_nobody_used_for_a_month(tmp_path: Path) -> None:
    stub = tmp_path / "java"
    stub.write_text(STUB)
    stub.chmod(0o755)
    java = Java(stub, "21.0.8", "PATH")
    folder = tmp_path / "jars"
    for name, days in (("classdata-old", 31), ("classdata-other", 29), ("lib", 400)):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text("x")
        then = time.time() - days * DAY
        os.utime(folder / name, (then, then))
    assert class_data_flags(folder, java) == ()
    make_class_data(folder, java, (), (), dict(os.environ))
    assert class_data_flags(folder, java) != ()
    kept = sorted(each.name for each in folder.iterdir())
    assert (kept[-2:], len(kept)) == (["classdata-other", "lib"], 3)


def test_using_class_data_keeps_it(tmp_path: Path) -> None:
    stub = tmp_path / "java"
    stub.write_text(STUB)
    stub.chmod(0o755)
    java = Java(stub, "21.0.8", "PATH")
    make_class_data(tmp_path, java, (), (), dict(os.environ))
    (made,) = tmp_path.glob("classdata-*")
    then = time.time() - 40 * DAY
    os.utime(made, (then, then))
    assert class_data_flags(tmp_path, java) != ()
    assert time.time() - made.stat().st_mtime < DAY
