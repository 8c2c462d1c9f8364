"""What λ and m predict, measured on W: tempered averages, evidences, blind naming, descent."""

from __future__ import annotations

from fractions import Fraction
from math import log

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.programs import hitting_number, program, zero_set

torch = pytest.importorskip("torch")
torch.set_num_threads(1)  # small tensors: threads only wait for one another

from singularity_lab.programs.experiments.sampling import (  # noqa: E402
    FaceSlice,
    Tempered,
    _Window,
    component_masses,
    log_fit,
    name_by_draws,
    plot_readings,
    temper,
)
from singularity_lab.programs.experiments.training import anneal, descend  # noqa: E402

MINI = program("detectA-mini")


def supports():
    return {
        f"{i}": ({n: frozenset(o) for n, o in c.support.items()}, c)
        for i, c in enumerate(zero_set(MINI, 2).components)
    }


def test_a_tempered_average_reads_lambda():
    """xor by shared NANDs, λ = 7/2, m = 1: n⟨K⟩ = λ within three standard errors and 2 %."""
    s = FaceSlice(program("xor-4nand-shared"))
    for n in (1e3, 1e6):
        r = temper(s, n, seed=1, chains=200, steps=600)
        low, high = r.interval(3)
        assert low - 0.07 < 3.5 < high + 0.07
        assert 0.2 < r.acceptance < 0.9
        assert r.error < 0.15


@pytest.mark.parametrize("kind", ["squared", "channel"])
def test_squares_and_channels_read_half_of_lambda(kind):
    """λ_H = λ_E / 2 = 7/4 for both losses."""
    r = temper(
        FaceSlice(program("xor-4nand-shared"), kind=kind), 1e4, seed=2, chains=200, steps=800
    )
    low, high = r.interval(3)
    assert low - 0.05 < 1.75 < high + 0.05


def test_a_reading_repeats_itself():
    s = FaceSlice(program("xor-lookup"))
    one, two = (temper(s, 1e3, seed=5, chains=20, steps=50) for _ in range(2))
    assert one == two
    assert one != temper(s, 1e3, seed=6, chains=20, steps=50)


@pytest.mark.slow
@pytest.mark.parametrize("n", [1e3, 1e5, 1e7])
def test_every_component_of_the_small_detect_a(n):
    """Issue: at n = 10³, 10⁵, 10⁷, each λ_E lies in the interval of the measurement (4σ)."""
    for support, c in supports().values():
        low, high = temper(FaceSlice(MINI, 2, "exact", support), n, seed=7).interval(4)
        assert low < c.lambda_E < high


@pytest.mark.slow
@pytest.mark.parametrize("n", [1e3, 1e5, 1e7])
def test_the_interior_of_every_component(n):
    """The same over the whole interior of each component, the shares along it ≥ 1/5 and free: the
    λ of the component itself, also where it meets another one."""
    for support, c in supports().values():
        interior = FaceSlice(MINI, 2, "exact", support, interior=0.2)
        low, high = temper(interior, n, seed=7, chains=300, steps=2000).interval(4)
        assert low < c.lambda_E < high


def test_the_interior_stays_away_from_smaller_faces():
    """Shares are ≥ δ; in a box of the interior K vanishes for no errors alone and is the same
    function as across the face at even shares."""
    support, c = supports()["1"]
    interior = FaceSlice(MINI, 2, "exact", support, interior=0.2)
    assert len(interior.shares) == c.dimension
    generator = torch.Generator().manual_seed(0)
    shares = interior.draw_shares(500, generator)
    assert bool(interior.allowed(shares).all())
    assert 0.2 <= float(shares.min()) < 0.22
    assert not bool(interior.allowed(shares - 0.7).any())
    errors = 0.1 * torch.rand(500, interior.dimension, generator=generator, dtype=torch.float64)
    even = torch.full_like(shares, 0.5)
    across = FaceSlice(MINI, 2, "exact", support)
    assert torch.allclose(interior.loss(errors, even), across.loss(errors))
    assert float(interior.loss(0 * errors, shares).abs().max()) < 1e-15
    with pytest.raises(BadInput, match="0 < δ < 1/2"):
        FaceSlice(MINI, 2, "exact", support, interior=0.5)
    with pytest.raises(BadInput, match="without interior"):
        temper(interior, 1e3, seed=0, linear=True)


