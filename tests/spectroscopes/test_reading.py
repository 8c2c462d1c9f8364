"""Readings repeat from themselves, travel as JSON, and speak; devices may come from outside."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes import (
    Budget,
    FunctionLoss,
    Outcome,
    Reading,
    known_devices,
    measure,
    register,
)
from tests.spectroscopes.germs import brieskorn, crossing

QUICK = {
    "volume": {"particles": 64, "depth": 30.0, "max_sweeps": 20},
    "llc": {"burn_in": 50, "draws": 100},
    "llc-mala": {"burn_in": 100, "draws": 100},
    "llc-hmc": {"burn_in": 40, "draws": 60},
    "fluctuation": {"burn_in": 100, "draws": 100},
    "wbic": {"burn_in": 100, "draws": 100},
    "hessian": {},
}


@pytest.mark.parametrize(
    "device", [pytest.param("volume", marks=pytest.mark.slow), *sorted(QUICK.keys() - {"volume"})]
)
def test_one_seed_one_reading_whatever_the_threads(device):
    """Bit for bit: equal fingerprints with one and two threads, others with another seed."""
    loss, prints = crossing(1, 1), []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            prints.append(measure(device, loss, seed=9, **QUICK[device]).fingerprint())
            assert torch.get_num_threads() == threads  # measure leaves the setting as it was
    finally:
        torch.set_num_threads(before)
    assert prints[0] == prints[1]
    assert measure(device, loss, seed=10, **QUICK[device]).fingerprint() != prints[0]


@pytest.mark.slow
def test_one_seed_one_reading_in_another_process_with_other_threads():
    code = (
        "from tests.spectroscopes.germs import crossing\n"
        "from singularity_lab.spectroscopes import measure\n"
        "r = measure('volume', crossing(1, 1), seed=3, particles=64, depth=25.0, max_sweeps=20)\n"
        "print(r.fingerprint())"
    )
    prints = set()
    for threads in ("1", "2"):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(names, threads) | {"PYTHONPATH": os.getcwd()}
        out = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        prints.add(out.stdout)
    assert len(prints) == 1


@pytest.mark.parametrize("device", sorted(QUICK))
def test_json_round_trip_and_the_promised_fields(device):
    r = measure(device, brieskorn(1, 1), seed=0, **QUICK[device])
    data = json.loads(r.to_json())
    assert set(data["lambda"]) == {"value", "low", "high", "level"}
    assert {"evaluations", "gradients", "cpu_seconds"} <= set(data["cost"])
    assert data["seed"] == 0
    assert data["outcome"] in set(Outcome)
    if device == "volume":
        assert set(data["multiplicity"]) == {"1", "2"}
    again = Reading.from_json(r.to_json())
    assert again.fingerprint() == r.fingerprint()
    assert again.to_json() == r.to_json()
    assert again.lambda_ == r.lambda_
    assert ("LLC(n = " if device.startswith("llc") else "λ") in str(r)
    assert "<table>" in r._repr_html_()


@pytest.mark.parametrize("device", sorted(QUICK))
def test_every_device_plots_from_its_json(device):
    plt = pytest.importorskip("matplotlib.pyplot")
    r = measure(device, crossing(1, 1), seed=0, **QUICK[device])
    ax = Reading.from_json(r.to_json()).plot()
    assert ax.lines
    plt.close(ax.figure)


def test_the_hessian_control_counts_curved_directions():
    """rank/2: exact at regular points, a stated lower bound at degenerate ones."""
    regular = measure("hessian", brieskorn(1, 1, 1), seed=0)
    assert (regular.lambda_.value, regular.outcome) == (1.5, Outcome.OK)
    mixed = measure("hessian", brieskorn(1, 2, 3), seed=0)
    assert (mixed.lambda_.value, mixed.outcome) == (0.5, Outcome.BIASED_TARGET)
    flat = measure("hessian", brieskorn(2, 3), seed=0)
    assert flat.lambda_.value == 0.0
    saddle = FunctionLoss(lambda w: w[:, 0] ** 2 - w[:, 1] ** 2, 2)
    assert measure("hessian", saddle, seed=0).outcome is Outcome.BAD_LOSS
    slope = FunctionLoss(lambda w: w[:, 0] + (w * w).sum(1), 2)
    assert "no critical point" in measure("hessian", slope, seed=0).reason


def below(w):
    return w[:, 0] + (w * w).sum(1)


def saddle(w):
    return w[:, 0] ** 2 - w[:, 1] ** 2


@pytest.mark.parametrize("function", [below, saddle])
@pytest.mark.parametrize(
    "device", sorted({*QUICK, "joint-walk", "coordinate-slice"} - {"fluctuation"})
)
def test_a_reading_of_a_bad_loss_has_no_number_and_no_device_calls_a_slope_ok(device, function):
    r = measure(device, FunctionLoss(function, 2), seed=0, **QUICK.get(device, {}))
    assert not r.ok
    if r.outcome is Outcome.BAD_LOSS:
        assert (dict(r.estimates), r.multiplicity) == ({}, None)
        assert " at 90%" not in str(r)
        assert r.to_dict()["lambda"]["low"] is None
    if device == "hessian":
        assert r.outcome is Outcome.BAD_LOSS
        assert r.diagnostics["rank"] == 2


def test_a_device_of_anybody_gives_no_number_for_a_bad_loss():
    def claims(loss, *, seed, budget, **settings):
        r = measure("hessian", loss, seed=seed, budget=budget)
        return replace(r, outcome=Outcome.BAD_LOSS)

    assert measure(claims, crossing(1), seed=0).estimates == {}


def test_a_device_from_outside_is_one_function():
    def constant(loss, *, seed, budget, **settings):
        return measure("hessian", loss, seed=seed, budget=budget)

    assert measure(constant, crossing(1), seed=0).lambda_.value == 0.5
    register("constant")(constant)
    assert "constant" in known_devices()
    assert measure("constant", crossing(1), seed=0).lambda_.value == 0.5


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: measure("no such", crossing(1), seed=0), "none is called 'no such'"),
        (lambda: measure("hessian", crossing(1), seed=-1), "seed"),
        (lambda: measure("hessian", crossing(1), seed=1.5), "seed"),
        (lambda: measure("hessian", lambda w: w, seed=0), "loss"),
        (lambda: measure("hessian", crossing(1), seed=0, nonsense=1), "nonsense"),
        (lambda: measure("hessian", crossing(1), seed=0, budget=0), "budget"),
        (lambda: measure("hessian", crossing(1), seed=0, evaluations=0), "evaluations"),
        (lambda: measure("hessian", crossing(1), seed=0, budget=Budget(), evaluations=9), "own"),
        (lambda: Reading.from_json("{}"), "missing field 'device'"),
        (lambda: measure("llc", crossing(1), seed=0, n=0.5), "n:"),
        (lambda: measure("llc", crossing(1), seed=0, minibatch=True), "minibatch"),
    ],
)
def test_bad_calls_name_the_argument(call, word):
    with pytest.raises(BadInput, match=word):
        call()


BAD = {
    "NaN": lambda w: w[:, 0] * math.nan,
    "infinite": lambda w: w[:, 0] * 0 + math.inf,
    "NaN off the centre": lambda w: torch.where((w == 0).all(1), 0.0, math.nan),
    "no minimum": lambda w: ((w * w).sum(1) - 1) ** 2,
    "constant": lambda w: w[:, 0] * 0 + 3.0,
}


@pytest.mark.parametrize("name", sorted(BAD))
@pytest.mark.parametrize("device", ["hessian", "llc", "llc-hmc", "llc-mala", "volume", "wbic"])
def test_losses_that_break_the_rules_get_a_clear_outcome_from_every_device(device, name):
    """No exception, no λ that looks right: a bad loss, or chains that are said to have diverged."""
    r = measure(device, FunctionLoss(BAD[name], 2), seed=0, **QUICK[device])
    if device == "hessian" and name == "constant":
        assert r.lambda_.value == 0.0
    elif device == "hessian" and name == "NaN off the centre":
        assert not r.ok
    else:
        assert r.outcome in (Outcome.BAD_LOSS, Outcome.NO_MINIMUM, Outcome.DIVERGED), r.reason
        assert r.reason


@pytest.mark.parametrize("device", sorted(QUICK))
def test_a_device_of_torch_that_is_not_there_is_bad_input(device):
    if device == "hessian" or torch.cuda.is_available():
        pytest.skip("the Hessian needs no device" if device == "hessian" else "there is one")
    with pytest.raises(BadInput, match="cuda"):
        measure(device, crossing(1, 1), seed=0, device="cuda", **QUICK[device])


def test_a_time_budget_stops_a_run():
    r = measure("volume", crossing(1, 1), seed=0, budget=Budget(cpu_seconds=0.3))
    assert r.outcome is Outcome.BUDGET
    assert r.cost.cpu_seconds < 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("seed"), "reading: missing field 'seed'"),
        (lambda d: d.update(dim="2"), "field dim: Expected `int`, got `str`"),
        (lambda d: d["cost"].update(gradients=0.5), "field cost.gradients: Expected `int`"),
        (lambda d: d["lambda"].update(hihg=1.0), "field lambda: unknown field 'hihg'"),
        (lambda d: d.update(outcome="fine"), "field outcome: Invalid enum value 'fine'"),
        (lambda d: d.update(note=""), "unknown field 'note'"),
    ],
)
def test_a_wrong_field_of_a_reading_is_named(change, words):
    data = measure("hessian", crossing(1), seed=0).to_dict()
    change(data)
    with pytest.raises(BadInput, match=words):
        Reading.from_json(json.dumps(data))
