"""The annealing ladder: against log Z in closed form, λ of factorisations, chains in many
dimensions, and the outcomes of ladders that are too short or wrong.

Tolerances are shares of the true λ, fixed in advance.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from singularity_lab.catalog.formulas import aoyagi_2024
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Domain, FunctionLoss, Outcome, PolynomialLoss, measure
from singularity_lab.spectroscopes.devices.anneal import free_energy_difference, sample
from singularity_lab.spectroscopes.devices.ladder import Settings, resolved_settings
from singularity_lab.spectroscopes.inference.heat_capacity import heat_capacity, plateau
from singularity_lab.spectroscopes.kernels import gibbs, hmc
from singularity_lab.spectroscopes.kernels.localised import Localised
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss
from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import brieskorn, crossing, cusp


def log_z_of_three_by_three(beta: float) -> float:
    """log Z(β) of K = ‖AB‖², A and B 3×3, under independent standard normals.

    Integrating B out leaves E det(1 + 2βAᵀA)^{−3/2}; the eigenvalues of AᵀA have the density
    ∏ l^{−1/2} e^{−l/2} ∏_{i<j} |l_i − l_j| (Muirhead 1982, Theorem 3.2.18).
    """
    t = np.linspace(-60, math.log(80), 1500)
    s = np.exp(t)

    def integral(b: float) -> float:
        w = np.exp(-s / 2) * np.sqrt(s) * (1 + 2 * b * s) ** -1.5

        def below(p):
            return np.cumsum(w * s**p) - w * s**p

        def above(p):
            return (w * s**p).sum() - np.cumsum(w * s**p)

        terms = above(2) * s * below(0) - above(2) * below(1) - above(1) * s**2 * below(0)
        terms += s**2 * below(1) * above(0) + above(1) * below(2) - s * below(2) * above(0)
        return float((w * terms).sum())

    return math.log(integral(beta) / integral(0.0))


def test_log_z_and_energies_are_those_of_the_closed_form():
    r = measure("anneal", MatrixProductLoss.at_rank([3, 3, 3]), seed=0, particles=32, span=12.0)
    d = r.diagnostics
    assert d["quadratic_blocks"] == [9, 9]
    for k in range(4, len(d["x"]), 6):
        exact = log_z_of_three_by_three(math.exp(d["x"][k]))
        assert d["log_z"][k] == pytest.approx(exact, abs=4 * d["log_z_error"][k] + 0.02)
    k, h = len(d["x"]) - 1, 0.05
    x = d["x"][k]
    slope = log_z_of_three_by_three(math.exp(x - h)) - log_z_of_three_by_three(math.exp(x + h))
    assert d["energy"][k] == pytest.approx(slope / (2 * h), abs=4 * d["energy_error"][k])


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


@pytest.mark.slow
def test_chains_read_a_generic_point_in_many_dimensions():
    loss = MatrixProductLoss.random([14, 14, 14], seed=1)
    r = measure("anneal", loss, seed=0, particles=1, trajectories=12, replicates=6)
    assert r.ok, r.reason
    assert r.lambda_.value == pytest.approx(14 * 14 / 2, rel=0.05)
    assert r.multiplicity is None
    assert "not identifiable" in r.reason


def test_chains_read_a_point_of_least_rank():
    """Stiff directions of the regular part, found beforehand, beside a singular rest."""
    loss = MatrixProductLoss.random([12, 12, 12], 2, seed=2)
    r = measure("anneal", loss, seed=0, particles=1, sigma=0.2, trajectories=12, replicates=6)
    lam = float(aoyagi_2024([12, 12, 12], 2).value)
    assert r.diagnostics["stiff_directions"] > 0
    assert r.lambda_.value == pytest.approx(lam, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("widths", "rank", "settings"),
    [
        ([22, 22, 22], None, {}),
        ([22, 22, 22], 5, {"sigma": 0.2}),
        (
            [58, 58, 58, 58],
            None,
            {"replicates": 8, "trajectories": 48, "leapfrogs": 24, "stiff": 0},
        ),
    ],
)
def test_deep_linear_networks_within_a_twentieth_of_local_truth(widths, rank, settings):
    r = measure("anneal", MatrixProductLoss.random(widths, rank, seed=1), seed=0, **settings)
    lam = float(aoyagi_2024(widths, min(widths) if rank is None else rank).value)
    assert r.lambda_.value == pytest.approx(lam, rel=0.05)


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


def test_a_short_ladder_of_chains_is_not_ok():
    loss = MatrixProductLoss.random([14, 14, 14], seed=1)
    r = measure("anneal", loss, seed=0, particles=1, trajectories=6, replicates=4, span=5.0,
                spacing=0.25)  # fmt: skip
    assert r.outcome is Outcome.NOT_MIXED


def test_moves_of_the_wrong_law_are_found_out():
    """The check above can fail: a dilation without its Jacobian shifts the energy."""
    loss = MatrixProductLoss.at_rank([2, 2, 2])
    meter = Meter(loss, Budget())
    law = Localised(meter, 1.0, torch.device("cpu"))
    g = torch.Generator().manual_seed(0)

    def radius(broken: bool) -> float:
        u = law.draw(2048, g)
        state = gibbs.State(u, law.value(u), law.prior(u))
        moves = gibbs.init(8, 16, 1e-3, 2.0)
        jacobian = gibbs._propose

        def without(*arguments):
            v, _ = jacobian(*arguments)
            return v, 0.0

        gibbs._propose = without if broken else jacobian
        try:
            for _ in range(30):
                gibbs.step(state, moves, "dilate", law, 0.0, g)
        finally:
            gibbs._propose = jacobian
        return float(state.position.square().mean())

    assert radius(broken=False) == pytest.approx(1.0, abs=0.05)
    assert abs(radius(broken=True) - 1.0) > 0.2


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


@pytest.mark.parametrize(
    "settings", [{"sigma": -1}, {"particles": 5}, {"replicates": 1}, {"ess": 2}, {"unknown": 1}]
)
def test_bad_settings_are_named(settings):
    with pytest.raises(BadInput):
        measure("anneal", crossing(1, 1), seed=0, **settings)


# -- pieces


@pytest.mark.parametrize("family", [*gibbs.FAMILIES, "heat bath", "trajectories"])
def test_every_move_keeps_the_law(family):
    """K = (w₁² + … + w₄²)/2 and a standard normal prior: at β = 3 the variance is 1/4."""
    half = 0.5**0.5
    rows = [tuple(int(i == j) for j in range(4)) for i in range(4)]
    loss = PolynomialLoss.from_exponents([([half], [row]) for row in rows])
    law = Localised(Meter(loss, Budget()), 1.0, torch.device("cpu"))
    g = torch.Generator().manual_seed(1)
    u = 0.5 * torch.randn((4096, 4), generator=g, dtype=torch.float64)
    state = gibbs.State(u, law.value(u), law.prior(u))
    moves, steps = gibbs.init(4, 16, 1e-3, 2.0, [[0, 1]]), hmc.steps(0.05, 1.0, 5)
    for _ in range(40):
        if family == "heat bath":
            block = torch.tensor([0, 2])
            gibbs.heat_bath(state, block, law, 3.0, law.target(3.0), 1.0, g)
        elif family == "trajectories":
            chain = hmc.step(hmc.init(state.position, law.target(3.0)), steps, law.target(3.0), g)
            state = gibbs.State(chain.position, chain.value, law.prior(chain.position))
        else:
            gibbs.step(state, moves, family, law, 3.0, g)
    # 16384 coordinates: standard error of the variance 0.0028
    assert float(state.position.square().mean()) == pytest.approx(0.25, abs=0.012)


def test_quadratic_blocks_are_found_and_nothing_else():
    def blocks(loss, known=()):
        law = Localised(Meter(loss, Budget()), 1.0, torch.device("cpu"))
        points = law.draw(8, torch.Generator().manual_seed(0))
        found = gibbs.quadratic_blocks(law, points, range(loss.dim), known)
        return [b.tolist() for b in found]

    assert blocks(crossing(1, 1)) == [[0], [1]]
    assert blocks(cusp()) == []
    assert blocks(crossing(2, 1)) == [[1]]
    product = MatrixProductLoss.at_rank([2, 2, 2])
    assert blocks(product) == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert blocks(product, [[4, 5, 6, 7]]) == [[4, 5, 6, 7], [0, 1, 2, 3]]


def test_walls_and_prior_exponents_belong_to_the_law():
    """K = w² on w ≥ 0 with the prior w: λ = 1 (Watanabe 2009, Theorem 2.3 with h = 1)."""
    loss = crossing(1, domain=Domain.orthant(1), prior_exponents=[1.0])
    r = measure("anneal", loss, seed=0, particles=32, span=20.0)
    assert r.lambda_.value == pytest.approx(1.0, rel=0.04)


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


def test_heat_capacity_reads_a_logarithm():
    x = np.linspace(2, 40, 60)[:, None]
    g = np.random.default_rng(0)
    energy = 0.5 - 2 / (x + 3) + 1e-4 * g.normal(size=(60, 8))
    variance = energy - 2 / (x + 3) ** 2
    a, error, _ = heat_capacity(x[:, 0], energy, variance)
    assert a == pytest.approx(2.0, abs=0.1)
    assert error < 0.1


def test_a_lagging_end_does_not_move_the_plateau():
    x = np.arange(0, 16, 0.5)
    rising = 100 - 90 * np.exp(-0.5 * x) + 0.5 * np.exp(np.clip(x - 11, 0, None))
    g = np.random.default_rng(0)
    found, _ = plateau(x, rising[:, None] + 0.3 * g.normal(size=(32, 8)), 0.9)
    assert found.value == pytest.approx(100, rel=0.02)


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
    ],
    ids=["particles", "chains"],
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
    r = measure("anneal", crossing(1, 1), seed=0, particles=8, span=9.0)
    ax = r.plot()
    assert len(ax.lines) == 3
    empty = measure("anneal", crossing(1, 1), seed=0, evaluations=2000, particles=16)
    with pytest.raises(BadInput, match="no ladder"):
        empty.plot()


def test_defaults_depend_on_the_dimension():
    assert (
        resolved_settings(Settings(), MatrixProductLoss.random([30, 30, 30], seed=0)).particles == 1
    )
    assert resolved_settings(Settings(), crossing(1, 1)).particles > 1
    s = resolved_settings(Settings(sigma=0.1), MatrixProductLoss.random([30, 30, 30], seed=0))
    assert s.sigma == 0.1
    assert callable(sample)


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
