"""The measuring arm: devices that read λ, m and the density of states from K alone.

Stands on torch, numpy and :mod:`singularity_lab.errors`; never on the proof arm.
"""

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
from singularity_lab.spectroscopes.networks import collected, network_loss, planned

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
    "collected",
    "devices",
    "measure",
    "network_loss",
    "planned",
    "register",
]
