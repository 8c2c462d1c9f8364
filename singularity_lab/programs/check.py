"""The check of a program's certificate, which never searches."""

from __future__ import annotations

import contextlib
import json
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import lcm
from pathlib import Path
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.linear import nullspace
from singularity_lab.errors import CertificateError, SingularityLabError, Undecided
from singularity_lab.exact.proof.certificate import Certificate, problem_to_json
from singularity_lab.exact.proof.family import need
from singularity_lab.exact.proof.verify import verify
from singularity_lab.programs import program_limits
from singularity_lab.programs.by_name import find_any
from singularity_lab.programs.machines.machines import Program
from singularity_lab.programs.machines.straightline import ProbabilisticTarget, RealProgram
from singularity_lab.programs.program_certificate import (
    FORMAT,
    QUESTION,
    VERSION,
    Asked,
    digest,
    germ_of_chart,
)
from singularity_lab.programs.program_documents import ProgramDocument
from singularity_lab.programs.syndromes import monomial_text
from singularity_lab.programs.uncertainty.noisy import laws
from singularity_lab.programs.uncertainty.semirings import Exponent, MonomialIdeals, total
from singularity_lab.system.documents import converted

DERIVING = 60_000_000  # the same, for deriving a list that is claimed

LARGEST = 2**31  # exponents of a certificate stay below
_RATIONAL = re.compile(r"-?[0-9]+(/[0-9]+)?")
CLAIM = ("lambda_E", "lambda_H", "multiplicity")
METHOD = 400  # letters of what an answer says of its method


def answer_of(asked: Asked, document: Mapping[str, Any]) -> dict[str, Any]:
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


def _ordered(asked: Asked, row: Mapping[str, Any]) -> list[tuple[str, int]]:
    """The factors of a syndrome in the order of the coordinates."""
    return [(n, row["syndrome"][n]) for n in _outside(asked) if n in row["syndrome"]]


def _outside(asked: Asked) -> dict[str, tuple[str, str]]:
    """The error coordinates by name: the options outside the support."""
    if not isinstance(asked.program, Program):
        return {}
    return {
        c.variable(o): (c.name, o)
        for c in asked.program.free
        for o in c.options
        if o not in asked.support[c.name]
    }


class TooLarge(CertificateError):
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
            raise TooLarge("the propagation of prices needs more than the stated effort")
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
            raise TooLarge("dual: a derivation of the syndrome needs more than the stated effort")
        sums = (tuple(map(sum, zip(x, y, strict=True))) for x in a for y in b)
        return frozenset(s for s in sums if all(e <= m for e, m in zip(s, self.bound, strict=True)))


