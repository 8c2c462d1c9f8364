"""Polynomials over a number field whose coefficients have one sign there.

The signs of the terms in the symbol γ of the field do not show the sign of a coefficient:
4γ − 6 > 0 for γ = √3. With p the relation of γ, and r a rational number near γ, the quotient of
(p(r) − p(x))/(r − x) at x = γ is nearly 0 at the conjugates of γ; so its product with a number c of
the field is, modulo p, nearly c(γ) times itself, and has the sign of c in each term where its own
coefficients are positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import flint

from singularity_lab.algebra.number_field import NumberField
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import ring, to_fmpq
from singularity_lab.algebra.univariate import SignDomain
from singularity_lab.errors import CertificateError
from singularity_lab.exact.proof.evidence import Evidence, check_no_zero

_BITS = (4, 10, 24)  # of the approximations of γ that are tried
_TERMS = 60


def sign_over_field(
    field: NumberField, polys: Sequence[Polynomial], domain: SignDomain, few: int | None = None
) -> Evidence | None:
    """Evidence that one of the polynomials (of the first ``few``) has no zero, by signs over the
    field; the relation of its symbol is among them. None where no sign is seen."""
    names = tuple(domain)
    relation = field.relation(names)
    place, which = names.index(field.symbol), polys.index(relation)
    context, p = ring(names), relation.flint
    symbol = context.gen(place)
    for i, f in enumerate(polys[:which] if few is None else polys[:few]):
        if len(f.flint) > _TERMS or not _has_one_sign(field, f, place):
            continue
        for bits in _BITS:
            quotient = _near(field, bits)
            if quotient is None:
                break
            q = sum((symbol**n * c for n, c in enumerate(quotient.coeffs())), context.constant(0))
            whole = divmod(q * f.flint, p)[0]
            evidence: dict[str, Any] = {
                "kind": "add",
                "multipliers": [[i, str(q)], [which, str(-whole)]],
                "then": {"kind": "sign", "index": len(polys)},
            }
            try:
                check_no_zero(polys, domain, evidence)
            except CertificateError:
                continue
            return evidence
    return None


def _has_one_sign(field: NumberField, f: Polynomial, place: int) -> bool:
    """Whether the coefficients of f, as a polynomial over the field, have one sign."""
    parts: dict[tuple[int, ...], dict[tuple[int, ...], Any]] = {}
    for a, c in f.flint.to_dict().items():
        rest = tuple(0 if i == place else int(e) for i, e in enumerate(a))
        own = tuple(int(e) if i == place else 0 for i, e in enumerate(a))
        parts.setdefault(rest, {})[own] = c
    context = ring(f.variables)
    return len({field.sign(context.from_dict(terms)) for terms in parts.values()}) == 1


def _near(field: NumberField, bits: int) -> flint.fmpq_poly | None:
    """(p(r) − p(x))/(r − x) for a rational number r near the root γ of p, if all its coefficients
    are positive."""
    r = to_fmpq(Fraction(field.approximation).limit_denominator(1 << bits))
    p = field.dense
    x = flint.fmpq_poly([0, 1])
    quotient = (p - p(r)) // (x - r)
    if p.coeffs()[-1] < 0:
        quotient = -quotient
    return quotient if all(c > 0 for c in quotient.coeffs()) else None
