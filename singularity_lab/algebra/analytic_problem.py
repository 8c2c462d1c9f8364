"""Analytic problems: expressions with exp, log, tanh, division, … near a point."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from math import lcm
from typing import Any, Generic, TypeVar

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.algebraic import AlgebraicNumber
from singularity_lab.algebra.constants import NeedsRoot, pi
from singularity_lab.algebra.elementary import FUNCTIONS, apply
from singularity_lab.algebra.names import check_names, natural_order
from singularity_lab.algebra.parsing import Scanner, Token, generators_in, tokens_of, written
from singularity_lab.algebra.point_texts import read_point
from singularity_lab.algebra.polynomial import Ideal, PointLike, parse
from singularity_lab.algebra.problem import Convention, HasProblem, LocalProblem, RationalInterval
from singularity_lab.algebra.rings import Rational
from singularity_lab.algebra.tower import Element, Tower
from singularity_lab.errors import BadInput, OutOfScope, ParseError, quoted, shown

V = TypeVar("V")
_ROOTS = 64  # of exp(1/n)


def analytic_texts(generators: object) -> tuple[str, ...] | None:
    """The expressions, where all are text and one has a function, the number pi, or a division by
    what is no number; else None: they are polynomials, or what is to be refused as such.

    >>> analytic_texts(["a*tanh(b)"]), analytic_texts("x/(1 + y)"), analytic_texts("x/2")
    (('a*tanh(b)',), ('x/(1 + y)',), None)
    """
    generators = written(generators)
    texts = [generators] if isinstance(generators, str) else generators
    if not isinstance(texts, Sequence):
        return None
    if not all(isinstance(t, str) for t in texts):
        return None
    listed = tuple(part for text in texts for part in generators_in(text))
    return listed if any(map(_is_analytic, listed)) else None


_NOT_READ = {
    "abs", "acos", "acosh", "arctan", "asin", "asinh", "atanh", "erf", "gelu", "ln", "max", "min",
    "cbrt", "relu", "root", "sign", "silu", "softmax", "swish",
}  # fmt: skip


def _is_analytic(text: str) -> bool:
    if len(text) > input_limits.CHARACTERS or not ("(" in text or "/" in text or "pi" in text):
        return False
    try:
        tokens = tokens_of(text)
    except ParseError:
        return False
    names = [t for kind, t, _ in tokens if kind == "name"]
    if _called(tokens) or "pi" in names:
        return True
    if "/" in text:
        try:
            parse(text)
        except ParseError:
            return any(
                t == "/" and after[0] in ("name", "operator")
                for (_, t, _), after in itertools.pairwise(tokens)
            ) and bool(names)
        except BadInput:
            return False
    return False


def _called(tokens: Sequence[Token]) -> set[str]:
    """The names that stand before a parenthesis and are functions, of those read or not."""
    known = FUNCTIONS.keys() | _NOT_READ
    pairs = itertools.pairwise(tokens)
    return {a[1] for a, b in pairs if a[0] == "name" and b[1] == "(" and a[1] in known}


def variables_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The names that are variables: neither called, nor pi."""
    found: set[str] = set()
    for text in texts:
        tokens = [*tokens_of(text), ("", "", 0)]
        for (kind, name, _), after in itertools.pairwise(tokens):
            if kind == "name" and after[1] != "(" and name != "pi":
                found.add(name)
    return natural_order(found)


