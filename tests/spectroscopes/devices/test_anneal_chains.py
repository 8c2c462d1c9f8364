"""The ladder climbed by chains."""

from __future__ import annotations

import pytest

from singularity_lab.catalog.formulas import aoyagi_2024
from singularity_lab.spectroscopes import Outcome, measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss


@pytest.mark.slow
def test_chains_read_a_generic_point_in_many_dimensions():
    loss = MatrixProductLoss.random([14, 14, 14], seed=1)
    r = measure("anneal", loss, seed=0, particles=1, trajectories=12, replicates=6)
    assert r.ok, r.reason
    assert r.lambda_.value == pytest.approx(14 * 14 / 2, rel=0.05)
    assert r.multiplicity is None
    assert "not identifiable" in r.reason


def test_chains_read_a_point_of_least_rank():
    """Stiff directions of the regular part, found beforehand, beside a singular rest."""
    loss = MatrixProductLoss.random([12, 12, 12], 2, seed=2)
    r = measure("anneal", loss, seed=0, particles=1, sigma=0.2, trajectories=12, replicates=6)
    lam = float(aoyagi_2024([12, 12, 12], 2).value)
    assert r.diagnostics["stiff_directions"] > 0
    assert r.lambda_.value == pytest.approx(lam, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("widths", "rank", "settings"),
    [
        ([22, 22, 22], None, {}),
        ([22, 22, 22], 5, {"sigma": 0.2}),
        (
            [58, 58, 58, 58],
            None,
            {"replicates": 8, "trajectories": 48, "leapfrogs": 24, "stiff": 0},
        ),
    ],
)
def test_deep_linear_networks_within_a_twentieth_of_local_truth(widths, rank, settings):
    r = measure("anneal", MatrixProductLoss.random(widths, rank, seed=1), seed=0, **settings)
    lam = float(aoyagi_2024(widths, min(widths) if rank is None else rank).value)
    assert r.lambda_.value == pytest.approx(lam, rel=0.05)


def test_a_short_ladder_of_chains_is_not_ok():
    loss = MatrixProductLoss.random([14, 14, 14], seed=1)
    r = measure("anneal", loss, seed=0, particles=1, trajectories=6, replicates=4, span=5.0,
                spacing=0.25)  # fmt: skip
    assert r.outcome is Outcome.NOT_MIXED
