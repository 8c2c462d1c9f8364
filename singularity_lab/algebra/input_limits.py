"""The limits of input, and the sizes of results predicted before they are computed.

Every limit is generous for work and far below what makes FLINT, GMP, Python or the memory give
up. The norm ‖f‖ = Σ |c| is submultiplicative, so that a power, a product or a substitution has
coefficients of at most log₂ of the product of norms, and of the denominators, in bits; it has at
most as many terms as there are choices of factors, and as monomials in the box of its degrees.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from singularity_lab.errors import BadInput, quoted
from singularity_lab.system.files import parse_json

if TYPE_CHECKING:
    import flint

    Poly = flint.fmpq_mpoly

DIGITS = 4_000
"""Decimal digits of a number, above and below the fraction bar (Python reads at most 4,300)."""
BITS = 13_000
"""Bits of a coefficient that an expression may have: fewer than 4,000 digits, so that what is
written can be read again."""
CHARACTERS = 1_000_000
"""Characters of an expression."""
NAME = 200
"""Characters of a variable's name."""
VARIABLES = 3_000
"""Variables of a ring."""
DEGREE = 1_000_000
"""Degree in one variable."""
NESTING = 100
"""Parentheses inside one another."""
TERMS = 200_000
"""Terms of an expanded polynomial."""
CELLS = 20_000_000
"""Terms times variables of a polynomial."""
SIZE = 400_000_000
"""Terms times bits of a polynomial."""
WORK = 5_000_000
"""Terms computed on the way to a polynomial, and to all generators of an ideal."""
POWER = 10_000_000_000
"""Products of words on the way to a power."""
VALUE = 1_000_000
"""Bits of the value of a polynomial at a point."""
GENERATORS = 10_000
"""Generators of an ideal."""
SEEDS = 10_000
"""Seeds of a calibration."""
SEED = 2**63 - 1
"""A seed, as generators of random numbers take them."""
PARAMETERS = 10_000_000
"""Parameters of a function that is measured."""
PROGRAM = 1_000_000
"""Bytes of the text of a program."""
NUMBER = 1_000_000
"""Absolute value of an integer among the parameters of a model."""
VALUES = 100_000
"""Numbers and texts among the parameters of a model."""
MODEL = 100_000_000
"""Terms times variables that a model's polynomials have on the way, and its other counts."""
ALGEBRAIC_DEGREE = 24
"""Degree of an algebraic number."""
ALGEBRAIC_BITS = 2_000
"""Bits of the numbers that an algebraic number is made of."""
ROOTS = 1_000_000_000
"""Degree³ times bits of a dense polynomial whose real roots are counted."""
FIELD_DEGREE = 200
"""Degree of the relation of a number field."""
REMAINDER = 2_000_000_000
"""Bits of a remainder modulo it: terms times degree times those of the symbol's powers."""

_MANY = 10**12
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_RATIONAL = re.compile(
    r"([+-]?)([0-9]*)(?:/([0-9]+)|(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,9}))?)", re.ASCII
)


# -- numbers ----------------------------------------------------------------------------------


def rational(text: str, name: str = "value") -> Fraction:
    """The rational number that a text such as ``-3/4``, ``0.25`` or ``1e-3`` writes, exactly.

    Raises BadInput for other texts, for digits that are not ASCII, for a denominator 0, and beyond
    4,000 digits, those that a decimal exponent stands for included.

    >>> rational("-3/4"), rational(".25"), rational("1e-3")
    (Fraction(-3, 4), Fraction(1, 4), Fraction(1, 1000))
    >>> rational("1e999999999", "--at[x]")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: --at[x]: at most 4000 digits, received '1e999999999'
    """
    match = _RATIONAL.fullmatch(text.strip())
    if match is None or not (match[2] or match[4]):
        raise BadInput(f"{name}: not a rational number: {quoted(text)}")
    sign, above, below, decimals, power = match.groups()
    decimals, shift = decimals or "", int(power or 0)
    if max(len(above) + len(decimals) + abs(shift), len(below or "")) > DIGITS:
        raise BadInput(f"{name}: at most {DIGITS} digits, received {quoted(text)}")
    bottom = int(below or 1)
    if bottom == 0:
        raise BadInput(f"{name}: not a rational number: {quoted(text)} (division by 0)")
    shift -= len(decimals)
    top = int(sign + above + decimals) * 10 ** max(shift, 0)
    return Fraction(top, bottom * 10 ** max(-shift, 0))


