"""The divisors over a germ that a proof shows, with the orders of K and of the volume form, and
which of them carry λ.

A chart of a proof has K = ∏|x|^(2k)·Σ f² and prior·Jacobian ∏|x|^h; its divisors are the {x = 0}
with k > 0 and the optimal ray of a monomial leaf. A divisor along which K vanishes to order N and
prior·dx to order h gives a candidate pole −(h + 1)/N (Watanabe 2009, §2). It *carries* λ where this
is −λ and the chart attains the value.

Under the sum rule K = Σ K_i in disjoint variables, λ adds up over the blocks, and no divisor of a
block alone carries it. A divisor of each block with one exponent r_i, taken with weights that make
the orders of all K_i equal, is a divisor of the product: the last blow-up of a toric modification
of the crossing of the E_i (they cross normally, for they are pulled back from the factors), along
which K has the common order N and the volume form Σ N·r_i − 1. Its ratio is Σ r_i. Along a divisor
of one block K does not vanish, and a step that bounds below alone has another K or a germ that may
not occur: what lies below these is not listed.

A proof may change coordinates before its first leaf: a smooth generator becomes a coordinate, one
is straightened. The names stay, so that weights of *those* coordinates look like weights of the
germ's own. They are told apart by the orders: the monomial valuation with weights w of the germ's
own coordinates has v(K) = 2·min over generators and terms of ⟨w, a⟩ (once for a loss), and
v(prior·dx) + 1 = Σ wᵢ(1 + τᵢ). Where both are those of the divisor, its weights are of the germ's
own coordinates, and that valuation carries λ whatever the proof did.

Where the strict transform of a nondegenerate germ attains λ = c/2 (c/1 of a loss), the divisor is
that of its blow-up: a smooth centre of codimension c, with N = 2 and h = c − 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Any

import networkx

from singularity_lab.algebra.problem import Germ, LocalProblem
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.tree import Divisor, ProofNode, proof_tree
from singularity_lab.system.documents import Record

STRICT = "strict transform"
BLOCKS, MOVED = -1, -2  # charts that are no node of the proof tree


class OrderedDivisorDocument(Record, frozen=True):
    """A divisor of a certificate's charts as a document, fractions as text."""

    k: int
    h: str
    ratio: str
    weights: dict[str, int]
    carries: bool
    chart: int


@dataclass(frozen=True)
class OrderedDivisor:
    """A divisor over the germ.

    k: the order of K along it (2N for an ideal of order N). h: that of prior·dx. weights: of the
    coordinates of its chart, and of the germ's own where chart is 0, which is checked;
    ``{"strict transform": c}`` for the blow-up of the strict transform, of codimension c. carries:
    whether −λ is its pole and its chart attains λ. chart: the number of the node of the proof tree;
    −1 for a divisor of several blocks; −2 for one of the coordinates into which the proof changes
    those of the germ.
    """

    k: int
    h: Fraction
    weights: Mapping[str, int]
    carries: bool
    chart: int

    @property
    def ratio(self) -> Fraction:
        """(h + 1)/k."""
        return (self.h + 1) / self.k

    def to_json(self) -> dict[str, Any]:
        """The divisor as JSON values, fractions as text."""
        return OrderedDivisorDocument(
            k=self.k,
            h=str(self.h),
            ratio=str(self.ratio),
            weights=dict(self.weights),
            carries=self.carries,
            chart=self.chart,
        ).plain()

    def __str__(self) -> str:
        name = ", ".join(f"{n}:{w}" if w > 1 else n for n, w in self.weights.items())
        return f"{name} (k {self.k}, h {self.h}): {self.ratio}" + " *" * self.carries


def divisors_of(certificate: Certificate) -> tuple[OrderedDivisor, ...]:
    """Return the divisors that a certificate's charts show, those that carry λ first.

    One of each kind: divisors with the same weights, orders and mark in several charts are listed
    once. Raises CertificateError where the certificate does not verify.

    >>> from singularity_lab.exact.engine.solve import rlct
    >>> print(*divisors_of(rlct("x^2 - y^3").certificate))
    x:3, y:2 (k 12, h 4): 5/12 *
    >>> print(*divisors_of(rlct(["x*y", "z"]).certificate)[:1])
    x, y, z:2 (k 4, h 3): 1 *
    """
    tree = proof_tree(certificate)
    found: dict[tuple[Any, ...], OrderedDivisor] = {}
    for divisor in _top(tree):
        found.setdefault(_key(divisor), divisor)
    known = {_key(d)[:3] for d in found.values()}
    others = _of_others(tree)
    for number in tree:
        if number in others:
            continue
        chart: ProofNode = tree.nodes[number]["chart"]
        for d in chart.divisors:
            one = OrderedDivisor(_order(d), d.h, dict(d.ray), False, number)
            if _key(one)[:3] not in known:
                found.setdefault(_key(one), one)
    placed = _placed(found.values(), certificate)
    return tuple(sorted(placed, key=lambda d: (not d.carries, d.ratio, d.k)))


