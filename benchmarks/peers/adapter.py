"""Another package's estimator of the local learning coefficient, inside that package's own
environment: JSON lines in, JSON lines out.

    python adapter.py devinterp1|devinterp2|canonical|sive < tasks.jsonl > answers.jsonl

The first answer names the package and its version. A task has the loss (see :func:`problem`),
epsilon, gamma, nbeta, chains and seed, and either draws and burn_in, or cpu_seconds, of which half
go into burn-in; their number comes from trials of the same loss (``name``). An answer has the
estimate of every chain, chain-steps and CPU seconds of the sampling call. Every package is asked
for so many chains, and must return so many: one that returns their mean, as canonical-interp 0.2
does, is read elsewhere or fails. This file imports nothing of singularity_lab.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import itertools
import json
import logging
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

# canonical-interp compiles its step, which costs more than a whole task here
os.environ["TORCHDYNAMO_DISABLE"] = "1"

import torch
from torch.utils.data import DataLoader, TensorDataset

Task = dict[str, Any]
TRIALS = (20, 80)  # draws from which the speed of a task is known


class Generators(torch.nn.Module):
    """x ↦ x·f(w) for polynomials f₁, …, f_k in the parameters w."""

    def __init__(self, terms: list[Any], at: list[float]) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor(at))
        self.terms = [(torch.tensor(c), torch.tensor(a)) for c, a in terms]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        values = [(c * (self.w**a).prod(1)).sum() for c, a in self.terms]
        return x @ torch.stack(values).unsqueeze(1)


def problem(task: Task) -> tuple[torch.nn.Module, DataLoader]:
    """Model at w* and loader; the loss is the mean over examples of |model(x) − y|².

    ``terms`` with ``at``: of :class:`Generators`, pairs of coefficients and exponents for each f;
    else ``weights``: of linear layers. ``x``, ``y``: the data, or ``network``: [widths, examples]
    of a random linear network with noise; ``batch``: examples of a minibatch.
    """
    if "network" in task:
        widths, examples = task["network"]
        torch.manual_seed(0)
        pairs = itertools.pairwise(widths)
        model = torch.nn.Sequential(*[torch.nn.Linear(a, b, bias=False) for a, b in pairs])
        x = torch.randn(examples, widths[0])
        y = model(x).detach() + 0.1 * torch.randn(examples, widths[-1])
    else:
        x, y = torch.tensor(task["x"]), torch.tensor(task["y"])
        if "terms" in task:
            model = Generators(task["terms"], task["at"])
        else:
            layers = []
            for rows in task["weights"]:
                weight = torch.tensor(rows)
                layer = torch.nn.Linear(weight.shape[1], weight.shape[0], bias=False)
                layer.weight = torch.nn.Parameter(weight)
                layers.append(layer)
            model = torch.nn.Sequential(*layers)
    batch = task.get("batch") or len(x)
    return model, DataLoader(TensorDataset(x, y), batch_size=batch, shuffle=True)


def squares(found: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss of a batch."""
    return ((found - y) ** 2).sum(1).mean()


def at_center(model: torch.nn.Module, loader: DataLoader) -> float:
    """The loss at w*."""
    x, y = loader.dataset.tensors
    with torch.no_grad():
        return float(squares(model(x), y))


def devinterp1(task: Task) -> list[float]:
    """devinterp 1: ``estimate_learning_coeff_with_summary``, one chain after the other."""
    model, loader = problem(task)
    start = at_center(model, loader) or 1e-30  # 0 counts as missing
    return devinterp1_chains(task, model, loader, squares, start)


def devinterp1_chains(
    task: Task, model: Any, loader: Any, criterion: Callable[..., Any], start: float
) -> list[float]:
    """The estimate of each chain of devinterp 1; start: the loss at w*."""
    from devinterp.optim.sgld import SGLD
    from devinterp.slt.sampler import estimate_learning_coeff_with_summary

    found = estimate_learning_coeff_with_summary(
        model,
        loader,
        evaluate=lambda model, data: criterion(model(data[0]), data[1]),
        sampling_method=SGLD,
        optimizer_kwargs={
            "lr": task["epsilon"], "localization": task["gamma"], "nbeta": task["nbeta"],
        },
        num_draws=task["draws"],
        num_chains=task["chains"],
        num_burnin_steps=task["burn_in"],
        init_loss=start,
        cores=1,
        seed=task["seed"],
        verbose=False,
    )  # fmt: skip
    return [float(found[name]) for name in found if name.startswith("llc-chain/")]


def devinterp2(task: Task) -> list[float]:
    """devinterp 2 samples on token data sets; its own loss function (model, tokens) → (batch,
    tokens − 1) lets any loss through: here the first token is the number of the example. Its
    ``llc`` averages over burn-in too; the estimate here leaves burn-in out, in its favour."""
    from datasets import Dataset
    from devinterp.slt.llc import llc

    model, loader = problem(task)
    x, y = loader.dataset.tensors
    rows = Dataset.from_dict({"input_ids": [[i, i] for i in range(len(x))]}).with_format("torch")

    def each(model: torch.nn.Module, tokens: torch.Tensor) -> torch.Tensor:
        i = tokens[:, 0]
        return ((model(x[i]) - y[i]) ** 2).sum(1, keepdim=True)

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
            batch_size=loader.batch_size,
            match_sampling_input_ids_across_chains=False,
            init_seed=task["seed"],
            device="cpu",
            output_path=f"{folder}/samples.zarr",
            loss_fn=each,
        )
        trace = torch.as_tensor(found["loss_trace"].values)[:, task["burn_in"] :]
        return (task["nbeta"] * (trace.mean(1) - float(found["init_loss"]))).tolist()


