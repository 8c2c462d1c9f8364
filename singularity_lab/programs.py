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

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.limits import PROGRAM, read_text
from singularity_lab.algebra.linear import nullspace
from singularity_lab.algebra.polynomial import Polynomial, fraction
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, CertificateError, SingularityLabError, Undecided
from singularity_lab.exact.certificate import Certificate, Step, problem_to_json
from singularity_lab.exact.solve import Result, rlct
from singularity_lab.exact.verify import verify
from singularity_lab.models.programs.circuits import Circuit
from singularity_lab.models.programs.library import program, program_names
from singularity_lab.models.programs.machines import Code, Program, Support, check_steps
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
)
from singularity_lab.models.programs.text import parse_program
from singularity_lab.models.programs.turing import TuringMachine
from singularity_lab.models.programs.zeroset import ZeroSet, zero_set

FORMAT = "singularity-lab-program-certificate"
VERSION = 1
EXPLICIT_LIMIT = 400  # minimal syndromes that are listed in a certificate


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
    ``check_program`` (None in the open chart). Both have been checked.
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
    program_certificate: dict[str, Any] | None
    method: str
    seconds: float
    support: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Fractions as text."""
        hitting, p = self.hitting, self.program
        return {
            "program": p.name,
            "kind": p.machine.kind if isinstance(p, Program) else p.kind,
            "dimension": p.dimension if isinstance(p, Program) else len(p.parameters),
            "function": p.function if isinstance(p, Program) else p.computes,
            "steps": self.steps,
            "semantics": self.semantics,
            "chart": str(self.chart),
            "inputs": len(p.cases)
            if isinstance(p, Program)
            else len(p.inputs if isinstance(p, StraightLine) else ()),
            "status": "exact",
            "lambda_E": None if self.lambda_E is None else str(self.lambda_E),
            "lambda_H": str(self.lambda_H),
            "multiplicity": self.multiplicity,
            "weights": {} if hitting is None else {k: str(v) for k, v in hitting.weights.items()},
            "syndromes": None
            if self.syndromes is None or hitting is None
            else [hitting.monomial(s) for s in self.syndromes],
            "packing": []
            if hitting is None
            else [{"syndrome": hitting.monomial(s), "y": str(y)} for s, y in hitting.dual],
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
        place = "" if self.steps is None else f" at T = {self.steps}, {self.semantics} semantics"
        return (
            f"{head} for {self.program.name}{place}, "
            f"chart {self.chart} ({count}{self.method}; {self.seconds:.2f} s)"
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
    limit: how many minimal syndromes are listed; beyond, the program certificate alone
    proves the value. budget: CPU seconds of the engine, in the open chart.

    Raises OutOfScope where the code does not solve the task, BadInput for what makes no sense,
    Undecided (with bounds) where the engine does not decide the open chart.

    >>> r = program_rlct("detectA-mini-retry", steps=2)
    >>> r.lambda_E, r.lambda_H, r.multiplicity
    (Fraction(13, 2), Fraction(13, 4), 1)
    >>> print(program_rlct("noisy-channel-2").program_certificate["claim"])
    {'lambda_E': '1', 'lambda_H': '1', 'multiplicity': 2}
    """
    started = time.process_time()
    p = find_any(source)
    chart = Chart.parse(chart)
    if not isinstance(p, Program):
        given = {"steps": steps, "code": code, "support": support}
        for key, value in given.items():
            if value is not None:
                raise BadInput(f"{key}: a {p.kind} program takes none, received {value!r}")
        return _real(p, semantics, chart, budget, started)
    steps = p.steps if steps is None else steps
    full = {**(p.vertex(code) if code else {}), **(support or {})}
    if chart.kind == "open":
        return _open(p, steps, semantics, code, support, budget, started)
    free = {c.name for c in p.free}
    sp = SyndromeProgram(
        p, steps, semantics, {n: o for n, o in full.items() if n in free or n in (support or {})},
        chart,
    )  # fmt: skip
    hitting = sp.solve()
    try:
        syndromes: tuple[Syndrome, ...] | None = sp.syndromes(limit=max(limit, 3000))
    except Undecided:
        syndromes = None
    if syndromes is not None and len(syndromes) > limit:
        syndromes = None
    certificate = None
    if syndromes is not None:
        hitting = hitting.minimal(syndromes)
        certificate = syndrome_certificate(sp, syndromes, hitting)
    document = program_certificate(sp, hitting)
    if certificate is not None:
        check_ideal(document, certificate)
    else:
        check_program(document)
    how = "hitting program by cutting planes"
    how += "; certificate verified" if certificate else ""
    return ProgramResult(
        p,
        steps,
        semantics,
        chart,
        hitting.value,
        hitting.value / 2,
        hitting.multiplicity,
        hitting,
        syndromes,
        certificate,
        document,
        f"{how}; program certificate checked",
        time.process_time() - started,
        sp.support,
    )


