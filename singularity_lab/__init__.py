"""A laboratory for singular models: proved learning coefficients, calibrated instruments.

The names below are the flat face of the package. Each is imported from its home on first use
(PEP 562), so that ``import singularity_lab`` itself loads no library: neither torch nor SciPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from singularity_lab.algebra.invariants import RLCT, Bounds
    from singularity_lab.algebra.polynomial import Ideal, Polynomial, parse
    from singularity_lab.calibration.run import calibrate
    from singularity_lab.catalog.load import entries, load
    from singularity_lab.catalog.loss import loss
    from singularity_lab.catalog.quiver_strata import network_strata, strata
    from singularity_lab.catalog.truth import ground_truth
    from singularity_lab.errors import (
        BadInput,
        CertificateError,
        OutOfScope,
        ParseError,
        SingularityLabError,
        Undecided,
    )
    from singularity_lab.exact.arcs.contact import contact_loci
    from singularity_lab.exact.arcs.essential import essential_divisors
    from singularity_lab.exact.arcs.jets import jets
    from singularity_lab.exact.classification.singularity import singularity
    from singularity_lab.exact.engine.newton import newton_polyhedron
    from singularity_lab.exact.engine.solve import Result, explain, rlct
    from singularity_lab.exact.proof.certificate import Certificate
    from singularity_lab.exact.proof.tree import proof_tree
    from singularity_lab.exact.proof.verify import verify
    from singularity_lab.exact.resolutions.dual_graph import resolution_graph
    from singularity_lab.exact.resolutions.toric import toric_resolution
    from singularity_lab.exact.zeta_functions.density import volume_expansion
    from singularity_lab.exact.zeta_functions.zeta import zeta
    from singularity_lab.pictures.proofs import plot_tree
    from singularity_lab.programs.answers import program_census, program_rlct
    from singularity_lab.programs.check import check_program
    from singularity_lab.programs.find import program_list
    from singularity_lab.programs.library import program
    from singularity_lab.programs.machines.text import parse_program
    from singularity_lab.programs.trace import program_trace
    from singularity_lab.spectroscopes.losses.protocol import Loss
    from singularity_lab.spectroscopes.measuring import measure
    from singularity_lab.spectroscopes.networks import llc, network_loss
    from singularity_lab.spectroscopes.reading import Reading
    from singularity_lab.spectroscopes.sweep import sweep
    from singularity_lab.trajectories.changes import change_points
    from singularity_lab.trajectories.checkpoints import Tracker
    from singularity_lab.trajectories.tracking import track
    from singularity_lab.trajectories.trajectory import Trajectory

__version__ = "0.1.0"

__all__ = [
    "RLCT",
    "BadInput",
    "Bounds",
    "Certificate",
    "CertificateError",
    "Ideal",
    "Loss",
    "OutOfScope",
    "ParseError",
    "Polynomial",
    "Reading",
    "Result",
    "SingularityLabError",
    "Tracker",
    "Trajectory",
    "Undecided",
    "calibrate",
    "change_points",
    "check_program",
    "contact_loci",
    "entries",
    "essential_divisors",
    "explain",
    "ground_truth",
    "jets",
    "llc",
    "load",
    "loss",
    "measure",
    "network_loss",
    "network_strata",
    "newton_polyhedron",
    "parse",
    "parse_program",
    "plot_tree",
    "program",
    "program_census",
    "program_list",
    "program_rlct",
    "program_trace",
    "proof_tree",
    "resolution_graph",
    "rlct",
    "singularity",
    "strata",
    "sweep",
    "toric_resolution",
    "track",
    "verify",
    "volume_expansion",
    "zeta",
]

_HOME = {
    "BadInput": "errors",
    "Bounds": "algebra.invariants",
    "Certificate": "exact.proof.certificate",
    "CertificateError": "errors",
    "Ideal": "algebra.polynomial",
    "Loss": "spectroscopes.losses.protocol",
    "OutOfScope": "errors",
    "ParseError": "errors",
    "Polynomial": "algebra.polynomial",
    "RLCT": "algebra.invariants",
    "Reading": "spectroscopes.reading",
    "Result": "exact.engine.solve",
    "SingularityLabError": "errors",
    "Tracker": "trajectories.checkpoints",
    "Trajectory": "trajectories.trajectory",
    "Undecided": "errors",
    "calibrate": "calibration.run",
    "change_points": "trajectories.changes",
    "check_program": "programs.check",
    "contact_loci": "exact.arcs.contact",
    "entries": "catalog.load",
    "essential_divisors": "exact.arcs.essential",
    "explain": "exact.engine.solve",
    "ground_truth": "catalog.truth",
    "jets": "exact.arcs.jets",
    "llc": "spectroscopes.networks",
    "load": "catalog.load",
    "loss": "catalog.loss",
    "measure": "spectroscopes.measuring",
    "network_loss": "spectroscopes.networks",
    "network_strata": "catalog.quiver_strata",
    "newton_polyhedron": "exact.engine.newton",
    "parse": "algebra.polynomial",
    "parse_program": "programs.machines.text",
    "plot_tree": "pictures.proofs",
    "program": "programs.library",
    "program_census": "programs.answers",
    "program_list": "programs.find",
    "program_rlct": "programs.answers",
    "program_trace": "programs.trace",
    "proof_tree": "exact.proof.tree",
    "resolution_graph": "exact.resolutions.dual_graph",
    "rlct": "exact.engine.solve",
    "singularity": "exact.classification.singularity",
    "strata": "catalog.quiver_strata",
    "sweep": "spectroscopes.sweep",
    "toric_resolution": "exact.resolutions.toric",
    "track": "trajectories.tracking",
    "verify": "exact.proof.verify",
    "volume_expansion": "exact.zeta_functions.density",
    "zeta": "exact.zeta_functions.zeta",
}


# Functions of a germ: an id of the catalog as their first argument is the row, everywhere.
_OF_GERMS = frozenset({
    "contact_loci",
    "essential_divisors",
    "explain",
    "jets",
    "newton_polyhedron",
    "resolution_graph",
    "rlct",
    "singularity",
    "toric_resolution",
    "volume_expansion",
    "zeta",
})  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public name from its home and keep it here for the next time."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            f"{__name__}.{name} measures with torch, which is not installed: "
            "pip install 'singularity-lab[torch]'",
            name="torch",
        ) from error
    if name in _OF_GERMS:
        value = import_module(f"{__name__}.catalog.lookup").takes_rows(value)
        value.__module__ = __name__  # so that it can be pickled by its name here
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
