"""The lineage graph, and its forms for other programs and for a terminal."""

from __future__ import annotations

import json
import random
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pm_kernel.cli.lineage_tree import MAX_BRANCHES, tree_lines
from pm_kernel.cli.text import Span, plain
from pm_kernel.domain.lineage import Edge, both_ways, lineage
from pm_kernel.domain.lineage_forms import lineage_document, mermaid
from pm_kernel.domain.run_documents import run_document
from pm_kernel.domain.runs import EqualBytes, Run, RunDetails, RunParameter, equal_text

NOW = datetime(2026, 2, 14, 10, 30, tzinfo=UTC)


def run(run_id, method="segment", **values):
    known = {
        "run_id": run_id,
        "uuid": f"uuid {run_id}",
        "status": "completed",
        "state": "completed",
        "method": method,
        "module": "analysis",
        "version": 1,
        "version_id": 1,
        "commit": "0123456789abcdef",
        "tag": f"{method}/v1",
        "sample": None,
        "plan_id": None,
        "step": None,
        "branch": "",
        "attempt": 1,
        "started_at": datetime(2026, 2, 14, 10, 0, tzinfo=UTC),
        "finished_at": datetime(2026, 2, 14, 10, 0, 12, tzinfo=UTC),
        "heartbeat_at": None,
        "error": None,
        "notices": (),
        "created_by": "somebody",
        "host": "host",
        "workspace_root": Path("/somewhere"),
    }
    return Run(**{**known, **values})


def parameter(name="sigma", *, default="1.0", arrived=("1.0",), **values):
    return RunParameter("smooth", name, "float", default, default, False, arrived, **values)


def details(of, *parameters):
    return RunDetails(of, None, parameters, (), (), {}, {}, {}, None, None, None, None)


def graph(asked, edges, direction="up", *, runs=None, truncated=False):
    """A graph of ``reader: sources`` with runs of default values."""
    made = [Edge(reader, source, f"in{n}", "table", n) for reader, source, n in numbered(edges)]
    ids = {asked} | {e.run_id for e in made} | {e.source_id for e in made}
    known = runs or {run_id: run(run_id) for run_id in ids}
    return lineage(asked, direction, known.values(), made, truncated=truncated)


def numbered(edges):
    for reader, sources in edges.items():
        for n, source in enumerate(sources):
            yield reader, source, n


DIAMOND = {4: [2, 3], 3: [1], 2: [1]}


def tree(of, body=()):
    def block(run_id):
        return (Span(f"* {run_id}"),), [(Span(text),) for text in body]

    return [plain(each) for each in tree_lines(of, block)]


def test_sources_and_readers_of_each_run_are_known():
    made = graph(4, DIAMOND)
    assert [edge.source_id for edge in made.sources[4]] == [2, 3]
    assert [edge.run_id for edge in made.readers[1]] == [3, 2]
    assert made.roots == (1,)
    assert made.leaves == (4,)


def test_order_has_sources_before_their_readers():
    order = graph(4, DIAMOND).order
    assert order[0] == 1
    assert order[-1] == 4
    assert set(order) == {1, 2, 3, 4}


def test_a_layer_is_the_longest_way_from_the_asked_for_run():
    # 5 reads 1 directly and by way of 3 and 2.
    made = graph(5, {5: [1, 3], 3: [2], 2: [1]})
    assert made.layers == {5: 0, 3: 1, 2: 2, 1: 3}
    down = graph(1, {5: [1, 3], 3: [2], 2: [1]}, "down")
    assert down.layers == {1: 0, 2: 1, 3: 2, 5: 3}


@pytest.mark.parametrize("seed", range(20))
def test_every_edge_leads_to_a_larger_layer(seed):
    chance = random.Random(seed)
    edges = {
        reader: sorted(chance.sample(range(1, reader), chance.randint(0, min(3, reader - 1))))
        for reader in range(1, 30)
    }
    for direction in ("up", "down"):
        made = graph(29, edges, direction)
        for edge in made.edges:
            near, far = edge.run_id, edge.source_id
            if direction == "down":
                near, far = far, near
            assert made.layers[near] < made.layers[far]


