"""A laboratory for singular models: proved learning coefficients, calibrated instruments.

The flat face of the package is stated in ``__init__.pyi``. Each name is imported from its home on
first use (PEP 562), so that ``import singularity_lab`` loads no library: neither torch nor SciPy.
"""

from __future__ import annotations

import inspect as _inspect
from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from typing import Any as _Any

from singularity_lab.system.stubs import homes as _homes

__version__ = "0.1.0"


_HOME = _homes(__file__)

# What measures with torch; without it they are no part of ``from singularity_lab import *``.
_OF_TORCH = frozenset({
    "Loss",
    "Tracker",
    "Trajectory",
    "change_points",
    "llc",
    "loss",
    "measure",
    "network_loss",
    "sweep",
    "torch_estimator",
    "track",
})  # fmt: skip

try:
    _torch = _find_spec("torch") is not None
except (ImportError, ValueError):
    _torch = False

__all__ = sorted(_HOME if _torch else set(_HOME) - _OF_TORCH)

# Functions of a germ: an id of the catalog as their first argument is the row, everywhere.
_OF_GERMS = frozenset({
    "contact_loci",
    "essential_divisors",
    "explain",
    "jets",
    "lct",
    "newton_polyhedron",
    "resolution_graph",
    "rlct",
    "singular_points",
    "singularity",
    "toric_resolution",
    "volume_expansion",
    "zeta",
})  # fmt: skip


# Functions of a loss: there a text, a row, a model or a polynomial is the loss made of it.
_OF_LOSSES = frozenset({"measure", "sweep"})


def __getattr__(name: str) -> _Any:
    """Import a public name from its home and keep it here for the next time."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(_import_module(_HOME[name]), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            f"{__name__}.{name} measures with torch, which is not installed: "
            "pip install 'singularity-lab[torch]'",
            name="torch",
        ) from error
    if name in _OF_GERMS:
        value = _import_module(f"{__name__}.catalog.lookup").takes_rows(value)
    if name in _OF_LOSSES:
        value = _import_module(f"{__name__}.catalog.loss").takes_germs(value)
    if _inspect.isfunction(value):
        value = _import_module(f"{__name__}.system.spelling").spelled(value)
        value.__module__ = __name__  # so that it can be pickled by its name here
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*_HOME, *(name for name in globals() if name.startswith("__"))})
