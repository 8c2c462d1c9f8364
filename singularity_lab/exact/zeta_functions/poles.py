"""Poles of the real zeta function ∫ |f|^s φ dx near 0, with their leading Laurent coefficients.

Gelfand and Shilov 1964; Igusa 1977; Jeanquartier 1979. φ = 1 near 0.

- The largest pole is −2λ, of order m: from V(ε) ~ C·ε^λ·L^(m−1) for K = f² the coefficient of
  (s + 2λ)^(−m) is 2^m·(m − 1)!·λ·C.
- f of two variables, nondegenerate over R: each compact edge with primitive normal (a, b), N the
  order of f, gives the candidate s_0 = −(a + b)/N. In the chart x = ±t^a, y = t^b·u the residue is

      (a/N)·Σ_± f.p. ∫ |f_τ(±1, u)|^(s_0) du,

  Hadamard's finite part: what analytic continuation of the integral in its exponents gives. The
  pole is simple where no exponent of the integrand at a zero, at 0 or at ∞ is −1, −2, …; else
  another divisor has the same candidate and the edge is left out.

A residue 0 says that there is no pole. The poles further left on the same edge, and those of the
strict transform at −1, −2, …, which depend on φ, are not computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import factorial
from typing import Any

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import OutOfScope, Undecided
from singularity_lab.exact.engine.newton import newton_step
from singularity_lab.exact.zeta_functions.density import volume_expansion
from singularity_lab.exact.zeta_functions.zeta_documents import RealPoleDocument


@dataclass(frozen=True)
class RealPole:
    """leading·(s − pole)^(−order) is the first term of the Laurent series of ∫ |f|^s φ.

    error: of ``leading``, a bound where ``rigorous``, else the difference of two precisions.
    """

    pole: Fraction
    order: int
    leading: float
    error: float
    rigorous: bool
    method: str

    def document(self) -> RealPoleDocument:
        """The pole as a document, its place as text."""
        return RealPoleDocument(
            pole=str(self.pole),
            order=self.order,
            leading=self.leading,
            error=self.error,
            rigorous=self.rigorous,
            method=self.method,
        )


def real_poles(f: Polynomial | str) -> tuple[RealPole, ...]:
    """The poles of ∫ |f|^s φ dx at 0 that are computable here, largest first; maybe none.

    Raises OutOfScope where f does not vanish at 0.

    >>> for p in real_poles("x^2 - y^3"): print(p.pole, p.order, round(p.leading, 6))
    -5/6 1 6.635197
    >>> [(str(p.pole), p.order, p.leading) for p in real_poles("x*y")]
    [('-1', 2, 4.0)]
    """
    germ = LocalProblem.build(f, convention="loss").ideal.generators[0]
    if germ.is_zero or germ({}):
        raise OutOfScope(f"real_poles: {germ} does not vanish at 0, or is 0")
    found: dict[Fraction, RealPole] = {}
    try:
        v = volume_expansion(germ)
    except (OutOfScope, Undecided):
        pass
    else:
        lam, m = v.exponent, v.multiplicity
        scale = 2**m * factorial(m - 1) * float(lam)
        rounding = abs(scale * v.constant) * 2.0**-50
        first = RealPole(
            -2 * lam,
            m,
            scale * v.constant,
            scale * v.error + rounding,
            v.terms[0].rigorous,
            f"from V(eps): {v.method}",
        )
        found[first.pole] = first
    if len(germ.variables) == 2:
        found |= {p.pole: p for p in _edges(germ) if p.pole not in found}
    return tuple(sorted(found.values(), key=lambda p: -p.pole))


def _edges(f: Polynomial) -> list[RealPole]:
    """Simple poles of the compact edges of a nondegenerate f of two variables."""
    import mpmath

    problem = LocalProblem.build(f)
    if not isinstance(newton_step(problem.localize()), tuple):
        return []
    polyhedron = NewtonPolyhedron.of(f.support())
    ratios = [
        -Fraction(sum(facet.normal), facet.value) for facet in polyhedron.facets if facet.value
    ]
    poles = []
    for facet in polyhedron.facets:
        if not facet.value or 0 in facet.normal:
            continue
        (a, b), n = facet.normal, facet.value
        pole = -Fraction(a + b, n)
        if ratios.count(pole) > 1:
            continue
        edge = Polynomial.from_terms(
            {e: c for e, c in f.terms() if a * e[0] + b * e[1] == n}, f.variables
        )
        values = []
        for digits in (20, 30):
            with mpmath.workdps(digits):
                try:
                    one, other = (_finite_part(edge, sign, pole) for sign in (1, -1))
                except mpmath.libmp.NoConvergence:  # coefficients of many sizes
                    break
                if one is None or other is None:
                    break
                values.append((one + other) * a / n)
        if len(values) < 2:
            continue
        leading, error = float(values[1]), float(abs(values[1] - values[0])) + 1e-15
        if abs(leading) > 100 * error:
            poles.append(RealPole(pole, 1, leading, error, False, f"edge of normal ({a}, {b})"))
    return poles


def _finite_part(edge: Polynomial, sign: int, pole: Fraction) -> Any | None:
    """f.p. ∫_R |f_τ(sign, u)|^pole du by Taylor's formula at each singular end; None at a log."""
    import mpmath

    dense: dict[int, Fraction] = {}
    for (i, j), c in edge.terms():
        dense[j] = dense.get(j, Fraction(0)) + c * sign**i
    row = [_mp(dense.get(k, Fraction(0))) for k in range(max(dense) + 1)]
    low = min(k for k, c in enumerate(row) if c)
    roots = [
        mpmath.re(r)
        for r in mpmath.polyroots(row[low:][::-1], maxsteps=300, extraprec=300)
        if abs(mpmath.im(r)) < mpmath.mpf(10) ** (-mpmath.mp.dps // 2)
    ] if len(row) - low > 1 else []  # fmt: skip
    cuts = sorted([(mpmath.mpf(0), low), *((r, 1) for r in roots)])
    total = mpmath.mpf(0)

    def end(coefficients: list[Any], beta: Fraction, length: Any) -> Any | None:
        """f.p. ∫_0^length y^beta·|p(y)|^pole dy, p(0) ≠ 0."""
        if beta <= -1 and beta.denominator == 1:
            return None
        count = max(0, int(mpmath.ceil(-(1 + _mp(beta)))) + 1) if beta <= -1 else 0
        if mpmath.polyval(coefficients[::-1], 0) < 0:
            coefficients = [-c for c in coefficients]
        # the Taylor coefficients of p^pole: p·q' = pole·p'·q
        exponent = _mp(pole)
        series = [coefficients[0] ** exponent]
        for k in range(1, count):
            value = mpmath.mpf(0)
            for i in range(1, min(k, len(coefficients) - 1) + 1):
                value += (exponent * i - (k - i)) * coefficients[i] * series[k - i]
            series.append(value / (k * coefficients[0]))
        b = _mp(beta)

        def rest(y: Any) -> Any:
            taylor = mpmath.polyval(series[:count][::-1], y) if count else 0
            return y**b * (abs(mpmath.polyval(coefficients[::-1], y)) ** exponent - taylor)

        power = max(1, int(mpmath.ceil(1 / (1 + b + count))))
        with mpmath.workdps(3 * mpmath.mp.dps):
            value = mpmath.quad(
                lambda w: rest(w**power) * power * w ** (power - 1),
                [0, length ** (mpmath.mpf(1) / power)],
            )
        for k in range(count):
            value += series[k] * length ** (b + k + 1) / (b + k + 1)
        return value

    pieces = []
    for (p, e), (q, g) in pairwise(cuts):
        half = (q - p) / 2
        pieces += [(p, e, 1, half), (q, g, -1, half)]
    one = mpmath.mpf(1)
    pieces += [(*cuts[-1], 1, one), (*cuts[0], -1, one)]
    for start, order, direction, length in pieces:
        moved = [c * direction**i for i, c in enumerate(_taylor(row, start))]
        value = end(moved[order:], pole * order, length)
        if value is None:
            return None
        total += value
    for start, direction in ((cuts[-1][0], 1), (cuts[0][0], -1)):
        moved = [c * direction**i for i, c in enumerate(_taylor(row, start))]
        value = end(moved[::-1], -pole * (len(row) - 1) - 2, one)
        if value is None:
            return None
        total += value
    return total


def _mp(q: Fraction) -> Any:
    import mpmath

    q = fraction(q)
    return mpmath.mpf(q.numerator) / q.denominator


def _taylor(row: list[Any], start: Any) -> list[Any]:
    """The coefficients of p(start + y)."""
    import mpmath

    out = [mpmath.mpf(0)] * len(row)
    for k, c in enumerate(row):
        for i in range(k + 1):
            out[i] += c * mpmath.binomial(k, i) * start ** (k - i)
    return out
