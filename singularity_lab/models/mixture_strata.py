"""Strata of the zero set of a mixture: which components are where, and which weights vanish.

The truth is a law of r components of equal weights; a mixture of H ≥ r components with weights ≥ 0
equals it where each component of positive weight is at one of the truth, and every one of these has
some, of the right total weight. So a point of {K = 0} is told, up to the order of the components,
by

- for each component of the truth the number p ≥ 1 of components of positive weight at it and the
  number z ≥ 0 of components of weight 0 at it, and
- the number f of components of weight 0 elsewhere.

The points of one type are a stratum: of dimension Σ (p − 1) + N·f in N dimensions, for p − 1
weights at each component of the truth and the places of the f others. In its closure are the types
where a weight goes to 0, (p, z) → (p − 1, z + 1), and where one of the others comes to a component
of the truth, f → f − 1 and z → z + 1; both steps have nothing between.

This needs weights ≥ 0: with weights of any sign two that come together may cancel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

import flint

from singularity_lab.algebra.algebraic import Number, real_roots
from singularity_lab.algebra.rings import fraction
from singularity_lab.algebra.values import value_at

MOST = 6  # components up to which all strata are listed


@dataclass(frozen=True, order=True)
class MixtureStratum:
    """A type of points of the zero set. clusters: (p, z) for each component of the truth, the
    largest first; elsewhere: f."""

    clusters: tuple[tuple[int, int], ...]
    elsewhere: int = 0

    @classmethod
    def of(cls, clusters: list[tuple[int, int]], elsewhere: int = 0) -> MixtureStratum:
        """The type, whatever the order of the clusters."""
        return cls(tuple(sorted(clusters, reverse=True)), elsewhere)

    @property
    def components(self) -> int:
        """The number H of components."""
        return sum(p + z for p, z in self.clusters) + self.elsewhere

    @property
    def joined(self) -> int:
        """How many components share their place and have positive weight, beyond one for each
        component of the truth."""
        return sum(p - 1 for p, _ in self.clusters)

    @property
    def vanishing(self) -> int:
        """How many have weight 0 and are at a component of the truth."""
        return sum(z for _, z in self.clusters)

    def dimension(self, space: int) -> int:
        """The dimension of the stratum, in R^space."""
        return self.joined + space * self.elsewhere

    def specialisations(self) -> Iterator[MixtureStratum]:
        """The types next in the closure."""
        found = []
        for i, (p, z) in enumerate(self.clusters):
            rest = [*self.clusters[:i], *self.clusters[i + 1 :]]
            if p > 1:
                found.append(self.of([*rest, (p - 1, z + 1)], self.elsewhere))
            if self.elsewhere:
                found.append(self.of([*rest, (p, z + 1)], self.elsewhere - 1))
        yield from dict.fromkeys(found)

    @property
    def name(self) -> str:
        """The name: ``vanishing``, ``interior`` and ``far`` where all of the components beyond
        those of the truth are in one of the three ways, else the three numbers.

        >>> MixtureStratum.of([(2, 0)]).name, MixtureStratum.of([(1, 1), (2, 0)], 1).name
        ('interior', '2+0 1+1 far 1')
        """
        if len(self.clusters) == 1:
            ((p, z),) = self.clusters
            for plain, rest in (("vanishing", p - 1 + self.elsewhere),
                                ("interior", z + self.elsewhere), ("far", p - 1 + z)):  # fmt: skip
                if not rest:
                    return plain
        if self == deepest(self.components, len(self.clusters)):
            return "vanishing"
        told = " ".join(f"{p}+{z}" for p, z in self.clusters)
        return told + (f" far {self.elsewhere}" if self.elsewhere else "")

    @property
    def words(self) -> str:
        """What it is, in words.

        >>> MixtureStratum.of([(2, 1)], 1).words
        'of 4 components 2 with weight and 1 of weight 0 at the truth, 1 of weight 0 elsewhere'
        """
        many = len(self.clusters) > 1
        at = [f"{p} with weight" + (f" and {z} of weight 0" if z else "") for p, z in self.clusters]
        where = "at the components of the truth" if many else "at the truth"
        told = f"of {self.components} components {'; '.join(at)} {where}"
        return told + (f", {self.elsewhere} of weight 0 elsewhere" if self.elsewhere else "")

    def point(self) -> tuple[list[Fraction], list[Fraction]]:
        """A point of the stratum: the weights and the places on a line, those of the truth at 0, 1,
        …, r − 1; the components with weight at 0, 1, … first, one each."""
        r = len(self.clusters)
        share = [Fraction(1, r * p) for p, _ in self.clusters]
        weights, at = list(share), [Fraction(j) for j in range(r)]
        for j, (p, _) in enumerate(self.clusters):
            weights += [share[j]] * (p - 1)
            at += [Fraction(j)] * (p - 1)
        for j, (_, z) in enumerate(self.clusters):
            at += [Fraction(j)] * z
        at += [Fraction(1, 3 + i) for i in range(1, self.elsewhere + 1)]
        return weights + [Fraction(0)] * (len(at) - len(weights)), at


def deepest(components: int, true_components: int) -> MixtureStratum:
    """The stratum in which all components beyond the truth have weight 0 at its first one.

    >>> deepest(4, 2).clusters
    ((1, 2), (1, 0))
    """
    rest = [(1, 0)] * (true_components - 1)
    return MixtureStratum.of([(1, components - true_components), *rest])


def mixture_strata(
    components: int, true_components: int = 1, *, every: bool = True
) -> tuple[MixtureStratum, ...]:
    """All strata, up to the order of components and that of the components of the truth; that
    called ``vanishing`` first. Beyond six components, and unless every: those that have a name of
    one word.

    >>> [s.name for s in mixture_strata(2)]
    ['vanishing', 'far', 'interior']
    >>> len(mixture_strata(3)), len(mixture_strata(4)), len(mixture_strata(4, 2))
    (6, 10, 9)
    """
    first = deepest(components, true_components)
    if not every or components > MOST:
        if true_components > 1:
            return (first,)
        return (
            first,
            MixtureStratum.of([(components, 0)]),
            MixtureStratum.of([(1, 0)], components - 1),
        )
    clusters = [(p, z) for p in range(1, components + 1) for z in range(components - p + 1)]
    found = set()
    for chosen in combinations_with_replacement(clusters, true_components):
        rest = components - sum(p + z for p, z in chosen)
        if rest >= 0:
            found.add(MixtureStratum.of(list(chosen), rest))
    return (first, *sorted(found - {first}))


MIXTURES = ("gaussian_mixture", "binomial_mixture", "poisson_mixture")


def strata_of(builder: str, parameters: Mapping[str, Any]) -> tuple[MixtureStratum, ...]:
    """All strata of a mixture by its builder and the arguments; none for another model, and for a
    mixture whose strata are not all of this kind: with weights of any sign, with one trial, and
    with more than six components.

    >>> [s.name for s in strata_of("poisson_mixture", {"components": 2})]
    ['vanishing', 'far', 'interior']
    """
    if builder not in MIXTURES or parameters.get("signed") or parameters.get("trials") == 1:
        return ()
    if parameters["components"] > MOST:
        return ()
    return mixture_strata(parameters["components"], parameters.get("true_components", 1))


def closure_steps(
    strata: Sequence[MixtureStratum],
) -> list[tuple[MixtureStratum, MixtureStratum]]:
    """The closure order of strata: pairs (deeper, shallower) with nothing between.

    >>> steps = closure_steps(mixture_strata(2))
    >>> [(low.name, high.name) for low, high in steps]
    [('vanishing', 'far'), ('vanishing', 'interior')]
    """
    listed = set(strata)
    return [(low, high) for high in strata for low in high.specialisations() if low in listed]


def nearest_single(components: int, true_components: int) -> tuple[Number, Number]:
    """The place b of the single Gaussian on a line that is nearest to the truth with r components
    of weight 1/r at 0, 1, …, r − 1, and its K = Σ (b^k − m_k)²/k! over the moments m_k of the
    truth, k = 1, …, H + r − 1 (K of ``gaussian_mixture``; in more dimensions b is on their line).

    >>> place, loss = nearest_single(2, 2)
    >>> round(float(place), 6), round(float(loss), 6)
    (0.621145, 0.032491)
    """
    r = true_components
    t = flint.fmpq_poly([0, 1])
    k = flint.fmpq_poly([0])
    for n in range(1, components + r):
        moment = flint.fmpq(sum(j**n for j in range(r)), r)
        k += (t**n - moment) ** 2 / math.factorial(n)
    slope = k.derivative()
    places: list[Number] = []
    for factor, _ in flint.fmpz_poly(slope.numer()).factor()[1]:
        p = flint.fmpq_poly(factor)
        if p.degree() == 1:
            places.append(fraction(-p[0] / p[1]))
        else:
            places += real_roots(p)
    values = [(place, value_at(k, place)) for place in places]
    best = min(values, key=lambda pair: float(pair[1]))
    close = [v for p, v in values if p is not best[0] and float(v) < float(best[1]) + 1e-9]
    assert not close, "two places are equally near"
    return best
