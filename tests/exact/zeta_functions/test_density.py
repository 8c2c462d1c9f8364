"""Leading constants of V(ε) against direct quadrature of volumes, Gamma formulas and laws."""

from __future__ import annotations

import itertools
import math
import signal
import time
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import IntegrationWarning, quad

from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.zeta_functions import integrals
from singularity_lab.exact.zeta_functions.density import volume_expansion


def _line(f: Polynomial, x: float) -> np.ndarray:
    """Coefficients, highest first, of y ↦ f(x, y)."""
    top = max(a[1] for a in f.support())
    row = np.zeros(top + 1)
    for a, c in f.terms():
        row[top - a[1]] += float(c) * x ** a[0]
    return row


def _length(rows: list[np.ndarray], epsilon: float, bound: float) -> float:
    """|{y ∈ [−bound, bound] : Σ p_i(y)² < ε}| by the real roots of Σ p_i² − ε, or of p ± √ε."""
    total = np.zeros(1)
    for p in rows:
        total = np.polyadd(total, np.polymul(p, p))
    total[-1] -= epsilon
    levels = [total]
    if len(rows) == 1:
        levels = [np.polyadd(rows[0], [sign * math.sqrt(epsilon)]) for sign in (1, -1)]
    roots = np.concatenate([np.roots(level) for level in levels])
    real = sorted(float(r.real) for r in roots if abs(r.imag) < 1e-9 * max(1.0, abs(r)))
    cuts = [-bound, *(r for r in real if -bound < r < bound), bound]
    return sum(b - a for a, b in itertools.pairwise(cuts) if np.polyval(total, (a + b) / 2) < 0)


def _area(gens: list[str], epsilon: float, bound: float, height: float | None = None) -> float:
    """The area of {Σ f² < ε} in [−bound, bound] × [−height, height], logarithmic in |x|."""
    polys = [parse(g, "x y") for g in gens]
    height = bound if height is None else height

    def row(s: float) -> float:
        x = math.exp(s)
        return x * sum(
            _length([_line(p, sign * x) for p in polys], epsilon, height) for sign in (1, -1)
        )

    edges = np.linspace(math.log(bound) - 40, math.log(bound), 41)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IntegrationWarning)
        return sum(
            quad(row, a, b, epsabs=1e-13, epsrel=1e-9, limit=100)[0]
            for a, b in itertools.pairwise(edges)
        )


# K > 0 away from 0 and quasi-homogeneous: {K < ε} scales exactly, so C is the area of {K < 1}.
DEFINITE = [
    ["x", "y"],
    ["x^2", "y"],
    ["x^2", "y^3"],
    ["x^3", "y^3"],
    ["2*x", "3*y^2"],
    ["x + y", "x - 2*y"],
    ["x^2 + y^2"],
    ["x^2 + x*y + y^2"],
    ["x^4 + y^2"],
    ["x^2 + x*y^2 + y^4"],
    ["x^2 - x*y", "y^2"],
    ["x^4 + x^2*y^2 + 2*y^4"],
    ["x^2 + y^2", "x*y"],
    ["x^3 - x*y^2", "y^3"],
    ["x^3*y", "x^4 + y^4 - x^2*y^2", "x*y^3"],
    ["x^3 - y^6", "x*y^4 - x^2*y^2/2"],
    ["x^2 - y^4", "3*x^2 + x*y^2"],
]


@pytest.mark.parametrize(
    "gens", [*DEFINITE[:9], *(pytest.param(g, marks=pytest.mark.slow) for g in DEFINITE[9:])]
)
def test_definite_constants_are_areas(gens: list[str]) -> None:
    v = volume_expansion(gens, "x y")
    bound = 6.0
    assert v.constant == pytest.approx(_area(gens, 1.0, bound), rel=2e-6)
    assert v.error <= 1e-8 * v.constant
    assert (v.exponent, v.multiplicity) == (rlct(gens, "x y").value, 1)


# {f = 0} has real branches. f is quasi-homogeneous, and the box cuts f = 0 away from its corners:
# on it V = C·δ^(2λ) + D_1·δ + D_3·δ³ + … with δ = √ε; all but the first term are odd in δ.
INDEFINITE = [
    "x^2 - y^3",
    "x^2*y - y^4",
    "x^3 - y^4",
    "x^3 - x*y^3",
    "x^3 + y^3",
    "x^4 - y^4",
    "x^2*y + y^3",
    "x^3 - y^5",
    "x^5 + 2*y^3",
    "x^4 - x^2*y^2 - y^4",
]