@dataclass(frozen=True)
class AnalyticProblem:
    """The germ at a point of K from analytic expressions, as
    :class:`~singularity_lab.algebra.problem.LocalProblem` has it from polynomials.

    texts: the expressions as typed. variables, point, prior, box, convention: as there; coordinates
    of the point that are no rational numbers are expressions such as "log(2)" or "sqrt(2)".

    >>> p = AnalyticProblem.build("a*tanh(b)", at={"a": 1})
    >>> p.variables, p.point
    (('a', 'b'), (Fraction(1, 1), Fraction(0, 1)))
    """

    texts: tuple[str, ...]
    variables: tuple[str, ...]
    point: tuple[Fraction | str, ...]
    prior: tuple[Fraction, ...]
    box: tuple[RationalInterval, ...]
    convention: Convention = "ideal"
    label: str = field(default="", compare=False)
    over: None = field(default=None, init=False)

    @classmethod
    def build(
        cls,
        generators: str | Sequence[str],
        variables: str | Iterable[str] | None = None,
        *,
        at: PointLike | None = None,
        prior: Mapping[str, Rational | str] | None = None,
        nonnegative: str | Iterable[str] = (),
        box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None = None,
        convention: Convention = "ideal",
    ) -> AnalyticProblem:
        """From what people write; raises BadInput as LocalProblem.build does."""
        given = (generators,) if isinstance(generators, str) else tuple(generators)
        if not given or not all(isinstance(t, str) for t in given):
            raise BadInput("generators: with functions, expressions as text are needed")
        texts = tuple(part for text in given for part in generators_in(text))
        names = check_names(variables_of(texts) if variables is None else variables)
        taken = [n for n in names if n == "pi"]
        if taken:
            raise BadInput("variables: pi is the number where functions are used")
        plain, typed = _coordinates(at, names)
        frame = LocalProblem.build(
            ["0"] * (1 if convention != "ideal" else len(texts)), names, at=plain, prior=prior,
            nonnegative=nonnegative, box=box, convention="ideal",
        )  # fmt: skip
        if frame.inequalities:
            raise OutOfScope(
                "nonnegative: with functions, constraints on variables only, received "
                f"{frame.inequalities[0]} >= 0"
            )
        if convention not in ("ideal", "loss", "two-sided"):
            raise BadInput(
                f"convention: 'ideal', 'loss' or 'two-sided', received {quoted(convention)}"
            )
        if convention != "ideal" and len(texts) != 1:
            raise BadInput(f"convention: {convention} takes one expression, received {len(texts)}")
        point = tuple(typed.get(n, c) for n, c in zip(names, frame.rational_point, strict=True))
        for n in typed:
            if frame.box[names.index(n)] != (None, None):
                raise OutOfScope(f"box[{n}]: with a rational coordinate only, received {typed[n]}")
        found = cls(texts, names, point, frame.prior, frame.box, convention)
        found.germs()
        return found

    @classmethod
    def of(cls, source: Any, variables: Any = None, **options: Any) -> AnalyticProblem | None:
        """The problem that a source is or has, or the one built from expressions with functions;
        None for polynomials. Raises BadInput where a source with a problem is given another point,
        and OutOfScope over a domain.

        >>> AnalyticProblem.of("x^2 - y") is None, AnalyticProblem.of("exp(x) - 1").texts
        (True, ('exp(x) - 1',))
        """
        over = options.pop("over", None)
        problem = source
        if isinstance(source, HasProblem) and callable(source.problem):
            if not getattr(source, "has_functions", False):
                return None
            problem = source.problem()
        if isinstance(problem, AnalyticProblem):
            given = [n for n, v in {"variables": variables, **options}.items() if v]
            given = [n for n in given if (n, options.get(n)) != ("convention", "ideal")]
            if given:
                raise BadInput(f"{given[0]}: given by the problem, so it cannot be given as well")
            return problem
        texts = analytic_texts(source)
        if texts is None or (variables is not None and "pi" in check_names(variables)):
            return None
        if over is not None:
            raise OutOfScope(
                "over: functions, square roots among them, are read at a point: give one by at"
            )
        return cls.build(texts, variables, **options)

    @property
    def is_power_one(self) -> bool:
        return self.convention != "ideal"

    def frame(
        self,
        generators: Sequence[str],
        convention: Convention,
        numbers: Mapping[str, AlgebraicNumber] | None = None,
    ) -> LocalProblem:
        """A polynomial problem in the local coordinates, which have the variables' names; numbers:
        further names in the generators, and what they stand for."""
        tau = zip(self.variables, self.point, self.prior, strict=True)
        found = LocalProblem.build(
            ["0"] * len(generators) if numbers else list(generators),
            self.variables,
            prior={n: t for n, at, t in tau if t and not at},
            nonnegative=self.at_walls,
            convention=convention,
        )
        if not numbers:
            return found
        names = (*self.variables, *numbers)
        ideal = Ideal(names, tuple(parse(g, names) for g in generators))
        return replace(found, ideal=ideal, numbers=tuple(numbers.items()))

    @property
    def at_walls(self) -> tuple[str, ...]:
        """The variables whose coordinate lies on a bound of its interval."""
        sides = zip(self.variables, self.point, self.box, strict=True)
        return tuple(n for n, at, ends in sides if at in [e for e in ends if e is not None])

    @property
    def bound(self) -> frozenset[str]:
        """The variables that carry a wall or an active prior: they are no free coordinates."""
        tau = zip(self.variables, self.point, self.prior, strict=True)
        return frozenset(self.at_walls) | {n for n, at, t in tau if t and not at}

    def germs(self) -> tuple[Tower, tuple[Element, ...]]:
        """The expressions as germs, in coordinates centred at the point."""

        def read(tower: Tower) -> tuple[Element, ...]:
            images = self._images(tower)
            number = partial(Element.number, tower)
            return tuple(Reader(t, images, number, _function(tower)).read() for t in self.texts)

        return self._with_roots(read)

    def read_as(
        self,
        text: str,
        wrap: Callable[[Element], V],
        number: Callable[[Tower, Fraction], V],
        germ: Callable[[V], Element],
    ) -> tuple[Tower, V]:
        """An expression among values of another kind, each of which has a germ."""

        def read(tower: Tower) -> V:
            images = {n: wrap(g) for n, g in self._images(tower).items()}
            apply_to = _function(tower)

            def function(name: str, *z: V) -> V:
                return wrap(apply_to(name, *map(germ, z)))

            return Reader(text, images, partial(number, tower), function).read()

        return self._with_roots(read)

    def _images(self, tower: Tower) -> dict[str, Element]:
        """What the variables stand for, in coordinates centred at the point."""
        images = {}
        number, function = partial(Element.number, tower), _function(tower)
        sides = zip(self.variables, self.point, self.box, strict=True)
        for n, at, (_, high) in sides:
            x = Element.symbol(tower, n)
            x = -x if high is not None and at == high else x
            if isinstance(at, str):
                images[n] = Reader(at, {}, number, function).read() + x
            else:
                images[n] = Element.number(tower, at) + x
        return images

    def _with_roots(self, read: Callable[[Tower], V]) -> tuple[Tower, V]:
        """What is read in a tower that has the roots of exp(1) which are met."""
        root = 1
        while root <= _ROOTS:
            tower = Tower(self.variables, root)
            try:
                return tower, read(tower)
            except NeedsRoot as needed:
                root = lcm(root, needed.root)
        raise OutOfScope(f"functions: exp of fractions with denominators up to {_ROOTS} are read")


