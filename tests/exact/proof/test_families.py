"""Tables of (λ, m) over a symbol: their cells, the germ at each value, and altered tables."""

import copy
import itertools
from fractions import Fraction

import pytest

from singularity_lab import rlct
from singularity_lab.algebra.algebraic import algebraic
from singularity_lab.algebra.polynomial import parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.families import FamilyProblem, below, cells_of, verify_table

CONE = FamilyProblem(LocalProblem.build("x^2 - t*y^2", "x y t"), "t")


@pytest.mark.parametrize("n", [0, 1, 3])
def test_n_walls_make_2n_plus_1_cells(n):
    walls = [Fraction(k) for k in range(n)]
    cells = cells_of(walls)
    assert len(cells) == 2 * n + 1
    assert [low for low, high in cells if low == high is not None] == walls
    assert cells[0][0] is None
    assert cells[-1][1] is None
    assert all(a[1] == b[0] for a, b in itertools.pairwise(cells))


def test_algebraic_numbers_are_in_order():
    root = algebraic("sqrt(2)")
    assert below(root, Fraction(3, 2))
    assert below(Fraction(7, 5), root)
    assert not below(root, root)


@pytest.mark.parametrize("t", [Fraction(-1), Fraction(0), Fraction(5, 3)])
def test_the_germ_at_a_value(t):
    assert CONE.variables == ("x", "y")
    germ = CONE.at(t)
    assert germ.ideal.generators[0] == parse("x^2 - t*y^2", "x y t").substitute({"t": t}).in_ring(
        "x y"
    )


def test_the_germ_at_a_root_has_a_field():
    germ = CONE.at_root(algebraic("sqrt(2)"))
    assert germ.field.degree == 2
    assert set(germ.variables) >= {"x", "y"}


@pytest.mark.parametrize(
    "ends", [(Fraction(0), Fraction(2)), (Fraction(1), None), (None, Fraction(-1))]
)
def test_an_open_interval_is_run_through_by_a_positive_symbol(ends):
    family = CONE.on_interval(ends)
    assert family.role["t"] == "unit"
    assert "t" in family.positive


def table():
    return rlct("x^2 - t*y^2", parameters="t").document


def test_a_table_is_read_back_with_its_values():
    found = verify_table(table())
    assert [(ends, value.value, proved) for ends, value, proved in found] == [
        ((None, 0), Fraction(1, 2), True),
        ((0, 0), Fraction(1, 4), True),
        ((0, None), Fraction(1, 2), True),
    ]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d.update(format="x"), "format: 'singularity-lab-table'"),
        (lambda d: d.update(parameter="q"), "parameter: 'q' is no name"),
        (lambda d: d.update(walls=3), "malformed"),
    ],
)
def test_an_altered_table_is_refused(change, match):
    document = copy.deepcopy(table())
    change(document)
    with pytest.raises(CertificateError, match=match):
        verify_table(document)
