"""Families as the engine moves them: each step is followed by the verifier to the same family."""

from fractions import Fraction

import pytest
from engine_germs import germs, proved, texts, with_roles
from hypothesis import given, settings
from strategies import sparse_polynomials

from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.germs import Generator, Germs, iterate_terms, ratio


@settings(max_examples=25)
@given(sparse_polynomials(variables=2))
def test_a_generator_reads_its_terms_once(f):
    g = Generator(f.flint)
    assert {tuple(dict(t).get(i, 0) for i in range(2)) for t, _ in g.terms} == set(f.support())
    assert (g.cost == 0) == (len(f.support()) == 1)
    content = tuple(min(a[i] for a in f.support()) for i in range(2))
    assert tuple(g.content.get(i, 0) for i in range(2)) == content


def test_the_normal_form():
    g = germs("x^2*y", "0*x + x*y^3").normal()
    assert g.k == {0: 1, 1: 1}
    assert sorted(texts(g)) == ["x", "y^2"]
    assert texts(g.normal()) == texts(g)


def test_what_is_free_and_what_is_a_unit():
    g = germs("x + y", prior={"x": 1}, nonnegative="y", variables="x y z")
    assert [g.is_free(i) for i in range(3)] == [False, False, True]
    p = with_roles("u:unit p:param x:local", "x", units=["p - 1"])
    read = [parse(t, p.names).flint for t in ("u^2", "2 + x", "p - 1", "p", "x")]
    assert [p.is_unit(f) for f in read] == [True, True, True, False, False]


@pytest.mark.parametrize(
    "do", [[["add", 0, 1, "-1"]], [["mul", 1, "1 + x"]], [["append", [[0, "y"], [1, "x"]]]]]
)
def test_other_generators_of_the_ideal(do):
    g = germs("x + y^2", "y^2")
    read = [
        [parse(v, g.names).flint if isinstance(v, str) and k > 1 else v for k, v in enumerate(d)]
        for d in do
    ]
    if do[0][0] == "append":
        read = [["append", [(j, parse(q, g.names).flint) for j, q in do[0][1]]]]
    moved, step = g.generators(read)
    assert proved(g, moved, [step]) == proved(g)


def test_a_change_of_coordinates_is_told_to_the_verifier():
    g = germs("x + y^2", "y^3")
    numerator, one = (parse(t, g.names).flint for t in ("x - y^2", "1"))
    moved, step = g.change(0, numerator, one)
    assert texts(moved) == ["x", "y^3"]
    assert proved(g, moved, [step]).lower.value == Fraction(2, 3)


def test_the_charts_of_a_blow_up_multiply_the_generators_and_the_prior():
    g = germs("x^2 - y^3")
    charts, step = g.blow_up([[(0, 3)], [(1, 2)]])
    assert step["op"] == "blowup"
    assert len(charts) == len(g.charts([[(0, 3)], [(1, 2)]]))
    first = charts[0]
    assert max(first.k.values()) == 6
    assert max(first.h.values()) == 4  # 3 + 2 − 1


def test_a_split_has_two_sides():
    g = with_roles("p:param x:local", "p*x - x^2")
    (zero, off), step = g.split(0)
    assert step["op"] == "split"
    assert zero.role[0] == "local"
    assert off.role[0] == "unit"


def test_irrational_roots_are_values_of_fields():
    g = with_roles("p:param x:local", "(p^2 - 2)*x")
    families, step = g.roots(0, parse("p^2 - 2", g.names).flint)
    assert step["op"] == "roots"
    assert [f.field is not None for f in families] == [True, True, False]


@pytest.mark.parametrize(
    ("gens", "blocks"),
    [
        (["x^2 - y", "z^3"], 2),
        (["x*y + z", "y*z + x"], 1),
        (["x", "y", "z"], 3),
        (["x*y + z*w"], 1),
    ],
)
def test_blocks_of_variables(gens, blocks):
    g = germs(*gens)
    assert len(g.blocks()) == blocks


def test_variables_of_the_factor_alone_are_free():
    g = Germs.of(LocalProblem.build("x^2*(y^2 + z^3)").localize()).normal()
    less, ratios, step = g.free()
    assert ratios == [Fraction(1, 4)]
    assert step["op"] == "free"
    assert less.k == {}


def test_terms_and_ratios():
    gens = germs("x + y", "x").gens
    assert len(list(iterate_terms(gens))) == 3
    import flint

    assert ratio(flint.fmpq(2, 3), flint.fmpq(4, 9)) == (3, 2)
