"""Programs as readable text: one statement a line, ``#`` opens a comment.

The first line is the kind and the name: ``turing``, ``automaton``, ``branching``, ``circuit`` or
``register``. Then come the machine's lines, the code, the inputs:

    turing detectA                      circuit xor
    symbols B A                         inputs x y
    states r a                          table N 2
    moves S R                           gate a = N x y
    B r: B r R                          gate b = N x a
    A r: A a S                          gate c = N y a
    freeze w_*                          gate d = N b c
    steps 2                             output d
    input BB -> r                       truth N 1110
    input AB -> a weight 2              input all -> code

Rules of a Turing machine are ``σ q: write next move``; an entry without a rule writes back its
symbol, keeps its state and stays. Rows of an automaton are ``q a -> next`` or ``q a -> next emit``.
``truth NAME bits`` is the truth table of a circuit's table, ``code INC2 DEC1 JNZ1`` the lines of a
register machine; ``set choice option`` sets one entry of any machine. ``freeze`` names choices that
are no parameters, ``function`` says what is computed, ``input all -> code`` (for circuits) asks for
what the code itself computes, on all inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

from singularity_lab.algebra.polynomial import fraction
from singularity_lab.errors import BadInput
from singularity_lab.models.programs.automata import Automaton, BranchingProgram
from singularity_lab.models.programs.circuits import Circuit, Gate, truth_tables
from singularity_lab.models.programs.machines import EMPTY, Case, Machine, Program
from singularity_lab.models.programs.registers import RegisterMachine
from singularity_lab.models.programs.turing import TuringMachine

KINDS = ("turing", "automaton", "branching", "circuit", "register")


@dataclass
class _Lines:
    """Statements sorted by their first word, each with its line number."""

    kind: str
    name: str
    words: dict[str, list[str]] = field(default_factory=dict)
    rules: list[tuple[int, str]] = field(default_factory=list)
    repeated: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def need(self, key: str) -> list[str]:
        if key not in self.words:
            raise BadInput(f"{self.kind} {self.name}: a line '{key} …' is needed")
        return self.words[key]

    def number(self, key: str, default: int | None = None) -> int:
        if key not in self.words and default is not None:
            return default
        (text,) = self.need(key) if len(self.need(key)) == 1 else ("",)
        if not _is_number(text):
            raise BadInput(f"{self.kind} {self.name}: '{key}' needs one integer >= 0")
        return int(text)


def _is_number(text: str) -> bool:
    """True for an integer >= 0 in ASCII digits, of a size that a program may have."""
    return text.isascii() and text.isdigit() and len(text) <= 9


_SINGLE = {
    "turing": ("symbols", "states", "moves", "start", "reads"),
    "automaton": ("letters", "states", "accepting", "emits"),
    "branching": ("widths", "exits", "reads"),
    "circuit": ("inputs", "output"),
    "register": ("registers", "length", "instructions", "reads", "top", "code"),
}
_REPEATED = ("table", "gate", "truth", "set", "freeze", "input")
_COMMON = ("steps", "function")


def parse_program(text: str) -> Program:
    """Read a program. Raises BadInput with the line that does not fit.

    >>> p = parse_program('''
    ... turing flip
    ... symbols _ 0 1
    ... states a b
    ... moves S R
    ... 0 a: 0 b S      # accept a word that starts with 0
    ... steps 1
    ... input 0 -> b
    ... input 1 -> a
    ... ''')
    >>> p.dimension, p.solves()
    (24, True)
    """
    lines = _sort(text)
    machine, code = _READERS[lines.kind](lines)
    for number, line in lines.repeated.get("set", []):
        parts = line.split()
        if len(parts) != 2:
            raise BadInput(f"line {number}: 'set choice option' is needed, received {line!r}")
        code[parts[0]] = parts[1]
    steps = lines.number("steps", 1)
    cases = []
    for number, line in lines.repeated.get("input", []):
        value, arrow, rest = line.partition("->")
        parts = rest.split()
        if not arrow or not parts or (len(parts) > 1 and (len(parts) != 3 or parts[1] != "weight")):
            raise BadInput(
                f"line {number}: 'input VALUE -> OUTPUT [weight q]' is needed, received {line!r}"
            )
        try:
            weight = fraction(parts[2], f"line {number}: weight") if len(parts) > 1 else Fraction(1)
        except (ValueError, ZeroDivisionError):
            raise BadInput(f"line {number}: the weight {parts[2]!r} is no rational") from None
        value = value.strip()
        if value == "all" and isinstance(machine, Circuit):
            values = ["".join(b) for b in product("01", repeat=len(machine.inputs))]
            if parts[0] != "code":
                raise BadInput(f"line {number}: 'input all -> code' is needed")
            draft = Program(lines.name, machine, code, tuple(Case(v, "0") for v in values))
            cases += [Case(v, draft.run(v), weight) for v in values]
        else:
            cases.append(Case("" if value == EMPTY else value, parts[0], weight))
    if not cases:
        raise BadInput(f"{lines.kind} {lines.name}: a line 'input VALUE -> OUTPUT' is needed")
    frozen = {p for _, line in lines.repeated.get("freeze", []) for p in line.split()}
    found = Program(
        lines.name, machine, code, tuple(cases), steps, frozenset(frozen),
        " ".join(lines.words.get("function", [])),
    )  # fmt: skip
    for case in found.cases:
        found.machine.start(case.value, steps)  # the input must be readable
    return found


def _sort(text: str) -> _Lines:
    found: _Lines | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition("#")[0].strip()
        if not line:
            continue
        word, _, rest = line.partition(" ")
        if found is None:
            if word not in KINDS or not rest.strip():
                raise BadInput(
                    f"line {number}: a program opens with one of {', '.join(KINDS)} and a name, "
                    f"received {line!r}"
                )
            found = _Lines(word, rest.strip())
        elif word in _REPEATED:
            found.repeated.setdefault(word, []).append((number, rest.strip()))
        elif word == "function" or (
            word in (*_SINGLE[found.kind], *_COMMON) and ":" not in line and "->" not in line
        ):
            if word in found.words:
                raise BadInput(f"line {number}: '{word}' is given twice")
            found.words[word] = rest.split()
        elif ":" in line or "->" in line:
            found.rules.append((number, line))
        else:
            known = (*_SINGLE[found.kind], *_COMMON, *_REPEATED)
            raise BadInput(f"line {number}: unknown word {word!r}; known: {', '.join(known)}")
    if found is None:
        raise BadInput("program: the text is empty")
    return found


def _turing(lines: _Lines) -> tuple[Machine, dict[str, str]]:
    machine = TuringMachine(
        tuple(lines.need("symbols")),
        tuple(lines.need("states")),
        tuple(lines.words.get("moves", ("S", "L", "R"))),
        " ".join(lines.words.get("start", [])),
        " ".join(lines.words.get("reads", ["state"])),
    )
    rules: dict[tuple[str, str], Any] = {}
    for number, line in lines.rules:
        left, _, right = line.partition(":")
        key, parts = tuple(left.split()), tuple(right.split())
        if len(key) != 2 or len(parts) != 3:
            raise BadInput(f"line {number}: 'σ q: write next move' is needed, received {line!r}")
        if key in rules:
            raise BadInput(f"line {number}: there are two rules for {left.strip()}")
        rules[key] = parts
    return machine, machine.code(rules)


def _automaton(lines: _Lines) -> tuple[Machine, dict[str, str]]:
    machine = Automaton(
        tuple(lines.need("letters")),
        tuple(lines.need("states")),
        tuple(lines.words.get("accepting", ())),
        tuple(lines.words.get("emits", ())),
    )
    code: dict[str, str] = {}
    for number, line in lines.rules:
        left, _, right = line.partition("->")
        key, parts = left.split(), right.split()
        if len(key) != 2 or len(parts) != (2 if machine.emits else 1):
            raise BadInput(
                f"line {number}: 'q a -> next{' emit' if machine.emits else ''}' is needed, "
                f"received {line!r}"
            )
        entry = machine.entry(*key)
        code[f"n_{entry}"] = parts[0]
        if machine.emits:
            code[f"o_{entry}"] = parts[1]
    return machine, code


def _integers(lines: _Lines, key: str) -> tuple[int, ...]:
    parts = lines.need(key)
    if not all(map(_is_number, parts)):
        raise BadInput(f"{lines.kind} {lines.name}: '{key}' needs integers >= 0")
    return tuple(map(int, parts))


def _branching(lines: _Lines) -> tuple[Machine, dict[str, str]]:
    _no_rules(lines)
    return BranchingProgram(
        _integers(lines, "widths"), lines.number("exits"), _integers(lines, "reads")
    ), {}


def _circuit(lines: _Lines) -> tuple[Machine, dict[str, str]]:
    _no_rules(lines)
    tables = []
    for number, line in lines.repeated.get("table", []):
        parts = line.split()
        if len(parts) != 2 or not _is_number(parts[1]):
            raise BadInput(f"line {number}: 'table NAME ARITY' is needed, received {line!r}")
        tables.append((parts[0], int(parts[1])))
    gates = []
    for number, line in lines.repeated.get("gate", []):
        wire, sign, call = line.partition("=")
        parts = call.split()
        if not sign or not parts:
            raise BadInput(f"line {number}: 'gate WIRE = TABLE WIRES' is needed, received {line!r}")
        gates.append(Gate(wire.strip(), parts[0], tuple(parts[1:])))
    bits = {}
    for number, line in lines.repeated.get("truth", []):
        parts = line.split()
        if len(parts) != 2:
            raise BadInput(f"line {number}: 'truth NAME BITS' is needed, received {line!r}")
        bits[parts[0]] = parts[1]
    machine = Circuit(
        tuple(lines.need("inputs")), tuple(tables), tuple(gates), tuple(lines.need("output"))
    )
    return machine, truth_tables(bits)


def _register(lines: _Lines) -> tuple[Machine, dict[str, str]]:
    _no_rules(lines)
    machine = RegisterMachine(
        lines.number("registers"),
        lines.number("length"),
        tuple(lines.need("instructions")),
        lines.number("reads", 2),
        lines.number("top", 5),
    )
    code = machine.code(" ".join(lines.words["code"])) if "code" in lines.words else {}
    return machine, code


def _no_rules(lines: _Lines) -> None:
    if lines.rules:
        number, line = lines.rules[0]
        raise BadInput(f"line {number}: a {lines.kind} has no rules, received {line!r}")


_READERS = {
    "turing": _turing,
    "automaton": _automaton,
    "branching": _branching,
    "circuit": _circuit,
    "register": _register,
}
