"""The models of computation: what they compute, what their texts say, what they refuse."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import BadInput
from singularity_lab.programs import parse_program, program, program_names
from singularity_lab.programs.machines.automata import Automaton, BranchingProgram
from singularity_lab.programs.machines.circuits import Circuit, Gate, truth_tables
from singularity_lab.programs.machines.machines import Case, Program, words
from singularity_lab.programs.machines.registers import RegisterMachine
from singularity_lab.programs.machines.turing import TuringMachine


@pytest.mark.parametrize("name", program_names())
def test_every_code_of_the_library_solves_its_task(name):
    assert program(name).solves()


@pytest.mark.parametrize("name", program_names())
def test_text_and_object_say_the_same(name):
    p = program(name)
    q = parse_program(p.to_text())
    assert (q.machine, dict(q.code), q.cases, q.steps, q.frozen, q.function) == (
        p.machine,
        dict(p.code),
        p.cases,
        p.steps,
        p.frozen,
        p.function,
    )


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


def test_the_interpreter_composes_functions():
    p = program("interpreter-3")
    for w in product("NIZ", repeat=5):
        for bit in "01":
            value = int(bit)
            for f in reversed(w):
                value = {"N": 1 - value, "I": value, "Z": 0}[f]
            assert p.run("".join(w) + bit, 6) == "ft"[value]


def test_the_register_machine_clips_and_jumps():
    m = RegisterMachine(2, 4, ("INC1", "DEC1", "INC2", "CPY12", "CLR1", "JZ1_4", "JMP_0", "NOP"))
    p = Program("p", m, m.code("JZ1_4 DEC1 INC2 JMP_0"), (Case("0", "0"),))
    for n in range(6):
        assert p.run(f"{n}", 40) == str(n)
    clipped = p.at(m.code("INC2 NOP NOP JMP_0"))
    assert clipped.run("0", 100) == "5"
    assert p.at(m.code("CPY12 CLR1 NOP NOP")).run("4", 4) == "4"


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


TEXTS = [
    ("", "the text is empty"),
    ("lambda x", "line 1: a program opens with one of"),
    ("turing t\nsymbols B A\ninput A -> r", "a line 'states …' is needed"),
    ("turing t\nsymbols B A\nstates r a\ncolour red\n", "line 4: unknown word 'colour'"),
    ("turing t\nsymbols B A\nsymbols B A\n", "line 3: 'symbols' is given twice"),
    ("turing t\nsymbols B A\nstates r a\nB r: B r\ninput A -> r", "line 4: 'σ q: write next move'"),
    ("turing t\nsymbols B A\nstates r a\nC r: B r S\ninput A -> r", "no entry for C r"),
    ("turing t\nsymbols B A\nstates r a\nB r: B x S\ninput A -> r", "q_Br has the options r, a"),
    ("turing t\nsymbols B A\nstates r a\n", "a line 'input VALUE -> OUTPUT'"),
    ("turing t\nsymbols B A\nstates r a\ninput A r\n", "line 4: 'input VALUE -> OUTPUT"),
    ("turing t\nsymbols B A\nstates r a\ninput A -> r weight x\n", "line 4: the weight 'x'"),
    ("turing t\nsymbols B A\nstates r a\nsteps two\ninput A -> r", "'steps' needs one integer"),
    ("turing t\nsymbols B A\nstates r a\nfreeze z_*\ninput A -> r", "'z_*' matches no choice"),
    ("turing t\nsymbols B A\nstates r a\ninput A -> r\ninput A -> a", "'A' is given twice"),
    ("circuit c\ninputs x\ntable N 1\ngate y = N x\noutput y\ninput 0 -> 1", "no option is given"),
    ("circuit c\ninputs x\nx: y\noutput x\ninput 0 -> 1", "line 3: a circuit has no rules"),
    (
        "register r\nregisters 2\nlength 2\ninstructions NOP\ncode NOP\ninput 0 -> 0",
        "2 instructions",
    ),
    ("automaton a\nletters 0 1\nstates e o\ne 0 -> e e\ninput 0 -> e", "line 4: 'q a -> next'"),
]


@pytest.mark.parametrize(("text", "message"), TEXTS, ids=[m for _, m in TEXTS])
def test_texts_that_cannot_be_read_name_the_line(text, message):
    with pytest.raises(BadInput, match=re.escape(message)):
        parse_program(text)


def test_inputs_all_ask_for_what_the_code_computes():
    p = parse_program(
        "circuit c\ninputs x y\ntable N 2\ngate a = N x y\ngate b = N a a\noutput b\n"
        "truth N 1110\ninput all -> code weight 1/4\n"
    )
    assert [c.target for c in p.cases] == ["0", "0", "0", "1"]
    assert sum(c.weight for c in p.cases) == 1
