"""Register machines: a few counters, a few lines, one instruction at each line.

The choice of a line is its instruction. Counters are clipped to 0 … ``top``. ``INCr`` and ``DECr``
change register r (from 1), ``JNZr`` and ``JZr`` go to line 0 (``JNZr_k``: to line k) if it is not 0
(is 0), ``JMP_k`` always, ``CPYrs`` copies r into s, ``CLRr`` clears r, ``NOP`` does nothing. After
the last line the machine stays where it is. The output is the register ``reads``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from singularity_lab.errors import BadInput
from singularity_lab.programs import program_limits
from singularity_lab.programs.machines.machines import Choice, check_names, check_steps

_INSTRUCTION = re.compile(r"(INC|DEC|CLR|JNZ|JZ)(\d)(?:_(\d{1,3}))?|CPY(\d)(\d)|JMP_(\d{1,3})|NOP")


@dataclass(frozen=True)
class RegisterMachine:
    """registers: their number; length: that of the program; instructions: the options of a line.

    >>> RegisterMachine(2, 3, ("INC2", "DEC1", "JNZ1")).choices[0]
    Choice(name='line0', options=('INC2', 'DEC1', 'JNZ1'), bare=False)
    """

    registers: int
    length: int
    instructions: tuple[str, ...]
    reads: int = 2
    top: int = 5
    kind = "register"
    clocked = True
    semantics = ("exact",)

    def __post_init__(self) -> None:
        check_names(self.instructions, "instructions")
        if self.registers < 1 or self.length < 1 or self.top < 1:
            raise BadInput("registers, length, top: integers >= 1 are needed")
        program_limits.at_most(9, self.registers, "registers")
        program_limits.at_most(program_limits.NAMES, self.length, "length")
        program_limits.at_most(program_limits.STEPS, self.top, "top")
        if not 1 <= self.reads <= self.registers:
            raise BadInput(f"reads: a register 1 … {self.registers}, received {self.reads}")
        for text in self.instructions:
            match = _INSTRUCTION.fullmatch(text)
            if match is None:
                raise BadInput(f"instructions: {text!r} is not one (INC1, DEC1, JNZ1, NOP, …)")
            used = [int(g) for g in match.group(2, 4, 5) if g]
            if any(not 1 <= r <= self.registers for r in used):
                raise BadInput(f"instructions: {text} names a register outside 1…{self.registers}")
            jumps = [int(g) for g in match.group(3, 6) if g]
            if any(k > self.length for k in jumps):
                raise BadInput(f"instructions: {text} jumps beyond line {self.length}")
            if match.group(3) and match.group(1) not in ("JNZ", "JZ"):
                raise BadInput(f"instructions: {text!r}: only jumps have a line")

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(f"line{i}", self.instructions) for i in range(self.length))

    # state: (steps left, line, registers)

    def start(self, value: str, steps: int) -> tuple[int, int, tuple[int, ...]]:
        return (check_steps(steps), 0, self._counters(value))

    def _counters(self, value: str) -> tuple[int, ...]:
        parts = [p.strip() for p in value.split(",")]
        if not all(p.isascii() and p.isdigit() for p in parts) or len(parts) > self.registers:
            raise BadInput(f"input: counters such as '2,0' are needed, received {value[:80]!r}")
        if max(map(len, parts)) > 9 or max(map(int, parts)) > self.top:
            raise BadInput(f"input: counters go to {self.top}, received {value[:80]!r}")
        return (*map(int, parts), *[0] * (self.registers - len(parts)))

    def canonical(self, value: str) -> str:
        """The one spelling of an input: all counters."""
        return ",".join(map(str, self._counters(value)))

    def gives(self, value: str, output: str) -> bool:
        """True for a number from 0 to ``top``."""
        return output in map(str, range(self.top + 1))

    def query(self, state: tuple[int, int, tuple[int, ...]]) -> str | None:
        left, line, _ = state
        return None if left == 0 or line >= self.length else f"line{line}"

    def answer(
        self, state: tuple[int, int, tuple[int, ...]], option: str
    ) -> tuple[int, int, tuple[int, ...]]:
        left, line, counters = state
        match = _INSTRUCTION.fullmatch(option)
        if match is None:
            raise BadInput(f"instruction: {option!r} is not one")
        name, r, to, source, target, jump = match.groups()
        values, following = list(counters), line + 1
        if name in ("INC", "DEC", "CLR"):
            i = int(r) - 1
            change = {"INC": values[i] + 1, "DEC": values[i] - 1, "CLR": 0}[name]
            values[i] = min(max(change, 0), self.top)
        elif name in ("JNZ", "JZ"):
            if (values[int(r) - 1] != 0) == (name == "JNZ"):
                following = int(to or 0)
        elif source:
            values[int(target) - 1] = values[int(source) - 1]
        elif jump:
            following = int(jump)
        return (left - 1, following, tuple(values))

    def output(self, state: tuple[int, int, tuple[int, ...]]) -> str:
        return str(state[2][self.reads - 1])

    def lines(self) -> list[str]:
        return [
            f"registers {self.registers}",
            f"length {self.length}",
            f"instructions {' '.join(self.instructions)}",
            f"reads {self.reads}",
            f"top {self.top}",
        ]

    def code_lines(self, code: Mapping[str, str]) -> list[str]:
        """A code as one line of instructions."""
        return ["code " + " ".join(code[c.name] for c in self.choices)]

    def code(self, text: str) -> dict[str, str]:
        """A code from instructions, one for each line.

        >>> RegisterMachine(2, 2, ("INC2", "NOP")).code("INC2 NOP")
        {'line0': 'INC2', 'line1': 'NOP'}
        """
        parts = text.split()
        if len(parts) != self.length:
            raise BadInput(f"code: {self.length} instructions are needed, received {text!r}")
        return {f"line{i}": p for i, p in enumerate(parts)}
