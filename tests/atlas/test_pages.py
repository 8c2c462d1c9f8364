"""The records of rows: what is proved, and their polyhedra."""

from __future__ import annotations

from atlas_pages import IDS, put, shards

from singularity_lab import ground_truth, load, newton_polyhedron


def test_the_index_says_what_is_proved(folder):
    name, index = put(folder / "data" / "index.js")
    assert name == "index"
    assert index["ids"] == list(IDS)
    assert {len(column) for column in index.values()} == {len(IDS)}
    for i, row in enumerate(IDS):
        bounds = ground_truth(row, 0).bounds
        sides = [None if s is None else str(s.value) for s in (bounds.lower, bounds.upper)]
        assert [index["lower"][i], index["upper"][i]] == sides
        assert index["m"][i] == (bounds.lower.multiplicity if bounds.exact else None)


def test_the_polyhedron_is_that_of_the_germ(folder):
    drawn = shards(folder / "data", "rows")["ade-surface-a3"]["newton"]
    polyhedron = newton_polyhedron(load("ade-surface-a3"))
    assert [tuple(v) for v in drawn["vertices"]] == list(polyhedron.vertices)
    assert drawn["distance"] == str(polyhedron.distance())
    for facet in drawn["facets"]:
        values = [
            sum(n * x for n, x in zip(facet["normal"], v, strict=True)) for v in drawn["vertices"]
        ]
        assert min(values) == facet["offset"]
