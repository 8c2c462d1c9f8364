"""Scripts written to prove false statements: the verifier must reject each, for the right reason.

Each attack aims at one hypothesis of one theorem. Where the same script is harmless with the
hypothesis restored, that twin is checked to be accepted, so that no attack fails by accident.
"""

import json
import math
from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import CertificateError
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.family import Family
from singularity_lab.exact.proof.verify import Replay, verify
from singularity_lab.exact.proof.verify import replay as replay_script

SIGN = {"kind": "sign", "index": 0}
OPEN = {"op": "open"}


def prove(problem, step, value, m=1, kind="exact"):
    return verify(Certificate(problem, kind, RLCT(Fraction(value), m), step))


def rejected(problem, step, value, m=1, kind="exact", match=None):
    with pytest.raises(CertificateError, match=match):
        prove(problem, step, value, m, kind)


def problem(*gens, **options):
    return LocalProblem.build(list(gens), **options)


def leaf(primal, dual, **more):
    return {"op": "monomial", "primal": primal, "dual": [[i, y] for i, y in dual], **more}


def family(role, gens, units=(), positive=(), k=None, h=None, names=None):
    data = {
        "role": role,
        "gens": list(gens),
        "units": list(units),
        "positive": list(positive),
        "k": k or {},
        "h": h or {},
    }
    return Family.of_lemma(tuple(names or sorted(role)), data)


def replay(fam, step):
    return replay_script(fam, step)


# -- generators ---------------------------------------------------------------------------------

LINE = leaf({"y": "1"}, [(0, "1")])


@pytest.mark.parametrize(
    "operation",
    [
        ["add", 0, -2, "-1"],  # f_0 − f_0: two names for one generator
        ["add", 0, 0, "-1"],
        ["add", False, 0, "-1"],
        ["add", 0, 5, "1"],
        ["div", 0, "x"],  # not units
        ["mul", 0, "y"],
        ["mul", 0, "0"],
        ["div", 0, "0"],
        ["div", 0, "1 + x"],  # a unit that does not divide
        ["split", -1],
        ["append", [[-1, "1"]]],
        ["drop", 0],
        ["add", 0, 1, "z"],
    ],
)
def test_generators_of_another_ideal(operation):
    """(x, y) has λ = 1; without x it would be 1/2."""
    step = {"op": "generators", "do": [operation], "then": LINE}
    rejected(problem("x", "y"), step, "1/2", match="proof")


def test_terms_that_cancel_are_not_split():
    """(x − y) on the line, on the quadrant and as x² + xy: only terms of one sign may be split."""
    both = leaf({"x": "1", "y": "1"}, [(0, "1"), (1, "1")])
    step = {"op": "generators", "do": [["split", 0]], "then": both}
    assert prove(problem("x + y", nonnegative="x y"), step, 1).lower == RLCT(Fraction(1), 1)
    for bad in (problem("x + y"), problem("x - y", nonnegative="x y")):
        rejected(bad, step, 1, match="may cancel")
    rejected(problem("x + y", nonnegative="x"), step, 1, match="may cancel")


# -- strata without points ------------------------------------------------------------------------


def test_an_empty_stratum_bounds_nothing_above():
    """(x·(a + b)^5) on a, b ≥ 0 has λ = 1/5. On b/a = u > 0 the place u = −1 does not exist; the
    divisor of (1 + u)^5 there would give 1/10."""
    quadrant = problem("x*(a + b)^5", nonnegative="a b", variables="a b x")
    ghost = {"op": "free", "cases": [{"op": "empty"}]}
    for extra in ({}, {"witness": {}}, {"witness": {"b": "0"}}):
        inside = {"op": "split", "var": "b", "cases": [{**ghost, **extra}, OPEN]}
        shift = {"op": "change", "var": "b", "num": "b - 1", "den": "1", "then": inside}
        relax = {"op": "relax", "var": "b", "then": shift}
        chart = {"op": "split", "var": "b", "cases": [OPEN, relax]}
        step = {"op": "blowup", "groups": [[["a", 1], ["b", 1]]], "cases": [chart, OPEN]}
        rejected(quadrant, step, "1/10", kind="upper", match="proved upper None|witness")


def test_a_witness_must_lie_on_the_stratum():
    fam = family({"x": "local", "u": "unit"}, ["x"], positive=["u"])
    after = leaf({"x": "1"}, [(0, "1")])
    steps = {"op": "relax", "var": "u"}
    assert replay(fam, {**steps, "then": after}).upper is None
    found = replay(fam, {**steps, "then": {**after, "witness": {"u": "2"}}})
    assert found.upper == RLCT(Fraction(1, 2), 1)
    for u in ("-1", "0"):
        with pytest.raises(CertificateError, match="witness"):
            replay(fam, {**steps, "then": {**after, "witness": {"u": u}}})
    nan = {**steps, "then": {**after, "witness": {"u": math.nan}}}
    with pytest.raises(Exception, match="rational"):
        replay(fam, nan)


def test_a_unit_of_the_stratum_is_no_divisor():
    """(x·(y² + z²)) has (1/2, 2). With z' ≠ 0 the generator may be multiplied by z'^5, but z' = 0
    is then no divisor with ratio 1/10."""
    fam = problem("x*(y^2 + z^2)")
    unit = {"op": "generators", "do": [["div", 0, "z^2 + 1"]]}
    known = {"op": "nonvanishing", "poly": "z^2 + 1", "evidence": SIGN}
    divisor = leaf({"x": "0", "y": "0", "z": "1/5"}, [(0, "1/5")])
    ends = [
        divisor,
        {"op": "free", "cases": [OPEN]},
        {"op": "contract", "weights": {"z": 1}, "then": divisor},
        {"op": "split", "var": "z", "cases": [divisor, OPEN]},
        {"op": "change", "var": "z", "num": "z + 1", "den": "1", "then": divisor},
        {"op": "newton", "criterion": "definite", "primal": [], "dual": [], "faces": []},
    ]
    for end in ends:
        grown = {"op": "generators", "do": [["mul", 0, "z^5"]], "then": end}
        relax = {**known, "then": {**unit, "then": {"op": "relax", "var": "z", "then": grown}}}
        chart = {"op": "split", "var": "z", "cases": [OPEN, relax]}
        step = {"op": "blowup", "groups": [[["y", 1], ["z", 1]]], "cases": [chart, OPEN]}
        rejected(fam, step, "1/10", kind="upper")


# -- coordinates ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "options", "num", "den"),
    [
        ("local", {}, "x + 1", "1"),  # moves the point
        ("local", {}, "x + p", "1"),
        ("local", {}, "x", "p"),  # p vanishes somewhere
        ("local", {}, "p*x", "1"),
        ("local", {}, "x^2", "1"),
        ("local", {}, "x + y", "1 + x"),
        ("local", {}, "y", "1"),
        ("local", {}, "x", "0"),
        ("local", {"positive": ["x"]}, "-x", "1"),
        ("local", {"positive": ["x"]}, "x + y", "1"),
        ("local", {"h": {"x": "1"}}, "x + y", "1"),
        ("local", {"k": {"x": 1}}, "x + y", "1"),
        ("param", {"k": {"x": 1}}, "x + 1", "1"),
        ("unit", {}, "x + 1", "1"),
        ("unit", {"positive": ["x"]}, "-x", "1"),
        ("unit", {"positive": ["x"]}, "x", "-1"),
        ("unit", {}, "x*p", "1"),
    ],
)
def test_changes_of_coordinates_need_units_and_respect_the_stratum(role, options, num, den):
    fam = family({"x": role, "y": "local", "p": "param"}, ["x^2*y + y^2", "p*y"], **options)
    step = {"op": "change", "var": "x", "num": num, "den": den, "then": OPEN}
    with pytest.raises(CertificateError):
        replay(fam, step)


