"""The volume V(ε) = ∫_{K < ε} φ near a point: exponent, power of log and leading constant.

Varchenko 1976; Denef and Sargos 1989; Watanabe 2009, §4 and §6; Arnold, Gusein-Zade and Varchenko
1988, §7. As ε → 0, V(ε) = C·ε^λ·L^(m−1)·(1 + o(1)) with L = −log ε.

Let K be nondegenerate with Newton polyhedron Γ, prior ∏ |x|^h, and let the ray of 1 + h hit Γ
inside a compact face τ of codimension m; σ is the cone dual to τ, with ord_K linear on it. In
logarithmic coordinates −log |x| = p + z, with p in the span of σ and z in n − m coordinates J whose
complement I carries the span,

    C = (A/λ)·Σ_signs ∫_{R^J} K_τ(x_I = ±1, x_J)^(−λ)·∏_J |x_j|^(h_j) dx_J,

where A·s^(m−1) ds is the volume of {p ∈ σ : ord_K(p) ∈ ds}, measured in the coordinates I. C does
not depend on the size of the neighbourhood, since τ is compact. For K = Σ c_i |x_i|^(p_i) the
integral is a product of Gamma functions (Dirichlet 1839), for a monomial all terms are exact
(:func:`zeta.monomial_volume`). Sums over disjoint variables convolve: C·Γ(1 + λ) multiplies.

One degenerate f in two variables is brought to adapted coordinates by x → x + c·y^k (Varchenko
1976; Ikromov and Müller 2011), which keeps areas: then each real root of the polynomial of the hit
face has multiplicity < 1/2λ. The integral converges, and since ratios grow strictly along the
resolution graph away from a divisor with the least one (Igusa 1977; Loeser 1988), no other divisor
attains λ: the formula holds.

One-dimensional integrals and Gamma functions are enclosed in balls (Arb: Johansson 2017, 2018), so
that the error is a bound; integrals over two variables carry an estimate, and say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import flint

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import PointLike, Polynomial
from singularity_lab.algebra.problem import Convention, Germ, GermLike, LocalProblem
from singularity_lab.algebra.rings import Rational
from singularity_lab.algebra.univariate import count_roots, univariate
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.engine.newton import newton_step
from singularity_lab.exact.zeros.torus import lattice_form
from singularity_lab.exact.zeta_functions.fan import DualFan, monomial_volume
from singularity_lab.exact.zeta_functions.integrals import (
    Leading,
    ball,
    cone_density,
    face_integral,
    following_exponents,
)
from singularity_lab.system.deadline import TimeLimit, require_seconds
from singularity_lab.system.documents import Record
from singularity_lab.system.stopwatch import Stopwatch


class ExponentDocument(Record, frozen=True):
    """An exponent of ε with a power of log ε."""

    exponent: str
    log_power: int


class TermDocument(ExponentDocument, frozen=True):
    """A term of a volume; error: of ``coefficient``, a bound where ``rigorous``."""

    coefficient: float
    error: float
    rigorous: bool


class VolumeDocument(Record, frozen=True, rename={"value": "lambda"}):
    """The expansion of a volume as a document, fractions as text; constant, error: of its leading
    term."""

    value: str
    multiplicity: int
    constant: float
    error: float
    complete: bool
    terms: tuple[TermDocument, ...]
    following: tuple[ExponentDocument, ...]
    method: str
    seconds: float


@dataclass(frozen=True)
class VolumeTerm:
    """coefficient·ε^exponent·L^power, L = −log ε, with an error of the coefficient.

    error: a proved bound where ``rigorous``, by ball arithmetic, the rounding to a float included;
    else the quadrature's own estimate, times 10.
    """

    exponent: Fraction
    power: int
    coefficient: float
    error: float
    rigorous: bool = True


@dataclass(frozen=True)
class VolumeExpansion:
    """V(ε) as ε → 0: the leading term, or all terms of a monomial.

    terms: leading one first. complete: whether these are all, so that V is exactly their sum for
    0 < ε ≤ 1 on the cube [−1, 1]^n. following: the exponents that can come next, with the largest
    power of L each (candidates; those at λ itself are lower powers of L).
    """

    problem: LocalProblem
    terms: tuple[VolumeTerm, ...]
    complete: bool
    following: tuple[tuple[Fraction, int], ...]
    method: str
    seconds: float

    @property
    def exponent(self) -> Fraction:
        """λ."""
        return self.terms[0].exponent

    @property
    def multiplicity(self) -> int:
        """m."""
        return self.terms[0].power + 1

    @property
    def constant(self) -> float:
        """The leading constant C."""
        return self.terms[0].coefficient

    @property
    def error(self) -> float:
        """The error of the leading constant."""
        return self.terms[0].error

    def __call__(self, epsilon: float) -> float:
        """The sum of the terms at 0 < ε ≤ 1.

        >>> v = volume_expansion("x*y")
        >>> round(v(1.0), 12)
        4.0
        """
        import math

        if not 0 < epsilon <= 1:
            raise BadInput(f"epsilon: a number in (0, 1] is needed, received {epsilon}")
        big_l = -math.log(epsilon)
        return float(
            sum(t.coefficient * epsilon ** float(t.exponent) * big_l**t.power for t in self.terms)
        )

    def plot(self, ax: Any = None) -> Any:
        """V(ε) on logarithmic axes: the sum of the known terms."""
        from singularity_lab.pictures.singularities import volume_constant

        return volume_constant(self, ax=ax)

    def document(self) -> VolumeDocument:
        """The expansion as a document."""
        return VolumeDocument(
            value=str(self.exponent),
            multiplicity=self.multiplicity,
            constant=self.constant,
            error=self.error,
            complete=self.complete,
            terms=tuple(
                TermDocument(
                    exponent=str(t.exponent),
                    log_power=t.power,
                    coefficient=t.coefficient,
                    error=t.error,
                    rigorous=t.rigorous,
                )
                for t in self.terms
            ),
            following=tuple(
                ExponentDocument(exponent=str(e), log_power=k) for e, k in self.following
            ),
            method=self.method,
            seconds=round(self.seconds, 4),
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        parts = []
        for t in self.terms:
            log = "" if t.power == 0 else "*L" if t.power == 1 else f"*L^{t.power}"
            parts.append(f"{t.coefficient:.10g}*eps^({t.exponent}){log}")
        tail = "" if self.complete else " + ..."
        err = f" (constant +- {self.error:.1g})" if self.error else ""
        return f"V(eps) = {' + '.join(parts)}{tail}{err}, L = -log eps; {self.method}"


def volume_expansion(
    generators: GermLike,
    variables: str | Iterable[str] | None = None,
    *,
    at: PointLike | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    nonnegative: str | Iterable[str] = (),
    convention: Convention = "ideal",
    digits: int = 15,
    budget: float | None = 60.0,
) -> VolumeExpansion:
    """Return λ, m and the leading constant of V(ε) = ∫_{K < ε} ∏ |x|^τ dx near a point.

    K = Σ fᵢ², or one K ≥ 0 with ``convention="loss"``. The neighbourhood is one of the point in
    R^n, or where ``nonnegative`` variables are ≥ 0. digits: wanted of the constant. budget: CPU
    seconds, None for no limit.

    Raises OutOfScope where no formula here applies: degenerate K (other than one f in two variables
    without prior), a hit face that is not compact (the constant depends on the neighbourhood), λ
    from the strict transform, integrals over more than two variables; Undecided where nondegeneracy
    is not decided, or the budget is spent.

    >>> print(volume_expansion(["x", "y"]))
    V(eps) = 3.141592654*eps^(1) + ..., L = -log eps; Gamma functions, convolution of 2 blocks
    >>> print(volume_expansion("x*y"))
    V(eps) = 2*eps^(1/2)*L + 4*eps^(1/2), L = -log eps; monomial, all terms
    """
    require_seconds(budget)
    watch = Stopwatch()
    with TimeLimit(budget):
        problem = LocalProblem.of(
            generators,
            variables,
            at=at,
            prior=prior,
            nonnegative=nonnegative,
            convention=convention,
        )
        return _expansion(problem, digits, watch)
    raise Undecided(f"volume: not decided within {budget:.3g} CPU seconds")


def _expansion(problem: LocalProblem, digits: int, watch: Stopwatch) -> VolumeExpansion:
    germ = problem.localize()
    live = tuple(g for g in germ.generators if not g.is_zero)
    if not live:
        raise OutOfScope("volume: K vanishes identically")
    if not isinstance(digits, int) or isinstance(digits, bool) or digits < 1:
        raise BadInput(f"digits: an integer >= 1 is needed, received {digits!r}")
    if any(g({}) for g in live):
        raise OutOfScope("volume: K does not vanish at the point")
    if len(live) == 1 and len(live[0].flint) == 1:
        return _monomial(problem, germ, live[0], watch)
    with _precision(digits):
        blocks = [_leading(block, digits) for block in _blocks(germ, live)]
        total = blocks[0]
        for block in blocks[1:]:
            total = _convolve(total, block)
        value = float(total.constant.mid())
        error = float((total.constant - flint.arb(value)).abs_upper())
        term = VolumeTerm(total.exponent, total.multiplicity - 1, value, error, total.rigorous)
    following = following_exponents(germ, live, total) if len(blocks) == 1 else ()
    method = " * ".join(dict.fromkeys(b.method for b in blocks))
    if len(blocks) > 1:
        method += f", convolution of {len(blocks)} blocks"
    seconds = watch.seconds
    return VolumeExpansion(problem, (term,), False, following, method, seconds)


def _monomial(
    problem: LocalProblem, germ: Germ, g: Polynomial, watch: Stopwatch
) -> VolumeExpansion:
    """All terms for K = (c·x^a)², or c·x^a as a loss, on the cube [−1, 1]^n."""
    ((a, c),) = g.terms()
    factor = 1 if germ.convention == "loss" else 2
    scale = abs(c) ** factor
    orthants = 2 ** sum(v not in germ.nonnegative for v in germ.variables)
    exact = monomial_volume([factor * e for e in a], germ.prior)
    if scale != 1:
        # K/scale < ε/scale: ε^λ·(L + log scale)^j; the sum is exact for ε ≤ scale only
        import math

        shifted: dict[tuple[Fraction, int], float] = {}
        for t in exact:
            base = float(t.coefficient) * float(scale) ** -float(t.exponent)
            log = math.log(scale)
            for j in range(t.power + 1):
                key = (t.exponent, j)
                part = base * math.comb(t.power, j) * log ** (t.power - j)
                shifted[key] = shifted.get(key, 0.0) + part
        pairs = [(e, j, c) for (e, j), c in shifted.items()]
    else:
        pairs = [(t.exponent, t.power, float(t.coefficient)) for t in exact]
    terms = tuple(
        VolumeTerm(e, j, orthants * c, 0.0)
        for e, j, c in sorted(pairs, key=lambda t: (t[0], -t[1]))
    )
    seconds = watch.seconds
    method = "monomial, all terms"
    return VolumeExpansion(problem, terms, scale >= 1, (), method, seconds)


def _blocks(germ: Germ, live: Sequence[Polynomial]) -> list[Germ]:
    """The germ as a sum over disjoint groups of variables; terms of a loss are grouped too."""
    if germ.convention == "loss":
        (f,) = live
        parts = [Polynomial.from_terms({a: c}, f.variables) for a, c in f.terms()]
    else:
        parts = list(live)
    groups: list[tuple[set[str], list[Polynomial]]] = []
    for p in parts:
        names, members = set(p.used_variables()), [p]
        rest = []
        for group in groups:
            if group[0] & names:
                names |= group[0]
                members = group[1] + members
            else:
                rest.append(group)
        groups = [*rest, (names, members)]
    used = set().union(*(names for names, _ in groups))
    idle = [v for v in germ.variables if v not in used]
    if idle:
        raise OutOfScope(
            f"volume: K does not depend on {', '.join(idle)}; the constant depends on the box"
        )
    blocks = []
    for names, members in groups:
        order = tuple(v for v in germ.variables if v in names)
        if germ.convention == "loss":
            whole = members[0]
            for p in members[1:]:
                whole = whole + p
            members = [whole]
        tau = tuple(h for v, h in zip(germ.variables, germ.prior, strict=True) if v in names)
        inside = tuple(p.in_ring(order) for p in members)
        walls = tuple(v for v in order if v in germ.nonnegative)
        blocks.append(Germ(order, inside, tau, walls, germ.convention))
    return blocks


@contextmanager
def _precision(digits: int) -> Iterator[None]:
    """Balls with enough bits for so many digits, and the former precision afterwards."""
    before = flint.ctx.prec
    flint.ctx.prec = ceil(3.33 * digits) + 64
    try:
        yield
    finally:
        flint.ctx.prec = before


def _convolve(a: Leading, b: Leading) -> Leading:
    """K_1(x) + K_2(y): Laplace transforms multiply (Watanabe 2009, Remark 7.2)."""
    lam = a.exponent + b.exponent
    factor = _gamma(1 + a.exponent) * _gamma(1 + b.exponent) / _gamma(1 + lam)
    # each L^(m−1) of a Laplace transform Γ(1 + λ)·C·n^(−λ)·(log n)^(m−1)
    constant = a.constant * b.constant * factor
    method = a.method if a.method == b.method else f"{a.method}; {b.method}"
    rigorous = a.rigorous and b.rigorous
    return Leading(lam, a.multiplicity + b.multiplicity - 1, constant, method, rigorous)


def _gamma(q: Fraction) -> flint.arb:
    return ball(q).gamma()


def _leading(germ: Germ, digits: int) -> Leading:
    """The leading term of one block."""
    if len(germ.variables) == 1:
        return _one_variable(germ)
    found = newton_step(germ)
    if not isinstance(found, tuple):
        if _is_plane_curve(germ):
            return _adapted(germ, digits)
        if found.face is not None and found.face.answer is None:
            raise Undecided(f"volume: nondegeneracy is not decided: {found}", found.bounds)
        raise OutOfScope(f"volume: no formula for degenerate K: {found}")
    step, value = found
    if "strict" in step:
        # ratio 1/2 there too: with the toric divisors where λ = 1/2, or alone
        raise OutOfScope(
            f"volume: the strict transform contributes to lambda = {value.value}; "
            "there is no formula here"
        )
    return _toric(germ, value, digits)


def _toric(germ: Germ, value: RLCT, digits: int) -> Leading:
    """The formula of the hit face, for (λ, m) attained by toric divisors only."""
    lam, m = value.value, value.multiplicity
    power = 1 if germ.convention == "loss" else 2
    n = len(germ.variables)
    support = sorted({a for g in germ.generators for a in g.support()})
    polyhedron = NewtonPolyhedron.of(support)
    direction = [1 + h for h in germ.prior]
    tau = polyhedron.hit_face(direction)
    fan = DualFan(polyhedron)
    # the facets through the hit point; fewer than those through its vertices if not compact
    cone = 0
    for j, facet in enumerate(polyhedron.facets):
        nu = sum((x * d for x, d in zip(facet.normal, direction, strict=True)), Fraction(0))
        if facet.value and nu == lam * power * facet.value:
            cone |= 1 << j
    rays = fan.rays(cone)
    if any(sum(v[i] for v in rays) == 0 for i in range(n)):
        raise OutOfScope(
            "volume: the hit face is not compact; the constant depends on the neighbourhood"
        )
    inside, density = cone_density(fan, cone, m, power)
    outside = [i for i in range(n) if i not in inside]
    parts = [
        Polynomial.from_terms({a: c for a, c in g.terms() if a in tau}, germ.variables)
        for g in germ.generators
    ]
    parts = [p for p in parts if not p.is_zero]
    integral, method, rigorous = face_integral(germ, parts, inside, outside, lam, digits)
    return Leading(lam, m, ball(density / lam) * integral, method, rigorous)


def _is_plane_curve(germ: Germ) -> bool:
    """One f of two variables on the whole plane without a prior."""
    return (
        len(germ.variables) == 2
        and len(germ.generators) == 1
        and not any(germ.prior)
        and not germ.nonnegative
    )


def _adapted(germ: Germ, digits: int) -> Leading:
    """The leading term of one f of two variables, in adapted coordinates."""
    (f,) = germ.generators
    power = 1 if germ.convention == "loss" else 2
    for _ in range(40):
        polyhedron = NewtonPolyhedron.of(f.support())
        distance = polyhedron.distance()
        lam = 1 / (power * distance)
        if distance <= 1:
            raise OutOfScope(
                f"volume: the strict transform contributes to lambda = {Fraction(1, power)}; "
                "there is no formula here"
            )
        through = [
            facet
            for facet in polyhedron.facets
            if facet.value and Fraction(sum(facet.normal), facet.value) == 1 / distance
        ]
        if any(0 in facet.normal for facet in through):
            raise OutOfScope(
                "volume: the hit face is not compact; the constant depends on the neighbourhood"
            )
        # every edge near the hit point: a root of multiplicity ≥ 1/(power·λ) is straightened
        shift = None
        for facet in through:
            (a, b) = facet.normal
            edge = Polynomial.from_terms(
                {e: c for e, c in f.terms() if e[0] * a + e[1] * b == facet.value}, f.variables
            )
            shift = shift or _heavy_root(edge, (a, b), distance)
        if shift is None:
            moved = replace(germ, generators=(f,))
            leading = _toric(moved, RLCT(lam, len(through)), digits)
            return replace(leading, method=f"adapted coordinates; {leading.method}")
        name, image = shift
        f = f.substitute({name: image})
    raise OutOfScope("volume: no adapted coordinates after 40 changes of coordinates")


def _heavy_root(
    edge: Polynomial, weights: tuple[int, int], distance: Fraction
) -> tuple[str, Polynomial] | None:
    """(x, x + c·y^k) for a factor x − c·y^k of multiplicity ≥ the distance; None if there is none.

    Raises OutOfScope for such a factor with real zeros that is not rational.
    """
    for q, e in edge.factor()[1]:
        if e < distance or len(q.flint) == 1:
            continue
        form = lattice_form([q])
        if not count_roots(univariate(form.polys[0], "t1"), "nonzero"):
            continue
        lead = [i for i in (0, 1) if max(a[i] for a in q.support()) == 1]
        if len(q.flint) != 2 or not lead:
            raise OutOfScope(f"volume: {q} = 0, of multiplicity {e}, is not rational")
        i = next((i for i in lead if weights[i] >= weights[1 - i]), lead[0])
        terms = dict(q.terms())
        one = next(a for a in terms if a[i] == 1)
        other = next(a for a in terms if a != one)
        if sum(one) != 1:
            raise OutOfScope(f"volume: {q} = 0, of multiplicity {e}, is no graph")
        change = {one: Fraction(1), other: -terms[other] / terms[one]}
        return q.variables[i], Polynomial.from_terms(change, q.variables)
    return None


def _one_variable(germ: Germ) -> Leading:
    """K = c·|x|^p·(1 + …) on the line or half-line."""
    (h,) = germ.prior
    power = 1 if germ.convention == "loss" else 2
    order = min(g.order for g in germ.generators)
    lead = sum(
        (c**power for g in germ.generators for (e,), c in g.terms() if e == order), Fraction(0)
    )
    if lead <= 0:
        raise OutOfScope("volume: a loss K >= 0 is needed")
    lam = (1 + h) / (power * order)
    sides = 1 if germ.nonnegative else 2
    constant = sides * ball(lead) ** ball(-lam) / ball(1 + h)
    return Leading(lam, 1, constant, "Gamma functions")
