"""The folder of the atlas says what the tables and the proof arm say."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import urllib.error
import urllib.request
from pathlib import Path

import msgspec
import pytest
from atlas_pages import put, shards, small_tables

import singularity_lab
from singularity_lab import ground_truth, load, newton_polyhedron, verify
from singularity_lab.atlas import build, serve
from singularity_lab.atlas.contradictions import faults, gaps
from singularity_lab.atlas.writer import STATIC
from singularity_lab.cli import app
from singularity_lab.dictionary.schema import Cell, Edge
from singularity_lab.dictionary.tables import write_tables
from singularity_lab.errors import BadInput
from singularity_lab.trajectories.trajectory import Trajectory, TrajectoryRow

IDS = (
    "ade-a2",
    "ade-surface-a3",
    "nc-1-2",
    "edge-path-3",
    "binomial-3-2",
    "trained-xor-tanh-2-2-1",
)
SOURCES = Path(singularity_lab.__file__).parents[1] / "atlas"


@pytest.fixture(scope="module")
def tables():
    return small_tables(IDS)


@pytest.fixture(scope="module")
def folder(tables, tmp_path_factory):
    out = tmp_path_factory.mktemp("atlas") / "page"
    build(out, tables, machines=("xor-4nand-shared",))
    return out


def test_the_index_says_what_is_proved(folder):
    name, index = put(folder / "data" / "index.js")
    assert name == "index"
    assert index["ids"] == list(IDS)
    assert {len(column) for column in index.values()} == {len(IDS)}
    for i, row in enumerate(IDS):
        bounds = ground_truth(row, 0).bounds
        sides = [None if s is None else str(s.value) for s in (bounds.lower, bounds.upper)]
        assert [index["lower"][i], index["upper"][i]] == sides
        assert index["m"][i] == (bounds.lower.multiplicity if bounds.exact else None)


def test_every_row_has_its_page_in_the_shard_that_the_index_names(folder):
    _, index = put(folder / "data" / "index.js")
    for row, shard in zip(index["ids"], index["shard"], strict=True):
        _, pages = put(folder / "data" / f"rows-{shard:02d}.js")
        assert pages[row]["row"]["id"] == row
        assert pages[row]["strata"][0]["row_id"] == row


def test_absent_pictures_have_their_reason(folder):
    for page in shards(folder / "data", "rows").values():
        assert (page["germ"] is None) == bool(page["germ_reason"])
        assert (page["newton"] is None) == bool(page["newton_reason"])


def test_the_polyhedron_is_that_of_the_germ(folder):
    drawn = shards(folder / "data", "rows")["ade-surface-a3"]["newton"]
    polyhedron = newton_polyhedron(load("ade-surface-a3"))
    assert [tuple(v) for v in drawn["vertices"]] == list(polyhedron.vertices)
    assert drawn["distance"] == str(polyhedron.distance())
    for facet in drawn["facets"]:
        values = [
            sum(n * x for n, x in zip(facet["normal"], v, strict=True)) for v in drawn["vertices"]
        ]
        assert min(values) == facet["offset"]


def test_each_proof_on_file_can_be_unfolded_and_decides_its_claim(folder):
    _, meta = put(folder / "data" / "meta.js")
    proofs = shards(folder / "data", "proofs")
    for row in IDS[:5]:
        for certificate in ground_truth(row, 0).certificates:
            verify(certificate)
            tree = proofs[certificate.digest()]
            assert meta["proofs"][certificate.digest()]["nodes"] == len(tree["nodes"])
            root = tree["nodes"][0]
            assert root[0] is None
            assert str(certificate.claim.value) in root[6]
            assert all(n[0] < i for i, n in enumerate(tree["nodes"]) if i)
            assert {n[4] for n in tree["nodes"]} <= meta["theorems"].keys()


def test_theorems_are_told_with_their_hypotheses(folder):
    _, meta = put(folder / "data" / "meta.js")
    newton = meta["theorems"]["newton"]
    assert "Varchenko" in newton["statement"] or "Lin" in newton["statement"]
    assert newton["hypotheses"]


def test_the_page_asks_nothing_from_outside(folder):
    html = (folder / "index.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    for name in ("index.html", "atlas.css", "atlas.js"):
        text = (folder / name).read_text(encoding="utf-8")
        links = set(re.findall(r"https?://[^\s\"'`)]+", text))
        assert {x for x in links if not x.startswith("http://www.w3.org/")} == set()


@pytest.mark.skipif(not SOURCES.is_dir(), reason="the sources of the page are not installed")
def test_the_shipped_bundle_is_made_of_the_sources():
    digest = hashlib.sha256()
    files = sorted(p for p in (SOURCES / "src").rglob("*") if p.is_file())
    # in the order of build.mjs: names of one folder in the order of their characters
    for path in [*files, SOURCES / "build.mjs", SOURCES / "package-lock.json"]:
        digest.update(f"{path.relative_to(SOURCES).as_posix()}\n".encode())
        digest.update(path.read_bytes())
    stored = (STATIC / "sources.sha256").read_text(encoding="utf-8").strip()
    assert digest.hexdigest() == stored, "the bundle is stale: make atlas"
    assert stored in (STATIC / "atlas.js").read_text(encoding="utf-8")


def test_tables_that_contradict_one_another_are_not_shown(tables, tmp_path):
    assert not faults(tables)
    one_class = [
        msgspec.structs.replace(r, class_id=Cell.of("c0ffee")) if r.id in IDS[:2] else r
        for r in tables.rows
    ]
    bad = [
        (msgspec.structs.replace(tables, rows=one_class), "class c0ffee has two values"),
        (
            msgspec.structs.replace(tables, edges=[Edge("ade-a2", "nowhere", "class", 1, "")]),
            "there is no row nowhere",
        ),
        (msgspec.structs.replace(tables, certificates=[]), "no certificate"),
        (msgspec.structs.replace(tables, strata=tables.strata[1:]), "has no line in strata"),
        (
            msgspec.structs.replace(
                tables,
                strata=[
                    msgspec.structs.replace(tables.strata[0], jets=Cell("unknown")),
                    *tables.strata[1:],
                ],
            ),
            "blank cell",
        ),
    ]
    for wrong, said in bad:
        with pytest.raises(BadInput, match=said):
            build(tmp_path / "page", wrong)
    assert not (tmp_path / "page").exists()


def test_tables_that_lack_a_proved_value_say_so(tables):
    assert not gaps(tables)
    unasked = [msgspec.structs.replace(s, lam=Cell.unknown("not asked")) for s in tables.strata[:2]]
    told = gaps(msgspec.structs.replace(tables, strata=[*unasked, *tables.strata[2:]]))
    assert len(told) == 1
    assert told[0].startswith("2 rows are proved")


def test_a_run_is_shown_with_its_misses(tables, tmp_path):
    rows = (
        TrajectoryRow(0, loss=2.0, outcome="ok", value=5.0, low=4.9, high=5.1),
        TrajectoryRow(10, loss=1.0, reason="cannot be read"),
    )
    file = tmp_path / "run of mine.json"
    file.write_text(Trajectory(rows, device="llc").to_json())
    build(tmp_path / "page", tables, runs=[file], machines=())
    _, meta = put(tmp_path / "page" / "data" / "meta.js")
    assert [r["id"] for r in meta["runs"]] == ["run-of-mine"]
    _, run = put(tmp_path / "page" / "data" / "run-run-of-mine.js")
    assert [r["outcome"] for r in run["rows"]] == ["ok", "failed"]
    file.write_text("[1, 2]")
    with pytest.raises(BadInput, match="is no trajectory"):
        build(tmp_path / "page", tables, runs=[file], machines=())


def test_what_cannot_be_shown_is_told_before_anything_is_written(tables, tmp_path):
    for wrong in ({"machines": ("nope",)}, {"machines": (), "runs": [tmp_path / "nope.json"]}):
        with pytest.raises((BadInput, OSError), match="nope"):
            build(tmp_path / "page", tables, **wrong)
    assert not (tmp_path / "page").exists()


def test_a_folder_with_other_things_is_left_alone(tables, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(BadInput, match=r"thesis\.tex"):
        build(tmp_path, tables)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_the_server_shows_files_of_the_folder_on_this_machine_alone(folder):
    with serve(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert server.server_address[0] == "127.0.0.1"
        base = f"http://127.0.0.1:{server.server_port}/"
        with urllib.request.urlopen(base + "data/index.js") as answer:
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.read() == (folder / "data" / "index.js").read_bytes()
        for path in ("data/", "..%2f..%2fetc/passwd", "data/rows-99.js"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(base + path)
        server.shutdown()
    with pytest.raises(BadInput, match="holds no atlas"):
        serve(folder / "data")


def test_the_command_builds_from_tables_in_a_folder(tables, tmp_path, capsys):
    write_tables(tables, tmp_path / "tables")
    page = tmp_path / "page"
    given = ["--out", str(page), "--tables", str(tmp_path / "tables")]
    code = app(
        ["atlas", "build", *given, "--machine", "xor-4nand-shared", "--json"],
        standalone_mode=False,
    )
    answer = json.loads(capsys.readouterr().out)
    assert code == 0
    assert answer["bytes"] == sum(p.stat().st_size for p in page.rglob("*") if p.is_file())
