"""The real singular points of a hypersurface, and (λ, m) at each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from singularity_lab.algebra.algebraic import Number
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.system.deadline import require_seconds


@dataclass(frozen=True)
class SingularPoint:
    """A real point where f and its derivatives are 0.

    point: its coordinates; where: the equations of the stratum of such points that it stands for;
    result: the answer of ``rlct`` at it.
    """

    point: Mapping[str, Number]
    where: str
    result: Result

    def __str__(self) -> str:
        at = ", ".join(f"{n} = {c}" for n, c in self.point.items())
        return f"{self.result.bounds} at {at} on {{{self.where}}}"


def singular_points(
    f: Polynomial | str,
    variables: str | Iterable[str] | None = None,
    *,
    budget: float | None = 60.0,
) -> list[SingularPoint]:
    """Return the real singular points of {f = 0}, each with (λ, m) of K = f² there.

    f: one polynomial. Where the singular locus has positive dimension, each of its strata has one
    point, and ``where`` has its equations. The list is complete: the strata are those of a proof
    over all of R^d. budget: CPU seconds.

    Raises OutOfScope for the zero polynomial, Undecided where the locus is not found within the
    budget.

    >>> for p in singular_points("(x - 1)*(y^2 - x^3)"):
    ...     print(*map(str, p.point.values()), p.result.rlct)
    0 0 (5/12, 1)
    1 -1 (1/2, 2)
    1 1 (1/2, 2)

    Reference: the jacobian criterion; Hartshorne 1977, *Algebraic Geometry*, Theorem I.5.1.
    """
    require_seconds(budget)
    problem = LocalProblem.of(f, variables)
    if len(problem.ideal.generators) != 1:
        count = len(problem.ideal.generators)
        raise BadInput(f"f: one polynomial is needed, received {count}")
    (g,) = problem.ideal.generators
    if g.is_zero:
        raise OutOfScope("singular points: the zero polynomial")
    names = problem.variables
    started = time.process_time()
    jacobian = [g, *(g.derivative(n) for n in names)]
    try:
        locus = rlct(
            [p for p in jacobian if not p.is_zero],
            names,
            over="R^d",
            budget=None if budget is None else budget / 2,
        )
    except OutOfScope:  # proved: there is no real zero
        return []
    points: dict[str, tuple[Mapping[str, Any], str]] = {}
    for s in locus.strata:
        if s.point is not None:
            points.setdefault(str({n: str(c) for n, c in s.point.items()}), (s.point, s.where))
    if locus.bounds.lower is None or any(s.point is None and s.exact for s in locus.strata):
        raise Undecided(f"singular points: the locus is not decided within {budget} CPU seconds")
    found = []
    for point, where in points.values():
        left = None
        if budget is not None:
            left = max((budget - (time.process_time() - started)) / max(1, len(points)), 0.2)
        found.append(SingularPoint(point, where, rlct(g, names, at=dict(point), budget=left)))
    return sorted(found, key=lambda p: [float(c) for c in p.point.values()])
