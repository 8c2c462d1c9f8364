"""The store: what was appended is there after any interruption, once, in Parquet or not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.calibration.record_store import COLUMNS, RecordStore
from singularity_lab.errors import BadInput


def record(key, value=0.5, **more):
    return dict.fromkeys(COLUMNS) | {"key": key, "row": "r", "seed": 1, "value": value} | more


def fill(store, *keys):
    with store.shard() as shard:
        for key in keys:
            shard.append(record(key))
    return shard.path


def test_what_is_appended_is_read_back(tmp_path):
    store = RecordStore(tmp_path)
    fill(store, "a", "b")
    fill(store, "c")
    assert sorted(store.keys()) == ["a", "b", "c"]
    assert store.records()[0] == record("a")


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_wherever_a_shard_is_torn_all_whole_lines_are_kept(tmp_path_factory, data):
    store = RecordStore(tmp_path_factory.mktemp("torn"))
    path = fill(store, "a", "b", "c")
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    assert len(store.records()) == whole[:cut].count(b"\n")


def test_a_damaged_line_is_named_and_the_rest_of_its_shard_is_kept(tmp_path, caplog):
    store = RecordStore(tmp_path)
    path = fill(store, "a", "b", "c")
    lines = path.read_bytes().split(b"\n")
    lines[1] = b"\xff{garbage"
    damaged = b"\n".join(lines)
    path.write_bytes(damaged)
    os.utime(path, ns=(1, 10**18))
    assert store.keys() == {"a", "c"}
    assert "line 2: damaged" in caplog.text
    assert path.with_name(f"{path.name}.damaged").read_bytes() == damaged
    assert path.stat().st_mtime_ns == 10**18  # which record is the later one is as it was
    caplog.clear()
    assert store.keys() == {"a", "c"}
    assert caplog.text == ""


@pytest.mark.parametrize(
    "line",
    ['{"key": "a"}', "[]", "[" * 10**5, json.dumps(record(3)), json.dumps(record("a", "0.5"))],
    ids=["columns", "list", "deep", "key", "type"],
)
def test_a_foreign_line_is_no_record(line, tmp_path, caplog):
    store = RecordStore(tmp_path)
    (tmp_path / "shard-x.jsonl").write_text(f"{line}\n{json.dumps(record('b'))}\n")
    assert store.keys() == {"b"}
    assert "line 1: " in caplog.text
    assert (tmp_path / "shard-x.jsonl.damaged").exists()


@pytest.mark.parametrize("kind", ["empty", "cut", "garbage", "foreign"])
def test_a_damaged_parquet_file_is_set_aside_and_the_shards_are_read(kind, tmp_path, caplog):
    duckdb = pytest.importorskip("duckdb")
    store = RecordStore(tmp_path)
    fill(store, "a", "b")
    part = store.compact()
    whole = part.read_bytes()
    if kind == "foreign":
        with duckdb.connect() as connection:
            target = str(tmp_path / "x.parquet")
            connection.execute(f"COPY (SELECT 1 AS one) TO '{target}' (FORMAT parquet)")
        (tmp_path / "x.parquet").replace(part)
    else:
        data = {"empty": b"", "cut": whole[: len(whole) // 2], "garbage": b"no Parquet" * 99}
        part.write_bytes(data[kind])
    fill(store, "c")
    assert store.keys() == {"c"}
    assert f"{part.name}: damaged" in caplog.text
    assert store.damaged == (f"{part.name}.damaged",)
    assert store.parts() == []
    assert store.query("SELECT count(*) FROM readings") == [(1,)]


def test_a_record_has_the_columns_and_no_nan(tmp_path):
    with RecordStore(tmp_path).shard() as shard:
        with pytest.raises(BadInput, match="columns"):
            shard.append({"key": "a"})
        with pytest.raises(ValueError, match="not JSON compliant"):
            shard.append(record("a", float("nan")))
    assert RecordStore(tmp_path).shards() == []  # an empty shard leaves no file


def test_a_killed_writer_loses_nothing_that_it_had_finished(tmp_path):
    """The writer is killed with SIGKILL while it writes on and on; each acknowledged record is
    there."""
    code = (
        "import sys; from singularity_lab.calibration.record_store import COLUMNS, RecordStore\n"
        "with RecordStore(sys.argv[1]).shard() as shard:\n"
        "    for k in range(10**6):\n"
        "        shard.append(dict.fromkeys(COLUMNS) | {'key': str(k)}); print(k, flush=True)\n"
    )
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p or "." for p in sys.path)},
    )
    with writer:
        acknowledged = [writer.stdout.readline().strip() for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.read().split()
    assert len(acknowledged) >= 20
    assert set(acknowledged) <= RecordStore(tmp_path).keys()


def test_compaction_keeps_every_record_and_is_repeatable(tmp_path):
    pytest.importorskip("duckdb")
    store = RecordStore(tmp_path / "odd [name] it's*")
    text = json.dumps({"λ": [1, 2.5], "nested": {"a": None}})
    with store.shard() as shard:
        shard.append(record("a", reading=text))
        shard.append(record("b", None, outcome="died"))
    before = store.records()
    first = store.compact()
    assert store.parts() == [first]
    assert store.shards() == []
    assert store.records() == before
    kept = first.read_bytes()
    with store.shard() as shard:
        shard.append(record("b", 0.75, outcome="ok"))  # measured again: the later record holds
        shard.append(record("c"))
    assert store.compact() != first
    assert first.read_bytes() == kept  # a part never changes
    assert {r["key"]: r["value"] for r in store.records()} == {"a": 0.5, "b": 0.75, "c": 0.5}
    assert store.query("SELECT count(*), max(value) FROM readings") == [(3, 0.75)]
    with pytest.raises(BadInput, match="sql"):
        store.query("SELEKT 1")


def test_a_death_never_hides_a_measurement(tmp_path):
    """A worker is killed after its record is on the disk and before it has said so: its parent
    notes the death of a task that was finished."""
    store = RecordStore(tmp_path)
    fill(store, "a")
    with store.shard() as shard:
        shard.append(record("a", None, outcome="died"))
        shard.append(record("b", None, outcome="died"))
    assert store.finished() == {"a"}
    pytest.importorskip("duckdb")
    store.compact()
    assert store.finished() == {"a"}
    assert {r["key"]: r["value"] for r in store.records()} == {"a": 0.5, "b": None}


def test_a_query_during_a_run_leaves_its_shards(tmp_path):
    pytest.importorskip("duckdb")
    store = RecordStore(tmp_path)
    with store.lock(), store.shard() as shard:
        shard.append(record("a"))
        other = RecordStore(tmp_path)
        assert other.query("SELECT count(*) FROM readings") == [(1,)]
        assert other.shards() == [shard.path]
        shard.append(record("b"))
    assert store.keys() == {"a", "b"}


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_tables_of_other_libraries(library, tmp_path):
    pytest.importorskip("duckdb")
    if library == "polars":
        pytest.importorskip("polars")
    elif library == "arrow":
        pytest.importorskip("pyarrow")
    store = RecordStore(tmp_path)
    fill(store, "a", "b")
    table = getattr(store, f"to_{library}")()
    assert len(table) == 2
    names = table.column_names if library == "arrow" else list(table.columns)
    assert "value" in names
    assert "reading" not in names
    with pytest.raises(BadInput, match="columns: "):
        getattr(store, f"to_{library}")(["nonsense"])


def test_an_interrupted_compaction_counts_nothing_twice(tmp_path):
    pytest.importorskip("duckdb")
    store = RecordStore(tmp_path)
    path = fill(store, "a", "b")
    kept = path.read_bytes()
    store.compact()
    path.write_bytes(kept)  # as if the power had gone between the Parquet file and the shards
    assert len(store.records()) == 2


def test_one_calibration_at_a_time(tmp_path):
    store = RecordStore(tmp_path)
    with store.lock(), pytest.raises(BadInput, match="another calibration"), store.lock():
        pass
    with store.lock():  # free again
        pass


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(BadInput, match="this is a file"):
        RecordStore(file)
    with pytest.raises(BadInput, match="cannot make"):
        RecordStore(file / "below")
