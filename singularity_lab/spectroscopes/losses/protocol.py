"""Loss: the only thing that a spectroscope sees. A real function K near a centre w*, batched over
chains.

A device evaluates K at many points at once, w of shape (c, d) → (c,), perhaps with the gradient
(c, d), in a box or an orthant around w*. K(w*) = 0 is not assumed: a device subtracts K(w*).

The polynomial kernel keeps K = Σ fᵢ² as its generators fᵢ. Expanding the square destroys small
values: at a distance 10⁻¹⁶·|f| from {f = 0} the expanded K is rounding noise of size 10⁻¹⁶, while
f² is still right down to 10⁻³². For the same reason generators are shifted to the centre in
rational arithmetic, and :meth:`PolynomialLoss.local_value` takes displacements u = w − w*, so that
K is resolved down to the smallest doubles near w* = (1, 1, …) too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from numbers import Rational
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.system.floats import as_float

__all__ = [
    "Domain",
    "Loss",
    "ValueAndGrad",
]

ValueAndGrad = Callable[[Tensor], tuple[Tensor, Tensor]]
"""w (c, d) → K (c,), ∇K (c, d)."""


@dataclass(frozen=True)
class Domain:
    """Closed box ∏ [lowerᵢ, upperᵢ] of allowed parameters; ±∞ where a side is free.

    lower, upper: d floats each, lowerᵢ < upperᵢ.
    Raises BadInput for sides of unequal length, NaN or an empty side.

    >>> Domain.orthant(3, (0, 2)).lower
    (0.0, -inf, 0.0)
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", tuple(as_float(x, "box") for x in self.lower))
        object.__setattr__(self, "upper", tuple(as_float(x, "box") for x in self.upper))
        if len(self.lower) != len(self.upper):
            raise BadInput(
                "domain: lower and upper need one length, "
                f"received {len(self.lower)} and {len(self.upper)}"
            )
        for i, (a, b) in enumerate(zip(self.lower, self.upper, strict=True)):
            if not a < b:
                raise BadInput(f"domain: side {i} needs lower < upper, received [{a}, {b}]")

    @classmethod
    def orthant(cls, dim: int, coordinates: Sequence[int] | None = None) -> Domain:
        """The set w_i ≥ 0 for i in coordinates (all of them when None)."""
        chosen = set(range(dim)) if coordinates is None else {int(i) for i in coordinates}
        if not chosen <= set(range(dim)):
            raise BadInput(
                f"coordinates: expected indices in 0…{dim - 1}, received {sorted(chosen)}"
            )
        return cls(tuple(0.0 if i in chosen else -math.inf for i in range(dim)), (math.inf,) * dim)

    @classmethod
    def box(cls, center: Sequence[float], half_width: float) -> Domain:
        """The cube of the given half-width around a centre."""
        return cls(
            tuple(float(x) - half_width for x in center),
            tuple(float(x) + half_width for x in center),
        )


@runtime_checkable
class Loss(Protocol):
    """What a device may ask of a loss.

    dim: number of parameters d.  center: w*, a float64 tensor (d,).  domain: allowed box, or None
    for all of R^d. kind: "polynomial", "function", "module", …  loss_id: a stable name that goes
    into the reading. prior_exponents: τ of a monomial prior factor ∏|wᵢ|^τᵢ, or None for the flat
    prior.

    Optional: ``local_value(u)`` and ``local_value_and_grad(u)`` at displacements u = w − w* (free
    of the cancellation in w* + u), and ``stochastic_value_and_grad(w, generator)`` on a fresh
    minibatch for every chain. ``side_by_side(others)`` gives K and ∇K of this loss and others of
    its kind by one call, rows in the order of the losses, or None: see :mod:`.side_by_side`.

    >>> import torch
    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> loss = PolynomialLoss.from_exponents([([1], [(1, 0)]), ([1], [(0, 1)])], loss_id="x2+y2")
    >>> isinstance(loss, Loss), loss.dim, loss.value(torch.ones(3, 2, dtype=torch.float64)).tolist()
    (True, 2, [2.0, 2.0, 2.0])
    """

    dim: int
    center: Tensor
    domain: Domain | None
    kind: str
    loss_id: str
    prior_exponents: tuple[float, ...] | None

    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,). The losses of this package take one point (d,) → () too."""
        ...

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w: (c, d) → (c,), (c, d)."""
        ...


class _OfPoints(Protocol):
    dim: int


def require_loss(loss: Any, others: str = "") -> None:
    """Raise BadInput for what is no Loss, naming what makes one. others: what is taken too."""
    if isinstance(loss, Loss):
        return
    raise BadInput(
        f"loss: a Loss{others} is needed, received {_kind(loss)}; singularity_lab.loss(…) makes "
        "one of polynomials, of an id of the catalog or a model, FunctionLoss(f, dim) one of a "
        "torch function"
    )


S = TypeVar("S", bound=_OfPoints)
Values = TypeVar("Values")


