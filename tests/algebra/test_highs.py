"""Optima at bases that HiGHS guesses: they equal those of the exact simplex, and no guess is a
proof."""

import itertools
import random
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra import highs, linear
from singularity_lab.algebra.highs import guided_covering
from singularity_lab.algebra.linear import covering_lp
from singularity_lab.exact.proof.covering import check_covering
from singularity_lab.system.deadline import TimeLimit


@st.composite
def programs(draw):
    """Small programs; half of them homogeneous, where whole faces are optimal."""
    n = draw(st.integers(1, 6))
    rows = draw(st.lists(st.tuples(*[st.integers(0, 3)] * n).filter(any), min_size=1, max_size=14))
    if draw(st.booleans()):
        rows = [a for a in rows if sum(a) == sum(rows[0])]
    scale = st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(5, 3)])
    rows = [tuple(x * s for x in a) for a, s in ((a, draw(scale)) for a in rows)]
    costs = [draw(st.sampled_from([1, 1, 2, Fraction(1, 3), Fraction(7, 2)])) for _ in range(n)]
    return costs, rows


@settings(deadline=None, max_examples=200)
@given(programs())
def test_the_optimum_is_that_of_the_exact_simplex(program):
    costs, rows = program
    v, y, dimension = guided_covering(costs, rows)
    exact = linear._covering(costs, rows)
    assert check_covering(costs, rows, v, y) == (exact.value, dimension)
    assert dimension == exact.face_dimension


@settings(deadline=None, max_examples=100)
@given(programs(), st.randoms(use_true_random=False))
def test_a_wrong_basis_proves_nothing_wrong(program, source):
    """Any columns and rows in place of the basis that floats give, in any of the programs."""
    costs, rows = program

    def guess(asked):
        n, m = len(asked.columns), len(asked.right)
        size = source.randint(0, min(n, m))
        basic = sorted(source.sample(range(n), size))
        upper = [i for i in asked.at_most_one if i not in basic and source.random() < 0.5]
        return basic, upper, sorted(source.sample(range(m), size))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(highs, "_float_basis", guess)
        found = guided_covering(costs, rows)
    if found is not None:
        v, y, dimension = found
        exact = linear._covering(costs, rows)
        assert check_covering(costs, rows, v, y) == (exact.value, exact.face_dimension)
        assert dimension == exact.face_dimension


def sparse(n, m, kind, seed):
    source = random.Random(seed)
    rows = []
    for _ in range(m):
        a = [0] * n
        for i in source.sample(range(n), 4 if kind == "sets" else 6):
            a[i] = 1 if kind == "sets" else source.randint(1, 9)
        rows.append(tuple(a))
    return rows


def dense(n, m, top, seed):
    source = random.Random(seed)
    return [tuple(source.randint(0, top) for _ in range(n)) for _ in range(m)]


SIZES = [
    pytest.param(120, 240, 0.2),
    pytest.param(500, 1000, 10, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("n", "m", "seconds"), SIZES)
@pytest.mark.parametrize("kind", ["sets", "sparse", "dense", "small"])
def test_large_programs_are_solved_in_time_with_their_faces(n, m, seconds, kind):
    import highspy  # noqa: F401  its import, once in a process, is not the solver's time

    tops = {"dense": 9, "small": 2}
    rows = dense(n, m, tops[kind], 3) if kind in tops else sparse(n, m, kind, 3)
    costs = [1 + i % 2 for i in range(n)]
    spent = []
    for _ in range(3 if seconds < 1 else 1):
        started = time.process_time()
        found = covering_lp(costs, rows)
        spent.append(time.process_time() - started)
        if spent[-1] <= seconds:
            break
    assert min(spent) <= seconds, spent
    proved = check_covering(costs, rows, found.primal, found.dual)
    assert proved == (found.value, found.face_dimension)


@pytest.mark.parametrize(
    ("rows", "dimension"),
    [
        # all pairs of points: v = 1/2 alone; a matching, and its 16 edges: v_i + v_j = 1
        (list(itertools.combinations(range(24), 2)), 0),
        ([(2 * i, 2 * i + 1) for i in range(16)], 16),
        # a cycle of 40 points: v alternates t and 1 − t; one of 41 points: v = 1/2 alone
        ([(i, (i + 1) % 40) for i in range(40)], 1),
        ([(i, (i + 1) % 41) for i in range(41)], 0),
    ],
)
def test_faces_of_known_dimension(rows, dimension):
    n = 1 + max(map(max, rows))
    table = [tuple(int(i in pair) for i in range(n)) for pair in rows]
    v, y, found = guided_covering([1] * n, table)
    assert found == dimension
    assert check_covering([1] * n, table, v, y) == (Fraction(n, 2), dimension)
    assert sum(map(bool, y)) <= 2 * n  # a proof names no more rows than it needs, or not many


def test_large_programs_ask_highs_and_stand_without_it(monkeypatch):
    rows = sparse(40, 120, "sets", 5)
    asked = []
    guided = linear.guided_covering
    monkeypatch.setattr(linear, "guided_covering", lambda *a: asked.append(a) or guided(*a))
    first = covering_lp([1] * 40, rows)
    assert asked
    monkeypatch.setattr(linear, "guided_covering", lambda *a: None)
    second = covering_lp([1] * 40, rows)
    assert (first.value, first.face_dimension) == (second.value, second.face_dimension)


@pytest.mark.parametrize("size", [10**20, 10**400])
def test_numbers_beyond_floats_are_left_to_the_exact_simplex(size):
    rows = [(size, 1), (1, size)]
    assert guided_covering([1, 1], rows) is None
    source = random.Random(2)
    rows = [tuple(source.choice((0, 0, 1, size)) for _ in range(12)) for _ in range(340)]
    rows = [a for a in rows if any(a)]
    found = covering_lp([1] * 12, rows)
    proved = check_covering([1] * 12, rows, found.primal, found.dual)
    assert proved == (found.value, found.face_dimension)


def test_a_time_limit_ends_a_large_program():
    rows = dense(300, 600, 2, 1)
    started = time.process_time()
    with TimeLimit(0.1) as limit:
        covering_lp([1] * 300, rows)
    assert limit.expired
    assert time.process_time() - started < 1.5
