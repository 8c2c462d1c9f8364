"""The checks pass on the catalog, and each of them finds the mistake it is for."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import msgspec
import pytest

from singularity_lab.catalog.checks import (
    bibliography,
    check_catalog,
    check_claims,
    check_entry,
    check_scope,
    twin_error,
)
from singularity_lab.catalog.entry import Claim, Entry
from singularity_lab.catalog.load import entries, families, load
from singularity_lab.errors import BadInput
from singularity_lab.models import build


def sample(size: int) -> list[str]:
    """The smallest row of every family, and rows drawn from all of them with a fixed seed."""
    rows = entries()
    smallest = {r.family: r.id for r in sorted(rows, key=lambda r: -r.dimension)}
    return sorted({*smallest.values(), *random.Random(5).sample([r.id for r in rows], size)})


def test_a_sample_of_the_rows_passes():
    """Sources, formulas, strata, and torch twins (values and gradients, 1e-12)."""
    result = check_catalog(sample(60))
    assert result.ok, str(result)
    assert {row.family for row in result.rows} == set(families())
    assert str(result).endswith("all pass")


@pytest.mark.slow
def test_every_row_passes():
    """The same on all rows."""
    result = check_catalog()
    assert result.ok, str(result)
    assert len(result.rows) == len(entries())


def test_every_source_is_cited_somewhere_or_used_by_a_builder():
    import singularity_lab

    cited = {c.source for e in entries() for c in e.claims}
    package = Path(singularity_lab.__file__).parent
    text = " ".join(p.read_text() for p in package.rglob("*.py")).lower()
    comments = " ".join(p.read_text() for p in (package.parent / "catalog").glob("*.toml")).lower()
    for key in set(bibliography()) - cited:
        name = key.rstrip("0123456789abc").removesuffix("plummer")
        assert name in text or name in comments, key


def test_a_wrong_twin_is_found():
    model = build("diagonal_linear", depth=2, target=[0, 0])

    def half(w):
        return model.twin(w) / 2

    def detached(w):
        return model.twin(w.detach()) + 0 * w.sum()

    wrong = dataclasses.replace(model, twin=half)
    assert twin_error(wrong)[0] == pytest.approx(0.5)
    value, gradient = twin_error(dataclasses.replace(model, twin=detached))
    assert value < 1e-12
    assert gradient == pytest.approx(1.0)


def test_an_unknown_source_is_found():
    entry = Entry(id="a", ideal=["x"], claim=[Claim("rlct", "1/2", "nobody1900")])
    (problem,) = check_claims(entry, bibliography())
    assert problem == "field claim[0].source: 'nobody1900' is not in references.bib"


@pytest.mark.parametrize("changes", [dict(value="7/4"), dict(multiplicity=2)])
def test_a_claim_that_its_formula_does_not_give_is_found(changes):
    entry = load("rrr-2-2-2-r0")
    claim = msgspec.structs.replace(entry.claim[0], **changes)
    wrong = msgspec.structs.replace(entry, claim=[claim])
    (problem,) = check_claims(wrong, bibliography())
    assert "the formula of aoyagi2005 gives 3/2, m = 1" in problem


def test_a_global_row_off_the_deepest_stratum_is_found():
    entry = load("rrr-2-2-2-r0-a1b0")
    assert check_scope(entry) == []
    wrong = msgspec.structs.replace(entry, scope="global")
    assert "deepest" in check_scope(wrong)[0]


def test_a_row_that_cannot_be_built_is_reported_and_does_not_stop_the_rest():
    entry = Entry(id="a", builder="ade", parameters={"type": "E", "k": 9})
    result = check_entry(entry, bibliography())
    assert result.status == "broken"
    assert "E6, E7, E8" in result.problems[0]


def test_contradictions_are_problems():
    def truth(entry):
        return "disputed", [f"claim of {entry.id}"]

    result = check_entry(load("nc-1-1"), bibliography(), truth=truth)
    assert (result.status, result.problems) == ("disputed", ("claim of nc-1-1",))


def test_only_the_rows_asked_for():
    result = check_catalog(["nc-1-1", "nc-1"])
    assert {r.id for r in result.rows} == {"nc-1-1", "nc-1"}
    with pytest.raises(BadInput, match="no row 'nc-9-9-9-9'"):
        check_catalog(["nc-9-9-9-9"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@book{a,\n author = {A},\n title = {T},\n year = {1}\n}\n" * 2, "given twice"),
        ("@book{a,\n author = {A},\n year = {1}\n}\n", "a: field title is missing"),
    ],
)
def test_bibliography_mistakes(tmp_path, text, message):
    (tmp_path / "references.bib").write_text(text)
    with pytest.raises(BadInput, match=message):
        bibliography(tmp_path)
