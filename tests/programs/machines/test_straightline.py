"""Programs with cancellation: ideals by evaluation, laws, and values from the engine."""

from __future__ import annotations

import copy
import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from singularity_lab.errors import BadInput, CertificateError
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.programs.answers import program_rlct
from singularity_lab.programs.by_name import find_program, program_list
from singularity_lab.programs.check import check_ideal, check_program, replay_program
from singularity_lab.programs.machines.straightline import (
    ProbabilisticTarget,
    StraightLine,
    binomial_mixture,
    coin_xor,
    hidden_markov,
    horner,
    noisy_channel,
    parse_real_program,
    real_program,
    real_program_names,
    reuse,
    square,
)
from singularity_lab.programs.program_certificate import digest


@given(st.lists(st.fractions(-3, 3, max_denominator=5), min_size=5, max_size=5))
def test_the_ideal_vanishes_exactly_where_the_function_is_the_target(numbers):
    """y(w, x) − x is the combination of the generators by the powers of x."""
    p = reuse()
    point, x = numbers[:4], numbers[4]
    u1, u2, v1, v2 = point
    by_hand = v1 * (u1 * x + u2) + v2 * x - x
    parts = [g(point) for g in p.ideal.generators]
    assert by_hand == parts[0] + parts[1] * x


@pytest.mark.parametrize("coins", [1, 2, 3, 4])
def test_xor_of_coins_is_a_monomial(coins):
    """1 − 2P = ∏ xᵢ: λ = 1/2, m = the number of coins."""
    answer = rlct(coin_xor(coins).problem())
    assert (answer.value, answer.multiplicity) == (Fraction(1, 2), coins)


@pytest.mark.parametrize(
    ("trials", "expected"),
    [(1, (Fraction(1, 2), 1)), (2, (Fraction(3, 4), 1)), (4, (Fraction(3, 4), 1))],
)
def test_a_binomial_mixture_at_equal_weights(trials, expected):
    """Mean and variance: ((p + q)/2 + a(p − q), p², q² up to order), λ = 1/2 + 1/4; with one trial
    only the mean is seen."""
    answer = rlct(binomial_mixture(trials).problem(), budget=60)
    assert (answer.value, answer.multiplicity) == expected


def test_a_hidden_chain_at_two_lengths():
    """One letter sees β only. With two or more, the ideal is (β, xγ)."""
    assert rlct(hidden_markov(1).problem()).rlct.value == Fraction(1, 2)
    for length in (2, 3):
        answer = rlct(hidden_markov(length).problem(), budget=60)
        assert (answer.value, answer.multiplicity) == (1, 2)


def test_straight_line_values():
    assert rlct(square().problem()).multiplicity == 3
    found = rlct(horner(2).problem())
    assert (found.value, found.multiplicity) == (1, 2)  # (a3, a1·a2, a1²)


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_a_noisy_channel_in_stages(stages):
    """The law is that of the product of the stages' matrices; λ = 1, m = the number of stages."""
    p = noisy_channel(stages)
    point = [Fraction(k + 1, 20) for k in range(2 * stages)]
    for sent in (0, 1):
        one = Fraction(sent)
        for a, b in zip(point[::2], point[1::2], strict=True):
            one = (1 - one) * (Fraction(1, 2) + a) + one * (Fraction(1, 2) + b)
        assert [p.law[f"{sent}{y}"](point) for y in (0, 1)] == [(1 - one) / 2, one / 2]
    answer = rlct(p.problem(), budget=60)
    assert (answer.value, answer.multiplicity) == (1, stages)


def test_real_programs_read_their_own_text():
    for name in real_program_names():
        p = real_program(name)
        again = parse_real_program(p.to_text())
        assert again.to_text() == p.to_text()
        assert again.ideal == p.ideal
        assert again.point == p.point
    rows = {row["name"]: row for row in program_list()}
    assert rows["hmm2-3"]["dimension"] == 4
    assert {rows[n]["kind"] for n in real_program_names()} == {"straight-line", "probabilistic"}


# λ of the engine against values worked out by hand in the docstrings and in docs/programs.md
VALUES = {
    "coin-xor-2": ("1/2", 2), "coin-xor-3": ("1/2", 3), "coin-xor-4": ("1/2", 4),
    "binomial-mixture-1": ("1/2", 1), "binomial-mixture-2": ("3/4", 1), "hmm2-3": ("1", 2),
    "noisy-channel-2": ("1", 2), "slp-reuse": ("1", 2), "slp-square": ("1", 3),
    "slp-horner-2": ("1", 2),
}  # fmt: skip


