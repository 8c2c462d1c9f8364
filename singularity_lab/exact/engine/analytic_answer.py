"""The answer for analytic expressions: a reduction to polynomials and their proof, or bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from singularity_lab.algebra.analytic_problem import AnalyticProblem
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.parsing import tokens_of
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import OutOfScope, SingularityLabError, Undecided
from singularity_lab.exact.engine.analytic import (
    ReachedStage,
    by_polyhedron,
    expanded,
    reduce_to_polynomials,
)
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.leaves import smooth_germ
from singularity_lab.exact.proof.certificate import Certificate, Kind, Script
from singularity_lab.exact.proof.leaves import Order
from singularity_lab.exact.proof.reductions import Reduction, Stage
from singularity_lab.exact.proof.truncation import (
    Jet,
    Lowest,
    Monomials,
    Truncate,
    least_order,
    split_tails,
)
from singularity_lab.exact.proof.verify import verify
from singularity_lab.system.counting import counted
from singularity_lab.system.deadline import TimeLimit, clock


@dataclass(frozen=True)
class Answer:
    """What is proved of analytic expressions: certificates, one exact or one for each side."""

    certificates: tuple[Certificate, ...]
    method: str
    notes: tuple[str, ...] = ()


class Solved(Protocol):
    """The answer for polynomials: what ``rlct`` returns."""

    @property
    def certificates(self) -> tuple[Certificate, ...]: ...

    @property
    def method(self) -> str:
        """How the answer was found, in one line."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the answer, a sentence each."""


def solve_analytic(
    problem: AnalyticProblem, budget: float | None, solve: Callable[[LocalProblem, Any], Solved]
) -> Answer:
    """Certificates for analytic expressions: a reduction to polynomials, then the proof for these.

    solve: ``rlct`` for a polynomial problem within a budget. Where no reduction is found: bounds
    from the order, the rank and the jets. Raises OutOfScope where K does not vanish at the point,
    and Undecided where nothing is proved.
    """
    started = clock()
    stage = Stage.of(problem)
    for g in stage.gens:
        if stage.tower.sign(stage.tower.at_point(g)):
            raise OutOfScope("K does not vanish at the point, so lambda is infinite")
    found = None
    with TimeLimit(None if budget is None else budget / 3):
        found = reduce_to_polynomials(problem)
    left = None if budget is None else max(budget - (clock() - started), 0.1)
    if found is None:
        return _bounds(problem, left, solve)
    steps = [s.encode() for s in found.steps]
    count = f"{counted(len(steps), 'step')} to polynomials, " if steps else ""
    proof = by_polyhedron(found.stage) if found.stage.leaves else None
    if proof is not None:
        step, value = proof
        return Answer((_whole(problem, found, "exact", value, step),), f"{count}Newton polyhedron")
    inner = solve(found.stage.polynomial(), left)
    certificates = tuple(
        _whole(problem, found, c.kind, c.claim, c.proof) for c in inner.certificates
    )
    return Answer(certificates, f"{count}{inner.method}", inner.notes)


def _whole(
    problem: AnalyticProblem, state: ReachedStage, kind: Kind, claim: RLCT, script: Script
) -> Certificate:
    """The certificate about the expressions, from one about the polynomials that are left."""
    proof = {"op": "analytic", "steps": [s.encode() for s in state.steps], "then": script}
    claim = RLCT(claim.value * state.stage.factor, claim.multiplicity)
    certificate = Certificate(problem, kind, claim, proof)
    verify(certificate)
    return certificate


