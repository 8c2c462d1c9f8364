"""Families proved before, shared up to renaming and sign, and the script in which each is proved
once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.exact.engine.germs import Germs
from singularity_lab.exact.engine.outcome import SearchOutcome
from singularity_lab.exact.engine.symmetry import signs
from singularity_lab.exact.proof.branches import See
from singularity_lab.exact.proof.certificate import Script

Labelling = tuple[int, ...]


@dataclass(frozen=True)
class ProvedFamily:
    """A closed outcome of a family in the order of its labelling.

    full: whether it is all that can be said, not only enough for the target at the time.
    """

    family: Germs
    order: Labelling
    id: int
    outcome: SearchOutcome
    full: bool


@dataclass
class Lemmas:
    """The families proved so far, by their labelled forms. shared: how often one was used again."""

    shared: int = 0
    ids: int = 0
    known: dict[Any, list[ProvedFamily]] = field(default_factory=dict)

    def enter(
        self, g: Germs, key: Any, order: Labelling, target: RLCT | None, found: SearchOutcome
    ) -> None:
        """Keep a closed outcome under an id in its script."""
        if not g.signs and found.open == 0:
            if "id" not in found.step:
                self.ids += 1
                found.step = {"id": self.ids, **found.step}
            full = target is None or (found.lower is not None and found.lower == found.upper)
            lemma = ProvedFamily(g, order, found.step["id"], found, full)
            self.known.setdefault(key, []).append(lemma)

    def recall(
        self, g: Germs, key: Any, order: Labelling, target: RLCT | None
    ) -> SearchOutcome | None:
        """What is proved of the family, if it is all, or enough for the target."""
        for lemma in () if g.signs else self.known.get(key, ()):
            family, outcome = lemma.family, lemma.outcome
            if (family.names, family.field) != (g.names, g.field):
                continue
            if not lemma.full and (
                target is None or outcome.lower is None or outcome.lower < target
            ):
                continue
            s = signs(g, order, family, lemma.order)
            if s is not None:
                self.shared += 1
                names = {
                    g.names[i]: (g.names[j], s[i])
                    for i, j in zip(order, lemma.order, strict=True)
                    if i != g.symbol
                }
                step = See(step=lemma.id, map=names).encode()
                return SearchOutcome(
                    outcome.lower, outcome.upper, step, outcome.empty, outcome.open
                )
        return None

    def assemble(self, step: Script) -> Script:
        """The script with each shared family proved where it is first used, as a lemma if need
        be."""
        by_id = {lemma.id: lemma for lemmas in self.known.values() for lemma in lemmas}
        proved: set[int] = set()

        def walk(step: Script) -> Script:
            marks = []
            head = copy = dict(step)
            while True:
                if "id" in copy:
                    marks.append(copy["id"])
                if not isinstance(copy.get("then"), dict):
                    break
                copy["then"] = dict(copy["then"])
                copy = copy["then"]
            if "cases" in copy:
                copy["cases"] = [walk(case) for case in copy["cases"]]
            if copy.get("op") == "see" and copy["step"] not in proved:
                lemma = by_id[copy["step"]]
                family, proof = lemma.family.to_json(), walk(lemma.outcome.step)
                copy["lemma"] = {"family": family, "proof": proof}
            proved.update(marks)
            return head

        return walk(step)
