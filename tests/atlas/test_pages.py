"""The records of rows: what is proved, and their polyhedra."""

from __future__ import annotations

from fractions import Fraction

import msgspec
from atlas_pages import IDS, put, shards, small_tables

from singularity_lab import ground_truth, load, newton_polyhedron, phases
from singularity_lab.atlas.pages import Joined, measured_page, model_pages
from singularity_lab.dictionary.tables import shipped


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


def test_functions_of_a_linear_network_are_the_truncations_of_its_truth():
    """The page has λ and m of each rung, and makes losses of the singular values it is given."""
    ids = [f"rrr-4-4-3-r{k}" for k in range(4)]
    tables = small_tables(ids)
    pages = dict(model_pages(Joined.of(tables)))
    model = {row.id: row.model_id for row in tables.rows}
    ladder = pages[model["rrr-4-4-3-r3"]]["functions"]
    python = phases("rrr-4-4-3-r3", "functions")
    assert ladder["rank"] == 3
    assert [f["row"] for f in ladder["phases"]] == ids == [p.row for p in python.phases]
    assert [f["lambda"]["value"] for f in ladder["phases"]] == [str(p.value) for p in python.phases]
    assert [f["m"]["value"] for f in ladder["phases"]] == [p.lower[1] for p in python.phases]
    assert model["rrr-4-4-3-r0"] not in pages  # one stratum, and no function below it
    fewer = msgspec.structs.replace(tables, strata=[s for s in tables.strata if s.row_id != ids[1]])
    assert model["rrr-4-4-3-r3"] not in dict(model_pages(Joined.of(fewer)))  # a rung is not on file


def test_every_reading_of_a_proved_row_stands_beside_it():
    tables = shipped()
    panels = measured_page(Joined.of(tables))["panels"]
    lines = [(panel, line) for panel in panels for line in panel["lines"]]
    kept = [r for r in tables.readings if not r.run_id and r.exact.status == "value"]
    assert len(lines) == sum(c.status == "value" for r in kept for c in (r.high,))
    own = {s.row_id: s for s in tables.strata if s.on_file}
    for panel, (row, _, proved, m, value, low, high, inside, outcome, told) in lines:
        assert proved == own[row].lam.value
        assert m == own[row].m.value
        assert low <= value <= high
        if inside is not None:  # the mark is what the numbers say
            assert inside == (low <= Fraction(proved) <= high)
        assert (inside is None) == (panel["n"] > 0)
        assert outcome
        assert told is None or told >= 1
    assert {"volume"} < {panel["device"] for panel in panels}
