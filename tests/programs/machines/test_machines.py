"""The models of computation: what they compute, what their texts say, what they refuse."""

from __future__ import annotations

import re

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.programs import parse_program, program
from singularity_lab.programs.machines.automata import Automaton, BranchingProgram
from singularity_lab.programs.machines.circuits import Circuit, Gate, truth_tables
from singularity_lab.programs.machines.machines import Case, Program
from singularity_lab.programs.machines.registers import RegisterMachine
from singularity_lab.programs.machines.turing import TuringMachine


def ambiguous():
    """The entries (A_b, c) and (A, b_c) have one name."""
    machine = TuringMachine(("A", "A_b"), ("c", "b_c"))
    return Program("p", machine, {c.name: c.options[0] for c in machine.choices}, (Case("A", "c"),))


BAD = [
    (lambda: TuringMachine((), ("a",)), "symbols: at least one"),
    (lambda: TuringMachine(("A", "A"), ("a",)), "symbols: each may appear once"),
    (lambda: TuringMachine(("A",), ("a",), ("U",)), "moves: L, S and R"),
    (lambda: TuringMachine(("A",), ("a",), start_state="b"), "start: 'b' is not a state"),
    (lambda: TuringMachine(("A",), ("a",), reads="tape"), "reads: 'state' or 'symbol'"),
    (lambda: Automaton(("0",), ("a",), ("b",)), "accepting: 'b' is not a state"),
    (lambda: BranchingProgram((2, 2), 2, (0, 1)), "widths: the first layer has one node"),
    (lambda: BranchingProgram((1, 2), 2, (0,)), "reads: one position for each of 2"),
    (
        lambda: Circuit(("x",), (("N", 2),), (Gate("z", "N", ("x",)),), ("z",)),
        "gate z: the table N takes 2 inputs, received 1",
    ),
    (
        lambda: Circuit(("x",), (("N", 1),), (Gate("z", "N", ("y",)),), ("z",)),
        "gate z: the wire 'y' is not defined before it",
    ),
    (lambda: truth_tables({"N": "111"}), "table N: 2^k bits"),
    (lambda: RegisterMachine(2, 1, ("INC3",)), "INC3 names a register outside"),
    (lambda: RegisterMachine(2, 1, ("FOO",)), "'FOO' is not one"),
    (lambda: RegisterMachine(2, 1, ("JMP_3",)), "jumps beyond line 1"),
    (lambda: program("detectA"), "no program 'detectA'; perhaps detectA-"),
    (lambda: program("xor-lookup").at({"eps_X_00": "2"}), "eps_X_00 has the options 0, 1"),
    (lambda: program("xor-lookup").at({"eps_Y_00": "1"}), "unknown choice 'eps_Y_00'"),
    (lambda: program("xor-lookup").run("0"), "input: 2 bits are needed, received '0'"),
    (lambda: program("detectA-mini").run("AX"), "'X' in 'AX' is not one of the symbols B A"),
    (lambda: program("detectA-mini").run("AA", -1), "steps: an integer >= 0"),
    (lambda: Case("A", "r", 0), "a weight > 0 is needed"),
    (lambda: ambiguous(), "two choices or options share the name 'w_A_b_c'"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[m for _, m in BAD])
def test_what_is_wrong_is_named(call, message):
    with pytest.raises(BadInput, match=re.escape(message)):
        call()


def test_inputs_all_ask_for_what_the_code_computes():
    p = parse_program(
        "circuit c\ninputs x y\ntable N 2\ngate a = N x y\ngate b = N a a\noutput b\n"
        "truth N 1110\ninput all -> code weight 1/4\n"
    )
    assert [c.target for c in p.cases] == ["0", "0", "0", "1"]
    assert sum(c.weight for c in p.cases) == 1
