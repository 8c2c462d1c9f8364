"""The tables that the package carries: whole, consistent, and for other programs."""

from __future__ import annotations

import gzip
from fractions import Fraction

import msgspec
import pytest

from singularity_lab.catalog.consistency import listing
from singularity_lab.catalog.load import entries
from singularity_lab.catalog.store import row_key
from singularity_lab.dictionary import tables as store
from singularity_lab.dictionary.columns import sides
from singularity_lab.dictionary.schema import (
    EDGE_KINDS,
    TABLES,
    Tables,
    blanks,
    cell_columns,
    counts,
)
from singularity_lab.errors import BadInput


def test_the_rows_are_those_of_the_catalog_and_no_cell_is_blank(tables):
    """A row that is new since the last build is not there yet: `singlab dictionary build`."""
    known = {e.id: row_key(e) for e in entries()}
    assert len(tables.rows) >= 1300
    assert all(known.get(r.id) == r.content for r in tables.rows)
    assert len(tables.rows) >= 0.9 * len(known)
    assert blanks(tables) == []
    found = counts(tables)["strata"]
    assert set(found) == set(cell_columns("strata"))
    assert all(sum(by_status.values()) == len(tables.strata) for by_status in found.values())


def test_lambda_is_what_the_certificates_prove(tables):
    """Against the index of the certificates, which the catalog's own check verifies."""
    lines = {s.row_id: s for s in tables.strata if s.on_file}
    for truth in listing([e for e in entries() if e.id in lines]):
        line = lines[truth["id"]]
        if truth["lambda"] is not None:
            assert (line.lam.value, line.m.value) == (truth["lambda"], truth["multiplicity"])
            assert line.certificate.value == truth["certificates"]
        elif truth["lower"] is not None:
            low, high = sides(line.lam)
            assert low == Fraction(truth["lower"]["lambda"])
            assert high == Fraction(truth["upper"]["lambda"])
        else:
            assert line.lam.status == "not applicable"


def test_keys_resolve(tables):
    ids = {r.id for r in tables.rows}
    digests = {c.digest for c in tables.certificates}
    assert len(ids) == len(tables.rows)
    assert {s.row_id for s in tables.strata} == ids
    assert {s.row_id for s in tables.strata if s.on_file} == ids
    keys = [(s.row_id, s.stratum_id, s.on_file) for s in tables.strata]
    assert len(set(keys)) == len(keys)
    named = {f"{s.row_id}#{s.stratum_id}" for s in tables.strata} | ids
    named |= {r.run_id for r in tables.readings if r.run_id}
    for edge in tables.edges:
        assert edge.kind in EDGE_KINDS
        assert {edge.source, edge.target} <= named
        assert edge.evidence
        assert edge.source != edge.target
    for line in tables.strata:
        if line.certificate.status == "value":
            assert set(line.certificate.value) <= digests, line.row_id
    assert {r.row_id for r in tables.readings if not r.run_id} <= ids
    assert {r.row_id for r in tables.readings} <= {"", *ids}


def test_divisors_carry_lambda(tables):
    """(h + 1)/k of a divisor is never below a proved λ, and equal where it carries it."""
    seen = 0
    for line in tables.strata:
        low, high = sides(line.lam)
        if line.divisors.status != "value" or low is None:
            continue
        for d in line.divisors.value:
            ratio = Fraction(d["ratio"])
            assert ratio == (Fraction(d["h"]) + 1) / d["k"]
            assert ratio >= low, line.row_id
            if d["carries"] and low == high:
                assert ratio == low, line.row_id
                seen += 1
    assert seen >= 300


def test_other_columns_agree_with_lambda(tables):
    """The volume's exponent is λ; twice λ is at least the complex threshold that jets bound."""
    volumes = jets = 0
    for line in tables.strata:
        low, high = sides(line.lam)
        if low is None or low != high:
            continue
        if line.volume.status == "value":
            assert Fraction(line.volume.value["lambda"]) == low, line.row_id
            assert line.volume.value["m"] == line.m.value, line.row_id
            volumes += 1
        if line.jets.status == "value":
            dims = line.jets.value["dimensions"]
            assert len(dims) == line.jets.value["order"] + 1 == 7
            jets += 1
    assert volumes >= 100
    assert jets >= 300


def test_frames(tables, tmp_path):
    few = Tables(rows=tables.rows[:5], strata=tables.strata[:5], edges=tables.edges[:3])
    flat = store.flat(few, "strata")
    assert [line["lambda_status"] for line in flat] == [s.lam.status for s in few.strata]
    connection = store.to_duckdb(few)
    assert connection.sql("SELECT count(*) FROM strata").fetchall() == [(5,)]
    frame = store.to_pandas(few, "rows")
    assert list(frame["id"]) == [r.id for r in few.rows]
    for kind in store.FORMATS:
        files = store.export(few, tmp_path / kind, kind)
        assert [f.stem for f in files] == list(TABLES)
    read = connection.sql(f"SELECT id FROM '{tmp_path / 'parquet' / 'rows.parquet'}'").fetchall()
    assert [r[0] for r in read] == [r.id for r in few.rows]
    with pytest.raises(BadInput, match="table: one of rows"):
        store.flat(few, "cells")
    with pytest.raises(BadInput, match="format: one of json"):
        store.export(few, tmp_path, "xlsx")


