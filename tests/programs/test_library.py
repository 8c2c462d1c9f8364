"""The programs of the library solve their tasks, each by its own code."""

from __future__ import annotations

from itertools import product

import pytest

from singularity_lab.programs import program, program_names


@pytest.mark.parametrize("name", program_names())
def test_every_code_of_the_library_solves_its_task(name):
    assert program(name).solves()


def test_the_interpreter_composes_functions():
    p = program("interpreter-3")
    for w in product("NIZ", repeat=5):
        for bit in "01":
            value = int(bit)
            for f in reversed(w):
                value = {"N": 1 - value, "I": value, "Z": 0}[f]
            assert p.run("".join(w) + bit, 6) == "ft"[value]
