"""Moves that keep the uniform law on {K < y} ∩ box, for particles in independent replicates.

Every sweep applies one family of moves to all particles, with one K evaluation each; a family
keeps the law, so any schedule of families does. Near a singular point no single scale suits:
widths across the valleys of {K < y} run from √y to 1. So each proposal draws its scale from a
log-spaced histogram, learned from acceptance.

Families (t a scale, z standard normal, S a random set of coordinates, common to the sweep):

- ``log``: u_i ← u_i·e^{t z_i}, i ∈ S, with Jacobian e^{tΣz}: moves along monomial valleys, where
  log|u| is spread over the whole depth;
- ``torus``: u_i ← u_i·e^{v_i t z} with weights v_i of 0, ±1, among them dilation of everything;
- ``add``: u_i ← u_i + t z_i, i ∈ S; single coordinates, sparse and full directions;
- ``difference``: u ← u + t(a − b), a and b from the other half of the replicate (ter Braak 2006):
  adapts to any linear change of coordinates;
- ``log difference``: the same in log|u|, adapted to any monomial change of coordinates: curved
  valleys such as x² = y³ are straight there;
- ``frame``: ``log`` and ``add`` along the principal axes of the other half, for valleys that are
  oblique;
- ``fibre``: some coordinates move and one is drawn anew where the parabola through K along it says
  that {K < y} now is: moves along valleys of any curvature, of whatever width;
- ``symmetry``: sign changes and transpositions of coordinates.

Particles are columns u (d, P), P = 2·R·H: two halves, each of R replicates of H = N/2 particles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

_BIN = math.log(10.0) / 2  # width of a histogram bin: half a decade


class RandomTables:
    """Random numbers of one level, drawn once and read at random offsets.

    A kernel that reads entry (particle + offset) of a fixed table, with the offset drawn afresh
    for every sweep and row, and a random sign, is a symmetric mixture for every particle; only
    different particles share numbers. This takes the random number generator, and the
    exponentials of the ``log`` moves, out of the sweep.
    """

    def __init__(self, size: int, generator: torch.Generator) -> None:
        self.size = size
        grid = (torch.arange(size, dtype=torch.float64) + 0.5) / size
        uniform = grid[torch.randperm(size, generator=generator)]
        normal = _normal((size,), generator).to(torch.float64)
        self.uniform = torch.cat([uniform, uniform])
        self.normal = torch.cat([normal, normal, -normal, -normal])

    def uniforms(self, n: int, generator: torch.Generator) -> Tensor:
        """n uniform numbers from a random place of the table, of shape (n,)."""
        offset = _integer(self.size, generator)
        return self.uniform[offset : offset + n]

    def normals(self, n: int, generator: torch.Generator) -> Tensor:
        """n normal numbers from a random place of the table, of shape (n,)."""
        offset = _integer(2 * self.size, generator)
        offset += self.size if offset >= self.size else 0
        return self.normal[offset : offset + n]


class Scales:
    """A histogram of scales t = e^{lo + b·bin}, weighted by what acceptance shows to be useful.

    The acceptance a(t) of a scale is the share of particles whose valley is wider than t; its
    decrease over the next bins is the share for which t is about the largest useful scale. That
    decrease, plus a floor, is the weight. ``z`` is a table of t·normal, with its mirror image;
    ``growth`` is e^z where asked for; ``scale`` is t alone.
    """

    def __init__(self, lo: float, hi: float, exponential: bool = False) -> None:
        self.lo = lo
        self.count = max(2, math.ceil((hi - lo) / _BIN))
        self.tried = np.zeros(self.count)
        self.accepted = np.zeros(self.count)
        self.lowest = 0  # bins below are switched off
        self.exponential = exponential
        self.uses = 0

    def weights(self) -> np.ndarray:
        """Normalised weights of the bins."""
        rate = (self.accepted + 0.5) / (self.tried + 1.0)
        rate = np.maximum.accumulate(rate[::-1])[::-1]  # a larger step is never easier
        ahead = np.concatenate([rate[2:], [0.0, 0.0]])
        useful = rate - ahead + 0.02 * rate + 1e-4
        useful[: self.lowest] = 0.0
        return useful / useful.sum()

    def refresh(self, size: int, generator: torch.Generator) -> None:
        """Draw the table of the coming level, and forget half of the counts."""
        grid = (torch.arange(size, dtype=torch.float64) + 0.5) / size
        weights = torch.from_numpy(np.cumsum(self.weights())).to(grid.device)
        bins = torch.searchsorted(weights, grid).clamp_(max=self.count - 1)
        self.histogram = torch.bincount(bins, minlength=self.count).cpu().numpy() / size
        bins = bins[torch.randperm(size, generator=generator)]
        jitter = torch.rand(size, generator=generator, dtype=torch.float64)
        t = torch.exp(self.lo + (bins + jitter) * _BIN)
        z = t * _normal((size,), generator)
        self.size = size
        self.scale = torch.cat([t, t])
        self.z = torch.cat([z, z, -z, -z])
        self.bins = torch.cat([bins, bins])
        if self.exponential:
            self.growth = torch.exp(self.z)
        self.tried *= 0.5
        self.accepted *= 0.5

    def offset(self, generator: torch.Generator) -> tuple[int, int]:
        """A random place in the table: for ``scale`` and ``bins``, and for ``z`` and ``growth``."""
        o = _integer(2 * self.size, generator)
        return o % self.size, o if o < self.size else o + self.size

    def learn(self, offset: int, accept: Tensor) -> None:
        """Count what was accepted, every second time."""
        self.uses += 1
        if self.uses % 2:
            return
        bins = self.bins[offset : offset + accept.numel()]
        self.tried += self.histogram * accept.numel()
        counts = torch.bincount(bins, weights=accept.to(torch.float64), minlength=self.count)
        self.accepted += counts.cpu().numpy()


@dataclass
class SplittingState:
    """position u (d, P); value K (P,); below: the current level y; lower, upper: walls (d, 1).

    tau: prior exponents (d, 1) or None, and the centre (d, 1) they refer to. scales: by family.
    """

    position: Tensor
    value: Tensor
    replicates: int
    below: float
    lower: Tensor
    upper: Tensor
    tau: Tensor | None
    center: Tensor
    scales: dict[str, Scales]
    tables: RandomTables | None = None
    moved: dict[str, list[float]] = field(default_factory=dict)
    frame: Tensor | None = None

    def __post_init__(self) -> None:
        self.low = self.lower[:, 0].tolist()
        self.high = self.upper[:, 0].tolist()

    @property
    def dim(self) -> int:
        """The number of parameters."""
        return self.position.shape[0]

    @property
    def half(self) -> int:
        """Half the number of particles."""
        return self.position.shape[1] // 2


K = Callable[[Tensor], Tensor]


def init(
    k: K,
    lower: Tensor,
    upper: Tensor,
    center: Tensor,
    tau: Tensor | None,
    replicates: int,
    particles: int,
    generator: torch.Generator,
) -> SplittingState:
    """Independent draws from the prior ∏|w|^τ on the box; ``particles`` (even) in a replicate."""
    d, p = lower.shape[0], replicates * particles
    q = torch.rand((d, p), generator=generator, dtype=torch.float64)
    if tau is None:
        u = lower + q * (upper - lower)
    else:  # F(w) = sign(w)|w|^{τ+1} makes the prior uniform
        power = tau + 1

        def primitive(w: Tensor) -> Tensor:
            return torch.sign(w) * w.abs() ** power

        a, b = primitive(lower + center), primitive(upper + center)
        s = a + q * (b - a)
        u = (torch.sign(s) * s.abs() ** (1 / power) - center).clamp(lower, upper)
    width = float((upper - lower).max())
    scales = {
        "log": Scales(math.log(1e-2), math.log(200.0), exponential=True),
        "log sparse": Scales(math.log(1e-2), math.log(200.0)),
        "torus": Scales(math.log(1e-3), math.log(200.0), exponential=True),
        "dilate": Scales(math.log(1e-3), math.log(30.0), exponential=True),
        "add": Scales(-345.0, math.log(width)),
        "sparse": Scales(-345.0, math.log(width)),
        "difference": Scales(math.log(1e-4), math.log(3.0)),
        "log difference": Scales(math.log(1e-4), math.log(3.0)),
        "frame log": Scales(math.log(1e-2), math.log(200.0), exponential=True),
        "frame add": Scales(-345.0, math.log(width)),
        "fibre log": Scales(math.log(1e-3), math.log(200.0)),
        "fibre add": Scales(-60.0, math.log(width)),
    }
    return SplittingState(u, k(u.t()), replicates, math.inf, lower, upper, tau, center, scales)


def prepare(
    state: SplittingState,
    y: float,
    generator: torch.Generator,
    fresh: bool = True,
    discard: Tensor | None = None,
) -> None:
    """Start a level: keep particles with K < y and fill every replicate with copies of them.

    discard: mask (P,) of particles not to be copied although K < y.
    fresh: draw new tables, with the scales learned so far (always needed on the first level).
    """
    r, h = state.replicates, state.half // state.replicates
    n, p = 2 * h, 2 * state.half
    value = state.value.view(2, r, h).transpose(0, 1).reshape(r, n)
    alive = value < y
    if discard is not None:
        alive &= ~discard.view(2, r, h).transpose(0, 1).reshape(r, n)
    keys = torch.rand((r, n), generator=generator, dtype=torch.float64) + (~alive).double()
    order = torch.argsort(keys, dim=1)
    count = alive.sum(1, keepdim=True).clamp_(min=1)
    chosen = order.gather(1, torch.arange(n).expand(r, n) % count)
    column = (chosen // h) * state.half + torch.arange(r)[:, None] * h + chosen % h
    column = column.view(r, 2, h).transpose(0, 1).reshape(p)
    state.position = state.position[:, column].contiguous()
    state.value = state.value[column]
    state.below = y
    smallest = 0.5 * math.log(max(y, 1e-300)) - 2.0
    for name, s in state.scales.items():
        if name in ("add", "sparse", "frame add"):
            s.lowest = min(s.count - 2, max(0, int((smallest - s.lo) / _BIN)))
        if fresh:
            s.refresh(p, generator)
    if fresh:
        state.tables = RandomTables(p, generator)
    state.frame = None


# ---------------------------------------------------------------------------------- one move


def _decide(
    state: SplittingState,
    k: K,
    part: slice,
    rows: list[int],
    proposal: list[Tensor],
    ratio: Tensor | None,
    generator: torch.Generator,
) -> Tensor:
    """Accept proposals for some rows of some particles; returns the mask of accepted ones.

    ratio: proposal density backward / forward, times the Jacobian; None for one. Rows are
    overwritten by their proposals for the evaluation of K, and restored where rejected.
    """
    assert state.tables is not None
    kept = [state.position[j, part].clone() for j in rows]
    if state.tau is not None:
        for j, new, old in zip(rows, proposal, kept, strict=True):
            tau, c = float(state.tau[j]), float(state.center[j])
            if tau:
                prior = ((new + c) / (old + c)).abs_().pow_(tau)
                ratio = prior if ratio is None else ratio * prior
    accept = None
    for j, new in zip(rows, proposal, strict=True):
        inside = torch.clamp(new, state.low[j], state.high[j]).eq_(new).bool()
        accept = inside if accept is None else accept.logical_and_(inside)
        state.position[j, part] = new
    assert accept is not None
    if ratio is not None:
        accept &= ratio > state.tables.uniforms(ratio.numel(), generator)
    value = k(state.position[:, part].t())
    accept &= value < state.below
    for j, new, old in zip(rows, proposal, kept, strict=True):
        torch.where(accept, new, old, out=state.position[j, part])
    current = state.value[part]
    torch.where(accept, value, current, out=current)
    return accept


def _normal(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.empty(shape, dtype=torch.float32).normal_(generator=generator)


def _integer(high: int, generator: torch.Generator) -> int:
    return int(torch.randint(high, (1,), generator=generator))


def _subset(state: SplittingState, size: int, generator: torch.Generator) -> list[int]:
    return sorted(torch.randperm(state.dim, generator=generator)[:size].tolist())


def _book(state: SplittingState, name: str, offset: int, accept: Tensor) -> None:
    scales = state.scales.get(name)
    if scales is not None:
        scales.learn(offset, accept)
    tally = state.moved.setdefault(name, [0.0, 0.0])
    tally[0] += accept.numel()
    tally[1] += float(accept.sum())


def log_move(state: SplittingState, k: K, rows: list[int], generator: torch.Generator) -> None:
    """u_i ← u_i·e^{t z_i} for i in rows."""
    p = state.position.shape[1]
    assert state.tables is not None
    if len(rows) == 1:
        name, s = "log", state.scales["log"]
        at, offset = s.offset(generator)
        growth = [s.growth[offset : offset + p]]
        ratio = growth[0]
    else:
        name, s = "log sparse", state.scales["log sparse"]
        at, _ = s.offset(generator)
        t = s.scale[at : at + p]
        growth = [torch.exp(t * state.tables.normals(p, generator)) for _ in rows]
        ratio = growth[0] * growth[1]
        for g in growth[2:]:
            ratio *= g
    proposal = [state.position[j] * g for j, g in zip(rows, growth, strict=True)]
    _book(state, name, at, _decide(state, k, slice(0, p), rows, proposal, ratio, generator))


def torus(state: SplittingState, k: K, generator: torch.Generator, size: int) -> None:
    """u_i ← u_i·e^{v_i t z}, v common to the sweep: all 1 (size 0), or ±1 on a random subset.

    With v = (1, −1) on two factors of a product, and with equal weights on coordinates tied by a
    sum, the move runs along the valley.
    """
    p, d = state.position.shape[1], state.dim
    if size == 0:
        name, weights = "dilate", dict.fromkeys(range(d), 1)
    else:
        name = "torus"
        rows = _subset(state, size, generator)
        signs = torch.randint(2, (len(rows),), generator=generator).tolist()
        weights = {j: 2 * sign - 1 for j, sign in zip(rows, signs, strict=True)}
    s = state.scales[name]
    at, offset = s.offset(generator)
    growth = s.growth[offset : offset + p]
    shrink = growth.reciprocal() if min(weights.values()) < 0 else growth
    proposal = [state.position[j] * (growth if v > 0 else shrink) for j, v in weights.items()]
    total = sum(weights.values())
    ratio = growth.pow(float(total)) if total else None
    _book(state, name, at, _decide(
        state, k, slice(0, p), list(weights), proposal, ratio, generator
    ))  # fmt: skip


def add_move(state: SplittingState, k: K, rows: list[int], generator: torch.Generator) -> None:
    """u_i ← u_i + t z_i for i in rows."""
    p = state.position.shape[1]
    assert state.tables is not None
    if len(rows) == 1:
        name, s = "add", state.scales["add"]
        at, offset = s.offset(generator)
        proposal = [state.position[rows[0]] + s.z[offset : offset + p]]
    else:
        name, s = "sparse", state.scales["sparse"]
        at, _ = s.offset(generator)
        t = s.scale[at : at + p]
        proposal = [
            torch.addcmul(state.position[j], t, state.tables.normals(p, generator)) for j in rows
        ]
    _book(state, name, at, _decide(state, k, slice(0, p), rows, proposal, None, generator))


def _partners(
    state: SplittingState, half: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Two particles of the other half of the replicate for every one of this half: (d, P/2) each.

    A common random rotation within every replicate pairs each particle with a partner that it did
    not choose.
    """
    r, h = state.replicates, state.half // state.replicates
    other = state.position[:, state.half :] if half == 0 else state.position[:, : state.half]
    view = other.reshape(state.dim, r, h)
    i, j = _integer(h, generator), 1 + _integer(h - 1, generator)
    a = torch.roll(view, i, dims=2).reshape(state.dim, -1)
    b = torch.roll(view, i + j, dims=2).reshape(state.dim, -1)
    return a, b


