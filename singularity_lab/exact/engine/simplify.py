"""Simplification of a family of germs to a fixed point: moves that change neither λ nor m
(docs/theory.md, Moves)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from math import gcd, lcm
from operator import mul
from typing import Any

import flint
import numpy as np

from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.linear import nullspace, solve_lp
from singularity_lab.exact.engine.chains import schur
from singularity_lab.exact.engine.germs import LOCAL, PARAM, UNIT, Generator, Germs, Term
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.system.deadline import check_time

Poly = flint.fmpq_mpoly
Move = tuple[Germs, Script]
Moves = tuple[Germs, list[Script]]
_TERM_LIMIT = 4000


def simplify(g: Germs, late: Callable[[], bool] | None = None) -> tuple[Germs, list[Script]]:
    """Apply moves until none helps, or it is late; returns the family and the steps in order."""
    steps: list[Script] = []
    moves: tuple[Callable[[Germs], Move | Moves | None], ...] = (
        strip_units,
        schur,
        reduce_by_monomials,
        split_definite,
        collect,
        eliminate,
        rescale,
        smooth_coordinate,
        straighten,
        contract,
        shear,
        reduce_by_each_other,
        shear_ahead,
        pivot,
    )
    while True:
        if late is not None and late():
            return g, steps
        for move in moves:
            check_time()
            found = move(g)
            if found is not None:
                g = found[0]
                steps += found[1] if isinstance(found[1], list) else [found[1]]
                break
        else:
            return g, steps


def monomial_of(g: Germs, f: Generator) -> dict[int, int] | None:
    """The monomial in f = monomial · unit, or None."""
    if len(f.poly) > 1 and not g.is_unit(f.poly / g.monomial(f.content)):
        return None
    return f.content


def strip_units(g: Germs) -> Move | None:
    """Divide generators by factors that are units."""
    do: list[list[Any]] = []
    plain = not g.units and not g.unit_variables and g.field is None
    for i, f in enumerate(g.gens):
        if len(f.poly) == 1:
            continue
        # without units at hand a unit has a constant term, and a unit factor makes degrees differ
        if plain and len({sum(e for v, e in t if g.role[v] == LOCAL) for t, _ in f.terms}) == 1:
            continue
        rest = f.poly / g.monomial(f.content)
        if g.is_unit(rest):
            do.append(["div", i, rest])
        elif len(f.poly) <= 150 and len(f.factors) > 1:
            do += [["div", i, q**e] for q, e in f.factors if len(q) > 1 and g.is_unit(q)]
    return g.generators(do) if do else None


def reduce_by_monomials(g: Germs) -> Move | None:
    """Leave out of each generator the terms that are multiples of a generator that is a
    monomial."""
    monomials = [(j, f.terms[0]) for j, f in enumerate(g.gens) if len(f.poly) == 1]
    if not monomials:
        return None
    by_variable: dict[int, list[tuple[int, dict[int, int]]]] = {}
    coefficient: dict[int, flint.fmpq] = {}
    for j, (term, c) in monomials:
        coefficient[j] = c
        if not term:
            by_variable.setdefault(-1, []).append((j, {}))
        else:
            by_variable.setdefault(term[0][0], []).append((j, dict(term)))
    do: list[list[Any]] = []
    dropped: set[int] = set()
    for i, f in enumerate(g.gens):
        quotients: dict[int, dict[tuple[int, ...], Any]] = {}
        for term, c in f.terms:
            exponents = dict(term)
            for v in (-1, *exponents):
                for j, m in by_variable.get(v, ()):
                    if j == i or j in dropped or any(exponents.get(n, 0) < e for n, e in m.items()):
                        continue
                    power = tuple(exponents.get(n, 0) - m.get(n, 0) for n in range(len(g.names)))
                    quotients.setdefault(j, {})[power] = -c / coefficient[j]
                    break
                else:
                    continue
                break
        if quotients and len(f.poly) == 1:
            dropped.add(i)
        for j, q in quotients.items():
            do.append(["add", i, j, g.context.from_dict(q)])
    return g.generators(do) if do else None


def split_definite(g: Germs) -> Move | None:
    """Split a generator whose terms cannot cancel: it is of the order of the sum of their absolute
    values."""
    for i, f in enumerate(g.gens):
        if 1 < len(f.poly) <= 60 and of_one_sign(g, f):
            return g.generators([["split", i]])
    return None


def of_one_sign(g: Germs, f: Generator) -> bool:
    """f = monomial · (terms that are all ≥ 0), up to a sign."""
    if len({c > 0 for _, c in f.terms}) > 1:
        return False
    low = f.content
    return all((e - low.get(i, 0)) % 2 == 0 or i in g.positive for t, _ in f.terms for i, e in t)


def eliminate(g: Germs) -> Move | None:
    """A generator that is linear with unit coefficient in a free local variable becomes that
    variable."""
    best: tuple[Any, ...] | None = None
    for f in g.gens:
        if len(f.poly) == 1:
            continue
        count = Counter(i for t, _ in f.terms for i, e in t)
        for i in f.occurs:
            if g.role[i] != LOCAL or not g.is_free(i) or f.poly.degrees()[i] != 1:
                continue
            if count[i] == 1:
                term = next(t for t, _ in f.terms if (i, 1) in t)
                others = [j for j, _ in term if j != i]
                if any(g.role[j] != UNIT for j in others):
                    continue
            elif not any(
                len(t) == 1 or all(g.role[j] != LOCAL for j, _ in t if j != i)
                for t, _ in f.terms
                if (i, 1) in t
            ):
                continue
            parts = g.coefficients(f, i)
            c, r = parts[1], parts.get(0, g.context.constant(0))
            if not g.is_unit(c) or not g.at_stratum(r).is_zero():
                continue
            elsewhere = sum(
                1 for h in g.gens if h is not f for t, _ in h.terms if any(v == i for v, _ in t)
            )
            score = (not c.is_constant(), len(r) * elsewhere, len(r), i)
            if best is None or score < best[0]:
                best = (score, i, c, r)
    if best is None:
        return None
    _, i, c, r = best
    moved, step = g.change(i, g.variables[i] - r, c)
    if sum(len(f.poly) for f in moved.gens) > _TERM_LIMIT:
        return None
    return moved, step


def straighten(g: Germs) -> Move | None:
    """A generator m·(c·x + r), m a monomial and c a unit, becomes m·x, where all other terms with x
    are multiples of m and so can be reduced by it."""
    best: tuple[Any, ...] | None = None
    for f in g.gens:
        m = f.content
        if len(f.poly) == 1 or not m:
            continue
        primitive = Generator(f.poly / g.monomial(m))
        degrees = primitive.poly.degrees()
        for i in primitive.occurs:
            if g.role[i] != LOCAL or not g.is_free(i) or degrees[i] != 1 or i in m:
                continue
            others = (dict(t) for h in g.gens if h is not f for t, _ in h.terms)
            if any(i in t and any(t.get(j, 0) < e for j, e in m.items()) for t in others):
                continue
            parts = g.coefficients(primitive, i)
            c, r = parts[1], parts.get(0, g.context.constant(0))
            if not g.is_unit(c) or not g.at_stratum(r).is_zero():
                continue
            score = (not c.is_constant(), len(r), i)
            if best is None or score < best[0]:
                best = (score, i, c, r)
    if best is None:
        return None
    _, i, c, r = best
    moved, step = g.change(i, g.variables[i] - r, c)
    return (moved, step) if sum(len(f.poly) for f in moved.gens) <= _TERM_LIMIT else None


def smooth_coordinate(g: Germs) -> Move | None:
    """A generator that is smooth in a free local variable of its own becomes that variable."""
    for j, f in enumerate(g.gens):
        if len(f.poly) == 1:
            continue
        for i in f.occurs:
            if g.role[i] != LOCAL or not g.is_free(i):
                continue
            if not any(
                all(v == i or g.role[v] != LOCAL for v, _ in t) and (i, 1) in t for t, _ in f.terms
            ):
                continue
            if any(i in other.occurs for n, other in enumerate(g.gens) if n != j):
                continue
            if g.at_stratum(f.poly).is_zero() and g.is_unit(f.poly.derivative(i)):
                return g.coordinate(j, i)
    return None


def rescale(g: Germs) -> Moves | None:
    """A variable whose coefficients all share a unit factor is multiplied by it."""
    if len(g.gens) < 2:
        return None
    best: tuple[Any, ...] | None = None
    for i in sorted(g.occurs):
        check_time()
        if g.role[i] == UNIT or i in g.positive:
            continue
        shared: Poly | None = None
        for f in g.gens:
            if i not in f.occurs:
                continue
            if len(f.poly) > 400 or f.poly.degrees()[i] != 1:
                shared = None
                break
            slope = g.coefficients(f, i)[1]
            shared = slope if shared is None else shared.gcd(slope)
            if len(shared) == 1:
                break
        if shared is None or len(shared) == 1:
            continue
        unit = g.context.constant(1)
        for q, e in factor(shared)[1]:
            if len(q) > 1 and g.is_unit(q):
                unit *= q**e
        if unit.is_constant():
            continue
        moved, step = g.change(i, g.variables[i], unit)
        steps = [step]
        stripped = strip_units(moved)
        if stripped is not None:
            moved, step = stripped
            steps.append(step)
        if moved.cost < g.cost and (best is None or moved.cost < best[0]):
            best = (moved.cost, moved, steps)
    return None if best is None else (best[1], best[2])


def pivot(g: Germs) -> Moves | None:
    """Clear a variable from the other generators by one in which its coefficient divides theirs.

    Taken with the rescalings and reductions that follow, if all together come nearer to monomials.
    """
    if not 2 <= len(g.gens) <= 12 or any(len(f.poly) > 60 for f in g.gens):
        return None
    best: tuple[Any, ...] | None = None
    for i in sorted(g.occurs):
        check_time()
        if g.role[i] == UNIT or g.is_free(i) is False:
            continue
        here = [n for n, f in enumerate(g.gens) if i in f.occurs]
        if len(here) < 2 or any(g.gens[n].poly.degrees()[i] != 1 for n in here):
            continue
        slopes = {n: g.coefficients(g.gens[n], i)[1] for n in here}
        for n in here:
            do: list[list[Any]] = []
            for other in here:
                if other != n:
                    quotient, rest = divmod(slopes[other], slopes[n])
                    if not rest.is_zero():
                        break
                    do.append(["add", other, n, -quotient])
            else:
                moved, step = g.generators(do)
                steps = [step]
                after: Any = rescale(moved)
                if after is None and moved.cost >= g.cost:
                    continue
                while after is not None:
                    moved = after[0]
                    steps += after[1] if isinstance(after[1], list) else [after[1]]
                    after = rescale(moved) or reduce_by_monomials(moved)
                    after = after or reduce_by_each_other(moved)
                if moved.cost < g.cost and (best is None or moved.cost < best[0]):
                    best = (moved.cost, moved, steps)
    return None if best is None else (best[1], best[2])


def gradings(g: Germs, with_units: bool) -> list[list[int]]:
    """A basis of the integer weights for which every generator (and known unit) is
    quasi-homogeneous.

    Vectors over sorted(role).
    """
    order = sorted(g.role)
    place = {i: n for n, i in enumerate(order)}
    rows: set[tuple[int, ...]] = set()
    conditions = [Generator(u) for u in (*g.units, *g.signs)] if with_units else []
    polys = [*g.gens, *conditions]
    if g.field is not None:  # its symbol is a number
        rows.add(tuple(int(i == g.symbol) for i in order))
    for f in polys:
        first = f.terms[0][0]
        for t, _ in f.terms[1:]:
            row = [0] * len(order)
            for i, e in first:
                row[place[i]] += e
            for i, e in t:
                row[place[i]] -= e
            rows.add(tuple(row))
    return nullspace(_independent(sorted(rows)), len(order))


def _independent(rows: list[tuple[int, ...]]) -> list[list[int]]:
    """Rows of the reduced echelon form: the same nullspace with fewer rows."""
    if len(rows) <= 1:
        return [list(r) for r in rows]
    matrix, _, rank = flint.fmpz_mat([list(r) for r in rows]).rref()
    return [[int(matrix[i, j]) for j in range(matrix.ncols())] for i in range(rank)]


def contract(g: Germs) -> Move | None:
    """Parameters that a positive dilation moves to 0 become local: as many as one grading
    allows."""
    in_units = frozenset().union(*(Generator(u).occurs for u in (*g.units, *g.signs)))
    wanted = [i for i in g.params if i not in in_units]
    if not wanted:
        return None
    unused = [i for i in wanted if i not in g.occurs]
    if unused and any(g.k.get(i) for i in unused):
        return g.contract(dict.fromkeys((i for i in unused if g.k.get(i)), 1))
    wanted = [i for i in wanted if i in g.occurs]
    if not wanted:
        return None
    order = sorted(g.role)
    place = {i: n for n, i in enumerate(order)}
    basis = gradings(g, with_units=False)
    fixed = [i for i in order if g.role[i] == UNIT or (g.role[i] == PARAM and i not in wanted)]
    basis = _kernel(basis, [place[i] for i in fixed])
    basis = [b for b in basis if any(b)]
    if not basis:
        return None
    columns = [[b[place[i]] for b in basis] for i in wanted]
    if not any(any(c) for c in columns):
        return None
    combination = _most_positive(columns)
    if combination is None:
        return None
    total = [
        sum((x * b[n] for x, b in zip(combination, basis, strict=True)), Fraction(0))
        for n in range(len(order))
    ]
    scale = lcm(*(t.denominator for t in total))
    weights = [int(t * scale) for t in total]
    common = gcd(*weights) or 1
    return g.contract({i: weights[place[i]] // common for i in order if weights[place[i]]})


def _kernel(basis: list[list[int]], places: list[int]) -> list[list[int]]:
    """The combinations of the basis that vanish at the given places."""
    if not basis or not places:
        return basis
    rows = [[b[p] for b in basis] for p in places]
    rows = [r for r in rows if any(r)]
    if not rows:
        return basis
    return [
        [sum(c * b[n] for c, b in zip(combo, basis, strict=True)) for n in range(len(basis[0]))]
        for combo in nullspace(rows, len(basis))
    ]


def _most_positive(columns: list[list[int]]) -> list[Fraction] | None:
    """x with ⟨column, x⟩ ≥ 0 for all columns and > 0 for as many as possible; None if for none.

    The linear program: maximise Σ s with ⟨column, x⟩ = s + t, 0 ≤ s ≤ 1, t ≥ 0.
    """
    n, m = len(columns[0]), len(columns)
    guess = _perceptron([c for c in columns if any(c)], n)
    if guess is not None:
        return guess
    if n * m > 60:
        return _guess_positive(columns)
    rows, rhs = [], []
    for j, column in enumerate(columns):
        # x⁺ (n), x⁻ (n), s (m), t (m), slack of s ≤ 1 (m)
        rows.append([*column, *(-c for c in column), *_at(j, m, -1), *_at(j, m, -1), *_at(j, m, 0)])
        rhs.append(0)
        rows.append([0] * (2 * n) + [*_at(j, m, 1), *_at(j, m, 0), *_at(j, m, 1)])
        rhs.append(1)
    solution = solve_lp([0] * (2 * n) + [1] * m + [0] * (2 * m), rows, rhs)
    if solution is None or solution.value == 0:
        return None
    return [solution.x[i] - solution.x[n + i] for i in range(n)]


def _perceptron(columns: list[list[int]], n: int) -> list[Fraction] | None:
    """x with ⟨column, x⟩ > 0 for all columns by Rosenblatt's rule, if it comes to rest soon."""
    x = [sum(c[k] for c in columns) for k in range(n)]
    for _ in range(200):
        wrong = next((c for c in columns if sum(map(mul, c, x)) <= 0), None)
        if wrong is None:
            return [Fraction(v) for v in x]
        x = [v + c for v, c in zip(x, wrong, strict=True)]
    return None


