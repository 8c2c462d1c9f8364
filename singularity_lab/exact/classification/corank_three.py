"""Germs of corank 3: the plane cubic of the 3-jet decides. Arnold, Gusein-Zade and Varchenko 1985,
Ch. 16."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations, product

import flint

from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.rings import fraction, to_fmpq
from singularity_lab.errors import Undecided
from singularity_lab.exact.classification.corank_two import (
    Lines,
    coefficient,
    exceptional,
    jet,
    order_along,
    t_symbol,
)
from singularity_lab.exact.classification.normal_forms import EXCEPTIONAL, Arnold

# -- corank 3 ---------------------------------------------------------------------------------


def corank_3(g: Polynomial, mu: int, precision: int | None) -> Arnold:
    """The type of a germ of corank 3, from its residual part."""
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
    return exceptional(name, _real_at_point(g, name, rational[0]))


def _real_at_point(g: Polynomial, name: str, point: Sequence[Fraction]) -> str:
    """The real form of Q, S and U classes, from signs at the singular point e of the cubic.

    Up to terms of higher weight f is C(d)·x_d³ + Q(n)·x_n²·x + J, with d in the kernel of Q: the
    sign of x⁴ (Q10, S11, U12), that of C(d)·Q(n)·∂_d J₄(e) (Q11), and that of Q(n)·x⁵ after the
    square in x_n is completed (Q12) do not change; those of S12 all can be made +.
    """
    moved = _move_point(g, point)
    along = coefficient(moved, (4, 0, 0))
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
    slope = [coefficient(moved, (3, 1, 0)), coefficient(moved, (3, 0, 1))]

    def derivative(u: Sequence[Fraction]) -> Fraction:
        return slope[0] * u[0] + slope[1] * u[1]

    if name == "Q11":
        value = _binary(across, d) * square * derivative(d)
    else:
        value = (coefficient(moved, (5, 0, 0)) - derivative(n) ** 2 / (4 * square)) * square
    if value == 0:
        raise Undecided(f"{name}: its sign vanishes")
    return f"{name}{'+' if value > 0 else '-'}"


def _at_node(
    moved: Polynomial,
) -> tuple[tuple[Fraction, Fraction, Fraction], tuple[Fraction, ...]]:
    """(Q, C) with the 3-jet x·Q(y, z) + C(y, z), as coefficients of y², yz, z² and y³, …, z³."""
    q = tuple(coefficient(moved, (1, *a)) for a in ((2, 0), (1, 1), (0, 2)))
    return (q[0], q[1], q[2]), tuple(coefficient(moved, (0, 3 - i, i)) for i in range(4))


def _binary(form: Sequence[Fraction], at: Sequence[Fraction]) -> Fraction:
    """A binary form Σ c_i·y^(n−i)·z^i at a point."""
    n = len(form) - 1
    return sum((c * at[0] ** (n - i) * at[1] ** i for i, c in enumerate(form)), Fraction(0))


def cubic_discriminant(cubic: Polynomial) -> Fraction:
    """Aronhold's discriminant T² + 64·S³ of a ternary cubic; (1 + 8m³)³ for Σ x³ + 6m·xyz.

    It is 0 exactly where the curve is singular, and < 0 where a smooth real curve has an oval.
    S and T are contractions of the symmetric tensor with ε, symbolically (abc)(abd)(acd)(bcd) and
    (abc)(abd)(ace)(bcf)(def)² (Salmon 1879, §220; Sturmfels 1993, §4.5).

    >>> from singularity_lab.algebra.polynomial import parse
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
    return Lines.of(binary).real()


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
        order, last = order_along(_move_point(g, point), 0, (1, 1, 1), 3, precision)
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
    symbol = t_symbol(p, q, r)
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
    a = coefficient(cubic, (1, 1, 1))
    if len(points) == 3:
        return product_of_c * a
    # nodes at the first two points: s·z³ + z²·(βx + γy) + a·xyz
    s = coefficient(cubic, (0, 0, 3))
    shift = coefficient(cubic, (1, 0, 2)) * coefficient(cubic, (0, 1, 2))
    return product_of_c * (a * s - shift)
