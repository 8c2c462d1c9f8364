"""λ of a code: the fractional hitting number of its error syndromes.

Theorem (docs/programs.md). Let a code, or a generic point of a face of W₀, have the error
coordinates ε ≥ 0 (options outside the support) with prior density of order ∏ ε^(α−1). Then
E ≍ Σ ε^μ over the minimal *syndromes* μ: the numbers of times that a wrong run takes each option
outside the support. Hence

    λ_E = min { ⟨α, v⟩ : v ≥ 0, ⟨v, μ⟩ ≥ 1 for every syndrome μ },   m = 1 + dim(optimal face),

and λ_H = λ_E / 2 with the same m. The dual, a fractional packing of syndromes, proves the minimum.

The syndromes need not be listed: at prices v the cheapest wrong run is a shortest path, a
propagation in the min-plus semiring. Cutting planes (Dantzig, Fulkerson and Johnson 1954; the
separation oracle of Grötschel, Lovász and Schrijver 1981) add the syndromes of runs cheaper than 1
until there are none. The optimal face is then cut down in the same way, with prices v ± δd for an
infinitesimal δ, so that m is proved as well. All arithmetic is over Q.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from math import lcm
from typing import Any

from singularity_lab.algebra.linear import covering_lp, nullspace
from singularity_lab.algebra.rings import fraction
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.proof.covering import check_covering
from singularity_lab.programs.machines.machines import Code, MachineStep, Program, Support
from singularity_lab.programs.uncertainty.arithmetic import Formula, LeafSymbol
from singularity_lab.programs.uncertainty.noisy import Timed, check_semantics, laws, wrong_runs
from singularity_lab.programs.uncertainty.semirings import (
    Booleans,
    Exponent,
    MonomialAntichain,
    MonomialIdeals,
    Witnesses,
    total,
)

_INT64 = 2**61
_ALPHA = re.compile(r"-?[0-9]{1,40}(/[0-9]{1,40}|\.[0-9]{1,40})?")


@dataclass(frozen=True)
class ProgramChart:
    """Which coordinates and which prior; a mandatory part of the question, for λ depends on it.

    ``corner``: error coordinates ε ≥ 0 with a Dirichlet(α) prior, of density ∏ ε^(α−1);
    ``amplitude``: w = u², flat in u, which is α = 1/2; ``open``: an open neighbourhood of the code
    in R^d, with the ideal (e_x), where the simplex is ignored.

    >>> ProgramChart.parse("corner:1/2"), ProgramChart.parse("amplitude").alpha
    (ProgramChart(kind='corner', alpha=Fraction(1, 2)), Fraction(1, 2))
    """

    kind: str = "corner"
    alpha: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if self.kind not in ("corner", "amplitude", "open"):
            raise BadInput(f"chart: corner, amplitude or open is needed, received {self.kind!r}")
        if self.alpha <= 0:
            raise BadInput(f"chart: Dirichlet(alpha) needs alpha > 0, received {self.alpha}")

    @classmethod
    def parse(cls, text: str | ProgramChart) -> ProgramChart:
        """``corner``, ``corner:α``, ``amplitude`` or ``open``."""
        if isinstance(text, ProgramChart):
            return text
        kind, colon, rest = text.partition(":")
        if colon and kind in ("amplitude", "open"):
            raise BadInput(f"chart: only corner takes a parameter, received {text[:80]!r}")
        if colon and not _ALPHA.fullmatch(rest):
            raise BadInput(f"chart: corner:ALPHA with a rational is needed, received {text[:80]!r}")
        if kind == "amplitude":
            return cls("amplitude", Fraction(1, 2))
        return cls(kind, fraction(rest, "chart: alpha") if colon else Fraction(1))

    def __str__(self) -> str:
        return f"corner:{self.alpha}" if self.kind == "corner" and self.alpha != 1 else self.kind


@dataclass(frozen=True)
class Syndrome:
    """A way to be wrong: which options outside the support, how often, and on which input.

    run: the questions and answers of a run that it comes from (exact semantics only).
    """

    exponent: Exponent
    case: int
    run: tuple[MachineStep, ...] = ()


@dataclass(frozen=True)
class Hitting:
    """λ_E with its proof: a primal and a dual optimum of the covering program of syndromes.

    variables: the names of the error coordinates. primal: the weights v, in the relative interior
    of the optimal face; they are the weights of the weighted blow-up. dual: syndromes with y > 0.
    face: the dimension of the optimal face; rounds: of cutting planes.
    """

    value: Fraction
    variables: tuple[str, ...]
    costs: tuple[Fraction, ...]
    primal: tuple[Fraction, ...]
    dual: tuple[tuple[Syndrome, Fraction], ...]
    face: int
    rounds: int = 0

    @property
    def multiplicity(self) -> int:
        return 1 + self.face

    @property
    def weights(self) -> dict[str, Fraction]:
        """The weights v that are not 0, by name."""
        return {n: v for n, v in zip(self.variables, self.primal, strict=True) if v}

    def minimal(self, syndromes: Sequence[Syndrome]) -> Hitting:
        """The same proof with each packed syndrome replaced by a minimal one that divides it.

        They differ in options of weight 0 only, where the dual has slack, so that the pair stays
        optimal and strictly complementary.
        """
        packed: dict[Exponent, tuple[Syndrome, Fraction]] = {}
        for syndrome, y in self.dual:
            divisor = next(
                s
                for s in syndromes
                if all(a <= b for a, b in zip(s.exponent, syndrome.exponent, strict=True))
            )
            before = packed.get(divisor.exponent, (divisor, Fraction(0)))[1]
            packed[divisor.exponent] = (divisor, before + y)
        return replace(self, dual=tuple(packed.values()))

    def monomial(self, syndrome: Syndrome) -> str:
        """A syndrome as text: ``q_Ar_r^2``."""
        return monomial_text(self.variables, syndrome.exponent)


class SyndromeProgram:
    """The covering program of a program at a code or at a face, with its oracle.

    program: a :class:`~singularity_lab.programs.machines.machines.Program`. support: the options
    that are allowed; the program's code unless given. formula: the wrong runs, if they are at hand.
    lower, upper: what :meth:`solve` knows of λ_E so far.

    Raises OutOfScope where E does not vanish on the support, or vanishes identically.

    >>> from singularity_lab.programs import program
    >>> sp = SyndromeProgram(program("xor-4nand-shared"))
    >>> sp.solve().value, [sp.text(s) for s in sp.syndromes()]
    (Fraction(7, 2), ['eps_N_01', 'eps_N_10', 'eps_N_11', 'eps_N_00^2'])
    """

    def __init__(
        self,
        program: Program,
        steps: int | None = None,
        semantics: str = "exact",
        support: Support | None = None,
        chart: ProgramChart | str = "corner",
        formula: Formula | None = None,
    ) -> None:
        self.program, self.steps = program, program.steps if steps is None else steps
        self.semantics = check_semantics(program, semantics)
        self.chart = ProgramChart.parse(chart)
        if self.chart.kind == "open":
            raise BadInput("chart: the open chart has no syndromes; ask the engine")
        self.support = check_support(program, support)
        self.formula = formula or wrong_runs(program, self.steps, semantics)
        names = {
            c.variable(o): (c.name, o)
            for c in program.free
            for o in c.options
            if o not in self.support[c.name]
        }
        self.variables = tuple(names)
        self.leaves: tuple[LeafSymbol, ...] = tuple(names.values())
        self._number = {leaf: i for i, leaf in enumerate(self.leaves)}
        self.costs = (self.chart.alpha,) * len(self.variables)
        # v = (1, …, 1) is feasible, for a wrong run takes some option outside the support
        self.lower, self.upper = Fraction(0), sum(self.costs, Fraction(0))
        if all(self.formula.nodes[r][0] == "0" for r in self.formula.roots):
            raise OutOfScope("program: no run is wrong, E is identically 0")
        for root, (degree, _) in enumerate(self.cheapest([0] * len(self.variables), tie=True)):
            if degree == 0:
                case = program.cases[root]
                raise OutOfScope(
                    f"code: it is no solution; on input {case.value!r} some run of its support "
                    f"does not give {case.target!r} in {self.steps} steps"
                )

    def text(self, syndrome: Syndrome | Exponent) -> str:
        """A syndrome as a monomial."""
        exponent = syndrome.exponent if isinstance(syndrome, Syndrome) else syndrome
        return monomial_text(self.variables, exponent)

    # -- the oracle -------------------------------------------------------------------------------

    @cached_property
    def _degree(self) -> int:
        """The largest number of choices in one derivation; in the staged semantics it grows
        exponentially with the steps."""
        degrees: list[int] = []
        for node in self.formula.nodes:
            if node[0] == "+":
                degrees.append(max(degrees[node[1]], degrees[node[2]]))
            elif node[0] == "*":
                degrees.append(degrees[node[1]] + degrees[node[2]])
            else:
                degrees.append(int(node[0] == "leaf"))
        return max(degrees, default=1)

    def cheapest(
        self, prices: Sequence[int], tie: bool = False
    ) -> list[tuple[int | None, Exponent]]:
        """For each input the least integer price of a wrong run and its syndrome.

        tie: the prices are in units of which ties are broken by degree (price·M + degree). None:
        no run on this input is wrong.
        """
        import numpy as np

        scale = self._degree + 1 if tie else 1
        scaled = [p * scale + int(tie) for p in prices]
        bound = max((abs(p) for p in scaled), default=1) * self._degree + 1
        dtype = np.int64 if bound < _INT64 else object
        infinite = bound * 2 if dtype is object else 2**62
        values = {
            leaf: np.array([scaled[self._number[leaf]] if leaf in self._number else 0], dtype=dtype)
            for leaf in self.formula.leaves
        }
        if not values:
            return [(None, ())] * len(self.formula.roots)
        table = self.formula.batch(values, np.minimum, np.add, infinite, 0)[:, 0].tolist()
        found: list[tuple[int | None, Exponent]] = []
        for root in self.formula.roots:
            if table[root] >= bound:
                found.append((None, ()))
                continue
            used = self.formula.derivation(root, table)
            exponent = [0] * len(self.variables)
            for leaf, count in used.items():
                if leaf in self._number:
                    exponent[self._number[leaf]] = count
            found.append((table[root], tuple(exponent)))
        return found

    def _violated(
        self, v: Sequence[Fraction], direction: Sequence[int] | None = None
    ) -> dict[Exponent, int]:
        """Syndromes with ⟨v, μ⟩ < 1, or, with a direction d, with ⟨v, μ⟩ = 1 and ⟨d, μ⟩ < 0."""
        unit = lcm(*(x.denominator for x in v)) if v else 1
        prices = [int(x * unit) for x in v]
        if direction is not None:
            scale = 2 * self._degree * max(map(abs, direction)) + 1
            prices = [p * scale + d for p, d in zip(prices, direction, strict=True)]
        found: dict[Exponent, int] = {}
        least: Fraction | None = None
        for case, (price, exponent) in enumerate(self.cheapest(prices, tie=True)):
            if price is None:
                continue
            cost = sum((x * e for x, e in zip(v, exponent, strict=True) if e), Fraction(0))
            least = cost if least is None else min(least, cost)
            if cost < 1 or (
                direction is not None
                and cost == 1
                and sum(d * e for d, e in zip(direction, exponent, strict=True)) < 0
            ):
                found.setdefault(exponent, case)
        if least and direction is None:  # v / least is feasible
            spent = sum((c * x for c, x in zip(self.costs, v, strict=True)), Fraction(0))
            self.upper = min(self.upper, spent / least)
        return found

    # -- the program ------------------------------------------------------------------------------

    def solve(self, limit: int = 2000) -> Hitting:
        """λ_E and m by cutting planes.

        Raises Undecided after ``limit`` rounds.
        """
        n = len(self.variables)
        rows: dict[Exponent, int] = self._violated([Fraction(0)] * n)
        for round_ in range(1, limit + 1):
            solution = covering_lp(self.costs, list(rows))
            self.lower = max(self.lower, solution.value)  # fewer constraints, a smaller minimum
            fresh = self._violated(solution.primal)
            if not fresh and solution.face_dimension:
                needed = [list(e) for e, y in zip(rows, solution.dual, strict=True) if y]
                for i, cost in enumerate(self.costs):
                    used = sum(y * e[i] for e, y in zip(rows, solution.dual, strict=True))
                    if used < cost:
                        needed.append([int(i == j) for j in range(n)])
                for d in nullspace(needed, n):
                    fresh |= self._violated(solution.primal, d)
                    fresh |= self._violated(solution.primal, [-x for x in d])
            fresh = {e: c for e, c in fresh.items() if e not in rows}
            if not fresh:
                dual = tuple(
                    (Syndrome(e, case), y)
                    for (e, case), y in zip(rows.items(), solution.dual, strict=True)
                    if y
                )
                return Hitting(
                    solution.value,
                    self.variables,
                    self.costs,
                    solution.primal,
                    dual,
                    solution.face_dimension,
                    round_,
                )
            rows |= fresh
            # Rows that no longer bind are dropped when they are many; the value only grows.
            if len(rows) > 6 * n + 60:
                rows = {
                    e: c
                    for e, c in rows.items()
                    if e in fresh
                    or sum(x * k for x, k in zip(solution.primal, e, strict=True)) <= 1
                }
        raise Undecided(f"hitting program: not solved in {limit} rounds of cutting planes")

    def syndromes(self, limit: int = 3000, effort: int | None = None) -> tuple[Syndrome, ...]:
        """All minimal syndromes, by full enumeration: the ideal of E, by degree.

        Raises Undecided when there are more than ``limit`` at some point of the propagation, or
        when it takes more products and comparisons than ``effort``.
        """
        found: dict[Exponent, int] = {}
        for degree in (1, 2, 3, None):
            ring = MonomialIdeals(len(self.variables), limit, found, degree, effort)
            values = {
                leaf: ring.minimal(ring.variable(self._number[leaf]))
                if leaf in self._number
                else ring.one
                for leaf in self.formula.leaves
            }
            for case, ideal in enumerate(self.formula.evaluate(ring, values)):
                for packed in ideal:
                    found.setdefault(ring.unpack(packed), case)
            effort = ring.effort
            ring = MonomialIdeals(len(self.variables), max(limit, len(found)))
            kept = {ring.unpack(e) for e in ring.minimal(map(ring.pack, found))}
            found = {e: case for e, case in found.items() if e in kept}
        every = [Syndrome(e, case) for e, case in found.items()]
        return tuple(sorted(every, key=lambda s: (sum(s.exponent), tuple(-e for e in s.exponent))))

    def enumerated(self, limit: int = 3000) -> Hitting:
        """λ_E and m from the list of all minimal syndromes."""
        found = self.syndromes(limit)
        solution = covering_lp(self.costs, [s.exponent for s in found])
        check_covering(self.costs, [s.exponent for s in found], solution.primal, solution.dual)
        dual = tuple((s, y) for s, y in zip(found, solution.dual, strict=True) if y)
        return Hitting(
            solution.value, self.variables, self.costs, solution.primal, dual,
            solution.face_dimension,
        )  # fmt: skip

    # -- runs -------------------------------------------------------------------------------------

    def trace(self, syndrome: Syndrome | Exponent) -> Syndrome:
        """A wrong run with this syndrome: which wrong step, on which input (exact semantics).

        Raises BadInput for an exponent that is no minimal syndrome, OutOfScope for the semantics
        of marginals, whose derivations are no runs of the machine (see :meth:`derive`).

        >>> from singularity_lab.programs import program
        >>> sp = SyndromeProgram(program("detectA-mini-retry"))
        >>> square = next(s for s in sp.syndromes() if max(s.exponent) == 2)
        >>> run = sp.trace(square)
        >>> print(sp.text(run), "on input", sp.program.cases[run.case].value)
        q_Ar_r^2 on input AB
        >>> sp.program.replay("AB", run.run, 2)
        'r'
        """
        if self.semantics != "exact":
            raise OutOfScope(
                f"trace: the {self.semantics} semantics multiplies marginals; only the exact one "
                "has runs (use derive)"
            )
        exponent = syndrome.exponent if isinstance(syndrome, Syndrome) else syndrome
        cases = range(len(self.program.cases))
        if isinstance(syndrome, Syndrome):
            cases = [syndrome.case, *(i for i in cases if i != syndrome.case)]  # type: ignore[assignment]
        for case in cases:
            run = self._search(case, exponent)
            if run is not None:
                return Syndrome(exponent, case, run)
        raise BadInput(f"trace: no wrong run has the syndrome {self.text(exponent)}")

    def derive(
        self, syndrome: Syndrome | Exponent
    ) -> tuple[int, str, tuple[tuple[int, str, str], ...]]:
        """Where a syndrome comes from in a semantics of marginals: the number of the input, the
        wrong output, and the wrong answers, each as (step, choice, option); gates of a circuit
        count as steps.

        Raises BadInput for an exponent that is no syndrome, OutOfScope for the exact semantics,
        which has runs (:meth:`trace`).

        >>> from singularity_lab.programs import program
        >>> sp = SyndromeProgram(program("detectA-mini-retry"), 2, "naive")
        >>> square = next(s for s in sp.syndromes() if max(s.exponent) == 2)
        >>> sp.derive(square)
        (1, 'r', ((1, 'q_Ar', 'r'), (2, 'q_Ar', 'r')))
        """
        if self.semantics == "exact":
            raise OutOfScope("derive: the exact semantics has runs; use trace")
        exponent = syndrome.exponent if isinstance(syndrome, Syndrome) else syndrome
        used = [i for i, e in enumerate(exponent) if e]
        ring = Witnesses(tuple(exponent[i] for i in used))
        allowed = {(c, o): ring.one for c, options in self.support.items() for o in options}

        def at(step: int) -> dict[LeafSymbol, Any]:
            wrong = {
                self.leaves[i]: ring.variable(k, (step, *self.leaves[i]))
                for k, i in enumerate(used)
            }
            return {**allowed, **wrong}

        found = laws(ring, Timed(at), self.program, self.steps, self.semantics)
        for number, (case, law) in enumerate(zip(self.program.cases, found, strict=True)):
            for output, element in sorted(law.items()):
                if output != case.target and ring.bound in element:
                    return number, output, element[ring.bound]
        raise BadInput(f"derive: no monomial of E is {self.text(exponent)}")

    def possible(self, case: int, output: str, wrong: Sequence[tuple[int, str, str]]) -> bool:
        """True if an output is possible when, besides the support, only certain wrong answers are
        allowed, each at its step (semantics of marginals)."""
        inside = {(c, o): True for c, options in self.support.items() for o in options}

        def at(step: int) -> dict[LeafSymbol, Any]:
            return {**inside, **{(c, o): True for t, c, o in wrong if t == step}}

        found = laws(Booleans(), Timed(at), self.program, self.steps, self.semantics)
        return bool(found[case].get(output, False))

    def _search(self, case: int, exponent: Exponent) -> tuple[MachineStep, ...] | None:
        """Depth-first search for a wrong run with exactly these options outside the support."""
        machine, target = self.program.machine, self.program.cases[case].target
        options = {c.name: c.options for c in machine.choices}
        dead: set[Any] = set()
        path: list[MachineStep] = []

        def moves(state: Any, left: Exponent) -> Iterator[tuple[MachineStep, Any, Exponent]]:
            choice = machine.query(state)
            if choice is None:
                return
            for option in options[choice]:
                if option in self.support[choice]:
                    yield (choice, option), machine.answer(state, option), left
                elif (i := self._number.get((choice, option), -1)) >= 0 and left[i]:
                    fewer = (*left[:i], left[i] - 1, *left[i + 1 :])
                    yield (choice, option), machine.answer(state, option), fewer

        start = machine.start(self.program.cases[case].value, self.steps)
        stack = [(start, exponent, moves(start, exponent))]
        while stack:
            state, left, following = stack[-1]
            if machine.query(state) is None and not any(left) and machine.output(state) != target:
                return tuple(path)
            step = next(following, None)
            if step is None or (state, left) in dead:
                dead.add((state, left))
                stack.pop()
                if path:
                    path.pop()
                continue
            taken, after, fewer = step
            if (after, fewer) in dead:
                continue
            path.append(taken)
            stack.append((after, fewer, moves(after, fewer)))
        return None


def check_support(program: Program, support: Support | None) -> dict[str, frozenset[str]]:
    """A support for each choice: the code's where nothing else is said.

    Raises BadInput for an unknown or frozen choice, an unknown option, or an empty set.
    """
    full = program.vertex()
    known = {c.name: c.options for c in program.free}
    for name, options in (support or {}).items():
        options = frozenset(options)
        if name not in full:
            raise BadInput(f"support: unknown choice {name!r}")
        if name not in known:
            if options != full[name]:
                raise BadInput(f"support: {name} is frozen")
            continue
        if not options or not options <= set(known[name]):
            raise BadInput(f"support: {name} needs some of {', '.join(known[name])}")
        full[name] = options
    return full


def monomial_text(variables: Sequence[str], exponent: Exponent) -> str:
    """``q_Ar_r^2*w_Ar_A``."""
    parts = [f"{n}^{e}" if e > 1 else n for n, e in zip(variables, exponent, strict=True) if e]
    return "*".join(parts) or "1"


def hitting_number(
    program: Program,
    steps: int | None = None,
    semantics: str = "exact",
    chart: ProgramChart | str = "corner",
    support: Support | None = None,
    code: Code | None = None,
) -> Hitting:
    """λ_E and m of a program at its code, at another code, or at a face.

    >>> from singularity_lab.programs import program
    >>> h = hitting_number(program("detectA-mini-retry"))
    >>> h.value, h.multiplicity, str(h.weights["q_Ar_r"])
    (Fraction(13, 2), 1, '1/2')
    """
    if code is not None:
        support = {**program.vertex(code), **(support or {})}
        support = {c.name: support[c.name] for c in program.free}
    return SyndromeProgram(program, steps, semantics, support, chart).solve()


def homogeneous_monomials(
    program: Program, steps: int | None = None, semantics: str = "exact", limit: int = 500_000
) -> tuple[tuple[LeafSymbol, ...], frozenset[Exponent]]:
    """All monomials of E in the probabilities of all options, without absorption: from these the
    syndromes at every face follow at once.

    Raises Undecided beyond ``limit``.
    """
    leaves = tuple((c.name, o) for c in program.free for o in c.options)
    ring = MonomialAntichain(len(leaves), limit)
    values: Mapping[LeafSymbol, Any] = {
        leaf: frozenset((tuple(int(i == j) for j in range(len(leaves))),))
        for i, leaf in enumerate(leaves)
    }
    formula = wrong_runs(program, steps, semantics)
    return leaves, total(ring, formula.evaluate(ring, values))
