"""Is an ``ok`` right? Readings of trained networks against long references of their own target.

    OMP_NUM_THREADS=1 python benchmarks/network_outcomes.py --zoo FOLDER --networks FILE.py
    python benchmarks/network_outcomes.py --table

FILE.py has ``make(kind)`` → (module, inputs, targets) and ``crit(kind)`` → (mean, losses of the
examples); FOLDER has what they read. The checkpoints, four of each of five networks, are trained
where they are absent. Each is read by every device at every seed, short and with the defaults of
the call ``llc(model, data)``, on the self-teacher loss. So that this ends, the loss is that of
60 examples (12 where a gradient is slow), and minibatches are half of those; n stays the number of
all examples, so that the resolution is that of a default run (``fluctuation`` has the n of its
rows). The reference is a
run of the same target with ``--longer`` times the draws and another seed; for llc, llc-hmc and
llc-mala it is by llc-hmc. It is made where some reading is ``ok``. Seed after seed is run, and a
run goes on where it stopped; ``--minutes`` stops it between two readings.

*Wrong* is an ``ok`` reading that is more than three of its own standard errors, and those of the
reference, from it. Written down before: none is wrong; at least 60 % of default runs are ``ok``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import NormalDist
from typing import Any

import torch

from singularity_lab.spectroscopes import Reading, measure, network_loss

JOURNAL = Path(__file__).parent / "network_readings.jsonl"
CHECKPOINTS = {
    "tms": [200, 1000, 2000, 4000],
    "modadd": [100, 1000, 2000, 4000],
    "mlp": [50, 300, 1000, 3000],
    "cnn": [50, 200, 500, 1000],
    "attn": [200, 500, 1000, 1500],
}
ROWS = {"tms": 60, "modadd": 60, "mlp": 60, "cnn": 12, "attn": 12}  # the last two are slow
GAMMA = 100.0
DEFAULT: dict[str, dict[str, Any]] = {
    "llc": {"chains": 16, "burn_in": 2_000, "draws": 3_000, "epsilon": None, "minibatch": True},
    "llc-hmc": {"chains": 12, "burn_in": 120, "draws": 240, "leapfrogs": 20, "scales": 12},
    "llc-mala": {"chains": 12, "burn_in": 1_000, "draws": 2_000},
    "wbic": {"chains": 12, "burn_in": 1_000, "draws": 2_000},
    "fluctuation": {"realisations": 4, "chains": 4, "burn_in": 500, "draws": 1_000},
}
SHORT = 0.2  # of burn-in and draws


def settings(device: str, burn_in: float, draws: float, n: int) -> dict[str, Any]:
    """Settings of a device with its numbers of steps multiplied."""
    out = dict(DEFAULT[device])
    for key, share in (("burn_in", burn_in), ("draws", draws)):
        out[key] = max(20, int(share * out[key]))
    out["gamma"] = GAMMA
    return out if device == "fluctuation" else {**out, "n": float(n)}


def reference_of(device: str) -> str:
    """The device that samples the same target best."""
    return "llc-hmc" if device.startswith("llc") else device


def value(reading: Reading) -> tuple[float, float]:
    """What a reading says of its target, and its standard error, by its interval."""
    e = reading.estimate
    z = NormalDist().inv_cdf(0.5 * (1 + e.level))
    found = reading.diagnostics.get("standard_error")
    return e.value, float((e.high - e.low) / 2 / z if found is None else found)


def train(networks: Any, kind: str, zoo: Path) -> None:
    """Make the checkpoints of one network, all in one run of Adam on minibatches of 128."""
    steps = CHECKPOINTS[kind]
    if all((zoo / f"{kind}-{t}.pt").exists() for t in steps):
        return
    net, x, y = networks.make(kind)
    mean = networks.crit(kind)[0]
    decay = 1e-2 if kind == "modadd" else 0.0
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=decay)
    generator = torch.Generator().manual_seed(2)
    for t in range(max(steps) + 1):
        if t in steps:
            torch.save(net.state_dict(), zoo / f"{kind}-{t}.pt")
            with torch.no_grad():
                print(f"{kind}-{t}: loss {float(mean(net(x), y)):.4f}", flush=True)
        rows = torch.randint(len(x), (128,), generator=generator)
        optimiser.zero_grad()
        mean(net(x[rows]), y[rows]).backward()
        optimiser.step()


class Journal:
    """Readings of checkpoints, one line each, kept as they are made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, dict[str, Any]] = {}
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines()
            self.done = {(line := json.loads(text))["key"]: line for text in lines}

    def add(self, key: str, reading: Reading) -> None:
        told: dict[str, Any] = {
            "key": key, "outcome": str(reading.outcome), "reason": reading.reason,
        }  # fmt: skip
        if reading.estimates:
            told["value"], told["error"] = (float(f"{x:.5g}") for x in value(reading))
        told["cpu"] = round(reading.cost.cpu_seconds, 1)
        self.done[key] = told
        line = json.dumps(told, ensure_ascii=False)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)

    def of(self, kind: str, device: str, length: str) -> list[dict[str, Any]]:
        """The readings of a network by a device at a length; "" for all networks."""
        out = []
        for key, line in self.done.items():
            name, by, how, *_ = key.split()
            if by == device and how == length and name.startswith(f"{kind}-" if kind else ""):
                out.append(line)
        return out

    def distance(self, line: dict[str, Any]) -> float | None:
        """How far a reading is from its reference, in standard errors; None without one."""
        name, device, *_ = line["key"].split()
        reference = self.done.get(f"{name} {reference_of(device)} reference", {"outcome": ""})
        if reference["outcome"] != "ok":
            return None
        noise = math.hypot(line["error"], reference["error"])
        return float(abs(line["value"] - reference["value"]) / noise)


