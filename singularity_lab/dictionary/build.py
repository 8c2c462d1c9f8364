"""Filling the tables: every cell by a public function, within one limit, in processes.

What a germ's cells need is computed once for each germ and kept in a journal
(:mod:`singularity_lab.dictionary.journal`); the tables are put together from it. A second build
without changes computes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.store import CertificateStore, problem_key, shipped
from singularity_lab.dictionary.assemble import (
    SHARED,
    Place,
    first_germs,
    make_certificates,
    make_strata,
    places,
    rows_with_classes,
)
from singularity_lab.dictionary.classes import Membership, classify
from singularity_lab.dictionary.columns import GROUPS, ColumnGroup, Question
from singularity_lab.dictionary.edges import make_edges
from singularity_lab.dictionary.journal import Journal, JournalLine
from singularity_lab.dictionary.known import (
    Stamp,
    classes_line,
    kept_readings,
    known_classes,
    known_lines,
)
from singularity_lab.dictionary.measured import with_measurements
from singularity_lab.dictionary.network_strata import is_network
from singularity_lab.dictionary.readings import with_readings
from singularity_lab.dictionary.rows import digest
from singularity_lab.dictionary.runs import trained_edges
from singularity_lab.dictionary.schema import ReadingLine, Tables
from singularity_lab.errors import BadInput
from singularity_lab.exact.proof.certificate import (
    Certificate,
    polynomial_problem_from_json,
    problem_to_json,
)
from singularity_lab.system.deadline import require_seconds
from singularity_lab.system.stopwatch import Stopwatch
from singularity_lab.system.workers import workers

DEAR = ("contact", "jets")  # most of the time of a build: asked when all else is
VERSION_OF_CLASSES = 2
Progress = Callable[[int, int, str], None]


def cell_jobs(
    listed: Iterable[Place],
    journal: Journal,
    limit: float,
    groups: Sequence[ColumnGroup] = GROUPS,
    members: Mapping[str, Membership] | None = None,
) -> dict[str, tuple[LocalProblem, list[str]]]:
    """The germs with the names of the groups that the journal does not answer, small germs first.

    members: classes of the germs. Of those that are equal up to renaming and signs only the first
    is asked for the groups whose answers are the same then (``SHARED``).
    """
    heads = first_germs(members or {})
    wanted: dict[str, tuple[LocalProblem, list[str]]] = {}
    seen = set()
    listed = list(listed)
    others = {place.key for place in listed if not is_network(place.entry)}
    for place in listed:
        problem = place.problem
        if problem is None:
            continue
        key = place.key
        if key in seen:
            continue
        seen.add(key)
        missing = [
            g.name
            for g in groups
            if (heads.get(key, key) == key or g.name not in SHARED)
            and (g.name != "stratum" or key in others)  # the others' strata are orbits
            and journal.get(key, g.name, g.version, limit) is None
        ]
        if missing:
            wanted[key] = (problem, missing)
    return dict(sorted(wanted.items(), key=lambda t: len(t[1][0].variables)))


def compute_cells(
    listed: Iterable[Place],
    journal: Journal,
    limit: float = 5.0,
    jobs: int = 2,
    *,
    total: float | None = None,
    cluster: str = "",
    groups: Sequence[ColumnGroup] = GROUPS,
    members: Mapping[str, Membership] | None = None,
    progress: Progress | None = None,
) -> float:
    """Fill the journal; return the CPU seconds that the cells took.

    limit: CPU seconds for one group of cells of one germ. jobs: processes. cluster: a Dask
    scheduler, or ``local:N``, instead of them. total: CPU seconds of all cells after which no
    further germ is asked; None for no end. members: classes, see :func:`cell_jobs`. progress:
    called with the questions done, of how many, and the last germ: each is asked for its quick
    groups, then each for jets and contact loci. Interrupted, it keeps every one that was done.
    Raises BadInput for jobs < 1, an address that is none, a limit that is no number > 0 and a total
    that is no number >= 0.
    """
    require_seconds(limit)
    if total is not None and not 0 <= total < math.inf:
        raise BadInput(f"total: CPU seconds >= 0 are needed, received {total}")
    wanted = cell_jobs(listed, journal, limit, groups, members)
    if total == 0:
        return 0.0
    seconds, done = 0.0, 0
    store = shipped().folder
    calls = {
        f"cells {key} {' '.join(asked)} {limit:g}": (
            msgspec.json.encode(problem_to_json(problem)),
            asked,
            limit,
            store,
        )
        for dear in (False, True)
        for key, (problem, names) in wanted.items()
        if (asked := tuple(name for name in names if (name in DEAR) == dear))
    }
    with workers(jobs, cluster) as run:
        for outcome in run(answer, calls):
            if outcome.error is not None:
                raise outcome.error
            for line in outcome.result:
                journal.add(line)
                seconds += line.seconds
            done += 1
            if progress is not None:
                progress(done, len(calls), outcome.key.split()[1][:12])
            if total is not None and seconds >= total:
                break
    return seconds


@dataclass(frozen=True)
class Built:
    """What a build made: the tables, the CPU seconds of new cells, the germs that had new ones."""

    tables: Tables
    seconds: float
    germs: int


def build(
    entries: Iterable[Entry],
    journal: Journal,
    limit: float = 5.0,
    jobs: int = 2,
    *,
    total: float | None = None,
    cluster: str = "",
    readings: Sequence[ReadingLine] = (),
    before: Sequence[tuple[Tables, Stamp | None]] = (),
    progress: Progress | None = None,
) -> Built:
    """Return the dictionary of rows: every exact cell within a limit, classes, edges.

    limit: CPU seconds for one group of cells of one germ. journal: what is known from before; new
    cells are added. jobs: processes. total: CPU seconds of new cells, after which the tables are
    put together from what is known; a cell that was not reached says so. cluster: a Dask scheduler,
    or ``local:N``, instead of processes. readings: lines to take over. before: tables that were
    built earlier, the nearest first, and how: what they answer is not asked again, and their
    readings of rows whose germ is the same are kept. Without a stamp only the readings are.

    Raises BadInput as :func:`compute_cells` does.
    """
    entries = list(entries)
    listed = places(entries)
    for tables, stamp in before:
        if stamp is not None:
            take_over(tables, stamp, listed, journal)
    members = journal_classes(listed, journal)
    germs = len(cell_jobs(listed, journal, limit, members=members))
    seconds = compute_cells(
        listed,
        journal,
        limit,
        jobs,
        total=total,
        cluster=cluster,
        members=members,
        progress=progress,
    )
    strata = make_strata(listed, journal, members)
    rows = rows_with_classes(entries, strata)
    ids = {entry.id for entry in entries}
    kept = kept_readings([t for t, _ in before], rows, strata)
    kept = with_readings(kept, (r for r in readings if r.run_id or r.row_id in ids))
    gone = {r.run_id for r in kept if r.run_id and r.row_id not in {"", *ids}}
    kept = [r for r in kept if r.run_id not in gone]
    strata = with_measurements(strata, rows, kept)
    made = Tables(
        rows=rows,
        strata=strata,
        certificates=make_certificates(entries),
        readings=kept,
        edges=[*make_edges(entries, rows, strata, listed), *trained_edges(kept)],
    )
    return Built(made, seconds, germs)


def take_over(tables: Tables, stamp: Stamp, listed: Sequence[Place], journal: Journal) -> int:
    """Put what tables answer into a journal that does not have it; return how many lines."""
    new = [
        line
        for line in known_lines(tables, stamp, listed)
        if journal.get(line.germ, line.group, line.version, line.limit) is None
    ]
    journal.add(*new)
    if stamp.versions.get("classes") == VERSION_OF_CLASSES and not journal.of_group("classes"):
        members = known_classes(tables)
        name = digest([VERSION_OF_CLASSES, *members])
        journal.add(classes_line(members, name, VERSION_OF_CLASSES))
    return len(new)


def journal_classes(listed: Sequence[Place], journal: Journal) -> dict[str, Membership]:
    """The classes of the places' germs, from the journal where these were sorted before."""
    problems: dict[str, LocalProblem] = {}
    for place in listed:
        problem = place.problem
        if problem is not None:
            problems.setdefault(place.key, problem)
    name = digest([VERSION_OF_CLASSES, *problems])  # of the germs, in their order
    line = journal.best(name, "classes")
    if line is not None and line.version == VERSION_OF_CLASSES:
        return _memberships(line)
    for line in journal.of_group("classes"):
        if line.version == VERSION_OF_CLASSES and problems.keys() <= line.cells.keys():
            fewer = without(_memberships(line), problems)
            if fewer is not None:
                return fewer
    lines = [x for x in journal.of_group("classes") if x.version == VERSION_OF_CLASSES]
    known = kept_classes(_memberships(lines[-1]), problems) if lines else {}
    watch = Stopwatch()
    found = classify(problems, known=known)
    line = classes_line(found, name, VERSION_OF_CLASSES)
    journal.add(msgspec.structs.replace(line, seconds=round(watch.seconds, 3)))
    return found


