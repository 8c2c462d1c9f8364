"""Errors: their kinds, and messages that stay short whatever is received."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from singularity_lab.errors import (
    QUOTE,
    BadInput,
    CertificateError,
    OutOfScope,
    ParseError,
    SingularityLabError,
    Undecided,
    quoted,
    shown,
)


@settings(max_examples=30)
@given(st.one_of(st.text(max_size=300), st.integers(), st.lists(st.integers(), max_size=99)))
def test_what_is_shown_has_at_most_eighty_characters(value):
    for write in (shown, quoted):
        assert len(write(value)) <= QUOTE
    if len(repr(value)) <= QUOTE:
        assert quoted(value) == repr(value)


def test_what_cannot_be_written_is_described():
    loop: list = []
    loop.append(loop)
    for _ in range(2000):
        loop = [loop]
    assert shown(10**6000) == "an integer of 19932 bits"
    assert quoted(loop) in ("a list", quoted([[]])) or len(quoted(loop)) <= QUOTE

    class Angry:
        def __str__(self):
            raise ValueError

        __repr__ = __str__

    assert shown(Angry()) == quoted(Angry()) == "a Angry"


@settings(max_examples=20)
@given(st.integers(0, 500), st.integers(0, 500))
def test_a_parse_error_shows_the_place(before, after):
    text = "x" * before + "?" + "y" * after
    error = ParseError("no", text, before)
    assert error.position == before
    assert "?" in str(error)
    assert f"at position {before} of" in str(error)
    assert len(str(error)) < 2 * QUOTE


@pytest.mark.parametrize("kind", [BadInput, OutOfScope, Undecided, CertificateError])
def test_all_are_errors_of_the_laboratory(kind):
    assert issubclass(kind, SingularityLabError)
    assert str(kind("why")) == "why"


def test_kinds_are_different():
    assert issubclass(BadInput, ValueError)
    assert not issubclass(OutOfScope, ValueError)
    assert not issubclass(Undecided, OutOfScope)
    assert Undecided("open", 3).bounds == 3
    error = CertificateError("why", "proof.then")
    assert (error.where, str(error)) == ("proof.then", "proof.then: why")


def test_a_long_quotation_in_a_message_is_cut():
    message = str(BadInput(f"x: a number is needed, received {'9' * 500!r} here"))
    assert len(message) < 200
    assert message.endswith("… here")


def test_of_a_long_path_the_end_is_told_and_of_an_expression_the_beginning():
    path = "/a" * 60 + "/plans.json"
    assert str(BadInput(f"store: {path} is damaged")).endswith("/plans.json is damaged")
    assert "x^2/3*y" in str(BadInput("unknown in x^2/3*y" + "+z/2*x^3" * 30))
