"""Strata along which germs stay the same: dimensions known from geometry, and laws."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab import contact_loci, ground_truth
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import load
from singularity_lab.dictionary.network_strata import orbit_cells
from singularity_lab.errors import OutOfScope
from singularity_lab.exact.classification.triviality import smooth_codimension, triviality


@pytest.mark.parametrize(
    ("generators", "variables", "at", "dimension"),
    [
        ("x^2 - y^2*z", "x y z", {}, 0),  # Whitney's umbrella at its pinch point
        ("x^2 - y^2*z", "x y z", {"z": 1}, 1),  # and on its handle: two sheets times a line
        ("x^2 - y^3", "x y z", {}, 1),  # a cusp times a line
        ("x^2 - y^3 - y^4", "x y", {}, 0),  # no grading: an isolated critical point
        ("x*y*z", "x y z", {"z": 2}, 1),
        ("(x + y + z)^2 - (x - t)^3", "x y z t", {}, 2),  # a cusp in two of four directions
        ("(x + y^2)^2 - (y + x^2)^3 + z*0", "x y z", {}, 1),
        (["x*y", "x*z"], "x y z", {"x": 1}, 1),  # a line, regular
        (["y - x^2", "z*(x + z)"], "x y z t", {}, 1),  # two planes in a smooth hypersurface
        (["x", "y^2 - z^3"], "x y z", {}, 0),
        ("x*y*z*t", "x y z t", {"y": 1, "z": 1, "t": 1}, 3),  # smooth: no critical point at all
        ("x - x*y + y*z + z^2*y^3", "x y z", {}, 2),
        (["x + y^2", "y + z*x"], "x y z t", {}, 2),
    ],
)
def test_dimensions_of_strata(generators, variables, at, dimension):
    problem = LocalProblem.build(generators, variables, at=at)
    found = triviality(problem)
    assert (found.lower, found.upper) == (dimension, dimension), found


def test_bounds_are_told_where_they_do_not_meet():
    """A regular coordinate beside an isolated point without grading: no method here decides it."""
    found = triviality(LocalProblem.build(["x", "y^2 - z^3 + z^4"], "x y z"))
    assert (found.lower, found.upper, found.exact) == (0, 1, False)


def test_walls_and_priors_are_kept():
    line = LocalProblem.build("x^2", "x y")
    assert triviality(line).lower == 1
    walled = LocalProblem.build("x^2", "x y", nonnegative="y")
    weighed = LocalProblem.build("x^2", "x y", prior={"y": 1})
    for problem in (walled, weighed):
        found = triviality(problem)
        assert (found.lower, found.upper) == (0, 0)


@pytest.mark.parametrize(
    ("f", "at", "dimension"),
    [
        ("x - x*y + y*z", {}, 1),  # a smooth surface that crosses the wall y = 0: a line in it
        ("x - x*y + y*z", {"y": "1/2", "z": "-1/2", "x": "1/2"}, 2),  # away from the wall
        ("y*(1 + z)", {}, 2),  # the wall itself
        ("y - x^2", {}, 1),  # it touches the wall along a line
    ],
)
def test_smooth_zero_sets_beside_a_wall(f, at, dimension):
    found = triviality(LocalProblem.build(f, "x y z", at=at, nonnegative="y"))
    assert (found.lower, found.upper) == (dimension, dimension), found


def test_a_proved_value_shows_that_the_zeros_are_smooth():
    """λ = r/2 with r independent differentials: no more than r coordinates generate the ideal."""
    problem = LocalProblem.build(["x + y^2*z", "(x + y^2*z)*(1 + z)", "y + x*z"], "x y z")
    plain = triviality(problem)
    assert plain.lower <= 1 <= plain.upper
    told = triviality(problem, RLCT(1, 1))
    assert (told.lower, told.upper) == (1, 1)


@pytest.mark.parametrize("row", ["rrr-2-2-2-r2", "swish-1in-1out-1-r1", "rrr-2-2-2-r0"])
def test_where_the_zeros_are_smooth_the_contact_loci_are_theirs(row):
    """codim {ord ≥ p} = r·p over R, by a route that knows nothing of it: charts of the proof."""
    entry = load(row)
    codimension = smooth_codimension(entry, ground_truth(entry, 0).bounds.lower)
    found = contact_loci(row, 4, field="R")
    assert (codimension is None) == (row == "rrr-2-2-2-r0")
    if codimension is not None:
        assert all(c == codimension * p for p, c in enumerate(found.lower, 1))
        assert found.lower == found.upper


def test_a_unit_has_no_stratum():
    with pytest.raises(OutOfScope, match="unit"):
        triviality(LocalProblem.build("1 + x"))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 3)] * 4).filter(any), min_size=1, max_size=3, unique=True),
    st.permutations(range(4)),
)
def test_a_monomial_ideal_is_trivial_along_the_variables_that_do_not_occur(exponents, order):
    """Its minimal generators alone count, and names do not."""

    def divides(a, b):
        return a != b and all(x <= y for x, y in zip(a, b, strict=True))

    minimal = [b for b in exponents if not any(divides(a, b) for a in exponents)]
    absent = sum(all(a[i] == 0 for a in minimal) for i in range(4))
    names = "wxyz"
    texts = ["*".join(f"{names[order[i]]}^{e}" for i, e in enumerate(a) if e) for a in exponents]
    found = triviality(LocalProblem.build(texts, "w x y z"))
    assert (found.lower, found.upper) == (absent, absent)


@pytest.mark.parametrize(
    "row", ["rrr-2-2-2-r0", "rrr-2-2-2-r0-a0b1", "rrr-2-3-2-r1", "deep-2-2-2-2-r0"]
)
def test_orbits_of_linear_networks_lie_in_strata(row):
    """The group that changes the bases of hidden layers carries the germ along its orbits."""
    entry = load(row)
    orbit = orbit_cells(entry, entry.problem())["dimension"].value
    assert triviality(entry).upper >= orbit
