"""Tables over a symbol: walls where the value changes, and symbols that make no table."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.algebraic import AlgebraicNumber
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput
from singularity_lab.exact.engine.families import roots_of, tabulate
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.families import verify_table


def table(text, variables="x y t"):
    return tabulate(
        LocalProblem.build(text, variables), "t", 10.0, lambda p, left: rlct(p, budget=left)
    )


@pytest.mark.parametrize("c", [1])
def test_a_wall_where_the_value_changes(c):
    """x² − (t − c)·y²: two lines, or a point, and one double line where t = c."""
    found = table(f"x^2 - (t - ({c}))*y^2")
    assert found.exact
    assert c in [cell.low for cell in found.cells if cell.low == cell.high]
    assert found.at(t=c).value == Fraction(1, 4)
    assert [found.at(t=c + k).multiplicity for k in (-1, 1)] == [1, 2]
    assert found.at(t=c + 1).value == found.at(t=c - 1).value == Fraction(1, 2)


def test_each_value_agrees_with_the_answer_there():
    found = table("x^2 - t*y^3")
    for t in (-2, 0, 3):
        assert found.at(t=t).value == rlct(f"x^2 - ({t})*y^3", "x y").value


@pytest.mark.parametrize("c", [1, 2, 3, 7])
def test_the_discriminant_of_a_quadratic_form_cuts_the_table(c):
    """x² − 2txy + c·y² is a square at ±√c, definite between these, and two lines outside."""
    found = table(f"x^2 - 2*t*x*y + {c}*y^2")
    assert found.exact
    verify_table(found.document)
    for t in (-9, -3, -1, "1/2", 0, 1, 2, 3, 9):
        d = Fraction(t) ** 2 - c
        value = (Fraction(1, 4), 1) if d == 0 else (Fraction(1, 2), 2 if d > 0 else 1)
        cell = found.at(t=t)
        assert (cell.value, cell.multiplicity) == value


def test_lines_that_meet_at_irrational_values():
    """x·y·(x − y)·(x − c·y) with c = t² − 3: four lines, two of which agree for c = 0 and c = 1."""
    found = table("x*y*(x - y)*(x - (t^2 - 3)*y)")
    assert found.exact
    assert {c.value for c in found.cells} == {Fraction(1, 4)}
    twice = [str(c.low) for c in found.cells if c.multiplicity == 2]
    assert twice == ["-2", "-sqrt(3)", "sqrt(3)", "2"]


@pytest.mark.parametrize(
    ("text", "count", "irrational"),
    [("t^2 - 2", 2, 2), ("t^3 - t", 3, 0), ("t^2 + 1", 0, 0), ("(t - 1)*(t^2 - 3)", 3, 2)],
)
def test_real_roots(text, count, irrational):
    found = roots_of(parse(text), "t")
    assert len(found) == count
    assert sum(isinstance(r, AlgebraicNumber) for r in found) == irrational
    p = parse(text)
    for r in map(float, found):
        assert abs(sum(float(c) * r**a for (a,), c in p.terms())) < 1e-9


@pytest.mark.parametrize(
    ("options", "parameter", "match"),
    [
        ({}, "q", "unknown name 'q'"),
        ({"prior": {"t": 1}}, "t", "takes no prior"),
        ({"nonnegative": "t"}, "t", "takes no prior, no interval"),
        ({"at": {"t": 1}}, "t", "is no coordinate of the point"),
    ],
)
def test_what_is_no_symbol(options, parameter, match):
    problem = LocalProblem.build("x^2*t - t*x", "x t", **options)
    with pytest.raises(BadInput, match=f"parameters: .*{match}"):
        tabulate(problem, parameter, 5.0, lambda p, left: rlct(p, budget=left))
