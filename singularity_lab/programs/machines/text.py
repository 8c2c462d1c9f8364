"""Programs as readable text: one statement a line, ``#`` opens a comment (docs/programs.md).

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
what the code itself computes, on all inputs. ``()`` is the empty word.

Nothing is overridden and nothing is left unread: a second value for one thing, a word that the kind
does not have and an output that the machine cannot give are errors, and each names its line.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product

from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.programs.machines.automata import Automaton, BranchingProgram
from singularity_lab.programs.machines.circuits import Circuit, Gate, truth_tables
from singularity_lab.programs.machines.machines import (
    EMPTY,
    Case,
    Machine,
    Program,
    check_name,
    check_steps,
    expand,
)
from singularity_lab.programs.machines.registers import RegisterMachine
from singularity_lab.programs.machines.turing import TuringMachine

# kind -> words with one line, words with many lines, what separates the two sides of a rule
GRAMMAR: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "turing": (("symbols", "states", "moves", "start", "reads", "tape", "steps"), (), ":"),
    "automaton": (("letters", "states", "accepting", "emits"), (), "->"),
    "branching": (("widths", "exits", "reads"), (), ""),
    "circuit": (("inputs", "output"), ("table", "gate", "truth"), ""),
    "register": (
        ("registers", "length", "instructions", "reads", "top", "code", "steps"), (), "",
    ),
}  # fmt: skip
KINDS = tuple(GRAMMAR)
_REPEATED = ("set", "freeze", "input")
_MAY_BE_EMPTY = ("inputs",)
_WEIGHT = re.compile(r"[0-9]{1,20}(/[0-9]{1,20})?|[0-9]{1,20}\.[0-9]{1,20}")

NumberedLine = tuple[int, str]
Entries = dict[str, tuple[str, int]]  # choice -> (option, number of its line)


@dataclass
class _Lines:
    """Statements sorted by their first word, each with its line number."""

    kind: str
    name: str
    opens: int
    words: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    rules: list[NumberedLine] = field(default_factory=list)
    repeated: dict[str, list[NumberedLine]] = field(default_factory=dict)

    def need(self, key: str) -> list[str]:
        if key not in self.words:
            raise BadInput(
                f"line {self.opens}: {self.kind} {self.name}: a line '{key} …' is needed"
            )
        return self.words[key][1]

    def get(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return tuple(self.words[key][1]) if key in self.words else default

    def one(self, key: str, default: str) -> str:
        if key not in self.words:
            return default
        number, parts = self.words[key]
        if len(parts) != 1:
            raise BadInput(f"line {number}: '{key}' needs one word, received {' '.join(parts)!r}")
        return parts[0]

    def number(self, key: str, default: int | None = None) -> int:
        if key not in self.words and default is not None:
            return default
        parts = self.need(key)
        if len(parts) != 1 or not is_number(parts[0]):
            raise BadInput(
                f"line {self.words[key][0]}: '{key}' needs one integer >= 0 of at most nine "
                f"digits, received {' '.join(parts)[:80]!r}"
            )
        return int(parts[0])

    def numbers(self, key: str) -> tuple[int, ...]:
        parts = self.need(key)
        if not all(map(is_number, parts)):
            raise BadInput(
                f"line {self.words[key][0]}: '{key}' needs integers >= 0 of at most nine digits, "
                f"received {' '.join(parts)[:80]!r}"
            )
        return tuple(map(int, parts))

    def place(self, message: str) -> int:
        """The line that a message of the machine is about: that of its first word."""
        words = re.split(r"[:,\s]+", message, maxsplit=2)
        key = {"tables": "table", "gates": "gate", "frozen": "freeze"}.get(words[0], words[0])
        if key in self.words:
            return self.words[key][0]
        for number, line in self.repeated.get(key, []):
            if len(words) > 1 and line.split()[:1] == [words[1]]:
                return number
        return self.repeated[key][-1][0] if key in self.repeated else self.opens


def is_number(text: str) -> bool:
    """True for one to nine decimal digits, of ASCII."""
    return text.isascii() and text.isdigit() and len(text) <= 9


@contextlib.contextmanager
def on_line(number: int | Callable[[str], int]) -> Iterator[None]:
    """Errors of the block get the number of the line, unless they name one."""
    try:
        yield
    except BadInput as error:
        told = str(error)
        if re.match(r"line \d+: ", told):
            raise
        place = number if isinstance(number, int) else number(told)
        raise BadInput(f"line {place}: {told}") from None


def statements(text: str) -> Iterator[NumberedLine]:
    """The lines of a text that say something, without comments, with their numbers.

    Raises BadInput where the text is too long.

    >>> list(statements("a  # one\\n\\n\\tb\\tc"))
    [(1, 'a'), (3, 'b\\tc')]
    """
    program_limits.at_most(program_limits.TEXT, len(text), "program: characters")
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        line = raw.partition("#")[0].strip()
        if line:
            yield number, line


def parse_program(text: str) -> Program:
    """Return the program that a text describes, or raise BadInput with the line that does not fit.

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
    with on_line(lines.place):
        machine, code = _READERS[lines.kind](lines)
    options = {c.name: c.options for c in machine.choices}
    for number, line in lines.repeated.get("set", []):
        parts = line.split()
        if len(parts) != 2:
            raise BadInput(f"line {number}: 'set choice option' is needed, received {line!r}")
        _enter(code, parts[0], parts[1], number)
    for choice, (option, number) in code.items():
        if choice not in options:
            raise BadInput(f"line {number}: unknown choice {choice!r}; known: {_some(options)}")
        if option not in options[choice]:
            raise BadInput(
                f"line {number}: {choice} has the options {', '.join(options[choice])}, "
                f"received {option!r}"
            )
    if isinstance(machine, TuringMachine):  # entries without a rule
        for choice, option in machine.code({}).items():
            code.setdefault(choice, (option, lines.opens))
    chosen = {choice: option for choice, (option, _) in code.items()}
    frozen: set[str] = set()
    for number, line in lines.repeated.get("freeze", []):
        with on_line(number):
            frozen |= expand(line.split(), machine.choices)
    with on_line(lines.place):
        return Program(
            lines.name, machine, chosen, _cases(lines, machine, chosen), lines.number("steps", 1),
            frozenset(frozen), " ".join(lines.get("function")),
        )  # fmt: skip


