"""Coordinates in which a germ is shorter: forms that recur in it are made variables.

λ and m do not depend on coordinates, the search does. Sums as they were typed become variables at
once (step ``functions``). Of an expanded germ the forms offered are factors of the generators, and
the linear factors of the lowest terms of these; each change is linear in the variable that it
replaces (step ``change``). A few best changes are kept at each turn (beam search), and the shortest
germ that is met is the answer.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.expression import Expression, Node
from singularity_lab.algebra.factoring import factor_if_quick
from singularity_lab.algebra.jacobians import differential
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import Germ, LocalProblem
from singularity_lab.exact.engine.germs import LOCAL, Generator, Germs
from singularity_lab.exact.engine.limits import (
    BEAM,
    MOVED_GENERATORS,
    MOVED_TERMS,
    MOVED_VARIABLES,
    TYPED_SUMS,
)
from singularity_lab.exact.engine.slices import slice_germ
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.slices import Functions
from singularity_lab.system.deadline import check_time

Poly = flint.fmpq_mpoly


def typed_coordinates(problem: LocalProblem, g: Germs) -> tuple[Germs, Script] | None:
    """The germ in the sums as they were typed, where these can be coordinates near the point: of
    all choices of such sums the one that leaves the germ shortest. None where none shortens it.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> problem = LocalProblem.build("(x + y*z)^2 - (y + x*z)^3*z")
    >>> found = typed_coordinates(problem, Germs.of(problem.localize()))
    >>> print(found[0].gens[0].poly)
    -y^3*z + x^2
    """
    typed = [f for f in problem.ideal.generators if f.typed]
    if len(typed) < len(g.gens) or len(g.role) != len(problem.variables) or g.field is not None:
        return None
    point = problem.rational_point
    values = [x + _rational(c) for x, c in zip(g.variables, point, strict=True)]
    one = g.context.constant(1)
    trees = [Expression.of(f).tree for f in typed]
    factor = g.monomial(g.k)
    if [evaluate(t, values, one) for t in trees] != [factor * f.poly for f in g.gens]:
        return None
    sums = {node: evaluate(node, values, one) for tree in trees for node in _sums(tree)}
    smooth = {n: p for n, p in sums.items() if _is_smooth(g, p)}
    nodes = sorted(smooth, key=lambda n: len(smooth[n]))[:TYPED_SUMS]
    best: tuple[tuple[int, int], Germs, Script] | None = None
    for size in range(1, min(len(nodes), len(g.role)) + 1):
        for chosen in itertools.combinations(nodes, size):
            check_time()
            found = _in_sums(g, trees, {n: smooth[n] for n in chosen}, values, one)
            if found is not None and (best is None or _size(found[0]) < best[0]):
                best = (_size(found[0]), *found)
    return None if best is None or best[0] >= _size(g) else best[1:]


def _rational(c: Fraction) -> flint.fmpq:
    return flint.fmpq(c.numerator, c.denominator)


def _sums(node: Node) -> Iterator[Node]:
    if node[0] == "sum":
        yield node
    parts = node[1] if node[0] in ("sum", "product") else node[1:2] if node[0] == "power" else ()
    for part in parts:
        yield from _sums(part)


def _is_smooth(g: Germs, p: Poly) -> bool:
    """True if p has a linear term in a free variable."""
    return any(g.is_free(i) for i in differential(p, g.locals))


def evaluate(
    node: Node, values: Sequence[Any], one: Any, known: Mapping[Node, Any] | None = None
) -> Any:
    """The value of a tree where some of its nodes have known values."""
    if known and node in known:
        return known[node]
    kind = node[0]
    if kind == "number":
        return one * _rational(node[1])
    if kind == "variable":
        return values[node[1]]
    if kind == "power":
        return evaluate(node[1], values, one, known) ** node[2]
    parts = [evaluate(part, values, one, known) for part in node[1]]
    total = parts[0]
    for part in parts[1:]:
        total = total + part if kind == "sum" else total * part
    return total


def _in_sums(
    g: Germs, trees: Sequence[Node], chosen: Mapping[Node, Poly], values: Sequence[Any], one: Any
) -> tuple[Germs, Script] | None:
    """The germ with these sums as variables, where their differentials are independent by
    variables that do not occur outside of them."""
    marks = {n: one * 0 for n in chosen}
    outside = maps.occurring(*(evaluate(t, values, one, marks) for t in trees))
    # a variable that is lost where the sums are 0 may still occur beside them
    outside |= maps.occurring(*(evaluate(t, values, one, {n: one for n in chosen}) for t in trees))
    able = [i for i in g.locals if g.is_free(i) and i not in outside]
    slopes = [differential(p, able) for p in chosen.values()]
    places: list[int] = []
    rows = [{i: maps.constant_term(c) for i, c in row.items()} for row in slopes]
    for row in rows:
        pivot = next((i for i, c in row.items() if c != 0), None)
        if pivot is None:
            return None
        places.append(pivot)
        for other in rows:
            if other is not row and other.get(pivot, 0) != 0:
                q = other[pivot] / row[pivot]
                for i, c in row.items():
                    other[i] = other.get(i, flint.fmpq(0)) - q * c
    order = _paired(chosen, places)
    known = {
        n: g.variables[i] + maps.constant_term(p)
        for (n, p), i in zip(chosen.items(), order, strict=True)
    }
    factor = g.monomial(g.k)
    parts = [divmod(evaluate(t, values, one, known), factor) for t in trees]
    if not all(rest.is_zero() for _, rest in parts):
        return None
    gens = [p for p, _ in parts]
    functions = {i: p - maps.constant_term(p) for p, i in zip(chosen.values(), order, strict=True)}
    if [g.compose(p, functions) for p in gens] != [f.poly for f in g.gens]:
        return None
    step = Functions(
        functions={g.names[i]: str(p) for i, p in functions.items()},
        gens=tuple(map(str, gens)),
    ).encode()
    return g.but(gens=tuple(map(Generator, gens))).normal(), step


def _paired(chosen: Mapping[Node, Poly], places: Sequence[int]) -> list[int]:
    """The places in an order that gives each sum, where it can, a variable that it has."""
    left, order = list(places), []
    for p in chosen.values():
        own = [i for i in left if i in maps.occurring(p)]
        i = own[0] if own else left[0]
        left.remove(i)
        order.append(i)
    return order


def better_coordinates(g: Germs) -> tuple[Germs, list[Script]] | None:
    """The germ in coordinates in which it is shorter, with the steps that lead there; None where
    none are found."""
    if g.params or g.unit_variables or g.field is not None or g.signs:
        return None
    start = _size(g)
    beam: list[tuple[tuple[int, int], Germs, list[Script]]] = [(start, g, [])]
    best = beam[0]
    for _ in range(2 * len(g.role)):
        found = []
        for _, h, steps in beam:
            for i, form in _forms(h):
                check_time()
                rest, one = maps.at_zero(form, {i}), h.context.constant(1)
                moved, step = h.change(i, h.variables[i] - rest, one)
                if sum(len(f.poly) for f in moved.gens) > MOVED_TERMS:
                    continue
                found.append((_size(moved), moved, [*steps, step]))
        if not found:
            break
        found.sort(key=lambda entry: (entry[0], len(entry[2])))
        beam, seen = [], []
        for entry in found:
            gens = [f.poly for f in entry[1].gens]
            if gens not in seen:
                seen.append(gens)
                beam.append(entry)
            if len(beam) == BEAM:
                break
        if beam[0][0] < best[0]:
            best = beam[0]
        elif len(beam[0][2]) > len(best[2]) + 1:
            break
    return (best[1], best[2]) if best[0] < start else None


def _size(g: Germs) -> tuple[int, int]:
    """How far the factors of the generators are from variables."""
    cost = sum(e * Generator(p).cost for f in g.gens for p, e in f.factors)
    return cost, sum(len(f.poly) for f in g.gens)


def _forms(g: Germs) -> Iterator[tuple[int, Poly]]:
    """Variables with forms that may replace them: smooth, linear in the variable with a constant
    coefficient, and not it alone."""
    seen: list[tuple[int, Poly]] = []
    for p in _factors(g):
        if len(p) < 2 or maps.constant_term(p) != 0:
            continue
        for i in sorted(maps.occurring(p)):
            if g.role.get(i) != LOCAL or not g.is_free(i) or int(p.degrees()[i]) != 1:
                continue
            slope = p.derivative(i)
            if slope.is_constant() and (i, form := p / slope.leading_coefficient()) not in seen:
                seen.append((i, form))
                yield i, form


def _factors(g: Germs) -> Iterator[Poly]:
    """Factors of the generators, and of the lowest terms of these; of forms of degree 2 the
    derivatives."""
    for f in g.gens:
        for p, _ in f.factors:
            yield p
            low = min(map(sum, p.monoms()))
            lowest = g.context.from_dict({a: c for a, c in p.to_dict().items() if sum(a) == low})
            if len(lowest) < len(p) or low > 1:
                parts = [q for q, _ in factor_if_quick(lowest)[1]]
                yield from parts
                for q in parts:  # to complete squares
                    if q.total_degree() == 2:
                        yield from (d for i in g.locals if not (d := q.derivative(i)).is_zero())


def shorter_problem(problem: LocalProblem, germ: Germ) -> tuple[LocalProblem, list[Script]] | None:
    """The germ as another problem at the origin: in the sums as typed, in fewer variables where it
    is a product, in coordinates in which it is shorter; with the steps that lead there. Monomials
    are in their coordinates."""
    if all(len(f.flint) == 1 for f in germ.generators):
        return None
    if germ.field is not None or len(germ.generators) > MOVED_GENERATORS:
        return None
    if sum(len(f.flint) for f in germ.generators) > MOVED_TERMS:
        return None
    g, steps = Germs.of(germ), list[Script]()
    if len(problem.variables) <= MOVED_VARIABLES and not problem.inequalities:
        typed = typed_coordinates(problem, g)
        if typed is not None:
            g, steps = typed[0], [typed[1]]
    while True:
        found = slice_germ(g)
        if found is not None:
            g, steps = found[0], [*steps, found[1]]
        short = better_coordinates(g) if len(g.role) <= MOVED_VARIABLES else None
        if short is not None:
            g, steps = short[0], steps + short[1]
        if short is None or not g.gens:
            break
    if not steps:
        return None
    names = tuple(g.names[i] for i in sorted(g.role))
    factor = g.monomial(g.k)
    gens = [Polynomial(g.names, factor * f.poly).in_ring(names) for f in g.gens]
    shorter = LocalProblem.build(
        gens,
        names,
        prior={g.names[i]: e for i, e in g.h.items()},
        nonnegative=[g.names[i] for i in sorted(g.positive & g.role.keys())],
        convention=problem.convention,
    )
    return shorter, steps
