"""The journal of a build: lines that answer, and damage that is left out."""

from __future__ import annotations

from singularity_lab.dictionary import build as building
from singularity_lab.dictionary.journal import Journal
from singularity_lab.dictionary.schema import Cell


def test_a_damaged_line_of_the_journal_is_left_out(tmp_path, caplog):
    path = tmp_path / "cells.jsonl"
    journal = Journal(path)
    journal.add(building.JournalLine("g", "zeta", 1, 1.0, 0.5, {"zeta": Cell.of({})}))
    with open(path, "ab") as file:
        file.write(b'{"germ": "h", "gro')
    again = Journal(path)
    assert len(again) == 1
    assert "1 lines cannot be read" in caplog.text
