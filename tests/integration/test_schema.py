"""The schema: migrations lead to what is declared; the database tells of changes of status."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql
from sqlalchemy import inspect, text, update
from sqlalchemy.dialects import postgresql

from pm_kernel.errors import Conflict, DatabaseUnavailable
from pm_kernel.store import schema, tables
from pm_kernel.store.engine import CONSTRAINTS, Store, libpq_url

from .factories import Rows

_NUMBERS = itertools.count(1)


@pytest.fixture
def empty(postgres_server):
    """The door to a database without anything."""
    name = sql.Identifier(f"empty_{next(_NUMBERS)}")
    with psycopg.connect(postgres_server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
        store = Store(postgres_server.url(name.as_string().strip('"')))
        yield store
        store.close()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def test_migrating_from_nothing_leads_to_the_declared_tables(store):
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_names_of_constraints_and_indexes_are_those_declared(store):
    # Autogeneration does not look at the names of foreign keys, checks and primary keys.
    names = postgresql.dialect().identifier_preparer
    declared = set()
    for table in tables.metadata.tables.values():
        declared |= {names.format_index(index) for index in table.indexes}
        declared |= {names.format_constraint(each) for each in table.constraints}
    with store.reading() as connection:
        found = set(
            connection.scalars(
                text(
                    "SELECT conname FROM pg_constraint c JOIN pg_namespace n "
                    "ON n.oid = c.connamespace WHERE n.nspname = 'public' AND contype <> 'n' "
                    "UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public'"
                )
            )
        )
    assert found - declared == {"alembic_version_pkc"}
    assert declared - found == set()


def test_every_translated_constraint_exists(store):
    with store.reading() as connection:
        inspector = inspect(connection)
        known = set()
        for table in inspector.get_table_names():
            known |= {c["name"] for c in inspector.get_unique_constraints(table)}
            known |= {i["name"] for i in inspector.get_indexes(table)}
    assert set(CONSTRAINTS) <= known


def test_a_migration_can_be_undone_and_leaves_nothing(empty):
    from alembic import command

    schema.upgrade(empty)
    with empty.transaction() as connection:
        command.downgrade(schema._config(connection), "base")
    with empty.reading() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        left = "SELECT proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        assert connection.scalars(text(f"{left} WHERE n.nspname = 'public'")).all() == []


def test_an_empty_database_is_given_the_schema_once(empty):
    assert schema.current_revision(empty) is None
    schema.ensure(empty)
    assert schema.current_revision(empty) == schema.head_revision()
    assert schema.upgrade(empty) is False


def test_two_processes_on_a_new_database_do_not_meet(empty):
    def upgrade(_number):
        store = Store(empty.url)
        try:
            return schema.upgrade(store)
        finally:
            store.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(upgrade, range(2))) == [False, True]


def test_somebody_elses_database_is_left_alone(empty):
    with empty.transaction() as connection:
        connection.execute(text("CREATE TABLE theirs (id int)"))
    with pytest.raises(DatabaseUnavailable, match="not ours"):
        schema.ensure(empty)
    with empty.reading() as connection:
        assert inspect(connection).get_table_names() == ["theirs"]


def test_a_database_of_a_newer_program_is_refused(store):
    with store.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00d'"))
    with pytest.raises(Conflict, match="newer version"):
        schema.ensure(store)
    with pytest.raises(Conflict, match="newer version"):
        schema.upgrade(store)


@pytest.fixture
def heard(store):
    """What the database tells its listeners, in order."""
    with psycopg.connect(libpq_url(store.url), autocommit=True) as listener:
        listener.execute("LISTEN pm")

        def notifications():
            return [json.loads(told.payload) for told in listener.notifies(timeout=0.2)]

        yield notifications


def test_a_change_of_a_runs_status_is_told(store, heard):
    rows = Rows(store)
    plan = rows.plan()
    heard()
    rows.method("segment")
    heard()
    run_id = rows.run(status="running", plan=plan)
    told = {"kind": "run", "id": run_id, "plan": plan, "planned": None, "step": None}
    assert heard() == [{**told, "status": "running"}]
    with store.transaction() as connection:
        connection.execute(update(tables.runs).values(status="completed"))
    assert heard() == [{**told, "status": "completed"}]


def test_a_heartbeat_is_not_told(store, heard):
    Rows(store).run(status="running")
    heard()
    with store.transaction() as connection:
        connection.execute(text("UPDATE runs SET heartbeat_at = now()"))
    assert heard() == []


def test_a_change_of_a_plan_is_told(store, heard):
    rows = Rows(store)
    plan = rows.plan(status="draft")
    rows.method("segment")
    told = {"kind": "plan", "id": plan, "status": "draft", "plan": plan}
    assert told in heard()
    for change in ("status = 'running'", "notes = 'x'", "document = '{\"a\": 1}'"):
        with store.transaction() as connection:
            connection.execute(text(f"UPDATE execution_plans SET {change}"))
        assert heard() == [{**told, "status": "running"}], change
    with store.transaction() as connection:
        connection.execute(text("UPDATE execution_plans SET notes = 'x'"))
    assert heard() == []


def test_a_change_of_planned_runs_is_told_once_for_each_plan(store, heard):
    rows = Rows(store)
    plans = [rows.plan(), rows.plan()]
    for plan in plans * 3:
        rows.planned_run(plan, "segment")
    heard()
    with store.transaction() as connection:
        connection.execute(text("UPDATE planned_runs SET held_epoch = 1"))
        connection.execute(text("UPDATE planned_runs SET held_epoch = 2"))
    told = [{"kind": "tree", "id": each, "status": None, "plan": each} for each in plans]
    assert sorted(heard(), key=lambda each: each["id"]) == told
    # The run that becomes a result has told it; that a result is taken away nobody else tells.
    with store.transaction() as connection:
        connection.execute(text("UPDATE planned_runs SET current_run = 7"))
    assert heard() == []
    with store.transaction() as connection:
        connection.execute(
            text("UPDATE planned_runs SET current_run = NULL WHERE plan_id = :p"), {"p": plans[0]}
        )
    assert heard() == told[:1]
    with store.transaction() as connection:
        connection.execute(text("DELETE FROM planned_runs WHERE plan_id = :p"), {"p": plans[0]})
    assert heard() == told[:1]


def test_what_is_registered_saved_and_verified_is_told(store, heard):
    rows = Rows(store)
    method = rows.method("segment", module="reading")
    assert {(each["kind"], each["id"]) for each in heard()} == {
        ("module", rows.module("reading")),
        ("method", method.method_id),
    }
    run_id = rows.run("segment")
    heard()
    rows.looked_at(run_id)
    assert [(each["kind"], each["id"]) for each in heard()] == [("checked", run_id)]
    with store.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO workflow_templates (name, definition, content_hash, created_by,"
                " updated_by) VALUES ('t', '{}', '', 'me', 'me')"
            )
        )
        connection.execute(text("DELETE FROM workflow_templates"))
    assert [(each["kind"], each["status"]) for each in heard()] == [
        ("template", None),
        ("template", "deleted"),
    ]


def test_names_of_any_length_are_recorded_all_the_same(store, heard):
    Rows(store).run(status="running", plan=Rows(store).plan(), step="\N{SNOWMAN}" * 9000)
    (told,) = [each for each in heard() if each["kind"] == "run"]
    assert told["step"] is None


def test_what_was_rolled_back_is_not_told(store, heard):
    rows = Rows(store)
    rows.run(status="running")
    heard()

    class Undone(Exception):
        pass

    def change_and_fail():
        with store.transaction() as connection:
            connection.execute(text("UPDATE runs SET status = 'completed'"))
            raise Undone

    with pytest.raises(Undone):
        change_and_fail()
    assert heard() == []


def test_a_planned_run_has_one_live_run_at_most(store):
    rows = Rows(store)
    planned = rows.planned_run(rows.plan(), "segment")
    rows.run(status="failed", planned_run_id=planned)
    rows.run(status="running", planned_run_id=planned)
    with pytest.raises(Conflict, match="is alive already"):
        rows.run(status="running", planned_run_id=planned)
