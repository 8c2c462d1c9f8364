"""Ideals of minors: generic, symmetric, and Pfaffians of skew matrices. Johnson 2003; Docampo 2013.

For a generic p × q matrix the ideal of r-minors has lct = min_{i < r} (p − i)(q − i)/(r − i), and λ
is half of it.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.models.model import (
    Model,
    at_least,
    at_most,
    builder,
    origin,
    polynomial_twin,
    unweighted,
)
from singularity_lab.models.symbols import Matrix, Ring, flat, matrix_names

if TYPE_CHECKING:
    from torch import Tensor


TERMS = 100_000


def determinant(ring: Ring, matrix: Matrix) -> Polynomial:
    """The determinant by expansion along the first row."""
    if len(matrix) == 1:
        return matrix[0][0]
    total = ring.constant(0)
    for j, entry in enumerate(matrix[0]):
        if not entry.is_zero:
            minor = [[*row[:j], *row[j + 1 :]] for row in matrix[1:]]
            total = total + entry * determinant(ring, minor) * (-1) ** j
    return total


def minors(ring: Ring, matrix: Matrix, size: int) -> list[Polynomial]:
    """All minors of a size, rows first."""
    at_most(input_limits.VARIABLES, rows=len(matrix), columns=len(matrix[0]), size=10 * size)
    many = math.comb(len(matrix), size) * math.comb(len(matrix[0]), size)
    at_most(input_limits.GENERATORS, minors=many)
    at_most(TERMS, terms=many * math.factorial(size))
    return [
        determinant(ring, [[matrix[i][j] for j in columns] for i in rows])
        for rows in itertools.combinations(range(len(matrix)), size)
        for columns in itertools.combinations(range(len(matrix[0])), size)
    ]


@builder
def generic_minors(rows: int, columns: int, size: int) -> Model:
    """The ideal of size × size minors of a generic matrix; K is the sum of their squares.

    >>> from singularity_lab.models import build
    >>> print(build("generic_minors", rows=2, columns=2, size=2).ideal)
    (x11*x22 - x12*x21) in Q[x11, x12, x21, x22]
    """
    at_least(1, rows=rows, columns=columns, size=size)
    if size > min(rows, columns):
        raise BadInput(f"size: at most min(rows, columns) = {min(rows, columns)}, received {size}")
    names = matrix_names("x", rows, columns)
    ring = Ring(flat(names))
    generators = minors(ring, ring.matrix(names), size)

    def twin(w: Tensor) -> Tensor:
        import torch

        X = w.reshape(-1, rows, columns)
        total = w.new_zeros(len(w))
        for i in itertools.combinations(range(rows), size):
            for j in itertools.combinations(range(columns), size):
                total = total + torch.linalg.det(X[:, i][:, :, j]) ** 2
        return total

    return Model(
        "generic_minors",
        dict(rows=rows, columns=columns, size=size),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (origin(ring.variables, "the zero matrix", deepest=True),),
        twin,
        f"{size}-minors of a generic {rows}x{columns} matrix, K = sum of squares",
    )


@builder
def symmetric_minors(dimension: int, size: int) -> Model:
    """The ideal of size × size minors of a generic symmetric matrix.

    >>> from singularity_lab.models import build
    >>> print(build("symmetric_minors", dimension=2, size=2).ideal)
    (x11*x22 - x12^2) in Q[x11, x12, x22]
    """
    at_least(1, dimension=dimension, size=size)
    if size > dimension:
        raise BadInput(f"size: at most dimension = {dimension}, received {size}")
    full = matrix_names("x", dimension, dimension)
    ring = Ring([full[i][j] for i in range(dimension) for j in range(i, dimension)])
    X = [[ring[full[min(i, j)][max(i, j)]] for j in range(dimension)] for i in range(dimension)]
    found: dict[str, Polynomial] = {}
    for p in minors(ring, X, size):
        found.setdefault(min(str(p), str(-p)), p)
    generators = list(found.values())
    squares = unweighted(generators)
    return Model(
        "symmetric_minors",
        dict(dimension=dimension, size=size),
        Ideal(ring.variables, tuple(generators)),
        squares,
        (origin(ring.variables, "the zero matrix", deepest=True),),
        polynomial_twin(squares, len(ring.variables)),
        f"{size}-minors of a generic symmetric {dimension}x{dimension} matrix, each once",
    )


def pfaffian(ring: Ring, matrix: Matrix) -> Polynomial:
    """The Pfaffian of a skew matrix of even size, by expansion along the first row."""
    n = len(matrix)
    if n == 0:
        return ring.constant(1)
    total = ring.constant(0)
    for j in range(1, n):
        keep = [k for k in range(1, n) if k != j]
        minor = [[matrix[a][b] for b in keep] for a in keep]
        total = total + matrix[0][j] * pfaffian(ring, minor) * (-1) ** (j - 1)
    return total


@builder
def pfaffians(dimension: int, size: int) -> Model:
    """The ideal of Pfaffians of the 2·size principal blocks of a generic skew matrix.

    >>> from singularity_lab.models import build
    >>> print(build("pfaffians", dimension=4, size=2).ideal)
    (x12*x34 - x13*x24 + x14*x23) in Q[x12, x13, x14, x23, x24, x34]
    """
    at_least(1, dimension=dimension, size=size)
    if 2 * size > dimension:
        raise BadInput(f"size: at most dimension/2 = {dimension // 2}, received {size}")
    at_most(100, dimension=dimension)
    matchings = math.factorial(2 * size) // (math.factorial(size) * 2**size)
    at_most(TERMS, terms=math.comb(dimension, 2 * size) * matchings)
    full = matrix_names("x", dimension, dimension)
    ring = Ring([full[i][j] for i in range(dimension) for j in range(i + 1, dimension)])
    zero = ring.constant(0)
    X = [
        [
            zero if i == j else ring[full[i][j]] if i < j else -ring[full[j][i]]
            for j in range(dimension)
        ]
        for i in range(dimension)
    ]
    generators = [
        pfaffian(ring, [[X[i][j] for j in block] for i in block])
        for block in itertools.combinations(range(dimension), 2 * size)
    ]
    squares = unweighted(generators)
    return Model(
        "pfaffians",
        dict(dimension=dimension, size=size),
        Ideal(ring.variables, tuple(generators)),
        squares,
        (origin(ring.variables, "the zero matrix", deepest=True),),
        polynomial_twin(squares, len(ring.variables)),
        f"Pfaffians of the {2 * size}-blocks of a generic skew {dimension}x{dimension} matrix",
    )
