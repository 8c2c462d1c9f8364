"""A loss from a batched function of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.protocol import (
    Domain,
    ValueAndGrad,
    checked_center,
    checked_domain,
    checked_points,
    exponents,
    of_points,
)

# ---------------------------------------------------------------------------------- torch functions


class FunctionLoss:
    """A loss given by a torch function, with gradients by reverse-mode differentiation of the
    batch.

    function: (c, d) → (c,) when batched (row k of the result depends on row k of w alone),
    otherwise (d,) → () and it is mapped over chains by torch.vmap. gradient: optional (c, d) → (c,
    d). given: a tensor that the function and the gradient take beside w (a target, say), as a row
    for every row of w: losses that differ in it alone are computed together where they are
    measured side by side. Raises BadInput when the function returns another shape.

    >>> import torch
    >>> loss = FunctionLoss(lambda w: (w[:, 0] * w[:, 1]) ** 2, dim=2)
    >>> loss.value_and_grad(torch.tensor([[2.0, 3.0]], dtype=torch.float64))[1].tolist()
    [[36.0, 24.0]]
    >>> from_2 = FunctionLoss(lambda w, a: ((w - a) ** 2).sum(1), dim=1, given=torch.tensor([2.0]))
    >>> from_2.value(torch.tensor([[5.0], [2.0]])).tolist()
    [9.0, 0.0]
    """

    kind = "function"

    def __init__(
        self,
        function: Callable[..., Tensor],
        dim: int,
        *,
        center: Sequence[float] | Tensor | None = None,
        domain: Domain | None = None,
        prior_exponents: Sequence[float] | None = None,
        batched: bool = True,
        gradient: Callable[..., Tensor] | None = None,
        given: Tensor | None = None,
        loss_id: str | None = None,
    ) -> None:
        if dim < 1:
            raise BadInput(f"dim: expected at least one variable, received {dim}")
        self.dim = dim
        self.center = checked_center(center, dim)
        self.domain = checked_domain(domain, self.center)
        self.prior_exponents = exponents(prior_exponents, dim)
        self.loss_id = loss_id or f"function:{getattr(function, '__qualname__', 'anonymous')}"
        self._given = given
        self._parts = (function, gradient, batched)
        self._function = function if batched else torch.vmap(function)
        self._gradient = gradient

    def side_by_side(self, others: Sequence[FunctionLoss]) -> ValueAndGrad | None:
        """K and ∇K of this loss and others at w (losses·c, d), the first c rows for this one, the
        next for the first of the others, …; None where they differ in more than ``given``."""
        own = [loss._given for loss in (self, *others) if loss._parts == self._parts]
        rows = [x for x in own if x is not None and x.shape == own[0].shape]  # type: ignore[union-attr]
        if len(rows) <= len(others):
            return None
        given = torch.stack(rows)

        def evaluate(w: Tensor) -> tuple[Tensor, Tensor]:
            return self._both(w, given.repeat_interleave(len(w) // len(given), 0))

        return evaluate

    def _beside(self, w: Tensor) -> tuple[Tensor, ...]:
        """``given`` for every row of w, where there is one."""
        return () if self._given is None else (self._given.expand(len(w), *self._given.shape),)

    def _call(self, w: Tensor, *given: Tensor) -> Tensor:
        out = self._function(w, *given)
        if not isinstance(out, Tensor) or out.shape != (w.shape[0],):
            got = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise BadInput(
                f"loss {self.loss_id}: expected values of shape ({w.shape[0]},), received {got}"
            )
        return out.to(torch.float64)

    @of_points
    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        w = checked_points(w, self.dim)
        with torch.no_grad():
            return self._call(w, *self._beside(w))

    @of_points
    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w: (c, d) → (c,), (c, d)."""
        w = checked_points(w, self.dim)
        return self._both(w, *self._beside(w))

    def _both(self, w: Tensor, *given: Tensor) -> tuple[Tensor, Tensor]:
        if self._gradient is not None:
            with torch.no_grad():
                value = self._call(w, *given)
            grad = self._gradient(w, *given)
            if grad.shape != w.shape:
                raise BadInput(
                    f"loss {self.loss_id}: expected gradients of shape {tuple(w.shape)}, "
                    f"received {tuple(grad.shape)}"
                )
            return value, grad.to(torch.float64)
        with torch.enable_grad():
            leaf = w.detach().clone().requires_grad_(True)
            value = self._call(leaf, *given)
            if not value.requires_grad:  # a constant function
                return value.detach(), torch.zeros_like(w)
            (grad,) = torch.autograd.grad(value.sum(), leaf)
        return value.detach(), grad
