"""Thresholds from the Newton polyhedron, proved to be right. Varchenko 1976; Lin 2011.

Let Γ be the Newton polyhedron of an ideal and μ the minimum of ⟨τ + 1, v⟩ over weights v ≥ 0 with
⟨v, a⟩ ≥ 1 on Γ. A toric modification compatible with Γ has one divisor for each ray, with ratio
⟨τ + 1, v⟩/(2⟨v⟩_Γ).

*Definite* (Lin 2011, sos-nondegenerate): if on each compact face the face polynomials of the
generators have no common zero in the real torus, the pullback of K = Σ f² is a monomial times a
unit at each point over 0, so λ = μ/2 and m = 1 + dim of the optimal face.

*Transversal* (Varchenko 1976), one generator f: if on each compact face f and all x_i ∂f/∂x_i
have no common zero in the real torus, the strict transform {f̃ = 0} is smooth and transversal to
the strata, and adds a divisor with 2λ = 1 at the points over 0 that it meets, i.e. where the
polynomial of some compact face has a real zero. So for μ < 1 nothing changes; for μ > 1 with such
a zero (λ, m) = (1/2, 1). For μ = 1 the divisors with ratio 1/2 through a point of {f̃ = 0} on the
stratum of a cone σ are the rays of σ in the cone over the optimal face, which is the normal cone
of the hit face F. All 1 + dim of them occur at a zero exactly if the polynomial of some compact
face inside F has one: then m grows by 1, and otherwise it stays.

Without one of these proofs a Newton value is only an upper bound: λ(I) ≤ λ(term ideal) (Lin 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import flint
from msgspec.structs import replace

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.linear import CoveringSolution, covering_lp
from singularity_lab.algebra.polyhedra import NewtonPolyhedron
from singularity_lab.algebra.polynomial import Exponent, PointLike, Polynomial
from singularity_lab.algebra.problem import Germ, GermLike, LocalProblem
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.algebra.univariate import Kind
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.engine.leaves import optimum
from singularity_lab.exact.proof import moves as records
from singularity_lab.exact.proof.branches import Subideal
from singularity_lab.exact.proof.certificate import Script
from singularity_lab.exact.proof.evidence import Evidence
from singularity_lab.exact.proof.leaves import FaceProof, Monomial, Newton, Order, Strict, Terms
from singularity_lab.exact.zeros.decide import no_common_zero
from singularity_lab.exact.zeros.find import FoundZero
from singularity_lab.system.counting import counted
from singularity_lab.system.cuts import is_over
from singularity_lab.system.deadline import TimeLimit, check_time, require_seconds, time_left
from singularity_lab.system.stopwatch import Stopwatch

Face = frozenset[Exponent]


def newton_polyhedron(
    ideal: GermLike,
    variables: str | Sequence[str] | None = None,
    *,
    at: PointLike | None = None,
    budget: float | None = None,
) -> NewtonPolyhedron:
    """Return the Newton polyhedron: conv(exponents of all generators) + the positive orthant, in
    coordinates about the point.

    Its vertices, facets, compact faces, and where the ray (1, …, 1) hits it.
    ideal: generators at the origin or the point ``at``, or a local problem or a row at its own
    point. budget: CPU seconds; None for no limit. Raises OutOfScope for the zero ideal, Undecided
    where the budget does not suffice.

    >>> P = newton_polyhedron("(x^2 - y^3)*(y^2 - x^3)")
    >>> P.vertices, P.distance(), sorted(P.hit_face())
    (((0, 5), (2, 2), (5, 0)), Fraction(2, 1), [(2, 2)])
    """
    require_seconds(budget)
    with TimeLimit(budget):
        germ = LocalProblem.of(ideal, variables, at=at).localize(algebraic=True)
        n = len(germ.variables)  # a number field has a symbol after them
        support = {a[:n] for g in germ.generators for a in g.support()}
        if not support:
            raise OutOfScope("Newton polyhedron: the zero ideal has none")
        return NewtonPolyhedron.of(sorted(support))
    raise Undecided(f"Newton polyhedron: not found within {budget} CPU seconds")


def threshold(
    support: Sequence[Sequence[int]], prior: Sequence[Rational | str] | None = None
) -> RLCT:
    """(λ, m) of the ideal of the monomials with these exponents (Howald 2001; Lin 2011).

    The smallest ⟨τ + 1, v⟩ / (2 min ⟨v, a⟩) over weights v, with its multiplicity. support:
    exponents, n integers ≥ 0 each; prior: the exponents τ > −1 (0 unless given). K is the sum of
    the squared monomials. Raises OutOfScope if 0 is in the support: the loss is a unit there.

    >>> print(threshold(((2, 0), (0, 3))))
    (5/12, 1)
    >>> print(threshold(((1, 1),)), threshold(((1, 1),), prior=(0, 1)))
    (1/2, 2) (1/2, 1)
    """
    rows = [tuple(a) for a in support]
    if not rows:
        raise BadInput("support: at least one exponent is needed")
    n = len(rows[0])
    tau = [fraction(t, "prior") for t in (prior if prior is not None else (0,) * n)]
    if len(tau) != n or any(len(a) != n for a in rows):
        raise BadInput(f"support, prior: vectors of one length are needed, received {rows}, {tau}")
    if any(t <= -1 for t in tau):
        raise BadInput(f"prior: exponents > -1 are needed (integrable), received {tau}")
    if any(not any(a) for a in rows):
        raise OutOfScope("threshold: 0 is in the support, so the loss is a unit there")
    solution = covering_lp([t + 1 for t in tau], rows)
    return RLCT(solution.value / 2, 1 + solution.face_dimension)


# -- nondegeneracy ----------------------------------------------------------------------------


@dataclass(frozen=True)
class FaceReport:
    """A compact face, the polynomials asked about, and the answer: evidence, a zero or None.

    logarithmic: the polynomials are f and all x_i ∂f/∂x_i.
    """

    face: Face
    polynomials: tuple[Polynomial, ...]
    answer: Evidence | FoundZero | None
    logarithmic: bool = False

    @property
    def proved(self) -> bool:
        """Whether there is evidence that nothing vanishes on the torus of the face."""
        return isinstance(self.answer, dict)

    def __str__(self) -> str:
        inside = ", ".join(str(p) for p in self.polynomials if not p.is_zero)
        if self.logarithmic:
            inside = f"{self.polynomials[0]} with its logarithmic derivatives"
        found = self.answer if isinstance(self.answer, FoundZero) else "undecided in the real torus"
        return f"{inside} on a compact face: {'no real zero' if self.proved else found}"


@dataclass(frozen=True)
class Nondegeneracy:
    """What is proved about the face polynomials of a germ.

    criterion: 'definite', 'transversal', or None when neither is proved. faces: the reports for
    that criterion, one for each compact face, or the one that fails.
    """

    criterion: Literal["definite", "transversal"] | None
    faces: tuple[FaceReport, ...]

    @property
    def failing(self) -> FaceReport | None:
        return next((r for r in self.faces if not r.proved), None)

    def __str__(self) -> str:
        if self.criterion is not None:
            return f"{self.criterion} on {counted(len(self.faces), 'compact face')}"
        return f"not proved nondegenerate: {self.failing}"


@dataclass(frozen=True)
class NewtonFailure:
    """Why the Newton polyhedron does not decide (λ, m), and what it proves all the same."""

    reason: str
    bounds: Bounds
    face: FaceReport | None = None

    def __str__(self) -> str:
        return f"{self.reason}; {self.bounds} holds"


def nondegeneracy(germ: Germ, budget: float = 5.0, limit: int = 2_000) -> Nondegeneracy:
    """Which criterion holds on all compact faces of the Newton polyhedron, with evidence for each.

    budget: CPU seconds, about. limit: on the number of compact faces (OutOfScope beyond).

    >>> germ = LocalProblem.build("(x^2 + y^2 + z^2)^2").localize()
    >>> print(nondegeneracy(germ))
    definite on 7 compact faces
    >>> print(nondegeneracy(LocalProblem.build(["x + y^2", "z"]).localize()))
    not proved nondegenerate: x + y^2 on a compact face: zero at (-1, 1, 1)
    """
    inquiry = FaceInquiry.of(germ, budget)
    return inquiry.decide(inquiry.frame.compact_faces(limit))


class FaceInquiry:
    """Questions about face polynomials of a germ within one CPU budget; answers are remembered.

    The germ is held as the verifier holds it: ∏|x|^(2k)·Σ f² with generators f that have no common
    monomial. scale: 2, or 1 for K = |f| (the candidates of divisors are (h + 1)/(scale·k)).

    >>> ask = FaceInquiry.of(LocalProblem.build("x^2 - y^3").localize(), 5.0)
    >>> edge = frozenset([(2, 0), (0, 3)])
    >>> ask.crossing(edge), ask.meets(edge)
    ('smooth', True)
    """

    def __init__(self, frame: _Frame, budget: float) -> None:
        self.frame = frame
        self.watch, self.seconds = Stopwatch(), min(budget, time_left())
        self.definite: dict[Face, FaceReport] = {}
        self.transversal: dict[Face, FaceReport] = {}

    @classmethod
    def of(cls, germ: Germ, budget: float) -> FaceInquiry:
        """budget: CPU seconds. Raises OutOfScope where K ≡ 0, or K ≠ 0 at the origin."""
        return cls(_Frame.of(germ), budget)

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables."""
        return self.frame.variables

    @property
    def generators(self) -> tuple[Polynomial, ...]:
        return self.frame.generators

    @property
    def support(self) -> tuple[Exponent, ...]:
        return self.frame.support

    @property
    def k(self) -> tuple[int, ...]:
        return self.frame.k

    @property
    def prior(self) -> tuple[Fraction, ...]:
        return self.frame.prior

    @property
    def scale(self) -> int:
        """The exponent of |f| in K: 1 for a loss, else 2."""
        return 1 if self.frame.convention == "loss" else 2

    def ask(self, face: Face, polys: Sequence[Polynomial], logarithmic: bool) -> FaceReport:
        """What is found within the time that is left on a common zero in the torus."""
        left = self.seconds - self.watch.seconds
        answer = None
        if not is_over(0, left):
            with TimeLimit(left):
                answer = no_common_zero(polys, self.frame.torus, left / 2)
        return FaceReport(face, tuple(polys), answer, logarithmic)

    def about(self, face: Face) -> FaceReport:
        """What is decided of a common real zero of the face polynomials in the torus."""
        if face not in self.definite:
            self.definite[face] = self.ask(face, self.frame.on(face), False)
        return self.definite[face]

    def critical(self, face: Face) -> FaceReport:
        """What is decided of a common zero of a face polynomial and its logarithmic derivatives in
        the torus. (One generator.)"""
        if face not in self.transversal:
            (f,) = self.frame.on(face)
            derivatives = [_euler(f, i) for i in range(len(self.variables))]
            self.transversal[face] = self.ask(face, [f, *derivatives], True)
        return self.transversal[face]

    @property
    def single(self) -> bool:
        """True if K = f² for one generator, so that a smooth strict transform is a divisor."""
        return len(self.generators) == 1 and self.frame.convention == "ideal"

    def crossing(self, face: Face) -> Literal["unit", "smooth"] | None:
        """What is proved of the strict transform on the orbits of a face; None: neither."""
        if self.about(face).proved:
            return "unit"
        return "smooth" if self.single and self.critical(face).proved else None

    def failing(self, face: Face) -> FaceReport:
        """The report that stands in the way of normal crossings on the orbits of a face."""
        return self.critical(face) if self.single else self.about(face)

    def meets(self, face: Face) -> bool | None:
        """True if the strict transform has a real zero on the orbits of a face, None where
        undecided."""
        report = self.about(face)
        if report.proved:
            return False
        return True if isinstance(report.answer, FoundZero) else None

    def decide(self, faces: Sequence[Face]) -> Nondegeneracy:
        """Large faces first: they fail first."""
        order = list(reversed(faces))
        failing = next((r for r in map(self.about, order) if not r.proved), None)
        if failing is None:
            return Nondegeneracy("definite", tuple(self.about(face) for face in faces))
        if not self.single:
            return Nondegeneracy(None, (failing,))
        failing = next((r for r in map(self.critical, order) if not r.proved), None)
        if failing is not None:
            return Nondegeneracy(None, (failing,))
        return Nondegeneracy("transversal", tuple(self.critical(face) for face in faces))


