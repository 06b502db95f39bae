"""Runs a method folder the way the kernel does: prepared, moved, described, started."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pm_kernel.running import prepare as prepare_module
from pm_kernel.running.task import (
    Entry,
    Option,
    PathInput,
    PathsInput,
    TaskDocument,
    Tracked,
    ValueInput,
)

PREPARE = Path(prepare_module.__file__)
Inputs = Mapping[str, PathInput | PathsInput | ValueInput]


@dataclass(frozen=True)
class Ran:
    """What a run left behind."""

    exit_code: int
    log: str
    report: dict[str, Any] | None
    calls: list[dict[str, Any]]
    run_dir: Path
    code_dir: Path
    work_dir: Path
    said: str = ""

    @property
    def arrived(self) -> list[tuple[str, dict[str, str]]]:
        """(function, values as text) of every line, each once, in order of first arrival."""
        found: list[tuple[str, dict[str, str]]] = []
        for call in self.calls:
            entry = (call["f"], {name: value["text"] for name, value in call["v"].items()})
            if entry not in found:
                found.append(entry)
        return found

    @property
    def metrics(self) -> dict[str, Any]:
        assert self.report is not None, self.log
        metrics: dict[str, Any] = self.report["metrics"]
        return metrics


@dataclass
class Bench:
    """Makes methods from text and runs them below one folder."""

    root: Path
    python: str = sys.executable
    _number: int = 0
    _prepared: dict[str, Any] = field(default_factory=dict)

    def method(self, files: Mapping[str, str | bytes]) -> Path:
        """Write a method folder."""
        self._number += 1
        folder = self.root / f"method{self._number}"
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return folder

    def prepare(
        self, method: Path, tracked: Sequence[str | Mapping[str, Any]], kind: str = "function"
    ) -> tuple[Path, dict[str, Any]]:
        """Prepare a copy of a method folder; ``tracked`` are ``file:qualname``."""
        self._number += 1
        cache = self.root / f"cache{self._number}"
        shutil.copytree(method, cache)
        functions = []
        for each in tracked:
            if isinstance(each, str):
                file, _, qualname = each.partition(":")
                name = qualname
                each = {"function": name, "qualname": qualname, "file": file, "params": None}
            functions.append(each)
        spec = {"entry": {"file": "run.py", "kind": kind}, "tracked": functions}
        done = subprocess.run(
            [self.python, "-I", str(PREPARE), str(cache), "-"],
            input=json.dumps(spec),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return cache, json.loads(done.stdout)

    def run(
        self,
        method: Path | Mapping[str, str | bytes],
        tracked: Sequence[str | Mapping[str, Any]] = (),
        *,
        set: Mapping[str, str] | None = None,
        paths: Mapping[str, Any] | None = None,
        inputs: Inputs | None = None,
        outputs: Mapping[str, str] | None = None,
        kind: str = "function",
        options: Mapping[str, Option] | None = None,
        environ: Mapping[str, str] | None = None,
        heartbeat: float = 5,
    ) -> Ran:
        """Run a method to its end."""
        started = self.start(
            method,
            tracked,
            set=set,
            paths=paths,
            inputs=inputs,
            outputs=outputs,
            kind=kind,
            options=options,
            environ=environ,
            heartbeat=heartbeat,
        )
        return started.finish()

    def start(
        self,
        method: Path | Mapping[str, str | bytes],
        tracked: Sequence[str | Mapping[str, Any]] = (),
        *,
        set: Mapping[str, str] | None = None,
        paths: Mapping[str, Any] | None = None,
        inputs: Inputs | None = None,
        outputs: Mapping[str, str] | None = None,
        kind: str = "function",
        options: Mapping[str, Option] | None = None,
        environ: Mapping[str, str] | None = None,
        heartbeat: float = 5,
        before: Mapping[str, str] | None = None,
        process_group: int | None = None,
    ) -> Started:
        """Start a method; ``before`` are files written into the run directory beforehand."""
        folder = method if isinstance(method, Path) else self.method(method)
        cache, prepared = self.prepare(folder, tracked, kind)
        assert prepared["refused"] == []
        self._number += 1
        task = self.root / f"task{self._number}"
        code = task / "code"
        shutil.copytree(cache, code, symlinks=True)
        # What was prepared must not depend on the place where that happened.
        shutil.rmtree(cache)
        run_dir = self.root / f"run{self._number}"
        (run_dir / ".pm").mkdir(parents=True)
        for name, text in (before or {}).items():
            (run_dir / name).write_text(text)
        document = TaskDocument(
            run_dir=run_dir,
            work_dir=task / "work",
            entry=Entry("run.py", "script" if kind == "script" else "function", options or {}),
            inputs=inputs or {},
            outputs=outputs or {},
            tracked=[
                Tracked(each["function"], each["qualname"], each["file"], each["params"])
                for each in prepared["found"]
            ],
            set=set or {},
            paths=paths or {},
            heartbeat_seconds=heartbeat,
        )
        (code / "_pm_task.json").write_text(document.to_json())
        process = subprocess.Popen(
            [self.python, str(code / "_pm_runner.py")],
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=dict(os.environ if environ is None else environ),
            process_group=process_group,
        )
        return Started(process, run_dir, code, task / "work")


@dataclass(frozen=True)
class Started:
    """A run under way."""

    process: subprocess.Popen[str]
    run_dir: Path
    code_dir: Path
    work_dir: Path

    def finish(self, timeout: float = 120) -> Ran:
        """Wait for the end and read what the run left."""
        said, _ = self.process.communicate(timeout=timeout)
        ours = self.run_dir / ".pm"
        log = self.run_dir / "run.log"
        lines = _text(ours / "calls.jsonl").splitlines()
        report = _text(ours / "report.json")
        return Ran(
            exit_code=self.process.returncode,
            log=_text(log),
            report=json.loads(report) if report else None,
            calls=[json.loads(line) for line in lines],
            run_dir=self.run_dir,
            code_dir=self.code_dir,
            work_dir=self.work_dir,
            said=said,
        )


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def interpreters() -> list[str]:
    """Other versions of Python on this machine; PM_TEST_PYTHONS names more, with ``:`` between."""
    commands = [f"python3.{minor}" for minor in (9, 10, 12, 13, 14)]
    commands += filter(None, os.environ.get("PM_TEST_PYTHONS", "").split(os.pathsep))
    found: dict[tuple[int, ...], str] = {}
    for command in commands:
        path = shutil.which(command)
        code = "import sys; print(sys.executable, *sys.version_info[:2])"
        # A version manager's stub exists for versions that cannot be started.
        asked = path and subprocess.run([path, "-c", code], capture_output=True, text=True)
        if asked and asked.returncode == 0:
            executable, *version = asked.stdout.rsplit(maxsplit=2)
            found[tuple(map(int, version))] = executable
    return [found[version] for version in sorted(found) if version != sys.version_info[:2]]
