"""Programs as singularities: what people ask of a program, answered with certificates.

    program_list() · program_rlct(name, steps, semantics, chart) · program_census(name, steps)
    program_trace(name, steps) · program_certificate(...) · check_program(certificate)

Two kinds of certificate meet here (docs/programs.md). The laboratory's own, replayed by ``verify``,
proves (λ, m) of the explicit monomial ideal of all minimal error syndromes. The *program
certificate* proves the same without listing syndromes, from the program's text: weights v, of which
a min-plus propagation shows that no wrong run is cheaper than 1, and a fractional packing of wrong
runs, each of which is replayed. :func:`check_program` is its check; it shares the definition of the
machines with the search, and nothing else: no formula, no cutting planes, no solver. A digest binds
the proof to the question: program, steps, semantics, chart and support. :func:`check_ideal` links
the two: it derives the ideal of the first from the program's text of the second.

Straight-line and probabilistic programs (:mod:`singularity_lab.programs.machines.straightline`)
have real parameters and terms that cancel. Their λ is the resolution engine's, and their program
certificate is the engine's proof beside the text: the check derives the germ from the text anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.errors import (
    BadInput,
    OutOfScope,
    Undecided,
)
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.programs import program_limits
from singularity_lab.programs.by_name import find_any, find_program
from singularity_lab.programs.check import (
    LARGEST,
    TooLarge,
    answer_of,
    check_ideal_document,
    check_program,
)
from singularity_lab.programs.machines.machines import Code, Program, Support, choose_steps
from singularity_lab.programs.machines.straightline import ProbabilisticTarget, RealProgram
from singularity_lab.programs.program_certificate import (
    EXPLICIT_LIMIT,
    FORMAT,
    VERSION,
    Asked,
    digest,
    program_certificate,
    syndrome_certificate,
)
from singularity_lab.programs.program_documents import (
    ProgramBoundsDocument,
    ProgramDocument,
    ThresholdPair,
)
from singularity_lab.programs.syndromes import (
    Hitting,
    ProgramChart,
    Syndrome,
    SyndromeProgram,
    check_support,
)
from singularity_lab.programs.uncertainty.noisy import check_semantics, laws
from singularity_lab.programs.uncertainty.semirings import Booleans
from singularity_lab.programs.zeroset import ZeroSet, zero_set
from singularity_lab.system import deadline
from singularity_lab.system.counting import counted
from singularity_lab.system.deadline import TimeLimit
from singularity_lab.system.documents import converted
from singularity_lab.system.stopwatch import Stopwatch

LISTING = 5_000_000  # products and comparisons that may be spent on listing them: about a second


@dataclass(frozen=True)
class ProgramResult:
    """λ and m of a program at a code or a face, with the proof.

    lambda_E: of the NLL loss, None in the open chart; lambda_H: of the squared error and of the
    divergence through a noisy channel. At a law of full support, the point of a probabilistic
    program, both losses are of one order and lambda_E = lambda_H; a straight-line program has no
    NLL. steps: None for these. hitting: the covering program's optimum (None in the open
    chart). syndromes: all minimal ones, or None where they were too many to list.
    certificate: for ``verify`` (None where syndromes are not listed); program_certificate: for
    ``check_program``. Both have been checked.
    """

    program: Program | RealProgram
    steps: int | None
    semantics: str
    chart: ProgramChart
    lambda_E: Fraction | None
    lambda_H: Fraction
    multiplicity: int
    hitting: Hitting | None
    syndromes: tuple[Syndrome, ...] | None
    certificate: Certificate | None
    program_certificate: dict[str, Any]
    method: str
    seconds: float
    support: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The answer; fractions are text. :func:`replay_program` compares all of it with what the
        certificates prove, but for ``method`` and ``seconds``."""
        hitting = self.hitting
        told = {
            **answer_of(Asked.of(self.program_certificate), self.program_certificate),
            "syndromes": None
            if self.syndromes is None or hitting is None
            else [hitting.monomial(s) for s in self.syndromes],
            "method": self.method,
            "seconds": round(self.seconds, 4),
            "certificate": self.certificate and self.certificate.to_json(),
            "program_certificate": self.program_certificate,
        }
        return converted(told, ProgramDocument, "answer").plain()

    def __str__(self) -> str:
        if self.lambda_E is None:
            head = f"lambda_H = {self.lambda_H}, m = {self.multiplicity}"
        else:
            head = (
                f"lambda_E = {self.lambda_E} (NLL), lambda_H = {self.lambda_H} (squared error), "
                f"m = {self.multiplicity}"
            )
        count = (
            ""
            if self.syndromes is None
            else f"{counted(len(self.syndromes), 'minimal syndrome')}; "
        )
        asked = Asked.of(self.program_certificate)
        return (
            f"{head} for {self.program.name}{asked.place}, {asked.setting} "
            f"({count}{self.method}; {self.seconds:.2f} s)"
        )


