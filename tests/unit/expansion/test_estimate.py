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


def estimated(bench, *, reused=(), known="abcd"):
    plan = bench.clean(DIAMOND, ["s1", "s2"])
    decisions = {
        run.key: Decision("reuse" if run.step in reused else "run", "", "new") for run in plan.runs
    }
    return estimate(plan, decisions, {name: TAKES[name] for name in known})


def test_all_runs_add_up_and_the_longest_chain_is_what_no_machine_can_shorten(bench):
    assert estimated(bench) == Estimate(work=74.0, longest=35.0, unknown=())


def test_what_is_reused_takes_no_time(bench):
    assert estimated(bench, reused="ac") == Estimate(work=12.0, longest=6.0, unknown=())
    assert estimated(bench, reused="abcd") == Estimate(work=0.0, longest=0.0, unknown=())


def test_methods_that_never_ran_are_named_once_and_not_counted(bench):
    assert estimated(bench, known="ab") == Estimate(work=6.0, longest=3.0, unknown=("c", "d"))
    assert estimated(bench, known="ab", reused="cd").unknown == ()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (Estimate(74, 35, ()), "about 1 min 14 s of work, at least 35 s on many processors"),
        (Estimate(4, 4, ()), "about 4.0 s of work"),
        (Estimate(4, 4, ("gate",)), "about 4.0 s of work, not counting 'gate', which never ran"),
        (Estimate(0, 0, ("a", "b")), "nobody knows yet how long 'a' and 'b' take"),
        (Estimate(0, 0, ("a",)), "nobody knows yet how long 'a' takes"),
    ],
)
def test_it_is_said_in_a_line(given, told):
    assert estimate_text(given) == told
