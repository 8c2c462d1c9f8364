"""Mixtures through their moments: the ideal of p(·; w) − p(·; truth), truth with one component.

*Finitely many moments suffice.* m_k = Σ_h a_h b_h^k − [k = 0] with Σ a_h = 1 obeys a linear
recurrence of order H (the b_h are the roots; a truth at 0 contributes to k = 0 only), so m_k ∈
(m_1, …, m_H) for all k. Weights are ≥ 0, and this matters: with signed weights sums like a₂b₂² +
a₃b₃² cancel and λ is different.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from singularity_lab.algebra.polynomial import Ideal, Polynomial
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.mixture_strata import mixture_strata
from singularity_lab.models.model import (
    Model,
    SideBounds,
    Square,
    Stratum,
    at_least,
    at_most,
    builder,
    unweighted,
)
from singularity_lab.models.shallow import multi_indices
from singularity_lab.models.symbols import Ring, flat, matrix_names, point, vector_names
from singularity_lab.system.counting import counted

if TYPE_CHECKING:
    from torch import Tensor


def weight_names(components: int) -> list[str]:
    """a2, …, aH: the first weight is 1 minus the others."""
    return vector_names("a", components)[1:]


def _weights(ring: Ring, components: int) -> list[Polynomial]:
    others = ring.vector(weight_names(components))
    return [1 - ring.sum(others), *others]


def _torch_weights(w: Tensor, components: int) -> Tensor:
    import torch

    others = w[:, : components - 1]
    return torch.cat([1 - others.sum(1, keepdim=True), others], 1)


def _mixture_strata(
    components: int,
    locations: list[list[str]],
    variables: tuple[str, ...],
    true_components: int = 1,
    every: bool = True,
) -> tuple[Stratum, ...]:
    """The strata of {K = 0} up to six components; beyond, and unless every: those in which all
    components beyond the truth are in one of three ways (one, where the truth has several)."""
    listed = mixture_strata(components, true_components, every=every)
    found = []
    for type_ in listed:
        weights, at = type_.point()
        values: dict[str, Rational] = dict(zip(weight_names(components), weights[1:], strict=True))
        values |= {row[0]: x for row, x in zip(locations, at, strict=True)}
        one = type_ == listed[0] and true_components == 1
        found.append(Stratum(type_.name, point(variables, values), type_.words, deepest=one))
    return tuple(found)


def _weight_box(components: int, signed: bool) -> dict[str, SideBounds]:
    if signed:
        return {}
    return {n: (fraction(0), fraction(1)) for n in weight_names(components)}


@builder
def gaussian_mixture(
    components: int, dimension: int, signed: bool = False, true_components: int = 1
) -> Model:
    """Σ_h a_h N(b_h, 1) in R^dimension with free weights (the first is 1 − Σ others) and means.

    The truth has r = ``true_components`` components of weight 1/r at 0, e₁, 2e₁, …. Generators: the
    moments Σ_h a_h b_h^α minus those of the truth, 1 ≤ |α| ≤ components + r − 1. K = Σ_α
    (moment)²/α! over these is the beginning of the Hermite expansion of ∫ (p − p*)²/φ, which is
    ``analytic`` and has the λ and m of the Kullback–Leibler divergence.
    Strata: all of them up to six components (:mod:`singularity_lab.models.mixture_strata`); first
    ``vanishing``, the first r components are the true ones, the others have weight 0 and sit at the
    first. signed: weights without a ≥ 0; then three (for r = 1) and not all.
    Raises BadInput for fewer than two components, and r > components.

    >>> from singularity_lab.models import build
    >>> print(build("gaussian_mixture", components=2, dimension=1).ideal.generators[0])
    -a2*b11 + a2*b21 + b11
    """
    at_least(2, components=components)
    at_least(1, dimension=dimension, true_components=true_components)
    r = true_components
    if r > components:
        raise BadInput(f"true_components: at most components = {components}, received {r}")
    b = matrix_names("b", components, dimension)
    ring = Ring(weight_names(components) + flat(b))
    a = _weights(ring, components)
    top = components + r - 1
    squares: list[Square] = []
    for alpha in [x for n in range(1, top + 1) for x in multi_indices(dimension, n)]:
        moment = ring.sum(
            [
                a[h] * ring.product([ring[b[h][i]] ** e for i, e in enumerate(alpha) if e])
                for h in range(components)
            ]
        )
        if not any(alpha[1:]):
            moment = moment - fraction(f"1/{r}") * sum(j ** alpha[0] for j in range(1, r))
        squares.append((1 / fraction(math.prod(math.factorial(e) for e in alpha)), moment))
    strata = _mixture_strata(components, b, ring.variables, r, every=not signed)

    def quadratic(w: Tensor, kernel: Callable[[Tensor], Tensor]) -> Tensor:
        """Σ δ_i δ_j k(⟨c_i, c_j⟩) over the components of the model and, with sign −, of the
        truth."""
        import torch

        true = w.new_zeros(len(w), r, dimension)
        true[:, :, 0] = torch.arange(r, dtype=w.dtype, device=w.device)
        means = torch.cat([w[:, components - 1 :].reshape(-1, components, dimension), true], 1)
        minus = w.new_full((len(w), r), -1 / r)
        delta = torch.cat([_torch_weights(w, components), minus], 1)
        gram = kernel(means @ means.transpose(1, 2))
        return ((delta[:, None] @ gram) @ delta[:, :, None])[:, 0, 0]

    def twin(w: Tensor) -> Tensor:
        # Σ_{|α| = n} x^α y^α / α! = ⟨x, y⟩ⁿ / n!
        def kernel(g: Tensor) -> Tensor:
            total = g
            for n in range(2, top + 1):
                total = total + g**n / math.factorial(n)
            return total

        return quadratic(w, kernel)

    def analytic(w: Tensor) -> Tensor:
        import torch

        return quadratic(w, torch.expm1)

    return Model(
        "gaussian_mixture",
        dict(components=components, dimension=dimension, signed=signed, true_components=r),
        Ideal(ring.variables, tuple(p for _, p in squares)),
        tuple(squares),
        strata,
        twin,
        f"{counted(components, 'unit Gaussian')} in R^{dimension} with free weights"
        + (" of any sign" if signed else "")
        + f", truth of {r} component(s); K = weighted L2 distance, truncated",
        box=_weight_box(components, signed),
        analytic=analytic,
    )


@builder
def binomial_mixture(components: int, trials: int) -> Model:
    """Σ_h a_h Bin(trials, 1/2 + b_h), truth Bin(trials, 1/2). K = Σ_k (p_k(w) − p_k)² over the
    outcomes k.

    The outcome probabilities are an invertible linear image of the moments Σ a_h b_h^k, k ≤ trials,
    which are the generators. ``analytic`` is the Kullback–Leibler divergence. Boxes: weights in [0,
    1], b in [−1/2, 1/2].
    Raises BadInput for fewer than two components.

    >>> from singularity_lab.models import build
    >>> model = build("binomial_mixture", components=2, trials=1)
    >>> print(model.ideal.generators[0], "|", len(model.squares))
    -a2*b1 + a2*b2 + b1 | 2
    """
    at_least(2, components=components)
    at_least(1, trials=trials)
    at_most(200, components=components, trials=trials)
    b = vector_names("b", components)
    ring = Ring(weight_names(components) + b)
    a = _weights(ring, components)
    half = fraction("1/2")
    generators = [
        ring.sum([a[h] * ring[b[h]] ** k for h in range(components)]) for k in range(1, trials + 1)
    ]
    squares = [
        ring.sum(
            [
                a[h] * (ring[b[h]] + half) ** k * (half - ring[b[h]]) ** (trials - k)
                for h in range(components)
            ]
        )
        * math.comb(trials, k)
        - math.comb(trials, k) * half**trials
        for k in range(trials + 1)
    ]

    def law(w: Tensor) -> Tensor:
        A = _torch_weights(w, components)
        p = w[:, components - 1 :, None] + 0.5
        k = w.new_tensor(list(range(trials + 1)))
        choose = w.new_tensor([float(math.comb(trials, i)) for i in range(trials + 1)])
        return (A[:, :, None] * choose * p**k * (1 - p) ** (trials - k)).sum(1)

    def truth(w: Tensor) -> Tensor:
        return w.new_tensor([math.comb(trials, i) / 2**trials for i in range(trials + 1)])

    def twin(w: Tensor) -> Tensor:
        return ((law(w) - truth(w)) ** 2).sum(1)

    def analytic(w: Tensor) -> Tensor:
        p0 = truth(w)
        return (p0 * (p0.log() - law(w).log())).sum(1)

    box = _weight_box(components, False) | dict.fromkeys(b, (-half, half))
    return Model(
        "binomial_mixture",
        dict(components=components, trials=trials),
        Ideal(ring.variables, tuple(generators)),
        unweighted(squares),
        _mixture_strata(components, [[n] for n in b], ring.variables, every=trials > 1),
        twin,
        f"mixture of {counted(components, 'binomial')} with {counted(trials, 'trial')}, "
        f"truth Bin({trials}, 1/2); "
        "K = squared distance of the outcome probabilities",
        box=box,
        analytic=analytic,
    )


@builder
def poisson_mixture(components: int, rate: int = 1) -> Model:
    """Σ_h a_h Poisson(rate + b_h), truth Poisson(rate): the Charlier moments Σ a_h b_h^k, k ≤
    components.

    K = Σ_k (moment)²/(rate^k k!) is the beginning of the χ² divergence, which is ``analytic``:
    aᵀ exp(b bᵀ/rate) a − 1. Raises BadInput for fewer than two components.

    >>> from singularity_lab.models import build
    >>> build("poisson_mixture", components=2).dimension
    3
    """
    at_least(2, components=components)
    at_least(1, rate=rate)
    at_most(200, components=components)
    b = vector_names("b", components)
    ring = Ring(weight_names(components) + b)
    a = _weights(ring, components)
    squares = [
        (
            1 / fraction(rate**k * math.factorial(k)),
            ring.sum([a[h] * ring[b[h]] ** k for h in range(components)]),
        )
        for k in range(1, components + 1)
    ]

    def twin(w: Tensor) -> Tensor:
        A, B = _torch_weights(w, components), w[:, components - 1 :]
        total = w.new_zeros(len(w))
        for k in range(1, components + 1):
            total = total + (A * B**k).sum(1) ** 2 / (rate**k * math.factorial(k))
        return total

    def analytic(w: Tensor) -> Tensor:
        import torch

        A, B = _torch_weights(w, components), w[:, components - 1 :]
        kernel = torch.expm1(B[:, :, None] * B[:, None, :] / rate)
        return ((A[:, None] @ kernel) @ A[:, :, None])[:, 0, 0]

    return Model(
        "poisson_mixture",
        dict(components=components, rate=rate),
        Ideal(ring.variables, tuple(p for _, p in squares)),
        tuple(squares),
        _mixture_strata(components, [[n] for n in b], ring.variables),
        twin,
        f"mixture of {components} Poisson laws, truth Poisson({rate}); "
        "K = chi-square divergence, truncated",
        box=_weight_box(components, False),
        analytic=analytic,
    )


@builder
def known_component_mixture(orders: int = 1) -> Model:
    """(1 − a) N(0, 1) + a N(b, 1), truth N(0, 1), a ∈ [0, 1]: the first example of a singular
    mixture.

    Generators a·b^k, k ≤ orders (k = 1 generates the others). Watanabe 2009.

    >>> from singularity_lab.models import build
    >>> print(build("known_component_mixture").ideal)
    (a*b) in Q[a, b]
    """
    at_least(1, orders=orders)
    at_most(200, orders=orders)
    ring = Ring(["a", "b"])
    squares = [
        (1 / fraction(math.factorial(k)), ring["a"] * ring["b"] ** k) for k in range(1, orders + 1)
    ]

    def twin(w: Tensor) -> Tensor:
        a, b = w[:, 0], w[:, 1]
        return a**2 * sum(b ** (2 * k) / math.factorial(k) for k in range(1, orders + 1))

    def analytic(w: Tensor) -> Tensor:
        import torch

        return w[:, 0] ** 2 * torch.expm1(w[:, 1] ** 2)

    return Model(
        "known_component_mixture",
        dict(orders=orders),
        Ideal(ring.variables, (ring["a"] * ring["b"],)),
        tuple(squares),
        (
            Stratum("origin", point(ring.variables, {}), "a = b = 0", deepest=True),
            Stratum("interior", point(ring.variables, {"a": fraction("1/2")}), "b = 0, 0 < a < 1"),
            Stratum("far", point(ring.variables, {"b": 1}), "a = 0, b not 0"),
        ),
        twin,
        "(1-a)N(0,1) + aN(b,1), truth N(0,1); K = chi-square divergence, truncated",
        box={"a": (fraction(0), fraction(1))},
        analytic=analytic,
    )
