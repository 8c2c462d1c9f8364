"""Names that may have been meant for something else are told by every command that reads them."""

import re

import pytest
from terminal import run

COMMANDS = [
    ("rlct",),
    ("lct",),
    ("explain",),
    ("jets", "--order", "1"),
    ("zeta", "--budget", "5"),
    ("singularity",),
    ("newton",),
    ("resolve",),
    ("plot", "newton"),
    ("measure", "volume", "--evaluations", "2e4"),
    ("find",),
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("f", "told"),
    [("i^2 + x^3", "i is a variable"), ("x2^2 + y3^2", "x^2, y^3 are meant"), ("y^2 + x^3", "")],
)
def test_every_command_says_how_it_read_a_doubtful_name(words, f, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, out, err = run(*words, f)
    said = " ".join((out + err).split())
    assert told in said
    assert bool(re.search(r"variables: \w+, \w+;", said)) == bool(told)


def test_a_germ_that_is_smooth_by_its_short_form_is_told_so():
    code, _, err = run("singularity", "x2 - y3")
    assert code == 2
    assert "x^2, y^3" in err


def test_json_has_the_note_too():
    for words in (("rlct",), ("jets", "--order", "1"), ("newton",), ("resolve",)):
        assert "i is a variable" in run(*words, "i^2 + x^3", "--json")[1]


def test_resolve_reads_its_variables():
    assert "3 divisors" in run("resolve", "x^2 - y^3", "--vars", "y x")[1]
    assert run("resolve", "x^2 - y^3", "--vars", "x y z")[0] == 2