def test_a_coordinate_is_smooth_free_and_alone():
    step = {"op": "coordinate", "gen": 0, "var": "x", "then": OPEN}
    role = {"x": "local", "y": "local", "p": "param"}
    assert replay(family(role, ["x + y^2", "y^3"]), step).lower is None
    for gens, options, match in (
        (["x + y^2", "x*y"], {}, "another generator"),
        (["x^2 + y^2", "y^3"], {}, "not smooth"),
        (["p*x + y^2", "y^3"], {}, "not smooth"),
        (["x + p", "y^3"], {}, "does not vanish"),
        (["x + y^2", "y^3"], {"positive": ["x"]}, "no free"),
        (["x + y^2", "y^3"], {"h": {"x": "-1/2"}}, "no free"),
        (["x + y^2", "y^3"], {"k": {"x": 1}}, "no free"),
    ):
        with pytest.raises(CertificateError, match=match):
            replay(family(role, gens, **options), step)
    for gen in (-2, True, "0", 2):
        with pytest.raises(CertificateError, match=r"generator|an integer"):
            replay(family(role, ["x + y^2", "y^3"]), {**step, "gen": gen})


# -- gradings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fam", "weights", "match"),
    [
        (({"x": "local", "p": "param"}, ["x + p*x^2"]), {"p": 1}, "not quasi-homogeneous"),
        (({"x": "local", "p": "param"}, ["x*(p - 1)"]), {"p": 1}, "not quasi-homogeneous"),
        (({"x": "local", "p": "param"}, ["p*x"], ["p - 1"]), {"p": 1}, "condition"),
        (({"x": "local", "p": "param"}, ["p*x"]), {"p": -1}, "positive weights"),
        (({"x": "local", "p": "unit"}, ["p*x"]), {"p": 1}, "unit"),
        (
            ({"x": "local", "p": "param", "q": "param"}, ["p*x - q"]),
            {"p": -1, "x": 2, "q": 1},
            "positive",
        ),
        (({"x": "local", "p": "param"}, ["p*x"]), {"p": 1.5}, "integer"),
        (({"x": "local", "p": "param"}, ["p*x"]), {"p": True}, "integer"),
        (({"x": "local", "p": "param"}, ["p*x"]), {"p": "1"}, "integer"),
        (({"x": "local", "p": "param"}, ["p*x"]), {"r": 1}, "unknown"),
    ],
)
def test_contractions(fam, weights, match):
    with pytest.raises(CertificateError, match=match):
        replay(family(*fam), {"op": "contract", "weights": weights, "then": OPEN})


def test_dehomogenisation_covers_both_signs():
    """x³ + u with u ≠ 0: u = ±1 where no reflection identifies the two sides."""
    one = {"op": "dehomogenise", "var": "u", "weights": {"u": 1, "y": 2}, "cases": [OPEN]}
    role = {"y": "local", "u": "unit"}
    replay(family(role, ["y^2*(y - u^2)"]), one)
    both = {**one, "weights": {"u": 2, "y": 1}, "cases": [OPEN]}
    with pytest.raises(CertificateError, match="2 cases"):
        replay(family(role, ["y*(y^2 - u)"]), both)
    # y ≥ 0 of odd weight is not reflected
    odd = {**one, "weights": {"u": 1, "y": 1}}
    with pytest.raises(CertificateError, match="2 cases"):
        replay(family(role, ["y*(y - u)"], positive=["y"]), odd)
    for weights, match in (({"y": 1}, "quasi"), ({"u": 1}, "quasi"), ({"u": 0.5}, "int")):
        with pytest.raises(CertificateError, match=match):
            replay(family(role, ["y*(y - u)"]), {**one, "weights": weights})
    # a known unit is not homogeneous
    with pytest.raises(CertificateError, match="quasi"):
        replay(family(role, ["y^2*(y - u^2)"], ["u - 1"]), one)
    with pytest.raises(CertificateError, match="no unit variable"):
        replay(family({"y": "local", "u": "param"}, ["y^2*(y - u^2)"]), one)


# -- blow-ups and splits --------------------------------------------------------------------------

CUSP = problem("x^2 - y^3")


@pytest.mark.parametrize(
    "groups",
    [
        [[["x", 3]], [["x", 2]]],
        [[["x", 3], ["x", 2]]],
        [[]],
        [],
        [[["x", 0], ["y", 2]]],
        [[["x", -3], ["y", 2]]],
        [[["x", 1.5], ["y", 1]]],
        [[["x", True], ["y", 1]]],
        [[["x", "3"], ["y", 2]]],
        [[["z", 1]]],
        [["x", "y"]],
        "xy",
        None,
    ],
)
def test_centres(groups):
    step = {"op": "blowup", "groups": groups, "cases": [OPEN] * 2}
    rejected(CUSP, step, "1/12", kind="lower")


def test_every_chart_is_needed():
    """x² − y³ with weights (3, 2): x has one chart for both signs of t, y has y = t² and −t²."""
    groups = [[["x", 3], ["y", 2]]]
    for n in (0, 1, 2, 4):
        step = {"op": "blowup", "groups": groups, "cases": [OPEN] * n}
        rejected(CUSP, step, "1/12", kind="lower", match="3 cases")
    for cases in ([None] * 3, [OPEN] * 3):
        step = {"op": "blowup", "groups": groups, "cases": cases}
        rejected(CUSP, step, "1/12", kind="lower", match="proved lower None")


def test_only_local_variables_are_blown_up_and_parameters_split():
    fam = family({"x": "local", "p": "param", "u": "unit"}, ["x^2 + p*x*u"])
    for n in "pu":
        with pytest.raises(CertificateError, match="local"):
            replay(fam, {"op": "blowup", "groups": [[[n, 1]]], "cases": [OPEN]})
    for n in "xuz":
        with pytest.raises(CertificateError, match="not a parameter"):
            replay(fam, {"op": "split", "var": n, "cases": [OPEN, OPEN]})
    for cases in ([OPEN], [OPEN] * 3):
        with pytest.raises(CertificateError, match="2 cases"):
            replay(fam, {"op": "split", "var": "p", "cases": cases})


# -- Schur complements of products ----------------------------------------------------------------


def matrices(text):
    """Factors, rows and entries set apart by semicolons, commas and blanks."""
    return [[row.split() for row in factor.split(",")] for factor in text.split(";")]


SCHUR = {"op": "schur", "kind": "pivot", "rank": 1, "factors": matrices("1 b, c d; y, z")}
PIVOT_ROLES = {"b": "param", "c": "param", "d": "param", "y": "local", "z": "local"}
PIVOT_GENS = ["y + b*z", "c*y + d*z"]


def pivot(then=OPEN, factors=SCHUR["factors"], **changes):
    return {**SCHUR, "factors": factors, **changes, "then": then}


