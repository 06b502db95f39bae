"""The code that runs beside a method works in every Python that a method may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from pm_kernel.running.task import ValueInput

from .runner_harness import Bench, interpreters

OTHERS = interpreters()

FILES = {
    "helper.py": (
        '"""Doc."""\n\n'
        "import asyncio\n\n"
        "def segment(i, t: float = 0.5, *rest, mode='a', **more):\n"
        '    """Segment."""\n'
        "    return t\n\n"
        "class Model:\n"
        "    @classmethod\n"
        "    def make(cls, depth=1):\n"
        "        return depth\n\n"
        "async def fetch(t=0.5):\n"
        "    await asyncio.sleep(0)\n"
        "    return t\n\n"
        "def fails(t):\n"
        "    raise ValueError(t)\n"
    ),
    "run.py": (
        "import asyncio, helper, multiprocessing, os, subprocess, sys, warnings\n"
        "warnings.simplefilter('error')\n"
        "def run(sample, output_dir):\n"
        "    seen = {'sample': sample, 'plain': helper.segment(1), 'doc': helper.segment.__doc__}\n"
        "    seen['method'] = helper.Model.make()\n"
        "    seen['coroutine'] = asyncio.run(helper.fetch())\n"
        "    for method in ('fork', 'spawn', 'forkserver'):\n"
        "        with multiprocessing.get_context(method).Pool(1) as pool:\n"
        "            seen[method] = pool.apply(helper.segment, (2,), {'t': 0.1})\n"
        "    here = os.path.dirname(__file__)\n"
        "    command = [sys.executable, '-OO', '-c', 'import helper; print(helper.segment(3))']\n"
        "    seen['child'] = subprocess.check_output(command, cwd=here, text=True).strip()\n"
        "    try:\n"
        "        helper.fails(1)\n"
        "    except ValueError as error:\n"
        "        seen['line'] = error.__traceback__.tb_next.tb_lineno\n"
        "        code = error.__traceback__.tb_next.tb_frame.f_code\n"
        "        seen['file'] = os.path.basename(code.co_filename)\n"
        "    return seen\n"
    ),
}
TRACKED = ["segment", "Model.make", "fetch", "fails"]


@pytest.mark.skipif(not OTHERS, reason="only one Python is installed here")
@pytest.mark.parametrize("python", OTHERS or ["none"])
def test_a_method_of_another_python_is_prepared_run_and_recorded(
    tmp_path: Path, python: str
) -> None:
    bench = Bench(tmp_path, python)
    ran = bench.run(
        FILES,
        [f"helper.py:{name}" for name in TRACKED],
        set={"segment.t": "2", "Model.make.depth": "3", "fetch.t": "4"},
        inputs={"sample": ValueInput("'s'")},
    )
    assert ran.exit_code == 0, ran.log
    here = {"sample": "s", "plain": 2, "doc": "Segment.", "method": 3, "coroutine": 4}
    children = {"fork": 2, "spawn": 2, "forkserver": 2, "child": "2"}
    assert ran.metrics == {**here, **children, "line": 19, "file": "helper.py"}
    assert {call["f"] for call in ran.calls} == set(TRACKED)
    assert {call["v"]["t"]["text"] for call in ran.calls if call["f"] == "segment"} == {"2"}


@pytest.mark.skipif(not OTHERS, reason="only one Python is installed here")
@pytest.mark.parametrize("python", OTHERS or ["none"])
def test_a_script_of_another_python_runs_with_its_children(tmp_path: Path, python: str) -> None:
    bench = Bench(tmp_path, python)
    code = (
        "import argparse, multiprocessing\n"
        "def local(i, q=1):\n"
        "    return q\n"
        "if __name__ == '__main__':\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--t', type=float)\n"
        "    print(parser.parse_args().t)\n"
        "    for method in ('fork', 'spawn', 'forkserver'):\n"
        "        with multiprocessing.get_context(method).Pool(1) as pool:\n"
        "            print(pool.map(local, [0]))\n"
    )
    command = {"function": "run", "qualname": "run", "file": "run.py", "params": ["t"]}
    ran = bench.run(
        {"run.py": code},
        [command, "run.py:local"],
        kind="script",
        set={"run.t": "2.5", "local.q": "3"},
    )
    assert ran.exit_code == 0, ran.log
    assert ran.log == "2.5\n[3]\n[3]\n[3]\n"
    assert ran.arrived[0] == ("run", {"t": "2.5"})
