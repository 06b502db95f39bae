"""What methods do to their output_dir, and what is recorded of it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.artifacts.manifest import check_entries, read_manifest
from pm_kernel.artifacts.seal import hash_run
from pm_kernel.errors import Conflict, IntegrityError
from pm_kernel.running.complete import Ended
from pm_kernel.running.process import identify, session_members

from .recording_harness import STRANGER, Life, alive, as_another_user, gone, wait_for

HEAD = """
import os, shutil, signal, subprocess, sys, time
from pathlib import Path

def run(output_dir):
    out = Path(output_dir)
"""


def ran(life: Life, body: str, **declared: Any) -> Ended:
    """Run a method whose run() has these lines."""
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    life.bench.method("method", HEAD + lines, **declared)
    return life.run(life.bench.open("method"))


def ended_well(life: Life, ended: Ended) -> None:
    """Row and directory agree, everything listed is as listed, nothing is left behind."""
    row, meta = life.bench.run_row(ended.run_id), life.bench.meta(ended.run_id)
    assert (row["status"], row["error"]) == (meta["status"], meta["error"])
    assert (row["status"], row["error"]) == (ended.status, ended.error)
    assert check_entries(ended.folder, read_manifest(ended.folder).values()) == []
    assert not (ended.folder / ".pm").exists()
    assert life.bench.left_behind() == []


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("(out / 'link').symlink_to('/etc/passwd')", "link"),
        ("(out / 'a').mkdir(); (out / 'a' / 'dangling').symlink_to('nothing')", "a/dangling"),
        ("os.mkfifo(out / 'pipe')", "pipe"),
        ("(out / 'folder').symlink_to('/etc')", "folder"),
    ],
)
def test_links_and_devices_fail_the_run_by_name(life: Life, body: str, name: str) -> None:
    ended = ran(life, body)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.startswith(f"{name} is not a plain file")
    ended_well(life, ended)


def test_hostile_names_are_outputs_like_any_other_and_reused_like_them(life: Life) -> None:
    names = ["with space", "quote'\"", "$(touch x)", "new\nline", "-dash", "ünï", "back\\slash"]
    body = f"""
for name in {names!r}:
    (out / name).write_text(name)
(out / os.fsdecode(b"bad\\xff")).write_text("x")
(out / os.fsdecode(b"bad\\xff-folder")).mkdir()
(out / os.fsdecode(b"bad\\xff-folder") / "file").write_text("y")
"""
    ended = ran(life, body)
    assert (ended.status, ended.error) == ("completed", None)
    ended_well(life, ended)
    rows = life.bench.rows("SELECT output_name, artifact_path, checksum FROM run_outputs")
    assert {*names, "bad\\udcff", "bad\\udcff-folder/"} <= {row["artifact_path"] for row in rows}
    assert len({row["output_name"] for row in rows}) == len(rows) == len(names) + 2
    # Reusing looks at every one of them on disk.
    assert life.bench.open("method", rerun=False).tasks == ()
    assert life.bench.rows("SELECT * FROM integrity_events") == []


def test_names_that_are_the_same_once_they_are_text_are_refused(life: Life) -> None:
    body = """
(out / os.fsdecode(b"bad\\xff")).write_text("x")
(out / "bad\\\\udcff").write_text("what the first looks like in the database")
"""
    ended = ran(life, body)
    assert ended.status == "failed"
    assert ended.error is not None
    assert "Two files in output_dir have the name 'bad\\\\udcff'" in ended.error


def test_an_output_with_an_unspeakable_name_can_be_an_input(life: Life) -> None:
    ended = ran(
        life,
        'os.mkdir(os.fsencode(out) + b"/bad\\xff")\n'
        'open(os.fsencode(out) + b"/bad\\xff/f", "w").write("7")',
    )
    read = (
        "import os\ndef run(folder, output_dir):\n    return {'files': len(os.listdir(folder))}\n"
    )
    life.bench.method("read", read, inputs={"folder": "upstream"})
    launch = life.bench.open("read", inputs=[("folder", f"run:{ended.run_id}/bad\\udcff/")])
    again = life.run(launch)
    assert (again.error, life.bench.run_row(again.run_id)["metrics"]) == (None, {"files": 1})


def test_a_hard_link_to_bytes_of_somebody_else_is_copied(life: Life) -> None:
    outside = life.bench.root / "shared.bin"
    outside.write_bytes(b"first")
    ended = ran(life, f"os.link({str(outside)!r}, out / 'mine.bin')")
    outside.write_bytes(b"later")
    assert (ended.folder / "mine.bin").read_bytes() == b"first"
    ended_well(life, ended)


def test_thousands_of_files_are_one_declared_folder(life: Life) -> None:
    body = """