def difference(state: SplittingState, k: K, generator: torch.Generator, logarithmic: bool) -> None:
    """u ← u + t z (a − b), or the same for log|u|, with a and b from the other half."""
    name = "log difference" if logarithmic else "difference"
    s, rows = state.scales[name], list(range(state.dim))
    for half in (0, 1):
        part = slice(0, state.half) if half == 0 else slice(state.half, 2 * state.half)
        a, b = _partners(state, half, generator)
        at, offset = s.offset(generator)
        z = s.z[offset : offset + state.half]
        if logarithmic:
            shift = torch.log((a / b).abs_()).nan_to_num_(0.0, 0.0, 0.0).mul_(z)
            ratio: Tensor | None = torch.exp(shift.sum(0))
            moved = shift.exp_().mul_(state.position[:, part])
        else:
            ratio = None
            moved = torch.addcmul(state.position[:, part], z, a.sub_(b))
        accept = _decide(state, k, part, rows, list(moved.unbind(0)), ratio, generator)
        _book(state, name, at, accept)


def _interval(
    state: SplittingState, k: K, u: Tensor, axis: int, rounds: int = 3
) -> tuple[Tensor, Tensor]:
    """The interval of u_axis on which a parabola, fitted to K along that axis, is below y.

    u: (d, P'), overwritten. Every round puts a parabola through three values of K about the last
    minimum, at a distance that shrinks with the steps: Newton's method for the bottom of the
    valley, exact at once where K is quadratic along the axis. Returns ends (P',), lower = upper
    where the parabola opens downwards or stays above y.
    """
    y = state.below
    s = u[axis].clone()
    delta = 0.1 * s.abs() + math.sqrt(y)
    for _ in range(rounds):
        u[axis] = s
        middle = k(u.t())
        u[axis] = s + delta
        right = k(u.t())
        u[axis] = s - delta
        left = k(u.t())
        slope, bend = right - left, right - 2.0 * middle + left
        move = (-0.5 * delta * slope / bend).nan_to_num_(0.0, 0.0, 0.0)
        move = torch.where(bend > 0, move, 0.0)
        bottom = middle - slope * slope / (8.0 * bend)
        width = delta * (2.0 * y / bend).sqrt()  # of the parabola at height y above its bottom
        s = s + move
        delta = torch.maximum(0.05 * move.abs(), width).nan_to_num_(math.sqrt(y), math.sqrt(y))
    half = 1.1 * width * ((y - bottom) / y).clamp_min(0.0).sqrt()
    half = torch.where(bend > 0, half, 0.0).nan_to_num_(0.0, 0.0, 0.0)
    low = (s - half).clamp_(state.low[axis], state.high[axis])
    high = (s + half).clamp_(state.low[axis], state.high[axis])
    return low, high


