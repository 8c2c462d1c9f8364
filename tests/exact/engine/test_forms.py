"""Forms of germs: what renaming, signs and proved moves leave alone."""

from __future__ import annotations

import random
import re

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import load
from singularity_lab.exact.engine.forms import plain_form, reduced_form

ROWS = (
    "ade-a5",
    "edge-path-3",
    "rrr-2-2-2-r1",
    "tanh-2",
    "cp-2-2-2-s1",
    "loss-x2-y4",
    "hmm-2-interior",
)


def shuffled(problem, seed):
    """The same germ with other names, another order and other signs of its variables."""
    rng = random.Random(seed)
    germ = problem.localize()
    names = [f"z{i}" for i in range(len(germ.variables))]
    order = names[:]
    rng.shuffle(order)
    text = [str(g) for g in germ.generators]

    to = {v: f"({rng.choice('+-')}{n})" for v, n in zip(germ.variables, names, strict=True)}
    to = {v: n.replace("(+", "(") for v, n in to.items()}
    moved = [re.sub(r"[A-Za-z_]\w*", lambda m: to[m[0]], t) for t in text]
    rng.shuffle(moved)
    return LocalProblem.build(moved, order, convention=problem.convention)


@pytest.mark.parametrize("row", ROWS)
def test_renaming_order_and_signs_do_not_matter(row):
    problem = load(row).problem()
    for seed in range(3):
        other = shuffled(problem, seed)
        renaming = plain_form(problem).renaming(plain_form(other))
        assert renaming is not None
        assert len({to for to, _ in renaming.values()}) == len(renaming)


def test_signs_that_cannot_be_changed_tell_germs_apart():
    one, other = plain_form(_of("x^2 + y^2")), plain_form(_of("x^2 - y^2"))
    assert one.key == other.key
    assert one.renaming(other) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["x^2 - y^3"], ["(1 + x)*(x^2 - y^3)"], True),  # a unit
        (["x + y^2", "z*w"], ["a", "b*c"], True),  # a regular coordinate
        (["x^2 - y^3"], ["x^2 - y^5"], False),
        (["x*y"], ["x*y", "z"], False),  # a regular coordinate more
    ],
)
def test_proved_moves_join_germs(one, other, same):
    found = reduced_form(_of(*one)).renaming(reduced_form(_of(*other)))
    assert (found is not None) == same


def test_a_loss_is_no_ideal():
    loss = LocalProblem.build(["x^2*y"], convention="loss")
    assert plain_form(loss).renaming(plain_form(_of("x^2*y"))) is None


def _of(*generators):
    return LocalProblem.build(list(generators))