(out / "tiles").mkdir()
for n in range(3000):
    (out / "tiles" / f"{n:04d}.tif").write_bytes(b"%d" % n)
"""
    ended = ran(life, body, outputs={"tiles": ("tiles/", "directory")})
    assert (ended.status, ended.error) == ("completed", None)
    (row,) = life.bench.rows("SELECT * FROM run_outputs")
    assert (row["output_name"], row["file_count"]) == ("tiles", 3000)
    lines = subprocess.run(
        ["sh", "-c", "sha256sum tiles/* | sha256sum"],
        cwd=ended.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # What the record says can be checked without us.
    assert row["checksum"] == lines.split()[0]
    ended_well(life, ended)


# --- processes that outlive run() -----------------------------------------------------------------


@pytest.mark.parametrize("ignores", [False, True])
def test_what_still_writes_when_run_returned_is_ended_before_anything_is_hashed(
    life: Life, ignores: bool
) -> None:
    trap = "trap '' TERM; " if ignores else ""
    body = f"""
subprocess.Popen(["sh", "-c", "{trap}echo $$ > pid; while :; do echo x >> growing; done"], cwd=out)
while not (out / "growing").exists():
    time.sleep(0.01)
"""
    ended = ran(life, body)
    assert (ended.status, ended.error) == ("completed", None)
    assert not alive(int((ended.folder / "pid").read_text()))
    size = (ended.folder / "growing").stat().st_size
    time.sleep(0.1)
    assert (ended.folder / "growing").stat().st_size == size
    ended_well(life, ended)


def test_a_process_that_nobody_can_know_and_that_still_writes_fails_the_run(life: Life) -> None:
    # Neither of its session, nor with anything of its environment.
    body = """
writer = "import time\\nwhile True:\\n    open('growing', 'a').write('x')\\n    time.sleep(0.001)"
left = {"cwd": out, "start_new_session": True, "env": {}}
process = subprocess.Popen([sys.executable, "-c", writer], **left)
print("left", process.pid)
(out / "large.bin").write_bytes(bytes(200_000_000))
while not (out / "growing").exists():
    time.sleep(0.01)
"""
    ended = ran(life, body)
    pid = int((ended.folder / "run.log").read_text().split()[1])
    os.kill(pid, 9)
    assert ended.status == "failed"
    assert ended.error is not None
    assert "growing changed while it was hashed" in ended.error


def test_what_is_written_between_hashing_and_closing_fails_the_run(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync
    late: list[Path] = []

    def fsync(descriptor: int) -> None:
        real(descriptor)
        for meta in (life.bench.runs / ".partial").glob("*/meta.json") if not late else ():
            late.append(meta.with_name("result.txt"))
            late[0].chmod(0o644)
            with late[0].open("a") as stream:
                stream.write("later")

    life.bench.method("method", HEAD + "    (out / 'result.txt').write_text('first')\n")
    monkeypatch.setattr(os, "fsync", fsync)
    ended = life.run(life.bench.open("method"))
    assert len(late) == 1
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.startswith("result.txt changed while it was hashed")
    ended_well(life, ended)


def test_a_run_that_answers_a_cancel_by_returning_is_cancelled_all_the_same(life: Life) -> None:
    body = """
def stop(*_):
    (out / "result.txt").write_text("all I have")
    raise SystemExit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(600)
