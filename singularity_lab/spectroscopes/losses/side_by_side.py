"""Several losses, each at its own chains, by one call.

The checkpoints of a small model cost little arithmetic and many calls: side by side, as one batch,
they cost the calls of one. Losses that offer ``side_by_side`` are computed so, once it is seen that
this gives the numbers of each alone (two modules of one class need not be one function); all
others in turn.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from singularity_lab.spectroscopes.losses.protocol import Loss, ValueAndGrad

__all__ = ["at_displacements"]

_BESIDE = 0.1  # of |w*| and 1: where the numbers are compared
_GAP = {torch.float32: 1e-3, torch.float64: 1e-9}  # of the largest


def at_displacements(losses: Sequence[Loss]) -> tuple[ValueAndGrad, bool]:
    """K(w*_k + u) and its gradient for displacements u (losses·c, d), the first c rows for the
    first loss, and so on: (losses·c,), (losses·c, d); and whether it is one call for all.

    losses: at least one, all of one dimension.

    >>> from singularity_lab.spectroscopes import FunctionLoss
    >>> def distance(w, a):
    ...     return ((w - a) ** 2).sum(1)
    >>> two = [FunctionLoss(distance, 1, center=[x], given=torch.tensor([x])) for x in (1.0, 5.0)]
    >>> evaluate, one_call = at_displacements(two)
    >>> evaluate(torch.tensor([[0.0], [3.0], [0.0], [2.0]]))[0].tolist(), one_call
    ([0.0, 9.0, 0.0, 4.0], True)
    """
    first, *others = losses
    by_one = getattr(first, "side_by_side", None)
    centers = torch.stack([loss.center.to(torch.float64) for loss in losses])
    joined = None
    if by_one is not None and others and all(type(loss) is type(first) for loss in others):
        joined = by_one(others)
    if joined is not None and _same(joined, losses, centers):
        together = joined

        def evaluate(u: Tensor) -> tuple[Tensor, Tensor]:
            each = len(u) // len(losses)
            return together(u + centers.to(u.device).repeat_interleave(each, 0))

        return evaluate, True

    alone = [_alone(loss) for loss in losses]

    def in_turn(u: Tensor) -> tuple[Tensor, Tensor]:
        parts = [f(x) for f, x in zip(alone, u.chunk(len(losses)), strict=True)]
        return torch.cat([v for v, _ in parts]), torch.cat([g for _, g in parts])

    return in_turn, False


def _alone(loss: Loss) -> ValueAndGrad:
    """K and ∇K of one loss at displacements."""
    local: ValueAndGrad | None = getattr(loss, "local_value_and_grad", None)
    if local is not None:
        return local
    return lambda u: loss.value_and_grad(u + loss.center.to(u.device))


def _same(joined: ValueAndGrad, losses: Sequence[Loss], centers: Tensor) -> bool:
    """Whether one call gives what each loss gives, at two points beside each centre."""
    generator = torch.Generator().manual_seed(0)
    at = centers.repeat_interleave(2, 0)
    noise = torch.randn(at.shape, generator=generator, dtype=torch.float64)
    w = at + _BESIDE * (1 + at.abs()) * noise
    try:
        value, slope = joined(w)
    except RuntimeError:  # of torch, which cannot map all that it can compute
        return False
    gap = max(_GAP[getattr(loss, "dtype", torch.float64)] for loss in losses)

    def near(a: Tensor, b: Tensor) -> bool:
        size = float(b.abs().max())
        return size < float("inf") and float((a - b).abs().max()) <= gap * size

    for loss, x, v, g in zip(losses, w.split(2), value.split(2), slope.split(2), strict=True):
        own_value, own_slope = loss.value_and_grad(x)
        if not (near(v, own_value) and near(g, own_slope)):
            return False
    return True
