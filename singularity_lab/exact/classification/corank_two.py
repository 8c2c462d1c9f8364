"""Germs of corank 2: the binary form of the first jet decides. Arnold, Gusein-Zade and Varchenko
1985, Ch. 16."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import flint

from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.algebra.univariate import count_roots
from singularity_lab.errors import Undecided
from singularity_lab.exact.classification.normal_forms import EXCEPTIONAL, Arnold
from singularity_lab.exact.classification.splitting_lemma import truncated_composition
from singularity_lab.system.counting import counted


def jet(g: Polynomial, degree: int) -> Polynomial:
    """The homogeneous part of a degree."""
    return Polynomial.from_terms({a: c for a, c in g.terms() if sum(a) == degree}, g.variables)


# -- corank 2 ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """A binary form c·∏ p_i^(e_i) over Q: (degree, exponent, p) for each factor."""

    content: Fraction
    factors: tuple[tuple[int, int, Polynomial], ...]

    @classmethod
    def of(cls, form: Polynomial) -> Lines:
        content, factors = form.factor()
        return cls(content, tuple((p.degree, e, p) for p, e in factors))

    def pattern(self) -> tuple[int, ...]:
        """The multiplicities of the lines over C, descending."""
        return tuple(sorted((e for d, e, _ in self.factors for _ in range(d)), reverse=True))

    def real(self) -> int:
        """The number of different real lines."""
        total = 0
        for d, _, p in self.factors:
            total += 1 if d == 1 else count_roots(_dehomogenised(p), "real")
        return total

    def lines(self, exponent: int) -> list[Polynomial]:
        """The rational linear factors with this exponent."""
        return [p for d, e, p in self.factors if d == 1 and e == exponent]


def _dehomogenised(p: Polynomial) -> flint.fmpq_poly:
    """p(x, 1) for a binary form without the factor y."""
    dense: dict[int, Fraction] = {a[0]: c for a, c in p.terms()}
    return flint.fmpq_poly([to_fmpq(dense.get(i, Fraction(0))) for i in range(max(dense) + 1)])


def _straighten(g: Polynomial, *lines: Polynomial) -> Polynomial:
    """g in linear coordinates whose first ones are the given linear forms."""
    names = g.variables
    n = len(names)
    forms = [_coefficients(p) for p in lines]
    for i in range(n):
        if len(forms) == n:
            break
        extra = [Fraction(int(i == j)) for j in range(n)]
        trial = [*forms, extra]
        matrix = flint.fmpq_mat(len(trial), n, [to_fmpq(c) for row in trial for c in row])
        if matrix.rank() == len(trial):
            forms.append(extra)
    matrix = flint.fmpq_mat(n, n, [to_fmpq(c) for row in forms for c in row]).inv()
    # new = M·old, so old = M⁻¹·new
    images: dict[str, Polynomial | int | Fraction] = {}
    for i, v in enumerate(names):
        images[v] = Polynomial.from_terms(
            {
                tuple(int(j == k) for k in range(n)): fraction(matrix[i, j])
                for j in range(n)
                if matrix[i, j] != 0
            },
            names,
        )
    return g.substitute(images)


def _coefficients(form: Polynomial) -> list[Fraction]:
    terms = dict(form.terms())
    n = len(form.variables)
    return [terms.get(tuple(int(i == j) for j in range(n)), Fraction(0)) for i in range(n)]


def corank_2(g: Polynomial, mu: int, precision: int | None) -> Arnold:
    """The type of a germ of corank 2, from its residual part."""
    cubic = jet(g, 3)
    if not cubic.is_zero:
        lines = Lines.of(cubic)
        pattern = lines.pattern()
        if pattern == (1, 1, 1):
            sign = "-" if lines.real() == 3 else "+"
            return Arnold("D4", "D", 4, 0, real=f"D4{sign}", normal_form=f"x^2*y {sign} y^3")
        if pattern == (2, 1):
            return _d_series(g, lines, mu, precision)
        return _triple_line(_straighten(g, lines.lines(3)[0]), mu, precision)
    quartic = jet(g, 4)
    if quartic.is_zero:
        return Arnold(f"corank 2, 4-jet 0, mu = {mu}", "", mu, None)
    lines = Lines.of(quartic)
    pattern = lines.pattern()
    if pattern == (1, 1, 1, 1):
        count = lines.real()
        definite = count == 0
        sign = ("+" if quartic((1, 0)) + quartic((0, 1)) > 0 else "-") if definite else ""
        real = f"X9{sign}{sign}, no real line" if definite else f"X9, {counted(count, 'real line')}"
        form = "x^4 + y^4 + a*x^2*y^2, a^2 != 4"
        return Arnold("X9", "T", 9, 1, (2, 4, 4), real, form)
    if pattern == (2, 1, 1):
        return _x_series(g, lines, mu, precision)
    if pattern == (2, 2):
        return _y_series(g, lines, mu, precision)
    if pattern == (3, 1):
        names = {11: "Z11", 12: "Z12", 13: "Z13"}
        if mu not in names:
            return Arnold(f"corank 2, 4-jet x^3*y, mu = {mu}", "Z", mu, None)
        moved = _straighten(g, lines.lines(3)[0], lines.lines(1)[0])
        real = ""
        if mu == 13:
            # x → −x alone fixes the sign of x³y, so that of y⁶ stays
            real = f"Z13{'+' if coefficient(moved, (0, 6)) > 0 else '-'}"
        return exceptional(names[mu], real)
    names = {12: "W12", 13: "W13"}
    if mu not in names:
        return Arnold(f"corank 2, 4-jet x^4, mu = {mu}", "W", mu, None)
    sign = "+" if lines.content > 0 else "-"
    return exceptional(names[mu], f"{names[mu]}{sign}")


def _x_series(g: Polynomial, lines: Lines, mu: int, precision: int | None) -> Arnold:
    """T_{2,4,4+k}: one double line; signs of x⁴, x²y² and, for even k, of y^(4+k)."""
    k = mu - 9
    moved = _straighten(g, lines.lines(2)[0])
    found, last = order_along(moved, 1, (1, 1), 4, precision)
    if found != k:
        raise Undecided(f"X series: the chart says {found}, but mu = {mu}")
    middle = "+" if coefficient(moved, (2, 2)) > 0 else "-"
    definite = lines.real() == 1  # no real line but the double one
    first = middle if definite else "-" if middle == "+" else "+"
    lead = "" if first == "+" else "-"
    form = f"{lead}x^4 {middle} x^2*y^2 + a*y^{4 + k}, {_sign_of_a(4 + k, last)}"
    symbol = t_symbol(2, 4, 4 + k)
    return Arnold(symbol, "T", mu, 1, (2, 4, 4 + k), f"{symbol}: {form}", form)


def _sign_of_a(power: int, value: Fraction) -> str:
    """What the sign of the last coefficient says: y → −y changes it where the power is odd."""
    return "a != 0" if power % 2 else "a > 0" if value > 0 else "a < 0"


def coefficient(g: Polynomial, a: tuple[int, ...]) -> Fraction:
    """The coefficient of a monomial."""
    return dict(g.terms()).get(a, Fraction(0))


def exceptional(name: str, real: str = "") -> Arnold:
    """The type of one of Arnold's exceptional unimodal singularities."""
    base, modulus = EXCEPTIONAL[name]
    mu = int(name[1:])
    return Arnold(name, name[0], mu, 1, real=real, normal_form=f"{base} + a*{modulus}")


