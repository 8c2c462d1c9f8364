"""Ground truth: statuses, contradictions, and the store of certificates."""

from __future__ import annotations

import gzip
import json
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from strategies import rlcts

from singularity_lab.algebra.invariants import RLCT, Bounds
from singularity_lab.catalog import prove as prove_module
from singularity_lab.catalog.consistency import checker, listing
from singularity_lab.catalog.entry import Claim, Entry
from singularity_lab.catalog.load import entries, load
from singularity_lab.catalog.prove import FIRST_BUDGET, prove, write_index
from singularity_lab.catalog.store import CertificateStore, bounds_of, problem_key
from singularity_lab.catalog.truth import contradiction, ground_truth, judge
from singularity_lab.errors import BadInput, CertificateError, Undecided
from singularity_lab.exact.engine import solve
from singularity_lab.exact.engine.solve import rlct

HALF = RLCT(Fraction(1, 2), 1)
NOTHING = Bounds(None, None)


def claim(value="1/2", **more) -> Claim:
    more.setdefault("quantity", "rlct")
    return Claim(value=value, source="someone", **more)


@pytest.fixture
def store(tmp_path) -> CertificateStore:
    return CertificateStore(tmp_path)


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


def test_certificates_are_stored_and_found_again(store):
    entry = load("rrr-2-2-2-r0")
    first = ground_truth(entry, 30, cache=store)
    again = ground_truth(entry, 0, cache=store)
    assert again.rlct == first.rlct == RLCT(Fraction(3, 2), 1)
    assert again.certificates == first.certificates
    path = store.path(entry.problem())
    assert path.name == f"{problem_key(entry.problem())}.json.gz"
    assert [p for p in store.folder.rglob("*") if p.is_file()] == [path]


def test_the_address_is_that_of_the_problem(store):
    keys = {problem_key(load(i).problem()) for i in ("nc-1-1", "nc-1-2", "nc-1-1-prior-0-1")}
    assert len(keys) == 3
    same = Entry(id="other", vars=["w1", "w2"], ideal=["w2*w1"])
    assert problem_key(same.problem()) == problem_key(load("nc-1-1").problem())


def test_without_search_nothing_is_proved(store):
    truth = ground_truth("rrr-2-2-2-r0", 0, cache=store)
    assert truth.status == "cited"
    with pytest.raises(Undecided, match="not proved"):
        _ = truth.value


def tamper(store, entry, change):
    ground_truth(entry, 30, cache=store)
    path = store.path(entry.problem())
    document = json.loads(gzip.decompress(path.read_bytes()))
    change(document)
    path.write_bytes(gzip.compress(json.dumps(document).encode()))
    return store.read(entry.problem())


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["certificates"][0]["claim"].update({"lambda": "2"}),
        lambda d: d["certificates"][0]["claim"].update({"multiplicity": 7}),
        lambda d: d["certificates"][0]["problem"]["generators"].pop(),
        lambda d: d["certificates"][0].update({"proof": {}}),
        lambda d: d["certificates"][0].pop("format"),
    ],
)
def test_an_altered_certificate_does_not_count(store, change):
    entry = load("rrr-2-2-2-r0")
    stored = tamper(store, entry, change)
    assert stored.certificates == ()
    assert len(stored.rejected) == 1
    truth = ground_truth(entry, 0, cache=store)
    assert truth.status == "cited"
    assert truth.notes == stored.rejected
    assert ground_truth(entry, 30, cache=store).status == "proved"


def test_a_certificate_of_another_problem_does_not_count(store):
    one, other = load("nc-1-1"), load("nc-1-2")
    ground_truth(one, 5, cache=store)
    target = store.path(other.problem())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(store.path(one.problem()).read_bytes())
    stored = store.read(other.problem())
    assert stored.certificates == ()
    assert "another problem" in stored.rejected[0]


