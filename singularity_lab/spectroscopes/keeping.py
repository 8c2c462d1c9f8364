"""Keeps the draws of chains while they run: what they see, and the losses of examples there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.draws import DATA, Draws
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Meter

__all__ = ["Keeper"]


class Keeper:
    """Collects draws while chains run. every: of so many draws one is kept."""

    def __init__(self, loss: Loss, meter: Meter, draws: int, kept: int) -> None:
        self.meter, self.center = meter, loss.center
        self.every = max(1, math.ceil(draws / kept))
        observed = dict(getattr(loss, "observed", None) or {})
        examples = getattr(loss, "example_values", None)
        if examples is not None:
            observed = {DATA: examples, **observed}
        if not observed:
            raise BadInput(f"keep: {loss.loss_id} has no losses of examples to keep")
        self.observed = observed
        self.energy: list[Tensor] = []
        self.distance: list[Tensor] = []
        self.losses: dict[str, list[Tensor]] = {name: [] for name in observed}

    def add(self, t: int, u: Tensor, value: Tensor) -> None:
        """See the chains at draw t, at displacements u (c, d) with K (c,)."""
        if t % self.every:
            return
        w = u.to(torch.float64) + self.center.to(u.device)
        self.energy.append(value.detach().double().cpu())
        self.distance.append(u.double().norm(dim=1).cpu())
        for name, evaluate in self.observed.items():
            self.meter.spend_values(len(w))
            self.losses[name].append(evaluate(w).float().cpu())

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        losses = {name: list(x) for name, x in self.losses.items()}
        return {"energy": list(self.energy), "distance": list(self.distance), "losses": losses}

    def resume(self, saved: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` kept."""
        self.energy, self.distance = saved["energy"], saved["distance"]
        self.losses = saved["losses"]

    def draws(self, kinds: Sequence[Mapping[str, bool]], nbeta: float) -> Draws | None:
        """All that was seen; None before the first draw. kinds: of the groups of chains."""
        if not self.energy:
            return None
        c = len(self.energy[0])
        group = np.minimum(np.arange(c) // (c // len(kinds)), len(kinds) - 1)

        def flags(name: str) -> np.ndarray:
            return np.array([bool(kinds[g].get(name, False)) for g in group])

        def stacked(x: list[Tensor]) -> np.ndarray:
            return torch.stack(x, dim=1).double().numpy()

        return Draws(
            stacked(self.energy),
            stacked(self.distance),
            {name: stacked(x) for name, x in self.losses.items()},
            flags("scattered"),
            flags("halved"),
            nbeta,
        )
