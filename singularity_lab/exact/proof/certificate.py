"""Certificates: what a proof of λ and m consists of, as a JSON document independent of the engine.

A certificate holds the problem, the claim and a *proof script*: a tree of steps, each a theorem of
docs/theory.md with its data, which :func:`singularity_lab.exact.proof.verify.verify` replays from
the problem. The script holds no state of the engine: every polynomial that a step speaks of is
recomputed by the verifier.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from singularity_lab.algebra import input_limits
from singularity_lab.algebra.analytic_problem import AnalyticProblem, Problem
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput, CertificateError, OutOfScope, quoted
from singularity_lab.system.files import read_text, replacing

FORMAT = "singularity-lab-certificate"
VERSION = 1
Kind = Literal["exact", "lower", "upper"]
Script = dict[str, Any]  # a step with those that follow it, as JSON


@dataclass(frozen=True)
class Certificate:
    """A claim about a local problem with its proof.

    kind: ``exact`` (λ, m) = claim; ``lower`` (λ, m) ⪰ claim; ``upper`` (λ, m) ⪯ claim, in the order
    of :class:`~singularity_lab.algebra.invariants.RLCT`. proof: the script of steps.

    >>> from singularity_lab import rlct, verify
    >>> certificate = rlct("x*y").certificate
    >>> print(certificate.kind, certificate.claim)
    exact (1/2, 2)
    >>> again = Certificate.from_json(certificate.to_json())
    >>> again.digest() == certificate.digest(), verify(again) is not None
    (True, True)
    """

    problem: Problem
    kind: Kind
    claim: RLCT
    proof: Script

    def __post_init__(self) -> None:
        if self.kind not in ("exact", "lower", "upper"):
            raise CertificateError(
                f"claim: unknown kind {quoted(self.kind)}"
            )  # nothing would be checked
        if type(self.claim.multiplicity) is not int or self.claim.multiplicity < 1:
            raise CertificateError(f"claim: not a multiplicity: {quoted(self.claim.multiplicity)}")

    @property
    def germ(self) -> LocalProblem:
        """The problem; raises OutOfScope where it is one of functions, not of polynomials."""
        if isinstance(self.problem, AnalyticProblem):
            raise OutOfScope(
                "functions: polynomials are needed here (rlct and verify take functions)"
            )
        return self.problem

    def to_json(self) -> dict[str, Any]:
        """The certificate as a JSON document (a dict of text, integers, lists)."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "problem": problem_to_json(self.problem),
            "claim": {
                "kind": self.kind,
                "lambda": str(self.claim.value),
                "multiplicity": self.claim.multiplicity,
            },
            "proof": self.proof,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any] | str) -> Certificate:
        """Read a certificate; raises CertificateError if it is not one."""
        if isinstance(document, str):
            try:
                document = input_limits.limited_json(document, "certificate")
            except BadInput as error:
                raise CertificateError(str(error)) from None
        if isinstance(document, Mapping) and "certificate" in document and "format" not in document:
            raise CertificateError("format: an answer; its certificate is ['certificate']")
        if not isinstance(document, Mapping) or document.get("format") != FORMAT:
            raise CertificateError(f"format: {FORMAT!r} is needed")
        if document.get("version") != VERSION:
            raise CertificateError(
                f"version: {VERSION} is needed, received {quoted(document.get('version'))}"
            )
        try:
            claim = document["claim"]
            return cls(
                problem=problem_from_json(document["problem"]),
                kind=claim["kind"],
                claim=RLCT(fraction(claim["lambda"], "claim.lambda"), claim["multiplicity"]),
                proof=dict(document["proof"]),
            )
        except (LookupError, TypeError, ValueError, AttributeError, OutOfScope) as error:
            raise CertificateError(f"malformed: {type(error).__name__}: {error}") from None

    def save(self, path: str | Path) -> Path:
        """Write the JSON document to a file."""
        path = Path(path)
        with replacing(path) as part:
            part.write_text(json.dumps(self.to_json(), indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: str | Path) -> Certificate:
        """Read a certificate from a file; raises BadInput if there is none."""
        return cls.from_json(read_text(Path(path), "certificate"))

    def digest(self) -> str:
        """SHA-256 of the canonical JSON text: the certificate's address."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def steps(self) -> Iterator[Script]:
        """All steps of the script, parents first."""
        stack = [self.proof]
        while stack:
            step = stack.pop()
            yield step
            stack.extend(reversed(children(step)))

    def __str__(self) -> str:
        sign = {"exact": "=", "lower": ">=", "upper": "<="}[self.kind]
        steps = sum(1 for _ in self.steps())
        return f"certificate: (lambda, m) {sign} {self.claim}, {steps} step{'s' * (steps > 1)}"


def children(step: Script) -> list[Script]:
    """The steps that follow a step."""
    after = [step["then"]] if isinstance(step.get("then"), dict) else []
    return after + [s for s in step.get("cases", []) if isinstance(s, dict)]


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """A local problem as a JSON document; text for every number, so that nothing is rounded."""
    names = problem.variables

    def text(bound: Fraction | None) -> str | None:
        return None if bound is None else str(bound)

    return {
        "variables": list(names),
        **(
            {"functions": list(problem.texts)}
            if isinstance(problem, AnalyticProblem)
            else {"generators": [str(g.flint) for g in problem.ideal.generators]}
        ),
        "convention": problem.convention,
        "point": {n: str(c) for n, c in zip(names, problem.point, strict=True) if c},
        "prior": {n: str(t) for n, t in zip(names, problem.prior, strict=True) if t},
        "box": {
            n: [text(low), text(high)]
            for n, (low, high) in zip(names, problem.box, strict=True)
            if (low, high) != (None, None)
        },
        **({} if isinstance(problem, AnalyticProblem) else _domain_to_json(problem)),
    }


def _domain_to_json(problem: LocalProblem) -> dict[str, Any]:
    """The field "over" of a problem that asks for all points of a domain, "nonnegative" of one with
    inequalities; else nothing."""
    if problem.inequalities:
        return {"nonnegative": [str(g.flint) for g in problem.inequalities]}
    if problem.over is None:
        return {}
    over = zip(problem.variables, problem.over, strict=True)
    return {
        "over": {
            n: [None if end is None else str(end) for end in interval]
            for n, interval in over
            if interval != (None, None)
        }
    }


def polynomial_problem_from_json(document: Mapping[str, Any]) -> LocalProblem:
    """The same where it is known to be about polynomials, as the rows of the catalog do.

    Raises CertificateError for expressions with other functions.
    """
    found = problem_from_json(document)
    if not isinstance(found, LocalProblem):
        raise CertificateError("problem: polynomials are needed, received other functions")
    return found


def problem_from_json(document: Mapping[str, Any]) -> Problem:
    """The inverse of :func:`problem_to_json`."""
    what = "functions" if "functions" in document else "generators"
    known = {"variables", what, "convention", "point", "prior", "box"}
    if set(document) - {"over", "nonnegative"} != known:
        raise CertificateError(
            f"problem: the keys {sorted(known)} are needed, received {quoted(list(document))}"
        )
    if what == "functions" and not {"over", "nonnegative"} & set(document):
        return AnalyticProblem.build(
            [str(t) for t in document["functions"]],
            list(document["variables"]),
            at=document["point"],
            prior=document["prior"],
            box={n: (low, high) for n, (low, high) in document["box"].items()},
            convention=document["convention"],
        )
    return LocalProblem.build(
        list(document["generators"]),
        list(document["variables"]),
        at=document["point"],
        prior=document["prior"],
        box={n: (low, high) for n, (low, high) in document["box"].items()},
        nonnegative=_inequalities_from_json(document),
        convention=document["convention"],
        over=_over_from_json(document),
    )


def _inequalities_from_json(document: Mapping[str, Any]) -> list[str]:
    listed = document.get("nonnegative", [])
    if not isinstance(listed, list) or not all(isinstance(g, str) for g in listed):
        raise CertificateError(f"nonnegative: polynomials are needed, received {quoted(listed)}")
    return listed


def _over_from_json(document: Mapping[str, Any]) -> dict[str, tuple[Any, Any]] | None:
    if "over" not in document:
        return None
    return {n: (low, high) for n, (low, high) in document["over"].items()}