def fibre(state: SplittingState, k: K, generator: torch.Generator, logarithmic: bool) -> None:
    """Move some coordinates, and draw one other from the interval that :func:`_interval` finds for
    it there, starting at its present value; accept with the ratio of the lengths of that interval
    and of the one found from the end of the move, which must contain the start.

    One random half of every replicate moves: a step takes 19 evaluations of K.
    """
    assert state.tables is not None
    d, p = state.dim, state.half
    half = _integer(2, generator)
    part = slice(half * p, (half + 1) * p)
    order = torch.randperm(d, generator=generator).tolist()
    axis, rows = order[0], sorted(order[1 : 2 + _integer(min(d - 1, 3), generator)])
    name = "fibre log" if logarithmic else "fibre add"
    s = state.scales[name]
    at, _ = s.offset(generator)
    scale = s.scale[at : at + p]
    old = state.position[:, part]
    there = old.clone()
    shift = torch.zeros(p, dtype=torch.float64)
    for j in rows:
        z = scale * state.tables.normals(p, generator)
        if logarithmic:
            there[j] *= torch.exp(z)
            shift += z
        else:
            there[j] += z
    moved = [there[j].clone() for j in rows]
    low, high = _interval(state, k, there, axis)
    drawn = low + (high - low) * state.tables.uniforms(p, generator)
    back = old.clone()
    back[axis] = drawn
    low_back, high_back = _interval(state, k, back, axis)
    inside = (low_back <= old[axis]) & (old[axis] <= high_back) & (high > low)
    ratio = torch.where(inside, (high - low) / (high_back - low_back), 0.0) * torch.exp(shift)
    ratio = ratio.nan_to_num_(0.0, 0.0, 0.0)
    accept = _decide(state, k, part, [*rows, axis], [*moved, drawn], ratio, generator)
    _book(state, name, at, accept)