def _cases(lines: _Lines, machine: Machine, code: dict[str, str]) -> tuple[Case, ...]:
    cases: dict[str, Case] = {}
    with on_line(lines.words["steps"][0] if "steps" in lines.words else lines.opens):
        steps = check_steps(lines.number("steps", 1))
    for number, line in lines.repeated.get("input", []):
        with on_line(number):
            for case in _read_input(lines, machine, code, line):
                machine.start(case.value, steps)  # the input must be readable
                value = machine.canonical(case.value)
                if value in cases:
                    raise BadInput(f"the input {value or EMPTY!r} is given twice")
                if not machine.gives(value, case.target):
                    raise BadInput(
                        f"the {lines.kind} cannot give the output {case.target or EMPTY!r} on the "
                        f"input {value or EMPTY!r}"
                    )
                cases[value] = Case(value, case.target, case.weight)
    if not cases:
        raise BadInput(
            f"line {lines.opens}: {lines.kind} {lines.name}: a line 'input VALUE -> OUTPUT' is "
            "needed"
        )
    return tuple(cases.values())


def _read_input(lines: _Lines, machine: Machine, code: dict[str, str], line: str) -> Iterator[Case]:
    """The case of a line ``input VALUE -> OUTPUT [weight q]``, or those of all inputs."""
    value, arrow, rest = line.partition("->")
    value, parts = value.strip(), rest.split()
    fits = len(parts) == 1 or (len(parts) == 3 and parts[1] == "weight")
    if not arrow or not value or not fits:
        raise BadInput(
            "'input VALUE -> OUTPUT [weight q]' is needed (the empty word is ()), "
            f"received {line!r}"
        )
    if len(parts) > 1 and not _WEIGHT.fullmatch(parts[2]):
        raise BadInput(f"the weight {parts[2]!r} is no rational")
    try:
        weight = Fraction(parts[2]) if len(parts) > 1 else Fraction(1)
    except ZeroDivisionError:
        raise BadInput(f"the weight {parts[2]!r} is no rational") from None
    if value != "all" or not isinstance(machine, Circuit):
        yield Case("" if value == EMPTY else value, "" if parts[0] == EMPTY else parts[0], weight)
        return
    if parts[0] != "code":
        raise BadInput("'input all -> code' is needed")
    program_limits.at_most(program_limits.CASES, 2 ** len(machine.inputs), "input all: inputs")
    values = ["".join(b) for b in product("01", repeat=len(machine.inputs))]
    draft = Program(lines.name, machine, code, tuple(Case(v, "0") for v in values))
    yield from (Case(v, draft.run(v), weight) for v in values)


