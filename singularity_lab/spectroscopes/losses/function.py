"""A loss from a batched function of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.protocol import (
    Domain,
    checked_center,
    checked_domain,
    checked_points,
    exponents,
)

# ---------------------------------------------------------------------------------- torch functions


class FunctionLoss:
    """A loss given by a torch function, with gradients by reverse-mode differentiation of the
    batch.

    function: (c, d) → (c,) when batched (row k of the result depends on row k of w alone),
    otherwise (d,) → () and it is mapped over chains by torch.vmap. gradient: optional (c, d) → (c,
    d). Raises BadInput when the function returns another shape.

    >>> import torch
    >>> loss = FunctionLoss(lambda w: (w[:, 0] * w[:, 1]) ** 2, dim=2)
    >>> loss.value_and_grad(torch.tensor([[2.0, 3.0]], dtype=torch.float64))[1].tolist()
    [[36.0, 24.0]]
    """

    kind = "function"

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        dim: int,
        *,
        center: Sequence[float] | Tensor | None = None,
        domain: Domain | None = None,
        prior_exponents: Sequence[float] | None = None,
        batched: bool = True,
        gradient: Callable[[Tensor], Tensor] | None = None,
        loss_id: str | None = None,
    ) -> None:
        if dim < 1:
            raise BadInput(f"dim: expected at least one variable, received {dim}")
        self.dim = dim
        self.center = checked_center(center, dim)
        self.domain = checked_domain(domain, self.center)
        self.prior_exponents = exponents(prior_exponents, dim)
        self.loss_id = loss_id or f"function:{getattr(function, '__qualname__', 'anonymous')}"
        self._function = function if batched else torch.vmap(function)
        self._gradient = gradient

    def _call(self, w: Tensor) -> Tensor:
        out = self._function(w)
        if not isinstance(out, Tensor) or out.shape != (w.shape[0],):
            got = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
            raise BadInput(
                f"loss {self.loss_id}: expected values of shape ({w.shape[0]},), received {got}"
            )
        return out.to(torch.float64)

    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        with torch.no_grad():
            return self._call(checked_points(w, self.dim))

    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w: (c, d) → (c,), (c, d)."""
        w = checked_points(w, self.dim)
        if self._gradient is not None:
            value = self.value(w)
            grad = self._gradient(w)
            if grad.shape != w.shape:
                raise BadInput(
                    f"loss {self.loss_id}: expected gradients of shape {tuple(w.shape)}, "
                    f"received {tuple(grad.shape)}"
                )
            return value, grad.to(torch.float64)
        with torch.enable_grad():
            leaf = w.detach().clone().requires_grad_(True)
            value = self._call(leaf)
            if not value.requires_grad:  # a constant function
                return value.detach(), torch.zeros_like(w)
            (grad,) = torch.autograd.grad(value.sum(), leaf)
        return value.detach(), grad
