"""Awkward folders, a site's own configuration and containers, with a real Nextflow."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pm_kernel.errors import InvalidInput
from pm_kernel.nextflow.check import check, strict_faults
from pm_kernel.nextflow.classdata import class_data_flags
from pm_kernel.nextflow.command import NextflowCommand, find_nextflow
from pm_kernel.nextflow.config import resolve_config
from pm_kernel.nextflow.install import install
from pm_kernel.nextflow.ir import (
    Commands,
    Containers,
    Directives,
    EdgeSpec,
    LaunchSpec,
    ProcessSpec,
    TaskSpec,
)
from pm_kernel.nextflow.overrides import config_problems
from pm_kernel.nextflow.quoting import groovy_string, groovy_template
from pm_kernel.nextflow.render import render
from pm_kernel.nextflow.trace import TraceReader

pytestmark = pytest.mark.nextflow

# No $ and no braces: those Nextflow itself cannot work with, see folder_fault.
HOSTILE = 'it\'s "a" (touch pwned) `touch pwned` [x] * ? \\u0041 \\ Zürich 細胞 #; & | < > ~ !'

# What a container engine does, as a task sees it: it runs the command behind the image's name.
ENGINE = """\
#!/bin/sh
printf '%s\\n' "$@" >> '@ROOT@/arguments'
while [ $# -gt 0 ] && [ "$1" != lab/cells:1 ]; do shift; done
[ $# -gt 0 ] || exit 0
shift
INSIDE_CONTAINER=yes exec "$@"
"""


def a_chain(commands: Commands, **options: object) -> LaunchSpec:
    return LaunchSpec(
        plan_id=1,
        launch_id=1,
        processes=(ProcessSpec("S01_A", "a"), ProcessSpec("S02_B", "b")),
        tasks=(TaskSpec(1, "S01_A"), TaskSpec(2, "S02_B")),
        edges=(EdgeSpec(1, 2),),
        commands=commands,
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_folders_with_every_kind_of_name_work_in_any_locale(
    parser: str, tmp_path: Path, new_stub: Callable[..., object], run_launch: Callable[..., int]
) -> None:
    workspace = tmp_path / HOSTILE
    stub = new_stub(workspace / "bin")
    commands = Commands(
        pm=(stub.path,),
        workspace=f"{workspace} $HOME $(touch pwned) {{y}}",
        before_script="export SITE='from $HOME'\n: $UNSET\n# it's hard to quote: \\",
    )
    site, traced = workspace / "nextflow.config", workspace / "trace.txt"
    site.write_text(
        "process.scratch = true\n"
        "process.errorStrategy = 'terminate'\n"
        "process.afterScript = 'exit 1'\n"
        "process.shell = ['/bin/bash', '-u']\n"
        "trace.enabled = true\n"
        f"trace.file = {groovy_string(str(traced))}\n"
    )
    directory = workspace / "launches" / "1"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("LC_")}
    environ |= {"LANG": "C", "NXF_SYNTAX_PARSER": parser}
    code = run_launch(directory, render(a_chain(commands, site_config=str(site))), environ)
    assert code == 0, (directory / "nextflow.out").read_text()
    assert stub.calls() == [
        "register 1 launch=1 attempt=1 inside=no site=from $HOME",
        "complete 1 exit=0 inside=no",
        "register 2 launch=1 attempt=1 inside=no site=from $HOME",
        "complete 2 exit=0 inside=no",
    ]
    assert (stub.root / "workspace").read_text() == f"{commands.workspace}\n"
    rows = TraceReader(directory / "nextflow.log").read()
    # In the task's own directory, in spite of the site's scratch.
    assert [(Path(row.work_dir) / ".pm_run_id").exists() for row in rows] == [True, True]
    assert not list(tmp_path.rglob("pwned"))
    # One file for all launches, and a measuring shell around each task.
    assert not traced.exists()


@pytest.mark.parametrize("parser", ["v1", "v2"])
def test_groovy_reads_every_text_as_it_was(
    parser: str, tmp_path: Path, nextflow: NextflowCommand
) -> None:
    characters = ["'", '"', "\\", "$", "\n", "\r", "\t", "\x01", "\x7f", "\u2028", "é", "𝄞", "{"]
    texts = ["".join(pair) for pair in itertools.product(characters, repeat=2)]
    texts += ["\\u0041", "\\\\u0041", "${id}", "$HOME", "*/ x /*", "//", "'''", "", " "]
    quoted = [groovy_string(text) for text in texts] + [groovy_template([text]) for text in texts]
    lines = [f"    println({q}.getBytes('UTF-8').encodeHex().toString())\n" for q in quoted]
    (tmp_path / "main.nf").write_text("workflow {\n" + "".join(lines) + "}\n", encoding="utf-8")
    answer = subprocess.run(
        [*nextflow.argv, "-q", "run", "main.nf"],
        cwd=tmp_path,
        env={**nextflow.environment(os.environ), "NXF_SYNTAX_PARSER": parser},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert [bytes.fromhex(line).decode() for line in answer.stdout.splitlines()] == 2 * texts


def test_a_mistake_in_the_sites_own_text_fails_the_task_and_not_the_launch(
    tmp_path: Path, new_stub: Callable[..., object], run_launch: Callable[..., int]
) -> None:
    stub = new_stub(tmp_path / "bin")
    commands = Commands((stub.path,), str(tmp_path), before_script="if true; then echo 'unclosed")
    directory = tmp_path / "launch"
    assert run_launch(directory, render(a_chain(commands))) == 0
    assert stub.calls() == []
    assert [r.status for r in TraceReader(directory / "nextflow.log").read()] == ["FAILED"]


def test_in_a_container_the_script_runs_inside_and_our_commands_outside(
    tmp_path: Path, new_stub: Callable[..., object], run_launch: Callable[..., int]
) -> None:
    stub = new_stub(tmp_path / "bin")
    engine = stub.root / "docker"
    engine.write_text(ENGINE.replace("@ROOT@", str(stub.root)))
    engine.chmod(0o755)
    stub.script(1, f'echo "inside=$INSIDE_CONTAINER" > {stub.root}/said')
    site = tmp_path / "nextflow.config"
    site.write_text("docker.enabled = true\n")
    spec = LaunchSpec(
        plan_id=1,
        launch_id=1,
        processes=(ProcessSpec("S01_A", "a", Directives(container="lab/cells:1")),),
        tasks=(TaskSpec(1, "S01_A"),),
        edges=(),
        commands=Commands((stub.path,), str(tmp_path)),
        containers=Containers("docker", ("/store with space", "/in$put"), user="12:34"),
        site_config=str(site),
    )
    environ = {**os.environ, "PATH": f"{stub.root}:{os.environ['PATH']}"}
    directory = tmp_path / "launch"
    assert run_launch(directory, render(spec), environ) == 0
    assert [r.status for r in TraceReader(directory / "nextflow.log").read()] == ["COMPLETED"]
    assert (stub.root / "said").read_text() == "inside=yes\n"
    assert [call.split("inside=")[1].split()[0] for call in stub.calls()] == ["no", "no"]
    arguments = (stub.root / "arguments").read_text().splitlines()
    assert {"/store with space:/store with space", "/in$put:/in$put", "12:34"} <= set(arguments)


def test_a_sites_configuration_is_resolved_once_and_its_conflicts_are_named(
    tmp_path: Path, nextflow: NextflowCommand
) -> None:
    (tmp_path / "cluster.config").write_text("process.memory = '4 GB'\n")
    site = tmp_path / "nextflow.config"
    site.write_text(
        "includeConfig 'cluster.config'\n"
        "process {\n"
        "    executor = 'slurm'\n"
        "    time = { 1.h * task.attempt }\n"
        "    beforeScript = 'module load R'\n"
        "    withName: 'S01_.*' { errorStrategy = 'finish' }\n"
        "    withLabel: gpu { executor = 'local' }\n"
        "}\n"
        "singularity { enabled = true }\n"
        "tower.accessToken = 'secret'\n"
    )
    config = resolve_config(nextflow, site, os.environ, tmp_path / "cache")
    first, second = ProcessSpec("S01_A", "a"), ProcessSpec("S02_B", "b", Directives(memory="1 GB"))
    assert (config.executor(first), config.engine) == ("slurm", "singularity")
    assert config.effective(first, "memory") == "4 GB"
    assert config.effective(second, "memory") == "1 GB"
    assert config.executor(ProcessSpec("S03_C", "c", Directives(free={"label": "gpu"}))) == "local"
    messages = {p.step: p.message for p in config_problems(config, [first, second], fetched=True)}
    assert "process.beforeScript would be lost" in messages[None]
    assert "'withName:S01_.*' sets errorStrategy" in messages["a"]
    assert "b" not in messages
    kept = [path.read_text() for path in (tmp_path / "cache").rglob("*.json")]
    assert len(kept) == 1
    assert "secret" not in kept[0]

    def never(*_: object) -> tuple[int, str, str]:
        raise AssertionError("asked again")

    assert resolve_config(nextflow, site, os.environ, tmp_path / "cache", ask=never) == config


def test_a_configuration_that_nextflow_cannot_read_is_shown_in_its_words(
    tmp_path: Path, nextflow: NextflowCommand
) -> None:
    site = tmp_path / "nextflow.config"
    site.write_text("process { cpus = \n")
    with pytest.raises(InvalidInput, match=r"cannot read .*Unexpected input"):
        resolve_config(nextflow, site, os.environ, tmp_path / "cache")


def test_the_strict_parser_finds_a_fault_and_accepts_what_is_generated(
    tmp_path: Path, nextflow: NextflowCommand
) -> None:
    rendered = render(a_chain(Commands(("/opt/pm",), "/data"), max_tasks=1))
    assert strict_faults(nextflow, rendered, os.environ) == ()
    broken = dict(rendered.files)
    broken["pipeline.nf"] = broken["pipeline.nf"].replace("workflow {", "x = 1\nworkflow {")
    assert strict_faults(nextflow, type(rendered)(broken), os.environ) != ()


def test_the_java_of_pip_is_found_where_there_is_no_other(
    tmp_path: Path, nextflow_on_pip_java: NextflowCommand, nextflow_cache: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for program in ("bash", "ps"):
        found = shutil.which(program)
        assert found is not None
        (tools / program).symlink_to(found)
    environ = {"PATH": str(tools)}
    command = find_nextflow(environ, nextflow_cache)
    assert command.argv == nextflow_on_pip_java.argv
    report = check(command, environ)
    assert (report.version, report.source, report.executors) == ("25.04.4", "fetched", ("local",))
    assert report.java is not None
    assert report.java.startswith("21.")


def test_java_takes_nextflows_classes_ready_made(
    nextflow: NextflowCommand, nextflow_on_pip_java: NextflowCommand, nextflow_cache: Path
) -> None:
    for command in (nextflow, nextflow_on_pip_java):
        assert command.java is not None
        folder = install(nextflow_cache)
        # Another process may be making them just now.
        deadline = time.monotonic() + 300
        while not class_data_flags(folder, command.java) and time.monotonic() < deadline:
            time.sleep(0.5)
        (archive,) = (
            flag.partition("=")[2]
            for flag in class_data_flags(folder, command.java)
            if flag.startswith("-XX:SharedArchiveFile=")
        )
        # Told to do nothing without them, Java starts: they fit.
        subprocess.run(
            [
                *(command.argv[0], "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:on"),
                *(f"-XX:SharedArchiveFile={archive}", *_class_path(command), "-version"),
            ],
            check=True,
        )


def _class_path(command: NextflowCommand) -> tuple[str, ...]:
    place = command.argv.index("-cp")
    return command.argv[place : place + 2]
