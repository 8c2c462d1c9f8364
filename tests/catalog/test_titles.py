"""Titles and aliases of rows: filled in from parameters, found by people's words."""

import pytest

from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import families, load
from singularity_lab.catalog.titles import aliases, fill, title
from singularity_lab.errors import BadInput


@pytest.mark.parametrize(
    ("rule", "values", "text"),
    [
        ("net {widths:-}", {"widths": [2, 1, 2]}, "net 2-1-2"),
        ("rank {rank}", {"rank": 0}, "rank 0"),
        ("plain", {}, "plain"),
    ],
)
def test_a_rule_is_filled_in(rule, values, text):
    assert fill(rule, values) == text


def test_a_parameter_that_there_is_not_is_named():
    with pytest.raises(BadInput, match=r"row_title: .*no parameter 'width'"):
        fill("net {width}", {"widths": [1]})


def test_a_title_by_hand_is_known_as_such():
    by_hand, made = title(Entry(id="a", title="My row", vars=["x"], ideal=["x^2"]))
    assert (by_hand, made) == ("My row", False)


@pytest.mark.parametrize("row", ["nc-1-1", "rrr-2-3-1-r0", "attention-d1-k1-v1-h1"])
def test_aliases_are_lower_case_and_different(row):
    found = aliases(load(row))
    assert found
    assert len(set(found)) == len(found)
    assert all(a == a.lower() for a in found)


def test_aliases_by_id_are_of_rows_that_there_are():
    for family in families().values():
        ids = [row.id for row in family.rows]
        for name, words in family.id_aliases.items():
            meant = [i for i in ids if i == name or (name.endswith("-") and i.startswith(name))]
            assert meant, (family.name, name)
            assert set(map(str.lower, words)) <= set(aliases(load(meant[0])))
