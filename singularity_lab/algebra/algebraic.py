"""Real algebraic numbers, and the field that the coordinates of a point generate, exactly.

A number α is its minimal polynomial with an isolating interval. Sums and products are roots of
resultants (Loos 1983, *Computing in algebraic extensions*). A field Q(γ) is held as Q[s]/(p) with
p irreducible, γ chosen so that it is the *one positive root* of p: then {s > 0, p(s) = 0} is the
number itself, and the sign of q(γ) is a Tarski query, the sum of the signs of q over the positive
roots of p (Basu, Pollack and Roy 2006, Theorem 2.61). No interval and no precision is needed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt
from typing import Any

import flint

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.algebra.univariate import count_roots, univariate
from singularity_lab.errors import BadInput, SingularityLabError, quoted, shown

Univariate = flint.fmpq_poly
Poly = flint.fmpq_mpoly
_DEGREE = input_limits.ALGEBRAIC_DEGREE


@dataclass(frozen=True, repr=False)
class AlgebraicNumber:
    """An irrational real algebraic number: the root of an irreducible polynomial in an interval.

    coefficients: of the primitive minimal polynomial, the constant first, the last > 0. low, high:
    the first interval that isolates the root when (−2^k, 2^k), a bound for all roots, is halved.

    >>> x = algebraic("1 + sqrt(2)")
    >>> print(x, x.coefficients, 2 < x < 3)
    root(t^2 - 2*t - 1, 0, 4) (-1, -2, 1) True
    """

    coefficients: tuple[int, ...]
    low: Fraction
    high: Fraction

    @cached_property
    def minimal(self) -> Univariate:
        """The minimal polynomial."""
        return flint.fmpq_poly(list(self.coefficients))

    def interval(self, bits: int) -> tuple[Fraction, Fraction]:
        """Rational numbers below and above, at most 2^−bits apart."""
        low, high = self.low, self.high
        below = _value(self.minimal, low) > 0
        while (high - low) * 2**bits > 1:
            middle = (low + high) / 2
            if (_value(self.minimal, middle) > 0) == below:
                low = middle
            else:
                high = middle
        return low, high

    def _above(self, other: Any) -> bool:
        if not isinstance(other, int | Fraction):
            raise BadInput(
                f"number: only rational numbers are compared with it, received {quoted(other)}"
            )
        bits = 1
        while True:
            low, high = self.interval(bits)
            if other <= low or other >= high:
                return bool(other <= low)
            bits *= 2

    def __gt__(self, other: Any) -> bool:
        return self._above(other)

    def __ge__(self, other: Any) -> bool:
        return self._above(other)

    def __lt__(self, other: Any) -> bool:
        return not self._above(other)

    def __le__(self, other: Any) -> bool:
        return not self._above(other)

    def __float__(self) -> float:
        low, high = self.interval(80)
        return float((low + high) / 2)

    def __repr__(self) -> str:
        return f"algebraic({str(self)!r})"

    def __str__(self) -> str:
        if self.coefficients[1:] == (0, 1):
            return f"{'-' if self < 0 else ''}sqrt({-self.coefficients[0]})"
        text = Polynomial(("t",), embed(self.minimal, ring(("t",)), 0))
        return f"root({text}, {self.low}, {self.high})"


Number = Fraction | AlgebraicNumber


def algebraic(text: Any, name: str = "value") -> Number:
    """A real algebraic number from text: numbers, + - * / ^, ``sqrt``, ``cbrt``, and
    ``root(p, a, b)``, the one root of a polynomial between two rational numbers.

    Rational values come back as Fractions. Raises BadInput for what is none, for roots of negative
    numbers, for an interval with no root or with several, beyond degree 24, and for numbers that
    would have too many digits.

    >>> algebraic("sqrt(8)/sqrt(2)"), str(algebraic("root(t^3 - 2, 1, 2)"))
    (Fraction(2, 1), 'root(t^3 - 2, -2, 2)')
    >>> algebraic("root(t^2 - 2, -2, 2)", "point[x]")
    Traceback (most recent call last):
    ...
    singularity_lab.errors.BadInput: point[x]: t^2 - 2 has 2 roots between -2 and 2, not one
    """
    if isinstance(text, AlgebraicNumber):
        return text
    if not isinstance(text, str):
        return fraction(text, name)
    try:
        return fraction(text, name)
    except BadInput:
        if len(text) > 2000 or not any(
            (c.isalpha() and c not in "eE") or c in "*^(+-" for c in text
        ):
            raise
    source = text.strip().replace("^", "**")
    try:
        return _evaluate(ast.parse(source, mode="eval").body, source)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError, MemoryError) as error:
        reason = error if isinstance(error, SingularityLabError) else "it cannot be read"
        if isinstance(error, ZeroDivisionError):
            reason = "division by 0"
        message = f"{name}: {reason}"
        if not isinstance(error, SingularityLabError) or "roots between" not in str(error):
            message = (
                f"{name}: not a rational or real algebraic number: {quoted(text)} ({reason}); "
                "write 1/3, sqrt(2) or root(t^3 - 2, 1, 2)"
            )
        raise BadInput(message) from None


def root(poly: Polynomial, low: Fraction, high: Fraction) -> Number:
    """The one real root of a univariate polynomial in [low, high]; BadInput if it is not one."""
    used = poly.used_variables()
    if len(used) != 1:
        raise BadInput(f"a polynomial in one variable is needed, received {shown(poly)}")
    if not low < high:
        raise BadInput(f"low < high is needed, received {shown(low)}, {shown(high)}")
    _small(low)
    _small(high)
    if (
        poly.degree > 4 * _DEGREE
        or input_limits.Size.of(poly.flint).bits > input_limits.ALGEBRAIC_BITS
    ):
        raise BadInput(
            f"{shown(poly)}: a degree of at most {4 * _DEGREE} and coefficients of at most "
            f"{input_limits.ALGEBRAIC_BITS} bits are needed"
        )
    p = univariate(poly, used[0])
    count = roots_between(p, low, high)
    if count != 1:
        raise BadInput(
            f"{shown(poly)} has {count} roots between {shown(low)} and {shown(high)}, not one"
        )
    return pick_root(p, _constant(low, high))


def real_roots(p: Univariate) -> list[AlgebraicNumber]:
    """The real roots of an irreducible polynomial of degree ≥ 2, the smallest first.

    >>> import flint
    >>> [str(x) for x in real_roots(flint.fmpq_poly([-2, 0, 1]))]
    ['-sqrt(2)', 'sqrt(2)']
    """
    bound = Fraction(2)
    while roots_between(p, -bound, bound) < count_roots(p, "real"):
        bound *= 2
    found: list[AlgebraicNumber] = []
    stack = [(-bound, bound)]
    while stack:
        low, high = stack.pop()
        count = roots_between(p, low, high)
        if count > 1:
            middle = (low + high) / 2
            stack += [(middle, high), (low, middle)]
        elif count == 1:
            root = pick_root(p, _constant(low, high))
            assert isinstance(root, AlgebraicNumber)
            found.append(root)
    return found


# -- arithmetic -------------------------------------------------------------------------------


def _evaluate(node: ast.expr, source: str) -> Number:
    """Walk the syntax tree of an expression; nothing is executed."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return input_limits.rational(ast.get_source_segment(source, node) or "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return times(_evaluate(node.operand, source), Fraction(-1))
    if isinstance(node, ast.BinOp):
        left = _evaluate(node.left, source)
        right = _evaluate(node.right, source)
        if isinstance(node.op, ast.Add):
            return plus(left, right)
        if isinstance(node.op, ast.Sub):
            return plus(left, times(right, Fraction(-1)))
        if isinstance(node.op, ast.Mult):
            return times(left, right)
        if isinstance(node.op, ast.Div):
            return times(left, _inverse(right))
        if isinstance(node.op, ast.Pow) and isinstance(right, Fraction):
            if right.denominator == 1 and 0 <= right <= _DEGREE:
                if (
                    isinstance(left, Fraction)
                    and input_limits.bits(left) * right > input_limits.BITS
                ):
                    raise BadInput(f"a number of more than {input_limits.BITS} bits")
                power: Number = Fraction(1)
                for _ in range(int(right)):
                    power = times(power, left)
                return power
            raise BadInput(f"an exponent is an integer from 0 to {_DEGREE}")
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        kind, n = node.func.id, len(node.args)
        if kind in ("sqrt", "cbrt") and n == 1:
            return _radical(_evaluate(node.args[0], source), 2 if kind == "sqrt" else 3)
        if kind == "root" and n == 3:
            low, high = (_evaluate(a, source) for a in node.args[1:])
            if isinstance(low, Fraction) and isinstance(high, Fraction):
                return root(parse(ast.get_source_segment(source, node.args[0]) or ""), low, high)
    raise BadInput("it is no such expression")


