"""The integrals that give the leading constant of a volume, by faces of the Newton polyhedron."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, comb, factorial
from typing import Any

import flint

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import Germ
from singularity_lab.algebra.rings import to_fmpq
from singularity_lab.errors import OutOfScope, Undecided
from singularity_lab.exact.zeta_functions.fan import DualFan
from singularity_lab.system.deadline import check_time, factoring_time, roots_time
from singularity_lab.system.deferred import deferred

_FOLLOWING = 2_000  # candidates of exponents that follow the leading one, for each cone
_RIM = 2.0**-54  # below the distance of any float < 1 from 1
_LARGEST = 700.0  # the logarithm of a float that is not infinite


@dataclass(frozen=True)
class Leading:
    """(λ, m, C, error) of one block, with its method."""

    exponent: Fraction
    multiplicity: int
    constant: flint.arb
    method: str
    rigorous: bool = True


def ball(q: Fraction | int) -> flint.arb:
    """A rational number as a ball."""
    return flint.arb(to_fmpq(Fraction(q)))


def cone_density(fan: DualFan, cone: int, m: int, power: int) -> tuple[tuple[int, ...], Fraction]:
    """(I, A): A·s^(m−1) is the density of ord_K on the cone, in m coordinates I."""
    simplices = fan.simplices(cone)
    n = fan.polyhedron.dimension
    for inside in itertools.combinations(range(n), m):
        total = Fraction(0)
        for simplex in simplices:
            rows = [v[i] for v in simplex for i in inside]
            det = abs(int(flint.fmpz_mat(m, m, rows).det()))
            orders = 1
            for v in simplex:
                orders *= power * fan.order(v)
            total += Fraction(det, orders)
        if total:
            return inside, total / factorial(m - 1)
    raise AssertionError("a cone of dimension m has a projection of full rank")


def face_integral(
    germ: Germ,
    parts: Sequence[Polynomial],
    inside: Sequence[int],
    outside: Sequence[int],
    lam: Fraction,
    digits: int,
) -> tuple[flint.arb, str, bool]:
    """Return Σ over signs of x_I of ∫ K_τ^(−λ)·∏_J |x|^h dx_J over R^J (or half-lines), how it was
    found, and whether it is proved."""
    if len(outside) > 2:
        raise OutOfScope(f"volume: an integral over {len(outside)} variables")
    signs = [(1,) if germ.variables[i] in germ.nonnegative else (1, -1) for i in inside]
    total = flint.arb(0)
    for choice in itertools.product(*signs):
        fixed = {germ.variables[i]: s for i, s in zip(inside, choice, strict=True)}
        plain = [p.substitute(fixed) for p in parts]
        if not outside:
            total += ball(_value(germ, plain)) ** ball(-lam)
        elif len(outside) == 1:
            total += _line_integral(germ, plain, outside[0], lam, digits)
        else:
            value, error = _plane_integral(germ, plain, outside, lam)
            total += flint.arb(value, error)
    names = {0: "closed form", 1: "one-dimensional quadrature", 2: "two-dimensional quadrature"}
    return total, f"hit face, {names[len(outside)]}", len(outside) < 2


def _value(germ: Germ, plain: Sequence[Polynomial]) -> Fraction:
    power = 1 if germ.convention == "loss" else 2
    return sum((abs(p({}) if p.is_constant else Fraction(0)) ** power for p in plain), Fraction(0))


def _line_integral(
    germ: Germ, plain: Sequence[Polynomial], j: int, lam: Fraction, digits: int
) -> flint.arb:
    """∫ (Σ |p(x)|^q)^(−λ)·|x|^h dx over R or [0, ∞), in balls, cut at 0 and at common real zeros.

    From a cut of order e the integrand is y^β·G(y)^(−λ) with G > 0, β = h − q·e·λ > −1 rational;
    y = L·u^s, with s the denominator of β, makes it u^(r−1)·G^(−λ), analytic on [0, 1]. Tails are
    of this kind in 1/x. Raises OutOfScope where the integral diverges.
    """
    h = germ.prior[j]
    power = 1 if germ.convention == "loss" else 2
    if power == 1 and len(plain) > 1:
        raise OutOfScope("volume: one loss is needed")
    check_time(_quadrature_time(max((a[j] for p in plain for a in p.support()), default=0)))
    dense = [_dense(p, j) for p in plain]
    one_sided = germ.variables[j] in germ.nonnegative
    orders = _common_zeros(dense)
    if one_sided:
        orders = [(x, e) for x, e in orders if not x < 0]
    tolerance = flint.arb(10) ** (-digits - 4)

    def enclosed(
        rows: Sequence[Sequence[flint.arb]],
        beta: Fraction,
        length: flint.arb,
        prior: tuple[flint.arb, flint.arb] | None,
    ) -> flint.arb:
        """∫_0^L y^β·(Σ |row(y)|^q)^(−λ)·(prior_0 + prior_1·y)^h dy; the sum is not 0 at 0."""
        if beta <= -1:
            raise OutOfScope("volume: the integral over the hit face diverges")
        r, s = (1 + beta).numerator, (1 + beta).denominator
        exponent, h_ball = flint.acb(ball(-lam)), flint.acb(ball(h))
        sign = 1
        if power == 1:
            sign = 1 if _evaluate(rows[0], length / 2) > 0 else -1

        def integrand(u: flint.acb, analytic: bool) -> flint.acb:
            if failed or over():
                return flint.acb("nan")
            try:
                return value_at(u, analytic)
            except Exception as error:  # raised after the quadrature, which loses it
                failed.append(error)
                return flint.acb("nan")

        def value_at(u: flint.acb, analytic: bool) -> flint.acb:
            y = u**s * length
            total = flint.acb(0)
            for row in rows:
                value = _evaluate(row, y)
                total += value * sign if power == 1 else value * value
            answer = (total.log(analytic=analytic) * exponent).exp()
            if prior is not None:
                answer *= ((prior[0] + prior[1] * y).log(analytic=analytic) * h_ball).exp()
            return answer * u ** (r - 1)

        failed: list[Exception] = []
        with deferred() as over:
            found = flint.acb.integral(integrand, 0, 1, rel_tol=tolerance, abs_tol=tolerance)
        if failed:
            raise failed[0]
        if not found.is_finite():
            raise Undecided("volume: the quadrature in balls does not converge")
        return found.real * s * length ** ball(1 + beta)

    def piece(start: flint.arb, order: int, direction: int, length: flint.arb) -> flint.arb:
        at_zero = start == 0
        moved = [[x * direction**i for i, x in enumerate(_shift(c, start))] for c in dense]
        rows = [row[order:] for row in moved]
        beta = -power * order * lam + (h if at_zero else 0)
        side = 1 if start > 0 else -1
        prior = None if at_zero or not h else (start * side, flint.arb(side * direction))
        return enclosed(rows, beta, length, prior)

    total = flint.arb(0)
    for (a, e), (b, f) in itertools.pairwise(orders):
        half = (b - a) / 2
        total += piece(a, e, 1, half) + piece(b, f, -1, half)
    degree = max(len(c) for c in dense) - 1
    tails = [(*orders[-1], 1)] + ([] if one_sided else [(*orders[0], -1)])
    for end, order, direction in tails:
        length = flint.arb(1)
        total += piece(end, order, direction, length)
        # x = end ± 1/v: p = v^(−degree)·(reversed coefficients at v)
        moved = [[x * direction**i for i, x in enumerate(_shift(c, end))] for c in dense]
        rows = [[flint.arb(0)] * (degree + 1 - len(c)) + c[::-1] for c in moved]
        beta = power * degree * lam - 2 - h
        prior = None if not h else (flint.arb(1), abs(end))
        total += enclosed(rows, beta, length, prior)
    return total


def _dense(p: Polynomial, j: int) -> list[Fraction]:
    """Coefficients, constant first, of a polynomial in the j-th variable alone."""
    terms = {a[j]: c for a, c in p.terms()}
    return [terms.get(k, Fraction(0)) for k in range(max(terms, default=0) + 1)]


def _quadrature_time(degree: int) -> float:
    """CPU seconds, at least, of a quadrature by Horner's rule (measured: 7 at degree 100, 58 at
    1,000)."""
    return 0.03 * degree if degree >= 100 else 0.0


def _evaluate(row: Sequence[flint.arb], y: Any) -> Any:
    """Horner's rule, constant first."""
    total = row[-1] + 0 * y
    for c in row[-2::-1]:
        total = total * y + c
    return total


