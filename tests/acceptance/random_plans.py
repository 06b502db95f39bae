"""Random plans that have no problems: any graph of steps, over samples, branches, grids and lists.

A plan here is a group of 2 to 8 steps that nothing connects with the others of its document, so
that one Nextflow runs many of them. All methods do the same: they note what they were given.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pm_kernel.domain.methods import MethodInput

SHEET_COLUMNS = ("sample", "patient", "site", "image")
#: A branch with such a value fails as long as there is a file ``broken`` in the workspace.
FAILS = 1000

HELPER = """
def pick(k=0):
    return k
"""
RUN = """
import json
from pathlib import Path

from helper import pick

ROOT = Path({root!r})

def told(given):
    if isinstance(given, Path):
        # .runs/ID/seen.json of another run, or a copied file, wherever that was put.
        folder = given.parent.name
        return [folder if folder.isdecimal() else "", given.name]
    return [told(each) for each in given] if isinstance(given, list) else given

def run(output_dir, **inputs):
    k = pick()
    with open(ROOT / "executed", "a") as log:
        log.write(Path(output_dir).name + "\\n")
    if k >= {fails} and (ROOT / "broken").exists():
        raise ValueError("broken")
    seen = {{name: told(given) for name, given in inputs.items()}}
    (Path(output_dir) / "seen.json").write_text(json.dumps(seen))
"""

#: Letters of a method's name, one per input -> how it is declared.
KINDS: Mapping[str, tuple[str, bool]] = {
    "u": ("upstream", False),
    "g": ("upstream", True),
    "c": ("value", False),
    "l": ("value", True),
    "f": ("file", False),
}


def method_inputs(name: str) -> dict[str, MethodInput]:
    """The inputs of the method ``m_gu``: a list of results, and one result."""
    letters = name.partition("_")[2]
    return {
        f"i{n}": MethodInput(f"i{n}", KINDS[letter][0], gather=KINDS[letter][1])
        for n, letter in enumerate(letters)
    }


@dataclass
class Group:
    """One random plan: its steps, and which dimensions each of them has."""

    name: str
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)
    dims: dict[str, set[str]] = field(default_factory=dict)

    def parents(self, step: str) -> set[str]:
        inputs = self.steps[step]["inputs"].values()
        return {each["from"].partition(".")[0] for each in inputs if "from" in each}

    def above(self, step: str) -> set[str]:
        """Every step that a step takes something of, however far up."""
        found: set[str] = set()
        for parent in self.parents(step):
            found |= {parent} | self.above(parent)
        return found


class Maker:
    """Draws groups; ``existing`` are runs whose outputs may be used as data."""

    def __init__(
        self, rng: random.Random, *, existing: Sequence[int] = (), failing: bool = False
    ) -> None:
        self._rng = rng
        self._existing = existing
        self._failing = failing

    def group(self, name: str, size: int) -> Group:
        rng = self._rng
        group = Group(name)
        # Branches with these names may be chosen together, by steps that form a branch group.
        pair = f"{name}pair" if rng.random() < 0.3 else None
        for number in range(size):
            self._add(group, f"{name}s{number}", pair)
        return group

    def _add(self, group: Group, step: str, pair: str | None) -> None:
        rng = self._rng
        written: dict[str, Any] = {"params": {"pick.k": str(rng.randrange(500))}}
        dim = self._branch(written, step, pair)
        inputs: dict[str, Any] = {}
        letters = ""
        dims = {dim}
        columns = {"sample", "patient"}
        earlier = list(group.steps)
        for _ in range(rng.choice([0, 1, 1, 2, 3] if earlier else [0, 1, 1, 2])):
            letter, binding = self._binding(group, earlier)
            inputs[f"i{len(letters)}"] = binding
            letters += letter
            gather = binding.get("gather")
            if "from" not in binding:
                plain = "column" in binding and gather is None
                dims |= {"sample"} if plain else set(gather["by"]) if gather else set()
                continue
            parent = binding["from"].partition(".")[0]
            dropped = set(gather["over"]) if gather else set()
            by = set(gather["by"]) if gather else set()
            if "sample" in dropped:
                dropped |= columns - by
            dims |= (group.dims[parent] - dropped) | by
        written |= {"method": f"m_{letters}", "inputs": inputs}
        group.steps[step] = written
        group.dims[step] = dims

    def _branch(self, written: dict[str, Any], step: str, pair: str | None) -> str:
        """Give a step branches or a grid, now and then; returns its dimension."""
        rng = self._rng
        values = [str(value) for value in rng.sample(range(500), 2)]
        if self._failing and rng.random() < 0.3:
            values[0] = str(FAILS + rng.randrange(500))
        drawn = rng.random()
        if pair is not None and drawn < 0.35:
            written["branch_group"] = pair
            written["branches"] = {"a": {"pick.k": values[0]}, "b": {"pick.k": values[1]}}
            return pair
        if drawn < 0.5:
            written["branches"] = {"x": {"pick.k": values[0]}, "y": {"pick.k": values[1]}}
        elif drawn < 0.65:
            written["branches"] = {"grid": {"pick.k": values}}
        elif self._failing and drawn < 0.75:
            written["params"]["pick.k"] = values[0]
        return step

    def _binding(self, group: Group, earlier: Sequence[str]) -> tuple[str, dict[str, Any]]:
        rng = self._rng
        if earlier and rng.random() < 0.85:
            parent = rng.choice(earlier)
            binding: dict[str, Any] = {"from": f"{parent}.out"}
            if rng.random() < 0.55:
                return "u", binding
            there = sorted(group.dims[parent])
            over = rng.sample(there, rng.randint(1, min(2, len(there))))
            by = ["patient"] if "sample" in over and rng.random() < 0.4 else []
            by = [column for column in by if column not in over]
            kind = rng.choice(["wait", "go_on"])
            return "g", {**binding, "gather": {"over": over, "by": by, "on_failure": kind}}
        if self._existing and rng.random() < 0.4:
            # One number, so that the rest of the draw does not depend on how many runs there are.
            run = self._existing[int(rng.random() * len(self._existing))]
            return "u", {"run": run, "output": "out"}
        choices: list[Callable[[], tuple[str, dict[str, Any]]]] = [
            lambda: ("c", {"column": rng.choice(["sample", "site", "patient"])}),
            lambda: ("c", {"column": "sample"}),
            lambda: ("f", {"column": "image"}),
            lambda: ("c", {"value": str(rng.randrange(100))}),
            lambda: ("l", {"column": "site", "gather": {"over": ["sample"], "by": []}}),
            lambda: ("l", {"column": "site", "gather": {"over": ["sample"], "by": ["patient"]}}),
        ]
        return rng.choice(choices)()


def sheet_rows(rng: random.Random) -> list[dict[str, str]]:
    """A sheet of three samples of two patients, in an order of its own."""
    rows = [
        {"sample": "s1", "patient": "p1", "site": "x", "image": "one.txt"},
        {"sample": "s2", "patient": "p2", "site": "y", "image": "two.txt"},
        {"sample": "s3", "patient": "p1", "site": "x", "image": "one.txt"},
    ]
    rng.shuffle(rows)
    return rows
