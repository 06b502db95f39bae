"""A workspace with small methods, and short ways to plan and run them.

    bench.method("double", run="def run(output_dir): ...")
    launch = bench.open("double", params={"scale.factor": "3"})
    bench.pm("run", "double")

Methods are made from source text. What registration does is done here with plain inserts.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Connection, insert, select

from pm_kernel import direct_run, planning
from pm_kernel.config import Settings, load_settings
from pm_kernel.domain.methods import (
    Declaration,
    MethodInput,
    MethodOutput,
    TrackedFunction,
    to_json,
)
from pm_kernel.domain.plans import Launch
from pm_kernel.scan import fit, scan_method
from pm_kernel.store import launches, plans, tables, workspaces
from pm_kernel.store.engine import Store, libpq_url

#: A method with a tracked function, one that depends on nothing and writes one table.
SCALE = """
def scale(value, factor=2):
    return value * factor
"""
RUN = """
from pathlib import Path

from helper import scale

def run(output_dir):
    result = scale(21)
    (Path(output_dir) / "table.csv").write_text(f"value\\n{result}\\n")
    print("the result is", result)
    return {"result": result}
"""

PM = Path(sys.executable).with_name("pm")
#: Seconds for a command to end; one may run a plan, and a busy machine takes ten times as long.
_PATIENCE = 600


def same_imports(_connection: Connection) -> Any:
    """Whatever a run imported, the same would be imported now."""
    return lambda _candidate: True


@dataclass
class Workbench:
    """One workspace in a folder, with a database."""

    root: Path
    url: str
    environ: dict[str, str] = field(default_factory=dict)
    _store: Store | None = None

    @classmethod
    def make(cls, root: Path, url: str, *, cache: Path | None = None) -> Workbench:
        """Make a workspace in ``root``; ``cache`` may be shared with other tests."""
        root.mkdir(parents=True, exist_ok=True)
        text = f'[workspace]\nid = "{uuid4()}"\n\n[methods]\npython = "{sys.executable}"\n'
        (root / "pm.toml").write_text(text)
        (root / ".runs").mkdir()
        state = root.parent / f"{root.name}-state"
        bench = cls(root, url)
        bench.environ = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PM_")},
            "PM_WORKSPACE": str(root),
            "PM_DATABASE_URL": url,
            "PM_DATABASE_PATIENCE": "1",
            "PM_STATE_DIR": str(state),
            "PM_CACHE_DIR": str(cache or state / "cache"),
            "PM_USER": "somebody",
        }
        with bench.store.transaction() as connection:
            workspaces.note(connection, bench.settings.workspace_id, root)
        return bench

    @property
    def command(self) -> Path:
        """The real command."""
        return PM

    @property
    def settings(self) -> Settings:
        return load_settings(environ=self.environ, workspace=self.root)

    @property
    def store(self) -> Store:
        if self._store is None:
            self._store = Store(self.url, pooled=False)
        return self._store

    @property
    def runs(self) -> Path:
        return self.root / ".runs"

    def close(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = None

    # --- methods ----------------------------------------------------------------------------------

    def method(
        self,
        name: str,
        run: str | bytes = RUN,
        *,
        files: Mapping[str, str | bytes] | None = None,
        tracked: Sequence[str] = (),
        inputs: Mapping[str, str | MethodInput] | None = None,
        outputs: Mapping[str, str | tuple[str, str] | MethodOutput] | None = None,
        module: str = "testing",
        version: int = 1,
        entry: str = "function",
        contract: Sequence[tuple[str, str, str, bool]] = (),
    ) -> Declaration:
        """Register a method. ``tracked`` are ``file:function``; an input is its type."""
        sources = {"run.py": run, **(files or {})}
        if run is RUN:
            sources.setdefault("helper.py", SCALE)
            tracked = tracked or ("helper.py:scale",)
            outputs = {"table": ("table.csv", "table")} if outputs is None else outputs
        data = {n: t.encode() if isinstance(t, str) else t for n, t in sources.items()}
        declaration = Declaration(
            name=name,
            module=module,
            entry=entry,  # type: ignore[arg-type]
            tracked=tuple(
                TrackedFunction(each.partition(":")[2], each.partition(":")[2],
                                each.partition(":")[0], n)
                for n, each in enumerate(tracked)
            ),
            inputs=tuple(_input(n, given) for n, given in (inputs or {}).items()),
            outputs=tuple(_output(n, given) for n, given in (outputs or {}).items()),
        )  # fmt: skip
        declaration = fit(scan_method(data), declaration).declaration
        commit = self._commit(self.root / "methods" / module / name, data, f"{name} v{version}")
        with self.store.transaction() as connection:
            _insert_version(connection, self.settings, declaration, version, commit, contract)
        return declaration

    def _commit(self, folder: Path, files: Mapping[str, bytes], message: str) -> str:
        repository = self.root / "methods"

        def git(*words: str) -> str:
            who = ["-c", "user.name=Some Body", "-c", "user.email=some@body"]
            command = ["git", "-C", str(repository), *who, *words]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        if not repository.exists():
            repository.mkdir()
            git("init", "--quiet", "--initial-branch=main")
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        git("add", "--all", "--force", ".")
        git("commit", "--quiet", "--allow-empty", "--message", message)
        return git("rev-parse", "HEAD").strip()

    # --- plans ------------------------------------------------------------------------------------

    def open(
        self,
        method: str,
        *,
        params: Mapping[str, str] | None = None,
        inputs: Sequence[tuple[str, str]] = (),
        sample: str | None = None,
        rerun: bool = True,
        **options: Any,
    ) -> Launch:
        """Plan and submit one run, as ``pm run`` does, and stop before it is registered."""
        request = direct_run.DirectRequest(
            method=method,
            params=params or {},
            inputs=inputs,
            sample=sample,
            rerun=rerun,
            base=self.root,
            **options,
        )
        direct = direct_run.prepare(self.store, request, same_imports)
        return direct_run.open_direct(self.settings, self.store, request, direct, same_imports)

    def plan(self, document: Mapping[str, Any], **request: Any) -> tuple[int, int]:
        """Store and submit a pipeline; returns the plan and its epoch."""
        given = planning.PlanInput({"format": 1, "name": "plan", **document}, request, self.root)
        shown = planning.preview(self.store, given, same_imports)
        plan_id = planning.store_plan(self.store, self.settings, given, shown, name="plan")
        # Others of the same database may register a method again between the two.
        epoch = planning.submit(
            self.store, plan_id, same_imports, user="somebody", accept=lambda _difference: True
        )
        return plan_id, epoch

    def launch(self, plan_id: int, epoch: int) -> Launch:
        """Open a launch of a plan, as its supervisor does."""
        with self.store.transaction() as connection:
            launch = launches.open_launch(connection, plan_id, epoch)
            plans.set_status(connection, plan_id, "running")
        return launch

    # --- looking ----------------------------------------------------------------------------------

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(libpq_url(self.url), row_factory=dict_row) as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, *values: Any) -> None:
        with psycopg.connect(libpq_url(self.url)) as connection:
            connection.execute(statement, values or None)  # type: ignore[arg-type]

    def run_row(self, run_id: int) -> dict[str, Any]:
        (row,) = self.rows("SELECT * FROM runs WHERE id = %s", run_id)
        return row

    def meta(self, run_id: int) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.final(run_id) / "meta.json").read_bytes())
        return document

    def final(self, run_id: int) -> Path:
        return self.runs / f"{run_id:08d}"

    def left_behind(self) -> list[str]:
        """What a run leaves in the store that is no finished run: should be nothing."""
        return sorted(
            path.relative_to(self.runs).as_posix()
            for name in (".partial", ".dead", ".work")
            if (self.runs / name).is_dir()
            for path in (self.runs / name).iterdir()
        )

    def unfinished(self) -> list[str]:
        """Everything that would show that a run was not brought to an end."""
        runs = self.rows("SELECT id FROM runs WHERE status = 'running'")
        open_plans = self.rows(
            "SELECT id FROM execution_plans WHERE status IN ('submitted', 'running')"
        )
        return [
            *(f"run {row['id']}" for row in runs),
            *(f"plan {row['id']}" for row in open_plans),
            *self.left_behind(),
        ]

    # --- the real command -------------------------------------------------------------------------

    def pm(
        self, *words: str, cwd: Path | None = None, environ: Mapping[str, str] | None = None,
        **options: Any,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        """Run ``pm`` to its end."""
        return subprocess.run(
            [str(PM), *words],
            cwd=cwd or self.root,
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=_PATIENCE,
            check=False,
            **options,
        )

    def start_pm(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Start ``pm`` in a terminal, as it were, and go on."""
        options.setdefault("preexec_fn", signals_of_a_terminal)
        return subprocess.Popen(
            [str(PM), *words],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )


