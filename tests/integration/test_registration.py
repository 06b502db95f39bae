"""Registering methods: versions in git and in the database, and that both say the same."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace

import pytest
from sqlalchemy import select

from pm_kernel.declaration import read_declaration
from pm_kernel.domain.methods import MethodInput, MethodOutput
from pm_kernel.errors import Conflict, InvalidInput, NotFound
from pm_kernel.registration import RegistrationRequest, examine, read_version_from_git
from pm_kernel.store import tables

from .registration_harness import FILES, HELPER, RUN, another_workspace, new_workspace, written


@pytest.fixture
def workspace(tmp_path, database_url, monkeypatch):
    with new_workspace(tmp_path, database_url, monkeypatch) as made:
        yield made
        made.check()


def rows(workspace, table, *columns):
    query = select(*(table.c[name] for name in columns)).order_by(table.c.id)
    with workspace.store.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def ranges(workspace, table, key):
    return rows(workspace, table, key, "first_version", "last_version")


# --- the first version ----------------------------------------------------------------------------


def test_a_first_registration_makes_commit_tag_and_rows(workspace):
    folder = workspace.method()
    found = workspace.register(folder, track=["segment"], change="A first try")
    version = found.version
    assert found.created
    assert (version.method, version.module, version.version) == ("measure", "analysis", 1)
    assert version.git_tag == "measure/v1"
    assert version.git_commit_hash == workspace.git("rev-parse", "measure/v1^{commit}")
    assert version.git_commit_hash == workspace.git("rev-parse", "main")
    assert version.created_by == "ada"
    assert workspace.versions() == [version]


def test_a_version_is_one_commit_of_its_directory_alone(workspace):
    workspace.register(workspace.method(), change="A first try")
    shown = workspace.git("show", "--name-only", "--format=%s", "measure/v1").splitlines()
    assert shown[0] == "method: measure v1 - A first try"
    assert shown[2:] == [
        "analysis/measure/helper.py",
        "analysis/measure/method.toml",
        "analysis/measure/run.py",
    ]
    assert workspace.git("status", "--porcelain") == ""


def test_nobody_has_to_tell_git_who_they_are(workspace):
    workspace.register(workspace.method())
    assert workspace.git("log", "-1", "--format=%an <%ae>") == "ada <ada@localhost>"


def test_who_git_knows_is_the_author(workspace):
    workspace.git("config", "--global", "user.name", "Ada Lovelace")
    workspace.git("config", "--global", "user.email", "ada@example.org")
    found = workspace.register(workspace.method())
    assert workspace.git("log", "-1", "--format=%an <%ae>") == "Ada Lovelace <ada@example.org>"
    assert found.version.created_by == "ada"


def test_parameters_are_recorded_with_types_defaults_and_what_calls_pass(workspace):
    found = workspace.register(workspace.method(), track=["segment"])
    (tracked,) = found.version.declaration.tracked
    assert [(p.name, p.type, p.default, p.call_site, p.expected) for p in tracked.params] == [
        ("sigma", "float", "1.0", "2.0", "2.0"),
        ("connect", "bool", "True", None, "True"),
    ]
    columns = ("param_name", "param_type", "default_value", "call_site_value", "ordinal")
    assert rows(workspace, tables.param_defs, *columns) == [
        ("sigma", "float", "1.0", "2.0", 0),
        ("connect", "bool", "True", None, 1),
    ]


def test_what_nobody_declared_is_suggested_by_the_code_and_said(workspace):
    folder = workspace.method()
    found = workspace.register(folder)
    declared = read_declaration((folder / "method.toml").read_bytes())
    assert [each.function for each in declared.tracked] == ["measure", "segment"] or [
        each.function for each in declared.tracked
    ] == ["segment", "measure"]
    assert [(each.name, each.type) for each in declared.inputs] == [("image", "file")]
    assert [each.path for each in declared.outputs] == ["cells.parquet"]
    (said,) = [each for each in found.notices if each.startswith("Suggested by the code")]
    assert "inputs image (file)" in said
    assert "outputs cells.parquet" in said


def test_options_decide_and_method_toml_is_written_from_them(workspace):
    workspace.register(workspace.method("source", "upstream"), module="upstream")
    folder = workspace.method()
    found = workspace.register(
        folder,
        track=["helper.py:measure"],
        inputs=(MethodInput("image", "upstream", module="upstream", value_type="image"),),
        outputs=(MethodOutput("table", "out/cells.parquet", "table"),),
        description="Measures.",
    )
    declared = read_declaration((folder / "method.toml").read_bytes())
    assert [each.function for each in declared.tracked] == ["measure"]
    assert declared.inputs == (
        MethodInput("image", "upstream", module="upstream", value_type="image"),
    )
    assert [each.path for each in declared.outputs] == ["out/cells.parquet"]
    assert declared.description == "Measures."
    assert not any(each.startswith("Suggested") for each in found.notices)
    committed = workspace.git("show", "measure/v1:analysis/measure/method.toml")
    assert committed + "\n" == (folder / "method.toml").read_text()


def test_a_declaration_that_lies_there_is_used(workspace):
    toml = (
        '[method]\nname = "other"\nmodule = "elsewhere"\ndescription = "By hand."\n'
        '[[tracked]]\nfunction = "segment"\nfile = "helper.py"\nparams = ["connect"]\n'
        '[inputs.image]\ntype = "file"\n[outputs.cells]\npath = "cells.parquet"\ntype = "file"\n'
    )
    folder = workspace.method(files={**FILES, "method.toml": toml})
    declaration = workspace.register(folder).version.declaration
    # The place in the workspace is the name.
    assert (declaration.name, declaration.module) == ("measure", "analysis")
    assert declaration.description == "By hand."
    assert [name for name, _ in declaration.parameters()] == ["segment.connect"]
    assert declaration.outputs[0].type == "file"


def test_comments_in_a_declaration_that_stays_the_same_are_kept(workspace):
    folder = workspace.method()
    workspace.register(folder)
    text = "# because of the debris\n" + (folder / "method.toml").read_text()
    written(folder, {"method.toml": text, "helper.py": HELPER + "\n# more\n"})
    assert workspace.register(folder).version.version == 2
    assert (folder / "method.toml").read_text() == text
    assert workspace.git("status", "--porcelain") == ""


def test_a_command_line_is_a_method_too(workspace):
    script = (
        "import argparse\nfrom pathlib import Path\n\n"
        "parser = argparse.ArgumentParser()\n"
        'parser.add_argument("--input", required=True)\n'
        'parser.add_argument("--output", default="labelled.parquet")\n'
        'parser.add_argument("--threshold", type=float, default=0.5)\n'
        "arguments = parser.parse_args()\n"
        "Path(arguments.output).write_text(str(arguments.threshold))\n"
    )
    declaration = workspace.register(
        workspace.method("label", files={"run.py": script})
    ).version.declaration
    assert declaration.entry == "script"
    assert [each.name for each in declaration.inputs] == ["input"]
    assert [each.path for each in declaration.outputs] == ["labelled.parquet"]
    assert [(name, p.default) for name, p in declaration.parameters()] == [("run.threshold", "0.5")]


# --- the next versions ----------------------------------------------------------------------------


def test_the_same_again_is_nothing_new(workspace):
    folder = workspace.method()
    first = workspace.register(folder)
    (folder / "method.toml").write_text("# mine\n" + (folder / "method.toml").read_text())
    os.utime(folder / "run.py", (0, 0))
    again = workspace.register(folder, change="nothing")
    assert not again.created
    assert again.version == first.version
    assert workspace.tags() == ["measure/v1"]


def test_changed_code_is_a_new_version(workspace):
    folder = workspace.method()
    workspace.register(folder)
    written(folder, {"helper.py": HELPER.replace("minimum: int = 30", "minimum: int = 50")})
    found = workspace.register(folder, change="Larger cells\n\nBecause of debris.")
    assert found.created
    assert found.version.version == 2
    assert found.version.description == "Larger cells\nBecause of debris."
    subject = workspace.git("log", "-1", "--format=%s", "measure/v2")
    assert subject == "method: measure v2 - Larger cells"


def test_going_back_to_older_code_is_a_version_of_its_own(workspace):
    folder = workspace.method()
    first = workspace.register(folder)
    written(folder, {"helper.py": HELPER + "\n# more\n"})
    workspace.register(folder)
    written(folder, {"helper.py": HELPER})
    third = workspace.register(folder)
    assert third.version.version == 3
    assert third.version.content_hash == first.version.content_hash


def test_tracking_one_more_function_of_the_same_code_is_a_new_version(workspace):
    folder = workspace.method()
    workspace.register(folder, track=["segment"])
    before = rows(workspace, tables.tracked_functions, "id", "function_name", "first_version")
    found = workspace.register(folder, track=["measure"])
    assert found.version.version == 2
    assert ranges(workspace, tables.tracked_functions, "function_name") == [
        ("segment", 1, None),
        ("measure", 2, None),
    ]
    # The old row goes on under its id; nothing was copied.
    assert (
        rows(workspace, tables.tracked_functions, "id", "function_name", "first_version")[:1]
        == before
    )
    first, second = workspace.versions()
    assert [each.function for each in first.declaration.tracked] == ["segment"]
    assert [each.function for each in second.declaration.tracked] == ["segment", "measure"]


def test_rows_of_what_changed_or_vanished_end_and_the_others_go_on(workspace):
    folder = workspace.method()
    workspace.register(folder, track=["segment", "measure"])
    written(
        folder,
        {
            "helper.py": HELPER.replace("sigma: float = 1.0", "sigma: float = 1.5"),
            "run.py": RUN.replace("run(image,", "run(image, sample,"),
        },
    )
    workspace.register(
        folder,
        drop_tracked=("measure",),
        inputs=(MethodInput("sample", "value", value_type="str"),),
        outputs=(MethodOutput("cells", "cells.parquet", "file"),),
    )
    workspace.register(folder, track=["measure"])
    assert ranges(workspace, tables.tracked_functions, "function_name") == [
        ("segment", 1, None),
        ("measure", 1, 1),
        ("measure", 3, None),
    ]
    assert ranges(workspace, tables.param_defs, "param_name") == [
        ("sigma", 1, 1),
        ("connect", 1, None),
        ("minimum", 1, 1),
        ("sigma", 2, None),
        ("minimum", 3, None),
    ]
    assert ranges(workspace, tables.method_inputs, "input_name") == [
        ("image", 1, None),
        ("sample", 2, None),
    ]
    assert ranges(workspace, tables.method_outputs, "output_name") == [
        ("cells", 1, 1),
        ("cells", 2, None),
    ]


def test_a_frozen_environment_is_part_of_the_version(workspace, tmp_path):
    environment = written(tmp_path / "env", {"pixi.toml": "[workspace]\n", "pixi.lock": "one"})
    folder = workspace.method()
    plain = workspace.register(folder)
    first = workspace.register(folder, pixi_from=environment)
    assert plain.version.pixi_lock_hash is None
    assert first.version.version == 2
    assert first.version.pixi_lock_hash == hashlib.sha256(b"one").hexdigest()
    written(environment, {"pixi.lock": "two"})
    second = workspace.register(folder, pixi_from=environment)
    assert second.version.version == 3
    assert workspace.git("show", "measure/v3:analysis/measure/pixi.lock") == "two"


def test_a_better_description_alone_is_no_version(workspace):
    folder = workspace.method()
    workspace.register(folder)
    found = workspace.register(folder, description="Better words.")
    assert not found.created
    assert any("recorded with the next version" in each for each in found.notices)
    written(folder, {"helper.py": HELPER + "\n# more\n"})
    workspace.register(folder, description="Better words.")
    with workspace.store.reading() as connection:
        (said,) = connection.execute(select(tables.methods.c.description)).scalars()
    assert said == "Better words."


def test_what_git_keeps_is_scanned_not_what_lies_there(workspace):
    workspace.git("config", "core.autocrlf", "true")
    folder = workspace.method()
    first = workspace.register(folder)
    for name in FILES:
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))
    assert not workspace.register(folder).created
    assert first.created


def test_a_version_is_read_from_git_as_it_was_recorded(workspace):
    folder = workspace.method()
    workspace.register(folder, track=["segment"], change="First\n\nwith a reason")
    written(folder, {"helper.py": HELPER.replace("30", "50")})
    workspace.register(folder, track=["measure"])
    for version in workspace.versions():
        new = read_version_from_git(
            workspace.repository, version.git_tag, workspace.settings.workspace_id
        )
        for name in (
            "version", "description", "git_commit_hash", "git_tag", "pixi_lock_hash",
            "content_hash", "declaration", "created_by",
        ):  # fmt: skip
            assert getattr(new, name) == getattr(version, name), name
        assert abs((new.created_at - version.created_at).total_seconds()) < 60
    with pytest.raises(NotFound, match="no version 'measure/v9'"):
        read_version_from_git(workspace.repository, "measure/v9", workspace.settings.workspace_id)


def test_looking_at_a_folder_writes_nothing(workspace):
    folder = workspace.method(files={**FILES, "run.py": RUN.replace("image", "image, extra")})
    before = workspace.git("status", "--porcelain", "--ignored")
    examined = examine(workspace.settings, RegistrationRequest(folder))
    assert [each.name for each in examined.declaration.inputs] == ["image", "extra"]
    assert not examined.declared
    assert workspace.git("status", "--porcelain", "--ignored") == before
    assert not (folder / "method.toml").exists()


def test_a_form_that_knows_everything_is_taken_at_its_word(workspace):
    folder = workspace.method()
    first = workspace.register(folder, track=["segment"]).version.declaration
    wanted = replace(first, tracked=(), outputs=())
    found = workspace.register(folder, declaration=wanted, module=None)
    assert found.version.version == 2
    assert found.version.declaration.tracked == ()
    assert found.version.declaration.outputs == ()


# --- other people's files -------------------------------------------------------------------------


def test_files_of_others_stay_staged_dirty_and_untracked(workspace):
    workspace.register(workspace.method("other"))
    other = workspace.methods / "analysis" / "other"
    written(
        other, {"run.py": RUN + "\n# staged\n", "helper.py": HELPER + "\n# dirty\n", "new.py": ""}
    )
    written(workspace.methods, {"notes.txt": "staged too"})
    workspace.git("add", "analysis/other/run.py", "notes.txt")
    before = (
        workspace.git("status", "--porcelain"),
        workspace.git("diff"),
        workspace.git("diff", "--cached"),
    )
    folder = workspace.method()
    workspace.register(folder)
    written(folder, {"helper.py": HELPER + "\n# again\n"})
    workspace.register(folder)
    after = (
        workspace.git("status", "--porcelain"),
        workspace.git("diff"),
        workspace.git("diff", "--cached"),
    )
    assert after == before


def test_a_version_goes_to_main_while_another_branch_is_checked_out(workspace):
    folder = workspace.method()
    workspace.register(folder)
    workspace.git("switch", "-q", "-c", "trial")
    written(folder, {"helper.py": HELPER + "\n# trial\n"})
    found = workspace.register(folder)
    assert found.version.version == 2
    assert workspace.git("branch", "--contains", "measure/v2").split() == ["main"]
    assert any("while trial is checked out" in each for each in found.notices)


def test_in_the_middle_of_something_nothing_is_registered(workspace):
    folder = workspace.method()
    workspace.register(folder)
    workspace.git("switch", "-q", "--detach", "main")
    written(folder, {"helper.py": HELPER + "\n# again\n"})
    with pytest.raises(Conflict, match="detached HEAD"):
        workspace.register(folder)
    assert len(workspace.versions()) == 1


# --- folders from elsewhere -----------------------------------------------------------------------


def test_a_folder_from_elsewhere_is_copied_into_the_workspace(workspace, tmp_path):
    source = written(tmp_path / "my work", {**FILES, "sub/more.py": "X = 1\n"})
    found = workspace.register(source, name="measure")
    copy = workspace.methods / "analysis" / "measure"
    assert found.version.version == 1
    assert (copy / "sub/more.py").read_text() == "X = 1\n"
    assert (copy / "method.toml").is_file()
    # Their folder is theirs.
    assert not (source / "method.toml").exists()


def test_the_next_version_from_elsewhere_keeps_what_was_declared(workspace, tmp_path):
    source = written(tmp_path / "measure", {**FILES, "old.py": "X = 1\n"})
    workspace.register(source, track=["measure"])
    (source / "old.py").unlink()
    written(source, {"helper.py": HELPER.replace("30", "50")})
    found = workspace.register(source)
    assert found.version.version == 2
    assert [each.function for each in found.version.declaration.tracked] == ["measure"]
    listed = workspace.git("ls-tree", "-r", "--name-only", "measure/v2", "analysis/measure/")
    assert "old.py" not in listed
    assert workspace.git("status", "--porcelain") == ""
    assert not workspace.register(source).created


def test_edits_in_the_workspace_are_not_lost_silently(workspace, tmp_path):
    source = written(tmp_path / "measure", FILES)
    workspace.register(source)
    copy = workspace.methods / "analysis" / "measure"
    written(copy, {"helper.py": HELPER + "\n# edited here\n", "new.py": "# made here\n"})
    written(source, {"helper.py": HELPER + "\n# edited there\n"})
    with pytest.raises(Conflict, match=r"'helper\.py' and 'new\.py', edited there") as refused:
        workspace.register(source)
    assert "--overwrite" in str(refused.value)
    assert "edited here" in (copy / "helper.py").read_text()
    found = workspace.register(source, overwrite=True)
    assert found.version.version == 2
    assert "edited there" in (copy / "helper.py").read_text()
    assert not (copy / "new.py").exists()


def test_data_that_git_leaves_out_is_not_copied_and_named(workspace, tmp_path):
    source = written(
        tmp_path / "measure",
        {
            **FILES,
            "helper.py": HELPER + '\nATLAS = "atlas.tif"\n',
            "data/big.bin": "x",
            "atlas.tif": "x",
            ".gitignore": "scratch/\n",
            "scratch/a.txt": "x",
        },
    )
    found = workspace.register(source)
    copy = workspace.methods / "analysis" / "measure"
    assert not (copy / "data").exists()
    assert not (copy / "scratch").exists()
    (read,) = [each for each in found.notices if each.startswith("atlas.tif is read by the code")]
    assert "'*.tif'" in read
    (rest,) = [each for each in found.notices if each.startswith("Left out")]
    assert "data/big.bin" in rest
    assert "scratch/a.txt" in rest


def test_a_copy_never_writes_through_a_link(workspace, tmp_path):
    target = tmp_path / "precious"
    target.mkdir()
    (workspace.methods / "analysis").mkdir()
    (workspace.methods / "analysis" / "measure").symlink_to(target)
    with pytest.raises(InvalidInput, match="is a link"):
        workspace.register(written(tmp_path / "measure", FILES))
    assert list(target.iterdir()) == []
    (workspace.methods / "analysis" / "measure").unlink()


def test_a_link_inside_the_folder_is_scanned_as_what_it_leads_to(workspace):
    folder = workspace.method(files={"run.py": RUN, "shared/real.py": HELPER})
    (folder / "helper.py").symlink_to("shared/real.py")
    found = workspace.register(folder, track=["helper.py:segment"])
    assert [name for name, _ in found.version.declaration.parameters()] == [
        "segment.sigma",
        "segment.connect",
    ]


# --- notices --------------------------------------------------------------------------------------


def test_what_a_run_would_lack_is_named(workspace):
    folder = workspace.method(
        files={
            "run.py": "import no_such_thing\n" + RUN,
            "helper.py": "from nowhere.at_all import x\nimport json\n" + HELPER,
            "weights.txt": "x" * 2_000_000,
            "data/kept.txt": "x",
        }
    )
    settings = replace(workspace.settings, large_file_bytes=1_000_000)
    found = replace(workspace, settings=settings).register(folder)
    said = "\n".join(found.notices)
    assert re.search(r"run\.py:1 imports no_such_thing, which \S+ does not have", said)
    assert re.search(r"helper\.py:1 imports nowhere, which", said)
    assert "imports json" not in said
    assert "weights.txt has 1.9 MB" in said
    assert re.search(r"Left out of the version by \.gitignore \(data/\): 'data/'", said)
    assert "no pixi environment" in said


def test_an_interpreter_that_does_not_start_is_said_and_stops_nothing(workspace):
    settings = replace(workspace.settings, python="/nowhere/python")
    found = replace(workspace, settings=settings).register(workspace.method())
    assert found.created
    assert any("/nowhere/python" in each for each in found.notices)


# --- several workspaces, one database -------------------------------------------------------------


def test_two_workspaces_of_one_database_number_their_versions_together(
    tmp_path, database_url, monkeypatch
):
    with new_workspace(tmp_path, database_url, monkeypatch) as first:
        second = another_workspace(tmp_path / "second", database_url)
        one = first.register(first.method())
        same = second.register(second.method())
        assert (one.version.version, same.version.version) == (1, 2)
        assert any("is not in this repository" in each for each in same.notices)
        # Each finds its own again.
        assert first.register(first.method()).version.version == 1
        assert second.register(second.method()).version.version == 2
        changed = {**FILES, "helper.py": HELPER + "\n# more\n"}
        assert first.register(first.method(files=changed)).version.version == 3
        assert first.tags() == ["measure/v1", "measure/v3"]
        assert second.tags() == ["measure/v2"]
        second.store.close()
