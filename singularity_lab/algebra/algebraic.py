"""Real algebraic numbers, and the field that the coordinates of a point generate, exactly.

A number α is its minimal polynomial with an isolating interval. Sums and products are roots of
resultants (Loos 1983, *Computing in algebraic extensions*). A field Q(γ) is held as Q[s]/(p) with
p irreducible, γ chosen so that it is the *one positive root* of p: then {s > 0, p(s) = 0} is the
number itself, and the sign of q(γ) is a Tarski query, the sum of the signs of q over the positive
roots of p (Basu, Pollack and Roy 2006, Theorem 2.61). No interval and no precision is needed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from math import isqrt
from typing import Any

import flint

from singularity_lab.algebra import limits
from singularity_lab.algebra.evidence import Kind, count_roots, tarski_query, univariate
from singularity_lab.algebra.polynomial import Polynomial, fraction, parse, ring, to_fmpq
from singularity_lab.errors import BadInput, CertificateError, SingularityLabError, quoted, shown

Univariate = flint.fmpq_poly
Poly = flint.fmpq_mpoly
_DEGREE = limits.ALGEBRAIC_DEGREE


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
                f"number: only rational numbers are compared with it, not {quoted(other)}"
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
        text = Polynomial(("t",), _embed(self.minimal, ring(("t",)), 0))
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
        raise BadInput(f"a polynomial in one variable is needed, not {shown(poly)}")
    if not low < high:
        raise BadInput(f"low < high is needed, received {shown(low)}, {shown(high)}")
    _small(low)
    _small(high)
    if poly.degree > 4 * _DEGREE or limits.Size.of(poly.flint).bits > limits.ALGEBRAIC_BITS:
        raise BadInput(
            f"{shown(poly)}: a degree of at most {4 * _DEGREE} and coefficients of at most "
            f"{limits.ALGEBRAIC_BITS} bits are needed"
        )
    p = univariate(poly, used[0])
    count = _roots_between(p, low, high)
    if count != 1:
        raise BadInput(
            f"{shown(poly)} has {count} roots between {shown(low)} and {shown(high)}, not one"
        )
    return _pick(p, _constant(low, high))


def real_roots(p: Univariate) -> list[AlgebraicNumber]:
    """The real roots of an irreducible polynomial of degree ≥ 2, the smallest first.

    >>> [str(x) for x in real_roots(flint.fmpq_poly([-2, 0, 1]))]
    ['-sqrt(2)', 'sqrt(2)']
    """
    bound = Fraction(2)
    while _roots_between(p, -bound, bound) < count_roots(p, "real"):
        bound *= 2
    found: list[AlgebraicNumber] = []
    stack = [(-bound, bound)]
    while stack:
        low, high = stack.pop()
        count = _roots_between(p, low, high)
        if count > 1:
            middle = (low + high) / 2
            stack += [(middle, high), (low, middle)]
        elif count == 1:
            root = _pick(p, _constant(low, high))
            assert isinstance(root, AlgebraicNumber)
            found.append(root)
    return found


# -- arithmetic -------------------------------------------------------------------------------


def _evaluate(node: ast.expr, source: str) -> Number:
    """Walk the syntax tree of an expression; nothing is executed."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return limits.rational(ast.get_source_segment(source, node) or "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _times(_evaluate(node.operand, source), Fraction(-1))
    if isinstance(node, ast.BinOp):
        left = _evaluate(node.left, source)
        right = _evaluate(node.right, source)
        if isinstance(node.op, ast.Add):
            return _plus(left, right)
        if isinstance(node.op, ast.Sub):
            return _plus(left, _times(right, Fraction(-1)))
        if isinstance(node.op, ast.Mult):
            return _times(left, right)
        if isinstance(node.op, ast.Div):
            return _times(left, _inverse(right))
        if isinstance(node.op, ast.Pow) and isinstance(right, Fraction):
            if right.denominator == 1 and 0 <= right <= _DEGREE:
                if isinstance(left, Fraction) and limits.bits(left) * right > limits.BITS:
                    raise BadInput(f"a number of more than {limits.BITS} bits")
                power: Number = Fraction(1)
                for _ in range(int(right)):
                    power = _times(power, left)
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


