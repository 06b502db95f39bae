"""Rows with sensible defaults, so that a test shows only the values that matter to it.

    rows = Rows(store)
    first = rows.run("segment", sample="s1")
    second = rows.run("label", inputs={"table": first}, status="failed", error="ValueError: no")

Modules, methods and versions are made on first mention. Everything is written with plain inserts:
none of the product's own ways of recording are used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, insert, select, update

from pm_kernel.domain.methods import (
    Declaration,
    MethodInput,
    MethodOutput,
    ParamDef,
    TrackedFunction,
    to_json,
)
from pm_kernel.domain.params import fingerprint
from pm_kernel.store import tables
from pm_kernel.store.engine import Store

#: When runs start unless a test says otherwise; each run a minute after the one before.
START = datetime(2026, 2, 14, 10, 0, tzinfo=UTC)

#: An input: run id, (run id, output), file, or canonical text; a list of them where it gathers.
Source = int | tuple[int, str] | Path | str


@dataclass(frozen=True)
class VersionRow:
    """A registered version and what it declares."""

    version_id: int
    method_id: int
    version: int
    declaration: Declaration
    #: Declared names -> ids.
    inputs: Mapping[str, int]
    params: Mapping[str, int]


class Rows:
    """Inserts rows into one test's database."""

    def __init__(self, store: Store, *, root: str = "/somewhere/workspace") -> None:
        self._store = store
        #: Folder of the workspace that runs belong to.
        self._root = root
        self._versions: dict[tuple[str, int], VersionRow] = {}
        self._runs = 0

    # --- registry ---------------------------------------------------------------------------------

    def workspace(self, root: str | None = None, uuid: str | None = None) -> int:
        root = self._root if root is None else root
        with self._store.transaction() as connection:
            found = connection.scalar(
                select(tables.workspaces.c.id).where(tables.workspaces.c.root == root)
            )
            if found is not None:
                return int(found)
            uuid = uuid or str(uuid4())
            return _insert(connection, tables.workspaces, uuid=uuid, root=root, host="host")

    def module(self, name: str = "analysis", description: str = "") -> int:
        with self._store.transaction() as connection:
            found = connection.scalar(
                select(tables.modules.c.id).where(tables.modules.c.name == name)
            )
            if found is not None:
                return int(found)
            return _insert(connection, tables.modules, name=name, description=description)

    def method(
        self,
        name: str,
        *,
        version: int = 1,
        module: str = "analysis",
        tracked: Mapping[str, Mapping[str, str | None]] | None = None,
        inputs: Sequence[str] | Sequence[MethodInput] = ("table",),
        outputs: Mapping[str, str] | None = None,
        commit: str | None = None,
    ) -> VersionRow:
        """A version of a method, new or as made before.

        ``tracked`` maps functions to parameters and their defaults (default: one, ``NAME.level`` =
        1), ``inputs`` are names of upstream inputs or whole declarations, ``outputs`` maps names to
        paths of tables (default: ``table`` = table.parquet).
        """
        known = self._versions.get((name, version))
        if known is not None:
            return known
        declaration = _declaration(name, module, tracked, inputs, outputs)
        module_id, workspace_id = self.module(module), self.workspace()
        with self._store.transaction() as connection:
            method_id = connection.scalar(
                select(tables.methods.c.id).where(tables.methods.c.name == name)
            ) or _insert(connection, tables.methods, module_id=module_id, name=name)
            version_id = _insert(
                connection,
                tables.method_versions,
                method_id=method_id,
                workspace_id=workspace_id,
                version=version,
                git_commit_hash=commit or hashlib.sha1(f"{name} {version}".encode()).hexdigest(),
                git_tag=f"{name}/v{version}",
                content_hash=f"{name} {version}",
                declaration=to_json(declaration),
                created_by="somebody",
            )
            row = VersionRow(
                version_id=version_id,
                method_id=method_id,
                version=version,
                declaration=declaration,
                inputs=_declare_inputs(connection, method_id, version, declaration),
                params=_declare_params(connection, method_id, version, declaration),
            )
        self._versions[name, version] = row
        return row

    # --- plans ------------------------------------------------------------------------------------

    def plan(self, name: str = "a plan", *, status: str = "completed", **columns: Any) -> int:
        values = {"document": {}, "created_by": "somebody", "workspace_id": self.workspace()}
        with self._store.transaction() as connection:
            return _insert(
                connection,
                tables.execution_plans,
                **{**values, "name": name, "status": status, **columns},
            )

    def planned_run(self, plan_id: int, method: str, *, step: str = "", **columns: Any) -> int:
        """A planned run; one with a ``current_run`` from elsewhere is a reused one."""
        row = self.method(method)
        step = step or method
        with self._store.transaction() as connection:
            ordinal = len(
                connection.execute(
                    select(tables.planned_runs.c.id).where(tables.planned_runs.c.plan_id == plan_id)
                ).all()
            )
            values = {
                "plan_id": plan_id,
                "ordinal": ordinal,
                "key": f"{step} {ordinal}",
                "step": step,
                "method_version_id": row.version_id,
                "decision": "reuse" if columns.get("current_run") else "run",
            }
            return _insert(connection, tables.planned_runs, **{**values, **columns})

    def launch(self, plan_id: int, number: int = 1) -> int:
        with self._store.transaction() as connection:
            return _insert(
                connection, tables.plan_launches, plan_id=plan_id, number=number, epoch=number
            )

    def finish(self, planned_id: int, run_id: int) -> None:
        """The run is what a planned run has its result from."""
        changed = update(tables.planned_runs).where(tables.planned_runs.c.id == planned_id)
        with self._store.transaction() as connection:
            connection.execute(changed.values(current_run=run_id))

    # --- runs -------------------------------------------------------------------------------------

    def run(
        self,
        method: str = "segment",
        *,
        version: int = 1,
        status: str = "completed",
        inputs: Mapping[str, Source | Sequence[Source]] | None = None,
        params: Mapping[str, str] | None = None,
        arrived: Mapping[str, Sequence[str | None]] | None = None,
        outputs: Mapping[str, int] | None = None,
        plan: int | None = None,
        step: str | None = None,
        branch: str = "",
        seconds: float = 12.0,
        **columns: Any,
    ) -> int:
        """A run, and what an ended one leaves behind; returns its id.

        ``params`` are the set ones. ``arrived`` maps ``function.param`` to the distinct values it
        was entered with (default: once, with what was set or expected; None: never entered).
        ``outputs`` maps names to sizes (default: the declared ones, if it completed).
        """
        row = self.method(method, version=version)
        params = dict(params or {})
        stated = {**row.declaration.expected(), **params}
        self._runs += 1
        started = columns.pop("started_at", START + timedelta(minutes=self._runs))
        ended = status != "running"
        values: dict[str, Any] = {
            "uuid": uuid4(),
            "workspace_id": self.workspace(),
            "method_id": row.method_id,
            "method_version_id": row.version_id,
            "execution_plan_id": plan,
            "plan_step": step,
            "plan_branch": branch,
            "status": status,
            "started_at": started,
            "finished_at": started + timedelta(seconds=seconds) if ended else None,
            "set_params": params,
            "created_by": "somebody",
            "host": "host",
        }
        with self._store.transaction() as connection:
            values["param_set_id"] = _param_set(connection, row, stated)
            run_id = _insert(connection, tables.runs, **{**values, **columns})
            _inputs(connection, run_id, row, inputs or {})
            if ended:
                if arrived is None:
                    arrived = {name: [value] for name, value in stated.items()}
                _arrivals(connection, run_id, params, stated, arrived)
            if outputs is None and status == "completed":
                outputs = {output.name: 1000 for output in row.declaration.outputs}
            _outputs(connection, run_id, row.declaration, outputs or {})
        return run_id

    def log(self, run_id: int, *messages: str, level: str = "INFO") -> None:
        with self._store.transaction() as connection:
            for line, message in enumerate(messages, 1):
                _insert(
                    connection,
                    tables.run_logs,
                    run_id=run_id,
                    level=level,
                    message=message,
                    line=line,
                )

    def looked_at(self, run_id: int, result: str = "altered", **columns: Any) -> None:
        """Somebody compared a run's artifacts with their checksums."""
        values = {"kind": "verify", "tier": "content", "created_by": "somebody"}
        with self._store.transaction() as connection:
            _insert(
                connection,
                tables.integrity_events,
                **{**values, "run_id": run_id, "result": result, **columns},
            )


