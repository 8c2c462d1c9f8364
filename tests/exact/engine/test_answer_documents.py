"""Answers have typed records: old documents are read, and the bytes written are what they were."""

from __future__ import annotations

import json

import answer_samples
import pytest

from singularity_lab.catalog.truth import TruthDocument
from singularity_lab.dictionary.phases import PhasesDocument
from singularity_lab.errors import BadInput
from singularity_lab.exact.arcs.contact import ContactDocument
from singularity_lab.exact.arcs.essential import EssentialDocument
from singularity_lab.exact.arcs.jets import JetsDocument
from singularity_lab.exact.arcs.threshold import ThresholdDocument
from singularity_lab.exact.classification.path import PathDocument
from singularity_lab.exact.classification.singularity import SingularityDocument
from singularity_lab.exact.engine.answer_documents import ResultDocument
from singularity_lab.exact.engine.parameter_tables import TableDocument
from singularity_lab.exact.resolutions.divisors import OrderedDivisorDocument
from singularity_lab.exact.resolutions.dual_graph import GraphDocument
from singularity_lab.exact.zeta_functions.density import VolumeDocument
from singularity_lab.exact.zeta_functions.zeta_documents import ZetaDocument
from singularity_lab.programs.census import FunctionsDocument
from singularity_lab.programs.program_documents import (
    PotentialDocument,
    ProgramBoundsDocument,
    ProgramDocument,
    ZeroSetDocument,
)
from singularity_lab.system.documents import decoded

RECORDS = {
    "rlct": ResultDocument,
    "jets": JetsDocument,
    "zeta": ZetaDocument,
    "program": ProgramDocument,
    "program bounds": ProgramBoundsDocument,
    "singularity": SingularityDocument,
    "path": PathDocument,
    "contact": ContactDocument,
    "essential": EssentialDocument,
    "graph": GraphDocument,
    "volume": VolumeDocument,
    "threshold": ThresholdDocument,
    "table": TableDocument,
    "functions": FunctionsDocument,
    "zero set": ZeroSetDocument,
    "potential": PotentialDocument,
    "phases": PhasesDocument,
    "truth": TruthDocument,
    "divisor": OrderedDivisorDocument,
}
FILED = dict(answer_samples.filed())


def untimed(document):
    """The text of a document without its seconds, nor those of the answer about the real germ."""
    kept = {k: v for k, v in document.items() if k != "seconds"}
    if isinstance(kept.get("real"), dict):
        kept["real"] = untimed(kept["real"])
    return json.dumps(kept)


def test_every_sample_is_on_file():
    assert list(FILED) == list(answer_samples.ASKED)


@pytest.mark.parametrize("name", FILED)
def test_an_old_document_is_read_and_written_byte_for_byte(name):
    kind, _ = answer_samples.ASKED[name]
    record = decoded(FILED[name], RECORDS[kind], "answer")
    assert json.dumps(record.plain()) == FILED[name]


@pytest.mark.parametrize("name", FILED)
def test_a_document_holds_lists_as_it_is_read(name):
    kind, _ = answer_samples.ASKED[name]
    assert decoded(FILED[name], RECORDS[kind], "answer").plain() == json.loads(FILED[name])


@pytest.mark.parametrize("name", FILED)
def test_an_answer_is_written_as_it_was(name):
    """But for the seconds that it took, and so for what a search does within a millisecond."""
    _, ask = answer_samples.ASKED[name]
    written, old = (json.loads(text) for text in (json.dumps(ask().to_json()), FILED[name]))
    assert list(written) == list(old)
    assert untimed(written) == untimed(old)


def test_a_wrong_field_is_named():
    text = FILED["exact"].replace('"multiplicity": 1, "lower"', '"multiplicity": "1", "lower"')
    assert text != FILED["exact"]
    with pytest.raises(BadInput, match="answer: field multiplicity: Expected"):
        decoded(text, ResultDocument, "answer")
    with pytest.raises(BadInput, match="unknown field 'lambdas'"):
        decoded(
            FILED["zeta"].replace('"seconds"', '"lambdas": 1, "seconds"'), ZetaDocument, "answer"
        )