def _sort(text: str) -> _Lines:
    found: _Lines | None = None
    for number, line in statements(text):
        word, *rest = line.split(None, 1)
        tail = rest[0] if rest else ""
        if found is None:
            if word not in KINDS or not tail:
                raise BadInput(
                    f"line {number}: a program opens with one of {', '.join(KINDS)} and a name, "
                    f"received {line[:80]!r}"
                )
            found = _Lines(word, tail, number)
            with on_line(number):
                check_name(tail)
            continue
        single, repeated, sign = GRAMMAR[found.kind]
        rule = bool(sign) and sign in line and word not in repeated
        if word in (*_REPEATED, *repeated):
            found.repeated.setdefault(word, []).append((number, tail))
        elif word == "function" or (word in single and not rule):
            if word in found.words:
                raise BadInput(f"line {number}: '{word}' is given twice")
            if not tail and word not in _MAY_BE_EMPTY:
                raise BadInput(f"line {number}: {word}: at least one is needed")
            found.words[word] = (number, tail.split())
        elif rule:
            found.rules.append((number, line))
        elif ":" in line or "->" in line:
            raise BadInput(
                f"line {number}: a {found.kind} has no rules of this form, received {line[:80]!r}"
                if sign
                else f"line {number}: a {found.kind} has no rules, received {line[:80]!r}"
            )
        else:
            known = (*single, *repeated, *_REPEATED, "function")
            raise BadInput(
                f"line {number}: unknown word {word[:80]!r}; a {found.kind} has: {', '.join(known)}"
            )
    if found is None:
        raise BadInput("line 1: program: the text is empty")
    return found


def _no_words(lines: _Lines, key: str) -> None:
    """Names at the head of a rule must not be words of the grammar."""
    taken = {*_REPEATED, "function"}
    for name in lines.need(key):
        if name in taken:
            raise BadInput(f"{key}: {name!r} is a word of the text; choose another name")


def _enter(code: Entries, choice: str, option: str, number: int) -> None:
    if choice in code:
        raise BadInput(f"line {number}: {choice} is set in line {code[choice][1]} already")
    code[choice] = (option, number)


