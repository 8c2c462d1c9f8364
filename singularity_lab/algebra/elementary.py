"""Elementary functions of germs: their values, symbols and Taylor coefficients, all exact.

The values of functions at numbers are written in few symbols between which no relation is missed in
common cases: exp of a rational is a power of exp(1/n); log of a product is a sum over primes and
irreducible factors; sqrt of a rational is a product over primes; tanh, sigmoid, softplus go back to
exp and log. A relation that is missed makes an answer fail, never a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import factorial

from singularity_lab.algebra import maps
from singularity_lab.algebra.constants import number
from singularity_lab.algebra.tower import Element, Symbol, Tower
from singularity_lab.errors import BadInput

# name -> whether it is odd, even or neither about 0
FUNCTIONS: dict[str, str] = {
    "exp": "",
    "log": "",
    "sqrt": "",
    "sin": "odd",
    "cos": "even",
    "sinh": "odd",
    "cosh": "even",
    "tanh": "odd",
    "atan": "odd",
    "sigmoid": "",
    "softplus": "",
    "expm1": "",
    "log1p": "",
    "tan": "",
}


def apply(name: str, z: Element) -> Element:
    """The germ φ(z) for a function by its name.

    Raises BadInput where φ is not analytic at the value of z.
    """
    one = Element.number(z.tower, 1)
    if name == "expm1":
        return apply("exp", z) - one
    if name == "log1p":
        return apply("log", z + one)
    if name == "tan":
        return apply("sin", z) / apply("cos", z)
    c = z.value()
    u = z - c
    if name in ("log", "sqrt") and c.sign() <= 0:
        raise BadInput(
            f"{name}: its argument is {c} at the point, and {name} is analytic for > 0 only"
        )
    if u.is_zero:
        return number(name, c)
    if name == "exp":
        return number(name, c) * (one + _exp_minus_one(u))
    if name == "log":
        return _log(z, c)
    if name == "sqrt":
        return number(name, c) * (one + _atom("sqrt", one, z / c - one))
    if name in ("sin", "cos") and not c.is_zero:
        s, k = (number(f, c) for f in ("sin", "cos"))
        if name == "cos":
            return k * apply("cos", u) - s * apply("sin", u)
        return s * apply("cos", u) + k * apply("sin", u)
    if u.num.leading_coefficient() < 0:  # one atom for z and −z
        other = apply(name, -z)
        if FUNCTIONS[name] == "odd":
            return -other
        if FUNCTIONS[name] == "even":
            return other
        return one - other if name == "sigmoid" else z + other
    return number(name, c) + _atom(name, c, u)


def _exp_minus_one(u: Element) -> Element:
    """exp(u) − 1 for a germ that vanishes at the point; exp(−u) is 1/exp(u) if that is there."""
    zero, one = Element.number(u.tower, 0), Element.number(u.tower, 1)
    if _key("exp", zero, -u) in u.tower.keys and _key("exp", zero, u) not in u.tower.keys:
        return one / (one + _atom("exp", zero, -u)) - one
    return _atom("exp", zero, u)


def _log(z: Element, c: Element) -> Element:
    """log z = log c + log(z/c); the logarithm of a sum of exponentials is moved so that one of
    them is 1, since only their differences matter."""
    tower, one = z.tower, Element.number(z.tower, 1)
    if tower.of_kind_all((z.num, z.den), "atom") and tower.occurs(z.den):
        top, bottom = (Element.of(tower, p) for p in (z.num, z.den))
        if top.sign() > 0 and bottom.sign() > 0 and not tower.is_number(bottom.num):
            return apply("log", top) - apply("log", bottom)
    found = _exponentials(z)
    if found is not None:
        pivot = found[-1][1]
        rest = Element.number(tower, 0)
        for k, u in found:
            rest = rest + k * (one + (_exp_minus_one(u - pivot) if u is not pivot else one - one))
        return pivot + apply("log", rest)
    return number("log", c) + _atom("log", one, z / c - one)


def _exponentials(z: Element) -> list[tuple[Element, Element]] | None:
    """Pairs (k, u) with z = Σ k·exp(u), where z is such a sum with constants k; else None."""
    tower = z.tower
    num, found = tower.up(z.num), []
    total = Element.of(tower, tower.at_point(num))
    den = Element.of(tower, z.den)
    for name in sorted(tower.of_kind(num, "atom"), key=tower.names.index):
        symbol = tower.symbols[name]
        i = tower.names.index(name)
        parts = maps.coefficients(num, i)
        if symbol.function != "exp" or set(parts) - {0, 1}:
            return None
        if tower.occurs(parts[1]) - tower.of_kind(parts[1], "constant"):
            return None
        k = Element.of(tower, parts[1])
        total = total - k
        num = parts.get(0, tower.constant(0))
        assert symbol.argument is not None
        found.append((k / den, symbol.argument))
    if not found or not total.is_zero or tower.of_kind(num, "variable", "tail"):
        return None
    return found


def _key(name: str, base: Element, u: Element) -> str:
    c = "" if base.is_zero else f"{base} + "
    return f"{name}({c}{u})"


def _atom(name: str, base: Element, u: Element) -> Element:
    """φ(base + u) − φ(base) as a symbol."""
    tower = u.tower
    symbol = Symbol(
        "atom",
        _key(name, base, u),
        function=name,
        base=base,
        argument=u,
        slope=lambda: taylor(name, base, 1)[1],
        on=frozenset(tower.depends(u.num, u.den)),
    )
    return Element.symbol(tower, tower.add("s", symbol))


def expansion(
    tower: Tower, atoms: Sequence[str], order: int, at: Sequence[Element] | None = None
) -> dict[str, Element]:
    """Atoms of one function at one number, by Taylor's polynomial and a common remainder.

    With s_h = φ(c + A_h) − φ(c) for H atoms and χ(x) = (φ(c + x) − Σ_{n ≤ N} φ_n xⁿ)/x^(N+1),
    s_h = Σ_{1 ≤ n ≤ N} φ_n A_hⁿ + A_h^(N+1)·Σ_{k < H} (φ_{N+1+k} + t_k)·A_hᵏ: the sum over k is the
    polynomial of degree < H that agrees with χ at A_1, …, A_H, whose coefficients are analytic
    in these (Hermite interpolation), and Taylor's where all are 0; the tails t_k vanish there. For
    φ odd or even about c = 0 the same in x², with odd or even powers alone. at: other germs to put
    for the A_h.
    """
    first = tower.symbols[atoms[0]]
    assert first.base is not None
    name, c = first.function, first.base
    parity = FUNCTIONS[name] if c.is_zero else ""
    step = 2 if parity else 1
    start = {"odd": 1, "even": 2}.get(parity, 1)
    while start <= order:
        start += step  # the power that the remainder begins with
    top = start + step * (len(atoms) - 1)
    coefficients = taylor(name, c, top)
    on = frozenset[str]().union(*(tower.symbols[a].on for a in atoms))
    key = ".".join(a.strip("_") for a in atoms).replace(".", "_")
    tails = []
    for k in range(len(atoms)):
        symbol = Symbol("tail", f"{key}_{start}_{k}", on=on)
        tails.append(Element.symbol(tower, tower.add("t", symbol)))
    found = {}
    for i, atom in enumerate(atoms):
        a = tower.symbols[atom].argument if at is None else at[i]
        assert a is not None
        total = Element.number(tower, 0)
        for n in range(1, start):
            if not coefficients[n].is_zero:
                total = total + coefficients[n] * a**n
        for k, tail in enumerate(tails):
            n = start + step * k
            total = total + (coefficients[n] + tail) * a**n
        found[atom] = total
    return found


# -- Taylor coefficients --------------------------------------------------------------------------


def taylor(name: str, c: Element, n: int) -> list[Element]:
    """φ⁽ᵏ⁾(c)/k! for k = 0, …, n."""
    one = Element.number(c.tower, 1)
    zero = one - one
    if name == "exp":
        return [number(name, c).scaled(Fraction(1, factorial(k))) for k in range(n + 1)]
    if name == "log":
        return [number(name, c)] + [
            (one / c**k).scaled(Fraction((-1) ** (k + 1), k)) for k in range(1, n + 1)
        ]
    if name == "sqrt":
        roots, binomial = [number(name, c)], Fraction(1)
        for j in range(1, n + 1):
            binomial *= (Fraction(1, 2) - (j - 1)) / j
            roots.append((roots[0] / c**j).scaled(binomial))
        return roots
    if name in ("sin", "cos"):
        sine, cosine = number("sin", c), number("cos", c)
        turn = [sine, cosine, -sine, -cosine]
        cycle = turn if name == "sin" else turn[1:] + turn[:1]
        return [cycle[j % 4].scaled(Fraction(1, factorial(j))) for j in range(n + 1)]
    if name in ("sinh", "cosh"):
        pair = [number("sinh", c), number("cosh", c)]
        start = 0 if name == "sinh" else 1
        return [pair[(start + j) % 2].scaled(Fraction(1, factorial(j))) for j in range(n + 1)]
    if name == "atan":  # (1 + c² + 2ch + h²)·φ' = 1
        slopes: list[Element] = []
        base = one + c * c
        for j in range(n):
            term = one if j == 0 else zero
            if j > 0:
                term = term - (c * slopes[j - 1]).scaled(2)
            if j > 1:
                term = term - slopes[j - 2]
            slopes.append(term / base)
        return [number(name, c)] + [s.scaled(Fraction(1, j + 1)) for j, s in enumerate(slopes)]
    # tanh' = 1 − tanh², sigmoid' = sigmoid − sigmoid², softplus' = sigmoid
    inner = "sigmoid" if name == "softplus" else name
    found = [number(inner, c)]
    for j in range(n):
        twice = zero  # the coefficient of the square
        for i in range(j + 1):
            twice = twice + found[i] * found[j - i]
        first = found[j] if inner == "sigmoid" else (one if j == 0 else zero)
        found.append((first - twice).scaled(Fraction(1, j + 1)))
    if name == "softplus":
        return [number(name, c)] + [s.scaled(Fraction(1, j + 1)) for j, s in enumerate(found[:n])]
    return found[: n + 1]