def newton_step(
    germ: Germ, budget: float = 5.0, limit: int = 2_000
) -> tuple[Script, RLCT] | NewtonFailure:
    """The leaf "newton" of a certificate with the (λ, m) that it proves, or why there is none.

    The step is relative to the generators without their common monomial ∏ x^k, as the verifier
    holds them: "primal" lists v in ring order, "dual" the [exponent, y] with y > 0, "faces"
    evidence for each compact face but the vertices, about the face polynomials (definite) or about
    f, x_1 ∂f/∂x_1, …, x_n ∂f/∂x_n (transversal). A transversal step with μ ≥ 1 also has "strict":
    either {"face", "zero"}, a face — for μ = 1 one inside the hit face — whose polynomial has the
    proved zero, or {"empty": [{"face", "evidence"}, …]} for all those faces but the vertices.

    budget: CPU seconds, about. limit: on the number of compact faces. Raises OutOfScope where K
    does not vanish at the origin, or vanishes identically.

    >>> step, value = newton_step(LocalProblem.build("x^2 - y^3").localize())
    >>> print(value, step["criterion"], step["primal"])
    (5/12, 1) transversal ['1/2', '1/3']
    >>> print(newton_step(LocalProblem.build("(x - y)^2").localize()))
    x^2 - 2*x*y + y^2 with its logarithmic derivatives on a compact face: zero at (1, 1);
    lambda <= 1/2 holds
    """
    frame = _Frame.of(germ)
    solution = frame.solve()
    upper = frame.rlct(solution)
    try:
        faces = frame.compact_faces(limit)
    except OutOfScope as error:
        return NewtonFailure(str(error), Bounds(None, upper))
    inquiry = FaceInquiry(frame, budget)
    report = inquiry.decide(faces)
    if report.criterion is None:
        return NewtonFailure(str(report.failing), Bounds(None, upper), report.failing)
    step = Newton(
        criterion=report.criterion,
        primal=tuple(str(v) for v in solution.primal),
        dual=tuple((a, str(y)) for a, y in zip(frame.support, solution.dual, strict=True) if y),
        faces=tuple(_entry(r) for r in report.faces if len(r.face) > 1),
    )
    if report.criterion == "definite" or solution.value < 1:
        return step.encode(), upper
    # the strict transform counts: which faces matter, and do they have a real zero?
    with_zero = RLCT(Fraction(1, 2), 1)
    if solution.value == 1:
        hit = {a for a in frame.support if frame.order_of(solution.primal, a) == 1}
        faces = tuple(face for face in faces if face <= hit)
        with_zero = RLCT(Fraction(1, 2), upper.multiplicity + 1)
    undecided = None
    empty = []
    for r in map(inquiry.about, faces):
        if isinstance(r.answer, FoundZero):
            strict = Strict(face=_listed(r.face), zero=r.answer.evidence)
            return replace(step, strict=strict).encode(), with_zero
        if not r.proved:
            undecided = undecided or r
        elif len(r.face) > 1:
            empty.append(_entry(r))
    if undecided is not None:
        reason = f"{undecided}, which decides whether the strict transform counts"
        return NewtonFailure(reason, Bounds(with_zero, upper), undecided)
    return replace(step, strict=Strict(empty=tuple(empty))).encode(), upper


