"""The front door of the proof arm: λ and m of a germ, or what is proved of them, with certificates.

Routes, in order: the zero ideal; the Newton polyhedron (monomial and nondegenerate ideals, Howald 2001,
Varchenko 1976, Lin 2011); the chart tree. Every value comes with a certificate that has been verified.
"""

from __future__ import annotations

import html
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.polynomial import Ideal, Point, Polynomial, Rational
from singularity_lab.algebra.problem import Convention, LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.certificate import Certificate, Step
from singularity_lab.exact.verify import verify

Generators = LocalProblem | Ideal | Polynomial | str | Sequence[str | Polynomial]


@dataclass(frozen=True)
class Result:
    """What is proved of the germ of K: (λ, m) exactly, or bounds on both sides.

    method: the route that proved it. seconds: CPU time of the search and of verification.
    certificates: one (exact), or those of the lower and of the upper bound. notes: why other routes failed.
    """

    problem: LocalProblem
    bounds: Bounds
    certificates: tuple[Certificate, ...]
    method: str
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def exact(self) -> bool:
        return self.bounds.exact

    @property
    def rlct(self) -> RLCT:
        """(λ, m); raises Undecided, which carries the bounds, where they are not proved."""
        if self.bounds.lower is None or not self.exact:
            raise Undecided(f"not decided: {self.bounds}; {'; '.join(self.notes)}", self.bounds)
        return self.bounds.lower

    @property
    def value(self) -> Fraction:
        """λ; raises Undecided where only bounds are proved."""
        return self.rlct.value

    @property
    def multiplicity(self) -> int:
        """m; raises Undecided where only bounds are proved."""
        return self.rlct.multiplicity

    @property
    def certificate(self) -> Certificate:
        """The proof of the exact value; raises Undecided where there is none."""
        _ = self.rlct
        return self.certificates[0]

    def to_json(self) -> dict[str, Any]:
        """Fractions as text. ``lower`` and ``upper`` are objects with ``lambda`` and ``multiplicity``."""

        def pair(value: RLCT | None) -> dict[str, Any] | None:
            return value and {"lambda": str(value.value), "multiplicity": value.multiplicity}

        certificates = [c.to_json() for c in self.certificates]
        return {
            "status": "exact" if self.exact else "bounds",
            "loss": describe_loss(self.problem),
            "lambda": str(self.value) if self.exact else None,
            "multiplicity": self.multiplicity if self.exact else None,
            "lower": pair(self.bounds.lower),
            "upper": pair(self.bounds.upper),
            "method": self.method,
            "seconds": round(self.seconds, 4),
            "notes": list(self.notes),
            "certificate": certificates[0]
            if self.exact
            else {c.kind: d for c, d in zip(self.certificates, certificates, strict=True)},
        }

    def __str__(self) -> str:
        loss = describe_loss(self.problem)
        if self.exact:
            return (
                f"lambda = {self.value}, m = {self.multiplicity} for {loss} "
                f"({self.method}; certificate verified; {self.seconds:.2f} s)"
            )
        why = f"\n  " + "\n  ".join(self.notes) if self.notes else ""
        return f"{self.bounds} for {loss} ({self.method}; both sides certified; {self.seconds:.2f} s){why}"

    def _repr_html_(self) -> str:
        head = (
            f"λ = <b>{self.value}</b>, m = <b>{self.multiplicity}</b>"
            if self.exact
            else html.escape(str(self.bounds)).replace("lambda", "λ")
        )
        return (
            f"<div>{head} for <code>{html.escape(describe_loss(self.problem))}</code>"
            f"<br><small>{html.escape(self.method)}, certificate verified, {self.seconds:.2f} s</small></div>"
        )


def describe_loss(problem: LocalProblem) -> str:
    """Which K the answer speaks of, in words."""
    names = problem.variables
    gens = [str(g) for g in problem.ideal.generators]
    if problem.convention == "loss":
        loss = f"K = {gens[0]}"
    else:
        shown = [f"({g})^2" for g in gens[:4]] + ([f"... ({len(gens)} squares)"] if len(gens) > 4 else [])
        loss = "K = " + " + ".join(shown)
    at = ", ".join(f"{n} = {c}" for n, c in zip(names, problem.point, strict=True) if c)
    text = f"{loss} at {at or 'the origin'}"
    tau = "*".join(f"|{n}|^{t}" for n, t in zip(names, problem.prior, strict=True) if t)
    if tau:
        text += f", prior {tau}"
    walls = [
        f"{'' if low is None else f'{low} <= '}{n}{'' if high is None else f' <= {high}'}"
        for n, (low, high) in zip(names, problem.box, strict=True)
        if (low, high) != (None, None)
    ]
    return text + (f", {', '.join(walls)}" if walls else "")


def rlct(
    generators: Generators,
    variables: str | Iterable[str] | None = None,
    *,
    at: Point | None = None,
    prior: Mapping[str, Rational | str] | None = None,
    nonnegative: str | Iterable[str] = (),
    box: Mapping[str, tuple[Rational | str | None, Rational | str | None]] | None = None,
    convention: Convention = "ideal",
    budget: float | None = 60.0,
) -> Result:
    """The real log canonical threshold λ and its multiplicity m of the germ of K at a point.

    generators: expressions f1, …, fk (text, Polynomial, Ideal or a LocalProblem); K = Σ fᵢ². With
    ``convention="loss"`` one expression K ≥ 0 itself. at: the point (the origin unless given).
    prior: exponents τ of a prior ∏|wᵢ|^τᵢ. nonnegative, box: constraints. budget: CPU seconds, None for no limit.

    The answer is exact with a verified certificate, or two-sided bounds with two.

    Raises BadInput for what cannot be read and for a loss that takes negative values, OutOfScope where K does
    not vanish at the point.

    >>> r = rlct("x^2 - y^3")
    >>> r.value, r.multiplicity
    (Fraction(5, 12), 1)
    >>> rlct(["a*b", "a*c"], variables="a b c").rlct
    RLCT(value=Fraction(1, 2), multiplicity=1)

    Reference: Watanabe 2009, *Algebraic Geometry and Statistical Learning Theory*, Definition 2.8, Theorem 6.7.
    """
    started = time.process_time()
    if isinstance(generators, LocalProblem):
        problem = generators
    else:
        problem = LocalProblem.build(
            generators, variables, at=at, prior=prior, nonnegative=nonnegative, box=box, convention=convention
        )
    if budget is not None and not budget > 0:
        raise BadInput(f"budget: CPU seconds > 0 are needed, received {budget!r}")
    _check_vanishing(problem)
    if all(g.is_zero for g in problem.ideal.generators):
        return _finish(problem, {"op": "zero"}, None, "K is identically 0", started, ())
    if convention_is_loss(problem):
        _check_nonnegative(problem)
    from singularity_lab.exact.newton import newton_step, term_ideal_bound

    raise NotImplementedError
