"""Draws that are kept: against the exact covariances of a linear network, in the layout of ArviZ,
and restricted to parameters and examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from singularity_lab import llc, network_loss, rlct
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import measure
from singularity_lab.spectroscopes.draws import susceptibilities
from singularity_lab.spectroscopes.inference.diagnostics import split_r_hat

N, GAMMA = 24, 4.0


def linear(n: int = N, seed: int = 0):
    """Least squares y = x·w near the minimum: a network whose posterior is Gaussian."""
    torch.manual_seed(seed)
    net = nn.Linear(3, 1, bias=False)
    x = torch.randn(n, 3)
    y = x @ torch.tensor([[1.0], [-1.0], [0.5]]) + 0.3 * torch.randn(n, 1)
    with torch.no_grad():
        net.weight.copy_(torch.linalg.lstsq(x, y).solution.t())
    return net, x, y


def gaussian(x, residual, moving):
    """Cov(ℓ_i, ℓ_j) under exp(−nβL − γ|u|²/2) with the weights ``moving`` alone, in closed form:
    ℓ_i = (r_i − x_i·u)², u normal."""
    n = len(x)
    a = x[:, moving].double()
    nbeta = n / math.log(n)
    precision = 2 * nbeta / n * a.T @ a + GAMMA * torch.eye(len(moving), dtype=torch.float64)
    cov = torch.linalg.inv(precision)
    mean = cov @ (2 * nbeta / n * a.T @ residual)
    r = residual - a @ mean
    inner = a @ cov @ a.T
    return nbeta, (2 * inner**2 + 4 * r[:, None] * inner * r[None]).numpy()


SAMPLERS = {
    "llc-hmc": {"device": "llc-hmc", "chains": 16, "burn_in": 30, "draws": 80, "leapfrogs": 6},
    "sgld": {"device": "llc", "chains": 32, "burn_in": 500, "draws": 4000, "epsilon": 2e-3},
    "sgnht": {
        "device": "llc", "sampler": "sgnht", "chains": 32, "burn_in": 500, "draws": 4000,
        "epsilon": 1e-3,
    },
}  # fmt: skip


def covered(matrix, exact, level=0.95):
    low, high = matrix.intervals(level)
    return float(((low <= exact) & (exact <= high)).mean())


@pytest.mark.parametrize(
    "name", ["llc-hmc", *(pytest.param(k, marks=pytest.mark.slow) for k in ("sgld", "sgnht"))]
)
def test_influence_and_susceptibility_of_a_linear_network_are_exact(name):
    """On nine of ten entries the error bars (95 %) hold the closed form, by whatever sampler."""
    net, x, y = linear()
    residual = (y - net(x).detach()).double()[:, 0]
    settings = {"minibatch": True, "batch_size": 12} if name != "llc-hmc" else {}
    draws = {}
    for part, moving in (("weight", [0, 1, 2]), ("weight[0, :2]", [0, 1])):
        r = llc(
            net, (x, y), gamma=GAMMA, keep="losses", only=part, dtype=torch.float64,
            progress=False, **SAMPLERS[name], **settings,
        )  # fmt: skip
        assert r.ok
        draws[part] = r.draws
        nbeta, exact = gaussian(x, residual, moving)
        influence = r.draws.influence()
        assert influence.value.shape == (N, N)
        assert covered(influence, -exact) >= 0.9
        chi = -nbeta * (exact.mean(0) - exact.mean())
        assert covered(r.draws.susceptibility(), chi[None]) >= 0.9
        size = np.abs(exact).mean()
        assert np.abs(influence.value + exact).mean() < 0.25 * size
    both = susceptibilities(draws, parts={"first": range(12), "last": range(12, N)})
    assert both.rows == ("weight", "weight[0, :2]")
    assert both.columns == ("first", "last")
    assert np.allclose(both.value.sum(1), 0)  # the halves are all data


def kept():
    """A short run that keeps draws, of its data and of other data."""
    net, x, y = linear()
    other = {"held out": (torch.randn(7, 3), torch.randn(7, 1))}
    return llc(
        net, (x, y), gamma=GAMMA, keep="losses", device="llc-hmc", chains=8, burn_in=20, draws=40,
        leapfrogs=4, observe=other, progress=False,
    )  # fmt: skip


@pytest.mark.slow
def test_draws_in_the_layout_of_arviz():
    r = kept()
    tree = r.to_datatree()
    assert tree["posterior"].attrs["device"] == "llc-hmc"
    assert tree["log_likelihood"]["held out"].shape == (8, 40, 7)
    assert r.draws.influence(on="held out").value.shape == (N, 7)
    mean = tree["posterior"]["nbeta_excess"].mean()
    assert float(mean) == pytest.approx(r.estimate.value, rel=1e-6)
    with pytest.raises(BadInput, match="held out"):
        r.draws.influence(of="elsewhere")
    assert r.draws.influence().to_pandas().shape == (N * N, 4)


@pytest.mark.slow  # the import of arviz-stats
def test_the_tree_is_read_by_arviz():
    stats = pytest.importorskip("arviz_stats.base")
    values = kept().to_datatree()["posterior"]["nbeta_excess"].values
    assert float(stats.array_stats.rhat(values)) == pytest.approx(split_r_hat(values), abs=0.1)


def test_what_was_not_kept_is_said():
    net, x, y = linear()
    r = llc(net, (x, y), device="llc-hmc", chains=4, burn_in=10, draws=10, progress=False)
    with pytest.raises(BadInput, match="keep"):
        r.to_datatree()
    with pytest.raises(BadInput, match="keep"):
        llc(net, (x, y), keep="everything", progress=False, seconds=1)


def test_tokens_are_kept_one_by_one():
    torch.manual_seed(0)
    net = nn.Linear(3, 2, bias=False)
    x, y = torch.randn(5, 4, 3), torch.randn(5, 4, 2)
    each = lambda out, y: ((out - y) ** 2).sum(-1)  # noqa: E731
    loss = network_loss(net, (x, y), each, observe={"all": (x, y)}, tokens=True, batch_size=None)
    w = loss.center[None] + 0.1
    whole, tokens = loss.example_values(w), loss.observed["all"](w)
    assert tokens.shape == (1, 20)
    assert torch.allclose(tokens.reshape(1, 5, 4).sum(2), whole, rtol=1e-5)


# -- restricted readings


def test_a_slice_of_the_weights_reads_its_proved_coefficient():
    """y = a·b·x with a frozen at 1: K = (b − b*)², 1/2, where both together have 1/2 too and at 0
    a·b has (1/2, 2); a frozen at 0 leaves nothing."""
    assert str(rlct(["a*b - 2"], at={"a": 1, "b": 2}, freeze="a").rlct) == "(1/2, 1)"
    assert str(rlct(["a*b"], freeze={"a": 1}).rlct) == "(1/2, 1)"
    assert rlct(["a*b"], freeze={"a": 0}).value == 0
    assert str(rlct(["a*b", "a*c"], at={"a": 1}, freeze="a").rlct) == "(1, 1)"
    with pytest.raises(BadInput, match="at least one variable"):
        rlct(["a*b"], freeze=["a", "b"])
    with pytest.raises(BadInput, match="unknown variable"):
        rlct(["a*b"], freeze="c")


def test_a_restricted_network_reads_the_restricted_value():
    """2-2-1 without biases at zero rank but for one path: with the first layer frozen K is a
    quadric of rank 1, and 1/2 is proved; with the last column alone of the first layer 0."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False))
    with torch.no_grad():
        net[0].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
        net[1].weight.copy_(torch.tensor([[1.0, 0.0]]))
    x = torch.randn(200, 2)
    y = net(x).detach()
    # v·W − v*·W*: generators at the point, W = [[1+a, b], [c, d]], v = (1+e, f)
    ideal = ["(1+e)*(1+a) + f*c - 1", "(1+e)*b + f*d"]
    proved = rlct(ideal, freeze=["a", "b", "c", "d"]).value
    r = llc(net, (x, y), only="1", n=1e4, gamma=1.0, device="llc-hmc", chains=8, burn_in=120,
            draws=150, leapfrogs=6, dtype=torch.float64, progress=False)  # fmt: skip
    assert r.dim == 2
    assert r.ok
    assert r.estimate.value == pytest.approx(float(proved), rel=0.2)
    half = network_loss(net, (x, y), examples=range(100), freeze="1.weight")
    assert (half.dim, half.n_data) == (4, 100)
    for name in ("3.weight", "0.weight[5]", "0[1]"):
        with pytest.raises(BadInput, match="parameter"):
            network_loss(net, (x, y), only=name)
    with pytest.raises(BadInput, match="one of the two"):
        network_loss(net, (x, y), only="0", freeze="1")
    with pytest.raises(BadInput, match="examples"):
        network_loss(net, (x, y), examples=[201])
    loss = network_loss(net, (x, y), only="1", dtype=torch.float64)
    r = measure("llc", loss, seed=0, minibatch=True, n=1e4, gamma=10.0, chains=8, epsilon=None,
                burn_in=50, draws=100, keep="losses", kept=5)  # fmt: skip
    assert r.draws.losses["data"].shape == (8, 5, 200)
