"""The measuring arm: devices that read λ, m and the density of states from K alone.

Stands on torch, numpy, :mod:`singularity_lab.errors` and :mod:`singularity_lab.system`; never on
the proof arm. Its public names are stated in ``__init__.pyi`` and imported on first use, so that
the list of devices needs no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from singularity_lab.system.stubs import homes

_HOME = homes(__file__)

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name from its home on its first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
