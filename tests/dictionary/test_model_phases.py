"""The phases of a row's model, in three stories."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab import lookup, phases, same_class


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