@dataclass(frozen=True)
class ProgramBounds:
    """What is known of λ where the time or the methods did not suffice.

    lower, upper: bounds of λ_E, or of λ_H in the open chart, where λ_E is not defined; None where
    there is none. λ is above 0 in any case. certificates: those of the bounds, in the open chart;
    the covering program's bounds are the search's own.
    """

    asked: Asked
    lower: Fraction | None
    upper: Fraction | None
    reason: str
    seconds: float
    certificates: Mapping[str, Any] = field(default_factory=dict)

    def _pair(self, bound: Fraction | None) -> ThresholdPair | None:
        if bound is None:
            return None
        if self.asked.chart.kind == "open":
            return ThresholdPair(lambda_E=None, lambda_H=str(bound))
        return ThresholdPair(lambda_E=str(bound), lambda_H=str(bound / 2))

    def to_json(self) -> dict[str, Any]:
        """Fractions as text; ``status`` is ``bounds``."""
        return ProgramBoundsDocument(
            **self.asked.to_json(),
            status="bounds",
            lambda_E=None,
            lambda_H=None,
            multiplicity=None,
            lower=self._pair(self.lower),
            upper=self._pair(self.upper),
            reason=self.reason,
            seconds=round(self.seconds, 4),
            certificate=dict(self.certificates) or None,
            program_certificate=None,
        ).plain()

    def __str__(self) -> str:
        sign = "lambda_H" if self.asked.chart.kind == "open" else "lambda_E"
        low = "0 <" if not self.lower else f"{self.lower} <="
        known = f"{low} {sign}" + ("" if self.upper is None else f" <= {self.upper}")
        return (
            f"not decided: {known} for {self.asked.program.name}{self.asked.place}, "
            f"{self.asked.setting} ({self.reason}; {self.seconds:.2f} s)"
        )


