"""Documents of answers about programs: read as they were written; a bound keeps its two losses."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from singularity_lab import program_rlct
from singularity_lab.errors import BadInput
from singularity_lab.programs.program_documents import ProgramDocument, ThresholdPair
from singularity_lab.system.documents import converted, decoded


@pytest.mark.parametrize("name", ["xor-4nand-shared", "slp-square"])
def test_a_document_is_read_as_it_was_written(name):
    result = program_rlct(name)
    text = json.dumps(result.to_json())
    record = decoded(text, ProgramDocument, "answer")
    assert json.dumps(record.plain()) == text
    assert Fraction(record.lambda_H) == result.lambda_H
    assert sum(Fraction(p.y) for p in record.packing) == (result.lambda_E or 0)


def test_the_squared_error_of_a_bound_is_needed():
    with pytest.raises(BadInput, match="bound: missing field 'lambda_H'"):
        converted({"lambda_E": "1"}, ThresholdPair, "bound")
