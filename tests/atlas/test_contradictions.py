"""Tables that contradict one another are not shown."""

from __future__ import annotations

import msgspec
import pytest
from atlas_pages import IDS

from singularity_lab.atlas import build
from singularity_lab.atlas.contradictions import faults, gaps
from singularity_lab.dictionary.schema import Cell, Edge
from singularity_lab.dictionary.tables import shipped
from singularity_lab.errors import BadInput


def test_tables_that_contradict_one_another_are_not_shown(tables, tmp_path):
    assert not faults(tables)
    one_class = [
        msgspec.structs.replace(r, class_id=Cell.of("c0ffee")) if r.id in IDS[:2] else r
        for r in tables.rows
    ]
    bad = [
        (msgspec.structs.replace(tables, rows=one_class), "class c0ffee has two values"),
        (
            msgspec.structs.replace(tables, edges=[Edge("ade-a2", "nowhere", "class", 1, "")]),
            "there is no row nowhere",
        ),
        (msgspec.structs.replace(tables, certificates=[]), "no certificate"),
        (msgspec.structs.replace(tables, strata=tables.strata[1:]), "has no line in strata"),
        (
            msgspec.structs.replace(
                tables,
                strata=[
                    msgspec.structs.replace(tables.strata[0], jets=Cell("unknown")),
                    *tables.strata[1:],
                ],
            ),
            "blank cell",
        ),
    ]
    for wrong, said in bad:
        with pytest.raises(BadInput, match=said):
            build(tmp_path / "page", wrong)
    assert not (tmp_path / "page").exists()


def test_no_edge_leads_from_a_special_germ_to_a_more_singular_one():
    """(λ, m) is semicontinuous along closures and deformations, and a closure has a boundary of
    smaller dimension: each edge on file turned about is a fault, where its ends differ."""
    tables = shipped()
    assert not faults(tables)
    kinds = ("closure", "adjacency")
    turned = [
        msgspec.structs.replace(e, source=e.target, target=e.source)
        for e in tables.edges
        if e.kind in kinds
    ]
    found = faults(msgspec.structs.replace(tables, edges=turned))
    for kind in kinds:
        said = [line for line in found if line.startswith(kind)]
        assert len(said) >= 0.9 * sum(e.kind == kind for e in turned)
    assert any("(λ, m) goes from" in line for line in found)
    assert any("the dimension goes from" in line for line in found)


def test_tables_that_lack_a_proved_value_say_so(tables):
    assert not gaps(tables)
    unasked = [msgspec.structs.replace(s, lam=Cell.unknown("not asked")) for s in tables.strata[:2]]
    told = gaps(msgspec.structs.replace(tables, strata=[*unasked, *tables.strata[2:]]))
    assert len(told) == 1
    assert told[0].startswith("2 rows are proved")
