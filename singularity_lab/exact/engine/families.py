"""Tables of (λ, m) over a symbol t: walls are found where the search of a cell would have to cut t.

Walls are 0 and the real roots of the coefficients; where the proof of an interval stops at a
polynomial in t, its roots become walls, and the cells beside them are proved again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from singularity_lab.algebra import input_limits, maps
from singularity_lab.algebra.algebraic import AlgebraicNumber, Number, real_roots
from singularity_lab.algebra.expression import Expression
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import ring, to_fmpq
from singularity_lab.algebra.univariate import univariate
from singularity_lab.errors import BadInput, OutOfScope, SingularityLabError, Undecided, quoted
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.outcome import SearchOutcome
from singularity_lab.exact.engine.parameter_tables import ParameterCell, Table
from singularity_lab.exact.engine.resolution import Resolution, resolve_germ
from singularity_lab.exact.engine.rules import RESOLVING, SPLITTING
from singularity_lab.exact.engine.search import Search
from singularity_lab.exact.proof.branches import Squares
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.each import EachReplay
from singularity_lab.exact.proof.families import (
    CellProof,
    Ends,
    FamilyProblem,
    below,
    cells_of,
    check_cell,
    table_to_json,
    verify_table,
)
from singularity_lab.exact.proof.family import Family
from singularity_lab.exact.proof.leaves import Open
from singularity_lab.system.cuts import is_over
from singularity_lab.system.stopwatch import Stopwatch

Poly = Any
_WALLS = 24  # of a table
_OPEN: Script = Open().encode()


# -- the search -----------------------------------------------------------------------------------


def tabulate(problem: LocalProblem, parameter: str, budget: float | None, solve: Any) -> Table:
    """The table of a problem in its variables and a symbol, at the origin of the symbol.

    solve: ``rlct`` for the germ at a rational value, within a budget. Raises BadInput for a symbol
    that is no variable, or that has a prior or a wall.
    """
    watch = Stopwatch()
    names = problem.variables
    if parameter not in names:
        raise BadInput(f"parameters: unknown name {quoted(parameter)}; known: {', '.join(names)}")
    if len(names) < 2:
        raise BadInput("parameters: a variable is needed besides the symbol")
    i = names.index(parameter)
    if problem.over is not None or problem.prior[i] or problem.box[i] != (None, None):
        raise BadInput("parameters: the symbol takes no prior, no interval and no domain")
    if problem.point[i]:
        raise BadInput("parameters: the symbol is no coordinate of the point")
    family = FamilyProblem(problem, parameter)
    walls = _first_walls(family)
    proofs: dict[Any, tuple[CellProof | None, list[Number]]] = {}
    while True:
        cells = cells_of(walls)
        new: list[Number] = []
        for ends in cells:
            key = tuple(map(str, ends))
            if key not in proofs:
                left = None
                if budget is not None:
                    left = max((budget - watch.seconds) / 2, 0.3)
                proofs[key] = _prove(family, ends, left, solve)
            new += proofs[key][1]
        more = [w for w in new if not any(w == v for v in walls)]
        late = budget is not None and is_over(watch.seconds, budget)
        if not more or late or len(walls) + len(more) > _WALLS:
            break
        walls = _sorted([*walls, *more])
    listed = [proofs[tuple(map(str, e))][0] for e in cells]
    for n, ends in enumerate(cells):
        if listed[n] is None and (ends[0] is None or ends[0] != ends[1]):
            listed[n] = _by_roots(family, ends, walls, budget, watch)
    document = table_to_json(family, walls, listed)
    checked = verify_table(document)
    shown = tuple(
        ParameterCell(parameter, ends[0], ends[1], value, proved, _note(family, ends))
        for ends, value, proved in checked
    )
    return Table(parameter, shown, document, watch.seconds)


def _note(family: FamilyProblem, ends: Ends) -> str:
    """A warning where a loss takes negative values for a value in the cell."""
    if family.problem.convention != "loss":
        return ""
    value = _sample(ends)
    if value is None:
        return ""
    import random

    source = random.Random(0)
    germ = family.at(value)
    walls = set(germ.at_walls)
    for size in (8, 512, 4096):
        for _ in range(100):
            at = [Fraction(source.randint(-8, 8), size) for _ in germ.variables]
            steps = [abs(a) if n in walls else a for n, a in zip(germ.variables, at, strict=True)]
            point = [c + a for c, a in zip(germ.rational_point, steps, strict=True)]
            if germ.ideal.generators[0](point) < 0:
                return f"K < 0 near the point for {family.parameter} = {value}: this is |K|"
    return ""


def _sample(ends: Ends) -> Fraction | None:
    """A rational value in a cell."""
    low, high = ends
    if low is not None and low == high:
        return low if isinstance(low, Fraction) else None
    a = None if low is None else _rational(low, 1)
    b = None if high is None else _rational(high, 0)
    if a is None:
        return Fraction(0) if b is None else b - 1
    return a + 1 if b is None else (a + b) / 2


def _rational(x: Number, side: int) -> Fraction:
    return x.interval(40)[side] if isinstance(x, AlgebraicNumber) else x


def _first_walls(family: FamilyProblem) -> list[Number]:
    """0 and the roots of the coefficients, as polynomials in the symbol."""
    germ = family.germ()
    found: list[Number] = [Fraction(0)]
    names = germ.generators[0].variables
    for g in germ.generators:
        parts: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
        for a, c in g.flint.to_dict().items():
            key = tuple(map(int, a[:-1]))
            parts.setdefault(key, {})[(*([0] * (len(names) - 1)), int(a[-1]))] = c
        for terms in parts.values():
            found += roots_of(Polynomial(names, ring(names).from_dict(terms)), names[-1])
    return _sorted(found)


def roots_of(p: Polynomial, t: str) -> list[Number]:
    """The real roots of a polynomial in t alone."""
    found: list[Number] = []
    for q, _ in factor(p.flint)[1]:
        if q.is_constant():
            continue
        dense = univariate(Polynomial(p.variables, q), t)
        if dense.degree() == 1:
            root = -dense[0] / dense[1]
            found.append(Fraction(int(root.p), int(root.q)))
        else:
            bits = input_limits.Size.of(q).bits
            if bits > input_limits.ALGEBRAIC_BITS:
                raise Undecided(
                    f"roots in {t}: those of a polynomial of {bits:.0f} bits are not written in a "
                    f"certificate, at most {input_limits.ALGEBRAIC_BITS} are"
                )
            found += real_roots(dense)
    return found


def _sorted(numbers: Sequence[Number]) -> list[Number]:
    """Without repetitions, in increasing order."""
    found: list[Number] = []
    for x in numbers:
        if any(x == y for y in found):
            continue
        i = next((i for i, y in enumerate(found) if below(x, y)), len(found))
        found.insert(i, x)
    return found


def _by_roots(
    family: FamilyProblem,
    ends: Ends,
    walls: Sequence[Number],
    budget: float | None,
    watch: Stopwatch,
) -> CellProof | None:
    """A checked proof of an interval in coordinates t = c ± r², where branches in √(t − c) are
    polynomials; c a wall."""
    for base in (w for w in walls if isinstance(w, Fraction)):
        left = None if budget is None else budget - watch.seconds
        if left is not None and left <= 0:
            return None
        try:
            found, _ = _interval_proof(family, ends, left and left / 2, base)
        except SingularityLabError:
            continue
        if found is not None:
            return found
    return None


def _prove(
    family: FamilyProblem, ends: Ends, budget: float | None, solve: Any
) -> tuple[CellProof | None, list[Number]]:
    """A checked proof of a cell, or walls that would help."""
    low, high = ends
    try:
        if low is None or low != high:
            return _interval_proof(family, ends, budget)
        if isinstance(low, Fraction):
            cell = _at_value(family, low, budget, solve)
        else:
            assert isinstance(low, AlgebraicNumber)
            proved = _cell(family, resolve_germ(family.at_root(low), budget=budget), False)
            if proved is None:
                return None, []
            cell = proved
        check_cell(family, ends, cell)
    except SingularityLabError:
        return None, []
    return cell, []


def _interval_proof(
    family: FamilyProblem, ends: Ends, budget: float | None, base: Fraction | None = None
) -> tuple[CellProof | None, list[Number]]:
    """A checked proof of an interval, or walls that would help."""
    walls: list[Number] = []
    try:
        found, empty, walls = _on_interval(family, ends, budget, base)
        if not empty and found.lower is not None:  # more is known for each value
            start = family.on_interval(ends, base)
            known = EachReplay(family.parameter).start(start, found.step)
            found = replace(found, lower=known.lower, upper=known.upper)
        cell = _cell(family, found, empty, base)
        if cell is not None:
            check_cell(family, ends, cell)
            return cell, []
        inside = _rational_inside(ends)
        if base is None and inside != ends:
            walls = _on_interval(family, inside, budget, None)[2]
    except SingularityLabError:
        if base is not None:
            raise
    return None, walls


def _rational_inside(ends: Ends) -> Ends:
    """An interval with rational ends that has nearly all of this one."""
    low, high = ends
    bits = 8
    while True:
        a = low.interval(bits)[1] if isinstance(low, AlgebraicNumber) else low
        b = high.interval(bits)[0] if isinstance(high, AlgebraicNumber) else high
        if a is None or b is None or a < b:
            return a, b
        bits *= 2


def _cell(
    family: FamilyProblem, found: Resolution, empty: bool, base: Fraction | None = None
) -> CellProof | None:
    """What a search proves of a cell; None where its bounds do not meet."""
    if empty:
        return CellProof(None, found.step, base)
    if found.lower is None or found.lower != found.upper:
        return None
    scale = 2 if family.problem.is_power_one else 1
    value = RLCT(scale * found.lower.value, found.lower.multiplicity)
    return CellProof(value, found.step, base)


def _at_value(
    family: FamilyProblem, value: Fraction, budget: float | None, solve: Any
) -> CellProof:
    problem = family.at(value)
    try:
        found = solve(problem, budget)
    except OutOfScope:
        return CellProof(None, _OPEN)
    except BadInput:  # no loss: that of |K|
        found = solve(replace(problem, convention="two-sided"), budget)
    return CellProof(found.rlct, found.certificate.proof)


def _on_interval(
    family: FamilyProblem, ends: Ends, budget: float | None, base: Fraction | None
) -> tuple[Resolution, bool, list[Number]]:
    """The search for one open interval; whether K has no zero there; walls that would help."""
    start = family.on_interval(ends, base)
    walls: list[Poly] = []
    symbol = start.names.index(family.parameter)

    def note(
        search: Search, g: Germs, q: Poly, target: RLCT | None, fuel: int
    ) -> SearchOutcome | None:
        """A polynomial in the symbol alone that the search cannot cut along."""
        walls.extend(_eliminated(q, symbol, g.symbol))
        return None

    rules = replace(RESOLVING, splitting=(*SPLITTING, note))
    search = Search.within(rules, budget)
    roots = _squares(family, start, ends) if base is None else None
    g = _germs(start if roots is None else replace(start, gens=tuple(q for _, q in roots)))
    found = search.deepened(budget, lambda: (None, lambda n: search.solve(g, None, n)))
    resolution = Resolution.of(search, found)
    if roots is not None:
        listed = tuple((str(c), str(q)) for c, q in roots)
        step = Squares(squares=(listed,), cases=[resolution.step]).encode()
        lower, upper = (
            v and RLCT(v.value / 2, v.multiplicity) for v in (resolution.lower, resolution.upper)
        )
        resolution = replace(resolution, step=step, lower=lower, upper=upper)
    helping = [] if base is not None else _walls_of(walls, start, ends, family.parameter)
    return resolution, found.empty, helping


def _eliminated(q: Poly, symbol: int, field: int) -> list[Poly]:
    """Polynomials in the symbol where q changes its shape: q itself, leading coefficients and
    discriminants by one variable after another."""
    found, stack = [], [q]
    for _ in range(12):
        if not stack:
            break
        p = stack.pop()
        others = sorted(Generator(p).occurs - {field, symbol})
        if not others:
            if symbol in Generator(p).occurs:
                found.append(p)
            continue
        for i in others[:2]:
            if p.degrees()[i] > 1 and len(p) < 60:
                parts = maps.coefficients(p, i)
                stack += [parts[max(parts)], p.discriminant(i)]
    return found


def _germs(start: Family) -> Germs:
    place = {n: i for i, n in enumerate(start.names)}
    role = {place[n]: r for n, r in start.role.items()}
    positive = {place[n] for n in start.positive}
    last = len(start.names) - 1
    fixed = frozenset(i for i, r in role.items() if r == "unit")
    if start.field is not None:
        role[last] = "unit"
        positive.add(last)
    return Germs(
        names=start.names,
        role=role,
        positive=frozenset(positive),
        k={},
        h={place[n]: e for n, e in start.h.items()},
        gens=tuple(Generator(p) for p in start.gens),
        field=start.field,
        fixed=fixed,
    ).normal()


def _squares(
    family: FamilyProblem, start: Family, ends: Ends
) -> list[tuple[Fraction, Poly]] | None:
    """A loss that is typed as a sum of squares, on the interval: pairs (c, q) with K = Σ c·q²."""
    problem = family.problem
    if problem.convention != "loss":
        return None
    typed = Expression.of(problem.ideal.generators[0]).squares()
    if typed is None:
        return None
    names = problem.variables
    inner = replace(
        problem,
        ideal=Ideal(names, tuple(q.polynomial for _, q in typed)),
        convention="ideal",
    )
    gens = FamilyProblem(inner, family.parameter).on_interval(ends).gens
    i = start.names.index(family.parameter)
    low, high = ends
    one = ring(start.names).constant(1)
    bounded = low is not None and high is not None
    degree = int(problem.ideal.generators[0].flint.degrees()[names.index(family.parameter)])
    found = []
    total = one * 0
    for (c, q), p in zip(typed, gens, strict=True):
        own = int(q.polynomial.flint.degrees()[names.index(family.parameter)])
        power = max(degree // 2 - max(own, 0), 0) if bounded else 0
        root = p * (one + one.context().gen(i)) ** power
        found.append((c, root))
        total += root * root * to_fmpq(c)
    return found if start.reduced(total - start.gens[0]).is_zero() else None


def _walls_of(polys: Sequence[Poly], start: Family, ends: Ends, parameter: str) -> list[Number]:
    """The values of the symbol where polynomials in the coordinate of the interval are 0."""
    low, high = ends
    found: list[Number] = []
    if start.field is not None:
        return found
    if isinstance(low, AlgebraicNumber) or isinstance(high, AlgebraicNumber):
        return found
    i = start.names.index(parameter)
    t, one = ring(start.names).gen(i), ring(start.names).constant(1)
    for q in {str(p): p for p in polys}.values():
        if low is None:
            numerator, denominator = -t + to_fmpq(high or Fraction(0)), one
        elif high is None:
            numerator, denominator = t - to_fmpq(low), one
        else:
            numerator = t - to_fmpq(low)
            denominator = -t + to_fmpq(high)
        moved = maps.pull_back(q, i, numerator, denominator)
        found += [
            r
            for r in roots_of(Polynomial(start.names, moved), parameter)
            if (low is None or below(low, r)) and (high is None or below(r, high))
        ]
    return found
