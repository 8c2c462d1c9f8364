"""The other packages under the same test: 12 rows, 3 seeds, the same CPU seconds for everybody.

    OMP_NUM_THREADS=1 python benchmarks/peers/run.py STORE --environments FOLDER [--seconds 1]

FOLDER has (or gets, by pip) an environment for each package. Every package samples nβ(E[L] − L(w*))
at n = 10⁴, γ = 1, ε = 10⁻⁴ (SIVE: t²·Var L), half of its steps are burn-in, and its interval is
Student's over its chains, which the adapter counts. Our devices get the same seconds as their
budget. The rows are ``quick``, handed to the packages as torch modules with data whose loss is the
row's. Prints the table; the same command goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
os.environ["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])

from singularity_lab.calibration.archive import open_store  # noqa: E402
from singularity_lab.calibration.comparison import leaderboard  # noqa: E402
from singularity_lab.calibration.design import Arm, plan  # noqa: E402
from singularity_lab.calibration.ledger import every_ledger  # noqa: E402
from singularity_lab.calibration.record_store import RecordStore  # noqa: E402
from singularity_lab.calibration.row_sets import row_set  # noqa: E402
from singularity_lab.calibration.run import run_plans  # noqa: E402

TORCH = "torch==2.13.0"
# label: (estimator, folder, what pip installs there, chains)
PEERS: dict[str, tuple[str, str, tuple[str, ...], int]] = {
    "devinterp 1.3.2": ("devinterp1", "devinterp-1.3.2", ("devinterp==1.3.2",), 4),
    "devinterp 2.0.1": ("devinterp2", "devinterp-2.0.1", ("devinterp==2.0.1",), 4),
    "canonical-interp 0.2.7": (
        "canonical",
        "canonical-interp-0.2.7",
        # it asks for Python 3.12, and needs of it itertools.batched alone (adapter.py)
        ("numpy", "pandas", "tqdm", "--no-deps canonical-interp==0.2.7 --ignore-requires-python"),
        16,
    ),
    "SIVE": ("sive", "devinterp-1.3.2", ("devinterp==1.3.2",), 4),
}
OURS = ("volume", "anneal", "llc", "llc-mala", "llc-hmc")


def environment(folder: Path, packages: tuple[str, ...]) -> str:
    """Make the environment where it is missing; the reason why not, or nothing."""
    python = folder / "bin" / "python"
    if python.exists():
        return ""
    venv.create(folder, with_pip=True)
    for package in (TORCH, *packages):
        words = [str(python), "-m", "pip", "install", "-q", *package.split()]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["?"])[-1][:300]
    return ""


def told(store: Path) -> dict[str, list[dict[str, Any]]]:
    """What the readings of each arm say of themselves."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in RecordStore(store).records():
        if record["reading"]:
            reading = json.loads(record["reading"])
            cost = reading["cost"]
            steps = cost["evaluations"] + cost["gradients"]
            said = {"cpu_seconds": cost["cpu_seconds"], "steps": steps, "package": None}
            if "package" in reading["diagnostics"]:
                said = {k: reading["diagnostics"][k] for k in said}
            found.setdefault(record["arm"], []).append(said)
    return found


def table(store: Path) -> str:
    """Markdown: a line for each package and device, the best first."""
    calibration = every_ledger(open_store(store))
    said = told(store)
    own = {}
    for arm, _ in calibration.arms:
        errors = [abs(x.mean / x.target - 1) for x in calibration.ledger if x.arm == arm]
        own[arm] = f"{100 * statistics.median(errors):.0f} %" if errors else "–"
    lines = [
        "| who | version | CPU s | points | readings | median error of λ (95 %) | of its target "
        "| 90 % intervals that contain λ (95 %) | place |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for place in leaderboard(calibration):
        mine = said.get(place.arm, [])
        package = next((x["package"] for x in mine if x["package"]), None)
        version = package["version"] if package else "this package"
        cpu = statistics.median(x["cpu_seconds"] for x in mine) if mine else float("nan")
        steps = statistics.median(x["steps"] for x in mine) if mine else float("nan")
        band = "–"
        if place.band:
            error = "none" if place.error == float("inf") else f"{100 * place.error:.1f} %"
            band = f"{error} ({_share(place.band[0])}–{_share(place.band[1])})"
        covered = f"{place.covered} of {place.intervals}"
        if place.coverage_band:
            covered += " ({:.0f}–{:.0f} %)".format(*(100 * x for x in place.coverage_band))
        first, last = place.places
        lines.append(
            f"| {place.arm} | {version} | {cpu:.2f} | {steps:.3g} | {place.readings} | {band} "
            f"| {own[place.arm]} | {covered} | {first}–{last} |"
        )
    return "\n".join(lines)


def _share(x: float) -> str:
    return "none" if x == float("inf") else f"{100 * x:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--environments", type=Path, default=HERE.parents[1] / "out" / "peers")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    options.environments.mkdir(parents=True, exist_ok=True)
    arms = []
    for label, (name, folder, packages, chains) in PEERS.items():
        place = (options.environments / folder).absolute()
        if reason := environment(place, packages):
            print(f"{label}: not installed: {reason}")
            continue
        settings = {
            "python": str(place / "bin" / "python"), "chains": chains,
            "cpu_seconds": options.seconds,
        }  # fmt: skip
        arms.append(Arm(f"estimators:{name}", settings, label))
    rows = row_set("quick").rows
    works = [
        plan(arms, rows, options.seeds),
        plan([Arm(d) for d in OURS], rows, options.seeds, options.seconds),
    ]
    run_plans(works, options.store, workers=1)
    print(table(options.store))


if __name__ == "__main__":
    main()
