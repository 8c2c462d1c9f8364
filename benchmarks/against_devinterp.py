"""The call ``llc`` against devinterp 1.3.2 on networks: the same number, and the time of a step.

    OMP_NUM_THREADS=1 python benchmarks/against_devinterp.py --peer PYTHON --zoo FOLDER \
        --networks FILE.py --out results.jsonl
    python benchmarks/against_devinterp.py --table

PYTHON is the interpreter of an environment with devinterp 1.3.2 and torch; FOLDER and FILE.py as of
``network_outcomes.py``, which trains the checkpoints. Both packages have the same n, β, γ, ε,
minibatches (drawn by indexing: no data loader is in the way of either), chains, burn-in and draws.

*Agreement*: 16 chains from w* at one step (``check=False``, as the field runs them) on the
checkpoints; the difference in its standard errors, each the spread of 16 chains over 4. Written
down before: at least eight of ten within 2. *Speed*: CPU seconds of a chain-step, one thread, 16
chains, both packages in turn in one run, the median of three. Written down before: at least 3 times
as fast up to 10⁵ parameters, 1.5 times at 7·10⁵. *Error at equal cost*: both get as many draws as
``SECONDS`` of CPU allow by a pilot, a third of them burn-in, at one step; the
root mean square over seeds of the distance from a run of ``llc-hmc`` on the whole data, which has
neither step nor minibatches. What is built for the first steps is not counted
on either side. A run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import torch
from devinterp_networks import problem

from singularity_lab.spectroscopes import measure, network_loss

HERE = Path(__file__).resolve().parent
JOURNAL = HERE / "against_devinterp.jsonl"
CHECKPOINTS = [
    "tms-200", "tms-1000", "tms-4000", "modadd-100", "modadd-1000", "modadd-4000", "mlp-50",
    "mlp-300", "mlp-3000", "attn-1500",
]  # fmt: skip
SPEED = {
    "mlp 2k": 100, "attention 1.4k": 40, "mlp 85k": 60, "attention 84k": 12, "mlp 690k": 16,
}  # fmt: skip
CHAINS, GAMMA, REPEATS = 16, 100.0, 3
EQUAL = ["tms-4000", "modadd-1000", "mlp-300"]
SECONDS, SEEDS = 6.0, 4


def ours(task: dict[str, Any], loss: Any) -> tuple[list[float], float]:
    """The estimate of every chain, and the CPU seconds of a chain-step."""
    started = time.process_time()
    reading = measure(
        "llc", loss, seed=task["seed"], n=task["n"], gamma=task["gamma"],
        epsilon=task["epsilon"], chains=task["chains"], burn_in=task["burn_in"],
        draws=task["draws"], minibatch=True, check=False,
    )  # fmt: skip
    seconds = time.process_time() - started
    steps = task["chains"] * (task["burn_in"] + task["draws"])
    return list(reading.diagnostics["per_chain"]), seconds / steps


def theirs(task: dict[str, Any], peer: Path) -> tuple[list[float], float]:
    """The same by devinterp."""
    done = subprocess.run(
        [str(peer), str(HERE / "devinterp_networks.py"), json.dumps(task)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    return found["per_chain"], found["cpu_seconds"] / found["steps"]


def loss_of(task: dict[str, Any]) -> Any:
    """The loss of a task, with its minibatches."""
    model, x, y, criterion = problem(task)
    return network_loss(model, (x, y), criterion, batch_size=task["batch"])


def agreement(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Both estimates on one checkpoint, with the automatic step of this package."""
    task: dict[str, Any] = {
        "network": name, "networks": str(options.networks), "zoo": str(options.zoo), "batch": 64,
        "gamma": GAMMA, "chains": CHAINS, "burn_in": 100, "draws": 200, "seed": 1,
    }  # fmt: skip
    loss = loss_of(task)
    n = float(loss.n_data)
    pilot = measure(
        "llc", loss, seed=0, n=n, gamma=GAMMA, epsilon=None, chains=2, burn_in=0, draws=8,
        check=False,
    )  # fmt: skip
    task |= {"n": n, "nbeta": n / math.log(n), "epsilon": pilot.diagnostics["epsilon"]}
    out: dict[str, Any] = {"key": f"agreement {name}", "d": loss.dim, "epsilon": task["epsilon"]}
    for side, (values, seconds) in (
        ("ours", ours(task, loss)), ("theirs", theirs(task, options.peer)),
    ):  # fmt: skip
        out[side] = statistics.fmean(values)
        out[f"{side} error"] = statistics.stdev(values) / math.sqrt(len(values))
        out[f"{side} µs"] = 1e6 * seconds
    return out