@pytest.mark.parametrize("name", real_program_names())
def test_real_programs_have_certificates_bound_to_their_text(name):
    r = program_rlct(name)
    answer = json.loads(json.dumps(r.to_json()))
    if name in VALUES:
        assert (answer["lambda_H"], answer["multiplicity"]) == VALUES[name]
    assert answer["lambda_E"] == (answer["lambda_H"] if answer["kind"] == "probabilistic" else None)
    assert answer["status"] == "exact"
    claim, about = replay_program(answer, name)
    assert claim["multiplicity"] == r.multiplicity
    assert name in about
    assert check_ideal(answer["program_certificate"], answer["certificate"]).value == r.lambda_H


def test_a_changed_real_program_is_rejected():
    document = program_rlct("slp-reuse").program_certificate
    other = program_rlct("slp-square").program_certificate
    changes = [
        {"program": document["program"].replace("v2*x", "v2^2*x")},
        {"program": document["program"].replace("at v2 = 1", "at v1 = 1\nat u1 = 1")},
        {"program": document["program"].replace("target x", "target 2*x")},
        {"certificate": other["certificate"]},
        {"claim": document["claim"] | {"lambda_H": "2"}},
        {"claim": document["claim"] | {"lambda_E": "1"}},
        {"claim": document["claim"] | {"multiplicity": 1}},
        {"chart": "corner"},
        {"steps": 2},
    ]
    for change in changes:
        changed = copy.deepcopy(document) | change
        changed["digest"] = digest(changed)
        with pytest.raises(CertificateError):
            check_program(changed)
    with pytest.raises(CertificateError, match="digest"):
        check_program(document | {"steps": 2})
    with pytest.raises(CertificateError, match="another program"):
        check_program(document, "slp-square")
    with pytest.raises(CertificateError, match="differ"):
        check_ideal(document, other["certificate"])
    answer = program_rlct("slp-reuse").to_json()
    with pytest.raises(CertificateError, match="multiplicity: the certificate proves 2"):
        replay_program(answer | {"multiplicity": 1})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: program_rlct("slp-reuse", 3), "steps: a straight-line program takes none"),
        (lambda: program_rlct("coin-xor-2", semantics="naive"), "has exact"),
        (lambda: program_rlct("coin-xor-2", chart="amplitude"), "open is needed"),
        (lambda: program_rlct("coin-xor-2", support={}), "support: a probabilistic"),
        (lambda: find_program("coin-xor-2"), "it has no codes, runs or faces"),
        (lambda: noisy_channel(0), "stages"),
        (lambda: real_program("slp-nothing"), "no program 'slp-nothing'"),
        (lambda: parse_real_program("circuit x"), "one of straight-line, probabilistic"),
        (lambda: parse_real_program(""), "needs outcomes"),
        (lambda: parse_real_program("probabilistic p"), "a line 'parameters …'"),
        (lambda: parse_real_program("probabilistic p\nparameters a\noutcome a"), "'outcome NAME"),
        (lambda: parse_real_program("probabilistic p\ninputs a"), "does not belong"),
        (lambda: parse_real_program("straight-line p\noutput y\noutput y"), "given twice"),
        (
            lambda: parse_real_program("probabilistic p\nparameters a\noutcome 0: 1\nat b = 1"),
            "at: 'b' is no parameter",
        ),
    ],
)
def test_real_programs_name_what_they_refuse(call, message):
    with pytest.raises(BadInput, match=message):
        call()


def test_what_is_wrong_is_named():
    line = dict(parameters="a b", inputs="x", output="y", target="x")
    with pytest.raises(BadInput, match="does not compute the target"):
        StraightLine.parse("y = a*x + b", **line)
    with pytest.raises(BadInput, match="unknown variable 'c'"):
        StraightLine.parse("y = c*x", **line, at={"a": 1})
    with pytest.raises(BadInput, match="line 1: the name 'a' is taken"):
        StraightLine.parse("a = x\ny = a", **line)
    with pytest.raises(BadInput, match="line 1: 'name = polynomial'"):
        StraightLine.parse("y + x", **line)
    with pytest.raises(BadInput, match="no name 'z'"):
        StraightLine.parse("y = a*x", **{**line, "output": "z"})
    law = coin_xor(1)
    with pytest.raises(BadInput, match="sum to"):
        ProbabilisticTarget("bad", law.parameters, {"0": law.law["0"]})
    with pytest.raises(BadInput, match="probability 0"):
        ProbabilisticTarget("edge", law.parameters, law.law, {"x1": Fraction(1)}).problem()
