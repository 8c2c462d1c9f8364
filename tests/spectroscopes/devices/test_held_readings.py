"""Readings of ``volume`` on file, made anew: each bit is the same, in this process or another."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
PAIRS = json.loads((BENCHMARKS / "heldout_again.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def heldout():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return import_module("heldout")
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_twenty_rows_are_on_file():
    assert len({pair["now"]["row"] for pair in PAIRS}) == 20


@pytest.mark.slow
@pytest.mark.parametrize("filed", [p["now"] for p in PAIRS], ids=lambda r: r["row"])
def test_a_reading_on_file_is_read_again_bit_by_bit(filed, heldout):
    fresh = json.loads(json.dumps(heldout.read(filed["row"], filed["seed"], filed["settings"])))
    assert {name: fresh[name] for name in heldout.NUMBERS} == {
        name: filed[name] for name in heldout.NUMBERS
    }
