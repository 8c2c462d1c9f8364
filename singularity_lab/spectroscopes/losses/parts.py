"""Losses of parts: some parameters held fixed, mixtures of losses, components of a module."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.protocol import (
    Domain,
    Loss,
    ValueAndGrad,
    checked_points,
    of_points,
)

# ---------------------------------------------------------------------------------- losses


class RestrictedLoss:
    """K(w_C, w*_rest) as a loss of the coordinates C alone, near w*_C.

    loss: any Loss. indices: C, distinct numbers in 0 … d − 1.

    >>> import torch
    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> product = PolynomialLoss.from_exponents([([1], [(1, 1)])], center=[0, 2])
    >>> RestrictedLoss(product, [0]).value(torch.tensor([[3.0]])).tolist()
    [36.0]
    """

    n_data: int  # of a loss on data

    def __init__(self, loss: Loss, indices: Sequence[int], name: str | None = None) -> None:
        chosen = [int(j) for j in indices]
        if (
            not chosen
            or len(set(chosen)) != len(chosen)
            or not all(0 <= j < loss.dim for j in chosen)
        ):
            raise BadInput(
                f"indices: expected distinct numbers in 0…{loss.dim - 1}, received {list(indices)}"
            )
        self.loss = loss
        self.kind = loss.kind if loss.kind in ("module", "function") else "restricted"
        self.indices = torch.tensor(chosen)
        self.dim = len(chosen)
        self.center = loss.center.double()[self.indices]
        self.domain = None
        if loss.domain is not None:
            self.domain = Domain(
                tuple(loss.domain.lower[j] for j in chosen),
                tuple(loss.domain.upper[j] for j in chosen),
            )
        tau = loss.prior_exponents
        cut = None if tau is None else tuple(tau[j] for j in chosen)
        self.prior_exponents = cut if cut and any(cut) else None
        self.rounding = getattr(loss, "rounding", 2.0**-52)
        if name is None:
            name = hashlib.sha256(repr(chosen).encode()).hexdigest()[:8]
        self.loss_id = f"{loss.loss_id}|{name}"
        if getattr(loss, "local_value", None) is not None:
            self.local_value = self._local_value
        if getattr(loss, "local_value_and_grad", None) is not None:
            self.local_value_and_grad = self._local_value_and_grad
        for name in ("n_data", "dtype", "batch_size", "by_chain"):
            if hasattr(loss, name):
                setattr(self, name, getattr(loss, name))
        if getattr(loss, "batch_size", None) is not None:
            self.stochastic_value_and_grad = self._stochastic
        for name in ("example_values", "fixed_value"):
            if hasattr(loss, name):
                setattr(self, name, self._embedded(getattr(loss, name)))
        if getattr(loss, "observed", None):
            self.observed = {k: self._embedded(f) for k, f in loss.observed.items()}  # type: ignore[attr-defined]

    def _embedded(self, f: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """A function of all parameters as one of those that move."""
        return lambda v: f(self._embed(v, self.loss.center.double()))

    def _stochastic(self, w: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        both = self.loss.stochastic_value_and_grad  # type: ignore[attr-defined]
        value, grad = both(self._embed(w, self.loss.center.double()), generator)
        return value, grad[:, self.indices.to(grad.device)]

    def _embed(self, v: Tensor, rest: Tensor) -> Tensor:
        v = checked_points(v, self.dim, single=True)
        w = rest.to(v.device, v.dtype).expand(v.shape[0], -1).clone()
        w[:, self.indices.to(v.device)] = v
        return w

    @of_points
    def value(self, w: Tensor) -> Tensor:
        """K at w_C: (c, |C|) → (c,)."""
        return self.loss.value(self._embed(w, self.loss.center.double()))

    @of_points
    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and its gradient in w_C."""
        value, grad = self.loss.value_and_grad(self._embed(w, self.loss.center.double()))
        return value, grad[:, self.indices.to(grad.device)]

    def side_by_side(self, others: Sequence[RestrictedLoss]) -> ValueAndGrad | None:
        """K and its gradient, of this loss and others that move the same coordinates, at w
        (losses·c, |C|), where the whole losses can be computed so; else None."""
        losses = (self, *others)
        whole = [loss.loss for loss in losses]
        joined: Callable[[Sequence[Loss]], ValueAndGrad | None] | None
        joined = getattr(self.loss, "side_by_side", None)
        if joined is None or any(
            type(o.loss) is not type(self.loss) or not torch.equal(o.indices, self.indices)
            for o in others
        ):
            return None
        evaluate = joined(whole[1:])
        if evaluate is None:
            return None
        rest = torch.stack([loss.center.double() for loss in whole])

        def moving(v: Tensor) -> tuple[Tensor, Tensor]:
            at = self.indices.to(v.device)
            w = rest.to(v.device).repeat_interleave(len(v) // len(losses), 0)
            w[:, at] = v.to(torch.float64)
            value, grad = evaluate(w)
            return value, grad[:, at]

        return moving

    def _local_value(self, u: Tensor) -> Tensor:
        zero = torch.zeros(self.loss.dim, dtype=torch.float64)
        value: Tensor = self.loss.local_value(self._embed(u, zero))  # type: ignore[attr-defined]
        return value

    def _local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        zero = torch.zeros(self.loss.dim, dtype=torch.float64)
        both = self.loss.local_value_and_grad  # type: ignore[attr-defined]
        value, grad = both(self._embed(u, zero))
        return value, grad[:, self.indices.to(grad.device)]


class MixtureLoss:
    """K = Σ weight·K_part over parts of the data, each a loss of the same parameters at one w*.

    parts: name → Loss; weights: name → share of the data (None: equal shares). A device that asks
    for ``parts`` finds them here.

    >>> import torch
    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> one = PolynomialLoss.from_exponents([([1], [(1, 0)])])
    >>> two = PolynomialLoss.from_exponents([([1], [(0, 1)])])
    >>> MixtureLoss({"a": one, "b": two}).value(torch.tensor([[2.0, 4.0]])).tolist()
    [10.0]
    """

    kind = "mixture"

    def __init__(
        self,
        parts: Mapping[str, Loss],
        weights: Mapping[str, float] | None = None,
        *,
        components: Mapping[str, Sequence[int]] | None = None,
        loss_id: str | None = None,
    ) -> None:
        if not parts:
            raise BadInput("parts: expected at least one loss, received none")
        share = dict.fromkeys(parts, 1 / len(parts)) if weights is None else dict(weights)
        if set(share) != set(parts) or any(not x > 0 for x in share.values()):
            raise BadInput(
                f"weights: expected a positive number for {sorted(parts)}, received {share}"
            )
        first = next(iter(parts.values()))
        for name, part in parts.items():
            if part.dim != first.dim or not torch.equal(part.center, first.center):
                raise BadInput(f"parts: {name!r} has another dimension or centre than the first")
            if part.prior_exponents != first.prior_exponents or part.domain != first.domain:
                raise BadInput(f"parts: {name!r} has another prior or domain than the first")
        self.parts = dict(parts)
        self.weights = share
        self.dim, self.center, self.domain = first.dim, first.center, first.domain
        self.prior_exponents = first.prior_exponents
        self.rounding = max(float(getattr(p, "rounding", 2.0**-52)) for p in parts.values())
        given = components or getattr(first, "components", None)
        if given:
            self.components = {str(k): list(v) for k, v in given.items()}
        self.loss_id = loss_id or "mixture:" + "+".join(p.loss_id for p in parts.values())
        if all(getattr(p, "local_value_and_grad", None) is not None for p in parts.values()):
            self.local_value = self._local_value
            self.local_value_and_grad = self._local_value_and_grad

    @of_points
    def value(self, w: Tensor) -> Tensor:
        """K at w: (c, d) → (c,)."""
        return _sum([(self.weights[n], p.value(w)) for n, p in self.parts.items()])

    @of_points
    def value_and_grad(self, w: Tensor) -> tuple[Tensor, Tensor]:
        """K and ∇K at w."""
        found = [(self.weights[n], p.value_and_grad(w)) for n, p in self.parts.items()]
        return _sum([(a, k) for a, (k, _) in found]), _sum([(a, g) for a, (_, g) in found])

    def _local_value(self, u: Tensor) -> Tensor:
        parts = self.parts.items()
        return _sum([(self.weights[n], p.local_value(u)) for n, p in parts])  # type: ignore[attr-defined]

    def _local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        parts = self.parts.items()
        found = [(self.weights[n], p.local_value_and_grad(u)) for n, p in parts]  # type: ignore[attr-defined]
        return _sum([(a, k) for a, (k, _) in found]), _sum([(a, g) for a, (_, g) in found])


def _sum(terms: list[tuple[float, Tensor]]) -> Tensor:
    total = terms[0][0] * terms[0][1]
    for a, x in terms[1:]:
        total = total + a * x
    return total


def component_indices(loss: Loss, component: str | Sequence[int]) -> list[int]:
    """Indices of a component: a name that the loss knows, a list, or text such as "0-3,7".

    Raises BadInput for a name that is none of these.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> component_indices(PolynomialLoss.from_exponents([([1], [(1, 1, 1)])]), "0,2")
    [0, 2]
    """
    known: Mapping[str, Sequence[int]] = getattr(loss, "components", None) or {}
    if not isinstance(component, str):
        if isinstance(component, int):
            return [component]
        return [int(j) for j in component]
    if component in known:
        return list(known[component])
    out: list[int] = []
    for piece in component.split(","):
        low, dash, high = piece.strip().partition("-")
        if not (low.isdigit() and (high.isdigit() or not dash)):
            raise BadInput(
                f"component: expected one of {sorted(known)} or indices such as '0-3,7', "
                f"received {component!r}"
            )
        out += range(int(low), int(high if dash else low) + 1)
    return out
