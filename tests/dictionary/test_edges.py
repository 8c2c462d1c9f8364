"""Edges: each has a reason, and ends that are there."""

from singularity_lab.catalog.load import load
from singularity_lab.dictionary.assemble import places
from singularity_lab.dictionary.edges import stratum_key
from singularity_lab.dictionary.schema import EDGE_KINDS


def test_the_name_of_a_stratum_is_its_row_or_says_where():
    listed = places([load("rrr-1-1-2-r0")])
    names = [stratum_key(p) for p in listed]
    assert len(set(names)) == len(names)
    assert all(("#" in n) is not p.on_file for n, p in zip(names, listed, strict=True))


def test_every_edge_on_file_has_a_reason_and_two_ends(tables):
    rows = {r.id for r in tables.rows}
    assert {e.kind for e in tables.edges} <= set(EDGE_KINDS)
    for edge in tables.edges:
        assert edge.evidence
        if edge.kind != "trained into":
            assert edge.source.partition("#")[0] in rows
        assert edge.target.partition("#")[0] in rows
        assert edge.source != edge.target


def test_closures_go_up_in_dimension_and_adjacencies_down_in_mu(tables):
    assert all(e.weight >= 0 for e in tables.edges if e.kind in ("closure", "adjacency"))
    deeper = {(e.source, e.target) for e in tables.edges if e.kind == "closure"}
    assert not {(b, a) for a, b in deeper} & deeper
    lines = {s.row_id if s.on_file else f"{s.row_id}#{s.stratum_id}": s for s in tables.strata}
    decided = 0
    for edge in (e for e in tables.edges if e.kind == "closure"):
        ends = lines[edge.source].dimension, lines[edge.target].dimension
        if all(d.status == "value" for d in ends):
            assert edge.weight == ends[1].value - ends[0].value > 0, edge
            decided += 1
    assert decided >= 900
