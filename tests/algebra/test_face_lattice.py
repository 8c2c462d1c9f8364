"""The faces of a polyhedron, counted a second time, and lists that lack one refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import supports

from singularity_lab.algebra.face_lattice import check_faces, facets
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.errors import CertificateError


def faces_of(support):
    return list(NewtonPolyhedron.of(support).compact_faces())


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_simplex_has_the_coordinate_planes_and_one_more(n):
    corners = [tuple(d * (i == k) for k in range(n)) for i, d in enumerate(range(2, n + 2))]
    found = facets(corners)
    assert len(found) == n + 1
    ((weights, height),) = [side for side in found if all(side[0])]
    assert {sum(w * x for w, x in zip(weights, a, strict=True)) for a in corners} == {height}


@settings(max_examples=25)
@given(supports())
def test_facets_support_the_polyhedron(support):
    for w, h in facets(support):
        values = [sum(a * b for a, b in zip(w, point, strict=True)) for point in support]
        assert min(values) == h
        assert min(w) >= 0


@settings(max_examples=30)
@given(supports(variables=3), st.permutations(range(3)))
def test_permuting_coordinates_permutes_facets(support, order):
    def moved(a):
        return tuple(a[i] for i in order)

    image = {(moved(w), h) for w, h in facets(support)}
    assert image == set(facets([moved(a) for a in support]))


@settings(max_examples=30)
@given(supports(variables=2))
def test_the_compact_faces_are_accepted_and_one_less_is_not(support):
    faces = faces_of(support)
    sides = facets(support)
    check_faces(support, sides, faces)
    with pytest.raises(CertificateError, match="left out"):
        check_faces(support, sides, faces[1:])


def test_a_false_half_space_is_refused():
    support = [(2, 0), (0, 3)]
    sides = facets(support)
    with pytest.raises(CertificateError):
        check_faces(support, [*sides, ((1, 1), 3)], faces_of(support))
