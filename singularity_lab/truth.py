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

import contextlib
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import msgspec

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.checks import CatalogCheck, RowCheck, check_catalog
from singularity_lab.catalog.entry import Claim, Entry
from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.store import (
    SUFFIX,
    CertificateStore,
    Line,
    bounds_of,
    problem_key,
    row_key,
    shipped,
)
from singularity_lab.deadline import TimeLimit, require_seconds
from singularity_lab.errors import BadInput, CertificateError, SingularityLabError, Undecided
from singularity_lab.exact.certificate import Certificate
from singularity_lab.user_modules import safe_path

__all__ = [
    "CertificateStore",
    "GroundTruth",
    "Status",
    "between_claims",
    "bounds_of",
    "cache_folder",
    "check_in_processes",
    "checker",
    "contradiction",
    "ground_truth",
    "judge",
    "listing",
    "problem_key",
    "prove",
    "stray_files",
    "write_index",
]

_log = logging.getLogger(__name__)
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
        return self._document(self.entry.dimension, [c.digest() for c in self.certificates])

    def _document(self, dimension: int, digests: Sequence[str]) -> dict[str, Any]:
        exact = self.bounds.exact

        def side(value: RLCT | None) -> dict[str, Any] | None:
            if value is None:
                return None
            return {"lambda": str(value.value), "multiplicity": value.multiplicity}

        return {
            "id": self.entry.id,
            "family": self.entry.family,
            "dimension": dimension,
            "status": self.status,
            "lambda": str(self.value) if exact else None,
            "multiplicity": self.multiplicity if exact else None,
            "lower": side(self.bounds.lower),
            "upper": side(self.bounds.upper),
            "tags": list(self.entry.tags),
            "certificates": list(digests),
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


# -- the front door --------------------------------------------------------------------------------


def cache_folder() -> Path:
    """Where a user's own certificates are kept: $SINGLAB_CACHE, else the user's cache folder."""
    given = os.environ.get("SINGLAB_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "singularity-lab" / "certificates"


def _stores(cache: str | Path | CertificateStore | None) -> tuple[CertificateStore, ...]:
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
    """What is proved and claimed at a catalog row.

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
    stores = _stores(cache)
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
    from singularity_lab.exact.solve import rlct

    started = time.process_time()
    result = rlct(problem, budget=budget, progress=progress)
    certificates = _best((*result.certificates, *old))
    if damaged:
        notes.append(f"the damaged file is kept as {stores[-1].set_aside(problem)}")
    stores[-1].write(problem, certificates, budget, time.process_time() - started)
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


def checker(
    budget: float | None = 0.0, cache: str | Path | CertificateStore | None = None
) -> Callable[[Entry], tuple[str, Sequence[str]]]:
    """The function that ``catalog.checks`` asks for a row's status and what is wrong with it.

    It verifies stored certificates (with budget 0 it does not search; the certificates that the
    catalog ships unless ``cache`` names others) and says: claims that they contradict, certificates
    that are refused, a polynomial row without bounds on both sides, an index that says otherwise.
    """
    store = shipped() if cache is None else _stores(cache)[-1]
    index = store.readable_index()
    found: dict[str, GroundTruth] = {}  # rows may share a problem: it is verified once

    def truth(entry: Entry) -> tuple[str, Sequence[str]]:
        key = problem_key(entry.problem()) if entry.polynomial else entry.id
        if key not in found:
            found[key] = ground_truth(entry, budget, cache=store)
        first = found[key]
        here = judge(entry, first.bounds, first.certificates, first.notes)
        problems = [f"claim {c}: {why}" for c, why in here.contradictions]
        if budget == 0:
            problems += [f"certificate: {note}" for note in here.notes if entry.polynomial]
        if entry.polynomial and None in (here.bounds.lower, here.bounds.upper):
            problems.append(f"no certificates: singlab catalog prove {entry.id}")
        line = index.get(entry.id)
        if budget == 0 and (line is not None or entry.polynomial):
            problems += _differences(entry, here, key, line)
        return here.status, problems

    return truth


def _differences(entry: Entry, truth: GroundTruth, key: str, line: Line | None) -> list[str]:
    """What the index says of a row that its certificates do not."""
    if line is None:
        return ["index: the row is missing: singlab catalog prove --index-only"]
    digests = [c.digest() for c in truth.certificates]
    said = (line.row, line.problem, line.bounds, line.dimension, list(line.certificates))
    true = (row_key(entry), key if entry.polynomial else "", truth.bounds, entry.dimension, digests)
    names = ("row", "problem", "bounds", "dimension", "certificates")
    return [
        f"index: {name}: {a} is written, {b} is true: singlab catalog prove --index-only"
        for name, a, b in zip(names, said, true, strict=True)
        if a != b
    ]


# -- the whole catalog -----------------------------------------------------------------------------


def listing(rows: Iterable[Entry]) -> list[dict[str, Any]]:
    """Table rows (as :meth:`GroundTruth.to_json`) of many entries, at once, without verifying.

    They come from the index of the shipped certificates, whose lines ``singlab catalog check``
    compares with the verified certificates; a row that the index does not know (or knows with
    another model or point) is asked of the stored certificates, without a search.

    >>> listing([load("nc-1-1")])[0]["lambda"]
    '1/2'
    """
    index = shipped().readable_index()
    found = []
    for row in rows:
        line = index.get(row.id)
        if line is None or line.row != row_key(row):
            found.append(ground_truth(row, 0).to_json())
        else:
            found.append(judge(row, line.bounds)._document(line.dimension, line.certificates))
    return found


def write_index(
    rows: Iterable[Entry], store: CertificateStore, changed: Iterable[str] | None = None
) -> None:
    """Write the index of a store: a line for each row, from the certificates that lie there.

    changed: the ids of the rows whose certificates may be new; the lines of other problems are
    kept where they speak of the same model and point. Absent: every line is made again.
    """
    rows = list(rows)
    known = {}
    if changed is not None:
        ids = set(changed)
        new = {problem_key(r.problem()) for r in rows if r.id in ids and r.polynomial}
        known = {i: line for i, line in store.readable_index().items() if line.problem not in new}
    documents: dict[str, Mapping[str, Any] | None] = {}
    lines = []
    for row in rows:
        line = known.get(row.id)
        if line is not None and line.row == row_key(row):
            lines.append(line)
        elif row.polynomial:
            problem = row.problem()
            key = problem_key(problem)
            if key not in documents:
                documents[key] = _document(store, problem)
            lines.append(Line.of(row, documents[key]))
        else:
            lines.append(Line.of(row, None))
    store.write_index(lines)


def _document(store: CertificateStore, problem: LocalProblem) -> Mapping[str, Any] | None:
    """What a store holds of a problem; None, and a line in the log, for a damaged file."""
    try:
        found = store.document(problem)
        for data in () if found is None else found["certificates"]:
            Certificate.from_json(data)
    except CertificateError as error:
        _log.warning("%s", f"{store.folder}: {error}")
        return None
    return found


def stray_files() -> list[Path]:
    """Files of the shipped store that belong to no row of the catalog."""
    rows = [e for e in entries() if e.polynomial]
    wanted = {problem_key(e.problem()) for e in rows}
    return [p for p in shipped().files() if p.name.removesuffix(SUFFIX) not in wanted]


def check_in_processes(
    ids: Sequence[str],
    *,
    twin: bool = True,
    jobs: int = 1,
    progress: Callable[[RowCheck], None] | None = None,
) -> CatalogCheck:
    """:func:`singularity_lab.catalog.checks.check_catalog` with :func:`checker`, in processes.

    Raises BadInput for an id that is not on file and jobs < 1.
    """
    if jobs < 1:
        raise BadInput(f"jobs: at least one process is needed, received {jobs}")
    if jobs == 1 or len(ids) < 20:
        return check_catalog(ids, twin=twin, truth=checker(), progress=progress)
    order = {id: n for n, id in enumerate(ids)}
    parts = [list(ids[k::16]) for k in range(16)]  # small enough that no process waits long
    results: list[RowCheck] = []
    context = multiprocessing.get_context("spawn")
    with safe_path(), ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for done in as_completed([pool.submit(_check, part, twin) for part in parts]):
            for row in done.result():
                results.append(row)
                if progress is not None:
                    progress(row)
    return CatalogCheck(tuple(sorted(results, key=lambda r: order[r.id])), ())


def _check(ids: list[str], twin: bool) -> tuple[RowCheck, ...]:
    return check_catalog(ids, twin=twin, truth=checker()).rows


# A first pass over all rows with a small budget decides most of them soon.
FIRST_BUDGET = 1.0
# A search may overrun its budget while it verifies what it found; this much is allowed.
OVERRUN = 3.0
GRACE = 10.0


def prove(
    rows: Sequence[Entry],
    budget: float | None = 60.0,
    *,
    cache: str | Path | CertificateStore | None = None,
    workers: int = 1,
) -> Iterator[GroundTruth]:
    """Ground truth of many rows, each yielded as it finishes; what is stored already is not
    searched again.

    All rows are tried with one CPU second first, the open ones then with the budget. A search that
    takes more than three times its budget (and ten seconds) is given up, and the bounds found
    before stay. Stopping in the middle loses nothing that was yielded: every row is stored by
    itself. workers: processes. A row whose search fails raises after the others have been yielded,
    as an ExceptionGroup.
    Raises BadInput for workers < 1.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [str(t.rlct) for t in prove([load("nc-1"), load("nc-1-1")], cache=folder)]
    ['(1/2, 1)', '(1/2, 2)']
    """
    if workers < 1:
        raise BadInput(f"workers: at least one process is needed, received {workers}")
    require_seconds(budget)
    store = CertificateStore(cache_folder()) if cache is None else _stores(cache)[-1]
    failures: list[Exception] = []
    groups: dict[str, list[Entry]] = {}  # rows of one problem are searched once
    for row in rows:
        try:
            key = problem_key(row.problem()) if row.polynomial else row.id
        except SingularityLabError as error:
            error.add_note(f"catalog row {row.id}")
            failures.append(error)
        else:
            groups.setdefault(key, []).append(row)
    stages = [budget] if budget is not None and budget <= FIRST_BUDGET else [FIRST_BUDGET, budget]
    with _runner(workers) as run:
        for stage in stages:
            jobs = [
                (key, msgspec.json.encode(g[0]), stage, store.folder) for key, g in groups.items()
            ]
            for key, wrong in run(jobs):
                group = groups[key]
                if wrong is not None:
                    wrong.add_note(f"catalog row {group[0].id}")
                    failures.append(wrong)
                    del groups[key]
                    continue
                found = [_stored_truth(row, store) for row in group]
                if stage == stages[-1] or found[0].bounds.exact or not group[0].polynomial:
                    yield from found
                    del groups[key]
    if failures:
        raise ExceptionGroup(f"{len(failures)} rows could not be searched", failures)


def _stored_truth(entry: Entry, store: CertificateStore) -> GroundTruth:
    """What a worker has just verified and stored."""
    document = store.document(entry.problem()) if entry.polynomial else None
    certificates = [
        Certificate.from_json(c) for c in (document["certificates"] if document else [])
    ]
    return judge(entry, bounds_of(certificates), certificates)


_Job = tuple[str, bytes, float | None, Path]
_Outcome = tuple[str, Exception | None]


@contextlib.contextmanager
def _runner(workers: int) -> Iterator[Callable[[Iterable[_Job]], Iterator[_Outcome]]]:
    """Runs searches here, or in processes that end at once when the caller stops."""
    if workers == 1:
        yield lambda jobs: ((job[0], _search(*job[1:])) for job in jobs)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_ignore_interrupts)

    def run(jobs: Iterable[_Job]) -> Iterator[_Outcome]:
        waiting = {pool.submit(_search, *job[1:]): job[0] for job in jobs}
        for done in as_completed(waiting):
            yield waiting[done], done.result()

    with safe_path():
        try:
            yield run
        except BaseException:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.terminate()
            raise
        else:
            pool.shutdown()


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _search(encoded: bytes, budget: float | None, folder: Path) -> Exception | None:
    """One row; what is found goes through the store. Returns the error of a row that is wrong."""
    entry = msgspec.json.decode(encoded, type=Entry)
    store = CertificateStore(folder)
    try:
        with TimeLimit(None if budget is None else OVERRUN * budget + GRACE):
            ground_truth(entry, budget, cache=store)
            return None
        if store.document(entry.problem()) is None:  # given up, and nothing was found before
            with TimeLimit(10 * FIRST_BUDGET):
                ground_truth(entry, FIRST_BUDGET / 20, cache=store)
    except SingularityLabError as error:
        return error
    return None
