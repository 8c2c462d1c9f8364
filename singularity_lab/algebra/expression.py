"""A polynomial as it was typed: sums, products and powers, beside the expanded polynomial.

Expanding destroys what the typed form says. (x³ − y⁴)² expanded is rounding noise near its zero
set, (x − y)² + (x·y)⁴ hides its squares, and x⁹⁹·(x² + y³)¹⁹¹ has hundreds of terms in place of two
factors. The tree is plain data (tuples of texts, integers and fractions), which the measuring arm
evaluates without knowing this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from singularity_lab.algebra.names import check_names
from singularity_lab.algebra.parsing import Scanner, names_in
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import fraction, ring

# ("number", c) | ("variable", i) | ("sum", (nodes)) | ("product", (nodes)) | ("power", node, n)
Node = tuple[Any, ...]


@dataclass(frozen=True)
class Expression:
    """A polynomial in named variables with the form in which it was typed.

    variables: the ring's names, in order. tree: ("number", c), ("variable", i), ("sum", nodes),
    ("product", nodes) or ("power", node, n); a difference is a sum with a factor −1, a number on
    its own in a product is its first factor.

    >>> f = Expression.parse("x^99*(x - y)^37*(x^2 + y^3)^191")
    >>> [(str(q), e) for q, e in f.factors()[1]]
    [('x', 99), ('x - y', 37), ('x^2 + y^3', 191)]
    >>> print(f)
    x^99*(x - y)^37*(x^2 + y^3)^191
    """

    variables: tuple[str, ...]
    tree: Node

    @classmethod
    def parse(cls, text: str, variables: str | Iterable[str] | None = None) -> Expression:
        """Read a polynomial without expanding it; the grammar and errors are those of ``parse``."""
        names = check_names(names_in(text) if variables is None else variables)
        return cls(names, _Reader(text, names).read())

    @classmethod
    def of(cls, f: Polynomial) -> Expression:
        """The typed form of a polynomial where it has one, else its sum of terms."""
        if f.typed:
            return cls.parse(f.typed, f.variables)
        terms = sorted(f.terms(), reverse=True)
        return cls(f.variables, _sum([_term(a, c) for a, c in terms]))

    @cached_property
    def polynomial(self) -> Polynomial:
        """The same polynomial, expanded."""
        gens = [Polynomial(self.variables, g) for g in ring(self.variables).gens()]
        found: Polynomial = self.evaluate(gens, Polynomial.constant(1, self.variables))
        return found

    def evaluate(self, values: Sequence[Any], one: Any = Fraction(1)) -> Any:
        """The value with elements of any commutative ring in place of the variables.

        one: the ring's 1.

        >>> Expression.parse("(x^2 - y^3)^2").evaluate([Fraction(3), Fraction(2)])
        Fraction(1, 1)
        """
        return _evaluate(self.tree, values, one)

    def factors(self) -> tuple[Fraction, tuple[tuple[Expression, int], ...]]:
        """A constant and the factors as typed, with exponents; equal ones are collected.

        >>> c, found = Expression.parse("-2*x*(x*(x - y)^2)^3").factors()
        >>> c, [(str(q), e) for q, e in found]
        (Fraction(-2, 1), [('x', 4), ('x - y', 6)])
        """
        c, found = _factors(self.tree)
        return c, tuple((Expression(self.variables, q), e) for q, e in found.items())

    def squares(self) -> tuple[tuple[Fraction, Expression], ...] | None:
        """Pairs (c > 0, q) with f = Σ c·q², where f is typed as such a sum; None elsewhere.

        A summand is a square if the exponents of its factors are even.

        >>> print(*(f"{c}*({q})^2" for c, q in Expression.parse("(x - y)^2 + 3*z^4").squares()))
        1*(x - y)^2 3*(z^2)^2
        >>> Expression.parse("x^2 - 2*x*y + y^2").squares() is None
        True
        """
        found = []
        for summand in _summands(self.tree, Fraction(1)):
            c, factors = _factors(summand)
            if c < 0 or any(e % 2 for e in factors.values()):
                return None
            if c:
                roots = [_power(q, e // 2) for q, e in factors.items()]
                found.append((c, Expression(self.variables, _product(roots))))
        return tuple(found)

    @property
    def expanded(self) -> bool:
        """Whether it is typed as a sum of terms: no power or product of a sum."""
        summands = self.tree[1] if self.tree[0] == "sum" else (self.tree,)
        return all(_is_term(s) for s in summands)

    def __str__(self) -> str:
        return _text(self.tree, self.variables)


# -- reading --------------------------------------------------------------------------------------

_NOT = "not a polynomial expression"


class _Reader(Scanner):
    """The reader that keeps the form. What does not fit is left to ``parse`` to say."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        super().__init__(text)
        self.place = {n: i for i, n in enumerate(names)}

    def read(self) -> Node:
        node = self.sum()
        if self.at < len(self.tokens):
            self.fail(_NOT)
        return node

    def sum(self) -> Node:
        parts = [self.product()]
        while sign := self.next("+", "-"):
            part = self.product()
            parts.append(part if sign == "+" else _scaled(Fraction(-1), part))
        return _sum(parts)

    def product(self) -> Node:
        sign = self.sign()
        parts = [self.power()]
        while operator := self.next("*", "/"):
            sign *= self.sign()
            factor = self.power()
            if operator == "/":
                c, found = _factors(factor)
                if found or not c:
                    self.fail(_NOT)
                factor = ("number", 1 / c)
            parts.append(factor)
        return _scaled(Fraction(sign), _product(parts))

    def power(self) -> Node:
        base = self.atom()
        if not self.next("^"):
            return base
        kind, token, _ = self.here
        if kind != "number" or not token.isdigit():
            self.fail(_NOT)
        self.at += 1
        return _power(base, int(token))

    def atom(self) -> Node:
        kind, token, _ = self.here
        if kind == "number":
            self.at += 1
            return ("number", fraction(token))
        if kind == "name" and token in self.place:
            self.at += 1
            return ("variable", self.place[token])
        if self.next("("):
            node = self.sum()
            if self.next(")"):
                return node
        self.fail(_NOT)


