"""Points with irrational coordinates: known values, and certificates that prove nothing.

In a coordinate u = c(x) with c(α) = 0 ≠ c'(α) the germ of f(c(x), y) at x = α is that of f(u, y) at
0: (λ, m) is the same. That gives a truth for each irrational point from one at the origin.
"""

import json
import random
from dataclasses import replace

import pytest

from singularity_lab.algebra.number_field import NumberField
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError, OutOfScope
from singularity_lab.exact.engine.explain import explain
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.family import LOCAL, PARAM, UNIT, Family
from singularity_lab.exact.proof.verify import replay, verify

GERMS = (
    ["x^2 - y^3"],
    ["x^3 - y^5"],
    ["x^2*y - y^4"],
    ["(y^2 - x^3)*(x^2 - y^3)"],
    ["x^2 + y^2 + z^2"],
    ["x^2 - y^2*z"],
    ["x*y*z"],
    ["x^2 - 2*y^2"],
    ["x", "y^2"],
    ["x*y", "y*z", "x*z"],
    ["x^2 - y*z", "y^3 - x*z^2"],
)
COORDINATES = (
    ("x", "x^2 - 2", "sqrt(2)"),
    ("x", "(x^2 - 2)*(x + 3)", "-sqrt(2)"),
    ("y", "y^3 - 2", "cbrt(2)"),
)


@pytest.mark.parametrize("generators", GERMS, ids=str)
def test_germs_in_another_coordinate(generators):
    names = sorted({n for g in generators for n in parse(g).variables})
    expected = rlct(generators).rlct
    for name, image, value in COORDINATES:
        moved = [str(parse(g, names).substitute({name: parse(image, names)})) for g in generators]
        found = rlct(moved, names, at={name: value}, budget=20)
        assert found.rlct == expected, (name, image)
        assert verify(json.dumps(found.certificate.to_json())).lower == expected


def random_germ(source):
    """One or two sparse polynomials of degree ≤ 4 in each variable."""
    names = source.choice((("x", "y"), ("x", "y", "z")))
    found = []
    for _ in range(source.choice((1, 1, 2))):
        terms = {}
        for _ in range(source.randint(2, 3)):
            a = tuple(source.choice((0, 0, 1, 2, 3, 4)) for _ in names)
            if any(a):
                terms[a] = source.choice((1, -1, 2, -3))
        found.append(Polynomial.from_terms(terms or {(1,) * len(names): 1}, names))
    return names, found


@pytest.mark.parametrize("count", [60, pytest.param(1_000, marks=pytest.mark.slow)])
def test_random_germs_in_another_coordinate(count):
    source, decided = random.Random(count), 0
    images = (*((i, v) for _, i, v in COORDINATES[:1]), ("x^2 - x - 1", "(1 + sqrt(5))/2"))
    images += (("x^2 - 2", "-sqrt(2)"), ("x^3 - 3*x + 1", "root(t^3 - 3*t + 1, 0, 1)"))
    for _ in range(count):
        names, generators = random_germ(source)
        expected = rlct(generators, names, budget=1)
        if not expected.exact:
            continue
        image, value = source.choice(images)
        moved = [g.substitute({"x": parse(image, names)}) for g in generators]
        found = rlct(moved, names, at={"x": value}, budget=2)
        lower, upper = found.bounds.lower, found.bounds.upper
        assert lower <= expected.rlct <= upper, (moved, value)
        assert not [n for n in found.notes if "rejects" in n], (moved, value)
        decided += found.exact
    assert decided >= 0.9 * count


def test_two_irrational_coordinates():
    found = rlct("(x^2 - 2)^2 - (y^2 - 3)^3", at={"x": "sqrt(2)", "y": "-sqrt(3)"})
    assert str(found.rlct) == "(5/12, 1)"
    assert "x = sqrt(2), y = -sqrt(3)" in str(found)


@pytest.mark.parametrize(("at", "m"), [("sqrt(2)", 1), ("-sqrt(2)", 2)])
def test_conjugate_points_may_differ(at, m):
    """x·y² + z² is definite at x = √2, and two planes at x = −√2."""
    assert str(rlct("x*y^2 + z^2", at={"x": at}).rlct) == f"(1/2, {m})"


