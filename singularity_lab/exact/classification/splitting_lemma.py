"""The splitting lemma: a germ with a critical point is a quadratic form plus a residual part.

Thom 1972; Gromoll and Meyer 1969; Greuel, Lossen and Shustin 2007, Theorem I.2.47: if the Hessian
of f at a critical point has rank r, then in suitable analytic coordinates
f = Σ_{i ≤ r} ±y_i² + g(x), with g of order ≥ 3, unique up to changes of the n − r coordinates x.

Computed: a rational congruence makes the Hessian diagonal; the equations ∂f/∂y = 0 define y = φ(x)
by the implicit function theorem, and g(x) = f(x, φ(x)). Since f is stationary in y along φ, φ
modulo degree k gives g modulo degree 2k.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint

from singularity_lab.algebra.polynomial import Polynomial, unit
from singularity_lab.algebra.rings import ring, to_fmpq
from singularity_lab.errors import OutOfScope

Matrix = list[list[Fraction]]


@dataclass(frozen=True)
class Splitting:
    """f ~ Σ d_i·y_i² + residual: the Hessian's rank and index, and the residual part.

    quadratic: the diagonal (d_1, …, d_r) over Q. residual: g modulo degree precision + 1, in the
    variables that remain. change: column j holds the linear coordinates of the new variable j, the
    squares first; f∘change has the Hessian 2·diag(d, 0).

    >>> from singularity_lab.algebra.polynomial import parse
    >>> s = split(parse("x^2 - y^2 + 2*x*z^2 + z^5"), 8)
    >>> s.corank, s.index, str(s.residual)
    (1, 1, 'z^5 - z^4')
    """

    variables: tuple[str, ...]
    quadratic: tuple[Fraction, ...]
    residual: Polynomial
    precision: int
    change: tuple[tuple[Fraction, ...], ...]

    @property
    def rank(self) -> int:
        return len(self.quadratic)

    @property
    def corank(self) -> int:
        """The corank of the Hessian: the number of variables of the residual part."""
        return len(self.variables) - len(self.quadratic)

    @property
    def index(self) -> int:
        """The number of negative squares."""
        return sum(d < 0 for d in self.quadratic)

    def plot(self, ax: Any = None) -> Any:
        """The real curve or surface of the residual part; OutOfScope for other coranks."""
        from singularity_lab.pictures.singularities import zero_set

        return zero_set(self.residual, ax=ax, title=f"residual part {self.residual}")


def hessian(f: Polynomial) -> Matrix:
    """The symmetric matrix H of the quadratic part: f = ½·xᵀHx + …"""
    n = len(f.variables)
    matrix = [[Fraction(0)] * n for _ in range(n)]
    for a, c in f.terms():
        if sum(a) == 2:
            i, j = (k for k, e in enumerate(a) for _ in range(e))
            matrix[i][j] += c
            matrix[j][i] += c
    return matrix


def split(f: Polynomial, precision: int) -> Splitting:
    """The splitting of the critical point 0 of f, with the residual part up to a degree.

    Raises OutOfScope where 0 is not a critical point with value 0.
    """
    if f.is_zero:
        raise OutOfScope("splitting lemma: the zero polynomial")
    if f({}) or f.order < 2:
        raise OutOfScope(f"splitting lemma: 0 is not a critical point of value 0 of {f}")
    names = f.variables
    n = len(names)
    diagonal, columns = _diagonalise(hessian(f))
    rank = len(diagonal)
    order = [*range(n)]
    # new variable j carries the name of an old one that has coefficient 1 in its column
    leads = _names(columns, names)
    if columns != [[Fraction(int(i == j)) for i in order] for j in order]:
        images = {
            names[i]: Polynomial.from_terms(
                {unit(j, n): columns[j][i] for j in order if columns[j][i]}, names
            )
            for i in order
        }
        moved = f.substitute(images)
    else:
        moved = f
    squares, rest = list(range(rank)), list(range(rank, n))
    residual = _residual(moved, squares, [d / 2 for d in diagonal], rest, precision)
    named = Polynomial.from_terms(dict(residual), tuple(leads[j] for j in rest))
    return Splitting(
        names,
        tuple(d / 2 for d in diagonal),
        named,
        precision,
        tuple(tuple(c) for c in columns),
    )


def _diagonalise(matrix: Matrix) -> tuple[list[Fraction], Matrix]:
    """(diagonal without zeros, columns of P) with PᵀHP = diag(d, 0) (Lagrange 1759)."""
    n = len(matrix)
    h = [row[:] for row in matrix]
    p = [[Fraction(int(i == j)) for i in range(n)] for j in range(n)]  # columns
    left = list(range(n))
    done: list[tuple[Fraction, list[Fraction]]] = []

    def add(target: int, source: int, factor: Fraction) -> None:
        p[target] = [a + factor * b for a, b in zip(p[target], p[source], strict=True)]
        for k in range(n):
            h[target][k] += factor * h[source][k]
        for k in range(n):
            h[k][target] += factor * h[k][source]

    while True:
        pivot = next((i for i in left if h[i][i]), None)
        if pivot is None:
            pair = next(((i, j) for i in left for j in left if i < j and h[i][j]), None)
            if pair is None:
                break
            add(pair[0], pair[1], Fraction(1))
            pivot = pair[0]
        for j in left:
            if j != pivot and h[pivot][j]:
                add(j, pivot, -h[pivot][j] / h[pivot][pivot])
        done.append((h[pivot][pivot], p[pivot]))
        left.remove(pivot)
    return [d for d, _ in done], [c for _, c in done] + [p[i] for i in left]


def _names(columns: Matrix, names: Sequence[str]) -> list[str]:
    """A different old name for each new variable: one that occurs in it, if possible."""
    taken: list[str] = []
    for column in reversed(columns):
        inside = [v for v, c in zip(names, column, strict=True) if c == 1 and v not in taken]
        taken.append(inside[0] if inside else next(v for v in names if v not in taken))
    return taken[::-1]


def _residual(
    f: Polynomial,
    squares: Sequence[int],
    halves: Sequence[Fraction],
    rest: Sequence[int],
    precision: int,
) -> list[tuple[tuple[int, ...], Fraction]]:
    """Terms of f(φ(x), x) up to the precision, where ∂f/∂y(φ(x), x) = 0."""
    names = f.variables
    small = tuple(f"x{j}" for j in range(len(rest)))
    context = ring(small)
    if not rest:
        return []
    images: dict[int, flint.fmpq_mpoly] = {j: context.gens()[k] for k, j in enumerate(rest)}
    for j in squares:
        images[j] = context.constant(0)
    if squares:
        derivatives = [f.derivative(names[j]) for j in squares]
        degree = 1
        while 2 * (degree + 1) <= precision:
            # φ is right modulo degree + 1; one more step of y ← y − ∂f/∂y / 2d gains one degree
            degree += 1
            steps = [truncated_composition(g, images, context, degree) for g in derivatives]
            for j, d, step in zip(squares, halves, steps, strict=True):
                images[j] = images[j] - step / to_fmpq(2 * d)
    value = truncated_composition(f, images, context, precision)
    return list(Polynomial(small, value).terms())


def truncate(p: flint.fmpq_mpoly, context: flint.fmpq_mpoly_ctx, degree: int) -> flint.fmpq_mpoly:
    """The terms of total degree ≤ degree."""
    if p.is_zero() or p.total_degree() <= degree:
        return p
    return context.from_dict({a: c for a, c in p.to_dict().items() if sum(a) <= degree})


def truncated_composition(
    f: Polynomial,
    images: Mapping[int, flint.fmpq_mpoly],
    context: flint.fmpq_mpoly_ctx,
    degree: int,
) -> flint.fmpq_mpoly:
    """f(images) up to a total degree; images: a series without constant term for each variable.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> from singularity_lab.algebra.rings import ring
    >>> t = ring(("t",)); (x,) = t.gens()
    >>> truncated_composition(parse("x^2 + x*y"), {0: x + x**2, 1: x**2}, t, 3)
    3*t^3 + t^2
    """
    powers: dict[tuple[int, int], flint.fmpq_mpoly] = {}

    def power(i: int, e: int) -> flint.fmpq_mpoly:
        if e == 1:
            return images[i]
        if (i, e) not in powers:
            half = power(i, e // 2)
            square = truncate(half * half, context, degree)
            powers[i, e] = truncate(square * images[i], context, degree) if e % 2 else square
        return powers[i, e]

    orders = {i: min((sum(a) for a in p.monoms()), default=degree + 1) for i, p in images.items()}
    # Horner in the order of variables: share the products of the leading ones
    shared: dict[tuple[int, ...], flint.fmpq_mpoly] = {}

    def product(a: tuple[int, ...]) -> flint.fmpq_mpoly:
        last = max((i for i, e in enumerate(a) if e), default=-1)
        if last < 0:
            return context.constant(1)
        if a not in shared:
            front = product((*a[:last], *(0,) * (len(a) - last)))
            one = power(last, a[last])
            shared[a] = truncate(front * one, context, degree)
        return shared[a]

    total = context.constant(0)
    for a, c in f.terms():
        if sum(e * orders[i] for i, e in enumerate(a)) <= degree:
            total = total + product(a) * to_fmpq(c)
    return total
