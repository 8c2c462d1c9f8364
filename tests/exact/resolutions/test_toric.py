"""Toric modifications: fans that cover and glue, charts that are monomial maps, thresholds."""

import itertools
import random
from fractions import Fraction
from math import prod

import flint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import sparse_polynomials, supports

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.exact.engine.newton import NewtonFailure, newton_step, threshold
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.resolutions.toric import Fan, ToricChart, toric_resolution

# A vertex of this polyhedron has a normal cone over a quadrangle: not simplicial.
OCTAHEDRAL = [(2, 2, 0), (2, 0, 2), (0, 2, 2), (1, 1, 1)]
NOT_SIMPLICIAL = [(1, 1, 0), (1, 0, 1), (0, 1, 1), (3, 0, 0), (0, 3, 0), (0, 0, 3)]


def volume(fan):
    """n! · volume of the cones' parts in the simplex Σ w ≤ 1: 1 for a cover without overlap."""
    return sum(Fraction(fan.multiplicity(c), prod(sum(fan.rays[j]) for j in c)) for c in fan.cones)


def is_a_fan(fan, seed=0, tries=40):
    """Each weight lies in the interior of exactly one cone (faces included)."""
    dice = random.Random(seed)
    for _ in range(tries):
        weight = [dice.choice((0, 1, 1, 2, 3, 5, 8)) for _ in range(fan.dimension)]
        if len(fan.carrier(weight)) != 1:
            return False
    # rational points on the common walls are the ones where a bad gluing shows
    for cone in fan.cones:
        rows = sorted(cone)[:-1]
        if rows:
            weight = [sum(fan.rays[j][i] for j in rows) for i in range(fan.dimension)]
            if fan.carrier(weight) != {frozenset(rows)}:
                return False
    return True


@pytest.mark.parametrize("support", [OCTAHEDRAL, NOT_SIMPLICIAL, [(3, 0), (1, 1), (0, 5)]])
def test_fans_of_examples(support):
    polyhedron = NewtonPolyhedron.of(support)
    normal = Fan.normal(polyhedron)
    simple, regular = normal.simplicial(), normal.regular()
    assert simple.rays == normal.rays
    assert regular.rays[: len(normal.rays)] == normal.rays
    for fan in (simple, regular):
        assert volume(fan) == 1
        assert is_a_fan(fan)
    assert regular.is_regular


def test_the_normal_fan_of_the_example_is_not_simplicial():
    normal = Fan.normal(NewtonPolyhedron.of(NOT_SIMPLICIAL))
    assert not normal.is_simplicial
    with pytest.raises(BadInput, match="simplicial"):
        normal.carrier((1, 1, 1))


@settings(max_examples=40)
@given(supports(variables=3, high=6, most=6), st.integers(0, 10**6))
def test_regular_subdivisions_cover_the_orthant_and_glue(support, seed):
    polyhedron = NewtonPolyhedron.of(support)
    fan = Fan.normal(polyhedron).regular()
    assert fan.is_regular
    assert all(
        abs(int(flint.fmpz_mat([list(fan.rays[j]) for j in c]).det())) == 1 for c in fan.cones
    )
    assert volume(fan) == 1
    assert is_a_fan(fan, seed, tries=20)
    for cone in fan.cones:  # a refinement: on each cone one vertex is the minimum
        weight = [sum(fan.rays[j][i] for j in cone) for i in range(3)]
        (vertex,) = set(polyhedron.vertices) & polyhedron.minimised_by(weight)
        assert all(vertex in polyhedron.minimised_by(fan.rays[j]) for j in cone)


@settings(max_examples=8)
@given(supports(variables=4, high=3, most=5))
def test_regular_subdivisions_in_dimension_four(support):
    fan = Fan.normal(NewtonPolyhedron.of(support)).regular()
    assert fan.is_regular
    assert volume(fan) == 1
    assert is_a_fan(fan, tries=10)


def test_bad_gluing_is_noticed():
    """Negative control: a quadrangle cut along its two diagonals, one in each of two copies."""
    rays = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0))
    good = Fan(rays, (frozenset({0, 3, 2}), frozenset({1, 3, 2})))
    assert is_a_fan(good)
    assert volume(good) == 1
    overlapping = Fan(rays, (frozenset({0, 1, 2}), frozenset({1, 3, 2})))
    assert not is_a_fan(overlapping)
    missing = Fan(rays, good.cones[:1])
    assert not is_a_fan(missing)
    assert volume(missing) != 1


def test_limits():
    with pytest.raises(OutOfScope, match="cones"):
        Fan.normal(NewtonPolyhedron.of([(97, 0), (0, 89)])).regular(limit=3)
    with pytest.raises(BadInput, match="weight"):
        Fan.normal(NewtonPolyhedron.of([(1, 0)])).carrier((-1, 2))


