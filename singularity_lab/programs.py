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

Straight-line and probabilistic programs (:mod:`singularity_lab.models.programs.straightline`) have
real parameters and terms that cancel. Their λ is the resolution engine's, and their program
certificate is the engine's proof beside the text: the check derives the germ from the text anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import operator
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.limits import PROGRAM, read_text
from singularity_lab.algebra.linear import nullspace
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import (
    BadInput,
    CertificateError,
    OutOfScope,
    SingularityLabError,
    Undecided,
)
from singularity_lab.exact.certificate import Certificate, Step, problem_to_json
from singularity_lab.exact.solve import Result, rlct
from singularity_lab.exact.verify import verify
from singularity_lab.models.programs import limits
from singularity_lab.models.programs.circuits import Circuit
from singularity_lab.models.programs.library import program, program_names
from singularity_lab.models.programs.machines import (
    Code,
    Program,
    Support,
    check_steps,
    choose_steps,
)
from singularity_lab.models.programs.noisy import check_semantics, error_polynomials, laws
from singularity_lab.models.programs.semirings import Exponent, MonomialIdeals, total
from singularity_lab.models.programs.straightline import (
    ProbabilisticTarget,
    RealProgram,
    StraightLine,
    is_real_program,
    parse_real_program,
    real_program,
    real_program_names,
)
from singularity_lab.models.programs.synthesis import (
    Chart,
    Hitting,
    Syndrome,
    SyndromeProgram,
    check_support,
    monomial_text,
)
from singularity_lab.models.programs.text import parse_program
from singularity_lab.models.programs.turing import TuringMachine
from singularity_lab.models.programs.zeroset import ZeroSet, zero_set

FORMAT = "singularity-lab-program-certificate"
VERSION = 1
EXPLICIT_LIMIT = 400  # minimal syndromes that are listed in a certificate
LISTING = 5_000_000  # products and comparisons that may be spent on listing them: about a second
DERIVING = 60_000_000  # the same, for deriving a list that is claimed
QUESTION = ("program", "steps", "semantics", "chart", "support")
LARGEST = 2**31  # exponents of a certificate stay below
_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")
CLAIM = ("lambda_E", "lambda_H", "multiplicity")


def find_any(source: str | Program | RealProgram | Path) -> Program | RealProgram:
    """A machine, or a straight-line or probabilistic program: from the library by name, from a text
    file by its path, or itself.

    Raises BadInput for a name that is neither.

    >>> find_any("slp-reuse").kind, find_any("xor-lookup").machine.kind
    ('straight-line', 'circuit')
    """
    if isinstance(source, Program | StraightLine | ProbabilisticTarget):
        return source
    path = Path(source)
    if isinstance(source, Path) or path.suffix in (".txt", ".program"):
        text = read_text(path, "program", PROGRAM)
        return parse_real_program(text) if is_real_program(text) else parse_program(text)
    return real_program(source) if source in real_program_names() else program(source)


def find_program(source: str | Program | RealProgram | Path) -> Program:
    """A machine from the library by name, from a text file by its path, or itself.

    Raises BadInput for a name that is neither, and for a program without codes.
    """
    found = find_any(source)
    if not isinstance(found, Program):
        raise BadInput(
            f"program: {found.name} is a {found.kind} program; its parameters are real numbers, "
            "and it has no codes, runs or faces (rlct, show and check take it)"
        )
    return found


