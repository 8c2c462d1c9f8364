"""Jets of a map that is known only by its values: a network's outputs minus those at w*.

A jet w(t) = w* + Σ_{l ≤ m} w_l t^l lies in J_m when f(w(t)) ≡ 0 mod t^{m+1}. The coefficients of
f(w(t)) are those of its interpolation at Chebyshev nodes, exact for polynomial networks (of up to
five layers without activations) and to about 10⁻¹¹ for analytic ones. The equations are solved from
random starts by Levenberg–Marquardt, with their Jacobian T_m as a matrix where it is small, and
with T_m T_mᵗ alone elsewhere.

T_m is the block Toeplitz matrix of the Jacobian along the jet, of rank Σ_i max(0, m + 1 − e_i)
where e_i are the orders at which the directions of f die (invariant factors over power series). The
rank is read with its gap. It is the codimension of J_m at the jet where the jets fill their tangent
space, which is asked of every jet that is used: of random steps of lengths ε and 3ε in the kernel
of T_m, back to the solutions, the second must need nine times the correction of the first, as at a
smooth point of that dimension, not three times. A nonreduced scheme fails there (x² = 0 lets no
step stay). For confirmed jets λ ≤ codim/(2(m + 1)): Mustaţă 2002, Theorem 0.1; real jets bound the
real threshold from above, and jets at points near w* do because λ is lower semicontinuous.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

__all__ = ["Found", "ResidualJets"]

Residual = Callable[[Tensor], Tensor]
"""w (d,) → f(w) (N,), 0 at w*, made of torch operations that vmap maps."""

_DENSE = 4_000_000  # entries of T_m, and of the Jacobians at the nodes, that are kept
_MOST = 4_000  # equations whose Gram matrix is made at all
_REACH = 0.7  # the nodes lie in [−reach, reach]
_LINEAR = 0.65  # correction/ε at ε over that at 3ε: 1/3 at a smooth point, 1 where none stays
_NOISE = 1e-6  # of a step: corrections below it say nothing, and need not
_GAP = 30.0  # between the singular values that count and those that do not
_FLOOR = 1e-6  # of the largest singular value: below it none counts
_NEAR = 1.25  # of the distance of the starts from w*: farther jets are not of w*
_HALVINGS = 8  # steps towards w*; one where T_m is no matrix
_HALT = 0.85  # of the distance: a half step that leaves more of it does not come nearer
_ARRIVED = 1e-3  # from w*
_SEEN = 1e-6  # of f, after a step: below it nothing needs to be corrected
_LONG = 0.3  # the longest step but one
_TRIES = 3  # steps in the kernel; one where T_m is no matrix


@dataclass(frozen=True)
class Found:
    """A jet of order m, and the dimension of J_m there.

    jet: (m + 1, d), without w*. codimension: rank of T_m. gap: the least singular value that counts
    over the largest that does not. orders: how many directions of f die at order 0, 1, …, m.
    straight: the largest quotient of relative corrections of steps ε and 3ε in the kernel.
    distance: |w_0| of the nearest jet of this codimension that was reached from this one by steps
    towards w*. The bound is one of λ at points so near to w*: at w* where it holds at every
    distance. away: whether the steps towards w* came to a halt at some distance from it, or met
    another codimension: then the jet is none of w*.
    """

    order: int
    jet: Tensor
    codimension: int
    gap: float
    orders: tuple[int, ...]
    straight: float
    distance: float
    away: bool = False

    @property
    def confirmed(self) -> bool:
        """True if the rank is clear, the jets fill their tangent space, and they are of w*."""
        return self.gap > _GAP and self.straight < _LINEAR and not self.away

    @property
    def bound(self) -> float:
        """The bound of λ, codim/(2(m + 1))."""
        return self.codimension / (2 * (self.order + 1))


def _coefficients(order: int) -> tuple[Tensor, Tensor]:
    """Nodes (k,) and the matrix (m + 1, k) from values there to coefficients up to t^m."""
    if order == 0:
        return torch.zeros(1, dtype=torch.float64), torch.ones((1, 1), dtype=torch.float64)
    count = 5 * order + 4
    nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    table = np.polynomial.chebyshev.chebvander(nodes, count - 1)
    weights = np.linalg.inv(table)  # values → Chebyshev coefficients
    powers = np.zeros((count, count))
    for k in range(count):
        column = np.polynomial.chebyshev.cheb2poly(np.eye(count)[k])
        powers[: len(column), k] = column
    matrix = (powers @ weights)[: order + 1] / _REACH ** np.arange(order + 1)[:, None]
    return torch.from_numpy(_REACH * nodes), torch.from_numpy(matrix)


class ResidualJets:
    """Jets of a residual near w* (d,).

    spend: called with the number of gradients before they are made.

    >>> f = lambda w: torch.stack([w[0] * w[1]])
    >>> found = ResidualJets(f, torch.zeros(2, dtype=torch.float64)).search(1, starts=4, seed=0)
    >>> found[0].codimension, found[0].confirmed          # x·y has codim J_1 = 2
    (2, True)
    """

    def __init__(
        self, residual: Residual, center: Tensor, spend: Callable[[int], None] | None = None
    ) -> None:
        self.center = center
        self.dim = len(center)
        self.outputs = len(residual(center))
        self._mapped = torch.vmap(residual)
        self._jacobians = torch.vmap(torch.func.jacrev(residual))
        self._spend = spend or (lambda count: None)
        self._best: dict[int, Tensor] = {}
        self._smooth: bool | None = None

    def _points(self, jet: Tensor, nodes: Tensor) -> Tensor:
        powers = nodes[:, None] ** torch.arange(len(jet), dtype=jet.dtype)
        return self.center + powers @ jet

    def series(self, jet: Tensor) -> Tensor:
        """Coefficients of f(w* + w(t)) up to t^m: (m + 1, d) → ((m + 1)·N,)."""
        nodes, matrix = _coefficients(len(jet) - 1)
        return (matrix @ self._mapped(self._points(jet, nodes))).reshape(-1)

    def is_dense(self, order: int) -> bool:
        """True if T_m is kept as a matrix."""
        nodes = 1 if order == 0 else 5 * order + 4
        size = self.outputs * self.dim
        return size * max(nodes, (order + 1) ** 2) <= _DENSE

    def matrix(self, jet: Tensor) -> Tensor:
        """T_m ((m + 1)·N, (m + 1)·d)."""
        q = len(jet)
        nodes, matrix = _coefficients(q - 1)
        self._spend(self.outputs * len(nodes))
        each = torch.tensordot(matrix, self._jacobians(self._points(jet, nodes)), dims=1)
        out = jet.new_zeros((q, self.outputs, q, self.dim))
        for k in range(q):
            for lag in range(k + 1):
                out[k, :, lag] = each[k - lag]
        return out.reshape(q * self.outputs, q * self.dim)

    def solve(self, jet: Tensor, free: Tensor, iterations: int, tolerance: float) -> Tensor | None:
        """A jet near the given one with f(w(t)) ≡ 0, where one is found: steps go along the
        coefficients that are free (m + 1, d)."""
        damping, f = 1e-3, self.series(jet)
        for _ in range(iterations):
            size = float(f.norm())
            if not math.isfinite(size):
                return None
            if size < tolerance:
                break
            new = jet - self._step(jet, free, f, damping)
            after = self.series(new)
            if float(after.norm()) < size:
                jet, f, damping = new, after, max(damping / 8, 1e-13)
            else:
                damping = min(damping * 5, 1e6)
        return jet if float(f.norm()) < 10 * tolerance else None

    def _step(self, jet: Tensor, free: Tensor, f: Tensor, damping: float) -> Tensor:
        """Tᵗ(T Tᵗ + μ)⁻¹ f."""
        if self.is_dense(len(jet) - 1):
            t = self.matrix(jet) * free.reshape(-1)
            gram = t @ t.t()
            gram.diagonal().add_(damping * float(gram.diagonal().mean()) + 1e-300)
            return (t.t() @ torch.linalg.solve(gram, f)).view_as(jet)
        gram = self._gram(jet, free)
        gram.diagonal().add_(damping * float(gram.diagonal().mean()) + 1e-300)
        back, _ = self._both_ways(jet)
        return back(torch.linalg.solve(gram, f)) * free

    def _both_ways(self, jet: Tensor) -> tuple[Residual, Residual]:
        """y → Tᵗy and v → Tv. The second is the transpose of the first: torch's own forward
        differentiation warns of parts of torch that will go."""
        f, pull = torch.func.vjp(self.series, jet)[:2]

        def back(y: Tensor) -> Tensor:
            return pull(y)[0]

        push = torch.func.vjp(back, torch.zeros_like(f))[1]

        def forth(v: Tensor) -> Tensor:
            return push(v)[0]

        return back, forth

    def _gram(self, jet: Tensor, free: Tensor) -> Tensor:
        """T Tᵗ over the free coefficients, without T."""
        back, forth = self._both_ways(jet)

        def row(unit: Tensor) -> Tensor:
            return forth(back(unit) * free)

        count, parts = len(jet) * self.outputs, []
        for block in torch.eye(count, dtype=jet.dtype).split(max(1, 2_000_000 // jet.numel())):
            self._spend(2 * len(block))
            parts.append(torch.vmap(row)(block))
        gram = torch.cat(parts)
        return 0.5 * (gram + gram.t())

    def _spectrum(self, jet: Tensor) -> tuple[Tensor, Tensor]:
        """Singular values of T_m, the largest first, and its left singular vectors."""
        if self.is_dense(len(jet) - 1):
            u, s, _ = torch.linalg.svd(self.matrix(jet), full_matrices=False)
            return s, u
        values, vectors = torch.linalg.eigh(self._gram(jet, torch.ones_like(jet)))
        return values.clamp_min(0.0).sqrt().flip(0), vectors.flip(1)

    def rank(self, jet: Tensor) -> tuple[int, float, Tensor]:
        """Rank of T_m, its gap, and (T Tᵗ)^(−1/2) on its range as columns."""
        s, u = self._spectrum(jet)
        largest = float(s[0])
        if not largest > 0:
            return 0, math.inf, u[:, :0]
        count = int((s > _FLOOR * largest).sum())
        below = float(s[count]) if count < len(s) else 0.0
        return count, float(s[count - 1]) / max(below, 1e-10 * largest), u[:, :count] / s[:count]

    def _straight(self, jet: Tensor, keep: Tensor, generator: torch.Generator) -> float:
        """The largest quotient of relative corrections at ε and 3ε over steps in the kernel."""
        order, whole = len(jet) - 1, torch.ones_like(jet)
        step = max(1e-3, 1e-8 ** (1 / (order + 1)))
        back, forth = self._both_ways(jet)
        worst = 0.0
        for _ in range(_TRIES if self.is_dense(order) else 1):
            v = torch.randn(jet.shape, generator=generator, dtype=jet.dtype)
            for _ in range(2):  # twice, for the digits
                v = v - back(keep @ (keep.t() @ forth(v)))
            if not float(v.norm()) > 1e-9:
                return 0.0  # no kernel: the jet is alone
            v, short = v / v.norm(), step
            # Where f vanishes to a high order a short step is not seen at all: a longer one too.
            while short < _LONG and float(self.series(jet + 3 * short * v).norm()) < _SEEN:
                short *= 3
            for first in sorted({step, short}):
                needed = []
                for length in (first, 3 * first):
                    there = self.solve(jet + length * v, whole, 40, 1e-12)
                    if there is None:
                        return math.inf
                    needed.append(float((there - jet - length * v).norm()) / length)
                if needed[1] > _NOISE:
                    worst = max(worst, needed[0] / needed[1])
        return worst

    def _found(
        self, jet: Tensor, generator: torch.Generator, known: Sequence[Found] = ()
    ) -> Found | None:
        """What is seen at a jet; None where its rank is not clear, or where a known one has as
        small a codimension."""
        order = len(jet) - 1
        count, gap, keep = self.rank(jet)
        if gap <= _GAP or any(f.codimension <= count and f.confirmed for f in known):
            return None
        ranks = [0, *(self.rank(jet[: j + 1])[0] for j in range(order)), count]
        alive = np.diff(np.diff([0, *ranks])).tolist()  # how many more die at each order
        straight = self._straight(jet, keep, generator)
        begins = float(jet[0].norm())
        return Found(order, jet, count, gap, tuple(map(int, alive)), straight, begins)

    def _followed(self, found: Found, iterations: int, tolerance: float) -> Found:
        """The same, followed towards w* by halving the jet and going back to the solutions, as far
        as its rank stays clear."""
        jet, nearest = found.jet, found.distance
        for _ in range(_HALVINGS if self.is_dense(found.order) else 1):
            there = self.solve(jet / 2, torch.ones_like(jet), iterations, tolerance)
            if nearest < _ARRIVED or there is None:
                break
            count, gap, _ = self.rank(there)
            if gap <= _GAP:
                break
            distance = float(there[0].norm())
            if count != found.codimension or distance > _HALT * nearest:
                return replace(found, distance=nearest, away=True)
            jet, nearest = there, distance
        return replace(found, distance=nearest)

    def search(
        self,
        order: int,
        *,
        starts: int = 8,
        seed: int = 0,
        radius: float = 0.3,
        iterations: int = 60,
        tolerance: float = 1e-11,
    ) -> list[Found]:
        """Jets of order m from random starts, confirmed ones of least codimension first.

        First w* itself is asked, as the constant jet: where the zeros fill its tangent space they
        are smooth there, their codimension c is that of w*, J_m has (m + 1)·c, and no jet from
        elsewhere is of w*. Where they do not, the first starts are the best confirmed jets of
        orders 0 and m − 1 that this object has found, and noise of higher order. Others have
        coefficients of order ≥ a alone: a = 0, at points near w*, in every second, else a = 1, …, m
        at w*, or one of two orders for each coordinate. Empty where none is found, or where there
        are more than 4,000 equations.

        >>> f = lambda w: torch.stack([w[0] * w[1]])
        >>> at = ResidualJets(f, torch.tensor([0.0, 3.0], dtype=torch.float64)).search(0)[0]
        >>> at.codimension, at.distance
        (1, 0.0)
        """
        q = order + 1
        if q * self.outputs > _MOST:
            return []
        generator = torch.Generator().manual_seed(seed)
        if self._smooth is None:
            constant = self._found(self.center.new_zeros((1, self.dim)), generator)
            self._smooth = constant is not None and constant.confirmed
        if self._smooth:
            there = self._found(self.center.new_zeros((q, self.dim)), generator)
            return [there] if there is not None and there.confirmed else []
        out: list[Found] = []
        width = radius * min(1.0, (100 / self.dim) ** 0.25)
        lifted = [self._best[m] for m in sorted({0, order - 1} & set(self._best)) if m < order]
        starts = starts if order else 2 * starts  # these are cheap
        for k in range(-len(lifted), starts):
            least = torch.zeros(self.dim, dtype=torch.long)
            if k > 0 and k % 4 == 1:
                least += min(order, 1 + k // 4)
            elif k > 0 and k % 4 == 3:
                two = torch.randint(q, (2,), generator=generator)
                least = two[torch.randint(2, (self.dim,), generator=generator)]
            free = (torch.arange(q)[:, None] >= least).double()
            start = width * torch.randn((q, self.dim), generator=generator, dtype=torch.float64)
            if k < 0:
                start[1:] *= 0.1
                start[: len(lifted[k])] = lifted[k]
            jet = self.solve(start * free, free, iterations, tolerance)
            if jet is None or float(jet[0].norm()) > _NEAR * width * math.sqrt(self.dim):
                continue
            found = self._found(jet, generator, out)
            if found is not None and found.confirmed:
                found = self._followed(found, iterations, tolerance)
            if found is not None:
                out.append(found)
        out.sort(key=lambda x: (not x.confirmed, x.codimension, x.straight))
        if out and out[0].confirmed:
            self._best[order] = out[0].jet
        return out
