"""Jet schemes: truth tables, formulas over families, laws, an independent Gröbner check."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import monomial_ideals

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.arcs.equations import (
    groebner_codimension,
    jet_equations,
    monomial_threshold,
)
from singularity_lab.exact.arcs.jets import jets
from singularity_lab.exact.oracles.singular import Singular
from singularity_lab.exact.oracles.system import OutOfBudget

BRANCH = "(y^2 - x^3)^2 - x^5*y"
SPACE_CURVE = ["y^2 - x*z", "x^2*y - z^2", "x^3 - y*z"]  # (t^3, t^4, t^5)


def ade_surface(letter: str, n: int) -> str:
    if letter == "A":
        return f"x*y - z^{n + 1}"
    if letter == "D":
        return f"x^2 + y^2*z + z^{n - 1}"
    return {6: "x^2 + y^3 + z^4", 7: "x^2 + y^3 + y*z^3", 8: "x^2 + y^3 + z^5"}[n]


def coxeter_exponents(letter: str, n: int) -> list[int]:
    """Bourbaki, Lie VI: the exponents of the Weyl group."""
    if letter == "A":
        return list(range(1, n + 1))
    if letter == "D":
        return sorted([*range(1, 2 * n - 2, 2), n - 1])
    return {
        6: [1, 4, 5, 7, 8, 11],
        7: [1, 5, 7, 9, 11, 13, 17],
        8: [1, 7, 11, 13, 17, 19, 23, 29],
    }[n]


SURFACES = [
    *(("A", n) for n in range(1, 9)),
    *(("D", n) for n in range(4, 9)),
    *(("E", n) for n in (6, 7, 8)),
]


@pytest.mark.parametrize(("letter", "n"), SURFACES)
def test_fibres_of_ade_surfaces_count_exponents(letter: str, n: int) -> None:
    """Components of the fibre over 0 of J_m: the exponents ≤ m; n of them from m = h − 1 on."""
    r = jets(ade_surface(letter, n), 31, fibre=True)
    exponents = coxeter_exponents(letter, n)
    assert r.dimensions[1:] == tuple(2 * m + 1 for m in range(1, 32))
    assert all(r.pure[1:])
    assert r.top_components[1:] == tuple(sum(e <= m for e in exponents) for m in range(1, 32))
    assert r.method == "weights"


def test_truth_table(truth_tables) -> None:
    rows = json.loads((truth_tables / "jets.json").read_text())
    assert len(rows) == 21
    for row in rows:
        if "milnor" in row:
            r = jets(row["polynomial"], row["m"][-1], fibre=True)
            counts = [r.top_components[m] for m in row["m"]]
            assert counts == row["n_components_fibre_over_origin"], row["id"]
            continue
        if "polynomial" in row:
            r = jets(row["polynomial"], 6, row["vars"])
        else:
            names = tuple("abcdefg"[: len(row["ideal"][0])])
            gens = [Polynomial.from_terms({tuple(a): 1}, names) for a in row["ideal"]]
            r = jets(Ideal(names, tuple(gens)), 6)
        assert list(r.dimensions) == row["dim_Jm"], row["id"]
        assert list(r.top_components) == row["n_top_components_over_C"], row["id"]


def test_codimensions_of_peers(truth_tables) -> None:
    rows = [
        r
        for r in json.loads((truth_tables / "peers.json").read_text())
        if r["quantity"] == "jets_codim" and len(r["vars"]) <= 6
    ]
    decided = 0
    for row in rows:
        orders = sorted(map(int, row["expected"]))
        try:
            r = jets(row["generators"], orders[-1], row["vars"])
        except Undecided:
            continue
        decided += 1
        assert {m: r.codimensions[m] for m in orders} == {
            int(m): c for m, c in row["expected"].items()
        }, row["id"]
    assert decided >= 8


@pytest.mark.parametrize(
    ("generators", "order", "value", "at"),
    [
        ("x^2 - y^3", 11, Fraction(5, 6), (5, 11)),
        (BRANCH, 11, Fraction(5, 12), (11,)),
        (SPACE_CURVE, 8, Fraction(13, 9), (8,)),
        (["x1^4 - x2^3", "x3^2 - x1*x2^2"], 7, Fraction(9, 8), (7,)),
        (["x^3 - y^2", "y^3 - z^2"], 5, Fraction(4, 3), (5,)),
    ],
)
def test_thresholds_are_attained(generators, order: int, value: Fraction, at) -> None:
    r = jets(generators, order)
    assert (r.mustata, r.attained_at) == (value, at)
    assert r.seconds < 5


@pytest.mark.parametrize(
    ("f", "order", "value"),
    [
        ("(x^2 - y^2)*(x^2 - z^2)*(y^2 - z^2)*z", 6, Fraction(3, 7)),  # Berkesch and Leykin 2010
        ("y*(x^2 + y^2 + z^2)^2", 9, Fraction(1, 2)),
        ("x*y*(x + y)*(x - y)", 7, Fraction(1, 2)),
        ("(x^2 - y^2)*(x^2 - z^2)", 3, Fraction(3, 4)),
    ],
)
def test_arrangements_and_multiple_factors(f: str, order: int, value: Fraction) -> None:
    r = jets(f, order)
    assert r.mustata == value
    assert order in r.attained_at
    assert None not in r.top_components


def test_order_one_of_an_arrangement_is_counted_by_flats() -> None:
    """J_1 of a reduced arrangement: codim 2; tangent lines to the planes, and flats of codim 2."""
    r = jets("(x^2 - y^2)*(x^2 - z^2)*(y^2 - z^2)*z", 1)
    planes = ["x-y", "x+y", "x-z", "x+z", "y-z", "y+z", "z"]
    assert r.top_components[0] == len(planes)
    # lines of intersection: 4 triple points {x = ±y = ±z}, and simple ones: {x = y = 0} is on two
    # planes; z = 0 meets x ± y = 0, and x ± z, y ± z, each three at {x = z = 0}, {y = z = 0}
    lines = 4 + 1 + 2 + 2
    assert r.top_components[1] == len(planes) + lines


def test_a_branch_with_two_pairs_beyond_its_first_divisor() -> None:
    r = jets(BRANCH, 25)
    assert r.method == "stratification"
    assert r.mustata == Fraction(5, 12)
    assert r.attained_at == (11, 23)
    # semigroup <4, 6, 13>: jets over the second rupture divisor (N, nu) = (26, 12): codim 12 at 25
    assert r.codimensions[25] == 11 or r.codimensions[25] == 12
    assert Fraction(12, 26) > r.mustata


@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 12))
def test_codimension_is_monotone_and_subadditive(p: int, q: int, m: int) -> None:
    """codim J_m grows by at most 1 a step for one equation, and lct·(m + 1) is below it."""
    r = jets(f"x^{p} + y^{q}", 12)
    c = r.codimensions
    assert c[m] <= c[min(m + 1, 12)] <= c[m] + 1
    lct = min(Fraction(1), Fraction(1, p) + Fraction(1, q))
    assert all(Fraction(x, k + 1) >= lct for k, x in enumerate(c))


@given(monomial_ideals(high=3, most=3), st.integers(0, 5))
@settings(max_examples=25)
def test_monomial_ideals_respect_the_linear_program(ideal: Ideal, order: int) -> None:
    r = jets(ideal, order)
    assert r.method == "monomial"
    assert r.mustata >= monomial_threshold(ideal)
    assert all(k is not None and k >= 1 for k in r.top_components)


@pytest.mark.parametrize("support", [[(2, 0), (0, 3)], [(2, 1), (0, 4)], [(3, 0), (1, 1), (0, 2)]])
def test_monomial_ideals_attain_the_linear_program(support) -> None:
    ideal = Ideal(("x", "y"), tuple(Polynomial.from_terms({a: 1}, "x y") for a in support))
    assert jets(ideal, 11).mustata == monomial_threshold(ideal)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_products_of_coordinates(n: int) -> None:
    """x_1⋯x_n: codim m + 1, and as many components as there are v with |v| = m + 1."""
    r = jets("*".join(f"x{i}" for i in range(n)), 6)
    assert r.codimensions == tuple(range(1, 8))
    assert r.top_components == tuple(comb(m + n, n - 1) for m in range(7))


@pytest.mark.parametrize("f", ["x^2 - y^3", "x^2*y + y^4", "x*y - z^2", "x^3 + y^3 + z^3"])
def test_powers_of_an_equation(f: str) -> None:
    """ord f² ≥ m + 1 iff ord f ≥ ⌈(m + 1)/2⌉."""
    plain, squared = jets(f, 4), jets(f"({f})^2", 4)
    for m in range(5):
        assert squared.codimensions[m] == plain.codimensions[m // 2]
        assert squared.top_components[m] == plain.top_components[m // 2]


def test_linear_changes_of_coordinates_change_nothing() -> None:
    one = jets("x^2 - y^2", 6)
    other = jets("x*y", 6)
    assert one.codimensions == other.codimensions
    assert one.top_components == other.top_components
    cusp, sheared = jets("x^2 - y^3", 8), jets("(x + y^2)^2 - y^3", 8)
    assert cusp.codimensions == sheared.codimensions
    assert cusp.top_components == sheared.top_components


def test_irrational_roots_are_conjugate() -> None:
    """x² − 2y² = u·v over C, with 2x = u + v: the same germ, in coordinates over Q(√2) and Q."""
    one = jets("(x^2 - 2*y^2)^2 + x^5", 9)
    other = jets("u^2*v^2 + (u + v)^5/32", 9)
    assert one.method == "stratification"
    assert one.codimensions == other.codimensions
    assert one.top_components == other.top_components


def test_quadratic_networks_over_q_and_c(truth_tables) -> None:
    """(p² + r², pq + rs, q² + s²): the components over Q are those of Singular's minAssGTZ."""
    (row,) = (
        r
        for r in json.loads((truth_tables / "peers.json").read_text())
        if r["id"] == "run-jetscomp-quadnet-d2H2"
    )
    r = jets(row["generators"], 3, row["vars"], field="Q")
    for m, expected in row["expected"].items():
        assert r.codimensions[int(m)] == expected["codim"]
        assert r.top_components[int(m)] == expected["top"]


