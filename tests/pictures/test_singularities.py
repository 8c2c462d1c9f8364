"""Every result draws itself; what cannot be drawn says so."""

from __future__ import annotations

import pytest

from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import OutOfScope
from singularity_lab.exact.arcs.contact import contact_loci
from singularity_lab.exact.arcs.essential import essential_divisors
from singularity_lab.exact.arcs.jets import jets
from singularity_lab.exact.classification.matrix_factorisation import ade
from singularity_lab.exact.classification.path import along
from singularity_lab.exact.classification.singularity import singularity
from singularity_lab.exact.resolutions.dual_graph import resolution_graph
from singularity_lab.exact.resolutions.toric import toric_resolution
from singularity_lab.exact.zeta_functions.density import volume_expansion
from singularity_lab.exact.zeta_functions.zeta import zeta
from singularity_lab.pictures import singularities
from singularity_lab.pictures.polyhedra import newton_polyhedron
from singularity_lab.system.extras import installed


@pytest.fixture(autouse=True)
def _close():
    yield
    if installed("matplotlib"):
        import matplotlib.pyplot as plt

        plt.close("all")


@pytest.mark.parametrize(
    "make",
    [
        lambda: singularity("x^2 - y^3"),
        lambda: singularity("x^2 - y^2*z + z^3"),
        lambda: jets("x^2 - y^3", 6),
        lambda: zeta("x^3 + x*y + y^4"),
        lambda: zeta("x^3 + y^4 + z^5 + x*y*z"),
        lambda: volume_expansion("x*y"),
        lambda: along("x^3 + s*x^2 + y^2", "s", [0, "1/2"]),
        lambda: resolution_graph("(y^2 - x^3)^2 - x^5*y"),
        lambda: toric_resolution("x^2 - y^3"),
        lambda: toric_resolution("x^2 - y^2*z"),
        lambda: toric_resolution("x^2 - y^3").fan,
        lambda: toric_resolution("x^2 - y^2*z").fan,
        lambda: essential_divisors("x^2 + y^3 + z^5"),
        lambda: essential_divisors("x^3 + y^3 + z^3"),
        lambda: contact_loci("x^2 - y^3", 5),
        lambda: singularity("x^3 + y^4").milnor_basis,
        lambda: singularity("x^3 + y^4 + z^2").splitting,
        lambda: singularity("x^3 + y^4").kind,
        lambda: singularity("x^3 + y^4").unfolding(),
        lambda: ade("E", 6)[0],
        lambda: NewtonPolyhedron.of([(3, 0, 0), (0, 3, 0), (0, 0, 3), (1, 1, 1)]),
        lambda: NewtonPolyhedron.of([(3, 0), (0, 3), (1, 1)]),
    ],
)
def test_results_have_pictures(make) -> None:
    import matplotlib.pyplot as plt

    ax = make().plot()
    assert ax.has_data()
    again = plt.figure().add_subplot(projection=getattr(ax, "name", None))
    assert make().plot(ax=again) is again


def test_what_cannot_be_drawn() -> None:
    with pytest.raises(OutOfScope):
        singularities.zero_set(parse("x"))
    with pytest.raises(OutOfScope):
        newton_polyhedron(NewtonPolyhedron.of([(1, 0, 0, 0)]))


def test_the_staircase_touches_its_line() -> None:
    ax = jets("x^2 - y^3", 11).plot()
    attained = next(line for line in ax.lines if line.get_label() == "attained")
    assert list(attained.get_xdata()) == [6, 12]


@pytest.mark.parametrize(
    ("f", "marked"),
    [("x^2 - y^3", 1), ("x^2 + y^2", 1), ("x + y - 1/2", 0), ("x^2 + y^2 - 1", 0)],
)
def test_the_origin_is_marked_where_it_is_a_zero(f, marked):
    ax = singularities.zero_set(parse(f))
    assert len(ax.lines) == marked
    space = singularities.zero_set(parse(f"{f} + z"))
    dots = [c for c in space.collections if c.get_offsets().shape[0] == 1]
    assert len(dots) == marked
    assert len(singularities.body([parse(f)]).lines) == marked
    beside = singularities.body([parse(f), parse("x", ["x", "y"])])
    assert len(beside.lines) == marked
