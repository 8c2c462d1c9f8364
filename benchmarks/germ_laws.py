"""Fresh germs whose (λ, m) follows from a law: how many are decided, how fast, and none wrongly.

    OMP_NUM_THREADS=1 python benchmarks/germ_laws.py [--seeds 11 12 13] [--count 100] [--limit 10]

Kinds, in the shares of each hundred: ``moved`` (45): one or two short generators in 2–4 variables,
which are decided as they stand, after a random automorphism, expanded; ``definite`` (15): a
positive semidefinite form of known rank, as a loss; ``smooth`` (20): k generators with
independent differentials in 6–14 variables, (k/2, 1); ``squares`` (20): the sum of squares of one
or two short generators, expanded and typed as a loss, which has the (λ, m) of these.

Base germs that are open themselves say nothing and are drawn again; their number is printed. Prints
what is open or wrong, and a line for each seed; exit status 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import random
import time
from fractions import Fraction
from typing import Any

import flint

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import ring
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.solve import rlct

NAMES = ("x", "y", "z", "w")


def short_generator(dice: random.Random, names: tuple[str, ...]) -> Any:
    """One to three terms of degrees 1 to 4, small coefficients."""
    context, total = ring(names), ring(names).constant(0)
    for _ in range(dice.choice((1, 2, 2, 3))):
        term = context.constant(dice.choice((-3, -2, -1, 1, 2, 3)))
        for _ in range(dice.choice((1, 2, 2, 3, 3, 4))):
            term *= context.gen(dice.randrange(len(names)))
        total += term
    return total


def base(dice: random.Random) -> tuple[tuple[str, ...], list[Any], RLCT | None]:
    """Generators with their (λ, m), None where these stay open."""
    names = NAMES[: dice.choice((2, 3, 3, 4))]
    gens = [
        g
        for _ in range(dice.choice((1, 1, 2)))
        if not (g := short_generator(dice, names)).is_zero()
    ]
    try:
        found = rlct([Polynomial(names, g) for g in gens], budget=5) if gens else None
    except SingularityLabError:
        found = None
    return names, gens, found.rlct if found is not None and found.exact else None


def moved(dice: random.Random) -> Any:
    """(names, generators, convention, value), or None where the base is open."""
    names, gens, value = base(dice)
    if value is None or not value.value:
        return None
    x = list(ring(names).gens())
    order = dice.sample(range(len(names)), len(names))
    images = list(x)
    for n, i in enumerate(order[1:], 1):
        for j in order[:n]:
            images[i] += dice.choice((0, 1, -1, 2, -2)) * x[j]
        if dice.random() < 0.6:
            images[i] += (
                dice.choice((1, -1, 2, -3)) * x[dice.choice(order[:n])] * x[dice.choice(order[:n])]
            )
    # a second triangle, of the linear terms, in the other order
    for n, i in enumerate(reversed(order)):
        if n and dice.random() < 0.4:
            images[i] += dice.choice((1, -1)) * images[list(reversed(order))[n - 1]]
    return names, [g.compose(*images, ctx=ring(names)) for g in gens], "ideal", value


def definite(dice: random.Random) -> Any:
    n = dice.randint(3, 6)
    r = dice.randint(1, n - 1)
    names = tuple(f"w{i}" for i in range(n))
    while True:
        rows = [[dice.randint(-2, 2) for _ in range(n)] for _ in range(r)]
        if flint.fmpz_mat(rows).rank() == r:
            break
    forms = [
        sum((c * x for c, x in zip(row, ring(names).gens(), strict=True)), ring(names).constant(0))
        for row in rows
    ]
    return names, [sum(q * q for q in forms)], "loss", RLCT(Fraction(r, 2), 1)


def smooth(dice: random.Random) -> Any:
    n = dice.randint(6, 14)
    k = dice.randint(2, n // 2)
    names = tuple(f"w{i}" for i in range(n))
    x = list(ring(names).gens())
    while True:
        rows = [[dice.choice((0, 0, 1, -1, 2)) for _ in range(n)] for _ in range(k)]
        if flint.fmpz_mat(rows).rank() == k:
            break
    gens = []
    for row in rows:
        f = sum((c * v for c, v in zip(row, x, strict=True)), ring(names).constant(0))
        for _ in range(dice.randint(2, 6)):
            term = ring(names).constant(dice.choice((1, -1, 2, -2)))
            for _ in range(dice.randint(2, 4)):
                term *= dice.choice(x)
            f += term
        gens.append(f)
    return names, gens, "ideal", RLCT(Fraction(k, 2), 1)


def squares(dice: random.Random) -> Any:
    names, gens, value = base(dice)
    if value is None or not value.value:
        return None
    weights = [dice.choice((1, 2, 4, 9)) for _ in gens]
    total = sum((c * g * g for c, g in zip(weights, gens, strict=True)), ring(names).constant(0))
    return names, [total], "loss", value


KINDS = {
    "moved": (moved, 45),
    "definite": (definite, 15),
    "smooth": (smooth, 20),
    "squares": (squares, 20),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=[11, 12, 13])
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--limit", type=float, default=10.0)
    options = parser.parse_args()
    wrong = 0
    for seed in options.seeds:
        dice = random.Random(seed)
        tried = decided = drawn_again = 0
        slowest = 0.0
        for kind, (make, share) in KINDS.items():
            wanted = share * options.count // 100
            while wanted:
                case = make(dice)
                if case is None:
                    drawn_again += 1
                    continue
                wanted -= 1
                names, gens, convention, value = case
                started = time.process_time()
                listed = [Polynomial(names, g) for g in gens]
                found = rlct(listed, budget=options.limit, convention=convention)
                seconds = time.process_time() - started
                tried, decided = tried + 1, decided + found.exact
                slowest = max(slowest, seconds)
                low, high = found.bounds.lower, found.bounds.upper
                right = (low is None or low <= value) and (high is None or value <= high)
                if not found.exact or not right:
                    wrong += not right
                    said = f"{'open' if right else 'WRONG'}, seed {seed}, {kind}, {seconds:.1f} s"
                    shown = "; ".join(map(str, gens))
                    print(f"{said}: {found.bounds}, by the law {value}: {shown}", flush=True)
        print(
            f"seed {seed}: {decided} of {tried} decided within {options.limit:g} s, {wrong} wrong, "
            f"the slowest {slowest:.1f} s; {drawn_again} bases drawn again",
            flush=True,
        )
    return int(wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