@pytest.mark.parametrize(
    ("f", "like"),
    [
        ("(x^2 - 2*y^2)^2 + x*y^5", "(x^2 - y^2)^2 + x*y^5"),
        ("(x^3 - 2*y^3)^2 + x*y^6", "(x^3 - y^3)^2 + x*y^6"),
        ("(x^2 - 2*y^2)^3 + x^3*y^4", "(x^2 - y^2)^3 + x^3*y^4"),
        ("(x^2 - 2*y^4)^2 + x^2*y^7", "(x^2 - y^4)^2 + x^2*y^7"),
        ("(x^2 - 2*y^2)^2*x + y^7", "(x^2 - y^2)^2*x + y^7"),
    ],
)
def test_strata_at_irrational_roots(f, like):
    """A linear change of x over R (or of y) takes one germ to the other, up to positive factors of
    terms that do not matter."""
    found, other = rlct(f, budget=20), rlct(like, budget=20)
    assert found.rlct == other.rlct
    assert any(step["op"] == "roots" for step in found.certificate.steps())
    assert "a root of" in str(explain(f))


def test_only_roots_of_the_domain_count():
    """On the quadrant x = √2·y is there, x = −√2·y is not."""
    found = rlct("(x^2 - 2*y^2)^2 + x*y^5", nonnegative="x y")
    assert any(step["op"] == "roots" for step in found.certificate.steps())
    assert found.rlct == rlct("(x^2 - y^2)^2 + x*y^5", nonnegative="x y").rlct


def test_priors_and_losses():
    at = {"x": "sqrt(2)"}
    assert str(rlct("(x^2 - 2)^2", at=at, prior={"x": 3}).rlct) == "(1/4, 1)"
    assert str(rlct("(x^2 - 2)^2", at=at, convention="loss").rlct) == "(1/2, 1)"
    with pytest.raises(BadInput, match="K < 0"):
        rlct("(x^2 - 2)^3", at=at, convention="loss")


def test_refusals():
    with pytest.raises(OutOfScope, match=r"x = sqrt\(3\)"):
        rlct("x^2 - 2", at={"x": "sqrt(3)"})
    with pytest.raises(BadInput, match=r"point\[x\].*2 roots"):
        rlct("x^2 - 2", at={"x": "root(t^2 - 2, -2, 2)"})
    with pytest.raises(BadInput, match="outside the domain"):
        LocalProblem.build("x^2 - 2", at={"x": "-sqrt(2)"}, nonnegative="x")
    with pytest.raises(OutOfScope, match="rational coordinates"):
        LocalProblem.build("x^2 - 2", at={"x": "sqrt(2)"}).localize()


# -- certificates that prove nothing ------------------------------------------------------------

FIELD = NumberField.build("s", "s^2 - 2")
OPEN = {"op": "open"}


def family(role, gens, units=(), positive=(), field=FIELD):
    names = (*sorted(role), field.symbol)
    made = Family(names, role, frozenset(positive), {}, {}, (), field=field)
    return made.but(gens=tuple(map(made.read, gens)), units=tuple(map(made.read, units)))


def refused(fam, step, match):
    with pytest.raises(CertificateError, match=match):
        replay(fam, step)


def leaf(primal, dual):
    return {"op": "monomial", "primal": primal, "dual": dual}


def test_another_point_is_another_problem():
    """The proofs at conjugate points differ where signs do."""
    proofs = {at: rlct("x*y^2 + z^2", at={"x": at}) for at in ("sqrt(2)", "-sqrt(2)")}
    for at, other in (("sqrt(2)", "-sqrt(2)"), ("-sqrt(2)", "sqrt(2)")):
        document = proofs[at].certificate.to_json()
        document["problem"]["point"] = {"x": other}
        with pytest.raises(CertificateError):
            verify(document)
    for point in ("sqrt(3)", "root(t^2 - 2, -2, 2)", "root(t^2 - 2, 5, 6)", "s"):
        document["problem"]["point"] = {"x": point}
        with pytest.raises(CertificateError):
            verify(document)


def test_a_coefficient_that_vanishes_is_no_unit():
    fam = family({"x": LOCAL}, ["(s^2 - 2)*x + x^3"])
    assert replay(fam, leaf({"x": "1/3"}, [[0, "1/3"]])).lower.value.denominator == 6
    refused(fam, leaf({"x": "1"}, [[0, "1"]]), "covering")
    fam = family({"x": LOCAL, "y": LOCAL}, ["x", "y^2"])
    for unit, fits in (("s^2 - 2", False), ("s^2 - s - 2", True), ("s - 1", True)):
        step = {"op": "generators", "do": [["mul", 0, unit]], "then": OPEN}
        if fits:
            assert replay(fam, step).lower is None
        else:
            refused(fam, step, "not a unit")
    for num, den in (("x + (s^2 - 2)*x", "s^2 - 2"), ("(s^2 - 2)*x + y", "1"), ("x + s", "1")):
        refused(fam, {"op": "change", "var": "x", "num": num, "den": den, "then": OPEN}, "change")


