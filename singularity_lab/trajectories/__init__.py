"""Training seen through a device: readings along checkpoints, and where they change.

Stands on :mod:`singularity_lab.spectroscopes`, :mod:`singularity_lab.errors` and
:mod:`singularity_lab.system`: like the devices it never sees a proved value. The ladder of proved
strata that a picture may show is given to it.
"""

from singularity_lab.trajectories.changes import ChangePoint, ChangePoints, change_points
from singularity_lab.trajectories.checkpoints import Tracker
from singularity_lab.trajectories.differences import Difference
from singularity_lab.trajectories.tracking import Interrupted, track
from singularity_lab.trajectories.trajectory import Trajectory, TrajectoryRow

__all__ = [
    "ChangePoint",
    "ChangePoints",
    "Difference",
    "Interrupted",
    "Tracker",
    "Trajectory",
    "TrajectoryRow",
    "change_points",
    "track",
]
