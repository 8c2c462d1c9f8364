"""The functions of a machine: which there are, how many codes compute each, and how large the
volume of nearly right parameters is.

Complexity by counting is −log₂ of the share of codes that compute a function; complexity by volume
is the least λ_E over these codes, since the volume of {E ≤ ε} is ε^λ(−log ε)^(m−1) up to a
constant. Neither orders the other, and neither is the frequency with which a search finds the
function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

from msgspec import structs

from singularity_lab.algebra.invariants import RLCT
from singularity_lab.errors import BadInput, Undecided
from singularity_lab.programs.by_name import find_program
from singularity_lab.programs.machines.machines import Case, Program, choose_steps
from singularity_lab.programs.program_documents import VertexCount
from singularity_lab.programs.zeroset import zero_set
from singularity_lab.system.counting import counted
from singularity_lab.system.deadline import TimeLimit
from singularity_lab.system.documents import Record
from singularity_lab.system.stopwatch import Stopwatch

CODES = 100_000


class FunctionDocument(Record, frozen=True):
    """A function of a machine's inputs as a document, with the least (λ_E, m) of its codes."""

    outputs: tuple[str, ...]
    name: str
    codes: int
    lambda_E: str
    multiplicity: int
    vertices: tuple[VertexCount, ...]
    components: int


class CountedFunction(FunctionDocument, frozen=True):
    """A function in a census; bits: −log₂ of its share of the codes."""

    bits: float


class FunctionsDocument(Record, frozen=True):
    """The census of a machine's functions as a document."""

    program: str
    steps: int
    inputs: tuple[str, ...]
    codes: int
    functions: tuple[CountedFunction, ...]
    seconds: float


@dataclass(frozen=True)
class MachineFunction:
    """One function of a machine's inputs, of those that some code computes.

    outputs: in the order of the program's inputs. codes: how many compute it. counts: (λ_E, m) of
    the codes, each with how many have it, the least first. components: of the zero set of its loss.
    """

    outputs: tuple[str, ...]
    codes: int
    counts: tuple[tuple[RLCT, int], ...]
    components: int
    name: str = ""

    @property
    def least(self) -> RLCT:
        """The least (λ_E, m) over its codes: the one of largest volume."""
        return self.counts[0][0]

    def document(self) -> FunctionDocument:
        """The function as a document, fractions as text."""
        return FunctionDocument(
            outputs=self.outputs,
            name=self.name,
            codes=self.codes,
            lambda_E=str(self.least.value),
            multiplicity=self.least.multiplicity,
            vertices=tuple(VertexCount.of(v, n) for v, n in self.counts),
            components=self.components,
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()


@dataclass(frozen=True)
class FunctionCensus:
    """All functions of a program's machine on its inputs, those of least λ_E first."""

    program: str
    steps: int
    inputs: tuple[str, ...]
    codes: int
    functions: tuple[MachineFunction, ...]
    seconds: float

    def bits(self, function: MachineFunction) -> float:
        """−log₂ of the share of codes that compute a function."""
        return math.log2(self.codes / function.codes)

    def document(self) -> FunctionsDocument:
        """The census as a document."""
        return FunctionsDocument(
            program=self.program,
            steps=self.steps,
            inputs=self.inputs,
            codes=self.codes,
            functions=tuple(
                CountedFunction(**structs.asdict(f.document()), bits=round(self.bits(f), 6))
                for f in self.functions
            ),
            seconds=round(self.seconds, 3),
        )

    def to_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return self.document().plain()

    def __str__(self) -> str:
        head = f"{self.program}, T = {self.steps}: {counted(len(self.functions), 'function')} of"
        lines = [f"{head} {self.codes} codes; inputs {' '.join(self.inputs)}"]
        lines += [
            f"  {' '.join(f.outputs):24} lambda_E = {f.least.value!s:5} m = {f.least.multiplicity}"
            f"  {counted(f.codes, 'code')}, {self.bits(f):.2f} bits"
            + (f"  {f.name}" if f.name else "")
            for f in self.functions
        ]
        return "\n".join(lines)


def _codes(program: Program) -> Iterator[dict[str, str]]:
    free = program.free
    for chosen in product(*(c.options for c in free)):
        yield {**program.code, **dict(zip((c.name for c in free), chosen, strict=True))}


def program_functions(
    source: str | Program,
    steps: int | None = None,
    *,
    budget: float | None = 60.0,
    progress: Callable[[int, int], None] | None = None,
) -> FunctionCensus:
    """Return every function that some code of a program's machine computes, with the least λ_E and
    m and the number of its codes.

    source: a program or its name; its wanted outputs do not enter, its inputs, their weights and
    its frozen entries do. steps: for Turing and register machines. budget: CPU seconds. progress:
    called with the functions done and of how many.
    Raises BadInput for a machine with more than 100,000 codes, Undecided beyond the budget.

    >>> census = program_functions("parity-automaton-2")
    >>> len(census.functions), census.codes, str(census.functions[0].least)
    (9, 16, '(2, 1)')
    """
    watch = Stopwatch()
    program = find_program(source)
    steps = choose_steps(program, steps)
    total = program.codes
    if total > CODES:
        raise BadInput(f"program: at most {CODES} codes can be listed, {program.name} has {total}")
    with TimeLimit(budget):
        owners: dict[tuple[str, ...], list[dict[str, str]]] = {}
        for code in _codes(program):
            outputs = tuple(program.run(c.value, steps, code) for c in program.cases)
            owners.setdefault(outputs, []).append(code)
        wanted = tuple(c.target for c in program.cases)
        found = []
        for n, (outputs, codes) in enumerate(owners.items()):
            cases = tuple(
                Case(c.value, out, c.weight) for c, out in zip(program.cases, outputs, strict=True)
            )
            asked = replace(program, cases=cases, code=codes[0])
            zero = zero_set(asked, steps)
            counts = tuple(sorted(zero.vertex_counts().items(), key=lambda t: t[0]))
            name = program.function if outputs == wanted else _constant(outputs)
            found.append(MachineFunction(outputs, len(codes), counts, len(zero.components), name))
            if progress is not None:
                progress(n + 1, len(owners))
        found.sort(key=lambda f: (f.least, -f.codes, f.outputs))
        return FunctionCensus(
            program.name,
            steps,
            tuple(c.value for c in program.cases),
            total,
            tuple(found),
            watch.seconds,
        )
    raise Undecided(f"program functions: not listed within {budget} CPU seconds")


def _constant(outputs: tuple[str, ...]) -> str:
    return f"constant {outputs[0]}" if len(set(outputs)) == 1 else ""


def share(census: FunctionCensus, function: MachineFunction) -> Fraction:
    """The share of codes that compute a function.

    >>> census = program_functions("parity-automaton-2")
    >>> sum(share(census, f) for f in census.functions)
    Fraction(1, 1)
    """
    return Fraction(function.codes, census.codes)