def test_in_the_plane_the_subdivision_is_minimal():
    """The rays are the Hilbert bases of the cones: Hirzebruch–Jung continued fractions."""
    fan = Fan.normal(NewtonPolyhedron.of([(7, 0), (0, 1)])).regular()
    assert set(fan.rays) == {(0, 1), (1, 0), *((1, j) for j in range(1, 8))}
    fan = Fan.normal(NewtonPolyhedron.of([(5, 0), (0, 2)])).regular()
    assert set(fan.rays) == {(0, 1), (1, 0), (2, 5), (1, 2), (1, 3), (1, 1)}


# -- charts --------------------------------------------------------------------------------------


def test_chart_is_a_substitution_with_the_stated_jacobian():
    chart = ToricChart(("x", "y", "z"), ((1, 2, 3), (0, 1, 1), (0, 0, 1)))
    f = parse("x^3*y - 2*y*z^2 + 5*x*z", "x y z")
    point = {"t1": Fraction(2), "t2": Fraction(-1, 3), "t3": Fraction(5, 7)}
    image = {v: p(point) for v, p in chart.images.items()}
    assert chart.total_transform(f)(point) == f(image)
    k, strict = chart.pullback(f)
    assert chart.total_transform(f)(point) == strict(point) * prod(
        t**e for t, e in zip(point.values(), k, strict=True)
    )
    assert all(any(a[j] == 0 for a in strict.support()) for j in range(3))
    jacobian = flint.fmpq_mat(
        3,
        3,
        [
            flint.fmpq(d.numerator, d.denominator)
            for p in chart.images.values()
            for d in (p.derivative(t)(point) for t in chart.coordinates)
        ],
    ).det()
    expected = chart.determinant * prod(
        t**e for t, e in zip(point.values(), chart.jacobian, strict=True)
    )
    assert Fraction(int(jacobian.p), int(jacobian.q)) == expected


def test_chart_messages():
    with pytest.raises(BadInput, match=r"a basis of Z\^2"):
        ToricChart(("x", "y"), ((1, 0), (0, 2)))
    with pytest.raises(BadInput, match="2 weights"):
        ToricChart(("x", "y"), ((1, 0),))
    chart = ToricChart(("x", "y"), ((1, 0), (1, 1)))
    with pytest.raises(BadInput, match="variables"):
        chart.pullback(parse("u", "u"))
    with pytest.raises(BadInput, match="zero"):
        chart.pullback(Polynomial.constant(0, "x y"))


# -- thresholds ------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(supports(high=5, most=5), st.lists(st.integers(0, 2), min_size=3, max_size=3))
def test_charts_of_monomial_ideals_give_the_threshold_of_the_linear_program(support, prior):
    n = len(support[0])
    names = ("x", "y", "z")[:n]
    tau = dict(zip(names, prior, strict=False))
    ideal = [Polynomial.from_terms({a: 1}, names) for a in support]
    resolution = toric_resolution(ideal, names, prior=tau)
    expected = threshold(support, prior=[tau[v] for v in names])
    assert resolution.term_threshold == resolution.value == expected
    assert {c.crossing for c in resolution.charts} == {"unit"}
    ratios = [d.candidate for d in resolution.divisors if d.candidate is not None]
    assert min(ratios) == expected.value
    most = max(
        sum(d.candidate == expected.value for d in chart.divisors) for chart in resolution.charts
    )
    assert most == expected.multiplicity


@pytest.mark.parametrize(
    ("f", "expected", "strict"),
    [
        ("x^2 - y^3", "(5/12, 1)", False),
        ("(x^2 - y^3)*(y^2 - x^3)", "(1/4, 2)", False),
        ("x^2 + y^3 + z^5", "(1/2, 1)", True),  # E8 surface: the strict transform only
        ("x^3 + y^3 + z^3", "(1/2, 2)", True),  # cone over a cubic with real points
        ("x^4 + y^4 + z^4 + w^4", "(1/2, 1)", False),  # no real points: m = 1, not 2
        ("x^2 + y^2", "(1/2, 1)", False),
        ("x^2 - y^2", "(1/2, 2)", True),
        ("x^2 - y^2*z", "(1/2, 2)", True),  # Whitney
        ("x^2*y^2 + y^2*z^2 + z^2*x^2", "(3/8, 1)", False),
        ("x + y^2", "(1/2, 1)", True),
    ],
)
def test_values_from_charts(f, expected, strict):
    """Real answers, also where the complex one differs; the leaf of certificates agrees."""
    resolution = toric_resolution(f)
    assert str(resolution.value) == expected
    assert resolution.strict_reaches is strict
    assert resolution.normal_crossing
    step = newton_step(LocalProblem.build(f).localize())
    assert not isinstance(step, NewtonFailure)
    assert str(step[1]) == expected


