"""Latent variables: hidden classes (naive Bayes), Gaussian latent trees, factor analysis, Boltzmann
machines.

Discrete models are polynomial maps w ↦ p(·; w); near an interior truth every divergence between
laws has the λ and m of Σ (p − p*)², so the ideal is that of the differences, in the coordinates
(moments) in which it is shortest.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.model import (
    Model,
    SideBounds,
    Stratum,
    at_least,
    at_most,
    builder,
    unweighted,
)
from singularity_lab.models.symbols import Ring, flat, matrix_names, point, vector_names
from singularity_lab.system.counting import counted

if TYPE_CHECKING:
    from torch import Tensor


OUTCOMES = 100_000


def _subsets(n: int) -> list[tuple[int, ...]]:
    return [s for k in range(1, n + 1) for s in itertools.combinations(range(n), k)]


def _check_classes(sizes: Sequence[int], classes: int, truth: str) -> None:
    """Raise BadInput for classes and features of which there is no model, or too large a one."""
    at_least(2, classes=classes, **{f"sizes[{i}]": k for i, k in enumerate(sizes)})
    if not sizes:
        raise BadInput("sizes: at least one feature is needed")
    at_most(OUTCOMES, outcomes=math.prod(sizes), terms=math.prod(sizes) * classes)
    if truth != "independent" and (classes != 2 or any(k != 2 for k in sizes) or len(sizes) < 2):
        raise BadInput("truth: 'pair' and 'generic' are for two classes and >= 2 binary features")
    if truth == "generic" and len(sizes) < 3:
        raise BadInput("truth: 'generic' needs at least three features (two are a pair)")


@builder
def latent_class(
    sizes: list[int], classes: int, truth: Literal["independent", "pair", "generic"] = "independent"
) -> Model:
    """A hidden class with conditionally independent discrete features (mixture of independence
    models, naive Bayes).

    p(x) = Σ_c t_c ∏_i (1/k_i + u_{c,i,x_i}), with t_1 = 1 − Σ t_c and, for every class and feature,
    deviations u from the uniform law that sum to 0 (the last one is left out). Truths:
    ``independent`` (uniform law), ``pair`` (the first two features depend on the class, binary
    features only) and ``generic`` (all do). Strata of ``independent``: ``vanishing`` (one class has
    weight 1, u = 0), ``interior`` (equal weights, u = 0), ``far`` (the other classes have weight 0
    and stand at one point u ≠ 0), ``far-aside`` (three classes or more: the third elsewhere, with
    the sign of its first feature changed). Generators: the moments E ∏_{i ∈ S} (indicator − truth).
    K = Σ_x (p(x) − p*(x))². ``analytic``: Kullback–Leibler. Raises BadInput for fewer than two
    classes or sizes below 2, and for dependent truths beyond binary, two classes. Rusakov and
    Geiger 2005 (binary, two classes).

    >>> from singularity_lab.models import build
    >>> print(build("latent_class", sizes=[2, 2], classes=2).ideal.generators[0])
    -t2*u11 + t2*u21 + u11
    """
    _check_classes(sizes, classes, truth)
    n = len(sizes)
    dependent = {"independent": 0, "pair": 2, "generic": n}[truth]
    binary = all(k == 2 for k in sizes)
    t = vector_names("t", classes)[1:]
    u = [
        [
            [f"u{c + 1}{i + 1}" if binary else f"u{c + 1}{i + 1}_{s + 1}" for s in range(k - 1)]
            for i, k in enumerate(sizes)
        ]
        for c in range(classes)
    ]
    ring = Ring(t + [name for c in u for i in c for name in i])
    weights = [1 - ring.sum(ring.vector(t)), *ring.vector(t)]
    half, quarter = fraction("1/2"), fraction("1/4")

    def moment_of_truth(chosen: Sequence[int]) -> Rational:
        """E ∏ u over the two classes ±1/4 with weights 1/2 (dependent features), 0 otherwise."""
        if any(i >= dependent for i in chosen) or len(chosen) % 2:
            return 0
        return quarter ** len(chosen)

    generators = []
    for chosen in _subsets(n):
        for states in itertools.product(*(range(sizes[i] - 1) for i in chosen)):
            terms = [
                weights[c]
                * ring.product([ring[u[c][i][s]] for i, s in zip(chosen, states, strict=True)])
                for c in range(classes)
            ]
            generators.append(ring.sum(terms) - moment_of_truth(chosen))

    def conditional(c: int, i: int, s: int) -> Polynomial:
        k = sizes[i]
        if s < k - 1:
            return ring[u[c][i][s]] + fraction(f"1/{k}")
        return fraction(f"1/{k}") - ring.sum(ring.vector(u[c][i]))

    def truth_law(x: Sequence[int]) -> Rational:
        total: Rational = 0
        for sign in (1, -1):
            p: Rational = half
            for i, s in enumerate(x):
                shift = quarter * sign * (1 if s == 0 else -1) if i < dependent else 0
                p = p * (fraction(f"1/{sizes[i]}") + shift)
            total += p
        return total

    outcomes = list(itertools.product(*(range(k) for k in sizes)))
    squares = [
        ring.sum(
            [
                weights[c] * ring.product([conditional(c, i, s) for i, s in enumerate(x)])
                for c in range(classes)
            ]
        )
        - truth_law(x)
        for x in outcomes
    ]

    if truth == "independent":
        interior = {name: fraction(f"1/{classes}") for name in t}
        far = {u[c][i][0]: fraction("1/4") for c in range(1, classes) for i in range(n)}
        strata: tuple[Stratum, ...] = (
            Stratum(
                "vanishing",
                point(ring.variables, {}),
                "one class has weight 1, all features are independent of the class",
                deepest=True,
            ),
            Stratum("interior", point(ring.variables, interior), "equal weights, u = 0"),
            Stratum(
                "far",
                point(ring.variables, far),
                "the other classes have weight 0 and stand at one point, u not 0",
            ),
        )
        if classes > 2:  # where the classes of weight 0 stand matters: these are other strata
            aside = far | {u[2][0][0]: -quarter}
            strata += (
                Stratum(
                    "far-aside",
                    point(ring.variables, aside),
                    "the other classes have weight 0, u not 0, the third differs from the second "
                    "in the sign of the first feature",
                ),
            )
    else:
        values: dict[str, Rational] = {"t2": half}
        for i in range(dependent):
            values |= {u[0][i][0]: quarter, u[1][i][0]: -quarter}
        strata = (
            Stratum(
                "truth",
                point(ring.variables, values),
                f"equal weights, the first {dependent} features depend on the class",
                deepest=True,
            ),
        )

    def law(w: Tensor) -> Tensor:
        import torch

        others = w[:, : classes - 1]
        p = torch.cat([1 - others.sum(1, keepdim=True), others], 1)[:, :, None]
        at = classes - 1
        blocks: list[list[Tensor]] = []
        for _ in range(classes):
            row = []
            for k in sizes:
                v = w[:, at : at + k - 1]
                at += k - 1
                row.append(torch.cat([v, -v.sum(1, keepdim=True)], 1) + 1 / k)
            blocks.append(row)
        for i in range(n):
            feature = torch.stack([blocks[c][i] for c in range(classes)], 1)
            p = (p[:, :, :, None] * feature[:, :, None, :]).reshape(len(w), classes, -1)
        return p.sum(1)

    def target(w: Tensor) -> Tensor:
        return w.new_tensor([float(truth_law(x)) for x in outcomes])

    def twin(w: Tensor) -> Tensor:
        return ((law(w) - target(w)) ** 2).sum(1)

    def analytic(w: Tensor) -> Tensor:
        p0 = target(w)
        return (p0 * (p0.log() - law(w).log())).sum(1)

    box: dict[str, SideBounds] = {name: (fraction(0), fraction(1)) for name in t}
    return Model(
        "latent_class",
        dict(sizes=list(sizes), classes=classes, truth=truth),
        Ideal(ring.variables, tuple(generators)),
        unweighted(squares),
        strata,
        twin,
        f"{classes} hidden classes, features with {', '.join(map(str, sizes))} states, "
        f"truth {truth}; K = squared distance of the laws",
        box=box,
        analytic=analytic,
    )


@builder
def stochastic_factorisation(rows: int, columns: int, factors: int) -> Model:
    """Stochastic matrix factorisation (the ideal of latent Dirichlet allocation): AB of rank 1,
    columns on simplices.

    A is rows × factors with columns 1/rows + α (the last row is left out), B is factors × columns
    with columns 1/factors + β (likewise). Truth: the uniform matrix. Point: α = β = 0, interior of
    the simplices. K = ‖AB − truth‖². Raises BadInput for sizes below 2.
    Hayashi 2021.

    >>> from singularity_lab.models import build
    >>> print(build("stochastic_factorisation", rows=2, columns=1, factors=2).ideal)
    (a11*b11 + 1/2*a11 - a12*b11 + 1/2*a12) in Q[a11, a12, b11]
    """
    at_least(2, rows=rows, factors=factors)
    at_least(1, columns=columns)
    a, b = matrix_names("a", rows - 1, factors), matrix_names("b", factors - 1, columns)
    ring = Ring(flat(a) + flat(b))
    A = ring.matrix(a)
    B = [[p + fraction(f"1/{factors}") for p in row] for row in ring.matrix(b)]
    B.append([1 - ring.sum([row[j] for row in B]) for j in range(columns)])
    generators = flat_polynomials(ring.multiply(A, B))
    last = [
        -ring.sum([generators[i * columns + j] for i in range(rows - 1)]) for j in range(columns)
    ]
    centre = point(ring.variables, {})

    def twin(w: Tensor) -> Tensor:
        import torch

        alpha = w[:, : (rows - 1) * factors].reshape(-1, rows - 1, factors)
        beta = w[:, (rows - 1) * factors :].reshape(-1, factors - 1, columns)
        top = torch.cat([alpha, -alpha.sum(1, keepdim=True)], 1) + 1 / rows
        right = torch.cat([beta, -beta.sum(1, keepdim=True)], 1) + 1 / factors
        return ((top @ right - 1 / rows) ** 2).sum((1, 2))

    return Model(
        "stochastic_factorisation",
        dict(rows=rows, columns=columns, factors=factors),
        Ideal(ring.variables, tuple(generators)),
        unweighted([*generators, *last]),
        (Stratum("uniform", centre, "all columns of A and of B are uniform"),),
        twin,
        f"AB with A {rows}x{factors}, B {factors}x{columns}, columns on simplices, truth uniform",
    )


def flat_polynomials(matrix: list[list[Polynomial]]) -> list[Polynomial]:
    """The entries, row by row."""
    return [p for row in matrix for p in row]


def _paths(leaves: int, edges: list[list[int]]) -> dict[tuple[int, int], list[int]]:
    """The edges on the path between each pair of leaves. Raises BadInput unless the graph is a
    tree."""
    import networkx

    graph = networkx.Graph()
    for k, (i, j) in enumerate(edges):
        graph.add_edge(i, j, index=k)
    if not networkx.is_tree(graph) or not set(range(1, leaves + 1)) <= set(graph):
        raise BadInput("edges: a tree that contains the leaves 1, 2, … is needed")
    found = {}
    for i, j in itertools.combinations(range(1, leaves + 1), 2):
        nodes = networkx.shortest_path(graph, i, j)
        found[i - 1, j - 1] = [graph.edges[x, y]["index"] for x, y in itertools.pairwise(nodes)]
    return found


@builder
def gaussian_tree(leaves: int, edges: list[list[int]], kept: list[int]) -> Model:
    """Gaussian latent tree: leaves 1, …, n are observed, the correlation of two leaves is the
    product along their path.

    edges: pairs of nodes; kept: 1 for edges whose true correlation is 1/2, 0 for edges with
    correlation 0 (the q-forest). Variables: standard deviations s_i > 0 (truth 1) and one
    correlation e_k per edge. Σ_ij = s_i s_j ∏ e; near s = 1 the ideal is (s_i − 1) + (∏ e − truth).
    K = Σ_{i ≤ j} (Σ_ij − Σ*_ij)². ``analytic`` is the Kullback–Leibler divergence of the Gaussians.
    Raises BadInput for graphs that are no trees. Drton, Lin, Weihs and Zwiernik 2017.

    >>> from singularity_lab.models import build
    >>> print(build("gaussian_tree", leaves=2, edges=[[1, 3], [3, 2]], kept=[0, 0]).ideal)
    (s1 - 1, s2 - 1, e1*e2) in Q[s1, s2, e1, e2]
    """
    at_least(2, leaves=leaves)
    if any(len(e) != 2 for e in edges) or len(kept) != len(edges) or set(kept) - {0, 1}:
        raise BadInput(f"edges, kept: pairs of nodes and as many 0 or 1, received {edges}, {kept}")
    paths = _paths(leaves, edges)
    s, e = vector_names("s", leaves), vector_names("e", len(edges))
    ring = Ring(s + e)
    half = fraction("1/2")
    true = {
        pair: math.prod((half if kept[k] else fraction(0) for k in path), start=fraction(1))
        for pair, path in paths.items()
    }
    correlation = {pair: ring.product([ring[e[k]] for k in path]) for pair, path in paths.items()}
    generators = [ring[n] - 1 for n in s] + [correlation[p] - true[p] for p in paths]
    squares = [ring[n] ** 2 - 1 for n in s] + [
        ring[s[i]] * ring[s[j]] * correlation[i, j] - true[i, j] for i, j in paths
    ]
    at = point(
        ring.variables,
        dict.fromkeys(s, 1) | {e[k]: half for k in range(len(edges)) if kept[k]},
    )

    def covariance(w: Tensor) -> Tensor:
        import torch

        S, E = w[:, :leaves], w[:, leaves:]
        out = torch.diag_embed(S**2)
        for (i, j), path in paths.items():
            value = S[:, i] * S[:, j] * E[:, path].prod(1)
            place = torch.zeros(leaves, leaves, dtype=w.dtype, device=w.device)
            place[i, j] = place[j, i] = 1.0
            out = out + value[:, None, None] * place
        return out

    def truth(w: Tensor) -> Tensor:
        import torch

        C = torch.eye(leaves, dtype=w.dtype, device=w.device)
        for (i, j), c in true.items():
            C[i, j] = C[j, i] = float(c)
        return C

    def twin(w: Tensor) -> Tensor:
        difference = covariance(w) - truth(w)
        return (difference.tril() ** 2).sum((1, 2))

    def analytic(w: Tensor) -> Tensor:
        import torch

        C = truth(w)
        S = covariance(w)
        trace = torch.diagonal(torch.linalg.solve(S, C), dim1=1, dim2=2).sum(1)
        return (trace - leaves + torch.logdet(S) - torch.logdet(C)) / 2

    positive: dict[str, SideBounds] = {n: (fraction(0), None) for n in s}
    between: dict[str, SideBounds] = {n: (fraction(-1), fraction(1)) for n in e}
    return Model(
        "gaussian_tree",
        dict(leaves=leaves, edges=[list(x) for x in edges], kept=list(kept)),
        Ideal(ring.variables, tuple(generators)),
        unweighted(squares),
        (Stratum("truth", at, "s = 1, correlations 1/2 on kept edges and 0 elsewhere"),),
        twin,
        f"Gaussian latent tree with {leaves} leaves and {len(edges)} edges, "
        f"{sum(kept)} of them kept by the truth; K = squared distance of the covariances",
        box=positive | between,
        analytic=analytic,
    )


@builder
def factor_analysis(observed: int, factors: int, true_factors: int) -> Model:
    """Factor analysis Σ = diag(ψ) + ΛΛᵀ, Λ observed × factors; truth ψ = 1 and Λ* of
    ``true_factors`` generic columns.

    Λ*_{ij} = i^{j−1} (1-based). The variances enter linearly, so that each gives a regular
    direction. K = Σ_{i ≤ j} (Σ_ij − Σ*_ij)²; ``analytic`` is the Kullback–Leibler divergence.
    Raises BadInput unless 0 ≤ true_factors ≤ factors. Drton and Plummer 2017.

    >>> from singularity_lab.models import build
    >>> print(build("factor_analysis", observed=2, factors=1, true_factors=0).ideal)
    (p1 + l11^2 - 1, l11*l21, p2 + l21^2 - 1) in Q[p1, p2, l11, l21]
    """
    at_least(2, observed=observed)
    at_least(1, factors=factors)
    if not 0 <= true_factors <= factors:
        raise BadInput(f"true_factors: 0…{factors} is needed, received {true_factors}")
    p, names = vector_names("p", observed), matrix_names("l", observed, factors)
    ring = Ring(p + flat(names))
    L = ring.matrix(names)
    loading = [[(i + 1) ** j for j in range(true_factors)] for i in range(observed)]
    generators = []
    for i in range(observed):
        for j in range(i, observed):
            entry = ring.sum([L[i][k] * L[j][k] for k in range(factors)])
            goal = sum(x * y for x, y in zip(loading[i], loading[j], strict=True))
            generators.append(entry - goal + (ring[p[i]] - 1 if i == j else 0))
    values = dict.fromkeys(p, 1)
    values |= {names[i][j]: loading[i][j] for i in range(observed) for j in range(true_factors)}

    def covariance(w: Tensor) -> Tensor:
        import torch

        V = w[:, observed:].reshape(-1, observed, factors)
        return torch.diag_embed(w[:, :observed]) + V @ V.transpose(1, 2)

    def truth(w: Tensor) -> Tensor:
        import torch

        T = w.new_tensor(loading).reshape(observed, true_factors)
        return torch.eye(observed, dtype=w.dtype, device=w.device) + T @ T.T

    def twin(w: Tensor) -> Tensor:
        return ((covariance(w) - truth(w)).tril() ** 2).sum((1, 2))

    def analytic(w: Tensor) -> Tensor:
        import torch

        C, S = truth(w), covariance(w)
        trace = torch.diagonal(torch.linalg.solve(S, C), dim1=1, dim2=2).sum(1)
        return (trace - observed + torch.logdet(S) - torch.logdet(C)) / 2

    return Model(
        "factor_analysis",
        dict(observed=observed, factors=factors, true_factors=true_factors),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (Stratum("truth", point(ring.variables, values), "psi = 1, spare columns are 0"),),
        twin,
        f"{counted(factors, 'factor')} of {observed} variables, truth with {true_factors}; "
        "K = squared distance of the covariances",
        box={n: (fraction(0), None) for n in p},
        analytic=analytic,
    )


@builder
def boltzmann_machine(visible: int, hidden: int) -> Model:
    """Restricted Boltzmann machine on ±1 units without biases, truth uniform, in the coordinates t
    = tanh(weight).

    Σ_h exp(vᵀWh) is a positive multiple of q(v) = ∏_j ½ Σ_{h = ±1} ∏_i (1 + v_i h t_ij); in
    characters q = Σ_S c_S(t) χ_S over even S, and p is uniform exactly when c_S = 0 for all S ≠ ∅:
    these generate the ideal. K = mean over v of (q − c_∅)² = Σ_{S ≠ ∅} c_S². ``analytic``: the
    Kullback–Leibler divergence from uniform. Aoyagi 2010 treats Vandermonde-type singularities of
    these machines.

    >>> from singularity_lab.models import build
    >>> print(build("boltzmann_machine", visible=3, hidden=1).ideal)
    (t11*t21, t11*t31, t21*t31) in Q[t11, t21, t31]
    """
    at_least(2, visible=visible)
    at_least(1, hidden=hidden)
    at_most(20, visible=visible, hidden=hidden)
    at_most(OUTCOMES, terms=2**visible * 2 ** (visible * hidden // 2))
    names = matrix_names("t", visible, hidden)
    ring = Ring(flat(names))
    characters = {frozenset[int](): ring.constant(1)}
    for j in range(hidden):
        unit = {
            frozenset(s): ring.product([ring[names[i][j]] for i in s])
            for s in [(), *_subsets(visible)]
            if len(s) % 2 == 0
        }
        product: dict[frozenset[int], Polynomial] = {}
        for s, f in characters.items():
            for r, g in unit.items():
                key = s ^ r
                product[key] = product.get(key, ring.constant(0)) + f * g
        characters = product
    order = sorted((s for s in characters if s), key=lambda s: (len(s), sorted(s)))
    generators = [characters[s] for s in order]

    def table(w: Tensor) -> Tensor:
        T = w.reshape(-1, visible, hidden)
        states = w.new_tensor(list(itertools.product((1.0, -1.0), repeat=visible)))
        plus = (1 + states[None, :, :, None] * T[:, None]).prod(2)
        minus = (1 - states[None, :, :, None] * T[:, None]).prod(2)
        return ((plus + minus) / 2).prod(2)

    def twin(w: Tensor) -> Tensor:
        q = table(w)
        return ((q - q.mean(1, keepdim=True)) ** 2).mean(1)

    def analytic(w: Tensor) -> Tensor:
        q = table(w)
        return q.mean(1).log() - q.log().mean(1)

    return Model(
        "boltzmann_machine",
        dict(visible=visible, hidden=hidden),
        Ideal(ring.variables, tuple(generators)),
        unweighted(generators),
        (Stratum("origin", point(ring.variables, {}), "all weights are 0", hidden == 1),),
        twin,
        f"restricted Boltzmann machine, {visible} visible and "
        f"{counted(hidden, 'hidden unit')} of +-1, "
        "t = tanh(weight), truth uniform; K = variance of the unnormalised law",
        box=dict.fromkeys(ring.variables, (fraction(-1), fraction(1))),
        analytic=analytic,
    )


@builder
def hidden_markov(length: int) -> Model:
    """Hidden Markov chain with two states and a binary output, observed for ``length`` steps;
    truth: fair coin tosses.

    Parameters: t = P(first state is 2), a = P(1 → 2), b = P(2 → 1), and the deviations u1, u2 of
    P(output = 1 | state) from 1/2. With the signs x = ±1 of the outputs, E ∏_{i ∈ S} x_i = 2^|S|
    M_S with M_S = Σ over paths of P(path) ∏_{i ∈ S} u_{state i}; the generators are the M_S, ∅ ≠ S
    ⊂ {1, …, length}. K = Σ_x (p(x) − 2^{−length})². ``analytic``: the Kullback–Leibler divergence.
    Strata (u = 0 in all but the fourth): ``interior`` (a = b = 1/3, t = 1/2: the chain is
    stationary, t = a/(a + b)), ``frozen`` (a = b = 0, t = 0), ``absorbing`` (b = 0, t = 0, a = 1/3:
    the second state is never left), ``unseen`` (t = a = 0, u2 ≠ 0: the second state is never
    entered), ``drifting`` (t = 1/2, a = 1/3, b = 1/4: a generic point, not stationary). Raises
    BadInput for length < 1.

    >>> from singularity_lab.models import build
    >>> print(build("hidden_markov", length=1).ideal)
    (-t*u1 + t*u2 + u1) in Q[t, a, b, u1, u2]
    """
    at_least(1, length=length)
    at_most(9, length=length)
    names = ["t", "a", "b", "u1", "u2"]
    ring = Ring(names)
    t, a, b = ring["t"], ring["a"], ring["b"]
    u = [ring["u1"], ring["u2"]]
    step = [[1 - a, a], [b, 1 - b]]

    def forward(factors: Sequence[Sequence[Polynomial]]) -> Polynomial:
        """Sum over paths of P(path) times the factor of each time and state."""
        state = [(1 - t) * factors[0][0], t * factors[0][1]]
        for f in factors[1:]:
            state = [ring.sum([state[i] * step[i][j] for i in range(2)]) * f[j] for j in range(2)]
        return state[0] + state[1]

    one = ring.constant(1)
    generators = [
        forward([u if i in chosen else [one, one] for i in range(length)])
        for chosen in _subsets(length)
    ]
    half = fraction("1/2")
    squares = [
        forward([[half + p if x else half - p for p in u] for x in outcome]) - half**length
        for outcome in itertools.product((1, 0), repeat=length)
    ]
    third = fraction("1/3")
    strata = (
        Stratum(
            "interior",
            point(names, {"t": half, "a": third, "b": third}),
            "u = 0, the chain is stationary: t = a/(a + b)",
        ),
        Stratum("frozen", point(names, {}), "u = 0, the state never changes and is 1"),
        Stratum("absorbing", point(names, {"a": third}), "u = 0, state 2 is never left"),
        Stratum(
            "unseen", point(names, {"u2": fraction("1/4"), "b": third}), "state 2 is never entered"
        ),
        Stratum(
            "drifting",
            point(names, {"t": half, "a": third, "b": fraction("1/4")}),
            "u = 0, 0 < t, a, b < 1, the chain is not stationary",
        ),
    )

    def law(w: Tensor) -> Tensor:
        import torch

        T, A, B = w[:, 0], w[:, 1], w[:, 2]
        emit = torch.stack([0.5 + w[:, 3:5], 0.5 - w[:, 3:5]], 1)  # output, state
        move = torch.stack([torch.stack([1 - A, A], 1), torch.stack([B, 1 - B], 1)], 1)
        start = torch.stack([1 - T, T], 1)
        state = start[:, None] * emit
        for _ in range(length - 1):
            state = ((state @ move)[:, :, None] * emit[:, None]).reshape(len(w), -1, 2)
        return state.sum(2)

    def twin(w: Tensor) -> Tensor:
        return ((law(w) - 0.5**length) ** 2).sum(1)

    def analytic(w: Tensor) -> Tensor:
        return -(law(w) * 2**length).log().mean(1)

    unit: dict[str, SideBounds] = {n: (fraction(0), fraction(1)) for n in names[:3]}
    return Model(
        "hidden_markov",
        dict(length=length),
        Ideal(tuple(names), tuple(generators)),
        unweighted(squares),
        strata,
        twin,
        f"hidden Markov chain, 2 states, binary output, {counted(length, 'step')}, "
        "truth fair coin tosses; "
        "K = squared distance of the laws",
        box=unit | dict.fromkeys(names[3:], (-half, half)),
        analytic=analytic,
    )
