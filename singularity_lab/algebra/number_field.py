"""Number fields Q(α) with one real root α singled out: arithmetic, towers, coordinates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import flint

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.algebraic import (
    AlgebraicNumber,
    Number,
    Poly,
    Univariate,
    embed,
    mobius,
    narrow,
    plus,
    roots_between,
    times,
)
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.algebra.univariate import Kind, count_roots, tarski_query, univariate
from singularity_lab.errors import BadInput, CertificateError, shown

# -- fields -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberField:
    """Q(γ) = Q[s]/(p) for the one positive root γ of an irreducible p; ``symbol`` is the name of s.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> field = NumberField.build("s", "s^2 - 2")
    >>> f = parse("s^3*x - 2*x + s*y", "x y s").flint
    >>> print(field.reduce(f), field.sign(parse("s - 3/2", "s").flint))
    2*x*s + y*s - 2*x -1
    """

    symbol: str
    coefficients: tuple[Fraction, ...]

    @classmethod
    def build(cls, symbol: str, relation: str) -> NumberField:
        """The field of a relation from text; raises BadInput unless it is irreducible, of degree ≥
        2, with one positive root."""
        p = parse(relation, (symbol,))
        if p.degree > input_limits.FIELD_DEGREE:
            raise BadInput(
                f"field: a degree of at most {input_limits.FIELD_DEGREE} is needed, "
                f"received {shown(p)}"
            )
        if p.degree < 2 or [e for _, e in p.factor()[1]] != [1]:
            raise BadInput(
                f"field: an irreducible polynomial of degree >= 2 is needed, received {shown(p)}"
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
        while roots_between(self.dense, Fraction(0), bound) == 0:
            bound *= 2
        low, high = narrow(self.dense, Fraction(0), bound, 60)
        return float((low + high) / 2)

    def relation(self, names: Sequence[str]) -> Polynomial:
        """The relation p in a ring that has the symbol."""
        return Polynomial(tuple(names), _relation(self, tuple(names)))

    def reduce(self, p: Poly) -> Poly:
        """The remainder modulo the relation: 0 if and only if p is 0 over the field."""
        names = p.context().names()
        if self.symbol not in names:
            return p
        place = names.index(self.symbol)
        power = int(p.degrees()[place])
        if power < self.degree:
            return p
        if power <= 4 * self.degree:
            return p % _relation(self, tuple(names))
        return self._by_powers(p, place)

    def _by_powers(self, p: Poly, place: int) -> Poly:
        """The remainder of a polynomial of high degree in the symbol: a quotient would have many
        more terms than the remainder. Raises BadInput where the powers are too large."""
        top = max(abs(c / self.coefficients[-1]) for c in self.coefficients)
        power = int(p.degrees()[place])
        if len(p) * self.degree * power * input_limits.bits(1 + top) > input_limits.REMAINDER:
            raise BadInput(f"field: the power {self.symbol}^{power} is too large")
        rows: dict[int, list[tuple[tuple[int, ...], Any]]] = {}
        for a, c in p.to_dict().items():
            rest = tuple(0 if j == place else int(e) for j, e in enumerate(a))
            rows.setdefault(int(a[place]), []).append((rest, c))
        found: dict[tuple[int, ...], Any] = {}
        value, before = _c(1), 0
        for e in sorted(rows):
            value, before = value * self._power(e - before) % self.dense, e
            for j, x in enumerate(value.coeffs()):
                for rest, c in rows[e] if x else ():
                    key = (*rest[:place], j, *rest[place + 1 :])
                    found[key] = found[key] + c * x if key in found else c * x
        return p.context().from_dict({a: c for a, c in found.items() if c})

    def _power(self, exponent: int) -> Univariate:
        """γ^exponent, reduced."""
        value, square = _c(1), flint.fmpq_poly([0, 1])
        while exponent:
            if exponent & 1:
                value = value * square % self.dense
            exponent >>= 1
            if exponent:
                square = square * square % self.dense
        return value

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

        >>> from singularity_lab.algebra.polynomial import parse
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
        whole = sum((embed(c, context, 0) * u**e for e, c in enumerate(q)), context.constant(0))
        relation = embed(self.dense, context, 0)
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

        >>> from singularity_lab.algebra.polynomial import parse
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
        """True if two polynomials in variable i alone have no common factor over the field."""
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
        parts = (embed(c, context, place) * x**e for e, c in enumerate(dense))
        return sum(parts, context.constant(0))

    def __str__(self) -> str:
        return str(self.relation((self.symbol,)))


@lru_cache(maxsize=128)
def _relation(field: NumberField, names: tuple[str, ...]) -> Poly:
    return embed(field.dense, ring(names), names.index(field.symbol))


def check_roots(
    c: Univariate, kind: Kind, listed: Sequence[Mapping[str, Any]]
) -> list[tuple[NumberField, Polynomial]]:
    """The roots of a polynomial in a domain, as values of number fields, from a certificate.

    listed: {"symbol", "field", "value", "between": [low, high]} for each, the smallest first: the
    values are roots in disjoint intervals of the domain, and Sturm's theorem counts no more.
    Raises CertificateError that says what fails.

    >>> import flint
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

    >>> from singularity_lab.algebra.algebraic import algebraic
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
        p = mobius(gamma.minimal, gamma.low, gamma.high)
        one, line = flint.fmpq_poly([1, 1]), [to_fmpq(gamma.low), to_fmpq(gamma.high)]
        scale, inverse, _ = one.xgcd(p)
        image = flint.fmpq_poly(line) * inverse / scale[0] % p
    relation = flint.fmpq_poly(p.numer()) / p.numer().content()
    relation = relation if relation.coeffs()[-1] > 0 else -relation
    text = str(Polynomial((symbol,), embed(relation, ring((symbol,)), 0)))
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
    return field, {n: Polynomial(names, embed(v, ring(names), last)) for n, v in values.items()}


def _adjoin(
    x: AlgebraicNumber, y: AlgebraicNumber
) -> tuple[AlgebraicNumber, Univariate, Univariate]:
    """γ = x + k·y with Q(γ) = Q(x, y), and x and y as polynomials in γ."""
    for k in range(1, 100):
        gamma = plus(x, times(y, Fraction(k)))
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
