"""The strata into which a certificate cuts a domain: equations, a real point, the value of each.

A replay of the certificate is observed. As long as its steps split the domain (cells of intervals,
changes of coordinates, a polynomial that is 0 or not), each condition is carried back to the
variables of the problem; what follows proves (λ, m) of the germs of that stratum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import flint

from singularity_lab.algebra.algebraic import Number
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT, Bounded, Bounds
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.answer_documents import PairDocument, StratumDocument
from singularity_lab.exact.engine.products import factors_of, resolve_product
from singularity_lab.exact.engine.real_points import Conditions, is_empty, real_point
from singularity_lab.exact.engine.resolution import resolve_germ
from singularity_lab.exact.proof.branches import Both, Dehomogenise, Locus, Roots, Split, Squares
from singularity_lab.exact.proof.certificate import Certificate, Script
from singularity_lab.exact.proof.everywhere import Interval, Point, cut
from singularity_lab.exact.proof.family import Family
from singularity_lab.exact.proof.moves import (
    Change,
    Dominant,
    Generators,
    Nakayama,
    Nonvanishing,
    Relax,
)
from singularity_lab.exact.proof.step import Move, Step, Verdict
from singularity_lab.exact.proof.verify import Replay, starting_family, verify
from singularity_lab.system.deadline import TimeLimit

Poly = flint.fmpq_mpoly
Quotient = tuple[Poly, Poly]
_MOVES = (Change, Relax, Nonvanishing, Generators, Nakayama, Dominant)


@dataclass(frozen=True)
class DomainStratum(Bounded):
    """The zeros of K with these equations = 0 and these inequations ≠ 0, within these sides.

    bounds: of the least (λ, m) over its points. point: a real point on it, or None if none was
    found: where the value is exact, there is one.
    """

    equations: tuple[str, ...]
    inequations: tuple[str, ...]
    sides: tuple[str, ...]
    point: Mapping[str, Number] | None
    bounds: Bounds

    @property
    def where(self) -> str:
        """The conditions in one line."""
        parts = [f"{e} = 0" for e in self.equations] + [f"{e} != 0" for e in self.inequations]
        return ", ".join([*parts, *self.sides]) or "everywhere"

    def document(self) -> StratumDocument:
        """Text for every polynomial and number."""
        at = self.point
        return StratumDocument(
            equations=tuple(self.equations),
            inequations=tuple(self.inequations),
            sides=tuple(self.sides),
            point=None if at is None else {n: str(v) for n, v in at.items()},
            lower=PairDocument.of(self.bounds.lower),
            upper=PairDocument.of(self.bounds.upper),
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        at = self.point
        shown = "" if at is None else " at " + ", ".join(f"{n} = {v}" for n, v in at.items())
        value = str(self.rlct) if self.exact else str(self.bounds)
        return f"{value} on {{{self.where}}}{shown}"


@dataclass(frozen=True)
class _State:
    """Where a branch of the proof is: its variables as quotients in those of the problem, the
    polynomials that are 0 and those that are not."""

    quotients: Mapping[str, Quotient]
    zero: tuple[Poly, ...] = ()
    units: tuple[Poly, ...] = ()
    sides: tuple[str, ...] = ()
    between: tuple[tuple[Quotient, Fraction, Fraction], ...] = ()
    signs: tuple[tuple[Quotient, int], ...] = ()
    apart: tuple[Poly, ...] = ()
    bare: bool = False
    last: bool = False
    halved: int = 0  # how often λ of the family is to be halved

    def of(self, p: Poly, names: Sequence[str]) -> Quotient:
        """A polynomial in the current variables."""
        context = next(iter(self.quotients.values()))[0].context()
        degrees = [int(d) for d in p.degrees()]
        total, bottom = context.constant(0), context.constant(1)
        pairs = [self.quotients.get(n) for n in names]
        for pair, d in zip(pairs, degrees, strict=True):
            if d:
                assert pair is not None
                bottom *= pair[1] ** d
        for a, c in p.to_dict().items():
            term = context.constant(c)
            for pair, e, d in zip(pairs, a, degrees, strict=True):
                if d:
                    assert pair is not None
                    term *= pair[0] ** int(e) * pair[1] ** (d - int(e))
            total += term
        return _lowest(total, bottom)

    def with_zero(self, q: Quotient) -> _State:
        p = self._prime(q[0])
        return self._but(zero=self.zero if p.is_constant() else (*self.zero, p))

    def with_unit(self, q: Quotient) -> _State:
        p = self._prime(q[0])
        return self._but(units=self.units if p.is_constant() else (*self.units, p))

    @property
    def conditions(self) -> Conditions:
        """What singles out the stratum."""
        return Conditions(self.zero, self.units, self.apart, self.signs, self.between)

    def _prime(self, p: Poly) -> Poly:
        """The product of the factors that are not known to be units."""
        known = {str(q / q.leading_coefficient()) for u in self.units for q, _ in factor(u)[1]}
        left = p.context().constant(1)
        for q, _ in factor(p)[1] if not p.is_constant() else []:
            if str(q / q.leading_coefficient()) not in known:
                left *= q
        return left

    def _but(self, **changes: Any) -> _State:
        fields: dict[str, Any] = {n: getattr(self, n) for n in _State.__match_args__}
        return _State(**{**fields, **changes})

    def change(self, step: Change, family: Family) -> _State:
        """x = (a·x' + r)/c, so x' = (c·x − r)/a."""
        x, i = step.var, family.names.index(step.var)
        numerator, c = family.read(step.num), family.read(step.den)
        a = numerator.derivative(i)
        r = numerator - a * family.gen(x)
        names = family.names
        (an, ad), (cn, cd), (rn, rd) = (self.of(p, names) for p in (a, c, r))
        xn, xd = self.quotients[x]
        top, bottom = (cn * xn * rd - rn * cd * xd) * ad, cd * xd * rd * an
        return self._but(quotients={**self.quotients, x: _lowest(top, bottom)})


def _lowest(top: Poly, bottom: Poly) -> Quotient:
    common = top.gcd(bottom)
    return top / common, bottom / common


class _Observer(Replay):
    """Collects the strata of a replay."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self.names = names
        self.found: list[tuple[_State, Verdict]] = []
        self.stack: list[tuple[_State | None, Iterator[_State | None] | None]] = []

    def unknown(self) -> Verdict:
        """A case that a certificate leaves out is a stratum of which nothing is known."""
        children = self.stack[-1][1]
        state = None if children is None else next(children)
        if state is not None:
            self.found.append((state, Verdict()))
        return super().unknown()

    def enter(self, moves: Sequence[Move], family: Family, step: Step, where: str) -> None:
        if self.stack:
            children = self.stack[-1][1]
            state = None if children is None else next(children)
        else:
            gens = ring(self.names).gens()
            one = ring(self.names).constant(1)
            state = _State({n: (x, one) for n, x in zip(self.names, gens, strict=True)})
        if state is None:
            self.stack.append((None, None))
            return
        if not state.last and all(isinstance(move, _MOVES) for move in moves):
            for move in moves:
                if isinstance(move, Change):
                    state = state.change(move, family)
            states = _cases(state, family, step)
            if states is not None:
                self.stack.append((None, iter(states)))
                return
        self.stack.append((state, None))

    def leave(self, known: Verdict) -> None:
        verdict = known
        state, _ = self.stack.pop()
        if state is not None and not verdict.empty:
            lower, upper = (
                v and RLCT(v.value / 2**state.halved, v.multiplicity)
                for v in (verdict.lower, verdict.upper)
            )
            # the zeros of the stratum may not be real
            verdict = Verdict(lower, None if state.bare else upper)
            self.found.append((state, verdict))


def _cases(state: _State, family: Family, step: Step) -> Sequence[_State | None] | None:
    """Where the cases of a step are, if it splits the domain; None for a case that is no part."""
    if isinstance(step, Both) and isinstance(step.cases[1], Mapping):
        return [state, None] if step.cases[1].get("op") == "point" else None
    if isinstance(step, Squares):
        return [state._but(halved=state.halved + 1)]
    if isinstance(step, Split):
        return _split(state, step)
    if isinstance(step, Locus):
        return _locus(state, family, step)
    if isinstance(step, Roots):
        return _roots(state, family, step)
    if isinstance(step, Interval):
        return _interval(state, family, step)
    if isinstance(step, Dehomogenise) and len(step.cases) == 2:
        q = state.quotients[step.var]
        return [state._but(signs=(*state.signs, (q, s)), last=True) for s in (1, -1)]
    return None


def _split(state: _State, step: Split) -> list[_State]:
    q = state.quotients[step.var]
    both = [state.with_zero(q), state.with_unit(q)]
    return both if len(step.cases) == 2 else both[1:]


def _locus(state: _State, family: Family, step: Locus) -> list[_State]:
    f, by = family.read(step.poly), step.by
    q = state.of(family.at_stratum(f), family.names)
    kept = {n: v for n, v in state.quotients.items() if n not in by[1:]}
    on = state.with_zero(q)._but(quotients={**kept, by[0]: state.of(f, family.names)})
    _, combine = step.replay(family)
    some = RLCT(Fraction(1), 1)
    if combine([Verdict(some, some), Verdict(empty=True)]).upper is None:
        on = on._but(bare=True)
    return [on, state.with_unit(q)]


def _roots(state: _State, family: Family, step: Roots) -> list[_State]:
    """All roots have their case, or none: a condition vanishes at one if c divides it."""
    x, c = step.var, state.of(family.read(step.poly), family.names)
    states = []
    for root in step.roots if len(step.cases) > 1 else []:
        symbol = root["symbol"]
        names = (*state.quotients[x][0].context().names(), symbol)
        context = ring(names)

        def there(p: Poly, context: Any = context) -> Poly:
            return p.project_to_context(context)

        moved = {n: (there(a), there(b)) for n, (a, b) in state.quotients.items()}
        low, high = map(fraction, root["between"])
        top, bottom = moved[x]
        own = _lowest(top - parse(root["value"], names).flint * bottom, bottom)
        itself = (context.gen(len(names) - 1), context.constant(1))
        earlier = (((there(p), there(q)), a, b) for (p, q), a, b in state.between)
        states.append(
            _State(
                quotients={**moved, x: own, symbol: itself},
                zero=(*map(there, state.zero), there(c[0])),
                units=tuple(map(there, state.units)),
                sides=state.sides,
                apart=tuple(map(there, state.apart)),
                signs=tuple(((there(p), there(q)), s) for (p, q), s in state.signs),
                bare=state.bare,
                halved=state.halved,
                between=(*earlier, (moved[x], low, high)),
            )
        )
    return [*states, state.with_unit(c)]


def _interval(state: _State, family: Family, step: Interval) -> list[_State]:
    x = step.var
    states = []
    if step.open:
        top, bottom = state.quotients[x]
        low, high = family.within[x]
        sides = [f"{x} > {low}"] * (low is not None) + [f"{x} < {high}"] * (high is not None)
        ends = [(-to_fmpq(v) * bottom + top, v) for v in (low, high) if v is not None]
        apart = tuple(p for p, _ in ends)
        states.append(
            state._but(sides=(*state.sides, *sides), apart=(*state.apart, *apart), bare=True)
        )
        for p, v in ends:
            own: Quotient = (p if v == low else -p, bottom)
            moved = state._but(quotients={**state.quotients, x: own})
            states.append(moved.with_zero((p, bottom)))
        return states
    for (low, high), end in cut(family.within[x], bool(family.h.get(x))):
        top, bottom = state.quotients[x]
        a, b = (None if v is None else top - to_fmpq(v) * bottom for v in (low, high))
        if b is None:
            q, side = (a, bottom), f"{x} >= {low}"
        elif a is None:
            q, side = (-b, bottom), f"{x} <= {high}"
        elif end:
            q, side = (-b, bottom), ""
        else:
            q, side = (a, -b), f"{low} <= {x} < {high}"
        cell = state._but(
            quotients={**state.quotients, x: q}, sides=(*state.sides, *([side] if side else []))
        )
        if end:
            assert b is not None
            cell = cell.with_zero((b, bottom))
        elif b is not None and a is not None:
            cell = cell._but(apart=(*cell.apart, b))
        states.append(cell)
    return states


def strata(certificate: Certificate, budget: float = 5.0) -> tuple[DomainStratum, ...]:
    """The strata of a certificate over a domain, those of the least (λ, m) first.

    budget: CPU seconds, about, for the search of real points on them.
    """
    problem = certificate.germ
    observer = _Observer(problem.variables)
    observer.start(starting_family(problem), certificate.proof)
    scale = 2 if problem.is_power_one else 1
    found = []
    for state, verdict in observer.found:
        lower, upper = (
            v and RLCT(scale * v.value, v.multiplicity) for v in (verdict.lower, verdict.upper)
        )
        point, share = None, max(0.4, budget / (1 + len(observer.found)))
        kept: list[dict[str, Number]] = []
        with TimeLimit(share):
            point = real_point(problem, state.conditions, kept)
        point = point or next(iter(kept), None)
        if point is None:
            empty = False
            with TimeLimit(share):
                empty = is_empty(problem, state.conditions)
            if empty:
                continue
        if upper is None and point is not None:
            value = value_at(problem, point)
            upper = None if value is None else value.claim
        sides = [
            f"{_text(top * bottom)} {'>' if s > 0 else '<'} 0" for (top, bottom), s in state.signs
        ]
        found.append(
            DomainStratum(
                tuple(dict.fromkeys(map(_text, state.zero))),
                tuple(dict.fromkeys(map(_text, state.units))),
                (*state.sides, *sides),
                point,
                Bounds(lower, upper),
            )
        )
    last = RLCT(Fraction(10**9), 1)
    return tuple(sorted(found, key=lambda s: (s.bounds.upper or last, s.where)))


def _text(p: Poly) -> str:
    return str(Polynomial(tuple(p.context().names()), p))


def value_at(problem: LocalProblem, point: Mapping[str, Number]) -> Certificate | None:
    """A proof of the upper bound by the germ at a point, where it is soon found; else None."""
    assert problem.over is not None
    local = replace(
        problem, over=None, box=problem.over, point=tuple(point[n] for n in problem.variables)
    )
    try:
        factors = factors_of(local)
        known = None if factors is None else resolve_product(local, factors, 0.5)
        if known is None:
            found = resolve_germ(local.localize(algebraic=True), budget=1.0)
            if found.upper is None:
                return None
            known = found.step, found.upper
        step, value = known
        scale = 2 if problem.is_power_one else 1
        certificate = Certificate(
            local, "upper", RLCT(scale * value.value, value.multiplicity), step
        )
        verify(certificate)
    except SingularityLabError:
        return None
    return certificate


def bound_by_points(
    problem: LocalProblem, listed: Iterable[DomainStratum], above: RLCT | None
) -> tuple[RLCT, Script] | None:
    """The least upper bound by germs at rational points of strata, where it is below a known one:
    with a proof for the domain, by its step ``point``."""
    best: tuple[RLCT, Script] | None = None
    for s in listed:
        at, upper = s.point, s.bounds.upper
        if at is None or upper is None or not all(isinstance(v, Fraction) for v in at.values()):
            continue
        if any(known is not None and known <= upper for known in (above, best and best[0])):
            continue
        found = value_at(problem, at)
        if found is not None and (above is None or found.claim < above):
            point = Point(at={n: str(v) for n, v in at.items()}, cases=[found.proof])
            best = (found.claim, point.encode())
    return best
