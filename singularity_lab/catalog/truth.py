"""Ground truth of a catalog row: certificates and claims, joined. A certificate decides; a claim is
compared with it.

status ``proved``: (λ, m) is exact by a verified certificate; ``bracketed``: verified bounds on both
sides; ``cited``: no two-sided bounds, but a paper states the value; ``disputed``: a certificate or
a second paper contradicts a claim, and nobody has written down why; ``unknown``: none of these.

Certificates are kept on disk (:mod:`singularity_lab.catalog.store`): those that the catalog ships,
then the user's own. What is read back is verified again before it counts; only :func:`listing`,
which answers at once for the whole catalog, takes the word of the index.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from singularity_lab.algebra.invariants import Bounded, Bounds
from singularity_lab.catalog.entry import Claim, Entry
from singularity_lab.catalog.load import load
from singularity_lab.catalog.store import CertificateStore, bounds_of, problem_key, shipped
from singularity_lab.exact.engine.answer_documents import PairDocument
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.system.deadline import require_seconds
from singularity_lab.system.documents import Record
from singularity_lab.system.stopwatch import Stopwatch

__all__ = [
    "CertificateStore",
    "GroundTruth",
    "Status",
    "between_claims",
    "bounds_of",
    "cache_folder",
    "contradiction",
    "ground_truth",
    "judge",
    "problem_key",
]

Status = Literal["proved", "bracketed", "cited", "disputed", "unknown"]


class TruthDocument(Record, frozen=True, rename={"value": "lambda"}):
    """What is known of a row as a document, fractions as text; value, multiplicity: None where
    (λ, m) is not proved. certificates: by their digest."""

    id: str
    family: str
    dimension: int
    status: Status
    value: str | None
    multiplicity: int | None
    lower: PairDocument | None
    upper: PairDocument | None
    tags: tuple[str, ...]
    certificates: tuple[str, ...]
    claims: tuple[str, ...]
    contradictions: tuple[str, ...]
    explained: tuple[str, ...]


@dataclass(frozen=True)
class GroundTruth(Bounded):
    """What is known of (λ, m) at a row, and why.

    bounds: what the certificates prove (a side is None where nothing is proved). claims: the row's.
    contradictions: pairs (claim, what contradicts it) without an explanation in the catalog;
    explained: pairs (claim, the written reason).
    """

    entry: Entry
    bounds: Bounds
    certificates: tuple[Certificate, ...]
    status: Status
    claims: tuple[Claim, ...] = ()
    contradictions: tuple[tuple[Claim, str], ...] = ()
    explained: tuple[tuple[Claim, str], ...] = ()
    notes: tuple[str, ...] = ()

    def _open(self) -> str:
        return f"{self.entry.id}: not proved; {self.bounds}"

    def to_json(self) -> dict[str, Any]:
        """Fractions as text; certificates by their digest."""
        digests = [c.digest() for c in self.certificates]
        return self.document(self.entry.dimension, digests).plain()

    def document(self, dimension: int, digests: Sequence[str]) -> TruthDocument:
        """The document, with the row's dimension and the digests of its certificates."""
        exact = self.bounds.exact
        return TruthDocument(
            id=self.entry.id,
            family=self.entry.family,
            dimension=dimension,
            status=self.status,
            value=str(self.value) if exact else None,
            multiplicity=self.multiplicity if exact else None,
            lower=PairDocument.of(self.bounds.lower),
            upper=PairDocument.of(self.bounds.upper),
            tags=tuple(self.entry.tags),
            certificates=tuple(digests),
            claims=tuple(str(c) for c in self.claims),
            contradictions=tuple(f"{c}: {why}" for c, why in self.contradictions),
            explained=tuple(f"{c}: {why}" for c, why in self.explained),
        )

    def __str__(self) -> str:
        known = f": {self.bounds}" if self.bounds.lower or self.bounds.upper else ""
        lines = [f"{self.entry.id} is {self.status}{known}"]
        lines += [f"  claim {c}" for c in self.claims]
        lines += [f"  contradiction: {c}: {why}" for c, why in self.contradictions]
        lines += [f"  explained: {c}: {why}" for c, why in self.explained]
        return "\n".join(lines)


# -- claims against certificates -------------------------------------------------------------------


def contradiction(claim: Claim, bounds: Bounds, scope: str) -> str:
    """Why proved bounds contradict a claim, or the empty text.

    scope: of the row. A global claim at a row of local scope bounds its λ from below only; a
    complex lct bounds 2λ from below.

    >>> from fractions import Fraction
    >>> from singularity_lab.algebra.invariants import Bounds, RLCT
    >>> from singularity_lab.catalog.entry import Claim
    >>> proved = Bounds(RLCT(Fraction(1, 2), 2), RLCT(Fraction(1, 2), 2))
    >>> contradiction(Claim("rlct", "1/2", "someone", multiplicity=1), proved, "local")
    'm = 2 is proved'
    """
    low, high = bounds.lower, bounds.upper
    value = claim.fraction
    if claim.quantity == "lct":
        if claim.kind != "upper" and high is not None and 2 * high.value < value:
            return f"2 lambda <= {2 * high.value} is proved"
        return ""
    local = claim.scope == "local" or scope == "global"
    if claim.kind != "upper" and high is not None and high.value < value:
        return f"lambda <= {high.value} is proved"
    if claim.kind != "lower" and local and low is not None and low.value > value:
        return f"lambda >= {low.value} is proved"
    if (
        local
        and bounds.exact
        and low is not None
        and claim.kind == "exact"
        and claim.multiplicity not in (None, low.multiplicity)
    ):
        return f"m = {low.multiplicity} is proved"
    return ""


