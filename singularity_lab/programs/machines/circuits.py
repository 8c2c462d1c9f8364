"""Boolean circuits with soft gates: each row of a truth table may be flipped.

A *table* is a Boolean function of k bits with its 2^k rows as choices ``eps_<table>_<bits>``; a
*gate* is one use of a table. Gates that share a table share its parameters, but each use draws
afresh: two wrong uses of one row cost its error squared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.programs.machines.machines import EMPTY, Choice, check_word

CONSTANTS = {"0": "0", "1": "1"}


@dataclass(frozen=True)
class Gate:
    """wire = table(inputs)."""

    wire: str
    table: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class Circuit:
    """inputs: names of the input bits. tables: name → arity. gates: in order of evaluation; a gate
    reads inputs, earlier wires and the constants 0 and 1. outputs: the wires of the output word.

    Raises BadInput for a wire that is not defined before its use, or defined twice, and for a wrong
    number of inputs.

    >>> c = Circuit(("x", "y"), (("N", 2),), (Gate("z", "N", ("x", "y")),), ("z",))
    >>> [choice.name for choice in c.choices]
    ['eps_N_00', 'eps_N_01', 'eps_N_10', 'eps_N_11']
    """

    inputs: tuple[str, ...]
    tables: tuple[tuple[str, int], ...]
    gates: tuple[Gate, ...]
    outputs: tuple[str, ...]
    kind = "circuit"
    clocked = False
    semantics = ("exact", "naive")

    def __post_init__(self) -> None:
        arity = dict(self.tables)
        if len(arity) != len(self.tables):
            raise BadInput("tables: a name is given twice")
        for name, k in self.tables:
            check_word(name, "table")
            program_limits.at_most(14, k, f"table {name}: inputs")
        program_limits.at_most(
            program_limits.OPTIONS, sum(2 * 2**k for _, k in self.tables), "tables: rows"
        )
        for what, found in (("inputs", self.inputs), ("gates", self.gates)):
            program_limits.at_most(program_limits.NAMES, len(found), what)
        program_limits.at_most(program_limits.OUTPUT_BITS, len(self.outputs), "output: wires")
        known = {*CONSTANTS}
        for name in self.inputs:
            check_word(name, "inputs")
            if name in known:
                raise BadInput(f"inputs: {name!r} is taken")
            known.add(name)
        for gate in self.gates:
            if gate.table not in arity:
                raise BadInput(f"gate {gate.wire}: no table {gate.table!r} ({', '.join(arity)})")
            if len(gate.inputs) != arity[gate.table]:
                raise BadInput(
                    f"gate {gate.wire}: the table {gate.table} takes {arity[gate.table]} inputs, "
                    f"received {len(gate.inputs)}"
                )
            for wire in gate.inputs:
                if wire not in known:
                    raise BadInput(f"gate {gate.wire}: the wire {wire!r} is not defined before it")
            if check_word(gate.wire, "gate") in known:
                raise BadInput(f"gate {gate.wire}: the wire is defined twice")
            known.add(gate.wire)
        for wire in self.outputs:
            if wire not in known:
                raise BadInput(f"output: no wire {wire!r}")
        if not self.outputs:
            raise BadInput("output: at least one wire is needed")

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(
            Choice(f"eps_{name}_{''.join(row)}", ("0", "1"), bare=True)
            for name, arity in self.tables
            for row in product("01", repeat=arity)
        )

    @cached_property
    def _live(self) -> tuple[frozenset[str], ...]:
        """For each gate, the wires that are still read at or after it."""
        live, found = frozenset(self.outputs), []
        for gate in reversed(self.gates):
            live = (live - {gate.wire}) | frozenset(gate.inputs)
            found.append(live)
        return (*reversed(found), frozenset(self.outputs))

    def bits(self, value: str) -> dict[str, str]:
        """The values of the input wires. Raises BadInput unless there is one bit for each."""
        value = "" if value == EMPTY else value
        if len(value) != len(self.inputs) or set(value) - {"0", "1"}:
            raise BadInput(f"input: {len(self.inputs)} bits are needed, received {value!r}")
        return dict(zip(self.inputs, value, strict=True))

    # state: (number of the next gate, values of the live wires, in order of name)

    def start(self, value: str, steps: int) -> tuple[int, tuple[tuple[str, str], ...]]:
        return self._trim(0, self.bits(value))

    def query(self, state: tuple[int, tuple[tuple[str, str], ...]]) -> str | None:
        at, wires = state
        if at == len(self.gates):
            return None
        values = {**CONSTANTS, **dict(wires)}
        gate = self.gates[at]
        return f"eps_{gate.table}_{''.join(values[w] for w in gate.inputs)}"

    def answer(
        self, state: tuple[int, tuple[tuple[str, str], ...]], option: str
    ) -> tuple[int, tuple[tuple[str, str], ...]]:
        at, wires = state
        return self._trim(at + 1, {**dict(wires), self.gates[at].wire: option})

    def output(self, state: tuple[int, tuple[tuple[str, str], ...]]) -> str:
        values = {**CONSTANTS, **dict(state[1])}
        return "".join(values[w] for w in self.outputs)

    def canonical(self, value: str) -> str:
        """The one spelling of an input."""
        return "".join(self.bits(value).values())

    def gives(self, value: str, output: str) -> bool:
        """True for a word of as many bits as there are output wires."""
        return len(output) == len(self.outputs) and not set(output) - {"0", "1"}

    def _trim(self, at: int, wires: Mapping[str, str]) -> tuple[int, tuple[tuple[str, str], ...]]:
        return (at, tuple(sorted((w, v) for w, v in wires.items() if w in self._live[at])))

    def lines(self) -> list[str]:
        return [
            f"inputs {' '.join(self.inputs)}",
            *(f"table {name} {arity}" for name, arity in self.tables),
            *(f"gate {g.wire} = {g.table} {' '.join(g.inputs)}" for g in self.gates),
            f"output {' '.join(self.outputs)}",
        ]

    def code_lines(self, code: Mapping[str, str]) -> list[str]:
        """A code as truth tables: ``truth N 1110``."""
        return [
            f"truth {name} "
            + "".join(code[f"eps_{name}_{''.join(row)}"] for row in product("01", repeat=arity))
            for name, arity in self.tables
        ]


def truth_tables(tables: Mapping[str, str]) -> dict[str, str]:
    """A code from truth tables: name → the outputs for 0…0, 0…01, …, 1…1.

    Raises BadInput unless a table has 2^k bits.

    >>> truth_tables({"X": "0110"})["eps_X_01"]
    '1'
    """
    code = {}
    for name, bits in tables.items():
        arity = len(bits).bit_length() - 1
        if len(bits) != 2**arity or set(bits) - {"0", "1"}:
            raise BadInput(f"table {name}: 2^k bits are needed, received {bits!r}")
        for row, bit in zip(product("01", repeat=arity), bits, strict=True):
            code[f"eps_{name}_{''.join(row)}"] = bit
    return code
