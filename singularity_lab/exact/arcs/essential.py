"""Essential divisors: those whose centre is on every resolution a component of the preimage of the
singular locus. Nash 1995; Bouvier and Gonzalez-Sprinberg 1995; Ishii and Kollár 2003.

Marked essential only by proof:

- *ADE surfaces.* They are the exceptional curves of the minimal resolution, n of them. The fibre
  over 0 of the jets J_m of the normal form has n components for m = h − 1, the number of exponents
  of the Weyl group (computed, with purity proved); the general arcs of each have orders v of the
  coordinates, contact N = min ⟨v, a⟩ and codimension ν = |v|.
- *Toric varieties.* The minimal lattice points of the relative interiors of the singular faces of
  the cone, for the order v ≤ w if w − v is in the cone (Bouvier 1998; Ishii and Kollár 2003,
  Theorem 3.16).

Other germs: the divisors of a proof tree, with (N, ν) and no claim.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import index
from typing import Any

import flint
import networkx
from msgspec import UNSET, UnsetType

from singularity_lab.algebra.polynomial import Exponent, PointLike, Polynomial, parse
from singularity_lab.algebra.problem import HasProblem, LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.arcs.jets import jets
from singularity_lab.system.deadline import TimeLimit, require_seconds, time_left
from singularity_lab.system.documents import Record


class DivisorDocument(Record, frozen=True):
    """A divisor over a germ; weights: None where they are not known, essential: not decided."""

    name: str
    N: str
    nu: str
    weights: tuple[int, ...] | None
    essential: bool | None


class EssentialDocument(Record, frozen=True, kw_only=True):
    """Divisors of a germ as a document; fractions and polynomials are text."""

    polynomial: str
    label: str | UnsetType = UNSET
    form: str
    method: str
    divisors: tuple[DivisorDocument, ...]


@dataclass(frozen=True)
class EssentialDivisor:
    """A divisor over the germ: f has order N along it, and codimension or discrepancy + 1 is ν.

    weights: orders of the coordinates of ``EssentialDivisors.form`` along its general arc, where
    known. essential: True where it is proved; None: not decided.
    """

    name: str
    N: Fraction
    nu: Fraction
    weights: Exponent | None
    essential: bool | None


@dataclass(frozen=True)
class EssentialDivisors:
    """Divisors of a germ with what is proved of them. form: in whose coordinates weights are."""

    f: Polynomial
    form: Polynomial
    divisors: tuple[EssentialDivisor, ...]
    method: str
    graph: networkx.Graph
    label: str = ""

    @property
    def proved(self) -> tuple[EssentialDivisor, ...]:
        """The divisors that are proved to be essential."""
        return tuple(d for d in self.divisors if d.essential)

    def document(self) -> EssentialDocument:
        """The divisors as a document."""
        return EssentialDocument(
            polynomial=str(self.f),
            label=self.label or UNSET,
            form=str(self.form),
            method=self.method,
            divisors=tuple(
                DivisorDocument(
                    name=d.name,
                    N=str(d.N),
                    nu=str(d.nu),
                    weights=None if d.weights is None else tuple(d.weights),
                    essential=d.essential,
                )
                for d in self.divisors
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        label = f"{self.label}: " if self.label else ""
        lines = [f"divisors over {label}{self.f}: {self.method}"]
        for d in self.divisors:
            said = "essential" if d.essential else "not decided"
            weights = "" if d.weights is None else f", orders {d.weights}"
            lines.append(f"  {d.name}: N = {d.N}, nu = {d.nu}{weights}; {said}")
        return "\n".join(lines)

    def plot(self, ax: Any = None) -> Any:
        """The divisors as a dual graph: which of them share a chart; for ADE the Dynkin diagram."""
        from singularity_lab.pictures.graphs import dual_graph

        return dual_graph(self.graph, ax=ax)


def essential_divisors(
    f: LocalProblem | HasProblem | Polynomial | str,
    *,
    at: PointLike | None = None,
    budget: float = 30.0,
) -> EssentialDivisors:
    """Return the essential divisors of an ADE surface singularity, or else the divisors of a proof
    tree.

    f: a polynomial, at the origin or the point ``at``, or a local problem or a row with one
    generator. budget: CPU seconds. Raises OutOfScope where f is 0 or does not vanish there, for
    several generators, and for a prior or constraints that are active at the point; Undecided
    where the budget does not suffice.

    >>> e = essential_divisors("x^2 + y^3 + z^4")
    >>> len(e.proved), e.method
    (6, 'E6: components of the fibre of J_11')
    >>> [d.weights for d in essential_divisors("x*y - z^3").divisors]
    [(1, 2, 1), (2, 1, 1)]
    """
    from singularity_lab.exact.classification.singularity import singularity

    require_seconds(budget)
    with TimeLimit(1.15 * budget + 1.2):
        problem = LocalProblem.of(f, at=at)
        germ = problem.hypersurface("essential divisors", density=True)
        if len(germ.variables) == 3 and germ.order == 2:
            try:
                kind = singularity(germ, budget=budget).kind
            except OutOfScope:  # not isolated
                kind = None
            if kind is not None and kind.simple:
                found = _of_surface(germ, kind.series, kind.milnor)
                return replace(found, label=problem.label)
        found = _of_tree(germ, max(0.1, min(budget, time_left() - 0.8)))
        return replace(found, label=problem.label)
    raise Undecided(f"essential divisors: not decided within {budget} CPU seconds")


def _of_surface(f: Polynomial, series: str, n: int) -> EssentialDivisors:
    from singularity_lab.exact.classification.unfolding import dynkin

    form, coxeter = _surface(series, n)
    result = jets(form, coxeter - 1, fibre=True)
    pieces = result.strata[-1]
    if result.top_components[-1] != n or not result.pure[-1]:
        raise AssertionError(f"{series}{n}: {result.top_components[-1]} components, not {n}")
    found: list[EssentialDivisor] = []
    for stratum in pieces:
        for _ in range(stratum.components or 0):
            found.append(
                EssentialDivisor(
                    f"E{len(found) + 1}",
                    Fraction(stratum.contact),
                    Fraction(sum(stratum.weights)),
                    stratum.weights,
                    True,
                )
            )
    # the diagram is known from the type, not from the arcs: its vertices carry no (N, ν)
    graph = dynkin(series, n)
    for v in graph:
        graph.nodes[v].update(N=1, nu=1, label="", strict=False)
    method = f"{series}{n}: components of the fibre of J_{coxeter - 1}"
    return EssentialDivisors(f, form, tuple(found), method, graph)


def _surface(series: str, n: int) -> tuple[Polynomial, int]:
    """(normal form, Coxeter number)."""
    if series == "A":
        return parse(f"x*y - z^{n + 1}"), n + 1
    if series == "D":
        return parse(f"x^2 + y^2*z + z^{n - 1}"), 2 * n - 2
    form = {6: "x^2 + y^3 + z^4", 7: "x^2 + y^3 + y*z^3", 8: "x^2 + y^3 + z^5"}[n]
    return parse(form), {6: 12, 7: 18, 8: 30}[n]


def _of_tree(f: Polynomial, budget: float) -> EssentialDivisors:
    from singularity_lab.exact.engine.solve import rlct
    from singularity_lab.exact.proof.tree import proof_tree
    from singularity_lab.exact.resolutions.dual_graph import chart_graph

    graph = chart_graph(proof_tree(rlct(f, budget=budget)))
    divisors = tuple(
        EssentialDivisor(name, Fraction(d["N"]), Fraction(d["nu"]), None, None)
        for name, d in graph.nodes(data=True)
    )
    return EssentialDivisors(f, f, divisors, "divisors of a proof tree", graph)


# -- toric varieties ------------------------------------------------------------------------------


def toric_essential(rays: Sequence[Sequence[int]], limit: int = 200_000) -> tuple[Exponent, ...]:
    """Essential divisors of the affine toric variety of a full-dimensional cone: lattice points.

    rays: primitive generators in Z^n. Raises BadInput for a cone that is not pointed, of full
    dimension, or has a ray that is not primitive; OutOfScope beyond ``limit`` lattice points.

    >>> toric_essential([(0, 1), (4, -3)])  # A3
    ((1, 0), (2, -1), (3, -2))
    >>> toric_essential([(1, 0, 0), (0, 1, 0), (1, 0, 1), (0, 1, 1)])  # x*y = z*w
    ((1, 1, 1),)
    """
    try:
        generators = [tuple(map(index, r)) for r in rays]
    except TypeError:
        raise BadInput(f"rays: vectors of integers are needed, received {rays!r}") from None
    n = len(generators[0]) if generators else 0
    if n == 0 or any(len(r) != n for r in generators):
        raise BadInput(f"rays: vectors of one length are needed, received {rays}")
    if _rank(generators) < n:
        raise BadInput("rays: the cone has not full dimension")
    for r in generators:
        if flint.fmpz_mat([list(r)]).snf()[0, 0] != 1:
            raise BadInput(f"rays: {r} is not primitive")
    walls = _walls(generators, n)
    if _rank(walls) < n:
        raise BadInput("rays: the cone is not pointed")
    points: set[Exponent] = set()
    for face in _faces(generators, walls):
        inside = [generators[i] for i in face]
        if _is_smooth(inside):
            continue
        tight = [w for w in walls if all(_dot(w, r) == 0 for r in inside)]
        loose = [w for w in walls if w not in tight]
        # a minimal point of the interior is Σ c_i·r_i over independent rays with 0 < c_i ≤ 1, or
        # the sum of such a point of a smaller cone and rays
        for v in _zonotope_points(inside, limit):
            if all(_dot(w, v) > 0 for w in loose):
                points.add(v)
    minimal = [
        v
        for v in points
        if not any(
            u != v and all(_dot(w, v) >= _dot(w, u) for w in walls) for u in points
        )
    ]  # fmt: skip
    return tuple(sorted(minimal))


def _dot(u: Sequence[int], v: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(u, v, strict=True))


def _rank(rows: Sequence[Sequence[int]]) -> int:
    return int(flint.fmpz_mat([list(r) for r in rows]).rank()) if rows else 0


def _walls(rays: Sequence[Exponent], n: int) -> list[Exponent]:
    """Inner normals of the facets."""
    found: set[Exponent] = set()
    for chosen in itertools.combinations(rays, n - 1):
        if n > 1 and _rank(chosen) < n - 1:
            continue
        minors = []
        for i in range(n):
            rows = [[*r[:i], *r[i + 1 :]] for r in chosen]
            minors.append((-1) ** i * int(flint.fmpz_mat(rows).det()) if n > 1 else 1)
        content = int(flint.fmpz_mat([minors]).snf()[0, 0])
        normal = tuple(x // content for x in minors)
        values = [_dot(normal, r) for r in rays]
        if min(values) >= 0:
            found.add(normal)
        if max(values) <= 0:
            found.add(tuple(-x for x in normal))
    return sorted(found)


def _faces(rays: Sequence[Exponent], walls: Sequence[Exponent]) -> list[frozenset[int]]:
    """All faces but {0}, as sets of rays."""
    facets = [frozenset(i for i, r in enumerate(rays) if _dot(w, r) == 0) for w in walls]
    known = {frozenset(range(len(rays)))}
    queue = list(known)
    while queue:
        face = queue.pop()
        for f in facets:
            part = face & f
            if part and part not in known:
                known.add(part)
                queue.append(part)
    return list(known)


def _is_smooth(rays: Sequence[Exponent]) -> bool:
    """Part of a basis of Z^n."""
    if _rank(rays) < len(rays):
        return False
    form = flint.fmpz_mat([list(r) for r in rays]).snf()
    return all(abs(int(form[i, i])) == 1 for i in range(len(rays)))


def _zonotope_points(rays: Sequence[Exponent], limit: int) -> list[Exponent]:
    """The lattice points Σ c_i·r_i with 0 ≤ c_i ≤ 1: by bounds on coordinates and a linear test."""
    from singularity_lab.algebra.linear import solve_lp

    n, k = len(rays[0]), len(rays)
    spans = [
        range(sum(min(0, r[i]) for r in rays), sum(max(0, r[i]) for r in rays) + 1)
        for i in range(n)
    ]
    size = 1
    for s in spans:
        size *= len(s)
    if size > limit:
        raise OutOfScope(f"toric_essential: more than {limit} lattice points to look at")
    found = []
    # c + slack = 1
    rows = [[*(r[i] for r in rays), *([0] * k)] for i in range(n)]
    rows += [[*(int(i == j) for j in range(k)), *(int(i == j) for j in range(k))] for i in range(k)]
    for v in itertools.product(*spans):
        if any(v) and solve_lp([0] * (2 * k), rows, [*v, *([1] * k)]) is not None:
            found.append(v)
    return found