def _guess_positive(columns: list[list[int]]) -> list[Fraction] | None:
    """The same by floating point, rounded to rationals and kept only if it is exactly right."""
    from scipy.optimize import linprog

    n, m = len(columns[0]), len(columns)
    # −⟨column, x⟩ + s ≤ 0, 0 ≤ s ≤ 1
    matrix = [[-c for c in column] + _at(j, m, 1) for j, column in enumerate(columns)]
    bounds = [(-100, 100)] * n + [(0, 1)] * m
    found = linprog([0] * n + [-1] * m, A_ub=matrix, b_ub=[0] * m, bounds=bounds, method="highs")
    if not found.success:
        return None
    x = [Fraction(float(v)).limit_denominator(64) for v in found.x[:n]]
    values = [sum(c * v for c, v in zip(column, x, strict=True)) for column in columns]
    return x if all(v >= 0 for v in values) and any(v > 0 for v in values) else None


def _at(j: int, m: int, value: int) -> list[int]:
    return [value if i == j else 0 for i in range(m)]


def shear(g: Germs) -> Move | None:
    """y ↦ y − Σ ρ·r for monomials r, when most terms m·y stand beside ρ·m·r.

    These are the row and column operations of a matrix product, found from the terms alone.
    """
    linear: Counter[int] = Counter()
    matches: dict[int, Counter[tuple[Term, tuple[int, int]]]] = {}
    for f in g.gens:
        check_time()
        if len(f.poly) == 1 or len(f.poly) > 600:
            continue
        rests: dict[Term, list[tuple[int, flint.fmpq]]] = {}
        for t, c in f.terms:
            for n, (i, e) in enumerate(t):
                linear[i] += 1
                if e == 1 and g.role[i] in (LOCAL, PARAM) and g.is_free(i):
                    rests.setdefault(t[:n] + t[n + 1 :], []).append((i, c))
        for t, c in f.terms:
            for r, m in _small_divisors(t):
                for i, b in rests.get(m, ()):
                    if any(j == i for j, _ in r):
                        continue
                    if g.role[i] == LOCAL and all(g.role[j] != LOCAL for j, _ in r):
                        continue
                    matches.setdefault(i, Counter())[r, _ratio(c, b)] += 1
    best: tuple[Any, ...] | None = None
    for i, counter in matches.items():
        found = [(r, rho) for (r, rho), n in counter.items() if 2 * n > linear[i]]
        if not found:
            continue
        gain = sum(2 * n - linear[i] for n in (counter[key] for key in found))
        score = (-gain, len(found), i)
        if best is None or score < best[0]:
            best = (score, i, found)
    if best is None:
        return None
    _, i, found = best
    found = [(r, rho) for r, rho in found if not any(j == i for j, _ in r)]
    rest = sum((g.monomial(dict(r)) * flint.fmpq(*rho) for r, rho in found), g.context.constant(0))
    moved, step = g.change(i, g.variables[i] - rest, g.context.constant(1))
    before, after = (sum(len(f.poly) for f in h.gens) for h in (g, moved))
    return (moved, step) if (moved.cost, after) < (g.cost, before) else None


