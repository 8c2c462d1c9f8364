"""Finite automata, transducers and branching programs.

An automaton reads a word letter by letter; its one table, next(q, a), is shared by all positions.
A transducer also emits a letter at each step, from a second table. A branching program has a
separate table at each layer, and layer i reads the letter number ``reads[i]`` of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.programs.machines.machines import Choice, check_names, join_word, split_word


@dataclass(frozen=True)
class Automaton:
    """letters and states (the first is the start). accepting: the output is ``1`` if the last state
    is one of these, else ``0``; without it the output is the last state. emits: letters of a
    transducer, whose output is the word emitted.

    Choices: ``n_qa`` (next state) and, for a transducer, ``o_qa`` (letter emitted).

    >>> parity = Automaton(("0", "1"), ("e", "o"))
    >>> [c.name for c in parity.choices]
    ['n_e0', 'n_e1', 'n_o0', 'n_o1']
    """

    letters: tuple[str, ...]
    states: tuple[str, ...]
    accepting: tuple[str, ...] = ()
    emits: tuple[str, ...] = ()
    kind = "automaton"
    clocked = False
    semantics = ("exact",)

    def __post_init__(self) -> None:
        check_names(self.letters, "letters")
        check_names(self.states, "states")
        if self.emits:
            check_names(self.emits, "emits")
        for q in self.accepting:
            if q not in self.states:
                raise BadInput(f"accepting: {q!r} is not a state ({' '.join(self.states)})")
        if len(set(self.accepting)) != len(self.accepting):
            raise BadInput(f"accepting: each may appear once, received {' '.join(self.accepting)}")
        if self.emits and self.accepting:
            raise BadInput("accepting: a transducer's output is the word that it emits")
        size = len(self.states) * len(self.letters) * (len(self.states) + len(self.emits))
        program_limits.at_most(
            program_limits.OPTIONS, size, "letters and states: options of all entries"
        )

    @cached_property
    def _joint(self) -> str:
        return "" if all(len(n) == 1 for n in (*self.letters, *self.states)) else "_"

    def entry(self, state: str, letter: str) -> str:
        return state + self._joint + letter

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        found = []
        for q in self.states:
            for a in self.letters:
                if self.emits:
                    found.append(Choice(f"o_{self.entry(q, a)}", self.emits))
                found.append(Choice(f"n_{self.entry(q, a)}", self.states))
        return tuple(found)

    # state: (letters still to read, q, word emitted, has the letter of this step been emitted?)

    def start(self, value: str, steps: int) -> tuple[tuple[str, ...], str, str, bool]:
        word = split_word(value, self.letters, "input")
        return (word, self.states[0], "", False)

    def query(self, state: tuple[tuple[str, ...], str, str, bool]) -> str | None:
        word, q, _, emitted = state
        if not word:
            return None
        entry = self.entry(q, word[0])
        if self.emits and not emitted:
            return f"o_{entry}"
        if self.emits and len(word) == 1:
            return None  # the last next state is never used
        return f"n_{entry}"

    def answer(
        self, state: tuple[tuple[str, ...], str, str, bool], option: str
    ) -> tuple[tuple[str, ...], str, str, bool]:
        word, q, output, emitted = state
        if self.emits and not emitted:
            return (word, q, output + option, True)
        return (word[1:], option, output, False)

    def output(self, state: tuple[tuple[str, ...], str, str, bool]) -> str:
        if self.emits:
            return state[2]
        if self.accepting:
            return "1" if state[1] in self.accepting else "0"
        return state[1]

    def canonical(self, value: str) -> str:
        """The one spelling of an input."""
        return join_word(split_word(value, self.letters, "input"), self.letters)

    def gives(self, value: str, output: str) -> bool:
        """True if the output is one that some code gives on the input."""
        if not self.emits:
            return output in (("0", "1") if self.accepting else self.states)
        ends = {0}  # places of the output to which some word of letters emitted reaches
        for _ in split_word(value, self.letters, "input"):
            ends = {i + len(a) for i in ends for a in self.emits if output.startswith(a, i)}
        return len(output) in ends

    def lines(self) -> list[str]:
        lines = [f"letters {' '.join(self.letters)}", f"states {' '.join(self.states)}"]
        if self.accepting:
            lines.append(f"accepting {' '.join(self.accepting)}")
        if self.emits:
            lines.append(f"emits {' '.join(self.emits)}")
        return lines

    def code_lines(self, code: Mapping[str, str]) -> list[str]:
        """A code as rows: ``e 1 -> o``, for a transducer ``e 1 -> o 0``."""
        rows = []
        for q in self.states:
            for a in self.letters:
                entry = self.entry(q, a)
                emitted = f" {code['o_' + entry]}" if self.emits else ""
                rows.append(f"{q} {a} -> {code['n_' + entry]}{emitted}")
        return rows


@dataclass(frozen=True)
class BranchingProgram:
    """Layers of nodes: node k of layer i reads letter ``reads[i]`` and goes to a node of the next.

    widths: the number of nodes of each layer (the first has one); exits: the number of nodes after
    the last layer; the output is the number of the node reached. The choice of (layer, node, bit)
    is ``eps_X<layer>_<node><bit>``, bare where the next layer has two nodes.

    >>> [c.name for c in BranchingProgram((1, 2), 2, (0, 1)).choices]
    ['eps_X1_00', 'eps_X1_01', 'eps_X2_00', 'eps_X2_01', 'eps_X2_10', 'eps_X2_11']
    """

    widths: tuple[int, ...]
    exits: int
    reads: tuple[int, ...]
    kind = "branching"
    clocked = False
    semantics = ("exact",)

    def __post_init__(self) -> None:
        if not self.widths or self.widths[0] != 1:
            raise BadInput(f"widths: the first layer has one node, received {self.widths}")
        if len(self.reads) != len(self.widths):
            raise BadInput(f"reads: one position for each of {len(self.widths)} layers is needed")
        if min((*self.widths, self.exits)) < 1 or max((*self.widths, self.exits)) > 10:
            raise BadInput(f"widths: 1 to 10 nodes in a layer, received {self.widths}")
        if min(self.reads) < 0:
            raise BadInput(f"reads: positions >= 0 are needed, received {self.reads}")
        program_limits.at_most(program_limits.NAMES, len(self.widths), "widths: layers")
        program_limits.at_most(program_limits.WORD, max(self.reads), "reads: positions")

    def _after(self, layer: int) -> int:
        return self.widths[layer + 1] if layer + 1 < len(self.widths) else self.exits

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(
            Choice(
                f"eps_X{i + 1}_{node}{bit}",
                tuple(map(str, range(self._after(i)))),
                bare=self._after(i) == 2,
            )
            for i, width in enumerate(self.widths)
            for node in range(width)
            for bit in "01"
        )

    def start(self, value: str, steps: int) -> tuple[tuple[str, ...], int, str]:
        return (self._bits(value), 0, "0")

    def _bits(self, value: str) -> tuple[str, ...]:
        word = split_word(value, ("0", "1"), "input")
        if len(word) <= max(self.reads):
            raise BadInput(f"input: {max(self.reads) + 1} bits are needed, received {value!r}")
        return word

    def canonical(self, value: str) -> str:
        """The one spelling of an input."""
        return "".join(self._bits(value))

    def gives(self, value: str, output: str) -> bool:
        """True if the output is the number of a node after the last layer."""
        return output in map(str, range(self.exits))

    def query(self, state: tuple[tuple[str, ...], int, str]) -> str | None:
        word, layer, node = state
        if layer == len(self.widths):
            return None
        return f"eps_X{layer + 1}_{node}{word[self.reads[layer]]}"

    def answer(
        self, state: tuple[tuple[str, ...], int, str], option: str
    ) -> tuple[tuple[str, ...], int, str]:
        return (state[0], state[1] + 1, option)

    def output(self, state: tuple[tuple[str, ...], int, str]) -> str:
        return state[2]

    def lines(self) -> list[str]:
        return [
            f"widths {' '.join(map(str, self.widths))}",
            f"exits {self.exits}",
            f"reads {' '.join(map(str, self.reads))}",
        ]

    def code_lines(self, code: Mapping[str, str]) -> list[str]:
        """A code as lines ``set choice node``."""
        return [f"set {c.name} {code[c.name]}" for c in self.choices]
