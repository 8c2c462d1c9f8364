"""The tables checked against each other before they are shown: a page with a contradiction is not
built."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from singularity_lab.atlas.pages import Joined, row_of, sides
from singularity_lab.dictionary.schema import EDGE_KINDS, Tables, blanks


def faults(tables: Tables) -> list[str]:
    """What is wrong with the tables, a line each; empty for sound ones.

    Blank cells, two rows with one id, rows without a line in ``strata``, two rows of one class that
    differ in (λ, m), edges that end nowhere, closures and adjacencies along which (λ, m) falls or
    the dimension does not rise, certificates that no table has.
    """
    found = [f"blank cell: {where}" for where in blanks(tables)]
    joined = Joined.of(tables)
    ids = [row.id for row in tables.rows]
    known = set(ids)
    if len(known) < len(ids):
        twice = sorted({i for i in known if ids.count(i) > 1})
        found.append(f"two rows have one id: {', '.join(twice)}")
    values: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for row in tables.rows:
        own = joined.own(row)
        if own is None:
            found.append(f"row {row.id} has no line in strata")
            continue
        for digest in own.certificate.value or ():
            if digest not in joined.certificates:
                found.append(f"row {row.id}: no certificate {digest[:12]} in certificates")
        if row.class_id.status == "value" and own.lam.status == own.m.status == "value":
            pair = (str(own.lam.value), str(own.m.value))
            values[str(row.class_id.value)].setdefault(pair, row.id)
    for name, pairs in values.items():
        if len(pairs) > 1:
            said = ", ".join(f"{i} ({v}, {m})" for (v, m), i in pairs.items())
            found.append(f"class {name} has two values: {said}")
    for edge in tables.edges:
        if edge.kind not in EDGE_KINDS:
            found.append(f"edge of an unknown kind {edge.kind!r}")
        ends = [edge.target] if edge.kind == "trained into" else [edge.source, edge.target]
        found += [
            f"edge {edge.source} – {edge.target}: there is no row {row_of(end)}"
            for end in ends
            if row_of(end) not in known
        ]
    found += _against_order(tables)
    for line in tables.strata:
        low, high = sides(line.lam)
        if low is None and high is None and line.lam.status in ("value", "bounds"):
            found.append(f"stratum {line.row_id}#{line.stratum_id}: λ has no side")
    return found


def _against_order(tables: Tables) -> list[str]:
    """Edges from a special germ to a general one that say otherwise: (λ, m) is semicontinuous, so
    that λ does not fall, and m does not rise where λ stays."""
    lines = {
        line.row_id if line.on_file else f"{line.row_id}#{line.stratum_id}": line
        for line in tables.strata
    }
    found = []
    for edge in tables.edges:
        low, high = lines.get(edge.source), lines.get(edge.target)
        if edge.kind not in ("closure", "adjacency") or low is None or high is None:
            continue
        said = f"{edge.kind} {edge.source} – {edge.target}"
        a, b = sides(low.lam)[0], sides(high.lam)[1]
        if a is not None and b is not None:
            decided = all(c.status == "value" for c in (low.lam, low.m, high.lam, high.m))
            rises = decided and a == b and int(low.m.value) < int(high.m.value)
            if Fraction(b) < Fraction(a) or rises:
                found.append(f"{said}: (λ, m) goes from {a}, {low.m.value} to {b}, {high.m.value}")
        d, e = low.dimension, high.dimension
        if edge.kind == "closure" and d.status == e.status == "value" and e.value <= d.value:
            found.append(f"{said}: the dimension goes from {d.value} to {e.value}")
    return found


def gaps(tables: Tables) -> list[str]:
    """What the tables leave open although the catalog has it, a sentence each."""
    joined = Joined.of(tables)
    unasked = 0
    for row in tables.rows:
        own = joined.own(row)
        if own is not None and row.status == "proved" and sides(own.lam) == (None, None):
            unasked += 1
    if not unasked:
        return []
    return [
        f"{unasked} rows are proved in the catalog, and these tables do not have their λ: "
        "build the dictionary again"
    ]