MANY = [
    ("detectA-mini", "staged", 2),
    ("detectA-mini-retry", "staged", 2),
    ("detectA-mini-overwrite", "staged", 2),
    ("xor-two-minterms", "exact", None),
]


RULE = {"seed": 3, "chains": 200, "steps": 1000, "most": 32_000}  # for all rows, docs/programs.md


@pytest.mark.slow
@pytest.mark.parametrize(("name", "semantics", "steps"), MANY)
def test_logarithmic_corrections(name, semantics, steps):
    """Four rows of the catalog with m = 2: n⟨K⟩ at those of n = 10⁴ … 10⁷ where the chains have
    mixed, three at least, gives the proved λ within three standard errors through
    λ − (m − 1)/(log n + c) with the proved m; with m = 1 it lies lower."""
    p = program(name)
    exact = hitting_number(p, steps, semantics)
    assert exact.multiplicity >= 2
    s = FaceSlice(p, steps, semantics)
    readings = [r for n in (1e4, 1e5, 1e6, 1e7) if (r := temper(s, n, **RULE)).mixed]
    assert len(readings) >= 3
    value, error = log_fit(readings, exact.multiplicity)
    assert abs(value - float(exact.value)) < 3 * error
    assert error < 0.02 * float(exact.value)
    without, _ = log_fit(readings, 1)
    assert without < value


@pytest.mark.slow
def test_what_does_not_mix_says_so():
    """parityCheck, d = 30: after 4,000 steps the chains have not mixed, and the reading says so."""
    r = temper(FaceSlice(program("parityCheck-copy-1"), 2), 1e4, **{**RULE, "most": 4_000})
    assert not r.mixed
    assert r.r_hat > 1.5
    assert r.steps == 4_000


def test_the_mixing_rule():
    """R-hat of the sums is that of the draws; the length is doubled until it is met, and no more;
    independent draws have R-hat 1."""
    s = FaceSlice(program("xor-lookup"))
    short = temper(s, 1e3, seed=5, chains=40, steps=20)
    assert short.steps == 20
    assert not short.mixed
    long = temper(s, 1e3, seed=5, chains=40, steps=20, most=5000)
    assert long.mixed
    assert 20 < long.steps <= 5000
    assert long.r_hat <= 1.1
    capped = temper(s, 1e3, seed=5, chains=40, steps=20, most=79)
    assert (capped.steps, capped.mixed) == (40, False)
    assert abs(long.value - 4) < 4 * long.error + 0.05

    from singularity_lab.spectroscopes.inference.diagnostics import split_r_hat

    draws = torch.randn(30, 50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    draws[:, :, 1] += torch.arange(30)[:, None] / 20  # chains that differ
    window = _Window(30, 2)
    for k in range(50):
        window.add(draws[:, k], k >= 25)
    worst = max(split_r_hat(draws[:, :, j].numpy()) for j in (0, 1))
    assert abs(window.r_hat() - worst) < 1e-9
    assert worst > 1.05
    assert torch.allclose(window.means(), draws[:, :, 0].mean(1))


def tempered_mean(n, scale, quartic):
    """E[nK] of K = scale·x²y² + quartic·x⁴ on [−1/4, 1/4]², by the trapezoidal rule in log x; the
    integral over y is an error function."""
    import numpy as np
    from scipy.special import erf

    t = np.linspace(np.log(0.25) - 60, np.log(0.25), 100_001)
    x = np.exp(t)
    k = np.sqrt(n * scale) * x
    weight = x * np.exp(-quartic * n * x**4)
    mass = np.sqrt(np.pi) / (2 * k) * erf(k / 4)
    square = np.where(k < 1e-2, k**2 / 192, mass / 2 - np.exp(-((k / 4) ** 2)) / 8)
    top = weight * (square + quartic * n * x**4 * mass)
    return float(np.trapezoid(top, t) / np.trapezoid(weight * mass, t))


# n⟨K⟩ of rows of programs with cancellation, m = 2: a regular parameter gives 1/2 (its Gaussian
# width is far below the box), and two more a monomial or x²y² + x⁴
QUADRATURE = {
    "coin-xor-2": lambda n: tempered_mean(n, 0.5, 0),
    "slp-reuse": lambda n: 0.5 + tempered_mean(n, 1, 0),
    "slp-horner-2": lambda n: 0.5 + tempered_mean(n, 1, 1),
}


@pytest.mark.parametrize(
    ("name", "limit"), [("coin-xor-2", 0.5), ("slp-reuse", 1), ("slp-horner-2", 1)]
)
def test_one_constant_is_the_whole_correction(name, limit):
    """∫ exp(−nK) = n^−λ (A log n + B) up to a power of 1/n, so n⟨K⟩ = λ − 1/(log n + B/A) exactly:
    there is no term in 1/(log n)² besides. By quadrature, and the fit finds λ to 10⁻³."""
    exact = {n: QUADRATURE[name](n) for n in (1e4, 1e5, 1e6, 1e7, 1e8, 1e10)}
    constants = [1 / (limit - v) - log(n) for n, v in exact.items()]
    assert abs(constants[-1] - constants[-2]) < 1e-3
    assert abs(constants[-1] - constants[-3]) < 1e-3
    readings = [Tempered(n, exact[n], 1e-4, 0.0, ()) for n in (1e4, 1e5, 1e6, 1e7)]
    assert abs(log_fit(readings, 2)[0] - limit) < 5e-3
    assert log_fit(readings, 1)[0] < limit - 0.05


def joint(name, n, seed):
    """The reading of the device ``joint-walk``, and its standard error."""
    from singularity_lab.catalog.load import load
    from singularity_lab.catalog.loss import loss
    from singularity_lab.spectroscopes.measuring import measure

    row = loss(load(f"program-{name}"))
    r = measure("joint-walk", row, seed=seed, n=n, chains=128, burn_in=300, draws=900)
    assert r.ok  # split R-hat <= 1.1
    return r.lambda_.value, (r.lambda_.high - r.lambda_.low) / (2 * 1.645)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(QUADRATURE))
