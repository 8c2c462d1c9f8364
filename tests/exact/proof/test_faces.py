"""(λ, m) read off a polyhedron: the numbers of Brieskorn and Pham, and each part of the proof."""

from fractions import Fraction

import pytest
from proof_scripts import SIGN

from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.faces import check_newton

REAL = {"x": "nonzero", "y": "nonzero"}
FLAT = (Fraction(1), Fraction(1))


def brieskorn(p, q, **changes):
    """x^p + y^q with p, q even: definite, so 2λ = 1/p + 1/q of the square, halved."""
    proof = {
        "criterion": "definite",
        "primal": [f"1/{p}", f"1/{q}"],
        "dual": [[[p, 0], f"1/{p}"], [[0, q], f"1/{q}"]],
        "faces": [{"face": [[p, 0], [0, q]], "evidence": SIGN}],
    }
    return check_newton([parse(f"x^{p} + y^{q}")], (0, 0), FLAT, REAL, {**proof, **changes})


@pytest.mark.parametrize(("p", "q"), [(2, 2), (2, 4), (4, 6), (8, 2)])
def test_sums_of_even_powers(p, q):
    found = brieskorn(p, q)
    assert found.value == (Fraction(1, p) + Fraction(1, q)) / 2
    assert found.multiplicity == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"faces": []},
        {"primal": ["1/2", "1"]},
        {"dual": [[[2, 0], "1"]]},
        {"dual": [[[1, 1], "1/2"], [[0, 4], "1/4"]]},
        {"criterion": "none"},
        {"faces": [{"face": [[2, 0], [0, 4]], "evidence": {"kind": "sign", "index": 3}}]},
        {"faces": [{"face": [[2, 0], [1, 1]], "evidence": SIGN}]},
    ],
)
def test_a_proof_with_one_part_broken_is_refused(changes):
    with pytest.raises(CertificateError):
        brieskorn(2, 4, **changes)


def test_a_face_with_a_zero_on_its_torus_has_no_evidence_of_a_sign():
    with pytest.raises(CertificateError):
        check_newton(
            [parse("x^2 - y^2")],
            (0, 0),
            FLAT,
            REAL,
            {
                "criterion": "definite",
                "primal": ["1/2", "1/2"],
                "dual": [[[2, 0], "1/2"], [[0, 2], "1/2"]],
                "faces": [{"face": [[2, 0], [0, 2]], "evidence": SIGN}],
            },
        )


def test_the_monomial_factor_moves_the_polyhedron():
    """x²·(x² + y²): 2λ of K = ∏x^(2k)·f² with k = (1, 0) is the minimum with a + k."""
    proof = {
        "criterion": "definite",
        "primal": ["1/3", "1/3"],
        "dual": [[[2, 0], "1/3"]],
        "faces": [{"face": [[2, 0], [0, 2]], "evidence": SIGN}],
    }
    with pytest.raises(CertificateError):  # that optimum is another one
        check_newton([parse("x^2 + y^2")], (1, 0), FLAT, REAL, proof)
    proof |= {"dual": [[[2, 0], "0"], [[0, 2], "1/2"]], "primal": ["1/4", "3/8"]}
    with pytest.raises(CertificateError):
        check_newton([parse("x^2 + y^2")], (1, 0), FLAT, REAL, proof)
