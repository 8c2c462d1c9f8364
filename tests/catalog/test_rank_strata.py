"""The rank-stratum table: complete, proved or bracketed, and equal to the normal form."""

from __future__ import annotations

import itertools

import flint
import pytest

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.catalog.consistency import listing
from singularity_lab.catalog.rank_strata import (
    COLUMNS,
    RankStratum,
    normal_form,
    rank_strata,
    rows_on_file,
    strata,
)
from singularity_lab.models import build


@pytest.fixture(scope="module")
def table():
    return rank_strata(listing)


def of(row) -> RankStratum:
    names = ("inputs", "outputs", "hidden", "rank", "rank_a", "rank_b")
    return RankStratum(*(row[n] for n in names))


def test_the_table_has_every_stratum_and_every_value(table):
    assert [of(row) for row in table] == list(strata(4))
    assert all(list(row) == list(COLUMNS) for row in table)
    assert {row["status"] for row in table} <= {"proved", "bracketed"}
    assert sum(row["status"] == "proved" for row in table) >= 700


def test_certificates_and_the_normal_form_agree(table):
    """Two independent ways to (λ, m): the germ as it stands, and Schur complements with Aoyagi and
    Watanabe 2005."""
    for row in table:
        expected = normal_form(of(row))
        if row["status"] == "proved":
            assert RLCT(row["lambda"], row["multiplicity"]) == expected, row
        else:
            low, high = (RLCT(row[s]["lambda"], row[s]["multiplicity"]) for s in ("lower", "upper"))
            assert low <= expected <= high, row


def test_the_strata_are_those_that_small_matrices_have():
    """All pairs of 0/1/-1 matrices of size 2, by their ranks; the builder lists the same."""
    M, N, H = 2, 1, 2
    found = set()
    for a in itertools.product((-1, 0, 1), repeat=H * M):
        A = flint.fmpz_mat(H, M, list(a))
        for b in itertools.product((-1, 0, 1), repeat=N * H):
            B = flint.fmpz_mat(N, H, list(b))
            found.add(RankStratum(M, N, H, (B * A).rank(), A.rank(), B.rank()))
    assert found == {s for s in strata(2) if (s.inputs, s.outputs, s.hidden) == (M, N, H)}
    for s in strata(3):
        sizes = dict(inputs=s.inputs, outputs=s.outputs, hidden=s.hidden, rank=s.rank)
        model = build("reduced_rank_regression", **sizes)
        assert s.name in [p.name for p in model.strata]


def test_the_deepest_stratum_is_the_global_value(table):
    """λ is lower semicontinuous: no stratum above a truth is below its deepest one."""
    for key, group in itertools.groupby(table, key=lambda r: tuple(r.values())[:4]):
        values = {(r["rank_a"], r["rank_b"]): normal_form(of(r)) for r in group}
        assert min(values.values()) == values[key[3], key[3]]


def test_transposition_is_used_and_is_an_involution(table):
    rows = rows_on_file()
    for row in table:
        s = of(row)
        assert s.transposed.transposed == s
        assert s.canonical == s.transposed.canonical
        assert (rows.get(s) is None) <= row["transposed"]
    assert any(row["transposed"] for row in table)
