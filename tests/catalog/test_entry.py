"""The schema of a row: what is accepted, and what each error names. Every case is one mistake in a
good file."""

from __future__ import annotations

import pytest

from singularity_lab.catalog.entry import Claim, Entry, decode, to_toml


def test_writing_and_reading_a_row_gives_the_row():
    import tomllib

    from singularity_lab.catalog.load import entries

    for entry in entries():
        text = to_toml(entry)
        assert decode(tomllib.loads(text)["entry"][0], entry.family, "text") == entry


def test_a_row_cannot_be_changed():
    entry = Entry(id="a", ideal=["x"])
    with pytest.raises(AttributeError):
        entry.id = "b"
    with pytest.raises(AttributeError):
        Claim("rlct", "1/2", "someone").value = "1"


def test_text_of_a_loss_row():
    entry = Entry(id="a", ideal=["x + y"], nonnegative=["x", "y"], convention="loss")
    assert entry.problem().convention == "loss"
    assert entry.model().value([1, 2]) == 3
