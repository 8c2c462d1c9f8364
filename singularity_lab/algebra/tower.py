"""Analytic germs as fractions of polynomials in variables and in symbols for what is no polynomial.

A germ such as a·tanh(b) − 1 + exp(c) is a polynomial in its variables and in *symbols*:
``constant`` for a real number such as log 2, known by an enclosure to any precision; ``atom`` for
φ(c + A) − φ(c) with a germ A that vanishes at the point; ``tail`` for an analytic germ that
vanishes at the point, of which nothing else is known. Two germs whose normal forms agree are equal;
the converse does not hold, so a germ counts as 0 only where its normal form is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import flint

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.rings import Rational, generators, ring, to_fmpq
from singularity_lab.errors import BadInput, Undecided, shown

Poly = flint.fmpq_mpoly
_BITS = (64, 256, 1024, 4096)
_SYMBOLS = 200
_SLUG = {c: "_" + t for c, t in zip("()+-*/^ ", "lrpmtoh", strict=False)} | {" ": ""}


@dataclass(frozen=True)
class Symbol:
    """What a name of the tower stands for.

    kind: variable, constant, atom or tail. key: what makes two symbols one. ball: an enclosure of a
    constant. square: of a constant whose square is a polynomial in earlier ones. function, base,
    argument, slope: of an atom φ(base + argument) − φ(base), and φ'(base). on: the variables that
    it may depend on.
    """

    kind: str
    key: str
    ball: Callable[[], flint.arb] | None = None
    square: Poly | None = None
    function: str = ""
    base: Element | None = None
    argument: Element | None = None
    slope: Callable[[], Element] | None = None
    on: frozenset[str] = frozenset()


class Tower:
    """The ring of variables and symbols; symbols are added as they are met, in a fixed order.

    root: exponentials of rational numbers are powers of exp(1/root).
    """

    def __init__(self, variables: tuple[str, ...], root: int = 1) -> None:
        self.variables = variables
        self.root = root
        self.mark = "_"
        while any(n.startswith(self.mark) for n in variables):
            self.mark += "_"
        self.symbols = {n: Symbol("variable", n, on=frozenset({n})) for n in variables}
        self.names = variables
        self.keys: dict[str, str] = {}
        self.logs: dict[str, Element] = {}  # the arguments of logarithms, by the keys of these

    def add(self, prefix: str, symbol: Symbol) -> str:
        """The name of a symbol, which is new unless its key is known."""
        if symbol.key in self.keys:
            return self.keys[symbol.key]
        if len(self.symbols) >= input_limits.VARIABLES or len(self.keys) >= _SYMBOLS:
            raise BadInput(f"functions: at most {_SYMBOLS} different ones are read")
        if symbol.kind == "atom":  # these are met while expressions are read, in one order
            count = sum(s.kind == symbol.kind for s in self.symbols.values()) + 1
            name = f"{self.mark}{prefix}{count}"
        else:
            name = self.mark + prefix + "".join(_SLUG.get(c, c) for c in symbol.key)
        if name in self.symbols:
            raise BadInput(f"functions: two symbols of one name, {name}")
        self.symbols[name] = symbol
        self.keys[symbol.key] = name
        self.names = (*self.names, name)
        return name

    # -- polynomials

    def up(self, p: Poly) -> Poly:
        """p in the ring of today."""
        context = ring(self.names)
        return p if p.context() is context else p.project_to_context(context)

    def gen(self, name: str) -> Poly:
        return generators(self.names)[self.names.index(name)]

    def constant(self, value: Rational) -> Poly:
        return ring(self.names).constant(to_fmpq(Fraction(value)))

    def occurs(self, *polys: Poly) -> set[str]:
        """The names of variables and symbols that occur."""
        return {p.context().names()[i] for p in polys for i in maps.occurring(p)}

    def is_number(self, p: Poly) -> bool:
        """Whether p is a polynomial in constants."""
        return all(self.symbols[n].kind == "constant" for n in self.occurs(p))

    def of_kind(self, p: Poly, *kinds: str) -> set[str]:
        """The names of these kinds that occur in p."""
        return {n for n in self.occurs(p) if self.symbols[n].kind in kinds}

    def of_kind_all(self, polys: Iterable[Poly], *kinds: str) -> set[str]:
        """The names of these kinds that occur in one of the polynomials."""
        return {n for n in self.occurs(*polys) if self.symbols[n].kind in kinds}

    def depends(self, *polys: Poly) -> set[str]:
        """The variables that polynomials may depend on, through symbols as well."""
        return {v for n in self.occurs(*polys) for v in self.symbols[n].on}

    def reduced(self, p: Poly) -> Poly:
        """p by the squares of constants, such as sqrt(2)² = 2."""
        p = self.up(p)
        for i in sorted(maps.occurring(p), reverse=True):
            square = self.symbols[self.names[i]].square
            if square is not None and p.degrees()[i] > 1:
                r, by = self.gen(self.names[i]), self.up(square)
                total = self.constant(0)
                for e, c in maps.coefficients(p, i).items():
                    total += c * by ** (e // 2) * r ** (e % 2)
                p = self.reduced(total)
        return p

    def at_point(self, p: Poly) -> Poly:
        """The value at the point, a polynomial in constants."""
        p = self.up(p)
        gone = [i for i in maps.occurring(p) if self.symbols[self.names[i]].kind != "constant"]
        return self.reduced(maps.at_zero(p, gone)) if gone else p

    def without(self, p: Poly, names: set[str]) -> Poly:
        """p where these symbols are 0."""
        p = self.up(p)
        return maps.at_zero(p, [i for i in maps.occurring(p) if self.names[i] in names])

    def substitute(self, p: Poly, images: Mapping[str, Poly]) -> Poly:
        """p with polynomials in place of names, at once."""
        p = self.up(p)
        positions = {self.names.index(n): self.up(q) for n, q in images.items()}
        positions = {i: q for i, q in positions.items() if i in maps.occurring(p)}
        if not positions:
            return p
        input_limits.check_substitution(p, positions)
        full = [positions.get(i, x) for i, x in enumerate(generators(self.names))]
        return self.reduced(p.compose(*full, ctx=ring(self.names)))

    # -- numbers

    def enclosure(self, p: Poly) -> flint.arb:
        """A ball that contains a polynomial in constants, at flint's present precision."""
        balls = {}
        for i in maps.occurring(p):
            ball = self.symbols[p.context().names()[i]].ball
            assert ball is not None
            balls[i] = ball()
        total = flint.arb(0)
        for a, c in p.to_dict().items():
            term = flint.arb(c)
            for i, b in balls.items():
                if a[i]:
                    term *= b ** int(a[i])
            total += term
        return total

    def sign(self, p: Poly) -> int:
        """The sign of a polynomial in constants: 0 where its normal form is 0, else by enclosures.

        Raises Undecided where neither tells.
        """
        p = self.reduced(p)
        if p.is_zero():
            return 0
        if p.is_constant():
            return 1 if maps.constant_value(p) > 0 else -1
        before = flint.ctx.prec
        try:
            for bits in _BITS:
                flint.ctx.prec = bits
                ball = self.enclosure(p)
                if ball > 0:
                    return 1
                if ball < 0:
                    return -1
        finally:
            flint.ctx.prec = before
        raise Undecided(f"functions: it is not known whether the number {self.words(p)} is 0")

    def slope(self, p: Poly, x: str) -> Element:
        """∂p/∂x at the point, a number; symbols depend on x by what they stand for.

        Raises Undecided where the derivative of a tail would be needed.
        """
        p = self.up(p)
        found = Element.number(self, 0)
        for n in self.occurs(p):
            symbol = self.symbols[n]
            if symbol.kind == "constant" or x not in symbol.on:
                continue
            by = Element.of(self, self.at_point(p.derivative(self.names.index(n))))
            if by.is_zero:
                continue
            if symbol.kind == "tail":
                raise Undecided(f"slope: the derivative of {n} is not known")
            if symbol.kind == "variable":
                found = found + by
                continue
            assert symbol.argument is not None
            assert symbol.slope is not None
            inner = symbol.argument
            slope = self.slope(inner.num, x) / Element.of(self, self.at_point(inner.den))
            found = found + by * symbol.slope() * slope
        return found

    def is_unit(self, p: Poly) -> bool:
        """Whether p is not 0 at the point."""
        return self.sign(self.at_point(p)) != 0

    def words(self, p: Poly) -> str:
        """p with what its symbols stand for."""
        text = str(p)
        for n in sorted(self.occurs(p) - set(self.variables), key=len, reverse=True):
            text = text.replace(n, self.symbols[n].key)
        return shown(text)


