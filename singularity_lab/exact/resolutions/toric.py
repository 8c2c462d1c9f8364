"""Toric modifications from the Newton polyhedron. Khovanskii 1977; Varchenko 1976; Fulton 1993.

The normal fan of Γ has one maximal cone for each vertex: the weights w ≥ 0 that it minimises. A
*regular* subdivision (each cone spanned by part of a basis of Z^n) gives a proper modification of
R^n, one chart for each maximal cone σ = ⟨r_1, …, r_n⟩:

    x_i = ∏_j t_j^((r_j)_i),   dx = ± ∏_j t_j^(|r_j| − 1) dt,   f = ∏_j t_j^(min⟨r_j, supp f⟩) · f̃.

The ray r is a divisor with k = min ⟨r, a⟩ and h = ⟨τ + 1, r⟩ − 1; its candidate is (h + 1)/(2k).
The points over the origin are the orbits of the cones whose interior is positive; on the orbit of a
cone f̃ is the polynomial of a compact face of Γ, as a function on the real torus. So the total
transform has normal crossings in a chart if the face polynomials there have no real zero ("unit"),
or, for one f, no critical one ("smooth": then {f̃ = 0} is a divisor with k = 1, h = 0).

The subdivision pulls the rays in a fixed order, which makes the fan simplicial, then stars at
lattice points of the half-open parallelepipeds until each determinant is ±1 (Cox, Little and
Schenck 2011, Propositions 11.1.7 and 11.1.9). All in exact integers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING, Any, Literal

import flint

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, PointLike, Polynomial
from singularity_lab.algebra.problem import GermLike, LocalProblem
from singularity_lab.algebra.rings import Rational
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.engine.newton import FaceInquiry, FaceReport
from singularity_lab.system.counting import counted
from singularity_lab.system.deadline import TimeLimit, check_time, require_seconds
from singularity_lab.system.notebooks import table

if TYPE_CHECKING:
    import networkx

Cone = frozenset[int]
CrossingKind = Literal["unit", "smooth"]


# -- fans ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fan:
    """A subdivision of the orthant R≥0^n: primitive rays, maximal cones as sets of their indices.

    >>> fan = Fan.normal(NewtonPolyhedron.of([(2, 0), (0, 3)]))
    >>> fan.rays, [sorted(c) for c in fan.cones]
    (((0, 1), (1, 0), (3, 2)), [[1, 2], [0, 2]])
    >>> fan.is_regular, fan.regular().rays
    (False, ((0, 1), (1, 0), (3, 2), (2, 1), (1, 1)))
    """

    rays: tuple[Exponent, ...]
    cones: tuple[Cone, ...]

    @classmethod
    def normal(cls, polyhedron: NewtonPolyhedron) -> Fan:
        """The normal fan of a Newton polyhedron: a cone for each vertex, a ray for each facet."""
        rays = tuple(f.normal for f in polyhedron.facets)
        cones = tuple(
            frozenset(j for j, f in enumerate(polyhedron.facets) if _dot(f.normal, v) == f.value)
            for v in polyhedron.vertices
        )
        return cls(rays, cones)

    @property
    def dimension(self) -> int:
        return len(self.rays[0])

    @property
    def is_simplicial(self) -> bool:
        """True if each maximal cone is spanned by n rays."""
        return all(len(c) == self.dimension for c in self.cones)

    @property
    def is_regular(self) -> bool:
        """True if each maximal cone is spanned by a basis of Z^n."""
        return self.is_simplicial and all(self.multiplicity(c) == 1 for c in self.cones)

    def multiplicity(self, cone: Iterable[int]) -> int:
        """|det| of the rays of a maximal simplicial cone: the index of the lattice they span."""
        return abs(int(flint.fmpz_mat([list(self.rays[j]) for j in sorted(cone)]).det()))

    def simplicial(self, limit: int = 20_000) -> Fan:
        """A simplicial subdivision with the same rays: pull them in order (no ray is added).

        Common faces are subdivided alike, because the order is that of all rays.
        Raises OutOfScope when there would be more than ``limit`` cones.
        """
        cones: list[Cone] = []
        for cone in self.cones:
            cones += self._pulled(cone, self._facets(cone), self.dimension)
            if len(cones) > limit:
                raise OutOfScope(f"fan: more than {limit} simplicial cones")
        return Fan(self.rays, tuple(cones))

    def regular(self, limit: int = 20_000) -> Fan:
        """A regular subdivision: star subdivisions of the simplicial one at lattice points.

        A star at u = Σ λ_i r_i with 0 ≤ λ_i < 1 replaces a cone of multiplicity d by cones of
        multiplicities λ_i·d < d, so it ends. Raises OutOfScope beyond ``limit`` cones.
        """
        start = self if self.is_simplicial else self.simplicial(limit)
        rays = list(start.rays)
        cones = dict.fromkeys(start.cones)
        while True:
            here = Fan(tuple(rays), tuple(cones))
            wide = [c for c in cones if here.multiplicity(c) > 1]
            if not wide:
                return here
            for cone in wide:
                if cone in cones:
                    carrier, u = here._lattice_point(sorted(cone))
                    rays.append(u)
                    _star(cones, carrier, len(rays) - 1)
                    here = Fan(tuple(rays), ())
                if len(cones) > limit:
                    raise OutOfScope(f"fan: more than {limit} cones on the way to a regular one")

    def carrier(self, weight: Sequence[Rational]) -> set[Cone]:
        """The smallest cones with the weight in them, as sets of rays: one, in a simplicial fan.

        Raises BadInput for a weight with negative entries.

        >>> fan = Fan.normal(NewtonPolyhedron.of([(2, 0), (0, 3)]))
        >>> fan.carrier((6, 4)), fan.carrier((1, 1))
        ({frozenset({2})}, {frozenset({0, 2})})
        """
        if len(weight) != self.dimension or any(w < 0 for w in weight):
            raise BadInput(f"weight: {self.dimension} numbers >= 0 are needed, received {weight}")
        if not self.is_simplicial:
            raise BadInput("carrier: a simplicial fan is needed; take fan.simplicial()")
        found = set()
        for cone in self.cones:
            rows = sorted(cone)
            solution = self._coordinates(rows, weight)
            if all(c >= 0 for c in solution):
                found.add(frozenset(j for j, c in zip(rows, solution, strict=True) if c))
        return found

    def _coordinates(self, rows: Sequence[int], weight: Sequence[Rational]) -> list[Fraction]:
        """λ with weight = Σ λ_j r_j."""
        n = self.dimension
        matrix = flint.fmpq_mat(n, n, [self.rays[j][i] for i in range(n) for j in rows])
        target = flint.fmpq_mat(n, 1, [flint.fmpq(w.numerator, w.denominator) for w in weight])
        answer = matrix.solve(target)
        return [Fraction(int(answer[i, 0].p), int(answer[i, 0].q)) for i in range(n)]

    def _facets(self, cone: Cone) -> list[Cone]:
        """The facets of a full-dimensional cone, as sets of its rays."""
        n = self.dimension
        if len(cone) == n:
            return [cone - {j} for j in cone]
        found = set()
        for chosen in itertools.combinations(sorted(cone), n - 1):
            kernel = _normal(tuple(self.rays[j] for j in chosen))
            if kernel is None:
                continue
            values = {j: _dot(kernel, self.rays[j]) for j in cone}
            if min(values.values()) >= 0 or max(values.values()) <= 0:
                found.add(frozenset(j for j, v in values.items() if v == 0))
        return list(found)

    def _pulled(self, face: Cone, walls: Sequence[Cone], dimension: int) -> list[Cone]:
        """The pulling triangulation of a face; walls: the facets of a cone that has it."""
        if len(face) == dimension:
            return [face]
        first = min(face)
        inside = {face & w for w in walls if not face <= w}
        facets = [g for g in inside if not any(g < other for other in inside)]
        return [
            part | {first}
            for g in facets
            if first not in g
            for part in self._pulled(g, walls, dimension - 1)
        ]

    def _lattice_point(self, rows: Sequence[int]) -> tuple[Cone, Exponent]:
        """u = Σ λ_j r_j ≠ 0, 0 ≤ λ_j < 1, of small Σ λ_j; and the rays with λ_j > 0."""
        n = self.dimension
        best: tuple[Any, ...] | None = None
        for i in range(n):
            unit = [int(j == i) for j in range(n)]
            generator = [c % 1 for c in self._coordinates(rows, unit)]
            order = lcm(*(c.denominator for c in generator))
            for multiple in range(1, min(order, 512)):
                part = [multiple * c % 1 for c in generator]
                key = (sum(part), sum(1 for c in part if c), part)
                if best is None or key < best:
                    best = key
        assert best is not None
        part = best[2]
        u = [sum(c * self.rays[j][i] for c, j in zip(part, rows, strict=True)) for i in range(n)]
        point = tuple(int(c) for c in u)
        return frozenset(j for c, j in zip(part, rows, strict=True) if c), point

    def plot(self, ax: Any = None) -> Any:
        """The rays in the plane, or where they meet the triangle Σ w = 1 in dimension 3."""
        from singularity_lab.pictures.polyhedra import fan_section

        return fan_section(self.rays, [sorted(c) for c in self.cones], ax=ax)

    def __str__(self) -> str:
        kind = "regular" if self.is_regular else "simplicial" if self.is_simplicial else "general"
        cones = counted(len(self.cones), "maximal cone")
        return f"{kind} fan with {counted(len(self.rays), 'ray')} and {cones}"


def _star(cones: dict[Cone, None], carrier: Cone, new: int) -> None:
    """The star subdivision at a ray inside the cone ``carrier``, in place."""
    for cone in [c for c in cones if carrier <= c]:
        del cones[cone]
        cones.update(dict.fromkeys((cone - {j}) | {new} for j in carrier))


def _normal(rows: tuple[Exponent, ...]) -> tuple[int, ...] | None:
    """The direction orthogonal to n − 1 independent vectors: their minors. None if dependent."""
    n = len(rows[0])
    minors = []
    for i in range(n):
        entries = [[*row[:i], *row[i + 1 :]] for row in rows]
        minors.append((-1) ** i * int(flint.fmpz_mat(entries).det()) if n > 1 else 1)
    return tuple(minors) if any(minors) else None


# -- charts --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ToricChart:
    """The monomial map x_i = ∏_j t_j^(rays[j][i]) of a regular cone: an isomorphism of tori.

    variables: the names x_i; coordinates: the names t_j. rays: row j is the weight of t_j.

    >>> chart = ToricChart(("x", "y"), ((3, 2), (2, 1)))
    >>> print(chart)
    x = t1^3*t2^2, y = t1^2*t2
    >>> monomial, strict = chart.pullback(Polynomial.from_terms({(2, 0): 1, (0, 3): -1}, "x y"))
    >>> monomial, str(strict), chart.jacobian
    ((6, 3), 't2 - 1', (4, 2))
    """

    variables: tuple[str, ...]
    rays: tuple[Exponent, ...]

    def __post_init__(self) -> None:
        n = len(self.variables)
        if len(self.rays) != n or any(len(r) != n for r in self.rays):
            raise BadInput(f"rays: {n} weights of {n} integers are needed, received {self.rays}")
        if abs(self.determinant) != 1:
            raise BadInput(f"rays: a basis of Z^{n} is needed, received {self.rays}")

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The names of the chart's coordinates."""
        return tuple(f"t{j}" for j in range(1, len(self.rays) + 1))

    @cached_property
    def determinant(self) -> int:
        """The determinant of the rays: ±1 in a smooth chart."""
        return int(flint.fmpz_mat([list(r) for r in self.rays]).det())

    @property
    def jacobian(self) -> Exponent:
        """The exponents of det(dx/dt) = ± ∏ t_j^(|r_j| − 1)."""
        return tuple(sum(r) - 1 for r in self.rays)

    @property
    def images(self) -> dict[str, Polynomial]:
        """Each x_i as a monomial in the coordinates."""
        return {
            v: Polynomial.from_terms({tuple(r[i] for r in self.rays): 1}, self.coordinates)
            for i, v in enumerate(self.variables)
        }

    def total_transform(self, f: Polynomial) -> Polynomial:
        """f(x(t)). Raises BadInput for a polynomial of another ring."""
        return Polynomial.from_terms(self._transformed(f), self.coordinates)

    def pullback(self, f: Polynomial) -> tuple[Exponent, Polynomial]:
        """(k, f̃) with f(x(t)) = ∏ t_j^(k_j) · f̃, f̃ divisible by no t_j: the strict transform.

        Raises BadInput for zero.
        """
        if f.is_zero:
            raise BadInput("f: zero has no strict transform")
        total = self._transformed(f)
        k = tuple(min(e) for e in zip(*total, strict=True))
        shifted = {tuple(x - y for x, y in zip(e, k, strict=True)): c for e, c in total.items()}
        return k, Polynomial.from_terms(shifted, self.coordinates)

    def _transformed(self, f: Polynomial) -> dict[Exponent, Fraction]:
        if f.variables != self.variables:
            raise BadInput(f"f: variables {self.variables} are needed, received {f.variables}")
        return {tuple(_dot(r, a) for r in self.rays): c for a, c in f.terms()}

    def __str__(self) -> str:
        return ", ".join(f"{v} = {image}" for v, image in self.images.items())