def _pick(p: Univariate, enclose: Enclosure) -> Number:
    """The root of p in an interval that narrows until there is one only."""
    if p.degree() > _DEGREE**2:
        raise BadInput(f"an algebraic number of degree at most {_DEGREE} is needed")
    factors = [flint.fmpq_poly(q) for q, _ in flint.fmpz_poly(p.numer()).factor()[1]]
    bits = 4
    while True:
        low, high = enclose(bits)
        counts = [_roots_between(q, low, high) for q in factors]
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
    while _roots_between(found, -bound, bound) < count_roots(found, "real"):
        bound *= 2
    a, b = -bound, bound
    while _roots_between(found, a, b) > 1:
        middle = (a + b) / 2
        while low < middle < high:
            bits *= 2
            low, high = _narrow(found, low, high, bits)
        a, b = (a, middle) if high <= middle else (middle, b)
    return AlgebraicNumber(coefficients, a, b)


def _narrow(p: Univariate, low: Fraction, high: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """A smaller interval around the one root of p (which is irrational) between low and high."""
    while (high - low) * 2**bits > 1:
        middle = (low + high) / 2
        if _roots_between(p, low, middle):
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
    value = _embed(p, context, 0).resultant(there, "s")
    return _pick(univariate(Polynomial(("s", "t"), value), "t"), enclose)


def _plus(x: Number, y: Number) -> Number:
    if isinstance(x, Fraction) and isinstance(y, Fraction):
        _check_bits(x, y)
        return x + y
    _small(x, y)

    def enclose(bits: int) -> tuple[Fraction, Fraction]:
        (a, b), (c, d) = _interval(x, bits), _interval(y, bits)
        return a + c, b + d

    return _combine(x, y, False, enclose)


def _times(x: Number, y: Number) -> Number:
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

    return _pick(flint.fmpq_poly(list(x.coefficients[::-1])), enclose)


def _radical(x: Number, n: int) -> Number:
    """The real n-th root, n = 2 or 3."""
    _small(x)
    if n == 3 and x < 0:
        return _times(_radical(_times(x, Fraction(-1)), 3), Fraction(-1))
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
    return _pick(flint.fmpq_poly(coefficients), enclose)


def _check_bits(*numbers: Fraction) -> None:
    """Refuse rational numbers whose sum or product may exceed the limits."""
    if sum(map(limits.bits, numbers)) > limits.BITS:
        raise BadInput(f"a number of more than {limits.BITS} bits")


def _small(*numbers: Number) -> None:
    """Refuse numbers with which roots would take long: they are isolated bit by bit."""
    for x in numbers:
        parts = [x] if isinstance(x, Fraction) else map(Fraction, x.coefficients)
        if max(map(limits.bits, parts)) > limits.ALGEBRAIC_BITS:
            raise BadInput(f"a number of more than {limits.ALGEBRAIC_BITS} bits beside a root")


def _integer_cube_root(value: int) -> int:
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle)
    return low


def _value(p: Univariate, x: Fraction) -> flint.fmpq:
    return p(to_fmpq(x))


def _mobius(p: Univariate, low: Fraction, high: Fraction) -> Univariate:
    """(1 + s)^n · p((low + high·s)/(1 + s)): its positive roots are those of p between the two."""
    n = p.degree()
    one, line = flint.fmpq_poly([1, 1]), flint.fmpq_poly([to_fmpq(low), to_fmpq(high)])
    return sum((c * line**i * one ** (n - i) for i, c in enumerate(p.coeffs())), 0 * one)


def _roots_between(p: Univariate, low: Fraction, high: Fraction) -> int:
    """The number of different roots of p ≠ 0 in [low, high]."""
    if low == high:
        return int(_value(p, low) == 0)
    ends = int(_value(p, low) == 0) + int(_value(p, high) == 0)
    if p.degree() < 1:
        return 0
    moved = _mobius(p, low, high)
    return ends + (count_roots(moved, "positive") if moved.degree() > 0 else 0)