def of_points(method: Callable[[S, Tensor], Values]) -> Callable[[S, Any], Values]:
    """A method of points (c, d) that takes one point (d,) too, and lists and NumPy arrays of these.

    Of one point K is a scalar tensor (), and ∇K has the shape (d,). Raises BadInput, with the
    argument's name, for what is no array of numbers; the method itself checks the shape (c, d).
    """
    name = method.__code__.co_varnames[1]

    @wraps(method)
    def call(loss: S, points: Any) -> Values:
        if isinstance(points, Tensor) and points.ndim == 2:
            return method(loss, points)
        array = as_points(points, loss.dim, name)
        if array.ndim == 2:
            return method(loss, array)
        found: Any = method(loss, array[None])
        return cast(Values, found[0] if isinstance(found, Tensor) else tuple(x[0] for x in found))

    return call


def as_points(points: Any, dim: int, name: str = "w") -> Tensor:
    """Points (c, d), or one point (d,), as a tensor; raises BadInput for anything else."""
    given = points
    if not isinstance(points, Tensor):
        points = _numbers(points)
    if points is None or points.is_complex() or points.dtype == torch.bool:
        raise BadInput(f"{name}: expected {_needed(dim)}, received {_kind(given)}")
    if points.shape != (dim,) and (points.ndim != 2 or points.shape[1] != dim):
        raise BadInput(f"{name}: expected {_needed(dim)}, received the shape {tuple(points.shape)}")
    return points


def _numbers(points: Any) -> Tensor | None:
    """An array of real numbers as a float64 tensor; None for anything else."""
    try:
        array = np.asarray(points)
        real = array.dtype.kind in "iuf" or (
            array.dtype.kind == "O" and all(isinstance(x, Rational) for x in array.flat)
        )
        return torch.as_tensor(array.astype(np.float64)) if real else None
    except (TypeError, ValueError, OverflowError, RuntimeError):  # unequal rows, gradients asked
        return None


def _needed(dim: int) -> str:
    return f"points of the shape (c, {dim}), or one of the shape ({dim},)"


def _kind(points: Any) -> str:
    said = " ".join(repr(points).split())
    return f"{type(points).__name__} {said[:60]}{'…' * (len(said) > 60)}"


class Centred:
    """A loss that is computed from displacements u = w − w*: K at w comes from K at u.

    A subclass has ``local_value`` and ``local_value_and_grad``.
    """

    dim: int
    center: Tensor

    @of_points
    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        w = checked_points(w, self.dim)
        return self.local_value(w - self.center.to(w.device))

    @of_points
    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w: (c, d) → (c,), (c, d)."""
        w = checked_points(w, self.dim)
        return self.local_value_and_grad(w - self.center.to(w.device))

    def local_value(self, u: Tensor) -> Tensor:
        """K(w* + u) at displacements u (c, d) → (c,)."""
        raise NotImplementedError

    def local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w* + u: (c, d) → (c,), (c, d)."""
        raise NotImplementedError


# ------------------------------------------------------------------------------------ common checks


def checked_points(w: Tensor, dim: int, name: str = "w", single: bool = False) -> Tensor:
    """w as float64 points (c, d); float32 is left as it is where ``single`` says so."""
    if not isinstance(w, Tensor):
        raise BadInput(
            f"{name}: expected a torch tensor of the shape (c, {dim}), received {type(w).__name__}"
        )
    if w.ndim != 2 or w.shape[1] != dim:
        raise BadInput(f"{name}: expected {_needed(dim)}, received the shape {tuple(w.shape)}")
    if w.dtype == torch.float64 or (single and w.dtype == torch.float32):
        return w
    return w.to(torch.float64)


def as_columns(w: Tensor) -> Tensor:
    """(c, d) → (d, c) with contiguous rows; copies only when needed."""
    columns = w.t()
    return columns if columns.stride(1) == 1 else columns.contiguous()


def checked_center(center: Any, dim: int) -> Tensor:
    """The centre as a tensor of shape (dim,); raises BadInput for another length or NaN."""
    if center is None:
        return torch.zeros(dim, dtype=torch.float64)
    out = torch.as_tensor([as_float(x, "center") for x in center], dtype=torch.float64)
    if out.shape != (dim,):
        raise BadInput(f"center: expected {dim} numbers, received {out.numel()}")
    if not bool(torch.isfinite(out).all()):
        raise BadInput(f"center: expected finite numbers, received {out.tolist()}")
    return out


def checked_domain(domain: Domain | None, center: Tensor) -> Domain | None:
    """The domain, if the centre lies in it; else raises BadInput."""
    if domain is None:
        return None
    if len(domain.lower) != center.numel():
        raise BadInput(f"domain: expected {center.numel()} sides, received {len(domain.lower)}")
    for i, x in enumerate(center.tolist()):
        if not domain.lower[i] <= x <= domain.upper[i]:
            raise BadInput(
                f"domain: must contain the center; coordinate {i} is {x}, "
                f"outside [{domain.lower[i]}, {domain.upper[i]}]"
            )
    return domain


def exponents(tau: Sequence[float] | None, dim: int) -> tuple[float, ...] | None:
    """The exponents of the prior, if they are dim numbers above −1; else raises BadInput."""
    if tau is None:
        return None
    out = tuple(as_float(t, "prior") for t in tau)
    if len(out) != dim:
        raise BadInput(f"prior_exponents: expected {dim} numbers, received {len(out)}")
    if any(not (t > -1.0 and math.isfinite(t)) for t in out):
        raise BadInput(f"prior_exponents: an integrable prior needs τ > −1, received {out}")
    return out if any(out) else None