def test_edges_to_runs_that_are_not_there_are_left_out():
    made = lineage(2, "up", [run(2)], [Edge(2, 1, "table", "table")], truncated=True)
    assert made.edges == ()
    assert made.truncated


def test_a_chain_stays_at_the_margin_of_the_tree():
    assert tree(graph(3, {3: [2], 2: [1]}), ["text"]) == [
        "* 3",
        "│   text",
        "* 2",
        "│   text",
        "* 1",
        "    text",
    ]


def test_several_sources_are_branches_and_a_shared_one_is_shown_once():
    assert tree(graph(4, DIAMOND), ["text"]) == [
        "* 4",
        "│   text",
        "├─* 2",
        "│ │   text",
        "│ * 1",
        "│     text",
        "└─* 3",
        "  │   text",
        "  ↪ run 1 · segment v1, shown above",
    ]


def test_two_inputs_from_one_source_are_one_line_down():
    assert tree(graph(2, {2: [1, 1]})) == ["* 2", "* 1"]


def test_a_tree_can_also_lead_to_what_was_made_of_a_run():
    assert tree(graph(1, DIAMOND, "down")) == [
        "* 1",
        "├─* 3",
        "│ * 4",
        "└─* 2",
        "  ↪ run 4 · segment v1, shown above",
    ]


def test_a_diamond_of_many_layers_is_shown_run_by_run_within_a_screens_width():
    layers = 40
    edges = {}
    for layer in range(1, layers):
        for side in (1, 2):
            edges[2 * layer + side] = [2 * layer - 1, 2 * layer]
    lines = tree(graph(2 * layers, edges))
    shown = [line.split("* ")[1] for line in lines if "* " in line]
    # All of them but the other run of the last layer, which nobody read.
    assert sorted(map(int, shown)) == [n for n in range(1, 2 * layers + 1) if n != 2 * layers - 1]
    assert max(map(len, lines)) < 2 * MAX_BRANCHES + 60
    below = [line for line in lines if "further below" in line]
    assert below
    for line in below:
        run_id = re.search(r"run (\d+)", line)[1]
        assert f"* {run_id}" in lines[lines.index(line) :]


def test_a_very_long_chain_needs_no_recursion():
    lines = tree(graph(5000, {n: [n - 1] for n in range(2, 5001)}))
    assert len(lines) == 5000


def test_mermaid_draws_sources_first_and_marks_the_run_that_was_asked_for():
    known = {
        1: run(1, "preprocess", sample="s1"),
        2: run(2, "label", sample="s1", branch="strict", state="altered"),
    }
    made = graph(2, {2: [1]}, runs=known)
    shown = details(known[2], parameter(arrived=("2.0",)), parameter("mode", arrived=("1.0",)))
    assert mermaid(made, {2: shown}) == (
        "graph LR\n"
        '    R1["run 1 · preprocess v1<br/>s1"]\n'
        '    R2["run 2 · label v1<br/>s1 · strict<br/>altered<br/>smooth.sigma = 2.0"]\n'
        '    R1 -->|"table"| R2\n'
        "    style R2 stroke-width:3px\n"
    )


def test_mermaid_draws_what_made_a_run_and_what_was_made_of_it_at_once():
    known = {n: run(n, f"m{n}") for n in range(1, 6)}
    above = lineage(2, "up", [known[1], known[2]], [Edge(2, 1, "x", "table")])
    down = [Edge(3, 2, "x", "mask"), Edge(4, 2, "x", "mask"), Edge(5, 4, "x", "sum")]
    below = lineage(2, "down", [known[n] for n in (2, 3, 4, 5)], down, truncated=True)
    both = both_ways(above, below)
    assert both.truncated
    assert mermaid(both).splitlines()[1:] == [
        *(f'    R{n}["run {n} · m{n} v1"]' for n in range(1, 6)),
        '    R1 -->|"table"| R2',
        '    R2 -->|"mask"| R3',
        '    R2 -->|"mask"| R4',
        '    R4 -->|"sum"| R5',
        "    style R2 stroke-width:3px",
    ]


