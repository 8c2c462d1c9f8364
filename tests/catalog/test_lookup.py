"""A row is a germ everywhere: each function of a germ, asked by id, answers for the row."""

from __future__ import annotations

import pickle
from itertools import groupby

import pytest

import singularity_lab as lab
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import entries, load
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
    if id == "discriminant-4":  # 25 CPU seconds
        return True
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


def test_a_text_is_the_row_and_with_variables_the_expression():
    assert "row nc-1-1 of the catalog" in str(lab.rlct("nc-1-1"))
    assert lab.rlct("nc-1-1").to_json()["label"] == "row nc-1-1 of the catalog"
    assert lab.rlct(["nc-1-1"]).multiplicity == 2
    typed = lab.rlct("nc-1-1", "nc", at={"nc": 2})
    assert "row" not in str(typed)
    assert typed.multiplicity == 1


def test_a_misspelt_row_is_no_expression():
    for function in (lab.rlct, lab.jets, lab.zeta, lab.singularity, lab.loss):
        with pytest.raises(BadInput, match="no row 'nc-1-7'"):
            function("nc-1-7")


def test_generated_rows_and_other_points_of_a_row():
    generated = "deep_linear:widths=[1,1,1,1],rank=0"
    assert lab.rlct(generated).rlct == lab.rlct(load(generated)).rlct
    away = lab.rlct("nc-1-1", at={"w1": 0, "w2": 1})
    assert away.rlct == lab.rlct("w1*w2", at={"w1": 0, "w2": 1}).rlct
    assert away.multiplicity == 1
    with pytest.raises(BadInput, match="prior: given by the problem"):
        lab.rlct("nc-1-1", prior={"w1": 1})


def test_every_function_of_a_germ_takes_an_id():
    row = load("rrr-2-2-1-r1")
    assert (
        lab.contact_loci(row.id, 3).codimensions
        == lab.contact_loci(_by_hand(row.id), 3).codimensions
    )
    assert lab.newton_polyhedron(row.id) == lab.newton_polyhedron(_by_hand(row.id))
    assert str(lab.toric_resolution(row.id)).startswith("row rrr-2-2-1-r1 of the catalog: ")
    assert lab.loss(row.id).center.tolist() == [1, 0, 1, 0]
    cusp = "bp-2-3"
    germ = _by_hand(cusp)
    assert lab.essential_divisors(cusp).divisors == lab.essential_divisors(germ).divisors
    assert lab.volume_expansion(cusp).constant == lab.volume_expansion(germ).constant
    assert lab.resolution_graph(cusp).divisors == lab.resolution_graph(germ).divisors


def test_what_a_theory_does_not_cover_is_said_with_its_reason():
    with pytest.raises(OutOfScope, match="row rrr-2-2-1-r1 of the catalog has 4 generators"):
        lab.zeta("rrr-2-2-1-r1")
    walls = LocalProblem.build("x*y", nonnegative="x", prior={"y": 1})
    with pytest.raises(OutOfScope, match=r"the prior \|y\|\^1 and constraints on x"):
        lab.zeta(walls)
    assert any("constraints on x" in note for note in lab.singularity(walls).notes)
    assert any("constraints on x" in note for note in lab.jets(walls, 1).notes)
    with pytest.raises(OutOfScope, match="the loss is no polynomial"):
        lab.rlct(next(e.id for e in entries() if not e.polynomial))


@pytest.mark.slow
def test_jets_fall_back_on_the_contact_loci_near_the_point():
    id = "swish-1in-1out-2-r1-copy"
    near = lab.jets(id, 4, budget=8)
    assert near.method == "contact loci"
    assert any("near the point only" in note for note in near.notes)
    assert near.codimensions == lab.contact_loci(_by_hand(id), 4, field="C").codimensions
    assert near.top_components == (None,) * 5


def test_functions_of_the_package_can_be_pickled():
    assert pickle.loads(pickle.dumps(lab.rlct)) is lab.rlct


def test_the_newton_polyhedron_stands_at_an_algebraic_point():
    moved = lab.newton_polyhedron("(x^2 - 2)^2 - y^3", at={"x": "sqrt(2)"})
    assert moved.vertices == lab.newton_polyhedron("x^2 - y^3").vertices


def test_thresholds_and_singular_points_are_those_of_the_rows_germ():
    """On ids of one polynomial: the same answers as for its text."""
    for id in ("bp-2-3", "nc-1-1"):
        germ = load(id).problem()
        (f,) = map(str, germ.ideal.generators)
        assert lab.lct(id).value == lab.lct(f, germ.variables).value
        ours, theirs = (
            [(p.point, p.result.rlct) for p in found]
            for found in (lab.singular_points(id), lab.singular_points(f, germ.variables))
        )
        assert ours == theirs
        assert ours
