"""Linear elimination among multiples of polynomials, modulo a prime and then over Q: positive
combinations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from operator import add

import flint

from singularity_lab.algebra.linear import solve_lp
from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.algebra.rings import fraction, to_fmpq
from singularity_lab.algebra.univariate import SignDomain
from singularity_lab.exact.proof.evidence import Evidence

_PRIME = (1 << 61) - 1


def combination(
    polys: Sequence[Polynomial], domain: SignDomain, active: Sequence[int]
) -> Evidence | None:
    """Numbers c_i (times unit monomials that fix parities) with Σ c_i p_i ≥ 0 term by term."""
    names = tuple(domain)
    parity = [k for k, v in enumerate(names) if domain[v] == "nonzero"]
    rows: list[tuple[int, Exponent]] = []
    for i in active:
        shifts = {
            tuple(a[k] % 2 if k in parity else 0 for k in range(len(names)))
            for a in polys[i].support()
        }
        rows += [(i, shift) for shift in sorted(shifts)]
    table = []
    for i, m in rows:
        table.append(
            {tuple(x + y for x, y in zip(a, m, strict=True)): c for a, c in polys[i].terms()}
        )
    columns = sorted({a for row in table for a in row})
    if len(columns) > 60 or len(rows) > 40:
        return None
    signed, strict = [], []
    for x, a in enumerate(columns):
        kinds = [(domain[v], k) for v, k in zip(names, a, strict=True) if k]
        if all(k % 2 == 0 or kind in ("positive", "nonnegative") for kind, k in kinds):
            signed.append(x)
            if all(kind in ("positive", "nonzero") for kind, _ in kinds):
                strict.append(x)
    # unknowns: c = c⁺ − c⁻, then one slack for each term that may be positive
    size = len(rows)
    lines = []
    for x, a in enumerate(columns):
        line = [row.get(a, Fraction(0)) for row in table]
        slack = [Fraction(-int(x == y)) for y in signed]
        lines.append([*line, *(-c for c in line), *slack])
    lines.append([*[Fraction(0)] * (2 * size), *(Fraction(int(y in strict)) for y in signed)])
    found = solve_lp([0] * len(lines[0]), lines, [0] * len(columns) + [1])
    if found is None:
        return None
    multipliers: dict[int, Polynomial] = {}
    for (i, m), plus, minus in zip(rows, found.x[:size], found.x[size : 2 * size], strict=True):
        if plus != minus:
            term = Polynomial.from_terms({m: plus - minus}, names)
            multipliers[i] = multipliers[i] + term if i in multipliers else term
    return {
        "kind": "add",
        "multipliers": [[i, str(q)] for i, q in multipliers.items()],
        "then": {"kind": "sign", "index": len(polys)},
    }


def multiples(
    polys: Sequence[Polynomial], active: Sequence[int], used: Sequence[int], degree: int
) -> list[tuple[int, Exponent]]:
    """The pairs (i, m) with deg(x^m p_i) ≤ degree, m in the used variables."""
    rows = []
    n = len(polys[0].variables)
    for i in active:
        for m in _monomials(len(used), degree - polys[i].degree):
            exponent = [0] * n
            for k, e in zip(used, m, strict=True):
                exponent[k] = e
            rows.append((i, tuple(exponent)))
            if len(rows) > 300:
                return rows
    return rows


def _monomials(n: int, degree: int) -> Iterator[Exponent]:
    if degree < 0:
        return
    if n == 0:
        yield ()
        return
    for e in range(degree + 1):
        for rest in _monomials(n - 1, degree - e):
            yield (e, *rest)


def eliminate(
    polys: Sequence[Polynomial],
    rows: Sequence[tuple[int, Exponent]],
    target: int | None,
    torus: Sequence[bool],
) -> Iterator[tuple[dict[int, Polynomial], Polynomial]]:
    """Combinations of the multiples that are a unit monomial, or in the target variable alone.

    The echelon form modulo a prime shows which exist; the combination itself is solved over Q and
    exact.
    """
    names = polys[0].variables
    terms = {
        i: [(a, c, c.numerator * pow(c.denominator, -1, _PRIME) % _PRIME) for a, c in p.terms()]
        for i, p in ((i, polys[i]) for i in {i for i, _ in rows})
    }
    table = [[(tuple(map(add, a, m)), c, residue) for a, c, residue in terms[i]] for i, m in rows]
    columns = {a for row in table for a, _, _ in row}

    def pure(a: Exponent) -> bool:
        return target is not None and not any(e for k, e in enumerate(a) if k != target)

    order = sorted(columns, key=lambda a: (pure(a), -sum(a), a))
    place = {a: k for k, a in enumerate(order)}
    modular = flint.nmod_mat(len(table), len(order), _PRIME)
    for r, row in enumerate(table):
        for a, _, residue in row:
            modular[r, place[a]] = residue
    reduced, rank = modular.rref()
    pivots = _pivots(reduced, rank)

    def fits(r: int) -> bool:
        first = order[pivots[r]]
        if target is not None:
            return pure(first)
        unit = all(t or not e for t, e in zip(torus, first, strict=True))
        return unit and not any(int(reduced[r, k]) for k in range(pivots[r] + 1, len(order)))

    last = next((r for r in reversed(range(rank)) if fits(r)), None)
    if last is None:
        return
    r = last
    transposed, _ = modular.transpose().rref()
    independent = _pivots(transposed, rank)
    square = flint.fmpq_mat(rank, rank)
    line = {order[column]: y for y, column in enumerate(pivots)}
    for x, k in enumerate(independent):
        for a, c, _ in table[k]:
            if a in line:
                square[line[a], x] = to_fmpq(c)
    right = flint.fmpq_mat(rank, 1)
    right[r, 0] = 1
    try:
        solved = square.solve(right)
    except ZeroDivisionError:
        return  # an unlucky prime
    multipliers: dict[int, Polynomial] = {}
    for x, k in enumerate(independent):
        c = fraction(solved[x, 0])
        if c:
            i, m = rows[k]
            term = Polynomial.from_terms({m: c}, names)
            multipliers[i] = multipliers[i] + term if i in multipliers else term
    total = Polynomial.constant(0, names)
    for i, q in multipliers.items():
        total = total + q * polys[i]
    if not total.is_zero and (
        len(total.support()) == 1 if target is None else all(pure(a) for a in total.support())
    ):
        yield multipliers, total


def _pivots(reduced: flint.nmod_mat, rank: int) -> list[int]:
    """The columns of the first entries of the rows of a reduced echelon form."""
    found, k = list[int](), 0
    for r in range(rank):
        while not int(reduced[r, k]):
            k += 1
        found.append(k)
        k += 1
    return found
