"""Polynomials and ideals over the rational numbers: the ring Q[w1, …, wd] as researchers type it.

The arithmetic is python-flint's ``fmpq_mpoly``; this module adds names, immutability, hashing, a
parser without ``eval``, printing that can be read back, and SymPy both ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import flint

from singularity_lab.algebra import factoring, limits, maps
from singularity_lab.errors import BadInput, ParseError, quoted, shown

if TYPE_CHECKING:
    import sympy

Rational = int | Fraction
Exponent = tuple[int, ...]
Point = Mapping[str, "Rational | str"] | Sequence["Rational | str"]


def ring(variables: Sequence[str]) -> flint.fmpq_mpoly_ctx:
    """The flint context of Q[variables] in degree reverse lexicographic order (one for each)."""
    return _ring(tuple(variables))


@lru_cache(maxsize=512)
def _ring(variables: tuple[str, ...]) -> flint.fmpq_mpoly_ctx:
    return flint.fmpq_mpoly_ctx.get(variables, flint.Ordering.degrevlex)


@lru_cache(maxsize=512)
def generators(variables: tuple[str, ...]) -> tuple[flint.fmpq_mpoly, ...]:
    """The variables as elements of the ring."""
    return tuple(_ring(variables).gens())


@lru_cache(maxsize=512)
def _positions(variables: tuple[str, ...]) -> dict[str, int]:
    return {n: i for i, n in enumerate(variables)}


def fraction(value: Any, name: str = "value") -> Fraction:
    """An exact rational from an int, a Fraction, flint's numbers or text such as ``-3/4`` or
    ``0.25``.

    Raises BadInput for floats (they are not exact) and for text that is not a rational number, or
    one beyond the limits of :func:`singularity_lab.algebra.limits.rational`.

    >>> fraction("3/4") + fraction("0.25")
    Fraction(1, 1)
    """
    if not isinstance(value, str):  # most are; abstract classes are slow to ask
        if isinstance(value, Fraction):
            return value
        if isinstance(value, bool | float):
            raise BadInput(
                f"{name}: an exact rational is needed (an integer, a Fraction or text like '1/3'), "
                f"received {quoted(value)}"
            )
        if isinstance(value, int):
            return Fraction(value)
        if isinstance(value, flint.fmpq):
            return Fraction(int(value.p), int(value.q))
        if isinstance(value, flint.fmpz):
            return Fraction(int(value))
        raise BadInput(f"{name}: not a rational number: {quoted(value)}")
    return _read_fraction(value, name)


@lru_cache(maxsize=512)
def _read_fraction(text: str, name: str) -> Fraction:
    return limits.rational(text, name)


def to_fmpq(value: Rational) -> flint.fmpq:
    """The same rational as a flint number."""
    return flint.fmpq(value.numerator, value.denominator)


def check_names(variables: str | Iterable[str]) -> tuple[str, ...]:
    """Variable names as a tuple, from a sequence or from text separated by commas or blanks.

    Raises BadInput for a name that is not an ASCII identifier, for a name given twice, and for more
    than 3,000 names.

    >>> check_names("x, y z")
    ('x', 'y', 'z')
    """
    if isinstance(variables, str):
        variables = variables.replace(",", " ").split()
    try:
        return _valid_names(tuple(variables))
    except TypeError:  # nothing to go through, or not even hashable
        raise BadInput(f"variables: names are needed, received {quoted(variables)}") from None


@lru_cache(maxsize=512)
def _valid_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) > limits.VARIABLES:
        raise BadInput(f"variables: at most {limits.VARIABLES} are needed, received {len(names)}")
    for name in names:
        if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
            raise BadInput(
                "variables: a name is a letter followed by letters, digits or _, "
                f"not {quoted(name)}"
            )
        if len(name) > limits.NAME:
            raise BadInput(f"variables: at most {limits.NAME} characters, not {quoted(name)}")
    if len(set(names)) != len(names):
        twice = sorted({n for n in names if names.count(n) > 1})
        raise BadInput(
            f"variables: each name may appear once, received twice: {shown(', '.join(twice))}"
        )
    return names


def fresh(name: str, taken: Sequence[str]) -> str:
    """A name that is not taken: s, s_, s__, …"""
    return name if name not in taken else fresh(f"{name}_", taken)


def natural_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names without repetition, sorted as people count: ``w2`` before ``w10``."""

    def key(name: str) -> tuple[list[tuple[int, int, str]], str]:
        parts = [s for s in re.split(r"([0-9]+)", name) if s]
        counted = [(s.lstrip("0"), s) if s[0] in "0123456789" else ("", s) for s in parts]
        # digits without leading zeros compare as numbers do, by length first
        return [(0, len(n), n) if s[0] in "0123456789" else (1, 0, s) for n, s in counted], name

    return tuple(sorted(set(names), key=key))


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
        return bool(self.flint.is_zero())

    @property
    def is_constant(self) -> bool:
        return bool(self.flint.is_constant())

    def used_variables(self) -> tuple[str, ...]:
        """The variables that occur in some term."""
        degrees = self.flint.degrees()
        return tuple(v for v, d in zip(self.variables, degrees, strict=True) if d > 0)

    def __call__(self, point: Point) -> Fraction:
        """The exact value at a rational point (a mapping by name, or a sequence in ring order)."""
        values = point_values(point, self.variables)
        if not values:
            return self._constant()
        growth = sum(
            int(d) * limits.bits(v)
            for d, v in zip(self.flint.degrees(), values, strict=True)
            if d > 0 and v not in (0, 1, -1)
        )
        if growth > limits.VALUE or growth * len(self.flint) > limits.SIZE:
            raise BadInput(
                f"point: the value of {shown(self)} there has too many digits: about {growth} bits "
                f"(at most {limits.VALUE})"
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
            limits.Size.of(self.flint).power(exponent).check("this power", "exponent")
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
        limits.check_substitution(self.flint, dict(enumerate(images)))
        return Polynomial(self.variables, self.flint.compose(*images, ctx=context))

    def translate(self, point: Point) -> Polynomial:
        """f(w + p): the germ at p, moved to the origin."""
        values = point_values(point, self.variables)
        moved = {i: to_fmpq(value) for i, value in enumerate(values) if value}
        if not moved:
            return self
        limits.check_translation(self.flint, moved)
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
    """Generators f1, …, fk in one ring; they stand for the loss K = Σ fᵢ² (MATH §1).

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
        object.__setattr__(
            self,
            "generators",
            tuple(g.in_ring(self.variables) for g in self.generators),
        )

    @classmethod
    def parse(
        cls,
        generators: str | Sequence[str],
        variables: str | Iterable[str] | None = None,
    ) -> Ideal:
        """An ideal from text; without ``variables`` the ring is made of the names that occur."""
        texts = [generators] if isinstance(generators, str) else list(generators)
        if len(texts) > limits.GENERATORS:
            raise BadInput(f"generators: at most {limits.GENERATORS}, received {len(texts)}")
        names = (
            natural_order(n for t in texts for n in names_in(t)) if variables is None else variables
        )
        names = check_names(names)
        parsed: list[Polynomial] = []
        terms = 0
        for text in texts:
            parsed.append(parse(text, names))
            terms += len(parsed[-1].flint)
            if terms * len(names) > limits.CELLS or terms > limits.WORK:
                raise BadInput(
                    f"generators: together they have more than {terms - 1} terms in {len(names)} "
                    "variables, which is too large to expand"
                )
        return cls(names, tuple(parsed))

    def translate(self, point: Point) -> Ideal:
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
    point: Point,
    variables: Sequence[str],
    name: str = "point",
    read: Callable[[Any, str], Any] = fraction,
) -> tuple[Any, ...]:
    """The coordinates of a point in ring order; absent names of a mapping mean 0.

    read: what reads a coordinate, for error messages under the name that it gets: rational numbers
    unless given. Raises BadInput for unknown names, wrong length or coordinates it cannot read.
    """
    if isinstance(point, Mapping):
        unknown = [n for n in point if n not in variables]
        if unknown:
            raise BadInput(
                f"{name}: unknown variable {quoted(unknown[0])}; "
                f"known: {shown(', '.join(variables))}"
            )
        return tuple(read(point.get(v, 0), f"{name}[{v}]") for v in variables)
    if isinstance(point, str) or len(point) != len(variables):
        raise BadInput(f"{name}: {len(variables)} coordinates are needed, received {quoted(point)}")
    return tuple(read(c, f"{name}[{v}]") for v, c in zip(variables, point, strict=True))


# -- parsing ----------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)|([A-Za-z_][A-Za-z_0-9]*)|(\*\*|[-+*/^()])|(\S)"
)
_KINDS = ("", "number", "name", "operator")
Token = tuple[str, str, int]


def names_in(text: str) -> tuple[str, ...]:
    """The variable names that occur in an expression, in natural order."""
    return _names(_tokens(text))


def _names(tokens: list[Token]) -> tuple[str, ...]:
    found = {value for kind, value, _ in tokens if kind == "name"}
    if len(found) > limits.VARIABLES:
        raise BadInput(f"variables: at most {limits.VARIABLES}, received {len(found)}")
    return natural_order(found)


def parse(text: str, variables: str | Iterable[str] | None = None) -> Polynomial:
    """Read a polynomial: ``+ - * / ^ **``, parentheses, integers, decimals and fractions.

    Division is by numbers only. Without ``variables`` the ring is made of the names that occur, in
    natural order. Never evaluates code.
    Raises ParseError with the position of what does not fit, and for what would be too large when
    it is expanded: sizes are predicted, and the limits are those of
    :mod:`singularity_lab.algebra.limits`.

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
    tokens = _tokens(text)
    names = check_names(_names(tokens) if variables is None else variables)
    return Polynomial(names, _Parser(text, tokens, names).read(), text)


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


@lru_cache(maxsize=256)
def as_typed(text: str) -> str:
    """An expression with the blanks of this house: around the signs of a sum, and nowhere else.

    >>> as_typed(" -(x-y) ** 2*z + 3 * x/4")
    '-(x - y)^2*z + 3*x/4'
    """
    out, last = "", ""
    for _, token, _ in _tokens(text):
        if token in ("+", "-") and last not in ("", "(", "+", "-", "*", "/"):
            out += f" {token} "
        else:
            out += "^" if token == "**" else token
        last = token
    return out


def expanded(text: str, names: tuple[str, ...]) -> flint.fmpq_mpoly | None:
    """A sum of monomials c*x^a*y^b, as polynomials print themselves; None for anything else.

    >>> print(expanded("x^2 - 1/2*y", ("x", "y")), expanded("x*(x - y)", ("x", "y")))
    x^2 - 1/2*y None
    """
    if len(text) > limits.DIGITS and not _has_short_terms(text, names):
        return None  # the parser says what is too long
    index = _positions(names)
    name, plus, last = text.partition(" + ")
    if name in index and (not plus or _is_natural(last)):  # a coordinate, perhaps moved
        return generators(names)[index[name]] + int(last or 0)
    if _is_natural(text):
        return ring(names).constant(int(text))
    terms: dict[tuple[int, ...], flint.fmpq | int] = {}
    for part in text.replace(" - ", " + -").split(" + "):
        negative = part.startswith("-")
        top, bottom = -1 if negative else 1, 1
        exponents = [0] * len(names)
        for factor in part[1:].split("*") if negative else part.split("*"):
            base, power, e = factor.partition("^")
            i = index.get(base)
            if i is None:
                p, over, q = factor.partition("/")
                if not _is_natural(p) or (over and not (_is_natural(q) and int(q))):
                    return None
                top *= int(p)
                bottom *= int(q or 1)
            elif not power:
                exponents[i] += 1
            elif _is_natural(e) and len(e) < 6:
                exponents[i] += int(e)
                if exponents[i] > limits.DEGREE:
                    return None
            else:
                return None
        key = tuple(exponents)
        coefficient = flint.fmpq(top, bottom) if bottom > 1 else top
        terms[key] = terms[key] + coefficient if key in terms else coefficient
    return ring(names).from_dict(terms)


def _has_short_terms(text: str, names: Sequence[str]) -> bool:
    parts = text.replace(" - ", " + -").split(" + ") if len(text) <= limits.CHARACTERS else [text]
    few = len(parts) * len(names) <= limits.CELLS
    return few and len(max(parts, key=len)) <= limits.DIGITS


def _is_natural(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _tokens(text: str) -> list[Token]:
    if len(text) > limits.CHARACTERS:
        raise BadInput(
            f"expression: at most {limits.CHARACTERS} characters, received {len(text)}: "
            f"{quoted(text)}"
        )
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastindex or 4
        if kind == 4:
            raise ParseError(f"unexpected character {match.group()!r}", text, match.start())
        found.append((_KINDS[kind], match.group(), match.start()))
    return found


class _Parser:
    """Recursive descent over sum → product → power → atom; unary minus binds as in mathematics.

    Values go with a bound for the bits of their coefficients, None where it was not needed yet.
    """

    def __init__(self, text: str, tokens: list[Token], names: tuple[str, ...]) -> None:
        self.text, self.tokens, self.names = text, tokens, names
        self.operators = [token if kind == "operator" else "" for kind, token, _ in tokens]
        self.operators.append("")
        self.whole = "/" not in text and "." not in text
        self.at = 0
        self.depth = 0
        self.work = 0
        self.context = ring(names)
        self.gens = dict(zip(names, self.context.gens(), strict=True))

    def read(self) -> flint.fmpq_mpoly:
        if not self.tokens:
            raise ParseError("an expression is needed, received nothing", self.text, 0)
        value, _ = self.sum()
        if self.at < len(self.tokens):
            kind, token, _ = self.tokens[self.at]
            if kind != "operator" or token == "(":
                self.fail(f"an operator is missing before {shown(token)!r} (write products with *)")
            self.fail(f"unexpected {token!r}")
        self.check(limits.Size.of(value), "this expression")
        return value

    def fail(self, message: str) -> None:
        place = self.tokens[self.at][2] if self.at < len(self.tokens) else len(self.text)
        raise ParseError(message, self.text, place)

    def check(self, size: limits.Size, what: str, place: int | None = None) -> None:
        """Fail at a token, where something of this size would be too large."""
        try:
            size.check(what)
        except BadInput as error:
            self.at = len(self.tokens) if place is None else place
            self.fail(str(error))

    def spend(self, terms: int) -> None:
        """Count terms that are computed on the way."""
        self.work += terms
        if self.work > limits.WORK:
            self.fail("this expression takes too many terms to expand")

    def peek(self) -> str:
        return self.operators[self.at]

    def sum(self) -> _Value:
        first = self.product()
        if self.peek() not in ("+", "-"):
            return first
        # sums of 1, 2, 4, … products: adding them one by one would take the square of their number
        parts = [(*first, 1)]
        while (sign := self.operators[self.at]) in ("+", "-"):
            self.at += 1
            term, bits = self.product()
            if self.whole and len(term) == 1 and len(last := parts[-1][0]) < 16:
                parts[-1] = (last + term if sign == "+" else last - term, None, parts[-1][2])
                continue
            parts.append((term if sign == "+" else -term, bits, 1))
            while len(parts) > 1 and parts[-1][2] >= parts[-2][2]:
                self.merge(parts)
        while len(parts) > 1:
            self.merge(parts)
        return parts[0][0], None

    def merge(self, parts: list[tuple[flint.fmpq_mpoly, float | None, int]]) -> None:
        """Add the last two of some sums of products."""
        (a, more, m), (b, bits, n) = parts[-2:]
        terms = len(a) + len(b)
        if terms > 2 * limits.TERMS or terms * len(self.names) > limits.CELLS:
            self.fail("this sum has too many terms to expand")
        self.spend(terms)
        if not self.whole:  # coefficients have one denominator in common, which may grow long
            bits = None if bits is None or more is None else bits + more + 1
            if bits is None or bits > 500:
                size = limits.Size.of(a) + limits.Size.of(b)
                self.check(size, "this sum", self.at)
                bits = size.bits
        parts[-2:] = [(a + b, bits, m + n)]

    def sign(self) -> int:
        """The sign that signs in front of something make together."""
        sign = 1
        while (operator := self.operators[self.at]) in ("+", "-"):
            sign = -sign if operator == "-" else sign
            self.at += 1
        return sign

    def product(self) -> _Value:
        sign = self.sign() if self.operators[self.at] in ("+", "-") else 1
        value, bits = self.power()
        while (operator := self.operators[self.at]) in ("*", "/"):
            place = self.at
            self.at += 1
            negative = self.operators[self.at] in ("+", "-") and self.sign() < 0
            factor, more = self.power()
            factor = -factor if negative else factor
            if operator == "/" and (not factor.is_constant() or factor.is_zero()):
                self.at = place + 1
                self.fail("division is by a number other than 0 only")
            pairs = len(value) * len(factor)
            bits = None if bits is None or more is None else bits + more
            if bits is None or bits > limits.BITS or pairs > limits.TERMS:
                size = limits.Size.of(value)
                if operator == "*":
                    size = size * limits.Size.of(factor)
                else:
                    more = float(limits.bits(fraction(factor.leading_coefficient())))
                    size = size._replace(top=size.top + more, bottom=size.bottom + more)
                self.check(size, "this product", place)
                bits = size.bits
            if pairs > 64:
                self.spend(pairs)
            whole = operator == "*"
            value = value * factor if whole else value / factor.leading_coefficient()
        return (value if sign == 1 else -value), bits

    def power(self) -> _Value:
        opening = self.at
        base, bits = self.atom()
        if self.operators[self.at] not in ("^", "**"):
            return base, bits
        variable = self.at == opening + 1 and bits == 0
        self.at += 1
        kind, token, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("", "", 0)
        if kind != "number" or not token.isdigit():
            self.fail("an exponent is an integer >= 0")
        exponent = int(token) if len(token) <= 7 else limits.DEGREE + 1
        if exponent > limits.DEGREE:
            self.fail(f"this power is too large to expand: exponents are at most {limits.DEGREE}")
        if not variable:
            size = limits.Size.of(base).power(exponent)
            self.check(size, "this power", self.at)
            self.spend(size.terms)
            bits = size.bits
        self.at += 1
        if self.peek() in ("^", "**"):
            self.fail("write repeated powers with parentheses")
        return base**exponent, bits

    def atom(self) -> _Value:
        kind, token, _ = self.tokens[self.at] if self.at < len(self.tokens) else ("end", "", 0)
        if kind == "number":
            if len(token) > limits.DIGITS:
                self.fail(f"a number has at most {limits.DIGITS} digits")
            self.at += 1
            return self.context.constant(to_fmpq(limits.rational(token))), 4.0 * len(token)
        if kind == "name":
            if token not in self.gens:
                known = shown(", ".join(self.names) or "none")
                self.fail(f"unknown variable {shown(token)!r} (known: {known})")
            self.at += 1
            if self.peek() == "(":
                self.fail(f"an operator is missing after {shown(token)!r} (write products with *)")
            return self.gens[token], 0.0
        if token == "(":
            opening = self.at
            self.depth += 1
            if self.depth > limits.NESTING:
                self.fail(
                    f"parentheses are nested too deeply, more than {limits.NESTING} inside one "
                    "another"
                )
            self.at += 1
            value = self.sum()
            if self.peek() != ")":
                if self.at < len(self.tokens):
                    self.fail("an operator or ')' is missing here")
                self.at = opening
                self.fail("this parenthesis is never closed")
            self.at += 1
            self.depth -= 1
            return value
        self.fail("a number, a variable or '(' is needed here")
        raise AssertionError


_Value = tuple[flint.fmpq_mpoly, float | None]