def through(factors, then=OPEN, rank=1):
    return {"op": "schur", "kind": "through", "rank": rank, "factors": factors, "then": then}


def refused(fam, step, match):
    with pytest.raises((CertificateError, ValueError), match=match):
        replay(fam, step)


def test_a_pivot_leaves_a_smooth_part_and_a_smaller_product():
    """(y + b·z, c·y + d·z) is (y', d'·z) with d' = d − c·b."""
    after = leaf({"y": "1", "d": "1/2", "z": "1/2"}, [(0, "1"), (1, "1")])
    found = replay(family(PIVOT_ROLES, PIVOT_GENS), pivot(after))
    assert found.lower == found.upper == RLCT(Fraction(1), 2)


@pytest.mark.parametrize(
    ("roles", "gens", "factors", "options", "match"),
    [
        # d is 0 on the stratum, but d − c·b is any number there
        ({"d": "local"}, PIVOT_GENS, None, {}, "away from the stratum"),
        # y + b·z where z is any number: y' is not 0 on the stratum
        ({"z": "param"}, PIVOT_GENS, None, {}, "on the stratum"),
        ({"y": "param"}, PIVOT_GENS, None, {}, "on the stratum"),
        ({"y": "unit"}, PIVOT_GENS, None, {}, "must be free"),
        # z + 1 does not vanish on the stratum, and b is any number
        ({}, ["y + b*z + b", "c*y + d*z + d"], "1 b, c d; y, z+1", {},
         "away from the stratum"),
        ({}, ["y + 1 + b*z", "c*y + c + d*z"], "1 b, c d; y+1, z", {},
         "on the stratum"),
        # no pivot: 2, a parameter, a variable that is 0
        ({}, ["2*y + b*z", "c*y + d*z"], "2 b, c d; y, z", {},
         "on the stratum"),
        ({"a": "param"}, ["a*y + y + b*z", "c*y + d*z"], "a+1 b, c d; y, z",
         {}, "on the stratum"),
        ({"a": "local"}, ["a*y + b*z", "c*y + d*z"], "a b, c d; y, z", {},
         "on the stratum"),
        # entries that are no coordinates, or the same one twice
        ({}, ["y + b*z", "c*y + 3*z"], "1 b, c 3; y, z", {},
         "must be coordinates"),
        ({}, ["y + b*z", "c*y + b*z"], "1 b, c b; y, z", {}, "two places"),
        ({}, ["y + b*z", "b*y + d*z"], "1 b, b d; y, z", {}, "two places"),
        ({}, ["y + b*y", "c*y + d*y"], "1 b, c d; y, y", {}, "free|two places"),
        ({}, ["y + b*z", "c*y + 2*d*z"], "1 b, c 2*d; y, z", {},
         "no coordinate"),
        ({}, ["y + b*z", "c*y - d*z"], "1 b, c -d; y, z", {},
         "no coordinate"),
        ({}, ["y + b*z", "c*y + d^2*z"], "1 b, c d^2; y, z", {},
         "no coordinate"),
        ({}, ["y + b*z", "c*y + c*z + d*z"], "1 b, c c+d; y, z", {},
         "no coordinate"),
        # other generators than the entries
        ({}, ["y + b*z"], None, {}, "not the entries"),
        ({}, [*PIVOT_GENS, "y"], None, {}, "not the entries"),
        ({}, ["y + b*z", "c*y - d*z"], None, {}, "not the entries"),
        ({}, ["y + 2*b*z", "c*y + d*z"], None, {}, "not the entries"),
        ({}, PIVOT_GENS, "1 b; y, z", {}, "not the entries"),
        # variables that are not free
        ({}, PIVOT_GENS, None, {"positive": ["d"]}, "free"),
        ({}, PIVOT_GENS, None, {"positive": ["y"]}, "free"),
        ({}, PIVOT_GENS, None, {"h": {"z": "1"}}, "free"),
        ({}, PIVOT_GENS, None, {"h": {"b": "-1/2"}}, "free"),
        ({}, PIVOT_GENS, None, {"k": {"d": 1}}, "free"),
        ({}, PIVOT_GENS, None, {"units": ["d - 1"]}, "condition"),
        ({}, PIVOT_GENS, None, {"units": ["b*c + 1"]}, "condition"),
    ],
)  # fmt: skip
def test_pivots_need_coordinates_that_keep_the_stratum(roles, gens, factors, options, match):
    fam = family({**PIVOT_ROLES, **roles}, gens, names="abcdyz", **options)
    refused(fam, pivot(factors=matrices(factors or "1 b, c d; y, z")), match)


INNER_ROLES = dict.fromkeys("abcdpqrs", "local") | {"d": "param"}
INNER = "p q; a+1 b, c d; r, s"
INNER_GEN = "p*(a+1)*r + p*b*s + q*c*r + q*d*s"


def inner(factors=INNER, **changes):
    step = {"op": "schur", "kind": "inner", "place": 1, "rank": 1, "factors": matrices(factors)}
    return {**step, **changes, "then": OPEN}


def test_an_inner_block_leaves_a_sum_of_products():
    """(p, q)·[[1 + a, b], [c, d]]·(r, s)ᵀ is p·r + q·d·s in other coordinates."""
    seen = []

    class Watch(Replay):
        def enter(self, moves, family, step, where):
            seen.append([str(g) for g in family.gens])

    Watch().start(family(INNER_ROLES, [INNER_GEN], names="abcdpqrs"), inner())
    assert seen == [["d*q*s + p*r"]]


@pytest.mark.parametrize(
    ("roles", "gen", "factors", "changes", "match"),
    [
        # b, c, p or r is any number: X₁ + X₂cU⁻¹ and the like would leave the stratum
        ({"b": "param"}, INNER_GEN, INNER, {}, "on the stratum"),
        ({"c": "param"}, INNER_GEN, INNER, {}, "on the stratum"),
        ({"p": "param"}, INNER_GEN, INNER, {}, "on the stratum"),
        ({"r": "param"}, INNER_GEN, INNER, {}, "on the stratum"),
        ({"a": "param"}, INNER_GEN, INNER, {}, "on the stratum"),
        ({"d": "unit"}, INNER_GEN, INNER, {}, "free"),
        # no coordinate of its own takes up what the block leaves
        ({}, "(a+1)*r + b*s + q*c*r + q*d*s", "1 q; a+1 b, c d; r, s", {}, "own"),
        ({}, "p*(a+1) + p*b*s + q*c + q*d*s", "p q; a+1 b, c d; 1, s", {}, "own"),
        ({}, "p*(a+1)*r + p*b*s + q*c*r", "p q; a+1 b, c 0; r, s", {}, "coordinates"),
        # a block that is not I, and entries beside it that are not 0
        ({}, "p*(a+2)*r + p*b*s + q*c*r + q*d*s", "p q; a+2 b, c d; r, s", {}, "on the stratum"),
        ({}, "p*a*r + p*b*s + q*c*r + q*d*s", "p q; a b, c d; r, s", {}, "on the stratum"),
        ({}, INNER_GEN.replace("b*s", "(b+1)*s"), "p q; a+1 b+1, c d; r, s", {}, "on the stratum"),
        # another place, kind or size
        ({}, INNER_GEN, INNER, {"place": 0}, "place"),
        ({}, INNER_GEN, INNER, {"place": 2}, "smaller|between"),
        ({}, INNER_GEN, INNER, {"place": 3}, "place"),
        ({}, INNER_GEN, INNER, {"place": True}, "integer"),
        ({}, INNER_GEN, INNER, {"kind": "pivot"}, "place"),
        ({}, INNER_GEN, INNER, {"kind": "through"}, "place"),
        ({}, INNER_GEN, INNER, {"rank": 2}, "smaller|stratum"),
        ({}, INNER_GEN + " + d", INNER, {}, "not the entries"),
    ],
)  # fmt: skip
def test_inner_blocks_need_coordinates_that_keep_the_stratum(roles, gen, factors, changes, match):
    fam = family({**INNER_ROLES, **roles}, [gen], names="abcdpqrs")
    refused(fam, inner(factors, **changes), match)


