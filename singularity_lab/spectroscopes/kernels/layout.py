"""Batches of chains: the shape is (chains, parameters) everywhere, the memory may be by parameters.

A shape says nothing of the order in memory. Losses of few parameters are fastest where the values
of one parameter for all chains lie side by side, and a chain whose position is laid out so keeps
that order through every step. Modules, whose weights are matrices of one chain, want them by chain.
"""

from __future__ import annotations

import torch
from torch import Tensor

from singularity_lab.spectroscopes.kernels import noise


def zeros(
    chains: int,
    parameters: int,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
    *,
    by_chain: bool = False,
) -> Tensor:
    """Zeros (c, d), laid out by parameters, or by chain."""
    if by_chain:
        return torch.zeros((chains, parameters), dtype=dtype, device=device)
    return torch.zeros((parameters, chains), dtype=dtype, device=device).t()


def normal(u: Tensor, generator: noise.Source) -> Tensor:
    """Standard normal numbers (c, d) in single precision for positions (c, d), drawn and laid out
    as the positions are."""
    by_row = u.is_contiguous() and not u.t().is_contiguous()
    return noise.normal(u.shape[0], u.shape[1], generator, u.device, by_row=by_row)
