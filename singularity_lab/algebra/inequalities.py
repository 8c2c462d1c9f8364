"""Germs on {g₁ ≥ 0, …, g_k ≥ 0}: inequalities with independent differentials are coordinates.

If each gᵢ has a variable of its own in which it is linear with a constant coefficient, after the
others before it were put in, then y_i = gᵢ in place of that variable is a polynomial automorphism
(of constant Jacobian), and the germ is one on the orthant y ≥ 0. A half-space, a corner of a
simplex or of a simple polytope, and a domain above a graph are such.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from singularity_lab.algebra import maps
from singularity_lab.algebra.names import check_names, unknown_variable
from singularity_lab.algebra.parsing import names_in
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.errors import BadInput, OutOfScope, ParseError, quoted

_NAMES = re.compile(r"[\w\s,]*")


def read_nonnegative(
    given: str | Iterable[str], names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[Polynomial, ...]]:
    """The variables that are ≥ 0, and the polynomials that are: what a person writes by names, by
    expressions, and by inequalities such as ``x >= y``.

    Raises BadInput for unknown names and for what is no expression.

    >>> variables, polynomials = read_nonnegative("x, 1 - x - y", ("x", "y"))
    >>> variables, *map(str, polynomials)
    (('x',), '-x - y + 1')
    >>> print(read_nonnegative(["x <= y^2"], ("x", "y"))[1][0])
    -x + y^2
    """
    if isinstance(given, str):
        given = check_names(given) if _NAMES.fullmatch(given) else given.split(",")
    try:
        items = tuple(given)
    except TypeError:  # nothing to go through
        return check_names(given), ()
    plain = [n for n in items if not isinstance(n, str) or _NAMES.fullmatch(n.strip())]
    variables = list(check_names(n.strip() if isinstance(n, str) else n for n in plain))
    polynomials = []
    for text in items:
        if text in plain:
            continue
        sides = re.split(r">=|<=", text)
        if len(sides) > 2:
            raise BadInput(f"nonnegative: one inequality is needed, received {quoted(text)}")
        try:
            unknown = [n for side in sides for n in names_in(side) if n not in names]
            if unknown:
                raise unknown_variable("nonnegative", unknown[0], names)
            left, right = (parse(s, names) for s in (*sides, "0")[:2])
        except ParseError as error:
            raise BadInput(f"nonnegative: {error}") from None
        g = right - left if "<=" in text else left - right
        if g.flint.is_constant():
            raise BadInput(f"nonnegative: a polynomial that varies is needed, received {quoted(g)}")
        if str(g) in names:
            variables.append(str(g))
        else:
            polynomials.append(g)
    return tuple(dict.fromkeys(variables)), tuple(dict.fromkeys(polynomials))


def straightened(
    generators: Sequence[Polynomial],
    active: Sequence[Polynomial],
    bound: Collection[str],
) -> tuple[tuple[Polynomial, ...], tuple[str, ...]]:
    """The generators in coordinates that the active inequalities are, and which these are.

    All polynomials are centred at the point. active: those that are 0 there; bound: variables with
    a wall or a prior, which stay as they are. Raises OutOfScope where an active inequality has no
    variable to replace.

    >>> f, g = (parse(s, "x y") for s in ("x^2 + y^2", "y - x^2"))
    >>> moved, coordinates = straightened([f], [g], ())
    >>> str(moved[0]), coordinates  # y' = y - x^2 >= 0
    ('x^4 + 2*x^2*y + x^2 + y^2', ('y',))
    """
    taken, waiting = set(bound), list(active)
    gens = list(generators)
    found = []
    while waiting:
        g = waiting.pop(0)
        names, p = g.variables, g.flint
        i = next((i for i in reversed(range(len(names))) if _alone(g, i, taken)), None)
        if i is None:
            raise OutOfScope(
                "nonnegative: inequalities that are 0 at the point need differentials that are "
                "independent, also of the walls and divisors of the prior, and each a variable in "
                f"which it is linear with a constant coefficient; not so {g} >= 0 (in coordinates "
                "at the point)"
            )
        slope = p.derivative(i)
        x = p.context().gen(i)
        image = {i: (x - (p - slope * x)) / slope.leading_coefficient()}
        gens = [Polynomial(f.variables, maps.compose(f.flint, image)) for f in gens]
        waiting = [Polynomial(names, maps.compose(f.flint, image)) for f in waiting]
        taken.add(names[i])
        found.append(names[i])
    return tuple(gens), tuple(found)


def _alone(g: Polynomial, i: int, taken: Collection[str]) -> bool:
    """True if a polynomial is c·x + rest without x, c a constant, for the free variable x."""
    slope = g.flint.derivative(i)
    return g.variables[i] not in taken and slope.is_constant() and not slope.is_zero()