def symmetry(state: SplittingState, k: K, generator: torch.Generator) -> None:
    """Change signs of random coordinates, or permute some of them."""
    p, d = state.position.shape[1], state.dim
    kind = _integer(4, generator)
    if d == 1 or kind == 0:
        name, rows = "flip", _subset(state, 1 + _integer(d, generator), generator)
        proposal = [-state.position[j] for j in rows]
    else:
        name = "swap"
        order = torch.randperm(d, generator=generator).tolist()
        size = (2, 2, min(d, 4), d)[kind]
        rows = order[:size]
        if size == 4 and kind == 2:
            image = [rows[1], rows[0], rows[3], rows[2]]
        else:
            image = rows[1:] + rows[:1]
            if _integer(2, generator):  # keep the family closed under inverses
                image = rows[-1:] + rows[:-1]
        signs = torch.randint(2, (size,), generator=generator).tolist()
        if not _integer(2, generator):
            signs = [0] * size
        proposal = [
            -state.position[i] if sign else state.position[i].clone()
            for i, sign in zip(image, signs, strict=True)
        ]
    _book(state, name, 0, _decide(state, k, slice(0, p), rows, proposal, None, generator))


def frames(state: SplittingState) -> Tensor:
    """Principal axes of each half of each replicate: (2, R, d, d), columns are axes.

    Tyler's shape: directions u/|u| after whitening, a few fixed-point steps, so that far
    particles do not decide.
    """
    r, h, d = state.replicates, state.half // state.replicates, state.dim
    x = state.position.view(d, 2, r, h).permute(1, 2, 3, 0)
    scale = x.abs().amax((2, 3), keepdim=True).clamp_min(1e-300)
    x = x / scale
    shape = torch.eye(d, dtype=torch.float64).expand(2, r, d, d)
    for _ in range(4):
        solved = torch.linalg.solve(shape, x.transpose(2, 3)).transpose(2, 3)
        radius = (x * solved).sum(-1, keepdim=True).clamp_min(1e-300)
        shape = d * (x / radius).transpose(2, 3) @ x / h
        trace = shape.diagonal(dim1=-2, dim2=-1).sum(-1)[..., None, None] / d
        shape = shape / trace + 1e-12 * torch.eye(d, dtype=torch.float64)
    return torch.linalg.eigh(shape).eigenvectors


