"""A loss from polynomials, moved to its centre exactly."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.compiled import Exponent, GeneratorTerms, SquaresCode
from singularity_lab.spectroscopes.losses.protocol import (
    Centred,
    Domain,
    as_columns,
    checked_center,
    checked_domain,
    checked_points,
    exponents,
    of_points,
)
from singularity_lab.spectroscopes.typed import TypedForm, TypedProgram, finite
from singularity_lab.system.floats import as_float


def _shift(poly: dict[Exponent, Fraction], center: Sequence[Fraction]) -> dict[Exponent, Fraction]:
    """p(w* + u) as a polynomial in u, exactly."""
    for j, a in enumerate(center):
        if a == 0:
            continue
        out: dict[Exponent, Fraction] = {}
        for e, c in poly.items():
            for k in range(e[j] + 1):
                key = (*e[:j], k, *e[j + 1 :])
                out[key] = out.get(key, Fraction(0)) + c * math.comb(e[j], k) * a ** (e[j] - k)
        poly = {e: c for e, c in out.items() if c}
    return poly


def _rational(x: Any, name: str) -> Fraction:
    try:
        return Fraction(x)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"{name}: expected a finite rational or float, received {x!r}") from error


def _polynomials(
    generators: Sequence[GeneratorTerms], name: str, dim: int | None
) -> tuple[list[dict[Exponent, Fraction]], int | None]:
    """Generators as exponents and coefficients, and the number of variables, checked."""
    polys: list[dict[Exponent, Fraction]] = []
    for i, (coefficients, rows) in enumerate(generators):
        if len(coefficients) != len(rows):
            raise BadInput(
                f"{name}[{i}]: expected one exponent row per coefficient, "
                f"received {len(coefficients)} and {len(rows)}"
            )
        poly: dict[Exponent, Fraction] = {}
        for c, row in zip(coefficients, rows, strict=True):
            e = tuple(int(x) for x in row)
            if any(x < 0 for x in e) or any(int(x) != x for x in row):
                raise BadInput(f"{name}[{i}]: exponents are integers ≥ 0, received {tuple(row)}")
            if dim is None:
                dim = len(e)
            if len(e) != dim:
                raise BadInput(f"{name}[{i}]: expected {dim} exponents a row, received {len(e)}")
            poly[e] = poly.get(e, Fraction(0)) + _rational(c, f"{name}[{i}]")
        polys.append({e: c for e, c in poly.items() if c})
    return polys, dim


class PolynomialLoss(Centred):
    """K = Σ fᵢ² from generators fᵢ, or one polynomial K itself, with batched hand-generated value
    and gradient.

    Build it with :meth:`from_exponents`. value(w): (c, d) → (c,), float64; a transposed column
    layout, ``columns.t()`` with columns (d, c) contiguous, avoids a copy.

    >>> import torch
    >>> loss = PolynomialLoss.from_exponents([((1, -1), ((2, 0), (0, 3)))])        # (x² − y³)²
    >>> K, grad = loss.value_and_grad(torch.tensor([[1.0, 2.0]], dtype=torch.float64))
    >>> K.tolist(), grad.tolist()
    ([49.0], [[-28.0, 168.0]])
    """

    kind = "polynomial"

    def __init__(
        self,
        generators: Sequence[dict[Exponent, Fraction]],
        dim: int,
        *,
        center: Sequence[Any] | None = None,
        domain: Domain | None = None,
        prior_exponents: Sequence[float] | None = None,
        as_loss: bool = False,
        loss_id: str | None = None,
        typed: tuple[TypedForm, Sequence[dict[Exponent, Fraction]]] | None = None,
    ) -> None:
        if dim < 1:
            raise BadInput(f"dim: expected at least one variable, received {dim}")
        if as_loss and len(generators) != 1:
            raise BadInput(f"as_loss: expected exactly one polynomial, received {len(generators)}")
        if not generators:
            raise BadInput("generators: expected at least one polynomial, received none")
        self.dim = dim
        self.center = checked_center(center, dim)
        self.domain = checked_domain(domain, self.center)
        self.prior_exponents = exponents(prior_exponents, dim)
        self.as_loss = as_loss
        exact = [_rational(x, "center") for x in (center if center is not None else [0] * dim)]
        self.generators = tuple(dict(g) for g in generators)

        def about(polys: Sequence[dict[Exponent, Fraction]]) -> list[dict[Exponent, float]]:
            return [
                {e: as_float(c, "coefficient") for e, c in _shift(dict(g), exact).items()}
                for g in polys
            ]

        self._form = typed
        self._program: SquaresCode | TypedProgram
        if typed is None:
            self._program = SquaresCode(about(self.generators), dim, squared=not as_loss)
        else:
            form, leaves = typed
            parts = [SquaresCode([p], dim, squared=False) for p in about(leaves)]
            self._program = TypedProgram(finite(form), parts, lambda: about(self.generators))
        self.loss_id = loss_id if loss_id is not None else self._digest()

    @classmethod
    def from_exponents(
        cls,
        generators: Sequence[GeneratorTerms],
        *,
        center: Sequence[Any] | None = None,
        domain: Domain | None = None,
        prior_exponents: Sequence[float] | None = None,
        as_loss: bool = False,
        loss_id: str | None = None,
        typed: tuple[TypedForm, Sequence[GeneratorTerms]] | None = None,
    ) -> PolynomialLoss:
        """K = Σᵢ (Σₜ cᵢₜ w^{aᵢₜ})² from pairs (coefficients, exponent rows).

        generators: for each fᵢ its coefficients (int, Fraction or float) and as many rows of d
        exponents. center: w*, where exact rationals are kept exact. domain: a :class:`Domain` that
        contains w*. prior_exponents: τ ≥ 0 … of the prior factor ∏|wᵢ|^τᵢ. as_loss: one polynomial
        is K itself. typed: K again, as a form of :mod:`~singularity_lab.spectroscopes.typed` over
        leaves given like generators, by which it is evaluated. Raises BadInput on unequal lengths,
        negative or fractional exponents, non-finite coefficients.

        >>> import torch
        >>> loss = PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="w1^2*w2^2")
        >>> loss.value(torch.tensor([[2.0, 3.0], [0.0, 1.0]])).tolist()
        [36.0, 0.0]
        """
        polys, dim = _polynomials(generators, "generators", None)
        leaves = None if typed is None else _polynomials(typed[1], "leaves", dim)[0]
        if dim is None:
            raise BadInput("generators: expected at least one term, received none")
        return cls(
            polys,
            dim,
            center=center,
            domain=domain,
            prior_exponents=prior_exponents,
            as_loss=as_loss,
            loss_id=loss_id,
            typed=None if typed is None or leaves is None else (typed[0], leaves),
        )

    def _digest(self) -> str:
        text = repr((
            [sorted((e, str(c)) for e, c in g.items()) for g in self.generators],
            self.center.tolist(),
            self.domain,
            self.prior_exponents,
            self.as_loss,
            *(() if self._form is None else (str(self._form),)),
        ))  # fmt: skip
        return "polynomial:" + hashlib.sha256(text.encode()).hexdigest()[:16]

    def __repr__(self) -> str:
        return (
            f"PolynomialLoss({self.loss_id!r}, dim={self.dim}, generators={len(self.generators)})"
        )

    @of_points
    def local_value(self, u: Tensor) -> Tensor:
        """K(w* + u) at displacements u (c, d), from generators expanded about w* in exact
        arithmetic; in single precision when u is."""
        u = checked_points(u, self.dim, "u", single=True)
        return self._program.value(as_columns(u))

    @of_points
    def local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """K(w* + u) and its gradient at displacements u (c, d); in single precision when u is."""
        u = checked_points(u, self.dim, "u", single=True)
        value, grad = self._program.gradient(as_columns(u))
        return value, grad.t()
