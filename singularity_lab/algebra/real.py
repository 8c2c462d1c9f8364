"""The search for a proof that real polynomials have no common zero on a product domain, or a zero.

What it returns is evidence in the sense of :mod:`singularity_lab.algebra.evidence`, checked there
without search. In order: sign rules; reduction to the lattice of exponent differences (a
polynomial on a face of dimension e is one in e variables up to a unit); factors; gcds and Sturm's
theorem in one variable; combinations with terms of one sign, by linear programming;
Nullstellensatz and elimination to one variable, by linear algebra of bounded degree; sums of
squares (Gram matrices, exact LDL^T), also modulo the ideal, where the floats of clarabel are a
first guess; Pólya's theorem (1928) on orthants; cases by signs.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

import flint

from singularity_lab.algebra.evidence import (
    SIGNS,
    Domain,
    Evidence,
    Kind,
    check_no_zero,
    check_zero,
    count_roots,
    countable,
    univariate,
)
from singularity_lab.algebra.linear import solve_lp
from singularity_lab.algebra.polynomial import Exponent, Polynomial, fraction, ring
from singularity_lab.deadline import time_left
from singularity_lab.errors import CertificateError

_PRIME = (1 << 61) - 1


@dataclass(frozen=True)
class Zero:
    """A proved common zero on the domain, as data for :func:`evidence.check_zero`."""

    evidence: Evidence

    def __str__(self) -> str:
        if self.evidence["kind"] == "point":
            return f"zero at ({', '.join(self.evidence['point'])})"
        one, other = (f"({', '.join(p)})" for p in self.evidence["points"])
        return f"zero between {one} and {other}"


def no_common_zero(
    polys: Sequence[Polynomial], domain: Domain, budget: float = 2.0
) -> Evidence | Zero | None:
    """Evidence that the polynomials have no common zero on the domain, a proved zero, or None.

    domain: the kind of each variable, all those that occur included. budget: CPU seconds, about.
    What is returned has been checked. Given enough budget the answer is deterministic.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> torus = {"x": "nonzero", "y": "nonzero"}
    >>> print(no_common_zero([parse("x^2 - y^3", "x y")], torus))
    zero at (1, 1)
    >>> no_common_zero([parse("x^2 + x*y + y^2", "x y")], torus)["kind"]
    'torus'
    """
    polys = [p.in_ring(tuple(domain)) for p in polys]
    search = _Search(time.process_time() + min(budget, time_left()))
    live = [p for p in polys if not p.is_zero]
    quick = _sign(live, domain)
    if quick is None:
        zero = find_zero(polys, domain, tries=100)
        if zero is not None:
            return zero
    e = search.decide(list(polys), dict(domain), tuple(range(len(polys))), fresh=True)
    if e is not None:
        check_no_zero(polys, domain, e)
        return e
    return None if search.late() else find_zero(polys, domain, tries=600)


def find_zero(polys: Sequence[Polynomial], domain: Domain, tries: int = 400) -> Zero | None:
    """A common zero at a small rational point of the domain, or by a change of sign; else None.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> print(find_zero([parse("x^2 - 2", "x")], {"x": "positive"}))
    zero between (1) and (2)
    """
    polys = [p.in_ring(tuple(domain)) for p in polys]
    live = [p for p in polys if not p.is_zero]
    occurring = {v for p in live for v in p.used_variables()}
    used = [v for v in domain if v in occurring]
    small = _points([domain[v] for v in used])
    guesses: Iterator[Sequence[Fraction]] = itertools.islice(small, tries)
    signs = itertools.islice(guesses, 2 ** min(len(used), 6))
    if len(live) == 1:
        guesses = itertools.chain(signs, _extreme_points(live[0], used, domain), guesses)
    else:
        linear = _linear_points(live, used, domain, tries // 5)
        guesses = itertools.chain(signs, linear, guesses)
    if live:
        common = live[0].flint
        for p in live[1:]:
            common = common.gcd(p.flint)
        for factor, _ in Polynomial(tuple(domain), common).factor()[1]:
            if len(live) == 1 and factor.degree == live[0].degree:
                break  # irreducible
            zero = find_zero([factor], domain, tries)
            if zero is not None and zero.evidence["kind"] == "sign change":
                zero = Zero({**zero.evidence, "factor": str(factor)})
            if zero is not None:
                check_zero(polys, domain, zero.evidence)
                return zero
    seen: dict[tuple[bool, ...], tuple[bool, list[Fraction]]] = {}
    for values in guesses:
        at = dict(zip(used, values, strict=True))
        point = [at.get(v, Fraction(1)) for v in domain]
        numbers = [flint.fmpq(x.numerator, x.denominator) for x in point]
        first = live[0].flint(*numbers) if live else flint.fmpq(0)
        if first == 0 and all(p.flint(*numbers) == 0 for p in live[1:]):
            zero = Zero({"kind": "point", "point": [str(x) for x in point]})
            check_zero(polys, domain, zero.evidence)
            return zero
        if len(live) == 1 and all(values):
            orthant = tuple(x > 0 for x in values)
            positive, other = seen.setdefault(orthant, (first > 0, point))
            if positive != (first > 0):
                ends = [[str(x) for x in other], [str(x) for x in point]]
                zero = Zero({"kind": "sign change", "points": ends})
                check_zero(polys, domain, zero.evidence)
                return zero
    return None


def _points(kinds: Sequence[Kind]) -> Iterator[tuple[Fraction, ...]]:
    """Small rational points of the domain: signs first, then powers of two and small fractions."""
    choices = [_SIGNED[k] for k in kinds]
    if len(kinds) <= 8:
        yield from itertools.product(*choices)
    dice = random.Random(0)
    if len(kinds) > 8:
        yield (Fraction(1),) * len(kinds)
        yield from (tuple(dice.choice(c) for c in choices) for _ in range(63))
    for turn in itertools.count():
        size = 1 + turn // 100 % 12
        yield tuple(dice.choice(c) * _magnitude(dice, size, turn % 2 == 1) for c in choices)


def _magnitude(dice: random.Random, size: int, power: bool) -> Fraction:
    if power:
        return Fraction(2) ** dice.randint(-size, size)
    return Fraction(dice.randint(1, 2 + size), dice.randint(1, 2 + size // 2))


def _extreme_points(p: Polynomial, used: Sequence[str], domain: Domain) -> Iterator[list[Fraction]]:
    """Points where one outer term of p dominates, in orthants where two of them differ in sign."""
    place = [p.variables.index(v) for v in used]
    terms = [([a[k] for k in place], c) for a, c in p.terms()]
    total = [sum(a[k] for a, _ in terms) for k in range(len(used))]
    # a − centroid is maximised at a alone over the support if a is farthest from the centroid
    outward = [[len(terms) * x - t for x, t in zip(a, total, strict=True)] for a, _ in terms]
    flips = [None, *(k for k, v in enumerate(used) if domain[v] in ("real", "nonzero"))]
    for flip in flips:
        sides: dict[bool, list[list[int]]] = {True: [], False: []}
        for (a, c), w in zip(terms, outward, strict=True):
            sides[(c > 0) != (flip is not None and a[flip] % 2 == 1)].append(w)
        if not sides[True] or not sides[False]:
            continue
        for side in sides.values():
            side.sort(key=lambda w: (-sum(x * x for x in w), w))
            for w in side[:4]:
                g = gcd(*w) or 1
                for power in (1, 2, 4, 8):
                    scale = [Fraction(2) ** max(-200, min(200, power * x // g)) for x in w]
                    yield [-x if k == flip else x for k, x in enumerate(scale)]


def _linear_points(
    polys: Sequence[Polynomial], used: Sequence[str], domain: Domain, tries: int
) -> Iterator[list[Fraction]]:
    """Random values for some variables, then the others from the linear system that is left."""
    place = [polys[0].variables.index(v) for v in used]
    supports = [[[a[k] for k in place] for a in p.support()] for p in polys]
    dice = random.Random(1)
    choices = [_SIGNED[domain[v]] for v in used]
    for _ in range(tries):
        linear: list[int] = []
        for k in dice.sample(range(len(used)), len(used)):
            if all(sum(a[j] for j in (*linear, k)) <= 1 for s in supports for a in s):
                linear.append(k)
        values = [dice.choice(c) * dice.randint(1, 3) for c in choices]
        matrix = flint.fmpq_mat(len(polys), len(linear) + 1)
        for i, p in enumerate(polys):
            for a, (_, c) in zip(supports[i], p.terms(), strict=True):
                rest = c
                for k, e in enumerate(a):
                    if e and k not in linear:
                        rest *= values[k] ** e
                column = next((j for j, k in enumerate(linear) if a[k]), len(linear))
                matrix[i, column] += flint.fmpq(rest.numerator, rest.denominator)
        reduced, rank = matrix.rref()
        table = [[fraction(x) for x in row] for row in reduced.tolist()[:rank]]
        pivots = [next(j for j, x in enumerate(row) if x) for row in table]
        if len(linear) in pivots:
            continue
        for row, pivot in zip(table, pivots, strict=True):
            values[linear[pivot]] = -row[-1] - sum(
                (row[j] * values[linear[j]] for j in range(pivot + 1, len(linear))), Fraction(0)
            )
        if all(
            ("0" if x == 0 else "+" if x > 0 else "-") in SIGNS[domain[v]]
            for v, x in zip(used, values, strict=True)
        ):
            yield values


_SIGNED: dict[Kind, list[Fraction]] = {
    "real": [Fraction(1), Fraction(-1), Fraction(0)],
    "nonzero": [Fraction(1), Fraction(-1)],
    "positive": [Fraction(1)],
    "nonnegative": [Fraction(1), Fraction(0)],
}


# -- the search -------------------------------------------------------------------------------


class _Search:
    """Proof search with a CPU deadline; ``active`` are the indices still worth looking at."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def late(self) -> bool:
        return time.process_time() > self.deadline

    def decide(
        self,
        polys: list[Polynomial],
        domain: dict[str, Kind],
        active: tuple[int, ...],
        fresh: bool = False,
        depth: int = 0,
    ) -> Evidence | None:
        active = tuple(i for i in active if not polys[i].is_zero)
        e = _sign(polys, domain, active)
        if e is not None or not active or depth > 12 or self.late():
            return e
        if fresh:
            step = _torus(polys, domain)
            if step is not None:
                e, images, kinds = step
                inner = self.decide(images, kinds, active, False, depth + 1)
                return None if inner is None else {**e, "then": inner}
        used = {v for i in active for v in polys[i].used_variables()}
        if len(used) == 1:
            return self.one_variable(polys, domain, active, used.pop())
        e = self.factors(polys, domain, active, depth)
        if e is not None or self.late():
            return e if e is None or e["kind"] != "stop" else None
        if len(active) > 1:
            e = _combination(polys, domain, active)
            if e is not None or self.late():
                return e
            e = self.null(polys, domain, active, depth)
            if e is not None or self.late():
                return e
        for i in active:
            e = self.squares(polys, domain, i, depth)
            if e is not None or self.late():
                return e
        if all(domain[v] == "positive" for v in used):
            e = self.polya(polys, domain, active)
            if e is None and not self.late():
                e = self.roots(polys, domain, active, used, depth)
            return e
        e = self.positive(polys, domain, active, used)
        if e is not None or self.late():
            return e
        return self.split(polys, domain, active, used, depth)

    def one_variable(
        self, polys: list[Polynomial], domain: dict[str, Kind], active: tuple[int, ...], v: str
    ) -> Evidence | None:
        """The gcd by Euclid with its cofactors; then Sturm."""
        names = tuple(domain)
        g = univariate(polys[active[0]], v)
        cofactors = {active[0]: flint.fmpq_poly([1])}
        for i in active[1:]:
            g, s, t = g.xgcd(univariate(polys[i], v))
            cofactors = {j: q * s for j, q in cofactors.items()}
            cofactors[i] = t
        constant = g.degree() == 0
        if not constant and (not countable(g) or count_roots(g, domain[v])):
            return None
        end: Evidence = {"kind": "sign" if constant else "sturm"}
        for i in active:
            if univariate(polys[i], v).degree() == g.degree():
                return {**end, "index": i}
        multipliers = [[i, str(_lift(q, v, names))] for i, q in cofactors.items() if q]
        return {"kind": "add", "multipliers": multipliers, "then": {**end, "index": len(polys)}}

    def factors(
        self, polys: list[Polynomial], domain: dict[str, Kind], active: tuple[int, ...], depth: int
    ) -> Evidence | None:
        """Cases by the factors of the polynomial that has fewest; {"kind": "stop"} if stuck."""
        best: tuple[int, tuple[tuple[Polynomial, int], ...]] | None = None
        for i in active:
            _, found = polys[i].factor()
            if len(found) > 1 or found[0][1] > 1:
                if len(found) == 1 or best is None or len(found) < len(best[1]):
                    best = (i, found)
                if len(found) == 1:
                    break
        if best is None:
            return None
        i, found = best
        cases = []
        for q, _ in found:
            rest = (*(j for j in active if j != i), len(polys))
            case = self.decide([*polys, q], domain, rest, len(rest) > 0, depth + 1)
            if case is None:
                return {"kind": "stop"}
            cases.append(case)
        texts = [[str(q), k] for q, k in found]
        return {"kind": "factor", "index": i, "factors": texts, "cases": cases}

    def null(
        self, polys: list[Polynomial], domain: dict[str, Kind], active: tuple[int, ...], depth: int
    ) -> Evidence | None:
        """Σ q_i p_i = a unit monomial, or = a polynomial in one variable, by linear algebra."""
        names = tuple(domain)
        torus = [domain[v] in ("nonzero", "positive") for v in names]
        used = [
            k for k, v in enumerate(names) if any(v in polys[i].used_variables() for i in active)
        ]
        low = max(polys[i].degree for i in active)
        tried: set[str] = set()
        for degree in range(low, low + 9):
            rows = _multiples(polys, active, used, degree)
            if len(rows) > 260 or self.late():
                return None
            for target in (None, *used):
                if target is not None and degree % 2 != low % 2:
                    continue
                for multipliers, total in _eliminate(polys, rows, target, torus):
                    evidence = [[i, str(q)] for i, q in multipliers.items()]
                    more = [*polys, total]
                    if len(total.support()) == 1:
                        end = _sign(more, domain, (len(polys),))
                    else:
                        if str(total) in tried:
                            continue
                        tried.add(str(total))
                        end = self.one_variable(more, domain, (len(polys),), names[target or 0])
                        if end is None:
                            end = self.factors(more, domain, (*active, len(polys)), depth + 1)
                            end = None if end is not None and end["kind"] == "stop" else end
                    if end is not None:
                        return {"kind": "add", "multipliers": evidence, "then": end}
                    if self.late():
                        return None
        return None

    def squares(
        self, polys: list[Polynomial], domain: dict[str, Kind], i: int, depth: int
    ) -> Evidence | None:
        """±p (times a unit) = Σ c q² + terms ≥ 0; then the q's and these terms vanish with p."""
        names = tuple(domain)
        for shift in _parity_shifts(polys[i], domain):
            for sign in (1, -1):
                unit = Polynomial.from_terms({shift: sign}, names)
                found = _gram(polys[i] * unit, domain)
                if found is None:
                    continue
                squares, rest = found
                plain = sign == 1 and not any(shift)
                more = polys if plain else [*polys, polys[i] * unit]
                index = i if plain else len(polys)
                new = [q for _, q in squares]
                new += [Polynomial.from_terms({a: c}, names) for a, c in rest.terms()]
                active = tuple(range(len(more), len(more) + len(new)))
                then = _sign([*more, *new], domain, active)
                if then is None and len(new) > 1:
                    then = self.decide([*more, *new], domain, active, False, depth + 1)
                if then is None:
                    continue
                e: Evidence = {
                    "kind": "squares",
                    "index": index,
                    "squares": [[str(c), str(q)] for c, q in squares],
                    "then": then,
                }
                if not plain:
                    e = {"kind": "add", "multipliers": [[i, str(unit)]], "then": e}
                return e
        return None

    def positive(
        self,
        polys: list[Polynomial],
        domain: dict[str, Kind],
        active: tuple[int, ...],
        variables: set[str],
    ) -> Evidence | None:
        """Σ q_i p_i = a sum of squares, its Gram matrix positive definite: real Nullstellensatz."""
        names = tuple(domain)
        used = [k for k, v in enumerate(names) if v in variables]
        top = max(polys[i].degree for i in active)
        for degree in (top + top % 2, top + top % 2 + 2):
            rows = _multiples(polys, active, used, degree)
            if len(rows) > 150 or len(used) > 4 or self.late():
                return None
            free = [
                {tuple(x + y for x, y in zip(a, m, strict=True)): c for a, c in polys[i].terms()}
                for i, m in rows
            ]
            basis = _half_support({a for f in free for a in f})
            if basis is None or not 0 < len(basis) <= 24:
                return None
            basis.sort(key=lambda b: -sum(b))
            where = _places(basis)
            # a multiple with a term that no product of two basis elements has cannot take part
            inside = [r for r, f in enumerate(free) if all(a in where for a in f)]
            found = _semidefinite({}, [free[r] for r in inside], where, len(basis))
            if found is None:
                continue
            multipliers: dict[int, Polynomial] = {}
            for r, c in zip(inside, found[1], strict=True):
                i, m = rows[r]
                term = Polynomial.from_terms({m: c}, names)
                multipliers[i] = multipliers[i] + term if i in multipliers else term
            total = Polynomial.constant(0, names)
            for i, q in multipliers.items():
                total = total + q * polys[i]
            factors = _ldl(_repair(found[0], dict(total.terms()), where, len(basis)))
            if factors is None or len(factors) < len(basis):
                continue
            squares = [
                (d, Polynomial.from_terms(dict(zip(basis, row, strict=True)), names))
                for d, row in factors
            ]
            # all basis monomials vanish where the squares do: the last square is one of them
            first = len(polys) + 1
            end = _sign([*polys, total, *(q for _, q in squares)], domain, [first + len(basis) - 1])
            if end is not None:
                return {
                    "kind": "add",
                    "multipliers": [[i, str(q)] for i, q in multipliers.items() if not q.is_zero],
                    "then": {
                        "kind": "squares",
                        "index": len(polys),
                        "squares": [[str(c), str(q)] for c, q in squares],
                        "then": end,
                    },
                }
        return None

    def polya(
        self, polys: list[Polynomial], domain: dict[str, Kind], active: tuple[int, ...]
    ) -> Evidence | None:
        """p · (sum of the monomials of p)^N, or p · (1 + Σ x)^N, with all terms of one sign."""
        names = tuple(domain)
        for i in active:
            p = polys[i]
            ends = {a: c > 0 for a, c in p.terms()}
            simplex = Polynomial.constant(1, names)
            for v in p.used_variables():
                simplex = simplex + _variable(v, names)
            full = Polynomial.from_terms({a: 1 for a in ends}, names)
            for base in (simplex, full):
                power = base
                for _ in range(12):
                    if self.late() or len(power.support()) > 3000:
                        break
                    e = _sign([p * power], domain)
                    if e is not None:
                        multipliers = [[i, str(power)]]
                        then = {"kind": "sign", "index": len(polys)}
                        return {"kind": "add", "multipliers": multipliers, "then": then}
                    power = power * base
        return None

    def roots(
        self,
        polys: list[Polynomial],
        domain: dict[str, Kind],
        active: tuple[int, ...],
        used: set[str],
        depth: int,
    ) -> Evidence | None:
        """Positive variables as squares: then sums of squares see the orthant."""
        names = tuple(domain)
        images = {v: _variable(v, names) ** 2 for v in used}
        moved = [p.substitute(images) for p in polys]
        for i in active:
            e = self.squares(moved, domain, i, depth)
            if e is not None:
                return {"kind": "roots", "variables": sorted(used), "then": e}
        return None

    def split(
        self,
        polys: list[Polynomial],
        domain: dict[str, Kind],
        active: tuple[int, ...],
        used: set[str],
        depth: int,
    ) -> Evidence | None:
        """Cases by the sign of a variable, one with odd exponents first."""
        signs: dict[str, dict[str, int]] = {
            "real": {"+": 1, "-": -1, "0": 0},
            "nonzero": {"+": 1, "-": -1},
            "nonnegative": {"+": 1, "0": 0},
        }
        open_variables = [v for v in domain if v in used and domain[v] != "positive"]
        odd = {
            v: sum(a[k] % 2 for i in active for a in polys[i].support())
            for k, v in enumerate(domain)
        }
        v = max(open_variables, key=lambda v: (odd[v], v))
        x = _variable(v, tuple(domain))
        cases = {}
        for name, sign in signs[domain[v]].items():
            moved = [p.substitute({v: x * sign}) for p in polys] if sign != 1 else polys
            kinds: dict[str, Kind] = {**domain, v: "positive"}
            case = self.decide(moved, kinds, active, True, depth + 1)
            if case is None:
                return None
            cases[name] = case
        return {"kind": "split", "variable": v, "cases": cases}


