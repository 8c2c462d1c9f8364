"""The real singular points of a hypersurface, and (λ, m) at each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from singularity_lab.algebra import maps
from singularity_lab.algebra.algebraic import Number
from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import BadInput, OutOfScope, Undecided
from singularity_lab.exact.engine.families import roots_of
from singularity_lab.exact.engine.result import Result
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.system.deadline import require_seconds
from singularity_lab.system.floats import approximate
from singularity_lab.system.stopwatch import Stopwatch


def _isolated(jacobian: Sequence[Polynomial]) -> list[dict[str, Number]]:
    """The real zeros of polynomials in two variables, without the curves on which all are 0: their
    coordinates are roots of resultants."""
    live = [p.flint for p in jacobian if not p.is_zero]
    names = jacobian[0].variables
    common = live[0]
    for p in live[1:]:
        common = common.gcd(p)
    rest = [p / common for p in live]
    axes: list[list[Number]] = []
    for i, n in enumerate(names):
        other = 1 - i
        total = None
        for p, q in itertools.combinations(rest, 2):
            r = p.resultant(q, names[other])
            if not r.is_zero():
                total = r if total is None else total.gcd(r)
        alone = [p for p in rest if maps.occurring(p) <= {i}]
        for p in alone:
            total = p if total is None else total.gcd(p)
        if total is None:
            return []
        axes.append(roots_of(Polynomial(names, total), n))
    found = []
    for x, y in itertools.product(*axes):
        point = dict(zip(names, (x, y), strict=True))
        written = {n: str(c) for n, c in point.items()}
        problem = LocalProblem.build([Polynomial(names, p) for p in rest], names, at=written)
        germ = problem.localize(algebraic=True)
        values = [maps.at_zero(g.flint, range(2)) for g in germ.generators]
        field = germ.field
        if all(v.is_zero() if field is None else field.sign(v) == 0 for v in values):
            found.append(point)
    return found


@dataclass(frozen=True)
class SingularPoint:
    """A real point where f and its derivatives are 0.

    point: its coordinates; where: the equations of the stratum of such points that it stands for;
    result: the answer of ``rlct`` at it.
    """

    point: Mapping[str, Number]
    where: str
    result: Result

    def __repr__(self) -> str:
        return f"<{self}>"

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

    f: one polynomial. In two variables all isolated singular points are listed. Elsewhere, and
    where the singular locus is a curve or more, each of its strata has one point, and ``where`` has
    its equations; the strata are those of a proof over all of R^d. budget: CPU seconds.

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
    watch = Stopwatch()
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
    for alone in _isolated(jacobian) if len(names) == 2 else []:
        where = ", ".join(f"{n} = {c}" for n, c in alone.items())
        points[str({n: str(c) for n, c in alone.items()})] = (alone, where)
    for s in locus.strata:
        if s.point is not None:
            points.setdefault(str({n: str(c) for n, c in s.point.items()}), (s.point, s.where))
    if locus.bounds.lower is None or any(s.point is None and s.exact for s in locus.strata):
        raise Undecided(f"singular points: the locus is not decided within {budget} CPU seconds")
    found = []
    for point, where in points.values():
        left = None
        if budget is not None:
            left = max((budget - watch.seconds) / max(1, len(points)), 0.2)
        found.append(
            SingularPoint(
                point, where, rlct(g, names, at={n: str(c) for n, c in point.items()}, budget=left)
            )
        )
    return sorted(found, key=lambda p: [approximate(c) for c in p.point.values()])