def _shift(coefficients: Sequence[Fraction], start: flint.arb) -> list[flint.arb]:
    """The coefficients of p(start + y), as balls."""
    balls = [ball(c) for c in coefficients]
    if start == 0:
        return balls
    out = [flint.arb(0)] * len(balls)
    for k, c in enumerate(balls):
        for i in range(k + 1):
            out[i] += c * comb(k, i) * start ** (k - i)
    return out


def _common_zeros(dense: Sequence[Sequence[Fraction]]) -> list[tuple[flint.arb, int]]:
    """0 and the common real zeros of polynomials with their orders, ascending, as balls."""
    common = flint.fmpq_poly([])
    for row in dense:
        common = common.gcd(flint.fmpq_poly([to_fmpq(c) for c in row]))
    found: list[tuple[flint.arb, int]] = [(flint.arb(0), 0)]
    check_time(factoring_time(common.degree()))
    for q, e in common.factor()[1]:
        if q.degree() == 1 and q[0] == 0:
            found[0] = (flint.arb(0), int(e))
            continue
        check_time(roots_time(q.degree()))
        pairs: list[Any] = list(q.numer().complex_roots())
        found += [(root.real, int(e)) for root, _ in pairs if root.imag == 0]
    return sorted(found, key=lambda pair: float(pair[0].mid()))