def test_a_condition_of_sign_is_a_condition():
    """d > 0 as a parameter: d − c·b may be negative."""
    fam = family({**PIVOT_ROLES, "d": "unit"}, PIVOT_GENS, positive=["d"])
    refused(fam, {"op": "relax", "var": "d", "then": pivot()}, "condition")
    fam = family({**PIVOT_ROLES, "d": "unit"}, PIVOT_GENS)
    refused(fam, {"op": "relax", "var": "d", "then": pivot()}, "condition")


def test_a_complement_of_a_unit_variable_may_vanish():
    """(p·(y + z), p·y + q·z) with prior |p| has (1, 2). Where u = q/p is not 0, u − 1 may be."""
    target = problem("p*(y + z)", "p*y + q*z", variables="p q y z", prior={"p": 1})
    both = leaf({"y": "1", "z": "1"}, [(0, "1"), (1, "1")])
    at_0 = [["add", 0, 1, "-1"], ["div", 0, "1 - q"], ["add", 1, 0, "-q"]]
    other = [["add", 0, 1, "-1"], ["div", 0, "p - 1"], ["add", 1, 0, "-1"]]
    chart = [
        {"op": "generators", "do": at_0, "then": both},
        pivot(both, [[["1", "1"], ["1", "q"]], [["y"], ["z"]]]),
    ]
    step = {
        "op": "blowup",
        "groups": [[["p", 1]], [["q", 1]]],
        "cases": [
            {"op": "split", "var": "q", "cases": chart},
            {"op": "generators", "do": other, "then": both},
        ],
    }
    assert rlct(target).rlct == RLCT(Fraction(1), 2)
    rejected(target, step, 1)
    rejected(target, step, 1, kind="lower")


def test_a_unit_variable_stays_one_where_nothing_is_subtracted():
    """(y, c·y + u·z) with u ≠ 0 is (y, z)."""
    roles = {**PIVOT_ROLES, "d": "unit"}
    factors = [[["1", "0"], ["c", "d"]], [["y"], ["z"]]]
    try:
        found = replay(
            family(roles, ["y", "c*y + d*z"]),
            pivot(leaf({"y": "1", "z": "1"}, [(0, "1"), (1, "1")]), factors),
        )
    except (CertificateError, ValueError):
        return  # a verifier may refuse units altogether
    assert found.lower == found.upper == RLCT(Fraction(1), 1)


CHAIN = [[["a + 1", "b"], ["c", "d"]], [["e + 1", "f"], ["g", "i"]]]
CHAIN_ROLES = dict.fromkeys("abcdefgi", "local")


def entries(factors, rank=1):
    """The generators of the product minus diag(1, …, 1, 0, …)."""
    first, *rest = factors
    for factor in rest:
        columns = list(zip(*factor, strict=True))
        first = [
            ["+".join(f"({p})*({q})" for p, q in zip(row, c, strict=True)) for c in columns]
            for row in first
        ]
    return [
        f"{p} - 1" if i == j < rank else p for i, row in enumerate(first) for j, p in enumerate(row)
    ]


def test_a_product_of_rank_one_splits():
    """2×2, H = 2, rank 1: three smooth directions and d·i."""
    after = leaf({n: "1" for n in "acf"} | {"d": "1/2", "i": "1/2"}, [(n, "1") for n in range(4)])
    found = replay(family(CHAIN_ROLES, entries(CHAIN)), through(CHAIN, after))
    assert found.lower == found.upper == RLCT(Fraction(2), 2)


@pytest.mark.parametrize(
    ("factors", "roles", "rank", "match"),
    [
        (CHAIN, {"a": "param"}, 1, "stratum"),
        (CHAIN, {"b": "param"}, 1, "stratum"),
        (CHAIN, {"d": "param"}, 1, "stratum"),
        (CHAIN, {"d": "unit"}, 1, "must be free"),
        (CHAIN, {"i": "param"}, 1, "stratum"),
        (CHAIN, {}, 2, "stratum"),  # d and i are 0, not 1
        (CHAIN, {}, 3, "smaller"),
        (CHAIN, {}, 0, "smaller"),
        (CHAIN, {}, -1, "smaller"),
        (CHAIN, {}, True, "integer"),
        (CHAIN, {}, 1.0, "integer"),
        (matrices("a b, c d; e+1 f, g i"), {}, 1, "stratum"),
        (matrices("a+2 b, c d; e+1 f, g i"), {}, 1, "stratum"),
        (matrices("a+1 b+1, c d; e+1 f, g i"), {}, 1, "stratum"),
        (matrices("a+1 b, c d; e+1 f, g+1 i"), {}, 1, "stratum"),
        # what must absorb a factor has no coordinate to do so
        (matrices("1 b, c d; e+1 f, g i"), {}, 1, "own"),
        (matrices("a+1 b, 0 d; e+1 f, g i"), {}, 1, "own"),
        (matrices("a+1 b, c d; e+1 0, g i"), {}, 1, "own"),
        (matrices("a+1 b, c 0; e+1 f, g i"), {}, 1, "own"),
        (matrices("a+1 b, c d; e+1 f, g 1"), {}, 1, "own"),
        (matrices("a+1 b, c d; e+1 f, g d"), {}, 1, "two places"),
        (matrices("a+1 b, c d; a+1 f, g i"), {}, 1, "two places"),
        # shapes that do not fit
        (matrices("a+1 b, c; e+1 f, g i"), {}, 1, "fit"),
        (matrices("a+1 b, c d; e+1 f"), {}, 1, "fit"),
        ([*CHAIN[:1], []], {}, 1, "index"),
        ([], {}, 1, "index"),
    ],
)  # fmt: skip
def test_products_through_blocks(factors, roles, rank, match):
    """Each place where the theorem needs a coordinate, or a value on the stratum."""
    fits = len(factors) > 1 and len(factors[1]) == len(factors[0][-1])
    gens = entries(factors if fits else CHAIN, rank)
    fam = family({**CHAIN_ROLES, **roles}, gens)
    with pytest.raises((CertificateError, ValueError, IndexError), match=match):
        replay(fam, through(factors, rank=rank))