# -- bounds -----------------------------------------------------------------------------------


def term_ideal_bound(germ: Germ) -> tuple[Script, RLCT]:
    """An upper bound, always valid: (λ, m)(I) ⪯ (λ, m)(ideal of all terms) (Lin 2011, Prop. 4.3).

    The step is the leaf "terms" of a certificate.

    >>> print(term_ideal_bound(LocalProblem.build("(x - y)^2").localize())[1])
    (1/2, 1)
    """
    frame = _Frame.of(germ)
    solution = frame.solve()
    return optimum(Terms, frame.variables, solution), frame.rlct(solution)


def order_bound(germ: Germ) -> tuple[Script, RLCT]:
    """λ ≥ (1 + min(0, τ))/(2·order): lct_C ≥ 1/order by restriction to a line; Hölder for τ < 0.

    Nothing is known of m, so the bound has m = the number of variables.

    >>> print(order_bound(LocalProblem.build("x^2 - y^3").localize())[1])
    (1/4, 2)
    """
    frame = _Frame.of(germ)
    order = sum(frame.k) + min(sum(a) for a in frame.support)
    least = min([Fraction(0), *germ.prior])
    value = RLCT((1 + least) / (2 * order), len(frame.variables))
    return Order().encode(), frame.scaled(value)


def monomial_bound(germ: Germ) -> tuple[Script, RLCT] | None:
    """A lower bound from monomials in the ideal, up to integral closure; None if none is seen.

    They are: generators that are a monomial times a unit; Q-linear combinations of generators
    that are monomials; the terms of a generator of one sign. J ⊂ I gives λ(J) ≤ λ(I).

    >>> germ = LocalProblem.build(["x*y + z^2", "x*y - z^2", "w + x"]).localize()
    >>> print(monomial_bound(germ)[1])
    (3/4, 2)
    """
    frame = _Frame.of(germ)
    moves: list[records.Append | records.SplitTerms] = []
    keep: list[int] = []
    monomials: list[Exponent] = []
    for i, g in enumerate(frame.generators):
        content = tuple(int(e) for e in g.flint.term_content().degrees())
        if content in g.support():
            keep.append(i)
            monomials.append(content)
    count = len(frame.generators)
    for combination, a in _monomial_combinations(frame.generators):
        if a not in monomials:
            moves.append(records.Append(tuple((j, str(c)) for j, c in combination)))
            keep.append(count)
            monomials.append(a)
            count += 1
    for i, g in enumerate(frame.generators):
        if i not in keep and frame.one_sign(g):
            terms = [tuple(int(e) for e in a) for a in g.flint.monoms()]
            # split a copy at the end, so that no index moves
            moves += [records.Append(((i, "1"),)), records.SplitTerms(count)]
            keep += range(count, count + len(terms))
            monomials += terms
            count += len(terms)
    if not monomials or not all(any(a) or any(frame.k) for a in monomials):
        return None
    rows = [[e + k for e, k in zip(a, frame.k, strict=True)] for a in monomials]
    solution = covering_lp([h + 1 for h in frame.prior], rows)
    leaf = optimum(Monomial, frame.variables, solution)
    step = Subideal(keep=tuple(keep), cases=[leaf]).encode()
    if moves:
        step = records.Generators(do=tuple(moves), then=step).encode()
    return step, frame.rlct(solution)


