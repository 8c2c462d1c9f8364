"""The devices by name: built in, registered in this process, or brought by installed packages.

Texts alone, so that the list is there where torch is not.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

__all__ = ["BUILT_IN", "PLOTS", "REGISTERED", "devices"]

_HERE = "singularity_lab.spectroscopes"
BUILT_IN: dict[str, str] = {
    "llc": f"{_HERE}.llc:llc",
    "llc-mala": f"{_HERE}.llc:llc_mala",
    "llc-hmc": f"{_HERE}.llc:llc_hmc",
    "volume": f"{_HERE}.volume:volume",
    "wbic": f"{_HERE}.wbic:wbic",
    "fluctuation": f"{_HERE}.fluctuation:fluctuation",
    "anneal": f"{_HERE}.anneal:anneal",
    "spectrum": f"{_HERE}.spectrum:spectrum",
    "jet": f"{_HERE}.jet:jet",
    "restricted": f"{_HERE}.restricted:restricted",
    "susceptibility": f"{_HERE}.restricted:susceptibility",
    "hessian": f"{_HERE}.hessian:hessian",
    "coordinate-walk": f"{_HERE}.controls:coordinate_walk",  # negative controls: they fail
    "coordinate-slice": f"{_HERE}.controls:coordinate_slice",
    "joint-walk": f"{_HERE}.controls:joint_walk",  # and their counterpart, which does not
}
PLOTS: dict[str, str] = {
    "llc": f"{_HERE}.llc:plot",
    "llc-mala": f"{_HERE}.llc:plot",
    "llc-hmc": f"{_HERE}.llc:plot",
    "volume": f"{_HERE}.volume:plot",
    "wbic": f"{_HERE}.wbic:plot",
    "fluctuation": f"{_HERE}.fluctuation:plot",
    "anneal": f"{_HERE}.anneal:plot",
    "spectrum": f"{_HERE}.spectrum:plot",
    "jet": f"{_HERE}.jet:plot",
    "restricted": f"{_HERE}.restricted:plot",
    "susceptibility": f"{_HERE}.restricted:plot",
    "hessian": f"{_HERE}.hessian:plot",
    "coordinate-walk": f"{_HERE}.controls:plot",
    "coordinate-slice": f"{_HERE}.controls:plot",
    "joint-walk": f"{_HERE}.controls:plot",
}
REGISTERED: dict[str, Any] = {}  # name -> the device, in this process


def devices() -> dict[str, str]:
    """Names of all known devices, with where each comes from: registered, built in, or an
    installed entry point."""
    found = {
        e.name: e.value
        for e in importlib.metadata.entry_points(group="singularity_lab.spectroscopes")
    }
    registered = {
        n: f"{d.__module__}:{getattr(d, '__qualname__', n)}" for n, d in REGISTERED.items()
    }
    return found | BUILT_IN | registered
