"""Programs by name or text, and the list of those that are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from singularity_lab.algebra.input_limits import PROGRAM
from singularity_lab.errors import BadInput
from singularity_lab.programs.library import program, program_names
from singularity_lab.programs.machines.machines import Program
from singularity_lab.programs.machines.straightline import (
    ProbabilisticTarget,
    RealProgram,
    StraightLine,
    is_real_program,
    parse_real_program,
    real_program,
    real_program_names,
)
from singularity_lab.programs.machines.text import parse_program
from singularity_lab.system.files import read_text


def find_any(source: str | Program | RealProgram | Path) -> Program | RealProgram:
    """A machine, or a straight-line or probabilistic program: from the library by name, from a text
    file by its path, or itself.

    Raises BadInput for a name that is neither.

    >>> find_any("slp-reuse").kind, find_any("xor-lookup").machine.kind
    ('straight-line', 'circuit')
    """
    if isinstance(source, Program | StraightLine | ProbabilisticTarget):
        return source
    path = Path(source)
    if isinstance(source, Path) or path.suffix in (".txt", ".program"):
        text = read_text(path, "program", PROGRAM)
        return parse_real_program(text) if is_real_program(text) else parse_program(text)
    return real_program(source) if source in real_program_names() else program(source)


def find_program(source: str | Program | RealProgram | Path) -> Program:
    """A machine from the library by name, from a text file by its path, or itself.

    Raises BadInput for a name that is neither, and for a program without codes.
    """
    found = find_any(source)
    if not isinstance(found, Program):
        raise BadInput(
            f"program: {found.name} is a {found.kind} program; its parameters are real numbers, "
            "and it has no codes, runs or faces (rlct, show and check take it)"
        )
    return found


def program_list() -> list[dict[str, Any]]:
    """Return the library as a list of dicts: name, kind, dimension of W, inputs, default steps,
    function, semantics.

    Straight-line and probabilistic programs stand last; they have no steps (None), and their inputs
    are the variables, and none, of the program.

    >>> program_list()[0]["name"], program_list()[0]["dimension"]
    ('detectA-mini', 12)
    >>> program_list()[-1]["name"], program_list()[-1]["kind"]
    ('slp-horner-3', 'straight-line')
    """
    machines = [
        {
            "name": name,
            "kind": p.machine.kind,
            "dimension": p.dimension,
            "inputs": len(p.cases),
            "steps": p.steps,
            "semantics": list(p.machine.semantics),
            "function": p.function,
            "summary": p.summary,
        }
        for name in program_names()
        for p in [program(name)]
    ]
    real = [
        {
            "name": name,
            "kind": p.kind,
            "dimension": len(p.parameters),
            "inputs": len(p.inputs) if isinstance(p, StraightLine) else 0,
            "steps": None,
            "semantics": ["exact"],
            "function": p.computes,
            "summary": "" if isinstance(p, StraightLine) else p.summary,
        }
        for name in real_program_names()
        for p in [real_program(name)]
    ]
    return machines + real
