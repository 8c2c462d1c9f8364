"""What a store knows besides its readings: the rows, their proved truths and the plans, so that it
opens and reports without anything else.

``rows.json`` has each row with its problem and its bounds, ``plans.json`` the plans in their order;
certificates lie beside them. All are written whole, under the lock of the store.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.algebra.rings import fraction
from singularity_lab.calibration.design import Arm, CalibrationRow, Plan
from singularity_lab.calibration.measurement import Truth
from singularity_lab.calibration.record_store import COLUMNS, SCORED, RecordStore
from singularity_lab.calibration.results import Calibration
from singularity_lab.calibration.score import join
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.exact.proof.certificate import Certificate, polynomial_problem_from_json
from singularity_lab.system.files import read_json, set_aside, write_text

if TYPE_CHECKING:
    from singularity_lab.catalog.entry import Entry

__all__ = [
    "began_in",
    "certificate_name",
    "keep_open_rows",
    "keep_plans",
    "keep_rows",
    "open_store",
    "plans",
]

_log = logging.getLogger(__name__)

_ID = re.compile(r"[a-z0-9][a-z0-9.+-]*")
WHOLE = 2000  # up to so many whole readings are kept in memory


def keep_rows(
    store: RecordStore, rows: Iterable[CalibrationRow], truths: Mapping[str, Truth]
) -> None:
    """Add rows with their truths to ``rows.json``."""
    path = store.folder / "rows.json"
    kept = _read(path)
    for row in rows:
        kept[row.id] = _row_to_json(row, truths[row.id])
    write_text(path, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def keep_open_rows(store: RecordStore, rows: Iterable[CalibrationRow]) -> None:
    """Add the rows that ``rows.json`` has not, of which nothing is proved yet: a store whose run is
    interrupted while it proves them knows what it was asked for."""
    path = store.folder / "rows.json"
    kept = _read(path)
    for row in rows:
        kept.setdefault(row.id, _row_to_json(row, Truth(Bounds(None, None), "not proved yet")))
    write_text(path, json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def keep_plans(store: RecordStore, works: Sequence[Plan], title: str = "") -> None:
    """Add plans to ``plans.json``; one that is there already stays where it is.

    Where an estimator is a module of the current folder, this is kept too (:func:`began_in`).
    """
    path = store.folder / "plans.json"
    before = _read(path)
    kept = before.get("plans", [])
    for work in works:
        document = _plan_to_json(work, title)
        if document not in kept:
            kept.append(document)
    found: dict[str, Any] = {"plans": kept}
    if any(":" in arm.device for work in works for arm in work.arms):
        found["folder"] = str(Path.cwd())
    elif "folder" in before:
        found["folder"] = before["folder"]
    write_text(path, json.dumps(found, ensure_ascii=False, indent=1) + "\n")


def began_in(folder: str | Path) -> tuple[Path | None, tuple[str, ...]]:
    """The folder in which the last run with estimators of one's own was started, None where there
    was none, and those estimators, ``module:function``."""
    devices = [a["device"] for p in _plan_documents(folder) for a in p["arms"]]
    began = _read(Path(folder) / "plans.json").get("folder")
    own = tuple(dict.fromkeys(d for d in devices if ":" in d))
    return Path(began) if isinstance(began, str) else None, own


def plans(folder: str | Path, *, as_stored: bool = False) -> list[Plan]:
    """The plans that a store has been asked for, in their order.

    as_stored: with the versions of the devices that the newest plans asked for, so that no device
    has to be there; else the code of the devices says which version is to be measured. Raises
    BadInput where there are none, or the store's files are damaged.
    """
    from singularity_lab.spectroscopes.meter import Budget

    rows = {row.id: row for row, _ in _rows(folder)}
    found = []
    documents = _plan_documents(folder)
    newest = _versions(documents) if as_stored else {}
    for p in documents:
        limits = {k: float("inf") if v is None else v for k, v in p["budget"].items()}
        arms = tuple(
            Arm(a["device"], a["settings"], a["label"], version=newest.get(a["label"], ""))
            for a in p["arms"]
        )
        try:
            members = tuple(rows[r] for r in p["rows"])
        except KeyError as error:
            raise BadInput(
                f"store: plans.json names a row that rows.json has not: {error}"
            ) from None
        found.append(Plan(members, arms, tuple(p["seeds"]), Budget(**limits)))
    return found


def open_store(folder: str | Path) -> Calibration:
    """Return the calibration that a store holds: all readings of all its plans, with their truths.

    Needs no plan and no catalog. Readings that were planned and are not there yet are missing.
    Raises BadInput for a folder that is no store.

    >>> open_store("no-such-folder")
    Traceback (most recent call last):
    singularity_lab.errors.BadInput: store: there is no calibration in no-such-folder
    """
    place = Path(folder)
    documents = _plan_documents(place)
    store = RecordStore(place, "store")
    found = dict((row.id, (row, truth)) for row, truth in _rows(place))
    ids = list(dict.fromkeys(r for p in documents for r in p["rows"]))
    arms = {a["label"]: a["settings"] for p in documents for a in p["arms"]}
    seeds = tuple(dict.fromkeys(s for p in documents for s in p["seeds"]))
    records = store.records(SCORED)
    if len(records) <= WHOLE:
        records = store.records(tuple(COLUMNS))
    current = _versions(documents)
    measurements = []
    for record in records:
        if record["row"] in found and current.get(record["arm"]) == record["version"]:
            row, truth = found[record["row"]]
            fetch = functools.partial(store.text, record["key"])
            measurements.append(join(row, truth, record, fetch))
    order = {id: n for n, id in enumerate(ids)}
    place_of = {label: n for n, label in enumerate(arms)}
    measurements.sort(key=lambda m: (m.seed, order.get(m.row.id, 0), place_of.get(m.arm, 0)))
    return Calibration(
        rows=tuple(found[id][0] for id in ids),
        arms=tuple(arms.items()),
        seeds=seeds,
        truths={id: found[id][1] for id in ids},
        measurements=tuple(measurements),
        row_set=next((p["title"] for p in reversed(documents) if p["title"]), ""),
    )


def _versions(documents: Sequence[Any]) -> dict[str, str]:
    """The version of each arm that the newest plan with it asked for."""
    return {a["label"]: a["version"] for p in documents for a in p["arms"]}


def _plan_documents(folder: str | Path) -> list[Any]:
    path = Path(folder) / "plans.json"
    if not path.is_file():
        raise BadInput(f"store: there is no calibration in {folder}")
    documents = _read(path).get("plans", [])
    for number, document in enumerate(documents if isinstance(documents, list) else [None]):
        if not _is_plan(document):
            raise BadInput(f"store: {path} is damaged; plan {number} of it is none")
    return list(documents)


def _is_plan(document: Any) -> bool:
    """True if these are the fields of a plan."""
    return (
        isinstance(document, dict)
        and set(document) == {"title", "rows", "arms", "seeds", "budget"}
        and all(isinstance(document[name], list) for name in ("rows", "arms", "seeds"))
        and all(
            isinstance(arm, dict) and set(arm) == {"label", "device", "settings", "version"}
            for arm in document["arms"]
        )
    )


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    found = read_json(path, "store")
    if not isinstance(found, dict):
        raise BadInput(f"store: {path} is damaged; it is to hold a JSON object")
    return found


def _plan_to_json(work: Plan, title: str) -> dict[str, Any]:
    limits = {
        name: limit if limit != float("inf") else None
        for name, limit in dataclasses.asdict(work.budget).items()
    }
    return {
        "title": title,
        "rows": [row.id for row in work.rows],
        "arms": [
            {
                "label": arm.label,
                "device": arm.device,
                "settings": dict(arm.settings),
                "version": arm.code(),
            }
            for arm in work.arms
        ],
        "seeds": list(work.seeds),
        "budget": limits,
    }


def _row_to_json(row: CalibrationRow, truth: Truth) -> dict[str, Any]:
    def side(value: RLCT | None) -> Any:
        return None if value is None else [str(value.value), value.multiplicity]

    return {
        "source": _source(row),
        "family": row.family,
        "dimension": row.dimension,
        "tags": list(row.tags),
        "beside": [list(pair) for pair in row.beside],
        "shown": row.shown,
        "probe": row.probe,
        "lower": side(truth.bounds.lower),
        "upper": side(truth.bounds.upper),
        "status": truth.status,
        "method": truth.method,
        "seconds": truth.seconds,
    }


def _source(row: CalibrationRow) -> dict[str, Any]:
    """The row as a worker gets it, with what an entry needs to be the same entry again."""
    import msgspec

    entry = None if row.entry is None else msgspec.to_builtins(row.entry)
    return row.source() | {"entry": entry}


def _rows(folder: str | Path) -> Iterable[tuple[CalibrationRow, Truth]]:
    import msgspec

    from singularity_lab.catalog.entry import Entry

    for id, said in _read(Path(folder) / "rows.json").items():
        try:
            source = said["source"]
            row = CalibrationRow(
                id,
                said["family"],
                said["dimension"],
                polynomial_problem_from_json(source["problem"]) if source["problem"] else None,
                tuple(said["tags"]),
                msgspec.convert(source["entry"], Entry) if source["entry"] else None,
                tuple((a, b) for a, b in said["beside"]),
                said["shown"],
                said["probe"],
            )
            truth = Truth(
                Bounds(_side(said["lower"]), _side(said["upper"])),
                said["status"],
                said["method"],
                said["seconds"],
                tuple(_certificates(Path(folder) / "certificates", row)),
            )
        except (KeyError, TypeError, ValueError, msgspec.ValidationError) as error:
            raise BadInput(f"store: rows.json is damaged at {id!r}: {error}") from None
        yield row, truth


def _certificates(folder: Path, row: CalibrationRow) -> Iterable[Certificate]:
    found = list(_certificates_named(folder, certificate_name(row)))
    if not found and row.entry is not None and _ID.fullmatch(row.id):
        # the catalog that the row was on file in may be another one now
        found = [c for c in _certificates_named(folder, row.id) if c.problem == row.problem]
    yield from found


def _certificates_named(folder: Path, name: str) -> Iterable[Certificate]:
    for side in ("", ".lower", ".upper"):
        path = folder / f"{name}{side}.json"
        if path.is_file():
            try:
                yield Certificate.load(path)
            except SingularityLabError as error:
                said = f"{path}: damaged ({error}); kept as {set_aside(path)}"
                _log.warning("%s", said)


def _side(value: Any) -> RLCT | None:
    return None if value is None else RLCT(fraction(value[0]), value[1])


def certificate_name(row: CalibrationRow) -> str:
    """The name of a row's certificate, of which no two problems have the same.

    A row of the catalog has its id, which is in small letters; whatever else is measured has its
    name as far as a file takes it, and a digest of name and problem behind an underscore.
    """
    if row.entry is not None and _is_on_file(row.entry):
        return row.id
    safe = re.sub(r"[^a-z0-9.+-]+", "-", row.id.lower()).strip("-.")[:60]
    said = json.dumps(row.source(), sort_keys=True)
    return f"{safe or 'row'}_{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _is_on_file(entry: Entry) -> bool:
    """True for a row of the catalog as it is on file, with an id that no bound's file name has."""
    from singularity_lab.catalog.load import load

    if not _ID.fullmatch(entry.id) or entry.id.endswith((".lower", ".upper")):
        return False
    try:
        return load(entry.id) == entry
    except BadInput:
        return False
