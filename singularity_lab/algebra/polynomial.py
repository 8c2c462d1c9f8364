"""Polynomials and ideals over the rational numbers: the ring Q[w1, …, wd] as researchers type it.

The arithmetic is python-flint's ``fmpq_mpoly``; this module adds names, immutability, hashing, a
parser without ``eval``, printing that can be read back, and SymPy both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import flint

from singularity_lab.algebra import factoring, input_limits, maps
from singularity_lab.algebra.names import check_names, check_no_numbers, natural_order
from singularity_lab.algebra.parsing import (
    Parser,
    as_typed,
    expanded,
    generators_in,
    names_in,
    names_of,
    tokens_of,
)
from singularity_lab.algebra.point_texts import read_point
from singularity_lab.algebra.rings import Rational, fraction, ring, to_fmpq
from singularity_lab.errors import BadInput, quoted, shown

if TYPE_CHECKING:
    import sympy

Exponent = tuple[int, ...]
PointLike = str | Mapping[str, "Rational | str"] | Sequence["Rational | str"]


@dataclass(frozen=True, eq=False)
class Polynomial:
    """A polynomial in named variables with rational coefficients; immutable and hashable.

    variables: the ring's names, in order; flint: the underlying ``fmpq_mpoly``. typed: the text
    that it was read from, where it was; arithmetic forgets it.
    Arithmetic between different rings happens in the ring with all the names.

    >>> f = parse("(x^2-y^3)^2")
    >>> print(f, "=", f + 0)
    (x^2 - y^3)^2 = x^4 - 2*x^2*y^3 + y^6
    >>> f.degree, f({"x": 1, "y": 2})
    (6, Fraction(49, 1))
    """

    variables: tuple[str, ...]
    flint: flint.fmpq_mpoly
    typed: str = ""

    @classmethod
    def from_terms(
        cls, terms: Mapping[Exponent, Rational], variables: str | Iterable[str]
    ) -> Polynomial:
        """The polynomial Σ c·w^a from ``{a: c}``.

        >>> print(Polynomial.from_terms({(2, 0): 1, (0, 3): -1}, "x y"))
        x^2 - y^3
        """
        names = check_names(variables)
        for a in terms:
            if len(a) != len(names) or any(e < 0 for e in a):
                raise BadInput(
                    f"terms: an exponent is {len(names)} integers >= 0, received {quoted(a)}"
                )
        data = {tuple(a): to_fmpq(fraction(c, "coefficient")) for a, c in terms.items()}
        return cls(names, ring(names).from_dict(data))

    @classmethod
    def constant(cls, value: Rational | str, variables: str | Iterable[str] = ()) -> Polynomial:
        """A constant as an element of Q[variables]."""
        names = check_names(variables)
        return cls(names, ring(names).constant(to_fmpq(fraction(value))))

    @classmethod
    def from_sympy(
        cls, expression: sympy.Expr, variables: str | Iterable[str] | None = None
    ) -> Polynomial:
        """From a SymPy expression that is a polynomial with rational coefficients.

        Raises BadInput if it is not.

        >>> import sympy
        >>> x, y = sympy.symbols("x y")
        >>> print(Polynomial.from_sympy(x**2/3 - y))
        1/3*x^2 - y
        """
        import sympy

        expression = sympy.sympify(expression)
        names = (
            natural_order(str(s) for s in expression.free_symbols)
            if variables is None
            else check_names(variables)
        )
        unknown = {str(s) for s in expression.free_symbols} - set(names)
        if unknown:
            raise BadInput(
                f"expression: unknown variables {sorted(unknown)}; known: {', '.join(names)}"
            )
        try:
            poly = sympy.Poly(expression, *sympy.symbols(names), domain="QQ") if names else None
        except sympy.PolynomialError as error:
            raise BadInput(f"expression: not a polynomial over Q: {expression} ({error})") from None
        except sympy.polys.polyerrors.CoercionFailed:
            raise BadInput(f"expression: coefficients must be rational: {expression}") from None
        if poly is None:
            return cls.constant(str(expression))
        return cls.from_terms(
            {tuple(a): Fraction(int(c.p), int(c.q)) for a, c in poly.terms()}, names
        )

    # -- reading ------------------------------------------------------------------------------

    def terms(self) -> Iterator[tuple[Exponent, Fraction]]:
        """Pairs (exponent, coefficient), in the ring's order, coefficients not zero."""
        for a, c in self.flint.to_dict().items():
            yield tuple(int(e) for e in a), Fraction(int(c.p), int(c.q))

    def support(self) -> tuple[Exponent, ...]:
        """The exponents of the terms."""
        return tuple(tuple(map(int, a)) for a in self.flint.monoms())

    @property
    def degree(self) -> int:
        """The total degree; −1 for zero."""
        return -1 if self.is_zero else int(self.flint.total_degree())

    @property
    def order(self) -> int:
        """The smallest total degree of a term (the multiplicity at 0). Raises BadInput for zero."""
        if self.is_zero:
            raise BadInput("order: the zero polynomial has no order")
        return min(sum(a) for a in self.support())

    @property
    def is_zero(self) -> bool:
        """Whether it is the zero polynomial."""
        return bool(self.flint.is_zero())

    @property
    def is_constant(self) -> bool:
        """Whether it is a number."""
        return bool(self.flint.is_constant())

    def used_variables(self) -> tuple[str, ...]:
        """The variables that occur in some term."""
        degrees = self.flint.degrees()
        return tuple(v for v, d in zip(self.variables, degrees, strict=True) if d > 0)

    def __call__(self, point: PointLike) -> Fraction:
        """The exact value at a rational point (a mapping by name, or a sequence in ring order)."""
        values = point_values(point, self.variables)
        if not values:
            return self._constant()
        growth = sum(
            int(d) * input_limits.bits(v)
            for d, v in zip(self.flint.degrees(), values, strict=True)
            if d > 0 and v not in (0, 1, -1)
        )
        if growth > input_limits.VALUE or growth * len(self.flint) > input_limits.SIZE:
            raise BadInput(
                f"point: the value of {shown(self)} there has too many digits: about {growth} bits "
                f"(at most {input_limits.VALUE})"
            )
        return fraction(self.flint(*[to_fmpq(v) for v in values]))

    def _constant(self) -> Fraction:
        return fraction(self.flint.leading_coefficient()) if not self.is_zero else Fraction(0)

    # -- arithmetic ---------------------------------------------------------------------------

    def in_ring(self, variables: str | Iterable[str]) -> Polynomial:
        """The same polynomial in another ring that has all the variables used.

        Raises BadInput if one is missing.
        """
        names = check_names(variables)
        if names == self.variables:
            return self
        missing = set(self.used_variables()) - set(names)
        if missing:
            raise BadInput(
                f"variables: {shown(', '.join(names) or '(none)')} lack "
                f"{shown(', '.join(sorted(missing)))}, used by {shown(self)}"
            )
        place = [self.variables.index(n) if n in self.variables else -1 for n in names]
        data = {
            tuple(a[i] if i >= 0 else 0 for i in place): c for a, c in self.flint.to_dict().items()
        }
        return Polynomial(names, ring(names).from_dict(data), self.typed)

    def _pair(self, other: Polynomial | Rational) -> tuple[Polynomial, Polynomial]:
        if not isinstance(other, Polynomial):
            return self, Polynomial.constant(other, self.variables)
        if other.variables == self.variables:
            return self, other
        names = (
            *self.variables,
            *(v for v in other.variables if v not in self.variables),
        )
        return self.in_ring(names), other.in_ring(names)

    def __add__(self, other: Polynomial | Rational) -> Polynomial:
        a, b = self._pair(other)
        return Polynomial(a.variables, a.flint + b.flint)

    def __sub__(self, other: Polynomial | Rational) -> Polynomial:
        a, b = self._pair(other)
        return Polynomial(a.variables, a.flint - b.flint)

    def __mul__(self, other: Polynomial | Rational) -> Polynomial:
        a, b = self._pair(other)
        return Polynomial(a.variables, a.flint * b.flint)

    def __radd__(self, other: Rational) -> Polynomial:
        return self + other

    def __rmul__(self, other: Rational) -> Polynomial:
        return self * other

    def __rsub__(self, other: Rational) -> Polynomial:
        return -self + other

    def __neg__(self) -> Polynomial:
        return Polynomial(self.variables, -self.flint)

    def __truediv__(self, other: Rational) -> Polynomial:
        if isinstance(other, Polynomial) or other == 0:
            raise BadInput(f"division: only by a rational number other than 0, received {other}")
        return Polynomial(self.variables, self.flint / to_fmpq(Fraction(other)))

    def __pow__(self, exponent: int) -> Polynomial:
        if not isinstance(exponent, int) or exponent < 0:
            raise BadInput(f"exponent: an integer >= 0 is needed, received {quoted(exponent)}")
        if exponent > 2:
            size = input_limits.Size.of(self.flint)
            size.power(exponent).check("this power", "exponent")
            if size.is_long(exponent):
                raise BadInput("exponent: this power is too large to expand: too many products")
        return Polynomial(self.variables, self.flint**exponent)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, int | Fraction):
            return bool(self.is_constant and self._constant() == other)
        if not isinstance(other, Polynomial):
            return NotImplemented
        a, b = self._pair(other)
        return bool(a.flint == b.flint)

    def __hash__(self) -> int:
        """Equal polynomials of different rings have equal hashes: by names of the variables
        used."""
        key = frozenset(
            (frozenset((v, e) for v, e in zip(self.variables, a, strict=True) if e), c)
            for a, c in self.terms()
        )
        return hash(key)

    def derivative(self, variable: str) -> Polynomial:
        """∂f/∂variable."""
        return Polynomial(self.variables, self.flint.derivative(self._index(variable)))

    def substitute(self, values: Mapping[str, Polynomial | Rational]) -> Polynomial:
        """Replace variables by polynomials of the same ring, simultaneously.

        >>> f = parse("x^2 - y^3"); print(f.substitute({"x": parse("x*y", "x y")}))
        x^2*y^2 - y^3
        """
        for name in values:
            self._index(name)
        context = ring(self.variables)
        images = []
        for name, generator in zip(self.variables, context.gens(), strict=True):
            image = values.get(name)
            if image is None:
                images.append(generator)
            elif isinstance(image, Polynomial):
                images.append(image.in_ring(self.variables).flint)
            else:
                images.append(context.constant(to_fmpq(fraction(image))))
        input_limits.check_substitution(self.flint, dict(enumerate(images)))
        return Polynomial(self.variables, self.flint.compose(*images, ctx=context))

    def translate(self, point: PointLike) -> Polynomial:
        """f(w + p): the germ at p, moved to the origin."""
        values = point_values(point, self.variables)
        moved = {i: to_fmpq(value) for i, value in enumerate(values) if value}
        if not moved:
            return self
        input_limits.check_translation(self.flint, moved)
        return Polynomial(self.variables, maps.translate(self.flint, moved))

    def factor(self) -> tuple[Fraction, tuple[tuple[Polynomial, int], ...]]:
        """The content and the irreducible factors over Q with their exponents.

        >>> c, factors = parse("2*x^2 - 2*y^2").factor()
        >>> c, [(str(p), e) for p, e in factors]
        (Fraction(2, 1), [('x + y', 1), ('x - y', 1)])
        """
        content, factors = factoring.factor(self.flint)
        pairs = sorted(
            ((Polynomial(self.variables, p), int(e)) for p, e in factors),
            key=lambda t: str(t[0].flint),
        )
        return fraction(content), tuple(pairs)

    def _index(self, variable: str) -> int:
        if variable not in self.variables:
            raise BadInput(
                f"variable: {quoted(variable)} is not one of {shown(', '.join(self.variables))}"
            )
        return self.variables.index(variable)

    # -- printing -----------------------------------------------------------------------------

    def __str__(self) -> str:
        """As typed, or the terms in the order of the variables: text that ``parse`` reads."""
        return as_typed(self.typed) if self.typed else in_order(self.flint, self.variables)

    def __repr__(self) -> str:
        return f"Polynomial({str(self)!r}, {' '.join(self.variables)!r})"

    def to_sympy(self) -> sympy.Expr:
        """The same polynomial as a SymPy expression."""
        import sympy

        symbols = [sympy.Symbol(v) for v in self.variables]
        return sympy.Add(
            *(
                sympy.Rational(c.numerator, c.denominator)
                * sympy.Mul(*(s**e for s, e in zip(symbols, a, strict=True)))
                for a, c in self.terms()
            )
        )

    def latex(self) -> str:
        """LaTeX source, by SymPy."""
        import sympy

        return cast(str, sympy.latex(self.to_sympy()))

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"