def _embed(p: Univariate, context: flint.fmpq_mpoly_ctx, i: int) -> Poly:
    """A univariate polynomial in variable i of a ring."""
    n = context.nvars()
    return context.from_dict(
        {tuple(e if i == j else 0 for j in range(n)): c for e, c in enumerate(p.coeffs()) if c}
    )


# -- fields -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberField:
    """Q(γ) = Q[s]/(p) for the one positive root γ of an irreducible p; ``symbol`` is the name of s.

    >>> field = NumberField.build("s", "s^2 - 2")
    >>> f = parse("s^3*x - 2*x + s*y", "x y s").flint
    >>> print(field.reduce(f), field.sign(parse("s - 3/2", "s").flint))
    2*x*s + y*s - 2*x -1
    """

    symbol: str
    coefficients: tuple[Fraction, ...]

    @classmethod
    def build(cls, symbol: str, relation: str) -> NumberField:
        """From text; raises BadInput unless p is irreducible, of degree ≥ 2, with one positive
        root."""
        p = parse(relation, (symbol,))
        if p.degree > limits.FIELD_DEGREE:
            raise BadInput(
                f"field: a degree of at most {limits.FIELD_DEGREE} is needed, not {shown(p)}"
            )
        if p.degree < 2 or [e for _, e in p.factor()[1]] != [1]:
            raise BadInput(
                f"field: an irreducible polynomial of degree >= 2 is needed, not {shown(p)}"
            )
        dense = univariate(p, symbol)
        count = count_roots(dense, "positive")
        if count != 1:
            raise BadInput(f"field: one positive root is needed, {shown(p)} has {count}")
        return cls(symbol, tuple(fraction(c) for c in dense.coeffs()))

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1

    @cached_property
    def dense(self) -> Univariate:
        """The relation p."""
        return flint.fmpq_poly([to_fmpq(c) for c in self.coefficients])

    @cached_property
    def approximation(self) -> float:
        """γ in floating point."""
        bound = Fraction(1)
        while _roots_between(self.dense, Fraction(0), bound) == 0:
            bound *= 2
        low, high = _narrow(self.dense, Fraction(0), bound, 60)
        return float((low + high) / 2)

    def relation(self, names: Sequence[str]) -> Polynomial:
        """The relation p in a ring that has the symbol."""
        return Polynomial(tuple(names), _relation(self, tuple(names)))

    def reduce(self, p: Poly) -> Poly:
        """The remainder modulo the relation: 0 if and only if p is 0 over the field."""
        names = p.context().names()
        if self.symbol not in names or p.degrees()[names.index(self.symbol)] < self.degree:
            return p
        return p % _relation(self, tuple(names))

    def sign(self, p: Poly) -> int:
        """The sign of a polynomial in the symbol alone at γ, decided exactly."""
        if p.is_constant():
            value = 0 if p.is_zero() else p.leading_coefficient()
            return int(value > 0) - int(value < 0)
        listed = Polynomial(tuple(p.context().names()), p)
        return tarski_query(self.dense, univariate(listed, self.symbol) % self.dense)

    def factors(self, p: Poly) -> list[Poly]:
        """The different irreducible factors, not constant, of a polynomial in one variable over the
        field, in the ring of p; each is monic.

        Trager 1976: for some integer k the norm of q(u − k·s) has no square; its factors over Q
        have the factors of q as gcds with it.

        >>> field = NumberField.build("s", "s^2 - 2")
        >>> print(*field.factors(parse("(u^2 - 2)^2*(u^2 - 3)", "u s").flint))
        u + s u - s u^2 - 3
        """
        names = tuple(p.context().names())
        place = names.index(self.symbol)
        (i,) = (j for j, d in enumerate(p.degrees()) if d > 0 and j != place)
        q = self._dense_in(p, i, place)
        slope = [e * c for e, c in enumerate(q)][1:]
        q = _division(q, _gcd(q, slope, self.dense), self.dense)[0] if len(q) > 2 else q
        lead = _reciprocal(q[-1], self.dense)
        q = [c * lead % self.dense for c in q]
        context = ring(("s", "u"))
        s, u = context.gens()
        whole = sum((_embed(c, context, 0) * u**e for e, c in enumerate(q)), context.constant(0))
        relation = _embed(self.dense, context, 0)
        for k in range(1000):
            norm = relation.resultant(whole.compose(s, u - k * s, ctx=context), "s")
            over_q = norm.factor()[1]
            if all(e == 1 for _, e in over_q):
                break
        found = []
        for f, _ in over_q:
            dense = univariate(Polynomial(("s", "u"), f), "u")
            shifted = _substitute(dense, [flint.fmpq_poly([0, k]), _c(1)], self.dense)
            part = _gcd(q, shifted, self.dense)
            found.append(self._in_ring(part, ring(names), i, place))
        return sorted(found, key=lambda f: (int(f.total_degree()), len(f), str(f)))

    def stripped(self, p: Poly, q: Poly) -> tuple[Poly, int]:
        """p without its factors q over the field, and how many they are (none for a constant q).

        >>> field = NumberField.build("s", "s^2 - 2")
        >>> f, g = (parse(t, "x y s").flint for t in ("s*x^3*y - 2*x^2*y^2", "x*s - 2*y"))
        >>> print(*field.stripped(f, g))
        x^2*y 1
        """
        names = tuple(p.context().names())
        place = names.index(self.symbol)
        divisor, count = self._sparse(q, place), 0
        if not any(map(any, divisor)) or p.is_zero():
            return p, 0
        while True:
            quotient = self._quotient(self._sparse(p, place), divisor, place)
            if quotient is None:
                return p, count
            p, count = p.context().from_dict(quotient), count + 1

    def _sparse(self, p: Poly, place: int) -> dict[tuple[int, ...], Univariate]:
        """{exponent: coefficient in the symbol}; the exponents have 0 at the symbol's place."""
        parts: dict[tuple[int, ...], dict[int, Any]] = {}
        for a, c in p.to_dict().items():
            key = tuple(0 if j == place else int(e) for j, e in enumerate(a))
            parts.setdefault(key, {})[int(a[place])] = c
        return {
            a: flint.fmpq_poly([c.get(j, 0) for j in range(max(c) + 1)]) for a, c in parts.items()
        }

    def _quotient(
        self,
        p: dict[tuple[int, ...], Univariate],
        q: dict[tuple[int, ...], Univariate],
        place: int,
    ) -> dict[tuple[int, ...], Any] | None:
        """The terms of p/q if q divides p: division by the leading terms in lexicographic order."""
        lead = max(q)
        inverse, found = _reciprocal(q[lead], self.dense), dict[tuple[int, ...], Any]()
        rest = dict(p)
        while rest:
            top = max(rest)
            shift = tuple(a - b for a, b in zip(top, lead, strict=True))
            if min(shift) < 0:
                return None
            c = rest[top] * inverse % self.dense
            for a, d in q.items():
                key = tuple(i + j for i, j in zip(a, shift, strict=True))
                value = (rest.get(key, _c(0)) - c * d) % self.dense
                if value:
                    rest[key] = value
                else:
                    rest.pop(key, None)
            for e, x in enumerate(c.coeffs()):
                found[(*shift[:place], e, *shift[place + 1 :])] = x
        return found

    def coprime(self, p: Poly, q: Poly, i: int) -> bool:
        """Have two polynomials in variable i alone no common factor over the field?"""
        place = p.context().names().index(self.symbol)
        dense = [self._dense_in(f, i, place) for f in (p, q)]
        return len(_gcd(dense[0], dense[1], self.dense)) == 1

    def _dense_in(self, p: Poly, i: int, place: int) -> list[Univariate]:
        """The coefficients of p in variable i."""
        parts: dict[int, dict[int, Any]] = {}
        for a, c in p.to_dict().items():
            parts.setdefault(int(a[i]), {})[int(a[place])] = c
        dense = []
        for e in range(max(parts) + 1):
            terms = parts.get(e, {})
            listed = [terms.get(j, 0) for j in range(max(terms, default=0) + 1)]
            dense.append(flint.fmpq_poly(listed) % self.dense)
        return _trimmed(dense)

    def _in_ring(
        self, dense: list[Univariate], context: flint.fmpq_mpoly_ctx, i: int, place: int
    ) -> Poly:
        x = context.gen(i)
        parts = (_embed(c, context, place) * x**e for e, c in enumerate(dense))
        return sum(parts, context.constant(0))

    def __str__(self) -> str:
        return str(self.relation((self.symbol,)))


