"""The demo as a stranger runs it: real images, real Nextflow, real PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PM = Path(sys.executable).with_name("pm")


@pytest.mark.nextflow
def test_the_demo_runs_is_traced_and_reused(tmp_path: Path) -> None:
    folder = tmp_path / "demo workspace"
    environ = {key: text for key, text in os.environ.items() if not key.startswith("PM_")}

    def pm(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PM, *words], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=600
        )

    def ask(*words: str) -> Any:
        done = pm("-w", str(folder), *words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    try:
        first = pm("demo", str(folder))
        assert first.returncode == 0, first.stderr[-3000:]
        assert "26 runs (26 new, 0 reused), 2 final results" in first.stdout
        assert "figure_3.png" in first.stdout
        runs = ask("runs", "--limit", "100")["runs"]
        assert [run["state"] for run in runs] == ["completed"] * 26

        final = max(run["run_id"] for run in runs if run["method"] == "positive_fraction")
        lineage = ask("lineage", str(final))
        methods = [node["method"] for node in lineage["runs"]]
        assert sorted(set(methods)) == [
            "label_positive",
            "ploidy_gate",
            "positive_fraction",
            "quality_filter",
            "regionprops",
        ]
        # One figure rests on four fields through one of the two gates: 1 + 4 × 4 runs.
        assert len(methods) == 17
        assert (folder / ".runs" / f"{final:08d}" / "figure_3.png").stat().st_size > 1000
        assert pm("-w", str(folder), "verify", "--full").returncode == 0

        second = pm("demo", str(folder))
        assert second.returncode == 0, second.stderr[-3000:]
        assert "26 runs (0 new, 26 reused), 2 final results" in second.stdout
        assert "figure_3.png" in second.stdout
        assert len(ask("runs", "--limit", "100")["runs"]) == 26
        assert ask("plan", "list")[0]["counts"] == {"reused": 26}
    finally:
        pm("-w", str(folder), "db", "stop")