def canonical(task: Task) -> list[float]:
    """canonical-interp: all chains at once. Version 0.1 returns the chains, version 0.2 their mean;
    the chains are then in its metrics."""
    if not hasattr(itertools, "batched"):  # it is written for Python 3.12

        def batched(rows: Any, n: int) -> Any:
            rows = iter(rows)
            while part := tuple(itertools.islice(rows, n)):
                yield part

        itertools.batched = batched  # type: ignore[attr-defined]
    from canonical_interp.slt import LLCEstimator

    model, loader = problem(task)
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

    known = inspect.signature(estimator.estimate_llc).parameters
    options = {
        "compile": False, "show_progress": False, "seed": task["seed"], "verbose": False,
        "criterion_fn": squares, "criterion": squares, "loss_fn": squares,
        "unpack_fn": lambda batch: (batch[0], batch[1]), "devices": "cpu",
    }  # fmt: skip
    given = {k: v for k, v in options.items() if k in known}
    found = estimator.estimate_llc(model, loader, **given)
    metrics = estimator.get_metrics() if hasattr(estimator, "get_metrics") else {}
    found = metrics.get("llcs", found)
    if isinstance(found, dict):
        found = found.get("llc", next(iter(found.values())))
    if isinstance(found, tuple | list):
        found = found[0]
    return [float(v) for v in torch.as_tensor(found).reshape(-1)]


def sive(task: Task) -> list[float]:
    """The shift-invariant variance estimator t²(Var L − E[s²]/N), t = nβ, along localised SGLD (Cai
    2026, arXiv:2606.22389), written anew from its formulas: the published code has no licence.

    s² is the variance over N minibatches of the loss at one point; here each draw sees all
    examples, so that it is 0. The step in the paper is ε/2 here.
    """
    model, loader = problem(task)
    x, y = loader.dataset.tensors
    w = list(model.parameters())
    center = [p.detach().clone() for p in w]
    torch.manual_seed(task["seed"])
    epsilon, gamma, t = task["epsilon"], task["gamma"], task["nbeta"]
    found = []
    for _ in range(task["chains"]):
        with torch.no_grad():
            for p, c in zip(w, center, strict=True):
                p.copy_(c)
        losses = []
        for step in range(task["burn_in"] + task["draws"]):
            loss = squares(model(x), y)
            if step >= task["burn_in"]:
                losses.append(loss.detach())
            slopes = torch.autograd.grad(loss, w)
            with torch.no_grad():
                for p, c, g in zip(w, center, slopes, strict=True):
                    p -= epsilon / 2 * (t * g + gamma * (p - c))
                    p += math.sqrt(epsilon) * torch.randn_like(p)
        variance = torch.stack(losses).double().var()
        found.append(t**2 * float(variance))
    return found


PACKAGES: dict[str, tuple[Callable[[Task], list[float]], str]] = {
    "devinterp1": (devinterp1, "devinterp"),
    "devinterp2": (devinterp2, "devinterp"),
    "canonical": (canonical, "canonical-interp"),
    "sive": (sive, ""),
}


def timed(run: Callable[[Task], list[float]], task: Task) -> tuple[list[float], float]:
    """What a task returns, and its CPU seconds. Raises ValueError unless every chain has its own
    estimate."""
    started = time.process_time()
    values = run(task)
    seconds = time.process_time() - started
    if len(values) != task["chains"]:
        raise ValueError(f"chains: {task['chains']} were asked for, {len(values)} came back")
    return values, seconds


def half_of(run: Callable[[Task], list[float]], task: Task) -> int:
    """Draws, and steps of burn-in, that fill the CPU seconds of a task: from trials of two lengths,
    since a call costs something before its first step."""
    seconds = []
    for half in TRIALS:
        seconds.append(timed(run, task | {"draws": half, "burn_in": half})[1])
    step = max(1e-6, (seconds[1] - seconds[0]) / (TRIALS[1] - TRIALS[0]))
    start = max(0.0, seconds[0] - step * TRIALS[0])
    return max(8, int((task["cpu_seconds"] - start) / step))


def answer(run: Callable[[Task], list[float]], task: Task, known: dict[str, int]) -> dict[str, Any]:
    """One task under the clock. known: draws by the name of a loss, from earlier tasks."""
    if not known:
        timed(run, task | {"draws": TRIALS[0], "burn_in": TRIALS[0]})  # to warm up
    if "cpu_seconds" in task:
        name = f"{task.get('name')} {task['cpu_seconds']}"
        if name not in known:
            known[name] = half_of(run, task)
        task = task | {"draws": known[name], "burn_in": known[name]}
    known.setdefault("", 0)
    values, seconds = timed(run, task)
    steps = task["chains"] * (task["draws"] + task["burn_in"])
    per_chain = [v if math.isfinite(v) else None for v in values]
    return {"steps": steps, "cpu_seconds": seconds, "per_chain": per_chain}


def main() -> None:
    """Answer tasks until the input ends; what a package prints goes to the errors."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    run, package = PACKAGES[sys.argv[1]]
    with os.fdopen(os.dup(1), "w") as reply:
        os.dup2(2, 1)
        version = importlib.metadata.version(package) if package else "by its formulas"
        said: dict[str, Any] = {
            "package": package or sys.argv[1], "version": version,
            "python": sys.version.split()[0], "torch": torch.__version__,
        }  # fmt: skip
        print(json.dumps(said), file=reply, flush=True)
        known: dict[str, int] = {}
        for line in sys.stdin:
            try:
                with contextlib.redirect_stdout(sys.stderr):
                    said = answer(run, json.loads(line), known)
            except Exception as error:  # a task that a package cannot do is an answer too
                said = {"failed": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
            print(json.dumps(said), file=reply, flush=True)


if __name__ == "__main__":
    main()
