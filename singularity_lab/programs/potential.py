"""The potential H of a program near a code: its Taylor terms count wrong runs. Murfet and Troiani
2025, "Programs as Singularities"; docs/programs.md, "Reading the potential".

H = Σ_x q(x) ‖f_x(w) − y*(x)‖² on the noisy machines w, in the error coordinates ε at a code. The
derivative of f_x(w)_y along ε_i, for a wrong output y, is the number of runs on x that give y with
the one error i. With the vectors N_{x,y} of these numbers and N_x = Σ_y N_{x,y},

    H = Σ_x q(x) ( ⟨N_x, ε⟩² + Σ_{y ≠ y*(x)} ⟨N_{x,y}, ε⟩² ) + terms of degree ≥ 3,

so the Hessian is a Gram matrix, its rank is that of the N_{x,y}, and an error i lies in its kernel
exactly where it is no syndrome by itself. Likewise the coefficient of ε^μ in e_x = 1 − f_x(w)_{y*},
for a syndrome μ that no other wrong run on x divides, is the number of wrong runs on x with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.simplex import rank
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.programs.machines.machines import Code, Program, choose_steps
from singularity_lab.programs.program_documents import PotentialDocument, SyndromeCount
from singularity_lab.programs.syndromes import SyndromeProgram, monomial_text
from singularity_lab.programs.uncertainty.noisy import (
    check_semantics,
    coordinates,
    error_polynomials,
    laws,
    squared_error,
)

_PRODUCTS = 1_000_000  # of terms of the polynomials
_LISTING = 5_000_000  # products and comparisons for the list of syndromes


class FirstOrder:
    """Numbers a + ⟨b, ε⟩ with ε ε = 0: values with their first derivatives, b by index.

    >>> ring = FirstOrder()
    >>> ring.mul((2, {0: 1}), (3, {1: 1}))
    (6, {0: 3, 1: 2})
    """

    zero: tuple[int, dict[int, int]] = (0, {})
    one: tuple[int, dict[int, int]] = (1, {})

    def add(self, a: Any, b: Any) -> Any:
        return (a[0] + b[0], _plus(a[1], 1, b[1], 1))

    def mul(self, a: Any, b: Any) -> Any:
        return (a[0] * b[0], _plus(a[1], b[0], b[1], a[0]))


def _plus(x: Mapping[int, int], a: int, y: Mapping[int, int], b: int) -> dict[int, int]:
    """a·x + b·y."""
    found = {i: a * c for i, c in x.items()} if a else {}
    if b:
        for i, c in y.items():
            found[i] = found.get(i, 0) + b * c
    return {i: c for i, c in found.items() if c}


@dataclass(frozen=True)
class Potential:
    """H near a code: its Taylor expansion to second order, and the syndromes that it counts.

    variables: the error coordinates. runs: for each (input, wrong output) the number of runs with
    each single error. hessian: of H at the code, d × d; rank: its rank. polynomial: H itself, None
    where it has too many terms to be expanded. syndromes: (monomial, its coefficient in E, the
    number of its wrong runs by input), the minimal ones; of degree 1 alone where the e_x are too
    large to be expanded.
    """

    program: Program
    steps: int
    semantics: str
    variables: tuple[str, ...]
    runs: tuple[tuple[str, str, tuple[int, ...]], ...]
    hessian: tuple[tuple[Fraction, ...], ...]
    rank: int
    polynomial: Polynomial | None
    syndromes: tuple[tuple[str, Fraction, Mapping[str, int]], ...]

    @property
    def quadratic(self) -> Polynomial:
        """The part of H of degree 2."""
        n = len(self.variables)
        terms: dict[tuple[int, ...], Fraction] = {}
        for i, row in enumerate(self.hessian):
            for j in range(i + 1):
                c = row[j] if i != j else row[i] / 2
                if c:
                    terms[tuple((k == i) + (k == j) for k in range(n))] = c
        return Polynomial.from_terms(terms, self.variables)

    @property
    def directions(self) -> tuple[str, ...]:
        """The errors outside the Hessian's kernel of coordinates: single errors that are seen."""
        return tuple(n for i, n in enumerate(self.variables) if self.hessian[i][i])

    def to_json(self) -> dict[str, Any]:
        """Fractions as text. ``hessian`` is restricted to ``directions``; elsewhere it is 0."""
        seen = [i for i in range(len(self.variables)) if self.hessian[i][i]]
        h = self.polynomial
        return PotentialDocument(
            program=self.program.name,
            dimension=self.program.dimension,
            steps=self.steps if self.program.machine.clocked else None,
            semantics=self.semantics,
            polynomial=None if h is None else str(h),
            terms=None if h is None else len(h.flint),
            quadratic=str(self.quadratic),
            directions=self.directions,
            hessian=tuple(tuple(str(self.hessian[i][j]) for j in seen) for i in seen),
            rank=self.rank,
            syndromes=tuple(
                SyndromeCount(syndrome=s, coefficient=str(c), runs=dict(by))
                for s, c, by in self.syndromes
            ),
        ).plain()

    def __str__(self) -> str:
        clock = f"T = {self.steps}, " if self.program.machine.clocked else ""
        h = self.polynomial
        if h is None:
            lines = [f"H = {self.quadratic} + terms of degree >= 3"]
        elif len(h.flint) <= 40:
            lines = [f"H = {h}"]
        else:
            lines = [f"H = {self.quadratic} + terms of degree >= 3 ({len(h.flint)} terms in all)"]
        lines.insert(0, f"{self.program.name} at its code, {clock}{self.semantics} semantics, "
                        f"d = {self.program.dimension}")  # fmt: skip
        lines.append(f"Hessian of H: rank {self.rank}; it is 0 but for {len(self.directions)} "
                     "single errors")  # fmt: skip
        width = max((len(n) for n in self.directions), default=0)
        for i, name in enumerate(self.variables):
            if self.hessian[i][i]:
                row = [self.hessian[i][j] for j, n in enumerate(self.variables)
                       if self.hessian[j][j]]  # fmt: skip
                lines.append(f"  {name:{width}}  " + " ".join(f"{x!s:>5}" for x in row))
        lines.append("syndromes: coefficient in E, wrong runs by input")
        for monomial, c, by in self.syndromes:
            told = ", ".join(f"{x or '()'}: {k}" for x, k in list(by.items())[:12])
            more = f", … ({len(by)} inputs)" if len(by) > 12 else ""
            lines.append(f"  {monomial}: {c} ({told}{more})")
        return "\n".join(lines)


