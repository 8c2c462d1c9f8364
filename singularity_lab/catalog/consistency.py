"""Checks that a row's truth agrees with what is on file, with its bounds and with its claims."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from singularity_lab.catalog.checks import CatalogCheck, RowCheck, check_catalog
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.store import CertificateStore, IndexLine, problem_key, row_key, shipped
from singularity_lab.catalog.truth import GroundTruth, certificate_stores, ground_truth, judge
from singularity_lab.errors import BadInput
from singularity_lab.system.user_modules import safe_path


def checker(
    budget: float | None = 0.0, cache: str | Path | CertificateStore | None = None
) -> Callable[[Entry], tuple[str, Sequence[str]]]:
    """The function that ``catalog.checks`` asks for a row's status and what is wrong with it.

    It verifies stored certificates (with budget 0 it does not search; the certificates that the
    catalog ships unless ``cache`` names others) and says: claims that they contradict, certificates
    that are refused, a polynomial row without bounds on both sides, an index that says otherwise.
    """
    store = shipped() if cache is None else certificate_stores(cache)[-1]
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


def _differences(entry: Entry, truth: GroundTruth, key: str, line: IndexLine | None) -> list[str]:
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


def listing(rows: Iterable[Entry]) -> list[dict[str, Any]]:
    """Table rows (as :meth:`GroundTruth.to_json`) of many entries, at once, without verifying.

    They come from the index of the shipped certificates, whose lines ``singlab catalog check``
    compares with the verified certificates; a row that the index does not know (or knows with
    another model or point) is asked of the stored certificates, without a search.

    >>> from singularity_lab.catalog.load import load
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
            known = judge(row, line.bounds)
            found.append(known.document(line.dimension, line.certificates).plain())
    return found


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
    problems: set[str] = set()
    context = multiprocessing.get_context("spawn")
    with safe_path(), ProcessPoolExecutor(jobs, mp_context=context) as pool:
        for done in as_completed([pool.submit(_check, part, twin) for part in parts]):
            checked = done.result()
            problems.update(checked.problems)
            for row in checked.rows:
                results.append(row)
                if progress is not None:
                    progress(row)
    return CatalogCheck(tuple(sorted(results, key=lambda r: order[r.id])), tuple(sorted(problems)))


def _check(ids: list[str], twin: bool) -> CatalogCheck:
    return check_catalog(ids, twin=twin, truth=checker())
