"""The check of program certificates: every field is recomputed, in one spelling."""

from __future__ import annotations

import copy
import json

import pytest

from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.programs import (
    parse_program,
    program,
)
from singularity_lab.programs.answers import program_census, program_rlct
from singularity_lab.programs.check import check_program, replay_program
from singularity_lab.programs.program_certificate import digest
from singularity_lab.programs.syndromes import ProgramChart
from singularity_lab.programs.trace import program_trace

ASKED = [
    ("xor-4nand-shared", None, "exact", "corner"),
    ("detectA-mini-retry", 2, "staged", "corner"),
    ("detectA-mini", 2, "exact", "open"),
    ("coin-xor-2", None, "exact", "open"),
]


@pytest.fixture(scope="module", params=ASKED, ids=lambda q: "-".join(map(str, q)))
def answer(request):
    return json.loads(json.dumps(program_rlct(*request.param).to_json()))


@pytest.mark.parametrize(
    "change",
    [
        {"lambda": "1/2", "verified": "of all programs"},
        {"verified": False},
        {"kind": "lower"},
        {"lambda_H": "10/4"},
        {"lambda_H": " 5/2 "},
        {"lambda_H": 2},
        {"lambda_H": True},
        {"lambda_H": "2.5"},
        {"multiplicity": True},
        {"multiplicity": 1.0},
        {"multiplicity": "1"},
        {"lambda_E": "1/2, verified"},
    ],
    ids=str,
)
def test_a_claim_has_no_other_fields_and_no_other_numbers(answer, change):
    proof = copy.deepcopy(answer["program_certificate"])
    proof["claim"] |= change
    with pytest.raises(CertificateError, match="claim"):
        check_program(proof)


def test_numbers_of_a_proof_have_one_form():
    proof = program_rlct("xor-4nand-shared").program_certificate
    for value in ("2/2", " 1", "1.0", True, 1, "1e0", "+1", "01"):
        changed = copy.deepcopy(proof)
        changed["primal"] = dict.fromkeys(changed["primal"], value)
        with pytest.raises(CertificateError, match="primal"):
            check_program(changed)
        changed = copy.deepcopy(proof)
        changed["dual"][0]["y"] = value if value != "1.0" else "1.00"
        with pytest.raises(CertificateError):
            check_program(changed)


def test_what_is_told_was_recomputed(answer):
    claim, about = replay_program(answer)
    proof = answer["program_certificate"]
    assert claim == proof["claim"]
    assert set(claim) == {"lambda_E", "lambda_H", "multiplicity"}
    assert proof["digest"] in about
    assert answer["program_digest"][:16] in about
    assert answer["place"] in about


def test_every_field_of_an_answer_is_compared(answer):
    """A changed, an extra and a missing field each; what is not proved is how and how fast."""
    free = {"method", "seconds"}
    for key, value in answer.items():
        changed = copy.deepcopy(answer)
        changed[key] = {"x": 1} if value != {"x": 1} else None
        with pytest.raises(CertificateError):
            replay_program(changed)
        del changed[key]
        with pytest.raises(CertificateError):
            replay_program(changed)
        if key in free:
            continue
        other = {str: "y", int: -7, type(None): 3, dict: {"z": "1"}, list: [1]}[type(value)]
        with pytest.raises(CertificateError):
            replay_program(answer | {key: other})
    with pytest.raises(CertificateError, match="answer: unknown field 'verified'"):
        replay_program(answer | {"verified": True})


def test_a_field_that_is_no_number_or_text_is_named(answer):
    for key, value in (("seconds", "1"), ("seconds", True), ("method", 1), ("support", [])):
        with pytest.raises(CertificateError, match=f"answer: field {key}: Expected"):
            replay_program(answer | {key: value})
    with pytest.raises(CertificateError, match="answer: missing field 'seconds'"):
        replay_program({k: v for k, v in answer.items() if k != "seconds"})
    with pytest.raises(CertificateError, match="method: a text"):
        replay_program(answer | {"method": "x" * 401})


@pytest.mark.parametrize("key", ["multiplicity", "dimension", "inputs"])
def test_an_integer_is_no_float_and_no_truth_value(answer, key):
    for value in (float(answer[key]), True, str(answer[key])):
        with pytest.raises(CertificateError, match=f"answer: field {key}: Expected `int`"):
            replay_program(answer | {key: value})
    with pytest.raises(CertificateError, match=f"{key}: the certificate proves {answer[key]}"):
        replay_program(answer | {key: answer[key] + 1})


def test_the_subject_is_no_text_of_the_user():
    """Comments and free names carry no claim; a false use of a library's name is told."""
    with pytest.raises(BadInput, match="line 1: name: one word"):
        parse_program("turing interpreter-3, all codes\nsymbols B A\nstates r a\ninput A -> r")
    text = program("xor-lookup").to_text()
    result = program_rlct(parse_program("# circuit interpreter-3, all codes\n" + text))
    assert result.program_certificate == program_rlct("xor-lookup").program_certificate
    proof = copy.deepcopy(result.program_certificate)
    proof["program"] = "# interpreter-3, all codes\n" + proof["program"]
    proof["digest"] = digest(proof)
    with pytest.raises(CertificateError, match="one spelling"):
        check_program(proof)
    borrowed = program("xor-4nand-shared").to_text().replace("xor-4nand-shared", "xor-lookup")
    _, about = replay_program(program_rlct(parse_program(borrowed)).program_certificate)
    assert "not the library's program of this name" in about


def test_code_or_face_is_told():
    told = {}
    for name, more in {
        "at its code": {},
        "at the code with w_Aa=B": {"code": {"w_Aa": "B"}},
        "on the face w_Aa=A,B": {"support": {"w_Aa": frozenset("AB")}},
    }.items():
        result = program_rlct("detectA-mini", 2, **more)
        told[name] = replay_program(result.program_certificate)[1]
        assert name in told[name]
        assert name in str(result)
    assert len(set(told.values())) == 3


def test_a_question_has_one_digest():
    for text in ("corner:", "corner: 1", "corner:1 ", "corner:1e0", "amplitude:", "open:1", "x"):
        with pytest.raises(BadInput, match="chart"):
            ProgramChart.parse(text)
    assert str(ProgramChart.parse("corner:2/2")) == "corner"
    proof = program_rlct("xor-lookup").program_certificate
    assert program_rlct("xor-lookup", chart="corner:2/2").program_certificate == proof
    for change in (
        {"chart": "corner:1"},
        {"chart": "corner:2/2"},
        {"steps": 1},
        {"steps": 9},
        {"support": {"eps_X_00": ["0"]}},
        {"support": []},
        {"program": proof["program"] + "\n"},
        {"program": proof["program"].replace("truth X", "truth  X")},
        {"program": proof["program"].replace("input 00", "input 0 0")},
    ):
        changed = copy.deepcopy(proof) | change
        changed["digest"] = digest(changed)
        with pytest.raises(CertificateError):
            check_program(changed)
    for call in (program_rlct, program_trace, program_census):
        with pytest.raises(BadInput, match="steps: a circuit runs to its end"):
            call("xor-lookup", 9)
    with pytest.raises(BadInput, match="line 3: unknown word 'steps'"):
        parse_program("circuit c\ninputs x\nsteps 2\noutput x\ninput all -> code")
