"""``report.json``: how the run ended, and what can only be known inside its process.

Written once, at the very end of the process. A method that ends without it (``os._exit``, a crash,
a kill) has not finished, whatever its exit code says.
"""

from __future__ import annotations

import json
import os
import resource
import sys

from .failure import SourceRun, describe, show
from .imported import Imported
from .metrics import metrics_of, storable
from .reads import BESIDE, MAX_NAMED, Reads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Report:
    """Collects until ``write``; made before the method's code starts."""

    def __init__(self, task: dict[str, Any], code_dir: str, seam: Any, before: set[str]) -> None:
        """``before``: modules that Python loads for itself (.pth files): not the method's doing."""
        self._task = task
        self._code_dir = code_dir
        self._seam = seam
        self._pid = os.getpid()
        self._ours = os.path.join(task["run_dir"], ".pm")
        self._ending: dict[str, Any] | None = None
        self._metrics: dict[str, Any] = {}
        self._notices: list[str] = []
        self._before = before
        self._reads = Reads()
        self._reads.watch()

    def returned(self, result: Any) -> None:
        """``run()`` returned, or the script came to its end."""
        self._metrics, notices = metrics_of(result)
        self._notices += notices
        self._ending = {"outcome": "returned", "exit_code": 0, "error": None}

    def ended(self, outcome: str, exit_code: int, error: BaseException) -> None:
        """An exception or ``sys.exit()`` ended the method."""
        document = None
        if exit_code:
            document = describe(error, self._code_dir)
            if isinstance(error, SystemExit):
                said = error.code if isinstance(error.code, str) else f"exit code {exit_code}"
                document["message"] = said
        self._ending = {"outcome": outcome, "exit_code": exit_code, "error": document}

    def refuse_source(self) -> int:
        """Fail the run if tracked code ran from source; returns the exit code, 0 if it did not.

        Such code reported nothing and used none of the values that the plan set.
        """
        compiled = self._lines("source.jsonl")
        if not compiled:
            return 0
        first = compiled[0]
        python = first.get("python", "?")
        called = " ".join(os.path.basename(word) for word in first.get("argv", [])[:2])
        how = f" by `{called}`" if called else ""
        module = str(first.get("file", "?"))
        name = (module[:-3] if module.endswith(".py") else module).replace("/", ".")
        error = SourceRun(
            f"{module} was run from its source{how} (Python {python}), where its tracked functions "
            "cannot report their parameters or use the values that were set. "
            f"Start it as a module instead (`python -m {name}`), with the method's own interpreter."
        )
        show(error, self._code_dir)
        self.ended("raised", 1, error)
        return 1

    def write(self) -> None:
        """Write the report; called when the interpreter ends, after the method's own handlers."""
        if os.getpid() != self._pid or self._ending is None:
            return
        late = 0
        if self._ending["exit_code"] == 0:
            late = self.refuse_source()
        document = self._document()
        path = os.path.join(self._ours, "report.json")
        try:
            with open(path + ".new", "w", encoding="utf-8") as stream:
                json.dump(document, stream, allow_nan=False)
            os.replace(path + ".new", path)
        except OSError as error:
            # Taken away or full: without a report the run counts as failed, and this says why.
            print(f"The run's report could not be written: {error}", file=sys.stderr)
        if late:
            # Too late for another exit code by any other way.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(late)

    def _document(self) -> dict[str, Any]:
        ending = dict(self._ending or {})
        if ending["error"] is not None:
            ending["error"] = {
                key: storable(value) if isinstance(value, str) else value
                for key, value in ending["error"].items()
            }
        imported = Imported(self._code_dir, self._before)
        imported.add_own()
        for line in self._lines("imports.jsonl"):
            for name, path in line["files"].items():
                imported.add(name, path)
        calls = self._calls()
        usage = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        unit = 1 if sys.platform == "darwin" else 1024
        return {
            "format": 1,
            **ending,
            "metrics": self._metrics,
            "notices": [storable(text) for text in [*self._notices, *self._observed(imported)]],
            "calls": calls,
            "imports": dict(sorted(imported.versions.items())),
            "editable": dict(sorted(imported.editable.items())),
            "outside_files": {storable(k): v for k, v in sorted(imported.outside.items())},
            "python": ".".join(str(number) for number in sys.version_info[:3]),
            "peak_rss_bytes": max(each.ru_maxrss for each in usage) * unit,
            "cpu_seconds": round(sum(each.ru_utime + each.ru_stime for each in usage), 3),
        }

    def _observed(self, imported: Imported) -> list[str]:
        notices = []
        task = self._task
        declared = []
        for entry in task["inputs"].values():
            if entry["kind"] != "value":
                declared += entry["value"] if isinstance(entry["value"], list) else [entry["value"]]
        own = [self._code_dir, task["run_dir"], task["work_dir"], *imported.projects]
        beside = [
            path
            for path in self._reads.undeclared(declared, own)
            if os.path.realpath(path) not in imported.outside
        ]
        if beside:
            more = f" and {len(beside) - MAX_NAMED} more" if len(beside) > MAX_NAMED else ""
            notices.append(f"{BESIDE}: {', '.join(beside[:MAX_NAMED])}{more}.")
        lost = self._seam.lost()
        if lost:
            notices.append(
                f"Parameters of {lost} calls could not be written down; the disk may be full."
            )
        return notices

    def _calls(self) -> dict[str, int]:
        """Calls per function: this process's own, and one for each line that another wrote."""
        counts: dict[str, int] = dict(self._seam.counts())
        more = set()
        for line in self._lines("calls.jsonl"):
            if line.get("pid") != self._pid or line["f"] not in counts:
                counts[line["f"]] = counts.get(line["f"], 0) + 1
            if line.get("more"):
                more.add(line["f"])
        if more:
            self._notices.append(
                f"Too many different values arrived in {', '.join(sorted(more))}; "
                "the first 1000 of each process were written down."
            )
        return counts

    def _lines(self, name: str) -> list[dict[str, Any]]:
        try:
            with open(os.path.join(self._ours, name), "rb") as stream:
                texts = stream.read().split(b"\n")
        except FileNotFoundError:
            return []
        lines = []
        for text in texts:
            try:
                line = json.loads(text)
            except ValueError:
                continue  # a child was killed while it wrote
            lines.append(line)
        return lines