def check_program(
    document: Mapping[str, Any] | str, source: str | Program | RealProgram | Path | None = None
) -> RLCT:
    """Return the (λ_E, m) that a program certificate proves when it is replayed, or (λ_H, m) where
    there is no λ_E (the open chart, straight-line programs).

    source: the program that the certificate should be about; its text must be the certificate's.

    The steps: the program is read from its text; each packed syndrome is that of a wrong run (the
    run is replayed; with marginals, some derivation divides it); a min-plus propagation in exact
    integers shows ⟨v, μ⟩ ≥ 1 for all syndromes; primal and dual values agree (weak duality); and
    for each direction d of the flat of optimal v the propagation at prices v ± δd, with δ
    infinitesimal, still gives ≥ 1, so that the flat's dimension is that of the optimal face. In the
    open chart the germ is derived from the text, and the engine's proof of it is replayed.

    Every field is in its one spelling, and there are no others. Raises CertificateError that names
    the first rule that fails.

    >>> from singularity_lab.programs.answers import program_rlct
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
        need(isinstance(parsed, Mapping), "document: a mapping is needed")
        same = asked is None or parsed["program"] == asked
        need(same, "program: the certificate is about another program")
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


def _rational(value: Any, name: str) -> Fraction:
    """A rational in its one spelling: text, in lowest terms."""
    ok = (
        isinstance(value, str)
        and len(value) <= program_limits.DIGITS
        and _RATIONAL.fullmatch(value)
    )
    need(bool(ok), f"{name}: a rational as text, such as '7/2', is needed, received {value!r:.80}")
    found = Fraction(value)
    need(str(found) == value, f"{name}: {found} is the one spelling, received {value!r:.80}")
    return found


def _keys(found: Any, needed: Iterable[str], name: str) -> None:
    """Exactly these keys: what has no proof is not carried along."""
    need(isinstance(found, Mapping), f"{name}: a mapping is needed")
    needed = set(needed)
    for key in found:
        need(key in needed, f"{name}: there is no field {str(key)[:80]!r}")
    missing = sorted(needed - set(found))
    need(not missing, f"{name}: a field {missing[:1]} is needed")


def _check_claim(claim: Mapping[str, Any], proved: Mapping[str, Any]) -> None:
    """The claim is what was recomputed, field by field, in its one spelling."""
    _keys(claim, CLAIM, "claim")
    for key in CLAIM[:2]:
        if claim[key] is not None:
            _rational(claim[key], f"claim: {key}")
        need(claim[key] == proved[key], f"claim: {key} is {proved[key]}")
    m = claim["multiplicity"]
    need(type(m) is int, f"claim: multiplicity is an integer, received {m!r:.80}")
    need(m == proved["multiplicity"], f"claim: the multiplicity is {proved['multiplicity']}")


def _check(document: Mapping[str, Any]) -> RLCT:
    need(document.get("format") == FORMAT, f"format: {FORMAT!r} is needed")
    version = document.get("version")
    need(type(version) is int and version == VERSION, f"version: {VERSION} is needed")
    need(document["digest"] == digest(document), "digest: the question is not the one proved")
    asked = Asked.of(document)
    head = ("format", "version", *QUESTION, "digest", "claim")
    engine = asked.chart.kind == "open"
    _keys(document, (*head, *(("certificate",) if engine else ("primal", "dual"))), "document")
    value = _check_engine(asked, document) if engine else _check_covering(asked, document)
    _check_claim(document["claim"], _proved(asked, value))
    return value


def _proved(asked: Asked, value: RLCT) -> dict[str, Any]:
    """The claim that a checked (λ, m) amounts to."""
    if asked.chart.kind == "open":
        nll = isinstance(asked.program, ProbabilisticTarget)
        pair = (str(value.value) if nll else None, str(value.value))
    else:
        pair = (str(value.value), str(value.value / 2))
    return {"lambda_E": pair[0], "lambda_H": pair[1], "multiplicity": value.multiplicity}


def _check_covering(asked: Asked, document: Mapping[str, Any]) -> RLCT:
    p, steps, semantics, support = asked.program, asked.number, asked.semantics, asked.support
    if not isinstance(p, Program) or steps is None:
        raise CertificateError(f"chart: a {asked.program.name} has no corner")
    alpha, outside = asked.chart.alpha, _outside(asked)
    names = list(outside)
    primal, dual = document["primal"], document["dual"]
    need(isinstance(primal, dict), "primal: weights by name are needed")
    need(
        isinstance(dual, list) and len(dual) <= program_limits.ROWS,
        "dual: a list of rows is needed",
    )
    unknown = sorted(set(primal) - set(names))
    need(not unknown, f"primal: unknown variables {str(unknown[:3])[:80]}")
    weights = {n: _rational(x, f"primal: {n}") for n, x in primal.items()}
    need(all(x >= 0 for x in weights.values()), "primal: the weights must be >= 0")
    v = [weights.get(n, Fraction(0)) for n in names]
    unit = lcm(*(x.denominator for x in v)) if v else 1
    program_limits.at_most(4096, unit.bit_length(), "primal: bits of the common denominator")

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
    need(least is not None, "no run is wrong: E is identically 0")
    need(least[0] >= unit, f"primal: some wrong run costs {Fraction(least[0], unit)} < 1")
    need(all(weights.values()), "primal: weights that are 0 are left out")

    rows, ys = [], []
    fields = ("syndrome", "y", "input", "run") if semantics == "exact" else ("syndrome", "y")
    for i, row in enumerate(dual):
        _keys(row, fields, f"dual {i}")
        syndrome = row["syndrome"]
        need(isinstance(syndrome, dict) and set(syndrome) <= set(names),
              f"dual {i}: unknown variable")  # fmt: skip
        need(all(type(e) is int and 0 < e < LARGEST for e in syndrome.values()),
              f"dual {i}: no exponent")  # fmt: skip
        exponent = tuple(syndrome.get(n, 0) for n in names)
        y = _rational(row["y"], f"dual {i}: y")
        need(y > 0, f"dual {i}: y > 0 is needed")
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
        need(u <= alpha, f"dual: the packing uses {u} > {alpha} of {n}")
    value = alpha * sum(v, Fraction(0))
    need(value == sum(ys, Fraction(0)), f"primal {value} and dual {sum(ys)} differ")
    flat = [list(r) for r in rows]
    flat += [[int(k == j) for j in range(len(names))] for k, u in enumerate(used) if u < alpha]
    directions = nullspace(flat, len(names))
    for d in directions:
        need(
            all(not x or c for x, c in zip(d, v, strict=True)),
            "the solutions are not strictly complementary: a free weight is 0",
        )

    if directions:
        tilts = [[sign * x for x in d] for d in directions for sign in (1, -1)]
        need(
            least[0] > unit or all(t >= 0 for t in cheapest(tilts)[1]),
            "the optimal face is smaller than claimed: a wrong run cuts it",
        )
    return RLCT(value, 1 + len(directions))


def _check_engine(asked: Asked, document: Mapping[str, Any]) -> RLCT:
    """The engine's proof is about the germ that the text gives, and it verifies."""
    certificate: Certificate = Certificate.from_json(document["certificate"])
    need(
        problem_to_json(certificate.problem) == problem_to_json(asked.germ()),
        "certificate: its germ is not that of the program",
    )
    need(certificate.kind == "exact", "certificate: an exact one is needed")
    verify(certificate)
    return certificate.claim