@lru_cache(maxsize=128)
def _relation(field: NumberField, names: tuple[str, ...]) -> Poly:
    return _embed(field.dense, ring(names), names.index(field.symbol))


def check_roots(
    c: Univariate, kind: Kind, listed: Sequence[Mapping[str, Any]]
) -> list[tuple[NumberField, Polynomial]]:
    """The roots of a polynomial in a domain, as values of number fields, from a certificate.

    listed: {"symbol", "field", "value", "between": [low, high]} for each, the smallest first: the
    values are roots in disjoint intervals of the domain, and Sturm's theorem counts no more.
    Raises CertificateError that says what fails.

    >>> root = {"symbol": "s", "field": "s^2 - 2", "value": "s", "between": ["1", "2"]}
    >>> [(field, value)] = check_roots(flint.fmpq_poly([-2, 0, 1]), "positive", [root])
    >>> print(field, value)
    s^2 - 2 s
    """
    if len(listed) != count_roots(c, kind):
        raise CertificateError("roots: other roots than needed")
    found: list[tuple[NumberField, Polynomial]] = []
    last: Fraction | None = None
    for root in listed:
        field = NumberField.build(str(root["symbol"]), str(root["field"]))
        value = parse(str(root["value"]), (field.symbol,))
        low, high = (fraction(end) for end in root["between"])
        if low < 0 and kind in ("positive", "nonnegative"):
            raise CertificateError("roots: an interval >= 0 is needed")
        if not low < high or (last is not None and low < last):
            raise CertificateError("roots: the intervals must be disjoint")
        if field.sign((value - low).flint) < 1 or field.sign((high - value).flint) < 1:
            raise CertificateError(f"roots: {shown(value)} does not lie in its interval")
        if value.is_constant or c(univariate(value, field.symbol)) % field.dense:
            raise CertificateError(f"roots: {shown(value)} is no root")
        found.append((field, value))
        last = high
    return found


