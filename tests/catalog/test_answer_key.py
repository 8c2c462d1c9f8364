"""The answer key: read without the package, it says what is proved, and its metadata fit it."""

from __future__ import annotations

import hashlib
import json
import warnings

import pytest

from singularity_lab.catalog.answer_key import write_answer_key
from singularity_lab.catalog.consistency import listing
from singularity_lab.catalog.export import COLUMNS, with_model
from singularity_lab.catalog.load import load

IDS = ("nc-1-1", "bp-2-3", "nc-1-1-prior-1-1")


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    folder = tmp_path_factory.mktemp("key")
    rows = [load(i) for i in IDS]
    table = [with_model(r, t) for r, t in zip(rows, listing(rows), strict=True)]
    write_answer_key(table, folder, "0.1.0")
    return folder


def test_two_lines_read_it_without_the_engine(key):
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        table = f"FROM '{key}/catalog.parquet'"
        names = 'id, dimension, "lambda", multiplicity, generators'
        found = connection.execute(f"SELECT {names} {table}").fetchall()
        columns = connection.execute(f"DESCRIBE SELECT * {table}").fetchall()
    assert [c[0] for c in columns] == list(COLUMNS)
    assert [row[:4] for row in found] == [
        ("nc-1-1", 2, "1/2", "2"), ("bp-2-3", 2, "5/12", "1"), ("nc-1-1-prior-1-1", 2, "1", "2"),
    ]  # fmt: skip
    assert all(row[4] for row in found)


def test_the_metadata_fit_the_file(key):
    meta = json.loads((key / "croissant.json").read_text())
    (file,) = meta["distribution"]
    assert file["sha256"] == hashlib.sha256((key / "catalog.parquet").read_bytes()).hexdigest()
    card = (key / "README.md").read_text()
    assert "3 germs" in card
    assert "3 proved" in card


def opened(key):
    """The key as the reference implementation of Croissant opens it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own libraries
        mlcroissant = pytest.importorskip("mlcroissant")
        return mlcroissant, mlcroissant.Dataset(jsonld=key / "croissant.json")


def test_the_metadata_name_the_format_as_croissant_does(key):
    """Whoever reads a data set by its metadata chooses the reader by this word."""
    mlcroissant, dataset = opened(key)
    (file,) = dataset.metadata.distribution
    assert file.encoding_formats == [mlcroissant.EncodingFormat.PARQUET]
    assert dataset.metadata.ctx.issues.errors == set()


def test_mlcroissant_loads_the_records(key):
    _, dataset = opened(key)
    pytest.importorskip("pyarrow")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        records = list(dataset.records("rows"))
    assert [r["rows/id"] for r in records] in (list(IDS), [i.encode() for i in IDS])
