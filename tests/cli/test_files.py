"""Files are whole or absent, damaged ones are set aside, and streams that cannot be written are
one line."""

from __future__ import annotations

import ast
import errno
import gzip
import json
import os
import re
from pathlib import Path

import pytest
from terminal import run, shell

import singularity_lab
from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.calibration.run import calibrate
from singularity_lab.catalog.load import load
from singularity_lab.catalog.prove import write_index
from singularity_lab.catalog.store import CertificateStore
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.errors import BadInput
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.programs import catalog_rows
from singularity_lab.spectroscopes.long_run import LongRun
from singularity_lab.system import files

CUSP = LocalProblem.build("x^2 - y^3")
PACKAGE = Path(singularity_lab.__file__).parent


def names(folder):
    return sorted(p.name for p in folder.rglob("*"))


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


# -- writing ---------------------------------------------------------------------------------------


def test_a_file_is_replaced_at_once_or_not_at_all(tmp_path):
    file = tmp_path / "a.svg"
    files.write_text(file, "old")
    with files.replacing(tmp_path / "b.svg") as part:
        assert part.suffix == ".svg"  # by which Matplotlib knows the format
        part.write_text("whole")
    (tmp_path / "b.svg").unlink()
    with pytest.raises(ZeroDivisionError), files.replacing(file) as part:
        part.write_text(str(1 / 0))
    with pytest.raises(KeyboardInterrupt), files.replacing(file) as part:
        raise KeyboardInterrupt
    assert (file.read_text(), names(tmp_path)) == ("old", ["a.svg"])
    link = tmp_path / "link"
    link.symlink_to(file)
    files.write_text(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    (tmp_path / "usual").write_text("")
    assert file.stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.fixture(scope="module")
def calibrated():
    return calibrate("hessian", CUSP, workers=0)


WRITERS = {
    "certificate": lambda folder, _: rlct(CUSP).certificate.save(folder / "a.json"),
    "store": lambda folder, _: CertificateStore(folder).write(CUSP, [], 1.0),
    "index": lambda folder, _: CertificateStore(folder).write_index([]),
    "tables": lambda folder, calibrated: calibrated.save(folder),
    "report": lambda folder, calibrated: calibrated.report(folder / "report.html"),
    "checkpoint": lambda folder, _: LongRun(folder / "c", every=0.0).keep(dict, 0.5),
    "programs": lambda folder, _: catalog_rows.write(folder),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_leaves_what_was_there_and_names_the_file(
    writer, calibrated, tmp_path, monkeypatch
):
    monkeypatch.setattr(catalog_rows, "files", lambda: {"programs.toml": "text"})
    write = WRITERS[writer]
    write(tmp_path, calibrated)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert before
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        write(tmp_path, calibrated)
    assert Path(caught.value.filename) in before
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


COMMANDS = [
    ("rlct", "x", "--certificate", "OUT"),
    ("catalog", "export", "--family", "tanh", "--out", "OUT"),
    ("catalog", "strata", "--out", "OUT"),
    ("program", "rlct", "detectA-2", "--out", "OUT"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda w: "-".join(w[:2]))
def test_a_command_that_cannot_write_is_one_line(words, tmp_path, monkeypatch):
    out = tmp_path / "out.svg"
    out.write_text("before")
    monkeypatch.setattr(files.os, "replace", full)
    code, _, err = run(*(out if w == "OUT" else w for w in words))
    assert (code, err) == (2, f"error: No space left on device: {out}\n")
    assert (out.read_text(), names(tmp_path)) == ("before", ["out.svg"])


# What writes a file without the help of files.py, each with its reason.
OWN_WRITERS = {
    ("system/files.py", "write_bytes"),  # the part that is renamed
    ("exact/proof/certificate.py", "save"),  # into such a part
    ("calibration/record_store.py", "__init__"),  # a shard grows line by line
    ("calibration/record_store.py", "lock"),  # holds nothing
    ("calibration/record_store.py", "_gather"),  # lines in a folder that goes
    ("calibration/report_files.py", "write_parquet"),  # these too
    ("catalog/answer_key.py", "write_answer_key"),
    ("catalog/export.py", "to_parquet"),
    ("cli/proving.py", "_tabulate"),  # into a part that is renamed
    ("dictionary/journal.py", "add"),  # grows line by line
    ("trajectories/trajectory_file.py", "_write"),  # so does this one
    ("trajectories/trajectory_file.py", "_load"),  # cuts off a line that was not finished
    ("trajectories/trajectory.py", "to_parquet"),  # lines in a folder that goes
    ("calibration/worker.py", "main"),  # a pipe
    ("cli/shell.py", "main"),  # /dev/null
}


def test_every_writer_goes_through_files():
    found = set()
    for file in PACKAGE.rglob("*.py"):
        source = file.read_text(encoding="utf-8")
        if not re.search("open|write_text|write_bytes|NamedTemporaryFile|mkstemp", source):
            continue
        for function in ast.walk(ast.parse(source)):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in (n for n in ast.walk(function) if isinstance(n, ast.Call)):
                name = getattr(call.func, "attr", getattr(call.func, "id", ""))
                arguments = [*call.args, *(k.value for k in call.keywords)]
                texts = [a.value for a in arguments if isinstance(a, ast.Constant)]
                modes = {t for t in texts if isinstance(t, str) and set(t) <= set("rwaxbt+")}
                opens = name in ("open", "fdopen") and any(set(m) & set("wax+") for m in modes)
                own = name in ("write_text", "write_bytes") and isinstance(call.func, ast.Attribute)
                if opens or own or name in ("NamedTemporaryFile", "mkstemp"):
                    found.add((file.relative_to(PACKAGE).as_posix(), function.name))
    assert found == OWN_WRITERS


# -- streams ---------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("words", [("rlct", "x"), ("rlct", "x", "--json"), ("devices",)])
def test_an_answer_that_cannot_be_written_is_one_line(words):
    with open("/dev/full", "w") as nowhere:
        done = shell(*words, stdout=nowhere)
    assert done.returncode == 2
    assert done.stderr == "error: cannot write the answer: No space left on device\n"


# -- reading ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", "é".encode("latin-1"), b"\x1f\x8b\x08"])
@pytest.mark.parametrize("words", [("verify",), ("rlct", "--batch")])
def test_a_file_that_is_no_text_is_one_line(words, data, tmp_path):
    file = tmp_path / "file"
    file.write_bytes(data)
    code, out, err = run(*words, file)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "not a text in UTF-8" in err


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LARGEST_DOCUMENT", 10)
    file = tmp_path / "file"
    file.write_text("[" + " " * 20 + "]")
    with pytest.raises(BadInput, match="at most 10 bytes"):
        files.read_text(file, "CERT")
    with pytest.raises(BadInput, match="no file"):
        files.read_text(tmp_path, "CERT")


WHOLE = gzip.compress(b'{"budget": 5, "certificates": []}', mtime=0)
DAMAGED = {
    "empty": b"",
    "cut": WHOLE[:-9],
    "body": WHOLE[:12] + bytes([WHOLE[12] ^ 0xFF]) + WHOLE[13:],  # zlib.error
    "text": b"no gzip",
    "deep": gzip.compress(b"[" * 10**5),
    "list": gzip.compress(b"[]"),
    "budget": gzip.compress(b'{"budget": "x", "certificates": []}'),
    "seconds": gzip.compress(b'{"seconds": [], "certificates": []}'),
    "parts": gzip.compress(b'{"budget": 5, "certificates": [5, {}, {"format": 1}]}'),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_certificate_of_the_cache_is_named_set_aside_and_proved_again(kind, tmp_path):
    store, row = CertificateStore(tmp_path), load("nc-1-1")
    path = store.path(row.problem())
    path.parent.mkdir()
    path.write_bytes(DAMAGED[kind])
    truth = ground_truth(row, 5, cache=store)
    assert truth.status == "proved"
    assert path.name in truth.notes[0]
    aside = path.with_name(f"{path.name}.damaged")
    assert str(aside) in " ".join(truth.notes)
    assert aside.read_bytes() == DAMAGED[kind]
    assert ground_truth(row, 0, cache=store).notes == ()


def test_a_damaged_line_of_the_index_costs_that_line_alone(tmp_path, caplog):
    store, members = CertificateStore(tmp_path), [load("nc-1-1"), load("nc-1-2")]
    for row in members:
        ground_truth(row, 5, cache=store)
    write_index(members, store)
    good = store.index()
    lines = store.index_path.read_bytes().splitlines()
    store.index_path.write_bytes(b"\n".join([lines[0][:-9], lines[1]]) + b"\n")
    assert store.readable_index() == {"nc-1-2": good["nc-1-2"]}
    assert "the first is line 1" in caplog.text
    write_index(members, store, [])
    assert store.index() == good


def test_a_damaged_certificate_costs_its_line_of_the_index_alone(tmp_path, caplog):
    store, members = CertificateStore(tmp_path), [load("nc-1-1"), load("nc-1-2")]
    for row in members:
        ground_truth(row, 5, cache=store)
    store.path(members[0].problem()).write_bytes(DAMAGED["body"])
    write_index(members, store)
    lines = store.index()
    assert lines["nc-1-1"].certificates == []
    assert lines["nc-1-2"].bounds.exact
    assert "not gzip of JSON" in caplog.text


def test_a_folder_outside_of_the_locale(tmp_path):
    """A name that is not ASCII where the locale is: DuckDB takes UTF-8 all the same."""
    pytest.importorskip("duckdb")
    words = ("calibrate", "--device", "hessian", "--rows", "nc-1", "--workers", "0", "--out", "o-é")
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = shell(*words, cwd=tmp_path, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = tmp_path.iterdir()
    assert os.fsencode(folder.name) == "o-é".encode()
    assert list(folder.glob("part-*.parquet"))
    assert json.loads((folder / "calibration.json").read_text(encoding="utf-8"))["table"]
