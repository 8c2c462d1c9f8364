"""Classes of germs across models: the same up to renaming and signs, and up to proved moves.

Two names, from fine to coarse. ``germ_id``: one germ up to renaming variables and changing signs.
``class_id``: one germ after the moves of docs/theory.md that the verifier replays (regular
coordinates straightened, units divided out). Both imply equal (λ, m), and :func:`clashes` says
where two lines of a class differ all the same. Rows with equal (λ, m) are not one class for that.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.dictionary.schema import Cell, StratumLine
from singularity_lab.errors import SingularityLabError
from singularity_lab.exact.engine.forms import Form, Renaming, plain_form, reduced_form
from singularity_lab.system.counting import counted

LETTERS = 12  # of a digest that name a class


@dataclass(frozen=True)
class Membership:
    """What class a germ is in. evidence: how it becomes the first member."""

    germ_id: str
    class_id: str
    evidence: str


def _told(renaming: Renaming) -> str:
    """The coordinates that change, as text."""
    moved = [
        f"{name} → {'-' if sign < 0 else ''}{to}"
        for name, (to, sign) in renaming.items()
        if name != to or sign < 0
    ]
    if not moved:
        return "the same polynomials"
    more = f", and {len(moved) - 8} more" if len(moved) > 8 else ""
    return ", ".join(moved[:8]) + more


class _Classes:
    """Forms sorted into classes as they come.

    heads: the first member of each class that is known from before, by the class's name; its form
    is made when a form with that digest comes.
    """

    def __init__(self, heads: Mapping[str, Callable[[], Form]]) -> None:
        self.names: dict[str, list[tuple[str, Form]]] = {}
        self.heads = heads

    def place(self, form: Form) -> tuple[str, Renaming | None]:
        """The name of the form's class, and how the form becomes its first member."""
        if form.digest not in self.names:
            self.names[form.digest] = []
            while (name := self._next(form.digest)) in self.heads:
                self.names[form.digest].append((name, self.heads[name]()))
        known = self.names[form.digest]
        for name, first in known:
            renaming = form.renaming(first)
            if renaming is not None:
                return name, renaming
        name = self._next(form.digest)
        known.append((name, form))
        return name, None

    def _next(self, digest: str) -> str:
        """The name of the next class of forms with a digest."""
        return _name(digest, len(self.names[digest]))


def _name(digest: str, count: int) -> str:
    text = f"{digest}:{count}" if count else digest
    return hashlib.sha256(text.encode()).hexdigest()[:LETTERS]


def names_of(form: Form, known: Container[str]) -> Iterator[str]:
    """The names, among known ones, of the classes that a form may be in: :func:`classify` names
    them by its digest, so no other one has to be built and compared."""
    for count in itertools.count():
        name = _name(form.digest, count)
        if name not in known:
            return
        yield name


def classify(
    problems: Mapping[str, LocalProblem],
    seconds: float = 2.0,
    known: Mapping[str, Membership] | None = None,
) -> dict[str, Membership]:
    """The classes of germs, by their keys. seconds: CPU time to reduce one of them. known: classes
    of some of them from before, whose first members are among the germs: the others join them.

    >>> a, b = LocalProblem.build("x^2 - y^3"), LocalProblem.build("(1 + u)*(u^2 + v^3)")
    >>> found = classify({"a": a, "b": b})
    >>> found["a"].class_id == found["b"].class_id, found["a"].germ_id == found["b"].germ_id
    (True, False)
    """
    known = known or {}
    plain_heads: dict[str, Callable[[], Form]] = {}
    reduced_heads: dict[str, Callable[[], Form]] = {}
    of_germ: dict[str, tuple[str, str]] = {}
    for key, member in known.items():
        plain_heads.setdefault(member.germ_id, partial(plain_form, problems[key]))
        reduced_heads.setdefault(member.class_id, partial(reduced_form, problems[key], seconds))
        of_germ.setdefault(member.germ_id, (member.class_id, _moves(member)))
    plain, reduced = _Classes(plain_heads), _Classes(reduced_heads)
    found = {}
    for key, problem in problems.items():
        if key in known:
            found[key] = known[key]
            continue
        try:
            form = plain_form(problem)
        except SingularityLabError as error:
            digest = hashlib.sha256(key.encode()).hexdigest()[:LETTERS]
            found[key] = Membership(digest, digest, f"a class of its own: {error}")
            continue
        germ_id, renaming = plain.place(form)
        if renaming is not None:
            class_id, moved = of_germ[germ_id]
            found[key] = Membership(germ_id, class_id, _told(renaming) + moved)
            continue
        rest = reduced_form(problem, seconds)
        class_id, same = reduced.place(rest)
        moved = ""
        if same is not None:
            after = f" after {counted(len(rest.moves), 'proved move')}" if rest.moves else ""
            moved = f"; {_told(same)}{after}"
        of_germ[germ_id] = class_id, moved
        found[key] = Membership(germ_id, class_id, moved.lstrip("; ") or "the first of its class")
    return found


def _moves(member: Membership) -> str:
    """How the first germ of a form becomes the first of its class, as :func:`classify` tells it."""
    first = member.evidence == "the first of its class"
    return "" if first else f"; {member.evidence.rpartition('; ')[2]}"


def clashes(lines: Sequence[StratumLine]) -> list[str]:
    """Classes whose lines differ in (λ, m): none in a sound dictionary.

    Bounds clash with a value that they exclude, and with bounds that they do not meet.
    """
    classes: dict[str, list[StratumLine]] = {}
    for line in lines:
        if line.class_id.status == "value":
            classes.setdefault(line.class_id.value, []).append(line)
    found = []
    for name, members in classes.items():
        values = {
            (line.lam.value, str(line.m.value))
            for line in members
            if line.lam.status == line.m.status == "value"
        }
        lows = [Fraction(line.lam.lower) for line in members if line.lam.lower]
        highs = [Fraction(line.lam.upper) for line in members if line.lam.upper]
        exact = [Fraction(v) for v, _ in values]
        below, above = [*lows, *exact], [*highs, *exact]
        crossed = bool(below and above) and max(below) > min(above)
        if len(values) > 1 or crossed:
            ids = ", ".join(line.row_id for line in members[:6])
            found.append(f"class {name}: {sorted(values)}: {ids}")
    return found


def cells_of(membership: Membership | None, reason: str) -> dict[str, Cell]:
    """The cells ``germ_id`` and ``class_id``; ``not applicable`` without a germ."""
    if membership is None:
        none = Cell.not_applicable(reason)
        return {"germ_id": none, "class_id": none}
    return {
        "germ_id": Cell.of(membership.germ_id, "renaming and signs"),
        "class_id": Cell.of(membership.class_id, membership.evidence),
    }
