"""Ground truth of a catalog row: certificates and claims, joined. A certificate decides; a claim is
compared with it.

status ``proved``: (λ, m) is exact by a verified certificate; ``bracketed``: verified bounds on both
sides; ``cited``: no two-sided bounds, but a paper states the value; ``disputed``: a certificate or
a second paper contradicts a claim, and nobody has written down why; ``unknown``: none of these.

Certificates are kept on disk, addressed by the SHA-256 of the problem's canonical JSON. What is
read back is verified again before it counts.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import msgspec

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.entry import Claim, Entry
from singularity_lab.catalog.load import load
from singularity_lab.errors import (
    BadInput,
    CertificateError,
    SingularityLabError,
    Undecided,
)
from singularity_lab.exact.certificate import Certificate, problem_to_json
from singularity_lab.exact.solve import rlct
from singularity_lab.exact.verify import verify

Status = Literal["proved", "bracketed", "cited", "disputed", "unknown"]


@dataclass(frozen=True)
class GroundTruth:
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

    @property
    def rlct(self) -> RLCT:
        """The proved (λ, m). Raises Undecided, which carries the bounds, where it is not proved."""
        if self.bounds.lower is None or not self.bounds.exact:
            raise Undecided(f"{self.entry.id}: not proved; {self.bounds}", self.bounds)
        return self.bounds.lower

    @property
    def value(self) -> Fraction:
        """The proved λ. Raises Undecided where only bounds are proved."""
        return self.rlct.value

    @property
    def multiplicity(self) -> int:
        """The proved m. Raises Undecided where only bounds are proved."""
        return self.rlct.multiplicity

    def to_json(self) -> dict[str, Any]:
        """Fractions as text; certificates by their digest."""
        exact = self.bounds.exact

        def side(value: RLCT | None) -> dict[str, Any] | None:
            if value is None:
                return None
            return {"lambda": str(value.value), "multiplicity": value.multiplicity}

        return {
            "id": self.entry.id,
            "family": self.entry.family,
            "dimension": self.entry.dimension,
            "status": self.status,
            "lambda": str(self.value) if exact else None,
            "multiplicity": self.multiplicity if exact else None,
            "lower": side(self.bounds.lower),
            "upper": side(self.bounds.upper),
            "certificates": [c.digest() for c in self.certificates],
            "claims": [str(c) for c in self.claims],
            "contradictions": [f"{c}: {why}" for c, why in self.contradictions],
            "explained": [f"{c}: {why}" for c, why in self.explained],
        }

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


# -- certificates on disk --------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where certificates are kept: $SINGLAB_CACHE, else the user's cache folder."""
    given = os.environ.get("SINGLAB_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "singularity-lab" / "certificates"


def problem_key(problem: LocalProblem) -> str:
    """SHA-256 of the problem's canonical JSON: the address of what is proved about it."""
    text = json.dumps(problem_to_json(problem), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Stored:
    """Certificates read back and verified, with the CPU seconds that their search was allowed."""

    certificates: tuple[Certificate, ...]
    budget: float | None
    rejected: tuple[str, ...] = field(default=())

    @property
    def bounds(self) -> Bounds:
        return bounds_of(self.certificates)


def bounds_of(certificates: Sequence[Certificate]) -> Bounds:
    """The best that the certificates prove together (they are taken as verified)."""
    lows = [c.claim for c in certificates if c.kind in ("exact", "lower")]
    highs = [c.claim for c in certificates if c.kind in ("exact", "upper")]
    return Bounds(max(lows, default=None), min(highs, default=None))


@dataclass(frozen=True)
class CertificateStore:
    """A folder of certificates, one file per problem, named by the problem's hash.

    Reading verifies every certificate and that it speaks of this very problem; what fails is left
    out and named in ``rejected``. Writing is atomic: a reader sees the old file or the new one.
    """

    folder: Path

    def path(self, problem: LocalProblem) -> Path:
        key = problem_key(problem)
        return self.folder / key[:2] / f"{key}.json"

    def read(self, problem: LocalProblem) -> Stored | None:
        """What is stored about a problem, verified; None where there is no file."""
        path = self.path(problem)
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            return Stored((), 0.0, (f"{path.name}: not JSON: {error}",))
        kept, rejected = [], []
        wanted = problem_to_json(problem)
        for data in document.get("certificates", []):
            try:
                certificate = Certificate.from_json(data)
                if problem_to_json(certificate.problem) != wanted:
                    raise CertificateError("speaks of another problem")
                verify(certificate)
            except CertificateError as error:
                rejected.append(f"{path.name}: {error}")
            else:
                kept.append(certificate)
        return Stored(tuple(kept), document.get("budget"), tuple(rejected))

    def write(
        self, problem: LocalProblem, certificates: Sequence[Certificate], budget: float | None
    ) -> Path:
        """Store certificates, replacing what was there; budget: CPU seconds, None for no limit."""
        path = self.path(problem)
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {"budget": budget, "certificates": [c.to_json() for c in certificates]}
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file, separators=(",", ":"))
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        return path


# -- the front door --------------------------------------------------------------------------------


def ground_truth(
    entry: Entry | str,
    budget: float | None = 60.0,
    *,
    cache: str | Path | CertificateStore | None = None,
    progress: Callable[[int], None] | None = None,
) -> GroundTruth:
    """What is proved and claimed at a catalog row.

    entry: a row, or its id. budget: CPU seconds for the search when the store has no exact
    certificate; None: no limit; 0: do not search. cache: a folder or a CertificateStore; the user's
    cache folder when absent. A stored bracket is searched again only with a larger budget than it
    had.
    Raises BadInput for an unknown id and a negative budget.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(ground_truth("nc-1-1", cache=folder).rlct)
    (1/2, 2)
    """
    if isinstance(entry, str):
        entry = load(entry)
    if budget is not None and budget < 0:
        raise BadInput(f"budget: CPU seconds >= 0 are needed, received {budget}")
    if isinstance(cache, CertificateStore):
        store = cache
    else:
        store = CertificateStore(Path(cache) if cache is not None else cache_folder())
    problem = entry.problem()
    stored = store.read(problem)
    old = stored.certificates if stored is not None else ()
    notes = list(stored.rejected) if stored is not None else []
    if bounds_of(old).exact or budget == 0:
        return judge(entry, bounds_of(old), old, notes)
    if stored is not None and old and not stored.rejected:
        searched = float("inf") if stored.budget is None else stored.budget
        if budget is not None and searched >= budget:
            return judge(entry, stored.bounds, old, notes)
    result = rlct(problem, budget=budget, progress=progress)
    certificates = (*result.certificates, *old)
    best = bounds_of(certificates)
    if best.exact:
        certificates = tuple(c for c in certificates if c.kind == "exact")[:1] or certificates
    else:
        certificates = tuple(
            next(c for c in certificates if c.kind in (kind, "exact") and c.claim == side)
            for kind, side in (("lower", best.lower), ("upper", best.upper))
            if side is not None
        )
    store.write(problem, certificates, budget)
    return judge(entry, best, certificates, [*notes, *result.notes])


def checker(
    budget: float | None = 0.0, cache: str | Path | CertificateStore | None = None
) -> Callable[[Entry], tuple[str, Sequence[str]]]:
    """The function that ``catalog.checks`` asks for a row's status and contradictions.

    With budget 0 it verifies stored certificates and does not search.
    """

    def truth(entry: Entry) -> tuple[str, Sequence[str]]:
        found = ground_truth(entry, budget, cache=cache)
        return found.status, [f"claim {c}: {why}" for c, why in found.contradictions]

    return truth


def prove(
    rows: Sequence[Entry],
    budget: float | None = 60.0,
    *,
    cache: str | Path | None = None,
    workers: int = 1,
) -> Iterator[GroundTruth]:
    """Ground truth of many rows, each yielded as it finishes; what is stored already is not
    searched again.

    Stopping in the middle loses nothing that was yielded: every row is stored by itself. workers:
    processes. A row whose search fails raises after the others have been yielded, as an
    ExceptionGroup.
    Raises BadInput for workers < 1.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [str(t.rlct) for t in prove([load("nc-1"), load("nc-1-1")], cache=folder)]
    ['(1/2, 1)', '(1/2, 2)']
    """
    if workers < 1:
        raise BadInput(f"workers: at least one process is needed, received {workers}")
    folder = Path(cache) if cache is not None else cache_folder()
    failures: list[Exception] = []
    if workers == 1:
        for row in rows:
            try:
                yield ground_truth(row, budget, cache=folder)
            except SingularityLabError as error:
                error.add_note(f"catalog row {row.id}")
                failures.append(error)
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            jobs = {
                pool.submit(_search, msgspec.json.encode(row), budget, folder): row for row in rows
            }
            for job in as_completed(jobs):
                row = jobs[job]
                try:
                    job.result()
                    yield ground_truth(row, 0, cache=folder)
                except SingularityLabError as error:
                    error.add_note(f"catalog row {row.id}")
                    failures.append(error)
    if failures:
        raise ExceptionGroup(f"{len(failures)} rows could not be searched", failures)


def _search(encoded: bytes, budget: float | None, folder: Path) -> None:
    """One row in a worker process; the result goes through the store, where it is verified on
    reading."""
    ground_truth(msgspec.json.decode(encoded, type=Entry), budget, cache=folder)