def _some(names: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(list(names)[:8]) + (", …" if len(names) > 8 else "")


def _turing(lines: _Lines) -> tuple[Machine, Entries]:
    _no_words(lines, "symbols")
    machine = TuringMachine(
        tuple(lines.need("symbols")),
        tuple(lines.need("states")),
        lines.get("moves", ("S", "L", "R")),
        lines.one("start", ""),
        lines.one("reads", "state"),
        lines.get("tape"),
    )
    code: Entries = {}
    for number, line in lines.rules:
        left, _, right = line.partition(":")
        key, parts = tuple(left.split()), tuple(right.split())
        if len(key) != 2 or len(parts) != 3:
            raise BadInput(f"line {number}: 'σ q: write next move' is needed, received {line!r}")
        if key not in machine.entries:
            raise BadInput(f"line {number}: there is no entry for {' '.join(key)}")
        entry = machine.entry(*key)
        if f"w_{entry}" in code:
            raise BadInput(f"line {number}: there are two rules for {left.strip()}")
        for kind, option in zip("wqd", parts, strict=True):
            _enter(code, f"{kind}_{entry}", option, number)
    return machine, code


def _automaton(lines: _Lines) -> tuple[Machine, Entries]:
    _no_words(lines, "states")
    machine = Automaton(
        tuple(lines.need("letters")),
        tuple(lines.need("states")),
        lines.get("accepting"),
        lines.get("emits"),
    )
    code: Entries = {}
    for number, line in lines.rules:
        left, _, right = line.partition("->")
        key, parts = left.split(), right.split()
        if len(key) != 2 or len(parts) != (2 if machine.emits else 1):
            raise BadInput(
                f"line {number}: 'q a -> next{' emit' if machine.emits else ''}' is needed, "
                f"received {line!r}"
            )
        if key[0] not in machine.states or key[1] not in machine.letters:
            raise BadInput(f"line {number}: there is no entry for {' '.join(key)}")
        entry = machine.entry(*key)
        if f"n_{entry}" in code:
            raise BadInput(f"line {number}: there are two rows for {left.strip()}")
        for kind, option in zip("no", parts, strict=False):
            _enter(code, f"{kind}_{entry}", option, number)
    return machine, code


def _branching(lines: _Lines) -> tuple[Machine, Entries]:
    machine = BranchingProgram(
        lines.numbers("widths"), lines.number("exits"), lines.numbers("reads")
    )
    return machine, {}


def _circuit(lines: _Lines) -> tuple[Machine, Entries]:
    tables: dict[str, int] = {}
    for number, line in lines.repeated.get("table", []):
        parts = line.split()
        if len(parts) != 2 or not is_number(parts[1]):
            raise BadInput(f"line {number}: 'table NAME ARITY' is needed, received {line!r}")
        if parts[0] in tables:
            raise BadInput(f"line {number}: the table {parts[0]} is given twice")
        tables[parts[0]] = int(parts[1])
    gates = []
    for number, line in lines.repeated.get("gate", []):
        wire, sign, call = line.partition("=")
        parts = call.split()
        if not sign or not parts or len(wire.split()) != 1:
            raise BadInput(f"line {number}: 'gate WIRE = TABLE WIRES' is needed, received {line!r}")
        gates.append((number, Gate(wire.strip(), parts[0], tuple(parts[1:]))))
    wires = [g.wire for _, g in gates]
    for i, (number, gate) in enumerate(gates):
        if gate.wire in wires[:i]:
            raise BadInput(f"line {number}: gate {gate.wire}: the wire is defined twice")
    machine = Circuit(
        tuple(lines.need("inputs")), tuple(tables.items()), tuple(g for _, g in gates),
        tuple(lines.need("output")),
    )  # fmt: skip
    code: Entries = {}
    for number, line in lines.repeated.get("truth", []):
        parts = line.split()
        if len(parts) != 2:
            raise BadInput(f"line {number}: 'truth NAME BITS' is needed, received {line!r}")
        if parts[0] not in tables:
            raise BadInput(f"line {number}: there is no table {parts[0]!r}")
        with on_line(number):
            if len(parts[1]) != 2 ** tables[parts[0]]:
                raise BadInput(
                    f"table {parts[0]}: 2^k bits are needed for k = {tables[parts[0]]} inputs, "
                    f"received {parts[1][:80]!r}"
                )
            for choice, bit in truth_tables({parts[0]: parts[1]}).items():
                _enter(code, choice, bit, number)
    return machine, code


def _register(lines: _Lines) -> tuple[Machine, Entries]:
    machine = RegisterMachine(
        lines.number("registers"),
        lines.number("length"),
        tuple(lines.need("instructions")),
        lines.number("reads", 2),
        lines.number("top", 5),
    )
    code: Entries = {}
    if "code" in lines.words:
        number, parts = lines.words["code"]
        for choice, option in machine.code(" ".join(parts)).items():
            _enter(code, choice, option, number)
    return machine, code


_READERS: dict[str, Callable[[_Lines], tuple[Machine, Entries]]] = {
    "turing": _turing,
    "automaton": _automaton,
    "branching": _branching,
    "circuit": _circuit,
    "register": _register,
}