@dataclass(frozen=True)
class Element:
    """A fraction of polynomials of a tower, whose denominator is not 0 at the point."""

    tower: Tower
    num: Poly
    den: Poly

    @classmethod
    def of(cls, tower: Tower, num: Poly, den: Poly | None = None) -> Element:
        num = tower.reduced(num)
        den = tower.constant(1) if den is None else tower.reduced(den)
        if num.is_zero():
            return cls(tower, num, tower.constant(1))
        if not den.is_constant():
            common = num.gcd(den)
            num, den = num / common, den / common
        lead = den.leading_coefficient()
        return cls(tower, num / lead, den / lead)

    @classmethod
    def number(cls, tower: Tower, value: Rational) -> Element:
        """The constant germ of a rational number."""
        return cls.of(tower, tower.constant(value))

    @classmethod
    def symbol(cls, tower: Tower, name: str) -> Element:
        return cls.of(tower, tower.gen(name))

    def _pair(self) -> tuple[Poly, Poly]:
        return self.tower.up(self.num), self.tower.up(self.den)

    def __add__(self, other: Element) -> Element:
        (a, b), (c, d) = self._pair(), other._pair()
        if b == d:
            return Element.of(self.tower, a + c, b)
        top = input_limits.product(a, d) + input_limits.product(c, b)
        return Element.of(self.tower, top, input_limits.product(b, d))

    def __neg__(self) -> Element:
        return Element(self.tower, -self.num, self.den)

    def __sub__(self, other: Element) -> Element:
        return self + (-other)

    def __mul__(self, other: Element) -> Element:
        (a, b), (c, d) = self._pair(), other._pair()
        return Element.of(self.tower, input_limits.product(a, c), input_limits.product(b, d))

    def __truediv__(self, other: Element) -> Element:
        (a, b), (c, d) = self._pair(), other._pair()
        found = Element.of(self.tower, input_limits.product(a, d), input_limits.product(b, c))
        if not self.tower.is_unit(found.den):
            raise BadInput(
                f"division: {self.tower.words(c)} is 0 at the point, so it is no analytic function"
            )
        return found

    def __pow__(self, n: int) -> Element:
        if n < 0:
            return Element.number(self.tower, 1) / self ** (-n)
        a, b = self._pair()
        for p in (a, b):
            if len(p) > 1:
                input_limits.Size.of(p).power(n).check("this power")
        return Element.of(self.tower, a**n, b**n)

    def scaled(self, c: Rational) -> Element:
        """The germ times a rational number."""
        return Element.of(self.tower, self.tower.up(self.num) * to_fmpq(Fraction(c)), self.den)

    @property
    def is_zero(self) -> bool:
        return bool(self.num.is_zero())

    def value(self) -> Element:
        """The value at the point, a fraction of polynomials in constants."""
        return Element.of(self.tower, self.tower.at_point(self.num), self.tower.at_point(self.den))

    def sign(self) -> int:
        """The sign of the value at the point."""
        top, bottom = (self.tower.sign(self.tower.at_point(p)) for p in (self.num, self.den))
        return top * bottom

    def rational(self) -> Fraction | None:
        """The number that this is, if it is a rational one."""
        a, b = self._pair()
        if not (a.is_constant() and b.is_constant()):
            return None
        value = maps.constant_value(a) / maps.constant_value(b)
        return Fraction(int(value.p), int(value.q))

    def __str__(self) -> str:
        a, b = self._pair()
        return str(a) if b.is_one() else f"({a})/({b})"
