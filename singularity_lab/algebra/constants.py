"""Values of elementary functions at numbers, written in few symbols.

exp of a rational is a power of exp(1/n); log of a product is a sum over primes and irreducible
factors; sqrt of a rational is a product over primes; tanh, sigmoid, softplus go back to exp and
log. A relation between symbols that is missed makes an answer fail, never a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import flint

from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.tower import Element, Symbol, Tower


class NeedsRoot(Exception):
    """exp(p/q) was met and q does not divide the tower's root."""

    def __init__(self, root: int) -> None:
        super().__init__(root)
        self.root = root


def number(name: str, c: Element) -> Element:
    """φ(c) for a number c."""
    tower, one = c.tower, Element.number(c.tower, 1)
    q = c.rational()
    if name == "exp":
        return _exp(c, q)
    if name == "log":
        return _log_number(c)
    if name == "sqrt":
        return _sqrt(c, q)
    if name in ("sin", "cos"):
        return _circular(name, c)
    if name == "atan":
        if q == 0:
            return c
        if q in (1, -1):
            return pi(tower).scaled(Fraction(q, 4))
        return _opaque("atan", c, flint.arb.atan)
    if name == "tanh":
        e = _exp(c.scaled(2), None if q is None else 2 * q)
        return (e - one) / (e + one)
    e = _exp(c, q)
    if name == "sigmoid":
        return e / (e + one)
    if name == "softplus":
        return _log_number(one + e)
    inverse = one / e
    return (e + inverse if name == "cosh" else e - inverse).scaled(Fraction(1, 2))


def pi(tower: Tower) -> Element:
    """π as a symbol."""
    return Element.symbol(tower, tower.add("c", Symbol("constant", "pi", ball=flint.arb.pi)))


def _opaque(name: str, c: Element, f: Callable[[flint.arb], flint.arb]) -> Element:
    tower = c.tower

    def ball() -> flint.arb:
        return f(tower.enclosure(c.num) / tower.enclosure(c.den))

    return Element.symbol(tower, tower.add("c", Symbol("constant", f"{name}({c})", ball=ball)))


def _exp(c: Element, q: Fraction | None) -> Element:
    tower = c.tower
    if q is not None:
        if q == 0:
            return Element.number(tower, 1)
        if tower.root % q.denominator:
            raise NeedsRoot(q.denominator)
        root = Fraction(1, tower.root)
        e = _opaque("exp", Element.number(tower, root), flint.arb.exp)
        return e ** int(q / root)
    found = Element.number(tower, 1)
    rest = c
    if c.den.is_constant():  # integer multiples of logarithms
        for a, times in tower.up(c.num / c.den.leading_coefficient()).to_dict().items():
            names = [(tower.names[i], e) for i, e in enumerate(a) if e]
            if len(names) == 1 and names[0][1] == 1 and times.q == 1:
                key = tower.symbols[names[0][0]].key
                inside = tower.logs.get(key)
                if inside is not None:
                    found = found * inside ** int(times.p)
                    rest = rest - Element.symbol(tower, names[0][0]).scaled(int(times.p))
    if rest.rational() is not None:
        return found * _exp(rest, rest.rational())
    return found * _opaque("exp", rest, flint.arb.exp)


def _log_number(c: Element) -> Element:
    """log c by the primes and irreducible factors of c > 0."""
    tower = c.tower
    found = Element.number(tower, 0)
    for p, sign in ((tower.up(c.num), 1), (tower.up(c.den), -1)):
        content, factors = factor(p)
        rest = Element.number(tower, Fraction(abs(int(content.p)), int(content.q)))
        value = rest.rational() or Fraction(1)
        for prime, e in _primes(value):
            found = found + _log_symbol(Element.number(tower, prime)).scaled(sign * e)
        for f, e in factors:
            f = tower.up(f)
            f = f if tower.sign(f) > 0 else -f
            (name,) = names if len(names := tower.occurs(f)) == 1 and len(f) == 1 else (None,)
            if name is not None and tower.symbols[name].key == f"exp({Fraction(1, tower.root)})":
                found = found + Element.number(tower, Fraction(sign * int(e), tower.root))
            else:
                found = found + _log_symbol(Element.of(tower, f)).scaled(sign * int(e))
    return found


def _log_symbol(c: Element) -> Element:
    found = _opaque("log", c, flint.arb.log)
    c.tower.logs[f"log({c})"] = c
    return found


def _primes(value: Fraction) -> list[tuple[int, int]]:
    found = [(int(p), int(e)) for p, e in flint.fmpz(value.numerator).factor()]
    return found + [(int(p), -int(e)) for p, e in flint.fmpz(value.denominator).factor()]


def _sqrt(c: Element, q: Fraction | None) -> Element:
    tower = c.tower
    if q is None:
        square = tower.up(c.num) * tower.up(c.den)
        return _root(Element.of(tower, square)) / Element.of(tower, c.den)
    found = Element.number(tower, Fraction(1, q.denominator))
    for p, e in _primes(Fraction(q.numerator * q.denominator)):
        found = found.scaled(p ** (e // 2))
        if e % 2:
            found = found * _root(Element.number(tower, p))
    return found


def _root(c: Element) -> Element:
    tower = c.tower

    def ball() -> flint.arb:
        return tower.enclosure(c.num).sqrt()

    symbol = Symbol("constant", f"sqrt({c})", ball=ball, square=c.num)
    return Element.symbol(tower, tower.add("c", symbol))


def _circular(name: str, c: Element) -> Element:
    tower = c.tower
    if c.is_zero:
        return Element.number(tower, 0 if name == "sin" else 1)
    turn = (c / pi(tower)).rational()
    if turn is not None and (12 * turn).denominator == 1 and _multiple(turn, name) is not None:
        square, sign = _multiple(turn, name) or (Fraction(0), 1)
        return _sqrt(Element.number(tower, square), square).scaled(sign) if square else _zero(tower)
    cosine = _opaque("cos", c, flint.arb.cos)
    if name == "cos":
        return cosine

    def ball() -> flint.arb:
        return (tower.enclosure(c.num) / tower.enclosure(c.den)).sin()

    square_of_sine = tower.constant(1) - tower.up(cosine.num) ** 2
    symbol = Symbol("constant", f"sin({c})", ball=ball, square=square_of_sine)
    return Element.symbol(tower, tower.add("c", symbol))


def _zero(tower: Tower) -> Element:
    return Element.number(tower, 0)


def _multiple(turn: Fraction, name: str) -> tuple[Fraction, int] | None:
    """(square, sign) of sin or cos at turn·π, where the square is 0, 1/4, 1/2, 3/4 or 1."""
    turn = (turn + (Fraction(1, 2) if name == "cos" else 0)) % 2
    sign = 1 if turn < 1 else -1
    known: dict[int, int | Fraction] = {
        0: 0,
        2: Fraction(1, 4),
        3: Fraction(1, 2),
        4: Fraction(3, 4),
        6: 1,
    }
    step = 12 * (turn % 1)
    step = min(step, 12 - step)
    if step.denominator != 1 or int(step) not in known:
        return None
    return Fraction(known[int(step)]), sign
