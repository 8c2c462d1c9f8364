"""Newton thresholds: formulas over families, literature values, laws, and replays of proofs."""

import copy
import json
import time
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError, OutOfScope
from singularity_lab.exact.engine.newton import (
    NewtonFailure,
    monomial_bound,
    newton_polyhedron,
    newton_step,
    nondegeneracy,
    order_bound,
    term_ideal_bound,
    threshold,
)
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.verify import verify


def germ(*args, **kwargs):
    return LocalProblem.build(*args, **kwargs).localize()


def value(generators, variables=None, **kwargs):
    answer = newton_step(germ(generators, variables, **kwargs))
    assert isinstance(answer, tuple), answer
    replay(germ(generators, variables, **kwargs), *answer)
    return str(answer[1])


def replay(g, step, claim):
    """Have the verifier derive (λ, m) again from the recorded data, and compare."""
    problem = LocalProblem.build(
        Ideal(g.variables, g.generators),
        prior=dict(zip(g.variables, g.prior, strict=True)),
        nonnegative=g.nonnegative,
        convention=g.convention,
    )
    verify(Certificate(problem, "exact", claim, step))


# -- formulas and literature --------------------------------------------------------------------


@pytest.mark.parametrize("exponents", [(2, 3), (2, 3, 5), (2, 3, 7), (3, 4, 5), (4, 4, 4), (2, 2)])
def test_brieskorn_pham(exponents):
    """Σ x_i^(a_i): 2λ = min(1, Σ 1/a_i) unless definite; as an ideal of monomials λ = ½ Σ 1/a_i."""
    names = [f"x{i}" for i in range(len(exponents))]
    powers = [f"{x}^{a}" for x, a in zip(names, exponents, strict=True)]
    total = sum(Fraction(1, a) for a in exponents)
    assert value(powers) == f"({total / 2}, 1)"
    definite = all(a % 2 == 0 for a in exponents)
    if total < 1 or definite:
        assert value(" + ".join(powers)) == f"({total / 2}, 1)"
    else:
        assert value(" + ".join(powers)) == f"(1/2, {2 if total == 1 else 1})"


def test_howald_2001_example():
    rows = [(1, 4, 6), (5, 1, 0), (0, 7, 1), (8, 0, 8)]
    assert str(threshold(rows)) == "(34/191, 1)"


@pytest.mark.parametrize(
    ("f", "expected"),
    [
        # real is not complex (docs/theory.md, Definitions)
        ("x^2 + y^2", "(1/2, 1)"),
        ("x^2 - y^2", "(1/2, 2)"),
        ("x^2 + y^2 + z^2", "(3/4, 1)"),
        ("x^2 + y^2 - z^2", "(1/2, 1)"),
        ("y*(x^2 + y^2 + z^2)^2", "(3/10, 1)"),
        ("(x^2 + 1)^3*y", "(1/2, 1)"),
        # the strict transform through the fibre: a hit face that is not compact
        ("x^2 - y^2*z", "(1/2, 2)"),
        ("x^2 + y^2*z^2", "(1/2, 2)"),
        ("x^2 - y^2*z^2", "(1/2, 3)"),
        ("x^3 + y^3 + z^3", "(1/2, 2)"),
        ("a*b^2 + c*d^2", "(1/2, 2)"),
        # the plane curves A_k, D_k, E_k: Varchenko 1976
        ("x^2 + y^5", "(7/20, 1)"),
        ("x^2*y - y^5", "(3/10, 1)"),
        ("x^3 + x*y^3", "(5/18, 1)"),
        ("x^3 + y^5", "(4/15, 1)"),
        ("(y^2 - x^3)*(x^2 - y^3)", "(1/4, 2)"),
        # smooth
        ("x + y^2", "(1/2, 1)"),
        ("x", "(1/2, 1)"),
    ],
)
def test_hypersurfaces(f, expected):
    assert value(f) == expected


def test_orthants_and_priors():
    """x + y is a unit times max(x, y) on the quadrant; the prior adds to the weights' cost."""
    assert value("x + y", nonnegative="x y") == "(1, 1)"
    assert value("x - y", nonnegative="x y") == "(1/2, 1)"
    assert value("x + y", nonnegative="x y", prior={"x": 1}) == "(3/2, 1)"
    assert value("x*y", prior={"y": 1}) == "(1/2, 1)"
    assert value("x*y^2", prior={"x": 1, "y": 3}) == "(1, 2)"
    assert value("x^2 + y^2", convention="loss") == "(1, 1)"


