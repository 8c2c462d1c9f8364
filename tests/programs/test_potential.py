"""The potential of a program: its Hessian, and the wrong runs that its terms count."""

from __future__ import annotations

from fractions import Fraction

import pytest

from singularity_lab.algebra.simplex import rank
from singularity_lab.errors import OutOfScope
from singularity_lab.programs import (
    SyndromeProgram,
    program,
    squared_error,
)
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.potential import potential
from singularity_lab.programs.uncertainty.noisy import coordinates


@pytest.mark.parametrize(
    ("name", "steps", "semantics"),
    [
        ("detectA-mini", 2, "exact"),
        ("detectA-mini-retry", 2, "exact"),
        ("detectA-mini", 2, "naive"),
        ("detectA-mini-overwrite", 2, "staged"),
        ("xor-4nand-shared", None, "exact"),
        ("identity-tmr", None, "naive"),
        ("parity-automaton-2", None, "exact"),
    ],
)
def test_the_hessian_is_that_of_the_expanded_potential(name, steps, semantics):
    p = program(name)
    found = potential(p, steps, semantics)
    h = squared_error(p, steps, semantics)
    zero = [0] * len(found.variables)
    second = [[h.derivative(a).derivative(b)(zero) for b in h.variables] for a in h.variables]
    assert [list(row) for row in found.hessian] == second
    assert found.rank == rank(second)
    degrees = [sum(a) for a, _ in h.terms()]
    assert min(degrees) >= 2
    assert found.quadratic == type(h).from_terms(
        {a: c for a, c in h.terms() if sum(a) == 2}, h.variables
    )


def wrong_runs_by_hand(p, case, steps):
    """{syndrome: number of wrong runs} on an input, by walking through all runs."""
    counts, code = {}, p.code
    options = {c.name: c.options for c in p.machine.choices}

    def walk(state, errors):
        choice = p.machine.query(state)
        if choice is None:
            if p.machine.output(state) != case.target:
                key = tuple(sorted(errors))
                counts[key] = counts.get(key, 0) + 1
            return
        for option in options[choice]:
            more = errors if option == code[choice] else (*errors, (choice, option))
            walk(p.machine.answer(state, option), more)

    walk(p.machine.start(case.value, steps), ())
    return counts


@pytest.mark.parametrize("name", ["detectA-mini", "detectA-mini-retry", "xor-4nand-shared"])
def test_coefficients_of_minimal_syndromes_count_wrong_runs(name):
    p = program(name)
    found = potential(p)
    sp = SyndromeProgram(p)
    assert [s for s, _, _ in found.syndromes] == [sp.text(s) for s in sp.syndromes()]
    names = coordinates(p)
    by_hand = {c.value: wrong_runs_by_hand(p, c, p.steps) for c in p.cases}
    mass = sum(c.weight for c in p.cases)
    for text, coefficient, runs in found.syndromes:
        key = []
        for factor in text.split("*"):
            n, _, e = factor.partition("^")
            key += [names[n]] * int(e or 1)
        key = tuple(sorted(key))
        counted = {x: k[key] for x, k in by_hand.items() if key in k}
        assert dict(runs) == counted
        assert coefficient == sum(c.weight * counted.get(c.value, 0) for c in p.cases) / mass


def test_the_two_charts_of_the_small_detect_a_differ():
    for chart, value in (("corner", (Fraction(5, 2), 1)), ("open", (Fraction(2), 2))):
        r = program_rlct("detectA-mini", 2, chart=chart)
        assert (r.lambda_H, r.multiplicity) == value
    with pytest.raises(OutOfScope, match="no solution"):
        potential(program("detectA-mini").at({"q_Br": "a"}))


def test_single_errors_are_seen_where_they_are_syndromes():
    """On all inputs of a larger machine, where nothing is expanded."""
    p = program("detectA-3")
    found = potential(p, expand=False)
    single = {
        s for s in map(SyndromeProgram(p).text, SyndromeProgram(p).syndromes()) if "*" not in s
    }
    assert set(found.directions) == {s for s in single if "^" not in s}
    assert found.polynomial is None
