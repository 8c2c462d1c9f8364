"""Machines whose steps are choices: what a program is before and after it becomes noisy.

A *machine* reads an input and then asks, one after the other, for the values of named *choices*
(which symbol to write, which row of a truth table, which instruction); the answers determine the
next question, and in the end an output. A *code* fixes one option for each choice, and makes the
machine deterministic. A *noisy* machine has a distribution on each choice, drawn afresh each time
the choice is asked for: its parameter space W is a product of simplices, with the codes as
vertices (Clift, Murfet and Wallbridge 2021, "Geometry of program synthesis").

Here stand the nouns: :class:`Choice`, :class:`Case`, :class:`Machine`, :class:`Program`. The
models of computation are in ``turing``, ``automata``, ``circuits`` and ``registers``.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import prod
from types import MappingProxyType
from typing import Any, Protocol

from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.system.counting import counted

MachineState = Hashable
Code = Mapping[str, str]
Support = Mapping[str, frozenset[str]]
MachineStep = tuple[str, str]  # (choice, option)

_WORD = re.compile(r"[A-Za-z0-9_]+")
_NAME = re.compile(r"[A-Za-z0-9._+-]{1,80}")


@dataclass(frozen=True)
class Choice:
    """A simplex factor of W: a name and its options, in order.

    bare: a choice between two options whose one coordinate carries the choice's own name, as the
    bit flips of circuits do.

    >>> Choice("q_Ba", ("r", "a")).variable("a")
    'q_Ba_a'
    """

    name: str
    options: tuple[str, ...]
    bare: bool = False

    def __post_init__(self) -> None:
        for text in (self.name, *self.options):
            check_word(text, "choice")
        if len(self.options) < 1 or len(set(self.options)) != len(self.options):
            raise BadInput(f"choice {self.name}: options must differ, received {self.options}")
        if self.bare and len(self.options) != 2:
            raise BadInput(f"choice {self.name}: a bare choice has two options")

    def variable(self, option: str) -> str:
        """The name of the coordinate that is the probability of an option."""
        return self.name if self.bare else f"{self.name}_{option}"


@dataclass(frozen=True)
class Case:
    """An input with the output that is wanted, and the weight q(x) > 0 of the input."""

    value: str
    target: str
    weight: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", Fraction(self.weight))
        if self.weight <= 0:
            raise BadInput(f"input {self.value!r}: a weight > 0 is needed, received {self.weight}")


class Machine(Protocol):
    """A transition system that asks for choices; what each model of computation implements.

    kind: the word that opens its text. choices: all of W, in order. semantics: those it knows.
    clocked: True where the number of steps matters; the others run to their end. ``canonical`` is
    the one spelling of an input, ``gives`` whether an input can have an output. ``start`` reads an
    input and a number of steps; ``query`` is the next choice asked for, or None when the run has
    ended; ``answer`` the state after an option; ``output`` that of an ended run.
    ``lines`` and ``code_lines`` are the machine and a code as text.
    """

    kind: str
    clocked: bool

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The points at which an error may be made, each with its options."""

    @property
    def semantics(self) -> tuple[str, ...]:
        """The semantics that the machine has."""

    def start(self, value: str, steps: int) -> MachineState: ...

    def query(self, state: Any) -> str | None: ...

    def answer(self, state: Any, option: str) -> MachineState:
        """The state after an option is chosen."""

    def output(self, state: Any) -> str:
        """The output in a final state."""

    def canonical(self, value: str) -> str: ...

    def gives(self, value: str, output: str) -> bool: ...

    def lines(self) -> list[str]: ...

    def code_lines(self, code: Code) -> list[str]: ...