@pytest.mark.parametrize(
    "hostile",
    [
        'x"] --> y["z',
        "a; click R1 call alert(1)",
        "<script>alert(1)</script>",
        "`# heading`",
        "first\nend\n",
        "100% #quot; \\n \x1b[31m \udc80",
        "%%{init: {}}%%",
        "|pipe|",
    ],
)
def test_no_name_can_be_more_than_a_name_in_mermaid(hostile):
    known = {1: run(1, hostile, sample=hostile), 2: run(2, "label")}
    made = lineage(2, "up", known.values(), [Edge(2, 1, "x", hostile)])
    text = mermaid(made, {1: details(known[1], parameter(arrived=(hostile,)))})
    lines = text.splitlines()
    assert len(lines) == 5
    # Between the quotes: letters, what means nothing, and numbered characters.
    safe = r"[\w _\-.,:/=+·'()]|#\d+;|<br/>"
    assert re.fullmatch(rf'    R1\["(?:{safe})+"\]', lines[1])
    assert re.fullmatch(rf'    R1 -->\|"(?:{safe})+"\| R2', lines[3])


def test_a_line_of_equal_bytes_names_the_first_of_many():
    many = [EqualBytes(n, 5) for n in range(2, 8)]
    assert equal_text(many[:1]) == "equal bytes of run 2 (plan 5)"
    assert equal_text(many) == (
        "equal bytes of run 2 (plan 5), run 3 (plan 5), run 4 (plan 5), run 5 (plan 5) and 2 more"
    )
    # Two inputs of one output are one arrow: what is equal to either stands beside it.
    known = {n: run(n) for n in (1, 2)}
    edges = [Edge(2, 1, f"in{n}", "table", equal_bytes=(many[n],)) for n in (0, 1)]
    text = mermaid(lineage(2, "up", known.values(), edges))
    assert '|"table<br/>equal bytes of run 2 (plan 5), run 3 (plan 5)"|' in text


def test_a_name_in_other_letters_stays_readable_in_mermaid():
    assert "größe 細胞" in mermaid(graph(1, {}, runs={1: run(1, "größe 細胞")}))


def test_the_json_form_has_nodes_with_layers_and_edges_with_names():
    made = graph(4, DIAMOND)
    document = lineage_document(made)
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert [(node["run_id"], node["layer"]) for node in document["runs"]] == [
        (1, 2),
        (2, 1),
        (3, 1),
        (4, 0),
    ]
    assert document["edges"][0] == {
        "run_id": 4,
        "source_run_id": 2,
        "input": "in0",
        "output": "table",
        "ordinal": 0,
        "label": None,
        "equal_bytes": [],
    }
    assert document["roots"] == [1]
    assert document["direction"] == "up"


def test_the_json_form_of_a_run_has_every_field_but_where_its_files_are():
    document = run_document(run(1, notices=("look",)))
    assert set(document) == {each.name for each in fields(Run)} - {"workspace_root"}
    assert document["started_at"] == "2026-02-14T10:00:00+00:00"
    assert document["notices"] == ["look"]


def test_with_details_a_node_of_the_json_form_is_the_whole_record():
    made = graph(1, {})
    known = details(made.run, parameter(arrived=("2.0", "3.0")))
    (node,) = lineage_document(made, {1: known})["runs"]
    (shown,) = node["parameters"]
    assert shown["arrived"] == ["2.0", "3.0"]
    assert shown["changed"]
    assert node["layer"] == 0
