"""Groups of cells: failures have their reason, and every column its command."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab import jets, lookup, rlct
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import load
from singularity_lab.dictionary.columns import GROUPS, ColumnGroup, Question
from singularity_lab.dictionary.journal import JournalLine
from singularity_lab.dictionary.schema import cell_columns
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


def test_jets_over_the_reals_name_the_contact_loci():
    lines = [
        s for s in shipped().strata
        if s.on_file and s.jets.status == "value" and s.jets.value["field"] == "R"
    ]  # fmt: skip
    assert lines
    command = lookup(lines[0].row_id).commands("jets")
    assert "contact_loci(" in command["python"]
    assert "contact_loci(" in command["shell"]
    assert lookup("ade-a2").commands("jets")["python"] == 'jets("ade-a2", 6, near=True)'


def jets_of(germ, limit=5.0):
    (group,) = (g for g in GROUPS if g.name == "jets")
    problem = LocalProblem.of(germ)
    return group.cells(Question(problem, rlct(problem).certificates, limit))["jets"]


@pytest.mark.parametrize(
    ("germ", "far"),
    [
        ("x*(x - 1)^2", "x"),  # a double point at 1
        ("(x^2 - y^3)*(1 + x)^4", "x^2 - y^3"),  # a line of order 4 through (-1, 0)
        ("x*y*(1 - x - y)^3", "x*y"),
    ],
)
def test_jets_are_those_of_the_germ(germ, far):
    """What lies away from the point does not enter: a unit there changes nothing."""
    one, other = jets_of(germ), jets_of(far)
    assert one.value["codimensions"] == other.value["codimensions"]
    assert jets(germ).codimensions != tuple(other.value["codimensions"])
    assert Fraction(one.value["threshold"]) == Fraction(other.value["threshold"])


def test_a_cell_that_a_time_limit_cut_says_so():
    (group,) = (g for g in GROUPS if g.name == "jets")
    problem = load("diag-4-0-0").problem()
    cell = group.cells(Question(problem, (), 0.02))["jets"]
    assert cell.cut
    quick = jets_of("x^2 - y^3")
    assert (quick.status, quick.cut) == ("value", False)
    line = JournalLine("g", "jets", 3, 0.02, 0.02, {"jets": cell})
    assert not line.decided
