"""The annealing ladder: against log Z in closed form, λ of factorisations, chains in many
dimensions, and the outcomes of ladders that are too short or wrong.

Tolerances are shares of the true λ, fixed in advance.
"""

from __future__ import annotations

import math

import pytest
import torch

from singularity_lab.catalog.formulas import aoyagi_2024
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import FunctionLoss, Outcome, PolynomialLoss, measure
from singularity_lab.spectroscopes.devices.anneal import free_energy_difference
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from tests.spectroscopes.germs import brieskorn, crossing


@pytest.mark.parametrize(
    ("loss", "lam", "tolerance", "settings"),
    [
        (brieskorn(1, 1), 1.0, 0.03, {"particles": 32, "span": 25}),
        (crossing(1, 1), 1 / 2, 0.05, {"particles": 16, "span": 40}),
        (MatrixProductLoss.at_rank([2, 2, 2]), 3 / 2, 0.06, {"particles": 32}),
    ],
    ids=lambda x: getattr(x, "loss_id", ""),
)
def test_lambda_of_small_losses(loss, lam, tolerance, settings):
    r = measure("anneal", loss, seed=5, **settings)
    assert r.ok, r.reason
    assert r.lambda_.value == pytest.approx(lam, rel=tolerance)
    assert sum(r.multiplicity.values()) == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("widths", "rank", "tolerance"), [([3, 3, 3], 0, 0.01), ([5, 5, 5], 2, 0.01)]
)
def test_factorisations_within_a_hundredth(widths, rank, tolerance, seed):
    r = measure("anneal", MatrixProductLoss.at_rank(widths, rank), seed=seed)
    lam = float(aoyagi_2024(widths, rank).value)
    assert r.lambda_.value == pytest.approx(lam, rel=tolerance)
    assert r.lambda_.low < lam < r.lambda_.high


# -- negative controls


def test_a_short_ladder_says_that_it_identifies_nothing():
    r = measure("anneal", crossing(1, 1), seed=0, particles=16, span=3.0)
    assert r.outcome is Outcome.NOT_MIXED
    assert "not identifiable" in r.reason
    assert r.multiplicity is None
    assert "lambda" not in r.estimates


def test_a_hot_ladder_says_that_m_is_not_identifiable():
    """Many levels, all of them far above the temperature at which e^{−λx} sets in."""
    loss = MatrixProductLoss.at_rank([3, 3, 3])
    r = measure("anneal", loss, seed=0, particles=16, span=2.5, spacing=0.1)
    assert r.outcome is Outcome.NOT_MIXED
    assert r.multiplicity is None
    assert "not identifiable" in r.reason


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda w: w[:, 0] * math.nan, "finite|nan|NaN"),
        (lambda w: 0.0 * w[:, 0], "constant"),
        (lambda w: w[:, 0], "no minimum"),
    ],
)
def test_losses_that_break_the_rules(function, words):
    r = measure("anneal", FunctionLoss(function, 2), seed=0, particles=16)
    assert r.outcome is Outcome.BAD_LOSS
    assert any(w in r.reason for w in words.split("|"))


def test_a_budget_ends_the_ladder_with_its_word():
    r = measure("anneal", crossing(1, 1), seed=0, evaluations=20_000, particles=16)
    assert r.outcome is Outcome.BUDGET
    assert r.cost.evaluations + r.cost.gradients <= 20_000


def test_a_worse_singularity_within_reach_is_noticed():
    """K = w₁²(w₁ − 0.9)⁴ at 0: λ = 1/2 there, 1/4 at 0.9. The width is halved until the ladder
    reads the local one; one that was asked for stays, and the reading says that it is not about
    w*."""
    loss = FunctionLoss(lambda w: w[:, 0] ** 2 * (w[:, 0] - 0.9) ** 4, 1)
    settings = {"particles": 64, "span": 30.0}
    wide = measure("anneal", loss, seed=0, sigma=1.0, **settings)
    assert wide.outcome is Outcome.BIASED_TARGET
    assert "sigma" in wide.reason
    assert wide.lambda_.value < 0.3
    near = measure("anneal", loss, seed=0, sigma=1.0, shrinks=5, **settings)
    assert near.ok, near.reason
    assert near.diagnostics["sigma"] < 0.3
    assert near.lambda_.value == pytest.approx(0.5, rel=0.05)


