"""The least (λ, m) over a whole domain: known tables, laws, and claims that must be refused."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from singularity_lab import RLCT, rlct, verify
from singularity_lab.algebra.algebraic import algebraic
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError, OutOfScope
from singularity_lab.exact.proof.certificate import Certificate, problem_to_json

_TRUTH = os.environ.get("SINGLAB_TRUTH", Path(__file__).resolve().parents[4] / "shared/truth")
CASES = Path(_TRUTH).parent / "cases" / "everywhere.json"
ROWS = {r["id"]: r for r in json.loads(CASES.read_text())} if CASES.exists() else {}
FAST = ["four-lines-off-origin", "trifolium", "double-point-of-two-kinds", "net-1-1-1-1-target0"]
FAST += ["whitney-umbrella", "cone-over-nodal-cubic", "det-2x2", "line-and-point"]
FAST += ["loss-three-axes", "box-corner-ideal", "box-wall-loss", "box-mixed-powers"]


def least_of(row):
    domain = row["domain"]
    over = domain if isinstance(domain, str) else {n: tuple(v) for n, v in domain.items()}
    return rlct(row["generators"], row["vars"], over=over, convention=row["convention"], budget=30)


def coordinates(text):
    """The coordinates of a point, split at the commas that stand in no parentheses."""
    depth, parts = 0, [""]
    for c in text:
        depth += (c == "(") - (c == ")")
        parts = [*parts, ""] if c == "," and depth == 0 else [*parts[:-1], parts[-1] + c]
    return [algebraic(p) for p in parts]


def agrees(row, found):
    least = RLCT(Fraction(row["least"]["lambda"]), row["least"]["m"])
    values = {s.rlct for s in found.strata if s.exact}
    assert values >= {RLCT(Fraction(s["lambda"]), s["m"]) for s in row["strata"]}
    return found.exact and found.rlct == least and verify(found.certificate).upper is not None


@pytest.mark.parametrize("name", FAST)
def test_the_least_value_and_the_strata_of_a_table(name):
    if name not in ROWS:
        pytest.skip("the table of cases is not here")
    row = ROWS[name]
    found = least_of(row)
    assert agrees(row, found)
    assert all(s.point is not None for s in found.strata)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(ROWS) - set(FAST)))
def test_the_rest_of_the_table(name):
    row = ROWS[name]
    if row["least"] is None:
        with pytest.raises(OutOfScope, match="no real zero"):
            least_of(row)
        return
    assert agrees(row, least_of(row))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ("x + 3", "y - x"),
        pytest.param("2*x + y", "x + y - 1", marks=pytest.mark.slow),
        pytest.param("x", "y + x^2", marks=pytest.mark.slow),
    ],
)
def test_changes_of_coordinates_keep_the_least_value(x, y):
    moved = f"(({x}) - 1)*(({y})^2 - ({x})^3)"
    found = rlct(moved, "x y", over="R^d", budget=20)
    assert found.rlct == RLCT(Fraction(5, 12), 1)


@pytest.mark.parametrize("unit", ["x^2 + 1", "x^2 + x*y + y^2 + 1", "7"])
def test_a_factor_without_zeros_changes_nothing(unit):
    found = rlct(f"({unit})*x*(y^2 - x^3)", "x y", over="R^d", budget=20)
    assert found.rlct == rlct("x*(y^2 - x^3)", "x y", over="R^d").rlct


def test_a_factor_that_vanishes_elsewhere_does_change_it():
    assert rlct("y^2 - x^2", over="R^d").rlct == RLCT(Fraction(1, 2), 2)
    assert rlct("(x - 1)^4*(y^2 - x^2)", over="R^d").rlct == RLCT(Fraction(1, 8), 1)


def test_a_wall_cuts_off_what_is_outside():
    cusp = "(x - 1)*(y^2 - x^3)"
    assert rlct(cusp, "x y", over={"x": ("1/2", None)}).rlct == RLCT(Fraction(1, 2), 2)
    assert rlct("x^2", over={"x": (0, 1)}).rlct == RLCT(Fraction(1, 4), 1)
    with pytest.raises(OutOfScope, match="no real zero"):
        rlct("x^2", over={"x": (1, 2)})


def test_the_prior_counts_where_its_variable_is_0():
    for over in ("R^1", {"x": (0, 1)}, {"x": (-1, 1)}, {"x": (-1, 0)}):
        assert rlct("x^2*(x - 1/2)", over=over, prior={"x": 3}).rlct.value in (
            Fraction(1, 2),
            Fraction(1),
        )
    assert rlct("x^4", over={"x": (-1, 1)}, prior={"x": 3}).rlct == RLCT(Fraction(1, 2), 1)
    assert rlct("(x - 1)^4", over={"x": (-1, 1)}, prior={"x": 3}).rlct == RLCT(Fraction(1, 8), 1)


# -- what must be refused -------------------------------------------------------------------------


def altered(certificate, proof):
    return Certificate(certificate.problem, certificate.kind, certificate.claim, proof)


def branches(step):
    """The first branch of a script, and how to put another in its place."""
    if "cases" in step:
        return step, lambda new: new
    inner, put = branches(step["then"])
    return inner, lambda new: {**step, "then": put(new)}


def test_a_stratum_left_out_is_refused():
    certificate = rlct("(x - 1)*(y^2 - x^3)", "x y", over="R^d").certificate
    branch, put = branches(certificate.proof)
    assert len(branch["cases"]) == 2
    for n in range(2):
        kept = [c for i, c in enumerate(branch["cases"]) if i != n]
        with pytest.raises(CertificateError, match="cases"):
            verify(altered(certificate, put({**branch, "cases": kept})))
        skipped = [{"op": "open"} if i == n else c for i, c in enumerate(branch["cases"])]
        with pytest.raises(CertificateError, match="claimed"):
            verify(altered(certificate, put({**branch, "cases": skipped})))


def test_a_cell_left_out_is_refused():
    certificate = rlct("x^2", over={"x": (0, 1)}).certificate
    cases = certificate.proof["cases"][:1]
    with pytest.raises(CertificateError, match="cases"):
        verify(altered(certificate, {**certificate.proof, "cases": cases}))


def monomial(**weights):
    total = sum(map(Fraction, weights.values()))
    return {"op": "monomial", "primal": weights, "dual": [[0, str(total)]]}


def test_a_value_at_a_point_off_the_zero_set_bounds_nothing():
    problem = LocalProblem.build("x*y", over="R^d")
    at_zero = {"op": "point", "at": {"x": "0", "y": "2"}, "cases": [monomial(x="1")]}
    verify(Certificate(problem, "upper", RLCT(Fraction(1, 2), 1), at_zero))
    off = {**at_zero, "at": {"x": "1", "y": "2"}}
    empty = {**off, "cases": [{"op": "monomial", "primal": {}, "dual": []}]}
    for step in (off, empty):
        with pytest.raises(CertificateError):
            verify(Certificate(problem, "upper", RLCT(Fraction(1, 2), 1), step))


@pytest.mark.parametrize("kind", ["lower", "exact"])
def test_a_value_at_a_point_bounds_above_only(kind):
    problem = LocalProblem.build("x*y^3", over="R^d")
    step = {"op": "point", "at": {"x": "0", "y": "2"}, "cases": [monomial(x="1")]}
    with pytest.raises(CertificateError, match="claimed"):
        verify(Certificate(problem, kind, RLCT(Fraction(1, 2), 1), step))


def test_a_point_outside_the_box_is_refused():
    problem = LocalProblem.build("x*(x - 3)", over={"x": (0, 1)})
    step = {"op": "point", "at": {"x": "3"}, "cases": [monomial(x="1")]}
    with pytest.raises(CertificateError, match="stratum"):
        verify(Certificate(problem, "upper", RLCT(Fraction(1, 2), 1), step))


def test_a_proof_about_a_box_is_none_about_a_line():
    certificate = rlct("(x - 2)^2*x", over={"x": (0, 1)}).certificate
    whole = replace(certificate.problem, over=((None, None),))
    with pytest.raises(CertificateError):
        verify(replace(certificate, problem=whole))


def test_no_step_skips_the_walls():
    problem = LocalProblem.build("x", over={"x": (1, 2)})
    with pytest.raises(CertificateError, match="intervals"):
        verify(Certificate(problem, "exact", RLCT(Fraction(1, 2), 1), monomial(x="1")))


# -- documents and questions ----------------------------------------------------------------------


def test_the_document_of_a_germ_has_no_new_field():
    assert "over" not in problem_to_json(LocalProblem.build("x^2 - y^3"))
    certificate = rlct("x*(x - 1)^2", over={"x": (0, 1)}).certificate
    assert Certificate.from_json(certificate.to_json()) == certificate
    assert certificate.to_json()["problem"]["over"] == {"x": ["0", "1"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": "R^3"}, "over: 'R\\^d' in 2 variables"),
        ({"over": {"z": (0, 1)}}, "unknown variable"),
        ({"over": {"x": (1, 0)}}, "low < high"),
        ({"over": {"x": 1}}, "an interval"),
        ({"over": "R^d", "at": {"x": 1}}, "neither a point nor a box"),
        ({"over": "R^d", "box": {"x": (0, 1)}}, "neither a point nor a box"),
    ],
)
def test_what_cannot_be_asked(options, message):
    with pytest.raises(BadInput, match=message):
        rlct("x*y", **options)


def test_a_loss_that_is_negative_somewhere_is_bad_input():
    with pytest.raises(BadInput, match="K >= 0 on the domain"):
        rlct("x^3 + y^2", over="R^d", convention="loss")
    assert rlct("x^3 + y^2", over={"x": (0, 1)}, convention="loss").exact