def _bounds(
    problem: AnalyticProblem, budget: float | None, solve: Callable[[LocalProblem, Any], Solved]
) -> Answer:
    """Bounds from jets: the order or the rank below, (T) + 𝔪^N above."""
    start = ReachedStage(Stage.of(problem))
    tower = start.stage.tower
    best: dict[Kind, Certificate] = {}
    tried = 0
    for order in (1, 2, 3, 4, 6):
        state = start
        try:
            for _ in range(6):
                state = next(expanded(state, order, ""))
        except StopIteration:
            pass
        except SingularityLabError:
            break
        if tower.of_kind_all(state.gens, "atom"):
            break
        kept, tails = split_tails(tower, state.gens)
        if tower.occurs(*kept) - set(problem.variables):
            if _by_numbers(best, problem, state, solve, budget):
                notes = (_used_numbers(problem),)
                return Answer((best["lower"], best["upper"]), "monomials", notes)
            break
        degree = min((least_order(tower, r) for r in tails), default=order) + 1
        tried = max(tried, degree - 1)
        if "lower" not in best:
            _add(
                best, problem, _attempt_step(state, Truncate(leading=True)), "lower", solve, budget
            )
        _add(best, problem, _attempt_step(state, Jet(degree=degree)), "upper", solve, budget)
    notes = (
        f"no proof was found that the terms beyond degree {tried} change nothing: where the zero "
        "set is no point, that takes coordinates in which it is flat",
    )
    if len(best) < 2:
        raise Undecided(
            "rlct: these functions could not be brought to polynomials: sums and products of "
            "functions that are coordinates, that vanish to finite order, or that enter a loss as "
            "a definite form can be read"
        )
    return Answer((best["lower"], best["upper"]), "jets", notes)


def _used_numbers(problem: AnalyticProblem) -> str:
    """What the bounds use where coefficients are no algebraic numbers, and how to ask for more."""
    names = {token for t in problem.texts for kind, token, _ in tokens_of(t) if kind == "name"}
    what = "pi is no algebraic number"
    if "pi" not in names - set(problem.variables):
        what = "coefficients such as exp(1) are no algebraic numbers"
    return (
        f"{what}: only the monomials, and that one coefficient is not 0, are used; a symbol in its "
        "place is decided for all its values: --parameters c, in Python parameters='c'"
    )


def _by_numbers(
    best: dict[Kind, Certificate],
    problem: AnalyticProblem,
    state: ReachedStage,
    solve: Callable[[LocalProblem, Any], Solved],
    budget: float | None,
) -> bool:
    """Bounds by the monomials of germs whose coefficients are numbers such as exp(1), and by the
    least degree of one with a coefficient that is not 0; True if both sides are found."""
    tower = state.stage.tower
    kept, tails = split_tails(tower, state.gens)
    degree = min((least_order(tower, r) for r in tails), default=None)
    above = Monomials(degree=None if degree is None else degree + 1)
    _add(best, problem, _attempt_step(state, above), "upper", solve, budget)
    places = {x: tower.names.index(x) for x in tower.variables}
    monomials = sorted(
        {
            (sum(int(a[i]) for i in places.values()), j, *(int(a[i]) for i in places.values()))
            for j, t in enumerate(kept)
            for a in t.monoms()
        }
    )
    for _, j, *wanted in monomials:
        powers = {x: e for x, e in zip(places, wanted, strict=True) if e}
        reached = _attempt_step(state, Lowest(gen=j, powers=powers))
        if reached is not None:
            _add(best, problem, reached, "lower", solve, budget)
            break
    return len(best) == 2


def _attempt_step(state: ReachedStage, step: Reduction) -> ReachedStage | None:
    try:
        return state.after(step)
    except SingularityLabError:
        return None


def _add(
    best: dict[Kind, Certificate],
    problem: AnalyticProblem,
    state: ReachedStage | None,
    kind: Kind,
    solve: Callable[[LocalProblem, Any], Solved],
    budget: float | None,
) -> None:
    """Keep the better of the bounds on one side."""
    if state is None:
        return
    try:
        if kind == "lower":
            germ = state.stage.polynomial().localize(algebraic=True)
            found = smooth_germ(Germs.of(germ))
            step = found.step if found is not None else Order().encode()
            least = min(sum(a) for g in germ.generators for a in g.support())
            scale = 2 if germ.convention == "loss" else 1
            tau = min([Fraction(0), *germ.prior])
            value = RLCT(scale * (1 + tau) / (2 * least), len(germ.variables))
            if found is not None and found.lower is not None:
                value = RLCT(scale * found.lower.value, found.lower.multiplicity)
            new = _whole(problem, state, kind, value, step)
        else:
            inner = solve(state.stage.polynomial(), None if budget is None else budget / 6)
            last = inner.certificates[-1]
            new = _whole(problem, state, kind, last.claim, last.proof)
    except SingularityLabError:
        return
    old = best.get(kind)
    if old is None or (new.claim > old.claim if kind == "lower" else new.claim < old.claim):
        best[kind] = new