def test_other_constants_than_the_identity():
    """X₁X₂ − C with C = diag(2, 0), with C = 0, and with a constant off the diagonal."""
    for gens in (
        [g.replace("- 1", "- 2") for g in entries(CHAIN)],
        [g.replace("- 1", "") for g in entries(CHAIN)],
        [g if n != 3 else f"{g} - 1" for n, g in enumerate(entries(CHAIN))],
        [*entries(CHAIN), "d"],
        entries(CHAIN)[:3],
    ):
        refused(family(CHAIN_ROLES, gens), through(CHAIN), "not the entries")


def test_kinds_are_not_confused():
    fam = family(CHAIN_ROLES, entries(CHAIN))
    for kind in ("pivot", "", None, "Through", 1):
        refused(fam, {**through(CHAIN), "kind": kind}, "entr|kind")
    plain = family(PIVOT_ROLES, PIVOT_GENS)
    refused(plain, pivot(kind="through"), "stratum|entries")
    refused(plain, pivot(factors=[*SCHUR["factors"], [["1"]]]), "two factors")
    refused(plain, pivot(factors=SCHUR["factors"][:1]), "entries|two factors")


def test_malformed_schur_steps_are_certificate_errors():
    target = problem(*entries(CHAIN), variables="a b c d e f g i")
    primal = {n: "1" for n in "acf"} | {"d": "1/2", "i": "1/2"}
    good = through(CHAIN, leaf(primal, [(n, "1") for n in range(4)]))
    assert prove(target, good, 2, 2).upper == RLCT(Fraction(2), 2)
    for change in (
        {"rank": None},
        {"rank": "1"},
        {"kind": ["through"]},
        {"kind": {}},
        {"factors": None},
        {"factors": [[["a + 1"]], 3]},
        {"factors": [[[]], [[]]]},
        {"factors": [[["w"]]]},
        {"factors": "ab"},
    ):
        rejected(target, {**good, **change}, 2, 2)
    for key in ("rank", "kind", "factors", "then"):
        rejected(target, {k: v for k, v in good.items() if k != key}, 2, 2)


# -- charts that symmetries carry to one another --------------------------------------------------

BALL = [[["x", 1], ["y", 1], ["z", 1]]]


def swap(one, other, *rest, signs=(1, 1)):
    images = {one: [other, signs[0]], other: [one, signs[1]]}
    return {**images, **{n: [n, 1] for n in rest}}


def blowup(groups, cases, *symmetries):
    return {"op": "blowup", "groups": groups, "cases": cases, "symmetries": list(symmetries)}


def test_symmetric_charts_need_one_case():
    """(x, y, z): one chart of three, by two transpositions."""
    one = leaf({"x": "1"}, [(0, "3")])
    step = blowup(BALL, [one], swap("x", "y", "z"), swap("y", "z", "x"))
    assert prove(problem("x", "y", "z"), step, "3/2").upper == RLCT(Fraction(3, 2), 1)
    half = blowup(BALL, [one, leaf({"z": "1"}, [(2, "3")])], swap("x", "y", "z"))
    assert prove(problem("x", "y", "z"), half, "3/2").upper == RLCT(Fraction(3, 2), 1)
    for bad in (
        blowup(BALL, [one], swap("x", "y", "z")),
        blowup(BALL, [one, one]),
        blowup(BALL, [one, one], swap("x", "y", "z"), swap("y", "z", "x")),
        blowup(BALL, [one], swap("x", "y", "z"), swap("x", "y", "z")),
    ):
        rejected(problem("x", "y", "z"), bad, "3/2", match="cases")


@pytest.mark.parametrize(
    ("gens", "options", "symmetry", "match"),
    [
        # not symmetries of the ideal
        (["x", "y^2", "z"], {}, swap("x", "y", "z"), "differ"),
        (["x", "2*x + y", "z"], {}, swap("x", "y", "z"), "differ"),
        (["x - 2*y", "z"], {}, swap("x", "y", "z"), "differ"),
        (["x^2 + y", "x + y^2", "z"], {}, swap("x", "y", "z", signs=(-1, 1)), "differ"),
        (["x + y", "x - y^3", "z"], {}, swap("x", "y", "z"), "differ"),
        (["x*y", "y*z"], {}, {"x": ["y", 1], "y": ["z", 1], "z": ["x", 1]}, "differ"),
        (["x + y^2", "z"], {}, {"x": ["x", -1], "y": ["y", 1], "z": ["z", 1]}, "differ"),
        # the prior, the factor and the walls are part of the family
        (["x", "y", "z"], {"prior": {"x": 1}}, swap("x", "y", "z"), "roles"),
        (["x", "y", "z"], {"nonnegative": "x"}, swap("x", "y", "z"), "roles"),
        (["x^2*y*z"], {}, swap("x", "y", "z"), "roles"),
        (["x*y", "z"], {"nonnegative": "x y"}, swap("x", "y", "z", signs=(-1, -1)), "sign"),
        # maps that are none
        (["x", "y", "z"], {}, {"x": ["y", 1], "y": ["x", 1]}, "every variable"),
        (["x", "y", "z"], {}, {"x": ["y", 1], "y": ["y", 1], "z": ["z", 1]}, "one to one"),
        (["x", "y", "z"], {}, {"x": ["y", 2], "y": ["x", 1], "z": ["z", 1]}, "roles"),
        (["x", "y", "z"], {}, {"x": ["y", 0], "y": ["x", 1], "z": ["z", 1]}, "roles"),
        (["x", "y", "z"], {}, {"x": ["y", True], "y": ["x", 1], "z": ["z", 1]}, "integer"),
        (["x", "y", "z"], {}, {"x": ["y", 1.0], "y": ["x", 1], "z": ["z", 1]}, "integer"),
        (["x", "y", "z"], {}, {"x": ["w", 1], "y": ["x", 1], "z": ["z", 1]}, "one to one"),
        (["x", "y", "z"], {}, {"x": "y", "y": "x", "z": "z"}, "malformed"),
        (["x", "y", "z"], {}, [], "malformed"),
    ],
)  # fmt: skip
def test_symmetries_are_checked(gens, options, symmetry, match):
    target = problem(*gens, variables="x y z", **options)
    for n in range(1, 7):
        rejected(target, blowup(BALL, [OPEN] * n, symmetry), 0, kind="lower", match=match)


@pytest.mark.parametrize(
    ("groups", "symmetry"),
    [
        ([[["x", 1], ["z", 1]]], swap("x", "y", "z")),  # y is not in the centre
        ([[["x", 1]], [["y", 1], ["z", 1]]], swap("x", "y", "z")),  # another group
        ([[["x", 2], ["y", 1], ["z", 1]]], swap("x", "y", "z")),  # another weight
        ([[["x", 3], ["y", 1], ["z", 1]]], swap("x", "z", "y")),
        ([[["x", 1], ["y", 2]], [["z", 2]]], swap("y", "z", "x")),
    ],
)
def test_symmetries_keep_the_centre(groups, symmetry):
    target = problem("x", "y", "z")
    for n in range(1, 7):
        step = blowup(groups, [OPEN] * n, symmetry)
        rejected(target, step, 0, kind="lower", match="the symmetry takes")