def potential(
    program: Program,
    steps: int | None = None,
    semantics: str = "exact",
    code: Code | None = None,
    expand: bool = True,
) -> Potential:
    """H of a program at a code with its Hessian, rank, and the syndromes that its terms count.

    expand: False leaves H and the e_x unexpanded. Raises OutOfScope where the code does not solve
    the task.

    >>> from singularity_lab.programs import program
    >>> found = potential(program("identity-chain2"))
    >>> print(found.quadratic, "; rank", found.rank)
    4*eps_g_0^2 + 4*eps_g_1^2 ; rank 2
    >>> found.syndromes[0]
    ('eps_g_0', Fraction(1, 1), {'0': 2})

    Reference: D. Murfet and W. Troiani 2025, "Programs as Singularities", arXiv:2504.08075.
    """
    steps = choose_steps(program, steps)
    check_semantics(program, semantics)
    at = program.at(code) if code else program
    names = coordinates(at)
    rows = _wrong_outputs(at, steps, semantics, names)
    n = len(names)
    hessian = [[Fraction(0)] * n for _ in range(n)]
    mass = sum(c.weight for c in at.cases)
    for case in at.cases:
        wrong = [row for x, _, row in rows if x == case.value]
        every = tuple(map(sum, zip(*wrong, strict=True))) if wrong else (0,) * n
        for row in (*wrong, every):
            seen = [i for i in range(n) if row[i]]
            for i in seen:
                for j in seen:
                    hessian[i][j] += 2 * case.weight / mass * row[i] * row[j]
    h = errors = None
    if expand:
        try:
            h = squared_error(at, steps, semantics, None, _PRODUCTS)
            errors = error_polynomials(at, steps, semantics, None, _PRODUCTS)
        except BadInput:
            h = errors = None
    return Potential(
        at, steps, semantics, tuple(names), tuple(rows), tuple(map(tuple, hessian)),
        rank([row for _, _, row in rows]), h, _counted(at, steps, semantics, rows, errors),
    )  # fmt: skip


def _wrong_outputs(
    program: Program, steps: int, semantics: str, names: Mapping[str, tuple[str, str]]
) -> list[tuple[str, str, tuple[int, ...]]]:
    """(input, wrong output, derivatives of its probability along the errors)."""
    ring = FirstOrder()
    free = {c.name for c in program.free}
    p: dict[tuple[str, str], Any] = {leaf: (0, {i: 1}) for i, leaf in enumerate(names.values())}
    number = {leaf: i for i, leaf in enumerate(names.values())}
    for c in program.machine.choices:
        rest = [number[c.name, o] for o in c.options if (c.name, o) in number]
        p[c.name, program.code[c.name]] = (1, dict.fromkeys(rest, -1) if c.name in free else {})
    rows = []
    for case, law in zip(program.cases, laws(ring, p, program, steps, semantics), strict=True):
        for output, (value, slope) in sorted(law.items()):
            if output == case.target:
                continue
            if value:
                raise OutOfScope(
                    f"code: it is no solution; on input {case.value!r} it gives {output!r}, not "
                    f"{case.target!r}, in {steps} steps"
                )
            if slope:
                row = tuple(slope.get(i, 0) for i in range(len(names)))
                rows.append((case.value, output, row))
    return rows


def _counted(
    program: Program,
    steps: int,
    semantics: str,
    rows: list[tuple[str, str, tuple[int, ...]]],
    errors: list[Polynomial] | None,
) -> tuple[tuple[str, Fraction, Mapping[str, int]], ...]:
    """The minimal syndromes with their coefficients in E and their numbers of wrong runs."""
    names = tuple(coordinates(program))
    mass = sum((c.weight for c in program.cases), Fraction(0))
    counts: dict[tuple[int, ...], dict[str, int]] = {}
    for value, _, row in rows:
        for i, k in enumerate(row):
            if k:
                by = counts.setdefault(tuple(int(i == j) for j in range(len(names))), {})
                by[value] = by.get(value, 0) + k
    if errors is not None:
        try:
            listed = SyndromeProgram(program, steps, semantics).syndromes(effort=_LISTING)
        except Undecided:
            listed = ()
        terms = [dict(e.terms()) for e in errors]
        for s in listed:
            if sum(s.exponent) > 1:
                found = {
                    case.value: int(t[s.exponent])
                    for case, t in zip(program.cases, terms, strict=True)
                    if s.exponent in t
                }
                counts[s.exponent] = found
    weight = {c.value: c.weight / mass for c in program.cases}
    order = sorted(counts, key=lambda a: (sum(a), tuple(-e for e in a)))
    return tuple(
        (monomial_text(names, a), sum((weight[x] * k for x, k in counts[a].items()), Fraction(0)),
         counts[a])
        for a in order
    )  # fmt: skip