def test_frames_and_exports_of_a_folder(tables, tmp_path):
    few = Tables(rows=tables.rows[:5], strata=tables.strata[:5])
    folder = tmp_path / "mine"
    store.write_tables(few, folder)
    for source in (folder, str(folder)):
        assert store.flat(source, "rows") == store.flat(few, "rows")
        assert list(store.to_pandas(source, "rows")["id"]) == [r.id for r in few.rows]
        connection = store.to_duckdb(source)
        assert connection.sql("SELECT count(*) FROM strata").fetchall() == [(5,)]
        for kind in store.FORMATS:
            one = store.export(source, str(tmp_path / "folder" / kind), kind)
            other = store.export(few, tmp_path / "tables" / kind, kind)
            assert [f.name for f in one] == [f.name for f in other]
            if kind != "parquet":
                assert [f.read_bytes() for f in one] == [f.read_bytes() for f in other]
    assert len(store.flat(None, "rows")) == len(tables.rows)
    with pytest.raises(BadInput, match="has no table"):
        store.to_pandas(tmp_path, "rows")


def test_frames_of_polars(tables):
    pytest.importorskip("polars")
    pytest.importorskip("pyarrow")
    frame = store.to_polars(Tables(rows=tables.rows[:5]), "rows")
    assert frame["id"].to_list() == [r.id for r in tables.rows[:5]]


def test_frames_of_arrow(tables):
    pytest.importorskip("pyarrow")
    frame = store.to_arrow(Tables(rows=tables.rows[:5]), "rows")
    assert frame.column("id").to_pylist() == [r.id for r in tables.rows[:5]]


def test_the_folder_round_trips_and_says_what_is_wrong(tables, tmp_path):
    few = Tables(rows=tables.rows[:4], strata=tables.strata[:4], edges=tables.edges[:4])
    first = store.write_tables(few, tmp_path)
    assert msgspec.json.encode(store.read_tables(tmp_path)) == msgspec.json.encode(few)
    assert store.write_tables(few, tmp_path) == first
    (tmp_path / "edges.jsonl.gz").write_bytes(gzip.compress(b'{"source": 1}\n'))
    with pytest.raises(BadInput, match=r"edges\.jsonl\.gz: not a table"):
        store.read_tables(tmp_path)
    (tmp_path / "edges.jsonl.gz").unlink()
    with pytest.raises(BadInput, match="has no table edges"):
        store.read_tables(tmp_path)


def test_the_package_stays_small(tables):
    sizes = [f.stat().st_size for f in store.shipped_folder().glob("*.gz")]
    assert 100_000 < sum(sizes) <= 10_000_000


def test_functions_of_the_dictionary_take_the_folder_of_one(tmp_path):
    """All public functions that take tables: a folder as text or Path; else what is needed."""
    from singularity_lab import find, lookup, neighbours, phases, same_class
    from singularity_lab.dictionary.ideas import ideas
    from singularity_lab.dictionary.look import compare
    from singularity_lab.dictionary.query import unknown_words, why_none
    from singularity_lab.dictionary.tables import shipped, write_tables

    few = {"ade-a2", "ade-a4", "bp-2-3", "rrr-1-1-2-r0"}
    whole = shipped()
    strata = [s for s in whole.strata if s.row_id in few]
    proofs = {digest for s in strata for digest in s.certificate.value or ()}
    part = Tables(
        rows=[r for r in whole.rows if r.id in few],
        strata=strata,
        edges=[
            e
            for e in whole.edges
            if {e.source.partition("#")[0], e.target.partition("#")[0]} <= few
        ],
        certificates=[c for c in whole.certificates if c.digest in proofs],
    )
    write_tables(part, tmp_path)
    asked = [
        lambda t: find("ade-a2", t),
        lambda t: lookup("ade-a2", t),
        lambda t: neighbours("ade-a2", t),
        lambda t: same_class("ade-a2", t),
        lambda t: compare("ade-a2", "bp-2-3", t),
        lambda t: phases("rrr-1-1-2-r0", tables=t),
        lambda t: unknown_words("tansformer", t),
        lambda t: why_none("λ=7/12", t),
        lambda t: ideas(t),
    ]
    for ask in asked:
        wanted = repr(ask(part))
        assert repr(ask(str(tmp_path))) == repr(ask(tmp_path)) == wanted
        with pytest.raises(BadInput, match="has no table rows"):
            ask("d5")
        with pytest.raises(BadInput, match="tables: Tables or the folder of a dictionary"):
            ask(5)