Enclosure = Callable[[int], tuple[Fraction, Fraction]]


def _constant(low: Fraction, high: Fraction) -> Enclosure:
    return lambda bits: (low, high)


def pick_root(p: Univariate, enclose: Enclosure) -> Number:
    """The root of p in an interval that narrows until there is one only."""
    if p.degree() > _DEGREE**2:
        raise BadInput(f"an algebraic number of degree at most {_DEGREE} is needed")
    factors = [flint.fmpq_poly(q) for q, _ in flint.fmpz_poly(p.numer()).factor()[1]]
    bits = 4
    while True:
        low, high = enclose(bits)
        counts = [roots_between(q, low, high) for q in factors]
        if sum(counts) == 1:
            found = factors[counts.index(1)]
            break
        bits *= 2
    if found.degree() == 1:
        return -fraction(found[0] / found[1])
    if found.degree() > _DEGREE:
        raise BadInput(f"an algebraic number of degree at most {_DEGREE} is needed")
    sign = -1 if found.coeffs()[-1] < 0 else 1
    coefficients = tuple(sign * int(c.p) for c in found.coeffs())
    # the canonical interval: halve one that has all roots
    bound = Fraction(2)
    while roots_between(found, -bound, bound) < count_roots(found, "real"):
        bound *= 2
    a, b = -bound, bound
    while roots_between(found, a, b) > 1:
        middle = (a + b) / 2
        while low < middle < high:
            bits *= 2
            low, high = narrow(found, low, high, bits)
        a, b = (a, middle) if high <= middle else (middle, b)
    return AlgebraicNumber(coefficients, a, b)


