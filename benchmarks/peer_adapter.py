"""Runs one task of bench_devices.py with another package, inside that package's own environment.

    python peer_adapter.py devinterp1|devinterp2|canonical '{"task": …}'

Prints one line of JSON: chain-steps, CPU seconds of the sampling call, and the estimate of every
chain. This file imports nothing of singularity_lab.
"""

from __future__ import annotations

import itertools
import json
import math
import sys
import tempfile
import time
import warnings

import torch
from torch.utils.data import DataLoader, TensorDataset

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


class Polynomial(torch.nn.Module):
    """K(w) as a model without inputs: one row of zeros in, K out."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.zeros(2))
        self.name = name

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = self.w[0], self.w[1]
        k = (a * b) ** 2 if self.name == "w1^2*w2^2" else (a * a - b**3) ** 2
        return k + 0.0 * x.sum()


def problem(task: dict) -> tuple[torch.nn.Module, DataLoader, object]:
    """Model, loader and criterion (outputs, targets) → scalar of a task."""
    torch.manual_seed(0)
    if task["loss"] == "5-5-5":
        model = torch.nn.Sequential(
            torch.nn.Linear(5, 5, bias=False), torch.nn.Linear(5, 5, bias=False)
        )
        x = torch.randn(task["n_data"], 5)
        y = model(x).detach() + 0.1 * torch.randn(task["n_data"], 5)
        loader = DataLoader(TensorDataset(x, y), batch_size=task["batch"], shuffle=True)
        return model, loader, lambda out, y: ((out - y) ** 2).sum(1).mean()
    model = Polynomial(task["loss"])
    loader = DataLoader(TensorDataset(torch.zeros(2, 1), torch.zeros(2, 1)), batch_size=2)
    return model, loader, lambda out, y: out


def devinterp1(task: dict) -> list[float]:
    from devinterp.optim.sgld import SGLD
    from devinterp.slt.sampler import estimate_learning_coeff_with_summary

    model, loader, criterion = problem(task)

    def evaluate(model, data):
        x, y = data
        return criterion(model(x), y)

    found = estimate_learning_coeff_with_summary(
        model,
        loader,
        evaluate=evaluate,
        sampling_method=SGLD,
        optimizer_kwargs={
            "lr": task["epsilon"], "localization": task["gamma"], "nbeta": task["nbeta"],
        },
        num_draws=task["draws"],
        num_chains=task["chains"],
        num_burnin_steps=task["burn_in"],
        init_loss=1e-30 if task["loss"] != "5-5-5" else None,
        cores=1,
        seed=task["seed"],
        verbose=False,
    )  # fmt: skip
    return [float(found[f"llc-chain/{k}"]) for k in range(task["chains"])]


def canonical(task: dict) -> list[float]:
    if not hasattr(itertools, "batched"):  # it is written for Python 3.12

        def batched(rows, n):
            rows = iter(rows)
            while part := tuple(itertools.islice(rows, n)):
                yield part

        itertools.batched = batched
    from canonical_interp.slt import LLCEstimator

    model, loader, criterion = problem(task)
    estimator = LLCEstimator(
        draws=task["draws"],
        chains=task["chains"],
        burnin_steps=task["burn_in"],
        steps_bw_draws=1,
        learning_rate=task["epsilon"],
        localization=task["gamma"],
        nbeta=task["nbeta"],
    )
    import inspect

    call = estimator.estimate_llc if hasattr(estimator, "estimate_llc") else estimator.estimate
    known = inspect.signature(call).parameters
    options = {
        "compile": False, "show_progress": False, "seed": task["seed"], "verbose": False,
        "criterion_fn": criterion, "criterion": criterion, "loss_fn": criterion,
        "unpack_fn": lambda batch: (batch[0], batch[1]), "devices": "cpu",
    }  # fmt: skip
    found = call(model, loader, **{k: v for k, v in options.items() if k in known})
    values = found if found is not None else estimator.llc
    if isinstance(values, dict):
        values = values.get("llc", next(iter(values.values())))
    if isinstance(values, (tuple, list)):
        values = values[0]
    return [float(v) for v in torch.as_tensor(values).reshape(-1)]


def devinterp2(task: dict) -> list[float]:
    """Version 2 samples on token data sets; its own loss function (model, tokens) → (batch, tokens
    − 1) lets any loss through: here the first token is the number of the example. Its ``llc``
    averages over burn-in too; the estimate here leaves burn-in out, in its favour."""
    from datasets import Dataset
    from devinterp.slt.llc import llc

    model, loader, _ = problem(task)
    x, y = loader.dataset.tensors
    rows = Dataset.from_dict({"input_ids": [[i, i] for i in range(len(x))]}).with_format("torch")

    def each(model, tokens):
        i = tokens[:, 0]
        if task["loss"] == "5-5-5":
            return ((model(x[i]) - y[i]) ** 2).sum(1, keepdim=True)
        return model(x[i]).expand(len(i), 1)

    with tempfile.TemporaryDirectory() as folder:
        found = llc(
            model=model,
            dataset=rows,
            observables={},
            lr=task["epsilon"],
            n_beta=task["nbeta"],
            localization=task["gamma"],
            num_chains=task["chains"],
            num_draws=task["draws"],
            num_burnin_steps=task["burn_in"],
            num_init_loss_batches=2,
            batch_size=task["batch"] if task["loss"] == "5-5-5" else len(x),
            match_sampling_input_ids_across_chains=False,
            init_seed=task["seed"],
            device="cpu",
            output_path=f"{folder}/samples.zarr",
            loss_fn=each,
        )
        trace = torch.as_tensor(found["loss_trace"].values)[:, task["burn_in"] :]
        return (task["nbeta"] * (trace.mean(1) - float(found["init_loss"]))).tolist()


def main() -> None:
    """Warm up on a tenth, then the task itself under the clock."""
    package, task = sys.argv[1], json.loads(sys.argv[2])
    run = {"devinterp1": devinterp1, "devinterp2": devinterp2, "canonical": canonical}[package]
    run(task | {"draws": max(8, task["draws"] // 50), "burn_in": 2})
    started = time.process_time()
    values = run(task)
    seconds = time.process_time() - started
    steps = task["chains"] * (task["draws"] + task["burn_in"])
    finite = [v for v in values if math.isfinite(v)]
    print(json.dumps({"steps": steps, "cpu_seconds": seconds, "per_chain": finite}))


if __name__ == "__main__":
    main()
