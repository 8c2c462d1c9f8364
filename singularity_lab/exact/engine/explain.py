"""The proof behind an answer of the proof arm, told chart by chart."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.problem import GermLike
from singularity_lab.errors import Undecided
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.solve import GRACE, OVERRUN, rlct
from singularity_lab.exact.proof.step import STEPS
from singularity_lab.system.deadline import TimeLimit, require_seconds
from singularity_lab.system.stopwatch import Stopwatch

if TYPE_CHECKING:
    import networkx


@dataclass(frozen=True)
class Explanation:
    """Which theorem applied, why others did not, the proof as a tree, and what stayed open.

    trees: one :func:`~singularity_lab.exact.proof.tree.proof_tree` for each certificate of the
    result.
    """

    result: Result
    trees: tuple[networkx.DiGraph, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The proofs, a line for each chart and move."""
        return tuple(line for tree in self.trees for line in tree.graph["text"].splitlines())

    @property
    def theorems(self) -> tuple[str, ...]:
        """The theorems of the proofs, one a line: the name of the step, as the theory lists it, and
        what it says, with its source."""
        found = dict.fromkeys(s["op"] for c in self.result.certificates for s in c.steps())
        records = {op: STEPS[op] for op in found if op in STEPS}
        return tuple(f"{op}: {_sentence(record.__doc__ or '')}" for op, record in records.items())

    def __str__(self) -> str:
        notes = self.result.notes if self.result.exact else ()  # bounds tell theirs themselves
        charts = dict.fromkeys(map(str, self.result.open_charts))
        said = ("theorems (docs/theory.md):", *(f"  {t}" for t in self.theorems))
        return "\n".join((str(self.result), *notes, *self.lines, *charts, *said))

    def _repr_html_(self) -> str:
        steps = "".join(f"{html.escape(line)}\n" for line in self.lines)
        notes = self.result.notes if self.result.exact else ()
        told = (*notes, *dict.fromkeys(map(str, self.result.open_charts)))
        small = "".join(f"<br><small>{html.escape(text)}</small>" for text in told)
        cited = "<br>".join(html.escape(text) for text in self.theorems)
        head = self.result._repr_html_()
        return (
            f"{head}<details open><summary>the proof</summary><pre>{steps}</pre></details>"
            f"<details><summary>its theorems</summary>{cited}</details>{small}"
        )

    def plot(self, ax: Any = None) -> Any:
        """Draw the (first) tree; returns matplotlib's Axes."""
        from singularity_lab.pictures.proofs import plot_tree

        if not self.trees:
            raise Undecided("plot: the proof is too long to be told within the budget")
        return plot_tree(self.trees[0], ax)


def _sentence(text: str) -> str:
    """The first sentence of a docstring on one line, without the marks of reStructuredText."""
    plain = re.sub(r":\w+:`~?[\w.]*?(\w+)`", r"\1", " ".join(text.split())).replace("``", "")
    return re.split(r"(?<=\.) |; both", plain)[0].removesuffix(".")


def explain(
    generators: GermLike,
    variables: str | Iterable[str] | None = None,
    *,
    budget: float | None = 60.0,
    **options: Any,
) -> Explanation:
    """Return the proof behind :func:`rlct`, told chart by chart; the arguments are the same.

    budget: CPU seconds for both; a search ends a little earlier, so that its proof can be told. A
    proof that takes too long to tell has no tree.

    >>> print(explain("x*y").lines[1].split(";")[0])
    0 x*y: monomial ideal, optimal weight (x: 1/2, y: 1/2)
    """
    from singularity_lab.exact.proof.tree import proof_tree

    require_seconds(budget)
    watch = Stopwatch()
    search = None if budget is None else 0.9 * budget
    result = rlct(generators, variables, budget=search, **options)
    trees = []
    with TimeLimit(None if budget is None else OVERRUN * budget + GRACE, watch):
        for certificate in result.certificates:
            trees.append(proof_tree(certificate))
    return Explanation(result, tuple(trees))
