"""Rows proved in processes, within budgets, and indexed."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog import prove as prove_module
from singularity_lab.catalog.load import load
from singularity_lab.catalog.prove import FIRST_BUDGET, prove, write_index
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.errors import CertificateError
from singularity_lab.exact.engine import solve
from singularity_lab.exact.engine.solve import rlct


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