@pytest.mark.parametrize(
    "f", [INDEFINITE[0], *(pytest.param(f, marks=pytest.mark.slow) for f in INDEFINITE[1:])]
)
def test_indefinite_constants_are_limits(f: str) -> None:
    v = volume_expansion(f)
    lam = float(v.exponent)
    deltas = [0.01, 0.005, 0.0025]
    volumes = np.array([_area([f], d * d, 1.0, 0.6) for d in deltas])
    table = np.array([[d**p for p in (2 * lam, 1, 3)] for d in deltas])
    found = np.linalg.solve(table, volumes)
    assert v.constant == pytest.approx(found[0], rel=2e-5)
    assert v.terms[0].rigorous
    assert v.error < 1e-14 * v.constant


# Degenerate f: a shear brings it to adapted coordinates, and keeps areas.
@pytest.mark.parametrize(
    ("plain", "sheared"),
    [
        ("x^3 + y^7", "(x - y^2)^3 + y^7"),
        ("x^3 + y^7", "(x - y^2 + 2*y^3)^3 + y^7"),
        ("x^3 - y^5", "(x + 3*y)^3 - y^5"),
        ("x^4 + y^9", "(x - y - y^2)^4 + y^9"),
        ("x^3*y + y^7", "(x + y^2)^3*y + y^7"),
    ],
)
def test_shears_keep_the_constant(plain: str, sheared: str) -> None:
    one, other = volume_expansion(plain), volume_expansion(sheared)
    assert (one.exponent, one.multiplicity) == (other.exponent, other.multiplicity)
    assert abs(one.constant - other.constant) <= one.error + other.error
    assert rlct(sheared).value == other.exponent


def test_a_degenerate_branch_in_closed_form() -> None:
    """(y² − x³)² − x⁵y: ∫ |u² ∓ 1|^(−5/6) du are Beta functions; 11/60·… is (a/N)/(2λ)."""
    import mpmath

    v = volume_expansion("(y^2 - x^3)^2 - x^5*y")
    assert v.exponent == rlct("(y^2 - x^3)^2 - x^5*y").value == Fraction(5, 24)
    s = mpmath.mpf(5) / 6
    half = mpmath.mpf(1) / 2
    minus = mpmath.beta(half, 1 - s) + mpmath.beta(1 - s, s - half)
    plus = mpmath.beta(half, s - half)
    expected = mpmath.mpf(2) / 24 / (mpmath.mpf(5) / 24) * (minus + plus)
    assert v.constant == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.slow
def test_a_degenerate_branch_by_volumes() -> None:
    """The next exponents of δ are near (11/26, 12/26, 1/2 …): the ratio approaches 1 slowly."""
    v = volume_expansion("(y^2 - x^3)^2 - x^5*y")
    ratios = [_area(["(y^2 - x^3)^2 - x^5*y"], e, 0.5) / v(e) for e in (1e-8, 1e-14, 1e-20)]
    gaps = [abs(r - 1) for r in ratios]
    assert gaps == sorted(gaps, reverse=True)


def test_errors_are_bounds() -> None:
    """More digits stay within the error stated with fewer."""
    for f in ("x^2 - y^3", "x^4 + x^2*y^2 + 2*y^4", "x^3 - x*y^3", ["x^2 - y^4", "3*x^2 + x*y^2"]):
        rough, fine = volume_expansion(f, digits=6), volume_expansion(f, digits=40)
        assert abs(rough.constant - fine.constant) <= rough.error + fine.error
        assert fine.error <= 2.0**-52 * fine.constant


# m = 2: V(ε)/ε^λ = C·L + C' + …; differences over decades of ε give C.
LOGARITHMIC = [
    ["x*y", "x^3 + y^4"],
    ["x^2*y^2", "x^6 + y^6"],
    ["2*x*y", "x^4", "y^3"],
    ["x*y", "x^3", "y^3"],
]


@pytest.mark.parametrize(
    "gens", [LOGARITHMIC[0], *(pytest.param(g, marks=pytest.mark.slow) for g in LOGARITHMIC[1:])]
)
def test_logarithmic_constants_are_slopes(gens: list[str]) -> None:
    v = volume_expansion(gens)
    assert v.multiplicity == 2
    lam = float(v.exponent)
    eps = [10.0**-k for k in (10, 14, 18)]
    scaled = [_area(gens, e, 1.0) / e**lam for e in eps]
    slope = (scaled[2] - scaled[1]) / (math.log(eps[1]) - math.log(eps[2]))
    assert v.constant == pytest.approx(slope, rel=1e-3)


