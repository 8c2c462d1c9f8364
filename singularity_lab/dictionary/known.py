"""What tables that were built before already answer, as lines of a journal.

A journal lies in a cache and may be gone; the tables come with the package. Each line of ``strata``
names its germ, so that its cells go back into a journal where the germ, the certificates and the
versions of the functions are still the same (``build.json`` beside the tables keeps the versions
and the limit). A build on a new machine then asks only what is new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from singularity_lab.dictionary.assemble import COPIED, NOT_REACHED, SHARED, Place
from singularity_lab.dictionary.classes import Membership
from singularity_lab.dictionary.columns import GROUPS, Cells
from singularity_lab.dictionary.journal import JournalLine
from singularity_lab.dictionary.network_strata import is_network
from singularity_lab.dictionary.readings import with_readings
from singularity_lab.dictionary.schema import Cell, ReadingLine, Row, StratumLine, Tables, cells
from singularity_lab.errors import BadInput
from singularity_lab.system.files import read_json, write_text

STAMP = "build.json"
OF_PROOFS = ("value", "divisors", "jets", "contact")  # groups that read the certificates


class Stamp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How tables were built: CPU seconds that a cell had, versions of the groups and of the
    classes."""

    limit: float
    versions: dict[str, int]


def write_stamp(folder: Path, limit: float, classes: int) -> None:
    """Write how the tables of a folder were built, by the functions as they are now."""
    versions = {group.name: group.version for group in GROUPS} | {"classes": classes}
    text = msgspec.json.format(msgspec.json.encode(Stamp(limit, versions)), indent=1)
    write_text(folder / STAMP, text.decode() + "\n")


def read_stamp(folder: Path) -> Stamp | None:
    """How the tables of a folder were built; None where nothing says it."""
    path = folder / STAMP
    if not path.exists():
        return None
    try:
        return msgspec.convert(read_json(path, "stamp"), Stamp)
    except msgspec.ValidationError as error:
        raise BadInput(f"stamp: {path.name}: not one of a dictionary: {error}") from None


def known_lines(tables: Tables, stamp: Stamp, listed: Sequence[Place]) -> Iterator[JournalLine]:
    """The lines of a journal that tables give for places of now: those whose germ is the same, in
    groups of the same version. Where the certificates are others, what reads them is left out.
    """
    from singularity_lab.catalog.store import shipped

    stored = {(line.row_id, line.stratum_id): line for line in tables.strata}
    seen: set[str] = set()
    # a germ of a network and of another model: the latter's line has what is not of orbits
    for place in sorted(listed, key=lambda p: is_network(p.entry)):
        line = stored.get((place.entry.id, place.name))
        problem = place.problem
        if line is None or problem is None or line.problem != place.key or place.key in seen:
            continue
        seen.add(place.key)
        found = shipped().document(problem)
        digests = [] if found is None else _digests(found["certificates"])
        borrowed = line.certificate.route.endswith(COPIED)
        same = digests == ([] if borrowed else line.certificate.value or [])
        here = dict(cells(line))
        for group in GROUPS:
            if stamp.versions.get(group.name) != group.version:
                continue
            if group.name in OF_PROOFS and not same:
                continue
            if group.name == "stratum" and is_network(place.entry):
                continue
            own = _own(group.name, {c: here[c] for c in group.columns})
            if own is not None:
                yield JournalLine(place.key, group.name, group.version, stamp.limit, 0.0, own)


def _digests(documents: Sequence[Any]) -> list[str]:
    from singularity_lab.exact.proof.certificate import Certificate

    return [Certificate.from_json(d).digest() for d in documents]


def _own(group: str, found: Cells) -> Cells | None:
    """The cells that a germ has of its own; None for those that were taken from an equal germ."""
    if any(cell.reason == NOT_REACHED for cell in found.values()):
        return None
    borrowed = {c for c, cell in found.items() if cell.route.endswith(COPIED)}
    if not borrowed:
        return found
    if group in SHARED:
        return None
    return found | {c: Cell.unknown("not decided for this germ by itself") for c in borrowed}


def known_classes(tables: Tables) -> dict[str, Membership]:
    """The classes of the germs of tables, by their keys."""
    return {
        line.problem: Membership(
            str(line.germ_id.value), str(line.class_id.value), line.class_id.route
        )
        for line in tables.strata
        if line.problem and line.germ_id.status == line.class_id.status == "value"
    }


def classes_line(members: dict[str, Membership], name: str, version: int) -> JournalLine:
    """Memberships as a line of a journal, under a name of their germs."""
    found = {key: Cell.of(asdict(member)) for key, member in members.items()}
    return JournalLine(name, "classes", version, 0.0, 0.0, found)


def subjects(rows: Iterable[Row], strata: Iterable[StratumLine]) -> dict[str, str]:
    """What a device sees at each row: the germ, and for a loss that is no polynomial the model."""
    models = {row.id: f"{row.model_id} at {row.at}" for row in rows}
    return {s.row_id: s.problem or models[s.row_id] for s in strata if s.on_file}


def kept_readings(
    before: Sequence[Tables], rows: Iterable[Row], strata: Iterable[StratumLine]
) -> list[ReadingLine]:
    """The readings of tables on file that are of rows of now: those whose germ is the same.

    before: the nearest first; of two readings that agree in row, device, settings and seed its is
    kept. A training run is kept whole, where each row that it names is the same; one that names
    none where all rows of its tables are here, with whatever germs.
    """
    now = subjects(rows, strata)
    found: list[ReadingLine] = []
    for tables in reversed(before):
        then = subjects(tables.rows, tables.strata)
        same = {row for row, what in then.items() if now.get(row) == what}
        runs: dict[str, set[str]] = {}
        for r in tables.readings:
            if r.run_id:
                runs.setdefault(r.run_id, set()).update({r.row_id} - {""})
        whole = then.keys() <= now.keys()
        here = {name for name, ids in runs.items() if ids <= same and (ids or whole)}
        own = [r for r in tables.readings if (r.run_id in here if r.run_id else r.row_id in same)]
        found = with_readings(found, own)
    return found


def nameless_runs(readings: Sequence[ReadingLine]) -> list[ReadingLine]:
    """The readings of training runs that name no row."""
    named = {r.run_id for r in readings if r.row_id}
    return [r for r in readings if r.run_id and r.run_id not in named]
