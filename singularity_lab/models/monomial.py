"""Normal crossings and monomial ideals: K = Σ (w^a)², prior ∏|wᵢ|^τᵢ. Howald 2001; Watanabe 2009,
§2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.model import (
    Model,
    at_least,
    builder,
    origin,
    polynomial_twin,
    unweighted,
)
from singularity_lab.models.symbols import Ring, vector_names
from singularity_lab.system.counting import counted

if TYPE_CHECKING:
    from torch import Tensor

Number = int | str


@builder
def normal_crossing(exponents: list[int], prior: list[Number] | None = None) -> Model:
    """K = ∏ wᵢ^{2kᵢ} with prior ∏|wᵢ|^{hᵢ}: λ = min (hᵢ + 1)/(2kᵢ), m = number of ties.

    exponents: the kᵢ ≥ 0; prior: the hᵢ > −1 (0 when absent).

    >>> from singularity_lab.models import build
    >>> print(build("normal_crossing", exponents=[1, 1]).loss)
    w1^2*w2^2
    """
    if not exponents or not any(exponents):
        raise BadInput(f"exponents: at least one must be positive, received {exponents}")
    at_least(0, **{f"exponents[{i}]": k for i, k in enumerate(exponents)})
    if prior is not None and len(prior) != len(exponents):
        raise BadInput(f"prior: {len(exponents)} exponents are needed, received {prior}")
    names = vector_names("w", len(exponents))
    f = Polynomial.from_terms({tuple(exponents): 1}, names)
    tau = {n: fraction(h, "prior") for n, h in zip(names, prior or [0] * len(names), strict=True)}

    def twin(w: Tensor) -> Tensor:
        return (w ** w.new_tensor([2.0 * k for k in exponents])).prod(1)

    return Model(
        "normal_crossing",
        dict(exponents=list(exponents)) | ({} if prior is None else dict(prior=list(prior))),
        Ideal(tuple(names), (f,)),
        unweighted([f]),
        (origin(names, deepest=True),),
        twin,
        f"K = ({f})^2",
        prior={n: t for n, t in tau.items() if t},
    )


@builder
def monomial_ideal(exponents: list[list[int]], prior: list[Number] | None = None) -> Model:
    """K = Σ_a w^{2a} over the exponents a: λ by the linear programme of Howald 2001.

    >>> from singularity_lab.models import build
    >>> print(build("monomial_ideal", exponents=[[2, 0], [0, 3]]).ideal)
    (w1^2, w2^3) in Q[w1, w2]
    """
    if not exponents or len({len(a) for a in exponents}) != 1 or not exponents[0]:
        raise BadInput(f"exponents: rows of one length are needed, received {exponents}")
    for i, a in enumerate(exponents):
        at_least(0, **{f"exponents[{i}][{j}]": e for j, e in enumerate(a)})
        if not any(a):
            raise BadInput(f"exponents[{i}]: the exponent 0 is a unit, and K would not vanish")
    names = vector_names("w", len(exponents[0]))
    if prior is not None and len(prior) != len(names):
        raise BadInput(f"prior: {len(names)} exponents are needed, received {prior}")
    generators = [Polynomial.from_terms({tuple(a): 1}, names) for a in exponents]
    tau = {n: fraction(h, "prior") for n, h in zip(names, prior or [0] * len(names), strict=True)}
    squares = unweighted(generators)
    return Model(
        "monomial_ideal",
        dict(exponents=[list(a) for a in exponents])
        | ({} if prior is None else dict(prior=list(prior))),
        Ideal(tuple(names), tuple(generators)),
        squares,
        (origin(names, deepest=True),),
        polynomial_twin(squares, len(names)),
        "K = sum of squares of " + ", ".join(map(str, generators)),
        prior={n: t for n, t in tau.items() if t},
    )


@builder
def edge_ideal(vertices: int, edges: list[list[int]]) -> Model:
    """The edge ideal of a graph: generators w_i·w_j over the edges (1-based); 2λ is its fractional
    cover number.

    The linear programme min Σ v over v_i + v_j ≥ 1 is the fractional vertex cover, so 2λ is
    half-integral.
    Raises BadInput for loops, repeated edges and vertices out of range.

    >>> from singularity_lab.models import build
    >>> print(build("edge_ideal", vertices=3, edges=[[1, 2], [2, 3]]).ideal)
    (w1*w2, w2*w3) in Q[w1, w2, w3]
    """
    at_least(2, vertices=vertices)
    if not edges:
        raise BadInput("edges: at least one edge is needed, received none")
    seen: set[frozenset[int]] = set()
    for i, e in enumerate(edges):
        if len(e) != 2 or e[0] == e[1] or not all(1 <= v <= vertices for v in e):
            raise BadInput(f"edges[{i}]: two different vertices of 1…{vertices}, received {e}")
        if frozenset(e) in seen:
            raise BadInput(f"edges[{i}]: given twice: {e}")
        seen.add(frozenset(e))
    names = vector_names("w", vertices)
    ring = Ring(names)
    generators = [ring[f"w{i}"] * ring[f"w{j}"] for i, j in edges]

    def twin(w: Tensor) -> Tensor:
        i, j = zip(*edges, strict=True)
        return (w[:, [k - 1 for k in i]] ** 2 * w[:, [k - 1 for k in j]] ** 2).sum(1)

    return Model(
        "edge_ideal",
        dict(vertices=vertices, edges=[list(e) for e in edges]),
        Ideal(tuple(names), tuple(generators)),
        unweighted(generators),
        (origin(names, deepest=True),),
        twin,
        f"edge ideal of a graph with {vertices} vertices and {counted(len(edges), 'edge')}",
    )
