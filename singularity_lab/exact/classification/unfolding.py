"""Versal unfoldings, adjacencies of simple singularities, and λ along a path in the base.

The monomials e_i of a basis of the Tjurina algebra span a versal unfolding F = f + Σ s_i·e_i of the
singularity {f = 0} (Tyurina 1969; Kas and Schlessinger 1972). One singularity deforms into another
when arbitrarily small s have a fibre F_s = 0 with it. Among simple ones X → Y exactly if the Dynkin
diagram of Y is an induced subgraph of that of X (Brieskorn 1970; Grothendieck's conjecture; Arnold
1972).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput
from singularity_lab.exact.classification.milnor import LocalAlgebra, tjurina_algebra

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True)
class Unfolding:
    """F = f + Σ s_i·e_i with the e_i of a basis of the Tjurina algebra, τ parameters.

    >>> from singularity_lab.algebra.polynomial import parse
    >>> u = unfold(parse("x^3 + y^2", "x y"))
    >>> print(u.polynomial())
    x^3 + x*s2 + y^2 + s1
    >>> print(u.at({"s2": "1/2"}))
    x^3 + 1/2*x + y^2
    """

    f: Polynomial
    monomials: tuple[Polynomial, ...]
    parameters: tuple[str, ...]

    @classmethod
    def of(cls, f: Polynomial, algebra: LocalAlgebra) -> Unfolding:
        """The unfolding over a basis that is known; the parameters are s1, s2, … (t1, … if f uses
        an s)."""
        letter = next(
            c for c in ("s", "t", "lam", "param") if not any(v.startswith(c) for v in f.variables)
        )
        names = tuple(f"{letter}{i + 1}" for i in range(algebra.dimension))
        return cls(f, tuple(e.in_ring(f.variables) for e in algebra.monomials()), names)

    def polynomial(self) -> Polynomial:
        """F in the ring of the variables and the parameters."""
        names = (*self.f.variables, *self.parameters)
        total = self.f.in_ring(names)
        for e, s in zip(self.monomials, self.parameters, strict=True):
            one = Polynomial.from_terms({tuple(int(v == s) for v in names): 1}, names)
            total = total + e.in_ring(names) * one
        return total

    def at(self, values: Mapping[str, Rational | str]) -> Polynomial:
        """The deformation F_s; parameters that are not named are 0. Raises BadInput otherwise."""
        unknown = [n for n in values if n not in self.parameters]
        if unknown:
            raise BadInput(
                f"values: {unknown[0]!r} is no parameter; known: {', '.join(self.parameters)}"
            )
        total = self.f
        for e, s in zip(self.monomials, self.parameters, strict=True):
            total = total + e * fraction(values.get(s, 0), f"values[{s}]")
        return total

    def plot(self, ax: Any = None, size: Fraction = Fraction(-1, 10)) -> Any:
        """The real curve or surface F_s = 0 for s = (size, 0, …, 0): the level −size of f."""
        from singularity_lab.pictures.singularities import zero_set

        germ = self.at({self.parameters[0]: size}) if self.parameters else self.f
        return zero_set(germ, ax=ax, title=f"{germ} = 0")


def unfold(f: Polynomial) -> Unfolding:
    """The versal unfolding of {f = 0} at 0; raises as :func:`milnor.tjurina_algebra`."""
    return Unfolding.of(f, tjurina_algebra(f))


# -- adjacencies ------------------------------------------------------------------------------


def dynkin(letter: str, rank: int) -> networkx.Graph:
    """The Dynkin diagram A_k, D_k (k ≥ 4) or E_6, E_7, E_8 as a graph.

    >>> dynkin("D", 4).degree(0)
    3
    """
    import networkx

    if letter == "A" and rank >= 1:
        return networkx.path_graph(rank)
    if letter == "D" and rank >= 4:
        arms = (1, 1, rank - 3)
    elif letter == "E" and rank in (6, 7, 8):
        arms = (1, 2, rank - 4)
    else:
        raise BadInput(f"dynkin: A_k, D_k with k >= 4, E6, E7 or E8, received {letter}{rank}")
    return _star(arms)


def _star(arms: Sequence[int]) -> networkx.Graph:
    import networkx

    graph = networkx.Graph()
    graph.add_node(0)
    fresh = 1
    for length in arms:
        last = 0
        for _ in range(length):
            graph.add_edge(last, fresh)
            last, fresh = fresh, fresh + 1
    return graph


def dynkin_type(graph: networkx.Graph) -> str | None:
    """The name of a connected simply laced Dynkin diagram of finite type; None for other graphs.

    >>> dynkin_type(dynkin("E", 7))
    'E7'
    """
    import networkx

    n = graph.number_of_nodes()
    if n == 0 or not networkx.is_tree(graph):
        return None
    degrees = sorted((d for _, d in graph.degree()), reverse=True)
    if degrees[0] <= 2:
        return f"A{n}"
    if degrees[0] > 3 or degrees.count(3) > 1:
        return None
    centre = next(v for v, d in graph.degree() if d == 3)
    rest = graph.copy()
    rest.remove_node(centre)
    arms = sorted(len(c) for c in networkx.connected_components(rest))
    if arms[:2] == [1, 1]:
        return f"D{n}"
    if arms[:2] == [1, 2] and arms[2] <= 4:
        return f"E{n}"
    return None


def adjacencies(largest: int = 8) -> networkx.DiGraph:
    """The graph of elementary adjacencies X → Y among A_k, D_k, E_k with k ≤ largest.

    An edge removes one end of the Dynkin diagram, so μ drops by 1; all adjacencies of simple
    singularities are its paths. Nodes carry ``milnor``.

    >>> g = adjacencies(8)
    >>> sorted(g.successors("E8")), sorted(g.successors("D5"))
    (['A7', 'D7', 'E7'], ['A4', 'D4'])
    """
    import networkx

    if largest < 1:
        raise BadInput(f"largest: an integer >= 1 is needed, received {largest}")
    names = [("A", k) for k in range(1, largest + 1)]
    names += [("D", k) for k in range(4, largest + 1)]
    names += [("E", k) for k in (6, 7, 8) if k <= largest]
    graph = networkx.DiGraph()
    for letter, k in names:
        graph.add_node(f"{letter}{k}", milnor=k)
    for letter, k in names:
        diagram = dynkin(letter, k)
        for leaf in [v for v, d in diagram.degree() if d == 1]:
            smaller = diagram.copy()
            smaller.remove_node(leaf)
            kind = dynkin_type(smaller)
            if kind is not None:
                graph.add_edge(f"{letter}{k}", kind)
    return graph


def deforms(big: str, small: str) -> bool:
    """Whether the simple singularity ``big`` is adjacent to ``small``.

    >>> deforms("E6", "A5"), deforms("E6", "D5"), deforms("D6", "E6"), deforms("A7", "D4")
    (True, True, False, False)
    """
    import networkx

    graph = adjacencies(max(int(big[1:]), int(small[1:])))
    for name in (big, small):
        if name not in graph:
            raise BadInput(f"deforms: a simple type like A3, D4, E6 is needed, received {name!r}")
    return bool(networkx.has_path(graph, big, small))
