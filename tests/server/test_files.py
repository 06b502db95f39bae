"""What lies in a run's directory, served. Somebody's code wrote it, so nothing is trusted."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path
from urllib.parse import quote
from zipfile import ZipFile

import pytest
from tornado.httpclient import HTTPResponse

from pm_kernel.errors import InvalidInput
from pm_server.table_preview import read_page

from .world import Study

#: A method that leaves everything behind that a directory can hold.
NASTY = r"""
import os
from pathlib import Path

def run(output_dir):
    out = Path(output_dir)
    (out / "deep" / "er").mkdir(parents=True)
    (out / "deep" / "er" / "x.txt").write_text("deep")
    (out / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")
    names = ["a b.txt", "100%.txt", "q?#.txt", "sn\u00f6.txt", "'quoted\".txt", "back\\slash.txt"]
    for name in names:
        (out / name).write_text(name)
    (out / os.fsdecode(b"bytes\xff.txt")).write_text("bytes")
    (out / "empty.bin").touch()
"""


@pytest.fixture
def study(bench, life) -> Study:
    return Study(bench, life)


@pytest.fixture
def fetch(http_server_client, jp_base_url, jp_auth_header):
    """Ask for a path exactly as written."""

    async def get(path: str, **headers: str) -> HTTPResponse:
        return await http_server_client.fetch(
            f"{jp_base_url}pm/api/{path}",
            headers={**jp_auth_header, **headers},
            raise_error=False,
            follow_redirects=False,
            request_timeout=120,
        )

    return get


async def test_outputs_are_listed_shown_and_taken_along(study, api):
    study.run("s1")
    outputs = {o["name"]: o for o in (await api.get("runs/1/outputs"))["outputs"]}
    assert {n: (o["kind"], o["base"], o["table"]) for n, o in outputs.items()} == {
        "table": ("file", "table.csv", True),
        "page": ("file", "page.html", False),
        "tiles": ("folder", "tiles", False),
    }
    listed = await api.get("runs/1/files", path="tiles")
    assert [(e["path"], e["size"]) for e in listed["entries"]] == [
        (f"tiles/{n}.txt", n + 1) for n in range(3)
    ]
    table = await api.get("runs/1/table", output="table")
    assert ([c["name"] for c in table["columns"]], table["rows"]) == (
        ["sample", "value"],
        [["s1", "8"]],
    )
    assert (await api.get("runs/1/table", path="table.csv", first=1))["rows"] == []
    assert "3 files" in (await api("GET", "runs/1/table", output="tiles", status=422))["message"]
    await api("GET", "runs/1/table", path="page.html", status=422)
    for query, names in (
        ({"output": "tiles"}, {f"tiles/{n}.txt" for n in range(3)}),
        ({"path": "tiles"}, {f"tiles/{n}.txt" for n in range(3)}),
        ({"output": "table"}, {"table.csv"}),
    ):
        answer = await api.raw("GET", "runs/1/zip", **query)
        with ZipFile(io.BytesIO(answer.body)) as archive:
            assert archive.testzip() is None
            assert {n.partition("/")[2] for n in archive.namelist()} == names
    await api("GET", "runs/1/zip", output="none", status=404)
    await api("GET", "runs/99/files", status=404)


async def test_a_part_of_a_file_is_sent(study, api):
    study.run("s1")
    whole = await api.raw("GET", "runs/1/files/tiles/2.txt")
    assert (whole.code, whole.body) == (200, b"xxx")
    for asked, code, body in (
        ("bytes=1-", 206, b"xx"),
        ("bytes=-1", 206, b"x"),
        ("bytes=0-0", 206, b"x"),
        ("bytes=0-99", 206, b"xxx"),
        ("lines=1-2", 200, b"xxx"),
        ("bytes=0-0,2-2", 200, b"xxx"),
    ):
        answer = await api.raw("GET", "runs/1/files/tiles/2.txt", headers={"Range": asked})
        assert (answer.code, answer.body) == (code, body), asked
    answer = await api.raw("GET", "runs/1/files/tiles/2.txt", headers={"Range": "bytes=3-"})
    assert (answer.code, answer.headers["Content-Range"]) == (416, "bytes */3")
    same = {"If-None-Match": whole.headers["ETag"]}
    assert (await api.raw("GET", "runs/1/files/tiles/2.txt", headers=same)).code == 304


async def test_nothing_in_a_served_file_can_run(study, api, bench, life):
    bench.method("nasty", NASTY, outputs={"all": "deep/er/x.txt"})
    life.run(bench.open("nasty"))
    study.run("s1")
    page = await api.raw("GET", "runs/2/files/page.html")
    assert page.headers["Content-Disposition"].startswith("attachment;")
    assert page.headers["Content-Type"] == "application/octet-stream"
    drawing = await api.raw("GET", "runs/1/files/picture.svg")
    assert drawing.headers["Content-Type"] == "image/svg+xml"
    for answer in (page, drawing):
        policy = answer.headers["Content-Security-Policy"]
        assert "sandbox" in policy
        assert "allow-scripts" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    saved = await api.raw("GET", "runs/1/files/deep/er/x.txt", download=True)
    assert saved.headers["Content-Disposition"] == "attachment; filename*=UTF-8''x.txt"


def test_a_table_that_is_none_is_refused_in_one_sentence():
    with pytest.raises(InvalidInput, match=r"^'a.parquet' cannot be read as a table: .*[^.]\.$"):
        read_page(io.BytesIO(b"PAR1 no more PAR1x"), "a.parquet", first=0, limit=10)


async def test_what_made_a_file_of_the_file_browser(study, api, bench, tmp_path):
    study.run("s1", "s2")
    paper = bench.root / "my paper"
    paper.mkdir()
    shutil.copy(bench.final(1) / "table.csv", paper / "table 3.csv")
    found = await api.get("origin", path="my paper/table 3.csv")
    assert [(m["run"]["run_id"], m["output"], m["path"]) for m in found["made"]] == [
        (1, "table", "table.csv")
    ]
    assert (found["missing"], found["place"]) == (None, None)
    both = await api.get("runs/1/lineage/mermaid", direction="both")
    assert "R1 -->" in both["mermaid"]
    assert "R3" in both["mermaid"]
    # Where it lies in a run's directory, it is known by its place and checked.
    (bench.root / "link.csv").symlink_to(bench.final(1) / "table.csv")
    found = await api.get("origin", path="/link.csv")
    assert found["place"] == {"run_id": 1, "path": "table.csv", "state": "recorded"}

    found = await api.get("origin", path="s1.txt")
    assert found["made"] == []
    assert [(r["run"]["run_id"], r["input"]) for r in found["read"]] == [(1, "image")]
    assert found["missing"]["message"] == "No run made a file with the content of 's1.txt'."
    assert "read as an input, by run 1 (load)" in found["missing"]["hint"]

    # What lies outside of the folder that the server shows is not even looked at.
    (tmp_path / "outside.txt").write_text("secret")
    (bench.root / "out.txt").symlink_to(tmp_path / "outside.txt")
    up = "/".join([".."] * len(bench.root.parts))
    for path in ("out.txt", f"{up}{tmp_path}/outside.txt", "my paper/../../outside.txt"):
        for address in ("origin", "place"):
            refused = await api("GET", address, path=path, status=422)
            assert "outside of the folder that this server shows" in refused["message"]
    assert "is a folder" in (await api("GET", "origin", path="my paper", status=422))["message"]
    for address in ("origin", "place"):
        await api("GET", address, path="gone.txt", status=404)
        await api("GET", address, path="nul\0.txt", status=404)
    # As a step of a pipeline names it: from the workspace on.
    named = await api.get("place", path="my paper/table 3.csv")
    assert named == {"path": "my paper/table 3.csv"}
    assert "is a folder" in (await api("GET", "place", path="my paper", status=422))["message"]
    await api("GET", "origin", status=422)


async def test_names_of_any_kind_are_served_under_what_they_are_told_as(study, api, bench, life):
    bench.method("nasty", NASTY, outputs={"all": "deep/er/x.txt"})
    run_id = life.run(bench.open("nasty")).run_id
    listed = await api.get(f"runs/{run_id}/files")
    names = {e["name"] for e in listed["entries"] if e["kind"] == "file"}
    assert {"a b.txt", "100%.txt", "q?#.txt", "snö.txt", "'quoted\".txt"} <= names
    for entry in listed["entries"]:
        if entry["kind"] == "file":
            answer = await api.raw("GET", f"runs/{run_id}/files/{entry['path']}")
            assert (answer.code, len(answer.body)) == (200, entry["size"]), entry
    archive = await api.raw("GET", f"runs/{run_id}/zip")
    with ZipFile(io.BytesIO(archive.body)) as opened:
        assert opened.testzip() is None
        assert not any(
            "\\" in name or name.startswith("/") or ".." in Path(name).parts
            for name in opened.namelist()
        )


async def test_no_path_leads_out_of_the_directory(study, fetch, bench):
    study.run("s1")
    secret = bench.root / "secret.txt"
    secret.write_text("secret")
    final = bench.final(1)
    for folder in (final, final / "tiles"):
        folder.chmod(0o755)
        (folder / "link.txt").symlink_to(secret)
        (folder / "out").symlink_to(bench.root)
    os.mkfifo(final / "pipe")
    hostile = [
        *("../secret.txt", "../../secret.txt", "%2e%2e/%2e%2e/secret.txt", "..%2f..%2fsecret.txt"),
        *("tiles/../../../secret.txt", "tiles/%2e%2e/%2e%2e/%2e%2e/secret.txt", "./table.csv"),
        *("link.txt", "tiles/link.txt", "out/secret.txt", "tiles/out/secret.txt", "pipe", "tiles"),
        *(quote(str(secret)), quote(str(secret), safe=""), "%00", "table.csv%00.txt", "%ff%fe"),
        *("table.csv/x", "a" * 300, "/".join("a" * 3000), ".pm/record.json"),
    ]
    for path in hostile:
        answer = await fetch(f"runs/1/files/{path}")
        assert answer.code in (400, 404, 422), (path, answer.code, answer.body[:200])
        assert b"secret" not in answer.body.replace(b"secret.txt", b""), path
        if "%" not in path:
            for route in ("table", "picture"):
                answer = await fetch(f"runs/1/{route}?path={quote(path)}")
                assert answer.code in (404, 422), (path, answer.code)
                assert b"secret" not in answer.body.replace(b"secret.txt", b""), path
            assert (await fetch(f"runs/1/zip?path={quote(path)}")).code != 200 or path == "tiles"
    listed = await fetch("runs/1/files")
    assert b"link.txt" not in listed.body
    assert b"pipe" not in listed.body
    archive = await fetch("runs/1/zip")
    with ZipFile(io.BytesIO(archive.body)) as opened:
        assert not any("link" in n or "secret" in n for n in opened.namelist())


async def test_a_directory_that_is_gone_is_said(study, api, bench):
    study.run("s1")
    bench.final(1).rename(bench.root / "elsewhere")
    refused = await api("GET", "runs/1/files", status=404)
    assert "is not here" in refused["message"]
    assert (await api.get("runs/1"))["directory"] is None
    assert (await api.get("runs/1/log"))["source"] == "record"
