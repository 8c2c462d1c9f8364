"""Loading rows, choosing them, and generating rows beyond those on file."""

from __future__ import annotations

import subprocess
import sys

import pytest

from singularity_lab.catalog.load import entries, families, load
from singularity_lab.errors import BadInput


def test_the_catalog_has_its_size():
    assert len(entries()) >= 400
    assert len(families()) >= 25


def test_demo_rows():
    rows = entries(tags="demo")
    assert len(rows) == 25
    assert len({e.family for e in rows}) >= 8
    assert max(e.dimension for e in rows) <= 8


def test_choice_by_family_tags_and_dimension():
    rows = entries("reduced_rank_regression", tags=["network", "homogeneous"], max_dimension=4)
    assert rows
    assert all(e.parameters["rank"] == 0 and e.dimension <= 4 for e in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(family="rrr"), "family: one of"),
        (dict(tags="networks"), "tags: no row has 'networks'"),
        (dict(widths=[2, 2, 2]), "only a family with a builder generates"),
        (dict(family="rules", hidden=1), "only a family with a builder generates"),
        (dict(family="deep_linear", width=[2, 2, 2]), "unknown parameter 'width'"),
        (dict(family="deep_linear", widths=2, rank=0), "no value of its type: 2"),
        (dict(family="deep_linear", widths=[2, 2, 2]), "parameter 'rank' is missing"),
        (dict(family="deep_linear", widths=[2, 2, 2], rank=0, at="top"), "no stratum 'top'"),
    ],
)
def test_bad_choices(arguments, message):
    with pytest.raises(BadInput, match=message):
        entries(**arguments)


def test_unknown_row_names_its_neighbours():
    with pytest.raises(BadInput, match="no row 'rrr-2-2-2'; perhaps rrr-2-2-2-r"):
        load("rrr-2-2-2")


def test_generated_rows_carry_the_claims_of_formulas():
    rows = entries("deep_linear", widths=[[2, 3, 4], [3, 3, 3, 3, 3]], rank=[0, 1])
    assert [e.parameters["rank"] for e in rows] == [0, 1, 0, 1]
    assert all(e.claims and e.claims[0].source == "aoyagi2024" for e in rows)
    assert rows[0].id == "deep_linear:widths=[2,3,4],rank=0"
    assert rows[0].scope == "global"


def test_generating_a_row_on_file_gives_that_row():
    (row,) = entries("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=0)
    assert row is load("rrr-2-2-2-r0")
    (at,) = entries("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=0, at="a1b0")
    assert at.id.endswith("@a1b0")
    assert at.claims == ()
    assert at.scope == "local"


@pytest.mark.parametrize(
    ("family", "parameters", "at"),
    [
        ("deep_linear", dict(widths=[2, 3, 4], rank=1), ""),
        ("reduced_rank_regression", dict(inputs=5, outputs=2, hidden=2, rank=0), "a1b0"),
        ("diagonal_linear", dict(depth=2, target=[0, "1/3"]), ""),
        ("gaussian_mixture", dict(components=2, dimension=2, signed=True), "interior"),
    ],
)
def test_the_id_of_a_generated_row_gives_it_again(family, parameters, at):
    (row,) = entries(family, at=at, **parameters)
    again = load(row.id)
    assert again == row
    assert again.problem() == row.problem()


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("deep_linear:widths", "not 'family:key=value"),
        ("deepest:widths=[2,2,2]", "family: one of"),
        ("deep_linear:widths=[[2,2,2]],rank=0", "no value of its type"),
        ("deep_linear:widths=[2,2,2],rank=0@top", "no stratum 'top'"),
    ],
)
def test_a_bad_id_of_a_generated_row(id, message):
    with pytest.raises(BadInput, match=message):
        load(id)


def test_a_star_gives_every_stratum():
    rows = entries("reduced_rank_regression", inputs=2, outputs=2, hidden=2, rank=1, at="*")
    assert [e.stratum().name for e in rows] == ["a1b1", "a1b2", "a2b1"]
    assert rows[0] is load("rrr-2-2-2-r1")
    assert [e.scope for e in rows] == ["global", "local", "local"]


def test_reading_the_catalog_imports_no_torch():
    code = (
        "import sys; from singularity_lab.catalog.load import entries; entries(); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'sympy', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