def shear_ahead(g: Germs) -> Moves | None:
    """A shear that shortens some generators fully, and lengthens others until these are reduced by
    the first.

    Taken with the moves that follow it, if all together come nearer to monomials.
    """
    votes: Counter[tuple[int, frozenset[tuple[Term, tuple[int, int]]]]] = Counter()
    for f in g.gens:
        check_time()
        if not 2 <= len(f.poly) <= 300:
            continue
        linear: Counter[int] = Counter()
        rests: dict[Term, list[tuple[int, flint.fmpq]]] = {}
        for t, c in f.terms:
            for n, (i, e) in enumerate(t):
                linear[i] += 1
                if e == 1 and g.role[i] in (LOCAL, PARAM) and g.is_free(i):
                    rests.setdefault(t[:n] + t[n + 1 :], []).append((i, c))
        matches: dict[int, Counter[tuple[Term, tuple[int, int]]]] = {}
        for t, c in f.terms:
            for r, m in _small_divisors(t):
                for i, b in rests.get(m, ()):
                    if any(j == i for j, _ in r) or (
                        g.role[i] == LOCAL and all(g.role[j] != LOCAL for j, _ in r)
                    ):
                        continue
                    matches.setdefault(i, Counter())[r, _ratio(c, b)] += 1
        for i, counter in matches.items():
            full = frozenset(key for key, n in counter.items() if n == linear[i])
            if full:
                votes[i, full] += 1
    ranked = sorted(votes.items(), key=lambda v: (-v[1], -len(v[0][1]), v[0][0], sorted(v[0][1])))
    trials = [[key] for key, _ in ranked[:3]]
    if len(ranked) > 1:  # rows move as a whole: all the shears that the same generators ask for
        chosen: dict[int, Any] = {}
        used: set[int] = set()
        for (i, found), n in ranked:
            inside = {v for r, _ in found for v, _ in r}
            if n == ranked[0][1] and i not in used and not inside & chosen.keys():
                chosen.setdefault(i, (i, found))
                used |= inside
        if len(chosen) > 1:
            trials.insert(0, list(chosen.values()))
    for trial in trials:
        moved, steps = g, []
        for i, found in trial:
            rest = sum(
                (g.monomial(dict(r)) * flint.fmpq(*rho) for r, rho in sorted(found)),
                g.context.constant(0),
            )
            moved, step = moved.change(i, g.variables[i] - rest, g.context.constant(1))
            steps.append(step)
        while True:
            after = reduce_by_monomials(moved) or reduce_by_each_other(moved) or shear(moved)
            if after is None:
                break
            moved = after[0]
            steps.append(after[1])
        if moved.cost < g.cost:
            return moved, steps
    return None


