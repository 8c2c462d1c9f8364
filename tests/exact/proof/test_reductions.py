"""Steps from expressions to polynomials: definite matrices, stages, and steps that are refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.algebra.algebraic import algebraic
from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.tower import Tower
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.analytic import reduction
from singularity_lab.exact.proof.reductions import Stage, definite_side, root_of, whole


@settings(max_examples=25)
@given(st.lists(st.integers(-3, 3), min_size=6, max_size=6))
def test_sylvester_against_eigenvalues(entries):
    import numpy as np

    a, b, c, d, e, f = entries
    rows = [[a, b, c], [b, d, e], [c, e, f]]
    tower = Tower(("x",))
    side = definite_side(tower, [[tower.constant(v) for v in row] for row in rows])
    values = np.linalg.eigvalsh(np.array(rows, dtype=float))
    expected = int(values.min() > 1e-9) - int(values.max() < -1e-9)
    assert side == expected


def test_a_matrix_counts_at_the_point_alone():
    tower = Tower(("x",))
    one = tower.constant(1)
    assert definite_side(tower, [[one + tower.gen("x")]]) == 1
    assert definite_side(tower, [[tower.gen("x")]]) == 0


def test_a_stage_begins_with_the_expressions_and_ends_with_polynomials():
    stage = Stage.of(AnalyticProblem.build(["x/(1 + y)", "y^2"]))
    assert [str(g) for g in stage.gens] == ["x", "y^2"]  # denominators are units
    problem = stage.polynomial()
    assert [str(g) for g in problem.ideal.generators] == ["x", "y^2"]
    with pytest.raises(CertificateError):
        Stage.of(AnalyticProblem.build("exp(x) - 1")).polynomial()


def test_operations_keep_the_ideal_or_are_refused():
    stage = Stage.of(AnalyticProblem.build(["exp(x) - 1", "y + x*y"]))
    done = reduction({"op": "operate", "do": [["div", 1, "1 + x"]]}).replay(stage)
    assert str(done.gens[1]) == "y"
    for do in (
        [["div", 1, "x"]],
        [["add", 0, 0, "1"]],
        [["drop", 0]],
        [["turn", 0]],
        [["mul", 9, "1"]],
    ):
        with pytest.raises(CertificateError):
            reduction({"op": "operate", "do": do}).replay(stage)


def test_a_constant_under_a_root_is_known_as_a_number():
    problem = AnalyticProblem.build("x*sqrt(2) + exp(y) - 1")
    stage = Stage.of(problem)
    names = stage.tower.of_kind_all(stage.gens, "constant")
    roots = [root_of(stage.tower, n) for n in names]
    assert [str(r) for r in roots if r is not None]
    assert all(r is None or r == algebraic("sqrt(2)") for r in roots)


@pytest.mark.parametrize("value", [1.0, True, "2", None])
def test_whole_numbers_are_not_rounded(value):
    assert whole(2) == 2
    with pytest.raises(CertificateError, match="no such integer"):
        whole(value)