@dataclass(frozen=True)
class ToricDivisor:
    """A ray: K = t^(2k)·…, prior·Jacobian = |t|^h·…; candidate (h + 1)/(2k), None for k = 0."""

    ray: Exponent
    k: int
    h: Fraction
    candidate: Fraction | None

    def __str__(self) -> str:
        end = "" if self.candidate is None else f", candidate {self.candidate}"
        return f"ray {self.ray}: k = {self.k}, h = {self.h}{end}"


@dataclass(frozen=True)
class ResolvedChart:
    """A chart of a toric modification of a germ.

    divisors: one for each coordinate t_j. strict: the strict transforms of the generators, without
    the common monomial ∏ t_j^(k_j). crossing: "unit" if they have no common zero over the origin,
    "smooth" if the strict transform of the one generator is smooth there and transversal to the
    divisors; None where neither is proved, with the report of a face that stands in the way.
    """

    map: ToricChart
    divisors: tuple[ToricDivisor, ...]
    strict: tuple[Polynomial, ...]
    crossing: CrossingKind | None
    obstacle: FaceReport | None = None

    @property
    def k(self) -> Exponent:
        return tuple(d.k for d in self.divisors)

    @property
    def h(self) -> tuple[Fraction, ...]:
        """The exponents of the Jacobian, by divisor."""
        return tuple(d.h for d in self.divisors)

    def __str__(self) -> str:
        inside = ", ".join(map(str, self.strict))
        state = {"unit": "no real zero here", "smooth": "smooth and transversal", None: "open"}
        return (
            f"{self.map}; k = {self.k}, h = ({', '.join(map(str, self.h))}); "
            f"strict transform {inside}: {state[self.crossing]}"
        )


