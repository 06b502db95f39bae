"""`pm init`: a folder becomes a workspace, and stays one however often it is asked."""

from __future__ import annotations

import json
import os
import re
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from pm_kernel import config
from pm_kernel.cli.main import main
from pm_kernel.config import load_settings
from pm_kernel.database import open_store, running_url
from pm_kernel.errors import Conflict, InvalidInput
from pm_kernel.workspace import init_workspace


@pytest.fixture
def environ(monkeypatch, tmp_path, database_url):
    """A database, and nothing of this machine's own workspaces."""
    monkeypatch.delenv("PM_WORKSPACE", raising=False)
    monkeypatch.setenv("PM_DATABASE_URL", database_url)
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def alone(monkeypatch, tmp_path):
    """The same, with the embedded database."""
    monkeypatch.delenv("PM_WORKSPACE", raising=False)
    monkeypatch.delenv("PM_DATABASE_URL", raising=False)
    monkeypatch.setenv("PM_STATE_DIR", str(tmp_path / "state"))


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def known_roots(settings) -> list[str]:
    """Where the database knows workspaces to be, once this one was opened."""
    store = open_store(settings)
    with store.reading() as connection:
        roots = connection.exec_driver_sql("SELECT root FROM workspaces").scalars().all()
    store.close()
    return list(roots)


def test_a_folder_becomes_a_workspace_and_says_what_is_next(environ, tmp_path, capsys):
    root = tmp_path / "new" / "space"
    assert main(["init", str(root)]) == 0
    answer = capsys.readouterr()
    assert answer.out == f"{root}\n"
    assert "pm method register" in answer.err
    settings = load_settings(workspace=root)
    assert (root / "methods" / ".git").is_dir()
    for folder in (".runs", ".runs/.partial", ".runs/.dead", "views"):
        assert (root / folder).is_dir()
    assert (root / ".runs").stat().st_mode & 0o777 == 0o755
    assert known_roots(settings) == [str(root)]


def test_the_current_folder_is_taken_where_none_is_named(environ, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["workspace"] == str(tmp_path)
    assert answer["id"] == load_settings(workspace=tmp_path).workspace_id


def test_a_second_time_changes_nothing(environ, tmp_path):
    init_workspace(tmp_path)
    before = contents(tmp_path)
    settings = init_workspace(tmp_path)
    assert contents(tmp_path) == before
    assert settings.workspace_id in before["pm.toml"].decode()


def test_what_is_missing_is_added_and_what_is_there_is_kept(environ, tmp_path):
    init_workspace(tmp_path)
    (tmp_path / "pm.toml").write_text('[workspace]\nid = "mine"\n[nextflow]\nmax_tasks = 3\n')
    (tmp_path / ".runs" / ".dead").rmdir()
    (tmp_path / "views").rmdir()
    (tmp_path / ".gitignore").write_text("mine\n")
    settings = init_workspace(tmp_path)
    assert (settings.workspace_id, settings.max_tasks) == ("mine", 3)
    assert (tmp_path / ".runs" / ".dead").is_dir()
    assert (tmp_path / "views").is_dir()
    assert (tmp_path / ".gitignore").read_text() == "mine\n"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "# only a comment",
        "[nextflow]\nmax_tasks = 3\n",
        "[workspace]\n# mine\n[nextflow]\nmax_tasks = 3\n",
        "[ workspace ] # mine",
    ],
)
def test_a_file_without_an_id_is_given_one_and_keeps_its_lines(environ, tmp_path, written):
    file = tmp_path / "pm.toml"
    file.write_text(written)
    file.chmod(0o640)
    settings = init_workspace(tmp_path)
    lines = file.read_text().splitlines()
    assert [each for each in lines if each in written.splitlines() and each] == [
        each for each in written.splitlines() if each
    ]
    assert f'id = "{settings.workspace_id}"' in lines
    assert settings.max_tasks == (3 if "max_tasks" in written else None)
    assert file.stat().st_mode & 0o777 == 0o640
    assert init_workspace(tmp_path).workspace_id == settings.workspace_id


def test_a_file_that_cannot_be_added_to_is_left_and_the_line_is_told(environ, tmp_path):
    (tmp_path / "pm.toml").write_text("workspace = {}\n")
    with pytest.raises(InvalidInput) as error:
        init_workspace(tmp_path)
    assert 'id = "' in error.value.hint
    assert (tmp_path / "pm.toml").read_text() == "workspace = {}\n"


