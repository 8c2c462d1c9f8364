"""The proof script of a certificate as a tree of charts for people.

A certificate holds steps and no state. Here the script is replayed once more, and each chart keeps
what the replay computed there: the variables and their roles, the exponents of K = ∏|x|^(2k)·Σ f²
and of the prior ∏|x|^h, the generators, and the candidate (h + 1)/(2k) of each divisor {x = 0}. A
chart is *critical* if the value of the germ is attained in it: λ and m of a germ are the least over
the charts of a blow-up (or the parts of a stratum), and add over the blocks of the sum rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm
from typing import Protocol

import networkx

from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput, quoted
from singularity_lab.exact.proof.analytic import inner
from singularity_lab.exact.proof.branches import See
from singularity_lab.exact.proof.certificate import Certificate, Kind, Script
from singularity_lab.exact.proof.family import LOCAL, PARAM, Family
from singularity_lab.exact.proof.step import Branch, Leaf, Move, Step, Verdict, read, short
from singularity_lab.exact.proof.verify import Replay, starting_family, verify

_SUM, _FREE = "sum", "free"


class Certified(Protocol):
    """What carries certificates: the result of ``rlct``."""

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates of a result."""


@dataclass(frozen=True)
class Divisor:
    """A divisor with K = t^(2k)·…, prior·Jacobian = |t|^h·…, and its candidate (h + 1)/(2k).

    Of a loss K = f it is K = t^k·… and (h + 1)/k; below a step from f = Σ q² to the q, where k is
    that of the q, the order of K is twice as large again. ray: the weights of the variables of its
    chart; one variable x with weight 1 is {x = 0} itself.
    """

    ray: Mapping[str, int]
    k: int
    h: Fraction
    candidate: Fraction

    def __str__(self) -> str:
        name = ", ".join(f"{n}:{w}" if w > 1 else n for n, w in self.ray.items())
        return f"{name} (k {self.k}, h {self.h}): {self.candidate}"


def _generators(family: Family) -> tuple[str, ...]:
    """The generators as text, a product in one piece."""
    if not family.exponents:
        return tuple(map(str, family.gens))
    powers = zip(family.gens, family.exponents, strict=True)
    return ("*".join(f"({f})^{e}" if e > 1 else f"({f})" for f, e in powers),)


@dataclass(frozen=True)
class ProofNode:
    """A node: a family of germs as it arrives, the moves made on it, and the step that ends it.

    case: which chart, stratum or block of its parent it is. roles: variable -> local, param or
    unit, after the moves; positive: those that are ≥ 0. k, h: exponents of K and of the prior.
    generators: after the moves. op, words: the step. lower, upper: what the subtree proves; empty:
    it does not meet {K = 0}. divisors: those of variables with k > 0, and the optimal ray of a
    monomial leaf. same_as: the node whose proof is used again.
    """

    where: str
    case: str
    roles: Mapping[str, str]
    positive: frozenset[str]
    k: Mapping[str, int]
    h: Mapping[str, Fraction]
    generators: tuple[str, ...]
    units: tuple[str, ...]
    moves: tuple[str, ...]
    op: str
    words: str
    lower: RLCT | None
    upper: RLCT | None
    empty: bool
    divisors: tuple[Divisor, ...]
    critical: bool = False
    same_as: int | None = None

    @property
    def value(self) -> RLCT | None:
        """(λ, m) of the family where it is proved exactly."""
        return self.lower if self.lower is not None and self.lower == self.upper else None

    @property
    def reaching(self) -> tuple[Divisor, ...]:
        """The divisors whose candidate is λ of this chart."""
        bound = self.lower or self.upper
        return tuple(d for d in self.divisors if bound and d.candidate == bound.value)

    @property
    def germ(self) -> str:
        """The family in one line: monomial factor, generators, parameters."""
        monomial = _monomial(self.k)
        few = (short(text, 160) for text in self.generators[:3])
        shown = ", ".join(few) + (", …" if len(self.generators) > 3 else "")
        inside = shown if shown != "1" else ""
        ideal = (f"{monomial}·({inside})" if inside else monomial) if monomial else f"({shown})"
        others = [
            f"{n} {'real' if r == PARAM else '≠ 0'}" for n, r in self.roles.items() if r != LOCAL
        ]
        return ideal + (f" for {', '.join(others)}" if others else "")

    @property
    def verdict(self) -> str:
        """What the subtree proves, in words."""
        if self.empty:
            return "K has no zero here"
        if self.value is not None:
            return f"(λ, m) = {self.value}"
        parts = [f"≥ {self.lower}"] if self.lower else []
        parts += [f"≤ {self.upper}"] if self.upper else []
        return "(λ, m) " + " and ".join(parts) if parts else "open"

    @property
    def text(self) -> str:
        """The chart in one line: case, germ, step, verdict, divisors that reach λ."""
        case = f"[{self.case}] " if self.case else ""
        line = f"{case}{self.germ}: {self.words}; {self.verdict}"
        if self.reaching:
            line += "; reached by " + ", ".join(map(str, self.reaching))
        return line + (" *" if self.critical else "")