def _function(tower: Tower) -> Callable[..., Element]:
    """Functions by name among germs; pi is one without argument."""

    def function(name: str, *z: Element) -> Element:
        return apply(name, *z) if z else pi(tower)

    return function


Problem = LocalProblem | AnalyticProblem


def _coordinates(
    at: PointLike | None, names: Sequence[str]
) -> tuple[PointLike | None, dict[str, str]]:
    """The point with 0 for coordinates that are expressions with functions, and these by name."""
    if at is None:
        return at, {}
    at = read_point(at) if isinstance(at, str) else at
    pairs = dict(at) if isinstance(at, Mapping) else dict(zip(names, at, strict=False))
    typed: dict[str, str] = {}
    for n, value in pairs.items():
        text = str(value) if isinstance(value, str | AlgebraicNumber) else ""
        if not text or not (_called(_tokens(text)) or "pi" in text):
            continue
        typed[n] = _number(text, n)
    typed = {n: text for n, text in typed.items() if n in names}
    if not typed:
        return at, {}
    if isinstance(at, Mapping):
        return {n: 0 if n in typed else value for n, value in at.items()}, typed
    return [0 if n in typed else value for n, value in zip(names, at, strict=True)], typed


def _tokens(text: str) -> Sequence[Token]:
    try:
        return tokens_of(text)
    except ParseError:
        return ()


