"""Numerical jets: dimensions against Singular's (truth table), the exact arm, real against complex,
and bounds of λ."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
import torch

from singularity_lab.catalog.loss import loss
from singularity_lab.errors import BadInput
from singularity_lab.models import build
from singularity_lab.spectroscopes import Domain, FunctionLoss, Outcome, measure
from singularity_lab.spectroscopes.devices.jet import Equations, JetSettings, search
from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import brieskorn, crossing, cusp

ORDER = 4


def codimensions(reading):
    names = [n for n in reading.estimates if n.startswith("codim")]
    return [int(reading.estimates[n].value) for n in names]


@pytest.mark.parametrize(
    "name", ["x2y", "cusp", "E8c", "xyz", "A2s", "D4s", "P8cone"]
)  # real jets as large as complex ones
def test_dimensions_are_those_of_the_truth_table(truth_tables, name):
    rows = {r["id"]: r for r in json.loads((truth_tables / "jets.json").read_text())}
    row = rows[f"jets_{name}"]
    d = len(row["vars"])
    r = measure("jet", loss(row["polynomial"], variables=row["vars"]), seed=0, order=ORDER)
    dims = [d * (m + 1) - c for m, c in enumerate(codimensions(r))]
    assert dims == row["dim_Jm"][: ORDER + 1]


def test_real_jets_of_a_definite_form_are_fewer_than_complex_ones():
    """x⁴ + y⁴ + z⁴: its real jets of order 3 have all w_0 = 0; over ℂ there is a cone of them."""
    r = measure("jet", loss("x^4 + y^4 + z^4"), seed=0, order=3)
    assert codimensions(r) == [3, 3, 3, 3]
    assert r.lambda_.value == pytest.approx(3 / 8)


def test_regression_and_determinants():
    rrr = loss(build("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=0))
    r = measure("jet", rrr, seed=0, order=1)
    assert codimensions(r) == [3, 6]
    assert r.lambda_.value == pytest.approx(3 / 2)  # λ itself (Aoyagi, Watanabe 2005)
    r = measure("jet", loss("a*d - b*c"), seed=0, order=2)
    assert codimensions(r) == [1, 2, 3]
    assert r.lambda_.value == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    ("k", "lam"), [(cusp(), Fraction(5, 12)), (crossing(1, 2), Fraction(1, 4))]
)
def test_bounds_come_down_to_lambda_and_never_below(k, lam):
    r = measure("jet", k, seed=1, order=5)
    assert r.ok
    assert r.lambda_.value == pytest.approx(float(lam))
    assert all(row["bound"] > float(lam) - 1e-9 for row in r.diagnostics["strata"])
    assert (r.lambda_.low, r.lambda_.high) == (0.0, r.lambda_.value)


def test_a_loss_itself_is_not_squared():
    """K = x² + y⁴ as the loss: λ = 3/4, and jets of K have order 2q where those of f have q."""
    squares = brieskorn(1, 2)
    one = loss("x^2 + y^4", convention="loss")
    bounds = [measure("jet", k, seed=0, order=3).lambda_.value for k in (squares, one)]
    assert bounds[1] == pytest.approx(3 / 4)
    assert bounds[0] == pytest.approx(3 / 4)


def test_a_nonreduced_scheme_is_found_out_by_slices():
    """x² = 0 as a scheme has tangent dimension 1 in the plane's jets where the set has less."""
    meter = Meter(cusp(), Budget())
    found = search([{(2,): 1.0}], 1, 1, JetSettings(), meter, torch.Generator().manual_seed(0))
    assert found[0].dimension == 1  # x ≡ 0 mod t: one free coefficient
    assert found[0].codimension == 1


def test_the_jacobian_is_the_derivative():
    e = Equations([{(2, 1): 1.0, (0, 3): -2.0}, {(1, 1): 1.0, (0, 0): 0.5}], 2, 4)
    g = torch.Generator().manual_seed(0)
    w = torch.randn((1, 2, 4), generator=g, dtype=torch.float64)
    _, jacobian = e(w)
    for j in range(8):
        step = torch.zeros(8, dtype=torch.float64)
        step[j] = 1e-6
        up, _ = e(w + step.view(1, 2, 4))
        down, _ = e(w - step.view(1, 2, 4))
        torch.testing.assert_close((up - down)[0] / 2e-6, jacobian[0, :, j], rtol=1e-6, atol=1e-8)


def test_no_jets_where_the_loss_does_not_vanish():
    r = measure("jet", loss("x^2 + 1"), seed=0, order=1)
    assert r.outcome is Outcome.BAD_LOSS
    assert "lambda" not in r.estimates


def test_outcomes_and_bad_input():
    r = measure("jet", cusp(), seed=0, evaluations=2_000)
    assert r.outcome is Outcome.BUDGET
    with pytest.raises(BadInput, match="generators"):
        measure("jet", FunctionLoss(lambda w: w[:, 0] ** 2, 1), seed=0)
    with pytest.raises(BadInput, match="walls"):
        measure("jet", crossing(1, domain=Domain.orthant(1)), seed=0)
    with pytest.raises(BadInput, match="order"):
        measure("jet", cusp(), seed=0, order=-1)


def test_equal_seeds_equal_readings_and_a_plot():
    a, b = (measure("jet", cusp(), seed=7, order=2) for _ in range(2))
    assert a.fingerprint() == b.fingerprint()
    assert len(a.plot().lines) == 2
