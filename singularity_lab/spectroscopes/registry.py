"""The devices by name: built in, registered in this process, or brought by installed packages.

Texts alone, so that the list is there where torch is not.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.losses.protocol import Loss
from singularity_lab.spectroscopes.meter import Budget
from singularity_lab.spectroscopes.reading import Reading

__all__ = [
    "BUILT_IN",
    "PLOTS",
    "REGISTERED",
    "known_devices",
]

_HERE = "singularity_lab.spectroscopes"
BUILT_IN: dict[str, str] = {
    "llc": f"{_HERE}.devices.llc:llc",
    "llc-mala": f"{_HERE}.devices.llc_adjusted:llc_mala",
    "llc-hmc": f"{_HERE}.devices.llc_adjusted:llc_hmc",
    "volume": f"{_HERE}.devices.volume:volume",
    "wbic": f"{_HERE}.devices.wbic:wbic",
    "fluctuation": f"{_HERE}.devices.fluctuation:fluctuation",
    "anneal": f"{_HERE}.devices.anneal:anneal",
    "spectrum": f"{_HERE}.devices.spectrum:spectrum",
    "jet": f"{_HERE}.devices.jet:jet",
    "restricted": f"{_HERE}.devices.restricted:restricted",
    "susceptibility": f"{_HERE}.devices.susceptibility:susceptibility",
    "hessian": f"{_HERE}.devices.hessian:hessian",
    "coordinate-walk": f"{_HERE}.devices.controls:coordinate_walk",  # negative controls: they fail
    "coordinate-slice": f"{_HERE}.devices.controls:coordinate_slice",
    "joint-walk": f"{_HERE}.devices.controls:joint_walk",  # and their counterpart, which does not
}
PLOTS: dict[str, str] = {
    "llc": f"{_HERE}.devices.llc:plot",
    "llc-mala": f"{_HERE}.devices.llc:plot",
    "llc-hmc": f"{_HERE}.devices.llc:plot",
    "volume": f"{_HERE}.devices.volume:plot",
    "wbic": f"{_HERE}.devices.wbic:plot",
    "fluctuation": f"{_HERE}.devices.fluctuation:plot",
    "anneal": f"{_HERE}.devices.anneal:plot",
    "spectrum": f"{_HERE}.devices.spectrum:plot",
    "jet": f"{_HERE}.devices.jet:plot",
    "restricted": f"{_HERE}.devices.restricted:plot",
    "susceptibility": f"{_HERE}.devices.restricted:plot",
    "hessian": f"{_HERE}.devices.hessian:plot",
    "coordinate-walk": f"{_HERE}.devices.controls:plot",
    "coordinate-slice": f"{_HERE}.devices.controls:plot",
    "joint-walk": f"{_HERE}.devices.controls:plot",
}
REGISTERED: dict[str, Any] = {}  # name -> the device, in this process


def known_devices() -> dict[str, str]:
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


class Spectroscope(Protocol):
    """The signature of a device."""

    def __call__(self, loss: Loss, *, seed: int, budget: Budget, **settings: Any) -> Reading:
        """Measure ``loss``."""
        ...


def register(name: str) -> Callable[[Spectroscope], Spectroscope]:
    """Decorator: make a device known to :func:`measure` under a name, for this process."""

    def add(device: Spectroscope) -> Spectroscope:
        REGISTERED[name] = device
        return device

    return add


def find_device(name: str) -> Spectroscope:
    if name in REGISTERED:
        return REGISTERED[name]
    known = known_devices()
    if name not in known:
        raise BadInput(f"device: expected one of {sorted(known)}, received {name!r}")
    module, function = known[name].split(":")
    device: Spectroscope = getattr(importlib.import_module(module), function)
    return device


S = TypeVar("S")


def settings_of(cls: type[S], given: Mapping[str, Any], device: str) -> S:
    """A settings dataclass from keyword arguments; unknown names raise BadInput with the list of
    known ones."""
    known = [f.name for f in dataclasses.fields(cls)]  # type: ignore[arg-type]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise BadInput(f"settings: {device} knows {known}, received unknown {unknown}")
    return cls(**given)