def t_symbol(p: int, q: int, r: int) -> str:
    """The name of T_{p,q,r}: P8, X9 or J10 where it is parabolic."""
    p, q, r = sorted((p, q, r))
    parabolic = {(3, 3, 3): "P8", (2, 4, 4): "X9", (2, 3, 6): "J10"}
    return parabolic.get((p, q, r), f"T_{{{p},{q},{r}}}")


def _d_series(g: Polynomial, lines: Lines, mu: int, precision: int | None) -> Arnold:
    moved = _straighten(g, lines.lines(2)[0], lines.lines(1)[0])
    scale = coefficient(moved, (2, 1))
    if scale < 0:
        moved = moved.substitute({"y": -parse("y", "x y")})
    order, sign = order_along(moved, 1, (1, 1), 3, precision)
    if order + 4 != mu:
        raise Undecided(f"D series: the chart says {order + 4}, but mu = {mu}")
    mark = "+" if sign > 0 else "-"
    return Arnold(f"D{mu}", "D", mu, 0, real=f"D{mu}{mark}", normal_form=f"x^2*y {mark} y^{mu - 1}")


def order_along(
    g: Polynomial,
    axis: int,
    weights: Sequence[int],
    degree: int,
    precision: int | None,
) -> tuple[int, Fraction]:
    """(k, c) with the residual c·t^k + … after eliminating the other variables in a weighted chart.

    The chart is x_axis = t, x_j = t^(w_j)·x_j'; g/t^degree must be a nondegenerate quadratic form
    in the x_j' at t = 0. precision: g is known up to this ordinary degree.
    """
    n = len(g.variables)
    others = [j for j in range(n) if j != axis]
    known = None if precision is None else precision - degree
    terms: dict[tuple[int, ...], Fraction] = {}
    for a, c in g.terms():
        t = sum(e * w for e, w in zip(a, weights, strict=True)) - degree
        if t < 0:
            raise Undecided(f"chart: the term {a} lies below the weighted degree {degree}")
        key = (t, *(a[j] for j in others))
        terms[key] = terms.get(key, Fraction(0)) + c
    names = ("t", *(f"x{j}" for j in others))
    chart = Polynomial.from_terms(terms, names)
    context = ring(("t",))
    (t_series,) = context.gens()
    m = len(others)
    quadratic = [[Fraction(0)] * m for _ in range(m)]
    for a, c in chart.terms():
        if a[0] == 0 and sum(a) == 2:
            i, j = (k - 1 for k, e in enumerate(a) for _ in range(e))
            quadratic[i][j] += c
            quadratic[j][i] += c
    matrix = flint.fmpq_mat(m, m, [to_fmpq(c) for row in quadratic for c in row])
    if matrix.rank() < m:
        raise Undecided("chart: the quadratic form is degenerate")
    inverse = matrix.inv()
    derivatives = [chart.derivative(v) for v in names[1:]]
    images = {0: t_series, **{k + 1: context.constant(0) for k in range(m)}}
    reach = 4
    depth = 0
    while True:
        while 2 * (depth + 1) <= reach:
            depth += 1
            values = [truncated_composition(d, images, context, depth) for d in derivatives]
            for k in range(m):
                step = context.constant(0)
                for j in range(m):
                    step = step + values[j] * inverse[k, j]
                images[k + 1] = images[k + 1] - step
        value = truncated_composition(chart, images, context, reach)
        found = {a[0]: c for a, c in value.to_dict().items() if a[0] <= reach}
        if found:
            k = min(found)
            if known is not None and k > known:
                raise Undecided(f"chart: order {k} exceeds what is known ({known})")
            return int(k), fraction(found[k])
        if (known is not None and reach > known) or reach > 4_000:
            raise Undecided(f"chart: no term up to order {reach}")
        reach *= 2