"""
    life.bench.method("method", HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
    _, task_dir = life.register(life.bench.open("method"))
    process = life.start(task_dir)
    folder = life.partial(task_dir)
    wait_for(lambda: (folder / "run.log").exists() and "ready" in (folder / "run.log").read_text())
    (folder / ".pm" / "cancel").touch()
    process.terminate()
    assert process.wait() == 0
    ended = life.complete(task_dir, 0)
    assert (ended.status, ended.error) == ("cancelled", "Cancelled.")
    ended_well(life, ended)


def test_a_run_that_finished_before_the_cancel_reached_it_is_completed(life: Life) -> None:
    life.bench.method("double")
    _, task_dir = life.register(life.bench.open("double"))
    exit_code = life.start(task_dir).wait()
    (life.partial(task_dir) / ".pm" / "cancel").touch()
    assert life.complete(task_dir, exit_code).status == "completed"


# --- output_dir itself ----------------------------------------------------------------------------


def test_a_method_that_removes_its_output_dir_has_failed(life: Life) -> None:
    life.bench.method("method", HEAD + "    shutil.rmtree(out)\n")
    _, task_dir = life.register(life.bench.open("method"))
    exit_code = life.start(task_dir).wait()
    done = life.bench.pm("complete_run", "--task-dir", str(task_dir), "--exit", str(exit_code))
    assert done.returncode == 1
    row = life.bench.run_row(1)
    assert row["status"] == "failed"
    assert "the method deleted its output_dir" in row["error"]
    assert life.bench.left_behind() == []


def test_a_method_that_empties_its_output_dir_is_told_so(life: Life) -> None:
    # A common beginning: "make sure that the folder is empty".
    life.bench.method(
        "method",
        HEAD + "    shutil.rmtree(out)\n    out.mkdir()\n    (out / 'result.txt').touch()\n",
        outputs={"result": "result.txt"},
    )
    _, task_dir = life.register(life.bench.open("method"))
    exit_code = life.start(task_dir).wait()
    done = life.bench.pm("complete_run", "--task-dir", str(task_dir), "--exit", str(exit_code))
    assert done.returncode == 1
    assert "The method deleted .pm in output_dir" in done.stderr
    assert life.bench.meta(1)["status"] == life.bench.run_row(1)["status"] == "failed"
    assert (life.bench.final(1) / "result.txt").exists()
    assert life.bench.left_behind() == []


@pytest.mark.parametrize("name", ["meta.json", ".manifest.json"])
@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_names_that_belong_to_the_record_are_refused_and_what_was_written_is_kept(
    life: Life, name: str, kind: str
) -> None:
    target = life.bench.root / "outside.txt"
    body = {
        "file": f"(out / {name!r}).write_text('mine')",
        "folder": f"(out / {name!r}).mkdir(); (out / {name!r} / 'inner').write_text('mine')",
        "dangling link": f"(out / {name!r}).symlink_to({str(target)!r})",
    }[kind]
    ended = ran(life, body)
    assert ended.status == "failed"
    assert ended.error is not None
    assert ended.error.startswith(f"The method wrote {name} to output_dir")
    moved = ended.folder / f"method-wrote-{name.lstrip('.')}"
    assert moved.is_symlink() or moved.exists()
    assert any(f"kept as {moved.name}" in said for said in life.bench.run_row(1)["notices"])
    assert not target.exists()
    ended_well(life, ended)


def test_a_link_in_the_place_of_our_folder_leads_to_no_damage(life: Life) -> None:
    precious = life.bench.root / "precious"
    precious.mkdir()
    (precious / "data").write_text("irreplaceable")
    precious.chmod(0o750)
    ended = ran(life, f"shutil.rmtree(out / '.pm'); (out / '.pm').symlink_to({str(precious)!r})")
    assert ended.status == "failed"
    assert (precious / "data").read_text() == "irreplaceable"
    assert precious.stat().st_mode & 0o777 == 0o750
    assert not (ended.folder / ".pm").is_symlink()


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("kind", ["link", "loop", "file"])
def test_what_a_method_puts_in_the_place_of_its_output_dir_is_kept_and_leads_nowhere(
    life: Life, kind: str, settled: bool
) -> None:
    precious = life.bench.root / "precious"
    precious.mkdir()
    (precious / "data").write_text("irreplaceable")
    precious.chmod(0o750)
    made = {
        "link": f"out.symlink_to({str(precious)!r})",
        "loop": "out.symlink_to(out)",
        "file": "out.write_text('mine')",
    }[kind]
    life.bench.method("method", HEAD + f"    shutil.rmtree(out)\n    {made}\n")
    wrapper = gone() if settled else None
    _, task_dir = life.register(life.bench.open("method"), wrapper=wrapper)
    exit_code = life.start(task_dir).wait()
    if settled:
        assert life.settle() == [1]
    else:
        words = ("complete_run", "--task-dir", str(task_dir), "--exit", str(exit_code))
        life.bench.pm(*words)
    if not settled:
        error = life.bench.run_row(1)["error"]
        what = "file" if kind == "file" else "link"
        assert error.startswith(f"The method put a {what} in the place of its output_dir")
    assert life.bench.meta(1)["status"] == life.bench.run_row(1)["status"] == "failed"
    kept = life.bench.final(1) / "method-wrote-output_dir"
    assert kept.read_text() == "mine" if kind == "file" else kept.is_symlink()
    assert not life.bench.final(1).is_symlink()
    assert [each.name for each in precious.iterdir()] == ["data"]
    assert precious.stat().st_mode & 0o777 == 0o750
    assert (precious / "data").stat().st_mode & 0o200
    assert life.bench.left_behind() == []


@pytest.mark.parametrize("left", ["link", "nothing"])
def test_a_method_that_moved_its_output_dir_away_is_ended_with_its_run(
    life: Life, left: str
) -> None:
    moved = life.bench.root / "moved"
    body = f"    shutil.move(out, {str(moved)!r})\n"
    if left == "link":
        body += f"    out.symlink_to({str(moved)!r})\n"
    life.bench.method("method", f"{HEAD}{body}    time.sleep(3600)\n")
    _, task_dir = life.register(life.bench.open("method"), wrapper=gone())
    started = life.start(task_dir)
    partial = life.partial(task_dir)
    wait_for(partial.is_symlink if left == "link" else lambda: not partial.exists())
    assert life.settle() == [1]
    # Nobody goes on beside the run that takes its place.
    assert started.wait(timeout=120) != 0
    assert life.bench.run_row(1)["status"] == "failed"
    if left == "link":
        assert (life.bench.final(1) / "method-wrote-output_dir").is_symlink()
    assert moved.stat().st_mode & 0o200
    assert life.bench.left_behind() == []


def test_what_a_method_leaves_running_outside_its_session_is_ended_with_its_run(
    life: Life,
) -> None:
    started = "subprocess.Popen(['sleep', '3600'], start_new_session=True)"
    ended = ran(life, f"(out / 'pid').write_text(str({started}.pid))")
    assert ended.status == "completed"
    assert identify(int((ended.folder / "pid").read_text())) is None
    ended_well(life, ended)


def test_folders_deeper_than_a_path_can_say_fail_the_run_and_it_ends(life: Life) -> None:
    body = """
