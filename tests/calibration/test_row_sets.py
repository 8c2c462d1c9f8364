"""Sets of rows have a name and a hash, and refuse another."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.row_sets import NAMES, row_set
from singularity_lab.errors import BadInput


def test_sets_have_a_name_and_a_hash_and_refuse_another():
    assert len(row_set("quick").rows) == 12
    assert len(row_set("quick").digest) == 16
    for wrong in ("slow", "quick:3", "hidden:x", "hidden:99999999999"):
        with pytest.raises(BadInput, match="rows: "):
            row_set(wrong)
    assert set(NAMES) == {"quick", "standard", "deep-linear", "hidden"}


def test_a_set_of_other_problems_is_refused(monkeypatch):
    from singularity_lab.calibration import row_sets

    changed = {"quick": {"digest": "0" * 16, "ids": ["nc-1-1"]}}
    monkeypatch.setattr(row_sets, "_written", lambda: changed)
    with pytest.raises(BadInput, match="made of other problems"):
        row_set("quick")


@pytest.mark.slow
def test_standard_is_as_wide_as_it_says():
    from singularity_lab.catalog.consistency import listing

    rows = row_set("standard").rows
    assert len(rows) == 100
    lines = listing([r.entry for r in rows])
    assert sum(line["multiplicity"] >= 2 for line in lines) >= 35
    assert len({r.family for r in rows}) >= 25
    assert max(r.dimension for r in rows) <= 30
    assert all(line["status"] == "proved" for line in lines)


def test_local_truth_of_random_layers_and_the_global_one_beside_it():
    from singularity_lab.calibration.measurement import Truth
    from singularity_lab.calibration.row_sets import deep_linear_row

    row = deep_linear_row(0)
    assert Truth.of(row).value >= Fraction(row.beside[0][1])
    assert deep_linear_row(0) == row


def test_hidden_rows_are_drawn_again_by_their_seed():
    assert row_set("hidden:3").digest == row_set("hidden:3").digest


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_no_two_hidden_rows_are_one_germ(monkeypatch, seed):
    """Up to names and signs, before they are moved: no two of twenty."""
    from singularity_lab.calibration import row_sets
    from singularity_lab.catalog.repeats import same_germ

    drawn, move = {}, row_sets._moved

    def kept(generator, generators):
        problem = move(generator, generators)
        drawn[str(problem)] = LocalProblem.build(generators)
        return problem

    monkeypatch.setattr(row_sets, "_moved", kept)
    germs = [drawn[str(row.problem)] for row in row_sets.row_set(f"hidden:{seed}").rows]
    assert len(germs) == 20
    assert not any(same_germ(a, b) for a, b in combinations(germs, 2))


@pytest.mark.slow
def test_local_truth_of_random_layers_is_never_below_the_global_one():
    """λ at a point of the model is at least its least value; on a third of the draws it is
    larger."""
    from singularity_lab.calibration.measurement import Truth

    assert len(row_set("deep-linear").rows) == 24
    above = 0
    for row in row_set("deep-linear").rows:
        local, overall = Truth.of(row).value, Fraction(row.beside[0][1])
        assert local >= overall
        above += local > overall
    assert above >= 4
