"""How the method is called: ``run()`` with its inputs, or a script with a command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm_kernel.running.task import Option, PathInput, PathsInput, ValueInput

from .runner_harness import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "an image.txt"
    path.write_text("pixels")
    return path


def test_inputs_arrive_by_name_as_paths_lists_and_values(bench: Bench, image: Path) -> None:
    code = (
        "def run(image, tables, sample, features, tables_labels, output_dir, depth=3):\n"
        "    return {'seen': repr((image, tables, sample, features, tables_labels, depth)),\n"
        "            'output_dir': str(output_dir)}\n"
    )
    ran = bench.run(
        {"run.py": code},
        inputs={
            "image": PathInput(image),
            "tables": PathsInput([image, image], ["s1", "s 2"]),
            "sample": ValueInput("'Pa16c'"),
            "features": ValueInput("['CycD1', 1.5, inf]"),
        },
    )
    seen = (
        image,
        [image] * 2,
        "Pa16c",
        ["CycD1", 1.5, float("inf")],
        ["s1", "s 2"],
        3,
    )
    assert ran.metrics == {"seen": repr(seen), "output_dir": str(ran.run_dir)}


def test_labels_and_output_dir_are_given_only_where_run_asks_for_them(
    bench: Bench, image: Path
) -> None:
    code = "def run(tables):\n    return {'n': len(tables)}\n"
    ran = bench.run({"run.py": code}, inputs={"tables": PathsInput([image], ["s1"])})
    assert ran.metrics == {"n": 1}


def test_a_run_that_takes_anything_is_given_everything(bench: Bench, image: Path) -> None:
    code = "def run(**given):\n    return {'names': ' '.join(sorted(given))}\n"
    ran = bench.run({"run.py": code}, inputs={"tables": PathsInput([image], ["s1"])})
    assert ran.metrics == {"names": "output_dir tables tables_labels"}


@pytest.mark.parametrize(
    ("annotations", "kinds"),
    [
        ("(a: Path, b: list[Path], output_dir: Path)", "PosixPath PosixPath PosixPath"),
        ("(a: 'pathlib.Path', b: 'List[Path]', output_dir: 'Path | None')", "PosixPath " * 3),
        ("(a: str, b: list[str], output_dir: 'str | None')", "str str str"),
        ("(a: 'str', b: 'List[str]', output_dir: 'str | Path')", "str str PosixPath"),
        ("(a, b, output_dir)", "PosixPath PosixPath PosixPath"),
        ("(a, /, b: list, *, output_dir: str = None)", "PosixPath PosixPath str"),
    ],
)
def test_paths_come_as_the_annotation_says(
    bench: Bench, image: Path, annotations: str, kinds: str
) -> None:
    code = (
        "import pathlib\nfrom pathlib import Path\n"
        f"def run{annotations}:\n"
        "    return {'kinds': ' '.join(type(x).__name__ for x in (a, b[0], output_dir))}\n"
    )
    ran = bench.run(
        {"run.py": code}, inputs={"a": PathInput(image), "b": PathsInput([image], ["x"])}
    )
    assert ran.metrics == {"kinds": kinds.strip()}


def test_an_optional_input_that_was_not_given_keeps_its_default(bench: Bench) -> None:
    ran = bench.run({"run.py": "def run(mask=None):\n    return {'mask': mask}\n"})
    assert ran.metrics == {"mask": None}


def test_files_named_like_modules_of_python_are_for_the_method_only(bench: Bench) -> None:
    names = ["select", "resource", "traceback", "hashlib", "inspect", "dis", "report", "session"]
    files: dict[str, str | bytes] = {f"{name}.py": "mine = True\n" for name in names}
    files["run.py"] = (
        f"import functools, {', '.join(names)}\n"
        "def kept(function):\n"
        "    return functools.wraps(function)(lambda *given, **named: function(*given, **named))\n"
        "@kept\n"
        "def run(t=1):\n"
        f"    return {{'mine': all(m.mine for m in ({', '.join(names)}))}}\n"
    )
    ran = bench.run(files, ["run.py:run"], set={"run.t": "2"}, heartbeat=0.1)
    assert ran.exit_code == 0, ran.log
    assert ran.metrics == {"mine": True}
    assert ran.arrived == [("run", {"t": "2"})]


def test_a_set_argument_without_default_is_passed_to_run(bench: Bench) -> None:
    code = "def run(depth):\n    return {'depth': depth}\n"
    ran = bench.run({"run.py": code}, ["run.py:run"], set={"run.depth": "4"})
    assert ran.metrics == {"depth": 4}
    assert ran.arrived == [("run", {"depth": "4"})]
    assert ran.calls[0]["set"] == ["depth"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def run(img): pass", ["'image'", "run(img)", "takes no argument of that name"]),
        ("def run(image, depth): pass", ["run(image, depth)", "'depth'", "Give it a default"]),
        ("def main(image): pass", ["run.py has no function run()", "it has main"]),
        ("x = 1", ["run.py has no function run()"]),
        ("run = 5", ["run.py has no function run()"]),
        ("def run(image):\n    yield 1", ["contains `yield`"]),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(
    bench: Bench, image: Path, code: str, words: list[str]
) -> None:
    ran = bench.run({"run.py": code + "\n"}, inputs={"image": PathInput(image)})
    assert ran.exit_code == 1
    assert ran.report is not None
    assert all(word in ran.report["error"]["message"] for word in words)
    assert all(word in ran.log for word in words)
    assert "Traceback" not in ran.log


def test_a_missing_label_argument_is_not_invented(bench: Bench, image: Path) -> None:
    code = "def run(image, image_labels): pass\n"
    ran = bench.run({"run.py": code}, inputs={"image": PathInput(image)})
    assert ran.report is not None
    assert "'image_labels'" in ran.report["error"]["message"]


SCRIPT = """\
import argparse
import helper

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", required=True)
    parser.add_argument("--tables", nargs="*")
    parser.add_argument("--nuclei")
    parser.add_argument("--min-quality", type=float, default=0.8)
    parser.add_argument("--clip", action="store_true")
    parser.add_argument("--cache", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--shift", type=int, default=0)
    parser.add_argument("rounds", type=int, nargs="?", default=1)
    args = parser.parse_args()
    print(sorted(vars(args).items()))
    with open(args.nuclei, "w") as stream:
        stream.write(helper.load(args.image))
"""
OPTIONS = {
    "image": Option("--image"),
    "tables": Option("--tables"),
    "nuclei": Option("--nuclei"),
    "min_quality": Option("--min-quality", "option", "0.8"),
    "clip": Option("--clip", "flag", "False"),
    "cache": Option("--cache", "flag", "True"),
    "shift": Option("--shift", "option", "0"),
    "rounds": Option("rounds", "argument", "1"),
}
COMMAND = {
    "function": "run",
    "qualname": "run",
    "file": "run.py",
    "params": ["min_quality", "clip", "cache", "shift", "rounds"],
}
FILES = {"run.py": SCRIPT, "helper.py": "def load(path):\n    return open(path).read()\n"}


def test_a_script_gets_a_command_line_and_what_its_parser_made_of_it_is_recorded(
    bench: Bench, image: Path
) -> None:
    ran = bench.run(
        FILES,
        [COMMAND, "helper.py:load"],
        kind="script",
        options=OPTIONS,
        inputs={"image": PathInput(image), "tables": PathsInput([image, image], ["a", "b"])},
        outputs={"nuclei": "deep/nuclei.txt"},
        set={
            "run.min_quality": "0.5",
            "run.clip": "True",
            "run.cache": "False",
            "run.shift": "-3",
            "run.rounds": "2",
        },
    )
    assert ran.exit_code == 0, ran.log
    assert (ran.run_dir / "deep" / "nuclei.txt").read_text() == "pixels"
    assert ("image", str(image)) in eval(ran.log)
    assert ran.arrived[0] == (
        "run",
        {"min_quality": "0.5", "clip": "True", "cache": "False", "shift": "-3", "rounds": "2"},
    )
    assert ran.calls[0]["set"] == ["min_quality", "clip", "cache", "shift", "rounds"]
    assert ran.report is not None
    assert ran.report["calls"] == {"run": 1, "load": 1}


def test_options_that_are_not_set_keep_the_scripts_defaults_and_are_recorded(
    bench: Bench, image: Path
) -> None:
    ran = bench.run(
        FILES,
        [COMMAND],
        kind="script",
        options=OPTIONS,
        inputs={"image": PathInput(image)},
        outputs={"nuclei": "nuclei.txt"},
    )
    assert ran.arrived == [
        (
            "run",
            {"min_quality": "0.8", "clip": "False", "cache": "True", "shift": "0", "rounds": "1"},
        )
    ]
    assert ran.calls[0]["set"] == []


def test_names_that_the_script_does_not_mention_become_options(bench: Bench, image: Path) -> None:
    code = "import sys\nprint(sys.argv[1:])\n"
    ran = bench.run(
        {"run.py": code},
        [{**COMMAND, "params": ["t"]}],
        kind="script",
        inputs={"image": PathInput(image), "sample": ValueInput("'s 1'")},
        outputs={"tiles": "tiles/*.tif", "folder": "parts/"},
        set={"run.t": "[1, 'b']"},
    )
    run_dir = ran.run_dir
    assert eval(ran.log) == [
        *("--image", str(image), "--sample", "s 1"),
        *("--tiles", f"{run_dir}/tiles", "--folder", f"{run_dir}/parts", "--t", "1", "b"),
    ]
    assert (run_dir / "tiles").is_dir()
    # No parser that could be asked: what was given is what is known.
    assert ran.arrived == [("run", {"t": "[1, 'b']"})]


def test_a_script_that_writes_below_an_output_dir_gets_that(bench: Bench) -> None:
    code = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--output-dir')\n"
    code += "print(p.parse_args().output_dir)\n"
    ran = bench.run(
        {"run.py": code},
        kind="script",
        options={"output_dir": Option("--output-dir")},
        outputs={"nuclei": "nuclei.txt"},
    )
    assert ran.log == f"{ran.run_dir}\n"


def test_names_are_spelled_as_the_script_spells_them(bench: Bench, image: Path) -> None:
    code = (
        "import argparse\n"
        "p = argparse.ArgumentParser()\n"
        "for name in ('--first-image', '--last_image', '--all-tables', '--all-tables-labels'):\n"
        "    p.add_argument(name, nargs='*')\n"
        "p.add_argument('--out-table')\n"
        "print(vars(p.parse_args()))\n"
    )
    ran = bench.run(
        {"run.py": code},
        kind="script",
        inputs={
            "first_image": PathInput(image),
            "last_image": PathInput(image),
            "all_tables": PathsInput([image], ["s1"]),
        },
        outputs={"out_table": "t.csv"},
    )
    assert eval(ran.log) == {
        "first_image": [str(image)],
        "last_image": [str(image)],
        "all_tables": [str(image)],
        "all_tables_labels": ["s1"],
        "out_table": f"{ran.run_dir}/t.csv",
    }


def test_an_output_folder_and_its_own_options_can_be_mixed(bench: Bench) -> None:
    code = (
        "import argparse\n"
        "p = argparse.ArgumentParser()\n"
        "p.add_argument('--output-dir')\n"
        "p.add_argument('--table')\n"
        "print(vars(p.parse_args()))\n"
    )
    outputs = {"table": "t.csv", "plot": "p.png"}
    ran = bench.run({"run.py": code}, kind="script", outputs=outputs)
    assert eval(ran.log) == {"output_dir": f"{ran.run_dir}", "table": f"{ran.run_dir}/t.csv"}


def test_a_refused_command_line_fails_with_the_parsers_message(bench: Bench) -> None:
    code = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--k', type=int)\n"
    code += "p.parse_args()\n"
    ran = bench.run(
        {"run.py": code},
        [{**COMMAND, "params": ["k"]}],
        kind="script",
        options={"k": Option("--k")},
        set={"run.k": "'x'"},
    )
    assert ran.exit_code == 2
    assert "invalid int value: 'x'" in ran.log
    assert ran.arrived == []
    assert ran.report is not None
    assert ran.report["outcome"] == "exited"


def test_options_of_a_sub_command_are_one_command_line(bench: Bench) -> None:
    code = (
        "import argparse, sys\n"
        "sys.argv.append('go')\n"
        "p = argparse.ArgumentParser()\n"
        "p.add_argument('--k', type=int)\n"
        "q = p.add_subparsers().add_parser('go')\n"
        "q.add_argument('--m', type=int, default=5)\n"
        "p.parse_args()\n"
    )
    ran = bench.run(
        {"run.py": code},
        [{**COMMAND, "params": ["k", "m"]}],
        kind="script",
        options={"k": Option("--k")},
        set={"run.k": "1"},
    )
    assert ran.arrived == [("run", {"k": "1", "m": "5"})]


def test_a_script_is_the_main_module_for_itself_and_its_children(bench: Bench) -> None:
    code = (
        "import multiprocessing, pickle\n"
        "from joblib import Parallel, delayed\n"
        "class Point:\n"
        "    pass\n"
        "def local(i, q=1):\n"
        "    return q\n"
        "if __name__ == '__main__':\n"
        "    assert type(pickle.loads(pickle.dumps(Point()))) is Point\n"
        "    for method in ('fork', 'spawn', 'forkserver'):\n"
        "        with multiprocessing.get_context(method).Pool(1) as pool:\n"
        "            print(method, pool.map(local, [0]))\n"
        "    print('loky', Parallel(2)(delayed(local)(i) for i in range(2)))\n"
    )
    ran = bench.run({"run.py": code}, ["run.py:local"], kind="script", set={"local.q": "3"})
    assert ran.exit_code == 0, ran.log
    assert ran.log == "fork [3]\nspawn [3]\nforkserver [3]\nloky [3, 3]\n"
