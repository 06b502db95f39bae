"""Each resource over a real database and a real run store."""

from __future__ import annotations

import pytest

from .world import DOCUMENT, SAMPLES, Study, request_for


@pytest.fixture
def study(bench, life) -> Study:
    return Study(bench, life)


async def test_what_is_registered(study, api):
    modules = await api.get("modules")
    assert [m["name"] for m in modules["modules"]] == ["merging", "reading"]
    assert [m["method"] for m in (await api.get("modules/reading"))["methods"]] == ["load"]
    methods = (await api.get("methods"))["methods"]
    assert [m["method"] for m in methods] == ["merge", "load"]
    assert [m["method"] for m in (await api.get("methods", module="merging"))["methods"]] == [
        "merge"
    ]
    (tracked,) = (await api.get("methods/load"))["latest"]["declaration"]["tracked"]
    (factor,) = tracked["params"]
    assert (factor["name"], factor["expected"]) == ("factor", "2")
    assert factor["accepts"]["said"] == "a whole number"
    assert (await api.get("methods/load/versions/1"))["method"] == "load"
    study.bench.method("load", "def run(output_dir):\n    pass\n", module="reading", version=2)
    assert [v["version"] for v in (await api.get("methods/load"))["versions"]] == [1, 2]
    source = await api.get("methods/load/versions/1/source")
    assert [f["path"] for f in source["files"]] == ["helper.py", "run.py"]
    assert "def scale" in source["files"][0]["text"]
    changes = await api.get("methods/load/changes/1/2")
    assert "-def scale(value, factor: int = 2):" in changes["code"]
    for path in (
        "modules/none",
        "methods/none",
        "methods/load/versions/3",
        "methods/none/versions/1/source",
    ):
        assert (await api("GET", path, status=404))["error"] == "NotFound"


async def test_the_life_of_a_plan(study, api):
    preview = await api(
        "POST", "preview", {"document": DOCUMENT, "request": request_for(*SAMPLES), "tree": True}
    )
    assert preview["counts"] == {"total": 4, "run": 4, "reuse": 0, "blocked": 0}
    draft = await api(
        "POST",
        "plans",
        {"document": DOCUMENT, "request": request_for("s1", "s2"), "name": "first"},
        status=201,
    )
    plan = f"plans/{draft['plan_id']}"
    assert (draft["status"], draft["preview"]["counts"]["run"]) == ("draft", 3)
    edited = await api(
        "PUT",
        plan,
        {"expected": draft["revision"], "request": request_for(*SAMPLES), "notes": "all of them"},
    )
    assert edited["preview"]["counts"]["run"] == 4
    assert await api("PUT", plan, {"expected": draft["revision"], "notes": "x"}, status=409)
    assert (await api.get(f"{plan}/preview"))["counts"]["run"] == 4
    assert [p["plan_id"] for p in (await api.get("plans"))["plans"]] == [draft["plan_id"]]
    assert (await api.get(f"{plan}/runs", state="waiting"))["total"] == 4


async def test_what_a_plan_left_behind(study, api):
    (study.broken / "s2").touch()
    plan_id = study.run(*SAMPLES)
    plan = await api.get(f"plans/{plan_id}")
    assert plan["counts"] == {"completed": 2, "failed": 1, "blocked": 1}
    assert plan["status"] == "partial"
    status = await api.get(f"plans/{plan_id}/status")
    assert [s["step"] for s in status["steps"]] == ["load", "all"]
    failed = await api.get(f"plans/{plan_id}/runs", state="failed")
    (bad,) = failed["planned_runs"]
    assert bad["sample"] == "s2"
    assert "broken <b>picture</b>" in bad["error"]
    found = await api.get("runs", counts=True)
    assert found["counts"] == {"completed": 2, "failed": 1}
    good = (await api.get("runs", sample="s1", method="load/v1"))["runs"][0]["run_id"]
    run = await api.get(f"runs/{good}")
    assert run["metrics"] == {"value": 8}
    log = await api.get(f"runs/{bad['run_id']}/log")
    assert "Traceback" in log["text"]
    assert log["next_offset"] == log["size"]
    entries = await api.get(f"runs/{bad['run_id']}/log/entries", level="ERROR")
    assert entries["entries"][0]["message"].startswith("cannot go on\n")
    found = await api.get("logs", containing="cannot", level="ERROR")
    assert [e["run"]["run_id"] for e in found["entries"]] == [bad["run_id"]]
