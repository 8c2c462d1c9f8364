"""Types and λ of the germs that a path of an unfolding meets."""

from __future__ import annotations

import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import parse
from singularity_lab.errors import BadInput
from singularity_lab.exact.classification.path import along


@pytest.mark.parametrize("n", [2, 3, 5])
def test_a_path_drops_from_a_n(n: int) -> None:
    """x^(n+1) + s·x^n: λ of K = F² jumps from (1/(n+1) + 1/2)/2 to (1/n + 1/2)/2."""
    path = along(f"x^{n + 1} + s*x^{n} + y^2", "s", [0, "1/7", 1])
    assert [p.type for p in path.points] == [f"A{n}", f"A{n - 1}", f"A{n - 1}"]
    values = [RLCT(p.value, p.multiplicity) for p in path.points]
    regular = RLCT(parse("1/2")({}), 1)
    for k, value in zip((n, n - 1, n - 1), values, strict=True):
        lam = (parse(f"1/{k + 1}")({}) + parse("1/2")({})) / 2
        expected = RLCT(lam, 1) if k > 1 else value
        assert value == expected
        assert value.value <= regular.value
    assert path.jumps() == ((0, parse("1/7")({})),)


def test_paths_meet_smooth_points_and_units() -> None:
    path = along("x^2 + y^3 + s*y", "s", [0, 1])
    assert [p.type for p in path.points] == ["A2", "smooth"]
    away = along("x^2 + y^3 + s", "s", [1])
    assert away.points[0].type == "unit"
    assert away.points[0].value is None
    with pytest.raises(BadInput):
        along("x^2 + y^3", "s", [0])