def frame_move(state: SplittingState, k: K, generator: torch.Generator, logarithmic: bool) -> None:
    """``log`` or ``add`` for one coordinate in the principal frame of the other half."""
    if state.frame is None:
        state.frame = frames(state).flip(0)
    r, h, d = state.replicates, state.half // state.replicates, state.dim
    axis = _integer(d, generator)
    name = "frame log" if logarithmic else "frame add"
    p = 2 * state.half
    s = state.scales[name]
    at, offset = s.offset(generator)
    z = s.z[offset : offset + p]
    direction = state.frame[..., axis].permute(2, 0, 1).reshape(d, 2 * r, 1)
    u = state.position.view(d, 2 * r, h)
    if logarithmic:
        growth = s.growth[offset : offset + p]
        step = (direction * u).sum(0) * (growth - 1.0).view(2 * r, h)
        ratio: Tensor | None = growth
    else:
        step, ratio = z.view(2 * r, h), None
    moved = torch.addcmul(u, direction, step).view(d, p)
    accept = _decide(state, k, slice(0, p), list(range(d)), list(moved.unbind(0)), ratio, generator)
    _book(state, name, at, accept)


ParticleMove = Callable[[SplittingState, K, torch.Generator], None]
COST = {"fibre log": 4, "fibre add": 4}  # in sweeps of one evaluation a particle, where not one


