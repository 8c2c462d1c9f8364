"""What tables that were built before answer, and what they do not."""

from __future__ import annotations

import msgspec
import pytest

from singularity_lab.catalog.load import load
from singularity_lab.dictionary.assemble import places
from singularity_lab.dictionary.build import VERSION_OF_CLASSES
from singularity_lab.dictionary.columns import GROUPS
from singularity_lab.dictionary.known import (
    Stamp,
    known_classes,
    known_lines,
    read_stamp,
    write_stamp,
)
from singularity_lab.dictionary.schema import Cell
from singularity_lab.errors import BadInput

NOW = Stamp(2.0, {group.name: group.version for group in GROUPS})


def lines_of(tables, row, stamp=NOW):
    listed = [p for p in places([load(row)]) if p.on_file]
    return {line.group: line for line in known_lines(tables, stamp, listed)}


def test_a_germ_that_is_the_same_is_answered_by_all_groups(tables):
    found = lines_of(tables, "ade-a4")
    assert set(found) == {group.name for group in GROUPS}
    own = next(s for s in tables.strata if s.row_id == "ade-a4")
    assert found["jets"].cells["jets"] == own.jets
    assert found["type"].cells["milnor"].value == 4


def test_another_version_another_proof_and_a_borrowed_cell_are_not_taken(tables):
    older = Stamp(2.0, NOW.versions | {"zeta": -1})
    assert "zeta" not in lines_of(tables, "ade-a4", older)
    own = next(s for s in tables.strata if s.row_id == "ade-a4")

    def changed(**cells):
        line = msgspec.structs.replace(own, **cells)
        return lines_of(msgspec.structs.replace(tables, strata=[line]), "ade-a4")

    assert {"value", "divisors", "jets"}.isdisjoint(changed(certificate=Cell.of(["another"])))
    borrowed = msgspec.structs.replace(own.jets, route="the germ of row x up to renaming and signs")
    assert "jets" not in changed(jets=borrowed)
    assert changed(problem="another") == {}
    assert "zeta" not in changed(zeta=Cell.unknown("not reached in this build"))


def test_classes_are_those_of_the_table(tables):
    members = known_classes(tables)
    for line in tables.strata[:50]:
        if line.problem:
            assert members[line.problem].class_id == line.class_id.value


def test_the_stamp_round_trips(tmp_path):
    assert read_stamp(tmp_path) is None
    write_stamp(tmp_path, 3.0, VERSION_OF_CLASSES)
    stamp = read_stamp(tmp_path)
    assert stamp.limit == 3.0
    assert stamp.versions == NOW.versions | {"classes": VERSION_OF_CLASSES}
    (tmp_path / "build.json").write_text('{"limit": "much"}')
    with pytest.raises(BadInput, match=r"stamp: build\.json"):
        read_stamp(tmp_path)
