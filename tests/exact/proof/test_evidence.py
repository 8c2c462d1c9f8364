"""The checker of emptiness proofs: each kind proves what it says, and nothing altered passes."""

import copy

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.univariate import count_roots
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.evidence import check_no_zero, check_zero

TORUS = {"x": "nonzero", "y": "nonzero"}
PLANE = {"x": "real", "y": "real"}
QUADRANT = {"x": "positive", "y": "positive"}


def polys(*texts):
    return [parse(t, "x y") for t in texts]


SIGN0 = {"kind": "sign", "index": 0}

PROOFS = [
    # (polynomials, domain, evidence)
    (polys("x^3*y + x*y^3"), TORUS, SIGN0),
    (polys("1 + x^2*y^4"), PLANE, SIGN0),
    (polys("x + y"), QUADRANT, SIGN0),
    (polys("x^2 + x + 1"), PLANE, {"kind": "sturm", "index": 0}),
    (
        polys("x^2 + y^2 - 1", "x*y - 5"),
        PLANE,
        {
            "kind": "add",
            "multipliers": [[0, "x^2"], [1, "-x*y - 5"]],
            "then": {"kind": "sturm", "index": 2},
        },
    ),
    (
        polys("x^2 + x*y + y^2"),
        TORUS,
        {
            "kind": "squares",
            "index": 0,
            "squares": [["1", "x + 1/2*y"], ["3/4", "y"]],
            "then": {"kind": "sign", "index": 2},
        },
    ),
    (
        polys("x^2 - x*y + y^2 + x*y"),
        TORUS,
        SIGN0,
    ),
    (
        polys("(x^2 + 1)*(x + y)"),
        QUADRANT,
        {
            "kind": "factor",
            "index": 0,
            "factors": [["x^2 + 1", 1], ["x + y", 1]],
            "cases": [{"kind": "sign", "index": 1}, {"kind": "sign", "index": 1}],
        },
    ),
    (
        polys("x^2 + y^2 + 1 + x^4*y"),
        {"x": "real", "y": "nonnegative"},
        {"kind": "split", "variable": "x", "cases": {"+": SIGN0, "-": SIGN0, "0": SIGN0}},
    ),
    (
        polys("x^2 + x*y + y^2", "x - 5*y"),
        TORUS,
        {
            "kind": "torus",
            "variables": ["t"],
            "vectors": [[1, -1]],
            "images": ["t^2 + t + 1", "t - 5"],
            "then": {"kind": "sturm", "index": 0},
        },
    ),
    (
        polys("x^2 - x*y + y^2"),
        QUADRANT,
        {
            "kind": "roots",
            "variables": ["x", "y"],
            "then": {
                "kind": "squares",
                "index": 0,
                "squares": [["1", "x^2 - 1/2*y^2"], ["3/4", "y^2"]],
                "then": {"kind": "sign", "index": 2},
            },
        },
    ),
]


@pytest.mark.parametrize("case", PROOFS, ids=lambda case: f"{case[0][0]}-{case[2]['kind']}")
def test_good_proofs_pass(case):
    check_no_zero(*case)


FALSE = [
    ("x + y", TORUS, SIGN0),
    ("x^2 + y^2", PLANE, SIGN0),
    ("x^2*y - x^2*y^3", TORUS, SIGN0),
    ("0", TORUS, SIGN0),
    ("x", {"x": "nonnegative", "y": "real"}, SIGN0),
    ("x^2 - 2", PLANE, {"kind": "sturm", "index": 0}),
    ("x^2 + y^2", PLANE, {"kind": "sturm", "index": 0}),
    (
        "x - y",
        TORUS,
        {"kind": "add", "multipliers": [[0, "0"]], "then": {"kind": "sign", "index": 1}},
    ),
    (
        "(x - y)^2",
        TORUS,
        {
            "kind": "squares",
            "index": 0,
            "squares": [["-1", "y"], ["1", "x - y"]],
            "then": {"kind": "sign", "index": 1},
        },
    ),
    (
        "x^2 - y^2",
        TORUS,
        {
            "kind": "squares",
            "index": 0,
            "squares": [["1", "x"]],
            "then": {"kind": "sign", "index": 1},
        },
    ),
    (
        "(x - 1)*(y^2 + 1)",
        TORUS,
        {
            "kind": "factor",
            "index": 0,
            "factors": [["y^2 + 1", 1]],
            "cases": [{"kind": "sign", "index": 1}],
        },
    ),
    ("x + 1", TORUS, {"kind": "split", "variable": "x", "cases": {"+": SIGN0}}),
    ("x", PLANE, {"kind": "split", "variable": "x", "cases": {"+": SIGN0, "-": SIGN0}}),
    # t = x y takes both signs on the torus, so t + 1 has a zero
    (
        "x*y + 1",
        TORUS,
        {
            "kind": "torus",
            "variables": ["t"],
            "vectors": [[1, 1]],
            "images": ["t + 1"],
            "then": SIGN0,
        },
    ),
    # where x may be 0, x^a is no coordinate
    (
        "x",
        PLANE,
        {"kind": "torus", "variables": [], "vectors": [], "images": ["1"], "then": SIGN0},
    ),
    ("x + 1", PLANE, {"kind": "roots", "variables": ["x"], "then": SIGN0}),
    # 0 is the product of the factors 0 and, with ratio 0, of any others
    ("0", TORUS, {"kind": "factor", "index": 0, "factors": [["x", 1]], "cases": [SIGN0]}),
    ("x + y", TORUS, {"kind": "factor", "index": 0, "factors": [["0", 1]], "cases": [SIGN0]}),
    ("x*(x + y)", TORUS, {"kind": "factor", "index": 0, "factors": [["x", 1], ["x + y", 1]],
                          "cases": [{"kind": "sign", "index": 1}]}),
    # a new variable without its vector, one that is 0 somewhere, a polynomial without its image
    ("x + y", TORUS, {"kind": "torus", "variables": ["t", "u"], "vectors": [[1, -1]],
                      "images": ["t + 1"], "then": SIGN0}),
    ("y^2 - 1", {"x": "real", "y": "nonzero"}, {"kind": "torus", "variables": ["t"],
     "vectors": [[1, 0]], "images": ["t - t"], "then": SIGN0}),
    ("x + y", TORUS, {"kind": "torus", "variables": ["t"], "vectors": [[1, -1]],
                      "images": [], "then": SIGN0}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "domain", "evidence"), FALSE)
