"""The twenty ideas: every one with its figure, and one source for all pages."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

from typer.testing import CliRunner

from singularity_lab.cli import app
from singularity_lab.dictionary.ideas import STRENGTHS, counts_of_ideas, ideas
from singularity_lab.dictionary.schema import Tables
from singularity_lab.dictionary.tables import shipped


def test_every_idea_says_all_five_things_with_a_figure():
    found = ideas()
    assert [idea.number for idea in found] == list(range(1, 21))
    for idea in found:
        assert idea.strength in STRENGTHS
        assert all((idea.title, idea.claim, idea.command, idea.fails, idea.open))
        assert "{" not in idea.figure + idea.fails
        assert any(c.isdigit() for c in idea.figure), idea.title
        assert idea.command.split()[0] in ("singlab", "pytest", "python")
    (conjecture,) = [idea for idea in found if idea.strength == "conjectured"]
    assert conjecture.claim.startswith("Conjecture")


def test_counts_are_of_the_tables():
    tables = shipped()
    counted = counts_of_ideas(tables)
    assert (counted["rows"], counted["blank"], counted["clashes"]) == (len(tables.rows), 0, 0)
    assert counted["v_within"] + counted["v_missed"] == counted["v_compared"]
    assert set(counts_of_ideas(Tables()).values()) == {0}


def test_the_page_of_the_documentation_has_the_same_words(monkeypatch):
    docs = Path(__file__).resolve().parents[2] / "docs"
    monkeypatch.syspath_prepend(str(docs))
    made = importlib.import_module("idea_tables")
    text = (docs / "twenty-ideas.md").read_text(encoding="utf-8")
    assert made.page(text) == text, "run python docs/idea_tables.py"
    listed = CliRunner().invoke(app, ["dictionary", "ideas", "--json"])
    assert len(json.loads(listed.output)) == 20
