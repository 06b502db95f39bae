"""Each resource over a real database and a real run store."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any
from zipfile import ZipFile

import pytest

from pm_kernel.store.ownership import PlanLock

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


async def test_how_much_of_nextflow_is_there_is_told_without_fetching_it(
    bench, api, monkeypatch, tmp_path
):
    monkeypatch.setenv("PM_CACHE_DIR", str(tmp_path / "nothing"))
    told = await api.get("nextflow")
    assert (told["ready"], told["own"], told["files"]) == (False, False, 0)
    assert not (tmp_path / "nothing").exists()


async def test_a_drawing_with_faults_is_kept_until_it_is_saved(bench, api):
    """What no plan and no template takes is there for another browser, as it was drawn."""
    drawn = {"document": {"name": "cells", "steps": {"a": {"method": ""}}}, "request": {}}
    assert (await api.get("drawings"))["drawings"] == []
    kept = await api("PUT", "drawings/tab-1", {"content": drawn})
    assert (kept["name"], kept["steps"], kept["template"]) == ("cells", 1, None)
    assert (await api.get("drawings"))["drawings"] == [kept]
    assert (await api.get("drawings/tab-1"))["content"] == drawn
    assert await api("PUT", "drawings/tab-1", {"content": {}}, status=409)
    changed = {**drawn, "template": {"name": "saved", "revision": "x"}}
    kept = await api("PUT", "drawings/tab-1", {"content": changed, "expected": kept["revision"]})
    assert kept["template"] == "saved"
    await api("DELETE", "drawings/tab-1", expected=kept["revision"])
    assert (await api("GET", "drawings/tab-1", status=404))["error"] == "NotFound"


async def test_a_template_keeps_what_it_was_and_knows_the_plans_that_were_made_of_it(study, api):
    saved = await api("PUT", "templates/daily", {"document": DOCUMENT}, status=201)
    assert (saved["version"], saved["note"], saved["updated_by"]) == (1, "", saved["created_by"])
    shorter = {**DOCUMENT, "steps": {"load": DOCUMENT["steps"]["load"]}}
    body = {"document": shorter, "expected": saved["revision"], "note": "only <i>load</i>"}
    saved = await api("PUT", "templates/daily", body)
    listed = await api.get("templates/daily/versions")
    assert listed["before"] is None
    assert [(each["version"], each["removed"]) for each in listed["versions"]] == [
        (2, ["all"]),
        (1, []),
    ]
    page = await api.get("templates/daily/versions", limit=1)
    assert (page["versions"], page["before"]) == (listed["versions"][:1], 2)
    for which in ("1", listed["versions"][1]["content_hash"][:8]):
        first = await api.get(f"templates/daily/versions/{which}")
        assert set(first["document"]["steps"]) == set(DOCUMENT["steps"])
        assert first["template"]["revision"] == saved["revision"]
    assert await api("GET", "templates/daily/versions/7", status=404)

    async def planned(pipeline: str, **body: Any) -> int:
        drawn = {"document": {**DOCUMENT, "name": pipeline}, "request": request_for("s1"), **body}
        return int((await api("POST", "plans", drawn, status=201))["plan_id"])

    made = await planned("daily", template="daily", name="called otherwise")
    by_name = await planned("daily")
    await planned("weekly", name="daily")
    renamed = {"name": "each day", "expected": saved["revision"]}
    saved = await api("PATCH", "templates/daily", renamed)
    plans = [each["plan_id"] for each in (await api.get("plans", pipeline="each day"))["plans"]]
    assert plans == [made]
    plans = [each["plan_id"] for each in (await api.get("plans", pipeline="daily"))["plans"]]
    assert plans == [by_name]
    await api("DELETE", "templates/each day", expected=saved["revision"])


async def test_the_life_of_a_plan(study, api):
    preview = await api(
        "POST", "preview", {"document": DOCUMENT, "request": request_for(*SAMPLES), "tree": True}
    )
    assert preview["counts"] == {"total": 4, "run": 4, "reuse": 0, "blocked": 0}
    assert preview["seconds"] is None
    assert preview["estimate"]["unknown_methods"] == ["load", "merge"]
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
    again = {**request_for(*SAMPLES), "rerun": {"parts": [{"sample": "s1", "step": "load"}]}}
    foretold = await api("POST", f"{plan}/preview", {"request": again, "limit": 1})
    assert [node["label"] for node in foretold["tree"]["nodes"]] == ["s1"]
    assert foretold["tree"]["nodes"][0]["runs"][0]["reason"] == "re-run asked"
    edited = await api("PUT", plan, {"expected": edited["revision"], "request": again})
    assert edited["request"]["rerun"] == again["rerun"]
    (node, *_others) = (await api.get(f"{plan}/preview"))["tree"]["nodes"]
    assert (node["label"], node["runs"][0]["reason"]) == ("s1", "re-run asked")
    wrong = {**again, "rerun": {"parts": [{"sample": "nobody"}]}}
    refused = await api("PUT", plan, {"expected": edited["revision"], "request": wrong}, status=422)
    assert "run sample 'nobody' again" in refused["problems"][0]["message"]
    # What was chosen before and has left the plan since is only noted.
    fewer = {**request_for("s2"), "rerun": again["rerun"]}
    edited = await api("PUT", plan, {"expected": edited["revision"], "request": fewer})
    (notice,) = edited["preview"]["problems"]
    assert (notice["severity"], notice["code"]) == ("notice", "unknown_rerun")
    await api("PUT", plan, {"expected": edited["revision"], "request": again})
    script = (await api.get(f"{plan}/python"))["python"]
    assert '{"step": "load", "sample": "s1"}' in script
    assert [p["plan_id"] for p in (await api.get("plans"))["plans"]] == [draft["plan_id"]]
    assert (await api.get(f"{plan}/runs", state="waiting"))["total"] == 4


async def test_several_failed_runs_of_a_running_plan_are_retried_together(study, api):
    for sample in ("s1", "s2"):
        (study.broken / sample).touch()
    plan_id = study.run(*SAMPLES)
    study.bench.execute("UPDATE runs SET error = repeat('x', 5000) || E'\n' || 'its end' "
                        "WHERE status = 'failed' AND sample = 's1'")  # fmt: skip
    failed = await api.get(f"plans/{plan_id}/runs", state="failed")
    runs = [row["run_id"] for row in failed["planned_runs"]]
    assert len(runs) == 2
    # A list of thousands has how each of them ends.
    errors = {row["sample"]: row["error"] for row in failed["planned_runs"]}
    assert (errors["s1"][0], len(errors["s1"])) == ("…", 1001)
    assert errors["s1"].endswith("x\nits end")
    assert len((await api.get(f"runs/{runs[0]}"))["error"]) > 5000
    # The supervisor is at work: what is asked for is left to it.
    study.bench.execute("UPDATE execution_plans SET status = 'running'")
    lock = PlanLock(study.bench.store.url, plan_id)
    assert lock.acquire()
    try:
        address = f"plans/{plan_id}/retry"
        answer = await api("POST", address, {"run_ids": runs})
        assert (answer["runs"], answer["queued"]) == (3, True)
        good = (await api.get(f"plans/{plan_id}/runs", state="completed"))["planned_runs"][0]
        assert good["again_by"] is None
        # What has a result keeps it until the running launch has ended.
        answer = await api("POST", address, {"sample": good["sample"], "again": True})
        assert (answer["runs"], answer["queued"], answer["again"]) == (2, True, 3)
        shown = (await api.get(f"plans/{plan_id}/runs", sample=good["sample"]))["planned_runs"]
        assert [(row["state"], row["again_by"]) for row in shown] == [("completed", "somebody")]
        assert (await api.get(f"plans/{plan_id}/status"))["again"] == 3
        back = f"plans/{plan_id}/take_back"
        answer = await api("POST", back, {"run_ids": [good["run_id"]]})
        assert (answer["runs"], answer["again"]) == (1, 2)
        await api("POST", back, {"sample": good["sample"]}, status=409)
        assert (await api("POST", back, {}))["runs"] == 2
        refused = await api("POST", address, {"run_ids": [*runs, 99]}, status=404)
        assert refused["message"] == f"Run 99 is no run of plan {plan_id}."
        await api("POST", address, {"run_ids": ["1"]}, status=422)
    finally:
        lock.release()


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
    preview = await api.get(f"plans/{plan_id}/preview")
    assert [s["seconds"] is not None for s in preview["steps"]] == [True, False]
    # One run of `load` is to be made again; how long `merge` takes nobody knows.
    assert preview["estimate"] == {
        "work_seconds": round(preview["steps"][0]["seconds"], 3),
        "longest_seconds": round(preview["steps"][0]["seconds"], 3),
        "unknown_methods": ["merge"],
        "documented_methods": [],
    }
    assert [s["seconds_from"] for s in preview["steps"]] == ["history", None]
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
    assert (log["ended"], log["pushed"]) == (True, False)
    levels = (await api.get(f"plans/{plan_id}/levels"))["steps"]
    assert [(s["step"], s["entries"], s["runs"]) for s in levels] == [
        ("load", {"ERROR": 1}, {"ERROR": 1})
    ]
    found = await api.get("logs", containing="cannot", level="ERROR")
    assert [e["run"]["run_id"] for e in found["entries"]] == [bad["run_id"]]
    assert found["before"] is None
    assert found["looked_at"] > 1
    for step, runs in (("load", [bad["run_id"]]), ("other", [])):
        asked = {"plan": plan_id, "step": step}
        found = await api.get("logs", level="ERROR", **asked)
        assert [e["run"]["run_id"] for e in found["entries"]] == runs
        listed = (await api.get("runs", **asked))["runs"]
        assert [run["run_id"] for run in listed if run["status"] == "failed"] == runs
    assert (await api.get("runs", log="cannot"))["unsearched"] is False


async def ended(api, run_id: int) -> dict:
    """A run when it has ended."""
    for _ in range(1200):
        run = await api.get(f"runs/{run_id}")
        if run["status"] != "running":
            return run
        await asyncio.sleep(0.1)
    raise AssertionError("it did not end")


async def test_one_step_now(study, api):
    asked = {
        "method": "load",
        "sample": "s1",
        "inputs": [{"name": "image", "text": "file:s1.txt"}],
        "params": {"scale.factor": "3"},
        "notes": "only this one",
    }
    begun = await api("POST", "runs", asked, status=201)
    run = await ended(api, begun["run_id"])
    assert (run["status"], run["plan_id"], run["sample"]) == ("completed", begun["plan_id"], "s1")
    assert run["metrics"] == {"value": 12}
    refused = await api("POST", "runs", asked, status=409)
    assert (refused["error"], refused["run_id"]) == ("Reusable", begun["run_id"])
    again = await api("POST", "runs", {**asked, "rerun": True}, status=201)
    assert (await ended(api, again["run_id"]))["status"] == "completed"
    assert again["run_id"] > begun["run_id"]
    for wrong, status in (
        ({"method": "none"}, 404),
        ({**asked, "version": 7}, 404),
        ({**asked, "params": {"scale.factor": "many"}}, 422),
        ({**asked, "inputs": [{"name": "image", "text": "run:99/table"}]}, 422),
        ({**asked, "nonsense": 1}, 422),
    ):
        await api("POST", "runs", wrong, status=status)
    assert study.bench.unfinished() == []


async def test_one_step_now_is_stopped_by_cancelling_its_plan(study, api):
    study.bench.method("wait", "import time\n\ndef run(output_dir):\n    time.sleep(600)\n")
    begun = await api("POST", "runs", {"method": "wait"}, status=201)
    await api("POST", f"plans/{begun['plan_id']}/cancel")
    assert (await ended(api, begun["run_id"]))["status"] == "cancelled"
    assert (await api.get(f"plans/{begun['plan_id']}"))["status"] == "cancelled"


async def test_a_pipeline_that_is_being_drawn(study, api):
    checked = await api("POST", "check", {"document": DOCUMENT, "request": request_for("s1", "s2")})
    assert (checked["problems"], checked["runs"], checked["final_results"]) == ([], 3, 1)
    assert [(s["step"], s["runs"]) for s in checked["steps"]] == [("load", 2), ("all", 1)]
    wrong = {
        "steps": {
            **DOCUMENT["steps"],
            "typo": {"method": "lod"},
            "all": {"method": "merge", "inputs": {"tables": {"from": "typo.table"}}},
        }
    }
    problems = (await api("POST", "check", {"document": {**DOCUMENT, **wrong}}))["problems"]
    assert {p["step"] for p in problems} >= {"typo", "all"}
    assert any("load" in p["message"] for p in problems if p["step"] == "typo")
    values = await api(
        "POST",
        "methods/load/versions/1/values",
        {"params": {"scale.factor": "3", "scale.nothing": "1"}, "inputs": {"image": "x"}},
    )
    assert values["params"][0] == {"name": "scale.factor", "value": "3", "problem": None}
    assert "has no parameter 'scale.nothing'" in values["params"][1]["problem"]
    values = await api(
        "POST", "methods/load/versions/1/values", {"params": {"scale.factor": "a few"}}
    )
    assert "a whole number" in values["params"][0]["problem"]


async def test_what_fits_a_port(study, api):
    study.bench.method(
        "draw", "def run(output_dir):\n    pass\n", outputs={"figure": ("f.png", "image")}
    )
    found = await api.get("methods/merge/versions/1/connections", input="tables")
    reasons = {(c["method"], c["name"]): c["reason"] for c in found["connections"]}
    assert reasons["load", "table"] is None
    assert found["connections"][0]["reason"] is None
    assert "it wants a result of module 'reading'" in reasons["draw", "figure"]
    found = await api.get("methods/load/versions/1/connections", output="table")
    assert {(c["method"], c["name"]) for c in found["connections"] if c["reason"] is None} == {
        ("merge", "tables"),
        ("load", "image"),
    }
    await api("GET", "methods/load/versions/1/connections", status=422)
    await api("GET", "methods/load/versions/1/connections", input="none", status=404)


async def test_earlier_results_for_a_port(study, api):
    study.run("s1", "s2")
    address = "methods/merge/versions/1/candidates"
    found = await api.get(address, input="tables")
    assert [(c["run"]["sample"], c["output"]["name"]) for c in found["candidates"]] == [
        (sample, output) for sample in ("s2", "s1") for output in ("page", "table", "tiles")
    ]
    assert found["candidates"][-1]["text"] == "run:1/tiles"
    page = await api.get(address, input="tables", limit=1)
    assert {c["run"]["sample"] for c in page["candidates"]} == {"s2"}
    rest = await api.get(address, input="tables", limit=1, before=page["before"])
    assert {c["run"]["sample"] for c in rest["candidates"]} == {"s1"}
    assert (rest["before"], (await api.get(address, input="tables", sample="s3"))) == (
        None,
        {"candidates": [], "before": None},
    )


async def test_runs_side_by_side(study, api):
    study.run("s1")
    other = {**DOCUMENT["steps"]["load"], "params": {"scale.factor": "3"}}
    study.run("s1", steps={**DOCUMENT["steps"], "load": other})
    found = await api.get("compare", run=[1, 3])
    rows = {(s["kind"], r["name"]): r for s in found["sections"] for r in s["rows"]}
    factor = rows["parameters", "scale.factor"]
    assert (factor["cells"], factor["differs"], factor["changed"]) == (
        ["2", "3"],
        True,
        [False, True],
    )
    assert rows["metrics", "value"]["cells"] == ["8", "12"]
    assert rows["outputs", "table"]["differs"]
    assert not rows["outputs", "tiles"]["differs"]
    assert not rows["record", "commit"]["differs"]
    assert rows["inputs", "image"]["differs"] is False
    results = await api.get("compare", run="2,4", upstream=True)
    (upstream,) = [s for s in results["sections"] if s["kind"] == "upstream"]
    assert {r["name"]: r["cells"] for r in upstream["rows"] if r["differs"]} == {
        "load · scale.factor": ["2", "3"]
    }
    await api("GET", "compare", run=[1], status=422)
    await api("GET", "compare", run=[1, 99], status=404)
    told = await asyncio.to_thread(study.bench.pm, "compare", "1", "3")
    assert "scale.factor" in told.stdout
    assert "commit" not in told.stdout
    told = await asyncio.to_thread(study.bench.pm, "compare", "1", "3", "--json")
    assert json.loads(told.stdout)["sections"] == found["sections"]


async def test_a_sample_sheet_is_read(study, api):
    sheet = "sample;image\ns1;s1.txt\ns1;twice.txt\ns2;s2.txt\n"
    read = await api("POST", "samples", {"text": sheet, "required": ["image", "age"]})
    assert (read["columns"], read["total"]) == (["sample", "image"], len(read["rows"]))
    assert {p["code"] for p in read["problems"]} >= {"missing_column"}
    (study.bench.root / "sheet.csv").write_text("sample,image\ns1,s1.txt\n")
    read = await api("POST", "samples", {"path": "sheet.csv"})
    assert (read["rows"], read["problems"]) == ([["s1", "s1.txt"]], [])
    (study.bench.root / "out").symlink_to("/etc")
    for path in ("/etc/passwd", "../x.csv", "out/passwd"):
        refused = await api("POST", "samples", {"path": path}, status=422)
        assert "outside the workspace" in refused["message"]
    await api("POST", "samples", {"path": "none.csv"}, status=404)
    await api("POST", "samples", {}, status=422)
    many = "sample\n" + "".join(f"s{n}\n" for n in range(100_000))
    read = await api("POST", "samples", {"text": many})
    assert (read["total"], len(read["rows"])) == (100_000, 1000)


async def test_a_pipeline_is_taken_along(study, api):
    plan_id = study.run("s1")
    drawn = {"document": DOCUMENT, "request": request_for("s1", "s2"), "name": "taken"}
    for verb, path, body in (("GET", f"plans/{plan_id}/export", None), ("POST", "export", drawn)):
        answer = await api.raw(verb, path, body)
        assert answer.code == 200
        with ZipFile(io.BytesIO(answer.body)) as archive:
            names = {name.partition("/")[2] for name in archive.namelist()}
            assert names >= {"pipeline.nf", "tasks.tsv", "plan.json", "README.md"}
            (readme,) = [archive.read(n) for n in archive.namelist() if n.endswith("README.md")]
        assert b"nextflow run pipeline.nf" in readme
    for text in (
        (await api.get(f"plans/{plan_id}/python"))["python"],
        (await api("POST", "python", drawn))["python"],
    ):
        compile(text, "plan.py", "exec")
        assert "from pm_kernel import Pipeline" in text
    await api("POST", "export", {"document": {"format": 1, "steps": {"a": {}}}}, status=422)


async def test_everything_as_one_graph(study, api):
    (study.broken / "s2").touch()
    study.run("s1", "s2")
    study.run("s1")
    found = await api.get("everything")
    assert {m["method"]: m["runs"] for m in found["methods"]} == {
        "load": {"completed": 1, "failed": 1},
        "merge": {"completed": 1},
    }
    assert found["edges"] == [{"source": "load", "target": "merge", "count": 1}]
    assert (await api.get("everything", sample="s2"))["edges"] == []
    for query in ({"plan": 2}, {"since": "1h"}, {"module": "merging"}):
        assert (await api.get("everything", **query))["edges"] == found["edges"], query
    assert (await api.get("everything", until="1h"))["edges"] == []
    (edge,) = (await api("POST", "edges", {"runs": [1, 2, 3]}))["edges"]
    assert (edge["run_id"], edge["source_run_id"], edge["output"]) == (3, 1, "table")
    assert (await api("POST", "edges", {"runs": [2, 3]}))["edges"] == []
    await api("POST", "edges", {"runs": ["1"]}, status=422)


async def test_why_a_plan_failed(study, api):
    plan_id = study.run("s1")
    folder = study.bench.runs / "plans" / str(plan_id) / "launches" / "1"
    folder.mkdir(parents=True)
    (folder / "nextflow.log").write_text("x" * 20_000 + "\nERROR <b>no space</b>\n")
    study.bench.execute("UPDATE execution_plans SET status = 'failed', error = 'no space'")
    told = await api.get(f"plans/{plan_id}/trouble")
    assert (told["status"], told["error"]) == ("failed", "no space")
    assert told["launches"][0]["log"] == "ERROR <b>no space</b>\n"
    await api("GET", "plans/99/trouble", status=404)