def test_signs_of_even_weights():
    """x² − y³ with weights (3, 2) has y = t² and y = −t²; x ↦ −x joins none of them, and for
    (x·y², x³) the map y ↦ −y joins both."""
    mirror = {"x": ["x", -1], "y": ["y", 1]}
    groups = [[["x", 3], ["y", 2]]]
    for n in (1, 2):
        rejected(CUSP, blowup(groups, [OPEN] * n, mirror), 0, kind="lower", match="3 cases")
    with pytest.raises(CertificateError, match="differ"):
        prove(CUSP, blowup(groups, [OPEN] * 2, {"x": ["x", 1], "y": ["y", -1]}), 0, kind="lower")
    even = problem("x^2 - y^4")
    flip = {"x": ["x", 1], "y": ["y", -1]}
    rejected(even, blowup([[["x", 4], ["y", 2]]], [OPEN] * 2, flip), 0, kind="lower", match="3 cas")
    with pytest.raises(CertificateError, match="proved lower None"):
        prove(even, blowup([[["x", 4], ["y", 2]]], [OPEN] * 3, flip), 0, kind="lower")
    both = {"x": ["x", -1], "y": ["y", -1]}
    with pytest.raises(CertificateError, match="proved lower None"):
        prove(even, blowup([[["x", 4], ["y", 2]]], [OPEN] * 2, both), 0, kind="lower")


def test_walls_have_their_own_charts():
    """x ≥ 0, y real, x·y + y³: y = t, y = −t are two charts, and y ↦ −y joins them."""
    target = problem("x*y + y^3", nonnegative="x")
    flip = {"x": ["x", 1], "y": ["y", -1]}
    groups = [[["x", 2], ["y", 1]]]
    with pytest.raises(CertificateError, match="3 cases"):
        prove(target, blowup(groups, [OPEN] * 2), 0, kind="lower")
    with pytest.raises(CertificateError, match="proved lower None"):
        prove(target, blowup(groups, [OPEN] * 2, flip), 0, kind="lower")
    rejected(
        problem("x*y + y^2", nonnegative="x"),
        blowup(groups, [OPEN] * 2, flip),
        0,
        kind="lower",
        match="differ",
    )


def test_symmetries_respect_conditions():
    """x ↔ y with p ↔ q, where p ≠ 1 is known and q ≠ 1 is not; and where p > 0."""
    role = {"x": "local", "y": "local", "p": "param", "q": "param"}
    map_ = swap("x", "y") | swap("p", "q")
    step = blowup([[["x", 1], ["y", 1]]], [OPEN], map_)
    gens = ["p*x^2 + q*y^2"]
    assert replay(family(role, gens), step).lower is None
    refused(family(role, gens, ["p - 1"]), step, "differ")
    assert replay(family(role, gens, ["p - 1", "q - 1"]), step).lower is None
    refused(family(role, gens, positive=["p"]), step, "roles")
    refused(family({**role, "p": "unit"}, gens), step, "roles")
    signed = family({**role, "p": "unit", "q": "unit"}, gens, positive=["p", "q"])
    relaxed = {"op": "relax", "var": "p", "then": {"op": "relax", "var": "q", "then": step}}
    refused(signed, relaxed, "sign conditions")


# -- sums and products ----------------------------------------------------------------------------


def test_sum_rule_needs_separate_variables_and_no_factor():
    pair = [leaf({"x": "1"}, [(0, "1")]), leaf({"y": "1"}, [(0, "1")])]
    step = {"op": "sum", "blocks": [["x"], ["y"]], "cases": pair}
    assert prove(problem("x", "y"), step, 1).upper == RLCT(Fraction(1), 1)
    for bad, match in (
        (problem("x", "x + y"), "two blocks|no block"),
        (problem("x", "y", "x*y"), "two blocks|no block"),
        (problem("x*z", "y*z"), "factor|case"),
        (problem("x", "y", "z"), "no block"),
        (problem("x", "x^2", variables="x y"), None),
    ):
        rejected(bad, step, 1, match=match)
    for blocks in "x, x y; x, y q; x, y, ; x, y, y; x":
        rejected(problem("x", "y"), {**step, "blocks": blocks}, 1)


def test_conditions_do_not_tie_blocks_together():
    """p·x and q·y with p ≠ q: at p = 0 and at q = 0 each, but never both."""
    role = {"p": "param", "q": "param", "x": "local", "y": "local"}
    fam = family(role, ["p*x", "q*y"], ["p - q"])
    step = {"op": "sum", "blocks": [["p", "x"], ["q", "y"]], "cases": [OPEN, OPEN]}
    with pytest.raises(CertificateError, match="two blocks"):
        replay(fam, step)


def test_a_generator_that_is_a_unit_is_no_condition():
    """(x, y, p − 1) with p ≠ 1 vanishes nowhere; leaving p − 1 out would give λ = 1."""
    fam = family({"x": "local", "y": "local", "p": "param"}, ["x", "y", "p - 1"], ["p - 1"])
    pair = [leaf({"x": "1"}, [(0, "1")]), leaf({"y": "1"}, [(0, "1")])]
    with pytest.raises(CertificateError, match="no block"):
        replay(fam, {"op": "sum", "blocks": [["x"], ["y"]], "cases": pair})


def test_free_variables_are_those_of_the_factor_only():
    """x²·(y − z): x is free and gives ratio 1/4; y is not free."""
    inner = {"op": "change", "var": "y", "num": "y + z", "den": "1"}
    inner = {**inner, "then": leaf({"y": "1"}, [(0, "1")])}
    step = {"op": "free", "cases": [inner]}
    assert prove(problem("x^2*(y - z)"), step, "1/4").lower == RLCT(Fraction(1, 4), 1)
    rejected(problem("x^2*(y - z)"), step, "1/2", match="proved lower")
    rejected(problem("x^2*(y - z)", "x^3"), step, "1/4")


# -- loci -----------------------------------------------------------------------------------------

CHANGE = {"kind": "sign change", "points": [["0"], ["2"]]}
NO_SLOPE = {  # q = b² − 2 and dq = 2b: q − b·(dq/2) = −2
    "kind": "add",
    "multipliers": [[0, "1"], [1, "-1/2*b"]],
    "then": {"kind": "sign", "index": 2},
}


def locus(**changes):
    on = leaf({"b": "1/3", "y": "1/3"}, [(0, "1/6"), (1, "1/2")])
    step = {"op": "locus", "poly": "b^2 - 2", "by": ["b"], "rest": {}, "exists": CHANGE}
    return {**step, "smooth": NO_SLOPE, "cases": [on, OPEN], **changes}


def test_a_locus_proves_a_value_where_its_points_exist():
    fam = family({"b": "param", "y": "local"}, ["(b^2 - 2)^3", "(b^2 - 2)*y^2"])
    assert replay(fam, locus()).upper == RLCT(Fraction(1, 3), 1)
    assert replay(fam, locus(exists=None)).upper is None
    for bad in (
        {"by": []},
        {"by": ["y"]},
        {"by": ["z"]},
        {"poly": "b^2 - 3"},
        {"poly": "b^2 + 2"},
        {"smooth": SIGN},
        {"exists": {"kind": "sign change", "points": [["0"], ["1"]]}},
        {"exists": {"kind": "point", "point": ["0"]}},
        {"cases": [OPEN]},
    ):
        with pytest.raises((CertificateError, LookupError)):
            replay(fam, locus(**bad))