# -- fields -----------------------------------------------------------------------------------


def test_fields_differ() -> None:
    f = "x^2 + y^2"
    over_c, over_r, over_q = (jets(f, 4, field=k) for k in ("C", "R", "Q"))
    assert over_c.top_components == (2, 3, 4, 5, 6)
    assert over_q.top_components == (1, 2, 2, 3, 3)
    assert over_c.codimensions == over_q.codimensions == (1, 2, 3, 4, 5)
    assert over_r.codimensions == (2, 2, 4, 4, 6)


@pytest.mark.parametrize(
    ("f", "two_lambda"),
    [
        ("x^2 + y^2 + z^2", Fraction(3, 2)),
        ("y*(x^2 + y^2 + z^2)^2", Fraction(3, 5)),
        ("x^2 - y^3", Fraction(5, 6)),
        ("x^4 + y^4", Fraction(1, 2)),
    ],
)
def test_real_jets_give_the_real_threshold(f: str, two_lambda: Fraction) -> None:
    """2λ of K = f² is min codim_R/(m + 1)."""
    from singularity_lab.exact.engine.solve import rlct

    r = jets(f, 9, field="R")
    assert r.mustata == two_lambda
    assert 2 * rlct(f).value == two_lambda


# -- equations --------------------------------------------------------------------------------


