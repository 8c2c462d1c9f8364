"""A hypothesis that fails is named."""

import pytest

from singularity_lab.algebra.hypotheses import hold, lacks, under
from singularity_lab.errors import CertificateError


def test_what_holds_is_silent_and_what_fails_has_the_name_first():
    hold("free", True, "{} carries a sign", "x")
    with pytest.raises(CertificateError, match=r"^free: x carries a sign$"):
        hold("free", False, "{} carries a sign", "x")


def test_braces_stand_where_nothing_is_told_about():
    with pytest.raises(CertificateError, match=r"^set: \{1, 2\} is needed$"):
        hold("set", False, "{1, 2} is needed")


@pytest.mark.parametrize("condition", [True, False])
def test_words_are_empty_exactly_where_it_holds(condition):
    words = lacks("point", condition, "the unit {} vanishes there", "p")
    assert bool(words) is not condition
    assert words in ("", "point: the unit p vanishes there")


def test_a_condition_is_written_out_only_where_it_fails():
    class Shy:
        def __str__(self):
            raise AssertionError("written out")

        __format__ = None

    hold("a", True, "{}", Shy())
    assert lacks("a", True, "{}", Shy()) == ""


def test_names_stack_around_what_fails_elsewhere():
    with pytest.raises(CertificateError, match=r"^outer: inner: why$"), under("outer"):
        hold("inner", False, "why")
    with pytest.raises(ZeroDivisionError), under("outer"):
        1 / 0  # noqa: B018
