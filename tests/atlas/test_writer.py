"""The folder of the atlas says what the tables and the proof arm say."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from atlas_pages import put, shards

import singularity_lab
from singularity_lab.atlas import build
from singularity_lab.atlas.writer import STATIC
from singularity_lab.errors import BadInput

SOURCES = Path(singularity_lab.__file__).parents[1] / "atlas"


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
