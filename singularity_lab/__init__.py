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
    from singularity_lab.errors import (
        BadInput,
        CertificateError,
        OutOfScope,
        ParseError,
        SingularityLabError,
        Undecided,
    )
    from singularity_lab.exact.certificate import Certificate
    from singularity_lab.exact.contact import contact_loci
    from singularity_lab.exact.density import volume_expansion
    from singularity_lab.exact.dual_graph import resolution_graph
    from singularity_lab.exact.essential import essential_divisors
    from singularity_lab.exact.jets import jets
    from singularity_lab.exact.newton import newton_polyhedron
    from singularity_lab.exact.singularity import singularity
    from singularity_lab.exact.solve import Result, explain, rlct
    from singularity_lab.exact.strata import network_strata, strata
    from singularity_lab.exact.toric import toric_resolution
    from singularity_lab.exact.tree import plot_tree, proof_tree
    from singularity_lab.exact.verify import verify
    from singularity_lab.exact.zeta import zeta
    from singularity_lab.losses import Loss, loss
    from singularity_lab.models.programs.library import program
    from singularity_lab.models.programs.text import parse_program
    from singularity_lab.programs import (
        check_program,
        program_census,
        program_list,
        program_rlct,
        program_trace,
    )
    from singularity_lab.spectroscopes.base import Reading, measure
    from singularity_lab.spectroscopes.networks import llc, network_loss
    from singularity_lab.spectroscopes.sweep import sweep
    from singularity_lab.trajectories.changes import change_points
    from singularity_lab.trajectories.checkpoints import Tracker
    from singularity_lab.trajectories.tracking import track
    from singularity_lab.trajectories.trajectory import Trajectory
    from singularity_lab.truth import ground_truth

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
    "Certificate": "exact.certificate",
    "CertificateError": "errors",
    "Ideal": "algebra.polynomial",
    "Loss": "losses",
    "OutOfScope": "errors",
    "ParseError": "errors",
    "Polynomial": "algebra.polynomial",
    "RLCT": "algebra.invariants",
    "Reading": "spectroscopes.base",
    "Result": "exact.solve",
    "SingularityLabError": "errors",
    "Tracker": "trajectories.checkpoints",
    "Trajectory": "trajectories.trajectory",
    "Undecided": "errors",
    "calibrate": "calibration.run",
    "change_points": "trajectories.changes",
    "check_program": "programs",
    "contact_loci": "exact.contact",
    "entries": "catalog.load",
    "essential_divisors": "exact.essential",
    "explain": "exact.solve",
    "ground_truth": "truth",
    "jets": "exact.jets",
    "llc": "spectroscopes.networks",
    "load": "catalog.load",
    "loss": "losses",
    "measure": "spectroscopes.base",
    "network_loss": "spectroscopes.networks",
    "network_strata": "exact.strata",
    "newton_polyhedron": "exact.newton",
    "parse": "algebra.polynomial",
    "parse_program": "models.programs.text",
    "plot_tree": "exact.tree",
    "program": "models.programs.library",
    "program_census": "programs",
    "program_list": "programs",
    "program_rlct": "programs",
    "program_trace": "programs",
    "proof_tree": "exact.tree",
    "resolution_graph": "exact.dual_graph",
    "rlct": "exact.solve",
    "singularity": "exact.singularity",
    "strata": "exact.strata",
    "sweep": "spectroscopes.sweep",
    "toric_resolution": "exact.toric",
    "track": "trajectories.tracking",
    "verify": "exact.verify",
    "volume_expansion": "exact.density",
    "zeta": "exact.zeta",
}


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
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
