"""Tables put together from the catalog, the store and the journal."""

from __future__ import annotations

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import load
from singularity_lab.dictionary import build as building
from singularity_lab.dictionary.assemble import places
from singularity_lab.dictionary.build import build
from singularity_lab.dictionary.classes import classify
from singularity_lab.dictionary.journal import Journal
from singularity_lab.dictionary.schema import Cell

IDS = ("ade-a2", "bp-2-3", "nc-1-1", "rrr-1-1-2-r0", "rrr-1-1-2-r0-a0b1", "loss-x2-y4")


def test_certificates_on_file_win_over_an_older_journal(tmp_path):
    journal = Journal(tmp_path / "cells.jsonl")
    (place,) = [p for p in places([load("bp-2-3")]) if p.on_file]
    old = Cell.unknown("no certificate on file")
    journal.add(
        building.JournalLine(
            place.key, "value", 1, 3.0, 0.1, {"lambda": old, "m": old, "certificate": old}
        )
    )
    built = build([load("bp-2-3")], journal, 3.0, 1, total=0.0)
    (line,) = built.tables.strata
    assert (line.lam.value, line.m.value) == ("5/12", 1)
    assert line.certificate.status == "value"


def test_classes_stand_when_germs_go_that_are_first_of_none(tmp_path):
    texts = {"a": "x^2 - y^3", "b": "u^3 + v^2", "c": "x*y", "d": "(1 + u)*(u^2 + v^3)"}
    germs = {key: LocalProblem.build(text) for key, text in texts.items()}
    known = classify(germs)
    for gone in ("b", "c", "d"):
        kept = {k: p for k, p in germs.items() if k != gone}
        assert building.without(known, kept) == classify(kept)
    assert building.without(known, ["b", "c"]) is None  # b is told by a
    journal = Journal(tmp_path / "cells.jsonl")
    building.journal_classes(places([load(i) for i in IDS]), journal)
    few = places([load(i) for i in IDS if i != "loss-x2-y4"])
    size = journal.path.stat().st_size
    assert building.journal_classes(few, journal) == building.journal_classes(few, Journal(None))
    assert journal.path.stat().st_size == size