def test_a_broken_file_does_not_count(store):
    problem = load("nc-1-1").problem()
    path = store.path(problem)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{")
    assert "not gzip of JSON" in store.read(problem).rejected[0]
    assert ground_truth("nc-1-1", 5, cache=store).status == "proved"


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


def test_the_checker_reports_contradictions(store):
    entry = load("nc-1-1")
    truth = checker(5, store)
    assert truth(entry) == ("proved", [])
    wrong = msgspec.structs.replace(entry, claim=[claim("1/3")])
    status, problems = truth(wrong)
    assert status == "disputed"
    assert "lambda >= 1/2 is proved" in problems[0]


def test_the_checker_does_not_search_and_finds_what_is_missing(store):
    """Without a certificate, with a refused one, and with an index that says something else."""
    entry = load("rrr-2-2-2-r0")
    status, problems = checker(0, store)(entry)
    assert status == "cited"
    assert problems[0] == "no certificates: singlab catalog prove rrr-2-2-2-r0"
    assert "index: the row is missing" in problems[1]
    ground_truth(entry, 30, cache=store)
    write_index([entry], store)
    assert checker(0, store)(entry) == ("proved", [])
    (line,) = store.index().values()
    assert line.bounds == Bounds(RLCT(Fraction(3, 2), 1), RLCT(Fraction(3, 2), 1))
    store.write_index([msgspec.structs.replace(line, upper=line.lower, dimension=9)])
    assert "index: dimension: 9 is written, 8 is true" in checker(0, store)(entry)[1][0]
    tamper(store, entry, lambda d: d["certificates"][0]["claim"].update({"lambda": "2"}))
    assert any("certificate: " in p for p in checker(0, store)(entry)[1])


def test_the_index_is_rebuilt_from_the_files(store):
    rows = [load(i) for i in ("nc-1-1", "edge-path-2", "nc-1-2")]  # the first two are one problem
    for row in rows:
        ground_truth(row, 5, cache=store)
    assert len(store.files()) == 2
    write_index(rows, store)
    first = store.index_path.read_bytes()
    lines = store.index()
    assert list(lines) == ["nc-1-1", "edge-path-2", "nc-1-2"]
    assert lines["nc-1-1"].problem == lines["edge-path-2"].problem
    write_index(rows, store)
    assert store.index_path.read_bytes() == first
    # only the line of a row that changed is made again, and those of its problem
    wrong = [msgspec.structs.replace(line, dimension=9) for line in lines.values()]
    store.write_index(wrong)
    write_index(rows, store, ["nc-1-1"])
    assert [line.dimension for line in store.index().values()] == [2, 2, 9]
    write_index(rows, store, ["nc-1-2"])
    assert store.index() == lines
    store.index_path.write_text("{}")
    with pytest.raises(CertificateError, match="not an index"):
        store.index()


def test_the_same_proof_gives_the_same_bytes(store):
    entry = load("rrr-2-2-2-r0")
    truth = ground_truth(entry, 30, cache=store)
    path = store.write(entry.problem(), truth.certificates, 30, 0.25)
    first = path.read_bytes()
    assert store.write(entry.problem(), truth.certificates, 30, 0.25).read_bytes() == first


def test_shipped_certificates_come_before_the_users_own(tmp_path, monkeypatch):
    """Nothing is searched and nothing written for a row that the catalog proves."""
    monkeypatch.setenv("SINGLAB_CACHE", str(tmp_path))
    monkeypatch.setattr(solve, "rlct", lambda *a, **k: pytest.fail("a search"))
    assert ground_truth("rrr-3-3-3-r0").status == "proved"
    assert list(tmp_path.iterdir()) == []


def test_a_listing_needs_no_certificate_and_builds_no_model(monkeypatch):
    from singularity_lab.models import model as models

    monkeypatch.setattr(models, "build", lambda *a, **k: pytest.fail("a model"))
    rows = listing(entries())
    assert len(rows) == len(entries())
    assert {r["status"] for r in rows} <= {"proved", "bracketed", "unknown"}


def test_a_search_that_overruns_is_given_up_and_bounds_stay(store, monkeypatch):
    """The time limit ends a search that does not look at its budget; a short one still brackets."""

    calls = []

    def endless(problem, *, budget, progress=None):
        calls.append(budget)
        if len(calls) == 1:
            while True:
                pass
        return rlct(problem, budget=budget)

    monkeypatch.setattr(solve, "rlct", endless)
    monkeypatch.setattr(prove_module, "OVERRUN", 0.0)
    monkeypatch.setattr(prove_module, "GRACE", 0.2)
    (truth,) = prove([load("nc-1-1")], 0.5, cache=store)
    assert calls == [0.5, FIRST_BUDGET / 20]
    assert truth.status == "proved"


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


@pytest.mark.parametrize(
    ("jobs", "cluster"), [(1, ""), (2, ""), pytest.param(1, "local:2", marks=pytest.mark.slow)]
)
def test_many_rows_are_proved_and_stored(tmp_path, jobs, cluster):
    rows = [load(i) for i in ("nc-1", "mono-2-3", "rrr-2-1-1-r0")]
    search = prove(rows, 20, cache=tmp_path, jobs=jobs, cluster=cluster)
    found = {t.entry.id: t.rlct for t in search}
    assert found == {
        "nc-1": RLCT(Fraction(1, 2), 1),
        "mono-2-3": RLCT(Fraction(5, 12), 1),
        "rrr-2-1-1-r0": RLCT(Fraction(1, 2), 1),
    }
    assert all(ground_truth(row, 0, cache=tmp_path).status == "proved" for row in rows)


def test_a_row_that_fails_does_not_stop_the_others(tmp_path):
    broken = Entry(id="broken", builder="ade", parameters={"type": "E", "k": 9})
    search = prove([broken, load("nc-1")], 5, cache=tmp_path)
    assert next(search).entry.id == "nc-1"
    with pytest.raises(ExceptionGroup) as raised:
        next(search)
    assert raised.value.exceptions[0].__notes__ == ["catalog row broken"]
    with pytest.raises(BadInput, match="jobs"):
        list(prove([], jobs=0))
