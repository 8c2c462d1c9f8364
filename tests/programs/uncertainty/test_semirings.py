"""Semirings: their laws, and limits that are told."""

from __future__ import annotations

import pytest

from singularity_lab.errors import Undecided
from singularity_lab.programs.uncertainty.semirings import (
    MonomialAntichain,
    MonomialIdeals,
    total,
)


def test_exponents_that_do_not_fit_a_byte_are_undecided():
    """They would run into the next variable's."""
    ring = MonomialIdeals(2)
    x = ring.variable(0)
    power = x
    for _ in range(6):
        power = ring.mul(power, power)
    with pytest.raises(Undecided, match="above 127"):
        ring.mul(power, power)


def test_monomials_stop_at_their_limit():
    ring = MonomialAntichain(3, limit=3)
    three = total(ring, [frozenset(((1, 0, 0),)), frozenset(((0, 1, 0),)), frozenset(((0, 0, 1),))])
    with pytest.raises(Undecided, match="more than 3"):
        ring.mul(three, three)