def proof_tree(source: Certified | Certificate, kind: Kind | None = None) -> networkx.DiGraph:
    """Return a proof as a directed tree with root 0, its nodes numbered as the proof is read.

    source: a certificate, or a result that carries some; kind: which of them (the first unless
    given). Each node has ``chart`` (a :class:`ProofNode`) and ``text``; each edge has ``case``. A
    proof that is used again hangs below its first use; later ones are leaves with
    ``chart.same_as``. The graph's own attributes are ``text`` (the whole story) and
    ``certificate``.

    Raises CertificateError if the certificate does not verify, BadInput if there is none.

    >>> from singularity_lab.exact.engine.solve import rlct
    >>> tree = proof_tree(rlct("x^2 - y^3"))
    >>> chart = tree.nodes[0]["chart"]
    >>> chart.germ, str(chart.value), chart.critical
    ('(-y^3 + x^2)', '(5/12, 1)', True)
    >>> print(min(d.candidate for n in tree for d in tree.nodes[n]["chart"].divisors))
    5/12
    """
    certificate = _choose(source, kind)
    verify(certificate)
    whole = certificate
    before: tuple[str, ...] = ()
    if isinstance(certificate.problem, AnalyticProblem):
        left = inner(certificate)
        certificate, before = left.certificate, left.words
    recorder = _Recorder(scale=1 if certificate.problem.is_power_one else 2)
    recorder.start(starting_family(certificate.germ), certificate.proof)
    tree = networkx.DiGraph(certificate=whole)
    charts = recorder.charts
    critical = {0}
    for number, parent in enumerate(recorder.parents):
        if parent is not None and parent in critical and _attains(charts[parent], charts[number]):
            critical.add(number)
        chart = replace(charts[number], critical=number in critical)
        tree.add_node(number, chart=chart, text=chart.text)
        if parent is not None:
            tree.add_edge(parent, number, case=chart.case)
    tree.graph["text"] = "\n".join((*before, *_story(tree)))
    return tree


def _choose(source: Certified | Certificate, kind: Kind | None) -> Certificate:
    listed = (source,) if isinstance(source, Certificate) else getattr(source, "certificates", None)
    if listed is None:
        raise BadInput(
            f"source: a result of rlct or a certificate is needed, received {quoted(source)}"
        )
    found = [c for c in listed if kind is None or c.kind == kind]
    if not found:
        kinds = ", ".join(c.kind for c in listed)
        raise BadInput(f"kind: there is no certificate of kind {kind!r}, only {kinds}")
    return found[0]


def _attains(parent: ProofNode, child: ProofNode) -> bool:
    """Is the parent's value attained in the child?"""
    if parent.op in (_SUM, "both", "see") or parent.lower is None:
        return not child.empty
    value = child.lower or child.upper
    if value is None:
        return False
    if parent.op == _FREE:  # the factors that are gone add to m on ties
        return value.value == parent.lower.value
    return value == parent.lower


