"""The measuring arm: devices that read λ, m and the density of states from K alone.

Stands on torch, numpy and :mod:`singularity_lab.errors`; never on the proof arm. The names below
are imported on first use, so that the list of devices needs no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singularity_lab.spectroscopes.base import (
        Budget,
        Cost,
        Estimate,
        Outcome,
        Reading,
        Spectroscope,
        devices,
        measure,
        register,
    )
    from singularity_lab.spectroscopes.loss import (
        Domain,
        FunctionLoss,
        Loss,
        ModuleLoss,
        PolynomialLoss,
    )
    from singularity_lab.spectroscopes.networks import network_loss

__all__ = [
    "Budget",
    "Cost",
    "Domain",
    "Estimate",
    "FunctionLoss",
    "Loss",
    "ModuleLoss",
    "Outcome",
    "PolynomialLoss",
    "Reading",
    "Spectroscope",
    "devices",
    "measure",
    "network_loss",
    "register",
]

_LOSSES = {"Domain", "FunctionLoss", "Loss", "ModuleLoss", "PolynomialLoss"}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in _LOSSES:
        from singularity_lab.spectroscopes import loss

        return getattr(loss, name)
    from singularity_lab.spectroscopes import base, networks

    return getattr(networks if name == "network_loss" else base, name)
