"""The germ of a row as the page draws it, and a sign of it by which the page looks germs up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from singularity_lab.algebra.polynomial import Polynomial
from singularity_lab.algebra.problem import Germ, LocalProblem
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.newton import newton_polyhedron
from singularity_lab.system.deadline import TimeLimit

DRAWN = 3  # variables of a Newton polyhedron that is drawn
LONGEST = 60_000  # letters of the generators of a germ that the page holds
SECONDS = 2.0


def germ_record(problem: LocalProblem) -> tuple[dict[str, Any] | None, str]:
    """The germ in coordinates about its point, for the pictures, or None and the reason.

    >>> record, _ = germ_record(LocalProblem.build("x^2 - y^3", at={"x": 1, "y": 1}))
    >>> record["generators"]
    ['x^2 + 2*x - y^3 - 3*y^2 - 3*y']
    """
    try:
        germ = problem.localize()
    except SingularityLabError as error:
        return None, str(error)
    texts = [str(g) for g in germ.generators]
    if sum(map(len, texts)) > LONGEST:
        return None, f"its generators about the point have more than {LONGEST:,} letters"
    return {
        "variables": list(germ.variables),
        "generators": texts,
        "nonnegative": list(germ.nonnegative),
        "box": {},
    }, ""


def sign(generators: Iterable[Polynomial]) -> str:
    """A text that renaming variables, their signs, and scaling generators do not change.

    The exponents of each term, sorted; the terms of each generator, sorted; the generators, sorted.
    Germs with one sign need not be the same; with two signs they are not. The page makes the same
    text of what is typed (``sign`` of atlas/src/poly.ts).

    >>> from singularity_lab import parse
    >>> sign([parse("x^2 - y^3")]) == sign([parse("5*b^3 + a^2")])
    True
    >>> sign([parse("x^2*y - z")])
    '1_2.1'
    """
    spelt = []
    for g in generators:
        terms = (sorted((e for e in a if e), reverse=True) for a in g.support())
        line = "_".join(sorted(".".join(map(str, t)) for t in terms))
        if g.support():
            spelt.append(line)
    return "|".join(sorted(spelt))


def fnv(text: str) -> str:
    """The 32-bit hash of Fowler, Noll and Vo (1a) as eight hexadecimal digits.

    >>> fnv("1_2.1")
    'b7824514'
    """
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{value:08x}"


def germ_sign(problem: LocalProblem) -> str:
    """The hash of the sign of a germ; empty where it has constraints, a prior or no rational
    coordinates, since what is typed has none."""
    try:
        germ: Germ = problem.localize()
    except SingularityLabError:
        return ""
    if germ.nonnegative or any(germ.prior):
        return ""
    return fnv(sign(germ.generators))


def newton_record(problem: LocalProblem) -> tuple[dict[str, Any] | None, str]:
    """The Newton polyhedron of a germ in two or three variables, or None and the reason.

    >>> record, _ = newton_record(LocalProblem.build("x^2 - y^3"))
    >>> record["vertices"], record["distance"], record["hit"]
    ([[0, 3], [2, 0]], '6/5', [[0, 3], [2, 0]])
    """
    n = len(problem.variables)
    if not 2 <= n <= DRAWN:
        return None, f"it is drawn in two and three variables; this germ has {n}"
    try:
        with TimeLimit(SECONDS) as limit:
            found = newton_polyhedron(problem)
        if limit.expired:
            return None, f"not found within {SECONDS:g} CPU seconds"
    except SingularityLabError as error:
        return None, str(error)
    if not any(any(v) for v in found.vertices):
        return None, "some generator is not 0 at the point: the loss is a unit there"
    return {
        "variables": list(problem.variables),
        "vertices": [list(v) for v in found.vertices],
        "support": [list(v) for v in found.support[:400]],
        "facets": [{"normal": list(f.normal), "offset": f.value} for f in found.facets],
        "distance": str(found.distance()),
        "hit": sorted(map(list, found.hit_face())),
    }, ""


def default_slice(variables: Sequence[str], divisors: Sequence[dict[str, Any]]) -> list[str]:
    """The three variables that a picture in more takes: those of the largest weights of a divisor
    that carries λ, else the first three.

    >>> default_slice("abcde", [{"carries": True, "weights": {"e": 2, "b": 1, "q": 3}}])
    ['b', 'e', 'a']
    """
    weights: dict[str, Any] = next(
        (d["weights"] for d in divisors if d.get("carries") and isinstance(d.get("weights"), dict)),
        {},
    )
    named = [v for v in variables if weights.get(v)]
    return (named + [v for v in variables if v not in named])[:DRAWN]