def _sign(
    polys: Sequence[Polynomial], domain: Domain, active: Sequence[int] | None = None
) -> Evidence | None:
    """The sign rule at the first index where it works (by asking the checker)."""
    for i in range(len(polys)) if active is None else active:
        e: Evidence = {"kind": "sign", "index": i}
        try:
            check_no_zero(polys, domain, e)
        except CertificateError:
            continue
        return e
    return None


def _combination(
    polys: Sequence[Polynomial], domain: Domain, active: Sequence[int]
) -> Evidence | None:
    """Numbers c_i (times unit monomials that fix parities) with Σ c_i p_i ≥ 0 term by term."""
    names = tuple(domain)
    parity = [k for k, v in enumerate(names) if domain[v] == "nonzero"]
    rows: list[tuple[int, Exponent]] = []
    for i in active:
        shifts = {
            tuple(a[k] % 2 if k in parity else 0 for k in range(len(names)))
            for a in polys[i].support()
        }
        rows += [(i, shift) for shift in sorted(shifts)]
    table = []
    for i, m in rows:
        table.append(
            {tuple(x + y for x, y in zip(a, m, strict=True)): c for a, c in polys[i].terms()}
        )
    columns = sorted({a for row in table for a in row})
    if len(columns) > 60 or len(rows) > 40:
        return None
    signed, strict = [], []
    for x, a in enumerate(columns):
        kinds = [(domain[v], k) for v, k in zip(names, a, strict=True) if k]
        if all(k % 2 == 0 or kind in ("positive", "nonnegative") for kind, k in kinds):
            signed.append(x)
            if all(kind in ("positive", "nonzero") for kind, _ in kinds):
                strict.append(x)
    # unknowns: c = c⁺ − c⁻, then one slack for each term that may be positive
    size = len(rows)
    lines = []
    for x, a in enumerate(columns):
        line = [row.get(a, Fraction(0)) for row in table]
        slack = [Fraction(-int(x == y)) for y in signed]
        lines.append([*line, *(-c for c in line), *slack])
    lines.append([*[Fraction(0)] * (2 * size), *(Fraction(int(y in strict)) for y in signed)])
    found = solve_lp([0] * len(lines[0]), lines, [0] * len(columns) + [1])
    if found is None:
        return None
    multipliers: dict[int, Polynomial] = {}
    for (i, m), plus, minus in zip(rows, found.x[:size], found.x[size : 2 * size], strict=True):
        if plus != minus:
            term = Polynomial.from_terms({m: plus - minus}, names)
            multipliers[i] = multipliers[i] + term if i in multipliers else term
    return {
        "kind": "add",
        "multipliers": [[i, str(q)] for i, q in multipliers.items()],
        "then": {"kind": "sign", "index": len(polys)},
    }


