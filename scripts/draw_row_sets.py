"""Draw the fixed sets of rows anew and write ``singularity_lab/calibration/row_sets.toml``.

    python scripts/draw_row_sets.py

``quick`` is listed here. ``standard``: 100 rows of the catalog with a proved (λ, m), at most 30
parameters, a polynomial loss and no prior or constraint that would be another target for a sampler;
50 with m = 1, 28 with m = 2, 22 with m >= 3, at most four of a family, drawn by a seed.
``deep-linear``: the first 24 draws of random layers that the engine proves within ten CPU seconds.
"""

from __future__ import annotations

import random
from pathlib import Path

import singularity_lab.calibration
from singularity_lab.calibration.design import CalibrationRow
from singularity_lab.calibration.row_sets import deep_linear_row, digest
from singularity_lab.catalog.consistency import listing
from singularity_lab.catalog.load import entries
from singularity_lab.exact.engine.solve import rlct

QUICK = [
    *("bp-2-3", "ade-d4", "branch-3over2-7over4", "rrr-2-2-1-r0-a0b1", "tanh-2"),
    *("nc-1-1", "mono-xy-z2", "rrr-2-2-1-r0", "rule-product-cusp-cusp"),
    *("nc-1-1-1", "diag-2-0-0", "edge-path-4"),
]
SEED = 20261128
SHARES = {1: 50, 2: 28, 3: 22}
SHARE, LARGEST, DRAWS, SECONDS = 4, 30, 24, 10.0


def standard() -> list[str]:
    rows = {e.id: e for e in entries()}
    pools: dict[int, list[str]] = {m: [] for m in SHARES}
    for line in listing(rows.values()):
        entry = rows[line["id"]]
        if line["status"] != "proved" or line["dimension"] > LARGEST or line["lambda"] == "0":
            continue
        if entry.polynomial and not any(entry.problem().prior):
            pools[min(line["multiplicity"], 3)].append(entry.id)
    chosen: list[str] = []
    of_family: dict[str, int] = {}
    for m in sorted(pools, reverse=True):
        random.Random(f"{SEED} {m}").shuffle(pools[m])
        left = SHARES[m]
        for most in range(1, SHARE + 1):  # a second row of a family only when each has had one
            for id in pools[m]:
                family = rows[id].family
                if left and id not in chosen and of_family.get(family, 0) < most:
                    chosen.append(id)
                    of_family[family] = of_family.get(family, 0) + 1
                    left -= 1
    return sorted(chosen)


def draws() -> list[int]:
    found: list[int] = []
    seed = 0
    while len(found) < DRAWS:
        row = deep_linear_row(seed)
        result = rlct(row.problem, budget=SECONDS)
        if result.exact and result.bounds.lower.value > 0:
            found.append(seed)
        seed += 1
    return found


def main() -> None:
    ids, seeds = standard(), draws()
    sets = {
        "quick": ("ids", QUICK, [CalibrationRow.of(i) for i in QUICK]),
        "standard": ("ids", ids, [CalibrationRow.of(i) for i in ids]),
        "deep-linear": ("draws", seeds, [deep_linear_row(s) for s in seeds]),
    }
    lines = ["# Made by scripts/draw_row_sets.py. digest: of the problems of the set."]
    for name, (kind, members, rows) in sets.items():
        lines += ["", f"[{name}]", f'digest = "{digest(rows)}"', f"{kind} = ["]
        lines += [f"    {str(m) if kind == 'draws' else chr(34) + m + chr(34)}," for m in members]
        lines += ["]"]
    target = Path(singularity_lab.calibration.__file__).with_name("row_sets.toml")
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
