"""The measuring arm: devices that read λ, m and the density of states from K alone.

Stands on torch, numpy and :mod:`singularity_lab.errors`; never on the proof arm. The names below
are imported on first use, so that the list of devices needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singularity_lab.spectroscopes.device import Device, Setting, Spectroscope, setting
    from singularity_lab.spectroscopes.losses.function import FunctionLoss
    from singularity_lab.spectroscopes.losses.module import ModuleLoss
    from singularity_lab.spectroscopes.losses.polynomial import PolynomialLoss
    from singularity_lab.spectroscopes.losses.protocol import Domain, Loss
    from singularity_lab.spectroscopes.measuring import measure
    from singularity_lab.spectroscopes.meter import Budget
    from singularity_lab.spectroscopes.networks import collected, network_loss, planned
    from singularity_lab.spectroscopes.reading import Cost, Estimate, Outcome, Reading
    from singularity_lab.spectroscopes.registry import known_devices, register

_HOME = {
    "Budget": "meter",
    "Cost": "reading",
    "Device": "device",
    "Domain": "losses.protocol",
    "Estimate": "reading",
    "FunctionLoss": "losses.function",
    "Loss": "losses.protocol",
    "ModuleLoss": "losses.module",
    "Outcome": "reading",
    "PolynomialLoss": "losses.polynomial",
    "Reading": "reading",
    "Setting": "device",
    "Spectroscope": "device",
    "collected": "networks",
    "known_devices": "registry",
    "measure": "measuring",
    "network_loss": "networks",
    "planned": "networks",
    "register": "registry",
    "setting": "device",
}

__all__ = [
    "Budget",
    "Cost",
    "Device",
    "Domain",
    "Estimate",
    "FunctionLoss",
    "Loss",
    "ModuleLoss",
    "Outcome",
    "PolynomialLoss",
    "Reading",
    "Setting",
    "Spectroscope",
    "collected",
    "known_devices",
    "measure",
    "network_loss",
    "planned",
    "register",
    "setting",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home on its first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
