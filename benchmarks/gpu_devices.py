"""The same code on a CUDA device: chain-steps per second against one CPU core, and equal readings.

    python benchmarks/gpu_devices.py [--chains 100000] [--seconds 5]

Without a CUDA device it says so, measures the CPU core alone, and ends with success. The GPU is
timed by the wall clock after a synchronisation, one CPU core by its CPU seconds (one thread).
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import torch

from singularity_lab.spectroscopes import PolynomialLoss, measure
from singularity_lab.spectroscopes.losses.matrix_product import MatrixProductLoss

LOSSES: dict[str, Any] = {
    "w1^2*w2^2": PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="w1^2*w2^2"),
    "cusp^2": PolynomialLoss.from_exponents([([1, -1], [(2, 0), (0, 3)])], loss_id="cusp^2"),
    "5-5-5 exact": MatrixProductLoss.at_rank([5, 5, 5], 0),
}
KERNELS = {
    "llc": {"epsilon": 1e-4, "burn_in": 0},
    "llc-mala": {"burn_in": 0},
    "llc-hmc": {"burn_in": 0},
}


def run(kernel: str, loss: Any, chains: int, draws: int, device: str, **more: Any) -> Any:
    """One reading and the seconds that count for its device."""
    if device != "cpu":
        torch.cuda.synchronize()
    wall, cpu = time.perf_counter(), time.process_time()
    r = measure(
        kernel, loss, seed=0, chains=chains, draws=draws, device=device, **KERNELS[kernel], **more
    )
    if device != "cpu":
        torch.cuda.synchronize()
        return r, time.perf_counter() - wall
    return r, time.process_time() - cpu


def rate(kernel: str, loss: Any, chains: int, seconds: float, device: str, **more: Any) -> float:
    """Chain-steps (for HMC trajectories) per second."""
    _, first = run(kernel, loss, chains, 16, device, **more)  # warm-up, and a guess
    draws = max(16, min(20_000, int(16 * seconds / first)))
    _, spent = run(kernel, loss, chains, draws, device, **more)
    return chains * draws / spent


def main() -> None:
    """Print one line a loss, kernel and precision."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--chains", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    there = torch.cuda.is_available()
    print(torch.cuda.get_device_name() if there else "no CUDA device here: the CPU core alone")
    for name, loss in LOSSES.items():
        for kernel in KERNELS:
            for precision in ("double", "single") if kernel == "llc" else ("double",):
                more = {"precision": precision} if kernel == "llc" else {}
                # The CPU core at its own best width, not at one that overflows its caches.
                widths = (8192, arguments.chains)
                share = arguments.seconds / 2
                core = max(rate(kernel, loss, c, share, "cpu", **more) for c in widths)
                line = f"{name:12s} {kernel:9s} {precision:7s} CPU core {core:9.3g}/s"
                if there:
                    gpu = rate(kernel, loss, arguments.chains, arguments.seconds, "cuda", **more)
                    line += f"   GPU {gpu:9.3g}/s   ratio {gpu / core:6.1f}"
                print(line, flush=True)
    if there:
        for name in ("w1^2*w2^2", "cusp^2"):
            for device in ("cpu", "cuda"):
                r = measure("volume", LOSSES[name], seed=0, device=device)
                print(f"volume on {device:4s} {name:12s} λ = {r.lambda_}, {r.outcome}")


if __name__ == "__main__":
    main()
