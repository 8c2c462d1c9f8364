"""Slices along vector fields: where a germ is a product, and where it is none."""

import pytest

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.slices import slice_germ
from singularity_lab.exact.proof.verify import replay, starting_family


def germs(*gens, **options):
    return Germs.of(LocalProblem.build(list(gens), **options).localize())


def test_the_fields_span_all_directions_of_a_product():
    """x + …, y + … and z·(unit) do not mix: f in one variable after two changes is sliced twice."""
    g = germs("(x + y^2 - z + x*z)^2 + 2*(x + y^2 - z + x*z)^3")
    found = slice_germ(g)
    assert found is not None
    assert len(found[0].role) == 1
    assert len(found[1]["fields"]) == 2


@pytest.mark.parametrize("text", ["x*y", "x^2 - y^3", "x^2 + y^2 - z^2", "x*y*z + x^4"])
def test_there_is_no_slice_of_an_isolated_singularity(text):
    assert slice_germ(germs(text)) is None


@pytest.mark.parametrize("options", [{"nonnegative": "x"}, {"prior": {"x": 1}}])
def test_no_slice_leaves_a_wall_or_the_zeros_of_a_prior(options):
    """(x + y)² − z³ is a product along ∂x − ∂y, which leaves x = 0."""
    problem = LocalProblem.build("(x + y + y*z)^2 - z^3", **options)
    found = slice_germ(germs("(x + y + y*z)^2 - z^3", **options))
    if found is not None:
        assert found[1]["vars"] != ["x"]
        replay(starting_family(problem), {**found[1], "then": {"op": "open"}})
    loose = slice_germ(germs("(x + y + y*z)^2 - z^3"))
    assert loose is not None
