"""Readings of ``volume`` on file, made anew: each bit is the same in another process, and λ is that
of the file within its interval. On another machine the commit that filed them reads other bits."""

from __future__ import annotations

import json
import subprocess
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


def elsewhere(filed):
    """The reading by a process of its own."""
    code = (
        f"import json, sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import heldout; "
        f"print(json.dumps(heldout.read({filed['row']!r}, {filed['seed']}, {filed['settings']!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("filed", [p["now"] for p in PAIRS], ids=lambda r: r["row"])
def test_a_reading_is_made_again_bit_by_bit(filed, heldout):
    fresh = json.loads(json.dumps(heldout.read(filed["row"], filed["seed"], filed["settings"])))
    other = elsewhere(filed)
    assert {name: fresh[name] for name in heldout.NUMBERS} == {
        name: other[name] for name in heldout.NUMBERS
    }
    half = (filed["high"] - filed["low"]) / 2
    assert abs(fresh["value"] - filed["value"]) <= 2 * half  # two readings, each with its error
