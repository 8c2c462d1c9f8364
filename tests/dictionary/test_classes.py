"""Classes of germs agree on λ."""

from __future__ import annotations

import hashlib

import msgspec

from singularity_lab.algebra.problem import LocalProblem
from singularity_lab.catalog.load import load
from singularity_lab.dictionary.build import kept_classes
from singularity_lab.dictionary.classes import LETTERS, clashes, classify
from singularity_lab.dictionary.schema import Cell
from singularity_lab.exact.engine.forms import reduced_form


def test_germs_that_are_new_join_the_classes_that_are_known():
    """A row more does not sort all others again, and no name changes."""
    texts = {
        "a": "x^2 - y^3", "b": "u^3 + v^2", "c": "x*y", "d": "(1 + u)*(u^2 + v^3)",
        "e": "(1 + x)*x*y", "f": "x^2*y",
    }  # fmt: skip
    problems = {k: LocalProblem.build(t) for k, t in texts.items()}
    whole = classify(problems)
    few = {k: problems[k] for k in ("a", "c")}
    known = classify(few)
    again = classify(problems, known=known)
    assert {k: (m.germ_id, m.class_id) for k, m in again.items()} == {
        k: (m.germ_id, m.class_id) for k, m in whole.items()
    }
    assert again["a"] is known["a"]
    assert kept_classes(known, ["a"]) == {"a": known["a"]}
    assert kept_classes(whole, ["b", "c"]) == {"c": whole["c"]}  # the first of b's class is gone


def test_the_classes_on_file_are_those_that_the_code_finds(tables):
    """A class is named by the form of its first member: one that the code no longer finds shows
    that the tables are older than it."""
    rows = {r.id: r for r in tables.rows}
    heads = [
        line for line in tables.strata
        if line.on_file and line.class_id.route == "the first of its class"
        and rows[line.row_id].d <= 6
    ]  # fmt: skip
    assert len(heads) > 100
    for line in heads:
        digest = reduced_form(load(line.row_id).problem()).digest
        names = [digest, *(f"{digest}:{count}" for count in range(1, 9))]
        found = [hashlib.sha256(name.encode()).hexdigest()[:LETTERS] for name in names]
        assert line.class_id.value in found, line.row_id


def test_classes_cross_families_and_agree_on_lambda(tables):
    families = {r.id: r.family for r in tables.rows}
    across = {}
    for name in ("germ_id", "class_id"):
        groups: dict[str, set[str]] = {}
        for line in tables.strata:
            cell = getattr(line, name)
            if line.on_file and cell.status == "value":
                groups.setdefault(cell.value, set()).add(families[line.row_id])
        across[name] = sum(len(g) > 1 for g in groups.values())
    assert across["germ_id"] >= 48
    assert across["class_id"] >= 60
    assert clashes(tables.strata) == []


def test_a_class_that_differs_in_lambda_is_found(tables):
    line = next(s for s in tables.strata if s.row_id == "ade-a2")
    other = msgspec.structs.replace(line, row_id="x", lam=Cell.of("1/3"))
    assert len(clashes([line, other])) == 1
    bounded = msgspec.structs.replace(line, row_id="y", lam=Cell.between("1/2", "1"))
    assert len(clashes([line, bounded])) == 1
    assert clashes([line, msgspec.structs.replace(bounded, lam=Cell.between("1/3", "1"))]) == []
