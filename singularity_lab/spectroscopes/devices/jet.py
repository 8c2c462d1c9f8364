"""Numerical jet schemes: codim J_m by Levenberg–Marquardt on order profiles, and the bounds
λ ≤ codim/(2(m + 1)) over real points. Mustaţă 2002 (Theorem 0.1); Ein, Lazarsfeld, Mustaţă 2004.

A jet w(t) = w* + Σ_{l ≤ m} w_l t^l lies in J_m of f₁, …, f_g when fᵢ(w(t)) ≡ 0 mod t^{m+1}. For a
set of real jets with this property, of codimension c among all jets of order m, the volume of
{Σ fᵢ² < ε} is at least of the order ε^{c/(2(m+1))}: every such set bounds λ from above, and over
the complex numbers the infimum of these bounds is the threshold itself. The device needs no small
temperature: it works from the algebra at a point.

An *order profile* a fixes ord_t w_i(t) ≥ a_i. On a profile, with leading coefficients away from 0,
the equations are most often reduced where the jet scheme itself is not. They are solved from random
starts, all profiles at once; the rank of the Jacobian at a solution gives the tangent dimension,
and random slices (that many linear equations more, at a small distance from the solution) confirm
that the solutions have that dimension, or find the smaller one that they have.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.devices.residual_jets import ResidualJets
from singularity_lab.spectroscopes.losses.polynomial_loss import PolynomialLoss
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget, BudgetSpent, Meter
from singularity_lab.spectroscopes.reading import Estimate, Outcome, Reading
from singularity_lab.system.extras import pyplot

__all__ = ["Equations", "JetSettings", "ProfileStratum", "jet", "plot", "search"]

Exponent = tuple[int, ...]


@dataclass(frozen=True)
class JetSettings:
    """How far and how densely jets are searched for, and how solutions are confirmed."""

    order: int = setting(6, "largest m of the jet schemes J_m, at most 40")
    profiles: int = setting(400, "order profiles tried for every m, all where there are no more")
    starts: int = setting(8, "random starts of a profile")
    radius: float = setting(
        0.6, "size of w_0 − w*, the base points of jets; of networks a third of it"
    )
    iterations: int = setting(60, "of Levenberg–Marquardt")
    tolerance: float = setting(1e-11, "residual of a solution")
    slice: float = setting(3e-3, "distance of the slices from a solution")
    confirm: int = setting(12, "profiles of the largest dimension that are confirmed, for every m")
    level: float = setting(0.9, "of the interval")

    def __post_init__(self) -> None:
        for name in ("profiles", "starts", "iterations", "confirm"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name}: expected at least 1, received {getattr(self, name)}")
        if not 0 <= self.order <= 40:
            raise BadInput(f"order: expected 0…40, received {self.order}")
        if not (self.radius > 0 and 0 < self.tolerance < 1e-3 and 0 < self.slice < 1):
            raise BadInput(
                f"radius, tolerance, slice: expected > 0, (0, 10⁻³), (0, 1), received {self}"
            )


@dataclass(frozen=True)
class ProfileStratum:
    """Jets of order m on a profile: dimension confirmed by slices, and codimension among all
    d(m + 1) coefficients."""

    order: int
    profile: tuple[int, ...]
    dimension: int
    tangent_dimension: int
    codimension: int


class Equations:
    """Coefficients of f_i(w(t)) up to t^m, and their Jacobian, for batches of jets.

    generators: exponents → coefficient, about w*; jets: (b, d, q), q = m + 1 coefficients a
    coordinate. Both by truncated products of power series; ∂F_k/∂w_{jl} is the coefficient k − l of
    (∂_j f)(w(t)).

    >>> e = Equations([{(2, 0): 1.0, (0, 3): -1.0}], 2, 3)
    >>> w = torch.tensor([[[0.0, 0.0, 5.0], [0.0, 2.0, 0.0]]], dtype=torch.float64)
    >>> e(w)[0].tolist()          # x = 5t², y = 2t: x² − y³ = −8t³ + …
    [[0.0, 0.0, 0.0]]
    """

    def __init__(self, generators: list[dict[Exponent, float]], dim: int, length: int) -> None:
        self.dim, self.length = dim, length
        self.generators = generators
        self.partials = [[_derivative(g, j) for j in range(dim)] for g in generators]
        needed = {e for g in generators for e in g}
        needed |= {e for row in self.partials for g in row for e in g}
        self.monomials = sorted(needed, key=lambda e: (sum(e), e))

    def __call__(self, jets: Tensor) -> tuple[Tensor, Tensor]:
        """F (b, g·q) and its Jacobian (b, g·q, d·q)."""
        b, q = jets.shape[0], self.length
        table: dict[Exponent, Tensor] = {}
        for e in self.monomials:
            table[e] = self._monomial(e, jets, table)

        def combine(g: dict[Exponent, float]) -> Tensor:
            out = jets.new_zeros((b, q))
            for e, c in g.items():
                out = out + c * table[e]
            return out

        values = torch.stack([combine(g) for g in self.generators], 1)
        jacobian = jets.new_zeros((b, len(self.generators), q, self.dim, q))
        for i, row in enumerate(self.partials):
            for j, partial in enumerate(row):
                if not partial:
                    continue
                series = combine(partial)
                for lag in range(q):
                    for k in range(lag, q):
                        jacobian[:, i, k, j, lag] = series[:, k - lag]
        return values.reshape(b, -1), jacobian.reshape(b, -1, self.dim * q)

    def _monomial(self, e: Exponent, jets: Tensor, table: dict[Exponent, Tensor]) -> Tensor:
        if e in table:
            return table[e]
        if not any(e):
            one = jets.new_zeros((jets.shape[0], self.length))
            one[:, 0] = 1.0
            return one
        j = next(k for k, x in enumerate(e) if x)
        rest = tuple(x - (k == j) for k, x in enumerate(e))
        table[rest] = self._monomial(rest, jets, table)
        return _times(jets[:, j], table[rest])


def _derivative(g: dict[Exponent, float], j: int) -> dict[Exponent, float]:
    return {tuple(x - (k == j) for k, x in enumerate(e)): c * e[j] for e, c in g.items() if e[j]}


def _times(a: Tensor, b: Tensor) -> Tensor:
    """Product of truncated power series (b, q)."""
    out = torch.zeros_like(a)
    q = a.shape[1]
    for k in range(q):
        out[:, k:] += a[:, k : k + 1] * b[:, : q - k]
    return out


# ---------------------------------------------------------------------------------- solving


def solve(
    equations: Equations,
    jets: Tensor,
    mask: Tensor,
    iterations: int,
    meter: Meter,
    planes: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, Tensor]:
    """Levenberg–Marquardt for F = 0 in the coefficients that ``mask`` (b, d·q) frees.

    planes: linear equations A w = c besides, A (b, k, d·q), c (b, k). Returns jets and the largest
    residual of F and planes (b,).
    """
    b = jets.shape[0]
    w = jets.reshape(b, -1).clone()

    def system(w: Tensor) -> tuple[Tensor, Tensor]:
        if meter.gradients + b > meter.budget.evaluations:
            raise BudgetSpent("evaluations")
        if meter.cpu_seconds() > meter.budget.cpu_seconds:
            raise BudgetSpent("CPU seconds")
        meter.gradients += b
        f, jacobian = equations(w.view(jets.shape))
        if planes is not None:
            f = torch.cat([f, torch.einsum("bkn,bn->bk", planes[0], w) - planes[1]], 1)
            jacobian = torch.cat([jacobian, planes[0]], 1)
        return f, jacobian * mask[:, None, :]

    f, jacobian = system(w)
    damping = jets.new_full((b,), 1e-3)
    eye = torch.eye(f.shape[1], dtype=w.dtype, device=w.device)
    for _ in range(iterations):
        gram = jacobian @ jacobian.transpose(1, 2)
        scale = gram.diagonal(dim1=1, dim2=2).mean(1).clamp_min(1e-300)
        solution = torch.linalg.solve(
            gram + (damping * scale).clamp_min(1e-280)[:, None, None] * eye, f[:, :, None]
        )
        new = w - (jacobian.transpose(1, 2) @ solution)[:, :, 0]
        f2, jacobian2 = system(new)
        better = (f2 * f2).sum(1) < (f * f).sum(1)
        w = torch.where(better[:, None], new, w)
        f = torch.where(better[:, None], f2, f)
        jacobian = torch.where(better[:, None, None], jacobian2, jacobian)
        damping = torch.where(better, damping / 8, damping * 5).clamp(1e-13, 1e8)
        if float(f.abs().max()) < 1e-14:
            break
    return w.view(jets.shape), f.abs().amax(1)


def _profiles(d: int, q: int, count: int, generator: torch.Generator) -> list[tuple[int, ...]]:
    """All order profiles with a_i ∈ 0 … q, or ``count`` of them: the constant ones, those with few
    values, and random ones."""
    if (q + 1) ** d <= count:
        return list(itertools.product(range(q + 1), repeat=d))
    chosen = {(a,) * d for a in range(q + 1)}
    for _ in range(20 * count):
        if len(chosen) >= count:
            break
        values = torch.randint(q + 1, (2,), generator=generator).tolist()
        if torch.rand(1, generator=generator) < 0.5:  # two values only
            bits = torch.randint(2, (d,), generator=generator).tolist()
            chosen.add(tuple(values[x] for x in bits))
        else:
            chosen.add(tuple(torch.randint(q + 1, (d,), generator=generator).tolist()))
    return sorted(chosen)


def _rank(jacobian: Tensor) -> Tensor:
    """Numerical rank by the relative size of singular values (b,)."""
    s = torch.linalg.svdvals(jacobian)
    return (s > 1e-7 * s[:, :1].clamp_min(1e-300)).sum(1)


def _confirmed(
    equations: Equations,
    points: list[Tensor],
    mask: Tensor,
    tangent: int,
    s: JetSettings,
    meter: Meter,
    generator: torch.Generator,
) -> int:
    """The largest k ≤ ``tangent`` for which random slices of codimension k close to one of the
    solutions meet the solutions: their local dimension there."""
    tries = 4
    flat = torch.stack(points).reshape(len(points), -1).repeat_interleave(tries, 0)
    b, n = flat.shape
    for k in range(tangent, 0, -1):
        a = torch.randn((b, k, n), generator=generator, dtype=torch.float64) * mask
        a = torch.linalg.qr(a.transpose(1, 2))[0].transpose(1, 2)
        shift = torch.randn((b, k), generator=generator, dtype=torch.float64)
        shift = s.slice * shift / shift.norm(dim=1, keepdim=True)
        c = torch.einsum("bkn,bn->bk", a, flat) + shift
        start = flat + torch.einsum("bkn,bk->bn", a, shift) * mask
        jets, residual = solve(
            equations,
            start.view(b, *points[0].shape),
            mask.repeat(b, 1),
            s.iterations,
            meter,
            (a, c),
        )
        far = (jets.reshape(b, -1) - flat).norm(dim=1)
        met = (residual < 1e2 * s.tolerance) & (far < 30 * s.slice)
        if int(met.view(-1, tries).sum(1).max()) * 2 >= tries:
            return k
    return 0


def search(
    generators: list[dict[Exponent, float]],
    dim: int,
    order: int,
    s: JetSettings,
    meter: Meter,
    generator: torch.Generator,
) -> list[ProfileStratum]:
    """Strata of J_m for one m, confirmed, of largest dimension first; empty where none is found."""
    q = order + 1
    equations = Equations(generators, dim, q)
    profiles = _profiles(dim, q, s.profiles, generator)
    powers = torch.arange(q)
    orders = torch.tensor(profiles)
    masks = (powers[None, None, :] >= orders[:, :, None]).double().reshape(len(profiles), -1)
    found: list[tuple[int, int, Tensor]] = []
    chunk = max(1, 20_000_000 // (8 * len(generators) * q * dim * q) // s.starts)
    for first in range(0, len(profiles), chunk):
        part = slice(first, first + chunk)
        mask = masks[part].repeat_interleave(s.starts, 0)
        b = len(mask)
        jets = 0.5 * torch.randn((b, dim, q), generator=generator, dtype=torch.float64)
        lead = powers[None, None, :] == orders[part].repeat_interleave(s.starts, 0)[:, :, None]
        size = 0.5 + torch.rand((b, dim, q), generator=generator, dtype=torch.float64)
        jets = torch.where(lead, torch.sign(jets) * size, jets) * mask.view(b, dim, q)
        jets[:, :, 0] *= s.radius
        jets, residual = solve(equations, jets, mask, s.iterations, meter)
        # A leading coefficient that went to 0 belongs to another profile.
        kept = torch.where(lead, jets.abs(), math.inf).amin((1, 2)) > 1e-2 * s.radius
        fine = (residual < s.tolerance) & kept & (jets.abs().amax((1, 2)) < 20)
        if not bool(fine.any()):
            continue
        chosen = torch.nonzero(fine)[:, 0]
        _, jacobian = equations(jets[chosen])
        tangent = mask[chosen].sum(1).long() - _rank(jacobian * mask[chosen][:, None, :])
        for where, t in zip(chosen.tolist(), tangent.tolist(), strict=True):
            found.append((t, first + where // s.starts, jets[where]))
    best: dict[int, tuple[int, list[Tensor]]] = {}
    for t, which, point in found:
        # On one profile the smallest tangent dimension is that of a generic solution.
        if which not in best or t < best[which][0]:
            best[which] = (t, [])
        if t == best[which][0]:
            best[which][1].append(point)
    strata: list[ProfileStratum] = []
    top = -1
    for which, (t, points) in sorted(best.items(), key=lambda x: (-x[1][0], x[0]))[: s.confirm]:
        if t <= top:
            break
        mask = masks[which : which + 1]
        dimension = _confirmed(equations, points, mask, t, s, meter, generator)
        strata.append(ProfileStratum(order, profiles[which], dimension, t, dim * q - dimension))
        top = max(top, dimension)
    return sorted(strata, key=lambda x: x.codimension)


# ---------------------------------------------------------------------------------- reading


def jet(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """Upper bounds of λ from codimensions of real jets near w*, for m = 0 … ``order``.

    The loss is a :class:`PolynomialLoss`, with its generators, or has ``residuals``, as networks
    do: then the jets are those of the outputs minus the outputs at w*
    (:mod:`singularity_lab.spectroscopes.devices.residual_jets`). Estimates: ``lambda``, the
    smallest bound, with the interval [0, bound]; ``codim J_m`` for every m (numerically confirmed,
    not proved). See :class:`JetSettings`. Raises BadInput for a loss with neither, with walls or
    with prior exponents.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> cusp = PolynomialLoss.from_exponents([([1, -1], [(2, 0), (0, 3)])], loss_id="cusp")
    >>> r = measure("jet", cusp, seed=0, order=5)
    >>> [int(r.estimates[f"codim J_{m}"].value) for m in range(6)], round(r.lambda_.value, 4)
    ([1, 2, 3, 4, 5, 5], 0.4167)
    """
    s = settings_of(JetSettings, settings, "jet")
    residual = getattr(loss, "residuals", None)
    if not isinstance(loss, PolynomialLoss) and residual is None:
        raise BadInput(
            "loss: jets need generators (a PolynomialLoss) or residuals (a network), received kind "
            f"{loss.kind!r}"
        )
    if loss.prior_exponents is not None or loss.domain is not None:
        raise BadInput("loss: bounds by jets are for the flat prior and a point without walls")
    meter = Meter(loss, budget)
    if not isinstance(loss, PolynomialLoss):
        return _of_residuals(loss, residual, s, seed, meter)
    generator = torch.Generator().manual_seed(seed)
    local = loss._program.generators
    factor = 1 if loss.as_loss else 2
    estimates: dict[str, Estimate] = {}
    rows: list[dict[str, Any]] = []
    outcome, reason = Outcome.OK, ""
    bound = math.inf
    try:
        for order in range(s.order + 1):
            strata = search(local, loss.dim, order, s, meter, generator)
            if not strata:
                continue
            top = strata[0]
            c = float(top.codimension)
            estimates[f"codim J_{order}"] = Estimate(c, c, c, s.level)
            bound = min(bound, c / (factor * (order + 1)))
            rows += [asdict(x) | {"bound": x.codimension / (factor * (order + 1))} for x in strata]
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent"
    if math.isfinite(bound):
        estimates = {"lambda": Estimate(bound, 0.0, bound, s.level)} | estimates
        best = min(rows, key=lambda x: (x["bound"], x["order"]))
        words = f"an upper bound, from jets of order {best['order']} with orders {best['profile']}"
        reason = f"{reason}; {words}" if reason else words
    elif outcome is Outcome.OK:
        outcome, reason = Outcome.BAD_LOSS, "no jets found: the loss does not vanish near w*"
    return meter.reading("jet", s, seed, estimates, outcome, reason, {"strata": rows})


def _of_residuals(loss: Loss, residual: Any, s: JetSettings, seed: int, meter: Meter) -> Reading:
    """The reading of a map that is known by its values."""

    def spend(count: int) -> None:
        if meter.gradients + count > meter.budget.evaluations:
            raise BudgetSpent("evaluations")
        if meter.cpu_seconds() > meter.budget.cpu_seconds:
            raise BudgetSpent("CPU seconds")
        meter.gradients += count

    estimates: dict[str, Estimate] = {}
    rows: list[dict[str, Any]] = []
    outcome, reason, unclear = Outcome.OK, "", []
    jets = ResidualJets(residual, loss.center.to("cpu", torch.float64), spend)
    try:
        for order in range(s.order + 1):
            found = jets.search(
                order, starts=s.starts, seed=seed, radius=s.radius / 3, iterations=s.iterations
            )
            if not found or not found[0].confirmed:
                unclear.append(order)
                continue
            c = float(found[0].codimension)
            estimates[f"codim J_{order}"] = Estimate(c, c, c, s.level)
            rows += [
                {"order": f.order, "codimension": f.codimension, "bound": f.bound, "gap": f.gap,
                 "orders": f.orders, "straight": f.straight, "distance": f.distance}
                for f in found if f.confirmed
            ]  # fmt: skip
    except BudgetSpent as error:
        outcome, reason = Outcome.BUDGET, f"{error} spent"
    if rows:
        best = min(rows, key=lambda x: (x["bound"], x["order"]))
        bound = best["bound"]
        estimates = {"lambda": Estimate(bound, 0.0, bound, s.level)} | estimates
        words = (
            f"an upper bound, from jets of order {best['order']} at distance "
            f"{best['distance']:.2g} from w*; directions die at orders 0, 1, …: {best['orders']}"
        )
        reason = f"{reason}; {words}" if reason else words
        if unclear:
            reason += f"; nothing confirmed at orders {unclear}"
    elif outcome is Outcome.OK:
        outcome, reason = Outcome.NOT_MIXED, "no jet was found that fills its tangent space"
    return meter.reading("jet", s, seed, estimates, outcome, reason, {"strata": rows})


def plot(reading: Reading, ax: Any = None) -> Any:
    """Bounds codim J_m/(2(m + 1)) against m, with the smallest."""
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    rows = reading.diagnostics.get("strata") or []
    if not rows:
        raise BadInput(f"plot: this reading has no jets ({reading.outcome}: {reading.reason})")
    orders = np.array([r["order"] for r in rows])
    ax.plot(orders, [r["bound"] for r in rows], "o")
    ax.axhline(reading.lambda_.value, ls="--", color="0.4")
    ax.set_xlabel("order m of the jets")
    ax.set_ylabel("bound of λ")
    ax.set_title(f"{reading.loss_id}: λ ≤ {reading.lambda_.value:.4g}")
    return ax


DEVICE = Device(
    name="jet",
    summary="bounds of λ from above by numerical jet schemes",
    scope="Says codimensions of real jets and the bound codim/(2(m + 1)) of λ, for a loss with "
    "generators, or a network against its own outputs; the interval [0, bound] claims nothing from "
    "below. A numerical finding, not a proof; it does not speak of m.",
    Settings=JetSettings,
    run=jet,
    plot=plot,
)
