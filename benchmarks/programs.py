"""CPU seconds of the exact values of programs, with certificates, in one run.

    python benchmarks/programs.py

Each line: what is done, the answer, CPU seconds of the search, and of the check of its certificate.
The last block compares cutting planes with the full enumeration of syndromes.
"""

from __future__ import annotations

import time

from singularity_lab.programs import SyndromeProgram, program, zero_set
from singularity_lab.programs.check import check_program
from singularity_lab.programs.program_certificate import program_certificate

QUESTIONS = [
    *(("detectA-3", 4, s) for s in ("exact", "naive", "staged")),
    *(("detectA-4", 5, s) for s in ("exact", "naive", "staged")),
    *(("parityCheck-copy-2", 3, s) for s in ("exact", "naive", "staged")),
    *((f"{n}-3", 10, "exact") for n in ("register-copy", "register-copy-swapped")),
    ("register-copy-nop-first-3", 10, "exact"),
    ("count-mod3", 4, "exact"),
    ("count-mod4", 4, "exact"),
    ("interpreter-1", 2, "exact"),
    ("interpreter-2", 3, "exact"),
]


def clock(call):
    """The value of a call and its CPU seconds."""
    started = time.process_time()
    value = call()
    return value, time.process_time() - started


def main() -> None:
    for steps in (2, 3):
        census, seconds = clock(lambda t=steps: zero_set(program("detectA-mini"), t).census())
        print(f"census of detectA-mini, T = {steps}: λ, m on {len(census)} faces: {seconds:.1f} s")
    head = f"{'program':28}{'d':>5}{'T':>4}  {'semantics':9}{'λ_E':>7}{'m':>3}"
    print(f"{head}{'search':>9}{'check':>8}")
    for name, steps, semantics in QUESTIONS:
        sp, first = clock(lambda n=name, t=steps, s=semantics: SyndromeProgram(program(n), t, s))
        found, seconds = clock(sp.solve)
        document = program_certificate(sp, found)
        _, checked = clock(lambda d=document: check_program(d))
        print(
            f"{name:28}{sp.program.dimension:>5}{steps:>4}  {semantics:9}{found.value!s:>7}"
            f"{found.multiplicity:>3}{first + seconds:>8.2f}s{checked:>7.2f}s"
        )
    print("cutting planes against enumeration (ratio of CPU seconds)")
    for name, steps, semantics in QUESTIONS[:2] + QUESTIONS[6:9]:
        sp = SyndromeProgram(program(name), steps, semantics)
        _, fast = clock(sp.solve)
        listed, slow = clock(sp.enumerated)
        print(f"{name:28}{steps:>4}  {semantics:9} {slow / fast:6.1f} times, λ = {listed.value}")


if __name__ == "__main__":
    main()
