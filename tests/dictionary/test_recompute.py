"""Each cell comes out again by the command that its page shows."""

from __future__ import annotations

import random

import pytest

import singularity_lab
from singularity_lab import lookup
from singularity_lab.dictionary.columns import GROUPS, TYPE_COLUMNS
from singularity_lab.dictionary.recompute import again, agree, plain
from singularity_lab.dictionary.schema import Cell
from singularity_lab.dictionary.tables import shipped
from singularity_lab.errors import BadInput
from singularity_lab.exact.arcs.contact import ContactLoci


def told(command: str):
    """What a command in Python gives, with the names of the package at hand."""
    names = {name: getattr(singularity_lab, name) for name in singularity_lab.__all__}
    *before, last = command.split("; ")
    exec("\n".join(before), names)  # what the page of a row tells its reader to type
    return eval(last, names)


def texts(values):
    return [None if v is None else str(v) for v in values]


def same(column: str, cell: Cell, found) -> bool:
    """Whether the result of a command says what the cell says."""
    value = plain(cell.value)
    if isinstance(found, Cell):
        return agree(cell, found)
    if isinstance(found, int):  # the codimension of a smooth zero set
        known = value["codimensions" if column == "jets" else "lower"]
        return texts(known) == [str(found * (m + 1)) for m in range(len(known))]
    if column == "lambda":
        return str(found.value) == value
    if column == "m":
        return found.multiplicity == value
    if column == "certificate":
        return [c.digest() for c in found.certificates] == value
    if column == "contact" and cell.status == "value":
        return texts(found.lower) == value["lower"] and texts(found.upper) == value["upper"]
    if column == "jets":
        known = [int(c) for c in found.codimensions]
        if isinstance(found, ContactLoci):
            return known == value["codimensions"]
        counts = zip(found.top_components, value["components"], strict=True)
        return known == value["codimensions"] and all(None in (a, b) or a == b for a, b in counts)
    if column == "zeta":
        poles = [[str(c.pole), c.order] for c in found.candidates]
        return poles == value["candidates"] and str(found.topological) == value["topological"]
    if column == "volume":
        first = plain([str(found.exponent), found.multiplicity, found.constant])
        return first == [value["lambda"], value["m"], value["constant"]]
    if column == "spectrum":
        return texts(found.spectrum) == value
    if column == "unfolding":
        return texts(found.tjurina_basis.monomials()) == value
    if column == "factorisation":
        return [found.kind.series, found.kind.milnor] == [value["letter"], value["rank"]]
    return str(getattr(found, column)) == str(value)


def drawn(count: int, largest: int, groups=GROUPS):
    """Cells with a value of rows with so many parameters at most, by a seeded draw."""
    size = {r.id: r.d for r in shipped().rows}
    cells = [
        (line.row_id, column)
        for line in shipped().strata
        if line.on_file and size[line.row_id] <= largest
        for group in groups
        for column in group.columns
        if lookup_cell(line, column).status == "value"
    ]
    return random.Random(2026).sample(cells, count)


def lookup_cell(line, column):
    return getattr(line, "lam" if column == "lambda" else column)


def checked(cells):
    for row, column in cells:
        page = lookup(row)
        command = page.commands(column)["python"]
        assert row in command
        assert same(column, page.cell(column), told(command)), (row, column, command)


def test_twenty_cells_of_small_rows_come_out_again():
    checked(drawn(20, 3))


@pytest.mark.slow
def test_a_hundred_cells_come_out_again():
    checked(drawn(100, 100))


def test_a_wrong_cell_is_noticed():
    page = lookup("ade-a2")
    for column in ("lambda", "m", "jets", "zeta", "volume", *TYPE_COLUMNS[:4]):
        found = told(page.commands(column)["python"])
        assert same(column, page.cell(column), found)
        other = lookup("ade-a3").cell(column)
        if other.value != page.cell(column).value:
            assert not same(column, other, found), column


def test_jets_of_a_loss_are_those_of_the_ideal_of_it():
    """A certificate of K splits sums of one sign, which says nothing over C."""
    rows = {r.id: r for r in shipped().rows}
    losses = [
        s.row_id for s in shipped().strata
        if s.on_file and s.jets.status == "value" and s.jets.value["method"] == "contact loci"
        and rows[s.row_id].convention == "loss"
    ]  # fmt: skip
    checked([(losses[0], "jets")])


def test_a_column_that_nothing_fills():
    with pytest.raises(BadInput, match="column: one of lambda"):
        again("ade-a2", "ranks")