def program_list() -> list[dict[str, Any]]:
    """The library: name, kind, dimension of W, inputs, default steps, function, semantics.

    Straight-line and probabilistic programs stand last; they have no steps (None), and their inputs
    are the variables, and none, of the program.

    >>> program_list()[0]["name"], program_list()[0]["dimension"]
    ('detectA-mini', 12)
    >>> program_list()[-1]["name"], program_list()[-1]["kind"]
    ('slp-horner-3', 'straight-line')
    """
    machines = [
        {
            "name": name,
            "kind": p.machine.kind,
            "dimension": p.dimension,
            "inputs": len(p.cases),
            "steps": p.steps,
            "semantics": list(p.machine.semantics),
            "function": p.function,
            "summary": p.summary,
        }
        for name in program_names()
        for p in [program(name)]
    ]
    real = [
        {
            "name": name,
            "kind": p.kind,
            "dimension": len(p.parameters),
            "inputs": len(p.inputs) if isinstance(p, StraightLine) else 0,
            "steps": None,
            "semantics": ["exact"],
            "function": p.computes,
            "summary": "" if isinstance(p, StraightLine) else p.summary,
        }
        for name in real_program_names()
        for p in [real_program(name)]
    ]
    return machines + real


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
    chart: Chart
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
        return {
            **_answer(_Asked.of(self.program_certificate), self.program_certificate),
            "syndromes": None
            if self.syndromes is None or hitting is None
            else [hitting.monomial(s) for s in self.syndromes],
            "method": self.method,
            "seconds": round(self.seconds, 4),
            "certificate": self.certificate and self.certificate.to_json(),
            "program_certificate": self.program_certificate,
        }

    def __str__(self) -> str:
        if self.lambda_E is None:
            head = f"lambda_H = {self.lambda_H}, m = {self.multiplicity}"
        else:
            head = (
                f"lambda_E = {self.lambda_E} (NLL), lambda_H = {self.lambda_H} (squared error), "
                f"m = {self.multiplicity}"
            )
        count = "" if self.syndromes is None else f"{len(self.syndromes)} minimal syndromes; "
        asked = _Asked.of(self.program_certificate)
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

    asked: _Asked
    lower: Fraction | None
    upper: Fraction | None
    reason: str
    seconds: float
    certificates: Mapping[str, Any] = field(default_factory=dict)

    def _pair(self, bound: Fraction | None) -> dict[str, str | None] | None:
        if bound is None:
            return None
        if self.asked.chart.kind == "open":
            return {"lambda_E": None, "lambda_H": str(bound)}
        return {"lambda_E": str(bound), "lambda_H": str(bound / 2)}

    def to_json(self) -> dict[str, Any]:
        """Fractions as text; ``status`` is ``bounds``."""
        return {
            **self.asked.to_json(),
            "status": "bounds",
            "lambda_E": None,
            "lambda_H": None,
            "multiplicity": None,
            "lower": self._pair(self.lower),
            "upper": self._pair(self.upper),
            "reason": self.reason,
            "seconds": round(self.seconds, 4),
            "certificate": dict(self.certificates) or None,
            "program_certificate": None,
        }

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
    chart: str | Chart = "corner",
    *,
    code: Code | None = None,
    support: Support | None = None,
    limit: int = EXPLICIT_LIMIT,
    budget: float | None = 60.0,
) -> ProgramResult:
    """λ and m of a program at its code, at another code, or at a face, with verified certificates.

    steps: T, the program's own unless given. semantics: ``exact``, ``naive`` or ``staged``.
    chart: ``corner``, ``corner:α``, ``amplitude`` or ``open``. support: allowed options by choice,
    for a face. A straight-line or probabilistic program is asked at its point, an inner one of its
    parameters, where ``corner`` is ``open``; it takes none of the other options.
    limit: how many minimal syndromes are listed; beyond, and where listing takes long, the program
    certificate alone proves the value. budget: seconds of wall time; None for no limit.

    Raises OutOfScope where the code does not solve the task, BadInput for what makes no sense or is
    too large, Undecided, with :class:`ProgramBounds` as its ``bounds``, where the time is used up
    or the engine does not decide the open chart.

    >>> r = program_rlct("detectA-mini-retry", steps=2)
    >>> r.lambda_E, r.lambda_H, r.multiplicity
    (Fraction(13, 2), Fraction(13, 4), 1)
    >>> print(program_rlct("noisy-channel-2").program_certificate["claim"])
    {'lambda_E': '1', 'lambda_H': '1', 'multiplicity': 2}
    """
    started = time.process_time()
    if budget is not None and not 0 < budget < float("inf"):
        raise BadInput(f"budget: seconds > 0 are needed, received {budget!r}")
    p = find_any(source)
    chart = Chart.parse(chart)
    if not isinstance(p, Program):
        given = {"steps": steps, "code": code, "support": support}
        for key, value in given.items():
            if value is not None:
                raise BadInput(f"{key}: a {p.kind} program takes none, received {value!r}")
        asked = _real_question(p, semantics, chart)
    else:
        check_semantics(p, semantics)
        full = {**(p.vertex(code) if code else {}), **(support or {})}
        free = {c.name for c in p.free}
        wanted = {n: o for n, o in full.items() if n in free or n in (support or {})}
        limits.at_most(limits.PARAMETERS, p.dimension, "program: parameters")
        asked = _Asked(
            p, choose_steps(p, steps), semantics, chart, check_support(p, wanted), tuple(code or ())
        )
        if chart.kind == "open" and asked.faces:
            raise BadInput("support: the open chart is a neighbourhood of a code; faces need a "
                           "corner")  # fmt: skip
    search = _Search(asked, limit, budget, started)
    patience = budget and (budget if chart.kind != "open" and isinstance(p, Program)
                           else 1.1 * budget + 0.5)  # fmt: skip
    try:
        with limits.time_limit(patience):
            return search.run()
    except limits.OutOfTime:
        raise search.undecided("the budget is used up") from None


