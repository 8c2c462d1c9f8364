"""The independent verifier: replays a proof script with exact arithmetic, and never searches.

It holds a *family of germs* (:mod:`singularity_lab.exact.proof.family`). A step turns a family into
others; a leaf gives

    lower: every germ of the family has (λ, m) ⪰ lower;    upper: some germ has (λ, m) ⪯ upper,

in the order of densities of states, with λ = ∞ where K does not vanish. Each handler below states
its theorem in words, and the theorem's hypotheses by name where it is registered; each is checked
under its name. Blow-ups are proper, so (λ, m) of a germ is the least over the points of the fibre,
and the cells of a blow-up are that fibre (MATH §2.8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Protocol

from flint.utils.flint_exceptions import FlintError

import singularity_lab.exact.proof.branches
import singularity_lab.exact.proof.everywhere
import singularity_lab.exact.proof.leaves
import singularity_lab.exact.proof.moves  # noqa: F401  these three fill the tables of steps
from singularity_lab.algebra.hypotheses import hold, lacks, under
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import CertificateError, SingularityLabError
from singularity_lab.exact.proof.certificate import Certificate, Step
from singularity_lab.exact.proof.family import LOCAL, PARAM, Family, integer
from singularity_lab.exact.proof.step import BRANCHES, LEAVES, MOVES, Verdict


def verify(certificate: Certificate | Mapping[str, Any] | str) -> Verdict:
    """Replay a certificate; return what it proves, or raise CertificateError saying what fails.

    certificate: a Certificate, its JSON document, or the JSON text.
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
    if not isinstance(certificate, Certificate):
        certificate = Certificate.from_json(certificate)
    try:
        family = starting_family(certificate.problem)
    except SingularityLabError as error:
        raise CertificateError(f"problem: {error}") from None
    if certificate.proof.get("op") == "zero":
        hold("zero", all(g.is_zero() for g in family.gens), "K is not identically 0")
        found = Verdict(RLCT(Fraction(0), 1), RLCT(Fraction(0), 1))
    else:
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


def starting_family(problem: LocalProblem) -> Family:
    """The germ of a problem, as a replay starts with it; or, for a problem over a
    whole domain, the germs at all its points: each variable is a parameter."""
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
    germ = problem.localize(algebraic=True)
    return Family(
        names=germ.generators[0].variables,
        field=germ.field,
        role=dict.fromkeys(germ.variables, LOCAL),
        positive=frozenset(germ.nonnegative),
        k={},
        h={n: e for n, e in zip(germ.variables, germ.prior, strict=True) if e},
        gens=tuple(g.flint for g in germ.generators),
    )


class Observer(Protocol):
    """Callbacks that observe a replay: each family after its moves, and what is proved of it."""

    def enter(self, moves: Sequence[Step], family: Family, step: Step, where: str) -> None: ...

    def leave(self, verdict: Verdict) -> None: ...


def replay(family: Family, step: Step, observer: Observer | None = None) -> Verdict:
    """What a script proves of a family, or CertificateError. An observer changes nothing."""
    walk = _Replay(observer)
    try:
        return walk.run(family.normal(), step, "proof")
    except CertificateError:
        raise
    except _MALFORMED as error:
        message = f"malformed step: {type(error).__name__}: {error}"
        raise CertificateError(message, walk.where) from None


_MALFORMED: tuple[type[Exception], ...] = (SingularityLabError, FlintError, ArithmeticError)
_MALFORMED += (LookupError, TypeError, ValueError, AttributeError, RecursionError)


class _Replay:
    """Walks the script. ``done``: families and verdicts of steps that carry an id."""

    def __init__(self, observer: Observer | None = None) -> None:
        self.done: dict[int, tuple[Family, Verdict]] = {}
        self.where = "proof"
        self.observer = observer

    def run(self, family: Family, step: Step, where: str) -> Verdict:
        marks: list[tuple[int, Family]] = []
        moves: list[Step] = []
        arrived = self.where = where
        try:
            while (op := step.get("op")) in MOVES and not family.within:
                if "id" in step:
                    marks.append((integer(step["id"]), family))
                family = MOVES[op](family, step).normal()
                moves.append(step)
                step, where = step["then"], f"{where}.{op}"
                self.where = where
            if "id" in step:
                marks.append((integer(step["id"]), family))
            if self.observer is not None:
                self.observer.enter(moves, family, step, arrived)
            if family.within and op not in ("interval", "both", "open", "point"):
                raise CertificateError("intervals are cut into cells before any other step")
            if op in BRANCHES:
                verdict = self.branch(family, step, where)
            elif op == "see":
                verdict = self.see(family, step)
            else:
                if op not in LEAVES:
                    raise CertificateError(f"unknown step {op!r}")
                verdict = LEAVES[op](family, step)
        except CertificateError as error:
            if error.where:
                raise
            raise CertificateError(f"{step.get('op')}: {error}", where) from None
        for ident, marked in marks:
            self.done.setdefault(ident, (marked, verdict))
        if self.observer is not None:
            self.observer.leave(verdict)
        return verdict

    def branch(self, family: Family, step: Step, where: str) -> Verdict:
        families, combine = BRANCHES[step["op"]](family, step)
        cases = step["cases"]
        count = f"{len(families)} cases needed, {len(cases)} given"
        hold("cases", len(cases) == len(families), count)
        verdicts = []
        for i, (child, case) in enumerate(zip(families, cases, strict=True)):
            proved = case is not None
            verdicts.append(self.run(child.normal(), case, f"{where}.{i}") if proved else Verdict())
        return combine(verdicts)

    def see(self, family: Family, step: Step) -> Verdict:
        """A family proved before, or here as a lemma, up to a renaming and changes of sign."""
        if "lemma" in step and step["step"] not in self.done:
            with under("lemma"):
                lemma = Family.of_lemma(family.names, step["lemma"]["family"], family.field)
            self.run(lemma, step["lemma"]["proof"], f"{self.where}.lemma")
        known = step["step"] in self.done
        hold("proved", known, f"step {step['step']!r} is not proved before this one")
        other, verdict = self.done[step["step"]]
        with under("same"):
            family.check_same(other, step["map"])
        return verdict
