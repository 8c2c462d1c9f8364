"""The equations of jet schemes, and the codimensions that a Gröbner basis or a monomial ideal
gives."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil
from typing import Any

import flint

from singularity_lab.algebra.linear import covering_lp
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.exact.oracles.singular import Singular
from singularity_lab.exact.oracles.system import NotInstalled, OutOfBudget

# -- equations and Gröbner bases --------------------------------------------------------------


def jet_equations(ideal: Ideal, m: int) -> tuple[Polynomial, ...]:
    """Equations of J_m: the coefficients of t^0, …, t^m of g(Σ x_k t^k), for each generator g.

    >>> from singularity_lab.algebra.polynomial import Ideal
    >>> for e in jet_equations(Ideal.parse("x^2 - y^3"), 1): print(e)
    x_0^2 - y_0^3
    2*x_0*x_1 - 3*y_0^2*y_1
    """
    if m < 0:
        raise BadInput(f"m: an integer >= 0 is needed, received {m}")
    names = tuple(f"{v}_{k}" for v in ideal.variables for k in range(m + 1))
    time_name = next(c for c in ("t", "_t", "tt", "time_") if c not in names)
    full = (time_name, *names)
    images: dict[str, Polynomial] = {}
    for i, v in enumerate(ideal.variables):
        images[v] = Polynomial.from_terms(
            {(k, *(int(j == i * (m + 1) + k) for j in range(len(names)))): 1 for k in range(m + 1)},
            full,
        )
    found = []
    for g in ideal.generators:
        total = Polynomial.constant(0, full)
        for a, c in g.terms():
            product = Polynomial.constant(c, full)
            for v, e in zip(ideal.variables, a, strict=True):
                for _ in range(e):
                    product = _truncate(product * images[v], m)
            total = total + product
        rows: dict[int, dict[tuple[int, ...], Fraction]] = {k: {} for k in range(m + 1)}
        for a, c in total.terms():
            rows[a[0]][a[1:]] = c
        found += [Polynomial.from_terms(rows[k], names) for k in range(m + 1)]
    return tuple(found)


def _truncate(p: Polynomial, m: int) -> Polynomial:
    kept = {a: c for a, c in p.flint.to_dict().items() if a[0] <= m}
    return Polynomial(p.variables, p.flint.context().from_dict(kept))


def monomial_threshold(ideal: Ideal) -> Fraction:
    """lct of the ideal of all terms, by the linear program of Howald 2001: at least lct(I).

    >>> from singularity_lab.algebra.polynomial import Ideal
    >>> monomial_threshold(Ideal.parse(["x^2", "y^3"]))
    Fraction(5, 6)
    """
    support = sorted({a for g in ideal.generators for a in g.support()})
    return covering_lp([Fraction(1)] * len(ideal.variables), support).value


def groebner_codimension(
    ideal: Ideal, m: int, *, fibre: bool = False, budget: float = 20.0
) -> int | None:
    """codim J_m from a Gröbner basis of its equations, as an independent check; None beyond limits.

    With a Singular binary (on PATH, or of passagemath-singular) modulo 32003 within the budget of
    CPU seconds; without one by flint's naive Buchberger algorithm over Q within size limits.

    >>> from singularity_lab.algebra.polynomial import Ideal
    >>> groebner_codimension(Ideal.parse("x*y"), 2)
    3
    """
    equations = [e for e in jet_equations(ideal, m) if not e.is_zero]
    if fibre:
        zero = {f"{v}_0": Fraction(0) for v in ideal.variables}
        equations = [e.substitute(zero) for e in equations]
        names = equations[0].variables
        equations += [
            Polynomial.from_terms({tuple(int(v == n) for n in names): 1}, names) for v in zero
        ]
        equations = [e for e in equations if not e.is_zero]
    names = equations[0].variables
    oracle = Singular(seconds=2 * budget + 5, cpu=max(1, ceil(budget)))
    try:
        found: int | None = oracle.dimension(Ideal(names, tuple(equations)), 32003)
    except (NotInstalled, OutOfBudget):
        found = _flint_dimension(equations)
    return None if found is None else len(names) - found


def _flint_dimension(equations: Sequence[Polynomial]) -> int | None:
    names = equations[0].variables
    context = flint.fmpz_mpoly_ctx.get(names, flint.Ordering.degrevlex)
    integral = []
    for p in equations:
        scale = 1
        for _, c in p.terms():
            scale *= c.denominator
        integral.append(context.from_dict({a: int(c * scale) for a, c in p.terms()}))
    basis: Any
    basis, finished = flint.fmpz_mpoly_vec(integral, context).buchberger_naive(
        limits=(200, 400, 4_000)
    )
    if not finished:
        return None
    supports = [
        frozenset(i for i, e in enumerate(basis[k].monoms()[0]) if e) for k in range(len(basis))
    ]
    # the largest set of variables that contains no leading monomial's support
    smallest = len(names)

    def hit(chosen: frozenset[int]) -> None:
        nonlocal smallest
        if len(chosen) >= smallest:
            return
        missed = next((s for s in supports if not s & chosen), None)
        if missed is None:
            smallest = len(chosen)
            return
        for i in missed:
            hit(chosen | {i})

    hit(frozenset())
    return len(names) - smallest