# -- the germ as the verifier holds it ---------------------------------------------------------


@dataclass(frozen=True)
class _Frame:
    """A germ ∏|x|^(2k)·Σ f² whose generators f have no common monomial."""

    variables: tuple[str, ...]
    generators: tuple[Polynomial, ...]
    k: tuple[int, ...]
    prior: tuple[Fraction, ...]
    nonnegative: tuple[str, ...]
    convention: str
    support: tuple[Exponent, ...]

    @classmethod
    def of(cls, germ: Germ) -> _Frame:
        live = [g for g in germ.generators if not g.is_zero]
        if not live:
            raise OutOfScope("Newton polyhedron: K vanishes identically")
        common = live[0].flint.term_content()
        for g in live[1:]:
            if common.is_constant():
                break
            check_time()
            common = common.gcd(g.flint.term_content())
        k = (0,) * len(germ.variables)
        if not common.is_constant():
            k = tuple(map(int, common.degrees()))
            monomial = Polynomial.from_terms({k: 1}, germ.variables)
            live = [Polynomial(g.variables, g.flint / monomial.flint) for g in live]
        support: dict[Exponent, None] = {}
        for g in live:
            check_time()
            support.update(dict.fromkeys(tuple(map(int, a)) for a in g.flint.monoms()))
        if not any(k) and (0,) * len(k) in support:
            constant = [g for g in live if (0,) * len(k) in g.support()]
            raise OutOfScope(f"K does not vanish at the point: generator {constant[0]}")
        return cls(
            germ.variables,
            tuple(live),
            k,
            germ.prior,
            germ.nonnegative,
            germ.convention,
            tuple(support),
        )

    @property
    def torus(self) -> dict[str, Kind]:
        return {v: "positive" if v in self.nonnegative else "nonzero" for v in self.variables}

    def solve(self) -> CoveringSolution:
        rows = [[e + k for e, k in zip(a, self.k, strict=True)] for a in self.support]
        return covering_lp([h + 1 for h in self.prior], rows)

    def rlct(self, solution: CoveringSolution) -> RLCT:
        return self.scaled(RLCT(solution.value / 2, 1 + solution.face_dimension))

    def scaled(self, value: RLCT) -> RLCT:
        """For K = |f| instead of f², λ doubles."""
        factor = 2 if self.convention == "loss" else 1
        return RLCT(factor * value.value, value.multiplicity)

    def compact_faces(self, limit: int) -> tuple[Face, ...]:
        return NewtonPolyhedron.of(self.support, limit).compact_faces(limit)

    def on(self, face: Face) -> list[Polynomial]:
        """The parts of the generators with exponents on the face, in order; 0 for no such part."""
        return [
            Polynomial.from_terms({a: c for a, c in g.terms() if a in face}, self.variables)
            for g in self.generators
        ]

    def order_of(self, weight: Sequence[Fraction], a: Exponent) -> Fraction:
        pairs = zip(weight, a, self.k, strict=True)
        return sum((w * (e + k) for w, e, k in pairs), Fraction(0))

    def one_sign(self, g: Polynomial) -> bool:
        """A monomial times terms that are all ≥ 0 (or all ≤ 0)."""
        low = [int(e) for e in g.flint.term_content().degrees()]
        return len({c > 0 for _, c in g.terms()}) == 1 and all(
            (e - m) % 2 == 0 or v in self.nonnegative
            for a in g.support()
            for v, e, m in zip(self.variables, a, low, strict=True)
        )


