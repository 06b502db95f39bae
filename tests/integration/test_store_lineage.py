"""Walking from a result to everything that made it, and from a source to everything made of it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import event, update
from sqlalchemy.engine import Engine

from pm_kernel.domain.lineage import Edge
from pm_kernel.domain.methods import MethodInput
from pm_kernel.errors import NotFound
from pm_kernel.store import tables
from pm_kernel.store.lineage import ancestry, descendants

from .factories import Rows


@pytest.fixture
def rows(store):
    made = Rows(store)
    made.method("join", inputs=("left", "right"))
    return made


def test_ancestry_is_every_run_that_went_into_a_result_and_nothing_else(store, rows):
    first = rows.run("preprocess", sample="s1")
    other = rows.run("preprocess", sample="s2")
    second = rows.run("segment", inputs={"table": first})
    rows.run("segment", inputs={"table": other})
    third = rows.run("label", inputs={"table": second})
    rows.run("gate", inputs={"table": third})
    graph = ancestry(store, third)
    assert set(graph.runs) == {first, second, third}
    assert graph.edges == (
        Edge(second, first, "table", "table"),
        Edge(third, second, "table", "table"),
    )
    assert graph.run.method == "label"
    assert graph.runs[first].sample == "s1"
    assert not graph.truncated


def test_descendants_are_every_run_that_a_result_went_into_and_nothing_else(store, rows):
    first = rows.run("preprocess")
    second = rows.run("segment", inputs={"table": first})
    third = rows.run("join", inputs={"left": first, "right": second})
    rows.run("segment", inputs={"table": rows.run("preprocess")})
    graph = descendants(store, first)
    assert set(graph.runs) == {first, second, third}
    assert set(graph.edges) == {
        Edge(second, first, "table", "table"),
        Edge(third, first, "left", "table"),
        Edge(third, second, "right", "table"),
    }


def test_a_run_without_sources_is_its_own_ancestry(store, rows):
    run_id = rows.run("preprocess")
    graph = ancestry(store, run_id)
    assert set(graph.runs) == {run_id}
    assert graph.edges == ()


def test_failed_and_running_runs_belong_to_a_lineage(store, rows):
    first = rows.run("preprocess")
    failed = rows.run("segment", inputs={"table": first}, status="failed")
    running = rows.run("segment", inputs={"table": first}, status="running")
    assert set(descendants(store, first).runs) == {first, failed, running}


def test_the_lineage_of_a_run_that_does_not_exist_is_not_empty_but_an_error(store):
    with pytest.raises(NotFound, match="There is no run 7"):
        ancestry(store, 7)


def test_two_inputs_from_one_run_are_two_edges_to_one_node(store, rows):
    rows.method("split", outputs={"low": "low.parquet", "high": "high.parquet"})
    source = rows.run("split")
    reader = rows.run("join", inputs={"left": (source, "high"), "right": (source, "low")})
    graph = ancestry(store, reader)
    assert len(graph.runs) == 2
    assert [(edge.input, edge.output) for edge in graph.edges] == [
        ("left", "high"),
        ("right", "low"),
    ]


def test_a_gathered_list_keeps_its_order_and_labels(store, rows):
    rows.method("cohort", inputs=(MethodInput("tables", "upstream", gather=True),))
    members = [rows.run("segment", sample=f"s{n}") for n in range(12)]
    run_id = rows.run("cohort", inputs={"tables": members[::-1]})
    edges = ancestry(store, run_id).edges
    assert [edge.source_id for edge in edges] == members[::-1]
    assert [edge.label for edge in edges] == [f"member {n}" for n in range(12)]


def test_a_diamond_of_twenty_layers_is_forty_runs_not_a_million_ways(store, rows):
    layer = [rows.run("preprocess"), rows.run("preprocess")]
    for _ in range(19):
        layer = [rows.run("join", inputs={"left": layer[0], "right": layer[1]}) for _ in range(2)]
    top = rows.run("join", inputs={"left": layer[0], "right": layer[1]})
    graph = ancestry(store, top)
    assert len(graph.runs) == 41
    assert len(graph.edges) == 19 * 4 + 2
    assert graph.layers[1] == 20


def test_a_chain_longer_than_pythons_stack_is_walked_to_its_end(store, rows):
    top = rows.run("preprocess")
    version = rows.method("segment")
    columns = tables.runs.c
    with store.transaction() as connection:
        # Copies of one run, each reading the one before.
        template = dict(
            connection.execute(tables.runs.select().where(columns.id == top)).mappings().one()
        )
        for name in ("id", "uuid"):
            del template[name]
        made = [
            connection.execute(
                tables.runs.insert().values(**template, uuid=uuid4()).returning(columns.id)
            ).scalar_one()
            for _ in range(1499)
        ]
        connection.execute(
            tables.run_inputs.insert(),
            [
                {
                    "run_id": run_id,
                    "method_input_id": version.inputs["table"],
                    "source_run_id": source,
                    "source_output": "table",
                    "ordinal": 0,
                }
                for source, run_id in zip([top, *made], made, strict=False)
            ],
        )
    graph = ancestry(store, made[-1])
    assert len(graph.runs) == 1500
    assert graph.layers[top] == 1499
    assert graph.roots == (top,)
    assert len(descendants(store, top).runs) == 1500


def test_a_cycle_in_a_record_that_was_tampered_with_does_not_hang(store, rows):
    first = rows.run("segment")
    second = rows.run("segment", inputs={"table": first})
    third = rows.run("segment", inputs={"table": second})
    with store.transaction() as connection:
        connection.execute(
            tables.run_inputs.insert().values(
                run_id=first,
                method_input_id=rows.method("segment").inputs["table"],
                source_run_id=third,
                ordinal=0,
            )
        )
        connection.execute(
            update(tables.run_inputs)
            .where(tables.run_inputs.c.run_id == third)
            .values(source_output=None)
        )
    graph = ancestry(store, third)
    assert set(graph.runs) == {first, second, third}
    assert set(graph.order) == {first, second, third}
    assert set(graph.layers) == {first, second, third}


def test_of_a_lineage_that_is_too_large_the_nearest_runs_are_kept(store, rows):
    chain = [rows.run("segment")]
    for _ in range(9):
        chain.append(rows.run("segment", inputs={"table": chain[-1]}))
    graph = ancestry(store, chain[-1], max_runs=4)
    assert graph.truncated
    assert sorted(graph.runs) == chain[-4:]
    # The edge to the run that was left out is left out too.
    assert len(graph.edges) == 3
    assert not ancestry(store, chain[-1], max_runs=10).truncated


def test_the_number_of_queries_does_not_grow_with_the_lineage(store, rows):
    chain = [rows.run("segment")]
    for _ in range(30):
        chain.append(rows.run("segment", inputs={"table": chain[-1]}))
    seen = []

    def note(*arguments):
        seen.append(arguments[2])

    event.listen(Engine, "before_cursor_execute", note)
    ancestry(store, chain[-1])
    event.remove(Engine, "before_cursor_execute", note)
    assert len(seen) == 4


def test_what_became_of_the_sources_shows_in_the_graph(store, rows):
    first = rows.run("preprocess")
    second = rows.run("segment", inputs={"table": first})
    rows.looked_at(first)
    states = {run_id: run.state for run_id, run in ancestry(store, second).runs.items()}
    assert states == {first: "altered", second: "tainted"}
