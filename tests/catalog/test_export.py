"""Exports say what the rows say, and can be read back; search filters mean what they say."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pytest

from singularity_lab import rlct, verify
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.export import (
    COLUMNS,
    croissant,
    search,
    to_csv,
    to_json_lines,
    to_markdown,
    to_parquet,
    with_model,
)
from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.errors import BadInput


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    ids = ("nc-1-1", "rrr-2-1-1-r0", "mono-2-3")
    truths = [ground_truth(i, 10, cache=folder) for i in ids]
    truths.append(ground_truth("rrr-3-3-3-r0", 0, cache=folder))
    return [with_model(t.entry, t.to_json()) for t in truths]


def test_csv_reads_back(table):
    rows = list(csv.DictReader(io.StringIO(to_csv(table))))
    assert [r["id"] for r in rows] == [r["id"] for r in table]
    assert rows[0] == {
        "id": "nc-1-1",
        "family": "normal_crossing",
        "dimension": "2",
        "status": "proved",
        "lambda": "1/2",
        "multiplicity": "2",
        "lower": "1/2",
        "upper": "1/2",
        "claims": "rlct = 1/2, m = 2 (watanabe2009)",
        "model": "normal_crossing",
        "parameters": '{"exponents": [1, 1]}',
        "at": "",
        "variables": "w1; w2",
        "generators": "w1*w2",
        "convention": "ideal",
        "point": "{}",
        "prior": "{}",
        "box": "{}",
        "tags": "demo; monomial; polynomial",
        "certificates": "; ".join(table[0]["certificates"]),
    }
    assert (rows[3]["status"], rows[3]["lambda"]) == ("cited", "")


def test_the_csv_carries_the_problem_whole():
    """Generators, point, prior, constraints and convention of a row, read back from its line."""
    ids = ["nc-1-1", next(e.id for e in entries() if e.prior), *_with_box_and_point()]
    lines = [with_model(load(i), {"id": i}) for i in ids]
    for row in csv.DictReader(io.StringIO(to_csv(lines))):
        names = row["variables"].split("; ")
        problem = LocalProblem.build(
            row["generators"].split("; "),
            names,
            at=json.loads(row["point"]),
            prior=json.loads(row["prior"]),
            box={n: tuple(side) for n, side in json.loads(row["box"]).items()},
            convention=row["convention"],
        )
        assert problem == load(row["id"]).problem()


def _with_box_and_point():
    polynomial = [e for e in entries() if e.polynomial and e.dimension < 12]
    yield next(e.id for e in polynomial if e.nonnegative)
    yield next(e.id for e in polynomial if any(e.problem().point))


def test_mlcroissant_loads_the_records(table, tmp_path):
    """The reference implementation accepts the metadata without an issue and reads every line."""
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own libraries
        mlcroissant = pytest.importorskip("mlcroissant")
        (tmp_path / "catalog.csv").write_text(to_csv(table), encoding="utf-8")
        meta = tmp_path / "croissant.json"
        meta.write_text(json.dumps(croissant(table, "0.1.0")), encoding="utf-8")
        logging.disable(logging.WARNING)
        try:
            dataset = mlcroissant.Dataset(jsonld=meta)
            records = list(dataset.records("rows"))
        finally:
            logging.disable(logging.NOTSET)
    assert dataset.metadata.ctx.issues.errors == set()
    texts = [{k.removeprefix("rows/"): v for k, v in r.items()} for r in records]
    read = [r["id"].decode() if isinstance(r["id"], bytes) else r["id"] for r in texts]
    assert read == [r["id"] for r in table]
    assert [r["dimension"] for r in texts] == [r["dimension"] for r in table]


def test_json_lines_keep_everything(table):
    assert [json.loads(line) for line in to_json_lines(table).splitlines()] == table


def test_markdown_has_one_line_a_row(table):
    lines = to_markdown(table).splitlines()
    assert len(lines) == 2 + len(table)
    assert all(line.count(" |") == len(COLUMNS) for line in lines)
    assert "a\\|b" in to_markdown([{"id": "a|b"}])


def test_metadata_describes_the_csv(table):
    data = croissant(table, "0.1.0")
    digest = hashlib.sha256(to_csv(table).encode()).hexdigest()
    assert data["distribution"][0]["sha256"] == digest
    assert [f["name"] for f in data["recordSet"][0]["field"]] == list(COLUMNS)


def test_search(table):
    truths = {r["id"]: r for r in table}
    rows = [load(r["id"]) for r in table]
    found = search(rows, truths=truths, value="2/4", status="proved")
    assert [e.id for e in found] == ["nc-1-1", "rrr-2-1-1-r0"]
    assert [e.id for e in search(rows, truths=truths, multiplicity=2)] == ["nc-1-1"]
    assert [e.id for e in search(rows, min_dimension=3, max_dimension=5)] == ["rrr-2-1-1-r0"]
    assert search(rows, "nothing like it") == []
    assert {e.family for e in search(entries(), "phase-retrieval")} == {"quadratic_network"}
    assert {e.family for e in search(entries(), tags=["orthant"])} == set()
    with pytest.raises(BadInput, match="truths"):
        search(rows, status="proved")


def test_the_answer_key_brings_its_proofs(table, tmp_path):
    """One Parquet file: λ as text, and certificates that verify as they stand."""
    duckdb = pytest.importorskip("duckdb")
    documents = [rlct("x*y").certificate.to_json()]
    rows = [{**row, "documents": documents if row["id"] == "nc-1-1" else None} for row in table]
    path = to_parquet(rows, tmp_path / "answers.parquet")
    with duckdb.connect() as connection:
        sql = 'SELECT id, "lambda", dimension, proof FROM read_parquet(?) ORDER BY id'
        found = connection.execute(sql, [str(path)]).fetchall()
    assert [row[0] for row in found] == sorted(r["id"] for r in table)
    (proof,) = [json.loads(row[3]) for row in found if row[3]]
    assert found[1][:3] == ("nc-1-1", "1/2", 2)
    assert str(verify(proof[0]).lower) == "(1/2, 2)"


def test_a_family_is_found_by_its_name_however_it_is_written():
    """Those that are called so come before those that mention it."""
    for text, family in [
        ("reduced-rank", "reduced_rank_regression"),
        ("reduced rank regression", "reduced_rank_regression"),
        ("tanh", "tanh"),
    ]:
        found = search(entries(), text)
        assert text.replace("-", " ") in found[0].family.replace("_", " ")
        assert {e.id for e in entries(family)} <= {e.id for e in found}