def check_ideal(document: Mapping[str, Any], certificate: Certificate | Mapping[str, Any]) -> RLCT:
    """Replay both certificates of a result, and check that they are about one thing.

    The minimal syndromes are derived anew from the program's text: one propagation in the semiring
    of monomial ideals, with no formula and no search. The germ of ``certificate`` must be Σ ε^μ
    over exactly these, on the chart's orthant with the chart's prior, and both must prove the same.

    Raises CertificateError otherwise.

    >>> from singularity_lab.programs.answers import program_rlct
    >>> r = program_rlct("detectA-mini-retry", steps=2)
    >>> print(check_ideal(r.program_certificate, r.certificate))
    (13/2, 1)
    """
    check_program(document)
    return check_ideal_document(document, certificate)[0]


def check_ideal_document(
    document: Mapping[str, Any],
    certificate: Certificate | Mapping[str, Any],
    effort: int = DERIVING,
) -> tuple[RLCT, list[str] | None]:
    """The value of a checked certificate and the minimal syndromes, which both are derived anew."""
    with _refusing():
        if not isinstance(certificate, Certificate):
            certificate = Certificate.from_json(certificate)
        asked = Asked.of(document)
        if asked.chart.kind == "open":
            own = Certificate.from_json(document["certificate"])
            need(own.to_json() == certificate.to_json(), "ideal: the two certificates differ")
            return own.claim, None
        names, exponents = _ideal(asked, effort)
        germ = germ_of_chart(names, exponents, asked.chart)
        need(
            problem_to_json(certificate.problem) == problem_to_json(germ),
            "ideal: the germ is not that of the program's minimal syndromes in this chart",
        )
        need(certificate.kind == "exact", "ideal: an exact certificate is needed")
        verify(certificate)
        claim = document["claim"]
        value = RLCT(Fraction(claim["lambda_E"]), claim["multiplicity"])
        need(certificate.claim == value, f"claim: {certificate.claim}, the program's is {value}")
    exponents = sorted(exponents, key=lambda a: (sum(a), tuple(-e for e in a)))
    return value, [monomial_text(names, a) for a in exponents]


def _ideal(asked: Asked, effort: int) -> tuple[list[str], list[Exponent]]:
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
        raise TooLarge(f"ideal: it cannot be derived anew: {error}") from None
    return list(outside), [ideals.unpack(a) for a in found]


def replay_program(
    document: Mapping[str, Any], source: str | Program | RealProgram | Path | None = None
) -> tuple[dict[str, Any], str]:
    """Replay a program certificate, or both certificates of an answer of ``program rlct --json``.

    Returns the claim {lambda_E, lambda_H, multiplicity} as it was recomputed, as text and integers,
    and what it is about: the program with its digest, code or face, steps, semantics, chart, and
    the digest of the question. All fields of an answer but ``method`` and ``seconds`` are compared
    with what the certificates prove. Raises CertificateError that names the wrong field, or the
    first rule that fails.

    >>> from singularity_lab.programs.answers import program_rlct
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
        asked = Asked.of(proof)
        if answer is not None:
            record = converted(answer, ProgramDocument, "answer")
            need(len(record.method) <= METHOD, f"method: a text of at most {METHOD} letters")
            syndromes, germ = None, record.certificate
            if germ is not None:
                syndromes = check_ideal_document(proof, germ)[1]
            need(germ is not None or asked.chart.kind != "open", "certificate: there is none")
            _compare(record, {**answer_of(asked, proof), "syndromes": syndromes})
        return _proved(asked, value), str(asked)


def _compare(answer: ProgramDocument, proved: Mapping[str, Any]) -> None:
    """An answer says what was proved; a record holds texts and integers, so that this is exact."""
    said = answer.plain()
    for key, value in proved.items():
        need(said[key] == value, f"{key}: the certificate proves {str(value)[:80]}")


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
    need(
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
            need((choice, option) in name, f"dual {i}: {choice:.40} = {option:.40} is not possible")
            key = name[choice, option]
            counts[key] = counts.get(key, 0) + 1
    need(counts == dict(row["syndrome"]), f"dual {i}: the run has another syndrome")
    output = p.replay(case.value, run, steps)
    need(output != case.target, f"dual {i}: the run is not wrong, it gives {output!r}")


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
