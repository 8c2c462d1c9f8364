"""The localised tempered posterior as a target of the kernels, with its stiff coordinates
scaled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from singularity_lab.spectroscopes.kernels import gibbs, hmc
from singularity_lab.spectroscopes.meter import Meter

# ---------------------------------------------------------------------------------- the law


class Localised(gibbs.GibbsTarget):
    """K through the meter, and −log π = |u|²/2σ² − Σ τᵢ log|wᵢ|, +∞ outside the domain."""

    def __init__(self, meter: Meter, sigma: float, device: torch.device) -> None:
        loss = meter.loss
        self.meter = meter
        self.sigma = sigma
        self.center = loss.center.to(device, torch.float64)
        self.walls: tuple[Tensor, Tensor] | None = None
        if loss.domain is not None:
            lower, upper = loss.domain.lower, loss.domain.upper
            self.walls = (
                torch.tensor(lower, dtype=torch.float64, device=device) - self.center,
                torch.tensor(upper, dtype=torch.float64, device=device) - self.center,
            )
        tau = loss.prior_exponents
        self.tau = None if tau is None else torch.tensor(tau, dtype=torch.float64, device=device)

    def value(self, u: Tensor) -> Tensor:
        return self.meter.k(u)

    def prior(self, u: Tensor) -> Tensor:
        out = (u * u).sum(1) / (2 * self.sigma**2)
        if self.tau is not None:
            out = out - torch.nan_to_num(self.tau * torch.log((u + self.center).abs())).sum(1)
        if self.walls is not None:
            outside = ((u < self.walls[0]) | (u > self.walls[1])).any(1)
            out = torch.where(outside, math.inf, out)
        return out

    def is_free(self, j: int) -> bool:
        """Whether the prior of a coordinate is the Gaussian alone."""
        walled = self.walls is not None and bool(
            torch.isfinite(self.walls[0][j]) | torch.isfinite(self.walls[1][j])
        )
        return not walled and (self.tau is None or float(self.tau[j]) == 0.0)

    def target(self, beta: float) -> hmc.Target:
        """U = βK − log π, its gradient, and K."""

        def evaluate(u: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            value, grad = self.meter.k_and_grad(u)
            slope = u / self.sigma**2 + beta * grad
            if self.tau is not None:
                slope = slope - torch.where(self.tau != 0, self.tau / (u + self.center), 0.0)
            return beta * value + self.prior(u), slope, value

        return evaluate

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Independent draws from π (count, d): Gaussian, or by the inverse distribution function
        of each coordinate with a wall or a prior exponent."""
        d, device = self.center.numel(), self.center.device
        shape = (count, d)
        u = self.sigma * torch.randn(shape, generator=generator, dtype=torch.float64, device=device)
        for j in range(d):
            tau = 0.0 if self.tau is None else float(self.tau[j])
            low = -math.inf if self.walls is None else float(self.walls[0][j])
            high = math.inf if self.walls is None else float(self.walls[1][j])
            if tau == 0.0 and low == -math.inf and high == math.inf:
                continue
            c, reach = float(self.center[j]), 8 * self.sigma
            ends = torch.tensor([max(low, -reach) + c, min(high, reach) + c], dtype=torch.float64)
            # In s = sign(w)|w|^{τ+1} the prior factor is flat and the density is smooth.
            ends = torch.sign(ends) * ends.abs() ** (tau + 1)
            s = torch.linspace(float(ends[0]), float(ends[1]), 1 << 14, dtype=torch.float64)
            w = torch.sign(s) * s.abs() ** (1 / (tau + 1))
            mass = torch.cumsum(torch.exp(-((w - c) ** 2) / (2 * self.sigma**2)), 0)
            q = torch.rand(count, generator=generator, dtype=torch.float64, device=device).cpu()
            at = torch.searchsorted(mass / mass[-1], q).clamp_(1, len(s) - 1)
            jitter = torch.rand(count, generator=generator, dtype=torch.float64, device=device)
            point = s[at - 1] + jitter.cpu() * (s[at] - s[at - 1])
            u[:, j] = (torch.sign(point) * point.abs() ** (1 / (tau + 1)) - c).to(device)
        return u


@dataclass(frozen=True)
class Stiff:
    """Stiff directions at w*: h (k,) eigenvalues of the Hessian, q (d, k) their orthonormal
    vectors.

    In z = S⁻¹u, S = (1 + βσ²H)^{−1/2} on the span of q and 1 on its complement, the law of the
    quadratic part is the unit Gaussian of width σ at every β.
    """

    h: Tensor
    q: Tensor

    def apply(self, u: Tensor, factor: Tensor) -> Tensor:
        """(1 + q (factor − 1) qᵀ) u for rows u (c, d)."""
        return u + ((u @ self.q) * (factor - 1.0)) @ self.q.t()


def stiff(law: Localised, count: int, generator: torch.Generator) -> Stiff | None:
    """The leading ``count`` eigenpairs of the Hessian at w*, by subspace iteration on differences
    of gradients (Halko, Martinsson, Tropp 2011); None where they do not hold all stiff directions
    (the smallest is above a thousandth of the largest)."""
    d, device = law.center.numel(), law.center.device
    count = min(count, d)
    q = torch.randn((d, count), generator=generator, dtype=torch.float64, device=device)
    q = torch.linalg.qr(q)[0]
    step = 1e-4 * law.sigma * math.sqrt(d)
    image = q
    for sweep in range(3):
        _, plus = law.meter.k_and_grad(step * q.t())
        _, minus = law.meter.k_and_grad(-step * q.t())
        image = ((plus - minus) / (2 * step)).t()
        small = q.t() @ image
        h, rotation = torch.linalg.eigh(0.5 * (small + small.t()))
        if not bool(torch.isfinite(image).all()) or float(h.max()) <= 0:
            return None
        q = q @ rotation
        if sweep < 2:
            q = torch.linalg.qr(image @ rotation)[0]
    if count < d and float(h.min()) > 1e-3 * float(h.max()):
        return None
    keep = h > 1e-4 * h.max()
    return Stiff(h[keep].contiguous(), q[:, keep].contiguous())