def test_logarithmic_corrections_with_cancellation(name):
    """Three rows of programs with cancellation, m = 2, sampled on both sides of 0 with five seeds:
    the means are those of quadrature, and the fit gives the proved λ within three standard
    errors."""
    from singularity_lab.catalog.load import load
    from singularity_lab.exact.engine.solve import rlct

    exact = rlct(load(f"program-{name}").problem(), budget=30)
    assert exact.multiplicity == 2
    readings = []
    for n in (1e4, 1e5, 1e6, 1e7):
        found = [joint(name, n, seed) for seed in range(11, 16)]
        mean = sum(v for v, _ in found) / 5
        error = sum(e**2 for _, e in found) ** 0.5 / 5
        assert abs(mean - QUADRATURE[name](n)) < 3 * error
        readings.append(Tempered(n, mean, error, 0.0, ()))
    value, error = log_fit(readings, 2)
    assert abs(value - float(exact.value)) < 3 * error
    without, uncorrected = log_fit(readings, 1)
    assert without < float(exact.value) - 5 * uncorrected


@pytest.mark.slow
def test_multiplicity_two_lowers_the_average_by_one_over_log_n():
    """Staged semantics of the machine that repeats its step: λ = 11/2, m = 2."""
    p = program("detectA-mini-retry")
    exact = hitting_number(p, 2, "staged")
    assert (exact.value, exact.multiplicity) == (Fraction(11, 2), 2)
    s = FaceSlice(p, 2, "staged")
    readings = [temper(s, n, seed=3, chains=300, steps=5000) for n in (1e3, 1e4, 1e5, 1e6)]
    value, error = log_fit(readings, 2)
    assert abs(value - 5.5) < 4 * error + 0.05
    without, _ = log_fit(readings, 1)
    assert without < 5.5 - 2 * error  # the control: ignoring m is biased low


@pytest.mark.slow
def test_a_walk_in_epsilon_fails_in_the_valley():
    """Negative control: the walk with steps in ε sticks to one end of {ε₁ε₂ ≈ 1/n}; its answer is
    off by many of its own standard errors, while the walk in log ε is right."""
    s = FaceSlice(program("detectA-mini-retry"), 2, "staged")
    n = 1e6
    expected = 5.5 - 1 / log(n)
    good = temper(s, n, seed=3, chains=200, steps=4000)
    bad = temper(s, n, seed=3, chains=200, steps=4000, linear=True)
    assert abs(good.value - expected) < 5 * good.error
    assert abs(bad.value - expected) > 5 * bad.error


