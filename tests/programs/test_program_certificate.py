"""Certificates of programs replay from the program's text; single changes are rejected."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import pytest

from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.programs import SyndromeProgram, parse_program, program, program_names
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.check import check_ideal, check_program
from singularity_lab.programs.program_certificate import digest

QUESTIONS = [
    ("detectA-mini-retry", 2, "exact", "corner"),
    ("detectA-mini-retry", 2, "staged", "corner"),  # m = 2
    ("xor-4nand-shared", None, "exact", "amplitude"),
    ("identity-tmr", None, "exact", "corner:1/2"),
    ("xor-two-minterms", None, "exact", "corner"),  # m = 2
]


def text_changes(text):
    """Every line of a program, left out; every word of a code or an input, replaced by another."""
    lines = text.splitlines()
    words = sorted({w for line in lines[1:] for w in line.replace(":", " ").split() if len(w) < 5})
    for i, line in enumerate(lines[1:], start=1):
        yield "\n".join([*lines[:i], *lines[i + 1 :], ""])
        parts = line.split()
        if parts[0] in ("function", "symbols", "states", "moves", "reads", "start"):
            continue
        for k, part in enumerate(parts):
            for w in words:
                if w != part and w[-1] != ":":
                    changed = [*parts[:k], w, *parts[k + 1 :]]
                    yield "\n".join([*lines[:i], " ".join(changed), *lines[i + 1 :], ""])
                    if k == 0:
                        break


def other_changes(document):
    """Single changes of the proof: claims, weights, packing, runs, steps, chart, support."""

    def change(path, value):
        changed = copy.deepcopy(document)
        at = changed
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        return changed

    for key, value in document["claim"].items():
        yield change(
            ["claim", key], value + 1 if isinstance(value, int) else str(Fraction(value) + 1)
        )
    for name, value in document["primal"].items():
        for factor in (Fraction(1, 2), 2):
            yield change(["primal", name], str(Fraction(value) * factor))
        yield change(["primal", name], "-1")
    for i, row in enumerate(document["dual"]):
        for factor in (Fraction(1, 2), 2):
            yield change(["dual", i, "y"], str(Fraction(row["y"]) * factor))
        yield change(["dual"], document["dual"][:i] + document["dual"][i + 1 :])
        for name, e in row["syndrome"].items():
            yield change(["dual", i, "syndrome", name], e + 1)
        yield change(["dual", i, "syndrome"], {})
        if "run" in row:
            yield change(["dual", i, "run"], row["run"][:-1])
            yield change(["dual", i, "input"], "no such input")
            for k, (choice, option) in enumerate(row["run"]):
                yield change(["dual", i, "run", k], [choice, option + "x"])
    for chart in ("corner", "corner:1/3", "corner:2"):
        if chart != document["chart"]:
            yield change(["chart"], chart)
    yield change(["semantics"], "quantum")


def accepted(document):
    try:
        return check_program(document)
    except CertificateError:
        return None


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: "-".join(map(str, q)))
def test_single_changes_of_the_proof_are_rejected(question):
    document = program_rlct(*question).program_certificate
    assert accepted(document) is not None
    seen = 0
    for changed in other_changes(document):
        if changed == document:
            continue
        seen += 1
        changed["digest"] = digest(changed)  # so that it is the mathematics that rejects
        assert accepted(changed) is None, changed
    assert seen >= 40  # 5 questions: more than 200 changes


@pytest.mark.parametrize("question", QUESTIONS[:3], ids=lambda q: "-".join(map(str, q)))
def test_single_changes_of_the_program_are_rejected_or_true(question):
    """A change of the program's text breaks the digest. With the digest made anew, the check
    rejects it, unless the claim is true of the changed program too, by full enumeration."""
    document = program_rlct(*question).program_certificate
    rejected = kept = 0
    for text in dict.fromkeys(text_changes(document["program"])):
        changed = document | {"program": text}
        assert accepted(changed) is None  # the digest
        changed["digest"] = digest(changed)
        value = accepted(changed)
        if value is None:
            rejected += 1
            continue
        kept += 1
        p = parse_program(text)
        found = SyndromeProgram(p, changed["steps"], changed["semantics"], None, changed["chart"])
        assert (value.value, value.multiplicity) == (
            found.enumerated().value,
            found.enumerated().multiplicity,
        )
    assert rejected >= 15
    assert kept  # some changes do not matter: a name, a weight


def test_changes_of_steps_and_faces_are_rejected():
    document = program_rlct("detectA-mini-retry", 2).program_certificate
    for steps in (0, 1, 3, 4, -1, "2", None, 2.5):
        changed = document | {"steps": steps}
        assert accepted(changed) is None
        changed["digest"] = digest(changed)
        assert accepted(changed) is None, steps
    for choice in ("q_Br", "q_Ar", "d_Br", "d_Ar"):
        options = {"q": ["a", "r"], "d": ["R", "S"]}[choice[0]]
        changed = document | {"support": {choice: options}}
        changed["digest"] = digest(changed)
        assert accepted(changed) is None, choice


def test_the_certificate_is_about_its_program():
    document = program_rlct("xor-lookup").program_certificate
    assert check_program(document, "xor-lookup").value == 4
    assert check_program(json.dumps(document), program("xor-lookup")).value == 4
    with pytest.raises(CertificateError, match="about another program"):
        check_program(document, "xor-4nand-shared")
    with pytest.raises(CertificateError, match="format"):
        check_program("{}")
    with pytest.raises(BadInput, match="no program"):
        check_program(document, "nothing")


def test_the_ideal_is_derived_from_the_text():
    """The germ of the laboratory's certificate must be that of the program: nothing more, nothing
    less, in the right chart."""
    result = program_rlct("xor-4nand-shared")
    germ = result.certificate.to_json()
    assert check_ideal(result.program_certificate, germ).value == Fraction(7, 2)
    for other in ("xor-lookup", "xor-4nand-separate"):
        with pytest.raises(CertificateError, match="not that of the program's minimal syndromes"):
            check_ideal(result.program_certificate, program_rlct(other).certificate)
    for chart in ("amplitude", "corner:1/2"):
        with pytest.raises(CertificateError, match="in this chart"):
            check_ideal(
                result.program_certificate,
                program_rlct("xor-4nand-shared", chart=chart).certificate,
            )
    wrong = copy.deepcopy(germ)
    wrong["claim"]["lambda"] = "3"
    with pytest.raises(CertificateError):
        check_ideal(result.program_certificate, wrong)


@pytest.mark.slow
def test_every_program_of_the_library_has_certificates_that_replay():
    """All programs, all their semantics, at their own number of steps."""
    seen = 0
    for name in program_names():
        p = program(name)
        for semantics in p.machine.semantics:
            result = program_rlct(p, semantics=semantics)
            assert check_program(result.program_certificate, p).value == result.lambda_E
            if result.certificate is not None:
                check_ideal(result.program_certificate, result.certificate)
            seen += 1
    assert seen >= 80