def field_of(
    numbers: Mapping[str, Number], symbol: str
) -> tuple[NumberField, dict[str, Univariate]]:
    """The field that irrational numbers generate, and each of them as a polynomial in γ.

    The primitive element is α₁ + k·α₂ + … with the first integers k that make each number one of
    its polynomials (a gcd over Q(γ) is linear), moved by ±x + c or by a Möbius map if need be so
    that it is the one positive root.

    >>> field, values = field_of({"x": algebraic("sqrt(2)"), "y": algebraic("-sqrt(2)")}, "s")
    >>> print(field, *values.values())
    s^2 - 2 x (-1)*x
    >>> print(field_of({"x": algebraic("sqrt(2)"), "y": algebraic("sqrt(3)")}, "s")[0])
    s^4 + 4*s^3 - 4*s^2 - 16*s - 8
    """
    listed = {n: x for n, x in numbers.items() if isinstance(x, AlgebraicNumber)}
    first, *rest = listed
    gamma: AlgebraicNumber = listed[first]
    values = {first: flint.fmpq_poly([0, 1])}
    for n in rest:
        gamma, earlier, value = _adjoin(gamma, listed[n])
        values = {m: v(earlier) % gamma.minimal for m, v in values.items()}
        values[n] = value
    for shift, flip in ((c, f) for c in range(8) for f in (1, -1)):
        image = flint.fmpq_poly([flip * shift, flip])
        above = gamma > shift if flip > 0 else gamma < -shift
        if above and count_roots(p := gamma.minimal(image), "positive") == 1:
            break
    else:  # γ = (a + b·s)/(1 + s)
        p = _mobius(gamma.minimal, gamma.low, gamma.high)
        one, line = flint.fmpq_poly([1, 1]), [to_fmpq(gamma.low), to_fmpq(gamma.high)]
        scale, inverse, _ = one.xgcd(p)
        image = flint.fmpq_poly(line) * inverse / scale[0] % p
    relation = flint.fmpq_poly(p.numer()) / p.numer().content()
    relation = relation if relation.coeffs()[-1] > 0 else -relation
    text = str(Polynomial((symbol,), _embed(relation, ring((symbol,)), 0)))
    field = NumberField.build(symbol, text)
    moved = {n: v(image) % field.dense for n, v in values.items()}
    for n, value in moved.items():  # what a reader of the certificate relies on
        x = listed[n]
        inside = [value - to_fmpq(x.low), to_fmpq(x.high) - value]
        if x.minimal(value) % field.dense or any(tarski_query(field.dense, d) < 1 for d in inside):
            raise BadInput(f"point: {n} is no element of Q[{symbol}]/({field})")
    return field, moved


