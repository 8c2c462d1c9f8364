"""The twenty ideas: what is claimed of each, what was measured, what fails and what is open.

One file of words (``ideas.toml``); what can be counted in the tables is counted there, so that the
command line, the page of the atlas and the page of the documentation say the same.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from singularity_lab.dictionary.classes import clashes
from singularity_lab.dictionary.schema import Cell, StratumLine, Tables, blanks

STRENGTHS = ("proved", "measured", "conjectured")
_WORDS = Path(__file__).resolve().parent / "ideas.toml"


@dataclass(frozen=True)
class Idea:
    """One idea. strength: of the claim; figure: what was proved or measured; command: what gives it
    again; fails, open: what does not hold, and what is not known."""

    number: int
    title: str
    strength: str
    claim: str
    figure: str
    command: str
    fails: str
    open: str


@cache
def _words() -> list[dict[str, str]]:
    found: list[dict[str, str]] = tomllib.loads(_WORDS.read_text(encoding="utf-8"))["idea"]
    return found


def ideas(tables: Tables | str | Path | None = None) -> list[Idea]:
    """Return the ideas in their order, with what the tables count.

    tables: a dictionary; the shipped one if absent.

    >>> found = ideas()
    >>> len(found), found[0].title
    (20, 'Universality hypothesis')
    """
    from singularity_lab.dictionary.tables import chosen

    counted = counts_of_ideas(chosen(tables))
    shown = {name: f"{n:,}" for name, n in counted.items()}
    return [
        Idea(number, **{key: text.format_map(shown) for key, text in words.items()})
        for number, words in enumerate(_words(), 1)
    ]


def counts_of_ideas(tables: Tables) -> dict[str, int]:
    """What the ideas count in the tables, by the name that their words use."""
    strata = tables.strata
    families = {row.id: row.family for row in tables.rows}
    own = [line for line in strata if line.on_file]
    compared = [_comparison(line.valuation) for line in own]
    judged = [c for c in compared if c and c["within"] is not None]
    claiming = [r for r in tables.readings if r.inside.status != "not applicable"]
    good = [r for r in claiming if r.outcome == "ok" and r.inside.status == "value"]
    of_row = {line.row_id: line for line in own}
    multiplicities = [
        (max(r.multiplicity.value, key=r.multiplicity.value.get), str(of_row[r.row_id].m.value))
        for r in good
        if r.multiplicity.status == "value" and of_row[r.row_id].m.status == "value"
    ]
    return {
        "rows": len(tables.rows),
        "strata": len(strata),
        "blank": len(blanks(tables)),
        "classes_plain": _across(own, families, "germ_id"),
        "classes_moved": _across(own, families, "class_id"),
        "clashes": len(clashes(strata)),
        "programs": sum("program" in row.tags for row in tables.rows),
        "read_rows": len({r.row_id for r in claiming}),
        "read_total": len(good),
        "read_held": sum(bool(r.inside.value) for r in good),
        "read_m": len(multiplicities),
        "read_m_right": sum(told == proved for told, proved in multiplicities),
        "read_failed": sum(r.outcome != "ok" for r in claiming),
        "v_compared": len(judged),
        "v_within": sum(c["within"] for c in judged),
        "v_missed": sum(not c["within"] for c in judged),
        "v_tied": sum(c["tied"] > 1 for c in judged),
        "v_chart": sum(c["within"] is None for c in compared if c),
        "volumes": _values(line.volume for line in strata),
        "jets_known": _values(line.jets for line in strata),
        "jets_unknown": _unknown(line.jets for line in strata),
        "contact_unknown": _unknown(line.contact for line in strata),
        "typed": _values(line.type for line in strata),
        "simple": _values(line.factorisation for line in strata),
        "charges": _values(line.central_charge for line in strata),
        "adjacencies": _values(line.adjacencies for line in strata),
        "adjacency_edges": sum(edge.kind == "adjacency" for edge in tables.edges),
        "trained_edges": sum(edge.kind == "trained into" for edge in tables.edges),
    }


def _comparison(cell: Cell) -> Mapping[str, Any] | None:
    return cell.value if cell.status == "value" else None


def _values(column: Iterable[Cell]) -> int:
    return sum(cell.status == "value" for cell in column)


def _unknown(column: Iterable[Cell]) -> int:
    return sum(cell.status == "unknown" for cell in column)


def _across(lines: Iterable[StratumLine], families: Mapping[str, str], column: str) -> int:
    """How many classes have rows of two families or more."""
    members: dict[str, set[str]] = {}
    for line in lines:
        cell: Cell = getattr(line, column)
        if cell.status == "value":
            members.setdefault(str(cell.value), set()).add(families[line.row_id])
    return sum(len(found) > 1 for found in members.values())
