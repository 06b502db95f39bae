"""`pm doctor` as a whole, and the checks of machine, workspace and run store."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from pm_kernel.artifacts.probe import probe
from pm_kernel.doctor import Check, run_checks
from pm_kernel.doctor.check import ok
from pm_kernel.doctor.doors import Finished, run_program
from pm_kernel.doctor.examination import TABLE, Examination
from pm_kernel.store.server import utc_now

from .db_harness import terminal
from .doctor_harness import BOB, Patient, as_user, path_without, program, python_for

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def patient(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Patient]:
    # git knows nobody, whoever runs the tests.
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    with terminal(tmp_path / "workspace", monkeypatch, capsys) as made:
        yield Patient(made)


def said(patient: Patient, *words: str) -> tuple[int, str]:
    answer = patient.pm("doctor", *words)
    return answer.code, answer.out


def no_space(free: int, files: int = 10**6):
    return lambda _path: SimpleNamespace(
        f_bavail=free // 4096, f_frsize=4096, f_files=10**7, f_favail=files
    )


# --- the whole ------------------------------------------------------------------------------------


def test_a_new_workspace_has_no_problem(patient: Patient) -> None:
    code, out = said(patient)
    assert code == 0, out
    assert "✕" not in out
    for name in ("Python", "run store", "database", "git", "methods repository", "Java", "pixi"):
        assert f" {name} " in out
    # Looked at only: nothing was started or fetched, and nothing stays.
    assert not (patient.root / ".postgres").exists()
    assert not list((patient.root / ".runs").glob(".probe*"))
    assert "pm doctor --fetch" in out


def test_the_json_says_the_same_for_programs(patient: Patient) -> None:
    shutil.rmtree(patient.root / "methods")
    code, out = said(patient, "--json")
    document = json.loads(out)
    assert code == 1
    assert document["ok"] is False
    assert document["problems"] == sum(c["state"] == "problem" for c in document["checks"])
    by_name = {check["name"]: check for check in document["checks"]}
    assert set(by_name["Python"]) == {"name", "state", "told", "hint", "details"}
    assert by_name["Python"]["details"]["version"]
    assert by_name["workspace"]["state"] == "problem"
    assert "pm init" in by_name["workspace"]["hint"]


def test_every_check_passes_its_details_through_json(patient: Patient) -> None:
    assert patient.pm("db", "upgrade").code == 0
    for check in run_checks(patient.pm.settings):
        assert json.loads(json.dumps(check.document()))["name"] == check.name


def test_without_a_workspace_the_machine_is_looked_at(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pm_kernel.cli.main import main

    monkeypatch.chdir("/")
    patient.pm.capsys.readouterr()
    assert main(["doctor"]) == 0
    out = patient.pm.capsys.readouterr().out
    assert "No workspace here" in out
    assert "pm init" in out
    assert "run store" not in out
    assert " Java " in out
    # Somebody who says which one means it.
    assert main(["-w", str(tmp_path), "doctor"]) == 1
    assert "is no workspace" in patient.pm.capsys.readouterr().out
    monkeypatch.setenv("PM_WORKSPACE", str(tmp_path))
    assert main(["doctor"]) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[workspace\nid = ", "cannot be read"),
        ("", "has no [workspace] id"),
        ('[workspace]\nid = "x"\n[nextflow]\nmax_tasks = "many"', "max_tasks in [nextflow]"),
        ("\udcff\udcfe", "cannot be read"),
    ],
)
def test_a_pm_toml_that_cannot_be_read_is_a_problem_and_the_machine_is_still_looked_at(
    patient: Patient, text: str, told: str
) -> None:
    (patient.root / "pm.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    code, out = said(patient)
    assert code == 1
    assert told in out
    assert " Java " in out
    (patient.root / "pm.toml").write_text('[workspace]\nid = "x"\n')


def test_a_check_that_fails_itself_is_a_problem_that_names_it(patient: Patient) -> None:
    def broken(_case: object) -> Iterator[Check]:
        yield ok("first", "fine so far")
        raise ZeroDivisionError("division by zero\nand more")

    table = [Examination("broken", broken), TABLE[0]]
    found = run_checks(None, table=table)
    assert [(c.name, c.state) for c in found] == [
        ("first", "ok"),
        ("broken", "problem"),
        ("Python", "ok"),
    ]
    assert "ZeroDivisionError: division by zero" in found[1].told


def test_a_check_that_hangs_is_given_up_and_the_others_are_told() -> None:
    enough = threading.Event()

    def hanging(_case: object) -> list[Check]:
        enough.wait(30)
        return []

    began = time.monotonic()
    found = run_checks(None, table=[Examination("disk", hanging), TABLE[0]], patience=0.3)
    enough.set()
    assert time.monotonic() - began < 25
    assert [(c.name, c.state) for c in found] == [("disk", "problem"), ("Python", "ok")]
    assert "did not answer within 0.3 seconds" in found[0].told


def test_progress_says_how_many_are_done_and_what_is_under_way() -> None:
    steps: list[tuple[int, int, tuple[str, ...]]] = []
    run_checks(
        None,
        table=TABLE[:2],
        progress=lambda done, total, names: steps.append((done, total, tuple(names))),
    )
    assert steps[0] == (0, 2, ("Python", "machine"))
    assert [(done, total) for done, total, _ in steps] == [(0, 2), (1, 2)]


# --- machine --------------------------------------------------------------------------------------


def test_a_missing_ps_is_a_problem_that_names_the_package(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", path_without(tmp_path / "bin", "ps"))
    found = patient.finds("system programs", "problem", "ps is not on PATH")
    assert "procps" in str(found.hint)


def test_a_ps_that_knows_no_options_is_a_problem(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "ps", "echo 'ps: unrecognized option: e' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    patient.finds("system programs", "problem", "unrecognized option")
    # Programs are asked through one door.
    patient.finds(
        "system programs", "problem", "does not list processes", run=lambda *_: Finished(0, "1 0\n")
    )


def test_a_program_that_cannot_be_started_or_does_not_end_is_no_answer(tmp_path: Path) -> None:
    assert run_program([str(tmp_path / "nothing")], {}, 5) is None
    slow = program(tmp_path, "slow", "exec /bin/sleep 60")
    assert run_program([str(slow)], {}, 0.2) is None


def test_user_folders_that_cannot_be_written_are_named_with_their_variable(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("PM_CACHE_DIR", str(tmp_path / "file" / "cache"))
    found = patient.finds("user folders", "problem", "The cache folder")
    assert "PM_CACHE_DIR" in str(found.hint)


def test_a_state_folder_that_is_too_deep_for_a_socket_is_told(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "deep" / ("x" * 90)))
    patient.finds("user folders", "notice", "too long for a socket")


def test_a_full_cache_disk_is_told(patient: Patient) -> None:
    found = patient.look("user folders", statvfs=no_space(1 << 20))
    assert {check.state for check in found} == {"notice"}
    assert "1 MB left" in found[0].told


# --- workspace ------------------------------------------------------------------------------------


def test_missing_folders_are_mended_by_pm_init(patient: Patient) -> None:
    shutil.rmtree(patient.root / ".runs")
    shutil.rmtree(patient.root / "methods")
    found = patient.finds("workspace", "problem", "no folder methods and no folder .runs")
    assert str(found.hint).startswith("pm init ")
    assert patient.worst("run store") == patient.worst("methods repository") == "problem"
    assert patient.pm("init", patient.root).code == 0
    assert patient.worst("workspace") == patient.worst("run store") == "ok"


def test_a_password_that_others_can_read_is_told(patient: Patient) -> None:
    file = patient.root / "pm.toml"
    text = file.read_text()
    file.write_text(f"{text}\n[x]\n")
    file.write_text(text.replace("[database]", '[database]\nurl = "postgresql://me@/pm"'))
    file.chmod(0o644)
    assert patient.worst("workspace") == "ok"
    file.write_text(text.replace("[database]", '[database]\nurl = "postgresql://me:pw@/pm"'))
    found = patient.finds("workspace", "notice", "holds the password")
    assert "everybody can read it" in found.told
    subprocess.run(str(found.hint), shell=True, check=True)  # noqa: S602 - the command we print
    assert patient.worst("workspace") == "ok"


def test_a_path_that_nextflow_cannot_work_in_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with terminal(tmp_path / "costs $5", monkeypatch, capsys) as pm:
        Patient(pm).finds("workspace", "problem", "'$'")


# --- run store ------------------------------------------------------------------------------------


def test_the_store_is_tried_and_left_as_it_was(patient: Patient) -> None:
    store = patient.root / ".runs"
    before = sorted(store.rglob("*"))
    found = patient.finds("run store", "ok", "can be written")
    assert found.details["free_bytes"] > 0
    assert sorted(store.rglob("*")) == before


@needs_root
def test_a_store_of_somebody_else_is_a_problem_that_names_the_owner() -> None:
    python = python_for(BOB)
    public = Path(tempfile.mkdtemp(prefix="pm-test-", dir="/var/tmp"))
    try:
        public.chmod(0o755)
        (public / "home").mkdir()
        os.chown(public / "home", BOB, BOB)
        environ = {"HOME": str(public / "home"), "PM_STATE_DIR": str(public / "home" / "state")}
        made = subprocess.run(
            [sys.executable, "-m", "pm_kernel.cli.main", "init", public / "workspace"],
            env={**os.environ, **environ, "PM_STATE_DIR": str(public / "state")},
            capture_output=True, text=True,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        # Root's umask may be anything.
        for folder in (public / "workspace", public / "workspace" / ".runs"):
            folder.chmod(0o755)
        answer = as_user(
            BOB, python, "-m", "pm_kernel.cli.main", "-w", public / "workspace", "doctor",
            "--json", **environ,
        )  # fmt: skip
        assert answer.returncode == 1, answer.stderr
        by_name: dict[str, list[dict[str, str]]] = {}
        for check in json.loads(answer.stdout)["checks"]:
            by_name.setdefault(check["name"], []).append(check)
        (store,) = (c for c in by_name["run store"] if c["state"] == "problem")
        assert "may not be written by you" in store["told"]
        assert "belongs to root" in store["told"]
        assert store["hint"].startswith(f"sudo chown -R {BOB} ")
        # The embedded database is root's as well, and git does not trust somebody else's folder.
        assert "belongs to root" in by_name["database"][0]["told"]
        assert "safe.directory" in by_name["methods repository"][0]["hint"]
    finally:
        subprocess.run(
            [sys.executable, "-m", "pm_kernel.cli.main", "-w", public / "workspace", "db", "stop"],
            env={**os.environ, "PM_STATE_DIR": str(public / "state")}, capture_output=True,
        )  # fmt: skip
        shutil.rmtree(public)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte and 40 files."""
    place = tmp_path / "disk"
    place.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=40,mode=755", "tmpfs", place],
        capture_output=True, text=True,
    )  # fmt: skip
    if mounting.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {mounting.stderr.strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def on_disk(patient: Patient, disk: Path) -> Path:
    store = patient.root / ".runs"
    shutil.rmtree(store)
    store.symlink_to(disk)
    return store


@needs_root
def test_a_full_disk_is_a_problem(patient: Patient, small_disk: Path) -> None:
    store = on_disk(patient, small_disk)
    found = patient.look("run store")
    assert any("gone when this machine stops" in check.told for check in found)
    patient.finds("run store", "problem", "1 MB left")
    (small_disk / "data").write_bytes(b"x" * (1 << 20))
    found_full = patient.finds("run store", "problem", "is full")
    assert str(store) in found_full.told
    assert "df -h" in str(found_full.hint)
    assert [each.name for each in small_disk.iterdir()] == ["data"]


@needs_root
def test_a_disk_without_room_for_more_files_is_a_problem(
    patient: Patient, small_disk: Path
) -> None:
    on_disk(patient, small_disk)
    found = patient.finds("run store", "problem", "more files (inodes)")
    assert "df -i" in str(found.hint)
    for number in range(int(found.details["free_files"])):
        (small_disk / str(number)).touch()
    patient.finds("run store", "problem", "is full")


@needs_root
def test_a_read_only_disk_is_a_problem(patient: Patient, small_disk: Path) -> None:
    on_disk(patient, small_disk)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    patient.finds("run store", "problem", "read-only disk")


def test_runs_that_would_get_their_name_on_another_disk_are_a_problem(patient: Patient) -> None:
    if Path("/dev/shm").stat().st_dev == (patient.root / ".runs").stat().st_dev:
        pytest.skip("there is only one disk here")
    elsewhere = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        (patient.root / ".runs" / ".partial").rmdir()
        (patient.root / ".runs" / ".partial").symlink_to(elsewhere)
        patient.finds("run store", "problem", "lie on different disks")
        assert list(elsewhere.iterdir()) == []
    finally:
        shutil.rmtree(elsewhere)


def test_little_space_is_a_notice_and_hardly_any_a_problem(patient: Patient) -> None:
    patient.finds("run store", "notice", "1.0 GB left", statvfs=no_space(1 << 30))
    patient.finds("run store", "problem", "10 MB left", statvfs=no_space(10 << 20))
    patient.finds("run store", "notice", "9000 more files", statvfs=no_space(1 << 40, 9000))
    patient.finds("run store", "problem", "12 more files", statvfs=no_space(1 << 40, 12))


def test_a_network_disk_is_a_notice_for_the_store_and_for_the_embedded_database(
    patient: Patient,
) -> None:
    patient.finds("run store", "notice", "network file system (nfs4)", file_system=lambda _: "nfs4")
    found = patient.finds(
        "database", "notice", "network file system (nfs4)", file_system=lambda _: "nfs4"
    )
    assert "PM_DATABASE_URL" in str(found.hint)


def test_a_disk_whose_clock_differs_is_a_notice(patient: Patient) -> None:
    patient.finds(
        "run store", "notice", "60 s ahead of", now=lambda: utc_now() - timedelta(seconds=60)
    )
    patient.finds(
        "run store", "notice", "60 s behind", now=lambda: utc_now() + timedelta(seconds=60)
    )


def test_a_store_that_everybody_may_change_is_a_notice(patient: Patient) -> None:
    (patient.root / ".runs").chmod(0o777)
    found = patient.finds("run store", "notice", "Everybody on this machine")
    subprocess.run(str(found.hint), shell=True, check=True)  # noqa: S602 - the command we print
    assert patient.worst("run store") == "ok"


def test_finished_runs_that_lost_their_modes_are_a_notice(patient: Patient) -> None:
    run = patient.root / ".runs" / "00000017"
    run.mkdir()
    (run / "meta.json").write_text("{}")
    found = patient.finds("run store", "notice", "for example 00000017")
    subprocess.run(str(found.hint), shell=True, check=True)  # noqa: S602 - the command we print
    assert patient.worst("run store") == "ok"
    run.chmod(0o755)


def test_the_probe_leaves_nothing_where_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".partial").symlink_to(tmp_path / "nowhere")
    assert probe(tmp_path).keeps_modes
    assert [each.name for each in tmp_path.iterdir()] == [".partial"]
    with pytest.raises(FileNotFoundError):
        probe(tmp_path / "missing")
