"""Certificates of programs: the document that states λ and m of a program, and how it is built."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import OutOfScope
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.exact.proof.family import need
from singularity_lab.exact.proof.leaves import Monomial
from singularity_lab.exact.proof.moves import Generators, SplitTerms
from singularity_lab.programs import program_limits
from singularity_lab.programs.by_name import find_any, find_program
from singularity_lab.programs.library import program_names
from singularity_lab.programs.machines.machines import Code, Program, check_steps
from singularity_lab.programs.machines.straightline import (
    RealProgram,
    StraightLine,
    is_real_program,
    parse_real_program,
    real_program_names,
)
from singularity_lab.programs.machines.text import parse_program
from singularity_lab.programs.syndromes import (
    Hitting,
    ProgramChart,
    Syndrome,
    SyndromeProgram,
    check_support,
)
from singularity_lab.programs.uncertainty.noisy import check_semantics, error_polynomials
from singularity_lab.programs.uncertainty.semirings import Exponent

FORMAT = "singularity-lab-program-certificate"
VERSION = 1
EXPLICIT_LIMIT = 400  # minimal syndromes that are listed in a certificate

QUESTION = ("program", "steps", "semantics", "chart", "support")


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


# -- the certificate of the explicit ideal ---------------------------------------------------------


def syndrome_problem(sp: SyndromeProgram, syndromes: Sequence[Syndrome]) -> LocalProblem:
    """The germ of Σ ε^μ over the minimal syndromes: the loss E up to constants.

    Corner: ε ≥ 0 with prior ∏ ε^(α−1). Amplitude: ε = u², so Σ u^(2μ) with a flat prior.
    """
    return germ_of_chart(sp.variables, [s.exponent for s in syndromes], sp.chart)


def germ_of_chart(
    names: Sequence[str], exponents: Sequence[Exponent], chart: ProgramChart
) -> LocalProblem:
    """The germ of Σ ε^μ in the coordinates of a chart, with its prior."""
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
    dual = ((number[tuple(factor * e for e in s.exponent)], str(y)) for s, y in hitting.dual)
    proof = Monomial(
        primal={n: str(v / factor) for n, v in hitting.weights.items()}, dual=tuple(dual)
    ).encode()
    if len(order) > 1:
        proof = Generators(do=(SplitTerms(0),), then=proof).encode()
    return Certificate(problem, "exact", RLCT(hitting.value, hitting.multiplicity), proof)


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
    question = Asked(sp.program, sp.steps, sp.semantics, sp.chart, sp.support).question()
    return {
        "format": FORMAT,
        "version": VERSION,
        **question,
        "digest": digest(question),
        "claim": {
            "lambda_E": str(hitting.value),
            "lambda_H": str(hitting.value / 2),
            "multiplicity": hitting.multiplicity,
        },
        "primal": {n: str(v) for n, v in hitting.weights.items()},
        "dual": dual,
    }


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the question: program, steps, semantics, chart, support."""
    text = json.dumps({k: document[k] for k in QUESTION}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Asked:
    """A question about a program, in its one spelling.

    number: of steps, as the machine takes it. support: the allowed options of each choice; empty
    for a program with real parameters.
    """

    program: Program | RealProgram
    number: int | None
    semantics: str
    chart: ProgramChart
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
        """The setting in words: steps, semantics, chart."""
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
            "digest": digest(question),
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
    def of(cls, document: Mapping[str, Any]) -> Asked:
        """The question of a program certificate. Raises CertificateError where it is not in its
        one spelling."""
        text = document["program"]
        need(isinstance(text, str), "program: a text is needed")
        if is_real_program(text):
            p = parse_real_program(text)
            own = [document[key] for key in QUESTION[1:]]
            need(own == [None, "exact", "open", {}], f"question: a {p.kind} program has no {own}")
            asked = cls(p, None, "exact", ProgramChart("open"), {})
        else:
            machine = parse_program(text)
            program_limits.at_most(
                program_limits.PARAMETERS, machine.dimension, "program: parameters"
            )
            clocked = machine.machine.clocked
            steps = check_steps(document["steps"]) if clocked else machine.steps
            semantics = check_semantics(machine, document["semantics"])
            need(isinstance(document["chart"], str), "chart: a text is needed")
            given = document["support"]
            need(
                isinstance(given, dict) and all(isinstance(o, list) for o in given.values()),
                "support: lists of options by choice are needed",
            )
            support = check_support(machine, {n: frozenset(o) for n, o in given.items()})
            asked = cls(machine, steps, semantics, ProgramChart.parse(document["chart"]), support)
            need(asked.chart.kind != "open" or not asked.faces, "chart: open needs a code")
        for key, value in asked.question().items():
            same = json.dumps(document[key], sort_keys=True) == json.dumps(value, sort_keys=True)
            need(same, f"{key}: this is not its one spelling, which is {str(value)[:80]!r}")
        return asked
