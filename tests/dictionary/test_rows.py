"""Rows as the catalog declares them."""

from __future__ import annotations


def test_titles_tell_rows_apart_and_words_are_there(tables):
    titles = [r.title for r in tables.rows]
    assert all(titles)
    assert all(r.aliases for r in tables.rows)
    assert len(set(titles)) >= len(titles) - 5
    assert not [t for t in titles if "None" in t or "{" in t]
