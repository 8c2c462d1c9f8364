"""Forms of germs: without names and signs, and after the moves that change neither λ nor m.

Two germs are *the same up to renaming and signs* where their labelled forms agree and signs solve
(:mod:`singularity_lab.exact.engine.symmetry`). They are *equivalent by proved moves* where this
holds of what is left of them after simplification: regular coordinates straightened, units divided
out, generators reduced by each other. Each move is one of docs/theory.md and is replayed by the
verifier's own code; the form is that of the family the verifier arrives at. So one class has one
(λ, m). Variables that nothing depends on any more are left out: they alter neither.

Not every equivalence is found: other germs of one type may stay in classes of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.errors import CertificateError
from singularity_lab.exact.engine.germs import Generator, Germs
from singularity_lab.exact.engine.simplify import simplify
from singularity_lab.exact.engine.symmetry import labelling, signs
from singularity_lab.exact.proof.family import Family
from singularity_lab.exact.proof.step import Move, read
from singularity_lab.exact.proof.verify import starting_family
from singularity_lab.system.deadline import TimeLimit

Renaming = dict[str, tuple[str, int]]


@dataclass(frozen=True, eq=False)
class Form:
    """A germ without the names of its variables. moves: what was done to it before, in words."""

    key: tuple[Any, ...]
    germs: Germs
    order: tuple[int, ...]
    moves: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the labelled form (signs do not enter)."""
        return hashlib.sha256(repr(self.key).encode()).hexdigest()

    def renaming(self, other: Form) -> Renaming | None:
        """Variable ↦ (variable of the other, ±1), or None where none was found.

        >>> one = plain_form(LocalProblem.build(["x*y - z", "x"]))
        >>> one.renaming(plain_form(LocalProblem.build(["u", "w - u*v"])))
        {'x': ('u', 1), 'y': ('v', -1), 'z': ('w', -1)}
        """
        if self.key != other.key or len(self.germs.gens) != len(other.germs.gens):
            return None
        found = signs(self.germs, self.order, other.germs, other.order)
        if found is None:
            return None
        pairs = zip(self.order, other.order, strict=True)
        named = {self.germs.names[i]: (other.germs.names[j], found[i]) for i, j in pairs}
        return dict(sorted(named.items()))


def _form(germs: Germs, convention: str, moves: Sequence[str] = ()) -> Form:
    key, order = labelling(germs)
    return Form((convention, len(germs.role), key), germs, order, tuple(moves))


def plain_form(problem: LocalProblem) -> Form:
    """Return the form of a germ as it stands.

    Raises OutOfScope for a problem without a point.
    """
    germ = problem.localize(algebraic=True)
    return _form(Germs.of(germ), problem.convention)


def reduced_form(problem: LocalProblem, seconds: float = 2.0) -> Form:
    """Return the form of what is left of a germ after proved moves, within so many CPU seconds.

    Where they do not suffice, the germ is left as it stands (``moves`` is then empty).

    >>> cusp = reduced_form(LocalProblem.build("(1 + x)*(x^2 - y^3)"))
    >>> cusp.renaming(reduced_form(LocalProblem.build("u^2 + v^3"))) is not None
    True
    """
    family = starting_family(problem).normal()
    words: list[str] = []
    done = False
    with TimeLimit(seconds):
        _, script = simplify(Germs.of(problem.localize(algebraic=True)))
        done = True
    if not done:
        return plain_form(problem)
    try:
        for step in script:
            move = read(step)
            assert isinstance(move, Move)
            words.append(move.words())
            family = move.replay(family).normal()
    except CertificateError:  # a move of the search that the verifier does not follow
        return plain_form(problem)
    return _form(_essential(family), problem.convention, words)


def _essential(family: Family) -> Germs:
    """The verifier's family as the engine's, without variables that nothing depends on."""
    germs = Germs(
        names=family.names,
        role={family.names.index(n): r for n, r in family.role.items()},
        positive=frozenset(family.names.index(n) for n in family.positive if n in family.role),
        k={family.names.index(n): e for n, e in family.k.items() if e},
        h={family.names.index(n): e for n, e in family.h.items() if e},
        gens=tuple(Generator(f) for f in {str(f): f for f in family.gens}.values()),
        units=tuple(family.units),
        signs=tuple(family.signs),
        field=family.field,
    )
    kept = germs.occurs | set(germs.k) | set(germs.unit_variables)
    for u in (*germs.units, *germs.signs):
        kept |= Generator(u).occurs
    return germs.but(
        role={i: r for i, r in germs.role.items() if i in kept},
        positive=germs.positive & kept,
        h={i: e for i, e in germs.h.items() if i in kept},
    )
