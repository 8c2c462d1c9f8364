"""Singular: its scripts, what is read from it, and where it is known to be wrong."""

from fractions import Fraction

import pytest

from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.errors import BadInput
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


def asked(imitation, **values):
    """Singular, in whose place a script answers with these values."""
    told = "; ".join(f"echo '@@{key}={value}'" for key, value in values.items())
    return Singular(path=imitation(f"cat > /dev/null; {told}"))


def test_what_is_told_is_read(imitation):
    plane = ideal("x^2 - y^3", "x*y")
    basis = asked(imitation, basis="w1*w2,w1^2-w2^3").groebner_basis(plane)
    assert [str(g) for g in basis.generators] == ["x*y", "x^2 - y^3"]
    assert asked(imitation, dim=1, count=2).top_components(plane) == (1, 2)
    f = parse("x^2 - y^3")
    assert asked(imitation, v=2).milnor_number(f) == 2
    assert asked(imitation, v=-1).tjurina_number(f) is None
    roots = {Fraction(-5, 6): 1, Fraction(-1): 1, Fraction(-7, 6): 1}
    told = dict(roots="-5/6,-1,-7/6", m="1,1,1")
    assert asked(imitation, **told).b_function(f) == roots
    assert asked(imitation, **told).lct_by_b_function(ideal("x^2 - y^3")) == Fraction(5, 6)
    shifted = asked(imitation, **told, codim=2).b_function_of_ideal(plane)
    assert shifted == {r - 1: m for r, m in roots.items()}
    assert asked(imitation, **told, codim=1).lct_by_b_function(plane) == Fraction(5, 6)
    assert asked(imitation, zeta="(s+2)/(s+1)").topological_zeta(f) == "(s+2)/(s+1)"
    assert asked(imitation, v="2,3,5", n="2,3,6").lct_by_resolution(f) == Fraction(5, 6)


def test_an_unknown_order_names_the_argument():
    with pytest.raises(BadInput, match="order: one of dp, lp, Dp"):
        Singular().groebner_basis(ideal("x"), order="ds")