def test_a_value_at_the_parameter_zero_may_vanish():
    """s² − 2 − p is p over the field: a unit that is 0 where p = 0 excludes that stratum."""
    fam = family({"p": PARAM, "x": LOCAL}, ["x^2 + p*x^3"], ["p - s^2 + 2"])
    verdict = {"op": "split", "var": "p", "cases": [leaf({"x": "1/2"}, [[0, "1/2"]])]}
    assert replay(fam, verdict).upper is not None
    fam = family({"p": PARAM, "x": LOCAL}, ["p^2 - 2", "x"], ["p - s"])
    step = {"op": "nonvanishing", "poly": "p^2 - 2", "evidence": {"kind": "sign", "index": 0}}
    refused(fam, {**step, "then": OPEN}, "sign")


def test_signs_are_those_at_the_one_positive_root():
    fam = family({"x": LOCAL, "y": LOCAL}, ["x*y"], positive=["x"])
    for scale, fits in (("2 - s", True), ("1 - s", False), ("s^2 - 2", False)):
        step = {"op": "change", "var": "x", "num": f"({scale})*x", "den": "1", "then": OPEN}
        if fits:
            assert replay(fam, step).lower is None
        else:
            refused(fam, step, "scale|units")
    split = {"op": "generators", "do": [["split", 0]], "then": OPEN}
    two = {"x": LOCAL, "y": LOCAL}
    assert replay(family(two, ["x^2 + s*y^2"]), split).lower is None
    refused(family(two, ["x^2 - s*y^2"]), split, "cancel")
    refused(family(two, ["x^2 + (s - 2)*y^2"]), split, "cancel")


@pytest.mark.parametrize(
    "step",
    [
        {"op": "blowup", "groups": [[["x", 1], ["s", 1]]], "cases": [OPEN, OPEN]},
        {"op": "split", "var": "s", "cases": [OPEN, OPEN]},
        {"op": "relax", "var": "s", "then": OPEN},
        {"op": "change", "var": "s", "num": "s + x", "den": "1", "then": OPEN},
        {"op": "contract", "weights": {"s": 1, "x": -1}, "then": OPEN},
        {"op": "dehomogenise", "var": "s", "weights": {"s": 1}, "cases": [OPEN]},
        {"op": "coordinate", "gen": 0, "var": "s", "then": OPEN},
        {"op": "sum", "blocks": [["x"], ["y"], ["s"]], "cases": [OPEN, OPEN, OPEN]},
        {
            "op": "locus",
            "poly": "y - s",
            "by": ["s"],
            "smooth": {},
            "rest": {},
            "exists": None,
            "cases": [OPEN, OPEN],
        },
        {
            "op": "schur",
            "kind": "pivot",
            "rank": 1,
            "factors": [[["1", "s"]], [["x"], ["y"]]],
            "then": OPEN,
        },
        {"op": "roots", "var": "s", "poly": "s^2 - 2", "roots": [], "cases": [OPEN]},
    ],
    ids=lambda step: step["op"],
)
def test_the_symbol_is_no_variable(step):
    with pytest.raises(CertificateError):
        replay(family({"x": LOCAL, "y": LOCAL}, ["x + s*y"]), step)


def test_lemmas_state_nothing_about_the_field():
    proof = leaf({"x": "1/2"}, [[0, "1/2"]])
    fam = family({"x": LOCAL}, ["x^2"])
    lemma = {"role": {"x": LOCAL}, "positive": [], "k": {}, "h": {}, "gens": ["x^2"], "units": []}
    see = {"op": "see", "step": 1, "map": {"x": ["x", 1]}}
    used = {**see, "lemma": {"family": lemma, "proof": {"id": 1, **proof}}}
    assert replay(fam, used).lower is not None
    for role in ({"x": LOCAL, "s": UNIT}, {"x": LOCAL, "s": PARAM}):
        wrong = {**see, "lemma": {"family": {**lemma, "role": role}, "proof": {"id": 1, **proof}}}
        refused(fam, wrong, "unknown variables")