@dataclass(frozen=True)
class ToricResolution:
    """The toric modification of a germ by a regular subdivision of the normal fan of Γ.

    value: (λ, m), proved, where every chart has normal crossings; None otherwise.
    term_threshold: (λ, m) of the ideal of all terms, read off the charts: always an upper bound.

    >>> r = toric_resolution("x^2 - y^3")
    >>> print(r)
    toric modification with 4 charts, all with normal crossings: (lambda, m) = (5/12, 1)
    >>> [str(d) for d in r.reaching]
    ['ray (3, 2): k = 6, h = 4, candidate 5/12']
    """

    problem: LocalProblem
    polyhedron: NewtonPolyhedron
    fan: Fan
    charts: tuple[ResolvedChart, ...]
    term_threshold: RLCT
    value: RLCT | None
    strict_reaches: bool

    @property
    def normal_crossing(self) -> bool:
        """True if every chart is proved to have normal crossings over the origin."""
        return all(c.crossing is not None for c in self.charts)

    @property
    def divisors(self) -> tuple[ToricDivisor, ...]:
        """The divisors of all charts, one for each ray, in the order of the fan's rays."""
        known = {d.ray: d for c in self.charts for d in c.divisors}
        return tuple(known[r] for r in self.fan.rays if r in known)

    @property
    def reaching(self) -> tuple[ToricDivisor, ...]:
        """The divisors whose candidate is λ (λ of the term ideal where the value is not proved)."""
        best = (self.value or self.term_threshold).value
        return tuple(d for d in self.divisors if d.candidate == best)

    def graph(self) -> networkx.Graph:
        """The dual graph of the divisors with k > 0: rays, joined if they span a cone."""
        import networkx

        graph = networkx.Graph()
        shown = {d.ray: d for d in self.divisors if d.k}
        for ray, d in shown.items():
            graph.add_node(ray, N=d.k, nu=d.h + 1, label=f"({d.k}, {d.h + 1})", strict=False)
        for chart in self.charts:
            rays = [d.ray for d in chart.divisors if d.ray in shown]
            graph.add_edges_from(itertools.combinations(rays, 2))
        return graph

    def plot(self, ax: Any = None) -> Any:
        """The dual graph of the divisors, each with (k, h + 1)."""
        from singularity_lab.pictures.graphs import dual_graph

        return dual_graph(self.graph(), ax=ax)

    def _repr_html_(self) -> str:
        state = {"unit": "no real zero", "smooth": "smooth, transversal", None: "open"}
        lines = [
            (
                chart.map,
                ", ".join(map(str, chart.k)),
                ", ".join(map(str, chart.h)),
                ", ".join(map(str, chart.strict)),
                state[chart.crossing],
            )
            for chart in self.charts
        ]
        heads = ("chart", "k", "h", "strict transform", "there")
        reached = [f"{divisor} reaches the value" for divisor in self.reaching]
        return table(str(self).partition("\n")[0], heads, lines, reached)

    def __str__(self) -> str:
        label = f"{self.problem.label}: " if self.problem.label else ""
        head = f"{label}toric modification with {counted(len(self.charts), 'chart')}"
        if self.value is not None:
            return f"{head}, all with normal crossings: (lambda, m) = {self.value}"
        opened = [c for c in self.charts if c.crossing is None]
        return (
            f"{head}, {len(opened)} of them open: {opened[0].obstacle}; "
            f"(lambda, m) <= {self.term_threshold}"
        )


