"""The strata of the zeros over a domain, with a point on each."""

from __future__ import annotations

import pytest

from singularity_lab import rlct
from singularity_lab.exact.engine.strata import value_at


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("(x - 1)*(y^2 - x^3)", "R^d"),
        ("x*y*(x + y - 1)", "R^2"),
        ("(x - 1)^2*y", {"x": (0, 1), "y": (0, None)}),
        ("y^2 - x^2*(x + 1)", {"x": (None, 0)}),
    ],
)
def test_the_value_at_the_point_of_a_stratum_is_the_value_of_the_stratum(text, over):
    """By the engine for one germ, which knows nothing of strata."""
    found = rlct(text, "x y", over=over)
    assert len(found.strata) > 1
    for stratum in found.strata:
        assert value_at(found.problem, stratum.point).claim == stratum.rlct
    assert found.rlct == min(s.rlct for s in found.strata)