def speed(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """CPU time of a chain-step of both, in turn."""
    task: dict[str, Any] = {
        "network": name, "batch": 64, "gamma": GAMMA, "chains": CHAINS, "burn_in": 0,
        "draws": SPEED[name], "seed": 1, "n": 1000.0, "nbeta": 1000 / math.log(1000),
        "epsilon": 1e-7,
    }  # fmt: skip
    loss = loss_of(task)
    ours(task | {"draws": 12}, loss)
    runs = [(ours(task, loss)[1], theirs(task, options.peer)[1]) for _ in range(REPEATS)]
    return {
        "key": f"speed {name}", "d": loss.dim,
        "ours µs": 1e6 * statistics.median(a for a, _ in runs),
        "theirs µs": 1e6 * statistics.median(b for _, b in runs),
        "ratios": [b / a for a, b in runs],
    }  # fmt: skip


def equal_cost(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Distances of both from a reference without steps and minibatches, at equal CPU seconds."""
    known = journal(options.out)[f"agreement {name}"]
    task: dict[str, Any] = {
        "network": name, "networks": str(options.networks), "zoo": str(options.zoo), "batch": 64,
        "gamma": GAMMA, "chains": CHAINS, "epsilon": known["epsilon"],
    }  # fmt: skip
    loss = loss_of(task)
    n = float(loss.n_data)
    task |= {"n": n, "nbeta": n / math.log(n)}
    exact = measure(
        "llc-hmc", loss, seed=99, n=n, gamma=GAMMA, chains=12, burn_in=60, draws=120,
        leapfrogs=20, scales=12,
    )  # fmt: skip
    out: dict[str, Any] = {
        "key": f"equal {name}", "d": loss.dim, "reference": exact.estimate.value,
        "reference error": exact.diagnostics["standard_error"], "outcome": str(exact.outcome),
    }  # fmt: skip
    for side, run in (
        ("ours", lambda t: ours(t, loss)),
        ("theirs", lambda t: theirs(t, options.peer)),
    ):
        pilots = [run(task | {"burn_in": 20, "draws": 80, "seed": 9})[1] for _ in range(2)]
        steps = int(SECONDS / CHAINS / min(pilots))
        long = task | {"burn_in": steps // 3, "draws": steps - steps // 3}
        found = [run(long | {"seed": seed}) for seed in range(SEEDS)]
        out[side] = [statistics.fmean(values) for values, _ in found]
        out[f"{side} draws"] = long["draws"]
        out[f"{side} s"] = CHAINS * steps * statistics.fmean(cost for _, cost in found)
    return out


def journal(path: Path) -> dict[str, dict[str, Any]]:
    """What has been measured, by key."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {(r := json.loads(line))["key"]: r for line in lines}


def table(done: dict[str, dict[str, Any]]) -> str:
    """Both tables in Markdown."""
    lines = [
        "| checkpoint | d | `llc` | devinterp 1.3.2 | difference, in standard errors |",
        "|---|---|---|---|---|",
    ]
    met, count = 0, 0
    for name in CHECKPOINTS:
        if (r := done.get(f"agreement {name}")) is None:
            continue
        apart = (r["ours"] - r["theirs"]) / math.hypot(r["ours error"], r["theirs error"])
        met, count = met + (abs(apart) <= 2), count + 1
        lines.append(
            f"| {name} | {r['d']:,} | {r['ours']:.4g} ± {r['ours error']:.2g} | "
            f"{r['theirs']:.4g} ± {r['theirs error']:.2g} | {apart:+.2f} |"
        )
    lines += ["", f"{met} of {count} agree within 2 standard errors.", ""]
    lines += ["| network | d | `llc`, µs | devinterp 1.3.2, µs | faster by | asked |"]
    lines += ["|---|---|---|---|---|---|"]
    for name in SPEED:
        if (r := done.get(f"speed {name}")) is None:
            continue
        asked = 3 if r["d"] <= 1e5 else 1.5
        ratio = r["theirs µs"] / r["ours µs"]
        word = "met" if ratio >= asked else "not met"
        lines.append(
            f"| {name} | {r['d']:,} | {r['ours µs']:.0f} | {r['theirs µs']:.0f} | {ratio:.1f} | "
            f"{asked}: {word} |"
        )
    lines += [
        "",
        "| checkpoint | reference | error of `llc` (draws, CPU s) | of devinterp (draws, CPU s) |",
        "|---|---|---|---|",
    ]
    for name in EQUAL:
        if (r := done.get(f"equal {name}")) is None:
            continue
        cells = []
        for side in ("ours", "theirs"):
            square = statistics.fmean((x - r["reference"]) ** 2 for x in r[side])
            cells.append(
                f"{100 * math.sqrt(square) / r['reference']:.1f} % "
                f"({r[f'{side} draws']:,}, {r[f'{side} s']:.1f})"
            )
        known = f"{r['reference']:.4g} ± {r['reference error']:.2g}"
        lines.append(f"| {name} | {known} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", type=Path, help="interpreter of the environment of devinterp")
    parser.add_argument("--zoo", type=Path, help="folder of checkpoints")
    parser.add_argument("--networks", type=Path, help="file with make and crit")
    parser.add_argument("--out", type=Path, default=JOURNAL, help="journal of results")
    parser.add_argument("--only", nargs="+", help="checkpoints or networks; all when absent")
    parser.add_argument("--table", action="store_true", help="print the tables of the journal")
    options = parser.parse_args()
    torch.set_num_threads(1)
    done = journal(options.out)
    parts = {
        "agreement": (agreement, CHECKPOINTS), "speed": (speed, list(SPEED)),
        "equal": (equal_cost, EQUAL),
    }  # fmt: skip
    if not options.table:
        for part, (run, names) in parts.items():
            for name in names:
                if f"{part} {name}" in done or name not in (options.only or names):
                    continue
                found = run(name, options)
                done[found["key"]] = found
                with options.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(found, ensure_ascii=False) + "\n")
                print(json.dumps(found, ensure_ascii=False), flush=True)
    print(table(done))


if __name__ == "__main__":
    main()