# -- the tree -------------------------------------------------------------------------------------


def _sum(parts: Sequence[Node]) -> Node:
    return (
        parts[0] if len(parts) == 1 else ("sum", tuple(parts)) if parts else ("number", Fraction(0))
    )


def _product(parts: Sequence[Node]) -> Node:
    """Numbers are multiplied into one, which comes first; 1 is left out."""
    c, rest = Fraction(1), []
    for p in parts:
        inside = p[1] if p[0] == "product" else (p,)
        for q in inside:
            if q[0] == "number":
                c *= q[1]
            else:
                rest.append(q)
    if not rest or not c:
        return ("number", c)
    if c != 1:
        rest.insert(0, ("number", c))
    return rest[0] if len(rest) == 1 else ("product", tuple(rest))


def _scaled(c: Fraction, node: Node) -> Node:
    return node if c == 1 else _product([("number", c), node])


def _power(node: Node, n: int) -> Node:
    if n == 0:
        return ("number", Fraction(1))
    if n == 1:
        return node
    if node[0] == "number":
        return ("number", node[1] ** n)
    if node[0] == "power":
        return ("power", node[1], node[2] * n)
    return ("power", node, n)


def _term(a: Sequence[int], c: Fraction) -> Node:
    powers = [_power(("variable", i), e) for i, e in enumerate(a) if e]
    return _product([("number", c), *powers])


def _is_term(node: Node) -> bool:
    if node[0] == "product":
        return all(_is_term(q) for q in node[1])
    return node[0] in ("number", "variable") or (node[0] == "power" and node[1][0] == "variable")


def _summands(node: Node, scale: Fraction) -> list[Node]:
    """The summands of nested sums, each multiplied by the numbers in front of its sums."""
    if node[0] == "sum":
        return [s for part in node[1] for s in _summands(part, scale)]
    if node[0] == "product" and len(node[1]) == 2 and node[1][0][0] == "number":
        return _summands(node[1][1], scale * node[1][0][1])
    return [_scaled(scale, node)]


def _factors(node: Node) -> tuple[Fraction, dict[Node, int]]:
    """(c, factors with exponents) of products of powers; of anything else the node itself."""
    if node[0] == "number":
        return node[1], {}
    if node[0] == "power":
        c, inside = _factors(node[1])
        return c ** node[2], {q: e * node[2] for q, e in inside.items()}
    if node[0] != "product":
        return Fraction(1), {node: 1}
    total, found = Fraction(1), dict[Node, int]()
    for part in node[1]:
        c, inside = _factors(part)
        total *= c
        for q, e in inside.items():
            found[q] = found.get(q, 0) + e
    return total, found


def _evaluate(node: Node, values: Sequence[Any], one: Any) -> Any:
    kind = node[0]
    if kind == "number":
        return one * node[1]
    if kind == "variable":
        return values[node[1]]
    if kind == "power":
        return _evaluate(node[1], values, one) ** node[2]
    total = _evaluate(node[1][0], values, one)
    for part in node[1][1:]:
        value = _evaluate(part, values, one)
        total = total + value if kind == "sum" else total * value
    return total


def _text(node: Node, names: Sequence[str]) -> str:
    kind = node[0]
    if kind == "number":
        return str(node[1])
    if kind == "variable":
        return names[node[1]]
    if kind == "power":
        base = _text(node[1], names)
        return f"{base}^{node[2]}" if node[1][0] == "variable" else f"({base})^{node[2]}"
    if kind == "product":
        parts = [f"({_text(q, names)})" if q[0] == "sum" else _text(q, names) for q in node[1]]
        if node[1][0] == ("number", Fraction(-1)):
            return "-" + "*".join(parts[1:])
        return "*".join(parts)
    text = _text(node[1][0], names)
    for part in node[1][1:]:
        more = _text(part, names)
        if part[0] == "sum":
            more = f"({more})"
        text += f" - {more[1:]}" if more.startswith("-") else f" + {more}"
    return text