def _triple_line(g: Polynomial, mu: int, precision: int | None) -> Arnold:
    """The 3-jet is c·x³."""
    if mu in (6, 7, 8):
        real = ""
        if mu == 6:
            real = f"E6{'+' if coefficient(g, (0, 4)) > 0 else '-'}"
        sign = "-" if real == "E6-" else "+"
        form = {6: f"x^3 {sign} y^4", 7: "x^3 + x*y^3", 8: "x^3 + y^5"}[mu]
        return Arnold(f"E{mu}", "E", mu, 0, real=real, normal_form=form)
    # the part of degree 6 for the weights (2, 1): a cubic in X = x/y²
    cubic = Polynomial.from_terms(
        {(3 - k, k): coefficient(g, (3 - k, 2 * k)) for k in range(4)}, "x y"
    )
    lines = Lines.of(cubic)
    pattern = lines.pattern()
    if pattern == (1, 1, 1):
        real = f"J10, {lines.real()} real branches"
        form = "x^3 + y^6 + a*x^2*y^2, 4*a^3 + 27 != 0"
        return Arnold("J10", "T", 10, 1, (2, 3, 6), real, form)
    repeated = next(p for d, e, p in lines.factors if e > 1 and d == 1)
    along, across = _coefficients(repeated)
    shift = parse("x", "x y") - parse("y^2", "x y") * (across / along)
    moved = g.substitute({"x": shift})
    if pattern == (2, 1):
        k = mu - 10
        mark = "+" if coefficient(moved, (2, 2)) > 0 else "-"
        found, last = order_along(moved, 1, (2, 1), 6, precision)
        if found != k:
            raise Undecided(f"J series: the chart says {found}, but mu = {mu}")
        form = f"x^3 {mark} x^2*y^2 + a*y^{6 + k}, {_sign_of_a(6 + k, last)}"
        symbol = t_symbol(2, 3, 6 + k)
        return Arnold(symbol, "T", mu, 1, (2, 3, 6 + k), f"J{mu}{mark}: {form}", form)
    if mu in (12, 13, 14):
        real = ""
        if mu == 14:
            real = f"E14{'+' if coefficient(moved, (0, 8)) > 0 else '-'}"
        return exceptional(f"E{mu}", real)
    return Arnold(f"corank 2, 3-jet x^3, mu = {mu}", "J", mu, None)


def _y_series(g: Polynomial, lines: Lines, mu: int, precision: int | None) -> Arnold:
    """T_{2,q,r}: two double lines; signs of x²y² and of the pure powers that are even."""
    total = mu - 9
    rational = lines.lines(2)
    ends: list[tuple[int, Fraction]] = []
    if len(rational) == 2:
        moved = _straighten(g, rational[0], rational[1])
        ends = [order_along(moved, axis, (1, 1), 4, precision) for axis in (1, 0)]
        first, second = (k for k, _ in ends)
    else:
        first = second = total // 2
    if first + second != total or min(first, second) < 1:
        raise Undecided(f"Y series: orders {first}, {second} with mu = {mu}")
    p, q, r = sorted((2, 4 + first, 4 + second))
    symbol = t_symbol(p, q, r)
    real = "two conjugate double lines over Q"
    middle = "+" if lines.content > 0 else "-"
    form = f"x^{q} {middle} x^2*y^2 + a*y^{r}, a != 0"
    if ends:
        (low, c), (high, d) = sorted(ends)
        lead = "-" if low % 2 == 0 and c < 0 else ""
        form = f"{lead}x^{4 + low} {middle} x^2*y^2 + a*y^{4 + high}, {_sign_of_a(high, d)}"
        real = f"{symbol}: {form}"
    return Arnold(symbol, "T", mu, 1, (p, q, r), real, form)