class _Search:
    """The search of :func:`program_rlct`, which keeps what it knows when its time is used up."""

    def __init__(self, asked: _Asked, limit: int, budget: float | None, started: float) -> None:
        self.asked, self.limit, self.budget, self.started = asked, limit, budget, started
        self.clock = time.monotonic()
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
        except _TooLarge as error:
            raise self.undecided(str(error)) from None
        if certificate is not None:
            try:
                _check_ideal(document, certificate, 2 * LISTING)
            except _TooLarge:
                certificate = syndromes = None
        how = "hitting program by cutting planes"
        how += "; certificate verified" if certificate else ""
        return ProgramResult(
            a.program, a.steps, a.semantics, a.chart, hitting.value, hitting.value / 2,
            hitting.multiplicity, hitting, syndromes, certificate, document,
            f"{how}; program certificate checked", time.process_time() - self.started, sp.support,
        )  # fmt: skip

    def _engine(self) -> ProgramResult:
        """A germ for the resolution engine: the open chart, and programs with real parameters."""
        a = self.asked
        problem = a.germ()
        left = None
        if self.budget is not None:
            left = max(self.budget - (time.monotonic() - self.clock), self.budget / 20)
        result: Result = rlct(problem, budget=left)
        if not result.exact:
            raise self.undecided("the engine does not decide it", result)
        value = result.rlct
        nll = value.value if isinstance(a.program, ProbabilisticTarget) else None
        document = {
            "format": FORMAT,
            "version": VERSION,
            **a.question(),
            "digest": _digest(a.question()),
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
            time.process_time() - self.started, a.support,
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
        bounds = ProgramBounds(
            a, lower, upper, reason, time.process_time() - self.started, certificates
        )
        return Undecided(str(bounds), bounds)


def open_problem(
    source: str | Program,
    steps: int | None = None,
    semantics: str = "exact",
    code: Code | None = None,
) -> LocalProblem:
    """The germ of Σ e_x² at a code in the open chart R^d, where the simplex is ignored."""
    p = find_program(source)
    parts = [e for e in error_polynomials(p, steps, semantics, code) if not e.is_zero]
    if not parts:
        raise OutOfScope("program: no run is wrong, E is identically 0")
    return LocalProblem.build(parts, parts[0].variables)


def _real_question(p: RealProgram, semantics: str, chart: Chart) -> _Asked:
    """The question of a straight-line or probabilistic program: at its point, an inner one."""
    if semantics != "exact":
        raise BadInput(f"semantics: a {p.kind} program has exact, received {semantics!r}")
    if chart.kind == "amplitude" or chart.alpha != 1:
        raise BadInput(f"chart: the point is an inner one, open is needed, received {chart}")
    return _Asked(p, None, "exact", Chart("open"), {})


def program_census(
    source: str | Program | Path,
    steps: int | None = None,
    semantics: str = "exact",
    chart: str | Chart = "corner",
    *,
    limit: int = 200_000,
) -> ZeroSet:
    """The zero set with its solutions, f-vector, components and (λ_E, m) on faces.

    >>> census = program_census("xor-4nand-shared")
    >>> census.to_json()["solutions"], census.components[0].lambda_E
    (2, Fraction(7, 2))
    """
    p = find_program(source)
    return zero_set(p, choose_steps(p, steps), semantics, chart, limit)


# -- the certificate of the explicit ideal ---------------------------------------------------------


def syndrome_problem(sp: SyndromeProgram, syndromes: Sequence[Syndrome]) -> LocalProblem:
    """The germ of Σ ε^μ over the minimal syndromes: the loss E up to constants.

    Corner: ε ≥ 0 with prior ∏ ε^(α−1). Amplitude: ε = u², so Σ u^(2μ) with a flat prior.
    """
    return _germ(sp.variables, [s.exponent for s in syndromes], sp.chart)


def _germ(names: Sequence[str], exponents: Sequence[Exponent], chart: Chart) -> LocalProblem:
    amplitude = chart.kind == "amplitude"
    factor = 2 if amplitude else 1
    terms = {tuple(factor * e for e in a): 1 for a in exponents}
    return LocalProblem.build(
        [Polynomial.from_terms(terms, tuple(names))],
        prior={} if amplitude else dict.fromkeys(names, chart.alpha - 1),
        nonnegative=() if amplitude else names,
        convention="loss",
    )


def syndrome_certificate(
    sp: SyndromeProgram, syndromes: Sequence[Syndrome], hitting: Hitting
) -> Certificate:
    """The proof of (λ_E, m) for the explicit ideal, which ``verify`` replays."""
    problem = syndrome_problem(sp, syndromes)
    factor = 2 if sp.chart.kind == "amplitude" else 1
    order = [tuple(map(int, a)) for a in problem.ideal.generators[0].flint.monoms()]
    number = {a: i for i, a in enumerate(order)}
    leaf: Step = {
        "op": "monomial",
        "primal": {n: str(v / factor) for n, v in hitting.weights.items()},
        "dual": [[number[tuple(factor * e for e in s.exponent)], str(y)] for s, y in hitting.dual],
    }
    proof: Step = leaf
    if len(order) > 1:
        proof = {"op": "generators", "do": [["split", 0]], "then": leaf}
    return Certificate(problem, "exact", RLCT(hitting.value, hitting.multiplicity), proof)


# -- the program certificate ------------------------------------------------------------------


def program_certificate(sp: SyndromeProgram, hitting: Hitting) -> dict[str, Any]:
    """The proof of (λ_E, m) from the program's text, without a list of syndromes."""
    dual = []
    for syndrome, y in hitting.dual:
        row: dict[str, Any] = {
            "syndrome": {
                n: e for n, e in zip(hitting.variables, syndrome.exponent, strict=True) if e
            },
            "y": str(y),
        }
        if sp.semantics == "exact":
            traced = sp.trace(syndrome)
            row["input"] = sp.program.cases[traced.case].value
            row["run"] = [list(step) for step in traced.run]
        dual.append(row)
    question = _Asked(sp.program, sp.steps, sp.semantics, sp.chart, sp.support).question()
    return {
        "format": FORMAT,
        "version": VERSION,
        **question,
        "digest": _digest(question),
        "claim": {
            "lambda_E": str(hitting.value),
            "lambda_H": str(hitting.value / 2),
            "multiplicity": hitting.multiplicity,
        },
        "primal": {n: str(v) for n, v in hitting.weights.items()},
        "dual": dual,
    }


def _digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the question: program, steps, semantics, chart, support."""
    text = json.dumps({k: document[k] for k in QUESTION}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class _Asked:
    """A question about a program, in its one spelling.

    number: of steps, as the machine takes it. support: the allowed options of each choice; empty
    for a program with real parameters.
    """

    program: Program | RealProgram
    number: int | None
    semantics: str
    chart: Chart
    support: Mapping[str, frozenset[str]]
    named: tuple[str, ...] = ()

    @property
    def steps(self) -> int | None:
        """The number of steps, or None for what has no clock."""
        clocked = isinstance(self.program, Program) and self.program.machine.clocked
        return self.number if clocked else None

    @property
    def moved(self) -> dict[str, list[str]]:
        """The choices whose options are not the code's, with their options in order."""
        if not isinstance(self.program, Program):
            return {}
        code = self.program.vertex()
        return {n: sorted(o) for n, o in sorted(self.support.items()) if o != code[n]}

    @property
    def faces(self) -> bool:
        """True if some choice has several options."""
        return any(len(options) > 1 for options in self.support.values())

    @property
    def code(self) -> dict[str, str]:
        """The code of the support; of a choice with several options, the first one."""
        return {n: min(options) for n, options in self.support.items()}

    def solves(self) -> bool:
        """True if the code gives the wanted output on all inputs."""
        return isinstance(self.program, Program) and self.program.solves(self.code, self.number)

    def question(self) -> dict[str, Any]:
        """What a digest is taken of."""
        return {
            "program": self.program.to_text(),
            "steps": self.steps,
            "semantics": self.semantics,
            "chart": str(self.chart),
            "support": self.moved,
        }

    @property
    def place(self) -> str:
        """Where λ is asked for: at the code, at another code, or on a face."""
        if not isinstance(self.program, Program):
            return " at its point"
        told = " ".join(f"{n}={','.join(o)}" for n, o in self.moved.items())
        told = told if len(told) <= 200 else f"{told[:200]} … ({len(self.moved)} choices)"
        if not told:
            return " at its code"
        return f" on the face {told}" if self.faces else f" at the code with {told}"

    @property
    def setting(self) -> str:
        clock = "" if self.steps is None else f"T = {self.steps}, "
        return f"{clock}{self.semantics} semantics, chart {self.chart}"

    def germ(self) -> LocalProblem:
        """The germ of the open chart: that of the real program, or of Σ e_x² at the code."""
        if isinstance(self.program, Program):
            return open_problem(self.program, self.number, self.semantics, self.code)
        return self.program.problem()

    def to_json(self) -> dict[str, Any]:
        """The question in an answer: of the program its name, digest and size."""
        p, question = self.program, self.question()
        machine = isinstance(p, Program)
        return {
            "program": p.name,
            "program_digest": hashlib.sha256(question["program"].encode()).hexdigest(),
            "kind": p.machine.kind if isinstance(p, Program) else p.kind,
            "dimension": p.dimension if isinstance(p, Program) else len(p.parameters),
            "function": p.function if isinstance(p, Program) else p.computes,
            **{key: question[key] for key in QUESTION[1:]},
            "inputs": len(p.cases)
            if isinstance(p, Program)
            else len(p.inputs if isinstance(p, StraightLine) else ()),
            "place": self.place.strip() if machine else "at its point",
            "digest": _digest(question),
        }

    def __str__(self) -> str:
        told = self.to_json()
        names = program_names() if isinstance(self.program, Program) else real_program_names()
        known = ""
        if self.program.name in names:
            same = find_any(self.program.name).to_text() == self.program.to_text()
            known = ", the library's" if same else ", not the library's program of this name"
        kind = "" if told["kind"] in told["program"] else f"{told['kind']}, "
        return (
            f"{told['program']} ({kind}d = {told['dimension']}, sha256 "
            f"{told['program_digest'][:16]}{known}){self.place}, {self.setting}; "
            f"question {told['digest']}"
        )

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> _Asked:
        """The question of a program certificate. Raises CertificateError where it is not in its
        one spelling."""
        text = document["program"]
        _need(isinstance(text, str), "program: a text is needed")
        if is_real_program(text):
            p = parse_real_program(text)
            own = [document[key] for key in QUESTION[1:]]
            _need(own == [None, "exact", "open", {}], f"question: a {p.kind} program has no {own}")
            asked = cls(p, None, "exact", Chart("open"), {})
        else:
            machine = parse_program(text)
            limits.at_most(limits.PARAMETERS, machine.dimension, "program: parameters")
            clocked = machine.machine.clocked
            steps = check_steps(document["steps"]) if clocked else machine.steps
            semantics = check_semantics(machine, document["semantics"])
            _need(isinstance(document["chart"], str), "chart: a text is needed")
            given = document["support"]
            _need(
                isinstance(given, dict) and all(isinstance(o, list) for o in given.values()),
                "support: lists of options by choice are needed",
            )
            support = check_support(machine, {n: frozenset(o) for n, o in given.items()})
            asked = cls(machine, steps, semantics, Chart.parse(document["chart"]), support)
            _need(asked.chart.kind != "open" or not asked.faces, "chart: open needs a code")
        for key, value in asked.question().items():
            same = json.dumps(document[key], sort_keys=True) == json.dumps(value, sort_keys=True)
            _need(same, f"{key}: this is not its one spelling, which is {str(value)[:80]!r}")
        return asked


def _answer(asked: _Asked, document: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says that has a proof, from the question and a checked certificate."""
    packing = [
        {"syndrome": "*".join(n if e == 1 else f"{n}^{e}" for n, e in _ordered(asked, row)),
         "y": row["y"]}
        for row in document.get("dual", [])
    ]  # fmt: skip
    return {
        **asked.to_json(),
        "status": "exact",
        **{key: document["claim"][key] for key in CLAIM},
        "weights": dict(document.get("primal", {})),
        "packing": packing,
    }


def _ordered(asked: _Asked, row: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The factors of a syndrome in the order of the coordinates."""
    return [(n, row["syndrome"][n]) for n in _outside(asked) if n in row["syndrome"]]


def _outside(asked: _Asked) -> dict[str, tuple[str, str]]:
    """The error coordinates by name: the options outside the support."""
    if not isinstance(asked.program, Program):
        return {}
    return {
        c.variable(o): (c.name, o)
        for c in asked.program.free
        for o in c.options
        if o not in asked.support[c.name]
    }


class _TooLarge(CertificateError):
    """A check that would need more than the stated effort."""


class _Prices:
    """Lexicographic min-plus on (price, tilts): the least price and, among the elements with this
    price, the least value of each tilt; None is ∞."""

    zero = None

    def __init__(self, tilts: int) -> None:
        self.one = (0, (0,) * tilts)
        self.width, self.left = 1 + tilts, 60_000_000

    def add(self, a: Any, b: Any) -> Any:
        if a is None or b is None:
            return b if a is None else a
        if a[0] != b[0]:
            return a if a[0] < b[0] else b
        return (a[0], tuple(map(min, a[1], b[1]))) if self.width > 1 else a

    def mul(self, a: Any, b: Any) -> Any:
        if a is None or b is None:
            return None
        self.left -= self.width
        if self.left < 0:
            raise _TooLarge("the propagation of prices needs more than the stated effort")
        return (a[0] + b[0], tuple(map(operator.add, a[1], b[1])) if self.width > 1 else ())


class _Below:
    """Sets of exponents that divide a given one, as sums of leaves: is there such a derivation?"""

    def __init__(self, bound: Exponent) -> None:
        self.bound, self.left = bound, 5_000_000
        self.zero: frozenset[Exponent] = frozenset()
        self.one = frozenset(((0,) * len(bound),))

    def add(self, a: frozenset[Exponent], b: frozenset[Exponent]) -> frozenset[Exponent]:
        return a | b

    def mul(self, a: frozenset[Exponent], b: frozenset[Exponent]) -> frozenset[Exponent]:
        self.left -= len(a) * len(b)
        if self.left < 0:
            raise _TooLarge("dual: a derivation of the syndrome needs more than the stated effort")
        sums = (tuple(map(sum, zip(x, y, strict=True))) for x in a for y in b)
        return frozenset(s for s in sums if all(e <= m for e, m in zip(s, self.bound, strict=True)))


def check_program(
    document: Mapping[str, Any] | str, source: str | Program | RealProgram | Path | None = None
) -> RLCT:
    """Replay a program certificate; returns the (λ_E, m) that it proves, (λ_H, m) where there is
    no λ_E (the open chart, straight-line programs).

    source: the program that the certificate should be about; its text must be the certificate's.

    The steps: the program is read from its text; each packed syndrome is that of a wrong run (the
    run is replayed; with marginals, some derivation divides it); a min-plus propagation in exact
    integers shows ⟨v, μ⟩ ≥ 1 for all syndromes; primal and dual values agree (weak duality); and
    for each direction d of the flat of optimal v the propagation at prices v ± δd, with δ
    infinitesimal, still gives ≥ 1, so that the flat's dimension is that of the optimal face. In the
    open chart the germ is derived from the text, and the engine's proof of it is replayed.

    Every field is in its one spelling, and there are no others. Raises CertificateError that names
    the first rule that fails.

    >>> document = program_rlct("xor-4nand-shared").program_certificate
    >>> print(check_program(document, "xor-4nand-shared"))
    (7/2, 1)
    >>> check_program(document, "xor-lookup")
    Traceback (most recent call last):
    ...
    singularity_lab.errors.CertificateError: program: the certificate is about another program
    """
    asked = None if source is None else find_any(source).to_text()
    with _refusing():
        parsed = json.loads(document) if isinstance(document, str) else document
        _need(isinstance(parsed, Mapping), "document: a mapping is needed")
        same = asked is None or parsed["program"] == asked
        _need(same, "program: the certificate is about another program")
        return _check(parsed)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Whatever cannot be read is a certificate that does not hold."""
    try:
        yield
    except CertificateError:
        raise
    except SingularityLabError as error:
        raise CertificateError(f"malformed: {error}") from None
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError,
            RecursionError) as error:  # fmt: skip
        message = f"malformed: {type(error).__name__}: {str(error)[:200]}"
        raise CertificateError(message) from None


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise CertificateError(message)


def _rational(value: Any, name: str) -> Fraction:
    """A rational in its one spelling: text, in lowest terms."""
    ok = isinstance(value, str) and len(value) <= limits.DIGITS and _RATIONAL.fullmatch(value)
    _need(bool(ok), f"{name}: a rational as text, such as '7/2', is needed, got {value!r:.80}")
    found = Fraction(value)
    _need(str(found) == value, f"{name}: {found} is the one spelling, received {value!r:.80}")
    return found


def _keys(found: Any, needed: Iterable[str], name: str) -> None:
    """Exactly these keys: what has no proof is not carried along."""
    _need(isinstance(found, Mapping), f"{name}: a mapping is needed")
    needed = set(needed)
    for key in found:
        _need(key in needed, f"{name}: there is no field {str(key)[:80]!r}")
    missing = sorted(needed - set(found))
    _need(not missing, f"{name}: a field {missing[:1]} is needed")


def _check_claim(claim: Mapping[str, Any], proved: Mapping[str, Any]) -> None:
    """The claim is what was recomputed, field by field, in its one spelling."""
    _keys(claim, CLAIM, "claim")
    for key in CLAIM[:2]:
        if claim[key] is not None:
            _rational(claim[key], f"claim: {key}")
        _need(claim[key] == proved[key], f"claim: {key} is {proved[key]}")
    m = claim["multiplicity"]
    _need(type(m) is int, f"claim: multiplicity is an integer, received {m!r:.80}")
    _need(m == proved["multiplicity"], f"claim: the multiplicity is {proved['multiplicity']}")


def _check(document: Mapping[str, Any]) -> RLCT:
    _need(document.get("format") == FORMAT, f"format: {FORMAT!r} is needed")
    version = document.get("version")
    _need(type(version) is int and version == VERSION, f"version: {VERSION} is needed")
    _need(document["digest"] == _digest(document), "digest: the question is not the one proved")
    asked = _Asked.of(document)
    head = ("format", "version", *QUESTION, "digest", "claim")
    engine = asked.chart.kind == "open"
    _keys(document, (*head, *(("certificate",) if engine else ("primal", "dual"))), "document")
    value = _check_engine(asked, document) if engine else _check_covering(asked, document)
    _check_claim(document["claim"], _proved(asked, value))
    return value


def _proved(asked: _Asked, value: RLCT) -> dict[str, Any]:
    """The claim that a checked (λ, m) amounts to."""
    if asked.chart.kind == "open":
        nll = isinstance(asked.program, ProbabilisticTarget)
        pair = (str(value.value) if nll else None, str(value.value))
    else:
        pair = (str(value.value), str(value.value / 2))
    return {"lambda_E": pair[0], "lambda_H": pair[1], "multiplicity": value.multiplicity}


def _check_covering(asked: _Asked, document: Mapping[str, Any]) -> RLCT:
    p, steps, semantics, support = asked.program, asked.number, asked.semantics, asked.support
    if not isinstance(p, Program) or steps is None:
        raise CertificateError(f"chart: a {asked.program.name} has no corner")
    alpha, outside = asked.chart.alpha, _outside(asked)
    names = list(outside)
    primal, dual = document["primal"], document["dual"]
    _need(isinstance(primal, dict), "primal: weights by name are needed")
    _need(isinstance(dual, list) and len(dual) <= limits.ROWS, "dual: a list of rows is needed")
    unknown = sorted(set(primal) - set(names))
    _need(not unknown, f"primal: unknown variables {str(unknown[:3])[:80]}")
    weights = {n: _rational(x, f"primal: {n}") for n, x in primal.items()}
    _need(all(x >= 0 for x in weights.values()), "primal: the weights must be >= 0")
    v = [weights.get(n, Fraction(0)) for n in names]
    unit = lcm(*(x.denominator for x in v)) if v else 1
    limits.at_most(4096, unit.bit_length(), "primal: bits of the common denominator")

    def cheapest(tilts: Sequence[Sequence[int]]) -> Any:
        """The least ⟨v, μ⟩ over all wrong runs, in units, and the least ⟨t, μ⟩ among those."""
        prices = _Prices(len(tilts))
        leaves: dict[tuple[str, str], Any] = {
            (name, o): prices.one for name, options in support.items() for o in options
        }
        for k, (n, x) in enumerate(zip(names, v, strict=True)):
            leaves[outside[n]] = (int(x * unit), tuple(t[k] for t in tilts))
        least = prices.zero
        for case, law in zip(p.cases, laws(prices, leaves, p, steps, semantics), strict=True):
            wrong = total(prices, (e for y, e in law.items() if y != case.target))
            least = prices.add(least, wrong)
        return least

    least = cheapest([])
    _need(least is not None, "no run is wrong: E is identically 0")
    _need(least[0] >= unit, f"primal: some wrong run costs {Fraction(least[0], unit)} < 1")
    _need(all(weights.values()), "primal: weights that are 0 are left out")

    rows, ys = [], []
    fields = ("syndrome", "y", "input", "run") if semantics == "exact" else ("syndrome", "y")
    for i, row in enumerate(dual):
        _keys(row, fields, f"dual {i}")
        syndrome = row["syndrome"]
        _need(isinstance(syndrome, dict) and set(syndrome) <= set(names),
              f"dual {i}: unknown variable")  # fmt: skip
        _need(all(type(e) is int and 0 < e < LARGEST for e in syndrome.values()),
              f"dual {i}: no exponent")  # fmt: skip
        exponent = tuple(syndrome.get(n, 0) for n in names)
        y = _rational(row["y"], f"dual {i}: y")
        _need(y > 0, f"dual {i}: y > 0 is needed")
        if semantics == "exact":
            _replay(p, steps, support, outside, row, i)
        else:
            _divides(p, steps, semantics, support, outside, exponent, i)
        rows.append(exponent)
        ys.append(y)
    used = [Fraction(0)] * len(names)
    for exponent, y in zip(rows, ys, strict=True):
        for k, e in enumerate(exponent):
            if e:
                used[k] += y * e
    for n, u in zip(names, used, strict=True):
        _need(u <= alpha, f"dual: the packing uses {u} > {alpha} of {n}")
    value = alpha * sum(v, Fraction(0))
    _need(value == sum(ys, Fraction(0)), f"primal {value} and dual {sum(ys)} differ")
    flat = [list(r) for r in rows]
    flat += [[int(k == j) for j in range(len(names))] for k, u in enumerate(used) if u < alpha]
    directions = nullspace(flat, len(names))
    for d in directions:
        _need(
            all(not x or c for x, c in zip(d, v, strict=True)),
            "the solutions are not strictly complementary: a free weight is 0",
        )

    if directions:
        tilts = [[sign * x for x in d] for d in directions for sign in (1, -1)]
        _need(
            least[0] > unit or all(t >= 0 for t in cheapest(tilts)[1]),
            "the optimal face is smaller than claimed: a wrong run cuts it",
        )
    return RLCT(value, 1 + len(directions))


def _check_engine(asked: _Asked, document: Mapping[str, Any]) -> RLCT:
    """The engine's proof is about the germ that the text gives, and it verifies."""
    certificate: Certificate = Certificate.from_json(document["certificate"])
    _need(
        problem_to_json(certificate.problem) == problem_to_json(asked.germ()),
        "certificate: its germ is not that of the program",
    )
    _need(certificate.kind == "exact", "certificate: an exact one is needed")
    verify(certificate)
    return certificate.claim


def check_ideal(document: Mapping[str, Any], certificate: Certificate | Mapping[str, Any]) -> RLCT:
    """Replay both certificates of a result, and check that they are about one thing.

    The minimal syndromes are derived anew from the program's text: one propagation in the semiring
    of monomial ideals, with no formula and no search. The germ of ``certificate`` must be Σ ε^μ
    over exactly these, on the chart's orthant with the chart's prior, and both must prove the same.

    Raises CertificateError otherwise.

    >>> r = program_rlct("detectA-mini-retry", steps=2)
    >>> print(check_ideal(r.program_certificate, r.certificate))
    (13/2, 1)
    """
    check_program(document)
    return _check_ideal(document, certificate)[0]


def _check_ideal(
    document: Mapping[str, Any],
    certificate: Certificate | Mapping[str, Any],
    effort: int = DERIVING,
) -> tuple[RLCT, list[str] | None]:
    """The value of a checked certificate and the minimal syndromes, which both are derived anew."""
    with _refusing():
        if not isinstance(certificate, Certificate):
            certificate = Certificate.from_json(certificate)
        asked = _Asked.of(document)
        if asked.chart.kind == "open":
            own = Certificate.from_json(document["certificate"])
            _need(own.to_json() == certificate.to_json(), "ideal: the two certificates differ")
            return own.claim, None
        names, exponents = _ideal(asked, effort)
        germ = _germ(names, exponents, asked.chart)
        _need(
            problem_to_json(certificate.problem) == problem_to_json(germ),
            "ideal: the germ is not that of the program's minimal syndromes in this chart",
        )
        _need(certificate.kind == "exact", "ideal: an exact certificate is needed")
        verify(certificate)
        claim = document["claim"]
        value = RLCT(Fraction(claim["lambda_E"]), claim["multiplicity"])
        _need(certificate.claim == value, f"claim: {certificate.claim}, the program's is {value}")
    exponents = sorted(exponents, key=lambda a: (sum(a), tuple(-e for e in a)))
    return value, [monomial_text(names, a) for a in exponents]


def _ideal(asked: _Asked, effort: int) -> tuple[list[str], list[Exponent]]:
    """The minimal syndromes: one propagation from the text, in the semiring of monomial ideals."""
    p, outside = asked.program, _outside(asked)
    if not isinstance(p, Program):
        raise CertificateError("ideal: a real program has no syndromes")
    ideals = MonomialIdeals(len(outside), limit=100_000, effort=effort)
    leaves: dict[tuple[str, str], Any] = {
        (name, o): ideals.one for name, options in asked.support.items() for o in options
    }
    leaves |= {leaf: ideals.variable(k) for k, leaf in enumerate(outside.values())}
    found = ideals.zero
    try:
        every = laws(ideals, leaves, p, asked.number, asked.semantics)
        for case, law in zip(p.cases, every, strict=True):
            wrong = total(ideals, (e for y, e in law.items() if y != case.target))
            found = ideals.add(found, wrong)
    except Undecided as error:
        raise _TooLarge(f"ideal: it cannot be derived anew: {error}") from None
    return list(outside), [ideals.unpack(a) for a in found]


def replay_program(
    document: Mapping[str, Any], source: str | Program | RealProgram | Path | None = None
) -> tuple[dict[str, Any], str]:
    """Replay a program certificate, or both certificates of an answer of ``program rlct --json``.

    Returns the claim {lambda_E, lambda_H, multiplicity} as it was recomputed, as text and integers,
    and what it is about: the program with its digest, code or face, steps, semantics, chart, and
    the digest of the question. All fields of an answer but ``method`` and ``seconds`` are compared
    with what the certificates prove. Raises CertificateError that names the first rule that fails.

    >>> claim, about = replay_program(program_rlct("slp-reuse").to_json())
    >>> claim
    {'lambda_E': None, 'lambda_H': '1', 'multiplicity': 2}
    >>> print(about.partition(";")[0])  # doctest: +ELLIPSIS, +NORMALIZE_WHITESPACE
    slp-reuse (straight-line, d = 4, sha256 ..., the library's) at its point, exact semantics,
    chart open
    """
    proof, answer = document, None
    if "program_certificate" in document:
        answer = document
        proof = document["program_certificate"]
        if not isinstance(proof, Mapping):
            raise CertificateError("program_certificate: there is none in this answer")
    value = check_program(proof, source)
    with _refusing():
        asked = _Asked.of(proof)
        if answer is not None:
            syndromes, germ = None, answer.get("certificate")
            if germ is not None:
                _need(isinstance(germ, Mapping), "certificate: a mapping is needed")
                syndromes = _check_ideal(proof, germ)[1]
            _need(germ is not None or asked.chart.kind != "open", "certificate: there is none")
            _compare(answer, {**_answer(asked, proof), "syndromes": syndromes})
        return _proved(asked, value), str(asked)


def _compare(answer: Mapping[str, Any], proved: Mapping[str, Any]) -> None:
    """An answer says what was proved, and nothing else but how and how fast."""
    _keys(answer, (*proved, "method", "seconds", "certificate", "program_certificate"), "answer")
    for key, value in proved.items():
        same = json.dumps(answer[key], sort_keys=True) == json.dumps(value, sort_keys=True)
        _need(same, f"{key}: the certificate proves {str(value)[:80]}")
    _need(isinstance(answer["method"], str) and len(answer["method"]) <= 400, "method: no text")
    _need(type(answer["seconds"]) in (int, float), "seconds: a number is needed")


def _replay(
    p: Program,
    steps: int,
    support: Mapping[str, frozenset[str]],
    outside: Mapping[str, tuple[str, str]],
    row: Mapping[str, Any],
    i: int,
) -> None:
    """The run is wrong on its input, and its options outside the support are the syndrome."""
    case = next((c for c in p.cases if c.value == row["input"]), None)
    if case is None:
        raise CertificateError(f"dual {i}: {row['input']!r:.80} is no input of the program")
    _need(
        isinstance(row["run"], list)
        and all(isinstance(s, list) and len(s) == 2 and all(isinstance(w, str) for w in s)
                for s in row["run"]),
        f"dual {i}: the run is a list of pairs [choice, option]",
    )  # fmt: skip
    run = [(choice, option) for choice, option in row["run"]]
    name = {leaf: n for n, leaf in outside.items()}
    counts: dict[str, int] = {}
    for choice, option in run:
        if option not in support[choice]:
            _need(
                (choice, option) in name, f"dual {i}: {choice:.40} = {option:.40} is not possible"
            )
            key = name[choice, option]
            counts[key] = counts.get(key, 0) + 1
    _need(counts == dict(row["syndrome"]), f"dual {i}: the run has another syndrome")
    output = p.replay(case.value, run, steps)
    _need(output != case.target, f"dual {i}: the run is not wrong, it gives {output!r}")


def _divides(
    p: Program,
    steps: int,
    semantics: str,
    support: Mapping[str, frozenset[str]],
    outside: Mapping[str, tuple[str, str]],
    exponent: Exponent,
    i: int,
) -> None:
    """Some monomial of E divides the syndrome (then its constraint follows from the true one)."""
    names = [n for n, e in zip(outside, exponent, strict=True) if e]
    below = _Below(tuple(e for e in exponent if e))
    leaves: dict[tuple[str, str], Any] = {
        (name, o): below.one for name, options in support.items() for o in options
    }
    for k, n in enumerate(names):
        leaves[outside[n]] = frozenset((tuple(int(k == j) for j in range(len(names))),))
    for case, law in zip(p.cases, laws(below, leaves, p, steps, semantics), strict=True):
        if any(element for y, element in law.items() if y != case.target):
            return
    raise CertificateError(f"dual {i}: no monomial of E divides the syndrome")


# -- traces -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trace:
    """A syndrome with the run that it comes from: which wrong step, on which input.

    run: all questions and answers, in the exact semantics; the semantics of marginals have no runs,
    and it is empty. wrong: the wrong answers alone, each with the step (or the gate, counted from
    1) at which it is given.
    """

    syndrome: str
    input: str
    target: str
    output: str
    steps: tuple[str, ...]
    run: tuple[tuple[str, str], ...]
    wrong: tuple[tuple[int, str, str], ...] = ()

    def __str__(self) -> str:
        head = f"{self.syndrome}: on input {self.input or 'the empty word'} it gives {self.output}"
        return "\n".join([f"{head}, not {self.target}", *(f"  {s}" for s in self.steps)])


def program_trace(
    source: str | Program | Path,
    steps: int | None = None,
    semantics: str = "exact",
    *,
    code: Code | None = None,
    support: Support | None = None,
    limit: int = EXPLICIT_LIMIT,
) -> list[Trace]:
    """Every minimal syndrome with what it comes from: which wrong step, on which input.

    exact: a wrong run, which is replayed on the machine. naive, staged: wrong answers at certain
    steps (gates), replayed by a Boolean propagation: with these allowed at these steps, and nothing
    else, the wrong output is possible. Several may come from one step, since marginals forget that
    symbol and state belong together: a wrong output without a wrong run.

    >>> print(program_trace("detectA-mini-retry", 2)[-1])
    q_Ar_r^2: on input AB it gives r, not a
      step 1, A in r: next state r (not a), then S; writes A
      step 2, A in r: next state r (not a)
    """
    p = find_program(source)
    full = {**(p.vertex(code) if code else {}), **(support or {})}
    free = {c.name for c in p.free}
    steps = choose_steps(p, steps)
    sp = SyndromeProgram(p, steps, semantics, {n: o for n, o in full.items() if n in free})
    found = []
    for syndrome in sp.syndromes(limit):
        if semantics != "exact":
            found.append(_derived(sp, syndrome))
            continue
        traced = sp.trace(syndrome)
        case = p.cases[traced.case]
        found.append(
            Trace(
                sp.text(traced),
                case.value,
                case.target,
                p.replay(case.value, traced.run, sp.steps),
                tuple(_tell(p, sp.support, traced.run)),
                traced.run,
                tuple(_wrong(p, sp.support, traced.run)),
            )
        )
    return found


def _wrong(
    p: Program, support: Mapping[str, frozenset[str]], run: Sequence[tuple[str, str]]
) -> Iterator[tuple[int, str, str]]:
    """The answers of a run outside the support; a Turing machine asks at most three at a step."""
    number = 1
    for position, (choice, taken) in enumerate(run, start=1):
        turing = isinstance(p.machine, TuringMachine)
        if taken not in support[choice]:
            yield (number if turing else position), choice, taken
        number += turing and choice[0] == "q"


def _derived(sp: SyndromeProgram, syndrome: Syndrome) -> Trace:
    """A trace in a semantics of marginals."""
    p = sp.program
    case_number, output, wrong = sp.derive(syndrome)
    case = p.cases[case_number]
    if not sp.possible(case_number, output, wrong):
        raise CertificateError(f"trace: {sp.text(syndrome)} does not give {output!r} when replayed")
    lines = []
    for step, choice, taken in wrong:
        allowed = " or ".join(sorted(sp.support[choice]))
        if isinstance(p.machine, TuringMachine):
            entries = {p.machine.entry(s, q): (s, q) for s, q in p.machine.entries}
            symbol, state = entries[choice[2:]]
            what = {"w": "writes", "q": "next state", "d": "moves"}[choice[0]]
            lines.append(f"step {step}, {symbol} in {state}: {what} {taken} (not {allowed})")
        else:
            wire = p.machine.gates[step - 1].wire if isinstance(p.machine, Circuit) else step
            lines.append(f"gate {wire}: {choice} = {taken} (not {allowed})")
    return Trace(sp.text(syndrome), case.value, case.target, output, tuple(lines), (), wrong)


def _tell(
    p: Program, support: Mapping[str, frozenset[str]], run: Sequence[tuple[str, str]]
) -> list[str]:
    def option(choice: str, taken: str) -> str:
        allowed = support[choice]
        return taken if taken in allowed else f"{taken} (not {' or '.join(sorted(allowed))})"

    if not isinstance(p.machine, TuringMachine):
        return [f"{choice} = {option(choice, taken)}" for choice, taken in run]
    entries = {p.machine.entry(s, q): (s, q) for s, q in p.machine.entries}
    lines, parts, number = [], dict[str, str](), 1
    for choice, taken in run:
        kind, entry = choice[0], choice[2:]
        parts[kind] = option(choice, taken)
        if kind == "q":
            symbol, state = entries[entry]
            line = f"step {number}, {symbol} in {state}: next state {parts['q']}"
            line += f", then {parts['d']}" if "d" in parts else ""
            line += f"; writes {parts['w']}" if "w" in parts else ""
            lines.append(line)
            parts, number = {}, number + 1
    return lines