os.chdir(out)
for _ in range(30):
    os.mkdir("d" * 200)
    os.chdir("d" * 200)
"""
    ended = ran(life, body)
    assert ended.status == "failed"
    assert ended.error is not None
    assert "cannot be read: File name too long" in ended.error
    assert len(ended.error) < 1000
    row = life.bench.run_row(1)
    assert (row["status"], row["error"]) == ("failed", ended.error)
    assert life.bench.left_behind() == []
    # Python's own removing of trees does not get down there.
    subprocess.run(["chmod", "-R", "u+w", str(ended.folder)], check=True)
    subprocess.run(["rm", "-rf", str(ended.folder)], check=True)


def test_a_missing_output_is_named_with_what_is_there(life: Life) -> None:
    ended = ran(
        life, "(out / 'tabel.csv').touch()", outputs={"table": "table.csv", "plot": "plot.png"}
    )
    assert ended.status == "failed"
    assert ended.error == (
        "Declared output missing: 'table' (table.csv), 'plot' (plot.png) was not written to "
        "output_dir; found: tabel.csv."
    )
    ended_well(life, ended)


def test_changing_the_copy_of_an_input_file_fails_the_run(life: Life) -> None:
    source = "def run(data, output_dir):\n    open(data, 'a').write('more')\n"
    life.bench.method("append", source, inputs={"data": "file"})
    (life.bench.root / "data.txt").write_text("data")
    ended = life.run(life.bench.open("append", inputs=[("data", "data.txt")]))
    assert ended.status == "failed"
    assert ended.error is not None
    # Root may write where the copy is locked; everybody else is told by their own open().
    told = ("inputs/data/data.txt, the copy of its input file", "Permission denied")
    assert any(text in ended.error for text in told)
    assert (life.bench.root / "data.txt").read_text() == "data"


@pytest.mark.parametrize("falls", [False, True])
def test_an_input_that_changes_while_the_method_runs_fails_it(life: Life, falls: bool) -> None:
    life.bench.method("double")
    first = life.run(life.bench.open("double"))
    table = first.folder / "table.csv"
    slow = (
        "import time\ndef run(table, output_dir):\n    print('go', flush=True)\n    time.sleep(1)\n"
    )
    slow += "    raise ValueError('odd table')\n" if falls else ""
    life.bench.method("slow", slow, inputs={"table": "upstream"})
    _, task_dir = life.register(life.bench.open("slow", inputs=[("table", "run:1/table")]))
    process = life.start(task_dir)
    log = life.partial(task_dir) / "run.log"
    wait_for(lambda: log.exists() and "go" in log.read_text())
    table.chmod(0o644)
    table.write_text("value\n43\n")
    ended = life.complete(task_dir, process.wait())
    assert ended.status == "failed"
    assert ended.error is not None
    assert "While it ran, its input changed. Upstream run 1 was altered" in ended.error
    assert ended.error.startswith("ValueError: odd table") is falls
    assert len(life.bench.rows("SELECT * FROM integrity_events WHERE run_id = 1")) == 1


@pytest.mark.parametrize("declared", ["tiles/", "tiles/*.tif"])
def test_a_file_put_beside_those_of_a_folder_output_is_noticed(life: Life, declared: str) -> None:
    body = "(out / 'tiles').mkdir(); (out / 'tiles' / '1.tif').touch()"
    ended = ran(life, body, outputs={"tiles": (declared, "directory")})
    life.bench.method("read", "def run(tiles):\n    pass\n", inputs={"tiles": "upstream"})
    launch = life.bench.open("read", inputs=[("tiles", "run:1/tiles")])
    (ended.folder / "tiles").chmod(0o755)
    (ended.folder / "tiles" / "2.tif").touch()
    with pytest.raises(Exception, match=r"tiles/2\.tif"):
        life.register(launch)


def test_two_gathered_files_of_awkward_names_do_not_meet(life: Life) -> None:
    from pm_kernel.domain.methods import MethodInput

    source = (
        "def run(files, output_dir):\n    return {'text': ''.join(open(f).read() for f in files)}\n"
    )
    many = {"files": MethodInput("files", "file", gather=True)}
    life.bench.method("read", source, inputs=many)
    for name, text in (("1", "a"), ("0", "b")):
        (life.bench.root / name).write_text(text)
    ended = life.run(life.bench.open("read", inputs=[("files", "1"), ("files", "0")]))
    assert life.bench.run_row(ended.run_id)["metrics"] == {"text": "ab"}


# --- what cannot be stored as it is ---------------------------------------------------------------


def test_nan_nul_and_half_characters_never_fail_a_finished_run(life: Life) -> None:
    body = r"""
