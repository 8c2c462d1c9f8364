"""Arguments that a function does not have are told with those that it has."""

import inspect
import pickle

import pytest

import singularity_lab
from singularity_lab.errors import BadInput
from singularity_lab.system.spelling import spelled


def power(base, *, exponent=2, **settings):
    """A function with settings, which knows one."""
    if set(settings) - {"exponents"}:
        raise BadInput(f"settings: none is called {min(settings)!r}")
    return base**exponent


@pytest.mark.parametrize(
    ("name", "given", "word"),
    [
        ("calibrate", {"devices": len, "buget": 3}, "did you mean budget"),
        ("rlct", {"generators": "x^2", "varables": "x"}, "did you mean variables"),
        ("verify", {"certificat": 3}, "did you mean certificate"),
        ("lookup", {"id": "ade-a2", "quiet": True}, "It takes id, tables"),
        ("jets", {"generators": "x^2", "ordr": 3}, "did you mean order"),
    ],
)
def test_a_misspelt_argument_of_a_public_function_is_one_line(name, given, word):
    with pytest.raises(BadInput, match=word):
        getattr(singularity_lab, name)(**given)


def test_a_setting_that_the_function_knows_is_none_of_ours():
    assert spelled(power)(3, exponents=1) == 9
    with pytest.raises(BadInput, match="did you mean exponent"):
        spelled(power)(3, exponen=1)
    with pytest.raises(BadInput, match="settings: none is called 'other'"):
        spelled(power)(3, other=1)


def test_arguments_by_position_beyond_those_of_a_public_function_are_one_line():
    """Each public function that does not take any number of them, with as many more as it has
    keywords: the line names them all, but those that are given."""
    asked = 0
    for name in singularity_lab.__all__:
        function = getattr(singularity_lab, name)
        if not inspect.isfunction(function):
            continue
        parameters = inspect.signature(function).parameters.values()
        if any(p.kind == p.VAR_POSITIONAL for p in parameters):
            continue
        placed = [
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        keywords = [p.name for p in parameters if p.kind == p.KEYWORD_ONLY]
        given = dict.fromkeys(keywords[:1])
        count = len(placed) + max(1, len(keywords))
        with pytest.raises(BadInput) as told:
            function(*[object()] * count, **given)
        line = str(told.value)
        assert line.startswith(f"{name}: expected {len(placed)} argument")
        assert "\n" not in line
        assert f"received {count}" in line
        assert all(word in line for word in placed)
        assert all(f"{word}=" in line for word in keywords[1:])
        assert not any(f"{word}=" in line.replace(",", " ").split() for word in given)
        asked += 1
    assert asked > 20


def test_the_next_keywords_are_those_of_the_arguments_received():
    with pytest.raises(BadInput, match=r"lists as model=, data=, criterion=$"):
        singularity_lab.track("ck", len, (1, 2), len, progress=False)
    with pytest.raises(BadInput, match=r"expected 1 argument by position \(base\), received 2$"):
        spelled(power)(3, 4, exponent=3)


def test_errors_of_the_function_stay():
    with pytest.raises(TypeError, match="missing"):
        spelled(power)()
    with pytest.raises(TypeError, match="unsupported"):
        spelled(power)("3")


def test_public_functions_travel_by_name_and_the_face_lists_no_helpers():
    for name in ("rlct", "find", "calibrate"):
        function = getattr(singularity_lab, name)
        assert pickle.loads(pickle.dumps(function)) is function
    shown = {name for name in dir(singularity_lab) if not name.startswith("__")}
    assert shown == set(singularity_lab.__all__)