ROOT = {"symbol": "s", "field": "s^2 - 2", "value": "s", "between": ["0", "2"]}
OTHER = {"symbol": "s", "field": "s^2 - 2", "value": "-s", "between": ["-2", "0"]}


def roots(**changes):
    """The ideal ((p² − 2)², (p² − 2)·x) on the strata p = −√2, p = √2 and the rest."""
    names, role = ("p", "x"), {"p": PARAM, "x": LOCAL}
    made = Family(names, role, frozenset(changes.pop("positive", ())), {}, {}, ())
    fam = made.but(
        gens=tuple(map(made.read, ("(p^2 - 2)^2", "(p^2 - 2)*x"))),
        units=tuple(map(made.read, changes.pop("units", ()))),
    )
    cases = changes.pop("cases", [OPEN, OPEN, OPEN])
    step = {"op": "roots", "var": "p", "poly": "p^2 - 2", "roots": [OTHER, ROOT], **changes}
    return replay(fam, {**step, "cases": cases})


def test_all_roots_are_strata():
    assert roots().lower is None
    refusals = [
        ({"roots": [ROOT]}, "other roots"),
        ({"roots": [ROOT, ROOT]}, "disjoint"),
        ({"roots": [ROOT, OTHER]}, "disjoint"),
        ({"roots": [OTHER, OTHER]}, "disjoint"),
        ({"roots": [OTHER, {**ROOT, "value": "-s"}]}, "interval"),
        ({"roots": [OTHER, {**ROOT, "value": "1"}]}, "no root"),
        ({"roots": [OTHER, {**ROOT, "value": "s/2"}]}, "no root"),
        ({"roots": [OTHER, {**ROOT, "value": "s + x"}]}, "complete"),
        ({"roots": [OTHER, {**ROOT, "field": "s^2 - 4"}]}, "irreducible"),
        ({"roots": [OTHER, {**ROOT, "field": "(s^2 - 2)*(s^2 + 1)"}]}, "irreducible"),
        ({"roots": [OTHER, {**ROOT, "field": "s^2 - 3"}]}, "no root"),
        ({"roots": [OTHER, {**ROOT, "field": "s^2 + 2"}]}, "positive root"),
        ({"roots": [OTHER, {**ROOT, "field": "s^2 - 4*s + 2", "value": "s"}]}, "positive root"),
        ({"roots": [OTHER, {**ROOT, "symbol": "x", "field": "x^2 - 2", "value": "x"}]}, "new name"),
        ({"roots": [OTHER, {**ROOT, "between": ["2", "0"]}]}, "disjoint"),
        ({"roots": [OTHER, {**ROOT, "between": ["3/2", "2"]}]}, "interval"),
        ({"poly": "p^2 - 1"}, "irreducible"),
        ({"poly": "(p^2 - 2)*(p^2 - 3)"}, "irreducible"),
        ({"poly": "p^2 - x"}, "alone"),
        ({"poly": "p"}, "alone"),
        ({"var": "x"}, "parameter"),
        ({"cases": [OPEN, OPEN]}, "3 cases"),
    ]
    for changes, match in refusals:
        with pytest.raises(CertificateError, match=match):
            roots(**changes)


def test_roots_on_a_half_line():
    assert roots(positive=["p"], roots=[ROOT], cases=[OPEN, OPEN]).lower is None
    with pytest.raises(CertificateError, match="other roots"):
        roots(positive=["p"])
    with pytest.raises(CertificateError, match=">= 0"):
        roots(positive=["p"], roots=[{**ROOT, "between": ["-1", "2"]}], cases=[OPEN, OPEN])


def test_a_condition_excludes_a_root():
    """Where p² − 2 is known not to vanish no root is left."""
    assert roots(units=["p^2 - 2"], cases=[OPEN]).lower is None
    with pytest.raises(CertificateError, match="1 cases"):
        roots(units=["p^2 - 2"])


def test_a_certificate_is_about_its_point():
    """The exact certificate without its point is about the origin, where K does not vanish."""
    certificate = rlct("(x^2 - 2)^2 - y^3", at={"x": "sqrt(2)"}).certificate
    moved = replace(certificate.problem, point=LocalProblem.build("x + y").point)
    with pytest.raises(CertificateError):
        verify(Certificate(moved, "exact", certificate.claim, certificate.proof))
