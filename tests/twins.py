"""Torch twins of models, at one point."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch


def value(function: Callable[[torch.Tensor], torch.Tensor], numbers: Sequence[float]) -> float:
    """The value of a twin, or of an analytic loss, at one point."""
    return function(torch.tensor([numbers], dtype=torch.float64)).item()
