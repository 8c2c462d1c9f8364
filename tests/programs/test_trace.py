"""Traces: each syndrome with a run that is wrong where it says."""

import pytest

from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.trace import program_trace


@pytest.mark.parametrize(
    ("name", "steps", "semantics"),
    [
        ("detectA-mini-retry", 2, "exact"),
        ("xor-4nand-shared", None, "exact"),
        ("detectA-mini", 2, "staged"),
    ],
)
def test_every_minimal_syndrome_has_a_wrong_run(name, steps, semantics):
    traces = program_trace(name, steps, semantics)
    minimal = program_rlct(name, steps, semantics).syndromes
    assert len({t.syndrome for t in traces}) == len(minimal)
    for trace in traces:
        assert trace.output != trace.target
        assert trace.wrong
        if semantics == "exact":
            assert trace.run
        assert str(trace).startswith(trace.syndrome)


def test_the_number_of_wrong_answers_is_the_degree():
    for trace in program_trace("detectA-mini-retry", 2):
        degree = sum(int(f.partition("^")[2] or 1) for f in trace.syndrome.split("*"))
        assert len(trace.wrong) == degree