@pytest.mark.parametrize(
    "f", ["(x - y)^2", "(y^2 - x^3)^2 - x^5*y", "x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2"]
)
def test_degenerate_germs_stay_open(f):
    resolution = toric_resolution(f)
    assert resolution.value is None
    assert not resolution.normal_crossing
    opened = [c for c in resolution.charts if c.crossing is None]
    assert all(c.obstacle is not None and not c.obstacle.proved for c in opened)
    assert "open" in str(resolution)
    assert "<=" in str(resolution)


def test_every_compact_face_counts():
    """(x + y², z) has λ = 1; facets alone would say 5/4."""
    resolution = toric_resolution(["x + y^2", "z"])
    assert resolution.value is None
    assert resolution.term_threshold == RLCT(Fraction(5, 4), 1)


def test_charts_say_where_the_total_transform_is_monomial():
    """The strict transforms have no common zero at random points of each orbit over the origin."""
    resolution = toric_resolution(["x^3", "y^2*z + z^5", "x*y*z", "y^5"])
    dice = random.Random(1)
    assert resolution.value is not None
    for chart in resolution.charts:
        assert chart.crossing == "unit"
        for size in range(1, 4):
            for zeros in itertools.combinations(range(3), size):
                rays = [chart.map.rays[j] for j in zeros]
                if not all(any(r[i] for r in rays) for i in range(3)):
                    continue
                point = [0 if j in zeros else dice.choice((-2, -1, 1, 3)) for j in range(3)]
                assert any(g(point) for g in chart.strict)


def test_prior_and_convention():
    assert toric_resolution("x^2 - y^3", prior={"x": 1}).value == RLCT(Fraction(1, 2), 1)
    loss = LocalProblem.build("x^2 + y^4", convention="loss")
    assert toric_resolution(loss).value == RLCT(Fraction(3, 4), 1)
    with pytest.raises(OutOfScope, match="does not vanish"):
        toric_resolution("x + 1")
    with pytest.raises(OutOfScope, match="identically"):
        toric_resolution("x - x")


@settings(max_examples=40)
@given(st.lists(sparse_polynomials(2, high=5, vanishing=True), min_size=1, max_size=2))
def test_charts_and_the_engine_agree(generators):
    """Two independent routes: a toric modification, and the chart tree of blow-ups."""
    resolution = toric_resolution(generators)
    result = rlct(generators, budget=5)
    if result.exact:
        assert result.rlct <= resolution.term_threshold
        if resolution.value is not None:
            assert result.rlct == resolution.value


# -- pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("support", "options", "title"),
    [
        ([(7, 0), (4, 1), (2, 2), (0, 5)], {}, "distance 2"),
        ([(2, 1)], {}, "distance 2"),  # the ray hits an unbounded edge
        ([(2, 0), (0, 3)], {"direction": (2, 1)}, "distance 3/4"),
        ([(1, 1, 0), (1, 0, 1), (0, 1, 1), (3, 0, 0)], {"names": "abc"}, "distance 2/3"),
    ],
)
def test_pictures_of_polyhedra(support, options, title):
    import matplotlib.pyplot as plt

    polyhedron = NewtonPolyhedron.of(support)
    axes = polyhedron.plot(**options)
    assert axes.get_title() == title
    names = options.get("names", "xyz")
    assert axes.get_xlabel() == f"exponent of {names[0]}"
    (marked,) = [line for line in axes.lines if line.get_label() == "hit face"]
    data = marked.get_data_3d() if len(support[0]) == 3 else marked.get_data()
    drawn = {tuple(int(c) for c in p) for p in zip(*data, strict=True)}
    assert drawn == set(polyhedron.vertices) & polyhedron.hit_face(options.get("direction"))
    plt.close(axes.figure)


def test_no_picture_in_dimension_four():
    with pytest.raises(OutOfScope, match="dimension"):
        NewtonPolyhedron.of([(1, 1, 1, 1)]).plot()
    with pytest.raises(BadInput, match="names"):
        NewtonPolyhedron.of([(1, 1)]).plot(names=("x",))


def test_charts_are_told_as_text_as_a_table_and_as_a_graph():
    found = toric_resolution("x^2 - y^3")
    shown = found._repr_html_()
    for chart in found.charts:
        assert len(chart.k) == len(chart.h) == 2
        assert str(chart)
    assert "5/12" in shown or "5/6" in shown
    graph = found.graph()
    assert {(d["N"], d["nu"]) for _, d in graph.nodes(data=True)} >= {(6, 5)}
    fan = Fan.normal(NewtonPolyhedron.of([(2, 0), (0, 3)]))
    assert str(fan).startswith("simplicial fan with 3 rays and 2 maximal cones")
    assert str(fan.regular()).startswith("regular fan")