def _minimal_primes(equations: list[Polynomial]) -> tuple[int, int] | None:
    """(dimension, number of top components over Q) by Singular's minAssGTZ."""
    try:
        return Singular(seconds=10).top_components(Ideal(equations[0].variables, tuple(equations)))
    except OutOfBudget:
        return None


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(6))
def test_random_ideals_have_the_components_of_singular(seed: int) -> None:
    if not Singular.installed():
        pytest.skip("no Singular")
    source = random.Random(seed)
    compared = 0
    while compared < 15:
        names = tuple("xyz"[: source.choice([2, 2, 3])])
        gens = []
        for _ in range(source.choice([1, 1, 2])):
            g = Polynomial.constant(1, names)
            for _ in range(source.choice([1, 2])):
                rows = [
                    tuple(source.randint(0, 3) if source.random() < 0.6 else 0 for _ in names)
                    for _ in range(3)
                ]
                terms = {a: source.choice([-2, -1, 1, 1, 2]) for a in rows if any(a)}
                if terms:
                    g = g * Polynomial.from_terms(terms, names) ** source.choice([1, 1, 2])
            if not g.is_constant:
                gens.append(g)
        if not gens:
            continue
        m = source.choice([1, 2])
        try:
            r = jets(gens, m, names, field="Q")
        except Undecided:
            continue
        for k in range(m + 1):
            found = _minimal_primes([e for e in jet_equations(r.ideal, k) if not e.is_zero])
            if found is not None:
                compared += 1
                assert found[0] == r.dimensions[k], (gens, k)
                assert r.top_components[k] in (None, found[1]), (gens, k)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("generators", "m"),
    [
        ("x^2 - y^3", 5),
        ("(y^2 - x^3)^2 - x^5*y", 3),
        (SPACE_CURVE, 3),
        ("(x + y)^2*(x - y)", 4),
        ("x^2 - y^2*z", 4),
        ("x^3 + y^3 + z^3", 4),
        ("(y^2 - x^3)^2", 4),
    ],
)
def test_singular_agrees(generators, m: int) -> None:
    if not Singular.installed():
        pytest.skip("no Singular")
    r = jets(generators, m)
    for k in range(m + 1):
        found = groebner_codimension(r.ideal, k, budget=60)
        assert found is None or found == r.codimensions[k]


# -- irrational roots, and charts -------------------------------------------------------------


