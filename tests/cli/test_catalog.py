"""``singlab catalog`` in the terminal: filters, export, check, prove and its interruption."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.store import CertificateStore, shipped
from singularity_lab.cli import app


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("COLUMNS", "160")


def run(*words):
    """(exit code, stdout, stderr); whatever is not an exit is raised."""
    result = CliRunner().invoke(app, ["catalog", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def rows(*words):
    code, out, _ = run(*words, "--json")
    assert code == 0
    return json.loads(out)


def test_list_answers_for_the_whole_catalog():
    found = rows("list")
    assert [r["id"] for r in found] == [e.id for e in entries()]
    needed = {"id", "family", "dimension", "lambda", "multiplicity", "status"}
    assert all(needed <= set(r) for r in found)
    polynomial = [r for r in found if "trained" not in r["tags"]]
    assert {r["status"] for r in polynomial} == {"proved", "bracketed"}
    assert all(r["lower"] and r["upper"] for r in polynomial)
    small = [r for r in polynomial if r["dimension"] <= 12]
    assert sum(r["status"] == "proved" for r in small) >= 0.9 * len(small)
    assert {r["status"] for r in found if "trained" in r["tags"]} == {"unknown"}


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        (["--lambda", "3/2"], lambda r: r["lambda"] == "3/2"),
        (["--lambda", "1.5", "--multiplicity", "2"], lambda r: r["multiplicity"] == 2),
        (["--dimension", "3"], lambda r: r["dimension"] == 3),
        (["--dimension", "20:"], lambda r: r["dimension"] >= 20),
        (["--dimension", ":2", "--tag", "network"], lambda r: "network" in r["tags"]),
        (["--status", "bracketed"], lambda r: r["status"] == "bracketed"),
        (["--status", "unknown"], lambda r: r["lambda"] is None),
        (["--family", "ade_curves"], lambda r: r["family"] == "ade_curves"),
    ],
)
def test_filters(words, fits):
    found = rows("list", *words)
    assert 0 < len(found) < len(entries())
    assert all(fits(r) for r in found)


def test_search_looks_into_the_models():
    found = rows("search", "superposition", "--dimension", ":8")
    assert {r["family"] for r in found} >= {"toy_superposition"}
    assert "rows: " in run("search", "superposition")[1]
    assert rows("search", "nothing like it") == []


def test_export_in_every_format(tmp_path):
    words = ("export", "--family", "tanh", "--format")
    table = json.loads(run(*words, "json")[1])
    lines = [json.loads(x) for x in run(*words, "jsonl")[1].splitlines()]
    assert table == lines
    first = table[0]
    assert first["model"] == "vandermonde"
    assert first["parameters"] == load(first["id"]).parameters
    text = run(*words, "csv")[1]
    assert [r["id"] for r in csv.DictReader(io.StringIO(text))] == [r["id"] for r in table]
    assert run(*words, "markdown")[1].count("\n") == len(table) + 2
    out = tmp_path / "meta.json"
    code, printed, err = run(*words, "croissant", "--out", out)
    assert (code, printed) == (0, "")
    assert str(out) in err
    meta = json.loads(out.read_text())
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert meta["distribution"][0]["sha256"] == digest
    columns = next(csv.reader(io.StringIO(text)))
    assert [f["name"] for f in meta["recordSet"][0]["field"]] == columns


def test_the_strata_are_exported():
    table = json.loads(run("strata", "--format", "json")[1])
    assert len(table) == 705
    text = run("strata", "--format", "csv")[1]
    back = list(csv.DictReader(io.StringIO(text)))
    assert [r["lambda"] for r in back] == [r["lambda"] or "" for r in table]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["list", "--dimension", "a"], "--dimension: expected '4', '2:8'"),
        (["list", "--dimension", ":"], "--dimension"),
        (["list", "--status", "true"], "--status: one of proved"),
        (["list", "--lambda", "x"], "--lambda"),
        (["check", "nc-1", "--family", "tanh"], "ids: stand alone"),
        (["check", "--family", "tanh", "--jobs", "0"], "jobs: at least one"),
        (["prove", "nc-1", "--budget", "0"], "budget: CPU seconds > 0"),
        (["export", "--out", "no/such/folder/x"], "--out: there is no folder"),
        (["strata", "--format", "croissant"], "--format"),
    ],
)
def test_bad_words(words, message):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert message in err
    told = [x for x in err.splitlines() if "torch twins are not compared" not in x]
    assert len(told) == 1


def test_check_passes_on_a_family_and_ends_with_a_summary():
    code, out, _ = run("check", "--family", "normal_crossing", "--jobs", "1")
    assert code == 0
    number = len(entries("normal_crossing"))
    assert out.splitlines()[-1] == f"{number} rows ({number} proved), all pass"


def test_check_fails_on_a_changed_certificate(tmp_path, monkeypatch):
    """A copy of the catalog with one certificate exchanged for another row's."""
    import shutil

    from singularity_lab.catalog import paths, store

    copy = tmp_path / "catalog"
    shutil.copytree(paths.catalog_path(), copy)
    for module in (sys.modules["singularity_lab.catalog.load"], store):
        monkeypatch.setattr(module, "catalog_path", lambda: copy)
    assert run("check", "nc-1-1", "nc-1-2", "--no-twin")[0] == 0
    here = shipped()
    assert here.folder == copy / "certificates"
    one, other = (here.path(load(i).problem()) for i in ("nc-1-1", "nc-1-2"))
    other.write_bytes(one.read_bytes())
    code, out, err = run("check", "nc-1-1", "nc-1-2", "--no-twin")
    assert code == 2
    assert "nc-1-2: certificate: " in out
    assert "another problem" in out
    assert err.startswith("error: 1 problem in 2 rows")
    other.unlink()
    code, out, _ = run("check", "nc-1-1", "nc-1-2", "--no-twin")
    assert code == 2
    assert "no certificates: singlab catalog prove nc-1-2" in out
    code, out, _ = run("prove", "nc-1-2", "--jobs", "1")
    assert (code, "1 row: 1 proved" in out) == (0, True)
    assert out.startswith("nc-1-2 is proved: (lambda, m) = (1/4, 1)")
    assert run("check", "nc-1-1", "nc-1-2", "--no-twin")[0] == 0


