"""A keyword that is spelled nearly as an argument is told with the argument."""

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