def _insert(connection: Connection, table: Table, **values: Any) -> int:
    return int(
        connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    )


def _declaration(
    name: str,
    module: str,
    tracked: Mapping[str, Mapping[str, str | None]] | None,
    inputs: Sequence[str] | Sequence[MethodInput],
    outputs: Mapping[str, str] | None,
) -> Declaration:
    functions = {name: {"level": "1"}} if tracked is None else tracked
    paths = {"table": "table.parquet"} if outputs is None else outputs
    return Declaration(
        name=name,
        module=module,
        tracked=tuple(
            TrackedFunction(
                function=function,
                qualname=function,
                file="helper.py",
                ordinal=ordinal,
                params=tuple(
                    ParamDef(param, default=default, computed=default is None)
                    for param, default in params.items()
                ),
            )
            for ordinal, (function, params) in enumerate(functions.items())
        ),
        inputs=tuple(
            each if isinstance(each, MethodInput) else MethodInput(each, "upstream")
            for each in inputs
        ),
        outputs=tuple(MethodOutput(output, path, "table") for output, path in paths.items()),
    )


def _declare_inputs(
    connection: Connection, method_id: int, version: int, declaration: Declaration
) -> dict[str, int]:
    return {
        each.name: _insert(
            connection,
            tables.method_inputs,
            method_id=method_id,
            input_name=each.name,
            input_type=each.type,
            gather=each.gather,
            ordinal=ordinal,
            first_version=version,
            last_version=version,
        )
        for ordinal, each in enumerate(declaration.inputs)
    }


