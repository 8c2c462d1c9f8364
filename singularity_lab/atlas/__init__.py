"""The atlas: the tables of the dictionary as a static page that works from a folder, offline
(docs/atlas.md).

:func:`build` writes the folder, :func:`serve` shows it on this machine. The page has no data of its
own: it draws what the tables hold, and of germs what the public functions say (Newton polyhedra,
proof trees).
"""

from singularity_lab.atlas.machine_views import MACHINES
from singularity_lab.atlas.server import serve
from singularity_lab.atlas.writer import build

__all__ = ["MACHINES", "build", "serve"]
