"""Rows against what is on file: contradictions, missing certificates, listings."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from tampering import tamper

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.catalog.consistency import checker, listing
from singularity_lab.catalog.entry import Claim
from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.prove import write_index
from singularity_lab.catalog.truth import ground_truth


def test_the_checker_reports_contradictions(store):
    entry = load("nc-1-1")
    truth = checker(5, store)
    assert truth(entry) == ("proved", [])
    wrong = msgspec.structs.replace(
        entry, claim=[Claim(value="1/3", source="someone", quantity="rlct")]
    )
    status, problems = truth(wrong)
    assert status == "disputed"
    assert "lambda >= 1/2 is proved" in problems[0]


def test_the_checker_does_not_search_and_finds_what_is_missing(store):
    """Without a certificate, with a refused one, and with an index that says something else."""
    entry = load("rrr-2-2-2-r0")
    status, problems = checker(0, store)(entry)
    assert status == "cited"
    assert problems[0] == "no certificates: singlab catalog prove rrr-2-2-2-r0"
    assert "index: the row is missing" in problems[1]
    ground_truth(entry, 30, cache=store)
    write_index([entry], store)
    assert checker(0, store)(entry) == ("proved", [])
    (line,) = store.index().values()
    assert line.bounds == Bounds(RLCT(Fraction(3, 2), 1), RLCT(Fraction(3, 2), 1))
    store.write_index([msgspec.structs.replace(line, upper=line.lower, dimension=9)])
    assert "index: dimension: 9 is written, 8 is true" in checker(0, store)(entry)[1][0]
    tamper(store, entry, lambda d: d["certificates"][0]["claim"].update({"lambda": "2"}))
    assert any("certificate: " in p for p in checker(0, store)(entry)[1])


def test_a_listing_needs_no_certificate_and_builds_no_model(monkeypatch):
    from singularity_lab.models import model as models

    monkeypatch.setattr(models, "build", lambda *a, **k: pytest.fail("a model"))
    rows = listing(entries())
    assert len(rows) == len(entries())
    assert {r["status"] for r in rows} <= {"proved", "bracketed", "unknown"}