def _declare_params(
    connection: Connection, method_id: int, version: int, declaration: Declaration
) -> dict[str, int]:
    ids = {}
    for tracked in declaration.tracked:
        function_id = _insert(
            connection,
            tables.tracked_functions,
            method_id=method_id,
            function_name=tracked.function,
            qualname=tracked.qualname,
            source_file=tracked.file,
            ordinal=tracked.ordinal,
            first_version=version,
            last_version=version,
        )
        for ordinal, param in enumerate(tracked.params):
            ids[f"{tracked.function}.{param.name}"] = _insert(
                connection,
                tables.param_defs,
                tracked_function_id=function_id,
                param_name=param.name,
                default_value=param.default,
                ordinal=ordinal,
                first_version=version,
                last_version=version,
            )
    return ids


def _param_set(connection: Connection, row: VersionRow, stated: Mapping[str, str | None]) -> int:
    mark = f"v{row.version} {fingerprint(stated)}"
    found = connection.scalar(
        select(tables.param_sets.c.id).where(
            tables.param_sets.c.method_id == row.method_id, tables.param_sets.c.fingerprint == mark
        )
    )
    if found is not None:
        return int(found)
    param_set_id = _insert(connection, tables.param_sets, method_id=row.method_id, fingerprint=mark)
    for name, value in stated.items():
        connection.execute(
            insert(tables.param_set_values).values(
                param_set_id=param_set_id, param_def_id=row.params[name], value=value
            )
        )
    return param_set_id


def _inputs(
    connection: Connection,
    run_id: int,
    row: VersionRow,
    inputs: Mapping[str, Source | Sequence[Source]],
) -> None:
    for name, given in inputs.items():
        gathered = isinstance(given, list)
        for ordinal, source in enumerate(given if isinstance(given, list) else [given]):
            values: dict[str, Any] = {}
            if isinstance(source, int):
                values = {"source_run_id": source, "source_output": "table", "checksum": "c" * 64}
            elif isinstance(source, tuple):
                values = {"source_run_id": source[0], "source_output": source[1]}
                values["checksum"] = "c" * 64
            elif isinstance(source, Path):
                values = {"value": {"path": str(source)}, "checksum": "f" * 64}
            else:
                values = {"value": {"text": source}}
            _insert(
                connection,
                tables.run_inputs,
                run_id=run_id,
                method_input_id=row.inputs[name],
                ordinal=ordinal,
                label=f"member {ordinal}" if gathered else None,
                **values,
            )


def _arrivals(
    connection: Connection,
    run_id: int,
    params: Mapping[str, str],
    stated: Mapping[str, str | None],
    arrived: Mapping[str, Sequence[str | None]],
) -> None:
    for name, values in arrived.items():
        function, _, param = name.partition(".")
        for ordinal, value in enumerate(values):
            connection.execute(
                insert(tables.run_parameters).values(
                    run_id=run_id,
                    function_name=function,
                    param_name=param,
                    ordinal=ordinal,
                    value=value,
                    expected=stated.get(name),
                    is_set=name in params,
                )
            )


def _outputs(
    connection: Connection, run_id: int, declaration: Declaration, outputs: Mapping[str, int]
) -> None:
    declared = {output.name: output for output in declaration.outputs}
    for name, size in outputs.items():
        known = declared.get(name)
        _insert(
            connection,
            tables.run_outputs,
            run_id=run_id,
            output_name=name,
            artifact_path=known.path if known else name,
            artifact_type=known.type if known else "file",
            size_bytes=size,
            checksum=hashlib.sha256(f"{run_id} {name}".encode()).hexdigest(),
            declared=known is not None,
        )
