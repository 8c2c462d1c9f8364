"""Rows as the catalog declares them."""

from __future__ import annotations

import re


def test_titles_tell_rows_apart_and_words_are_there(tables):
    titles = [r.title for r in tables.rows]
    assert all(titles)
    assert all(r.aliases for r in tables.rows)
    assert len(set(titles)) >= len(titles) - 5
    assert not [t for t in titles if "None" in t or "{" in t]


def test_one_of_a_thing_is_not_told_as_several(tables):
    told = [t for row in tables.rows for t in (row.title, row.statement)]
    ones = [t for t in told if re.search(r"\b1 (?!softplus|in steps)([a-z]+ )?[a-z]+[^s\W]s\b", t)]
    assert ones == []
