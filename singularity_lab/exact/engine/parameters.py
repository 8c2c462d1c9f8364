"""Parameters of a family: polynomials that split its base, sign changes, points to lift."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import flint

from singularity_lab.algebra import maps
from singularity_lab.algebra.factoring import factor
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.exact.engine.germs import LOCAL, Generator, Germs
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.zeros.find import find_zero

Poly = flint.fmpq_mpoly
_CURVES = 5  # whose points in common are looked for


def splitting_polynomials(g: Germs, *, deeper: bool = False) -> list[Poly]:
    """Irreducible polynomials in the parameters that decide how the family looks, the most urgent
    first.

    They are factors of the generators' values on the stratum, then of the coefficients of the
    lowest terms; ``deeper``: of these, too, where some value is not 0.
    """
    found: list[Poly] = []

    def offer(p: Poly) -> None:
        if p.is_constant() or g.is_unit(p):
            return
        factors = [q for q, _ in factor(p)[1]]
        if g.field is not None and len(Generator(p).occurs - {g.symbol}) == 1:
            factors = g.field.factors(p)
        for q in sorted(factors, key=lambda q: (len(q), q.total_degree(), str(q))):
            if not g.is_unit(q) and q not in found:
                found.append(q)

    values = [g.at_stratum(f.poly) for f in g.gens]
    for p in sorted(
        (v for v in values if not v.is_zero()), key=lambda p: (len(p), p.total_degree(), str(p))
    ):
        offer(p)
    if found and not deeper:
        return found
    coefficients: list[tuple[int, int, int, str, Poly]] = []
    for f in g.gens:
        parts: dict[tuple[tuple[int, int], ...], dict[tuple[int, ...], Any]] = {}
        for a, c in zip(f.poly.monoms(), f.poly.coeffs(), strict=True):
            local = tuple((i, int(e)) for i, e in enumerate(a) if e and g.role[i] == LOCAL)
            rest = tuple(0 if g.role.get(i) == LOCAL else int(e) for i, e in enumerate(a))
            parts.setdefault(local, {})[rest] = c
        for local, data in parts.items():
            here = dict(local)
            if any(
                other != local and all(here.get(i, 0) >= e for i, e in other) for other in parts
            ):
                continue  # a multiple of another term of the generator
            p = g.context.from_dict(data)
            coefficients.append(
                (sum(e for _, e in local), len(p), int(p.total_degree()), str(p), p)
            )
    for *_, p in sorted(coefficients, key=lambda c: c[:4]):
        offer(p)
    return found


def smooth_locus(g: Germs, f: Poly, by: list[int], patience: float = 1.0) -> Script | None:
    """Evidence that f is a coordinate by some of the variables where it is 0 on the stratum, and
    each generator a power of f times what does not depend on them, or is a unit there."""
    q = g.at_stratum(f)
    smooth = g.no_common_zero([q, *(f.derivative(i) for i in by)], patience)
    if not isinstance(smooth, dict):
        return None
    rest: dict[str, Any] = {}
    powers: dict[str, str] = {}
    for j, gen in enumerate(g.gens):
        left = g.stripped(gen.poly, f)[0]
        if Generator(left).occurs & set(by):
            # a search over a domain alone asks for it: that for one germ stays as it was
            expanded = in_powers(g, gen.poly, f, by) if patience < 1 else None
            if expanded is not None:
                powers[str(j)] = str(expanded)
                continue
            found = g.no_common_zero([q, left], patience)
            if not isinstance(found, dict):
                return None
            rest[str(j)] = found
    evidence: Script = {"smooth": smooth, "rest": rest, **({"powers": powers} if powers else {})}
    if len(by) == 1 and int(q.degrees()[by[0]]) == 1:
        slope = q.derivative(by[0])
        if not g.is_unit(slope):
            evidence["unit"] = str(slope)
    return evidence


def in_powers(g: Germs, p: Poly, f: Poly, by: list[int]) -> Poly | None:
    """p as a polynomial in f and in variables outside ``by``, where it is one: then in the variable
    by[0] instead of f. f is monic, up to a constant, in one of ``by``."""
    for i in by:
        n = int(f.degrees()[i])
        lead = maps.coefficients(f, i).get(n) if n else None
        if lead is None or not lead.is_constant():
            continue
        total, z, e = g.context.constant(0), g.variables[by[0]], 0
        while not p.is_zero():
            quotient = g.context.constant(0)
            while not p.is_zero() and (d := int(p.degrees()[i])) >= n:
                top = maps.coefficients(p, i)[d] / lead * g.variables[i] ** (d - n)
                quotient, p = quotient + top, g.reduced(p - top * f)
            if Generator(p).occurs & set(by):
                return None
            total, p, e = total + p * z**e, quotient, e + 1
        return g.reduced(total)
    return None


def sign_change(g: Germs, q: Poly) -> Script | None:
    """Two points of one orthant of the stratum where q has opposite signs: it has real zeros
    there."""
    if g.symbol in Generator(q).occurs:
        return _algebraic_sign_change(g, q)
    domain = g.domain(Generator(q).occurs)
    p = Polynomial(g.names, q).in_ring(tuple(domain))
    zero = find_zero([p], domain)
    if zero is None:
        return None
    if zero.evidence["kind"] == "sign change":
        return zero.evidence
    at = [Fraction(x) for x in zero.evidence["point"]]
    slope = [p.derivative(n)(at) for n in domain]
    for e in range(12):
        ends = []
        for side in (1, -1):
            ends.append(
                [
                    x + side * s / 2**e if kind == "real" or x > 0 or x < 0 else x
                    for x, s, kind in zip(at, slope, domain.values(), strict=True)
                ]
            )
        inside = all(
            kind == "real" or x == y == 0 or x * y > 0
            for (x, y), kind in zip(zip(*ends, strict=True), domain.values(), strict=True)
        )
        if inside and p(ends[0]) * p(ends[1]) < 0:
            return {"kind": "sign change", "points": [[str(x) for x in end] for end in ends]}
    return None


def _algebraic_sign_change(g: Germs, q: Poly) -> Script | None:
    """The same for a polynomial in one variable over a number field: grid points around the real
    parts of its roots, in floating point, with exact signs."""
    variables = Generator(q).occurs - {g.symbol}
    if len(variables) != 1 or g.field is None:
        return None
    (i,) = variables
    (kind,) = g.domain(variables).values()
    dense = [0.0] * (int(q.degrees()[i]) + 1)
    try:
        gamma = g.field.approximation
        for a, c in q.to_dict().items():
            dense[-1 - int(a[i])] += int(c.p) / int(c.q) * gamma ** int(a[g.symbol])
    except OverflowError:
        return None

    def sign(x: Fraction) -> int:
        assert g.field is not None
        image = {i: g.context.constant(flint.fmpq(x.numerator, x.denominator))}
        return g.field.sign(g.compose(q, image))

    import numpy as np

    with np.errstate(all="ignore"):
        finite = bool(np.all(np.isfinite(dense)))
        roots = np.roots(dense) if finite else np.zeros(0)
    for root in roots:
        if not np.isfinite(root):
            continue
        near = Fraction(round(float(root.real) * 2**20), 2**20)
        for e in (4, 10, 16):
            ends = [near - Fraction(1, 2**e), near + Fraction(1, 2**e)]
            inside = kind == "real" or ends[0] > 0 or (kind == "nonzero" and ends[1] < 0)
            if inside and sign(ends[0]) * sign(ends[1]) < 0:
                return {"kind": "sign change", "points": [[str(x)] for x in ends]}
    return None


def singular_values(g: Germs, q: Poly) -> list[Poly]:
    """Polynomials in one parameter that vanish wherever the curve q = 0 is singular."""
    occurs = sorted(Generator(q).occurs)
    if len(occurs) != 2:
        return []
    found: list[Poly] = []
    for v, w in (occurs, occurs[::-1]):
        name = g.names[w]
        q_v, q_w = q.derivative(v), q.derivative(w)
        value = q.resultant(q_w, name)
        for a, b in ((q, q_v), (q_v, q_w)):
            if a.degrees()[w] and b.degrees()[w]:
                value = value.gcd(a.resultant(b, name))
        if value.is_zero() or value.is_constant():
            continue
        factors = [p for p, _ in factor(value)[1] if not g.is_unit(p)]
        found += sorted(factors, key=lambda p: (p.total_degree(), len(p), str(p)))
    return found


def special_values(g: Germs, polys: Sequence[Poly]) -> Iterator[Poly]:
    """Polynomials in one parameter that vanish where curves meet, then where one is singular."""
    yield from common_values(g, polys)
    for q in polys:
        yield from singular_values(g, q)


def common_values(g: Germs, polys: Sequence[Poly]) -> list[Poly]:
    """Polynomials in one parameter that vanish wherever two of some curves meet."""
    found: list[Poly] = []
    plane = [(q, Generator(q).occurs) for q in polys[:_CURVES]]
    for (p, used), (q, others) in itertools.combinations(plane, 2):
        if len(used | others) != 2 or len(used) != 2 or len(others) != 2:
            continue
        for i in sorted(used):
            value = p.resultant(q, g.names[i])
            if not value.is_zero() and not value.is_constant():
                factors = [r for r, _ in factor(value)[1] if not g.is_unit(r)]
                found += sorted(factors, key=lambda r: (r.total_degree(), len(r), str(r)))
    return found


def lifts(g: Germs, q: Poly) -> list[Poly]:
    """Factors of generators whose value on the stratum is q up to units, then q itself."""
    found = []
    for f in g.gens:
        if len(f.poly) > 1:
            for p, _ in f.factors:
                value = g.at_stratum(p)
                if p != q and not value.is_zero():
                    rest, count = g.stripped(value, q)
                    if count == 1 and g.is_unit(rest):
                        found.append(p)
    return [*found, q]


def transversals(g: Germs, f: Poly) -> list[list[int]]:
    """Sets of variables, free or units, by which f may be a coordinate, other generators being
    independent of them."""
    units = set(g.unit_variables)
    others = g.fixed | {g.symbol}
    able = [i for i in sorted(Generator(f).occurs - others) if i in units or g.is_free(i)]
    rests = [Generator(g.stripped(gen.poly, f)[0]).occurs for gen in g.gens]
    alone = [i for i in able if not any(i in r for r in rests)]
    found = [alone] if alone else []
    found += [[i] for i in alone if len(alone) > 1]
    if able != alone:
        found += [able] + [[i] for i in able]
    return found