@dataclass(frozen=True, eq=False)
class Program:
    """A machine with a code, the inputs that it is judged on, and the entries that are frozen.

    name: what the library calls it. code: an option for each choice; frozen: names of choices that
    are no parameters (they stay at the code). steps: the number of steps that fits the inputs (a
    default). function: a name of the function computed, by which rows of the dictionary are
    grouped. summary: one sentence.

    Raises BadInput for a code that misses a choice or names an unknown option, and for a pattern
    of ``frozen`` that meets no choice.
    """

    name: str
    machine: Machine
    code: Code
    cases: tuple[Case, ...]
    steps: int = 1
    frozen: frozenset[str] = frozenset()
    function: str = ""
    summary: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "code", MappingProxyType(dict(self.code)))
        check_name(self.name)
        if self.function != " ".join(self.function.split()) or "#" in self.function:
            raise BadInput(
                f"function: one line without '#' is needed, received {self.function[:80]!r}"
            )
        names = []
        for c in self.machine.choices:
            names += [c.name] if c.bare else [c.name, *(c.variable(o) for o in c.options)]
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise BadInput(
                f"program {self.name}: two choices or options share the name {twice!r}; rename "
                "symbols, states or tables"
            )
        object.__setattr__(self, "frozen", expand(self.frozen, self.machine.choices))
        known = {c.name: c for c in self.machine.choices}
        for name, option in self.code.items():
            if name not in known:
                raise BadInput(f"code: unknown choice {name!r}; known: {_some(known)}")
            if option not in known[name].options:
                raise BadInput(
                    f"code: {name} has the options {', '.join(known[name].options)}, "
                    f"received {option!r}"
                )
        missing = [n for n in known if n not in self.code]
        if missing:
            raise BadInput(f"code: no option is given for {_some(missing)}")
        if not self.cases:
            raise BadInput(f"program {self.name}: at least one input is needed")
        cases = tuple(replace(c, value=self.machine.canonical(c.value)) for c in self.cases)
        object.__setattr__(self, "cases", cases)
        values = [c.value for c in self.cases]
        if len(set(values)) != len(values):
            twice = next(v for v in values if values.count(v) > 1)
            raise BadInput(f"program {self.name}: the input {twice!r} is given twice")
        check_steps(self.steps)
        program_limits.at_most(
            program_limits.CASES, len(self.cases), f"program {self.name}: inputs"
        )

    @cached_property
    def free(self) -> tuple[Choice, ...]:
        """The choices that are parameters: not frozen, with at least two options."""
        return tuple(
            c for c in self.machine.choices if c.name not in self.frozen and len(c.options) > 1
        )

    @property
    def dimension(self) -> int:
        """dim W = Σ (number of options − 1) over the free choices."""
        return sum(len(c.options) - 1 for c in self.free)

    @property
    def codes(self) -> int:
        """The number of codes: vertices of W."""
        return prod(len(c.options) for c in self.free)

    def at(self, code: Code) -> Program:
        """The same task with another code; entries that are not named stay."""
        return replace(self, code={**self.code, **code})

    def vertex(self, code: Code | None = None) -> dict[str, frozenset[str]]:
        """A code as a support: one option for each choice."""
        return {n: frozenset((o,)) for n, o in {**self.code, **(code or {})}.items()}

    def run(self, value: str, steps: int | None = None, code: Code | None = None) -> str:
        """The output of a code on an input.

        >>> from singularity_lab.programs import program
        >>> program("detectA-mini").run("BA", steps=2)
        'a'
        """
        options = self.code if code is None else {**self.code, **code}
        state = self.machine.start(value, self.steps if steps is None else check_steps(steps))
        while (choice := self.machine.query(state)) is not None:
            state = self.machine.answer(state, options[choice])
        return self.machine.output(state)

    def replay(self, value: str, run: Sequence[MachineStep], steps: int | None = None) -> str:
        """The output of the run that answers the machine's questions as recorded.

        Raises BadInput where the record does not fit the questions.
        """
        state = self.machine.start(value, self.steps if steps is None else steps)
        for choice, option in run:
            if self.machine.query(state) != choice:
                raise BadInput(
                    f"run: the machine asks for {self.machine.query(state)}, not {choice}"
                )
            state = self.machine.answer(state, option)
        if self.machine.query(state) is not None:
            raise BadInput(f"run: it ends before the machine does (at {self.machine.query(state)})")
        return self.machine.output(state)

    def solves(self, code: Code | None = None, steps: int | None = None) -> bool:
        """True if a code gives the wanted output on every input."""
        return all(self.run(c.value, steps, code) == c.target for c in self.cases)

    def every_code(self) -> Iterator[dict[str, str]]:
        """All codes, frozen entries as they are."""
        names = [c.name for c in self.free]
        for options in product(*(c.options for c in self.free)):
            yield {**self.code, **dict(zip(names, options, strict=True))}

    def to_text(self) -> str:
        """The program as text that ``parse_program`` reads back."""
        lines = [f"{self.machine.kind} {self.name}", *self.machine.lines()]
        lines += self.machine.code_lines(self.code)
        if self.function:
            lines.append(f"function {self.function}")
        lines += [f"freeze {name}" for name in sorted(self.frozen)]
        if self.machine.clocked:
            lines.append(f"steps {self.steps}")
        for case in self.cases:
            weight = f" weight {case.weight}" if case.weight != 1 else ""
            lines.append(f"input {case.value or EMPTY} -> {case.target or EMPTY}{weight}")
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.machine.kind}, dimension {self.dimension}, "
            f"{counted(len(self.cases), 'input')}. {self.summary}".rstrip()
        )

    def __repr__(self) -> str:
        return f"Program({self.name!r}, {self.machine.kind}, dimension={self.dimension})"