def test_the_trap_of_the_edges():
    """(x + y^2, z) has λ = 1; its facet is nondegenerate-looking and its polyhedron says 5/4."""
    failure = newton_step(germ(["x + y^2", "z"]))
    assert isinstance(failure, NewtonFailure)
    assert failure.bounds.upper == RLCT(Fraction(5, 4), 1)
    assert "zero at (-1, 1, 1)" in str(failure)


def test_degenerate_germs_are_refused_with_the_face():
    for f in ("(x - y)^2", "(y^2 - x^3)^2 - x^5*y", "x^4*y^2 + x^2*y^4 + z^6 - 3*x^2*y^2*z^2"):
        failure = newton_step(germ(f))
        assert isinstance(failure, NewtonFailure)
        assert not failure.face.proved
        assert nondegeneracy(germ(f)).criterion is None


def test_units_zero_and_bad_supports_are_out_of_scope():
    for wrong in ("1 + x", ["x", "y - 2"]):
        with pytest.raises(OutOfScope, match="vanish"):
            newton_step(germ(wrong))
    with pytest.raises(OutOfScope, match="identically"):
        newton_step(germ("0", "x"))
    with pytest.raises(OutOfScope, match="unit"):
        threshold([(0, 0)])
    with pytest.raises(BadInput, match="prior"):
        threshold([(1, 0)], prior=(-1, 0))
    with pytest.raises(OutOfScope):
        newton_polyhedron("0", "x")


def test_bounds():
    ideal = germ(["x*y + z^2", "x*y - z^2", "w^2 + x^2"])
    assert monomial_bound(ideal)[1] <= term_ideal_bound(ideal)[1]
    # the third generator splits into its monomials, so both bounds agree
    assert monomial_bound(ideal)[1] == term_ideal_bound(ideal)[1]
    assert monomial_bound(germ("x - y^2 + z")) is None
    assert order_bound(germ("x^2 + y^3", prior={"x": "-1/2"}))[1].value == Fraction(1, 8)


@pytest.mark.parametrize(
    ("generators", "options"),
    [
        (["x*y + z^2", "x*y - z^2", "w^2 + x^2"], {}),
        (["x^2*y - x^2*z", "x^3"], {"nonnegative": "x", "prior": {"y": "1/2"}}),
        (["x + y^2", "2*x - y^2", "x*(1 + z)"], {"prior": {"x": "-1/3"}}),
        (["x^2 + y^4"], {"convention": "loss"}),
    ],
)
def test_bounds_verify_and_better_ones_do_not(generators, options):
    """The steps of the three bounds pass the independent verifier; a sharper claim does not."""
    problem = LocalProblem.build(generators, **options)
    g = problem.localize()
    bounds = [
        ("upper", term_ideal_bound(g)),
        ("lower", order_bound(g)),
        ("lower", monomial_bound(g)),
    ]
    for kind, (step, bound) in bounds:
        verify(Certificate(problem, kind, bound, step).to_json())
        shift = Fraction(1, 97) * (1 if kind == "lower" else -1)
        sharper = RLCT(bound.value + shift, bound.multiplicity)
        with pytest.raises(CertificateError, match="claimed"):
            verify(Certificate(problem, kind, sharper, step).to_json())


# -- the truth tables ---------------------------------------------------------------------------


def rows_of(tables):
    for name in ("exact", "engine", "literature"):
        for row in json.loads((tables / f"{name}.json").read_text()):
            if "generators" not in row:
                continue
            nonnegative = row.get("nonnegative") or [
                v for v, (low, _) in row.get("domain", {}).items() if low == 0
            ]
            prior = None
            if row.get("family") == "normal_crossing":
                prior = dict(zip(row["vars"], row["params"]["prior_exponents"], strict=True))
            g = germ(
                row["generators"],
                row["vars"],
                at=row.get("point"),
                nonnegative=nonnegative,
                prior=prior,
            )
            truth = Fraction(row["rlct"] if "rlct" in row else row["lambda"])
            yield name, row["id"], g, truth, row["m"]


