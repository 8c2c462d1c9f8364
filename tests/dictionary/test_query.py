"""Finding rows by what one has."""

from __future__ import annotations

import re
import shlex
from fractions import Fraction

import msgspec
import pytest

from singularity_lab import find, lookup, same_class
from singularity_lab.dictionary.query import unknown_words, why_none
from singularity_lab.dictionary.schema import Tables
from singularity_lab.errors import BadInput


def ids(query):
    return [hit.row.id for hit in find(query)]


@pytest.mark.parametrize(
    ("query", "family"),
    [
        ("transformer", "linear_attention"),
        ("modular addition", "programs"),
        ("reduced rank regression", "reduced_rank_regression"),
        ("GELU", "activation_network"),
        ("topic model", "latent_dirichlet"),
        ("matrix sensing", "symmetric_factorisation"),
        ("superposition", "toy_superposition"),
        ("finite automaton", "programs"),
        ("hidden Markov", "hidden_markov"),
    ],
)
def test_words_find_their_family(query, family):
    assert family in {hit.row.family for hit in find(query)}


def test_comparisons_and_fields():
    for hit in find("λ<1 d:2..4 m=2"):
        assert Fraction(hit.stratum.lam.value or hit.stratum.lam.upper) < 1
        assert 2 <= hit.row.d <= 4
        assert hit.stratum.m.value == 2
    assert find("λ<1 d:2..4 m=2")
    assert "ade-a2" in ids("5/12")
    assert set(ids("family:tanh")) == set(ids("family:tanh status:proved")) != set()
    name = lookup("ade-a2").stratum.class_id.value
    assert sorted(ids(f"class:{name}")) == sorted(same_class("ade-a2"))
    assert ids("family:no_such_family") == []
    assert sorted(ids("class:ade-a2")) == sorted(same_class("ade-a2"))
    model = lookup("rrr-4-4-3-r3").row.model_id
    assert "rrr-4-4-3-r3" in ids(f"model:{model}")
    assert ids("ade-a4, ade-a2") == ["ade-a4", "ade-a2"]


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("λ≤1/2 d≥3", "λ<=1/2 d>=3"),
        ("λ:1/3..1/2", "lambda>=1/3 λ<=1/2"),
        ("rlct:5/12", "5/12"),
        ("m:2..", "m>1"),
        ("d:..2", "d<=2"),
        ("d:2-3", "d:2..3"),
        ("λ<0.5 d=2", "λ<1/2 d=2"),
        ("59/10±3/10", "5.9±0.3"),
        ("m=2, λ=1/2", "m=2 λ=1/2"),
        ("m=2,λ=1/2;d:2..3", "m=2 λ=1/2 d:2..3"),
        ("5/12, d=2", "5/12 d=2"),
        ("family:tanh, m=1", "family:tanh m=1"),
        ("attention, m=2", "attention m=2"),
    ],
)
def test_spellings_of_one_question(query, same):
    assert ids(query) == ids(same) != []


def test_a_reading_finds_the_nearest_first():
    hits = find("5.9±0.3")
    assert hits
    distances = [hit.distance for hit in hits]
    assert distances == sorted(distances)
    assert all(h.distance <= 0.3 for h in hits)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("u^3 + v^2", "ade-a2"),
        ("x^2*y + y^3 + z^2", "ade-surface-d4"),
        ("p*q", "nc-1-1"),
        ("a*b, a*c", "rrr-1-2-1-r0"),
    ],
)
def test_polynomials_find_their_germ(query, found):
    assert found in ids(query)


def test_a_table_is_searched_by_its_own_columns():
    """A row that the catalog has not, as in the tables of another release."""
    page = lookup("ade-a2")
    assert page.row.id == "ade-a2"
    row = msgspec.structs.replace(page.row, id="of-another-release")
    line = msgspec.structs.replace(page.stratum, row_id="of-another-release")
    few = Tables(rows=[row], strata=[line])
    assert [hit.row.id for hit in find("u^3 + v^2", few)] == ["of-another-release"]
    assert [hit.row.id for hit in find("(1 + u)*(u^3 + v^2)", few)] == ["of-another-release"]
    assert find("u^3 + v^4", few) == []


def test_words_that_no_row_has_are_named():
    assert unknown_words("softmax potts") == {"potts": []}
    assert unknown_words("softmax λ<1") == {}


@pytest.mark.parametrize("query", ["a*b^2-c^3, a*c"])
def test_polynomials_that_no_row_has_are_told_as_such(query):
    assert find(query) == []
    first, then = why_none(query)
    assert first.startswith("no row has these generators up to renaming and signs")
    parts = [part.strip() for part in query.split(",")]
    assert shlex.split(then.partition(" proves")[0]) == ["singlab", "rlct", *parts]


def test_a_value_that_no_row_has_is_told_with_its_neighbours_on_file():
    for query in ("λ=7/12", "7/12", "lambda:7/12"):
        assert find(query) == []
        (told,) = why_none(query)
        match = re.fullmatch(r"no row has .*7/12; the nearest values are (.+) and (.+)", told)
        low, high = match[1], match[2]
        assert Fraction(low) < Fraction(7, 12) < Fraction(high)
        assert ids(f"λ={low}") != [] != ids(f"λ={high}")
        assert ids(f"λ>{low} λ<{high}") == []
    assert why_none("m=2 λ=7/12") == why_none("λ=7/12")
    assert why_none("λ=1/2 d=1 m=2") == ["rows have each of λ=1/2, d=1, m=2, and none has all"]
    assert why_none("family:no_such_family") == ["no row has family:no_such_family"]
    assert why_none("tansformer") == []


def test_bad_queries():
    with pytest.raises(BadInput, match="query: a word"):
        find("  ")
    with pytest.raises(BadInput, match="quote is not closed"):
        find('"attention')
    with pytest.raises(BadInput, match="fraction is needed"):
        find("λ=1/0")
    with pytest.raises(BadInput, match="number is needed"):
        find("m=two")
    with pytest.raises(BadInput, match=r"perhaps ade-a"):
        lookup("ade-a22x")