def _ratio(c: flint.fmpq, b: flint.fmpq) -> tuple[int, int]:
    q = c / b
    return int(q.p), int(q.q)


def _small_divisors(t: Term) -> Iterator[tuple[Term, Term]]:
    """(r, t/r) for the divisors r of degree 1 or 2 of a monomial."""
    for p, (i, e) in enumerate(t):
        yield ((i, 1),), t[:p] + (((i, e - 1),) if e > 1 else ()) + t[p + 1 :]
    for p, (i, e) in enumerate(t):
        if e > 1:
            yield ((i, 2),), t[:p] + (((i, e - 2),) if e > 2 else ()) + t[p + 1 :]
        head = t[:p] + (((i, e - 1),) if e > 1 else ())
        for q in range(p + 1, len(t)):
            j, d = t[q]
            tail = (((j, d - 1),) if d > 1 else ()) + t[q + 1 :]
            yield ((i, 1), (j, 1)), head + t[p + 1 : q] + tail


def collect(g: Germs) -> Moves | None:
    """A shear that makes a repeated coefficient polynomial a coordinate, when that shortens the
    generators."""
    seen: Counter[tuple[Any, ...]] = Counter()
    for f in g.gens:
        check_time()
        if not 2 <= len(f.poly) <= 400:
            continue
        parts: dict[tuple[int, int], list[tuple[Term, flint.fmpq]]] = {}
        for t, c in f.terms:
            for n, (i, e) in enumerate(t):
                parts.setdefault((i, e), []).append((t[:n] + t[n + 1 :], c))
        if f.content:
            shared = f.content
            parts[(-1, 0)] = [
                (tuple((i, e - shared.get(i, 0)) for i, e in t if e > shared.get(i, 0)), c)
                for t, c in f.terms
            ]
        for part in parts.values():
            if len(part) > 1:
                lead = part[0][1]
                seen[tuple((t, _ratio(c, lead)) for t, c in part)] += 1
    tried: set[tuple[int, Any]] = set()
    best: tuple[Any, ...] | None = None
    for form, _ in seen.most_common(24):
        check_time()
        alone = [t[0][0] for t, _ in form if len(t) == 1 and t[0][1] == 1]
        for i in alone[:3]:
            if g.role[i] not in (LOCAL, PARAM) or not g.is_free(i) or (i, form) in tried:
                continue
            tried.add((i, form))
            if any(v == i and e > 1 for t, _ in form for v, e in t):
                continue
            slope = [(tuple(x for x in t if x[0] != i), c) for t, c in form if (i, 1) in t]
            coefficient = _from_form(g, slope)
            rest = _from_form(g, [(t, c) for t, c in form if (i, 1) not in t])
            if not g.is_unit(coefficient):
                continue
            if g.role[i] == LOCAL and not g.at_stratum(rest).is_zero():
                continue
            moved, step = g.change(i, g.variables[i] - rest, coefficient)
            steps = [step]
            if not coefficient.is_constant():  # what came in with the denominator may go out again
                stripped = strip_units(moved)
                if stripped is not None:
                    moved, step = stripped
                    steps.append(step)
            gain = (moved.cost, sum(len(f.poly) for f in moved.gens))
            if gain < (g.cost, sum(len(f.poly) for f in g.gens)) and (
                best is None or gain < best[0]
            ):
                best = (gain, moved, steps)
    return None if best is None else (best[1], best[2])


