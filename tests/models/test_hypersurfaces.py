"""Hypersurfaces and determinantal ideals: each is what its name says."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import rationals

from singularity_lab.algebra.polynomial import parse
from singularity_lab.models import build
from singularity_lab.models.hypersurfaces import positive_roots


@pytest.mark.parametrize(
    "exponents",
    [[[3, 2]], [[5, 3]], [[3, 2], [7, 4]], [[5, 2], [11, 4]], [[3, 2], [7, 4], [15, 8]]],
)
def test_branch_vanishes_on_its_parametrisation(exponents):
    """f(tⁿ, Σ t^{n·p/q}) = 0 identically, and f is monic in y of degree n."""
    import math

    n = math.lcm(*(q for _, q in exponents))
    f = build("plane_branch", exponents=exponents).ideal.generators[0]
    t = parse("t")
    series = sum((t ** (n * p // q) for p, q in exponents), start=parse("0*t"))
    ring = ("x", "y", "t")
    substituted = f.in_ring(ring).substitute({"x": (t**n).in_ring(ring), "y": series.in_ring(ring)})
    assert substituted.is_zero
    terms = dict(f.terms())
    assert terms[0, n] == 1
    assert max(b for _, b in terms) == n


@given(st.lists(rationals(3, 2), min_size=2, max_size=3), st.sampled_from([3, 4]))
def test_discriminant_is_the_product_of_squared_root_differences(roots, degree):
    """For t^n + a₂t^{n−2} + ⋯ with roots rᵢ of sum 0: Δ = ∏_{i<j} (rᵢ − rⱼ)²."""
    roots = [*roots, *[Fraction(0)] * degree][: degree - 1]
    roots.append(-sum(roots))
    ring = ("t",)
    product = parse("1", "t")
    for r in roots:
        product = product * (parse("t", "t") - r)
    by_power = {a[0]: c for a, c in product.in_ring(ring).terms()}
    point = [by_power.get(degree - k, Fraction(0)) for k in range(2, degree + 1)]
    expected = Fraction(1)
    for r, s in itertools.combinations(roots, 2):
        expected *= (r - s) ** 2
    f = build("discriminant", degree=degree).ideal.generators[0]
    assert f(point) == expected


@given(rationals(3, 3), st.sampled_from([[2, 3, 4], [3, 4, 5], [4, 5, 6], [3, 5, 7]]))
def test_space_curve_vanishes_on_the_curve_and_is_homogeneous(t, powers):
    model = build("space_curve", powers=powers)
    assert model.value([t**p for p in powers]) == 0
    for g in model.ideal.generators:
        assert len({sum(e * p for e, p in zip(a, powers, strict=True)) for a in g.support()}) == 1
        assert len(g.support()) == 2


@pytest.mark.parametrize("powers", [[2, 3, 4], [3, 4, 5], [4, 5, 6], [4, 6, 7], [4, 5, 7]])
def test_space_curve_generators_generate_the_ideal_of_the_curve(powers):
    """Herzog's binomials against elimination of t by a Gröbner basis."""
    import sympy

    x, y, z, t = sympy.symbols("x y z t")
    graph = [v - t**p for v, p in zip((x, y, z), powers, strict=True)]
    eliminated = [g for g in sympy.groebner(graph, t, x, y, z, order="lex").exprs if not g.has(t)]
    generators = [g.to_sympy() for g in build("space_curve", powers=powers).ideal.generators]
    basis = sympy.groebner(generators, x, y, z, order="grevlex")
    assert all(basis.contains(g) for g in eliminated)


@pytest.mark.parametrize(
    ("type", "rank", "count"), [("A", 3, 6), ("B", 3, 9), ("B", 4, 16), ("D", 4, 12), ("D", 5, 20)]
)
def test_number_of_mirrors_is_rank_times_coxeter_number_over_two(type, rank, count):
    h = {"A": rank + 1, "B": 2 * rank, "D": 2 * (rank - 1)}[type]
    assert len(positive_roots(type, rank)) == count == rank * h // 2
    assert build("coxeter", type=type, rank=rank).ideal.generators[0].degree == count


@pytest.mark.parametrize(("type", "rank"), [("A", 2), ("B", 2), ("B", 3), ("D", 4)])
def test_reflection_arrangement_is_antisymmetric(type, rank):
    """f changes sign under each simple reflection (permutation of two coordinates) of B and D."""
    f = build("coxeter", type=type, rank=rank).ideal.generators[0]
    x, y = (parse(v, f.variables) for v in f.variables[:2])
    swapped = f.substitute({f.variables[0]: y, f.variables[1]: x})
    assert swapped == -f


@pytest.mark.parametrize(
    ("parameters", "milnor"),
    [
        (dict(type="A", k=3), 3),
        (dict(type="D", k=5), 5),
        (dict(type="E", k=6), 6),
        (dict(type="E", k=7), 7),
        (dict(type="E", k=8, variables=3), 8),
    ],
)
def test_index_of_a_simple_singularity_is_its_milnor_number(parameters, milnor):
    """μ = dim Q[x]/(∂f): for weighted homogeneous f the germ at 0 is the whole algebra."""
    import sympy

    f = build("ade", **parameters).ideal.generators[0]
    variables = sympy.symbols(f.variables)
    partials = [f.derivative(v).to_sympy() for v in f.variables]
    basis = sympy.groebner(partials, *variables, order="grevlex")
    leading = [sympy.Poly(g, *variables).monoms(order="grevlex")[0] for g in basis.exprs]
    standard = [
        a
        for a in itertools.product(range(12), repeat=len(variables))
        if not any(all(x >= y for x, y in zip(a, b, strict=True)) for b in leading)
    ]
    assert len(standard) == milnor
