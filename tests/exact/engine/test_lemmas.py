"""Families proved before: recalled up to renaming and sign, proved once in the script."""

from fractions import Fraction

from engine_germs import germs, search, told

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.lemmas import Lemmas
from singularity_lab.exact.engine.outcome import SearchOutcome
from singularity_lab.exact.engine.symmetry import labelling

HALF, QUARTER = RLCT(Fraction(1, 2), 1), RLCT(Fraction(1, 4), 1)


def test_a_renamed_family_is_recalled():
    here = search()
    one, other = germs("x^2 - y^3", variables="x y"), germs("y^2 - x^3", variables="x y")
    found = here.solve(one, None, 6)
    lemmas = Lemmas()
    key, order = labelling(one)
    lemmas.enter(one, key, order, None, found)
    again, other_order = labelling(other)
    assert again == key
    recalled = lemmas.recall(other, again, other_order, None)
    assert recalled.lower == found.lower
    assert lemmas.shared == 1
    script = here.lemmas.assemble(lemmas.assemble(recalled.step))
    assert told(other, script).lower == found.lower


def test_what_was_enough_for_one_target_is_not_all():
    g = germs("x^2 - y^3")
    key, order = labelling(g)
    lemmas = Lemmas()
    lemmas.enter(g, key, order, QUARTER, SearchOutcome(QUARTER, HALF, {"op": "order"}))
    assert lemmas.recall(g, key, order, HALF) is None
    assert lemmas.recall(g, key, order, QUARTER) is not None
    assert lemmas.recall(germs("x^9 - y^3"), "another", order, None) is None
