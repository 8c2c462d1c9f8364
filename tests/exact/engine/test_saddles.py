"""Critical points at which a function changes its sign."""

from fractions import Fraction

import pytest
from engine_germs import germs, told
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab import rlct
from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.engine.saddles import saddle_leaf

MOVED = {"x": "x + y*z", "y": "y - 2*w + w^2", "z": "z + x - w^2", "w": "w + 3*y"}


def moved(f):
    """f in other coordinates, expanded."""
    for name, image in MOVED.items():
        f = f.replace(name, f"({image.replace(name, name.upper())})")
        f = str(parse(f.lower(), "x y z w"))
    return f


@pytest.mark.parametrize(
    ("f", "proved"),
    [
        ("x^2 + y^2 - z^2", True),
        ("x*y + z*w", True),
        ("x^2 + y^2 - z^3", True),
        ("x^2 + y^2 - z^4", True),
        ("-x^2 - 3*y^2 + z^4*w^2", True),
        ("x*y + z^3*w^2", True),
        ("x*y + x*z^3 + y*w^2", True),  # -z^3*w^2 in other coordinates
        ("x^2 + y^2 + z^2", False),
        ("x^2 + y^2 + z^4*w^2", False),
        ("x*y", False),
        ("x*y + x*z^3", False),  # x*(y + z^3)
        ("x*y + x*z^3 + y*w^2 + z^3*w^2", False),  # (x + w^2)*(y + z^3)
        ("x^2 - y^3", False),
    ],
)
def test_a_change_of_sign_by_an_arc(f, proved):
    for g in (germs(f), germs(moved(f))):
        found = saddle_leaf(g)
        assert (found is not None) is proved
        if found:
            assert told(g, found.step).lower == found.lower
            assert found.lower.value == Fraction(1, 2)


@given(
    st.sampled_from([(1, 1), (1, -1), (-1, -1)]),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(-3, 3)), min_size=1,
             max_size=3),
)  # fmt: skip
def test_what_is_proved_is_what_the_search_proves(signs, terms):
    """±x² ± y² + g(z, w): where both decide, as the resolution has it."""
    tail = "".join(f" + {c}*z^{a + 1}*w^{b}" for a, b, c in terms if a + b > 1 and c)
    g = germs(f"{signs[0]}*x^2 + {signs[1]}*y^2{tail} + 0*w")
    found = saddle_leaf(g)
    other = rlct(f"{signs[0]}*x^2 + {signs[1]}*y^2{tail}", ["x", "y", "z", "w"], budget=1)
    if found is not None:
        assert other.bounds.lower is None or other.bounds.lower <= found.lower
        assert other.bounds.upper is None or other.bounds.upper >= found.lower


@pytest.mark.parametrize("g", ["z*w^3*(w - z)", "w*(w^4*z + 2*w^2*z^3)", "(z - w)*(3*w^2 + w*z^4)"])
@pytest.mark.parametrize("q", ["x^2 + 3*y^2", "-x^2 - 3*y^2", "x^2 - 3*y^2"])
def test_a_function_that_is_long_in_other_coordinates_is_decided(q, g):
    """The singular points are not isolated, and the resolution of the long form does not end."""
    found = rlct(moved(f"{q} + {g}"), budget=10)
    assert (found.value, found.multiplicity) == (Fraction(1, 2), 1)
    assert found.seconds < 8
