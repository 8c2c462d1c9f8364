"""Differentials where some variables are 0, and determinants of matrices of polynomials.

A determinant is expanded along rows with one entry, and then found by the fraction-free elimination
of Bareiss 1968 (*Mathematics of Computation* 22): each quotient is exact, each entry on the way a
minor.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import flint

from singularity_lab.algebra import input_limits

Poly = flint.fmpq_mpoly


def differential(p: Poly, variables: Collection[int]) -> dict[int, Poly]:
    """The derivatives ∂p/∂xᵢ that are not 0 where all of ``variables`` are 0, i being one of these.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> p = parse("x + t*x - 3*y + t + x*y", "t x y").flint
    >>> {i: str(c) for i, c in differential(p, {1, 2}).items()}
    {1: 't + 1', 2: '-3'}
    """
    places = sorted(variables)
    parts: dict[int, dict[tuple[int, ...], flint.fmpq]] = {}
    for a, c in zip(p.monoms(), p.coeffs(), strict=True):
        found = [i for i in places if a[i]]
        if len(found) == 1 and a[found[0]] == 1:
            (i,) = found
            parts.setdefault(i, {})[(*a[:i], 0, *a[i + 1 :])] = c
    return {i: p.context().from_dict(terms) for i, terms in parts.items()}


def determinant(rows: Sequence[Sequence[Poly]]) -> Poly:
    """The determinant of a square matrix of polynomials of one ring, up to its sign.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> x, y = (parse(v, "x y").flint for v in "xy")
    >>> print(determinant([[x, y], [x * y, x**2]]))
    x^3 - x*y^2
    """
    if any(len(row) != len(rows) for row in rows):
        raise ValueError("a determinant is that of a square matrix")
    if all(p.is_constant() for row in rows for p in row):
        values = [[p.leading_coefficient() if not p.is_zero() else 0 for p in row] for row in rows]
        return rows[0][0].context().constant(flint.fmpq_mat(values).det())
    context = rows[0][0].context()
    done, zero = context.constant(1), context.constant(0)
    entries = [{j: p for j, p in enumerate(row) if not p.is_zero()} for row in rows]
    while (at := next((i for i, row in enumerate(entries) if len(row) == 1), None)) is not None:
        ((j, p),) = entries.pop(at).items()
        done = input_limits.product(done, p)
        for row in entries:
            row.pop(j, None)
    kept = sorted(set().union(*entries))
    if not entries or len(kept) < len(entries):
        return zero if entries else done
    rest = [[row.get(j, zero) for j in kept] for row in entries]
    last = context.constant(1)
    while True:
        at = next((i for i, row in enumerate(rest) if not row[0].is_zero()), None)
        if at is None:
            return zero
        pivot = rest.pop(at)
        if not rest:
            return input_limits.product(done, pivot[0])
        rest = [
            [
                (input_limits.product(pivot[0], q) - input_limits.product(row[0], p)) / last
                for p, q in zip(pivot[1:], row[1:], strict=True)
            ]
            for row in rest
        ]
        last = pivot[0]
