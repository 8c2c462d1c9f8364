"""Free energies and crossings, the closure order, and stories A, B and C."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from singularity_lab import neighbours, phases
from singularity_lab.dictionary.phases import Phase, Phases, crossing_sizes
from singularity_lab.errors import BadInput


def exact(name, loss, value, m=1):
    pair = (Fraction(value), m)
    return Phase(name, Fraction(loss), pair, pair)


def test_crossings_solve_the_equation_with_the_log_log_term():
    a, b = exact("a", "1/100", 5, 2), exact("b", 0, 6)
    (crossing,) = [c for c in crossing_sizes(a, b) if c.after == "b"]
    n = crossing.n
    gap = n / 100 - math.log(n) - math.log(math.log(n))
    assert abs(gap) < 1e-8 * n
    assert crossing.plain is not None
    assert abs(crossing.plain / 100 - math.log(crossing.plain)) < 1e-6
    assert crossing.plain < n  # m = 2 helps the phase that has it
    assert crossing_sizes(a, Phase("open", Fraction(0), None, None)) == []


def test_a_phase_of_equal_loss_never_overtakes():
    assert crossing_sizes(exact("a", 0, 1), exact("b", 0, 2)) == []


def test_what_comes_next_says_from_which_n_on():
    """Of less loss, so that it is below for large n: from a crossing on, always, or too far off."""
    here = exact("here", 1, 2)
    close = exact("close", "99/100", 3)
    better, far = exact("better", 0, "5/2"), exact("far", "999999999999/1000000000000", 50)
    said = str(Phases("m", "m", "functions", (here, close, better, far)).place(2.0, 0.1))
    (crossing,) = crossing_sizes(here, close)
    assert f"then close (λ = 3), which overtakes here at n = {crossing.n:.4g}" in said
    assert "then better (λ = 5/2), which is below here at every n" in said
    assert all(better.free_energy(n) < here.free_energy(n) for n in (2.72, 3, 10, 1e9))
    assert "then far (λ = 50), which does not overtake here up to n = 1e+12" in said
    assert far.free_energy(1e12) > here.free_energy(1e12)


def test_the_lowest_phase_changes_at_its_crossings():
    table = phases("rrr-4-4-3-r3", "functions", singular_values=["1", "1/2", "1/10"])
    for crossing in table.crossings():
        below, above = crossing.n / 1.01, crossing.n * 1.01
        assert table.at(below)[0][0].name == crossing.before
        assert table.at(above)[0][0].name == crossing.after
    assert "rank 3 is lowest" in table.lead(1e6)
    assert "too close to call" in table.lead(table.crossings()[-1].n)
    with pytest.raises(BadInput, match="n: a number of samples"):
        table.at(2)
    with pytest.raises(BadInput, match="singular values: 3 are needed"):
        phases("rrr-4-4-3-r3", "functions", singular_values=[1])
    with pytest.raises(BadInput, match="source: no row"):
        phases("no-such-row")
    with pytest.raises(BadInput, match="functions are known of linear networks"):
        phases("ade-a2", "functions")


def test_closure_order_of_rank_strata_is_graded_by_dimension():
    table = phases("rrr-1-1-2-r0")
    assert {p.name for p in table.phases} == {"a0b0", "a0b1", "a1b0", "a1b1"}
    assert set(table.edges) == {
        ("a0b0", "a0b1"),
        ("a0b0", "a1b0"),
        ("a0b1", "a1b1"),
        ("a1b0", "a1b1"),
    }
    by_name = {p.name: p.dimension for p in table.phases}
    assert by_name == {"a0b0": 0, "a0b1": 2, "a1b0": 2, "a1b1": 3}


def test_adjacencies_name_the_monomial_and_lambda_along_the_path():
    edges = [e for e in neighbours("ade-a4") if e.kind == "adjacency" and e.source == "ade-a4"]
    to = {e.target: e for e in edges}
    assert "ade-a3" not in to or to["ade-a3"].weight == 1
    assert to["ade-a2"].weight == 2
    assert "y^3" in to["ade-a2"].evidence
    assert "λ 7/20 → 5/12" in to["ade-a2"].evidence