print("nul \0 half \udcff end".encode("utf-8", "surrogateescape").decode("latin-1"))
sys.stdout.flush()
os.write(1, b"bytes \xff\xfe nul \x00\n")
return {"nan": float("nan"), "inf": -float("inf"), "text": "a\0b\udc80", "\0key": 1, "big": 10**30}
"""
    ended = ran(life, body)
    assert (ended.status, ended.error) == ("completed", None)
    assert life.bench.run_row(ended.run_id)["metrics"] == {
        "nan": "NaN", "inf": "-Infinity", "text": "a\\x00b\\udc80", "\\x00key": 1, "big": 10**30,
    }  # fmt: skip
    assert life.bench.meta(ended.run_id)["metrics"] == life.bench.run_row(1)["metrics"]
    (log,) = life.bench.rows("SELECT message FROM run_logs")
    assert "bytes \\xff\\xfe nul \\x00" in log["message"]
    ended_well(life, ended)


def test_a_log_that_looks_like_times_never_fails_a_finished_run(life: Life) -> None:
    lines = ["2026-02-31T10:00:00Z INFO a", "9999-12-31T23:59:59+00:00 INFO b",
             "2026-01-01 10:00:00+23:59 ERROR c"]  # fmt: skip
    ended = ran(life, f"print({chr(10).join(lines)!r})")
    assert ended.status == "completed"
    assert len(life.bench.rows("SELECT * FROM run_logs")) == 3


def test_a_long_log_is_whole_on_disk_and_bounded_in_the_database(life: Life) -> None:
    body = """
