"""The store of certificates: addressed by the problem, verified when read, the same bytes again."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tampering import tamper

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.entry import Entry
from singularity_lab.catalog.load import load
from singularity_lab.catalog.store import problem_key
from singularity_lab.catalog.truth import ground_truth


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


def test_the_same_proof_gives_the_same_bytes(store):
    entry = load("rrr-2-2-2-r0")
    truth = ground_truth(entry, 30, cache=store)
    path = store.write(entry.problem(), truth.certificates, 30, 0.25)
    first = path.read_bytes()
    assert store.write(entry.problem(), truth.certificates, 30, 0.25).read_bytes() == first
