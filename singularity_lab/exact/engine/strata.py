"""The strata into which a certificate cuts a domain: equations, a real point, the value of each.

A replay of the certificate is observed. As long as its steps split the domain (cells of intervals,
changes of coordinates, a polynomial that is 0 or not), each condition is carried back to the
variables of the problem; what follows proves (λ, m) of the germs of that stratum.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.algebraic import AlgebraicNumber, Number, plus, real_roots, times
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.invariants import RLCT, Bounded, Bounds
from singularity_lab.algebra.polynomial import Polynomial, parse
from singularity_lab.algebra.problem import Interval as Ends
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction, ring, to_fmpq
from singularity_lab.algebra.univariate import univariate
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.resolution import resolve_germ
from singularity_lab.exact.proof.branches import Dehomogenise, Locus, Roots, Split
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.everywhere import Interval, cut
from singularity_lab.exact.proof.family import Family
from singularity_lab.exact.proof.moves import Change, Generators, Nakayama, Nonvanishing, Relax
from singularity_lab.exact.proof.step import Move, Step, Verdict
from singularity_lab.exact.proof.verify import Replay, starting_family, verify
from singularity_lab.system.deadline import TimeLimit, check_time
from singularity_lab.system.floats import approximate

Poly = flint.fmpq_mpoly
Quotient = tuple[Poly, Poly]
_MOVES = (Change, Relax, Nonvanishing, Generators, Nakayama)
_TRIES = 400  # values of free variables in the search for a real point


@dataclass(frozen=True)
class Stratum(Bounded):
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

    def to_json(self) -> dict[str, Any]:
        """Text for every polynomial and number."""
        at = self.point
        pairs = {"lower": self.bounds.lower, "upper": self.bounds.upper}
        return {
            "equations": list(self.equations),
            "inequations": list(self.inequations),
            "sides": list(self.sides),
            "point": None if at is None else {n: str(v) for n, v in at.items()},
            **{
                n: v and {"lambda": str(v.value), "multiplicity": v.multiplicity}
                for n, v in pairs.items()
            },
        }

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
        self.stack: list[tuple[_State | None, Iterator[_State] | None]] = []

    def unknown(self) -> Verdict:
        """A case that a certificate leaves out is a stratum of which nothing is known."""
        children = self.stack[-1][1]
        if children is not None:
            self.found.append((next(children), Verdict()))
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
            if state.bare:  # the zeros of the stratum may not be real
                verdict = Verdict(verdict.lower, None)
            self.found.append((state, verdict))


def _cases(state: _State, family: Family, step: Step) -> list[_State] | None:
    """Where the cases of a step are, if it splits the domain."""
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
                between=(*earlier, (moved[x], low, high)),
            )
        )
    return [*states, state.with_unit(c)]


def _interval(state: _State, family: Family, step: Interval) -> list[_State]:
    x = step.var
    states = []
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


def strata(certificate: Certificate, budget: float = 5.0) -> tuple[Stratum, ...]:
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
        point = None
        with TimeLimit(max(0.2, budget / (1 + len(observer.found)))):
            point = real_point(problem, state)
        if upper is None and point is not None:
            upper = value_at(problem, point)
        sides = [
            f"{_text(top * bottom)} {'>' if s > 0 else '<'} 0" for (top, bottom), s in state.signs
        ]
        found.append(
            Stratum(
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


def value_at(problem: LocalProblem, point: Mapping[str, Number]) -> RLCT | None:
    """(λ, m) of the germ at a point, where it is soon proved; else None."""
    assert problem.over is not None
    local = replace(
        problem, over=None, box=problem.over, point=tuple(point[n] for n in problem.variables)
    )
    try:
        found = resolve_germ(local.localize(algebraic=True), budget=1.0)
        if found.upper is None:
            return None
        scale = 2 if problem.is_power_one else 1
        claim = RLCT(scale * found.upper.value, found.upper.multiplicity)
        verify(Certificate(local, "upper", claim, found.step))
    except SingularityLabError:
        return None
    return claim


# -- a real point ---------------------------------------------------------------------------------


def real_point(problem: LocalProblem, state: _State) -> dict[str, Number] | None:
    """A real point of a stratum, rational if one is found soon; checked exactly."""
    names = problem.variables
    over = dict(zip(names, problem.over or (), strict=True))
    fallback = None
    tried = 0
    eqs = [p for p in state.zero if set(_used(p)) <= set(names)]
    eqs += [g.flint for g in problem.ideal.generators]
    for at in itertools.islice(_solutions(eqs, names, state.units, over), _TRIES):
        tried += 1
        if not _lies(problem, state, at):
            continue
        at = {n: at[n] for n in names}
        if all(isinstance(v, Fraction) for v in at.values()):
            return at
        fallback = fallback or at
        if tried > 60:
            break
    return fallback


def _used(p: Poly) -> list[str]:
    names = p.context().names()
    return [names[i] for i in sorted(maps.occurring(p))]


_VALUES = [Fraction(v) for v in ("1", "2", "-1", "3", "1/2", "-2", "0", "-1/2", "5", "3/2", "-3")]


def _solutions(
    eqs: Sequence[Poly],
    names: tuple[str, ...],
    units: Sequence[Poly],
    over: Mapping[str, Ends],
) -> Iterator[dict[str, Number]]:
    """Points where the equations hold: those in one variable solved, other variables guessed."""

    def walk(eqs: list[Poly], at: dict[str, Number]) -> Iterator[dict[str, Number]]:
        check_time()
        eqs = [p for p in eqs if not p.is_zero()]
        if any(p.is_constant() for p in eqs):
            return
        left = [n for n in names if n not in at]
        if not left:
            yield at
            return
        single = min(
            (p for p in eqs if len(_used(p)) == 1), key=lambda p: p.total_degree(), default=None
        )
        if single is not None:
            (x,) = _used(single)
            for value in _real_zeros(single, x):
                yield from fix(eqs, at, x, value)
            return
        resultant = _eliminated(eqs, left)
        if resultant is not None:
            yield from walk([*eqs, resultant], at)
            return
        counts = {n: sum(p.degrees()[names.index(n)] for p in eqs) for n in left}
        free = [n for n in left if not counts[n]]
        x = free[0] if free else max(left, key=lambda n: counts[n])
        low, high = over[x]
        inside = [v for v in (low, high) if v is not None]
        if low is not None and high is not None:
            inside = [(low + high) / 2, *inside]
        values = [
            v
            for v in (*_VALUES, *inside)
            if (low is None or v >= low) and (high is None or v <= high)
        ]
        for value in values:
            yield from fix(eqs, at, x, value)

    def fix(
        eqs: list[Poly], at: dict[str, Number], x: str, value: Number
    ) -> Iterator[dict[str, Number]]:
        i = names.index(x)
        if isinstance(value, Fraction):
            there = [_at(p, i, to_fmpq(value)) for p in eqs]
            if any(_at(u, i, to_fmpq(value)).is_zero() for u in units if len(_used(u)) == 1):
                return
            yield from walk(there, {**at, x: value})
            return
        # the others by elimination with the minimal polynomial; wrong choices are found out later
        minimal = Polynomial(names, _univariate(value, i, names)).flint
        there = [p if i not in maps.occurring(p) else p.resultant(minimal, x) for p in eqs]
        yield from walk([p for p in there if not p.is_zero()], {**at, x: value})

    context = ring(names)
    yield from walk([p.project_to_context(context) for p in eqs], {})


def _eliminated(eqs: Sequence[Poly], left: Sequence[str]) -> Poly | None:
    """The resultant of two equations in two variables, in one of them."""
    pairs = [p for p in eqs if len(_used(p)) == 2]
    for p, q in itertools.combinations(pairs, 2):
        if _used(p) == _used(q) and max(p.total_degree(), q.total_degree()) <= 8:
            for x in _used(p):
                found = p.resultant(q, x)
                if not found.is_zero():
                    return found
    return None


def _univariate(value: AlgebraicNumber, i: int, names: tuple[str, ...]) -> Poly:
    x = ring(names).gen(i)
    total = ring(names).constant(0)
    for e, c in enumerate(value.coefficients):
        total += c * x**e
    return total


def _at(p: Poly, i: int, value: flint.fmpq) -> Poly:
    return maps.compose(p, {i: p.context().constant(value)}) if i in maps.occurring(p) else p


def _real_zeros(p: Poly, x: str) -> list[Number]:
    found: list[Number] = []
    names = tuple(p.context().names())
    for q, _ in factor(p)[1]:
        dense = univariate(Polynomial(names, q), x)
        if dense.degree() == 1:
            found.append(fraction(-dense[0] / dense[1]))
        elif dense.degree() <= 12:
            found += real_roots(dense)
    return sorted(found, key=lambda v: (isinstance(v, AlgebraicNumber), -approximate(v)))


def _value(p: Poly, at: Mapping[str, Number]) -> Number:
    """An exact value, by the arithmetic of algebraic numbers."""
    total: Number = Fraction(0)
    names = p.context().names()
    for a, c in p.to_dict().items():
        check_time()
        term: Number = fraction(c)
        for n, e in zip(names, a, strict=True):
            for _ in range(int(e)):
                term = times(term, at[n])
        total = plus(total, term)
    return total


def _lies(problem: LocalProblem, state: _State, at: Mapping[str, Number]) -> bool:
    """Is the point on the stratum? Decided exactly; conditions with the symbol of a field are
    left to those that singled out the root."""
    names = set(problem.variables)
    for n, (low, high) in zip(problem.variables, problem.over or (), strict=True):
        if (low is not None and at[n] < low) or (high is not None and at[n] > high):
            return False
    try:
        eqs = [p for p in state.zero if set(_used(p)) <= names]
        gens = [g.flint for g in problem.ideal.generators]
        if any(_value(p, at) != 0 for p in (*gens, *eqs) if not p.is_constant()):
            return False
        units = (*state.units, *state.apart)
        if any(_value(p, at) == 0 for p in units if set(_used(p)) <= names):
            return False
        for (top, bottom), s in state.signs:
            if not {*_used(top), *_used(bottom)} <= names:
                return False
            there = _value(top * bottom, at)
            if there == 0 or (there > 0) != (s > 0):
                return False
        for (top, bottom), low, high in state.between:
            if not {*_used(top), *_used(bottom)} <= names:
                return False
            b = _value(bottom, at)
            there = _value(top, at)
            if b == 0:
                return False
            if isinstance(there, Fraction) and isinstance(b, Fraction):
                within = low <= there / b <= high
            else:
                at_b = approximate(there) / (approximate(b) or 1e-300)
                within = approximate(low) <= at_b <= approximate(high)
            if not within:
                return False
    except SingularityLabError:
        return False
    return True
