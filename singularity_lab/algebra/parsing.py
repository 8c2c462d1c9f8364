"""Polynomials read from text: tokens, a recursive-descent parser, predicted sizes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, NoReturn

import flint

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.names import natural_order
from singularity_lab.algebra.rings import fraction, generators, positions, ring, to_fmpq
from singularity_lab.errors import BadInput, ParseError, quoted, shown

_TOKEN = re.compile(
    r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)|([A-Za-z_][A-Za-z_0-9]*)|(\*\*|[-+*/^()])|(\S)"
)
_HINTS = {  # of a character that does not fit
    ",": " (commas stand between generators, and one is read here)",
    "²": " (powers are written x^2)", "³": " (powers are written x^3)",
    "=": " (f = g is written f - g)", "[": " (use parentheses; x[1] is written x1 or x_1)",
    "{": " (use parentheses)",
    "−": " (minus is written -)", "–": " (minus is written -)", "·": " (products are written x*y)",
    "π": " (the number π is written pi)", "×": " (products are written x*y)",
    "|": " (|f| is f by the convention two-sided)",
    "$": " (LaTeX is not read: x^2 - y^3/2)", "\\": " (LaTeX is not read: x^2 - y^3/2)",
}  # fmt: skip
_KINDS = ("", "number", "name", "operator")
Token = tuple[str, str, int]
_WIDE = 64  # variables of a ring, from which a monomial is quicker as a product of powers


def written(source: Any) -> Any:
    """Return SymPy expressions, alone or in a list, tuple, mapping or matrix, as text; anything
    else as it is.

    Raises BadInput for what the text would not say: the imaginary unit and infinities, constants
    other than π and e, a symbol of the name pi, two symbols of one name.

    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> written([x**2 - y, "x*y"]), written("x"), written({x: sympy.sqrt(2)})
    (['x**2 - y', 'x*y'], 'x', {'x': 'sqrt(2)'})
    """
    if isinstance(source, list | tuple):
        parts = [written(part) for part in source]
        return tuple(parts) if isinstance(source, tuple) else parts
    if isinstance(source, dict):
        return {written(key): written(part) for key, part in source.items()}
    if type(source).__module__.partition(".")[0] != "sympy":
        return source
    if hasattr(source, "tolist") and not hasattr(source, "as_expr"):
        return [written(part) for row in source.tolist() for part in row]
    return _of_sympy(source.as_expr() if hasattr(source, "as_expr") else source)


def _of_sympy(expression: Any) -> str:
    """The text of an expression whose symbols and constants it says unmistakably."""
    import sympy

    if not isinstance(expression, sympy.Basic):
        return str(expression)
    if expression.atoms(sympy.core.relational.Relational):
        raise BadInput(f"expression: f = g is written f - g, received {quoted(expression)}")
    special = (sympy.S.ImaginaryUnit, sympy.oo, -sympy.oo, sympy.zoo, sympy.nan)
    constants = expression.atoms(sympy.NumberSymbol) - {sympy.pi, sympy.E}
    wrong = [c for c in special if expression.has(c)] + sorted(constants, key=str)
    if wrong:
        raise BadInput(f"expression: real numbers, π and e are read, received SymPy's {wrong[0]}")
    names = sorted(s.name for s in expression.free_symbols)
    twice = [a for a, b in pairwise(names) if a == b]
    if twice or "pi" in names:
        raise BadInput(
            f"expression: two SymPy symbols have the name {quoted(twice[0])}"
            if twice
            else "expression: 'pi' is the number π here; give the SymPy symbol another name"
        )
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):  # type: ignore[misc]
        def _print_Exp1(self, _: Any) -> str:
            return "exp(1)"

    return str(Printer().doprint(expression))


def generators_in(text: str) -> list[str]:
    """The expressions between the commas of a text: the generators of an ideal.

    >>> generators_in("x*y, y*(x - z)")
    ['x*y', 'y*(x - z)']
    """
    parts = [part.strip() for part in text.split(",")] if "," in text else [text]
    if typo := re.search("[0-9],[0-9]", text):
        what = "a number is written 0.5, and a blank follows a comma between generators"
        raise ParseError(what, text, typo.start() + 1)
    if len(parts) > 1 and any(part.count("(") != part.count(")") for part in parts):
        raise ParseError("commas stand between generators, in no bracket", text, text.index(","))
    return parts


def names_in(text: str) -> tuple[str, ...]:
    """The variable names that occur in an expression, in natural order."""
    return names_of(tokens_of(text))


def names_of(tokens: list[Token]) -> tuple[str, ...]:
    """The names among the tokens, in natural order; raises BadInput for too many."""
    found = {value for kind, value, _ in tokens if kind == "name"}
    if len(found) > input_limits.VARIABLES:
        raise BadInput(f"variables: at most {input_limits.VARIABLES}, received {len(found)}")
    return natural_order(found)


@lru_cache(maxsize=256)
def as_typed(text: str) -> str:
    """An expression with the blanks of this house: around the signs of a sum, and nowhere else.

    >>> as_typed(" -(x-y) ** 2*z + 3 * x/4")
    '-(x - y)^2*z + 3*x/4'
    """
    out, last = "", ""
    for _, token, _ in tokens_of(text):
        if token in ("+", "-") and last not in ("", "(", "+", "-", "*", "/"):
            out += f" {token} "
        else:
            out += token
        last = token
    return out


def expanded(text: str, names: tuple[str, ...]) -> flint.fmpq_mpoly | None:
    """A sum of monomials c*x^a*y^b, as polynomials print themselves; None for anything else.

    >>> print(expanded("x^2 - 1/2*y", ("x", "y")), expanded("x*(x - y)", ("x", "y")))
    x^2 - 1/2*y None
    """
    if len(text) > input_limits.DIGITS and not _has_short_terms(text, names):
        return None  # the parser says what is too long
    index = positions(names)
    name, plus, last = text.partition(" + ")
    if name in index and (not plus or _is_natural(last)):  # a coordinate, perhaps moved
        return generators(names)[index[name]] + int(last or 0)
    if _is_natural(text):
        return ring(names).constant(int(text))
    terms: dict[tuple[int, ...], flint.fmpq | int] = {}
    for part in text.replace(" - ", " + -").split(" + "):
        negative = part.startswith("-")
        top, bottom = -1 if negative else 1, 1
        exponents: dict[int, int] = {}
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
                exponents[i] = exponents.get(i, 0) + 1
            elif _is_natural(e) and len(e) < 6:
                exponents[i] = exponents.get(i, 0) + int(e)
                if exponents[i] > input_limits.DEGREE:
                    return None
            else:
                return None
        coefficient = flint.fmpq(top, bottom) if bottom > 1 else top
        if len(names) > _WIDE and not (terms or " " in text):  # a monomial: few of the names occur
            found = ring(names).constant(coefficient)
            for i, power_of_i in exponents.items():
                found *= generators(names)[i] ** power_of_i
            return found
        dense = [0] * len(names)
        for i, power_of_i in exponents.items():
            dense[i] = power_of_i
        key = tuple(dense)
        terms[key] = terms[key] + coefficient if key in terms else coefficient
    return ring(names).from_dict(terms)


def _has_short_terms(text: str, names: Sequence[str]) -> bool:
    parts = (
        text.replace(" - ", " + -").split(" + ") if len(text) <= input_limits.CHARACTERS else [text]
    )
    few = len(parts) * len(names) <= input_limits.CELLS
    return few and len(max(parts, key=len)) <= input_limits.DIGITS


def _is_natural(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def tokens_of(text: str) -> list[Token]:
    """The tokens of an expression, ``**`` as ``^``; raises BadInput for a text that is too long."""
    if len(text) > input_limits.CHARACTERS:
        raise BadInput(
            f"expression: at most {input_limits.CHARACTERS} characters, received {len(text)}: "
            f"{quoted(text)}"
        )
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastindex or 4
        if kind == 4:
            odd = match.group()
            hint = _HINTS.get(odd, " (names are of a–z, digits and _)" if odd.isalpha() else "")
            what = f"unexpected character {match.group()!r}{hint}"
            raise ParseError(what, text, match.start())
        token = match.group()
        found.append((_KINDS[kind], "^" if token == "**" else token, match.start()))
    return found


class Scanner:
    """The tokens of an expression, read from left to right: what all its readers share.

    A reader is a recursive descent over sum → product → power → atom; readers differ in the values
    that they make and in what they allow.
    """

    def __init__(self, text: str, tokens: list[Token] | None = None) -> None:
        self.text = text
        self.tokens = tokens_of(text) if tokens is None else tokens
        self.at = 0

    @property
    def here(self) -> Token:
        """The token that comes next; at the end, one of the kind ""."""
        if self.at < len(self.tokens):
            return self.tokens[self.at]
        return ("", "", len(self.text))

    def fail(self, message: str) -> NoReturn:
        """Raise ParseError at the token that comes next."""
        raise ParseError(message, self.text, self.here[2])

    def next(self, *wanted: str) -> str:
        """Read one of these operators and return it; "" where another token stands."""
        kind, token, _ = self.here
        if kind == "operator" and token in wanted:
            self.at += 1
            return token
        return ""

    def sign(self) -> int:
        """The sign that signs in front of something make together, read."""
        sign = 1
        while operator := self.next("+", "-"):
            sign = -sign if operator == "-" else sign
        return sign


class Parser(Scanner):
    """The reader of polynomials; unary minus binds as in mathematics.

    Values go with a bound for the bits of their coefficients, None where it was not needed yet.
    """

    def __init__(self, text: str, tokens: list[Token], names: tuple[str, ...]) -> None:
        super().__init__(text, tokens)
        self.names = names
        self.operators = [token if kind == "operator" else "" for kind, token, _ in tokens]
        self.operators.append("")
        self.whole = "/" not in text and "." not in text
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
        self.check(input_limits.Size.of(value), "this expression")
        return value

    def check(self, size: input_limits.Size, what: str, place: int | None = None) -> None:
        """Fail at a token, where something of this size would be too large."""
        try:
            size.check(what)
        except BadInput as error:
            self.at = len(self.tokens) if place is None else place
            self.fail(str(error))

    def spend(self, terms: int) -> None:
        """Count terms that are computed on the way."""
        self.work += terms
        if self.work > input_limits.WORK:
            self.fail("this expression takes too many terms to expand")

    def peek(self) -> str:
        """The operator that comes next, or ""."""
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
        if terms > 2 * input_limits.TERMS or terms * len(self.names) > input_limits.CELLS:
            self.fail("this sum has too many terms to expand")
        self.spend(terms)
        if not self.whole:  # coefficients have one denominator in common, which may grow long
            bits = None if bits is None or more is None else bits + more + 1
            if bits is None or bits > 500:
                size = input_limits.Size.of(a) + input_limits.Size.of(b)
                self.check(size, "this sum", self.at)
                bits = size.bits
        parts[-2:] = [(a + b, bits, m + n)]

    def product(self) -> _Value:
        """The value of factors joined by * and /, with a bound of its bits."""
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
            if bits is None or bits > input_limits.BITS or pairs > input_limits.TERMS:
                size = input_limits.Size.of(value)
                if operator == "*":
                    size = size * input_limits.Size.of(factor)
                else:
                    more = float(input_limits.bits(fraction(factor.leading_coefficient())))
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
        if self.operators[self.at] != "^":
            return base, bits
        variable = self.at == opening + 1 and bits == 0
        self.at += 1
        kind, token, _ = self.here
        if kind != "number" or not token.isdigit():
            self.fail("an exponent is an integer >= 0")
        exponent = int(token) if len(token) <= 7 else input_limits.DEGREE + 1
        if exponent > input_limits.DEGREE:
            self.fail(
                f"this power is too large to expand: exponents are at most {input_limits.DEGREE}"
            )
        if not variable:
            small = input_limits.Size.of(base)
            size = small.power(exponent)
            self.check(size, "this power", self.at)
            if small.is_long(exponent):
                self.fail("this power is too large to expand: it takes too many products")
            self.spend(size.terms)
            bits = size.bits
        self.at += 1
        if self.peek() == "^":
            self.fail("write repeated powers with parentheses")
        return base**exponent, bits

    def atom(self) -> _Value:
        """The value of a number, a name or an expression in brackets, with a bound of its bits."""
        kind, token, _ = self.here
        if kind == "number":
            if len(token) > input_limits.DIGITS:
                self.fail(f"a number has at most {input_limits.DIGITS} digits")
            self.at += 1
            return self.context.constant(to_fmpq(input_limits.rational(token))), 4.0 * len(token)
        if kind == "name":
            if token not in self.gens:
                known = shown(", ".join(self.names) or "none")
                self.fail(f"unknown variable {shown(token)!r} (known: {known})")
            self.at += 1
            if self.peek() == "(":
                self.fail(
                    f"an operator is missing after {shown(token)!r} (write products with *; "
                    "functions and roots of numbers are read by rlct alone)"
                )
            return self.gens[token], 0.0
        if token == "(":
            opening = self.at
            self.depth += 1
            if self.depth > input_limits.NESTING:
                self.fail(
                    f"parentheses are nested too deeply, more than {input_limits.NESTING} inside "
                    "one another"
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


_Value = tuple[flint.fmpq_mpoly, float | None]