line = "x" * 200
for n in range(100_000):
    print(f"INFO:root:{n} {line}")
print("y" * 5_000_000)
print("WARNING:root:the end")
"""
    ended = ran(life, body)
    log = (ended.folder / "run.log").read_bytes()
    assert log.count(b"\n") == 100_002
    entry = read_manifest(ended.folder)["run.log"]
    assert entry.sha256 == hashlib.sha256(log).hexdigest()
    (kept,) = life.bench.rows("SELECT count(*) AS n, sum(length(message)) AS size FROM run_logs")
    assert kept["n"] <= 12_000
    assert kept["size"] <= 12_000_000
    last = life.bench.rows("SELECT line, level, message FROM run_logs ORDER BY id DESC LIMIT 1")
    assert last == [{"line": 100_002, "level": "WARNING", "message": "the end"}]
    assert any("only in run.log" in text for text in life.bench.run_row(1)["notices"])


# --- rights: as root they prove nothing -----------------------------------------------------------

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A run directory of another user."""
    with tempfile.TemporaryDirectory(prefix="pm-test-") as place:
        Path(place).chmod(0o755)
        folder = Path(place) / "run"
        (folder / ".pm").mkdir(parents=True)
        for path in (folder, folder / ".pm"):
            os.chown(path, STRANGER, STRANGER)
        yield folder


@needs_root
def test_what_a_method_locked_against_its_own_user_is_opened_and_hashed(theirs: Path) -> None:
    def work() -> object:
        (theirs / "locked").mkdir()
        (theirs / "locked" / "file").write_text("x")
        (theirs / "locked" / "file").chmod(0)
        (theirs / "locked").chmod(0)
        theirs.chmod(0o555)
        return [entry.path for entry in hash_run(theirs)]

    assert as_another_user(work) == ["locked/file"]


@needs_root
def test_what_belongs_to_somebody_else_is_named_and_left_out_of_a_failed_run(theirs: Path) -> None:
    secret = theirs / "secret.bin"
    secret.write_bytes(b"of root")
    secret.chmod(0o600)
    (theirs / "shown.txt").write_text("of root, and readable")

    def strict() -> object:
        try:
            return hash_run(theirs)
        except IntegrityError as error:
            return error.message

    assert as_another_user(strict) == (
        "secret.bin cannot be read: Permission denied (it belongs to user id 0)."
    )

    def failed() -> object:
        return [entry.path for entry in hash_run(theirs, strict=False)]

    assert as_another_user(failed) == ["shown.txt"]
    secret.chmod(0o644)
    assert as_another_user(lambda: len(hash_run(theirs))) == 2


def test_a_conflict_is_not_blamed_on_a_file_that_vanished(life: Life) -> None:
    life.bench.method("double")
    _, task_dir = life.register(life.bench.open("double"))
    exit_code = life.start(task_dir).wait()
    folder = life.partial(task_dir)
    assert json.loads((folder / ".pm" / "report.json").read_bytes())["outcome"] == "returned"
    folder.rename(life.bench.root / "taken")
    from pm_kernel.running.complete import complete, read_json

    record = read_json(task_dir / ".pm_record.json")
    assert record is not None
    with pytest.raises(Conflict, match="ended by somebody else"):
        complete(life.store, life.recorder, record, folder, exit_code=exit_code)
    assert session_members(os.getpid()) is not None
