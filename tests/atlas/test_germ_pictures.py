"""The sign of a germ: what the look-up of generators rests on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab import parse
from singularity_lab.atlas.germ_pictures import default_slice, germ_record, germ_sign, sign
from singularity_lab.catalog.load import load

NAMES = ("x", "y", "z")
TERMS = st.lists(
    st.tuples(st.sampled_from([1, -1, 2, -3]), st.tuples(*[st.integers(0, 3)] * 3).filter(any)),
    min_size=1,
    max_size=4,
    unique_by=lambda t: t[1],
)


def text(terms, names, flips=(1, 1, 1)):
    def one(c, e):
        for k, s in zip(e, flips, strict=True):
            c *= s**k
        return f"({c})*" + "*".join(f"{n}^{k}" for n, k in zip(names, e, strict=True) if k)

    return " + ".join(one(c, e) for c, e in terms)


@settings(max_examples=25)
@given(st.lists(TERMS, min_size=1, max_size=3), st.permutations(NAMES), st.data())
def test_renaming_signs_and_order_do_not_change_the_sign(ideal, names, data):
    flips = data.draw(st.tuples(*[st.sampled_from([1, -1])] * 3))
    order = data.draw(st.permutations(ideal))
    one = sign(parse(text(f, NAMES), NAMES) for f in ideal)
    other = sign(parse(text(f, names, flips), NAMES) for f in order)
    assert one == other


def test_germs_of_other_shape_have_another_sign():
    assert sign([parse("x^2 - y^3")]) != sign([parse("x^2 - y^5")])
    assert sign([parse("x*y"), parse("z")]) != sign([parse("x*y*z")])


def test_constraints_and_priors_have_no_sign():
    assert germ_sign(load("ade-a2").problem())
    assert germ_sign(load("nc-1-2").problem()) == "" or not any(load("nc-1-2").problem().prior)
    assert germ_sign(load("loss-orthant-linear").problem()) == ""


def test_a_germ_is_drawn_about_its_point():
    problem = load("rrr-2-2-1-r1").problem()
    record, why = germ_record(problem)
    assert not why
    values = [parse(g, problem.variables) for g in record["generators"]]
    assert all(all(any(a) for a in g.support()) for g in values)  # each is 0 at the new origin


def test_the_slice_takes_variables_that_the_divisor_weighs():
    divisors = [{"carries": False, "weights": {"a": 1}}, {"carries": True, "weights": {"d": 1}}]
    assert default_slice(["a", "b", "c", "d"], divisors) == ["d", "a", "b"]
    terms = [frozenset("bc"), frozenset("abcd")]
    assert set(default_slice(["a", "b", "c", "d"], divisors, terms)) >= {"b", "c"}
    assert default_slice(["a", "b", "c", "d"], divisors, terms[1:]) == []
