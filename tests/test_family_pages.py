"""The pages of the families: every row once, with what is proved of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from singularity_lab.catalog.load import families

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    sys.path.insert(0, str(DOCS))
    try:
        import family_pages
    finally:
        sys.path.remove(str(DOCS))
    folder = tmp_path_factory.mktemp("families")
    family_pages.write(folder)
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}


def test_every_row_stands_on_the_page_of_its_family(pages):
    assert set(pages) == {*families(), "index"}
    for name, family in families().items():
        for entry in family.rows:
            assert pages[name].count(f'#/row/{entry.id}"') == 1, entry.id
        assert f"]({name})" in pages["index"]


def test_a_page_says_what_the_model_is_and_what_is_proved(pages):
    page = pages["toy_superposition"]
    assert "Toy model of superposition without bias" in page
    assert "| 6 | 3/2 | 1 | proved |" in page
    assert ">>>" not in page