@pytest.mark.parametrize("fibre", [False, True])
@pytest.mark.parametrize(
    ("irrational", "rational"),
    [
        ("((x^2 - 2*y^2)^2 - 3*y^6)^2", "((x^2 - 4*y^2)^2 - 9*y^6)^2"),
        ("((x^2 - 2*y^2)^2 - 3*x*y^5)^3*x", "((x^2 - 4*y^2)^2 - 18*x*y^5)^3*x"),
        ("(((x^2-2*y^2)^2-3*y^6)^2 - 5*y^16)^2", "(((x^2-4*y^2)^2-9*y^6)^2 - 4*y^16)^2"),
        ("((x^2 - 2*y^4)^2 - 2*y^10)^2 + y^25", "((x^2 - y^4)^2 - y^10)^2 + y^25"),
    ],
)
def test_towers_of_irrational_roots(irrational: str, rational: str, fibre: bool) -> None:
    """Over C the roots may be moved: the same dimensions as with rational ones."""
    one, other = jets(irrational, 24, fibre=fibre), jets(rational, 24, fibre=fibre)
    assert one.codimensions == other.codimensions
    for a, b in zip(one.top_components, other.top_components, strict=True):
        assert a is None or b is None or a == b


def test_a_singular_initial_form_in_three_variables() -> None:
    """s = x² + y² + z² becomes a coordinate; over C, y² + z² is also a product yz."""
    r = jets("(x^2 + y^2 + z^2)^2 + x^5", 9)
    assert r.method == "stratification"
    assert r.codimensions == (1, 2, 3, 3, 4, 5, 6, 6, 7, 7)
    moved = jets("(y*z + x^2)^2 + x^5", 9)  # over C a linear change of y, z
    assert moved.codimensions == r.codimensions
    assert moved.top_components[:4] == r.top_components[:4]


DETERMINANT = "a*(e*i - f*h) - b*(d*i - f*g) + c*(d*h - e*g)"


@pytest.mark.parametrize("field", ["C", "R", "Q"])
def test_the_generic_determinant(field) -> None:
    """Rational singularities, a complete intersection: J_m is irreducible for all m (Mustaţă)."""
    r = jets(DETERMINANT, 5, field=field)
    assert r.method == "charts"
    assert r.codimensions == (1, 2, 3, 4, 5, 6)
    assert r.top_components == (1,) * 6


@pytest.mark.oracle
def test_groebner_bases_agree_on_the_determinant() -> None:
    if not Singular.installed():
        pytest.skip("no Singular")
    assert len(jets(DETERMINANT, 3, check=30).checked) >= 3


def test_the_check_is_recorded() -> None:
    r = jets("x*y", 2, check=10)
    assert r.checked == (0, 1, 2)
    assert "agree at m = 0, 1, 2" in str(r)
    with pytest.raises(BadInput, match="check"):
        jets("x*y", 2, field="R", check=10)


# -- refusals ---------------------------------------------------------------------------------


def test_undecided_says_what_is_known() -> None:
    with pytest.raises(Undecided, match=r"codim J_0 >= 1") as error:
        jets("((x^2 - 2*y^2)^2 - 3*y^5)^2 + x^13", 6, budget=10)
    assert error.value.bounds == ()


@pytest.mark.parametrize("bad", [-1, 2.5, True])
def test_orders(bad) -> None:
    with pytest.raises(BadInput, match="order"):
        jets("x", bad)


def test_no_jets() -> None:
    with pytest.raises(OutOfScope):
        jets("0*x", 2, "x")
    with pytest.raises(OutOfScope):
        jets("1 + 0*x", 2, "x")
    with pytest.raises(OutOfScope):
        jets("x + 1", 2, fibre=True)
    with pytest.raises(BadInput, match="field"):
        jets("x", 2, field="F2")  # type: ignore[arg-type]


def test_json_has_the_promised_keys() -> None:
    data = jets("x^2 - y^3", order=6).to_json()
    assert json.loads(json.dumps(data)) == data
    for key in ("dimensions", "top_components", "field", "method"):
        assert key in data


@pytest.mark.oracle
def test_groebner_bases_agree_on_the_truth_table(truth_tables) -> None:
    """Strata and, within 10 s each, Gröbner bases: every order that these reach agrees."""
    if not Singular.installed():
        pytest.skip("no Singular")
    reached = 0
    for row in json.loads((truth_tables / "jets.json").read_text()):
        if "milnor" in row or "polynomial" not in row:
            continue
        r = jets(row["polynomial"].replace("**", "^"), 6, row["vars"], check=10)
        assert list(r.dimensions) == row["dim_Jm"][:7]
        reached += len(r.checked)
    assert reached >= 40


def test_an_order_of_numpy_is_an_integer():
    import numpy as np

    assert jets("x^2 - y^3", order=np.int64(3)).dimensions == (1, 2, 3, 4)
    with pytest.raises(BadInput, match=r"order: an integer >= 0 is needed, received 3\.0"):
        jets("x^2 - y^3", order=3.0)
