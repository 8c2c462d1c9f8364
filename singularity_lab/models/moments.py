"""Population squared error of a polynomial map, from the moments of its inputs.

For f(x, w) = Σ_α c_α(w) x^α and inputs x of a law with moments μ,

    E f² = Σ_{α, β} c_α c_β μ_{α+β} = cᵀ G c,   G = (μ_{α+β}) ⪰ 0,

and the rational factorisation G = L D Lᵀ turns this into Σ_k d_k (Lᵀc)_k², a sum of squares with
rational weights. If G is positive definite, the squares generate the ideal of the coefficients
(c_α). Gaussian moments are Isserlis 1918.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from singularity_lab.algebra.polynomial import Exponent, Polynomial
from singularity_lab.errors import BadInput
from singularity_lab.models.model import Square

if TYPE_CHECKING:
    from torch import Tensor


@cache
def isserlis(alpha: Exponent, covariance: tuple[tuple[Fraction, ...], ...]) -> Fraction:
    """E x^α for x ~ N(0, covariance): the sum over pairings of products of covariances.

    >>> one = Fraction(1)
    >>> isserlis((4,), ((one,),)), isserlis((2, 2), ((one, one / 2), (one / 2, one)))
    (Fraction(3, 1), Fraction(3, 2))
    """
    if sum(alpha) == 0:
        return Fraction(1)
    if sum(alpha) % 2:
        return Fraction(0)
    i = next(k for k, e in enumerate(alpha) if e)
    rest = list(alpha)
    rest[i] -= 1
    total = Fraction(0)
    for j, e in enumerate(rest):
        if e and covariance[i][j]:
            left = tuple(x - (k == j) for k, x in enumerate(rest))
            total += e * covariance[i][j] * isserlis(left, covariance)
    return total


@dataclass(frozen=True)
class Law:
    """A law of inputs x in R^n with rational moments, and a quadrature that is exact for
    polynomials.

    kind: ``gaussian`` (independent standard normal coordinates), ``uniform`` (on [−1, 1]^n) or
    ``data`` (the empirical law of the rows of ``points``).

    >>> Law("uniform", 1).moment((2,)), Law("gaussian", 2).moment((2, 4))
    (Fraction(1, 3), Fraction(3, 1))
    """

    kind: str
    dimension: int
    points: tuple[tuple[Fraction, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in ("gaussian", "uniform", "data"):
            raise BadInput(f"law: 'gaussian', 'uniform' or 'data', received {self.kind!r}")
        if (self.kind == "data") != bool(self.points):
            raise BadInput("law: 'data' needs its points, and only 'data' has points")
        for x in self.points:
            if len(x) != self.dimension:
                raise BadInput(f"law: points have {self.dimension} coordinates, received {x}")

    def moment(self, alpha: Exponent) -> Fraction:
        """E x^α, exactly."""
        if self.kind == "data":
            total = sum(
                (math.prod((x**e for x, e in zip(p, alpha, strict=True)), start=Fraction(1)))
                for p in self.points
            )
            return Fraction(total) / len(self.points)
        if any(e % 2 for e in alpha):
            return Fraction(0)
        if self.kind == "uniform":
            return math.prod((Fraction(1, e + 1) for e in alpha), start=Fraction(1))
        identity = tuple(
            tuple(Fraction(int(i == j)) for j in range(self.dimension))
            for i in range(self.dimension)
        )
        return isserlis(tuple(alpha), identity)

    def quadrature(self, degree: int) -> tuple[Tensor, Tensor]:
        """Nodes (q, n) and weights (q,) that integrate polynomials of that degree exactly
        (Gauss)."""
        import numpy as np
        import torch

        if self.kind == "data":
            nodes = torch.tensor([[float(x) for x in p] for p in self.points], dtype=torch.float64)
            return nodes, torch.full((len(nodes),), 1 / len(nodes), dtype=torch.float64)
        size = degree // 2 + 1
        if self.kind == "gaussian":
            x, w = np.polynomial.hermite_e.hermegauss(size)
        else:
            x, w = np.polynomial.legendre.leggauss(size)
        w = w / w.sum()
        nodes = torch.tensor(
            list(itertools.product(x.tolist(), repeat=self.dimension)), dtype=torch.float64
        )
        weights = torch.tensor(
            [math.prod(c) for c in itertools.product(w.tolist(), repeat=self.dimension)],
            dtype=torch.float64,
        )
        return nodes.reshape(-1, self.dimension), weights


def coefficients(
    polynomial: Polynomial, inputs: Sequence[str], parameters: Sequence[str]
) -> dict[Exponent, Polynomial]:
    """The coefficients c_α(w) of a polynomial in inputs x and parameters w.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f = parse("a*x + b*a*x", "a b x")
    >>> {alpha: str(c) for alpha, c in coefficients(f, ["x"], ["a", "b"]).items()}
    {(1,): 'a*b + a'}
    """
    at = [polynomial.variables.index(x) for x in inputs]
    keep = [polynomial.variables.index(p) for p in parameters]
    collected: dict[Exponent, dict[Exponent, Fraction]] = {}
    for exponent, c in polynomial.terms():
        alpha = tuple(exponent[i] for i in at)
        collected.setdefault(alpha, {})[tuple(exponent[i] for i in keep)] = c
    return {
        alpha: Polynomial.from_terms(terms, parameters)
        for alpha, terms in sorted(collected.items(), key=lambda t: (sum(t[0]), t[0]))
    }


def squared_error(
    outputs: Sequence[Polynomial], inputs: Sequence[str], parameters: Sequence[str], law: Law
) -> tuple[Square, ...]:
    """E Σ_o f_o(x, w)² as squares Σ c·p(w)² with rational c > 0.

    outputs: the differences f_o of model and truth, polynomials in inputs and parameters.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> f, law = parse("a*x^2 + b", "a b x"), Law("gaussian", 1)
    >>> [(str(c), str(p)) for c, p in squared_error([f], ["x"], ["a", "b"], law)]
    [('1', 'a + b'), ('2', 'a')]
    """
    squares: list[Square] = []
    for f in outputs:
        by_alpha = coefficients(f, inputs, parameters)
        keys = list(by_alpha)
        gram = [
            [law.moment(tuple(x + y for x, y in zip(a, b, strict=True))) for b in keys]
            for a in keys
        ]
        diagonal, lower = ldl(gram)
        for k, d in enumerate(diagonal):
            if d == 0:
                continue
            p = Polynomial.constant(0, parameters)
            for i in range(k, len(keys)):
                if lower[i][k]:
                    p = p + by_alpha[keys[i]] * lower[i][k]
            if not p.is_zero:
                squares.append((d, p))
    return tuple(squares)


def ldl(gram: list[list[Fraction]]) -> tuple[list[Fraction], list[list[Fraction]]]:
    """G = L·diag(d)·Lᵀ over Q for a positive semidefinite G, L unit lower triangular.

    Raises BadInput when G is not positive semidefinite.
    """
    n = len(gram)
    rest = [row[:] for row in gram]
    lower = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    diagonal = []
    for k in range(n):
        d = rest[k][k]
        diagonal.append(d)
        if d < 0 or (d == 0 and any(rest[i][k] for i in range(k + 1, n))):
            raise BadInput("gram: a matrix of moments must be positive semidefinite")
        if d == 0:
            continue
        for i in range(k + 1, n):
            lower[i][k] = rest[i][k] / d
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                rest[i][j] -= lower[i][k] * d * lower[j][k]
    return diagonal, lower
