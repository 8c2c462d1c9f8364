"""Vector fields that keep an ideal, by linear algebra: a germ that is a product becomes its slice.

A polynomial field v of degree D with v(f_i) = Σ c_ij f_j is a solution of linear equations for its
coefficients and those of the cofactors. One that does not vanish at the point exists for some D
if the germ is a product analytically: the local ring is flat over the polynomials, and a
denominator may be multiplied out. It can be there only if the lowest terms of the generators do
not depend on all variables, which is asked first.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import flint

from singularity_lab.algebra import maps
from singularity_lab.exact.engine.germs import LOCAL, UNIT, Generator, Germs
from singularity_lab.exact.engine.limits import (
    FIELD_DEGREES,
    FIELD_EQUATIONS,
    FIELD_TERMS,
    FIELD_UNKNOWNS,
)
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.slices import Slice
from singularity_lab.system.deadline import check_time

Poly = flint.fmpq_mpoly
Exponent = tuple[int, ...]
_PRIME = 2_147_483_629


def slice_germ(
    g: Germs, degree: int = FIELD_DEGREES, smooth: bool = False
) -> tuple[Germs, Script] | None:
    """The slice of a germ by fields of degrees up to ``degree``, with its step; None where there
    is none, or where the equations are too many. smooth: of one with smooth generators, too.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> germ = LocalProblem.build("(x + x^2 + y^2)^2 - z^3").localize()
    >>> found = slice_germ(Germs.of(germ))
    >>> print(*(f.poly for f in found[0].gens))
    x^4 + 2*x^3 - z^3 + x^2
    """
    if not g.gens or g.signs:
        return None
    if sum(len(f.poly) for f in g.gens) > FIELD_TERMS:
        return None
    if not smooth and not may_be_a_product(g):
        return None
    for d in range(1, degree + 1):
        check_time()
        found = _fields(g, d)
        if found:
            return sliced(g, found)
    return None


def sliced(
    g: Germs, found: Sequence[tuple[int, dict[int, Poly], list[list[Any]]]]
) -> tuple[Germs, Script]:
    """The germ where the variables that the fields move are 0, and the step."""
    zero = {i for i, _, _ in found}
    names = g.names
    step = Slice(
        fields=tuple(
            {
                "components": {names[j]: str(c) for j, c in v.items()},
                "cofactors": tuple(tuple((j, str(c)) for j, c in row) for row in cofactors),
            }
            for _, v, cofactors in found
        ),
        vars=tuple(names[i] for i, _, _ in found),
    ).encode()
    moved = g.but(
        role={i: r for i, r in g.role.items() if i not in zero},
        gens=tuple(Generator(maps.at_zero(f.poly, zero)) for f in g.gens),
    )
    return moved.normal(), step


def may_be_a_product(g: Germs) -> bool:
    """True if the terms of lowest degree in the local variables are constant along some direction:
    so they are where a field that keeps the ideal moves the point."""
    lowest: list[tuple[int, Poly]] = []
    for f in g.gens:
        by_degree: dict[int, dict[Exponent, Any]] = {}
        for a, c in f.poly.to_dict().items():
            degree = sum(e for i, e in enumerate(a) if g.role.get(i) == LOCAL)
            by_degree.setdefault(degree, {})[a] = c
        d = min(by_degree)
        lowest.append((d, g.context.from_dict(by_degree[d])))
    order = min(d for d, _ in lowest)
    if order < 2:  # smooth generators are eliminated before
        return False
    if g.field is not None:  # the rank over the field is not looked at
        return len(g.locals) > 1
    at: dict[str | int, Any] = {
        i: flint.fmpq(2 * n + 3, n + 2) for n, i in enumerate((*g.params, *g.unit_variables))
    }
    rows: dict[tuple[int, Exponent], dict[int, Any]] = {}
    free = [i for i in g.locals if g.is_free(i) and i in g.occurs]
    for n, (d, p) in enumerate(lowest):
        if d > order:
            continue
        p = p.subs(at) if at else p
        for i in free:
            for a, c in p.derivative(i).to_dict().items():
                rows.setdefault((n, a), {})[i] = c
    if not free:
        return False
    matrix = flint.fmpq_mat([[row.get(i, 0) for i in free] for row in rows.values()])
    return bool(matrix.rank() < len(free))


def _monomials(variables: Sequence[int], degree: int, size: int) -> Iterator[Exponent]:
    for d in range(degree + 1):
        for chosen in itertools.combinations_with_replacement(variables, d):
            a = [0] * size
            for i in chosen:
                a[i] += 1
            yield tuple(a)


def _fields(g: Germs, degree: int) -> list[tuple[int, dict[int, Poly], list[list[Any]]]]:
    """Independent fields of this degree that keep the ideal, each with the variable that it moves
    and its cofactors."""
    size, gens = len(g.names), [f.poly for f in g.gens]
    used = sorted(g.role.keys() & (g.occurs | set(g.k) | set(g.locals)) - {g.symbol})
    powers = range(1 if g.field is None else g.field.degree)  # of the symbol of the field
    degrees = [int(p.total_degree()) for p in gens]
    cofactor = [
        (i, j, a)
        for i in range(len(gens))
        for j in range(len(gens))
        if degrees[i] - degrees[j] + degree - 1 >= 0
        for b in _monomials(used, max(degree - 1, degrees[i] - degrees[j] + degree - 1), size)
        for a in _times_powers(b, g.symbol, powers)
    ]
    tied = {i for i in used if g.role[i] != UNIT and not g.is_free(i)}
    component = [
        (i, a)
        for i in used
        if i not in g.fixed
        for b in _monomials(used, degree, size)
        if i not in tied or b[i]
        for a in _times_powers(b, g.symbol, powers)
    ]
    # what the field does at the stratum comes last: these unknowns are the free ones if they can
    component.sort(key=lambda u: (_moves(g, *u), -sum(u[1])))
    if len(cofactor) + len(component) > FIELD_UNKNOWNS or not any(_moves(g, *u) for u in component):
        return []
    slopes = {(n, i): _by_powers(g, p.derivative(i)) for n, p in enumerate(gens) for i in used}
    terms = [_by_powers(g, p) for p in gens]
    rows: dict[tuple[int, Exponent], dict[int, Any]] = {}

    def enter(
        column: int, n: int, shift: Exponent, parts: list[dict[Exponent, Any]], sign: int
    ) -> None:
        data = parts[0]
        if g.field is not None:
            data, shift = parts[shift[g.symbol]], (*shift[:-1], 0)
        for a, c in data.items():
            key = (n, tuple(x + y for x, y in zip(a, shift, strict=True)))
            row = rows.setdefault(key, {})
            row[column] = row.get(column, 0) + sign * c

    for column, (i, j, a) in enumerate(cofactor):
        enter(column, i, a, terms[j], -1)
    for column, (i, a) in enumerate(component, len(cofactor)):
        for n in range(len(gens)):
            enter(column, n, a, slopes[n, i], 1)
    check_time()
    if len(rows) > FIELD_EQUATIONS:
        return []
    columns = len(cofactor) + len(component)
    free = _free_columns(list(rows.values()), columns)
    moving = [c for c in free if c >= len(cofactor) and _moves(g, *component[c - len(cofactor)])]
    if not moving:
        return []
    basis = _solutions(list(rows.values()), columns, moving)
    return _chosen(g, [_field(g, vector, cofactor, component, len(gens)) for vector in basis])


def _times_powers(a: Exponent, symbol: int, powers: range) -> Iterator[Exponent]:
    """A monomial times powers of the symbol of a field."""
    if symbol < 0:
        yield a
        return
    for e in powers:
        yield (*a[:symbol], e, *a[symbol + 1 :])


def _by_powers(g: Germs, p: Poly) -> list[dict[Exponent, Any]]:
    """The terms of a polynomial, and over a field of its products with powers of the symbol."""
    if g.field is None:
        return [p.to_dict()]
    s = g.context.gen(g.symbol)
    return [g.reduced(p * s**e).to_dict() for e in range(g.field.degree)]


def _moves(g: Germs, i: int, a: Exponent) -> bool:
    """True if x^a ∂_i moves the stratum, i being a free local variable."""
    still = g.role[i] == LOCAL and g.is_free(i) and i in g.occurs
    return still and not any(e and g.role.get(j) == LOCAL for j, e in enumerate(a))


def _free_columns(rows: list[dict[int, Any]], columns: int) -> list[int]:
    """The columns without pivot modulo a prime: those over Q are among them, but for bad luck."""
    matrix = flint.nmod_mat(len(rows), columns, _PRIME)
    for n, row in enumerate(rows):
        for j, c in row.items():
            q = flint.fmpq(c)
            if int(q.q) % _PRIME == 0:
                return list(range(columns))
            matrix[n, j] = int(q.p) * pow(int(q.q), -1, _PRIME) % _PRIME
    reduced, rank = matrix.rref()
    pivots, column = set(), 0
    for n in range(rank):
        while int(reduced[n, column]) == 0:
            column += 1
        pivots.add(column)
    return [j for j in range(columns) if j not in pivots]


def _solutions(
    rows: list[dict[int, Any]], columns: int, wanted: Sequence[int]
) -> list[dict[int, Any]]:
    """Solutions with 1 at one of the wanted free columns, and 0 at the other free ones."""
    check_time()
    matrix = flint.fmpq_mat(len(rows), columns)
    for n, row in enumerate(rows):
        for j, c in row.items():
            matrix[n, j] = c
    reduced, rank = matrix.rref()
    pivots, column = [], 0
    for n in range(rank):
        while reduced[n, column] == 0:
            column += 1
        pivots.append(column)
    found = []
    for j in wanted:
        if j in pivots:
            continue
        vector = {p: -reduced[n, j] for n, p in enumerate(pivots) if reduced[n, j] != 0}
        found.append({**vector, j: flint.fmpq(1)})
    return found


def _field(
    g: Germs, vector: dict[int, Any], cofactor: list[Any], component: list[Any], count: int
) -> tuple[dict[int, Poly], list[list[Any]]]:
    """The components and the cofactors of a solution."""
    v: dict[int, dict[Exponent, Any]] = {}
    c: dict[tuple[int, int], dict[Exponent, Any]] = {}
    for column, value in vector.items():
        if column < len(cofactor):
            i, j, a = cofactor[column]
            c.setdefault((i, j), {})[a] = value
        else:
            i, a = component[column - len(cofactor)]
            v.setdefault(i, {})[a] = value
    make = g.context.from_dict
    listed = [[(j, make(p)) for (m, j), p in sorted(c.items()) if m == n] for n in range(count)]
    return {i: make(p) for i, p in v.items()}, listed


def _chosen(g: Germs, fields: list[Any]) -> list[tuple[int, dict[int, Poly], list[list[Any]]]]:
    """Fields and local variables whose determinant is a unit on the stratum: all that are
    independent at a point, or one on a larger stratum."""
    free = [i for i in g.locals if g.is_free(i)]
    zero = g.context.constant(0)
    found: list[tuple[int, dict[int, Poly], list[list[Any]]]] = []
    if g.params or g.unit_variables or g.field is not None:
        for v, cofactors in fields:
            for i in free:
                if g.is_unit(v.get(i, zero)):
                    return [(i, v, cofactors)]
        return []
    rows: list[tuple[int, dict[int, Any]]] = []  # eliminated rows by pivot
    for v, cofactors in fields:
        row = {i: q for i in free if (q := maps.constant_term(v.get(i, zero))) != 0}
        for i, other in rows:
            c = row.get(i)
            if c:
                row = {
                    n: q
                    for n in row.keys() | other.keys()
                    if (q := row.get(n, 0) - c / other[i] * other.get(n, 0)) != 0
                }
        if row:
            i = min(row)
            rows.append((i, row))
            found.append((i, v, cofactors))
    return found
