"""Singular and Macaulay2 as oracles: what they say, where they are wrong, and how they fail.

The second half is marked ``oracle`` and skipped where the systems are not installed.
"""

import signal
import time

import pytest

from singularity_lab.algebra.polynomial import Ideal, parse
from singularity_lab.errors import BadInput
from singularity_lab.exact.engine.solve import rlct
from singularity_lab.exact.oracles.macaulay2 import Macaulay2
from singularity_lab.exact.oracles.singular import Singular
from singularity_lab.exact.oracles.system import NotInstalled, OracleFailure, OutOfBudget


def ideal(*generators, variables=None):
    return Ideal.parse(list(generators), variables)


# -- without any system: a script stands in --------------------------------------------------------


def test_complaints_missing_answers_and_limits(imitation):
    with pytest.raises(OracleFailure, match="not isolated"):
        Singular(path=imitation("echo '   ? not isolated'")).spectrum(parse("x^2"))
    with pytest.raises(OracleFailure, match="no dim"):
        Singular(path=imitation("echo nothing")).dimension(ideal("x"))
    with pytest.raises(OutOfBudget, match="no answer"):
        Singular(seconds=0.3, path=imitation("sleep 30")).dimension(ideal("x"))
    with pytest.raises(OutOfBudget, match="CPU seconds"):
        Singular(cpu=1, path=imitation("while true; do :; done")).dimension(ideal("x"))
    with pytest.raises(OutOfBudget, match="MiB"):
        Singular(memory=77, path=imitation("echo error: no more memory")).dimension(ideal("x"))


def test_a_late_system_is_ended_with_its_children(imitation, tmp_path):
    path = imitation(f"(sleep 2; touch {tmp_path}/late) & sleep 30")
    with pytest.raises(OutOfBudget):
        Singular(seconds=0.2, path=path).dimension(ideal("x"))
    time.sleep(2.3)
    assert not (tmp_path / "late").exists()


def test_an_interrupted_caller_ends_the_system(imitation, tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    path = imitation(f"sleep 2; touch {tmp_path}/late")
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.4)
    try:
        with pytest.raises(KeyboardInterrupt):
            Singular(path=path).dimension(ideal("x"))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    time.sleep(2)
    assert not (tmp_path / "late").exists()


def test_absent_systems_say_so(monkeypatch):
    monkeypatch.setenv("SINGLAB_SINGULAR", "/nowhere/Singular")
    assert not Singular.installed()
    with pytest.raises(NotInstalled, match="SINGLAB_SINGULAR"):
        Singular().dimension(ideal("x"))


def test_arguments():
    with pytest.raises(BadInput, match="order"):
        Singular().groebner_basis(ideal("x"), order="ds")
    with pytest.raises(BadInput, match="monomials"):
        Macaulay2().monomial_lct(ideal("x + y"))


# -- with the systems ----------------------------------------------------------------------------


@pytest.mark.oracle
@pytest.mark.parametrize("system", ["singular", "macaulay2"])
def test_commutative_algebra(system, request):
    cas = request.getfixturevalue(system)
    twisted = ideal("x*z - y^2", "x*w - y*z", "y*w - z^2")
    assert cas.dimension(twisted) == 2
    assert cas.dimension(ideal("x", "x - 1")) == -1
    basis = cas.groebner_basis(ideal("x^2 - y", "x*y - 1"))
    assert {str(g) for g in basis.generators} == {"y^2 - x", "x*y - 1", "x^2 - y"}
    primes = cas.minimal_primes(ideal("x*y", "x*z"))
    assert {frozenset(map(str, p.generators)) for p in primes} == {
        frozenset({"x"}),
        frozenset({"y", "z"}),
    }


@pytest.mark.oracle
def test_not_isolated(singular):
    assert singular.milnor_number(parse("x^2*y")) is None
    with pytest.raises(OracleFailure, match="isolated"):
        singular.spectrum(parse("x^2*y^2"))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "text", ["x^2 - y^3", "x^3 + y^4", "(y^2 - x^3)^2 - x^5*y", "(x^2 - y^3)*(y^2 - x^3)"]
)
def test_plane_curves_agree_on_all_roads(singular, text):
    """2λ = lct: the extremal divisor of a plane branch has real points."""
    f = parse(text)
    expected = 2 * rlct(f).value
    assert singular.lct_by_spectrum(f) == expected
    assert singular.lct_by_b_function(Ideal(f.variables, (f,))) == expected
    if text in ("x^2 - y^3", "x^3 + y^4"):  # minutes for two Puiseux pairs and for two cusps
        assert singular.lct_by_resolution(f) == expected


@pytest.mark.oracle
def test_ideals_agree(singular):
    for generators in (["x^2", "y^3"], ["x^3 - y^2", "y^3 - z^2"], ["a*c", "a*d", "b*c", "b*d"]):
        given = ideal(*generators)
        assert singular.lct_by_b_function(given) == 2 * rlct(given).value


@pytest.mark.oracle
def test_limits_of_a_real_system(singular):
    with pytest.raises(OutOfBudget):
        Singular(seconds=0.8).b_function(parse("x^7 + y^9 + z^11 + x*y*z + x^3*z^4"))
    with pytest.raises((OutOfBudget, OracleFailure)):
        Singular(memory=24).dimension(ideal("x"))
