"""Cells computed again and compared with the table.

Most columns name a public function of their own (:func:`singularity_lab.dictionary.columns.again`);
here any column can be asked.
"""

from __future__ import annotations

from typing import Any

import msgspec

from singularity_lab.catalog.load import load
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.dictionary.columns import GROUPS, Cells, Question
from singularity_lab.dictionary.network_strata import orbit_cells
from singularity_lab.dictionary.schema import Cell
from singularity_lab.errors import BadInput

_NOT_COMPARED = ("error", "method")  # estimates of rounding, and the route that was in time


def again(id: str, column: str, limit: float = 20.0) -> Cell:
    """Return the cell of a row and a column, computed now from the germ and its certificates.

    limit: CPU seconds. Raises BadInput for an unknown row, and for a column that no function fills.

    >>> print(again("ade-a2", "milnor"), again("ade-a2", "lambda"))
    2 5/12
    """
    return group_again(id, column, limit)[column]


def group_again(id: str, column: str, limit: float = 20.0) -> Cells:
    """All cells of the group of a column, computed now."""
    for group in GROUPS:
        if column in group.columns:
            entry = load(id)
            if not entry.polynomial:
                none = Cell.not_applicable("the loss is no polynomial: it has no exact germ")
                return dict.fromkeys(group.columns, none)
            if group.name == "stratum" and (orbit := orbit_cells(entry, entry.problem())):
                return {c: orbit[c] for c in group.columns}
            certificates = ground_truth(entry, 0).certificates
            return group.cells(Question(entry.problem(), certificates, limit))
    known = ", ".join(c for group in GROUPS for c in group.columns)
    raise BadInput(f"column: one of {known} is needed, received {str(column)[:80]!r}")


def smooth(id: str) -> int | None:
    """Return the codimension r of the zero set at a row where it is proved to be smooth, else None.

    Jets of order m near the point, and the contact locus of order m + 1, then have the codimension
    r(m + 1).

    >>> smooth("swish-1in-1out-1-r1")
    2
    """
    entry = load(id)
    certificates = ground_truth(entry, 0).certificates
    return Question(entry.problem(), certificates, 1.0).smooth


def agree(stored: Cell, fresh: Cell) -> bool:
    """Whether two cells of values say the same: floats to eight digits, errors and methods aside.

    A stored cell without a value agrees with anything: it may be decided now.

    >>> agree(Cell.of([0.1 + 0.2]), Cell.of([0.3])), agree(Cell.of("1/2"), Cell.of("1/3"))
    (True, False)
    """
    if stored.status != "value":
        return True
    return fresh.status == "value" and plain(stored.value) == plain(fresh.value)


def plain(value: Any) -> Any:
    """A value without what may differ from run to run."""
    value = msgspec.to_builtins(value)
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in _NOT_COMPARED}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