def narrow(p: Univariate, low: Fraction, high: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """A smaller interval around the one root of p (which is irrational) between low and high."""
    while (high - low) * 2**bits > 1:
        middle = (low + high) / 2
        if roots_between(p, low, middle):
            high = middle
        else:
            low = middle
    return low, high


def _interval(x: Number, bits: int) -> tuple[Fraction, Fraction]:
    return (x, x) if isinstance(x, Fraction) else x.interval(bits)


def _minimal(x: Number) -> Univariate:
    return flint.fmpq_poly([to_fmpq(-x), 1]) if isinstance(x, Fraction) else x.minimal


def _combine(x: Number, y: Number, product: bool, enclose: Enclosure) -> Number:
    """The root of Res_s(p(s), q(t − s)) or Res_s(p(s), s^n·q(t/s)) that an enclosure singles
    out."""
    context = ring(("s", "t"))
    s, t = context.gens()
    p, q = _minimal(x), _minimal(y)
    n = q.degree()
    if n * p.degree() > 4 * _DEGREE:
        raise BadInput(
            f"numbers of degrees {p.degree()} and {n} are combined (at most {4 * _DEGREE} together)"
        )
    there = context.constant(0)
    for i, c in enumerate(q.coeffs()):
        there += c * (t**i * s ** (n - i) if product else (t - s) ** i)
    value = embed(p, context, 0).resultant(there, "s")
    return pick_root(univariate(Polynomial(("s", "t"), value), "t"), enclose)


def plus(x: Number, y: Number) -> Number:
    """The sum of two real algebraic numbers."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        _check_bits(x, y)
        return x + y
    _small(x, y)

    def enclose(bits: int) -> tuple[Fraction, Fraction]:
        (a, b), (c, d) = _interval(x, bits), _interval(y, bits)
        return a + c, b + d

    return _combine(x, y, False, enclose)


def times(x: Number, y: Number) -> Number:
    """The product of two real algebraic numbers."""
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        _check_bits(x, y)
        return x * y
    if x == 0 or y == 0:
        return Fraction(0)
    _small(x, y)

    def enclose(bits: int) -> tuple[Fraction, Fraction]:
        ends = [a * b for a in _interval(x, bits) for b in _interval(y, bits)]
        return min(ends), max(ends)

    return _combine(x, y, True, enclose)


def _inverse(x: Number) -> Number:
    if isinstance(x, Fraction):
        return 1 / x

    def enclose(bits: int) -> tuple[Fraction, Fraction]:
        low, high = x.interval(bits)
        while low <= 0 <= high:
            bits *= 2
            low, high = x.interval(bits)
        return 1 / high, 1 / low

    return pick_root(flint.fmpq_poly(list(x.coefficients[::-1])), enclose)


def _radical(x: Number, n: int) -> Number:
    """The real n-th root, n = 2 or 3."""
    _small(x)
    if n == 3 and x < 0:
        return times(_radical(times(x, Fraction(-1)), 3), Fraction(-1))
    if x < 0:
        raise BadInput("a square root of a negative number is not real")

    def floor(value: Fraction, bits: int) -> Fraction:
        scaled = value.numerator * 2 ** (n * bits) // value.denominator
        low = isqrt(scaled) if n == 2 else _integer_cube_root(scaled)
        return Fraction(low, 2**bits)

    def enclose(bits: int) -> tuple[Fraction, Fraction]:
        low, high = _interval(x, n * bits)
        return floor(max(low, Fraction(0)), bits), floor(high, bits) + Fraction(1, 2**bits)

    coefficients: list[Any] = []
    for c in _minimal(x).coeffs():
        coefficients += [c, *([0] * (n - 1))]
    return pick_root(flint.fmpq_poly(coefficients), enclose)


def _check_bits(*numbers: Fraction) -> None:
    """Refuse rational numbers whose sum or product may exceed the limits."""
    if sum(map(input_limits.bits, numbers)) > input_limits.BITS:
        raise BadInput(f"a number of more than {input_limits.BITS} bits")


def _small(*numbers: Number) -> None:
    """Refuse numbers with which roots would take long: they are isolated bit by bit."""
    for x in numbers:
        parts = [x] if isinstance(x, Fraction) else map(Fraction, x.coefficients)
        if max(map(input_limits.bits, parts)) > input_limits.ALGEBRAIC_BITS:
            raise BadInput(
                f"a number of more than {input_limits.ALGEBRAIC_BITS} bits beside a root"
            )


def _integer_cube_root(value: int) -> int:
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle)
    return low


def _value(p: Univariate, x: Fraction) -> flint.fmpq:
    return p(to_fmpq(x))


def mobius(p: Univariate, low: Fraction, high: Fraction) -> Univariate:
    """(1 + s)^n · p((low + high·s)/(1 + s)): its positive roots are those of p between the two."""
    n = p.degree()
    one, line = flint.fmpq_poly([1, 1]), flint.fmpq_poly([to_fmpq(low), to_fmpq(high)])
    return sum((c * line**i * one ** (n - i) for i, c in enumerate(p.coeffs())), 0 * one)


def roots_between(p: Univariate, low: Fraction, high: Fraction) -> int:
    """The number of different roots of p ≠ 0 in [low, high]."""
    if low == high:
        return int(_value(p, low) == 0)
    ends = int(_value(p, low) == 0) + int(_value(p, high) == 0)
    if p.degree() < 1:
        return 0
    moved = mobius(p, low, high)
    return ends + (count_roots(moved, "positive") if moved.degree() > 0 else 0)


def embed(p: Univariate, context: flint.fmpq_mpoly_ctx, i: int) -> Poly:
    """A univariate polynomial in variable i of a ring."""
    n = context.nvars()
    return context.from_dict(
        {tuple(e if i == j else 0 for j in range(n)): c for e, c in enumerate(p.coeffs()) if c}
    )
