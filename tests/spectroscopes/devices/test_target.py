"""The learning-coefficient estimator: its target by quadrature, the samplers against the target."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import Domain, FunctionLoss, Outcome, measure
from singularity_lab.spectroscopes.inference.diagnostics import (
    effective_sample_size,
    split_r_hat,
    target_by_quadrature,
)
from singularity_lab.spectroscopes.kernels import sgld
from singularity_lab.spectroscopes.meter import Budget, Meter
from tests.spectroscopes.germs import brieskorn, crossing, cusp

# nβE[K]/λ at n = 10³, 10⁴, 10⁶ and γ = 1, to two decimals: computed independently of this code.
TARGETS = [
    (crossing(1, 1), 1 / 2, (0.72, 0.78, 0.85)),
    (cusp(), 5 / 12, (0.87, 0.90, 0.94)),
    (crossing(1, 2), 1 / 4, (0.84, 0.90, 0.97)),
    (brieskorn(2, 3), 5 / 12, (0.96, 0.98, 1.00)),
]


@pytest.mark.parametrize(
    ("loss", "lam", "shares"), TARGETS, ids=lambda x: getattr(x, "loss_id", "")
)
def test_the_target_of_the_estimator_is_biased_as_tabulated(loss, lam, shares):
    for n, share in zip((1e3, 1e4, 1e6), shares, strict=True):
        assert target_by_quadrature(loss, n, 1.0) / lam == pytest.approx(share, abs=0.0051)


def test_strong_localisation_hides_the_singularity():
    """γ = 100 at n = 10⁴: 0.13 of λ on w₁²w₂², 0.27 on w₁⁴ + w₂⁶."""
    for loss, lam, share in ((crossing(1, 1), 0.5, 0.13), (brieskorn(2, 3), 5 / 12, 0.265)):
        assert target_by_quadrature(loss, 1e4, 100.0) / lam == pytest.approx(share, abs=0.0051)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_target_of_a_monomial_tends_to_its_exponent(k):
    """d = 1, K = w^{2k}: nβE[K] → 1/(2k) as n → ∞, from the Gamma integral."""
    assert target_by_quadrature(crossing(k), 1e12, 1.0) == pytest.approx(1 / (2 * k), rel=2e-3)


def test_target_of_a_cross_is_the_integral_over_one_axis():
    """K = w₁²w₂²: the integral over w₂ is Gaussian, the one over w₁ is a sum here; nine digits."""
    n, t = 1e6, np.linspace(-25.0, 2.5, 200_001)
    nbeta, w = n / math.log(n), np.exp(2 * t)
    density = np.exp(t - w / 2) / np.sqrt(2 * nbeta * w + 1)
    expected = (density * nbeta * w / (2 * nbeta * w + 1)).sum() / density.sum()
    assert target_by_quadrature(crossing(1, 1), n, 1.0) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [1e4, 1e8, 1e12])
def test_target_of_the_cusp_is_that_of_bessel_functions(n):
    """K = (w₁² − w₂³)²: for each w₂ = y the integral over w₁ of exp(−b(w₁² − a)² − w₁²/2), a = y³,
    is one of modified Bessel functions of order ¼ (DLMF 10.32, 12.5), and the sum over log|y| is
    taken here; E[bK] = −b·∂ log Z/∂b. At n = 10¹² the valley is 10⁻⁶ wide and 10 long."""
    t = np.linspace(-40.0, math.log(9.0), 40_001)
    y = np.exp(t)

    def log_z(b):
        parts = []
        for a in (y**3, -(y**3)):
            q = 0.25 - a * b
            z = q * q / (2 * b)
            above = 0.5 * np.log(np.abs(q) / (2 * b)) + np.log(scaled_k(z)) - b * a * a
            below = math.log(math.pi / 2) + 0.5 * np.log(np.abs(q) / b) + np.log(scaled_i(z))
            below += 1 / (16 * b) - a / 2
            parts.append(np.where(q > 0, above, below) - y * y / 2 + t)
        total = np.concatenate(parts)
        return total.max() + math.log(np.exp(total - total.max()).sum())

    b, h = n / math.log(n), 1e-3
    expected = -(log_z(b * math.exp(h)) - log_z(b * math.exp(-h))) / (2 * h)
    assert target_by_quadrature(cusp(), n, 1.0) == pytest.approx(expected, rel=1e-6)


def scaled_k(z):
    """e^z K_{1/4}(z), by its expansion where scipy has none."""
    from scipy.special import kve

    far = (1 - 3 / (32 * z)) * np.sqrt(math.pi / (2 * z))
    return np.where(z < 1e6, kve(0.25, np.minimum(z, 1e6)), far)


def scaled_i(z):
    """e^{−z}(I_{1/4}(z) + I_{−1/4}(z)), by its expansion where scipy has none."""
    from scipy.special import ive

    near, far = np.minimum(z, 1e6), (2 + 3 / (16 * z)) / np.sqrt(2 * math.pi * z)
    return np.where(z < 1e6, ive(0.25, near) + ive(-0.25, near), far)


def test_target_knows_domain_and_prior():
    """∏|w|^τ moves λ to (τ + 1)/(2k); a half line changes nothing for an even K."""
    flat = target_by_quadrature(crossing(2), 1e6, 1.0)
    half = target_by_quadrature(crossing(2, domain=Domain.orthant(1)), 1e6, 1.0)
    assert half == pytest.approx(flat, rel=1e-4)
    tilted = target_by_quadrature(crossing(2, prior_exponents=(1.0,)), 1e12, 1.0)
    assert tilted == pytest.approx(0.5, rel=2e-3)


def test_quadrature_refuses_three_dimensions():
    with pytest.raises(BadInput, match="d ≤ 2"):
        target_by_quadrature(crossing(1, 1, 1), 1e4, 1.0)


@pytest.mark.parametrize(
    ("device", "loss", "lam"),
    [
        ("llc-mala", *TARGETS[0][:2]),
        ("llc-hmc", *TARGETS[0][:2]),
        ("llc-mala", *TARGETS[3][:2]),
        ("llc-hmc", *TARGETS[1][:2]),
    ],
    ids=lambda x: getattr(x, "loss_id", ""),
)
def test_adjusted_samplers_read_the_target(device, loss, lam):
    """No discretisation error: within 2 % of the quadrature target (fixed) at n = 10⁴, γ = 1."""
    settings = {
        "llc-mala": {"draws": 3000, "burn_in": 1000},
        "llc-hmc": {"draws": 1600, "burn_in": 800},
    }[device]
    r = measure(device, loss, seed=5, **settings)
    target = target_by_quadrature(loss, 1e4, 1.0)
    assert r.outcome is Outcome.OK
    assert r.estimate.value == pytest.approx(target, rel=0.02)
    assert r.diagnostics["r_hat"] < 1.05


@pytest.mark.slow
@pytest.mark.parametrize("n", [1e3, 1e4, 1e6])
@pytest.mark.parametrize("device", ["llc-mala", "llc-hmc"])
def test_the_tabulated_targets_at_every_n_within_two_per_cent(device, n):
    settings = {
        "llc-mala": {"burn_in": 6_000, "draws": 16_000},
        "llc-hmc": {"burn_in": 500, "draws": 2_000, "leapfrogs": 40},
    }[device]
    for loss, _, _ in TARGETS:
        r = measure(device, loss, seed=1, n=n, **settings)
        assert r.estimate.value == pytest.approx(target_by_quadrature(loss, n, 1.0), rel=0.02)


@pytest.mark.slow
def test_a_domain_belongs_to_the_target_of_the_adjusted_samplers():
    """K = w⁴ on w ≥ 0 with the prior w: E[nβK] is that of the quadrature, for both."""
    loss = crossing(2, domain=Domain.orthant(1), prior_exponents=(1.0,))
    target = target_by_quadrature(loss, 1e4, 1.0)
    for device in ("llc-mala", "llc-hmc"):
        r = measure(device, loss, seed=3, burn_in=600, draws=1200)
        assert r.estimate.value == pytest.approx(target, rel=0.03)


def test_the_thermostat_reads_the_target_and_without_its_momentum_term_does_not():
    """SGNHT on K = w² at n = 10³ within 4 %; leaving out ξ·p (negative control) reads far off."""
    from singularity_lab.spectroscopes.kernels import sgnht

    loss, n = crossing(1), 1000
    r = measure(
        "llc",
        loss,
        seed=2,
        n=n,
        sampler="sgnht",
        epsilon=2e-5,
        burn_in=3000,
        draws=6000,
        check=False,
    )
    nbeta = n / math.log(n)
    target = 0.5 * nbeta / (nbeta + 0.5)
    assert r.estimate.value == pytest.approx(target, rel=0.04)
    generator, values = torch.Generator().manual_seed(0), []
    state = sgnht.init(
        torch.zeros((128, 1), dtype=torch.float64), loss.value_and_grad, generator, friction=1.0
    )
    for t in range(9000):
        state = sgnht.step(
            state, loss.value_and_grad, h=torch.tensor(2e-5**0.5), nbeta=nbeta, gamma=1.0,
            friction=1.0, generator=generator, hold=False,
        )  # fmt: skip
        if t >= 3000:
            values.append(float(state.value.mean()))
    assert abs(nbeta * sum(values) / len(values) / target - 1) > 0.5


def test_rmsprop_needs_the_divergence_of_its_preconditioner():
    """K = w⁴, no memory (α = 0), so that G is a function of w: with Γ the target within 8 %
    (discretisation), without it 20 % off and more."""
    loss, n = crossing(2), 1000.0
    target = target_by_quadrature(loss, n, 1.0)
    common = {"n": n, "sampler": "rmsprop", "decay": 0.0, "stability": 0.05, "epsilon": 1e-4}
    runs = {"chains": 256, "burn_in": 1000, "draws": 2000, "check": False}
    with_ = measure("llc", loss, seed=1, **common, **runs)
    without = measure("llc", loss, seed=1, divergence=False, **common, **runs)
    assert with_.estimate.value == pytest.approx(target, rel=0.08)
    assert abs(without.estimate.value / target - 1) > 0.2


def test_two_steps_find_the_discretisation():
    """On K = w²: 1/(1 − εnβh/4) at ε and ε/2; the extrapolation is nearer the target."""
    loss = crossing(1)
    nbeta = 1000 / math.log(1000)
    settings = {"n": 1000, "burn_in": 3000, "draws": 6000}
    r = measure("llc", loss, seed=2, epsilon=5e-3, **settings)
    target = 0.5 * nbeta / (nbeta + 0.5)
    assert r.outcome is Outcome.BIASED_TARGET
    assert "discretisation" in r.reason
    half = r.estimates["from w*, ε/2"].value
    assert half == pytest.approx(target / (1 - 2.5e-3 * (2 * nbeta + 1) / 4), rel=0.06)
    errors = [abs(r.estimates[k].value - target) for k in ("llc", "from w*, ε/2", "from w*")]
    assert errors[0] < errors[1] < errors[2]
    assert r.estimate.low < target < r.estimate.high
    auto = measure("llc", loss, seed=2, epsilon=None, **settings)
    assert auto.outcome is Outcome.OK
    assert auto.estimate.value == pytest.approx(target, rel=0.08)


def test_single_precision_reads_what_double_precision_reads():
    values = [
        measure(
            "llc", cusp(), seed=2, chains=512, epsilon=1e-3, n=1000, burn_in=2000, draws=3000,
            precision=precision,
        ).estimate
        for precision in ("single", "double")
    ]  # fmt: skip
    assert values[0].value == pytest.approx(values[1].value, rel=1e-3)


def test_the_three_errors_of_the_baseline_are_told_apart():
    """On w₁²w₂² (λ = 1/2, n = 10³): target bias by quadrature, discretisation and mixing as what
    SGLD adds to MALA, at a coarse step and at one that is too small to mix."""
    loss, n = crossing(1, 1), 1e3
    target = target_by_quadrature(loss, n, 1.0)
    exact = measure("llc-mala", loss, seed=0, n=n, draws=3000).estimate.value
    coarse = measure("llc", loss, seed=0, n=n, epsilon=5e-3, burn_in=4000, draws=4000, check=False)
    slow = measure("llc", loss, seed=0, n=n, epsilon=1e-6, burn_in=500, draws=2000, check=False)
    assert target - 0.5 == pytest.approx(-0.14, abs=0.005)  # (1)
    assert exact == pytest.approx(target, rel=0.02)
    assert coarse.estimate.value > 1.05 * exact  # (2): always upward
    assert slow.estimate.value < 0.6 * exact  # (3): unadjusted at small steps reads low
    assert slow.outcome is Outcome.NOT_MIXED


def test_sgld_reads_the_target_at_a_small_step_and_too_much_at_a_large_one():
    """On K = w² the variance is too large by 1/(1 − εnβh/4), h = 2: the bias is upward."""
    loss = crossing(1)
    nbeta = 1000 / math.log(1000)
    for epsilon in (1e-3, 1e-2):
        r = measure(
            "llc", loss, seed=2, n=1000, epsilon=epsilon, burn_in=1500, draws=2500, check=False
        )
        factor = 1 / (1 - epsilon * (2 * nbeta + 1) / 4)
        expected = 0.5 * nbeta / (nbeta + 0.5) * factor
        assert r.estimate.value == pytest.approx(expected, rel=0.04)
    assert factor > 2


def test_averaging_over_burn_in_reads_low():
    """Negative control: from w*, the mean over burn-in misses the target that later steps meet."""
    loss, epsilon, steps = crossing(1), 1e-3, 50
    nbeta = 1000 / math.log(1000)
    generator = torch.Generator().manual_seed(0)
    state = sgld.init(torch.zeros((2000, 1), dtype=torch.float64), loss.value_and_grad)
    total, late = 0.0, 0.0
    for t in range(2 * steps):
        state = sgld.step(
            state,
            loss.value_and_grad,
            epsilon=torch.tensor(epsilon),
            nbeta=nbeta,
            gamma=1.0,
            generator=generator,
        )
        total += float(state.value.mean()) * (t < steps)
        late += float(state.value.mean()) * (t >= steps)
    target = target_by_quadrature(loss, 1000, 1.0) / (1 - epsilon * (2 * nbeta + 1) / 4)
    assert nbeta * late / steps == pytest.approx(target, rel=0.04)
    assert nbeta * total / steps < 0.97 * target


def test_short_chains_are_reported_as_not_mixed():
    r = measure("llc", crossing(1, 1), seed=0, epsilon=1e-6, burn_in=0, draws=200)
    assert r.outcome is Outcome.NOT_MIXED


def test_an_exploding_chain_is_reported_as_diverged():
    r = measure("llc", brieskorn(2), seed=0, epsilon=10.0, burn_in=100, draws=100)
    assert r.outcome is Outcome.DIVERGED


def test_a_centre_that_is_no_minimum_is_reported():
    """L = (|w|² − 1)² at w* = 0: the chains find lower losses."""
    loss = FunctionLoss(lambda w: ((w * w).sum(1) - 1) ** 2, 2)
    r = measure("llc-mala", loss, seed=0, n=1000, burn_in=500, draws=500)
    assert r.outcome is Outcome.NO_MINIMUM
    assert r.estimate.high < 0


@pytest.mark.slow
def test_wbic_reads_the_slope_between_two_temperatures():
    """The expected value is the difference quotient of two quadrature targets; within 10 %."""
    loss, n = cusp(), 1e4
    r = measure("wbic", loss, seed=1, chains=256, burn_in=500, draws=1000)
    b = [1 / math.log(n), 1.5 / math.log(n)]
    means = [target_by_quadrature(loss, n, 1.0, beta=x) / x for x in b]
    assert r.estimate.value == pytest.approx(
        (means[0] - means[1]) / (1 / b[0] - 1 / b[1]), rel=0.10
    )


def test_r_hat_and_ess_on_a_known_process():
    """AR(1), coefficient ρ: n(1 − ρ)/(1 + ρ) effective draws; separate means: R-hat > 1."""
    rng = np.random.default_rng(0)
    rho, chains, n = 0.8, 20, 4000
    x = np.zeros((chains, n))
    noise = rng.normal(size=(chains, n)) * math.sqrt(1 - rho**2)
    x[:, 0] = rng.normal(size=chains)
    for t in range(1, n):
        x[:, t] = rho * x[:, t - 1] + noise[:, t]
    assert effective_sample_size(x) == pytest.approx(chains * n * (1 - rho) / (1 + rho), rel=0.1)
    assert split_r_hat(x) < 1.02
    assert split_r_hat(x + np.arange(chains)[:, None]) > 1.5
    assert split_r_hat(np.ones((4, 100))) == 1.0


@pytest.mark.slow  # the import of arviz-stats
@pytest.mark.parametrize("chains", [2, 4, 32])
@pytest.mark.parametrize("length", [40, 1000])
@pytest.mark.parametrize("drift", [0.0, 0.05, 1.0])
def test_r_hat_and_ess_agree_with_arviz(chains, length, drift):
    """From independent draws to chains that have not met, where R-hat is far above 1."""
    stats = pytest.importorskip("arviz_stats.base").array_stats
    x = np.random.default_rng(1).normal(size=(chains, length)).cumsum(axis=1) * drift
    x += np.random.default_rng(2).normal(size=x.shape)
    theirs = float(stats.rhat(x, chain_axis=0, draw_axis=1, method="split"))
    assert split_r_hat(x) == pytest.approx(theirs, rel=1e-6)
    theirs = float(stats.ess(x, chain_axis=0, draw_axis=1, method="mean"))
    # theirs ends the sum with a further half term, which short chains that drift can see
    assert effective_sample_size(x) == pytest.approx(theirs, rel=0.05 if length > 40 else 0.25)


def test_the_meter_counts_every_point():
    loss = crossing(1, 1)
    meter = Meter(loss, Budget())
    meter.k(torch.zeros((7, 2)))
    meter.k_and_grad(torch.zeros((5, 2)))
    assert meter.counts() == (8, 5)  # one evaluation at the centre


def test_a_slope_that_gamma_holds_says_so():
    """K = x²: nβE[K] = ½·b/(b + γ/2) with b = nβ, and its slope in 1/β the square of that share.
    At b = 14, γ = 200 that is 0.06 and 0.007, far below the noise of a short run; at γ = 1 it is
    0.5, as the device then reads."""
    square = crossing(1)
    short = {"n": 60.0, "chains": 32, "burn_in": 300, "draws": 300}
    held = measure("wbic", square, seed=0, gamma=200.0, **short)
    assert held.outcome is Outcome.NOT_MIXED
    assert "at γ = 200 the localisation holds the chains" in held.reason
    assert "\n" not in held.reason
    free = measure("wbic", square, seed=0, gamma=0.5, ratio=3.0, **short)
    assert "localisation" not in free.reason
