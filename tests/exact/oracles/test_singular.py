"""Singular: its scripts, what is read from it, and where it is known to be wrong."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.exact.classification.milnor import milnor_algebra, tjurina_algebra
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.oracles.singular import Singular


def ideal(*generators, variables=None):
    return Ideal.parse(list(generators), variables)


def test_answers_are_read_between_noise(imitation):
    path = imitation("cat > /dev/null; echo '// ** redefining x'; echo '@@dim=7'; echo bye")
    assert Singular(path=path).dimension(ideal("x")) == 7


def test_the_script_has_the_ideal(imitation, tmp_path):
    path = imitation(f"cat > {tmp_path}/script; echo @@dim=0")
    Singular(path=path).dimension(ideal("a^2 - 1/3*b", "b"))
    script = (tmp_path / "script").read_text()
    assert "ring R = 0,(w1,w2),dp;" in script
    assert "(-1/3)*w2^1" in script


@pytest.mark.oracle
@pytest.mark.parametrize(
    "text", ["x^2 - y^3", "x^3 + y^7 + x*y^5", "x^2 + y^3 + z^5", "(x^2 - y^3)*(y^2 - x^3)"]
)
def test_milnor_and_tjurina_numbers_agree(singular, text):
    f = parse(text)
    assert singular.milnor_number(f) == milnor_algebra(f).dimension
    assert singular.tjurina_number(f) == tjurina_algebra(f).dimension


@pytest.mark.oracle
def test_traps_of_singular(singular):
    """The documented traps: global, real ≠ complex, and the radical instead of the ideal."""
    off_axis = ideal("(x^2 + 1)^3*y")
    assert singular.lct_by_b_function(off_axis) == Fraction(1, 3)
    assert 2 * rlct(off_axis).value == 1
    square = parse("(a*b + c*d)^2")
    assert singular.lct_by_resolution(square) == 1
    assert 2 * rlct(square).value == Fraction(1, 2)
    definite = ideal("(x^2 + y^2)*y^3", "(x^2 + y^2)^2")
    assert singular.lct_by_b_function(definite) <= 2 * rlct(definite).value
