"""Circuits with soft gates: truth tables of known functions, and wires that do not fit."""

import itertools

import pytest

from singularity_lab.errors import BadInput
from singularity_lab.programs.machines.circuits import Circuit, Gate, truth_tables


def run(machine, value, code):
    state = machine.start(value, 99)
    while (asked := machine.query(state)) is not None:
        state = machine.answer(state, code[asked])
    return machine.output(state)


XOR = Circuit(
    ("x", "y"),
    (("N", 2),),
    (
        Gate("a", "N", ("x", "y")),
        Gate("b", "N", ("x", "a")),
        Gate("c", "N", ("y", "a")),
        Gate("d", "N", ("b", "c")),
    ),
    ("d",),
)


def test_four_nands_are_xor_and_other_tables_are_not():
    nand, nor = truth_tables({"N": "1110"}), truth_tables({"N": "1000"})
    values = {"".join(v): run(XOR, "".join(v), nand) for v in itertools.product("01", repeat=2)}
    assert values == {"00": "0", "01": "1", "10": "1", "11": "0"}
    assert [run(XOR, v, nor) for v in values] == ["1", "0", "0", "1"]  # the negation


def test_constants_are_wires():
    negation = Circuit(("x",), (("N", 2),), (Gate("y", "N", ("x", "1")),), ("y",))
    code = truth_tables({"N": "1110"})
    assert [run(negation, v, code) for v in "01"] == ["1", "0"]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_table_has_a_choice_for_each_row(k):
    names = truth_tables({"T": "01" * 2 ** (k - 1)})
    assert len(names) == 2**k
    assert {n.removeprefix("eps_T_") for n in names} == {
        "".join(b) for b in itertools.product("01", repeat=k)
    }


@pytest.mark.parametrize(
    ("gates", "outputs", "match"),
    [
        ([Gate("a", "N", ("x", "b"))], ("a",), "the wire 'b' is not defined before it"),
        ([Gate("x", "N", ("x", "y"))], ("x",), "x"),
        ([Gate("a", "M", ("x", "y"))], ("a",), "no table 'M'"),
        ([Gate("a", "N", ("x",))], ("a",), "takes 2 inputs, received 1"),
        ([Gate("a", "N", ("x", "y"))] * 2, ("a",), "defined twice"),
        ([Gate("a", "N", ("x", "y"))], ("z",), "no wire 'z'"),
        ([Gate("a", "N", ("x", "y"))], (), "at least one wire"),
    ],
)
def test_wires_that_do_not_fit(gates, outputs, match):
    with pytest.raises(BadInput, match=match):
        Circuit(("x", "y"), (("N", 2),), tuple(gates), outputs)


def test_bits_and_tables_have_their_lengths():
    with pytest.raises(BadInput, match="input: 2 bits are needed, received '0'"):
        XOR.bits("0")
    with pytest.raises(BadInput, match="table N: 2\\^k bits are needed"):
        truth_tables({"N": "011"})
