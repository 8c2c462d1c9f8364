"""Throughput of the samplers; devinterp and canonical-interp on the same losses in the same run.

    OMP_NUM_THREADS=1 python benchmarks/bench_devices.py [--peers FOLDER] [--seconds 5] [--json F]

Chain-steps per CPU second of one thread, on K = w₁²w₂² and the cusp squared (two parameters), on
the 5-5-5 linear network with its exact loss (sufficient statistics) and on its data path (5,000
examples, an own minibatch of 500 for every chain and step). Then the other packages: each in an
environment of its own below --peers (made by uv or pip where it is missing; what cannot be made is
skipped with the reason), by the adapter ``peers/adapter.py``, on the same losses, with the same n,
γ and ε. Last, error at equal cost: the same CPU seconds for everybody on the losses whose λ and
target are known.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from singularity_lab.spectroscopes import ModuleLoss, PolynomialLoss, measure
from singularity_lab.spectroscopes.inference.diagnostics import target_by_quadrature
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss

HERE = Path(__file__).resolve().parent
N, GAMMA, EPSILON = 10_000.0, 1.0, 1e-4
_ONE = ("einops", "matplotlib", "numpy", "pandas", "tqdm", "cloudpickle")
PEERS = {  # folder: (packages without what they ask for, what they need here, name in the adapter)
    "devinterp-1.3.2": (("devinterp==1.3.2",), _ONE, "devinterp1"),
    "devinterp-2.0.1": (
        ("devinterp==2.0.1",),
        ("datasets", "numpy", "pandas", "pydantic", "tqdm", "transformers", "xarray", "zarr>=3"),
        "devinterp2",
    ),
    "canonical-interp-0.1.1": (
        ("canonical-interp==0.1.1", "devinterp==1.3.2"),
        _ONE,
        "canonical",
    ),
}
POLYNOMIALS = {
    "w1^2*w2^2": ([([1], [(1, 1)])], 0.5),
    "cusp^2": ([([1, -1], [(2, 0), (0, 3)])], 5 / 12),
}


def polynomial(name: str) -> PolynomialLoss:
    """A loss of the benchmark."""
    return PolynomialLoss.from_exponents(POLYNOMIALS[name][0], loss_id=name)


def network(dtype: torch.dtype = torch.float32) -> ModuleLoss:
    """The 5-5-5 linear network with data, as the adapter makes it."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(5, 5, bias=False), torch.nn.Linear(5, 5, bias=False))
    x = torch.randn(5000, 5)
    y = net(x).detach() + 0.1 * torch.randn(5000, 5)
    return ModuleLoss(net, x, y, batch_size=500, dtype=dtype, loss_id="5-5-5")


def speed(loss: Any, chains: int, seconds: float, **settings: Any) -> float:
    """Chain-steps per CPU second, the best of three readings of about ``seconds`` together (the
    others tell of the machine's load, not of the code)."""
    settings = {"n": N, "epsilon": EPSILON, "burn_in": 0, **settings}
    r = measure("llc", loss, seed=0, chains=chains, draws=32, **settings)
    draws = max(32, int(seconds / 3 / r.cost.cpu_seconds * 32))
    best = 0.0
    for seed in range(3):
        r = measure("llc", loss, seed=seed, chains=chains, draws=draws, **settings)
        best = max(best, chains * draws / r.cost.cpu_seconds)
    return best


def ours(seconds: float) -> dict[str, float]:
    """Our throughput by loss."""
    out = {}
    for name in POLYNOMIALS:
        for precision in ("single", "double"):
            out[f"{name}, {precision}"] = speed(
                polynomial(name), 16384, seconds, precision=precision
            )
    exact = MatrixProductLoss.at_rank([5, 5, 5], 0)
    out["5-5-5 exact"] = speed(exact, 4096, seconds)
    out["5-5-5 data"] = speed(network(), 256, seconds, minibatch=True, precision="single")
    return out


# ------------------------------------------------------------------------------------------ peers


