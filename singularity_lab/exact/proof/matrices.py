"""Matrices of polynomials whose entries are coordinates, and the Schur complement of a product.

An entry is c + x with a constant c and a variable x of its own, or a constant. For the ideal of
all entries of a product two changes of coordinates split off the smooth part (Aoyagi and Watanabe
2005 use them entry by entry).

*Through.* Let X₁⋯X_L be a product, each factor being diag(I_r, E_s) at the origin. Write
X_s = [[U, b], [c, D]] with U invertible near the origin. Then X_s = λ_s · diag(U, D') · ρ_s with
unipotent λ_s = [[1, 0], [cU⁻¹, 1]], ρ_s = [[1, U⁻¹b], [0, 1]] and D' = D − cU⁻¹b. Coordinates of
X_{s+1} absorb ρ_s; diag(U, D)·λ = λ'·diag(U, D) with λ' unipotent of the same shape, which
coordinates of X₁ absorb. So X₁⋯X_L = [[1, 0], [W, 1]] · diag(U, D) · [[1, Z], [0, 1]], where the
entries of W, Z and U = U₁⋯U_L are coordinates, and D = D₁⋯D_L. Multiplied by the inverses of the
outer factors, X₁⋯X_L − diag(I_r, 0) has the entries of U − 1, −Z, −W and D + (multiples of W): the
ideal is (U − 1, W, Z, entries of D₁⋯D_L).

*Pivot.* Let X = [[U, b], [c, D]] with U = I_a at the origin, and Y = [[Y₁], [Y₂]]. Then
XY = λ·diag(U, D')·[[Y₁ + U⁻¹bY₂], [Y₂]]: the ideal of the entries of XY is (Y₁', D'Y₂) in the
coordinates Y₁' = Y₁ + U⁻¹bY₂ and D' = D − cU⁻¹b.

*Inner.* Let a factor between two others be Y = [[U, b], [c, D]] with U = I and b = c = 0 at the
origin, X = [X₁, X₂] the one before it and Z = [[Z₁], [Z₂]] the one after it. Then XYZ = X₁'Z₁' +
X₂D'Z₂ with X₁' = X₁ + X₂cU⁻¹, Z₁' = UZ₁ + bZ₂ and D' = D − cU⁻¹b: in these coordinates Y has become
diag(I, D').
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import mul
from typing import NamedTuple, TypeVar

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.hypotheses import hold

Poly = flint.fmpq_mpoly
Matrix = Sequence[Sequence[Poly]]
_E = TypeVar("_E")

# What the theorems assume; each error begins with the name of what fails.
HYPOTHESES = {
    "fit": "the shapes of the factors fit",
    "coordinate": "an entry is c + x with a constant c and a variable x, or a constant",
    "apart": "a variable stands in one place",
    "kind": "through, pivot of two factors, or inner, between two others",
    "size": "the block U is not empty, and no larger than the factors",
    "stratum": "entries are constant on the stratum, with the constants of the theorem, where a "
    "coordinate takes up what the block leaves or must not be moved",
    "own": "what takes up a factor, and each entry of D, has a variable of its own",
    "keeps": "the change of a pivot moves no coordinate away from the stratum",
}


def product(factors: Sequence[Matrix]) -> list[list[Poly]]:
    """The product of matrices of polynomials.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> a, b = ([[parse(s, "x y").flint] for s in "xy"], [[parse(s, "x y").flint for s in "xy"]])
    >>> [[str(e) for e in row] for row in product([a, b])]
    [['x^2', 'x*y'], ['x*y', 'y^2']]
    """
    total, zero = [list(row) for row in factors[0]], factors[0][0][0] * 0
    for factor in factors[1:]:
        columns = list(zip(*factor, strict=True))
        total = [[sum(map(mul, row, c), zero) for c in columns] for row in total]
    return total


def entry(p: Poly) -> tuple[flint.fmpq, int | None] | None:
    """(c, position of x) of an entry c + x, or (c, None) of a constant; None for all others.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> [entry(parse(s, "x y").flint) for s in ("y + 1", "3", "2*x", "x + y")]
    [(1, 1), (3, None), None, None]
    """
    constant = flint.fmpq(0)
    if len(p) == 2:
        constant = p.coefficient(1)
        p = p - constant
    i = maps.position(p)
    if i is None and p.is_constant():
        return constant + maps.constant_value(p), None
    return None if i is None else (constant, i)


def block(matrix: Sequence[Sequence[_E]], rows: slice, columns: slice) -> list[list[_E]]:
    """A block of a matrix.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> a = [[parse(s, "x y z").flint for s in row] for row in ("xy", "yz")]
    >>> [[str(e) for e in row] for row in block(a, slice(1, None), slice(None))]
    [['y', 'z']]
    """
    return [list(row[columns]) for row in matrix[rows]]


def flat(matrix: Sequence[Sequence[_E]]) -> list[_E]:
    """All entries, row by row."""
    return [e for row in matrix for e in row]


class MatrixEntry(NamedTuple):
    """c + x: itself, the constant, the variable's position, and whether it is 0 on the stratum."""

    poly: Poly
    constant: flint.fmpq
    variable: int | None
    local: bool