def test_further_variables_may_exclude_the_locus():
    """On b² = 2 the condition y + b² − 2 ≠ 0 says y ≠ 0: the germ (z³, z·y²) at y = 0, λ = 1/3, is
    not there, and z alone has λ = 1/2."""
    role = {"b": "param", "y": "param"}
    gens = ["(b^2 - 2)^3", "(b^2 - 2)*y^2"]
    evidence = {**NO_SLOPE, "then": {"kind": "sign", "index": 3}}
    fam = family(role, gens, ["y + b^2 - 2"])
    assert replay(fam, locus(smooth=evidence)).upper is None
    assert replay(family(role, gens, ["y - b^2 + 2"]), locus(smooth=evidence)).upper is None


def test_a_locus_that_binds_what_is_left_bounds_nothing_above():
    """q = b − p²: where the generators speak of p, p is bound by b ≥ 0; here p and b are free."""
    fam = family({"b": "param", "p": "param"}, ["(b^2 - p)*p^2"])
    step = locus(poly="b^2 - p", by=["b"], cases=[leaf({"p": "1/2"}, [(0, "1/2")]), OPEN])
    with pytest.raises(CertificateError):
        replay(fam, step)


# -- lemmas ---------------------------------------------------------------------------------------

LEMMA = {"role": {"x": "local"}, "positive": [], "k": {}, "h": {}, "gens": ["x"], "units": []}
SEE = {"op": "see", "step": 7, "map": {"x": ["x", 1]}}
PROOF = {"id": 7, **leaf({"x": "1"}, [(0, "1")])}


def see(problem_, value="1/2", proof=PROOF, step=SEE, **changes):
    lemma = {"family": {**LEMMA, **changes}, "proof": proof}
    return problem_, {**step, "lemma": lemma}, value


def test_a_lemma_is_about_its_own_family():
    assert prove(*see(problem("x"))).upper == RLCT(Fraction(1, 2), 1)
    attacks = [
        see(problem("x^2")),
        see(problem("x", prior={"x": 1})),
        see(problem("x", nonnegative="x")),
        see(problem("x", "y", variables="x y")),
        see(problem("x"), gens=["x", "x^2"]),
        see(problem("x"), gens=["x", "y"]),
        see(problem("x"), gens=[]),
        see(problem("x"), k={"x": 1}),
        see(problem("x"), k={"x": -1}),
        see(problem("x"), k={"x": 1.5}),
        see(problem("x"), h={"x": "-1"}),
        see(problem("x"), h={"x": 0.5}),
        see(problem("x"), role={"x": "param"}),
        see(problem("x"), role={"x": "unit"}),
        see(problem("x"), role={"x": "free"}),
        see(problem("x"), role={"q": "local"}),
        see(problem("x"), positive=["x"]),
        see(problem("x"), positive=["q"]),
        see(problem("x"), k={"q": 1}),
        see(problem("x"), proof={**PROOF, "id": 8}),
        see(problem("x"), proof={"id": 7, **{k: v for k, v in SEE.items() if k != "id"}}),
        see(problem("x"), step={**SEE, "map": {}}),
        see(problem("x"), step={**SEE, "map": {"x": ["x", 2]}}),
        see(problem("x"), step={**SEE, "map": {"x": ["x", 1.0]}}),
        see(problem("x"), step={**SEE, "map": {"x": ["y", 1]}}),
        see(problem("x"), step={**SEE, "step": 8}),
        see(problem("x"), step={**SEE, "step": [7]}),
    ]
    for attack in attacks:
        rejected(*attack)


def test_a_lemma_with_more_units_or_signs_is_another_family():
    """(x·p) with p a unit is (x); with p any number it is not."""
    fam = family({"x": "local", "p": "param"}, ["x*(p^2 - 1)", "x^2"])
    lemma = {
        **LEMMA,
        "role": {"x": "local", "p": "param"},
        "gens": ["x*(p^2 - 1)", "x^2"],
        "units": ["p^2 - 1"],
    }
    step = {"op": "see", "step": 7, "map": {"x": ["x", 1], "p": ["p", 1]}}
    step["lemma"] = {"family": lemma, "proof": {"id": 7, **leaf({"x": "1"}, [(0, "1")])}}
    with pytest.raises(CertificateError, match="differ"):
        replay(fam, step)
    twin = family({"x": "local", "p": "param"}, ["x*(p^2 - 1)", "x^2"], ["p^2 - 1"])
    assert replay(twin, step).lower == RLCT(Fraction(1, 2), 1)


def test_renamings_keep_the_side_of_a_wall():
    fam = family({"x": "local", "y": "local"}, ["x - y"], positive=["x"])
    lemma = {**LEMMA, "role": {"x": "local", "y": "local"}, "gens": ["x + y"], "positive": ["x"]}
    step = {"op": "see", "step": 7, "lemma": {"family": lemma, "proof": {"id": 7, **OPEN}}}
    replay(fam, {**step, "map": {"x": ["x", 1], "y": ["y", -1]}})
    for images in (
        {"x": ["x", -1], "y": ["y", 1]},
        {"x": ["y", 1], "y": ["x", -1]},
        {"x": ["x", 1], "y": ["x", -1]},
        {"x": ["x", 1], "y": ["y", 1]},
    ):
        with pytest.raises(CertificateError):
            replay(fam, {**step, "map": images})


# -- leaves ---------------------------------------------------------------------------------------


def test_the_linear_program_is_checked():
    xy = problem("x^2", "y^3")
    good = leaf({"x": "1/2", "y": "1/3"}, [(0, "1/2"), (1, "1/3")])
    prove(xy, good, "5/12")
    for primal, dual in (
        ({"x": "1/2", "y": "1/4"}, [(0, "1/2"), (1, "1/4")]),
        ({"x": "1/2", "y": "1/3"}, [(0, "1/2"), (1, "1/2")]),
        ({"x": "1/2", "y": "1/3"}, [(0, "1/2"), (-1, "1/3")]),
        ({"x": "1/2", "y": "1/3"}, [(0, "1/2"), (True, "1/3")]),
        ({"x": 0.5, "y": "1/3"}, [(0, "1/2"), (1, "1/3")]),
        ({"x": "1/2", "y": "1/3", "z": "0"}, [(0, "1/2"), (1, "1/3")]),
        ({"x": "-1/2", "y": "1/3"}, [(0, "1/2"), (1, "1/3")]),
        ({"x": math.nan, "y": "1/3"}, [(0, "1/2"), (1, "1/3")]),
        ({"x": math.inf, "y": "1/3"}, [(0, "1/2"), (1, "1/3")]),
        ({}, []),
    ):
        rejected(xy, leaf(primal, dual), "5/12")
    rejected(xy, good, "5/12", 2)
    rejected(xy, good, "1/2")
    rejected(xy, good, "1/3")
    # xy has m = 2: a vertex of the optimal face alone does not show it, nor less
    for primal in ({"x": "1", "y": "0"}, {"x": "0", "y": "1"}):
        for m in (1, 2):
            rejected(problem("x*y"), leaf(primal, [(0, "1")]), "1/2", m, match="complementary")


