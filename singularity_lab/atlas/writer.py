"""The folder of the atlas: the bundle that the package ships, and the tables as scripts."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

import singularity_lab
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.atlas.contradictions import faults, gaps
from singularity_lab.atlas.machine_views import MACHINES, machine_page, machine_phases_page
from singularity_lab.atlas.page_texts import commands, glossary
from singularity_lab.atlas.pages import (
    Joined,
    classes,
    index,
    measured_page,
    model_pages,
    row_page,
)
from singularity_lab.atlas.proofs import proof_record, theorems
from singularity_lab.atlas.runs import run_pages
from singularity_lab.atlas.shards import by_size, write_packed, write_plain
from singularity_lab.catalog.load import load
from singularity_lab.catalog.store import shipped as shipped_certificates
from singularity_lab.dictionary.ideas import ideas
from singularity_lab.dictionary.schema import Row, Tables, counts
from singularity_lab.dictionary.tables import shipped
from singularity_lab.errors import BadInput, SingularityLabError
from singularity_lab.system.files import read_json

STATIC = Path(__file__).resolve().parent / "static"
BUNDLE = ("index.html", "atlas.js", "atlas.css", "atlas-math.woff2", "OFL.txt")
ROWS, PROOFS, MODELS = 400_000, 900_000, 400_000  # bytes of JSON in one script, about
Progress = Callable[[str, int, int, str], None]


def build(
    out: str | Path,
    tables: Tables | None = None,
    *,
    runs: Sequence[str | Path] = (),
    machines: Sequence[str] = MACHINES,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write the atlas into a folder; return the bytes of each of its files.

    out: the folder; it is made, and may hold an older atlas but nothing else. tables: of the
    dictionary; those that the package ships unless given. runs: files of trajectories
    (``Trajectory.to_json``) to be shown with them. machines: programs whose census is shown.
    progress: called with (what, done, of how many, the last one).

    Raises BadInput for tables that contradict one another, and for a folder that holds other
    things.
    """
    tell: Progress = progress or (lambda *_: None)
    tables = shipped() if tables is None else tables
    wrong = faults(tables)
    if wrong:
        more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise BadInput(f"tables: sound tables are needed, received: {wrong[0]}{more}")
    told = run_pages(tables, [_run(path) for path in runs])  # what may be wrong comes first
    _require_folder(Path(out))
    censuses = {}
    for done, name in enumerate(machines, 1):
        tell("machines", done, len(machines), name)
        censuses[name] = machine_page(name)
    folder = _emptied(Path(out))
    data = folder / "data"
    for name in BUNDLE:
        shutil.copyfile(STATIC / name, folder / name)
    joined = Joined.of(tables)
    problems = _problems(tables.rows, tell)

    def pages() -> Iterable[tuple[str, Any]]:
        for done, row in enumerate(tables.rows, 1):
            tell("rows", done, len(tables.rows), row.id)
            yield row.id, row_page(row, joined, problems[row.id], commands)

    shard: dict[str, int] = {}
    for number, (group, _) in enumerate(by_size(pages(), ROWS)):
        write_packed(data, f"rows-{number:02d}", group)
        shard |= dict.fromkeys(group, number)
    write_plain(data, "index", index(joined, problems, shard))
    shown: dict[str, dict[str, Any]] = {}
    for number, (group, size) in enumerate(by_size(_proofs(joined, problems, tell), PROOFS)):
        write_packed(data, f"proofs-{number:02d}", group)
        for digest, record in group.items():
            share = size if len(group) == 1 else size // len(group)
            nodes = len(record["nodes"])
            shown[digest] = {"shard": f"{number:02d}", "nodes": nodes, "bytes": share}
    models: dict[str, dict[str, Any]] = {}
    listed_models = chain(model_pages(joined), _machine_models(censuses))
    for number, (group, _) in enumerate(by_size(listed_models, MODELS)):
        write_packed(data, f"models-{number:02d}", group)
        for name, page in group.items():
            phases = page["functions"]["phases"] if page["functions"] else []
            known = {
                "title": page["title"],
                "shard": number,
                "strata": len(page["strata"]),
                "functions": len(phases),
            }
            models[name] = known
    write_packed(data, "measured", measured_page(joined))
    listed = []
    for name, page in censuses.items():
        write_packed(data, f"machine-{name}", page)
        listed.append({"name": name, "title": page["title"]})
    for name, page in told.items():
        write_packed(data, f"run-{name}", page)
    meta = {
        "version": singularity_lab.__version__,
        "built": time.strftime("%Y-%m-%d", time.gmtime()),
        "digest": hashlib.sha256(msgspec.json.encode(tables)).hexdigest(),
        "families": {row.family: row.family_title for row in tables.rows},
        "theorems": theorems(),
        "glossary": glossary(),
        "classes": classes(tables),
        "models": models,
        "proofs": shown,
        "machines": listed,
        "runs": [{"id": name, "title": page["title"]} for name, page in told.items()],
        "ideas": [asdict(idea) for idea in ideas(tables)],
        "counts": counts(tables),
        "moved": {},
        "notes": gaps(tables),
    }
    write_plain(data, "meta", meta)
    return {
        str(p.relative_to(folder)): p.stat().st_size
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def _machine_models(
    censuses: Mapping[str, dict[str, Any]],
) -> Iterable[tuple[str, dict[str, Any]]]:
    for name, census in censuses.items():
        page = machine_phases_page(name, census)
        if page is not None:
            yield name, page


def _require_folder(out: Path) -> None:
    """Raise BadInput for a file, and for a folder that holds other things than an atlas."""
    if out.is_dir():
        strange = sorted(p.name for p in out.iterdir() if p.name not in {*BUNDLE, "data"})
        if strange:
            raise BadInput(
                f"out: an empty folder, or one with an atlas, received one with {strange[0]}"
            )
    elif out.exists():
        raise BadInput(f"out: a folder is needed, received the file {out}")


def _emptied(out: Path) -> Path:
    """The folder, made where there is none, with an older atlas removed from it."""
    for old in (out / "data").glob("*.js"):
        old.unlink()
    out.mkdir(parents=True, exist_ok=True)
    return out


def _problems(rows: Sequence[Row], tell: Progress) -> dict[str, LocalProblem | None]:
    found: dict[str, LocalProblem | None] = {}
    for done, row in enumerate(rows, 1):
        tell("germs", done, len(rows), row.id)
        if not row.generators:
            found[row.id] = None
            continue
        try:
            found[row.id] = load(row.id).problem()
        except SingularityLabError:
            found[row.id] = None
    return found


def _proofs(
    joined: Joined, problems: Mapping[str, LocalProblem | None], tell: Progress
) -> Iterable[tuple[str, dict[str, Any]]]:
    """The tree of each certificate that some row points to, once."""
    store = shipped_certificates()
    seen: set[str] = set()
    rows = joined.tables.rows
    for done, row in enumerate(rows, 1):
        tell("proofs", done, len(rows), row.id)
        own, problem = joined.own(row), problems[row.id]
        wanted = set(own.certificate.value or ()) - seen if own is not None else set()
        stored = store.read(problem) if wanted and problem is not None else None
        for certificate in stored.certificates if stored else ():
            digest = certificate.digest()
            if digest in wanted:
                seen.add(digest)
                yield digest, proof_record(certificate)


def _run(path: str | Path) -> tuple[str, Any]:
    path = Path(path)
    return path.stem, read_json(path, "runs")