def test_chains_are_not_asked_to_shrink():
    with pytest.raises(BadInput, match="shrinks"):
        measure("anneal", crossing(1, 1), seed=0, particles=1, shrinks=2)


# -- pieces


def test_free_energy_difference_of_two_neighbourhoods():
    """K = w² and K = 4w² around 0: log Z differs by log 2 at large β."""
    sharp = PolynomialLoss.from_exponents([([2], [(1,)])], loss_id="4w^2")
    a, b = (measure("anneal", k, seed=0, particles=32, span=12.0) for k in (crossing(1), sharp))
    e = free_energy_difference(a, b)
    assert e.low - 0.02 < math.log(2) < e.high + 0.02
    assert e.high - e.low < 0.5
    with pytest.raises(BadInput, match="sigma"):
        free_energy_difference(
            a, measure("anneal", sharp, seed=0, particles=16, sigma=0.5, span=10)
        )
    with pytest.raises(BadInput, match="log_beta"):
        free_energy_difference(a, b, 1e6)


@pytest.mark.slow
def test_equal_seeds_give_equal_readings_whatever_the_threads():
    found = []
    before = torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(measure("anneal", crossing(1, 1), seed=3, particles=16, span=12.0))
    torch.set_num_threads(before)
    assert found[0].fingerprint() == found[1].fingerprint()
    assert (
        found[0].fingerprint()
        != measure("anneal", crossing(1, 1), seed=4, particles=16, span=12.0).fingerprint()
    )


@pytest.mark.parametrize(
    ("loss", "settings", "cut"),
    [
        (crossing(1, 1), {"particles": 8, "span": 9.0}, 40_000),
        (
            MatrixProductLoss.random([6, 6, 6], seed=0),
            {"particles": 1, "replicates": 4, "trajectories": 6, "span": 9.0, "stiff": 8},
            1_500,
        ),
        (
            FunctionLoss(lambda w: w[:, 0] ** 2 * (w[:, 0] - 0.9) ** 4, 1, loss_id="two zeros"),
            {"particles": 32, "span": 20.0, "sigma": 1.0, "shrinks": 5},
            150_000,
        ),
    ],
    ids=["particles", "chains", "narrower"],
)
def test_a_continued_run_is_the_uninterrupted_one(tmp_path, loss, settings, cut):
    whole = measure("anneal", loss, seed=2, **settings)
    file = tmp_path / "run"
    part = measure(
        "anneal", loss, seed=2, evaluations=cut, checkpoint=file, checkpoint_every=0, **settings
    )
    assert part.outcome is Outcome.BUDGET
    assert part.diagnostics["x"]
    rest = measure("anneal", loss, seed=2, checkpoint=file, checkpoint_every=0, **settings)
    assert rest.fingerprint() == whole.fingerprint()


@pytest.mark.gpu
def test_the_same_code_runs_on_a_gpu():
    r = measure("anneal", MatrixProductLoss.at_rank([3, 3, 3]), seed=0, device="cuda", span=8.0)
    assert r.outcome is not Outcome.DIVERGED
    assert r.diagnostics["energy"][-1] > 2.5


def test_its_plot_has_the_energy_and_lambda():
    r = measure("anneal", crossing(1, 1), seed=0, particles=16, span=16.0)
    ax = r.plot()
    assert len(ax.lines) == 3
    empty = measure("anneal", crossing(1, 1), seed=0, evaluations=2000, particles=16)
    with pytest.raises(BadInput, match="no ladder"):
        empty.plot()


@pytest.mark.parametrize("evaluations", [1e5, 5e5])
def test_wherever_a_budget_ends_a_ladder_the_reading_is_near_or_none(evaluations):
    """Also within the moves of a level, of which the columns of the curve then know nothing; and
    log Z is never read as λ."""
    for loss, lam in ((crossing(1, 1), 0.5), (MatrixProductLoss.at_rank([2, 2, 2]), 1.5)):
        r = measure("anneal", loss, seed=0, particles=16, evaluations=evaluations)
        assert len(r.diagnostics["x"]) == len(r.diagnostics["acceptance"])
        assert "lambda" in r.estimates or not r.estimates
        if r.estimates:
            assert r.estimate.value == pytest.approx(lam, rel=0.25)
