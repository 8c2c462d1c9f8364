"""Normal crossings, monomial ideals and edge ideals: the closed formulas, proved by the engine."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.linear import covering_value
from singularity_lab.errors import BadInput
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=3))
def test_normal_crossings_with_a_prior(pairs):
    """λ = min (h + 1)/2k, and m is how often it is taken (Watanabe 2009, §6)."""
    k, h = zip(*pairs, strict=True)
    if not any(k):
        with pytest.raises(BadInput, match="exponents: at least one"):
            build("normal_crossing", exponents=list(k), prior=list(h))
        return
    found = rlct(build("normal_crossing", exponents=list(k), prior=list(h)).problem())
    ratios = [Fraction(b + 1, 2 * a) for a, b in pairs if a]
    assert (found.value, found.multiplicity) == (min(ratios), ratios.count(min(ratios)))


@settings(max_examples=15)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 2).filter(any), min_size=1, max_size=3))
def test_monomial_ideals_by_howalds_program(rows):
    model = build("monomial_ideal", exponents=[list(r) for r in rows])
    assert rlct(model.problem()).value == covering_value([1, 1], rows) / 2


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_a_cycle_has_a_fractional_cover_of_half_its_vertices(n):
    cycle = [[i + 1, (i + 1) % n + 1] for i in range(n)]
    assert rlct(build("edge_ideal", vertices=n, edges=cycle).problem()).value == Fraction(n, 4)


@pytest.mark.parametrize(
    ("name", "parameters", "match"),
    [
        ("normal_crossing", {"exponents": [1], "prior": [0, 0]}, "prior: 1 exponents"),
        ("monomial_ideal", {"exponents": [[1], [1, 2]]}, "exponents: rows of one length"),
        ("monomial_ideal", {"exponents": [[1, 0], [0, 0]]}, r"exponents\[1\]: the exponent 0"),
        ("edge_ideal", {"vertices": 2, "edges": []}, "edges: at least one"),
        ("edge_ideal", {"vertices": 2, "edges": [[1, 1]]}, r"edges\[0\]: two different"),
        ("edge_ideal", {"vertices": 2, "edges": [[1, 2], [2, 1]]}, r"edges\[1\]: given twice"),
    ],
)
def test_mistakes_name_the_argument(name, parameters, match):
    with pytest.raises(BadInput, match=match):
        build(name, **parameters)
