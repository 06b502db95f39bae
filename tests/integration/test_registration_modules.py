"""Modules: module.toml, its commit and its rows; and the demo's methods with theirs."""

from __future__ import annotations

import shutil

import pytest

from pm_kernel.demo.location import methods_folder
from pm_kernel.domain.methods import ContractField
from pm_kernel.domain.pipeline import parse_pipeline
from pm_kernel.domain.pipeline_check import check_pipeline
from pm_kernel.errors import InvalidInput, Problems
from pm_kernel.registration import create_module, read_modules_from_git, repair
from pm_kernel.store import modules, registry
from pm_kernel.store.catalogue import read_catalogue

from .registration_harness import FILES, new_workspace, written

FIELDS = (ContractField("cells", "cell_id", "str"), ContractField("cells", "score", "float", False))


@pytest.fixture
def workspace(tmp_path, database_url, monkeypatch):
    with new_workspace(tmp_path, database_url, monkeypatch) as made:
        yield made
        made.check()
        assert made.git("status", "--porcelain") == ""


def create(workspace, name="analysis", **options):
    return create_module(workspace.settings, workspace.store, name, **options)


def stored(workspace):
    with workspace.store.reading() as connection:
        return {
            each.name: (each.description, each.contract)
            for each in modules.list_modules(connection)
        }


def test_a_module_is_a_file_a_commit_and_rows(workspace):
    saved = create(workspace, description="Measures cells.", contract=FIELDS)
    assert (saved.created, saved.changed) == (True, True)
    assert stored(workspace) == {"analysis": ("Measures cells.", FIELDS)}
    assert workspace.git("log", "-1", "--format=%s") == "module: analysis - Measures cells."
    assert workspace.git("show", "--name-only", "--format=") == "analysis/module.toml"
    (spec,) = read_modules_from_git(workspace.repository)
    assert (spec.name, spec.description, spec.contract) == ("analysis", "Measures cells.", FIELDS)


def test_the_same_module_again_is_nothing_new(workspace):
    create(workspace, contract=FIELDS)
    before = workspace.git("rev-parse", "main")
    saved = create(workspace, contract=FIELDS)
    assert (saved.created, saved.changed) == (False, False)
    assert workspace.git("rev-parse", "main") == before


def test_fields_are_added_and_replaced_by_name(workspace):
    create(workspace, description="Measures.", contract=FIELDS)
    saved = create(workspace, contract=(ContractField("cells", "score", "int"),))
    assert (saved.created, saved.changed) == (False, True)
    assert stored(workspace) == {
        "analysis": ("Measures.", (FIELDS[0], ContractField("cells", "score", "int")))
    }


def test_a_file_edited_by_hand_is_recorded_as_it_is(workspace):
    create(workspace, contract=FIELDS)
    file = workspace.methods / "analysis" / "module.toml"
    text = '# why\n[module]\nname = "analysis"\ndescription = "By hand."\n'
    file.write_text(text)
    assert create(workspace).changed
    assert stored(workspace) == {"analysis": ("By hand.", ())}
    assert workspace.git("show", "main:analysis/module.toml") + "\n" == text
    assert file.read_text() == text


def test_an_edited_file_is_also_recorded_by_the_next_method_of_the_module(workspace):
    folder = workspace.method()
    workspace.register(folder)
    file = workspace.methods / "analysis" / "module.toml"
    file.write_text('[module]\nname = "analysis"\ndescription = "By hand."\n')
    workspace.register(folder, track=["measure"])
    assert stored(workspace)["analysis"][0] == "By hand."
    # In a commit of its own: the version's holds the method alone.
    names = workspace.git("show", "--name-only", "--format=", workspace.versions()[-1].git_tag)
    assert "module.toml" not in names


def test_a_broken_module_file_is_refused(workspace):
    file = workspace.methods / "analysis" / "module.toml"
    written(file.parent, {"module.toml": '[module]\nname = "other"\n'})
    with pytest.raises(InvalidInput, match="its folder is 'analysis'"):
        create(workspace)
    file.write_text("[module\n")
    with pytest.raises(Problems, match="cannot be read"):
        workspace.register(workspace.method())
    shutil.rmtree(file.parent)


@pytest.mark.parametrize("name", ["-x", "a b", "../x", "data", ""])
def test_hostile_names_are_refused(workspace, name):
    with pytest.raises(InvalidInput, match="A module cannot be called"):
        create(workspace, name)
    assert stored(workspace) == {}


def test_a_module_that_was_committed_and_not_recorded_is_found(workspace):
    create(workspace, contract=FIELDS)
    with workspace.store.transaction() as connection:
        connection.exec_driver_sql("TRUNCATE modules CASCADE")
    notices = repair(workspace.settings, workspace.store).notices
    assert notices == ("Module analysis was committed and not recorded; it is now.",)
    assert stored(workspace) == {"analysis": ("", FIELDS)}


