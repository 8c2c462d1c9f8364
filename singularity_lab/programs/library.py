"""The named programs: machines whose singularities are worked out, grouped by what they compute.

Turing machines: detectA after Clift, Murfet and Wallbridge 2021, a small detectA with twelve
parameters, parity of ones, and larger ones. Circuits, automata, branching programs, register
machines: several constructions of one function, since the function does not decide λ.
``program(name)`` builds one, ``program_names()`` lists them, ``parse_program`` reads a user's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import product

from singularity_lab.errors import BadInput
from singularity_lab.programs.machines.automata import Automaton, BranchingProgram
from singularity_lab.programs.machines.circuits import Circuit, Gate, truth_tables
from singularity_lab.programs.machines.machines import Case, Program, words
from singularity_lab.programs.machines.registers import RegisterMachine
from singularity_lab.programs.machines.turing import TuringMachine
from singularity_lab.system.counting import counted

_LIBRARY: dict[str, Callable[[], Program]] = {}


def program(name: str) -> Program:
    """Return the program of the library with a name.

    Raises BadInput for an unknown name, naming the nearest ones.

    >>> print(program("xor-lookup"))
    xor-lookup: circuit, dimension 4, 4 inputs. One table of four rows.
    """
    if name not in _LIBRARY:
        import difflib

        near = difflib.get_close_matches(str(name), _LIBRARY, n=3) or sorted(_LIBRARY)[:8]
        raise BadInput(f"program: no program {name!r}; perhaps {', '.join(near)}")
    return _build(name)


@cache
def _build(name: str) -> Program:
    return _LIBRARY[name]()


def program_names() -> tuple[str, ...]:
    """The names in the library."""
    return tuple(_LIBRARY)


def cases(inputs: Iterable[str], target: Callable[[str], str]) -> tuple[Case, ...]:
    """Inputs of equal weight, with their wanted outputs."""
    return tuple(Case(x, target(x)) for x in inputs)


def _add(name: str, build: Callable[[], Program]) -> None:
    _LIBRARY[name] = build


# -- Turing machines --------------------------------------------------------------------------


def _contains_a(word: str) -> str:
    return "a" if "A" in word else "r"


MINI = TuringMachine(("B", "A"), ("r", "a"), ("S", "R"))
MINI_CODES = {  # Br Ba Ar Aa: write, next state, move
    "detectA-mini": ("BrR BaS AaS AaS", "It scans to the right until it meets an A."),
    "detectA-mini-retry": ("BaR BrS AaS BaS", "It repeats the step that failed."),
    "detectA-mini-overwrite": ("BaR BrS BrS BaS", "It erases the A and changes state twice."),
}


def _mini(name: str, rules: str, summary: str) -> Program:
    code = MINI.code(dict(zip(MINI.entries, map(tuple, rules.split()), strict=True)))
    return Program(
        name,
        MINI,
        code,
        cases(("BB", "AB", "BA", "AA"), _contains_a),
        steps=2,
        function="does a word of two letters contain A?",
        summary=summary,
    )


for _name, (_rules, _summary) in MINI_CODES.items():
    _add(_name, lambda n=_name, r=_rules, s=_summary: _mini(n, r, s))  # type: ignore[misc]


GPS = TuringMachine(("_", "A", "B"), ("r", "a"), ("S", "L", "R"))


def detect_a(longest: int, rules: str = "_rS _aS AaS AaS BrR BaS") -> Program:
    """detectA of Clift, Murfet and Wallbridge 2021 (d = 30) on all words over A, B of lengths 1 to
    ``longest``; the states r and a are reject and accept."""
    code = GPS.code(dict(zip(GPS.entries, map(tuple, rules.split()), strict=True)))
    return Program(
        f"detectA-{longest}",
        GPS,
        code,
        cases(words("AB", range(1, longest + 1)), _contains_a),
        steps=longest + 1,
        function=f"does a word of at most {longest} letters contain A?",
        summary="detectA: accept a word over A, B that contains A.",
    )


PARITY = TuringMachine(("_", "0", "1"), ("e", "o"), ("S", "L", "R"))


def _parity(word: str) -> str:
    return "o" if word.count("1") % 2 else "e"


def parity_check(longest: int, erase: bool) -> Program:
    """The parity of the ones, with d = 30, on all words over 0, 1 of lengths 1 to ``longest``.

    The name is the laboratory's: this is not the parityCheck of Clift, Murfet and Wallbridge 2021
    (docs/programs.md, "The papers").
    """
    rules = {}
    for q, other in (("e", "o"), ("o", "e")):
        rules["0", q] = ("_" if erase else "0", q, "R")
        rules["1", q] = ("_" if erase else "1", other, "R")
    kind = "erase" if erase else "copy"
    return Program(
        f"parityCheck-{kind}-{longest}",
        PARITY,
        PARITY.code(rules),
        cases(words("01", range(1, longest + 1)), _parity),
        steps=longest + 1 if not erase else longest,
        function=f"parity of a word of at most {longest} bits",
        summary=f"The parity of the ones: it {'erases' if erase else 'writes back'} each bit read.",
    )


for _n in (1, 2, 3, 4):
    _add(f"detectA-{_n}", lambda n=_n: detect_a(n))  # type: ignore[misc]
for _n in (1, 2, 3):
    _add(f"parityCheck-copy-{_n}", lambda n=_n: parity_check(n, False))  # type: ignore[misc]
    _add(f"parityCheck-erase-{_n}", lambda n=_n: parity_check(n, True))  # type: ignore[misc]


def modulo_counter(modulus: int, longest: int) -> Program:
    """The number of 1s modulo 3 or 4, on words of at most ``longest`` bits; Σ = {_, 0, 1, X}."""
    states = tuple("abcd"[:modulus])
    machine = TuringMachine(("_", "0", "1", "X"), states, ("S", "L", "R"))
    rules = {}
    for i, q in enumerate(states):
        rules["0", q] = ("0", q, "R")
        rules["1", q] = ("1", states[(i + 1) % modulus], "R")
    return Program(
        f"count-mod{modulus}",
        machine,
        machine.code(rules),
        cases(words("01", range(1, longest + 1)), lambda w: states[w.count("1") % modulus]),
        steps=longest + 1,
        function=f"number of ones modulo {modulus}",
        summary=f"Counts ones modulo {modulus} on words of at most {longest} bits.",
    )


_add("count-mod3", lambda: modulo_counter(3, 3))
_add("count-mod4", lambda: modulo_counter(4, 3))


def interpreter(length: int) -> Program:
    """A machine that interprets: the tape holds a program of ``length`` instructions and a bit.

    Instructions: N (negate), I (identity), Z (set to 0). The states are the four functions of one
    bit, composed from the right end of the program; the machine starts with the identity, reads the
    instructions from left to right (the first one is applied last), then the bit, and ends in state
    f (output 0) or t (output 1).
    """
    # A state is the function composed so far: identity, negation, constant 0, constant 1.
    states = ("i", "n", "f", "t")
    machine = TuringMachine(("_", "0", "1", "N", "I", "Z"), states, ("S", "L", "R"), "i")
    apply = {"i": "01", "n": "10", "f": "00", "t": "11"}
    name = {v: k for k, v in apply.items()}
    rules = {}
    for q in states:
        outer = apply[q]
        for instruction, inner in (("N", "10"), ("I", "01"), ("Z", "00")):
            composed = "".join(outer[int(bit)] for bit in inner)
            rules[instruction, q] = (instruction, name[composed], "R")
        for bit in "01":
            rules[bit, q] = (bit, "ft"[int(outer[int(bit)])], "R")
        rules["_", q] = ("_", q, "S")

    def wanted(word: str) -> str:
        value = int(word[-1])
        for instruction in reversed(word[:-1]):
            value = {"N": 1 - value, "I": value, "Z": 0}[instruction]
        return "ft"[value]

    inputs = ["".join(w) + b for w in product("NIZ", repeat=length) for b in "01"]
    return Program(
        f"interpreter-{length}",
        machine,
        machine.code(rules),
        cases(inputs, wanted),
        steps=length + 1,
        function=f"run a program of {length} instructions on a bit",
        summary="An interpreter: the tape holds a program over N, I, Z and the bit it acts on.",
    )


for _n in (1, 2, 3):
    _add(f"interpreter-{_n}", lambda n=_n: interpreter(n))  # type: ignore[misc]


# -- circuits -----------------------------------------------------------------------------------


def circuit(
    name: str,
    inputs: str,
    tables: dict[str, str],
    gates: Sequence[str],
    output: str,
    function: str,
    summary: str,
    frozen: Iterable[str] = (),
) -> Program:
    """A circuit from truth tables and gates ``a = N x y``; it is judged on what it computes."""
    parsed = []
    for line in gates:
        wire, _, call = line.partition("=")
        table, *wires = call.split()
        parsed.append(Gate(wire.strip(), table, tuple(wires)))
    machine = Circuit(
        tuple(inputs.split()),
        tuple((t, len(bits).bit_length() - 1) for t, bits in tables.items()),
        tuple(parsed),
        tuple(output.split()),
    )
    values = ["".join(v) for v in product("01", repeat=len(machine.inputs))]
    code = truth_tables(tables)
    draft = Program(name, machine, code, cases(values, lambda _: "0"))
    return Program(
        name,
        machine,
        code,
        cases(values, draft.run),
        frozen=frozenset(frozen),
        function=function,
        summary=summary,
    )


_CIRCUITS: list[tuple[str, str, dict[str, str], list[str], str, str, str, tuple[str, ...]]] = []


def _circuit(
    name: str,
    inputs: str,
    tables: dict[str, str],
    gates: str,
    output: str,
    function: str,
    summary: str,
    *frozen: str,
) -> None:
    lines = [g.strip() for g in gates.split(";")]
    _add(
        name,
        lambda: circuit(name, inputs, tables, lines, output, function, summary, frozen),
    )


_AND, _OR, _XOR, _NAND, _NOT, _ID = "0001", "0111", "0110", "1110", "10", "01"
_MAJ = "00010111"
_MAJ5 = "".join("1" if sum(map(int, b)) > 2 else "0" for b in product("01", repeat=5))

_F = "identity of a bit"
_circuit("identity-direct", "x", {"g": _ID}, "a = g x", "a", _F, "One soft wire.")
_circuit("identity-chain2", "x", {"g": _ID}, "a = g x; b = g a", "b", _F, "One wire used twice.")
_circuit(
    "identity-chain2-separate", "x", {"g": _ID, "h": _ID}, "a = g x; b = h a", "b", _F,
    "Two wires in a row.",
)  # fmt: skip
_circuit(
    "identity-double-not", "x", {"g": _NOT}, "a = g x; b = g a", "b", _F, "One NOT used twice."
)
_TRIPLE = "a = g x; b = g x; c = g x; d = M a b c"
_circuit(
    "identity-tmr-frozen", "x", {"g": _ID, "M": _MAJ}, _TRIPLE, "d", _F,
    "Triple redundancy of one wire with a perfect voter.", "eps_M_*",
)  # fmt: skip
_circuit(
    "identity-tmr", "x", {"g": _ID, "M": _MAJ}, _TRIPLE, "d", _F,
    "Triple redundancy of one wire; the voter is noisy too.",
)  # fmt: skip
_circuit(
    "identity-tmr-separate-frozen", "x", {"g": _ID, "h": _ID, "k": _ID, "M": _MAJ},
    "a = g x; b = h x; c = k x; d = M a b c", "d", _F,
    "Three separate wires with a perfect voter.", "eps_M_*",
)  # fmt: skip
_circuit(
    "identity-5mr-frozen", "x", {"g": _ID, "M": _MAJ5},
    "a = g x; b = g x; c = g x; d = g x; e = g x; f = M a b c d e", "f", _F,
    "Fivefold redundancy of one wire with a perfect voter.", "eps_M_*",
)  # fmt: skip

_F = "XOR of two bits"
_circuit("xor-lookup", "x y", {"X": _XOR}, "a = X x y", "a", _F, "One table of four rows.")
_circuit(
    "xor-4nand-shared", "x y", {"N": _NAND}, "a = N x y; b = N x a; c = N y a; d = N b c", "d", _F,
    "Four NANDs that share one table.",
)  # fmt: skip
_circuit(
    "xor-4nand-separate", "x y", {"N": _NAND, "P": _NAND, "R": _NAND, "T": _NAND},
    "a = N x y; b = P x a; c = R y a; d = T b c", "d", _F, "Four NANDs with tables of their own.",
)  # fmt: skip
_circuit(
    "xor-and-or-nand", "x y", {"N": _NAND, "O": _OR, "A": _AND},
    "a = N x y; b = O x y; c = A a b", "c", _F, "(x NAND y) AND (x OR y).",
)  # fmt: skip
_circuit(
    "xor-two-minterms", "x y", {"N": _NOT, "A": _AND, "O": _OR},
    "n = N x; p = N y; a = A x p; b = A n y; c = O a b", "c", _F,
    "x AND NOT y, OR, NOT x AND y.",
)  # fmt: skip
_circuit(
    "xor-tmr-frozen", "x y", {"X": _XOR, "M": _MAJ},
    "a = X x y; b = X x y; c = X x y; d = M a b c", "d", _F,
    "The table three times with a perfect voter.", "eps_M_*",
)  # fmt: skip

_F = "AND of three bits"
_circuit("and3-lookup", "x y z", {"L": "00000001"}, "a = L x y z", "a", _F, "One table.")
_circuit(
    "and3-tree-shared", "x y z", {"A": _AND}, "a = A x y; b = A a z", "b", _F,
    "Two ANDs that share one table.",
)  # fmt: skip
_circuit(
    "and3-tree-separate", "x y z", {"A": _AND, "B": _AND}, "a = A x y; b = B a z", "b", _F,
    "Two ANDs with tables of their own.",
)  # fmt: skip
_circuit(
    "and3-nand-shared", "x y z", {"N": _NAND},
    "a = N x y; b = N a a; c = N b z; d = N c c", "d", _F, "Four NANDs that share one table.",
)  # fmt: skip

_F = "OR of two bits"
_circuit("or-lookup", "x y", {"O": _OR}, "a = O x y", "a", _F, "One table.")
_circuit(
    "or-nand-shared", "x y", {"N": _NAND}, "a = N x x; b = N y y; c = N a b", "c", _F,
    "Three NANDs that share one table.",
)  # fmt: skip
_circuit(
    "or-demorgan", "x y", {"N": _NOT, "A": _AND}, "a = N x; b = N y; c = A a b; d = N c", "d", _F,
    "NOT (NOT x AND NOT y) with one NOT.",
)  # fmt: skip

_F = "AND of two bits"
_circuit("and-lookup", "x y", {"A": _AND}, "a = A x y", "a", _F, "One table.")
_circuit(
    "and-nand-shared", "x y", {"N": _NAND}, "a = N x y; b = N a a", "b", _F,
    "Two NANDs that share one table.",
)  # fmt: skip
_circuit(
    "and-nand-separate", "x y", {"N": _NAND, "P": _NAND}, "a = N x y; b = P a a", "b", _F,
    "Two NANDs with tables of their own.",
)  # fmt: skip

_F = "NOT of a bit"
_circuit("not-lookup", "x", {"N": _NOT}, "a = N x", "a", _F, "One table.")
_circuit("not-nand", "x", {"N": _NAND}, "a = N x x", "a", _F, "A NAND with joined inputs.")
_circuit(
    "not-triple",
    "x",
    {"N": _NOT},
    "a = N x; b = N a; c = N b",
    "c",
    _F,
    "One NOT used three times.",
)

_F = "majority of three bits"
_circuit("maj3-lookup", "x y z", {"M": _MAJ}, "a = M x y z", "a", _F, "One table.")
_circuit(
    "maj3-and-or", "x y z", {"A": _AND, "O": _OR},
    "a = A x y; b = A x z; c = A y z; d = O a b; e = O d c", "e", _F,
    "OR of the three ANDs, with one AND and one OR.",
)  # fmt: skip

_F = "parity of three bits"
_circuit(
    "parity3-automaton", "x y z", {"X": _XOR}, "a = X 0 x; b = X a y; c = X b z", "c", _F,
    "A shared XOR, unrolled from state 0: a finite automaton.",
)  # fmt: skip
_circuit("parity3-lookup", "x y z", {"L": "01101001"}, "a = L x y z", "a", _F, "One table.")
_circuit(
    "parity3-tree-separate", "x y z", {"X": _XOR, "Y": _XOR}, "a = X x y; b = Y a z", "b", _F,
    "Two XORs with tables of their own.",
)  # fmt: skip

_F = "multiplexer: y or z, as x says"
_circuit("mux-lookup", "x y z", {"L": "00110101"}, "a = L x y z", "a", _F, "One table.")
_circuit(
    "mux-gates", "x y z", {"N": _NOT, "A": _AND, "O": _OR},
    "n = N x; a = A n y; b = A x z; c = O a b", "c", _F, "(NOT x AND y) OR (x AND z).",
)  # fmt: skip
_circuit(
    "mux-nand-shared", "x y z", {"N": _NAND},
    "n = N x x; a = N n y; b = N x z; c = N a b", "c", _F, "Four NANDs that share one table.",
)  # fmt: skip

_F = "half adder: carry and sum of two bits"
_circuit("half-adder", "x y", {"X": _XOR, "A": _AND}, "s = X x y; c = A x y", "c s", _F,
         "An XOR and an AND.")  # fmt: skip
_circuit(
    "half-adder-nand", "x y", {"N": _NAND},
    "a = N x y; b = N x a; c = N y a; s = N b c; t = N a a", "t s", _F,
    "Five NANDs that share one table.",
)  # fmt: skip


# -- automata, transducers, branching programs ----------------------------------------------------


def _automaton_parity(length: int) -> Program:
    machine = Automaton(("0", "1"), ("e", "o"))
    code = {"n_e0": "e", "n_e1": "o", "n_o0": "o", "n_o1": "e"}
    return Program(
        f"parity-automaton-{length}",
        machine,
        code,
        cases(words("01", [length]), _parity),
        function=f"parity of {length} bits",
        summary=f"The two-state automaton on all words of {counted(length, 'bit')}.",
    )


for _n in (1, 2, 3, 4):
    _add(f"parity-automaton-{_n}", lambda n=_n: _automaton_parity(n))  # type: ignore[misc]


def _automaton_padded(length: int) -> Program:
    """Parity with a redundant copy of the odd state."""
    machine = Automaton(("0", "1"), ("e", "o", "p"), ("o", "p"))
    code = {"n_e0": "e", "n_e1": "o", "n_o0": "p", "n_o1": "e", "n_p0": "o", "n_p1": "e"}
    return Program(
        f"parity-automaton-padded-{length}",
        machine,
        code,
        cases(words("01", [length]), lambda w: str(w.count("1") % 2)),
        function=f"parity of {length} bits",
        summary="Three states, two of which are odd: a redundant automaton.",
    )


for _n in (2, 3, 4):
    _add(f"parity-automaton-padded-{_n}", lambda n=_n: _automaton_padded(n))  # type: ignore[misc]


def _contains(length: int, pattern: str) -> Program:
    """Does a word over 0, 1 contain the pattern 11? A three-state automaton with a trap."""
    machine = Automaton(("0", "1"), ("s", "h", "y"), ("y",))
    code = {"n_s0": "s", "n_s1": "h", "n_h0": "s", "n_h1": "y", "n_y0": "y", "n_y1": "y"}
    return Program(
        f"contains{pattern}-automaton-{length}",
        machine,
        code,
        cases(words("01", [length]), lambda w: str(int(pattern in w))),
        function=f"does a word of {length} bits contain {pattern}?",
        summary=f"A three-state automaton that looks for {pattern}.",
    )


for _n in (2, 3, 4):
    _add(f"contains11-automaton-{_n}", lambda n=_n: _contains(n, "11"))  # type: ignore[misc]


def shift_transducer(length: int) -> Program:
    """Output the word shifted by one place: the state is the last bit, the output is the state."""
    machine = Automaton(("0", "1"), ("a", "b"), emits=("0", "1"))
    code: dict[str, str] = {}
    for q, bit in (("a", "0"), ("b", "1")):
        for letter, following in (("0", "a"), ("1", "b")):
            code |= {f"o_{q}{letter}": bit, f"n_{q}{letter}": following}
    return Program(
        f"shift-transducer-{length}",
        machine,
        code,
        cases(words("01", [length]), lambda w: "0" + w[:-1]),
        function=f"shift a word of {length} bits by one place",
        summary="A two-state transducer: the state is the last bit.",
    )


for _n in (1, 2, 3, 4):
    _add(f"shift-transducer-{_n}", lambda n=_n: shift_transducer(n))  # type: ignore[misc]


def _shift_lookup(length: int) -> Program:
    """The shift by one table for each output bit, reading the bit before it."""
    tables = {"C": _ID}
    gates = ["o0 = C 0", *(f"o{i} = C x{i - 1}" for i in range(1, length))]
    return circuit(
        f"shift-wires-{length}",
        " ".join(f"x{i}" for i in range(length)),
        tables,
        gates,
        " ".join(f"o{i}" for i in range(length)),
        f"shift a word of {length} bits by one place",
        "One soft wire, used at every place.",
    )


for _n in (2, 3):
    _add(f"shift-wires-{_n}", lambda n=_n: _shift_lookup(n))  # type: ignore[misc]


def _branching_parity(length: int) -> Program:
    machine = BranchingProgram((1, *[2] * (length - 1)), 2, tuple(range(length)))
    code = {
        f"eps_X{i + 1}_{node}{bit}": str(node ^ bit)
        for i, width in enumerate(machine.widths)
        for node in range(width)
        for bit in (0, 1)
    }
    return Program(
        f"parity{length}-branching",
        machine,
        code,
        cases(words("01", [length]), lambda w: str(w.count("1") % 2)),
        function="parity of three bits" if length == 3 else f"parity of {length} bits",
        summary="A branching program of width two, a table for each layer.",
    )


for _n in (2, 3, 4):
    _add(f"parity{_n}-branching", lambda n=_n: _branching_parity(n))  # type: ignore[misc]


# -- register machines ----------------------------------------------------------------------------

COUNTERS = ("INC1", "INC2", "DEC1", "DEC2", "JNZ1", "NOP")
COPIES = {
    "register-copy": ("DEC1 INC2 JNZ1", "Move one unit, and repeat until register 1 is empty."),
    "register-copy-swapped": ("INC2 DEC1 JNZ1", "The two counting lines in the other order."),
    "register-copy-nop-last": ("INC2 DEC1 JNZ1 NOP", "Followed by a line that does nothing."),
    "register-copy-nop-first": ("NOP INC2 DEC1 JNZ1", "A line that does nothing is in the loop."),
}


def register_copy(name: str, text: str, largest: int, steps: int, summary: str) -> Program:
    """r2 := r1 on the inputs (1, 0) … (largest, 0)."""
    machine = RegisterMachine(2, len(text.split()), COUNTERS)
    return Program(
        name,
        machine,
        machine.code(text),
        tuple(Case(f"{n},0", str(n)) for n in range(1, largest + 1)),
        steps=steps,
        function=f"copy a counter of at most {largest}",
        summary=summary,
    )


for _name, (_rules, _summary) in COPIES.items():
    _add(
        _name,
        lambda n=_name, r=_rules, s=_summary: register_copy(n, r, 2, 7, s),  # type: ignore[misc]
    )
    _add(
        f"{_name}-3",
        lambda n=f"{_name}-3", r=_rules, s=_summary: register_copy(  # type: ignore[misc]
            n, r, 3, 10, s
        ),
    )
