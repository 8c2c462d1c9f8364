"""Whatever happens to one file of a store, it is named, the rest is reported, the exit code says
so, and the next run measures again what was lost."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.archive import open_store
from singularity_lab.calibration.record_store import COLUMNS, RecordStore
from singularity_lab.calibration.run import calibrate
from singularity_lab.cli import app
from singularity_lab.errors import BadInput

ROWS = [LocalProblem.build("x^2 - y^3"), LocalProblem.build(["x", "y"])]
FOREIGN = {"part": b"PAR1 and not a Parquet file", "shard": b"\x89PNG\r\n\x1a\n\x00\x00"}


def flipped(data, at):
    """One bit over."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def digit_changed(data):
    """A reading of 1.0 becomes one of 3.0: still JSON, still a record."""
    assert b'"value": 1.0' in data
    return data.replace(b'"value": 1.0', b'"value": 3.0', 1)


DAMAGES = {
    "truncated": lambda data, kind: data[: len(data) // 2],
    "empty": lambda data, kind: b"",
    "zero bytes": lambda data, kind: data[:100] + bytes(50) + data[150:],
    "a bit near the beginning": lambda data, kind: flipped(data, 40),
    "a bit in the middle": lambda data, kind: flipped(data, len(data) // 2),
    "a bit near the end": lambda data, kind: flipped(data, len(data) - 9),
    "foreign": lambda data, kind: FOREIGN[kind],
}
QUICK = {"a bit in the middle", "truncated"}  # of the damages, for every run of the tests
KINDS = [k if k in QUICK else pytest.param(k, marks=pytest.mark.slow) for k in DAMAGES]
INTERRUPTED = {"truncated", "empty"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A store with two parts: seed 0, and seed 1."""
    pytest.importorskip("duckdb")
    folder = tmp_path_factory.mktemp("whole")
    for seeds in ([0], [0, 1]):
        calibrate("hessian", ROWS, seeds, workers=0, out=folder)
    assert len(RecordStore(folder).parts()) == 2
    return folder


@pytest.fixture
def store(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "store")
    return tmp_path / "store"


def status(store):
    done = CliRunner().invoke(app, ["calibrate", "status", "--store", str(store), "--json"])
    return done.exit_code, json.loads(done.stdout), done.stderr


def again(store):
    return calibrate("hessian", ROWS, 2, workers=0, out=store)


@pytest.mark.parametrize("kind", [*KINDS, "missing"])
def test_a_damaged_part(kind, store):
    part = RecordStore(store).parts()[0]
    data = part.read_bytes()
    part.unlink() if kind == "missing" else part.write_bytes(DAMAGES[kind](data, "part"))
    code, said, told = status(store)
    assert code == 1
    assert said["arms"]["hessian"]["measured"] == 2  # of four: seed 1 is in the other part
    assert part.name in told
    assert [n for n in said["damaged"] if n.startswith(part.name)] == said["damaged"] != []
    assert {m.seed for m in open_store(store).measurements} == {1}
    assert len(again(store).measurements) == 4
    assert not RecordStore(store).missing()


@pytest.mark.parametrize("kind", [*KINDS, "a digit"])
def test_a_damaged_shard(kind, store):
    """The part of seed 0 as the shard that it was, damaged."""
    part = RecordStore(store).parts()[0]
    first = RecordStore(store)
    records = [r for r in first.records() if r["seed"] == 0]
    part.unlink()
    (store / "parts.json").unlink()
    with first.shard() as shard:
        shard.extend(records)
    data = shard.path.read_bytes()
    bad = digit_changed(data) if kind == "a digit" else DAMAGES[kind](data, "shard")
    shard.path.write_bytes(bad)
    code, said, told = status(store)
    found = open_store(store).measurements
    assert said["arms"]["hessian"]["measured"] == len(found)
    lines, whole_ones = bad.splitlines(keepends=True), data.splitlines(keepends=True)
    assert len(found) == 2 + sum(line in whole_ones for line in lines)
    assert {m.value for m in again(store).measurements} == {0.0, 1.0}
    # half a last line is what an interruption leaves behind, and no damage
    if [line for line in lines if line not in whole_ones and line.endswith(b"\n")]:
        assert code == 1
        assert shard.path.name in told
        assert said["damaged"] == [f"{shard.path.name}.damaged"]
    else:
        assert kind in INTERRUPTED
        assert said["damaged"] == []


@pytest.mark.slow
def test_the_report_says_what_is_missing_and_has_the_rest(store, tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    part = RecordStore(store).parts()[1]
    part.write_bytes(DAMAGES["a bit in the middle"](part.read_bytes(), "part"))
    words = ["calibrate", "report", "--store", str(store), "--out", str(tmp_path / "report")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1
    assert f"{part.name}.damaged" in done.stderr
    assert "hessian: 2 readings of 2 rows" in (tmp_path / "report" / "report.md").read_text()


def test_a_shard_of_an_earlier_version_has_no_checksum_and_is_read(tmp_path):
    record = dict.fromkeys(COLUMNS) | {"key": "k", "row": "r", "value": 1.0}
    (tmp_path / "shard-x.jsonl").write_text(json.dumps(record) + "\n")
    assert RecordStore(tmp_path).keys() == {"k"}
    assert RecordStore(tmp_path).damaged == ()


@pytest.mark.parametrize("content", [b"", b'{"key": "half', b'{"key": "half"}\n'])
def test_a_worker_on_a_cluster_measures_again_what_a_damaged_shard_held(content, tmp_path):
    from singularity_lab.calibration.record_store import holds_record

    path = tmp_path / "shard-k.jsonl"
    assert not holds_record(path)
    path.write_bytes(content)
    assert not holds_record(path)
    with RecordStore(tmp_path).shard("whole") as shard:
        shard.append(dict.fromkeys(COLUMNS) | {"key": "k"})
    assert holds_record(shard.path)


@pytest.mark.parametrize("text", ["{", "[]", '{"plans": [{"rows": ["x"]}]}', '{"plans": 3}'])
def test_damaged_plans_are_one_line(text, store):
    (store / "plans.json").write_text(text)
    with pytest.raises(BadInput, match=r"store: .*plans\.json"):
        open_store(store)


def test_a_damaged_certificate_is_set_aside_and_the_readings_are_there(store):
    path = next((store / "certificates").iterdir())
    path.write_bytes(b"{")
    assert len(open_store(store).measurements) == 4
    assert RecordStore(store).damaged == (f"{path.name}.damaged",)


def test_asking_for_the_status_of_no_store_makes_none(tmp_path):
    words = ["calibrate", "status", "--store", str(tmp_path / "none")]
    assert CliRunner().invoke(app, words).exit_code == 2
    assert not (tmp_path / "none").exists()
