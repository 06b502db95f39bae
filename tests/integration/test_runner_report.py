"""What a run tells about itself: metrics, imports, files from elsewhere, what it read, its cost."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pm_kernel.running.task import PathInput

from .runner_harness import Bench, Ran


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def report(ran: Ran) -> dict[str, Any]:
    assert ran.report is not None, ran.log + ran.said
    return ran.report


def noticed(ran: Ran) -> str:
    return "\n".join(report(ran)["notices"])


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment with nothing in it; returns its interpreter."""
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder / "bin" / "python"


def site(python: Path) -> Path:
    code = "import site; print(site.getsitepackages()[0])"
    asked = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return Path(asked.stdout.strip())


def install(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """What an installer leaves behind."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    (info / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
    record = [*files, f"{info.name}/METADATA"]
    (info / "RECORD").write_text("".join(f"{path},sha256=x,1\n" for path in record))


def test_metrics_are_the_scalars_of_the_returned_dictionary(bench: Bench) -> None:
    code = (
        "import numpy as np\n"
        "def run():\n"
        "    return {'n': 3, 'x': 0.5, 'ok': True, 'none': None, 'text': 'a\\0\\udc80',\n"
        "            'np': np.float32(0.5), 'np int': np.int64(4), 'zero-d': np.array(2.0),\n"
        "            'nan': float('nan'), 'inf': np.float64('-inf'), 5: 'key',\n"
        "            'curve': [1, 2], 'image': np.zeros(3), 'huge': 10**20000}\n"
    )
    ran = bench.run({"run.py": code})
    plain = {"n": 3, "x": 0.5, "ok": True, "none": None, "text": "a\\x00\\udc80", "5": "key"}
    numbers = {"np": 0.5, "np int": 4, "zero-d": 2.0, "nan": "NaN", "inf": "-Infinity"}
    assert ran.metrics == plain | numbers
    assert "Metrics that are no finite number: nan, inf." in noticed(ran)
    assert "curve, image, huge" in noticed(ran)
    # What json.dumps made is plain enough for any database.
    assert "NaN" not in json.dumps(report(ran)["metrics"]).replace('"NaN"', "")


def test_another_result_than_a_dictionary_is_no_metric(bench: Bench) -> None:
    ran = bench.run({"run.py": "def run():\n    return [1, 2]\n"})
    assert ran.metrics == {}
    assert "run() returned a list" in noticed(ran)


def test_only_distributions_that_were_imported_are_listed(bench: Bench, environment: Path) -> None:
    folder = site(environment)
    install(folder, "Some_Thing", "1.2", {"something/__init__.py": "import shared.b\n"})
    install(folder, "single", "0.1", {"single.py": ""})
    install(folder, "unused", "9.9", {"unused/__init__.py": ""})
    install(folder, "shared_a", "1.0", {"shared/a/__init__.py": ""})
    install(folder, "shared.b", "2.0", {"shared/b/__init__.py": "", "shared/b/c.py": ""})
    bench.python = str(environment)
    ran = bench.run({"run.py": "import something\ndef run():\n    import single\n"})
    assert report(ran)["imports"] == {"some-thing": "1.2", "single": "0.1", "shared-b": "2.0"}


def test_what_is_installed_after_preparing_is_seen(bench: Bench, environment: Path) -> None:
    folder = site(environment)
    install(folder, "early", "1.0", {"early.py": ""})
    bench.python = str(environment)
    code = (
        "import pathlib, sys\n"
        "def run():\n"
        f"    sys.path.insert(0, {str(bench.root / 'more')!r})\n"
        "    import late, early\n"
    )
    (bench.root / "more").mkdir()
    install(bench.root / "more", "late", "3.0", {"late.py": ""})
    ran = bench.run({"run.py": code})
    assert report(ran)["imports"] == {"early": "1.0", "late": "3.0"}


def test_what_python_loads_for_itself_is_no_import_of_the_method(
    bench: Bench, environment: Path
) -> None:
    folder = site(environment)
    install(folder, "hooked", "1.0", {"hooked.py": ""})
    (folder / "hooked.pth").write_text("import hooked\n")
    bench.python = str(environment)
    assert report(bench.run({"run.py": "def run(): pass\n"}))["imports"] == {}


def test_children_tell_what_they_imported(bench: Bench, environment: Path) -> None:
    folder = site(environment)
    install(folder, "heavy", "1.0", {"heavy/__init__.py": ""})
    bench.python = str(environment)
    ran = bench.run(
        {
            "helper.py": "def work(i):\n    import heavy\n    return rest(i)\ndef rest(i): pass\n",
            "run.py": (
                "import multiprocessing, helper\n"
                "def run():\n"
                "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
                "        pool.map(helper.work, [1])\n"
            ),
        },
        ["helper.py:rest"],
    )
    assert report(ran)["imports"] == {"heavy": "1.0"}


def test_an_editable_distribution_is_known_by_its_content(bench: Bench, environment: Path) -> None:
    project = bench.root / "project"
    install(site(environment), "mine", "0.1", {})
    info = site(environment) / "mine-0.1.dist-info"
    url = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(url))
    (site(environment) / "mine.pth").write_text(f"{project}\n")
    project.mkdir()
    (project / "mine.py").write_text("x = 1\n")
    bench.python = str(environment)
    method = bench.method({"run.py": "import mine\ndef run(): pass\n"})
    first = report(bench.run(method))
    (project / "unrelated.txt").write_text("no code")
    again = report(bench.run(method))
    (project / "mine.py").write_text("x = 2\n")
    changed = report(bench.run(method))
    assert first["imports"] == {"mine": "0.1"}
    assert first["outside_files"] == {}
    assert first["editable"] == again["editable"] != changed["editable"]
    assert first["notices"] == []


def test_code_from_outside_method_and_environment_is_named_with_its_digest(bench: Bench) -> None:
    outside = bench.root / "lib" / "secret_sauce.py"
    outside.parent.mkdir()
    outside.write_text("x = 1\n")
    code = f"import sys\nsys.path.append({str(outside.parent)!r})\nimport secret_sauce\n"
    ran = bench.run({"run.py": code + "def run(): pass\n", "helper.py": ""})
    digest = "sha256:" + hashlib.sha256(b"x = 1\n").hexdigest()
    assert report(ran)["outside_files"] == {str(outside): digest}
    # It is named once, not as a file that was read as well.
    assert report(ran)["notices"] == []


def test_files_read_beside_the_inputs_are_named(bench: Bench) -> None:
    for name in ("given.txt", "atlas.csv", "other.bin"):
        (bench.root / name).write_text("1")
    folder = bench.root / "folder"
    folder.mkdir()
    (folder / "part.txt").write_text("1")
    code = (
        "import os, pathlib, tempfile\n"
        f"root = {str(bench.root)!r}\n"
        "def run(image, parts, output_dir):\n"
        "    open(image).close()\n"
        "    open(parts / 'part.txt').close()\n"
        "    pathlib.Path(root, 'atlas.csv').read_text()\n"
        "    os.close(os.open((root + '/other.bin').encode(), os.O_RDONLY))\n"
        "    open('scratch', 'w').close()\n"
        "    open('scratch').close()\n"
        "    open(output_dir / 'result', 'w').close()\n"
        "    open(output_dir / 'result').close()\n"
        "    open(os.path.dirname(__file__) + '/model.bin').close()\n"
        "    with tempfile.NamedTemporaryFile() as made:\n"
        "        open(made.name).close()\n"
        "    with open(root + '/written', 'w'): pass\n"
        "    open(root + '/written').close()\n"
        "    open('/etc/hosts').close()\n"
    )
    ran = bench.run(
        {"run.py": code, "model.bin": b"1"},
        inputs={"image": PathInput(bench.root / "given.txt"), "parts": PathInput(folder)},
    )
    assert ran.exit_code == 0, ran.log
    assert report(ran)["notices"] == [
        "It read files that are none of its inputs: "
        f"{bench.root}/atlas.csv, {bench.root}/other.bin."
    ]


def test_a_read_that_fails_or_is_odd_is_the_methods_own_affair(bench: Bench) -> None:
    code = (
        "import os\n"
        "def run():\n"
        "    for path in ('/nowhere', b'/nowhere\\xff', '\\0', 10**6):\n"
        "        try:\n"
        "            open(path)\n"
        "        except (OSError, ValueError, OverflowError) as error:\n"
        "            print(type(error).__name__)\n"
    )
    ran = bench.run({"run.py": code})
    assert ran.log.splitlines() == [
        "FileNotFoundError",
        "FileNotFoundError",
        "ValueError",
        "OSError",
    ]
    assert report(ran)["notices"] == []


def test_many_files_are_named_up_to_a_number(bench: Bench) -> None:
    for number in range(30):
        (bench.root / f"{number:02}.txt").write_text("1")
    code = (
        "def run():\n"
        "    for n in range(30):\n"
        f"        open({str(bench.root)!r} + f'/{{n:02}}.txt').close()\n"
    )
    ran = bench.run({"run.py": code})
    assert noticed(ran).count(".txt") == 20
    assert "and 10 more" in noticed(ran)


def test_cost_includes_the_children(bench: Bench) -> None:
    code = (
        "import subprocess, sys\n"
        "def run():\n"
        "    code = 'x = bytearray(80_000_000); sum(range(2_000_000))'\n"
        "    subprocess.run([sys.executable, '-c', code])\n"
    )
    ran = bench.run({"run.py": code})
    assert report(ran)["peak_rss_bytes"] > 80_000_000
    assert report(ran)["cpu_seconds"] > 0
    assert report(ran)["python"] == ".".join(map(str, sys.version_info[:3]))


def test_calls_are_counted_from_outside_and_at_least(bench: Bench) -> None:
    ran = bench.run(
        {
            "helper.py": "def f(i, t=1):\n    return f(i - 1) if i else t\n",
            "run.py": "import helper\ndef run():\n    for _ in range(5): helper.f(3)\n",
        },
        ["helper.py:f"],
    )
    assert report(ran)["calls"] == {"f": 5}
    assert len(ran.calls) == 1


def test_a_flood_of_different_values_is_cut_off_and_said(bench: Bench) -> None:
    ran = bench.run(
        {
            "helper.py": "def f(i, t=1):\n    return t\n",
            "run.py": (
                "import helper\ndef run():\n    return {'t': sum(map(helper.f, range(3000)))}\n"
            ),
        },
        ["helper.py:f"],
        set={"f.t": "2"},
    )
    assert ran.metrics == {"t": 6000}
    assert len(ran.calls) == 1000
    assert report(ran)["calls"] == {"f": 3000}
    assert "Too many different values arrived in f" in noticed(ran)


def test_a_cache_on_disk_hides_calls_and_the_record_shows_that(bench: Bench) -> None:
    files = {
        "helper.py": (
            "import os, joblib\n"
            f"memory = joblib.Memory({str(bench.root / 'cache')!r}, verbose=0)\n"
            "@memory.cache\n"
            "def f(i, t=1):\n    return t\n"
        ),
        "run.py": "import helper\ndef run():\n    return {'t': helper.f(1)}\n",
    }
    method = bench.method(files)
    first = bench.run(method, ["helper.py:f"], set={"f.t": "2"})
    second = bench.run(method, ["helper.py:f"], set={"f.t": "3"})
    assert first.metrics == {"t": 2}
    assert first.arrived == [("f", {"i": "1", "t": "2"})]
    # The old result came back without entering the function: nothing says that 3 was used.
    assert second.metrics == {"t": 2}
    assert second.arrived == []


def test_arrivals_that_cannot_be_written_are_counted(bench: Bench) -> None:
    code = (
        "import helper, os\n"
        "def run(output_dir):\n"
        "    os.mkdir(output_dir / '.pm/calls.jsonl')\n"
        "    helper.f(1)\n"
        "    os.rmdir(output_dir / '.pm/calls.jsonl')\n"
    )
    ran = bench.run({"run.py": code, "helper.py": "def f(i): pass\n"}, ["helper.py:f"])
    assert ran.exit_code == 0
    assert "Parameters of 1 calls could not be written down" in noticed(ran)