def environment(folder: Path, packages: Sequence[str], needs: Sequence[str]) -> str:
    """Make the environment if it is missing; returns the reason why not, or nothing.

    Torch comes first, in the version of this run, and the packages come without their
    requirements: canonical-interp asks for torchvision, which it does not use and which brings
    another torch.
    """
    python = folder / "bin" / "python"
    if python.exists():
        return ""
    try:
        venv.create(folder, with_pip=True)
        uv = shutil.which("uv")
        install = (
            [uv, "pip", "install", "--python", str(python)]
            if uv
            else [str(python), "-m", "pip", "install", "-q"]
        )
        for options in ([f"torch=={torch.__version__}"], needs, ["--no-deps", *packages]):
            done = subprocess.run(
                [*install, *options], capture_output=True, text=True, timeout=1800
            )
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
                return "not installed: " + (done.stderr.strip().splitlines() or ["?"])[-1][:200]
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        return f"no environment: {error}"
    return ""


def peer(folder: Path, name: str, task: dict[str, Any]) -> dict[str, Any]:
    """One task in one environment."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        [str(folder / "bin" / "python"), str(HERE / "peers" / "adapter.py"), name],
        input=json.dumps(task) + "\n",
        capture_output=True,
        text=True,
        env=os.environ | threads,
        timeout=3600,
    )
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or ["?"])[-1][:300]}
    return json.loads(done.stdout.strip().splitlines()[-1])


def task(loss: str, chains: int, draws: int, burn_in: int) -> dict[str, Any]:
    """What the adapter is told."""
    n = N if loss != "5-5-5" else 5000.0
    if loss == "5-5-5":
        problem: dict[str, Any] = {"network": [[5, 5, 5], 5000], "batch": 500}
    else:
        terms, _ = POLYNOMIALS[loss]
        problem = {"terms": terms, "at": [0.0, 0.0], "x": [[1.0], [1.0]], "y": [[0.0], [0.0]]}
    return problem | {
        "epsilon": EPSILON, "gamma": GAMMA, "nbeta": n / math.log(n), "seed": 0,
        "chains": chains, "draws": draws, "burn_in": burn_in,
    }  # fmt: skip


def others(peers: Path, seconds: float) -> dict[str, dict[str, Any]]:
    """Throughput of the other packages, with reasons where there is none."""
    out: dict[str, dict[str, Any]] = {}
    for folder, (packages, needs, name) in PEERS.items():
        reason = environment(peers / folder, packages, needs)
        out[folder] = {}
        for loss in ("w1^2*w2^2", "cusp^2", "5-5-5"):
            if reason:
                out[folder][loss] = {"failed": reason}
                continue
            best: dict[str, Any] = {}
            # One chain after the other, or many at once: the better of two widths counts.
            for chains in (2, 64) if name == "canonical" else (2,):
                trial = peer(peers / folder, name, task(loss, chains, 100, 2))
                if "failed" in trial:
                    best = best or trial
                    continue
                draws = max(100, int(100 * seconds / max(trial["cpu_seconds"], 1e-3)))
                run = peer(peers / folder, name, task(loss, chains, draws, 2))
                if "failed" not in run:
                    run["per_second"] = run["steps"] / run["cpu_seconds"]
                    if run["per_second"] > best.get("per_second", 0.0):
                        best = run
            out[folder][loss] = best
    return out


def equal_cost(
    peers: Path, found: dict[str, dict[str, Any]], seconds: float, seeds: int = 4
) -> list[dict[str, Any]]:
    """Root mean square over seeds of the error of λ̂ after the same CPU seconds (half of the steps
    are burn-in for all samplers of SGLD)."""
    rows = []
    for name, (_, lam) in POLYNOMIALS.items():
        loss = polynomial(name)
        target = target_by_quadrature(loss, N, GAMMA)

        def row(
            who: str, values: list[float], cpu: float, name=name, lam=lam, target=target
        ) -> None:
            def rms(x: float) -> float:
                return math.sqrt(sum((v / x - 1) ** 2 for v in values) / len(values))

            rows.append({
                "loss": name, "who": who, "estimate": sum(values) / len(values),
                "cpu_seconds": cpu / len(values), "error": rms(lam), "from_target": rms(target),
            })  # fmt: skip

        for folder, (_, _, key) in PEERS.items():
            rate = found[folder][name].get("per_second")
            if not rate:
                continue
            chains = 64 if key == "canonical" else 4
            draws = max(50, int(seconds * rate / chains / 2))
            values, cpu = [], 0.0
            for seed in range(seeds):
                given = task(name, chains, draws, draws) | {"seed": 1000 * seed}
                r = peer(peers / folder, key, given)
                if r.get("per_chain"):
                    values.append(sum(r["per_chain"]) / len(r["per_chain"]))
                    cpu += r["cpu_seconds"]
            if values:
                row(folder, values, cpu)
        chains = 4096
        rate = speed(loss, chains, 1.0, precision="single")
        draws = max(50, int(seconds * rate / chains / 2))
        settings: dict[str, dict[str, Any]] = {
            "llc": {
                "n": N, "epsilon": EPSILON, "chains": chains, "burn_in": draws, "draws": draws,
                "precision": "single",
            },
            "llc-mala": {}, "llc-hmc": {}, "volume": {},
        }  # fmt: skip
        for device, chosen in settings.items():
            readings = [measure(device, loss, seed=seed, **chosen) for seed in range(seeds)]
            row(
                "llc (SGLD)" if device == "llc" else device,
                [r.lambda_.value for r in readings],
                sum(r.cost.cpu_seconds for r in readings),
            )
    return rows


# ------------------------------------------------------------------------------------------ tables


def tables(result: dict[str, Any]) -> str:
    """Markdown."""
    mine = result["ours"]
    ours_for = {
        "w1^2*w2^2": mine["w1^2*w2^2, single"],
        "cusp^2": mine["cusp^2, single"],
        "5-5-5": mine["5-5-5 data"],
    }
    lines = ["| loss | chain-steps per CPU s | target |", "|---|---|---|"]
    goals = {"5-5-5 exact": 5e5, "5-5-5 data": 8e4}
    for name, value in mine.items():
        lines.append(f"| {name} | {value:.2g} | {goals.get(name, 5e7):.0g} |")
    lines += [
        "",
        "| package | loss | chain-steps per CPU s | we are faster by |",
        "|---|---|---|---|",
    ]
    for folder, losses in result["others"].items():
        for loss, r in losses.items():
            if "per_second" in r:
                ratio = ours_for[loss] / r["per_second"]
                lines.append(f"| {folder} | {loss} | {r['per_second']:.3g} | {ratio:.3g} |")
            else:
                lines.append(f"| {folder} | {loss} | – | {r.get('failed', '?')} |")
    lines += [
        "",
        "| loss | who | CPU s | mean λ̂ | rms error of λ | rms from its target |",
        "|---|---|---|---|---|---|",
    ]
    for r in result["equal cost"]:
        lines.append(
            f"| {r['loss']} | {r['who']} | {r['cpu_seconds']:.1f} | {r['estimate']:.4f} "
            f"| {100 * r['error']:.1f} % | {100 * r['from_target']:.1f} % |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print; with --json keep the numbers."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--peers", type=Path, default=HERE.parent / "out" / "peers")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--ours-only", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    result: dict[str, Any] = {"ours": ours(arguments.seconds)}
    if arguments.ours_only:
        for name, value in result["ours"].items():
            print(f"{name:24s} {value:.3g} chain-steps per CPU s")
        return
    arguments.peers.mkdir(parents=True, exist_ok=True)
    result["others"] = others(arguments.peers, arguments.seconds)
    result["equal cost"] = equal_cost(arguments.peers, result["others"], arguments.seconds)
    result["python"] = sys.version.split()[0]
    result["torch"] = torch.__version__
    print(tables(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