def coordinates(
    numbers: Mapping[str, AlgebraicNumber], names: Sequence[str]
) -> tuple[NumberField, dict[str, Polynomial]]:
    """The field of some numbers, and they as polynomials in a ring whose last name is the
    symbol."""
    names = tuple(names)
    field, values = field_of(numbers, names[-1])
    last = len(names) - 1
    return field, {n: Polynomial(names, _embed(v, ring(names), last)) for n, v in values.items()}


def _adjoin(
    x: AlgebraicNumber, y: AlgebraicNumber
) -> tuple[AlgebraicNumber, Univariate, Univariate]:
    """γ = x + k·y with Q(γ) = Q(x, y), and x and y as polynomials in γ."""
    for k in range(1, 100):
        gamma = _plus(x, _times(y, Fraction(k)))
        if isinstance(gamma, Fraction):
            continue
        p = gamma.minimal
        s = flint.fmpq_poly([0, 1])
        # p_x(γ − k·y) and p_y(y) have y as their only common root, for all k but finitely many
        line = [s, flint.fmpq_poly([-k])]
        common = _gcd(_substitute(x.minimal, line, p), [_c(c) for c in y.minimal.coeffs()], p)
        if len(common) == 2:
            value = -common[0]
            return gamma, (s - k * value) % p, value
    raise BadInput(f"point: no primitive element of Q({x}, {y}) was found")


def _c(value: Any) -> Univariate:
    return flint.fmpq_poly([value])


def _substitute(q: Univariate, line: list[Univariate], p: Univariate) -> list[Univariate]:
    """q(line[0] + line[1]·y) as a polynomial in y over Q[s]/(p)."""
    total = [_c(0)]
    for c in reversed(q.coeffs()):
        product = [_c(0)] * (len(total) + 1)
        for i, a in enumerate(total):
            for j, b in enumerate(line):
                product[i + j] = (product[i + j] + a * b) % p
        total = [product[0] + _c(c), *product[1:]]
    return total


def _gcd(a: list[Univariate], b: list[Univariate], p: Univariate) -> list[Univariate]:
    """The monic gcd of polynomials over Q[s]/(p), lists of coefficients (Euclid's algorithm)."""
    a, b = _trimmed(a), _trimmed(b)
    while b:
        a, b = b, _division(a, b, p)[1]
    lead = _reciprocal(a[-1], p)
    return [c * lead % p for c in a]


def _division(
    a: list[Univariate], b: list[Univariate], p: Univariate
) -> tuple[list[Univariate], list[Univariate]]:
    lead, quotient = _reciprocal(b[-1], p), [_c(0)] * max(len(a) - len(b) + 1, 1)
    while len(a) >= len(b):
        factor, shift = a[-1] * lead % p, len(a) - len(b)
        quotient[shift] = factor
        low = [c if i < shift else (c - factor * b[i - shift]) % p for i, c in enumerate(a[:-1])]
        a = _trimmed(low)
    return quotient, a


def _trimmed(q: list[Univariate]) -> list[Univariate]:
    while q and not q[-1]:
        q = q[:-1]
    return q


def _reciprocal(q: Univariate, p: Univariate) -> Univariate:
    scale, left, _ = q.xgcd(p)
    return left / scale[0] % p
