"""Other packages' estimators as calibration takes them: each reading is one task of ``adapter.py``
in the environment of the package, a process that a worker starts once and asks again."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import torch
from scipy.stats import t as student

from singularity_lab import torch_estimator
from singularity_lab.calibration.twins import TwinModule
from singularity_lab.errors import BadInput
from singularity_lab.spectroscopes.reading import Cost, Estimate, Outcome, Reading

N, GAMMA, EPSILON, LEVEL = 10_000.0, 1.0, 1e-4, 0.9


@cache
def _process(python: str, name: str) -> tuple[Any, dict[str, Any]]:
    """The adapter of a package in its environment, and what it said of itself."""
    adapter = Path(__file__).with_name("adapter.py")
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    process = subprocess.Popen(
        [python, str(adapter), name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**kept, **threads},
    )
    assert process.stdout is not None
    said = process.stdout.readline()
    if not said:
        raise BadInput(f"python: {name} does not start in {python}")
    return process, json.loads(said)


def loss_of(model: torch.nn.Module, loader: Any) -> dict[str, Any]:
    """A row's model and data as plain JSON, as the adapter builds them again."""
    x, y = loader.dataset.tensors
    data = {"x": x.tolist(), "y": y.tolist()}
    if isinstance(model, TwinModule):
        terms = [[c.tolist(), a.tolist()] for c, a in model.terms]
        return data | {"terms": terms, "at": model.w.tolist()}
    return data | {"weights": [layer.weight.tolist() for layer in model]}


def asked(
    name: str, model: torch.nn.Module, loader: Any, seed: int, given: dict[str, Any]
) -> Reading:
    """The reading of a package: the mean over its chains of nβ(E[L] − L(w*)), with Student's
    interval over them."""
    process, package = _process(given["python"], name)
    loss = loss_of(model, loader)
    task = loss | {
        "name": hash(json.dumps({k: v for k, v in loss.items() if k not in ("x", "y")})),
        "epsilon": EPSILON, "gamma": GAMMA, "nbeta": N / math.log(N), "seed": seed,
        "chains": given["chains"], "cpu_seconds": given["cpu_seconds"],
    }  # fmt: skip
    process.stdin.write(json.dumps(task) + "\n")
    process.stdin.flush()
    said = json.loads(process.stdout.readline())
    if "failed" in said:
        raise BadInput(f"{name}: {said['failed']}")
    finite = [v for v in said["per_chain"] if v is not None]
    if len(finite) < len(said["per_chain"]):
        raise BadInput(f"{name}: {len(said['per_chain']) - len(finite)} chains diverged")
    mean = statistics.fmean(finite)
    error = statistics.stdev(finite) / math.sqrt(len(finite))
    half = float(student.ppf(0.5 + LEVEL / 2, len(finite) - 1)) * error
    return Reading(
        device=name,
        loss_id="hidden",
        dim=sum(p.numel() for p in model.parameters()),
        settings=given,
        seed=seed,
        estimates={"llc": Estimate(mean, mean - half, mean + half, LEVEL)},
        multiplicity=None,
        outcome=Outcome.OK,
        reason="",
        cost=Cost(0, said["steps"], said["cpu_seconds"], 0),
        diagnostics={"package": package, **{k: said[k] for k in ("steps", "cpu_seconds")}},
        versions={},
    )


@torch_estimator
def devinterp1(model: Any, loader: Any, seed: int, budget: Any, **given: Any) -> Reading:
    """devinterp 1."""
    return asked("devinterp1", model, loader, seed, given)


@torch_estimator
def devinterp2(model: Any, loader: Any, seed: int, budget: Any, **given: Any) -> Reading:
    """devinterp 2."""
    return asked("devinterp2", model, loader, seed, given)


@torch_estimator
def canonical(model: Any, loader: Any, seed: int, budget: Any, **given: Any) -> Reading:
    """canonical-interp."""
    return asked("canonical", model, loader, seed, given)


@torch_estimator
def sive(model: Any, loader: Any, seed: int, budget: Any, **given: Any) -> Reading:
    """The shift-invariant variance estimator."""
    return asked("sive", model, loader, seed, given)
