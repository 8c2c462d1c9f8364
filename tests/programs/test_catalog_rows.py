"""The rows of the catalog are those that the library derives, and the builder's twins agree."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import pytest

from singularity_lab.catalog.checks import twin_error
from singularity_lab.catalog.load import entries
from singularity_lab.catalog.truth import ground_truth
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.models.model import build
from singularity_lab.programs import hitting_number, program
from singularity_lab.programs.catalog_rows import files


@pytest.mark.slow
def test_the_files_say_what_the_library_derives(repository):
    for name, text in files().items():
        assert (repository / "catalog" / name).read_text(encoding="utf-8") == text, (
            f"write catalog/{name} again: rows.write('catalog')"
        )


def test_there_are_enough_rows_and_groups_each_with_a_certificate():
    """At least 60 rows, each with a certificate on file that is verified here; at least ten
    functions that are computed by programs of different λ."""
    rows = entries(family="programs")
    assert len(rows) >= 60
    groups: dict[str, set[Fraction]] = {}
    for row in rows:
        answer = ground_truth(row, 0)  # verifies what is on file
        assert answer.status == "proved"
        assert [c.kind for c in answer.certificates] == ["exact"]
        if "exact" in row.tags and "component" not in row.id and not row.prior:
            groups.setdefault(row.tags[3], set()).add(answer.rlct.value)
    assert sum(len(values) > 1 for values in groups.values()) >= 10


def test_rows_are_proved_with_the_hitting_number():
    """Every ninth row, by the engine, against the linear program on the program itself."""
    seen = 0
    for row in entries(family="programs")[::9]:
        name, _, rest = row.title.partition(" ")
        if not name.startswith(("component",)) and not row.prior:
            name = name.rstrip(",")
            p = program(name)
            clock = rest.split(",")[0]
            steps = int(clock.split("=")[1]) if "T =" in clock else p.steps
            expected = hitting_number(p, steps, row.tags[2])
            answer = rlct(row.problem(), budget=30)
            assert (answer.value, answer.multiplicity) == (expected.value, expected.multiplicity)
            seen += 1
    assert seen >= 8


@pytest.mark.parametrize(
    ("name", "semantics"),
    [("detectA-mini-retry", "exact"), ("detectA-mini", "naive"), ("xor-4nand-shared", "exact"),
     ("register-copy", "exact")],
)  # fmt: skip
def test_the_builder_makes_the_exact_loss_and_its_twins(name, semantics):
    torch = pytest.importorskip("torch")
    m = build("program", name=name, semantics=semantics)
    assert max(twin_error(m)) < 1e-12
    answer = rlct(m.problem(), budget=30)
    assert answer.value == hitting_number(program(name), semantics=semantics).value
    # the NLL loss is between E and 2E where all e_x <= 1/2
    source = random.Random(1)
    point = [Fraction(source.randint(1, 99), 10**5) for _ in m.variables]
    nll = float(m.analytic(torch.tensor([[float(x) for x in point]], dtype=torch.float64))[0])
    if m.loss.variables and name != "register-copy":
        e = float(m.value(point))
        assert e <= nll <= 2 * e


@pytest.mark.parametrize("length", [1, 2])
def test_the_hidden_markov_rows_have_the_values_of_probabilities(length):
    """They take the probability x = 0 on both sides, as their note says: x >= 0 gives the same."""
    row = next(
        r for r in entries(family="programs_cancellation") if r.id == f"program-hmm2-{length}"
    )
    assert "x >= 0" in row.note
    there = replace(row.problem(), box=((Fraction(0), None), *row.problem().box[1:]))
    assert rlct(row.problem()).rlct == rlct(there).rlct
