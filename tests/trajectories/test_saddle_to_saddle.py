"""The experiment on deep linear networks: its parts, and a short piece of it."""

from __future__ import annotations

import argparse

import pytest
import torch

from benchmarks.saddle_to_saddle import (
    NETWORKS,
    Network,
    Run,
    catalog_rows,
    ladder,
    rungs,
    trained,
)
from singularity_lab.catalog.truth import ground_truth


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_by_hand_is_the_derivative(name):
    net = Network(NETWORKS[name])
    w = torch.randn(5, net.dim, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    value, slope = net.loss(torch.zeros(net.dim), net.target, name).value_and_grad(w)
    for k in range(5):
        leaf = w[k].clone().requires_grad_(True)
        whole = 0.5 * ((net.product(leaf) - net.target) ** 2).sum()
        (by_torch,) = torch.autograd.grad(whole, leaf)
        assert float(value[k]) == pytest.approx(whole.item())
        assert torch.allclose(slope[k], by_torch, rtol=1e-10)


def test_the_rungs_are_those_of_reduced_rank_regression():
    """Aoyagi and Watanabe 2005, for 4 inputs, 3 hidden units, 4 outputs: the origin is the worst
    point of rank 0, and the balanced points of rank r that of rank r."""
    assert ladder((4, 3, 4)) == [(5.0, 2), (6.0, 1), (7.0, 2), (7.5, 1)]
    assert rungs([(5.0, 2), (6.0, 1)], 1e4)["rank 1"] == 6.0


@pytest.mark.parametrize("widths", [(4, 3, 4), (3, 2, 3)])
def test_the_rows_that_rungs_name_have_their_lambda(widths):
    rows, proved = catalog_rows(widths), ladder(widths)
    assert list(rows) == [f"rank {r}" for r in range(len(proved))]
    for name, (value, m) in zip(rows.values(), proved, strict=True):
        truth = ground_truth(name, 0).rlct
        assert (float(truth.value), truth.multiplicity) == (value, m)


def test_descent_passes_near_every_rank():
    net = Network(NETWORKS["3-2-3"])
    path = trained(net, 1, 24)
    seen = [sum(s > 0.2 for s in net.modes(w)) for _, w in path]
    assert seen == sorted(seen)
    assert set(seen) == {0, 1, 2}


@pytest.mark.slow
def test_a_short_piece_is_named_right(tmp_path):
    options = argparse.Namespace(
        out=tmp_path, checkpoints=12, burn_in=300, draws=600, shuffles=3, n=[1e4]
    )
    run = Run("3-2-3", 0, options)
    counted = run.count(run.read("path", run.checkpoints, [1e4], own=True), 1e4)
    assert counted["away_ok"] >= 6
    assert counted["named"] == counted["away_ok"]
