"""How analytic expressions are brought to polynomials: a search for steps of
:mod:`singularity_lab.exact.proof.analytic`.

In turn: units and multiples of other generators are taken out; smooth factors become coordinates;
tails that lie in the ideal are dropped; a definite form becomes its squares; and else functions are
expanded, to one order after another, one by one or all those of a kind together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.factoring import factor_if_quick
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.tower import Poly
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.definite import (
    definite_forms,
    squares_as_typed,
    squares_of_functions,
)
from singularity_lab.exact.engine.newton import NewtonFailure, newton_step
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.reductions import (
    Coordinates,
    Expand,
    Operate,
    Reduction,
    Stage,
    root_of,
)
from singularity_lab.exact.proof.truncation import (
    Truncate,
    inside,
    least_order,
    spans,
    split_tails,
)
from singularity_lab.system.deadline import check_time

ORDERS = (0, 1, 2, 3, 4, 5, 6, 8)
_OF_A_LOSS = (1, 2, 3, 4, 0, 5, 6, 8)
_TERMS = 4_000
_COLUMNS = 400


@dataclass(frozen=True)
class ReachedStage:
    """A stage with the steps that lead to it."""

    stage: Stage
    steps: tuple[Reduction, ...] = ()

    def after(self, step: Reduction) -> ReachedStage:
        check_time()
        return ReachedStage(step.replay(self.stage), (*self.steps, step))

    @property
    def gens(self) -> tuple[Poly, ...]:
        """The generators of the stage in the ring of today."""
        return tuple(map(self.stage.tower.up, self.stage.gens))


def reduce_to_polynomials(problem: AnalyticProblem) -> ReachedStage | None:
    """Steps from an analytic problem to a polynomial one; None where no proof is found."""
    start = ReachedStage(Stage.of(problem))
    if problem.convention == "loss":
        typed = squares_as_typed(problem)
        first = None if typed is None else _attempt(lambda s: s.after(typed), start)
        for order in ORDERS[:5]:
            found = None if first is None else _solve(first, order, "", 4)
            if found is not None:
                return found
    for order in _OF_A_LOSS if problem.is_power_one else ORDERS:
        for together in ("", "generator", "function"):
            found = _solve(start, order, together, 5)
            if found is not None:
                return found
    return None


def _solve(state: ReachedStage, order: int, together: str, depth: int) -> ReachedStage | None:
    try:
        state = simplified(state)
    except SingularityLabError:
        return None
    if sum(map(len, state.gens)) > _TERMS:
        return None
    for move in (_finished, _smooth_factors, _atom_coordinates, _truncated, _eliminated):
        found = _attempt(move, state)
        if found is None:
            continue
        if move is _finished or move is _truncated:
            return found
        if depth:
            onward = _solve(found, order, together, depth - 1)
            if onward is not None:
                return onward
    if not depth:
        return None
    for found in _definite(state, order):
        for after in ORDERS[:5]:
            onward = _solve(found, after, together, depth - 1)
            if onward is not None:
                return onward
    for found in expanded(state, order, together):
        onward = _solve(found, order, together, depth - 1)
        if onward is not None:
            return onward
    return None


def _attempt(move: Any, state: ReachedStage) -> ReachedStage | None:
    try:
        found: ReachedStage | None = move(state)
    except SingularityLabError:
        return None
    return found


# -- the same ideal -------------------------------------------------------------------------------


def simplified(state: ReachedStage) -> ReachedStage:
    """Generators without unit factors, and without multiples of others."""
    for _ in range(12):
        before = len(state.steps)
        state = _without_units(state)
        state = _reduced(state)
        if len(state.steps) == before:
            break
    return state


def _without_units(state: ReachedStage) -> ReachedStage:
    tower, do = state.stage.tower, list[tuple[str | int, ...]]()
    for i, g in enumerate(state.gens):
        if g.is_zero():
            continue
        for p, e in factor_if_quick(g)[1]:
            if p.is_constant():
                continue
            sign = tower.sign(tower.at_point(p))
            if sign:
                unit = p if sign > 0 else -p
                do += [("div", i, str(unit))] * int(e)
    return state.after(Operate(do=tuple(do))) if do else state


def _reduced(state: ReachedStage) -> ReachedStage:
    gens, do = list(state.gens), list[tuple[str | int, ...]]()
    if len(gens) == 1:
        return state
    i = 0
    while i < len(gens):
        for j in range(len(gens)):
            if i == j or gens[j].is_zero() or gens[i].is_zero():
                continue
            quotient, rest = divmod(gens[i], gens[j])
            if not quotient.is_zero() and len(rest) < len(gens[i]):
                gens[i] = rest
                do.append(("add", i, j, str(-quotient)))
        i += 1
    for i in reversed(range(len(gens))):
        if gens[i].is_zero() and len(gens) > 1:
            do.append(("drop", i))
            del gens[i]
    return state.after(Operate(do=tuple(do))) if do else state


def _finished(state: ReachedStage) -> ReachedStage | None:
    tower = state.stage.tower
    symbols = tower.occurs(*state.gens) - set(state.stage.problem.variables)
    return state if all(root_of(tower, n) is not None for n in symbols) else None


# -- coordinates ----------------------------------------------------------------------------------


def _free(stage: Stage) -> list[str]:
    return [n for n in stage.problem.variables if n not in stage.problem.bound]


def _pivots(stage: Stage, germs: Sequence[Poly], allowed: Sequence[str]) -> list[str] | None:
    """A variable for each germ, such that the Jacobian by these is not 0 at the point."""
    tower = stage.tower
    rows = [[tower.slope(h, x) for x in allowed] for h in germs]
    chosen: list[int] = []
    for k in range(len(rows)):
        pivot = next((j for j, s in enumerate(rows[k]) if s.sign() != 0), None)
        if pivot is None:
            return None
        chosen.append(pivot)
        for other in rows[k + 1 :]:
            factor = other[pivot] / rows[k][pivot]
            if not factor.is_zero:
                for j in range(len(allowed)):
                    other[j] = other[j] - factor * rows[k][j]
    return [allowed[j] for j in chosen]


def _smooth_factors(state: ReachedStage) -> ReachedStage | None:
    """Generators that are products of powers of smooth germs with independent differentials."""
    stage, tower = state.stage, state.stage.tower
    variables = set(stage.problem.variables)
    factored = [factor_if_quick(g) for g in state.gens]
    distinct = {str(p): p for _, fs in factored for p, _ in fs if not p.is_constant()}
    factors = {k: tower.up(p) for k, p in distinct.items()}
    impure = [k for k, p in factors.items() if tower.occurs(p) - variables]
    composite = [k for k, p in factors.items() if maps.position(p) is None]
    for chosen in (impure, composite):
        if not chosen or not impure:
            continue
        kept = {n for k, p in factors.items() if k not in chosen for n in tower.depends(p)}
        allowed = [x for x in _free(stage) if x not in kept]
        found = _pivots(stage, [factors[k] for k in chosen], allowed)
        if found is None:
            continue
        names = dict(zip(chosen, found, strict=True))
        gens = []
        for c, fs in factored:
            g = tower.constant(1) * c
            for p, e in fs:
                g = g * (tower.gen(names[str(p)]) if str(p) in names else tower.up(p)) ** int(e)
            gens.append(str(g))
        by = tuple((names[k], k) for k in chosen)
        return state.after(Coordinates(by=by, gens=tuple(gens)))
    return None


def _atom_coordinates(state: ReachedStage) -> ReachedStage | None:
    """Atoms in place of variables that occur in nothing else."""
    stage, tower = state.stage, state.stage.tower
    atoms = sorted(set().union(*(tower.of_kind(g, "atom") for g in state.gens)))
    direct = {n for n in tower.occurs(*state.gens) if tower.symbols[n].kind == "variable"}
    symbols = tower.of_kind_all(state.gens, "atom", "tail")
    images: dict[str, str] = {}
    for atom in atoms:
        for x in _free(stage):
            others = {v for s in symbols if s != atom for v in tower.symbols[s].on}
            if x in direct | others or x not in tower.symbols[atom].on or x in images.values():
                continue
            if tower.slope(tower.gen(atom), x).sign():
                images[atom] = x
                break
    if not images:
        return None
    by = tuple((x, atom) for atom, x in images.items())
    polys = {atom: tower.gen(x) for atom, x in images.items()}
    gens = tuple(str(tower.substitute(g, polys)) for g in state.gens)
    return state.after(Coordinates(by=by, gens=gens))


def _eliminated(state: ReachedStage) -> ReachedStage | None:
    """A generator that is smooth in a variable, which is eliminated from the others, is one."""
    stage, tower = state.stage, state.stage.tower
    gens = state.gens
    for i, f in enumerate(gens):
        if maps.position(f) is not None:
            continue
        for x in _free(stage):
            if x not in tower.depends(f):
                continue
            try:
                smooth = tower.slope(f, x).sign() != 0
            except SingularityLabError:
                continue
            found = _without(state, i, x) if smooth else None
            if found is not None:
                new = tuple(x if j == i else str(g) for j, g in enumerate(found.gens))
                return found.after(Coordinates(by=((x, str(found.gens[i])),), gens=new))
    return None


def _without(state: ReachedStage, i: int, x: str) -> ReachedStage | None:
    """The state with x eliminated from all generators but i, where that is linear in it."""
    tower, gens = state.stage.tower, list(state.gens)
    others = [j for j, g in enumerate(gens) if j != i and x in tower.depends(g)]
    if not others:
        return state
    place, do = tower.names.index(x), list[tuple[str | int, ...]]()
    parts = maps.coefficients(gens[i], place)
    if set(parts) - {0, 1} or any(x in tower.depends(p) for p in parts.values()):
        return None
    a = parts[1]
    for j in others:
        while gens[j].degrees()[place] > 0:
            d = int(gens[j].degrees()[place])
            top = maps.coefficients(gens[j], place)[d]
            factor = -top * tower.gen(x) ** (d - 1)
            if a.is_constant():
                factor = factor / a.leading_coefficient()
            else:
                do.append(("mul", j, str(a)))
                gens[j] = gens[j] * a
            do.append(("add", j, i, str(factor)))
            gens[j] = tower.reduced(gens[j] + factor * gens[i])
            if len(gens[j]) > _TERMS:
                return None
        if x in tower.depends(gens[j]):
            return None
    return state.after(Operate(do=tuple(do)))


# -- tails ----------------------------------------------------------------------------------------


def _truncated(state: ReachedStage) -> ReachedStage | None:
    """The tails dropped, and a polynomial problem left."""
    tower = state.stage.tower
    kept, tails = split_tails(tower, state.gens)
    variables = set(state.stage.problem.variables)
    rational = tower.occurs(*kept) <= variables
    if not tails or all(k.is_zero() for k in kept) or not rational:
        return None
    members = []
    for r in tails:
        member = _member(state.stage, r, kept)
        if member is None:
            break
        members.append((str(r), *member))
    else:
        found = state.after(Truncate(members=tuple(members)))
        return _finished(simplified(found))
    if any(k.is_zero() for k in kept):
        return None
    order = min(least_order(tower, r) for r in tails)
    for degree in range(1, order + 1):
        if spans(tower, kept, degree):
            return _finished(state.after(Truncate(degree=degree)))
    if inside(tower, kept, tails):
        found = state.after(Truncate(interior=True))
        return found if by_polyhedron(found.stage) is not None else None
    return None


def by_polyhedron(stage: Stage) -> tuple[Script, RLCT] | None:
    """The proof by the Newton polyhedron of what is left, where there is one."""
    found = newton_step(stage.polynomial().localize(algebraic=True), budget=2.0)
    return None if isinstance(found, NewtonFailure) else found


def _member(stage: Stage, r: Poly, kept: Sequence[Poly]) -> tuple[str, tuple[str, ...]] | None:
    """(u, cofactors) with u·r = Σ a_j T_j, if simply found."""
    tower = stage.tower
    for j, t in enumerate(kept):
        if t.is_zero():
            continue
        common = r.gcd(t)
        unit = t / common
        if tower.sign(tower.at_point(unit)):
            texts = ["0"] * len(kept)
            texts[j] = str(r / common)
            return str(unit), tuple(texts)
    solution = _linear(r, kept)
    if solution is not None:
        return "1", solution
    return None


def _linear(r: Poly, kept: Sequence[Poly]) -> tuple[str, ...] | None:
    """a_j with r = Σ a_j T_j, numbers first, then polynomials whose products have the degree of r
    at most."""
    one = r.context().constant(1)
    columns = [(j, one) for j in range(len(kept))]
    found = _combined(r, kept, columns)
    if found is not None or len(kept) == 1:
        return found
    top = r.total_degree()
    places = sorted(maps.occurring(r, *kept))
    for j, t in enumerate(kept):
        left = top - t.total_degree()
        for k in range(1, left + 1):
            for a in itertools.combinations_with_replacement(places, k):
                powers = {i: a.count(i) for i in set(a)}
                columns.append((j, maps.monomial(r.context(), powers)))
                if len(columns) > _COLUMNS:
                    return None
    return _combined(r, kept, columns) if len(columns) > len(kept) else None


def _combined(
    r: Poly, kept: Sequence[Poly], columns: Sequence[tuple[int, Poly]]
) -> tuple[str, ...] | None:
    """Rational c with r = Σ c·m·T_j over pairs (j, m), collected by j."""
    products = [m * kept[j] for j, m in columns]
    shapes = sorted({a for p in (r, *products) for a in p.monoms()})
    place = {a: i for i, a in enumerate(shapes)}
    n = len(products)
    matrix = flint.fmpq_mat(len(shapes), n + 1)
    for j, p in enumerate((*products, r)):
        for a, c in p.to_dict().items():
            matrix[place[a], j] = c
    reduced, rank = matrix.rref()
    found = [r.context().constant(0)] * len(kept)
    for i in range(rank):
        lead = next(j for j in range(n + 1) if reduced[i, j] != 0)
        if lead == n:
            return None
        j, m = columns[lead]
        found[j] = found[j] + m * reduced[i, n]
    return tuple(map(str, found))


# -- functions ------------------------------------------------------------------------------------


def outer_atoms(stage: Stage, gens: Sequence[Poly]) -> list[str]:
    """The atoms of the generators that are in the argument of no other."""
    tower = stage.tower
    atoms = tower.of_kind_all(gens, "atom")
    nested: set[str] = set()
    left = sorted(atoms)
    while left:
        argument = tower.symbols[left.pop()].argument
        assert argument is not None
        inner = tower.of_kind_all((argument.num, argument.den), "atom") - nested
        nested |= inner
        left += inner
    return sorted(atoms - nested, key=tower.names.index)


def expanded(state: ReachedStage, order: int, together: str) -> Iterator[ReachedStage]:
    """The outer atoms expanded: one by one, or those of a function together, which are in one
    generator, or all."""
    tower, atoms = state.stage.tower, outer_atoms(state.stage, state.gens)
    if not atoms:
        return
    groups: list[tuple[str, ...]] = [(a,) for a in atoms]
    if together:
        kinds: dict[tuple[str, str], list[str]] = {}
        for a in atoms:
            symbol = tower.symbols[a]
            homes = [str(i) for i, g in enumerate(state.gens) if a in tower.occurs(g)]
            home = ",".join(homes) if together == "generator" else ""
            kinds.setdefault((symbol.function, f"{symbol.base}; {home}"), []).append(a)
        groups = [tuple(k) for k in kinds.values()]
        if all(len(k) == 1 for k in groups):
            return
    try:
        for group in groups:
            state = state.after(Expand(atoms=group, order=order))
            if sum(map(len, state.gens)) > _TERMS:
                return
    except SingularityLabError:
        return
    yield state


def _definite(state: ReachedStage, order: int) -> Iterator[ReachedStage]:
    """One generator that is a sum of squares, or a definite form in the arguments of functions or
    in coordinates."""
    if len(state.gens) != 1:
        return
    try:
        step = squares_of_functions(state.stage)
        if step is not None:
            yield state.after(step)
    except SingularityLabError:
        pass
    atoms = outer_atoms(state.stage, state.gens)
    expanded = state
    try:
        for atom in atoms:
            expanded = expanded.after(Expand(atoms=(atom,), order=order))
        if len(expanded.gens[0]) > _TERMS:
            return
        for step in definite_forms(state.stage, expanded.stage, atoms, order):
            yield expanded.after(step)
    except SingularityLabError:
        return