def _torus(
    polys: Sequence[Polynomial], domain: dict[str, Kind]
) -> tuple[Evidence, list[Polynomial], dict[str, Kind]] | None:
    """The change to coordinates of the lattice of exponent differences; None if it gains nothing.

    The basis is reduced (LLL) and then, modulo 2, in echelon form on the variables of either
    sign: so the image of the domain is exactly the product of the new domains.
    """
    names = tuple(domain)
    used = {v for p in polys for v in p.used_variables()}
    if any(domain[v] not in ("nonzero", "positive") for v in used):
        return None
    differences = []
    for p in polys:
        support = p.support()
        differences += [[x - y for x, y in zip(a, support[0], strict=True)] for a in support[1:]]
    if not differences:
        return None
    basis = [list(map(int, r)) for r in flint.fmpz_mat(differences).hnf().tolist()]
    basis = [r for r in basis if any(r)]
    if len(basis) > 1:
        basis = [list(map(int, r)) for r in flint.fmpz_mat(basis).lll().tolist()]
    rows, start = basis, 0
    for k, v in enumerate(names):
        if domain[v] != "nonzero":
            continue
        pivot = next((i for i in range(start, len(rows)) if rows[i][k] % 2), -1)
        if pivot < 0:
            continue
        rows[start], rows[pivot] = rows[pivot], rows[start]
        for i in range(len(rows)):
            if i != start and rows[i][k] % 2:
                rows[i] = [x - y for x, y in zip(rows[i], rows[start], strict=True)]
        start += 1
    kinds: dict[str, Kind] = {}
    new = tuple(f"t{j + 1}" for j in range(len(rows)))
    for t, row in zip(new, rows, strict=True):
        odd = [v for v, k in zip(names, row, strict=True) if k % 2]
        kinds[t] = "positive" if all(domain[v] == "positive" for v in odd) else "nonzero"
    columns = _pivot_columns(rows)
    square = flint.fmpq_mat(flint.fmpz_mat([[r[k] for k in columns] for r in rows])).inv()
    images = []
    for p in polys:
        terms: dict[Exponent, Fraction] = {}
        for a, c in p.terms():
            base = p.support()[0]
            d = flint.fmpq_mat(1, len(columns), [a[k] - base[k] for k in columns])
            solved = d * square
            terms[tuple(int(solved[0, j].p) for j in range(len(rows)))] = c
        lows = [min(x[j] for x in terms) for j in range(len(rows))] if terms else []
        moved = {tuple(x - m for x, m in zip(k, lows, strict=True)): c for k, c in terms.items()}
        images.append(Polynomial.from_terms(moved, new))
    before = sum(p.degree for p in polys)
    after = sum(p.degree for p in images)
    if (
        len(new) == len(used)
        and after >= before
        and sum(k == "positive" for k in kinds.values())
        <= sum(domain[v] == "positive" for v in used)
    ):
        return None
    e: Evidence = {
        "kind": "torus",
        "variables": list(new),
        "vectors": rows,
        "images": [str(p) for p in images],
    }
    return e, images, kinds


