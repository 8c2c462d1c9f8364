"""What is proved of a germ: the exact pair or bounds, with the certificates."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET

from singularity_lab.algebra.analytic_problem import AnalyticProblem, Problem
from singularity_lab.algebra.doubtful_names import doubts_of
from singularity_lab.algebra.invariants import Bounded, Bounds
from singularity_lab.exact.engine.answer_documents import PairDocument, ResultDocument
from singularity_lab.exact.engine.search import OpenChart
from singularity_lab.exact.engine.strata import DomainStratum
from singularity_lab.exact.proof.certificate import Certificate

_LINE = 2_000  # characters of a loss that an answer prints


@dataclass(frozen=True)
class Result(Bounded):
    """What is proved of the germ of K: (λ, m) exactly, or bounds on both sides.

    method: the route that proved it. seconds: CPU time of the search and of verification.
    certificates: one (exact), or those of the lower and of the upper bound. notes: why other
    routes failed. strata: of a problem over a domain, those of the least (λ, m) first; else none.
    open_charts: where the search stopped, with the rules that had no outcome there.

    >>> from singularity_lab import rlct
    >>> r = rlct("x^2 - y^3")
    >>> r.exact, r.value, r.multiplicity, r.certificate.kind
    (True, Fraction(5, 12), 1, 'exact')
    """

    problem: Problem
    bounds: Bounds
    certificates: tuple[Certificate, ...]
    method: str
    seconds: float
    notes: tuple[str, ...] = ()
    strata: tuple[DomainStratum, ...] = ()
    open_charts: tuple[OpenChart, ...] = field(default=(), compare=False)

    def _open(self) -> str:
        return f"not decided: {self.bounds}; {'; '.join(self.notes)}"

    @property
    def certificate(self) -> Certificate:
        """The proof of the exact value; raises Undecided where there is none."""
        _ = self.rlct
        return self.certificates[0]

    def plot(self, ax: Any = None) -> Any:
        """The proof tree as a picture; see :func:`~singularity_lab.pictures.proofs.plot_tree`."""
        from singularity_lab.exact.proof.tree import proof_tree
        from singularity_lab.pictures.proofs import plot_tree

        return plot_tree(proof_tree(self), ax)

    def document(self) -> ResultDocument:
        """The result as a document, fractions as text."""
        certificates = [c.to_json() for c in self.certificates]
        return ResultDocument(
            status="exact" if self.exact else "bounds",
            loss=describe_loss(self.problem),
            label=self.problem.label or UNSET,
            value=str(self.value) if self.exact else None,
            multiplicity=self.multiplicity if self.exact else None,
            lower=PairDocument.of(self.bounds.lower),
            upper=PairDocument.of(self.bounds.upper),
            method=self.method,
            seconds=round(self.seconds, 4),
            notes=(*self.notes, *filter(None, [doubts_of(self.problem)])),
            strata=tuple(s.document() for s in self.strata) or UNSET,
            certificate=certificates[0]
            if self.exact
            else {c.kind: d for c, d in zip(self.certificates, certificates, strict=True)},
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values; ``lower`` and ``upper`` are objects with ``lambda`` and
        ``multiplicity``."""
        return self.document().plain()

    def __str__(self) -> str:
        loss = self._loss()
        if self.exact:
            return (
                f"lambda = {self.value}, m = {self.multiplicity} for {loss} "
                f"({self.method}; certificate verified; {self.seconds:.2f} s)"
                + self._doubled()
                + self._variables()
                + "".join(f"\n  {s}" for s in self.strata)
            )
        why = "\n  " + "\n  ".join(self.notes) if self.notes else ""
        known = sum(side is not None for side in (self.bounds.lower, self.bounds.upper))
        certified = ("", "; certified", "; both sides certified")[known]
        how = f"{self.method}{certified}; {self.seconds:.2f} s"
        strata = "".join(f"\n  {s}" for s in self.strata)
        return f"{self.bounds} for {loss} ({how}){why}{self._variables()}{strata}"

    def _doubled(self) -> str:
        """2λ in words, where K is the square of one f."""
        problem = self.problem
        many = problem.texts if isinstance(problem, AnalyticProblem) else problem.ideal.generators
        if problem.convention != "ideal" or len(many) != 1:
            return ""
        said = f"\n  2 lambda = {2 * self.value}: the real threshold of |f|"
        if any(e < 0 for e in problem.prior):  # a pair with a negative coefficient
            return f"{said} with this prior"
        return f"{said}, at least lct(f) over C"

    def _variables(self) -> str:
        """The variables in words, where a name may have been meant for something else."""
        told = doubts_of(self.problem)
        return f"\n  {told}" if told else ""

    def _loss(self) -> str:
        """What the answer is about, in a line that can be read: the JSON has all of it."""
        label = f"{self.problem.label}: " if self.problem.label else ""
        loss = describe_loss(self.problem)
        if len(loss) > _LINE:
            loss = f"{loss[: _LINE // 2]} … {loss[-_LINE // 4 :]} ({len(loss)} characters)"
        return label + loss

    def _repr_html_(self) -> str:
        head = (
            f"λ = <b>{self.value}</b>, m = <b>{self.multiplicity}</b>"
            if self.exact
            else html.escape(str(self.bounds)).replace("lambda", "λ")
        )
        return (
            f"<div>{head} for <code>{html.escape(self._loss())}</code>"
            f"<br><small>{html.escape(self.method)}, "
            f"{'certificate verified, ' if self.certificates else ''}"
            f"{self.seconds:.2f} s</small></div>"
        )


def describe_loss(problem: Problem) -> str:
    """The loss K that an answer is about, in words."""
    names = problem.variables
    if isinstance(problem, AnalyticProblem):
        gens = list(problem.texts)
    else:
        gens = [str(g) for g in problem.ideal.generators]
    if problem.convention == "loss":
        loss = f"K = {gens[0]}"
    elif problem.convention == "two-sided":
        loss = f"K = |{gens[0]}|"
    else:
        shown = [f"({g})^2" for g in gens[:4]] + (
            [f"... ({len(gens)} squares)"] if len(gens) > 4 else []
        )
        loss = "K = " + " + ".join(shown)
    at = ", ".join(f"{n} = {c}" for n, c in zip(names, problem.point, strict=True) if c)
    text = f"{loss} at {at or 'the origin'}"
    box = problem.box
    if problem.over is not None:
        text, box = f"{loss}, the least over all points of R^{len(names)}", problem.over
    tau = "*".join(f"|{n}|^{t}" for n, t in zip(names, problem.prior, strict=True) if t)
    if tau:
        text += f", prior {tau}"
    walls = [
        f"{'' if low is None else f'{low} <= '}{n}{'' if high is None else f' <= {high}'}"
        for n, (low, high) in zip(names, box, strict=True)
        if (low, high) != (None, None)
    ]
    if not isinstance(problem, AnalyticProblem):
        walls += [f"{g} >= 0" for g in problem.inequalities]
    return text + (f", {', '.join(walls)}" if walls else "")
