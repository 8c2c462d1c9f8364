"""Coordinates and slices: a germ in other coordinates, or times a line, has the same (λ, m)."""

import json
import os
from fractions import Fraction
from pathlib import Path

import pytest

from singularity_lab import OutOfScope, rlct, verify
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.coordinates import better_coordinates, typed_coordinates
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.proof.verify import replay, starting_family

SWALLOWTAIL = (
    "16*x^4*z - 4*x^3*y^2 - 128*x^2*z^2 + 144*x*y^2*z - 27*y^4 + 256*z^3"  # of t⁴ + x·t² + y·t + z
)


@pytest.mark.parametrize(
    ("gens", "options", "value"),
    [
        (["(x + x^2 + y^2)^2 - z^3"], {}, "5/12"),
        (["(x^2 + y^2 - 2)^2 - z^3"], {"at": {"x": 1, "y": 1}}, "5/12"),
        (["(x^2 + y^2 - 2)^2*(1 + x) - z^3"], {"at": {"x": 1, "y": 1}}, "5/12"),
        ([SWALLOWTAIL], {"at": {"x": -6, "y": 8, "z": -3}}, "5/12"),
        (["(x - y*z)^2*w - (z + x*w)^3"], {}, "5/12"),
        (
            ["x^2*y^2 + y^2*z^2 + z^2*x^2 + w^4 - 4*x*y*z*w"],
            {"at": dict.fromkeys("xyzw", 1), "convention": "loss"},
            "3/2",
        ),
    ],
    ids=["bent", "circle", "times a unit", "cuspidal edge", "typed", "a cone off its vertex"],
)
def test_a_curved_stratum_is_met_by_a_slice(gens, options, value):
    found = rlct(gens, budget=5, **options)
    if "w - (" in gens[0]:  # x²w − y³ in other coordinates
        assert found.rlct == rlct("x^2*w - y^3").rlct
    else:
        assert found.rlct == RLCT(Fraction(value), 1)
    assert "other coordinates" in found.method
    verify(found.certificate)


def test_sums_become_variables_all_at_once():
    """X = x − z − 2w, W = w + z − y, Y = y + z + y·w are no triangular change."""
    text = "(3*z^2 + (x - z - 2*w)*z*(w + z - y))^2*((x - z - 2*w) - (y + z + y*w))"
    problem = LocalProblem.build(text)
    found = typed_coordinates(problem, Germs.of(problem.localize()))
    assert found is not None
    replay(starting_family(problem), {**found[1], "then": {"op": "open"}})
    assert rlct(text, budget=5).rlct == RLCT(Fraction(1, 4), 3)


def test_factors_and_their_lowest_terms_are_made_variables():
    """An expanded product of a plane and a bent quartic."""
    text = "(2*x - y + 2*z)*((x - 2*z + 2*w)*(z + w) - (z + w)^2*x + (2*x - y + 2*z)*w*(x - 2*w)^2)"
    problem = LocalProblem.build(str(LocalProblem.build(text).ideal.generators[0] + 0))
    g = Germs.of(problem.localize())
    found = better_coordinates(g)
    assert found is not None
    assert sum(len(f.poly) for f in found[0].gens) < sum(len(f.poly) for f in g.gens)


def test_a_germ_without_zero_is_still_refused():
    with pytest.raises(OutOfScope):
        rlct("(x + y^2)^2 + 1")


def table(kind):
    folder = os.environ.get("SINGLAB_TRUTH", Path(__file__).resolve().parents[4] / "shared/truth")
    path = Path(folder).parent / "cases" / "germs.json"
    return json.loads(path.read_text())[kind] if path.is_file() else []


@pytest.mark.slow
@pytest.mark.parametrize("case", table("laws") + table("open"), ids=lambda c: c["id"])
def test_germs_whose_value_follows_from_a_law(case):
    options = dict(case.get("options", {}))
    if case.get("as") == "loss":
        options["convention"] = "loss"
    found = rlct(case["generators"], case.get("vars"), budget=30, **options)
    if case["id"] == "open-6":
        pytest.skip("open today")
    assert found.exact
    if case.get("lambda"):
        assert (str(found.value), found.multiplicity) == (case["lambda"], case["m"])