EMPTY = "()"  # the empty input, as text


def check_word(text: str, what: str) -> str:
    """A name made of letters, digits and _; raises BadInput otherwise."""
    if not isinstance(text, str) or not _WORD.fullmatch(text):
        raise BadInput(f"{what}: a name of letters, digits and _ is needed, received {text!r}")
    return text


def check_name(name: str) -> str:
    """The name of a program: one word, in which no claim can be hidden; raises BadInput otherwise.

    >>> check_name("xor-4nand-shared")
    'xor-4nand-shared'
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise BadInput(
            "name: one word of at most 80 letters, digits, '.', '_', '+' and '-' is needed, "
            f"received {str(name)[:80]!r}"
        )
    return name


def check_steps(steps: int) -> int:
    """A number of steps from 0 to 1000; raises BadInput otherwise."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0:
        raise BadInput(f"steps: an integer >= 0 is needed, received {steps!r}"[:120])
    return program_limits.at_most(program_limits.STEPS, steps, "steps")


def choose_steps(program: Program, steps: int | None) -> int:
    """The number of steps of a question: the program's own for None.

    Raises BadInput for a number of steps of a machine that has none: all numbers would be the same
    question.
    """
    if steps is None:
        return program.steps
    check_steps(steps)
    if not program.machine.clocked:
        raise BadInput(
            f"steps: a {program.machine.kind} runs to its end and takes none, received {steps}"
        )
    return steps


def check_names(names: Iterable[str], what: str) -> tuple[str, ...]:
    """Names that differ, at least one; raises BadInput otherwise."""
    names = tuple(names)
    if not names:
        raise BadInput(f"{what}: at least one is needed")
    program_limits.at_most(program_limits.NAMES, len(names), what)
    for name in names:
        check_word(name, what)
    if len(set(names)) != len(names):
        raise BadInput(f"{what}: each may appear once, received {' '.join(names)}")
    return names


def expand(patterns: Iterable[str], choices: Sequence[Choice]) -> frozenset[str]:
    """The names of the choices that match patterns such as ``d_*``.

    Raises BadInput for a pattern that matches none.
    """
    found: set[str] = set()
    for pattern in patterns:
        names = [c.name for c in choices if fnmatch.fnmatchcase(c.name, pattern)]
        if not names:
            raise BadInput(
                f"frozen: {pattern!r} matches no choice ({_some(c.name for c in choices)})"
            )
        found.update(names)
    return frozenset(found)


def split_word(text: str, alphabet: Sequence[str], what: str) -> tuple[str, ...]:
    """A word over an alphabet: letters one after the other, or separated by blanks or commas.

    Raises BadInput for a letter outside the alphabet.

    >>> split_word("AB", ("_", "A", "B"), "input")
    ('A', 'B')
    """
    if text == EMPTY:
        return ()
    if "," in text or " " in text or not all(len(a) == 1 for a in alphabet):
        letters = tuple(text.replace(",", " ").split())
    else:
        letters = tuple(text)
    program_limits.at_most(program_limits.WORD, len(letters), f"{what}: letters")
    for letter in letters:
        if letter not in alphabet:
            raise BadInput(
                f"{what}: {letter!r} in {text!r} is not one of the symbols {' '.join(alphabet)}"
            )
    return letters


def join_word(letters: Sequence[str], alphabet: Sequence[str]) -> str:
    """The one spelling of a word: letters one after the other, with commas where names are longer.

    >>> join_word(("A", "B"), ("A", "B")), join_word(("x1", "x2"), ("x1", "x2"))
    ('AB', 'x1,x2')
    """
    return ("" if all(len(a) == 1 for a in alphabet) else ",").join(letters)


def words(alphabet: Sequence[str], lengths: Iterable[int]) -> tuple[str, ...]:
    """All words over an alphabet of one-letter symbols, by length.

    >>> words("AB", [1, 2])
    ('A', 'B', 'AA', 'AB', 'BA', 'BB')
    """
    return tuple("".join(w) for n in lengths for w in product(alphabet, repeat=n))


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
