"""What the pages say besides the tables."""

import pytest

from singularity_lab.atlas.page_texts import commands, glossary


def test_every_word_explains_itself_by_others_that_are_there():
    words = glossary()
    assert words["multiplicity"]["title"] == "Multiplicity m"
    for word in words.values():
        assert word["title"]
        assert len(word["text"]) > 20
        assert word["text"].rstrip().endswith((".", ")"))


@pytest.mark.parametrize("row", ["ade-a2", "nc-1-2"])
def test_commands_name_the_row(tables, row):
    (record,) = [r for r in tables.rows if r.id == row]
    own = next(s for s in tables.strata if s.row_id == row)
    found = commands(record, own)
    assert {"shell", "python"} <= set(next(iter(found.values())))
    assert all(row in c["shell"] and row in c["python"] for c in found.values())
