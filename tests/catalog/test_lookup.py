"""A row is a germ everywhere: each function of a germ, asked by id, answers for the row."""

from __future__ import annotations

import pickle
from itertools import groupby

import pytest

import singularity_lab as lab
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog import entries, load
from singularity_lab.catalog.lookup import find_row
from singularity_lab.errors import BadInput, OutOfScope, Undecided


def _rows() -> list[str]:
    """Two rows of each family that has small ones: away from the origin, and of one generator,
    where there are any. The first of each come first."""
    found = []
    small = [e for e in entries(max_dimension=4) if e.polynomial]
    for _, family in groupby(small, key=lambda e: e.family):
        rows = sorted(family, key=_size)
        away = [e for e in rows if any(e.problem().point)]
        single = [e for e in rows if len(e.problem().ideal.generators) == 1]
        ordered = [*away[:1], *single[:1], *rows]
        found.append(list(dict.fromkeys(e.id for e in ordered))[:2])
    return [*(pair[0] for pair in found), *(i for pair in found for i in pair[1:])]


def _size(entry) -> tuple[int, int]:
    generators = entry.problem().ideal.generators
    return entry.dimension, sum(g.degree for g in generators)


ROWS = _rows()


def _by_hand(id: str) -> LocalProblem:
    """The germ moved to 0 by substitution, with the walls and prior exponents that stay there."""
    problem = load(id).problem()
    names = problem.variables
    moved = {
        n: parse(n, names) + Polynomial.constant(c, names)
        for n, c in zip(names, problem.rational_point, strict=True)
    }
    sides = dict(zip(names, zip(problem.point, problem.box, strict=True), strict=True))
    box = {
        n: (None if low is None else low - at, None if high is None else high - at)
        for n, (at, (low, high)) in sides.items()
    }
    prior = {
        n: t for n, t, c in zip(names, problem.prior, problem.point, strict=True) if t and not c
    }
    generators = [str(g.substitute(moved)) for g in problem.ideal.generators]
    return LocalProblem.build(
        generators, names, prior=prior, box=box, convention=problem.convention
    )


def _answer(ask):
    """What a function says, or the kind of its refusal."""
    try:
        return ask()
    except (OutOfScope, Undecided) as error:
        return type(error)


def test_there_are_enough_rows_and_many_stand_away_from_the_origin():
    assert len(ROWS) >= 60
    assert len({load(i).family for i in ROWS}) >= 30
    assert sum(any(load(i).problem().point) for i in ROWS) >= 20


def _patient(id: str) -> bool:
    """Whether the linear algebra of the row's singularity takes long."""
    germ = load(id).problem()
    return len(germ.variables) > 2 and germ.ideal.generators[0].degree > 5


@pytest.mark.parametrize(
    "id", [pytest.param(i, marks=pytest.mark.slow) if _patient(i) else i for i in ROWS]
)
def test_by_id_it_is_the_germ_of_the_row(id):
    germ = _by_hand(id)
    found = lab.rlct(id, budget=5)
    assert found.bounds == lab.rlct(germ, budget=5).bounds
    assert id in str(found)
    assert str(found).split(" (")[0] in str(lab.explain(id, budget=5))

    jets = _answer(lambda: lab.jets(id, 2, budget=3))
    expected = _answer(lambda: lab.jets(germ, 2, budget=3))
    if isinstance(expected, type):
        assert jets is expected
    else:
        assert (jets.codimensions, jets.top_components) == (
            expected.codimensions,
            expected.top_components,
        )

    single = len([g for g in germ.ideal.generators if not g.is_zero]) == 1
    for function, fields in (
        (lab.zeta, ("candidates", "topological")),
        (lab.singularity, ("milnor", "tjurina", "type", "spectrum")),
    ):
        mine, hand = _answer(lambda f=function: f(id)), _answer(lambda f=function: f(germ))
        if isinstance(hand, type):
            assert mine is hand
            assert hand is not OutOfScope or not single or _says_why(function, id)
        else:
            assert [getattr(mine, f) for f in fields] == [getattr(hand, f) for f in fields]
            assert id in str(mine)


def _says_why(function, id: str) -> str:
    """The reason of a refusal for a row of one generator."""
    with pytest.raises(OutOfScope) as refused:
        function(id)
    return str(refused.value)
