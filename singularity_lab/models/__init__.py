"""Builders: from a description (sizes, ranks, laws of inputs) to the exact loss and its torch twin.

    build(name, **parameters) -> Model
    builders() -> names of the builders
    signature(name) -> their parameters with types
    link(natural, family=…, inputs=…) -> Link: a regression from its natural parameters

Importing this package loads no torch: twins import it when they are called.
"""

from singularity_lab.models import (
    activation,
    attention,
    determinantal,
    graphical,
    hypersurfaces,
    linear_networks,
    mixtures,
    monomial,
    open_problems,
    pieces,
    shallow,
    trained,
)
from singularity_lab.models.link import Link, link
from singularity_lab.models.model import Model, Stratum, build, builder, builders, signature

__all__ = [
    "Link",
    "Model",
    "Stratum",
    "activation",
    "attention",
    "build",
    "builder",
    "builders",
    "determinantal",
    "graphical",
    "hypersurfaces",
    "linear_networks",
    "link",
    "mixtures",
    "monomial",
    "open_problems",
    "pieces",
    "shallow",
    "signature",
    "trained",
]