def signals_of_a_terminal() -> None:
    """Undo what a suite that runs in the background hands on: that these are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _input(name: str, given: str | MethodInput) -> MethodInput:
    return given if isinstance(given, MethodInput) else MethodInput(name, given)  # type: ignore[arg-type]


def _output(name: str, given: str | tuple[str, str] | MethodOutput) -> MethodOutput:
    if isinstance(given, MethodOutput):
        return given
    path, kind = (given, "file") if isinstance(given, str) else given
    return MethodOutput(name, path, kind)  # type: ignore[arg-type]


def _insert_version(
    connection: Connection,
    settings: Settings,
    declaration: Declaration,
    version: int,
    commit: str,
    contract: Sequence[tuple[str, str, str, bool]],
) -> None:
    def put(table: Any, **values: Any) -> int:
        return int(
            connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
        )

    def found(table: Any, name: str) -> int | None:
        return connection.scalar(select(table.c.id).where(table.c.name == name))

    module_id = found(tables.modules, declaration.module)
    if module_id is None:
        module_id = put(tables.modules, name=declaration.module)
    for output, column, kind, required in contract:
        put(
            tables.output_contracts,
            module_id=module_id,
            output_name=output,
            field_name=column,
            field_type=kind,
            required=required,
        )
    method_id = found(tables.methods, declaration.name)
    if method_id is None:
        method_id = put(tables.methods, module_id=module_id, name=declaration.name)
    workspace = select(tables.workspaces.c.id).where(
        tables.workspaces.c.uuid == settings.workspace_id
    )
    put(
        tables.method_versions,
        method_id=method_id,
        workspace_id=connection.scalar(workspace),
        version=version,
        git_commit_hash=commit,
        git_tag=f"{declaration.name}/v{version}",
        content_hash=f"{declaration.name} {version}",
        declaration=to_json(declaration),
        created_by="somebody",
    )
    valid = {"first_version": version, "last_version": version}
    for tracked in declaration.tracked:
        function_id = put(
            tables.tracked_functions,
            method_id=method_id,
            function_name=tracked.function,
            qualname=tracked.qualname,
            source_file=tracked.file,
            ordinal=tracked.ordinal,
            **valid,
        )
        for ordinal, param in enumerate(tracked.params):
            put(
                tables.param_defs,
                tracked_function_id=function_id,
                param_name=param.name,
                param_type=param.type,
                default_value=param.default,
                call_site_value=param.call_site,
                ordinal=ordinal,
                **valid,
            )
    for ordinal, given in enumerate(declaration.inputs):
        put(
            tables.method_inputs,
            method_id=method_id,
            input_name=given.name,
            input_type=given.type,
            gather=given.gather,
            required=given.required,
            ordinal=ordinal,
            **valid,
        )
    for ordinal, output in enumerate(declaration.outputs):
        put(
            tables.method_outputs,
            method_id=method_id,
            output_name=output.name,
            path=output.path,
            output_type=output.type,
            required=output.required,
            ordinal=ordinal,
            **valid,
        )
