"""Programs as singularities. The theorem and its proof are in docs/programs.md.

    program(name), program_names()        the library
    parse_program(text)                   a program from text
    hitting_number(program, …)            λ_E and m of a code or a face
    zero_set(program, …)                  W₀ as a complex
    error_polynomials, expected_error     the loss as polynomials

Importing this package registers the builder ``program`` of :mod:`singularity_lab.models`.
Questions answered with certificates are in :mod:`singularity_lab.programs.answers`.
"""

from singularity_lab.programs import catalog_rows
from singularity_lab.programs.library import program, program_names
from singularity_lab.programs.machines.machines import Case, Choice, Machine, Program
from singularity_lab.programs.machines.text import parse_program
from singularity_lab.programs.syndromes import (
    Hitting,
    ProgramChart,
    Syndrome,
    SyndromeProgram,
    hitting_number,
)
from singularity_lab.programs.uncertainty.noisy import (
    error_polynomials,
    expected_error,
    laws,
    squared_error,
    wrong_runs,
)
from singularity_lab.programs.zeroset import Component, ZeroSet, count_solutions, zero_set

__all__ = [
    "Case",
    "Choice",
    "Component",
    "Hitting",
    "Machine",
    "Program",
    "ProgramChart",
    "Syndrome",
    "SyndromeProgram",
    "ZeroSet",
    "catalog_rows",
    "count_solutions",
    "error_polynomials",
    "expected_error",
    "hitting_number",
    "laws",
    "parse_program",
    "program",
    "program_names",
    "squared_error",
    "wrong_runs",
    "zero_set",
]