# -- closed formulas and laws -----------------------------------------------------------------


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_dirichlet(powers: list[int]) -> None:
    """Σ x_i^(2p_i) < 1 has volume ∏ 2Γ(1 + 1/2p)/Γ(1 + Σ 1/2p) (Dirichlet 1839)."""
    names = "xyzw"[: len(powers)]
    v = volume_expansion([f"{n}^{p}" for n, p in zip(names, powers, strict=True)])
    top = math.prod(2 * math.gamma(1 + 1 / (2 * p)) for p in powers)
    assert v.constant == pytest.approx(top / math.gamma(1 + sum(1 / (2 * p) for p in powers)))
    assert v.exponent == sum(Fraction(1, 2 * p) for p in powers)


@given(st.sampled_from(["x^2 - y^3", "x^4 + y^4 + x^2*y^2", "x^2*y - y^4"]), st.integers(2, 9))
@settings(max_examples=4)
def test_scaling_of_k(f: str, c: int) -> None:
    """K → c²K multiplies C by c^(−2λ) where m = 1."""
    one, other = volume_expansion(f), volume_expansion(f"{c}*({f})")
    assert other.constant == pytest.approx(one.constant * c ** (-2 * float(one.exponent)))


@given(st.sampled_from(["x^2 - y^3", "x^3 + y^4", "x^2 + x*y + y^2"]), st.integers(1, 4))
@settings(max_examples=4)
def test_linear_substitution(f: str, c: int) -> None:
    """x → c·x divides V by c."""
    g = str(parse(f).substitute({"x": parse("x", "x y") * c}))
    assert volume_expansion(g).constant == pytest.approx(volume_expansion(f).constant / c)


def test_orthants_add_up() -> None:
    whole = volume_expansion("x^3 + y^4")
    right = volume_expansion("x^3 + y^4", nonnegative="x")
    left = volume_expansion("y^4 - x^3", nonnegative="x")
    assert right.constant + left.constant == pytest.approx(whole.constant)


@pytest.mark.parametrize("h", [Fraction(-1, 2), 1, 2])
def test_priors_by_a_change_of_variables(h: Fraction) -> None:
    """|x|^h dx = dx'/(h + 1) for x' = x^(h + 1): a prior is a power of the variable."""
    v = volume_expansion(["x^2", "y^3"], prior={"x": h})
    lam = (h + 1) * Fraction(1, 4) + Fraction(1, 6)
    assert v.exponent == lam
    a, b = float((h + 1) / 4), 1 / 6
    one = 2 / float(h + 1)
    expected = one * 2 * math.gamma(1 + a) * math.gamma(1 + b) / math.gamma(1 + a + b)
    assert v.constant == pytest.approx(expected)


def test_priors_in_quadratures() -> None:
    """|x| dx on x ≥ 0 is du/2 with u = x²."""
    v = volume_expansion("x^4 + x^2*y^2 + y^4", prior={"x": 1}, nonnegative="x")
    w = volume_expansion("u^2 + u*y^2 + y^4", nonnegative="u")
    assert v.constant == pytest.approx(w.constant / 2)


def test_three_variables_by_blocks_and_by_quadrature() -> None:
    """K = (x² + y²)² + z² as one loss with a coupling that vanishes: two routes."""
    split = volume_expansion("(x^2 + y^2)^2 + z^2", convention="loss")
    # polar coordinates: ∫ 2πr·2·sqrt(1 − r⁴) dr over [0, 1]
    direct = quad(lambda r: 4 * math.pi * r * math.sqrt(1 - r**4), 0, 1)[0]
    assert split.constant == pytest.approx(direct)


def test_a_quadrature_that_fails_is_undecided() -> None:
    """K falls below every float on the way, where its power times the weight does not."""
    with pytest.raises(Undecided, match="the quadrature over the hit face failed"):
        volume_expansion("x^24 + 1/10000000000000000*y^24 + z^40")