@dataclass(frozen=True)
class Ideal:
    """Generators f1, …, fk in one ring; they stand for the loss K = Σ fᵢ².

    λ and m depend on the ideal only (up to integral closure), not on the generators chosen.

    >>> I = Ideal.parse(["a*b", "a*c"])
    >>> I.variables, len(I.generators)
    (('a', 'b', 'c'), 2)
    >>> print(I)
    (a*b, a*c) in Q[a, b, c]
    """

    variables: tuple[str, ...]
    generators: tuple[Polynomial, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", check_names(self.variables))
        if not self.generators:
            raise BadInput("generators: at least one is needed (the zero ideal is given by '0')")
        found = tuple(g.in_ring(self.variables) for g in self.generators)
        object.__setattr__(self, "generators", found)

    @classmethod
    def parse(
        cls,
        generators: str | Sequence[str],
        variables: str | Iterable[str] | None = None,
    ) -> Ideal:
        """An ideal from text, which may have commas between generators; without ``variables`` the
        ring is made of the names that occur."""
        given = [generators] if isinstance(generators, str) else generators
        texts = [part for text in given for part in generators_in(text)]
        if len(texts) > input_limits.GENERATORS:
            raise BadInput(f"generators: at most {input_limits.GENERATORS}, received {len(texts)}")
        if variables is None:
            names = check_names(natural_order(n for t in texts for n in names_in(t)))
            check_no_numbers(names)
        else:
            names = check_names(variables)
        parsed: list[Polynomial] = []
        terms = 0
        for text in texts:
            parsed.append(parse(text, names))
            terms += len(parsed[-1].flint)
            if terms * len(names) > input_limits.CELLS or terms > input_limits.WORK:
                raise BadInput(
                    f"generators: together they have more than {terms - 1} terms in {len(names)} "
                    "variables, which is too large to expand"
                )
        return cls(names, tuple(parsed))

    def translate(self, point: PointLike) -> Ideal:
        """The ideal of the germ at p, moved to the origin."""
        return Ideal(self.variables, tuple(g.translate(point) for g in self.generators))

    def sum_of_squares(self) -> Polynomial:
        """The loss K = Σ fᵢ² that the ideal stands for, expanded."""
        total = Polynomial.constant(0, self.variables)
        for g in self.generators:
            total = total + g * g
        return total

    def __str__(self) -> str:
        inside = ", ".join(str(g) for g in self.generators)
        return f"({inside}) in Q[{', '.join(self.variables)}]"


def unit(i: int, n: int) -> Exponent:
    """The i-th unit exponent in n variables."""
    return tuple(int(i == j) for j in range(n))


def point_values(
    point: PointLike,
    variables: Sequence[str],
    name: str = "point",
    read: Callable[[Any, str], Any] = fraction,
) -> tuple[Any, ...]:
    """The coordinates of a point in ring order; absent names mean 0. A text is read as the command
    line reads it: ``x=1, y=0``, ``1, 0`` or ``(1, 0)``.

    read: what reads a coordinate, for error messages under the name that it gets: rational numbers
    unless given. Raises BadInput for unknown names, wrong length or coordinates it cannot read.
    """
    if isinstance(point, str):
        point = read_point(point, name)
    if isinstance(point, Mapping):
        unknown = [n for n in point if n not in variables]
        if unknown:
            raise BadInput(
                f"{name}: unknown variable {quoted(unknown[0])}; "
                f"known: {shown(', '.join(variables))}"
            )
        return tuple(read(point.get(v, 0), f"{name}[{v}]") for v in variables)
    if not hasattr(point, "__len__") or len(point) != len(variables):
        raise BadInput(
            f"{name}: as many coordinates as variables ({len(variables)}) are needed, "
            f"or {{name: value}}, received {quoted(point)}"
        )
    return tuple(read(c, f"{name}[{v}]") for v, c in zip(variables, point, strict=True))


# -- parsing ----------------------------------------------------------------------------------


def parse(text: str, variables: str | Iterable[str] | None = None) -> Polynomial:
    """Return the polynomial that a text writes with ``+ - * / ^ **``, parentheses, integers,
    decimals and fractions.

    Division is by numbers only. Without ``variables`` the ring is made of the names that occur, in
    natural order. Never evaluates code.
    Raises ParseError with the position of what does not fit, and for what would be too large when
    it is expanded: sizes are predicted, and the limits are those of
    :mod:`singularity_lab.algebra.input_limits`.

    >>> print(parse("w1^2*w2^2 / 4 - 0.5*w1"))
    w1^2*w2^2/4 - 0.5*w1
    >>> parse("x^2 - z", "x y")
    Traceback (most recent call last):
    ...
    singularity_lab.errors.ParseError: unknown variable 'z' (known: x, y) at position 6 of 'x^2 - z'
    """
    if not isinstance(text, str):
        raise BadInput(f"text: an expression is needed, received {quoted(text)}")
    if variables is not None and not isinstance(variables, str):
        checked = check_names(variables)
        found = expanded(text, checked)
        if found is not None:
            return Polynomial(checked, found, text)
        variables = checked
    tokens = tokens_of(text)
    names = check_names(names_of(tokens) if variables is None else variables)
    if variables is None:
        check_no_numbers(names)
    return Polynomial(names, Parser(text, tokens, names).read(), text)


def in_order(f: flint.fmpq_mpoly, names: tuple[str, ...]) -> str:
    """The terms of a polynomial in lexicographic order of its variables, as people write them.

    >>> names = ("x", "y")
    >>> str(parse("-y^3 + x^2").flint), in_order(parse("-y^3 + x^2").flint, names)
    ('-y^3 + x^2', 'x^2 - y^3')
    """
    if not names or len(f) < 2:
        return str(f)
    return str(_lexicographic(names).from_dict(f.to_dict()))


@lru_cache(maxsize=512)
def _lexicographic(names: tuple[str, ...]) -> flint.fmpq_mpoly_ctx:
    return flint.fmpq_mpoly_ctx.get(names, flint.Ordering.lex)