def test_monomial_leaves_need_monomials():
    rejected(problem("x + y^2", "y^3"), leaf({"x": "1", "y": "1/3"}, []), "2/3")
    rejected(problem("x^2 - y^3"), leaf({"x": "1/2", "y": "1/3"}, []), "5/12")
    rejected(problem("x^2", "x*y + y^3"), leaf({"x": "1/2"}, [(0, "1/2")]), "1/4")
    # x·(p − 1) with a parameter p is no monomial times a unit
    fam = family({"x": "local", "p": "param"}, ["x*(p - 1)"])
    with pytest.raises(CertificateError, match="no generator"):
        replay(fam, leaf({"x": "1"}, [(0, "1")]))


def test_bounds_are_bounds_on_their_side_only():
    cusp = CUSP
    terms = {"op": "terms", "primal": {"x": "1/2", "y": "1/3"}, "dual": [[0, "1/3"], [1, "1/2"]]}
    prove(cusp, terms, "5/12", kind="upper")
    rejected(cusp, terms, "5/12", kind="lower", match="proved lower None")
    rejected(cusp, terms, "5/12", match="proved lower None")
    rejected(cusp, terms, "1/3", kind="upper")
    prove(cusp, {"op": "order"}, "1/4", 2, kind="lower")
    rejected(cusp, {"op": "order"}, "1/4", 1, kind="lower")
    rejected(cusp, {"op": "order"}, "1/2", 1, kind="upper")
    keep = {"op": "subideal", "keep": [0], "cases": [LINE]}
    prove(problem("y", "x"), keep, "1/2", kind="lower")
    rejected(problem("y", "x"), keep, "1/2", match="proved upper None")
    for bad in ([-2], [True], [2], ["0"], [0.0], []):
        rejected(problem("y", "x"), {**keep, "keep": bad}, "1/2", kind="lower")
    rejected(problem("x*y", prior={"x": "-1/2"}), {"op": "order"}, "1/4", 2, kind="lower")
    with pytest.raises(CertificateError, match="at a point"):
        replay(family({"x": "local", "p": "param"}, ["p*x"]), {"op": "order"})


def test_the_term_ideal_must_vanish_on_the_stratum():
    """(p, x²) does not vanish where p ≠ 0: no bound above."""
    fam = family({"x": "local", "p": "param"}, ["p", "x^2"])
    with pytest.raises(CertificateError, match="covering"):
        replay(fam, {"op": "terms", "primal": {"x": "1/2"}, "dual": [[1, "1/2"]]})


def test_claims_about_nothing():
    for step in (OPEN, {"op": "both", "cases": [OPEN, None]}, {"op": "free", "cases": [None]}):
        for kind in ("exact", "lower", "upper"):
            rejected(CUSP, step, "5/12", kind=kind)
    rejected(CUSP, {"op": "zero"}, 0)
    rejected(CUSP, {"op": "empty"}, "5/12", match="no sign")
    rejected(problem("1 + x"), leaf({}, []), "1/2", match="does not vanish")
    rejected(problem("1 + x"), {"op": "order"}, "1/2", kind="lower", match="does not vanish")
    rejected(problem("0", variables="x"), leaf({}, []), "0", match="identically")
    prove(problem("0", variables="x"), {"op": "zero"}, 0)


def test_newton_leaves_need_all_faces_and_local_variables():
    line = {"face": [[1, 0]], "evidence": SIGN}
    parabola = {"face": [[0, 2]], "evidence": SIGN}
    edge = {"face": [[1, 0], [0, 2]], "evidence": SIGN}
    step = {
        "op": "newton",
        "criterion": "definite",
        "primal": ["1", "1/2"],
        "dual": [[[1, 0], "1"], [[0, 2], "1/2"]],
        "faces": [line, parabola, edge],
    }
    good = problem("x + y^2", nonnegative="x")
    assert prove(good, step, "3/4").upper == RLCT(Fraction(3, 4), 1)
    bad = problem("x + y^2")
    rejected(bad, step, "3/4", match="sign")
    rejected(bad, {**step, "faces": [line, parabola]}, "3/4", match="faces")
    rejected(bad, {**step, "criterion": "transversal"}, "3/4")
    rejected(bad, {**step, "criterion": "none"}, "3/4", match="criterion")
    rejected(good, {**step, "dual": [[[1, 0], "1"], [[0, 3], "1/2"]]}, "3/4", match="exponent")
    fam = family({"x": "local", "y": "param"}, ["x + y^2"], positive=["x"])
    with pytest.raises(CertificateError, match="parameter"):
        replay(fam, step)
    fam = family({"x": "local", "y": "local", "p": "param"}, ["x + y^2"], k={"p": 1})
    with pytest.raises(CertificateError, match="parameter"):
        replay(fam, step)


# -- the document ---------------------------------------------------------------------------------


def document():
    return Certificate(
        problem("x"), "exact", RLCT(Fraction(1, 2), 1), leaf({"x": "1"}, [(0, "1")])
    ).to_json()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("claim", "kind"), "maybe"),
        (("claim", "kind"), None),
        (("claim", "multiplicity"), True),
        (("claim", "multiplicity"), 1.0),
        (("claim", "multiplicity"), 0),
        (("claim", "multiplicity"), "1"),
        (("claim", "lambda"), 0.5),
        (("claim", "lambda"), math.nan),
        (("claim", "lambda"), None),
        (("claim",), []),
        (("problem", "convention"), "square"),
        (("problem", "convention"), "loss"),  # |x| has λ = 1
        (("problem", "generators"), []),
        (("problem", "generators"), ["x", 3]),
        (("problem", "variables"), ["x", "x"]),
        (("problem", "variables"), []),
        (("problem", "point"), {"x": "1"}),
        (("problem", "point"), {"y": "1"}),
        (("problem", "prior"), {"x": "1"}),
        (("problem", "prior"), {"x": "-1"}),
        (("problem", "box"), {"x": ["1", "2"]}),
        (("problem", "box"), {"x": ["0"]}),
        (("problem", "extra"), 1),
        (("format",), "other"),
        (("version",), 2),
        (("proof",), None),
        (("proof",), []),
        (("proof",), "monomial"),
        (("proof",), {}),
        (("proof", "op"), ["monomial"]),
        (("proof", "op"), "close"),
        (("proof", "op"), None),
        (("proof", "dual"), None),
        (("proof", "dual"), [[0]]),
        (("proof", "primal"), []),
        (("proof", "id"), "1"),
        (("proof", "id"), 1.0),
    ],
)
def test_documents(path, value):
    """A wrong document is a CertificateError, never another exception."""
    verify(document())
    data = document()
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(CertificateError):
        verify(data)
    with pytest.raises(CertificateError):
        verify(json.dumps(data))


@pytest.mark.parametrize("key", ["format", "version", "problem", "claim", "proof"])
def test_missing_keys(key):
    data = document()
    del data[key]
    with pytest.raises(CertificateError):
        verify(data)


@pytest.mark.parametrize("text", ["", "[]", "1", "{", '{"a": 1}', "[" * 100_000])
def test_texts_that_are_no_certificates(text):
    with pytest.raises(CertificateError):
        verify(text)


def test_deep_scripts_end_in_an_error_not_in_a_crash():
    step = OPEN
    for _ in range(5_000):
        step = {"op": "free", "cases": [step]}
    rejected(CUSP, step, "1/2")


def test_a_claim_of_another_kind_is_no_certificate():
    with pytest.raises(CertificateError, match="kind"):
        Certificate(problem("x"), "maybe", RLCT(Fraction(1, 7), 1), OPEN)