@pytest.mark.slow
@pytest.mark.parametrize("f", ["x^40 + y^40 + z^40", "1000000000000*x^30 + y^40 + z^30"])
def test_large_exponents_in_a_quadrature(f: str) -> None:
    """{f² < ε} = {f < √ε} for f ≥ 0: the loss f has its constant by Gamma functions."""
    squared, plain = volume_expansion(f), volume_expansion(f, convention="loss")
    assert squared.constant == pytest.approx(plain.constant, rel=1e-7)


@pytest.mark.slow
def test_a_two_dimensional_face() -> None:
    f = "x^4 + y^4 + z^4 + x*y*z^2"
    v = volume_expansion(f, convention="loss")

    def disc(x: float, y: float) -> float:
        # z^4 + xy z² + (x⁴ + y⁴ − 1) < 0
        c = x**4 + y**4 - 1
        root = (x * y) ** 2 - 4 * c
        if root < 0:
            return 0.0
        high, low = (-x * y + math.sqrt(root)) / 2, (-x * y - math.sqrt(root)) / 2
        return 2 * (math.sqrt(max(high, 0)) - math.sqrt(max(low, 0)))

    grid = np.linspace(-1.2, 1.2, 1201)
    step = grid[1] - grid[0]
    direct = sum(disc(float(x), float(y)) for x in grid for y in grid) * step**2
    assert v.constant == pytest.approx(direct, rel=1e-3)


def test_monomials_are_complete() -> None:
    v = volume_expansion("x*y")
    assert v.complete
    assert v(1.0) == pytest.approx(4.0)
    # {|xy| < √ε} in [−1, 1]²: 4√ε(1 + L/2)
    assert v(1e-4) == pytest.approx(4e-2 * (1 + math.log(1e4) / 2))
    with pytest.raises(BadInput):
        v(2.0)


@pytest.mark.parametrize(
    "gens",
    [
        ["(y^2 - x^3)^2", "x^5*y"],  # a degenerate ideal
        "(x - y^2)^2*(x + y^2)",  # adapted, but the hit face is not compact
        "(x^2 - 2*y^2)^3",  # a multiple root that is not rational
        "x + y^2",  # λ = 1/2 from the strict transform
        "x*y + x^3 + y^3",  # λ = 1/2 from toric divisors and the strict transform together
        ["x*y", "x^2*z"],  # the hit face is not compact
    ],
)
def test_out_of_scope(gens) -> None:
    with pytest.raises(OutOfScope):
        volume_expansion(gens)


def test_json() -> None:
    data = volume_expansion("x^2 - y^3").to_json()
    assert data["lambda"] == "5/12"
    assert data["multiplicity"] == 1
    assert data["following"][0]["exponent"] == "1/2"


@pytest.mark.parametrize("digits", [0, -1, 2.5, True])
def test_digits_are_a_positive_integer(digits: int) -> None:
    with pytest.raises(BadInput, match="digits"):
        volume_expansion("x^2 - y^3", digits=digits)


@pytest.mark.parametrize("interrupted", [False, True])
def test_what_ends_a_quadrature_is_raised_after_it(monkeypatch, interrupted):
    """FLINT calls the integrand, and loses what is raised in it: the process ended by a signal."""
    usual, calls = integrals._evaluate, [0]

    def slow(row, y):
        calls[0] += 1
        if interrupted and calls[0] == 20:
            signal.raise_signal(signal.SIGINT)
        end = time.process_time() + 0.002
        while time.process_time() < end:
            pass
        return usual(row, y)

    monkeypatch.setattr(integrals, "_evaluate", slow)
    with pytest.raises(KeyboardInterrupt if interrupted else Undecided):
        volume_expansion("x^2 - y^3", budget=0.2)
    assert 20 <= calls[0] < 400


@pytest.mark.parametrize("c", [2, 3])
def test_a_coefficient_scales_the_volume(c):
    """{(c·xy)² < ε} is {(xy)² < ε/c²}."""
    one, scaled = volume_expansion("x*y"), volume_expansion(f"{c}*x*y")
    for epsilon in (1e-3, 1e-6):
        assert scaled(epsilon) == pytest.approx(one(epsilon / c**2), rel=1e-9)


@pytest.mark.parametrize(
    ("text", "options", "match"),
    [
        ("x - x", {}, "vanishes identically"),
        ("x + 1", {}, "does not vanish"),
        ("x^2 - y^2", {"convention": "two-sided"}, "a loss or an ideal"),
    ],
)
def test_what_has_no_expansion(text, options, match):
    with pytest.raises(OutOfScope, match=match):
        volume_expansion(LocalProblem.build(text, **options))