def families(d: int) -> dict[str, ParticleMove]:
    """The families of moves in d dimensions."""
    moves: dict[str, ParticleMove] = {
        "log": lambda s, k, g: log_move(s, k, _subset(s, 1, g), g),
        "add": lambda s, k, g: add_move(s, k, _subset(s, 1, g), g),
        "flip or swap": symmetry,
        "difference": lambda s, k, g: difference(s, k, g, logarithmic=False),
        "log difference": lambda s, k, g: difference(s, k, g, logarithmic=True),
    }
    if d > 1:
        moves |= {
            "dilate": lambda s, k, g: torus(s, k, g, 0),
            "torus of two": lambda s, k, g: torus(s, k, g, 2),
            "log sparse": lambda s, k, g: log_move(
                s, k, _subset(s, min(d, 2 + _integer(3, g)), g), g
            ),
            "add sparse": lambda s, k, g: add_move(s, k, _subset(s, 1 + _integer(d, g), g), g),
            "frame log": lambda s, k, g: frame_move(s, k, g, logarithmic=True),
            "frame add": lambda s, k, g: frame_move(s, k, g, logarithmic=False),
            "fibre log": lambda s, k, g: fibre(s, k, g, logarithmic=True),
            "fibre add": lambda s, k, g: fibre(s, k, g, logarithmic=False),
        }
    if d > 2:
        moves["torus"] = lambda s, k, g: torus(s, k, g, 3 + _integer(d - 2, g))
    return moves


