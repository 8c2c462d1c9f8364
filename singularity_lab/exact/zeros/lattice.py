"""Systems in the torus rewritten on the lattice of their exponent differences."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import flint

from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.algebra.univariate import Kind
from singularity_lab.exact.proof.evidence import Evidence


def decide_on_torus(
    polys: Sequence[Polynomial], domain: dict[str, Kind]
) -> tuple[Evidence, list[Polynomial], dict[str, Kind]] | None:
    """The change to coordinates of the lattice of exponent differences; None if it gains nothing.

    The basis is reduced (LLL) and then, modulo 2, in echelon form on the variables of either
    sign: so the image of the domain is exactly the product of the new domains.
    """
    names = tuple(domain)
    used = {v for p in polys for v in p.used_variables()}
    if any(domain[v] not in ("nonzero", "positive") for v in used):
        return None
    differences = []
    for p in polys:
        support = p.support()
        differences += [[x - y for x, y in zip(a, support[0], strict=True)] for a in support[1:]]
    if not differences:
        return None
    basis = [list(map(int, r)) for r in flint.fmpz_mat(differences).hnf().tolist()]
    basis = [r for r in basis if any(r)]
    if len(basis) > 1:
        basis = [list(map(int, r)) for r in flint.fmpz_mat(basis).lll().tolist()]
    rows, start = basis, 0
    for k, v in enumerate(names):
        if domain[v] != "nonzero":
            continue
        pivot = next((i for i in range(start, len(rows)) if rows[i][k] % 2), -1)
        if pivot < 0:
            continue
        rows[start], rows[pivot] = rows[pivot], rows[start]
        for i in range(len(rows)):
            if i != start and rows[i][k] % 2:
                rows[i] = [x - y for x, y in zip(rows[i], rows[start], strict=True)]
        start += 1
    kinds: dict[str, Kind] = {}
    new = tuple(f"t{j + 1}" for j in range(len(rows)))
    for t, row in zip(new, rows, strict=True):
        odd = [v for v, k in zip(names, row, strict=True) if k % 2]
        kinds[t] = "positive" if all(domain[v] == "positive" for v in odd) else "nonzero"
    columns = _pivot_columns(rows)
    square = flint.fmpq_mat(flint.fmpz_mat([[r[k] for k in columns] for r in rows])).inv()
    images = []
    for p in polys:
        terms: dict[Exponent, Fraction] = {}
        for a, c in p.terms():
            base = p.support()[0]
            d = flint.fmpq_mat(1, len(columns), [a[k] - base[k] for k in columns])
            solved = d * square
            terms[tuple(int(solved[0, j].p) for j in range(len(rows)))] = c
        lows = [min(x[j] for x in terms) for j in range(len(rows))] if terms else []
        moved = {tuple(x - m for x, m in zip(k, lows, strict=True)): c for k, c in terms.items()}
        images.append(Polynomial.from_terms(moved, new))
    before = sum(p.degree for p in polys)
    after = sum(p.degree for p in images)
    if (
        len(new) == len(used)
        and after >= before
        and sum(k == "positive" for k in kinds.values())
        <= sum(domain[v] == "positive" for v in used)
    ):
        return None
    e: Evidence = {
        "kind": "torus",
        "variables": list(new),
        "vectors": rows,
        "images": [str(p) for p in images],
    }
    return e, images, kinds


def _pivot_columns(rows: Sequence[Sequence[int]]) -> list[int]:
    reduced, _, rank = flint.fmpz_mat([list(r) for r in rows]).rref()
    table = reduced.tolist()
    return [next(k for k, x in enumerate(table[i]) if x != 0) for i in range(rank)]