def _pivot_columns(rows: Sequence[Sequence[int]]) -> list[int]:
    reduced, _, rank = flint.fmpz_mat([list(r) for r in rows]).rref()
    table = reduced.tolist()
    return [next(k for k, x in enumerate(table[i]) if x != 0) for i in range(rank)]


def _multiples(
    polys: Sequence[Polynomial], active: Sequence[int], used: Sequence[int], degree: int
) -> list[tuple[int, Exponent]]:
    """The pairs (i, m) with deg(x^m p_i) ≤ degree, m in the used variables."""
    rows = []
    n = len(polys[0].variables)
    for i in active:
        for m in _monomials(len(used), degree - polys[i].degree):
            exponent = [0] * n
            for k, e in zip(used, m, strict=True):
                exponent[k] = e
            rows.append((i, tuple(exponent)))
            if len(rows) > 300:
                return rows
    return rows


def _monomials(n: int, degree: int) -> Iterator[Exponent]:
    if degree < 0:
        return
    if n == 0:
        yield ()
        return
    for e in range(degree + 1):
        for rest in _monomials(n - 1, degree - e):
            yield (e, *rest)


def _eliminate(
    polys: Sequence[Polynomial],
    rows: Sequence[tuple[int, Exponent]],
    target: int | None,
    torus: Sequence[bool],
) -> Iterator[tuple[dict[int, Polynomial], Polynomial]]:
    """Combinations of the multiples that are a unit monomial, or in the target variable alone.

    The echelon form modulo a prime shows which exist; the combination itself is solved over Q and
    exact.
    """
    names = polys[0].variables
    table = []
    columns: set[Exponent] = set()
    terms = {i: dict(polys[i].terms()) for i in {i for i, _ in rows}}
    for i, m in rows:
        row = {tuple(x + y for x, y in zip(a, m, strict=True)): c for a, c in terms[i].items()}
        table.append(row)
        columns.update(row)

    def pure(a: Exponent) -> bool:
        return target is not None and not any(e for k, e in enumerate(a) if k != target)

    order = sorted(columns, key=lambda a: (pure(a), -sum(a), a))
    place = {a: k for k, a in enumerate(order)}
    modular = flint.nmod_mat(len(table), len(order), _PRIME)
    for r, row in enumerate(table):
        for a, c in row.items():
            modular[r, place[a]] = c.numerator * pow(c.denominator, -1, _PRIME) % _PRIME
    reduced, rank = modular.rref()
    pivots, wanted = [], []
    for r in range(rank):
        entries = [k for k in range(len(order)) if int(reduced[r, k])]
        pivots.append(entries[0])
        monomial = all(t or not e for t, e in zip(torus, order[entries[0]], strict=True))
        if (target is None and len(entries) == 1 and monomial) or (
            target is not None and pure(order[entries[0]])
        ):
            wanted.append(r)
    if not wanted:
        return
    r = wanted[-1]
    transposed, _ = modular.transpose().rref()
    independent = []
    for s in range(rank):
        independent.append(next(k for k in range(len(table)) if int(transposed[s, k])))
    square = flint.fmpq_mat(rank, rank)
    for x, k in enumerate(independent):
        for y, column in enumerate(pivots):
            c = table[k].get(order[column], Fraction(0))
            if c:
                square[y, x] = flint.fmpq(c.numerator, c.denominator)
    right = flint.fmpq_mat(rank, 1)
    right[r, 0] = 1
    try:
        solved = square.solve(right)
    except ZeroDivisionError:
        return  # an unlucky prime
    multipliers: dict[int, Polynomial] = {}
    for x, k in enumerate(independent):
        c = fraction(solved[x, 0])
        if c:
            i, m = rows[k]
            term = Polynomial.from_terms({m: c}, names)
            multipliers[i] = multipliers[i] + term if i in multipliers else term
    total = Polynomial.constant(0, names)
    for i, q in multipliers.items():
        total = total + q * polys[i]
    if not total.is_zero and (
        len(total.support()) == 1 if target is None else all(pure(a) for a in total.support())
    ):
        yield multipliers, total


