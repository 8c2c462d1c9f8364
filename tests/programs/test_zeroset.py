"""The zero set as a complex: definitions by brute force, λ on faces, graphs."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import product

import networkx as nx
import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import BadInput, Undecided
from singularity_lab.programs import (
    SyndromeProgram,
    count_solutions,
    expected_error,
    hitting_number,
    program,
    zero_set,
)
from singularity_lab.programs.zeroset import dimension

MINI = program("detectA-mini")


@pytest.fixture(scope="module")
def census():
    return zero_set(MINI, 2)


def test_vertices_are_the_solving_codes(census):
    by_hand = {tuple(code.items()) for code in MINI.every_code() if MINI.solves(code, 2)}
    assert {tuple(census.code(v).items()) for v in census.faces[0]} == by_hand
    assert len(by_hand) == 256 == count_solutions(MINI, 2)


def test_counting_without_listing():
    """detectA has (3·2·3)^6 = 34 million codes; at T = 1 the state after one step decides: only
    the entries (A, r) and (B, r) are asked for."""
    p = program("detectA-1")
    assert p.codes == 18**6
    assert count_solutions(p, 1) == 18**6 // 4


def test_faces_by_the_polynomial():
    """A face lies in W₀ exactly if E vanishes at an interior point of it: all 3^6 faces that vary
    three entries, by evaluating E."""
    p = program("detectA-mini")
    e = expected_error(p, 2)
    complex_ = zero_set(p, 2)
    every = {f for level in complex_.faces for f in level}
    third = Fraction(1, 3)
    vary = ["q_Ba", "w_Ar", "d_Ar", "q_Ar", "w_Aa", "q_Aa"]
    index = {c.name: i for i, c in enumerate(p.free)}
    seen = 0
    for masks in product((1, 2, 3), repeat=len(vary)):
        face = [1 << c.options.index(p.code[c.name]) for c in p.free]
        for name, mask in zip(vary, masks, strict=True):
            face[index[name]] = mask
        point = []
        for c, mask in zip(p.free, face, strict=True):
            other = next(j for j, o in enumerate(c.options) if o != p.code[c.name])
            point.append(third if mask == 3 else Fraction(mask >> other & 1))
        assert (e(point) == 0) == (tuple(face) in every)
        seen += tuple(face) in every
    assert seen > 10


def test_subfaces_belong_and_lambda_never_rises_towards_the_inside(census):
    """W₀ is a complex; λ is lower semicontinuous: at a special point it is at most that of the
    generic point of each face around it."""
    poset = census.face_poset()
    assert nx.is_directed_acyclic_graph(poset)
    assert poset.number_of_nodes() == sum(census.f_vector) == 3645
    for small, large in poset.edges:
        assert dimension(large) == dimension(small) + 1
        a, b = poset.nodes[small], poset.nodes[large]
        low = RLCT(a["lambda_E"], a["multiplicity"])
        assert low <= RLCT(b["lambda_E"], b["multiplicity"])


def test_lambda_on_faces_by_the_hitting_program(census):
    for k, level in enumerate(census.faces):
        for face in level[:: max(1, len(level) // 5)]:
            support = {n: frozenset(o) for n, o in census.support(face).items()}
            found = SyndromeProgram(MINI, 2, "exact", support).solve()
            assert census.rlct(face) == RLCT(found.value, found.multiplicity)
            assert dimension(face) == k


def test_the_census_is_fast():
    """All faces with λ and m: 60 CPU seconds are allowed, a twentieth is used."""
    started = time.process_time()
    w0 = zero_set(MINI, 2)
    values = w0.census()
    assert time.process_time() - started < 20
    assert len(values) == 3645
    assert sorted({v.value for v in values.values()}) == [5, 6, Fraction(13, 2), 7]


def test_components_and_their_graph(census):
    assert [(c.dimension, c.lambda_E, c.degenerate, c.piece) for c in census.components] == [
        (7, 5, False, 0), (6, 6, False, 0), (6, 6, False, 0),
        (5, Fraction(13, 2), True, census.components[3].piece),
        (5, 7, False, census.components[4].piece),
    ]  # fmt: skip
    graph = census.component_graph()
    assert [len(c) for c in sorted(nx.connected_components(graph), key=len)] == [1, 1, 3]
    # codimension is λ where W₀ is regular
    assert all(12 - c.dimension == c.lambda_E for c in census.components if not c.degenerate)
    assert census.euler_characteristic == 3  # three contractible pieces


def test_a_face_by_its_support(census):
    face = census.face({"q_Br": "r", "w_Br": ("A", "B")})
    assert dimension(face) == 1
    assert census.rlct(face).value == hitting_number(MINI, support={"w_Br": {"A", "B"}}).value
    with pytest.raises(BadInput, match="no face of W0"):
        census.face({"q_Br": ("r", "a")})
    with pytest.raises(BadInput, match="q_Br needs some of"):
        census.face({"q_Br": "z"})


def test_limits_and_empty_zero_sets():
    with pytest.raises(Undecided, match="more than 100 solving codes"):
        zero_set(MINI, 2, limit=100)
    with pytest.raises(BadInput, match="no code solves it in 0 steps"):
        zero_set(MINI, 0)


def test_pictures_and_documents(census):
    plt = pytest.importorskip("matplotlib.pyplot")
    axes = census.plot()
    assert len(axes.collections[0].get_offsets()) == 5
    plt.close("all")
    document = census.to_json()
    assert document["solutions"] == 256
    assert {c["lambda_E"] for c in document["components"]} == {"5", "6", "13/2", "7"}
    assert "13/2, m = 1, 32 codes, degenerate" in str(census)