def _from_form(g: Germs, form: list[tuple[Term, tuple[int, int]]]) -> Poly:
    n = len(g.names)
    data = {}
    for t, c in form:
        exponents = [0] * n
        for i, e in t:
            exponents[i] = e
        data[tuple(exponents)] = flint.fmpq(*c)
    return g.context.from_dict(data)


def _promising(f: Generator, h: Generator) -> Iterator[tuple[dict[int, int], flint.fmpq]]:
    """(q, ρ) such that f − ρ·q·h has not many more terms new than gone, q a monomial."""
    quotients = f.exponents[:, None, :] - h.exponents[None, :, :]
    pairs = np.argwhere((quotients >= 0).all(axis=2))
    meet: Counter[bytes] = Counter()
    gone: Counter[tuple[bytes, tuple[int, int]]] = Counter()
    for n, m in pairs:
        key = quotients[n, m].tobytes()
        meet[key] += 1
        gone[key, _ratio(f.terms[n][1], h.terms[m][1])] += 1
    for (key, ratio), count in gone.items():
        if len(h.poly) - meet[key] <= 2 * count:
            q = np.frombuffer(key, dtype=np.int64)
            yield {int(i): int(q[i]) for i in np.flatnonzero(q)}, flint.fmpq(*ratio)


def _reduction(g: Germs, f: Generator, h: Generator) -> tuple[int, int, Poly] | None:
    """The monomial m for which f + m·h is nearest to a monomial, with the gain and the length."""
    best: tuple[int, int, Poly] | None = None
    for q, ratio in _promising(f, h):
        multiplier = g.monomial(q) * -ratio
        new = Generator(f.poly + multiplier * h.poly)
        if new.poly.is_zero():
            return -f.cost, 0, multiplier
        gain = (new.cost - f.cost, len(new.poly))
        if gain[0] < 0 and (best is None or gain < best[:2]):
            best = (*gain, multiplier)
    return best


def reduce_by_each_other(g: Germs) -> Move | None:
    """Subtract a monomial multiple of one generator from another where that brings it nearer to a
    monomial."""
    gens = g.gens
    if len(gens) < 2 or len(gens) > 40:
        return None
    best: tuple[Any, ...] | None = None
    for i, f in enumerate(gens):
        if len(f.poly) == 1 or len(f.poly) > 60:
            continue
        for j, h in enumerate(gens):
            if i == j or len(h.poly) == 1 or len(h.poly) > 60 or not f.occurs & h.occurs:
                continue
            if h not in f.reductions:
                f.reductions[h] = _reduction(g, f, h)
            found = f.reductions[h]
            if found is None:
                continue
            gain, length, multiplier = found
            if length == 0:
                return g.generators([["add", i, j, multiplier]])
            if best is None or (gain, length, i, j) < best[0]:
                best = ((gain, length, i, j), i, j, multiplier)
    if best is None:
        return None
    return g.generators([["add", best[1], best[2], best[3]]])
