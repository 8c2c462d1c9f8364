"""Coordinates in which arcs with given initial terms are arcs again: one step of the
stratification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import flint
import numpy as np

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import fraction
from singularity_lab.exact.zeros import torus


@dataclass(frozen=True)
class ArcState:
    """Arcs (t, x) with x_i of order ≥ low_i, or of order 0 (a unit), and conditions on them.

    The generators are products of the factors: generator j is ∏ factor_i^(powers[j][i]). The
    factors are in the ring (t, *names); low_i is None for a unit. away: polynomials in the same
    ring that must have order 0.
    """

    names: tuple[str, ...]
    factors: tuple[Polynomial, ...]
    powers: tuple[tuple[int, ...], ...]
    low: tuple[int | None, ...]
    away: tuple[Polynomial, ...] = ()
    depth: int = 0

    @classmethod
    def of(cls, ideal: Ideal, fibre: bool) -> ArcState:
        """The generators split into their irreducible factors over Q."""
        names = ideal.variables
        time_name = next(c for c in ("t", "_t", "tt", "time_") if c not in names)
        split = [g.factor()[1] for g in ideal.generators]
        factors = tuple(dict.fromkeys(q for row in split for q, _ in row))
        powers = tuple(tuple(dict(row).get(q, 0) for q in factors) for row in split)
        rings = tuple(q.in_ring((time_name, *names)) for q in factors)
        return cls(names, rings, powers, (int(fibre),) * len(names))

    @cached_property
    def exponents(self) -> list[np.ndarray]:
        """For each factor, then for each of ``away``, the exponents of its terms, t first."""
        return [
            np.array(sorted(g.support()), dtype=np.int64).reshape(-1, 1 + len(self.names))
            for g in (*self.factors, *self.away)
        ]

    def form(self, g: Polynomial, v: np.ndarray) -> Polynomial:
        """The initial form at t = 1 for the weights v."""
        orders = {a: a[0] + int(np.dot(v, a[1:])) for a in g.support()}
        least = min(orders.values())
        return Polynomial.from_terms(
            {a[1:]: c for a, c in g.terms() if orders[a] == least}, self.names
        )


def leading_variable(form: torus.LatticeForm) -> tuple[int, int] | None:
    """(i, d): the leading coefficient of t_i^d is a monomial; of least d. None if there is none."""
    (p,) = form.polys
    found = []
    for i in range(form.rank):
        top = max(a[i] for a in p.support())
        if sum(a[i] == top for a in p.support()) == 1:
            found.append((top, i))
    return (min(found)[1], min(found)[0]) if found else None


def transform(
    state: ArcState,
    need: np.ndarray,
    v: np.ndarray,
    form: torus.LatticeForm,
    p: flint.fmpq_poly,
    away: Sequence[Polynomial],
) -> ArcState:
    """x = t^v·(units), units in torus coordinates y = x^U, near the zeros of p(y_1), p irreducible.

    For p = y_1 − c the coordinate is s = y_1 − c, of order ≥ 1. Otherwise y_1 stays as a unit, s of
    order ≥ 1 is added, with the equation s = p(y_1), and everything is written in powers of p. Each
    factor is divided by its power of t; terms of order ≥ max(need) are dropped.
    """
    n = len(state.names)
    linear = p.degree() == 1
    units = tuple(f"y{state.depth + 1}_{i}" for i in range(2 if linear else 1, n + 1))
    names = (f"s{state.depth + 1}", *units)
    time_name = state.factors[0].variables[0]
    rows = tuple(row for row, left in zip(state.powers, need, strict=True) if left)
    kept = [i for i in range(len(state.factors)) if any(row[i] for row in rows)]
    horizon = int(need.max())
    monic = p / p.coeffs()[-1]
    digits: dict[int, list[list[flint.fmpq]]] = {}

    def expand(e: int) -> list[list[flint.fmpq]]:
        """y_1^e = Σ_k (coefficients of degree < deg p)·p^k."""
        if e not in digits:
            value = flint.fmpq_poly([0] * e + [1])
            found = []
            while value:
                value, rest = divmod(value, monic)
                found.append(rest.coeffs())
            digits[e] = found
        return digits[e]

    def moved(g: Polynomial) -> Polynomial:
        orders = {a: a[0] + int(np.dot(v, a[1:])) for a in g.support()}
        least = min(orders.values())
        image: dict[tuple[int, ...], Fraction] = {}
        for a, c in g.terms():
            if orders[a] - least < horizon:
                y = (sum(a[1 + i] * form.matrix[i][k] for i in range(n)) for k in range(n))
                key = (orders[a] - least, *y)
                image[key] = image.get(key, Fraction(0)) + c
        shift = [min(y[1 + k] for y in image) for k in range(n)]
        terms: dict[tuple[int, ...], Fraction] = {}
        for power, c in image.items():
            rest = tuple(power[2 + k] - shift[1 + k] for k in range(n - 1))
            for k, row in enumerate(expand(power[1] - shift[0])):
                for i, b in enumerate(row):
                    place = (power[0], k, *rest) if linear else (power[0], k, i, *rest)
                    terms[place] = terms.get(place, Fraction(0)) + c * fraction(b)
        return Polynomial.from_terms({a: c for a, c in terms.items() if c}, (time_name, *names))

    guards = list(state.away)
    guards += [h.in_ring((time_name, *state.names)) for h in away]
    factors = [moved(state.factors[i]) for i in kept]
    powers = [tuple(row[i] for i in kept) for row in rows]
    if not linear:
        zeros = (0,) * (n - 1)
        graph = {(0, 0, i, *zeros): fraction(b) for i, b in enumerate(monic.coeffs()) if b != 0}
        graph[(0, 1, 0, *zeros)] = Fraction(-1)
        factors.append(Polynomial.from_terms(graph, (time_name, *names)))
        powers = [(*row, 0) for row in powers] + [(*(0,) * len(kept), 1)]
    return ArcState(
        names,
        tuple(factors),
        tuple(powers),
        (1, *(None,) * len(units)),
        tuple(moved(h) for h in guards),
        state.depth + 1,
    )


def adjoin(
    state: ArcState,
    need: np.ndarray,
    v: np.ndarray,
    q: Polynomial,
    away: Sequence[Polynomial],
) -> ArcState:
    """x = t^v·(units), units in torus coordinates y = x^U, with s = q(y) of order ≥ 1 added.

    All y stay units. With L·y_i^d the leading term of q in y_i, y_i^d = (s − (q − L·y_i^d))/L is
    used until no power ≥ d is left: everything is then in powers of s. Terms of order ≥ max(need)
    are dropped; factors are taken up to units.
    """
    form = torus.lattice_form([q])
    leading = leading_variable(form)
    assert leading is not None
    at, top = leading
    n = len(state.names)
    units = tuple(f"y{state.depth + 1}_{i}" for i in range(1, n + 1))
    names = (f"s{state.depth + 1}", *units)
    time_name = state.factors[0].variables[0]
    rows = tuple(row for row, left in zip(state.powers, need, strict=True) if left)
    kept = [i for i in range(len(state.factors)) if any(row[i] for row in rows)]
    horizon = int(need.max())
    plain = {(*a, *(0,) * (n - form.rank)): c for a, c in form.polys[0].terms()}
    head = next(a for a in plain if a[at] == top)
    scale = plain[head]
    # y^head = (s − Σ others)/scale, as shifts of exponents
    tail = [
        (tuple(x - y for x, y in zip(a, head, strict=True)), -c / scale)
        for a, c in plain.items()
        if a != head
    ]
    back = tuple(-x for x in head)

    def reduced(terms: dict[tuple[int, ...], Fraction]) -> dict[tuple[int, ...], Fraction]:
        """Keys (t, s, y_1, …): no power of y_at outside 0 … top − 1."""
        done: dict[tuple[int, ...], Fraction] = {}
        while terms:
            key = max(terms, key=lambda k: k[2 + at])
            c = terms.pop(key)
            if not c:
                continue
            if key[2 + at] < top:
                done[key] = done.get(key, Fraction(0)) + c
                continue
            t, k, *y = key
            moves = [(k + 1, back, Fraction(1) / scale), *((k, shift, b) for shift, b in tail)]
            for power, shift, b in moves:
                image = (t, power, *(x + z for x, z in zip(y, shift, strict=True)))
                terms[image] = terms.get(image, Fraction(0)) + c * b
        return {a: c for a, c in done.items() if c}

    def moved(g: Polynomial) -> Polynomial:
        orders = {a: a[0] + int(np.dot(v, a[1:])) for a in g.support()}
        least = min(orders.values())
        image: dict[tuple[int, ...], Fraction] = {}
        for a, c in g.terms():
            if orders[a] - least < horizon:
                y = tuple(sum(a[1 + i] * form.matrix[i][k] for i in range(n)) for k in range(n))
                key = (orders[a] - least, 0, *y)
                image[key] = image.get(key, Fraction(0)) + c
        floor = min(a[2 + at] for a in image)
        terms = reduced(
            {(*a[: 2 + at], a[2 + at] - floor, *a[3 + at :]): c for a, c in image.items()}
        )
        low = [min(a[2 + k] for a in terms) for k in range(n)]
        return Polynomial.from_terms(
            {(a[0], a[1], *(x - b for x, b in zip(a[2:], low, strict=True))): c
             for a, c in terms.items()},
            (time_name, *names),
        )  # fmt: skip

    guards = [*state.away, *(h.in_ring((time_name, *state.names)) for h in away)]
    factors = [moved(state.factors[i]) for i in kept]
    powers = [tuple(row[i] for i in kept) for row in rows]
    graph = {(0, 0, *a): c for a, c in plain.items()}
    graph[(0, 1, *(0,) * n)] = Fraction(-1)
    factors.append(Polynomial.from_terms(graph, (time_name, *names)))
    powers = [(*row, 0) for row in powers] + [(*(0,) * len(kept), 1)]
    return ArcState(
        names,
        tuple(factors),
        tuple(powers),
        (1, *(None,) * n),
        tuple(moved(h) for h in guards),
        state.depth + 1,
    )


def monomial_text(form: torus.LatticeForm, names: Sequence[str]) -> str:
    """The torus coordinate t1 = ∏ x^w, where U⁻¹ has the first column of coordinates."""
    # exponents a ↦ a·U: the function t1 has exponent w with w·U = e_1
    inverse = torus.inverse_matrix(form.matrix)
    w = inverse[0]
    up = "*".join(f"{v}^{e}" if e > 1 else v for v, e in zip(names, w, strict=True) if e > 0)
    down = "*".join(f"{v}^{-e}" if e < -1 else v for v, e in zip(names, w, strict=True) if e < 0)
    return (up or "1") + (f"/({down})" if down else "")
