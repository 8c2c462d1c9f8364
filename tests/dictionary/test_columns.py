"""Groups of cells: failures have their reason, and every column its command."""

from __future__ import annotations

import pytest

from singularity_lab import lookup
from singularity_lab.catalog.load import load
from singularity_lab.dictionary.columns import GROUPS, ColumnGroup, Question
from singularity_lab.dictionary.schema import (
    cell_columns,
)
from singularity_lab.dictionary.tables import shipped
from singularity_lab.errors import OutOfScope, Undecided


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OutOfScope("one polynomial is needed"), "not applicable"),
        (Undecided("not within 1 s"), "unknown"),
        (ZeroDivisionError("0.0"), "unknown"),
    ],
)
def test_every_failure_is_a_cell_with_its_reason(error, status):
    def fails(question):
        raise error

    group = ColumnGroup("x", ("a", "b"), fails, 1, "", "")
    cells = group.cells(Question(load("nc-1").problem(), (), 1.0))
    assert set(cells) == {"a", "b"}
    assert all(c.status == status and str(error) in c.reason for c in cells.values())


def test_every_computed_column_has_its_command():
    columns = [c for group in GROUPS for c in group.columns]
    assert len(set(columns)) == len(columns)
    assert set(columns) <= set(cell_columns("strata"))
    for group in GROUPS:
        assert "{id}" in group.command
        assert "{id}" in group.python


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("loss-x2-y4", "changes sign"),  # K = x² + y⁴ has λ 3/4, and K + s·y² is no (…)²
        ("program-identity-5mr-frozen-exact", "changes sign"),  # λ 2/3 in the corner, D4
        ("nc-3-prior-2", "a wall or a prior"),  # A2 with a density w1²
    ],
)
def test_a_path_is_of_the_squared_ideal_with_a_flat_density(row, why):
    (group,) = (g for g in GROUPS if g.name == "adjacencies")
    cell = group.cells(Question(load(row).problem(), (), 5.0))["adjacencies"]
    assert cell.status == "not applicable"
    assert why in cell.reason


def test_jets_near_a_point_name_the_contact_loci():
    lines = [
        s for s in shipped().strata
        if s.on_file and s.jets.status == "value" and s.jets.value["method"] == "contact loci"
    ]  # fmt: skip
    assert lines
    command = lookup(lines[0].row_id).commands("jets")
    assert "contact_loci(" in command["python"]
    assert "contact_loci(" in command["shell"]
    assert lookup("ade-a2").commands("jets")["python"] == 'jets("ade-a2", 6)'