def test_a_file_that_is_no_toml_is_left_alone(environ, tmp_path):
    (tmp_path / "pm.toml").write_text("not [toml")
    with pytest.raises(InvalidInput, match="cannot be read"):
        init_workspace(tmp_path)
    assert (tmp_path / "pm.toml").read_text() == "not [toml"


def test_workspaces_do_not_nest(environ, tmp_path, capsys):
    init_workspace(tmp_path)
    assert main(["init", str(tmp_path / "inner" / "deeper")]) == Conflict.exit_code
    assert f"inside the workspace {tmp_path}" in capsys.readouterr().err
    assert not (tmp_path / "inner").exists()


def test_a_file_is_no_place_for_a_workspace(environ, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="is a file"):
        init_workspace(tmp_path / "file")


def test_a_place_where_no_folder_can_be_is_named(environ, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InvalidInput, match=r"notes\.txt/space cannot be made"):
        init_workspace(tmp_path / "notes.txt" / "space")
    if sys.platform == "linux":
        with pytest.raises(InvalidInput, match="/proc/space cannot be made"):
            init_workspace(Path("/proc/space"))


def test_every_setting_is_explained_in_the_file_and_the_explanations_are_valid(environ, tmp_path):
    init_workspace(tmp_path)
    text = (tmp_path / "pm.toml").read_text()
    opened = re.sub(r"^# (\w+ = )", r"\1", text, flags=re.MULTILINE)
    explained = {
        (section, key) for section, table in tomllib.loads(opened).items() for key in table
    }
    source = Path(config.__file__).read_text()
    read = set(re.findall(r'table\.(?:text|integer|flag)\("(\w+)", "(\w+)"\)', source))
    assert explained == read
    (tmp_path / "pm.toml").write_text(opened)
    assert load_settings(workspace=tmp_path).max_tasks == 4


def test_a_copy_of_a_workspace_may_not_work_in_the_same_database(environ, tmp_path):
    settings = init_workspace(tmp_path / "original")
    open_store(settings).close()
    (tmp_path / "copy").mkdir()
    file = tmp_path / "copy" / "pm.toml"
    file.write_bytes((tmp_path / "original" / "pm.toml").read_bytes())
    with pytest.raises(Conflict, match="seems to be a copy") as error:
        open_store(load_settings(workspace=tmp_path / "copy"))
    assert "pm init" in error.value.hint
    # As the hint says:
    file.write_text(re.sub(r"^id = .*\n", "", file.read_text(), flags=re.MULTILINE))
    open_store(init_workspace(tmp_path / "copy")).close()


def test_a_workspace_that_was_moved_is_found_where_it_is_now(environ, tmp_path):
    open_store(init_workspace(tmp_path / "before")).close()
    (tmp_path / "before").rename(tmp_path / "after")
    settings = load_settings(workspace=tmp_path / "after")
    assert known_roots(settings) == [str(tmp_path / "after")]


def test_an_id_that_is_none_is_named_with_what_mends_it(environ, tmp_path):
    (tmp_path / "pm.toml").write_text('[workspace]\nid = "w1"\n')
    with pytest.raises(InvalidInput, match="must be a UUID, not 'w1'"):
        open_store(load_settings(workspace=tmp_path))


def test_without_a_database_of_ones_own_the_embedded_one_is_started(alone, tmp_path, new_postgres):
    root = tmp_path / "space"
    # The server of this workspace, so that it is stopped at the end.
    server = new_postgres(root)
    assert main(["init", str(root)]) == 0
    assert server.status().running
    assert running_url(load_settings(workspace=root)).startswith("postgresql://pm:")


def test_a_folder_that_may_not_be_written_is_named(environ, tmp_path, as_somebody):
    code, told = as_somebody(lambda: main(["init", str(tmp_path / "space")]), tmp_path)
    assert code == 8
    assert str(tmp_path / "space") in told


@pytest.fixture
def as_somebody(capfd):
    """Call a function as a user who owns nothing here; returns its result and what it said."""
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    # What is imported later could not be read by that user.
    for name in ("failure", "init"):
        import_module(f"pm_kernel.cli.{name}")

    def call(function, folder):
        folder.chmod(0o755)
        child = os.fork()
        if child == 0:
            os.setgid(65534)
            os.setuid(65534)
            code = function()
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), capfd.readouterr().err

    return call
