"""Is an ``ok`` right? Readings of trained networks against long references of their own target.

    OMP_NUM_THREADS=1 python benchmarks/network_outcomes.py --zoo FOLDER --networks FILE.py \
        --out readings.jsonl [--names tms-200 mlp-300 …] [--devices llc llc-hmc …] [--seeds 3]

FILE.py has ``make(kind)`` → (module, inputs, targets) and ``crit(kind)`` → (mean, losses of the
examples); FOLDER has checkpoints ``kind-step.pt``. Every checkpoint is read by every device at
every seed, short and with the defaults of the call ``llc(model, data)``, on the self-teacher loss
and on at most ``--rows`` examples. The reference is a run of the same target that is
``--longer`` times as long, with another seed; for llc, llc-hmc and llc-mala it is by llc-hmc. It is
made where some reading is ``ok``.

*Wrong* is an ``ok`` reading that is more than three of its own standard errors, and those of the
reference, from it. Written down before: none is wrong; at least 60 % of default runs are ``ok``. A
run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
from pathlib import Path
from statistics import NormalDist
from typing import Any

import torch

from singularity_lab.spectroscopes import Reading, measure, network_loss

GAMMA = 100.0
DEFAULT: dict[str, dict[str, Any]] = {
    "llc": {"chains": 16, "burn_in": 2_000, "draws": 3_000, "epsilon": None, "minibatch": True},
    "llc-hmc": {"chains": 12, "burn_in": 120, "draws": 240, "leapfrogs": 20, "scales": 12},
    "llc-mala": {"chains": 12, "burn_in": 1_000, "draws": 2_000},
    "wbic": {"chains": 12, "burn_in": 1_000, "draws": 2_000},
    "fluctuation": {"realisations": 4, "chains": 4, "burn_in": 500, "draws": 1_000},
}
SHORT = 0.2  # of burn-in and draws


def settings(device: str, share: float, n: int) -> dict[str, Any]:
    """Settings of a device with its numbers of steps multiplied."""
    out = dict(DEFAULT[device])
    for key in ("burn_in", "draws"):
        out[key] = max(20, int(share * out[key]))
    out["gamma"] = GAMMA
    return out if device == "fluctuation" else {**out, "n": float(n)}


def value(reading: Reading) -> tuple[float, float]:
    """What a reading says of its target, and its standard error, by its interval."""
    e = reading.estimate
    z = NormalDist().inv_cdf(0.5 * (1 + e.level))
    found = reading.diagnostics.get("standard_error")
    return e.value, float((e.high - e.low) / 2 / z if found is None else found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoo", type=Path, required=True)
    parser.add_argument("--networks", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--names", nargs="+")
    parser.add_argument("--devices", nargs="+", choices=DEFAULT, default=list(DEFAULT))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--longer", type=float, default=4.0)
    options = parser.parse_args()
    os.environ.setdefault("ZOO", str(options.zoo))
    torch.set_num_threads(1)
    spec = importlib.util.spec_from_file_location("networks_of_user", options.networks)
    assert spec is not None
    assert spec.loader is not None
    networks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(networks)
    files = sorted(options.zoo.glob("*-*.pt"))
    names = options.names or [f.stem for f in files]
    done: dict[str, dict] = {}
    if options.out.exists():
        for line in options.out.read_text(encoding="utf-8").splitlines():
            done[json.loads(line)["key"]] = json.loads(line)
    for name in names:
        kind = name.rpartition("-")[0]
        net, x, y = networks.make(kind)
        net.load_state_dict(torch.load(options.zoo / f"{name}.pt", weights_only=True))
        rows = slice(0, min(options.rows, len(x)))
        loss = network_loss(
            net.eval(), (x, y), networks.crit(kind)[1], examples=rows, batch_size=64,
            self_teacher="squared" if kind == "tms" else "kl",
        )  # fmt: skip

        def read(key: str, device: str, seed: int, share: float, loss: Any = loss) -> None:
            if key in done:
                return
            r = measure(device, loss, seed=seed, **settings(device, share, loss.n_data))
            told: dict[str, Any] = {"key": key, "outcome": str(r.outcome), "reason": r.reason}
            if r.estimates:
                told["value"], told["error"] = value(r)
            told["cpu"] = round(r.cost.cpu_seconds, 1)
            done[key] = told
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(told, ensure_ascii=False) + "\n")
            print(json.dumps(told, ensure_ascii=False), flush=True)

        for device in options.devices:
            by = "llc-hmc" if device.startswith("llc") else device
            for seed in range(options.seeds):
                read(f"{name} {device} default {seed}", device, seed, 1.0)
                read(f"{name} {device} short {seed}", device, seed, SHORT)
            if any(k.startswith(f"{name} {device} ") and done[k]["outcome"] == "ok" for k in done):
                read(f"{name} {by} reference", by, 1_000, options.longer)
    report(done, options.devices)


def report(done: dict[str, dict], devices: list[str]) -> None:
    """The table: readings, ``ok``, and wrong ``ok``, by device and length."""
    print("| device | length | readings | ok | wrong | reference not ok |")
    print("|---|---|---|---|---|---|")
    for device in devices:
        by = "llc-hmc" if device.startswith("llc") else device
        for length in ("short", "default"):
            rows = [d for k, d in done.items() if k.split()[1:3] == [device, length]]
            good = [d for d in rows if d["outcome"] == "ok"]
            wrong = unsure = 0
            for d in good:
                reference = done.get(f"{d['key'].split()[0]} {by} reference", {"outcome": ""})
                unsure += reference["outcome"] != "ok"
                gap = abs(d["value"] - reference.get("value", math.nan))
                wrong += gap > 3 * math.hypot(d["error"], reference.get("error", 0.0))
            print(f"| {device} | {length} | {len(rows)} | {len(good)} | {wrong} | {unsure} |")


if __name__ == "__main__":
    main()
