"""Newton polyhedra against brute force over weights, and the laws of faces."""

import itertools
import random as rnd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.linear import covering_value
from singularity_lab.algebra.polyhedra import NewtonPolyhedron, minimal_elements
from singularity_lab.algebra.simplex import rank
from singularity_lab.errors import BadInput, OutOfScope


@st.composite
def supports(draw, most=7):
    n = draw(st.integers(1, 4))
    return draw(st.lists(st.tuples(*[st.integers(0, 5)] * n), min_size=1, max_size=most))


def dot(u, v):
    return sum(a * b for a, b in zip(u, v, strict=True))


def span(points):
    base, *others = sorted(points)
    return rank([[a - b for a, b in zip(p, base, strict=True)] for p in others])


@settings(deadline=None, max_examples=150)
@given(supports(), st.integers(0, 10**6))
def test_random_positive_weights_minimise_known_compact_faces(support, seed):
    polyhedron = NewtonPolyhedron.of(support)
    faces = set(polyhedron.compact_faces())
    random = rnd.Random(seed)
    n = polyhedron.dimension
    for _ in range(60):
        weight = [random.choice([1, 2, 3, 5, 60]) for _ in range(n)]
        assert polyhedron.minimised_by(weight) in faces


@settings(deadline=None, max_examples=150)
@given(supports())
def test_each_compact_face_is_minimised_by_a_positive_weight(support):
    """The sum of the facet normals through a face is such a weight."""
    polyhedron = NewtonPolyhedron.of(support)
    for face in polyhedron.compact_faces():
        normals = [
            f.normal for f in polyhedron.facets if all(dot(f.normal, a) == f.value for a in face)
        ]
        weight = [sum(column) for column in zip(*normals, strict=True)]
        assert all(w > 0 for w in weight)
        assert polyhedron.minimised_by(weight) == face
    assert {v for v in polyhedron.vertices} == {
        a for face in polyhedron.compact_faces() if len(face) == 1 or span(face) == 0 for a in face
    }


@settings(deadline=None, max_examples=150)
@given(supports())
def test_facets_describe_the_polyhedron(support):
    polyhedron = NewtonPolyhedron.of(support)
    n = polyhedron.dimension
    for f in polyhedron.facets:
        on = [a for a in support if dot(f.normal, a) == f.value]
        assert min(dot(f.normal, a) for a in support) == f.value
        axes = [tuple(int(i == k) for k in range(n)) for i in range(n) if f.normal[i] == 0]
        # the points and rays on it span dimension n − 1, so it is a facet
        base = on[0]
        assert rank([[x - y for x, y in zip(a, base, strict=True)] for a in on] + axes) == n - 1
    # completeness: the distance along every positive direction is the one that the facets give
    for direction in itertools.product((1, 2), repeat=n):
        if all(any(a) for a in support):
            value = covering_value(direction, [a for a in support])
            from fractions import Fraction

            assert value == min(
                Fraction(dot(direction, f.normal), f.value) for f in polyhedron.facets if f.value
            )


@settings(deadline=None, max_examples=60)
@given(supports(), st.randoms(use_true_random=False))
def test_permuting_coordinates_permutes_faces(support, random):
    n = len(support[0])
    order = list(range(n))
    random.shuffle(order)

    def move(a):
        return tuple(a[i] for i in order)

    one = NewtonPolyhedron.of(support).compact_faces()
    other = NewtonPolyhedron.of([move(a) for a in support]).compact_faces()
    assert {frozenset(move(a) for a in face) for face in one} == set(other)


def test_simplex_and_cube_numbers():
    # x1^2 + … + xn^2: the compact faces are the faces of a simplex
    n = 5
    unit = [tuple(2 * int(i == k) for k in range(n)) for i in range(n)]
    assert len(NewtonPolyhedron.of(unit).compact_faces()) == 2**n - 1
    # the product (x1 + y1) (x2 + y2) (x3 + y3) has the 27 faces of a cube
    cube = [
        tuple(e for bit in bits for e in (bit, 1 - bit))
        for bits in itertools.product((0, 1), repeat=3)
    ]
    polyhedron = NewtonPolyhedron.of(cube)
    assert len(polyhedron.vertices) == 8
    assert len(polyhedron.compact_faces()) == 27
    with pytest.raises(OutOfScope, match="compact faces"):
        polyhedron.compact_faces(limit=20)


def test_minimal_elements_and_bad_supports():
    assert minimal_elements([(1, 1), (2, 1), (1, 1)]) == ((1, 1),)
    with pytest.raises(BadInput, match="support"):
        NewtonPolyhedron.of([])
    with pytest.raises(BadInput, match="support"):
        NewtonPolyhedron.of([(1, -1)])


def test_the_segment_inside_the_trap_is_a_face():
    """(x + y^2, z): the edge x, y^2 is a compact face but no facet's whole support."""
    polyhedron = NewtonPolyhedron.of([(1, 0, 0), (0, 2, 0), (0, 0, 1)])
    assert frozenset({(1, 0, 0), (0, 2, 0)}) in polyhedron.compact_faces()


def test_a_polyhedron_as_text_and_as_a_table():
    found = NewtonPolyhedron.of([(2, 0), (0, 3)])
    said = "vertices (0, 3), (2, 0) and 1 facet besides 2 in coordinate hyperplanes"
    assert str(found) == f"Newton polyhedron with {said}"
    shown = found._repr_html_()
    assert all(f"({', '.join(map(str, f.normal))})" in shown for f in found.facets)
    with pytest.raises(OutOfScope, match="more than 2 half-spaces"):
        NewtonPolyhedron.of([(6, 0, 0), (0, 5, 0), (0, 0, 4), (1, 1, 1)], limit=2)
