"""Tables of (λ, m) over the values of a symbol: cells, their conditions, and their problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from msgspec import UNSET, UnsetType

from singularity_lab.algebra.algebraic import Number, algebraic
from singularity_lab.algebra.invariants import RLCT
from singularity_lab.algebra.names import check_names
from singularity_lab.algebra.polynomial import point_values
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided, quoted
from singularity_lab.exact.engine.result import describe_loss
from singularity_lab.exact.proof.certificate import problem_from_json
from singularity_lab.exact.proof.families import (
    below,
)
from singularity_lab.system.documents import Record


class CellDocument(Record, frozen=True, kw_only=True, rename={"value": "lambda"}):
    """A cell of a table; value, multiplicity: None as in :class:`ParameterCell`."""

    condition: str
    value: str | None
    multiplicity: int | None
    proved: bool
    note: str | UnsetType = UNSET


class TableDocument(Record, frozen=True):
    """A table over a symbol as a document, fractions as text. The certificate has an envelope of
    its own, which the verifier reads."""

    parameter: str
    status: str
    cells: tuple[CellDocument, ...]
    seconds: float
    certificate: dict[str, Any]


@dataclass(frozen=True)
class ParameterCell:
    """One cell of a table. low, high: its ends, None for infinite ones; equal for a single value.

    rlct: (λ, m), None where K does not vanish at the point (λ = ∞), or where it is not proved;
    proved: whether the cell has a proof. note: what is to be known of K there.
    """

    parameter: str
    low: Number | None
    high: Number | None
    rlct: RLCT | None
    proved: bool
    note: str = ""

    @property
    def value(self) -> Fraction:
        """λ; raises Undecided where it is not proved, OutOfScope where it is infinite."""
        return self._known().value

    @property
    def multiplicity(self) -> int:
        """m; raises as ``value`` does."""
        return self._known().multiplicity

    def _known(self) -> RLCT:
        if not self.proved:
            raise Undecided(f"not decided for {self.condition}")
        if self.rlct is None:
            raise OutOfScope(f"K does not vanish at the point for {self.condition}")
        return self.rlct

    @property
    def condition(self) -> str:
        """The values of the symbol, in words.

        >>> ParameterCell("t", Fraction(0), None, None, False).condition
        't > 0'
        """
        t = self.parameter
        if self.low is None and self.high is None:
            return f"all {t}"
        if self.low is None:
            return f"{t} < {self.high}"
        if self.high is None:
            return f"{t} > {self.low}"
        return f"{t} = {self.low}" if self.low == self.high else f"{self.low} < {t} < {self.high}"

    def holds(self, value: Number) -> bool:
        """Whether a value of the symbol is in the cell."""
        if self.low is not None and self.low == self.high:
            return bool(value == self.low)
        above = self.low is None or below(self.low, value)
        return above and (self.high is None or below(value, self.high))

    def document(self) -> CellDocument:
        """The cell as a document."""
        return CellDocument(
            condition=self.condition,
            value=None if self.rlct is None else str(self.rlct.value),
            multiplicity=None if self.rlct is None else self.rlct.multiplicity,
            proved=self.proved,
            note=self.note or UNSET,
        )

    def __str__(self) -> str:
        if not self.proved:
            found = "not decided"
        else:
            found = "K does not vanish" if self.rlct is None else str(self.rlct)
        return f"{self.condition}: {found}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Table:
    """(λ, m) for each value of a symbol t, cell by cell: walls in increasing order and the open
    intervals between them, which are a partition of the line.

    cells: in order. document: the certificate, which ``verify_table`` checks. seconds: CPU time.
    """

    parameter: str
    cells: tuple[ParameterCell, ...]
    document: dict[str, Any]
    seconds: float

    @property
    def exact(self) -> bool:
        """Whether each cell is proved."""
        return all(c.proved for c in self.cells)

    def at(self, **value: Any) -> ParameterCell:
        """The cell of a value of the symbol, rational or real algebraic: ``table.at(t="1/7")``.

        Raises BadInput for another name and for what is no number.
        """
        if set(value) != {self.parameter}:
            raise BadInput(f"at: a value of {self.parameter} is needed, received {quoted(value)}")
        number = algebraic(value[self.parameter], self.parameter)
        return next(c for c in self.cells if c.holds(number))

    def joined(self) -> tuple[tuple[str, ParameterCell], ...]:
        """Conditions and a cell of each run of cells that have one value."""
        found: list[list[ParameterCell]] = []
        for c in self.cells:
            same = found and (found[-1][-1].rlct, found[-1][-1].proved) == (c.rlct, c.proved)
            if same and found[-1][-1].note == c.note:
                found[-1].append(c)
            else:
                found.append([c])
        return tuple((_condition(run), run[0]) for run in found)

    def to_json(self) -> dict[str, Any]:
        """The table and its certificate as a JSON document."""
        return TableDocument(
            parameter=self.parameter,
            status="exact" if self.exact else "bounds",
            cells=tuple(c.document() for c in self.cells),
            seconds=round(self.seconds, 4),
            certificate=self.document,
        ).plain()

    @property
    def loss(self) -> str:
        """The loss K and the point that the table is about, in words."""
        return describe_loss(problem_from_json(self.document["problem"]))

    def __str__(self) -> str:
        lines = [f"(lambda, m) for {self.loss}, by {self.parameter}:"]
        for condition, c in self.joined():
            lines.append("  " + str(c).replace(c.condition, condition, 1))
        return "\n".join(lines)


def _condition(run: Sequence[ParameterCell]) -> str:
    first, last = run[0], run[-1]
    if first is last:
        return first.condition
    t, low, high = first.parameter, first.low, last.high
    left = "<=" if first.low == first.high and low is not None else "<"
    right = "<=" if last.low == last.high and high is not None else "<"
    if low is None:
        return f"all {t}" if high is None else f"{t} {right} {high}"
    if high is None:
        return f"{t} {left.replace('<', '>')} {low}"
    return f"{low} {left} {t} {right} {high}"


# -- the problem ----------------------------------------------------------------------------------


def with_symbol(
    generators: Any,
    variables: Any,
    parameter: str,
    *,
    at: Any = None,
    over: Any = None,
    **options: Any,
) -> LocalProblem:
    """The problem in variables and a symbol, at a point that has no coordinate for the symbol.

    Raises BadInput where there is no such symbol, or for more than one; OutOfScope over a domain.
    """
    if len(check_names(parameter)) != 1:
        raise BadInput(f"parameters: one symbol is needed, received {quoted(parameter)}")
    if over is not None:
        raise OutOfScope("parameters: the germ at one point is tabulated, not a domain")
    if variables is None:
        names = LocalProblem.build(generators).variables
        if parameter not in names:
            known = ", ".join(names)
            raise BadInput(f"parameters: {quoted(parameter)} is no name here; known: {known}")
    else:
        names = check_names(variables)
    others = tuple(n for n in names if n != parameter)
    point = point_values({} if at is None else at, others)
    found = LocalProblem.build(
        generators, (*others, parameter), at=dict(zip(others, point, strict=True)), **options
    )
    if found.inequalities:
        raise OutOfScope(
            "nonnegative: with parameters, constraints on variables only, received "
            f"{found.inequalities[0]} >= 0"
        )
    return found
