"""Formulas recorded once: evaluated in every semiring, in batches, by cheapest derivations."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from singularity_lab.programs import program
from singularity_lab.programs.uncertainty.noisy import (
    laws,
    wrong_runs,
)
from singularity_lab.programs.uncertainty.semirings import (
    Booleans,
    MinPlus,
    total,
)


def test_the_formula_is_the_propagation_in_every_semiring():
    p = program("detectA-mini-retry")
    formula = wrong_runs(p, 2)
    rng = np.random.default_rng(1)
    prices = {
        leaf: Fraction(int(x))
        for leaf, x in zip(formula.leaves, rng.integers(0, 9, 99), strict=False)
    }
    allowed = {
        leaf: bool(x) for leaf, x in zip(formula.leaves, rng.integers(0, 2, 99), strict=False)
    }
    for ring, values in ((MinPlus(), prices), (Booleans(), allowed)):
        direct = [
            total(ring, [e for y, e in law.items() if y != case.target])
            for case, law in zip(p.cases, laws(ring, values | dict.fromkeys(
                {(c.name, o) for c in p.machine.choices for o in c.options} - set(values), ring.one
            ), p, 2), strict=True)
        ]  # fmt: skip
        assert formula.evaluate(ring, values) == direct
    batch = formula.batch(
        {k: np.array([int(v)]) for k, v in prices.items()}, np.minimum, np.add, 10**6, 0
    )
    assert [batch[r, 0] for r in formula.roots] == formula.evaluate(MinPlus(), prices)
