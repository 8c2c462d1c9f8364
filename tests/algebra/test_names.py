"""Names of variables: which are allowed, fresh ones, and the order of counting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.names import check_names, fresh, natural_order
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
