"""Answers about programs: bounds within a budget, and their words."""

from __future__ import annotations

import re
import time

import pytest

from singularity_lab.errors import CertificateError, Undecided
from singularity_lab.programs import (
    SyndromeProgram,
    parse_program,
    program,
)
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.check import replay_program
from singularity_lab.programs.machines.straightline import parse_real_program


@pytest.mark.parametrize(
    ("name", "steps", "semantics", "chart"),
    [
        ("interpreter-3", 4, "staged", "corner"),
        ("detectA-3", 10, "exact", "corner"),
        ("detectA-2", 3, "exact", "open"),
    ],
)
def test_a_budget_holds_and_leaves_bounds(name, steps, semantics, chart):
    started = time.process_time()
    with pytest.raises(Undecided) as caught:
        program_rlct(name, steps, semantics, chart, budget=0.6)
    assert time.process_time() - started < 1.2 * 0.6 + 2
    bounds = caught.value.bounds
    assert bounds.upper is not None
    assert len(str(caught.value)) < 500
    document = bounds.to_json()
    assert (document["status"], document["lambda_E"]) == ("bounds", None)
    with pytest.raises(CertificateError, match="there is none"):
        replay_program(document)


@pytest.mark.parametrize("budget", [0.01, 0.05, 0.2])
def test_an_open_chart_is_bounded_however_little_time_its_germ_leaves(budget):
    with pytest.raises(Undecided) as caught:
        program_rlct("detectA-2", 3, chart="open", budget=budget)
    assert caught.value.bounds.upper is not None
    assert caught.value.bounds.to_json()["status"] == "bounds"


def test_bounds_contain_the_value():
    sp = SyndromeProgram(program("detectA-3"), 4, "staged")
    assert sp.lower <= 10 <= sp.upper
    assert sp.solve().value == 10
    assert sp.lower == 10 == sp.upper


def test_staged_detect_a_is_as_fast_as_its_solver():
    started = time.process_time()
    result = program_rlct("detectA-3", semantics="staged")
    assert (result.lambda_E, result.multiplicity) == (10, 1)
    assert time.process_time() - started < 5


def test_words_are_all_read(request):
    """The grammar on the page names every word that the parser knows."""
    from singularity_lab.programs.machines.text import GRAMMAR

    page = request.getfixturevalue("repository") / "docs" / "programs.md"
    text = page.read_text(encoding="utf-8")
    for kind, (single, repeated, _) in GRAMMAR.items():
        for word in (kind, *single, *repeated, "set", "freeze", "function", "input"):
            assert f"`{word}" in text, word
    blocks = re.findall(r"(?:^    .*\n|^\n)+", text, re.M)
    read = 0
    for block in blocks:
        inside = "\n".join(line[4:] for line in block.splitlines()).strip()
        if inside.split(" ")[0] in GRAMMAR:
            parse_program(inside)
            read += 1
        elif inside.split(" ")[0] in ("straight-line", "probabilistic"):
            parse_real_program(inside)
            read += 1
    assert read == 7
