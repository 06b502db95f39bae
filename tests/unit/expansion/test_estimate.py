"""How long a plan will take: the sum of its runs, and the longest chain of them."""

from __future__ import annotations

import pytest

from pm_kernel.cli.plan_view import estimate_text
from pm_kernel.domain.decisions import Decision
from pm_kernel.domain.estimate import Estimate, estimate

#: a → b → d and a → c → d; c takes long.
DIAMOND = {
    "a": {"inputs": {"i": {"column": "sample"}}},
    "b": {"inputs": {"i": {"from": "a.out"}}},
    "c": {"inputs": {"i": {"from": "a.out"}}},
    "d": {"inputs": {"i": {"from": "b.out"}, "j": {"from": "c.out"}}},
}
TAKES = {"a": 1.0, "b": 2.0, "c": 30.0, "d": 4.0}


def estimated(bench, *, reused=(), known="abcd", documented=None):
    plan = bench.clean(DIAMOND, ["s1", "s2"])
    decisions = {
        run.key: Decision("reuse" if run.step in reused else "run", "", "new") for run in plan.runs
    }
    return estimate(plan, decisions, {name: TAKES[name] for name in known}, documented or {})


def test_all_runs_add_up_and_the_longest_chain_is_what_no_machine_can_shorten(bench):
    assert estimated(bench) == Estimate(work=74.0, longest=35.0, unknown=())


def test_what_is_reused_takes_no_time(bench):
    assert estimated(bench, reused="ac") == Estimate(work=12.0, longest=6.0, unknown=())
    assert estimated(bench, reused="abcd") == Estimate(work=0.0, longest=0.0, unknown=())


def test_methods_that_never_ran_are_named_once_and_not_counted(bench):
    assert estimated(bench, known="ab") == Estimate(work=6.0, longest=3.0, unknown=("c", "d"))
    assert estimated(bench, known="ab", reused="cd").unknown == ()


def test_what_never_ran_takes_what_the_document_of_the_steps_version_says(bench):
    documented = {"b": 100.0, "c": 50.0}
    found = estimated(bench, known="ab", documented=documented)
    # What ran before is known better.
    assert found == Estimate(work=106.0, longest=51.0, unknown=("d",), documented=("c",))
    assert found.to_document()["documented_methods"] == ["c"]
    assert estimated(bench, known="ab", reused="cd", documented=documented).documented == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Estimate(74, 35, ()), "about 1 min 14 s of work, at least 35 s on many processors"),
        (Estimate(4, 4, ()), "about 4.0 s of work"),
        (Estimate(4, 4, ("gate",)), "about 4.0 s of work, not counting 'gate', which never ran"),
        (Estimate(4, 4, (), ("a",)), "about 4.0 s of work, 'a' from its workflow document"),
        (
            Estimate(4, 4, ("gate",), ("a", "b")),
            "about 4.0 s of work, 'a' and 'b' from their workflow documents, "
            "not counting 'gate', which never ran",
        ),
        (Estimate(0, 0, ("a", "b")), "nobody knows yet how long 'a' and 'b' take"),
        (Estimate(0, 0, ("a",)), "nobody knows yet how long 'a' takes"),
    ],
)
def test_it_is_said_in_a_line(given, told):
    assert estimate_text(given) == told
