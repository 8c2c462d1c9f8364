"""Readings of K∘g and of c·K against readings of K: λ and m belong to the germ, not to its
coordinates.

    OMP_NUM_THREADS=1 python benchmarks/invariance.py [--device volume] [--maps 3] [--scalings 1]

g is a random automorphism of the polynomial ring that fixes w* = 0: a permutation of the
coordinates after a triangular map w_i ↦ s_i·w_i + q_i(w_1, …, w_{i−1}), with s_i in ±[2/3, 3/2] and
q_i of degrees 1 to 3 with coefficients in [−1/2, 1/2]; its Jacobian is constant. f∘g is expanded in
rational arithmetic, so that K∘g = Σ(fᵢ∘g)² keeps its generators. c is a square, 10 to a uniform
power in ±4. λ and m of K∘g and of c·K are those of K: substitute in ζ(z) = ∫ K^z φ, whose largest
pole is the same for all smooth φ with φ(w*) > 0.

Two readings *agree* where they differ by no more than the root of the sum of the squares of their
half widths: so do nine of ten pairs, for right and independent 90 % intervals. The target of
``llc-*`` is nβE[K] at one temperature with a Gaussian around w*; it is invariant in the limit n → ∞
only. There each reading is also held against its own target by quadrature (two variables).
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch

from singularity_lab.spectroscopes import PolynomialLoss, Reading, measure
from singularity_lab.spectroscopes.inference.diagnostics import target_by_quadrature

Exponent = tuple[int, ...]
Polynomial = dict[Exponent, Fraction]


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """p·q."""
    out: Polynomial = {}
    for a, x in p.items():
        for b, y in q.items():
            e = tuple(i + j for i, j in zip(a, b, strict=True))
            out[e] = out.get(e, Fraction(0)) + x * y
    return {e: c for e, c in out.items() if c}


def compose(f: Polynomial, g: Sequence[Polynomial]) -> Polynomial:
    """f(g_1, …, g_d).

    >>> square, both = {(2, 0): Fraction(1)}, {(1, 0): Fraction(1), (0, 1): Fraction(1)}
    >>> sorted(compose(square, [both, both]).items())
    [((0, 2), Fraction(1, 1)), ((1, 1), Fraction(2, 1)), ((2, 0), Fraction(1, 1))]
    """
    dim = len(next(iter(g[0])))
    out: Polynomial = {}
    for e, c in f.items():
        term = {(0,) * dim: c}
        for gi, k in zip(g, e, strict=True):
            for _ in range(k):
                term = times(term, gi)
        for a, x in term.items():
            out[a] = out.get(a, Fraction(0)) + x
    return {e: c for e, c in out.items() if c}


def automorphism(dim: int, rng: random.Random) -> list[Polynomial]:
    """A random g with g(0) = 0, as d polynomials in d variables. Coefficients are n/64."""
    order = rng.sample(range(dim), dim)
    g: list[Polynomial] = []
    for i in range(dim):
        unit = tuple(int(j == order[i]) for j in range(dim))
        p: Polynomial = {unit: rng.choice([-1, 1]) * Fraction(rng.randint(43, 96), 64)}
        if i:
            for degree in (1, 2, 3):
                e = [0] * dim
                for _ in range(degree):
                    e[order[rng.randrange(i)]] += 1
                p[tuple(e)] = Fraction(rng.randint(-32, 32), 64)
        g.append({e: c for e, c in p.items() if c})
    return rng.sample(g, dim)


def monomial(*e: int, c: int = 1) -> Polynomial:
    """c·w^e."""
    return {e: Fraction(c)}


GERMS: dict[str, list[Polynomial]] = {
    "w1^2*w2^2": [monomial(1, 1)],
    "w1^2*w2^4": [monomial(1, 2)],
    "(w1^2-w2^3)^2": [monomial(2, 0) | monomial(0, 3, c=-1)],
    "w1^4+w2^6": [monomial(2, 0), monomial(0, 3)],
    "(w1*w2*w3)^2": [monomial(1, 1, 1)],
    "w1^2*w2^2+w3^2": [monomial(1, 1, 0), monomial(0, 0, 1)],
}


def loss(generators: Sequence[Polynomial], name: str) -> PolynomialLoss:
    """K = Σ fᵢ² with w* = 0."""
    return PolynomialLoss(generators, len(next(iter(generators[0]))), loss_id=name)


@dataclass(frozen=True)
class Pair:
    """A germ, a change (g or c), the readings before and after, and the targets of both."""

    germ: str
    change: str
    before: Reading
    after: Reading
    targets: tuple[float, float] | None = None

    @property
    def gap(self) -> float:
        """The change of λ̂ in units of the root of the sum of the squared half widths."""
        a, b = self.before.lambda_, self.after.lambda_
        return abs(b.value - a.value) / math.hypot((a.high - a.low) / 2, (b.high - b.low) / 2)


def pairs(
    device: str, germs: Sequence[str], maps: int, scalings: int, seed: int, **settings: Any
) -> list[Pair]:
    """All pairs of a device; every reading has a seed of its own."""
    rng = random.Random(seed)
    out = []
    for name in germs:
        f = GERMS[name]
        dim = len(next(iter(f[0])))
        changes = []
        for k in range(maps):
            g = automorphism(dim, rng)
            changes.append((f"g{k}", [compose(p, g) for p in f]))
        for _ in range(scalings):
            root = Fraction(10.0 ** rng.uniform(-2, 2)).limit_denominator(1000)
            scaled = [{e: c * root for e, c in p.items()} for p in f]
            changes.append((f"c = {float(root**2):.3g}", scaled))
        plain = loss(f, name)
        before = measure(device, plain, seed=rng.randrange(10**6), **settings)
        llc = device.startswith("llc") and dim == 2
        n, gamma = settings.get("n", 1e4), settings.get("gamma", 1.0)
        target = target_by_quadrature(plain, n, gamma) if llc else math.nan
        for change, generators in changes:
            moved = loss(generators, f"{name} {change}")
            after = measure(device, moved, seed=rng.randrange(10**6), **settings)
            targets = (target, target_by_quadrature(moved, n, gamma)) if llc else None
            out.append(Pair(name, change, before, after, targets))
            print(row(out[-1]), flush=True)
    return out


def row(p: Pair) -> str:
    """A line of the table."""
    texts = []
    for k, r in enumerate((p.before, p.after)):
        e, m = r.lambda_, r.most_probable_multiplicity
        text = f"{e.value:.4f} ± {(e.high - e.low) / 2:.4f}"
        text += "" if m is None else f", m = {m}"
        text += "" if p.targets is None else f", target {p.targets[k]:.4f}"
        texts.append(text + ("" if r.ok else f" ({r.outcome})"))
    return f"| {p.germ} | {p.change} | {texts[0]} | {texts[1]} | {p.gap:.2f} |"


def summary(found: Sequence[Pair]) -> dict[str, Any]:
    """How many pairs agree: of all, and of those whose two outcomes are ``ok``; how many readings
    meet their own target, where that is known."""
    fair = [p for p in found if p.before.ok and p.after.ok]
    m = [p for p in fair if p.before.multiplicity and p.after.multiplicity]
    out: dict[str, Any] = {
        "pairs": len(found),
        "agree": sum(p.gap <= 1 for p in found),
        "both ok": len(fair),
        "both ok and agree": sum(p.gap <= 1 for p in fair),
        "largest gap": max((p.gap for p in fair), default=math.nan),
        "same m": sum(
            p.before.most_probable_multiplicity == p.after.most_probable_multiplicity for p in m
        ),
        "of": len(m),
    }
    held = {
        (p.germ, None if k == 0 else p.change): (r.lambda_, t)
        for p in found
        if p.targets is not None
        for k, (r, t) in enumerate(zip((p.before, p.after), p.targets, strict=True))
    }
    if held:
        out["meet their own target"] = sum(e.low <= t <= e.high for e, t in held.values())
        out["readings"] = len(held)
    return out


def main() -> None:
    """Measure, print the pairs and the counts by kind of change."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", default="volume")
    parser.add_argument("--germ", action="append", choices=sorted(GERMS))
    parser.add_argument("--maps", type=int, default=3)
    parser.add_argument("--scalings", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| germ | change | reading of K | reading of the other | gap |\n|---|---|---|---|---|")
    found = pairs(
        arguments.device,
        arguments.germ or list(GERMS),
        arguments.maps,
        arguments.scalings,
        arguments.seed,
    )
    for kind, mark in (("K∘g", "g"), ("c·K", "c")):
        chosen = [p for p in found if p.change.startswith(mark)]
        if chosen:
            print(kind, json.dumps(summary(chosen), ensure_ascii=False))


if __name__ == "__main__":
    main()