def _number(text: str, name: str) -> str:
    """The expression of a coordinate, once it is read and seen not to be 0."""
    constant = AnalyticProblem((text,), (), (), (), ())
    try:
        tower, (value,) = constant.germs()
    except ParseError as error:
        raise BadInput(f"point[{name}]: {error}") from None
    if tower.sign(tower.at_point(value.num)) == 0:
        raise BadInput(f"point[{name}]: {shown(text)} is 0: write 0")
    return text


class Reader(Scanner, Generic[V]):
    """The reader of expressions with functions, into values of any kind that can be computed with.

    images: what the variables stand for. number, function: a rational number, and a function by
    its name, among these values; pi is ``function("pi")``.
    """

    def __init__(
        self,
        text: str,
        images: Mapping[str, V],
        number: Callable[[Fraction], V],
        function: Callable[..., V],
    ) -> None:
        super().__init__(text)
        self.images, self.number, self.function = images, number, function
        self.depth = 0

    def read(self) -> V:
        if not self.tokens:
            self.fail("an expression is needed, received nothing")
        value: V = self.sum()
        if self.at < len(self.tokens):
            self.fail(f"unexpected {self.tokens[self.at][1]!r} (write products with *)")
        return value

    def sum(self) -> V:
        value: Any = self.product()
        while sign := self.next("+", "-"):
            part: Any = self.product()
            value = value + part if sign == "+" else value - part
        found: V = value
        return found

    def product(self) -> V:
        sign = self.sign()
        value: Any = self.power()
        while operator := self.next("*", "/"):
            sign *= self.sign()
            factor: Any = self.power()
            value = value * factor if operator == "*" else value / factor
        found: V = value if sign > 0 else -value
        return found

    def power(self) -> V:
        base: Any = self.atom()
        if not self.next("^"):
            same: V = base
            return same
        opened = bool(self.next("("))
        sign = self.sign()
        kind, token, _ = self.here
        if kind != "number" or not token.isdigit() or len(token) > 4:
            self.fail("an exponent is an integer (for roots use sqrt, for powers exp and log)")
        self.at += 1
        if opened and not self.next(")"):
            self.fail("an exponent is an integer (for roots use sqrt, for powers exp and log)")
        found: V = base ** (sign * int(token))
        return found

    def atom(self) -> V:
        kind, token, _ = self.here
        if kind == "number":
            self.at += 1
            return self.number(input_limits.rational(token))
        if kind == "name":
            self.at += 1
            if self.next("("):
                return self.call(token)
            if token in self.images:
                return self.images[token]
            if token == "pi":
                return self.function("pi")
            self.at -= 1
            known = shown(", ".join(self.images))
            said = f"(known: {known})" if known else "(a number is needed)"
            self.fail(f"unknown variable {shown(token)!r} {said}")
        if self.next("("):
            return self.inside()
        self.fail("a number, a variable, a function or '(' is needed here")

    def call(self, name: str) -> V:
        """The value of a function whose opening parenthesis was read."""
        if name not in FUNCTIONS:
            self.at -= 2
            self.fail(
                f"{shown(name)!r} is no function that is read (known: {', '.join(FUNCTIONS)})"
            )
        return self.function(name, self.inside())

    def inside(self) -> V:
        """The value of a sum up to its closing parenthesis, which is read."""
        self.depth += 1
        if self.depth > input_limits.NESTING:
            self.fail("parentheses are nested too deeply")
        value = self.sum()
        if not self.next(")"):
            self.fail("an operator or ')' is missing here")
        self.depth -= 1
        return value
