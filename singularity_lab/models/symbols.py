"""Matrices of variables and their products over Q[w]: what builders write networks with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.names import check_names
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import Rational, generators
from singularity_lab.errors import BadInput

Matrix = list[list[Polynomial]]


def matrix_names(letter: str, rows: int, columns: int) -> list[list[str]]:
    """Names a11, a12, … of a matrix of variables; with an underscore between the indices from 10
    on.

    >>> matrix_names("a", 2, 2)
    [['a11', 'a12'], ['a21', 'a22']]
    """
    _countable(letter, max(rows, 0) * max(columns, 0))
    gap = "_" if max(rows, columns) > 9 else ""
    return [[f"{letter}{i + 1}{gap}{j + 1}" for j in range(columns)] for i in range(rows)]


def vector_names(letter: str, size: int) -> list[str]:
    """Names a1, a2, …"""
    _countable(letter, size)
    return [f"{letter}{i + 1}" for i in range(size)]


def _countable(letter: str, size: int) -> None:
    if size > input_limits.VARIABLES:
        raise BadInput(
            f"{letter}: the model would have {size} variables of this kind "
            f"(at most {input_limits.VARIABLES})"
        )


def flat(names: Sequence[Sequence[str]]) -> list[str]:
    """The rows one after the other."""
    return [n for row in names for n in row]


class Ring:
    """The ring Q[variables] with its variables by name.

    >>> R = Ring(["x", "y"])
    >>> print(R["x"] * R["y"] + 1)
    x*y + 1
    """

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = check_names(variables)
        self._spent = 0
        gens = generators(self.variables)
        self._gens = {
            v: Polynomial(self.variables, x) for v, x in zip(self.variables, gens, strict=True)
        }

    def __getitem__(self, name: str) -> Polynomial:
        return self._gens[name]

    def constant(self, value: Rational) -> Polynomial:
        return Polynomial.constant(value, self.variables)

    def vector(self, names: Sequence[str]) -> list[Polynomial]:
        """The variables of these names."""
        return [self[n] for n in names]

    def matrix(self, names: Sequence[Sequence[str]]) -> Matrix:
        """The variables of these names, row by row."""
        return [[self[n] for n in row] for row in names]

    def sum(self, items: Sequence[Polynomial]) -> Polynomial:
        self.spend(sum(len(p.flint) for p in items) * (1 + len(items) // 8) + 4 * len(items))
        total = self.constant(0)
        for p in items:
            total = total + p
        return total

    def product(self, items: Sequence[Polynomial]) -> Polynomial:
        """The product of polynomials; raises BadInput where it has too many terms."""
        total = self.constant(1)
        for p in items:
            self.spend(len(total.flint) * len(p.flint) + 1)
            total = total * p
        return total

    def spend(self, terms: int) -> None:
        """Count terms that the model's polynomials have on the way; BadInput beyond a limit."""
        self._spent += terms * (len(self.variables) + 20)
        if self._spent > input_limits.MODEL:
            raise BadInput(
                f"model: its polynomials in {len(self.variables)} variables have too many terms to "
                "expand; choose smaller sizes"
            )

    def multiply(self, left: Matrix, right: Matrix) -> Matrix:
        """The matrix product."""
        if len(left[0]) != len(right):
            raise BadInput(
                f"multiply: inner sizes must agree, received {len(left[0])} and {len(right)}"
            )
        rows, columns = (
            [sum(len(p.flint) for p in v) for v in m] for m in (left, transpose(right))
        )
        inner = max(1, len(right))
        self.spend(sum(rows) * sum(columns) // inner)
        return [
            [
                self.sum([row[k] * right[k][j] for k in range(len(right))])
                for j in range(len(right[0]))
            ]
            for row in left
        ]

    def minus_diagonal(self, matrix: Matrix, rank: int) -> list[Polynomial]:
        """The entries of matrix − diag(1, …, 1, 0, …, 0), row by row."""
        return [
            p - 1 if i == j < rank else p for i, row in enumerate(matrix) for j, p in enumerate(row)
        ]


def transpose(matrix: Matrix) -> Matrix:
    """The transposed matrix."""
    return [list(column) for column in zip(*matrix, strict=True)]


def point(variables: Sequence[str], values: Mapping[str, Rational]) -> tuple[Fraction, ...]:
    """Coordinates in the order of the variables; absent names mean 0."""
    unknown = set(values) - set(variables)
    if unknown:
        raise BadInput(f"point: unknown variables {sorted(unknown)}")
    return tuple(Fraction(values.get(v, 0)) for v in variables)
