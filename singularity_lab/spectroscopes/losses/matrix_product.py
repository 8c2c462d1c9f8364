"""Losses of matrix-product networks, K(w) = ‖(W_L ⋯ W_1 − T)·Σ^{1/2}‖², by batched products.

The population loss of a deep linear network x ↦ W_L ⋯ W_1 x on inputs with second moment Σ = E xxᵀ
and outputs Tx + noise is E|W_L ⋯ W_1 x − Tx|² = tr((P − T) Σ (P − T)ᵀ) plus a constant: the data
enter by their moments alone (sufficient statistics), and one evaluation costs the products, for
any number of examples.

Near w* the product is expanded, not subtracted. With Wₖ = Wₖ* + Uₖ and prefix products
Pₖ = Wₖ ⋯ W₁, the differences Dₖ = Pₖ − Pₖ* obey

    Dₖ = (Wₖ* + Uₖ) Dₖ₋₁ + Uₖ Pₖ₋₁*,   D₀ = 0,

so that P − P* is computed to a few units in the last place of its largest term, where P itself
would lose it in the digits of P*. With P* = T the loss is resolved down to the square of the
rounding error, 10⁻³² of its natural size in float64 and 10⁻¹⁴ in float32.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.protocol import (
    Centred,
    Domain,
    as_columns,
    checked_domain,
    checked_points,
    of_points,
)

__all__ = ["MatrixProductLoss"]

_CHUNK_BYTES = 1 << 26  # work memory of one chunk of chains
# Up to this width, and from so many entries of the largest product over all chains, products are
# sums over whole rows of chains; with their work memory inside a second-level cache.
_NARROW, _ENTRIES, _NARROW_BYTES = 8, 1 << 14, 1 << 19


class MatrixProductLoss(Centred):
    """K(w) = tr((P − T) Σ (P − T)ᵀ) for P = W_L ⋯ W_1, batched over chains, with ∇K by products.

    factors: w* as matrices W_1*, …, W_L*, shapes (n_k, n_{k−1}); w holds them in this order, each
    by rows. target: T (n_L, n_0); None for P(w*), and then K(w*) = 0 exactly. moments: Σ
    (n_0, n_0), symmetric and positive semidefinite; None for the unit matrix. dtype: of the
    products, torch.float64 or torch.float32 (values and gradients come back as float64 always).
    domain: as for every loss. Raises BadInput for shapes that do not chain, numbers that are not
    finite, or moments that are not positive semidefinite.

    >>> a = torch.tensor([[1.0, 0.0]])
    >>> loss = MatrixProductLoss([a.t(), a])           # a 1-2-1 network at the product 1
    >>> loss.dim, loss.value(torch.tensor([[2.0, 1.0, 3.0, 0.0]])).tolist()
    (4, [25.0])
    """

    kind = "matrix product"
    prior_exponents: tuple[float, ...] | None = None

    def __init__(
        self,
        factors: Sequence[Tensor],
        *,
        target: Tensor | None = None,
        moments: Tensor | None = None,
        dtype: torch.dtype = torch.float64,
        domain: Domain | None = None,
        loss_id: str | None = None,
    ) -> None:
        if not factors:
            raise BadInput("factors: expected at least one matrix, received none")
        if dtype not in (torch.float64, torch.float32):
            raise BadInput(f"dtype: expected torch.float64 or torch.float32, received {dtype}")
        matrices = [_matrix(m, f"factors[{k}]") for k, m in enumerate(factors)]
        for k in range(1, len(matrices)):
            if matrices[k].shape[1] != matrices[k - 1].shape[0]:
                raise BadInput(
                    f"factors[{k}]: expected {matrices[k - 1].shape[0]} columns, the rows of "
                    f"factors[{k - 1}], received shape {tuple(matrices[k].shape)}"
                )
        self.widths = (matrices[0].shape[1], *(m.shape[0] for m in matrices))
        self.dtype = dtype
        self._shapes = [tuple(m.shape) for m in matrices]
        self._sizes = [m.numel() for m in matrices]
        self.center = torch.cat([m.reshape(-1) for m in matrices])
        self.dim = int(self.center.numel())
        self.domain = checked_domain(domain, self.center)
        prefix = [torch.eye(self.widths[0], dtype=torch.float64)]
        for m in matrices:
            prefix.append(m @ prefix[-1])
        self._sigma = None
        if moments is not None:
            sigma = _matrix(moments, "moments")
            if sigma.shape != (self.widths[0],) * 2 or not torch.allclose(sigma, sigma.t()):
                raise BadInput(
                    f"moments: expected a symmetric matrix of size {self.widths[0]}, "
                    f"received shape {tuple(sigma.shape)}"
                )
            lowest = float(torch.linalg.eigvalsh(sigma).min())
            if lowest < -1e-10 * float(sigma.abs().max()):
                raise BadInput(f"moments: expected no negative eigenvalue, received {lowest:.3g}")
            self._sigma = sigma
        self._residual = None
        if target is not None:
            goal = _matrix(target, "target")
            if goal.shape != prefix[-1].shape:
                raise BadInput(
                    f"target: expected shape {tuple(prefix[-1].shape)}, "
                    f"received {tuple(goal.shape)}"
                )
            residual = prefix[-1] - goal
            self._residual = residual if bool(residual.any()) else None
        self._factors = matrices
        self._prefix = prefix[:-1]
        self._homes: dict[torch.device, tuple[Any, ...]] = {}
        self.loss_id = loss_id if loss_id is not None else self._digest()

    # -- other ways to make one
    @classmethod
    def at_rank(cls, widths: Sequence[int], rank: int = 0, **options: Any) -> MatrixProductLoss:
        """Every layer diag(1^rank, 0): the point of least rank over a truth of that rank.

        widths: n_0, …, n_L. Raises BadInput for a rank above the least width.

        >>> MatrixProductLoss.at_rank([3, 3, 3]).dim
        18
        """
        sizes = _widths(widths)
        if not 0 <= rank <= min(sizes):
            raise BadInput(f"rank: expected 0…{min(sizes)}, received {rank}")
        factors = []
        for a, b in pairwise(sizes):
            m = torch.zeros((b, a), dtype=torch.float64)
            m[range(rank), range(rank)] = 1.0
            factors.append(m)
        name = f"matrix-product:{'-'.join(map(str, sizes))}:rank{rank}"
        options.setdefault("loss_id", name)
        return cls(factors, **options)

    @classmethod
    def random(
        cls,
        widths: Sequence[int],
        ranks: int | Sequence[int] | None = None,
        *,
        seed: int,
        **options: Any,
    ) -> MatrixProductLoss:
        """Gaussian factors, entries of variance 1/n_{k−1}; layer k cut to rank ``ranks[k]``.

        ranks: one number for all layers, one a layer, or None for full rank. A layer of rank r is
        the product of Gaussian matrices of inner width r. With one number r, all layers share
        their inner spaces, so that the product has rank r as well: a point of least rank in
        general position. The truth is the product.
        """
        sizes = _widths(widths)
        count = len(sizes) - 1
        shared = isinstance(ranks, int)
        chosen = [ranks] * count if ranks is None or isinstance(ranks, int) else list(ranks)
        if len(chosen) != count:
            raise BadInput(f"ranks: expected {count} numbers, received {len(chosen)}")
        generator = torch.Generator().manual_seed(seed)

        def gaussian(rows: int, columns: int) -> Tensor:
            return torch.randn((rows, columns), generator=generator, dtype=torch.float64)

        frames = [
            torch.linalg.qr(gaussian(n, r))[0] if shared and (r := chosen[0]) is not None else None
            for n in sizes
        ]
        factors = []
        for k, r in enumerate(chosen):
            a, b = sizes[k], sizes[k + 1]
            left, right = frames[k + 1], frames[k]
            if r is None:
                factors.append(gaussian(b, a) / a**0.5)
            elif not 0 <= r <= min(a, b):
                raise BadInput(f"ranks[{k}]: expected 0…{min(a, b)}, received {r}")
            elif left is not None and right is not None:
                factors.append(left @ gaussian(r, r) @ right.t() / max(r, 1) ** 0.5)
            else:
                factors.append(gaussian(b, r) @ gaussian(r, a) / (max(r, 1) * a) ** 0.5)
        words = "full" if ranks is None else "-".join(map(str, chosen))
        name = f"matrix-product:{'-'.join(map(str, sizes))}:ranks-{words}:seed{seed}"
        options.setdefault("loss_id", name)
        return cls(factors, **options)

    @classmethod
    def from_data(
        cls, factors: Sequence[Tensor], inputs: Tensor, outputs: Tensor, **options: Any
    ) -> MatrixProductLoss:
        """The mean squared error on data, less its least value over all matrices, by moments.

        inputs (n, n_0), outputs (n, n_L). T is the least-squares solution C·Σ⁺, Σ = XᵀX/n and
        C = YᵀX/n; mean|W_L ⋯ W_1 x − y|² = K(w) + mean|Tx − y|². K(w*) is not 0 unless w* is the
        solution.

        >>> x = torch.tensor([[1.0], [2.0]])
        >>> one = torch.ones(1, 1)
        >>> MatrixProductLoss.from_data([one, one], x, 3 * x).value(torch.ones(1, 2)).tolist()
        [10.0]
        """
        x, y = _matrix(inputs, "inputs"), _matrix(outputs, "outputs")
        if x.shape[0] != y.shape[0] or x.shape[0] == 0:
            raise BadInput(
                f"inputs, outputs: expected the same number n ≥ 1 of rows, "
                f"received {x.shape[0]} and {y.shape[0]}"
            )
        n = x.shape[0]
        sigma, cross = x.t() @ x / n, y.t() @ x / n
        solution = cross @ torch.linalg.pinv(sigma, hermitian=True)
        return cls(factors, target=solution, moments=sigma, **options)

    # -- what devices ask
    @property
    def components(self) -> dict[str, list[int]]:
        """Indices of the parameters of every layer, "W1", "W2", …"""
        out, at = {}, 0
        for k, size in enumerate(self._sizes):
            out[f"W{k + 1}"] = list(range(at, at + size))
            at += size
        return out

    @property
    def rounding(self) -> float:
        """Unit roundoff of the products."""
        return float(torch.finfo(self.dtype).eps)

    def residuals(self, w: Tensor) -> Tensor:
        """Entries of the product at w (d,) minus those at w*: what jets are made of."""
        pieces = zip(w.split(self._sizes), self._shapes, self._factors, strict=True)
        product = own = None
        for piece, shape, factor in pieces:
            layer = piece.reshape(shape)
            product = layer if product is None else layer @ product
            own = factor.double() if own is None else factor.double() @ own
        assert product is not None
        return (product - own).reshape(-1)

    @of_points
    def local_value(self, u: Tensor) -> Tensor:
        """K(w* + u) at displacements u (c, d), without the cancellation in P − P*."""
        u = checked_points(u, self.dim, "u")
        if self._narrow(u):
            parts = as_columns(u).split(self._narrow_chunk(), dim=1)
            return torch.cat([self._forward_columns(p)[0].double() for p in parts])
        return torch.cat([self._forward(p)[0].double() for p in u.split(self._chunk())])

    @of_points
    def local_value_and_grad(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """K(w* + u) and its gradient at displacements u (c, d)."""
        u = checked_points(u, self.dim, "u")
        if self._narrow(u):
            return self._both_columns(as_columns(u))
        parts = [self._both(p) for p in u.split(self._chunk())]
        if len(parts) == 1:
            return parts[0]
        return torch.cat([v for v, _ in parts]), torch.cat([g for _, g in parts])

    # -- products
    def _largest(self) -> int:
        """Numbers in work for one chain."""
        return sum(self._sizes) + sum(2 * n * self.widths[0] for n in self.widths[1:])

    def _chunk(self) -> int:
        return max(1, _CHUNK_BYTES // (8 * self._largest()))

    def _narrow(self, u: Tensor) -> bool:
        """Whether the matrices are so small, and so many, that a batched product is all
        overhead."""
        width = max(self.widths)
        return width <= _NARROW and u.shape[0] * width**2 >= _ENTRIES

    def _narrow_chunk(self) -> int:
        return max(128, _NARROW_BYTES // (8 * self._largest()))

    def _at(self, device: torch.device) -> tuple[Any, ...]:
        if device not in self._homes:

            def here(x: Tensor | None) -> Tensor | None:
                return None if x is None else x.to(device, self.dtype)

            self._homes[device] = (
                [here(m) for m in self._factors],
                [here(m) for m in self._prefix],
                here(self._residual),
                here(self._sigma),
            )
        return self._homes[device]

    def _forward(self, u: Tensor) -> tuple[Tensor, Tensor, list[Tensor], list[Tensor]]:
        """K, (P − T)Σ, the factors W* + U, and the differences D_1, …, D_L."""
        factors, prefix, residual, sigma = self._at(u.device)
        c = u.shape[0]
        pieces = torch.split(u.to(self.dtype), self._sizes, dim=1)
        moved, differences = [], []
        d: Tensor | None = None
        for k, (piece, shape) in enumerate(zip(pieces, self._shapes, strict=True)):
            step = piece.reshape(c, *shape)
            w = factors[k] + step
            moved.append(w)
            # P_0* is the unit matrix and D_0 = 0.
            d = step if d is None else torch.baddbmm(torch.matmul(step, prefix[k]), w, d)
            differences.append(d)
        assert d is not None
        r = d if residual is None else d + residual
        weighted = r if sigma is None else torch.matmul(r, sigma)
        return (r * weighted).sum((1, 2)), weighted, moved, differences

    def _both(self, u: Tensor) -> tuple[Tensor, Tensor]:
        value, weighted, moved, differences = self._forward(u)
        _, prefix, _, _ = self._at(u.device)
        c, grads = u.shape[0], []
        back = 2.0 * weighted
        for k in range(len(moved) - 1, -1, -1):
            if k == 0:
                grads.append(back)
            else:
                before = differences[k - 1] + prefix[k]
                grads.append(torch.bmm(back, before.transpose(1, 2)))
                back = torch.bmm(moved[k].transpose(1, 2), back)
        flat = [g.reshape(c, -1) for g in reversed(grads)]
        return value.double(), torch.cat(flat, dim=1).double()

    # -- products of small matrices, chains last: (rows, columns, c)
    def _forward_columns(self, u: Tensor) -> tuple[Tensor, Tensor, list[Tensor], list[Tensor]]:
        """As :meth:`_forward`, at columns u (d, c): a product of chains of n × k and k × m matrices
        is k sums over whole rows of chains."""
        factors, prefix, residual, sigma = self._at(u.device)
        moved, differences = [], []
        d: Tensor | None = None
        pieces = torch.split(u.to(self.dtype), self._sizes)
        for k, (piece, shape) in enumerate(zip(pieces, self._shapes, strict=True)):
            step = piece.unflatten(0, shape)
            w = factors[k][:, :, None] + step
            moved.append(w)
            if d is None:
                d = step
            else:
                start = torch.matmul(prefix[k].t(), step)
                d = _add_product(start, w.unbind(1), d.unbind(0))
            differences.append(d)
        assert d is not None
        r = d if residual is None else d + residual[:, :, None]
        weighted = r if sigma is None else torch.matmul(sigma, r)
        return (r * weighted).flatten(0, 1).sum(0), weighted, moved, differences

    def _both_columns(self, u: Tensor) -> tuple[Tensor, Tensor]:
        c = u.shape[1]
        value = torch.empty(c, dtype=torch.float64, device=u.device)
        grad = torch.zeros((self.dim, c), dtype=self.dtype, device=u.device)
        _, prefix, _, _ = self._at(u.device)
        size = self._narrow_chunk()
        for part, out, columns in zip(
            u.split(size, 1), grad.split(size, 1), value.split(size), strict=True
        ):
            k_value, weighted, moved, differences = self._forward_columns(part)
            columns.copy_(k_value)
            back = 2.0 * weighted
            goals = torch.split(out, self._sizes)
            for k in range(len(moved) - 1, 0, -1):
                before = differences[k - 1] + prefix[k][:, :, None]
                goal = goals[k].unflatten(0, self._shapes[k])
                _add_product(goal, back.unbind(1), before.unbind(1))
                start = torch.zeros_like(differences[k - 1])
                back = _add_product(start, moved[k].unbind(0), back.unbind(0))
            goals[0].unflatten(0, self._shapes[0]).copy_(back)
        return value, grad.double().t()

    def _digest(self) -> str:
        digest = hashlib.sha256(repr((self.widths, str(self.dtype))).encode())
        for m in (*self._factors, self._residual, self._sigma):
            if m is not None:
                digest.update(m.contiguous().numpy().tobytes())
        return "matrix-product:" + digest.hexdigest()[:16]

    def __repr__(self) -> str:
        return f"MatrixProductLoss({self.loss_id!r}, widths={self.widths}, dim={self.dim})"


def _add_product(start: Tensor, left: Sequence[Tensor], right: Sequence[Tensor]) -> Tensor:
    """start (n, m, c) += Σ_j left_j ⊗ right_j, outer products of (n, c) and (m, c) for every
    chain."""
    for a, b in zip(left, right, strict=True):
        start.addcmul_(a[:, None], b[None])
    return start


def _matrix(m: Any, name: str) -> Tensor:
    if not isinstance(m, Tensor) or m.ndim != 2:
        got = tuple(m.shape) if isinstance(m, Tensor) else type(m).__name__
        raise BadInput(f"{name}: expected a matrix (a tensor with two axes), received {got}")
    if not bool(torch.isfinite(m).all()):
        raise BadInput(f"{name}: expected finite numbers")
    return m.detach().to("cpu", torch.float64)


def _widths(widths: Sequence[int]) -> list[int]:
    sizes = [int(n) for n in widths]
    if len(sizes) < 2 or min(sizes) < 1:
        raise BadInput(f"widths: expected at least two positive numbers, received {list(widths)}")
    return sizes
