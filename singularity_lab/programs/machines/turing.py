"""Turing machines with a transition entry for each (symbol, state): write, next state, move.

For symbols Σ, states Q and moves D the parameter space has dimension |Σ||Q|(|Σ| + |Q| + |D| − 3).
The tape is infinite on both sides and blank but for the input; the head starts on the first
letter. Only cells that the head can still reach in the steps that are left are kept in a state,
so that runs merge as soon as their difference cannot matter any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.programs.machines.machines import (
    Choice,
    check_names,
    check_steps,
    join_word,
    split_word,
)

MOVES = {"L": -1, "S": 0, "R": 1}

# (steps left, window of the tape around the head, state, move and symbol already drawn)
Configuration = tuple[int, tuple[str, ...], str, str | None, str | None]


@dataclass(frozen=True)
class TuringMachine:
    """symbols: the first is the blank. states: any names; start: the first unless given.

    moves: some of L, S, R. reads: ``state`` (the output is the state at the end) or ``symbol`` (the
    symbol under the head). The choices of the entry (σ, q) are ``w_σq``, ``q_σq`` and ``d_σq``, in
    the order σ first, then q. tape: the names of all entries in their order on the code tape, which
    the staged semantics scans; the same order unless given.

    >>> m = TuringMachine(("B", "A"), ("r", "a"), ("S", "R"))
    >>> [c.name for c in m.choices][:3], len(m.choices)
    (['w_Br', 'q_Br', 'd_Br'], 12)
    """

    symbols: tuple[str, ...]
    states: tuple[str, ...]
    moves: tuple[str, ...] = ("S", "L", "R")
    start_state: str = ""
    reads: str = "state"
    tape: tuple[str, ...] = ()
    kind = "turing"
    clocked = True
    semantics = ("exact", "naive", "staged")

    def __post_init__(self) -> None:
        check_names(self.symbols, "symbols")
        check_names(self.states, "states")
        check_names(self.moves, "moves")
        for move in self.moves:
            if move not in MOVES:
                raise BadInput(f"moves: L, S and R are known, received {move!r}")
        if not self.start_state:
            object.__setattr__(self, "start_state", self.states[0])
        if self.start_state not in self.states:
            raise BadInput(f"start: {self.start_state!r} is not a state ({' '.join(self.states)})")
        if self.reads not in ("state", "symbol"):
            raise BadInput(f"reads: 'state' or 'symbol' is needed, received {self.reads!r}")
        size = len(self.entries) * (len(self.symbols) + len(self.states) + len(self.moves))
        program_limits.at_most(
            program_limits.OPTIONS, size, "symbols and states: options of all entries"
        )
        names = [self.entry(s, q) for s, q in self.entries]
        if not self.tape:
            object.__setattr__(self, "tape", tuple(names))
        if sorted(self.tape) != sorted(names):
            raise BadInput(f"tape: each of {' '.join(names[:8])} … once is needed, received "
                           f"{' '.join(self.tape)[:80]!r}")  # fmt: skip

    @cached_property
    def _joint(self) -> str:
        return "" if all(len(n) == 1 for n in (*self.symbols, *self.states)) else "_"

    def entry(self, symbol: str, state: str) -> str:
        """The name of a table entry: ``Br``, or ``B_reject`` where names are longer."""
        return symbol + self._joint + state

    @cached_property
    def code_tape(self) -> tuple[tuple[str, str], ...]:
        """(σ, q) in the order of the code tape."""
        pairs = {self.entry(s, q): (s, q) for s, q in self.entries}
        return tuple(pairs[name] for name in self.tape)

    @cached_property
    def entries(self) -> tuple[tuple[str, str], ...]:
        """(σ, q), σ first."""
        return tuple((s, q) for s in self.symbols for q in self.states)

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        found = []
        for symbol, state in self.entries:
            entry = self.entry(symbol, state)
            found += [
                Choice(f"w_{entry}", self.symbols),
                Choice(f"q_{entry}", self.states),
                Choice(f"d_{entry}", self.moves),
            ]
        return tuple(found)

    @property
    def margin(self) -> int:
        """How far from the head the output looks when no step is left; −1: not at all."""
        return -1 if self.reads == "state" else 0

    def letters(self, value: str) -> tuple[str, ...]:
        """The letters of an input. Raises BadInput for an unknown symbol."""
        return split_word(value, self.symbols, "input")

    def window(self, value: str, radius: int) -> tuple[str, ...]:
        """The cells −radius … radius of the tape at the start."""
        letters = self.letters(value)
        blank = self.symbols[0]
        return tuple(
            letters[u] if 0 <= u < len(letters) else blank for u in range(-radius, radius + 1)
        )

    def start(self, value: str, steps: int) -> Configuration:
        radius = check_steps(steps) + self.margin
        return (steps, self.window(value, radius), self.start_state, None, None)

    def query(self, state: Configuration) -> str | None:
        left, window, q, move, symbol = state
        if left == 0:
            return None
        entry = self.entry(window[len(window) // 2], q)
        if move is None and len(window) > 1:
            return f"d_{entry}"
        if move is not None and symbol is None and self._kept(window, move):
            return f"w_{entry}"
        return f"q_{entry}"

    def answer(self, state: Configuration, option: str) -> Configuration:
        left, window, q, move, symbol = state
        if move is None and len(window) > 1:
            return (left, window, q, option, None)
        if move is not None and symbol is None and self._kept(window, move):
            return (left, window, q, move, option)
        if len(window) <= 1:
            return (left - 1, (), option, None, None)
        middle = len(window) // 2
        cells = list(window)
        if symbol is not None:
            cells[middle] = symbol
        shift = MOVES[move or "S"]
        return (left - 1, tuple(cells[1 + shift : len(cells) - 1 + shift]), option, None, None)

    @staticmethod
    def _kept(window: tuple[str, ...], move: str) -> bool:
        """Is the cell under the head still in the window after the move?"""
        return abs(MOVES[move]) <= len(window) // 2 - 1

    def output(self, state: Configuration) -> str:
        return state[2] if self.reads == "state" else state[1][0]

    def canonical(self, value: str) -> str:
        """The one spelling of an input."""
        return join_word(self.letters(value), self.symbols)

    def gives(self, value: str, output: str) -> bool:
        """True if the output is a state (a symbol, if that is what is read)."""
        return output in (self.states if self.reads == "state" else self.symbols)

    def simulate(
        self, value: str, steps: int, code: Mapping[str, str], wrong: Mapping[tuple[int, str], str]
    ) -> str:
        """A run on the whole tape: the code's answers, but ``wrong`` at (time, choice).

        An implementation that shares nothing with ``query`` and ``answer``.
        """
        tape = dict(enumerate(self.letters(value)))
        head, q = 0, self.start_state
        for t in range(steps):
            entry = self.entry(tape.get(head, self.symbols[0]), q)
            w, s, d = (wrong.get((t, f"{k}_{entry}"), code[f"{k}_{entry}"]) for k in "wqd")
            tape[head], q, head = w, s, head + MOVES[d]
        return q if self.reads == "state" else tape.get(head, self.symbols[0])

    def lines(self) -> list[str]:
        return [
            f"symbols {' '.join(self.symbols)}",
            f"states {' '.join(self.states)}",
            f"moves {' '.join(self.moves)}",
            f"start {self.start_state}",
            f"reads {self.reads}",
            *([] if self.code_tape == self.entries else [f"tape {' '.join(self.tape)}"]),
        ]

    def code(self, rules: Mapping[tuple[str, str], Sequence[str]]) -> dict[str, str]:
        """A code from rules (σ, q) → (write, next state, move).

        An entry without a rule writes back its symbol, keeps the state and stays (or, without S,
        makes the first move).

        >>> m = TuringMachine(("B", "A"), ("r", "a"), ("S", "R"))
        >>> m.code({("A", "r"): ("A", "a", "S")})["q_Ar"]
        'a'
        """
        for key in rules:
            if key not in self.entries:
                raise BadInput(f"rule: there is no entry for {' '.join(map(str, key))}")
            if len(rules[key]) != 3:
                raise BadInput(
                    f"rule: write, next state and move are needed, received {rules[key]!r}"
                )
        stay = "S" if "S" in self.moves else self.moves[0]
        code: dict[str, str] = {}
        for symbol, q in self.entries:
            write, state, move = rules.get((symbol, q), (symbol, q, stay))
            entry = self.entry(symbol, q)
            code |= {f"w_{entry}": write, f"q_{entry}": state, f"d_{entry}": move}
        return code

    def code_lines(self, code: Mapping[str, str]) -> list[str]:
        """A code as rules: ``B r: B r R``."""
        return [
            f"{s} {q}: {code['w_' + e]} {code['q_' + e]} {code['d_' + e]}"
            for s, q in self.entries
            for e in [self.entry(s, q)]
        ]
