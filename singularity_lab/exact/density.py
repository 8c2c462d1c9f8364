"""The volume V(ε) = ∫_{K < ε} φ near a point: exponent, power of log and leading constant.

Varchenko 1976; Denef and Sargos 1989; Watanabe 2009, §4 and §6; Arnold, Gusein-Zade and Varchenko
1988, §7. As ε → 0, V(ε) = C·ε^λ·L^(m−1)·(1 + o(1)) with L = −log ε.

Let K be nondegenerate with Newton polyhedron Γ, prior ∏ |x|^h, and let the ray of 1 + h hit Γ
inside a compact face τ of codimension m; σ is the cone dual to τ, with ord_K linear on it. In
logarithmic coordinates −log |x| = p + z, with p in the span of σ and z in n − m coordinates J whose
complement I carries the span,

    C = (A/λ)·Σ_signs ∫_{R^J} K_τ(x_I = ±1, x_J)^(−λ)·∏_J |x_j|^(h_j) dx_J,

where A·s^(m−1) ds is the volume of {p ∈ σ : ord_K(p) ∈ ds}, measured in the coordinates I. C does
not depend on the size of the neighbourhood, since τ is compact. For K = Σ c_i |x_i|^(p_i) the
integral is a product of Gamma functions (Dirichlet 1839), for a monomial all terms are exact
(:func:`zeta.monomial_volume`). Sums over disjoint variables convolve: C·Γ(1 + λ) multiplies.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial
from typing import Any

import flint

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import (
    Ideal,
    Point,
    Polynomial,
    Rational,
    fraction,
    to_fmpq,
)
from singularity_lab.algebra.problem import Convention, Germ, LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.newton import newton_step
from singularity_lab.exact.zeta import DualFan, monomial_volume


@dataclass(frozen=True)
class VolumeTerm:
    """coefficient·ε^exponent·L^power, L = −log ε, with an error of the coefficient.

    error: 0 where the coefficient is exact up to rounding; else the quadrature's own estimate,
    from two degrees, times 10.
    """

    exponent: Fraction
    power: int
    coefficient: float
    error: float


@dataclass(frozen=True)
class VolumeExpansion:
    """V(ε) as ε → 0: the leading term, or all terms of a monomial.

    terms: leading one first. complete: whether these are all, so that V is exactly their sum for
    0 < ε ≤ 1 on the cube [−1, 1]^n. following: the exponents that can come next, with the largest
    power of L each (candidates; those at λ itself are lower powers of L).
    """

    problem: LocalProblem
    terms: tuple[VolumeTerm, ...]
    complete: bool
    following: tuple[tuple[Fraction, int], ...]
    method: str
    seconds: float

    @property
    def exponent(self) -> Fraction:
        """λ."""
        return self.terms[0].exponent

    @property
    def multiplicity(self) -> int:
        """m."""
        return self.terms[0].power + 1

    @property
    def constant(self) -> float:
        """The leading constant C."""
        return self.terms[0].coefficient

    @property
    def error(self) -> float:
        """The error of the leading constant."""
        return self.terms[0].error

    def __call__(self, epsilon: float) -> float:
        """The sum of the terms at 0 < ε ≤ 1.

        >>> v = volume_expansion("x*y")
        >>> round(v(1.0), 12)
        4.0
        """
        import math

        if not 0 < epsilon <= 1:
            raise BadInput(f"epsilon: a number in (0, 1] is needed, received {epsilon}")
        big_l = -math.log(epsilon)
        return float(
            sum(t.coefficient * epsilon ** float(t.exponent) * big_l**t.power for t in self.terms)
        )

    def plot(self, ax: Any = None) -> Any:
        """V(ε) on logarithmic axes: the sum of the known terms."""
        from singularity_lab.exact.pictures import volume_constant

        return volume_constant(self, ax=ax)

    def to_json(self) -> dict[str, Any]:
        return {
            "lambda": str(self.exponent),
            "multiplicity": self.multiplicity,
            "constant": self.constant,
            "error": self.error,
            "complete": self.complete,
            "terms": [
                {
                    "exponent": str(t.exponent),
                    "log_power": t.power,
                    "coefficient": t.coefficient,
                    "error": t.error,
                }
                for t in self.terms
            ],
            "following": [{"exponent": str(e), "log_power": k} for e, k in self.following],
            "method": self.method,
            "seconds": round(self.seconds, 4),
        }

    def __str__(self) -> str:
        parts = []
        for t in self.terms:
            log = "" if t.power == 0 else "*L" if t.power == 1 else f"*L^{t.power}"
            parts.append(f"{t.coefficient:.10g}*eps^({t.exponent}){log}")
        tail = "" if self.complete else " + ..."
        err = f" (constant +- {self.error:.1g})" if self.error else ""
        return f"V(eps) = {' + '.join(parts)}{tail}{err}, L = -log eps; {self.method}"


@dataclass(frozen=True)
class _Leading:
    """(λ, m, C, error) of one block, with its method."""

    exponent: Fraction
    multiplicity: int
    constant: Any
    error: Any
    method: str


def volume_expansion(
    generators: LocalProblem | Ideal | Polynomial | str | Sequence[str | Polynomial],
    variables: str | Iterable[str] | None = None,
    *,
    at: Point | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    nonnegative: str | Iterable[str] = (),
    convention: Convention = "ideal",
    digits: int = 15,
) -> VolumeExpansion:
    """λ, m and the leading constant of V(ε) = ∫_{K < ε} ∏ |x|^τ dx near a point.

    K = Σ fᵢ², or one K ≥ 0 with ``convention="loss"``. The neighbourhood is one of the point in
    R^n, or where ``nonnegative`` variables are ≥ 0. digits: wanted of the constant.

    Raises OutOfScope where no formula here applies: degenerate K, a hit face that is not compact
    (the constant depends on the neighbourhood), λ from the strict transform, integrals over more
    than two variables; Undecided where nondegeneracy is not decided.

    >>> print(volume_expansion(["x", "y"]))
    V(eps) = 3.141592654*eps^(1) + ..., L = -log eps; Gamma functions, convolution of 2 blocks
    >>> print(volume_expansion("x*y"))
    V(eps) = 2*eps^(1/2)*L + 4*eps^(1/2), L = -log eps; monomial, all terms
    """
    started = time.process_time()
    if isinstance(generators, LocalProblem):
        problem = generators
    else:
        problem = LocalProblem.build(
            generators,
            variables,
            at=at,
            prior=prior,
            nonnegative=nonnegative,
            convention=convention,
        )
    germ = problem.localize()
    live = tuple(g for g in germ.generators if not g.is_zero)
    if not live:
        raise OutOfScope("volume: K vanishes identically")
    if any(g({}) for g in live):
        raise OutOfScope("volume: K does not vanish at the point")
    if len(live) == 1 and len(live[0].flint) == 1:
        return _monomial(problem, germ, live[0], started)
    import mpmath

    with mpmath.workdps(digits + 15):
        blocks = [_leading(block) for block in _blocks(germ, live)]
        total = blocks[0]
        for block in blocks[1:]:
            total = _convolve(total, block)
        term = VolumeTerm(
            total.exponent, total.multiplicity - 1, float(total.constant), float(total.error)
        )
    following = _following(germ, live, total) if len(blocks) == 1 else ()
    method = " * ".join(dict.fromkeys(b.method for b in blocks))
    if len(blocks) > 1:
        method += f", convolution of {len(blocks)} blocks"
    seconds = time.process_time() - started
    return VolumeExpansion(problem, (term,), False, following, method, seconds)


def _monomial(problem: LocalProblem, germ: Germ, g: Polynomial, started: float) -> VolumeExpansion:
    """All terms for K = (c·x^a)², or c·x^a as a loss, on the cube [−1, 1]^n."""
    ((a, c),) = g.terms()
    factor = 1 if germ.convention == "loss" else 2
    scale = abs(c) ** factor
    orthants = 2 ** sum(v not in germ.nonnegative for v in germ.variables)
    exact = monomial_volume([factor * e for e in a], germ.prior)
    if scale != 1:
        # K/scale < ε/scale: ε^λ·(L + log scale)^j; the sum is exact for ε ≤ scale only
        import math

        shifted: dict[tuple[Fraction, int], float] = {}
        for t in exact:
            base = float(t.coefficient) * float(scale) ** -float(t.exponent)
            log = math.log(scale)
            for j in range(t.power + 1):
                key = (t.exponent, j)
                part = base * math.comb(t.power, j) * log ** (t.power - j)
                shifted[key] = shifted.get(key, 0.0) + part
        pairs = [(e, j, c) for (e, j), c in shifted.items()]
    else:
        pairs = [(t.exponent, t.power, float(t.coefficient)) for t in exact]
    terms = tuple(
        VolumeTerm(e, j, orthants * c, 0.0)
        for e, j, c in sorted(pairs, key=lambda t: (t[0], -t[1]))
    )
    seconds = time.process_time() - started
    method = "monomial, all terms"
    return VolumeExpansion(problem, terms, scale >= 1, (), method, seconds)


def _blocks(germ: Germ, live: Sequence[Polynomial]) -> list[Germ]:
    """The germ as a sum over disjoint groups of variables; terms of a loss are grouped too."""
    if germ.convention == "loss":
        (f,) = live
        parts = [Polynomial.from_terms({a: c}, f.variables) for a, c in f.terms()]
    else:
        parts = list(live)
    groups: list[tuple[set[str], list[Polynomial]]] = []
    for p in parts:
        names, members = set(p.used_variables()), [p]
        rest = []
        for group in groups:
            if group[0] & names:
                names |= group[0]
                members = group[1] + members
            else:
                rest.append(group)
        groups = [*rest, (names, members)]
    used = set().union(*(names for names, _ in groups))
    idle = [v for v in germ.variables if v not in used]
    if idle:
        raise OutOfScope(
            f"volume: K does not depend on {', '.join(idle)}; the constant depends on the box"
        )
    blocks = []
    for names, members in groups:
        order = tuple(v for v in germ.variables if v in names)
        if germ.convention == "loss":
            whole = members[0]
            for p in members[1:]:
                whole = whole + p
            members = [whole]
        tau = tuple(h for v, h in zip(germ.variables, germ.prior, strict=True) if v in names)
        inside = tuple(p.in_ring(order) for p in members)
        walls = tuple(v for v in order if v in germ.nonnegative)
        blocks.append(Germ(order, inside, tau, walls, germ.convention))
    return blocks


def _convolve(a: _Leading, b: _Leading) -> _Leading:
    """K_1(x) + K_2(y): Laplace transforms multiply (Watanabe 2009, Remark 7.2)."""
    import mpmath

    def gamma(q: Fraction) -> Any:
        return mpmath.gamma(1 + mpmath.mpf(q.numerator) / q.denominator)

    lam = a.exponent + b.exponent
    factor = gamma(a.exponent) * gamma(b.exponent) / gamma(lam)
    constant = a.constant * b.constant * factor
    error = (abs(a.error * b.constant) + abs(b.error * a.constant)) * factor
    method = a.method if a.method == b.method else f"{a.method}; {b.method}"
    return _Leading(lam, a.multiplicity + b.multiplicity - 1, constant, error, method)


def _leading(germ: Germ) -> _Leading:
    """The leading term of one block."""
    import mpmath

    if len(germ.variables) == 1:
        return _one_variable(germ)
    found = newton_step(germ)
    if not isinstance(found, tuple):
        if found.face is not None and found.face.answer is None:
            raise Undecided(f"volume: nondegeneracy is not decided: {found}", found.bounds)
        raise OutOfScope(f"volume: no formula for degenerate K: {found}")
    step, value = found
    if "strict" in step:
        # ratio 1/2 there too: with the toric divisors where λ = 1/2, or alone
        raise OutOfScope(
            f"volume: the strict transform contributes to lambda = {value.value}; "
            "there is no formula here"
        )
    lam, m = value.value, value.multiplicity
    power = 1 if germ.convention == "loss" else 2
    n = len(germ.variables)
    support = sorted({a for g in germ.generators for a in g.support()})
    polyhedron = NewtonPolyhedron.of(support)
    direction = [1 + h for h in germ.prior]
    tau = polyhedron.hit_face(direction)
    fan = DualFan(polyhedron)
    # the facets through the hit point; fewer than those through its vertices if not compact
    cone = 0
    for j, facet in enumerate(polyhedron.facets):
        nu = sum((x * d for x, d in zip(facet.normal, direction, strict=True)), Fraction(0))
        if facet.value and nu == lam * power * facet.value:
            cone |= 1 << j
    rays = fan.rays(cone)
    if any(sum(v[i] for v in rays) == 0 for i in range(n)):
        raise OutOfScope(
            "volume: the hit face is not compact; the constant depends on the neighbourhood"
        )
    inside, density = _cone_density(fan, cone, m, power)
    outside = [i for i in range(n) if i not in inside]
    parts = [
        Polynomial.from_terms({a: c for a, c in g.terms() if a in tau}, germ.variables)
        for g in germ.generators
    ]
    parts = [p for p in parts if not p.is_zero]
    integral, error, method = _face_integral(germ, parts, inside, outside, lam)
    factor = mpmath.mpf(density.numerator) / density.denominator / _mp(lam)
    return _Leading(lam, m, factor * integral, abs(factor) * error, method)


def _one_variable(germ: Germ) -> _Leading:
    """K = c·|x|^p·(1 + …) on the line or half-line."""
    import mpmath

    (h,) = germ.prior
    power = 1 if germ.convention == "loss" else 2
    order = min(g.order for g in germ.generators)
    lead = sum(
        (c**power for g in germ.generators for (e,), c in g.terms() if e == order), Fraction(0)
    )
    if lead <= 0:
        raise OutOfScope("volume: a loss K >= 0 is needed")
    lam = (1 + h) / (power * order)
    sides = 1 if germ.nonnegative else 2
    constant = sides * _mp(lead) ** -_mp(lam) / (1 + _mp(h))
    return _Leading(lam, 1, constant, mpmath.mpf(0), "Gamma functions")


def _mp(q: Fraction | int) -> Any:
    import mpmath

    q = Fraction(q)
    return mpmath.mpf(q.numerator) / q.denominator


def _cone_density(fan: DualFan, cone: int, m: int, power: int) -> tuple[tuple[int, ...], Fraction]:
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


def _face_integral(
    germ: Germ,
    parts: Sequence[Polynomial],
    inside: Sequence[int],
    outside: Sequence[int],
    lam: Fraction,
) -> tuple[Any, Any, str]:
    """Σ over signs of x_I of ∫ K_τ^(−λ)·∏_J |x|^h dx_J over R^J (or half-lines)."""
    import mpmath

    if len(outside) > 2:
        raise OutOfScope(f"volume: an integral over {len(outside)} variables")
    signs = [(1,) if germ.variables[i] in germ.nonnegative else (1, -1) for i in inside]
    total, error = mpmath.mpf(0), mpmath.mpf(0)
    for choice in itertools.product(*signs):
        fixed = {germ.variables[i]: s for i, s in zip(inside, choice, strict=True)}
        plain = [p.substitute(fixed) for p in parts]
        if not outside:
            value = _value(germ, plain)
            total += _mp(value) ** -_mp(lam)
        elif len(outside) == 1:
            part, err = _line_integral(germ, plain, outside[0], lam)
            total, error = total + part, error + err
        else:
            part, err = _plane_integral(germ, plain, outside, lam)
            total, error = total + part, error + err
    names = {0: "closed form", 1: "one-dimensional quadrature", 2: "two-dimensional quadrature"}
    return total, error, f"hit face, {names[len(outside)]}"


def _value(germ: Germ, plain: Sequence[Polynomial]) -> Fraction:
    power = 1 if germ.convention == "loss" else 2
    return sum((abs(p({}) if p.is_constant else Fraction(0)) ** power for p in plain), Fraction(0))


def _line_integral(
    germ: Germ, plain: Sequence[Polynomial], j: int, lam: Fraction
) -> tuple[Any, Any]:
    """∫ (Σ p(x)²)^(−λ)·|x|^h dx over R or [0, ∞), split at the real zeros of one p."""
    import mpmath

    h = germ.prior[j]
    dense = [_dense(p, j) for p in plain]
    ends = [mpmath.mpf(0)]
    if len(dense) == 1:
        ends += _real_roots(plain[0], j)
    one_sided = germ.variables[j] in germ.nonnegative
    ends = sorted({e for e in ends if not one_sided or e >= 0})
    power = 1 if germ.convention == "loss" else 2

    def powered(function: Any, alpha: Any, length: Any) -> tuple[Any, Any]:
        """∫_0^length of a function ~ y^alpha at 0, alpha > −1, by y = u^k without singularity."""
        k = max(1, int(mpmath.ceil(1 / (1 + alpha))))
        top = length ** (mpmath.mpf(1) / k)
        value, err = mpmath.quad(lambda u: function(u**k) * k * u ** (k - 1), [0, top], error=True)
        return value, err

    def density(coefficients: Sequence[Sequence[Any]], y: Any) -> Any:
        total = mpmath.mpf(0)
        for c in coefficients:
            total += abs(mpmath.polyval(c[::-1], y)) ** power
        return total ** -_mp(lam)

    def piece(start: Any, direction: int, length: Any) -> tuple[Any, Any]:
        """From a zero, from 0 or from a regular point along a direction."""
        moved = [_shift(c, start) for c in dense]
        if len(moved) == 1 and start != 0 and start in ends:
            moved[0][0] = mpmath.mpf(0)  # a root: its value is exactly 0
        low = min(next((i for i, x in enumerate(c) if x != 0), 0) for c in moved)
        alpha = -power * low * _mp(lam) + (_mp(h) if start == 0 else 0)

        def integrand(y: Any) -> Any:
            value = density(moved, direction * y)
            return value * abs(start + direction * y) ** _mp(h) if h else value

        return powered(integrand, alpha, length)

    total, error = mpmath.mpf(0), mpmath.mpf(0)
    for a, b in itertools.pairwise(ends):
        half = (b - a) / 2
        for start, direction in ((a, 1), (b, -1)):
            value, err = piece(start, direction, half)
            total, error = total + value, error + err
    # tails, with x = end ± y and y = 1/u beyond 1
    tails = [(ends[-1], 1)] + ([] if one_sided else [(ends[0], -1)])
    for end, direction in tails:
        value, err = piece(end, direction, mpmath.mpf(1))
        total, error = total + value, error + err
        moved = [_shift(c, end) for c in dense]
        degree = max(len(c) for c in moved) - 1
        reversed_ = [
            [*reversed([x * direction**i for i, x in enumerate(c)])]
            for c in ([*c, *([mpmath.mpf(0)] * (degree + 1 - len(c)))] for c in moved)
        ]
        beta = power * degree * _mp(lam) - 2

        def tail(
            u: Any, rows: Any = reversed_, end: Any = end, direction: int = direction, b: Any = beta
        ) -> Any:
            # p(end + direction/u) = u^(−degree)·reversed(u): no overflow near 0
            value = density(rows, u) * u**b
            return value * abs(end + direction / u) ** _mp(h) if h else value

        value, err = powered(tail, beta - _mp(h), mpmath.mpf(1))
        total, error = total + value, error + err
    return total, 10 * error


def _dense(p: Polynomial, j: int) -> list[Any]:
    """Coefficients, constant first, of a polynomial in the j-th variable alone."""
    terms = {a[j]: c for a, c in p.terms()}
    return [_mp(terms.get(k, Fraction(0))) for k in range(max(terms, default=0) + 1)]


def _shift(coefficients: Sequence[Any], start: Any) -> list[Any]:
    """The coefficients of p(start + y)."""
    import mpmath

    if start == 0:
        return list(coefficients)
    out = [mpmath.mpf(0)] * len(coefficients)
    for k, c in enumerate(coefficients):
        for i in range(k + 1):
            out[i] += c * mpmath.binomial(k, i) * start ** (k - i)
    return out


def _real_roots(p: Polynomial, j: int) -> list[Any]:
    """The real zeros other than 0, from the squarefree part (simple roots converge fast)."""
    import mpmath

    terms = {a[j]: c for a, c in p.terms()}
    exact = flint.fmpq_poly(
        [to_fmpq(terms.get(k, Fraction(0))) for k in range(max(terms, default=0) + 1)]
    )
    if exact.degree() < 1:
        return []
    square_free = exact / exact.gcd(exact.derivative())
    roots = mpmath.polyroots(
        [_mp(fraction(c)) for c in square_free.coeffs()[::-1]], maxsteps=200, extraprec=200
    )
    small = mpmath.mpf(10) ** (-mpmath.mp.dps // 2)
    return [mpmath.re(r) for r in roots if abs(mpmath.im(r)) < small and abs(r) > small]


def _plane_integral(
    germ: Germ, plain: Sequence[Polynomial], outside: Sequence[int], lam: Fraction
) -> tuple[Any, Any]:
    """∫∫ K^(−λ)·|x|^h over R² for a definite K, in polar-like pieces by max(|x|, |y|)."""
    import mpmath
    import numpy as np
    from scipy.integrate import dblquad

    power = 1 if germ.convention == "loss" else 2
    i, j = outside
    h, g = float(germ.prior[i]), float(germ.prior[j])
    tables = [
        (
            np.array([(a[i], a[j]) for a in p.support()], dtype=float),
            np.array([float(c) for _, c in p.terms()]),
        )
        for p in plain
        if not p.is_zero
    ]

    def k(x: float, y: float) -> float:
        total = 0.0
        for exponents, coefficients in tables:
            value = float(np.dot(coefficients, x ** exponents[:, 0] * y ** exponents[:, 1]))
            total += abs(value) ** power
        return total

    def value(s: float, t: float, sx: int, sy: int) -> float:
        # x = s/(1 − s), y = t/(1 − t)
        x, y = s / (1 - s), t / (1 - t)
        weight = 1 / ((1 - s) ** 2 * (1 - t) ** 2)
        if h:
            weight *= x**h
        if g:
            weight *= y**g
        return float(k(sx * x, sy * y) ** -float(lam) * weight)

    half_x = germ.variables[i] in germ.nonnegative
    half_y = germ.variables[j] in germ.nonnegative
    total, error = 0.0, 0.0
    for sx in (1,) if half_x else (1, -1):
        for sy in (1,) if half_y else (1, -1):
            found, err = dblquad(value, 0, 1, 0, 1, args=(sx, sy), epsabs=1e-9, epsrel=1e-9)
            total, error = total + found, error + err
    return mpmath.mpf(total), mpmath.mpf(10 * error)


def _following(
    germ: Germ, live: Sequence[Polynomial], leading: _Leading
) -> tuple[tuple[Fraction, int], ...]:
    """Candidate exponents after the leading term, up to λ + 1, with the largest power of L."""
    power = 1 if germ.convention == "loss" else 2
    support = sorted({a for g in live for a in g.support()})
    fan = DualFan(NewtonPolyhedron.of(support))
    direction = [1 + h for h in germ.prior]
    limit = leading.exponent + 1
    orders: dict[Fraction, int] = {}
    for cone in fan.maximal:
        here: dict[Fraction, int] = {}
        for v in fan.rays(cone):
            n = power * fan.order(v)
            if n == 0:
                continue
            nu = sum((x * d for x, d in zip(v, direction, strict=True)), Fraction(0))
            k = 0
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
