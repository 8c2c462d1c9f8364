"""Prove rows of the catalog in processes of their own, within budgets, and file the
certificates."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import entries
from singularity_lab.catalog.store import (
    SUFFIX,
    CertificateStore,
    IndexLine,
    bounds_of,
    problem_key,
    row_key,
    shipped,
)
from singularity_lab.catalog.truth import (
    GroundTruth,
    cache_folder,
    certificate_stores,
    ground_truth,
    judge,
)
from singularity_lab.errors import BadInput, CertificateError, SingularityLabError
from singularity_lab.exact.proof.certificate import Certificate
from singularity_lab.system.deadline import TimeLimit, require_seconds
from singularity_lab.system.workers import workers

_log = logging.getLogger(__name__)


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
            continue
        try:
            problem = row.problem() if row.polynomial else None
        except BadInput as error:  # an unfinished row is nothing to the others
            _log.warning("%s", f"left out of the index: {error}")
            continue
        key = problem_key(problem) if problem is not None else ""
        if problem is not None and key not in documents:
            documents[key] = _document(store, problem)
        lines.append(IndexLine.of(row, documents.get(key)))
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
    jobs: int = 1,
    cluster: str = "",
) -> Iterator[GroundTruth]:
    """Ground truth of many rows, each yielded as it finishes; what is stored already is not
    searched again.

    All rows are tried with one CPU second first, the open ones then with the budget. A search that
    takes more than three times its budget (and ten seconds) is given up, and the bounds found
    before stay. Stopping in the middle loses nothing that was yielded: every row is stored by
    itself. jobs: processes. cluster: the Dask scheduler ``tcp://HOST:PORT`` whose workers see the
    store's folder by the same path, or ``local:N``; jobs do not matter then. A row whose search
    fails raises after the others have been yielded, as an ExceptionGroup.
    Raises BadInput for jobs < 1 and for an address that is none.

    >>> from singularity_lab.catalog.load import load
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [str(t.rlct) for t in prove([load("nc-1"), load("nc-1-1")], cache=folder)]
    ['(1/2, 1)', '(1/2, 2)']
    """
    require_seconds(budget)
    store = CertificateStore(cache_folder()) if cache is None else certificate_stores(cache)[-1]
    store.folder.mkdir(parents=True, exist_ok=True)  # before any search
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
    folder = store.folder.resolve()
    with workers(jobs, cluster) as run:
        for stage in stages:
            named = {f"prove {key} {stage}": key for key in groups}
            calls = {
                name: (msgspec.json.encode(groups[key][0]), stage, folder)
                for name, key in named.items()
            }
            for outcome in run(_search, calls):
                key = named[outcome.key]
                group, wrong = groups[key], outcome.error or outcome.result
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