def _of_others(tree: networkx.DiGraph) -> set[int]:
    """The nodes whose K is not that of the germ pulled back: along a divisor of one block of a sum
    K keeps the squares of the others, and what bounds below alone is of fewer generators or of a
    germ that may not occur."""
    found: set[int] = set()
    for number in tree:
        chart: ProofNode = tree.nodes[number]["chart"]
        if chart.op == "sum" or _only_below(chart):
            found |= networkx.descendants(tree, number)
    return found


def _only_below(chart: ProofNode) -> bool:
    return chart.op in ("subideal", "locus") and chart.upper is None


def _placed(divisors: Iterable[OrderedDivisor], certificate: Certificate) -> list[OrderedDivisor]:
    """The divisors with the chart 0 for those alone whose weights are of the germ's coordinates."""
    problem = certificate.problem
    if not isinstance(problem, LocalProblem) or problem.over is not None:
        return list(divisors)
    germ, scale = problem.localize(algebraic=True), 1 if problem.is_power_one else 2
    placed = []
    for d in divisors:
        if d.chart in (0, BLOCKS) and STRICT not in d.weights:
            if is_of_germ(d.k, d.h, d.weights, germ, scale):
                d = replace(d, chart=0)
            elif d.chart == 0:
                d = replace(d, chart=MOVED)
        placed.append(d)
    return placed


def is_of_germ(k: int, h: Fraction, weights: Mapping[str, int], germ: Germ, scale: int = 2) -> bool:
    """Whether weights of the germ's own coordinates have the orders k of K and h of prior·dx.

    scale: 2 for an ideal, whose K is a sum of squares, 1 for a loss.

    >>> germ = LocalProblem.build("x - y^2").localize()
    >>> [is_of_germ(2, Fraction(0), w, germ) for w in ({"x": 1}, {"x": 1, "y": 0})]
    [False, False]
    >>> is_of_germ(12, Fraction(4), {"x": 3, "y": 2}, LocalProblem.build("x^2 - y^3").localize())
    True
    """
    if not set(weights) <= set(germ.variables):
        return False
    orders = [
        sum(weights.get(v, 0) * e for v, e in zip(g.variables, exponents, strict=True))
        for g in germ.generators
        for exponents in g.support()
    ]
    volume = sum(
        (weights.get(v, 0) * (1 + tau) for v, tau in zip(germ.variables, germ.prior, strict=True)),
        Fraction(0),
    )
    return bool(orders) and (k, h) == (scale * min(orders), volume - 1)


def _key(divisor: OrderedDivisor) -> tuple[Any, ...]:
    weights = tuple(sorted(divisor.weights.items()))
    return divisor.k, divisor.h, weights, divisor.carries


def _order(divisor: Divisor) -> int:
    """The order of K along a divisor of a chart."""
    return int((divisor.h + 1) / divisor.candidate)


def _top(tree: networkx.DiGraph) -> list[OrderedDivisor]:
    """The divisors that attain λ at the root."""
    chart: ProofNode = tree.nodes[0]["chart"]
    bound = chart.upper or chart.lower
    if bound is None:
        return []
    return [d for d in _attaining(tree, 0) if d.ratio == bound.value]


def _attaining(tree: networkx.DiGraph, number: int) -> list[OrderedDivisor]:
    """Divisors of a node whose ratio is the λ that the node proves, marked as carrying."""
    chart: ProofNode = tree.nodes[number]["chart"]
    bound = chart.upper or chart.lower
    if chart.same_as is not None:
        return _attaining(tree, chart.same_as)
    if bound is None or chart.empty or _only_below(chart):
        return []
    here = [
        OrderedDivisor(_order(d), d.h, dict(d.ray), True, number)
        for d in chart.divisors
        if d.candidate == bound.value
    ]
    children = sorted(tree.successors(number))
    scale = 1 if tree.graph["certificate"].problem.is_power_one else 2
    codimension = bound.value * scale
    if not children and not here and codimension.denominator == 1 and chart.op == "newton":
        centre = {STRICT: int(codimension)}
        here.append(OrderedDivisor(scale, codimension - 1, centre, True, number))
    if chart.op == "sum":
        parts = [_attaining(tree, child) for child in children]
        if parts and all(parts):
            here.append(_joined([part[0] for part in parts]))
        return here
    for child in children:
        if tree.nodes[child]["chart"].critical or chart.op == "see":
            here += [d for d in _attaining(tree, child) if d.ratio == bound.value]
    return here


def _joined(parts: list[OrderedDivisor]) -> OrderedDivisor:
    """The divisor of a product that lies over one of each factor, with equal orders of the K_i."""
    k = lcm(*(p.k for p in parts))
    weights: dict[str, int] = {}
    for part in parts:
        for name, w in part.weights.items():
            weights[name] = weights.get(name, 0) + w * (k // part.k)
    h = sum((p.ratio for p in parts), Fraction(0)) * k - 1
    return OrderedDivisor(k, h, weights, True, BLOCKS)