def open_problem(
    source: str | Program,
    steps: int | None = None,
    semantics: str = "exact",
    code: Code | None = None,
) -> LocalProblem:
    """The germ of Σ e_x² at a code in the open chart R^d, where the simplex is ignored."""
    p = find_program(source)
    parts = [e for e in error_polynomials(p, steps, semantics, code) if not e.is_zero]
    return LocalProblem.build(parts, parts[0].variables if parts else None)


def _open(
    p: Program,
    steps: int,
    semantics: str,
    code: Code | None,
    support: Support | None,
    budget: float | None,
    started: float,
) -> ProgramResult:
    if support:
        raise BadInput("support: the open chart is a neighbourhood of a code; faces need a corner")
    check_semantics(p, semantics)
    result: Result = rlct(open_problem(p, steps, semantics, code), budget=budget)
    value = result.rlct
    return ProgramResult(
        p, steps, semantics, Chart("open"), None, value.value, value.multiplicity, None, None,
        result.certificate, None, result.method, time.process_time() - started,
    )  # fmt: skip


def _real(
    p: RealProgram, semantics: str, chart: Chart, budget: float | None, started: float
) -> ProgramResult:
    """λ of a straight-line or probabilistic program at its point, by the engine."""
    if semantics != "exact":
        raise BadInput(f"semantics: a {p.kind} program has exact, received {semantics!r}")
    if chart.kind == "amplitude" or chart.alpha != 1:
        raise BadInput(f"chart: the point is an inner one, open is needed, received {chart}")
    result: Result = rlct(p.problem(), budget=budget)
    value = result.rlct
    nll = value.value if isinstance(p, ProbabilisticTarget) else None
    question: dict[str, Any] = {
        "program": p.to_text(), "steps": None, "semantics": "exact", "chart": "open", "support": {},
    }  # fmt: skip
    document = {
        "format": FORMAT,
        "version": VERSION,
        **question,
        "digest": _digest(question),
        "claim": {
            "lambda_E": None if nll is None else str(nll),
            "lambda_H": str(value.value),
            "multiplicity": value.multiplicity,
        },
        "certificate": result.certificate.to_json(),
    }
    check_program(document)
    return ProgramResult(
        p, None, "exact", Chart("open"), nll, value.value, value.multiplicity, None, None,
        result.certificate, document,
        f"{result.method}; certificate verified; program certificate checked",
        time.process_time() - started,
    )  # fmt: skip


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
    return zero_set(find_program(source), steps, semantics, chart, limit)


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
    code = sp.program.vertex()
    question = {
        "program": sp.program.to_text(),
        "steps": sp.steps,
        "semantics": sp.semantics,
        "chart": str(sp.chart),
        "support": {n: sorted(options) for n, options in sp.support.items() if options != code[n]},
    }
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
    keys = ("program", "steps", "semantics", "chart", "support")
    text = json.dumps({k: document[k] for k in keys}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


class _Prices:
    """Lexicographic min-plus on pairs (price, tilt); None is ∞."""

    zero = None
    one = (Fraction(0), 0)

    def add(self, a: Any, b: Any) -> Any:
        if a is None or b is None:
            return b if a is None else a
        return a if a <= b else b

    def mul(self, a: Any, b: Any) -> Any:
        return None if a is None or b is None else (a[0] + b[0], a[1] + b[1])


class _Below:
    """Sets of exponents that divide a given one, as sums of leaves: is there such a derivation?"""

    def __init__(self, bound: Exponent) -> None:
        self.bound = bound
        self.zero: frozenset[Exponent] = frozenset()
        self.one = frozenset(((0,) * len(bound),))

    def add(self, a: frozenset[Exponent], b: frozenset[Exponent]) -> frozenset[Exponent]:
        return a | b

    def mul(self, a: frozenset[Exponent], b: frozenset[Exponent]) -> frozenset[Exponent]:
        sums = (tuple(map(sum, zip(x, y, strict=True))) for x in a for y in b)
        return frozenset(s for s in sums if all(e <= m for e, m in zip(s, self.bound, strict=True)))


def check_program(
    document: Mapping[str, Any] | str, source: str | Program | RealProgram | Path | None = None
) -> RLCT:
    """Replay a program certificate; returns the (λ_E, m) that it proves.

    source: the program that the certificate should be about; its text must be the certificate's.

    The steps: the program is read from its text; each packed syndrome is that of a wrong run (the
    run is replayed; with marginals, some derivation divides it); a min-plus propagation in exact
    rationals shows ⟨v, μ⟩ ≥ 1 for all syndromes; primal and dual values agree (weak duality); and
    for each direction d of the flat of optimal v the propagation at prices v ± δd, with δ
    infinitesimal, still gives ≥ 1, so that the flat's dimension is that of the optimal face.

    Raises CertificateError that names the first rule that fails.

    >>> document = program_rlct("xor-4nand-shared").program_certificate
    >>> print(check_program(document, "xor-4nand-shared"))
    (7/2, 1)
    >>> check_program(document, "xor-lookup")
    Traceback (most recent call last):
    ...
    singularity_lab.errors.CertificateError: program: the certificate is about another program
    """
    asked = None if source is None else find_any(source).to_text()
    try:
        parsed = json.loads(document) if isinstance(document, str) else document
        same = asked is None or parsed["program"] == asked
        _need(same, "program: the certificate is about another program")
        return _check(parsed)
    except CertificateError:
        raise
    except (SingularityLabError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CertificateError(f"malformed: {type(error).__name__}: {error}") from None


def _need(condition: bool, message: str) -> None:
    if not condition:
        raise CertificateError(message)


def _check(document: Mapping[str, Any]) -> RLCT:
    _need(document.get("format") == FORMAT, f"format: {FORMAT!r} is needed")
    _need(document.get("version") == VERSION, f"version: {VERSION} is needed")
    _need(document["digest"] == _digest(document), "digest: the question is not the one proved")
    if is_real_program(document["program"]):
        return _check_real(document)
    p = parse_program(document["program"])
    steps, semantics = check_steps(document["steps"]), check_semantics(p, document["semantics"])
    alpha = Chart.parse(document["chart"]).alpha
    _need(not document["chart"].startswith("open"), "chart: corner or amplitude is needed")
    support = check_support(p, {n: frozenset(o) for n, o in document["support"].items()})
    outside = {
        c.variable(o): (c.name, o) for c in p.free for o in c.options if o not in support[c.name]
    }
    names = list(outside)
    unknown = set(document["primal"]) - set(names)
    _need(not unknown, f"primal: unknown variables {sorted(unknown)}")
    v = [fraction(document["primal"].get(n, 0)) for n in names]
    _need(all(x >= 0 for x in v), "primal: the weights must be >= 0")

    def cheapest(tilt: Sequence[int]) -> Any:
        """The least (⟨v, μ⟩, ⟨tilt, μ⟩) over all wrong runs."""
        prices = _Prices()
        leaves: dict[tuple[str, str], Any] = {
            (name, o): prices.one for name, options in support.items() for o in options
        }
        leaves |= {outside[n]: (x, d) for n, x, d in zip(names, v, tilt, strict=True)}
        found = prices.zero
        for case, law in zip(p.cases, laws(prices, leaves, p, steps, semantics), strict=True):
            wrong = total(prices, (e for y, e in law.items() if y != case.target))
            found = prices.add(found, wrong)
        return found

    least = cheapest([0] * len(names))
    _need(least is not None, "no run is wrong: E is identically 0")
    _need(least[0] >= 1, f"primal: some wrong run costs {least[0]} < 1")

    rows, ys = [], []
    for i, row in enumerate(document["dual"]):
        exponent = tuple(row["syndrome"].get(n, 0) for n in names)
        _need(set(row["syndrome"]) <= set(names), f"dual {i}: unknown variable")
        _need(all(isinstance(e, int) and e >= 0 for e in exponent), f"dual {i}: no exponent")
        y = fraction(row["y"])
        _need(y > 0, f"dual {i}: y > 0 is needed")
        if semantics == "exact":
            _replay(p, steps, support, outside, row, i)
        else:
            _divides(p, steps, semantics, support, outside, exponent, i)
        rows.append(exponent)
        ys.append(y)
    used = [sum((y * r[k] for r, y in zip(rows, ys, strict=True)), Fraction(0))
            for k in range(len(names))]  # fmt: skip
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
        for sign in (1, -1):
            _need(
                cheapest([sign * x for x in d]) >= (1, 0),
                "the optimal face is smaller than claimed: a wrong run cuts it",
            )
    m = 1 + len(directions)
    claim = document["claim"]
    _need(fraction(claim["lambda_E"]) == value, f"claim: lambda_E is {value}")
    _need(fraction(claim["lambda_H"]) == value / 2, f"claim: lambda_H is {value / 2}")
    _need(claim["multiplicity"] == m, f"claim: the multiplicity is {m}")
    return RLCT(value, m)


def _check_real(document: Mapping[str, Any]) -> RLCT:
    """The engine's proof is about the germ that the text gives, and it verifies."""
    p = parse_real_program(document["program"])
    asked = [document[key] for key in ("steps", "semantics", "chart", "support")]
    _need(asked == [None, "exact", "open", {}], f"question: a {p.kind} program has no {asked}")
    certificate: Certificate = Certificate.from_json(document["certificate"])
    _need(
        problem_to_json(certificate.problem) == problem_to_json(p.problem()),
        "certificate: its germ is not that of the program",
    )
    _need(certificate.kind == "exact", "certificate: an exact one is needed")
    verify(certificate)
    value = certificate.claim
    claim, nll = document["claim"], isinstance(p, ProbabilisticTarget)
    _need(fraction(claim["lambda_H"]) == value.value, f"claim: lambda_H is {value.value}")
    _need(
        claim["lambda_E"] == (str(value.value) if nll else None),
        f"claim: lambda_E is {value.value if nll else None}",
    )
    _need(claim["multiplicity"] == value.multiplicity,
          f"claim: the multiplicity is {value.multiplicity}")  # fmt: skip
    return value


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
    value = check_program(document)
    if not isinstance(certificate, Certificate):
        certificate = Certificate.from_json(certificate)
    verify(certificate)
    if is_real_program(document["program"]):
        own = Certificate.from_json(document["certificate"])
        _need(own.to_json() == certificate.to_json(), "ideal: the two certificates differ")
        return value
    try:
        p = parse_program(document["program"])
        chart = Chart.parse(document["chart"])
        support = check_support(p, {n: frozenset(o) for n, o in document["support"].items()})
        outside = [
            (c.variable(o), (c.name, o))
            for c in p.free
            for o in c.options
            if o not in support[c.name]
        ]
        ideals = MonomialIdeals(len(outside), limit=100_000)
        leaves: dict[tuple[str, str], Any] = {
            (name, o): ideals.one for name, options in support.items() for o in options
        }
        leaves |= {leaf: ideals.variable(k) for k, (_, leaf) in enumerate(outside)}
        found = ideals.zero
        for case, law in zip(
            p.cases, laws(ideals, leaves, p, document["steps"], document["semantics"]), strict=True
        ):
            wrong = total(ideals, (e for y, e in law.items() if y != case.target))
            found = ideals.add(found, wrong)
    except (SingularityLabError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise CertificateError(f"malformed: {type(error).__name__}: {error}") from None
    germ = _germ([n for n, _ in outside], [ideals.unpack(a) for a in found], chart)
    _need(
        problem_to_json(certificate.problem) == problem_to_json(germ),
        "ideal: the germ is not that of the program's minimal syndromes in this chart",
    )
    _need(certificate.kind == "exact", "ideal: an exact certificate is needed")
    _need(certificate.claim == value, f"claim: {certificate.claim}, the program's is {value}")
    return value


def replay_program(
    document: Mapping[str, Any], source: str | Program | RealProgram | Path | None = None
) -> tuple[dict[str, Any], str]:
    """Replay a program certificate, or both certificates of an answer of ``program rlct --json``.

    Returns the claim {lambda_E, lambda_H, multiplicity} that was proved, as text and integers, and
    what it is about. Raises CertificateError that names the first rule that fails.

    >>> replay_program(program_rlct("slp-reuse").to_json())
    ... # doctest: +NORMALIZE_WHITESPACE
    ({'lambda_E': None, 'lambda_H': '1', 'multiplicity': 2},
     'straight-line slp-reuse, exact semantics, chart open')
    """
    proof, germ = document, None
    if "program_certificate" in document:
        proof, germ = document["program_certificate"], document.get("certificate")
        if not isinstance(proof, Mapping):
            raise CertificateError("program_certificate: there is none in this answer")
    check_program(proof, source)
    if germ is not None:
        check_ideal(proof, germ)
    if "program_certificate" in document:
        for key, value in proof["claim"].items():
            _need(document.get(key) == value, f"{key}: the certificate proves {value}")
    clock = "" if proof["steps"] is None else f" at T = {proof['steps']}"
    head = next(line for line in proof["program"].splitlines() if line.strip())
    face = " on a face" if proof["support"] else ""
    about = f"{head}{clock}{face}, {proof['semantics']} semantics, chart {proof['chart']}"
    return dict(proof["claim"]), about


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
        raise CertificateError(f"dual {i}: {row['input']!r} is no input of the program")
    run = [(str(choice), str(option)) for choice, option in row["run"]]
    name = {leaf: n for n, leaf in outside.items()}
    counts: dict[str, int] = {}
    for choice, option in run:
        if option not in support[choice]:
            _need((choice, option) in name, f"dual {i}: {choice} = {option} is not possible")
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
