"""The independent verifier: replays a proof script with exact arithmetic, and never searches.

It holds a *family of germs* (:mod:`singularity_lab.exact.proof.family`). A step turns a family into
others; a leaf gives

    lower: every germ of the family has (λ, m) ⪰ lower;    upper: some germ has (λ, m) ⪯ upper,

in the order of densities of states, with λ = ∞ where K does not vanish. Each step is the record of
a theorem (:mod:`singularity_lab.exact.proof.step`), which states its hypotheses by name and checks
each under its name; :class:`Walk` is the one way through a script. Blow-ups are proper, so (λ, m)
of a germ is the least over the points of the fibre, and the cells of a blow-up are that fibre.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Generic, TypeVar

from flint.utils.flint_exceptions import FlintError

import singularity_lab.exact.proof.everywhere
import singularity_lab.exact.proof.moves
import singularity_lab.exact.proof.slices  # noqa: F401  these are entered as they are loaded
from singularity_lab.algebra import maps
from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.hypotheses import hold, lacks
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem, RationalInterval
from singularity_lab.algebra.rings import to_fmpq
from singularity_lab.errors import CertificateError, SingularityLabError
from singularity_lab.exact.proof import analytic
from singularity_lab.exact.proof.branches import See
from singularity_lab.exact.proof.certificate import Certificate, Script
from singularity_lab.exact.proof.family import PARAM, Family, family_of
from singularity_lab.exact.proof.leaves import Zero
from singularity_lab.exact.proof.step import (
    STEPS,
    Branch,
    Families,
    Leaf,
    Move,
    Step,
    Verdict,
    read,
)
from singularity_lab.system.deadline import check_time

# What is assumed of a whole certificate, and by each step, by the names under which it is checked.
HYPOTHESES: dict[str, dict[str, str]] = {
    "claim": {
        "vanishes": "K vanishes at the point, or somewhere on the domain",
        "nonnegative": "a loss is not < 0 on any of the arcs into the point, or at any of the "
        "points of the domain, that are tried; only squares show that it is ≥ 0 on all",
        "below": "a claim from below is at most the lower bound that is proved",
        "above": "a claim from above is at least the upper bound that is proved",
    },
    **{op: record.assumes() for op, record in STEPS.items()},
    **analytic.HYPOTHESES,
}


def verify(certificate: Certificate | Mapping[str, Any] | str) -> Verdict:
    """Return what a certificate proves when it is replayed, or raise CertificateError saying what
    fails.

    certificate: a Certificate, its JSON document, the JSON text, or an answer that has one.
    The time is that of applying the recorded substitutions; nothing is searched for.

    >>> from fractions import Fraction
    >>> from singularity_lab.algebra.invariants import RLCT
    >>> from singularity_lab.exact.proof.certificate import Certificate
    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> proof = {"op": "monomial", "primal": {"x": "1/2"}, "dual": [[0, "1/2"]]}
    >>> claim = RLCT(Fraction(1, 4), 1)
    >>> print(verify(Certificate(LocalProblem.build("x^2"), "exact", claim, proof)).lower)
    (1/4, 1)
    """
    if not isinstance(certificate, Certificate | Mapping | str):
        certificate = getattr(certificate, "certificate", certificate)  # of an answer
    if not isinstance(certificate, Certificate):
        certificate = Certificate.from_json(certificate)
    if isinstance(certificate.problem, AnalyticProblem):
        return _verify_analytic(certificate)
    try:
        family = starting_family(certificate.problem)
    except SingularityLabError as error:
        raise CertificateError(f"problem: {error}") from None
    if certificate.problem.convention == "loss":
        where = negative_somewhere(certificate.problem, family)
        hold("nonnegative", not where, f"K < 0 {where}: |f| is of the convention two-sided")
    found = replay(family, certificate.proof)
    hold("vanishes", not found.empty, "K does not vanish there")
    if certificate.problem.is_power_one:  # K = |f| instead of f²: λ doubles
        lower, upper = (v and RLCT(2 * v.value, v.multiplicity) for v in (found.lower, found.upper))
        found = replace(found, lower=lower, upper=upper)
    claim, kind = certificate.claim, certificate.kind
    below = kind == "upper" or (found.lower is not None and claim <= found.lower)
    above = kind == "lower" or (found.upper is not None and found.upper <= claim)
    if lacks("below", below, "more is claimed"):
        raise CertificateError(f"claimed {claim}, proved lower {found.lower}")
    if lacks("above", above, "less is claimed"):
        why = f" ({'; '.join(found.why[:3])})" if found.why and found.upper is None else ""
        raise CertificateError(f"claimed {claim}, proved upper {found.upper}{why}")
    return found


def _verify_analytic(certificate: Certificate) -> Verdict:
    """What is proved of analytic expressions, by the steps to polynomials and their proof."""
    left = analytic.inner(certificate)
    factor, verdict = left.stage.factor, verify(left.certificate)
    lower, upper = (
        v and RLCT(factor * v.value, v.multiplicity) for v in (verdict.lower, verdict.upper)
    )
    lower, upper = None if left.stage.upper else lower, None if left.stage.lower else upper
    return replace(verdict, lower=lower, upper=upper)


def starting_family(problem: LocalProblem) -> Family:
    """The germ of a problem, as a replay starts with it; or, for a problem over a whole domain, the
    germs at all its points: each variable is a parameter."""
    if problem.over is not None:
        names = problem.variables
        bounded = {n: i for n, i in zip(names, problem.over, strict=True) if i != (None, None)}
        return Family(
            names=names,
            role=dict.fromkeys(names, PARAM),
            positive=frozenset(),
            k={},
            h={n: e for n, e in zip(names, problem.prior, strict=True) if e},
            gens=tuple(g.flint for g in problem.ideal.generators),
            within=bounded,
        )
    return family_of(problem.localize(algebraic=True))


def negative_somewhere(problem: LocalProblem, family: Family) -> str:
    """Where a loss f is negative, in words: on an arc x = c·t^w into the point, or at a point of
    the domain; "" if it is so on none of some hundred that are tried.

    This refutes f ≥ 0, and does not prove it.

    >>> from singularity_lab.algebra.problem import LocalProblem
    >>> problem = LocalProblem.build("x^2 - y^3", convention="loss")
    >>> negative_somewhere(problem, starting_family(problem))
    'on the arc x = 0, y = t'
    """
    (f,) = family.gens
    source, names = random.Random(0), list(family.role)
    if f.is_zero():
        return ""
    count = max(40, min(400, 40_000 // (len(f) * len(names))))
    for n in range(count + 2 * len(names)):
        check_time()
        if problem.over is not None:
            point = [_between(interval, source) for interval in problem.over]
            if f(*map(to_fmpq, point)) < 0:
                listed = zip(names, map(str, point), strict=True)
                return "at " + ", ".join(f"{x} = {c}" for x, c in listed)
            continue
        arc: dict[str, tuple[Fraction, int]] = {}
        for place, x in enumerate(names):
            if n < 2 * len(names):  # the axes, to both sides
                c, w = (Fraction(1 - 2 * (n % 2)) if n // 2 == place else Fraction(0)), 1
            else:
                c, w = source.choice(_VALUES), source.choice((1, 1, 1, 2, 3))
            arc[x] = (abs(c) if x in family.positive else c), w
        low = maps.lowest_along(f, {family.index(x): (to_fmpq(c), w) for x, (c, w) in arc.items()})
        if not low.is_zero() and family.sign(low) < 0:
            return "on the arc " + ", ".join(f"{x} = {_along(*v)}" for x, v in arc.items())
    return ""


_VALUES = [Fraction(0), *(s * Fraction(n) for n in ("1", "2", "1/2", "3", "3/2") for s in (1, -1))]


def _between(interval: RationalInterval, source: random.Random) -> Fraction:
    """A point of an interval, a large one now and then where there is no bound."""
    low, high = interval
    u, size = Fraction(source.randint(0, 64), 64), source.choice((1, 4, 64))
    if low is not None and high is not None:
        return low + (high - low) * u
    if low is not None:
        return low + size * u
    return high - size * u if high is not None else size * (2 * u - 1)


def _along(c: Fraction, w: int) -> str:
    """c·t^w in words."""
    power = "t" if w == 1 else f"t^{w}"
    return "0" if not c else power if c == 1 else f"-{power}" if c == -1 else f"{c}*{power}"


_MALFORMED: tuple[type[Exception], ...] = (SingularityLabError, FlintError, ArithmeticError)
_MALFORMED += (LookupError, TypeError, ValueError, AttributeError, RecursionError)
_T = TypeVar("_T")

# What applies to a domain with intervals that are not cut into cells: only ``interval`` and
# ``point`` read them.
UNCUT = ("interval", "both", "open", "point")
# What applies to a product factor by factor: coordinates, conditions and cells of the stratum; the
# other theorems speak of ideals.
FACTORED = frozenset(
    ("blowup", "split", "change", "coordinate", "relax", "nonvanishing", "dehomogenise", "locus")
) | {"both", "empty", "open"}


class Walk(Generic[_T]):
    """The one way through a proof script: what is asked of each family that is met is a ``_T``.

    The moves, the branches with the families they lead to, the lemmas and what was proved before
    are the same for whoever reads a script; a reader says what it makes of a leaf, and how it
    combines the cases of a branch. ``done``: what is known of the steps that carry an id.
    """

    def __init__(self) -> None:
        self.done: dict[int, tuple[Family, _T]] = {}
        self.where = "proof"

    # -- what a reader says

    def leaf(self, family: Family, step: Leaf) -> _T:
        """What a leaf says of its family."""
        raise NotImplementedError

    def combined(self, family: Family, step: Branch, families: Families, cases: list[_T]) -> _T:
        """What the cases of a branch say of its family together."""
        raise NotImplementedError

    def unknown(self) -> _T:
        """What is known of a case that a certificate leaves out."""
        raise NotImplementedError

    def skipped(self, family: Family) -> _T | None:
        """What is known of a family whose proof is not to be read; None if it is."""
        return None

    def move(self, family: Family, step: Move) -> None:
        """Look at a move, and the family before it."""

    def enter(self, moves: Sequence[Move], family: Family, step: Step, where: str) -> None:
        """Look at a family after its moves, before the step that follows."""

    def leave(self, known: _T) -> None:
        """Look at what is known of the family that was entered last."""

    # -- the way

    def start(self, family: Family, script: Script) -> _T:
        """What the script says of a family; CertificateError names the step that fails."""
        try:
            if isinstance(zero := read(script), Zero):  # the germ 0 has no normal form
                self.enter((), family, zero, "proof")
                found = self.leaf(family, zero)
                self.leave(found)
                return found
            return self.run(family.normal(), script, "proof")
        except CertificateError as error:
            raise error if error.where else CertificateError(str(error), self.where) from None
        except _MALFORMED as error:
            message = f"malformed step: {type(error).__name__}: {error}"
            raise CertificateError(message, self.where) from None

    def run(self, family: Family, script: Script, where: str) -> _T:
        known = self.skipped(family)
        if known is not None:
            return known
        marks: list[tuple[int, Family]] = []
        moves: list[Move] = []
        arrived = self.where = where
        op = None
        try:
            step = read(script)
            op = step.op
            if family.within and op not in UNCUT:  # a move, or a step of another theorem
                raise CertificateError("intervals are cut into cells before any other step")
            while isinstance(step, Move):
                self.applies(family, op)
                if step.id is not None:
                    marks.append((step.id, family))
                self.move(family, step)
                family = step.replay(family).normal()
                moves.append(step)
                where = self.where = f"{where}.{op}"
                step = read(step.then)
                op = step.op
            self.applies(family, op)
            if step.id is not None:
                marks.append((step.id, family))
            self.enter(moves, family, step, arrived)
            if isinstance(step, Branch):
                known = self.branch(family, step, where)
            elif isinstance(step, See):
                known = self.see(family, step)
            else:
                assert isinstance(step, Leaf)
                known = self.leaf(family, step)
        except CertificateError as error:
            if error.where:
                raise
            raise CertificateError(f"{op}: {error}" if op else str(error), where) from None
        for ident, marked in marks:
            self.done.setdefault(ident, (marked, known))
        self.leave(known)
        return known

    def applies(self, family: Family, op: str) -> None:
        """Raise CertificateError where the theorem of a step is not about products."""
        if family.exponents and op not in FACTORED:
            raise CertificateError("a product is resolved factor by factor before this step")

    def branch(self, family: Family, step: Branch, where: str) -> _T:
        """The result of a branch: its cases are replayed on the families that it leads to."""
        families = step.replay(family)
        cases = step.cases
        count = f"{len(families[0])} cases needed, {len(cases)} given"
        hold("cases", len(cases) == len(families[0]), count)
        known = []
        for i, (child, case) in enumerate(zip(families[0], cases, strict=True)):
            if case is None:
                known.append(self.unknown())
            else:
                known.append(self.run(child.normal(), case, f"{where}.{i}"))
        return self.combined(family, step, families, known)

    def see(self, family: Family, step: See) -> _T:
        """A family proved before, or here as a lemma, up to a renaming and changes of sign."""
        if step.lemma is not None and step.step not in self.done:
            lemma = step.stated(family, step.lemma)
            self.run(lemma, step.lemma["proof"], f"{self.where}.lemma")
        proved = step.step in self.done
        hold("proved", proved, f"step {step.step!r} is not proved before this one")
        other, known = self.done[step.step]
        step.replay(family, other)
        return known


class Replay(Walk[Verdict]):
    """The verifier's reading of a script: what is proved of each family."""

    def leaf(self, family: Family, step: Leaf) -> Verdict:
        return step.replay(family)

    def combined(
        self, family: Family, step: Branch, families: Families, cases: list[Verdict]
    ) -> Verdict:
        return families[1](cases)

    def unknown(self) -> Verdict:
        return Verdict()


def replay(family: Family, script: Script) -> Verdict:
    """What a script proves of a family, or CertificateError."""
    return Replay().start(family, script)
