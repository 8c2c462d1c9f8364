"""How well words fit a row, and the queries of people."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from singularity_lab import find, lookup
from singularity_lab.dictionary.query import _generators
from singularity_lab.dictionary.tables import shipped
from singularity_lab.dictionary.words import names_of, near_words, plain

ATLAS = Path(__file__).parents[2] / "atlas" / "test"
QUERIES = json.loads((ATLAS / "queries.json").read_text(encoding="utf-8"))
GERMS = json.loads((ATLAS / "germs.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_what_is_called_so_first(query):
    """The same table holds the search of the atlas (atlas/test/unit.test.mjs)."""
    count, first = QUERIES[query]
    found = [hit.row.id for hit in find(query)]
    assert (len(found), found[0] if found else None) == (count, first)


@pytest.mark.parametrize("query", GERMS)
def test_what_of_a_query_is_polynomials(query):
    """The page takes a query apart likewise (atlas/test/unit.test.mjs)."""
    assert _generators(query) == GERMS[query]


@pytest.mark.parametrize("typed", ["x*y, x*z", "x*z,y*x", "x*y; x*z", "x*y x*z", "(x*y, x*z)"])
def test_generators_are_one_germ_however_they_are_parted(typed):
    found = [hit.row.id for hit in find(typed)]
    assert found == [hit.row.id for hit in find("a*b, a*c")] != []
    names = {lookup(id).row.class_id.value for id in found}
    assert len(names) == 1


@pytest.mark.parametrize(
    "query", ["reduced-rank regression", "autoencoder", "mixture model", "attention", "cusp"]
)
def test_names_that_equal_a_query_or_begin_with_it_come_before_all_others(query):
    asked = plain(query)

    def begins(row):
        names = [row.id, row.title, row.family_title, row.family, *row.aliases]
        return any(plain(name).startswith(asked) for name in names)

    order = [begins(hit.row) for hit in find(query)]
    assert order[0]
    assert order == sorted(order, reverse=True)


def test_the_title_of_a_family_goes_before_an_alias_of_another():
    families = list(dict.fromkeys(hit.row.family for hit in find("reduced-rank regression")))
    assert families[:2] == ["reduced_rank_regression", "rrr_strata"]
    assert families.index("linear_autoencoder") > 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("matrix factorization", "matrix factorisation"),
        ("hidden Markov models", "hidden-Markov model"),
        ("D_4", "d4"),
        ("Du Val singularities", "du val singularity"),
    ],
)
def test_spellings_of_one_name(one, other):
    assert plain(one) == plain(other)
    assert [h.row.id for h in find(one)] == [h.row.id for h in find(other)]


def test_short_words_begin_a_word():
    """``rbm`` is not looked for inside of words, ``encoder`` is."""
    names = names_of(shipped().rows)
    assert names["auto-1-1-1"].mentions("encoder")
    assert not names["auto-1-1-1"].mentions("ear")


def test_an_alias_of_one_row_is_its_own_and_those_of_the_family_keep_their_places():
    names = names_of(shipped().rows)
    assert dict((a, p) for p, a in names["ade-a2"].aliases)["cusp"] == 1
    places = [
        dict((a, p) for p, a in names[i].aliases)["plane curve"] for i in ("ade-a2", "ade-a7")
    ]
    assert places[0] == places[1] > 1


def test_a_word_that_no_row_has_is_answered_by_one_spelled_nearly_so():
    assert near_words("autoencodr", shipped().rows)[0] == "autoencoder"
    assert near_words("zzzzz", shipped().rows) == []
