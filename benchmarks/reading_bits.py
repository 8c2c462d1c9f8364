"""Readings of every device in two checkouts of the laboratory, compared bit for bit.

    git worktree add ../before COMMIT
    python benchmarks/reading_bits.py ../before .

Devices read three polynomials at two seeds with small settings, in a process of each checkout.
Prints, for each device, of how many readings every estimate with its interval is the same to the
last bit, and how often one of the checkouts refused: it has no such device, or no such setting.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

READ = """
import json
from singularity_lab.errors import SingularityLabError
from singularity_lab.spectroscopes import PolynomialLoss, measure

LOSSES = [
    PolynomialLoss.from_exponents([([1, -1], [(2, 0), (0, 3)])], loss_id="cusp"),
    PolynomialLoss.from_exponents([([1], [(1, 1)])], loss_id="crossing"),
    PolynomialLoss.from_exponents([([1], [(1, 0, 1)]), ([1], [(0, 1, 1)])], loss_id="cone"),
]
SMALL = {
    "llc": {"burn_in": 50, "draws": 100, "chains": 8},
    "llc-mala": {"burn_in": 60, "draws": 80, "chains": 16},
    "llc-hmc": {"burn_in": 40, "draws": 40, "chains": 16},
    "wbic": {"burn_in": 60, "draws": 80, "chains": 16},
    "volume": {"particles": 64, "depth": 40.0, "max_sweeps": 20},
    "coordinate-walk": {"burn_in": 5, "draws": 20},
    "coordinate-slice": {"burn_in": 5, "draws": 20},
    "joint-walk": {"burn_in": 5, "draws": 20},
    "hessian": {},
    "jet": {"order": 3},
}
found = {}
for name in sorted(SMALL):
    for loss in LOSSES:
        for seed in (0, 1):
            try:
                read = measure(name, loss, seed=seed, **SMALL[name])
            except (SingularityLabError, TypeError) as error:
                said = f"{type(error).__name__}: {error}"
            else:
                said = {
                    key: [repr(e.value), repr(e.low), repr(e.high)]
                    for key, e in sorted(read.estimates.items())
                }
            found[f"{name} {loss.loss_id} {seed}"] = said
print(json.dumps(found))
"""


def readings(checkout: Path) -> dict[str, object]:
    """The readings of a checkout, by device, loss and seed."""
    where = {**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", READ], cwd=checkout, env=where, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    read: dict[str, object] = json.loads(done.stdout)
    return read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    given = parser.parse_args()
    first, second = readings(given.first.resolve()), readings(given.second.resolve())
    for device in sorted({key.split()[0] for key in first}):
        keys = [k for k in first if k.split()[0] == device]
        refused = [k for k in keys if isinstance(first[k], str) or isinstance(second[k], str)]
        same = sum(first[k] == second[k] for k in keys if k not in refused)
        print(f"{device}: {same} of {len(keys) - len(refused)} the same, {len(refused)} refused")


if __name__ == "__main__":
    main()