def test_prove_into_a_folder_and_again(tmp_path):
    words = ("prove", "--family", "rules", "--into", tmp_path, "--jobs", "1")
    code, out, _ = run(*words)
    number = len(entries("rules"))
    assert code == 0
    assert out.splitlines()[-1].startswith(f"{number} rows: {number} proved")
    files = {p: p.stat().st_mtime_ns for p in CertificateStore(tmp_path).files()}
    assert run(*words)[0] == 0
    assert {p: p.stat().st_mtime_ns for p in CertificateStore(tmp_path).files()} == files
    assert run(*words, "--fresh")[0] == 0
    assert all(p.stat().st_mtime_ns > t for p, t in files.items())


def test_prove_into_what_is_no_folder_is_one_line_before_any_search(tmp_path):
    (tmp_path / "a").write_text("")
    for into in (tmp_path / "a", tmp_path / "a" / "b"):
        code, _, said = run("prove", "nc-1-1", "--into", into)
        assert code == 2
        assert said.startswith("error: ")
        assert said.count("\n") == 1


def test_an_interrupted_run_keeps_what_is_finished(tmp_path):
    """Ctrl-C in a run over two processes: code 130, whole files, and the next run goes on."""
    words = ["catalog", "prove", "--family", "brieskorn_pham", "--into", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "singularity_lab.cli", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job's may be ignored
    )
    store = CertificateStore(tmp_path)
    deadline = time.monotonic() + 60
    while not store.files() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    kept = len(store.files())
    assert kept
    if process.returncode != 0:  # it was not too quick
        assert process.returncode == 130
        assert "the same command goes on" in err
        assert "Traceback" not in err
    assert not list(tmp_path.rglob("*.part"))
    assert run(*words[1:], "--jobs", "1")[0] == 0
    assert len(store.files()) >= kept


def test_show_a_row_without_a_polynomial():
    row = entries("trained_network")[0]
    code, out, _ = run("show", row.id)
    assert code == 0
    assert "the loss is no polynomial" in out
    document = json.loads(run("show", row.id, "--json")[1])
    assert document["status"] == "unknown"
    assert document["problem"] is None
    assert document["readings"]


def test_rows_tagged_new_are_proved_and_no_paper_claims_them():
    found = rows("list", "--tag", "new")
    assert len(found) >= 20
    assert all(r["status"] == "proved" and r["claims"] == [] for r in found)
    index = shipped().index()
    problems = {index[r["id"]].problem for r in found}
    assert len(problems) == len(found)  # none is another one in disguise


def test_a_row_that_cannot_be_built_yet_is_named_and_left_out(tmp_path, monkeypatch):
    (tmp_path / "more.toml").write_text(
        'family = "more"\nmodel = "no_builder_yet"\n'
        '[[entry]]\nid = "more-1"\nvars = ["a", "b"]\nideal = ["a*c"]\n'
        '[[entry]]\nid = "more-2"\nideal = ["a*b"]\n'
    )
    reader = sys.modules["singularity_lab.catalog.load"]  # the package's own ``load`` is a function
    monkeypatch.setattr(reader, "catalog_path", lambda: tmp_path)
    for words in (["list", "--family", "more"], ["search", "more"]):
        code, out, err = run(*words)
        assert code == 0
        assert "more-2" in out
        assert "more-1" not in out
        assert "left out: more.toml: entry 'more-1': field ideal: unknown variable 'c'" in err
    code, _, err = run("show", "more-1")
    assert code == 2
    assert "more.toml: entry 'more-1': field ideal" in err
