"""The covering program against brute force over vertices; its proof against alterations."""

import itertools
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.linear import covering_lp, covering_value, nullspace, solve_lp
from singularity_lab.algebra.simplex import rank
from singularity_lab.errors import BadInput, CertificateError, OutOfScope
from singularity_lab.exact.proof.covering import check_covering


@st.composite
def covering_programs(draw, most=5):
    n = draw(st.integers(1, 4))
    rows = draw(
        st.lists(st.tuples(*[st.integers(0, 4)] * n).filter(any), min_size=1, max_size=most)
    )
    costs = draw(st.tuples(*[st.fractions(Fraction(1, 3), 3, max_denominator=3)] * n))
    return costs, rows


def vertices(costs, rows):
    """All vertices of {v >= 0, <v, a> >= 1}, by solving every square subsystem with flint."""
    import flint

    n = len(costs)
    constraints = [(list(a), 1) for a in rows]
    constraints += [([int(i == k) for k in range(n)], 0) for i in range(n)]
    found = set()
    for chosen in itertools.combinations(constraints, n):
        matrix = flint.fmpq_mat(n, n, [x for a, _ in chosen for x in a])
        if matrix.det() == 0:
            continue
        x = matrix.solve(flint.fmpq_mat(n, 1, [b for _, b in chosen]))
        v = tuple(Fraction(int(x[i, 0].p), int(x[i, 0].q)) for i in range(n))
        if all(sum(p * q for p, q in zip(a, v, strict=True)) >= b for a, b in constraints):
            found.add(v)
    return found


@settings(deadline=None, max_examples=150)
@given(covering_programs())
def test_optimum_and_face_agree_with_all_vertices(program):
    costs, rows = program
    solution = covering_lp(costs, rows)
    values = {v: sum(c * x for c, x in zip(costs, v, strict=True)) for v in vertices(*program)}
    best = [v for v, value in values.items() if value == min(values.values())]
    assert solution.value == min(values.values()) == covering_value(costs, rows)
    # the costs are positive, so the optimal face is the convex hull of the optimal vertices
    directions = [[a - b for a, b in zip(v, best[0], strict=True)] for v in best]
    assert solution.face_dimension == rank(directions)
    assert check_covering(costs, rows, solution.primal, solution.dual) == (
        solution.value,
        solution.face_dimension,
    )


@settings(deadline=None, max_examples=100)
@given(covering_programs(), st.randoms(use_true_random=False))
def test_permuting_variables_and_rows_changes_nothing(program, random):
    costs, rows = program
    order = list(range(len(costs)))
    random.shuffle(order)
    shuffled = [tuple(a[i] for i in order) for a in rows]
    random.shuffle(shuffled)
    first, second = covering_lp(costs, rows), covering_lp([costs[i] for i in order], shuffled)
    assert (first.value, first.face_dimension) == (second.value, second.face_dimension)


@settings(deadline=None, max_examples=100)
@given(covering_programs(), st.data())
def test_altered_solutions_are_rejected_or_prove_the_same(program, data):
    """A changed number may give another valid proof, but never another conclusion."""
    costs, rows = program
    s = covering_lp(costs, rows)
    primal, dual = list(s.primal), list(s.dual)
    target = data.draw(st.sampled_from([primal, dual]))
    i = data.draw(st.integers(0, len(target) - 1))
    target[i] += data.draw(st.sampled_from([Fraction(1, 7), Fraction(-1, 7), Fraction(1)]))
    with pytest.raises(CertificateError):
        check_covering(costs, rows, primal, dual)


def test_a_vertex_of_an_optimal_edge_does_not_prove_the_multiplicity():
    with pytest.raises(CertificateError, match="strictly complementary"):
        check_covering([1, 1], [(1, 1)], [1, 0], [1])
    assert check_covering([1, 1], [(1, 1)], [Fraction(1, 2)] * 2, [1]) == (1, 1)


def test_degenerate_and_large_programs():
    # every pair of 12 variables: v = 1/2 everywhere, value 6; many optimal bases
    n = 12
    rows = [tuple(int(k in pair) for k in range(n)) for pair in itertools.combinations(range(n), 2)]
    s = covering_lp([1] * n, rows)
    assert (s.value, s.face_dimension) == (6, 0)
    assert check_covering([1] * n, rows, s.primal, s.dual) == (6, 0)
    # the edge ideal of a complete bipartite graph K(k, k): v from one side to the other, a segment
    rows = [tuple(int(k in (i, 4 + j)) for k in range(8)) for i in range(4) for j in range(4)]
    assert covering_lp([1] * 8, rows).face_dimension == 1


def test_bad_programs():
    with pytest.raises(OutOfScope):
        covering_lp([1, 1], [(1, 1), (0, 0)])
    with pytest.raises(BadInput, match="costs"):
        covering_lp([1, 0], [(1, 1)])
    with pytest.raises(BadInput, match="rows"):
        covering_lp([1, 1], [(1, -1)])


def test_general_programs():
    assert solve_lp([1], [(1,), (1,)], [1, 2]) is None
    assert solve_lp([0, 0], [(1, 1), (2, 2)], [1, 2]).value == 0
    with pytest.raises(OutOfScope, match="unbounded"):
        solve_lp([1, 0], [(1, -1)], [1])


@given(st.lists(st.tuples(*[st.integers(-3, 3)] * 4), max_size=5))
def test_nullspace_is_the_orthogonal_complement(rows):
    kernel = nullspace(rows, 4)
    assert len(kernel) == 4 - rank(rows)
    assert all(sum(a * b for a, b in zip(r, k, strict=True)) == 0 for r in rows for k in kernel)


@pytest.mark.parametrize("seed", range(3))
def test_wide_programs_prove_their_optimum(seed):
    """64-bit pivots and the exact ones after them, on numbers that do and do not overflow."""
    dice = random.Random(seed)
    for n, m, high in ((12, 60, 3), (18, 80, 9), (10, 90, 10**9)):
        rows = [
            tuple(dice.randint(1, high) if dice.random() < 0.4 else 0 for _ in range(n))
            for _ in range(m)
        ]
        rows = [a if any(a) else (1,) * n for a in rows]
        s = covering_lp([1] * n, rows)
        assert check_covering([1] * n, rows, s.primal, s.dual) == (s.value, s.face_dimension)


def test_variables_that_no_row_joins_are_solved_one_by_one():
    """Many rows of one variable each, some of them twice: v = 1/a, m − 1 = 0 dimensions."""
    source = random.Random(4)
    n = 200
    rows = []
    for i in range(n):
        for _ in range(source.randint(1, 3)):
            row = [0] * n
            row[i] = source.randint(1, 5)
            rows.append(tuple(row))
    costs = [Fraction(source.randint(1, 9), 2) for _ in range(n)]
    found = covering_lp(costs, rows)
    least = [min(a[i] for a in rows if a[i]) for i in range(n)]
    assert found.primal == tuple(Fraction(1, a) for a in least)
    assert check_covering(costs, rows, found.primal, found.dual) == (
        sum(c / a for c, a in zip(costs, least, strict=True)),
        0,
    )
