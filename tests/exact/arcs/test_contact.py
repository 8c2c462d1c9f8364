"""Contact loci from charts: against the strata of arcs, the truth table, products and priors."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from proof_scripts import OPEN, claim, germ, leaf

from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.arcs.contact import contact_loci
from singularity_lab.exact.arcs.jets import jets
from singularity_lab.exact.engine.solve import rlct

IDEALS = [
    "x^2 - y^3",
    "x^2*y",
    "x^2 - y^2*z",
    "x^3 + y^3 + z^3",
    "x^2 + y^2 + z^2",
    "y*(x^2 + y^2 + z^2)^2",
    ["y^2 - x*z", "x^2*y - z^2", "x^3 - y*z"],
    "(y^2 - x^3)^2 - x^5*y",
    "x*y*(x + y)",
    "x^4 + y^4",
    ["a*c + b*e", "a*d + b*f"],
    ["a*e - b*d", "a*f - c*d", "b*f - c*e"],
    "(x^2 - 2*y^2)^2",
    "x^2*y^2 + z^3",
    "x^2 + y^3 + z^5",
    ["x*y", "z*w + z^2"],
]


@pytest.mark.parametrize("field", ["R", "C"])
@pytest.mark.parametrize("generators", IDEALS, ids=str)
def test_charts_and_strata_agree(generators, field) -> None:
    """Two ways to one number: the engine's charts, and the orders of arcs in the torus."""
    if field == "C" and generators == "y*(x^2 + y^2 + z^2)^2":
        pytest.skip("nondegenerate over R only")
    order = 7 if isinstance(generators, str) or len(generators) < 3 else 4
    loci = contact_loci(generators, order, field=field, budget=10)
    assert all(loci.decided)
    assert loci.codimensions == jets(generators, order, field=field).codimensions


def test_truth_table(truth_tables) -> None:
    rows = json.loads((truth_tables / "jets.json").read_text())
    seen = 0
    for row in rows:
        if "milnor" in row or "polynomial" not in row:
            continue
        f = parse(row["polynomial"].replace("**", "^"), row["vars"])
        try:
            loci = contact_loci(f, 6, field="C", budget=10)
        except Undecided:
            continue
        n = len(row["vars"])
        for m, dimension in enumerate(row["dim_Jm"][:7]):
            codimension = n * (m + 1) - dimension
            low, high = loci.lower[m], loci.upper[m]
            assert low is not None
            assert low <= codimension
            assert high is None or codimension <= high
            seen += loci.decided[m]
    assert seen >= 60


def test_the_minimum_is_twice_lambda() -> None:
    for f in ("x^2 - y^3", "y*(x^2 + y^2 + z^2)^2", "x^2*y^3"):
        assert contact_loci(f, 9).minimum == 2 * rlct(f).value


def test_a_prior_adds_to_the_codimension() -> None:
    """Σ (h + 1)·v: with |x|^2 on the line, {ord x ≥ p} has codimension 3p."""
    loci = contact_loci(LocalProblem.build("x", prior={"x": 2}), 4)
    assert loci.codimensions == (3, 6, 9, 12, 15)
    half = contact_loci(LocalProblem.build("x", prior={"x": "-1/2"}), 2)
    assert half.codimensions == (Fraction(1, 2), 1, Fraction(3, 2))


def test_bounds_where_the_engine_stops() -> None:
    """A certificate of a bound: lower ≤ upper, and nothing is called decided without proof."""
    loci = contact_loci("((x^2 - 2*y^2)^2 - 3*y^5)^2 + x^13", 4, budget=5)
    for low, high in zip(loci.lower, loci.upper, strict=True):
        assert low is not None
        assert high is None or low <= high
    assert not all(loci.decided)


def test_real_proofs_are_not_used_over_c() -> None:
    with pytest.raises(Undecided, match="over C"):
        contact_loci("y*(x^2 + y^2 + z^2)^2", 3, field="C")


def test_bad_input() -> None:
    with pytest.raises(BadInput, match="field"):
        contact_loci("x", field="Q")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="order"):
        contact_loci("x", -1)
    with pytest.raises(OutOfScope):
        contact_loci("0*x", variables="x")


def test_text_json_and_picture() -> None:
    import matplotlib.pyplot as plt

    loci = contact_loci("x^2 - y^3", 5)
    assert json.loads(json.dumps(loci.to_json()))["lower"] == ["1", "2", "3", "4", "5", "5"]
    assert "codim {ord >= 6} = 5" in str(loci)
    assert loci.plot().get_xlabel() == "m + 1"
    plt.close("all")


