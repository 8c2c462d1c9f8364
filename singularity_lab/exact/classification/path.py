"""Adjacencies along a path of an unfolding: the type of each germ that one meets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.rings import Rational, fraction
from singularity_lab.errors import BadInput, OutOfScope
from singularity_lab.system.documents import Record


class PathPointDocument(Record, frozen=True, rename={"value": "lambda"}):
    """A germ of a path; value, multiplicity: None where 0 is no zero of it."""

    parameter: str
    germ: str
    type: str
    milnor: int | None
    value: str | None
    multiplicity: int | None


class PathDocument(Record, frozen=True):
    """A path of germs as a document, fractions and polynomials as text."""

    points: tuple[PathPointDocument, ...]


@dataclass(frozen=True)
class PathPoint:
    """One germ of a path: the parameter, the germ at the origin, its type and its λ.

    type: Arnold's symbol; "smooth" or "unit" where 0 is not singular, or not a zero.
    """

    parameter: Fraction
    germ: Polynomial
    type: str
    milnor: int | None
    value: Fraction | None
    multiplicity: int | None


@dataclass(frozen=True)
class UnfoldingPath:
    """Germs F_s at the origin for values of s, with type and λ of K = F_s²."""

    points: tuple[PathPoint, ...]

    def jumps(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Neighbouring parameters between which (type, λ) changes."""
        return tuple(
            (a.parameter, b.parameter)
            for a, b in zip(self.points, self.points[1:], strict=False)
            if (a.type, a.value) != (b.type, b.value)
        )

    def document(self) -> PathDocument:
        """The path as a document."""
        return PathDocument(
            points=tuple(
                PathPointDocument(
                    parameter=str(p.parameter),
                    germ=str(p.germ),
                    type=p.type,
                    milnor=p.milnor,
                    value=None if p.value is None else str(p.value),
                    multiplicity=p.multiplicity,
                )
                for p in self.points
            )
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        return "\n".join(
            f"s = {p.parameter}: {p.type}, "
            + (
                "no zero at 0"
                if p.value is None
                else f"(lambda, m) = ({p.value}, {p.multiplicity})"
            )
            for p in self.points
        )

    def plot(self, ax: Any = None) -> Any:
        """λ against the parameter, each point with its type."""
        from singularity_lab.pictures.singularities import unfolding_path

        return unfolding_path([(float(p.parameter), p.value, p.type) for p in self.points], ax=ax)


def along(
    family: Polynomial | str,
    parameter: str,
    values: Iterable[Rational | str],
    budget: float = 20.0,
) -> UnfoldingPath:
    """Type and λ of the germ at the origin of a family, for rational values of its parameter.

    λ is that of K = F_s² (:func:`solve.rlct`, proved). budget: CPU seconds for each λ, and for
    each type. Raises BadInput where the parameter does not occur, Undecided where λ is not decided.

    >>> print(along("x^4 + s*x^3 + y^2", "s", [0, "1/10"]))
    s = 0: A3, (lambda, m) = (3/8, 1)
    s = 1/10: A2, (lambda, m) = (5/12, 1)
    """
    from singularity_lab.algebra.polynomial import parse
    from singularity_lab.exact.classification.singularity import singularity
    from singularity_lab.exact.engine.solve import rlct

    given = parse(family) if isinstance(family, str) else family
    if parameter not in given.variables:
        raise BadInput(f"parameter: {parameter!r} is not one of {', '.join(given.variables)}")
    names = tuple(v for v in given.variables if v != parameter)
    points = []
    for value in values:
        s = fraction(value, "values")
        germ = given.substitute({parameter: s}).in_ring(names)
        kind, mu = "not isolated", None
        found = None
        if germ({}):
            kind = "unit"
        else:
            found = rlct([germ], names, budget=budget).rlct
            if not germ.is_zero and germ.order == 1:
                kind, mu = "smooth", 0
            else:
                try:
                    s_type = singularity(germ, budget=budget)
                    kind, mu = s_type.type, s_type.milnor
                except OutOfScope:
                    kind = "not isolated"
        points.append(
            PathPoint(
                s,
                germ,
                kind,
                mu,
                None if found is None else found.value,
                None if found is None else found.multiplicity,
            )
        )
    return UnfoldingPath(tuple(points))
