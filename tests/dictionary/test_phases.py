"""Free energies and crossings, the closure order, and stories A, B and C."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from singularity_lab import lookup, neighbours, phases, same_class
from singularity_lab.dictionary.network_strata import network_stratum
from singularity_lab.dictionary.phases import Phase, crossing_sizes
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


def test_story_a_where_is_my_network_and_what_comes_next():
    """A two-layer net reads 5.9 ± 0.3 at step 1,000."""
    table = phases("rrr-4-4-3-r3", "functions", singular_values=["1", "1/2", "1/10"])
    assert [str(p.value) for p in table.phases] == ["5", "6", "7", "15/2"]
    place = table.place(5.9, 0.3)
    assert [p.name for p in place.met] == ["rank 1"]
    following, crossing = place.next[0]
    assert following.name == "rank 2"
    assert crossing is not None
    n = crossing.n
    rank_one, rank_two = table.phase("rank 1"), table.phase("rank 2")
    assert abs(rank_one.free_energy(n) - rank_two.free_energy(n)) < 1e-6
    assert not table.place(20.0, 0.1).met


def test_story_b_is_gelu_more_singular_than_tanh():
    """At two units λ is 3/4 for GELU and 2/3 for tanh: tanh is. They are not of one class, and
    GELU shares its germ with the other activations of both parities."""
    gelu, tanh = lookup("gelu-1in-1out-2").stratum, lookup("tanh-2").stratum
    assert Fraction(tanh.lam.value) < Fraction(gelu.lam.value)
    assert "tanh-2" not in same_class("gelu-1in-1out-2")
    assert "swish-1in-1out-2" in same_class("gelu-1in-1out-2")


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


def test_the_dimension_of_an_orbit_is_that_of_its_tangent_space():
    """d less the rank of the Jacobian of the equations, where the zero set is smooth."""
    point = [Fraction(x) for x in (1, 0, 1, 0)]  # BA = 1 in 1-2-1
    assert network_stratum((1, 2, 1), point).orbit_dimension == 3  # one equation in four variables
    deep = [Fraction(1)] * 3  # c·b·a = 1
    assert network_stratum((1, 1, 1, 1), deep).orbit_dimension == 2


def test_adjacencies_name_the_monomial_and_lambda_along_the_path():
    edges = [e for e in neighbours("ade-a4") if e.kind == "adjacency" and e.source == "ade-a4"]
    to = {e.target: e for e in edges}
    assert "ade-a3" not in to or to["ade-a3"].weight == 1
    assert to["ade-a2"].weight == 2
    assert "y^3" in to["ade-a2"].evidence
    assert "λ 7/20 → 5/12" in to["ade-a2"].evidence


@pytest.mark.slow
def test_story_c_which_functions_are_simple_for_this_machine():
    """detectA-mini with every wanted function; the figures of the design, found again."""
    table = phases("detectA-mini")
    assert table.kind == "machine"
    assert len(table.phases) == 15
    least = sorted(2 * p.value for p in table.phases)
    constants = sorted(2 * p.value for p in table.phases if "constant" in p.name)
    assert constants == [2, 3]
    assert least[:2] == [2, 3]
    assert least.count(Fraction(5)) == 4
    wanted = next(p for p in table.phases if p.loss == 0)
    assert 2 * wanted.value == 5
    assert set(least[6:]) == {Fraction(6), Fraction(13, 2)}
    assert sum(int(p.note.split()[0]) for p in table.phases) == 4096