def integer(text: str, name: str = "value", low: int | None = None, high: int | None = None) -> int:
    """The integer that a text writes, between ``low`` and ``high`` where these are given.

    Raises BadInput for other texts, for digits that are not ASCII, and beyond 4,000 digits.

    >>> integer("-12"), integer(" 7 ", low=0)
    (-12, 7)
    >>> integer("9", "--dim", high=8)
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: --dim: an integer <= 8 is needed, received 9
    """
    whole = text.strip()
    if not _INTEGER.fullmatch(whole):
        raise BadInput(f"{name}: an integer is needed, received {quoted(text)}")
    if len(whole) > DIGITS:
        raise BadInput(f"{name}: at most {DIGITS} digits, received {quoted(text)}")
    return between(int(whole), name, low, high)


def between(value: int, name: str, low: int | None = None, high: int | None = None) -> int:
    """The integer itself; raises BadInput unless it lies between the bounds that are given."""
    if low is not None and value < low:
        raise BadInput(f"{name}: an integer >= {low} is needed, received {quoted(value)}")
    if high is not None and value > high:
        raise BadInput(f"{name}: an integer <= {high} is needed, received {quoted(value)}")
    return value


def parameters(value: Any, name: str) -> None:
    """Raise BadInput for a parameter of a model, a number or lists of such, beyond the limits.

    >>> parameters([1, [2, 10**7]], "widths")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: widths: integers of at most 1000000 are needed, received \
10000000
    """
    stack, seen = [(value, 0)], 0
    while stack:
        item, depth = stack.pop()
        seen += 1
        if seen > VALUES or depth > NESTING:
            raise BadInput(f"{name}: too many values, or nested too deeply: {quoted(value)}")
        if isinstance(item, int) and abs(item) > NUMBER:
            raise BadInput(
                f"{name}: integers of at most {NUMBER} are needed, received {quoted(item)}"
            )
        if isinstance(item, float) and not math.isfinite(item):
            raise BadInput(f"{name}: a finite number is needed, received {item}")
        if isinstance(item, str) and len(item) > CHARACTERS:
            raise BadInput(f"{name}: at most {CHARACTERS} characters, received {quoted(item)}")
        if isinstance(item, dict):
            stack += [(part, depth + 1) for pair in item.items() for part in pair]
        elif isinstance(item, list | tuple):
            stack += [(part, depth + 1) for part in item]


# -- documents --------------------------------------------------------------------------------


def limited_json(text: str | bytes, name: str, *, exact: bool = False) -> Any:
    """The value of a JSON document.

    exact: whether decimals are kept as texts, so that 0.5 is 1/2 and not the float, and integers
    that are too long as well, so that whoever reads them says where they stand. Raises BadInput
    as :func:`~singularity_lab.system.files.parse_json` does, for NaN and infinities, and for
    integers beyond 4,000 digits.

    >>> limited_json('{"a": [1, 0.5]}', "--batch", exact=True)
    {'a': [1, '0.5']}
    >>> limited_json("[NaN]", "--batch")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: --batch: the text is not JSON: NaN is no number there
    """

    def refuse(constant: str) -> NoReturn:
        raise ValueError(f"{constant} is no number there")

    def whole(digits: str) -> Any:
        return digits if exact and len(digits) > DIGITS else integer(digits, name)

    def decimal(digits: str) -> Any:
        if exact:
            return digits
        if math.isinf(value := float(digits)):
            raise BadInput(f"{name}: a finite number is needed, received {quoted(digits)}")
        return value

    return parse_json(text, name, parse_int=whole, parse_float=decimal, parse_constant=refuse)


# -- predicted sizes --------------------------------------------------------------------------


