"""Linear attention at the zero map: out(x, y) = Σ_heads O_s V_s x · (xᵀ K_sᵀ Q_s y). Derived from
Gaussian moments.

x is a context token, y the query token, both standard normal in R^d. In *self*-attention the same x
is key and value, so only the symmetrised products P_ij M_kl + P_ik M_jl (P = OV, M = KᵀQ) are seen
by the loss; in *cross*-attention with an independent value stream v, out = P v (xᵀ M y), and every
product P_ij M_kl is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from singularity_lab.algebra.polynomial import Ideal
from singularity_lab.models.model import Model, Stratum, at_least, at_most, builder
from singularity_lab.models.moments import Law, coefficients, squared_error
from singularity_lab.models.shallow import head_names, primitive
from singularity_lab.models.symbols import Ring, flat, point, transpose, vector_names

if TYPE_CHECKING:
    from torch import Tensor


@builder
def linear_attention(
    dimension: int,
    key: int,
    value: int,
    heads: int = 1,
    values_from: Literal["context", "independent"] = "context",
) -> Model:
    """Linear attention, one context token, truth 0; K = E‖out‖² for standard normal tokens.

    Per head: O is dimension × value, V value × dimension, K and Q key × dimension.
    values_from: ``context`` is self-attention (x is key and value), ``independent`` takes values
    from a stream of their own; there the ideal of one head is the product of two reduced-rank
    regressions at 0.

    >>> from singularity_lab.models import build
    >>> print(build("linear_attention", dimension=1, key=1, value=1).ideal)
    (o11*v11*k11*q11) in Q[o11, v11, k11, q11]
    """
    at_least(1, dimension=dimension, key=key, value=value, heads=heads)
    at_most(100_000, terms=heads * value * key * dimension**4)
    o = head_names("o", heads, dimension, value)
    v = head_names("v", heads, value, dimension)
    k = head_names("k", heads, key, dimension)
    q = head_names("q", heads, key, dimension)
    names = [n for s in range(heads) for m in (o, v, k, q) for n in flat(m[s])]
    x, y, z = (vector_names(c, dimension) for c in ("x", "y", "z"))
    streams = x + y if values_from == "context" else x + y + z
    ring = Ring(names + streams)
    carried = [[ring[n]] for n in (x if values_from == "context" else z)]
    outputs = [ring.constant(0)] * dimension
    for s in range(heads):
        P = ring.multiply(ring.matrix(o[s]), ring.matrix(v[s]))
        M = ring.multiply(transpose(ring.matrix(k[s])), ring.matrix(q[s]))
        moved = ring.multiply(P, carried)
        score = ring.multiply([ring.vector(x)], ring.multiply(M, [[ring[n]] for n in y]))[0][0]
        outputs = [f + row[0] * score for f, row in zip(outputs, moved, strict=True)]
    generators = [
        primitive(c)
        for f in outputs
        for c in coefficients(f, streams, names).values()
        if not c.is_zero
    ]

    def twin(w: Tensor) -> Tensor:
        law = Law("gaussian", len(streams))
        nodes, weights = law.quadrature(4 if values_from == "context" else 2)
        nodes = nodes.to(w.device)
        X, Y = nodes[:, :dimension], nodes[:, dimension : 2 * dimension]
        Z = X if values_from == "context" else nodes[:, 2 * dimension :]
        at, out = 0, w.new_zeros(len(w), len(nodes), dimension)

        def take(rows: int, columns: int) -> Tensor:
            nonlocal at
            block = w[:, at : at + rows * columns].reshape(-1, rows, columns)
            at += rows * columns
            return block

        for _ in range(heads):
            U, V = take(dimension, value), take(value, dimension)
            K, Q = take(key, dimension), take(key, dimension)
            score = ((X @ K.transpose(1, 2)) * (Y @ Q.transpose(1, 2))).sum(2)
            out = out + (Z @ V.transpose(1, 2) @ U.transpose(1, 2)) * score[:, :, None]
        return ((out**2).sum(2) * weights.to(w.device)).sum(1)

    return Model(
        "linear_attention",
        dict(dimension=dimension, key=key, value=value, heads=heads, values_from=values_from),
        Ideal(tuple(names), tuple(generators)),
        squared_error(outputs, streams, names, Law("gaussian", len(streams))),
        (Stratum("origin", point(names, {}), "all weights are 0", deepest=True),),
        twin,
        f"linear attention, width {dimension}, key {key}, value {value}, {heads} head(s), "
        f"values from the {values_from} stream, standard normal tokens, truth 0; K = E|out|^2",
    )
