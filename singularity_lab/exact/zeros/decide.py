"""The search for a proof that real polynomials have no common zero on a product domain, or a zero.

What it returns is evidence in the sense of :mod:`singularity_lab.exact.proof.evidence`, checked
there without search. In order: sign rules; reduction to the lattice of exponent differences (a
polynomial on a face of dimension e is one in e variables up to a unit); factors; gcds and Sturm's
theorem in one variable; combinations with terms of one sign, by linear programming;
Nullstellensatz and elimination to one variable, by linear algebra of bounded degree; sums of
squares (Gram matrices, exact LDL^T), also modulo the ideal, where the floats of clarabel are a
first guess; Pólya's theorem (1928) on orthants; cases by signs.
"""

from __future__ import annotations

from collections.abc import Sequence

import flint

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import fraction, ring
from singularity_lab.algebra.univariate import Kind, SignDomain, count_roots, countable, univariate
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.evidence import Evidence, check_no_zero
from singularity_lab.exact.zeros.elimination import combination, eliminate, multiples
from singularity_lab.exact.zeros.find import FoundZero, find_zero
from singularity_lab.exact.zeros.lattice import decide_on_torus
from singularity_lab.exact.zeros.squares import (
    gram,
    half_support,
    ldl,
    load_solver,
    parity_shifts,
    places,
    repair,
    semidefinite,
)
from singularity_lab.system.cuts import is_over
from singularity_lab.system.deadline import time_left
from singularity_lab.system.stopwatch import Stopwatch


def no_common_zero(
    polys: Sequence[Polynomial], domain: SignDomain, budget: float = 2.0, few: int | None = None
) -> Evidence | FoundZero | None:
    """Evidence that the polynomials have no common zero on the domain, a proved zero, or None.

    domain: the kind of each variable, all those that occur included. budget: CPU seconds, about.
    few: the number of the first polynomials that are to be enough, the others being left alone.
    What is returned has been checked. Given enough budget the answer is deterministic.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> torus = {"x": "nonzero", "y": "nonzero"}
    >>> print(no_common_zero([parse("x^2 - y^3", "x y")], torus))
    zero at (1, 1)
    >>> no_common_zero([parse("x^2 + x*y + y^2", "x y")], torus)["kind"]
    'torus'
    """
    polys = [p.in_ring(tuple(domain)) for p in polys]
    search = _Search(min(budget, time_left()))
    live = [p for p in polys if not p.is_zero]
    quick = _sign(live, domain)
    if quick is None:
        zero = find_zero(polys, domain, tries=100)
        if zero is not None:
            return zero
    e = search.decide(list(polys), dict(domain), tuple(range(few or len(polys))), fresh=True)
    if e is not None:
        check_no_zero(polys, domain, e)
        return e
    return None if search.late() else find_zero(polys, domain, tries=600)


# -- the search -------------------------------------------------------------------------------


class _Search:
    """Proof search that ends after so many CPU seconds; ``active`` are the indices still worth
    looking at."""

    def __init__(self, seconds: float) -> None:
        self.watch, self.seconds = Stopwatch(), seconds

    def late(self) -> bool:
        return is_over(self.watch.seconds, self.seconds)

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
            step = decide_on_torus(polys, domain)
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
            e = combination(polys, domain, active)
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
            rows = multiples(polys, active, used, degree)
            if len(rows) > 260 or self.late():
                return None
            for target in (None, *used):
                if target is not None and degree % 2 != low % 2:
                    continue
                for multipliers, total in eliminate(polys, rows, target, torus):
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
        self.seconds += load_solver()
        for shift in parity_shifts(polys[i], domain):
            for sign in (1, -1):
                unit = Polynomial.from_terms({shift: sign}, names)
                found = gram(polys[i] * unit, domain)
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
            rows = multiples(polys, active, used, degree)
            if len(rows) > 150 or len(used) > 4 or self.late():
                return None
            free = [
                {tuple(x + y for x, y in zip(a, m, strict=True)): c for a, c in polys[i].terms()}
                for i, m in rows
            ]
            basis = half_support({a for f in free for a in f})
            if basis is None or not 0 < len(basis) <= 24:
                return None
            basis.sort(key=lambda b: -sum(b))
            where = places(basis)
            # a multiple with a term that no product of two basis elements has cannot take part
            inside = [r for r, f in enumerate(free) if all(a in where for a in f)]
            found = semidefinite({}, [free[r] for r in inside], where, len(basis))
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
            factors = ldl(repair(found[0], dict(total.terms()), where, len(basis)))
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
    polys: Sequence[Polynomial], domain: SignDomain, active: Sequence[int] | None = None
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


# -- sums of squares --------------------------------------------------------------------------


def _lift(p: flint.fmpq_poly, variable: str, names: tuple[str, ...]) -> Polynomial:
    k = names.index(variable)
    terms = {
        tuple(e if j == k else 0 for j in range(len(names))): fraction(c)
        for e, c in enumerate(p.coeffs())
    }
    return Polynomial.from_terms(terms, names)


def _variable(v: str, names: tuple[str, ...]) -> Polynomial:
    return Polynomial(names, ring(names).gens()[names.index(v)])
