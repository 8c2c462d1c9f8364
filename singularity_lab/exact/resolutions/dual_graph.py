"""Dual graphs of resolutions: divisors as vertices with (N, ν), an edge where two meet.

*Plane curves*, by blowing up points until f has normal crossings (Max Noether; Brieskorn and
Knörrer 1986, §8.4). At a point on the divisors E_j, where f = ∏ f_i^(e_i) has multiplicities m_i,

    N = Σ N_j + Σ e_i·m_i,    ν = 2 + Σ (ν_j − 1),

and K = f² has the candidates ν/(2N) there. With E° for E without the other components,

    Z_top(s) = Σ χ(E_i°)/(N_i·s + ν_i) + Σ_{meeting pairs} 1/∏ (N·s + ν),   Z_top(0) = 1,

for the strict transforms (N, ν) = (e, 1) (Denef and Loeser 1992), and μ = 1 − Σ χ(E_i°)·N_i for
reduced f (A'Campo 1975). Points are followed over Q; conjugate ones only where they are normal
crossings, so that a count by degree suffices.

*Charts*: the graph of the divisors of a proof tree. A variable t that a blow-up introduces is one
divisor in all charts below; two are joined if they are local variables of one chart. Proofs that
are used again stand for their first use, so vertices are divisors up to symmetry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import flint

from singularity_lab.algebra.doubtful_names import doubts
from singularity_lab.algebra.polynomial import PointLike, Polynomial
from singularity_lab.algebra.problem import HasProblem, LocalProblem
from singularity_lab.algebra.rational_function import RationalFunction
from singularity_lab.algebra.rings import fraction, to_fmpq
from singularity_lab.algebra.univariate import count_roots
from singularity_lab.errors import OutOfScope, Undecided
from singularity_lab.system.counting import counted
from singularity_lab.system.deadline import TimeLimit, check_time, require_seconds
from singularity_lab.system.documents import Record

if TYPE_CHECKING:
    import networkx


class ExceptionalDocument(Record, frozen=True):
    """An exceptional curve by its number."""

    number: int
    N: int
    nu: int
    self_intersection: int


class StrictDocument(Record, frozen=True):
    """Branches of the strict transform across a divisor."""

    divisor: int
    exponent: int
    branches: int
    real: int


class GraphDocument(Record, frozen=True):
    """A resolution graph as a document; milnor: None where the curve is not reduced."""

    polynomial: str
    divisors: tuple[ExceptionalDocument, ...]
    edges: tuple[tuple[int, int], ...]
    strict: tuple[StrictDocument, ...]
    milnor: int | None


@dataclass(frozen=True)
class Exceptional:
    """An exceptional curve: f has order N along it, dx∧dy order ν − 1."""

    number: int
    N: int
    nu: int
    self_intersection: int

    @property
    def candidate(self) -> Fraction:
        """The candidate pole −ν/N of ∫ |f|^s."""
        return -Fraction(self.nu, self.N)

    def __str__(self) -> str:
        return f"E{self.number} (N {self.N}, nu {self.nu}, E^2 = {self.self_intersection})"


@dataclass(frozen=True)
class StrictTransform:
    """Smooth branches across one divisor: their number over C and over R, and their exponent e."""

    divisor: int
    exponent: int
    branches: int
    real: int


@dataclass(frozen=True)
class ResolutionGraph:
    """The dual graph of the least embedded resolution of a plane curve germ.

    >>> g = resolution_graph("x^2 - y^3")
    >>> print(g)
    resolution graph of x^2 - y^3: 3 divisors
      E1 (N 2, nu 2, E^2 = -3) meets E3
      E2 (N 3, nu 3, E^2 = -2) meets E3
      E3 (N 6, nu 5, E^2 = -1) meets E1, E2, 1 branch
    >>> print(g.topological_zeta(), g.milnor)
    (4*s + 5)/((6*s + 5)*(s + 1)) 2
    """

    f: Polynomial
    divisors: tuple[Exceptional, ...]
    edges: tuple[tuple[int, int], ...]
    strict: tuple[StrictTransform, ...]
    label: str = ""

    @property
    def doubts(self) -> str:
        """How the names were read, where they may have been meant for something else."""
        return "" if self.label else doubts(self.f.variables)

    def euler(self, number: int) -> int:
        """χ of a divisor without the points on other components."""
        points = sum(number in e for e in self.edges)
        return 2 - points - sum(s.branches for s in self.strict if s.divisor == number)

    def topological_zeta(self) -> RationalFunction:
        """Z_top(s) at the point; Z(0) = 1 is checked."""
        by_number = {d.number: d for d in self.divisors}

        def over(*factors: tuple[int, int]) -> RationalFunction:
            bottom = flint.fmpq_poly([1])
            for n, nu in factors:
                bottom = bottom * flint.fmpq_poly([nu, n])
            return RationalFunction.of(flint.fmpq_poly([1]), bottom)

        def times(count: int, value: RationalFunction) -> RationalFunction:
            return RationalFunction.of(value.numerator * count, value.denominator)

        total = RationalFunction.of(flint.fmpq_poly([0]), flint.fmpq_poly([1]))
        for d in self.divisors:
            total = total + times(self.euler(d.number), over((d.N, d.nu)))
        for i, j in self.edges:
            a, b = by_number[i], by_number[j]
            total = total + over((a.N, a.nu), (b.N, b.nu))
        for s in self.strict:
            d = by_number[s.divisor]
            total = total + times(s.branches, over((d.N, d.nu), (s.exponent, 1)))
        if total(0) != 1:
            raise AssertionError(f"topological zeta function: Z(0) = {total(0)}, not 1")
        return total

    @cached_property
    def milnor(self) -> int | None:
        """μ by A'Campo's formula; None where f is not reduced."""
        if any(s.exponent > 1 for s in self.strict):
            return None
        return 1 - sum(self.euler(d.number) * d.N for d in self.divisors)

    @property
    def threshold(self) -> tuple[Fraction, int]:
        """(λ, m) of K = f² at the point over R, from the real divisors and branches."""
        by_number = {d.number: d for d in self.divisors}
        ratios = {d.number: Fraction(d.nu, 2 * d.N) for d in self.divisors}
        crossings: list[tuple[Fraction, ...]] = [(r,) for r in ratios.values()]
        crossings += [(ratios[i], ratios[j]) for i, j in self.edges]
        for s in self.strict:
            if s.real:
                end = Fraction(1, 2 * s.exponent)
                crossings += [
                    (end,),
                    (Fraction(by_number[s.divisor].nu, 2 * by_number[s.divisor].N), end),
                ]
        least = min(min(c) for c in crossings)
        return least, max(c.count(least) for c in crossings)

    def graph(self) -> networkx.Graph:
        """Vertices E1, E2, … with N and nu, and a vertex for each group of branches."""
        import networkx

        graph = networkx.Graph()
        for d in self.divisors:
            graph.add_node(f"E{d.number}", N=d.N, nu=d.nu, label=f"({d.N}, {d.nu})", strict=False)
        graph.add_edges_from((f"E{i}", f"E{j}") for i, j in self.edges)
        for n, s in enumerate(self.strict):
            name = f"f{n + 1}"
            many = f"{s.branches}×" if s.branches > 1 else ""
            power = f" ^{s.exponent}" if s.exponent > 1 else ""
            graph.add_node(name, N=s.exponent, nu=1, label=f"{many}f{power}", strict=True)
            graph.add_edge(f"E{s.divisor}", name)
        return graph

    def document(self) -> GraphDocument:
        """The graph as a document, the polynomial as text."""
        return GraphDocument(
            polynomial=str(self.f),
            divisors=tuple(
                ExceptionalDocument(
                    number=d.number, N=d.N, nu=d.nu, self_intersection=d.self_intersection
                )
                for d in self.divisors
            ),
            edges=self.edges,
            strict=tuple(
                StrictDocument(
                    divisor=s.divisor, exponent=s.exponent, branches=s.branches, real=s.real
                )
                for s in self.strict
            ),
            milnor=self.milnor,
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        label = f"{self.label}: " if self.label else ""
        many = counted(len(self.divisors), "divisor")
        lines = [f"resolution graph of {label}{self.f}: {many}"]
        for d in self.divisors:
            met = [f"E{j if i == d.number else i}" for i, j in self.edges if d.number in (i, j)]
            own: dict[int, tuple[int, int]] = {}
            for s in self.strict:
                if s.divisor == d.number:
                    branches, real = own.get(s.exponent, (0, 0))
                    own[s.exponent] = branches + s.branches, real + s.real
            for exponent, (branches, real) in own.items():
                power = f" of exponent {exponent}" if exponent > 1 else ""
                seen = "" if real == branches else f" ({real or 'none'} real)"
                met.append(counted(branches, "branch", "branches") + power + seen)
            lines.append(f"  {d}" + (f" meets {', '.join(met)}" if met else ""))
        if not any(s.real for s in self.strict):
            lines.append("  no branch is real: over R, f is 0 at the point alone")
        if self.doubts:
            lines.append(f"  {self.doubts}")
        return "\n".join(lines)

    def plot(self, ax: Any = None) -> Any:
        """The dual graph: circles (N, ν), branches of f as arrow heads, −ν/N nearest 0 marked."""
        from singularity_lab.pictures.graphs import dual_graph

        return dual_graph(self.graph(), ax=ax)


def resolution_graph(
    f: LocalProblem | HasProblem | Polynomial | str,
    variables: str | Iterable[str] | None = None,
    *,
    at: PointLike | None = None,
    limit: int = 200,
    budget: float | None = 60.0,
) -> ResolutionGraph:
    """Return the dual graph of the least embedded resolution of {f = 0} at a point, f of two
    variables.

    f: a polynomial, or a local problem or a row with one generator. At least one point is blown up.
    budget: CPU seconds, None for no limit. Raises OutOfScope where f is not zero at the point or
    has not two variables, for a prior or constraints that are active there, Undecided beyond
    ``limit`` blow-ups or the budget, and at conjugate points that are no normal crossings.

    >>> print(resolution_graph("x*y*(x + y)"))
    resolution graph of x*y*(x + y): 1 divisor
      E1 (N 3, nu 2, E^2 = -1) meets 3 branches
    """
    require_seconds(budget)
    with TimeLimit(budget):
        return _resolve(LocalProblem.of(f, variables, at=at), limit)
    raise Undecided(f"resolution graph: not finished within {budget} CPU seconds")


def _resolve(problem: LocalProblem, limit: int) -> ResolutionGraph:
    germ = problem.hypersurface("resolution graph", density=True)
    if len(germ.variables) != 2:
        raise OutOfScope(
            f"resolution graph: two variables are needed, {germ} has "
            f"{len(germ.variables)}; toric_resolution takes them, explain tells the blow-ups of a "
            "proof"
        )
    work = _Blowups(limit)
    factors = [(_plain(q), e) for q, e in germ.factor()[1] if not q({})]
    work.blow_up(factors, {})
    divisors = tuple(
        Exceptional(i + 1, n, nu, s)
        for i, (n, nu, s) in enumerate(zip(work.orders, work.nus, work.squares, strict=True))
    )
    edges = tuple(sorted(work.edges))
    return ResolutionGraph(germ, divisors, edges, tuple(work.strict), problem.label)


_Factor = tuple[Polynomial, int]


def _plain(q: Polynomial) -> Polynomial:
    return Polynomial.from_terms(dict(q.terms()), "x y")


@dataclass
class _Blowups:
    """The blow-ups so far. ``through``: which divisor is {x = 0}, and which {y = 0}, at a point."""

    limit: int
    orders: list[int] = field(default_factory=list)
    nus: list[int] = field(default_factory=list)
    squares: list[int] = field(default_factory=list)
    edges: set[tuple[int, int]] = field(default_factory=set)
    strict: list[StrictTransform] = field(default_factory=list)

    def blow_up(self, factors: Sequence[_Factor], through: dict[str, int]) -> None:
        """Blow up the origin, and go on at each point of the new divisor."""
        check_time()
        if len(self.orders) >= self.limit:
            raise Undecided(f"resolution graph: more than {self.limit} blow-ups")
        old = list(through.values())
        for j in old:
            self.squares[j - 1] -= 1
        n = sum(self.orders[j - 1] for j in old) + sum(e * q.order for q, e in factors)
        self.orders.append(n)
        self.nus.append(2 + sum(self.nus[j - 1] - 1 for j in old))
        self.squares.append(-1)
        new = len(self.orders)
        # x = x, y = x·y: E is {x = 0}; the old {y = 0} passes at y = 0
        first = [(_chart(q, 0), e) for q, e in factors]
        cones = [_on_divisor(q) for q, _ in first]
        places: set[Fraction] = {Fraction(0)} if "y" in through else set()
        conjugate: dict[str, list[tuple[flint.fmpq_poly, int, int]]] = {}
        for (_, e), cone in zip(first, cones, strict=True):
            for p, k in cone.factor()[1]:
                if p.degree() == 1:
                    places.add(fraction(-p[0] / p[1]))
                else:
                    conjugate.setdefault(str(p / p.coeffs()[-1]), []).append((p, k, e))
        for c in sorted(places):
            shifted = [(q.substitute({"y": _line(c)}), e) for q, e in first]
            here = [(q, e) for q, e in shifted if not q({})]
            axes = {"x": new} | ({"y": through["y"]} if c == 0 and "y" in through else {})
            self.point(here, axes)
        for found in conjugate.values():
            (p, k, e), *more = found
            if k > 1 or more:
                raise Undecided(
                    f"resolution graph: {p} = 0 on a divisor: conjugate points that are no normal "
                    "crossings"
                )
            self.strict.append(StrictTransform(new, e, int(p.degree()), count_roots(p, "real")))
        # x = x·y, y = y: the point at infinity
        second = [(_chart(q, 1), e) for q, e in factors]
        here = [(q, e) for q, e in second if not q({})]
        if here or "x" in through:
            axes = {"y": new} | ({"x": through["x"]} if "x" in through else {})
            self.point(here, axes)

    def point(self, factors: Sequence[_Factor], through: dict[str, int]) -> None:
        """A point of a divisor: normal crossings, or blow it up."""
        if not factors:
            if len(through) == 2:
                i, j = sorted(through.values())
                self.edges.add((i, j))
            return
        if len(factors) == 1 and len(through) == 1:
            ((q, e),) = factors
            ((axis, number),) = through.items()
            # smooth, and transversal to {axis = 0}: linear in the other variable
            other = (0, 1) if axis == "x" else (1, 0)
            if dict(q.terms()).get(other):
                self.strict.append(StrictTransform(number, e, 1, 1))
                return
        self.blow_up(factors, through)


def _chart(q: Polynomial, axis: int) -> Polynomial:
    """The strict transform in x = x, y = x·y (axis 0) or x = x·y, y = y (axis 1)."""
    m = q.order
    terms: dict[tuple[int, ...], Fraction] = {}
    for (i, j), c in q.terms():
        terms[(i + j - m, j) if axis == 0 else (i, i + j - m)] = c
    return Polynomial.from_terms(terms, "x y")


def _on_divisor(q: Polynomial) -> flint.fmpq_poly:
    """q(0, y)."""
    dense = {j: c for (i, j), c in q.terms() if i == 0}
    return flint.fmpq_poly(
        [to_fmpq(dense.get(k, Fraction(0))) for k in range(max(dense, default=0) + 1)]
    )


def _line(c: Fraction) -> Polynomial:
    return Polynomial.from_terms({(0, 1): Fraction(1), (0, 0): c}, "x y")


# -- from the charts of a proof -------------------------------------------------------------------


def chart_graph(tree: networkx.DiGraph) -> networkx.Graph:
    """The divisors of a proof tree (:func:`tree.proof_tree`) as a graph with N = k and nu = h + 1.

    >>> from singularity_lab.exact.engine.solve import rlct
    >>> from singularity_lab.exact.proof.tree import proof_tree
    >>> graph = chart_graph(proof_tree(rlct("(y^2 - x^3)^2 - x^5*y")))
    >>> min(Fraction(d["nu"]) / d["N"] for _, d in graph.nodes(data=True))
    Fraction(5, 12)
    """
    import networkx

    graph = networkx.Graph()
    names: dict[tuple[int, str], str] = {}
    owner: dict[int, dict[str, str]] = {0: {}}
    for number in networkx.topological_sort(tree):
        chart = tree.nodes[number]["chart"]
        known = {x: n for x, n in owner[number].items() if chart.k.get(x)}
        for x, k in chart.k.items():
            if x not in known:
                known[x] = names.setdefault((number, x), f"{x}@{number}")
            nu = chart.h.get(x, Fraction(0)) + 1
            name = known[x]
            if name in graph and (graph.nodes[name]["N"], graph.nodes[name]["nu"]) != (k, nu):
                name = known[x] = f"{x}@{number}"  # a factor joined: another divisor
            graph.add_node(name, N=k, nu=nu, label=f"({k}, {nu})", strict=nu == 1)
        local = [known[x] for x in chart.k if chart.roles.get(x) == "local"]
        graph.add_edges_from((a, b) for i, a in enumerate(local) for b in local[:i])
        for d in chart.divisors:
            if len(d.ray) > 1:  # the optimal ray of a leaf: one more toric blow-up
                ray = ",".join(f"{x}:{w}" for x, w in d.ray.items())
                name = f"({ray})@{number}"
                graph.add_node(name, N=d.k, nu=d.h + 1, label=f"({d.k}, {d.h + 1})", strict=False)
                graph.add_edges_from((name, known[x]) for x in d.ray if x in known)
        for child in tree.successors(number):
            inherited = dict(known)
            if chart.op == "blowup":
                below = tree.nodes[child]["chart"]
                words = below.case.split()
                x = words[1] if len(words) > 1 else ""
                inherited.pop(x, None)
                nu = below.h.get(x, Fraction(0)) + 1
                if below.k.get(x):
                    # one divisor for all charts of the blow-up in which K has the same order
                    inherited[x] = f"E{number}" if f"E{number}" not in graph or (
                        graph.nodes[f"E{number}"]["N"], graph.nodes[f"E{number}"]["nu"]
                    ) == (below.k[x], nu) else f"E{number}.{x}"  # fmt: skip
            owner[child] = inherited
    return graph