def toric_resolution(
    ideal: GermLike,
    variables: str | Iterable[str] | None = None,
    *,
    at: PointLike | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    budget: float = 5.0,
    limit: int = 2_000,
) -> ToricResolution:
    """Return the toric modification of K = Σ f² at a point, chart by chart, with (λ, m) where
    proved.

    ideal: generators at the origin or the point ``at``, or a local problem or a row at its own
    point. budget: CPU seconds for questions about real zeros of face polynomials; the fan and the
    charts may take as long. limit: on the number of cones and of compact faces. Raises OutOfScope
    beyond it, for the zero ideal, and where K does not vanish; Undecided where the time does not
    suffice.

    >>> r = toric_resolution(["x + y^2", "z"])
    >>> print(r.value, r.term_threshold, r.normal_crossing)
    None (5/4, 1) False

    Reference: Varchenko 1976; Arnold, Gusein-Zade and Varchenko 1988, §8.3.
    """
    require_seconds(budget)
    with TimeLimit(1.15 * budget + 1.2):
        problem = LocalProblem.of(ideal, variables, at=at, prior=prior)
        return _resolve(problem, budget, limit)
    raise Undecided(f"toric resolution: not finished within {budget} CPU seconds")


def _resolve(problem: LocalProblem, budget: float, limit: int) -> ToricResolution:
    inquiry = FaceInquiry.of(problem.localize(), budget)
    polyhedron = NewtonPolyhedron.of(inquiry.support)
    fan = Fan.normal(polyhedron).regular(limit)
    charts: list[ResolvedChart] = []
    orbits: list[tuple[RLCT, bool | None]] = []
    for cone in fan.cones:
        check_time()
        rays = tuple(fan.rays[j] for j in sorted(cone))
        chart, found = _resolve_chart(ToricChart(inquiry.variables, rays), polyhedron, inquiry)
        charts.append(chart)
        orbits += found
    value = None
    strict = RLCT(Fraction(1, inquiry.scale), 1)
    if all(c.crossing is not None for c in charts) and all(met is not None for _, met in orbits):
        value = min(low.meet(strict) if met else low for low, met in orbits)
    reaches = value is not None and value.value == strict.value and any(met for _, met in orbits)
    terms = min(low for low, _ in orbits)
    return ToricResolution(problem, polyhedron, fan, tuple(charts), terms, value, reaches)


