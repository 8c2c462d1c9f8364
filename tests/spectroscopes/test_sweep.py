"""A grid of short runs: the region that it finds, what it recommends, and that nothing is lost."""

from __future__ import annotations

import sys

import pytest
import torch

from singularity_lab import sweep
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import (
    Cost,
    Estimate,
    FunctionLoss,
    Outcome,
    PolynomialLoss,
    Reading,
)
from singularity_lab.spectroscopes.sweep import GridRun, Sweep

FAST = {"chains": 16, "burn_in": 400, "draws": 3000}


def bowl():
    """K = w₁² + 4w₂²: λ = 1, and at γ the target is ½ Σ nβh/(nβh + γ)."""
    return FunctionLoss(
        lambda w: w[:, 0] ** 2 + 4 * w[:, 1] ** 2, 2,
        gradient=lambda w: torch.stack([2 * w[:, 0], 8 * w[:, 1]], 1), loss_id="bowl",
    )  # fmt: skip


@pytest.fixture(scope="module")
def found():
    steps = [1e-7, 8e-4, 1.2e-3, 1.0]
    return sweep(bowl(), epsilon=steps, gamma=[1.0, 100.0], n=[1000], **FAST)


def test_the_region_where_sampler_and_target_agree_lies_between_the_two_failures(found):
    at = {(r["gamma"], r["epsilon"]): r for r in found.records()}
    assert at[1.0, 1e-7]["outcome"] == "not mixed"
    assert at[1.0, 1.0]["outcome"] == "diverged"
    assert at[1.0, 8e-4]["flat"]
    assert at[1.0, 1.2e-3]["flat"]
    assert not at[1.0, 1e-7]["flat"]
    assert len(found.cells) == 8  # failed ones are kept


def test_what_is_recommended_reads_its_target_and_says_why(found):
    best = found.recommendation
    assert best.cell.gamma == 1.0
    assert best.cell.reading.ok
    assert best.cell.reading.estimate.value == pytest.approx(1.0, rel=0.1)
    for word in ("Use epsilon = ", "2 steps", "agree", "At epsilon = 1: diverged", "not mixed"):
        assert word in str(best)
    assert "gamma = 100" in str(best)


def test_it_says_what_it_scans_and_what_not(found):
    line = str(found).splitlines()[-1]
    assert line.startswith(
        "  scanned: epsilon, gamma, n of llc (sgld) alone, at one seed; no other"
    )
    one = sweep(bowl(), gamma=[1.0], n=[1000], device="llc-hmc", chains=4, burn_in=20, draws=40)
    assert "scanned: gamma, n of llc-hmc alone" in str(one)
    assert "Nothing is said of other devices" in " ".join(sweep.__doc__.split())


def test_a_grid_without_a_good_run_recommends_nothing():
    bad = sweep(bowl(), epsilon=[1.0, 2.0], gamma=[1.0], n=[1000], **FAST)
    assert bad.recommendation.cell is None
    assert "steps below 1, or gamma above 1" in str(bad)
    assert bad.flat == (False, False)


def test_a_grid_that_has_not_mixed_says_how_many_draws_would():
    short = sweep(bowl(), epsilon=[1e-4], gamma=[1.0], n=[1000], chains=8, burn_in=50, draws=100)
    (c,) = short.cells
    needed = c.reading.diagnostics["draws_needed"]
    assert needed >= 2 / (1e-4 * 1.0)  # one relaxation of the localisation
    assert f"Try draws={needed} and burn_in=" in str(short)


def cell(epsilon, value, error=0.1, outcome=Outcome.OK, gamma=1.0):
    reading = Reading(
        "llc", "made", 2, {"n": 100, "beta": None, "gamma": gamma}, 0,
        {"llc": Estimate(value, value - 2 * error, value + 2 * error, 0.9)}, None, outcome, "",
        Cost(1, 1, 0.0, 1), {"standard_error": error},
    )  # fmt: skip
    return GridRun(epsilon, gamma, 100.0, reading)


