"""Cells and tables: what may stand in one, and what is blank."""

from __future__ import annotations

import msgspec

from singularity_lab.dictionary.schema import (
    Cell,
    Tables,
    blanks,
)


def test_a_blank_cell_is_found(tables):
    row = msgspec.structs.replace(tables.rows[0], chart=Cell("unknown"))
    assert blanks(Tables(rows=[row])) == [f"rows: {row.id}: chart"]
    for blank in (Cell("value"), Cell("bounds"), Cell("no device"), Cell("not applicable")):
        assert blank.blank
    assert not Cell.of(0).blank