def _plane_integral(
    germ: Germ, plain: Sequence[Polynomial], outside: Sequence[int], lam: Fraction
) -> tuple[float, float]:
    """∫∫ K^(−λ)·|x|^h over R² for a definite K, on the square of x/(1 + x), y/(1 + y).

    The integrand is put together from logarithms: K and its terms may be smaller or larger than
    any float where the integrand is none of both. Raises Undecided where K cannot be told from 0,
    and where the quadrature says that it failed.
    """
    from scipy.integrate import IntegrationWarning, dblquad

    power = 1 if germ.convention == "loss" else 2
    i, j = outside
    h, g = float(germ.prior[i]), float(germ.prior[j])
    tables = [
        [(a[i], a[j], math.log(abs(c)), c > 0) for a, c in p.terms()]
        for p in plain
        if not p.is_zero
    ]

    def log_k(log_x: float, log_y: float, sx: int, sy: int) -> float:
        parts = []
        for table in tables:
            logs = [c + a * log_x + b * log_y for a, b, c, _ in table]
            most = max(logs)
            total = 0.0
            for log, (a, b, _, positive) in zip(logs, table, strict=True):
                minus = (sx < 0 and a % 2 == 1) ^ (sy < 0 and b % 2 == 1) ^ (not positive)
                total += -math.exp(log - most) if minus else math.exp(log - most)
            if total:
                parts.append(power * (most + math.log(abs(total))))
        if not parts:
            raise Undecided("volume: K cannot be told from 0 in floating point")
        most = max(parts)
        return most + math.log(sum(math.exp(part - most) for part in parts))

    def value(s: float, t: float, sx: int, sy: int) -> float:
        # x = s/(1 − s), y = t/(1 − t); a node at the rim is moved by less than its rounding
        log_s, log_t = math.log(s or _RIM), math.log(t or _RIM)
        far_s, far_t = math.log(max(1 - s, _RIM)), math.log(max(1 - t, _RIM))
        log_x, log_y = log_s - far_s, log_t - far_t
        log = h * log_x + g * log_y - 2 * (far_s + far_t)
        log -= float(lam) * log_k(log_x, log_y, sx, sy)
        if log > _LARGEST:
            raise Undecided("volume: the integrand is too large for floating point")
        return math.exp(log)

    half_x = germ.variables[i] in germ.nonnegative
    half_y = germ.variables[j] in germ.nonnegative
    total, error = 0.0, 0.0
    for sx in (1,) if half_x else (1, -1):
        for sy in (1,) if half_y else (1, -1):
            with warnings.catch_warnings():
                warnings.simplefilter("error", IntegrationWarning)
                try:
                    found, err = dblquad(value, 0, 1, 0, 1, args=(sx, sy), epsabs=1e-9, epsrel=1e-9)
                except IntegrationWarning:
                    raise Undecided("volume: the quadrature over the hit face failed") from None
            total, error = total + found, error + err
    return total, 10 * error


def following_exponents(
    germ: Germ, live: Sequence[Polynomial], leading: Leading
) -> tuple[tuple[Fraction, int], ...]:
    """Candidate exponents after the leading term, up to λ + 1, with the largest power of L.

    Where there would be more than _FOLLOWING in a cone, the range is shorter.
    """
    power = 1 if germ.convention == "loss" else 2
    support = sorted({a for g in live for a in g.support()})
    fan = DualFan(NewtonPolyhedron.of(support))
    direction = [1 + h for h in germ.prior]
    most = max(power * sum(map(fan.order, fan.rays(cone))) for cone in fan.maximal)
    limit = leading.exponent + min(Fraction(1), Fraction(_FOLLOWING, most))
    orders: dict[Fraction, int] = {}
    for cone in fan.maximal:
        here: dict[Fraction, int] = {}
        for v in fan.rays(cone):
            n = power * fan.order(v)
            if n == 0:
                continue
            check_time()
            nu = sum((x * d for x, d in zip(v, direction, strict=True)), Fraction(0))
            k = max(0, ceil(leading.exponent * n - nu))
            while (nu + k) / n <= limit:
                exponent = (nu + k) / n
                here[exponent] = here.get(exponent, 0) + 1
                k += 1
        for exponent, count in here.items():
            orders[exponent] = max(orders.get(exponent, 0), count)
    strict = Fraction(1, power)
    while strict <= limit and len(live) == 1:
        orders[strict] = orders.get(strict, 0) + 1
        strict += Fraction(1, power)
    found = []
    for exponent, order in sorted(orders.items()):
        if exponent == leading.exponent:
            found += [(exponent, leading.multiplicity - 2)] if leading.multiplicity > 1 else []
        elif exponent > leading.exponent:
            found.append((exponent, min(order, len(germ.variables)) - 1))
    return tuple(found)
