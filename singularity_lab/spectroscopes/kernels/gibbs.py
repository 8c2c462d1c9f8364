"""Moves without gradients that keep a Gibbs law e^{−U}, for particles in independent replicates.
Metropolis, Rosenbluth, Rosenbluth, Teller, Teller 1953; ter Braak 2006 (differences).

The partner of :mod:`.splitting` (which keeps the uniform law on {K < y}) for the law of an
annealing ladder. Near a singular point the mass lies along curved valleys, many orders of
magnitude long and narrow, where gradients are of no help; every family draws its scale t from a
log-spaced histogram learned from acceptance:

- ``add``: u_i ← u_i + t z_i on a random set of coordinates;
- ``log``: u_i ← u_i e^{t z_i} on a random set, with Jacobian e^{tΣz};
- ``torus``: u_i ← u_i e^{±t z}, one z and random signs on blocks of coordinates: along the valley
  of a product;
- ``dilate``: u ← e^{tz} u;
- ``difference``: u ← u + tz (a − b), a and b from the other half of the replicate;
- ``log difference``: the same for log|u|;
- ``flip``: sign changes on a random set.

With gradients there is one move more, ``heat_bath``: where K is quadratic in a block of coordinates
(a layer of a linear network, a factor of a product) the conditional law of the block is Gaussian
and is drawn exactly (Geman, Geman 1984); a valley of a product is then crossed in one move, however
narrow. :func:`quadratic_blocks` finds such blocks by asking K.

Positions are rows u (P, d), P = R·N, replicate by replicate; N is even, and the first N/2
particles of a replicate are its first half.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from singularity_lab.spectroscopes.kernels import hmc

__all__ = [
    "FAMILIES",
    "GibbsState",
    "GibbsTarget",
    "Moves",
    "heat_bath",
    "init",
    "quadratic_blocks",
    "step",
    "useful",
]

FAMILIES = ("add", "log", "torus", "dilate", "difference", "log difference", "flip")


@dataclass
class GibbsState:
    """position u (P, d); value K (P,); prior −log π (P,), up to a constant; the law is
    e^{−βK}·π."""

    position: Tensor
    value: Tensor
    prior: Tensor


@dataclass
class Moves:
    """What the moves know: replicates, blocks of coordinates that move together, scales by family.

    blocks: index tensors; every coordinate is a block of its own where none are given. scales:
    histograms for g groups of particles; of P particles, particle k belongs to group ⌊k·g/P⌋.
    tally: tried and accepted by family.
    """

    replicates: int
    blocks: list[Tensor]
    scales: dict[str, hmc.Steps]
    tally: dict[str, list[float]] = field(default_factory=dict)


def useful(s: hmc.Steps, *, floor: float = 0.02) -> hmc.Steps:
    """Weights of a histogram of scales by the share of particles for which a scale is about the
    largest useful one: the decrease of the acceptance over the next two bins. Counts are halved.
    """
    rate = (s.accepted + 0.5) / (s.tried + 1.0)
    rate = torch.flip(torch.cummax(torch.flip(rate, [1]), 1).values, [1])
    ahead = torch.cat([rate[:, 2:], torch.zeros_like(rate[:, :2])], 1)
    worth = rate - ahead + floor * rate + 1e-4
    return hmc.Steps(s.epsilon, worth / worth.sum(1, keepdim=True), s.tried / 2, s.accepted / 2)


def init(
    dim: int,
    replicates: int,
    smallest: float,
    largest: float,
    blocks: Sequence[Sequence[int]] = (),
    group_count: int = 1,
    device: torch.device | str = "cpu",
) -> Moves:
    """Moves of d coordinates with additive scales from ``smallest`` to ``largest``.

    blocks: sets of coordinates (layers, say) that ``torus`` scales together, besides single ones.
    """

    def grid(low: float, high: float) -> hmc.Steps:
        count = max(2, 1 + math.ceil(math.log(high / low)))
        return hmc.steps(low, high, count, group_count, device=device)

    groups = [[j] for j in range(dim)] + [list(b) for b in blocks]
    return Moves(
        replicates,
        [torch.tensor(b, dtype=torch.long, device=device) for b in groups],
        {
            "add": grid(smallest, largest),
            "log": grid(1e-2, 30.0),
            "torus": grid(1e-3, 30.0),
            "dilate": grid(1e-3, 10.0),
            "difference": grid(1e-3, 2.0),
            "log difference": grid(1e-3, 2.0),
            "flip": grid(0.5, 1.0),
        },
    )


def _subset(count: int, generator: torch.Generator, device: torch.device) -> Tensor:
    """1, 2, 4, … of ``count`` indices, each size about equally often."""
    sizes = 1 + int(math.log2(count))
    size = min(count, 1 << int(torch.randint(sizes, (1,), generator=generator, device=device)))
    return torch.randperm(count, generator=generator, device=device)[:size]


def _normal(shape: tuple[int, ...], generator: torch.Generator, device: torch.device) -> Tensor:
    z = torch.empty(shape, dtype=torch.float32, device=device).normal_(generator=generator)
    return z.to(torch.float64)


def step(
    state: GibbsState,
    moves: Moves,
    family: str,
    law: GibbsTarget,
    beta: float | Tensor,
    generator: torch.Generator,
) -> None:
    """One move of every particle by a family, in place. beta: one number, or one a particle."""
    p = state.position.shape[0]
    if family in ("difference", "log difference"):
        n = p // moves.replicates
        index = torch.arange(p, device=state.position.device).view(moves.replicates, n)
        halves = (index[:, : n // 2].reshape(-1), index[:, n // 2 :].reshape(-1))
        for mine, other in (halves, halves[::-1]):
            _decide(state, moves, family, law, beta, generator, mine, other)
    else:
        everyone = torch.arange(p, device=state.position.device)
        _decide(state, moves, family, law, beta, generator, everyone, None)


class GibbsTarget(Protocol):
    """What is sampled: ``value(u)`` K (c,), and ``prior(u)`` −log π (c,), +∞ outside."""

    def value(self, u: Tensor) -> Tensor:
        """K at displacements u (c, d)."""

    def prior(self, u: Tensor) -> Tensor:
        """−log π at displacements u (c, d), up to a constant."""


def _propose(
    u: Tensor,
    family: str,
    t: Tensor,
    moves: Moves,
    others: Tensor | None,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor | float]:
    """The proposal (c, d) and its log Jacobian (c,)."""
    c, d = u.shape
    device = u.device
    if others is not None:
        r = moves.replicates
        view = others.view(r, -1, d)
        h = view.shape[1]
        i = int(torch.randint(h, (1,), generator=generator, device=device))
        j = 1 + int(torch.randint(h - 1, (1,), generator=generator, device=device))
        a = torch.roll(view, i, dims=1).reshape(c, d)
        b = torch.roll(view, i + j, dims=1).reshape(c, d)
        z = t[:, None] * _normal((c, 1), generator, device)
        if family == "difference":
            return torch.addcmul(u, z, a - b), 0.0
        shift = z * torch.log((a / b).abs_()).nan_to_num_(0.0, 0.0, 0.0)
        return u * torch.exp(shift), shift.sum(1)
    v = u.clone()
    if family == "dilate":
        z = t * _normal((c,), generator, device)
        return u * torch.exp(z)[:, None], d * z
    if family == "torus":
        chosen = _subset(len(moves.blocks), generator, device).tolist()
        bits = torch.randint(2, (len(chosen),), generator=generator, device=device)
        signs = (2 * bits - 1).tolist()
        z = t * _normal((c,), generator, device)
        total = 0
        for k, sign in zip(chosen, signs, strict=True):
            v[:, moves.blocks[k]] *= torch.exp(sign * z)[:, None]
            total += sign * len(moves.blocks[k])
        return v, total * z
    rows = _subset(d, generator, device)
    if family == "flip":
        v[:, rows] = -v[:, rows]
        return v, 0.0
    z = t[:, None] * _normal((c, len(rows)), generator, device)
    if family == "add":
        v[:, rows] += z
        return v, 0.0
    v[:, rows] *= torch.exp(z)
    return v, z.sum(1)


def _decide(
    state: GibbsState,
    moves: Moves,
    family: str,
    law: GibbsTarget,
    beta: float | Tensor,
    generator: torch.Generator,
    mine: Tensor,
    other: Tensor | None,
) -> None:
    s = moves.scales[family]
    device = state.position.device
    c = len(mine)
    groups, bins = s.weights.shape
    group = mine * groups // len(state.value)
    draw = torch.rand((c, 1), generator=generator, dtype=torch.float64, device=device)
    which = (draw > torch.cumsum(s.weights, 1)[group]).sum(1).clamp_(max=bins - 1)
    inverse = beta[mine] if isinstance(beta, Tensor) else beta
    u = state.position[mine]
    others = None if other is None else state.position[other]
    v, jacobian = _propose(u, family, s.epsilon[which], moves, others, generator)
    prior = law.prior(v)
    value = law.value(v)
    gain = inverse * (state.value[mine] - value) + state.prior[mine] - prior + jacobian
    uniform = torch.rand(c, generator=generator, dtype=torch.float64, device=device)
    accept = (torch.log(uniform) < gain) & torch.isfinite(prior)  # False for NaN
    state.position[mine] = torch.where(accept[:, None], v, u)
    state.value[mine] = torch.where(accept, value, state.value[mine])
    state.prior[mine] = torch.where(accept, prior, state.prior[mine])
    cell = group * bins + which
    s.tried.view(-1).index_add_(0, cell, torch.ones(c, dtype=torch.float64, device=device))
    s.accepted.view(-1).index_add_(0, cell, accept.double())
    tally = moves.tally.setdefault(family, [0.0, 0.0])
    tally[0] += c
    tally[1] += float(accept.sum())


def quadratic_blocks(
    law: GibbsTarget,
    points: Tensor,
    candidates: Sequence[int],
    known: Sequence[Sequence[int]] = (),
    largest: int = 64,
) -> list[Tensor]:
    """Blocks of coordinates, jointly quadratic in K, that cover those of ``candidates`` for which
    K is quadratic.

    Asked of K along random lines through ``points`` (c, d): five equidistant values of a
    quadratic function have vanishing third differences. known: blocks to try first (layers); the
    rest is collected greedily in order of the coordinates. Blocks have ``largest`` members at
    most; blocks of one coordinate are left out when all blocks are such and there are more than
    eight of them.
    """
    c, d = points.shape
    device = points.device
    signs = torch.where((torch.arange(c * d, device=device) * 7919 % 13) % 2 == 0, 1.0, -1.0)
    size = (1.0 + (torch.arange(c * d, device=device) * 104729 % 31) / 31.0).double()
    lines = (signs * size).view(c, d) * points.abs().mean()

    def is_quadratic(block: Sequence[int]) -> bool:
        direction = torch.zeros_like(points)
        direction[:, list(block)] = lines[:, list(block)]
        k = torch.stack([law.value(points + t * direction) for t in (-1.0, -0.5, 0.0, 0.5, 1.0)])
        third = k[1:] - k[:-1]
        third = third[1:] - third[:-1]
        third = third[1:] - third[:-1]
        return bool((third.abs() <= 1e-9 * k.abs().amax(0).clamp_min(1e-300)).all())

    blocks: list[list[int]] = []
    left = list(candidates)
    for block in known:
        if set(block) <= set(left) and len(block) <= largest and is_quadratic(block):
            blocks.append(list(block))
            left = [j for j in left if j not in set(block)]
    grown: list[list[int]] = []
    for j in left:
        for block in grown:
            if len(block) < largest and is_quadratic([*block, j]):
                block.append(j)
                break
        else:
            if is_quadratic([j]):
                grown.append([j])
    blocks += grown
    if len(blocks) > 8:
        blocks = [b for b in blocks if len(b) > 1]
    return [torch.tensor(b, dtype=torch.long, device=device) for b in blocks]


def heat_bath(
    state: GibbsState,
    block: Tensor,
    law: GibbsTarget,
    beta: float,
    target: hmc.Target,
    reach: float,
    generator: torch.Generator,
) -> None:
    """Draw a block of every particle from its Gaussian conditional law, in place.

    K must be quadratic in the block. The conditional precision is found from differences of
    gradients at distance ``reach``, exact for a quadratic function: q + 1 gradients a particle for
    q coordinates. A particle whose precision is not positive by rounding stays.
    """
    u = state.position
    p, d = u.shape
    q = len(block)
    shifted = u[:, None, :].repeat(1, q + 1, 1)
    shifted[:, torch.arange(1, q + 1, device=u.device), block] += reach
    gradient = target(shifted.view(-1, d))[1].view(p, q + 1, d)[:, :, block]
    precision = (gradient[:, 1:] - gradient[:, :1]) / reach
    precision = 0.5 * (precision + precision.transpose(1, 2))
    factor, bad = torch.linalg.cholesky_ex(precision)
    fine = (bad == 0) & torch.isfinite(factor).all(2).all(1)
    factor = torch.where(fine[:, None, None], factor, torch.eye(q, dtype=u.dtype, device=u.device))
    newton = torch.cholesky_solve(gradient[:, 0, :, None], factor)
    z = _normal((p, q, 1), generator, u.device)
    draw = torch.linalg.solve_triangular(factor.transpose(1, 2), z, upper=True)
    new = u.clone()
    new[:, block] += torch.where(fine[:, None], (draw - newton)[:, :, 0], 0.0)
    state.position, state.value, state.prior = new, law.value(new), law.prior(new)
