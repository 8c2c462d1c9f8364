"""Names of variables: which are allowed, fresh ones, and the order of counting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.names import check_names, doubts, fresh, natural_order
from singularity_lab.algebra.parsing import names_in
from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.errors import BadInput

NAMES = st.builds(
    "{}{}".format,
    st.sampled_from(["a", "b", "w", "xy"]),
    st.one_of(st.just(""), st.integers(0, 120)),
)


@settings(max_examples=25)
@given(st.lists(NAMES, unique=True, max_size=6))
def test_text_and_sequences_give_the_same_names(names):
    assert (
        check_names(names)
        == tuple(names)
        == check_names(" ".join(names))
        == check_names(", ".join(names))
    )


@pytest.mark.parametrize("bad", ["2x", "x-y", "ä", "x.y", ["x y"], [1], 5, ["x", ["y"]]])
def test_what_is_no_name_is_refused(bad):
    with pytest.raises(BadInput, match="variables: "):
        check_names(bad)


def test_a_name_given_twice_is_told():
    with pytest.raises(BadInput, match="received twice: y"):
        check_names("x y z y")


@settings(max_examples=25)
@given(NAMES, st.sets(NAMES, max_size=5))
def test_a_fresh_name_is_not_taken(name, taken):
    chosen = fresh(name, [*taken, name])
    assert chosen not in taken
    assert chosen.rstrip("_") == name
    assert fresh(name, [n for n in taken if n != name]) == name


@settings(max_examples=25)
@given(st.lists(st.integers(0, 300), unique=True))
def test_numbers_in_names_are_ordered_as_numbers(numbers):
    names = [f"w{n}" for n in numbers]
    assert natural_order(names) == tuple(f"w{n}" for n in sorted(numbers))


@settings(max_examples=25)
@given(st.lists(NAMES))
def test_the_order_forgets_repetition_and_how_they_came(names):
    ordered = natural_order(names)
    assert ordered == natural_order(reversed(ordered)) == natural_order(names * 2)
    assert set(ordered) == set(names)


@pytest.mark.parametrize("text", ["x^2 - pi*y", "oo*x", "x + inf", "nan"])
def test_a_number_is_no_variable_unless_it_is_declared(text):
    names = names_in(text)
    with pytest.raises(BadInput, match="is a number"):
        Ideal.parse(text)
    with pytest.raises(BadInput, match="is a number"):
        parse(text)
    assert Ideal.parse(text, names).variables == names


SHORT = st.dictionaries(st.sampled_from("uvxyz"), st.integers(2, 30), min_size=1, max_size=3)


@settings(max_examples=30)
@given(SHORT)
def test_powers_in_the_short_form_are_told_as_they_may_be_meant(powers):
    """x2, y3: no letter twice, indices from 2; what is told is the power itself."""
    said = doubts([f"{v}{e}" for v, e in powers.items()])
    assert all(f"{v}^{e}" in said for v, e in powers.items())


@settings(max_examples=30)
@given(st.sampled_from("uvxyz"), st.integers(0, 9), st.integers(2, 5))
def test_indexed_variables_are_what_they_say(letter, first, many):
    assert doubts([f"{letter}{k}" for k in range(first, first + many)]) == ""


@pytest.mark.parametrize("names", [["x1", "y2"], ["x0", "y3"], ["x_2", "y_3"], ["i", "j", "k"]])
def test_other_indices_are_no_powers(names):
    assert doubts(names) == ""


@pytest.mark.parametrize(
    ("names", "meant"),
    [(["x2y"], "x^2*y"), (["xy3"], "x*y^3"), (["x", "xy"], "x*y"), (["I"], "imaginary unit")],
)
def test_what_may_be_meant_is_written_out(names, meant):
    assert meant in doubts(names)