def program_rlct(
    source: str | Program | RealProgram | Path,
    steps: int | None = None,
    semantics: str = "exact",
    chart: str | ProgramChart = "corner",
    *,
    code: Code | None = None,
    support: Support | None = None,
    truth: str = "task",
    limit: int = EXPLICIT_LIMIT,
    budget: float | None = 60.0,
) -> ProgramResult:
    """Return λ and m of a program at its code, at another code, or at a face, with verified
    certificates.

    steps: T, the program's own unless given. semantics: ``exact``, ``naive`` or ``staged``.
    chart: ``corner``, ``corner:α``, ``amplitude`` or ``open``. support: allowed options by choice,
    for a face. A straight-line or probabilistic program is asked at its point, an inner one of its
    parameters, where ``corner`` is ``open``; it takes none of the other options.
    truth: ``task`` for the wanted outputs; ``own`` for what the program itself gives at the code or
    face, whether or not it solves the task: the certificate's program has these for its inputs'
    outputs.
    limit: how many minimal syndromes are listed; beyond, and where listing takes long, the program
    certificate alone proves the value. budget: CPU seconds; None for no limit.

    Raises OutOfScope where the code does not solve the task, or where runs of the face differ in
    their outputs and ``own`` is asked for, BadInput for what makes no sense or is
    too large, Undecided, with :class:`ProgramBounds` as its ``bounds``, where the time is used up
    or the engine does not decide the open chart.

    >>> r = program_rlct("detectA-mini-retry", steps=2)
    >>> r.lambda_E, r.lambda_H, r.multiplicity
    (Fraction(13, 2), Fraction(13, 4), 1)
    >>> wrong = {"q_Ba": "r", "q_Aa": "r"}  # detects nothing, and is a program of its own
    >>> program_rlct("detectA-mini", code=wrong, truth="own").lambda_E > 0
    True
    >>> print(program_rlct("noisy-channel-2").program_certificate["claim"])
    {'lambda_E': '1', 'lambda_H': '1', 'multiplicity': 2}
    """
    watch = Stopwatch()
    if budget is not None and not 0 < budget < float("inf"):
        raise BadInput(f"budget: seconds > 0 are needed, received {budget!r}")
    p = find_any(source)
    chart = ProgramChart.parse(chart)
    if truth not in ("task", "own"):
        raise BadInput(f"truth: 'task' or 'own' is needed, received {truth!r}")
    if not isinstance(p, Program):
        own = None if truth == "task" else truth
        given = {"steps": steps, "code": code, "support": support, "truth": own}
        for key, value in given.items():
            if value is not None:
                raise BadInput(f"{key}: a {p.kind} program takes none, received {value!r}")
        asked = _real_question(p, semantics, chart)
    else:
        check_semantics(p, semantics)
        full = {**(p.vertex(code) if code else {}), **(support or {})}
        free = {c.name for c in p.free}
        wanted = {n: o for n, o in full.items() if n in free or n in (support or {})}
        program_limits.at_most(program_limits.PARAMETERS, p.dimension, "program: parameters")
        if truth == "own":
            p = own_truth(p, choose_steps(p, steps), semantics, check_support(p, wanted))
        asked = Asked(
            p, choose_steps(p, steps), semantics, chart, check_support(p, wanted), tuple(code or ())
        )
        if chart.kind == "open" and asked.faces:
            raise BadInput("support: the open chart is a neighbourhood of a code; faces need a "
                           "corner")  # fmt: skip
    search = _Search(asked, limit, budget, watch)
    patience = budget and (budget if chart.kind != "open" and isinstance(p, Program)
                           else 1.1 * budget + 0.5)  # fmt: skip
    with TimeLimit(patience):
        return search.run()
    raise search.undecided("the budget is used up")


def own_truth(program: Program, steps: int, semantics: str, support: Support) -> Program:
    """The program judged on what it does itself on a support: its cases with the outputs that all
    runs of the support give.

    Raises OutOfScope where two of them differ: the face has a law of outputs there, and the
    covering program speaks of one.

    >>> from singularity_lab.programs import program
    >>> p = program("detectA-mini")
    >>> wrong = p.vertex({"q_Ba": "r", "q_Aa": "r"})
    >>> own_truth(p, p.steps, "exact", wrong).at({"q_Ba": "r", "q_Aa": "r"}).solves()
    True
    """
    allowed = {
        (c.name, o): True
        for c in program.machine.choices
        for o in support.get(c.name, (program.code[c.name],))
    }
    cases = []
    found = laws(Booleans(), allowed, program, steps, semantics)
    for case, law in zip(program.cases, found, strict=True):
        outputs = sorted(y for y, reached in law.items() if reached)
        if len(outputs) != 1:
            raise OutOfScope(
                f"truth: on the input {case.value or '()'} runs of the face give "
                f"{', '.join(outputs[:6])}; an own truth needs one output"
            )
        cases.append(replace(case, target=outputs[0]))
    return replace(program, cases=tuple(cases))


