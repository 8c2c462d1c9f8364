"""Strata of mixtures: all of them, their order, and λ by hand."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest
from scipy.optimize import minimize_scalar

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models import build
from singularity_lab.models.mixture_strata import (
    MixtureStratum,
    closure_steps,
    mixture_strata,
    nearest_single,
    strata_of,
)


def by_hand(stratum, space):
    """r masses and places; Σ c x xᵀ ≥ 0 of the order |x|² for each that shares a place, so N/4;
    (a|x|²)² for each of weight 0 at the truth; a² for each elsewhere."""
    r = len(stratum.clusters)
    pieces = min(Fraction(1, 2), Fraction(space, 4))
    value = (
        Fraction(r - 1 + r * space, 2)
        + Fraction(stratum.joined * space, 4)
        + stratum.vanishing * pieces
        + Fraction(stratum.elsewhere, 2)
    )
    return RLCT(value, 1 + (stratum.vanishing if space == 2 else 0))


@pytest.mark.parametrize(
    ("name", "arguments", "space"),
    [
        ("gaussian_mixture", dict(components=3, dimension=1), 1),
        ("gaussian_mixture", dict(components=3, dimension=2), 2),
        ("gaussian_mixture", dict(components=3, dimension=1, true_components=2), 1),
        ("gaussian_mixture", dict(components=2, dimension=3), 3),
        ("binomial_mixture", dict(components=3, trials=2), 1),
        ("binomial_mixture", dict(components=3, trials=4), 1),
        ("poisson_mixture", dict(components=4), 1),
    ],
)
def test_the_engine_proves_what_is_computed_by_hand(name, arguments, space):
    model = build(name, **arguments)
    listed = strata_of(name, model.parameters)
    assert [s.name for s in listed] == [s.name for s in model.strata]
    decided = 0
    for stratum in listed:
        found = rlct(model.problem(stratum.name), budget=5.0).bounds
        expected = by_hand(stratum, space)
        assert found.lower <= expected <= found.upper
        decided += found.exact
    assert decided >= len(listed) - 2


@pytest.mark.parametrize(("components", "r"), [(2, 1), (4, 1), (4, 2), (5, 2), (5, 3)])
def test_all_strata_and_their_order(components, r):
    listed = mixture_strata(components, r)
    every = {
        MixtureStratum.of([(p, z) for p, z in zip(ps, zs, strict=True)], f)
        for ps in product(range(1, components + 1), repeat=r)
        for zs in product(range(components + 1), repeat=r)
        if (f := components - sum(ps) - sum(zs)) >= 0
    }
    assert set(listed) == every
    assert len(listed) == len(every) == len({s.name for s in listed})
    for low, high in closure_steps(listed):
        for space in (1, 2, 3):
            jump = high.dimension(space) - low.dimension(space)
            assert jump == (1 if low.joined < high.joined else space)
            assert by_hand(low, space) <= by_hand(high, space)  # λ does not rise in the limit


def test_every_stratum_reaches_one_where_all_weights_beyond_the_truth_are_zero():
    for start in mixture_strata(5, 2):
        here = {start}
        for _ in range(start.joined + start.elsewhere):
            here = {t for s in here for t in s.specialisations()}
        assert here
        assert all(s.vanishing == 3 for s in here)


@pytest.mark.parametrize(("components", "r"), [(2, 2), (3, 2), (4, 3)])
def test_the_nearest_law_of_one_component(components, r):
    """Against a search over the loss of the model, all components at one place."""
    model = build("gaussian_mixture", components=components, dimension=1, true_components=r)

    def loss(b):
        weights = [Fraction(1, components)] * (components - 1)
        return float(model.value([*weights, *[Fraction(b)] * components]))

    found = minimize_scalar(loss, bounds=(-1, r), method="bounded", options={"xatol": 1e-10})
    place, value = nearest_single(components, r)
    assert float(place) == pytest.approx(found.x, abs=1e-6)
    assert float(value) == pytest.approx(found.fun, rel=1e-9)


def test_mixtures_whose_strata_are_others():
    assert strata_of("binomial_mixture", {"components": 2, "trials": 1}) == ()
    assert strata_of("gaussian_mixture", {"components": 2, "dimension": 1, "signed": True}) == ()
    assert strata_of("ade", {}) == ()