class Schedule:
    """Which family moves next: likelier when it carries far the features that remember most.

    On trial sweeps the mean squared displacement of every feature is recorded (in units of twice
    its variance, capped at one), weighted by the fourth power of the feature's memory. The
    probabilities are mixed with the uniform law, so that no family dies out, and frozen between
    levels. A family that costs as much as c sweeps has to carry c times as far. Symmetries are left
    out of the contest: they carry features far without exploring; they keep a fixed share.
    """

    def __init__(self, d: int, uniform: float = 0.5) -> None:
        self.moves = families(d)
        self.names = list(self.moves)
        self.uniform = uniform
        self.cost = np.array([COST.get(name, 1) for name in self.names])
        self.weight = torch.ones(d + 1, dtype=torch.float64)
        self.worth = np.full(len(self.names), 0.5)

    def probabilities(self) -> np.ndarray:
        """The probabilities of the families, in the order of ``names``."""
        worth = self.worth / self.cost
        worth[self.names.index("flip or swap")] = 0.0
        flat = 1.0 / self.cost
        return self.uniform * flat / flat.sum() + (1 - self.uniform) * worth / worth.sum()

    def order(self, sweeps: int, generator: torch.Generator) -> list[int]:
        """A random order of ``sweeps`` families, stratified to the probabilities."""
        start = torch.rand(1, generator=generator, dtype=torch.float64)
        edges = torch.from_numpy(np.cumsum(self.probabilities())).to(start.device)
        q = (torch.arange(sweeps, dtype=torch.float64) + start) / sweeps
        chosen = torch.searchsorted(edges, q).clamp_(max=len(self.names) - 1)
        return chosen[torch.randperm(sweeps, generator=generator)].tolist()

    def step(self, state: SplittingState, k: K, generator: torch.Generator, family: int) -> None:
        """One sweep of a family."""
        self.moves[self.names[family]](state, k, generator)

    def trial(self, state: SplittingState, k: K, generator: torch.Generator) -> None:
        """Make one sweep of every family, and measure what each is worth."""
        before = features(state)
        for family in range(len(self.names)):
            self.step(state, k, generator, family)
            after = features(state)
            variance = after.var(1).clamp_min(1e-30)
            moved = ((after - before).square().mean(1) / (2 * variance)).clamp_max(1.0)
            worth = float((moved * self.weight).sum() / self.weight.sum())
            self.worth[family] = 0.7 * self.worth[family] + 0.3 * worth
            before = after

    def remember(self, memory: Tensor) -> None:
        """Weigh features by their correlation, at the end of a level, with their values at its
        start."""
        self.weight = 0.7 * self.weight + 0.3 * memory.clamp(0.05, 1.0) ** 4


def snapshot(state: SplittingState, schedule: Schedule) -> dict[str, Any]:
    """Return all that one level hands to the next, when the next one draws new tables."""
    return {
        "position": state.position,
        "value": state.value,
        "below": state.below,
        "moved": {name: list(pair) for name, pair in state.moved.items()},
        "scales": {
            name: {
                "tried": torch.from_numpy(s.tried.copy()),
                "accepted": torch.from_numpy(s.accepted.copy()),
                "lowest": s.lowest,
                "uses": s.uses,
            }
            for name, s in state.scales.items()
        },
        "weight": schedule.weight,
        "worth": torch.from_numpy(schedule.worth.copy()),
    }


def restore(state: SplittingState, schedule: Schedule, saved: dict[str, Any]) -> None:
    """Bring the state of a :func:`snapshot` back."""
    state.position, state.value, state.below = saved["position"], saved["value"], saved["below"]
    state.moved = saved["moved"]
    for name, kept in saved["scales"].items():
        s = state.scales[name]
        s.tried, s.accepted = kept["tried"].numpy(), kept["accepted"].numpy()
        s.lowest, s.uses = kept["lowest"], kept["uses"]
    schedule.weight, schedule.worth = saved["weight"], saved["worth"].numpy()


def memory(now: Tensor, start: Tensor) -> Tensor:
    """Correlation of every feature (row) with its value at the start of the level."""
    a = now - now.mean(1, keepdim=True)
    b = start - start.mean(1, keepdim=True)
    norm = (a.square().sum(1) * b.square().sum(1)).sqrt().clamp_min(1e-300)
    return (a * b).sum(1) / norm


def features(state: SplittingState) -> Tensor:
    """log|u_i| for every coordinate, and K/y: what the moves must decorrelate."""
    logs = state.position.abs().clamp_min(1e-300).log_()
    return torch.cat([logs, (state.value / state.below)[None]])
