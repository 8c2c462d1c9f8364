"""Formulas of papers, against the truth tables (values collected from the papers and from authors'
code)."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.formulas import aoyagi_2024, aoyagi_watanabe_2005, claims_for


@pytest.fixture(scope="module")
def literature(truth_tables):
    return json.loads((truth_tables / "literature.json").read_text())


def family(rows, name):
    found = [r for r in rows if r["family"] == name]
    assert found
    return found


def pair(row) -> RLCT:
    return RLCT(Fraction(row["lambda"]), row["m"])


def only(claims):
    (claim,) = claims
    return claim


def test_reduced_rank_regression(literature):
    for row in family(literature, "reduced_rank_regression"):
        p = row["params"]
        assert aoyagi_watanabe_2005(p["M"], p["N"], p["H"], p["r"]) == pair(row)


def test_deep_linear(literature):
    for row in family(literature, "deep_linear"):
        assert aoyagi_2024(row["params"]["widths"], row["params"]["r"]) == pair(row)


def test_tanh(literature):
    tested = 0
    for row in family(literature, "vandermonde_1input"):
        p = row["params"]
        parameters = dict(
            inputs=1, outputs=p["outputs"], hidden=p["H"], step=p["Q"], first=1, true_units=0
        )
        for claim in claims_for("vandermonde", parameters, "origin"):
            assert RLCT(claim.fraction, claim.multiplicity) == pair(row)
            tested += 1
    assert tested >= 4


def test_naive_bayes(literature):
    names = {"indep": "independent", "pair": "pair", "regular": "generic"}
    tested = 0
    for row in family(literature, "naive_bayes_binary_2class"):
        n, point = row["params"]["n"], row["params"]["point"]
        truth = "pair" if n == 2 else names[point]
        parameters = dict(sizes=[2] * n, classes=2, truth=truth)
        for claim in claims_for("latent_class", parameters, "vanishing"):
            assert RLCT(claim.fraction, claim.multiplicity) == pair(row)
            tested += 1
    assert tested >= 8


def test_normal_crossings(literature):
    for row in family(literature, "normal_crossing"):
        k = [e // 2 for e in row["params"]["k"]]
        parameters = dict(exponents=k, prior=row["params"]["prior_exponents"])
        claim = only(claims_for("normal_crossing", parameters, "origin"))
        assert RLCT(claim.fraction, claim.multiplicity) == pair(row)


def test_powers(literature):
    for row in family(literature, "ideal_of_powers"):
        a = row["params"]["a"]
        rows = [[a[i] * (i == j) for j in range(len(a))] for i in range(len(a))]
        claim = only(claims_for("monomial_ideal", dict(exponents=rows, prior=None), "origin"))
        assert claim.quantity == "lct"
        assert claim.fraction == 2 * pair(row).value


def test_simple_curves(literature):
    tested = 0
    for row in family(literature, "ade_curve_squared"):
        p = row["params"]
        parameters = dict(type=p["type"], k=p["k"], variables=2, sign=1)
        for claim in claims_for("ade", parameters, "origin"):
            assert claim.fraction == pair(row).value
            tested += 1
    assert tested >= 5


def test_arrangements(literature):
    for row in family(literature, "hyperplane_arrangement_squared"):
        p = row["params"]
        parameters = dict(normals=p["normals"], multiplicities=p["mult"])
        claim = only(claims_for("arrangement", parameters, "origin"))
        assert claim.fraction == 2 * pair(row).value


def test_reflection_arrangements(literature):
    tested = 0
    for row in family(literature, "coxeter_arrangement_squared"):
        type, rank = row["params"]["type"][0], int(row["params"]["type"][1:])
        if type in "ABD":
            claim = only(claims_for("coxeter", dict(type=type, rank=rank), "origin"))
            assert claim.fraction == 2 * pair(row).value
            tested += 1
    assert tested >= 2


def test_minors(literature):
    for row in family(literature, "determinantal_ideal"):
        p = row["params"]
        parameters = dict(rows=p["m"], columns=p["n"], size=p["r"])
        claim = only(claims_for("generic_minors", parameters, "origin"))
        assert claim.fraction == 2 * pair(row).value


def test_latent_dirichlet_at_the_uniform_matrix(literature):
    for row in family(literature, "lda"):
        p = row["params"]
        if p["r"] == 0:
            parameters = dict(rows=p["M"], columns=p["N"], factors=p["H"])
            claim = only(claims_for("stochastic_factorisation", parameters, "uniform"))
            assert RLCT(claim.fraction, claim.multiplicity) == pair(row)


def test_location_mixtures_on_the_line(literature):
    tested = 0
    for row in family(literature, "location_mixture"):
        p = row["params"]
        if p.get("N") == 1 and p.get("r") == 1 and "model" not in p:
            parameters = dict(components=p["H"], dimension=1, signed=False)
            claim = only(claims_for("gaussian_mixture", parameters, "vanishing"))
            assert claim.fraction == pair(row).value
            tested += 1
    assert tested


def test_branches_and_factorisations(literature):
    for row in family(literature, "plane_branch"):
        assert row["params"]["semigroup"] == [4, 6, 13]
        parameters = dict(exponents=[[3, 2], [7, 4]])
        claim = only(claims_for("plane_branch", parameters, "origin"))
        assert claim.fraction == 2 * pair(row).value
    for row in family(literature, "nmf"):
        p = row["params"]
        if p["H0"] == 0:
            parameters = dict(rows=p["M"], columns=p["N"], factors=p["H"], rank=0)
            claim = only(claims_for("nonnegative_factorisation", parameters, "diagonal"))
            assert claim.fraction == pair(row).value


def test_a_formula_is_silent_where_its_theorem_is():
    full = dict(inputs=2, outputs=2, hidden=2, rank=0)
    assert claims_for("reduced_rank_regression", full, "a1b0") == []
    assert claims_for("brieskorn_pham", dict(exponents=[2, 2], signs=None), "origin") == []
    assert claims_for("quadratic_network", {}, "origin") == []