def between_claims(claims: Sequence[Claim]) -> list[tuple[Claim, str]]:
    """Pairs of exact claims of the same quantity and scope that differ: the later one, and why."""
    found = []
    for i, one in enumerate(claims):
        for other in claims[:i]:
            same = (one.quantity, one.scope, one.kind) == (other.quantity, other.scope, "exact")
            if same and one.fraction != other.fraction:
                found.append((one, f"{other.source} claims {other.value}"))
    return found


def judge(
    entry: Entry,
    bounds: Bounds,
    certificates: Sequence[Certificate] = (),
    notes: Sequence[str] = (),
) -> GroundTruth:
    """Join proved bounds with the row's claims."""
    against = [
        (c, why) for c in entry.claims if (why := contradiction(c, bounds, entry.scope))
    ] + between_claims(entry.claims)
    open_ones = tuple((c, why) for c, why in against if not c.disputed)
    explained = tuple((c, c.disputed) for c in entry.claims if c.disputed)
    stated = [c for c in entry.claims if c.quantity == "rlct" and c.kind == "exact"]
    status: Status
    if open_ones:
        status = "disputed"
    elif bounds.exact:
        status = "proved"
    elif bounds.lower is not None and bounds.upper is not None:
        status = "bracketed"
    elif any(not c.disputed and (c.scope == "local" or entry.scope == "global") for c in stated):
        status = "cited"
    else:
        status = "unknown"
    return GroundTruth(
        entry,
        bounds,
        tuple(certificates),
        status,
        entry.claims,
        open_ones,
        explained,
        tuple(notes),
    )


# -- the front door --------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where a user's own certificates are kept: $SINGLAB_CACHE, else the user's cache folder."""
    given = os.environ.get("SINGLAB_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "singularity-lab" / "certificates"


def certificate_stores(cache: str | Path | CertificateStore | None) -> tuple[CertificateStore, ...]:
    """Where to read, in order; the last one is written to."""
    if isinstance(cache, CertificateStore):
        return (cache,)
    if cache is not None:
        return (CertificateStore(Path(cache)),)
    return shipped(), CertificateStore(cache_folder())


def ground_truth(
    entry: Entry | str,
    budget: float | None = 60.0,
    *,
    cache: str | Path | CertificateStore | None = None,
    progress: Callable[[int], None] | None = None,
) -> GroundTruth:
    """Return what is proved, and what papers claim, at a catalog row.

    entry: a row, or its id. budget: CPU seconds for the search when no exact certificate is stored;
    None: no limit; 0: do not search. cache: the one folder or CertificateStore to read and write;
    when absent, the certificates that the catalog ships are read, then those in the user's cache
    folder, where new ones are written. A stored bracket is searched again only with a larger budget
    than it had. A row whose loss is no polynomial has nothing to prove: its status is ``unknown``.
    Raises BadInput for an unknown id and a negative budget.

    >>> print(ground_truth("nc-1-1", 0).rlct)
    (1/2, 2)
    """
    require_seconds(budget, zero=True)
    if isinstance(entry, str):
        entry = load(entry)
    if not entry.polynomial:
        return judge(entry, Bounds(None, None), notes=("the loss is no polynomial",))
    problem = entry.problem()
    old: tuple[Certificate, ...] = ()
    notes: list[str] = []
    searched = -1.0
    damaged = False  # of the store that is written to
    stores = certificate_stores(cache)
    for store in stores:
        stored = store.read(problem)
        if stored is None:
            continue
        old += stored.certificates
        notes += stored.rejected
        damaged = bool(stored.rejected) and store == stores[-1]
        if stored.certificates and not stored.rejected:
            searched = max(searched, float("inf") if stored.budget is None else stored.budget)
        if bounds_of(old).exact:
            break
    old = _best(old)
    if bounds_of(old).exact or budget == 0 or (budget is not None and searched >= budget):
        return judge(entry, bounds_of(old), old, notes)
    from singularity_lab.exact.engine.solve import rlct

    watch = Stopwatch()
    result = rlct(problem, budget=budget, progress=progress)
    certificates = _best((*result.certificates, *old))
    if damaged:
        notes.append(f"the damaged file is kept as {stores[-1].set_aside(problem)}")
    stores[-1].write(problem, certificates, budget, watch.seconds)
    return judge(entry, bounds_of(certificates), certificates, [*notes, *result.notes])


def _best(certificates: Sequence[Certificate]) -> tuple[Certificate, ...]:
    """One certificate where one is exact, else one for each side; ties go to the shorter proof."""
    bounds = bounds_of(certificates)
    if len(certificates) < 2:
        return tuple(certificates)
    by_length = sorted(certificates, key=lambda c: sum(1 for _ in c.steps()))
    exact = [c for c in by_length if c.kind == "exact"]
    if exact:
        return (exact[0],)
    return tuple(
        next(c for c in by_length if c.kind == kind and c.claim == side)
        for kind, side in (("lower", bounds.lower), ("upper", bounds.upper))
        if side is not None
    )
