"""Restricted learning coefficients: which weights, and which data, make λ.

λ of w ↦ K(w_C, w*_rest) for a component C of the weights, or of the loss K_h of one
part of the data (Wang, Hoogland, van Wingerden, Furman, Murfet 2024, "refined" local learning
coefficients). The restricted loss is an ordinary loss, and any device can be pointed at it; its λ
is that of the restricted ideal, a smaller or larger number than λ, not a share of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.device import Device, setting, settings_of
from singularity_lab.spectroscopes.losses.parts import RestrictedLoss, component_indices
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Reading
from singularity_lab.spectroscopes.registry import find_device

__all__ = ["RestrictedSettings", "plot", "restricted"]


@dataclass(frozen=True)
class RestrictedSettings:
    """What is restricted, and who reads it; all other settings are the reader's."""

    component: str | Sequence[int] | None = setting(
        None, "weights that move: a name of loss.components, indices, or text such as '0-3,7'"
    )
    part: str | None = setting(None, "the part of the data, a name of loss.parts")
    reader: str = setting("volume", "the device that reads the restricted loss; it takes the rest")


def restricted(loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
    """λ of a loss restricted to a component of the weights, to a part of the data, or to both.

    See :class:`RestrictedSettings`. Raises BadInput where neither component nor part is given.

    >>> from singularity_lab.spectroscopes import PolynomialLoss, measure
    >>> k = PolynomialLoss.from_exponents([([1], [(2, 0)]), ([1], [(0, 1)])], loss_id="w1^4+w2^2")
    >>> r = measure("restricted", k, seed=0, component=[0], depth=30, particles=64)
    >>> abs(r.lambda_.value - 1 / 4) < 0.02
    True
    """
    own = {f.name: settings.pop(f.name) for f in fields(RestrictedSettings) if f.name in settings}
    s = settings_of(RestrictedSettings, own, "restricted")
    component, part, reader = s.component, s.part, s.reader
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


def plot(reading: Reading, ax: Any = None) -> Any:
    """What the reader of the restricted loss draws."""
    return replace(reading, device=reading.settings["reader"]).plot(ax)


DEVICE = Device(
    name="restricted",
    summary="λ of a component of the weights, or of a part of the data, by another device",
    scope="Says what its reader says, of the loss restricted to a component of the weights, to a "
    "part of the data, or to both. It is the λ of the restricted ideal, not a share of λ.",
    Settings=RestrictedSettings,
    reader="reader",
    run=restricted,
    plot=plot,
)
