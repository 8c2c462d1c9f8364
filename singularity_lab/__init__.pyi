# ruff: noqa: I001 (one statement for each home)
# The flat face, stated once: type checkers read this file, and __init__.py reads it to know each
# name and its home. To add a name, add its import here.

from singularity_lab.algebra.invariants import RLCT as RLCT, Bounds as Bounds
from singularity_lab.algebra.polynomial import (
    Ideal as Ideal,
    Polynomial as Polynomial,
    parse as parse,
)
from singularity_lab.calibration.estimators import torch_estimator as torch_estimator
from singularity_lab.calibration.row_sets import row_set as row_set
from singularity_lab.calibration.run import calibrate as calibrate
from singularity_lab.catalog.load import entries as entries, load as load
from singularity_lab.catalog.loss import loss as loss
from singularity_lab.catalog.quiver_strata import network_strata as network_strata, strata as strata
from singularity_lab.catalog.truth import ground_truth as ground_truth
from singularity_lab.dictionary.query import find as find
from singularity_lab.dictionary.look import (
    lookup as lookup,
    neighbours as neighbours,
    same_class as same_class,
)
from singularity_lab.dictionary.model_phases import phases as phases
from singularity_lab.errors import (
    BadInput as BadInput,
    CertificateError as CertificateError,
    OutOfScope as OutOfScope,
    ParseError as ParseError,
    SingularityLabError as SingularityLabError,
    Undecided as Undecided,
)
from singularity_lab.exact.arcs.contact import contact_loci as contact_loci
from singularity_lab.exact.arcs.essential import essential_divisors as essential_divisors
from singularity_lab.exact.arcs.jets import jets as jets
from singularity_lab.exact.classification.singularity import singularity as singularity
from singularity_lab.exact.engine.newton import newton_polyhedron as newton_polyhedron
from singularity_lab.exact.engine.explain import explain as explain
from singularity_lab.exact.engine.result import Result as Result
from singularity_lab.exact.engine.solve import rlct as rlct
from singularity_lab.exact.engine.points import singular_points as singular_points
from singularity_lab.exact.arcs.threshold import lct as lct
from singularity_lab.exact.proof.certificate import Certificate as Certificate
from singularity_lab.exact.proof.tree import proof_tree as proof_tree
from singularity_lab.exact.proof.verify import verify as verify
from singularity_lab.exact.resolutions.dual_graph import resolution_graph as resolution_graph
from singularity_lab.exact.resolutions.toric import toric_resolution as toric_resolution
from singularity_lab.exact.zeta_functions.density import volume_expansion as volume_expansion
from singularity_lab.exact.zeta_functions.zeta import zeta as zeta
from singularity_lab.pictures.proofs import plot_tree as plot_tree
from singularity_lab.programs.answers import (
    program_census as program_census,
    program_rlct as program_rlct,
)
from singularity_lab.programs.check import check_program as check_program
from singularity_lab.programs.by_name import program_list as program_list
from singularity_lab.programs.census import program_functions as program_functions
from singularity_lab.programs.library import program as program
from singularity_lab.programs.machines.text import parse_program as parse_program
from singularity_lab.programs.trace import program_trace as program_trace
from singularity_lab.spectroscopes.losses.protocol import Loss as Loss
from singularity_lab.spectroscopes.measuring import measure as measure
from singularity_lab.spectroscopes.networks import llc as llc, network_loss as network_loss
from singularity_lab.spectroscopes.reading import Reading as Reading
from singularity_lab.spectroscopes.sweep import sweep as sweep
from singularity_lab.trajectories.changes import change_points as change_points
from singularity_lab.trajectories.checkpoints import Tracker as Tracker
from singularity_lab.trajectories.tracking import track as track
from singularity_lab.trajectories.trajectory import Trajectory as Trajectory

__version__: str
__all__: list[str]