class _Search:
    """The search of :func:`program_rlct`, which keeps what it knows when its time is used up."""

    def __init__(self, asked: Asked, limit: int, budget: float | None, watch: Stopwatch) -> None:
        self.asked, self.limit, self.budget, self.watch = asked, limit, budget, watch
        self.clock = deadline.clock()
        self.covering: SyndromeProgram | None = None

    def run(self) -> ProgramResult:
        a = self.asked
        if not isinstance(a.program, Program) or a.chart.kind == "open":
            return self._engine()
        self.covering = sp = SyndromeProgram(a.program, a.number, a.semantics, a.support, a.chart)
        hitting = sp.solve()
        self.covering.lower = self.covering.upper = hitting.value
        if any(max(s.exponent) >= LARGEST for s, _ in hitting.dual):
            raise self.undecided("exponents of its syndromes are too large for a certificate")
        syndromes: tuple[Syndrome, ...] | None = None
        with contextlib.suppress(Undecided):
            syndromes = sp.syndromes(max(self.limit, 3000), LISTING)
        if syndromes is not None and len(syndromes) > self.limit:
            syndromes = None
        certificate = None
        if syndromes is not None:
            hitting = hitting.minimal(syndromes)
            certificate = syndrome_certificate(sp, syndromes, hitting)
        document = program_certificate(sp, hitting)
        try:
            check_program(document)
        except TooLarge as error:
            raise self.undecided(str(error)) from None
        if certificate is not None:
            try:
                check_ideal_document(document, certificate, 2 * LISTING)
            except TooLarge:
                certificate = syndromes = None
        how = "hitting program by cutting planes"
        how += "; certificate verified" if certificate else ""
        return ProgramResult(
            a.program, a.steps, a.semantics, a.chart, hitting.value, hitting.value / 2,
            hitting.multiplicity, hitting, syndromes, certificate, document,
            f"{how}; program certificate checked", self.watch.seconds, sp.support,
        )  # fmt: skip

    def _engine(self) -> ProgramResult:
        """A germ for the resolution engine: the open chart, and programs with real parameters."""
        a = self.asked
        problem = a.germ()
        left = None
        if self.budget is not None:
            left = max(self.budget - (deadline.clock() - self.clock), self.budget / 20)
        try:
            result: Result = rlct(problem, budget=left)
        except Undecided as error:  # not even a bound
            raise self.undecided(str(error)) from None
        if not result.exact:
            raise self.undecided("the engine does not decide it", result)
        value = result.rlct
        nll = value.value if isinstance(a.program, ProbabilisticTarget) else None
        document = {
            "format": FORMAT,
            "version": VERSION,
            **a.question(),
            "digest": digest(a.question()),
            "claim": {
                "lambda_E": None if nll is None else str(nll),
                "lambda_H": str(value.value),
                "multiplicity": value.multiplicity,
            },
            "certificate": result.certificate.to_json(),
        }
        check_program(document)
        return ProgramResult(
            a.program, a.steps, a.semantics, a.chart, nll, value.value, value.multiplicity, None,
            None, result.certificate, document,
            f"{result.method}; certificate verified; program certificate checked",
            self.watch.seconds, a.support,
        )  # fmt: skip

    def undecided(self, reason: str, result: Result | None = None) -> Undecided:
        """The error that says what is known."""
        a, lower, upper = self.asked, None, None
        certificates: dict[str, Any] = {}
        if result is not None:
            low, high = result.bounds.lower, result.bounds.upper
            lower = None if low is None else low.value
            upper = None if high is None else high.value
            certificates = {c.kind: c.to_json() for c in result.certificates}
            reason = "; ".join([reason, *(note[:80] for note in result.notes[:2])])
        elif self.covering is not None:
            lower, upper = self.covering.lower, self.covering.upper
            if lower == upper and reason == "the budget is used up":
                reason += " before the value that was found had been checked"
        elif isinstance(a.program, Program) and not a.faces and a.solves():
            # K vanishes at the code to second order, E to first
            d = a.program.dimension
            upper = Fraction(d, 2) if a.chart.kind == "open" else a.chart.alpha * d
        bounds = ProgramBounds(a, lower, upper, reason, self.watch.seconds, certificates)
        return Undecided(str(bounds), bounds)


def _real_question(p: RealProgram, semantics: str, chart: ProgramChart) -> Asked:
    """The question of a straight-line or probabilistic program: at its point, an inner one."""
    if semantics != "exact":
        raise BadInput(f"semantics: a {p.kind} program has exact, received {semantics!r}")
    if chart.kind == "amplitude" or chart.alpha != 1:
        raise BadInput(f"chart: the point is an inner one, open is needed, received {chart}")
    return Asked(p, None, "exact", ProgramChart("open"), {})


def program_census(
    source: str | Program | Path,
    steps: int | None = None,
    semantics: str = "exact",
    chart: str | ProgramChart = "corner",
    *,
    limit: int = 200_000,
) -> ZeroSet:
    """Return the zero set of a program with its solutions, f-vector, components and (λ_E, m) on
    faces.

    >>> census = program_census("xor-4nand-shared")
    >>> census.to_json()["solutions"], census.components[0].lambda_E
    (2, Fraction(7, 2))
    """
    p = find_program(source)
    return zero_set(p, choose_steps(p, steps), semantics, chart, limit)