# -- sums of squares --------------------------------------------------------------------------


def _parity_shifts(p: Polynomial, domain: Domain) -> list[Exponent]:
    """Unit monomials that can make the extreme terms of p even."""
    units = [domain[v] in ("nonzero", "positive") for v in p.variables]
    shifts = {tuple(e % 2 if u else 0 for e, u in zip(a, units, strict=True)) for a in p.support()}
    return sorted(shifts, key=lambda a: (sum(a), a))[:4]


def _gram(
    p: Polynomial, domain: Domain
) -> tuple[list[tuple[Fraction, Polynomial]], Polynomial] | None:
    """p = Σ c q² + R with c > 0, linearly independent q's and each term of R ≥ 0 on D; or None."""
    names = p.variables
    terms = dict(p.terms())
    safe = {
        a: c
        for a, c in terms.items()
        if c > 0
        and all(
            k % 2 == 0 or domain[v] in ("positive", "nonnegative")
            for v, k in zip(names, a, strict=True)
        )
    }
    basis = _half_support(set(terms))
    if basis is None or not 0 < len(basis) <= 30:
        return None
    # a unit monomial last: it is then one of the squares if the matrix is positive definite
    basis.sort(
        key=lambda b: all(
            not e or domain[v] in ("nonzero", "positive") for v, e in zip(names, b, strict=True)
        )
    )
    size = len(basis)
    where = _places(basis)
    rest = {a: c for a, c in terms.items() if a not in where}
    if any(a not in safe for a in rest):
        return None
    for a in rest:
        del terms[a]
    for make in (_diagonal_guess, _clarabel_guess):
        guess = make(terms, where, size)
        if guess is None:
            continue
        factors = _ldl(_repair(guess, terms, where, size))
        if factors is not None:
            squares = [
                (d, Polynomial.from_terms({b: x for b, x in zip(basis, row, strict=True)}, names))
                for d, row in factors
            ]
            return squares, Polynomial.from_terms(rest, names)
    return None