Entries = Sequence[Sequence[MatrixEntry]]


def coordinates(factors: Sequence[Matrix], local: Collection[int]) -> list[list[list[MatrixEntry]]]:
    """Matrices of entries c + x or c, of fitting shapes, each variable being in one place.

    local: the positions of variables that are 0 on the stratum; the others take every real value
    there (one that is never 0 would not do: D − cU⁻¹b may vanish).
    Raises CertificateError for other matrices.
    """
    widths = [*map(len, factors[1:]), len(factors[-1][0])]
    fit = all(len(row) == w for f, w in zip(factors, widths, strict=True) for row in f)
    hold("fit", fit, "the factors do not fit")

    def read(p: Poly) -> MatrixEntry:
        found = entry(p)
        hold("coordinate", found is not None, "{} is no coordinate", p)
        constant, variable = found or (flint.fmpq(0), None)
        return MatrixEntry(p, constant, variable, variable is None or variable in local)

    entries = [[list(map(read, row)) for row in f] for f in factors]
    places = [e.variable for f in entries for e in flat(f) if e.variable is not None]
    hold("apart", len(set(places)) == len(places), "a coordinate stands in two places")
    return entries


def schur(
    factors: Sequence[Entries], rank: int, kind: str, place: int = 0
) -> tuple[list[Poly], list[Poly]]:
    """An ideal of entries of a product, and the ideal that it becomes in the new coordinates.

    factors: as :func:`coordinates` gives them; the first ``rank`` rows and columns (of the first
    factor only, for a pivot; of the one with this ``place``, for an inner one) are those of U.
    kind: "through" for the entries of X₁⋯X_L − diag(I_r, 0), "pivot" for those of XY, "inner" for
    those of X₁⋯X_L.
    Returns the generators before and after; the new coordinates go by the names of the old ones.
    Raises CertificateError where a condition of the theorem fails.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> names = "a b c d p q r s"
    >>> read = lambda text: [[parse(e, names).flint for e in r.split()] for r in text.split(",")]
    >>> factors = coordinates([read("a+1 b,c d"), read("p+1 q,r s")], range(8))
    >>> [str(p) for p in schur(factors, 1, "through")[1]]
    ['a', 'c', 'q', 'd*s']
    >>> x, y = read("1 b,c d"), read("p,r")
    >>> [str(p) for p in schur(coordinates([x, y], [4, 6]), 1, "pivot")[1]]
    ['p', 'd*r']
    >>> schur(coordinates([x, y], [4]), 1, "pivot")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    singularity_lab.errors.CertificateError: stratum: factor 1: an entry must be a coordinate, ...
    >>> three = coordinates([read("p q"), read("a+1 b,c d"), read("r,s")], range(8))
    >>> [str(p) for p in schur(three, 1, "inner", 1)[1]]
    ['d*q*s + p*r']
    """
    widths = [len(f) for f in factors] + [len(factors[-1][0])]
    hold("kind", kind in ("through", "pivot", "inner"), f"unknown kind {kind!r}")
    placed = 0 <= place < len(factors) and (place > 0) == (kind == "inner")
    hold("kind", placed, f"no place {place} for the kind {kind}")
    most = min(widths if kind == "through" else widths[place : place + 2])
    hold("size", 1 <= rank <= most, "the factors are smaller than the rank")
    before = product([_polynomials(f) for f in factors])
    if kind == "through":
        for i in range(rank):
            before[i][i] -= 1
        return flat(before), _through(factors, rank)
    if kind == "inner":
        return flat(before), _inner(factors, rank, place)
    hold("kind", len(factors) == 2, "a pivot needs two factors")
    return flat(before), _pivot(factors[0], factors[1], rank)