@pytest.mark.parametrize(
    ("generators", "field", "options", "first"),
    [
        (["x + z^2", "y"], "R", {}, 2),
        (["x + z^2", "y", "x*y"], "C", {}, 2),
        ("x^2 + y^2", "R", {}, 2),
        ("(x^2 + y^2)*z", "R", {}, 1),
        ("x*y", "R", {"prior": {"x": 1}}, 1),
    ],
)
def test_the_first_order_by_hand(generators, field, options, first) -> None:
    """ord ≥ 1 is the fibre over the zero set, whose least codimension is known."""
    problem = LocalProblem.build(generators, **options)
    loci = contact_loci(problem, 4, field=field, budget=10)
    known = [c for c in loci.codimensions if c is not None]
    assert known == sorted(known)
    assert loci.codimensions[0] == first


def test_all_orders_stand_in_the_table_of_a_notebook() -> None:
    loci = contact_loci("x^2 - y^3", 6)
    shown = loci._repr_html_()
    assert all(f"ord ≥ {p}" in shown for p in range(1, 7))
    assert loci.order == 6
    with pytest.raises(OutOfScope, match="over: a germ at one point"):
        contact_loci(LocalProblem.build("x", over="R^d"), 2)


BOTH = leaf({"x": "1", "y": "1"}, [(0, "1"), (1, "1")])
HALVES = leaf({"x": "1/2", "y": "1/2"}, [(0, "1/2"), (1, "1/2")])
DISC = germ("x^2 + y^2")
SQUARES = {"op": "squares", "squares": [[["1", "x"], ["1", "y"]]], "cases": [BOTH]}
SPLIT = {"op": "generators", "do": [["split", 0]], "then": HALVES}


@pytest.mark.parametrize(
    ("certificate", "codimensions"),
    [
        (claim(DISC, SQUARES, "1/2"), (2, 2, 4, 4)),  # ord f ≥ p is ord x, ord y ≥ p/2
        (claim(DISC, SPLIT, "1/2"), (2, 2, 4, 4)),
        (claim(germ("x", "y"), {"op": "both", "cases": [BOTH, OPEN]}, 1), (2, 4, 6, 8)),
        (
            claim(germ("x + y^2", "y"), {"op": "rank", "gens": [0, 1], "vars": ["x", "y"]}, 1),
            (2, 4, 6, 8),
        ),
    ],
)
def test_proofs_by_hand_have_the_loci_of_their_germs(certificate, codimensions) -> None:
    found = contact_loci(certificate, 4)
    assert found.codimensions[:4] == codimensions


@pytest.mark.parametrize("step", [SQUARES, SPLIT])
def test_what_holds_for_real_points_says_nothing_over_c(step) -> None:
    with pytest.raises(Undecided, match="over R they are known"):
        contact_loci(claim(DISC, step, "1/2"), 4, field="C")


def test_a_bound_on_one_side_bounds_one_side() -> None:
    primal, dual = {"x": "1/2", "y": "1/3"}, [[0, "1/3"], [1, "1/2"]]
    terms = {"op": "terms", "primal": primal, "dual": dual}
    above = contact_loci(claim(germ("x^2 - y^3"), terms, "5/12", kind="upper"), 4)
    assert above.upper[:4] == (2, 2, 3, 4)
    assert above.codimensions == (None,) * 5
    fewer = {"op": "subideal", "keep": [0, 1], "cases": [HALVES]}
    below = contact_loci(claim(germ("x^2", "y^2", "x*y"), fewer, "1/2", kind="lower"), 4)
    assert below.lower[:4] == (2, 2, 4, 4)
    assert below.upper == (None,) * 5


@pytest.mark.parametrize(
    ("text", "options", "error", "match"),
    [
        ("x*y", {"over": "R^d"}, OutOfScope, "not over a domain"),
        ("x^2 + y^2", {"convention": "loss"}, BadInput, "an ideal is needed"),
        ("x - x", {}, OutOfScope, "the zero ideal"),
        ("x^2 - 2", {"at": {"x": "sqrt(2)"}}, OutOfScope, "rational coordinates"),
    ],
)
def test_certificates_without_contact_loci(text, options, error, match) -> None:
    with pytest.raises(error, match=match):
        contact_loci(rlct(text, **options).certificate, 3)