def _memberships(line: JournalLine) -> dict[str, Membership]:
    return {key: Membership(**cell.value) for key, cell in line.cells.items()}


def kept_classes(known: Mapping[str, Membership], kept: Iterable[str]) -> dict[str, Membership]:
    """The classes of germs that are kept, without those whose first member is gone."""
    kept = set(kept)
    heads: dict[str, str] = {}
    found = {}
    for key, member in known.items():
        names = (f"germ {member.germ_id}", f"class {member.class_id}")
        if all(heads.setdefault(name, key) in kept for name in names) and key in kept:
            found[key] = member
    return found


def without(known: Mapping[str, Membership], kept: Iterable[str]) -> dict[str, Membership] | None:
    """The classes of the germs that are kept of those known; None where one that is gone was the
    first of a class of one that is kept, by which the others are told."""
    kept = set(kept)
    heads: dict[str, str] = {}
    for key, member in known.items():
        for name in (f"germ {member.germ_id}", f"class {member.class_id}"):
            head = heads.setdefault(name, key)
            if key in kept and head not in kept:
                return None
    return {key: member for key, member in known.items() if key in kept}


def answer(encoded: bytes, names: Sequence[str], limit: float, store: Path) -> list[JournalLine]:
    """The lines of one germ. encoded: its canonical JSON."""
    problem = polynomial_problem_from_json(msgspec.json.decode(encoded))
    key = problem_key(problem)
    found = CertificateStore(store).document(problem)
    documents = found["certificates"] if found is not None else []
    question = Question(problem, tuple(Certificate.from_json(c) for c in documents), limit)
    lines = []
    for group in GROUPS:
        if group.name in names:
            watch = Stopwatch()
            cells = group.cells(question)
            spent = round(watch.seconds, 6)
            lines.append(JournalLine(key, group.name, group.version, limit, spent, cells))
    return lines