def _half_support(support: set[Exponent]) -> list[Exponent] | None:
    """Exponents b that a sum of squares may use: in half the box, pruned by the diagonal rule."""
    n = len(next(iter(support)))
    low = [min(a[k] for a in support) for k in range(n)]
    high = [max(a[k] for a in support) for k in range(n)]
    total = max(sum(a) for a in support), min(sum(a) for a in support)
    ranges = [range((lo + 1) // 2, hi // 2 + 1) for lo, hi in zip(low, high, strict=True)]
    count = 1
    for r in ranges:
        count *= len(r)
    if count > 400:
        return None
    basis = [b for b in itertools.product(*ranges) if total[1] <= 2 * sum(b) <= total[0]]
    while True:
        inside = set(basis)
        keep = []
        for b in basis:
            double = tuple(2 * x for x in b)
            if double in support or any(
                c != b and tuple(d - x for d, x in zip(double, c, strict=True)) in inside
                for c in basis
            ):
                keep.append(b)
        if len(keep) == len(basis):
            return keep
        basis = keep


def _places(basis: Sequence[Exponent]) -> dict[Exponent, list[tuple[int, int]]]:
    """For each product of two basis elements, the places (i, j), i ≤ j, where it occurs."""
    where: dict[Exponent, list[tuple[int, int]]] = {}
    for j, b in enumerate(basis):
        for i, a in enumerate(basis[: j + 1]):
            where.setdefault(tuple(x + y for x, y in zip(a, b, strict=True)), []).append((i, j))
    return where


Gram = dict[tuple[int, int], Fraction]
Places = dict[Exponent, list[tuple[int, int]]]


def _diagonal_guess(terms: dict[Exponent, Fraction], where: Places, size: int) -> Gram | None:
    """Each even term on the diagonal, each other term spread evenly."""
    guess: Gram = {}
    for a, entries in where.items():
        square = [(i, j) for i, j in entries if i == j]
        if square:
            for entry in entries:
                guess[entry] = Fraction(0)
            guess[square[0]] = terms.get(a, Fraction(0))
    return guess


def _clarabel_guess(terms: dict[Exponent, Fraction], where: Places, size: int) -> Gram | None:
    """The Gram matrix with the largest smallest eigenvalue, in floats, by clarabel if installed."""
    found = _semidefinite(terms, [], where, size)
    return None if found is None else found[0]


def _semidefinite(
    terms: dict[Exponent, Fraction],
    free: Sequence[dict[Exponent, Fraction]],
    where: Places,
    size: int,
) -> tuple[Gram, list[Fraction]] | None:
    """G ⪰ t·1 with the largest t ≤ 1 and coefficients c such that G represents terms + Σ c·free.

    A guess in floats, rounded: nothing is proved by it. None without clarabel and if t ≤ 0.
    """
    try:
        import clarabel
        import numpy as np
        from scipy import sparse
    except ImportError:
        return None
    count = size * (size + 1) // 2
    index = {(i, j): j * (j + 1) // 2 + i for j in range(size) for i in range(j + 1)}
    last = count + len(free)  # the column of t
    data: list[tuple[int, int, float]] = []
    right: list[float] = []
    for r, (a, entries) in enumerate(where.items()):
        data += [(r, index[e], 1.0 if e[0] == e[1] else 2.0) for e in entries]
        data += [(r, count + m, -float(f[a])) for m, f in enumerate(free) if a in f]
        right.append(float(terms.get(a, 0)))
    equations = len(right)
    data.append((equations, last, 1.0))
    right.append(1.0)
    for (i, j), k in index.items():
        data.append((equations + 1 + k, k, -1.0 if i == j else -(2.0**0.5)))
        if i == j:
            data.append((equations + 1 + k, last, 1.0))
        right.append(0.0)
    rows, columns, values = zip(*data, strict=True)
    matrix = sparse.csc_matrix((values, (rows, columns)), shape=(len(right), last + 1))
    objective = np.zeros(last + 1)
    objective[-1] = -1.0
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_iter = 60
    cones: list[Any] = [clarabel.ZeroConeT(equations), clarabel.NonnegativeConeT(1)]
    cones.append(clarabel.PSDTriangleConeT(size))
    quadratic = sparse.csc_matrix((last + 1, last + 1))
    solver = clarabel.DefaultSolver(quadratic, objective, matrix, np.array(right), cones, settings)
    x = solver.solve().x
    if not np.all(np.isfinite(x)) or x[-1] <= 1e-9:
        return None
    rounded = [Fraction(round(value * 2**24), 2**24) for value in x]
    return {e: rounded[k] for e, k in index.items()}, rounded[count:last]


def _repair(
    guess: Gram, terms: dict[Exponent, Fraction], where: Places, size: int
) -> list[list[Fraction]]:
    """The nearest matrix that represents the polynomial exactly: each residue spread evenly."""
    matrix = [[Fraction(0)] * size for _ in range(size)]
    for a, entries in where.items():
        weights = sum(1 if i == j else 2 for i, j in entries)
        have = sum(guess.get((i, j), Fraction(0)) * (1 if i == j else 2) for i, j in entries)
        residue = (terms.get(a, Fraction(0)) - have) / weights
        for i, j in entries:
            matrix[i][j] = matrix[j][i] = guess.get((i, j), Fraction(0)) + residue
    return matrix


def _ldl(matrix: list[list[Fraction]]) -> list[tuple[Fraction, list[Fraction]]] | None:
    """d_k and rows l_k with matrix = Σ d_k l_k^T l_k, all d_k > 0; None if not semidefinite."""
    rest = [list(row) for row in matrix]
    found = []
    for k in range(len(rest)):
        d = rest[k][k]
        if d < 0 or (d == 0 and any(rest[k][j] for j in range(k, len(rest)))):
            return None
        if d == 0:
            continue
        row = [Fraction(0)] * k + [rest[k][j] / d for j in range(k, len(rest))]
        found.append((d, row))
        for i in range(k + 1, len(rest)):
            if row[i]:
                for j in range(k + 1, len(rest)):
                    rest[i][j] -= d * row[i] * row[j]
    return found


def _lift(p: flint.fmpq_poly, variable: str, names: tuple[str, ...]) -> Polynomial:
    k = names.index(variable)
    terms = {
        tuple(e if j == k else 0 for j in range(len(names))): fraction(c)
        for e, c in enumerate(p.coeffs())
    }
    return Polynomial.from_terms(terms, names)


def _variable(v: str, names: tuple[str, ...]) -> Polynomial:
    return Polynomial(names, ring(names).gens()[names.index(v)])
