"""One of a thing is not told as several."""

import pytest

from singularity_lab.system.counting import counted


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (1, ("compact face",), "1 compact face"),
        (0, ("step",), "0 steps"),
        (2, ("vertex", "vertices"), "2 vertices"),
        (1, ("vertex", "vertices"), "1 vertex"),
    ],
)
def test_a_number_with_its_noun(number, words, text):
    assert counted(number, *words) == text
