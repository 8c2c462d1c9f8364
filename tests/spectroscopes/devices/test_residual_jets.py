"""Jets of maps known by their values: codimensions against exact ones, nonreduced schemes found
out, networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from singularity_lab import network_loss
from singularity_lab.catalog.formulas import aoyagi_2024
from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.devices.residual_jets import ResidualJets
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss


def jets(function, dim):
    return ResidualJets(function, torch.zeros(dim, dtype=torch.float64))


def test_the_series_is_that_of_the_composition():
    """f = x²y at x = t, y = 1 + 2t: t² + 2t³; and T is its derivative."""
    made = jets(lambda w: (w[0] ** 2 * w[1])[None], 2)
    jet = torch.tensor([[0.0, 1.0], [1.0, 2.0], [0.0, 0.0], [0.0, 0.0]], dtype=torch.float64)
    series = made.series(jet)
    assert torch.allclose(series, torch.tensor([0.0, 0.0, 1.0, 2.0]).double(), atol=1e-11)
    slope = torch.func.jacrev(made.series)(jet).reshape(4, -1)
    assert torch.allclose(slope, made.matrix(jet), atol=1e-10)


@pytest.mark.parametrize(("widths", "rank"), [((2, 1, 2), 0), ((3, 2, 3), 1)])
def test_two_layers_have_their_exact_codimensions(widths, rank):
    """min over ranks j of the first factor of (n₀ − j)(h − j) + n₂·j, with the regular part, times
    m + 1 (arcs of a matrix by invariant factors)."""
    n0, h, n2 = (n - rank for n in widths)
    regular = rank * (widths[0] + widths[2] - rank)
    exact = regular + min((n0 - j) * (h - j) + n2 * j for j in range(min(n0, h) + 1))
    loss = MatrixProductLoss.at_rank(list(widths), rank)
    made = ResidualJets(loss.residuals, loss.center.double())
    for order in range(2):
        best = made.search(order, starts=1, iterations=30)[0]
        assert best.confirmed
        assert best.codimension == exact * (order + 1)


def test_a_nonreduced_scheme_confirms_nothing():
    """x² = 0: the Jacobian vanishes on the solutions, which fill no plane. Its negative control, x
    = 0, is confirmed."""
    whole = jets(lambda w: w[:1] ** 2, 2).search(0, starts=3)
    assert not any(f.confirmed for f in whole)
    assert jets(lambda w: w[:1], 2).search(0, starts=1)[0].confirmed


@pytest.mark.parametrize("near", [0.1, 0.03])
def test_a_smooth_point_is_bounded_by_its_own_zeros_alone(near):
    """x(z − near) = y(z − near) = 0: at the origin the zeros are the line x = y = 0, so that λ = 1;
    the plane z = near, of codimension 1, is not of the origin however near it is."""
    made = jets(lambda w: w[:2] * (w[2] - near), 3)
    for order in range(3):
        found = made.search(order, starts=6)
        assert [(f.codimension, f.distance) for f in found] == [(2 * (order + 1), 0.0)]


def test_zeros_that_do_not_reach_a_singular_point_are_not_of_it():
    """Two of x, y, v vanish, or z = 0.1: at the origin, which is singular, the three planes x = y =
    0, … have codimension 2; the hyperplane z = 0.1, of codimension 1, is not of it."""
    near = 0.1

    def f(w):
        return torch.stack([w[0] * w[1], w[0] * w[3], w[1] * w[3]]) * (w[2] - near)

    for radius in (0.3, 0.03):
        found = [x for k in range(2) for x in jets(f, 4).search(0, starts=4, seed=k, radius=radius)]
        assert any(x.away for x in found) == (radius > near)
        assert all(x.codimension == 2 and x.distance < near / 5 for x in found if x.confirmed)
    assert any(x.confirmed for x in found)


def test_on_the_plane_itself_the_smaller_codimension_holds():
    """The negative control: at a point of the plane off the line λ = 1/2."""
    at = torch.tensor([0.2, 0.0, 0.1], dtype=torch.float64)
    found = ResidualJets(lambda w: w[:2] * (w[2] - 0.1), at).search(0, starts=2)
    assert [(f.codimension, f.distance) for f in found] == [(1, 0.0)]


@pytest.mark.parametrize(
    ("widths", "rank"), [((4,) * 5, 0), ((5,) * 4, 1), ((3, 4, 5, 4, 3), 0), ((6, 6, 6), 2)]
)
def test_no_bound_is_below_lambda_where_the_map_vanishes_to_a_high_order(widths, rank):
    """At the worst point of a product of L matrices, f has order L: a short step is not seen, and
    the point is not smooth. λ by Aoyagi 2024."""
    loss = MatrixProductLoss.at_rank(list(widths), rank)
    r = measure("jet", loss, seed=0, order=0, starts=3, iterations=40)
    truth = float(aoyagi_2024(widths, rank).value)
    assert truth <= r.lambda_.value <= 1.05 * truth
    assert all(x["distance"] > 0 for x in r.diagnostics["strata"])


def test_a_jet_whose_tangent_space_is_too_large_is_not_taken():
    """a·b with orders (1, 3) modulo t⁴ in two-dimensional a and b: tangent codimension 7, exact
    8."""
    loss = MatrixProductLoss.at_rank([2, 1, 2], 0)
    made = ResidualJets(loss.residuals, torch.zeros(4, dtype=torch.float64))
    jet = torch.zeros((4, 4), dtype=torch.float64)
    jet[1, :2], jet[3, 2:] = 1.0, 1.0
    count, _, keep = made.rank(jet)
    assert count == 7
    assert not made._straight(jet, keep, torch.Generator().manual_seed(0)) < 0.65


@pytest.mark.parametrize("dead", [True, False])
def test_a_network_is_read_by_its_outputs(dead):
    """Two tanh units, six parameters. With a dead unit f* needs a₂ = 0 and the other unit: J_0 has
    codimension 4, λ ≤ 2. Two equal units fill a line, a₁ + a₂ fixed, that is not reduced (rank 3,
    codimension 5): where anything is said it is not less than that."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 1, bias=False)).double()
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0], [-0.6 if dead else 1.0]]))
        net[0].bias.copy_(torch.tensor([0.3, 0.8 if dead else 0.3]))
        net[2].weight.copy_(torch.tensor([[1.0, 0.0 if dead else 1.0]]))
    x = torch.linspace(-2, 2, 20, dtype=torch.float64)[:, None]
    loss = network_loss(net, (x, net(x).detach()), dtype=torch.float64)
    r = measure("jet", loss, seed=0, order=0, starts=2, iterations=30)
    if dead:
        assert r.ok
        assert r.estimates["codim J_0"].value == 4
        assert (r.lambda_.low, r.lambda_.value) == (0.0, 2.0)
        assert "upper bound" in r.reason
    else:
        assert all(e.value >= 5 for name, e in r.estimates.items() if name.startswith("codim"))


@pytest.mark.slow
def test_a_thousand_parameters_are_bounded_to_one_percent():
    """18-18-18-18 at rank 0 has λ = 108 (Aoyagi 2024)."""
    loss = MatrixProductLoss.at_rank([18] * 4, 0)
    r = measure("jet", loss, seed=0, order=0, starts=2)
    assert 108 <= r.lambda_.value <= 109
