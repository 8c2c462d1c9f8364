"""Sizes of programs: limited with one line before anything is built."""

from __future__ import annotations

import copy
import re
import time

import pytest

from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.programs import (
    parse_program,
    program_limits,
)
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.check import check_program
from singularity_lab.programs.machines.straightline import parse_real_program
from singularity_lab.programs.program_certificate import digest


@pytest.mark.parametrize("steps", [1001, 10**9, 10**30, 10**4000])
def test_steps_are_limited_before_anything_is_built(steps):
    started = time.process_time()
    proof = program_rlct("detectA-mini", 2).program_certificate
    changed = copy.deepcopy(proof) | {"steps": steps}
    changed["digest"] = "" if steps == 10**4000 else digest(changed)
    with pytest.raises(CertificateError):
        check_program(changed)
    with pytest.raises(BadInput, match="steps: at most 1000"):
        program_rlct("detectA-mini", steps)
    assert time.process_time() - started < 2


LARGE = [
    ("circuit c\ninputs x\ntable N 40\noutput x\ninput all -> code", "line 3: table N: inputs: at"),
    ("circuit c\ninputs x\ntable N 999999999999\noutput x\ninput 0 -> 0", "line 3: 'table NAME"),
    ("circuit c\ninputs " + " ".join(f"x{i}" for i in range(60)) + "\noutput x1\n"
     "input all -> code", "line 4: input all: inputs: at most"),
    ("register r\nregisters 999999999\nlength 1\ninstructions NOP\ninput 0 -> 0", "line 2: reg"),
    ("register r\nregisters 1\nreads 1\nlength 999999999\ninstructions NOP\ninput 0 -> 0",
     "line 4: len"),
    ("register r\nregisters 1\nreads 1\nlength 1\ntop 999999999\ninstructions NOP\ninput 0 -> 0",
     "line 5: top"),
    ("turing t\nsymbols " + " ".join(f"x{i}" for i in range(900)) + "\nstates r\ninput x1 -> r",
     "line 2: symbols: at most"),
    ("turing t\nsymbols " + " ".join(f"x{i}" for i in range(190)) + "\nstates "
     + " ".join(f"q{i}" for i in range(190)) + "\ninput x1 -> q1", "line 2: symbols and states"),
    ("turing t\nsymbols B A\nstates r\nsteps 999999999\ninput A -> r", "line 4: steps: at most"),
    ("turing t\nsymbols B A\nstates r\ninput " + "A" * 2000 + " -> r", "line 4: input: letters"),
    ("turing t\n" + "#" * 300_000, "characters"),
    ("branching b\nwidths 1 99999999\nexits 2\nreads 0 0\ninput 0 -> 0", "line 2: widths"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), LARGE, ids=[m for _, m in LARGE])
def test_sizes_are_limited_with_one_line(text, message):
    with pytest.raises(BadInput, match=re.escape(message)) as caught:
        parse_program(text)
    assert len(str(caught.value)) < 300


def test_propagations_are_limited(monkeypatch):
    with pytest.raises(BadInput, match="sums and products: at most"):
        program_rlct("detectA-3", 900, "staged")
    monkeypatch.setattr(program_limits, "CONFIGURATIONS", 100)
    with pytest.raises(BadInput, match="more than 100 configurations"):
        program_rlct("detectA-3", 6)


def test_straight_lines_are_limited():
    squares = "\n".join(f"t{i + 1} = t{i}^2" for i in range(60))
    text = f"straight-line s\nparameters a\ninputs x\nt0 = a*x\n{squares}\noutput t60\ntarget 0\n"
    with pytest.raises(BadInput, match="line 1: statement t7 = …: degree: at most 200"):
        parse_real_program(text)
