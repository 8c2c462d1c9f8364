"""Subvarieties of the torus: lattice coordinates, emptiness, smoothness, components."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.zeros.torus import (
    components,
    has_zero,
    inverse_matrix,
    is_smooth,
    lattice_form,
    logarithmic_derivatives,
    nondegenerate_polytope,
    polytope_faces,
)


def multiply(a, b):
    return [
        [sum(x * y for x, y in zip(row, col, strict=True)) for col in zip(*b, strict=True)]
        for row in a
    ]


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 3), st.integers(0, 3))
def test_a_change_of_coordinates_keeps_the_number_of_variables_that_matter(a, b, n, shift):
    form = lattice_form([parse(f"x^{a * n + shift}*y^{b * n} + x^{shift}", "x y")])
    assert form.rank == 1
    assert multiply(form.matrix, inverse_matrix(form.matrix)) == [[1, 0], [0, 1]]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 6, 8])
def test_differences_of_powers_have_n_lines_over_c(n):
    """Over Q as many as n has divisors; over R one, or two for n even."""
    found = components(parse(f"x^{n} - y^{n}"))
    assert found.over_c == n
    assert found.over_q == sum(1 for d in range(1, n + 1) if n % d == 0)
    assert found.over_r == 2 - n % 2
    assert [found.over(k) for k in "CRQ"] == [found.over_c, found.over_r, found.over_q]


@pytest.mark.parametrize(
    ("texts", "zero"),
    [(["x + y"], True), (["x + y", "x - y"], False), (["x*y"], False), (["x - 1", "y - 2"], True)],
)
def test_zeros_in_the_torus(texts, zero):
    assert has_zero([parse(t, "x y") for t in texts]) is zero


@pytest.mark.parametrize(
    ("text", "smooth"),
    [
        ("x + y + 1", True),
        ("(x + y + 1)^2", False),
        ("(x - 1)^2 - (y - 1)^3", False),
        ("x^2 - y^3", True),
    ],
)
def test_smoothness(text, smooth):
    assert is_smooth(parse(text)) is smooth


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_cube_has_three_to_the_n_faces(n):
    import itertools

    assert len(polytope_faces(list(itertools.product((0, 1), repeat=n)))) == 3**n


def test_degenerate_on_a_face():
    assert nondegenerate_polytope(parse("1 + x + y")) is True
    assert nondegenerate_polytope(parse("1 + 2*x + x^2 + y")) is False


def test_eulers_identity_for_homogeneous_forms():
    f = parse("x^3 + 2*x*y^2 - y^3")
    first, second = logarithmic_derivatives(f)
    assert (first + second - f * 3).is_zero