def _polynomials(matrix: Entries) -> list[list[Poly]]:
    return [[e.poly for e in row] for row in matrix]


def _need(f: int, part: Entries, at: int | None = 0, own: bool = True) -> None:
    """The entries are local, with this constant, and with variables of their own if asked."""
    _stratum(f, part, at)
    if own:
        _own(f, part)


def _stratum(f: int, part: Entries, at: int | None) -> None:
    there = all(e.local and (at is None or e.constant == at) for e in flat(part))
    value = "constant" if at is None else at
    hold("stratum", there, f"factor {f}: an entry must be a coordinate, {value} on the stratum")


def _own(f: int, part: Entries) -> None:
    own = all(e.variable is not None for e in flat(part))
    hold("own", own, f"factor {f}: the entries must be coordinates")


def _unit_block(f: int, u: Entries, own: bool) -> None:
    for i, row in enumerate(u):
        _need(f, [[*row[:i], *row[i + 1 :]]], 0, own)
        _need(f, [[row[i]]], 1, own)


def _product(factors: Sequence[Entries]) -> list[Poly]:
    """The entries of the product, as polynomials."""
    if all(f and f[0] for f in factors):
        return flat(product(list(map(_polynomials, factors))))
    return []


def _through(factors: Sequence[Entries], rank: int) -> list[Poly]:
    top, low = slice(0, rank), slice(rank, None)
    for n, f in enumerate(factors):
        _unit_block(n, block(f, top, top), own=n == 0)
        _need(n, block(f, low, top), 0, own=n == 0)
        _need(n, block(f, top, low), 0, own=n == len(factors) - 1)
        _need(n, block(f, low, low), None)
    first, last = factors[0], factors[-1]
    smooth = [*flat(block(first, slice(None), top)), *flat(block(last, top, low))]
    return [e.poly - e.constant for e in smooth] + _product([block(f, low, low) for f in factors])


def _pivot(x: Entries, y: Entries, rank: int) -> list[Poly]:
    top, low = slice(0, rank), slice(rank, None)
    _unit_block(0, block(x, top, top), own=False)
    d, y2 = block(x, low, low), block(y, low, slice(None))
    b_is_0, c_is_0, y2_is_0 = (
        all(e.local and e.constant == 0 for e in flat(part))
        for part in (block(x, top, low), block(x, low, top), y2)
    )
    _own(0, d)
    if not b_is_0 and not c_is_0:
        _keeps(0, not any(e.local for e in flat(d)))
    _need(1, y[:rank])
    _need(1, y2, None, own=False)
    _keeps(1, b_is_0 or y2_is_0)
    return [e.poly for e in flat(y[:rank])] + _product([d, y2])


def _keeps(f: int, truth: bool) -> None:
    hold("keeps", truth, f"factor {f}: the change moves coordinates away from the stratum")


def _inner(factors: Sequence[Entries], rank: int, place: int) -> list[Poly]:
    hold("kind", 0 < place < len(factors) - 1, "an inner factor stands between two others")
    top, low = slice(0, rank), slice(rank, None)
    x, y, z = factors[place - 1 : place + 2]
    _unit_block(place, block(y, top, top), own=False)
    for part in (block(y, top, low), block(y, low, top)):
        _need(place, part, own=False)
    _own(place, block(y, low, low))
    _need(place - 1, block(x, slice(None), top), None)
    _need(place + 1, block(z, top, slice(None)), None)
    polys = [_polynomials(f) for f in factors]
    zero = polys[0][0][0] * 0
    for i, row in enumerate(polys[place]):
        for j in range(len(row)):
            if i < rank or j < rank:
                row[j] = zero + int(i == j)
    return flat(product(polys))
