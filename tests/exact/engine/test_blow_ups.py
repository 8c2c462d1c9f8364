"""Blow-ups as the rule of last resort: their charts, and fibres in which an ideal is linear."""

import pytest
from engine_germs import germs, outcome_told, search, texts

from singularity_lab.exact.engine.blow_ups import (
    blow_up,
    by_complexity,
    candidates,
    core,
    in_base,
    is_linear,
    linear_fibre,
)


@pytest.mark.parametrize(
    ("gens", "value"), [(["x^2 - y^3"], "5/12"), (["x^2 + y^2 - z^3"], "5/12")]
)
def test_the_outcome_is_proved(gens, value):
    g = germs(*gens)
    here = search()
    verdict = outcome_told(g, here, blow_up(here, g, None, 4))
    assert verdict.lower is not None
    assert str(verdict.lower.value) in (value, "1/2")
    assert here.blow_ups >= 1


def test_the_centres_are_sorted_and_meet_every_term():
    g = germs("x^2 - y^3", "x*z")
    listed = by_complexity(search(), g)
    assert listed
    for centre in listed:
        chosen = {i for group in centre for i, _ in group}
        for f in g.gens:
            assert all(any(i in chosen for i, _ in term) for term, _ in f.terms)


def test_a_linear_fibre():
    g = germs("a^2*x + b^2*y", "b^2*x + a^2*y")
    fibre = linear_fibre(g)
    assert {g.names[i] for i in fibre} == {"x", "y"}
    assert linear_fibre(germs("a*x + b*y", "b*x + a*y")) == frozenset()  # there are two
    assert is_linear(g, fibre)
    assert not is_linear(g, frozenset({0, 1, 2, 3}))
    assert linear_fibre(germs("x^2 - y^3")) == frozenset()
    base = in_base(candidates(g, frozenset()), fibre)
    assert all(i not in fibre for centre in base for group in centre for i, _ in group)


def test_the_core_has_no_monomials():
    assert texts(core(germs("x^2*y", "x*(x^2 - y^3)"))) == texts(core(germs("x^2 - y^3")))
