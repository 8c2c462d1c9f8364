"""The walk over the rules: limits, covers, cuts, and what is said of charts left open."""

from dataclasses import replace
from fractions import Fraction

import pytest
from engine_germs import germs, outcome_told, search, told, with_roles

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.engine import limits
from singularity_lab.exact.engine.rules import RESOLVING
from singularity_lab.exact.engine.search import Search, is_tall, shortened


@pytest.mark.parametrize(
    ("gens", "value"),
    [
        (["x^2 - y^3"], "5/12"),
        (["x*y", "y*z", "x*z"], "3/4"),
        (["x^3 + y^4"], "7/24"),
        (["x^2", "y^5"], "7/20"),
    ],
)
def test_known_values_are_found_and_accepted(gens, value):
    g = germs(*gens)
    here = search()
    verdict = outcome_told(g, here, here.solve(g, None, 6))
    assert verdict.lower == verdict.upper
    assert verdict.lower.value == Fraction(value)


def test_a_target_is_enough():
    g = germs("x^2 - y^3")
    here = search()
    found = here.solve(g, RLCT(Fraction(1, 4), 1), 6)
    assert found.lower >= RLCT(Fraction(1, 4), 1)


def test_without_fuel_a_chart_is_left_open_with_bounds():
    g = germs("(x^2 - y^3)^2 - x^5*y")
    here = Search(RESOLVING, most_nodes=300)
    found = here.solve(g, None, 0)
    assert found.open
    assert found.upper is not None
    assert here.frontier
    assert told(g, here.lemmas.assemble(found.step)).upper == found.upper
    left = here.left_open(g, "asked", branched=True)
    assert left.open == 1
    assert here.frontier[-1].why == "asked"


def test_a_limit_of_charts_ends_the_search():
    here = Search(RESOLVING, most_nodes=1, horizon=6)
    here.solve(germs("(x^2 - y^3)^2 - x^5*y", "x*y*z"), None, 6)
    assert here.is_late()
    assert here.ended == "nodes"
    assert not search().expired


def test_a_cut_has_both_sides():
    g = with_roles("p:param x:local y:local", "p*x + y^2", "y^3")
    here = search()
    found = here.cut(g, [parse("p", g.names).flint], None, 6)
    verdict = outcome_told(g, here, found)
    assert verdict.lower is not None
    assert here.cut(g, [], None, 6) is None


def test_long_polynomials_are_told_by_their_size():
    short, long = parse("x + y"), parse("(x + y + z + 1)^20")
    assert shortened(short.flint) == "x + y"
    assert len(shortened(long.flint)) < 200
    assert not is_tall(germs("x + y"))
    assert is_tall(germs(f"{2**5000}*x + y"))


def test_a_chain_without_end_is_left_open_with_bounds():
    """A rule that leads to the same family again ends at the limit, not at Python's stack."""

    def again(search, g, target, fuel):
        return search.solve(g, target, fuel)

    g = germs("(x^2 - y^3)^2 - x^5*y")
    here = Search(replace(RESOLVING, direct=(again,)))
    found = here.solve(g, None, 6)
    assert here.nodes == limits.NESTED + 1
    assert here.nested == 0
    assert found.open
    assert found.upper is not None
    outcome_told(g, here, found)


@pytest.mark.parametrize("f", ["(x^2 + y^2 - 2*z^2)^2 + x^5", "(x^2 - y^3)^2 - x^5*y"])
def test_few_families_one_inside_another_give_bounds(f, monkeypatch):
    monkeypatch.setattr("singularity_lab.exact.engine.search.NESTED", 4)
    g = germs(f)
    here = Search(RESOLVING, most_nodes=60)
    found = here.solve(g, None, 24)
    assert found.open
    assert found.upper is not None
    outcome_told(g, here, found)
    assert any("more than 4 families" in str(c) for c in here.frontier)


def test_a_stack_that_is_full_ends_a_search_with_what_is_known():
    g = germs("(x^2 - y^3)^2 - x^5*y")
    here = Search(RESOLVING)

    def attempt(depth):
        if depth > limits.DEPTHS[0]:
            raise RecursionError
        return here.left_open(g, "as a first attempt")

    found = here.deepened(None, lambda: (None, attempt))
    assert here.ended == "depth"
    assert found.upper is not None
