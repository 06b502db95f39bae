"""What runs, what is reused, what cannot be made; and how a preview shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from pm_kernel.domain.catalogue import Catalogue, InputInfo
from pm_kernel.domain.decisions import (
    ContentOf,
    OutputOf,
    Reuse,
    ReuseQuery,
    TextOf,
    decide,
)
from pm_kernel.domain.faults import Faults
from pm_kernel.domain.launching import launch_rows
from pm_kernel.domain.preview import count, count_by_step, preview_tree
from pm_kernel.domain.rerun import Rerun, parse_rerun, rerun_of_words, unknown_rerun
from pm_kernel.domain.survivors import Member, survivors
from pm_kernel.errors import InvalidInput

SAMPLE = {"sample": {"column": "sample"}}
TWO = {"a": {"f.x": "1.5"}, "b": {"f.x": "2.5"}}
FORKED = ("u v", "u k=1", "v v", "v k=1")
CHAIN: dict[str, Any] = {
    "a": {"inputs": SAMPLE},
    "b": {"inputs": {"i": {"from": "a.out"}}, "branches": TWO},
    "c": {"inputs": {"i": {"from": "b.out"}}},
}


class Store:
    """Completed runs, as a store that is asked; remembers what it was asked."""

    def __init__(self, known: Mapping[str, int] | None = None) -> None:
        #: step -> number of the run of its first sample
        self.known = dict(known or {})
        self.asked: list[list[ReuseQuery]] = []

    def __call__(self, queries: Sequence[ReuseQuery]) -> dict[str, Reuse]:
        self.asked.append(list(queries))
        return {
            query.key: Reuse(self.known[query.step] + place)
            for place, query in enumerate(queries)
            if query.step in self.known
        }


def told(plan: Any, decisions: Mapping[str, Any], step: str) -> list[tuple[str, str]]:
    return [(decisions[r.key].action, decisions[r.key].reason) for r in plan.runs_of(step)]


def test_without_earlier_runs_everything_runs_and_only_the_roots_are_looked_up(bench):
    plan, store = bench.clean(CHAIN, ["s1"]), Store()
    decisions = decide(plan, store)
    assert told(plan, decisions, "a") == [
        ("run", "no earlier run with the same version, parameters and inputs")
    ]
    assert told(plan, decisions, "b") == [("run", "upstream step 'a' will run")] * 2
    assert [[query.step for query in batch] for batch in store.asked] == [["a"]]
    assert list(decisions) == [run.key for run in plan.runs]


def test_one_batch_is_asked_per_level(bench):
    plan, store = bench.clean(CHAIN, ["s1", "s2"]), Store({"a": 10, "b": 20, "c": 30})
    decisions = decide(plan, store)
    assert [len(batch) for batch in store.asked] == [2, 4, 4]
    assert {decision.action for decision in decisions.values()} == {"reuse"}
    first = decisions[plan.runs_of("c")[0].key]
    assert (first.run_id, first.reason) == (
        30,
        "reuses run 30: same version, parameters and inputs",
    )


def test_a_query_names_contents_by_the_runs_that_hold_them(bench):
    steps = {
        "a": {"inputs": SAMPLE},
        "b": {
            "inputs": {
                "all": {"from": "a.out", "gather": {"over": "sample"}},
                "f": {"file": "/x"},
                "k": {"value": "5"},
                "old": {"run": 3, "output": "t"},
            },
            "params": {"f.k": "2"},
        },
    }
    plan, store = bench.clean(steps), Store({"a": 10})
    decide(plan, store)
    (query,) = store.asked[1]
    assert query.inputs == {
        "all": (OutputOf(10, "out", "s1"), OutputOf(11, "out", "s2")),
        "f": (ContentOf("/x"),),
        "k": (TextOf("5"),),
        "old": (OutputOf(3, "t"),),
    }
    assert query.params == {"f.k": "2"}
    assert query.version_id == plan.steps["b"].version.version_id
    assert store.asked[0][0].inputs == {"sample": (TextOf("'s1'"),)}


def test_equal_bytes_of_another_run_are_said(bench):
    plan = bench.clean({"a": {"inputs": SAMPLE}}, ["s1"])
    key = plan.runs[0].key
    reasons = [
        decide(plan, lambda _queries, found=found: {key: found})[key].reason
        for found in (Reuse(31, (9,)), Reuse(31, (9, 12)))
    ]
    start = "reuses run 31: same version, parameters and inputs; equal bytes from "
    assert reasons == [start + "run 9", start + "runs 9 and 12"]


@pytest.mark.parametrize(
    ("rerun", "running"),
    [
        (Rerun(steps=frozenset({"b"})), {"b", "c"}),
        (Rerun(everything=True), {"a", "b", "c"}),
    ],
)
def test_what_is_asked_for_again_runs_and_so_does_everything_below(bench, rerun, running):
    plan = bench.clean(CHAIN, ["s1"])
    decisions = decide(plan, Store({"a": 10, "b": 20, "c": 30}), rerun)
    assert {r.step for r in plan.runs if decisions[r.key].action == "run"} == running
    assert told(plan, decisions, "b") == [("run", "re-run asked")] * 2


FORKS: dict[str, Any] = {
    "a": {"inputs": SAMPLE},
    "b": {
        "inputs": {"i": {"from": "a.out"}},
        "branches": [{"name": n, "params": {"f.x": str(k)}} for k, n in enumerate(("u", "v"))],
    },
    "c": {
        "inputs": {"i": {"from": "b.out"}},
        "branches": [{"name": n, "params": {"f.k": str(k)}} for k, n in enumerate(("v", "k=1"))],
    },
}


@pytest.mark.parametrize(
    ("said", "running"),
    [
        ({"sample": "s2"}, ["a s2", "b s2 u", "b s2 v", *(f"c s2 {x}" for x in FORKED)]),
        ({"sample": "s2", "step": "b"}, ["b s2 u", "b s2 v", *(f"c s2 {x}" for x in FORKED)]),
        ({"branch": "u", "sample": "s1"}, ["b s1 u", "c s1 u v", "c s1 u k=1"]),
        # More than one step has a branch of this name.
        ({"branch": "v", "sample": "s1"}, ["b s1 v", "c s1 u v", "c s1 v v", "c s1 v k=1"]),
        ({"branch": {"c": "v"}, "sample": "s1"}, ["c s1 u v", "c s1 v v"]),
        ({"branch": {"b": "u", "c": "k=1"}, "sample": "s1"}, ["c s1 u k=1"]),
        ({"branch": "u/k=1"}, ["c s1 u k=1", "c s2 u k=1"]),
    ],
)
def test_a_part_of_the_tree_is_asked_for_again_with_everything_below(bench, said, running):
    plan = bench.clean(FORKS, rerun={"parts": [said]})
    rerun = parse_rerun({"parts": [said]}, Faults())
    decisions = decide(plan, Store({"a": 10, "b": 20, "c": 30}), rerun)
    ran = [run for run in plan.runs if decisions[run.key].action == "run"]
    words = [[run.step, *(v for v in run.coordinates.values() if v != "default")] for run in ran]
    assert sorted(map(" ".join, words)) == sorted(running)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"sample": "s3"},
            "run sample 's3' again, but has none that is called so. It has: 's1' and 's2'",
        ),
        ({"branch": "w"}, "run branch 'w' again, but has none that is called so. It has: 'k=1'"),
        ({"branch": "default"}, "run branch 'default' again, but has none"),
        ({"branch": {"bb": "u"}}, "run branches of 'bb' again, but has none that is called so"),
        ({"branch": {"b": "k=1"}}, "run branch 'k=1' of 'b' again, but has none that is called so"),
        ({"step": "d", "sample": "s1"}, "names the step 'd', but no step is called so"),
    ],
)
def test_a_part_that_is_unknown_is_noted_and_is_an_error_where_it_is_asked_for_now(
    bench, said, message
):
    plan = bench.plan(FORKS, rerun={"parts": [said]})
    (problem,) = plan.problems
    assert (problem.severity, message in problem.message) == ("notice", True), problem.message
    asked = parse_rerun({"parts": [said]}, Faults())
    (error,) = unknown_rerun(asked, plan.runs, plan.axes, plan.samples, plan.steps)
    assert (error.severity, error.message) == ("error", problem.message)


def test_a_part_that_was_left_out_of_the_plan_is_only_noted(bench):
    parts = [{"sample": "s1"}, {"step": "a", "branch": "u"}, {"branch": {"b": "u"}}]
    rerun = {"parts": parts, "keys": ["gone"]}
    plan = bench.plan(FORKS, rerun=rerun, excluded=[{"sample": "s1"}])
    assert [(problem.severity, problem.message) for problem in plan.problems] == [
        (
            "notice",
            "Nothing runs again for sample 's1': the plan has no run that is all of that.",
        ),
        (
            "notice",
            "Nothing runs again for step 'a', branch 'u': the plan has no run that is all of that.",
        ),
        ("notice", "A single run that was to run again is not in the plan any more."),
    ]


def test_steps_of_one_branch_group_are_asked_for_again_by_any_of_their_names(bench):
    steps = {
        "a": {"inputs": SAMPLE, "branches": TWO, "branch_group": "g"},
        "b": {"inputs": SAMPLE, "branches": TWO, "branch_group": "g"},
    }
    plan = bench.clean(steps, ["s1"])
    for table in ({"g": "a"}, {"a": "a"}, {"b": "a", "g": "a"}):
        chosen = parse_rerun({"parts": [{"branch": table}]}, Faults())
        keys = chosen.keys_in(plan.runs, plan.axes)
        assert [run.branch for run in plan.runs if run.key in keys] == ["a", "a"]
    never = parse_rerun({"parts": [{"branch": {"a": "a", "b": "b"}}]}, Faults())
    assert never.keys_in(plan.runs, plan.axes) == frozenset()


def test_words_say_what_runs_again():
    words = ["filter", "sample=s1", "branch=k=5, sigma=1, sample = a, b ,step=x", {"branch": "y"}]
    assert rerun_of_words(words) == {
        "all": False,
        "steps": ["filter"],
        "parts": [
            {"sample": "s1"},
            {"branch": "k=5, sigma=1", "sample": "a, b", "step": "x"},
            {"branch": "y"},
        ],
    }
    assert rerun_of_words(["all", "k=5"]) == {"all": True, "steps": ["k=5"], "parts": []}


@pytest.mark.parametrize(
    ("word", "part"),
    [
        ('branch="k=5, step=2"', {"branch": "k=5, step=2"}),
        ("branch = 'k=5, step=2' , sample=s1", {"branch": "k=5, step=2", "sample": "s1"}),
        ('sample="it\'s", branch=\'a "b"\'', {"sample": "it's", "branch": 'a "b"'}),
        # A name may begin with a quote, or have some within.
        ("sample='s1, branch=x'y", {"sample": "'s1", "branch": "x'y"}),
        ("sample='a' or 'b'", {"sample": "'a' or 'b'"}),
        ("sample=''", {"sample": ""}),
    ],
)
def test_a_name_may_stand_in_quotes(word, part):
    assert rerun_of_words([word])["parts"] == [part]


@pytest.mark.parametrize("word", ["sample=s1, sample=s2", "branch=k=5, step=2, step=filter"])
def test_a_part_says_everything_once(word):
    with pytest.raises(InvalidInput, match=r"says (sample|step) twice; a part has one"):
        rerun_of_words([word])


def test_one_branch_can_be_asked_for_again(bench):
    plan = bench.clean(CHAIN, ["s1"])
    first, second = plan.runs_of("b")
    decisions = decide(
        plan, Store({"a": 10, "b": 20, "c": 30}), Rerun(keys=frozenset({second.key}))
    )
    assert [decisions[run.key].action for run in (first, second)] == ["reuse", "run"]
    assert [action for action, _ in told(plan, decisions, "c")] == ["reuse", "run"]


def test_a_problem_blocks_its_runs_and_what_lies_below(bench):
    catalogue = Catalogue.of(
        bench.method("a", {"n": InputInfo("value", value_type="int")}),
        bench.method("b", {"i": InputInfo("upstream")}),
        bench.method("pool", {"all": InputInfo("upstream", gather=True)}),
        bench.method("strict", {"all": InputInfo("upstream", gather=True)}),
    )
    everyone = {"from": "a.out", "gather": {"over": "sample", "on_failure": "go_on"}}
    steps = {
        "a": {"inputs": {"n": {"column": "n"}}},
        "b": {"inputs": {"i": {"from": "a.out"}}},
        "pool": {"inputs": {"all": everyone}},
        "strict": {"inputs": {"all": {"from": "a.out", "gather": {"over": "sample"}}}},
    }
    rows = [{"sample": "s1", "n": "1"}, {"sample": "s2", "n": "many"}]
    plan = bench.plan(steps, rows, catalogue=catalogue)
    decisions = decide(plan, Store({"a": 10, "b": 20, "pool": 30}))
    assert [action for action, _ in told(plan, decisions, "a")] == ["reuse", "blocked"]
    assert "got 'many'" in told(plan, decisions, "a")[1][1]
    assert told(plan, decisions, "b")[1] == ("blocked", "not run: upstream step 'a' cannot run")
    assert told(plan, decisions, "strict")[0][0] == "blocked"
    assert told(plan, decisions, "pool")[0][0] == "run", "it goes on without s2"
    nobody = bench.plan(steps, rows[1:], catalogue=catalogue)
    assert told(nobody, decide(nobody, Store()), "pool")[0][0] == "blocked", "nothing is left"


def test_the_counts_are_those_of_the_decisions(bench):
    plan = bench.clean(CHAIN, ["s1", "s2"])
    decisions = decide(plan, Store({"a": 10}))
    whole = count(plan, decisions)
    assert (whole.run, whole.reuse, whole.blocked, whole.total) == (8, 2, 0, 10)
    assert {step: (c.run, c.reuse) for step, c in count_by_step(plan, decisions).items()} == {
        "a": (0, 2),
        "b": (4, 0),
        "c": (4, 0),
    }


def test_the_tree_goes_from_sample_to_branch_to_step(bench):
    plan = bench.clean(CHAIN, ["s1", "s2"])
    tree = preview_tree(plan, decide(plan, Store({"a": 10})))
    assert [(node.kind, node.label) for node in tree] == [("sample", "s1"), ("sample", "s2")]
    (leaf,) = tree[0].runs
    assert (leaf.step, leaf.action, leaf.run_id) == ("a", "reuse", 10)
    assert [(n.axis, n.label, dict(n.params["b"])) for n in tree[0].children] == [
        ("b", "a", {"f.x": "1.5"}),
        ("b", "b", {"f.x": "2.5"}),
    ]
    assert [leaf.step for leaf in tree[0].children[0].runs] == ["b", "c"]
    assert tree[1].to_document()["children"][1]["runs"][0]["action"] == "run"


def test_the_tree_shows_groups_and_what_no_sample_tells_apart_last(bench):
    gather = {"over": "sample", "by": "patient"}
    steps = {
        "atlas": {},
        "a": {"inputs": SAMPLE},
        "pool": {"inputs": {"all": {"from": "a.out", "gather": gather}}},
        "sum": {"inputs": {"all": {"from": "pool.out", "gather": {"over": "patient"}}}},
    }
    rows = [{"sample": "s1", "patient": "p1"}, {"sample": "s2", "patient": "p2"}]
    plan = bench.clean(steps, rows)
    tree = preview_tree(plan, decide(plan, Store()))
    assert [(node.kind, node.label) for node in tree] == [
        ("sample", "s1"),
        ("sample", "s2"),
        ("group", "patient = p1"),
        ("group", "patient = p2"),
        ("all", "all samples"),
    ]
    assert [leaf.step for leaf in tree[-1].runs] == ["atlas", "sum"]
    some = preview_tree(plan, decide(plan, Store()), first=1, limit=2)
    assert [node.label for node in some] == ["s2", "patient = p1"]


def test_every_planned_run_is_in_the_tree_once(bench):
    steps = {
        **CHAIN,
        "d": {"inputs": {"i": {"from": "a.out"}}, "branches": TWO},
        "e": {"inputs": {"l": {"from": "c.out"}, "r": {"from": "d.out"}}},
    }
    plan = bench.clean(steps, ["s1", "s2"])
    keys: list[str] = []
    waiting = list(preview_tree(plan, decide(plan, Store())))
    while waiting:
        node = waiting.pop()
        keys.extend(leaf.key for leaf in node.runs)
        waiting.extend(node.children)
    assert sorted(keys) == sorted(run.key for run in plan.runs)


def test_a_launch_holds_what_runs_and_counts_only_parents_inside_it(bench):
    steps = {
        "a": {"inputs": SAMPLE},
        "b": {"inputs": {"i": {"from": "a.out"}}},
        "c": {"inputs": {"l": {"from": "a.out"}, "r": {"from": "b.out"}, "t": {"from": "b.out"}}},
    }
    plan = bench.clean(steps, ["s1"])
    a, b, c = (run.key for run in plan.runs)
    fresh = launch_rows(plan, decide(plan, Store()))
    assert [(task.key, task.step, task.parents) for task in fresh.tasks] == [
        (a, "a", 0),
        (b, "b", 1),
        (c, "c", 2),
    ]
    assert [(e.parent, e.child, e.n) for e in fresh.edges] == [(a, b, 1), (a, c, 2), (b, c, 2)]
    later = launch_rows(plan, decide(plan, Store({"a": 10})))
    assert [(task.key, task.parents) for task in later.tasks] == [(b, 0), (c, 1)]
    assert [(e.parent, e.child, e.n) for e in later.edges] == [(b, c, 1)]


def test_a_launch_says_which_parents_a_run_can_do_without(bench):
    gather = {"over": "sample", "on_failure": "go_on"}
    steps = {
        "a": {"inputs": SAMPLE},
        "b": {"inputs": {"all": {"from": "a.out", "gather": gather}}},
    }
    plan = bench.clean(steps)
    assert [edge.needed for edge in launch_rows(plan, decide(plan, Store())).edges] == [False] * 2


def gone(label: str, present: bool = True) -> Member:
    return Member(present, label, "go_on")


def test_members_that_failed_are_dropped_from_all_lists_that_belong_together():
    left = survivors(
        {
            "tables": [gone("s1"), gone("s2", False), gone("s3")],
            "images": [gone("s1", False), gone("s2"), gone("s3")],
            "ages": [Member(True, label) for label in ("s1", "s2", "s3")],
            "tuned": [gone("s1/a"), gone("s1/b")],
            "own": [Member(True)],
        }
    )
    assert left == {
        "tables": (2,),
        "images": (2,),
        "ages": (2,),
        "tuned": (0, 1),
        "own": (0,),
    }


@pytest.mark.parametrize(
    "inputs",
    [
        {"own": [Member(False)]},
        {"all": [Member(True, "s1"), Member(False, "s2")]},
        {"all": [gone("s1", False), gone("s2", False)]},
        {"l": [gone("s1"), gone("s2", False)], "r": [gone("s1", False), gone("s2")]},
    ],
)
def test_a_run_is_blocked_when_it_waits_for_a_failed_member_or_nothing_is_left(inputs):
    assert survivors(inputs) is None
