"""The phases of a row's model, in three stories."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab import BadInput, lookup, phases, same_class


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


def test_strata_of_a_mixture_are_a_graded_graph():
    """The closure order from the deepest stratum up to those of dimension 2."""
    table = phases("gauss-3-1d")
    assert len(table.phases) == 6
    below = {low for low, _ in table.edges}
    above = {high for _, high in table.edges}
    assert {p.name for p in table.phases} - above == {"vanishing"}
    assert {p.name for p in table.phases} - below == {"interior", "far", "2+0 far 1"}
    for low, high in table.edges:
        one, other = table.phase(low), table.phase(high)
        assert one.value <= other.value


def test_polygons_of_the_toy_model_are_phases_with_losses():
    table = phases("superposition-6")
    assert [p.loss > 0 for p in table.phases] == [True] * 7
    (crossing,) = table.crossings()
    assert crossing.after == "5-gon"
    five, two = table.phase("5-gon"), table.phase(crossing.before)
    assert abs(five.free_energy(crossing.n) - two.free_energy(crossing.n)) < 1e-6
    assert table.to_json()["phases"][-1]["L"].startswith("root(")
    assert phases("superposition-3").kind == "strata"
    square = phases("superposition-4", "functions").phase("4-gon")
    assert (square.loss, square.value) == (0, Fraction(7, 2))


def test_a_mixture_passes_through_the_nearest_law_of_one_component():
    table = phases("gauss-3-1d-true2", "functions")
    one, truth = table.phases
    assert (one.value, truth.value) == (Fraction(1), Fraction(7, 4))
    assert one.loss > 0 == truth.loss
    (crossing,) = table.crossings()
    assert (crossing.before, crossing.after) == (one.name, truth.name)


@pytest.mark.parametrize("source", ["gauss-3-1d", "ade-a2", "superposition-2"])
def test_models_without_functions_of_a_larger_loss(source):
    with pytest.raises(BadInput):
        phases(source, "functions")
