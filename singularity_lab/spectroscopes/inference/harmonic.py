"""What the field's estimator would read if the loss were its quadratic part at w*.

For L = L(w*) + ½ Σ hᵢ xᵢ² the tempered law exp(−nβL − γ|x|²/2) is Gaussian, and

    nβ (E[L] − L(w*)) = ½ Σ nβhᵢ / (nβhᵢ + γ),

which is d/2 only where every nβhᵢ is far above γ. A reading means little beside λ without this
number: where the two agree, the reading says how many directions the localisation leaves free.

Where w* is not quite a minimum, ∇L(w*) = g, the Gaussian is moved to −(nβH + γ)⁻¹ nβg, and the
value is lower by

    Σ (nβgᵢ)² (½ nβhᵢ + γ) / (nβhᵢ + γ)²,

for γ = 0 the nβ(L(w*) − min L) by which L(w*) is too large: what a reading at the minimum beside w*
would have more. At a saddle a direction with hᵢ < 0 lowers it by ½ nβ|hᵢ|/(γ − nβ|hᵢ|), and where
γ < nβ|hᵢ| nothing but the rest of the loss holds the chains.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from singularity_lab.spectroscopes.losses.protocol import Loss

__all__ = ["HarmonicLLC", "harmonic_llc"]

_WHOLE = 512  # parameters up to which the Hessian is found column by column
_PROBES = 6  # random vectors for what the subspace does not hold
_STEPS = 6  # of Lanczos from each
_FEWEST = 8  # vectors of a subspace, below which nothing is said
_ROUNDING = 1e-3  # of the largest eigenvalue, below which a negative one is none
_NOTHING = 0.01  # of γ, below which a falling direction is held
_STEP = 1e-2  # of differences of gradients, relative to the scale of the weights


class HarmonicLLC(NamedTuple):
    """value: ½ Σ nβhᵢ/(nβhᵢ + γ) over hᵢ > 0. lowered: by how much the gradient at w* lowers it.
    gradients: spent. falling: the number of directions in which the loss falls. fallen: by how much
    they lower it, infinite where γ does not hold one of them."""

    value: float
    lowered: float
    gradients: int
    falling: int
    fallen: float


def harmonic_llc(
    loss: Loss, nbeta: float, gamma: float, *, gradients: int, seed: int = 0
) -> HarmonicLLC | None:
    """Return ½ Σ nβhᵢ/(nβhᵢ + γ) over the eigenvalues hᵢ > 0 of the Hessian of a loss at w*, by how
    much the gradient at w* lowers the estimate of that quadratic loss, the number of gradients
    spent, at most ``gradients`` and one, the number of eigenvalues hᵢ < 0 and by how much they
    lower it; None where so few gradients do not tell.

    The Hessian is known by central differences of gradients: whole for few parameters, else on a
    block Krylov space (Ritz values), with a stochastic trace of what is left (Meyer, Musco, Musco
    and Woodruff 2021, Hutch++). The value is then good to some per cent.

    >>> from singularity_lab.spectroscopes import PolynomialLoss
    >>> square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")  # K = w², h = 2
    >>> round(harmonic_llc(square, 50.0, 100.0, gradients=100).value, 6)  # ½ · 100/(100 + 100)
    0.25
    """
    d = loss.dim
    curvature = _Curvature(loss)
    if d <= _WHOLE and 2 * d <= gradients:
        slope = curvature.slope()
        h = curvature.times(torch.eye(d, dtype=torch.float64))
        eigenvalues, frame = torch.linalg.eigh(0.5 * (h + h.t()))
        lowered = _lowered(eigenvalues, slope @ frame, nbeta, gamma)
        value = _filled(eigenvalues, nbeta, gamma)
        down = _falling(eigenvalues, nbeta, gamma)
        return HarmonicLLC(value, lowered, curvature.gradients, *down)
    size = min(gradients // 2 - _STEPS * _PROBES, d, 96) // 2 * 2
    if size < _FEWEST:
        return None
    generator = torch.Generator().manual_seed(seed)
    slope = curvature.slope()
    basis, image = _krylov(curvature, slope, size, generator)
    small = basis @ image.t()
    ritz, frame = torch.linalg.eigh(0.5 * (small + small.t()))
    value = _filled(ritz, nbeta, gamma)
    lowered = _lowered(ritz, (basis @ slope) @ frame, nbeta, gamma)
    if len(basis) < d:
        value += _remainder(curvature, basis, nbeta, gamma, generator)
    return HarmonicLLC(value, lowered, curvature.gradients, *_falling(ritz, nbeta, gamma))


def _filled(h: Tensor, nbeta: float, gamma: float) -> float:
    """½ Σ nβh/(nβh + γ) over the positive ones."""
    up = nbeta * h.clamp_min(0.0)
    return float(0.5 * (up / (up + gamma).clamp_min(1e-300)).sum())


def _falling(h: Tensor, nbeta: float, gamma: float) -> tuple[int, float]:
    """The number of negative ones, and ½ Σ nβ|h|/(γ − nβ|h|) over them; those that are rounding
    beside the largest, or nothing beside γ, do not count."""
    down = -nbeta * h
    down = down[down > max(_ROUNDING * nbeta * float(h.abs().max()), _NOTHING * gamma)]
    room = gamma - down
    held = bool((room > 0).all())
    return len(down), float((0.5 * down / room).sum()) if held else math.inf


def _lowered(h: Tensor, slope: Tensor, nbeta: float, gamma: float) -> float:
    """Σ (nβgᵢ)² (½ nβhᵢ + γ)/(nβhᵢ + γ)² over eigenvalues with the slopes along them; negative ones
    count as 0."""
    up = nbeta * h.clamp_min(0.0)
    whole = up + gamma
    whole = whole.clamp_min(1e-9 * float(whole.max()) + 1e-300)
    return float(((nbeta * slope) ** 2 * (0.5 * up + gamma) / whole**2).sum())


class _Curvature:
    """Products with the Hessian at w*, and the gradients that they cost."""

    def __init__(self, loss: Loss) -> None:
        self.loss, self.gradients = loss, 0
        scale = float(loss.center.norm()) / math.sqrt(loss.dim)
        single = getattr(loss, "dtype", None) == torch.float32
        self.step = (_STEP if single else _STEP / 100) * (1.0 + scale)

    def slope(self) -> Tensor:
        """∇L(w*), (d,)."""
        self.gradients += 1
        return self.loss.value_and_grad(self.loss.center[None])[1][0].double().cpu()

    def times(self, v: Tensor) -> Tensor:
        """H v for unit vectors in the rows of v."""
        at = self.loss.center[None]
        _, plus = self.loss.value_and_grad(at + self.step * v)
        _, minus = self.loss.value_and_grad(at - self.step * v)
        self.gradients += 2 * len(v)
        return (plus.double() - minus.double()) / (2 * self.step)


def _krylov(
    curvature: _Curvature, slope: Tensor, size: int, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """An orthonormal basis (rows) of a block Krylov space that begins with the slope, where there
    is one, and its image under the Hessian."""
    d, block = curvature.loss.dim, max(2, size // 6)
    new = torch.randn((block, d), generator=generator, dtype=torch.float64)
    if float(slope.norm()) > 0.0:
        new[0] = slope / slope.norm()
    basis, image = torch.empty((0, d), dtype=torch.float64), torch.empty((0, d)).double()
    while len(basis) < size:
        for _ in range(2):  # twice is enough (Kahan)
            new = new - (new @ basis.t()) @ basis
            new = torch.linalg.qr(new.t())[0].t()
        new = new[: size - len(basis)]
        made = curvature.times(new)
        basis, image = torch.cat([basis, new]), torch.cat([image, made])
        new = made
    return basis, image


def _remainder(
    curvature: _Curvature, basis: Tensor, nbeta: float, gamma: float, generator: torch.Generator
) -> float:
    """The stochastic trace over the complement of the subspace, by a few steps of Lanczos each."""
    d = curvature.loss.dim
    probe = torch.randn((_PROBES, d), generator=generator, dtype=torch.float64)
    probe = probe - (probe @ basis.t()) @ basis
    length = probe.norm(dim=1, keepdim=True)
    vectors = [probe / length]
    small = torch.zeros((_PROBES, _STEPS, _STEPS), dtype=torch.float64)
    for k in range(_STEPS):
        made = curvature.times(vectors[k])
        small[:, k, k] = (made * vectors[k]).sum(1)
        new = made - (made @ basis.t()) @ basis
        for old in vectors * 2:
            new = new - (new * old).sum(1, keepdim=True) * old
        if k + 1 < _STEPS:
            size = new.norm(dim=1)
            small[:, k, k + 1] = small[:, k + 1, k] = size
            vectors.append(new / size[:, None].clamp_min(1e-300))
    nodes, frames = torch.linalg.eigh(small)
    up = nbeta * nodes.clamp_min(0.0)
    share = (frames[:, 0, :] ** 2 * up / (up + gamma).clamp_min(1e-300)).sum(1)
    return float(0.5 * (length[:, 0] ** 2 * share).mean())
