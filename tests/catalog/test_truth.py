"""Ground truth: statuses, contradictions, and the store of certificates."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from hypothesis import given
from strategies import rlcts

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.catalog.entry import Claim, Entry
from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.prove import prove
from singularity_lab.catalog.store import bounds_of
from singularity_lab.catalog.truth import contradiction, ground_truth, judge
from singularity_lab.errors import BadInput, Undecided
from singularity_lab.exact.engine import solve
from singularity_lab.exact.engine.solve import rlct

HALF = RLCT(Fraction(1, 2), 1)
NOTHING = Bounds(None, None)


def claim(value="1/2", **more) -> Claim:
    more.setdefault("quantity", "rlct")
    return Claim(value=value, source="someone", **more)


def test_all_demo_rows_are_proved_and_agree_with_their_claims(store):
    for entry in entries(tags="demo"):
        truth = ground_truth(entry, 30, cache=store)
        assert truth.status == "proved", str(truth)
        for c in truth.claims:
            if c.quantity == "rlct":
                assert c.fraction == truth.value
                assert c.multiplicity in (None, truth.multiplicity)


@pytest.mark.parametrize(
    ("bounds", "claims", "status"),
    [
        (Bounds(HALF, HALF), [], "proved"),
        (Bounds(HALF, HALF), [claim(multiplicity=1)], "proved"),
        (Bounds(HALF, HALF), [claim("3/4")], "disputed"),
        (Bounds(HALF, HALF), [claim(multiplicity=2)], "disputed"),
        (Bounds(HALF, HALF), [claim("3/4", disputed="a misprint")], "proved"),
        (Bounds(HALF, RLCT(Fraction(3, 4), 1)), [claim("5/8")], "bracketed"),
        (Bounds(HALF, RLCT(Fraction(3, 4), 1)), [claim("7/8")], "disputed"),
        (NOTHING, [claim()], "cited"),
        (NOTHING, [claim(), claim("3/4")], "disputed"),
        (NOTHING, [claim(kind="upper")], "unknown"),
        (NOTHING, [claim(scope="global")], "unknown"),
        (NOTHING, [claim(quantity="lct", value="1")], "unknown"),
        (NOTHING, [], "unknown"),
    ],
)
def test_status(bounds, claims, status):
    entry = Entry(id="a", ideal=["x"], claim=claims)
    assert judge(entry, bounds).status == status


@given(rlcts(), rlcts())
def test_contradiction_is_the_order_of_values(proved, claimed):
    """An exact local claim contradicts an exact proof exactly when (λ, m) differ."""
    bounds = Bounds(proved, proved)
    c = claim(str(claimed.value), multiplicity=claimed.multiplicity)
    assert bool(contradiction(c, bounds, "local")) == (proved != claimed)
    upper = claim(str(claimed.value), kind="upper")
    lower = claim(str(claimed.value), kind="lower")
    assert bool(contradiction(upper, bounds, "local")) == (claimed.value < proved.value)
    assert bool(contradiction(lower, bounds, "local")) == (claimed.value > proved.value)


@given(rlcts(), rlcts())
def test_global_and_complex_claims_bound_from_below_only(proved, claimed):
    bounds = Bounds(proved, proved)
    c = claim(str(claimed.value), multiplicity=claimed.multiplicity, scope="global")
    assert bool(contradiction(c, bounds, "local")) == (claimed.value > proved.value)
    complex_ = claim(str(2 * claimed.value), quantity="lct")
    assert bool(contradiction(complex_, bounds, "local")) == (claimed.value > proved.value)


def test_without_search_nothing_is_proved(store):
    truth = ground_truth("rrr-2-2-2-r0", 0, cache=store)
    assert truth.status == "cited"
    with pytest.raises(Undecided, match="not proved"):
        _ = truth.value


def test_bounds_are_searched_again_only_with_more_budget(store, monkeypatch):
    """A search that proves a lower bound only, repeated when it may run longer than before."""
    import dataclasses

    entry = load("nc-1-1")
    exact = rlct(entry.problem())
    half = dataclasses.replace(exact.certificate, kind="lower")
    calls = []

    def search(problem, *, budget, progress=None):
        calls.append(budget)
        return dataclasses.replace(exact, certificates=(half,))

    monkeypatch.setattr(solve, "rlct", search)
    first = ground_truth(entry, 1, cache=store)
    assert first.status == "cited"
    assert first.bounds == bounds_of([half]) == Bounds(RLCT(Fraction(1, 2), 2), None)
    assert ground_truth(entry, 1, cache=store).bounds == first.bounds
    assert calls == [1]
    ground_truth(entry, 2, cache=store)
    assert calls == [1, 2]
    monkeypatch.undo()
    assert ground_truth(entry, 3, cache=store).status == "proved"


def test_json_has_text_fractions(store):
    document = ground_truth("nc-1-1", 5, cache=store).to_json()
    assert document["lambda"] == "1/2"
    assert document["multiplicity"] == 2
    assert document["status"] == "proved"
    json.dumps(document)


def test_shipped_certificates_come_before_the_users_own(tmp_path, monkeypatch):
    """Nothing is searched and nothing written for a row that the catalog proves."""
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(solve, "rlct", lambda *a, **k: pytest.fail("a search"))
    assert ground_truth("rrr-3-3-3-r0").status == "proved"
    assert list(tmp_path.iterdir()) == []


def test_bad_arguments(store):
    with pytest.raises(BadInput, match="no row 'nothing-like-it'"):
        ground_truth("nothing-like-it", cache=store)
    with pytest.raises(BadInput, match="budget"):
        ground_truth("nc-1", -1, cache=store)


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    from singularity_lab.catalog.truth import cache_folder

    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path / "c"))
    assert cache_folder() == tmp_path / "c"
    monkeypatch.delenv("SINGLAB_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "singularity-lab" / "certificates"


def test_a_row_that_fails_does_not_stop_the_others(tmp_path):
    broken = Entry(id="broken", builder="ade", parameters={"type": "E", "k": 9})
    search = prove([broken, load("nc-1")], 5, cache=tmp_path)
    assert next(search).entry.id == "nc-1"
    with pytest.raises(ExceptionGroup) as raised:
        next(search)
    assert raised.value.exceptions[0].__notes__ == ["catalog row broken"]
    with pytest.raises(BadInput, match="jobs"):
        list(prove([], jobs=0))