def _euler(f: Polynomial, i: int) -> Polynomial:
    """x_i ∂f/∂x_i."""
    return Polynomial.from_terms({a: c * a[i] for a, c in f.terms() if a[i]}, f.variables)


def _monomial_combinations(
    generators: Sequence[Polynomial],
) -> list[tuple[list[tuple[int, Fraction]], Exponent]]:
    """All monomials in the Q-span of the generators, with the combinations: echelon form."""
    columns = sorted({a for g in generators for a in g.support()})
    width, height = len(columns), len(generators)
    if len(generators) < 2:
        return []
    matrix = flint.fmpq_mat(height, width + height)
    for i, g in enumerate(generators):
        for a, c in g.terms():
            matrix[i, columns.index(a)] = flint.fmpq(c.numerator, c.denominator)
        matrix[i, width + i] = 1
    reduced, _ = matrix.rref()
    found = []
    for i in range(height):
        row = [reduced[i, j] for j in range(width + height)]
        entries = [j for j in range(width) if row[j] != 0]
        if len(entries) == 1:
            combination = [
                (j, fraction(row[width + j])) for j in range(height) if row[width + j] != 0
            ]
            found.append((combination, columns[entries[0]]))
    return found


def _entry(report: FaceReport) -> FaceProof:
    assert isinstance(report.answer, dict)
    return FaceProof(face=_listed(report.face), evidence=report.answer)


def _listed(face: Face) -> tuple[tuple[int, ...], ...]:
    return tuple(sorted(face))
