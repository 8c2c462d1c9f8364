"""Small tables for the tests of the atlas, and a reader of its scripts."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from singularity_lab.catalog.load import load
from singularity_lab.catalog.store import shipped
from singularity_lab.dictionary.assemble import make_certificates
from singularity_lab.dictionary.columns import value_cells
from singularity_lab.dictionary.rows import make_rows
from singularity_lab.dictionary.schema import Cell, StratumLine, Tables

LATER = Cell.unknown("not asked in this test")
IDS = (
    "ade-a2",
    "ade-surface-a3",
    "nc-1-2",
    "edge-path-3",
    "rbm-3-3",
    "trained-xor-tanh-2-2-1",
)


def small_tables(ids: Sequence[str]) -> Tables:
    """Tables of a few rows: λ, m and certificates as on file, nothing else asked."""
    entries = [load(i) for i in ids]
    rows = [msgspec.structs.replace(r, class_id=LATER) for r in make_rows(entries)]
    strata = []
    for entry, row in zip(entries, rows, strict=True):
        stored = shipped().read(entry.problem()) if entry.polynomial else None
        cells = value_cells(stored.certificates if stored else ())
        known: dict[str, Any] = {
            "row_id": row.id,
            "stratum_id": row.at,
            "model_id": row.model_id,
            "on_file": True,
            "problem": "",
            "lam": cells["lambda"],
            "m": cells["m"],
            "certificate": cells["certificate"],
            "loss": Cell.of("0"),
        }
        names = [f.name for f in msgspec.structs.fields(StratumLine)]
        strata.append(StratumLine(**{n: LATER for n in names if n not in known} | known))
    return Tables(rows=rows, strata=strata, certificates=make_certificates(entries))


def put(path: Path) -> tuple[str, Any]:
    """The name and the payload of a script of the atlas, unpacked where it is packed."""
    text = path.read_text(encoding="utf-8").strip()
    assert text.startswith("atlas.put(")
    assert text.endswith(");")
    name, payload = json.loads(f"[{text[len('atlas.put(') : -2]}]")
    if isinstance(payload, str):
        payload = json.loads(zlib.decompress(base64.b64decode(payload)))
    return name, payload


def shards(folder: Path, kind: str) -> dict[str, Any]:
    """All records of one kind of shard."""
    found: dict[str, Any] = {}
    for path in sorted(folder.glob(f"{kind}-*.js")):
        found |= put(path)[1]
    return found