def test_readings_that_are_ok_and_disagree_are_not_flat():
    assert Sweep((cell(1, 5.0), cell(2, 7.0))).flat == (False, False)
    assert Sweep((cell(1, 5.0), cell(2, 5.2), cell(3, 7.0))).flat == (True, True, False)
    lone = Sweep((cell(1, 5.0), cell(2, 5.0, outcome=Outcome.NOT_MIXED), cell(3, 5.0)))
    assert lone.recommendation.cell is None
    drift = Sweep(tuple(cell(k, 5 + 0.2 * k) for k in range(6)))  # each agrees with the next
    assert sum(drift.flat) < 6


def test_the_smallest_localisation_that_can_be_sampled_is_taken():
    weak = [cell(1, 5.0, outcome=Outcome.NOT_MIXED), cell(2, 5.0, outcome=Outcome.NOT_MIXED)]
    strong = [cell(1, 4.0, gamma=10.0), cell(2, 4.1, gamma=10.0)]
    grid = Sweep((*weak, *strong))
    assert grid.recommendation.cell.gamma == 10.0
    assert "At gamma = 1 no two steps agree (mostly not mixed)" in str(grid.recommendation)


@pytest.mark.slow
def test_a_torch_model_with_its_own_steps():
    torch.manual_seed(0)
    x = torch.randn(200, 2)
    net = torch.nn.Linear(2, 1, bias=False)
    grid = sweep(
        net, (x, x @ torch.ones(2, 1)), self_teacher=True, gamma=[10.0], chains=8, burn_in=200,
        draws=600,
    )  # fmt: skip
    assert len(grid.cells) == 4
    assert {c.n for c in grid.cells} == {200.0}
    assert any(c.reading.ok for c in grid.cells)
    hmc = sweep(bowl(), device="llc-hmc", gamma=[1.0], n=[100, 200], burn_in=100, draws=300)
    assert [c.epsilon for c in hmc.cells] == [None, None]
    assert hmc.recommendation.cell.n == 200


def test_json_and_picture(found):
    import matplotlib.pyplot as plt

    back = Sweep.from_json(found.to_json())
    assert str(back) == str(found)
    axes = found.plot()
    assert axes[0].get_xlabel() == "ε"
    assert len(axes[0].texts) == len(found.cells)
    assert len(found.to_pandas()) == 8
    plt.close(axes[0].figure)
    with pytest.raises(BadInput, match="sweep"):
        Sweep.from_json("[1]")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"epsilon": []}, "epsilon"),
        ({"gamma": [-1.0]}, "gamma"),
        ({"n": [1.0]}, "n: expected"),
        ({"device": "volume"}, "device"),
        ({"device": "llc-hmc", "epsilon": [1.0]}, "chooses its step"),
        ({"seconds": 0}, "seconds"),
    ],
)
def test_a_grid_that_cannot_be_is_one_line(change, word):
    with pytest.raises(BadInput, match=word):
        sweep(bowl(), **change)


def test_a_long_reason_is_cut_at_a_word_and_kept_whole_in_the_records(monkeypatch):
    """A grid of steps far too short: each line says so in its width."""
    monkeypatch.setattr(sys.modules[Sweep.__module__], "_WIDTH", 120)
    square = PolynomialLoss.from_exponents([([1], [(1,)])], loss_id="w^2")
    found = sweep(square, epsilon=[1e-9, 1e-8], gamma=[1.0], n=[1000], burn_in=20, draws=40)
    reasons = [r["reason"] for r in found.records()]
    lines = str(found).splitlines()[2:4]
    assert all(len(line) <= 120 for line in lines)
    for line, reason in zip(lines, reasons, strict=True):
        assert line.endswith("…")
        kept = line.partition(": ")[2][:-1]
        assert reason.startswith(kept)
        assert reason[len(kept)] in " ,;:("