class Size(NamedTuple):
    """A bound for a polynomial: its number of terms, log₂ of its norm times the denominator that
    its coefficients have in common, log₂ of that, and its degrees in the variables. (FLINT keeps
    a common denominator, so that all coefficients become long where it does.)

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f = Size.of(parse("x^2 - 1/2*y").flint)
    >>> f.terms, f.degrees, (f * f).terms, f.power(100).terms, int(f.power(100).bits)
    (2, (2, 1), 4, 101, 158)
    """

    terms: int
    top: float
    bottom: float
    degrees: tuple[int, ...]
    denominator: int = 1

    @classmethod
    def of(cls, p: Poly) -> Size:
        """The size of a polynomial that is there."""
        if p.is_zero():
            return cls(0, 0.0, 0.0, (0,) * p.context().nvars())
        coefficients = p.coeffs()
        denominator = 1
        for c in coefficients:
            if c.q != 1:
                denominator = math.lcm(denominator, int(c.q))
        norm = sum(abs(int(c.p)) * (denominator // int(c.q)) for c in coefficients)
        degrees = tuple(map(int, p.degrees()))
        bottom = math.log2(denominator)
        return cls(len(coefficients), math.log2(norm), bottom, degrees, denominator)

    @property
    def bits(self) -> float:
        """A bound for the bits of a numerator and of a denominator."""
        return max(self.top, self.bottom)

    def __add__(self, other: Size) -> Size:  # type: ignore[override]
        """The size of a sum of two polynomials that are there."""
        degrees = tuple(map(max, self.degrees, other.degrees))
        denominator = math.lcm(self.denominator, other.denominator)
        bottom = math.log2(denominator)
        norm = max(self.top - self.bottom, other.top - other.bottom) + 1
        return Size(self.terms + other.terms, norm + bottom, bottom, degrees, denominator)

    def __mul__(self, other: Size) -> Size:  # type: ignore[override]
        degrees = tuple(a + b for a, b in zip(self.degrees, other.degrees, strict=True))
        terms = min(self.terms * other.terms, _box(degrees))
        return Size(terms, self.top + other.top, self.bottom + other.bottom, degrees)

    def power(self, exponent: int) -> Size:
        """The size of a power."""
        degrees = tuple(d * exponent for d in self.degrees)
        terms = min(choices(self.terms, exponent), _box(degrees))
        return Size(terms, exponent * self.top, exponent * self.bottom, degrees)

    def is_long(self, exponent: int) -> bool:
        """True where the power takes more than some seconds: each of its terms is made by as many
        products as the base has terms."""
        power = self.power(exponent)
        words = (1 + self.bits / 64) * (1 + power.bits / 64)
        return self.terms * power.terms * words > POWER

    def check(self, what: str, name: str = "", slack: int = 1) -> None:
        """Raise BadInput where a limit is passed. what: of what, for the message; name: of an
        argument; slack: how many times the limit on terms a prediction that is loose may be."""
        opening = f"{name}: " if name else ""
        if max(self.degrees, default=0) > DEGREE:
            raise BadInput(f"{opening}{what} has a degree above {DEGREE}")
        if self.bits > BITS:
            raise BadInput(
                f"{opening}{what} is too large to expand: its coefficients may have "
                f"{self.bits:.3g} bits (at most {BITS})"
            )
        most = slack * min(TERMS, CELLS // max(1, len(self.degrees)))
        if self.terms > most:
            many = "10^12 or more" if self.terms >= _MANY else f"{self.terms}"
            raise BadInput(
                f"{opening}{what} is too large to expand: it may have {many} terms (at most {most})"
            )
        if self.terms * self.bits > SIZE:
            raise BadInput(
                f"{opening}{what} is too large to expand: {self.terms} terms of {self.bits:.3g} "
                f"bits each (at most {SIZE} bits)"
            )


def choices(kinds: int, many: int) -> int:
    """The number of ways to choose ``many`` things out of ``kinds``, with repetition, or 10^12
    where it is at least that.

    >>> choices(3, 2), choices(1, 10**6), choices(10**6, 10**6)
    (6, 1, 1000000000000)
    """
    if kinds == 0:
        return int(many == 0)
    least = min(many, kinds - 1)
    total, value = kinds + many - 1, 1
    for i in range(1, least + 1):
        value = value * (total - least + i) // i
        if value >= _MANY:
            return _MANY
    return value


def _box(degrees: Sequence[int]) -> int:
    value = 1
    for d in degrees:
        value *= d + 1
        if value >= _MANY:
            return _MANY
    return value


def substituted(p: Poly, images: Mapping[int, Poly]) -> Size:
    """A bound for the size of p with variables replaced by polynomials, positions to images.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f, image = parse("x^100*y - y^2", "x y").flint, parse("x + 1", "x y").flint
    >>> substituted(f, {0: image}).terms
    202
    """
    degrees = [int(d) for d in p.degrees()]
    here = {i: Size.of(q) for i, q in images.items() if degrees[i] > 0}
    own = Size.of(p)
    top = own.top + sum(max(s.top, s.bottom) * degrees[i] for i, s in here.items())
    bottom = own.bottom + sum(s.bottom * degrees[i] for i, s in here.items())
    reach = [0 if i in here else d for i, d in enumerate(own.degrees)]
    for i, s in here.items():
        for j, d in enumerate(s.degrees):
            reach[j] += d * degrees[i]
    several = [i for i, s in here.items() if s.terms > 1]
    most, counts = own.terms, {}
    for i in several:
        counts[i] = [choices(here[i].terms, e) for e in range(min(degrees[i], 64) + 1)]
        most *= choices(here[i].terms, degrees[i])
    if several and most > TERMS:  # term by term is closer
        most = 0
        for a in p.monoms():
            value = 1
            for i in several:
                e = int(a[i])
                value *= counts[i][e] if e < len(counts[i]) else choices(here[i].terms, e)
            most = min(most + value, _MANY)
    return Size(min(most, _box(reach)), top, bottom, tuple(reach))


def check_substitution(p: Poly, images: Mapping[int, Poly]) -> None:
    """Raise BadInput where p with variables replaced would be too large.

    images: by position; what is replaced by itself may be left out. Low degrees need no look: what
    was small stays so.
    """
    if p.is_zero() or p.total_degree() <= 8:
        return
    moved = {i: q for i, q in images.items() if q != p.context().gen(i)}
    if moved:
        substituted(p, moved).check("the substitution")


def check_translation(p: Poly, by: Mapping[int, flint.fmpq]) -> None:
    """Raise BadInput where p, moved by a constant vector, would be too large.

    >>> import flint
    >>> from singularity_lab.algebra.polynomial import parse
    >>> check_translation(parse("x^1000000 - 1").flint, {0: flint.fmpq(1)})
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: point: the polynomial moved from there to 0 is too large to \
expand: its coefficients may have 1e+06 bits (at most 13000)
    """
    if p.is_zero() or p.total_degree() <= 8:
        return
    degrees = p.degrees()
    moved = {i: p.context().gen(i) + c for i, c in by.items() if degrees[i] > 0}
    if moved:
        substituted(p, moved).check("the polynomial moved from there to 0", "point")


def check_pull_back(p: Poly, i: int, numerator: Poly, denominator: Poly) -> None:
    """Raise BadInput where p, with variable i a quotient, times a power of the denominator would be
    too large."""
    if p.is_zero() or p.total_degree() <= 8:
        return
    degree = int(p.degrees()[i])
    size = substituted(p, {i: numerator})
    if not denominator.is_constant():
        size = size * Size.of(denominator).power(degree)
    above, below = Size.of(numerator), Size.of(denominator)
    counts = Counter(int(a[i]) for a in p.monoms())  # x^e becomes numerator^e·denominator^(d − e)
    terms = sum(n * above.power(e).terms * below.power(degree - e).terms for e, n in counts.items())
    size = size._replace(terms=min(size.terms, terms))
    size.check("the change of a coordinate", slack=10)  # most terms meet, or are reduced


def product(p: Poly, q: Poly) -> Poly:
    """p·q. Raises BadInput where that would be too large.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(product(parse("x + y").flint, parse("x - y").flint))
    x^2 - y^2
    """
    if len(p) * len(q) > TERMS:
        (Size.of(p) * Size.of(q)).check("a product")
    return p * q


def bits(value: Fraction) -> int:
    """The bits of the numerator or the denominator, whichever has more.

    >>> bits(Fraction(-7, 1024))
    11
    """
    return max(value.numerator.bit_length(), value.denominator.bit_length())