def test_a_module_file_beside_a_folder_from_elsewhere_comes_along(workspace, tmp_path):
    text = '[module]\nname = "analysis"\ndescription = "From elsewhere."\n'
    written(tmp_path / "theirs", {"module.toml": text})
    workspace.register(written(tmp_path / "theirs" / "measure", FILES))
    assert stored(workspace)["analysis"][0] == "From elsewhere."


def test_all_methods_of_the_demo_are_registered_from_a_copy(workspace, tmp_path):
    copy = tmp_path / "demo"
    shutil.copytree(methods_folder(), copy, ignore=shutil.ignore_patterns("__pycache__"))
    order = [
        "segmentation/regionprops",
        "quality_control/quality_filter",
        "ploidy_filtering/ploidy_gate",
        "data_labeling/label_positive",
        "cohort_analysis/positive_fraction",
    ]
    assert sorted(order) == sorted(
        path.parent.relative_to(copy).as_posix() for path in copy.glob("*/*/run.py")
    )
    for place in order:
        found = workspace.register(copy / place, module=None)
        assert found.created
        assert found.version.module == place.split("/")[0]
        # Everything it needs is there, and nothing had to be suggested.
        said = [n for n in found.notices if "no pixi environment" not in n and "is new" not in n]
        assert said == []
    for place in order:
        assert not workspace.register(copy / place, module=None).created
        assert not workspace.register(workspace.methods / place, module=None).created
        # What was written by hand came through as it was.
        name = f"{place}/method.toml"
        assert (workspace.methods / name).read_bytes() == (copy / name).read_bytes()
    with workspace.store.reading() as connection:
        listed = registry.list_methods(connection)
        contracts = {m.name: m.contract for m in modules.list_modules(connection)}
    assert sorted(f"{each.method.module}/{each.method.name}" for each in listed) == sorted(order)
    assert all(each.latest.version == 1 and each.version_count == 1 for each in listed)
    assert all(contracts.values())
    regionprops = next(each for each in listed if each.method.name == "regionprops").latest
    params = dict(regionprops.declaration.parameters())
    assert params["segment_nuclei.smoothing_sigma"].expected == "1.2"
    assert params["segment_nuclei.min_object_area"].default == "30"


def test_a_method_that_does_not_declare_what_its_module_promises_is_refused(workspace, tmp_path):
    create(workspace, contract=(*FIELDS, ContractField("summary", "n", "int")))
    with pytest.raises(InvalidInput, match="promises an output 'summary'") as refused:
        workspace.register(workspace.method())
    assert "--break-contract" in str(refused.value.hint)
    with workspace.store.reading() as connection:
        assert registry.list_methods(connection) == []
    # Whoever wants it all the same is told what it means, and a preview names it too.
    found = workspace.register(workspace.method(), break_contract=True)
    (said,) = [each for each in found.notices if "promises" in each]
    assert "Module analysis promises an output 'summary'" in said
    with workspace.store.reading() as connection:
        catalogue = read_catalogue(connection)
    pipeline = parse_pipeline({"format": 1, "steps": {"a": {"method": found.version.method}}})
    (told,) = [p for p in check_pipeline(pipeline[0], catalogue) if p.code == "contract"]
    assert (told.step, told.severity) == ("a", "notice")
    assert "promises an output 'summary'" in told.message
    # It is what it was; a new version of it would break the contract anew.
    assert not workspace.register(workspace.method()).created
    workspace.method(files={**FILES, "helper.py": FILES["helper.py"] + "# other\n"})
    with pytest.raises(InvalidInput, match="promises an output 'summary'"):
        workspace.register(workspace.methods / "analysis" / "measure")
    assert workspace.git("checkout", "--", ".") == ""
    # From elsewhere: neither its files nor its module have come when it is refused.
    other = written(
        tmp_path / "analysis" / "measure", {**FILES, "helper.py": FILES["helper.py"] + "# new\n"}
    )
    (other.parent / "module.toml").write_text(
        (workspace.methods / "analysis" / "module.toml").read_text()
    )
    with pytest.raises(InvalidInput, match="promises an output 'summary'"):
        workspace.register(other)
    renamed = (other.parent / "module.toml").read_text().replace("analysis", "counting")
    (other.parent / "module.toml").write_text(renamed)
    with pytest.raises(InvalidInput, match="promises an output 'summary'"):
        workspace.register(other, name="count", module="counting")
    assert list(stored(workspace)) == ["analysis"]
    assert not (workspace.methods / "counting").exists()
    assert workspace.git("status", "--porcelain") == ""
