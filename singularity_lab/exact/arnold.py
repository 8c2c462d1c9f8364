"""Arnold's classification of simple and unimodal function germs, as a determinator.

Arnold 1972, 1976; Arnold, Gusein-Zade and Varchenko 1985, chapters 15–17. The class of a germ with
isolated critical point is read from the residual part of the splitting lemma: from its corank, the
tangent cone (a binary cubic or quartic, or a plane cubic), and the Milnor number μ; for the series
T_{p,q,r} also from the order of the germ along the double points of the tangent cone.

The exponent p of T_{p,q,r} at a double point of the cone: in the chart of the blow-up there, f/x^d
is a nondegenerate quadratic form in the other coordinates at x = 0, so eliminating these leaves
c·x^(p−d)·unit. Factors are taken over Q: conjugate double points have equal exponents, so μ gives
them.

Real forms. Over R the coefficients of a normal form can be scaled to ±1 by positive factors and the
signs of the coordinates; what is left are products of signs that no such change alters. They are
read at the singular point e of the tangent cone: the cubic is x·Q(y, z) + C(y, z) there, and c·x^p
is the term along e after elimination. Real nodes are crossings or isolated by the sign of disc Q;
P8 is told apart by the sign of the cubic's discriminant (Aronhold's T² + 64·S³: a cubic with an
oval if it is negative).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import permutations, product
from typing import Any

import flint

from singularity_lab.algebra.evidence import count_roots
from singularity_lab.algebra.polynomial import Polynomial, fraction, parse, ring, to_fmpq
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.splitting import truncated_composition

EXCEPTIONAL = {
    # name: (normal form without modulus, modulus term)
    "E12": ("x^3 + y^7", "x*y^5"),
    "E13": ("x^3 + x*y^5", "y^8"),
    "E14": ("x^3 + y^8", "x*y^6"),
    "Z11": ("x^3*y + y^5", "x*y^4"),
    "Z12": ("x^3*y + x*y^4", "x^2*y^3"),
    "Z13": ("x^3*y + y^6", "x*y^5"),
    "W12": ("x^4 + y^5", "x^2*y^3"),
    "W13": ("x^4 + x*y^4", "y^6"),
    "Q10": ("x^3 + y^4 + y*z^2", "x*y^3"),
    "Q11": ("x^3 + y^2*z + x*z^3", "z^5"),
    "Q12": ("x^3 + y^5 + y*z^2", "x*y^4"),
    "S11": ("x^4 + y^2*z + x*z^2", "x^3*z"),
    "S12": ("x^2*y + y^2*z + x*z^3", "z^5"),
    "U12": ("x^3 + y^3 + z^4", "x*y*z^2"),
}


@dataclass(frozen=True)
class Arnold:
    """A class of Arnold's lists: symbol, series, parameters, modality, real form.

    symbol: as Arnold writes it, for example ``D5``, ``E6``, ``X9``, ``T_{3,4,5}``, ``Q10``; or, for
    germs beyond the lists, a description of the tangent cone with modality None.
    series: the letter of the series. exponents: (p, q, r) of T_{p,q,r}, else (). real: what signs
    say over R, for example ``A3+``. normal_form: of the residual part; ``a`` is the modulus.

    >>> print(classify(parse("x^2*y - y^3"), 4))
    D4 (real form D4-): x^2*y - y^3, modality 0
    """

    symbol: str
    series: str
    milnor: int
    modality: int | None
    exponents: tuple[int, ...] = ()
    real: str = ""
    normal_form: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def simple(self) -> bool:
        return self.modality == 0

    def representative(self) -> Polynomial | None:
        """The normal form of the residual part with a generic modulus; None beyond the lists."""
        return representative(self)

    def plot(self, ax: Any = None) -> Any:
        """The real curve or surface of the normal form, with a square for A_k."""
        from singularity_lab.exact.pictures import zero_set

        form = self.representative()
        if form is None:
            raise OutOfScope(f"{self.symbol}: there is no normal form to draw")
        if len(form.variables) == 1:
            form = form - parse("y^2")
        return zero_set(form, ax=ax, title=f"{self.symbol}: {form} = 0")

    def __str__(self) -> str:
        real = f" (real form {self.real})" if self.real else ""
        form = f": {self.normal_form}" if self.normal_form else ""
        modality = "unknown" if self.modality is None else str(self.modality)
        return f"{self.symbol}{real}{form}, modality {modality}"


def representative(kind: Arnold) -> Polynomial | None:
    """A germ of the class, nondegenerate for its Newton polyhedron, in 1, 2 or 3 variables.

    >>> print(representative(classify(parse("x^3 + y^6"), 10)))
    x^3 + y^6
    """
    mu = kind.milnor
    if kind.series == "A":
        return parse(f"x^{mu + 1}")
    if kind.series == "D":
        return parse(f"x^2*y + y^{mu - 1}")
    if kind.series == "E" and mu in (6, 7, 8):
        return parse({6: "x^3 + y^4", 7: "x^3 + x*y^3", 8: "x^3 + y^5"}[mu])
    if kind.symbol in EXCEPTIONAL:
        return parse(EXCEPTIONAL[kind.symbol][0])
    if kind.exponents:
        p, q, r = kind.exponents
        if (p, q) == (2, 3):
            return parse("x^3 + y^6") if r == 6 else parse(f"x^3 + x^2*y^2 + y^{r}")
        if p == 2:
            return parse("x^4 + y^4") if (q, r) == (4, 4) else parse(f"x^{q} + x^2*y^2 + y^{r}")
        parabolic = (p, q, r) == (3, 3, 3)
        return parse(f"x^{p} + y^{q} + z^{r}" + ("" if parabolic else " + x*y*z"))
    return None


def classify(residual: Polynomial, milnor: int, precision: int | None = None) -> Arnold:
    """The class of a germ of order ≥ 3, given its Milnor number.

    residual: the residual part of the splitting lemma (in as many variables as the corank), known
    up to the degree ``precision`` (exact unless given; at least μ + 1 is enough for all that is
    asked: germs are (μ + 1)-determined, Mather 1968). milnor: its Milnor number.

    Raises Undecided where the precision does not suffice.

    >>> print(classify(parse("x^3 + y^4 + z^5 + x*y*z"), 11))
    T_{3,4,5} (real form T_{3,4,5}: node 4+, node 5): x^3 + y^4 + ... + a*x*y*z, a != 0, modality 1
    """
    n = len(residual.variables)
    if milnor < 1:
        raise BadInput(f"milnor: an integer >= 1 is needed, received {milnor}")
    if n == 0 or milnor == 1:
        return Arnold("A1", "A", 1, 0, normal_form="x^2")
    residual = _rename(residual, ("x", "y", "z", "w")[:n] if n <= 4 else residual.variables)
    if n == 1:
        return _a_series(residual, milnor)
    if n == 2:
        return _corank_2(residual, milnor, precision)
    if n == 3:
        return _corank_3(residual, milnor, precision)
    return Arnold(f"corank {n}, mu = {milnor}", "", milnor, None)


def _rename(f: Polynomial, names: Sequence[str]) -> Polynomial:
    return Polynomial.from_terms(dict(f.terms()), tuple(names))


def _a_series(g: Polynomial, mu: int) -> Arnold:
    if g.order != mu + 1:
        raise Undecided(f"A series: order {g.order} of the residual part, but mu = {mu}")
    (lead,) = [c for a, c in g.terms() if a[0] == mu + 1]
    real = f"A{mu}{'+' if lead > 0 else '-'}" if mu % 2 else ""
    sign = "" if lead > 0 or not mu % 2 else "-"
    return Arnold(f"A{mu}", "A", mu, 0, real=real, normal_form=f"{sign}x^{mu + 1}")


def jet(g: Polynomial, degree: int) -> Polynomial:
    """The homogeneous part of a degree."""
    return Polynomial.from_terms({a: c for a, c in g.terms() if sum(a) == degree}, g.variables)


# -- corank 2 ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Lines:
    """A binary form c·∏ p_i^(e_i) over Q: (degree, exponent, p) for each factor."""

    content: Fraction
    factors: tuple[tuple[int, int, Polynomial], ...]

    @classmethod
    def of(cls, form: Polynomial) -> _Lines:
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


def _corank_2(g: Polynomial, mu: int, precision: int | None) -> Arnold:
    cubic = jet(g, 3)
    if not cubic.is_zero:
        lines = _Lines.of(cubic)
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
    lines = _Lines.of(quartic)
    pattern = lines.pattern()
    if pattern == (1, 1, 1, 1):
        count = lines.real()
        definite = count == 0
        sign = ("+" if quartic((1, 0)) + quartic((0, 1)) > 0 else "-") if definite else ""
        real = f"X9{sign}{sign}, no real line" if definite else f"X9, {count} real lines"
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
            real = f"Z13{'+' if _coefficient(moved, (0, 6)) > 0 else '-'}"
        return _exceptional(names[mu], real)
    names = {12: "W12", 13: "W13"}
    if mu not in names:
        return Arnold(f"corank 2, 4-jet x^4, mu = {mu}", "W", mu, None)
    sign = "+" if lines.content > 0 else "-"
    return _exceptional(names[mu], f"{names[mu]}{sign}")


def _x_series(g: Polynomial, lines: _Lines, mu: int, precision: int | None) -> Arnold:
    """T_{2,4,4+k}: one double line; signs of x⁴, x²y² and, for even k, of y^(4+k)."""
    k = mu - 9
    moved = _straighten(g, lines.lines(2)[0])
    found, last = _order_along(moved, 1, (1, 1), 4, precision)
    if found != k:
        raise Undecided(f"X series: the chart says {found}, but mu = {mu}")
    middle = "+" if _coefficient(moved, (2, 2)) > 0 else "-"
    definite = lines.real() == 1  # no real line but the double one
    first = middle if definite else "-" if middle == "+" else "+"
    lead = "" if first == "+" else "-"
    form = f"{lead}x^4 {middle} x^2*y^2 + a*y^{4 + k}, {_sign_of_a(4 + k, last)}"
    symbol = _t_symbol(2, 4, 4 + k)
    return Arnold(symbol, "T", mu, 1, (2, 4, 4 + k), f"{symbol}: {form}", form)


def _sign_of_a(power: int, value: Fraction) -> str:
    """What the sign of the last coefficient says: y → −y changes it where the power is odd."""
    return "a != 0" if power % 2 else "a > 0" if value > 0 else "a < 0"


def _coefficient(g: Polynomial, a: tuple[int, ...]) -> Fraction:
    return dict(g.terms()).get(a, Fraction(0))


def _exceptional(name: str, real: str = "") -> Arnold:
    base, modulus = EXCEPTIONAL[name]
    mu = int(name[1:])
    return Arnold(name, name[0], mu, 1, real=real, normal_form=f"{base} + a*{modulus}")


def _t_symbol(p: int, q: int, r: int) -> str:
    p, q, r = sorted((p, q, r))
    parabolic = {(3, 3, 3): "P8", (2, 4, 4): "X9", (2, 3, 6): "J10"}
    return parabolic.get((p, q, r), f"T_{{{p},{q},{r}}}")


def _d_series(g: Polynomial, lines: _Lines, mu: int, precision: int | None) -> Arnold:
    moved = _straighten(g, lines.lines(2)[0], lines.lines(1)[0])
    scale = _coefficient(moved, (2, 1))
    if scale < 0:
        moved = moved.substitute({"y": -parse("y", "x y")})
    order, sign = _order_along(moved, 1, (1, 1), 3, precision)
    if order + 4 != mu:
        raise Undecided(f"D series: the chart says {order + 4}, but mu = {mu}")
    mark = "+" if sign > 0 else "-"
    return Arnold(f"D{mu}", "D", mu, 0, real=f"D{mu}{mark}", normal_form=f"x^2*y {mark} y^{mu - 1}")


def _order_along(
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
            real = f"E6{'+' if _coefficient(g, (0, 4)) > 0 else '-'}"
        sign = "-" if real == "E6-" else "+"
        form = {6: f"x^3 {sign} y^4", 7: "x^3 + x*y^3", 8: "x^3 + y^5"}[mu]
        return Arnold(f"E{mu}", "E", mu, 0, real=real, normal_form=form)
    # the part of degree 6 for the weights (2, 1): a cubic in X = x/y²
    cubic = Polynomial.from_terms(
        {(3 - k, k): _coefficient(g, (3 - k, 2 * k)) for k in range(4)}, "x y"
    )
    lines = _Lines.of(cubic)
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
        mark = "+" if _coefficient(moved, (2, 2)) > 0 else "-"
        found, last = _order_along(moved, 1, (2, 1), 6, precision)
        if found != k:
            raise Undecided(f"J series: the chart says {found}, but mu = {mu}")
        form = f"x^3 {mark} x^2*y^2 + a*y^{6 + k}, {_sign_of_a(6 + k, last)}"
        symbol = _t_symbol(2, 3, 6 + k)
        return Arnold(symbol, "T", mu, 1, (2, 3, 6 + k), f"J{mu}{mark}: {form}", form)
    if mu in (12, 13, 14):
        real = ""
        if mu == 14:
            real = f"E14{'+' if _coefficient(moved, (0, 8)) > 0 else '-'}"
        return _exceptional(f"E{mu}", real)
    return Arnold(f"corank 2, 3-jet x^3, mu = {mu}", "J", mu, None)


def _y_series(g: Polynomial, lines: _Lines, mu: int, precision: int | None) -> Arnold:
    """T_{2,q,r}: two double lines; signs of x²y² and of the pure powers that are even."""
    total = mu - 9
    rational = lines.lines(2)
    ends: list[tuple[int, Fraction]] = []
    if len(rational) == 2:
        moved = _straighten(g, rational[0], rational[1])
        ends = [_order_along(moved, axis, (1, 1), 4, precision) for axis in (1, 0)]
        first, second = (k for k, _ in ends)
    else:
        first = second = total // 2
    if first + second != total or min(first, second) < 1:
        raise Undecided(f"Y series: orders {first}, {second} with mu = {mu}")
    p, q, r = sorted((2, 4 + first, 4 + second))
    symbol = _t_symbol(p, q, r)
    real = "two conjugate double lines over Q"
    middle = "+" if lines.content > 0 else "-"
    form = f"x^{q} {middle} x^2*y^2 + a*y^{r}, a != 0"
    if ends:
        (low, c), (high, d) = sorted(ends)
        lead = "-" if low % 2 == 0 and c < 0 else ""
        form = f"{lead}x^{4 + low} {middle} x^2*y^2 + a*y^{4 + high}, {_sign_of_a(high, d)}"
        real = f"{symbol}: {form}"
    return Arnold(symbol, "T", mu, 1, (p, q, r), real, form)


# -- corank 3 ---------------------------------------------------------------------------------


def _corank_3(g: Polynomial, mu: int, precision: int | None) -> Arnold:
    cubic = jet(g, 3)
    if cubic.is_zero:
        return Arnold(f"corank 3, 3-jet 0, mu = {mu}", "", mu, None)
    points = _singular_points(cubic)
    if points is None:
        return Arnold(f"corank 3, non-reduced 3-jet, mu = {mu}", "V", mu, None)
    milnor, count, rational = points
    if milnor == 0:
        form = "x^3 + y^3 + z^3 + a*x*y*z, a^3 + 27 != 0"
        oval = cubic_discriminant(cubic) < 0
        real = f"P8, real cubic {'with an oval' if oval else 'of one piece'}"
        return Arnold("P8", "T", 8, 1, (3, 3, 3), real, form)
    if milnor == count:  # nodes: T_{p,q,r}
        return _nodal(g, mu, count, rational, precision)
    symbol, letter = {
        (2, 1): ("cuspidal cubic", "Q"),
        (3, 1): ("conic with tangent", "S"),
        (4, 1): ("three concurrent lines", "U"),
    }[milnor, count]
    name = f"{letter}{mu}"
    if name not in EXCEPTIONAL:
        return Arnold(f"corank 3, 3-jet a {symbol}, mu = {mu}", letter, mu, None)
    return _exceptional(name, _real_at_point(g, name, rational[0]))


def _real_at_point(g: Polynomial, name: str, point: Sequence[Fraction]) -> str:
    """The real form of Q, S and U classes, from signs at the singular point e of the cubic.

    Up to terms of higher weight f is C(d)·x_d³ + Q(n)·x_n²·x + J, with d in the kernel of Q: the
    sign of x⁴ (Q10, S11, U12), that of C(d)·Q(n)·∂_d J₄(e) (Q11), and that of Q(n)·x⁵ after the
    square in x_n is completed (Q12) do not change; those of S12 all can be made +.
    """
    moved = _move_point(g, point)
    along = _coefficient(moved, (4, 0, 0))
    quadratic, across = _at_node(moved)
    if name == "U12":
        sign = "+" if along > 0 else "-"
        return f"U12{sign}, {_concurrent_real(jet(g, 3), point)} real lines"
    if name in ("Q10", "S11"):
        return f"{name}{'+' if along > 0 else '-'}"
    if name == "S12":
        return "S12"
    a, b, c = quadratic
    d = (-b, 2 * a) if a else (Fraction(1), Fraction(0))
    n = (Fraction(1), Fraction(0)) if a else (Fraction(0), Fraction(1))
    square = a * n[0] ** 2 + b * n[0] * n[1] + c * n[1] ** 2
    slope = [_coefficient(moved, (3, 1, 0)), _coefficient(moved, (3, 0, 1))]

    def derivative(u: Sequence[Fraction]) -> Fraction:
        return slope[0] * u[0] + slope[1] * u[1]

    if name == "Q11":
        value = _binary(across, d) * square * derivative(d)
    else:
        value = (_coefficient(moved, (5, 0, 0)) - derivative(n) ** 2 / (4 * square)) * square
    if value == 0:
        raise Undecided(f"{name}: its sign vanishes")
    return f"{name}{'+' if value > 0 else '-'}"


def _at_node(
    moved: Polynomial,
) -> tuple[tuple[Fraction, Fraction, Fraction], tuple[Fraction, ...]]:
    """(Q, C) with the 3-jet x·Q(y, z) + C(y, z), as coefficients of y², yz, z² and y³, …, z³."""
    q = tuple(_coefficient(moved, (1, *a)) for a in ((2, 0), (1, 1), (0, 2)))
    return (q[0], q[1], q[2]), tuple(_coefficient(moved, (0, 3 - i, i)) for i in range(4))


def _binary(form: Sequence[Fraction], at: Sequence[Fraction]) -> Fraction:
    """A binary form Σ c_i·y^(n−i)·z^i at a point."""
    n = len(form) - 1
    return sum((c * at[0] ** (n - i) * at[1] ** i for i, c in enumerate(form)), Fraction(0))


def cubic_discriminant(cubic: Polynomial) -> Fraction:
    """Aronhold's discriminant T² + 64·S³ of a ternary cubic; (1 + 8m³)³ for Σ x³ + 6m·xyz.

    It is 0 exactly where the curve is singular, and < 0 where a smooth real curve has an oval.
    S and T are contractions of the symmetric tensor with ε, symbolically (abc)(abd)(acd)(bcd) and
    (abc)(abd)(ace)(bcf)(def)² (Salmon 1879, §220; Sturmfels 1993, §4.5).

    >>> m = parse("x^3 + y^3 + z^3 + 6*x*y*z")
    >>> cubic_discriminant(m), cubic_discriminant(parse("x^3 - y^2*z", "x y z"))
    (Fraction(729, 1), Fraction(0, 1))
    """
    tensor: dict[tuple[int, ...], Fraction] = {}
    for a, c in cubic.terms():
        word = [i for i, e in enumerate(a) for _ in range(e)]
        orders = set(permutations(word))
        tensor |= {w: c / len(orders) for w in orders}
    s = _contract(tensor, ("abc", "abd", "acd", "bcd"))
    t = _contract(tensor, ("abc", "abd", "ace", "bcf", "def", "def"))
    # normalised on Hesse's pencil: S = m − m⁴, T = 1 − 20m³ − 8m⁶
    s, t = -s / 24, -t / 6
    return t**2 + 64 * s**3


def _contract(tensor: dict[tuple[int, ...], Fraction], brackets: Sequence[str]) -> Fraction:
    """Σ ∏ ε(bracket)·∏ tensor(letter): each letter has one index in each bracket with it."""
    signs = [
        (w, 1 if w in ((0, 1, 2), (1, 2, 0), (2, 0, 1)) else -1) for w in permutations(range(3))
    ]
    letters = sorted(set("".join(brackets)))
    last = {c: max(i for i, b in enumerate(brackets) if c in b) for c in letters}

    def walk(at: int, words: dict[str, tuple[int, ...]]) -> Fraction:
        if at == len(brackets):
            return Fraction(1)
        total = Fraction(0)
        for indices, sign in signs:
            grown = dict(words)
            factor = Fraction(sign)
            for letter, i in zip(brackets[at], indices, strict=True):
                grown[letter] = (*grown.get(letter, ()), i)
                if last[letter] == at:
                    factor *= tensor.get(grown[letter], Fraction(0))
                    if not factor:
                        break
            if factor:
                total += factor * walk(at + 1, grown)
        return total

    return walk(0, {})


def _concurrent_real(cubic: Polynomial, point: Sequence[Fraction]) -> int:
    """The number of real lines of a cone over three points, with its vertex."""
    moved = _move_point(cubic, point)  # vertex [1:0:0]: a binary cubic in y, z
    binary = Polynomial.from_terms({a[1:]: c for a, c in moved.terms()}, "x y")
    return _Lines.of(binary).real()


def _singular_points(
    cubic: Polynomial,
) -> tuple[int, int, tuple[tuple[Fraction, ...], ...]] | None:
    """(total Milnor number, number of points over C, the rational ones) of a plane cubic.

    None where the cubic is not reduced. In a chart without singular points at infinity the length
    of (F, F_X, F_Y) is the sum of the Tjurina numbers, here those of Milnor: A1, A2, A3 and D4.
    """
    if any(e > 1 for _, e in cubic.factor()[1]):
        return None
    names = ("X", "Y")
    for s, t in product((0, 1, -1, 2, -2, 3), repeat=2):
        # z := z + s·x + t·y moves the line at infinity z = 0
        images: dict[str, Polynomial | int | Fraction] = {
            "z": parse("z", "x y z") + parse("x", "x y z") * s + parse("y", "x y z") * t
        }
        moved = cubic.substitute(images)
        affine = Polynomial.from_terms({a[:2]: c for a, c in moved.terms()}, names)
        if affine.degree < 3 or not _smooth_at_infinity(moved):
            continue
        ideal = [affine, *(affine.derivative(v) for v in names)]
        basis = _groebner(ideal)
        standard = _standard(basis)
        points, finite = _points(basis, standard, ideal)
        rational = tuple((x, y, 1 + s * x + t * y) for x, y in finite)
        return len(standard), points, rational
    raise Undecided("plane cubic: no chart without singular points at infinity")


def _smooth_at_infinity(cubic: Polynomial) -> bool:
    """Whether the cubic has no singular point on z = 0."""
    at_infinity = [
        Polynomial.from_terms({a[:2]: c for a, c in p.terms() if a[2] == 0}, "x y")
        for p in (cubic.derivative(v) for v in cubic.variables)
    ]
    common = at_infinity[0].flint
    for p in at_infinity[1:]:
        common = common.gcd(p.flint)
    return bool(common.is_constant() and not common.is_zero())


def _groebner(ideal: Sequence[Polynomial]) -> list[Polynomial]:
    names = ideal[0].variables
    context = flint.fmpz_mpoly_ctx.get(names, flint.Ordering.degrevlex)
    integral = []
    for p in ideal:
        if p.is_zero:
            continue
        scale = 1
        for _, c in p.terms():
            scale *= c.denominator
        integral.append(context.from_dict({a: int(c * scale) for a, c in p.terms()}))
    basis = flint.fmpz_mpoly_vec(integral, context).buchberger_naive().autoreduction()
    return [
        Polynomial.from_terms({tuple(map(int, a)): int(c) for a, c in p.to_dict().items()}, names)
        for p in basis
    ]


def _standard(basis: Sequence[Polynomial]) -> list[tuple[int, ...]]:
    """The standard monomials of a zero-dimensional ideal in two variables (degrevlex basis)."""
    leads = [tuple(int(e) for e in p.flint.monoms()[0]) for p in basis]
    return [
        (i, j) for i in range(8) for j in range(8) if not any(i >= a and j >= b for a, b in leads)
    ]


def _points(
    basis: Sequence[Polynomial], standard: Sequence[tuple[int, ...]], ideal: Sequence[Polynomial]
) -> tuple[int, list[tuple[Fraction, Fraction]]]:
    """(number of different points over C, the rational ones) of a zero-dimensional ideal."""
    names = basis[0].variables
    size = len(standard)
    if size == 0:
        return 0, []

    def remainder(p: Polynomial) -> dict[tuple[int, ...], Fraction]:
        value = p.flint
        terms: dict[tuple[int, ...], Fraction] = {}
        divisors = [b.flint for b in basis]
        while not value.is_zero():
            lead = tuple(int(e) for e in value.monoms()[0])
            c = value.leading_coefficient()
            for d in divisors:
                low = tuple(int(e) for e in d.monoms()[0])
                if all(x >= y for x, y in zip(lead, low, strict=True)):
                    shift = tuple(x - y for x, y in zip(lead, low, strict=True))
                    factor = Polynomial.from_terms({shift: 1}, names).flint
                    value = value - factor * d * (c / d.leading_coefficient())
                    break
            else:
                terms[lead] = fraction(c)
                value = value - Polynomial.from_terms({lead: 1}, names).flint * c
        return terms

    def characteristic(form: Polynomial) -> flint.fmpq_poly:
        matrix = flint.fmpq_mat(size, size)
        for i, a in enumerate(standard):
            image = remainder(form * Polynomial.from_terms({a: 1}, names))
            for b, c in image.items():
                matrix[list(standard).index(b), i] = to_fmpq(c)
        return matrix.charpoly()

    x, y = parse("X", "X Y"), parse("Y", "X Y")
    count = 0
    for s in range(4):
        p = characteristic(x + y * s)
        count = max(count, int((p / p.gcd(p.derivative())).degree()))
    rational = [
        (u, v)
        for u in _rational_roots(characteristic(x))
        for v in _rational_roots(characteristic(y))
        if all(p((u, v)) == 0 for p in ideal)
    ]
    return count, rational


def _rational_roots(p: flint.fmpq_poly) -> list[Fraction]:
    return [fraction(-q[0] / q[1]) for q, _ in p.factor()[1] if q.degree() == 1]


def _move_point(g: Polynomial, point: Sequence[Fraction]) -> Polynomial:
    """g in linear coordinates for which the point of P² is [1 : 0 : 0]."""
    names = g.variables
    at = next(i for i, c in enumerate(point) if c)
    others = [i for i in range(3) if i != at]
    images: dict[str, Polynomial | int | Fraction] = {}
    x = Polynomial.from_terms({(1, 0, 0): 1}, names)
    for i in range(3):
        image = x * point[i]
        if i in others:
            place = 1 + others.index(i)
            image = image + Polynomial.from_terms(
                {tuple(int(k == place) for k in range(3)): 1}, names
            )
        images[names[i]] = image
    return g.substitute(images)


def _nodal(
    g: Polynomial,
    mu: int,
    count: int,
    rational: Sequence[tuple[Fraction, ...]],
    precision: int | None,
) -> Arnold:
    """T_{p,q,r}: p + q + r = μ + 1, an exponent 3 for each node that is missing."""
    exponents = [3] * (3 - count)
    known: dict[tuple[Fraction, ...], tuple[int, Fraction]] = {}
    for point in rational:
        order, last = _order_along(_move_point(g, point), 0, (1, 1, 1), 3, precision)
        known[point] = 3 + order, last
        exponents.append(3 + order)
    missing = 3 - len(exponents)
    left = mu + 1 - sum(exponents)
    if (missing == 0 and left) or (missing and (left % missing or left // missing < 4)):
        raise Undecided(f"T series: {left} for {missing} conjugate nodes with mu = {mu}")
    if missing:
        exponents += [left // missing] * missing
    p, q, r = sorted(exponents)
    form = f"x^{p} + y^{q} + z^{r} + a*x*y*z, a != 0"
    symbol = _t_symbol(p, q, r)
    return Arnold(symbol, "T", mu, 1, (p, q, r), f"{symbol}{_node_signs(g, known, count)}", form)


def _node_signs(
    g: Polynomial, known: dict[tuple[Fraction, ...], tuple[int, Fraction]], count: int
) -> str:
    """The real form of T_{p,q,r} in words: the nodes of the cubic, and signs that do not change.

    c·x^p along a node: the sign of c for even p; for odd p at an isolated node, that of c·Q. Where
    all exponents are odd and all nodes real crossings, the sign of a·s_1·s_2·s_3 for s_1·x^p +
    s_2·y^q + s_3·z^r + a·xyz: one reflection changes two of these four signs.
    """
    words = []
    crossings = odd = 0
    for point, (power, c) in sorted(known.items(), key=lambda item: (item[1], item[0])):
        (q0, q1, q2), _ = _at_node(_move_point(g, point))
        isolated = q1 * q1 < 4 * q0 * q2
        crossings += not isolated
        odd += power % 2
        if power % 2 == 0 or isolated:
            value = c if power % 2 == 0 else c * q0
            words.append(
                f"{'isolated node' if isolated else 'node'} {power}{'+' if value > 0 else '-'}"
            )
        else:
            words.append(f"node {power}")
    if len(known) < count:
        words.append("conjugate nodes over Q")
    elif crossings == odd == count:
        words.append(f"a*s {'>' if _all_odd_sign(g, known) > 0 else '<'} 0")
    return ": " + ", ".join(words)


def _all_odd_sign(
    g: Polynomial, known: dict[tuple[Fraction, ...], tuple[int, Fraction]]
) -> Fraction:
    """A number with the sign of a·s_1·s_2·s_3 (see _node_signs); missing nodes have exponent 3."""
    product_of_c = Fraction(1)
    for _, c in known.values():
        product_of_c *= c
    points = list(known)
    if len(points) == 1:
        (q0, q1, q2), across = _at_node(_move_point(g, points[0]))
        disc = q1 * q1 - 4 * q0 * q2
        if q0 == 0:  # directions (1, 0) and (−q2, q1), on which 2B is q1²
            ends = _binary(across, (Fraction(1), Fraction(0))) * _binary(across, (-q2, q1))
            return product_of_c * ends
        # directions (−q1 ± √D, 2·q0), on which 2B is −4·q0·D; C there is u ± v√D
        u, v = Fraction(0), Fraction(0)
        power = (Fraction(1), Fraction(0))
        for i in range(3, -1, -1):  # y^(3−i)·z^i with z = 2·q0
            u += across[i] * (2 * q0) ** i * power[0]
            v += across[i] * (2 * q0) ** i * power[1]
            power = (-q1 * power[0] + disc * power[1], power[0] - q1 * power[1])
        return product_of_c * (u * u - disc * v * v) * -q0
    matrix = [list(p) for p in points]
    for i in range(3):
        extra = [Fraction(int(i == j)) for j in range(3)]
        trial = [*matrix, extra]
        rows = flint.fmpq_mat(len(trial), 3, [to_fmpq(c) for row in trial for c in row])
        if len(matrix) < 3 and rows.rank() == len(trial):
            matrix.append(extra)
    names = ("x", "y", "z")
    images: dict[str, Polynomial | int | Fraction] = {
        v: Polynomial.from_terms(
            {tuple(int(k == i) for k in range(3)): matrix[i][j] for i in range(3)}, names
        )
        for j, v in enumerate(g.variables)
    }
    cubic = jet(g, 3).substitute(images)
    a = _coefficient(cubic, (1, 1, 1))
    if len(points) == 3:
        return product_of_c * a
    # nodes at the first two points: s·z³ + z²·(βx + γy) + a·xyz
    s = _coefficient(cubic, (0, 0, 3))
    shift = _coefficient(cubic, (1, 0, 2)) * _coefficient(cubic, (0, 1, 2))
    return product_of_c * (a * s - shift)