class _Recorder(Replay):
    """Replays a script and keeps each chart."""

    def __init__(self, scale: int) -> None:
        super().__init__()
        self._scales = [scale]  # the order of K along x = 0 is this times k, at each open node
        self.charts: list[ProofNode] = []
        self.parents: list[int | None] = []
        self.first: dict[int, int] = {}
        self._open: list[tuple[int, Step]] = []
        self._cases: list[Iterator[str]] = []

    def enter(self, moves: Sequence[Move], family: Family, step: Step, where: str) -> None:
        number = len(self.charts)
        case = next(self._cases[-1], "") if self._cases else ""
        for marked in (*moves, step):
            if marked.id is not None:
                self.first.setdefault(marked.id, number)
        self.parents.append(self._open[-1][0] if self._open else None)
        words = tuple(move.words() for move in moves)
        self.charts.append(self._chart(family, step, words, where, case))
        self._open.append((number, step))
        # below a step to the q of f = Σ q², K is the square of what the family says
        self._scales.append(self._scales[-1] * (2 if step.op == "squares" else 1))
        names: list[str] = []
        if isinstance(step, Branch):
            names = step.case_names(family)
        elif isinstance(step, See) and step.lemma is not None:
            names = ["lemma"]
        self._cases.append(iter(names))

    def leave(self, known: Verdict) -> None:
        self._cases.pop()
        self._scales.pop()
        number, step = self._open.pop()
        self.charts[number] = replace(
            self.charts[number],
            lower=self._of_loss(known.lower),
            upper=self._of_loss(known.upper),
            empty=known.empty,
            same_as=self.first.get(step.step) if isinstance(step, See) else None,
        )

    def _chart(
        self, family: Family, step: Step, moves: tuple[str, ...], where: str, case: str
    ) -> ProofNode:
        divisors = [
            self._divisor(family, {n: 1}, k)
            for n, k in family.k.items()
            if k and family.role.get(n) in (LOCAL, PARAM)
        ]
        primal = step.divisor(family) if isinstance(step, Leaf) else {}
        if primal:
            weights = {n: w for n, v in primal.items() if (w := fraction(v))}
            common = lcm(*(w.denominator for w in weights.values()))
            ray = {n: int(w * common) for n, w in weights.items()}
            if len(ray) > 1 or not set(ray) <= set(family.k):
                divisors.append(self._divisor(family, ray, common))
        return ProofNode(
            where=where,
            case=case,
            roles={n: family.role[n] for n in family.names if n in family.role},
            positive=family.positive & set(family.role),
            k={n: e for n, e in family.k.items() if e},
            h={n: e for n, e in family.h.items() if e},
            generators=_generators(family),
            units=tuple(str(u) for u in family.units),
            moves=moves,
            op=step.op,
            words=step.words(),
            lower=None,
            upper=None,
            empty=False,
            divisors=tuple(divisors),
        )

    def _of_loss(self, bound: RLCT | None) -> RLCT | None:
        """A bound for K itself, where the replay speaks of a power of it."""
        if bound is None:
            return bound
        return RLCT(bound.value * 2 / self._scales[-1], bound.multiplicity)

    def _divisor(self, family: Family, ray: Mapping[str, int], k: int) -> Divisor:
        h = sum((w * (family.h.get(n, Fraction(0)) + 1) for n, w in ray.items()), Fraction(-1))
        return Divisor(ray, k, h, (h + 1) / (self._scales[-1] * k))


def in_words(script: Script) -> str:
    """One step of a proof script in words, without what follows it.

    >>> in_words({"op": "blowup", "groups": [[["x", 3], ["y", 2]]]})
    'blow up (x^(1/3), y^(1/2))'
    >>> factors = [[["1", "b"], ["c", "d"]], [["x"], ["y"]]]
    >>> in_words({"op": "schur", "kind": "pivot", "rank": 1, "factors": factors})
    'product of matrices 2×2×1, Schur complement of the 1×1 pivot'
    """
    return read(script).words()


def _monomial(exponents: Mapping[str, int]) -> str:
    return "*".join(f"{n}^{e}" if e > 1 else n for n, e in exponents.items() if e)


def _story(tree: networkx.DiGraph) -> list[str]:
    """The tree as indented text; ``*`` marks the charts where the value is attained."""
    lines = [str(tree.graph["certificate"])]
    stack = [(0, 0)]
    while stack:
        number, depth = stack.pop()
        chart: ProofNode = tree.nodes[number]["chart"]
        indent = "  " * depth
        again = f" (as {chart.same_as})" if chart.same_as is not None else ""
        lines.append(f"{indent}{number}{again} {chart.text}")
        lines += [f"{indent}    first {move}" for move in chart.moves]
        stack += [(child, depth + 1) for child in sorted(tree.successors(number), reverse=True)]
    return lines
