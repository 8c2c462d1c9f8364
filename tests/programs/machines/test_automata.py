"""Automata, transducers and branching programs: against their definitions."""

import itertools

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.programs.machines.automata import Automaton, BranchingProgram


def run(machine, value, code, steps=99):
    state = machine.start(value, steps)
    while (asked := machine.query(state)) is not None:
        state = machine.answer(state, code[asked])
    return machine.output(state)


PARITY = Automaton(("0", "1"), ("e", "o"), ("o",))
PARITY_CODE = {"n_e0": "e", "n_e1": "o", "n_o0": "o", "n_o1": "e"}


@pytest.mark.parametrize("length", [0, 1, 3])
def test_parity_of_every_word(length):
    for word in map("".join, itertools.product("01", repeat=length)):
        assert run(PARITY, word, PARITY_CODE) == str(word.count("1") % 2)


def test_without_accepting_states_the_output_is_the_last_state():
    machine = Automaton(("0", "1"), ("e", "o"))
    assert run(machine, "111", PARITY_CODE) == "o"
    assert machine.gives("111", "e")
    assert not machine.gives("111", "x")


def test_a_transducer_emits_a_letter_for_each():
    shift = Automaton(("0", "1"), ("0", "1"), emits=("0", "1"))
    code = {f"n_{q}{a}": a for q in "01" for a in "01"} | {
        f"o_{q}{a}": q for q in "01" for a in "01"
    }
    for word in ("1", "0110", "111"):
        assert run(shift, word, code) == "0" + word[:-1]


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Automaton(("0",), ("e",), ("x",)), "accepting: 'x' is not a state"),
        (lambda: Automaton(("0",), ("e",), ("e", "e")), "accepting: each may appear once"),
        (lambda: Automaton(("0",), ("e",), ("e",), ("0",)), "a transducer's output"),
        (lambda: BranchingProgram((2, 2), 2, (0, 1)), "widths: the first layer has one node"),
        (lambda: BranchingProgram((1, 2), 2, (0,)), "reads: one position for each"),
        (lambda: BranchingProgram((1, 11), 2, (0, 1)), "widths: 1 to 10 nodes"),
        (lambda: BranchingProgram((1, 2), 2, (0, -1)), "reads: positions >= 0"),
    ],
)
def test_what_is_no_machine(make, match):
    with pytest.raises(BadInput, match=match):
        make()


def test_a_branching_program_computes_and():
    """Layer 1 reads bit 0; in layer 2 node 0 rejects, node 1 copies bit 1."""
    machine = BranchingProgram((1, 2), 2, (0, 1))
    code = {c.name: "0" for c in machine.choices} | {"eps_X1_01": "1", "eps_X2_11": "1"}
    for x, y in itertools.product("01", repeat=2):
        assert run(machine, x + y, code) == str(int(x == y == "1"))