def _resolve_chart(
    chart: ToricChart, polyhedron: NewtonPolyhedron, inquiry: FaceInquiry
) -> tuple[ResolvedChart, list[tuple[RLCT, bool | None]]]:
    """The chart; for each orbit over 0 the (λ, m) of its divisors, and if f̃ has a zero there."""
    divisors = []
    for r in chart.rays:
        k = min(_dot(r, a) for a in polyhedron.vertices) + _dot(r, inquiry.k)
        h = sum((w * (t + 1) for w, t in zip(r, inquiry.prior, strict=True)), Fraction(-1))
        divisors.append(ToricDivisor(r, k, h, (h + 1) / (inquiry.scale * k) if k else None))
    crossing: CrossingKind | None = "unit"
    obstacle = None
    orbits: list[tuple[RLCT, bool | None]] = []
    for orbit in _orbits(chart):
        weight = [sum(chart.rays[j][i] for j in orbit) for i in range(len(chart.rays))]
        face = polyhedron.minimised_by(weight)
        state = inquiry.crossing(face)
        if state is None:
            crossing, obstacle = None, obstacle or inquiry.failing(face)
        elif state == "smooth" and crossing == "unit":
            crossing = "smooth"
        ratios = [c for j in orbit if (c := divisors[j].candidate) is not None]
        orbits.append((RLCT(min(ratios), ratios.count(min(ratios))), inquiry.meets(face)))
    monomial = Polynomial.from_terms(
        {tuple(d.k - _dot(d.ray, inquiry.k) for d in divisors): 1}, chart.coordinates
    )
    strict = tuple(
        Polynomial(chart.coordinates, chart.total_transform(g).flint / monomial.flint)
        for g in inquiry.generators
    )
    return ResolvedChart(chart, tuple(divisors), strict, crossing, obstacle), orbits


def _orbits(chart: ToricChart) -> Iterator[tuple[int, ...]]:
    """The faces of the cone whose interior is positive: their orbits lie over the origin."""
    n = len(chart.rays)
    for size in range(1, n + 1):
        for orbit in itertools.combinations(range(n), size):
            if all(any(chart.rays[j][i] for j in orbit) for i in range(n)):
                yield orbit


def _dot(u: Sequence[int], v: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(u, v, strict=True))