def test_no_row_of_the_truth_tables_is_exact_and_wrong(truth_tables, record_property):
    exact = dict.fromkeys(("exact", "engine", "literature"), 0)
    seconds = []
    for name, label, g, truth, m in rows_of(truth_tables):
        started = time.process_time()
        answer = newton_step(g, budget=3, limit=300)
        seconds.append(time.process_time() - started)
        lower, upper = order_bound(g)[1], term_ideal_bound(g)[1]
        known = RLCT(truth, m if m is not None else 1)
        assert lower.value <= truth <= upper.value, label
        if m is not None:
            assert known <= upper, label
        better = monomial_bound(g)
        assert better is None or better[1].value <= truth, label
        if isinstance(answer, tuple):
            exact[name] += 1
            replay(g, *answer)
            assert answer[1].value == truth, label
            assert m is None or answer[1].multiplicity == m, label
    record_property("exact", exact)
    assert exact["exact"] >= 16
    assert exact["engine"] >= 14
    assert exact["literature"] >= 83


# -- laws ---------------------------------------------------------------------------------------


@st.composite
def polynomials(draw, names="x y z"):
    n = len(names.split())
    terms = draw(
        st.dictionaries(
            st.tuples(*[st.integers(0, 4)] * n).filter(any),
            st.integers(-3, 3).filter(bool),
            min_size=1,
            max_size=4,
        )
    )
    return Polynomial.from_terms(terms, names)


def answer_of(*args, **kwargs):
    answer = newton_step(germ(*args, **kwargs), budget=0.5)
    return answer[1] if isinstance(answer, tuple) else None


@settings(deadline=None, max_examples=60)
@given(st.lists(polynomials(), min_size=1, max_size=2), st.permutations(["x", "y", "z"]))
def test_renaming_and_scaling_variables_changes_nothing(gens, order):
    one = answer_of(gens)
    moved = {
        v: Polynomial.from_terms({(1,): 1 + i}, w).in_ring("x y z")
        for i, (v, w) in enumerate(zip("xyz", order, strict=True))
    }
    other = answer_of([g.substitute(moved) for g in gens])
    assert one is None or other is None or one == other


@settings(deadline=None, max_examples=30)
@given(polynomials(), polynomials("u v"))
def test_sum_and_product_in_separate_variables(f, g):
    first, second = answer_of(f), answer_of(g)
    both, product = answer_of([f, g], "x y z u v"), answer_of([f * g], "x y z u v")
    assume(first is not None and second is not None)
    if both is not None:
        assert both == first + second
    if product is not None:
        assert product == first.meet(second)


@settings(deadline=None, max_examples=60)
@given(st.lists(polynomials(), min_size=1, max_size=3))
def test_proofs_replay_and_stay_within_the_bounds(gens):
    g = germ(gens)
    answer = newton_step(g, budget=0.5)
    if isinstance(answer, NewtonFailure):
        assert answer.bounds.upper is not None
        return
    replay(g, *answer)
    json.dumps(answer[0])
    assert order_bound(g)[1] <= answer[1] <= term_ideal_bound(g)[1]
    lower = monomial_bound(g)
    assert lower is None or lower[1] <= answer[1]


@settings(deadline=None, max_examples=40)
@given(polynomials("x y"), st.integers(1, 3))
def test_a_power_divides_the_threshold_when_the_polyhedron_decides(f, power):
    one, other = answer_of(f), answer_of(f**power)
    if one is not None and other is not None:
        assert other == RLCT(one.value / power, one.multiplicity)


def test_altered_proofs_do_not_replay():
    g = germ("x^2*y - y^5 + x^3*z^2")
    step, claim = newton_step(g)
    replay(g, step, claim)
    with pytest.raises(CertificateError):
        replay(g, step, RLCT(claim.value, claim.multiplicity + 1))
    with pytest.raises(CertificateError):
        replay(g, {**step, "faces": step["faces"][1:]}, claim)
    for key in ("primal", "dual"):
        for i in range(len(step[key])):
            altered = copy.deepcopy(step)
            if key == "primal":
                altered[key][i] = str(Fraction(altered[key][i]) + Fraction(1, 9))
            else:
                altered[key][i][1] = str(Fraction(altered[key][i][1]) + Fraction(1, 9))
            with pytest.raises(CertificateError):
                replay(g, altered, claim)
    # the value of x^2 + y^2 + z^2 with the strict transform of x^2 + y^2 − z^2
    other, its_claim = newton_step(germ("x^2 + y^2 - z^2"))
    with pytest.raises((CertificateError, KeyError)):
        replay(germ("x^2 + y^2 + z^2"), other, its_claim)