def plan(options: argparse.Namespace, journal: Journal) -> Iterator[tuple[str, str, str, int]]:
    """(checkpoint, device, length, seed) in the order in which they are read."""
    for seed in range(options.seeds):
        for kind in options.kinds:
            for step in CHECKPOINTS[kind]:
                name = f"{kind}-{step}"
                if name not in (options.names or (name,)):
                    continue
                for device in options.devices:
                    for length in ("default", "short"):
                        yield name, device, length, seed
                for by in dict.fromkeys(reference_of(d) for d in options.devices):
                    if any(
                        line["outcome"] == "ok"
                        for key, line in journal.done.items()
                        if key.startswith(name + " ") and reference_of(key.split()[1]) == by
                    ):
                        yield name, by, "reference", 1_000


def run(options: argparse.Namespace, journal: Journal) -> None:
    """Make the readings that are missing."""
    os.environ.setdefault("ZOO", str(options.zoo))
    torch.set_num_threads(1)
    spec = importlib.util.spec_from_file_location("networks_of_user", options.networks)
    assert spec is not None
    assert spec.loader is not None
    networks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(networks)
    for kind in options.kinds:
        train(networks, kind, options.zoo)
    lengths = {
        "default": (1.0, 1.0), "short": (SHORT, SHORT), "reference": (2.0, options.longer),
    }  # fmt: skip
    loss, at = None, ""
    for name, device, length, seed in plan(options, journal):
        key = f"{name} {device} {length}" + f" {seed}" * (length != "reference")
        if key in journal.done:
            continue
        if time.process_time() > 60 * options.minutes:
            print("stopped: the minutes are spent; the same command goes on")
            return
        net, x, y = networks.make(kind := name.split("-")[0])
        if at != name:
            net.load_state_dict(torch.load(options.zoo / f"{name}.pt", weights_only=True))
            rows = min(ROWS[kind], len(x))
            loss, at = network_loss(
                net.eval(), (x, y), networks.crit(kind)[1], examples=slice(0, rows),
                batch_size=rows // 2, self_teacher="squared" if kind == "tms" else "kl",
            ), name  # fmt: skip
        assert loss is not None
        chosen = settings(device, *lengths[length], len(x))
        journal.add(key, measure(device, loss, seed=seed, **chosen))


def table(journal: Journal) -> str:
    """Two tables in Markdown: by device and length, and by network."""
    lines = ["| device | length | readings | `ok` | largest distance of an `ok` | wrong |"]
    lines += ["|---|---|---|---|---|---|"]
    for device in DEFAULT:
        for length in ("default", "short"):
            rows = journal.of("", device, length)
            lines.append(f"| `{device}` | {length} | {_counted(journal, rows)} |")
    lines += ["", "| network | readings | `ok` | largest distance of an `ok` | wrong |"]
    lines += ["|---|---|---|---|---|"]
    whole: list[dict[str, Any]] = []
    for kind in CHECKPOINTS:
        rows = [
            r for d in DEFAULT for how in ("default", "short") for r in journal.of(kind, d, how)
        ]
        whole += rows
        lines.append(f"| {kind} | {_counted(journal, rows)} |")
    lines.append(f"| all | {_counted(journal, whole)} |")
    usual = [r for d in DEFAULT for r in journal.of("", d, "default")]
    good = sum(r["outcome"] == "ok" for r in usual)
    lines += ["", f"Of {len(usual)} default runs {good} are `ok`."]
    return "\n".join(lines)


def _counted(journal: Journal, rows: list[dict[str, Any]]) -> str:
    good = [r for r in rows if r["outcome"] == "ok"]
    apart = [d for d in map(journal.distance, good) if d is not None]
    unsure = f" ({len(good) - len(apart)} without a reference)" if len(apart) < len(good) else ""
    far = f"{max(apart):.2f}" if apart else "–"
    return f"{len(rows)} | {len(good)}{unsure} | {far} | {sum(d > 3 for d in apart)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoo", type=Path, help="folder of checkpoints")
    parser.add_argument("--networks", type=Path, help="file with make and crit")
    parser.add_argument("--out", type=Path, default=JOURNAL, help="journal of readings")
    parser.add_argument("--table", action="store_true", help="print the tables of the journal")
    parser.add_argument("--kinds", nargs="+", choices=CHECKPOINTS, default=list(CHECKPOINTS))
    parser.add_argument("--names", nargs="+", help="checkpoints, as cnn-50; all when absent")
    parser.add_argument("--devices", nargs="+", choices=DEFAULT, default=list(DEFAULT))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--longer", type=float, default=3.0)
    parser.add_argument("--minutes", type=float, default=math.inf, help="of CPU, at most")
    options = parser.parse_args()
    journal = Journal(options.out)
    if not options.table:
        if options.zoo is None or options.networks is None:
            parser.error("--zoo and --networks say where the networks are; --table needs neither")
        run(options, journal)
    print(table(journal))


if __name__ == "__main__":
    main()
