"""Jets, types and constants, measured: CPU seconds, rates of recovery, differences. One run.

    OMP_NUM_THREADS=1 python benchmarks/singularity_theory.py [--seeds 5] [--only PART]

jets: order 11 on the cusp and on a branch with two pairs, 8 on the curve (t³, t⁴, t⁵), fibres of
ADE surfaces to order 31. types: each normal form of Arnold's simple and unimodal lists after random
polynomial changes of coordinates (linear and quadratic terms). volumes: constants of V(ε) against
the area of {K < 1} by the trapezoidal rule in weighted polar coordinates.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from pathlib import Path

import numpy as np

from singularity_lab.algebra.polynomial import parse
from singularity_lab.exact.arcs.jets import jets
from singularity_lab.exact.classification.singularity import singularity
from singularity_lab.exact.zeta_functions.density import volume_expansion

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from arnold_forms import UNIMODAL, change_coordinates

JETS = [
    ("cusp x^2 - y^3", "x^2 - y^3", 11),
    ("branch (y^2 - x^3)^2 - x^5*y", "(y^2 - x^3)^2 - x^5*y", 11),
    ("space curve (t^3, t^4, t^5)", ["y^2 - x*z", "x^2*y - z^2", "x^3 - y*z"], 8),
    ("determinant 3 x 3", "a*(e*i - f*h) - b*(d*i - f*g) + c*(d*h - e*g)", 8),
]

SURFACES = {
    **{f"A{n}": f"x*y - z^{n + 1}" for n in range(1, 9)},
    **{f"D{n}": f"x^2 + y^2*z + z^{n - 1}" for n in range(4, 9)},
    "E6": "x^2 + y^3 + z^4",
    "E7": "x^2 + y^3 + y*z^3",
    "E8": "x^2 + y^3 + z^5",
}

SIMPLE = {
    **{f"A{k}": f"x^{k + 1} + y^2" for k in range(1, 9)},
    **{f"D{k}": f"x^2*y + y^{k - 1}" for k in range(4, 9)},
    "E6": "x^3 + y^4",
    "E7": "x^3 + x*y^3",
    "E8": "x^3 + y^5",
}

# quasi-homogeneous K = Σ f² > 0 off 0, with weights (a, b) of (x, y) and the degree of K
DEFINITE = [
    (["x", "y"], 1, 1, 2),
    (["x^2", "y"], 1, 2, 4),
    (["x^2", "y^3"], 3, 2, 12),
    (["x^3", "y^3"], 1, 1, 6),
    (["2*x", "3*y^2"], 2, 1, 4),
    (["x + y", "x - 2*y"], 1, 1, 2),
    (["x^2 + y^2"], 1, 1, 4),
    (["x^2 + x*y + y^2"], 1, 1, 4),
    (["x^4 + y^2"], 1, 2, 8),
    (["x^2 + x*y^2 + y^4"], 2, 1, 8),
    (["x^2 - x*y", "y^2"], 1, 1, 4),
    (["x^4 + x^2*y^2 + 2*y^4"], 1, 1, 8),
    (["x^2 + y^2", "x*y"], 1, 1, 4),
    (["x^3 - x*y^2", "y^3"], 1, 1, 6),
    (["x^3*y", "x^4 + y^4 - x^2*y^2", "x*y^3"], 1, 1, 8),
    (["x^2 - y^4", "3*x^2 + x*y^2"], 2, 1, 8),
    (["x^4 + y^6"], 3, 2, 24),
    (["x^6 + y^6 - x^3*y^3"], 1, 1, 12),
    (["x^2 + 3*y^10"], 5, 1, 20),
    (["x^8 + y^4", "x^6*y"], 1, 2, 16),
    (["x^3", "x^2*y", "x*y^2", "y^3"], 1, 1, 6),
    (["x^2 - 2*y^2", "x*y"], 1, 1, 4),
    (["x^2 + y^6", "x*y^3"], 3, 1, 12),
    (["x^4 - 2*x^2*y^2 + 3*y^4"], 1, 1, 8),
    (["5*x^2 + x*y + y^2/3"], 1, 1, 4),
    (["x^10", "y^2"], 1, 5, 20),
    (["x^7", "y^7"], 1, 1, 14),
    (["x^2 + y^2", "x^2 - y^2"], 1, 1, 4),
    (["x^4", "y^4", "x^2*y^2 - x^3*y"], 1, 1, 8),
    (["x^5 - y^5", "x*y^4", "x^4*y"], 1, 1, 10),
]


def run_jets() -> None:
    for name, generators, order in JETS:
        start = time.process_time()
        r = jets(generators, order)
        seconds = time.process_time() - start
        print(f"{name:32} order {order:>2}: min codim/(m + 1) = {r.mustata}, {seconds:.2f} s")
    start = time.process_time()
    for name, f in SURFACES.items():
        r = jets(f, 31, fibre=True)
        n = int(name[1:])
        assert r.top_components[-1] == n, name
    seconds = time.process_time() - start
    print(f"fibres of {len(SURFACES)} ADE surfaces, m <= 31: all end at n, {seconds:.1f} s in all")


def run_types(seeds: int) -> None:
    for label, forms in (("simple", SIMPLE), ("unimodal", UNIMODAL)):
        right = total = same_form = 0
        start = time.process_time()
        for name, text in forms.items():
            f = parse(text)
            real = singularity(f).kind.real
            for seed in range(seeds):
                moved = singularity(change_coordinates(f, random.Random(f"{name}/{seed}")))
                total += 1
                right += moved.type == name
                same_form += moved.kind.real == real
        seconds = time.process_time() - start
        print(
            f"{label}: {right} of {total} types and {same_form} of {total} real forms recovered "
            f"({len(forms)} normal forms, {seconds:.0f} s)"
        )


def area(gens: list[str], a: int, b: int, degree: int) -> tuple[float, float]:
    """The area of {K < 1} by ∮ (a·cos² + b·sin²)·K^(−(a + b)/degree)/(a + b) dθ, and its error."""
    polys = [parse(g, "x y") for g in gens]

    def rule(points: int) -> float:
        angle = 2 * math.pi * np.arange(points) / points
        x, y = np.cos(angle), np.sin(angle)
        k = np.zeros(points)
        for p in polys:
            k += sum(float(c) * x ** e[0] * y ** e[1] for e, c in p.terms()) ** 2
        density = (a * x**2 + b * y**2) / (a + b) * k ** (-(a + b) / degree)
        return float(2 * math.pi * density.mean())

    fine, coarse = rule(1 << 17), rule(1 << 16)
    return fine, abs(fine - coarse) + 1e-12 * fine


def run_volumes() -> None:
    worst, rows, inside = 0.0, 0, 0
    for gens, a, b, degree in DEFINITE:
        v = volume_expansion(gens, "x y")
        direct, error = area(gens, a, b, degree)
        gap = abs(v.constant - direct)
        rows += 1
        inside += gap <= error + v.error
        worst = max(worst, gap / direct)
    print(f"volumes: {inside} of {rows} constants within the stated errors, worst gap {worst:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="changes of coordinates for each form")
    parser.add_argument("--only", choices=("jets", "types", "volumes"))
    arguments = parser.parse_args()
    if arguments.only in (None, "jets"):
        run_jets()
    if arguments.only in (None, "types"):
        run_types(arguments.seeds)
    if arguments.only in (None, "volumes"):
        run_volumes()


if __name__ == "__main__":
    main()
