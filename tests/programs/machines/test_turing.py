"""Turing machines: windows of the tape, the order of the code tape, and dimensions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.programs import (
    error_polynomials,
    parse_program,
    program,
)
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.machines.machines import Case, Program, words
from singularity_lab.programs.machines.turing import TuringMachine


def test_the_order_of_the_code_tape_decides_the_staged_semantics():
    """Another order: another law off the codes, the same at codes, and none in other semantics."""
    head, rest = program("detectA-mini-retry").to_text().split("reads state\n")
    text = head + "reads state\ntape Aa Ar Ba Br\n" + rest
    p = parse_program(text)
    assert p.to_text() == text
    assert p.machine.choices == program("detectA-mini-retry").machine.choices
    for semantics in ("exact", "naive"):
        assert program_rlct(p, semantics=semantics).lambda_E == Fraction(13, 2)
    old = error_polynomials(program("detectA-mini-retry"), semantics="staged")
    assert error_polynomials(p, semantics="staged") != old
    default = TuringMachine(("B", "A"), ("r", "a"), ("S", "R"), tape=("Br", "Ba", "Ar", "Aa"))
    assert "tape" not in "".join(default.lines())


def test_the_dimension_of_turing_machines_is_the_formula():
    for name in ("detectA-mini", "detectA-2", "parityCheck-copy-1", "count-mod3", "interpreter-1"):
        m = program(name).machine
        s, q, d = len(m.symbols), len(m.states), len(m.moves)
        assert program(name).dimension == s * q * (s + q + d - 3)


@settings(max_examples=60)
@given(st.data())
def test_windows_of_the_tape_lose_nothing(data):
    """Random runs: the machine that forgets far cells against a simulation on the whole tape."""
    reads = data.draw(st.sampled_from(["state", "symbol"]))
    machine = TuringMachine(("_", "A", "B"), ("r", "a"), ("S", "L", "R"), reads=reads)
    code = {c.name: data.draw(st.sampled_from(c.options)) for c in machine.choices}
    steps = data.draw(st.integers(0, 6))
    p = Program("p", machine, code, (Case("AB", "r"),), steps)
    word = data.draw(st.text("AB", max_size=4))
    assert p.run(word or "()", steps) == machine.simulate(word or "()", steps, code, {})


def test_parity_of_a_long_word():
    p = program("parityCheck-copy-3")
    for w in words("01", [7]):
        assert p.run(w, 8) == "eo"[w.count("1") % 2]
