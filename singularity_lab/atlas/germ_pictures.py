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


def default_slice(
    variables: Sequence[str],
    divisors: Sequence[dict[str, Any]],
    terms: Iterable[frozenset[str]] = (),
) -> list[str]:
    """The three variables that a picture in more takes: those of the largest weights of a divisor
    that carries λ, else the first three; with them a term of some generator, so that K is not 0 on
    the whole slice. Empty where every term has more than three variables.

    terms: the variables of each term of the generators.

    >>> carrying = [{"carries": True, "weights": {"e": 2, "b": 1, "q": 3}}]
    >>> default_slice("abcde", carrying)
    ['e', 'b', 'a']
    >>> default_slice("abcde", carrying, [frozenset("cd"), frozenset("abcd")])
    ['c', 'd', 'e']
    >>> default_slice("abcde", carrying, [frozenset("abcd")])
    []
    """
    weights: dict[str, Any] = next(
        (d["weights"] for d in divisors if d.get("carries") and isinstance(d.get("weights"), dict)),
        {},
    )
    named = sorted((v for v in variables if weights.get(v)), key=lambda v: -float(weights[v]))
    preferred = named + [v for v in variables if v not in named]
    supports = sorted(set(terms), key=lambda t: (len(t), sorted(t)))
    if not supports or any(t <= set(preferred[:DRAWN]) for t in supports):
        return preferred[:DRAWN]
    if len(supports[0]) > DRAWN:
        return []
    first = [v for v in preferred if v in supports[0]]
    return (first + [v for v in preferred if v not in first])[:DRAWN]


def term_variables(problem: LocalProblem) -> list[frozenset[str]]:
    """The variables of each term of the generators about the point; none where there is no germ."""
    try:
        germ = problem.localize()
    except SingularityLabError:
        return []
    return [
        frozenset(v for v, e in zip(germ.variables, a, strict=True) if e)
        for g in germ.generators
        for a in g.support()
    ]