def test_false_claims_have_no_such_proof(text, domain, evidence):
    with pytest.raises(CertificateError):
        check_no_zero(polys(text), domain, evidence)


def places(node, path=()):
    """The paths of all leaves of a JSON document."""
    if isinstance(node, dict | list):
        items = node.items() if isinstance(node, dict) else enumerate(node)
        for key, child in items:
            yield from places(child, (*path, key))
    else:
        yield path


MEANINGLESS = [None, 99, -1, True, 1.5, "", "z", "x +", [], {}]


@pytest.mark.parametrize("case", PROOFS, ids=lambda case: f"{case[0][0]}-{case[2]['kind']}")
def test_malformed_evidence_is_an_error_of_its_own_kind(case):
    """Whatever stands in the document, the checker accepts a proof or raises CertificateError."""
    given_polys, domain, evidence = case
    for path in places(evidence):
        for value in MEANINGLESS:
            altered = copy.deepcopy(evidence)
            node = altered
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = value
            if path[-1] == "kind" or value in (None, "x +"):
                with pytest.raises(CertificateError):
                    check_no_zero(given_polys, domain, altered)
                continue
            try:
                check_no_zero(given_polys, domain, altered)
            except CertificateError:
                continue
    for document in (None, [], "sign", 3, {}):
        with pytest.raises(CertificateError):
            check_no_zero(given_polys, domain, document)


@given(
    st.lists(st.tuples(st.integers(-4, 4), st.integers(1, 3)), max_size=4),
    st.sampled_from([[1], [1, 0, 1], [3, 1, 1], [1, 0, 0, 0, 1]]),
)
def test_sturm_counts_planted_roots(roots, rootless):
    p = flint.fmpq_poly(rootless)
    for root, multiplicity in roots:
        p = p * flint.fmpq_poly([-root, 1]) ** multiplicity
    different = {r for r, _ in roots}
    assert count_roots(p, "real") == len(different)
    assert count_roots(p, "nonzero") == len(different - {0})
    assert count_roots(p, "positive") == len([r for r in different if r > 0])
    assert count_roots(p, "nonnegative") == len([r for r in different if r >= 0])


def test_zeros():
    point = {"kind": "point", "point": ["1", "1/2"]}
    check_zero(polys("x - 2*y", "x^2 - 4*y^2"), TORUS, point)
    with pytest.raises(CertificateError, match="does not vanish"):
        check_zero(polys("x - y"), TORUS, point)
    with pytest.raises(CertificateError, match="outside"):
        check_zero(polys("x"), TORUS, {"kind": "point", "point": ["0", "1"]})
    change = {"kind": "sign change", "points": [["1", "1"], ["2", "1"]]}
    check_zero(polys("x^2 - 2*y"), TORUS, change)
    # 1/x changes sign between −1 and 1 on the torus without a zero: so must the segment stay inside
    with pytest.raises(CertificateError, match="unknown kind"):
        check_zero(polys("x - 2*y"), TORUS, {**point, "kind": "somewhere"})
    with pytest.raises(CertificateError, match="rational"):
        check_zero(polys("x - 2*y"), TORUS, point, lambda p, at: 1)
    with pytest.raises(CertificateError, match="segment"):
        check_zero(polys("x"), TORUS, {"kind": "sign change", "points": [["1", "1"], ["-1", "1"]]})
    with pytest.raises(CertificateError, match="malformed"):
        check_zero(polys("x^2 - 2*y", "x - y"), TORUS, change)
    shared = {**change, "factor": "x^2 - 2*y"}
    check_zero(polys("(x^2 - 2*y)*x", "(x^2 - 2*y)*(y + 1)"), TORUS, shared)
    with pytest.raises(CertificateError, match="divide"):
        check_zero(polys("(x^2 - 2*y)*x", "y + 1"), TORUS, shared)
