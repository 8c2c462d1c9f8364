"""Restricted learning coefficients and susceptibilities: which weights, and which data, make λ.

``restricted``: λ of w ↦ K(w_C, w*_rest) for a component C of the weights, or of the loss K_h of one
part of the data (Wang, Hoogland, van Wingerden, Furman, Murfet 2024, "refined" local learning
coefficients). The restricted loss is an ordinary loss, and any device can be pointed at it; its λ
is that of the restricted ideal, a smaller or larger number than λ, not a share of it.

``susceptibility``: the response of a component to a change of the data (Baker, Wang, Hoogland,
Murfet 2025). Let only the weights of C move, under e^{−nβK − γ|u|²/2}; with φ = K there, and the
loss tilted to K + h·(K_part − K),

    χ(C, part) = d/dh E_h[φ] at h = 0 = −nβ·Cov(φ, K_part − K).

A positive χ: with more weight on the part, the posterior of C moves to higher total loss. Error
bars come from the jackknife over independent groups of chains.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.parts import RestrictedLoss, component_indices
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Reading
from singularity_lab.spectroscopes.registry import find_device
from singularity_lab.system.extras import pyplot

__all__ = [
    "plot",
    "restricted",
]


# ---------------------------------------------------------------------------------- restricted


def restricted(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ of a loss restricted to a component of the weights, to a part of the data, or to both.

    component: a name of ``loss.components``, a list of indices, or text such as "0-3,7"; part: a
    name of ``loss.parts``; reader: the device that reads the restricted loss ("volume"). All other
    settings are the reader's. Raises BadInput where neither component nor part is given.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> k = PolynomialLoss.from_exponents([([1], [(2, 0)]), ([1], [(0, 1)])], loss_id="w1^4+w2^2")
    >>> r = measure("restricted", k, seed=0, component=[0], depth=30, particles=64)
    >>> abs(r.lambda_.value - 1 / 4) < 0.02
    True
    """
    component, part = settings.pop("component", None), settings.pop("part", None)
    reader = settings.pop("reader", "volume")
    if component is None and part is None:
        raise BadInput("component, part: at least one of the two is needed")
    if reader in ("restricted", "susceptibility"):
        raise BadInput(f"reader: expected a device that reads λ, received {reader!r}")
    target, words = loss, []
    if part is not None:
        parts: Mapping[str, Loss] = getattr(loss, "parts", None) or {}
        if part not in parts:
            raise BadInput(f"part: expected one of {sorted(parts)}, received {part!r}")
        target = parts[part]
        words.append(f"data {part}")
    if component is not None:
        indices = component_indices(loss, component)
        name = component if isinstance(component, str) else ",".join(map(str, indices))
        target = RestrictedLoss(target, indices, name)
        words.append(f"weights {name}")
    read = find_device(reader)(target, seed=seed, budget=budget, **settings)
    return Reading(
        device="restricted",
        loss_id=loss.loss_id,
        dim=target.dim,
        settings={"component": component, "part": part, "reader": reader, **read.settings},
        seed=seed,
        estimates=read.estimates,
        multiplicity=read.multiplicity,
        outcome=read.outcome,
        reason=f"{', '.join(words)}" + (f": {read.reason}" if read.reason else ""),
        cost=read.cost,
        diagnostics={**read.diagnostics, "restricted_loss_id": target.loss_id},
        versions=read.versions,
    )


# ---------------------------------------------------------------------------------- plot


def plot(reading: Reading, ax: Any = None) -> Any:
    """Susceptibilities with intervals by component and part; of ``restricted``, what its reader
    draws."""
    if reading.device == "restricted":
        from dataclasses import replace

        return replace(reading, device=reading.settings["reader"]).plot(ax)
    plt = pyplot()

    ax = ax if ax is not None else plt.subplots()[1]
    chosen = {k: e for k, e in reading.estimates.items() if k.startswith("chi[")}
    if not chosen:
        raise BadInput(f"plot: this reading has no χ ({reading.outcome}: {reading.reason})")
    for row, e in enumerate(chosen.values()):
        ax.plot([e.low, e.high], [row, row], lw=1.5, color="C0")
        ax.plot(e.value, row, "o", color="C0")
    ax.axvline(0.0, color="0.6", lw=1)
    ax.set_yticks(range(len(chosen)), [k[4:-1] for k in chosen])
    ax.set_xlabel("χ = −nβ Cov(K, K_part − K)")
    ax.set_title(reading.loss_id)
    return ax