@pytest.mark.slow
def test_isolated_components_lose_mass_as_n_to_minus_delta_lambda():
    """Components 13/2 and 7 are pieces of their own: their evidence over that of the component 5
    falls with slopes −3/2 and −2. Those that meet it fall, but more slowly than −1."""
    found = supports()
    masses = component_masses(
        MINI, {k: s for k, (s, _) in found.items()}, [1e2, 1e3, 1e4], seed=3, steps=2
    )
    base = next(k for k, (_, c) in found.items() if c.lambda_E == 5)
    for k, (_, c) in found.items():
        slope = masses.slope(k, base)
        if c.piece != found[base][1].piece:
            assert abs(slope + float(c.lambda_E - 5)) < 0.2
        elif k != base:
            assert -1.1 < slope < -0.3


@pytest.mark.slow
def test_interiors_of_all_components_lose_mass_as_predicted():
    """The same for the interiors, where the components 6 do not meet the component 5: slopes −1,
    −1, −3/2, −2 for every component."""
    found = supports()
    masses = component_masses(
        MINI, {k: s for k, (s, _) in found.items()}, [1e3, 1e4, 1e5], seed=3, steps=2,
        interior=0.1, particles=4000, moves=96,
    )  # fmt: skip
    base = next(k for k, (_, c) in found.items() if c.lambda_E == 5)
    for k, (_, c) in found.items():
        assert abs(masses.slope(k, base) + float(c.lambda_E - 5)) < 0.2


@pytest.mark.slow
def test_two_machines_of_one_function_are_told_apart_blind():
    """The scanning and the repeating machine, λ = 5 and 13/2, from 60 losses each: ≥ 95 % of 200
    trials, with nothing but the losses."""
    codes = {"scan": "detectA-mini", "retry": "detectA-mini-retry"}
    candidates = {k: float(hitting_number(program(v), 2).value) for k, v in codes.items()}
    draws = {
        k: temper(FaceSlice(program(v), 2), 1e3, seed=11, chains=6000, steps=1000).draws
        for k, v in codes.items()
    }
    right = 0
    for trial in range(200):
        truth = ("scan", "retry")[trial % 2]
        sample = draws[truth][60 * (trial // 2) : 60 * (trial // 2 + 1)]
        right += name_by_draws(sample, candidates) == truth
    assert right >= 190


def test_pictures():
    r = [
        temper(FaceSlice(program("xor-lookup")), n, seed=1, chains=20, steps=50) for n in (1e3, 1e4)
    ]
    assert plot_readings(r, (Fraction(4), 1)).get_xlabel() == "n"
    assert len(plot_readings(r, (Fraction(4), 2)).get_legend().get_texts()) == 3
    run = descend(MINI, seed=1, runs=1, updates=50, steps=2)[0]
    assert run.plot().get_yscale() == "log"
    faces = zero_set(program("xor-4nand-shared")).plot_faces()
    assert faces.get_xlabel() == "dimension of the face"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: temper(FaceSlice(MINI), 0.5, seed=0), "n > 1"),
        (lambda: descend(MINI, seed=0, threshold=0.7), "threshold < 1/2"),
        (lambda: component_masses(MINI, {}, [3, 2], seed=0), "increasing numbers"),
        (lambda: component_masses(MINI, {}, [2], seed=0, interior=0.5), "δ < 1/2"),
        (lambda: anneal(MINI, seed=0, ns=[2, 1]), "increasing numbers"),
        (lambda: anneal(MINI, seed=0, runs=0), "runs, moves, every >= 1"),
        (lambda: plot_readings([]), "at least one"),
        (lambda: log_fit([], 2), "two readings"),
        (lambda: temper(FaceSlice(MINI), 1e3, seed=0, steps=100, most=50), "most >= steps"),
        (lambda: temper(FaceSlice(MINI), 1e3, seed=0, bound=1), "bound > 1"),
    ],
)
def test_numbers_out_of_range(call, message):
    with pytest.raises(BadInput, match=message):
        call()
