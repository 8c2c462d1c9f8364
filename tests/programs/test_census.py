"""The functions of a machine: by volume and by counting."""

from __future__ import annotations

from fractions import Fraction
from math import log2

import pytest

from singularity_lab import program, program_functions
from singularity_lab.errors import BadInput
from singularity_lab.programs.zeroset import count_solutions, zero_set


@pytest.mark.parametrize("name", ["parity3-automaton", "xor-4nand-shared", "parity-automaton-2"])
def test_codes_are_counted_once_and_the_program_is_among_them(name):
    census = program_functions(name)
    p = program(name)
    assert sum(f.codes for f in census.functions) == census.codes == p.codes
    wanted = tuple(c.target for c in p.cases)
    (mine,) = [f for f in census.functions if f.outputs == wanted]
    assert mine.codes == count_solutions(p)
    assert mine.least == min(c.rlct for c in zero_set(p).components)
    assert census.bits(mine) == log2(p.codes / mine.codes)
    assert [f.least for f in census.functions] == sorted(f.least for f in census.functions)
    for f in census.functions:
        assert sum(n for _, n in f.counts) == f.codes


def test_volume_and_counting_disagree():
    """A lookup table has one code for each function, so that counting sees no difference; volume
    sees none either: every entry counts. A circuit tells functions apart by both."""
    table = program_functions("xor-lookup")
    assert {f.codes for f in table.functions} == {1}
    assert {f.least.value for f in table.functions} == {Fraction(4)}
    gates = program_functions("xor-4nand-shared")
    assert len({f.least.value for f in gates.functions}) > 1


def test_a_machine_with_too_many_codes_is_refused():
    with pytest.raises(BadInput, match="at most 100000 codes"):
        program_functions("detectA-2", 2)
